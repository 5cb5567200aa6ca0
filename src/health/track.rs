//! One subject's life: counts, verdicts, holes. Knows nothing of other subjects.

mod count;
mod phase;
mod record;
mod verdict;

pub(super) use phase::Phase;

use super::baseline::Baseline;
use super::flap::Flap;
use super::{Entry, Pace, Resumed, Rule, Verdict, View};
use crate::model::{
    Check, HealthParams, RoundError, Span, State, Subject, SubjectId, SubjectIx, Threshold, UnixMs,
};

/// Rounds looked at for `degraded` (rule 4).
const POOR_WINDOW: u8 = 5;
const POOR_MASK: u8 = (1 << POOR_WINDOW) - 1;

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
    /// Newest round in the lowest bit; set when something was beyond its threshold.
    over_bits: u8,
    /// Degraded by them, so that only rounds without end it.
    is_over: bool,
    /// What was beyond its threshold last.
    over: Option<Threshold>,
    /// Why it failed last.
    failure: Option<RoundError>,
}

impl Secondary {
    const fn is_in_trouble(&self) -> bool {
        self.is_failing || self.is_over
    }

    fn trouble(&self) -> Option<RoundError> {
        if self.is_failing {
            return self.failure;
        }
        self.over.filter(|_| self.is_over).map(RoundError::Over)
    }
}

/// A decisive check's last rounds, as far as they brought the same: one of the counts is 0, and both
/// are before its first round.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Row {
    /// Send time of the first of them.
    first: UnixMs,
    failed: u8,
    answered: u8,
    /// What the last of them said was wrong.
    trouble: Option<RoundError>,
}

/// A check and what its rounds came to.
#[derive(Debug, Clone)]
struct Counted {
    check: Check,
    /// Of a decisive one.
    row: Row,
    /// Of another.
    secondary: Secondary,
    /// Where there are several: send time of its last round.
    heard: Option<UnixMs>,
}

impl Counted {
    fn new(check: &Check) -> Self {
        let (row, secondary) = (Row::default(), Secondary::default());
        Self { check: check.clone(), row, secondary, heard: None }
    }
}

/// What almost all rounds look at and move stands together at its beginning, in one line of the
/// processor's cache, and the verdict in the next.
#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub(super) struct Track {
    last_round: Option<UnixMs>,
    last_answer: Option<UnixMs>,
    /// The last one before its outage, when it is in one: the answers that begin its recovery say
    /// nothing about the time in between.
    last_live_answer: Option<UnixMs>,
    /// For how long the last round vouches: the interval then in force.
    vouch_ms: i64,
    /// The open hole was recorded before a restart: it stays, however soon the next round comes.
    is_hole_kept: bool,
    /// Of a calm one: how long an answer may take that only moves `last_round`.
    calm_rtt_us: u32,
    /// Up and steady with nothing in memory: one more good answer only moves `last_round`.
    is_calm: bool,
    /// It has a check at all, and is enabled.
    pub(super) is_asked: bool,
    /// It is disabled or not in force now: nothing is reached through it.
    pub(super) is_absent: bool,
    /// The last verdict; `None` before the first.
    pub(super) hard: Option<State>,
    /// Since when the hard state holds; of an outage, its start whatever the state became.
    hard_since: UnixMs,
    /// Of a live one: the end of its last outage, or its first verdict.
    live_since: UnixMs,
    /// Root cause of the hard state when unreachable.
    pub(super) cause: Option<SubjectIx>,
    pub(super) flap: Flap,
    /// Recorded state.
    state: State,
    /// Start of the recorded state.
    since: UnixMs,
    params: HealthParams,
    pub(super) phase: Phase,
    /// In the order of the inventory.
    checks: Box<[Counted]>,
    /// Newest round in the lowest bit; set when poor.
    poor_bits: u8,
    /// Degraded by poor rounds, so that only five good ones end it.
    is_poorly: bool,
    /// What the last poor round of the primary check said was beyond its threshold.
    primary_over: Option<Threshold>,
    /// Start of the record's last entry when the record was taken up from the store, which may have
    /// lost the round that it tells of.
    taken_up: UnixMs,
    /// Start of the record's entry before the open hole.
    since_before_hole: UnixMs,
    /// End of the last hole: since when it is recorded without one.
    seen_since: UnixMs,
    /// Holes since the first failed round of the run.
    holes: Vec<Span>,
    /// Where it is down: since when it is recorded as that without a break but these holes.
    down_from: UnixMs,
    down_holes: Vec<Span>,
    /// A verdict beneath has asked for a round newer than this already.
    asked_for: UnixMs,
    /// What decided the last verdict.
    pub(super) rule: Rule,
    /// Root cause of the outage it was unreachable in before the last verdict.
    pub(super) cause_before: Option<SubjectIx>,
    /// Reached by a second way only (rule 12); the preferred one's root cause.
    backup: Option<SubjectIx>,
    /// Where the baseline is asked for.
    baseline: Option<Box<Baseline>>,
}

impl Track {
    fn blank(subject: &Subject, state: State, since: UnixMs) -> Self {
        let mut track = Self {
            params: subject.health,
            checks: Box::default(),
            is_asked: false,
            // Until it is looked who is there.
            is_absent: false,
            hard: None,
            cause: None,
            hard_since: since,
            live_since: since,
            state,
            since,
            phase: Phase::Steady,
            last_round: None,
            vouch_ms: subject.health.interval_ms,
            is_hole_kept: false,
            last_answer: None,
            last_live_answer: None,
            poor_bits: 0,
            is_poorly: false,
            primary_over: None,
            taken_up: UnixMs(i64::MIN),
            since_before_hole: since,
            seen_since: since,
            holes: Vec::new(),
            down_from: since,
            down_holes: Vec::new(),
            asked_for: UnixMs(i64::MIN),
            rule: Rule::NotJudged,
            cause_before: None,
            backup: None,
            flap: Flap::default(),
            baseline: None,
            is_calm: false,
            calm_rtt_us: 0,
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
        if resumed.state != State::Unmeasured {
            track.taken_up = resumed.since;
        }
        // A hole that is recorded stays, and tells when the last round was that counted: what was
        // sent inside it, or while the patrol was blind, vouches for nothing.
        track.is_hole_kept = resumed.state == State::Unmeasured;
        track.last_round = match resumed.state {
            State::Unmeasured => resumed.last_round.map(|_| resumed.since - track.vouch_ms),
            _ => resumed.last_round,
        };
        if resumed.is_flapping {
            track.flap = Flap::resume(&subject.health);
        }
        if track.baseline.is_some() {
            track.baseline = Some(Box::new(Baseline::resumed(&resumed.usual)));
        }
        if let Some(verdict) = &resumed.hard {
            track.rule = Rule::Resumed;
            track.hard = Some(verdict.state);
            track.cause = verdict.cause.as_ref().and_then(find);
            track.hard_since = verdict.since;
            track.live_since = verdict.since;
            track.down_from = verdict.from;
            if resumed.state == State::Unmeasured {
                // The open hole may be recorded in a time that the clock was set back from; then it is
                // taken back, and what was recorded before it goes on.
                track.seen_since = verdict.since;
                track.since_before_hole =
                    verdict.holes.last().map_or(verdict.from, |hole| hole.to.max(verdict.from));
            }
            verdict.holes.iter().for_each(|hole| track.note_hole_in_outage(*hole));
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
        if self.checks.first().map(|counted| &counted.check) != subject.checks.first() {
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
        if self.checks.iter().map(|counted| &counted.check).eq(&subject.checks) {
            return;
        }
        self.checks = subject.checks.iter().map(Counted::new).collect();
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
        let in_trouble = self.state.is_outage() || self.state == State::Degraded;
        View {
            state: self.state,
            since: if in_trouble { self.hard_since } else { self.since },
            cause: if self.state == State::Unreachable { self.cause } else { None },
            verdict: self.verdict(),
            suspect,
            answering: match self.phase {
                Phase::Recovering { first, .. } => Some(first),
                _ => None,
            },
            last_round: self.last_round,
            is_flapping: self.flap.is_on(),
            backup: self.backup.filter(|_| self.hard == Some(State::Degraded)),
            trouble: self.trouble(),
        }
    }

    pub(super) fn verdict(&self) -> Option<Verdict> {
        self.hard.map(|state| Verdict { state, since: self.hard_since, cause: self.cause })
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

    pub(super) const fn live_since(&self) -> UnixMs {
        self.live_since
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

    /// When it answered last before its outage; the beginning of time when that is not known.
    pub(super) fn silent_since(&self) -> UnixMs {
        self.last_live_answer.unwrap_or(UnixMs(i64::MIN))
    }

    /// When a hole may have to be opened, at the earliest; `None` while nothing is vouched for.
    pub(super) fn overdue_at(&self) -> Option<UnixMs> {
        (self.state != State::Unmeasured).then(|| self.overdue_from())
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

    fn rows(&self) -> impl Iterator<Item = &Row> {
        self.checks.iter().map(|counted| &counted.row)
    }

    fn secondaries(&self) -> impl Iterator<Item = &Secondary> {
        self.checks.iter().map(|counted| &counted.secondary)
    }

    /// True when a secondary check fails.
    pub(super) fn has_failing_secondary(&self) -> bool {
        self.secondaries().any(|s| s.is_failing)
    }

    /// True when by a secondary check something is beyond its threshold.
    pub(super) fn has_secondary_over(&self) -> bool {
        self.secondaries().any(|s| s.is_over)
    }

    /// What a check says is wrong: of those that can take the subject down while they fail, else of
    /// the others while they degrade it.
    pub(super) fn trouble(&self) -> Option<RoundError> {
        let failing = self.rows().filter(|row| row.failed > 0).find_map(|row| row.trouble);
        let poorly = self.primary_over.filter(|_| self.is_poorly).map(RoundError::Over);
        failing.or(poorly).or_else(|| self.secondaries().find_map(Secondary::trouble))
    }

    /// The primary check always is.
    pub(super) fn is_decisive(&self, check: u8) -> bool {
        self.checks.get(usize::from(check)).is_some_and(|c| check == 0 || c.check.critical)
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
}

#[cfg(test)]
mod tests {
    use super::*;

    /// There are a hundred thousand.
    #[test]
    fn a_track_takes_six_lines_of_the_cache() {
        assert_eq!(size_of::<Track>(), 384);
    }
}
