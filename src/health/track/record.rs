//! A subject's record: how verdicts, holes and clock leaps are written into it.

use super::{Phase, Track};
use crate::health::{Effect, Entry};
use crate::model::{Span, State, SubjectIx, UnixMs};

/// Holes kept inside one failing run; past that the last two are joined, so that the time between
/// them counts as unmeasured rather than as down.
const HOLES_MAX: usize = 16;

/// A hole is opened this much later than it could be: rounds in flight and answers on their way
/// are not missing. It is back-dated, so nothing depends on this but when it is shown.
const HOLE_GRACE_MS: i64 = 5_000;

/// How far back the clock may be set while the record goes on where it was. Beyond it the earlier
/// reading was the wrong one, and what it put into the future is taken out of the record.
const SET_BACK_MAX_MS: i64 = 3_600_000;

impl Track {
    /// The time the last round vouches for ends one interval after it (rule 8); without any
    /// sample left after a restart, after the start of the record. What is found out about others
    /// later vouches for nothing.
    pub(in crate::health) fn vouched_until(&self) -> UnixMs {
        let last = self.last_round.unwrap_or(self.since);
        (last + self.vouch_ms).max(self.taken_up)
    }

    /// Until when the next round may come without a hole before it: two intervals.
    fn due_by(&self) -> UnixMs {
        self.last_round.unwrap_or(self.since) + 2 * self.vouch_ms
    }

    /// When a hole may be opened.
    pub(super) fn overdue_from(&self) -> UnixMs {
        self.due_by() + HOLE_GRACE_MS
    }

    /// True when at `t` no round has come for two intervals.
    pub(super) fn is_overdue(&self, t: UnixMs) -> bool {
        t > self.due_by()
    }

    /// From when nobody vouches for the subject once it is asked no more; at most `now`.
    pub(in crate::health) fn unasked_from(&self, now: UnixMs) -> UnixMs {
        if self.state == State::Unmeasured { self.since } else { self.vouched_until().min(now) }
    }

    /// Rule 8, at a tick: opens the hole that began when the last round's vouching ended.
    pub(in crate::health) fn open_hole(
        &mut self,
        subject: SubjectIx,
        now: UnixMs,
        effects: &mut Vec<Effect>,
    ) {
        self.open_hole_at(subject, now - HOLE_GRACE_MS, effects);
    }

    /// As [`Track::open_hole`], when no round is on its way any more.
    pub(in crate::health) fn open_hole_at(
        &mut self,
        subject: SubjectIx,
        at: UnixMs,
        effects: &mut Vec<Effect>,
    ) {
        if self.state != State::Unmeasured && self.is_overdue(at) {
            let from = self.vouched_until();
            self.since_before_hole = self.since.min(from);
            let entry = self.entry_at(from, State::Unmeasured);
            self.record(subject, vec![entry], effects);
        }
    }

    /// Rule 8, at a round: closes the open hole, or records the one that no tick saw, and takes
    /// the hard state up again. A hole that a tick opened although this round was on its way is
    /// taken back.
    pub(in crate::health) fn close_hole(
        &mut self,
        subject: SubjectIx,
        at: UnixMs,
        effects: &mut Vec<Effect>,
    ) {
        let is_open = self.state == State::Unmeasured && self.hard.is_some();
        let is_overdue = self.is_overdue(at);
        // Or the clock was set back, and it would begin in time that is still to come.
        let is_to_come = is_open && self.since >= at;
        let is_kept = std::mem::take(&mut self.is_hole_kept);
        if is_open && !is_overdue && !is_kept && self.last_round.is_some() || is_to_come {
            if let Some(hard) = self.hard {
                let entry = self.entry_at(self.since_before_hole, hard);
                self.record(subject, vec![entry], effects);
            }
            return;
        }
        let hole = if is_open {
            Span::new(self.since, at)
        } else if is_overdue {
            Span::new(self.vouched_until(), at)
        } else {
            return;
        };
        if hole.is_empty() {
            return;
        }
        self.seen_since = at;
        if !matches!(self.phase, Phase::Steady) {
            let is_full = self.holes.len() == HOLES_MAX;
            match self.holes.last_mut() {
                Some(last) if is_full => last.to = hole.to,
                _ => self.holes.push(hole),
            }
        }
        let Some(hard) = self.hard else { return };
        if hard == State::Down {
            self.note_hole_in_outage(hole);
        }
        let entries = [self.entry_at(hole.from, State::Unmeasured), self.entry_at(at, hard)];
        self.record(subject, entries[usize::from(is_open)..].to_vec(), effects);
    }

    /// When the check's last round was sent: before a round of that check the clock was set back.
    /// Answers of several checks come in any order.
    fn last_of(&self, check: u8) -> Option<UnixMs> {
        let own = self.checks.get(usize::from(check)).and_then(|counted| counted.heard);
        own.filter(|_| self.checks.len() > 1).or(self.last_round)
    }

    /// The round's time. When the clock was set back a little, just after the round before: what
    /// is recorded stays recorded, and judging goes on.
    pub(in crate::health) fn not_before_last(&mut self, check: u8, at: UnixMs) -> UnixMs {
        let last = self.last_of(check);
        let at = match last {
            Some(own) if at < own && !self.is_overtaken(check, at) => {
                self.last_round.max(last).unwrap_or(own) + 1
            }
            _ => at,
        };
        if let Some(counted) = self.checks.get_mut(usize::from(check)) {
            counted.heard = Some(at);
        }
        at
    }

    /// True when it is the first round of its check since the daemon started, and of others that were
    /// sent with it the answers came first.
    fn is_overtaken(&self, check: u8, at: UnixMs) -> bool {
        let is_first = self.checks.get(usize::from(check)).is_some_and(|c| c.heard.is_none());
        let newest = self.checks.iter().filter_map(|counted| counted.heard).max();
        is_first && newest.is_some_and(|newest| newest.since(at) < self.vouch_ms)
    }

    /// True when the check's round before was stamped by a clock that ran far ahead; of a subject that
    /// nothing was heard of yet, the record's end.
    pub(in crate::health) fn is_from_the_future(&self, check: u8, at: UnixMs) -> bool {
        let last = self.last_of(check).or(self.hard.is_none().then_some(self.since));
        last.is_some_and(|last| last.since(at) > SET_BACK_MAX_MS)
    }

    /// Takes what a wrong clock put into the future out of the record: from `at` on it reads as
    /// the hard state says. What has been counted so far counts still (rule 8), as of no later than
    /// `at`. An answer from time that is still to come stays the last one until there is another:
    /// nobody knows who fell silent first.
    pub(in crate::health) fn forget_future(
        &mut self,
        subject: SubjectIx,
        at: UnixMs,
        effects: &mut Vec<Effect>,
    ) {
        self.last_round = None;
        self.last_answer = None;
        self.phase = self.phase.no_later_than(at);
        for counted in &mut self.checks {
            counted.row.first = counted.row.first.min(at);
            counted.heard = None;
        }
        self.holes.iter_mut().for_each(|hole| hole.to = hole.to.min(at));
        self.holes.retain(|hole| hole.from < hole.to);
        self.asked_for = UnixMs(i64::MIN);
        self.hard_since = self.hard_since.min(at);
        self.live_since = self.live_since.min(at);
        self.seen_since = self.seen_since.min(at);
        self.down_from = at;
        self.down_holes.clear();
        self.taken_up = self.taken_up.min(at);
        let entry = self.entry_at(at, self.hard.unwrap_or(State::Unmeasured));
        self.record(subject, vec![entry], effects);
    }

    /// `state` from `since` on, interrupted by these holes.
    pub(super) fn entries_around(&self, holes: &[Span], since: UnixMs, state: State) -> Vec<Entry> {
        let mut entries = vec![self.entry_at(since, state)];
        for hole in holes.iter().filter(|hole| hole.to > since) {
            if hole.from <= since {
                // It began inside the hole; the record already says so.
                entries.clear();
            } else {
                entries.push(self.entry_at(hole.from, State::Unmeasured));
            }
            entries.push(self.entry_at(hole.to, state));
        }
        entries
    }

    /// A hole that is over lies in what is recorded as down. Of too many the first is given up, and
    /// what was before it stays as it is.
    pub(super) fn note_hole_in_outage(&mut self, hole: Span) {
        if self.down_holes.len() == HOLES_MAX {
            self.down_from = self.down_holes.remove(0).to;
        }
        self.down_holes.push(hole);
    }

    /// Start of the record's last entry.
    pub(in crate::health) const fn since(&self) -> UnixMs {
        self.since
    }

    pub(super) fn entry_at(&self, from: UnixMs, state: State) -> Entry {
        let cause = if state == State::Unreachable { self.cause } else { None };
        Entry { from, state, cause }
    }

    /// Makes `entries` the end of the record.
    pub(super) fn record(
        &mut self,
        subject: SubjectIx,
        entries: Vec<Entry>,
        effects: &mut Vec<Effect>,
    ) {
        if let Some(last) = entries.last() {
            self.is_calm = false;
            self.state = last.state;
            self.since = last.from;
            effects.push(Effect::Record { subject, entries });
        }
    }
}
