//! What the last rounds of a subject's primary check were, and whether it is being asked for somebody.

use std::collections::VecDeque;

use crate::model::{Round, UnixMs};

/// How many rounds are kept.
const RECENT: usize = 20;

/// How long an answer to what a user asked is waited for: longer than any time-out of a check.
const ASKED_MS: i64 = 15_000;

/// The last rounds of a subject's primary check.
#[derive(Debug, Clone, Default)]
pub(super) struct Recent {
    pub(super) rtt_us: Option<u32>,
    pub(super) loss_permille: Option<u16>,
    pub(super) medians: VecDeque<Option<u32>>,
    /// When a user had it asked, while there is no answer.
    asked: Option<UnixMs>,
}

impl Recent {
    /// Takes a valid round in.
    pub(super) fn take(&mut self, round: &Round) {
        self.asked = None;
        self.rtt_us = round.rtts.median_us();
        self.loss_permille = Some(round.loss_permille());
        if self.medians.len() == RECENT {
            self.medians.pop_front();
        }
        self.medians.push_back(self.rtt_us);
    }

    /// Takes a valid round in that measures no time: by SNMP.
    pub(super) fn hear(&mut self, round: &Round) {
        self.asked = None;
        self.loss_permille = Some(round.loss_permille());
    }

    /// A round has come that this machine itself spoilt.
    pub(super) const fn miss(&mut self) {
        self.asked = None;
    }

    /// A user has it asked.
    pub(super) const fn ask(&mut self, now: UnixMs) {
        self.asked = Some(now);
    }

    /// True while a user waits for its answer.
    pub(super) fn is_asked_at(&self, now: UnixMs) -> bool {
        self.asked.is_some_and(|at| (0..ASKED_MS).contains(&now.since(at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Rtts, SubjectIx};

    #[test]
    fn a_request_is_open_until_a_round_comes_or_none_is_to_be_expected() {
        let mut recent = Recent::default();
        let now = UnixMs(1_000_000);
        assert!(!recent.is_asked_at(now));
        recent.ask(now);
        assert!(recent.is_asked_at(now) && recent.is_asked_at(now + ASKED_MS - 1));
        assert!(!recent.is_asked_at(now + ASKED_MS));
        let round = Round {
            subject: SubjectIx(0),
            check: 0,
            at: now,
            sent: 1,
            lost: 0,
            rtts: Rtts::from_us(&[5]),
            error: None,
        };
        recent.take(&round);
        assert!(!recent.is_asked_at(now));
        assert_eq!(recent.medians, [Some(5)]);
        recent.ask(now);
        recent.hear(&Round { lost: 1, rtts: Rtts::default(), ..round });
        assert!(!recent.is_asked_at(now));
        assert_eq!((recent.loss_permille, recent.medians.len()), (Some(1_000), 1));
        recent.ask(now);
        recent.miss();
        assert!(!recent.is_asked_at(now));
    }
}
