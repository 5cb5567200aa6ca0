//! How subjects are asked: `checks` and `via`, and the key lists of the three kinds of subject.

use super::entries::Context;
use super::node::{Fields, Map, Node, Value, check_keys};
use super::place::{At, Desk, Finding, shown};
use super::raw::{Asked, RawCheck, RawKind, RawVia};
use super::scalar;
use super::services::{self, KINDS, Own};
use super::thresholds::{self, Fit};
use crate::model::Message;

/// Keys of a connection in the nested form.
pub(super) const CONNECTION_KEYS: [&str; 19] = [
    "network",
    "name",
    "carrier",
    "circuit",
    "bandwidth",
    "bandwidth_mbps",
    "sla",
    "since",
    "until",
    "address",
    "device",
    "interface",
    "checks",
    "via",
    "calendar",
    "off_hours",
    "enabled",
    "health",
    "ping",
];
/// Keys of a device in the nested form.
pub(super) const DEVICE_KEYS: [&str; 20] = [
    "name",
    "role",
    "vendor",
    "model",
    "serial",
    "firmware",
    "speeds",
    "support_until",
    "address",
    "addresses",
    "snmp",
    "checks",
    "via",
    "since",
    "until",
    "calendar",
    "off_hours",
    "enabled",
    "health",
    "ping",
];
/// Keys of a service.
pub(super) const SERVICE_KEYS: [&str; 16] = [
    "id",
    "unit",
    "name",
    "address",
    "url",
    "host",
    "port",
    "checks",
    "via",
    "since",
    "until",
    "calendar",
    "off_hours",
    "enabled",
    "health",
    "ping",
];
/// What the defaults may set for connections.
pub(super) const CONNECTION_DEFAULT_KEYS: [&str; 15] = [
    "carrier",
    "bandwidth",
    "bandwidth_mbps",
    "sla",
    "since",
    "until",
    "device",
    "interface",
    "checks",
    "via",
    "calendar",
    "off_hours",
    "enabled",
    "health",
    "ping",
];
/// What the defaults may set for devices.
pub(super) const DEVICE_DEFAULT_KEYS: [&str; 14] = [
    "vendor",
    "model",
    "firmware",
    "speeds",
    "snmp",
    "checks",
    "via",
    "since",
    "until",
    "calendar",
    "off_hours",
    "enabled",
    "health",
    "ping",
];

/// Ways of asking.
const CHECKS: [&str; 3] = ["ping", "snmp", "interface"];
/// Most checks of one subject.
const MAX_CHECKS: usize = 8;

/// Reads the four keys.
pub(super) fn read(desk: &mut Desk, context: &Context<'_>, fields: &Fields<'_>, fit: Fit) -> Asked {
    let (health, ping, limits) = thresholds::read(desk, context, fields, fit);
    let own = Own::read(desk, fields);
    let written = fields.get("checks").map(|node| checks(desk, &own, node));
    let implied =
        || own.implied().map(|service| vec![implied(RawKind::Service(Box::new(service)))]);
    Asked {
        are_checks_implied: written.is_none(),
        checks: written.or_else(implied),
        host: own.address(),
        host_name: own.name(),
        via: fields.get("via").and_then(|node| via(desk, node)),
        health,
        ping,
        limits,
    }
}

fn implied(kind: RawKind) -> RawCheck {
    RawCheck { at: None, kind, critical: None }
}

fn checks(desk: &mut Desk, own: &Own, node: &Node) -> Vec<RawCheck> {
    let items = node.as_words(desk, "checks");
    if let Some(beyond) = items.get(MAX_CHECKS) {
        let message = Message::new("check.too_many_checks").with("most", MAX_CHECKS);
        desk.report(Finding::error(beyond.at, message));
    }
    items.iter().take(MAX_CHECKS).filter_map(|item| check(desk, own, item)).collect()
}

fn check(desk: &mut Desk, own: &Own, node: &Node) -> Option<RawCheck> {
    match &node.value {
        Value::Text(text) => {
            let kind = match text.as_str() {
                "ping" => RawKind::Ping(None),
                "snmp" => RawKind::Snmp(None),
                "interface" => RawKind::Interface(None),
                word if KINDS.contains(&word) => {
                    let service = services::read(desk, own, word, node.at, None)?;
                    RawKind::Service(Box::new(service))
                }
                _ => {
                    unknown(desk, node.at, text);
                    return None;
                }
            };
            Some(RawCheck { at: Some(node.at), kind, critical: None })
        }
        Value::Map(map) => check_map(desk, own, node, map),
        _ => {
            desk.report(
                Finding::error(node.at, Message::new("check.bad_check"))
                    .hint(Message::new("check.checks_hint")),
            );
            None
        }
    }
}

fn check_map(desk: &mut Desk, own: &Own, node: &Node, map: &Map) -> Option<RawCheck> {
    let mut known = vec!["critical"];
    known.extend(CHECKS.iter().chain(&KINDS));
    check_keys(desk, map, &known);
    let mut named = CHECKS.iter().chain(&KINDS).filter_map(|word| map.entry(word));
    let (key, value) = match (named.next(), named.next()) {
        (Some((key, value)), None) => (key, value),
        (None, _) if map.entries.iter().any(|(key, _)| key.text != "critical") => return None,
        _ => {
            desk.report(
                Finding::error(node.at, Message::new("check.bad_check"))
                    .hint(Message::new("check.checks_hint")),
            );
            return None;
        }
    };
    let fields = Fields::new(node.at, map);
    let critical = fields.get("critical").and_then(|n| scalar::truth(desk, "critical", n));
    let value = Some(value).filter(|node| !matches!(node.value, Value::Null));
    // What is named and cannot be understood is reported, and the check left out.
    let kind = match (key.text.as_str(), value) {
        ("ping", None) => Some(RawKind::Ping(None)),
        ("ping", Some(n)) => match services::host_name(n) {
            Some(name) => Some(RawKind::PingName(name)),
            None => scalar::address(desk, "ping", n).map(|a| RawKind::Ping(Some(a))),
        },
        ("snmp", None) => Some(RawKind::Snmp(None)),
        ("snmp", Some(n)) => scalar::credential(desk, n).map(|c| RawKind::Snmp(Some(c))),
        (word, value) if KINDS.contains(&word) => services::read(desk, own, word, key.at, value)
            .map(|service| RawKind::Service(Box::new(service))),
        (_, None) => Some(RawKind::Interface(None)),
        (_, Some(n)) => scalar::text(desk, "interface", n).map(|i| RawKind::Interface(Some(i))),
    };
    Some(RawCheck { at: Some(key.at), kind: kind?, critical })
}

fn unknown(desk: &mut Desk, at: At, word: &str) {
    let near = desk.nearest(word, CHECKS.into_iter().chain(KINDS)).map(str::to_owned);
    let hint = near.map_or_else(
        || Message::new("check.checks_hint"),
        |near| Message::new("check.did_you_mean").with("word", near),
    );
    let message = Message::new("check.unknown_check").with("check", shown(word));
    desk.report(Finding::error(at, message).hint(hint));
}

/// `via` as written; its depth is bounded by the file's.
fn via(desk: &mut Desk, node: &Node) -> Option<RawVia> {
    match &node.value {
        Value::Text(_) => scalar::reference(desk, "via", node).map(RawVia::Subject),
        Value::List(items) => Some(RawVia::All(via_items(desk, items))),
        Value::Map(map) => {
            check_keys(desk, map, &["any", "all"]);
            let mut known =
                map.entries.iter().filter(|(key, _)| matches!(key.text.as_str(), "any" | "all"));
            let (key, value) = match (known.next(), known.next()) {
                (Some((key, value)), None) => (key, value),
                (None, _) if !map.entries.is_empty() => return None,
                _ => {
                    desk.report(
                        Finding::error(node.at, Message::new("check.bad_via"))
                            .hint(Message::new("check.via_hint")),
                    );
                    return None;
                }
            };
            let items = value.as_words(desk, &key.text);
            if key.text == "all" {
                return Some(RawVia::All(via_items(desk, items)));
            }
            if items.is_empty() {
                desk.report(
                    Finding::error(key.at, Message::new("check.empty_any"))
                        .hint(Message::new("check.empty_any_hint")),
                );
                return None;
            }
            Some(RawVia::Any(via_items(desk, items)))
        }
        Value::Null => {
            desk.report(
                Finding::error(node.at, Message::new("check.bad_via"))
                    .hint(Message::new("check.via_hint")),
            );
            None
        }
    }
}

fn via_items(desk: &mut Desk, items: &[Node]) -> Vec<RawVia> {
    items.iter().filter_map(|item| via(desk, item)).collect()
}
