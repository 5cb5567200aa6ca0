//! The sample inventory: it loads without a word, counts what it says it counts, and is exactly
//! what its generator writes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use tuantra::inventory::{Defaults, load};
use tuantra::model::{Inventory, SubjectIx, Tier};

#[path = "../examples/sample_inventory/generate.rs"]
mod generate;
#[path = "../examples/sample_inventory/tables.rs"]
mod tables;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sample() -> Inventory {
    let loaded = load(&root().join("inventory"), &Defaults::default());
    let findings: Vec<String> = loaded
        .diagnostics
        .iter()
        .map(|d| {
            let place = d.place.as_ref().map(|p| format!("{}:{}", p.file.display(), p.line));
            format!("{place:?} {:?}", d.message)
        })
        .collect();
    assert!(findings.is_empty(), "{findings:#?}");
    loaded.inventory.expect("no error")
}

#[test]
fn the_sample_holds_the_province_that_was() {
    let inventory = sample();
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
    assert_eq!((devices, circuits, addresses.len()), (1029, 279, 1330));
    assert!(inventory.subjects.iter().all(|s| !s.checks.is_empty()), "somebody is never asked");
}

#[test]
fn every_unit_has_what_the_plan_requires_of_it() {
    let inventory = sample();
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

fn via(inventory: &Inventory, id: &str) -> Vec<String> {
    let subject = inventory.find_subject(id).unwrap_or_else(|| panic!("no {id}"));
    let mut names: Vec<String> = inventory
        .subject(subject)
        .via
        .subjects()
        .iter()
        .map(|s: &SubjectIx| inventory.subject(*s).id.to_string())
        .collect();
    names.sort();
    names
}

#[test]
fn ways_lead_as_the_cables_do() {
    let inventory = sample();
    let cores = ["dic/core-router-1", "dic/core-router-2"];
    assert_eq!(via(&inventory, "cai-be/tslcd"), cores);
    assert_eq!(via(&inventory, "so-tttt/tslcd"), cores);
    assert_eq!(via(&inventory, "tan-phu-dong.phu-tan/tslcd-4g"), cores);
    assert_eq!(via(&inventory, "cai-be.hoa-khanh/tslcd"), ["cai-be/tslcd", "cai-be/tslcd-2"]);
    assert_eq!(
        via(&inventory, "tan-phu-dong.phu-tan/lan"),
        ["tan-phu-dong.phu-tan/tslcd", "tan-phu-dong.phu-tan/tslcd-4g"]
    );
    assert_eq!(via(&inventory, "cai-be/switch-1"), ["cai-be/wan"]);
    assert_eq!(via(&inventory, "cai-be.hoa-khanh/kiosk"), ["cai-be.hoa-khanh/lan"]);
    assert!(via(&inventory, "dic/core-router-1").is_empty());
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
