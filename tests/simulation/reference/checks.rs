//! The reference's view of a subject's checks: each is counted for itself. The primary one and the
//! critical ones *decide*; the others only degrade.

use std::rc::Rc;

use tuantra::model::{Subject, SubjectIx, UnixMs};

use super::{Known, Quirk, Reference};

/// More rounds in a row than any threshold asks for.
const ENOUGH: usize = 20;

/// The last rounds of one check.
#[derive(Debug, Clone, Default)]
pub(super) struct Run {
    /// Send times of the failed rounds in a row without a verdict (of a subject that proves itself:
    /// since the parent's recovery).
    pub(super) failed: Vec<UnixMs>,
    /// Send times of the answered rounds in a row.
    pub(super) answered: Vec<UnixMs>,
    /// It has failed `confirm` times in a row.
    is_confirmed: bool,
}

/// A check that only degrades.
#[derive(Debug, Clone, Default)]
pub(super) struct Other {
    /// Its rounds, newest last: did they fail?
    rounds: Vec<bool>,
    /// It has failed `confirm` times in a row, and not answered `recover` times in a row since.
    pub(super) is_lost: bool,
}

impl Known {
    /// 2: a check that decides has failed since the last verdict.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.runs.values().any(|run| !run.failed.is_empty())
    }

    /// What failed does not count any more.
    pub(super) fn forget_failed(&mut self) {
        for run in self.runs.values_mut() {
            run.failed.clear();
            run.is_confirmed = false;
        }
        self.held_by = None;
    }

    /// Send times of the failed rounds of the check whose failure is confirmed.
    pub(super) fn confirmed_run(&self) -> &[UnixMs] {
        let run = self.held_by.and_then(|check| self.runs.get(&check));
        run.map_or(&[], |run| &run.failed)
    }

    /// A round of a check that decides failed; true when its failure is confirmed by that.
    pub(super) fn count_failed(&mut self, check: u8, at: UnixMs, confirm: usize) -> bool {
        let run = self.runs.entry(check).or_default();
        run.failed.push(at);
        run.is_confirmed = run.failed.len() >= confirm;
        let is_news = run.is_confirmed && self.held_by.is_none();
        if is_news {
            self.held_by = Some(check);
        }
        is_news
    }

    /// A round of a check that decides was answered; true when nothing is confirmed any more.
    pub(super) fn count_answered(&mut self, check: u8, at: UnixMs) -> bool {
        let run = self.runs.entry(check).or_default();
        run.failed.clear();
        run.is_confirmed = false;
        if run.answered.len() < ENOUGH {
            run.answered.push(at);
        }
        if self.held_by != Some(check) {
            return false;
        }
        let confirmed = self.runs.iter().filter(|(_, run)| run.is_confirmed);
        let worst = confirmed.max_by_key(|(_, run)| {
            (run.failed.len(), std::cmp::Reverse(run.failed.first().copied()))
        });
        self.held_by = worst.map(|(check, _)| *check);
        self.held_by.is_none()
    }

    /// 3: when the last of these checks began to answer, if each has answered `recover` rounds in a
    /// row; the outage ends then.
    pub(super) fn answered_since(&self, checks: &[u8], recover: usize) -> Option<UnixMs> {
        let since = |check: &u8| {
            let run = self.runs.get(check)?;
            (run.answered.len() >= recover).then(|| run.answered[0])
        };
        checks.iter().map(since).collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// A check that does not decide fails.
    pub(super) fn is_half_lost(&self) -> bool {
        self.others.values().any(|other| other.is_lost)
    }
}

impl Reference {
    /// The checks that decide.
    pub(super) fn decisive(&self, subject: SubjectIx) -> Rc<[u8]> {
        Rc::clone(&self.decisive[subject.ix()])
    }

    /// By the inventory in force.
    pub(super) fn find_decisive(&mut self) {
        let decisive = |subject: &Subject| self.decisive_of(subject);
        self.decisive = self.inventory.subjects.iter().map(decisive).collect();
    }

    fn decisive_of(&self, subject: &Subject) -> Rc<[u8]> {
        let checks = (0_u8..).zip(&subject.checks);
        let decides = checks.filter(|(n, check)| match self.quirk {
            Some(Quirk::SecondaryTakesDown) => true,
            Some(Quirk::CriticalOnlyDegrades) => *n == 0,
            _ => *n == 0 || check.critical,
        });
        decides.map(|(n, _)| n).collect()
    }

    /// A round of a check that does not decide: lost after `confirm` failed ones in a row, back after
    /// `recover` answered ones in a row.
    pub(super) fn other_round(&mut self, subject: SubjectIx, check: u8, at: UnixMs, failed: bool) {
        let params = self.inventory.subject(subject).health;
        let known = &mut self.known[subject.ix()];
        let other = known.others.entry(check).or_default();
        other.rounds.push(failed);
        if other.rounds.len() > ENOUGH {
            other.rounds.remove(0);
        }
        let needed = usize::from(if failed { params.confirm } else { params.recover });
        let in_a_row = other.rounds.iter().rev().take_while(|round| **round == failed).count();
        if in_a_row >= needed {
            other.is_lost = failed;
        }
        // 2: a suspect is still counted by its last hard state; and in a hole nobody knows, even if
        // it has not been noticed yet.
        let is_overdue = known.last_round.is_some_and(|last| at > last + 2 * params.interval_ms);
        let is_stale = known.hard.is_some_and(|(s, _)| s.is_live() && s != known.live_state());
        if is_stale && !known.is_in_doubt() && known.open_hole.is_none() && !is_overdue {
            known.step(at.max(known.recorded_since()), known.live_state(), None);
            self.changed.push(subject);
        }
    }
}
