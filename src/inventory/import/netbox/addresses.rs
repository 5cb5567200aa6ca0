//! Addresses: which device the inventory has at one, and which one a device of NetBox has where only
//! the table of addresses says it.

use std::collections::HashMap;
use std::net::IpAddr;

use jiff::civil::Date;

use super::known::lives;
use super::table::{Table, words};
use crate::inventory::Section;
use crate::inventory::ledger::Entry;
use crate::inventory::node::{Node, Value};
use crate::inventory::place::At;

const ADDRESS: &[&str] = &["address", "ip address"];
/// Whose an address is, as the versions call it.
const DEVICE: &[&str] = &["device", "parent", "device vm"];
const PRIMARY: &[&str] = &["is primary", "primary"];

/// A device of the inventory.
#[derive(Debug, Clone)]
pub(super) struct Owner {
    pub id: String,
    pub unit: Option<String>,
}

/// The devices that are there today by each of their addresses. An address may have been handed on:
/// whoever had it before is not meant.
pub(super) fn owners(old: &[Entry<'_>], today: Date) -> HashMap<IpAddr, Owner> {
    let mut owners = HashMap::new();
    for entry in old.iter().filter(|e| e.section == Section::Devices && lives(e, today)) {
        for address in of(entry) {
            owners.entry(address).or_insert_with(|| Owner {
                id: entry.id.clone(),
                unit: entry.word("unit").map(str::to_owned),
            });
        }
    }
    owners
}

/// Its own address, those of its interfaces, and those that its checks name.
fn of(entry: &Entry<'_>) -> Vec<IpAddr> {
    let inner = match entry.map.value("addresses").map(|node| &node.value) {
        Some(Value::Map(map)) => map.entries.iter().map(|(_, node)| node).collect(),
        _ => Vec::new(),
    };
    let checks = match entry.map.value("checks").map(|node| &node.value) {
        Some(Value::List(items)) => items.iter().collect(),
        Some(Value::Map(_)) => entry.map.value("checks").into_iter().collect(),
        _ => Vec::new(),
    };
    let pinged = checks.into_iter().filter_map(|check| match &check.value {
        Value::Map(map) => map.value("ping"),
        _ => None,
    });
    let said = entry.map.value("address").into_iter().chain(inner).chain(pinged);
    said.filter_map(|node| parsed(node.word()?)).collect()
}

/// An address, with or without the length of its network.
pub(super) fn parsed(text: &str) -> Option<IpAddr> {
    let bare = text.split('/').next().unwrap_or(text);
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// An address of a device, as its table says it.
#[derive(Debug, Clone)]
struct Assigned {
    at: At,
    address: IpAddr,
    is_primary: bool,
}

/// Which address is a device's.
pub(super) enum Primary {
    Is(Node),
    /// Any of these.
    Unsure(Vec<IpAddr>),
    None,
}

/// The addresses of NetBox's devices, by the folded names of these.
#[derive(Debug, Default)]
pub(super) struct Assignments(HashMap<String, Vec<Assigned>>);

impl Assignments {
    pub(super) fn learn(&mut self, table: &Table) {
        for row in table.rows() {
            let is_used = row
                .text(&["status"])
                .is_none_or(|status| !matches!(words(status).as_str(), "deprecated" | "reserved"));
            let address = row.text(ADDRESS).and_then(parsed);
            let (Some(device), Some(address), true) = (row.text(DEVICE), address, is_used) else {
                continue;
            };
            let is_primary = row
                .text(PRIMARY)
                .is_some_and(|text| matches!(words(text).as_str(), "true" | "yes" | "1"));
            let known = self.0.entry(words(device)).or_default();
            known.push(Assigned { at: row.cell(ADDRESS), address, is_primary });
        }
    }

    /// The one that is marked, IPv4 before IPv6; else the only one there is. Of several devices of one
    /// name (`is_alone` is false) none can be told.
    pub(super) fn primary(&self, device: &str, is_alone: bool) -> Primary {
        let Some(all) = self.0.get(&words(device)) else { return Primary::None };
        let mut marked: Vec<&Assigned> = all.iter().filter(|one| one.is_primary).collect();
        marked.sort_by_key(|one| one.address.is_ipv6());
        let families = |v6: bool| marked.iter().filter(|one| one.address.is_ipv6() == v6).count();
        let is_clear = families(false) <= 1 && families(true) <= 1;
        let found = match (marked.as_slice(), all.as_slice()) {
            ([first, ..], _) if is_clear => Some(*first),
            ([], [only]) => Some(only),
            _ => None,
        };
        match found.filter(|_| is_alone) {
            Some(one) => Primary::Is(Node::text(one.at, one.address.to_string())),
            None => Primary::Unsure(all.iter().map(|one| one.address).collect()),
        }
    }
}
