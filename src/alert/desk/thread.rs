//! What each channel was told of each incident.

use std::collections::BTreeMap;

use super::super::notice::{Notice, Severity, Subject, Topic};
use super::super::route::RouteKey;
use super::super::row::Row;
use super::Desk;
use crate::model::{Id, IncidentId, UnixMs};
use crate::store::MessageState;

/// What one channel was told of one incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Thread {
    pub(super) route: Option<RouteKey>,
    pub(super) severity: Severity,
    /// The root that was told last: it may be in the inventory no more when it is over.
    pub(super) subject: Option<Subject>,
    /// The carrier that was.
    pub(super) through: Option<String>,
    /// Since when it is so, as it was told.
    pub(super) since: UnixMs,
    /// Units that the last message said were cut off.
    pub(super) units: u32,
    /// When the first message was to leave.
    pub(super) first: UnixMs,
    /// When the last one was.
    pub(super) last: UnixMs,
    /// Messages made.
    pub(super) count: u32,
    /// Steps of the escalation that were taken.
    pub(super) steps: usize,
    /// Something has left, or may have.
    pub(super) has_left: bool,
    /// What has left was about another incident, which became a part of this one.
    pub(super) is_inherited: bool,
}

impl Thread {
    /// Nothing of it has left: what is first to say is `notice`, at `first`.
    pub(super) fn new(route: Option<RouteKey>, notice: &Notice, first: UnixMs) -> Self {
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
    pub(super) fn says(&mut self, notice: &Notice) {
        self.severity = notice.severity;
        self.subject.clone_from(&notice.subject);
        self.through.clone_from(&notice.through);
        self.since = notice.since;
        self.units = notice.units_count;
    }
}

pub(super) type ThreadKey = (IncidentId, Id);
pub(super) type Threads = BTreeMap<IncidentId, BTreeMap<Id, Thread>>;

impl Desk {
    /// A thread as its row says it.
    pub(super) fn remember(&mut self, row: &Row, state: MessageState) {
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

    pub(super) fn threads_of(&self, incident: &IncidentId) -> Vec<ThreadKey> {
        let channels = self.threads.get(incident).into_iter().flat_map(BTreeMap::keys);
        channels.map(|channel| (incident.clone(), channel.clone())).collect()
    }

    pub(super) fn thread(&self, key: &ThreadKey) -> Option<&Thread> {
        self.threads.get(&key.0)?.get(&key.1)
    }

    pub(super) fn thread_mut(&mut self, key: &ThreadKey) -> Option<&mut Thread> {
        self.threads.get_mut(&key.0)?.get_mut(&key.1)
    }

    pub(super) fn end_thread(&mut self, key: &ThreadKey) -> Option<Thread> {
        let of_incident = self.threads.get_mut(&key.0)?;
        let ended = of_incident.remove(&key.1);
        if of_incident.is_empty() {
            self.threads.remove(&key.0);
        }
        ended
    }

    /// A trouble got worse, or milder, and is another route's now: its times, its steps, and what
    /// has not left leaves when that route wants it, if that is sooner.
    pub(super) fn reroute(
        &mut self,
        key: &ThreadKey,
        route: RouteKey,
        wanted: UnixMs,
        now: UnixMs,
    ) {
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
}
