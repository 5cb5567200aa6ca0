//! Proposals as YAML, to be looked over and put into the inventory, and as JSON.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::ask::Progress;
use super::propose::Entry;
use super::tree::By;
use crate::locale::{Lang, number, visible};
use crate::t;

/// Standing in for a unit that the address plan does not tell; no id, so that `check` asks for it.
const NO_UNIT: &str = "\"?\"";

/// A text as a YAML scalar: a JSON string is one.
fn quoted(text: &str) -> String {
    Json::String(visible(text)).to_string()
}

/// A file of the inventory; what is known already, and why something is guessed, in comments.
pub(super) fn yaml(lang: Lang, asked: &str, entries: &[Entry], progress: Progress) -> String {
    let n = |n: usize| number(lang, i64::try_from(n).unwrap_or(i64::MAX));
    let new: Vec<&Entry> = entries.iter().filter(|entry| entry.known.is_none()).collect();
    let mut out = String::new();
    let head = t!(
        lang,
        "discover.head",
        asked = visible(asked),
        done = n(progress.done),
        found = n(entries.len()),
        new = n(new.len())
    );
    for line in head.lines() {
        let _ = writeln!(out, "# {line}");
    }
    if !new.is_empty() {
        let _ = writeln!(out, "devices:");
    }
    for entry in &new {
        device(&mut out, lang, entry);
    }
    for entry in entries {
        if let Some(known) = &entry.known {
            let known = t!(lang, "discover.known", address = entry.address, id = known);
            let _ = writeln!(out, "# {known}");
        }
    }
    out
}

fn device(out: &mut String, lang: Lang, entry: &Entry) {
    let mut line = |indent: &str, key: &str, value: &str, remark: Option<String>| {
        let remark = remark.map_or_else(String::new, |remark| format!("  # {remark}"));
        let _ = writeln!(out, "{indent}{key}: {value}{remark}");
    };
    let said = entry.name.as_deref().map(|name| t!(lang, "discover.says", name = visible(name)));
    line("  - ", "id", &entry.id, said);
    match &entry.unit {
        Some(unit) => line("    ", "unit", unit.as_str(), None),
        None => line("    ", "unit", NO_UNIT, Some(t!(lang, "discover.no_unit"))),
    }
    line("    ", "role", &entry.role, None);
    for (key, value) in
        [("vendor", &entry.vendor), ("model", &entry.model), ("serial", &entry.serial)]
    {
        if let Some(value) = value {
            line("    ", key, &quoted(value), None);
        }
    }
    let also: Vec<String> = entry.also.iter().map(ToString::to_string).collect();
    let also = (!also.is_empty()).then(|| t!(lang, "discover.also", addresses = also.join(", ")));
    line("    ", "address", &quoted(&entry.address.to_string()), also);
    match &entry.snmp {
        Some(credential) => line("    ", "snmp", credential.as_str(), None),
        None => {
            let _ = writeln!(out, "    # {}", t!(lang, "discover.silent"));
        }
    }
    via(out, lang, entry);
}

fn via(out: &mut String, lang: Lang, entry: &Entry) {
    if let Some((id, by)) = &entry.via {
        let remark = match by {
            By::Cable => t!(lang, "discover.by_cable"),
            By::Cards => t!(lang, "discover.by_cards"),
        };
        let _ = writeln!(out, "    via: {id}  # {remark}");
    }
}

/// Everybody who answered, the known ones, too.
pub(super) fn json(entries: &[Entry], progress: Progress, is_whole: bool) -> Json {
    let devices = entries.iter().map(|entry| {
        json!({
            "id": entry.id,
            "known": entry.known,
            "unit": entry.unit,
            "role": entry.role,
            "vendor": entry.vendor,
            "model": entry.model,
            "serial": entry.serial,
            "name": entry.name,
            "address": entry.address,
            "addresses": entry.also,
            "snmp": entry.snmp,
            "via": entry.via.as_ref().map(|(id, _)| id),
            "via_by": entry.via.as_ref().map(|(_, by)| match by {
                By::Cable => "cable",
                By::Cards => "cards",
            }),
        })
    });
    json!({
        "kind": "discovery",
        "asked": progress.done,
        "given": progress.total,
        "whole": is_whole,
        "devices": devices.collect::<Vec<_>>(),
    })
}
