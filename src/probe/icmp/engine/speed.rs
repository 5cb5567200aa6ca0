//! How fast packets leave at present, and the length of a tick that follows from it. Pure.

use crate::probe::tick;

const US_PER_S: i64 = 1_000_000;
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
        tick::tick_us(self.rate_pps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
