//! Announcing work: the dialog and what came of it. Pure.
//!
//! Guarantees: what is worked on is meant by its id, named with its name and the number of its
//! subjects before anything is asked; nothing is asked of a daemon that is away; what could not be
//! delivered is there again when the dialog is opened anew.

mod plan;

pub use plan::{Plan, Term};

use super::board::Board;
use super::form::{Choices, Entry, Form, Talk, stepped};
use super::lens::Whose;
use super::link::Link;
use super::notice::Said;
use super::source::Refusal;
use super::standing::Standing;
use super::state::{Cmd, Mode, Screen, Ui};
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
    pub choices: Choices<WorkedOn>,
    /// What for, and the own time.
    pub entry: Entry,
    /// When.
    pub term: Term,
}

/// Announcing work, while the mode is [`Mode::Work`] and until there is an answer.
pub type Working = Talk<WorkAsk, Dialog>;

impl Dialog {
    fn new(choices: Vec<WorkedOn>) -> Self {
        Self { choices: Choices::new(choices), entry: Entry::default(), term: Term::default() }
    }

    /// What is worked on.
    #[must_use]
    pub fn on(&self) -> Option<&WorkedOn> {
        self.choices.chosen()
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
        self.choices.turn(by);
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
    match (ui.standing(), &ui.carriers.chosen) {
        (Some(Standing::Subject(id)), _) => of_subject(board, &id),
        (Some(Standing::Unit(id) | Standing::Own(id)), _) => vec![WorkedOn::Unit(id)],
        (Some(Standing::Work(id)), _) => {
            ui.works.work(&id).map(|work| work.on.clone()).into_iter().collect()
        }
        (None, Some(Whose::Of(id))) if ui.screen == Screen::Lines => {
            vec![WorkedOn::Carrier(id.clone())]
        }
        (None, _) => Vec::new(),
    }
}

/// Opens the dialog, or tells why there is none.
pub(super) fn open(ui: &mut Ui, board: &Board, link: &Link, now: UnixMs) {
    let is_loading = || board.loading().is_some().then_some(Said::Loading);
    if let Some(said) = ui.hindrance(link).or_else(is_loading) {
        return ui.notices.tell(said, now);
    }
    let choices = choices(ui, board);
    if choices.is_empty() {
        return ui.notices.tell(Said::Nothing, now);
    }
    let dialog = Dialog::new(choices);
    let draft = ui.working.take_draft().filter(|draft| draft.choices.are(&dialog.choices));
    ui.working.dialog = Some(draft.unwrap_or(dialog));
    ui.mode = Mode::Work;
}

/// Enter: asks the daemon, or tells why not.
pub(super) fn announce(
    ui: &mut Ui,
    board: &Board,
    link: &Link,
    now: UnixMs,
    commands: &mut Vec<Cmd>,
) {
    let Some(dialog) = &mut ui.working.dialog else { return };
    if *link != Link::Live {
        ui.working.set_aside();
        ui.mode = Mode::Normal;
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
    let is_same = |earlier: &WorkAsk| earlier.request.on == ask.request.on;
    if ui.working.asks_otherwise(is_same) {
        return;
    }
    ui.mode = Mode::Normal;
    if ui.working.send(&ask, is_same) {
        commands.push(Cmd::Work(ask));
    }
}

/// What the daemon said.
pub(super) fn answered(ui: &mut Ui, ask: &WorkAsk, answer: Result<Work, Refusal>, now: UnixMs) {
    ui.working.answered(ask, answer.is_err());
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
