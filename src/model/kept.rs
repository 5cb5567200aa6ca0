//! An incident as the store keeps it over restarts.

use serde::{Deserialize, Serialize};

use super::id::SubjectId;
use super::incident::{Ack, IncidentId};
use super::state::State;
use super::time::UnixMs;

/// What was last told about an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Told {
    /// That it is down.
    Down,
    /// That it answers, but badly.
    Degraded,
    /// That it comes and goes.
    Flapping,
}

/// An incident as the store keeps it: what cannot be derived from the subjects' states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptIncident {
    /// Its name.
    pub id: IncidentId,
    /// Its root now.
    pub root: SubjectId,
    /// When it was opened.
    pub opened: UnixMs,
    /// Start of the root's outage.
    pub since: UnixMs,
    /// When it was closed; `None` while it is open.
    pub closed: Option<UnixMs>,
    /// `down` or `degraded`; of a closed one, the last of them.
    pub state: State,
    /// What was last told about it; `None`: nothing yet.
    pub told: Option<Told>,
    /// When.
    pub told_at: Option<UnixMs>,
    /// Who has taken it.
    pub ack: Option<Ack>,
    /// The incident it was part of until that one's root recovered.
    pub split_from: Option<IncidentId>,
    /// The incident that it turned out to be a part of.
    pub merged_into: Option<IncidentId>,
}
