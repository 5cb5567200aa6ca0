//! From the record to classes: *planned* and *off hours* are derived whenever figures are
//! computed, so that announcing work late or mending a calendar never rewrites what was recorded.

use serde::{Deserialize, Serialize};

use super::outages;
use crate::model::{Calendar, Span, State, StateInterval, UnixMs};

/// What a stretch of time counts as; every instant of a window is in exactly one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Answered within the thresholds.
    Up,
    /// Answered beyond them.
    Degraded,
    /// Did not answer by its own fault.
    Down,
    /// Did not answer by something before it.
    Unreachable,
    /// Switched off outside a calendar that allows it.
    OffHours,
    /// Nobody asked.
    Unmeasured,
    /// Inside announced work, whatever the state then.
    Planned,
}

impl From<State> for Class {
    fn from(state: State) -> Self {
        match state {
            State::Up => Self::Up,
            State::Degraded => Self::Degraded,
            State::Down => Self::Down,
            State::Unreachable => Self::Unreachable,
            State::Unmeasured => Self::Unmeasured,
        }
    }
}

impl Class {
    /// Lost time that is held against somebody.
    #[must_use]
    pub const fn is_lost(self) -> bool {
        matches!(self, Self::Down | Self::Unreachable)
    }
}

/// A stretch of one class and one recorded state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassSpan {
    /// When; never empty.
    pub span: Span,
    /// What it counts as.
    pub class: Class,
    /// What is recorded: inside announced work it says what the work cost.
    pub state: State,
}

/// Milliseconds by recorded state, of a part of the time: what planned time was spent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StateMillis {
    /// Answered within the thresholds.
    pub up: i64,
    /// Answered beyond them.
    pub degraded: i64,
    /// Did not answer by its own fault.
    pub down: i64,
    /// Did not answer by something before it.
    pub unreachable: i64,
    /// Nobody asked.
    pub unmeasured: i64,
}

impl StateMillis {
    /// Adds `ms` in `state`.
    pub fn add(&mut self, state: State, ms: i64) {
        match state {
            State::Up => self.up += ms,
            State::Degraded => self.degraded += ms,
            State::Down => self.down += ms,
            State::Unreachable => self.unreachable += ms,
            State::Unmeasured => self.unmeasured += ms,
        }
    }

    /// All of it.
    #[must_use]
    pub const fn total(&self) -> i64 {
        self.up + self.degraded + self.down + self.unreachable + self.unmeasured
    }

    /// `down + unreachable`: what the announced work cost.
    #[must_use]
    pub const fn lost(&self) -> i64 {
        self.down + self.unreachable
    }

    pub(crate) fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

impl std::ops::AddAssign for StateMillis {
    fn add_assign(&mut self, other: Self) {
        self.up += other.up;
        self.degraded += other.degraded;
        self.down += other.down;
        self.unreachable += other.unreachable;
        self.unmeasured += other.unmeasured;
    }
}

/// The rule of a subject that may be switched off outside its hours.
#[derive(Debug, Clone, Copy)]
pub struct OffHours<'a> {
    /// Its hours.
    pub calendar: &'a Calendar,
    /// How long after they begin it is waited for.
    pub grace_ms: i64,
    /// Until when the record is known: an outage still open is known to have lasted so long.
    pub known_to: UnixMs,
}

impl OffHours<'_> {
    /// The part of `[start, end)`, an outage with the holes inside it, that is off hours.
    ///
    /// 1. It begins while the calendar is open: nothing.
    /// 2. It ends by the next opening plus the grace: all of it.
    /// 3. Otherwise it is an outage from the opening on, and off hours before.
    ///
    /// A calendar that does not open again excuses everything.
    fn excused(&self, start: UnixMs, end: Option<UnixMs>) -> Option<Span> {
        let lasts_to = end.unwrap_or(self.known_to.max(start));
        match self.calendar.opens_at_or_after(start) {
            Some(opens) if opens == start => None,
            Some(opens) if lasts_to > opens + self.grace_ms => Some(Span::new(start, opens)),
            // Open, and perhaps not over: what comes after is decided when it is known.
            Some(_) | None => Some(Span::new(start, end.unwrap_or(UnixMs(i64::MAX)))),
        }
    }
}

/// Turns one subject's sorted intervals into classes: sorted, adjacent, and together exactly
/// `window`; what no interval covers is unmeasured. `planned` is sorted and apart from each other
/// ([`crate::model::planned_spans`]); `off_hours` is the subject's rule, `None` when it has none.
///
/// The first of these that fits decides:
/// 1. inside `planned`: planned, whatever the state, unmeasured too (it was asked for);
/// 2. down or unreachable, and off hours by the rule of [`OffHours`]: off hours;
/// 3. the state. A hole inside an outage stays a hole, off hours or not: what nobody saw is
///    counted neither up nor down by any clock.
///
/// Intervals before and after the window are looked at: an outage is judged by when it began.
#[must_use]
pub fn classify(
    intervals: &[StateInterval],
    window: Span,
    planned: &[Span],
    off_hours: Option<OffHours<'_>>,
) -> Vec<ClassSpan> {
    let excused: Vec<Span> = off_hours.map_or_else(Vec::new, |rule| {
        outages(intervals).iter().filter_map(|o| rule.excused(o.start, o.end)).collect()
    });
    // Long records are judged by the thousand: one walk along all three lists, which are sorted.
    let mut found: Vec<ClassSpan> = Vec::with_capacity(intervals.len() + 1);
    let (mut interval, mut work, mut excuse) = (0, 0, 0);
    let mut from = window.from;
    while from < window.to {
        while intervals.get(interval).is_some_and(|i| i.to.is_some_and(|end| end <= from)) {
            interval += 1;
        }
        let (state, mut to) = match intervals.get(interval) {
            Some(here) if here.from <= from => (here.state, here.to.unwrap_or(window.to)),
            next => (State::Unmeasured, next.map_or(window.to, |i| i.from)),
        };
        let is_planned = is_inside(planned, &mut work, from, &mut to);
        let is_excused = is_inside(&excused, &mut excuse, from, &mut to);
        let class = if is_planned {
            Class::Planned
        } else if is_excused && state.is_outage() {
            Class::OffHours
        } else {
            state.into()
        };
        to = to.min(window.to);
        match found.last_mut() {
            Some(last) if last.class == class && last.state == state => last.span.to = to,
            _ => found.push(ClassSpan { span: Span::new(from, to), class, state }),
        }
        from = to;
    }
    found
}

/// True when one of the sorted `spans` contains `at`, which never goes back between two calls
/// with the same `cursor`; brings `until` down to where that may change.
fn is_inside(spans: &[Span], cursor: &mut usize, at: UnixMs, until: &mut UnixMs) -> bool {
    while spans.get(*cursor).is_some_and(|s| s.to <= at) {
        *cursor += 1;
    }
    let Some(next) = spans.get(*cursor) else { return false };
    let is_inside = next.from <= at;
    *until = (*until).min(if is_inside { next.to } else { next.from });
    is_inside
}

/// What the redundant lines of one unit give together: at every instant the best class among the
/// lines in force then. Each list is sorted; where none of them says anything, nothing is said.
///
/// From best to worst: up, degraded, planned, unmeasured, off hours, unreachable, down. Work
/// announced on one line excuses the unit when the other fails meanwhile, and one line down with
/// the other not asked leaves the whole unproven ([`State::best_of`]).
#[must_use]
pub fn best_of_lines(mut lists: Vec<Vec<ClassSpan>>) -> Vec<ClassSpan> {
    if lists.len() < 2 {
        return lists.pop().unwrap_or_default();
    }
    let mut edges: Vec<UnixMs> =
        lists.iter().flatten().flat_map(|c| [c.span.from, c.span.to]).collect();
    edges.sort_unstable();
    edges.dedup();
    let mut cursors = vec![0_usize; lists.len()];
    let mut found: Vec<ClassSpan> = Vec::new();
    for (&from, &to) in edges.iter().zip(edges.iter().skip(1)) {
        let mut best: Option<ClassSpan> = None;
        for (cursor, list) in cursors.iter_mut().zip(&lists) {
            while list.get(*cursor).is_some_and(|c| c.span.to <= from) {
                *cursor += 1;
            }
            let here = list.get(*cursor).filter(|c| c.span.from <= from);
            best = match (best, here) {
                (Some(best), Some(here)) if rank(best) <= rank(*here) => Some(best),
                (best, here) => here.copied().or(best),
            };
        }
        let Some(ClassSpan { class, state, .. }) = best else { continue };
        match found.last_mut() {
            Some(last) if last.span.to == from && last.class == class && last.state == state => {
                last.span.to = to;
            }
            _ => found.push(ClassSpan { span: Span::new(from, to), class, state }),
        }
    }
    found
}

/// Smaller is better; among planned lines the one that works.
const fn rank(span: ClassSpan) -> (u8, u8) {
    let class = match span.class {
        Class::Up => 0,
        Class::Degraded => 1,
        Class::Planned => 2,
        Class::Unmeasured => 3,
        Class::OffHours => 4,
        Class::Unreachable => 5,
        Class::Down => 6,
    };
    let state = match span.state {
        State::Up => 0,
        State::Degraded => 1,
        State::Unmeasured => 2,
        State::Unreachable => 3,
        State::Down => 4,
    };
    (class, state)
}
