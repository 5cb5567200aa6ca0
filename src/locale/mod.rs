//! Texts in Vietnamese and English, numbers and dates, folding for search, the sort key, and what
//! a text takes on the screen.
//!
//! Guarantees: pure functions of their arguments; every text of both languages has the same keys
//! and placeholders (tested); nothing here fails or panics whatever the text. Must not decide
//! anything, read a clock or the environment, or import any room but `model`.

mod catalogue;
mod columns;
mod fold;
mod incident;
mod network;
mod number;
mod reason;
mod recurrence;
mod sort;
mod time;
mod trouble;
mod visible;

use serde::{Deserialize, Serialize};

pub use catalogue::{format, message, text};
pub use columns::{fit, fit_end, pad, pad_left, width, words};
pub use fold::{fold, nfc};
pub use incident::{
    OFF_HOURS_GLYPH, blind_words, cause_key, guess_words, incident_notes, sign_words,
};
pub use network::network_words;
pub use number::{decimal, number, percent, percent_number, rtt};
pub use reason::{reason, reason_words};
pub use recurrence::recurrence_words;
pub use sort::{SortKey, sort_key};
pub use time::{clock, date, date_time, duration, duration_short};
pub use trouble::{answer_words, trouble_words};
pub use visible::{is_hidden, visible};

use crate::model::State;

/// A language of the user interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Tiếng Việt.
    #[default]
    Vi,
    /// English.
    En,
}

impl Lang {
    /// Both, the default first.
    pub const ALL: [Self; 2] = [Self::Vi, Self::En];

    /// The word used in files and on the command line: `vi`, `en`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }
}

impl std::fmt::Display for Lang {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that names no language of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a language: vi or en")]
pub struct UnknownLang(pub String);

impl std::str::FromStr for Lang {
    type Err = UnknownLang;
    fn from_str(text: &str) -> Result<Self, UnknownLang> {
        Self::ALL
            .into_iter()
            .find(|lang| lang.as_str() == text)
            .ok_or_else(|| UnknownLang(visible(text).chars().take(32).collect()))
    }
}

/// The state's full name, e.g. "Mất kết nối"; its short form is the text `state.<state>_short`.
#[must_use]
pub fn state_name(lang: Lang, state: State) -> &'static str {
    text(
        lang,
        match state {
            State::Up => "state.up",
            State::Degraded => "state.degraded",
            State::Down => "state.down",
            State::Unreachable => "state.unreachable",
            State::Unmeasured => "state.unmeasured",
        },
    )
}

/// The state's glyph, one column wide and in every common terminal font; never shown without the
/// word or the colour beside it somewhere on the same screen.
#[must_use]
pub const fn state_glyph(state: State) -> char {
    match state {
        State::Up => '●',
        State::Degraded => '▲',
        State::Down => '×',
        State::Unreachable => '◊',
        State::Unmeasured => '?',
    }
}

/// A text of the catalogue, its placeholders filled: `t!(lang, "dash.age", age = expr)`.
///
/// Gives a `String`; use [`text`](crate::locale::text) for a `&'static str`.
#[macro_export]
macro_rules! t {
    ($lang:expr, $key:expr $(,)?) => {
        $crate::locale::text($lang, $key).to_owned()
    };
    ($lang:expr, $key:expr, $($name:ident = $value:expr),+ $(,)?) => {
        $crate::locale::format(
            $lang,
            $key,
            &[$((stringify!($name), ::std::string::ToString::to_string(&$value))),+],
        )
    };
}

#[cfg(test)]
mod tests;
