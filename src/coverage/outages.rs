//! Outages from intervals.

use serde::{Deserialize, Serialize};

use crate::model::{State, StateInterval, SubjectId, UnixMs};

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
