//! What the user is asked before something is done for him: the thing is named with its id, its name
//! and how much it takes in. Pure.
//!
//! Guarantees: what is done is what was named, whatever came meanwhile; what takes in more than is
//! possible at once says how much is left out.

use super::answers;
use super::board::Board;
use super::export::{self, Export};
use super::link::Link;
use super::notice::Said;
use super::source::Refusal;
use super::standing::Standing;
use super::state::{Cmd, Key, Mode, Row, Screen, Ui};
use super::words::{recurs_words, subject_title, worked_on};
use super::work::target;
use crate::api::{ASK_MAX, AskRequest, AskedNow, Work};
use crate::locale::{date_time, text};
use crate::model::{Id, SubjectId, UnitId, UnixMs};
use crate::t;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Subjects are asked now.
    Ask(AskRequest),
    /// A line goes to the terminal's clipboard.
    Copy(String),
    /// A file is written.
    Export(Export),
    /// Announced work is ended, or called off before it begins.
    End(Id),
}

/// Subjects that are to be asked now, as the user has confirmed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking {
    /// Who is asked.
    pub request: AskRequest,
    /// By which name that was confirmed: a subject's, a unit's.
    pub name: String,
    /// How many are left out because they would be too many at once.
    pub left_out: usize,
    /// The last round of each before that.
    pub before: Vec<Option<UnixMs>>,
    /// When.
    pub at: UnixMs,
}

/// A question that waits for Enter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirm {
    /// What is to be done.
    pub deed: Deed,
    /// What it is done with, by its name.
    pub name: String,
    /// By its id.
    pub id: String,
    /// How much it takes in: subjects, lines.
    pub count: usize,
    /// How much it does not, because it would be too much at once.
    pub left_out: usize,
    /// When it takes place, of what does.
    pub when: Option<String>,
}

/// Asks the user.
fn ask(ui: &mut Ui, confirm: Confirm) {
    ui.confirm = Some(confirm);
    ui.mode = Mode::Confirm;
}

/// A key while the question is open.
pub(super) fn press(
    ui: &mut Ui,
    board: &Board,
    link: &Link,
    key: Key,
    now: UnixMs,
    commands: &mut Vec<Cmd>,
) {
    match (key, &ui.confirm) {
        (Key::Back, _) | (_, None) => close(ui),
        (Key::Open, Some(confirm)) => {
            let Confirm { deed, name, left_out, .. } = confirm.clone();
            close(ui);
            let is_command = matches!(deed, Deed::Ask(_) | Deed::End(_));
            if is_command && *link != Link::Live {
                return ui.notices.tell(Said::NoDaemon, now);
            }
            commands.push(match deed {
                Deed::Ask(request) => {
                    let last = |id| board.subject(id).and_then(|subject| subject.now().last_round);
                    let before = request.subjects.iter().map(last).collect();
                    Cmd::Ask(Asking { request, name, left_out, before, at: now })
                }
                Deed::Copy(line) => {
                    ui.notices.tell(Said::Copied(line.clone()), now);
                    Cmd::Copy(line)
                }
                Deed::Export(export) => Cmd::Export(export),
                Deed::End(id) => Cmd::End(id),
            });
        }
        _ => {}
    }
}

fn close(ui: &mut Ui) {
    (ui.mode, ui.confirm) = (Mode::Normal, None);
}

/// Name and id of what is selected.
fn selected(ui: &Ui, board: &Board) -> Option<(String, String)> {
    let of_subject = |id: &SubjectId| {
        let name = board.subject(id).map(|s| subject_title(board, s));
        (name.unwrap_or_else(|| id.to_string()), id.to_string())
    };
    let of_unit = |id: &UnitId| {
        let name = board.unit(id).map(|u| u.name.clone());
        (name.unwrap_or_else(|| id.to_string()), id.to_string())
    };
    match (ui.screen, ui.selected()) {
        (Screen::Subject, _) => ui.detail.as_ref().map(|d| of_subject(&d.subject)),
        (_, Some(Row::Subject(id) | Row::Incident(id))) => Some(of_subject(id)),
        (_, Some(Row::Unit(id) | Row::Own(id) | Row::Cut(id))) => Some(of_unit(id)),
        (_, Some(Row::Closed(id))) => {
            ui.closed.incident(id).map(|i| (of_subject(&i.root).0, id.as_str().to_owned()))
        }
        (_, Some(Row::Event(seq))) => {
            let event = ui.log.event(*seq)?;
            let name =
                event.subject.as_ref().map_or_else(|| event.kind.clone(), |id| of_subject(id).0);
            Some((name, seq.to_string()))
        }
        (_, Some(Row::Work(id))) => {
            let work = ui.works.work(id)?;
            Some((worked_on(ui.lang, board, &work.on).1, id.to_string()))
        }
        (_, Some(Row::Drift(key))) => {
            ui.drift.of(key).map(|one| (of_subject(&one.subject).0, one.subject.to_string()))
        }
        (_, Some(Row::Report(kind))) => {
            Some((text(ui.lang, kind.key()).to_owned(), kind.word().to_owned()))
        }
        (_, Some(Row::Fold) | None) => None,
    }
}

/// Before what is selected is sent to the terminal's clipboard.
pub(super) fn copy(ui: &mut Ui, board: &Board, now: UnixMs) {
    match (export::line(ui, board, now), selected(ui, board)) {
        (Some(line), Some((name, id))) => {
            ask(
                ui,
                Confirm { deed: Deed::Copy(line), name, id, count: 1, left_out: 0, when: None },
            );
        }
        _ => ui.notices.tell(Said::Nothing, now),
    }
}

/// Before what is listed is written into a file.
pub(super) fn write(ui: &mut Ui, board: &Board, now: UnixMs) {
    if board.loading().is_some() {
        return ui.notices.tell(Said::Loading, now);
    }
    if ui.screen == Screen::Heat {
        // Empty cells would say that nothing is recorded.
        let why = match ui.heat.outcome() {
            Some(Ok(())) => None,
            Some(Err(why)) => Some(Said::NotExported(why.to_owned())),
            None => Some(Said::Loading),
        };
        if let Some(why) = why {
            return ui.notices.tell(why, now);
        }
    }
    match export::csv(ui, board, now) {
        Some(export) => {
            let (name, id, count) = (screen_name(ui), export.name.clone(), export.rows);
            let deed = Deed::Export(export);
            ask(ui, Confirm { deed, name, id, count, left_out: 0, when: None });
        }
        None => ui.notices.tell(Said::Nothing, now),
    }
}

/// What the open list is called.
fn screen_name(ui: &Ui) -> String {
    let key = match ui.screen {
        Screen::Coverage => "dash.tab_coverage",
        Screen::Incidents => "dash.tab_incidents",
        Screen::Lines => "dash.tab_lines",
        Screen::Departments => "dash.tab_departments",
        Screen::Map => "dash.tab_map",
        Screen::Log => "dash.tab_log",
        Screen::Devices => "dash.tab_devices",
        Screen::Heat => "dash.key_heat",
        Screen::Works => "dash.works.key",
        Screen::Reports => "dash_reports.tab",
        Screen::Drift => "dash_drift.title",
        Screen::Wall => "dash.key_wall",
        Screen::Subject => "dash.outages_key",
    };
    text(ui.lang, key).to_owned()
}

/// Before what is selected is asked at once: of a unit its own subjects.
pub(super) fn ask_now(ui: &mut Ui, board: &Board, link: &Link, now: UnixMs) {
    if let Some(said) = ui.hindrance(link) {
        return ui.notices.tell(said, now);
    }
    if board.loading().is_some() {
        return ui.notices.tell(Said::Loading, now);
    }
    let of_unit = |id: &UnitId| board.subjects_of(id).map(|s| s.id().clone()).collect();
    let mut subjects: Vec<SubjectId> = match ui.standing() {
        Some(Standing::Subject(id)) => vec![id],
        Some(Standing::Unit(id) | Standing::Own(id)) => of_unit(&id),
        Some(Standing::Work(_)) | None => Vec::new(),
    };
    subjects.retain(|id| board.subject(id).is_some());
    let Some((name, id)) = selected(ui, board).filter(|_| !subjects.is_empty()) else {
        return ui.notices.tell(Said::Nothing, now);
    };
    let left_out = subjects.len().saturating_sub(ASK_MAX);
    subjects.truncate(ASK_MAX);
    let count = subjects.len();
    let deed = Deed::Ask(AskRequest { subjects });
    ask(ui, Confirm { deed, name, id, count, left_out, when: None });
}

/// What the daemon said to that.
pub(super) fn asked(ui: &mut Ui, asking: Asking, answer: Result<AskedNow, Refusal>, now: UnixMs) {
    let said = match answer {
        Ok(done) => {
            answers::wait(ui, &asking, &done, now);
            Said::Asked(asking, done)
        }
        Err(refusal) => refused(refusal, Said::NotAsked),
    };
    ui.notices.tell(said, now);
}

fn refused(refusal: Refusal, said: impl FnOnce(String) -> Said) -> Said {
    match refusal {
        Refusal::Said(problem) => said(problem.message),
        Refusal::ReadOnly => Said::NoDaemon,
        Refusal::NotAsked(why) | Refusal::Unanswered(why) => said(why.0),
    }
}

/// Before announced work is ended.
pub(super) fn end(ui: &mut Ui, board: &Board, link: &Link, now: UnixMs) {
    if let Some(said) = ui.hindrance(link) {
        return ui.notices.tell(said, now);
    }
    let work = match ui.selected() {
        Some(Row::Work(id)) => ui.works.work(id).cloned(),
        _ => None,
    };
    match work {
        None => ui.notices.tell(Said::Nothing, now),
        Some(work) if work.in_inventory => ui.notices.tell(Said::WorkInInventory(work.id), now),
        Some(work) => {
            let (kind, name) = worked_on(ui.lang, board, &work.on);
            let name = format!("{name} ({}), {kind}", target(&work.on));
            // Once or again and again: two of one place look alike but for that.
            let at = |at| date_time(ui.lang, &board.local(at));
            let when = match work.recurring {
                true => t!(ui.lang, "dash.works.every_time", hours = recurs_words(ui.lang, &work)),
                false => {
                    t!(ui.lang, "dash.work_times", from = at(work.next.from), to = at(work.next.to))
                }
            };
            let (id, count) = (work.id.to_string(), work.subjects);
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            let deed = Deed::End(work.id);
            ask(ui, Confirm { deed, name, id, count, left_out: 0, when: Some(when) });
        }
    }
}

/// What the daemon said to that.
pub(super) fn ended(ui: &mut Ui, id: &Id, answer: Result<Work, Refusal>, now: UnixMs) {
    ui.works.fetched.hurry();
    let said = match answer {
        Ok(work) => Said::Ended(work.id),
        Err(Refusal::Said(problem)) if problem.error == "in_inventory" => {
            Said::WorkInInventory(id.clone())
        }
        Err(refusal) => refused(refusal, Said::NotEnded),
    };
    ui.notices.tell(said, now);
}
