//! What was found as entries of the inventory: which is which, whose it is, what it is reached
//! through. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;

use super::ask::{Found, Said};
use super::guess;
use super::tree::{self, By, Node};
pub(in crate::cli) use crate::inventory::drift::known;
use crate::model::{CredentialId, Id, Inventory, SubjectId, UnitId};
use crate::probe::snmp::facts::FactKind;

/// What the inventory has at each address: a device, else a line or a service that has it for its
/// own.
pub(in crate::cli) type Known = HashMap<IpAddr, SubjectId>;

/// Devices of the inventory by the names they told when they were last asked, as their neighbours may
/// know them.
pub(super) type Named = HashMap<String, SubjectId>;

/// A device that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// The address that is asked: the least of its addresses.
    pub address: IpAddr,
    /// Others at which the same device answered.
    pub also: Vec<IpAddr>,
    /// What the inventory calls it; `None`: it is new.
    pub known: Option<SubjectId>,
    /// The id proposed; of a known one its own.
    pub id: String,
    /// Whose address it is, by the address plan.
    pub unit: Option<UnitId>,
    /// Guessed.
    pub role: String,
    /// It says so.
    pub vendor: Option<String>,
    /// It says so.
    pub model: Option<String>,
    /// It says so.
    pub serial: Option<String>,
    /// Its name, as it says.
    pub name: Option<String>,
    /// The credential it answers to; `None`: it answers ping only.
    pub snmp: Option<CredentialId>,
    /// The id of what it is reached through, and how that is known.
    pub via: Option<(String, By)>,
}

/// Makes entries of what was found, by address. `roots` were named on the command line.
pub(super) fn propose(
    found: &[Found],
    inventory: &Inventory,
    (known, named): (&Known, &Named),
    plan: &[(IpNet, Option<UnitId>)],
    roots: &BTreeSet<IpAddr>,
) -> Vec<Entry> {
    let groups = same(found, known);
    let mut taken: BTreeSet<String> =
        inventory.subjects.iter().map(|subject| subject.id.to_string()).collect();
    let mut entries: Vec<Entry> =
        groups.iter().map(|group| entry(group, inventory, known, plan, &mut taken)).collect();
    let mut ids: Vec<String> = entries.iter().map(|entry| entry.id.clone()).collect();
    let asked = groups.iter().zip(&entries).map(|(group, entry)| node(group, entry, roots));
    let mut nodes: Vec<Node> = asked.collect();
    for (id, node) in beyond(&groups, inventory, known, named) {
        ids.push(id);
        nodes.push(node);
    }
    for (entry, parent) in entries.iter_mut().zip(tree::parents(&nodes)) {
        if entry.known.is_none() {
            entry.via = parent.map(|(at, by)| (ids[at].clone(), by));
        }
    }
    entries
}

/// Addresses at which one device answered: those of one subject of the inventory, and those that
/// tell the same serial number under the same name.
fn same<'f>(found: &'f [Found], known: &Known) -> Vec<Vec<&'f Found>> {
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    enum Mark<'f> {
        Known(String),
        Told(&'f str, Option<&'f str>),
        Alone(IpAddr),
    }
    let mut groups: BTreeMap<Mark<'_>, Vec<&Found>> = BTreeMap::new();
    for one in found {
        let told = one.said.as_ref().and_then(|said| {
            Some(Mark::Told(said.fact(FactKind::Serial)?, said.fact(FactKind::Name)))
        });
        let mark = match known.get(&one.address) {
            Some(id) => Mark::Known(id.to_string()),
            None => told.unwrap_or(Mark::Alone(one.address)),
        };
        groups.entry(mark).or_default().push(one);
    }
    let mut groups: Vec<Vec<&Found>> = groups.into_values().collect();
    groups.iter_mut().for_each(|group| group.sort_by_key(|one| one.address));
    groups.sort_by_key(|group| group.first().map(|one| one.address));
    groups
}

fn said<'f>(group: &[&'f Found]) -> Option<&'f Said> {
    group.iter().find_map(|one| one.said.as_ref())
}

fn entry(
    group: &[&Found],
    inventory: &Inventory,
    known: &Known,
    plan: &[(IpNet, Option<UnitId>)],
    taken: &mut BTreeSet<String>,
) -> Entry {
    // A device that speaks is asked where it spoke.
    let main = group.iter().find(|one| one.said.is_some()).or(group.first());
    let address = main.map_or(IpAddr::from([0, 0, 0, 0]), |one| one.address);
    let also = group.iter().map(|one| one.address).filter(|a| *a != address).collect();
    let said = said(group);
    let fact = |kind| said.and_then(|said| said.fact(kind)).map(str::to_owned);
    let id = known.get(&address).cloned();
    let subject = id.as_ref().and_then(|id| inventory.find_subject(id.as_str()));
    let subject = subject.map(|ix| inventory.subject(ix));
    let unit = match subject {
        Some(subject) => Some(inventory.unit(subject.unit).id.clone()),
        None => unit_of(address, plan),
    };
    let own_role = subject.and_then(|subject| subject.device()).map(|device| device.role.clone());
    let guessed = said.map_or(guess::UNKNOWN, guess::role);
    let name = fact(FactKind::Name);
    let proposed = match &id {
        Some(id) => id.to_string(),
        None => free_id(unit.as_ref(), name.as_deref(), address, taken),
    };
    Entry {
        address,
        also,
        known: id,
        id: proposed,
        unit,
        role: own_role.unwrap_or_else(|| guessed.to_owned()),
        vendor: fact(FactKind::Vendor),
        model: fact(FactKind::Model),
        serial: fact(FactKind::Serial),
        name,
        snmp: said.and_then(|said| said.credential.clone()),
        via: None,
    }
}

/// The unit with the smallest prefix that has the address.
fn unit_of(address: IpAddr, plan: &[(IpNet, Option<UnitId>)]) -> Option<UnitId> {
    let own = plan.iter().filter(|(net, _)| net.contains(&address));
    let own = own.filter_map(|(net, unit)| Some((net.prefix_len(), unit.as_ref()?)));
    own.max_by_key(|(length, _)| *length).map(|(_, unit)| unit.clone())
}

/// An id that nobody has: by its name, else by its address.
fn free_id(
    unit: Option<&UnitId>,
    name: Option<&str>,
    address: IpAddr,
    taken: &mut BTreeSet<String>,
) -> String {
    let by_address = || {
        let digits = address.to_string().replace(['.', ':'], "-").replace("--", "-");
        format!("host-{}", digits.trim_matches('-'))
    };
    let key = name.and_then(guess::key).unwrap_or_else(by_address);
    let whole = |key: &str| match unit {
        Some(unit) => format!("{unit}/{key}"),
        None => key.to_owned(),
    };
    let numbered = (2_u32..).map(|n| whole(&format!("{key}-{n}")));
    let is_free = |id: &String| !taken.contains(id) && Id::new(id).is_ok();
    let id = std::iter::once(whole(&key)).chain(numbered.take(taken.len() + 1)).find(is_free);
    let id = id.unwrap_or_else(by_address);
    taken.insert(id.clone());
    id
}

fn node(group: &[&Found], entry: &Entry, roots: &BTreeSet<IpAddr>) -> Node {
    let said = said(group);
    let neighbours = said.map_or(&[][..], |said| &said.neighbours);
    let text = |text: &Option<crate::model::Untrusted>| text.as_ref().map(ToString::to_string);
    let is_named = group.iter().any(|one| roots.contains(&one.address));
    Node {
        addresses: group.iter().map(|one| one.address).collect(),
        name: entry.name.clone(),
        is_root: entry.known.is_some() || is_named,
        is_router: guess::is_router(&entry.role),
        neighbours: neighbours.iter().map(|n| (n.address, text(&n.name))).collect(),
        cards: said.map_or_else(Vec::new, |said| said.cards.iter().map(|c| c.ip).collect()),
    }
}

/// Devices of the inventory that were not asked, and are seen by those that were: by an address that
/// the inventory has, else by the name that they told before. With their ids.
fn beyond(
    groups: &[Vec<&Found>],
    inventory: &Inventory,
    known: &Known,
    named: &Named,
) -> Vec<(String, Node)> {
    let mut seen: BTreeMap<String, Node> = BTreeMap::new();
    let asked: BTreeSet<IpAddr> = groups.iter().flatten().map(|one| one.address).collect();
    let answered: BTreeSet<&SubjectId> =
        asked.iter().filter_map(|address| known.get(address)).collect();
    let is_there = |id: &&SubjectId| {
        let ix = inventory.find_subject(id.as_str());
        let is_device = ix.is_some_and(|ix| inventory.subject(ix).device().is_some());
        is_device && !answered.contains(id)
    };
    let mut node = |id: &SubjectId, address: Option<IpAddr>, name: Option<String>| {
        let node =
            seen.entry(id.to_string()).or_insert_with(|| Node { is_root: true, ..Node::default() });
        node.addresses.extend(address.filter(|address| !node.addresses.contains(address)));
        node.name = node.name.take().or(name);
    };
    for said in groups.iter().filter_map(|group| said(group)) {
        for neighbour in &said.neighbours {
            let by_address = neighbour.address.and_then(|address| known.get(&address));
            if let Some(id) = by_address.filter(is_there) {
                node(id, neighbour.address, None);
                continue;
            }
            let name = neighbour.name.as_ref().map(|name| tree::plain(name.as_str()));
            let by_name = name.as_ref().and_then(|name| named.get(name));
            if let Some(id) = by_name.filter(is_there) {
                node(id, None, name);
            }
        }
    }
    seen.into_iter().collect()
}
