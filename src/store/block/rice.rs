//! Numbers that are mostly small, by a Rice code that learns how small; and series of numbers as
//! differences from a level that follows them.

use super::BadBlock;
use super::bits::{BitReader, BitWriter};

/// A Rice code's quotient from which on the number is written plainly.
const PLAIN_FROM: u64 = 24;
/// Low bits up to which a number is read in one go.
const SHORT_BITS: u32 = 31;
/// Numbers after which older ones begin to weigh less.
const MEMORY: u32 = 64;
/// A number weighs no more than this, so that the sum of [`MEMORY`] of them fits.
const WEIGHT_MAX: u64 = 1 << 56;

/// 0, -1, 1, -2, … as 0, 1, 2, 3, …
pub(in crate::store) const fn fold_sign(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

/// The reverse of [`fold_sign`].
pub(in crate::store) const fn unfold_sign(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

/// What has been learnt about the size of the numbers so far; the same on both sides.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Rice {
    sum: u64,
    count: u32,
    /// Low bits written as they are: log2 of half the mean, rounded up, the sign being folded in.
    low: u32,
}

impl Rice {
    /// Expects numbers about as large as `guess`.
    pub(in crate::store) const fn new(guess: u64) -> Self {
        let weight = if guess < WEIGHT_MAX { guess } else { WEIGHT_MAX };
        let half = weight / 2;
        let low = if half > 1 { (half - 1).ilog2() + 1 } else { 0 };
        Self { sum: weight, count: 1, low }
    }

    #[inline]
    fn learn(&mut self, value: u64) {
        self.sum += value.min(WEIGHT_MAX);
        self.count += 1;
        if self.count == MEMORY {
            self.sum /= 2;
            self.count /= 2;
        }
        // The mean moves little from one number to the next: mostly there is no step to take.
        let (half, count) = (self.sum / 2, u64::from(self.count));
        while count << self.low < half {
            self.low += 1;
        }
        while self.low > 0 && count << (self.low - 1) >= half {
            self.low -= 1;
        }
    }

    /// Writes one number.
    #[inline]
    pub(in crate::store) fn put(&mut self, bits: &mut BitWriter<'_>, value: u64) {
        let low = self.low;
        let quotient = value >> low;
        if quotient < PLAIN_FROM {
            let behind = value & ((1 << low) - 1);
            let zeros = quotient as u32;
            if zeros + 1 + low <= u32::BITS {
                // Nearly always: both at once.
                bits.put((behind << 1 | 1) << zeros, zeros + 1 + low);
            } else {
                bits.put_unary(zeros);
                bits.put(behind, low);
            }
        } else {
            bits.put_unary(PLAIN_FROM as u32);
            bits.put_number(value);
        }
        self.learn(value);
    }

    /// Reads one number.
    ///
    /// # Errors
    /// When the bits are no such number.
    #[inline]
    pub(in crate::store) fn get(&mut self, bits: &mut BitReader<'_>) -> Result<u64, BadBlock> {
        let value = self.get_as_expected(bits)?;
        self.learn(value);
        Ok(value)
    }

    /// Reads one number and learns nothing of it.
    ///
    /// # Errors
    /// When the bits are no such number.
    #[inline]
    pub(in crate::store) fn get_as_expected(
        self,
        bits: &mut BitReader<'_>,
    ) -> Result<u64, BadBlock> {
        let low = self.low;
        if low <= SHORT_BITS
            && let Some((quotient, behind)) = bits.get_short(PLAIN_FROM as u32, low)
        {
            return Ok(u64::from(quotient) << low | behind);
        }
        let (value, behind) = get_in_parts(*bits, low)?;
        *bits = behind;
        Ok(value)
    }
}

/// A number with `low` low bits, however long, and what stands behind it.
#[cold]
fn get_in_parts(mut bits: BitReader<'_>, low: u32) -> Result<(u64, BitReader<'_>), BadBlock> {
    let quotient = u64::from(bits.get_unary()?);
    let is_plain = quotient >= PLAIN_FROM;
    let value = if is_plain { bits.get_number()? } else { quotient << low | bits.get(low)? };
    Ok((value, bits))
}

/// A moving mean that predicts the next value of a series. Wraps where values are huge: the
/// prediction is poor then, what is written exact.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    /// The mean times 64.
    scaled: i64,
    /// The next value moves the mean by one part in 2 to this.
    shift: u32,
}

impl Level {
    const FRACTION_BITS: u32 = 6;

    pub(super) const fn new(start: i64, shift: u32) -> Self {
        Self { scaled: start.wrapping_shl(Self::FRACTION_BITS), shift }
    }

    /// The difference of `value` from what was expected, sign folded; follows it.
    pub(super) fn difference(&mut self, value: i64) -> u64 {
        let difference = value.wrapping_sub(self.expected());
        self.follow(value);
        fold_sign(difference)
    }

    /// The reverse of [`Level::difference`].
    pub(super) fn value(&mut self, difference: u64) -> i64 {
        let value = self.expected().wrapping_add(unfold_sign(difference));
        self.follow(value);
        value
    }

    fn expected(self) -> i64 {
        self.scaled.wrapping_add(1 << (Self::FRACTION_BITS - 1)) >> Self::FRACTION_BITS
    }

    fn follow(&mut self, value: i64) {
        let scaled = value.wrapping_shl(Self::FRACTION_BITS);
        self.scaled = self.scaled.wrapping_add(scaled.wrapping_sub(self.scaled) >> self.shift);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A reader of any version finds the low bits anew, so that they may not depend on the way.
        #[test]
        fn low_bits_are_those_of_half_the_mean(guess: u64, sizes in proptest::collection::vec(0_u32..64, 0..200)) {
            let mut rice = Rice::new(guess);
            for size in sizes {
                let fewest = (0..u64::BITS).find(|low| u64::from(rice.count) << low >= rice.sum / 2);
                prop_assert_eq!(Some(rice.low), fewest);
                rice.learn(u64::MAX >> size);
            }
        }
    }
}
