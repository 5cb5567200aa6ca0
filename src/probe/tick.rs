//! How long a tick is: what is due is sent, and what has come is received, once a tick. Pure.
//!
//! Every length divides all longer ones and begins with the clock's zero, so that what is due at
//! a multiple of a long tick is due at a shorter one's, too.

const US_PER_S: i64 = 1_000_000;
/// A tick is about as long as this many packets take …
const PACKETS_PER_TICK: i64 = 100;
/// … and one of these, in microseconds.
const TICKS_US: [i64; 5] = [TICK_MAX_US, 20_000, 10_000, 5_000, TICK_MIN_US];
/// The longest tick, in microseconds: a province of 2,000 subjects sends 20 packets in it, and a
/// wake-up costs as much as ten of them. An answer is known that much later at the most; the times
/// are the kernel's.
pub(super) const TICK_MAX_US: i64 = 100_000;
/// The shortest tick, in microseconds.
pub(super) const TICK_MIN_US: i64 = 1_000;

/// The length of a tick at a rate of packets, in microseconds: the longest that is not much
/// longer than [`PACKETS_PER_TICK`] take.
pub(super) fn tick_us(rate_pps: i64) -> i64 {
    let ideal_us = PACKETS_PER_TICK * US_PER_S / rate_pps.max(1);
    let longest = TICKS_US.into_iter().find(|tick_us| tick_us * 3 / 4 <= ideal_us);
    longest.unwrap_or(TICK_MIN_US)
}

/// The longest tick that is no longer than `most_us`, or else the shortest there is: what is to leave
/// one after the other at least so far apart must not fall into one tick.
pub(super) fn tick_within_us(most_us: i64) -> i64 {
    TICKS_US.into_iter().find(|tick_us| *tick_us <= most_us).unwrap_or(TICK_MIN_US)
}

/// The last beginning of a tick at or before an instant.
pub(super) const fn tick_before_us(at_us: i64, tick_us: i64) -> i64 {
    at_us - at_us.rem_euclid(tick_us)
}

/// The first beginning of a tick at or after an instant.
pub(super) const fn tick_from_us(at_us: i64, tick_us: i64) -> i64 {
    tick_before_us(at_us.saturating_add(tick_us - 1), tick_us)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_follow_the_rate_within_their_bounds() {
        assert_eq!(tick_us(0), TICK_MAX_US);
        assert_eq!(tick_us(1_000), TICK_MAX_US);
        assert_eq!(tick_us(5_000), 20_000);
        assert_eq!(tick_us(10_000), 10_000);
        // A rate that is kept within some percent keeps its tick.
        assert_eq!(tick_us(10_300), 10_000);
        assert_eq!(tick_us(1_000_000), TICK_MIN_US);
    }

    #[test]
    fn what_is_spaced_narrowly_has_a_short_tick() {
        assert_eq!(tick_within_us(i64::MAX), TICK_MAX_US);
        assert_eq!(tick_within_us(100_000), 100_000);
        assert_eq!(tick_within_us(50_000), 20_000);
        assert_eq!(tick_within_us(1), TICK_MIN_US);
    }

    #[test]
    fn a_longer_tick_begins_with_a_shorter_one() {
        for pair in TICKS_US.windows(2) {
            assert_eq!(pair[0] % pair[1], 0);
        }
        assert_eq!(tick_before_us(39_999, 20_000), 20_000);
        assert_eq!(tick_from_us(20_001, 20_000), 40_000);
        assert_eq!(tick_from_us(40_000, 20_000), 40_000);
        assert_eq!(tick_before_us(-1, 20_000), -20_000);
    }
}
