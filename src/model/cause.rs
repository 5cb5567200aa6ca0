//! Why something was down: guessed from signs, confirmed by an operator.

use serde::{Deserialize, Serialize};

use super::id::SubjectId;

/// Why something was down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// No electricity at the unit.
    Power,
    /// The line itself: fibre, pole, connector.
    Fibre,
    /// The carrier: several of its lines at once.
    Carrier,
    /// A device of the unit's.
    Equipment,
    /// Somebody changed something.
    Configuration,
    /// Announced work.
    Planned,
    /// Nothing points anywhere.
    Unknown,
}

impl Cause {
    /// All, in the order reports list them.
    pub const ALL: [Self; 7] = [
        Self::Power,
        Self::Fibre,
        Self::Carrier,
        Self::Equipment,
        Self::Configuration,
        Self::Planned,
        Self::Unknown,
    ];

    /// The word in files, JSON and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Power => "power",
            Self::Fibre => "fibre",
            Self::Carrier => "carrier",
            Self::Equipment => "equipment",
            Self::Configuration => "configuration",
            Self::Planned => "planned",
            Self::Unknown => "unknown",
        }
    }
}

/// What points to a cause (DESIGN section 5, "line or power").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "sign", rename_all = "snake_case")]
pub enum Sign {
    /// A device of the unit restarted inside the outage: power or equipment.
    Restarted {
        /// Which.
        device: SubjectId,
    },
    /// A device of the unit ran on through the outage: the line.
    KeptRunning {
        /// Which.
        device: SubjectId,
    },
    /// A UPS of the unit was on battery before it: power.
    OnBattery {
        /// Which.
        device: SubjectId,
    },
    /// Neighbours on other carriers went down at the same time: power.
    NeighboursOtherCarriers {
        /// How many units.
        units: u32,
    },
    /// Neighbours on the same carrier only went down at the same time: the carrier.
    NeighboursSameCarrier {
        /// How many units.
        units: u32,
    },
    /// A router answers and the switch behind it does not: the LAN was switched off.
    LanOff {
        /// The one that answers.
        router: SubjectId,
    },
    /// It is inside announced maintenance.
    Announced,
}

/// What it probably is, and why we think so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guess {
    /// The most likely cause.
    pub cause: Cause,
    /// Everything that points to it; never empty.
    pub signs: Vec<Sign>,
}
