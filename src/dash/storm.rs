//! Storm mode: the dialog in which it is ordered and ended, and what came of it. Pure.
//!
//! Guarantees: a unit is meant by its id, named with its name and the number of units beneath it
//! before anything is asked; nothing is asked of a daemon that is away; what could not be delivered is
//! there again when the dialog is opened anew.

use super::board::Board;
use super::form::{Entry, Form, Pressed, Sent, press as press_form, stepped};
use super::link::Link;
use super::notice::Said;
use super::source::Refusal;
use super::state::{Cmd, Key, Mode, Row, Screen, Ui};
use super::take::next_time;
use crate::api::{StormInfo, StormRequest};
use crate::model::{Storm, SubjectId, UnitId, UnixMs, parse_duration};

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
    choices: Vec<UnitId>,
    chosen: usize,
    /// In which of them it is on.
    are_on: Vec<bool>,
    /// What for, and the own time.
    pub entry: Entry,
    /// Until when.
    pub term: Term,
}

/// All that has to do with storm mode.
#[derive(Debug, Clone, Default)]
pub struct Storming {
    /// The dialog, while the mode is [`Mode::Storm`].
    pub dialog: Option<Dialog>,
    sent: Sent<StormAsk, Dialog>,
}

impl Storming {
    /// The unit asked for last, while there is no answer.
    #[must_use]
    pub fn asked(&self) -> Option<&UnitId> {
        self.sent.last().map(|ask| &ask.unit)
    }
}

impl Dialog {
    fn new(choices: Vec<UnitId>) -> Self {
        let are_on = vec![false; choices.len()];
        Self { choices, chosen: 0, are_on, entry: Entry::default(), term: Term::default() }
    }

    /// Looks where storm mode is on now: there it can be ended.
    fn look(&mut self, board: &Board) {
        let is_on = |unit: &UnitId| board.daemon.storms.iter().any(|storm| storm.unit == *unit);
        self.are_on = self.choices.iter().map(is_on).collect();
        if self.terms().all(|term| term != self.term) {
            self.term = Term::default();
        }
    }

    /// Which of how many it is about, from 1.
    #[must_use]
    pub fn position(&self) -> (usize, usize) {
        (self.chosen + 1, self.choices.len())
    }

    /// The unit.
    #[must_use]
    pub fn unit(&self) -> Option<&UnitId> {
        self.choices.get(self.chosen)
    }

    /// The storm mode that is on there.
    #[must_use]
    pub fn on<'a>(&self, board: &'a Board) -> Option<&'a StormInfo> {
        let unit = self.unit()?;
        board.daemon.storms.iter().find(|storm| storm.unit == *unit)
    }

    /// What can be chosen.
    pub fn terms(&self) -> impl Iterator<Item = Term> + use<> {
        let is_on = self.are_on.get(self.chosen).copied().unwrap_or(false);
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
                let length = || parse_duration(text).ok().map(|ms| now + ms);
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
        self.chosen = stepped(self.chosen, by, self.choices.len());
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
    let first = match (ui.screen, ui.selected()) {
        (Screen::Subject, _) => ui.detail.as_ref().and_then(|d| of_subject(&d.subject)),
        (_, Some(Row::Subject(id) | Row::Incident(id))) => of_subject(id),
        (_, Some(Row::Unit(id) | Row::Own(id) | Row::Cut(id))) => Some(id.clone()),
        (_, Some(Row::Event(seq))) => {
            let subject = ui.log.event(*seq).and_then(|event| event.subject.as_ref());
            subject.and_then(of_subject)
        }
        (_, Some(Row::Drift(key))) => ui.drift.of(key).and_then(|one| of_subject(&one.subject)),
        (_, Some(Row::Closed(id))) => {
            ui.closed.incident(id).and_then(|incident| of_subject(&incident.root))
        }
        (_, Some(Row::Fold | Row::Work(_) | Row::Report(_)) | None) => None,
    };
    let above = |id: &UnitId| board.parent(id).map(|unit| unit.id.clone());
    std::iter::successors(first, above).collect()
}

/// Opens the dialog, or tells why there is none.
pub(super) fn open(ui: &mut Ui, board: &Board, link: &Link, now: UnixMs) {
    if ui.read_only {
        return ui.notices.tell(Said::ReadOnly, now);
    }
    if *link != Link::Live {
        return ui.notices.tell(Said::NoDaemon, now);
    }
    let choices = choices(ui, board);
    if choices.is_empty() {
        return ui.notices.tell(Said::Nothing, now);
    }
    let draft = ui.storming.sent.draft().filter(|draft| draft.choices == choices);
    let mut dialog = draft.unwrap_or_else(|| {
        let mut dialog = Dialog::new(choices);
        dialog.look(board);
        // Where it is on, that is what the user came for.
        dialog.chosen = dialog.are_on.iter().position(|is_on| *is_on).unwrap_or(0);
        dialog.entry.note = dialog.on(board).map(|storm| storm.note.clone()).unwrap_or_default();
        dialog
    });
    dialog.look(board);
    ui.storming.dialog = Some(dialog);
    ui.mode = Mode::Storm;
}

fn close(ui: &mut Ui) -> Option<Dialog> {
    ui.mode = Mode::Normal;
    ui.storming.dialog.take()
}

/// A key in the dialog.
pub(super) fn press(
    ui: &mut Ui,
    board: &Board,
    link: &Link,
    key: Key,
    now: UnixMs,
    commands: &mut Vec<Cmd>,
) {
    let Some(dialog) = &mut ui.storming.dialog else {
        close(ui);
        return;
    };
    dialog.look(board);
    let pressed = press_form(dialog, key);
    // Another unit may have other terms.
    dialog.look(board);
    match pressed {
        Pressed::Stayed => {}
        Pressed::Left => drop(close(ui)),
        Pressed::Done => order(ui, board, link, now, commands),
    }
}

/// Enter: asks the daemon, or tells why not.
fn order(ui: &mut Ui, board: &Board, link: &Link, now: UnixMs, commands: &mut Vec<Cmd>) {
    let Some(dialog) = &mut ui.storming.dialog else { return };
    if *link != Link::Live {
        let dialog = close(ui);
        ui.storming.sent.keep(dialog);
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
    let Some(dialog) = close(ui) else { return };
    if ui.storming.sent.send(&ask, dialog, |earlier| earlier.unit == ask.unit) {
        commands.push(Cmd::Storm(ask));
    }
}

/// Letters typed or pasted.
pub(super) fn typed(ui: &mut Ui, text: &str) {
    if let Some(dialog) = &mut ui.storming.dialog {
        dialog.entry().push(text);
    }
}

/// What the daemon said.
pub(super) fn answered(
    ui: &mut Ui,
    ask: &StormAsk,
    answer: Result<StormInfo, Refusal>,
    now: UnixMs,
) {
    ui.storming.sent.answered(ask, answer.is_err());
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
