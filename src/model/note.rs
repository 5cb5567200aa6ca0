//! What operators say of outages: each note stands for ever, the last one counts.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::cause::Cause;
use super::id::SubjectId;
use super::time::UnixMs;

/// Names an outage: whose it was and its first failed round, `cai-be/tslcd@2026-11-01T00:00:10Z`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OutageId {
    /// Whose.
    pub subject: SubjectId,
    /// Its first failed round.
    pub start: UnixMs,
}

impl fmt::Display for OutageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}@{}", self.subject, self.start))
    }
}

/// The text names no outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an outage is named SUBJECT@TIME")]
pub struct NoOutageId;

impl FromStr for OutageId {
    type Err = NoOutageId;

    fn from_str(text: &str) -> Result<Self, NoOutageId> {
        let (subject, start) = text.rsplit_once('@').ok_or(NoOutageId)?;
        let subject = SubjectId::new(subject).map_err(|_| NoOutageId)?;
        Ok(Self { subject, start: start.parse().map_err(|_| NoOutageId)? })
    }
}

/// Somebody has said what an outage was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutageNote {
    /// The outage's first failed round.
    pub start: UnixMs,
    /// What it was.
    pub cause: Cause,
    /// What he says about it; may be empty for the first note of an outage.
    #[serde(default)]
    pub note: String,
    /// Who.
    #[serde(default)]
    pub by: String,
    /// When.
    pub at: UnixMs,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_named_by_subject_and_start() {
        let id: OutageId = "cai-be/tslcd@2026-11-01T00:00:10Z".parse().unwrap();
        assert_eq!(id.subject.as_str(), "cai-be/tslcd");
        assert_eq!(id.to_string(), "cai-be/tslcd@2026-11-01T00:00:10Z");
        for wrong in ["", "cai-be/tslcd", "@2026-11-01T00:00:10Z", "cai-be@soon", "Cái@2026"] {
            assert_eq!(wrong.parse::<OutageId>(), Err(NoOutageId), "{wrong}");
        }
    }
}
