//! `tuantra db`, `tuantra verify`, `tuantra status --at` and the foot of a report: the real binary
//! on a store that a daemon has left behind.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use insta::assert_snapshot;
use serde_json::Value;
use tuantra::model::{
    Metric, Point, PointKind, Rtts, Sample, State, StateInterval, SubjectId, UnixMs,
};
use tuantra::store::{Batch, Event, EventKind, Fact, OpenOptions, Reading, Store, StoreError};

const HOUR: i64 = 3_600_000;
const DISTRICT: &str = "cai-be/tslcd";
const COMMUNE: &str = "cai-be.hoa-khanh/tslcd";

const INVENTORY: &str = "
networks:
  - { id: tslcd, name: Mạng truyền số liệu chuyên dùng, short: TSLCD }
carriers:
  - { id: vnpt, name: VNPT }
units:
  - { id: tien-giang, name: Tỉnh Tiền Giang, kind: province }
  - id: cai-be
    name: Huyện Cái Bè
    kind: district
    parent: tien-giang
    requires: [tslcd]
    connections: { tslcd: { address: 127.0.0.2, carrier: vnpt, via: [] } }
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

fn id(text: &str) -> SubjectId {
    SubjectId::new(text).unwrap()
}

/// Three days of January 2026 and a morning: a round an hour of either line, the district's cut
/// on the second day for two hours, which takes the commune's with it.
struct Province {
    folder: tempfile::TempDir,
}

impl Province {
    fn new(lang: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let province = Self { folder };
        std::fs::create_dir(province.path("inventory")).unwrap();
        std::fs::write(province.path("inventory/all.yaml"), INVENTORY).unwrap();
        let config = format!("language: {lang}\nretention: {{ samples: 20y, rollups: 30y }}\n");
        std::fs::write(province.path("config.yaml"), config).unwrap();
        let start = at("2026-01-05T00:00:00Z");
        let store = province.open(start);
        let (cut, whole) = (start + 30 * HOUR, start + 32 * HOUR);
        let interval = |from, to, state, cause| StateInterval { from, to, state, cause };
        let record = |subject: &str, state, cause| Fact::Intervals {
            subject: id(subject),
            from: start,
            intervals: vec![
                interval(start, Some(cut), State::Up, None),
                interval(cut, Some(whole), state, cause),
                interval(whole, None, State::Up, None),
            ],
        };
        let event = Event {
            at: cut,
            kind: EventKind::State,
            subject: Some(id(DISTRICT)),
            detail: serde_json::json!({"from": "up", "to": "down"}),
        };
        let mut samples = Vec::new();
        for hour in 0..=80 {
            let is_cut = (30..32).contains(&hour);
            for subject in [DISTRICT, COMMUNE] {
                let rtts =
                    if is_cut { Rtts::default() } else { Rtts::from_us(&[4_000, 4_100, 4_300]) };
                let lost = if is_cut { 3 } else { 0 };
                let sent = start + hour * HOUR;
                let sample = Sample { at: sent, check: 0, sent: 3, lost, rtts, error: None };
                samples.push((id(subject), sample.into()));
            }
        }
        let facts = vec![
            record(DISTRICT, State::Down, None),
            record(COMMUNE, State::Unreachable, Some(id(DISTRICT))),
            Fact::Event(event),
            Fact::Alive { at: start + 80 * HOUR },
        ];
        store.submit(Batch { facts, samples });
        store.tidy_blocking().unwrap();
        store.close().unwrap();
        province
    }

    fn open(&self, now: UnixMs) -> Store {
        let options = OpenOptions { now, pid: std::process::id() };
        Store::open(&self.path("tuantra.db"), &options).unwrap()
    }

    /// What SNMP tells of the district's router: a counter an hour, a gauge a day.
    fn measure(&self, hours: i64) {
        let start = at("2026-01-05T00:00:00Z");
        let store = self.open(start + (hours + 1) * HOUR);
        let point = |kind, name: &str, hour: i64, value| {
            let metric = Metric { kind, name: name.into() };
            let point = Point { at: start + hour * HOUR, value };
            (id(DISTRICT), Reading::Point(metric, point))
        };
        let samples = (0..=hours)
            .map(|hour| point(PointKind::Counter, "if.octets_in:ether1", hour, hour * 1_000 - 5))
            .chain((0..=hours).step_by(24).map(|h| point(PointKind::Gauge, "sys.load", h, h + 17)))
            .collect();
        store.submit(Batch { facts: Vec::new(), samples });
        store.tidy_blocking().unwrap();
        store.close().unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tuantra"));
        command.current_dir(self.folder.path()).args(args).output().unwrap()
    }

    fn text(&self, args: &[&str], code: i32) -> String {
        let output = self.run(args);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, args: &[&str], code: i32) -> Value {
        let args = [args, &["--format", "json"]].concat();
        serde_json::from_str(&self.text(&args, code)).unwrap()
    }

    fn refused(&self, args: &[&str], code: i32) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    fn sql(&self, sql: &str) {
        let conn = rusqlite::Connection::open(self.path("tuantra.db")).unwrap();
        assert!(conn.execute(sql, []).unwrap() > 0, "{sql}");
    }
}

/// Rows of a CSV file without its header.
fn rows(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().from_reader(csv.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn a_sound_store_in_words_and_figures() {
    for lang in ["vi", "en"] {
        let province = Province::new(lang);
        assert_snapshot!(format!("check_{lang}"), province.text(&["db", "check"], 0));
        assert_snapshot!(format!("verify_{lang}"), province.text(&["verify"], 0));
        // What an empty page or two make of the file differs by SQLite's version.
        let stats = province.text(&["db", "stats"], 0);
        let head = stats.split("\n\n").next().unwrap();
        let told: Vec<&str> = head.lines().skip(1).collect();
        assert_snapshot!(format!("stats_{lang}"), told.join("\n"));
        let at = province.text(&["status", "--at", "2026-01-06T13:30"], 1);
        assert_snapshot!(format!("status_at_{lang}"), at);
    }
    let province = Province::new("en");
    let stats = province.json(&["db", "stats"], 0);
    assert_eq!((&stats["samples"], &stats["series"]), (&162.into(), &2.into()));
    assert_eq!(stats["chain"]["day"], "2026-01-07");
    assert_eq!(stats["oldest_samples"], "2026-01-05T00:00:00Z");
    let tables = stats["tables"].as_array().unwrap();
    assert!(tables.iter().any(|table| table["name"] == "block_day" && table["rows"] == 6));
    let checked = province.json(&["db", "check"], 0);
    assert_eq!((&checked["clean"], &checked["samples"]), (&true.into(), &162.into()));
}

#[test]
fn what_was_changed_is_named() {
    let province = Province::new("en");
    let head = province.json(&["verify"], 0)["chain"]["head"].as_str().unwrap().to_owned();
    let known = province.json(&["verify", "--head", &head[..16]], 0);
    assert_eq!(known["head"]["found"][0]["day"], "2026-01-07");
    let unknown = province.text(&["verify", "--head", "0123456789abcdef"], 1);
    assert!(unknown.contains("NOT in the chain"), "{unknown}");
    for head in ["0123", "not-hex-at-all"] {
        province.refused(&["verify", "--head", head], 2);
    }

    province.sql("UPDATE state SET state = 1 WHERE state = 2");
    assert_snapshot!("verify_differs", province.text(&["verify"], 1));
    let found = province.json(&["verify"], 1);
    assert_eq!((&found["ok"], &found["flaws"][0]["what"]), (&false.into(), &"states".into()));
    assert_eq!(found["flaws"][0]["day"], "2026-01-06");
    let elsewhere = province.json(&["verify", "--from", "2026-01-07T00:00:00Z"], 0);
    assert_eq!((&elsewhere["days"], &elsewhere["links"]), (&1.into(), &3.into()));

    province
        .sql("UPDATE state SET t1 = t1 - 1 WHERE subject = 1 AND t0 = (SELECT min(t0) FROM state)");
    province.sql("UPDATE block SET data = zeroblob(20) WHERE key = (SELECT max(key) FROM block)");
    let findings = province.text(&["db", "check"], 1);
    assert_snapshot!("check_findings", findings);
    let findings = province.json(&["db", "check"], 1);
    assert_eq!(findings["findings"][0]["kind"], "partition");
    assert_eq!(findings["findings"][0]["subject"], DISTRICT);
    let file = province.path("flawed.db").display().to_string();
    let copied = province.json(&["db", "backup", &file], 1);
    assert_eq!(copied["clean"], false);
    let refused = province.refused(&["db", "restore", &file], 1);
    assert!(refused.contains("flawed.db"), "{refused}");
}

#[test]
fn what_a_salvage_lost_is_named_with_its_date_and_is_no_difference() {
    for lang in ["vi", "en"] {
        let province = Province::new(lang);
        let conn = rusqlite::Connection::open(province.path("tuantra.db")).unwrap();
        let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'event'";
        let page: i64 = conn.query_row(sql, [], |row| row.get(0)).unwrap();
        drop(conn);
        {
            use std::os::unix::fs::FileExt as _;
            let options = std::fs::File::options().write(true).clone();
            let file = options.open(province.path("tuantra.db")).unwrap();
            file.write_all_at(&[0x5a; 4_096], (page.unsigned_abs() - 1) * 4_096).unwrap();
        }
        let store = province.open(at("2026-01-09T04:00:00Z"));
        let (path, value) = (province.path("tuantra.db"), String::new());
        store.mend_blocking(&StoreError::Corrupt { path, what: "event", value }).unwrap();
        let facts = vec![Fact::Alive { at: at("2026-01-09T04:00:00Z") }];
        store.submit(Batch { facts, samples: Vec::new() });
        store.tidy_blocking().unwrap();
        store.close().unwrap();
        let told = province.text(&["verify"], 3);
        let told: Vec<&str> = told.lines().take(2).collect();
        assert_snapshot!(format!("verify_lost_{lang}"), told.join("\n"));
        let found = province.json(&["verify"], 3);
        assert_eq!((&found["ok"], &found["flaws"]), (&false.into(), &Value::Array(Vec::new())));
        let lost = &found["lost"][0];
        assert_eq!((&lost["n"], &lost["what"]), (&1.into(), &"events".into()));
        assert_eq!(lost["salvaged"], "2026-01-09T04:00:00Z");
        // Other days are proved as before.
        province.text(&["verify", "--from", "2026-01-06T00:00:00Z"], 0);
    }
}

#[test]
fn a_copy_is_made_beside_the_writer_and_put_back_when_it_is_gone() {
    let province = Province::new("en");
    let copy = province.path("copy.db").display().to_string();
    let store = province.open(at("2026-01-08T08:00:00Z"));
    let done = province.json(&["db", "backup", &copy], 0);
    assert_eq!((&done["clean"], &done["chain"]["n"]), (&true.into(), &3.into()));
    let again = province.refused(&["db", "backup", &copy], 2);
    assert!(again.contains("is there already"), "{again}");
    let busy = province.refused(&["db", "restore", &copy], 2);
    assert!(busy.contains(&std::process::id().to_string()), "{busy}");
    let event = Event {
        at: at("2026-01-08T08:00:00Z"),
        kind: EventKind::Stopped,
        subject: None,
        detail: Value::Null,
    };
    store.submit(Batch { facts: vec![Fact::Event(event)], samples: Vec::new() });
    store.close().unwrap();
    let events = |province: &Province| province.json(&["db", "stats"], 0)["events"].clone();
    assert_eq!(events(&province), 2);
    let restored = province.json(&["db", "restore", &copy], 0);
    assert_eq!(events(&province), 1);
    let aside = restored["aside"].as_str().unwrap();
    assert!(Path::new(aside).exists(), "{aside}");
    std::fs::rename(aside, province.path("tuantra.db")).unwrap();
    assert_eq!(events(&province), 2);
    let nowhere = province.refused(&["db", "backup", "nowhere/copy.db"], 2);
    assert!(nowhere.contains("not done: make nowhere/copy.db"), "{nowhere}");
    let missing = province.refused(&["db", "restore", "nothing.db"], 2);
    assert!(missing.contains("nothing.db"), "{missing}");
}

#[test]
fn tables_come_out_as_they_are_asked_for() {
    let province = Province::new("en");
    let export = |args: &[&str]| {
        let all =
            ["db", "export", "--from", "2026-01-05T00:00:00Z", "--to", "2026-01-09T00:00:00Z"];
        province.text(&[&all, args].concat(), 0)
    };
    let samples = export(&["--what", "samples", "--subject", COMMUNE]);
    assert!(samples.starts_with("at,subject,check,sent,lost,rtt_us,error\r\n"), "{samples}");
    assert_eq!(rows(&samples).len(), 81);
    assert_eq!(rows(&samples)[0][5], "4000 4100 4300");
    assert_eq!(rows(&export(&["--what", "samples"])).len(), 162);
    let states = rows(&export(&["--what", "states", "--unit", "hoa khanh"]));
    let cut = ["2026-01-06T06:00:00Z", "2026-01-06T08:00:00Z", "unreachable", DISTRICT];
    assert_eq!((states.len(), &states[1][1..]), (3, &cut.map(str::to_owned)[..]));
    assert_eq!(states[2][2], "", "the last one is open");
    let outages = |args: &[&str]| {
        let found = rows(&export(&[&["--what", "outages"], args].concat()));
        found.into_iter().map(|row| row[0].clone()).collect::<Vec<_>>()
    };
    assert_eq!(outages(&[]), [COMMUNE, DISTRICT]);
    assert_eq!(outages(&["--state", "down"]), [DISTRICT]);
    assert_eq!(outages(&["--carrier", "vnpt"]), [COMMUNE, DISTRICT]);
    assert_eq!(outages(&["--cause", COMMUNE]), [""; 0]);
    assert_eq!(outages(&["--longer-than", "2h"]), [COMMUNE, DISTRICT]);
    assert_eq!(outages(&["--longer-than", "121m"]), [""; 0]);
    assert_eq!(outages(&["--subject", DISTRICT]), [DISTRICT]);
    let events = rows(&export(&["--what", "events"]));
    assert_eq!(events[0][4], r#"{"from":"up","to":"down"}"#);
    let daily = rows(&export(&["--what", "rollups", "--resolution", "day", "--subject", DISTRICT]));
    let failed: Vec<&str> = daily.iter().map(|row| row[4].as_str()).collect();
    assert_eq!(failed, ["0", "2", "0"]);
    assert_eq!(rows(&export(&["--what", "rollups"])).len(), 158);

    province.measure(80);
    let points = export(&["--what", "points"]);
    assert!(points.starts_with("at,subject,metric,kind,value\r\n"), "{points}");
    let octets = ["2026-01-05T00:00:00Z", DISTRICT, "if.octets_in:ether1", "counter", "-5"];
    let load = ["2026-01-05T00:00:00Z", DISTRICT, "sys.load", "gauge", "17"];
    let points = rows(&points);
    assert_eq!(points[0], octets.map(str::to_owned));
    assert_eq!(points[1], load.map(str::to_owned));
    assert_eq!(points.len(), 81 + 4, "a counter an hour, a gauge a day");
    assert!(points.is_sorted(), "by time, then by name");
    let last = ["2026-01-08T08:00:00Z", "if.octets_in:ether1", "79995"];
    assert_eq!([0, 2, 4].map(|n| points[84][n].as_str()), last);
    assert_eq!(rows(&export(&["--what", "points", "--subject", COMMUNE])).len(), 0);
    let of_unit = export(&["--what", "points", "--unit", "cai-be", "--excel"]);
    assert!(of_unit.contains(";sys.load;gauge;17"), "{of_unit}");

    let file = province.path("out.csv");
    let name = file.display().to_string();
    assert_eq!(export(&["--what", "outages", "--excel", "--out", &name]), "");
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(written.starts_with("\u{feff}subject;start;end;seconds"), "{written}");
    assert!(written.contains(";7200.000;"), "{written}");
    let refused = province.refused(&["db", "export", "--what", "states", "--state", "down"], 2);
    assert!(refused.contains("--what outages"), "{refused}");
    province.refused(&["db", "export", "--what", "outages", "--carrier", "nobody"], 2);
}

#[test]
fn every_command_explains_itself_with_examples() {
    let province = Province::new("en");
    for command in ["db", "db stats", "db check", "db backup", "db restore", "db export", "verify"]
    {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let help = province.text(&words, 0);
        assert!(command == "db" || help.contains("Examples:"), "{help}");
        assert_snapshot!(format!("help_{}", command.replace(' ', "_")), help);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let province = Province::new("en");
    let shell = format!(
        "{} db export --what samples --from 2026-01-05 | head -n 1",
        env!("CARGO_BIN_EXE_tuantra")
    );
    let output = Command::new("bash")
        .args(["-o", "pipefail", "-c", &shell])
        .current_dir(province.folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_report_says_what_it_rests_on() {
    for lang in ["vi", "en"] {
        let province = Province::new(lang);
        let report = ["report", "availability", "--from", "2026-01-05T00:00:00Z"];
        let period = [&report[..], &["--to", "2026-01-08T00:00:00Z"]].concat();
        let text = province.text(&period, 1);
        let foot = text.split("\n\n").last().unwrap();
        assert_snapshot!(format!("report_foot_{lang}"), foot);
        let found = province.json(&period, 1);
        let proof = &found["proof"];
        // A round every 30 s is expected of two lines, one an hour came.
        assert_eq!(proof["rounds_expected"], 2 * 3 * 2_880);
        assert_eq!(proof["rounds_received"], 2 * 72);
        assert_eq!(proof["chain"]["day"], "2026-01-07");
        let head = proof["chain"]["head"].as_str().unwrap();
        province.text(&["verify", "--head", head], 0);
        let unit = [&period[..], &["--unit", "cai-be.hoa-khanh"]].concat();
        let one = province.json(&unit, 1);
        assert_eq!(one["proof"]["rounds_received"], 72);
        let coverage = [&["report", "coverage"], &period[2..]].concat();
        assert!(province.run(&coverage).stdout.ends_with(foot.as_bytes()));
    }
}

#[test]
fn a_past_time_is_told_as_the_record_has_it() {
    let province = Province::new("en");
    let at = |time: &str, code| province.json(&["status", "--at", time], code);
    let cut = at("2026-01-06T06:00:00Z", 1);
    assert_eq!((&cut["past"], &cut["live"]), (&true.into(), &false.into()));
    assert_eq!((&cut["subjects"]["down"], &cut["subjects"]["unreachable"]), (&1.into(), &1.into()));
    assert_eq!(at("2026-01-06T05:59:59Z", 0)["subjects"]["up"], 2);
    assert_eq!(at("2026-01-06T08:00:00Z", 0)["subjects"]["up"], 2);
    // Before the first record, and after the daemon's last sign of life, nobody knows.
    for nobody in ["2026-01-04T00:00:00Z", "2026-02-01T00:00:00Z"] {
        assert_eq!(at(nobody, 1)["subjects"]["unmeasured"], 2, "{nobody}");
    }
    province.refused(&["status", "--at", "2999-01-01"], 2);
    province.refused(&["status", "--at", "whenever"], 2);
}
