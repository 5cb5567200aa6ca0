//! `alerts`: routes and channels. What the inventory or a kind of channel must know is left to
//! those who know it.

use std::ops::RangeInclusive;

use serde_saphyr::Location;

use super::super::alerts::{
    Alerts, ChannelEntry, DayTime, Hours, Matches, Named, Route, Setting, SettingValue, Step,
    Telling, When,
};
use super::super::yaml::{Node, Value};
use super::super::{Config, Origin, SecretSource};
use super::DAY_MS;
use super::credentials;
use super::desk::{Desk, Section};
use super::words::{cut, nearest};
use crate::locale::Lang;
use crate::model::{
    AlertSeverity, CarrierId, Id, IdError, Message, NetworkId, SubjectKind, UnitId, UnitKind,
};

/// Most routes, and most channels: one thread each.
const ROUTES_MAX: usize = 256;
const CHANNELS_MAX: usize = 32;
/// Bounds in milliseconds.
const GROUP_WAIT_MS: RangeInclusive<i64> = 0..=3_600_000;
const GROUP_INTERVAL_MS: RangeInclusive<i64> = 1_000..=DAY_MS;
const REPEAT_MS: RangeInclusive<i64> = 60_000..=30 * DAY_MS;
const AFTER_MS: RangeInclusive<i64> = 60_000..=30 * DAY_MS;
const PER_MINUTE: RangeInclusive<i64> = 1..=6_000;
const IMPACT: RangeInclusive<i64> = 1..=100_000;
/// Keys of a channel that are not its kind's.
const OWN_KEYS: [&str; 3] = ["fallback", "per_minute", "language"];

/// Keeps the values of channels out of the source lines that diagnostics show.
pub(super) fn hide(desk: &mut Desk<'_>, root: &Section<'_>) {
    let Some(Value::Map(alerts)) = root.get("alerts").map(|node| &node.value) else { return };
    for (key, value) in alerts {
        let is_secret = matches!(&key.value, Value::Text(k) if k == "channels" || k == "proxy");
        if is_secret {
            credentials::hide_below(desk, Some(value), &OWN_KEYS);
        }
    }
}

/// Reads the section.
pub(super) fn read(desk: &mut Desk<'_>, root: &Section<'_>, config: &mut Config) {
    let section = desk.section(root.get("alerts"), "alerts");
    times(desk, &section, &mut config.telling);
    let mut alerts = Alerts::default();
    let folder = desk.folder().to_owned();
    alerts.templates = desk.text(&section, "templates").map(|text| folder.join(text));
    alerts.ca = desk.text(&section, "ca").map(|text| folder.join(text));
    alerts.link = link(desk, &section);
    alerts.proxy = section.get("proxy").and_then(|node| source(desk, "proxy", node));
    let before = desk.errors();
    let mut channels = desk.named(&section, "channels");
    if let Some((_, beyond, _)) = channels.get(CHANNELS_MAX) {
        let message = Message::new("config.too_many_channels").with("max", CHANNELS_MAX);
        desk.error(Some(*beyond), message, None);
    }
    channels.truncate(CHANNELS_MAX);
    let names: Vec<String> = channels.iter().map(|(name, ..)| (*name).to_owned()).collect();
    for (name, at, node) in channels {
        alerts.channels.extend(channel(desk, name, at, node, &names));
    }
    let items = desk.items(&section, "routes");
    if let Some(beyond) = items.get(ROUTES_MAX) {
        let message = Message::new("config.too_many_routes").with("max", ROUTES_MAX);
        desk.error(Some(beyond.defined), message, None);
    }
    for item in items.iter().take(ROUTES_MAX) {
        alerts.routes.extend(route(desk, item, config.telling, &names));
    }
    if desk.errors() == before {
        unused(desk, &alerts);
    }
    config.alerts = alerts;
}

/// Where an incident is looked at; `{incident}` is the only thing in braces.
fn link(desk: &mut Desk<'_>, section: &Section<'_>) -> Option<String> {
    let text = desk.text(section, "link")?;
    let mut rest = text.replace("{incident}", "");
    if let Some(open) = rest.find(['{', '}']) {
        rest.drain(..open);
        let shown: String = rest.split_inclusive('}').next().unwrap_or_default().to_owned();
        let message = Message::new("config.bad_link").with("value", cut(&shown));
        let hint = Message::new("config.link_hint");
        desk.error(section.place("link"), message, Some(hint));
        return None;
    }
    Some(text)
}

fn times(desk: &mut Desk<'_>, section: &Section<'_>, telling: &mut Telling) {
    let Telling { group_wait_ms, group_interval_ms, repeat_ms } = telling;
    for (key, bounds, to) in [
        ("group_wait", GROUP_WAIT_MS, group_wait_ms),
        ("group_interval", GROUP_INTERVAL_MS, group_interval_ms),
        ("repeat", REPEAT_MS, repeat_ms),
    ] {
        if let Some(ms) = desk.duration(section, key, bounds) {
            *to = ms;
        }
    }
}

fn route(
    desk: &mut Desk<'_>,
    item: &Node,
    defaults: Telling,
    channels: &[String],
) -> Option<Route> {
    if !matches!(item.value, Value::Map(_)) {
        let hint = Message::new("config.route_hint");
        desk.error(Some(item.defined), Message::new("config.expect_route"), Some(hint));
        return None;
    }
    let told = desk.count();
    let section = desk.section(Some(item), "alerts.routes");
    let is_told = desk.count() > told;
    let mut telling = defaults;
    times(desk, &section, &mut telling);
    let matches = matches(desk, &section);
    let to = channel_names(desk, &section, "to", channels);
    if section.get("to").is_none() && !is_told {
        let hint = Message::new("config.route_hint");
        desk.error(Some(item.defined), Message::new("config.route_to_nobody"), Some(hint));
    }
    let mut escalate = Vec::new();
    for item in desk.items(&section, "escalate") {
        let step = desk.section(Some(item), "alerts.routes.escalate");
        let to = channel_names(desk, &step, "to", channels);
        let after_ms = desk.duration(&step, "after", AFTER_MS);
        for key in ["after", "to"] {
            if matches!(item.value, Value::Map(_)) && step.get(key).is_none() {
                let message = Message::new("config.step_lacks").with("key", key);
                let hint = Message::new("config.step_hint");
                desk.error(Some(item.defined), message, Some(hint));
            }
        }
        if let Some(after_ms) = after_ms.filter(|_| !to.is_empty()) {
            escalate.push(Step { after_ms, to });
        }
    }
    escalate.sort_by_key(|step| step.after_ms);
    let quiet = day_time(desk, &section, "quiet");
    let goes_on = desk.word(&section, "continue", &["true", "false"]) == Some("true");
    let place = desk.place(item.defined);
    (!to.is_empty()).then_some(Route { place, matches, to, telling, escalate, quiet, goes_on })
}

fn matches(desk: &mut Desk<'_>, route: &Section<'_>) -> Matches {
    let section = desk.section(route.get("match"), "alerts.routes.match");
    let kinds = words(desk, &section, "kind");
    let known: Vec<&str> = SubjectKind::ALL
        .iter()
        .map(|kind| kind.as_str())
        .chain(UnitKind::ALL.iter().map(|kind| kind.as_str()))
        .collect();
    let mut matches = Matches {
        units: ids(desk, &section, "unit", UnitId::new),
        networks: ids(desk, &section, "network", NetworkId::new),
        carriers: ids(desk, &section, "carrier", CarrierId::new),
        impact: desk.number(&section, "impact", 0, IMPACT),
        ..Matches::default()
    };
    for (word, at) in kinds {
        if known.contains(&word.as_str()) {
            matches.kinds.push(Named { name: word, place: desk.place(at) });
        } else {
            unknown_word(desk, at, "alerts.routes.match.kind", &word, &known);
        }
    }
    let known = AlertSeverity::ALL.map(AlertSeverity::as_str);
    for (word, at) in words(desk, &section, "severity") {
        match AlertSeverity::ALL.into_iter().find(|s| s.as_str() == word) {
            Some(severity) => matches.severities.push(severity),
            None => unknown_word(desk, at, "alerts.routes.match.severity", &word, &known),
        }
    }
    matches.hours = hours(desk, &section);
    matches
}

fn hours(desk: &mut Desk<'_>, section: &Section<'_>) -> Option<Hours> {
    if let (Some(_), Some(at)) = (section.place("hours"), section.place("outside")) {
        desk.error(Some(at), Message::new("config.hours_twice"), None);
    }
    let key = if section.get("hours").is_some() { "hours" } else { "outside" };
    let text = desk.text(section, key)?;
    let at = section.place(key)?;
    let when = match DayTime::parse(&text) {
        Some(daily) => When::Daily(daily),
        None => match Id::new(&text) {
            Ok(calendar) if !text.starts_with(|c: char| c.is_ascii_digit()) => {
                When::Calendar(calendar)
            }
            _ => {
                let message = Message::new("config.not_hours").with("value", cut(&text));
                desk.error(Some(at), message, Some(Message::new("config.hours_hint")));
                return None;
            }
        },
    };
    Some(Hours { when, is_outside: key == "outside", place: desk.place(at) })
}

fn day_time(desk: &mut Desk<'_>, section: &Section<'_>, key: &str) -> Option<DayTime> {
    let text = desk.text(section, key)?;
    let found = DayTime::parse(&text);
    if found.is_none() {
        let message = Message::new("config.not_day_time").with("value", cut(&text));
        desk.error(section.place(key), message, Some(Message::new("config.day_time_hint")));
    }
    found
}

fn unknown_word(desk: &mut Desk<'_>, at: Location, key: &str, word: &str, known: &[&str]) {
    let message = Message::new("config.unknown_word").with("key", key).with("value", cut(word));
    let hint = match nearest(word, known.iter().copied()) {
        Some(near) => Message::new("config.did_you_mean").with("word", near),
        None => Message::new("config.allowed_words").with("words", known.join(", ")),
    };
    desk.error(Some(at), message, Some(hint));
}

/// One word, or a list of words.
fn words(desk: &mut Desk<'_>, section: &Section<'_>, key: &str) -> Vec<(String, Location)> {
    match section.get(key).map(|node| (&node.value, node.defined)) {
        None => Vec::new(),
        Some((Value::List(items), _)) => {
            let mut found = Vec::new();
            for item in items {
                match &item.value {
                    Value::Text(word) => found.push((word.clone(), item.defined)),
                    _ => {
                        let message = Message::new("config.expect_scalar").with("key", key);
                        desk.error(Some(item.defined), message, None);
                    }
                }
            }
            found
        }
        Some((_, at)) => desk.text(section, key).map(|word| (word, at)).into_iter().collect(),
    }
}

fn ids<T>(
    desk: &mut Desk<'_>,
    section: &Section<'_>,
    key: &'static str,
    new: impl Fn(&str) -> Result<T, IdError>,
) -> Vec<Named<T>> {
    let mut found = Vec::new();
    for (word, at) in words(desk, section, key) {
        match new(&word) {
            Ok(name) => found.push(Named { name, place: desk.place(at) }),
            Err(_) => {
                let message =
                    Message::new("config.not_id").with("key", key).with("value", cut(&word));
                desk.error(Some(at), message, Some(Message::new("config.id_hint")));
            }
        }
    }
    found
}

fn channel_names(
    desk: &mut Desk<'_>,
    section: &Section<'_>,
    key: &str,
    channels: &[String],
) -> Vec<Named<Id>> {
    let mut found: Vec<Named<Id>> = Vec::new();
    for (word, at) in words(desk, section, key) {
        let is_known = channels.contains(&word);
        match Id::new(&word) {
            Ok(name) if is_known => {
                if found.iter().all(|named| named.name != name) {
                    found.push(Named { name, place: desk.place(at) });
                }
            }
            // Its name is wrong, and that is told where it is given.
            Err(_) if is_known => {}
            _ => {
                let message = Message::new("config.unknown_channel").with("name", cut(&word));
                desk.error(Some(at), message, Some(unknown_channel_hint(&word, channels)));
            }
        }
    }
    found
}

fn unknown_channel_hint(name: &str, known: &[String]) -> Message {
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => Message::new("config.did_you_mean").with("word", near),
        None if known.is_empty() => Message::new("config.no_channels"),
        None => Message::new("config.known_channels").with("words", known.join(", ")),
    }
}

/// `NAME: { KIND: { … }, fallback: NAME, per_minute: N, language: vi }`
fn channel(
    desk: &mut Desk<'_>,
    name: &str,
    at: Location,
    node: &Node,
    names: &[String],
) -> Option<ChannelEntry> {
    let id = Id::new(name).ok();
    if id.is_none() {
        let message =
            Message::new("config.not_id").with("key", "channels").with("value", cut(name));
        desk.error(Some(at), message, Some(Message::new("config.id_hint")));
    }
    let Value::Map(map) = &node.value else {
        let hint = Message::new("config.channel_hint");
        desk.error(Some(at), Message::new("config.expect_channel"), Some(hint));
        return None;
    };
    let section = desk.open_section(node, "alerts.channels", &OWN_KEYS);
    let fallback = match channel_names(desk, &section, "fallback", names) {
        list if list.len() > 1 => {
            desk.error(section.place("fallback"), Message::new("config.one_fallback"), None);
            None
        }
        list => list.into_iter().next(),
    };
    if let Some(itself) = fallback.as_ref().filter(|f| f.name.as_str() == name) {
        let _ = itself;
        desk.error(section.place("fallback"), Message::new("config.own_fallback"), None);
    }
    let per_minute = desk.number(&section, "per_minute", 0, PER_MINUTE);
    let lang = desk.word(&section, "language", &["vi", "en"]);
    let lang = lang.map(|word| if word == "en" { Lang::En } else { Lang::Vi });
    let mut kinds = map.iter().filter_map(|(key, value)| match &key.value {
        Value::Text(word) if !OWN_KEYS.contains(&word.as_str()) => Some((word, key.defined, value)),
        _ => None,
    });
    let Some((word, kind_at, value)) = kinds.next() else {
        let hint = Message::new("config.channel_hint");
        desk.error(Some(at), Message::new("config.expect_channel"), Some(hint));
        return None;
    };
    if let Some((_, second, _)) = kinds.next() {
        let hint = Message::new("config.channel_hint");
        desk.error(Some(second), Message::new("config.two_kinds"), Some(hint));
    }
    let settings = settings(desk, value);
    Some(ChannelEntry {
        id: id?,
        place: desk.place(at),
        kind: Named { name: word.clone(), place: desk.place(kind_at) },
        settings: settings?,
        fallback,
        per_minute,
        lang,
    })
}

fn settings(desk: &mut Desk<'_>, node: &Node) -> Option<Vec<Setting>> {
    let map = match &node.value {
        Value::Map(map) => map,
        Value::Null => return Some(Vec::new()),
        _ => {
            let hint = Message::new("config.channel_hint");
            desk.error(Some(node.defined), Message::new("config.expect_channel"), Some(hint));
            return None;
        }
    };
    let mut found: Vec<Setting> = Vec::new();
    for (key, value) in map {
        let Value::Text(word) = &key.value else {
            desk.error(Some(key.defined), Message::new("config.bad_key"), None);
            continue;
        };
        if found.iter().any(|setting| setting.key == *word) {
            let message = Message::new("config.duplicate_key").with("key", cut(word));
            desk.error(Some(key.defined), message, None);
            continue;
        }
        let value_found = match &value.value {
            Value::List(items) => items
                .iter()
                .map(|item| source(desk, word, item))
                .collect::<Option<_>>()
                .map(SettingValue::List),
            Value::Map(entries) => entries
                .iter()
                .map(|(name, item)| match &name.value {
                    Value::Text(name) => Some((name.clone(), source(desk, word, item)?)),
                    _ => {
                        desk.error(Some(name.defined), Message::new("config.bad_key"), None);
                        None
                    }
                })
                .collect::<Option<_>>()
                .map(SettingValue::Map),
            // As good as not there.
            Value::Null => continue,
            Value::Text(_) | Value::Plain => source(desk, word, value).map(SettingValue::Text),
        };
        let place = desk.place(value.defined);
        found.extend(value_found.map(|value| Setting { key: word.clone(), place, value }));
    }
    Some(found)
}

fn source(desk: &mut Desk<'_>, key: &str, node: &Node) -> Option<SecretSource> {
    let text = desk.scalar(key, node)?;
    let origin = credentials::origin(desk, node.defined, text)?;
    if let Origin::Literal(secret) = &origin
        && secret.reveal().is_empty()
    {
        let message = Message::new("config.empty").with("key", key);
        desk.error(Some(node.defined), message, Some(Message::new("config.empty_hint")));
        return None;
    }
    Some(SecretSource {
        origin,
        bytes_min: 1,
        key: key.to_owned(),
        place: desk.place(node.defined),
    })
}

/// A warning for each channel that nobody uses.
fn unused(desk: &mut Desk<'_>, alerts: &Alerts) {
    let is_used = |id: &Id| {
        let is_it = |named: &Named<Id>| named.name == *id;
        alerts.routes.iter().any(|route| {
            route.to.iter().any(is_it) || route.escalate.iter().any(|s| s.to.iter().any(is_it))
        }) || alerts.channels.iter().any(|c| c.id != *id && c.fallback.as_ref().is_some_and(is_it))
    };
    for channel in alerts.channels.iter().filter(|c| !is_used(&c.id)) {
        let message = Message::new("config.channel_unused").with("name", &channel.id);
        let hint = Message::new("config.channel_unused_hint");
        desk.warning_at(channel.place.clone(), message, Some(hint));
    }
}
