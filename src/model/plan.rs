//! What a year's plan asks for, and by what it is told how far that is.

use super::id::Id;
use super::index::NetworkIx;
use super::time::UnixMs;
use super::unit::Tier;

/// A line of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanItem {
    /// Its id.
    pub id: Id,
    /// What is to be done, as people call it.
    pub name: String,
    /// What it is shown under: "Hạ tầng", "Ứng dụng".
    pub group: Option<String>,
    /// How many are to be done; for what is measured `None`: all that there are.
    pub goal: Option<u32>,
    /// By when.
    pub due: Option<UnixMs>,
    /// How far it is.
    pub progress: Progress,
}

/// By what it is told how far something is. The two never mix in one figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Somebody says so ("nhập tay").
    Declared {
        /// How many are done.
        done: u32,
        /// As of when.
        at: Option<UnixMs>,
        /// Who says so, or where it is written.
        source: Option<String>,
    },
    /// The patrol has seen it ("đo được"): units of a tier that must have a network.
    Measured {
        /// The network.
        network: NetworkIx,
        /// Units of this tier only; `None`: all.
        tier: Option<Tier>,
        /// On which rung a unit counts as done.
        rung: Rung,
    },
}

/// A rung of the coverage ladder above "required".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rung {
    /// It has a line.
    Deployed,
    /// Its line is asked and answers are known.
    Measured,
    /// It has the network now.
    Live,
    /// It kept its service level.
    Met,
}

impl Rung {
    /// All.
    pub const ALL: [Self; 4] = [Self::Deployed, Self::Measured, Self::Live, Self::Met];

    /// The word in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deployed => "deployed",
            Self::Measured => "measured",
            Self::Live => "live",
            Self::Met => "met",
        }
    }
}
