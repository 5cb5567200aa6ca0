//! What is kept of an incident, so that a daemon that starts again goes on with it.

use serde::{Deserialize, Serialize};

use super::id::SubjectId;
use super::incident::{Ack, IncidentId};
use super::state::State;
use super::time::UnixMs;

/// An incident as it is recorded. Its consequences and its impact are not: they follow from the
/// subjects' states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptIncident {
    /// Its name; the same from its opening to its end.
    pub id: IncidentId,
    /// The root cause now; at the end the last one.
    pub root: SubjectId,
    /// When it was opened: the verdict, not the start of the outage.
    pub opened: UnixMs,
    /// Start of the outage.
    pub since: UnixMs,
    /// When it was closed; `None` while it is open.
    pub closed: Option<UnixMs>,
    /// `down` or `degraded`; at the end the last one.
    pub state: State,
    /// What people were told last; `None` when nothing was.
    pub told: Option<Told>,
    /// When that was.
    pub told_at: Option<UnixMs>,
    /// Who has taken it.
    pub ack: Option<Ack>,
    /// The incident it was part of until that one's root recovered.
    pub split_from: Option<IncidentId>,
    /// The incident that it was closed into, its root having turned out to be a consequence.
    pub merged_into: Option<IncidentId>,
}

impl KeptIncident {
    /// The newest instant it speaks of as past.
    #[must_use]
    pub fn newest(&self) -> UnixMs {
        let ack = self.ack.as_ref().map(|ack| ack.at);
        let later = [self.closed, self.told_at, ack].into_iter().flatten().max();
        later.map_or(self.opened, |at| at.max(self.opened))
    }
}

/// What people were told of an incident last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Told {
    /// That it is down.
    Down,
    /// That it is degraded.
    Degraded,
    /// That it comes and goes.
    Flapping,
}

impl Told {
    /// All.
    pub const ALL: [Self; 3] = [Self::Down, Self::Degraded, Self::Flapping];

    /// The word in the database and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Degraded => "degraded",
            Self::Flapping => "flapping",
        }
    }

    /// What a word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|told| told.as_str() == word)
    }
}
