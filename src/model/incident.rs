//! An incident: the root cause with all that it makes unreachable.

use serde::{Deserialize, Serialize};

use super::id::{SubjectId, UnitId};
use super::state::State;
use super::time::UnixMs;

/// What is open now and what it cuts off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// The root cause; where several lines of one unit on one network are down, the one that
    /// went last, since it took the unit off.
    pub root: SubjectId,
    /// The other lines of the same unit and network that are down with it.
    pub with: Vec<SubjectId>,
    /// `down` or `degraded`.
    pub state: State,
    /// Start of the first of these lines' outages.
    pub since: UnixMs,
    /// The root's unit.
    pub unit: UnitId,
    /// What is unreachable through it.
    pub impact: Impact,
}

impl Incident {
    /// The root and the lines that are down with it.
    pub fn members(&self) -> impl Iterator<Item = &SubjectId> {
        std::iter::once(&self.root).chain(&self.with)
    }
}

/// What an incident cuts off.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Impact {
    /// Subjects that are unreachable with this root cause.
    pub unreachable: u32,
    /// Units that have lost at least one required network by it, the root's own included;
    /// in the inventory's order.
    pub units: Vec<UnitId>,
}
