//! Who hears how it goes on when an incident ends under its name and not for good: it became a part
//! of another, or the daemon that told of a blind time did not live to see its end.

use std::collections::BTreeMap;

use super::super::facts;
use super::super::notice::{Notice, Severity, Topic};
use super::super::row::Row;
use super::Desk;
use super::thread::{Thread, ThreadKey};
use crate::health::BLIND_ROOT;
use crate::model::{CarrierId, IncidentId, Inventory, UnixMs};

/// How the name of the blind time of no carrier goes on.
const WHOLE: &str = "patrol";

impl Desk {
    /// An incident turned out to be a part of another: who was told of it is told of that one from
    /// now on, and under its own name that it is closed, or a receiver that knows incidents by their
    /// names would hold it open for ever.
    pub fn merged(&mut self, from: &IncidentId, into: &IncidentId, now: UnixMs) {
        for key in self.threads_of(from) {
            let Some(mut thread) = self.thread(&key).cloned() else { continue };
            for row in self.rows_of(&key) {
                let is_waiting = self.rows.get(&row).is_some_and(|row| self.never_left(row));
                if is_waiting {
                    self.drop_row(&row, "reason.part");
                } else {
                    (thread.has_left, thread.is_inherited) = (true, false);
                }
            }
            if thread.has_left && !thread.is_inherited {
                let mut notice = facts::blank(Topic::Merged, thread.severity, now);
                notice.incident = Some(from.clone());
                notice.merged_into = Some(into.clone());
                notice.since = thread.since;
                notice.subject.clone_from(&thread.subject);
                notice.through.clone_from(&thread.through);
                self.add(key.clone(), thread.route, 0, notice, now, now);
            }
            self.end_thread(&key);
            self.hand_on(key, thread, into);
        }
    }

    /// A thread of an incident that became a part of another goes on with that, where its channel
    /// was not told of the other itself.
    fn hand_on(&mut self, (_, channel): ThreadKey, thread: Thread, into: &IncidentId) {
        if thread.has_left {
            let heirs = self.threads.entry(into.clone()).or_default();
            heirs.entry(channel).or_insert(Thread { count: 0, is_inherited: true, ..thread });
        }
    }

    /// At a start, once the rows of all incidents were read: the threads of those that became parts
    /// of open ones are handed on, as they were when that happened.
    pub(super) fn take_up_parts(
        &mut self,
        open: &[IncidentId],
        parts: &[(IncidentId, IncidentId)],
    ) {
        let heirs: BTreeMap<&IncidentId, &IncidentId> =
            parts.iter().map(|(part, heir)| (part, heir)).collect();
        for (part, heir) in parts {
            let mut last = heir;
            // No further than there are parts: the store may hold a circle for all one knows.
            for _ in parts {
                match heirs.get(last) {
                    Some(next) if !open.contains(last) => last = next,
                    _ => break,
                }
            }
            for key in self.threads_of(part) {
                let Some(thread) = self.end_thread(&key) else { continue };
                if open.contains(last) {
                    self.hand_on(key, thread, last);
                }
            }
        }
    }

    /// At a start: the blind times that were told and whose end was not. They end when the sentinels
    /// answer again, or go on under a new name.
    pub(super) fn take_up_blindness(&mut self, row: &Row) {
        let notice = &row.body.notice;
        if let (Topic::Blind, Some(incident)) = (notice.topic, &row.incident) {
            let carrier = self.unseen.entry(incident.clone()).or_insert_with(|| notice.clone());
            carrier.clone_from(notice);
        }
    }

    /// Ends what is left of the blind times of before the start, once `has_seen` says of their
    /// carrier that most of its sentinels have answered since.
    pub fn see_again(
        &mut self,
        inventory: &Inventory,
        has_seen: impl Fn(Option<&CarrierId>) -> bool,
        now: UnixMs,
    ) {
        if self.unseen.is_empty() {
            return;
        }
        let is_over = |id: &IncidentId| {
            let name = carrier_of(id);
            let carrier = inventory.carriers.iter().find(|c| Some(c.id.as_str()) == name);
            // A carrier that is in the inventory no more has no sentinels, either.
            (name != Some(WHOLE) && carrier.is_none()) || has_seen(carrier.map(|c| &c.id))
        };
        let over: Vec<IncidentId> = self.unseen.keys().filter(|id| is_over(id)).cloned().collect();
        for id in over {
            let Some(told) = self.unseen.remove(&id) else { continue };
            let until = Some(now);
            let notice = Notice { topic: Topic::Recovered, at: now, until, ..told };
            self.over(&notice, now);
        }
    }

    /// A blind time that is told: one of before the start through the same carrier goes on in it.
    pub(super) fn goes_on_blind(&mut self, incident: &IncidentId, now: UnixMs) {
        let is_same = |id: &IncidentId| id != incident && carrier_of(id) == carrier_of(incident);
        let before: Vec<IncidentId> =
            self.unseen.keys().filter(|id| is_same(id)).cloned().collect();
        for id in before {
            self.unseen.remove(&id);
            self.merged(&id, incident, now);
        }
    }

    /// True of an incident that is a blind time: it was told as one.
    pub(super) fn is_blindness(row: &Row) -> bool {
        let is_named = row.incident.as_ref().is_some_and(|id| id.as_str().starts_with(BLIND_ROOT));
        is_named && row.body.notice.severity == Severity::Blind
    }
}

/// The carrier's id in the name of a blind time, or [`WHOLE`].
fn carrier_of(id: &IncidentId) -> Option<&str> {
    let (name, _) = id.as_str().strip_prefix(BLIND_ROOT)?.rsplit_once('@')?;
    Some(name)
}
