//! The catalogue is complete: same keys and placeholders in both languages, every key that the
//! sources name is there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::catalogue::{catalogue, placeholders};
use super::{Lang, state_glyph, state_name, text, width};
use crate::model::{State, SubjectKind, Tier, UnitKind};

fn keys(lang: Lang) -> BTreeSet<&'static str> {
    catalogue(lang).keys().map(String::as_str).collect()
}

#[test]
fn both_languages_have_the_same_keys_and_placeholders() {
    let (vi, en) = (keys(Lang::Vi), keys(Lang::En));
    assert!(!vi.is_empty());
    let unpaired: Vec<_> = vi.symmetric_difference(&en).collect();
    assert!(unpaired.is_empty(), "in one language only: {unpaired:?}");
    for key in vi {
        let (vi, en) = (text(Lang::Vi, key), text(Lang::En, key));
        assert_eq!(placeholders(vi), placeholders(en), "{key}");
        assert!(!vi.trim().is_empty() && !en.trim().is_empty(), "{key} is empty");
        assert_eq!(vi, super::nfc(vi), "{key} is not NFC");
    }
}

#[test]
fn the_files_hold_nothing_but_texts() {
    fn texts(value: &toml::Value) -> usize {
        match value {
            toml::Value::String(_) => 1,
            toml::Value::Table(table) => table.values().map(texts).sum(),
            other => panic!("not a text: {other:?}"),
        }
    }
    for (lang, file) in [
        (Lang::Vi, include_str!("../../locales/vi.toml")),
        (Lang::En, include_str!("../../locales/en.toml")),
    ] {
        let table: toml::Table = file.parse().expect("valid TOML");
        assert_eq!(texts(&toml::Value::Table(table)), catalogue(lang).len());
    }
}

/// Keys that are put together from a noun's word and therefore cannot be found by reading.
#[test]
fn every_noun_has_its_texts() {
    let mut wanted = Vec::new();
    for state in State::ALL {
        wanted.push(format!("state.{}", state.as_str()));
        wanted.push(format!("state.{}_short", state.as_str()));
    }
    for kind in UnitKind::ALL {
        wanted.push(format!("unit.kind.{}", kind.as_str()));
        wanted.push(format!("unit.kind.{}_short", kind.as_str()));
        wanted.push(format!("notice.units.{}", kind.as_str()));
    }
    for tier in Tier::ALL {
        wanted.push(format!("unit.tier.{}", tier.as_str()));
        wanted.push(format!("unit.tier.{}_short", tier.as_str()));
    }
    for kind in [SubjectKind::Connection, SubjectKind::Device, SubjectKind::Service] {
        wanted.push(format!("common.subject.{}", kind.as_str()));
    }
    for key in wanted {
        assert!(catalogue(Lang::Vi).contains_key(&key), "{key}");
    }
}

#[test]
fn states_have_a_name_and_a_glyph_one_column_wide() {
    for state in State::ALL {
        assert_eq!(width(&state_glyph(state).to_string()), 1);
        assert_eq!(state_name(Lang::En, state), state.as_str());
        assert_eq!(
            state_name(Lang::Vi, state),
            text(Lang::Vi, &format!("state.{}", state.as_str()))
        );
    }
}

#[test]
fn macro_fills_placeholders() {
    assert_eq!(crate::t!(Lang::Vi, "common.as_of", time = "07:42"), "Tính đến 07:42");
    assert_eq!(crate::t!(Lang::En, "common.as_of", time = 8), "As of 8");
    assert_eq!(crate::t!(Lang::En, "state.up"), "up");
}

#[test]
fn every_key_named_in_the_sources_is_in_the_catalogue() {
    let mut files = Vec::new();
    rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let mut missing = Vec::new();
    // This room's own sources name keys that are not there on purpose.
    for file in files.iter().filter(|f| !f.components().any(|c| c.as_os_str() == "locale")) {
        let source = std::fs::read_to_string(file).expect("a readable source");
        for key in keys_in(&source) {
            if !catalogue(Lang::Vi).contains_key(key) {
                missing.push(format!("{}: {key}", file.display()));
            }
        }
    }
    assert!(missing.is_empty(), "not in the catalogue:\n{}", missing.join("\n"));
}

#[test]
fn the_scan_finds_keys_wherever_they_stand() {
    let source = r#"
        t!(lang, "a.one"); crate::t!(self.lang(x, y), "a.two", n = 3); text(lang, "a.three");
        Message::new("a.four").with("b.x", 1); locale::format(
            lang,
            "a.five", &[]); let context("no.key", 2); other_text(lang, "a.no"); Message::new(key);
        text(lang, if b { "a.six" } else { "a.seven" })
    "#;
    assert_eq!(
        keys_in(source).collect::<BTreeSet<_>>(),
        BTreeSet::from(["a.one", "a.two", "a.three", "a.four", "a.five", "a.six", "a.seven"])
    );
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Literals that look like keys in the argument that is a key, of each call that takes one.
fn keys_in(source: &str) -> impl Iterator<Item = &str> {
    [("t!(", 1), ("text(", 1), ("format(", 1), ("Message::new(", 0)].into_iter().flat_map(
        move |(call, skipped)| {
            source.match_indices(call).flat_map(move |(at, _)| {
                let before = source[..at].chars().next_back();
                let is_whole_word = before.is_none_or(|c| !(c.is_alphanumeric() || c == '_'));
                let argument = argument(&source[at + call.len()..], skipped);
                argument.filter(|_| is_whole_word).into_iter().flat_map(|argument| {
                    argument.split('"').skip(1).step_by(2).filter(|key| looks_like_a_key(key))
                })
            })
        },
    )
}

fn looks_like_a_key(literal: &str) -> bool {
    literal.contains('.')
        && literal.split('.').all(|part| {
            part.starts_with(|c: char| c.is_ascii_lowercase())
                && part
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'))
        })
}

/// The argument after `skipped` others, of the call whose text begins behind its parenthesis.
fn argument(text: &str, skipped: usize) -> Option<&str> {
    let (mut depth, mut seen, mut from, mut quoted) = (0_i32, 0, 0, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' | ',' if depth == 0 => {
                if seen == skipped {
                    return Some(&text[from..at]);
                }
                if c != ',' {
                    return None;
                }
                seen += 1;
                from = at + 1;
            }
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    None
}
