//! The reference's verdicts on who is in doubt, or in an outage already (rules 5, 6 and 12).

use tuantra::model::{State, SubjectIx, UnixMs, Via};

use super::ways::has_any;
use super::{Passage, Quirk, Reference};

impl Reference {
    /// Looks at everything until nothing changes any more, parents before children.
    pub(super) fn settle(&mut self, now: UnixMs) {
        if self.is_settled {
            return;
        }
        // Nobody else is held, in an outage, or may be on a backup by what comes of it.
        let concerned = self.concerned();
        while !self.is_settled {
            self.is_settled = true;
            for subject in concerned.iter().copied() {
                if self.judge_held(subject, now) {
                    // Of two ways that go at once one goes first.
                    concerned.iter().for_each(|s| self.judge_backup(*s));
                }
                self.judge_way(subject, now);
                self.judge_backup(subject);
            }
        }
        self.fell.clear();
        self.rose.clear();
        self.known.rest();
    }

    pub(super) fn is_concerned(&self, subject: SubjectIx) -> bool {
        let known = self.known(subject);
        known.hard.is_some_and(|(state, _)| state.is_outage())
            || known.held_since.is_some()
            || self.may_have_backup(subject)
    }

    /// It has a second way, or had one.
    fn may_have_backup(&self, subject: SubjectIx) -> bool {
        let known = self.known(subject);
        known.backup_since.is_some() || known.is_backup_late || self.choices[subject.ix()]
    }

    /// 5: a confirmed failure becomes `down` or `unreachable` as soon as its way is decided, and
    /// at the latest after `correlation_window`.
    pub(super) fn judge_held(&mut self, subject: SubjectIx, now: UnixMs) -> bool {
        let Some(held_since) = self.known(subject).held_since else { return false };
        let params = self.inventory.subject(subject).health;
        let known = self.known(subject);
        // What proves itself failed for the first time after the parent's recovery and the hole that
        // this was heard of in.
        let first = match known.proving_since {
            Some(since) => since.max(known.proof_seen_since),
            None => known.confirmed_run()[0],
        };
        let via = self.via(subject);
        // The bound is looked after by ticks and whenever an ancestor is heard of.
        let is_heard = now == held_since && params.correlation_window_ms == 0
            || self.is_tick
            || self.heard_of.is_some_and(|p| self.is_above(p, &via));
        // Set back, the clock says nothing about how long it waited.
        let in_time = 0..params.correlation_window_ms;
        let is_over = is_heard && !in_time.contains(&now.since(held_since));
        let passage = match self.quirk {
            Some(Quirk::BlamesChildren) => Passage::Open,
            // What proves itself after its root recovered is waited for.
            _ => match self.passage(&via, first) {
                Passage::Blocked if self.root_cause(&via).is_none() => Passage::Undecided,
                passage => passage,
            },
        };
        let is_blocked = match passage {
            Passage::Undecided if !is_over => return false,
            // Too late to wait: by what was decided last.
            Passage::Undecided => self.blocked_since(&via).is_some(),
            decided => decided == Passage::Blocked,
        };
        let (state, cause) = match is_blocked {
            true => (State::Unreachable, self.root_cause(&via)),
            false => (State::Down, None),
        };
        self.fell.push(subject);
        if is_blocked {
            self.excuse_run(subject);
        }
        let starts_late = self.quirk == Some(Quirk::StartsAtConfirmation);
        let known = &mut self.known[subject.ix()];
        self.held -= 1;
        known.held_since = None;
        // 6: who proved nothing is down from the parent's recovery on.
        let proving_since = known.proving_since.take();
        let mut from = proving_since.unwrap_or(first);
        if let (true, Some(last)) = (starts_late, known.confirmed_run().last()) {
            from = *last;
        }
        known.forget_failed();
        if known.last_step() != (state, cause.as_ref()) {
            match proving_since {
                Some(_) => known.step(from, state, cause),
                None => known.step_at_round(from, state, cause),
            }
            self.changed.push(subject);
        }
        self.is_settled = false;
        true
    }

    /// True when it is down and the subject is reached through it.
    pub fn may_blame(&self, subject: SubjectIx, cause: &str) -> bool {
        let down = self
            .inventory
            .find_subject(cause)
            .filter(|p| self.known(*p).hard.is_some_and(|(state, _)| state == State::Down));
        down.is_some_and(|p| self.is_above(p, &self.via(subject)))
    }

    pub(super) fn is_above(&self, p: SubjectIx, via: &Via) -> bool {
        let parents = via.subjects();
        parents.contains(&p)
            || parents.into_iter().any(|q| self.is_above(p, &self.inventory.subject(q).via))
    }

    /// 5 and 6 for who is in an outage already: blocked meanwhile, it is unreachable; open again,
    /// it must prove itself.
    pub(super) fn judge_way(&mut self, subject: SubjectIx, now: UnixMs) {
        let known = self.known(subject);
        let Some((state, _)) = known.hard.filter(|(state, _)| state.is_outage()) else { return };
        let via = self.via(subject);
        match (state, self.blocked_since(&via)) {
            // What it is reached through fell silent first and was found out later: blamed by mistake.
            (State::Down, Some(_))
                if !known.is_back
                    && self.fell.iter().any(|p| {
                        let answer = self.known(*p).last_answer;
                        self.is_above(*p, &via)
                            && answer.is_none_or(|t| t < known.last_outage_since())
                    })
                    && self.silent_since(&via).is_some_and(|t| t < known.last_outage_since())
                    && self.nearest_down(&via).is_some_and(|(_, _, root)| {
                        let answer = self.known(root).last_answer;
                        answer.is_none_or(|t| t < known.last_outage_since())
                    }) =>
            {
                let cause = self.root_cause(&via);
                let known = &mut self.known[subject.ix()];
                known.step(known.last_step_from(), State::Unreachable, cause);
                self.excuse_run(subject);
                self.changed.push(subject);
                self.is_settled = false;
            }
            (State::Unreachable, Some(_)) => {
                let cause = self.root_cause(&via);
                if known.proving_since.is_none()
                    && (cause.is_none() || known.last_step().1 == cause.as_ref())
                {
                    return;
                }
                let known = &mut self.known[subject.ix()];
                if known.proving_since.take().is_some() {
                    known.forget_failed();
                    if known.held_since.take().is_some() {
                        self.held -= 1;
                    }
                }
                // While what blocks it proves itself nobody else is to blame yet.
                if cause.is_some() && known.last_step().1 != cause.as_ref() {
                    known.step(now.max(known.last_step_from()), State::Unreachable, cause);
                    self.changed.push(subject);
                    self.is_settled = false;
                }
            }
            (State::Unreachable, None) if known.proving_since.is_none() && !known.is_back => {
                let recovery = self.rose.iter().find(|(p, _)| self.is_above(*p, &via));
                let Some((_, at)) = recovery.copied() else { return };
                // Of several needed ways the last one opens it, whichever is heard of last.
                let at = at.max(self.open_since(&via));
                let known = &mut self.known[subject.ix()];
                known.proving_since = Some(at.max(known.last_outage_since()));
                known.proof_seen_since = known.holes.last().map_or(UnixMs(0), |hole| hole.to);
                known.forget_failed();
            }
            _ => {}
        }
    }

    /// 12: a live subject whose preferred way is blocked while another is open is degraded, from
    /// the preferred way's outage on, and no longer when that is open again.
    pub(super) fn judge_backup(&mut self, subject: SubjectIx) {
        let known = self.known(subject);
        let Some((state, _)) = known.hard else { return };
        if known.open_hole.is_some() {
            return; // Nobody knows; its next round will tell.
        }
        if !self.may_have_backup(subject) {
            return;
        }
        let via = self.via(subject);
        if self.known(subject).is_in_doubt() {
            // 2: a suspect is still counted by its last hard state, until it answers.
            let is_other =
                self.backup_since(&via).is_some() != self.known(subject).backup_since.is_some();
            if is_other != self.known(subject).is_backup_late {
                self.known[subject.ix()].is_backup_late = is_other;
            }
            return;
        }
        let backup_since = self.backup_since(&via).filter(|_| state.is_live());
        let before = self.known(subject).backup_since;
        let is_cut = self.has_lost_choice(&via);
        if state.is_live() && before.is_some() && is_cut {
            self.known[subject.ix()].is_backup_late = false;
            return; // The last way went, too: its own rounds will tell.
        }
        if backup_since.is_some() == before.is_some() {
            if self.known(subject).is_backup_late {
                self.known[subject.ix()].is_backup_late = false;
            }
            return;
        }
        let is_news = self.rose.iter().any(|(p, _)| self.is_above(*p, &via));
        let again = match has_any(&via) && is_news {
            true => self.preferred_again(&via),
            // Another inventory knows of no second way, or of another one: up to here it had been
            // on it.
            false => self.known(subject).last_round.unwrap_or(UnixMs(0)),
        };
        let has_risen = self.rose.iter().any(|(p, _)| *p == subject);
        let known = &mut self.known[subject.ix()];
        let is_late = std::mem::take(&mut known.is_backup_late);
        known.backup_since = backup_since;
        if state.is_live() && known.live_state() != state {
            let from = match backup_since {
                _ if is_late => known.newest_heard().unwrap_or(UnixMs(0)),
                // It was when it began to answer, whatever hole came then.
                Some(since) if has_risen && since <= known.last_step_from() => {
                    known.last_step_from()
                }
                Some(since) => since.max(known.recorded_since()),
                None => again.max(known.recorded_since()),
            };
            known.step_at_round(from, known.live_state(), None);
        }
        self.changed.push(subject);
        self.is_settled = false;
    }
}
