//! What a device sees beside it: by LLDP and CDP, which say who, and by its table of addresses,
//! which says where. Proposals for the inventory; nothing is believed by itself.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::ask::{Answers, Datum, Wanted};
use super::mib::{self, oid};
use super::value;
use crate::model::Untrusted;

/// Most neighbours of one device.
const NEIGHBOURS_MAX: usize = 256;
/// Most addresses of one device.
const ADDRESSES_MAX: usize = 2_048;

/// How a neighbour is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// LLDP (IEEE 802.1AB).
    Lldp,
    /// Cisco's own.
    Cdp,
}

/// A device at the other end of a cable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// How it is known.
    pub protocol: Protocol,
    /// Our end: the port as LLDP calls it; by CDP the interface's name, where it is known.
    pub local_port: Option<Untrusted>,
    /// Our end's interface, where it is known.
    pub local_index: Option<u32>,
    /// Its name, by CDP its device id.
    pub name: Option<Untrusted>,
    /// Its chassis: most often a MAC address, written `00:1b:c0:…`.
    pub chassis: Option<Untrusted>,
    /// Its end of the cable.
    pub port: Option<Untrusted>,
    /// What it says it is.
    pub description: Option<Untrusted>,
    /// Where it is managed.
    pub address: Option<IpAddr>,
}

/// An address with the network card that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The interface behind which it is (`ifIndex`).
    pub index: u32,
    /// Its name, where it is known.
    pub local_port: Option<Arc<str>>,
    /// The address.
    pub ip: IpAddr,
    /// Its MAC address.
    pub mac: [u8; 6],
}

impl Address {
    /// The card, written as a chassis is.
    #[must_use]
    pub fn card(&self) -> String {
        mac_text(&self.mac)
    }
}

/// True when all that is there was told: what is missing is gone.
#[must_use]
pub fn is_whole(answers: &Answers) -> bool {
    !answers.is_cut() && answers.broken().is_empty()
}

/// Names the interfaces that are known by their numbers only.
pub fn name_ports(
    neighbours: &mut [Neighbour],
    addresses: &mut [Address],
    name: impl Fn(u32) -> Option<Arc<str>>,
) {
    for neighbour in neighbours.iter_mut().filter(|n| n.local_port.is_none()) {
        let name = neighbour.local_index.and_then(&name);
        neighbour.local_port = name.map(|name| Untrusted::from_text(&name));
    }
    for address in addresses {
        address.local_port = name(address.index);
    }
}

/// Adds what is to be asked.
pub fn want(wanted: &mut Wanted) {
    let columns = [
        mib::LLDP_LOC_PORT_SUBTYPE,
        mib::LLDP_LOC_PORT,
        mib::LLDP_REM_CHASSIS_SUBTYPE,
        mib::LLDP_REM_CHASSIS,
        mib::LLDP_REM_PORT_SUBTYPE,
        mib::LLDP_REM_PORT,
        mib::LLDP_REM_PORT_DESC,
        mib::LLDP_REM_NAME,
        mib::LLDP_REM_DESC,
        mib::LLDP_REM_ADDRESS,
        mib::CDP_ADDRESS_TYPE,
        mib::CDP_ADDRESS,
        mib::CDP_DEVICE,
        mib::CDP_PORT,
        mib::CDP_PLATFORM,
        mib::ARP,
        mib::NET_TO_PHYSICAL,
    ];
    wanted.columns.extend(columns.map(oid));
}

/// The neighbours of a pass, LLDP's first.
#[must_use]
pub fn read(answers: &Answers) -> Vec<Neighbour> {
    let mut found = lldp(answers);
    found.extend(cdp(answers));
    found.truncate(NEIGHBOURS_MAX);
    found
}

/// A column by its index.
fn column(answers: &Answers, arcs: mib::Arcs) -> BTreeMap<Vec<u32>, Datum<'_>> {
    let column = oid(arcs);
    answers.column(&column).map(|(index, value)| (index.to_vec(), value)).collect()
}

fn lldp(answers: &Answers) -> Vec<Neighbour> {
    let names = column(answers, mib::LLDP_REM_NAME);
    let descriptions = column(answers, mib::LLDP_REM_DESC);
    let port_descriptions = column(answers, mib::LLDP_REM_PORT_DESC);
    let [ports, port_kinds] =
        [mib::LLDP_REM_PORT, mib::LLDP_REM_PORT_SUBTYPE].map(|arcs| column(answers, arcs));
    let [chassis, chassis_kinds] =
        [mib::LLDP_REM_CHASSIS, mib::LLDP_REM_CHASSIS_SUBTYPE].map(|arcs| column(answers, arcs));
    let [local, local_kinds] =
        [mib::LLDP_LOC_PORT, mib::LLDP_LOC_PORT_SUBTYPE].map(|arcs| column(answers, arcs));
    let mut addresses: BTreeMap<&[u32], IpAddr> = BTreeMap::new();
    let address_column = oid(mib::LLDP_REM_ADDRESS);
    for (index, _) in answers.column(&address_column) {
        // timeMark.localPort.number.subtype.length.address…
        let (Some(key), Some(rest)) = (index.get(..3), index.get(3..)) else { continue };
        if let Some(ip) = managed(rest) {
            addresses.entry(key).or_insert(ip);
        }
    }
    let said = |column: &BTreeMap<Vec<u32>, Datum<'_>>, index: &[u32]| {
        column.get(index).copied().and_then(value::text)
    };
    // Kinds of ids: a chassis's MAC address is 4, a port's 3.
    let id = |ids: &BTreeMap<Vec<u32>, Datum<'_>>,
              kinds: &BTreeMap<Vec<u32>, Datum<'_>>,
              index: &[u32],
              mac_kind: i64| {
        let value = *ids.get(index)?;
        let kind = kinds.get(index).copied().and_then(value::integer);
        match (value, kind) {
            (Datum::OctetString(bytes), Some(kind)) if kind == mac_kind && bytes.len() == 6 => {
                Some(Untrusted::from_text(&mac_text(bytes)))
            }
            _ => value::text(value),
        }
    };
    chassis
        .keys()
        .chain(names.keys().filter(|index| !chassis.contains_key(*index)))
        .take(NEIGHBOURS_MAX)
        .filter_map(|index| {
            // Some agents leave the time or the port out of the index.
            let local_port = match index[..] {
                [_, port, _] => Some(port),
                _ => None,
            };
            let neighbour = Neighbour {
                protocol: Protocol::Lldp,
                local_port: local_port.and_then(|port| id(&local, &local_kinds, &[port], 3)),
                local_index: None,
                name: said(&names, index),
                chassis: id(&chassis, &chassis_kinds, index, 4)
                    .filter(|chassis| chassis.as_str() != "00:00:00:00:00:00"),
                port: id(&ports, &port_kinds, index, 3).or_else(|| said(&port_descriptions, index)),
                description: said(&descriptions, index),
                address: addresses.get(&index[..]).copied(),
            };
            (neighbour.name.is_some() || neighbour.chassis.is_some()).then_some(neighbour)
        })
        .collect()
}

fn cdp(answers: &Answers) -> Vec<Neighbour> {
    let devices = column(answers, mib::CDP_DEVICE);
    let ports = column(answers, mib::CDP_PORT);
    let platforms = column(answers, mib::CDP_PLATFORM);
    let addresses = column(answers, mib::CDP_ADDRESS);
    devices
        .into_iter()
        .take(NEIGHBOURS_MAX)
        .filter_map(|(index, device)| {
            let said = |column: &BTreeMap<Vec<u32>, Datum<'_>>| {
                column.get(&index).copied().and_then(value::text)
            };
            let bytes = addresses.get(&index).and_then(|v| match v {
                Datum::OctetString(bytes) => Some(*bytes),
                _ => None,
            });
            let local_index = match index[..] {
                [local, _] => Some(local),
                _ => None,
            };
            Some(Neighbour {
                protocol: Protocol::Cdp,
                local_port: None,
                local_index,
                name: Some(value::text(device)?),
                chassis: None,
                port: said(&ports),
                description: said(&platforms),
                address: bytes.and_then(ip),
            })
        })
        .collect()
}

/// The table of addresses; where both forms are told, the newer one.
#[must_use]
pub fn addresses(answers: &Answers) -> Vec<Address> {
    let mut found: BTreeMap<(u32, IpAddr), [u8; 6]> = BTreeMap::new();
    for arcs in [mib::ARP, mib::NET_TO_PHYSICAL] {
        for (index, value) in answers.column(&oid(arcs)) {
            let Some((&port, rest)) = index.split_first() else { continue };
            let ip =
                if arcs == mib::ARP { octets(rest).as_deref().and_then(ip) } else { managed(rest) };
            let (Some(ip), Datum::OctetString(bytes)) = (ip, value) else { continue };
            let Ok(mac) = <[u8; 6]>::try_from(bytes) else { continue };
            // An unfinished entry, or one for many.
            if mac == [0; 6] || mac[0] & 1 == 1 || found.len() >= ADDRESSES_MAX {
                continue;
            }
            found.insert((port, ip), mac);
        }
    }
    found
        .into_iter()
        .map(|((index, ip), mac)| Address { index, local_port: None, ip, mac })
        .collect()
}

/// `type.length.address…` of an index: ipv4(1), ipv6(2), and these with a zone (3, 4), which ends
/// the address with four more octets.
fn managed(index: &[u32]) -> Option<IpAddr> {
    let (&kind, rest) = index.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let bytes = octets(rest).filter(|b| u32::try_from(b.len()) == Ok(length))?;
    match (kind, bytes.len()) {
        (1, 4) | (2, 16) => ip(&bytes),
        (3, 8) => ip(&bytes[..4]),
        (4, 20) => ip(&bytes[..16]),
        _ => None,
    }
}

fn octets(arcs: &[u32]) -> Option<Vec<u8>> {
    arcs.iter().map(|arc| u8::try_from(*arc).ok()).collect()
}

fn ip(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(IpAddr::V4(Ipv4Addr::from(v4)));
    }
    <[u8; 16]>::try_from(bytes).ok().map(|v6| IpAddr::V6(Ipv6Addr::from(v6)))
}

/// A card as it is written: `00:1b:c0:01:02:03`.
#[must_use]
pub fn mac_text(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|b| format!("{b:02x}")).collect();
    pairs.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::snmp::wire::Value;

    fn octets(bytes: &[u8]) -> Value {
        Value::OctetString(bytes.to_vec().into())
    }

    fn put(answers: &mut Answers, arcs: mib::Arcs, index: &[u32], value: Value) {
        let arcs = arcs.iter().chain(index).copied();
        answers.insert(crate::probe::snmp::wire::Oid::new(arcs), value);
    }

    #[test]
    fn lldp_says_who_is_at_the_other_end() {
        let mut answers = Answers::default();
        let at = [0, 7, 1];
        put(&mut answers, mib::LLDP_REM_CHASSIS_SUBTYPE, &at, Value::Integer(4));
        put(&mut answers, mib::LLDP_REM_CHASSIS, &at, octets(&[0, 0x1b, 0xc0, 1, 2, 3]));
        put(&mut answers, mib::LLDP_REM_PORT_SUBTYPE, &at, Value::Integer(5));
        put(&mut answers, mib::LLDP_REM_PORT, &at, octets(b"Gi0/1"));
        put(&mut answers, mib::LLDP_REM_NAME, &at, octets(b"sw-cai-be"));
        let managed = [0, 7, 1, 1, 4, 10, 20, 30, 40];
        put(&mut answers, mib::LLDP_REM_ADDRESS, &managed, Value::Integer(2));
        put(&mut answers, mib::LLDP_LOC_PORT, &[7], octets(b"ether7"));
        let found = read(&answers);
        assert_eq!(found.len(), 1);
        let text = |t: &Option<Untrusted>| t.as_ref().map(|t| t.as_str().to_owned());
        assert_eq!(text(&found[0].chassis).as_deref(), Some("00:1b:c0:01:02:03"));
        assert_eq!(text(&found[0].local_port).as_deref(), Some("ether7"));
        assert_eq!(text(&found[0].name).as_deref(), Some("sw-cai-be"));
        assert_eq!(found[0].address, Some(IpAddr::V4(Ipv4Addr::new(10, 20, 30, 40))));
    }

    #[test]
    fn cdp_says_the_same_in_its_own_way() {
        let mut answers = Answers::default();
        put(&mut answers, mib::CDP_DEVICE, &[10_101, 3], octets(b"R1.example"));
        put(&mut answers, mib::CDP_ADDRESS, &[10_101, 3], octets(&[10, 0, 0, 1]));
        put(&mut answers, mib::CDP_PORT, &[10_101, 3], octets(b"GigabitEthernet0/0"));
        let found = read(&answers);
        assert_eq!((found[0].protocol, found[0].local_index), (Protocol::Cdp, Some(10_101)));
        assert_eq!(found[0].address, Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1))));
    }

    #[test]
    fn addresses_without_a_card_are_left_out() {
        let mut answers = Answers::default();
        let card = [0, 0x50, 0x56, 1, 2, 3];
        put(&mut answers, mib::ARP, &[3, 10, 0, 0, 9], octets(&card));
        put(&mut answers, mib::ARP, &[3, 10, 0, 0, 8], octets(&[0; 6]));
        put(&mut answers, mib::ARP, &[3, 224, 0, 0, 5], octets(&[1, 0, 0x5e, 0, 0, 5]));
        put(&mut answers, mib::ARP, &[3, 10, 0, 0, 999], octets(&card));
        put(&mut answers, mib::ARP, &[], octets(&card));
        let v6 = [4, 2, 16, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        put(&mut answers, mib::NET_TO_PHYSICAL, &v6, octets(&card));
        let found = addresses(&answers);
        let ips: Vec<String> = found.iter().map(|a| a.ip.to_string()).collect();
        assert_eq!(ips, ["10.0.0.9", "fe80::1"]);
        assert_eq!((found[0].index, found[0].mac), (3, card));
    }
}
