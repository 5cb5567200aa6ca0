//! Values and entries as YAML that a person would have written: short things on one line, lists of
//! words in brackets, a text in quotes only where it would be read as something else.

use std::fmt::Write as _;

use super::Section;
use super::asked::{CONNECTION_KEYS, SERVICE_KEYS};
use super::entries::UNIT_KEYS;
use super::ledger::{Entry, nested_key};
use super::node::{Key, Map, Node, Value};
use super::subjects::last_part;

/// Columns of a line, where that can be had.
const COLUMNS: usize = 100;
/// Keys of texts that may look like numbers, which people put in quotes.
const TEXTS: [&str; 20] = [
    "id",
    "name",
    "name_en",
    "short",
    "code",
    "circuit",
    "contract",
    "hotline",
    "phone",
    "serial",
    "model",
    "vendor",
    "source",
    "note",
    "by",
    "group",
    "scheme",
    "interface",
    "sites",
    "firmware",
];

/// The keys of an entry in the order people write them; those not among them come last.
pub(super) fn order(section: Section) -> &'static [&'static str] {
    // A device is found by its role and its address: before what it is made of.
    const DEVICES: [&str; 20] = [
        "name",
        "role",
        "address",
        "addresses",
        "vendor",
        "model",
        "serial",
        "firmware",
        "speeds",
        "support_until",
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
    const NETWORKS: [&str; 7] = ["id", "name", "name_en", "short", "over", "sla", "prefixes"];
    const CARRIERS: [&str; 6] = ["id", "name", "contract", "hotline", "sla", "penalty"];
    const CALENDARS: [&str; 5] = ["id", "name", "hours", "holidays", "make_up"];
    const MAINTENANCE: [&str; 10] =
        ["id", "unit", "subject", "carrier", "from", "until", "calendar", "hours", "note", "by"];
    const PLAN: [&str; 9] =
        ["id", "name", "group", "goal", "due", "done", "at", "source", "measured"];
    match section {
        Section::Units => &UNIT_KEYS,
        Section::Connections => &CONNECTION_KEYS,
        Section::Devices => &DEVICES,
        Section::Services => &SERVICE_KEYS,
        Section::Networks => &NETWORKS,
        Section::Carriers => &CARRIERS,
        Section::Calendars => &CALENDARS,
        Section::Maintenance => &MAINTENANCE,
        Section::Plan => &PLAN,
        Section::Defaults => &["for", "set"],
    }
}

/// The place of a key among those of its list; who the entry is comes first.
pub(super) fn rank(section: Section, key: &str) -> usize {
    let order = order(section);
    match key {
        "id" => 0,
        "unit" => 1,
        _ => order.iter().position(|known| *known == key).unwrap_or(order.len()) + 2,
    }
}

/// A value on one line. `in_flow`: inside brackets or braces, where commas part.
pub(super) fn inline(key: &str, value: &Value, in_flow: bool) -> String {
    match value {
        Value::Null => "~".to_owned(),
        Value::Text(text) => scalar(key, text.trim(), in_flow),
        Value::List(items) => {
            let items = items.iter().map(|item| inline(key, &item.value, true));
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        Value::Map(map) => {
            let entries: Vec<String> =
                map.entries.iter().map(|(key, node)| pair(key, node)).collect();
            if entries.is_empty() {
                "{}".to_owned()
            } else {
                format!("{{ {} }}", entries.join(", "))
            }
        }
    }
}

fn pair(key: &Key, node: &Node) -> String {
    format!("{}: {}", scalar("", &key.text, true), inline(&key.text, &node.value, true))
}

/// A text, in quotes where it needs some.
pub(super) fn scalar(key: &str, text: &str, in_flow: bool) -> String {
    let is_plain = is_plain(text, in_flow) && !(TEXTS.contains(&key) && looks_like_number(text));
    if is_plain { text.to_owned() } else { quoted(text) }
}

fn looks_like_number(text: &str) -> bool {
    text.parse::<f64>().is_ok() || text.bytes().all(|b| b.is_ascii_digit() || b == b'_')
}

fn is_plain(text: &str, in_flow: bool) -> bool {
    const WORDS: [&str; 9] = ["null", "~", "true", "false", "yes", "no", "on", "off", "y"];
    let Some(first) = text.chars().next() else { return false };
    let is_number = text.parse::<f64>().is_ok();
    let is_marked = "-?:,[]{}#&*!|>'\"%@`=<".contains(first) && !is_number;
    let is_truth = matches!(text, "true" | "false" | "off");
    let is_word = WORDS.contains(&text.to_ascii_lowercase().as_str()) && !is_truth;
    let has_mark = text.contains(": ") || text.contains(" #") || text.ends_with(':');
    let has_bracket = in_flow && text.contains([',', '[', ']', '{', '}']);
    let is_odd = text.chars().any(|c| c.is_control() || crate::locale::is_hidden(c));
    let is_bare = text.trim() == text && !text.starts_with("...");
    is_bare && !(is_marked || is_word || has_mark || has_bracket || is_odd || is_time(text))
}

/// `07:00-11:30`: some readers take it for a number to the base sixty.
fn is_time(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &text.as_bytes()[digits..];
    (1..=2).contains(&digits)
        && rest.first() == Some(&b':')
        && rest.get(1).is_some_and(u8::is_ascii_digit)
}

fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || crate::locale::is_hidden(c) => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// `key: value` at an indent, on one line or, where that is too long, on several; without the indent
/// of the first and the end of the last.
pub(super) fn block(key: &str, value: &Value, indent: usize) -> String {
    let name = scalar("", key, false);
    let short = format!("{name}: {}", inline(key, value, false));
    if matches!(value, Value::Null) {
        return format!("{name}:");
    }
    if indent + short.chars().count() <= COLUMNS {
        return short;
    }
    let pad = " ".repeat(indent + 2);
    match value {
        Value::Map(map) if !map.entries.is_empty() => {
            let lines = map
                .entries
                .iter()
                .map(|(key, node)| format!("\n{pad}{}", block(&key.text, &node.value, indent + 2)));
            format!("{name}:{}", lines.collect::<String>())
        }
        Value::List(items) if items.iter().all(|item| matches!(item.value, Value::Text(_))) => {
            let mut out = format!("{name}: [\n{pad}");
            let mut column = pad.len();
            for item in items {
                let item = inline(key, &item.value, true);
                let wide = item.chars().count() + 2;
                if column + wide > COLUMNS && column > pad.len() {
                    out.truncate(out.trim_end().len());
                    let _ = write!(out, "\n{pad}");
                    column = pad.len();
                }
                let _ = write!(out, "{item}, ");
                column += wide;
            }
            let end = " ".repeat(indent);
            format!("{}\n{end}]", out.trim_end())
        }
        Value::List(items) if !items.is_empty() => {
            let lines =
                items.iter().map(|item| format!("\n{pad}- {}", inline(key, &item.value, false)));
            format!("{name}:{}", lines.collect::<String>())
        }
        _ => short,
    }
}

/// An entry's own keys in their order, as it stands in its list.
pub(super) fn ordered(entry: &Entry<'_>) -> Map {
    let mut map = entry.map.clone();
    map.entries.sort_by_key(|(key, _)| rank(entry.section, &key.text));
    map
}

/// What stands under a nested entry's key: without what its place says, a device that says only its
/// address by that alone.
pub(super) fn nested(entry: &Entry<'_>, key: &str) -> Value {
    let mut map = ordered(entry);
    map.entries.retain(|(name, node)| match name.text.as_str() {
        "id" | "unit" => false,
        "network" => node.word() != Some(key),
        _ => true,
    });
    if entry.section == Section::Devices
        && let [(only, node)] = map.entries.as_slice()
        && only.text == "address"
        && matches!(node.value, Value::Text(_))
    {
        return node.value.clone();
    }
    Value::Map(map)
}

/// The key that an entry has inside its unit; `None`: its id does not begin with its unit's.
pub(super) fn key_in_unit<'e>(entry: &'e Entry<'_>) -> Option<&'e str> {
    nested_key(entry.section)?;
    let unit = entry.word("unit")?;
    let key = entry.id.strip_prefix(unit)?.strip_prefix('/')?;
    (last_part(key) == key).then_some(key)
}

/// An entry as an item of a list whose dashes stand in `column`, its lines ended; what is nested in
/// a unit after its own keys.
pub(super) fn item(entry: &Entry<'_>, inner: &[&Entry<'_>], column: usize) -> String {
    let map = ordered(entry);
    let pad = " ".repeat(column);
    if entry.section != Section::Units {
        let line = format!("{pad}- {}\n", inline("", &Value::Map(map.clone()), false));
        if line.chars().count() <= COLUMNS + 1 {
            return line;
        }
    }
    let mut nested = Vec::new();
    for section in [Section::Connections, Section::Devices] {
        let own: Vec<&&Entry<'_>> = inner.iter().filter(|e| e.section == section).collect();
        if own.is_empty() {
            continue;
        }
        nested.push(format!("{}:", nested_key(section).unwrap_or_default()));
        for entry in own {
            let key = key_in_unit(entry).unwrap_or(&entry.id);
            nested.push(format!("  {}", nested_line(entry, key)));
        }
    }
    item_of(&map, nested, column)
}

/// A mapping as an item of a list whose dashes stand in `column`, a key a line in its own order, and
/// behind them the lines of what is `nested`.
pub(super) fn item_of(map: &Map, nested: Vec<String>, column: usize) -> String {
    let own = map.entries.iter().map(|(key, node)| block(&key.text, &node.value, column + 2));
    let lines: Vec<String> = own.chain(nested).collect();
    let pad = " ".repeat(column);
    format!("{pad}- {}\n", lines.join(&format!("\n{pad}  ")))
}

/// `key: value` of a nested entry, on one line however long: people look for one line a device.
pub(super) fn nested_line(entry: &Entry<'_>, key: &str) -> String {
    let value = nested(entry, key);
    let is_empty = matches!(&value, Value::Map(map) if map.entries.is_empty());
    let said = if is_empty { "{}".to_owned() } else { inline(key, &value, false) };
    format!("{}: {said}", scalar("", key, true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::place::Desk;
    use crate::inventory::yaml;

    #[test]
    fn scalars_are_read_back_as_they_were() {
        for text in [
            "Xã Mỹ Lợi",
            "28261",
            "a: b",
            "- c",
            "no",
            "\"x\" \\ y",
            "2025-07-01",
            "#1",
            "",
            "a\nb",
            "'q'",
            "07:00-11:30",
            "a, b",
            "{c}",
            "&d",
            "\u{202e}e",
        ] {
            for in_flow in [false, true] {
                let written = scalar("name", text, in_flow);
                let file = match in_flow {
                    false => format!("units:\n  - id: a\n    name: {written}\n"),
                    true => format!("units: [ {{ id: a, name: {written} }} ]\n"),
                };
                let mut desk = Desk::default();
                let source = desk.add_source(std::path::PathBuf::new(), file.as_str().into());
                let tree = yaml::read(&mut desk, source).unwrap();
                let Value::Map(lists) = &tree.value else { panic!("{file}") };
                let Value::List(units) = &lists.value("units").unwrap().value else {
                    panic!("{file}")
                };
                let Value::Map(unit) = &units[0].value else { panic!("{file}") };
                let Value::Text(read) = &unit.value("name").unwrap().value else {
                    panic!("{file}")
                };
                assert_eq!(read, text, "{file}");
            }
        }
    }
}
