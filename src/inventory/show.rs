//! An inventory written out: the tree for people, JSON for programs. What files said passes
//! [`visible`] before it is text for a terminal.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::locale::{Lang, fold, text, visible};
use crate::model::{
    CheckKind, Connection, Inventory, ServiceLevel, Subject, SubjectDetail, SubjectIx, Tier, Unit,
    UnitIx, Via,
};
use crate::t;

/// The unit (or every root) with all beneath: kind, lines and devices, two columns a level.
#[must_use]
pub fn tree(inventory: &Inventory, lang: Lang, unit: Option<UnitIx>) -> String {
    let mut out = String::new();
    let tops: Vec<UnitIx> = unit.map_or_else(|| inventory.roots().collect(), |unit| vec![unit]);
    let mut open: Vec<(UnitIx, usize)> = tops.into_iter().rev().map(|u| (u, 0)).collect();
    while let Some((ix, depth)) = open.pop() {
        write_unit(&mut out, inventory, lang, ix, depth);
        open.extend(inventory.children(ix).iter().rev().map(|child| (*child, depth + 1)));
    }
    out
}

fn write_unit(out: &mut String, inventory: &Inventory, lang: Lang, ix: UnitIx, depth: usize) {
    let unit = inventory.unit(ix);
    let indent = "  ".repeat(depth);
    // The kind is told only where the name does not begin with it.
    let kind = text(lang, &format!("unit.kind.{}", unit.kind.as_str()));
    let kind = if fold(&unit.name).starts_with(&fold(kind)) { "" } else { &format!(" · {kind}") };
    let _ = writeln!(out, "{indent}{} ({}{kind})", visible(&unit.name), unit.id);
    for subject in inventory.subjects_of(ix) {
        let subject = inventory.subject(*subject);
        let _ = writeln!(out, "{indent}    {}", visible(&line(inventory, lang, subject)));
    }
    for network in &unit.requires {
        if inventory.connections_of(ix, *network).next().is_none() {
            let short = inventory.network(*network).short.clone();
            let gap = t!(lang, "inventory.not_deployed", network = short);
            let _ = writeln!(out, "{indent}    {}", visible(&gap));
        }
    }
}

/// One subject in one line, what is unknown left out.
fn line(inventory: &Inventory, lang: Lang, subject: &Subject) -> String {
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
    let shared = "  ".to_owned();
    let mut line = parts.join(&shared);
    let _ = write!(line, "{shared}← {}", way(inventory, lang, &subject.via));
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
/// subjects of it and all beneath; networks and carriers always.
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
            "over": over, "sla": sla(n.sla) })
    });
    let carriers = inventory.carriers.iter().map(|c| {
        json!({ "id": c.id, "name": c.name, "contract": c.contract, "hotline": c.hotline,
            "sla": sla(c.sla) })
    });
    let calendars = inventory.calendars.iter().map(|c| {
        json!({ "id": c.id, "minutes": c.hours, "holidays": dates(&c.holidays),
            "make_up": dates(&c.make_up) })
    });
    json!({
        "networks": networks.collect::<Vec<_>>(),
        "carriers": carriers.collect::<Vec<_>>(),
        "calendars": calendars.collect::<Vec<_>>(),
        "units": units.iter().map(|ix| unit_json(inventory, inventory.unit(*ix)))
            .collect::<Vec<_>>(),
        "subjects": subjects.map(|ix| subject_json(inventory, ix)).collect::<Vec<_>>(),
    })
}

fn dates(dates: &[(i16, i8, i8)]) -> Vec<String> {
    dates.iter().map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}")).collect()
}

fn sla(level: ServiceLevel) -> Value {
    json!({ "availability_ppm": level.availability_ppm, "rtt_us": level.rtt_us,
        "loss_permille": level.loss_permille })
}

fn unit_json(inventory: &Inventory, unit: &Unit) -> Value {
    let requires: Vec<_> = unit.requires.iter().map(|ix| &inventory.network(*ix).id).collect();
    json!({
        "id": unit.id, "name": unit.name, "short": unit.short, "kind": unit.kind,
        "tier": Tier::as_str(unit.kind.tier()),
        "parent": unit.parent.map(|ix| &inventory.unit(ix).id),
        "code": unit.code, "contact": unit.contact, "location": unit.location,
        "requires": requires, "since": unit.since, "until": unit.until,
    })
}

fn subject_json(inventory: &Inventory, ix: SubjectIx) -> Value {
    let subject = inventory.subject(ix);
    let checks: Vec<_> = subject
        .checks
        .iter()
        .map(|check| match &check.kind {
            CheckKind::Ping { address, params } => json!({ "kind": check.kind.as_str(),
                "address": address, "critical": check.critical, "ping": params }),
        })
        .collect();
    let mut value = json!({
        "id": subject.id, "kind": subject.kind(), "name": subject.name,
        "unit": inventory.unit(subject.unit).id, "via": via_json(inventory, &subject.via),
        "checks": checks, "health": subject.health,
        "since": subject.since, "until": subject.until,
    });
    let detail = match &subject.detail {
        SubjectDetail::Connection(c) => connection_json(inventory, c),
        SubjectDetail::Device(d) => json!({ "role": d.role, "vendor": d.vendor,
            "model": d.model, "serial": d.serial }),
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
        "circuit": c.circuit, "bandwidth_kbps": c.bandwidth_kbps, "sla": sla(c.sla),
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
