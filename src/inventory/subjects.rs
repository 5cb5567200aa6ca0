//! The entries of `connections`, `devices` and `services`, flat or nested in their unit, each by
//! itself.

use std::collections::HashMap;

use super::asked::{self, CONNECTION_KEYS, DEVICE_KEYS, SERVICE_KEYS};
use super::calendars::clock;
use super::entries::{Context, claimed, id, life, sla, stand_in, text};
use super::node::{Fields, Map, Node, Value, check_keys};
use super::place::{At, Desk};
use super::raw::{Raw, RawConnection, RawDetail, RawDevice, RawSubject, RawUnit};
use super::scalar::{self, Ref};
use super::thresholds::Fit;
use crate::model::{Id, UnitKind};

/// Reads one entry of the flat form, given the kinds of the units; `None` when it is no mapping.
pub(super) type Reader =
    fn(&mut Desk, &Context<'_>, &Node, &HashMap<String, UnitKind>) -> Option<RawSubject>;

/// Whose an entry is: its place, id and unit.
struct Owner {
    at: At,
    id: Id,
    unit: Ref,
    kind: Option<UnitKind>,
}

/// The `connections` and `devices` written inside a unit.
pub(super) fn nested(
    desk: &mut Desk,
    context: &Context<'_>,
    fields: &Fields<'_>,
    unit: &RawUnit,
    kind: Option<UnitKind>,
    raw: &mut Raw,
) {
    let owner = |desk: &mut Desk, key: &super::node::Key| {
        let id = scalar::slug(desk, key.at, &key.text)
            .and_then(|_| scalar::slug(desk, key.at, &format!("{}/{}", unit.id, key.text)))
            .and_then(|id| claimed(desk, "subject", key.at, id));
        let id = id.unwrap_or_else(|| stand_in(desk));
        let unit = Ref { name: unit.id.to_string(), at: unit.at };
        Owner { at: key.at, id, unit, kind }
    };
    let entries = |desk: &mut Desk, key: &str| {
        fields.get(key).and_then(|n| n.as_map(desk, key)).map_or(&[][..], |map| &map.entries)
    };
    for (key, node) in entries(desk, "connections") {
        let owner = owner(desk, key);
        if let Some(map) = node.as_map(desk, &key.text) {
            check_keys(desk, map, &CONNECTION_KEYS);
            let own = Fields::new(key.at, map);
            let network = match own.own("network") {
                Some(node) => scalar::reference(desk, "network", node),
                None => Some(Ref { name: key.text.clone(), at: key.at }),
            };
            raw.subjects.push(connection(desk, context, own, owner, network));
        }
    }
    for (key, node) in entries(desk, "devices") {
        let owner = owner(desk, key);
        match &node.value {
            Value::Text(_) => {
                let map = Map::default();
                let mut device = device(desk, context, Fields::new(key.at, &map), owner, &key.text);
                device.address =
                    scalar::address(desk, &key.text, node).map(|address| (address, node.at));
                raw.subjects.push(device);
            }
            _ => {
                if let Some(map) = node.as_map(desk, &key.text) {
                    check_keys(desk, map, &DEVICE_KEYS);
                    let own = Fields::new(key.at, map);
                    raw.subjects.push(device(desk, context, own, owner, &key.text));
                }
            }
        }
    }
}

/// The owner of a flat entry; a stand-in where it says none, which is reported.
fn flat_owner(desk: &mut Desk, fields: &Fields<'_>, kinds: &HashMap<String, UnitKind>) -> Owner {
    let (at, id) = id(desk, fields, "subject");
    let unit = fields.required(desk, "unit").and_then(|n| scalar::reference(desk, "unit", n));
    let unit = unit.unwrap_or_else(|| {
        let name = stand_in(desk).to_string();
        desk.mark_broken_id(&name);
        Ref { name, at }
    });
    let kind = kinds.get(&unit.name).copied();
    Owner { at, id, unit, kind }
}

/// A connection of the flat form.
pub(super) fn flat_connection(
    desk: &mut Desk,
    context: &Context<'_>,
    node: &Node,
    kinds: &HashMap<String, UnitKind>,
) -> Option<RawSubject> {
    let map = node.as_map(desk, "connections")?;
    let mut known = vec!["id", "unit"];
    known.extend(CONNECTION_KEYS);
    check_keys(desk, map, &known);
    let fields = Fields::new(node.at, map);
    let owner = flat_owner(desk, &fields, kinds);
    let network = fields.required(desk, "network");
    let network = network.and_then(|n| scalar::reference(desk, "network", n));
    Some(connection(desk, context, fields, owner, network))
}

/// A device of the flat form.
pub(super) fn flat_device(
    desk: &mut Desk,
    context: &Context<'_>,
    node: &Node,
    kinds: &HashMap<String, UnitKind>,
) -> Option<RawSubject> {
    let map = node.as_map(desk, "devices")?;
    let mut known = vec!["id", "unit"];
    known.extend(DEVICE_KEYS);
    check_keys(desk, map, &known);
    let fields = Fields::new(node.at, map);
    let owner = flat_owner(desk, &fields, kinds);
    let key = last_part(owner.id.as_str()).to_owned();
    Some(device(desk, context, fields, owner, &key))
}

/// A service.
pub(super) fn flat_service(
    desk: &mut Desk,
    context: &Context<'_>,
    node: &Node,
    kinds: &HashMap<String, UnitKind>,
) -> Option<RawSubject> {
    let map = node.as_map(desk, "services")?;
    check_keys(desk, map, &SERVICE_KEYS);
    let fields = Fields::new(node.at, map);
    let owner = flat_owner(desk, &fields, kinds);
    fields.required(desk, "name");
    Some(subject(desk, context, &fields, owner, RawDetail::Service))
}

fn connection(
    desk: &mut Desk,
    context: &Context<'_>,
    own: Fields<'_>,
    owner: Owner,
    network: Option<Ref>,
) -> RawSubject {
    let network = network.unwrap_or_else(|| {
        let name = stand_in(desk).to_string();
        desk.mark_broken_id(&name);
        Ref { name, at: owner.at }
    });
    let fields = own.over(context.rules.for_connection(&network.name, owner.kind));
    let reference =
        |desk: &mut Desk, key: &str| fields.get(key).and_then(|n| scalar::reference(desk, key, n));
    let detail = RawConnection {
        network,
        carrier: reference(desk, "carrier"),
        circuit: text(desk, &fields, "circuit"),
        bandwidth_kbps: bandwidth(desk, &fields),
        sla: sla(desk, &fields),
        device: reference(desk, "device"),
        interface: text(desk, &fields, "interface"),
    };
    subject(desk, context, &fields, owner, RawDetail::Connection(Box::new(detail)))
}

/// `bandwidth` with its unit or `bandwidth_mbps` as a number, in kbit/s.
pub(super) fn bandwidth(desk: &mut Desk, fields: &Fields<'_>) -> Option<u64> {
    let kbps = match fields.either(desk, "bandwidth", "bandwidth_mbps")? {
        ("bandwidth", node) => return scalar::bandwidth_kbps(desk, "bandwidth", node),
        (key, node) => scalar::decimal(desk, key, node, 3, 1..=1_000_000_000)?,
    };
    u64::try_from(kbps).ok()
}

fn device(
    desk: &mut Desk,
    context: &Context<'_>,
    own: Fields<'_>,
    owner: Owner,
    key: &str,
) -> RawSubject {
    let role = text(desk, &own, "role").unwrap_or_else(|| role_of(key).to_owned());
    let fields = own.over(context.rules.for_device(&role, owner.kind));
    let mut addresses = Vec::new();
    if let Some(map) = fields.own("addresses").and_then(|n| n.as_map(desk, "addresses")) {
        for (interface, node) in &map.entries {
            if let Some(address) = scalar::address(desk, "addresses", node) {
                addresses.push((interface.text.clone(), address, node.at));
            }
        }
    }
    let snmp = fields.get("snmp").and_then(|node| scalar::credential(desk, node));
    let detail = RawDevice {
        role,
        vendor: text(desk, &fields, "vendor"),
        model: text(desk, &fields, "model"),
        serial: text(desk, &fields, "serial"),
        support_until: fields
            .get("support_until")
            .and_then(|n| scalar::instant(desk, "support_until", n, context.zone)),
        snmp,
        addresses,
    };
    subject(desk, context, &fields, owner, RawDetail::Device(Box::new(detail)))
}

fn subject(
    desk: &mut Desk,
    context: &Context<'_>,
    fields: &Fields<'_>,
    owner: Owner,
    detail: RawDetail,
) -> RawSubject {
    let (since, until) = life(desk, context, fields);
    let address_node = fields.own("address");
    RawSubject {
        name: text(desk, fields, "name"),
        address: address_node
            .and_then(|n| scalar::address(desk, "address", n).map(|address| (address, n.at))),
        has_address: address_node.is_some(),
        asked: asked::read(desk, context, fields, Fit::Checked),
        clock: clock(desk, fields),
        is_enabled: is_enabled(desk, fields),
        since,
        until,
        detail,
        at: owner.at,
        id: owner.id,
        unit: owner.unit,
    }
}

/// `enabled`: true where it is not said.
pub(super) fn is_enabled(desk: &mut Desk, fields: &Fields<'_>) -> bool {
    fields.get("enabled").and_then(|n| scalar::truth(desk, "enabled", n)).unwrap_or(true)
}

/// The part of an id that tells it from the others of its unit.
pub(super) fn last_part(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// The role a device's key tells: `switch-2` is a switch.
pub(super) fn role_of(key: &str) -> &str {
    key.rsplit_once('-')
        .filter(|(_, tail)| !tail.is_empty() && tail.bytes().all(|b| b.is_ascii_digit()))
        .map_or(key, |(role, _)| role)
}
