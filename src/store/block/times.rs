//! Instants of one check: a grid with lateness, repetitions at a shorter step, holes.
//!
//! The schedule asks at `phase + k × interval` and, while it doubts, again some seconds after the
//! last time. So an instant is the next one of the grid, or as far from the one before as the
//! last jump was, or a jump of its own. Only the lateness of the first two takes bits.

use super::BadBlock;
use super::bits::{BitReader, BitWriter};
use super::rice::{Level, Rice, fold_sign, unfold_sign};
use super::runs::{RunReader, RunWriter};

/// The level of lateness follows by a sixteenth: a clock may drift, or repetitions creep.
const SHIFT: u32 = 4;
/// First guess of lateness in milliseconds, sign folded.
const LATE_GUESS: u64 = 8;
/// Farther off a step in milliseconds than this is a jump.
const LATE_MAX_MS: i64 = 500;
/// An interval longer than this is none that anyone set, in milliseconds.
const INTERVAL_MAX_MS: u64 = 1 << 40;
/// Whole numbers of this many milliseconds that an interval probably is, and how far from one the
/// mean of the steps may be.
const ROUND_MS: [(i64, i64); 3] = [(1_000, 5), (100, 2), (10, 1)];

/// How an instant follows from the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The next one of the grid.
    Grid,
    /// As far on as the last jump was.
    Again,
    /// As far on as is written.
    Jump,
}

impl Step {
    const ALL: [Self; 3] = [Self::Grid, Self::Again, Self::Jump];
}

/// Where the next instant is expected; the same on both sides. Wraps where times are absurd.
#[derive(Debug)]
struct Clock {
    last: i64,
    /// The instant of the grid that was reached last.
    grid: i64,
    interval: i64,
    late_max: i64,
    jump: i64,
    on_grid: Late,
    again: Late,
}

/// What has been learnt about lateness.
#[derive(Debug)]
struct Late {
    level: Level,
    sizes: Rice,
}

impl Late {
    const fn new() -> Self {
        Self { level: Level::new(0, SHIFT), sizes: Rice::new(LATE_GUESS) }
    }
}

impl Clock {
    fn new(first: i64, interval: i64) -> Self {
        let interval = interval.max(1);
        let late_max = (interval / 8).min(LATE_MAX_MS);
        let (on_grid, again) = (Late::new(), Late::new());
        Self { last: first, grid: first, interval, late_max, jump: interval, on_grid, again }
    }

    /// The first instant of the grid that is later than the last instant by more than lateness.
    fn next_of_grid(&self) -> i64 {
        let passed = self.last.wrapping_add(self.late_max);
        let next = self.grid.wrapping_add(self.interval);
        if next > passed {
            return next;
        }
        let steps = passed.wrapping_sub(self.grid) / self.interval;
        self.grid.wrapping_add(steps.wrapping_add(1).wrapping_mul(self.interval))
    }

    fn step_to(&self, at: i64) -> Step {
        let is_near = |expected: i64| {
            at.wrapping_sub(expected).unsigned_abs() <= self.late_max.unsigned_abs()
        };
        if is_near(self.next_of_grid()) {
            Step::Grid
        } else if is_near(self.last.wrapping_add(self.jump)) {
            Step::Again
        } else {
            Step::Jump
        }
    }

    /// Goes on to `at`.
    fn follow(&mut self, step: Step, at: i64) {
        match step {
            Step::Grid => self.grid = self.next_of_grid(),
            Step::Again => {}
            Step::Jump => self.jump = at.wrapping_sub(self.last),
        }
        self.last = at;
    }

    fn put(&mut self, bits: &mut BitWriter<'_>, step: Step, at: i64) {
        let (expected, late) = match step {
            Step::Grid => (self.next_of_grid(), &mut self.on_grid),
            Step::Again => (self.last.wrapping_add(self.jump), &mut self.again),
            Step::Jump => {
                bits.put_number(at.wrapping_sub(self.last).cast_unsigned());
                return self.follow(step, at);
            }
        };
        let difference = late.level.difference(at.wrapping_sub(expected));
        late.sizes.put(bits, difference);
        self.follow(step, at);
    }

    fn get(&mut self, bits: &mut BitReader<'_>, step: Step) -> Result<i64, BadBlock> {
        let (expected, late) = match step {
            Step::Grid => (self.next_of_grid(), &mut self.on_grid),
            Step::Again => (self.last.wrapping_add(self.jump), &mut self.again),
            Step::Jump => {
                let at = self.last.wrapping_add(bits.get_number()?.cast_signed());
                self.follow(step, at);
                return Ok(at);
            }
        };
        let difference = late.sizes.get(bits)?;
        let at = expected.wrapping_add(late.level.value(difference));
        self.follow(step, at);
        Ok(at)
    }
}

/// Writes instants one by one.
#[derive(Debug)]
pub(super) struct TimeWriter<'a> {
    clock: Clock,
    steps: RunWriter<'a>,
}

/// How each of `times`, which rise, follows from the one before; and their interval.
pub(super) fn steps_of(times: impl Iterator<Item = i64> + Clone) -> (Vec<usize>, i64) {
    let interval = interval_of(times.clone());
    let mut times = times;
    let mut steps = Vec::with_capacity(times.size_hint().0);
    if let Some(first) = times.next() {
        let mut clock = Clock::new(first, interval);
        for at in times {
            let step = clock.step_to(at);
            clock.follow(step, at);
            steps.push(step as usize);
        }
    }
    (steps, interval)
}

impl<'a> TimeWriter<'a> {
    /// Writes the first instant. `steps` and `interval` are those of [`steps_of`].
    pub(super) fn begin(
        bits: &mut BitWriter<'_>,
        first: i64,
        steps: &'a [usize],
        interval: i64,
    ) -> Self {
        bits.put_number(fold_sign(first));
        bits.put_number(interval.unsigned_abs());
        Self { clock: Clock::new(first, interval), steps: RunWriter::new(steps, Step::ALL.len()) }
    }

    /// Writes a further instant: at least one bit.
    pub(super) fn put(&mut self, bits: &mut BitWriter<'_>, at: i64) {
        if let Some(step) = self.steps.next(bits) {
            self.clock.put(bits, Step::ALL[step], at);
        }
    }
}

/// Reads what [`TimeWriter`] wrote.
#[derive(Debug)]
pub(super) struct TimeReader {
    clock: Clock,
    steps: RunReader,
}

impl TimeReader {
    /// Reads the first instant.
    ///
    /// # Errors
    /// When the bits end.
    pub(super) fn begin(bits: &mut BitReader<'_>) -> Result<(Self, i64), BadBlock> {
        let first = unfold_sign(bits.get_number()?);
        let interval = bits.get_number()?.cast_signed();
        let steps = RunReader::new(Step::ALL.len());
        Ok((Self { clock: Clock::new(first, interval), steps }, first))
    }

    /// Reads a further instant: at least one bit.
    ///
    /// # Errors
    /// When the bits end or are no such instant.
    pub(super) fn next(&mut self, bits: &mut BitReader<'_>) -> Result<i64, BadBlock> {
        let step = self.steps.next(bits)?;
        self.clock.get(bits, Step::ALL[step])
    }
}

/// The interval that most of `times` seem to keep, in milliseconds; 0 without any. A poor guess
/// costs bits, no more.
fn interval_of(times: impl Iterator<Item = i64> + Clone) -> i64 {
    let gaps = times.clone().zip(times.skip(1)).map(|(a, b)| b.wrapping_sub(a).cast_unsigned());
    let mut sorted: Vec<u64> = gaps.filter(|gap| *gap <= INTERVAL_MAX_MS).collect();
    sorted.sort_unstable();
    let Some(&median) = sorted.get(sorted.len() / 2) else {
        return 0;
    };
    let usual = sorted.iter().filter(|gap| gap.abs_diff(median) <= median / 16);
    let (sum, count) = usual.fold((0_u64, 0_u64), |(sum, count), gap| (sum + gap, count + 1));
    let mean = ((sum + count / 2) / count.max(1)).cast_signed();
    let round = ROUND_MS.iter().find_map(|(unit, off)| {
        let round = (mean + unit / 2) / unit * unit;
        (round > 0 && (mean - round).abs() <= *off).then_some(round)
    });
    round.unwrap_or(mean)
}
