//! A packet rate as the generic cell rate algorithm: one instant instead of a count of tokens, so
//! that no rounding adds up and turns can be booked ahead. Pure.

const NS_PER_S: i64 = 1_000_000_000;
const NS_PER_US: i64 = 1_000;
/// How much unused rate may be caught up at once: as long as a stall that should not slow the
/// patrol, short enough that no line sees a burst worth mentioning.
const BURST_NS: i64 = 100_000_000;
/// A whole round must always fit.
const BURST_PACKETS_MIN: i64 = crate::model::MAX_PINGS_PER_ROUND as i64;

/// Lets at most `rate` packets a second through on the whole, and 100 ms of them (at least ten)
/// at once.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    per_packet_ns: i64,
    burst_ns: i64,
    /// When the packets let through so far would have passed at an even rate.
    even_ns: i64,
}

impl Bucket {
    /// A full bucket; a rate of 0 counts as 1.
    pub(super) fn new(rate_pps: u32) -> Self {
        let per_packet_ns = (NS_PER_S / i64::from(rate_pps.max(1))).max(1);
        let burst_ns = BURST_NS.max(per_packet_ns.saturating_mul(BURST_PACKETS_MIN));
        Self { per_packet_ns, burst_ns, even_ns: i64::MIN / 2 }
    }

    /// The earliest time from `now_us` on at which `packets` may go, in microseconds.
    pub(super) fn earliest_us(&self, now_us: i64, packets: u8) -> i64 {
        let after = self.even_ns.max(now_us.saturating_mul(NS_PER_US));
        let even = after.saturating_add(self.per_packet_ns.saturating_mul(i64::from(packets)));
        let earliest_ns = even.saturating_sub(self.burst_ns);
        // Rounded up: never a microsecond too early.
        let earliest_us = earliest_ns.saturating_add(NS_PER_US - 1).div_euclid(NS_PER_US);
        earliest_us.max(now_us)
    }

    /// Takes the turn that [`Self::earliest_us`] tells and returns it.
    pub(super) fn book_us(&mut self, now_us: i64, packets: u8) -> i64 {
        let turn_us = self.earliest_us(now_us, packets);
        let after = self.even_ns.max(now_us.saturating_mul(NS_PER_US));
        self.even_ns = after.saturating_add(self.per_packet_ns.saturating_mul(i64::from(packets)));
        turn_us
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_stretch_of_time_passes_more_than_rate_and_burst(
            rate in 1_u32..20_000,
            asks in proptest::collection::vec((0_i64..200_000, 1_u8..=10), 1..300),
        ) {
            let mut bucket = Bucket::new(rate);
            let (mut now_us, mut turns) = (0, Vec::new());
            for (gap_us, packets) in asks {
                now_us += gap_us;
                turns.push((bucket.book_us(now_us, packets), i64::from(packets)));
            }
            let burst = (i64::from(rate) / 10).max(10);
            for from in 0..turns.len() {
                let mut sum = 0;
                for (turn_us, packets) in &turns[from..] {
                    sum += packets;
                    let span_us = turn_us - turns[from].0;
                    let most = burst + span_us * i64::from(rate) / 1_000_000 + 1;
                    prop_assert!(sum <= most, "{sum} packets in {span_us} us at {rate}/s");
                }
            }
        }
    }

    #[test]
    fn turns_are_first_come_first_served_and_use_the_whole_rate() {
        let mut bucket = Bucket::new(1_000);
        let turns: Vec<i64> = (0..2_000).map(|_| bucket.book_us(0, 1)).collect();
        assert!(turns.is_sorted());
        assert_eq!(turns.first(), Some(&0));
        assert_eq!(turns.last(), Some(&1_900_000));
    }
}
