//! The announced maintenance, written out.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{day, zone_name};
use crate::locale::{Lang, text, visible};
use crate::model::{Calendar, Inventory, Maintenance, Span, UnitIx, UnixMs, WorkHours, WorkedOn};
use crate::t;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// What concerns a unit or anything beneath it; all of it without a unit.
fn of(inventory: &Inventory, unit: Option<UnitIx>) -> Vec<&Maintenance> {
    let Some(unit) = unit else { return inventory.maintenance.iter().collect() };
    let beneath = inventory.subtree(unit);
    let concerns = |work: &&Maintenance| {
        let names_unit = |ix: &UnitIx| match &work.on {
            WorkedOn::Unit(id) => inventory.unit(*ix).id == *id,
            WorkedOn::Subject(_) | WorkedOn::Carrier(_) => false,
        };
        beneath.iter().any(|ix| {
            let mut subjects = inventory.subjects_of(*ix).iter();
            names_unit(ix) || subjects.any(|s| !work.on.includes(inventory, *s).is_empty())
        })
    };
    inventory.maintenance.iter().filter(concerns).collect()
}

/// A heading and a line each; nothing where nothing is announced.
pub(super) fn write(
    out: &mut String,
    inventory: &Inventory,
    lang: Lang,
    zone: &TimeZone,
    unit: Option<UnitIx>,
) {
    let works = of(inventory, unit);
    if !works.is_empty() {
        let _ = writeln!(out, "\n{}", text(lang, "inventory.maintenance"));
    }
    for work in works {
        let on = match &work.on {
            WorkedOn::Subject(id) => id.to_string(),
            WorkedOn::Unit(id) => t!(lang, "inventory.maintenance_unit", id = id),
            WorkedOn::Carrier(id) => t!(lang, "inventory.maintenance_carrier", id = id),
        };
        let mut parts = vec![work.id.to_string(), on, when(inventory, lang, zone, &work.hours)];
        parts.extend([&work.note, &work.by].into_iter().filter(|t| !t.is_empty()).cloned());
        let _ = writeln!(out, "    {}", visible(&parts.join("  ")));
    }
}

fn when(inventory: &Inventory, lang: Lang, zone: &TimeZone, hours: &WorkHours) -> String {
    let day = |at| day(lang, zone, at);
    match hours {
        WorkHours::Once(Span { from, to }) => {
            t!(lang, "inventory.work_once", from = day(*from), until = day(*to))
        }
        WorkHours::Recurring(calendar, life) => {
            let hours = name(inventory, calendar).unwrap_or_else(|| week(calendar));
            let mut said = t!(lang, "inventory.work_recurring", hours = hours);
            if let Some(from) = bound(life.from) {
                let _ = write!(said, ", {}", t!(lang, "inventory.work_from", date = day(from)));
            }
            if let Some(to) = bound(life.to) {
                let _ = write!(said, ", {}", t!(lang, "inventory.work_until", date = day(to)));
            }
            said
        }
    }
}

/// The id of the inventory's calendar that it is; `None` where the work has hours of its own.
fn name(inventory: &Inventory, calendar: &Calendar) -> Option<String> {
    inventory.calendars.iter().find(|known| *known == calendar).map(|known| known.id.to_string())
}

/// As files write it: `mon-fri 07:00-11:30 13:30-17:00, sat 22:00-24:00`.
fn week(calendar: &Calendar) -> String {
    let time = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    let mut parts = Vec::new();
    let mut first = 0;
    while first < DAYS.len() {
        let hours = &calendar.hours[first];
        let same = calendar.hours[first..].iter().take_while(|other| *other == hours).count();
        let last = first + same.max(1) - 1;
        if !hours.is_empty() {
            let days = if first == last {
                DAYS[first].to_owned()
            } else {
                format!("{}-{}", DAYS[first], DAYS[last])
            };
            let spans = hours.iter().map(|(from, to)| format!("{}-{}", time(*from), time(*to)));
            parts.push(format!("{days} {}", spans.collect::<Vec<_>>().join(" ")));
        }
        first = last + 1;
    }
    parts.join(", ")
}

/// A limit that is one: an open side is as far away as time goes.
fn bound(at: UnixMs) -> Option<UnixMs> {
    Some(at).filter(|at| ![i64::MIN, i64::MAX].contains(&at.0))
}

/// The list as programs read it: `from` and `until` are null where a recurring work has no limit,
/// `calendar` is null where it has hours of its own, both `calendar` and `minutes` where it happens
/// once.
pub(super) fn json(inventory: &Inventory, unit: Option<UnitIx>) -> Vec<Value> {
    let works = of(inventory, unit).into_iter();
    let one = |work: &Maintenance| {
        let (span, calendar) = match &work.hours {
            WorkHours::Once(span) => (*span, None),
            WorkHours::Recurring(calendar, life) => (*life, Some(calendar)),
        };
        json!({
            "id": work.id, "on": work.on, "from": bound(span.from), "until": bound(span.to),
            "calendar": calendar.and_then(|c| name(inventory, c)),
            "minutes": calendar.map(|c| &c.hours),
            "zone": calendar.and_then(|c| zone_name(&c.zone)),
            "by": work.by, "note": work.note,
        })
    };
    works.map(one).collect()
}
