//! How fast packets leave at present, and the length of a tick that follows from it. Pure.

const US_PER_S: i64 = 1_000_000;
/// A tick is as long as this many packets take at the present rate …
const PACKETS_PER_TICK: i64 = 50;
/// … within these bounds.
pub(super) const TICK_MIN_US: i64 = 1_000;
pub(super) const TICK_MAX_US: i64 = 20_000;
/// The present rate is measured over this time.
const RATE_WINDOW_US: i64 = 100_000;

/// How fast packets leave at present.
#[derive(Debug, Default)]
pub(super) struct Speed {
    since_us: i64,
    sent: u64,
    rate_pps: i64,
}

impl Speed {
    pub(super) fn note(&mut self, now_us: i64, sent: u64) {
        let elapsed_us = now_us - self.since_us;
        if elapsed_us >= RATE_WINDOW_US {
            let packets = i64::try_from(sent - self.sent).unwrap_or(i64::MAX / US_PER_S);
            let rate_pps = packets.saturating_mul(US_PER_S) / elapsed_us;
            // Rises at once, falls by halves: too short a tick costs little, too long a one room.
            self.rate_pps = rate_pps.max(i64::midpoint(self.rate_pps, rate_pps));
            (self.since_us, self.sent) = (now_us, sent);
        }
    }

    pub(super) fn tick_us(&self) -> i64 {
        (PACKETS_PER_TICK * US_PER_S / self.rate_pps.max(1)).clamp(TICK_MIN_US, TICK_MAX_US)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_follow_the_rate_within_their_bounds() {
        let tick_us = |rate_pps| Speed { since_us: 0, sent: 0, rate_pps }.tick_us();
        assert_eq!(tick_us(0), TICK_MAX_US);
        assert_eq!(tick_us(1_000), TICK_MAX_US);
        assert_eq!(tick_us(10_000), 5_000);
        assert_eq!(tick_us(1_000_000), TICK_MIN_US);
    }

    #[test]
    fn the_rate_rises_at_once_and_falls_by_halves() {
        let mut speed = Speed::default();
        speed.note(RATE_WINDOW_US, 1_000);
        assert_eq!(speed.rate_pps, 10_000);
        speed.note(2 * RATE_WINDOW_US - 1, 1_000);
        assert_eq!(speed.rate_pps, 10_000);
        speed.note(2 * RATE_WINDOW_US, 1_000);
        assert_eq!(speed.rate_pps, 5_000);
    }
}
