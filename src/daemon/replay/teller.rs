//! Alerts on recorded time: the same desk, with channels that take everything at once, at the rate
//! they are given.

use std::collections::BTreeMap;

use super::{Decision, Told};
use crate::alert::channel::Outcome;
use crate::alert::{Desk, Notice, Plan};
use crate::health::{Health, Telling};
use crate::model::{Ack, IncidentId, UnixMs};
use crate::store::Message;

/// The desk, and its outbox as the store would keep it.
#[derive(Default)]
pub(super) struct Teller {
    desk: Desk,
    plan: Plan,
    kept: BTreeMap<String, Message>,
}

impl Teller {
    pub(super) fn new(plan: Plan, now: UnixMs) -> Self {
        Self { desk: Desk::new(plan.clone(), &[], &[], now), plan, kept: BTreeMap::new() }
    }

    /// True when no route says who is told.
    pub(super) fn is_idle(&self) -> bool {
        self.desk.is_idle()
    }

    pub(super) fn news(&mut self, health: &Health, telling: &Telling, now: UnixMs) {
        let open = health.incidents().iter().find(|i| i.id == telling.incident);
        self.desk.news(health.inventory(), telling, open, now);
    }

    pub(super) fn merged(&mut self, from: &IncidentId, into: &IncidentId) {
        self.desk.merged(from, into);
    }

    pub(super) fn taken(&mut self, health: &Health, incident: &IncidentId, ack: &Ack, now: UnixMs) {
        if let Some(open) = health.incidents().iter().find(|i| i.id == *incident) {
            self.desk.acknowledged(health.inventory(), open, ack, now);
        }
    }

    /// What leaves now, when time has passed.
    pub(super) fn pass(&mut self, health: &Health, now: UnixMs) -> Vec<Decision> {
        self.desk.tick(health.inventory(), health.incidents(), health.blind(), now);
        let mut left = Vec::new();
        // What is folded into a digest, or marked as leaving, leaves in the next round.
        loop {
            self.keep();
            let due = self.desk.due(now);
            let is_changed = self.keep();
            if due.is_empty() && !is_changed {
                break;
            }
            for parcel in due {
                left.push(decision(parcel.channel.as_str(), parcel.notice, now));
                self.desk.outcome(&parcel.key, &Outcome::Sent, parcel.parts_done, now);
            }
        }
        left
    }

    /// Keeps what changed; false when nothing did.
    fn keep(&mut self) -> bool {
        let (messages, ticket) = self.desk.take_changed();
        let is_any = !messages.is_empty();
        self.kept.extend(messages.into_iter().map(|m| (m.id.clone(), m)));
        self.desk.kept(ticket);
        is_any
    }

    /// The daemon starts again.
    pub(super) fn restart(&mut self, open: &[IncidentId], now: UnixMs) {
        self.keep();
        let kept: Vec<Message> = self.kept.values().cloned().collect();
        self.desk = Desk::new(self.plan.clone(), &kept, open, now);
    }
}

fn decision(channel: &str, notice: Notice, t: UnixMs) -> Decision {
    Decision::Alert {
        t,
        incident: notice.incident,
        event: notice.topic,
        subject: notice.subject.map(|subject| subject.id),
        since: notice.since,
        impact: Told {
            unreachable: notice.unreachable,
            units: notice.units.into_iter().map(|unit| unit.id).collect(),
            services: notice.services,
        },
        channel: Some(channel.to_owned()),
        carrier: notice.through,
    }
}
