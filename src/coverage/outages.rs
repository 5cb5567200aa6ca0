//! Outages from intervals.

use serde::{Deserialize, Serialize};

use super::{Class, ClassSpan};
use crate::model::{Span, State, StateInterval, SubjectId, UnixMs};

/// A stretch in which a subject was down or unreachable. A hole inside it (unmeasured between
/// two such intervals) does not end it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// First failed round.
    pub start: UnixMs,
    /// First successful round after it; `None` while it lasts.
    pub end: Option<UnixMs>,
    /// The state it ended in or is in.
    pub state: State,
    /// The root cause last known; `None` when it is the subject itself.
    pub cause: Option<SubjectId>,
    /// Milliseconds inside it in which nobody asked.
    pub unmeasured_ms: i64,
}

/// The outages in one subject's sorted intervals, oldest first.
#[must_use]
pub fn outages(intervals: &[StateInterval]) -> Vec<Outage> {
    let mut found: Vec<Outage> = Vec::new();
    // Whether the last outage may still go on after the holes just passed, and their length.
    let mut hole_ms: Option<i64> = None;
    for interval in intervals {
        if interval.state.is_outage() {
            match (hole_ms, found.last_mut()) {
                (Some(hole), Some(last)) => {
                    last.end = interval.to;
                    last.state = interval.state;
                    last.cause.clone_from(&interval.cause);
                    last.unmeasured_ms += hole;
                }
                _ => found.push(Outage {
                    start: interval.from,
                    end: interval.to,
                    state: interval.state,
                    cause: interval.cause.clone(),
                    unmeasured_ms: 0,
                }),
            }
            hole_ms = Some(0);
        } else if interval.state == State::Unmeasured {
            if let (Some(hole), Some(to)) = (hole_ms.as_mut(), interval.to) {
                *hole += to.since(interval.from);
            }
        } else {
            hole_ms = None;
        }
    }
    found
}

/// An outage with what of it is not held against anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkedOutage {
    /// As it is recorded.
    #[serde(flatten)]
    pub outage: Outage,
    /// Milliseconds of it inside announced work.
    pub planned_ms: i64,
    /// Milliseconds of it off hours.
    pub off_hours_ms: i64,
    /// Milliseconds of it down or unreachable otherwise.
    pub lost_ms: i64,
}

impl MarkedOutage {
    /// False when it was wholly planned or off hours: it is shown, and counted nowhere.
    #[must_use]
    pub const fn is_counted(&self) -> bool {
        self.lost_ms > 0
    }
}

/// The outages of one subject that `classes` (of the same sorted `intervals`, over some window)
/// touch, oldest first; their milliseconds are those inside the window.
#[must_use]
pub fn mark_outages(intervals: &[StateInterval], classes: &[ClassSpan]) -> Vec<MarkedOutage> {
    let mut found = Vec::new();
    for outage in outages(intervals) {
        let span = Span::new(outage.start, outage.end.unwrap_or(UnixMs(i64::MAX)));
        let mut marked = MarkedOutage { outage, planned_ms: 0, off_hours_ms: 0, lost_ms: 0 };
        let first = classes.partition_point(|c| c.span.to <= span.from);
        let touched = classes.iter().skip(first).take_while(|c| c.span.from < span.to);
        let mut touches = false;
        for class in touched {
            touches = true;
            let ms = class.span.intersect(span).len_ms();
            match class.class {
                Class::Planned => marked.planned_ms += ms,
                Class::OffHours => marked.off_hours_ms += ms,
                Class::Down | Class::Unreachable => marked.lost_ms += ms,
                Class::Up | Class::Degraded | Class::Unmeasured => {}
            }
        }
        if touches {
            found.push(marked);
        }
    }
    found
}
