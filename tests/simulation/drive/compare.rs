//! Holds the core against the reference.

use tuantra::model::{State, SubjectId, SubjectIx};

use super::{Failure, Run};
use crate::records::{Stretch, states};
use crate::reference::Reference;
use crate::subject_under_test::Core;

impl Run<'_> {
    /// Neither has said anything that would have to be compared.
    #[inline]
    pub(super) fn is_quiet(&self) -> bool {
        let has_seen = |model: &Reference| model.is_silent() && model.has_always_seen();
        self.core.as_ref().is_some_and(Core::is_silent)
            && self.reference.as_ref().is_none_or(has_seen)
            && self.blind.is_empty()
            && self.touched.is_empty()
            && self.complaint.is_none()
    }

    /// The last verdicts of who was spoken of must be the same.
    pub(super) fn compare(&mut self) -> Result<(), Box<Failure>> {
        if let Some(what) = self.complaint.take() {
            return Err(self.failure(None, what));
        }
        if let Some(reference) = &mut self.reference {
            let is_sighted = self.blind.is_empty() && reference.has_always_seen();
            if is_sighted && self.touched.is_empty() && reference.is_silent() {
                return Ok(()); // Nobody was spoken of.
            }
            self.touched.append(&mut reference.take_changed());
            if !is_sighted && self.blind != reference.blind() {
                let what = format!(
                    "blind by the core {:?}, by the reference {:?}",
                    self.blind,
                    reference.blind()
                );
                return Err(self.failure(None, what));
            }
        }
        let mut touched = std::mem::take(&mut self.touched);
        for subject in touched.drain(..) {
            let (Some(core), Some(reference)) = (&self.core, &self.reference) else { continue };
            let plainly = core.seen_plainly(subject);
            if plainly.is_some() && plainly == reference.seen_plainly(subject) {
                if self.options.finely {
                    self.check_record(subject)?;
                }
                continue;
            }
            let model = reference;
            let (core, mut reference) = (core.seen(subject), model.seen(subject));
            // Of several roots DESIGN names the nearest, and leaves open who is to blame later on, or
            // where the root is no longer in the inventory.
            let is_there =
                |cause: &SubjectId| self.inventory.find_subject(cause.as_str()).is_some();
            let is_judged =
                self.judged.contains(&subject) && reference.cause.as_ref().is_some_and(is_there);
            let may_blame =
                || core.cause.as_ref().is_some_and(|c| model.may_blame(subject, c.as_str()));
            if !is_judged || may_blame() {
                reference.cause.clone_from(&core.cause);
            }
            if core != reference {
                let what = format!("the core says {core:?}, the reference {reference:?}");
                return Err(self.failure(Some(self.place_of[subject.ix()]), what));
            }
            if self.options.finely {
                self.check_record(subject)?;
            }
        }
        self.touched = touched;
        self.judged.clear();
        Ok(())
    }

    /// Who is missed must be the same. After the clock was set it may be another: what was due may
    /// not be so any more.
    pub(super) fn call_roll(&mut self) -> Result<(), Box<Failure>> {
        let (Some(core), Some(reference)) = (&self.core, &self.reference) else { return Ok(()) };
        if self.is_stepped {
            return Ok(());
        }
        // Who is down by the core is so by the reference: that was compared verdict by verdict.
        let called = self.roll.call(core.incidents(), reference, &self.down, self.now());
        called.map_err(|what| self.failure(None, what))
    }

    pub(super) fn check_records(&mut self) -> Result<(), Box<Failure>> {
        for subject in self.inventory.clone().subject_ixs() {
            self.check_record(subject)?;
        }
        Ok(())
    }

    pub(super) fn check_record(&mut self, subject: SubjectIx) -> Result<(), Box<Failure>> {
        let Some(reference) = &self.reference else { return Ok(()) };
        let place = self.place_of[subject.ix()];
        let mut core = states(&self.store.records()[place]);
        let mut model = states(&reference.record(subject));
        // Neither must say at once that nobody asks any more: a round may be under way, or wait
        // for the sentinels.
        let health = &self.inventory.subject(subject).health;
        let patience = health.interval_ms + health.correlation_window_ms + 10_000;
        for record in [&mut core, &mut model] {
            let last = record.last();
            // A machine that has just woken up has not looked yet, and may have a round to read.
            let has_woken = self.clock < self.asleep_until + 10_000;
            let is_young =
                |s: &Stretch| has_woken || self.now().since(s.from) < patience + health.interval_ms;
            if last.is_some_and(|s| s.state == State::Unmeasured && is_young(s)) {
                record.pop();
            }
            // That nothing is known before the first verdict need not be written down.
            if record.first().is_some_and(|s| s.state == State::Unmeasured) {
                record.remove(0);
            }
        }
        if core == model {
            return Ok(());
        }
        let same = core.iter().zip(&model).take_while(|(a, b)| a == b).count();
        let tail = |record: &[Stretch]| {
            let tail = record.iter().skip(same.saturating_sub(2)).take(6);
            tail.map(|s| format!("\n    {} {:?} {:?}", s.from, s.state, s.cause))
                .collect::<String>()
        };
        let what = format!("records differ: core{}\n  reference{}", tail(&core), tail(&model));
        Err(self.failure(Some(place), what))
    }

    pub(super) fn failure(&mut self, place: Option<usize>, what: String) -> Box<Failure> {
        let trace = std::mem::take(&mut self.outcome.trace);
        Box::new(Failure { at: self.clock, place, what, trace })
    }
}
