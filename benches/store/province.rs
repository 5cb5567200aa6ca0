//! A province's lines over time, as the daemon hands them to the store: rounds as they come in,
//! an interval and an event for each verdict, a sign of life every 15 s.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use serde_json::json;
use tuantra::model::{Sample, State, StateInterval, SubjectId, UnixMs};
use tuantra::store::{Batch, Event, EventKind, Fact, Reading};

use crate::generate::{Dice, Line};

/// Failed rounds to a verdict, and answered ones to its end, as health does by default.
const CONFIRM: u8 = 3;
const RECOVER: u8 = 2;
const ALIVE_MS: i64 = 15_000;

pub fn subject(number: usize) -> SubjectId {
    SubjectId::new(&format!("xa-{number:06}/tslcd")).unwrap()
}

/// One line of a seed: the same whoever asks for it.
pub fn line(number: usize, packets: u8, start_ms: i64) -> Line {
    Line::new(Dice(number as u64 ^ u64::from(packets) << 40), packets, start_ms)
}

/// How a line stands.
struct Standing {
    state: State,
    /// The first of the rounds in a row that speak against it.
    since: UnixMs,
    rounds: u8,
}

pub struct Province {
    ids: Vec<SubjectId>,
    lines: Vec<Line>,
    standings: Vec<Standing>,
    turns: BinaryHeap<Reverse<(i64, usize)>>,
    alive: i64,
    /// Rounds handed over.
    pub rounds: u64,
    /// Verdicts handed over.
    pub verdicts: u64,
}

impl Province {
    pub fn new(subjects: usize, packets: u8, start_ms: i64) -> Self {
        let lines: Vec<_> = (0..subjects).map(|n| line(n, packets, start_ms)).collect();
        let standing = |_| Standing { state: State::Up, since: UnixMs(start_ms), rounds: 0 };
        Self {
            ids: (0..subjects).map(subject).collect(),
            turns: lines.iter().enumerate().map(|(n, l)| Reverse((l.due_ms(), n))).collect(),
            lines,
            standings: (0..subjects).map(standing).collect(),
            alive: start_ms,
            rounds: 0,
            verdicts: 0,
        }
    }

    /// Everybody is up at first.
    pub fn beginning(&self, start_ms: i64) -> Batch {
        let mut facts: Vec<_> =
            self.ids.iter().map(|id| became(id, State::Up, UnixMs(start_ms))).collect();
        facts.push(Fact::Alive { at: UnixMs(start_ms) });
        Batch { facts, samples: Vec::new() }
    }

    /// What comes in before `to_ms`.
    pub fn until(&mut self, to_ms: i64) -> Batch {
        let mut batch = Batch::default();
        while let Some(Reverse((due, n))) = self.turns.peek().copied().filter(|t| t.0.0 < to_ms) {
            debug_assert_eq!(due, self.lines[n].due_ms());
            self.turns.pop();
            let sample = self.lines[n].ask();
            self.turns.push(Reverse((self.lines[n].due_ms(), n)));
            self.judge(n, &sample, &mut batch);
            batch.samples.push((self.ids[n].clone(), Reading::Round(sample)));
        }
        self.rounds += batch.samples.len() as u64;
        if to_ms - self.alive >= ALIVE_MS {
            self.alive = to_ms;
            batch.facts.push(Fact::Alive { at: UnixMs(to_ms) });
        }
        batch
    }

    fn judge(&mut self, n: usize, sample: &Sample, batch: &mut Batch) {
        let standing = &mut self.standings[n];
        let is_failed = sample.lost >= sample.sent;
        if is_failed == (standing.state == State::Down) {
            standing.rounds = 0;
            return;
        }
        if standing.rounds == 0 {
            standing.since = sample.at;
        }
        standing.rounds += 1;
        let (after, needed) = if is_failed { (State::Down, CONFIRM) } else { (State::Up, RECOVER) };
        if standing.rounds < needed {
            return;
        }
        let before = std::mem::replace(&mut standing.state, after);
        standing.rounds = 0;
        self.verdicts += 1;
        batch.facts.push(became(&self.ids[n], after, standing.since));
        batch.facts.push(Fact::Event(Event {
            at: sample.at,
            kind: EventKind::State,
            subject: Some(self.ids[n].clone()),
            detail: json!({ "from": before, "to": after, "since": standing.since, "cause": null }),
        }));
    }
}

fn became(id: &SubjectId, state: State, from: UnixMs) -> Fact {
    let interval = StateInterval { from, to: None, state, cause: None };
    Fact::Intervals { subject: id.clone(), from, intervals: vec![interval] }
}
