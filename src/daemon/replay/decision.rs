//! What a replay is fed, and what the core decides by it.

use serde::Serialize;

use crate::alert::Topic;
use crate::health::{Change, Evidence, Rule};
use crate::model::{
    Ack, CarrierId, Guess, IncidentId, Maintenance, Round, State, SubjectId, SubjectIx, UnitId,
    UnixMs,
};

/// One thing the core decided, as `tuantra replay` prints it; `kind` tells them apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Decision {
    /// A verdict.
    State {
        /// When it was given.
        t: UnixMs,
        /// On whom.
        subject: SubjectId,
        /// Hard state before; `unmeasured` for the first.
        from: State,
        /// Hard state now.
        to: State,
        /// Since when, back-dated.
        since: UnixMs,
        /// Root cause when unreachable.
        cause: Option<SubjectId>,
        /// Inside announced work.
        planned: bool,
        /// What decided it.
        rule: Rule,
    },
    /// An outage that is over, or that lasts at the end.
    Outage {
        /// When its end, or that it lasts, was known.
        t: UnixMs,
        /// Whose.
        subject: SubjectId,
        /// First failed round.
        start: UnixMs,
        /// First answered one; `None` while it lasts.
        end: Option<UnixMs>,
        /// The state it ended in or is in.
        state: State,
        /// Root cause; `None` when it is the subject itself.
        cause: Option<SubjectId>,
        /// All of it is inside announced work.
        planned: bool,
        /// Seconds of it in which nobody asked.
        unmeasured_s: i64,
    },
    /// Somebody would have been told.
    Alert {
        /// When.
        t: UnixMs,
        /// About which incident; `None` of a digest.
        incident: Option<IncidentId>,
        /// What.
        event: Topic,
        /// The root cause; `None` when the patrol is blind, and of a digest.
        subject: Option<SubjectId>,
        /// Since when.
        since: UnixMs,
        /// What it cuts off.
        impact: Told,
        /// Through what; `None` where no route is configured.
        channel: Option<String>,
        /// The carrier through which the patrol is blind: its id, or its name where a route told.
        #[serde(skip_serializing_if = "Option::is_none")]
        carrier: Option<String>,
    },
    /// An incident was opened, changed or closed.
    Incident {
        /// When.
        t: UnixMs,
        /// Which.
        incident: IncidentId,
        /// What happened to it.
        change: Change,
        /// Its root.
        root: SubjectId,
        /// Its state.
        state: State,
        /// Start of the outage.
        since: UnixMs,
        /// What it probably is.
        guess: Option<Guess>,
        /// The incident it was a part of before.
        split_from: Option<IncidentId>,
        /// The incident it turned out to be a part of.
        merged_into: Option<IncidentId>,
    },
    /// Nobody asked for a while.
    Hole {
        /// When that was known.
        t: UnixMs,
        /// Whom.
        subject: SubjectId,
        /// From when.
        from: UnixMs,
        /// Until when; `None` while it lasts.
        to: Option<UnixMs>,
    },
    /// A subject begins to come and go, or ends it.
    Flapping {
        /// When.
        t: UnixMs,
        /// Who.
        subject: SubjectId,
        /// True when it begins.
        begins: bool,
    },
    /// A subject was to be asked at once: a verdict waited for it, or what it is reached through
    /// had been lost or had come back.
    Asked {
        /// When.
        t: UnixMs,
        /// Who.
        subject: SubjectId,
    },
    /// The patrol is blind, or sees again.
    Blind {
        /// When that was known.
        t: UnixMs,
        /// Through which carrier; `None`: altogether.
        carrier: Option<CarrierId>,
        /// From when.
        since: UnixMs,
        /// Until when; `None` while it lasts.
        until: Option<UnixMs>,
    },
}

impl Decision {
    /// True for what is printed unless everything is asked for: states, outages and alerts.
    #[must_use]
    pub const fn is_main(&self) -> bool {
        matches!(self, Self::State { .. } | Self::Outage { .. } | Self::Alert { .. })
    }
}

/// What an alert says is cut off.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Subjects that are unreachable.
    pub unreachable: u32,
    /// Units that have lost a network they must have.
    pub units: Vec<UnitId>,
    /// Services among the unreachable: their ids, or their names where a route told.
    pub services: Vec<String>,
}

/// One thing that is fed to the core.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A subject's round.
    Round(Round),
    /// A sentinel's round: its place in the settings, and whether anything came back.
    Sentinel(usize, bool),
    /// Somebody takes the incident a subject belongs to.
    Ack(SubjectIx, Ack),
    /// Work is announced.
    Maintenance(Maintenance),
    /// A device says something of itself.
    Evidence(SubjectIx, Evidence),
    /// Nothing but time.
    Tick,
}
