//! The tree every file becomes, YAML or CSV alike: values with their places, not yet judged.
//!
//! Scalars are kept as written, so that `0815` stays a text and `10.0` is not read as a number
//! before somebody knows what it is meant to be.

use std::sync::Arc;

use super::place::{At, Desk, Finding, shown};
use crate::model::Message;

/// A value with its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Where it stands.
    pub at: At,
    /// What stands there.
    pub value: Value,
}

/// What a file can say.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// Nothing: `~`, `null` or no value.
    Null,
    /// A scalar as written, in NFC.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping.
    Map(Map),
}

/// A mapping's key with its place.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// In NFC.
    pub text: String,
    /// Where it stands.
    pub at: At,
}

/// A mapping in file order; keys are unique.
#[derive(Debug, Clone, Default)]
pub(super) struct Map {
    /// Its entries.
    pub entries: Vec<(Key, Node)>,
    /// The columns that its table has, `contact.phone` among them: of all other keys it says nothing.
    /// `None`: it says all there is to be said.
    pub asked: Option<Arc<[String]>>,
}

impl Map {
    /// The value of a key, nothing included.
    pub(super) fn value(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, node)| node)
    }

    /// The entry of a key.
    pub(super) fn entry(&self, key: &str) -> Option<&(Key, Node)> {
        self.entries.iter().find(|(k, _)| k.text == key)
    }
}

impl Node {
    /// A text.
    pub(super) fn text(at: At, text: impl Into<String>) -> Self {
        Self { at, value: Value::Text(text.into()) }
    }

    /// Its text, without blanks around it, if it is one.
    pub(super) fn word(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text.trim()),
            _ => None,
        }
    }

    /// Its mapping; nothing counts as an empty one; anything else is reported.
    pub(super) fn as_map<'a>(&'a self, desk: &mut Desk, key: &str) -> Option<&'a Map> {
        const EMPTY: &Map = &Map { entries: Vec::new(), asked: None };
        match &self.value {
            Value::Map(map) => Some(map),
            Value::Null => Some(EMPTY),
            _ => {
                desk.report(Finding::error(
                    self.at,
                    Message::new("check.expect_mapping").with("key", key),
                ));
                None
            }
        }
    }

    /// Its items; nothing counts as none; anything else is reported.
    pub(super) fn as_list<'a>(&'a self, desk: &mut Desk, key: &str) -> &'a [Node] {
        match &self.value {
            Value::List(items) => items,
            Value::Null => &[],
            _ => {
                desk.report(Finding::error(
                    self.at,
                    Message::new("check.expect_list").with("key", key),
                ));
                &[]
            }
        }
    }

    /// Its items, a single text counting as a list of one.
    pub(super) fn as_words<'a>(&'a self, desk: &mut Desk, key: &str) -> &'a [Node] {
        match &self.value {
            Value::Text(_) => std::slice::from_ref(self),
            _ => self.as_list(desk, key),
        }
    }
}

/// A mapping seen through the defaults beneath it: the entry's own keys first, then the defaults
/// that apply, the later ones first.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    /// The entry's place: where a missing key is reported.
    pub at: At,
    layers: Vec<&'a Map>,
}

impl<'a> Fields<'a> {
    /// The entry alone.
    pub(super) fn new(at: At, map: &'a Map) -> Self {
        Self { at, layers: vec![map] }
    }

    /// Puts the defaults of an entry beneath it, the strongest first.
    pub(super) fn over(mut self, defaults: impl IntoIterator<Item = &'a Map>) -> Self {
        self.layers.extend(defaults);
        self
    }

    /// The value of a key. A key without a value switches the default off.
    pub(super) fn get(&self, key: &str) -> Option<&'a Node> {
        self.written(key).filter(|node| !matches!(node.value, Value::Null))
    }

    /// As [`Self::get`], but a key without a value is handed over, for where it means something.
    pub(super) fn written(&self, key: &str) -> Option<&'a Node> {
        self.layers.iter().find_map(|map| map.entry(key)).map(|(_, node)| node)
    }

    /// The value of whichever of two spellings of one thing the strongest layer has; both in one
    /// layer are reported.
    pub(super) fn either(
        &self,
        desk: &mut Desk,
        first: &'static str,
        second: &'static str,
    ) -> Option<(&'static str, &'a Node)> {
        for map in &self.layers {
            let (key, node) = match (map.entry(first), map.entry(second)) {
                (Some(_), Some((key, _))) => {
                    let message = Message::new("check.given_twice")
                        .with("first", first)
                        .with("second", second);
                    desk.report(Finding::error(key.at, message));
                    return None;
                }
                (Some((_, node)), None) => (first, node),
                (None, Some((_, node))) => (second, node),
                (None, None) => continue,
            };
            return (!matches!(node.value, Value::Null)).then_some((key, node));
        }
        None
    }

    /// The value of a key if it stands in the entry itself.
    pub(super) fn own(&self, key: &str) -> Option<&'a Node> {
        let (_, node) = self.layers.first()?.entry(key)?;
        (!matches!(node.value, Value::Null)).then_some(node)
    }

    /// The mappings under a key, the defaults' beneath the entry's; `None` when nobody has one.
    pub(super) fn sub(&self, desk: &mut Desk, key: &str, known: &[&str]) -> Option<Fields<'a>> {
        let mut at = None;
        let mut layers = Vec::new();
        for (_, node) in self.layers.iter().filter_map(|map| map.entry(key)) {
            if matches!(node.value, Value::Null) {
                break;
            }
            if let Some(map) = node.as_map(desk, key) {
                check_keys(desk, map, known);
                at = at.or(Some(node.at));
                layers.push(map);
            }
        }
        at.map(|at| Fields { at, layers })
    }

    /// The value of a key that must be there; its absence is reported.
    pub(super) fn required(&self, desk: &mut Desk, key: &str) -> Option<&'a Node> {
        let found = self.get(key);
        if found.is_none() {
            let at = self.own("id").map_or(self.at, |id| id.at);
            desk.report(Finding::error(at, missing(key)));
        }
        found
    }
}

/// The message about a key that is not there. The keys that can be missing have texts of their
/// own so that two missing ones of one entry are two findings.
fn missing(key: &str) -> Message {
    let text = match key {
        "id" => "check.missing_id",
        "name" => "check.missing_name",
        "kind" => "check.missing_kind",
        "unit" => "check.missing_unit",
        "network" => "check.missing_network",
        _ => "check.missing_key",
    };
    Message::new(text).with("key", key)
}

/// Reports every key that is not among the known ones.
pub(super) fn check_keys(desk: &mut Desk, map: &Map, known: &[&str]) {
    for (key, _) in &map.entries {
        if !known.contains(&key.text.as_str()) {
            let near = desk.nearest(&key.text, known.iter().copied());
            let hint = near.map_or_else(
                || Message::new("check.known_keys").with("keys", known.join(", ")),
                |near| Message::new("check.did_you_mean").with("word", near),
            );
            let message = Message::new("check.unknown_key").with("key", shown(&key.text));
            desk.report(Finding::error(key.at, message).hint(hint));
        }
    }
}
