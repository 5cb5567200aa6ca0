//! `health.thresholds`: what devices may say of themselves.

use super::desk::{Desk, Section};
use crate::config::yaml::Value;
use crate::model::{Limits, Message, Threshold, format_scaled};

/// The section of a threshold's band, for messages and its keys.
const fn section_of(threshold: Threshold) -> &'static str {
    match threshold {
        Threshold::Utilisation => "health.thresholds.utilisation",
        Threshold::Errors => "health.thresholds.errors",
        Threshold::Cpu => "health.thresholds.cpu",
        Threshold::Memory => "health.thresholds.memory",
        Threshold::Temperature => "health.thresholds.temperature",
        Threshold::Charge
        | Threshold::Hardware
        | Threshold::Battery
        | Threshold::Certificate
        | Threshold::Clock
        | Threshold::Mtu => "health.thresholds.charge",
    }
}

/// Each a mapping of `high` and `low`, or `off`.
pub(super) fn read(desk: &mut Desk<'_>, health: &Section<'_>, limits: &mut Limits) {
    let section = desk.section(health.get("thresholds"), "health.thresholds");
    for threshold in Limits::SETTABLE {
        let Some(node) = section.get(threshold.as_str()) else { continue };
        if matches!(&node.value, Value::Text(text) if text == "off") {
            *limits = limits.with(threshold, None);
            continue;
        }
        let own = desk.section(Some(node), section_of(threshold));
        let Some(mut band) = limits.of(threshold) else { continue };
        for (key, slot) in [("high", &mut band.high), ("low", &mut band.low)] {
            if let Some(value) = desk.number(&own, key, 1, Limits::bounds(threshold)) {
                *slot = value;
            }
        }
        let is_wrong = |key| desk.has_error_at(own.place(key));
        if band.low > band.high && !is_wrong("high") && !is_wrong("low") {
            let tenths = |n: i32| format_scaled(i64::from(n), 1);
            let message = Message::new("config.threshold_low_over_high")
                .with("key", threshold.as_str())
                .with("low", tenths(band.low))
                .with("high", tenths(band.high));
            let place = own.place("low").or(own.place("high"));
            desk.error(place, message, Some(Message::new("config.threshold_hint")));
        }
        *limits = limits.with(threshold, Some(band));
    }
}
