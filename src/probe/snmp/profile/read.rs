//! Profiles from TOML, with every mistake in its place.

mod values;

use std::path::PathBuf;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{
    FactSpec, GaugeKind, GaugeSpec, Mark, Part, Profile, Quirks, Take, UNITS, Unit, Where,
};
use crate::model::{Diagnostic, Message, Severity};

/// Longest file, in bytes.
const FILE_BYTES_MAX: usize = 64 * 1024;
/// Most gauges of one file, and most entries of any list.
const ENTRIES_MAX: usize = 64;
/// Longest source line shown.
const SOURCE_CHARS_MAX: usize = 400;
/// Most characters of a value in a message.
const VALUE_CHARS_MAX: usize = 60;

const TOP_KEYS: [&str; 8] =
    ["vendor", "with", "match", "quirks", "gauge", "facts", "patterns", "note"];
const MATCH_KEYS: [&str; 2] = ["object_id", "describes"];
const QUIRK_KEYS: [&str; 2] = ["bulk", "max_repetitions"];
const FACT_KEYS: [&str; 4] = ["model", "serial", "firmware", "hardware"];
const WHERE_KEYS: [&str; 2] = ["column", "is"];
const GAUGE_KEYS: [&str; 20] = [
    "named",
    "kind",
    "scalar",
    "column",
    "unit",
    "total",
    "free",
    "inverse",
    "scale",
    "precision",
    "label",
    "text",
    "limit",
    "index",
    "where",
    "skip",
    "range",
    "take",
    "fallback",
    "good",
];

/// Every key, for the test that holds the documentation against them.
#[cfg(test)]
pub(super) fn keys() -> impl Iterator<Item = &'static str> {
    let keys: [&[&str]; 6] =
        [&TOP_KEYS, &MATCH_KEYS, &QUIRK_KEYS, &FACT_KEYS, &WHERE_KEYS, &GAUGE_KEYS];
    keys.into_iter().flatten().copied().filter(|key| {
        // Tables stand in brackets.
        !["match", "quirks", "gauge", "facts", "patterns", "column", "is"].contains(key)
    })
}

type Key<'a> = Spanned<std::borrow::Cow<'a, str>>;
type Node<'a> = Spanned<DeValue<'a>>;

/// Reads one file; `None` when it has an error. Findings are added to `found`.
pub(super) fn read(file: &str, text: &str, found: &mut Vec<Diagnostic>) -> Option<Profile> {
    let mut desk = Desk { file: Arc::new(PathBuf::from(file)), text, found: Vec::new() };
    let profile = desk.file(file);
    let is_whole = desk.found.iter().all(|d| d.severity < Severity::Error);
    found.append(&mut desk.found);
    profile.filter(|_| is_whole)
}

/// A finding about a name in `with` that is no profile's.
pub(super) fn unknown_profile(profile: &Profile, name: &str) -> Diagnostic {
    Diagnostic {
        severity: Severity::Warning,
        message: Message::new("profile.unknown_profile")
            .with("profile", &profile.name)
            .with("name", cut(name)),
        place: None,
        hint: None,
        related: None,
    }
}

fn cut(text: &str) -> String {
    text.chars().take(VALUE_CHARS_MAX).collect()
}

struct Desk<'t> {
    file: Arc<PathBuf>,
    text: &'t str,
    found: Vec<Diagnostic>,
}

impl Desk<'_> {
    fn file(&mut self, file: &str) -> Option<Profile> {
        if self.text.len() > FILE_BYTES_MAX {
            self.report(None, Message::new("profile.too_large").with("file", file), None);
            return None;
        }
        let (root, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let detail = cut(error.message().lines().next().unwrap_or_default());
            let message = Message::new("profile.syntax").with("detail", detail);
            self.report(error.span(), message, None);
        }
        if !errors.is_empty() {
            return None;
        }
        let root = root.get_ref();
        self.check_keys(root, &TOP_KEYS);
        let name = PathBuf::from(file).file_stem()?.to_string_lossy().into_owned();
        let mut profile = Profile { name, ..Profile::default() };
        for (key, node) in root {
            match key.get_ref().as_ref() {
                "vendor" => profile.vendor = self.text_of(key, node),
                "with" => profile.with = self.texts(key, node),
                "match" => profile.marks = self.tables(key, node, Self::mark),
                "quirks" => profile.quirks = self.quirks(key, node),
                "gauge" => profile.gauges = self.tables(key, node, Self::gauge),
                "facts" => self.facts(key, node, &mut profile, false),
                "patterns" => self.facts(key, node, &mut profile, true),
                _ => {}
            }
        }
        Some(profile)
    }

    fn mark(&mut self, at: &std::ops::Range<usize>, table: &DeTable<'_>) -> Option<Mark> {
        self.check_keys(table, &MATCH_KEYS);
        let mut mark = Mark::default();
        for (key, node) in table {
            match key.get_ref().as_ref() {
                "object_id" => mark.object_id = self.oid(key, node),
                "describes" => {
                    mark.describes = self.text_of(key, node).filter(|text| !text.is_empty());
                }
                _ => {}
            }
        }
        if table.is_empty() {
            let message = Message::new("profile.needs_one").with("keys", MATCH_KEYS.join(", "));
            self.report(Some(at.clone()), message, None);
        }
        Some(mark)
    }

    fn quirks(&mut self, key: &Key<'_>, node: &Node<'_>) -> Quirks {
        let mut quirks = Quirks::default();
        let Some(table) = self.table(key, node) else { return quirks };
        self.check_keys(table, &QUIRK_KEYS);
        for (key, node) in table {
            match key.get_ref().as_ref() {
                "bulk" => quirks.has_bulk = self.truth(key, node).unwrap_or(true),
                "max_repetitions" => {
                    let most = self.number(key, node);
                    quirks.max_repetitions = most.and_then(|n| match n {
                        1..=100 => u32::try_from(n).ok(),
                        _ => {
                            let message = Message::new("profile.out_of_range")
                                .with("key", key.get_ref())
                                .with("from", 1)
                                .with("to", 100);
                            self.report(Some(node.span()), message, None);
                            None
                        }
                    });
                }
                _ => {}
            }
        }
        quirks
    }

    fn facts(&mut self, key: &Key<'_>, node: &Node<'_>, profile: &mut Profile, is_pattern: bool) {
        let Some(table) = self.table(key, node) else { return };
        self.check_keys(table, &FACT_KEYS);
        for (key, node) in table {
            let spec: &mut FactSpec = match key.get_ref().as_ref() {
                "model" => &mut profile.model,
                "serial" => &mut profile.serial,
                "firmware" => &mut profile.firmware,
                "hardware" => &mut profile.hardware,
                _ => continue,
            };
            if is_pattern {
                spec.patterns = self.texts(key, node);
                if let Some(bad) = spec.patterns.iter().find(|p| p.matches("{}").count() != 1) {
                    let message = Message::new("profile.pattern").with("text", cut(bad));
                    self.report(Some(node.span()), message, None);
                }
            } else {
                spec.scalars = self.oids(key, node);
            }
        }
    }

    fn gauge(&mut self, at: &std::ops::Range<usize>, table: &DeTable<'_>) -> Option<GaugeSpec> {
        self.check_keys(table, &GAUGE_KEYS);
        let get = |name: &str| table.iter().find(|(key, _)| key.get_ref() == name);
        let mut oid = |name: &str| get(name).and_then(|(key, node)| self.oid(key, node));
        let (scalar, column) = (oid("scalar"), oid("column"));
        let (total, free) = (oid("total"), oid("free"));
        let (scale, precision) = (oid("scale"), oid("precision"));
        let (label, limit) = (oid("label"), oid("limit"));
        for (one, other) in [("scalar", "column"), ("total", "free")] {
            if let (Some((key, _)), Some(_)) = (get(one), get(other)) {
                let message = Message::new("check.given_twice").with("first", one);
                self.report(Some(key.span()), message.with("second", other), None);
            }
        }
        let missing = |name: &str| Message::new("profile.needs").with("key", name);
        if get("scalar").is_none() && get("column").is_none() {
            self.report(Some(at.clone()), missing("column"), None);
        }
        let kind = match get("kind") {
            Some((key, node)) => self.word(key, node, GaugeKind::ALL, GaugeKind::as_str),
            None => {
                self.report(Some(at.clone()), missing("kind"), None);
                None
            }
        };
        let units = move |kind: GaugeKind| {
            UNITS.into_iter().filter(move |unit: &Unit| unit.dimension == kind.dimension())
        };
        let unit = kind.and_then(|kind| match get("unit") {
            Some((key, node)) => self.word(key, node, units(kind), |unit| unit.word),
            None => units(kind).next(),
        });
        let part = match (total, free) {
            (Some(total), _) => Part::Of(total),
            (None, Some(free)) => Part::Beside(free),
            (None, None) => Part::Whole,
        };
        let mut truth =
            |name: &str| get(name).and_then(|(key, node)| self.truth(key, node)).unwrap_or(false);
        let (is_inverse, is_fallback) = (truth("inverse"), truth("fallback"));
        let mut numbers =
            |name: &str| get(name).map_or(Vec::new(), |(key, node)| self.numbers(key, node));
        let (skip, range, good) = (numbers("skip"), numbers("range"), numbers("good"));
        if let (Some((_, node)), false) = (get("range"), matches!(*range, [a, b] if a <= b)) {
            self.report(Some(node.span()), Message::new("profile.range"), None);
        }
        match (kind, get("good")) {
            (Some(kind), None) if kind.is_state() => {
                self.report(Some(at.clone()), missing("good"), None);
            }
            (Some(kind), Some((key, _))) if !kind.is_state() => {
                let message = Message::new("profile.not_a_state").with("kind", kind.as_str());
                self.report(Some(key.span()), message, None);
            }
            _ => {}
        }
        let take = get("take").and_then(|(key, node)| {
            self.word(key, node, [Take::Each, Take::Max, Take::Mean], |take| match take {
                Take::Each => "each",
                Take::Max => "max",
                Take::Mean => "mean",
            })
        });
        let named = get("named").map_or(Vec::new(), |(key, node)| self.texts(key, node));
        let named: Vec<String> = named.iter().map(|word| word.to_lowercase()).collect();
        if let (Some((_, node)), None) = (get("named"), get("label")) {
            self.report(Some(node.span()), missing("label"), None);
        }
        let text = get("text").and_then(|(key, node)| self.text_of(key, node));
        let index = get("index").map_or(Vec::new(), |(key, node)| self.index(key, node));
        let rows = get("where").map_or(Vec::new(), |(key, node)| self.wheres(key, node));
        let is_scalar = scalar.is_some();
        Some(GaugeSpec {
            kind: kind?,
            oid: scalar.or(column)?,
            is_scalar,
            unit: unit?,
            part,
            is_inverse,
            scale,
            precision,
            label,
            named,
            text,
            limit,
            index,
            rows,
            skip,
            range: match *range {
                [from, to] => Some((from, to)),
                _ => None,
            },
            take: take.unwrap_or(Take::Each),
            is_fallback,
            good,
        })
    }

    /// One table or a list of them.
    fn wheres(&mut self, key: &Key<'_>, node: &Node<'_>) -> Vec<Where> {
        if let DeValue::Table(table) = node.get_ref() {
            return self.one_where(&node.span(), table).into_iter().collect();
        }
        self.tables(key, node, Self::one_where)
    }

    fn one_where(&mut self, at: &std::ops::Range<usize>, table: &DeTable<'_>) -> Option<Where> {
        self.check_keys(table, &WHERE_KEYS);
        let get = |name: &str| table.iter().find(|(key, _)| key.get_ref() == name);
        let column = get("column").and_then(|(key, node)| self.oid(key, node));
        let Some((key, node)) = get("is") else {
            self.report(Some(at.clone()), Message::new("profile.needs").with("key", "is"), None);
            return None;
        };
        if column.is_none() && get("column").is_none() {
            let message = Message::new("profile.needs").with("key", "column");
            self.report(Some(at.clone()), message, None);
        }
        let (mut numbers, mut oids) = (Vec::new(), Vec::new());
        for node in self.list(node) {
            if matches!(node.get_ref(), DeValue::String(_)) {
                oids.extend(self.oid(key, node));
            } else {
                numbers.extend(self.number(key, node));
            }
        }
        Some(Where { column: column?, numbers, oids })
    }
}
