//! What stands beside a device: who is at the other end of a cable, which card has an address.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::UnixMs;

/// How a neighbour is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Seeing {
    /// By LLDP: the device at the other end of a cable says who it is.
    Lldp,
    /// By CDP, Cisco's own.
    Cdp,
    /// By the table of addresses (ARP, neighbour discovery): something on the network has it.
    Arp,
}

impl Seeing {
    /// All.
    pub const ALL: [Self; 3] = [Self::Lldp, Self::Cdp, Self::Arp];

    /// The word in the database, in JSON and, in capitals, on the screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lldp => "lldp",
            Self::Cdp => "cdp",
            Self::Arp => "arp",
        }
    }

    /// The way a word names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|seeing| seeing.as_str() == word)
    }

    /// True when it stands for a cable between two devices, not for an address in use.
    #[must_use]
    pub const fn is_cable(self) -> bool {
        matches!(self, Self::Lldp | Self::Cdp)
    }
}

/// A neighbour, by all that makes it this one and no other. Texts are harmless already.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Neighbour {
    /// How it is known.
    pub protocol: Seeing,
    /// Our end: the port or interface behind which it is.
    pub local_port: Option<Arc<str>>,
    /// Its name.
    pub name: Option<Arc<str>>,
    /// Its chassis; of an address the card that has it, as `00:1b:c0:01:02:03`.
    pub chassis: Option<Arc<str>>,
    /// Its end of the cable.
    pub port: Option<Arc<str>>,
    /// Where it is managed; of an address itself.
    pub address: Option<IpAddr>,
}

/// A neighbour with when it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beside {
    /// Who.
    #[serde(flatten)]
    pub who: Neighbour,
    /// What it says it is; it may say another thing tomorrow and be the same.
    pub description: Option<Arc<str>>,
    /// When it was first seen.
    #[serde(rename = "first_seen")]
    pub first: UnixMs,
    /// When it was last seen.
    #[serde(rename = "last_seen")]
    pub last: UnixMs,
    /// It was there when it was last looked.
    pub is_there: bool,
}
