//! How verdicts, once given, change a subject.

use super::{Phase, Row, Track};
use crate::health::{Effect, Entry, Rule};
use crate::model::{State, Subject, SubjectIx, UnixMs};

impl Track {
    /// Nobody asks it any more, by its entry: forget what was known.
    pub(in crate::health) fn switch_off(
        &mut self,
        now: UnixMs,
        subject: &Subject,
    ) -> Option<Entry> {
        let from = self.unasked_from(now);
        let was_recorded = self.state != State::Unmeasured;
        let since = if was_recorded { from } else { self.since };
        *self = Self::blank(subject, State::Unmeasured, since);
        was_recorded.then(|| self.entry())
    }

    /// Rule 12: it is reached by a second way only, because of `cause`; or by its preferred way.
    /// Returns the state this makes of a live subject, when that is another one.
    pub(in crate::health) fn set_backup(&mut self, cause: Option<SubjectIx>) -> Option<State> {
        self.backup = cause;
        // Another inventory may have taken the cause of its being on the backup away.
        self.live_state_if_changed()
    }

    /// The way by which one that is not live yet answers.
    pub(in crate::health) const fn found_by(&mut self, backup: Option<SubjectIx>) {
        self.backup = backup;
    }

    /// A verdict that the subject is live, as `state`, from `since` on; holes since then stay
    /// holes.
    pub(in crate::health) fn change(
        &mut self,
        subject: SubjectIx,
        (state, rule): (State, Rule),
        since: UnixMs,
        effects: &mut Vec<Effect>,
    ) {
        let before = self.hard.replace(state);
        let outage_since = before.filter(|s| s.is_outage()).map(|_| self.hard_since);
        if !before.is_some_and(State::is_live) {
            self.live_since = since;
        }
        self.hard_since = since;
        self.cause_before = self.cause.take();
        self.rule = rule;
        let holes = std::mem::take(&mut self.holes);
        let entries = self.entries_around(&holes, since, state);
        self.record(subject, entries, effects);
        effects.push(Effect::Verdict {
            subject,
            before,
            after: state,
            since,
            cause: None,
            rule,
            outage_since,
        });
    }

    /// A verdict that the subject is down or unreachable from `since` on; holes since then stay
    /// holes.
    pub(in crate::health) fn fail(
        &mut self,
        subject: SubjectIx,
        (state, rule): (State, Rule),
        cause: Option<SubjectIx>,
        since: UnixMs,
        effects: &mut Vec<Effect>,
    ) {
        self.phase = Phase::Steady;
        if state == State::Unreachable {
            self.flap.excuse_failure();
        }
        let before = self.hard;
        if before == Some(state) && self.cause == cause {
            self.holes.clear();
            return;
        }
        self.hard = Some(state);
        self.rule = rule;
        // Which way it is reached by is found out anew when it answers again.
        self.backup = None;
        self.cause_before = std::mem::replace(&mut self.cause, cause);
        if !before.is_some_and(State::is_outage) {
            self.hard_since = since;
        }
        let mut holes = std::mem::take(&mut self.holes);
        if before != Some(State::Unreachable) {
            // A round of its own ends the hole it was sent in, also where that of another check,
            // sent later, was heard of first. One that proves itself is dated by its parent.
            holes.retain(|hole| !hole.contains(since));
        }
        let entries = self.entries_around(&holes, since, state);
        // Should it turn out to be somebody else's outage, all of it is.
        (self.down_from, self.down_holes) = (since, holes);
        self.record(subject, entries, effects);
        effects.push(Effect::Verdict {
            subject,
            before,
            after: state,
            since,
            cause,
            rule,
            outage_since: None,
        });
    }

    /// The outage that was taken for the subject's own is `cause`'s, from when it is recorded as
    /// its own on; holes since then stay holes.
    pub(in crate::health) fn blame(
        &mut self,
        subject: SubjectIx,
        cause: SubjectIx,
        effects: &mut Vec<Effect>,
    ) {
        self.flap.excuse_failure();
        let before = self.hard.replace(State::Unreachable);
        self.rule = Rule::BlockedLater;
        self.cause = Some(cause);
        let since = self.hard_since;
        let holes = std::mem::take(&mut self.down_holes);
        let mut entries =
            self.entries_around(&holes, since.max(self.down_from), State::Unreachable);
        if self.state == State::Unmeasured {
            entries.push(self.entry_at(self.since, State::Unmeasured));
        }
        self.record(subject, entries, effects);
        effects.push(Effect::Verdict {
            subject,
            before,
            after: State::Unreachable,
            since,
            cause: self.cause,
            rule: self.rule,
            outage_since: None,
        });
    }

    /// Another root cause of the same unreachability; false when it is the one there was.
    pub(in crate::health) fn recause(
        &mut self,
        subject: SubjectIx,
        cause: SubjectIx,
        at: UnixMs,
        effects: &mut Vec<Effect>,
    ) -> bool {
        if self.cause == Some(cause) {
            return false;
        }
        self.cause = Some(cause);
        if self.state == State::Unreachable {
            let entry = self.entry_at(at.max(self.since), State::Unreachable);
            self.record(subject, vec![entry], effects);
        }
        true
    }

    /// The way is open again from `at`: true when the subject now has to prove itself.
    pub(in crate::health) fn start_proving(&mut self, at: UnixMs) -> bool {
        if self.phase != Phase::Steady {
            return false;
        }
        self.is_calm = false;
        self.holes.clear();
        // What failed did so because of the parent; what answers goes on doing so.
        for counted in self.checks.iter_mut().filter(|counted| counted.row.failed > 0) {
            counted.row = Row::default();
        }
        // What it answered after the parent's first answer is no failure to prove itself.
        // A hole that is over stays one, even where the parent's first answer lies inside it, and
        // where another has begun since.
        let from = at.max(self.hard_since).max(self.seen_since);
        self.phase = Phase::Proving { from, count: 0 };
        true
    }

    /// The way is blocked again: true when it was proving itself, which it cannot now.
    pub(in crate::health) fn stop_proving(&mut self) -> bool {
        let is_proving = match self.phase {
            Phase::Proving { .. } => true,
            Phase::Held { .. } => self.hard == Some(State::Unreachable),
            _ => false,
        };
        if is_proving {
            self.phase = Phase::Steady;
            self.holes.clear();
        }
        is_proving
    }
}
