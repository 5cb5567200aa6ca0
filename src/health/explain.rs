//! Why a subject is in its state: everything the core goes by, in one value that can be shown.

use serde::{Deserialize, Serialize};

use super::effect::Rule;
use super::passage::{self, Passage};
use super::sight::Trust;
use super::track::Phase;
use super::{Health, View, incident};
use crate::model::{
    HealthParams, IncidentId, RoundError, State, SubjectId, SubjectIx, UnixMs, Via,
};

/// Where a subject stands between two verdicts, as a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum PhaseSeen {
    /// The last verdict holds.
    Steady,
    /// Failed rounds without a verdict.
    Suspect {
        /// The first of them.
        first: UnixMs,
        /// How many in a row.
        failed: u8,
    },
    /// Enough failed rounds; the verdict waits for its parents, at most until `until`.
    Held {
        /// The first failed round.
        first: UnixMs,
        /// How many in a row.
        failed: u8,
        /// When it is given in any case.
        until: UnixMs,
    },
    /// In an outage, and answering again.
    Recovering {
        /// The first answered round.
        first: UnixMs,
        /// How many in a row.
        answered: u8,
    },
    /// Unreachable; the way is open again and it has to prove itself.
    Proving {
        /// Since when the way is open.
        from: UnixMs,
        /// How many rounds it has failed since.
        failed: u8,
    },
}

/// What a subject is reached through, as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParentSeen {
    /// Who.
    pub id: SubjectId,
    /// Its recorded state.
    pub state: State,
    /// Since when.
    pub since: UnixMs,
    /// Failed rounds in a row without a verdict yet.
    pub suspect: u8,
    /// When it last answered.
    pub last_answer: Option<UnixMs>,
    /// `open`, `blocked` or `undecided`: whether the subject could be reached through it since its
    /// first failed round (or at all, while it does not fail).
    pub passage: PassageSeen,
    /// The root cause when blocked.
    pub cause: Option<SubjectId>,
}

/// Whether a way is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PassageSeen {
    /// It answers.
    Open,
    /// It is down, or what it is reached through is.
    Blocked,
    /// It is suspect, or has not been asked since.
    Undecided,
}

/// Why a subject is in its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// Whose.
    pub subject: SubjectId,
    /// When.
    pub at: UnixMs,
    /// Recorded state.
    pub state: State,
    /// Since when; of an outage, its start.
    pub since: UnixMs,
    /// The last verdict, which a hole does not undo; `None` before the first.
    pub verdict: Option<State>,
    /// What decided it.
    pub rule: Rule,
    /// Root cause when unreachable.
    pub cause: Option<SubjectId>,
    /// What is going on.
    #[serde(flatten)]
    pub phase: PhaseSeen,
    /// When it was last asked.
    pub last_round: Option<UnixMs>,
    /// When it last answered.
    pub last_answer: Option<UnixMs>,
    /// Until when that round vouches for it (rule 8).
    pub vouched_until: Option<UnixMs>,
    /// Poor rounds among the last five.
    pub poor_rounds: u32,
    /// Its usual round-trip time at this hour, microseconds, where a baseline is asked for and known.
    pub usual_us: Option<u32>,
    /// A check that is not critical fails.
    pub secondary_fails: bool,
    /// What a check says is wrong, while it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<RoundError>,
    /// The root cause on its preferred way, when it is on its backup.
    pub backup: Option<SubjectId>,
    /// It comes and goes.
    pub is_flapping: bool,
    /// The weighted rate of changes among its last rounds, thousandths.
    pub change_permille: u16,
    /// Inside announced work.
    pub is_planned: bool,
    /// It fell silent outside its hours and may: until when it is waited for.
    pub off_hours_until: Option<UnixMs>,
    /// False while the patrol cannot see what it is reached through; `None` while that is open.
    pub is_seen: Option<bool>,
    /// What it is reached through, in declared order.
    pub parents: Vec<ParentSeen>,
    /// The open incident it belongs to.
    pub incident: Option<IncidentId>,
    /// The thresholds in force.
    pub thresholds: HealthParams,
}

impl Health {
    /// Why the subject is in its state at `now`.
    #[must_use]
    pub fn explain(&self, subject: SubjectIx, now: UnixMs) -> Explanation {
        let track = &self.tracks[subject.ix()];
        let view: View = track.view();
        let id = |ix: SubjectIx| self.inventory.subject(ix).id.clone();
        let cause = view.verdict.and_then(|v| v.cause).map(id);
        let window_ms = track.params().correlation_window_ms;
        let phase = match track.phase {
            Phase::Steady => PhaseSeen::Steady,
            Phase::Failing { first, count } => PhaseSeen::Suspect { first, failed: count },
            Phase::Held { first, confirmed, count, .. } => {
                PhaseSeen::Held { first, failed: count, until: confirmed + window_ms }
            }
            Phase::Recovering { first, count } => PhaseSeen::Recovering { first, answered: count },
            Phase::Proving { from, count } => PhaseSeen::Proving { from, failed: count },
        };
        let asked_since = match phase {
            PhaseSeen::Suspect { first, .. } | PhaseSeen::Held { first, .. } => first,
            _ => UnixMs(i64::MIN),
        };
        let parents = self.inventory.subject(subject).via.subjects();
        let parents = parents.into_iter().map(|p| self.parent_seen(p, asked_since)).collect();
        let down = view.verdict.filter(|v| v.state == State::Down);
        let off = down.and_then(|v| incident::off_hours(&self.inventory, subject, v.since));
        let is_blind = |at: UnixMs| self.sight.trust(subject, at) == Trust::Blind;
        let is_seen = if is_blind(now) || track.last_round().is_some_and(is_blind) {
            Some(false)
        } else {
            (!self.waiting.contains_key(&subject)).then_some(true)
        };
        let own = id(subject);
        let incident = self
            .incidents()
            .iter()
            .find(|incident| incident.members().any(|m| *m == own || Some(m) == cause.as_ref()));
        Explanation {
            at: now,
            state: view.state,
            since: view.since,
            verdict: view.verdict.map(|v| v.state),
            rule: track.rule,
            cause,
            phase,
            last_round: track.last_round(),
            last_answer: track.last_answer(),
            vouched_until: track.last_round().map(|_| track.vouched_until()),
            poor_rounds: track.poor_rounds(),
            usual_us: track.usual_us(now),
            secondary_fails: track.has_failing_secondary(),
            trouble: view.trouble,
            backup: view.backup.map(id),
            is_flapping: view.is_flapping,
            change_permille: track.flap.rate_permille(track.params()),
            is_planned: self.is_planned(subject, now),
            off_hours_until: off.map(|off| off.due).filter(|due| now < *due),
            is_seen,
            parents,
            incident: incident.map(|i| i.id.clone()),
            thresholds: *track.params(),
            subject: own,
        }
    }

    fn parent_seen(&self, parent: SubjectIx, asked_since: UnixMs) -> ParentSeen {
        let track = &self.tracks[parent.ix()];
        let view = track.view();
        let id = |ix: SubjectIx| self.inventory.subject(ix).id.clone();
        let way = Via::Subject(parent);
        let (passage, cause) =
            match passage::passage(&self.inventory, &self.tracks, &way, asked_since) {
                Passage::Open => (PassageSeen::Open, None),
                Passage::Blocked(cause) => (PassageSeen::Blocked, Some(id(cause))),
                // A parent that is merely not asked since answers as far as is known.
                Passage::Undecided(_) if view.suspect == 0 && asked_since.0 == i64::MIN => {
                    (PassageSeen::Open, None)
                }
                Passage::Undecided(_) => (PassageSeen::Undecided, None),
            };
        ParentSeen {
            id: id(parent),
            state: view.state,
            since: view.since,
            suspect: view.suspect,
            last_answer: track.last_answer(),
            passage,
            cause,
        }
    }
}
