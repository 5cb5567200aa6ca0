//! Storm mode: the dialog in which it is ordered and ended, and what came of it. Pure.
//!
//! Guarantees: a unit is meant by its id, named with its name and the number of units beneath it
//! before anything is asked; nothing is asked of a daemon that is away; what could not be delivered is
//! there again when the dialog is opened anew.

use super::board::Board;
use super::form::{Choices, Entry, Form, Talk, stepped};
use super::link::Link;
use super::notice::Said;
use super::source::Refusal;
use super::standing::Standing;
use super::state::{Cmd, Mode, Ui};
use super::times::{length_ms, next_time};
use crate::api::{StormInfo, StormRequest};
use crate::model::{Storm, SubjectId, UnitId, UnixMs};

const HOUR_MS: i64 = 3_600_000;

/// Until when, or that it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Term {
    /// Three hours from now on.
    ThreeHours,
    /// Six hours.
    #[default]
    SixHours,
    /// Twelve hours.
    TwelveHours,
    /// A day.
    Day,
    /// As typed.
    Own,
    /// Until now: it is ended.
    End,
}

impl Term {
    /// In the order they are shown in; the last one only where storm mode is on.
    pub const ALL: [Self; 6] =
        [Self::ThreeHours, Self::SixHours, Self::TwelveHours, Self::Day, Self::Own, Self::End];

    /// The key of its text.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::ThreeHours => "dash.storm_three_hours",
            Self::SixHours => "dash.storm_six_hours",
            Self::TwelveHours => "dash.storm_twelve_hours",
            Self::Day => "dash.storm_day",
            Self::Own => "dash.term_own",
            Self::End => "dash.storm_end",
        }
    }
}

/// What is asked of the daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StormAsk {
    /// The unit.
    pub unit: UnitId,
    /// As the daemon wants it; `None`: it is to end.
    pub request: Option<StormRequest>,
}

/// The dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialog {
    /// The units that can be meant, the narrowest first: the selected one and those above it.
    pub choices: Choices<UnitId>,
    /// It is on in the chosen one.
    is_on: bool,
    /// What for, and the own time.
    pub entry: Entry,
    /// Until when.
    pub term: Term,
}

/// Ordering and ending storm mode, while the mode is [`Mode::Storm`] and until there is an answer.
pub type Storming = Talk<StormAsk, Dialog>;

/// The storm mode of a unit.
fn storm_of<'a>(board: &'a Board, unit: &UnitId) -> Option<&'a StormInfo> {
    board.daemon.storms.iter().find(|storm| storm.unit == *unit)
}

impl Dialog {
    /// About the first of these in which it is on: that is what the user came for.
    fn new(choices: Vec<UnitId>, board: &Board) -> Self {
        let (mut choices, entry) = (Choices::new(choices), Entry::default());
        choices.go_to(|unit| storm_of(board, unit).is_some());
        let mut dialog = Self { choices, is_on: false, entry, term: Term::default() };
        dialog.entry.note = dialog.on(board).map(|storm| storm.note.clone()).unwrap_or_default();
        dialog
    }

    /// The unit.
    #[must_use]
    pub fn unit(&self) -> Option<&UnitId> {
        self.choices.chosen()
    }

    /// The storm mode that is on there.
    #[must_use]
    pub fn on<'a>(&self, board: &'a Board) -> Option<&'a StormInfo> {
        storm_of(board, self.unit()?)
    }

    /// What can be chosen.
    pub fn terms(&self) -> impl Iterator<Item = Term> + use<> {
        let is_on = self.is_on;
        Term::ALL.into_iter().filter(move |term| is_on || *term != Term::End)
    }

    /// Until when; `None` while what was typed is no time within a week.
    #[must_use]
    pub fn until(&self, board: &Board, now: UnixMs) -> Option<UnixMs> {
        let hours = |n: i64| Some(now + n * HOUR_MS);
        match self.term {
            Term::ThreeHours => hours(3),
            Term::SixHours => hours(6),
            Term::TwelveHours => hours(12),
            Term::Day => hours(24),
            Term::Own => {
                let text = self.entry.own.trim();
                let length = || length_ms(text).map(|ms| now + ms);
                let until = next_time(board, now, text).or_else(length);
                until.filter(|until| *until > now && *until <= now + Storm::MAX_MS)
            }
            Term::End => Some(now),
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
        let terms: Vec<Term> = self.terms().collect();
        let at = terms.iter().position(|term| *term == self.term).unwrap_or(0);
        self.term = terms.get(stepped(at, by, terms.len())).copied().unwrap_or_default();
    }

    fn turn(&mut self, by: isize) {
        self.choices.turn(by);
    }

    /// Where it is on it can be ended, nowhere else.
    fn look(&mut self, board: &Board) {
        self.is_on = self.on(board).is_some();
        if self.terms().all(|term| term != self.term) {
            self.term = Term::default();
        }
    }
}

/// How many units are meant, with all beneath it.
#[must_use]
pub fn count(board: &Board, unit: &UnitId) -> usize {
    let mut count = 0;
    let mut open = vec![unit.clone()];
    while let Some(unit) = open.pop() {
        count += 1;
        open.extend(board.children(&unit).map(|u| u.id.clone()));
    }
    count
}

/// The units that can be meant where the user stands.
fn choices(ui: &Ui, board: &Board) -> Vec<UnitId> {
    let of_subject = |id: &SubjectId| board.subject(id).map(|subject| subject.unit().clone());
    let first = match ui.standing() {
        Some(Standing::Subject(id)) => of_subject(&id),
        Some(Standing::Unit(id) | Standing::Own(id)) => Some(id),
        Some(Standing::Work(_)) | None => None,
    };
    let above = |id: &UnitId| board.parent(id).map(|unit| unit.id.clone());
    std::iter::successors(first, above).collect()
}

/// Opens the dialog, or tells why there is none.
pub(super) fn open(ui: &mut Ui, board: &Board, link: &Link, now: UnixMs) {
    if let Some(said) = ui.hindrance(link) {
        return ui.notices.tell(said, now);
    }
    let choices = choices(ui, board);
    if choices.is_empty() {
        return ui.notices.tell(Said::Nothing, now);
    }
    let dialog = Dialog::new(choices, board);
    let draft = ui.storming.take_draft().filter(|draft| draft.choices.are(&dialog.choices));
    let mut dialog = draft.unwrap_or(dialog);
    dialog.look(board);
    ui.storming.dialog = Some(dialog);
    ui.mode = Mode::Storm;
}

/// Enter: asks the daemon, or tells why not.
pub(super) fn order(ui: &mut Ui, board: &Board, link: &Link, now: UnixMs, commands: &mut Vec<Cmd>) {
    let Some(dialog) = &mut ui.storming.dialog else { return };
    if *link != Link::Live {
        ui.storming.set_aside();
        ui.mode = Mode::Normal;
        return ui.notices.tell(Said::NoDaemon, now);
    }
    let Some(until) = dialog.until(board, now) else {
        dialog.entry.is_wrong = true;
        return;
    };
    let Some(unit) = dialog.unit().cloned() else { return };
    let note = dialog.entry.said();
    let request = (dialog.term != Term::End).then_some(StormRequest {
        for_ms: None,
        until: Some(until),
        note,
    });
    let ask = StormAsk { unit, request };
    let is_same = |earlier: &StormAsk| earlier.unit == ask.unit;
    if ui.storming.asks_otherwise(is_same) {
        return;
    }
    ui.mode = Mode::Normal;
    if ui.storming.send(&ask, is_same) {
        commands.push(Cmd::Storm(ask));
    }
}

/// What the daemon said.
pub(super) fn answered(
    ui: &mut Ui,
    ask: &StormAsk,
    answer: Result<StormInfo, Refusal>,
    now: UnixMs,
) {
    ui.storming.answered(ask, answer.is_err());
    let said = match (answer, &ask.request) {
        (Ok(storm), Some(_)) => Said::Storm(storm.name, storm.until),
        (Ok(storm), None) => Said::StormOver(storm.name, storm.folded, storm.open),
        (Err(Refusal::Said(problem)), _) => Said::StormRefused(problem.message),
        (Err(Refusal::ReadOnly), _) => Said::NoDaemon,
        (Err(Refusal::NotAsked(why)), _) => Said::StormRefused(why.0),
        (Err(Refusal::Unanswered(why)), _) => Said::StormUnanswered(why.0),
    };
    ui.notices.tell(said, now);
}
