//! A column of numbers as differences from the level they move about.

use super::BadBlock;
use super::bits::{BitReader, BitWriter};
use super::rice::{Level, Rice, fold_sign, unfold_sign};

/// How slowly the level may follow: at once for what keeps its value or drifts, slowly for noise
/// about a mean. The encoder takes whichever is shortest.
const SHIFTS: [u32; 4] = [0, 2, 4, 6];
const SHIFT_BITS: u32 = 2;
/// Zeros in a row after which the length of the rest of their run is written, so that a constant
/// costs nothing.
const ZEROS_BEFORE_RUN: u8 = 2;
/// First guess of a run's length.
const RUN_GUESS: u64 = 8;

/// Writes `values` in the way that takes the fewest bits. How many there are is not written.
pub(super) fn put_series(bits: &mut BitWriter<'_>, values: &[i64]) {
    let Some((&start, rest)) = values.split_first() else {
        return;
    };
    let mut trial = Vec::new();
    let mut best = (usize::MAX, 0_u8);
    for number in 0_u8..4 {
        trial.clear();
        let mut bits = BitWriter::new(&mut trial);
        put_differences(&mut bits, start, SHIFTS[usize::from(number)], rest);
        bits.finish();
        best = best.min((trial.len(), number));
    }
    let (_, number) = best;
    bits.put_number(fold_sign(start));
    bits.put(u64::from(number), SHIFT_BITS);
    put_differences(bits, start, SHIFTS[usize::from(number)], rest);
}

fn put_differences(bits: &mut BitWriter<'_>, start: i64, shift: u32, values: &[i64]) {
    let mut level = Level::new(start, shift);
    let (mut sizes, mut runs) = (Rice::new(guess(start)), Rice::new(RUN_GUESS));
    let (mut zeros, mut run) = (0, 0);
    for value in values {
        let difference = level.difference(*value);
        if zeros < ZEROS_BEFORE_RUN {
            sizes.put(bits, difference);
            zeros = if difference == 0 { zeros + 1 } else { 0 };
        } else if difference == 0 {
            run += 1;
        } else {
            runs.put(bits, run);
            sizes.put(bits, difference - 1);
            (zeros, run) = (0, 0);
        }
    }
    if run > 0 {
        runs.put(bits, run);
    }
}

/// The first difference is expected to be about as large as a sixteenth of the value.
fn guess(start: i64) -> u64 {
    start.unsigned_abs() / 16
}

/// Reads what [`put_series`] wrote, number by number.
#[derive(Debug)]
pub(super) struct Series {
    level: Level,
    sizes: Rice,
    runs: Rice,
    zeros: u8,
    /// Zeros of a run that are still to come.
    run: u64,
    /// The next number ends a run.
    is_run_over: bool,
    /// The first number, until it is taken.
    start: Option<i64>,
}

impl Series {
    /// Begins a series that is not empty.
    ///
    /// # Errors
    /// When the bits end.
    pub(super) fn begin(bits: &mut BitReader<'_>) -> Result<Self, BadBlock> {
        let start = unfold_sign(bits.get_number()?);
        let shift = SHIFTS[bits.get(SHIFT_BITS)? as usize % SHIFTS.len()];
        Ok(Self {
            level: Level::new(start, shift),
            sizes: Rice::new(guess(start)),
            runs: Rice::new(RUN_GUESS),
            zeros: 0,
            run: 0,
            is_run_over: false,
            start: Some(start),
        })
    }

    /// The next number. Zeros of a run take no bits: the caller knows how many numbers there are.
    ///
    /// # Errors
    /// When the bits end or are no such number.
    pub(super) fn next(&mut self, bits: &mut BitReader<'_>) -> Result<i64, BadBlock> {
        if let Some(start) = self.start.take() {
            return Ok(start);
        }
        if self.zeros == ZEROS_BEFORE_RUN {
            self.run = self.runs.get(bits)?;
            (self.zeros, self.is_run_over) = (0, true);
        }
        if self.run > 0 {
            self.run -= 1;
            return Ok(self.level.value(0));
        }
        let mut difference = self.sizes.get(bits)?;
        if std::mem::take(&mut self.is_run_over) {
            difference = difference.wrapping_add(1);
        } else {
            self.zeros = if difference == 0 { self.zeros + 1 } else { 0 };
        }
        Ok(self.level.value(difference))
    }
}
