//! What is wrong with the words typed, as a sentence.

use std::error::Error as _;
use std::net::AddrParseError;
use std::num::{IntErrorKind, ParseIntError};

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::catalogue::catalogue;
use super::help::without_english;
use crate::locale::visible;

/// The sentence, what clap suggests, the usage, and where to read on: four parts as clap has them,
/// each line with its end.
pub(super) fn sentence(error: &clap::Error) -> String {
    let texts = catalogue();
    let mut text = format!("{} {}\n", texts.error("start", &[]), complaint(error));
    let tips = tips(error);
    if !tips.is_empty() {
        text.push('\n');
    }
    for tip in tips {
        text.extend(["  ", &texts.error("tip", &[]), " ", &tip, "\n"]);
    }
    if let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) {
        text.extend(["\n", &without_english(&usage.to_string()), "\n"]);
    }
    text.extend(["\n", &texts.error("try_help", &[("help", "--help")]), "\n"]);
    text
}

fn complaint(error: &clap::Error) -> String {
    let texts = catalogue();
    let one = |kind| one(error, kind);
    let arg = one(ContextKind::InvalidArg);
    let value = one(ContextKind::InvalidValue);
    let about = |key| texts.error(key, &[("arg", &arg), ("value", &value)]);
    match error.kind() {
        ErrorKind::InvalidValue if value.is_empty() => about("empty_value"),
        ErrorKind::InvalidValue => about("bad_value") + &list(error, ContextKind::ValidValue),
        ErrorKind::ValueValidation => match error.source().map(reason) {
            Some(reason) => texts
                .error("bad_value_why", &[("arg", &arg), ("value", &value), ("reason", &reason)]),
            None => about("bad_value"),
        },
        ErrorKind::UnknownArgument if arg.starts_with('-') || !tips(error).is_empty() => {
            about("unknown")
        }
        ErrorKind::UnknownArgument => about("unknown_word"),
        ErrorKind::NoEquals => about("no_equals"),
        ErrorKind::TooManyValues => about("too_many"),
        ErrorKind::InvalidUtf8 => about("not_utf8"),
        ErrorKind::InvalidSubcommand => {
            texts.error("bad_command", &[("value", &one(ContextKind::InvalidSubcommand))])
        }
        ErrorKind::MissingSubcommand => {
            texts.error("missing_command", &[("value", &one(ContextKind::InvalidSubcommand))])
                + &list(error, ContextKind::ValidSubcommand)
        }
        ErrorKind::MissingRequiredArgument => {
            about("missing") + &lines(&many(error, ContextKind::InvalidArg))
        }
        ErrorKind::TooFewValues => texts.error(
            "too_few",
            &[
                ("arg", &arg),
                ("least", &one(ContextKind::MinValues)),
                ("given", &one(ContextKind::ActualNumValues)),
            ],
        ),
        ErrorKind::WrongNumberOfValues => texts.error(
            "wrong_number",
            &[
                ("arg", &arg),
                ("wanted", &one(ContextKind::ExpectedNumValues)),
                ("given", &one(ContextKind::ActualNumValues)),
            ],
        ),
        ErrorKind::ArgumentConflict => conflict(error, &arg),
        _ => about("other"),
    }
}

fn conflict(error: &clap::Error, arg: &str) -> String {
    let texts = catalogue();
    match many(error, ContextKind::PriorArg).as_slice() {
        _ if arg.is_empty() => texts.error("conflict_any", &[]),
        [] => texts.error("conflict_any", &[]),
        [prior] if prior == arg => texts.error("conflict_twice", &[("arg", arg)]),
        [prior] => texts.error("conflict", &[("arg", arg), ("other", prior)]),
        prior => texts.error("conflict_many", &[("arg", arg)]) + &lines(prior),
    }
}

/// What clap holds to be meant.
fn tips(error: &clap::Error) -> Vec<String> {
    let texts = catalogue();
    let kinds =
        [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    let mut tips: Vec<String> = Vec::new();
    for kind in kinds {
        match many(error, kind).as_slice() {
            [] => {}
            [word] => tips.push(texts.error("similar", &[("word", word)])),
            words => {
                let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
                tips.push(texts.error("similar_many", &[("words", &words.join(", "))]));
            }
        }
    }
    if let Some(ContextValue::StyledStrs(said)) = error.get(ContextKind::Suggested) {
        tips.extend(said.iter().map(|tip| in_words(&visible(&tip.to_string()))));
    }
    tips
}

/// Clap's own tips are whole English sentences: told apart by how they begin and what they quote.
fn in_words(tip: &str) -> String {
    let texts = catalogue();
    let quoted: Vec<&str> = tip.split('\'').skip(1).step_by(2).collect();
    match quoted.as_slice() {
        [value, dashes] if tip.starts_with("to pass ") => {
            texts.error("as_value", &[("value", value), ("dashes", dashes)])
        }
        [value, ..] if tip.starts_with("subcommand ") => {
            texts.error("is_command", &[("value", value)])
        }
        [word] if tip.ends_with(" exists") => texts.error("similar", &[("word", word)]),
        _ => tip.to_owned(),
    }
}

/// Why a value was not taken: what the standard library and our own checks say, in words.
fn reason(source: &(dyn std::error::Error + 'static)) -> String {
    let texts = catalogue();
    let said = source.to_string();
    if let Some(error) = source.downcast_ref::<ParseIntError>() {
        let is_large = matches!(error.kind(), IntErrorKind::PosOverflow);
        return texts.error(if is_large { "too_large" } else { "not_number" }, &[]);
    }
    if source.is::<AddrParseError>() {
        return texts.error("not_address", &[]);
    }
    let bounds = said.split_once(" is not in ").and_then(|(_, range)| range.split_once("..="));
    if let Some((least, most)) = bounds {
        return texts.error("not_in_range", &[("least", least), ("most", most)]);
    }
    texts.why.get(&said).cloned().unwrap_or_else(|| visible(&said))
}

/// A context that is one text or number; empty when there is none.
fn one(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => visible(text),
        Some(ContextValue::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// A context that is one text or several.
fn many(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::Strings(texts)) => texts.iter().map(|text| visible(text)).collect(),
        Some(ContextValue::String(text)) => vec![visible(text)],
        _ => Vec::new(),
    }
}

/// The words that would have been taken, on a line of their own.
fn list(error: &clap::Error, kind: ContextKind) -> String {
    let words = many(error, kind);
    if words.is_empty() {
        return String::new();
    }
    let key = if kind == ContextKind::ValidSubcommand { "commands" } else { "possible" };
    format!("\n  {}", catalogue().error(key, &[("values", &words.join(", "))]))
}

fn lines(words: &[String]) -> String {
    words.iter().map(|word| format!("\n  {word}")).collect()
}
