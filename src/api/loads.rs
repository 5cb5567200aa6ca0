//! How full lines are, as clients see it.

use serde::{Deserialize, Serialize};

use crate::model::SubjectId;

/// A line's load. `GET /v1/loads?from=T&to=T` has the lines whose interface is read, in the inventory's
/// order; the 95th percentile is that of the means of five minutes, by the nearest rank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineLoad {
    /// The line.
    pub subject: SubjectId,
    /// What the unit receives, 95th percentile, bit/s; `None` where the device gave no counter.
    pub in_bps: Option<u64>,
    /// What it sends.
    pub out_bps: Option<u64>,
    /// Five minutes of the window that were read, in the direction of which more were.
    pub samples: u32,
    /// Five minutes that the window has.
    pub of: u32,
}
