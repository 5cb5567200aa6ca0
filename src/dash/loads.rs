//! How full the lines are, against what was contracted. Pure.

use std::collections::HashMap;

use super::board::{Board, Subject, Version};
use super::fetched::Fetched;
use super::lens::Whose;
use super::state::Cmd;
use crate::api::LineLoad;
use crate::model::{Span, SubjectId, UnixMs};

/// How far back the percentile reaches.
const BACK_MS: i64 = 24 * 3_600_000;

/// How old it becomes before it is asked for anew: a sample is five minutes.
const FRESH_MS: i64 = 300_000;

/// The loads as they came last.
#[derive(Debug, Clone, Default)]
pub struct Loads {
    /// As they came.
    pub fetched: Fetched<LineLoad>,
    at: HashMap<SubjectId, usize>,
    /// By carrier, and what they were added up of.
    sums: Vec<(Whose, Used)>,
    sums_of: Option<(u64, Version)>,
}

/// A line's load against its contract, in thousandths; more than whole is possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Used {
    /// What the unit receives.
    pub inward: Option<u32>,
    /// What it sends.
    pub outward: Option<u32>,
}

fn permille(bps: u64, kbps: u64) -> u32 {
    // bit/s by kbit/s are thousandths already.
    u32::try_from(bps / kbps.max(1)).unwrap_or(u32::MAX)
}

impl Loads {
    /// Asks for them when they are old.
    pub(super) fn ask(&mut self, now: UnixMs, commands: &mut Vec<Cmd>) {
        if self.fetched.ask(now, FRESH_MS) {
            commands.push(Cmd::Loads(Span::new(now - BACK_MS, now)));
        }
    }

    /// An answer.
    pub(super) fn take(&mut self, answer: Result<Vec<LineLoad>, String>) {
        self.fetched.take(answer);
        let list = self.fetched.list.iter().enumerate();
        self.at = list.map(|(at, load)| (load.subject.clone(), at)).collect();
    }

    fn load(&self, line: Subject<'_>) -> Option<&LineLoad> {
        self.fetched.list.get(*self.at.get(line.id())?)
    }

    /// How full a line is; `None` without a contracted bandwidth or a reading.
    #[must_use]
    pub fn of_line(&self, line: Subject<'_>) -> Option<Used> {
        let (load, kbps) = (self.load(line)?, line.bandwidth_kbps()?);
        let used = |bps: Option<u64>| bps.map(|bps| permille(bps, kbps));
        let (inward, outward) = (used(load.in_bps), used(load.out_bps));
        (inward.is_some() || outward.is_some()).then_some(Used { inward, outward })
    }

    /// How full the lines of a carrier are taken together: the sum of the percentiles of those that
    /// are read, against the sum of their contracts.
    #[must_use]
    pub fn of_carrier(&self, whose: &Whose) -> Option<Used> {
        self.sums.iter().find(|(of, _)| of == whose).map(|(_, used)| *used)
    }

    /// Adds the lines up anew when they, or what is known of them, have changed.
    pub(super) fn settle(&mut self, board: &Board) {
        let key = (self.fetched.changes(), board.version());
        if self.sums_of.as_ref() == Some(&key) {
            return;
        }
        self.sums_of = Some(key);
        let mut sums = vec![[(0, 0); 2]; board.carriers.len() + 1];
        for (line, carrier) in board.lines_of_carriers() {
            let (Some(load), Some(kbps)) = (self.load(line), line.bandwidth_kbps()) else {
                continue;
            };
            let Some(sums) = sums.get_mut(carrier.unwrap_or(board.carriers.len())) else {
                continue;
            };
            for (sum, bps) in sums.iter_mut().zip([load.in_bps, load.out_bps]) {
                if let Some(bps) = bps {
                    *sum = (sum.0 + bps, sum.1 + kbps);
                }
            }
        }
        let used = |(bps, kbps): (u64, u64)| (kbps > 0).then(|| permille(bps, kbps));
        let whose = board.carriers.iter().map(|c| Whose::Of(c.id.clone())).chain([Whose::Nobodys]);
        let found = whose.zip(sums).filter_map(|(whose, [inward, outward])| {
            let (inward, outward) = (used(inward), used(outward));
            let is_known = inward.is_some() || outward.is_some();
            is_known.then_some((whose, Used { inward, outward }))
        });
        self.sums = found.collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_what_was_contracted_and_may_pass_it() {
        assert_eq!(permille(9_400_000, 10_000), 940);
        assert_eq!(permille(20_000_000, 10_000), 2_000);
        assert_eq!(permille(5, 0), 5, "nothing is divided by nothing");
    }
}
