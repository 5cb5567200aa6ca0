//! The outbox as the desk has it: what is pending, made, rewritten and given up, and what of it
//! the store has not been handed yet.

use super::super::notice::{Notice, Topic};
use super::super::route::RouteKey;
use super::super::row::{Body, Row};
use super::thread::{Thread, ThreadKey};
use super::{Desk, GONE};
use crate::locale::Lang;
use crate::model::{Id, IncidentId, UnixMs};
use crate::store::{Message, MessageState};
use crate::t;

impl Desk {
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

    /// Writes the trouble of a thread anew where it has not left; false when it has. What was to be
    /// an update stays what it is where `topic` is one.
    pub(super) fn rewrite(&mut self, key: &ThreadKey, notice: &Notice, topic: Topic) -> bool {
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
    pub(super) fn add(
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

    pub(super) fn push(&mut self, mut row: Row) {
        row.ticket = self.tickets.0 + 1;
        self.changed.push(row.message(MessageState::Pending));
        self.rows.insert(row.key.clone(), row);
    }

    /// Gives a row up before it left; why, by its key in the catalogue, is kept with it.
    pub(super) fn drop_row(&mut self, key: &str, why: &str) {
        self.drop_because(key, t!(Lang::En, why));
    }

    pub(super) fn drop_because(&mut self, key: &str, reason: String) {
        if let Some(mut row) = self.rows.remove(key) {
            row.reason = Some(reason);
            self.changed.push(row.message(MessageState::Dead));
        }
    }

    /// Neither a row has left nor the digest that it is told in.
    pub(super) fn never_left(&self, row: &Row) -> bool {
        let digest = row.body.digest.as_ref().and_then(|digest| self.rows.get(digest));
        row.never_left() && digest.is_none_or(Row::never_left)
    }

    /// Pending rows of a thread, the oldest first.
    pub(super) fn rows_of(&self, key: &ThreadKey) -> Vec<String> {
        let prefix = prefix(&key.0, &key.1);
        let from = (std::ops::Bound::Included(prefix.as_str()), std::ops::Bound::Unbounded);
        let rows = self.rows.range::<str, _>(from);
        let mut found: Vec<&Row> =
            rows.take_while(|(name, _)| name.starts_with(&prefix)).map(|(_, row)| row).collect();
        found.sort_by_key(|row| row.body.number);
        found.into_iter().map(|row| row.key.clone()).collect()
    }

    /// Whether the fallback has heard of the incident whose last word this is.
    pub(super) fn set_known(&mut self, key: &str, is_known: bool) {
        if let Some(row) = self.rows.get_mut(key).filter(|row| row.body.is_known != is_known) {
            row.body.is_known = is_known;
            self.changed.push(row.message(MessageState::Pending));
        }
    }

    /// The trouble of a row was over before it left: nothing to say when it was not due yet, else
    /// that it was.
    pub(super) fn pass_by(&mut self, key: &str, notice: Notice, now: UnixMs) {
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
}

/// How the names of the rows of a thread begin; their numbers follow.
fn prefix(incident: &IncidentId, channel: &Id) -> String {
    format!("{incident}:{channel}:")
}

/// What tells of a trouble, in contrast to what tells of its end or of who has taken it.
pub(super) const fn is_trouble(topic: Topic) -> bool {
    matches!(topic, Topic::Down | Topic::Degraded | Topic::Flapping | Topic::Blind | Topic::Update)
}
