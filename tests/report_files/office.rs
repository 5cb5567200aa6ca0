//! The spreadsheet as LibreOffice reads it: the same figures as the stable form.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{INVENTORY, code, province, report, skip};

/// Every sheet of a spreadsheet as rows of cells, as the figures behind them and not as they are
/// shown; `None` where LibreOffice is not installed.
fn sheets(file: &Path, folder: &Path) -> Option<BTreeMap<String, Vec<Vec<String>>>> {
    let soffice = Command::new("soffice").arg("--version").stdout(Stdio::null()).status();
    if !soffice.is_ok_and(|status| status.success()) {
        return None;
    }
    // All sheets (-1), separated by tabs, quoted by '"', in UTF-8, values not as shown.
    let filter = "csv:Text - txt - csv (StarCalc):9,34,76,1,,0,false,false,false,false,false,-1";
    let profile = format!("-env:UserInstallation=file://{}/profile", folder.display());
    let done = Command::new("soffice")
        .args([&profile, "--headless", "--convert-to", filter, "--outdir"])
        .arg(folder)
        .arg(file)
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    let stem = format!("{}-", file.file_stem().unwrap().to_str().unwrap());
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let Some(name) = name.strip_prefix(&stem).and_then(|n| n.strip_suffix(".csv")) else {
            continue;
        };
        let rows = std::fs::read_to_string(entry.path()).unwrap();
        let cells = |line: &str| line.split('\t').map(|c| c.trim_matches('"').to_owned()).collect();
        found.insert(name.to_owned(), rows.lines().map(cells).collect());
    }
    Some(found)
}

/// The row that begins with a name.
fn row<'a>(sheet: &'a [Vec<String>], begin: &str) -> &'a [String] {
    sheet
        .iter()
        .find(|row| row[0].starts_with(begin))
        .unwrap_or_else(|| panic!("{begin}: {sheet:?}"))
}

/// The cell under a heading.
fn under<'a>(sheet: &'a [Vec<String>], row: &'a [String], heading: &str) -> &'a str {
    // The lines above the head have one cell each.
    let heads = sheet.iter().filter(|row| row.iter().filter(|cell| !cell.is_empty()).count() > 2);
    let column = heads.into_iter().find_map(|row| row.iter().position(|cell| cell == heading));
    &row[column.unwrap_or_else(|| panic!("{heading}: {sheet:?}"))]
}

/// The figure of a cell; a share is edited, and so written, as an exact percentage.
fn figure(cell: &str) -> f64 {
    let (number, of) = cell.strip_suffix('%').map_or((cell, 1.0), |percent| (percent, 100.0));
    number.parse::<f64>().unwrap_or_else(|e| panic!("{cell}: {e}")) / of
}

fn assert_near(cell: &str, stable: &Value) {
    let stable = stable.as_f64().unwrap();
    assert!((figure(cell) - stable).abs() < 1e-9, "{cell} {stable}");
}

#[test]
fn a_spreadsheet_has_the_figures_of_the_stable_form() {
    let folder = tempfile::tempdir().unwrap();
    province(folder.path(), INVENTORY, "language: en\n", Vec::new());
    let out = folder.path().join("out");
    let args = ["all", "--month", "2020-01", "--compare", "previous", "--out", "out"];
    assert_eq!(code(&report(folder.path(), &args)), 1);
    let read = |kind: &str| {
        let text = std::fs::read_to_string(out.join(format!("{kind}.json"))).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let open = |kind: &str| {
        let to = folder.path().join(kind);
        std::fs::create_dir(&to).unwrap();
        sheets(&out.join(format!("{kind}.xlsx")), &to)
    };
    let Some(availability) = open("availability") else {
        skip("soffice (LibreOffice) is not installed");
        return;
    };
    let sheet = &availability["Availability"];
    for line in read("availability")["rows"].as_array().unwrap() {
        let name = if line["unit"] == "cai-be" { "Huyện Cái Bè" } else { "Xã Hòa Khánh" };
        let cells = row(sheet, name);
        assert_near(under(sheet, cells, "Availability"), &line["availability"]);
        assert_near(under(sheet, cells, "Measured"), &line["measured"]);
        assert_near(under(sheet, cells, "Availability before"), &line["before"]["availability"]);
        assert_near(under(sheet, cells, "Outages"), &line["outages"]);
        assert_near(under(sheet, cells, "Low … high"), &line["low"]);
        if line["seconds"]["down"] == 36_000 {
            let lost = under(sheet, cells, "Time lost");
            assert!(lost.starts_with("10:00:00"), "{lost}");
        }
        let points = line["before"]["change"].as_f64().unwrap() * 100.0;
        let shown = figure(under(sheet, cells, "Change (points)"));
        assert!((shown - points).abs() < 1e-3, "{shown} {points}");
    }
    let coverage = open("coverage").unwrap();
    let sheet = &coverage["TSLCD"];
    for line in read("coverage")["rows"].as_array().unwrap() {
        let name = match line["unit"].as_str().unwrap() {
            "tien-giang" => "Tỉnh Tiền Giang",
            "cai-be" => "Huyện Cái Bè",
            // Two levels beneath the top: in the annex of its own.
            _ => continue,
        };
        let cells = row(sheet, name);
        for (heading, key) in [("Required", "required"), ("Live", "live"), ("Met", "met")] {
            assert_near(under(sheet, cells, heading), &line[key]);
        }
        assert_near(under(sheet, cells, "Availability"), &line["availability"]);
        assert_near(under(sheet, cells, "Live before"), &line["before"]["live"]);
    }
    // Money and the rest of the kinds: every figure of the carrier's account.
    let carrier = open("carrier").unwrap();
    let known: Vec<&String> = carrier.values().flatten().flatten().collect();
    let account = read("carrier");
    let mut figures = Vec::new();
    for table in account.as_object().unwrap().values().filter_map(Value::as_array) {
        for line in table.iter().filter_map(Value::as_object) {
            let money = line
                .iter()
                .filter(|(key, _)| ["price", "penalty", "outages"].contains(&key.as_str()));
            figures.extend(money.filter_map(|(_, figure)| figure.as_i64()));
        }
    }
    assert!(!figures.is_empty(), "{account}");
    for figure in figures {
        assert!(known.iter().any(|cell| **cell == figure.to_string()), "{figure}: {carrier:?}");
    }
}
