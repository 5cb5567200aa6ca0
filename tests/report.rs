//! `tuantra report` as cron runs it: on a real store, beside the process that writes it and after.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails the test")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tuantra::inventory::SheetCell;
use tuantra::model::{
    Id, Maintenance, Rtts, Sample, Span, State, StateInterval, SubjectId, UnitId, UnixMs,
    WorkHours, WorkedOn,
};
use tuantra::store::{Batch, Event, EventKind, Fact, OpenOptions, Store};

const HOUR: i64 = 3_600_000;

const INVENTORY: &str = "
networks:
  - { id: tslcd, name: Mạng truyền số liệu chuyên dùng, short: TSLCD, sla: { availability: 0.99 } }
units:
  - { id: tien-giang, name: Tỉnh Tiền Giang, kind: province }
  - id: cai-be
    name: Huyện Cái Bè
    kind: district
    parent: tien-giang
    requires: [tslcd]
    connections: { tslcd: { address: 127.0.0.2, via: [] } }
  - id: cai-be.hoa-khanh
    name: Xã Hòa Khánh
    kind: commune
    parent: cai-be
    requires: [tslcd]
    connections: { tslcd: { address: 127.0.0.3 } }
";

fn at(text: &str) -> UnixMs {
    text.parse().unwrap()
}

/// January 2020: the district up throughout, its commune down for the given hours of it.
fn province(folder: &Path, down_hours: i64, alive_until: UnixMs) -> Store {
    std::fs::create_dir(folder.join("inventory")).unwrap();
    std::fs::write(folder.join("inventory/all.yaml"), INVENTORY).unwrap();
    std::fs::write(folder.join("config.yaml"), "language: en\ngoals: { coverage_pct: 90 }\n")
        .unwrap();
    let start = at("2019-12-31T17:00:00Z");
    let options = OpenOptions { now: start, pid: std::process::id() };
    let store = Store::open(&folder.join("tuantra.db"), &options).unwrap();
    let up = |from, to| StateInterval { from, to, state: State::Up, cause: None };
    let fault = start + 48 * HOUR;
    let repair = fault + down_hours * HOUR;
    let down = StateInterval { from: fault, to: Some(repair), state: State::Down, cause: None };
    let id = |text| SubjectId::new(text).unwrap();
    let facts = vec![
        Fact::Intervals {
            subject: id("cai-be/tslcd"),
            from: start,
            intervals: vec![up(start, None)],
        },
        Fact::Intervals {
            subject: id("cai-be.hoa-khanh/tslcd"),
            from: start,
            intervals: vec![up(start, Some(fault)), down, up(repair, None)],
        },
        Fact::Alive { at: alive_until },
    ];
    store.submit(Batch { facts, samples: Vec::new() });
    store.tidy_blocking().unwrap();
    store
}

fn report(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tuantra"))
        .current_dir(folder)
        .arg("report")
        .args(args)
        .output()
        .unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("{output:?}"))
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"))
}

#[test]
fn a_months_availability_beside_the_daemon_and_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = province(folder.path(), 10, at("2020-03-01T00:00:00Z"));
    let args = ["availability", "--month", "2020-01", "--format", "json"];
    let beside = report(folder.path(), &args);
    store.close().unwrap();
    let after = report(folder.path(), &args);
    assert_eq!(beside, after);
    let found = json(&after);
    assert_eq!(found["timezone"], "Asia/Ho_Chi_Minh");
    assert_eq!(found["from"], "2019-12-31T17:00:00Z");
    assert_eq!(found["to"], "2020-01-31T17:00:00Z");
    let row = &found["rows"][1];
    assert_eq!(row["subject"], "cai-be.hoa-khanh/tslcd");
    assert_eq!(row["seconds"]["down"], 36_000);
    assert_eq!(row["seconds"]["up"], 734 * 3_600);
    assert_eq!(row["availability"], 0.986559);
    assert_eq!(row["measured"], 1.0);
    assert_eq!(row["met"], false);
    assert_eq!(row["outages"], 1);
    assert_eq!(row["own"], row["availability"]);
    assert_eq!(row["planned_seconds"]["down"], 0);
    assert_eq!((&found["clock"], &found["rule"]), (&"24x7".into(), &"tuantra".into()));
}

#[test]
fn work_announced_in_the_store_and_off_hours_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let store = province(folder.path(), 10, at("2020-03-01T00:00:00Z"));
    let fault = at("2020-01-02T17:00:00Z");
    let row = |more: &[&str]| {
        let args = [&["availability", "--month", "2020-01", "--format", "json"], more].concat();
        json(&report(folder.path(), &args))["rows"][1].clone()
    };
    let hours = |row: &Value, class: &str| row["seconds"][class].as_i64().unwrap() / 3_600;
    assert_eq!((hours(&row(&[]), "down"), row(&[])["met"].clone()), (10, false.into()));

    // Out from Friday's midnight to ten; offices open at seven, and it was not back by half past.
    let text = INVENTORY.replace(
        "  - id: cai-be.hoa-khanh\n",
        "  - id: cai-be.hoa-khanh\n    calendar: office\n    off_hours: allowed\n",
    );
    let calendars = "calendars:\n  - { id: office, hours: { mon-fri: [\"07:00-17:00\"] } }\n";
    std::fs::write(folder.path().join("inventory/all.yaml"), format!("{text}{calendars}")).unwrap();
    let round = row(&[]);
    assert_eq!((hours(&round, "off_hours"), hours(&round, "down")), (7, 3));
    assert_eq!(round["availability"], 0.986559, "around the clock off hours are down");
    assert_eq!((&round["outages"], &round["mttr_s"]), (&1.into(), &10_800.into()));
    let office = row(&["--clock", "office"]);
    // 23 weekdays of ten hours.
    assert_eq!((hours(&office, "down"), hours(&office, "up")), (3, 227));

    let work = Maintenance {
        id: Id::new("fibre").unwrap(),
        on: WorkedOn::Unit(UnitId::new("cai-be").unwrap()),
        hours: WorkHours::Once(Span::new(fault + 7 * HOUR, fault + 12 * HOUR)),
        by: "op".to_owned(),
        note: "new fibre".to_owned(),
    };
    let facts = vec![Fact::Maintenance(work, fault)];
    store.submit(Batch { facts, samples: Vec::new() });
    store.close().unwrap();
    let planned = row(&["--clock", "office"]);
    assert_eq!((hours(&planned, "down"), hours(&planned, "planned")), (0, 5));
    assert_eq!(planned["planned_seconds"]["down"], 10_800);
    assert_eq!((&planned["outages"], &planned["met"]), (&0.into(), &true.into()));
}

#[test]
fn clocks_rules_and_trees_are_asked_for_on_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    province(folder.path(), 10, at("2020-01-21T00:00:00Z")).close().unwrap();
    let run = |more: &[&str]| {
        let args = [&["availability", "--month", "2020-01", "--format", "json"], more].concat();
        report(folder.path(), &args)
    };
    // No calendar: every clock goes round.
    for clock in ["24x7", "office", "contract"] {
        let found = json(&run(&["--clock", clock]));
        assert_eq!(found["clock"], clock);
        assert_eq!(found["rows"][1]["seconds"]["down"], 36_000);
        assert_eq!(found["rows"][1]["met"], Value::Null, "not proven");
    }
    // Icinga knows no hole: the patrol died on the 21st and the commune stays as it was.
    let icinga = run(&["--sla-rule", "icinga"]);
    let found = json(&icinga);
    assert_eq!(found["rule"], "icinga");
    assert_eq!(found["rows"][1]["availability"], 0.986559);
    assert_eq!(found["rows"][1]["met"], false);
    assert_eq!(code(&icinga), 1);
    let zabbix = run(&["--sla-rule", "zabbix", "--clock", "office", "--unit", "cai-be.hoa-khanh"]);
    assert_eq!(json(&zabbix)["rows"][0]["availability"], 0.986559);
    let as_of = json(&run(&["--as-of", "2020-01-05"]));
    assert_eq!(as_of["as_of"], "2020-01-04T17:00:00Z");

    let refused = |kind: &str, more: &[&str], expected: &str| {
        let args = [&[kind, "--month", "2020-01"], more].concat();
        let output = report(folder.path(), &args);
        assert_eq!(code(&output), 2, "{output:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(expected), "{text}");
    };
    let rule = ["--sla-rule", "icinga"];
    refused("coverage", &rule, "--sla-rule belongs to the availability report");
    let with_clock = [&rule[..], &["--clock", "office"]].concat();
    refused("availability", &with_clock, "goes with --clock 24x7 only");
    refused("coverage", &["--as-of", "yesterday"], "--as-of: “yesterday” is not a time");
}

#[test]
fn a_reform_is_reported_by_the_tree_of_a_date() {
    let folder = tempfile::tempdir().unwrap();
    province(folder.path(), 10, at("2020-03-01T00:00:00Z")).close().unwrap();
    let text = std::fs::read_to_string(folder.path().join("inventory/all.yaml")).unwrap();
    let text = text.replace("- id: cai-be\n", "- id: cai-be\n    until: 2020-01-16\n");
    std::fs::write(folder.path().join("inventory/all.yaml"), text).unwrap();
    let units = |more: &[&str]| {
        let args = [&["coverage", "--month", "2020-01", "--format", "json"], more].concat();
        let found = json(&report(folder.path(), &args));
        let rows = found["rows"].as_array().unwrap().clone();
        rows.iter().map(|r| r["unit"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(units(&[]), ["tien-giang", "cai-be.hoa-khanh"]);
    let old = ["tien-giang", "cai-be", "cai-be.hoa-khanh"];
    assert_eq!(units(&["--as-of", "2020-01-15"]), old);
    let args = ["coverage", "--month", "2020-01", "--unit", "cai-be", "--as-of", "2020-01-20"];
    let output = report(folder.path(), &args);
    assert_eq!(code(&output), 2);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("Huyện Cái Bè is not in the administrative tree of"), "{text}");
}

#[test]
fn exit_codes_tell_cron_what_came_of_it() {
    let folder = tempfile::tempdir().unwrap();
    province(folder.path(), 10, at("2020-01-20T00:00:00Z")).close().unwrap();
    let run = |args: &[&str]| code(&report(folder.path(), args));
    let early = ["--from", "2020-01-01", "--to", "2020-01-15"];
    let with = |kind, more: &[&'static str]| run(&[&[kind][..], &early[..], more].concat());
    assert_eq!(with("coverage", &[]), 0);
    assert_eq!(with("availability", &["--min", "95"]), 0);
    assert_eq!(with("availability", &["--min", "99,9"]), 1);
    // The patrol died on the 20th: the month's rest is unmeasured, nothing is claimed of it.
    assert_eq!(run(&["availability", "--month", "2020-01"]), 3);
    assert_eq!(run(&["coverage", "--month", "2020-01"]), 3);
    assert_eq!(run(&["coverage", "--month", "2020-13"]), 2);
    assert_eq!(run(&["coverage", "--from", "2020-02-01", "--to", "2020-01-01"]), 2);
    assert_eq!(run(&["coverage", "--unit", "nowhere"]), 2);
    assert_eq!(run(&["coverage", "--min", "101"]), 2);
    assert_eq!(run(&["coverage", "--by", "carrier"]), 2);
    // Inside the outage.
    assert_eq!(run(&["coverage", "--from", "2020-01-01", "--to", "2020-01-03T05:00"]), 1);
    assert_eq!(
        run(&["coverage", "--from", "2020-01-01", "--to", "2020-01-03T05:00", "--min", "50"]),
        0
    );
}

#[test]
fn one_unit_by_its_name_into_a_file() {
    let folder = tempfile::tempdir().unwrap();
    province(folder.path(), 10, at("2020-03-01T00:00:00Z")).close().unwrap();
    let output = report(
        folder.path(),
        &[
            "coverage",
            "--unit",
            "hoa khanh",
            "--month",
            "2020-01",
            "--format",
            "csv",
            "--out",
            "coverage.csv",
        ],
    );
    assert_eq!((code(&output), output.stdout.len()), (0, 0), "{output:?}");
    let csv = std::fs::read_to_string(folder.path().join("coverage.csv")).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[1..], ["cai-be.hoa-khanh,Xã Hòa Khánh,tslcd,1,1,1,1,0,1,0.986559"]);

    let vietnamese = report(folder.path(), &["coverage", "--month", "2020-01", "--lang", "vi"]);
    let text = String::from_utf8(vietnamese.stdout).unwrap();
    assert!(text.contains("từ 01/01/2020 00:00 đến trước 01/02/2020 00:00"), "{text}");
}

#[test]
fn without_a_store_it_says_so() {
    let folder = tempfile::tempdir().unwrap();
    province(folder.path(), 1, at("2020-03-01T00:00:00Z")).close().unwrap();
    std::fs::remove_file(folder.path().join("tuantra.db")).unwrap();
    let output = report(folder.path(), &["coverage"]);
    assert_eq!(code(&output), 2);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("there is no store at") && text.contains("tuantra.db"), "{text}");
}

#[test]
fn what_is_wrong_is_told_in_the_readers_language() {
    let folder = tempfile::tempdir().unwrap();
    province(folder.path(), 1, at("2020-03-01T00:00:00Z")).close().unwrap();
    let told = |lang: &str, args: &[&str]| {
        let output = report(folder.path(), &[&["coverage", "--lang", lang], args].concat());
        assert_eq!(code(&output), 2, "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let cases: [(&[&str], &str, &str); 9] = [
        (&["--month", "2020-13"], "--month: “2020-13” không phải là tháng", "is not a month"),
        (&["--from", "hôm qua"], "--from: “hôm qua” không phải là thời điểm", "is not a time"),
        (&["--from", "2020-01-01", "--to", "x"], "--to: “x” không phải là thời điểm", "--to: “x”"),
        (&["--last", "7"], "thiếu đơn vị", "needs a unit"),
        (&["--last", "7w"], "không có đơn vị “w”", "“w” is not a unit"),
        (&["--last", "900y"], "dài quá 100 năm", "over 100 years"),
        (&["--from", "2020-01-01", "--to", "2020-01-01"], "không có độ dài", "period is empty"),
        (&["--from", "2020-01-02", "--to", "2020-01-01"], "trước khi bắt đầu", "before it begins"),
        (&["--out", "absent/report.csv"], "không ghi được báo cáo", "cannot be written"),
    ];
    for (args, vi, en) in cases {
        for (lang, expected) in [("vi", vi), ("en", en)] {
            let text = told(lang, args);
            assert!(text.contains(expected), "{args:?} {lang}: {text}");
        }
    }
    std::fs::write(folder.path().join("tuantra.db"), "not a database".repeat(20)).unwrap();
    assert!(told("vi", &[]).contains("không phải là kho số liệu của tuantra"));
    std::fs::remove_file(folder.path().join("tuantra.db")).unwrap();
    assert!(told("vi", &[]).contains("chưa có kho số liệu tại"));
}

fn tuantra(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tuantra")).current_dir(folder).args(args).output().unwrap()
}

/// What an operator said of the commune's outage.
fn said(store: &Store, cause: &str, note: &str, by: &str) {
    let detail = serde_json::json!({ "start": at("2020-01-02T17:00:00Z"), "cause": cause,
        "note": note, "user": by });
    let event = Event {
        at: at("2020-01-03T08:00:00Z"),
        kind: EventKind::OutageNoted,
        subject: Some(SubjectId::new("cai-be.hoa-khanh/tslcd").unwrap()),
        detail,
    };
    store.submit(Batch { facts: vec![Fact::Event(event)], samples: Vec::new() });
}

#[test]
fn outages_have_the_cause_that_was_said_last_and_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let store = province(folder.path(), 10, at("2020-03-01T00:00:00Z"));
    said(&store, "power", "", "lan");
    said(&store, "fibre", "VNPT found a cut", "minh");
    store.close().unwrap();
    let month = ["--month", "2020-01", "--format", "json"];
    let listed = tuantra(folder.path(), &[&["outage", "list"][..], &month].concat());
    assert_eq!(code(&listed), 0, "{listed:?}");
    let row = &json(&listed)["outages"][0];
    assert_eq!(row["id"], "cai-be.hoa-khanh/tslcd@2020-01-02T17:00:00Z");
    assert_eq!((&row["cause"], &row["before"]), (&"fibre".into(), &"power".into()));
    assert_eq!((&row["by"], &row["note"]), (&"minh".into(), &"VNPT found a cut".into()));
    let unsaid = [&["outage", "list", "--unsaid"][..], &month].concat();
    assert_eq!(json(&tuantra(folder.path(), &unsaid))["outages"], serde_json::json!([]));
    let outages = json(&report(folder.path(), &[&["outages"][..], &month].concat()));
    assert_eq!(outages["by_cause"][0]["cause"], "fibre");
    assert_eq!(outages["by_cause_total"]["lost_s"], 36_000);
    // Without a daemon nothing is written down.
    let noted =
        tuantra(folder.path(), &["outage", "note", "cai-be.hoa-khanh/tslcd", "--cause", "power"]);
    assert_eq!(code(&noted), 4, "{noted:?}");
    let nobody = tuantra(folder.path(), &["outage", "note", "Cái Bè", "--cause", "power"]);
    assert_eq!(code(&nobody), 2, "{nobody:?}");
}

#[test]
fn the_short_texts_speak_of_a_past_time_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let store = province(folder.path(), 10, at("2020-03-01T00:00:00Z"));
    said(&store, "power", "", "lan");
    store.close().unwrap();
    let text = |args: &[&str]| {
        let output = tuantra(folder.path(), args);
        assert_eq!(code(&output), 0, "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let during = text(&["bulletin", "--at", "2020-01-03T08:00", "--lang", "vi"]);
    assert_eq!(
        during,
        "Tính đến 08 giờ 00 ngày 03/01/2020 còn 1/1 xã, phường, thị trấn mất kết nối, trong đó do \
         mất điện 1. Đã khôi phục trong 24 giờ qua: 0.\nTheo địa bàn: Huyện Cái Bè 1.\n"
    );
    let after = text(&["bulletin", "--at", "2020-01-03T12:00"]);
    assert!(after.contains("none of 1 communes") && after.contains("24 hours: 1"), "{after}");
    assert!(text(&["brief", "--at", "2020-01-04T07:00"]).lines().count() <= 10);
    let handover = text(&["handover", "--at", "2020-01-03T12:00", "--shift", "12h"]);
    assert!(handover.contains("10 h") && handover.contains("power"), "{handover}");
    let ahead = tuantra(folder.path(), &["bulletin", "--at", "2999-01-01"]);
    assert_eq!(code(&ahead), 2, "{ahead:?}");
}

#[test]
fn a_quarter_and_a_year_are_their_months_and_outages_go_by_what_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let store = province(folder.path(), 10, at("2020-03-01T00:00:00Z"));
    store.close().unwrap();
    let period = |args: &[&str]| {
        let found = json(&report(folder.path(), &[args, &["--format", "json"]].concat()));
        [found["from"].clone(), found["to"].clone()]
    };
    let quarter = period(&["availability", "--quarter", "2020-Q1"]);
    assert_eq!(quarter, ["2019-12-31T17:00:00Z", "2020-03-31T17:00:00Z"]);
    let year = period(&["availability", "--year", "2020"]);
    assert_eq!(year, ["2019-12-31T17:00:00Z", "2020-12-31T17:00:00Z"]);
    for wrong in [
        &["--quarter", "2020-Q5"][..],
        &["--year", "20"],
        &["--year", "2020", "--month", "2020-01"],
    ] {
        assert_eq!(code(&report(folder.path(), &[&["availability"][..], wrong].concat())), 2);
    }
    let outages = |by: &str| {
        let args = ["outages", "--year", "2020", "--by", by, "--format", "json"];
        report(folder.path(), &args)
    };
    let by_unit = json(&outages("unit"));
    assert_eq!(by_unit["by_unit"][0]["unit"], "Xã Hòa Khánh");
    assert_eq!(by_unit["by_unit"][0]["lost_s"], 36_000);
    assert_eq!(json(&outages("cause"))["by_cause"][0]["cause"], "unsaid");
    assert_eq!(json(&outages("carrier"))["by_carrier_total"]["outages"], 1);
    assert_eq!(code(&outages("district")), 2);
    assert_eq!(code(&report(folder.path(), &["availability", "--by", "cause"])), 2);
}

#[test]
fn the_page_of_availability_shows_how_long_answers_took() {
    let folder = tempfile::tempdir().unwrap();
    let store = province(folder.path(), 10, at("2020-03-01T00:00:00Z"));
    let start = at("2020-01-02T00:00:00Z");
    let samples = (0..200_i64).map(|n| {
        // Of the commune 200 answers around 4 ms, of the district one in twenty took 90 ms.
        let (subject, us) = match n % 2 {
            0 => ("cai-be.hoa-khanh/tslcd", 4_000),
            _ if n % 20 == 1 => ("cai-be/tslcd", 90_000),
            _ => ("cai-be/tslcd", 4_000),
        };
        let (at, rtts) = (start + n * 60_000, Rtts::from_us(&[us]));
        let sample = Sample { at, check: 0, sent: 1, lost: 0, rtts, error: None };
        (SubjectId::new(subject).unwrap(), sample.into())
    });
    store.submit(Batch { facts: Vec::new(), samples: samples.collect() });
    store.tidy_blocking().unwrap();
    let page = |more: &[&str]| {
        let args = [&["availability", "--month", "2020-01", "--format", "html"][..], more].concat();
        String::from_utf8(report(folder.path(), &args).stdout).unwrap()
    };
    let all = page(&[]);
    assert!(
        all.contains("within 4.0 ms (p50), 95 % within 4.0 ms (p95), 99 % within 90.0 ms (p99)"),
        "{all}"
    );
    assert!(all.contains("(200 answers)") && all.contains(">≤ 5<") && all.contains(">≤ 100<"));
    assert!(all.contains("the shortest took 4.0 ms, the longest 90.0 ms"));
    // The same for a program and in a spreadsheet.
    let as_format = |format: &str| {
        report(folder.path(), &["availability", "--month", "2020-01", "--format", format])
    };
    let rtt = json(&as_format("json"))["rtt"].clone();
    assert_eq!(rtt["answers"], 200);
    assert_eq!(
        rtt["histogram"][0],
        serde_json::json!({ "over_ms": 3, "up_to_ms": 5, "answers": 190 })
    );
    let bars: Vec<u64> = rtt["histogram"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bar| bar["answers"].as_u64().unwrap())
        .collect();
    assert_eq!((bars[0], bars.iter().sum::<u64>(), bars.len()), (190, 200, 9));
    let us = |key: &str| rtt[key].as_u64().unwrap();
    let near = |us: u64, exact: u64| us.abs_diff(exact) * 1_000 <= exact * 16;
    assert!(near(us("p50_us"), 4_000) && near(us("p95_us"), 4_000) && near(us("p99_us"), 90_000));
    let mut rows = Vec::new();
    tuantra::inventory::for_each_sheet(as_format("xlsx").stdout, |sheet| {
        rows.extend(sheet.into_iter().map(|(_, cells)| cells));
    })
    .unwrap();
    let number = |name: &str| {
        let found = rows.iter().find(|row| matches!(&row[0], SheetCell::Text(t) if t == name));
        match found.and_then(|row| row.get(1)) {
            Some(SheetCell::Number(n)) => *n,
            other => panic!("{name}: {other:?}"),
        }
    };
    assert_eq!(number("Half of the answers within (p50)"), us("p50_us") as f64 / 1e3);
    assert_eq!(number("99 % of the answers within (p99)"), us("p99_us") as f64 / 1e3);
    assert_eq!((number("3 – 5 ms"), number("70 – 100 ms")), (190.0, 10.0));
    let one = page(&["--unit", "cai-be.hoa-khanh"]);
    assert!(one.contains("(100 answers)") && !one.contains(">≤ 100<"), "{one}");
    let none = report(folder.path(), &["availability", "--month", "2020-02", "--format", "html"]);
    assert!(!String::from_utf8(none.stdout).unwrap().contains("<svg"));
    let none = report(folder.path(), &["availability", "--month", "2020-02", "--format", "json"]);
    assert!(json(&none).get("rtt").is_none());
}

#[test]
fn a_carriers_table_is_held_against_the_record() {
    let folder = tempfile::tempdir().unwrap();
    let store = province(folder.path(), 10, at("2020-03-01T00:00:00Z"));
    store.close().unwrap();
    let inventory = INVENTORY
        .replace("{ address: 127.0.0.3 }", "{ address: 127.0.0.3, carrier: vnpt, circuit: TG-1 }");
    let carriers = "carriers:\n  - { id: vnpt, name: VNPT, penalty: { monthly_price: 1000000, \
                    steps: [ { below: 0.99, pct: 5 } ] } }\n";
    std::fs::write(folder.path().join("inventory/all.yaml"), format!("{inventory}{carriers}"))
        .unwrap();
    let month = ["--month", "2020-01", "--format", "json"];
    let account = report(folder.path(), &[&["carrier"][..], &month].concat());
    assert_eq!(code(&account), 1, "{account:?}");
    let account = json(&account);
    assert_eq!(account["levels"][0]["counted_s"], 36_000);
    assert_eq!(account["levels"][0]["penalty"], 50_000);
    let table = |text: &str| {
        std::fs::write(folder.path().join("vnpt.csv"), text).unwrap();
        let args = [&["reconcile", "vnpt.csv", "--carrier", "vnpt"][..], &month].concat();
        tuantra(folder.path(), &args)
    };
    assert_eq!(code(&table("Kênh;Phút mất;Số lần\nTG-1;600,0;1\n")), 0);
    let differs = table("Kênh;Phút mất;Số lần\nTG-1;15;1\n");
    assert_eq!(code(&differs), 1);
    assert_eq!(json(&differs)["compared"][0]["difference_minutes"], -585);
    assert_eq!(code(&table("nothing,of,it\n")), 2);
    // A workbook says the same, whatever it is called; a second row of the circuit is told.
    let book = |rows: &[(f64, u32)]| {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        for (n, heading) in ["Kênh", "Phút mất", "Số lần"].iter().enumerate() {
            sheet.write(1, u16::try_from(n).unwrap(), *heading).unwrap();
        }
        for (n, (minutes, outages)) in (2..).zip(rows) {
            sheet.write(n, 0, "TG-1").unwrap().write(n, 1, *minutes).unwrap();
            sheet.write(n, 2, *outages).unwrap();
        }
        book.save(folder.path().join("vnpt.csv")).unwrap();
        let args = [&["reconcile", "vnpt.csv", "--carrier", "vnpt"][..], &month].concat();
        tuantra(folder.path(), &args)
    };
    assert_eq!(code(&book(&[(600.0, 1)])), 0);
    let twice = book(&[(600.0, 1), (600.0, 1)]);
    assert_eq!(code(&twice), 1);
    assert_eq!(json(&twice)["left"][0]["why"], "twice");
    assert_eq!(code(&report(folder.path(), &["carrier", "--carrier", "fpt"])), 2);
}
