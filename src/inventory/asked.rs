//! How subjects are asked: `checks`, `via`, `health` and `ping`, and the key lists of the three
//! kinds of subject.

use super::entries::Context;
use super::node::{Fields, Map, Node, Value, check_keys};
use super::place::{At, Desk, Finding, shown};
use super::raw::{Asked, RawCheck, RawVia};
use super::scalar;
use crate::model::{HealthParams, Message, Misfit, PingParams, misfit};

/// Keys of a connection in the nested form.
pub(super) const CONNECTION_KEYS: [&str; 16] = [
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
    "health",
    "ping",
];
/// Keys of a device in the nested form.
pub(super) const DEVICE_KEYS: [&str; 14] = [
    "name",
    "role",
    "vendor",
    "model",
    "serial",
    "address",
    "addresses",
    "snmp",
    "checks",
    "via",
    "since",
    "until",
    "health",
    "ping",
];
/// Keys of a service.
pub(super) const SERVICE_KEYS: [&str; 13] = [
    "id", "unit", "name", "address", "url", "host", "port", "checks", "via", "since", "until",
    "health", "ping",
];
/// What the defaults may set for connections.
pub(super) const CONNECTION_DEFAULT_KEYS: [&str; 12] = [
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
    "health",
    "ping",
];
/// What the defaults may set for devices.
pub(super) const DEVICE_DEFAULT_KEYS: [&str; 9] =
    ["vendor", "model", "snmp", "checks", "via", "since", "until", "health", "ping"];

/// Ways of asking that are known but not asked yet.
const LATER_CHECKS: [&str; 6] = ["snmp", "tcp", "http", "tls", "dns", "interface"];
/// Most checks of one subject.
const MAX_CHECKS: usize = 8;

/// Whether the times of a round must fit one another: a default alone may be completed by
/// another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// They must.
    Checked,
    /// They need not yet.
    Open,
}

/// Reads the four keys.
pub(super) fn read(desk: &mut Desk, context: &Context<'_>, fields: &Fields<'_>, fit: Fit) -> Asked {
    let health_fields = fields.sub(desk, "health", &HEALTH_KEYS);
    let ping_fields = fields.sub(desk, "ping", &PING_KEYS);
    let mut health = context.defaults.health;
    let mut ping = context.defaults.ping;
    let errors = desk.errors();
    if let Some(fields) = &health_fields {
        read_health(desk, fields, &mut health);
    }
    if let Some(fields) = &ping_fields {
        read_ping(desk, fields, &mut ping);
    }
    if fit == Fit::Checked && desk.errors() == errors {
        check_round_fits(desk, health_fields.as_ref(), ping_fields.as_ref(), health, ping);
    }
    Asked {
        checks: fields.get("checks").map(|node| checks(desk, node)),
        via: fields.get("via").and_then(|node| via(desk, node)),
        health,
        ping,
    }
}

const HEALTH_KEYS: [&str; 9] = [
    "interval",
    "retry",
    "confirm",
    "recover",
    "poor",
    "loss_pct",
    "rtt",
    "rtt_ms",
    "correlation_window",
];
const PING_KEYS: [&str; 3] = ["count", "spacing", "timeout"];

fn read_health(desk: &mut Desk, fields: &Fields<'_>, health: &mut HealthParams) {
    let mut ms = |key: &str, bounds, slot: &mut i64| {
        if let Some(ms) = fields.get(key).and_then(|n| scalar::duration_ms(desk, key, n, bounds)) {
            *slot = ms;
        }
    };
    ms("interval", HealthParams::INTERVAL_MS, &mut health.interval_ms);
    ms("retry", HealthParams::INTERVAL_MS, &mut health.retry_ms);
    ms(
        "correlation_window",
        HealthParams::CORRELATION_WINDOW_MS,
        &mut health.correlation_window_ms,
    );
    let mut count = |key: &str, bounds, slot: &mut u8| {
        if let Some(n) = fields.get(key).and_then(|n| scalar::whole(desk, key, n, bounds)) {
            *slot = u8::try_from(n).unwrap_or(u8::MAX);
        }
    };
    count("confirm", HealthParams::ROUNDS, &mut health.confirm);
    count("recover", HealthParams::ROUNDS, &mut health.recover);
    count("poor", HealthParams::POOR, &mut health.poor);
    let loss = fields.get("loss_pct");
    let bounds = HealthParams::LOSS_PERMILLE;
    if let Some(permille) = loss.and_then(|n| scalar::decimal(desk, "loss_pct", n, 1, bounds)) {
        health.loss_permille = u16::try_from(permille).unwrap_or(1000);
    }
    if let Some(us) = rtt_us(desk, fields) {
        health.rtt_us = us;
    }
}

/// `rtt` as a duration or `rtt_ms` as a number, in microseconds.
pub(super) fn rtt_us(desk: &mut Desk, fields: &Fields<'_>) -> Option<u32> {
    let us = match fields.either(desk, "rtt", "rtt_ms")? {
        ("rtt", node) => {
            scalar::duration_ms(desk, "rtt", node, HealthParams::RTT_MS)?.checked_mul(1_000)?
        }
        (key, node) => scalar::decimal(desk, key, node, 3, HealthParams::RTT_US)?,
    };
    u32::try_from(us).ok()
}

fn read_ping(desk: &mut Desk, fields: &Fields<'_>, ping: &mut PingParams) {
    let count =
        fields.get("count").and_then(|n| scalar::whole(desk, "count", n, PingParams::COUNT));
    if let Some(count) = count {
        ping.count = u8::try_from(count).unwrap_or(1);
    }
    let mut ms = |key: &str, bounds, slot: &mut u32| {
        if let Some(ms) = fields.get(key).and_then(|n| scalar::duration_ms(desk, key, n, bounds)) {
            *slot = u32::try_from(ms).unwrap_or(u32::MAX);
        }
    };
    ms("spacing", PingParams::SPACING_MS, &mut ping.spacing_ms);
    ms("timeout", PingParams::TIMEOUT_MS, &mut ping.timeout_ms);
}

/// A suspect is asked at least as often as a healthy subject, and the next round must not start
/// before the last one has ended. Told at the key that the entry
/// or a default sets; where only the configuration speaks, its own check tells it.
fn check_round_fits(
    desk: &mut Desk,
    health_fields: Option<&Fields<'_>>,
    ping_fields: Option<&Fields<'_>>,
    health: HealthParams,
    ping: PingParams,
) {
    let of = |fields: Option<&Fields<'_>>, key: &str| {
        fields.and_then(|f| f.get(key)).map(|node| node.at)
    };
    let time = crate::model::format_duration;
    match misfit(health, ping) {
        None => {}
        Some(Misfit::RetryOverInterval) => {
            let place = of(health_fields, "retry").or_else(|| of(health_fields, "interval"));
            let Some(at) = place else { return };
            let message = Message::new("check.retry_over_interval")
                .with("retry", time(health.retry_ms))
                .with("interval", time(health.interval_ms));
            desk.report(Finding::error(at, message).hint(Message::new("check.retry_hint")));
        }
        Some(Misfit::RoundOverRetry) => {
            let place = of(health_fields, "retry").or_else(|| {
                ["timeout", "count", "spacing"].iter().find_map(|key| of(ping_fields, key))
            });
            let Some(at) = place else { return };
            let message = Message::new("check.round_too_long")
                .with("retry", time(health.retry_ms))
                .with("gaps", ping.count.saturating_sub(1))
                .with("spacing", time(i64::from(ping.spacing_ms)))
                .with("timeout", time(i64::from(ping.timeout_ms)))
                .with("round", time(ping.round_ms()));
            desk.report(Finding::error(at, message).hint(Message::new("check.round_hint")));
        }
    }
}

fn checks(desk: &mut Desk, node: &Node) -> Vec<RawCheck> {
    let items = node.as_words(desk, "checks");
    if let Some(beyond) = items.get(MAX_CHECKS) {
        let message = Message::new("check.too_many_checks").with("most", MAX_CHECKS);
        desk.report(Finding::error(beyond.at, message));
    }
    items.iter().take(MAX_CHECKS).filter_map(|item| check(desk, item)).collect()
}

fn check(desk: &mut Desk, node: &Node) -> Option<RawCheck> {
    match &node.value {
        Value::Text(text) if text == "ping" => Some(RawCheck { address: None, critical: false }),
        Value::Text(text) => {
            check_is_known(desk, node.at, text);
            None
        }
        Value::Map(map) => check_map(desk, node, map),
        _ => {
            desk.report(
                Finding::error(node.at, Message::new("check.bad_check"))
                    .hint(Message::new("check.checks_hint")),
            );
            None
        }
    }
}

fn check_map(desk: &mut Desk, node: &Node, map: &Map) -> Option<RawCheck> {
    if let Some((key, _)) =
        map.entries.iter().find(|(k, _)| LATER_CHECKS.contains(&k.text.as_str()))
    {
        check_is_known(desk, key.at, &key.text);
        return None;
    }
    check_keys(desk, map, &["ping", "critical"]);
    let fields = Fields::new(node.at, map);
    if map.entry("ping").is_none() {
        if map.entries.iter().all(|(key, _)| key.text == "critical") {
            desk.report(
                Finding::error(node.at, Message::new("check.bad_check"))
                    .hint(Message::new("check.checks_hint")),
            );
        }
        return None;
    }
    let critical = fields.get("critical").and_then(|n| scalar::truth(desk, "critical", n));
    let named = fields.get("ping");
    let address = named.and_then(|n| scalar::address(desk, "ping", n));
    (named.is_none() || address.is_some())
        .then_some(RawCheck { address, critical: critical.unwrap_or(false) })
}

fn check_is_known(desk: &mut Desk, at: At, word: &str) {
    if LATER_CHECKS.contains(&word) {
        let message = Message::new("check.check_later").with("check", word);
        desk.report(Finding::warning(at, message));
        return;
    }
    let near = desk.nearest(word, ["ping"].into_iter().chain(LATER_CHECKS)).map(str::to_owned);
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
