//! Announced work: while it lasts states are recorded as ever, but are *planned* time.

use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::id::{CarrierId, Id, SubjectId, UnitId};
use super::index::SubjectIx;
use super::inventory::Inventory;
use super::time::{Span, UnixMs};

/// What is worked on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkedOn {
    /// One connection, device or service.
    Subject(SubjectId),
    /// A unit with all beneath it.
    Unit(UnitId),
    /// Every connection of a carrier.
    Carrier(CarrierId),
}

impl WorkedOn {
    /// True when `subject` is among what is worked on.
    #[must_use]
    pub fn includes(&self, inventory: &Inventory, subject: SubjectIx) -> bool {
        let found = inventory.subject(subject);
        match self {
            Self::Subject(id) => found.id == *id,
            Self::Carrier(id) => found
                .connection()
                .and_then(|c| c.carrier)
                .is_some_and(|c| inventory.carrier(c).id == *id),
            Self::Unit(id) => {
                inventory.above(found.unit).into_iter().any(|u| inventory.unit(u).id == *id)
            }
        }
    }
}

/// When it is worked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkHours {
    /// Once.
    Once(Span),
    /// Whenever the calendar is open, within the span.
    Recurring(Box<Calendar>, Span),
}

/// One announced piece of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maintenance {
    /// Ours.
    pub id: Id,
    /// On what.
    pub on: WorkedOn,
    /// When.
    pub hours: WorkHours,
    /// Who announced it.
    pub by: String,
    /// What for.
    pub note: String,
}

impl Maintenance {
    /// The stretches of `window` in which it is worked, sorted.
    #[must_use]
    pub fn spans(&self, window: Span) -> Vec<Span> {
        match &self.hours {
            WorkHours::Once(span) => {
                Some(span.intersect(window)).filter(|s| !s.is_empty()).into_iter().collect()
            }
            WorkHours::Recurring(calendar, life) => calendar.open_spans(life.intersect(window)),
        }
    }

    /// True when it is worked at `at`.
    #[must_use]
    pub fn is_on_at(&self, at: UnixMs) -> bool {
        match &self.hours {
            WorkHours::Once(span) => span.contains(at),
            WorkHours::Recurring(calendar, life) => life.contains(at) && calendar.is_open_at(at),
        }
    }
}

/// The stretches of `window` in which `subject` is worked on, sorted, apart from each other.
#[must_use]
pub fn planned_spans(
    list: &[Maintenance],
    inventory: &Inventory,
    subject: SubjectIx,
    window: Span,
) -> Vec<Span> {
    let on = list.iter().filter(|m| m.on.includes(inventory, subject));
    let mut spans: Vec<Span> = on.flat_map(|m| m.spans(window)).collect();
    spans.sort_unstable_by_key(|s| s.from);
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if last.to >= span.from => last.to = last.to.max(span.to),
            _ => joined.push(span),
        }
    }
    joined
}

/// True when `subject` is worked on at `at`.
#[must_use]
pub fn is_planned(
    list: &[Maintenance],
    inventory: &Inventory,
    subject: SubjectIx,
    at: UnixMs,
) -> bool {
    list.iter().any(|m| m.is_on_at(at) && m.on.includes(inventory, subject))
}
