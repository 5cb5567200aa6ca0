//! The dialog in which an incident is taken: which one, what is said about it, for how long. Pure.

use crate::api::ACK_MAX_MS;
use crate::dash::board::Board;
use crate::dash::form::{Choices, Entry, Form, stepped};
use crate::dash::times::{length_ms, next_time};
use crate::model::{Incident, IncidentId, SubjectId, UnixMs};

/// When the night shift ends.
const MORNING: &str = "07:00";

/// For how long an incident is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Term {
    /// Until it is over.
    #[default]
    Over,
    /// An hour.
    Hour,
    /// Four hours.
    FourHours,
    /// Until seven in the morning.
    Morning,
    /// As typed.
    Own,
}

impl Term {
    /// In the order they are shown in.
    pub const ALL: [Self; 5] = [Self::Over, Self::Hour, Self::FourHours, Self::Morning, Self::Own];

    /// The key of its text.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Over => "dash.term_over",
            Self::Hour => "dash.term_hour",
            Self::FourHours => "dash.term_four_hours",
            Self::Morning => "dash.term_morning",
            Self::Own => "dash.term_own",
        }
    }
}

/// How long a word holds, as the daemon is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Until the incident is over.
    Over,
    /// For so many milliseconds.
    For(i64),
    /// Until then.
    Until(UnixMs),
}

impl Holds {
    /// When it ends, begun at `now`; `None`: with the incident.
    #[must_use]
    pub fn end(self, now: UnixMs) -> Option<UnixMs> {
        match self {
            Self::Over => None,
            Self::For(ms) => Some(now + ms),
            Self::Until(at) => Some(at),
        }
    }
}

/// The dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialog {
    /// The incidents it can be about, with their roots when it was opened; at least one.
    pub choices: Choices<(IncidentId, SubjectId)>,
    /// What is said about it, and the own length or time of day.
    pub entry: Entry,
    /// For how long.
    pub term: Term,
}

impl Dialog {
    /// About the first of `choices`, with nothing said yet.
    pub(super) fn new(choices: Vec<(IncidentId, SubjectId)>) -> Self {
        let choices = Choices::new(choices);
        Self { choices, entry: Entry::default(), term: Term::default() }
    }

    /// The same with what was typed in `draft`, when the incident that was about is among the
    /// choices.
    pub(super) fn resumed(mut self, draft: Self) -> Self {
        let about = draft.about().map(|(id, _)| id.clone());
        match self.choices.go_to(|(id, _)| Some(id) == about.as_ref()) {
            true => Self { choices: self.choices, ..draft },
            false => self,
        }
    }

    /// The incident it is about and its root when the dialog was opened.
    #[must_use]
    pub fn about(&self) -> Option<&(IncidentId, SubjectId)> {
        self.choices.chosen()
    }

    /// The incident it is about; `None` when it is over.
    #[must_use]
    pub fn incident<'a>(&self, board: &'a Board) -> Option<&'a Incident> {
        let (id, _) = self.about()?;
        board.incidents.iter().find(|i| i.id == *id)
    }

    /// How long is chosen; `None` while what was typed is neither a length nor a time of day.
    #[must_use]
    pub fn holds(&self, board: &Board, now: UnixMs) -> Option<Holds> {
        match self.term {
            Term::Over => Some(Holds::Over),
            Term::Hour => Some(Holds::For(3_600_000)),
            Term::FourHours => Some(Holds::For(4 * 3_600_000)),
            Term::Morning => next_time(board, now, MORNING).map(Holds::Until),
            Term::Own => own(board, now, &self.entry.own),
        }
    }
}

impl Form for Dialog {
    fn entry(&mut self) -> &mut Entry {
        &mut self.entry
    }

    fn has_own(&self) -> bool {
        self.term == Term::Own
    }

    fn choose(&mut self, by: isize) {
        let at = Term::ALL.iter().position(|t| *t == self.term).unwrap_or(0);
        self.term = Term::ALL[stepped(at, by, Term::ALL.len())];
    }

    fn turn(&mut self, by: isize) {
        self.choices.turn(by);
    }
}

/// A length of time (`30m`, `2h`, `1d`) or the next time of day (`17:30`).
fn own(board: &Board, now: UnixMs, text: &str) -> Option<Holds> {
    let length = || length_ms(text).filter(|ms| *ms <= ACK_MAX_MS).map(Holds::For);
    next_time(board, now, text.trim()).map(Holds::Until).or_else(length)
}
