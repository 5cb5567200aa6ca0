//! The entries of a list as a table: a column a key, those of contacts, places and service levels one
//! each for what is inside.

use crate::inventory::Section;
use crate::inventory::compose;
use crate::inventory::csv::{LISTS, NOTHING};
use crate::inventory::heading::all_columns;
use crate::inventory::ledger::Entry;
use crate::inventory::node::{Node, Value};

/// Mappings whose keys are columns, with those that whoever switches the whole off switches off.
const DOTTED: [(&str, &[&str]); 3] = [
    ("contact", &["name", "phone", "email"]),
    ("location", &[]),
    ("sla", &["availability", "rtt", "loss", "hours"]),
];

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Empty,
    /// A key without a value.
    Nothing,
    /// As the file writes it.
    Text(String),
    /// A list of words, or what only YAML's flow form can say: nothing that a spreadsheet takes for
    /// something else.
    Structure(String),
}

/// A list as a table.
#[derive(Debug)]
pub(super) struct Table {
    pub section: Section,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// The entries of a list, each a row; only the columns that some entry needs, and those that no
    /// row means anything without.
    pub(super) fn of(section: Section, entries: &[Entry<'_>]) -> Self {
        let rows: Vec<Vec<(String, Cell)>> = entries
            .iter()
            .filter(|entry| entry.section == section)
            .map(|entry| cells(entry))
            .collect();
        let mut columns: Vec<String> =
            section.required_columns().iter().map(|key| (*key).to_owned()).collect();
        for (key, _) in rows.iter().flatten() {
            if !columns.contains(key) {
                columns.push(key.clone());
            }
        }
        let offered: Vec<&str> = all_columns(section).map(|column| column.key).collect();
        let place = |key: &String| {
            let among = offered.iter().position(|known| known == key);
            (among.unwrap_or(offered.len()), compose::rank(section, key))
        };
        columns.sort_by_key(place);
        let row = |mut cells: Vec<(String, Cell)>| {
            let mut take = |column: &String| {
                let at = cells.iter().position(|(key, _)| key == column);
                at.map_or(Cell::Empty, |at| cells.swap_remove(at).1)
            };
            columns.iter().map(&mut take).collect()
        };
        let rows = rows.into_iter().map(row).collect();
        Self { section, columns, rows }
    }
}

fn cells(entry: &Entry<'_>) -> Vec<(String, Cell)> {
    let mut found = Vec::new();
    for (key, node) in &entry.map.entries {
        let dotted = DOTTED.iter().find(|(outer, _)| *outer == key.text);
        match (&node.value, dotted) {
            (Value::Map(map), Some(_)) => {
                for (inner, node) in &map.entries {
                    found.push((format!("{}.{}", key.text, inner.text), cell(&inner.text, node)));
                }
            }
            (Value::Null, Some((_, keys))) => {
                found.extend(
                    keys.iter().map(|inner| (format!("{}.{inner}", key.text), Cell::Nothing)),
                );
            }
            // An empty mapping says nothing.
            (Value::Map(map), None) if map.entries.is_empty() => {}
            _ => found.push((key.text.clone(), cell(&key.text, node))),
        }
    }
    found
}

fn cell(key: &str, node: &Node) -> Cell {
    let is_list = LISTS.contains(&key);
    match &node.value {
        Value::Null => Cell::Nothing,
        Value::Text(text) if is_list => {
            words(key, std::slice::from_ref(text)).unwrap_or_else(|| {
                let list = Value::List(vec![node.clone()]);
                Cell::Structure(compose::inline(key, &list, true))
            })
        }
        Value::Text(text) => Cell::Text(text.trim().to_owned()),
        Value::List(items) => {
            let texts: Option<Vec<String>> =
                items.iter().map(|item| item.word().map(str::to_owned)).collect();
            let plain = texts.filter(|_| is_list).and_then(|texts| words(key, &texts));
            plain.unwrap_or_else(|| Cell::Structure(compose::inline(key, &node.value, true)))
        }
        Value::Map(_) => Cell::Structure(compose::inline(key, &node.value, true)),
    }
}

/// `tslcd;lan`; `None` where a word has something in it that would be read as more than a word.
fn words(key: &str, texts: &[String]) -> Option<Cell> {
    let is_plain = |text: &String| {
        let text = text.trim();
        let is_odd = text.contains([';', '\'', '"']) || (key == "requires" && text.contains(','));
        text.starts_with(char::is_alphanumeric) && !is_odd && text != NOTHING
    };
    let is_good = !texts.is_empty() && texts.iter().all(is_plain);
    is_good.then(|| {
        let texts: Vec<&str> = texts.iter().map(|text| text.trim()).collect();
        Cell::Structure(texts.join(";"))
    })
}
