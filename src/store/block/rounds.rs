//! Rounds of one check: instants, outcomes in runs, round-trip times.
//!
//! One stream of bits, read in one pass: number of rounds, outcomes that occur, how slowly the
//! level of round-trip times follows; then of each round its instant, its outcome where a run of
//! one begins, its round-trip times as differences from the level.

use super::super::codec::{get_error, put_error};
use super::bits::{BitReader, BitWriter};
use super::late::{Punctual, RUN_MAX};
use super::rice::{Level, Rice};
use super::runs::{RunReader, RunWriter, Runs};
use super::times::{TimeReader, TimeWriter, Times};
use super::{BadBlock, Format, is_of, open, seal};
use crate::model::{MAX_PINGS_PER_ROUND, RoundError, Rtts, Sample, UnixMs};

/// By how many parts in 2 to this the level of round-trip times may follow: quickly along a queue
/// that builds up, slowly through noise. The encoder takes whichever is shortest.
const SHIFTS: [u32; 4] = [2, 3, 4, 6];
const SHIFT_BITS: u32 = 2;
/// A block whose rounds span no more than so long passes into its day's mostly: which way is shortest is tried
/// out on a part of it. What stays is tried as a whole.
const PASSING_MS: i64 = 3_600_000;
/// Rounds that follow one another and are tried together; of a passing block every so many of them are.
const STRETCH: usize = 32;
const EVERY: usize = 3;
const LEN_BITS: u32 = 4;

/// What a round comes to besides its times.
#[derive(Debug, Clone, Copy, Eq)]
struct Outcome {
    sent: u8,
    lost: u8,
    /// How many round-trip times it has.
    len: u8,
    error: Option<RoundError>,
}

impl PartialEq for Outcome {
    /// Most have no error, which is seen sooner than that two are the same.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        // Taken apart, so that a new field cannot be forgotten.
        let Self { sent, lost, len, error } = *self;
        (sent, lost, len) == (other.sent, other.lost, other.len)
            && ((error.is_none() && other.error.is_none()) || error == other.error)
    }
}

impl Outcome {
    fn of(sample: &Sample) -> Self {
        let len = sample.rtts.as_slice().len() as u8;
        Self { sent: sample.sent, lost: sample.lost, len, error: sample.error }
    }

    fn put(self, bits: &mut BitWriter<'_>) {
        bits.put(u64::from(self.sent), u8::BITS);
        bits.put(u64::from(self.lost), u8::BITS);
        bits.put(u64::from(self.len), LEN_BITS);
        put_error(self.error, |number| bits.put_number(number));
    }

    /// The round of `check` that comes to it.
    #[inline]
    const fn round(&self, at: i64, check: u8, rtts: Rtts) -> Sample {
        let Self { sent, lost, len: _, error } = *self;
        Sample { at: UnixMs(at), check, sent, lost, rtts, error }
    }

    fn get(bits: &mut BitReader<'_>) -> Result<Self, BadBlock> {
        let sent = bits.get(u8::BITS)? as u8;
        let lost = bits.get(u8::BITS)? as u8;
        let len = bits.get(LEN_BITS)? as u8;
        if usize::from(len) > MAX_PINGS_PER_ROUND {
            return Err(BadBlock::Malformed("number of round-trip times"));
        }
        let error = get_error(|| bits.get_number())?;
        let error = error.ok_or(BadBlock::Malformed("error of a round"))?;
        Ok(Self { sent, lost, len, error })
    }
}

/// Puts into `into`, which is emptied, the rounds of one check: sorted by `at`, no `at` twice.
/// The check's index is not kept.
pub(in crate::store) fn encode_rounds(samples: &[Sample], into: &mut Vec<u8>) {
    seal(Format::PunctualRounds, into, |body| {
        let mut bits = BitWriter::new(body);
        put_rounds(&mut bits, samples);
        bits.finish();
    });
}

fn put_rounds(bits: &mut BitWriter<'_>, samples: &[Sample]) {
    bits.put_number(samples.len() as u64);
    let Some((first, mut rest)) = samples.split_first() else { return };
    let (outcomes, column) = outcomes_of(samples);
    bits.put_number(outcomes.len() as u64);
    outcomes.iter().for_each(|outcome| outcome.put(bits));
    let start = first_rtt_us(samples);
    let shift = shortest_shift(samples, start);
    bits.put_number(u64::from(start));
    bits.put(shift as u64, SHIFT_BITS);

    let instants = Times::of(samples.iter().map(|sample| sample.at.0));
    let mut times = TimeWriter::begin(bits, &instants, Punctual::InRuns);
    let mut runs = RunWriter::new(&column, outcomes.len());
    let mut rtts = RttColumn::new(start, SHIFTS[shift]);
    runs.next(bits);
    rtts.put(bits, first);
    while let Some((sample, after)) = rest.split_first() {
        times.put(bits);
        runs.next(bits);
        rtts.put(bits, sample);
        // Whatever is on time and ends as the one before takes bits for its round-trip times only.
        let (_, alike) = runs.run();
        let usual = times.pass(alike.min(after.len()));
        runs.pass(usual);
        let (usual, after) = after.split_at(usual);
        usual.iter().for_each(|sample| rtts.put(bits, sample));
        rest = after;
    }
}

/// The outcomes that occur, in the order they first do, and of each round which one it is.
fn outcomes_of(samples: &[Sample]) -> (Vec<Outcome>, Runs) {
    let mut outcomes: Vec<Outcome> = Vec::new();
    let mut column = Runs::default();
    let mut last = 0;
    for sample in samples {
        let outcome = Outcome::of(sample);
        if outcomes.get(last) != Some(&outcome) {
            last = outcomes.iter().position(|known| *known == outcome).unwrap_or(outcomes.len());
            if last == outcomes.len() {
                outcomes.push(outcome);
            }
        }
        column.push(last);
    }
    (outcomes, column)
}

fn first_rtt_us(samples: &[Sample]) -> u32 {
    samples.iter().find_map(|sample| sample.rtts.as_slice().first()).copied().unwrap_or(0)
}

/// Which of [`SHIFTS`] makes the round-trip times shortest, by the size of the differences that each
/// leaves. In floating point, all ways at once: what was chosen is written down, so that it need not
/// come out alike everywhere.
fn shortest_shift(samples: &[Sample], start: u32) -> usize {
    let every = if is_passing(samples) { EVERY } else { 1 };
    let follow = SHIFTS.map(|shift| 1.0 / (1_u32 << shift) as f32);
    let mut levels = [start as f32; SHIFTS.len()];
    let mut costs = [0.0; SHIFTS.len()];
    for stretch in samples.chunks(STRETCH).step_by(every) {
        let mut sums = [0.0; SHIFTS.len()];
        let mut count = 0;
        for rtt_us in stretch.iter().flat_map(|sample| sample.rtts.as_slice()) {
            let rtt_us = *rtt_us as f32;
            for ((level, sum), follow) in levels.iter_mut().zip(&mut sums).zip(&follow) {
                let difference = rtt_us - *level;
                *level += difference * follow;
                *sum += difference.abs();
            }
            count += 1;
        }
        // Each takes the bits of their mean, and some that all ways take.
        let count = count.max(1) as f32;
        costs
            .iter_mut()
            .zip(sums)
            .for_each(|(cost, sum)| *cost += count * (1.0 + sum / count).log2());
    }
    let costs = costs.into_iter().zip(0..);
    costs.min_by(|(a, _), (b, _)| a.total_cmp(b)).map_or(0, |(_, shift)| shift)
}

fn is_passing(samples: &[Sample]) -> bool {
    let [first, .., last] = samples else { return true };
    last.at.0.wrapping_sub(first.at.0) <= PASSING_MS
}

/// What both sides know between two round-trip times.
#[derive(Debug)]
struct RttColumn {
    level: Level,
    sizes: Rice,
}

impl RttColumn {
    /// The first difference is expected to be a sixteenth of the time.
    fn new(start_us: u32, shift: u32) -> Self {
        let sizes = Rice::new(u64::from(start_us / 16));
        Self { level: Level::new(i64::from(start_us), shift), sizes }
    }

    /// Writes the times of a round.
    #[inline]
    fn put(&mut self, bits: &mut BitWriter<'_>, sample: &Sample) {
        for rtt_us in sample.rtts.as_slice() {
            let difference = self.level.difference(i64::from(*rtt_us));
            self.sizes.put(bits, difference);
        }
    }

    /// Reads the times of a round, of which there are so many.
    #[inline]
    fn get(&mut self, bits: &mut BitReader<'_>, len: u8) -> Result<Rtts, BadBlock> {
        let mut rtts = Rtts::default();
        for _ in 0..len {
            let difference = self.sizes.get(bits)?;
            let rtt_us = u32::try_from(self.level.value(difference));
            rtts.push(rtt_us.map_err(|_| BadBlock::Malformed("round-trip time"))?);
        }
        Ok(rtts)
    }
}

/// Appends to `into` the rounds that [`encode_rounds`] wrote, in this version or the one before, as
/// rounds of `check`. At most 512 for each of `bytes`; none when they are refused.
///
/// # Errors
/// When they are no such block, or not whole.
pub(in crate::store) fn decode_rounds(
    bytes: &[u8],
    check: u8,
    into: &mut Vec<Sample>,
) -> Result<(), BadBlock> {
    let (format, punctual) = match is_of(Format::Rounds, bytes) {
        true => (Format::Rounds, Punctual::OneByOne),
        false => (Format::PunctualRounds, Punctual::InRuns),
    };
    let body = open(format, bytes)?;
    let before = into.len();
    let read = get_rounds(&mut BitReader::new(body), check, punctual, into);
    if read.is_err() {
        into.truncate(before);
    }
    read
}

fn get_rounds(
    bits: &mut BitReader<'_>,
    check: u8,
    punctual: Punctual,
    into: &mut Vec<Sample>,
) -> Result<(), BadBlock> {
    let rounds = bits.get_number()?;
    if rounds == 0 {
        return Ok(());
    }
    // Every instant but the first takes a bit, or as many together; every outcome more than one.
    let together = match punctual {
        Punctual::OneByOne => 1,
        Punctual::InRuns => RUN_MAX,
    };
    let rounds = at_most(rounds, bits.left().saturating_mul(together))?;
    let outcomes = at_most(bits.get_number()?, bits.left())?;
    let outcomes: Vec<Outcome> =
        (0..outcomes).map(|_| Outcome::get(bits)).collect::<Result<_, _>>()?;
    let start = u32::try_from(bits.get_number()?);
    let start = start.map_err(|_| BadBlock::Malformed("round-trip time"))?;
    let shift = SHIFTS[bits.get(SHIFT_BITS)? as usize % SHIFTS.len()];

    let (mut times, mut at) = TimeReader::begin(bits, punctual)?;
    let mut runs = RunReader::new(outcomes.len());
    let mut column = RttColumn::new(start, shift);
    // Most rounds have times, and these take bits.
    into.reserve(rounds.min(bits.left()));
    let end = into.len() + rounds;
    loop {
        let outcome = outcomes.get(runs.next(bits)?).ok_or(BadBlock::Malformed("outcome"))?;
        into.push(outcome.round(at, check, column.get(bits, outcome.len)?));
        // Whatever is on time and ends as this one takes bits for its round-trip times only.
        let (_, alike) = runs.run();
        let usual = times.pass(alike.min((end - into.len()) as u64));
        runs.pass(usual.left());
        for at in usual {
            into.push(outcome.round(at, check, column.get(bits, outcome.len)?));
        }
        if into.len() == end {
            return Ok(());
        }
        at = times.next(bits)?;
    }
}

/// `count`, unless it is more than there are bits.
pub(super) fn at_most(count: u64, bits: usize) -> Result<usize, BadBlock> {
    usize::try_from(count).ok().filter(|count| *count <= bits).ok_or(BadBlock::Short)
}
