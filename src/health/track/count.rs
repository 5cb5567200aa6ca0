//! How rounds are counted: failed and answered ones in a row, poor ones among the last five, changes
//! for flapping, what is usual.

use super::{Counted, POOR_MASK, Phase, Row, Secondary, Step, Track};
use crate::health::Rule;
use crate::health::baseline::Usual;
use crate::model::{Round, RoundError, State, Threshold, UnixMs};

impl Secondary {
    /// Rule 4 for what a device says of itself: `poor` of the last five answers beyond a threshold
    /// begin it, five without one end it; of what is told rather than measured, one each.
    fn count_over(&mut self, over: Option<Threshold>, poor: u32) {
        match over {
            Some(threshold) => {
                self.over_bits = (self.over_bits << 1 | 1) & POOR_MASK;
                self.is_over |= threshold.is_told() || self.over_bits.count_ones() >= poor;
                self.over = over;
            }
            None if self.over.is_some_and(Threshold::is_told) => {
                self.over_bits = 0;
                self.is_over = false;
                self.over = None;
            }
            None => {
                self.over_bits = self.over_bits << 1 & POOR_MASK;
                self.is_over &= self.over_bits != 0;
            }
        }
    }
}

impl Track {
    /// Takes a round in that changes nothing but the time of the last answer: almost all there
    /// are. False when there is more to it.
    #[inline]
    pub(in crate::health) fn take_calm(&mut self, round: &Round) -> bool {
        let is_next = |last: UnixMs| {
            let gap_ms = round.at.since(last);
            0 < gap_ms && gap_ms <= 2 * self.vouch_ms
        };
        let is_taken = self.is_calm
            && round.check == 0
            && round.sent > 0
            && round.lost == 0
            && round.error.is_none()
            && self.last_round.is_some_and(is_next)
            && round.rtts.as_slice().iter().all(|us| *us <= self.calm_rtt_us);
        if is_taken {
            self.last_round = Some(round.at);
            self.last_answer = Some(round.at);
            self.last_live_answer = self.last_answer;
        }
        is_taken
    }

    /// There may be more to the next round than that.
    pub(in crate::health) const fn stir(&mut self) {
        self.is_calm = false;
    }

    /// True when it is simply up, and nothing is in memory.
    pub(in crate::health) const fn is_calm(&self) -> bool {
        self.is_calm
    }

    /// Looks whether [`Track::take_calm`] may take the next rounds in.
    pub(in crate::health) fn note_calm(&mut self) {
        self.is_calm = self.phase == Phase::Steady
            && self.hard == Some(State::Up)
            && self.state == State::Up
            && self.poor_bits == 0
            && self.flap.is_calm()
            && self.checks.len() == 1
            && self.baseline.is_none()
            && self.vouch_ms == self.params.interval_ms;
        self.calm_rtt_us = self.params.rtt_us;
    }

    /// Counts a round of a decisive check.
    pub(in crate::health) fn decisive_round(&mut self, round: &Round, now: UnixMs) -> Step {
        let at = round.at;
        self.last_round = Some(self.last_round.map_or(at, |l| l.max(at)));
        self.vouch_ms = self.params.interval_ms;
        let failed = round.is_failed();
        if let Some(Counted { row, .. }) = self.checks.get_mut(usize::from(round.check)) {
            let Row { first, failed: fails, answered, .. } = *row;
            let trouble = round.error;
            *row = match (failed, fails, answered) {
                (true, 0, _) => Row { first: at, failed: 1, answered: 0, trouble },
                (true, ..) => Row { first, failed: fails.saturating_add(1), answered: 0, trouble },
                (false, _, 0) => Row { first: at, failed: 0, answered: 1, trouble },
                (false, ..) => {
                    Row { first, failed: 0, answered: answered.saturating_add(1), trouble }
                }
            };
        }
        if !failed {
            self.last_answer = self.last_answer.max(Some(at));
            if !self.hard.is_some_and(State::is_outage) {
                self.last_live_answer = self.last_answer;
            }
        }
        if round.check == 0 {
            let poor = failed || self.is_poor(round);
            self.poor_bits = (self.poor_bits << 1 | u8::from(poor)) & POOR_MASK;
            let over = round.error.and_then(RoundError::over);
            self.primary_over = over.or(self.primary_over.filter(|_| self.poor_bits != 0));
            self.note_poor();
        }
        match self.worst_run() {
            Some(worst) => self.failing_round(worst, at, now),
            None => self.answered_round(at),
        }
    }

    /// Rule 4: beyond the thresholds, or slower than usual at this hour.
    fn is_poor(&self, round: &Round) -> bool {
        let is_over = round.error.is_some_and(|error| error.over().is_some());
        let check = self.checks.get(usize::from(round.check));
        if is_over || check.is_some_and(|counted| !counted.check.kind.is_timed()) {
            return is_over;
        }
        let Some(median_us) = round.rtts.median_us() else { return true };
        let is_unusual = || {
            let times = u64::from(self.params.baseline_tenths?);
            let usual_us = u64::from(self.usual_us(round.at)?);
            Some(u64::from(median_us) * 10 > usual_us * times)
        };
        round.loss_permille() > self.params.loss_permille
            || median_us > self.params.rtt_us
            || is_unusual().unwrap_or(false)
    }

    /// Learns what is usual; an hour that is over is returned, to be kept.
    pub(in crate::health) fn learn(&mut self, round: &Round) -> Option<(u8, Usual)> {
        let baseline = self.baseline.as_mut()?;
        let median_us = round.rtts.median_us().filter(|_| round.check == 0)?;
        baseline.learn(round.at, median_us)
    }

    /// Counts a round for flapping (rule 9); true when it begins or ends by it. What somebody
    /// else's outage does to a subject is no flapping of its own.
    pub(in crate::health) fn count_flapping(&mut self, round: &Round) -> bool {
        // What is unreachable was excused with that verdict; the answer that ends it is no change.
        if round.check != 0 || self.hard == Some(State::Unreachable) {
            return false;
        }
        let params = self.params;
        self.flap.count(round.is_failed(), &params)
    }

    /// The decisive check that has failed most often in a row, the earliest of equals.
    fn worst_run(&self) -> Option<Row> {
        let failing = self.rows().filter(|row| row.failed > 0);
        failing.copied().max_by_key(|row| (row.failed, std::cmp::Reverse(row.first)))
    }

    /// When the last of the decisive checks began to answer, if each has answered `count` rounds in
    /// a row: what one of them answers says nothing about another.
    fn all_answer_since(&self, count: u8) -> Option<UnixMs> {
        let decisive = self.rows().zip(0..).filter(|(_, check)| self.is_decisive(*check));
        let since = decisive.map(|(row, _)| (row.answered >= count).then_some(row.first));
        since.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// A decisive check fails, this one or another.
    fn failing_round(&mut self, worst: Row, at: UnixMs, now: UnixMs) -> Step {
        let in_outage = self.hard.is_some_and(State::is_outage);
        let Row { first, failed: count, .. } = worst;
        self.phase = match self.phase {
            Phase::Steady if !in_outage => {
                self.holes.clear();
                Phase::Failing { first, count }
            }
            Phase::Failing { .. } => Phase::Failing { first, count },
            // The check that had failed often enough has answered, and no other has.
            Phase::Held { first: from, .. } if count < self.params.confirm => {
                self.phase = match in_outage {
                    true => Phase::Proving { from, count },
                    false => Phase::Failing { first, count },
                };
                return Step::Calmed;
            }
            Phase::Held { first: held, last, confirmed, .. } => {
                let is_that_one = |row: &Row| row.failed > 0 && row.first == held;
                let stays = in_outage || self.rows().any(is_that_one);
                Phase::Held { first: if stays { held } else { first }, last, confirmed, count }
            }
            // A success that does not hold leaves the outage unbroken (rule 3). None failed while it
            // recovered: it is this one that does.
            Phase::Recovering { .. } => Phase::Steady,
            Phase::Proving { from, .. } => Phase::Proving { from, count },
            other => other,
        };
        let first = match self.phase {
            Phase::Failing { first, .. } => first,
            Phase::Proving { from, .. } => from,
            _ => return Step::None,
        };
        if count < self.params.confirm {
            return Step::None;
        }
        self.phase = Phase::Held { first, last: at, confirmed: now, count };
        Step::Confirmed
    }

    /// No decisive check fails.
    fn answered_round(&mut self, at: UnixMs) -> Step {
        if self.hard.is_some_and(State::is_outage) {
            return self.recovering_round();
        }
        let calmed = self.is_suspect();
        if calmed {
            self.phase = Phase::Steady;
            self.holes.clear();
        }
        let state = self.live_state();
        match (self.hard == Some(state), calmed) {
            (false, _) => Step::Live { state, since: at, rule: self.live_rule() },
            (true, true) => Step::Calmed,
            (true, false) => Step::None,
        }
    }

    /// No decisive check of a subject in an outage fails; it is over when each has answered `recover`
    /// rounds in a row (rule 3).
    fn recovering_round(&mut self) -> Step {
        // One that nothing was heard of yet may still be silent.
        let Some(first) = self.all_answer_since(1) else { return Step::None };
        // After a leap of the clock the outage may begin later than they answered.
        let first = first.max(self.hard_since);
        if !matches!(self.phase, Phase::Recovering { .. }) {
            self.holes.clear();
        }
        if self.all_answer_since(self.params.recover).is_some() {
            return self.live_from(first);
        }
        let counts = self.rows().map(|row| row.answered).filter(|count| *count > 0);
        self.phase = Phase::Recovering { first, count: counts.min().unwrap_or(0) };
        Step::None
    }

    /// The first answers after an outage: earlier poor rounds are forgotten.
    fn live_from(&mut self, since: UnixMs) -> Step {
        self.phase = Phase::Steady;
        self.last_live_answer = self.last_answer;
        self.poor_bits &= 1;
        self.is_poorly = false;
        self.note_poor();
        Step::Live { state: self.live_state(), since, rule: Rule::Recovered }
    }

    /// Why a subject that answers is up or degraded.
    pub(in crate::health) fn live_rule(&self) -> Rule {
        match self.live_state() {
            State::Up if self.hard == Some(State::Degraded) => Rule::GoodAgain,
            State::Up => Rule::Answered,
            _ if self.is_poorly => Rule::PoorRounds,
            _ if self.has_failing_secondary() => Rule::SecondaryCheck,
            _ if self.has_secondary_over() => Rule::OverThreshold,
            _ => Rule::OnBackup,
        }
    }

    /// Rule 4: `poor` of the last five take it to degraded, five without one back.
    pub(in crate::health) fn live_state(&self) -> State {
        let in_trouble = self.secondaries().any(Secondary::is_in_trouble);
        if self.is_poorly || in_trouble || self.backup.is_some() {
            State::Degraded
        } else {
            State::Up
        }
    }

    /// `poor` of the last five begin it, five without one end it.
    fn note_poor(&mut self) {
        let poor = self.poor_bits.count_ones();
        self.is_poorly = poor >= u32::from(self.params.poor) || (self.is_poorly && poor > 0);
    }

    /// The live state, when it is another one than the last verdict's and may be changed now: of a
    /// suspect the primary check decides first; a later round of it brings this in.
    pub(super) fn live_state_if_changed(&self) -> Option<State> {
        let live_now = self.state.is_live() && self.phase == Phase::Steady;
        let state = self.live_state();
        (live_now && self.hard != Some(state)).then_some(state)
    }

    /// Counts a round of a check that can only degrade; the live state when it changed by it. At the
    /// end of a hole that nobody has seen yet a decisive round brings it in.
    pub(in crate::health) fn secondary_round(&mut self, round: &Round) -> Option<State> {
        let (confirm, recover) = (self.params.confirm, self.params.recover);
        let poor = u32::from(self.params.poor);
        let Counted { secondary, .. } = self.checks.get_mut(usize::from(round.check))?;
        if round.is_failed() {
            secondary.successes = 0;
            secondary.fails = secondary.fails.saturating_add(1);
            secondary.is_failing |= secondary.fails >= confirm;
            secondary.failure = round.error;
        } else {
            secondary.fails = 0;
            secondary.successes = secondary.successes.saturating_add(1);
            secondary.is_failing &= secondary.successes < recover;
            secondary.count_over(round.error.and_then(RoundError::over), poor);
        }
        self.is_calm = false;
        self.live_state_if_changed().filter(|_| !self.is_overdue(round.at))
    }
}
