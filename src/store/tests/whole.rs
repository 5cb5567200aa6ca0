//! A store with every kind of row in it: one that is made now, and `tests/store/v8.db`, which
//! [`a_store_with_everything_in_it_is_made`] made by the schema of that version.

use std::path::Path;

use super::kept::{incident, work};
use super::neighbours::cable;
use super::*;
use crate::model::{
    Ack, CarrierId, Id, KeptIncident, Maintenance, Metric, Moment, PointKind, StormOver, Told,
    UnitId, WorkHours, WorkedOn,
};
use crate::store::{Resolution, Sighting};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Midnight, UTC.
const MIDNIGHT: i64 = T0 - T0 % DAY;
/// The first day is at rest by then, the second is not.
const HOURS: i64 = 29;
/// Tables that may be empty in a store of which all is known: what waits to be done stands there.
const MAY_BE_EMPTY: [&str; 1] = ["amended"];

fn at(hour: i64, minute: i64) -> UnixMs {
    UnixMs(MIDNIGHT + hour * HOUR + minute * MINUTE)
}

fn named(name: &str) -> Id {
    Id::new(name).unwrap()
}

fn intervals() -> Vec<StateInterval> {
    let mut shadow = interval(at(6, 0).0, Some(at(7, 0).0), State::Unreachable);
    shadow.cause = Some(id("dic/core"));
    vec![
        interval(at(0, 0).0, Some(at(5, 0).0), State::Up),
        interval(at(5, 0).0, Some(at(6, 0).0), State::Down),
        shadow,
        interval(at(7, 0).0, Some(at(8, 0).0), State::Degraded),
        interval(at(8, 0).0, None, State::Up),
    ]
}

fn incidents() -> [KeptIncident; 3] {
    let root = incident("dic/core", at(6, 0).0);
    let first = KeptIncident {
        closed: Some(at(6, 1)),
        merged_into: Some(root.id.clone()),
        ..incident("cai-be/tslcd", at(5, 0).0)
    };
    let split =
        KeptIncident { split_from: Some(root.id.clone()), ..incident("cai-lay/tslcd", at(7, 0).0) };
    let ack = Ack {
        by: "Lan".to_owned(),
        note: "đã báo VNPT".to_owned(),
        at: at(6, 5),
        until: Some(at(9, 0)),
    };
    let root = KeptIncident {
        closed: Some(at(7, 0)),
        told: Some(Told::Down),
        told_at: Some(at(6, 2)),
        ack: Some(ack),
        ..root
    };
    [first, root, split]
}

fn announced() -> [Maintenance; 3] {
    let unit = WorkedOn::Unit(UnitId::new("cai-be").unwrap());
    let carrier = WorkedOn::Carrier(CarrierId::new("vnpt").unwrap());
    let every: crate::model::Recurrence = "sat,sun 22:00-02:00".parse().unwrap();
    let zone = jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
    let life = Span::new(at(0, 0), at(24 * 60, 0));
    let calendar = every.calendar(named("nights").into(), zone);
    let nights = Maintenance {
        hours: WorkHours::Recurring(Box::new(calendar), life),
        ..work("nights", unit, life.from.0, life.to.0)
    };
    let line = WorkedOn::Subject(id("cai-lay/tslcd"));
    [
        nights,
        work("cable", carrier, at(1, 0).0, at(2, 0).0),
        work("line", line, at(30, 0).0, at(31, 0).0),
    ]
}

fn messages() -> [Message; 3] {
    let message = |n: i64, state| Message {
        id: format!("dic/core@{n}:duty:down"),
        channel: named("duty"),
        incident: incidents().get(1).map(|incident| incident.id.clone()),
        body: serde_json::json!({ "event": "down", "units": 24 }),
        made: at(6, n),
        due: at(6, n),
        tries: u32::try_from(n).unwrap(),
        state,
        reason: (n > 1).then(|| "429 Too Many Requests".to_owned()),
    };
    [
        message(1, MessageState::Sent),
        message(2, MessageState::Pending),
        message(3, MessageState::Dead),
    ]
}

fn said() -> Vec<Sighting> {
    let seen = |key: &str, value: &str| Sighting {
        key: key.into(),
        value: value.into(),
        first: at(1, 0),
        last: at(3, 0),
    };
    vec![seen("firmware", "7.19.1"), seen("model", "CCR2004")]
}

fn storm() -> [Fact; 2] {
    let event = |at, kind, detail| Fact::Event(Event { at, kind, subject: None, detail });
    let began = serde_json::json!({
        "unit": "cai-be", "since": at(9, 0), "until": at(12, 0), "note": "Bão số 5",
        "channels": ["duty"], "changed": false, "user": "lan", "uid": 7,
    });
    let ended = serde_json::json!({ "unit": "cai-be", "why": "command", "user": "minh" });
    [event(at(9, 0), EventKind::StormBegan, began), event(at(11, 0), EventKind::StormEnded, ended)]
}

/// Every kind of fact.
fn all_facts() -> Vec<Fact> {
    let mut all = vec![replace("cai-be/tslcd", at(0, 0).0, intervals())];
    all.extend(incidents().map(Fact::Incident));
    all.extend(announced().map(|work| Fact::Maintenance(work, at(0, 30))));
    all.push(Fact::MaintenanceEnded { id: named("cable"), at: at(1, 30) });
    all.extend(messages().map(Fact::Message));
    all.push(Fact::Said { subject: id("dic/core"), sightings: said() });
    all.push(Fact::Neighbours {
        subject: id("dic/core"),
        looked: Some(at(3, 0)),
        seen: vec![cable("sw-cai-be", at(3, 0).0)],
    });
    let subject = id("cai-be/tslcd");
    all.push(Fact::Baseline { subject, hour: 7, usual_us: 4_200, rounds: 120 });
    let (since, until) = (at(2, 0), Some(at(2, 10)));
    all.push(Fact::Blind { carrier: Some(CarrierId::new("vnpt").unwrap()), since, until });
    all.extend(storm());
    all
}

/// What is measured in an hour: rounds of two lines, readings of a device.
fn measured(hour: i64) -> Vec<(SubjectId, Reading)> {
    let metric = |kind, name: &str| Metric { kind, name: name.into() };
    let metrics: std::sync::Arc<[Metric]> =
        [metric(PointKind::Counter, "in:ether1"), metric(PointKind::Gauge, "temperature")].into();
    let mut all = Vec::new();
    for minute in (0..60).step_by(5) {
        let us = if hour == 5 { vec![] } else { vec![4_000 + minute as u32, 4_100, 4_300] };
        for line in ["cai-be/tslcd", "cai-lay/tslcd"] {
            all.push((id(line), sample(at(hour, minute).0, &us).into()));
        }
        let values = [(hour * 60 + minute) * 1_000_000, 41_000 + minute % 7].into();
        let moment = Moment { at: at(hour, minute), metrics: metrics.clone(), values };
        all.push((id("dic/core"), Reading::Moment(moment)));
    }
    all
}

fn filled() -> Place {
    let place = Place::new();
    let options = OpenOptions { now: at(0, 0), pid: 4_711 };
    let store = Store::open(&place.db(), &options).unwrap();
    store.submit(facts(all_facts()));
    for hour in 0..HOURS {
        let samples = measured(hour);
        store.submit(Batch { facts: vec![Fact::Alive { at: at(hour, 59) }], samples });
        store.tidy_blocking().unwrap();
    }
    store.close().unwrap();
    place
}

fn holds_everything(place: &Place) {
    let reader = place.reader();
    assert_eq!(record(&reader, "cai-be/tslcd"), intervals());
    let mut found = reader.incidents(ALL_TIME).unwrap();
    found.sort_by_key(|incident| incident.opened);
    assert_eq!(found, incidents());
    let [nights, cable_work, line] = announced();
    let ended = WorkHours::Once(Span::new(at(1, 0), at(1, 30)));
    let expected = [nights, Maintenance { hours: ended, ..cable_work }, line];
    assert_eq!(reader.maintenance(ALL_TIME).unwrap(), expected);
    for message in messages() {
        assert_eq!(reader.messages(message.state).unwrap(), [message]);
    }
    assert_eq!(reader.sightings(&id("dic/core")).unwrap(), said());
    let beside = reader.neighbours(&id("dic/core")).unwrap();
    assert_eq!(beside, [cable("sw-cai-be", at(3, 0).0)]);
    let usual = reader.baselines().unwrap()[&id("cai-be/tslcd")];
    assert_eq!(usual[7], Some(Usual { us: 4_200, rounds: 120 }));
    let blind = reader.blind(ALL_TIME).unwrap();
    assert_eq!((blind.len(), blind[0].since, blind[0].until), (1, at(2, 0), Some(at(2, 10))));
    let storms = reader.storms(UnixMs(0)).unwrap();
    let over = storms[0].ended.as_ref().map(|end| (end.at, end.why, end.by.as_deref()));
    assert_eq!(over, Some((at(11, 0), StormOver::Command, Some("minh"))));

    let mut rounds = 0;
    let count = &mut |_: &SubjectId, _: Sample| {
        rounds += 1;
        std::ops::ControlFlow::Continue(())
    };
    reader.rounds(ALL_TIME, count).unwrap();
    assert_eq!(rounds, HOURS * 24);
    let core = id("dic/core");
    for (kind, name) in [(PointKind::Counter, "in:ether1"), (PointKind::Gauge, "temperature")] {
        let metric = Metric { kind, name: name.into() };
        for (resolution, least) in [(Resolution::Hour, 24), (Resolution::Day, 1)] {
            let came_to = reader.point_rollups(&core, &metric, ALL_TIME, resolution).unwrap();
            assert!(came_to.len() >= least, "{name} {resolution:?}: {}", came_to.len());
        }
    }
    let checked = reader.check(UnixMs(0), &mut |_| {}).unwrap();
    assert_eq!(checked.findings, []);
    let proved = reader.verify(ALL_TIME, UnixMs(0), &mut |_, _| {}).unwrap();
    assert_eq!((proved.flaws.as_slice(), proved.links), (&[][..], 1));

    let conn = rusqlite::Connection::open(place.db()).unwrap();
    let mut tables = conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let tables = tables.query_map([], |row| row.get::<_, String>(0)).unwrap();
    for table in tables.map(Result::unwrap).filter(|table| !MAY_BE_EMPTY.contains(&&**table)) {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM \"{table}\")");
        let has_rows: bool = conn.query_row(&sql, [], |row| row.get(0)).unwrap();
        assert!(has_rows, "nothing in {table}: a new kind of row belongs into the kept file");
    }
}

fn kept_file(version: i64) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/store/v{version}.db"))
}

#[test]
fn what_is_recorded_of_every_kind_comes_back() {
    holds_everything(&filled());
}

#[test]
fn a_kept_store_with_every_kind_of_row_is_read_as_it_was_written() {
    let place = Place::new();
    std::fs::copy(kept_file(8), place.db()).unwrap();
    // Migrated, should it be an older one by now.
    let later = OpenOptions { now: at(HOURS, 0), pid: 4_711 };
    Store::open(&place.db(), &later).unwrap().close().unwrap();
    holds_everything(&place);
}

/// `cargo test --lib whole -- --ignored`: under the number of the version that this binary writes.
#[test]
#[ignore = "it writes a file that is kept"]
fn a_store_with_everything_in_it_is_made() {
    let place = filled();
    holds_everything(&place);
    std::fs::copy(place.db(), kept_file(schema::known_version())).unwrap();
}
