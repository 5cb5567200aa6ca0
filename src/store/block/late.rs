//! How late instants are, as differences from what is usual: most are on time.

use super::BadBlock;
use super::bits::{BitReader, BitWriter};
use super::rice::Rice;

/// First guess of lateness in milliseconds, sign folded.
const LATE_GUESS: u64 = 8;
/// Instants on time in a row after which the length of the rest of their run is written.
const ON_TIME_BEFORE_RUN: u8 = 2;
/// Longest run that is written at once: what takes no bits must have a bound.
pub(super) const RUN_MAX: usize = 64;
/// First guess of a run's length.
const RUN_GUESS: u64 = 16;

/// How instants on time are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Punctual {
    /// Each takes a bit at least.
    OneByOne,
    /// Runs of [`RUN_MAX`] take a bit at least.
    InRuns,
}

/// What has been learnt about the differences; the same on both sides.
#[derive(Debug)]
pub(super) struct Late {
    punctual: Punctual,
    sizes: Rice,
    lengths: Rice,
    /// In a row, since the last run.
    on_time: u8,
    /// How many of a run are still to come.
    left: usize,
    /// The next one ends a run: it is not on time.
    is_run_over: bool,
}

impl Late {
    pub(super) const fn new(punctual: Punctual) -> Self {
        Self {
            punctual,
            sizes: Rice::new(LATE_GUESS),
            lengths: Rice::new(RUN_GUESS),
            on_time: 0,
            left: 0,
            is_run_over: false,
        }
    }

    /// Takes the first of `differences`, which are all that are still to be written, and writes it
    /// unless a run tells of it.
    #[inline]
    pub(super) fn put(&mut self, bits: &mut BitWriter<'_>, differences: &mut &[u64]) {
        if self.is_run_due() {
            let on_time = differences.iter().take_while(|next| **next == 0);
            let run = on_time.take(RUN_MAX).count();
            self.lengths.put(bits, run as u64);
            self.begin_run(run);
        }
        let Some((&difference, rest)) = differences.split_first() else { return };
        *differences = rest;
        if self.left > 0 {
            self.left -= 1;
            return;
        }
        self.sizes.put(bits, difference - u64::from(self.is_run_over));
        self.note(difference);
    }

    /// How many of a run are still to come: they take no bits.
    pub(super) const fn run(&self) -> usize {
        self.left
    }

    /// Passes over so many of that run.
    pub(super) const fn pass(&mut self, count: usize) {
        self.left -= count;
    }

    /// The reverse of [`Self::put`].
    ///
    /// # Errors
    /// When the bits end or are no such difference.
    #[inline]
    pub(super) fn get(&mut self, bits: &mut BitReader<'_>) -> Result<u64, BadBlock> {
        if self.is_run_due() {
            let run = usize::try_from(self.lengths.get(bits)?).ok();
            let run = run.filter(|run| *run <= RUN_MAX);
            self.begin_run(run.ok_or(BadBlock::Malformed("run of instants"))?);
        }
        if self.left > 0 {
            self.left -= 1;
            return Ok(0);
        }
        let difference = self.sizes.get(bits)?.wrapping_add(u64::from(self.is_run_over));
        self.note(difference);
        Ok(difference)
    }

    fn is_run_due(&self) -> bool {
        self.punctual == Punctual::InRuns && self.left == 0 && self.on_time == ON_TIME_BEFORE_RUN
    }

    /// Behind one of the greatest length comes another.
    const fn begin_run(&mut self, run: usize) {
        self.left = run;
        if run < RUN_MAX {
            (self.on_time, self.is_run_over) = (0, true);
        }
    }

    const fn note(&mut self, difference: u64) {
        self.is_run_over = false;
        self.on_time = match (difference, self.punctual) {
            (0, Punctual::InRuns) => self.on_time + 1,
            _ => 0,
        };
    }
}
