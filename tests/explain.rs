//! `tuantra explain` on a store that a daemon has left behind.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tuantra::model::{
    Ack, IncidentId, KeptIncident, Rtts, Sample, State, StateInterval, SubjectId, Told, UnixMs,
};
use tuantra::store::{Batch, Fact, OpenOptions, Store};

const INVENTORY: &str = "
networks:
  - { id: tslcd, name: Mạng truyền số liệu chuyên dùng, short: TSLCD }
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

const DISTRICT: &str = "cai-be/tslcd";
const COMMUNE: &str = "cai-be.hoa-khanh/tslcd";

fn at(text: &str) -> UnixMs {
    text.parse().unwrap()
}

fn id(text: &str) -> SubjectId {
    SubjectId::new(text).unwrap()
}

/// 2026-01-05, both up from 07:00 on. The district's line is cut at 07:31:10 for ten minutes and
/// takes the commune's with it; both are recorded as the daemon would have.
fn province(folder: &Path) {
    std::fs::create_dir(folder.join("inventory")).unwrap();
    std::fs::write(folder.join("inventory/all.yaml"), INVENTORY).unwrap();
    std::fs::write(folder.join("config.yaml"), "language: en\n").unwrap();
    let start = at("2026-01-05T00:00:00Z");
    let (cut, whole) = (at("2026-01-05T00:31:10Z"), at("2026-01-05T00:41:10Z"));
    let end = at("2026-01-05T01:00:00Z");
    let store =
        Store::open(&folder.join("tuantra.db"), &OpenOptions { now: start, pid: 1 }).unwrap();
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
    let facts = vec![
        record(DISTRICT, State::Down, None),
        record(COMMUNE, State::Unreachable, Some(id(DISTRICT))),
        Fact::Incident(KeptIncident {
            id: IncidentId::new(DISTRICT, cut + 10_400),
            root: id(DISTRICT),
            opened: cut + 10_400,
            since: cut,
            closed: Some(whole + 5_400),
            state: State::Down,
            told: Some(Told::Down),
            told_at: Some(cut + 40_000),
            ack: Some(Ack {
                by: "lan".to_owned(),
                note: String::new(),
                at: cut + 120_000,
                until: None,
            }),
            split_from: None,
            merged_into: None,
        }),
        Fact::Alive { at: end },
    ];
    let mut samples = Vec::new();
    let mut t = start;
    while t <= end {
        let is_cut = cut <= t && t < whole;
        let rtts = if is_cut { Rtts::default() } else { Rtts::from_us(&[4_000, 4_100, 4_200]) };
        let lost = if is_cut { 3 } else { 0 };
        for subject in [DISTRICT, COMMUNE] {
            samples.push((
                id(subject),
                Sample { at: t, check: 0, sent: 3, lost, rtts, error: None }.into(),
            ));
        }
        t = t + if is_cut { 5_000 } else { 10_000 };
    }
    store.submit(Batch { facts, samples });
    store.flush_blocking().unwrap();
}

fn explain(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tuantra"))
        .current_dir(folder)
        .arg("explain")
        .args(args)
        .output()
        .unwrap()
}

fn told(folder: &Path, args: &[&str]) -> String {
    let output = explain(folder, args);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_core_is_built_anew_for_a_past_time() {
    let folder = tempfile::tempdir().unwrap();
    province(folder.path());
    let told = |args: &[&str]| told(folder.path(), args);
    insta::assert_snapshot!("root", told(&[DISTRICT, "--at", "2026-01-05T07:35"]));
    insta::assert_snapshot!("consequence", told(&["hoà khánh", "--at", "2026-01-05T00:35:00Z"]));
    insta::assert_snapshot!("suspect", told(&["cai-be", "--at", "2026-01-05T07:31:17"]));
    insta::assert_snapshot!(
        "suspect_vi",
        told(&["cai-be", "--at", "2026-01-05T07:31:17", "--lang", "vi"])
    );
    insta::assert_snapshot!("idle", told(&[DISTRICT]));

    let json: Value =
        serde_json::from_str(&told(&[COMMUNE, "--at", "2026-01-05T07:35", "--format", "json"]))
            .unwrap();
    assert_eq!(json["state"], "unreachable");
    assert_eq!(json["rule"], "blocked");
    assert_eq!(json["cause"], DISTRICT);
    assert_eq!(json["since"], "2026-01-05T00:31:10Z");
    assert_eq!(json["source"], "store");
    assert_eq!(json["parents"][0]["state"], "down");
    assert_eq!(json["last_rounds"].as_array().map(Vec::len), Some(10));
    assert_eq!(json["last_rounds"][9]["at"], "2026-01-05T00:35:00Z");
}

/// The sentinel is nobody's address, so its rounds are not kept: that the patrol was blind is.
#[test]
fn what_failed_while_the_patrol_was_blind_is_not_held_against_a_subject() {
    let folder = tempfile::tempdir().unwrap();
    province(folder.path());
    std::fs::write(
        folder.path().join("config.yaml"),
        "language: en\nsentinels: [{ address: 127.0.0.9 }]\n",
    )
    .unwrap();
    let (since, until) = (at("2026-01-05T00:31:05Z"), at("2026-01-05T00:41:10Z"));
    let options = OpenOptions { now: at("2026-01-05T01:00:00Z"), pid: 1 };
    let store = Store::open(&folder.path().join("tuantra.db"), &options).unwrap();
    let facts = vec![Fact::Blind { carrier: None, since, until: Some(until) }];
    store.submit(Batch { facts, samples: Vec::new() });
    store.flush_blocking().unwrap();
    drop(store);
    let text = told(folder.path(), &[DISTRICT, "--at", "2026-01-05T07:35"]);
    assert!(text.starts_with("? cai-be/tslcd: unmeasured since 07:31:"), "{text}");
    assert!(text.contains("BLIND since 07:31:05"), "{text}");
    assert!(text.contains("are not counted, because the patrol is blind"), "{text}");
}

#[test]
fn what_is_not_known_is_said_and_ends_with_two() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("inventory")).unwrap();
    std::fs::write(folder.path().join("inventory/all.yaml"), INVENTORY).unwrap();
    let refused = |args: &[&str]| {
        let output = explain(folder.path(), args);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused(&[DISTRICT, "--lang", "en"]).contains("there is no store at"));
    std::fs::remove_dir_all(folder.path().join("inventory")).unwrap();
    province(folder.path());
    assert!(
        refused(&["cai-be/wan"]).contains("no line, device or service has the id “cai-be/wan”")
    );
    assert!(refused(&["sa-dec"]).contains("sa-dec"));
    assert!(refused(&["tien-giang"]).contains("nothing of Tỉnh Tiền Giang is patrolled"));
    assert!(refused(&[DISTRICT, "--at", "yesterday"]).contains("“yesterday” is not a time"));
    assert!(refused(&[DISTRICT, "--at", "2999-01-01"]).contains("still to come"));
    assert!(
        refused(&[DISTRICT, "--at", "2026-01-04"])
            .contains("the store has nothing on cai-be/tslcd")
    );
}
