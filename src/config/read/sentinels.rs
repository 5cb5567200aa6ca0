//! `sentinels`: the addresses that tell whether the patrol itself can see out.

use std::net::{IpAddr, Ipv4Addr};

use serde_saphyr::Location;

use super::super::yaml::Value;
use super::super::{Config, MAX_SENTINELS};
use super::desk::{Desk, Section};
use super::words::cut;
use crate::model::{CarrierId, Message, Sentinel};

/// Reads the list; whether the carriers exist is for [`Config::check_carriers`] to say.
pub(super) fn read(desk: &mut Desk<'_>, root: &Section<'_>, config: &mut Config) {
    let items = desk.items(root, "sentinels");
    if let Some(beyond) = items.get(MAX_SENTINELS) {
        let message = Message::new("config.too_many_sentinels").with("max", MAX_SENTINELS);
        desk.error(Some(beyond.defined), message, None);
    }
    let mut known: Vec<(IpAddr, Location)> = Vec::new();
    for item in items.iter().take(MAX_SENTINELS) {
        if !matches!(item.value, Value::Map(_)) {
            let hint = Message::new("config.sentinel_hint");
            desk.error(Some(item.defined), Message::new("config.expect_sentinel"), Some(hint));
            continue;
        }
        let told = desk.count();
        let section = desk.section(Some(item), "sentinels");
        // A misspelt key is why it is missing, as a rule.
        let is_told = desk.count() > told;
        let address = address(desk, &section, item.defined, is_told);
        let carrier = carrier(desk, &section);
        let Some((address, at)) = address else { continue };
        if let Some((_, first)) = known.iter().find(|(earlier, _)| *earlier == address) {
            let message = Message::new("config.duplicate_sentinel").with("address", address);
            desk.error_beside(at, message, *first);
            continue;
        }
        known.push((address, at));
        let place = desk.place(section.place("carrier").unwrap_or(item.defined));
        let is_control = desk.word(&section, "control", &["true", "false"]) == Some("true");
        if is_control && carrier.is_some() {
            let hint = Message::new("config.control_carrier_hint");
            let message = Message::new("config.control_carrier");
            desk.error(section.place("control"), message, Some(hint));
        }
        config.sentinels.push(Sentinel { address, carrier, is_control });
        config.sentinel_places.push(place);
    }
}

/// The address of one host; an IPv4 address written as IPv6 is that IPv4 address.
fn address(
    desk: &mut Desk<'_>,
    section: &Section<'_>,
    item: Location,
    is_told: bool,
) -> Option<(IpAddr, Location)> {
    let Some(at) = section.place("address") else {
        if !is_told {
            let hint = Message::new("config.sentinel_hint");
            desk.error(Some(item), Message::new("config.sentinel_no_address"), Some(hint));
        }
        return None;
    };
    let text = desk.text(section, "address")?;
    let parsed = text.parse::<IpAddr>().ok().map(|address| address.to_canonical());
    let is_host =
        |a: &IpAddr| !a.is_unspecified() && !a.is_multicast() && *a != Ipv4Addr::BROADCAST;
    let found = parsed.filter(is_host);
    if found.is_none() {
        let message = Message::new("config.not_address").with("value", cut(&text));
        desk.error(Some(at), message, Some(Message::new("config.address_hint")));
    }
    found.map(|address| (address, at))
}

fn carrier(desk: &mut Desk<'_>, section: &Section<'_>) -> Option<CarrierId> {
    let text = desk.text(section, "carrier")?;
    let id = CarrierId::new(&text).ok();
    if id.is_none() {
        let message = Message::new("config.not_carrier").with("value", cut(&text));
        let hint = Message::new("config.carrier_hint");
        desk.error(section.place("carrier"), message, Some(hint));
    }
    id
}
