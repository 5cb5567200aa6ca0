//! An interface's counters from pass to pass.

use super::{Counter, Counts, Passed, Row, SPAN_MS_MIN, bit};
use crate::model::UnixMs;
use crate::probe::snmp::counter::Count;

mod packed;

pub(super) use packed::{Packed, Packing};

/// Where the counters of an interface stood. Of each it makes a sum that never goes back: wraps
/// are added up, and what began anew goes on from where the sum stood.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Follow {
    /// When the interface was last read.
    at: UnixMs,
    discontinuity: Option<u32>,
    last: [u64; 8],
    /// What the sums are ahead of the counters; most counters never wrap nor begin anew.
    ahead: [u64; 8],
    /// A bit a counter: it was read.
    has: u8,
    /// It has 64 bits.
    is_wide: u8,
    /// It was missing when the interface was last read: what it counts next was counted longer.
    is_stale: u8,
}

impl Follow {
    /// When the interface was last read.
    pub(super) const fn at(&self) -> UnixMs {
        self.at
    }

    /// The sums.
    pub(super) fn sums(&self) -> Counts {
        let mut sums = Counts::default();
        for (slot, sum) in sums.iter_mut().enumerate() {
            *sum = (self.has & bit(slot) != 0).then(|| self.sum(slot));
        }
        sums
    }

    fn sum(&self, slot: usize) -> u64 {
        self.last[slot].wrapping_add(self.ahead[slot])
    }

    /// Takes the next reading of the interface, and tells what passed since the last one.
    /// `is_broken`: the counters began anew, whatever they show.
    pub(super) fn take(
        &mut self,
        row: &Row,
        speed_bps: Option<u64>,
        at: UnixMs,
        is_broken: bool,
    ) -> Option<Passed> {
        let span_ms = at.since(self.at);
        let is_first = self.has == 0;
        if !is_first && !is_broken && (0..SPAN_MS_MIN).contains(&span_ms) {
            return None;
        }
        let has_jumped = row.discontinuity.is_some()
            && self.discontinuity.is_some()
            && row.discontinuity != self.discontinuity;
        let most = speed_bps.map(|bps| octets_at_most(bps, span_ms));
        let mut counted = Counts::default();
        for (slot, counted) in counted.iter_mut().enumerate() {
            let Some(now) = row.count(slot) else {
                self.is_stale |= bit(slot);
                continue;
            };
            let is_stale = self.is_stale & bit(slot) != 0;
            let since =
                self.advance(slot, now, most.filter(|_| !is_stale), is_broken || has_jumped);
            *counted = since.filter(|_| !is_stale);
            self.is_stale &= !bit(slot);
        }
        self.at = at;
        self.discontinuity = row.discontinuity.or(self.discontinuity);
        (span_ms > 0 && !is_first && counted.iter().any(Option::is_some))
            .then_some(Passed { span_ms, counted })
    }

    /// Moves one counter on; what it counted, when that can be known.
    fn advance(
        &mut self,
        slot: usize,
        now: Count,
        most: Option<u64>,
        is_broken: bool,
    ) -> Option<u64> {
        let is_known = self.has & bit(slot) != 0;
        let before = match (self.is_wide & bit(slot) != 0, u32::try_from(self.last[slot])) {
            (false, Ok(narrow)) => Count::narrow(narrow),
            _ => Count::wide(self.last[slot]),
        };
        let since = now.since(before, most).filter(|_| is_known && !is_broken);
        if is_known {
            let sum = self.sum(slot).wrapping_add(since.unwrap_or(0));
            self.ahead[slot] = sum.wrapping_sub(now.value());
        }
        self.last[slot] = now.value();
        self.has |= bit(slot);
        self.is_wide &= !bit(slot);
        if now.is_wide() {
            self.is_wide |= bit(slot);
        }
        since
    }
}

/// What a line of this speed can have carried, and a fifth: neither its speed nor the time is
/// exact. Packets and errors are fewer than octets, so it bounds these too.
fn octets_at_most(bps: u64, span_ms: i64) -> u64 {
    let octets = u128::from(bps) * u128::from(span_ms.unsigned_abs()) / 8_000;
    u64::try_from(octets + octets / 5).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(count: Count) -> Row {
        let mut row = Row::default();
        row.set(0, Some(count));
        row
    }

    #[test]
    fn a_sum_goes_on_over_wraps_and_restarts() {
        let mut follow = Follow::default();
        let mut minute = 0;
        let mut take = |count, is_broken| {
            minute += 1;
            let passed = follow.take(&row(count), None, UnixMs(minute * 60_000), is_broken);
            (passed.and_then(|p| p.counted[0]), follow.sums()[0])
        };
        let top = u64::from(u32::MAX);
        assert_eq!(take(Count::narrow(u32::MAX), false), (None, Some(top)));
        assert_eq!(take(Count::narrow(9), false), (Some(10), Some(top + 10)));
        assert_eq!(take(Count::narrow(5), false), (None, Some(top + 10)), "it began anew");
        assert_eq!(
            take(Count::narrow(1_000), true),
            (None, Some(top + 10)),
            "a jump is no traffic"
        );
        assert_eq!(take(Count::narrow(1_001), false), (Some(1), Some(top + 11)));
        assert_eq!(take(Count::wide(9_000_000), false), (None, Some(top + 11)), "another counter");
        assert_eq!(take(Count::wide(9_000_001), false), (Some(1), Some(top + 12)));
    }

    proptest! {
        #[test]
        fn a_sum_never_goes_back(
            readings in prop::collection::vec(
                (prop_oneof![any::<u32>().prop_map(Count::narrow), (0..u64::MAX / 64).prop_map(Count::wide)], any::<bool>(), any::<bool>()),
                1..40,
            ),
        ) {
            let mut follow = Follow::default();
            let mut before = 0;
            for (minute, (reading, is_broken, is_missing)) in (1..).zip(readings) {
                let row = if is_missing { Row::default() } else { row(reading) };
                let passed = follow.take(&row, None, UnixMs(minute * 60_000), is_broken);
                prop_assert!(passed.is_none_or(|p| p.span_ms == 60_000 && !is_broken));
                let Some(sum) = follow.sums()[0] else { continue };
                prop_assert!(sum >= before);
                before = sum;
            }
        }
    }
}
