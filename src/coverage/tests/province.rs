//! A small province for the tests: units, lines, calendars.

use crate::model::{
    Calendar, CalendarId, CalendarIx, Carrier, CarrierId, CarrierIx, Connection, Contact,
    HealthParams, Id, Inventory, Maintenance, Network, NetworkId, NetworkIx, ServiceLevel, Span,
    Subject, SubjectDetail, SubjectId, Unit, UnitId, UnitIx, UnitKind, UnixMs, Via, WorkHours,
    WorkedOn,
};

pub(super) const MINUTE: i64 = 60_000;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// Midnight between Sunday and Monday, UTC.
pub(super) fn monday() -> UnixMs {
    "2026-10-05T00:00:00Z".parse().unwrap()
}

/// `day` days, `hour` hours and `minute` minutes after [`monday`].
pub(super) fn at(day: i64, hour: i64, minute: i64) -> UnixMs {
    monday() + day * DAY + hour * HOUR + minute * MINUTE
}

pub(super) fn span(from: UnixMs, to: UnixMs) -> Span {
    Span::new(from, to)
}

/// Monday to Friday, the given hours of the day, UTC.
pub(super) fn weekdays(hours: &[(u16, u16)]) -> Calendar {
    let minutes: Vec<(u16, u16)> = hours.iter().map(|(a, b)| (a * 60, b * 60)).collect();
    let mut week: [Vec<(u16, u16)>; 7] = Default::default();
    week[..5].fill(minutes);
    Calendar {
        id: CalendarId::new("office").unwrap(),
        zone: jiff::tz::TimeZone::UTC,
        hours: week,
        holidays: Vec::new(),
        make_up: Vec::new(),
    }
}

pub(super) fn unit(id: &str, kind: UnitKind, parent: Option<u32>, requires: bool) -> Unit {
    Unit {
        id: UnitId::new(id).unwrap(),
        name: id.to_owned(),
        short: id.to_owned(),
        kind,
        parent: parent.map(UnitIx),
        code: None,
        contact: Contact::default(),
        location: None,
        requires: if requires { vec![NetworkIx(0)] } else { Vec::new() },
        since: None,
        until: None,
        merged_into: None,
        equipment_stays: false,
    }
}

/// A line of a unit to network 0 of carrier 0, in force as long as its unit.
pub(super) fn line(id: &str, units: &[Unit], unit: u32) -> Subject {
    let of = &units[unit as usize];
    Subject {
        id: SubjectId::new(id).unwrap(),
        name: id.to_owned(),
        unit: UnitIx(unit),
        via: Via::none(),
        checks: Vec::new(),
        health: HealthParams::default(),
        limits: crate::model::Limits::default(),
        calendar: None,
        off_hours_allowed: false,
        is_enabled: true,
        since: of.since,
        until: of.until,
        detail: SubjectDetail::Connection(Connection {
            network: NetworkIx(0),
            carrier: Some(CarrierIx(0)),
            circuit: None,
            bandwidth_kbps: None,
            sla: ServiceLevel::default(),
            device: None,
            interface: None,
        }),
    }
}

pub(super) fn connection(subject: &mut Subject) -> &mut Connection {
    match &mut subject.detail {
        SubjectDetail::Connection(connection) => connection,
        _ => unreachable!("every subject of this province is a line"),
    }
}

pub(super) fn inventory(units: Vec<Unit>, subjects: Vec<Subject>) -> Inventory {
    let network = Network {
        id: NetworkId::new("tslcd").unwrap(),
        name: "TSLCD".to_owned(),
        name_en: "TSLCD".to_owned(),
        short: "TSLCD".to_owned(),
        over: Vec::new(),
        sla: ServiceLevel { availability_ppm: Some(990_000), ..ServiceLevel::default() },
    };
    let carrier = Carrier {
        id: CarrierId::new("vnpt").unwrap(),
        name: "VNPT".to_owned(),
        contract: None,
        hotline: None,
        penalty: None,
        sla: ServiceLevel::default(),
    };
    // Office hours with a lunch break, and the contract's longer day.
    let calendars = vec![weekdays(&[(7, 11), (13, 17)]), weekdays(&[(6, 22)])];
    Inventory::new(units, vec![network], vec![carrier], calendars, subjects)
}

/// One commune with one line that keeps office hours and may be off outside them.
pub(super) fn commune() -> Inventory {
    let units = vec![unit("an-cu", UnitKind::Commune, None, true)];
    let mut subject = line("an-cu/tslcd", &units, 0);
    subject.calendar = Some(CalendarIx(0));
    subject.off_hours_allowed = true;
    connection(&mut subject).sla.hours = Some(CalendarIx(1));
    inventory(units, vec![subject])
}

pub(super) fn work(on: WorkedOn, hours: WorkHours) -> Maintenance {
    Maintenance {
        id: Id::new("work").unwrap(),
        on,
        hours,
        by: "op".to_owned(),
        note: String::new(),
    }
}

pub(super) fn once(subject: &str, span: Span) -> Maintenance {
    work(WorkedOn::Subject(SubjectId::new(subject).unwrap()), WorkHours::Once(span))
}
