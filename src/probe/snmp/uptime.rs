//! How long a device has been running, and whether it restarted.
//!
//! Three clocks tell it, each with a fault: `sysUpTime` and `hrSystemUptime` wrap after 497 days,
//! the first and `snmpEngineTime` begin anew when only the agent does. So the longest counts, and a
//! device restarted when *every* clock that goes on being told began anew:
//! ```text
//! now ≈ before + elapsed (whole turns added)            it ran on
//! now < before, or it began after the last answer       that clock began anew
//! now > before + elapsed, or short of it by less        our clock was set, or its clock drifts
//! ```

use super::ask::Answers;
use super::mib;
use super::value;
use crate::model::UnixMs;

/// 2^32 hundredths of a second: 497 days.
const TURN_CS: i64 = 1 << 32;
/// An answer may be late by its retries, and ticks are counted by cheap crystals: this much and a
/// 200th of the time between two answers is no restart.
const SLACK_CS: i64 = 1_500;
/// Passes in a row in which the longest clock may be missing before the others are believed.
const MISSING_MAX: u8 = 3;
/// Longest uptime believed: a hundred years.
const UPTIME_CS_MAX: i64 = 100 * 365 * 86_400 * 100;

/// Which clock told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// `sysUpTime`: the agent's.
    System,
    /// `snmpEngineTime`: the SNMP engine's.
    Engine,
    /// `hrSystemUptime`: the host's.
    Host,
}

const CLOCKS: [Clock; 3] = [Clock::System, Clock::Engine, Clock::Host];

/// What one pass says of the time a device has been running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Uptime {
    /// How long, in milliseconds, by the clock that says the longest; `None` when none was told.
    pub ms: Option<i64>,
    /// That clock.
    pub clock: Option<Clock>,
    /// The device restarted since the pass before, and began to run at this time.
    pub restarted: Option<UnixMs>,
    /// Only its agent did: names and counters may be others, the device ran on.
    pub has_agent_restarted: bool,
    /// `snmpEngineBoots`.
    pub boots: Option<u32>,
    /// Boots went back: it was reset to its factory state, or it is another device.
    pub have_boots_gone_back: bool,
}

/// One clock as it was last told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Told {
    at: UnixMs,
    /// Hundredths of a second, its whole turns added.
    cs: i64,
}

/// What is kept of a device's clocks between passes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clocks {
    told: [Option<Told>; 3],
    boots: Option<u32>,
    missing: u8,
}

/// What one clock says against what it said before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    RanOn,
    BeganAnew,
}

impl Clocks {
    /// Reads a pass, whose answers came at `at`.
    pub fn read(&mut self, answers: &Answers, at: UnixMs) -> Uptime {
        let number = |arcs| answers.get(&mib::oid(arcs)).and_then(value::unsigned);
        let ticks = |arcs| number(arcs).filter(|n| *n < TURN_CS.unsigned_abs());
        let raw = [
            ticks(mib::SYS_UP_TIME),
            number(mib::ENGINE_TIME).and_then(|s| s.checked_mul(100)),
            ticks(mib::HR_SYSTEM_UPTIME),
        ]
        .map(|n| n.and_then(|n| i64::try_from(n).ok()).filter(|n| *n <= UPTIME_CS_MAX));
        let mut uptime = self.judge(raw, at);
        uptime.boots = number(mib::ENGINE_BOOTS).and_then(|n| u32::try_from(n).ok());
        if let (Some(before), Some(now)) = (self.boots, uptime.boots) {
            uptime.have_boots_gone_back = now < before;
            uptime.has_agent_restarted |= now != before && uptime.restarted.is_none();
        }
        self.boots = uptime.boots.or(self.boots);
        uptime
    }

    /// `raw` in hundredths of a second, in the order of [`CLOCKS`].
    fn judge(&mut self, raw: [Option<i64>; 3], at: UnixMs) -> Uptime {
        let mut now: [Option<Told>; 3] = [None; 3];
        let mut verdicts: [Option<Verdict>; 3] = [None; 3];
        for (i, clock) in CLOCKS.into_iter().enumerate() {
            let Some(raw) = raw[i] else { continue };
            let turn = (clock != Clock::Engine).then_some(TURN_CS);
            let (cs, verdict) = match self.told[i] {
                None => (raw, None),
                Some(before) => {
                    let (cs, verdict) = follow(before, raw, turn, at);
                    (cs, Some(verdict))
                }
            };
            now[i] = Some(Told { at, cs });
            verdicts[i] = verdict;
        }
        let longest = |told: &[Option<Told>; 3]| {
            (0..3).filter(|i| told[*i].is_some()).max_by_key(|i| told[*i].map(|t| t.cs))
        };
        let mut uptime = Uptime::default();
        let Some(shown) = longest(&now) else { return uptime };
        uptime.ms = now[shown].map(|told| told.cs * 10);
        uptime.clock = Some(CLOCKS[shown]);

        let said = || verdicts.iter().flatten();
        let anew = said().any(|v| *v == Verdict::BeganAnew);
        let all_anew = anew && said().all(|v| *v == Verdict::BeganAnew);
        // The clock that told the most may be missing in a pass that was cut short: what the
        // others say then is kept back until it is told again.
        let leader = longest(&self.told);
        let is_leader_missing = leader.is_some_and(|i| now[i].is_none());
        if all_anew && is_leader_missing && self.missing < MISSING_MAX {
            self.missing += 1;
            uptime.ms = None;
            uptime.clock = None;
            return uptime;
        }
        self.missing = 0;
        if all_anew {
            uptime.restarted = uptime.ms.map(|ms| at - ms);
            self.told = [None; 3];
        } else {
            uptime.has_agent_restarted = anew;
        }
        for (told, now) in self.told.iter_mut().zip(now) {
            *told = now.or(*told);
        }
        uptime
    }
}

/// What a clock now says, with its turns, and whether it ran on.
fn follow(before: Told, raw: i64, turn: Option<i64>, at: UnixMs) -> (i64, Verdict) {
    let elapsed = (at.since(before.at).max(0) / 10).min(UPTIME_CS_MAX);
    let slack = SLACK_CS + elapsed / 200;
    let expected = before.cs + elapsed;
    let with_turns = turn.map_or(raw, |turn| {
        let turns = (expected - raw + turn / 2).div_euclid(turn).max(0);
        raw + turns * turn
    });
    if (with_turns - expected).abs() <= slack {
        return (with_turns, Verdict::RanOn);
    }
    // Not where it should be. With the turns it had, it either went back, or it began after the
    // last answer; anything else is a clock that was set, here or there.
    let same_turns = turn.map_or(raw, |turn| raw + before.cs / turn * turn);
    if same_turns < before.cs || raw <= elapsed {
        (raw, Verdict::BeganAnew)
    } else {
        (same_turns, Verdict::RanOn)
    }
}

#[cfg(test)]
#[path = "uptime_tests.rs"]
mod tests;
