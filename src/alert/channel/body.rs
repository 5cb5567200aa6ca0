//! A webhook's own body: a template of JSON. A mistake in it is found when it is read, or a message
//! would be lost to it at night.

use std::collections::BTreeSet;
use std::error::Error as _;

use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior};
use serde_json::{Value, json};

use super::settings::mistake;
use super::{Letter, Mistake, Slip};
use crate::alert::notice::Notice;
use crate::alert::text::samples;
use crate::locale::visible;
use crate::model::{Message, UnixMs};

/// Steps that a template may take.
const FUEL: u64 = 200_000;
const TEMPLATE: &str = "body";
const KEY: &str = "body";
/// What a template may name beside the notice's fields.
const NAMES: [&str; 10] =
    ["title", "body", "key", "now", "notice", "loop", "range", "dict", "namespace", "debug"];
/// Longest part of an engine's words that is shown, in characters.
const SHOWN_MAX: usize = 200;

/// A template that is sound.
#[derive(Debug)]
pub(super) struct Body {
    environment: Environment<'static>,
}

impl Body {
    /// Reads a template, looks for names that there are not, and tries it on notices of every kind:
    /// what it makes must be JSON.
    ///
    /// # Errors
    /// The first mistake, with its line.
    pub(super) fn new(source: &str) -> Result<Self, Mistake> {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Json);
        environment.set_fuel(Some(FUEL));
        // What a notice does not have is null, however deep it is asked for.
        environment.set_undefined_behavior(UndefinedBehavior::Chainable);
        environment
            .add_template_owned(TEMPLATE, source.to_owned())
            .map_err(|error| broken(&error))?;
        let body = Self { environment };
        body.check_names(source)?;
        for notice in samples() {
            let letter = Letter {
                key: "sample",
                title: "\"sample\"",
                body: "one\ntwo",
                notice: &notice,
                now: UnixMs(0),
            };
            let made = body.render(&letter).map_err(|error| broken(&error))?;
            if let Err(error) = serde_json::from_str::<Value>(&made) {
                let message = Message::new("channel.template_not_json").with("error", error);
                return Err(mistake(KEY, message));
            }
        }
        Ok(body)
    }

    /// What it makes of a letter.
    ///
    /// # Errors
    /// It fails, or takes too long.
    pub(super) fn render(&self, letter: &Letter<'_>) -> Result<String, Error> {
        let values = json!({
            "key": letter.key,
            "title": letter.title,
            "body": letter.body,
            "notice": letter.notice,
            "now": letter.now.to_string(),
        });
        self.environment
            .get_template(TEMPLATE)?
            .render(minijinja::Value::from(minijinja::value::Serde(values)))
    }

    /// Without this a misspelt name would be null in every message.
    fn check_names(&self, source: &str) -> Result<(), Mistake> {
        let Ok(template) = self.environment.get_template(TEMPLATE) else { return Ok(()) };
        let fields = fields();
        let is_known =
            |name: &String| NAMES.contains(&&**name) || fields.contains(name) || name == "notice";
        let unknown = template.undeclared_variables(true).into_iter().filter(|n| !is_known(n));
        let placed = unknown.map(|name| {
            let last = name.rsplit('.').next().unwrap_or_default().to_owned();
            (line_of(source, &last), last, name)
        });
        let Some((line, word, name)) = placed.min() else { return Ok(()) };
        let shown: String = visible(&name).chars().take(SHOWN_MAX).collect();
        let message = Message::new("channel.template_variable").with("name", shown);
        // The names that may stand where this one does.
        let known: Vec<&'static str> = match name.rsplit_once('.') {
            None => NAMES[..5].to_vec(),
            Some((above, _)) => {
                let beneath = |field: &&&'static str| fields.contains(&format!("{above}.{field}"));
                FIELDS.iter().filter(beneath).copied().collect()
            }
        };
        let slip = Some(Box::new(Slip { line, word, known }));
        Err(Mistake { slip, ..mistake(KEY, message) })
    }
}

/// Every name that is a field of something in a notice, for hints.
const FIELDS: &[&str] = &[
    "topic",
    "severity",
    "incident",
    "merged_into",
    "at",
    "since",
    "until",
    "subject",
    "through",
    "unreachable",
    "units",
    "units_count",
    "services",
    "guess",
    "ack",
    "reason",
    "storm",
    "folded",
    "open",
    "is_gone",
    "parts",
    "id",
    "kind",
    "name",
    "unit",
    "above",
    "network",
    "carrier",
    "hotline",
    "circuit",
    "contact",
    "phone",
    "email",
    "cause",
    "signs",
    "by",
    "note",
];

/// Every field that a notice may have, by its path: `notice.subject.unit.name`.
fn fields() -> BTreeSet<String> {
    fn gather(path: &str, value: &Value, found: &mut BTreeSet<String>) {
        for (name, inner) in value.as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            gather(&path, inner, found);
            found.insert(path);
        }
    }
    let mut found = BTreeSet::new();
    for notice in samples() {
        // Lists that are empty are left out of a notice, and so are its parts.
        let whole = Notice { parts: vec![notice.clone()], ..notice };
        gather("notice", &serde_json::to_value(whole).unwrap_or_default(), &mut found);
    }
    found
}

/// What the engine says, with its line and, of a name that it does not know, that.
fn broken(error: &Error) -> Mistake {
    let mut inner = error;
    while let Some(deeper) = inner.source().and_then(|source| source.downcast_ref::<Error>()) {
        inner = deeper;
    }
    let said = match inner.detail() {
        Some(detail) => format!("{}: {detail}", inner.kind()),
        None => inner.kind().to_string(),
    };
    let shown: String = visible(&said).chars().take(SHOWN_MAX).collect();
    // "filter nope is unknown"
    let mut words = inner.detail().unwrap_or_default().split(' ');
    let word = match (words.next(), words.next(), words.next(), words.next()) {
        (Some("filter" | "test" | "function"), Some(word), Some("is"), Some("unknown")) => word,
        _ => "",
    };
    let word = word.to_owned();
    let slip = inner.line().map(|line| Box::new(Slip { line, word, known: Vec::new() }));
    let message = Message::new("channel.bad_template").with("error", shown);
    Mistake { slip, ..mistake(KEY, message) }
}

/// The first line on which a name stands as a word of its own, from 1.
fn line_of(source: &str, name: &str) -> usize {
    let is_word = |line: &str| {
        line.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == name)
    };
    source.lines().position(is_word).map_or(1, |ix| ix + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_a_notice_has_a_hint_and_is_known() {
        let fields = fields();
        let last: BTreeSet<&str> = fields.iter().filter_map(|f| f.rsplit('.').next()).collect();
        assert_eq!(last, FIELDS.iter().copied().collect());
        for path in ["notice.subject.contact.phone", "notice.ack.until", "notice.guess.signs"] {
            assert!(fields.contains(path), "{path}");
        }
    }

    #[test]
    fn a_misspelt_name_is_told_with_the_one_that_was_meant() {
        let wrong = Body::new("{{ notice.subject.crcuit }}").unwrap_err();
        assert_eq!(wrong.message.key, "channel.template_variable");
        let Slip { word, known, .. } = *wrong.slip.unwrap();
        assert!(word == "crcuit" && known.contains(&"circuit") && !known.contains(&"signs"));
    }
}
