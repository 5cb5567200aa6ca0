//! What the passing of time brings: updates, reminders, escalations.

use std::collections::BTreeMap;

use super::super::facts;
use super::super::notice::{Severity, Topic};
use super::Desk;
use super::thread::ThreadKey;
use crate::health;
use crate::model::{Incident, Inventory, UnixMs};

impl Desk {
    /// A clock that was set back takes all that is to come with it: nothing waits longer for it.
    pub(super) fn follow_clock(&mut self, now: UnixMs) {
        let back_ms = self.clock.replace(now).map_or(0, |last| last.since(now));
        if back_ms <= 0 {
            return;
        }
        for row in self.rows.values_mut() {
            row.due = row.due - back_ms;
            row.body.wanted = row.body.wanted - back_ms;
            row.made = row.made - back_ms;
        }
        for thread in self.threads.values_mut().flat_map(BTreeMap::values_mut) {
            thread.first = thread.first - back_ms;
            thread.last = thread.last - back_ms;
        }
        self.lanes.values_mut().for_each(|lane| lane.set_back(back_ms));
        self.storms.iter_mut().for_each(|weather| weather.set_back(back_ms));
    }

    /// Lets time pass: updates, reminders, escalations. `open` are the incidents open now; nobody
    /// is told more of what the patrol cannot see.
    pub fn tick(
        &mut self,
        inventory: &Inventory,
        open: &[Incident],
        blind: &[health::Blind],
        now: UnixMs,
    ) {
        self.follow_clock(now);
        if self.threads.is_empty() {
            return;
        }
        for incident in open {
            if incident.planned || is_unseen(inventory, incident, blind) {
                continue;
            }
            for key in self.threads_of(&incident.id) {
                self.follow_up(inventory, incident, key, now);
            }
        }
    }

    fn follow_up(
        &mut self,
        inventory: &Inventory,
        incident: &Incident,
        key: ThreadKey,
        now: UnixMs,
    ) {
        let Some(thread) = self.thread(&key).cloned() else { return };
        let route = thread.route.and_then(|n| self.plan.router.named(n)).cloned();
        let telling = route.as_ref().map_or(self.plan.telling, |route| route.telling);
        let units = u32::try_from(incident.impact.units.len()).unwrap_or(u32::MAX);
        if units > thread.units {
            let notice = facts::open(inventory, incident, Topic::Update, now);
            // What has not left is rewritten at once; what has is followed after the interval.
            if self.rewrite(&key, &notice, Topic::Update) {
                return;
            }
            if thread.has_left && now.since(thread.last) >= telling.group_interval_ms {
                self.add(key, thread.route, 0, notice, now, now);
                return;
            }
        }
        let is_taken = incident.ack.as_ref().is_some_and(|ack| ack.holds_at(now));
        if is_taken || incident.flapping {
            return;
        }
        // Whether or not the first channel has taken it: somebody must come.
        if let Some(step) = route.as_ref().and_then(|route| route.escalate.get(thread.steps))
            && now.since(thread.first) >= step.after_ms
        {
            let number = thread.steps + 1;
            for named in &step.to {
                let notice = facts::open(inventory, incident, Topic::Escalation, now);
                let to = (key.0.clone(), named.name.clone());
                self.add(to, thread.route, number, notice, now, now);
            }
            // One call, however many channels the route tells.
            let of_incident =
                self.threads.get_mut(&key.0).into_iter().flat_map(BTreeMap::values_mut);
            for other in of_incident.filter(|other| other.route == thread.route) {
                other.steps = other.steps.max(number);
            }
        }
        let is_down = thread.severity == Severity::Down;
        let is_behind = !thread.has_left || !self.rows_of(&key).is_empty();
        if is_down && !is_behind && now.since(thread.last) >= telling.repeat_ms {
            let notice = facts::open(inventory, incident, Topic::Reminder, now);
            self.add(key, thread.route, 0, notice, now, now);
        }
    }
}

/// True while the patrol cannot see the root.
pub(super) fn is_unseen(
    inventory: &Inventory,
    incident: &Incident,
    blind: &[health::Blind],
) -> bool {
    let root = inventory.find_subject(incident.root.as_str());
    let line = root.and_then(|ix| inventory.subject(ix).connection());
    let carrier = line.and_then(|line| line.carrier).map(|c| &inventory.carrier(c).id);
    blind.iter().any(|b| b.carrier.is_none() || b.carrier.as_ref() == carrier)
}
