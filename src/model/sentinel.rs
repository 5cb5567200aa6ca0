//! Addresses that tell whether the patrol itself can see out.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::id::CarrierId;

/// An address that tells whether the patrol can see out.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sentinel {
    /// Who is asked.
    pub address: IpAddr,
    /// The carrier it speaks for: when that carrier's sentinels are lost, only what is reached
    /// through its lines is not seen. `None`: it speaks for the patrol as a whole.
    pub carrier: Option<CarrierId>,
    /// It is so near that whatever is lost on the way to it is lost on the way to everybody: while
    /// it loses packets, a like loss is not held against anybody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_control: bool,
}
