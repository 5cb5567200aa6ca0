//! The one place that knows the core's interface: feeds `tuantra::health::Health` and keeps what
//! it says.

use std::sync::Arc;

use tuantra::health::{Effect, Health, Pace, Resumed, ResumedVerdict};
use tuantra::model::{Inventory, Round, State, SubjectId, SubjectIx, UnixMs};

use crate::records::{Remembered, Stretch};

/// A verdict as it can be seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The state last judged; `None` before the first verdict.
    pub hard: Option<State>,
    /// Since when, when there is one.
    pub since: Option<UnixMs>,
    /// The root cause of an unreachable one.
    pub cause: Option<SubjectId>,
}

/// What the core asked for.
#[derive(Debug)]
pub enum Said {
    /// A record reads like this from the first stretch on.
    Record(SubjectIx, Vec<Stretch>),
    /// A verdict was given.
    Verdict(SubjectIx, State),
    /// Asked more often, or no longer.
    Retry(SubjectIx, bool),
    /// To be asked at once.
    AskNow(SubjectIx),
}

/// The core with what it said last.
#[derive(Debug)]
pub struct Core {
    health: Health,
    effects: Vec<Effect>,
}

impl Core {
    /// A daemon starts.
    pub fn new(
        inventory: Arc<Inventory>,
        remembered: &dyn Fn(&SubjectId) -> Option<Remembered>,
        now: UnixMs,
    ) -> Self {
        let resume = |id: &SubjectId| {
            let known = remembered(id)?;
            let last = known.record.last()?;
            Some(Resumed {
                state: last.state,
                since: last.from,
                hard: known.verdict().map(|(state, cause, since)| ResumedVerdict {
                    state,
                    cause,
                    since,
                }),
                last_round: known.last_round,
            })
        };
        let mut effects = Vec::new();
        let health = Health::new(inventory, now, resume, &mut effects);
        Self { health, effects }
    }

    /// A round was judged.
    pub fn round(&mut self, round: &Round, now: UnixMs) {
        self.health.round(round, now, &mut self.effects);
    }

    /// Time passes.
    pub fn tick(&mut self, now: UnixMs) {
        self.health.tick(now, &mut self.effects);
    }

    /// Another inventory. Answers who is gone, and from when nobody asks it.
    pub fn reload(&mut self, inventory: Arc<Inventory>, now: UnixMs) -> Vec<(SubjectId, UnixMs)> {
        self.health.reload(inventory, now, &mut self.effects)
    }

    /// What can be seen of a subject.
    pub fn seen(&self, subject: SubjectIx) -> Seen {
        let verdict = self.health.view(subject).verdict;
        Seen {
            hard: verdict.map(|v| v.state),
            since: verdict.map(|v| v.since),
            cause: verdict.and_then(|v| v.cause).map(|c| self.id(c)),
        }
    }

    /// True when it said nothing.
    pub fn is_silent(&self) -> bool {
        self.effects.is_empty()
    }

    /// What it said since the last time, in order.
    pub fn take_said(&mut self) -> Vec<Said> {
        let effects = std::mem::take(&mut self.effects);
        effects.into_iter().map(|effect| self.translate(effect)).collect()
    }

    fn translate(&self, effect: Effect) -> Said {
        match effect {
            Effect::Record { subject, entries } => {
                let stretch = |e: &tuantra::health::Entry| Stretch {
                    from: e.from,
                    state: e.state,
                    cause: e.cause.map(|c| self.id(c)),
                };
                Said::Record(subject, entries.iter().map(stretch).collect())
            }
            Effect::Verdict { subject, after, .. } => Said::Verdict(subject, after),
            Effect::Pace { subject, pace } => Said::Retry(subject, pace == Pace::Retry),
            Effect::AskNow { subject } => Said::AskNow(subject),
        }
    }

    fn id(&self, subject: SubjectIx) -> SubjectId {
        self.health.inventory().subject(subject).id.clone()
    }
}
