//! Keys set at the entries of units in files that people wrote, in YAML and in CSV: comments, order
//! and everything else stay as they are, byte by byte.
//!
//! Guarantees: a changed YAML file is read again and held against what was to come of it; a text that
//! would mean anything else (an entry that an alias repeats) is refused.

use std::path::PathBuf;

use crate::inventory::alike;
use crate::inventory::csv::{self, Cell};
use crate::inventory::edit::Page;
use crate::inventory::heading::{self, Heading};
use crate::inventory::ledger::entries;
use crate::inventory::node::{Key, Map, Node, Value};
use crate::inventory::patch::Patch;
use crate::inventory::place::Desk;
use crate::inventory::{Section, Tree, yaml};

/// The keys behind which a person would write down a unit's end, and those of the end.
const HEAD_KEYS: [&str; 10] =
    ["id", "name", "short", "kind", "parent", "code", "since", "until", "merged_into", "equipment"];

/// Keys, and the words that they are to say.
pub(super) type Keys = [(&'static str, String)];

/// A file cannot be changed at this entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Uneditable {
    /// The entry.
    pub id: String,
}

/// Sets keys of the units of a YAML text, by id. `tree` is what [`yaml::read`] made of it.
///
/// # Errors
/// [`Uneditable`] when there is no such unit, or the text would not mean what it is to.
pub(super) fn set_in_yaml(
    text: &str,
    tree: &Node,
    sets: &[(&str, &Keys)],
) -> Result<String, Uneditable> {
    let refused = |id: &str| Uneditable { id: id.to_owned() };
    let first = sets.first().map_or("", |(id, _)| id);
    let list = units(tree).ok_or_else(|| refused(first))?;
    let Value::List(items) = &list.value else { return Err(refused(first)) };
    let mut page = Page::new(text);
    let mut meant = items.clone();
    for (id, keys) in sets {
        let at = items.iter().position(|item| id_of(item) == Some(id));
        let at = at.ok_or_else(|| refused(id))?;
        let Value::Map(map) = &mut meant[at].value else { return Err(refused(id)) };
        for (key, word) in *keys {
            set(map, key, Node::text(items[at].at, word));
        }
        let made = page.make_map(&items[at], map, page.is_flow(list), &rank);
        made.map_err(|_| refused(id))?;
    }
    let meant = with_units(tree, meant);
    let text = page.finish(tree.at).map_err(|_| refused(first))?;
    let mut desk = Desk::default();
    let source = desk.add_source(PathBuf::new(), text.as_str().into());
    let read = yaml::read(&mut desk, source).filter(|_| desk.errors() == 0);
    let (meant, read) = ([Tree::Whole(meant)], [Tree::Whole(read.ok_or_else(|| refused(first))?)]);
    let (meant, read) = (entries(&mut desk, &meant), entries(&mut desk, &read));
    match alike::first_difference(&meant, &read) {
        Some(id) => Err(refused(&id)),
        None => Ok(text),
    }
}

/// Behind what else may stand in an entry nothing is written: its end may be hard to find.
fn rank(key: &str) -> usize {
    HEAD_KEYS.iter().position(|known| *known == key).unwrap_or(usize::MAX)
}

/// The list of units of a file.
fn units(tree: &Node) -> Option<&Node> {
    match &tree.value {
        Value::Map(map) => map.value("units"),
        _ => None,
    }
}

/// The file with other units.
fn with_units(tree: &Node, units: Vec<Node>) -> Node {
    let mut tree = tree.clone();
    if let Value::Map(map) = &mut tree.value
        && let Some((_, list)) = map.entries.iter_mut().find(|(key, _)| key.text == "units")
    {
        list.value = Value::List(units);
    }
    tree
}

/// Has a key say something, at the end where it says nothing yet.
fn set(map: &mut Map, key: &str, node: Node) {
    match map.entries.iter_mut().find(|(known, _)| known.text == key) {
        Some((_, old)) => *old = node,
        None => map.entries.push((Key { text: key.to_owned(), at: node.at }, node)),
    }
}

/// The units of a file.
pub(super) fn unit_entries(tree: &Node) -> &[Node] {
    match units(tree).map(|list| &list.value) {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}

/// The id of an entry.
pub(super) fn id_of(entry: &Node) -> Option<&str> {
    match &entry.value {
        Value::Map(map) => map.value("id")?.word(),
        _ => None,
    }
}

/// Sets `keys` of the row with each id in a CSV text; columns that are not there are added at the
/// end. Values are words and dates, which need no quotes.
///
/// # Errors
/// [`Uneditable`] when a row cannot be found, or a cell would have to be cut.
pub(super) fn set_in_csv(
    text: &str,
    section: Section,
    sets: &[(&str, &Keys)],
) -> Result<String, Uneditable> {
    let refused = |id: &str| Uneditable { id: id.to_owned() };
    let rows = csv::split(0, text).map_err(|_| refused(""))?;
    let (Some(header), Some(first)) = (rows.first(), sets.first()) else {
        return Err(refused(""));
    };
    let separator = csv::separator(text);
    let name = |cell: &Cell| match heading::heading(section, &cell.text) {
        Heading::Key(key) => key.to_owned(),
        _ => cell.text.clone(),
    };
    let mut columns: Vec<String> = header.iter().map(name).collect();
    let known = columns.len();
    let mut patch = Patch::default();
    for key in sets.iter().flat_map(|(_, keys)| *keys).map(|(key, _)| *key) {
        if !columns.iter().any(|column| column == key) {
            columns.push(key.to_owned());
        }
    }
    let added: String = columns[known..].iter().map(|key| format!("{separator}{key}")).collect();
    let end = |row: &[Cell]| {
        let at = row.last().map_or(0, |cell| (cell.at.start + cell.at.len) as usize);
        let is_quoted = row.last().is_some_and(|c| {
            (c.at.start as usize).checked_sub(1).and_then(|n| text.get(n..=n)) == Some("\"")
        });
        at + usize::from(is_quoted)
    };
    if !added.is_empty() {
        patch.put(end(header), end(header), added);
    }
    let id_column = columns.iter().position(|c| c == "id").ok_or_else(|| refused(first.0))?;
    for (id, keys) in sets {
        let row = rows
            .iter()
            .skip(1)
            .find(|row| row.get(id_column).is_some_and(|cell| cell.text == **id))
            .ok_or_else(|| refused(id))?;
        let mut tail: Vec<&str> = vec![""; columns.len().saturating_sub(row.len())];
        for (key, value) in *keys {
            let column = columns.iter().position(|c| c == key).ok_or_else(|| refused(id))?;
            match row.get(column) {
                Some(cell) => {
                    let (at, len) = (cell.at.start as usize, cell.at.len as usize);
                    patch.put(at, at + len, value.clone());
                }
                None => tail[column - row.len()] = value,
            }
        }
        while tail.last() == Some(&"") {
            tail.pop();
        }
        let tail: String = tail.iter().map(|value| format!("{separator}{value}")).collect();
        if !tail.is_empty() {
            patch.put(end(row), end(row), tail);
        }
    }
    patch.apply(text).map_err(|_| refused(first.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(text: &str, id: &str, keys: &Keys) -> Result<String, Uneditable> {
        let mut desk = Desk::default();
        let source = desk.add_source(PathBuf::new(), text.into());
        let tree = yaml::read(&mut desk, source).unwrap();
        set_in_yaml(text, &tree, &[(id, keys)])
    }

    fn keys() -> [(&'static str, String); 2] {
        [("until", "2025-07-01".to_owned()), ("merged_into", "xa-moi".to_owned())]
    }

    #[test]
    fn keys_stand_behind_the_head_and_nothing_else_moves() {
        let text = "# đầu tệp\nunits:\n  - id: an-cu   # mã\n    name: \"Xã: An Cư\"\n    kind: commune\n    code: \"28360\"   # GSO\n    # liên hệ\n    contact: { name: Lan }\n\n  - { id: 'an-thai', name: 'Xã ''A''', kind: commune, devices: { r: 10.0.0.1 } }  # b\n";
        let block = edited(text, "an-cu", &keys()).unwrap();
        let expected =
            text.replace("# GSO\n", "# GSO\n    until: 2025-07-01\n    merged_into: xa-moi\n");
        assert_eq!(block, expected);
        let flow = edited(text, "an-thai", &keys()).unwrap();
        let expected = text.replace(
            "kind: commune, devices",
            "kind: commune, until: 2025-07-01, merged_into: xa-moi, devices",
        );
        assert_eq!(flow, expected);
    }

    #[test]
    fn a_key_that_is_there_is_written_over_and_one_without_value_gets_it() {
        let text = "units:\r\n- name: A\r\n  id: a\r\n  until:   # chưa\r\n- id: b\r\n  until: \"2030-01-01\"\r\n  kind: x";
        let a = edited(text, "a", &keys()).unwrap();
        assert_eq!(
            a,
            "units:\r\n- name: A\r\n  id: a\r\n  until: 2025-07-01   # chưa\r\n  merged_into: xa-moi\r\n- id: b\r\n  until: \"2030-01-01\"\r\n  kind: x"
        );
        let b = edited(text, "b", &keys()).unwrap();
        assert!(
            b.ends_with("  until: 2025-07-01\r\n  kind: x\r\n  merged_into: xa-moi\r\n"),
            "{b}"
        );
    }

    #[test]
    fn what_an_alias_repeats_or_is_not_there_is_refused() {
        let shared = "units:\n  - &a { id: a, kind: x }\n  - *a\n";
        assert!(edited(shared, "a", &keys()).is_err());
        assert!(edited("units:\n  - { id: a }\n", "b", &keys()).is_err());
        assert!(edited("networks: []\n", "a", &keys()).is_err());
    }

    #[test]
    fn a_row_gets_its_cells_and_the_header_its_columns() {
        let text = "Mã;Tên;Loại;Ghi chú\r\na;Xã A;xã;\"x; y\"\r\nb;Xã B\r\n\r\nc;Xã C;xã;\r\n";
        let keys = [("until", "2025-07-01".to_owned()), ("merged_into", "m".to_owned())];
        let sets = ["a", "b"].map(|id| (id, &keys[..]));
        let got = set_in_csv(text, Section::Units, &sets).unwrap();
        assert_eq!(
            got,
            "Mã;Tên;Loại;Ghi chú;until;merged_into\r\na;Xã A;xã;\"x; y\";2025-07-01;m\r\nb;Xã B;;;2025-07-01;m\r\n\r\nc;Xã C;xã;\r\n"
        );
        let text = "id,name,until\na,A,\nb,B,2020-01-01\n";
        let sets = ["a", "b"].map(|id| (id, &keys[..1]));
        let got = set_in_csv(text, Section::Units, &sets).unwrap();
        assert_eq!(got, "id,name,until\na,A,2025-07-01\nb,B,2025-07-01\n");
        assert!(set_in_csv(text, Section::Units, &[("z", &keys)]).is_err());
    }
}
