//! What the user reads about bad input: one defect a case, in both languages; and thirty mistakes
//! in one folder, all told in one run.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::path::{Path, PathBuf};

use tuantra::cli::diagnostics::{count, render};
use tuantra::inventory::{Defaults, load};
use tuantra::locale::Lang;
use tuantra::model::Severity;

fn cases(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(folder);
    let entries = std::fs::read_dir(folder).unwrap();
    let mut cases: Vec<PathBuf> =
        entries.map(|entry| folder.join(entry.unwrap().file_name())).collect();
    cases.sort();
    cases
}

#[test]
fn every_defect_is_told_once_with_its_place() {
    let cases = cases("tests/inventory/invalid");
    assert!(cases.len() >= 32, "{} cases", cases.len());
    for case in cases {
        let name = case.file_stem().unwrap().to_string_lossy().into_owned();
        let loaded = load(&case, &Defaults::default(), &jiff::tz::TimeZone::UTC);
        assert!(loaded.inventory.is_none(), "{name} loads");
        assert_eq!(count(&loaded.diagnostics).errors, 1, "{name}");
        let vi = render(&loaded.diagnostics, Lang::Vi, false);
        let en = render(&loaded.diagnostics, Lang::En, false);
        insta::with_settings!({ snapshot_path => "inventory/snapshots", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name, format!("{vi}\n{en}"));
        });
    }
}

#[test]
fn thirty_mistakes_get_thirty_errors_in_one_run() {
    let loaded =
        load(Path::new("tests/inventory/thirty"), &Defaults::default(), &jiff::tz::TimeZone::UTC);
    let told = render(&loaded.diagnostics, Lang::Vi, false);
    assert_eq!(count(&loaded.diagnostics).errors, 30, "{told}");
    let mut places: Vec<_> = loaded
        .diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .map(|d| d.place.as_ref().map(|p| (p.file.clone(), p.line, p.column)))
        .collect();
    assert!(places.iter().all(Option::is_some));
    assert!(places.is_sorted(), "by file and line");
    places.dedup();
    assert_eq!(places.len(), 30, "each at a place of its own");
    insta::with_settings!({ snapshot_path => "inventory/snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("thirty", told);
    });
}

#[test]
fn a_thousand_findings_are_kept_and_the_rest_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = String::from("networks:\n  - { id: lan, name: Mạng LAN }\nunits:\n");
    for i in 0..1200 {
        // The first of them only give warnings: errors displace these.
        let (kind, requires) = if i < 600 { ("commune", "[lan]") } else { ("comune", "[]") };
        file.push_str(&format!(
            "  - {{ id: xa-{i}, name: Xã {i}, kind: {kind}, requires: {requires} }}\n"
        ));
    }
    std::fs::write(folder.path().join("units.yaml"), file).unwrap();
    let loaded = load(folder.path(), &Defaults::default(), &jiff::tz::TimeZone::UTC);
    assert_eq!(loaded.diagnostics.len(), 1001);
    assert_eq!(count(&loaded.diagnostics).errors, 600);
    let last = loaded.diagnostics.last().unwrap();
    assert_eq!(last.message.key, "check.and_more");
    assert_eq!(last.message.args, [("count", "200".to_owned())]);
}
