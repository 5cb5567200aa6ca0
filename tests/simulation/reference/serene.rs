//! Who need not be looked at: most rounds there are change nothing but when a subject was last heard
//! of, and of all others only those whose own lot, or that of what they are reached through, may have
//! changed.

use std::ops::{Index, IndexMut};

use tuantra::model::{Round, SubjectIx};

use super::{Known, Reference};

impl Known {
    /// There is more to its next round than time.
    fn stir(&mut self) {
        if std::mem::take(&mut self.is_serene) {
            self.heard[0] = self.last_round;
        }
    }
}

/// What is known of all subjects. Whoever is given out to be changed is noted: it is not serene until
/// it was looked at again, and it has moved.
#[derive(Debug, Default)]
pub(super) struct Knowns {
    all: Vec<Known>,
    /// Who may have changed since the last [`Self::rest`], each once; and whose verdict waits.
    moved: Vec<SubjectIx>,
}

impl Knowns {
    /// Who may have changed, or waits for others to do so.
    pub(super) fn moved(&self) -> &[SubjectIx] {
        &self.moved
    }

    /// There is more to its next round than time.
    pub(super) fn stir(&mut self, subject: SubjectIx) {
        self.all[subject.ix()].stir();
    }

    /// What has moved was looked at.
    pub(super) fn rest(&mut self) {
        let all = &mut self.all;
        self.moved.retain(|subject| {
            let known = &mut all[subject.ix()];
            known.has_moved = known.held_since.is_some();
            known.has_moved
        });
    }

    /// It is given out to be changed.
    fn note(&mut self, n: usize) -> &mut Known {
        let known = &mut self.all[n];
        known.stir();
        if !known.has_moved {
            known.has_moved = true;
            self.moved.push(SubjectIx(n as u32));
        }
        known
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Known> {
        self.all.iter()
    }
}

impl Index<usize> for Knowns {
    type Output = Known;
    fn index(&self, n: usize) -> &Known {
        &self.all[n]
    }
}

impl IndexMut<usize> for Knowns {
    fn index_mut(&mut self, n: usize) -> &mut Known {
        self.note(n)
    }
}

impl<'a> IntoIterator for &'a mut Knowns {
    type Item = &'a mut Known;
    type IntoIter = std::slice::IterMut<'a, Known>;
    fn into_iter(self) -> Self::IntoIter {
        for n in 0..self.all.len() {
            self.note(n);
        }
        self.all.iter_mut()
    }
}

impl IntoIterator for Knowns {
    type Item = Known;
    type IntoIter = std::vec::IntoIter<Known>;
    fn into_iter(self) -> Self::IntoIter {
        self.all.into_iter()
    }
}

impl FromIterator<Known> for Knowns {
    fn from_iter<I: IntoIterator<Item = Known>>(all: I) -> Self {
        let all = all.into_iter().map(|known| Known { has_moved: false, ..known });
        let mut knowns = Self { all: all.collect(), moved: Vec::new() };
        (0..knowns.all.len()).for_each(|n| {
            knowns.note(n);
        });
        knowns
    }
}

impl Reference {
    /// A good round in time of a subject with one check, no baseline and nothing bad in its memory
    /// changes nothing but when it was last heard of. True when this was one.
    #[inline]
    pub(super) fn only_moves_time(&mut self, round: &Round) -> bool {
        let known = &mut self.known.all[round.subject.ix()];
        let Some(last) = known.last_round else { return false };
        let is_good = round.sent > 0
            && round.lost == 0
            && round.error.is_none()
            && round.rtts.as_slice().iter().all(|us| *us <= known.rtt_us);
        let is_in_time = last < round.at && round.at <= last + known.gap_ms;
        if !(known.is_serene && is_good && is_in_time) {
            return false;
        }
        known.last_round = Some(round.at);
        known.last_answer = Some(round.at);
        true
    }

    /// Looks after a round whether the next good ones only move time.
    pub(super) fn note_serenity(&mut self, subject: SubjectIx) {
        let found = self.inventory.subject(subject);
        let params = &found.health;
        let is_alone = found.checks.len() == 1;
        let is_simple = params.baseline_tenths.is_none() && !self.waiting.contains_key(&subject);
        let known = &mut self.known.all[subject.ix()];
        known.is_alone = is_alone;
        let is_heard = known.heard[0] == known.last_round;
        known.is_serene = is_alone && is_simple && is_heard && known.is_serene(params);
        (known.gap_ms, known.rtt_us) = (2 * params.interval_ms, params.rtt_us);
    }

    /// Who is held, in an outage or may be on a backup, and has moved, or something that it is reached
    /// through has: for all others nothing has changed since all was settled. Parents come before
    /// children.
    pub(super) fn concerned(&self) -> Vec<SubjectIx> {
        let mut is_found = vec![false; self.inventory.subjects.len()];
        let mut found: Vec<SubjectIx> = self.known.moved().to_vec();
        found.iter().for_each(|subject| is_found[subject.ix()] = true);
        let mut next = 0;
        while let Some(subject) = found.get(next).copied() {
            for child in self.inventory.dependents(subject) {
                if !std::mem::replace(&mut is_found[child.ix()], true) {
                    found.push(*child);
                }
            }
            next += 1;
        }
        found.retain(|subject| self.is_concerned(*subject));
        found.sort_unstable();
        found
    }
}
