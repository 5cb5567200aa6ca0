//! Looks values up in the tree, judges them one by one and keeps what is wrong with them.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_saphyr::{Error, Location};

use super::super::yaml::{Node, Value};
use super::KEYS;
use super::words::{cut, unknown_key_hint};
use crate::locale::nfc;
use crate::model::{
    Diagnostic, DurationError, Message, Place, Severity, format_duration, format_scaled,
    parse_duration, parse_scaled,
};

/// Most characters of a line that a [`Place`] carries.
const SOURCE_CHARS_MAX: usize = 400;

/// A mapping of the file whose keys are known and unique.
pub(super) struct Section<'n> {
    /// Its dotted path; empty at the top.
    name: &'static str,
    entries: Vec<(&'n str, &'n Node)>,
}

impl<'n> Section<'n> {
    /// The value of a key; a key without a value is as good as none.
    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        let (_, node) = self.entries.iter().find(|(k, _)| *k == key)?;
        (!matches!(node.value, Value::Null)).then_some(*node)
    }

    /// Where the value of a key stands.
    pub(super) fn place(&self, key: &str) -> Option<Location> {
        self.get(key).map(|node| node.defined)
    }

    fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }
}

/// The file with what is wrong in it.
pub(super) struct Desk<'t> {
    file: Arc<PathBuf>,
    text: &'t str,
    found: Vec<(Option<Location>, Diagnostic)>,
    /// Where secrets stand, which no diagnostic may show.
    hidden: Vec<Location>,
}

impl<'t> Desk<'t> {
    pub(super) fn new(file: &Path, text: &'t str) -> Self {
        Self { file: Arc::new(file.to_owned()), text, found: Vec::new(), hidden: Vec::new() }
    }

    pub(super) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.found.into_iter().map(|(_, diagnostic)| diagnostic).collect()
    }

    /// Notes an error.
    pub(super) fn error(&mut self, at: Option<Location>, message: Message, hint: Option<Message>) {
        self.note(Severity::Error, at, message, hint, None);
    }

    /// Notes what is worth knowing.
    pub(super) fn warning(
        &mut self,
        at: Option<Location>,
        message: Message,
        hint: Option<Message>,
    ) {
        self.note(Severity::Warning, at, message, hint, None);
    }

    /// The same of a place that was looked up before.
    pub(super) fn warning_at(&mut self, place: Place, message: Message, hint: Option<Message>) {
        let severity = Severity::Warning;
        let place = Some(place);
        self.found.push((None, Diagnostic { severity, message, place, hint, related: None }));
    }

    /// How much was noted so far.
    pub(super) fn count(&self) -> usize {
        self.found.len()
    }

    /// How many errors were noted so far.
    pub(super) fn errors(&self) -> usize {
        self.found.iter().filter(|(_, d)| d.severity == Severity::Error).count()
    }

    /// Keeps what stands at a place out of the source lines that diagnostics show.
    pub(super) fn hide(&mut self, at: Location) {
        self.hidden.push(at);
    }

    /// The folder the file is in.
    pub(super) fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }

    /// Notes an error that has to do with another place.
    pub(super) fn error_beside(&mut self, at: Location, message: Message, first: Location) {
        let related = (self.place(first), Message::new("config.first_used_here"));
        self.note(Severity::Error, Some(at), message, None, Some(related));
    }

    /// True when a value at this place was found wrong.
    pub(super) fn has_error_at(&self, at: Option<Location>) -> bool {
        at.is_some() && self.found.iter().any(|(other, _)| *other == at)
    }

    /// A file that is no YAML: the library's own sentence is all there is to say.
    pub(super) fn broken(&mut self, error: &Error) {
        let error = error.without_snippet();
        let (message, hint) = match error {
            Error::Budget { .. } => (Message::new("config.yaml_too_large"), None),
            Error::MultipleDocuments { .. } => (Message::new("config.yaml_documents"), None),
            _ => {
                let sentence = error.render();
                let sentence = sentence.lines().next().unwrap_or_default();
                let sentence = sentence.split(" at line ").next().unwrap_or(sentence);
                let sentence = sentence.trim_start_matches("error: ");
                let hint = if error.location().is_some_and(|at| self.is_indented_by_tab(at)) {
                    "config.yaml_tab_hint"
                } else {
                    "config.yaml_hint"
                };
                let message = Message::new("config.yaml_broken").with("detail", cut(sentence));
                (message, Some(Message::new(hint)))
            }
        };
        self.error(error.location(), message, hint);
    }

    fn is_indented_by_tab(&self, at: Location) -> bool {
        let source = self.place(at).source;
        source[..source.len() - source.trim_start().len()].contains('\t')
    }

    /// The items of a list; a missing one is empty, anything else is noted.
    pub(super) fn items<'n>(&mut self, section: &Section<'n>, key: &str) -> &'n [Node] {
        match section.get(key).map(|node| (&node.value, node.defined)) {
            None => &[],
            Some((Value::List(items), _)) => items,
            Some((_, at)) => {
                let message = Message::new("config.expect_list").with("key", section.path(key));
                self.error(Some(at), message, None);
                &[]
            }
        }
    }

    /// The entries of a mapping whose keys are names of the user's own: name, where it stands,
    /// value. Repeated ones are noted; a missing mapping is empty.
    pub(super) fn named<'n>(
        &mut self,
        section: &Section<'n>,
        key: &str,
    ) -> Vec<(&'n str, Location, &'n Node)> {
        let map = match section.get(key).map(|node| (&node.value, node.defined)) {
            None => return Vec::new(),
            Some((Value::Map(map), _)) => map,
            Some((_, at)) => {
                let message = Message::new("config.expect_mapping").with("key", section.path(key));
                self.error(Some(at), message, Some(Message::new("config.mapping_hint")));
                return Vec::new();
            }
        };
        let mut named: Vec<(&str, Location, &Node)> = Vec::new();
        for (name, value) in map {
            let Value::Text(word) = &name.value else {
                self.error(Some(name.defined), Message::new("config.bad_key"), None);
                continue;
            };
            if let Some((_, first, _)) = named.iter().find(|(known, ..)| known == word) {
                let message = Message::new("config.duplicate_key").with("key", cut(word));
                self.error_beside(name.defined, message, *first);
                continue;
            }
            named.push((word, name.defined, value));
        }
        named
    }

    /// The mapping at a node, its unknown and repeated keys noted. A missing one is empty.
    pub(super) fn section<'n>(
        &mut self,
        node: Option<&'n Node>,
        name: &'static str,
    ) -> Section<'n> {
        let mut section = Section { name, entries: Vec::new() };
        let map = match node.map(|node| (&node.value, node.defined)) {
            None | Some((Value::Null, _)) => return section,
            Some((Value::Map(map), _)) => map,
            Some((_, at)) => {
                let message = match name {
                    "" => Message::new("config.expect_top_mapping"),
                    name => Message::new("config.expect_mapping").with("key", name),
                };
                self.error(Some(at), message, Some(Message::new("config.mapping_hint")));
                return section;
            }
        };
        let known =
            KEYS.iter().find(|(of, _)| *of == name).map_or::<&[&str], _>(&[], |(_, keys)| keys);
        let mut places: Vec<(&str, Location)> = Vec::new();
        for (key, value) in map {
            let Value::Text(word) = &key.value else {
                self.error(Some(key.defined), Message::new("config.bad_key"), None);
                continue;
            };
            if let Some((_, first)) = places.iter().find(|(earlier, _)| *earlier == word.as_str()) {
                let related = (self.place(*first), Message::new("config.first_used_here"));
                let message = Message::new("config.duplicate_key").with("key", cut(word));
                self.note(Severity::Error, Some(key.defined), message, None, Some(related));
                continue;
            }
            places.push((word, key.defined));
            if known.contains(&word.as_str()) {
                section.entries.push((word, value));
            } else {
                let message = Message::new("config.unknown_key").with("key", cut(word));
                self.error(Some(key.defined), message, Some(unknown_key_hint(word, known)));
            }
        }
        section
    }

    /// The entries of a mapping that are known, where the others mean something, too, and are looked
    /// at by somebody else.
    pub(super) fn open_section<'n>(
        &mut self,
        node: &'n Node,
        name: &'static str,
        known: &[&str],
    ) -> Section<'n> {
        let mut section = Section { name, entries: Vec::new() };
        let Value::Map(map) = &node.value else { return section };
        let mut places: Vec<(&str, Location)> = Vec::new();
        for (key, value) in map {
            let Value::Text(word) = &key.value else { continue };
            if let Some((_, first)) = places.iter().find(|(earlier, _)| *earlier == word.as_str()) {
                let message = Message::new("config.duplicate_key").with("key", cut(word));
                self.error_beside(key.defined, message, *first);
                continue;
            }
            places.push((word, key.defined));
            if known.contains(&word.as_str()) {
                section.entries.push((word, value));
            }
        }
        section
    }

    /// A scalar as written, in NFC; anything else is noted.
    pub(super) fn text(&mut self, section: &Section<'_>, key: &str) -> Option<String> {
        let node = section.get(key)?;
        let text = match &node.value {
            Value::Text(text) => nfc(text.trim()),
            Value::Plain => self.written(node.defined),
            Value::Null | Value::List(_) | Value::Map(_) => {
                let message = Message::new("config.expect_scalar").with("key", section.path(key));
                self.error(Some(node.defined), message, None);
                return None;
            }
        };
        if text.is_empty() {
            let message = Message::new("config.empty").with("key", section.path(key));
            self.error(Some(node.defined), message, Some(Message::new("config.empty_hint")));
            return None;
        }
        Some(text)
    }

    /// A scalar letter by letter, for what is no text for people; anything else is noted.
    pub(super) fn verbatim(&mut self, section: &Section<'_>, key: &str) -> Option<String> {
        let node = section.get(key)?;
        self.scalar(&section.path(key), node)
    }

    /// The same of any value; `key` is what it is called.
    pub(super) fn scalar(&mut self, key: &str, node: &Node) -> Option<String> {
        match &node.value {
            Value::Text(text) => Some(text.clone()),
            Value::Plain => Some(self.written(node.defined)),
            Value::Null | Value::List(_) | Value::Map(_) => {
                let message = Message::new("config.expect_scalar").with("key", key);
                self.error(Some(node.defined), message, None);
                None
            }
        }
    }

    /// One of the words allowed.
    pub(super) fn word<'w>(
        &mut self,
        section: &Section<'_>,
        key: &str,
        allowed: &[&'w str],
    ) -> Option<&'w str> {
        let text = self.text(section, key)?;
        let found = allowed.iter().copied().find(|word| *word == text);
        if found.is_none() {
            let message = Message::new("config.unknown_word")
                .with("key", section.path(key))
                .with("value", cut(&text));
            let hint = Message::new("config.allowed_words").with("words", allowed.join(", "));
            self.error(section.place(key), message, Some(hint));
        }
        found
    }

    /// A length of time inside `bounds`, all in milliseconds.
    pub(super) fn duration(
        &mut self,
        section: &Section<'_>,
        key: &str,
        bounds: RangeInclusive<i64>,
    ) -> Option<i64> {
        let text = self.text(section, key)?;
        let (message, hint) = match parse_duration(&text) {
            Ok(ms) if bounds.contains(&ms) => return Some(ms),
            Ok(_) | Err(DurationError::TooLong) => {
                let message = Message::new("config.out_of_range")
                    .with("key", section.path(key))
                    .with("value", cut(&text))
                    .with("min", format_duration(*bounds.start()))
                    .with("max", format_duration(*bounds.end()));
                (message, None)
            }
            Err(DurationError::NoUnit) => {
                let message = Message::new("config.duration_no_unit").with("value", cut(&text));
                (message, Some(Message::new("config.duration_unit_hint").with("value", cut(&text))))
            }
            Err(DurationError::Empty | DurationError::UnknownUnit(_)) => {
                let message = Message::new("config.not_duration").with("value", cut(&text));
                (message, Some(Message::new("config.duration_hint")))
            }
        };
        self.error(section.place(key), message, hint);
        None
    }

    /// A number with at most `places` decimals, as that many powers of ten of it: with one,
    /// `99.5` is 995. The bounds are scaled alike.
    pub(super) fn number<T: TryFrom<i64>>(
        &mut self,
        section: &Section<'_>,
        key: &str,
        places: u8,
        bounds: RangeInclusive<i64>,
    ) -> Option<T> {
        let text = self.text(section, key)?;
        let message = match parse_scaled(&text, places) {
            Some(scaled) if bounds.contains(&scaled) => {
                if let Ok(value) = T::try_from(scaled) {
                    return Some(value);
                }
                Message::new("config.out_of_range")
            }
            Some(_) => Message::new("config.out_of_range"),
            None if places == 0 => Message::new("config.not_integer"),
            None => Message::new("config.not_number").with("places", places),
        };
        let message = message
            .with("key", section.path(key))
            .with("value", cut(&text))
            .with("min", format_scaled(*bounds.start(), places))
            .with("max", format_scaled(*bounds.end(), places));
        self.error(section.place(key), message, None);
        None
    }

    fn note(
        &mut self,
        severity: Severity,
        at: Option<Location>,
        message: Message,
        hint: Option<Message>,
        related: Option<(Place, Message)>,
    ) {
        let place = at.map(|at| self.place(at));
        self.found.push((at, Diagnostic { severity, message, place, hint, related }));
    }

    /// A location as an editor would call it.
    pub(super) fn place(&self, at: Location) -> Place {
        let line = at.line().max(1);
        let column = at.column().max(1);
        let source = self.text.lines().nth(usize::try_from(line - 1).unwrap_or(usize::MAX));
        let source: String = source.unwrap_or_default().chars().take(SOURCE_CHARS_MAX).collect();
        let source = self.without_secrets(source, line);
        let behind = (source.trim_end().chars().count() as u64).saturating_sub(column - 1);
        let len = at.span().len().clamp(1, behind.max(1));
        let as_u32 = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        let file = Arc::clone(&self.file);
        Place { file, line: as_u32(line), column: as_u32(column), len: as_u32(len), source }
    }

    /// A line with a dot in the place of every letter of a secret.
    fn without_secrets(&self, source: String, line: u64) -> String {
        let spans: Vec<_> = self
            .hidden
            .iter()
            .filter(|at| at.line().max(1) == line)
            .map(|at| (at.column().max(1) - 1)..(at.column().max(1) - 1 + at.span().len()))
            .collect();
        if spans.is_empty() {
            return source;
        }
        let is_secret = |i: u64| spans.iter().any(|span| span.contains(&i));
        (0..).zip(source.chars()).map(|(i, c)| if is_secret(i) { '•' } else { c }).collect()
    }

    /// The characters of the file at a place.
    fn written(&self, at: Location) -> String {
        let span = at.span();
        let from = usize::try_from(span.offset()).unwrap_or(usize::MAX);
        let len = usize::try_from(span.len()).unwrap_or(0);
        let text: String = self.text.chars().skip(from).take(len).collect();
        text.trim().to_owned()
    }
}
