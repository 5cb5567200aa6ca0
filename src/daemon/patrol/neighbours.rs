//! Who stands beside the devices: kept with when it was seen; others than before are an event.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::json;

use super::Patrol;
use super::devices::Devices;
use crate::daemon::asker::Heard;
use crate::model::{Beside, Neighbour, Seeing, SubjectId, UnixMs, Untrusted};
use crate::probe::snmp::neighbours::{self, Address, Protocol};
use crate::probe::snmp::reading::{DeviceReading, Pass};
use crate::store::{ADDRESSES_MAX, CABLES_MAX, EventKind, Fact};

/// Most neighbours that an event names, each way.
const TOLD_MAX: usize = 8;

impl Patrol {
    /// What a device sees beside it; at the first look there is nothing that it could differ from.
    pub(super) fn neighbours(&mut self, heard: &Heard, reading: &DeviceReading) {
        if reading.pass != Pass::Neighbours {
            return;
        }
        let (at, is_whole) = (reading.at, reading.are_neighbours_whole);
        let seen = beside(reading);
        let mut cables: Vec<Neighbour> =
            seen.iter().map(|b| &b.who).filter(|who| who.protocol.is_cable()).cloned().collect();
        cables.sort();
        for place in &heard.agent.devices {
            let id = self.id(place.subject);
            self.cables_changed(&id, &cables, is_whole, at);
            self.cards_changed(&id, &reading.addresses, at);
            let looked = is_whole.then_some(at);
            self.batch.facts.push(Fact::Neighbours { subject: id, looked, seen: seen.clone() });
        }
    }

    fn cables_changed(&mut self, id: &SubjectId, cables: &[Neighbour], is_whole: bool, at: UnixMs) {
        let Some(known) = self.devices.cables.get_mut(id) else {
            if is_whole {
                self.devices.cables.insert(id.clone(), cables.to_vec());
            }
            return;
        };
        let (found, lost) = take_over(known, cables, is_whole);
        if found.is_empty() && lost.is_empty() {
            return;
        }
        let (gone, new) = (lost.len(), found.len());
        tracing::info!(device = %id, gone, new, "has other neighbours than before");
        let detail = json!({
            "found": found.iter().take(TOLD_MAX).collect::<Vec<_>>(),
            "found_count": new,
            "lost": lost.iter().take(TOLD_MAX).collect::<Vec<_>>(),
            "lost_count": gone,
        });
        self.event(at, EventKind::NeighboursChanged, Some(id.clone()), detail);
    }

    fn cards_changed(&mut self, id: &SubjectId, addresses: &[Address], at: UnixMs) {
        for (address, before) in self.devices.other_cards(id, addresses) {
            let from = neighbours::mac_text(&before);
            let detail = json!({ "address": address.ip, "from": from, "to": address.card() });
            tracing::info!(device = %id, %detail, "an address has another card");
            self.event(at, EventKind::NeighboursChanged, Some(id.clone()), detail);
        }
    }
}

impl Devices {
    /// The addresses of the inventory that have another card than when they were seen last, with the
    /// card that they had; remembers the new ones. Other addresses come and go with whoever works in
    /// an office.
    fn other_cards<'a>(
        &mut self,
        id: &SubjectId,
        addresses: &'a [Address],
    ) -> Vec<(&'a Address, [u8; 6])> {
        let Self { ours, cards, .. } = self;
        let known = addresses.iter().filter(|address| ours.contains(&address.ip));
        let other = known.filter_map(|address| {
            let before = cards.insert((id.clone(), address.index, address.ip), address.mac)?;
            (before != address.mac).then_some((address, before))
        });
        other.collect()
    }
}

/// Makes of whom a device had at its cables whom it has; gives who is new and, where all were seen,
/// who is gone. All of them are in order.
fn take_over(
    known: &mut Vec<Neighbour>,
    cables: &[Neighbour],
    is_whole: bool,
) -> (Vec<Neighbour>, Vec<Neighbour>) {
    let missing = |from: &[Neighbour], of: &[Neighbour]| -> Vec<Neighbour> {
        of.iter().filter(|who| from.binary_search(who).is_err()).cloned().collect()
    };
    let mut found = missing(known, cables);
    if !is_whole {
        // Nobody goes, so there is an end to who comes.
        found.truncate(CABLES_MAX.saturating_sub(known.len()));
    }
    let lost = if is_whole { missing(cables, known) } else { Vec::new() };
    known.retain(|who| lost.binary_search(who).is_err());
    known.extend(found.iter().cloned());
    known.sort();
    (found, lost)
}

/// Everybody that a reading has, each once, as many as are kept.
fn beside(reading: &DeviceReading) -> Vec<Beside> {
    let at = reading.at;
    let text = |text: &Option<Untrusted>| text.as_ref().map(|text| Arc::from(text.as_str()));
    let mut known = HashSet::new();
    let cables = reading.neighbours.iter().map(|neighbour| {
        let who = Neighbour {
            protocol: match neighbour.protocol {
                Protocol::Lldp => Seeing::Lldp,
                Protocol::Cdp => Seeing::Cdp,
            },
            local_port: text(&neighbour.local_port),
            name: text(&neighbour.name),
            chassis: text(&neighbour.chassis),
            port: text(&neighbour.port),
            address: neighbour.address,
        };
        (who, text(&neighbour.description))
    });
    let cards = reading.addresses.iter().map(|address| {
        let who = Neighbour {
            protocol: Seeing::Arp,
            local_port: address.local_port.clone(),
            name: None,
            chassis: Some(address.card().into()),
            port: None,
            address: Some(address.ip),
        };
        (who, None)
    });
    cables
        .take(CABLES_MAX)
        .chain(cards.take(ADDRESSES_MAX))
        .filter(|(who, _)| known.insert(who.clone()))
        .map(|(who, description)| Beside { who, description, first: at, last: at, is_there: true })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_cable(name: &str) -> Neighbour {
        Neighbour {
            protocol: Seeing::Lldp,
            local_port: Some("ether1".into()),
            name: Some(name.into()),
            chassis: None,
            port: None,
            address: None,
        }
    }

    #[test]
    fn who_was_not_seen_is_gone_only_where_all_were() {
        let [a, b, c] = ["a", "b", "c"].map(at_cable);
        let mut known = vec![a.clone(), b.clone()];
        let torn = take_over(&mut known, &[a.clone(), c.clone()], false);
        assert_eq!(torn, (vec![c.clone()], vec![]));
        assert_eq!(known, [a.clone(), b.clone(), c.clone()]);
        let whole = take_over(&mut known, &[a.clone(), c.clone()], true);
        assert_eq!((whole, &known), ((vec![], vec![b]), &vec![a.clone(), c.clone()]));
        assert_eq!(take_over(&mut known, &[a, c], true), (vec![], vec![]));
    }

    #[test]
    fn an_address_of_the_inventory_with_another_card_is_told_once() {
        let router = SubjectId::new("xa/router").unwrap();
        let mut devices = Devices::default();
        devices.ours.insert([10, 0, 0, 1].into());
        let address = |host: u8, card: u8| Address {
            index: 1,
            local_port: None,
            ip: [10, 0, 0, host].into(),
            mac: [0, 0, 0, 0, 0, card],
        };
        let mut told = |card| {
            let seen = [address(1, card), address(2, card)];
            let other = devices.other_cards(&router, &seen).into_iter();
            other.map(|(address, before)| (address.ip.to_string(), before[5])).collect::<Vec<_>>()
        };
        assert_eq!(told(7), [], "nothing was known");
        assert_eq!(told(7), []);
        assert_eq!(told(8), [("10.0.0.1".to_owned(), 7)], "the other is nobody's");
        assert_eq!(told(8), []);
    }
}
