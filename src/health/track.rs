//! One subject's life: counts, verdicts, holes. Knows nothing of other subjects.

mod record;

use super::baseline::{Baseline, Usual};
use super::flap::Flap;
use super::{Effect, Entry, Pace, Resumed, Rule, Verdict, View};
use crate::model::{
    Check, HealthParams, Round, Span, State, Subject, SubjectId, SubjectIx, UnixMs,
};

/// Rounds looked at for `degraded` (rule 4).
const POOR_WINDOW: u8 = 5;
const POOR_MASK: u8 = (1 << POOR_WINDOW) - 1;

/// Where a subject stands between two verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The last verdict holds.
    Steady,
    /// Failed rounds without a verdict: *suspect*.
    Failing {
        /// Send time of the first failed round.
        first: UnixMs,
        /// Failed rounds so far.
        count: u8,
    },
    /// Confirmed, but an ancestor is undecided.
    Held {
        /// Send time of the first failed round.
        first: UnixMs,
        /// Send time of the confirming round.
        last: UnixMs,
        /// When it was confirmed; the waiting time runs from here.
        confirmed: UnixMs,
        /// Failed rounds so far.
        count: u8,
    },
    /// Down or unreachable, and answering again.
    Recovering {
        /// Send time of the first successful round.
        first: UnixMs,
        /// Successful rounds so far.
        count: u8,
    },
    /// Unreachable; the way is open again since `from`.
    Proving {
        /// The parent's recovery.
        from: UnixMs,
        /// Failed rounds since.
        count: u8,
    },
}

/// What a decisive round led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// No news for others.
    None,
    /// Enough failed rounds: a verdict is due.
    Confirmed,
    /// A failing run ended without a verdict.
    Calmed,
    /// The subject is live from `since` on.
    Live {
        /// `up` or `degraded`.
        state: State,
        /// Send time of the first successful round.
        since: UnixMs,
        /// What decided it.
        rule: Rule,
    },
}

/// A check that is neither the primary one nor critical: it can only degrade.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Secondary {
    fails: u8,
    successes: u8,
    is_failing: bool,
}

/// A decisive check's failed rounds in a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Fails {
    first: UnixMs,
    count: u8,
}

#[derive(Debug, Clone)]
pub(super) struct Track {
    params: HealthParams,
    checks: Vec<Check>,
    /// By check; those of decisive checks only are counted.
    fails: Vec<Fails>,
    /// By check; those of the others only are counted.
    secondaries: Vec<Secondary>,
    /// It has a check at all, and is enabled.
    pub(super) is_asked: bool,
    /// It is disabled or not in force now: nothing is reached through it.
    pub(super) is_absent: bool,
    /// The last verdict; `None` before the first.
    pub(super) hard: Option<State>,
    /// Root cause of the hard state when unreachable.
    pub(super) cause: Option<SubjectIx>,
    /// Since when the hard state holds; of an outage, its start whatever the state became.
    hard_since: UnixMs,
    /// Recorded state and its start.
    state: State,
    since: UnixMs,
    pub(super) phase: Phase,
    /// Last decisive round, answered or not.
    last_round: Option<UnixMs>,
    /// For how long that round vouches: the interval then in force.
    vouch_ms: i64,
    last_answer: Option<UnixMs>,
    /// The last one before its outage, when it is in one: the answers that begin its recovery say
    /// nothing about the time in between.
    last_live_answer: Option<UnixMs>,
    /// Newest round in the lowest bit; set when poor.
    poor_bits: u8,
    /// Degraded by poor rounds, so that only five good ones end it.
    is_poorly: bool,
    /// Start of the record's entry before the open hole.
    since_before_hole: UnixMs,
    /// Holes since the first failed round of the run.
    holes: Vec<Span>,
    /// A verdict beneath has asked for a round newer than this already.
    asked_for: UnixMs,
    /// What decided the last verdict.
    pub(super) rule: Rule,
    /// Root cause of the outage it was unreachable in before the last verdict.
    pub(super) cause_before: Option<SubjectIx>,
    /// Reached by a second way only (rule 12); the preferred one's root cause.
    backup: Option<SubjectIx>,
    pub(super) flap: Flap,
    /// Where the baseline is asked for.
    baseline: Option<Box<Baseline>>,
    /// Up and steady with nothing in memory: one more good answer only moves `last_round`.
    is_calm: bool,
}

impl Track {
    fn blank(subject: &Subject, state: State, since: UnixMs) -> Self {
        let mut track = Self {
            params: subject.health,
            checks: Vec::new(),
            fails: Vec::new(),
            secondaries: Vec::new(),
            is_asked: false,
            is_absent: !subject.is_enabled,
            hard: None,
            cause: None,
            hard_since: since,
            state,
            since,
            phase: Phase::Steady,
            last_round: None,
            vouch_ms: subject.health.interval_ms,
            last_answer: None,
            last_live_answer: None,
            poor_bits: 0,
            is_poorly: false,
            since_before_hole: since,
            holes: Vec::new(),
            asked_for: UnixMs(i64::MIN),
            rule: Rule::NotJudged,
            cause_before: None,
            backup: None,
            flap: Flap::default(),
            baseline: None,
            is_calm: false,
        };
        track.refit_checks(subject);
        track
    }

    /// A subject nothing is known of: unmeasured from `now`.
    pub(super) fn unknown(now: UnixMs, subject: &Subject) -> Self {
        Self::blank(subject, State::Unmeasured, now)
    }

    /// A subject as the store remembers it (rule 8: the hard state is taken up again).
    pub(super) fn resumed(
        resumed: &Resumed,
        find: impl Fn(&SubjectId) -> Option<SubjectIx>,
        subject: &Subject,
    ) -> Self {
        let mut track = Self::blank(subject, resumed.state, resumed.since);
        // A hole that is recorded stays: what was sent inside it, or while the patrol was blind,
        // vouches for nothing.
        let vouches_until = match resumed.state {
            State::Unmeasured => resumed.since,
            _ => UnixMs(i64::MAX),
        };
        track.last_round = resumed.last_round.map(|t| t.min(vouches_until - track.vouch_ms));
        if resumed.is_flapping {
            track.flap = Flap::resume(&subject.health);
        }
        if track.baseline.is_some() && !resumed.usual.is_empty() {
            track.baseline = Some(Box::new(Baseline::resumed(&resumed.usual)));
        }
        if let Some(verdict) = &resumed.hard {
            track.rule = Rule::Resumed;
            track.hard = Some(verdict.state);
            track.cause = verdict.cause.as_ref().and_then(find);
            track.hard_since = verdict.since;
            if verdict.state.is_live() {
                // It answered then, or was suspect at most.
                track.last_live_answer = resumed.last_round;
            }
            if verdict.state == State::Degraded {
                // It was degraded by rounds that are forgotten: five good ones end it.
                track.poor_bits = POOR_MASK;
                track.is_poorly = true;
            }
        }
        track
    }

    /// Fits the track to its subject's new entry; causes are translated by `moved`.
    pub(super) fn refit(
        &mut self,
        subject: &Subject,
        moved: impl Fn(SubjectIx) -> Option<SubjectIx>,
    ) {
        self.params = subject.health;
        if self.checks.first() != subject.checks.first() {
            // Another address' rounds.
            self.poor_bits = 0;
        }
        self.cause = self.cause.and_then(&moved);
        self.cause_before = self.cause_before.and_then(&moved);
        self.backup = self.backup.and_then(moved);
        self.refit_checks(subject);
    }

    /// Counts of checks that are no longer the same begin anew.
    fn refit_checks(&mut self, subject: &Subject) {
        self.is_calm = false;
        self.is_asked = subject.is_enabled && !subject.checks.is_empty();
        if subject.health.baseline_tenths.is_none() {
            self.baseline = None;
        } else if self.baseline.is_none() {
            self.baseline = Some(Box::default());
        }
        if self.checks == subject.checks {
            return;
        }
        self.checks.clone_from(&subject.checks);
        self.fails = vec![Fails::default(); subject.checks.len()];
        self.secondaries = vec![Secondary::default(); subject.checks.len()];
        if self.is_suspect() {
            self.phase = Phase::Steady;
        }
    }

    pub(super) fn view(&self) -> View {
        let suspect = match self.phase {
            Phase::Failing { count, .. }
            | Phase::Held { count, .. }
            | Phase::Proving { count, .. } => count,
            Phase::Steady | Phase::Recovering { .. } => 0,
        };
        let verdict =
            self.hard.map(|state| Verdict { state, since: self.hard_since, cause: self.cause });
        let in_trouble = self.state.is_outage() || self.state == State::Degraded;
        View {
            state: self.state,
            since: if in_trouble { self.hard_since } else { self.since },
            cause: if self.state == State::Unreachable { self.cause } else { None },
            verdict,
            suspect,
            answering: match self.phase {
                Phase::Recovering { first, .. } => Some(first),
                _ => None,
            },
            last_round: self.last_round,
            is_flapping: self.flap.is_on(),
            backup: self.backup.filter(|_| self.hard == Some(State::Degraded)),
        }
    }

    pub(super) fn entry(&self) -> Entry {
        self.entry_at(self.since, self.state)
    }

    pub(super) const fn pace(&self) -> Pace {
        match (self.phase, self.hard) {
            (Phase::Steady, Some(State::Down)) => Pace::Retry,
            (Phase::Steady, _) => Pace::Normal,
            _ => Pace::Retry,
        }
    }

    /// Live, as far as is known, and asked at its normal pace.
    pub(super) fn is_quiet(&self) -> bool {
        self.is_asked && self.phase == Phase::Steady && self.hard.is_some_and(State::is_live)
    }

    /// Failing without a verdict.
    pub(super) const fn is_suspect(&self) -> bool {
        matches!(self.phase, Phase::Failing { .. } | Phase::Held { .. })
    }

    pub(super) fn answered_at_or_after(&self, t: UnixMs) -> bool {
        self.last_answer.is_some_and(|answer| answer >= t)
    }

    pub(super) const fn hard_since(&self) -> UnixMs {
        self.hard_since
    }

    /// Down by the last verdict, and nothing has changed since.
    pub(super) fn is_settled_down(&self) -> bool {
        self.phase == Phase::Steady && self.hard == Some(State::Down)
    }

    /// True when it did not answer between its own start of silence and `t`: what fell silent at
    /// `t` may have done so because of it.
    pub(super) fn was_silent_at(&self, t: UnixMs) -> bool {
        self.last_live_answer.is_none_or(|answer| answer < t)
    }

    /// Nobody asks it any more, by its entry: forget what was known.
    pub(super) fn switch_off(&mut self, now: UnixMs, subject: &Subject) -> Option<Entry> {
        let from = self.unasked_from(now);
        let was_recorded = self.state != State::Unmeasured;
        let since = if was_recorded { from } else { self.since };
        *self = Self::blank(subject, State::Unmeasured, since);
        was_recorded.then(|| self.entry())
    }

    /// Takes a round in that changes nothing but the time of the last answer: almost all there
    /// are. False when there is more to it.
    pub(super) fn take_calm(&mut self, round: &Round) -> bool {
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
            && round.rtts.as_slice().iter().all(|us| *us <= self.params.rtt_us);
        if is_taken {
            self.last_round = Some(round.at);
            self.last_answer = Some(round.at);
            self.last_live_answer = self.last_answer;
        }
        is_taken
    }

    /// Looks whether [`Track::take_calm`] may take the next rounds in.
    pub(super) fn note_calm(&mut self) {
        self.is_calm = self.phase == Phase::Steady
            && self.hard == Some(State::Up)
            && self.state == State::Up
            && self.poor_bits == 0
            && self.flap.is_calm()
            && self.checks.len() == 1
            && self.baseline.is_none()
            && self.vouch_ms == self.params.interval_ms;
    }

    /// When a hole may have to be opened, at the earliest; `None` while nothing is vouched for.
    pub(super) fn overdue_at(&self) -> Option<UnixMs> {
        (self.state != State::Unmeasured).then(|| self.overdue_from())
    }

    /// Rule 12: it is reached by a second way only, because of `cause`; or by its preferred way.
    /// Returns the state this makes of a live subject, when that is another one.
    pub(super) fn set_backup(&mut self, cause: Option<SubjectIx>) -> Option<State> {
        if self.backup == cause {
            return None;
        }
        self.is_calm = false;
        self.backup = cause;
        self.live_state_if_changed()
    }

    /// The way by which one that is not live yet answers.
    pub(super) const fn found_by(&mut self, backup: Option<SubjectIx>) {
        self.backup = backup;
    }

    pub(super) fn params(&self) -> &HealthParams {
        &self.params
    }

    pub(super) const fn poor_rounds(&self) -> u32 {
        self.poor_bits.count_ones()
    }

    pub(super) const fn last_round(&self) -> Option<UnixMs> {
        self.last_round
    }

    pub(super) const fn last_answer(&self) -> Option<UnixMs> {
        self.last_answer
    }

    pub(super) fn usual_us(&self, at: UnixMs) -> Option<u32> {
        self.baseline.as_ref()?.usual_us(at)
    }

    /// True when a secondary check fails.
    pub(super) fn has_failing_secondary(&self) -> bool {
        self.secondaries.iter().any(|s| s.is_failing)
    }

    /// The primary check always is.
    pub(super) fn is_decisive(&self, check: u8) -> bool {
        self.checks.get(usize::from(check)).is_some_and(|c| check == 0 || c.critical)
    }

    /// Unreachable through something that is no longer in the inventory.
    pub(super) fn lost_its_cause(&self) -> bool {
        self.hard == Some(State::Unreachable) && self.cause.is_none()
    }

    /// Unreachable by the last verdict, and nothing has changed since.
    pub(super) fn is_settled_unreachable(&self) -> bool {
        self.phase == Phase::Steady && self.hard == Some(State::Unreachable)
    }

    /// True once per confirming round: the driver asks each ancestor once for each verdict.
    pub(super) fn ask_once_for(&mut self, wanted: UnixMs) -> bool {
        let first_time = self.asked_for < wanted;
        self.asked_for = self.asked_for.max(wanted);
        first_time
    }

    /// First failed and confirming round of a confirmed run.
    pub(super) const fn confirmed_run(&self) -> Option<(UnixMs, UnixMs)> {
        match self.phase {
            Phase::Held { first, last, .. } => Some((first, last)),
            _ => None,
        }
    }

    pub(super) fn held_too_long(&self, now: UnixMs) -> bool {
        // A clock that was set back must not hold a verdict until it has caught up.
        matches!(self.phase, Phase::Held { confirmed, .. }
            if !(0..self.params.correlation_window_ms).contains(&now.since(confirmed)))
    }

    /// Counts a round of a decisive check.
    pub(super) fn decisive_round(&mut self, round: &Round, now: UnixMs) -> Step {
        let at = round.at;
        self.last_round = Some(self.last_round.map_or(at, |l| l.max(at)));
        self.vouch_ms = self.params.interval_ms;
        let failed = round.is_failed();
        if let Some(fails) = self.fails.get_mut(usize::from(round.check)) {
            *fails = match (failed, fails.count) {
                (false, _) => Fails::default(),
                (true, 0) => Fails { first: at, count: 1 },
                (true, n) => Fails { first: fails.first, count: n.saturating_add(1) },
            };
        }
        if !failed {
            self.last_answer = Some(at);
            if !self.hard.is_some_and(State::is_outage) {
                self.last_live_answer = self.last_answer;
            }
        }
        if round.check == 0 {
            let poor = failed || self.is_poor(round);
            self.poor_bits = (self.poor_bits << 1 | u8::from(poor)) & POOR_MASK;
            self.note_poor();
        }
        match self.worst_run() {
            Some(run) => self.failing_round(run, failed, at, now),
            None => self.answered_round(at),
        }
    }

    /// Rule 4: beyond the thresholds, or slower than usual at this hour.
    fn is_poor(&self, round: &Round) -> bool {
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
    pub(super) fn learn(&mut self, round: &Round) -> Option<(u8, Usual)> {
        let baseline = self.baseline.as_mut()?;
        let median_us = round.rtts.median_us().filter(|_| round.check == 0)?;
        baseline.learn(round.at, median_us)
    }

    /// Counts a round for flapping (rule 9); true when it begins or ends by it. What somebody
    /// else's outage does to a subject is no flapping of its own.
    pub(super) fn count_flapping(&mut self, round: &Round) -> bool {
        if round.check != 0 {
            return false;
        }
        if self.hard == Some(State::Unreachable) {
            self.flap.excuse();
            return false;
        }
        let params = self.params;
        self.flap.count(round.is_failed(), &params)
    }

    /// The decisive check that has failed most often in a row, the earliest of equals.
    fn worst_run(&self) -> Option<Fails> {
        let failing = self.fails.iter().filter(|f| f.count > 0);
        failing.copied().max_by_key(|f| (f.count, std::cmp::Reverse(f.first)))
    }

    /// A decisive check fails, this one or (`failed` is false) another.
    fn failing_round(&mut self, run: Fails, failed: bool, at: UnixMs, now: UnixMs) -> Step {
        let in_outage = self.hard.is_some_and(State::is_outage);
        let Fails { first, count } = run;
        self.phase = match self.phase {
            Phase::Steady if !in_outage => {
                self.holes.clear();
                Phase::Failing { first, count }
            }
            Phase::Failing { .. } => Phase::Failing { first, count },
            Phase::Held { first, last, confirmed, .. } => {
                Phase::Held { first, last, confirmed, count }
            }
            // A success that does not hold leaves the outage unbroken (rule 3).
            Phase::Recovering { .. } if failed => Phase::Steady,
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

    /// Every decisive check answers.
    fn answered_round(&mut self, at: UnixMs) -> Step {
        let mut calmed = false;
        if self.hard.is_some_and(State::is_outage) {
            if !matches!(self.phase, Phase::Recovering { .. }) {
                self.holes.clear();
                self.phase = Phase::Recovering { first: at, count: 0 };
            }
        } else if self.is_suspect() {
            self.phase = Phase::Steady;
            self.holes.clear();
            calmed = true;
        }
        if let Phase::Recovering { first, count } = self.phase {
            let count = count.saturating_add(1);
            self.phase = Phase::Recovering { first, count };
            return if count >= self.params.recover { self.live_from(first) } else { Step::None };
        }
        let state = self.live_state();
        match (self.hard == Some(state), calmed) {
            (false, _) => Step::Live { state, since: at, rule: self.live_rule() },
            (true, true) => Step::Calmed,
            (true, false) => Step::None,
        }
    }

    /// The first answers after an outage, or ever: earlier poor rounds are forgotten.
    fn live_from(&mut self, since: UnixMs) -> Step {
        self.phase = Phase::Steady;
        self.last_live_answer = self.last_answer;
        self.poor_bits &= 1;
        self.is_poorly = false;
        self.note_poor();
        Step::Live { state: self.live_state(), since, rule: Rule::Recovered }
    }

    /// Why a subject that answers is up or degraded.
    pub(super) fn live_rule(&self) -> Rule {
        match self.live_state() {
            State::Up if self.hard == Some(State::Degraded) => Rule::GoodAgain,
            State::Up => Rule::Answered,
            _ if self.is_poorly => Rule::PoorRounds,
            _ if self.has_failing_secondary() => Rule::SecondaryCheck,
            _ => Rule::OnBackup,
        }
    }

    /// Rule 4: `poor` of the last five take it to degraded, five without one back.
    pub(super) fn live_state(&self) -> State {
        if self.is_poorly || self.has_failing_secondary() || self.backup.is_some() {
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
    fn live_state_if_changed(&self) -> Option<State> {
        let live_now = self.state.is_live() && self.phase == Phase::Steady;
        let state = self.live_state();
        (live_now && self.hard != Some(state)).then_some(state)
    }

    /// Counts a round of a check that can only degrade; the live state when it changed by it.
    pub(super) fn secondary_round(&mut self, round: &Round) -> Option<State> {
        let (confirm, recover) = (self.params.confirm, self.params.recover);
        let secondary = self.secondaries.get_mut(usize::from(round.check))?;
        if round.is_failed() {
            secondary.successes = 0;
            secondary.fails = secondary.fails.saturating_add(1);
            secondary.is_failing |= secondary.fails >= confirm;
        } else {
            secondary.fails = 0;
            secondary.successes = secondary.successes.saturating_add(1);
            secondary.is_failing &= secondary.successes < recover;
        }
        self.is_calm = false;
        self.live_state_if_changed()
    }

    /// A verdict that the subject is live, as `state`, from `since` on; holes since then stay
    /// holes.
    pub(super) fn change(
        &mut self,
        subject: SubjectIx,
        (state, rule): (State, Rule),
        since: UnixMs,
        effects: &mut Vec<Effect>,
    ) {
        let before = self.hard.replace(state);
        let outage_since = before.filter(|s| s.is_outage()).map(|_| self.hard_since);
        self.hard_since = since;
        self.cause_before = self.cause.take();
        self.rule = rule;
        let entries = self.entries_around_holes(since, state);
        self.record(subject, entries, effects);
        effects.push(Effect::Verdict {
            subject,
            before,
            after: state,
            since,
            cause: None,
            rule,
            outage_since,
        });
    }

    /// A verdict that the subject is down or unreachable from `since` on; holes since then stay
    /// holes.
    pub(super) fn fail(
        &mut self,
        subject: SubjectIx,
        (state, rule): (State, Rule),
        cause: Option<SubjectIx>,
        since: UnixMs,
        effects: &mut Vec<Effect>,
    ) {
        self.phase = Phase::Steady;
        if state == State::Unreachable {
            self.flap.excuse_failure();
        }
        let before = self.hard;
        if before == Some(state) && self.cause == cause {
            self.holes.clear();
            return;
        }
        self.hard = Some(state);
        self.rule = rule;
        // Which way it is reached by is found out anew when it answers again.
        self.backup = None;
        self.cause_before = std::mem::replace(&mut self.cause, cause);
        if !before.is_some_and(State::is_outage) {
            self.hard_since = since;
        }
        let entries = self.entries_around_holes(since, state);
        self.record(subject, entries, effects);
        effects.push(Effect::Verdict {
            subject,
            before,
            after: state,
            since,
            cause,
            rule,
            outage_since: None,
        });
    }

    /// The outage that was taken for the subject's own is `cause`'s, from its start on as far as
    /// the record's last stretch, or the one before an open hole, reaches back.
    pub(super) fn blame(
        &mut self,
        subject: SubjectIx,
        cause: SubjectIx,
        effects: &mut Vec<Effect>,
    ) {
        self.flap.excuse_failure();
        let before = self.hard.replace(State::Unreachable);
        self.rule = Rule::BlockedLater;
        self.cause = Some(cause);
        let since = self.hard_since;
        let entries = if self.state == State::Unmeasured {
            let from = since.max(self.since_before_hole);
            let hole = self.entry_at(self.since, State::Unmeasured);
            vec![self.entry_at(from, State::Unreachable), hole]
        } else {
            vec![self.entry_at(since.max(self.since), State::Unreachable)]
        };
        self.record(subject, entries, effects);
        effects.push(Effect::Verdict {
            subject,
            before,
            after: State::Unreachable,
            since,
            cause: self.cause,
            rule: self.rule,
            outage_since: None,
        });
    }

    /// Another root cause of the same unreachability.
    pub(super) fn recause(
        &mut self,
        subject: SubjectIx,
        cause: SubjectIx,
        at: UnixMs,
        effects: &mut Vec<Effect>,
    ) {
        if self.cause == Some(cause) {
            return;
        }
        self.cause = Some(cause);
        if self.state == State::Unreachable {
            let entry = self.entry_at(at.max(self.since), State::Unreachable);
            self.record(subject, vec![entry], effects);
        }
    }

    /// The way is open again from `at`: true when the subject now has to prove itself.
    pub(super) fn start_proving(&mut self, at: UnixMs) -> bool {
        if self.phase != Phase::Steady {
            return false;
        }
        self.is_calm = false;
        self.holes.clear();
        self.fails.fill(Fails::default());
        // What it answered after the parent's first answer is no failure to prove itself.
        // A hole that is over stays one, even where the parent's first answer lies inside it.
        let vouched = if self.state == State::Unmeasured { self.hard_since } else { self.since };
        self.phase = Phase::Proving { from: at.max(self.hard_since).max(vouched), count: 0 };
        true
    }
}
