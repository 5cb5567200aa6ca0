//! Lines of the log as clients see them.

use serde::{Deserialize, Serialize};

use crate::model::{SubjectId, UnixMs};

/// Most events of one answer.
pub const EVENTS_MAX: usize = 2_000;

/// A line of the log. `GET /v1/events?from=T&to=T&limit=N`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventRow {
    /// Its number: larger is later written.
    pub seq: i64,
    /// When.
    pub at: UnixMs,
    /// A stable word, e.g. `incident_opened`; docs/store.md has them all.
    pub kind: String,
    /// About whom; `None` for the daemon itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectId>,
    /// More about it; what it holds depends on the kind.
    #[serde(default)]
    pub detail: serde_json::Value,
}
