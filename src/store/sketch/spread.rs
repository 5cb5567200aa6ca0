//! How a metric's values are spread: a sketch over whole 64 bits, below zero too.
//!
//! Its buckets are made as those of round-trip times are, and reach further; what lies below zero is
//! counted by how far, in a sketch of its own.

use super::super::block::{BadBlock, BitReader, BitWriter};
use super::{ERROR_PERMILLE, Sketch};

/// First values of the buckets.
const FIRSTS: [u64; BUCKETS] = firsts();
/// How many it takes up to `u64::MAX`.
pub(super) const BUCKETS: usize = count_buckets();

const fn reach(first: u64) -> u64 {
    (first as u128 * ERROR_PERMILLE as u128 / 1000) as u64
}

/// `None` beyond 64 bits.
const fn first_after(first: u64) -> Option<u64> {
    let next = first as u128 + 2 * reach(first) as u128 + 1;
    if next > u64::MAX as u128 { None } else { Some(next as u64) }
}

const fn count_buckets() -> usize {
    let (mut count, mut first) = (1, 0);
    while let Some(next) = first_after(first) {
        count += 1;
        first = next;
    }
    count
}

const fn firsts() -> [u64; BUCKETS] {
    let mut firsts = [0; BUCKETS];
    let (mut bucket, mut first) = (0, 0);
    while let Some(next) = first_after(first) {
        bucket += 1;
        firsts[bucket] = next;
        first = next;
    }
    firsts
}

fn bucket_of(magnitude: u64) -> usize {
    FIRSTS.partition_point(|first| *first <= magnitude) - 1
}

/// What stands for a bucket's values above zero.
fn middle(bucket: usize) -> i64 {
    let first = FIRSTS[bucket];
    i64::try_from(first.saturating_add(reach(first))).unwrap_or(i64::MAX)
}

/// The first value of a bucket, and how many bits tell its values apart.
pub(super) fn width_of(bucket: usize) -> (u64, u32) {
    let first = FIRSTS[bucket];
    let last = FIRSTS.get(bucket + 1).map_or(u64::MAX, |next| next - 1);
    (first, u64::BITS - (last - first).leading_zeros())
}

/// How many of a metric's values lie where, each within 1.6 %.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spread {
    /// By how far below.
    pub(super) below: Sketch,
    /// Zero and above.
    pub(super) above: Sketch,
}

impl Spread {
    /// Counts one value.
    pub(super) fn add(&mut self, value: i64) {
        let half = if value < 0 { &mut self.below } else { &mut self.above };
        half.add_many(bucket_of(value.unsigned_abs()), 1);
    }

    /// Counts what `other` has counted, too.
    pub(super) fn merge(&mut self, other: &Self) {
        self.below.merge(&other.below);
        self.above.merge(&other.above);
    }

    /// How many values were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.below.count().saturating_add(self.above.count())
    }

    /// The values, each within 1.6 % and with how often, the smallest first.
    pub fn values(&self) -> impl Iterator<Item = (i64, u64)> + '_ {
        let mut below: Vec<(usize, u64)> = self.below.held().collect();
        below.reverse();
        let below = below.into_iter().map(|(bucket, count)| (-middle(bucket), count));
        below.chain(self.above.held().map(|(bucket, count)| (middle(bucket), count)))
    }

    /// The value that `permille` thousandths of the values do not pass: of the sorted values the
    /// one at the place `(count - 1) * permille / 1000`, rounded down, within 1.6 %. `None` when
    /// nothing was counted.
    #[must_use]
    pub fn quantile(&self, permille: u16) -> Option<i64> {
        let last = u128::from(self.count().checked_sub(1)?);
        let place = last * u128::from(permille.min(1000)) / 1000;
        let mut passed = 0_u128;
        let mut values = self.values();
        let found = values.find(|(_, count)| {
            passed += u128::from(*count);
            passed > place
        });
        found.map(|(value, _)| value)
    }

    /// What the values would come to if each were what stands for its bucket.
    pub(super) fn likely_sum(&self) -> i128 {
        // Of bytes that no encoder wrote it may be anything.
        let each = |(value, count)| i128::from(value).wrapping_mul(i128::from(count));
        self.values().map(each).fold(0, i128::wrapping_add)
    }

    /// Where the smallest and the largest value lie, by `width_of` and whether below zero; `None`
    /// when nothing was counted.
    pub(super) fn ends(&self) -> Option<[(usize, bool); 2]> {
        let of = |half: &Sketch| {
            let (first, _) = half.held().next()?;
            let last = half.counts.iter().rposition(|count| *count > 0)?;
            Some((first, half.first + last))
        };
        Some(match (of(&self.below), of(&self.above)) {
            (Some((_, far)), Some((_, high))) => [(far, true), (high, false)],
            (Some((near, far)), None) => [(far, true), (near, true)],
            (None, Some((low, high))) => [(low, false), (high, false)],
            (None, None) => return None,
        })
    }

    pub(super) fn encode(&self, bits: &mut BitWriter<'_>) {
        self.below.encode(bits);
        self.above.encode(bits);
    }

    /// Reads what [`Spread::encode`] wrote.
    ///
    /// # Errors
    /// When the bits are no such sketches.
    pub(super) fn decode(bits: &mut BitReader<'_>) -> Result<Self, BadBlock> {
        let mut spread = Self::default();
        spread.below.merge_encoded_within(bits, BUCKETS)?;
        spread.above.merge_encoded_within(bits, BUCKETS)?;
        Ok(spread)
    }
}
