//! The inventory's own shapes out of resolved drafts: names made up where none is given, the service
//! level in force.

use super::checks::checks;
use super::drafts::{Draft, Link};
use super::place::At;
use super::raw::{Raw, RawCarrier, RawConnection, RawDetail, RawNetwork, RawUnit};
use super::resolve::Tree;
use super::subjects::last_part;
use crate::model::{
    Carrier, Connection, Device, Network, NetworkIx, Service, ServiceLevel, Subject, SubjectDetail,
    Unit, UnitIx, UnixMs, Via,
};

pub(super) fn unit(raw: &RawUnit, parent: Option<UnitIx>, required: &[(NetworkIx, At)]) -> Unit {
    Unit {
        id: raw.id.clone().into(),
        name: raw.name.clone(),
        short: raw.short.clone().unwrap_or_else(|| raw.name.clone()),
        kind: raw.kind,
        parent,
        code: raw.code.clone(),
        contact: raw.contact.clone(),
        location: raw.location,
        requires: required.iter().map(|(network, _)| *network).collect(),
        since: raw.since,
        until: raw.until,
        merged_into: None,
        equipment_stays: raw.equipment_stays,
    }
}

pub(super) fn network(raw: &RawNetwork, over: Vec<NetworkIx>, sla: ServiceLevel) -> Network {
    Network {
        id: raw.id.clone().into(),
        name: raw.name.clone(),
        name_en: raw.name_en.clone().unwrap_or_else(|| raw.name.clone()),
        short: raw.short.clone().unwrap_or_else(|| raw.id.as_str().to_uppercase()),
        over,
        sla,
    }
}

pub(super) fn carrier(raw: &RawCarrier, sla: ServiceLevel) -> Carrier {
    Carrier {
        id: raw.id.clone().into(),
        name: raw.name.clone(),
        contract: raw.contract.clone(),
        hotline: raw.hotline.clone(),
        penalty: raw.penalty.clone(),
        sla,
    }
}

/// From when until when a subject is in force: its own dates, else its unit's, whose end is not
/// its own where the equipment stays.
pub(super) fn life(draft: &Draft<'_>, unit: &Unit) -> (Option<UnixMs>, Option<UnixMs>) {
    let end = unit.until.filter(|_| !unit.equipment_stays);
    (draft.raw.since.or(unit.since), draft.raw.until.or(end))
}

/// Makes subjects of drafts.
pub(super) struct Named<'a> {
    pub tree: &'a Tree<'a>,
    pub raw: &'a Raw,
    pub drafts: &'a [Draft<'a>],
}

impl Named<'_> {
    /// The subject of a draft with its `via` by final indexes.
    pub(super) fn subject(&self, i: usize, via: Via) -> Subject {
        let draft = &self.drafts[i];
        let raw = draft.raw;
        let unit = &self.tree.units[draft.unit.ix()];
        let detail = match (&raw.detail, &draft.link) {
            (RawDetail::Connection(own), Some(link)) => {
                SubjectDetail::Connection(self.connection(own, link))
            }
            (RawDetail::Device(own), _) => SubjectDetail::Device(Device {
                id: raw.id.clone().into(),
                role: own.role.clone(),
                vendor: own.vendor.clone(),
                model: own.model.clone(),
                serial: own.serial.clone(),
                support_until: own.support_until,
                snmp: own.snmp.as_ref().map(|(id, _)| id.clone().into()),
                addresses: own.addresses.iter().map(|(_, address, _)| *address).collect(),
            }),
            _ => SubjectDetail::Service(Service { id: raw.id.clone().into() }),
        };
        let (since, until) = life(draft, unit);
        Subject {
            id: raw.id.clone().into(),
            name: raw.name.clone().unwrap_or_else(|| self.name(draft, unit)),
            unit: draft.unit,
            via,
            checks: checks(draft, self.drafts),
            health: raw.asked.health,
            limits: raw.asked.limits,
            calendar: draft.clock.calendar,
            off_hours_allowed: draft.clock.off_hours_allowed,
            is_enabled: raw.is_enabled,
            since,
            until,
            detail,
        }
    }

    /// "TSLCD – X. Hòa Khánh", with what tells it from the unit's other lines on that network.
    fn name(&self, draft: &Draft<'_>, unit: &Unit) -> String {
        let Some(link) = &draft.link else {
            return format!("{} – {}", last_part(draft.raw.id.as_str()), unit.short);
        };
        let network = &self.raw.networks[link.network.ix()];
        let part = last_part(draft.raw.id.as_str());
        let short = network.short.clone().unwrap_or_else(|| network.id.as_str().to_uppercase());
        if part == network.id.as_str() {
            return format!("{short} – {}", unit.short);
        }
        let apart = part.strip_prefix(network.id.as_str()).unwrap_or(part);
        format!("{short} {} – {}", apart.trim_matches(['-', '.']), unit.short)
    }

    fn connection(&self, own: &RawConnection, link: &Link<'_>) -> Connection {
        Connection {
            network: link.network,
            carrier: link.carrier,
            circuit: own.circuit.clone(),
            bandwidth_kbps: own.bandwidth_kbps,
            sla: link.sla,
            device: link.device.map(|i| self.drafts[i].raw.id.clone().into()),
            interface: own.interface.clone(),
        }
    }
}
