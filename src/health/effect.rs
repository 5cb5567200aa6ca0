//! What goes out of the core, and what comes back into it after a restart.

use serde::{Deserialize, Serialize};

use super::baseline::Usual;
use crate::model::{
    CarrierId, Guess, Impact, IncidentId, KeptIncident, RoundError, Span, State, SubjectId,
    SubjectIx, UnixMs,
};

/// How often a subject is to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Every `interval`.
    Normal,
    /// Every `retry`: the subject is suspect, down, or proving itself.
    Retry,
}

/// A stretch of a subject's record; the last one of an effect is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// First instant; it lasts until the next entry's.
    pub from: UnixMs,
    /// The state.
    pub state: State,
    /// Root cause when unreachable.
    pub cause: Option<SubjectIx>,
}

/// What decided a verdict: the rules of DESIGN section 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// No round has been judged yet.
    NotJudged,
    /// Taken up from the store at the daemon's start (rule 8).
    Resumed,
    /// It answers within its thresholds (rule 1).
    Answered,
    /// `recover` rounds in a row answered (rule 3).
    Recovered,
    /// Five rounds without a poor one, or what else degraded it is over (rule 4).
    GoodAgain,
    /// `poor` of the last five rounds were poor (rule 4).
    PoorRounds,
    /// A check that is not critical fails.
    SecondaryCheck,
    /// By what a device says of itself, something is beyond its threshold.
    OverThreshold,
    /// Reached by a second way only (rule 12).
    OnBackup,
    /// `confirm` rounds in a row failed, and what it is reached through answers (rules 2 and 5).
    Confirmed,
    /// As `confirmed`, but an ancestor stayed undecided for the whole `correlation_window`.
    WindowOver,
    /// `confirm` rounds in a row failed, and what it is reached through is down (rule 5).
    Blocked,
    /// What it is reached through turned out to have fallen silent first (rule 5).
    BlockedLater,
    /// The way is open again, and it has failed `confirm` rounds since (rule 6).
    StillSilent,
}

/// What the core asks its driver to do. Effects are performed in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// From the first entry on, the subject's record reads like this, whatever it said before.
    Record {
        /// Whose record.
        subject: SubjectIx,
        /// Sorted, at least one.
        entries: Vec<Entry>,
    },
    /// A verdict: the hard state changed.
    Verdict {
        /// Whose.
        subject: SubjectIx,
        /// Hard state before; `None` for the first.
        before: Option<State>,
        /// Hard state now.
        after: State,
        /// Since when, back-dated.
        since: UnixMs,
        /// Root cause when unreachable.
        cause: Option<SubjectIx>,
        /// What decided it.
        rule: Rule,
        /// Start of the outage that it ends, when it does.
        outage_since: Option<UnixMs>,
    },
    /// Ask at another pace from now on.
    Pace {
        /// Whom.
        subject: SubjectIx,
        /// How.
        pace: Pace,
    },
    /// Ask at once: a verdict waits for this subject's next round.
    AskNow {
        /// Whom.
        subject: SubjectIx,
    },
    /// Ask the sentinels at once: failed rounds wait for them.
    AskSentinels,
    /// A subject begins to come and go, or ends it (rule 9).
    Flapping {
        /// Who.
        subject: SubjectIx,
        /// True when it begins.
        begins: bool,
    },
    /// What was learnt of a subject's usual round-trip time in an hour that is over.
    Usual {
        /// Whose.
        subject: SubjectIx,
        /// Hour of the day, UTC.
        hour: u8,
        /// What was learnt.
        usual: Usual,
    },
    /// The patrol, or what it sees through one carrier, is blind, or sees again.
    Blind {
        /// Which carrier; `None`: the patrol as a whole.
        carrier: Option<CarrierId>,
        /// Just after the last round in which it could see.
        since: UnixMs,
        /// The first round in which it sees again; `None` when it goes blind.
        until: Option<UnixMs>,
    },
    /// An incident to be kept as it is now.
    Incident {
        /// The incident.
        incident: Box<KeptIncident>,
        /// What it probably is.
        guess: Option<Guess>,
        /// What happened to it.
        change: Change,
        /// Units it has cut off at most.
        units: u32,
        /// Subjects that were unreachable behind it at most.
        unreachable: u32,
    },
    /// Somebody is to be told.
    Tell(Box<Telling>),
}

/// What happened to an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It is new.
    Opened,
    /// Its root, its state, what was told of it or who took it is another.
    Changed,
    /// It is over: its root recovered, or it turned out to be a part of another.
    Closed,
}

/// What there is to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum News {
    /// The root is down.
    Down,
    /// The root answers, but badly.
    Degraded,
    /// The root comes and goes.
    Flapping,
    /// The patrol cannot see.
    Blind,
    /// It is over.
    Recovered,
    /// It is over because the root is patrolled no more: taken out of the inventory, disabled, or
    /// past its date.
    Removed,
    /// It is still so, and nobody has taken it.
    Reminder,
}

/// One thing to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// About which incident.
    pub incident: IncidentId,
    /// What.
    pub news: News,
    /// The root cause; `None` when the patrol is blind.
    pub subject: Option<SubjectId>,
    /// The carrier through which the patrol is blind.
    pub carrier: Option<CarrierId>,
    /// Since when; of what is over, since when it had been.
    pub since: UnixMs,
    /// Of what has recovered, when: the first of the rounds that proved it.
    pub until: Option<UnixMs>,
    /// What it cuts off; of what is over, the most it cut off.
    pub impact: Impact,
}

/// What the store knows of a subject when the daemon starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resumed {
    /// Recorded state and its start.
    pub state: State,
    /// Start of the recorded state.
    pub since: UnixMs,
    /// The last verdict, which a hole does not undo.
    pub hard: Option<ResumedVerdict>,
    /// When it was last asked.
    pub last_round: Option<UnixMs>,
    /// It was coming and going.
    pub is_flapping: bool,
    /// What had been learnt, by hour of the day (UTC).
    pub usual: Vec<(u8, Usual)>,
}

/// A verdict of the daemon's earlier life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumedVerdict {
    /// Any state but `unmeasured`.
    pub state: State,
    /// Root cause when unreachable.
    pub cause: Option<SubjectId>,
    /// Start of the outage, or of the live state.
    pub since: UnixMs,
    /// Since when the record says so, without a break but these holes that are over.
    pub from: UnixMs,
    /// Those, in order.
    pub holes: Vec<Span>,
}

/// The last verdict on a subject, which a hole does not undo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Any state but `unmeasured`.
    pub state: State,
    /// Since when; of an outage, its start.
    pub since: UnixMs,
    /// Root cause when unreachable.
    pub cause: Option<SubjectIx>,
}

/// What can be seen of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Recorded state.
    pub state: State,
    /// Start of the recorded state; of the whole outage when it is one.
    pub since: UnixMs,
    /// Root cause when unreachable.
    pub cause: Option<SubjectIx>,
    /// The last verdict; `None` before the first.
    pub verdict: Option<Verdict>,
    /// Failed rounds in a row without a verdict yet.
    pub suspect: u8,
    /// The first answer after an outage, until it is known whether it holds.
    pub answering: Option<UnixMs>,
    /// When it was last asked.
    pub last_round: Option<UnixMs>,
    /// It comes and goes.
    pub is_flapping: bool,
    /// Degraded because it is reached by a second way only; the root cause on its first.
    pub backup: Option<SubjectIx>,
    /// What a check says is wrong, while it counts.
    pub trouble: Option<RoundError>,
}
