//! The five states a subject can be in.

use serde::{Deserialize, Serialize};

/// What a subject is at one time. The order is from best to worst knowledge of reachability and
/// has no other meaning; use the methods instead of comparing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It answers within its thresholds.
    Up,
    /// It answers, but too slowly or with too much loss.
    Degraded,
    /// It does not answer, and what it is reached through does.
    Down,
    /// It does not answer because what it is reached through does not.
    Unreachable,
    /// Nobody has asked it: daemon stopped, machine suspended, subject new or disabled.
    Unmeasured,
}

impl State {
    /// All states in the order reports list them.
    pub const ALL: [Self; 5] =
        [Self::Up, Self::Degraded, Self::Down, Self::Unreachable, Self::Unmeasured];

    /// `up` or `degraded`: the subject can be reached.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Up | Self::Degraded)
    }

    /// `down` or `unreachable`: the subject cannot be reached, an outage runs.
    #[must_use]
    pub const fn is_outage(self) -> bool {
        matches!(self, Self::Down | Self::Unreachable)
    }

    /// The English word used in files, logs, JSON and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
            Self::Unreachable => "unreachable",
            Self::Unmeasured => "unmeasured",
        }
    }

    /// The state of a unit on a network that several connections serve: the best that is known.
    /// One line down and the other not asked leaves the whole unproven, hence `unmeasured`
    /// ranks above `unreachable` and `down`.
    #[must_use]
    pub const fn best_of(self, other: Self) -> Self {
        if self.redundancy_rank() <= other.redundancy_rank() { self } else { other }
    }

    const fn redundancy_rank(self) -> u8 {
        match self {
            Self::Up => 0,
            Self::Degraded => 1,
            Self::Unmeasured => 2,
            Self::Unreachable => 3,
            Self::Down => 4,
        }
    }
}

impl std::str::FromStr for State {
    type Err = UnknownState;
    fn from_str(text: &str) -> Result<Self, UnknownState> {
        Self::ALL
            .into_iter()
            .find(|s| s.as_str() == text)
            .ok_or_else(|| UnknownState(text.chars().take(32).collect()))
    }
}

/// A word that names no state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a state")]
pub struct UnknownState(pub String);
