//! Chance that can be repeated: everything random comes from one printed number.

/// Spreads the bits of `x` (splitmix64's finaliser).
pub const fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// A number that depends on all three: what happens to one packet does not depend on what was
/// drawn before it, so that a shrunk scenario loses the same packets.
pub const fn hash(seed: u64, who: u64, when: u64) -> u64 {
    mix(mix(mix(seed) ^ who) ^ when)
}

/// A sequence of numbers.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The sequence of a seed and a purpose: two purposes never share numbers.
    pub fn new(seed: u64, purpose: &str) -> Self {
        Self(purpose.bytes().fold(mix(seed), |h, b| mix(h ^ u64::from(b))))
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// Evenly in `0..n`; 0 when `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        (self.roll() % (n.max(1) as u64)) as usize
    }

    /// Evenly in `[low, high)`; `low` when the range is empty.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.roll() % (high - low).max(1) as u64) as i64
    }

    /// True in `permille` of a thousand cases.
    pub fn chance(&mut self, permille: u64) -> bool {
        self.roll() % 1000 < permille
    }

    /// One of a list.
    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// A length between `low` and `high`, each order of magnitude as likely as the next: outages
    /// of seconds and of hours alike.
    pub fn length(&mut self, low: i64, high: i64) -> i64 {
        let doublings = (high / low.max(1)).max(1).ilog2();
        let base = low << self.below(doublings as usize + 1);
        self.between(base, base * 2).min(high)
    }
}
