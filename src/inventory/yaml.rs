//! YAML to the generic tree. One diagnostic for a file that is no YAML; duplicate keys are all
//! reported. Input is bounded by the library's budget, depth included.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Error, Location, MergeKeyPolicy, Spanned};

use super::node::{Key, Map, Node, Value};
use super::place::{At, Desk, Finding, shown};
use crate::model::Message;

/// Deepest nesting of a file; the format itself needs eight.
const MAX_DEPTH: usize = 32;
/// Most values in one file; 35,000 devices written out in full take a million.
const MAX_NODES: usize = 4_000_000;
/// Most values that aliases (`*name`) may repeat in one file.
const MAX_ALIASED: usize = 50_000;

/// What the library hands over, before scalars are looked up in the text.
enum Raw {
    Null,
    Text(String),
    /// A scalar that looks like a number or a truth value; the text has its spelling.
    Plain(String),
    List(Vec<Placed>),
    Map(Vec<(Placed, Placed)>),
}

/// A value and where it stands, in half of what [`Spanned`] takes: thousands of devices have twenty
/// values each, and all of them are here at once.
struct Placed {
    value: Raw,
    /// In bytes, where the library says it so.
    offset: Option<u32>,
    len: u32,
    line: u32,
    column: u32,
}

impl Placed {
    fn new(value: Raw, location: Location) -> Self {
        let span = location.span();
        let [line, column] = [location.line(), location.column()].map(as_u32);
        let len = span.byte_len().map_or(1, as_u32);
        Self { value, offset: span.byte_offset().map(as_u32), len, line, column }
    }
}

impl From<Spanned<Raw>> for Placed {
    fn from(Spanned { value, defined, .. }: Spanned<Raw>) -> Self {
        Self::new(value, defined)
    }
}

fn as_u32(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }
    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Plain(value.to_string()))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Plain(value.to_string()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Plain(value.to_string()))
    }
    fn visit_i128<E>(self, value: i128) -> Result<Raw, E> {
        Ok(Raw::Plain(value.to_string()))
    }
    fn visit_u128<E>(self, value: u128) -> Result<Raw, E> {
        Ok(Raw::Plain(value.to_string()))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Plain(value.to_string()))
    }
    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }
    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Text(value))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Spanned<Raw>>()? {
            list.push(item.into());
        }
        Ok(Raw::List(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some((key, value)) = entries.next_entry::<Spanned<Raw>, Spanned<Raw>>()? {
            map.push((key.into(), value.into()));
        }
        Ok(Raw::Map(map))
    }
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 3 * MAX_NODES,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_ALIASED },
        merge_keys: MergeKeyPolicy::AsOrdinary,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        strict_booleans: true,
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::AsString,
        with_snippet: false,
        emit_comments: false,
    }
}

/// The tree of a source; `None` after reporting why there is none.
pub(super) fn read(desk: &mut Desk, source: u32) -> Option<Node> {
    let text = desk.text(source);
    match serde_saphyr::from_str_with_options::<Spanned<Raw>>(&text, options()) {
        Ok(raw) => Some(Reading { desk, source, text: &text }.node(raw.into())),
        Err(error) => {
            desk.mark_broken(source);
            report_error(desk, source, &text, &error);
            None
        }
    }
}

/// What a cell says in YAML's flow form (`[ping, { ping: 10.0.0.1 }]`), its places moved to where the
/// cell stands; `None` after reporting that it cannot be understood.
pub(super) fn cell(desk: &mut Desk, whole: At, text: &str) -> Option<Node> {
    let read = serde_saphyr::from_str_with_options::<Spanned<Raw>>(text, options());
    let Ok(raw) = read else {
        let message = Message::new("import.bad_cell").with("text", shown(text));
        desk.report(Finding::error(whole, message).hint(Message::new("import.bad_cell_hint")));
        return None;
    };
    let mut node = Reading { desk, source: whole.source, text }.node(raw.into());
    shift(&mut node, whole);
    Some(node)
}

/// Doubled quotes of a CSV cell shift nothing further than the cell's own end.
fn shift(node: &mut Node, whole: At) {
    let moved = |at: At| {
        let before = at.start.min(whole.len);
        At { start: whole.start + before, len: at.len.min(whole.len - before), ..whole }
    };
    node.at = moved(node.at);
    match &mut node.value {
        Value::Null | Value::Text(_) => {}
        Value::List(items) => items.iter_mut().for_each(|item| shift(item, whole)),
        Value::Map(map) => {
            for (key, value) in &mut map.entries {
                key.at = moved(key.at);
                shift(value, whole);
            }
        }
    }
}

struct Reading<'a> {
    desk: &'a mut Desk,
    source: u32,
    text: &'a str,
}

impl Reading<'_> {
    fn node(&mut self, raw: Placed) -> Node {
        let at = at(self.source, self.text, &raw);
        let value = match raw.value {
            Raw::Null => Value::Null,
            Raw::Text(text) => Value::Text(nfc(text)),
            Raw::Plain(fallback) => {
                let written = self.text.get(at.start as usize..(at.start + at.len) as usize);
                let written = written.map(str::trim).filter(|t| !t.is_empty());
                Value::Text(written.map_or(fallback, str::to_owned))
            }
            Raw::List(items) => Value::List(items.into_iter().map(|i| self.node(i)).collect()),
            Raw::Map(entries) => Value::Map(self.map(entries)),
        };
        Node { at, value }
    }

    fn map(&mut self, raw: Vec<(Placed, Placed)>) -> Map {
        let mut first: HashMap<String, At> = HashMap::new();
        let mut entries = Vec::with_capacity(raw.len());
        for (key, value) in raw {
            let key = self.node(key);
            let value = self.node(value);
            let Value::Text(text) = key.value else {
                self.desk.report(Finding::error(key.at, Message::new("check.bad_key")));
                continue;
            };
            if let Some(first) = first.get(&text) {
                let message = Message::new("check.duplicate_key").with("key", shown(&text));
                self.desk.report(
                    Finding::error(key.at, message).related(*first, Message::new("check.first")),
                );
                continue;
            }
            first.insert(text.clone(), key.at);
            entries.push((Key { text, at: key.at }, value));
        }
        Map { entries, asked: None }
    }
}

fn nfc(text: String) -> String {
    if unicode_normalization::is_nfc(&text) { text } else { crate::locale::nfc(&text) }
}

fn at(source: u32, text: &str, placed: &Placed) -> At {
    let start = placed.offset.map_or_else(
        || byte_of(text, placed.line.into(), placed.column.into()),
        |offset| usize::try_from(offset).unwrap_or(usize::MAX),
    );
    let start = start.min(text.len());
    let len = u64::from(placed.len).min((text.len() - start) as u64);
    At { source, start: as_u32(start as u64), len: as_u32(len) }
}

/// The byte at which a line and column (both from 1) stand; the end when beyond.
fn byte_of(text: &str, line: u64, column: u64) -> usize {
    let before = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
    let starts: usize = text.split_inclusive('\n').take(before).map(str::len).sum();
    let skip = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
    let rest = text.get(starts..).unwrap_or_default();
    starts + rest.char_indices().nth(skip).map_or(rest.len(), |(i, _)| i)
}

fn report_error(desk: &mut Desk, source: u32, text: &str, error: &Error) {
    let error = error.without_snippet();
    let mut place = error.location().map_or(At { source, start: 0, len: 1 }, |location| {
        at(source, text, &Placed::new(Raw::Null, location))
    });
    let (message, hint) = match error {
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            (Message::new("check.yaml_too_large"), None)
        }
        Error::MultipleDocuments { .. } => {
            (Message::new("check.yaml_documents"), Some(Message::new("check.yaml_documents_hint")))
        }
        Error::UnknownAnchor { .. } => (Message::new("check.yaml_anchor"), None),
        _ => {
            let line = desk.place(place).source;
            let indent = line.len() - line.trim_start().len();
            if let Some(tab) = line[..indent].find('\t') {
                let from_start = text[..place.start as usize].rfind('\n').map_or(0, |i| i + 1);
                place.start = u32::try_from(from_start + tab).unwrap_or(place.start);
                let hint = Message::new("check.yaml_tab_hint");
                (Message::new("check.yaml_tab"), Some(hint))
            } else {
                (syntax(&detail(error)), Some(Message::new("check.yaml_syntax_hint")))
            }
        }
    };
    desk.report(Finding::error(place, message).hint_if(hint));
}

/// The commonest mistakes in the user's language, the others in the library's words.
fn syntax(detail: &str) -> Message {
    let is_about = |words: &str| detail.contains(words);
    if is_about("unclosed quote") {
        Message::new("check.yaml_quote")
    } else if is_about("unclosed bracket") || is_about("expected ',' or") {
        Message::new("check.yaml_bracket")
    } else if is_about("':'") || is_about("mapping values are not allowed") {
        Message::new("check.yaml_colon")
    } else {
        Message::new("check.yaml_syntax").with("detail", detail)
    }
}

/// The library's sentence, without the place it puts into it.
fn detail(error: &Error) -> String {
    let text = error.render();
    let line = text.lines().next().unwrap_or_default();
    let line = line.split(" at line ").next().unwrap_or(line);
    line.trim_start_matches("error: ").chars().take(200).collect()
}
