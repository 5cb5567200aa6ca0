//! Changes to files that people wrote, at the place of an entry: comments, order and everything
//! else stay as they are, byte by byte.
//!
//! What was changed is read again and held against what was to come of it; a text that would mean
//! anything else (an entry that an alias repeats, a scalar over several lines) is refused.

use std::collections::BTreeMap;

use crate::inventory::csv::{self, Cell};
use crate::inventory::heading::{self, Heading};
use crate::inventory::node::{Key, Map, Node, Value};
use crate::inventory::place::{At, Desk};
use crate::inventory::{Section, yaml};

/// Keys after the last of which a person would write down a unit's end.
const HEAD_KEYS: [&str; 8] = ["id", "name", "short", "kind", "parent", "code", "since", "until"];

/// A file cannot be changed at this entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Uneditable {
    /// The entry.
    pub id: String,
}

/// A text with the changes to be made.
#[derive(Debug, Default)]
struct Patch {
    /// By where they begin: bytes replaced, and what by. Those at one place follow each other.
    edits: Vec<(usize, usize, String)>,
}

impl Patch {
    fn insert(&mut self, at: usize, text: String) {
        self.edits.push((at, 0, text));
    }

    fn replace(&mut self, at: usize, len: usize, text: String) {
        self.edits.push((at, len, text));
    }

    /// The text with the changes made; `None` where two of them overlap or cut a character.
    fn apply(mut self, text: &str) -> Option<String> {
        self.edits.sort_by_key(|(at, _, _)| *at);
        let mut out = String::with_capacity(text.len() + 64 * self.edits.len());
        let mut done = 0;
        for (at, len, new) in &self.edits {
            out.push_str(text.get(done..*at)?);
            out.push_str(new);
            done = at + len;
        }
        out.push_str(text.get(done..)?);
        Some(out)
    }
}

/// A YAML file under change.
pub(super) struct YamlEdit<'a> {
    text: &'a str,
    tree: &'a Node,
    patch: Patch,
    /// What it is to mean: by the list's name, the entry's id and the key.
    wanted: BTreeMap<(String, String, String), String>,
}

impl<'a> YamlEdit<'a> {
    /// `tree` is what [`yaml::read`] made of `text`.
    pub(super) fn new(text: &'a str, tree: &'a Node) -> Self {
        Self { text, tree, patch: Patch::default(), wanted: BTreeMap::new() }
    }

    /// Sets `keys` of the entry of `list` with this id, in this order, to scalars written as given
    /// ([`scalar`]).
    ///
    /// # Errors
    /// [`Uneditable`] when there is no such entry or it has a key that is no scalar.
    pub(super) fn set(
        &mut self,
        list: &str,
        id: &str,
        keys: &[(&str, &str)],
    ) -> Result<(), Uneditable> {
        let refused = || Uneditable { id: id.to_owned() };
        let entry = entries(self.tree, list)
            .find(|entry| text_of(map_of(entry), "id") == Some(id))
            .ok_or_else(refused)?;
        let map = map_of(entry);
        let mut new = Vec::new();
        for (key, value) in keys {
            match map.and_then(|map| map.entry(key)) {
                None => new.push((*key, *value)),
                Some((_, node)) if matches!(node.value, Value::Text(_)) => {
                    let (start, end) = self.scalar_span(node.at).ok_or_else(refused)?;
                    self.patch.replace(start, end - start, (*value).to_owned());
                }
                Some((found, Node { value: Value::Null, .. })) => {
                    let after = found.at.start as usize + key.len();
                    let colon = self.text.get(after..).and_then(|rest| rest.find(':'));
                    let at = after + colon.ok_or_else(refused)? + 1;
                    self.patch.insert(at, format!(" {value}"));
                }
                Some(_) => return Err(refused()),
            }
            let wanted = (list.to_owned(), id.to_owned(), (*key).to_owned());
            self.wanted.insert(wanted, (*value).to_owned());
        }
        if !new.is_empty() {
            self.add(entry, &new).ok_or_else(refused)?;
        }
        Ok(())
    }

    /// Writes new keys behind the last of an entry's head.
    fn add(&mut self, entry: &Node, new: &[(&str, &str)]) -> Option<()> {
        let map = map_of(entry)?;
        let head = HEAD_KEYS.iter().filter_map(|key| map.entry(key));
        let (key, value) = head
            .filter(|(_, node)| matches!(node.value, Value::Text(_)))
            .max_by_key(|(key, _)| key.at.start)?;
        let (_, end) = self.scalar_span(value.at)?;
        if self.text.get(entry.at.start as usize..)?.starts_with('{') {
            let text = new.iter().fold(String::new(), |t, (k, v)| format!("{t}, {k}: {v}"));
            self.patch.insert(end, text);
            return Some(());
        }
        let rest = self.text.get(end..)?;
        let line = rest.find('\n').map_or(rest.len(), |n| n + 1);
        let newline = if self.text.contains("\r\n") { "\r\n" } else { "\n" };
        let start = key.at.start as usize;
        let line_start = self.text.get(..start)?.rfind('\n').map_or(0, |n| n + 1);
        // Of `  - id: a` the keys beneath stand where `id` does.
        let indent: String = self.text.get(line_start..start)?.chars().map(|_| ' ').collect();
        let mut text = String::new();
        if !rest.get(..line)?.ends_with('\n') {
            text.push_str(newline);
        }
        for (key, value) in new {
            text.push_str(&format!("{indent}{key}: {value}{newline}"));
        }
        self.patch.insert(end + line, text);
        Some(())
    }

    /// Where a scalar begins and ends, its quotes included.
    fn scalar_span(&self, at: At) -> Option<(usize, usize)> {
        let start = at.start as usize;
        let rest = self.text.get(start..)?;
        let end = match rest.chars().next()? {
            quote @ ('"' | '\'') => closing(rest, quote)? + 1,
            _ => rest.get(..at.len as usize)?.trim_end().len(),
        };
        Some((start, start + end))
    }

    /// The changed text.
    ///
    /// # Errors
    /// [`Uneditable`] with the first entry changed, when the text would not mean what it is to.
    pub(super) fn finish(self) -> Result<String, Uneditable> {
        let first = self.wanted.keys().next().map(|(_, id, _)| id.clone()).unwrap_or_default();
        let refused = || Uneditable { id: first.clone() };
        let mut wanted = Meaning::of(self.tree);
        for ((list, id, key), value) in &self.wanted {
            wanted.set(list, id, key, plain(value));
        }
        let text = self.patch.apply(self.text).ok_or_else(refused)?;
        let mut desk = Desk::default();
        let source = desk.add_source(std::path::PathBuf::new(), text.as_str().into());
        let found = yaml::read(&mut desk, source).filter(|_| desk.errors() == 0);
        match found {
            Some(found) if Meaning::of(&found) == wanted => Ok(text),
            _ => Err(refused()),
        }
    }
}

/// The byte of the quote that closes the one at the start.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut is_passed = false;
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if std::mem::take(&mut is_passed) {
            continue;
        }
        // `\"` between double quotes, `''` between single ones.
        let mut is_doubled = || chars.peek().is_some_and(|(_, next)| *next == quote);
        match c {
            '\\' if quote == '"' => is_passed = true,
            c if c == quote && quote == '\'' && is_doubled() => is_passed = true,
            c if c == quote => return Some(at),
            _ => {}
        }
    }
    None
}

/// The entries of a list of a file.
pub(super) fn entries<'a>(tree: &'a Node, list: &str) -> impl Iterator<Item = &'a Node> {
    let items = map_of(tree).and_then(|map| map.entry(list)).map(|(_, node)| &node.value);
    match items {
        Some(Value::List(items)) => items.iter(),
        _ => [].iter(),
    }
}

fn map_of(node: &Node) -> Option<&Map> {
    match &node.value {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

fn text_of<'a>(map: Option<&'a Map>, key: &str) -> Option<&'a str> {
    match &map?.entry(key)?.1.value {
        Value::Text(text) => Some(text.trim()),
        _ => None,
    }
}

/// The id of an entry.
pub(super) fn id_of(entry: &Node) -> Option<&str> {
    text_of(map_of(entry), "id")
}

/// What a file means, without places and without the order of keys.
#[derive(Debug, PartialEq, Eq)]
enum Meaning {
    Null,
    Text(String),
    List(Vec<Meaning>),
    Map(BTreeMap<String, Meaning>),
}

impl Meaning {
    fn of(node: &Node) -> Self {
        match &node.value {
            Value::Null => Self::Null,
            Value::Text(text) => Self::Text(text.clone()),
            Value::List(items) => Self::List(items.iter().map(Self::of).collect()),
            Value::Map(map) => {
                let entry = |(key, node): &(Key, Node)| (key.text.clone(), Self::of(node));
                Self::Map(map.entries.iter().map(entry).collect())
            }
        }
    }

    fn set(&mut self, list: &str, id: &str, key: &str, value: String) {
        let Self::Map(file) = self else { return };
        let Some(Self::List(items)) = file.get_mut(list) else { return };
        let has_id = |map: &BTreeMap<String, Self>| matches!(map.get("id"), Some(Self::Text(found)) if found.trim() == id);
        // As the entry was found: the first of that id.
        let found = items.iter_mut().find_map(|item| match item {
            Self::Map(map) if has_id(map) => Some(map),
            _ => None,
        });
        if let Some(map) = found {
            map.insert(key.to_owned(), Self::Text(value));
        }
    }
}

/// A text as a scalar: plain where YAML reads it back as it is, else between double quotes.
pub(super) fn scalar(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '.' | '/' | '(' | ')');
    let is_word = text.chars().next().is_some_and(char::is_alphabetic);
    let is_date = text.parse::<jiff::civil::Date>().is_ok();
    let is_spoken = matches!(
        text.to_ascii_lowercase().as_str(),
        "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n"
    );
    if (is_word || is_date) && !is_spoken && text.chars().all(is_plain) && text.trim() == text {
        return text.to_owned();
    }
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

/// The text that [`scalar`] wrote.
fn plain(written: &str) -> String {
    match written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => inner.replace("\\\"", "\"").replace("\\\\", "\\"),
        None => written.to_owned(),
    }
}

/// An entry of a list as a person writes it, a key a line; values are scalars already or flow
/// lists.
pub(super) fn entry(keys: &[(&str, String)]) -> String {
    let lines = keys.iter().enumerate().map(|(n, (key, value))| {
        let lead = if n == 0 { "  - " } else { "    " };
        format!("{lead}{key}: {value}\n")
    });
    lines.collect()
}

/// Sets `keys` of the row with each id in a CSV text; columns that are not there are added at the
/// end. Values are words and dates, which need no quotes.
///
/// # Errors
/// [`Uneditable`] when a row cannot be found, or a cell would have to be cut.
pub(super) fn set_in_csv(
    text: &str,
    section: Section,
    sets: &[(String, Vec<(&str, String)>)],
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
    for key in sets.iter().flat_map(|(_, keys)| keys).map(|(key, _)| *key) {
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
        patch.insert(end(header), added);
    }
    let id_column = columns.iter().position(|c| c == "id").ok_or_else(|| refused(&first.0))?;
    for (id, keys) in sets {
        let row = rows
            .iter()
            .skip(1)
            .find(|row| row.get(id_column).is_some_and(|cell| cell.text == *id))
            .ok_or_else(|| refused(id))?;
        let mut tail: Vec<&str> = vec![""; columns.len().saturating_sub(row.len())];
        for (key, value) in keys {
            let column = columns.iter().position(|c| c == key).ok_or_else(|| refused(id))?;
            match row.get(column) {
                Some(cell) => {
                    let (at, len) = (cell.at.start as usize, cell.at.len as usize);
                    patch.replace(at, len, value.clone());
                }
                None => tail[column - row.len()] = value,
            }
        }
        while tail.last() == Some(&"") {
            tail.pop();
        }
        let tail: String = tail.iter().map(|value| format!("{separator}{value}")).collect();
        if !tail.is_empty() {
            patch.insert(end(row), tail);
        }
    }
    patch.apply(text).ok_or_else(|| refused(&first.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(text: &str, id: &str, keys: &[(&str, &str)]) -> Result<String, Uneditable> {
        let mut desk = Desk::default();
        let source = desk.add_source(std::path::PathBuf::new(), text.into());
        let tree = yaml::read(&mut desk, source).unwrap();
        let mut edit = YamlEdit::new(text, &tree);
        edit.set("units", id, keys)?;
        edit.finish()
    }

    const KEYS: [(&str, &str); 2] = [("until", "2025-07-01"), ("merged_into", "xa-moi")];

    #[test]
    fn keys_stand_behind_the_head_and_nothing_else_moves() {
        let text = "# đầu tệp\nunits:\n  - id: an-cu   # mã\n    name: \"Xã: An Cư\"\n    kind: commune\n    code: \"28360\"   # GSO\n    # liên hệ\n    contact: { name: Lan }\n\n  - { id: 'an-thai', name: 'Xã ''A''', kind: commune, devices: { r: 10.0.0.1 } }  # b\n";
        let block = edited(text, "an-cu", &KEYS).unwrap();
        let expected =
            text.replace("# GSO\n", "# GSO\n    until: 2025-07-01\n    merged_into: xa-moi\n");
        assert_eq!(block, expected);
        let flow = edited(text, "an-thai", &KEYS).unwrap();
        let expected = text.replace(
            "kind: commune, devices",
            "kind: commune, until: 2025-07-01, merged_into: xa-moi, devices",
        );
        assert_eq!(flow, expected);
    }

    #[test]
    fn a_key_that_is_there_is_written_over_and_one_without_value_gets_it() {
        let text = "units:\r\n- name: A\r\n  id: a\r\n  until:   # chưa\r\n- id: b\r\n  until: \"2030-01-01\"\r\n  kind: x";
        let a = edited(text, "a", &KEYS).unwrap();
        assert_eq!(
            a,
            "units:\r\n- name: A\r\n  id: a\r\n  merged_into: xa-moi\r\n  until: 2025-07-01   # chưa\r\n- id: b\r\n  until: \"2030-01-01\"\r\n  kind: x"
        );
        let b = edited(text, "b", &KEYS).unwrap();
        assert!(
            b.ends_with("  until: 2025-07-01\r\n  kind: x\r\n  merged_into: xa-moi\r\n"),
            "{b}"
        );
    }

    #[test]
    fn what_an_alias_repeats_or_is_not_there_is_refused() {
        let shared = "units:\n  - &a { id: a, kind: x }\n  - *a\n";
        assert!(edited(shared, "a", &KEYS).is_err());
        assert!(edited("units:\n  - { id: a }\n", "b", &KEYS).is_err());
        assert!(edited("units:\n  - { id: a, until: [1] }\n", "a", &KEYS).is_err());
    }

    #[test]
    fn scalars_are_read_back_as_they_were() {
        for text in
            ["Xã Mỹ Lợi", "28261", "a: b", "- c", "no", "\"x\" \\ y", "2025-07-01", "#1", ""]
        {
            let text_file =
                format!("units:\n{}", entry(&[("id", "a".into()), ("n", scalar(text))]));
            let mut desk = Desk::default();
            let source = desk.add_source(std::path::PathBuf::new(), text_file.as_str().into());
            let tree = yaml::read(&mut desk, source).unwrap();
            let item = entries(&tree, "units").next().unwrap();
            assert!(
                matches!(&map_of(item).unwrap().entry("n").unwrap().1.value, Value::Text(found) if found == text),
                "{text_file}"
            );
        }
    }

    #[test]
    fn a_row_gets_its_cells_and_the_header_its_columns() {
        let text = "Mã;Tên;Loại;Ghi chú\r\na;Xã A;xã;\"x; y\"\r\nb;Xã B\r\n\r\nc;Xã C;xã;\r\n";
        let keys = || vec![("until", "2025-07-01".to_owned()), ("merged_into", "m".to_owned())];
        let sets = ["a", "b"].map(|id| (id.to_owned(), keys()));
        let got = set_in_csv(text, Section::Units, &sets).unwrap();
        assert_eq!(
            got,
            "Mã;Tên;Loại;Ghi chú;until;merged_into\r\na;Xã A;xã;\"x; y\";2025-07-01;m\r\nb;Xã B;;;2025-07-01;m\r\n\r\nc;Xã C;xã;\r\n"
        );
        let text = "id,name,until\na,A,\nb,B,2020-01-01\n";
        let sets = ["a", "b"].map(|id| (id.to_owned(), vec![("until", "2025-07-01".to_owned())]));
        let got = set_in_csv(text, Section::Units, &sets).unwrap();
        assert_eq!(got, "id,name,until\na,A,2025-07-01\nb,B,2025-07-01\n");
        assert!(set_in_csv(text, Section::Units, &[("z".into(), keys())]).is_err());
    }
}
