//! What a phase found, as it passes between the processes; and what of it misses the goals.

use serde::{Deserialize, Serialize};

/// Errors of all outages found, in milliseconds; positive is late.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Spread {
    pub count: usize,
    pub least: i64,
    pub p50: i64,
    /// Of the absolute values.
    pub p99_abs: i64,
    pub most: i64,
}

impl Spread {
    /// Nearest rank.
    pub fn of(mut errors: Vec<i64>) -> Self {
        errors.sort_unstable();
        let mut sizes: Vec<i64> = errors.iter().map(|e| e.abs()).collect();
        sizes.sort_unstable();
        let rank = |sorted: &[i64], percent: usize| {
            let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
            sorted.get(at).copied().unwrap_or(0)
        };
        Self {
            count: errors.len(),
            least: rank(&errors, 0),
            p50: rank(&errors, 50),
            p99_abs: rank(&sizes, 99),
            most: rank(&errors, 100),
        }
    }
}

/// Outages of one class of lengths.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Class {
    pub from_ms: i64,
    pub to_ms: i64,
    pub scripted: usize,
    pub found: usize,
    /// Not found: no round was lost whole inside it.
    pub unseen: usize,
    /// Not found: rounds were lost whole inside it, but not enough in a row.
    pub unconfirmed: usize,
    /// Not found although enough rounds in a row were lost whole: the daemon's own fault.
    pub overlooked: usize,
}

/// The lines behind trunks that were cut.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Behind {
    /// A line behind a cut that had to be found, once for each cut.
    pub cases: usize,
    /// Those recorded as unreachable with the trunk as their cause.
    pub unreachable: usize,
    /// Those recorded as down at any time of it.
    pub blamed: usize,
    /// Lines recorded as down behind a cut too short to be surely found, of how many.
    pub blamed_behind_short: usize,
    pub short_cases: usize,
    /// The longest cut behind which a line was recorded as down.
    pub blamed_up_to_ms: i64,
    pub start: Spread,
    pub end: Spread,
}

/// What was asked of the 200 lines.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Asked {
    pub rounds: u64,
    /// Rounds with more packets than usual: asked in doubt.
    pub in_doubt: u64,
    /// Those of them that began after the subject's outage was no longer in doubt.
    pub in_doubt_too_long: u64,
    /// Rounds without any answer.
    pub lost_whole: u64,
    /// Most of them in a row.
    pub worst_run: u64,
    pub packets: u64,
    pub packets_lost: u64,
}

/// Everything one phase found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Figures {
    pub phase: String,
    /// Length of the run.
    pub run_ms: i64,
    pub interval_ms: i64,
    pub retry_ms: i64,
    /// The errors' bounds are wider than the periods by this.
    pub slack_ms: i64,
    pub guaranteed_ms: i64,
    /// Outages longer than this have to be found.
    pub limit_ms: i64,
    pub classes: Vec<Class>,
    /// Scripted and found among those longer than the limit.
    pub beyond_limit: (usize, usize),
    /// Recorded outages that nothing in the script explains, and whose.
    pub false_outages: usize,
    pub false_examples: Vec<String>,
    /// Scripted outages recorded in several pieces.
    pub broken: usize,
    pub start: Spread,
    pub end: Spread,
    /// From the cut to the verdict.
    pub told: Spread,
    pub behind: Behind,
    pub asked: Asked,
    pub unmeasured_ms: i64,
    pub clock_drift_ms: i64,
    pub overflow: u64,
}

impl Figures {
    /// Where the goals are missed, a sentence each; empty when they are kept.
    pub fn misses(&self) -> Vec<String> {
        let mut misses = Vec::new();
        let mut hold = |kept: bool, sentence: String| {
            if !kept {
                misses.push(sentence);
            }
        };
        hold(
            self.false_outages == 0,
            format!("{} false outages: {:?}", self.false_outages, self.false_examples),
        );
        hold(self.overflow == 0, format!("the province lost {} answers", self.overflow));
        hold(
            self.clock_drift_ms.abs() <= 20,
            format!("the wall clock moved by {} ms: nothing is proven", self.clock_drift_ms),
        );
        hold(
            self.unmeasured_ms == 0,
            format!("{} ms of the subjects' time are unmeasured", self.unmeasured_ms),
        );
        let Asked { in_doubt, in_doubt_too_long, .. } = self.asked;
        hold(in_doubt > 0, "no suspect was asked with more packets than usual".to_owned());
        hold(in_doubt_too_long == 0, format!("{in_doubt_too_long} rounds too big, long after"));
        if self.phase == "loss" {
            hold(self.asked.packets_lost > 0, "no packet was lost".to_owned());
            return misses;
        }
        let (scripted, found) = self.beyond_limit;
        hold(
            found == scripted && scripted > 0,
            format!("{found} of {scripted} outages over {} ms found", self.limit_ms),
        );
        let overlooked: usize = self.classes.iter().map(|c| c.overlooked).sum();
        hold(overlooked == 0, format!("{overlooked} outages overlooked in spite of enough rounds"));
        hold(self.broken == 0, format!("{} outages recorded in pieces", self.broken));
        let spread = |what: &str, spread: &Spread, bound: i64| {
            (
                spread.count > 0 && spread.p99_abs <= bound,
                format!("{what}: p99 {} ms of {}, bound {bound} ms", spread.p99_abs, spread.count),
            )
        };
        let (kept, sentence) = spread("start error", &self.start, self.interval_ms + self.slack_ms);
        hold(kept, sentence);
        let (kept, sentence) = spread("end error", &self.end, self.retry_ms + self.slack_ms);
        hold(kept, sentence);
        let behind = &self.behind;
        hold(
            behind.unreachable == behind.cases && behind.cases > 0,
            format!("{} of {} lines behind cuts unreachable", behind.unreachable, behind.cases),
        );
        hold(behind.blamed == 0, format!("{} lines blamed for their trunk", behind.blamed));
        misses
    }
}
