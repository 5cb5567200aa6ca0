//! The same core on recorded time: rounds in, what the daemon would have decided out. A virtual
//! clock goes from line to line and lets every second between them pass, so that whatever depends
//! on time alone (holes, waiting verdicts, reminders, the end of announced work) comes when it
//! would have come.

use std::collections::BTreeMap;
use std::sync::Arc;

mod decision;
mod teller;

use super::resume::Past;
pub use decision::{Decision, Input, Told};
use teller::Teller;
pub use teller::{Answer, Service};

use crate::alert::Plan;
use crate::alert::facts::topic_of;
use crate::coverage::{Class, Judge, Outage, outages};
use crate::health::{
    AckError, Blind, Change, Effect, Explanation, Health, Memory, Settings, Usual,
};
use crate::model::{
    CheckKind, Incident, IncidentId, Inventory, KeptIncident, Maintenance, Span, State,
    StateInterval, Storm, SubjectId, SubjectIx, UnitId, UnixMs,
};
use crate::store::{Current, Message};

/// A clock set back by more than this was wrong before; less is noise between lines.
const SET_BACK_MS: i64 = 3_600_000;
const TICK_MS: i64 = 1_000;

/// The core on recorded time.
pub struct Replay {
    health: Health,
    inventory: Arc<Inventory>,
    settings: Settings,
    announced: Vec<Maintenance>,
    records: Vec<Vec<StateInterval>>,
    /// Records of subjects that are no longer in the inventory.
    away: BTreeMap<SubjectId, Vec<StateInterval>>,
    /// Open incidents as the store would keep them.
    kept: BTreeMap<IncidentId, KeptIncident>,
    /// What was learnt of usual round-trip times, as the store would keep it.
    usual: BTreeMap<SubjectId, BTreeMap<u8, Usual>>,
    teller: Teller,
    clock: UnixMs,
    from: UnixMs,
    decisions: Vec<Decision>,
}

impl Replay {
    /// Starts the clock at `from`, with what `memory` remembers.
    #[must_use]
    pub fn new(
        inventory: Arc<Inventory>,
        settings: Settings,
        memory: Memory<'_>,
        from: UnixMs,
    ) -> Self {
        let mut effects = Vec::new();
        let announced = memory.maintenance.clone();
        let kept = memory.incidents.iter().map(|i| (i.id.clone(), i.clone())).collect();
        let health =
            Health::new(Arc::clone(&inventory), settings.clone(), memory, from, &mut effects);
        let records = vec![Vec::new(); inventory.subjects.len()];
        let mut replay = Self {
            health,
            inventory,
            settings,
            announced,
            records,
            away: BTreeMap::new(),
            kept,
            usual: BTreeMap::new(),
            teller: Teller::default(),
            clock: from,
            from,
            decisions: Vec::new(),
        };
        replay.perform(effects);
        replay
    }

    /// Has the routes say who is told what, and when; without any, what the core wants told is
    /// told to nobody in particular.
    #[must_use]
    pub fn with_alerts(mut self, plan: Plan) -> Self {
        self.teller = Teller::new(plan, self.clock);
        self
    }

    /// Has somebody play the services that the channels lead to.
    #[must_use]
    pub fn with_service(mut self, service: Service) -> Self {
        self.teller.set_service(service);
        self
    }

    /// Every message that was written, as the store would keep it, by key.
    #[must_use]
    pub const fn outbox(&self) -> &BTreeMap<String, Message> {
        self.teller.kept()
    }

    /// Where the clock stands.
    #[must_use]
    pub const fn clock(&self) -> UnixMs {
        self.clock
    }

    /// Where it started.
    #[must_use]
    pub const fn from(&self) -> UnixMs {
        self.from
    }

    /// Lets time pass up to `to`. A `to` that lies back by more than an hour is a clock set right;
    /// one that lies back by less changes nothing.
    pub fn pass(&mut self, to: UnixMs) {
        if self.clock.since(to) > SET_BACK_MS {
            self.clock = to;
        }
        // On whole seconds, so that what is decided does not depend on how the lines fall.
        loop {
            let next = UnixMs((self.clock.0.div_euclid(TICK_MS) + 1) * TICK_MS);
            if next > to {
                break;
            }
            self.clock = next;
            let mut effects = Vec::new();
            self.health.tick(next, &mut effects);
            self.health.settle(next, &mut effects);
            self.perform(effects);
            let left = self.teller.pass(&self.health, next);
            self.decisions.extend(left);
        }
        self.clock = self.clock.max(to);
    }

    /// Feeds one thing at `at`.
    ///
    /// # Errors
    /// [`AckError`] when there is nothing to acknowledge, or somebody else has.
    pub fn feed(&mut self, at: UnixMs, input: Input) -> Result<(), AckError> {
        self.pass(at);
        let now = self.clock;
        let mut effects = Vec::new();
        let mut answer = Ok(());
        match input {
            Input::Round(round) => self.health.round(&round, now, &mut effects),
            Input::Sentinel(sentinel, answered) => {
                self.health.sentinel_round(sentinel, at, answered, now, &mut effects);
            }
            Input::Ack(subject, ack) => {
                let taken = self.health.acknowledge(subject, ack.clone(), &mut effects);
                if let Ok(incident) = &taken {
                    self.teller.taken(&self.health, incident, &ack, now);
                }
                answer = taken.map(drop);
            }
            Input::Maintenance(maintenance) => {
                self.announced.retain(|m| m.id != maintenance.id);
                self.announced.push(maintenance);
                self.health.set_maintenance(self.announced.clone());
            }
            Input::Evidence(subject, evidence) => {
                self.health.evidence(subject, evidence, now, &mut effects);
            }
            Input::Tick => self.health.tick(now, &mut effects),
        }
        self.health.settle(now, &mut effects);
        self.perform(effects);
        answer
    }

    /// Somebody orders storm mode at `at`, or orders it otherwise.
    pub fn storm(&mut self, order: Storm, at: UnixMs) {
        self.pass(at);
        self.teller.storm(&self.inventory, order, self.clock);
    }

    /// Somebody ends storm mode at `at`; false when there is none.
    pub fn end_storm(&mut self, unit: &UnitId, by: &str, at: UnixMs) -> bool {
        self.pass(at);
        self.teller.end_storm(&self.health, unit, by, self.clock)
    }

    /// The daemon stops where the clock stands, and starts again at `at` with what the store keeps.
    pub fn restart(&mut self, at: UnixMs) {
        let past = self.past();
        self.clock = self.clock.max(at);
        let memory = Memory {
            subject: &|id| past.resumed(id),
            incidents: past.incidents.clone(),
            maintenance: self.announced.clone(),
        };
        let open: Vec<IncidentId> = past.incidents.iter().map(|kept| kept.id.clone()).collect();
        let mut effects = Vec::new();
        let inventory = Arc::clone(&self.inventory);
        self.teller.restart(&inventory, &open, self.clock);
        self.health =
            Health::new(inventory, self.settings.clone(), memory, self.clock, &mut effects);
        self.perform(effects);
    }

    /// What the store would remember now.
    fn past(&self) -> Past {
        let mut past = Past {
            incidents: self.kept.values().cloned().collect(),
            maintenance: self.announced.clone(),
            ..Past::default()
        };
        for ix in self.inventory.subject_ixs() {
            let (id, record) = (self.id(ix), self.record(ix));
            let Some(last) = record.last() else { continue };
            let current = Current {
                subject: id.clone(),
                state: last.state,
                since: last.from,
                cause: last.cause.clone(),
                last_round: self.health.view(ix).last_round,
            };
            past.current.insert(id.clone(), current);
            past.intervals.insert(id, record.to_vec());
        }
        for (id, hours) in &self.usual {
            past.usual.insert(id.clone(), hours.iter().map(|(hour, u)| (*hour, *u)).collect());
        }
        past
    }

    /// Takes another inventory over at `at`, as the daemon does on `tuantra reload`. Subjects keep
    /// their records by id; from then on nobody asks those that are gone.
    pub fn reload(&mut self, inventory: Arc<Inventory>, settings: Settings, at: UnixMs) {
        self.pass(at);
        self.settings = settings.clone();
        let mut effects = Vec::new();
        let old = Arc::clone(&self.inventory);
        self.inventory = Arc::clone(&inventory);
        self.teller.follow_units(&inventory, at);
        let gone = self.health.reload(inventory, settings, self.clock, &mut effects);
        let records = std::mem::take(&mut self.records);
        self.away.extend(old.subjects.iter().map(|s| s.id.clone()).zip(records));
        for (id, from) in gone {
            let record = self.away.entry(id).or_default();
            record.truncate(record.partition_point(|i| i.from < from));
            if let Some(last) = record.last_mut() {
                last.to = Some(from);
            }
            record.push(StateInterval { from, to: None, state: State::Unmeasured, cause: None });
        }
        let mut kept = |id| self.away.remove(id).unwrap_or_default();
        self.records = self.inventory.subjects.iter().map(|s| kept(&s.id)).collect();
        self.perform(effects);
        let mut effects = Vec::new();
        self.health.settle(self.clock, &mut effects);
        self.perform(effects);
    }

    /// What was decided since the last call, in order.
    pub fn take(&mut self) -> Vec<Decision> {
        std::mem::take(&mut self.decisions)
    }

    /// Ends the books at the clock's time: what nobody vouches for is unmeasured, and outages that
    /// last are given out.
    pub fn finish(&mut self) {
        let mut effects = Vec::new();
        self.health.close_books(self.clock, &mut effects);
        self.perform(effects);
        let mut lasting: Vec<Decision> = Vec::new();
        for ix in self.inventory.subject_ixs() {
            // By the verdict: a hole at the end of the record does not end an outage.
            if self.health.verdict(ix).is_some_and(|v| v.state.is_outage()) {
                lasting.extend(self.outage(ix, None));
            }
        }
        self.decisions.extend(lasting);
    }

    /// The subject's outage that ended at `end`, or that lasts; `None` when it was nothing but off
    /// hours. What began off hours is an outage from the opening on.
    fn outage(&self, subject: SubjectIx, end: Option<UnixMs>) -> Option<Decision> {
        let record = &self.records[subject.ix()];
        let until = end.unwrap_or(self.clock);
        let record = tail(&record[..record.partition_point(|i| i.from < until)]);
        let window = Span::new(record.first()?.from, until);
        let judge = Judge::new(&self.inventory, &self.announced, window, self.clock);
        let classes = judge.classes(subject, record);
        let Outage { start, state, cause, .. } = outages(record).pop()?;
        let is_lost = |class: Class| matches!(class, Class::Down | Class::Unreachable);
        let parts = || classes.iter().filter(|c| c.span.to > start);
        let begins = parts().find(|c| is_lost(c.class) || c.class == Class::Planned)?;
        let start = begins.span.from.max(start);
        // A hole at its end is one, too: it is known to have lasted as long as nobody answered.
        let unasked = record.iter().filter(|i| i.state == State::Unmeasured).map(|i| {
            let span = Span::new(i.from.max(start), i.to.unwrap_or(until).min(until));
            if span.is_empty() { 0 } else { span.to.since(span.from) }
        });
        let unmeasured_ms: i64 = unasked.sum();
        Some(Decision::Outage {
            t: self.clock,
            subject: self.id(subject),
            start,
            end,
            state,
            cause,
            planned: !parts().any(|c| is_lost(c.class)),
            unmeasured_s: unmeasured_ms / 1_000,
        })
    }

    /// Every subject's record so far, by id.
    #[must_use]
    pub fn records(&self) -> BTreeMap<SubjectId, Vec<StateInterval>> {
        let records = self.inventory.subject_ixs().zip(&self.records);
        records.map(|(ix, record)| (self.id(ix), record.clone())).collect()
    }

    /// A subject's record so far: sorted intervals, the last one open.
    #[must_use]
    pub fn record(&self, subject: SubjectIx) -> &[StateInterval] {
        &self.records[subject.ix()]
    }

    /// The record of a subject that is, or was, in the inventory.
    #[must_use]
    pub fn record_of(&self, id: &SubjectId) -> &[StateInterval] {
        match self.inventory.find_subject(id.as_str()) {
            Some(ix) => self.record(ix),
            None => self.away.get(id).map_or(&[], Vec::as_slice),
        }
    }

    /// The one-off work that was remembered or fed; the inventory's own is not among it.
    #[must_use]
    pub fn announced(&self) -> &[Maintenance] {
        &self.announced
    }

    /// Why a subject is in its state now.
    #[must_use]
    pub fn explain(&self, subject: SubjectIx) -> Explanation {
        self.health.explain(subject, self.clock)
    }

    /// The open incidents, oldest first.
    #[must_use]
    pub fn incidents(&self) -> &[Incident] {
        self.health.incidents()
    }

    /// What the patrol cannot see now.
    #[must_use]
    pub fn blind(&self) -> &[Blind] {
        self.health.blind()
    }

    fn id(&self, ix: SubjectIx) -> SubjectId {
        self.inventory.subject(ix).id.clone()
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        let t = self.clock;
        for effect in effects {
            match effect {
                Effect::Record { subject, entries } => self.write(subject, &entries),
                Effect::Verdict { subject, before, after, since, cause, rule, outage_since } => {
                    self.decisions.push(Decision::State {
                        t,
                        subject: self.id(subject),
                        from: before.unwrap_or(State::Unmeasured),
                        to: after,
                        since,
                        cause: cause.map(|c| self.id(c)),
                        planned: self.health.is_planned(subject, t),
                        rule,
                    });
                    if outage_since.is_some() {
                        let ended = self.outage(subject, Some(since));
                        self.decisions.extend(ended);
                    }
                }
                Effect::Tell(telling) if !self.teller.is_idle() => {
                    self.teller.news(&self.health, &telling, t);
                }
                Effect::Tell(telling) => self.decisions.push(Decision::Alert {
                    t,
                    incident: Some(telling.incident),
                    event: topic_of(telling.news),
                    subject: telling.subject,
                    since: telling.since,
                    impact: Told {
                        unreachable: telling.impact.unreachable,
                        units: telling.impact.units,
                        services: telling.impact.services.iter().map(ToString::to_string).collect(),
                    },
                    channel: None,
                    carrier: telling.carrier.map(|id| id.to_string()),
                }),
                Effect::Incident { incident, guess, change, .. } => {
                    if let (Change::Closed, Some(into)) = (change, &incident.merged_into) {
                        self.teller.merged(&incident.id, into, t);
                    }
                    if change == Change::Closed || incident.closed.is_some() {
                        self.kept.remove(&incident.id);
                    } else {
                        self.kept.insert(incident.id.clone(), (*incident).clone());
                    }
                    self.decisions.push(Decision::Incident {
                        t,
                        incident: incident.id,
                        change,
                        root: incident.root,
                        state: incident.state,
                        since: incident.since,
                        guess,
                        split_from: incident.split_from,
                        merged_into: incident.merged_into,
                    });
                }
                Effect::Flapping { subject, begins } => {
                    let subject = self.id(subject);
                    self.decisions.push(Decision::Flapping { t, subject, begins });
                }
                Effect::Blind { carrier, since, until } => {
                    self.decisions.push(Decision::Blind { t, carrier, since, until });
                }
                Effect::AskNow { subject } => {
                    let subject = self.id(subject);
                    self.decisions.push(Decision::Asked { t, subject });
                }
                Effect::Usual { subject, hour, usual } => {
                    let id = self.id(subject);
                    self.usual.entry(id).or_default().insert(hour, usual);
                }
                // There is nobody to ask: the rounds come as they were recorded.
                Effect::Pace { .. } | Effect::AskSentinels => {}
            }
        }
    }

    /// Makes `entries` the end of the subject's record, as the store does.
    fn write(&mut self, subject: SubjectIx, entries: &[crate::health::Entry]) {
        let Some(first) = entries.first() else { return };
        let ids: Vec<Option<SubjectId>> =
            entries.iter().map(|e| e.cause.map(|c| self.id(c))).collect();
        let id = self.id(subject);
        let record = &mut self.records[subject.ix()];
        let was_hole = record.last().is_some_and(|i| i.state == State::Unmeasured);
        record.truncate(record.partition_point(|i| i.from < first.from));
        if let Some(last) = record.last_mut() {
            last.to = Some(first.from);
        }
        for (n, (entry, cause)) in entries.iter().zip(ids).enumerate() {
            let to = entries.get(n + 1).map(|next| next.from);
            record.push(StateInterval { from: entry.from, to, state: entry.state, cause });
            if entry.state == State::Unmeasured && (n > 0 || !was_hole) && self.from < entry.from {
                let t = self.clock;
                let hole = Decision::Hole { t, subject: id.clone(), from: entry.from, to };
                self.decisions.push(hole);
            }
        }
    }
}

/// The record from the last live stretch on: the outage in it, if any, is the last one.
fn tail(record: &[StateInterval]) -> &[StateInterval] {
    let live = record.iter().rposition(|i| i.state.is_live());
    &record[live.unwrap_or(0)..]
}

/// The place of a subject's check that a recorded round names: `ping` is its first ping,
/// `ping:10.0.0.1` the one of that address, `#2` its second.
#[must_use]
pub fn find_check(inventory: &Inventory, subject: SubjectIx, word: &str) -> Option<u8> {
    let checks = &inventory.subject(subject).checks;
    let place = match word.strip_prefix('#') {
        Some(number) => number.parse::<usize>().ok()?.checked_sub(1).filter(|n| *n < checks.len()),
        None => {
            let (kind, address) = word.split_once(':').map_or((word, None), |(k, a)| (k, Some(a)));
            let address = address.map(str::parse::<std::net::IpAddr>).transpose().ok()?;
            let is_it = |kind_of: &CheckKind| {
                kind_of.as_str() == kind && address.is_none_or(|a| a == kind_of.address())
            };
            checks.iter().position(|c| is_it(&c.kind))
        }
    };
    place.and_then(|n| u8::try_from(n).ok())
}
