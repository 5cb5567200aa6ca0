//! Records of subjects as a store would hold them, and what it remembers after a crash.

use tuantra::coverage::outages;
use tuantra::health::Usual;
use tuantra::model::{Span, State, StateInterval, SubjectId, UnixMs};

/// A stretch of a record; it lasts until the next one's start, the last one is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// First instant.
    pub from: UnixMs,
    /// The state.
    pub state: State,
    /// The root cause of an unreachable one.
    pub cause: Option<SubjectId>,
}

/// Joins neighbours that say the same and leaves out what is empty.
pub fn joined(record: &[Stretch]) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::with_capacity(record.len());
    for stretch in record {
        while found.last().is_some_and(|last| last.from >= stretch.from) {
            found.pop();
        }
        let is_same =
            found.last().is_some_and(|l| l.state == stretch.state && l.cause == stretch.cause);
        if !is_same {
            found.push(stretch.clone());
        }
    }
    found
}

/// The record without causes: when another cause takes over in the middle of an outage DESIGN does
/// not say; who is the cause now is compared at every step.
pub fn states(record: &[Stretch]) -> Vec<Stretch> {
    let bare = |s: &Stretch| Stretch { cause: None, ..s.clone() };
    joined(&record.iter().map(bare).collect::<Vec<_>>())
}

/// The record as intervals, the last one open.
pub fn intervals(record: &[Stretch]) -> Vec<StateInterval> {
    let ends = record.iter().skip(1).map(|s| Some(s.from)).chain([None]);
    record
        .iter()
        .zip(ends)
        .map(|(s, to)| StateInterval { from: s.from, to, state: s.state, cause: s.cause.clone() })
        .collect()
}

/// From `from` on the record reads like `news`.
pub fn replace(record: &mut Vec<Stretch>, from: UnixMs, news: impl IntoIterator<Item = Stretch>) {
    while record.last().is_some_and(|last| last.from >= from) {
        record.pop();
    }
    record.extend(news);
}

/// What is known of a subject after a restart.
#[derive(Debug, Clone)]
pub struct Remembered {
    /// The record.
    pub record: Vec<Stretch>,
    /// When it was last asked.
    pub last_round: Option<UnixMs>,
    /// It was coming and going.
    pub is_flapping: bool,
    /// What its rounds usually take, by hour of the day (UTC).
    pub usual: Vec<(u8, Usual)>,
}

impl Remembered {
    /// The last verdict: the state, its cause, and since when (of an outage, its start).
    pub fn verdict(&self) -> Option<(State, Option<SubjectId>, UnixMs)> {
        let intervals = intervals(&self.record);
        let last = intervals.iter().rfind(|i| i.state != State::Unmeasured)?;
        let since = if last.state.is_outage() {
            outages(&intervals).last().map_or(last.from, |o| o.start)
        } else {
            last.from
        };
        Some((last.state, last.cause.clone(), since))
    }

    /// Since when the record says what the last verdict does, without a break but holes; and those
    /// of them that are over.
    pub fn last_stretch(&self) -> Option<(UnixMs, Vec<Span>)> {
        let intervals = intervals(&self.record);
        let last = intervals.iter().rfind(|i| i.state != State::Unmeasured)?;
        let (mut from, mut holes) = (last.from, Vec::new());
        for before in intervals.iter().rev().skip_while(|i| i.from >= last.from) {
            match before.state {
                State::Unmeasured => holes.push(Span::new(before.from, from)),
                state if state == last.state && before.cause == last.cause => from = before.from,
                _ => break,
            }
        }
        holes.retain(|hole| hole.from > from);
        holes.reverse();
        Some((from, holes))
    }
}
