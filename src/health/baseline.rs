//! A subject's usual round-trip time by the hour of the day, learnt from its own rounds: the
//! measure of `health.baseline`.

use crate::model::UnixMs;

const HOUR_MS: i64 = 3_600_000;
/// Rounds of an hour of the day that must have been seen before it is held against anything.
const ENOUGH: u32 = 30;
/// One round moves the usual time by this part at most: a day of congestion (some hundred rounds
/// an hour) moves it by a quarter, and so is still told apart from what is usual.
const STEP: u32 = 512;

/// What is usual in one hour of the day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usual {
    /// The usual median, microseconds.
    pub usual_us: u32,
    /// Rounds it was learnt from.
    pub rounds: u32,
}

/// What is usual in each hour of the day (UTC).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Baseline {
    hours: [Usual; 24],
    last: Option<u8>,
}

impl Baseline {
    pub(super) fn resumed(hours: &[(u8, Usual)]) -> Self {
        let mut baseline = Self::default();
        for (hour, usual) in hours {
            if let Some(slot) = baseline.hours.get_mut(usize::from(*hour)) {
                *slot = *usual;
            }
        }
        baseline
    }

    /// The usual median at that hour; `None` while too little is known.
    pub(super) fn usual_us(&self, at: UnixMs) -> Option<u32> {
        let usual = self.hours[usize::from(hour(at))];
        (usual.rounds >= ENOUGH).then_some(usual.usual_us)
    }

    /// Learns from a round. Returns the hour that is over now with what was learnt in it, to be
    /// kept over restarts.
    pub(super) fn learn(&mut self, at: UnixMs, median_us: u32) -> Option<(u8, Usual)> {
        let hour = hour(at);
        let over = self.last.replace(hour).filter(|last| *last != hour);
        let slot = &mut self.hours[usize::from(hour)];
        slot.rounds = slot.rounds.saturating_add(1);
        let usual = slot.usual_us;
        slot.usual_us = if slot.rounds <= ENOUGH {
            // The running mean of the first ones is a start.
            let difference = (i64::from(median_us) - i64::from(usual)) / i64::from(slot.rounds);
            u32::try_from(i64::from(usual) + difference).unwrap_or(usual)
        } else {
            let step = (usual / STEP).max(1);
            match median_us.cmp(&usual) {
                std::cmp::Ordering::Greater => usual.saturating_add(step).min(median_us),
                std::cmp::Ordering::Less => usual.saturating_sub(step).max(median_us),
                std::cmp::Ordering::Equal => usual,
            }
        };
        over.map(|over| (over, self.hours[usize::from(over)]))
    }
}

fn hour(at: UnixMs) -> u8 {
    u8::try_from(at.0.div_euclid(HOUR_MS).rem_euclid(24)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_found_and_an_outlier_hardly_moves_it() {
        let mut baseline = Baseline::default();
        let at = |n: i64| UnixMs(n * 30_000);
        for n in 0..29 {
            baseline.learn(at(n), 10_000);
            assert_eq!(baseline.usual_us(at(n)), None, "round {n}");
        }
        baseline.learn(at(29), 10_000);
        assert_eq!(baseline.usual_us(at(29)), Some(10_000));
        baseline.learn(at(30), 500_000);
        assert_eq!(baseline.usual_us(at(30)), Some(10_019));
        (31..100).for_each(|n| assert_eq!(baseline.learn(at(n), 10_000), None));
        assert_eq!(baseline.usual_us(at(99)), Some(10_000));
        assert_eq!(baseline.usual_us(at(120)), None, "another hour of the day");
    }

    #[test]
    fn the_first_thirty_rounds_give_their_mean() {
        let mut baseline = Baseline::default();
        (0..15).for_each(|n| assert_eq!(baseline.learn(UnixMs(n), 10_000), None));
        (15..30).for_each(|n| assert_eq!(baseline.learn(UnixMs(n), 20_000), None));
        let mean = baseline.usual_us(UnixMs(30)).unwrap();
        assert!((14_950..=15_000).contains(&mean), "{mean}: rounded down thirty times");
    }

    #[test]
    fn an_hour_that_is_over_is_given_out_once() {
        let mut baseline = Baseline::default();
        baseline.learn(UnixMs(0), 5_000);
        let over = baseline.learn(UnixMs(HOUR_MS), 7_000);
        assert_eq!(over, Some((0, Usual { usual_us: 5_000, rounds: 1 })));
        assert_eq!(baseline.learn(UnixMs(HOUR_MS + 1), 7_000), None);
        let kept = Baseline::resumed(&[
            (0, Usual { usual_us: 5_000, rounds: 40 }),
            (99, Usual::default()),
        ]);
        assert_eq!(kept.usual_us(UnixMs(24 * HOUR_MS)), Some(5_000));
    }
}
