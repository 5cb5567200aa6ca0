//! What devices may say of themselves before it counts as trouble.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::trouble::Threshold;

/// Two values between which nothing changes, so that what swings around one of them makes no noise.
/// In thousandths, or tenths of a degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Band {
    /// Above it there is trouble; of a charge it is over.
    pub high: i32,
    /// Below it there is none any more; of a charge it begins.
    pub low: i32,
}

/// The limits of a subject, already resolved from the defaults, its network, its role and its own
/// entry; `None`: never trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Of what was contracted, else of what the interface can carry; thousandths, either way.
    pub utilisation: Option<Band>,
    /// Of an interface's packets; thousandths, either way.
    pub errors: Option<Band>,
    /// Thousandths.
    pub cpu: Option<Band>,
    /// Thousandths.
    pub memory: Option<Band>,
    /// Tenths of a degree Celsius, where the device names no limit of its own.
    pub temperature: Option<Band>,
    /// Of a UPS; thousandths.
    pub charge: Option<Band>,
}

impl Limits {
    /// What may be set, in the order it is listed.
    pub const SETTABLE: [Threshold; 6] = [
        Threshold::Utilisation,
        Threshold::Errors,
        Threshold::Cpu,
        Threshold::Memory,
        Threshold::Temperature,
        Threshold::Charge,
    ];
    /// Bounds of a share in thousandths; a line may carry more than was contracted.
    pub const PERMILLE: RangeInclusive<i64> = 1..=2_000;
    /// Bounds of a temperature in tenths of a degree Celsius.
    pub const TENTHS_C: RangeInclusive<i64> = 1..=1_500;

    /// Bounds of a threshold's band.
    #[must_use]
    pub const fn bounds(of: Threshold) -> RangeInclusive<i64> {
        match of {
            Threshold::Temperature => Self::TENTHS_C,
            _ => Self::PERMILLE,
        }
    }

    /// The band of a threshold; `None` of what is told rather than measured.
    #[must_use]
    pub const fn of(&self, threshold: Threshold) -> Option<Band> {
        match threshold {
            Threshold::Utilisation => self.utilisation,
            Threshold::Errors => self.errors,
            Threshold::Cpu => self.cpu,
            Threshold::Memory => self.memory,
            Threshold::Temperature => self.temperature,
            Threshold::Charge => self.charge,
            Threshold::Hardware
            | Threshold::Battery
            | Threshold::Certificate
            | Threshold::Clock
            | Threshold::Mtu => None,
        }
    }

    /// The same with another band for one of [`Self::SETTABLE`].
    #[must_use]
    pub const fn with(mut self, threshold: Threshold, band: Option<Band>) -> Self {
        match threshold {
            Threshold::Utilisation => self.utilisation = band,
            Threshold::Errors => self.errors = band,
            Threshold::Cpu => self.cpu = band,
            Threshold::Memory => self.memory = band,
            Threshold::Temperature => self.temperature = band,
            Threshold::Charge => self.charge = band,
            Threshold::Hardware
            | Threshold::Battery
            | Threshold::Certificate
            | Threshold::Clock
            | Threshold::Mtu => {}
        }
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        let band = |high, low| Some(Band { high, low });
        Self {
            utilisation: band(900, 800),
            errors: band(10, 5),
            cpu: band(900, 800),
            memory: band(950, 900),
            temperature: band(750, 700),
            charge: band(400, 300),
        }
    }
}
