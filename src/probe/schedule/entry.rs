//! One target's turns: when the next one is, and its fixed place within the interval. Pure.

use super::super::{Pace, Target};
use super::US_PER_MS;
use crate::model::{MAX_PINGS_PER_ROUND, PingParams};
use crate::probe::tick::tick_before_us;

/// Why a target has its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// Its phase, or the first sweep.
    Planned,
    /// The retry time after its last round.
    Retry,
    /// Somebody asked for it.
    Asked,
}

/// One turn, planned and not yet served.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    pub(super) reason: Reason,
    /// When it should be served.
    pub(super) planned_us: i64,
    /// The retries' rate has been granted.
    pub(super) retry_booked: bool,
    /// The group's rate has been granted.
    pub(super) group_booked: bool,
}

impl Turn {
    pub(super) const fn new(reason: Reason, planned_us: i64) -> Self {
        Self { reason, planned_us, retry_booked: false, group_booked: false }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum State {
    Waiting(Turn),
    Running { asked_again: bool },
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) target: Target,
    /// The fixed place of its turns within the interval, before it is brought to a tick.
    pub(super) phase_us: i64,
    pub(super) pace: Pace,
    pub(super) state: State,
    pub(super) last_start_us: Option<i64>,
    /// The queue's newest item for this entry; older ones are skipped.
    pub(super) ticket: u64,
}

impl Entry {
    pub(super) fn interval_us(&self) -> i64 {
        self.target.interval_ms.saturating_mul(US_PER_MS).max(US_PER_MS)
    }

    pub(super) fn retry_us(&self) -> i64 {
        self.target.retry_ms.saturating_mul(US_PER_MS).max(US_PER_MS)
    }

    /// How a round at the present pace is sent.
    pub(super) fn params(&self) -> PingParams {
        match self.pace {
            Pace::Normal | Pace::Retry => self.target.params,
            Pace::Doubt => self.target.params.in_doubt(self.target.retry_ms),
        }
    }

    /// What a round costs; never more than any bucket can grant at once.
    pub(super) fn packets(&self) -> u8 {
        let most = u8::try_from(MAX_PINGS_PER_ROUND).unwrap_or(u8::MAX);
        self.params().count.clamp(1, most)
    }

    /// Whether its due turns come before those of others.
    pub(super) fn is_urgent(&self) -> bool {
        self.target.is_urgent || self.pace == Pace::Doubt
    }

    /// Further turns of its phase that have passed while `turn` waited for `now_us`.
    pub(super) fn missed(&self, turn: Turn, now_us: i64) -> u64 {
        let late_us = now_us.saturating_sub(turn.planned_us).max(0);
        match turn.reason {
            Reason::Planned => late_us.unsigned_abs() / self.interval_us().unsigned_abs(),
            Reason::Retry | Reason::Asked => 0,
        }
    }

    /// The first turn of the fixed phase at or after `t_us`, at the beginning of a tick.
    pub(super) fn phase_turn_from(&self, t_us: i64, tick_us: i64) -> i64 {
        let interval_us = self.interval_us();
        let phase_us = tick_before_us(self.phase_us, tick_us);
        t_us.saturating_add((phase_us.saturating_sub(t_us)).rem_euclid(interval_us))
    }

    /// The turn after the round that began at `start_us`, somewhat after the tick did.
    pub(super) fn turn_after(&self, start_us: i64, tick_us: i64) -> Turn {
        match self.pace {
            Pace::Normal => Turn::new(
                Reason::Planned,
                self.phase_turn_from(start_us.saturating_add(1), tick_us),
            ),
            Pace::Retry | Pace::Doubt => {
                let retry = tick_before_us(start_us, tick_us).saturating_add(self.retry_us());
                if self.phase_turn_from(retry, tick_us) == retry {
                    Turn::new(Reason::Planned, retry)
                } else {
                    Turn::new(Reason::Retry, retry)
                }
            }
        }
    }
}

/// The fixed place of a key within an interval.
pub(in crate::probe) fn phase_us(key: &str, interval_us: i64) -> i64 {
    let modulus = u64::try_from(interval_us).unwrap_or(1).max(1);
    i64::try_from(hash(key) % modulus).unwrap_or(0)
}

/// FNV-1a, 64 bits, with MurmurHash3's finalizer so that keys which differ in their last
/// character land apart. It must never change: a target's phase would jump.
pub(super) fn hash(key: &str) -> u64 {
    let mut hash = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}
