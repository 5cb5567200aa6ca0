//! One target's turns: when the next one is, and its fixed place within the interval. Pure.
//!
//! A province has a hundred thousand of them, and each is touched once a round: what they share
//! ([`Manner`]) is kept once, and what is left fits into 64 bytes.

use std::net::IpAddr;
use std::sync::Arc;

use super::super::{Pace, Target, TargetId};
use super::US_PER_MS;
use super::manner::Manner;
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

/// What an entry is about. The instant of the turn stands beside it ([`Entry::turn`]): inside, it would
/// take eight bytes for the three flags.
#[derive(Debug, Clone, Copy)]
enum State {
    Waiting { reason: Reason, retry_booked: bool, group_booked: bool },
    Running { asked_again: bool },
}

/// When a round began of an entry that never had one.
const NEVER_US: i64 = i64::MIN;

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) manner: Arc<Manner>,
    last_start_us: i64,
    /// When the turn it waits for should be served; nothing while it is running.
    planned_us: i64,
    /// The fixed place of its turns within the interval, before it is brought to a tick, which begins
    /// on a whole millisecond.
    phase_ms: u32,
    pub(super) id: TargetId,
    pub(super) group: u32,
    /// The queue's newest item for this entry; older ones are skipped.
    pub(super) ticket: u32,
    pub(super) address: IpAddr,
    state: State,
    pub(super) pace: Pace,
    is_urgent: bool,
}

impl Entry {
    /// A target that was never asked, running until its first turn is planned.
    pub(super) fn new(target: &Target, manner: Arc<Manner>) -> Self {
        let phase_us = target.phase_key.within_us(manner.interval_us());
        Self {
            manner,
            last_start_us: NEVER_US,
            planned_us: 0,
            // An interval of more than 49 days has its turns within the first 49.
            phase_ms: u32::try_from(phase_us / US_PER_MS).unwrap_or(u32::MAX),
            id: target.id,
            group: target.group,
            ticket: 0,
            address: target.address,
            state: State::Running { asked_again: false },
            pace: Pace::Normal,
            is_urgent: target.is_urgent,
        }
    }

    /// True when `target` goes on with its rounds in this entry.
    pub(super) fn is_of(&self, target: &Target) -> bool {
        let Manner { params, source, .. } = &*self.manner;
        (self.id, self.address) == (target.id, target.address)
            && (*params, source) == (target.params, &target.source)
    }

    /// Takes over what may change in a target that stays: interval, retry, phase key, group,
    /// urgency. True when any of them did.
    pub(super) fn follow(&mut self, target: &Target, manner: Arc<Manner>) -> bool {
        let next = Self {
            last_start_us: self.last_start_us,
            planned_us: self.planned_us,
            state: self.state,
            ticket: self.ticket,
            pace: self.pace,
            ..Self::new(target, manner)
        };
        let is_other = *next.manner != *self.manner
            || (next.phase_ms, next.group, next.is_urgent)
                != (self.phase_ms, self.group, self.is_urgent);
        *self = next;
        is_other
    }

    /// When its last round began.
    pub(super) fn last_start_us(&self) -> Option<i64> {
        (self.last_start_us != NEVER_US).then_some(self.last_start_us)
    }

    /// The turn it waits for; `None` while its round is running.
    pub(super) const fn turn(&self) -> Option<Turn> {
        let planned_us = self.planned_us;
        match self.state {
            State::Waiting { reason, retry_booked, group_booked } => {
                Some(Turn { reason, planned_us, retry_booked, group_booked })
            }
            State::Running { .. } => None,
        }
    }

    /// It waits for a turn, in place of any other, with the queue's item `ticket`.
    pub(super) const fn wait(&mut self, turn: Turn, ticket: u32) {
        let Turn { reason, planned_us, retry_booked, group_booked } = turn;
        self.state = State::Waiting { reason, retry_booked, group_booked };
        (self.planned_us, self.ticket) = (planned_us, ticket);
    }

    /// Whether somebody asked for it again during its running round; `None` while none is running.
    pub(super) const fn asked_again(&self) -> Option<bool> {
        match self.state {
            State::Running { asked_again } => Some(asked_again),
            State::Waiting { .. } => None,
        }
    }

    /// Gives it a turn right after its running round; false while none is running.
    pub(super) const fn ask_again(&mut self) -> bool {
        let is_running = matches!(self.state, State::Running { .. });
        if is_running {
            self.state = State::Running { asked_again: true };
        }
        is_running
    }

    /// Its round begins.
    pub(super) fn begin(&mut self, now_us: i64) {
        self.state = State::Running { asked_again: false };
        self.last_start_us = now_us;
    }

    /// How a round at the present pace is sent.
    pub(super) fn params(&self) -> PingParams {
        match self.pace {
            Pace::Normal | Pace::Retry => self.manner.params,
            Pace::Doubt => self.manner.params.in_doubt(self.manner.retry_ms),
        }
    }

    /// What a round costs; never more than any bucket can grant at once.
    pub(super) fn packets(&self) -> u8 {
        let most = u8::try_from(MAX_PINGS_PER_ROUND).unwrap_or(u8::MAX);
        self.params().count.clamp(1, most)
    }

    /// Whether its due turns come before those of others.
    pub(super) fn is_urgent(&self) -> bool {
        self.is_urgent || self.pace == Pace::Doubt
    }

    /// Further turns of its phase that have passed while `turn` waited for `now_us`.
    pub(super) fn missed(&self, turn: Turn, now_us: i64) -> u64 {
        let late_us = now_us.saturating_sub(turn.planned_us).max(0);
        match turn.reason {
            Reason::Planned => late_us.unsigned_abs() / self.manner.interval_us().unsigned_abs(),
            Reason::Retry | Reason::Asked => 0,
        }
    }

    /// The first turn of the fixed phase at or after `t_us`, at the beginning of a tick.
    pub(super) fn phase_turn_from(&self, t_us: i64, tick_us: i64) -> i64 {
        let interval_us = self.manner.interval_us();
        let phase_us = tick_before_us(i64::from(self.phase_ms) * US_PER_MS, tick_us);
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
                let retry =
                    tick_before_us(start_us, tick_us).saturating_add(self.manner.retry_us());
                if self.phase_turn_from(retry, tick_us) == retry {
                    Turn::new(Reason::Planned, retry)
                } else {
                    Turn::new(Reason::Retry, retry)
                }
            }
        }
    }
}

/// A target's fixed place within its interval, whatever the interval is: a hash of a text that names
/// the target, so that it keeps its place over restarts and over changes elsewhere in the inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhaseKey(pub(super) u64);

impl PhaseKey {
    /// The place of what is named so.
    ///
    /// FNV-1a, 64 bits, with MurmurHash3's finalizer so that keys which differ in their last
    /// character land apart. It must never change: a target's phase would jump.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let mut hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        Self(hash ^ (hash >> 33))
    }

    /// The place within an interval, in microseconds.
    pub(in crate::probe) fn within_us(self, interval_us: i64) -> i64 {
        let modulus = u64::try_from(interval_us).unwrap_or(1).max(1);
        i64::try_from(self.0 % modulus).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_what_it_was() {
        assert_eq!(PhaseKey::of("").0, 0xefd0_1f60_ba99_2926);
        assert_eq!(PhaseKey::of("cai-be/tslcd").0, 0xfd00_eae1_adf2_a835);
    }

    #[test]
    fn a_hundred_thousand_take_no_more_than_64_bytes_each() {
        assert_eq!(size_of::<Option<Entry>>(), 64);
    }
}
