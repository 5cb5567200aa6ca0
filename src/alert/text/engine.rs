//! The built-in templates, and what becomes of a template's output.

use std::error::Error as _;
use std::io::{self, Write};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior};

use super::clean::cut;
use super::{TITLE_CHARS_MAX, TOPICS, TextError, WORDS_BYTES_MAX, Words, filters};
use crate::alert::notice::Topic;
use crate::locale::{Lang, visible};

/// What one message may cost to make; the longest built-in one costs less than a tenth.
const FUEL: u64 = 200_000;

/// How deep templates may include each other.
const DEPTH: usize = 32;

macro_rules! builtin {
    ($($name:literal),+ $(,)?) => {
        &[$(
            (concat!("vi/", $name, ".txt"), include_str!(concat!("../templates/vi/", $name, ".txt"))),
            (concat!("en/", $name, ".txt"), include_str!(concat!("../templates/en/", $name, ".txt"))),
        )+]
    };
}

/// Every template by its name: those of the topics, and those which these share.
pub(super) const BUILTIN: &[(&str, &str)] = builtin![
    "down",
    "degraded",
    "flapping",
    "blind",
    "update",
    "reminder",
    "escalation",
    "acknowledged",
    "recovered",
    "removed",
    "passed",
    "channel_lost",
    "channel_back",
    "digest",
    "test",
    "facts",
    "end",
];

/// An environment of the built-in templates.
pub(super) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    // Plain text: each channel escapes for itself.
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    // A misspelt name is a mistake, a missing value may be asked for.
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(DEPTH);
    environment.set_syntax(SyntaxConfig::default());
    // `facts.txt` in `vi/down.txt` is `vi/facts.txt`.
    environment.set_path_join_callback(|name, parent| match parent.split_once('/') {
        Some((folder, _)) if !name.contains('/') => format!("{folder}/{name}").into(),
        _ => name.into(),
    });
    filters::register(&mut environment);
    for (name, source) in BUILTIN {
        // They are part of the program: one that does not parse fails its snapshots.
        let added = environment.add_template(name, source);
        debug_assert!(added.is_ok(), "{name}: {added:?}");
    }
    environment
}

/// The name of a topic's template.
pub(super) fn template(topic: Topic, lang: Lang) -> String {
    let name = TOPICS.iter().find(|(t, _)| *t == topic).map_or("", |(_, name)| *name);
    format!("{lang}/{name}.txt")
}

/// The words that a template makes of facts.
///
/// # Errors
/// The template fails, takes too long, writes too much or nothing.
pub(super) fn words(
    environment: &Environment<'_>,
    name: &str,
    facts: &Value,
) -> Result<Words, TextError> {
    let mut output = Bounded { bytes: Vec::new() };
    environment
        .get_template(name)
        .and_then(|template| template.render_captured_to(facts.clone(), &mut output).map(|_| ()))
        .map_err(|error| failed(name, &error))?;
    split(&String::from_utf8_lossy(&output.bytes)).ok_or_else(|| TextError::Template {
        template: name.to_owned(),
        line: 0,
        reason: "nothing was written".to_owned(),
    })
}

/// The first line that is not empty is the title, the others the body.
fn split(output: &str) -> Option<Words> {
    let line = |line: &str| -> String {
        let blank = |c: char| if c == '\t' { ' ' } else { c };
        line.trim().chars().map(blank).filter(|c| !c.is_control()).collect()
    };
    let mut lines = output.lines().map(line).filter(|line| !line.trim().is_empty());
    let title = cut(lines.next()?, TITLE_CHARS_MAX);
    Some(Words { title, body: lines.collect::<Vec<String>>().join("\n") })
}

/// The innermost error: where it really happened.
pub(super) fn failed(name: &str, error: &Error) -> TextError {
    let mut inner = error;
    while let Some(deeper) = inner.source().and_then(|source| source.downcast_ref::<Error>()) {
        inner = deeper;
    }
    let said = inner.detail().map(|detail| format!("{}: {detail}", inner.kind()));
    TextError::Template {
        template: inner.name().unwrap_or(name).to_owned(),
        line: inner.line().unwrap_or(0),
        reason: cut(visible(&said.unwrap_or_else(|| inner.kind().to_string())), 300),
    }
}

/// Takes no more than a message may have.
struct Bounded {
    bytes: Vec<u8>,
}

impl Write for Bounded {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + more.len() > WORDS_BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "more than 64 KiB of text"));
        }
        self.bytes.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
