//! The inventory, resolved: every reference is an index, every default has been applied, every
//! implied `via` is spelled out. Only the `inventory` room builds it, so its invariants hold:
//! indexes are in range, `parent` and `via` have no cycle, ids are unique.

use std::collections::HashMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::id::{CalendarId, CarrierId, DeviceId, NetworkId, ServiceId, SubjectId, UnitId};
use super::params::{HealthParams, PingParams};
use super::time::{Span, UnixMs};

macro_rules! index_of {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);

        impl $name {
            /// As an index into the inventory's list.
            #[must_use]
            pub const fn ix(self) -> usize {
                self.0 as usize
            }
        }
    )+};
}

index_of! {
    /// Place in [`Inventory::units`].
    UnitIx,
    /// Place in [`Inventory::networks`].
    NetworkIx,
    /// Place in [`Inventory::carriers`].
    CarrierIx,
    /// Place in [`Inventory::subjects`]. Stable for the life of one loaded inventory only; the id
    /// is what lasts.
    SubjectIx,
}

/// What kind of administrative node a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnitKind {
    /// Tỉnh.
    Province,
    /// Trung tâm tích hợp dữ liệu.
    Dic,
    /// Sở, ban, ngành, đoàn thể.
    Department,
    /// Thành phố thuộc tỉnh.
    City,
    /// Thị xã.
    Town,
    /// Huyện.
    District,
    /// Phường.
    Ward,
    /// Thị trấn.
    Township,
    /// Xã.
    Commune,
}

impl UnitKind {
    /// All kinds, as listed in files.
    pub const ALL: [Self; 9] = [
        Self::Province,
        Self::Dic,
        Self::Department,
        Self::City,
        Self::Town,
        Self::District,
        Self::Ward,
        Self::Township,
        Self::Commune,
    ];

    /// The word used in files and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::Dic => "dic",
            Self::Department => "department",
            Self::City => "city",
            Self::Town => "town",
            Self::District => "district",
            Self::Ward => "ward",
            Self::Township => "township",
            Self::Commune => "commune",
        }
    }

    /// The level that reports count by.
    #[must_use]
    pub const fn tier(self) -> Tier {
        match self {
            Self::Province | Self::Dic => Tier::Province,
            Self::Department => Tier::Department,
            Self::City | Self::Town | Self::District => Tier::District,
            Self::Ward | Self::Township | Self::Commune => Tier::Commune,
        }
    }
}

/// The four levels that are counted apart: "173 communes, 11 districts, 35 departments".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// The province itself and its DIC.
    Province,
    /// Departments and their equals.
    Department,
    /// District-level units.
    District,
    /// Commune-level units.
    Commune,
}

impl Tier {
    /// All tiers, from the top.
    pub const ALL: [Self; 4] = [Self::Province, Self::Department, Self::District, Self::Commune];

    /// The word used in JSON and as the end of text keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::Department => "department",
            Self::District => "district",
            Self::Commune => "commune",
        }
    }
}

/// Whom to call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Contact {
    /// Person or desk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// As it is dialled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// A point, in millionths of a degree (WGS 84).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// North positive.
    pub lat_e6: i32,
    /// East positive.
    pub lon_e6: i32,
}

/// A node of the administrative tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Ours, for ever.
    pub id: UnitId,
    /// Full name in Vietnamese, NFC: "Xã Hòa Khánh".
    pub name: String,
    /// Short name for narrow columns: "X. Hòa Khánh"; the full name when none is given.
    pub short: String,
    /// Kind.
    pub kind: UnitKind,
    /// The unit above; `None` at the root. Parents stand before their children in
    /// [`Inventory::units`].
    pub parent: Option<UnitIx>,
    /// Official code in force (GSO), used for the official order.
    pub code: Option<String>,
    /// Whom to call there.
    pub contact: Contact,
    /// Where it is.
    pub location: Option<Location>,
    /// Networks the plan says it must have.
    pub requires: Vec<NetworkIx>,
    /// Exists from; `None` = always.
    pub since: Option<UnixMs>,
    /// Exists until (exclusive); `None` = still.
    pub until: Option<UnixMs>,
}

impl Unit {
    /// True when the unit exists at `at`.
    #[must_use]
    pub fn exists_at(&self, at: UnixMs) -> bool {
        exists_at(self.since, self.until, at)
    }
}

fn exists_at(since: Option<UnixMs>, until: Option<UnixMs>, at: UnixMs) -> bool {
    since.is_none_or(|t| t <= at) && until.is_none_or(|t| at < t)
}

/// What was promised of a line, a carrier or a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ServiceLevel {
    /// Availability in millionths (0.995 is 995000).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability_ppm: Option<u32>,
    /// Round-trip time in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtt_us: Option<u32>,
    /// Loss in thousandths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss_permille: Option<u16>,
}

/// What units are attached to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// `wan`, `tslcd`, `lan`, …
    pub id: NetworkId,
    /// Name in Vietnamese.
    pub name: String,
    /// Name in English; the Vietnamese one when none is given.
    pub name_en: String,
    /// Column heading: "TSLCD".
    pub short: String,
    /// Networks that carry this one inside a unit: a LAN is reached over the unit's own lines.
    pub over: Vec<NetworkIx>,
    /// Service level where the connection and its carrier say nothing.
    pub sla: ServiceLevel,
}

/// A telecom operator with its contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier {
    /// `vnpt`
    pub id: CarrierId,
    /// Name.
    pub name: String,
    /// Contract number.
    pub contract: Option<String>,
    /// As it is dialled.
    pub hotline: Option<String>,
    /// Service level of the contract.
    pub sla: ServiceLevel,
}

/// Named office hours; read and checked now, judged by the three clocks later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// `office`
    pub id: CalendarId,
    /// Minutes of the day `[from, to)` per weekday, Monday first.
    pub hours: [Vec<(u16, u16)>; 7],
    /// Dates `(year, month, day)` on which nothing is open.
    pub holidays: Vec<(i16, i8, i8)>,
    /// Make-up working days, open as a Monday is.
    pub make_up: Vec<(i16, i8, i8)>,
}

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
}

impl CheckKind {
    /// The word used in files and JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Ping { .. } => "ping",
        }
    }

    /// The address asked.
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        match self {
            Self::Ping { address, .. } => *address,
        }
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

/// Everything that is patrolled, checked and resolved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Parents before children, siblings in the official order (code, then id).
    pub units: Vec<Unit>,
    /// In declared order.
    pub networks: Vec<Network>,
    /// In declared order.
    pub carriers: Vec<Carrier>,
    /// In declared order.
    pub calendars: Vec<Calendar>,
    /// Parents in `via` stand before their children; otherwise by unit, then id.
    pub subjects: Vec<Subject>,
    unit_by_id: HashMap<UnitId, UnitIx>,
    subject_by_id: HashMap<SubjectId, SubjectIx>,
    unit_children: Vec<Vec<UnitIx>>,
    dependents: Vec<Vec<SubjectIx>>,
    unit_subjects: Vec<Vec<SubjectIx>>,
}

impl Inventory {
    /// Builds the look-up tables. The caller has checked ids, references and cycles and has
    /// put parents before children in `units` and in `subjects`.
    #[must_use]
    pub fn new(
        units: Vec<Unit>,
        networks: Vec<Network>,
        carriers: Vec<Carrier>,
        calendars: Vec<Calendar>,
        subjects: Vec<Subject>,
    ) -> Self {
        let mut unit_children = vec![Vec::new(); units.len()];
        let mut unit_by_id = HashMap::with_capacity(units.len());
        for (ix, unit) in (0_u32..).map(UnitIx).zip(&units) {
            unit_by_id.insert(unit.id.clone(), ix);
            if let Some(parent) = unit.parent {
                unit_children[parent.ix()].push(ix);
            }
        }
        let mut dependents = vec![Vec::new(); subjects.len()];
        let mut unit_subjects = vec![Vec::new(); units.len()];
        let mut subject_by_id = HashMap::with_capacity(subjects.len());
        for (ix, subject) in (0_u32..).map(SubjectIx).zip(&subjects) {
            subject_by_id.insert(subject.id.clone(), ix);
            unit_subjects[subject.unit.ix()].push(ix);
            for parent in subject.via.subjects() {
                let children: &mut Vec<SubjectIx> = &mut dependents[parent.ix()];
                if children.last() != Some(&ix) {
                    children.push(ix);
                }
            }
        }
        Self {
            units,
            networks,
            carriers,
            calendars,
            subjects,
            unit_by_id,
            subject_by_id,
            unit_children,
            dependents,
            unit_subjects,
        }
    }

    /// The unit at an index.
    #[must_use]
    pub fn unit(&self, ix: UnitIx) -> &Unit {
        &self.units[ix.ix()]
    }

    /// The subject at an index.
    #[must_use]
    pub fn subject(&self, ix: SubjectIx) -> &Subject {
        &self.subjects[ix.ix()]
    }

    /// The network at an index.
    #[must_use]
    pub fn network(&self, ix: NetworkIx) -> &Network {
        &self.networks[ix.ix()]
    }

    /// The carrier at an index.
    #[must_use]
    pub fn carrier(&self, ix: CarrierIx) -> &Carrier {
        &self.carriers[ix.ix()]
    }

    /// Finds a unit by id.
    #[must_use]
    pub fn find_unit(&self, id: &str) -> Option<UnitIx> {
        self.unit_by_id.get(id).copied()
    }

    /// Finds a subject by id.
    #[must_use]
    pub fn find_subject(&self, id: &str) -> Option<SubjectIx> {
        self.subject_by_id.get(id).copied()
    }

    /// Finds a network by id.
    #[must_use]
    pub fn find_network(&self, id: &str) -> Option<NetworkIx> {
        (0_u32..).zip(&self.networks).find(|(_, n)| n.id.as_str() == id).map(|(i, _)| NetworkIx(i))
    }

    /// Units directly beneath, in the official order.
    #[must_use]
    pub fn children(&self, unit: UnitIx) -> &[UnitIx] {
        &self.unit_children[unit.ix()]
    }

    /// Units without a parent (one province, as a rule).
    pub fn roots(&self) -> impl Iterator<Item = UnitIx> + '_ {
        self.unit_ixs().filter(|u| self.unit(*u).parent.is_none())
    }

    /// Subjects that are directly reached through this one.
    #[must_use]
    pub fn dependents(&self, subject: SubjectIx) -> &[SubjectIx] {
        &self.dependents[subject.ix()]
    }

    /// Subjects of the unit itself, without those beneath.
    #[must_use]
    pub fn subjects_of(&self, unit: UnitIx) -> &[SubjectIx] {
        &self.unit_subjects[unit.ix()]
    }

    /// The unit's own connections on a network, in declared order.
    pub fn connections_of(
        &self,
        unit: UnitIx,
        network: NetworkIx,
    ) -> impl Iterator<Item = SubjectIx> + '_ {
        self.subjects_of(unit)
            .iter()
            .copied()
            .filter(move |s| self.subject(*s).connection().is_some_and(|c| c.network == network))
    }

    /// The unit and all beneath it, parents first.
    #[must_use]
    pub fn subtree(&self, unit: UnitIx) -> Vec<UnitIx> {
        let mut found = vec![unit];
        let mut next = 0;
        while let Some(&u) = found.get(next) {
            found.extend_from_slice(self.children(u));
            next += 1;
        }
        found
    }

    /// Every unit's index.
    pub fn unit_ixs(&self) -> impl Iterator<Item = UnitIx> + use<> {
        (0..u32::try_from(self.units.len()).unwrap_or(u32::MAX)).map(UnitIx)
    }

    /// Every subject's index.
    pub fn subject_ixs(&self) -> impl Iterator<Item = SubjectIx> + use<> {
        (0..u32::try_from(self.subjects.len()).unwrap_or(u32::MAX)).map(SubjectIx)
    }

    /// Every network's index.
    pub fn network_ixs(&self) -> impl Iterator<Item = NetworkIx> + use<> {
        (0..u32::try_from(self.networks.len()).unwrap_or(u32::MAX)).map(NetworkIx)
    }
}
