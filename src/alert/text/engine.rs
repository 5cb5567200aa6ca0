//! The built-in templates, and what becomes of a template's output.

use std::error::Error as _;
use std::io::{self, Write};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};

use super::clean::cut;
use super::{TITLE_CHARS_MAX, TOPICS, TextError, WORDS_BYTES_MAX, Words, filters};
use crate::alert::notice::Topic;
use crate::locale::{Lang, visible};

/// What one message may cost to make; the longest built-in one costs less than a tenth.
const FUEL: u64 = 200_000;

/// Longest reason, in characters.
const REASON_CHARS_MAX: usize = 300;

const TOO_MUCH: &str = "more than 64 KiB of text";

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
    "merged",
    "passed",
    "channel_lost",
    "channel_back",
    "digest",
    "storm_began",
    "storm_ended",
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

/// Why a template made no words.
#[derive(Debug)]
pub(super) struct Failure {
    /// `vi/down.txt`: where it really happened, not what included it.
    pub template: String,
    /// From 1; 0 when it is about the whole.
    pub line: usize,
    /// What the engine says, every character visible.
    pub reason: String,
    /// Of which kind; `None` when nothing was written.
    pub kind: Option<ErrorKind>,
}

impl From<Failure> for TextError {
    fn from(failure: Failure) -> Self {
        let Failure { template, line, reason, .. } = failure;
        Self::Template { template, line, reason }
    }
}

/// The words that a template makes of facts.
///
/// # Errors
/// The template fails, takes too long, writes too much or nothing.
pub(super) fn words(
    environment: &Environment<'_>,
    name: &str,
    facts: &Value,
) -> Result<Words, Failure> {
    let mut output = Bounded { bytes: Vec::new() };
    environment
        .get_template(name)
        .and_then(|template| template.render_captured_to(facts.clone(), &mut output).map(|_| ()))
        .map_err(|error| failure(name, &error))?;
    split(&String::from_utf8_lossy(&output.bytes)).ok_or_else(|| Failure {
        template: name.to_owned(),
        line: 0,
        reason: "nothing was written".to_owned(),
        kind: None,
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
pub(super) fn failure(name: &str, error: &Error) -> Failure {
    let mut inner = error;
    while let Some(deeper) = inner.source().and_then(|source| source.downcast_ref::<Error>()) {
        inner = deeper;
    }
    let reason = match (inner.kind(), inner.detail()) {
        (ErrorKind::WriteFailure, _) => TOO_MUCH.to_owned(),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    };
    Failure {
        template: inner.name().unwrap_or(name).to_owned(),
        line: inner.line().unwrap_or(0),
        reason: cut(visible(&reason), REASON_CHARS_MAX),
        kind: Some(inner.kind()),
    }
}

/// Takes no more than a message may have.
struct Bounded {
    bytes: Vec<u8>,
}

impl Write for Bounded {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + more.len() > WORDS_BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, TOO_MUCH));
        }
        self.bytes.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::alert::notice::Notice;
    use crate::alert::text::filters::Moment;
    use crate::alert::text::{facts, sample};

    /// The longest messages there can be: bounded lists, all of them full.
    fn longest(topic: Topic) -> Vec<Notice> {
        let mut notices = sample::notices(topic);
        for notice in &mut notices {
            let names = |list: &mut Vec<String>| {
                list.resize(500, "Ả".repeat(300));
            };
            names(&mut notice.services);
            if let Some(unit) = notice.units.first().cloned() {
                notice.units.resize(400, unit);
            }
            notice.units_count = u32::MAX;
        }
        notices
    }

    #[test]
    fn no_built_in_template_costs_a_tenth_of_what_it_may() {
        let mut environment = environment();
        environment.set_fuel(Some(FUEL / 10));
        for (topic, _) in TOPICS {
            for lang in Lang::ALL {
                let moment = Moment { lang, zone: TimeZone::UTC, now: sample::NOW };
                for notice in longest(topic) {
                    let lines = vec!["Ả".repeat(TITLE_CHARS_MAX); 30];
                    let facts =
                        facts::facts(&notice, &moment, &lines, Some("https://x/{incident}"));
                    let said = words(&environment, &template(topic, lang), &facts);
                    assert!(said.is_ok(), "{topic:?}: {said:?}");
                }
            }
        }
    }

    #[test]
    fn every_topic_and_language_has_a_template() {
        let environment = environment();
        assert_eq!(environment.templates().count(), BUILTIN.len());
        for (topic, _) in TOPICS {
            for lang in Lang::ALL {
                assert!(environment.get_template(&template(topic, lang)).is_ok());
            }
        }
    }
}
