//! An incident: the root cause with all that it makes unreachable.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::cause::Guess;
use super::id::{SubjectId, UnitId};
use super::note::OutageNote;
use super::state::State;
use super::time::UnixMs;

/// Names an incident for ever: the root it was opened for and when that was,
/// `cai-be/tslcd@2026-11-01T00:00:10Z`. It stays the same when the root moves.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IncidentId(Arc<str>);

impl IncidentId {
    /// The id of an incident opened for `root` at `opened`.
    #[must_use]
    pub fn new(root: &str, opened: UnixMs) -> Self {
        Self(format!("{root}@{opened}").into())
    }

    /// The id as it was stored.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        Self(text.into())
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Somebody has taken an incident: reminders stop until it is over or the word expires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// Who.
    pub by: String,
    /// What he says about it; may be empty.
    pub note: String,
    /// When.
    pub at: UnixMs,
    /// Until when it holds; `None`: until the incident is over.
    pub until: Option<UnixMs>,
}

impl Ack {
    /// True while it holds.
    #[must_use]
    pub fn holds_at(&self, at: UnixMs) -> bool {
        self.until.is_none_or(|until| at < until)
    }
}

/// What is open now and what it cuts off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its name.
    pub id: IncidentId,
    /// When it was opened: the verdict, not the start of the outage.
    pub opened: UnixMs,
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
    /// Who has taken it.
    #[serde(default)]
    pub ack: Option<Ack>,
    /// Every line of it is inside announced maintenance: nobody is told.
    #[serde(default)]
    pub planned: bool,
    /// The root comes and goes: nobody is told more until that ends.
    #[serde(default)]
    pub flapping: bool,
    /// What it probably is.
    #[serde(default)]
    pub guess: Option<Guess>,
    /// What somebody says it is: the newest note on one of its lines' outages. The daemon adds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noted: Option<OutageNote>,
    /// The incident it was part of until that one's root recovered.
    #[serde(default)]
    pub split_from: Option<IncidentId>,
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
    /// Services among the unreachable, in the inventory's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<SubjectId>,
}

/// How bad what is told is: what alerts are routed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertSeverity {
    /// The root comes and goes.
    Flapping,
    /// It answers, but badly.
    Degraded,
    /// It is down.
    Down,
    /// The patrol cannot see, or cannot tell: a trouble of the monitor itself.
    Blind,
}

impl AlertSeverity {
    /// All, the least first.
    pub const ALL: [Self; 4] = [Self::Flapping, Self::Degraded, Self::Down, Self::Blind];

    /// The word used in files and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Flapping => "flapping",
            Self::Degraded => "degraded",
            Self::Down => "down",
            Self::Blind => "blind",
        }
    }
}
