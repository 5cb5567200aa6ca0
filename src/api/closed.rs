//! Incidents that are over, as clients see them.

use serde::{Deserialize, Serialize};

use crate::model::{Ack, Guess, IncidentId, OutageNote, State, SubjectId, UnixMs};

/// Most incidents of one answer.
pub const CLOSED_MAX: usize = 500;

/// An incident that is over. `GET /v1/incidents?from=T&to=T` has those closed inside the window, the
/// newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedIncident {
    /// Its name.
    pub id: IncidentId,
    /// The last root cause.
    pub root: SubjectId,
    /// The last state of the root.
    pub state: State,
    /// Start of the outage.
    pub since: UnixMs,
    /// When it was closed.
    pub closed: UnixMs,
    /// Who took it last, also where his word has run out since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ack: Option<Ack>,
    /// Units cut off when it was opened.
    pub units: u32,
    /// What it probably was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guess: Option<Guess>,
    /// The root's last outage inside it; `None` of one that was degraded only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outage: Option<UnixMs>,
    /// What was said last of that outage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noted: Option<OutageNote>,
    /// Other lines of the root's unit on its network that were down meanwhile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<DownWith>,
    /// The incident that it became a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<IncidentId>,
}

/// A line that was down together with an incident's root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DownWith {
    /// The line.
    pub subject: SubjectId,
    /// Start of its outage.
    pub outage: UnixMs,
    /// Its end, where it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<UnixMs>,
    /// What was said last of that outage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noted: Option<OutageNote>,
}
