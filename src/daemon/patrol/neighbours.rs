//! Who stands beside the devices: kept with when it was seen; others than before are an event.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::json;

use super::Patrol;
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
        let missing = |from: &[Neighbour], of: &[Neighbour]| -> Vec<Neighbour> {
            of.iter().filter(|who| from.binary_search(who).is_err()).cloned().collect()
        };
        let found = missing(known, cables);
        let lost = if is_whole { missing(cables, known) } else { Vec::new() };
        if found.is_empty() && lost.is_empty() {
            return;
        }
        known.retain(|who| lost.binary_search(who).is_err());
        known.extend(found.iter().cloned());
        known.sort();
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

    /// Addresses come and go with whoever works in an office; only those that the inventory has are
    /// expected to stay with their cards.
    fn cards_changed(&mut self, id: &SubjectId, addresses: &[Address], at: UnixMs) {
        for address in addresses {
            if !self.devices.ours.contains(&address.ip) {
                continue;
            }
            let before = self.devices.cards.insert((id.clone(), address.ip), address.mac);
            if let Some(before) = before.filter(|before| *before != address.mac) {
                let from = neighbours::mac_text(&before);
                let detail = json!({ "address": address.ip, "from": from, "to": address.card() });
                tracing::info!(device = %id, %detail, "an address has another card");
                self.event(at, EventKind::NeighboursChanged, Some(id.clone()), detail);
            }
        }
    }
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
