//! Everything that is needed to judge a record: whose it is, the announced work, the hours.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::clock::joined;
use super::{
    Availability, ClassSpan, Clock, MarkedOutage, OffHours, best_of_lines, classify, mark_outages,
};
use crate::model::{
    CalendarIx, Inventory, Maintenance, Span, StateInterval, SubjectIx, UnixMs, planned_spans,
};

/// How far before a window the record is looked at, in milliseconds: an outage is judged by when
/// it began, and the longest holidays switch offices off for a fortnight.
pub const LOOK_BACK_MS: i64 = 31 * 86_400_000;

/// Judges records over one window by the inventory's rules. Months and reports use the same one,
/// so they cannot disagree.
#[derive(Debug)]
pub struct Judge<'a> {
    inventory: &'a Inventory,
    one_off: &'a [Maintenance],
    window: Span,
    known_to: UnixMs,
    /// By calendar: its open hours inside the window, worked out once.
    open: Vec<OnceCell<Vec<Span>>>,
}

impl<'a> Judge<'a> {
    /// `one_off` is the work announced beside the inventory's own; `known_to` is until when the
    /// record is known (now, as a rule). The records judged should reach [`LOOK_BACK_MS`] before
    /// `window`.
    #[must_use]
    pub fn new(
        inventory: &'a Inventory,
        one_off: &'a [Maintenance],
        window: Span,
        known_to: UnixMs,
    ) -> Self {
        let open = inventory.calendars.iter().map(|_| OnceCell::new()).collect();
        Self { inventory, one_off, window, known_to, open }
    }

    /// The inventory judged by.
    #[must_use]
    pub const fn inventory(&self) -> &'a Inventory {
        self.inventory
    }

    /// The time judged.
    #[must_use]
    pub const fn window(&self) -> Span {
        self.window
    }

    /// The stretches of the window in which work on `subject` is announced, sorted, apart from
    /// each other.
    #[must_use]
    pub fn planned(&self, subject: SubjectIx) -> Vec<Span> {
        let of = |list| planned_spans(list, self.inventory, subject, self.window);
        joined([of(&self.inventory.maintenance), of(self.one_off)].concat())
    }

    /// The subject's rule when it may be switched off outside its hours.
    #[must_use]
    pub fn off_hours(&self, subject: SubjectIx) -> Option<OffHours<'a>> {
        let found = self.inventory.subject(subject);
        let calendar = found.calendar.filter(|_| found.off_hours_allowed)?;
        Some(OffHours {
            calendar: self.inventory.calendar(calendar),
            grace_ms: found.health.off_hours_grace_ms,
            known_to: self.known_to,
        })
    }

    /// The stretches of the window that `clock` judges for `subject`, sorted.
    #[must_use]
    pub fn hours(&self, subject: SubjectIx, clock: Clock) -> Cow<'_, [Span]> {
        let found = self.inventory.subject(subject);
        let calendar = match clock {
            Clock::AroundTheClock => None,
            Clock::Office => found.calendar,
            Clock::Contract => found.connection().and_then(|c| c.sla.hours),
        };
        match calendar.and_then(|c| Some((c, self.open.get(c.ix())?))) {
            Some((calendar, open)) => Cow::Borrowed(open.get_or_init(|| self.open_spans(calendar))),
            None => Cow::Owned(vec![self.window]),
        }
    }

    fn open_spans(&self, calendar: CalendarIx) -> Vec<Span> {
        self.inventory.calendar(calendar).open_spans(self.window)
    }

    /// The classes of `subject` from its sorted `intervals`, over the part of the window in which
    /// it was in force.
    #[must_use]
    pub fn classes(&self, subject: SubjectIx, intervals: &[StateInterval]) -> Vec<ClassSpan> {
        let life = self.inventory.subject(subject).lifetime(self.window);
        if life.is_empty() {
            return Vec::new();
        }
        classify(intervals, life, &self.planned(subject), self.off_hours(subject))
    }

    /// The outages of `subject` that touch the window, oldest first, with what of them is planned
    /// or off hours.
    #[must_use]
    pub fn outages(&self, subject: SubjectIx, intervals: &[StateInterval]) -> Vec<MarkedOutage> {
        mark_outages(intervals, &self.classes(subject, intervals))
    }

    /// What the lines of one unit on one network got together over `part` of the window, by
    /// `clock`, as far as one of them was in force; a single line is the common case. `record`
    /// gives a subject's sorted intervals. Where the lines' hours differ, the unit's are all of
    /// them.
    #[must_use]
    pub fn availability<'r>(
        &self,
        lines: &[SubjectIx],
        part: Span,
        clock: Clock,
        record: impl Fn(SubjectIx) -> &'r [StateInterval],
    ) -> Availability {
        let classes =
            best_of_lines(lines.iter().map(|s| self.classes(*s, record(*s))).collect::<Vec<_>>());
        let hours = match lines {
            [one] => self.hours(*one, clock),
            _ => Cow::Owned(joined(
                lines.iter().flat_map(|s| self.hours(*s, clock).into_owned()).collect(),
            )),
        };
        let clipped: Vec<Span>;
        let hours = if part.from <= self.window.from && self.window.to <= part.to {
            &hours[..]
        } else {
            clipped = hours.iter().map(|h| h.intersect(part)).filter(|h| !h.is_empty()).collect();
            &clipped
        };
        Availability::of(&classes, hours, clock)
    }
}
