//! The one place that knows the core's interface: feeds `tuantra::health::Health` and keeps what
//! it says.

use std::sync::Arc;

use tuantra::health::{
    Change, Effect, Health, Memory, Pace, Resumed, ResumedVerdict, Rule, Settings, Telling, Usual,
};
use tuantra::model::{
    CarrierId, Incident, Inventory, KeptIncident, Maintenance, Round, Sentinel, State, SubjectId,
    SubjectIx, UnixMs,
};

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
    /// It comes and goes.
    pub is_flapping: bool,
}

/// What the core asked for.
#[derive(Debug)]
pub enum Said {
    /// A record reads like this from the first stretch on.
    Record(SubjectIx, Vec<Stretch>),
    /// A verdict was given, by this rule and since then.
    Verdict(SubjectIx, Rule, UnixMs),
    /// Asked more often, or no longer.
    Retry(SubjectIx, bool),
    /// To be asked at once.
    AskNow(SubjectIx),
    /// The sentinels are to be asked at once.
    AskSentinels,
    /// It comes and goes, or no longer.
    Flapping(SubjectIx, bool),
    /// An incident is kept like this.
    Incident(Box<KeptIncident>, Change),
    /// The patrol is blind, or no longer, through this carrier or altogether.
    Blind(Option<CarrierId>, UnixMs, Option<UnixMs>),
    /// Somebody is told.
    Tell(Box<Telling>),
    /// What the rounds of a subject usually take at an hour of the day.
    Usual(SubjectIx, u8, Usual),
}

/// What is kept over a restart beside the subjects.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// Incidents that are open.
    pub incidents: Vec<KeptIncident>,
    /// Announced work.
    pub work: Vec<Maintenance>,
    /// Sentinels of the configuration.
    pub sentinels: Vec<Sentinel>,
}

/// The core with what it said last.
#[derive(Debug)]
pub struct Core {
    health: Health,
    settings: Settings,
    effects: Vec<Effect>,
}

impl Core {
    /// A daemon starts.
    pub fn new(
        inventory: Arc<Inventory>,
        remembered: &dyn Fn(&SubjectId) -> Option<Remembered>,
        kept: Kept,
        now: UnixMs,
    ) -> Self {
        let resume = |id: &SubjectId| {
            let known = remembered(id)?;
            let last = known.record.last()?;
            let (from, holes) = known.last_stretch().unwrap_or((last.from, Vec::new()));
            Some(Resumed {
                state: last.state,
                since: last.from,
                hard: known.verdict().map(|(state, cause, since)| ResumedVerdict {
                    state,
                    cause,
                    since,
                    from,
                    holes,
                }),
                last_round: known.last_round,
                is_flapping: known.is_flapping,
                usual: known.usual,
            })
        };
        let mut effects = Vec::new();
        let settings = Settings {
            sentinels: kept.sentinels,
            are_sentinels_asked: true,
            ..Settings::default()
        };
        let memory = Memory { subject: &resume, incidents: kept.incidents, maintenance: kept.work };
        let mut health = Health::new(inventory, settings.clone(), memory, now, &mut effects);
        health.settle(now, &mut effects);
        Self { health, settings, effects }
    }

    /// A round was judged; [`Core::settle`] comes after it.
    pub fn round(&mut self, round: &Round, now: UnixMs) {
        self.health.round(round, now, &mut self.effects);
    }

    /// Incidents and what is told of them follow the verdicts.
    pub fn settle(&mut self, now: UnixMs) {
        self.health.settle(now, &mut self.effects);
    }

    /// Time passes; [`Core::settle`] comes after it.
    pub fn tick(&mut self, now: UnixMs) {
        self.health.tick(now, &mut self.effects);
    }

    /// A sentinel answered, or did not; [`Core::settle`] comes after it.
    pub fn sentinel(&mut self, n: usize, at: UnixMs, answered: bool, now: UnixMs) {
        self.health.sentinel_round(n, at, answered, now, &mut self.effects);
    }

    /// Another inventory. Answers who is gone, and from when nobody asks it.
    pub fn reload(&mut self, inventory: Arc<Inventory>, now: UnixMs) -> Vec<(SubjectId, UnixMs)> {
        let gone = self.health.reload(inventory, self.settings.clone(), now, &mut self.effects);
        self.health.settle(now, &mut self.effects);
        gone
    }

    /// What can be seen of a subject.
    pub fn seen(&self, subject: SubjectIx) -> Seen {
        let view = self.health.view(subject);
        let verdict = view.verdict;
        Seen {
            hard: verdict.map(|v| v.state),
            since: verdict.map(|v| v.since),
            cause: verdict.and_then(|v| v.cause).map(|c| self.id(c)),
            is_flapping: view.is_flapping,
        }
    }

    /// The last verdict that names no cause: the state, since when, and whether it comes and goes.
    pub fn seen_plainly(&self, subject: SubjectIx) -> Option<(State, UnixMs, bool)> {
        let verdict = self.health.verdict(subject).filter(|v| v.cause.is_none())?;
        Some((verdict.state, verdict.since, self.health.is_flapping(subject)))
    }

    /// Down, or degraded otherwise than by being on its backup.
    pub fn is_in_trouble(&self, subject: SubjectIx) -> bool {
        let view = self.health.view(subject);
        match view.verdict.map(|v| v.state) {
            Some(State::Degraded) => view.backup.is_none(),
            state => state == Some(State::Down),
        }
    }

    /// The open incidents.
    pub fn incidents(&self) -> &[Incident] {
        self.health.incidents()
    }

    /// True when it said nothing.
    pub fn is_silent(&self) -> bool {
        self.effects.is_empty()
    }

    /// What it said since the last time, in order, is added to `said`.
    pub fn take_said(&mut self, said: &mut Vec<Said>) {
        let mut effects = std::mem::take(&mut self.effects);
        said.extend(effects.drain(..).map(|effect| self.translate(effect)));
        self.effects = effects;
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
            Effect::Verdict { subject, rule, since, .. } => Said::Verdict(subject, rule, since),
            Effect::Pace { subject, pace } => Said::Retry(subject, pace == Pace::Retry),
            Effect::AskNow { subject } => Said::AskNow(subject),
            Effect::AskSentinels => Said::AskSentinels,
            Effect::Flapping { subject, begins } => Said::Flapping(subject, begins),
            Effect::Incident { incident, change, .. } => Said::Incident(incident, change),
            Effect::Blind { carrier, since, until } => Said::Blind(carrier, since, until),
            Effect::Tell(telling) => Said::Tell(telling),
            Effect::Usual { subject, hour, usual } => Said::Usual(subject, hour, usual),
        }
    }

    fn id(&self, subject: SubjectIx) -> SubjectId {
        self.health.inventory().subject(subject).id.clone()
    }
}
