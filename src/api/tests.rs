//! Changes applied to snapshots and snapshots in parts; [`socket`] has the protocol.

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use tokio::net::UnixListener;
use tokio::sync::broadcast;

use super::*;
use crate::coverage::{Availability, Ladder, LostSlot, Verdict};
use crate::health::{Explanation, PhaseSeen, Rule};
use crate::model::{
    Contact, HealthParams, Id, IncidentId, NetworkId, Span, State, Storm, SubjectId, SubjectKind,
    Tier, UnitId, UnitKind, UnixMs, WorkedOn,
};

mod backend;
mod socket;

fn subject_id(n: u32) -> SubjectId {
    SubjectId::new(&format!("u{n}/tslcd")).unwrap()
}

fn unit_id(n: u32) -> UnitId {
    UnitId::new(&format!("u{n}")).unwrap()
}

fn lost() -> LostChannel {
    LostChannel { channel: Id::new("duty").unwrap(), messages: 2, incidents: 1 }
}

fn state(state: State) -> SubjectState {
    SubjectState {
        state,
        since: UnixMs(0),
        cause: None,
        suspect: 0,
        last_round: None,
        rtt_us: Some(4100),
        loss_permille: Some(0),
        recent_us: vec![Some(4100), None],
        backup: None,
        flapping: false,
        off_hours: false,
        planned: false,
        asked: false,
        trouble: None,
    }
}

fn daemon() -> DaemonInfo {
    DaemonInfo {
        version: "0".into(),
        pid: 1,
        started: UnixMs(0),
        asked: 3,
        interval_ms: 30_000,
        lag_ms: 0,
        turns: None,
        own_loss_permille: None,
        written: None,
        dropped_samples: 0,
        reload_failure: None,
        trouble: None,
        blind: Vec::new(),
        traps: None,
        channels: Vec::new(),
        storms: Vec::new(),
    }
}

fn coverage(live: u32) -> UnitCoverage {
    UnitCoverage {
        network: NetworkId::new("tslcd").unwrap(),
        tier: Tier::Commune,
        ladder: Ladder { required: 1, deployed: 1, measured: 1, live, met: 0 },
        state: Some(State::Up),
        month: Availability::default(),
        verdict: Verdict::NotProven,
    }
}

fn sample() -> Snapshot {
    Snapshot {
        seq: 7,
        at: UnixMs(1000),
        daemon: daemon(),
        timezone: "Asia/Ho_Chi_Minh".into(),
        month_from: UnixMs(0),
        networks: vec![],
        carriers: vec![],
        units: (0..3)
            .map(|n| UnitRow {
                id: unit_id(n),
                parent: None,
                name: format!("Xã {n}"),
                short: format!("X. {n}"),
                kind: UnitKind::Commune,
                contact: Contact::default(),
                location: None,
                own: vec![coverage(1)],
                subtree: vec![coverage(1)],
            })
            .collect(),
        subjects: (0..3)
            .map(|n| SubjectRow {
                id: subject_id(n),
                kind: SubjectKind::Connection,
                name: "TSLCD".into(),
                unit: unit_id(n),
                network: None,
                carrier: None,
                circuit: None,
                role: None,
                address: Some("127.0.0.1".into()),
                bandwidth_kbps: None,
                sla_ppm: None,
                via: vec![],
                thresholds: HealthParams::default(),
                now: state(State::Up),
                month: Availability::default(),
            })
            .collect(),
        incidents: vec![],
        goal_permille: 980,
        measured_floor_ppm: 950_000,
    }
}

fn change(seq: u64) -> Change {
    Change {
        seq,
        at: UnixMs(2000),
        daemon: daemon(),
        subjects: vec![
            (subject_id(0), state(State::Down)),
            (subject_id(2), state(State::Degraded)),
        ],
        units: vec![UnitChange { id: unit_id(1), own: vec![coverage(0)], subtree: vec![] }],
        incidents: None,
        resync: false,
    }
}

#[test]
fn the_next_change_is_applied_and_any_other_asks_for_a_snapshot() {
    let mut snapshot = sample();
    assert!(!snapshot.apply(&change(9)), "one is missing");
    assert!(!snapshot.apply(&Change { resync: true, ..change(8) }));
    assert_eq!(snapshot, sample());
    assert!(snapshot.apply(&change(8)));
    let states: Vec<State> = snapshot.subjects.iter().map(|s| s.now.state).collect();
    assert_eq!(states, [State::Down, State::Up, State::Degraded]);
    assert_eq!(snapshot.units[1].own, [coverage(0)]);
    assert_eq!(snapshot.units[0].own, [coverage(1)]);
    assert_eq!((snapshot.seq, snapshot.at), (8, UnixMs(2000)));
}

#[test]
fn a_snapshot_has_the_tree_of_its_time_and_what_stays_beneath_its_new_unit() {
    const INVENTORY: &str = "
networks: [{ id: tslcd, name: TSLCD }]
units:
  - { id: tinh, name: Tỉnh, kind: province, until: 2025-07-01, merged_into: moi }
  - { id: so, name: Sở, kind: department, parent: tinh, requires: [tslcd],
      connections: { tslcd: { address: 10.0.0.1 } } }
  - { id: huyen, name: Huyện, kind: district, parent: tinh, until: 2025-07-01, equipment: stays,
      connections: { tslcd: { address: 10.0.0.2 } } }
  - { id: xa, name: Xã, kind: commune, parent: huyen, until: 2025-07-01, merged_into: phuong,
      equipment: stays, connections: { tslcd: { address: 10.0.0.3 } } }
  - { id: moi, name: Tỉnh mới, kind: province, since: 2025-07-01 }
  - { id: phuong, name: Phường, kind: ward, parent: moi, requires: [tslcd], since: 2025-07-01 }
";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("all.yaml"), INVENTORY).unwrap();
    let defaults = crate::inventory::Defaults::default();
    let loaded = crate::inventory::load(folder.path(), &defaults, &jiff::tz::TimeZone::UTC);
    assert_eq!(loaded.diagnostics, []);
    let inventory = loaded.inventory.unwrap();
    let got = Availability::none(crate::coverage::Clock::default());
    let sources = Sources {
        inventory: &inventory,
        state: &|_| state(State::Up),
        month: &|_| got,
        goal_ppm: 990_000,
        goal_permille: 980,
        measured_floor_ppm: 950_000,
        timezone: "UTC",
        month_from: UnixMs(0),
    };
    let shown = |day: &str| {
        let at: UnixMs = day.parse().unwrap();
        let found = snapshot(&sources, coverages(&sources, at), Vec::new(), daemon(), 0, at);
        is_the_whole_in_parts(&sources, &found, at);
        let units = found.units.iter().map(|u| {
            let parent = u.parent.as_ref().map_or("-", |p| p.as_str());
            let live: u32 = u.subtree.iter().map(|c| c.ladder.live).sum();
            format!("{} {parent} {live}", u.id)
        });
        let subjects = found.subjects.iter().map(|s| format!("{} {}", s.id, s.unit));
        (units.collect::<Vec<_>>(), subjects.collect::<Vec<_>>())
    };
    let (units, subjects) = shown("2025-06-30T23:00:00Z");
    assert_eq!(units, ["tinh - 1", "so tinh 1", "huyen tinh 0", "xa huyen 0"]);
    assert_eq!(subjects, ["so/tslcd so", "huyen/tslcd huyen", "xa/tslcd xa"]);
    let (units, subjects) = shown("2025-07-01T00:00:00Z");
    assert_eq!(units, ["moi - 2", "phuong moi 1", "so moi 1"]);
    // The district that was abolished has left its line: the province's to look after.
    assert_eq!(subjects, ["so/tslcd so", "huyen/tslcd moi", "xa/tslcd phuong"]);
}

#[test]
fn a_state_in_a_page_has_what_there_is_and_leaves_out_what_is_not() {
    let bare = SubjectState {
        rtt_us: None,
        loss_permille: None,
        recent_us: Vec::new(),
        ..state(State::Up)
    };
    let full = SubjectState {
        state: State::Unreachable,
        since: UnixMs(1),
        cause: Some(subject_id(2)),
        suspect: 3,
        last_round: Some(UnixMs(4)),
        rtt_us: Some(5),
        loss_permille: Some(6),
        recent_us: vec![None, Some(7)],
        backup: Some(subject_id(1)),
        flapping: true,
        off_hours: true,
        planned: true,
        asked: false,
        trouble: Some(crate::model::RoundError::OwnLoss { packets: 1 }),
    };
    let keys = |json: &serde_json::Value| -> Vec<String> {
        let mut keys: Vec<String> = json.as_object().unwrap().keys().cloned().collect();
        keys.sort_unstable();
        keys
    };
    let all = keys(&serde_json::to_value(&full).unwrap());
    for (now, written) in [(bare, vec!["since".to_owned(), "state".to_owned()]), (full, all)] {
        let subject = SubjectRow { now, ..sample().subjects.remove(0) };
        let row = PageRow::of(&subject, &mut Vec::new());
        let json = serde_json::to_string(&row).unwrap();
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(keys(&value["now"]), written);
        assert_eq!(serde_json::from_str::<PageRow<'_>>(&json).unwrap(), row);
    }
}

/// The parts have what the whole has, also when they have gone through the socket.
fn is_the_whole_in_parts(sources: &Sources<'_>, whole: &Snapshot, at: UnixMs) {
    let tree = crate::coverage::Tree::as_of(sources.inventory, at);
    let moment = Moment { tree: &tree, inventory: 5, seq: 0, at };
    let standing = |s| ((sources.state)(s).state, false);
    let coverages = coverages(sources, at);
    let made = overview(sources, standing, &coverages, Vec::new(), daemon(), moment);
    let json = serde_json::to_vec(&made).unwrap();
    let mut read: Overview = serde_json::from_slice(&json).unwrap();
    assert_eq!(read, made);
    let left_out = read.units.iter().filter(|u| !u.own.is_empty() && u.subtree.is_empty()).count();
    assert!(left_out > 0, "what stands alone is told once");
    read.units.iter_mut().for_each(unfold);
    assert_eq!(read.units, whole.units);
    assert_eq!(read.subjects as usize, whole.subjects.len());
    assert_eq!(read.counts.all().iter().sum::<u32>(), read.subjects);
    for from in 0..=whole.subjects.len() {
        let made = page(sources, from, moment);
        let mut thresholds = Vec::new();
        let rows = whole.subjects.iter().skip(from);
        let rows: Vec<_> = rows.map(|s| PageRow::of(s, &mut thresholds)).collect();
        assert_eq!((&made.subjects, &made.thresholds), (&rows, &thresholds));
        let body = PageBody::new(serde_json::to_vec(&made).unwrap());
        assert_eq!(body.page().unwrap(), made);
    }
}

/// Of more units than are written at a time.
fn sample_overview() -> Overview {
    let Snapshot { seq, at, daemon, timezone, month_from, networks, carriers, .. } = sample();
    let unit = |n| UnitRow { id: unit_id(n), ..sample().units[0].clone() };
    Overview {
        seq,
        at,
        inventory: 5,
        daemon,
        timezone,
        month_from,
        networks,
        carriers,
        carrier_lines: Vec::new(),
        subjects: 3,
        counts: StateCounts { up: 3, ..StateCounts::default() },
        off_hours: 0,
        incidents: Vec::new(),
        named: sample().subjects,
        marks: vec![(unit_id(0), State::Down)],
        goal_permille: 980,
        measured_floor_ppm: 950_000,
        units: (0..777).map(unit).collect(),
    }
}
