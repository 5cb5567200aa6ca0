//! State intervals and the arithmetic of their partition.

use serde::{Deserialize, Serialize};

use super::id::SubjectId;
use super::state::State;
use super::time::{Span, UnixMs};

/// A stretch of time in which a subject was in one state. A subject's intervals, sorted, neither
/// overlap nor leave holes from its first one on; only the last may be open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateInterval {
    /// First instant in the state.
    pub from: UnixMs,
    /// First instant no longer in it; `None` while it lasts.
    pub to: Option<UnixMs>,
    /// The state.
    pub state: State,
    /// For `unreachable`, the root cause: the nearest `down` ancestor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<SubjectId>,
}

impl StateInterval {
    /// The part of the interval inside `window`, an open end reaching to its end.
    #[must_use]
    pub fn clip(&self, window: Span) -> Span {
        Span::new(self.from, self.to.unwrap_or(window.to)).intersect(window)
    }
}

/// The first place where sorted intervals of one subject overlap, leave a hole, are empty, or an
/// open one is not the last: its index and a sentence. `Ok` when they partition time.
///
/// # Errors
/// Index and description of the first fault.
pub fn check_partition(intervals: &[StateInterval]) -> Result<(), (usize, String)> {
    for (i, interval) in intervals.iter().enumerate() {
        let next = intervals.get(i + 1);
        match (interval.to, next) {
            (Some(to), _) if to <= interval.from => {
                return Err((i, format!("empty or reversed: [{}, {to})", interval.from)));
            }
            (None, Some(next)) => {
                return Err((i, format!("open, yet another starts at {}", next.from)));
            }
            (Some(to), Some(next)) if to < next.from => {
                return Err((i, format!("hole from {to} to {}", next.from)));
            }
            (Some(to), Some(next)) if to > next.from => {
                return Err((i, format!("overlap: ends {to}, next starts {}", next.from)));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Milliseconds spent in each class over a window. The classes are disjoint and sum to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClassMillis {
    /// Answered within the thresholds.
    pub up: i64,
    /// Answered beyond them.
    pub degraded: i64,
    /// Did not answer by its own fault.
    pub down: i64,
    /// Did not answer by something before it.
    pub unreachable: i64,
    /// Switched off outside a calendar that allows it.
    pub off_hours: i64,
    /// Nobody asked.
    pub unmeasured: i64,
    /// Inside announced maintenance, whatever the state then.
    pub planned: i64,
}

impl ClassMillis {
    /// Adds `ms` to the class of `state`.
    pub fn add(&mut self, state: State, ms: i64) {
        match state {
            State::Up => self.up += ms,
            State::Degraded => self.degraded += ms,
            State::Down => self.down += ms,
            State::Unreachable => self.unreachable += ms,
            State::Unmeasured => self.unmeasured += ms,
        }
    }

    /// The window's length.
    #[must_use]
    pub const fn total(&self) -> i64 {
        self.up
            + self.degraded
            + self.down
            + self.unreachable
            + self.off_hours
            + self.unmeasured
            + self.planned
    }

    /// `up + degraded`.
    #[must_use]
    pub const fn live(&self) -> i64 {
        self.up + self.degraded
    }
}

impl std::ops::AddAssign for ClassMillis {
    fn add_assign(&mut self, other: Self) {
        self.up += other.up;
        self.degraded += other.degraded;
        self.down += other.down;
        self.unreachable += other.unreachable;
        self.off_hours += other.off_hours;
        self.unmeasured += other.unmeasured;
        self.planned += other.planned;
    }
}
