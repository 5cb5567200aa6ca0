//! The lost time of units slot by slot, as clients see it.

use serde::{Deserialize, Serialize};

use super::types::Problem;
use crate::coverage::LostSlot;
use crate::locale::Lang;
use crate::model::{NetworkId, Tier, UnitId, UnixMs};
use crate::t;

/// Most slots of one answer.
pub const SLOTS_MAX: usize = 200;

/// Longest time of one answer: 31 days, and what a clock that is set back makes of them.
const LOST_MAX_MS: i64 = 32 * 86_400_000;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostQuery {
    /// The unit itself and those directly beneath it have a row each; `None`: the roots of the tree.
    pub unit: Option<UnitId>,
    /// On which network.
    pub network: NetworkId,
    /// Where the slots begin, and the end of the last.
    pub edges: Vec<UnixMs>,
}

impl LostQuery {
    /// The same, when it may be asked.
    ///
    /// # Errors
    /// `bad_window` for edges that do not ascend, and for more of them, or a longer time, than one
    /// answer has.
    pub fn checked(self) -> Result<Self, Problem> {
        let is_ascending = self.edges.windows(2).all(|pair| pair[0] < pair[1]);
        let count = self.edges.len();
        let is_short = match (self.edges.first(), self.edges.last()) {
            (Some(from), Some(to)) => to.since(*from) <= LOST_MAX_MS,
            _ => false,
        };
        if is_ascending && is_short && (2..=SLOTS_MAX + 1).contains(&count) {
            return Ok(self);
        }
        let days = LOST_MAX_MS / 86_400_000;
        let message = t!(Lang::En, "reason.bad_edges", most = SLOTS_MAX + 1, days = days);
        Err(Problem::new("bad_window", message))
    }
}

/// A row of the answer to `GET /v1/lost`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostRow {
    /// The unit.
    pub unit: UnitId,
    /// The level of the units that are counted for it.
    pub tier: Tier,
    /// How many they are: the unit itself, or those beneath it that have a line on the network.
    pub units: u32,
    /// In the order of time; one of which nothing is recorded, or which lies ahead, is empty.
    pub slots: Vec<LostSlot>,
}
