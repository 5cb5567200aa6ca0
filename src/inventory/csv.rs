//! CSV to the generic tree: a header row, then one entry a row. A dotted column is a nested key,
//! some columns hold lists separated by `;`, what is neither stands in YAML's flow form. An empty cell
//! is a key left out, `~` one without a value.
//!
//! Cells are split here and not by the csv crate because every cell needs its place. Quoting is
//! RFC 4180; the separator is a comma, or a semicolon where the header row has no comma (the form
//! spreadsheets write where the comma is the decimal mark), or a tab.

use std::collections::HashMap;
use std::sync::Arc;

use super::Section;
use super::heading::{self, Heading};
use super::node::{Key, Map, Node, Value};
use super::place::{At, Desk, Finding, shown};
use super::yaml;
use crate::model::Message;

/// Columns whose cells are lists.
pub(super) const LISTS: [&str; 8] =
    ["requires", "sites", "prefixes", "checks", "via", "over", "holidays", "make_up"];
/// Columns whose cells hold what is no text and no list of words in YAML's flow form, as lists may.
const NESTED: [&str; 13] = [
    "codes",
    "contact",
    "location",
    "addresses",
    "speeds",
    "health",
    "ping",
    "sla",
    "penalty",
    "hours",
    "measured",
    "for",
    "set",
];
/// What a cell may begin with that a spreadsheet takes for a formula or for its own mark.
const MARKS: [char; 7] = ['=', '+', '-', '@', '\t', '\'', '~'];
/// A cell with a key that has no value.
pub(super) const NOTHING: &str = "~";
/// Most columns of a file.
pub(super) const MAX_COLUMNS: usize = 200;

/// What stands in a row under a column.
pub(super) struct Cell {
    /// Where.
    pub at: At,
    /// In NFC, without blanks around it.
    pub text: String,
}

/// The rows of a source as a list of mappings; `None` after reporting why there are none.
/// `required` names the columns without which no row means anything.
pub(super) fn read(
    desk: &mut Desk,
    source: u32,
    section: Section,
    required: &[&str],
) -> Option<Node> {
    let rows = rows(desk, source)?;
    table(desk, source, rows, section, required)
}

/// The cells of a source, row by row; `None` after reporting why there are none.
pub(super) fn rows(desk: &mut Desk, source: u32) -> Option<Vec<Vec<Cell>>> {
    let text = desk.text(source);
    match split(source, &text) {
        Ok(rows) => Some(rows),
        Err(at) => {
            desk.mark_broken(source);
            desk.report(
                Finding::error(at, Message::new("check.csv_quote"))
                    .hint(Message::new("check.csv_quote_hint")),
            );
            None
        }
    }
}

/// As [`read`], of rows that are cells already; the first is the header.
pub(super) fn table(
    desk: &mut Desk,
    source: u32,
    mut rows: Vec<Vec<Cell>>,
    section: Section,
    required: &[&str],
) -> Option<Node> {
    let whole = At { source, start: 0, len: 1 };
    rename(&mut rows, section);
    let mut rows = rows.into_iter();
    let Some(header) = rows.next() else {
        desk.mark_broken(source);
        desk.report(Finding::error(whole, Message::new("check.csv_empty")));
        return None;
    };
    if !is_header_sound(desk, &header, required) {
        desk.mark_broken(source);
        return None;
    }
    let asked = Asked::of(&header);
    let items = rows.filter_map(|cells| row(desk, &header, &asked, cells)).collect();
    Some(Node { at: whole, value: Value::List(items) })
}

/// Puts the inventory's keys for the headings it knows in words, and leaves out the columns that
/// are for people alone.
fn rename(rows: &mut [Vec<Cell>], section: Section) {
    let Some(header) = rows.first_mut() else { return };
    let mut is_note = vec![false; header.len()];
    for (cell, is_note) in header.iter_mut().zip(&mut is_note) {
        match heading::heading(section, &cell.text) {
            Heading::Key(key) => key.clone_into(&mut cell.text),
            Heading::Note => *is_note = true,
            Heading::Other => {}
        }
    }
    if is_note.contains(&true) {
        for row in rows {
            let mut kept = is_note.iter().map(|is_note| !is_note).chain(std::iter::repeat(true));
            row.retain(|_| kept.next().unwrap_or(true));
        }
    }
}

fn is_header_sound(desk: &mut Desk, header: &[Cell], required: &[&str]) -> bool {
    let mut first: HashMap<&str, At> = HashMap::new();
    let mut is_sound = header.len() <= MAX_COLUMNS;
    if let Some(beyond) = header.get(MAX_COLUMNS) {
        let message = Message::new("check.csv_columns").with("most", MAX_COLUMNS);
        desk.report(Finding::error(beyond.at, message));
    }
    for cell in header {
        let (message, related) = if cell.text.is_empty() {
            (Message::new("check.csv_unnamed"), None)
        } else if let Some(at) = first.insert(&cell.text, cell.at) {
            (Message::new("check.duplicate_key").with("key", shown(&cell.text)), Some(at))
        } else {
            continue;
        };
        is_sound = false;
        let finding = Finding::error(cell.at, message);
        desk.report(match related {
            Some(at) => finding.related(at, Message::new("check.first")),
            None => finding,
        });
    }
    for key in required.iter().filter(|key| !first.contains_key(**key)) {
        is_sound = false;
        let at = header.first().map_or(At { source: 0, start: 0, len: 1 }, |c| c.at);
        let near = desk.nearest(key, first.keys().copied()).map(str::to_owned);
        let hint =
            near.map(|near| Message::new("check.csv_rename").with("column", near).with("key", key));
        let message = Message::new(match *key {
            "id" => "check.csv_missing_id",
            "unit" => "check.csv_missing_unit",
            _ => "check.csv_missing_column",
        });
        desk.report(Finding::error(at, message.with("key", key)).hint_if(hint));
    }
    is_sound
}

/// One row as a mapping; `None` for an empty one and, after reporting it, for one of the wrong
/// length.
fn row(desk: &mut Desk, header: &[Cell], asked: &Asked, cells: Vec<Cell>) -> Option<Node> {
    if cells.iter().all(|c| c.text.is_empty()) {
        return None;
    }
    let at = cells.first().map(|c| c.at)?;
    if let Some(beyond) = cells.iter().skip(header.len()).find(|c| !c.text.is_empty()) {
        let message = Message::new("check.csv_row_length")
            .with("cells", cells.len())
            .with("columns", header.len());
        desk.report(
            Finding::error(beyond.at, message).hint(Message::new("check.csv_row_length_hint")),
        );
        if let Some(id) = cells.first() {
            desk.mark_broken_id(&id.text);
        }
        return None;
    }
    let mut map = Map { entries: Vec::new(), asked: Some(Arc::clone(&asked.keys)) };
    for (column, cell) in header.iter().zip(cells) {
        if !cell.text.is_empty()
            && let Some(value) = value(desk, &column.text, &cell)
        {
            insert(&mut map, column.at, asked, &column.text, Node { at: cell.at, value });
        }
    }
    Some(Node { at, value: Value::Map(map) })
}

/// What a table has columns for, and the inner keys of its dotted ones.
struct Asked {
    keys: Arc<[String]>,
    inner: HashMap<String, Arc<[String]>>,
}

impl Asked {
    fn of(header: &[Cell]) -> Self {
        let keys = header.iter().map(|column| column.text.clone()).collect();
        let mut inner: HashMap<String, Vec<String>> = HashMap::new();
        for (outer, rest) in header.iter().filter_map(|column| column.text.split_once('.')) {
            inner.entry(outer.to_owned()).or_default().push(rest.to_owned());
        }
        let inner = inner.into_iter().map(|(outer, rest)| (outer, rest.into())).collect();
        Self { keys, inner }
    }
}

/// The text that a cell stands for: an apostrophe before what a spreadsheet would take for a formula,
/// or before our own mark for nothing, is only there to keep it a text.
fn plain(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| rest.starts_with(MARKS)).unwrap_or(text)
}

/// A text as a cell holds it, to be read back as it is; what a spreadsheet might take for a formula
/// gets an apostrophe where `is_open`, as in CSV, nothing else keeps it a text.
pub(super) fn guarded(text: &str, is_open: bool) -> String {
    let is_number = crate::model::parse_scaled(text, 9).is_some();
    let is_mistaken = text == NOTHING || plain(text) != text;
    if is_mistaken || (is_open && text.starts_with(MARKS) && !is_number) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn value(desk: &mut Desk, column: &str, cell: &Cell) -> Option<Value> {
    if cell.text == NOTHING {
        return Some(Value::Null);
    }
    let is_list = LISTS.contains(&column);
    if (is_list || NESTED.contains(&column)) && cell.text.starts_with(['[', '{']) {
        return yaml::cell(desk, cell.at, &cell.text).map(|node| node.value);
    }
    let text = heading::word(column, plain(&cell.text));
    if !is_list {
        return Some(Value::Text(text));
    }
    let mut start = 0;
    let parts = text.split(';').filter_map(|part| {
        let from = start + (part.len() - part.trim_start().len());
        start += part.len() + 1;
        let as_u32 = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        // A quoted cell's text begins after its quote; doubled quotes inside shift it no further
        // than the cell's own end.
        let at = At {
            start: cell.at.start + as_u32(from).min(cell.at.len),
            len: as_u32(part.trim().len()).min(cell.at.len.saturating_sub(as_u32(from))),
            ..cell.at
        };
        let text = part.trim();
        (!text.is_empty()).then(|| Node { at, value: Value::Text(text.to_owned()) })
    });
    Some(Value::List(parts.collect()))
}

fn insert(map: &mut Map, at: At, asked: &Asked, column: &str, node: Node) {
    let Some((outer, inner)) = column.split_once('.') else {
        map.entries.push((Key { text: column.to_owned(), at }, node));
        return;
    };
    if let Some((_, Node { value: Value::Map(nested), .. })) =
        map.entries.iter_mut().find(|(key, _)| key.text == outer)
    {
        nested.entries.push((Key { text: inner.to_owned(), at }, node));
        return;
    }
    let nested_at = node.at;
    let nested = Map {
        entries: vec![(Key { text: inner.to_owned(), at }, node)],
        asked: asked.inner.get(outer).cloned(),
    };
    let key = Key { text: outer.to_owned(), at };
    map.entries.push((key, Node { at: nested_at, value: Value::Map(nested) }));
}

/// What stands between the cells of a text.
pub(super) fn separator(text: &str) -> char {
    let first = text.lines().next().unwrap_or_default();
    [',', ';', '\t'].into_iter().find(|c| first.contains(*c)).unwrap_or(',')
}

/// The cells of every row that is not blank; the place of the quote that is never closed, or
/// is closed in the middle of its cell.
pub(super) fn split(source: u32, text: &str) -> Result<Vec<Vec<Cell>>, At> {
    let as_u32 = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let separator = separator(text);
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut rest = 0;
    while rest < text.len() {
        let tail = &text[rest..];
        let (raw_len, at, content) = if tail.starts_with('"') {
            let close = closing_quote(tail).ok_or(At { source, start: as_u32(rest), len: 1 })?;
            let until = tail[close + 1..].find([separator, '\n', '\r']);
            let raw_len = until.map_or(tail.len(), |i| close + 1 + i);
            if !tail[close + 1..raw_len].trim().is_empty() {
                return Err(At { source, start: as_u32(rest + close), len: 1 });
            }
            let at = At { source, start: as_u32(rest + 1), len: as_u32(close - 1) };
            (raw_len, at, tail[1..close].replace("\"\"", "\""))
        } else {
            let raw_len = tail.find([separator, '\n', '\r']).unwrap_or(tail.len());
            let cell = &tail[..raw_len];
            let lead = cell.len() - cell.trim_start().len();
            let len = as_u32(cell.trim().len());
            (raw_len, At { source, start: as_u32(rest + lead), len }, cell.to_owned())
        };
        row.push(Cell { at, text: crate::locale::nfc(content.trim()) });
        rest += raw_len;
        match text[rest..].chars().next() {
            Some(c) if c == separator => {
                rest += 1;
                if rest == text.len() {
                    let at = At { source, start: as_u32(rest), len: 0 };
                    row.push(Cell { at, text: String::new() });
                }
            }
            Some(_) => {
                rest += if text[rest..].starts_with("\r\n") { 2 } else { 1 };
                rows.push(std::mem::take(&mut row));
            }
            None => {}
        }
    }
    if !row.is_empty() {
        rows.push(row);
    }
    rows.retain(|row| row.len() > 1 || row.iter().any(|c| !c.text.is_empty()));
    Ok(rows)
}

/// The byte of the quote that closes the one at the start; a doubled one is a quote inside.
fn closing_quote(text: &str) -> Option<usize> {
    let mut from = 1;
    loop {
        let quote = from + text[from..].find('"')?;
        if !text[quote + 1..].starts_with('"') {
            return Some(quote);
        }
        from = quote + 2;
    }
}

/// The list whose columns a table has, where its name does not say which it is.
pub(super) fn guess(text: &str) -> Option<Section> {
    let header = split(0, text).ok()?.into_iter().next()?;
    let order = [
        (Section::Connections, &["id", "unit", "network"][..]),
        (Section::Units, &["id", "name", "kind"]),
        (Section::Services, &["id", "unit", "name", "url"]),
        (Section::Devices, &["id", "unit"]),
        (Section::Calendars, &["id", "hours", "holidays"]),
        (Section::Defaults, &["for", "set"]),
    ];
    let has = |section: Section, key: &str| {
        header.iter().any(|cell| match heading::heading(section, &cell.text) {
            Heading::Key(known) => known == key,
            Heading::Note => false,
            Heading::Other => cell.text == key,
        })
    };
    let found = order.into_iter().find(|(section, keys)| keys.iter().all(|key| has(*section, key)));
    found.map(|(section, _)| section)
}
