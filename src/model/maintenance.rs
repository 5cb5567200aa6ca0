//! Announced work: while it lasts states are recorded as ever, but are *planned* time.

use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::id::{CarrierId, Id, SubjectId, UnitId};
use super::index::SubjectIx;
use super::inventory::Inventory;
use super::time::{Span, UnixMs};

const ALWAYS: Span = Span::new(UnixMs(i64::MIN), UnixMs(i64::MAX));
const NEVER: Span = Span::new(UnixMs(i64::MAX), UnixMs(i64::MAX));

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
    /// When `subject` is among what is worked on: always, or from the day on on which its unit was
    /// merged into what is worked on. Empty when it never is.
    #[must_use]
    pub fn includes(&self, inventory: &Inventory, subject: SubjectIx) -> Span {
        let found = inventory.subject(subject);
        let since = match self {
            Self::Subject(id) => (found.id == *id).then_some(ALWAYS.from),
            Self::Carrier(id) => found
                .connection()
                .and_then(|c| c.carrier)
                .is_some_and(|c| inventory.carrier(c).id == *id)
                .then_some(ALWAYS.from),
            Self::Unit(id) => inventory
                .above_since(found.unit)
                .into_iter()
                .find_map(|(u, since)| (inventory.unit(u).id == *id).then_some(since)),
        };
        since.map_or(NEVER, |since| Span { from: since, ..ALWAYS })
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
    let mut spans: Vec<Span> = list
        .iter()
        .map(|m| (m, m.on.includes(inventory, subject).intersect(window)))
        .filter(|(_, inside)| !inside.is_empty())
        .flat_map(|(m, inside)| m.spans(inside))
        .collect();
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

/// True when `subject` is worked on at `at`. Of many subjects at one instant [`OnAt`] tells it
/// sooner.
#[must_use]
pub fn is_planned(
    list: &[Maintenance],
    inventory: &Inventory,
    subject: SubjectIx,
    at: UnixMs,
) -> bool {
    OnAt::new(list, at).includes(inventory, subject)
}

/// What is worked on at one instant: which pieces of work those are is asked of the calendars once,
/// not for every subject.
#[derive(Debug, Clone)]
pub struct OnAt<'a> {
    at: UnixMs,
    works: Vec<&'a Maintenance>,
}

impl<'a> OnAt<'a> {
    /// Of a list, at an instant.
    #[must_use]
    pub fn new(list: &'a [Maintenance], at: UnixMs) -> Self {
        Self { at, works: list.iter().filter(|work| work.is_on_at(at)).collect() }
    }

    /// True when `subject` is worked on then.
    #[must_use]
    pub fn includes(&self, inventory: &Inventory, subject: SubjectIx) -> bool {
        self.works.iter().any(|work| work.on.includes(inventory, subject).contains(self.at))
    }
}
