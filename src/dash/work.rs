//! Announcing work: the dialog and what came of it. Pure.
//!
//! Guarantees: what is worked on is meant by its id, named with its name and the number of its
//! subjects before anything is asked; nothing is asked of a daemon that is away; what could not be
//! delivered is there again when the dialog is opened anew.

mod plan;

pub use plan::{Plan, Term};

use super::board::Board;
use super::form::{Entry, Form, Pressed, Sent, press as press_form, stepped};
use super::lens::Whose;
use super::link::Link;
use super::notice::Said;
use super::source::Refusal;
use super::state::{Cmd, Key, Mode, Row, Screen, Ui};
use crate::api::{Work, WorkRequest};
use crate::model::{Id, SubjectId, UnitId, UnixMs, WorkedOn};

/// Longest part of an id that names what is worked on.
const TARGET_MAX: usize = 78;

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
    /// What for, and the own time.
    pub entry: Entry,
    /// When.
    pub term: Term,
}

/// All that has to do with announcing work.
#[derive(Debug, Clone, Default)]
pub struct Working {
    /// The dialog, while the mode is [`Mode::Work`].
    pub dialog: Option<Dialog>,
    sent: Sent<WorkAsk, Dialog>,
}

impl Working {
    /// The id of the work asked for last, while there is no answer.
    #[must_use]
    pub fn asked(&self) -> Option<&Id> {
        self.sent.last().map(|ask| &ask.id)
    }
}

impl Dialog {
    fn new(choices: Vec<WorkedOn>) -> Self {
        Self { choices, chosen: 0, entry: Entry::default(), term: Term::default() }
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

    /// When; `None` while what was typed is no time.
    #[must_use]
    pub fn plan(&self, board: &Board, now: UnixMs) -> Option<Plan> {
        Plan::new(board, now, self.term, &self.entry.own)
    }
}

impl Form for Dialog {
    fn entry(&mut self) -> &mut Entry {
        &mut self.entry
    }

    fn has_own(&self) -> bool {
        self.term.is_typed()
    }

    fn choose(&mut self, by: isize) {
        let at = Term::ALL.iter().position(|t| *t == self.term).unwrap_or(0);
        self.term = Term::ALL[stepped(at, by, Term::ALL.len())];
    }

    fn turn(&mut self, by: isize) {
        self.chosen = stepped(self.chosen, by, self.choices.len());
    }
}

/// How many subjects are worked on.
#[must_use]
pub fn count(board: &Board, on: &WorkedOn) -> usize {
    match on {
        WorkedOn::Subject(_) => 1,
        WorkedOn::Carrier(id) => board.connections().filter(|s| s.carrier() == Some(id)).count(),
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
    let carrier = subject.carrier().cloned().map(WorkedOn::Carrier);
    [WorkedOn::Subject(id.clone()), WorkedOn::Unit(subject.unit().clone())]
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
        (_, Some(Row::Closed(id))) => {
            ui.closed.incident(id).map(|i| of_subject(board, &i.root)).unwrap_or_default()
        }
        (_, Some(Row::Work(id))) => ui.works.work(id).map(|w| w.on.clone()).into_iter().collect(),
        (_, Some(Row::Fold)) => Vec::new(),
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
    if board.loading().is_some() {
        return ui.notices.tell(Said::Loading, now);
    }
    let choices = choices(ui, board);
    if choices.is_empty() {
        return ui.notices.tell(Said::Nothing, now);
    }
    let draft = ui.working.sent.draft().filter(|draft| draft.choices == choices);
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
    match press_form(dialog, key) {
        Pressed::Stayed => {}
        Pressed::Left => drop(close(ui)),
        Pressed::Done => announce(ui, board, link, now, commands),
    }
}

/// Enter: asks the daemon, or tells why not.
fn announce(ui: &mut Ui, board: &Board, link: &Link, now: UnixMs, commands: &mut Vec<Cmd>) {
    let Some(dialog) = &mut ui.working.dialog else { return };
    if *link != Link::Live {
        let dialog = close(ui);
        ui.working.sent.keep(dialog);
        return ui.notices.tell(Said::NoDaemon, now);
    }
    let Some(Plan { span, every }) = dialog.plan(board, now) else {
        dialog.entry.is_wrong = true;
        return;
    };
    let Some(on) = dialog.on().cloned() else { return };
    let Some(id) = own_id(board, &on, span.from) else { return };
    let note = dialog.entry.said();
    let request = WorkRequest { on, from: span.from, to: span.to, every, note };
    let ask = WorkAsk { id, request };
    let Some(dialog) = close(ui) else { return };
    let is_same = |earlier: &WorkAsk| earlier.request.on == ask.request.on;
    if ui.working.sent.send(&ask, dialog, is_same) {
        commands.push(Cmd::Work(ask));
    }
}

/// Letters typed or pasted.
pub(super) fn typed(ui: &mut Ui, text: &str) {
    if let Some(dialog) = &mut ui.working.dialog {
        dialog.entry().push(text);
    }
}

/// What the daemon said.
pub(super) fn answered(ui: &mut Ui, ask: &WorkAsk, answer: Result<Work, Refusal>, now: UnixMs) {
    ui.working.sent.answered(ask, answer.is_err());
    let said = match answer {
        Ok(work) => {
            let to = work.until.unwrap_or(work.next.to);
            Said::Announced(work.id, work.subjects, to)
        }
        Err(Refusal::Said(problem)) => Said::WorkRefused(problem.message),
        Err(Refusal::ReadOnly) => Said::NoDaemon,
        Err(Refusal::NotAsked(why)) => Said::WorkRefused(why.0),
        Err(Refusal::Unanswered(why)) => Said::WorkUnanswered(why.0),
    };
    ui.works.fetched.hurry();
    ui.notices.tell(said, now);
}
