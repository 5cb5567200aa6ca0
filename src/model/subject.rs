//! What has a state, how it is asked and what it is reached through.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::id::{CredentialId, DeviceId, ServiceId, SubjectId};
use super::index::{CalendarIx, CarrierIx, NetworkIx, SubjectIx, UnitIx};
use super::inventory::ServiceLevel;
use super::limits::Limits;
use super::params::{HealthParams, PingParams};
use super::service::ServiceCheck;
use super::time::{Span, UnixMs};
use super::unit::exists_at;

/// What a subject is reached through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// A subject.
    Subject(SubjectIx),
    /// All of these are needed; empty: nothing is.
    All(Vec<Via>),
    /// Any one of these suffices (redundant paths).
    Any(Vec<Via>),
}

impl Via {
    /// Reached through nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self::All(Vec::new())
    }

    /// Every subject named, in declared order.
    #[must_use]
    pub fn subjects(&self) -> Vec<SubjectIx> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect(&self, found: &mut Vec<SubjectIx>) {
        match self {
            Self::Subject(s) => found.push(*s),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|p| p.collect(found)),
        }
    }
}

/// One way of asking a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// How.
    pub kind: CheckKind,
    /// Its failure alone takes the subject down. The first check always is; the others only
    /// degrade unless declared critical.
    pub critical: bool,
    /// The name that is asked for: its address is looked up in the background and stands in the place
    /// of the kind's own, which says nothing then.
    pub name: Option<Arc<str>>,
}

impl Check {
    /// Whom it asks, as people read it.
    #[must_use]
    pub fn asked(&self) -> String {
        match &self.name {
            Some(name) => name.to_string(),
            None => self.kind.address().to_string(),
        }
    }

    /// The address it asks, where the inventory says one; `None` where that is looked up.
    #[must_use]
    pub fn own_address(&self) -> Option<IpAddr> {
        self.name.is_none().then(|| self.kind.address())
    }
}

/// The ways of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckKind {
    /// ICMP echo.
    Ping {
        /// Who is asked.
        address: IpAddr,
        /// How a round is sent.
        params: PingParams,
    },
    /// What a device says of itself by SNMP.
    Snmp {
        /// Who is asked.
        address: IpAddr,
        /// Which of the configuration's credentials with.
        credential: CredentialId,
    },
    /// Whether an interface works, by what its device says by SNMP.
    Interface {
        /// The device's address.
        address: IpAddr,
        /// Which of the configuration's credentials with.
        credential: CredentialId,
        /// Its name there (`ifName`, else `ifDescr`).
        interface: Arc<str>,
    },
    /// What a service answers.
    Service(Arc<ServiceCheck>),
}

impl CheckKind {
    /// The word used in files and JSON.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Service(check) => check.ask.as_str(),
            Self::Ping { .. } => "ping",
            Self::Snmp { .. } => "snmp",
            Self::Interface { .. } => "interface",
        }
    }

    /// The address asked.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        match self {
            Self::Service(check) => check.address,
            Self::Ping { address, .. }
            | Self::Snmp { address, .. }
            | Self::Interface { address, .. } => *address,
        }
    }

    /// The credential it is asked with by SNMP; `None` where it is not.
    #[must_use]
    pub const fn credential(&self) -> Option<&CredentialId> {
        match self {
            Self::Ping { .. } | Self::Service(_) => None,
            Self::Snmp { credential, .. } | Self::Interface { credential, .. } => Some(credential),
        }
    }

    /// True where a round is judged by its loss and its round-trip times; of the others by what is
    /// said.
    #[must_use]
    pub const fn is_timed(&self) -> bool {
        matches!(self, Self::Ping { .. } | Self::Service(_))
    }
}

/// One unit's attachment to one network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The network.
    pub network: NetworkIx,
    /// Who provides it; `None` for the unit's own.
    pub carrier: Option<CarrierIx>,
    /// The carrier's circuit number.
    pub circuit: Option<String>,
    /// Contracted, per direction, in kbit/s.
    pub bandwidth_kbps: Option<u64>,
    /// Service level in force: its own, else its carrier's, else its network's.
    pub sla: ServiceLevel,
    /// Device it ends at.
    pub device: Option<DeviceId>,
    /// Interface of that device.
    pub interface: Option<String>,
}

/// Something with an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its id; the subject's id has the same text.
    pub id: DeviceId,
    /// `router`, `switch`, `firewall`, `server`, `ups`, … as the inventory says.
    pub role: String,
    /// Maker.
    pub vendor: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// The version that should run on it, or the beginning of it.
    pub firmware: Option<String>,
    /// What its interfaces should run at.
    pub speeds: Vec<PortSpeed>,
    /// Until when its maker supports it, as declared.
    pub support_until: Option<UnixMs>,
    /// What it is asked with by SNMP; `None`: it is not.
    pub snmp: Option<CredentialId>,
    /// Its addresses beside the one it is asked at, by interface.
    pub addresses: Vec<IpAddr>,
}

/// What an interface should run at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortSpeed {
    /// Its name on the device.
    pub interface: String,
    /// Each way, kbit/s.
    pub kbps: u64,
}

/// Something users reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its id; the subject's id has the same text.
    pub id: ServiceId,
}

/// Which of the three kinds of subject, without its details.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubjectKind {
    /// A unit's line.
    Connection,
    /// A device.
    Device,
    /// A service.
    Service,
}

impl SubjectKind {
    /// All.
    pub const ALL: [Self; 3] = [Self::Connection, Self::Device, Self::Service];

    /// The word used in files, JSON and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Device => "device",
            Self::Service => "service",
        }
    }
}

/// A subject's kind with its details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubjectDetail {
    /// A unit's line.
    Connection(Connection),
    /// A device.
    Device(Device),
    /// A service.
    Service(Service),
}

/// What has a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Ours, for ever.
    pub id: SubjectId,
    /// What people call it.
    pub name: String,
    /// Whose it is.
    pub unit: UnitIx,
    /// What it is reached through.
    pub via: Via,
    /// How it is asked; the first is primary. Empty: never asked, `unmeasured` for ever.
    pub checks: Vec<Check>,
    /// Thresholds and times in force.
    pub health: HealthParams,
    /// What its device may say before it counts as trouble.
    pub limits: Limits,
    /// Its hours (the second clock), its own or its unit's; `None`: around the clock.
    pub calendar: Option<CalendarIx>,
    /// Outside its hours it may be switched off: silence that begins there is *off hours*.
    pub off_hours_allowed: bool,
    /// False: it is kept in the inventory and not patrolled; `unmeasured` meanwhile.
    pub is_enabled: bool,
    /// In force from: its own date, else its unit's; `None` = always.
    pub since: Option<UnixMs>,
    /// In force until (exclusive): its own date, else its unit's; `None` = still.
    pub until: Option<UnixMs>,
    /// Connection, device or service.
    pub detail: SubjectDetail,
}

impl Subject {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> SubjectKind {
        match self.detail {
            SubjectDetail::Connection(_) => SubjectKind::Connection,
            SubjectDetail::Device(_) => SubjectKind::Device,
            SubjectDetail::Service(_) => SubjectKind::Service,
        }
    }

    /// True when the subject is in force at `at`.
    #[must_use]
    pub fn exists_at(&self, at: UnixMs) -> bool {
        exists_at(self.since, self.until, at)
    }

    /// The part of `window` in which the subject is in force, and so to be judged; empty when
    /// there is none.
    #[must_use]
    pub fn lifetime(&self, window: Span) -> Span {
        let from = self.since.unwrap_or(window.from).max(window.from);
        Span::new(from, self.until.unwrap_or(window.to).min(window.to).max(from))
    }

    /// Its connection, when it is one.
    #[must_use]
    pub const fn connection(&self) -> Option<&Connection> {
        match &self.detail {
            SubjectDetail::Connection(c) => Some(c),
            _ => None,
        }
    }

    /// Its device, when it is one.
    #[must_use]
    pub const fn device(&self) -> Option<&Device> {
        match &self.detail {
            SubjectDetail::Device(d) => Some(d),
            _ => None,
        }
    }
}
