//! Verdicts: what a subject's rounds mean, given what it is reached through (DESIGN section 5,
//! rules 2, 3, 5, 6 and 12).

use std::collections::BTreeSet;

use super::passage::{self, Passage};
use super::track::Step;
use super::{Effect, Health, Rule};
use crate::model::{Round, State, SubjectIx, UnixMs};

impl Health {
    /// Judges a valid round that can be believed.
    pub(super) fn judge(&mut self, round: &Round, now: UnixMs, effects: &mut Vec<Effect>) {
        let subject = round.subject;
        let track = &mut self.tracks[subject.ix()];
        if track.is_from_the_future(round.check, round.at) {
            track.forget_future(subject, round.at, effects);
            // It was reckoned from a time that is still to come, and so was who is off outside
            // its hours.
            self.next_hole = UnixMs(i64::MIN);
            self.desk.touch();
        }
        let round = &Round { at: track.not_before_last(round.check, round.at), ..*round };
        if !track.is_decisive(round.check) {
            if let Some(state) = track.secondary_round(round) {
                let since = round.at.max(track.since());
                let rule = track.live_rule();
                track.change(subject, (state, rule), since, effects);
                self.desk.touch();
            }
            return;
        }
        track.close_hole(subject, round.at, effects);
        if let Some((hour, usual)) = track.learn(round) {
            effects.push(Effect::Usual { subject, hour, usual });
        }
        if track.count_flapping(round) {
            let begins = track.flap.is_on();
            effects.push(Effect::Flapping { subject, begins });
            self.desk.touch();
        }
        let was_live = track.hard.is_some_and(State::is_live);
        if !was_live && !round.is_failed() {
            // So that one that answers again by its second way is found degraded at once. Where it
            // has answered before the first one went, it was up until then.
            let first = track.view().answering.unwrap_or(round.at);
            let via = &self.inventory.subject(subject).via;
            let way = passage::second_way(&self.inventory, &self.tracks, via);
            let cause = way.filter(|w| w.since <= first).and_then(|w| w.cause);
            self.tracks[subject.ix()].found_by(cause);
        }
        let track = &mut self.tracks[subject.ix()];
        match track.decisive_round(round, now) {
            Step::None => self.reconsider(subject, round, effects),
            Step::Confirmed => {
                self.held.insert(subject);
                self.try_verdict(subject, now, effects);
            }
            Step::Live { state, since, rule } => {
                self.held.remove(&subject);
                self.tracks[subject.ix()].change(subject, (state, rule), since, effects);
                self.desk.touch();
                if !was_live {
                    self.rethink_backup(subject, true, effects);
                    self.parent_recovered(subject, since, effects);
                    self.rethink_backup_beneath(subject, effects);
                }
            }
            Step::Calmed => {
                self.held.remove(&subject);
            }
        }
        self.settle_held(subject, now, effects);
        let track = &mut self.tracks[subject.ix()];
        track.note_calm();
        // A round that was on its way while the machine slept may be overdue already.
        self.next_hole = self.next_hole.min(track.overdue_at().unwrap_or(self.next_hole));
    }

    /// An unreachable subject failed again: its way may have opened, or be blocked by something
    /// else, without any news about the parent that it was blamed on (the daemon was restarted,
    /// the inventory changed, or the subject answered for a moment and failed again).
    fn reconsider(&mut self, subject: SubjectIx, round: &Round, effects: &mut Vec<Effect>) {
        if !round.is_failed() || !self.tracks[subject.ix()].is_settled_unreachable() {
            return;
        }
        match self.passage(subject, UnixMs(i64::MIN)) {
            Passage::Blocked(cause) => self.recause(subject, cause, round.at, effects),
            Passage::Open | Passage::Undecided(_) => {
                if self.tracks[subject.ix()].start_proving(round.at) {
                    self.desk.touch();
                }
            }
        }
    }

    /// Gives the verdict on a confirmed failure, or leaves it held while an ancestor is undecided.
    pub(super) fn try_verdict(
        &mut self,
        subject: SubjectIx,
        now: UnixMs,
        effects: &mut Vec<Effect>,
    ) {
        let Some((first, last)) = self.tracks[subject.ix()].confirmed_run() else {
            self.held.remove(&subject);
            return;
        };
        let track = &self.tracks[subject.ix()];
        let expired = track.held_too_long(now);
        let confirmed = if track.hard.is_some_and(State::is_outage) {
            Rule::StillSilent
        } else {
            Rule::Confirmed
        };
        let (state, rule, cause) = match self.passage(subject, first) {
            Passage::Open => (State::Down, confirmed, None),
            Passage::Blocked(cause) => (State::Unreachable, Rule::Blocked, Some(cause)),
            // Too late to wait: by what was decided last.
            Passage::Undecided(_) if expired => match self.passage(subject, UnixMs(i64::MIN)) {
                Passage::Blocked(cause) => (State::Unreachable, Rule::Blocked, Some(cause)),
                Passage::Open | Passage::Undecided(_) => (State::Down, Rule::WindowOver, None),
            },
            Passage::Undecided(waiting) => {
                // A suspect ancestor is asked at its retry pace anyway; a stale one would wait
                // for its next turn.
                for ancestor in waiting {
                    let track = &mut self.tracks[ancestor.ix()];
                    if track.ask_once_for(last) {
                        effects.push(Effect::AskNow { subject: ancestor });
                    }
                }
                return;
            }
        };
        self.held.remove(&subject);
        self.tracks[subject.ix()].fail(subject, (state, rule), cause, first, effects);
        self.desk.touch();
        self.tell_pace(subject, effects);
        self.absorb_beneath(subject, effects);
        // After it, so that nobody is left with a cause that is itself a consequence.
        self.recause_beneath(subject, now, effects);
        self.rethink_backup_beneath(subject, effects);
        if state == State::Down {
            self.ask_beneath(subject, effects);
        }
        self.settle_held(subject, now, effects);
    }

    /// Something is down: what is reached through it is probably lost too, and is asked now
    /// instead of at its next turn, so that the impact is known after `confirm` retries.
    fn ask_beneath(&self, subject: SubjectIx, effects: &mut Vec<Effect>) {
        for child in self.beneath(subject) {
            if self.tracks[child.ix()].is_quiet() {
                effects.push(Effect::AskNow { subject: child });
            }
        }
    }

    /// After news about `subject`: verdicts on what lies beneath it may be given now.
    pub(super) fn settle_held(
        &mut self,
        subject: SubjectIx,
        now: UnixMs,
        effects: &mut Vec<Effect>,
    ) {
        if self.held.is_empty() {
            return;
        }
        for child in self.beneath(subject) {
            if self.held.contains(&child) {
                self.try_verdict(child, now, effects);
            }
        }
    }

    /// A parent answers again: what was unreachable through it must prove itself (rule 6).
    fn parent_recovered(&mut self, parent: SubjectIx, at: UnixMs, effects: &mut Vec<Effect>) {
        for child in self.beneath(parent) {
            if self.tracks[child.ix()].hard != Some(State::Unreachable) {
                continue;
            }
            match self.passage(child, UnixMs(i64::MIN)) {
                Passage::Blocked(cause) => self.recause(child, cause, at, effects),
                Passage::Open | Passage::Undecided(_) => {
                    // Of several needed ways the last one opens it, whichever is heard of last.
                    let via = &self.inventory.subject(child).via;
                    let open = passage::open_since(&self.inventory, &self.tracks, via);
                    if self.tracks[child.ix()].start_proving(at.max(open)) {
                        self.desk.touch();
                        self.tell_pace(child, effects);
                        effects.push(Effect::AskNow { subject: child });
                    }
                }
            }
        }
    }

    /// A subject went down or unreachable: what is unreachable beneath it may have another root
    /// cause from now on, and what had begun to prove itself is cut off again.
    fn recause_beneath(&mut self, subject: SubjectIx, now: UnixMs, effects: &mut Vec<Effect>) {
        for child in self.beneath(subject) {
            if self.tracks[child.ix()].hard != Some(State::Unreachable) {
                continue;
            }
            if let Passage::Blocked(cause) = self.passage(child, UnixMs(i64::MIN)) {
                if self.tracks[child.ix()].stop_proving() {
                    self.held.remove(&child);
                    self.desk.touch();
                    self.tell_pace(child, effects);
                }
                self.recause(child, cause, now, effects);
            }
        }
    }

    /// Another root cause from `at` on; one that answers again is no cause, and while what it left
    /// behind proves itself nobody else is to blame yet.
    fn recause(
        &mut self,
        child: SubjectIx,
        cause: SubjectIx,
        at: UnixMs,
        effects: &mut Vec<Effect>,
    ) {
        let is_cause = self.tracks[cause.ix()].hard == Some(State::Down);
        if is_cause && self.tracks[child.ix()].recause(child, cause, at, effects) {
            self.desk.touch();
        }
    }

    /// A subject went down or unreachable, and what is reached through it was found down before it:
    /// what fell silent when `subject` did not answer any more did so because of it, too.
    fn absorb_beneath(&mut self, subject: SubjectIx, effects: &mut Vec<Effect>) {
        for child in self.beneath(subject) {
            let track = &self.tracks[child.ix()];
            let since = track.hard_since();
            if !track.is_settled_down() || !self.tracks[subject.ix()].was_silent_at(since) {
                continue;
            }
            // A redundant way that answered later was open when the child fell silent.
            let via = &self.inventory.subject(child).via;
            let silent = passage::silent_since(&self.inventory, &self.tracks, via);
            if silent.is_none_or(|silent| silent >= since) {
                continue;
            }
            if let Passage::Blocked(cause) = self.passage(child, UnixMs(i64::MIN))
                && self.tracks[cause.ix()].was_silent_at(since)
            {
                self.tracks[child.ix()].blame(child, cause, effects);
                self.tell_pace(child, effects);
            }
        }
    }

    /// News about `subject`: what is reached through it may have lost or regained its preferred
    /// way.
    fn rethink_backup_beneath(&mut self, subject: SubjectIx, effects: &mut Vec<Effect>) {
        for child in self.beneath(subject) {
            self.rethink_backup(child, true, effects);
        }
    }

    /// Rule 12: whether the subject is reached by a second way only, and since when. Unless there
    /// `is_news` of what it is reached through, the inventory or a date has changed that.
    pub(super) fn rethink_backup(
        &mut self,
        subject: SubjectIx,
        is_news: bool,
        effects: &mut Vec<Effect>,
    ) {
        let via = &self.inventory.subject(subject).via;
        let way = passage::second_way(&self.inventory, &self.tracks, via);
        let was_on_backup = self.tracks[subject.ix()].view().backup.is_some();
        if was_on_backup && way.is_some_and(|w| !w.is_open) {
            // The last way went, too: it has been on its backup until its own rounds tell.
            return;
        }
        let track = &mut self.tracks[subject.ix()];
        let Some(state) = track.set_backup(way.and_then(|w| w.cause)) else { return };
        // Without news up to here it had been on it: what was recorded of that stays.
        let way = way.filter(|w| is_news || w.cause.is_some());
        let since = way.map_or(track.last_round(), |w| Some(w.since));
        let since = since.unwrap_or(track.since()).max(track.since());
        let rule = track.live_rule();
        track.change(subject, (state, rule), since, effects);
        self.desk.touch();
    }

    /// True when `subject` is reached through `ancestor`, or may be.
    pub(super) fn is_above(&self, ancestor: SubjectIx, subject: SubjectIx) -> bool {
        self.beneath(ancestor).contains(&subject)
    }

    /// Everything reached through `subject`, nearest first.
    pub(super) fn beneath(&self, subject: SubjectIx) -> Vec<SubjectIx> {
        let mut found: Vec<SubjectIx> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut next = 0;
        let mut at = subject;
        loop {
            for &child in self.inventory.dependents(at) {
                if seen.insert(child) {
                    found.push(child);
                }
            }
            match found.get(next) {
                Some(&child) => at = child,
                None => return found,
            }
            next += 1;
        }
    }

    /// Whether `subject` could be reached, judged by its ancestors' rounds sent after `first`.
    pub(super) fn passage(&self, subject: SubjectIx, first: UnixMs) -> Passage {
        passage::passage(&self.inventory, &self.tracks, &self.inventory.subject(subject).via, first)
    }
}
