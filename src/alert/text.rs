//! Puts a notice into words: a title of one line and lines of plain text, in Vietnamese or English,
//! by templates that an operator may replace.
//!
//! Guarantees: no value can begin a line, hold a control character or turn text round, whatever a
//! device, a carrier's table or an operator put into it; words are bounded in length, the making of
//! them in time; an operator's template that fails costs a line in the log, never a message. Must
//! not know a channel: escaping and splitting are theirs.
//!
//! ```text
//!  Notice ─► facts (cleaned values, helpers) ─► template ─► title and lines
//!                                                 │ fails
//!                                                 └─► the built-in one
//! ```

use std::path::Path;

use jiff::tz::TimeZone;
use minijinja::Environment;

use super::notice::{Notice, Topic};
use crate::locale::{self, Lang};
use crate::model::{Diagnostic, UnixMs};

mod clean;
mod digest;
mod engine;
mod facts;
mod files;
mod filters;
mod html;
mod sample;
mod subject;

pub use html::{HTML_LINE_BYTES_MAX, columns, html};

/// Longest title, in characters.
pub const TITLE_CHARS_MAX: usize = 250;

/// Longest title and body together, in bytes.
pub const WORDS_BYTES_MAX: usize = 64 * 1024;

/// Every topic with the name of its template.
const TOPICS: [(Topic, &str); 18] = [
    (Topic::Down, "down"),
    (Topic::Degraded, "degraded"),
    (Topic::Flapping, "flapping"),
    (Topic::Blind, "blind"),
    (Topic::Update, "update"),
    (Topic::Reminder, "reminder"),
    (Topic::Escalation, "escalation"),
    (Topic::Acknowledged, "acknowledged"),
    (Topic::Recovered, "recovered"),
    (Topic::Removed, "removed"),
    (Topic::Merged, "merged"),
    (Topic::Passed, "passed"),
    (Topic::ChannelLost, "channel_lost"),
    (Topic::ChannelBack, "channel_back"),
    (Topic::Digest, "digest"),
    (Topic::StormBegan, "storm_began"),
    (Topic::StormEnded, "storm_ended"),
    (Topic::Test, "test"),
];

/// Messages of every topic, with all that they may have and with nothing that they need not have, to
/// try templates on.
pub(super) fn samples() -> Vec<Notice> {
    TOPICS.iter().flat_map(|(topic, _)| sample::notices(*topic)).collect()
}

/// A message in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// What, where, since when: one line.
    pub title: String,
    /// The rest: lines of plain text without empty ones; may be empty.
    pub body: String,
}

/// Why a text cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// The operator's files cannot be used: every mistake, in its place, with what to do.
    #[error("{}", in_one_line(.0))]
    Files(Vec<Diagnostic>),
    /// A template failed.
    #[error("template {template}, line {line}: {reason}")]
    Template {
        /// `vi/down.txt`.
        template: String,
        /// From 1; 0 when it is about the whole.
        line: usize,
        /// What the engine says, every character visible.
        reason: String,
    },
}

/// The first of several mistakes and how many there are, for a log.
fn in_one_line(found: &[Diagnostic]) -> String {
    let Some(first) = found.first() else { return String::new() };
    let place = first
        .place
        .as_ref()
        .map(|p| format!("{}:{}: ", locale::visible(&p.file.to_string_lossy()), p.line));
    let mut text =
        format!("{}{}", place.unwrap_or_default(), locale::message(Lang::En, &first.message));
    if let Some(hint) = &first.hint {
        text.push_str(&format!(" ({})", locale::message(Lang::En, hint)));
    }
    if found.len() > 1 {
        text.push_str(&format!(", and {} more", found.len() - 1));
    }
    text
}

/// The templates, ready to be used.
#[derive(Debug)]
pub struct Texts {
    builtin: Environment<'static>,
    /// The built-in ones with the operator's in their places.
    own: Option<Environment<'static>>,
    /// Where an incident is looked at: `{incident}` in it stands for the incident's id.
    link: Option<String>,
}

impl Texts {
    /// What the program brings along.
    #[must_use]
    pub fn builtin() -> Self {
        Self { builtin: engine::environment(), own: None, link: None }
    }

    /// The same with the files of `folder` (`vi/down.txt`, `en/facts.txt`, …) in the places of those
    /// of the same name. Each is tried on sample messages, so that a mistake is found here and not
    /// at night.
    ///
    /// # Errors
    /// [`TextError::Files`] with every mistake of every file.
    pub fn with_folder(folder: &Path) -> Result<Self, TextError> {
        let own = files::environment(folder).map_err(TextError::Files)?;
        Ok(Self { own, ..Self::builtin() })
    }

    /// Adds a link to messages about an incident: `{incident}` in `pattern` stands for its id.
    #[must_use]
    pub fn with_link(mut self, pattern: &str) -> Self {
        self.link = Some(pattern.to_owned());
        self
    }

    /// Puts a notice into words at `now`. Times are written in `zone`, today's without the date.
    ///
    /// # Errors
    /// Only when a built-in template fails: the tests know of no notice with which one does.
    pub fn words(
        &self,
        notice: &Notice,
        lang: Lang,
        zone: &TimeZone,
        now: UnixMs,
    ) -> Result<Words, TextError> {
        let moment = filters::Moment { lang, zone: zone.clone(), now };
        let lines = match notice.topic {
            Topic::Digest => self.lines(notice, &moment)?,
            _ => Vec::new(),
        };
        self.render(notice, &moment, &lines)
    }

    /// The lines of a digest: the titles of what it is made of, without further digests' lines.
    fn lines(&self, notice: &Notice, moment: &filters::Moment) -> Result<Vec<String>, TextError> {
        let told = digest::told(&notice.parts);
        told.iter()
            .take(digest::LINES_MAX)
            .map(|part| Ok(self.render(part, moment, &[])?.title))
            .collect()
    }

    fn render(
        &self,
        notice: &Notice,
        moment: &filters::Moment,
        lines: &[String],
    ) -> Result<Words, TextError> {
        let facts = facts::facts(notice, moment, lines, self.link.as_deref());
        let template = engine::template(notice.topic, moment.lang);
        if let Some(own) = &self.own {
            match engine::words(own, &template, &facts) {
                Ok(words) => return Ok(words),
                Err(failure) => {
                    let error = TextError::from(failure);
                    tracing::warn!(%error, "an own template failed: the built-in one is sent");
                }
            }
        }
        Ok(engine::words(&self.builtin, &template, &facts)?)
    }
}
