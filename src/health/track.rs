//! One subject's life: counts, verdicts, holes. Knows nothing of other subjects.

use super::{Effect, Entry, Pace, Resumed, Verdict, View};
use crate::model::{
    Check, HealthParams, Round, Span, State, Subject, SubjectId, SubjectIx, UnixMs,
};

/// Holes kept inside one failing run; past that the last two are joined, so that the time between
/// them counts as unmeasured rather than as down.
const HOLES_MAX: usize = 16;

/// A hole is opened this much later than it could be: rounds in flight and answers on their way
/// are not missing. It is back-dated, so nothing depends on this but when it is shown.
const HOLE_GRACE_MS: i64 = 5_000;

/// How far back the clock may be set while the record goes on where it was. Beyond it the earlier
/// reading was the wrong one, and what it put into the future is taken out of the record.
const SET_BACK_MAX_MS: i64 = 3_600_000;

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
    /// It has a check at all.
    pub(super) is_asked: bool,
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
    /// Newest round in the lowest bit; set when poor.
    poor_bits: u8,
    /// Start of the record's entry before the open hole.
    since_before_hole: UnixMs,
    /// Holes since the first failed round of the run.
    holes: Vec<Span>,
    /// A verdict beneath has asked for a round newer than this already.
    asked_for: UnixMs,
}

impl Track {
    fn blank(subject: &Subject, state: State, since: UnixMs) -> Self {
        let mut track = Self {
            params: subject.health,
            checks: Vec::new(),
            fails: Vec::new(),
            secondaries: Vec::new(),
            is_asked: false,
            hard: None,
            cause: None,
            hard_since: since,
            state,
            since,
            phase: Phase::Steady,
            last_round: None,
            vouch_ms: subject.health.interval_ms,
            last_answer: None,
            poor_bits: 0,
            since_before_hole: since,
            holes: Vec::new(),
            asked_for: UnixMs(i64::MIN),
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
        track.last_round = resumed.last_round;
        if let Some(verdict) = &resumed.hard {
            track.hard = Some(verdict.state);
            track.cause = verdict.cause.as_ref().and_then(find);
            track.hard_since = verdict.since;
            if verdict.state == State::Degraded {
                // It was degraded by rounds that are forgotten: five good ones end it.
                track.poor_bits = POOR_MASK;
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
        self.cause = self.cause.and_then(moved);
        self.refit_checks(subject);
    }

    /// Counts of checks that are no longer the same begin anew.
    fn refit_checks(&mut self, subject: &Subject) {
        self.is_asked = !subject.checks.is_empty();
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
            last_round: self.last_round,
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
        matches!(self.phase, Phase::Held { confirmed, .. }
            if now.since(confirmed) >= self.params.correlation_window_ms)
    }

    /// The time the last round vouches for ends one interval after it (rule 8); without any
    /// sample left after a restart, after the start of the record.
    fn vouched_until(&self) -> UnixMs {
        let last = self.last_round.unwrap_or(self.since);
        (last + self.vouch_ms).max(self.since)
    }

    /// True when at `t` no round has come for two intervals.
    fn is_overdue(&self, t: UnixMs) -> bool {
        t.since(self.last_round.unwrap_or(self.since)) > 2 * self.vouch_ms
    }

    /// From when nobody vouches for the subject once it is asked no more; at most `now`.
    pub(super) fn unasked_from(&self, now: UnixMs) -> UnixMs {
        if self.state == State::Unmeasured { self.since } else { self.vouched_until().min(now) }
    }

    /// Rule 8, at a tick: opens the hole that began when the last round's vouching ended.
    pub(super) fn open_hole(&mut self, subject: SubjectIx, now: UnixMs, effects: &mut Vec<Effect>) {
        if self.state != State::Unmeasured && self.is_overdue(now - HOLE_GRACE_MS) {
            self.since_before_hole = self.since;
            let entry = self.entry_at(self.vouched_until(), State::Unmeasured);
            self.record(subject, vec![entry], effects);
        }
    }

    /// Rule 8, at a round: closes the open hole, or records the one that no tick saw, and takes
    /// the hard state up again. A hole that a tick opened although this round was on its way is
    /// taken back.
    pub(super) fn close_hole(&mut self, subject: SubjectIx, at: UnixMs, effects: &mut Vec<Effect>) {
        let is_open = self.state == State::Unmeasured && self.hard.is_some();
        let is_overdue = self.is_overdue(at);
        if is_open && !is_overdue && self.last_round.is_some() {
            if let Some(hard) = self.hard {
                let entry = self.entry_at(self.since_before_hole, hard);
                self.record(subject, vec![entry], effects);
            }
            return;
        }
        let hole = if is_open {
            Span::new(self.since, at)
        } else if is_overdue {
            Span::new(self.vouched_until(), at)
        } else {
            return;
        };
        if hole.is_empty() {
            return;
        }
        if !matches!(self.phase, Phase::Steady) {
            let is_full = self.holes.len() == HOLES_MAX;
            match self.holes.last_mut() {
                Some(last) if is_full => last.to = hole.to,
                _ => self.holes.push(hole),
            }
        }
        let Some(hard) = self.hard else { return };
        let entries = [self.entry_at(hole.from, State::Unmeasured), self.entry_at(at, hard)];
        self.record(subject, entries[usize::from(is_open)..].to_vec(), effects);
    }

    /// The round's time. When the clock was set back a little, just after the round before: what
    /// is recorded stays recorded, and judging goes on.
    pub(super) fn not_before_last(&self, at: UnixMs) -> UnixMs {
        self.last_round.map_or(at, |last| at.max(last + 1))
    }

    /// True when the round before was stamped by a clock that ran far ahead.
    pub(super) fn is_from_the_future(&self, at: UnixMs) -> bool {
        self.last_round.is_some_and(|last| last.since(at) > SET_BACK_MAX_MS)
    }

    /// Takes what a wrong clock put into the future out of the record: from `at` on it reads as
    /// the hard state says.
    pub(super) fn forget_future(
        &mut self,
        subject: SubjectIx,
        at: UnixMs,
        effects: &mut Vec<Effect>,
    ) {
        self.last_round = None;
        self.last_answer = None;
        self.phase = Phase::Steady;
        self.holes.clear();
        self.fails.fill(Fails::default());
        self.asked_for = UnixMs(i64::MIN);
        self.hard_since = self.hard_since.min(at);
        let entry = self.entry_at(at, self.hard.unwrap_or(State::Unmeasured));
        self.record(subject, vec![entry], effects);
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
        }
        if round.check == 0 {
            let poor = failed
                || round.loss_permille() > self.params.loss_permille
                || round.rtts.median_us().is_some_and(|us| us > self.params.rtt_us);
            self.poor_bits = (self.poor_bits << 1 | u8::from(poor)) & POOR_MASK;
        }
        match self.worst_run() {
            Some(run) => self.failing_round(run, failed, at, now),
            None => self.answered_round(at),
        }
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
            (false, _) => Step::Live { state, since: at },
            (true, true) => Step::Calmed,
            (true, false) => Step::None,
        }
    }

    /// The first answers after an outage, or ever: earlier poor rounds are forgotten.
    fn live_from(&mut self, since: UnixMs) -> Step {
        self.phase = Phase::Steady;
        self.poor_bits &= 1;
        Step::Live { state: self.live_state(), since }
    }

    /// Rule 4: `poor` of the last five take it to degraded, five without one back.
    fn live_state(&self) -> State {
        let poor = self.poor_bits.count_ones();
        let was_degraded = self.hard == Some(State::Degraded);
        let by_rounds = poor >= u32::from(self.params.poor) || (was_degraded && poor > 0);
        if by_rounds || self.secondaries.iter().any(|s| s.is_failing) {
            State::Degraded
        } else {
            State::Up
        }
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
        // Of a suspect the primary check decides first; a later round of it brings this in.
        let live_now = self.state.is_live() && self.phase == Phase::Steady;
        let state = self.live_state();
        (live_now && self.hard != Some(state)).then_some(state)
    }

    /// A verdict that the subject is live, as `state`, from `since` on; holes since then stay
    /// holes.
    pub(super) fn change(
        &mut self,
        subject: SubjectIx,
        state: State,
        since: UnixMs,
        effects: &mut Vec<Effect>,
    ) {
        let before = self.hard.replace(state);
        self.hard_since = since;
        self.cause = None;
        let entries = self.entries_around_holes(since, state);
        self.record(subject, entries, effects);
        effects.push(Effect::Verdict { subject, before, after: state, since, cause: None });
    }

    /// A verdict that the subject is down or unreachable from `since` on; holes since then stay
    /// holes.
    pub(super) fn fail(
        &mut self,
        subject: SubjectIx,
        state: State,
        cause: Option<SubjectIx>,
        since: UnixMs,
        effects: &mut Vec<Effect>,
    ) {
        self.phase = Phase::Steady;
        let before = self.hard;
        if before == Some(state) && self.cause == cause {
            self.holes.clear();
            return;
        }
        self.hard = Some(state);
        self.cause = cause;
        if !before.is_some_and(State::is_outage) {
            self.hard_since = since;
        }
        let entries = self.entries_around_holes(since, state);
        self.record(subject, entries, effects);
        effects.push(Effect::Verdict { subject, before, after: state, since, cause });
    }

    /// `state` from `since` on, interrupted by the holes of the run, which are used up.
    fn entries_around_holes(&mut self, since: UnixMs, state: State) -> Vec<Entry> {
        let mut entries = vec![self.entry_at(since, state)];
        for hole in std::mem::take(&mut self.holes) {
            if hole.to <= since {
                continue;
            }
            if hole.from <= since {
                // The run began inside it; the record already says so.
                entries.clear();
            } else {
                entries.push(self.entry_at(hole.from, State::Unmeasured));
            }
            entries.push(self.entry_at(hole.to, state));
        }
        entries
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
        self.holes.clear();
        self.fails.fill(Fails::default());
        // What it answered after the parent's first answer is no failure to prove itself.
        self.phase = Phase::Proving { from: at.max(self.hard_since), count: 0 };
        true
    }

    /// Start of the record's last entry.
    pub(super) const fn since(&self) -> UnixMs {
        self.since
    }

    fn entry_at(&self, from: UnixMs, state: State) -> Entry {
        let cause = if state == State::Unreachable { self.cause } else { None };
        Entry { from, state, cause }
    }

    /// Makes `entries` the end of the record.
    fn record(&mut self, subject: SubjectIx, entries: Vec<Entry>, effects: &mut Vec<Effect>) {
        if let Some(last) = entries.last() {
            self.state = last.state;
            self.since = last.from;
            effects.push(Effect::Record { subject, entries });
        }
    }
}
