//! Saying what an outage was: the dialog and what came of it. Pure.
//!
//! Guarantees: an outage is meant by its subject and its first failed round and named with both
//! before anything is asked; what it was called before is shown, and calling it something else needs
//! a reason; what could not be delivered is there again when the dialog is opened anew.

use super::board::Board;
use super::form::{Choices, Entry, Form, Talk};
use super::link::Link;
use super::notice::Said;
use super::source::Refusal;
use super::state::{Cmd, Detail, Mode, Row, Screen, Ui};
use super::take::meant;
use crate::api::{ClosedIncident, NoteRequest, Noted};
use crate::model::{Cause, Incident, OutageId, OutageNote, SubjectId, UnixMs};

/// An outage that can be spoken of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// Whose, and its first failed round or, of one that lasts, when the state began that it is in.
    pub id: OutageId,
    /// Its end; `None` while it lasts.
    pub end: Option<UnixMs>,
    /// What it probably is.
    pub guess: Option<Cause>,
    /// What was said last.
    pub before: Option<OutageNote>,
    /// Other lines of the incident, which are down with it: what is said is said of them, too.
    pub with: usize,
}

impl Spoken {
    /// What it is called unless the user chooses otherwise.
    fn likely(&self) -> Cause {
        let said = self.before.as_ref().map(|note| note.cause);
        said.or(self.guess).unwrap_or(Cause::Unknown)
    }
}

/// The dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialog {
    /// What can be spoken of where the user stands, the likeliest first; at least one.
    pub choices: Choices<Spoken>,
    /// What is said about it.
    pub entry: Entry,
    /// What it was.
    pub cause: Cause,
}

impl Dialog {
    fn new(choices: Vec<Spoken>) -> Self {
        let cause = choices.first().map_or(Cause::Unknown, Spoken::likely);
        Self { choices: Choices::new(choices), entry: Entry::default(), cause }
    }

    /// The same with what was typed in `draft`, when the outage that was about is among the choices.
    fn resumed(mut self, draft: Self) -> Self {
        let about = draft.about().map(|spoken| spoken.id.clone());
        match self.choices.go_to(|spoken| Some(&spoken.id) == about.as_ref()) {
            true => Self { choices: self.choices, ..draft },
            false => self,
        }
    }

    /// What it is about.
    #[must_use]
    pub fn about(&self) -> Option<&Spoken> {
        self.choices.chosen()
    }
}

impl Form for Dialog {
    fn entry(&mut self) -> &mut Entry {
        &mut self.entry
    }

    fn has_own(&self) -> bool {
        false
    }

    fn choose(&mut self, by: isize) {
        let at = Cause::ALL.iter().position(|c| *c == self.cause).unwrap_or(0);
        // Round and round: where nothing is known it begins at the last of them.
        let count = Cause::ALL.len();
        self.cause = Cause::ALL[(at + count).saturating_add_signed(by) % count];
    }

    fn turn(&mut self, by: isize) {
        self.choices.turn(by);
        self.cause = self.about().map_or(self.cause, Spoken::likely);
    }
}

/// Saying what outages were, while the mode is [`Mode::Outage`] and until there is an answer.
pub type Speaking = Talk<NoteRequest, Dialog>;

/// The outages of the open subject, the newest first.
fn of_detail(board: &Board, detail: &Detail) -> Vec<Spoken> {
    let Some((_, Ok(history))) = detail.shown() else {
        return of_subject(board, &detail.subject).into_iter().collect();
    };
    let newest_first = history.outages.iter().rev();
    newest_first
        .map(|outage| {
            let is_inside = |note: &&OutageNote| {
                outage.start <= note.start && outage.end.is_none_or(|end| note.start < end)
            };
            Spoken {
                id: OutageId { subject: detail.subject.clone(), start: outage.start },
                end: outage.end,
                guess: outage.end.is_none().then(|| guess(board, &detail.subject)).flatten(),
                before: history.notes.iter().rfind(is_inside).cloned(),
                with: if outage.end.is_none() { with(board, &detail.subject) } else { 0 },
            }
        })
        .collect()
}

/// The incident that a subject is a root of.
fn incident<'a>(board: &'a Board, subject: &SubjectId) -> Option<&'a Incident> {
    board.incidents.iter().find(|i| i.members().any(|member| member == subject))
}

/// What that probably is.
fn guess(board: &Board, subject: &SubjectId) -> Option<Cause> {
    incident(board, subject)?.guess.as_ref().map(|guess| guess.cause)
}

/// How many lines are down with a root, of which nobody has said anything.
fn with(board: &Board, subject: &SubjectId) -> usize {
    let of = incident(board, subject).filter(|incident| incident.noted.is_none());
    of.map_or(0, |incident| incident.with.len())
}

/// The outage that a subject is in.
fn of_subject(board: &Board, id: &SubjectId) -> Option<Spoken> {
    let now = board.subject(id)?.now();
    let id = OutageId { subject: id.clone(), start: now.since };
    now.state.is_outage().then(|| Spoken {
        guess: guess(board, &id.subject),
        before: incident(board, &id.subject).and_then(|incident| incident.noted.clone()),
        with: with(board, &id.subject),
        id,
        end: None,
    })
}

fn of_incidents(board: &Board, incidents: &[&Incident]) -> Vec<Spoken> {
    let members = incidents.iter().flat_map(|i| i.members());
    members.filter_map(|id| of_subject(board, id)).collect()
}

/// The outages of one that is over: its root's, then those of what was down with it.
fn of_closed(incident: &ClosedIncident) -> Vec<Spoken> {
    let guess = incident.guess.as_ref().map(|guess| guess.cause);
    let spoken = |subject: &SubjectId, start, end, before: &Option<OutageNote>| Spoken {
        id: OutageId { subject: subject.clone(), start },
        end,
        guess,
        before: before.clone(),
        with: 0,
    };
    let root = incident.outage;
    let root =
        root.map(|start| spoken(&incident.root, start, Some(incident.closed), &incident.noted));
    let with = incident.with.iter();
    let with = with.map(|line| spoken(&line.subject, line.outage, line.end, &line.noted));
    root.into_iter().chain(with).collect()
}

/// What can be spoken of where the user stands.
fn choices(ui: &Ui, board: &Board) -> Vec<Spoken> {
    match (ui.screen, ui.selected()) {
        (Screen::Subject, _) => ui.detail.as_ref().map(|d| of_detail(board, d)).unwrap_or_default(),
        (_, Some(Row::Closed(id))) => ui.closed.incident(id).map(of_closed).unwrap_or_default(),
        _ => of_incidents(board, &meant(ui, board)),
    }
}

/// Opens the dialog, or tells why there is none.
pub(super) fn open(ui: &mut Ui, board: &Board, link: &Link, now: UnixMs) {
    if let Some(said) = ui.hindrance(link) {
        return ui.notices.tell(said, now);
    }
    let choices = choices(ui, board);
    if choices.is_empty() {
        return ui.notices.tell(Said::NoOutage, now);
    }
    let dialog = Dialog::new(choices);
    let dialog = match ui.speaking.take_draft() {
        Some(draft) => dialog.resumed(draft),
        None => dialog,
    };
    ui.speaking.dialog = Some(dialog);
    ui.mode = Mode::Outage;
}

/// Enter: asks the daemon, or tells why not.
pub(super) fn say(ui: &mut Ui, link: &Link, now: UnixMs, commands: &mut Vec<Cmd>) {
    let Some(dialog) = &mut ui.speaking.dialog else { return };
    if *link != Link::Live {
        ui.speaking.set_aside();
        ui.mode = Mode::Normal;
        return ui.notices.tell(Said::NoDaemon, now);
    }
    let Some(spoken) = dialog.about().cloned() else { return };
    let note = dialog.entry.said();
    // As it opened: pressed twice.
    let is_untouched = note.is_empty() && dialog.cause == spoken.likely();
    let is_otherwise = spoken.before.is_some_and(|before| before.cause != dialog.cause);
    if is_otherwise && note.is_empty() {
        dialog.entry.is_wrong = true;
        return;
    }
    let OutageId { subject, start } = spoken.id;
    let request = NoteRequest { subject, start, cause: dialog.cause, note };
    let is_same = |earlier: &NoteRequest| {
        earlier.subject == request.subject && earlier.start == request.start
    };
    if !is_untouched && ui.speaking.asks_otherwise(is_same) {
        return;
    }
    ui.mode = Mode::Normal;
    if ui.speaking.send(&request, is_same) {
        commands.push(Cmd::Note(request));
    }
}

/// What the daemon said. What is shown of outages is asked for anew.
pub(super) fn answered(
    ui: &mut Ui,
    request: &NoteRequest,
    answer: Result<Noted, Refusal>,
    now: UnixMs,
) {
    let by = |by: Option<String>| by.unwrap_or_else(|| "?".to_owned());
    let said = match answer {
        Ok(done) => Said::Noted(done.subject, done.cause),
        Err(Refusal::Said(problem)) => match problem.error.as_str() {
            "already_noted" => Said::NotedAlready(request.subject.clone(), by(problem.by)),
            "needs_reason" => Said::NoteNeedsReason(request.subject.clone(), by(problem.by)),
            "unknown_outage" => Said::NoOutage,
            _ => Said::NoteRefused(problem.message),
        },
        Err(Refusal::ReadOnly) => Said::NoDaemon,
        Err(Refusal::NotAsked(why)) => Said::NoteRefused(why.0),
        Err(Refusal::Unanswered(why)) => Said::NoteUnanswered(why.0),
    };
    let is_done = matches!(said, Said::Noted(..) | Said::NotedAlready(..) | Said::NoOutage);
    ui.speaking.answered(request, !is_done);
    // The reason is typed where the rest was: what is typed into a closed dialog would be commands.
    if matches!(said, Said::NoteNeedsReason(..))
        && ui.mode == Mode::Normal
        && let Some(mut dialog) = ui.speaking.take_draft()
    {
        dialog.entry.is_wrong = true;
        ui.speaking.dialog = Some(dialog);
        ui.mode = Mode::Outage;
    }
    if let Some(detail) = &mut ui.detail {
        detail.asked = None;
    }
    ui.closed.fetched.hurry();
    ui.notices.tell(said, now);
}
