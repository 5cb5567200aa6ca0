//! What the core's effects come to: records and events for the store, and whom to ask at once or at
//! another pace.

use std::collections::BTreeSet;

use super::Patrol;
use crate::health::{self, Effect};
use crate::model::{State, StateInterval, SubjectId, SubjectIx, UnixMs};
use crate::probe::TargetId;
use crate::store::{EventKind, Fact};

impl Patrol {
    pub(super) fn perform(&mut self, effects: Vec<Effect>, now: UnixMs) {
        let mut paced: BTreeSet<TargetId> = BTreeSet::new();
        let mut asked: Vec<TargetId> = Vec::new();
        for effect in effects {
            match effect {
                Effect::Record { subject, entries } => self.record(subject, &entries),
                Effect::Verdict { subject, before, after, since, cause, outage_since, rule } => {
                    if !self.is_switched(subject, after, outage_since, since, now) {
                        self.verdict(subject, (before, after, rule), since, cause, now);
                    }
                    // The pace stays the same, the doubt does not.
                    paced.extend(self.targets.of(subject));
                    if before.is_some_and(State::is_outage) != after.is_outage() {
                        self.device_turned(subject);
                    }
                }
                Effect::Pace { subject, pace } => {
                    match pace {
                        health::Pace::Retry => self.retrying.insert(subject),
                        health::Pace::Normal => self.retrying.remove(&subject),
                    };
                    paced.extend(self.targets.of(subject));
                    self.pace_services(subject);
                    self.dirty.insert(subject);
                }
                Effect::AskNow { subject } => {
                    asked.extend(self.targets.of(subject));
                    self.ask_devices_of(subject);
                    self.ask_services_of(subject);
                }
                Effect::AskSentinels => asked.extend(self.targets.of_sentinels()),
                other => self.note(other, now),
            }
        }
        self.set_paces(paced);
        if !asked.is_empty() {
            self.prober.ask_now(&asked);
        }
    }

    /// A subject that is no longer in the inventory is unmeasured from `from` on.
    pub(super) fn ask_no_more(&mut self, subject: SubjectId, from: UnixMs) {
        let nobody_asks = StateInterval { from, to: None, state: State::Unmeasured, cause: None };
        self.batch.facts.push(Fact::Intervals { subject, from, intervals: vec![nobody_asks] });
    }

    fn record(&mut self, subject: SubjectIx, entries: &[health::Entry]) {
        let Some(first) = entries.first() else { return };
        let intervals = entries
            .iter()
            .enumerate()
            .map(|(i, entry)| StateInterval {
                from: entry.from,
                to: entries.get(i + 1).map(|next| next.from),
                state: entry.state,
                cause: entry.cause.map(|c| self.id(c)),
            })
            .collect();
        let fact = Fact::Intervals { subject: self.id(subject), from: first.from, intervals };
        self.batch.facts.push(fact);
        self.dirty.insert(subject);
        self.is_stale = true;
    }

    fn verdict(
        &mut self,
        subject: SubjectIx,
        (before, after, rule): (Option<State>, State, health::Rule),
        since: UnixMs,
        cause: Option<SubjectIx>,
        now: UnixMs,
    ) {
        let id = self.id(subject);
        let cause = cause.map(|c| self.id(c));
        tracing::info!(
            subject = %id,
            from = before.map_or("unmeasured", State::as_str),
            to = after.as_str(),
            %since,
            cause = cause.as_ref().map_or("", |c| c.as_str()),
            "state"
        );
        let detail = serde_json::json!({
            "from": before, "to": after, "since": since, "cause": cause, "rule": rule,
        });
        self.event(now, EventKind::State, Some(id), detail);
    }
}
