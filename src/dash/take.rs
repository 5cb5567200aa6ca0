//! Taking an incident: the dialog, what is asked of the daemon, and what came of it. Pure.
//!
//! Guarantees: an incident is meant by its name, so that no new data move a dialog onto another one;
//! nothing is asked of a daemon that is away or for an incident that is over or taken; a note that
//! could not be delivered is there again when the dialog is opened anew.

mod dialog;

pub use dialog::{Dialog, Holds, Term};

use super::board::Board;
use super::form::Talk;
use super::link::Link;
use super::notice::Said;
use super::source::Refusal;
use super::standing::Standing;
use super::state::{Cmd, Mode, Row, Screen, Ui};
use crate::api::{AckRequest, Acknowledged, Problem};
use crate::model::{Ack, Incident, IncidentId, SubjectId, UnitId, UnixMs};

/// What is asked of the daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The incident.
    pub incident: IncidentId,
    /// As the daemon wants it.
    pub request: AckRequest,
}

/// Taking incidents, while the mode is [`Mode::Take`] and until there is an answer.
pub type Taking = Talk<Ask, Dialog>;

/// Whether `unit` is `top` or lies beneath it.
fn is_within(board: &Board, unit: &UnitId, top: &UnitId) -> bool {
    let mut at = board.unit(unit);
    while let Some(row) = at {
        if row.id == *top {
            return true;
        }
        at = board.parent(&row.id);
    }
    false
}

fn of_subject<'a>(board: &'a Board, id: &SubjectId) -> Vec<&'a Incident> {
    let cause = board.subject(id).and_then(|s| s.now().cause);
    let is_of = |i: &&Incident| i.members().any(|m| m == id || Some(m) == cause);
    board.incidents.iter().filter(is_of).collect()
}

/// The open incidents in a unit (`beneath`: and in those beneath it); where there are none, those
/// that cut it off.
fn of_unit<'a>(board: &'a Board, id: &UnitId, beneath: bool) -> Vec<&'a Incident> {
    let is_in = |i: &&Incident| i.unit == *id || beneath && is_within(board, &i.unit, id);
    let found: Vec<_> = board.incidents.iter().filter(is_in).collect();
    if !found.is_empty() {
        return found;
    }
    board.incidents.iter().filter(|i| i.impact.units.contains(id)).collect()
}

/// The open incidents that have to do with where the user stands.
pub(super) fn meant<'a>(ui: &Ui, board: &'a Board) -> Vec<&'a Incident> {
    let of_root = |root: &SubjectId| board.incidents.iter().filter(|i| i.root == *root).collect();
    match (ui.screen, &ui.incident, ui.selected()) {
        (Screen::Incidents, Some(root), _) | (_, _, Some(Row::Incident(root))) => of_root(root),
        (_, _, Some(Row::Closed(_))) => Vec::new(),
        _ => match ui.standing() {
            Some(Standing::Subject(id)) => of_subject(board, &id),
            Some(Standing::Unit(id)) => of_unit(board, &id, true),
            Some(Standing::Own(id)) => of_unit(board, &id, false),
            Some(Standing::Work(_)) | None => Vec::new(),
        },
    }
}

/// The word that holds on an incident.
#[must_use]
pub fn holding(incident: &Incident, now: UnixMs) -> Option<&Ack> {
    incident.ack.as_ref().filter(|ack| ack.holds_at(now))
}

fn already(incident: &Incident, ack: &Ack) -> Said {
    Said::TakenAlready(incident.root.clone(), Some(ack.by.clone()), Some(ack.at))
}

/// Opens the dialog, or tells why there is none.
pub(super) fn open(ui: &mut Ui, board: &Board, link: &Link, now: UnixMs) {
    if let Some(said) = ui.hindrance(link) {
        return ui.notices.tell(said, now);
    }
    let mut open = meant(ui, board);
    let Some(first) = open.first().copied() else {
        return ui.notices.tell(Said::NothingOpen, now);
    };
    let first_taken = holding(first, now).map(|ack| already(first, ack));
    open.retain(|i| holding(i, now).is_none());
    if open.is_empty() {
        return ui.notices.tell(first_taken.unwrap_or(Said::NothingOpen), now);
    }
    // What cuts off most is most likely what the user came for.
    open.sort_by_key(|i| std::cmp::Reverse((i.impact.units.len(), i.impact.unreachable)));
    let choices = open.iter().map(|i| (i.id.clone(), i.root.clone())).collect();
    let dialog = Dialog::new(choices);
    let dialog = match ui.taking.take_draft() {
        Some(draft) => dialog.resumed(draft),
        None => dialog,
    };
    ui.taking.dialog = Some(dialog);
    ui.mode = Mode::Take;
}

/// Enter: asks the daemon, or tells why not.
pub(super) fn take(ui: &mut Ui, board: &Board, link: &Link, now: UnixMs, commands: &mut Vec<Cmd>) {
    let Some(dialog) = &mut ui.taking.dialog else { return };
    let Some((id, root)) = dialog.about().cloned() else { return };
    let Some(incident) = dialog.incident(board) else {
        ui.leave_form();
        return ui.notices.tell(Said::IncidentOver(root), now);
    };
    if let Some(ack) = holding(incident, now) {
        ui.leave_form();
        return ui.notices.tell(already(incident, ack), now);
    }
    if *link != Link::Live {
        ui.taking.set_aside();
        ui.mode = Mode::Normal;
        return ui.notices.tell(Said::NoDaemon, now);
    }
    let Some(holds) = dialog.holds(board, now) else {
        dialog.entry.is_wrong = true;
        return;
    };
    let (for_ms, until) = match holds {
        Holds::Over => (None, None),
        Holds::For(ms) => (Some(ms), None),
        Holds::Until(at) => (None, Some(at)),
    };
    let note = dialog.entry.said();
    // As it opened: pressed twice.
    let is_untouched = note.is_empty() && dialog.term == Term::default();
    // The root may have moved up since the dialog was opened.
    let request = AckRequest { subject: incident.root.clone(), note, for_ms, until };
    let ask = Ask { incident: id, request };
    let is_same = |earlier: &Ask| earlier.incident == ask.incident;
    if !is_untouched && ui.taking.asks_otherwise(is_same) {
        return;
    }
    ui.mode = Mode::Normal;
    if ui.taking.send(&ask, is_same) {
        commands.push(Cmd::Take(ask));
    }
}

/// What the daemon said.
pub(super) fn answered(ui: &mut Ui, ask: &Ask, answer: Result<Acknowledged, Refusal>, now: UnixMs) {
    let root = ask.request.subject.clone();
    let (said, is_lost) = match answer {
        Ok(done) => (Said::Taken(root, done.ack), false),
        Err(Refusal::Said(Problem { error, message, by, at })) => match error.as_str() {
            "already_acknowledged" => (Said::TakenAlready(root, by, at), false),
            "no_incident" | "unknown_subject" => (Said::IncidentOver(root), false),
            _ => (Said::TakeRefused(root, message), true),
        },
        Err(Refusal::ReadOnly) => (Said::NoDaemon, true),
        Err(Refusal::NotAsked(why)) => (Said::TakeRefused(root, why.0), true),
        Err(Refusal::Unanswered(why)) => (Said::TakeUnanswered(root, why.0), true),
    };
    ui.taking.answered(ask, is_lost);
    ui.notices.tell(said, now);
}
