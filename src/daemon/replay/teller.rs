//! Alerts on recorded time: the same desk, with channels that take everything at once, at the rate
//! they are given, unless somebody plays the services.

use std::collections::BTreeMap;

use super::{Decision, Told};
use crate::alert::channel::Outcome;
use crate::alert::{Desk, Notice, Parcel, Plan, Sight};
use crate::health::{Health, Telling};
use crate::model::{Ack, IncidentId, Inventory, Storm, UnitId, UnixMs};
use crate::store::Message;

/// What a service makes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What it says.
    pub outcome: Outcome,
    /// So many of the message's parts were taken in all.
    pub parts_done: usize,
    /// When that is heard, in milliseconds from now; a daemon that stops before never hears it.
    pub after_ms: i64,
}

/// Plays the services: what becomes of each message, in place of all being taken at once.
pub type Service = Box<dyn FnMut(&Parcel, UnixMs) -> Answer>;

/// A message that is with its service.
struct Away {
    until: UnixMs,
    parcel: Parcel,
    answer: Answer,
}

/// The desk, and its outbox as the store would keep it.
#[derive(Default)]
pub(super) struct Teller {
    desk: Desk,
    plan: Plan,
    kept: BTreeMap<String, Message>,
    service: Option<Service>,
    away: Vec<Away>,
    /// Incidents that became parts of others.
    parts: Vec<(IncidentId, IncidentId)>,
    /// Storm modes that are on, as the store would keep them.
    storms: Vec<Storm>,
}

impl Teller {
    pub(super) fn new(plan: Plan, now: UnixMs) -> Self {
        Self { desk: Desk::new(plan.clone(), &[], &[], &[], now), plan, ..Self::default() }
    }

    pub(super) fn set_service(&mut self, service: Service) {
        self.service = Some(service);
    }

    /// Every message that was ever written, by key.
    pub(super) const fn kept(&self) -> &BTreeMap<String, Message> {
        &self.kept
    }

    /// True when no route says who is told.
    pub(super) fn is_idle(&self) -> bool {
        self.desk.is_idle()
    }

    pub(super) fn news(&mut self, health: &Health, telling: &Telling, now: UnixMs) {
        let open = health.incidents().iter().find(|i| i.id == telling.incident);
        self.desk.news(health.inventory(), telling, open, now);
    }

    pub(super) fn merged(&mut self, from: &IncidentId, into: &IncidentId, now: UnixMs) {
        self.parts.push((from.clone(), into.clone()));
        self.desk.merged(from, into, now);
    }

    pub(super) fn taken(&mut self, health: &Health, incident: &IncidentId, ack: &Ack, now: UnixMs) {
        if let Some(open) = health.incidents().iter().find(|i| i.id == *incident) {
            self.desk.acknowledged(health.inventory(), open, ack, now);
        }
    }

    /// Storm mode is ordered, or ordered otherwise.
    pub(super) fn storm(&mut self, inventory: &Inventory, order: Storm, now: UnixMs) {
        let (stand, _) = self.desk.begin_storm(inventory, order, now);
        self.storms.retain(|storm| storm.unit != stand.storm.unit);
        self.storms.push(stand.storm);
    }

    /// Storm mode is ended; false when there was none.
    pub(super) fn end_storm(
        &mut self,
        health: &Health,
        unit: &UnitId,
        by: &str,
        now: UnixMs,
    ) -> bool {
        self.storms.retain(|storm| storm.unit != *unit);
        self.desk.end_storm(unit, by, sight(health), now).is_some()
    }

    /// Another inventory.
    pub(super) fn follow_units(&mut self, inventory: &Inventory, now: UnixMs) {
        self.desk.follow_units(inventory, now);
    }

    /// What was taken now, when time has passed.
    pub(super) fn pass(&mut self, health: &Health, now: UnixMs) -> Vec<Decision> {
        let away = std::mem::take(&mut self.away);
        let (heard, away): (Vec<Away>, _) = away.into_iter().partition(|away| away.until <= now);
        self.away = away;
        let mut left = Vec::new();
        for Away { parcel, answer, .. } in heard {
            left.extend(self.answered(parcel, &answer, now));
        }
        for over in self.desk.pass_storms(sight(health), now) {
            self.storms.retain(|storm| storm.unit != over.storm.unit);
        }
        self.desk.see_again(health.inventory(), |carrier| health.has_seen(carrier), now);
        self.desk.tick(health.inventory(), health.incidents(), health.blind(), now);
        // What is folded into a digest, or marked as leaving, leaves in the next round.
        loop {
            self.keep();
            let due = self.desk.due(now);
            let is_changed = self.keep();
            if due.is_empty() && !is_changed {
                return left;
            }
            for parcel in due {
                let answer = match &mut self.service {
                    Some(service) => service(&parcel, now),
                    None => Answer { outcome: Outcome::Sent, parts_done: 1, after_ms: 0 },
                };
                if answer.after_ms > 0 {
                    self.away.push(Away { until: now + answer.after_ms, parcel, answer });
                } else {
                    left.extend(self.answered(parcel, &answer, now));
                }
            }
        }
    }

    fn answered(&mut self, parcel: Parcel, answer: &Answer, now: UnixMs) -> Option<Decision> {
        self.desk.outcome(&parcel.key, &answer.outcome, answer.parts_done, now);
        let is_sent = answer.outcome == Outcome::Sent;
        is_sent.then(|| decision(parcel.channel.as_str(), parcel.notice, now))
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
    pub(super) fn restart(&mut self, inventory: &Inventory, open: &[IncidentId], now: UnixMs) {
        self.keep();
        self.away.clear();
        let kept: Vec<Message> = self.kept.values().cloned().collect();
        self.desk = Desk::new(self.plan.clone(), &kept, open, &self.parts, now);
        let told = |storm: &Storm| {
            let end = format!(":{}", storm.name());
            let is_in = |m: &&Message| m.body["digest"].as_str().is_some_and(|d| d.ends_with(&end));
            let mut told = BTreeMap::new();
            let found = self.kept.values().filter(is_in);
            found.for_each(|m| *told.entry(m.channel.clone()).or_default() += 1);
            told
        };
        let storms = self.storms.iter().map(|storm| (storm.clone(), told(storm)));
        self.desk.take_up_storms(inventory, storms, now);
    }
}

fn sight(health: &Health) -> Sight<'_> {
    Sight { inventory: health.inventory(), open: health.incidents(), blind: health.blind() }
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
