//! Instants of one check: a grid with lateness, repetitions at a shorter step, holes.
//!
//! The schedule asks at `phase + k × interval` and, while it doubts, again some seconds after the
//! last time. So an instant is the next one of the grid, or as far from the one before as the
//! last jump was, or a jump of its own. Only the lateness of the first two takes bits, and hardly
//! any while they are on time.

use super::BadBlock;
use super::bits::{BitReader, BitWriter};
use super::late::{Late, Punctual};
use super::rice::{Level, fold_sign, unfold_sign};
use super::runs::{RunReader, RunWriter, Runs};

/// The level of lateness follows by a sixteenth: a clock may drift, or repetitions creep.
const SHIFT: u32 = 4;
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
    /// The usual lateness of instants of the grid, and of those that come again.
    usual: [Level; 2],
}

impl Clock {
    fn new(first: i64, interval: i64) -> Self {
        let interval = interval.max(1);
        let late_max = (interval / 8).min(LATE_MAX_MS);
        let usual = [Level::new(0, SHIFT); 2];
        Self { last: first, grid: first, interval, late_max, jump: interval, usual }
    }

    /// The first instant of the grid that is later than the last instant by more than lateness.
    #[inline]
    fn next_of_grid(&self) -> i64 {
        let passed = self.last.wrapping_add(self.late_max);
        let next = self.grid.wrapping_add(self.interval);
        if next > passed {
            return next;
        }
        let steps = passed.wrapping_sub(self.grid) / self.interval;
        self.grid.wrapping_add(steps.wrapping_add(1).wrapping_mul(self.interval))
    }

    /// How it comes to `at`, the next instant of the grid being `next`.
    #[inline]
    fn step_to(&self, at: i64, next: i64) -> Step {
        let is_near = |expected: i64| {
            at.wrapping_sub(expected).unsigned_abs() <= self.late_max.unsigned_abs()
        };
        if is_near(next) {
            Step::Grid
        } else if is_near(self.last.wrapping_add(self.jump)) {
            Step::Again
        } else {
            Step::Jump
        }
    }

    /// Goes on to `at`, having expected it there.
    #[inline]
    fn follow(&mut self, step: Step, at: i64, expected: Option<i64>) {
        match step {
            Step::Grid => self.grid = expected.unwrap_or(at),
            Step::Again => {}
            Step::Jump => self.jump = at.wrapping_sub(self.last),
        }
        self.last = at;
    }

    /// Takes a step that is so far from the usual lateness (sign folded), or for a jump from the last
    /// instant; answers where it leads to.
    #[inline]
    fn advance(&mut self, step: Step, difference: u64) -> i64 {
        let expected = self.expected(step, || self.next_of_grid());
        let at = match expected {
            Some(expected) => expected.wrapping_add(self.usual[step as usize].value(difference)),
            None => self.last.wrapping_add(difference.cast_signed()),
        };
        self.follow(step, at, expected);
        at
    }

    /// Where a step leads to when it is on time, the next instant of the grid being `next`; `None` for
    /// a jump.
    #[inline]
    fn expected(&self, step: Step, next: impl FnOnce() -> i64) -> Option<i64> {
        match step {
            Step::Grid => Some(next()),
            Step::Again => Some(self.last.wrapping_add(self.jump)),
            Step::Jump => None,
        }
    }
}

/// Instants as they are written.
#[derive(Debug, Default)]
pub(super) struct Times {
    first: i64,
    interval: i64,
    /// How each but the first follows from the one before.
    steps: Runs,
    /// How far from the usual lateness, sign folded, those are that are no jumps; by step.
    late: [Vec<u64>; 2],
    jumps: Vec<u64>,
}

impl Times {
    /// Of instants that rise.
    pub(super) fn of(instants: impl Iterator<Item = i64> + Clone) -> Self {
        let interval = interval_of(instants.clone());
        let mut instants = instants;
        let Some(first) = instants.next() else { return Self::default() };
        let mut times = Self { first, interval, ..Self::default() };
        let rest = instants.size_hint().0;
        let [on_grid, _] = &mut times.late;
        on_grid.reserve(rest);
        let mut clock = Clock::new(first, interval);
        for at in instants {
            let next = clock.next_of_grid();
            let step = clock.step_to(at, next);
            let expected = clock.expected(step, || next);
            match expected {
                Some(expected) => {
                    let late = at.wrapping_sub(expected);
                    let difference = clock.usual[step as usize].difference(late);
                    times.late[step as usize].push(difference);
                }
                None => times.jumps.push(at.wrapping_sub(clock.last).cast_unsigned()),
            }
            clock.follow(step, at, expected);
            times.steps.push(step as usize);
        }
        times
    }
}

/// Writes instants one by one.
#[derive(Debug)]
pub(super) struct TimeWriter<'a> {
    steps: RunWriter<'a>,
    late: [(Late, &'a [u64]); 2],
    jumps: std::slice::Iter<'a, u64>,
}

impl<'a> TimeWriter<'a> {
    /// Writes the first instant.
    pub(super) fn begin(bits: &mut BitWriter<'_>, times: &'a Times, punctual: Punctual) -> Self {
        bits.put_number(fold_sign(times.first));
        bits.put_number(times.interval.unsigned_abs());
        let [on_grid, again] = &times.late;
        Self {
            steps: RunWriter::new(&times.steps, Step::ALL.len()),
            late: [(Late::new(punctual), on_grid), (Late::new(punctual), again)],
            jumps: times.jumps.iter(),
        }
    }

    /// Writes a further instant.
    #[inline]
    pub(super) fn put(&mut self, bits: &mut BitWriter<'_>) {
        let Some(step) = self.steps.next(bits) else { return };
        match self.late.get_mut(step) {
            Some((late, rest)) => late.put(bits, rest),
            None => self.jumps.next().into_iter().for_each(|jump| bits.put_number(*jump)),
        }
    }

    /// Passes over further instants, as many as take no bits and `most` at the most; answers how many.
    pub(super) fn pass(&mut self, most: usize) -> usize {
        let (step, left) = self.steps.run();
        let Some((late, rest)) = self.late.get_mut(step) else { return 0 };
        let count = left.min(late.run()).min(most);
        late.pass(count);
        *rest = rest.get(count..).unwrap_or_default();
        self.steps.pass(count);
        count
    }
}

/// Reads what [`TimeWriter`] wrote.
#[derive(Debug)]
pub(super) struct TimeReader {
    clock: Clock,
    steps: RunReader,
    late: [Late; 2],
}

impl TimeReader {
    /// Reads the first instant.
    ///
    /// # Errors
    /// When the bits end.
    pub(super) fn begin(
        bits: &mut BitReader<'_>,
        punctual: Punctual,
    ) -> Result<(Self, i64), BadBlock> {
        let first = unfold_sign(bits.get_number()?);
        let interval = bits.get_number()?.cast_signed();
        let steps = RunReader::new(Step::ALL.len());
        let late = [Late::new(punctual), Late::new(punctual)];
        Ok((Self { clock: Clock::new(first, interval), steps, late }, first))
    }

    /// Reads a further instant.
    ///
    /// # Errors
    /// When the bits end or are no such instant.
    #[inline]
    pub(super) fn next(&mut self, bits: &mut BitReader<'_>) -> Result<i64, BadBlock> {
        let number = self.steps.next(bits)?;
        let difference = match self.late.get_mut(number) {
            Some(late) => late.get(bits)?,
            None => bits.get_number()?,
        };
        Ok(self.clock.advance(Step::ALL[number], difference))
    }

    /// Takes further instants for passed over, as many as take no bits and `most` at the most: they are
    /// what the answer gives next.
    pub(super) fn pass(&mut self, most: u64) -> Usual<'_> {
        let (number, left) = self.steps.run();
        let late = self.late.get_mut(number);
        let left = late.as_ref().map_or(0, |late| left.min(late.run() as u64).min(most));
        self.steps.pass(left);
        late.into_iter().for_each(|late| late.pass(left as usize));
        Usual { clock: &mut self.clock, step: Step::ALL[number], left }
    }
}

/// Instants on time.
pub(super) struct Usual<'a> {
    clock: &'a mut Clock,
    step: Step,
    left: u64,
}

impl Usual<'_> {
    /// How many are still to be given.
    pub(super) const fn left(&self) -> u64 {
        self.left
    }
}

impl Iterator for Usual<'_> {
    type Item = i64;

    #[inline]
    fn next(&mut self) -> Option<i64> {
        self.left = self.left.checked_sub(1)?;
        Some(self.clock.advance(self.step, 0))
    }
}

/// The interval that most of `times` seem to keep, in milliseconds; 0 without any. A poor guess
/// costs bits, no more.
fn interval_of(times: impl Iterator<Item = i64> + Clone) -> i64 {
    let gaps = times.clone().zip(times.skip(1)).map(|(a, b)| b.wrapping_sub(a).cast_unsigned());
    let Some(mean) = mean_of_like(gaps.clone()).or_else(|| mean_of_usual(gaps)) else { return 0 };
    let round = ROUND_MS.iter().find_map(|(unit, off)| {
        let round = (mean + unit / 2) / unit * unit;
        (round > 0 && (mean - round).abs() <= *off).then_some(round)
    });
    round.unwrap_or(mean)
}

/// The mean of gaps that are all so much alike that each is a usual one, as it mostly is.
fn mean_of_like(gaps: impl Iterator<Item = u64>) -> Option<i64> {
    let (mut shortest, mut longest, mut sum, mut count) = (u64::MAX, 0, 0_u64, 0);
    for gap in gaps {
        (shortest, longest) = (shortest.min(gap), longest.max(gap));
        (sum, count) = (sum.wrapping_add(gap), count + 1);
    }
    let is_like = count > 0 && longest <= INTERVAL_MAX_MS && longest - shortest <= shortest / 16;
    is_like.then(|| ((sum + count / 2) / count).cast_signed())
}

/// The mean of the gaps that are near their median.
fn mean_of_usual(gaps: impl Iterator<Item = u64>) -> Option<i64> {
    let mut gaps: Vec<u64> = gaps.filter(|gap| *gap <= INTERVAL_MAX_MS).collect();
    if gaps.is_empty() {
        return None;
    }
    let middle = gaps.len() / 2;
    let (_, &mut median, _) = gaps.select_nth_unstable(middle);
    let usual = gaps.iter().filter(|gap| gap.abs_diff(median) <= median / 16);
    let (sum, count) = usual.fold((0_u64, 0_u64), |(sum, count), gap| (sum + gap, count + 1));
    Some(((sum + count / 2) / count.max(1)).cast_signed())
}
