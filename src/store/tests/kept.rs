//! Incidents, announced work, usual round-trip times and stretches of blindness.

use super::*;
use crate::model::{
    Ack, CarrierId, Id, IncidentId, KeptIncident, Maintenance, Told, UnitId, WorkHours, WorkedOn,
};

pub(super) fn incident(root: &str, opened: i64) -> KeptIncident {
    let opened = UnixMs(opened);
    KeptIncident {
        id: IncidentId::new(root, opened),
        root: id(root),
        opened,
        since: opened - 10_000,
        closed: None,
        state: State::Down,
        told: None,
        told_at: None,
        ack: None,
        split_from: None,
        merged_into: None,
    }
}

pub(super) fn work(name: &str, on: WorkedOn, from: i64, to: i64) -> Maintenance {
    Maintenance {
        id: Id::new(name).unwrap(),
        on,
        hours: WorkHours::Once(Span::new(UnixMs(from), UnixMs(to))),
        by: "Lan".to_owned(),
        note: "thay cáp quang".to_owned(),
    }
}

fn unit(name: &str) -> WorkedOn {
    WorkedOn::Unit(UnitId::new(name).unwrap())
}

#[test]
fn the_parts_of_an_incident_are_found_and_so_is_what_they_became_a_part_of() {
    let place = Place::new();
    let store = place.open();
    let [a, b, c, d] = ["a", "b", "c", "d"].map(|root| incident(root, T0));
    let merged = |part: &KeptIncident, heir: &KeptIncident| {
        let (closed, merged_into) = (Some(UnixMs(T0 + 60)), Some(heir.id.clone()));
        Fact::Incident(KeptIncident { closed, merged_into, ..part.clone() })
    };
    let kept =
        vec![merged(&a, &b), merged(&b, &c), Fact::Incident(c.clone()), Fact::Incident(d.clone())];
    store.submit(facts(kept));
    store.flush_blocking().unwrap();
    let reader = place.reader();
    let (into_b, into_c) = ((a.id.clone(), b.id.clone()), (b.id.clone(), c.id.clone()));
    assert_eq!(reader.parts_of(&[c.id.clone(), d.id.clone()]).unwrap(), [into_c, into_b]);
    assert_eq!(reader.parts_of(std::slice::from_ref(&d.id)).unwrap(), []);
    assert_eq!(reader.heir_of(&a.id).unwrap(), Some(c.id.clone()), "the last of them");
    assert_eq!(reader.heir_of(&c.id).unwrap(), None);
    // A circle, which nobody makes, holds nobody up.
    store.submit(facts(vec![merged(&c, &a)]));
    store.flush_blocking().unwrap();
    let reader = place.reader();
    assert_eq!(reader.parts_of(&[d.id]).unwrap(), []);
    assert!(reader.parts_of(std::slice::from_ref(&c.id)).unwrap().len() <= 3);
    assert_eq!(reader.heir_of(&a.id).unwrap(), None);
}

#[test]
fn an_incident_is_recorded_as_it_stands_and_is_open_until_it_is_closed() {
    let place = Place::new();
    let store = place.open();
    let opened = incident("cai-be/tslcd", T0);
    let other = incident("cai-lay/tslcd", T0 + 1);
    store.submit(facts(vec![Fact::Incident(other.clone()), Fact::Incident(opened.clone())]));
    store.flush_blocking().unwrap();
    let reader = place.reader();
    assert_eq!(reader.open_incidents().unwrap(), [opened.clone(), other.clone()]);

    let taken = KeptIncident {
        root: id("dic/core"),
        state: State::Degraded,
        told: Some(Told::Flapping),
        told_at: Some(UnixMs(T0 + 30)),
        ack: Some(Ack {
            by: "Lan".to_owned(),
            note: String::new(),
            at: UnixMs(T0 + 60),
            until: Some(UnixMs(T0 + 90)),
        }),
        split_from: Some(other.id.clone()),
        ..opened.clone()
    };
    let merged = KeptIncident {
        closed: Some(UnixMs(T0 + 70)),
        merged_into: Some(taken.id.clone()),
        ..other
    };
    store.submit(facts(vec![Fact::Incident(taken.clone()), Fact::Incident(merged.clone())]));
    store.flush_blocking().unwrap();
    assert_eq!(reader.open_incidents().unwrap(), std::slice::from_ref(&taken));
    let found = |from, to| reader.incidents(Span::new(UnixMs(from), UnixMs(to))).unwrap();
    assert_eq!(found(T0, T0 + 100), [taken.clone(), merged.clone()]);
    assert_eq!(
        found(T0 + 70, T0 + 100),
        std::slice::from_ref(&taken),
        "closed at the window's beginning"
    );
    assert_eq!(found(T0 - 100, T0), [], "opened at its end");
    assert_eq!(store.status().written, Some(UnixMs(T0 + 70)));
    store.close().unwrap();
    assert_eq!(place.reader().open_incidents().unwrap(), [taken]);
}

#[test]
fn work_ends_when_it_was_ended_and_what_was_called_off_is_left_out() {
    let place = Place::new();
    let store = place.open();
    let long = work("cai-be-1", unit("cai-be"), T0 + 100, T0 + 200);
    let off = work("off", WorkedOn::Subject(id("a/tslcd")), T0 + 150, T0 + 160);
    let vnpt = WorkedOn::Carrier(CarrierId::new("vnpt").unwrap());
    let early = work("early", vnpt, T0, T0 + 300);
    let announced = |w: &Maintenance| Fact::Maintenance(w.clone(), UnixMs(T0));
    let ended =
        |name: &str, at| Fact::MaintenanceEnded { id: Id::new(name).unwrap(), at: UnixMs(at) };
    store.submit(facts(vec![
        announced(&long),
        announced(&off),
        announced(&early),
        ended("off", T0 + 149),
        ended("early", T0 + 120),
        ended("nobody-knows-it", T0 + 120),
        // After its own end this says nothing.
        ended("cai-be-1", T0 + 900),
    ]));
    store.flush_blocking().unwrap();
    assert_eq!(store.status().trouble, None);
    let reader = place.reader();
    let early =
        Maintenance { hours: WorkHours::Once(Span::new(UnixMs(T0), UnixMs(T0 + 120))), ..early };
    let found = |from, to| reader.maintenance(Span::new(UnixMs(from), UnixMs(to))).unwrap();
    assert_eq!(found(0, i64::MAX), [early.clone(), long.clone()]);
    assert_eq!(found(T0 + 120, T0 + 200), std::slice::from_ref(&long));
    assert_eq!(found(T0, T0 + 100), [early]);

    // Announced anew, the early end is forgotten.
    let again = work("early", unit("cai-lay"), T0 + 50, T0 + 400);
    store.submit(facts(vec![announced(&again)]));
    store.flush_blocking().unwrap();
    assert_eq!(found(0, i64::MAX), [again, long]);
}

#[test]
fn work_by_a_calendar_is_refused_and_holds_up_nobody() {
    let place = Place::new();
    let store = place.open();
    let once = work("once", unit("cai-be"), T0, T0 + 1);
    let calendar = crate::model::Calendar {
        id: crate::model::CalendarId::new("nights").unwrap(),
        zone: jiff::tz::TimeZone::UTC,
        hours: std::array::from_fn(|_| vec![(0, 60), (120, 180)]),
        holidays: Vec::new(),
        make_up: Vec::new(),
    };
    let recurring =
        Maintenance { hours: WorkHours::Recurring(Box::new(calendar), ALL_TIME), ..once.clone() };
    store.submit(facts(vec![
        Fact::Maintenance(recurring, UnixMs(T0)),
        Fact::Maintenance(once.clone(), UnixMs(T0)),
    ]));
    store.flush_blocking().unwrap();
    assert!(store.status().trouble.is_some_and(|t| t.contains("recurring")));
    assert_eq!(place.reader().maintenance(ALL_TIME).unwrap(), [once]);
}

#[test]
fn work_that_recurs_is_kept_with_its_hours_and_zone_and_ends_when_it_was_ended() {
    let place = Place::new();
    let store = place.open();
    let every: crate::model::Recurrence = "sat,sun 22:00-02:00".parse().unwrap();
    let zone = jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
    let nights = |id: &str, to: i64| {
        let calendar = every.calendar(Id::new(id).unwrap().into(), zone.clone());
        let life = Span::new(UnixMs(T0), UnixMs(to));
        let hours = WorkHours::Recurring(Box::new(calendar), life);
        Maintenance { hours, ..work(id, unit("cai-be"), T0, to) }
    };
    let week = 7 * 86_400_000;
    store.submit(facts(vec![
        Fact::Maintenance(nights("nights", T0 + 9 * week), UnixMs(T0)),
        Fact::Maintenance(nights("early", T0 + 9 * week), UnixMs(T0)),
        Fact::MaintenanceEnded { id: Id::new("early").unwrap(), at: UnixMs(T0 + week) },
    ]));
    store.flush_blocking().unwrap();
    assert_eq!(store.status().trouble, None);
    let kept = place.reader().maintenance(ALL_TIME).unwrap();
    assert_eq!(kept, [nights("early", T0 + week), nights("nights", T0 + 9 * week)]);
    let later = Span::new(UnixMs(T0 + 2 * week), UnixMs(T0 + 3 * week));
    let [only] = &place.reader().maintenance(later).unwrap()[..] else { panic!("one") };
    assert_eq!(only.id.as_str(), "nights");
    assert_eq!(only.spans(later).len(), 2);
    let hours: i64 = only.spans(later).iter().map(|span| span.len_ms()).sum();
    assert_eq!(hours, 8 * 3_600_000);
}

#[test]
fn usual_times_are_kept_by_hour_and_replaced() {
    let place = Place::new();
    let store = place.open();
    let usual = |subject: &str, hour, usual_us, rounds| Fact::Baseline {
        subject: id(subject),
        hour,
        usual_us,
        rounds,
    };
    store.submit(facts(vec![
        usual("a", 0, 4_000, 10),
        usual("a", 23, 9_000, 20),
        usual("b", 7, 1, u32::MAX),
        usual("a", 0, 5_000, 30),
        // No such hour: refused by itself.
        usual("b", 24, 1, 1),
    ]));
    store.flush_blocking().unwrap();
    let found = place.reader().baselines().unwrap();
    assert_eq!(found.keys().collect::<Vec<_>>(), [&id("a"), &id("b")]);
    let a = found[&id("a")];
    assert_eq!(a[0], Some(Usual { us: 5_000, rounds: 30 }));
    assert_eq!(a[23], Some(Usual { us: 9_000, rounds: 20 }));
    assert_eq!(a.iter().flatten().count(), 2);
    assert_eq!(found[&id("b")][7], Some(Usual { us: 1, rounds: u32::MAX }));
}

#[test]
fn blindness_ends_by_its_beginning_and_for_whom_it_was() {
    let place = Place::new();
    let store = place.open();
    let vnpt = CarrierId::new("vnpt").unwrap();
    let blind = |carrier: Option<&CarrierId>, since, until: Option<i64>| Fact::Blind {
        carrier: carrier.cloned(),
        since: UnixMs(since),
        until: until.map(UnixMs),
    };
    store.submit(facts(vec![
        blind(None, T0, None),
        blind(Some(&vnpt), T0, None),
        blind(None, T0, Some(T0 + 60)),
        blind(None, T0 + 100, None),
        // The clock was set back meanwhile.
        blind(Some(&vnpt), T0 + 200, Some(T0 + 150)),
    ]));
    store.flush_blocking().unwrap();
    assert_eq!(store.status().trouble, None);
    let reader = place.reader();
    let seen = |carrier: Option<&CarrierId>, since, until: Option<i64>| Blind {
        carrier: carrier.cloned(),
        since: UnixMs(since),
        until: until.map(UnixMs),
    };
    assert_eq!(
        reader.blind(ALL_TIME).unwrap(),
        [
            seen(None, T0, Some(T0 + 60)),
            seen(Some(&vnpt), T0, None),
            seen(None, T0 + 100, None),
            seen(Some(&vnpt), T0 + 200, Some(T0 + 200)),
        ]
    );
    let later = Span::new(UnixMs(T0 + 60), UnixMs(T0 + 100));
    assert_eq!(reader.blind(later).unwrap(), [seen(Some(&vnpt), T0, None)]);
}

#[test]
fn the_views_say_it_in_words() {
    let place = Place::new();
    let store = place.open();
    let closed = KeptIncident {
        closed: Some(UnixMs(T0 + 5_000)),
        told: Some(Told::Down),
        ..incident("cai-be/tslcd", T0)
    };
    store.submit(facts(vec![
        Fact::Incident(closed),
        Fact::Maintenance(work("m", unit("cai-be"), T0, T0 + 1_000), UnixMs(T0)),
        Fact::MaintenanceEnded { id: Id::new("m").unwrap(), at: UnixMs(T0 - 1) },
    ]));
    store.close().unwrap();
    let conn = rusqlite::Connection::open(place.db()).unwrap();
    let line = |sql: &str| -> String { conn.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(
        line(
            "SELECT root || ' ' || state || ' ' || closed || ' ' || duration_ms || ' ' || told FROM v_incidents"
        ),
        "cai-be/tslcd down 2026-09-21T14:13:25.000Z 15000 down"
    );
    assert_eq!(
        line(
            "SELECT scope || ' ' || target || ' ' || duration_ms || ' ' || ended_early FROM v_maintenance"
        ),
        "unit cai-be 0 1"
    );
}
