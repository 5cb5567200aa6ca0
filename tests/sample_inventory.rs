//! The sample inventory: it loads without a word, counts what it says it counts, and is exactly
//! what its generator writes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use tuantra::inventory::{Defaults, load};
use tuantra::model::{Inventory, SubjectIx, Tier};

#[path = "../examples/sample_inventory/generate/mod.rs"]
mod generate;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The sample, and everything the loader has to say about it.
fn load_sample() -> (Option<Inventory>, Vec<String>) {
    let loaded = load(&root().join("inventory"), &Defaults::default(), &jiff::tz::TimeZone::UTC);
    let findings: Vec<String> = loaded
        .diagnostics
        .iter()
        .map(|d| {
            let place = d.place.as_ref().map(|p| format!("{}:{}", p.file.display(), p.line));
            format!("{place:?} {:?}", d.message)
        })
        .collect();
    (loaded.inventory, findings)
}

#[test]
fn the_sample_loads_without_a_word() {
    let (inventory, findings) = load_sample();
    assert!(inventory.is_some() && findings.is_empty(), "{findings:#?}");
}

#[test]
fn the_sample_holds_the_province_that_was() {
    let inventory = load_sample().0.expect("no error");
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for unit in &inventory.units {
        *kinds.entry(unit.kind.as_str()).or_default() += 1;
    }
    let expected = [
        ("city", 1),
        ("commune", 144),
        ("department", 35),
        ("dic", 1),
        ("district", 8),
        ("province", 1),
        ("town", 2),
        ("township", 7),
        ("ward", 22),
    ];
    assert_eq!(kinds, BTreeMap::from(expected));

    let devices = inventory.subjects.iter().filter(|s| s.device().is_some()).count();
    let circuits = inventory
        .subjects
        .iter()
        .filter_map(|s| s.connection())
        .filter(|c| c.circuit.is_some() && c.carrier.is_some())
        .count();
    let addresses: BTreeSet<_> =
        inventory.subjects.iter().flat_map(|s| &s.checks).map(|c| c.kind.address()).collect();
    assert_eq!((devices, circuits, addresses.len()), (1029, 279, 1335));
    assert!(inventory.subjects.iter().all(|s| !s.checks.is_empty()), "somebody is never asked");
}

#[test]
fn every_unit_has_what_the_plan_requires_of_it() {
    let inventory = load_sample().0.expect("no error");
    for unit in inventory.unit_ixs() {
        let entry = inventory.unit(unit);
        let required: Vec<&str> =
            entry.requires.iter().map(|n| inventory.network(*n).id.as_str()).collect();
        let expected: &[&str] = match entry.kind.tier() {
            Tier::Province => &[],
            Tier::Department | Tier::District => &["wan", "tslcd"],
            Tier::Commune => &["tslcd", "lan"],
        };
        assert_eq!(required, expected, "{}", entry.id);
        for network in &entry.requires {
            assert!(inventory.connections_of(unit, *network).count() > 0, "{}", entry.id);
        }
    }
}

#[test]
fn communes_that_switch_off_after_hours_may() {
    let inventory = load_sample().0.expect("no error");
    let mut units = BTreeSet::new();
    for subject in &inventory.subjects {
        assert_eq!(subject.calendar.is_some(), subject.off_hours_allowed, "{}", subject.id);
        if subject.off_hours_allowed {
            units.insert(subject.unit);
        }
    }
    assert_eq!(units.len(), 69);
    for unit in units {
        assert_eq!(inventory.unit(unit).kind.tier(), Tier::Commune);
        let mut subjects = inventory.subjects_of(unit).iter().map(|s| inventory.subject(*s));
        assert!(subjects.all(|s| s.off_hours_allowed), "{}", inventory.unit(unit).id);
    }
}

#[test]
fn the_sentinels_are_asked_in_the_sample_and_never_stand_alone() {
    let loaded = tuantra::config::load(&root().join("config.yaml"));
    let config = loaded.config.expect("no error");
    let inventory = load_sample().0.expect("no error");
    assert_eq!(config.check_carriers(&inventory), []);
    let mut of_carrier: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    for sentinel in &config.sentinels {
        let carrier = sentinel.carrier.as_ref().map(|id| id.as_str());
        *of_carrier.entry(carrier).or_default() += 1;
        // Who answers there is the DIC itself or a line of that carrier's.
        let is_asked = inventory.subjects.iter().any(|s| {
            let line = s.connection().and_then(|c| c.carrier);
            let line = line.map(|ix| inventory.carrier(ix).id.as_str());
            line == carrier && s.checks.iter().any(|c| c.kind.address() == sentinel.address)
        });
        assert!(is_asked, "{}", sentinel.address);
    }
    let wanted = [(None, 2), (Some("viettel"), 3), (Some("vnpt"), 3)];
    assert_eq!(of_carrier, BTreeMap::from(wanted));
}

/// Ids of what a subject is reached through, sorted; `None` when there is no such subject.
fn via(inventory: &Inventory, id: &str) -> Option<Vec<String>> {
    let subject = inventory.find_subject(id)?;
    let parents = inventory.subject(subject).via.subjects();
    let name = |s: SubjectIx| inventory.subject(s).id.to_string();
    let mut names: Vec<String> = parents.into_iter().map(name).collect();
    names.sort();
    Some(names)
}

#[test]
fn ways_lead_as_the_cables_do() {
    let inventory = load_sample().0.expect("no error");
    let cores: &[&str] = &["dic/core-router-1", "dic/core-router-2"];
    let expected: [(&str, &[&str]); 8] = [
        ("cai-be/tslcd", cores),
        ("so-tttt/tslcd", cores),
        ("tan-phu-dong.phu-tan/tslcd-4g", cores),
        ("cai-be.hoa-khanh/tslcd", &["cai-be/tslcd", "cai-be/tslcd-2"]),
        (
            "tan-phu-dong.phu-tan/lan",
            &["tan-phu-dong.phu-tan/tslcd", "tan-phu-dong.phu-tan/tslcd-4g"],
        ),
        ("cai-be/switch-1", &["cai-be/wan"]),
        ("cai-be.hoa-khanh/kiosk", &["cai-be.hoa-khanh/lan"]),
        ("dic/core-router-1", &[]),
    ];
    for (id, parents) in expected {
        let found = via(&inventory, id);
        assert_eq!(
            found.as_deref(),
            Some(&parents.iter().map(ToString::to_string).collect::<Vec<_>>()[..]),
            "{id}"
        );
    }
}

#[test]
fn the_generator_writes_the_committed_files_byte_for_byte() {
    let data = root().join("../shared/data");
    if !data.is_dir() {
        println!("skipped: the tables are not at {}", data.display());
        return;
    }
    let mut files = generate::generate(&data).expect("the tables");
    for entry in std::fs::read_dir(root().join("inventory")).expect("the sample") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|n| n.to_str()).expect("a name").to_owned();
        let committed = std::fs::read_to_string(&path).expect("a text");
        assert!(files.remove(&name).as_ref() == Some(&committed), "{name} differs");
    }
    assert!(files.is_empty(), "not committed: {:?}", files.keys());
}
