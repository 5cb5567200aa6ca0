//! What devices say they are, held against what the inventory says of them.
//!
//! Pure: the caller brings what was observed. Only what the inventory can say is compared: maker,
//! model and serial number, and who stands at the other end of a cable. A device that never
//! answered says nothing, and nothing is concluded from that.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use serde::Serialize;

use crate::locale::fold;
use crate::model::{Inventory, Neighbour, SubjectId, UnitId, UnitIx, UnixMs};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// Serial number: another one is another piece of equipment.
    Serial,
    /// Model.
    Model,
    /// Maker.
    Vendor,
    /// Who is at the other end of a cable.
    Neighbour,
}

impl What {
    /// The word in JSON and in the catalogue.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Serial => "serial",
            Self::Model => "model",
            Self::Vendor => "vendor",
            Self::Neighbour => "neighbour",
        }
    }
}

/// How the two do not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
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

/// One thing in which a device is not what the inventory says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// The device.
    pub subject: SubjectId,
    /// Whose it is.
    pub unit: UnitId,
    /// In what.
    pub what: What,
    /// How.
    pub fit: Fit,
    /// What the inventory says.
    pub declared: Option<String>,
    /// What was observed.
    pub observed: String,
    /// Since when; of a neighbour it is not kept with the newest look.
    pub since: Option<UnixMs>,
    /// The device that the inventory gives this serial number to: the two were exchanged, or one
    /// of them was written down wrong.
    pub belongs_to: Option<SubjectId>,
}

/// What was observed, by device.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// What each says it is, the newest of each key.
    pub facts: BTreeMap<SubjectId, Vec<Said>>,
    /// Who stood at the cables of each when it was last looked.
    pub cables: BTreeMap<SubjectId, Vec<Neighbour>>,
}

/// Every drift of the devices in `unit` and beneath (`None`: all), in the inventory's order; of one
/// device the serial number first. `known` are the addresses that the inventory has.
#[must_use]
pub fn drift(
    inventory: &Inventory,
    observed: &Observed,
    known: &HashMap<IpAddr, SubjectId>,
    unit: Option<UnitIx>,
) -> Vec<Drift> {
    let within = unit.map(|unit| inventory.subtree(unit));
    let mut owners: HashMap<String, &SubjectId> = HashMap::new();
    for subject in &inventory.subjects {
        if let Some(serial) = subject.device().and_then(|device| device.serial.as_deref()) {
            owners.insert(plain(serial), &subject.id);
        }
    }
    let mut found = Vec::new();
    for subject in &inventory.subjects {
        let Some(device) = subject.device() else { continue };
        if within.as_ref().is_some_and(|units| !units.contains(&subject.unit)) {
            continue;
        }
        let unit = &inventory.unit(subject.unit).id;
        let of = |what, fit, declared: Option<&String>, observed: String, since| Drift {
            subject: subject.id.clone(),
            unit: unit.clone(),
            what,
            fit,
            declared: declared.cloned(),
            observed,
            since,
            belongs_to: None,
        };
        let compared = [
            (What::Serial, device.serial.as_ref()),
            (What::Model, device.model.as_ref()),
            (What::Vendor, device.vendor.as_ref()),
        ];
        let facts = observed.facts.get(&subject.id).map_or(&[][..], Vec::as_slice);
        for (what, declared) in compared {
            let said = facts.iter().find(|said| &*said.key == what.as_str());
            let Some(said) = said.filter(|said| !plain(&said.value).is_empty()) else { continue };
            let fit = match declared {
                Some(declared) if agree(what, declared, &said.value) => continue,
                Some(_) => Fit::Differs,
                None => Fit::Undeclared,
            };
            let mut one = of(what, fit, declared, said.value.to_string(), Some(said.since));
            if what == What::Serial {
                let owner = owners.get(&plain(&said.value));
                one.belongs_to = owner.filter(|id| **id != &subject.id).map(|id| (*id).clone());
            }
            found.push(one);
        }
        let cables = observed.cables.get(&subject.id).map_or(&[][..], Vec::as_slice);
        let strangers = cables
            .iter()
            .filter(|who| who.address.is_some_and(|address| !known.contains_key(&address)));
        for who in strangers {
            found.push(of(What::Neighbour, Fit::Undeclared, None, told(who), None));
        }
    }
    found
}

/// Serial numbers agree when they are the same but for case and marks; of makers and models one
/// side may say more ("MikroTik RB952" and "RB952").
fn agree(what: What, declared: &str, said: &str) -> bool {
    let (declared, said) = (plain(declared), plain(said));
    if what == What::Serial {
        return declared == said;
    }
    let has = |long: &str, short: &str| !short.is_empty() && long.contains(short);
    has(&said, &declared) || has(&declared, &said)
}

/// Letters and digits alone, without case and marks.
fn plain(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// "ether7: sw-1 10.0.0.1".
fn told(who: &Neighbour) -> String {
    let name = who.name.as_deref().or(who.chassis.as_deref());
    let address = who.address.map(|address| address.to_string());
    let end: Vec<&str> = name.into_iter().chain(address.as_deref()).collect();
    match who.local_port.as_deref() {
        Some(port) => format!("{port}: {}", end.join(" ")),
        None => end.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use jiff::tz::TimeZone;

    use super::*;
    use crate::inventory::{Defaults, load};
    use crate::model::Seeing;

    const THREE: &str = "units:
  - id: tg
    name: Tỉnh
    kind: province
    devices:
      router: { address: 10.0.0.1, vendor: MikroTik, model: RB952, serial: A-17 }
      switch: { address: 10.0.0.2, serial: B-18 }
      ups: 10.0.0.3
  - { id: cb, name: Huyện, kind: district, parent: tg, devices: { router: 10.0.1.1 } }
";

    fn inventory(folder: &Path) -> Inventory {
        std::fs::write(folder.join("a.yaml"), THREE).unwrap();
        load(folder, &Defaults::default(), &TimeZone::UTC).inventory.unwrap()
    }

    fn said(key: &str, value: &str) -> Said {
        Said { key: key.into(), value: value.into(), since: UnixMs(7) }
    }

    fn id(text: &str) -> SubjectId {
        SubjectId::new(text).unwrap()
    }

    #[test]
    fn what_agrees_is_silent_and_an_exchange_names_the_other_device() {
        let folder = tempfile::tempdir().unwrap();
        let inventory = inventory(folder.path());
        let mut observed = Observed::default();
        let router = vec![
            said("model", "RB952Ui-5ac2nD"),
            said("serial", "b18"),
            said("vendor", "mikrotik"),
        ];
        observed.facts.insert(id("tg/router"), router);
        observed.facts.insert(id("tg/switch"), vec![said("serial", "B-18"), said("model", " ")]);
        observed.facts.insert(id("tg/ups"), vec![said("model", "Smart-UPS"), said("name", "x")]);
        observed.facts.insert(id("gone/router"), vec![said("serial", "Z")]);
        let found = drift(&inventory, &observed, &HashMap::new(), None);
        let short: Vec<_> = found
            .iter()
            .map(|d| (d.subject.as_str(), d.what, d.fit, d.observed.as_str()))
            .collect();
        let expected = [
            ("tg/router", What::Serial, Fit::Differs, "b18"),
            ("tg/ups", What::Model, Fit::Undeclared, "Smart-UPS"),
        ];
        assert_eq!(short, expected);
        assert_eq!(found[0].belongs_to, Some(id("tg/switch")));
        assert_eq!(found[0].declared.as_deref(), Some("A-17"));
        let district = inventory.find_unit("cb").unwrap();
        assert_eq!(drift(&inventory, &observed, &HashMap::new(), Some(district)), []);
    }

    #[test]
    fn a_neighbour_is_a_stranger_only_when_its_address_is_nobodys() {
        let folder = tempfile::tempdir().unwrap();
        let inventory = inventory(folder.path());
        let who = |address: Option<&str>| Neighbour {
            protocol: Seeing::Lldp,
            local_port: Some("ether7".into()),
            name: Some("sw-1".into()),
            chassis: None,
            port: None,
            address: address.map(|text| text.parse().unwrap()),
        };
        let mut observed = Observed::default();
        let seen = vec![who(Some("10.0.0.2")), who(Some("10.9.9.9")), who(None)];
        observed.cables.insert(id("tg/router"), seen);
        let known = HashMap::from([("10.0.0.2".parse().unwrap(), id("tg/switch"))]);
        let found = drift(&inventory, &observed, &known, None);
        let told: Vec<&str> = found.iter().map(|d| d.observed.as_str()).collect();
        assert_eq!(told, ["ether7: sw-1 10.9.9.9"]);
    }
}
