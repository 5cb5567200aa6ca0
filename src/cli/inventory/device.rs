//! `tuantra inventory show DEVICE`: what the inventory says of a device, and what it says itself.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::beside;
use crate::cli::discover::propose;
use crate::config::Config;
use crate::inventory::show;
use crate::locale::{date_time, pad, text, visible, width};
use crate::model::{Beside, Inventory, SubjectIx, UnixMs};
use crate::store::{Reader, Sighting, StoreError};
use crate::t;

/// What the store knows of a device.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    /// What it says it is, by key, the newest value of each first.
    facts: Vec<Sighting>,
    /// Who is beside it, and was.
    beside: Vec<Beside>,
}

/// What the store knows of a device; nothing where there is no store yet.
///
/// # Errors
/// The store cannot be read.
pub(super) fn remembered(
    config: &Config,
    inventory: &Inventory,
    device: SubjectIx,
) -> Result<Remembered, StoreError> {
    let id = &inventory.subject(device).id;
    match Reader::open(&config.store) {
        Ok(reader) => {
            Ok(Remembered { facts: reader.sightings(id)?, beside: reader.neighbours(id)? })
        }
        Err(StoreError::Missing { .. }) => Ok(Remembered::default()),
        Err(error) => Err(error),
    }
}

/// The device's line of the tree, then each of its facts with when it was first and last seen (of
/// a fact that changed the older values stand beneath), then who is beside it.
pub(super) fn as_text(
    config: &Config,
    inventory: &Inventory,
    device: SubjectIx,
    remembered: &Remembered,
) -> String {
    let lang = config.language;
    let seen = &remembered.facts;
    let mut out = format!("{}\n", show::device_line(inventory, lang, device));
    if seen.is_empty() {
        let _ = writeln!(out, "  {}", text(lang, "inventory.no_facts"));
    }
    let at =
        |at: UnixMs| date_time(lang, &at.to_timestamp().to_zoned_datetime(config.timezone.clone()));
    let label = |key: &str| {
        let known = format!("fact.{key}");
        let words = text(lang, &known);
        if words == known { key.to_owned() } else { words.to_owned() }
    };
    let cells: Vec<[String; 3]> = seen
        .iter()
        .enumerate()
        .map(|(n, sighting)| {
            let is_newest = n == 0 || seen[n - 1].key != sighting.key;
            let key = if is_newest { label(&sighting.key) } else { String::new() };
            let span =
                t!(lang, "inventory.seen", first = at(sighting.first), last = at(sighting.last));
            [key, visible(&sighting.value), span]
        })
        .collect();
    let most = |column: usize| cells.iter().map(|row| width(&row[column])).max().unwrap_or(0);
    // A description may be as long as a page; the times stand where the others end.
    let (keys, values) = (most(0), most(1).min(VALUE_COLUMNS));
    for [key, value, span] in &cells {
        let _ = writeln!(out, "  {}  {}  {span}", pad(key, keys), pad(value, values));
    }
    if let Some(declared) = inventory.subject(device).device().and_then(|d| d.serial.as_ref()) {
        let said = seen.iter().find(|s| &*s.key == "serial");
        if let Some(said) = said.filter(|s| !s.value.eq_ignore_ascii_case(declared)) {
            let words = t!(
                lang,
                "inventory.other_serial",
                declared = visible(declared),
                said = visible(&said.value)
            );
            let _ = writeln!(out, "  {words}");
        }
    }
    out.push_str(&beside::as_text(lang, &remembered.beside, &propose::known(inventory), at));
    out
}

/// Columns of a value beyond which it is not waited for by the others.
const VALUE_COLUMNS: usize = 48;

/// As the inventory has it, with `facts`, the newest of each key first, and `neighbours`.
pub(super) fn as_json(inventory: &Inventory, device: SubjectIx, remembered: &Remembered) -> Value {
    let mut value = show::subject_json(inventory, device);
    let facts = remembered.facts.iter().map(
        |s| json!({ "key": s.key, "value": s.value, "first_seen": s.first, "last_seen": s.last }),
    );
    if let Some(value) = value.as_object_mut() {
        value.insert("facts".to_owned(), facts.collect());
        let neighbours = beside::as_json(&remembered.beside, &propose::known(inventory));
        value.insert("neighbours".to_owned(), neighbours);
    }
    value
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::inventory;
    use crate::locale::Lang;
    use crate::model::{Neighbour, Seeing};

    const MORNING: UnixMs = UnixMs(1_795_653_730_000);

    fn seen(key: &str, value: &str, first: i64, last: i64) -> Sighting {
        let at = |days: i64| MORNING - days * 86_400_000;
        Sighting { key: key.into(), value: value.into(), first: at(first), last: at(last) }
    }

    #[test]
    fn facts_stand_with_when_they_were_seen_and_older_ones_beneath() {
        let folder = tempfile::tempdir().unwrap();
        let inventory = "units:\n  - { id: tg, name: Tỉnh, kind: province, devices: { router: { \
                         address: 10.0.0.1, snmp: core, serial: A-17 } } }\n";
        std::fs::write(folder.path().join("a.yaml"), inventory).unwrap();
        let mut config = Config::defaults(Path::new(""));
        let defaults = inventory::Defaults::default();
        let loaded = inventory::load(folder.path(), &defaults, &config.timezone);
        let inventory = loaded.inventory.unwrap();
        let router = inventory.find_subject("tg/router").unwrap();
        let facts = vec![
            seen("description", "RouterOS \u{1b}[31mRB750Gr3", 30, 0),
            seen("firmware", "7.2", 3, 0),
            seen("firmware", "7.1", 30, 4),
            seen("serial", "B-18", 30, 0),
            seen("unheard-of", "x", 1, 0),
        ];
        let who = |protocol, port: &str, name: Option<&str>, address: &str| Neighbour {
            protocol,
            local_port: Some(port.into()),
            name: name.map(Into::into),
            chassis: Some("00:1b:c0:01:02:03".into()),
            port: name.map(|_| "Gi0/1\u{7}".into()),
            address: address.parse().ok(),
        };
        let there = |who, first: i64, last: i64, is_there| Beside {
            who,
            description: None,
            first: MORNING - first * 86_400_000,
            last: MORNING - last * 86_400_000,
            is_there,
        };
        let mut beside = vec![
            there(who(Seeing::Lldp, "ether7", Some("sw-1"), "10.0.0.1"), 30, 0, true),
            there(who(Seeing::Lldp, "ether8", None, ""), 9, 0, true),
            there(who(Seeing::Cdp, "ether9", Some("R\u{1b}[31m"), "10.9.9.9"), 30, 4, false),
        ];
        let card = |n| who(Seeing::Arp, "bridge", None, &format!("10.0.1.{n}"));
        beside.extend((0..22).map(|n| there(card(n), 1, 0, true)));
        let remembered = Remembered { facts, beside };
        for lang in Lang::ALL {
            config.language = lang;
            let told = as_text(&config, &inventory, router, &remembered);
            insta::assert_snapshot!(format!("facts_{lang}"), told);
        }
        let none = as_text(&config, &inventory, router, &Remembered::default());
        assert!(none.lines().count() == 2, "{none}");
        let json = as_json(&inventory, router, &remembered);
        assert_eq!(json["neighbours"][0]["id"], "tg/router");
        assert_eq!(json["neighbours"][2]["is_there"], false);
        assert_eq!(json["neighbours"].as_array().map(Vec::len), Some(25));
        assert_eq!(json["id"], "tg/router");
        assert_eq!(json["facts"][1]["value"], "7.2");
        assert_eq!(json["facts"].as_array().map(Vec::len), Some(5));
    }
}
