//! Reports as files and messages: compared with an earlier period, all of them into a folder, sent by
//! mail; the same figures in every format as LibreOffice reads them, and nothing that anybody wrote
//! does anything in any of them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails the test")]
#![expect(clippy::print_stdout, reason = "a skipped test says why")]

mod hostile;
mod mail;
mod office;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tuantra::model::{State, StateInterval, SubjectId, UnixMs};
use tuantra::store::{Batch, Fact, OpenOptions, Store};

const HOUR: i64 = 3_600_000;
const KINDS: [&str; 7] =
    ["coverage", "availability", "carrier", "capacity", "outages", "inventory", "plan"];

const INVENTORY: &str = "
carriers:
  - id: vnpt
    name: VNPT
    penalty: { monthly_price: 2500000, steps: [ { below: 0.99, pct: 5 } ] }
networks:
  - { id: tslcd, name: Mạng truyền số liệu chuyên dùng, short: TSLCD, sla: { availability: 0.99 } }
units:
  - { id: tien-giang, name: Tỉnh Tiền Giang, kind: province }
  - id: cai-be
    name: Huyện Cái Bè
    kind: district
    parent: tien-giang
    requires: [tslcd]
    connections: { tslcd: { address: 127.0.0.2, via: [], carrier: vnpt } }
    devices: { router: { address: 127.0.0.4, vendor: Cisco, model: ISR4221 } }
  - id: cai-be.hoa-khanh
    name: Xã Hòa Khánh
    kind: commune
    parent: cai-be
    requires: [tslcd]
    connections: { tslcd: { address: 127.0.0.3, carrier: vnpt } }
plan:
  - { id: ha-tang, name: Dự án hạ tầng, group: Hạ tầng, goal: 7, done: 5, at: 2020-01-02, source: Báo cáo của tỉnh }
";

fn at(text: &str) -> UnixMs {
    text.parse().unwrap()
}

fn id(text: &str) -> SubjectId {
    SubjectId::new(text).unwrap()
}

/// Prints that a test was left out; where nothing may be, fails it.
fn skip(why: &str) {
    assert!(std::env::var_os("TUANTRA_NO_SKIP").is_none(), "this must not be skipped: {why}");
    println!("skipped: {why}");
}

/// December 2019 and January 2020: the commune out for 20 hours of the one and 10 of the other.
fn province(folder: &Path, inventory: &str, config: &str, more: Vec<Fact>) {
    std::fs::create_dir(folder.join("inventory")).unwrap();
    std::fs::write(folder.join("inventory/all.yaml"), inventory).unwrap();
    std::fs::write(folder.join("config.yaml"), config).unwrap();
    let start = at("2019-11-30T17:00:00Z");
    let options = OpenOptions { now: start, pid: std::process::id() };
    let store = Store::open(&folder.join("tuantra.db"), &options).unwrap();
    let stretch = |from, to, state| StateInterval { from, to: Some(to), state, cause: None };
    let end = at("2020-01-31T17:00:00Z");
    let faults = [(start + 100 * HOUR, 20), (at("2020-01-05T17:00:00Z"), 10)];
    let mut commune = Vec::new();
    let mut up_from = start;
    for (fault, hours) in faults {
        let repair = fault + hours * HOUR;
        commune.push(stretch(up_from, fault, State::Up));
        commune.push(stretch(fault, repair, State::Down));
        up_from = repair;
    }
    commune.push(stretch(up_from, end, State::Up));
    let mut facts = vec![
        Fact::Intervals {
            subject: id("cai-be/tslcd"),
            from: start,
            intervals: vec![stretch(start, end, State::Up)],
        },
        Fact::Intervals { subject: id("cai-be.hoa-khanh/tslcd"), from: start, intervals: commune },
        Fact::Alive { at: end },
    ];
    facts.extend(more);
    store.submit(Batch { facts, samples: Vec::new() });
    store.tidy_blocking().unwrap();
    store.close().unwrap();
}

fn run(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tuantra"));
    command.current_dir(folder).args(args).output().unwrap()
}

fn report(folder: &Path, args: &[&str]) -> Output {
    run(folder, &[&["report"], args].concat())
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("{output:?}"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"))
}

#[test]
fn a_month_stands_beside_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    province(folder.path(), INVENTORY, "language: en\n", Vec::new());
    let asked = ["availability", "--month", "2020-01", "--compare", "previous"];
    let found = json(&report(folder.path(), &[&asked[..], &["--format", "json"]].concat()));
    assert_eq!(found["compared"]["against"], "previous");
    assert_eq!(found["compared"]["from"], "2019-11-30T17:00:00Z");
    assert_eq!(found["compared"]["to"], "2019-12-31T17:00:00Z");
    let row = &found["rows"][1];
    // Of 744 hours 734 and 724.
    assert_eq!(row["availability"], 0.986559);
    assert_eq!(row["before"]["availability"], 0.973118);
    assert_eq!(row["before"]["measured"], 1.0);
    assert_eq!(row["before"]["change"], 0.013441);
    let csv = text(&report(folder.path(), &[&asked[..], &["--format", "csv"]].concat()).stdout);
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].ends_with(",availability_before,measured_before,change"), "{csv}");
    assert!(lines[2].ends_with(",0.973118,1,0.013441"), "{csv}");
    let shown = text(&report(folder.path(), &asked).stdout);
    let head = "Compared with the period before: from 2019-12-01 00:00 to before 2020-01-01 00:00";
    assert!(shown.contains(head), "{shown}");
    let row = shown.lines().find(|l| l.contains("cai-be.hoa-khanh/tslcd")).unwrap();
    assert!(row.contains("97.31 %") && row.contains("1.34"), "{row}");

    let asked = ["coverage", "--month", "2020-01", "--compare", "previous", "--format"];
    let found = json(&report(folder.path(), &[&asked[..], &["json"]].concat()));
    let row = found["rows"].as_array().unwrap().last().unwrap();
    assert_eq!((&row["unit"], &row["before"]["live"]), (&"cai-be.hoa-khanh".into(), &1.into()));
    assert_eq!(row["before"]["availability"], 0.973118);
    let vi = [&asked[..], &["text", "--lang", "vi"]].concat();
    let shown = text(&report(folder.path(), &vi).stdout);
    assert!(shown.contains("So với kỳ trước: từ 01/12/2019 00:00"), "{shown}");
}

#[test]
fn what_was_not_measured_is_not_compared() {
    let folder = tempfile::tempdir().unwrap();
    province(folder.path(), INVENTORY, "language: en\n", Vec::new());
    let args = ["availability", "--month", "2020-01", "--compare", "year", "--format", "json"];
    let found = json(&report(folder.path(), &args));
    assert_eq!(found["compared"]["from"], "2018-12-31T17:00:00Z");
    let before = &found["rows"][1]["before"];
    assert_eq!((&before["measured"], &before["change"]), (&0.0.into(), &Value::Null));
    // Without it the stable form is as it was.
    let plain = json(&report(folder.path(), &[&args[..3], &args[5..]].concat()));
    assert!(plain["compared"].is_null() && plain["rows"][1].get("before").is_none());
    // Seven days with the seven before them.
    let week = ["--from", "2020-01-08", "--to", "2020-01-15", "--compare", "previous"];
    let found =
        json(&report(folder.path(), &[&["coverage", "--format", "json"], &week[..]].concat()));
    assert_eq!(found["compared"]["from"], "2019-12-31T17:00:00Z");
    let refused = report(folder.path(), &["plan", "--month", "2020-01", "--compare", "year"]);
    assert_eq!(code(&refused), 2);
}

#[test]
fn all_of_them_lie_in_a_folder_with_a_page_that_leads_to_them() {
    let folder = tempfile::tempdir().unwrap();
    province(folder.path(), INVENTORY, "language: vi\n", Vec::new());
    let out = folder.path().join("bao-cao/2020-01");
    let args = ["all", "--month", "2020-01", "--compare", "previous", "--out", "bao-cao/{month}"];
    let output = report(folder.path(), &args);
    // The commune missed its level, nothing measures a load: a goal missed is told before what is
    // not proven.
    assert_eq!(code(&output), 1, "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    let page = std::fs::read_to_string(out.join("index.html")).unwrap();
    let links: Vec<&str> =
        page.split("<a href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(links.len(), KINDS.len() * 5);
    for link in &links {
        assert!(std::fs::metadata(out.join(link)).unwrap().len() > 0, "{link}");
    }
    let found = std::fs::read_dir(&out).unwrap().count();
    assert_eq!(found, links.len() + 1, "nothing half written is left");
    assert!(page.contains("BÁO CÁO TỶ LỆ KẾT NỐI MẠNG") && page.contains("<html lang=\"vi\">"));
    // Each is what it is when it is asked for alone, but for when it was made.
    for kind in ["coverage", "availability"] {
        let args = ["--month", "2020-01", "--compare", "previous", "--format", "csv"];
        let alone = report(folder.path(), &[&[kind], &args[..]].concat()).stdout;
        assert_eq!(text(&alone), std::fs::read_to_string(out.join(format!("{kind}.csv"))).unwrap());
    }
    let refused = |more: &[&str]| code(&report(folder.path(), &[&["all"], more].concat()));
    assert_eq!(refused(&["--month", "2020-01"]), 2, "no folder");
    let out = out.to_str().unwrap();
    assert_eq!(refused(&["--month", "2020-01", "--out", out, "--format", "csv"]), 2);
    assert_eq!(refused(&["--month", "2020-01", "--out", out, "--min", "90"]), 2);
    assert_eq!(refused(&["--month", "2020-01", "--out", "config.yaml/x"]), 2, "no folder to make");
}

#[test]
fn cron_names_the_month_before() {
    let folder = tempfile::tempdir().unwrap();
    province(folder.path(), INVENTORY, "language: en\n", Vec::new());
    let output =
        report(folder.path(), &["availability", "--month", "previous", "--format", "json"]);
    let found = json(&output);
    let (from, to) = (at(found["from"].as_str().unwrap()), at(found["to"].as_str().unwrap()));
    let days = (to.0 - from.0) / (24 * HOUR);
    assert!((28..=31).contains(&days), "{found}");
    let since = tuantra::daemon::clock::now().0 - to.0;
    assert!((0..=31 * 24 * HOUR).contains(&since), "{found}");
    // Nobody looks at standard error: no word of progress.
    assert!(output.stderr.is_empty(), "{output:?}");
}
