//! Taking an incident: the dialog, what is asked of the daemon, and what came of it. Pure.
//!
//! Guarantees: an incident is meant by its name, so that no new data move a dialog onto another one;
//! nothing is asked of a daemon that is away or for an incident that is over or taken; a note that
//! could not be delivered is there again when the dialog is opened anew.

mod dialog;

pub(super) use dialog::next_time;
pub use dialog::{Dialog, Holds, Term};

use super::board::Board;
use super::form::{Form as _, Pressed, Sent, press as press_form};
use super::link::Link;
use super::source::Refusal;
use super::state::{Cmd, Key, Mode, Row, Screen, Ui};
use crate::api::{AckRequest, Acknowledged, Problem};
use crate::model::{Ack, Incident, IncidentId, SubjectId, UnitId, UnixMs};

/// How long what came of a command is shown, in milliseconds.
const NOTICE_MS: i64 = 8_000;

/// What is asked of the daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The incident.
    pub incident: IncidentId,
    /// As the daemon wants it.
    pub request: AckRequest,
}

/// What came of a command, or why there was none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// It is ours.
    Taken(SubjectId, Ack),
    /// Somebody has taken it.
    Already(SubjectId, Option<String>, Option<UnixMs>),
    /// It is over.
    Over(SubjectId),
    /// Nothing is open where the user stands.
    NothingOpen,
    /// The dashboard was started to look only.
    ReadOnly,
    /// Without a daemon there is nobody to ask.
    NoDaemon,
    /// Not taken, and why.
    Refused(SubjectId, String),
    /// It was asked for and no answer came: nobody knows.
    Unanswered(SubjectId, String),
}

/// All that has to do with taking incidents.
#[derive(Debug, Clone, Default)]
pub struct Taking {
    /// The dialog, while the mode is [`Mode::Take`].
    pub dialog: Option<Dialog>,
    /// What was asked with it.
    sent: Sent<Ask, Dialog>,
    /// What came last, and when.
    notice: Option<(Notice, UnixMs)>,
}

impl Taking {
    /// The root of the incident asked for last, while there is no answer.
    #[must_use]
    pub fn asked(&self) -> Option<&SubjectId> {
        self.sent.last().map(|ask| &ask.request.subject)
    }

    /// What is to be told at `now`.
    #[must_use]
    pub fn notice(&self, now: UnixMs) -> Option<&Notice> {
        let (notice, at) = self.notice.as_ref()?;
        (0..NOTICE_MS).contains(&now.since(*at)).then_some(notice)
    }

    /// When the notice came; what is asked for now is newer than any.
    #[must_use]
    pub fn told_at(&self) -> Option<UnixMs> {
        let asked = self.asked().map(|_| UnixMs(i64::MAX));
        asked.or_else(|| self.notice.as_ref().map(|(_, at)| *at))
    }

    fn tell(&mut self, notice: Notice, now: UnixMs) {
        self.notice = Some((notice, now));
    }
}

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
        (Screen::Subject, ..) => {
            ui.detail.as_ref().map(|d| of_subject(board, &d.subject)).unwrap_or_default()
        }
        (Screen::Incidents, Some(root), _) | (_, _, Some(Row::Incident(root))) => of_root(root),
        (_, _, Some(Row::Subject(id))) => of_subject(board, id),
        (_, _, Some(Row::Unit(id) | Row::Cut(id))) => of_unit(board, id, true),
        (_, _, Some(Row::Own(id))) => of_unit(board, id, false),
        (_, _, Some(Row::Drift(key))) => {
            ui.drift.of(key).map(|one| of_subject(board, &one.subject)).unwrap_or_default()
        }
        (_, _, Some(Row::Event(seq))) => {
            let subject = ui.log.event(*seq).and_then(|event| event.subject.as_ref());
            subject.map(|id| of_subject(board, id)).unwrap_or_default()
        }
        (_, _, Some(Row::Fold | Row::Closed(_) | Row::Work(_) | Row::Report(_)) | None) => {
            Vec::new()
        }
    }
}

/// The word that holds on an incident.
#[must_use]
pub fn holding(incident: &Incident, now: UnixMs) -> Option<&Ack> {
    incident.ack.as_ref().filter(|ack| ack.holds_at(now))
}

fn already(incident: &Incident, ack: &Ack) -> Notice {
    Notice::Already(incident.root.clone(), Some(ack.by.clone()), Some(ack.at))
}

/// Opens the dialog, or tells why there is none.
pub(super) fn open(ui: &mut Ui, board: &Board, link: &Link, now: UnixMs) {
    if ui.read_only {
        return ui.taking.tell(Notice::ReadOnly, now);
    }
    if *link != Link::Live {
        return ui.taking.tell(Notice::NoDaemon, now);
    }
    let mut open = meant(ui, board);
    let Some(first) = open.first().copied() else {
        return ui.taking.tell(Notice::NothingOpen, now);
    };
    let first_taken = holding(first, now).map(|ack| already(first, ack));
    open.retain(|i| holding(i, now).is_none());
    if open.is_empty() {
        return ui.taking.tell(first_taken.unwrap_or(Notice::NothingOpen), now);
    }
    // What cuts off most is most likely what the user came for.
    open.sort_by_key(|i| std::cmp::Reverse((i.impact.units.len(), i.impact.unreachable)));
    let choices = open.iter().map(|i| (i.id.clone(), i.root.clone())).collect();
    let dialog = Dialog::new(choices);
    let dialog = match ui.taking.sent.draft() {
        Some(draft) => dialog.resumed(draft),
        None => dialog,
    };
    ui.taking.dialog = Some(dialog);
    ui.mode = Mode::Take;
}

fn close(ui: &mut Ui) -> Option<Dialog> {
    ui.mode = Mode::Normal;
    ui.taking.dialog.take()
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
    let Some(dialog) = &mut ui.taking.dialog else {
        close(ui);
        return;
    };
    match press_form(dialog, key) {
        Pressed::Stayed => {}
        Pressed::Left => drop(close(ui)),
        Pressed::Done => take(ui, board, link, now, commands),
    }
}

/// Enter: asks the daemon, or tells why not.
fn take(ui: &mut Ui, board: &Board, link: &Link, now: UnixMs, commands: &mut Vec<Cmd>) {
    let Some(dialog) = &mut ui.taking.dialog else { return };
    let Some((id, root)) = dialog.about().cloned() else { return };
    let Some(incident) = dialog.incident(board) else {
        close(ui);
        return ui.taking.tell(Notice::Over(root), now);
    };
    if let Some(ack) = holding(incident, now) {
        close(ui);
        return ui.taking.tell(already(incident, ack), now);
    }
    if *link != Link::Live {
        let dialog = close(ui);
        ui.taking.sent.keep(dialog);
        return ui.taking.tell(Notice::NoDaemon, now);
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
    // The root may have moved up since the dialog was opened.
    let request = AckRequest { subject: incident.root.clone(), note, for_ms, until };
    let ask = Ask { incident: id, request };
    let Some(dialog) = close(ui) else { return };
    let is_same = |earlier: &Ask| earlier.incident == ask.incident;
    if ui.taking.sent.send(&ask, dialog, is_same) {
        ui.taking.notice = None;
        commands.push(Cmd::Take(ask));
    }
}

/// Letters typed or pasted.
pub(super) fn typed(ui: &mut Ui, text: &str) {
    if let Some(dialog) = &mut ui.taking.dialog {
        dialog.entry().push(text);
    }
}

/// What the daemon said.
pub(super) fn answered(ui: &mut Ui, ask: &Ask, answer: Result<Acknowledged, Refusal>, now: UnixMs) {
    let root = ask.request.subject.clone();
    let taking = &mut ui.taking;
    let (notice, is_lost) = match answer {
        Ok(done) => (Notice::Taken(root, done.ack), false),
        Err(Refusal::Said(Problem { error, message, by, at })) => match error.as_str() {
            "already_acknowledged" => (Notice::Already(root, by, at), false),
            "no_incident" | "unknown_subject" => (Notice::Over(root), false),
            _ => (Notice::Refused(root, message), true),
        },
        Err(Refusal::ReadOnly) => (Notice::NoDaemon, true),
        Err(Refusal::NotAsked(why)) => (Notice::Refused(root, why.0), true),
        Err(Refusal::Unanswered(why)) => (Notice::Unanswered(root, why.0), true),
    };
    taking.sent.answered(ask, is_lost);
    taking.tell(notice, now);
}
