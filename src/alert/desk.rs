//! Whom to tell what, and when. Pure: news and time come in, rows of the outbox and what is to
//! leave go out.
//!
//! ```text
//!  news ─► routes ─► thread (incident × channel) ─► row ─► due ─► parcel ─► outcome ─► sent
//!                      │ update, reminder, escalation     │ folded into a digest     └► again, dead
//! ```
//! A thread is what one channel was told of one incident. Whatever follows (a reminder, the
//! recovery) goes to those who have a thread, and so to nobody who was not told of the trouble.

mod follow;
mod heirs;
mod rows;
mod send;
mod storm;
#[cfg(test)]
mod tests;
mod thread;

use std::collections::{BTreeMap, BTreeSet};

use super::channel::Pace;
use super::facts;
use super::lane::Lane;
use super::notice::{Notice, Topic};
use super::route::{Router, Scope};
use super::row::Row;
use crate::config::Telling;
use crate::health;
use crate::model::{Ack, Id, Incident, IncidentId, Inventory, UnixMs};
use crate::store::{Message, MessageState};

pub use send::{ChannelTrouble, Parcel};
use storm::Weather;
pub use storm::{Change as StormChange, STORMS_MAX, Sight, Stand as StormStand};
use thread::Threads;

/// Why what is for a channel that is there no more is given up.
const GONE: &str = "reason.gone";
/// A message that waits longer than any route has one wait was put off by a wrong clock.
const PUT_OFF_MS: i64 = 3_600_000;

/// How a channel is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelPlan {
    /// What it takes.
    pub pace: Pace,
    /// Who is told what it does not take.
    pub fallback: Option<Id>,
}

/// What the desk goes by.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The routes.
    pub router: Router,
    /// By name.
    pub channels: BTreeMap<Id, ChannelPlan>,
    /// How long the core has waited already before it says that something is to be told, in
    /// milliseconds.
    pub core_wait_ms: i64,
    /// For what came by no route.
    pub telling: Telling,
}

/// Whom to tell what, and when.
#[derive(Debug, Default)]
pub struct Desk {
    plan: Plan,
    threads: Threads,
    /// What is pending, by key.
    rows: BTreeMap<String, Row>,
    lanes: BTreeMap<Id, Lane>,
    /// Rows that changed and have not been handed to the store.
    changed: Vec<Message>,
    /// The ticket of what was handed over last, and the one that the disk has.
    tickets: (u64, u64),
    /// What time it was last.
    clock: Option<UnixMs>,
    /// Storm modes that are on, and those that ended a short while ago.
    storms: Vec<Weather>,
    /// Blind times that were told before the start and whose end was not, as they were told last.
    unseen: BTreeMap<IncidentId, Notice>,
}

impl Desk {
    /// Takes up what the store kept: pending messages, and all those about incidents that are open,
    /// about those that became parts of them (`parts`: the part, and what it was merged into), and
    /// about blind times.
    #[must_use]
    pub fn new(
        plan: Plan,
        kept: &[Message],
        open: &[IncidentId],
        parts: &[(IncidentId, IncidentId)],
        now: UnixMs,
    ) -> Self {
        let mut desk = Self::default();
        desk.take_plan(plan, now);
        let mut kept: Vec<(&Message, Row)> =
            kept.iter().filter_map(|m| Some((m, Row::from_message(m)?))).collect();
        kept.sort_by_key(|(_, row)| (row.made, row.body.number));
        let known: BTreeSet<&IncidentId> =
            open.iter().chain(parts.iter().map(|(part, _)| part)).collect();
        for (message, row) in kept {
            let is_known = row.incident.as_ref().is_some_and(|id| known.contains(id));
            if is_known || Self::is_blindness(&row) {
                desk.remember(&row, message.state);
                desk.take_up_blindness(&row);
            }
            if message.state == MessageState::Pending {
                let is_put_off = row.due.since(now) > PUT_OFF_MS && !row.body.is_quiet;
                let due = if is_put_off { now } else { row.due };
                desk.rows.insert(row.key.clone(), Row { due, ..row });
            }
        }
        desk.take_up_parts(open, parts);
        desk.unseen.retain(|id, _| desk.threads.contains_key(id));
        desk.drop_unreachable();
        desk
    }

    /// Another configuration. Returns the channels that are gone and were needed, each with how many
    /// messages to it are given up and how many open incidents it was told of.
    pub fn set_plan(&mut self, plan: Plan, now: UnixMs) -> Vec<(Id, u32, u32)> {
        let gone = |id: &Id| !plan.channels.contains_key(id);
        let mut lost: BTreeMap<Id, (u32, u32)> = BTreeMap::new();
        for row in self.rows.values().filter(|row| gone(&row.channel)) {
            lost.entry(row.channel.clone()).or_default().0 += 1;
        }
        let was_there = |id: &&Id| self.plan.channels.contains_key(*id);
        let told = self.threads.values().flat_map(BTreeMap::keys).filter(was_there);
        for channel in told.filter(|id| gone(id)) {
            lost.entry(channel.clone()).or_default().1 += 1;
        }
        self.take_plan(plan, now);
        lost.into_iter().map(|(id, (messages, incidents))| (id, messages, incidents)).collect()
    }

    fn take_plan(&mut self, plan: Plan, now: UnixMs) {
        self.lanes.retain(|id, _| plan.channels.contains_key(id));
        for (id, channel) in &plan.channels {
            let lane = self.lanes.entry(id.clone());
            lane.or_insert_with(|| Lane::new(channel.pace, now)).set_pace(channel.pace);
        }
        self.plan = plan;
        self.drop_unreachable();
    }

    /// Gives up what is for channels that are in the configuration no more.
    fn drop_unreachable(&mut self) {
        let is_gone = |row: &&Row| !self.plan.channels.contains_key(&row.channel) && !row.is_away;
        let gone: Vec<String> =
            self.rows.values().filter(is_gone).map(|row| row.key.clone()).collect();
        for key in gone {
            self.drop_row(&key, GONE);
        }
    }

    /// True when nobody is to be told anything: no route.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.plan.router.all().is_empty() && self.rows.is_empty()
    }

    /// What the core wants told. `open` is the incident while it is open.
    pub fn news(
        &mut self,
        inventory: &Inventory,
        telling: &health::Telling,
        open: Option<&Incident>,
        now: UnixMs,
    ) {
        let Some(notice) = facts::told(inventory, telling, open, now) else { return };
        let subject = telling.subject.as_ref();
        let scope = Scope {
            subject: subject.and_then(|id| inventory.find_subject(id.as_str())),
            carrier: telling.carrier.clone(),
            units: notice.units_count,
        };
        self.tell(inventory, notice, &scope, now);
    }

    /// News of an incident, or of the patrol's sight.
    pub fn tell(&mut self, inventory: &Inventory, notice: Notice, scope: &Scope, now: UnixMs) {
        match notice.topic {
            Topic::Recovered | Topic::Removed => self.over(&notice, now),
            _ => self.trouble(inventory, notice, scope, now),
        }
    }

    fn trouble(&mut self, inventory: &Inventory, notice: Notice, scope: &Scope, now: UnixMs) {
        let Some(incident) = notice.incident.clone() else { return };
        if notice.topic == Topic::Blind {
            self.goes_on_blind(&incident, now);
        }
        let hits = self.plan.router.hits(inventory, scope, notice.severity, now);
        for hit in &hits {
            let key = (incident.clone(), hit.channel.clone());
            let wait_ms =
                self.plan.router.get(hit.route).map_or(0, |route| {
                    (route.telling.group_wait_ms - self.plan.core_wait_ms).max(0)
                });
            let is_first = self.thread(&key).is_none();
            if !is_first {
                self.reroute(&key, hit.key, now + wait_ms, now);
            }
            // What has not left yet says the newest.
            if !is_first && self.rewrite(&key, &notice, notice.topic) {
                continue;
            }
            let wait_ms = if is_first { wait_ms } else { 0 };
            self.add(key, Some(hit.key), 0, notice.clone(), now + wait_ms, now);
        }
        // Whoever was told before, and by no route of this trouble, hears how it goes on: he may
        // have been sent to what turned out to be a consequence.
        for key in self.threads_of(&incident) {
            if hits.iter().all(|hit| hit.channel != key.1)
                && !self.rewrite(&key, &notice, notice.topic)
            {
                let route = self.thread(&key).and_then(|thread| thread.route);
                self.add(key, route, 0, notice.clone(), now, now);
            }
        }
    }

    /// An incident is over: told where it was told; where it was not yet, what is left to say is
    /// that it was.
    fn over(&mut self, notice: &Notice, now: UnixMs) {
        let Some(incident) = &notice.incident else { return };
        let told = self.threads_of(incident);
        for key in told.clone() {
            let Some(thread) = self.thread(&key).cloned() else { continue };
            let fallback = self.plan.channels.get(&key.1).and_then(|c| c.fallback.as_ref());
            let is_known = told.iter().any(|(_, channel)| Some(channel) == fallback);
            let waiting = self.rows_of(&key);
            let may_have_left =
                |key: &String| self.rows.get(key).is_some_and(|row| !self.never_left(row));
            let has_left = thread.has_left || waiting.iter().any(may_have_left);
            let mut last_word = notice.clone();
            last_word.severity = thread.severity;
            // Whoever was told "the Viettel trunk" hears of its end, though another line is the root
            // by then, or it is in the inventory no more.
            last_word.subject = thread.subject.clone().or(last_word.subject);
            let unsent: Vec<String> =
                waiting.iter().filter(|key| !may_have_left(key)).cloned().collect();
            if has_left {
                for key in &unsent {
                    self.drop_row(key, "reason.over_unsent");
                }
                let name = self.add(key.clone(), thread.route, 0, last_word, now, now);
                self.set_known(&name, is_known);
            } else if let Some(first) = unsent.first() {
                for key in &unsent[1..] {
                    self.drop_row(key, "reason.over_unsent");
                }
                self.pass_by(first, last_word, now);
                self.set_known(first, is_known);
            }
            self.end_thread(&key);
        }
    }

    /// Somebody has taken an incident: whoever was told of it hears that, and is reminded no more.
    pub fn acknowledged(
        &mut self,
        inventory: &Inventory,
        incident: &Incident,
        ack: &Ack,
        now: UnixMs,
    ) {
        for key in self.threads_of(&incident.id) {
            let Some(thread) = self.thread(&key).cloned() else { continue };
            for row in self.rows_of(&key) {
                let is_call = self.rows.get(&row).is_some_and(|row| {
                    let topic = row.body.notice.topic;
                    matches!(topic, Topic::Reminder | Topic::Escalation) && self.never_left(row)
                });
                if is_call {
                    self.drop_row(&row, "reason.taken");
                }
            }
            if !thread.has_left && self.rows_of(&key).is_empty() {
                // Refused, or not called after all: who was not told of it is told nothing more.
                continue;
            }
            let mut notice = facts::open(inventory, incident, Topic::Acknowledged, now);
            notice.severity = thread.severity;
            notice.ack = Some(ack.clone());
            // Behind the trouble where that waits for its time.
            let wanted = thread.last.max(now);
            let wanted = if thread.has_left { now } else { wanted };
            self.add(key, thread.route, 0, notice, wanted, now);
        }
    }
}
