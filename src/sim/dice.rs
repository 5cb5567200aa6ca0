//! Chance that can be repeated: everything random in the simulation comes from a seed, so that
//! the same seed gives the same province, the same faults and the same lost packets.

/// Spreads the bits of `x` (splitmix64's finaliser).
pub(super) const fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// A number that depends on every byte (FNV-1a, then mixed).
pub(super) fn hash(seed: u64, bytes: &[u8]) -> u64 {
    let start = 0xCBF2_9CE4_8422_2325 ^ mix(seed);
    mix(bytes.iter().fold(start, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01B3)))
}

/// A sequence of numbers.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// The sequence of a seed and a purpose: two purposes never share numbers.
    pub(super) fn new(seed: u64, purpose: &str) -> Self {
        Self(hash(seed, purpose.as_bytes()))
    }

    /// The next number.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// Evenly in `[low, high)`; `low` when the range is empty.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high.saturating_sub(low)).unwrap_or(0);
        if width == 0 {
            return low;
        }
        low.saturating_add(i64::try_from(self.next() % width).unwrap_or(0))
    }

    /// True in `ppm` of a million cases.
    pub(super) fn chance_ppm(&mut self, ppm: u64) -> bool {
        self.next() % 1_000_000 < ppm
    }

    /// Exponentially distributed around a mean, at most ten times it.
    pub(super) fn exponential(&mut self, mean: i64) -> i64 {
        // Twelve halvings bound the draw: each bit doubles the tail (a geometric ladder), the
        // rest is spread evenly inside the step.
        let half_life = mean.saturating_mul(693) / 1000;
        let mut steps = 0;
        while steps < 12 && self.next() & 1 == 1 {
            steps += 1;
        }
        (half_life * steps + self.between(0, half_life.max(1))).min(mean.saturating_mul(10))
    }

    /// One of a list; `None` of an empty one.
    pub(super) fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        let n = i64::try_from(list.len()).ok()?;
        list.get(usize::try_from(self.between(0, n)).ok()?)
    }
}
