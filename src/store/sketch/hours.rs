//! The rollups of a day's hours in one blob, a fifth of what they take apart.
//!
//! `which hours | rounds | failed | own faults | lost | sent` of all hours, each a column of its
//! own; then of each hour its distribution, and the sum, the shortest and the longest of its times
//! as what the distribution leaves open. Everything comes back exactly. The rounds stand first, so
//! that they are counted without reading on.

use super::super::block::{
    BadBlock, BitReader, BitWriter, Format, Rice, fold_sign, open, seal, unfold_sign,
};
use super::{BUCKETS, FIRSTS, Rollup, Sketch, middle_us};

/// Hours of a day.
const HOURS: usize = 24;
/// First guess of the difference of two hours' rounds, and of what is rare.
const FEW: u64 = 1;
/// First guess of how far a sum is from what its distribution makes likely, in microseconds.
const SUM_GUESS: u64 = 1_000;

/// First guess of how many times fall into a bucket.
const COUNT_GUESS: u64 = 16;

/// The rollups of a day by the hour of the day.
pub(in crate::store) type Hours = [Option<Rollup>; HOURS];

/// Which hours of a day: the lowest bit is the first one.
pub(in crate::store) type HourSet = u32;

/// Puts into `into`, which is emptied, the rollups of a day's hours.
pub(in crate::store) fn encode_hours(hours: &Hours, into: &mut Vec<u8>) {
    seal(Format::RollupHours, into, |body| {
        let mut bits = BitWriter::new(body);
        put_hours(&mut bits, hours);
        bits.finish();
    });
}

fn put_hours(bits: &mut BitWriter<'_>, hours: &Hours) {
    let set =
        hours.iter().zip(0..).fold(0, |set: HourSet, (h, n)| set | u32::from(h.is_some()) << n);
    bits.put(u64::from(set), HOURS as u32);
    let all = || hours.iter().flatten();
    put_steps(bits, all().map(|hour| hour.rounds));
    put_rare(bits, all().map(|hour| hour.failed));
    put_rare(bits, all().map(|hour| hour.own_faults));
    put_rare(bits, all().map(|hour| hour.lost));
    let packets = all().find(|hour| hour.rounds > 0).map_or(0, |hour| hour.sent / hour.rounds);
    bits.put_number(packets);
    put_rare(
        bits,
        all().map(|hour| {
            let usual = hour.rounds.wrapping_mul(packets);
            fold_sign(hour.sent.wrapping_sub(usual).cast_signed())
        }),
    );
    let (mut shape, mut sums) = (Shape::new(BUCKETS), Rice::new(SUM_GUESS));
    for hour in all() {
        shape.put(bits, &hour.sketch);
        let likely = likely_sum_us(&hour.sketch);
        sums.put(bits, fold_sign(hour.rtt_sum_us.wrapping_sub(likely).cast_signed()));
        let Some((low, high)) = ends(&hour.sketch) else { continue };
        for (bucket, end_us) in [(low, hour.rtt_min_us), (high, hour.rtt_max_us)] {
            let (first, width) = width_of(bucket);
            // The shortest time lies in the first bucket, the longest in the last.
            let beyond = u64::from(end_us.unwrap_or(first).saturating_sub(first));
            bits.put(beyond & ((1 << width) - 1), width);
        }
    }
}

/// Gives `each` the rollups of the hours in `wanted` that [`encode_hours`] wrote, in their order.
///
/// # Errors
/// When the bytes are no such rollups, or not whole; hours before the fault were given.
pub(in crate::store) fn decode_hours(
    bytes: &[u8],
    wanted: HourSet,
    mut each: impl FnMut(usize, &Rollup),
) -> Result<(), BadBlock> {
    add_hours(bytes, wanted, &mut Rollup::default(), |place, hour| {
        each(place, hour);
        *hour = Rollup { sketch: std::mem::take(&mut hour.sketch), ..Rollup::default() };
        hour.sketch.clear();
    })
}

/// Counts the hours in `wanted` that [`encode_hours`] wrote, too: a month's edges of everybody are
/// summed without a rollup for each.
///
/// # Errors
/// When the bytes are no such rollups, or not whole; a part of them may have been counted.
pub(in crate::store) fn merge_hours(
    bytes: &[u8],
    wanted: HourSet,
    sum: &mut Rollup,
) -> Result<(), BadBlock> {
    add_hours(bytes, wanted, sum, |_, _| {})
}

/// Adds the hours in `wanted` to `sum`, which `then` sees after each.
fn add_hours(
    bytes: &[u8],
    wanted: HourSet,
    sum: &mut Rollup,
    mut then: impl FnMut(usize, &mut Rollup),
) -> Result<(), BadBlock> {
    let bits = &mut BitReader::new(open(Format::RollupHours, bytes)?);
    let set = bits.get(HOURS as u32)? as HourSet;
    let count = set.count_ones() as usize;
    let mut columns = [[0; HOURS]; 5];
    let [rounds, failed, own_faults, lost, sent] = &mut columns;
    get_steps(bits, &mut rounds[..count])?;
    for column in [failed, own_faults, lost] {
        get_rare(bits, &mut column[..count])?;
    }
    let packets = bits.get_number()?;
    get_rare(bits, &mut sent[..count])?;
    let (mut shape, mut sums) = (Shape::new(BUCKETS), Rice::new(SUM_GUESS));
    // Nothing behind the last wanted hour is read.
    let last = (HourSet::BITS - wanted.leading_zeros()) as usize;
    for (n, place) in (0..HOURS.min(last)).filter(|n| set >> n & 1 == 1).zip(0..) {
        let is_wanted = wanted >> n & 1 == 1;
        let mut likely_us = 0_u64;
        let ends = shape.get(bits, |bucket, count| {
            likely_us = likely_us.wrapping_add(u64::from(middle_us(bucket)).wrapping_mul(count));
            if is_wanted {
                sum.sketch.add_many(bucket, count);
            }
        })?;
        let beyond = unfold_sign(sums.get(bits)?).cast_unsigned();
        let ends = match ends {
            None => None,
            Some((low, high)) => Some((get_end(bits, low)?, get_end(bits, high)?)),
        };
        if !is_wanted {
            continue;
        }
        let [rounds, failed, own_faults, lost, sent] = columns.map(|column| column[place]);
        let usual = rounds.wrapping_mul(packets);
        let sent = usual.wrapping_add(unfold_sign(sent).cast_unsigned());
        sum.rounds = sum.rounds.saturating_add(rounds);
        sum.failed = sum.failed.saturating_add(failed);
        sum.own_faults = sum.own_faults.saturating_add(own_faults);
        sum.sent = sum.sent.saturating_add(sent);
        sum.lost = sum.lost.saturating_add(lost);
        sum.rtt_sum_us = sum.rtt_sum_us.saturating_add(likely_us.wrapping_add(beyond));
        if let Some((min_us, max_us)) = ends {
            sum.reach(min_us, max_us);
        }
        then(n, sum);
    }
    Ok(())
}

/// Which hours there are, and the rounds of those in `wanted` together; of what
/// [`encode_hours`] wrote.
///
/// # Errors
/// When the bytes are no such rollups, or not whole.
pub(in crate::store) fn count_hours(
    bytes: &[u8],
    wanted: HourSet,
) -> Result<(HourSet, u64), BadBlock> {
    let bits = &mut BitReader::new(open(Format::RollupHours, bytes)?);
    let set = bits.get(HOURS as u32)? as HourSet;
    let mut rounds = [0; HOURS];
    get_steps(bits, &mut rounds[..set.count_ones() as usize])?;
    let hours = (0..HOURS).filter(|n| set >> n & 1 == 1).zip(rounds);
    let of_wanted = hours.filter(|(n, _)| wanted >> n & 1 == 1);
    Ok((set, of_wanted.fold(0, |sum: u64, (_, rounds)| sum.saturating_add(rounds))))
}

/// A column of numbers that change little.
pub(super) fn put_steps(bits: &mut BitWriter<'_>, numbers: impl Iterator<Item = u64>) {
    let (mut steps, mut last) = (Rice::new(FEW), None);
    for number in numbers {
        match last {
            None => bits.put_number(number),
            Some(last) => steps.put(bits, fold_sign(number.wrapping_sub(last).cast_signed())),
        }
        last = Some(number);
    }
}

/// A column of numbers that are mostly 0.
pub(super) fn put_rare(bits: &mut BitWriter<'_>, numbers: impl Iterator<Item = u64>) {
    let mut sizes = Rice::new(FEW);
    numbers.for_each(|number| sizes.put(bits, number));
}

pub(super) fn get_steps(bits: &mut BitReader<'_>, into: &mut [u64]) -> Result<(), BadBlock> {
    let (mut steps, mut last) = (Rice::new(FEW), None);
    for number in into {
        *number = match last {
            None => bits.get_number()?,
            Some(last) => unfold_sign(steps.get(bits)?).cast_unsigned().wrapping_add(last),
        };
        last = Some(*number);
    }
    Ok(())
}

pub(super) fn get_rare(bits: &mut BitReader<'_>, into: &mut [u64]) -> Result<(), BadBlock> {
    let mut sizes = Rice::new(FEW);
    into.iter_mut().try_for_each(|number| {
        *number = sizes.get(bits)?;
        Ok(())
    })
}

fn get_end(bits: &mut BitReader<'_>, bucket: usize) -> Result<u32, BadBlock> {
    let (first, width) = width_of(bucket);
    let beyond = u32::try_from(bits.get(width)?).unwrap_or(u32::MAX);
    first.checked_add(beyond).ok_or(BadBlock::Malformed("round-trip time"))
}

/// The sum of the times if each were its bucket's middle.
fn likely_sum_us(sketch: &Sketch) -> u64 {
    sketch.held().fold(0, |sum: u64, (bucket, count)| {
        sum.wrapping_add(u64::from(middle_us(bucket)).wrapping_mul(count))
    })
}

/// The buckets of the shortest and of the longest time.
fn ends(sketch: &Sketch) -> Option<(usize, usize)> {
    let (first, _) = sketch.held().next()?;
    let last = sketch.counts.iter().rposition(|count| *count > 0)?;
    Some((first, sketch.first + last))
}

/// The first value of a bucket, and how many bits tell its values apart.
fn width_of(bucket: usize) -> (u32, u32) {
    let first = FIRSTS[bucket];
    let next = FIRSTS.get(bucket + 1).map_or(1 << u32::BITS, |next| u64::from(*next));
    (first, u64::BITS - (next - u64::from(first) - 1).leading_zeros())
}

/// What the distributions of a day's hours have in common: where they begin, how wide and how high
/// they are.
pub(super) struct Shape {
    /// How many buckets a sketch has.
    buckets: usize,
    first: u64,
    firsts: Rice,
    held: u64,
    helds: Rice,
    gaps: Rice,
    counts: Rice,
}

impl Shape {
    pub(super) const fn new(buckets: usize) -> Self {
        Self {
            buckets,
            first: 0,
            firsts: Rice::new(FEW),
            held: 0,
            helds: Rice::new(FEW),
            gaps: Rice::new(0),
            counts: Rice::new(COUNT_GUESS),
        }
    }

    pub(super) fn put(&mut self, bits: &mut BitWriter<'_>, sketch: &Sketch) {
        let held = sketch.held().count() as u64;
        self.helds.put(bits, fold_sign(held.wrapping_sub(self.held).cast_signed()));
        self.held = held;
        let mut next = None;
        for (bucket, count) in sketch.held() {
            match next {
                None => {
                    let step = (bucket as u64).wrapping_sub(self.first).cast_signed();
                    self.firsts.put(bits, fold_sign(step));
                    self.first = bucket as u64;
                }
                Some(next) => self.gaps.put(bits, (bucket - next) as u64),
            }
            self.counts.put(bits, count - 1);
            next = Some(bucket + 1);
        }
    }

    /// Gives `each` the buckets that hold something; answers the first and the last of them.
    pub(super) fn get(
        &mut self,
        bits: &mut BitReader<'_>,
        mut each: impl FnMut(usize, u64),
    ) -> Result<Option<(usize, usize)>, BadBlock> {
        let step = unfold_sign(self.helds.get(bits)?).cast_unsigned();
        self.held = self.held.wrapping_add(step);
        if self.held > self.buckets as u64 {
            return Err(BadBlock::Malformed("number of buckets"));
        }
        let mut ends = None;
        for _ in 0..self.held {
            let bucket = match ends {
                None => {
                    let step = unfold_sign(self.firsts.get(bits)?).cast_unsigned();
                    self.first = self.first.wrapping_add(step);
                    Some(self.first)
                }
                Some((_, last)) => self.gaps.get(bits)?.checked_add(last as u64 + 1),
            };
            let bucket = bucket.and_then(|bucket| usize::try_from(bucket).ok());
            let bucket = bucket.filter(|bucket| *bucket < self.buckets);
            let bucket = bucket.ok_or(BadBlock::Malformed("bucket"))?;
            let count = self.counts.get(bits)?.checked_add(1);
            each(bucket, count.ok_or(BadBlock::Malformed("count of a bucket"))?);
            ends = Some((ends.map_or(bucket, |(first, _)| first), bucket));
        }
        Ok(ends)
    }
}

#[cfg(test)]
mod tests;
