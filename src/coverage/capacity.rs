//! The rule on capacity: per direction, the 95th percentile of 5-minute samples over 7 consecutive
//! days at most 90 % of what was contracted.
//!
//! Nearest rank: of 2,016 samples in order the 1,916th. A gap is a gap: a slot in which the counter
//! was not read says nothing and is never a zero; with fewer than the floor of a week's samples
//! nothing is proven.

use super::Verdict;
use crate::model::{Point, Span, UnixMs};

/// Length of a sample, in milliseconds.
pub const SLOT_MS: i64 = 300_000;
/// Samples of seven days.
pub const WEEK_SLOTS: usize = 2_016;
/// Samples of a day.
const DAY_SLOTS: usize = 288;
/// Two readings of a counter further apart say nothing of a slot between them.
pub const APART_MAX_MS: i64 = 3 * SLOT_MS;
/// The part of the contracted bandwidth that may be used, in percent.
const ALLOWED_PCT: u128 = 90;

/// One reading of the rule: the percentile of some stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapacityReading {
    /// The stretch.
    pub span: Span,
    /// The 95th percentile, bit/s.
    pub p95_bps: u64,
    /// Samples there are.
    pub samples: usize,
    /// Samples there would be without gaps.
    pub of: usize,
}

/// What one direction of a circuit comes to over a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// The worst seven consecutive days with enough samples, beginning at any of the samples.
    pub rolling: Option<CapacityReading>,
    /// The worst of the seven days that follow each other from the window's beginning on (the last
    /// week, when it is not whole, is left out), with enough samples.
    pub fixed: Option<CapacityReading>,
    /// The busiest 24 hours of those that follow each other from the window's beginning on.
    pub day: Option<CapacityReading>,
    /// The whole window.
    pub whole: Option<CapacityReading>,
    /// By `rolling`, against 90 % of the contracted bandwidth; not proven without one or without a
    /// contracted bandwidth.
    pub verdict: Verdict,
}

/// A counter of octets as mean bit/s of each slot of `window`, whose beginning is one; `None` where
/// less than half of the slot lies between two readings.
#[must_use]
pub fn rates(points: &[Point], window: Span) -> Vec<Option<u64>> {
    // Thousandths of bits a millisecond are bits a second, and nothing is lost to rounding.
    slot_means(points, window, 8_000)
}

/// What a counter counted in a millisecond in the mean of each slot of `window`, `scale` times; `None`
/// where less than half of the slot lies between two readings.
#[must_use]
pub fn slot_means(points: &[Point], window: Span, scale: u128) -> Vec<Option<u64>> {
    let slots = usize::try_from(window.len_ms() / SLOT_MS).unwrap_or(0);
    let mut sums: Vec<(u128, i64)> = vec![(0, 0); slots];
    for pair in points.windows(2) {
        let [earlier, later] = pair else { continue };
        let apart = later.at.since(earlier.at);
        let counted = later.value.cast_unsigned().checked_sub(earlier.value.cast_unsigned());
        // One that counts backwards has begun anew in between.
        let Some(counted) = counted.filter(|_| (1..=APART_MAX_MS).contains(&apart)) else {
            continue;
        };
        let span = Span::new(earlier.at, later.at).intersect(window);
        let mut from = span.from;
        while from < span.to {
            let slot = from.since(window.from) / SLOT_MS;
            let end = (window.from + (slot + 1) * SLOT_MS).min(span.to);
            let ms = end.since(from);
            if let Some(sum) = usize::try_from(slot).ok().and_then(|s| sums.get_mut(s)) {
                sum.0 += u128::from(counted) * scale * ms.unsigned_abs() as u128
                    / apart.unsigned_abs() as u128;
                sum.1 += ms;
            }
            from = end;
        }
    }
    let mean = |(sum, ms): (u128, i64)| {
        let is_known = ms * 2 >= SLOT_MS;
        is_known.then(|| u64::try_from(sum / ms.unsigned_abs() as u128).unwrap_or(u64::MAX))
    };
    sums.into_iter().map(mean).collect()
}

/// Judges one direction: `rates` are the slots from `from` on, `bandwidth_kbps` what was contracted,
/// `floor_ppm` the least share of a stretch's samples for it to count.
#[must_use]
pub fn capacity(
    rates: &[Option<u64>],
    from: UnixMs,
    bandwidth_kbps: Option<u64>,
    floor_ppm: u32,
) -> Capacity {
    let span = |first: usize, slots: usize| {
        let at = |n: usize| from + i64::try_from(n).unwrap_or(0) * SLOT_MS;
        Span::new(at(first), at(first + slots))
    };
    let is_enough = |samples: usize, of: usize| {
        samples > 0 && samples as u128 * 1_000_000 >= of as u128 * u128::from(floor_ppm)
    };
    let reading = |first: usize, sorted: &[u64], of: usize| {
        let p95_bps = nearest_rank(sorted)?;
        let samples = sorted.len();
        is_enough(samples, of).then(|| CapacityReading {
            span: span(first, of),
            p95_bps,
            samples,
            of,
        })
    };
    let sorted = |part: &[Option<u64>]| {
        let mut known: Vec<u64> = part.iter().copied().flatten().collect();
        known.sort_unstable();
        known
    };
    let worst = |slots: usize| {
        let whole = rates.chunks_exact(slots).enumerate();
        let all = whole.filter_map(|(n, part)| reading(n * slots, &sorted(part), slots));
        all.max_by_key(|r| r.p95_bps)
    };
    let mut rolling: Option<CapacityReading> = None;
    let mut inside: Vec<u64> = Vec::with_capacity(WEEK_SLOTS);
    for (n, rate) in rates.iter().enumerate() {
        if let Some(rate) = rate {
            inside.insert(inside.partition_point(|known| known < rate), *rate);
        }
        let gone = n.checked_sub(WEEK_SLOTS).and_then(|n| rates.get(n)).copied().flatten();
        if let Some(Ok(place)) = gone.map(|rate| inside.binary_search(&rate)) {
            inside.remove(place);
        }
        if let Some(first) = (n + 1).checked_sub(WEEK_SLOTS)
            && let Some(found) = reading(first, &inside, WEEK_SLOTS)
            && rolling.is_none_or(|worst| worst.p95_bps < found.p95_bps)
        {
            rolling = Some(found);
        }
    }
    let verdict = match (rolling, bandwidth_kbps) {
        (Some(found), Some(kbps)) => {
            let allowed = u128::from(kbps) * 1_000 * ALLOWED_PCT;
            match u128::from(found.p95_bps) * 100 <= allowed {
                true => Verdict::Met,
                false => Verdict::Missed,
            }
        }
        _ => Verdict::NotProven,
    };
    Capacity {
        rolling,
        fixed: worst(WEEK_SLOTS),
        day: worst(DAY_SLOTS),
        whole: reading(0, &sorted(rates), rates.len()),
        verdict,
    }
}

/// The 95th percentile of sorted values by nearest rank; `None` of none.
fn nearest_rank(sorted: &[u64]) -> Option<u64> {
    let rank = (sorted.len() * 95).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
#[path = "tests/capacity.rs"]
mod tests;
