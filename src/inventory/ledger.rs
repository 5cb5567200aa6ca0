//! The entries of an inventory, each by itself as it is written, whatever form its file has: what is
//! nested in a unit stands beside what is listed by itself, with its whole id and its unit spelled
//! out. Nothing is judged here: spreadsheets are written of it, and held against it.

use std::collections::HashMap;

use super::node::{Key, Map, Node, Value};
use super::place::{At, Desk};
use super::subjects::{last_part, role_of};
use super::{Section, Tree, compose};

/// An entry with every key it says.
#[derive(Debug, Clone)]
pub(super) struct Entry<'t> {
    pub section: Section,
    /// Empty where it says none.
    pub id: String,
    /// Where it says who it is.
    pub at: At,
    /// Its keys in file order; of what is nested `id`, `unit` and `network`, too. A unit's without
    /// what is nested in it.
    pub map: Map,
    pub home: Home<'t>,
}

/// Where an entry is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Home<'t> {
    /// As an item of a list; `is_table`: a row of a spreadsheet.
    Item { list: &'t Node, ix: usize, is_table: bool },
    /// In `connections` or `devices` of a unit.
    Nested { unit: &'t Node, ix: usize },
}

impl Entry<'_> {
    /// True for a row of a spreadsheet.
    pub(super) const fn is_row(&self) -> bool {
        matches!(self.home, Home::Item { is_table: true, .. })
    }

    /// What it says under a key, as a text.
    pub(super) fn word(&self, key: &str) -> Option<&str> {
        self.map.value(key).and_then(Node::word)
    }
}

/// The key that nested entries of a list stand under.
pub(super) const fn nested_key(section: Section) -> Option<&'static str> {
    match section {
        Section::Connections => Some("connections"),
        Section::Devices => Some("devices"),
        _ => None,
    }
}

/// All entries, list by list in the order in which they are read: what is nested in units before
/// what is listed by itself. Items that are no mappings are reported and left out.
pub(super) fn entries<'t>(desk: &mut Desk, trees: &'t [Tree]) -> Vec<Entry<'t>> {
    let mut found = Vec::new();
    for (name, section) in Section::ALL {
        let mut rules: HashMap<String, usize> = HashMap::new();
        for tree in trees {
            let (list, is_table) = match tree {
                Tree::List(of, list) if *of == section => (list, true),
                Tree::Whole(Node { value: Value::Map(map), .. }) => match map.value(name) {
                    Some(list) => (list, false),
                    None => continue,
                },
                _ => continue,
            };
            let Value::List(items) = &list.value else { continue };
            for (ix, node) in items.iter().enumerate() {
                let Some(map) = node.as_map(desk, name) else { continue };
                let home = Home::Item { list, ix, is_table };
                if section == Section::Defaults {
                    let id = rule_id(map, &mut rules);
                    found.push(Entry { section, id, at: node.at, map: map.clone(), home });
                    continue;
                }
                let named = map.value("id");
                let id = named.and_then(Node::word).unwrap_or_default().to_owned();
                let at = named.map_or(node.at, |named| named.at);
                if section == Section::Units {
                    nested(&mut found, node, map, &id);
                }
                let map = without_nested(section, map);
                found.push(Entry { section, id, at, map, home });
            }
        }
    }
    // Units first, then connections and so on; within a list nothing changes places.
    let rank = |entry: &Entry<'_>| Section::ALL.iter().position(|(_, s)| *s == entry.section);
    found.sort_by_key(rank);
    found
}

/// What tells a rule of the defaults from others: whom it is for.
fn rule_id(map: &Map, known: &mut HashMap<String, usize>) -> String {
    let whom = map.value("for").map_or_else(String::new, |node| {
        compose::inline("for", &super::alike::canon("for", node).into_value(node.at), true)
    });
    let times = known.entry(whom.clone()).or_insert(0);
    *times += 1;
    if *times == 1 { whom } else { format!("{whom} #{times}") }
}

fn without_nested(section: Section, map: &Map) -> Map {
    let mut map = map.clone();
    if section == Section::Units {
        map.entries.retain(|(key, _)| !matches!(key.text.as_str(), "connections" | "devices"));
    }
    map
}

fn nested<'t>(found: &mut Vec<Entry<'t>>, unit: &'t Node, map: &'t Map, unit_id: &str) {
    for section in [Section::Connections, Section::Devices] {
        let inner = nested_key(section).and_then(|key| map.value(key));
        let Some(Node { value: Value::Map(inner), .. }) = inner else { continue };
        for (ix, (key, node)) in inner.entries.iter().enumerate() {
            let home = Home::Nested { unit, ix };
            let id = format!("{unit_id}/{}", key.text);
            let map = spelled_out(section, unit_id, key, node);
            found.push(Entry { section, id, at: key.at, map, home });
        }
    }
}

/// The flat form of a nested entry.
fn spelled_out(section: Section, unit: &str, key: &Key, node: &Node) -> Map {
    let mut map = Map::default();
    let mut add = |name: &str, node: Node| {
        map.entries.push((Key { text: name.to_owned(), at: key.at }, node));
    };
    add("id", Node::text(key.at, format!("{unit}/{}", key.text)));
    add("unit", Node::text(key.at, unit));
    let own = match &node.value {
        Value::Map(own) => Some(own),
        Value::Text(_) => {
            add("address", node.clone());
            None
        }
        _ => None,
    };
    let said = |name: &str| own.and_then(|own| own.value(name));
    let is_said = |name: &str| said(name).is_some_and(|node| !matches!(node.value, Value::Null));
    if section == Section::Connections && !is_said("network") {
        add("network", Node::text(key.at, &key.text));
    }
    if section == Section::Devices && role_of(&key.text) != role_of(last_part(&key.text)) {
        add("role", Node::text(key.at, role_of(&key.text)));
    }
    let taken: Vec<String> = map.entries.iter().map(|(key, _)| key.text.clone()).collect();
    let rest = own.into_iter().flat_map(|own| &own.entries);
    let rest = rest
        .filter(|(key, _)| !taken.contains(&key.text) || (key.text == "role" && is_said("role")));
    let rest: Vec<(Key, Node)> = rest.cloned().collect();
    if rest.iter().any(|(key, _)| key.text == "role") {
        map.entries.retain(|(key, _)| key.text != "role");
    }
    map.entries.extend(rest);
    map
}
