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

/// Why a service's answer is none, or not the one that is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceTrouble {
    /// Nobody listens at the port.
    Refused,
    /// Nothing, or not all of it, came in time.
    Silent,
    /// The connection was closed before the answer was there.
    Closed,
    /// What it says does not contain what is expected.
    Unexpected,
    /// The status of HTTP, or the reply code of a mail server, is none of the good ones.
    Status(u16),
    /// The answer is longer than allowed.
    TooLong,
    /// It sends elsewhere, or too often.
    Redirected,
    /// It does not speak the protocol.
    Malformed,
    /// Its certificate has run out.
    Expired,
    /// Its certificate is not valid yet.
    NotYetValid,
    /// No authority that is trusted has signed its certificate.
    Untrusted,
    /// Its certificate is somebody else's.
    OtherName,
    /// No version of TLS, or no cipher, in common.
    Handshake,
    /// A name server's response code (RFC 1035, section 4.1.1).
    Rcode(u8),
    /// A name server has no such record.
    NoRecord,
    /// None of the records is the expected one.
    OtherRecord,
    /// A time server does not know the time itself.
    NotSynchronised,
}

impl ServiceTrouble {
    /// All, those with a number with 0, in the order of their numbers in the store.
    pub const ALL: [Self; 17] = [
        Self::Refused,
        Self::Silent,
        Self::Closed,
        Self::Unexpected,
        Self::Status(0),
        Self::TooLong,
        Self::Redirected,
        Self::Malformed,
        Self::Expired,
        Self::NotYetValid,
        Self::Untrusted,
        Self::OtherName,
        Self::Handshake,
        Self::Rcode(0),
        Self::NoRecord,
        Self::OtherRecord,
        Self::NotSynchronised,
    ];

    /// The word in JSON and, with `service_` before it, at the end of text keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Silent => "silent",
            Self::Closed => "closed",
            Self::Unexpected => "unexpected",
            Self::Status(_) => "status",
            Self::TooLong => "too_long",
            Self::Redirected => "redirected",
            Self::Malformed => "malformed",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Untrusted => "untrusted",
            Self::OtherName => "other_name",
            Self::Handshake => "handshake",
            Self::Rcode(_) => "rcode",
            Self::NoRecord => "no_record",
            Self::OtherRecord => "other_record",
            Self::NotSynchronised => "not_synchronised",
        }
    }

    /// What it says besides: a status or a response code.
    #[must_use]
    pub fn number(self) -> Option<u16> {
        match self {
            Self::Status(status) => Some(status),
            Self::Rcode(code) => Some(code.into()),
            _ => None,
        }
    }

    /// The same with another number, where it has one.
    #[must_use]
    pub fn with_number(self, number: u16) -> Option<Self> {
        match self {
            Self::Status(_) => Some(Self::Status(number)),
            Self::Rcode(_) => u8::try_from(number).ok().map(Self::Rcode),
            other => (number == 0).then_some(other),
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
    /// A service's certificate soon runs out.
    Certificate,
    /// A time server's clock and ours differ.
    Clock,
    /// The way to it carries smaller packets than it should.
    Mtu,
}

impl Threshold {
    /// All, in the order of their numbers in the store.
    pub const ALL: [Self; 11] = [
        Self::Utilisation,
        Self::Errors,
        Self::Cpu,
        Self::Memory,
        Self::Temperature,
        Self::Hardware,
        Self::Battery,
        Self::Charge,
        Self::Certificate,
        Self::Clock,
        Self::Mtu,
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
            Self::Certificate => "certificate",
            Self::Clock => "clock",
            Self::Mtu => "mtu",
        }
    }

    /// True of what our own check finds out; all else a device says of itself.
    #[must_use]
    pub const fn is_found(self) -> bool {
        matches!(self, Self::Certificate | Self::Clock | Self::Mtu)
    }

    /// True where the device tells a fact and not a value that swings: one round is enough to
    /// believe it, and one to believe that it is over.
    #[must_use]
    pub const fn is_told(self) -> bool {
        matches!(self, Self::Battery | Self::Hardware | Self::Certificate)
    }
}
