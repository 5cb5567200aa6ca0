//! An inventory written out: the tree for people, JSON for programs. What files said passes
//! [`visible`] before it is text for a terminal.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use serde_json::{Value, json};

use crate::locale::{self, Lang, fold, text, visible};
use crate::model::{
    CalendarIx, CheckKind, Connection, Inventory, ServiceLevel, Subject, SubjectDetail, SubjectIx,
    Tier, Unit, UnitIx, UnixMs, Via,
};
use crate::t;

mod announced;

/// The unit (or every root) with all beneath: kind, lines and devices, two columns a level; then the
/// maintenance announced of any of them. Dates are those of `zone`.
#[must_use]
pub fn tree(inventory: &Inventory, lang: Lang, zone: &TimeZone, unit: Option<UnitIx>) -> String {
    let mut out = String::new();
    let tops: Vec<UnitIx> = unit.map_or_else(|| inventory.roots().collect(), |unit| vec![unit]);
    let mut open: Vec<(UnitIx, usize)> = tops.into_iter().rev().map(|u| (u, 0)).collect();
    while let Some((ix, depth)) = open.pop() {
        write_unit(&mut out, inventory, lang, zone, ix, depth);
        open.extend(inventory.children(ix).iter().rev().map(|child| (*child, depth + 1)));
    }
    announced::write(&mut out, inventory, lang, zone, unit);
    out
}

/// The day of an instant, with its time where it is not midnight.
fn day(lang: Lang, zone: &TimeZone, at: UnixMs) -> String {
    let at = at.to_timestamp().to_zoned_datetime(zone.clone());
    let is_midnight = at.time() == jiff::civil::Time::midnight();
    if is_midnight { locale::date(lang, &at) } else { locale::date_time(lang, &at) }
}

/// "hours office, may be off outside them"; `None` for a subject without hours.
fn clock(
    inventory: &Inventory,
    lang: Lang,
    (calendar, off_hours_allowed): (Option<CalendarIx>, bool),
) -> Option<String> {
    let calendar = &inventory.calendar(calendar?).id;
    let mut said = t!(lang, "inventory.calendar", calendar = calendar);
    if off_hours_allowed {
        let _ = write!(said, ", {}", text(lang, "inventory.off_hours"));
    }
    Some(said)
}

/// The hours that all subjects of a unit have in common.
fn common_clock(inventory: &Inventory, ix: UnitIx) -> Option<(Option<CalendarIx>, bool)> {
    let subjects = inventory.subjects_of(ix).iter().map(|s| inventory.subject(*s));
    let mut clocks = subjects.map(|s| (s.calendar, s.off_hours_allowed));
    let first = clocks.next()?;
    clocks.all(|other| other == first).then_some(first)
}

fn write_unit(
    out: &mut String,
    inventory: &Inventory,
    lang: Lang,
    zone: &TimeZone,
    ix: UnitIx,
    depth: usize,
) {
    let unit = inventory.unit(ix);
    let indent = "  ".repeat(depth);
    // The kind is told only where the name does not begin with it.
    let kind = text(lang, &format!("unit.kind.{}", unit.kind.as_str()));
    let kind = Some(kind.to_owned()).filter(|kind| !fold(&unit.name).starts_with(&fold(kind)));
    let common = common_clock(inventory, ix);
    let ended = unit.until.map(|t| t!(lang, "inventory.ended", date = day(lang, zone, t)));
    let merged = unit.merged_into.map(|into| {
        let into = &inventory.unit(into).id;
        t!(lang, "inventory.merged", unit = into)
    });
    let stays = unit.equipment_stays.then(|| text(lang, "inventory.equipment_stays").to_owned());
    let hours = common.and_then(|common| clock(inventory, lang, common));
    let mut said = vec![unit.id.to_string()];
    said.extend([kind, ended, merged, stays, hours].into_iter().flatten());
    let _ = writeln!(out, "{indent}{} ({})", visible(&unit.name), visible(&said.join(" · ")));
    for subject in inventory.subjects_of(ix) {
        let subject = inventory.subject(*subject);
        let _ = writeln!(out, "{indent}    {}", visible(&line(inventory, lang, subject, common)));
    }
    let buildings = inventory.buildings(ix);
    if let [_, others @ ..] = &buildings[..]
        && !others.is_empty()
    {
        let ids: Vec<&str> = others.iter().map(|u| inventory.unit(*u).id.as_str()).collect();
        let line = t!(lang, "inventory.took_over", units = ids.join(", "));
        let _ = writeln!(out, "{indent}    {}", visible(&line));
    }
    for network in &unit.requires {
        let mut lines = buildings.iter().flat_map(|u| inventory.connections_of(*u, *network));
        if unit.until.is_none() && lines.next().is_none() {
            let short = inventory.network(*network).short.clone();
            let gap = t!(lang, "inventory.not_deployed", network = short);
            let _ = writeln!(out, "{indent}    {}", visible(&gap));
        }
    }
}

/// A device's line of the tree under its whole id.
#[must_use]
pub fn device_line(inventory: &Inventory, lang: Lang, ix: SubjectIx) -> String {
    let subject = inventory.subject(ix);
    let line = line(inventory, lang, subject, None);
    let rest = line.split_once("  ").map_or("", |(_, rest)| rest);
    visible(&format!("{}  {rest}", subject.id))
}

/// One subject in one line, what is unknown and what its unit says already left out.
fn line(
    inventory: &Inventory,
    lang: Lang,
    subject: &Subject,
    common: Option<(Option<CalendarIx>, bool)>,
) -> String {
    let id = subject.id.as_str();
    let key = id.strip_prefix(inventory.unit(subject.unit).id.as_str());
    let mut parts = vec![key.and_then(|k| k.strip_prefix('/')).unwrap_or(id).to_owned()];
    match &subject.detail {
        SubjectDetail::Connection(c) => {
            parts.push(inventory.network(c.network).short.clone());
            parts.extend(c.carrier.map(|ix| inventory.carrier(ix).name.clone()));
            parts.extend(c.circuit.clone());
            parts.extend(c.bandwidth_kbps.map(bandwidth));
        }
        SubjectDetail::Device(d) => {
            if !parts[0].starts_with(&d.role) {
                parts.push(d.role.clone());
            }
            parts.extend(d.vendor.clone());
            parts.extend(d.model.clone());
        }
        SubjectDetail::Service(_) => parts.push(subject.name.clone()),
    }
    parts.push(subject.checks.first().map_or_else(
        || text(lang, "inventory.never_measured").to_owned(),
        |check| check.kind.address().to_string(),
    ));
    parts.extend(subject.checks.iter().filter_map(|check| match &check.kind {
        CheckKind::Ping { .. } => None,
        CheckKind::Service(service) => Some(format!("{} :{}", service.ask.as_str(), service.port)),
        CheckKind::Snmp { credential, .. } => {
            Some(t!(lang, "inventory.snmp", credential = credential))
        }
        CheckKind::Interface { interface, .. } => {
            Some(t!(lang, "inventory.interface", interface = interface))
        }
    }));
    if !subject.is_enabled {
        parts.push(text(lang, "inventory.disabled").to_owned());
    }
    let own = Some((subject.calendar, subject.off_hours_allowed)).filter(|_| common.is_none());
    parts.extend(own.and_then(|own| clock(inventory, lang, own)));
    let apart = "  ";
    let mut line = parts.join(apart);
    let _ = write!(line, "{apart}← {}", way(inventory, lang, &subject.via));
    line
}

/// What a subject is reached through: `a`, `a + b` (all), `a | b` (any).
fn way(inventory: &Inventory, lang: Lang, via: &Via) -> String {
    let join = |parts: &[Via], sign: &str| {
        let parts = parts.iter().map(|part| match part {
            Via::Subject(_) => way(inventory, lang, part),
            _ => format!("({})", way(inventory, lang, part)),
        });
        parts.collect::<Vec<_>>().join(sign)
    };
    match via {
        Via::Subject(ix) => inventory.subject(*ix).id.to_string(),
        Via::All(parts) if parts.is_empty() => text(lang, "inventory.direct").to_owned(),
        Via::All(parts) => join(parts, " + "),
        Via::Any(parts) => join(parts, " | "),
    }
}

/// `512kbps`, `10Mbps`, `1.5Gbps`: as files write it.
fn bandwidth(kbps: u64) -> String {
    let (unit, name) = match kbps {
        1_000_000.. => (1_000_000, "Gbps"),
        1_000.. => (1_000, "Mbps"),
        _ => (1, "kbps"),
    };
    if kbps.is_multiple_of(unit) {
        return format!("{}{name}", kbps / unit);
    }
    let fraction = format!("{:06}", (kbps % unit) * 1_000_000 / unit);
    format!("{}.{}{name}", kbps / unit, fraction.trim_end_matches('0'))
}

/// Everything, resolved: defaults applied, implied `via` spelled out. With a unit, the units and
/// subjects of it and all beneath and the maintenance announced of any of them; networks, carriers
/// and calendars always.
#[must_use]
pub fn json(inventory: &Inventory, unit: Option<UnitIx>) -> Value {
    let units: Vec<UnitIx> = match unit {
        Some(unit) => {
            let mut units = inventory.subtree(unit);
            units.sort_unstable();
            units
        }
        None => inventory.unit_ixs().collect(),
    };
    let subjects = inventory
        .subject_ixs()
        .filter(|s| units.binary_search(&inventory.subject(*s).unit).is_ok());
    let networks = inventory.networks.iter().map(|n| {
        let over: Vec<_> = n.over.iter().map(|ix| &inventory.network(*ix).id).collect();
        json!({ "id": n.id, "name": n.name, "name_en": n.name_en, "short": n.short,
            "over": over, "sla": sla(inventory, n.sla) })
    });
    let carriers = inventory.carriers.iter().map(|c| {
        json!({ "id": c.id, "name": c.name, "contract": c.contract, "hotline": c.hotline,
            "sla": sla(inventory, c.sla) })
    });
    let calendars = inventory.calendars.iter().map(|c| {
        json!({ "id": c.id, "zone": zone_name(&c.zone), "minutes": c.hours, "holidays": dates(&c.holidays),
            "make_up": dates(&c.make_up) })
    });
    json!({
        "networks": networks.collect::<Vec<_>>(),
        "carriers": carriers.collect::<Vec<_>>(),
        "calendars": calendars.collect::<Vec<_>>(),
        "units": units.iter().map(|ix| unit_json(inventory, inventory.unit(*ix)))
            .collect::<Vec<_>>(),
        "subjects": subjects.map(|ix| subject_json(inventory, ix)).collect::<Vec<_>>(),
        "maintenance": announced::json(inventory, unit),
    })
}

fn dates(dates: &[(i16, i8, i8)]) -> Vec<String> {
    dates.iter().map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}")).collect()
}

/// `Asia/Ho_Chi_Minh`, or the offset of a zone without a name.
fn zone_name(zone: &TimeZone) -> Option<String> {
    let name = zone.iana_name().map(str::to_owned);
    name.or_else(|| zone.to_fixed_offset().ok().map(|offset| offset.to_string()))
}

fn sla(inventory: &Inventory, level: ServiceLevel) -> Value {
    json!({ "availability_ppm": level.availability_ppm, "rtt_us": level.rtt_us,
        "loss_permille": level.loss_permille,
        "hours": level.hours.map(|ix| &inventory.calendar(ix).id) })
}

fn unit_json(inventory: &Inventory, unit: &Unit) -> Value {
    let requires: Vec<_> = unit.requires.iter().map(|ix| &inventory.network(*ix).id).collect();
    let mut shown = json!({
        "id": unit.id, "name": unit.name, "short": unit.short, "kind": unit.kind,
        "tier": Tier::as_str(unit.kind.tier()),
        "parent": unit.parent.map(|ix| &inventory.unit(ix).id),
        "code": unit.code, "contact": unit.contact, "location": unit.location,
        "requires": requires, "since": unit.since, "until": unit.until,
        "merged_into": unit.merged_into.map(|ix| &inventory.unit(ix).id),
    });
    if unit.equipment_stays {
        shown["equipment"] = "stays".into();
    }
    shown
}

/// One subject, resolved.
#[must_use]
pub fn subject_json(inventory: &Inventory, ix: SubjectIx) -> Value {
    let subject = inventory.subject(ix);
    let checks: Vec<_> = subject
        .checks
        .iter()
        .map(|check| match &check.kind {
            CheckKind::Ping { address, params } => json!({ "kind": check.kind.as_str(),
                "address": address, "critical": check.critical, "ping": params }),
            CheckKind::Service(service) => json!({ "kind": check.kind.as_str(),
                "address": service.address, "port": service.port,
                "timeout_ms": service.timeout_ms, "critical": check.critical,
                "ask": service.ask }),
            CheckKind::Snmp { address, credential } => json!({ "kind": check.kind.as_str(),
                "address": address, "critical": check.critical, "credential": credential }),
            CheckKind::Interface { address, credential, interface } => json!({
                "kind": check.kind.as_str(), "address": address, "critical": check.critical,
                "credential": credential, "interface": interface }),
        })
        .collect();
    let mut value = json!({
        "id": subject.id, "kind": subject.kind(), "name": subject.name,
        "unit": inventory.unit(subject.unit).id, "via": via_json(inventory, &subject.via),
        "checks": checks, "health": subject.health,
        "calendar": subject.calendar.map(|ix| &inventory.calendar(ix).id),
        "off_hours": if subject.off_hours_allowed { "allowed" } else { "counted" },
        "enabled": subject.is_enabled,
        "since": subject.since, "until": subject.until,
    });
    // Of no interest where nobody is asked what they apply to.
    if let Some(value) = value.as_object_mut()
        && subject.checks.iter().any(|check| check.kind.credential().is_some())
    {
        value.insert("thresholds".to_owned(), json!(subject.limits));
    }
    let detail = match &subject.detail {
        SubjectDetail::Connection(c) => connection_json(inventory, c),
        SubjectDetail::Device(d) => json!({ "role": d.role, "vendor": d.vendor,
            "model": d.model, "serial": d.serial, "snmp": d.snmp }),
        SubjectDetail::Service(_) => json!({}),
    };
    if let (Value::Object(value), Value::Object(detail)) = (&mut value, detail) {
        value.extend(detail);
    }
    value
}

fn connection_json(inventory: &Inventory, c: &Connection) -> Value {
    json!({
        "network": inventory.network(c.network).id,
        "carrier": c.carrier.map(|ix| &inventory.carrier(ix).id),
        "circuit": c.circuit, "bandwidth_kbps": c.bandwidth_kbps, "sla": sla(inventory, c.sla),
        "device": c.device, "interface": c.interface,
    })
}

/// As files write it: an id, `{"all": […]}`, `{"any": […]}`, or `[]` for nothing.
fn via_json(inventory: &Inventory, via: &Via) -> Value {
    let list = |parts: &[Via]| -> Vec<Value> {
        parts.iter().map(|part| via_json(inventory, part)).collect()
    };
    match via {
        Via::Subject(ix) => json!(inventory.subject(*ix).id),
        Via::All(parts) if parts.is_empty() => json!([]),
        Via::All(parts) => json!({ "all": list(parts) }),
        Via::Any(parts) => json!({ "any": list(parts) }),
    }
}
