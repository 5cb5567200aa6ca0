//! `tuantra replay` as it is typed: what goes in, what comes out, what is refused and how.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tuantra::model::{Rtts, Sample, SubjectId, UnixMs};
use tuantra::store::{Batch, OpenOptions, Store};

const INVENTORY: &str = "
networks:
  - { id: tslcd, name: Mạng truyền số liệu chuyên dùng, short: TSLCD }
  - { id: lan, name: Mạng LAN, short: LAN, over: [tslcd] }
carriers:
  - { id: vnpt, name: VNPT }
units:
  - { id: tien-giang, name: Tỉnh Tiền Giang, kind: province }
  - { id: cai-be, name: Huyện Cái Bè, kind: district, parent: tien-giang, requires: [tslcd],
      connections: { tslcd: { address: 10.82.2.34, carrier: vnpt, via: [] } } }
  - { id: hoa-khanh, name: Xã Hòa Khánh, kind: commune, parent: cai-be, requires: [tslcd, lan],
      connections: { tslcd: { address: 10.84.0.2 }, lan: { address: 10.84.0.3 } } }
";
const CONFIG: &str = "
health: { interval: 10s, retry: 5s }
sentinels: [{ address: 10.0.0.1 }]
";
const TRUNK: &str = "cai-be/tslcd";
const COMMUNE: &str = "hoa-khanh/tslcd";

struct Province(tempfile::TempDir);

impl Province {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("inventory")).unwrap();
        std::fs::write(folder.path().join("inventory/all.yaml"), INVENTORY).unwrap();
        std::fs::write(folder.path().join("config.yaml"), CONFIG).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.0.path().join(name), bytes).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tuantra"));
        command.arg("replay").args(args).current_dir(&self.0);
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// The lines that replaying `rounds` prints.
    fn replay(&self, rounds: &str, args: &[&str]) -> Vec<Value> {
        self.write("rounds.jsonl", rounds);
        let output = self.run(&[&["--rounds", "rounds.jsonl"], args].concat());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        lines(&output.stdout)
    }

    fn refused(&self, rounds: impl AsRef<[u8]>, lang: &str) -> String {
        self.write("rounds.jsonl", rounds);
        let output = self.run(&["--rounds", "rounds.jsonl", "--lang", lang]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// `seconds` after the first of November, as the lines have it.
fn at(seconds: i64) -> String {
    let midnight: UnixMs = "2026-11-01T00:00:00Z".parse().unwrap();
    (midnight + seconds * 1_000).to_string()
}

fn round(seconds: i64, subject: &str, answered: bool) -> String {
    let (lost, rtts) = if answered { (0, "4000,4100,4200") } else { (3, "") };
    format!(
        r#"{{"t":"{}","subject":"{subject}","check":"ping","sent":3,"lost":{lost},"rtt_us":[{rtts}]}}"#,
        at(seconds)
    ) + "\n"
}

/// A round every ten seconds from `from` on: `.` answered, `x` did not.
fn timeline(from: i64, subject: &str, signs: &str) -> String {
    let column = |(n, sign): (i64, char)| round(from + n * 10, subject, sign == '.');
    (0..).zip(signs.chars()).map(column).collect()
}

/// The lines of several timelines by their time.
fn merged(timelines: &[String]) -> String {
    let mut all: Vec<&str> = timelines.iter().flat_map(|t| t.lines()).collect();
    all.sort_by_key(|line| line.split('"').nth(3));
    all.join("\n") + "\n"
}

fn of_kind<'a>(found: &'a [Value], kind: &str) -> Vec<&'a Value> {
    found.iter().filter(|line| line["kind"] == *kind).collect()
}

fn keys(line: &Value) -> BTreeSet<&str> {
    line.as_object().unwrap().keys().map(String::as_str).collect()
}

fn words(words: &str) -> BTreeSet<&str> {
    words.split_whitespace().collect()
}

#[test]
fn the_designs_examples_are_taken_word_for_word() {
    let province = Province::new();
    let rounds = r#"{"t":"2026-11-01T00:00:00Z","subject":"cai-be/tslcd","check":"ping","sent":3,"lost":3,"rtt_us":[]}
{"t":"2026-11-01T00:00:05Z","subject":"cai-be/tslcd","check":"ping","sent":3,"lost":3,"rtt_us":[]}
{"t":"2026-11-01T00:00:10Z","subject":"cai-be/tslcd","check":"ping","sent":3,"lost":3,"rtt_us":[]}
{"t":"2026-11-01T00:00:30Z","ack":"cai-be/tslcd","by":"op"}
{"t":"2026-11-01T00:00:30Z","maintenance":{"subject":"cai-be/tslcd","from":"2026-11-01T01:00:00Z","to":"2026-11-01T02:00:00Z"}}
{"t":"2026-11-01T00:01:00Z","tick":true}
"#;
    let found = province.replay(rounds, &[]);
    assert_eq!(
        found,
        [
            json!({"kind":"state","t":"2026-11-01T00:00:10Z","subject":TRUNK,"from":"unmeasured","to":"down",
                "since":"2026-11-01T00:00:00Z","cause":null,"planned":false,"rule":"confirmed"}),
            json!({"kind":"alert","t":"2026-11-01T00:00:40Z","incident":"cai-be/tslcd@2026-11-01T00:00:10Z","event":"down",
                "subject":TRUNK,"since":"2026-11-01T00:00:00Z","impact":{"unreachable":0,"units":["cai-be"],"services":[]},
                "channel":null}),
            json!({"kind":"outage","t":"2026-11-01T00:01:30Z","subject":TRUNK,"start":"2026-11-01T00:00:00Z","end":null,
                "state":"down","cause":null,"planned":false,"unmeasured_s":70}),
        ]
    );
}

#[test]
fn the_documented_lines_are_taken() {
    let province = Province::new();
    let more = "devices: [{ id: cai-be/router-1, unit: cai-be, address: 10.82.2.35 }]\n";
    province.write("inventory/more.yaml", more);
    let page = include_str!("../docs/replay.md");
    let (_, rest) = page.split_once("```json\n").unwrap();
    let (lines, _) = rest.split_once("```").unwrap();
    assert_eq!(lines.lines().count(), 6);
    let error = |error: &str| {
        round(600, TRUNK, false).replace("\"rtt_us\"", &format!("\"error\":{error},\"rtt_us\""))
    };
    let errors = [
        r#"{"unreachable":{"code":1,"by":"10.0.3.1"}}"#,
        r#"{"ttl_exceeded":{}}"#,
        r#""ttl_exceeded""#,
        r#"{"frag_needed":{"mtu":1400}}"#,
        r#"{"local":{"errno":101}}"#,
        r#""overflow""#,
    ];
    for documented in errors {
        assert!(page.contains(documented), "{documented}");
    }
    province.write("rounds.jsonl", lines.to_owned() + &errors.map(error).concat());
    let output = province.run(&["--rounds", "rounds.jsonl", "--lang", "en"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert_eq!(told.lines().count(), 1, "there is nothing to acknowledge: {told}");
}

#[test]
fn each_kind_of_line_has_its_keys() {
    let province = Province::new();
    let rounds = merged(&[
        timeline(0, TRUNK, "...xxxxxxxx..........."),
        timeline(1, COMMUNE, "...xxxxxxxx..........."),
    ]);
    // Quiet when the trunk is found down, and so asked out of turn.
    let rounds = merged(&[rounds, round(5, "hoa-khanh/lan", true)]);
    let found = province.replay(&rounds, &["--until", &at(600), "--all"]);
    let rows = words(
        "kind subject unit network carrier seconds availability measured low high outages mttr_s mtbf_s sla met own planned_seconds",
    );
    let classes = words("up degraded down unreachable off_hours unmeasured planned");
    for (kind, expected) in [
        ("state", words("kind t subject from to since cause planned rule")),
        ("outage", words("kind t subject start end state cause planned unmeasured_s")),
        ("alert", words("kind t incident event subject since impact channel")),
        ("incident", words("kind t incident change root state since guess split_from merged_into")),
        ("hole", words("kind t subject from to")),
        ("asked", words("kind t subject")),
    ] {
        let of_it = of_kind(&found, kind);
        assert!(!of_it.is_empty(), "no {kind}");
        for line in of_it {
            assert_eq!(keys(line), expected, "{line}");
        }
    }
    let figures = of_kind(&found, "availability");
    assert_eq!(figures.len(), 3, "each subject's");
    for line in &figures {
        assert_eq!(keys(line), rows, "{line}");
        assert_eq!(keys(&line["seconds"]), classes, "{line}");
    }
    let impact = &of_kind(&found, "alert")[0]["impact"];
    assert_eq!(impact, &json!({"unreachable":1,"units":["cai-be","hoa-khanh"],"services":[]}));
    let main: BTreeSet<&str> = province
        .replay(&rounds, &["--until", &at(600)])
        .iter()
        .map(|line| {
            ["state", "outage", "alert", "availability"]
                .into_iter()
                .find(|k| line["kind"] == *k)
                .unwrap()
        })
        .collect();
    assert_eq!(main, words("state outage alert availability"), "and nothing else without --all");
}

#[test]
fn blindness_and_flapping_are_said_with_all() {
    let province = Province::new();
    let sentinel = |s: i64, lost: u8| {
        format!(r#"{{"t":"{}","sentinel":"10.0.0.1","sent":3,"lost":{lost}}}"#, at(s)) + "\n"
    };
    let blind: String =
        (0..12).map(|n| sentinel(n * 10, if (3..9).contains(&n) { 3 } else { 0 })).collect();
    let rounds = merged(&[blind, timeline(1, TRUNK, "...xxxxxx...")]);
    let found = province.replay(&rounds, &["--all"]);
    let turns = of_kind(&found, "blind");
    assert_eq!(turns.len(), 2);
    assert_eq!(keys(turns[0]), words("kind t carrier since until"));
    assert_eq!((&turns[0]["until"], &turns[1]["until"]), (&Value::Null, &json!(at(90))));
    assert_eq!(of_kind(&found, "outage"), Vec::<&Value>::new(), "nobody is blamed");
    let told: Vec<_> = of_kind(&found, "alert").iter().map(|l| l["event"].clone()).collect();
    assert_eq!(told, ["blind", "recovered"]);
    let found = province.replay(&timeline(0, TRUNK, &".x".repeat(10)), &["--all"]);
    let flapping = of_kind(&found, "flapping");
    assert_eq!(keys(flapping[0]), words("kind t subject begins"));
}

#[test]
fn the_window_runs_from_the_first_line_to_until() {
    let province = Province::new();
    let rounds = timeline(0, TRUNK, "...xxxxxxx");
    let seconds = |found: &[Value], subject: &str| -> Value {
        let figures = of_kind(found, "availability");
        figures.iter().find(|l| l["subject"] == *subject).unwrap()["seconds"].clone()
    };
    // Shorter than the file: what comes later is not looked at.
    let short = province.replay(&rounds, &["--until", &at(60)]);
    let row = seconds(&short, TRUNK);
    assert_eq!((&row["up"], &row["down"]), (&json!(30), &json!(30)));
    let open = of_kind(&short, "outage");
    assert_eq!((&open[0]["start"], &open[0]["end"]), (&json!(at(30)), &Value::Null));
    // Longer than the file: nobody vouches for the rest.
    let long = province.replay(&rounds, &["--until", &at(200)]);
    let row = seconds(&long, TRUNK);
    assert_eq!((&row["down"], &row["unmeasured"]), (&json!(70), &json!(100)));
    // A subject without any round is unmeasured throughout.
    let silent = seconds(&long, COMMUNE);
    assert_eq!(silent["unmeasured"], 200);
    let sum =
        |row: &Value| -> f64 { row.as_object().unwrap().values().filter_map(Value::as_f64).sum() };
    for row in [seconds(&long, TRUNK), silent] {
        assert!((sum(&row) - 200.0).abs() < 1e-9, "{row}");
    }
    // A file that begins later is not taken for an empty one.
    province.write("rounds.jsonl", &rounds);
    let until = at(-60);
    let args = ["--rounds", "rounds.jsonl", "--until", &until];
    let early = province.run(&[&args[..], &["--lang", "en"]].concat());
    assert_eq!(early.status.code(), Some(2));
    let told = String::from_utf8(early.stderr).unwrap();
    assert!(told.contains("begins at 2026-11-01T00:00:00Z, after the end"), "{told}");
}

#[test]
fn a_time_without_a_zone_is_read_in_the_configured_one() {
    let province = Province::new();
    let rounds = timeline(0, TRUNK, "....");
    let utc = province.replay(&rounds, &["--until", "2026-11-01T00:10:00Z"]);
    assert_eq!(province.replay(&rounds, &["--until", "2026-11-01T07:10"]), utc);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let province = Province::new();
    let signs = ".x..xxx.~xxxx....".repeat(12).replace('~', ".");
    province
        .write("rounds.jsonl", merged(&[timeline(0, TRUNK, &signs), timeline(3, COMMUNE, &signs)]));
    let args = ["--rounds", "rounds.jsonl", "--until", "2026-11-01T01:00:00Z", "--all"];
    let first = province.run(&args);
    assert_eq!(first.status.code(), Some(0));
    assert!(first.stdout.len() > 2_000);
    assert_eq!(province.run(&args).stdout, first.stdout);
}

#[test]
fn a_line_that_cannot_be_read_ends_it_with_its_place() {
    let province = Province::new();
    let good = round(0, TRUNK, true);
    let long =
        [r#"{"t":"2026-11-01T00:00:10Z","subject":""#, &"a".repeat(100 * 1024), "\"}"].concat();
    for (line, column, en, vi) in [
        (
            r#"{"t":"2026-11-01T00:00:10Z","subject":"cai-be/tslcd","sent":3,"lost":3,"rtt":[]}"#,
            None,
            "unknown field `rtt`",
            "unknown field `rtt`",
        ),
        (
            r#"{"t":"2026-11-01T00:00:10Z","subject":"cai-bee/tslcd","sent":3,"lost":3}"#,
            Some(1),
            "no subject 'cai-bee/tslcd'",
            "'cai-bee/tslcd'",
        ),
        (
            r#"{"t":"2026-11-01T00:00:10Z","subject":"cai-be/tslcd","sent":3,"lost":4}"#,
            Some(1),
            "more packets lost (4) than sent (3)",
            "4",
        ),
        (
            r#"{"t":"2026-11-01T00:00:10Z","subject":"cai-be/tslcd","sent":3}"#,
            Some(1),
            "sent and lost",
            "lost",
        ),
        (
            r#"{"t":"2026-11-01T00:00:10Z","subject":"cai-be/tslcd","check":"snmp","sent":3,"lost":3}"#,
            Some(1),
            "no check 'snmp'",
            "'snmp'",
        ),
        (
            r#"{"t":"2026-11-01T00:00:10Z","subject":"cai-be/tslcd","sent":3,"lost":3,"rtt_us":[1]}"#,
            Some(1),
            "1 round-trip times for 0 answered",
            "1",
        ),
        (
            r#"{"t":"2026-11-01T00:00:10Z","subject":"cai-be/tslcd","sent":300,"lost":3}"#,
            None,
            "300",
            "300",
        ),
        (r#"{"t":"yesterday","tick":true}"#, None, "", ""),
        (r#"{"t":"2026-11-01T00:00:10Z"}"#, Some(1), "exactly one of", ""),
        (
            r#"{"t":"2026-11-01T00:00:10Z","tick":true,"ack":"cai-be/tslcd"}"#,
            Some(1),
            "exactly one of",
            "",
        ),
        (
            r#"{"t":"2026-11-01T00:00:10Z","sentinel":"10.9.9.9","sent":3,"lost":3}"#,
            Some(1),
            "10.9.9.9 is no sentinel",
            "10.9.9.9",
        ),
        (
            r#"{"t":"2026-11-01T00:00:10Z","maintenance":{"unit":"nowhere","from":"2026-11-01T01:00:00Z","to":"2026-11-01T02:00:00Z"}}"#,
            Some(1),
            "one known subject, unit or carrier",
            "",
        ),
        (
            r#"{"t":"2026-11-01T00:00:10Z","maintenance":{"unit":"cai-be","from":"2026-11-01T02:00:00Z","to":"2026-11-01T02:00:00Z"}}"#,
            Some(1),
            "ends before it begins",
            "",
        ),
        ("what is this", Some(1), "no JSON object", "JSON"),
        (r#"{"t":"2026-11-01T00:00:10Z","tick":tru}"#, Some(39), "no JSON object", "JSON"),
        (&long, Some(1), "at most 64 KiB", "64 KiB"),
    ] {
        let rounds = [&*good, line, "\n", &good].concat();
        for (lang, expected) in [("en", en), ("vi", vi)] {
            let told = province.refused(&rounds, lang);
            let place =
                column.map_or("rounds.jsonl:2:".to_owned(), |c| format!("rounds.jsonl:2:{c}: "));
            assert!(told.contains(&place), "{place} in {told}");
            assert!(told.contains(expected), "{expected} in {told}");
            assert!(told.len() < 1_500, "a line is not told whole: {} bytes", told.len());
            let hint = if lang == "en" { "hint" } else { "gợi ý" };
            assert!(told.to_lowercase().contains(hint), "{told}");
        }
    }
}

#[test]
fn what_is_no_utf8_is_refused_and_shown_as_far_as_it_goes() {
    let province = Province::new();
    let bytes = [round(0, TRUNK, true).as_bytes(), b"{\"t\":\"\xff\xfe\"}\n"].concat();
    let told = province.refused(&bytes, "en");
    assert!(told.contains("rounds.jsonl:2:1: this line is not UTF-8"), "{told}");
    assert!(province.refused(&bytes, "vi").contains("UTF-8"));
}

#[test]
fn what_steers_a_terminal_is_not_passed_on() {
    let province = Province::new();
    let line =
        "{\"t\":\"2026-11-01T00:00:10Z\",\"subject\":\"a\u{1b}[31m\",\"sent\":3,\"lost\":3}\n";
    let told = province.refused(line, "en");
    assert!(!told.contains('\u{1b}'), "{told:?}");
}

#[test]
fn what_was_decided_before_a_bad_line_stays_printed() {
    let province = Province::new();
    province.write("rounds.jsonl", timeline(0, TRUNK, "...") + "nonsense\n");
    let output = province.run(&["--rounds", "rounds.jsonl"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(lines(&output.stdout).len(), 1, "the first verdict");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let province = Province::new();
    province.write("rounds.jsonl", timeline(0, TRUNK, &"...xxx".repeat(4_000)));
    let mut child = province
        .command(&["--rounds", "rounds.jsonl", "--all"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0; 100]).unwrap();
    drop(out);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn standard_input_is_read_as_a_file_is() {
    let province = Province::new();
    let rounds = timeline(0, TRUNK, "...xxx...");
    let piped = |bytes: &[u8]| -> Output {
        let mut child = province
            .command(&["--rounds", "-", "--lang", "en"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(bytes).unwrap();
        child.wait_with_output().unwrap()
    };
    let output = piped(rounds.as_bytes());
    assert_eq!(lines(&output.stdout), province.replay(&rounds, &[]));
    let told = String::from_utf8(piped(b"x\n").stderr).unwrap();
    assert!(told.contains(" <stdin>:1:1: "), "{told}");
}

#[test]
fn windows_line_ends_a_byte_order_mark_and_blank_lines_are_read_over() {
    let province = Province::new();
    let plain = timeline(0, TRUNK, "...xxx...");
    let windows = ["\u{feff}", &plain.replace('\n', "\r\n"), "\r\n"].concat();
    let expected = province.replay(&plain, &[]);
    assert_eq!(province.replay(&windows, &[]), expected);
    assert_eq!(province.replay(plain.trim_end(), &[]), expected, "no line end at the end");
}

#[test]
fn an_empty_file_and_one_that_is_not_there_are_errors() {
    let province = Province::new();
    for bytes in ["", "\n\n"] {
        assert!(province.refused(bytes, "en").contains("rounds.jsonl has no rounds"));
    }
    assert!(province.refused("", "vi").contains("rounds.jsonl"));
    let output = province.run(&["--rounds", "nowhere.jsonl", "--lang", "en"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot read nowhere.jsonl"));
}

#[test]
fn an_acknowledgement_that_cannot_be_is_told_and_passed_over() {
    let province = Province::new();
    let ack = format!(r#"{{"t":"{}","ack":"{TRUNK}","by":"lan"}}"#, at(20)) + "\n";
    province.write("rounds.jsonl", timeline(0, TRUNK, "..") + &ack + &round(20, TRUNK, true));
    let output = province.run(&["--rounds", "rounds.jsonl", "--lang", "en"]);
    assert_eq!(output.status.code(), Some(0));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("rounds.jsonl:3: not acknowledged"), "{told}");
}

#[test]
fn other_thresholds_give_another_story() {
    let province = Province::new();
    let rounds = timeline(0, TRUNK, "...xxx...");
    let downs = |found: &[Value]| of_kind(found, "outage").len();
    assert_eq!(downs(&province.replay(&rounds, &[])), 1);
    province
        .write("patient.yaml", [CONFIG, ""].concat().replace("retry: 5s", "retry: 5s, confirm: 4"));
    assert_eq!(downs(&province.replay(&rounds, &["--config", "patient.yaml"])), 0);
}

#[test]
fn the_store_s_own_rounds_tell_what_the_file_s_do() {
    let province = Province::new();
    let (signs, midnight) = ("...xxxxxx......", "2026-11-01T00:00:00Z".parse::<UnixMs>().unwrap());
    let options = OpenOptions { now: midnight, pid: std::process::id() };
    let store = Store::open(&province.0.path().join("tuantra.db"), &options).unwrap();
    let samples = (0_i64..).zip(signs.chars()).map(|(n, sign)| {
        let (lost, rtts) = if sign == '.' { (0, &[4_000, 4_100, 4_200][..]) } else { (3, &[][..]) };
        let at = midnight + n * 10_000;
        let sample = Sample { at, check: 0, sent: 3, lost, rtts: Rtts::from_us(rtts), error: None };
        (SubjectId::new(TRUNK).unwrap(), sample)
    });
    let samples = samples.map(|(subject, sample)| (subject, sample.into())).collect();
    store.submit(Batch { facts: Vec::new(), samples });
    store.flush_blocking().unwrap();
    drop(store);
    let window = ["--from", &at(0), "--to", &at(200)];
    let output = province.run(&[&["--from-store"], &window[..]].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let found = lines(&output.stdout);
    assert_eq!(found, province.replay(&timeline(0, TRUNK, signs), &["--until", &at(200)]));
    assert_eq!(of_kind(&found, "outage")[0]["end"], json!(at(90)));
    let reversed =
        province.run(&["--from-store", "--from", &at(200), "--to", &at(0), "--lang", "en"]);
    assert_eq!(reversed.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&reversed.stderr).contains("the period is empty"));
}

#[test]
fn a_subject_s_round_is_its_sentinel_s_too() {
    let province = Province::new();
    province.write("config.yaml", CONFIG.replace("10.0.0.1", "10.82.2.34"));
    let rounds =
        merged(&[timeline(0, TRUNK, "...xxxxxx..."), timeline(1, COMMUNE, "...xxxxxx...")]);
    let found = province.replay(&rounds, &["--all"]);
    assert_eq!(of_kind(&found, "blind").len(), 2);
    assert_eq!(of_kind(&found, "outage"), Vec::<&Value>::new());
}

#[test]
fn people_read_it_in_both_languages() {
    let province = Province::new();
    let rounds = merged(&[
        timeline(0, TRUNK, "...xxxxxxxx..........."),
        timeline(1, COMMUNE, "...xxxxxxxx..........."),
    ]);
    province.write("rounds.jsonl", rounds);
    for lang in ["vi", "en"] {
        let until = at(600);
        let args = [
            "--rounds",
            "rounds.jsonl",
            "--until",
            &until,
            "--all",
            "--format",
            "text",
            "--lang",
            lang,
        ];
        let output = province.run(&args);
        assert_eq!(output.status.code(), Some(0));
        insta::assert_snapshot!(
            format!("replay_{lang}"),
            String::from_utf8(output.stdout).unwrap()
        );
    }
}
