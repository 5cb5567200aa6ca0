//! What leaves next through each channel, and what becomes of it.

use std::collections::BTreeSet;

use super::super::channel::Outcome;
use super::super::facts;
use super::super::lane::Lane;
use super::super::notice::{Notice, Severity, StormNote, Topic};
use super::super::progress::Progress;
use super::super::row::Row;
use super::rows::is_trouble;
use super::{Desk, GONE};
use crate::locale::Lang;
use crate::model::{Id, IncidentId, UnixMs};
use crate::store::MessageState;
use crate::t;

/// What waits so much longer than it should is stale: several of these become one digest.
const STALE_MS: i64 = 900_000;
/// A message that no channel takes for so long is given up.
const GIVE_UP_MS: i64 = 3 * 86_400_000;
/// And after so many tries at least: a clock that leapt forward gives nothing up.
const TRIES_MIN: u32 = 30;
/// Times that a message is tried on a channel that says that it takes none.
const REFUSALS_MAX: u32 = 5;
/// Most messages that one digest folds; the rest makes the next.
const DIGEST_MAX: usize = 2_000;

/// A message for the sender.
#[derive(Debug, Clone, PartialEq)]
pub struct Parcel {
    /// Its key in the outbox.
    pub key: String,
    /// Through which channel.
    pub channel: Id,
    /// What it says.
    pub notice: Notice,
    /// What has been done of it already.
    pub progress: Progress,
}

/// A channel that takes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelTrouble {
    /// Which.
    pub channel: Id,
    /// Since when.
    pub since: UnixMs,
    /// What it said last; no secret is in it.
    pub reason: String,
    /// Messages that wait for it.
    pub waiting: usize,
}

impl Desk {
    /// What is to leave now: at most one message a channel, which is away until its
    /// [`Self::outcome`]. That it leaves is on the disk before: the first call marks it, and it
    /// leaves with the next one after [`Self::kept`].
    pub fn due(&mut self, now: UnixMs) -> Vec<Parcel> {
        self.follow_clock(now);
        let lanes: Vec<Id> = self.lanes.keys().cloned().collect();
        for channel in &lanes {
            // While nothing waits for it nobody misses it.
            if self.rows.values().any(|row| row.channel == *channel) {
                self.channel_lost(channel, now);
                self.go_round_lost(channel, now);
            }
        }
        lanes.into_iter().filter_map(|channel| self.next_of(&channel, now)).collect()
    }

    fn next_of(&mut self, channel: &Id, now: UnixMs) -> Option<Parcel> {
        let lane = self.lanes.get_mut(channel)?;
        let tokens = lane.tokens(now);
        if lane.away.is_some() || now < lane.blocked_until || tokens == 0 {
            return None;
        }
        let candidates = self.candidates(channel, now);
        let row = candidates.first().and_then(|key| self.rows.get(key))?;
        let first = row.key.clone();
        let (is_digest, is_fresh) = (row.body.notice.topic == Topic::Digest, row.never_left());
        if let Some(weather) = self.weather(row) {
            // In a storm nothing leaves by itself.
            let (note, mut keys) = (weather.note(), self.of_storm(channel, &weather.name(), now));
            if !keys.contains(&first) {
                keys.push(first);
            }
            self.fold(channel, &keys, Some(note), now);
            return None;
        }
        let storm = row.body.notice.storm.as_ref().filter(|_| is_digest).map(StormNote::storm);
        let late: Vec<String> = self.foldable(&candidates, |row| {
            // Of all that became parts of one incident, one message.
            let is_part = row.body.notice.topic == Topic::Merged;
            is_part || row.body.is_quiet || now.since(row.body.wanted) >= STALE_MS
        });
        let all = if tokens == 1 { self.foldable(&candidates, |_| true) } else { Vec::new() };
        let fold = match storm {
            Some(storm) => self.of_storm(channel, &storm, now),
            None if all.len() > late.len() => all,
            None => late,
        };
        if is_digest && is_fresh {
            // What it says may be out of date, and more may have come since.
            if self.refold(&first, &fold) {
                return None;
            }
        } else if !is_digest && fold.len() > 1 {
            // Its own row has to be on the disk before it leaves.
            self.fold(channel, &fold, None, now);
            return None;
        }
        let row = self.rows.get_mut(&first)?;
        if !row.body.is_leaving {
            row.body.is_leaving = true;
            row.ticket = self.tickets.0 + 1;
            self.changed.push(row.message(MessageState::Pending));
            return None;
        }
        row.is_away = true;
        if let Some(lane) = self.lanes.get_mut(channel) {
            lane.take_token();
            lane.away = Some(first.clone());
        }
        let Row { key, channel, body, .. } = row.clone();
        Some(Parcel { key, channel, notice: body.notice, progress: body.progress })
    }

    /// Rows that may leave now: of each incident only the oldest, nothing that would overtake the
    /// digest that its incident is told in or that waits for the digest of a storm, and a digest
    /// before all.
    fn candidates(&self, channel: &Id, now: UnixMs) -> Vec<String> {
        let of_channel = self.rows.values().filter(|row| row.channel == *channel);
        let (mut waiting, folded): (Vec<&Row>, Vec<&Row>) =
            of_channel.partition(|row| row.body.digest.is_none());
        waiting.sort_by_key(|row| {
            let is_other = row.body.notice.topic != Topic::Digest;
            (is_other, row.made, row.incident.clone(), row.body.number)
        });
        let mut seen: BTreeSet<&IncidentId> =
            folded.iter().filter_map(|row| row.incident.as_ref()).collect();
        waiting.retain(|row| row.incident.as_ref().is_none_or(|id| seen.insert(id)));
        let may_leave = |row: &&Row| self.is_ready(row, now);
        waiting.into_iter().filter(may_leave).map(|row| row.key.clone()).collect()
    }

    /// It is on the disk, its time has come, and no digest is waited with.
    pub(super) fn is_ready(&self, row: &Row, now: UnixMs) -> bool {
        let is_due = row.ticket <= self.tickets.1 && !row.is_away && row.due <= now;
        is_due && !self.is_held(row, now)
    }

    /// Of these, what has certainly not left, is in no storm, and is so.
    fn foldable(&self, candidates: &[String], is_so: impl Fn(&Row) -> bool) -> Vec<String> {
        let may = |key: &&String| {
            self.rows.get(*key).is_some_and(|row| {
                let topic = row.body.notice.topic;
                let is_own = matches!(
                    topic,
                    Topic::ChannelLost
                        | Topic::ChannelBack
                        | Topic::StormBegan
                        | Topic::StormEnded
                        | Topic::Test
                        | Topic::Digest
                );
                row.never_left() && !is_own && self.weather(row).is_none() && is_so(row)
            })
        };
        candidates.iter().filter(may).take(DIGEST_MAX).cloned().collect()
    }

    /// Folds rows into one digest, of a storm or of what is late.
    fn fold(&mut self, channel: &Id, keys: &[String], storm: Option<StormNote>, now: UnixMs) {
        // The ticket tells it from another of the same moment, which may have left already.
        let mut key = format!("digest:{channel}:{}-{}", now.0, self.tickets.0);
        if let Some(storm) = &storm {
            key.push_str(&format!(":{}", storm.storm()));
        }
        let mut blank = facts::blank(Topic::Digest, Severity::Flapping, now);
        blank.storm = storm;
        self.push(Row::new(key.clone(), channel.clone(), blank, now));
        self.refold(&key, keys);
    }

    /// Writes a digest that has not left anew, with these as well; false when it says that already.
    fn refold(&mut self, key: &str, more: &[String]) -> bool {
        let is_of = |row: &&Row| row.body.digest.as_deref() == Some(key);
        let room = DIGEST_MAX.saturating_sub(self.rows.values().filter(is_of).count());
        let mut added = 0_u32;
        for part in more.iter().take(room) {
            if let Some(row) = self.rows.get_mut(part) {
                added += u32::from(row.body.digest.is_none());
                row.body.digest = Some(key.to_owned());
                self.changed.push(row.message(MessageState::Pending));
            }
        }
        let mut parts: Vec<&Row> = self.rows.values().filter(is_of).collect();
        parts.sort_by_key(|row| (row.made, row.incident.clone(), row.body.number));
        let Some(row) = self.rows.get(key) else { return false };
        let mut notice = facts::blank(Topic::Digest, Severity::Flapping, row.made);
        notice.storm.clone_from(&row.body.notice.storm);
        for Row { body, .. } in &parts {
            let part = &body.notice;
            notice.severity = notice.severity.max(part.severity);
            notice.since = notice.since.min(part.since);
            notice.unreachable = notice.unreachable.saturating_add(part.unreachable);
            notice.units_count = notice.units_count.saturating_add(part.units_count);
            // A line of a digest names the root and counts the rest.
            notice.parts.push(Notice { units: Vec::new(), services: Vec::new(), ..part.clone() });
        }
        let (is_same, channel) = (notice == row.body.notice, row.channel.clone());
        if let Some(storm) = notice.storm.as_ref().map(StormNote::storm) {
            self.count_folded(&storm, &channel, added);
        }
        if is_same {
            return false;
        }
        if notice.parts.is_empty() {
            self.drop_row(key, "reason.nothing_left");
        } else if let Some(row) = self.rows.get_mut(key) {
            row.body.notice = notice;
            row.ticket = self.tickets.0 + 1;
            self.changed.push(row.message(MessageState::Pending));
        }
        true
    }

    /// What became of a message that was away, and what has been done of it in all.
    pub fn outcome(
        &mut self,
        key: &str,
        outcome: &Outcome,
        progress: impl Into<Progress>,
        now: UnixMs,
    ) {
        let lane = self.lanes.values_mut().find(|lane| lane.away.as_deref() == Some(key));
        if let Some(lane) = lane {
            lane.away = None;
        }
        let Some(row) = self.rows.get_mut(key) else { return };
        row.is_away = false;
        row.body.is_leaving = false;
        row.tries = row.tries.saturating_add(1);
        row.body.progress = progress.into();
        let channel = row.channel.clone();
        let (tries, made) = (row.tries, row.made);
        if *outcome == Outcome::Sent {
            if let Some(lane) = self.lanes.get_mut(&channel) {
                lane.took();
            }
            self.sent(key, now);
            self.channel_back(&channel, now);
            return;
        }
        let Some(lane) = self.lanes.get_mut(&channel) else {
            // A reload took it away while the message was with it.
            self.drop_row(key, GONE);
            return;
        };
        match outcome {
            Outcome::Sent => {}
            Outcome::Again { after_ms, is_unsure, reason } => {
                row.body.is_unsure |= is_unsure;
                row.reason = Some(reason.clone());
                row.due = lane.failed(now, *after_ms, tries, key, reason);
                if now.since(made) >= GIVE_UP_MS && tries >= TRIES_MIN {
                    self.give_up(key, reason, now);
                } else {
                    self.changed.push(row.message(MessageState::Pending));
                }
                self.channel_lost(&channel, now);
            }
            Outcome::Refused { reason, is_channel } => {
                row.reason = Some(reason.clone());
                if *is_channel {
                    row.due = lane.failed(now, None, tries, key, reason);
                } else {
                    // It answers: it is this message that it does not take.
                    lane.took();
                }
                if *is_channel && tries < REFUSALS_MAX {
                    self.changed.push(row.message(MessageState::Pending));
                } else {
                    self.give_up(key, reason, now);
                    if *is_channel {
                        self.tell_lost(&channel, now);
                    }
                }
            }
        }
    }

    fn sent(&mut self, key: &str, now: UnixMs) {
        let Some(mut row) = self.rows.remove(key) else { return };
        row.reason = None;
        self.changed.push(row.message(MessageState::Sent));
        self.left(&row, now);
        for mut part in self.take_parts(key) {
            part.reason = Some(t!(Lang::En, "reason.told_in", key = key));
            self.changed.push(part.message(MessageState::Sent));
            self.left(&part, now);
        }
    }

    /// The rows that a digest tells.
    fn take_parts(&mut self, digest: &str) -> Vec<Row> {
        let is_part = |row: &Row| row.body.digest.as_deref() == Some(digest);
        let keys: Vec<String> =
            self.rows.values().filter(|row| is_part(row)).map(|row| row.key.clone()).collect();
        keys.iter().filter_map(|key| self.rows.remove(key)).collect()
    }

    fn left(&mut self, row: &Row, now: UnixMs) {
        let Some(incident) = row.incident.clone() else { return };
        if let Some(thread) = self.thread_mut(&(incident, row.channel.clone())) {
            (thread.has_left, thread.is_inherited) = (true, false);
            thread.last = thread.last.max(now);
        }
    }

    /// A message is dead; what it said goes to the fallback.
    fn give_up(&mut self, key: &str, reason: &str, now: UnixMs) {
        let Some(mut row) = self.rows.remove(key) else { return };
        row.reason = Some(reason.to_owned());
        self.changed.push(row.message(MessageState::Dead));
        let mut dead = self.take_parts(key);
        for part in &mut dead {
            part.reason = Some(reason.to_owned());
            self.changed.push(part.message(MessageState::Dead));
        }
        if dead.is_empty() {
            dead.push(row);
        }
        for row in dead {
            self.go_round(&row, now);
        }
    }

    /// Tells on the fallback what a channel does not take, where that was not done yet.
    fn go_round(&mut self, row: &Row, now: UnixMs) {
        let fallback = self.plan.channels.get(&row.channel).and_then(|c| c.fallback.clone());
        let (Some(fallback), Some(incident)) = (fallback, row.incident.clone()) else { return };
        let topic = row.body.notice.topic;
        let is_open = self.thread(&(incident.clone(), row.channel.clone())).is_some();
        let key = (incident, fallback);
        let mut notice = row.body.notice.clone();
        notice.reason = Some(row.channel.to_string());
        if is_open {
            // A fallback that heard of it hears all itself.
            let is_told = self.thread(&key).is_some();
            if !is_told && (is_trouble(topic) || topic == Topic::Escalation) {
                self.add(key, None, 0, notice, now, now);
            }
        } else if matches!(topic, Topic::Passed | Topic::Recovered) && !row.body.is_known {
            // It is over: all that is left to say is that it was.
            notice.topic = Topic::Passed;
            self.add(key.clone(), None, 0, notice, now, now);
            self.end_thread(&key);
            self.set_known(&row.key, true);
        }
    }

    fn channel_lost(&mut self, channel: &Id, now: UnixMs) {
        if self.lanes.get(channel).is_some_and(|lane| lane.is_lost(now)) {
            self.tell_lost(channel, now);
        }
    }

    /// A channel takes nothing: the fallback is told so, and all that waits.
    fn tell_lost(&mut self, channel: &Id, now: UnixMs) {
        let Some(lane) = self.lanes.get_mut(channel).filter(|lane| lane.lost_since.is_none())
        else {
            return;
        };
        let (since, reason) = (lane.failing_since.unwrap_or(now), lane.reason.clone());
        lane.lost_since = Some(since);
        self.tell_of_channel(channel, Topic::ChannelLost, since, Some(reason), now);
    }

    /// What waits for a channel that takes nothing is told on its fallback, too, for as long as that
    /// lasts; what is not to be told yet is not, and nor is what the channel can be tried with now.
    fn go_round_lost(&mut self, channel: &Id, now: UnixMs) {
        let Some(lane) = self.lanes.get(channel).filter(|lane| lane.lost_since.is_some()) else {
            return;
        };
        let is_blocked = now < lane.blocked_until;
        let is_waiting = |row: &&Row| {
            let is_due = row.body.wanted <= now && (is_blocked || row.tries > 0);
            row.channel == *channel && is_due
        };
        let waiting: Vec<Row> = self.rows.values().filter(is_waiting).cloned().collect();
        for row in waiting {
            self.go_round(&row, now);
        }
    }

    fn channel_back(&mut self, channel: &Id, now: UnixMs) {
        let lost = self.lanes.get_mut(channel).and_then(|lane| lane.lost_since.take());
        if let Some(since) = lost {
            self.tell_of_channel(channel, Topic::ChannelBack, since, None, now);
        }
    }

    fn tell_of_channel(
        &mut self,
        channel: &Id,
        topic: Topic,
        since: UnixMs,
        reason: Option<String>,
        now: UnixMs,
    ) {
        let fallback = self.plan.channels.get(channel).and_then(|c| c.fallback.clone());
        let Some(fallback) = fallback else { return };
        let mut notice = facts::blank(topic, Severity::Blind, now);
        notice.since = since;
        notice.until = (topic == Topic::ChannelBack).then_some(now);
        notice.through = Some(channel.to_string());
        notice.reason = reason;
        let word = if topic == Topic::ChannelLost { "lost" } else { "back" };
        let key = format!("channel:{channel}:{word}:{}", now.0);
        self.push(Row::new(key, fallback, notice, now));
    }

    /// Channels that take nothing now.
    #[must_use]
    pub fn troubles(&self) -> Vec<ChannelTrouble> {
        let waiting = |id: &Id| self.rows.values().filter(|row| row.channel == *id).count();
        let failing = |(id, lane): (&Id, &Lane)| {
            Some(ChannelTrouble {
                channel: id.clone(),
                since: lane.failing_since?,
                reason: lane.reason.clone(),
                waiting: waiting(id),
            })
        };
        self.lanes.iter().filter_map(failing).collect()
    }

    /// Messages that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.rows.len()
    }

    /// An operator has a message tried again at once, pending or dead; false when there is none.
    pub fn retry(&mut self, message: &crate::store::Message, now: UnixMs) -> bool {
        if let Some(row) = self.rows.get_mut(&message.id) {
            // It is to be told from now on: in a storm it waits for the digest like all else.
            (row.due, row.body.wanted) = (now, row.body.wanted.min(now));
            self.changed.push(row.message(MessageState::Pending));
            if let Some(lane) = self.lanes.get_mut(&message.channel) {
                lane.blocked_until = now;
            }
            return true;
        }
        let is_dead = message.state == MessageState::Dead;
        let Some(mut row) = Row::from_message(message).filter(|_| is_dead) else { return false };
        if !self.lanes.contains_key(&row.channel) {
            return false;
        }
        (row.due, row.made, row.tries) = (now, now, 0);
        (row.body.wanted, row.body.digest) = (now, None);
        // What a digest was made of is gone: it leaves as it was.
        row.body.is_unsure |= row.body.notice.topic == Topic::Digest;
        self.push(row);
        true
    }

    /// An operator gives a message up; false when it is not pending, or away just now.
    pub fn give_up_by(&mut self, key: &str, who: &str) -> bool {
        if self.rows.get(key).is_none_or(|row| row.is_away) {
            return false;
        }
        let reason = t!(Lang::En, "reason.dropped", who = who);
        for part in self.take_parts(key) {
            self.rows.insert(part.key.clone(), part.clone());
            self.drop_because(&part.key, reason.clone());
        }
        self.drop_because(key, reason);
        true
    }
}
