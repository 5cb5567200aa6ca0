//! When two ways of writing mean the same: `10Mbps` and a column of Mbps, a word and a list of one,
//! `via: a` and `via: [a]`. What differs only in the way it is written is no change.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use super::Section;
use super::ledger::Entry;
use super::node::{Key, Map, Node, Value};
use super::place::{At, Desk};
use super::scalar;
use super::subjects::{last_part, role_of};
use crate::model::{format_scaled, parse_duration, parse_scaled};

/// What a file says, without places and in one way of writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    Nothing,
    Text(String),
    List(Vec<Said>),
    /// By key; of `addresses` in order.
    Map(Vec<(String, Said)>),
}

/// Lists of words, where one word is a list of one.
const WORDS: [&str; 7] = ["requires", "sites", "prefixes", "checks", "over", "holidays", "make_up"];
/// Numbers, whatever zeros they end with.
const NUMBERS: [&str; 27] = [
    "lat",
    "lon",
    "goal",
    "done",
    "price",
    "monthly_price",
    "availability",
    "loss",
    "pct",
    "below",
    "port",
    "loss_pct",
    "count",
    "confirm",
    "recover",
    "poor",
    "window",
    "high_pct",
    "low_pct",
    "high",
    "low",
    "baseline",
    "size",
    "tos",
    "least",
    "body",
    "redirects",
];
const DURATIONS: [&str; 8] = [
    "interval",
    "retry",
    "timeout",
    "spacing",
    "correlation_window",
    "off_hours_grace",
    "expiry",
    "offset",
];

const INSTANTS: [&str; 7] = ["since", "until", "from", "to", "at", "due", "support_until"];

/// The key under which a value is compared: two keys may be two spellings of one thing.
pub(super) fn canon_key(key: &str) -> &str {
    match key {
        "bandwidth_mbps" => "bandwidth",
        "rtt_ms" => "rtt",
        other => other,
    }
}

/// A value in one way of writing, of a key inside another: what stands under an interface of `speeds`
/// is a bandwidth.
pub(super) fn canon_in(outer: &str, key: &str, node: &Node) -> Said {
    canon(if outer == "speeds" { "bandwidth" } else { key }, node)
}

/// A value in one way of writing.
pub(super) fn canon(key: &str, node: &Node) -> Said {
    match &node.value {
        // Whoever switches the whole off switches off all of it.
        Value::Null => match key {
            "contact" => nothings(&["name", "phone", "email"]),
            "sla" => nothings(&["availability", "rtt", "loss", "hours"]),
            _ => Said::Nothing,
        },
        Value::Text(text) => {
            let text = scalar_of(key, text.trim(), node);
            let is_list = WORDS.contains(&key) || key == "via";
            if is_list { Said::List(vec![Said::Text(text)]) } else { Said::Text(text) }
        }
        Value::List(items) => {
            let item = |item: &Node| match (&item.value, key) {
                (Value::Text(text), _) => Said::Text(scalar_of(key, text.trim(), item)),
                (_, "via") => canon("via", item),
                _ => canon("", item),
            };
            Said::List(items.iter().map(item).collect())
        }
        Value::Map(map) => canon_map(key, map),
    }
}

fn nothings(keys: &[&str]) -> Said {
    let mut keys: Vec<_> = keys.iter().map(|key| ((*key).to_owned(), Said::Nothing)).collect();
    keys.sort_by(|a, b| a.0.cmp(&b.0));
    Said::Map(keys)
}

fn canon_map(outer: &str, map: &Map) -> Said {
    if outer == "via" {
        let all = map.value("all").filter(|_| map.entries.len() == 1);
        if let Some(all) = all {
            return canon("via", all);
        }
        let any = map.value("any").map(|node| ("any".to_owned(), canon("via", node)));
        return Said::Map(any.into_iter().collect());
    }
    let mut entries: Vec<(String, Said)> = map
        .entries
        .iter()
        .map(|(key, node)| {
            let said = canon_in(outer, &key.text, node);
            // Whom a rule is for, and the spans of a day, are lists of words as well.
            let is_list = matches!(outer, "for" | "hours") && matches!(said, Said::Text(_));
            let said = if is_list { Said::List(vec![said]) } else { said };
            (canon_key(&key.text).to_owned(), said)
        })
        .collect();
    if outer != "addresses" {
        entries.sort_by(|a, b| a.0.cmp(&b.0));
    }
    Said::Map(entries)
}

fn scalar_of(key: &str, text: &str, node: &Node) -> String {
    let number = |places| parse_scaled(text, places).map(|n| format_scaled(n, places));
    let found = match key {
        // The desk is thrown away: what is wrong is told by whoever checks it.
        "bandwidth" => {
            let kbps = scalar::bandwidth_kbps(&mut Desk::default(), key, node);
            kbps.map(|kbps| kbps.to_string())
        }
        "bandwidth_mbps" => parse_scaled(text, 3).map(|kbps| kbps.to_string()),
        "rtt" => parse_duration(text).ok().map(|ms| ms.saturating_mul(1_000).to_string()),
        "rtt_ms" => parse_scaled(text, 3).map(|us| us.to_string()),
        // An instant, whatever zone it is written in; a day stays a day.
        key if INSTANTS.contains(&key) => {
            text.parse::<jiff::Timestamp>().ok().map(|instant| instant.to_string())
        }
        key if NUMBERS.contains(&key) => number(9),
        key if DURATIONS.contains(&key) => parse_duration(text).ok().map(|ms| format!("{ms}ms")),
        _ => text.parse::<IpAddr>().ok().map(|address| address.to_canonical().to_string()),
    };
    found.unwrap_or_else(|| text.to_owned())
}

/// A whole entry in one way of writing: what is empty is left out, and a device's role where its id
/// tells it.
pub(super) fn canon_entry(map: &Map, implied_role: Option<&str>) -> Vec<(String, Said)> {
    let mut said: Vec<(String, Said)> = map
        .entries
        .iter()
        .map(|(key, node)| (canon_key(&key.text).to_owned(), canon(&key.text, node)))
        .filter(|(_, said)| !matches!(said, Said::Map(map) if map.is_empty()))
        .filter(|(key, said)| {
            let is_implied =
                matches!(said, Said::Text(role) if Some(role.as_str()) == implied_role);
            key != "role" || !is_implied
        })
        .collect();
    said.sort_by(|a, b| a.0.cmp(&b.0));
    said
}

impl Said {
    /// The value again, all of it at one place.
    pub(super) fn into_value(self, at: At) -> Value {
        let node = |said: Said| Node { at, value: said.into_value(at) };
        match self {
            Self::Nothing => Value::Null,
            Self::Text(text) => Value::Text(text),
            Self::List(items) => Value::List(items.into_iter().map(node).collect()),
            Self::Map(entries) => {
                let entries =
                    entries.into_iter().map(|(text, said)| (Key { text, at }, node(said)));
                Value::Map(Map { entries: entries.collect(), asked: None })
            }
        }
    }
}

fn canon_of(entry: &Entry<'_>) -> Vec<(String, Said)> {
    let implied = (entry.section == Section::Devices).then(|| role_of(last_part(&entry.id)));
    let mut map = Map { entries: entry.map.entries.clone(), asked: None };
    // A mapping that a table says part of is compared as what it is.
    for (_, node) in &mut map.entries {
        if let Node { value: Value::Map(inner), .. } = node {
            inner.asked = None;
        }
    }
    canon_entry(&map, implied)
}

/// The id of the first entry that is not what was meant, or was not meant at all.
pub(super) fn first_difference(meant: &[Entry<'_>], read: &[Entry<'_>]) -> Option<String> {
    let mut known: HashMap<(Section, &str), Vec<(String, Said)>> = HashMap::new();
    for entry in read {
        known.insert((entry.section, &entry.id), canon_of(entry));
    }
    let mut seen = HashSet::new();
    for entry in meant {
        let key = (entry.section, entry.id.as_str());
        seen.insert(key);
        if known.get(&key) != Some(&canon_of(entry)) {
            return Some(entry.id.clone());
        }
    }
    known.keys().find(|key| !seen.contains(*key)).map(|(_, id)| (*id).to_owned())
}
