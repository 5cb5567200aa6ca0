//! Storm mode: for a time, what there is to tell of a unit and all beneath it is told in one digest a
//! quarter of an hour.

use serde::{Deserialize, Serialize};

use super::id::{Id, UnitId};
use super::time::UnixMs;

/// Storm mode as it was ordered, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storm {
    /// The unit; all beneath it is in the storm, too.
    pub unit: UnitId,
    /// When it was ordered.
    pub since: UnixMs,
    /// Until when it is to last, itself no longer inside.
    pub until: UnixMs,
    /// Who ordered it, or changed it last.
    pub by: String,
    /// What for.
    pub note: String,
    /// Channels that were told of it.
    pub channels: Vec<Id>,
    /// How it ended; `None` while it lasts, or while nobody has looked after it was over.
    pub ended: Option<StormEnd>,
}

/// How a storm mode ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StormEnd {
    /// When.
    pub at: UnixMs,
    /// Why.
    pub why: StormOver,
    /// Who ended it; `None` when nobody did.
    pub by: Option<String>,
}

/// Why a storm mode ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StormOver {
    /// Its time was over.
    Time,
    /// Somebody ended it.
    Command,
    /// Its unit is in the inventory no more.
    Gone,
}

impl Storm {
    /// One digest leaves in so long, at the full quarters of the hour: every zone's offset is a
    /// multiple of it.
    pub const SLOT_MS: i64 = 900_000;
    /// Longest time that it may last: a week. What lasts longer is no storm.
    pub const MAX_MS: i64 = 7 * 86_400_000;

    /// When it is, or was, over.
    #[must_use]
    pub fn over_at(&self) -> UnixMs {
        self.ended.as_ref().map_or(self.until, |end| end.at)
    }

    /// True while what there is to tell waits for its digest.
    #[must_use]
    pub fn is_on(&self, at: UnixMs) -> bool {
        self.ended.is_none() && at < self.until
    }

    /// True of what was to be told at `wanted`, be it before the storm and still waiting.
    #[must_use]
    pub fn holds(&self, wanted: UnixMs) -> bool {
        wanted <= self.over_at()
    }

    /// The full quarter of an hour after `wanted`: what was to be told then waits for it at most.
    #[must_use]
    pub const fn slot_after(wanted: UnixMs) -> UnixMs {
        let slot = wanted.0.div_euclid(Self::SLOT_MS).saturating_add(1);
        UnixMs(slot.saturating_mul(Self::SLOT_MS))
    }

    /// When the digest leaves that tells what was to be told at `wanted`: at the next full quarter of
    /// an hour, or with the end of the storm.
    #[must_use]
    pub fn told_at(&self, wanted: UnixMs) -> UnixMs {
        Self::slot_after(wanted).min(self.over_at())
    }

    /// Its name among the digests: `cai-be@2026-11-27T10:00:00Z`.
    #[must_use]
    pub fn name(&self) -> String {
        storm_name(&self.unit, self.since)
    }
}

/// The name among the digests of the storm that began in a unit.
#[must_use]
pub fn storm_name(unit: &UnitId, since: UnixMs) -> String {
    format!("{unit}@{since}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUARTER: i64 = Storm::SLOT_MS;

    fn storm(since: i64, until: i64) -> Storm {
        Storm {
            unit: UnitId::new("cai-be").unwrap(),
            since: UnixMs(since),
            until: UnixMs(until),
            by: "lan".to_owned(),
            note: String::new(),
            channels: Vec::new(),
            ended: None,
        }
    }

    #[test]
    fn a_digest_leaves_at_the_next_full_quarter_or_with_the_end() {
        let lasting = storm(0, 4 * QUARTER + 1_000);
        for (wanted, told) in [
            (0, QUARTER),
            (1, QUARTER),
            (QUARTER - 1, QUARTER),
            // What is to be told when a digest leaves is in the next one.
            (QUARTER, 2 * QUARTER),
            (4 * QUARTER, 4 * QUARTER + 1_000),
            // Before the storm, and before 1970.
            (-1, 0),
            (-QUARTER, 0),
        ] {
            assert_eq!(lasting.told_at(UnixMs(wanted)), UnixMs(told), "{wanted}");
        }
        assert_eq!(storm(0, i64::MAX).told_at(UnixMs(i64::MAX)), UnixMs(i64::MAX));
    }

    #[test]
    fn a_storm_is_on_until_its_time_or_its_end() {
        let mut storm = storm(0, 100);
        assert!(storm.is_on(UnixMs(99)) && !storm.is_on(UnixMs(100)));
        assert!(storm.holds(UnixMs(100)) && !storm.holds(UnixMs(101)));
        storm.ended = Some(StormEnd { at: UnixMs(50), why: StormOver::Command, by: None });
        assert!(!storm.is_on(UnixMs(40)), "ended is ended, whatever the clock says");
        assert!(storm.holds(UnixMs(50)) && !storm.holds(UnixMs(51)));
        assert_eq!(storm.told_at(UnixMs(10)), UnixMs(50));
        assert_eq!(storm.name(), "cai-be@1970-01-01T00:00:00Z");
    }
}
