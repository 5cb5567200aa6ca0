//! What the user has done beside moving about: asked, copied, written, named by its name. Pure.

use super::board::Board;
use super::export;
use super::link::Link;
use super::notice::Said;
use super::place::{Place, Step};
use super::source::Refusal;
use super::state::{Cmd, Key, Mode, Row, Screen, Ui};
use super::view::search_height;
use crate::api::{ASK_MAX, AskRequest, AskedNow};
use crate::model::{SubjectId, UnitId, UnixMs};

/// Sends what is selected to the terminal's clipboard.
pub(super) fn copy(ui: &mut Ui, board: &Board, now: UnixMs, commands: &mut Vec<Cmd>) {
    match export::line(ui, board, now) {
        Some(line) => {
            ui.notices.tell(Said::Copied(line.clone()), now);
            commands.push(Cmd::Copy(line));
        }
        None => ui.notices.tell(Said::Nothing, now),
    }
}

/// Has what is listed written into a file.
pub(super) fn write(ui: &mut Ui, board: &Board, now: UnixMs, commands: &mut Vec<Cmd>) {
    match export::csv(ui, board, now) {
        Some(export) => commands.push(Cmd::Export(export)),
        None => ui.notices.tell(Said::Nothing, now),
    }
}

/// What came of writing a file; `said` tells where it is.
pub(super) fn written(
    ui: &mut Ui,
    answer: Result<String, String>,
    said: impl FnOnce(String) -> Said,
    now: UnixMs,
) {
    let said = answer.map_or_else(Said::NotExported, said);
    ui.notices.tell(said, now);
}

/// Has what is selected asked at once, or tells why not.
pub(super) fn ask_now(
    ui: &mut Ui,
    board: &Board,
    link: &Link,
    now: UnixMs,
    commands: &mut Vec<Cmd>,
) {
    if ui.read_only {
        return ui.notices.tell(Said::ReadOnly, now);
    }
    if *link != Link::Live {
        return ui.notices.tell(Said::NoDaemon, now);
    }
    let of_unit = |id: &UnitId| board.subjects_of(id).map(|s| s.id.clone()).collect();
    let mut subjects: Vec<SubjectId> = match (ui.screen, ui.selected()) {
        (Screen::Subject, _) => ui.detail.iter().map(|d| d.subject.clone()).collect(),
        (_, Some(Row::Subject(id) | Row::Incident(id))) => vec![id.clone()],
        (_, Some(Row::Unit(id) | Row::Own(id) | Row::Cut(id))) => of_unit(id),
        (_, Some(Row::Event(seq))) => {
            ui.log.event(*seq).and_then(|event| event.subject.clone()).into_iter().collect()
        }
        (_, Some(Row::Drift(key))) => {
            ui.drift.of(key).map(|one| one.subject.clone()).into_iter().collect()
        }
        (_, Some(Row::Report(_)) | None) => Vec::new(),
    };
    subjects.retain(|id| board.subject(id).is_some());
    subjects.truncate(ASK_MAX);
    if subjects.is_empty() {
        return ui.notices.tell(Said::Nothing, now);
    }
    commands.push(Cmd::Ask(AskRequest { subjects }));
}

/// What the daemon said to that.
pub(super) fn asked(
    ui: &mut Ui,
    request: &AskRequest,
    answer: Result<AskedNow, Refusal>,
    now: UnixMs,
) {
    let said = match (answer, request.subjects.first()) {
        (Ok(done), Some(first)) => Said::Asked(done.addresses, first.clone()),
        (Ok(_), None) => Said::Nothing,
        (Err(Refusal::Said(problem)), _) => Said::NotAsked(problem.message),
        (Err(Refusal::ReadOnly), _) => Said::NoDaemon,
        (Err(Refusal::NotAsked(why) | Refusal::Unanswered(why)), _) => Said::NotAsked(why.0),
    };
    ui.notices.tell(said, now);
}

/// A key in the list of actions; the chosen action, once it is closed.
pub(super) fn press_in_palette(ui: &mut Ui, key: Key) -> Option<Key> {
    let page = isize::try_from(search_height(ui.size)).unwrap_or(1).max(1);
    let names = ui.palette.names();
    match key {
        Key::Back => ui.mode = Mode::Normal,
        Key::Step(step) => ui.palette.place.go(&names, step),
        Key::Page(pages) => ui.palette.place.go(&names, Step::By(pages * page)),
        Key::Erase | Key::EraseAll => {
            match key {
                Key::Erase => drop(ui.palette.text.pop()),
                _ => ui.palette.text.clear(),
            }
            ui.palette.place = Place::default();
            ui.palette.look(ui.screen, ui.read_only);
        }
        Key::Open => {
            let chosen = ui.palette.chosen()?;
            ui.mode = Mode::Normal;
            return Some(chosen);
        }
        _ => {}
    }
    None
}
