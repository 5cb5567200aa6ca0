//! `locales/vi.toml` and `locales/en.toml`, built in, read once.
//!
//! A section is a room, nested tables become dotted keys: `unit.kind.commune`. In a text, `{name}`
//! is a placeholder and `{name|one|many}` a word chosen by the number that fills `name`: English
//! has a plural, Vietnamese does not and leaves it out.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::Lang;
use crate::model::Message;

pub(super) type Catalogue = HashMap<String, String>;

/// Unknown keys kept before all further ones read "?"; the tests keep it at none.
const UNKNOWN_KEYS_MAX: usize = 64;

/// The catalogue of a language.
pub(super) fn catalogue(lang: Lang) -> &'static Catalogue {
    static VI: OnceLock<Catalogue> = OnceLock::new();
    static EN: OnceLock<Catalogue> = OnceLock::new();
    match lang {
        Lang::Vi => VI.get_or_init(|| read(include_str!("../../locales/vi.toml"))),
        Lang::En => EN.get_or_init(|| read(include_str!("../../locales/en.toml"))),
    }
}

/// The file is part of the program and the tests read it too: one that does not parse cannot be
/// shipped, so here it is an empty catalogue.
fn read(file: &str) -> Catalogue {
    let mut found = Catalogue::new();
    if let Ok(table) = file.parse::<toml::Table>() {
        flatten("", &table, &mut found);
    }
    found
}

fn flatten(prefix: &str, table: &toml::Table, found: &mut Catalogue) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(inner) => flatten(&key, inner, found),
            toml::Value::String(text) => {
                found.insert(key, text.clone());
            }
            _ => {}
        }
    }
}

/// The text of `key`; an unknown key stands for itself (a test keeps this from happening).
#[must_use]
pub fn text(lang: Lang, key: &str) -> &'static str {
    catalogue(lang).get(key).map_or_else(|| unknown(key), String::as_str)
}

#[cold]
fn unknown(key: &str) -> &'static str {
    static SEEN: Mutex<BTreeMap<String, &'static str>> = Mutex::new(BTreeMap::new());
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(text) = seen.get(key) {
        return text;
    }
    if seen.len() >= UNKNOWN_KEYS_MAX {
        return "?";
    }
    let leaked: &'static str = Box::leak(key.to_owned().into_boxed_str());
    seen.insert(key.to_owned(), leaked);
    leaked
}

/// The text of `key` with its placeholders filled. A value is never read for placeholders itself;
/// one without a value stays as it is.
#[must_use]
pub fn format(lang: Lang, key: &str, args: &[(&str, String)]) -> String {
    fill(text(lang, key), |name| {
        args.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str())
    })
}

/// A message in a language.
#[must_use]
pub fn message(lang: Lang, message: &Message) -> String {
    fill(text(lang, message.key), |name| {
        message.args.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str())
    })
}

fn fill<'a>(template: &str, value_of: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut filled = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, inside, after)) = next_placeholder(rest) {
        filled.push_str(before);
        let mut parts = inside.split('|');
        match (value_of(parts.next().unwrap_or("")), parts.next(), parts.next()) {
            (Some(value), Some(one), Some(many)) => {
                filled.push_str(if value == "1" { one } else { many });
            }
            (Some(value), ..) => filled.push_str(value),
            (None, ..) => {
                filled.push('{');
                filled.push_str(inside);
                filled.push('}');
            }
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let (before, tail) = text.split_once('{')?;
    let (inside, after) = tail.split_once('}')?;
    Some((before, inside, after))
}

/// A text taken apart: what stands still, and the names of the placeholders between.
pub(super) fn pieces(text: &'static str) -> (Vec<&'static str>, Vec<&'static str>) {
    let (mut still, mut names) = (Vec::new(), Vec::new());
    let mut rest = text;
    while let Some((before, inside, after)) = next_placeholder(rest) {
        still.push(before);
        names.push(inside.split('|').next().unwrap_or(inside));
        rest = after;
    }
    still.push(rest);
    (still, names)
}

/// Names of a text's placeholders.
#[cfg(test)]
pub(super) fn placeholders(text: &str) -> std::collections::BTreeSet<&str> {
    let mut found = std::collections::BTreeSet::new();
    let mut rest = text;
    while let Some((_, inside, after)) = next_placeholder(rest) {
        found.insert(inside.split('|').next().unwrap_or(""));
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_once_and_words_follow_the_number() {
        let value = |name: &str| match name {
            "n" => Some("1"),
            "m" => Some("12"),
            "name" => Some("{n}"),
            _ => None,
        };
        assert_eq!(fill("{name}: {n} {n|error|errors}", value), "{n}: 1 error");
        assert_eq!(fill("{m} {m|error|errors}", value), "12 errors");
        assert_eq!(fill("{missing} {", value), "{missing} {");
    }

    #[test]
    fn an_unknown_key_stands_for_itself() {
        let key = ["no", "such"].join(".");
        assert_eq!(text(Lang::Vi, &key), "no.such");
        assert!(std::ptr::eq(text(Lang::Vi, &key), text(Lang::En, &key)));
    }
}
