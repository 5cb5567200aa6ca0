//! `locales/help.vi.toml`, built in, read once.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde::Deserialize;

type Texts = HashMap<String, String>;

/// The Vietnamese of the command line.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Catalogue {
    /// What stands around the texts of all commands, by a key.
    pub(super) frame: Texts,
    /// Sentences about wrong usage, by a key.
    pub(super) error: Texts,
    /// Why a value was not taken, by the English.
    pub(super) why: Texts,
    /// What stands for an option's value, by the English.
    pub(super) value: Texts,
    /// What commands, options and the words they take are for, by the English.
    pub(super) text: Texts,
    /// Examples and exit codes, by the command's path: `db backup`.
    pub(super) after: Texts,
}

/// The file is part of the program and the tests read it too: one that cannot be read cannot be
/// shipped, so here it is an empty catalogue, and everything stays English.
pub(super) fn catalogue() -> &'static Catalogue {
    static READ: OnceLock<Catalogue> = OnceLock::new();
    READ.get_or_init(|| {
        toml::from_str(include_str!("../../../locales/help.vi.toml")).unwrap_or_default()
    })
}

impl Catalogue {
    /// A text by its English, or the English.
    pub(super) fn said(&'static self, english: &str) -> Option<&'static str> {
        self.text.get(english).map(String::as_str)
    }

    /// What stands around the texts.
    pub(super) fn frame(&'static self, key: &'static str) -> &'static str {
        self.frame.get(key).map_or(key, String::as_str)
    }

    /// A sentence about wrong usage with its placeholders filled. What was typed is filled in and
    /// never read for placeholders.
    pub(super) fn error(&'static self, key: &'static str, values: &[(&str, &str)]) -> String {
        filled(self.error.get(key).map_or(key, String::as_str), values)
    }
}

pub(super) fn filled(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, (name, after))) =
        rest.split_once('{').and_then(|(before, tail)| Some((before, tail.split_once('}')?)))
    {
        text.push_str(before);
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => text.push_str(value),
            None => text.extend(["{", name, "}"]),
        }
        rest = after;
    }
    text + rest
}
