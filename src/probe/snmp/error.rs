//! Why a device said nothing of itself.

use std::fmt;

use super::wire::ErrorStatus;

/// Why a pass over a device brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnmpError {
    /// No answer that counts, however often it was asked.
    #[error("silent: {}", reasons(likely))]
    Silent {
        /// What it may be, the likeliest first.
        likely: &'static [Reason],
    },
    /// The device's SNMPv3 engine refuses the credential.
    #[error("refused by the device's SNMPv3 engine: {0}")]
    CredentialRefused(Report),
    /// Another SNMPv3 engine answers at the address: the device was replaced or set up anew. From
    /// the next pass on it is the one that is asked.
    #[error("another SNMPv3 engine answers at this address")]
    IdentityChanged,
    /// The device refuses what was asked.
    #[error("refused: {0}")]
    Refused(ErrorStatus),
    /// What came was no answer to what was asked.
    #[error("the answer breaks the protocol")]
    Malformed,
    /// Our own side could not ask.
    #[error("cannot ask: {what}")]
    Local {
        /// What the system or the library says.
        what: String,
    },
}

/// What may be the reason when a device is silent: a wrong community, a wrong key and a closed
/// port look alike from outside (devices do not answer whom they do not know).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Community, user or passphrase are not those of the device.
    Credential,
    /// The device, or a firewall before it, lets only others ask.
    AccessList,
    /// SNMP is switched off, or listens on another port.
    Service,
    /// The device is not there.
    Device,
}

impl Reason {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Credential => "credential",
            Self::AccessList => "access_list",
            Self::Service => "service",
            Self::Device => "device",
        }
    }

    /// Of one that never answered.
    pub(super) const NEVER_HEARD: &'static [Self] =
        &[Self::Credential, Self::AccessList, Self::Service];
    /// Of one whose SNMPv3 engine was heard, but never an answer.
    pub(super) const ENGINE_HEARD: &'static [Self] = &[Self::Credential, Self::AccessList];
    /// Of one that answered before.
    pub(super) const WAS_HEARD: &'static [Self] =
        &[Self::Device, Self::Service, Self::AccessList, Self::Credential];
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Credential => "credential",
            Self::AccessList => "access list",
            Self::Service => "service",
            Self::Device => "device",
        })
    }
}

fn reasons(likely: &[Reason]) -> String {
    let words: Vec<String> = likely.iter().map(ToString::to_string).collect();
    format!("{}?", words.join(", "))
}

/// What an SNMPv3 engine has against a message (RFC 3414, section 3.2). A device cannot sign most
/// of them, so they tell why there is no answer, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Report {
    /// usmStatsUnknownUserNames: there is no such user.
    UnknownUser,
    /// usmStatsWrongDigests: the passphrase of `auth` or its algorithm is another.
    WrongDigest,
    /// usmStatsDecryptionErrors: the passphrase of `priv` or its algorithm is another.
    DecryptionError,
    /// usmStatsUnsupportedSecLevels: the user has no such `auth` or `priv`.
    UnsupportedLevel,
    /// usmStatsNotInTimeWindows, although it was told the device's own time.
    NotInTimeWindow,
    /// usmStatsUnknownEngineIDs.
    UnknownEngine,
    /// Anything else.
    Other,
}

impl Report {
    /// All.
    pub const ALL: [Self; 7] = [
        Self::UnknownUser,
        Self::WrongDigest,
        Self::DecryptionError,
        Self::UnsupportedLevel,
        Self::NotInTimeWindow,
        Self::UnknownEngine,
        Self::Other,
    ];

    /// The word used in JSON and in the texts' keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownUser => "unknown_user",
            Self::WrongDigest => "wrong_digest",
            Self::DecryptionError => "decryption_error",
            Self::UnsupportedLevel => "unsupported_level",
            Self::NotInTimeWindow => "not_in_time_window",
            Self::UnknownEngine => "unknown_engine",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownUser => "unknown user",
            Self::WrongDigest => "wrong digest",
            Self::DecryptionError => "decryption error",
            Self::UnsupportedLevel => "unsupported security level",
            Self::NotInTimeWindow => "not in time window",
            Self::UnknownEngine => "unknown engine",
            Self::Other => "unnamed report",
        })
    }
}
