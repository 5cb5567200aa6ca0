//! Thresholds and times: `health` and `ping`, over the configuration's.

use super::entries::Context;
use super::node::{Fields, Node, Value};
use super::place::{Desk, Finding};
use super::scalar;
use crate::model::{HealthParams, Limits, Message, Misfit, PingParams, format_scaled, misfit};

/// Whether the times of a round must fit one another: a default alone may be completed by
/// another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// They must.
    Checked,
    /// They need not yet.
    Open,
}

/// Reads the two keys.
pub(super) fn read(
    desk: &mut Desk,
    context: &Context<'_>,
    fields: &Fields<'_>,
    fit: Fit,
) -> (HealthParams, PingParams, Limits) {
    let health_fields = fields.sub(desk, "health", &HEALTH_KEYS);
    let ping_fields = fields.sub(desk, "ping", &PING_KEYS);
    let mut health = context.defaults.health;
    let mut ping = context.defaults.ping;
    let mut limits = context.defaults.limits;
    let errors = desk.errors();
    if let Some(fields) = &health_fields {
        read_health(desk, fields, &mut health);
        if let Some(fields) = fields.sub(desk, "thresholds", &LIMIT_KEYS) {
            limits = read_limits(desk, &fields, limits, fit);
        }
    }
    if let Some(fields) = &ping_fields {
        read_ping(desk, fields, &mut ping);
    }
    if fit == Fit::Checked && desk.errors() == errors {
        check_round_fits(desk, health_fields.as_ref(), ping_fields.as_ref(), health, ping);
        check_flapping(desk, health_fields.as_ref(), health);
    }
    (health, ping, limits)
}

const HEALTH_KEYS: [&str; 13] = [
    "interval",
    "retry",
    "confirm",
    "recover",
    "poor",
    "loss_pct",
    "rtt",
    "rtt_ms",
    "correlation_window",
    "baseline",
    "flapping",
    "off_hours_grace",
    "thresholds",
];
const LIMIT_KEYS: [&str; 6] = ["utilisation", "errors", "cpu", "memory", "temperature", "charge"];
const BAND_KEYS: [&str; 2] = ["high", "low"];
const FLAPPING_KEYS: [&str; 3] = ["window", "high_pct", "low_pct"];
const PING_KEYS: [&str; 6] = ["count", "spacing", "timeout", "size", "df", "tos"];

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
    ms("off_hours_grace", HealthParams::OFF_HOURS_GRACE_MS, &mut health.off_hours_grace_ms);
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
    if let Some(node) = fields.get("baseline") {
        read_baseline(desk, node, &mut health.baseline_tenths);
    }
    if let Some(fields) = fields.sub(desk, "flapping", &FLAPPING_KEYS) {
        read_flapping(desk, &fields, health);
    }
}

/// `3`, `2.5`, or `off` where the configuration or a default sets one.
fn read_baseline(desk: &mut Desk, node: &Node, baseline_tenths: &mut Option<u16>) {
    if matches!(&node.value, Value::Text(text) if text.trim() == "off") {
        *baseline_tenths = None;
        return;
    }
    let tenths = scalar::decimal(desk, "baseline", node, 1, HealthParams::BASELINE_TENTHS);
    if let Some(tenths) = tenths.and_then(|n| u16::try_from(n).ok()) {
        *baseline_tenths = Some(tenths);
    }
}

fn read_flapping(desk: &mut Desk, fields: &Fields<'_>, health: &mut HealthParams) {
    if let Some(node) = fields.get("window")
        && let Some(rounds) = scalar::whole(desk, "window", node, HealthParams::FLAP_WINDOW)
    {
        health.flap_window = u8::try_from(rounds).unwrap_or(u8::MAX);
    }
    for (key, slot) in
        [("high_pct", &mut health.flap_high_permille), ("low_pct", &mut health.flap_low_permille)]
    {
        let bounds = HealthParams::FLAP_PERMILLE;
        let permille = fields.get(key).and_then(|n| scalar::decimal(desk, key, n, 1, bounds));
        if let Some(permille) = permille.and_then(|n| u16::try_from(n).ok()) {
            *slot = permille;
        }
    }
}

/// What ends flapping must not be above what begins it: it would begin and end in one round.
fn check_flapping(desk: &mut Desk, health_fields: Option<&Fields<'_>>, health: HealthParams) {
    if health.flap_low_permille <= health.flap_high_permille {
        return;
    }
    let fields = health_fields.and_then(|fields| fields.sub(desk, "flapping", &FLAPPING_KEYS));
    let place = fields.and_then(|fields| fields.get("low_pct").or(fields.get("high_pct")));
    let Some(node) = place else { return };
    let pct = |permille: u16| format_scaled(i64::from(permille), 1);
    let message = Message::new("check.flapping_low_over_high")
        .with("low", pct(health.flap_low_permille))
        .with("high", pct(health.flap_high_permille));
    desk.report(Finding::error(node.at, message).hint(Message::new("check.flapping_hint")));
}

/// Each a mapping of `high` and `low`, or `off`.
fn read_limits(desk: &mut Desk, fields: &Fields<'_>, mut limits: Limits, fit: Fit) -> Limits {
    for threshold in Limits::SETTABLE {
        let key = threshold.as_str();
        let Some(node) = fields.get(key) else { continue };
        if matches!(&node.value, Value::Text(text) if text.trim() == "off") {
            limits = limits.with(threshold, None);
            continue;
        }
        let Some(own) = fields.sub(desk, key, &BAND_KEYS) else { continue };
        // What switches off says nothing of where it begins again.
        let known = limits.of(threshold).or(Limits::default().of(threshold));
        let Some(mut band) = known else { continue };
        for (key, slot) in [("high", &mut band.high), ("low", &mut band.low)] {
            let bounds = Limits::bounds(threshold);
            let value = own.get(key).and_then(|n| scalar::decimal(desk, key, n, 1, bounds));
            if let Some(value) = value.and_then(|n| i32::try_from(n).ok()) {
                *slot = value;
            }
        }
        if fit == Fit::Checked && band.low > band.high {
            let tenths = |n: i32| format_scaled(i64::from(n), 1);
            let message = Message::new("check.threshold_low_over_high")
                .with("key", key)
                .with("low", tenths(band.low))
                .with("high", tenths(band.high));
            let place = own.get("low").or(own.get("high")).map_or(node.at, |n| n.at);
            desk.report(Finding::error(place, message).hint(Message::new("check.threshold_hint")));
        }
        limits = limits.with(threshold, Some(band));
    }
    limits
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
    let size = fields.get("size").and_then(|n| scalar::whole(desk, "size", n, PingParams::SIZE));
    if let Some(bytes) = size.and_then(|bytes| u16::try_from(bytes).ok()) {
        ping.size = bytes;
    }
    if let Some(df) = fields.get("df").and_then(|n| scalar::truth(desk, "df", n)) {
        ping.df = df;
    }
    let tos = fields.get("tos").and_then(|n| scalar::whole(desk, "tos", n, PingParams::TOS));
    if let Some(tos) = tos.and_then(|tos| u8::try_from(tos).ok()) {
        ping.tos = tos;
    }
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
