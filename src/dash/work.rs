//! Announcing work: the dialog and what came of it. Pure.
//!
//! Guarantees: what is worked on is meant by its id, named with its name and the number of its
//! subjects before anything is asked; nothing is asked of a daemon that is away; what could not be
//! delivered is there again when the dialog is opened anew.

use super::board::Board;
use super::lens::Whose;
use super::link::Link;
use super::notice::Said;
use super::place::Step;
use super::source::Refusal;
use super::state::{Cmd, Key, Mode, Row, Screen, Ui};
use super::take::{next_time, pushed};
use crate::api::{NOTE_MAX, WORK_MAX_MS, Work, WorkRequest};
use crate::model::{Id, Span, SubjectId, UnitId, UnixMs, WorkedOn, parse_duration};

/// Longest text of an own time, in characters.
const OWN_MAX: usize = 20;

/// Longest part of an id that names what is worked on.
const TARGET_MAX: usize = 78;

const HOUR_MS: i64 = 3_600_000;

/// When the work takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Term {
    /// An hour from now on.
    Hour,
    /// Two hours.
    #[default]
    TwoHours,
    /// Four hours.
    FourHours,
    /// Eight hours.
    EightHours,
    /// As typed.
    Own,
}

impl Term {
    /// In the order they are shown in.
    pub const ALL: [Self; 5] =
        [Self::Hour, Self::TwoHours, Self::FourHours, Self::EightHours, Self::Own];

    /// The key of its text.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Hour => "dash.term_hour",
            Self::TwoHours => "dash.term_two_hours",
            Self::FourHours => "dash.term_four_hours",
            Self::EightHours => "dash.term_eight_hours",
            Self::Own => "dash.term_own",
        }
    }
}

/// What is asked of the daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkAsk {
    /// The work's id.
    pub id: Id,
    /// As the daemon wants it.
    pub request: WorkRequest,
}

/// The dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialog {
    /// What can be worked on, the narrowest first: the subject, its unit, its carrier.
    choices: Vec<WorkedOn>,
    chosen: usize,
    /// What for, NFC, at most [`NOTE_MAX`] characters.
    pub note: String,
    /// When.
    pub term: Term,
    /// The own time, as typed.
    pub own: String,
    /// Letters go into `own`, not into the note.
    pub is_on_own: bool,
    /// What was typed as own time is none, and the user wanted to go on with it.
    pub is_own_wrong: bool,
}

/// All that has to do with announcing work.
#[derive(Debug, Clone, Default)]
pub struct Working {
    /// The dialog, while the mode is [`Mode::Work`].
    pub dialog: Option<Dialog>,
    draft: Option<Dialog>,
    under_way: Vec<(WorkAsk, Dialog)>,
}

impl Working {
    /// The id of the work asked for last, while there is no answer.
    #[must_use]
    pub fn asked(&self) -> Option<&Id> {
        self.under_way.last().map(|(ask, _)| &ask.id)
    }
}

impl Dialog {
    const fn new(choices: Vec<WorkedOn>) -> Self {
        Self {
            choices,
            chosen: 0,
            note: String::new(),
            term: Term::TwoHours,
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

    /// What is worked on.
    #[must_use]
    pub fn on(&self) -> Option<&WorkedOn> {
        self.choices.get(self.chosen)
    }

    /// From when to when; `None` while what was typed is no time.
    #[must_use]
    pub fn span(&self, board: &Board, now: UnixMs) -> Option<Span> {
        let hours = |n: i64| Some(Span::new(now, now + n * HOUR_MS));
        match self.term {
            Term::Hour => hours(1),
            Term::TwoHours => hours(2),
            Term::FourHours => hours(4),
            Term::EightHours => hours(8),
            Term::Own => own(board, now, &self.own),
        }
    }

    fn line_mut(&mut self) -> (&mut String, usize) {
        self.is_own_wrong = false;
        if self.is_on_own { (&mut self.own, OWN_MAX) } else { (&mut self.note, NOTE_MAX) }
    }
}

/// `2h`, `17:30` (until then), `22:00 4h`, `22:00 02:00`: an end, or a beginning and an end.
fn own(board: &Board, now: UnixMs, text: &str) -> Option<Span> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let end = |from: UnixMs, word: &str| {
        let length = || parse_duration(word).ok().filter(|ms| (1..=WORK_MAX_MS).contains(ms));
        next_time(board, from, word).or_else(|| length().map(|ms| from + ms))
    };
    match words[..] {
        [last] => Some(Span::new(now, end(now, last)?)),
        [first, last] => {
            let from = next_time(board, now, first)?;
            Some(Span::new(from, end(from, last)?))
        }
        _ => None,
    }
}

/// How many subjects are worked on.
#[must_use]
pub fn count(board: &Board, on: &WorkedOn) -> usize {
    match on {
        WorkedOn::Subject(_) => 1,
        WorkedOn::Carrier(id) => {
            board.connections().filter(|s| s.carrier.as_ref() == Some(id)).count()
        }
        WorkedOn::Unit(id) => {
            let mut count = 0;
            let mut open: Vec<UnitId> = vec![id.clone()];
            while let Some(unit) = open.pop() {
                count += board.subjects_of(&unit).count();
                open.extend(board.children(&unit).map(|u| u.id.clone()));
            }
            count
        }
    }
}

/// The id of what is worked on.
#[must_use]
pub fn target(on: &WorkedOn) -> &str {
    match on {
        WorkedOn::Subject(id) => id.as_str(),
        WorkedOn::Unit(id) => id.as_str(),
        WorkedOn::Carrier(id) => id.as_str(),
    }
}

/// `cai-be/tslcd-20261127-220015`: the same work asked for twice has the same id.
fn own_id(board: &Board, on: &WorkedOn, from: UnixMs) -> Option<Id> {
    let target = target(on);
    // Ids are ASCII, and no mark may stand before another.
    let kept = target.get(..TARGET_MAX).unwrap_or(target).trim_end_matches(['-', '.', '/']);
    Id::new(&format!("{kept}-{}", board.local(from).strftime("%Y%m%d-%H%M%S"))).ok()
}

fn of_subject(board: &Board, id: &SubjectId) -> Vec<WorkedOn> {
    let Some(subject) = board.subject(id) else { return Vec::new() };
    let carrier = subject.carrier.clone().map(WorkedOn::Carrier);
    [WorkedOn::Subject(id.clone()), WorkedOn::Unit(subject.unit.clone())]
        .into_iter()
        .chain(carrier)
        .collect()
}

/// What can be worked on where the user stands.
fn choices(ui: &Ui, board: &Board) -> Vec<WorkedOn> {
    match (ui.screen, ui.selected()) {
        (Screen::Subject, _) => {
            ui.detail.as_ref().map(|d| of_subject(board, &d.subject)).unwrap_or_default()
        }
        (_, Some(Row::Subject(id) | Row::Incident(id))) => of_subject(board, id),
        (_, Some(Row::Unit(id) | Row::Own(id) | Row::Cut(id))) => vec![WorkedOn::Unit(id.clone())],
        (_, Some(Row::Drift(key))) => {
            ui.drift.of(key).map(|one| of_subject(board, &one.subject)).unwrap_or_default()
        }
        (_, Some(Row::Event(seq))) => {
            let subject = ui.log.event(*seq).and_then(|event| event.subject.as_ref());
            subject.map(|id| of_subject(board, id)).unwrap_or_default()
        }
        (Screen::Lines, None) => match &ui.carriers.chosen {
            Some(Whose::Of(id)) => vec![WorkedOn::Carrier(id.clone())],
            _ => Vec::new(),
        },
        (_, Some(Row::Report(_)) | None) => Vec::new(),
    }
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
    let draft = ui.working.draft.take().filter(|draft| draft.choices == choices);
    ui.working.dialog = Some(draft.unwrap_or_else(|| Dialog::new(choices)));
    ui.mode = Mode::Work;
}

fn close(ui: &mut Ui) -> Option<Dialog> {
    ui.mode = Mode::Normal;
    ui.working.dialog.take()
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
    let Some(dialog) = &mut ui.working.dialog else {
        close(ui);
        return;
    };
    match key {
        Key::Back => drop(close(ui)),
        Key::Range(by) => {
            let at = Term::ALL.iter().position(|t| *t == dialog.term).unwrap_or(0);
            dialog.term = Term::ALL[at.saturating_add_signed(by).min(Term::ALL.len() - 1)];
            dialog.is_on_own = dialog.term == Term::Own;
            dialog.is_own_wrong = false;
        }
        Key::Step(Step::By(_)) => {
            dialog.is_on_own = dialog.term == Term::Own && !dialog.is_on_own;
        }
        Key::Page(by) => {
            let last = dialog.choices.len().saturating_sub(1);
            dialog.chosen = dialog.chosen.saturating_add_signed(by).min(last);
        }
        Key::Erase => drop(dialog.line_mut().0.pop()),
        Key::EraseAll => dialog.line_mut().0.clear(),
        Key::Open => announce(ui, board, link, now, commands),
        _ => {}
    }
}

/// Enter: asks the daemon, or tells why not.
fn announce(ui: &mut Ui, board: &Board, link: &Link, now: UnixMs, commands: &mut Vec<Cmd>) {
    let Some(dialog) = &mut ui.working.dialog else { return };
    if *link != Link::Live {
        ui.working.draft = close(ui);
        return ui.notices.tell(Said::NoDaemon, now);
    }
    let Some(span) = dialog.span(board, now) else {
        dialog.is_own_wrong = true;
        return;
    };
    let Some(on) = dialog.on().cloned() else { return };
    let Some(id) = own_id(board, &on, span.from) else { return };
    let note = dialog.note.trim().to_owned();
    let ask = WorkAsk { id, request: WorkRequest { on, from: span.from, to: span.to, note } };
    let Some(dialog) = close(ui) else { return };
    // Whoever presses twice has asked once.
    if ui.working.under_way.iter().all(|(earlier, _)| earlier.request.on != ask.request.on) {
        ui.working.under_way.push((ask.clone(), dialog));
        commands.push(Cmd::Work(ask));
    }
}

/// Letters typed or pasted.
pub(super) fn typed(ui: &mut Ui, text: &str) {
    if let Some(dialog) = &mut ui.working.dialog {
        let (line, most) = dialog.line_mut();
        *line = pushed(line, text, most);
    }
}

/// What the daemon said.
pub(super) fn answered(ui: &mut Ui, ask: &WorkAsk, answer: Result<Work, Refusal>, now: UnixMs) {
    let at = ui.working.under_way.iter().position(|(earlier, _)| earlier == ask);
    let dialog = at.map(|at| ui.working.under_way.remove(at).1);
    let said = match answer {
        Ok(work) => Said::Announced(work.id, work.subjects, work.next.to),
        Err(refusal) => {
            if dialog.is_some() {
                ui.working.draft = dialog;
            }
            match refusal {
                Refusal::Said(problem) => Said::WorkRefused(problem.message),
                Refusal::ReadOnly => Said::NoDaemon,
                Refusal::NotAsked(why) => Said::WorkRefused(why.0),
                Refusal::Unanswered(why) => Said::WorkUnanswered(why.0),
            }
        }
    };
    ui.notices.tell(said, now);
}
