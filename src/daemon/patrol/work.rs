//! The work that users announce, once or recurring. What the inventory has is only listed here.
//!
//! What is over stays known, so that an id is never given to other work: figures of a past month
//! must not change because somebody uses a name again.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::tz::TimeZone;

use super::commands::signed;
use crate::api::{Problem, User, Work, WorkRequest};
use crate::locale::Lang;
use crate::model::{Id, Inventory, Maintenance, Recurrence, Span, UnixMs, WorkHours, WorkedOn};
use crate::store::{Event, EventKind, Fact, Reader, StoreError};
use crate::t;

/// Most announced work of now and to come that is kept.
const WORK_MAX: usize = 1_000;
const DAY_MS: i64 = 86_400_000;
/// How far back the beginning of what goes on now is looked for, and how far ahead the next time.
const LOOK_BACK_MS: i64 = 31 * DAY_MS;
const LOOK_AHEAD_MS: i64 = 366 * DAY_MS;

/// All work that was ever announced and not called off.
#[derive(Debug, Default)]
pub(super) struct Works {
    by_id: BTreeMap<Id, Announced>,
}

#[derive(Debug, Clone)]
struct Announced {
    work: Maintenance,
    /// From its beginning to its end; of what recurs, its life.
    span: Span,
    /// By whom and when it was ended before its time.
    ended: Option<(String, UnixMs)>,
}

impl Announced {
    /// When it is or was over.
    fn over_at(&self) -> UnixMs {
        self.ended.as_ref().map_or(self.span.to, |(_, at)| self.span.to.min(*at))
    }

    /// Its span in effect; empty when it was called off before it began.
    fn in_effect(&self) -> Span {
        Span::new(self.span.from, self.over_at())
    }

    /// The work with the hours that are in effect.
    fn work_in_effect(&self) -> Maintenance {
        let hours = match &self.work.hours {
            WorkHours::Once(_) => WorkHours::Once(self.in_effect()),
            WorkHours::Recurring(calendar, _) => {
                WorkHours::Recurring(calendar.clone(), self.in_effect())
            }
        };
        Maintenance { hours, ..self.work.clone() }
    }

    fn every(&self) -> Option<Recurrence> {
        recurrence(&self.work.hours)
    }

    /// Whether some of it lies in the past.
    fn has_begun(&self, now: UnixMs) -> bool {
        let past = Span::new(self.span.from, now.min(self.over_at()));
        !past.is_empty() && !self.work_in_effect().spans(past).is_empty()
    }

    fn already_over(&self) -> Problem {
        let by = self.ended.as_ref().map(|(by, _)| by.clone());
        Problem::new("already_over", t!(Lang::En, "reason.work_over")).done(by, self.over_at())
    }
}

/// What is to be recorded.
pub(super) type Facts = Vec<Fact>;

impl Works {
    /// Takes up what the store remembers.
    pub(super) fn remember(&mut self, recorded: Vec<Maintenance>) {
        for work in recorded {
            let (WorkHours::Once(span) | WorkHours::Recurring(_, span)) = work.hours;
            let announced = Announced { span, ended: None, work };
            self.by_id.insert(announced.work.id.clone(), announced);
        }
    }

    /// The announced work for the core, each in effect.
    pub(super) fn in_effect(&self) -> Vec<Maintenance> {
        let in_effect = self.by_id.values().filter(|a| !a.in_effect().is_empty());
        in_effect.map(Announced::work_in_effect).collect()
    }

    /// True in the answer when it was not known before. Asked a second time, it changes nothing.
    pub(super) fn announce(
        &mut self,
        inventory: &Inventory,
        id: Id,
        request: WorkRequest,
        (by, zone): (&User, &TimeZone),
        now: UnixMs,
    ) -> Result<((Work, bool), Facts), Problem> {
        let WorkRequest { on, from, to, every, note } = request.checked(now)?;
        target_exists(inventory, &on)?;
        not_in_inventory(inventory, &id)?;
        let known = self.by_id.get(&id);
        // What has been worked stays worked: of work that has begun only the end may change, and of
        // work that does not recur the beginning, which is a correction of that one time.
        let begun = known.filter(|known| known.has_begun(now) && known.over_at() > now);
        let from = match begun {
            Some(known) if (&known.work.on, known.every()) != (&on, every) => {
                let message = t!(Lang::En, "reason.work_begun");
                return Err(Problem::new("already_begun", message));
            }
            Some(known) if every.is_some() => from.min(known.span.from),
            _ => from,
        };
        let span = Span::new(from, to);
        match known {
            Some(known) if known.over_at() <= now => return Err(known.already_over()),
            Some(known)
                if (&known.work.on, known.span, known.every(), &known.work.note)
                    == (&on, span, every, &note) =>
            {
                return Ok(((shown(inventory, known, now), false), Vec::new()));
            }
            None if self.by_id.values().filter(|a| a.over_at() > now).count() >= WORK_MAX => {
                let message = t!(Lang::En, "reason.many_works", count = WORK_MAX);
                return Err(Problem::new("too_many", message));
            }
            _ => {}
        }
        let is_new = known.is_none();
        let hours = match every {
            None => WorkHours::Once(span),
            Some(every) => {
                let calendar = every.calendar(id.clone().into(), zone.clone());
                WorkHours::Recurring(Box::new(calendar), span)
            }
        };
        let work = Maintenance { id: id.clone(), on, hours, by: by.name.clone(), note };
        if next_span(&work, now).is_none() {
            return Err(Problem::new("bad_window", t!(Lang::En, "reason.work_never")));
        }
        let event = event(EventKind::MaintenanceAnnounced, &work, span, by, now, !is_new);
        let facts = vec![Fact::Maintenance(work.clone(), now), Fact::Event(event)];
        let announced = Announced { work, span, ended: None };
        let answer = shown(inventory, &announced, now);
        self.by_id.insert(id, announced);
        Ok(((answer, is_new), facts))
    }

    /// Ends what goes on, calls off what is to come.
    pub(super) fn end(
        &mut self,
        inventory: &Inventory,
        id: &Id,
        by: &User,
        now: UnixMs,
    ) -> Result<(Work, Facts), Problem> {
        not_in_inventory(inventory, id)?;
        let known = self.by_id.get_mut(id).ok_or_else(|| {
            Problem::new("unknown_maintenance", t!(Lang::En, "reason.unknown_work", id = id))
        })?;
        if known.over_at() <= now {
            return Err(known.already_over());
        }
        let answer = shown(inventory, known, now);
        known.ended = Some((by.name.clone(), now));
        let event = event(EventKind::MaintenanceEnded, &known.work, known.span, by, now, false);
        Ok((answer, vec![Fact::MaintenanceEnded { id: id.clone(), at: now }, Fact::Event(event)]))
    }

    /// The work of now and to come, one-off and recurring, by its next beginning.
    pub(super) fn list(&self, inventory: &Inventory, now: UnixMs) -> Vec<Work> {
        let ours = self.by_id.values().filter(|a| a.over_at() > now);
        // What recurs may have had its last time before its life is over: there is nothing to come.
        let mut found: Vec<Work> = ours
            .filter_map(|announced| {
                let work = announced.work_in_effect();
                Some(as_work(inventory, &work, next_span(&work, now)?, now))
            })
            .collect();
        found.extend(inventory.maintenance.iter().filter_map(|work| {
            let next = next_span(work, now)?;
            Some(Work { in_inventory: true, ..as_work(inventory, work, next, now) })
        }));
        found.sort_by(|a, b| (a.next.from, &a.id).cmp(&(b.next.from, &b.id)));
        found
    }
}

/// The announced work of now and to come as the store and the inventory have it; also what a client
/// without a daemon reads.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub(crate) fn announced(
    store: &Path,
    inventory: &Inventory,
    now: UnixMs,
) -> Result<Vec<Work>, StoreError> {
    let mut works = Works::default();
    works.remember(Reader::open(store)?.maintenance(Span::new(now, UnixMs(i64::MAX)))?);
    Ok(works.list(inventory, now))
}

/// When the work goes on, else when it will next; `None` when it is over or a year away.
fn next_span(work: &Maintenance, now: UnixMs) -> Option<Span> {
    match &work.hours {
        WorkHours::Once(span) => Some(*span).filter(|span| span.to > now),
        WorkHours::Recurring(..) => {
            let near = work.spans(Span::new(now - LOOK_BACK_MS, now + LOOK_AHEAD_MS));
            near.into_iter().find(|span| span.to > now)
        }
    }
}

fn shown(inventory: &Inventory, announced: &Announced, now: UnixMs) -> Work {
    let work = announced.work_in_effect();
    // What was ended just now is told with the time it would have had.
    let next = next_span(&work, now).unwrap_or(announced.span);
    as_work(inventory, &work, next, now)
}

fn as_work(inventory: &Inventory, work: &Maintenance, next: Span, now: UnixMs) -> Work {
    let life = match &work.hours {
        WorkHours::Recurring(_, life) => Some(*life),
        WorkHours::Once(_) => None,
    };
    let is_on = |s: &_| {
        inventory.subject(*s).exists_at(now) && work.on.includes(inventory, *s).contains(now)
    };
    Work {
        id: work.id.clone(),
        on: work.on.clone(),
        recurring: life.is_some(),
        in_inventory: false,
        every: recurrence(&work.hours),
        until: life.map(|life| life.to).filter(|to| *to < UnixMs(i64::MAX)),
        next,
        by: work.by.clone(),
        note: work.note.clone(),
        subjects: u32::try_from(inventory.subject_ixs().filter(is_on).count()).unwrap_or(u32::MAX),
    }
}

fn recurrence(hours: &WorkHours) -> Option<Recurrence> {
    match hours {
        WorkHours::Recurring(calendar, _) => Recurrence::of(calendar),
        WorkHours::Once(_) => None,
    }
}

fn target_exists(inventory: &Inventory, on: &WorkedOn) -> Result<(), Problem> {
    let (exists, message) = match on {
        WorkedOn::Subject(id) => (
            inventory.find_subject(id.as_str()).is_some(),
            t!(Lang::En, "reason.unknown_subject", subject = id),
        ),
        WorkedOn::Unit(id) => (
            inventory.find_unit(id.as_str()).is_some(),
            t!(Lang::En, "reason.unknown_unit", id = id),
        ),
        WorkedOn::Carrier(id) => (
            inventory.carriers.iter().any(|c| c.id == *id),
            t!(Lang::En, "reason.unknown_carrier", id = id),
        ),
    };
    if exists { Ok(()) } else { Err(Problem::new("unknown_target", message)) }
}

fn not_in_inventory(inventory: &Inventory, id: &Id) -> Result<(), Problem> {
    if inventory.maintenance.iter().any(|work| work.id == *id) {
        let message = t!(Lang::En, "reason.in_inventory", id = id);
        return Err(Problem::new("in_inventory", message));
    }
    Ok(())
}

fn event(
    kind: EventKind,
    work: &Maintenance,
    span: Span,
    by: &User,
    at: UnixMs,
    replaced: bool,
) -> Event {
    let subject = match &work.on {
        WorkedOn::Subject(id) => Some(id.clone()),
        _ => None,
    };
    let detail = serde_json::json!({
        "id": work.id, "on": work.on, "from": span.from, "to": span.to, "note": work.note,
        "replaced": replaced, "every": recurrence(&work.hours),
    });
    Event { at, kind, subject, detail: signed(detail, Some(by)) }
}

#[cfg(test)]
#[path = "work_tests.rs"]
mod tests;
