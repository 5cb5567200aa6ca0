//! What the files say, entry by entry: checked by itself, its references not yet resolved.

use std::net::IpAddr;

use ipnet::IpNet;

use super::goals::RawPlanItem;
use super::maintenance::RawMaintenance;
use super::place::At;
use super::scalar::Ref;
use super::services::RawService;
use crate::model::{
    Calendar, Contact, HealthParams, Id, Limits, Location, Penalty, PingParams, ServiceLevel,
    UnitKind, UnixMs,
};

/// Everything read, in file order.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub units: Vec<RawUnit>,
    pub networks: Vec<RawNetwork>,
    pub carriers: Vec<RawCarrier>,
    pub calendars: Vec<(At, Calendar)>,
    pub subjects: Vec<RawSubject>,
    pub maintenance: Vec<RawMaintenance>,
    pub plan: Vec<RawPlanItem>,
}

/// A unit.
#[derive(Debug)]
pub(super) struct RawUnit {
    pub at: At,
    pub id: Id,
    pub name: String,
    pub short: Option<String>,
    pub kind: UnitKind,
    pub parent: Option<Ref>,
    pub code: Option<String>,
    pub contact: Contact,
    pub location: Option<Location>,
    pub requires: Vec<Ref>,
    pub since: Option<UnixMs>,
    pub until: Option<UnixMs>,
    /// It says `until`, be it one that is reported.
    pub has_until: bool,
    pub merged_into: Option<Ref>,
    pub equipment_stays: bool,
    pub clock: RawClock,
    pub prefixes: Vec<IpNet>,
}

/// A network.
#[derive(Debug)]
pub(super) struct RawNetwork {
    pub at: At,
    pub id: Id,
    pub name: String,
    pub name_en: Option<String>,
    pub short: Option<String>,
    pub over: Vec<Ref>,
    pub sla: RawSla,
    pub prefixes: Vec<IpNet>,
}

/// A carrier.
#[derive(Debug)]
pub(super) struct RawCarrier {
    pub at: At,
    pub id: Id,
    pub name: String,
    pub contract: Option<String>,
    pub hotline: Option<String>,
    pub sla: RawSla,
    pub penalty: Option<Penalty>,
}

/// A connection, device or service.
#[derive(Debug)]
pub(super) struct RawSubject {
    pub at: At,
    pub id: Id,
    pub unit: Ref,
    pub name: Option<String>,
    pub address: Option<(IpAddr, At)>,
    /// It says an address or a device, be it one that is reported.
    pub has_address: bool,
    pub asked: Asked,
    pub clock: RawClock,
    pub is_enabled: bool,
    pub since: Option<UnixMs>,
    pub until: Option<UnixMs>,
    pub detail: RawDetail,
}

/// A service level, its clock yet to be found.
#[derive(Debug, Default)]
pub(super) struct RawSla {
    /// Without `hours`.
    pub level: ServiceLevel,
    pub hours: Option<Ref>,
}

/// `calendar` and `off_hours` of a unit or a subject.
#[derive(Debug, Default)]
pub(super) struct RawClock {
    pub calendar: RawCalendar,
    /// What `off_hours` says, and where; `None` when it says nothing.
    pub off_hours_allowed: Option<(bool, At)>,
}

/// `calendar` as written.
#[derive(Debug, Default)]
pub(super) enum RawCalendar {
    /// It says nothing: the unit's.
    #[default]
    Unsaid,
    /// It has no value: around the clock whatever the unit has.
    AroundTheClock,
    Named(Ref),
}

/// What the three kinds do not share.
#[derive(Debug)]
pub(super) enum RawDetail {
    Connection(Box<RawConnection>),
    Device(Box<RawDevice>),
    Service,
}

/// A connection's own.
#[derive(Debug)]
pub(super) struct RawConnection {
    pub network: Ref,
    pub carrier: Option<Ref>,
    pub circuit: Option<String>,
    pub bandwidth_kbps: Option<u64>,
    pub sla: RawSla,
    pub device: Option<Ref>,
    pub interface: Option<String>,
}

/// A device's own.
#[derive(Debug)]
pub(super) struct RawDevice {
    pub role: String,
    pub vendor: Option<String>,
    pub model: Option<String>,
    pub serial: Option<String>,
    pub support_until: Option<UnixMs>,
    pub snmp: Option<(Id, At)>,
    pub addresses: Vec<(String, IpAddr, At)>,
}

/// How a subject is asked and what it is reached through.
#[derive(Debug)]
pub(super) struct Asked {
    /// `None`: the default check.
    pub checks: Option<Vec<RawCheck>>,
    /// Nobody wrote `checks`, and a service's `url` or `port` says how it is asked.
    pub are_checks_implied: bool,
    /// The address that a service's `url` or `host` is written as.
    pub host: Option<IpAddr>,
    /// `None`: implied by the tree.
    pub via: Option<RawVia>,
    pub health: HealthParams,
    pub ping: PingParams,
    pub limits: Limits,
}

/// A check as written.
#[derive(Debug, Clone)]
pub(super) struct RawCheck {
    /// Where; `None` of the check that an entry has where it says nothing.
    pub at: Option<At>,
    pub kind: RawKind,
    /// `None`: as its kind has it.
    pub critical: Option<bool>,
}

/// What a check asks.
#[derive(Debug, Clone)]
pub(super) enum RawKind {
    /// A ping, of the subject's own address unless it names one.
    Ping(Option<IpAddr>),
    /// The device, or the one that the connection ends at, with its own credential unless it names
    /// one.
    Snmp(Option<(Id, At)>),
    /// An interface of that device: the one that the connection names unless it names one itself.
    Interface(Option<String>),
    /// A service.
    Service(Box<RawService>),
}

/// `via` as written.
#[derive(Debug)]
pub(super) enum RawVia {
    Subject(Ref),
    All(Vec<RawVia>),
    Any(Vec<RawVia>),
}
