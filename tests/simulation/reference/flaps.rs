//! The reference's view of what comes and goes (rule 9).

use tuantra::model::HealthParams;

/// What the last rounds of a subject brought, and whether it comes and goes.
#[derive(Debug, Clone, Default)]
pub struct Flaps {
    /// Of each counted round, oldest first: another outcome than the one before.
    changes: Vec<bool>,
    /// Rounds in a row that brought none.
    unchanged: usize,
    was_failed: bool,
    is_on: bool,
}

impl Flaps {
    /// What came and went when the daemon stopped does so until its rounds say otherwise: DESIGN
    /// leaves open how long that takes; it takes what every other round changing takes.
    pub fn resumed(window: u8) -> Self {
        let changes = (0..window).rev().map(|age| age % 2 == 0).collect();
        Self { changes, unchanged: 0, was_failed: false, is_on: true }
    }

    /// It comes and goes.
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// Nothing has changed in the whole window, and a further answer changes nothing.
    pub fn is_quiet(&self, params: &HealthParams) -> bool {
        !self.is_on && !self.was_failed && self.unchanged >= usize::from(params.flap_window)
    }

    /// Counts a round; true when flapping begins or ends by it.
    pub fn count(&mut self, failed: bool, params: &HealthParams, is_weighted: bool) -> bool {
        let window = usize::from(params.flap_window);
        let is_changed = failed != self.was_failed;
        self.unchanged = if is_changed { 0 } else { self.unchanged + 1 };
        if self.unchanged > window && !self.is_on && self.changes.len() == window {
            return false; // One that brought no change more, among nothing else.
        }
        self.changes.push(is_changed);
        self.was_failed = failed;
        if self.changes.len() > window {
            self.changes.remove(0);
        }
        // Of a full window the oldest round weighs 0.8, each newer one 0.4 / window more. All
        // times window², so that it is exact.
        let oldest = window - self.changes.len();
        let weights = self.changes.iter().zip(oldest..).filter(|(changed, _)| **changed);
        let weight = |n: usize| if is_weighted { 800 * window + 400 * n } else { 1000 * window };
        let rate: usize = weights.map(|(_, n)| weight(n)).sum();
        let bound = match self.is_on {
            true => params.flap_low_permille,
            false => params.flap_high_permille,
        };
        let was_on = self.is_on;
        self.is_on = rate > usize::from(bound) * window * window;
        was_on != self.is_on
    }

    /// It is in somebody else's outage: neither that it fails nor that it answers again counts.
    pub fn excuse(&mut self) {
        self.was_failed = false;
    }

    /// The failing run turned out to be somebody else's outage: that it began does not count.
    pub fn excuse_run(&mut self) {
        if self.was_failed {
            if let Some(began) = self.changes.iter_mut().rfind(|changed| **changed) {
                *began = false;
            }
            self.was_failed = false;
        }
    }
}
