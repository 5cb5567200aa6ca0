//! What is handed to the store.

use serde::{Deserialize, Serialize};

use crate::model::{Sample, StateInterval, SubjectId, UnixMs};

/// What must never be lost.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// Replaces the subject's record from `from` on: intervals that start at or after `from` are
    /// deleted, the one spanning `from` ends there, and these are inserted. They are sorted and
    /// partition time from `from` on; where they or the record before leave a hole, it is
    /// recorded as unmeasured.
    Intervals {
        /// Whose.
        subject: SubjectId,
        /// From when.
        from: UnixMs,
        /// What the record is from then on; may be empty.
        intervals: Vec<StateInterval>,
    },
    /// Something worth a line in the log.
    Event(Event),
    /// The daemon was alive at this time. The first of a [`super::Store`] opens its run.
    Alive {
        /// When.
        at: UnixMs,
    },
}

impl Fact {
    /// The newest instant the fact speaks of as past.
    pub(super) fn at(&self) -> Option<UnixMs> {
        match self {
            Self::Intervals { intervals, .. } => intervals.last().map(|i| i.to.unwrap_or(i.from)),
            Self::Event(event) => Some(event.at),
            Self::Alive { at } => Some(*at),
        }
    }
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When.
    pub at: UnixMs,
    /// What.
    pub kind: EventKind,
    /// About whom; `None` for the daemon itself.
    pub subject: Option<SubjectId>,
    /// More about it, as JSON.
    pub detail: serde_json::Value,
}

/// What events there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The daemon started.
    Started,
    /// The daemon stopped in order.
    Stopped,
    /// A subject's state changed.
    State,
    /// An incident was opened.
    IncidentOpened,
    /// An incident was closed.
    IncidentClosed,
    /// The inventory was read again.
    Reloaded,
    /// A new inventory was refused.
    ReloadRefused,
    /// Nobody was asked for a while: suspended machine, stepped clock, daemon away.
    Gap,
    /// Something hinders patrolling or recording.
    Trouble,
    /// A fault scripted by the virtual province.
    Scripted,
}

impl EventKind {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Started,
        Self::Stopped,
        Self::State,
        Self::IncidentOpened,
        Self::IncidentClosed,
        Self::Reloaded,
        Self::ReloadRefused,
        Self::Gap,
        Self::Trouble,
        Self::Scripted,
    ];

    /// The word in the database and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Stopped => "stopped",
            Self::State => "state",
            Self::IncidentOpened => "incident_opened",
            Self::IncidentClosed => "incident_closed",
            Self::Reloaded => "reloaded",
            Self::ReloadRefused => "reload_refused",
            Self::Gap => "gap",
            Self::Trouble => "trouble",
            Self::Scripted => "scripted",
        }
    }

    /// The kind a word names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == word)
    }
}

/// What is submitted together; facts are written in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// Never lost.
    pub facts: Vec<Fact>,
    /// Given up, oldest first, when the store cannot keep pace.
    pub samples: Vec<(SubjectId, Sample)>,
}
