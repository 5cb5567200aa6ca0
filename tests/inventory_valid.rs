//! What the inventory makes of good input: every feature of the format, in full.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::path::Path;

use jiff::tz::TimeZone;
use tuantra::cli::diagnostics::{count, render};
use tuantra::inventory::{self, Defaults, Loaded, show};
use tuantra::locale::Lang;
use tuantra::model::Inventory;

fn load(folder: &Path) -> Loaded {
    inventory::load(folder, &Defaults::default(), &TimeZone::fixed(jiff::tz::offset(7)))
}

fn loaded(case: &str) -> Loaded {
    let loaded = load(&Path::new("tests/inventory/valid").join(case));
    let told = render(&loaded.diagnostics, Lang::En, false);
    assert_eq!(count(&loaded.diagnostics).errors, 0, "{case}: {told}");
    loaded
}

/// The tree as people see it and, a line each, the JSON of what `case` is about.
fn written(inventory: &Inventory) -> String {
    let json = show::json(inventory, None);
    let mut text = show::tree(inventory, Lang::Vi, &TimeZone::fixed(jiff::tz::offset(7)), None);
    for (section, items) in json.as_object().unwrap() {
        text.push_str(&format!("\n{section}\n"));
        for item in items.as_array().unwrap() {
            text.push_str(&format!("  {item}\n"));
        }
    }
    text
}

fn assert_written(case: &str) {
    let loaded = loaded(case);
    let told = render(&loaded.diagnostics, Lang::Vi, false);
    let text = written(&loaded.inventory.unwrap()) + "\n" + &told;
    insta::with_settings!({ snapshot_path => "inventory/snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(format!("valid-{case}"), text);
    });
}

#[test]
fn the_first_example_loads() {
    assert_written("first");
}

#[test]
fn units_are_ordered_and_complete() {
    assert_written("tree");
}

#[test]
fn defaults_apply_in_order() {
    assert_written("defaults");
}

#[test]
fn hours_come_from_the_subject_its_defaults_or_its_unit() {
    assert_written("hours");
}

#[test]
fn what_has_ended_is_told_apart_and_nothing_is_missed_of_it() {
    assert_written("reform");
}

#[test]
fn via_takes_every_form() {
    assert_written("via");
}

#[test]
fn nested_flat_and_csv_forms_mean_the_same() {
    assert_written("forms");
    assert_written("csv");
}

#[test]
fn warnings_do_not_keep_an_inventory_from_loading() {
    assert_written("warnings");
}

#[test]
fn one_file_is_an_inventory_too() {
    let inventory = loaded("first/province.yaml").inventory.unwrap();
    assert_eq!(inventory.units.len(), 3);
}

#[cfg(unix)]
#[test]
fn links_in_a_circle_end() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    std::fs::create_dir(&inner).unwrap();
    std::os::unix::fs::symlink(folder.path(), inner.join("up")).unwrap();
    std::os::unix::fs::symlink(inner.join("self"), inner.join("self")).unwrap();
    std::fs::write(inner.join("u.yaml"), "units: [{ id: tg, name: T, kind: province }]").unwrap();
    let loaded = load(folder.path());
    assert_eq!(loaded.files, 1);
    // The link to itself cannot be read and is told as that.
    assert_eq!(count(&loaded.diagnostics).errors, 1);
}

#[test]
fn a_folder_that_is_not_there_is_one_error() {
    let loaded = load(Path::new("tests/inventory/nowhere"));
    assert_eq!(count(&loaded.diagnostics).errors, 1);
    assert_eq!(loaded.diagnostics[0].message.key, "check.unreadable");
}

/// The blocks of one language in the format's reference.
fn documented(language: &str) -> Vec<String> {
    let reference = std::fs::read_to_string("docs/inventory.md").unwrap();
    let blocks = reference.split("```").skip(1).step_by(2);
    blocks.filter_map(|b| b.strip_prefix(&format!("{language}\n")).map(str::to_owned)).collect()
}

#[test]
fn the_examples_of_the_reference_load() {
    let folder = tempfile::tempdir().unwrap();
    for example in documented("yaml") {
        std::fs::write(folder.path().join("all.yaml"), example).unwrap();
        let loaded = load(folder.path());
        let told = render(&loaded.diagnostics, Lang::En, false);
        assert!(loaded.inventory.is_some(), "{told}");
    }
    let networks = "networks: [{ id: tslcd, name: A }, { id: wan, name: B }]\n\
                    carriers: [{ id: vnpt, name: C }]";
    std::fs::write(folder.path().join("all.yaml"), networks).unwrap();
    for (example, file) in documented("csv").iter().zip(["units.csv", "connections.csv"]) {
        std::fs::write(folder.path().join(file), example).unwrap();
    }
    let loaded = load(folder.path());
    let told = render(&loaded.diagnostics, Lang::En, false);
    assert_eq!(loaded.inventory.unwrap().subjects.len(), 1, "{told}");
}

#[test]
fn the_sample_province_loads_without_a_word() {
    let loaded = load(Path::new("inventory"));
    let told = render(&loaded.diagnostics, Lang::En, false);
    assert_eq!(told, "");
    let inventory = loaded.inventory.unwrap();
    assert!(inventory.subjects.len() > 1_000 && inventory.units.len() > 200);
}

#[test]
fn the_command_shows_a_unit_by_id_or_by_name() {
    let show = |args: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_tuantra"))
            .args(["inventory", "show"])
            .args(args)
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, tree, told) = show(&["xa hoa khanh"]);
    assert_eq!((code, told.as_str()), (Some(0), ""));
    assert!(tree.starts_with("Xã Hòa Khánh (cai-be.hoa-khanh)\n"), "{tree}");
    let (code, json, _) = show(&["cai-be", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(code, Some(0));
    assert_eq!(json["units"][0]["id"], "cai-be");
    assert!(json["subjects"].as_array().unwrap().iter().all(|s| s["unit"] != "dic"));
    let (code, tree, told) = show(&["phuong 1", "--lang", "en"]);
    assert_eq!((code, tree.as_str()), (Some(2), ""));
    assert!(
        told.contains("may be several units") && told.contains("  my-tho.phuong-1  "),
        "{told}"
    );
    let (code, _, told) = show(&["không có", "--lang", "en"]);
    assert_eq!(
        (code, told.as_str()),
        (Some(2), "tuantra: no unit has the id or name “không có”\n")
    );
}
