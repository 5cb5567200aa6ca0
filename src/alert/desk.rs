//! Whom to tell what, and when. Pure: news and time come in, rows of the outbox and what is to
//! leave go out.
//!
//! ```text
//!  news ─► routes ─► thread (incident × channel) ─► row ─► due ─► parcel ─► outcome ─► sent
//!                      │ update, reminder, escalation     │ folded into a digest     └► again, dead
//! ```
//! A thread is what one channel was told of one incident. Whatever follows (a reminder, the
//! recovery) goes to those who have a thread, and so to nobody who was not told of the trouble.

mod heirs;
mod send;
mod storm;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::channel::Pace;
use super::facts;
use super::lane::Lane;
use super::notice::{Notice, Severity, Subject, Topic};
use super::route::{RouteKey, Router, Scope};
use super::row::{Body, Row};
use crate::config::Telling;
use crate::health;
use crate::locale::Lang;
use crate::model::{Ack, Id, Incident, IncidentId, Inventory, UnixMs};
use crate::store::{Message, MessageState};
use crate::t;

pub use send::{ChannelTrouble, Parcel};
use storm::Weather;
pub use storm::{Change as StormChange, STORMS_MAX, Sight, Stand as StormStand};

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

/// What one channel was told of one incident.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Thread {
    route: Option<RouteKey>,
    severity: Severity,
    /// The root that was told last: it may be in the inventory no more when it is over.
    subject: Option<Subject>,
    /// The carrier that was.
    through: Option<String>,
    /// Since when it is so, as it was told.
    since: UnixMs,
    /// Units that the last message said were cut off.
    units: u32,
    /// When the first message was to leave.
    first: UnixMs,
    /// When the last one was.
    last: UnixMs,
    /// Messages made.
    count: u32,
    /// Steps of the escalation that were taken.
    steps: usize,
    /// Something has left, or may have.
    has_left: bool,
    /// What has left was about another incident, which became a part of this one.
    is_inherited: bool,
}

impl Thread {
    /// Nothing of it has left: what is first to say is `notice`, at `first`.
    fn new(route: Option<RouteKey>, notice: &Notice, first: UnixMs) -> Self {
        Self {
            route,
            severity: notice.severity,
            subject: notice.subject.clone(),
            through: notice.through.clone(),
            since: notice.since,
            units: notice.units_count,
            first,
            last: first,
            count: 0,
            steps: 0,
            has_left: false,
            is_inherited: false,
        }
    }

    /// What it told last, or is about to.
    fn says(&mut self, notice: &Notice) {
        self.severity = notice.severity;
        self.subject.clone_from(&notice.subject);
        self.through.clone_from(&notice.through);
        self.since = notice.since;
        self.units = notice.units_count;
    }
}

type ThreadKey = (IncidentId, Id);
type Threads = BTreeMap<IncidentId, BTreeMap<Id, Thread>>;

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

    /// A thread as its row says it.
    fn remember(&mut self, row: &Row, state: MessageState) {
        let Some(incident) = row.incident.clone() else { return };
        let key = (incident, row.channel.clone());
        let notice = &row.body.notice;
        if matches!(notice.topic, Topic::Recovered | Topic::Removed | Topic::Passed) {
            self.end_thread(&key);
            return;
        }
        if notice.topic == Topic::Merged {
            // Of a blind time, which stands in no list of parts, the end; of others handed on below.
            if Self::is_blindness(row) {
                self.end_thread(&key);
            }
            return;
        }
        let (step, route) = (row.body.step, row.body.route);
        let of_incident = self.threads.entry(key.0).or_default();
        if step > 0 {
            // It was taken by the threads of the route that it is of.
            let those = of_incident.values_mut().filter(|thread| thread.route == route);
            those.for_each(|thread| thread.steps = thread.steps.max(step));
        }
        let own = route.filter(|_| step == 0);
        let thread =
            of_incident.entry(key.1).or_insert_with(|| Thread::new(own, notice, row.body.wanted));
        thread.count = thread.count.max(row.body.number);
        thread.has_left |= state == MessageState::Sent || !row.never_left();
        if notice.topic != Topic::Acknowledged {
            thread.says(notice);
            thread.last = thread.last.max(row.body.wanted);
        }
    }

    /// A clock that was set back takes all that is to come with it: nothing waits longer for it.
    fn follow_clock(&mut self, now: UnixMs) {
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

    /// What changed in the outbox since it was last asked for, to be written in the transaction of
    /// what caused it, and a ticket: nothing of it leaves before [`Self::kept`] is told of that.
    pub fn take_changed(&mut self) -> (Vec<Message>, u64) {
        if !self.changed.is_empty() {
            self.tickets.0 += 1;
        }
        (std::mem::take(&mut self.changed), self.tickets.0)
    }

    /// The disk has all that was handed over up to this ticket.
    pub fn kept(&mut self, ticket: u64) {
        self.tickets.1 = self.tickets.1.max(ticket);
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

    fn threads_of(&self, incident: &IncidentId) -> Vec<ThreadKey> {
        let channels = self.threads.get(incident).into_iter().flat_map(BTreeMap::keys);
        channels.map(|channel| (incident.clone(), channel.clone())).collect()
    }

    fn thread(&self, key: &ThreadKey) -> Option<&Thread> {
        self.threads.get(&key.0)?.get(&key.1)
    }

    fn thread_mut(&mut self, key: &ThreadKey) -> Option<&mut Thread> {
        self.threads.get_mut(&key.0)?.get_mut(&key.1)
    }

    fn end_thread(&mut self, key: &ThreadKey) -> Option<Thread> {
        let of_incident = self.threads.get_mut(&key.0)?;
        let ended = of_incident.remove(&key.1);
        if of_incident.is_empty() {
            self.threads.remove(&key.0);
        }
        ended
    }

    /// A trouble got worse, or milder, and is another route's now: its times, its steps, and what
    /// has not left leaves when that route wants it, if that is sooner.
    fn reroute(&mut self, key: &ThreadKey, route: RouteKey, wanted: UnixMs, now: UnixMs) {
        let quiet = self.plan.router.named(route).and_then(|route| route.quiet);
        let due = self.plan.router.loud_from(quiet, wanted);
        let is_same = |thread: &Thread| thread.route == Some(route);
        let Some(thread) = self.thread_mut(key).filter(|thread| !is_same(thread)) else { return };
        (thread.route, thread.steps, thread.first) = (Some(route), 0, now);
        for name in self.rows_of(key) {
            let is_waiting = self.rows.get(&name).is_some_and(|row| self.never_left(row));
            let Some(row) = self.rows.get_mut(&name).filter(|row| is_waiting && row.due > due)
            else {
                continue;
            };
            (row.due, row.body.wanted, row.body.is_quiet) = (due, due, due > wanted);
            row.body.route = Some(route);
        }
    }

    /// Writes the trouble of a thread anew where it has not left; false when it has. What was to be
    /// an update stays what it is where `topic` is one.
    fn rewrite(&mut self, key: &ThreadKey, notice: &Notice, topic: Topic) -> bool {
        let is_open = |row: &Row| is_trouble(row.body.notice.topic) && self.never_left(row);
        let waiting = self.rows_of(key);
        let open = waiting.iter().find(|name| self.rows.get(*name).is_some_and(is_open));
        let Some(row) = open.and_then(|name| self.rows.get_mut(name)) else { return false };
        let topic = if topic == Topic::Update { row.body.notice.topic } else { topic };
        row.body.notice = Notice { at: row.body.notice.at, topic, ..notice.clone() };
        row.ticket = self.tickets.0 + 1;
        self.changed.push(row.message(MessageState::Pending));
        if let Some(thread) = self.thread_mut(key) {
            thread.says(notice);
        }
        true
    }

    /// A new row, and its thread; returns its key. `wanted` is moved to the end of quiet hours.
    fn add(
        &mut self,
        key: ThreadKey,
        route: Option<RouteKey>,
        step: usize,
        notice: Notice,
        wanted: UnixMs,
        now: UnixMs,
    ) -> String {
        let quiet = route.and_then(|n| self.plan.router.named(n)).and_then(|route| route.quiet);
        // Who is called because nobody else came is disturbed.
        let quiet = quiet.filter(|_| step == 0);
        let due = self.plan.router.loud_from(quiet, wanted);
        let (incident, channel) = key;
        let of_incident = self.threads.entry(incident.clone()).or_default();
        let own = route.filter(|_| step == 0);
        let thread =
            of_incident.entry(channel.clone()).or_insert_with(|| Thread::new(own, &notice, due));
        thread.count += 1;
        if notice.topic != Topic::Acknowledged {
            thread.says(&notice);
            thread.last = thread.last.max(due);
        }
        let number = thread.count;
        let name = format!("{}{number}", prefix(&incident, &channel));
        let mut row = Row::new(name.clone(), channel, notice, now);
        row.incident = Some(incident);
        row.due = due;
        let is_quiet = due > wanted;
        row.body = Body { route, number, step, wanted: due, is_quiet, ..row.body };
        let is_there = self.plan.channels.contains_key(&row.channel);
        self.push(row);
        if !is_there {
            // A reload took it away; its thread stays, should it come back.
            self.drop_row(&name, GONE);
        }
        name
    }

    fn push(&mut self, mut row: Row) {
        row.ticket = self.tickets.0 + 1;
        self.changed.push(row.message(MessageState::Pending));
        self.rows.insert(row.key.clone(), row);
    }

    /// Gives a row up before it left; why, by its key in the catalogue, is kept with it.
    fn drop_row(&mut self, key: &str, why: &str) {
        self.drop_because(key, t!(Lang::En, why));
    }

    fn drop_because(&mut self, key: &str, reason: String) {
        if let Some(mut row) = self.rows.remove(key) {
            row.reason = Some(reason);
            self.changed.push(row.message(MessageState::Dead));
        }
    }

    /// Neither a row has left nor the digest that it is told in.
    fn never_left(&self, row: &Row) -> bool {
        let digest = row.body.digest.as_ref().and_then(|digest| self.rows.get(digest));
        row.never_left() && digest.is_none_or(Row::never_left)
    }

    /// Pending rows of a thread, the oldest first.
    fn rows_of(&self, key: &ThreadKey) -> Vec<String> {
        let prefix = prefix(&key.0, &key.1);
        let from = (std::ops::Bound::Included(prefix.as_str()), std::ops::Bound::Unbounded);
        let rows = self.rows.range::<str, _>(from);
        let mut found: Vec<&Row> =
            rows.take_while(|(name, _)| name.starts_with(&prefix)).map(|(_, row)| row).collect();
        found.sort_by_key(|row| row.body.number);
        found.into_iter().map(|row| row.key.clone()).collect()
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

    /// Whether the fallback has heard of the incident whose last word this is.
    fn set_known(&mut self, key: &str, is_known: bool) {
        if let Some(row) = self.rows.get_mut(key).filter(|row| row.body.is_known != is_known) {
            row.body.is_known = is_known;
            self.changed.push(row.message(MessageState::Pending));
        }
    }

    /// The trouble of a row was over before it left: nothing to say when it was not due yet, else
    /// that it was.
    fn pass_by(&mut self, key: &str, notice: Notice, now: UnixMs) {
        let Some(row) = self.rows.get_mut(key) else { return };
        if row.body.wanted > now && !row.body.is_quiet {
            self.drop_row(key, "reason.over_undue");
            return;
        }
        let topic = if notice.topic == Topic::Removed { Topic::Removed } else { Topic::Passed };
        row.body.notice = Notice { topic, ..notice };
        row.ticket = self.tickets.0 + 1;
        self.changed.push(row.message(MessageState::Pending));
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
fn is_unseen(inventory: &Inventory, incident: &Incident, blind: &[health::Blind]) -> bool {
    let root = inventory.find_subject(incident.root.as_str());
    let line = root.and_then(|ix| inventory.subject(ix).connection());
    let carrier = line.and_then(|line| line.carrier).map(|c| &inventory.carrier(c).id);
    blind.iter().any(|b| b.carrier.is_none() || b.carrier.as_ref() == carrier)
}

/// How the names of the rows of a thread begin; their numbers follow.
fn prefix(incident: &IncidentId, channel: &Id) -> String {
    format!("{incident}:{channel}:")
}

/// What tells of a trouble, in contrast to what tells of its end or of who has taken it.
const fn is_trouble(topic: Topic) -> bool {
    matches!(topic, Topic::Down | Topic::Degraded | Topic::Flapping | Topic::Blind | Topic::Update)
}
