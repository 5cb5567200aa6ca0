//! A small snapshot for the commands' tests: Cái Bè's line is down and cuts off its commune, two
//! lines of Cai Lậy are in trouble apart from each other.

use crate::api::{CarrierInfo, DaemonInfo, Snapshot, SubjectRow, SubjectState, UnitRow};
use crate::coverage::Availability;
use crate::model::{
    CarrierId, Contact, HealthParams, Impact, Incident, IncidentId, State, SubjectId, SubjectKind,
    UnitId, UnitKind, UnixMs,
};

/// 2026-11-26 17:00 in Vietnam.
pub const NOW: UnixMs = UnixMs(1_795_687_200_000);

pub fn subject_id(text: &str) -> SubjectId {
    SubjectId::new(text).unwrap()
}

pub fn unit_id(text: &str) -> UnitId {
    UnitId::new(text).unwrap()
}

fn unit(id: &str, parent: Option<&str>, name: &str, kind: UnitKind) -> UnitRow {
    UnitRow {
        id: unit_id(id),
        parent: parent.map(unit_id),
        name: name.to_owned(),
        short: name.to_owned(),
        kind,
        contact: Contact::default(),
        location: None,
        own: Vec::new(),
        subtree: Vec::new(),
    }
}

fn subject(id: &str, unit: &str, state: State, cause: Option<&str>) -> SubjectRow {
    SubjectRow {
        id: subject_id(id),
        kind: SubjectKind::Connection,
        name: "TSLCD".to_owned(),
        unit: unit_id(unit),
        network: None,
        carrier: None,
        circuit: None,
        role: None,
        address: None,
        bandwidth_kbps: None,
        sla_ppm: None,
        via: Vec::new(),
        thresholds: HealthParams::default(),
        now: SubjectState {
            state,
            since: NOW - 60_000,
            cause: cause.map(subject_id),
            suspect: 0,
            last_round: None,
            rtt_us: None,
            loss_permille: None,
            recent_us: Vec::new(),
            backup: None,
            flapping: false,
            off_hours: false,
            planned: false,
            asked: false,
            trouble: None,
        },
        month: Availability::default(),
    }
}

fn incident(root: &str, unit: &str, state: State, impact: Impact) -> Incident {
    Incident {
        id: IncidentId::new(root, NOW - 60_000),
        opened: NOW - 60_000,
        root: subject_id(root),
        with: Vec::new(),
        state,
        since: NOW - 667_000,
        unit: unit_id(unit),
        impact,
        ack: None,
        planned: false,
        flapping: false,
        guess: None,
        noted: None,
        split_from: None,
    }
}

pub fn snapshot() -> Snapshot {
    let cut_off = Impact {
        unreachable: 1,
        units: vec![unit_id("cai-be"), unit_id("cai-be.xa")],
        services: Vec::new(),
    };
    Snapshot {
        seq: 1,
        at: NOW,
        daemon: DaemonInfo {
            version: String::new(),
            pid: 1,
            started: NOW,
            asked: 5,
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
        },
        timezone: "Asia/Ho_Chi_Minh".to_owned(),
        month_from: NOW,
        networks: Vec::new(),
        carriers: vec![CarrierInfo {
            id: CarrierId::new("vnpt").unwrap(),
            name: "VNPT Tiền Giang".to_owned(),
            contract: None,
            hotline: None,
        }],
        units: vec![
            unit("tinh", None, "Tỉnh", UnitKind::Province),
            unit("cai-be", Some("tinh"), "Huyện Cái Bè", UnitKind::District),
            unit("cai-be.xa", Some("cai-be"), "Xã Hòa Khánh", UnitKind::Commune),
            unit("cai-lay", Some("tinh"), "Huyện Cai Lậy", UnitKind::District),
            unit("cai-lay.xa", Some("cai-lay"), "Xã Long Tiên", UnitKind::Commune),
            unit("my-tho", Some("tinh"), "Thành phố Mỹ Tho", UnitKind::City),
        ],
        subjects: vec![
            subject("cai-be/tslcd", "cai-be", State::Down, None),
            subject("cai-be.xa/tslcd", "cai-be.xa", State::Unreachable, Some("cai-be/tslcd")),
            subject("cai-lay/tslcd", "cai-lay", State::Degraded, None),
            subject("cai-lay.xa/tslcd", "cai-lay.xa", State::Down, None),
            subject("my-tho/tslcd", "my-tho", State::Up, None),
        ],
        incidents: vec![
            incident("cai-be/tslcd", "cai-be", State::Down, cut_off),
            incident("cai-lay/tslcd", "cai-lay", State::Degraded, Impact::default()),
            incident("cai-lay.xa/tslcd", "cai-lay.xa", State::Down, Impact::default()),
        ],
        goal_permille: 980,
        measured_floor_ppm: 950_000,
    }
}
