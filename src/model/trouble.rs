//! What a device that answers says is wrong with it, or with how it is asked.

use serde::{Deserialize, Serialize};

/// Why an SNMP question has no answer of use. The device itself may be well: ping tells that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SnmpTrouble {
    /// Nothing came back in time: a wrong community, user or password looks like this, too, and so
    /// does an access list or a service that is off.
    Silent,
    /// It says that it does not accept the user, the password or the privacy asked with.
    Credential,
    /// It answers as another engine than the one known: replaced, reset, or somebody else.
    IdentityChanged,
    /// It answers that it will not (`genErr`, `authorizationError` and their like).
    Refused,
    /// What it sends is not SNMP as the standard has it.
    Malformed,
    /// It has no interface of the name that is asked for.
    NoInterface,
}

impl SnmpTrouble {
    /// All, in the order of their numbers in the store.
    pub const ALL: [Self; 6] = [
        Self::Silent,
        Self::Credential,
        Self::IdentityChanged,
        Self::Refused,
        Self::Malformed,
        Self::NoInterface,
    ];

    /// The word in JSON and at the end of text keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Credential => "credential",
            Self::IdentityChanged => "identity_changed",
            Self::Refused => "refused",
            Self::Malformed => "malformed",
            Self::NoInterface => "no_interface",
        }
    }
}

/// What is beyond what it should be, by what a device says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// A line carries almost all it can, in one direction.
    Utilisation,
    /// Too many of an interface's packets are damaged.
    Errors,
    /// The processor is busy.
    Cpu,
    /// Memory is almost full.
    Memory,
    /// It is too hot.
    Temperature,
    /// A fan or a power supply has failed.
    Hardware,
    /// A UPS runs on battery.
    Battery,
    /// A UPS has little charge left.
    Charge,
}

impl Threshold {
    /// All, in the order of their numbers in the store.
    pub const ALL: [Self; 8] = [
        Self::Utilisation,
        Self::Errors,
        Self::Cpu,
        Self::Memory,
        Self::Temperature,
        Self::Hardware,
        Self::Battery,
        Self::Charge,
    ];

    /// The word in JSON and at the end of text keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Utilisation => "utilisation",
            Self::Errors => "errors",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Temperature => "temperature",
            Self::Hardware => "hardware",
            Self::Battery => "battery",
            Self::Charge => "charge",
        }
    }

    /// True where the device tells a fact and not a value that swings: one round is enough to
    /// believe it, and one to believe that it is over.
    #[must_use]
    pub const fn is_told(self) -> bool {
        matches!(self, Self::Battery | Self::Hardware)
    }
}
