//! The entries of `maintenance`: announced work, once or recurring.

use super::calendars::week;
use super::entries::{Context, id, text};
use super::node::{Fields, Node, check_keys};
use super::place::{At, Desk, Finding};
use super::resolve::{self, Names};
use super::scalar::{self, Ref};
use crate::model::{Calendar, Id, Maintenance, Message, Span, UnixMs, WorkHours, WorkedOn};

const KEYS: [&str; 10] =
    ["id", "unit", "subject", "carrier", "calendar", "hours", "from", "until", "note", "by"];
/// A recurring work without `from` or `until` has no end on that side.
const ALWAYS: Span = Span { from: UnixMs(i64::MIN), to: UnixMs(i64::MAX) };

/// An entry, its references not yet resolved.
#[derive(Debug)]
pub(super) struct RawMaintenance {
    id: Id,
    on: RawWorkedOn,
    hours: RawWorkHours,
    by: String,
    note: String,
}

#[derive(Debug)]
enum RawWorkedOn {
    Unit(Ref),
    Subject(Ref),
    Carrier(Ref),
}

#[derive(Debug)]
enum RawWorkHours {
    Once(Span),
    /// Hours of its own.
    Own(Box<Calendar>, Span),
    Named(Ref, Span),
}

/// Reads one entry; `None` after reporting why it means nothing.
pub(super) fn read(desk: &mut Desk, context: &Context<'_>, node: &Node) -> Option<RawMaintenance> {
    let map = node.as_map(desk, "maintenance")?;
    check_keys(desk, map, &KEYS);
    let fields = Fields::new(node.at, map);
    let (at, id) = id(desk, &fields, "maintenance");
    let on = worked_on(desk, &fields, at);
    let hours = work_hours(desk, context, &fields, at, &id);
    let by = text(desk, &fields, "by").unwrap_or_default();
    let note = text(desk, &fields, "note").unwrap_or_default();
    Some(RawMaintenance { id, on: on?, hours: hours?, by, note })
}

/// Exactly one of `unit`, `subject`, `carrier`.
fn worked_on(desk: &mut Desk, fields: &Fields<'_>, at: At) -> Option<RawWorkedOn> {
    let given = ["unit", "subject", "carrier"].map(|key| fields.get(key).map(|node| (key, node)));
    let mut given = given.into_iter().flatten();
    let Some((key, node)) = given.next() else {
        desk.report(
            Finding::error(at, Message::new("check.maintenance_of_nothing"))
                .hint(Message::new("check.maintenance_of_hint")),
        );
        return None;
    };
    if let Some((second, node)) = given.next() {
        let message = Message::new("check.given_twice").with("first", key).with("second", second);
        desk.report(
            Finding::error(node.at, message).hint(Message::new("check.maintenance_of_hint")),
        );
        return None;
    }
    let reference = scalar::reference(desk, key, node)?;
    Some(match key {
        "unit" => RawWorkedOn::Unit(reference),
        "subject" => RawWorkedOn::Subject(reference),
        _ => RawWorkedOn::Carrier(reference),
    })
}

/// `calendar` or `hours` within `from` and `until`; without them once, from `from` until `until`.
fn work_hours(
    desk: &mut Desk,
    context: &Context<'_>,
    fields: &Fields<'_>,
    at: At,
    id: &Id,
) -> Option<RawWorkHours> {
    let mut instant = |key: &str| {
        let node = fields.get(key)?;
        Some(scalar::instant(desk, key, node, context.zone))
    };
    let (from, until) = (instant("from"), instant("until"));
    let has_bad_date = [from, until].contains(&Some(None));
    let (from, until) = (from.flatten(), until.flatten());
    if let (Some(from), Some(until), Some(node)) = (from, until, fields.get("until"))
        && until <= from
    {
        desk.report(Finding::error(node.at, Message::new("check.until_before_from")));
        return None;
    }
    let life = Span::new(from.unwrap_or(ALWAYS.from), until.unwrap_or(ALWAYS.to));
    match fields.either(desk, "calendar", "hours") {
        Some(("calendar", node)) => {
            let calendar = scalar::reference(desk, "calendar", node)?;
            (!has_bad_date).then_some(RawWorkHours::Named(calendar, life))
        }
        Some((_, node)) => {
            let calendar = Box::new(Calendar {
                id: id.clone().into(),
                zone: context.zone.clone(),
                hours: week(desk, node),
                holidays: Vec::new(),
                make_up: Vec::new(),
            });
            (!has_bad_date).then_some(RawWorkHours::Own(calendar, life))
        }
        None if has_bad_date || has_both(fields) => None,
        None if from.is_some() && until.is_some() => Some(RawWorkHours::Once(life)),
        None => {
            desk.report(
                Finding::error(at, Message::new("check.maintenance_when"))
                    .hint(Message::new("check.maintenance_when_hint")),
            );
            None
        }
    }
}

/// Both spellings of the hours, which is reported already.
fn has_both(fields: &Fields<'_>) -> bool {
    fields.get("calendar").is_some() && fields.get("hours").is_some()
}

/// What an entry's references are looked up in.
pub(super) struct Known<'a> {
    pub units: &'a Names<'a>,
    pub subjects: &'a Names<'a>,
    pub carriers: &'a Names<'a>,
    pub calendars: &'a Names<'a>,
    /// By the index of its name.
    pub hours: &'a [(At, Calendar)],
}

/// The entries with their references resolved, in declared order; those that refer to nothing are
/// reported and left out.
pub(super) fn resolve(
    desk: &mut Desk,
    known: &Known<'_>,
    raw: &[RawMaintenance],
) -> Vec<Maintenance> {
    raw.iter().filter_map(|entry| resolve_entry(desk, known, entry)).collect()
}

fn resolve_entry(desk: &mut Desk, known: &Known<'_>, raw: &RawMaintenance) -> Option<Maintenance> {
    let mut found = |names: &Names<'_>, reference: &Ref, message| {
        resolve::find(desk, names, reference, message).and_then(|_| Id::new(&reference.name).ok())
    };
    let on = match &raw.on {
        RawWorkedOn::Unit(unit) => {
            found(known.units, unit, "check.unknown_unit").map(|id| WorkedOn::Unit(id.into()))
        }
        RawWorkedOn::Subject(subject) => found(known.subjects, subject, "check.unknown_subject")
            .map(|id| WorkedOn::Subject(id.into())),
        RawWorkedOn::Carrier(carrier) => found(known.carriers, carrier, "check.unknown_carrier")
            .map(|id| WorkedOn::Carrier(id.into())),
    };
    let hours = match &raw.hours {
        RawWorkHours::Once(span) => Some(WorkHours::Once(*span)),
        RawWorkHours::Own(calendar, life) => Some(WorkHours::Recurring(calendar.clone(), *life)),
        RawWorkHours::Named(name, life) => {
            let ix = resolve::find(desk, known.calendars, name, "check.unknown_calendar");
            let calendar = ix.and_then(|ix| known.hours.get(ix));
            calendar.map(|(_, calendar)| WorkHours::Recurring(Box::new(calendar.clone()), *life))
        }
    };
    let (by, note) = (raw.by.clone(), raw.note.clone());
    Some(Maintenance { id: raw.id.clone(), on: on?, hours: hours?, by, note })
}
