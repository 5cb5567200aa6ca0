//! What devices say they are, held against what the inventory says of them.
//!
//! Pure: the caller brings what was observed. Only what the inventory can say is compared: serial
//! number, model, maker, firmware, the speed of interfaces, addresses, and who stands at the other
//! end of a cable. A device that never answered says nothing, and nothing is concluded from that.

mod agree;
mod beside;
mod own;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::agree::agree;

use self::beside::Faces;
use crate::model::{
    Check, DeviceId, Inventory, Neighbour, Subject, SubjectId, UnitId, UnitIx, UnixMs,
};

/// The key of the fact that says a device's own addresses: `10.0.0.1 10.0.1.1`, in order.
pub const ADDRESSES: &str = "addresses";
/// What ends such a list that has no room for all.
pub const MORE: char = '…';

/// The key of the fact that says an interface's speed, in bits a second.
#[must_use]
pub fn speed_key(interface: &str) -> String {
    format!("speed:{interface}")
}

/// What a device said of itself: the newest value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// `vendor`, `model`, `serial`, …
    pub key: Arc<str>,
    /// What it said; harmless text.
    pub value: Arc<str>,
    /// Since when it says so.
    pub since: UnixMs,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// Serial number: another one is another piece of equipment.
    Serial,
    /// Model.
    Model,
    /// Maker.
    Vendor,
    /// The version of what runs on it.
    Firmware,
    /// What an interface can carry.
    Speed,
    /// Its addresses.
    Address,
    /// Who is at the other end of a cable.
    Neighbour,
}

impl What {
    /// All, as they are listed of one device.
    pub const ALL: [Self; 7] = [
        Self::Serial,
        Self::Model,
        Self::Vendor,
        Self::Firmware,
        Self::Speed,
        Self::Address,
        Self::Neighbour,
    ];

    /// The word in JSON and in the catalogue.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Serial => "serial",
            Self::Model => "model",
            Self::Vendor => "vendor",
            Self::Firmware => "firmware",
            Self::Speed => "speed",
            Self::Address => "address",
            Self::Neighbour => "neighbour",
        }
    }
}

/// How the two do not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fit {
    /// The inventory says something else.
    Differs,
    /// The inventory says nothing of it.
    Undeclared,
}

impl Fit {
    /// The word in JSON and in the catalogue.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Differs => "differs",
            Self::Undeclared => "undeclared",
        }
    }
}

/// One thing in which a device, or a line's end at one, is not what the inventory says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// The device; of an interface that is slower than the line behind it the line.
    pub subject: SubjectId,
    /// Whose it is.
    pub unit: UnitId,
    /// In what.
    pub what: What,
    /// Of which interface or port, where it is about one.
    #[serde(default)]
    pub port: Option<String>,
    /// How.
    pub fit: Fit,
    /// What the inventory says.
    pub declared: Option<String>,
    /// What was observed.
    pub observed: String,
    /// Since when; of a neighbour it is not kept with the newest look.
    pub since: Option<UnixMs>,
    /// The device that the inventory gives this serial number or address to: the two were
    /// exchanged, or one of them was written down wrong.
    pub belongs_to: Option<SubjectId>,
}

impl Drift {
    /// What tells it from every other one, whatever comes or goes.
    #[must_use]
    pub fn key(&self) -> String {
        let port = self.port.as_deref().unwrap_or_default();
        let of = if self.what == What::Neighbour && self.fit == Fit::Undeclared {
            self.observed.as_str()
        } else {
            self.fit.as_str()
        };
        format!("{} {} {port} {of}", self.subject, self.what.as_str())
    }
}

/// All of them, with how many devices have said anything at all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drifts {
    /// Devices that have said what they are.
    pub heard: usize,
    /// How many of the rows differ.
    pub differing: usize,
    /// Of how many the inventory says nothing.
    pub undeclared: usize,
    /// In the inventory's order; of one device the serial number first.
    pub rows: Vec<Drift>,
}

/// What was observed, by device.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// What each says it is, the newest of each key.
    pub facts: BTreeMap<SubjectId, Vec<Said>>,
    /// Who stood at the cables of each when it was last looked.
    pub cables: BTreeMap<SubjectId, Vec<Neighbour>>,
}

impl Observed {
    fn said(&self, id: &SubjectId, key: &str) -> Option<&Said> {
        self.facts.get(id)?.iter().find(|said| &*said.key == key)
    }
}

/// The interfaces whose speed the inventory says something of, by device; of which it says nothing,
/// there is none.
#[must_use]
pub fn watched(inventory: &Inventory) -> HashMap<DeviceId, BTreeSet<String>> {
    let devices = inventory.subjects.iter().filter_map(Subject::device);
    let speeds = devices
        .flat_map(|own| own.speeds.iter().map(|speed| (own.id.clone(), speed.interface.clone())));
    let lines = inventory.subjects.iter().filter_map(Subject::connection);
    let ends = lines.filter(|line| line.bandwidth_kbps.is_some());
    let ends = ends.filter_map(|line| Some((line.device.clone()?, line.interface.clone()?)));
    let mut found: HashMap<DeviceId, BTreeSet<String>> = HashMap::new();
    for (device, interface) in speeds.chain(ends) {
        // The store keeps no longer keys.
        if speed_key(&interface).chars().count() <= 255 {
            found.entry(device).or_default().insert(interface);
        }
    }
    found
}

/// What the inventory has at each address: a device, else a line or a service that has it for its
/// own.
#[must_use]
pub fn known(inventory: &Inventory) -> HashMap<IpAddr, SubjectId> {
    let mut known = HashMap::new();
    // A device before the lines that end at it: they may share an address.
    let (devices, others): (Vec<_>, Vec<_>) =
        inventory.subjects.iter().partition(|subject| subject.device().is_some());
    for subject in devices.into_iter().chain(others) {
        let further = subject.device().map_or(&[][..], |device| &device.addresses);
        let asked = subject.checks.iter().filter_map(Check::own_address);
        let end = subject.connection().and_then(|line| line.device.as_ref());
        let end = end.and_then(|device| SubjectId::new(device.as_str()).ok());
        for address in asked.chain(further.iter().copied()) {
            let id = end.as_ref().unwrap_or(&subject.id);
            known.entry(address).or_insert_with(|| id.clone());
        }
    }
    known
}

/// Every drift of what is in `unit` and beneath (`None`: all).
#[must_use]
pub fn drift(inventory: &Inventory, observed: &Observed, unit: Option<UnitIx>) -> Drifts {
    let within: Option<HashSet<UnitIx>> =
        unit.map(|unit| inventory.subtree(unit).into_iter().collect());
    let is_within =
        |subject: &&Subject| within.as_ref().is_none_or(|units| units.contains(&subject.unit));
    let faces = Faces::new(inventory, observed);
    let mut found = Drifts::default();
    for subject in inventory.subjects.iter().filter(is_within) {
        let unit = &inventory.unit(subject.unit).id;
        let own = Own { observed, faces: &faces, subject, unit };
        if subject.device().is_some() {
            found.heard += usize::from(observed.facts.contains_key(&subject.id));
            own.device(&mut found.rows);
        } else {
            own.line(&mut found.rows);
        }
    }
    found.differing = found.rows.iter().filter(|one| one.fit == Fit::Differs).count();
    found.undeclared = found.rows.len() - found.differing;
    found
}

/// A subject with what it is held against.
struct Own<'a> {
    observed: &'a Observed,
    faces: &'a Faces<'a>,
    subject: &'a Subject,
    unit: &'a UnitId,
}
