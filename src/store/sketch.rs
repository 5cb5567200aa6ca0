//! Quantiles of round-trip times from a few dozen bytes, mergeable over any time and any group.
//!
//! A sketch counts values in buckets whose ends stand in a fixed ratio (a DDSketch with integer
//! ends), so that merging is adding and a quantile is off by 1.6 % at most, whatever the
//! distribution. The crates that do it keep every bucket as a floating-point number and have no
//! compact form. Pure.

mod hours;
mod point_hours;
mod points;
mod rollup;
mod spread;

pub(in crate::store) use hours::{
    HourSet, Hours, count_hours, decode_hours, encode_hours, merge_hours,
};
pub(in crate::store) use point_hours::{PointHours, decode_point_hours, encode_point_hours};
pub use points::{CounterRollup, GaugeRollup, PointRollup};
pub use rollup::Rollup;
pub use spread::Spread;

use super::block::{BadBlock, BitReader, BitWriter, Rice, fold_sign, unfold_sign};

/// The error that is allowed, in thousandths: a bucket reaches so far up from its middle and so far
/// down, in proportion to its first value.
const ERROR_PERMILLE: u64 = 16;
/// First values of the buckets: each value has its own up to 62, of which 1 is more than 1.6 %.
const FIRSTS: [u32; BUCKETS] = firsts();
/// How many it takes up to `u32::MAX`.
const BUCKETS: usize = count_buckets();

const fn reach(first: u64) -> u64 {
    first * ERROR_PERMILLE / 1000
}

const fn first_after(first: u64) -> u64 {
    first + 2 * reach(first) + 1
}

const fn count_buckets() -> usize {
    let (mut count, mut first) = (0, 0);
    while first <= u32::MAX as u64 {
        count += 1;
        first = first_after(first);
    }
    count
}

const fn firsts() -> [u32; BUCKETS] {
    let mut firsts = [0; BUCKETS];
    let (mut bucket, mut first) = (0, 0);
    while bucket < BUCKETS {
        firsts[bucket] = first as u32;
        bucket += 1;
        first = first_after(first);
    }
    firsts
}

/// Bits behind the highest one by which values are told apart to find their bucket: a cell of values
/// that agree in these is narrower than a bucket, so that one of two is theirs.
const CELL_BITS: u32 = 5;
/// Values below have a cell each, and each power of two from there on has as many.
const CELLS_EACH: usize = 1 << CELL_BITS;
const CELLS: usize = CELLS_EACH * (u32::BITS - CELL_BITS + 1) as usize;
/// The bucket of the first value of each cell.
const CELL_BUCKETS: [u16; CELLS] = cell_buckets();

const fn cell_buckets() -> [u16; CELLS] {
    let mut buckets = [0; CELLS];
    let (mut cell, mut bucket) = (0, 0);
    while cell < CELLS {
        let first = if cell < CELLS_EACH {
            cell as u32
        } else {
            let power = (cell / CELLS_EACH - 1) as u32;
            ((CELLS_EACH + cell % CELLS_EACH) as u32) << power
        };
        while bucket + 1 < BUCKETS && FIRSTS[bucket + 1] <= first {
            bucket += 1;
        }
        buckets[cell] = bucket as u16;
        cell += 1;
    }
    buckets
}

/// The bucket that a value falls into.
fn bucket_of(value_us: u32) -> usize {
    let power = value_us.checked_ilog2().map_or(0, |top| top.saturating_sub(CELL_BITS));
    // The highest bit that is left counts one more power.
    let cell = CELLS_EACH * power as usize + (value_us >> power) as usize;
    let bucket = usize::from(CELL_BUCKETS[cell]);
    bucket + usize::from(FIRSTS.get(bucket + 1).is_some_and(|next| *next <= value_us))
}

/// What stands for a bucket's values.
fn middle_us(bucket: usize) -> u32 {
    let first = u64::from(FIRSTS[bucket]);
    u32::try_from(first + reach(first)).unwrap_or(u32::MAX)
}

/// How many values fell into each bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sketch {
    /// The bucket of `counts[0]`.
    first: usize,
    /// Counts from the first bucket that has any to the last; at most [`BUCKETS`].
    counts: Vec<u64>,
}

impl Sketch {
    /// Counts one value in microseconds.
    pub(in crate::store) fn add(&mut self, value_us: u32) {
        self.add_many(bucket_of(value_us), 1);
    }

    fn add_many(&mut self, bucket: usize, count: u64) {
        // Mostly there is room: a bucket before the first wraps beyond every length.
        if let Some(slot) = self.counts.get_mut(bucket.wrapping_sub(self.first)) {
            *slot = slot.saturating_add(count);
            return;
        }
        self.make_room(bucket);
        if let Some(slot) = self.counts.get_mut(bucket - self.first) {
            *slot = slot.saturating_add(count);
        }
    }

    /// Forgets all values, and keeps the room.
    fn clear(&mut self) {
        self.counts.clear();
        self.first = 0;
    }

    /// Makes the range hold `bucket`.
    fn make_room(&mut self, bucket: usize) {
        if self.counts.is_empty() {
            self.first = bucket;
        }
        if bucket < self.first {
            let missing = self.first - bucket;
            self.counts.splice(0..0, std::iter::repeat_n(0, missing));
            self.first = bucket;
        }
        if bucket - self.first >= self.counts.len() {
            self.counts.resize(bucket - self.first + 1, 0);
        }
    }

    /// Counts what `other` has counted, too: the result is the sketch of both together.
    pub fn merge(&mut self, other: &Self) {
        let Some(last) = other.counts.len().checked_sub(1) else {
            return;
        };
        self.make_room(other.first);
        self.make_room(other.first + last);
        let slots = self.counts.iter_mut().skip(other.first - self.first);
        for (slot, count) in slots.zip(&other.counts) {
            *slot = slot.saturating_add(*count);
        }
    }

    /// How many values were counted.
    pub fn count(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The value in microseconds that `permille` thousandths of the values do not pass: of the
    /// sorted values the one at the place `(count - 1) * permille / 1000`, rounded down, within
    /// 1.6 %. `None` when nothing was counted.
    pub fn quantile_us(&self, permille: u16) -> Option<u32> {
        let last = u128::from(self.count().checked_sub(1)?);
        let place = last * u128::from(permille.min(1000)) / 1000;
        let mut passed = 0_u128;
        let held = self.counts.iter().position(|count| {
            passed += u128::from(*count);
            passed > place
        });
        held.map(|offset| middle_us(self.first + offset))
    }

    /// The values counted, each within 1.6 % in microseconds and with how often, the shortest first.
    pub fn values(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.held().map(|(bucket, count)| (middle_us(bucket), count))
    }

    /// Buckets that hold something, with their counts.
    fn held(&self) -> impl Iterator<Item = (usize, u64)> + Clone {
        let counts = self.counts.iter().zip(self.first..);
        counts.filter(|(count, _)| **count > 0).map(|(count, bucket)| (bucket, *count))
    }

    /// Appends the sketch: about a byte for each bucket that holds something.
    pub(in crate::store) fn encode(&self, bits: &mut BitWriter<'_>) {
        bits.put_number(self.held().count() as u64);
        let mut gaps = Rice::new(0);
        let (mut next, mut last) = (0, 0_u64);
        for (bucket, count) in self.held() {
            if next == 0 {
                bits.put_number(bucket as u64);
            } else {
                gaps.put(bits, (bucket - next) as u64);
            }
            let difference = fold_sign(count.wrapping_sub(last).cast_signed());
            expect_near(last).put(bits, difference);
            (next, last) = (bucket + 1, count);
        }
    }

    /// Counts what [`Sketch::encode`] wrote, too.
    ///
    /// # Errors
    /// When the bits are no sketch; what stands before the fault was counted.
    pub(in crate::store) fn merge_encoded(
        &mut self,
        bits: &mut BitReader<'_>,
    ) -> Result<(), BadBlock> {
        self.merge_encoded_within(bits, BUCKETS)
    }

    /// The same of a sketch that has so many buckets.
    fn merge_encoded_within(
        &mut self,
        bits: &mut BitReader<'_>,
        buckets: usize,
    ) -> Result<(), BadBlock> {
        let held = bits.get_number()?;
        if held > buckets as u64 {
            return Err(BadBlock::Malformed("number of buckets"));
        }
        if held == 0 {
            return Ok(());
        }
        let mut gap = bits.get_number()?;
        let mut gaps = Rice::new(0);
        let (mut next, mut last) = (0_usize, 0_u64);
        let mut own = *bits;
        for _ in 0..held {
            if next > 0 {
                gap = gaps.get(&mut own)?;
            }
            let bucket = usize::try_from(gap).ok().and_then(|gap| next.checked_add(gap));
            let bucket = bucket.filter(|bucket| *bucket < buckets);
            let bucket = bucket.ok_or(BadBlock::Malformed("bucket"))?;
            let difference = unfold_sign(expect_near(last).get_as_expected(&mut own)?);
            last = last.wrapping_add(difference.cast_unsigned());
            if last == 0 {
                return Err(BadBlock::Malformed("count of a bucket"));
            }
            self.add_many(bucket, last);
            next = bucket + 1;
        }
        *bits = own;
        Ok(())
    }
}

/// A histogram's bars rise and fall in proportion to their height.
fn expect_near(count: u64) -> Rice {
    Rice::new(count / 2)
}

#[cfg(test)]
mod tests;
