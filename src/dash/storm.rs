//! Storm mode: the dialog in which it is ordered and ended, and what came of it. Pure.
//!
//! Guarantees: a unit is meant by its id, named with its name and the number of units beneath it
//! before anything is asked; nothing is asked of a daemon that is away; what could not be delivered is
//! there again when the dialog is opened anew.

use super::board::Board;
use super::form::pushed;
use super::link::Link;
use super::notice::Said;
use super::place::Step;
use super::source::Refusal;
use super::state::{Cmd, Key, Mode, Row, Screen, Ui};
use super::take::next_time;
use crate::api::{NOTE_MAX, StormInfo, StormRequest};
use crate::model::{Storm, SubjectId, UnitId, UnixMs, parse_duration};

/// Longest text of an own time, in characters.
const OWN_MAX: usize = 20;

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
    /// What for, NFC, at most [`NOTE_MAX`] characters.
    pub note: String,
    /// Until when.
    pub term: Term,
    /// The own time, as typed.
    pub own: String,
    /// Letters go into `own`, not into the note.
    pub is_on_own: bool,
    /// What was typed as own time is none, and the user wanted to go on with it.
    pub is_own_wrong: bool,
}

/// All that has to do with storm mode.
#[derive(Debug, Clone, Default)]
pub struct Storming {
    /// The dialog, while the mode is [`Mode::Storm`].
    pub dialog: Option<Dialog>,
    draft: Option<Dialog>,
    under_way: Vec<(StormAsk, Dialog)>,
}

impl Storming {
    /// The unit asked for last, while there is no answer.
    #[must_use]
    pub fn asked(&self) -> Option<&UnitId> {
        self.under_way.last().map(|(ask, _)| &ask.unit)
    }
}

impl Dialog {
    const fn new(choices: Vec<UnitId>) -> Self {
        Self {
            choices,
            chosen: 0,
            note: String::new(),
            term: Term::SixHours,
            own: String::new(),
            is_on_own: false,
            is_own_wrong: false,
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
    pub fn terms(&self, board: &Board) -> impl Iterator<Item = Term> + use<> {
        let is_on = self.on(board).is_some();
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
                let text = self.own.trim();
                let length = || parse_duration(text).ok().map(|ms| now + ms);
                let until = next_time(board, now, text).or_else(length);
                until.filter(|until| *until > now && *until <= now + Storm::MAX_MS)
            }
            Term::End => Some(now),
        }
    }

    fn choose_term(&mut self, board: &Board, by: isize) {
        let terms: Vec<Term> = self.terms(board).collect();
        let at = terms.iter().position(|term| *term == self.term).unwrap_or(0);
        self.term = terms[at.saturating_add_signed(by).min(terms.len() - 1)];
        self.is_on_own = self.term == Term::Own;
        self.is_own_wrong = false;
    }

    fn choose_unit(&mut self, board: &Board, by: isize) {
        let last = self.choices.len().saturating_sub(1);
        self.chosen = self.chosen.saturating_add_signed(by).min(last);
        if self.terms(board).all(|term| term != self.term) {
            self.term = Term::default();
        }
    }

    fn line_mut(&mut self) -> (&mut String, usize) {
        self.is_own_wrong = false;
        if self.is_on_own { (&mut self.own, OWN_MAX) } else { (&mut self.note, NOTE_MAX) }
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
    let draft = ui.storming.draft.take().filter(|draft| draft.choices == choices);
    let dialog = draft.unwrap_or_else(|| {
        let mut dialog = Dialog::new(choices);
        // Where it is on, that is what the user came for.
        let is_on = |unit: &UnitId| board.daemon.storms.iter().any(|storm| storm.unit == *unit);
        dialog.chosen = dialog.choices.iter().position(is_on).unwrap_or(0);
        dialog.note = dialog.on(board).map(|storm| storm.note.clone()).unwrap_or_default();
        dialog
    });
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
    match key {
        Key::Back => drop(close(ui)),
        Key::Range(by) => dialog.choose_term(board, by),
        Key::Step(Step::By(_)) => {
            dialog.is_on_own = dialog.term == Term::Own && !dialog.is_on_own;
        }
        Key::Page(by) => dialog.choose_unit(board, by),
        Key::Erase => drop(dialog.line_mut().0.pop()),
        Key::EraseAll => dialog.line_mut().0.clear(),
        Key::Open => order(ui, board, link, now, commands),
        _ => {}
    }
}

/// Enter: asks the daemon, or tells why not.
fn order(ui: &mut Ui, board: &Board, link: &Link, now: UnixMs, commands: &mut Vec<Cmd>) {
    let Some(dialog) = &mut ui.storming.dialog else { return };
    if *link != Link::Live {
        ui.storming.draft = close(ui);
        return ui.notices.tell(Said::NoDaemon, now);
    }
    let Some(until) = dialog.until(board, now) else {
        dialog.is_own_wrong = true;
        return;
    };
    let Some(unit) = dialog.unit().cloned() else { return };
    let note = dialog.note.trim().to_owned();
    let request = (dialog.term != Term::End).then_some(StormRequest {
        for_ms: None,
        until: Some(until),
        note,
    });
    let ask = StormAsk { unit, request };
    let Some(dialog) = close(ui) else { return };
    // Whoever presses twice has asked once.
    if ui.storming.under_way.iter().all(|(earlier, _)| earlier.unit != ask.unit) {
        ui.storming.under_way.push((ask.clone(), dialog));
        commands.push(Cmd::Storm(ask));
    }
}

/// Letters typed or pasted.
pub(super) fn typed(ui: &mut Ui, text: &str) {
    if let Some(dialog) = &mut ui.storming.dialog {
        let (line, most) = dialog.line_mut();
        *line = pushed(line, text, most);
    }
}

/// What the daemon said.
pub(super) fn answered(
    ui: &mut Ui,
    ask: &StormAsk,
    answer: Result<StormInfo, Refusal>,
    now: UnixMs,
) {
    let at = ui.storming.under_way.iter().position(|(earlier, _)| earlier == ask);
    let dialog = at.map(|at| ui.storming.under_way.remove(at).1);
    let said = match (answer, &ask.request) {
        (Ok(storm), Some(_)) => Said::Storm(storm.name, storm.until),
        (Ok(storm), None) => Said::StormOver(storm.name, storm.folded, storm.open),
        (Err(refusal), _) => {
            if dialog.is_some() {
                ui.storming.draft = dialog;
            }
            match refusal {
                Refusal::Said(problem) => Said::StormRefused(problem.message),
                Refusal::ReadOnly => Said::NoDaemon,
                Refusal::NotAsked(why) => Said::StormRefused(why.0),
                Refusal::Unanswered(why) => Said::StormUnanswered(why.0),
            }
        }
    };
    ui.notices.tell(said, now);
}
