//! From what happened to what is shown and done next. Pure.

use super::board::Board;
use super::form::{self, Pressed};
use super::link::Link;
use super::notice::Said;
use super::palette::Palette;
use super::place::{Place, Step};
use super::saved::View;
use super::search::{Hit, Search};
use super::settle::{ask_heat, ask_history, ask_lists, settle};
use super::state::{Action, Cmd, Key, Mode, Row, Screen, Ui};
use super::travel::{back, go_to, jump, open, open_subject};
use super::view::{facts_most, help_most, list_height, search_height};
use super::{actions, answers, confirm, outage, reports, storm, take, work};
use crate::locale::Lang;
use crate::model::{SubjectId, UnixMs};

/// Lines that a page of a text that is read goes on.
const TEXT_PAGE: isize = 10;

/// Takes one action in. `board` is `None` until data have come and comes from where `link` says;
/// `now` is the time of the action.
#[must_use]
pub fn update(
    ui: &mut Ui,
    board: Option<&Board>,
    link: &Link,
    action: Action,
    now: UnixMs,
) -> Vec<Cmd> {
    let mut commands = Vec::new();
    match action {
        Action::Resized(columns, rows) => ui.size = (columns, rows),
        Action::Data => {
            if let (Mode::Search, Some(board)) = (ui.mode, board) {
                ui.search.look(board);
            }
        }
        // A second has passed: what the daemon decides is on the screen within it.
        Action::Tick if ui.screen == Screen::Log => ui.log.ask(now, &mut commands),
        Action::Drift(question, answer) => ui.drift.take(question, answer),
        Action::Report(request, answer) => ui.reports.take(request, answer),
        Action::ReportSaved(what, answer) => reports::saved(ui, &what, answer, now),
        Action::Tick => {}
        Action::History(request, result) => {
            // An answer to a question that was withdrawn is dropped.
            if let Some(detail) = &mut ui.detail
                && detail.asked.as_ref() == Some(&request)
            {
                detail.history = Some((request, result));
            }
        }
        Action::Heat(query, result) => {
            // Who has not moved yet wants to see the first row of what has come; what comes again moves
            // nothing away from under the keys.
            let is_awaited = ui.heat.outcome().is_none();
            let is_first = ui.heat.place.index(&ui.rows).unwrap_or(0) == 0;
            ui.heat.take(&query, result);
            if ui.screen == Screen::Heat && is_first && is_awaited && ui.heat.outcome().is_some() {
                ui.heat.place = Place::default();
            }
        }
        Action::Log(request, result) => ui.log.take(&request, result),
        Action::Taken(ask, answer) => take::answered(ui, &ask, answer, now),
        Action::Closed(answer) => ui.closed.fetched.take(answer),
        Action::Loads(answer) => ui.loads.take(answer),
        Action::Works(answer) => ui.works.fetched.take(answer),
        Action::Worked(ask, answer) => work::answered(ui, &ask, answer, now),
        Action::Ended(id, answer) => confirm::ended(ui, &id, answer, now),
        Action::Noted(request, answer) => outage::answered(ui, &request, answer, now),
        Action::Asked(asking, answer) => confirm::asked(ui, asking, answer, now),
        Action::Stormed(ask, answer) => storm::answered(ui, &ask, answer, now),
        Action::Mouse(mouse) => {
            let key = board.and_then(|board| super::mouse::key(ui, board, mouse));
            if let Some(key) = key {
                press(ui, board, link, key, now, &mut commands);
            }
        }
        Action::Kept(answer) => actions::written(ui, answer, Said::Kept, now),
        Action::Exported(count, answer) => {
            actions::written(ui, answer, |path| Said::Exported(path, count), now);
        }
        Action::Text(text) => match (ui.mode, board) {
            (Mode::Search, Some(board)) => {
                ui.search.push(&text);
                ui.search.look(board);
                ui.search.place = Place::default();
            }
            (Mode::Palette, _) => {
                ui.palette.push(&text);
                ui.palette.look(ui.screen, ui.read_only);
            }
            _ => {
                if let Some(form) = ui.form() {
                    form.entry().push(&text);
                }
            }
        },
        Action::Key(key) => press(ui, board, link, key, now, &mut commands),
    }
    if let Some(board) = board {
        answers::look(ui, board, now);
        let chosen = chosen_incident(ui);
        settle(ui, board);
        // What is pressed next would be about another one.
        if let Some(root) = chosen.filter(|root| !is_open(board, root)) {
            ui.notices.tell(Said::IncidentOver(root), now);
        }
        ask_history(ui, now, &mut commands);
        ask_heat(ui, board, now, &mut commands);
        ask_lists(ui, board, now, &mut commands);
        if ui.screen == Screen::Log && !ui.log.is_loaded() && ui.log.failure.is_none() {
            ui.log.ask(now, &mut commands);
        }
    }
    commands
}

fn press(
    ui: &mut Ui,
    board: Option<&Board>,
    link: &Link,
    key: Key,
    now: UnixMs,
    commands: &mut Vec<Cmd>,
) {
    match key {
        Key::Quit => return commands.push(Cmd::Quit),
        Key::Suspend => return commands.push(Cmd::Suspend),
        Key::Redraw => return commands.push(Cmd::Redraw),
        Key::Language => {
            ui.lang = match ui.lang {
                Lang::Vi => Lang::En,
                Lang::En => Lang::Vi,
            };
            return;
        }
        _ => {}
    }
    let Some(board) = board else { return };
    match ui.mode {
        Mode::Search => press_in_search(ui, board, key),
        Mode::Help => press_in_help(ui, board, key),
        Mode::Palette => {
            if let Some(key) = actions::press_in_palette(ui, key) {
                press(ui, Some(board), link, key, now, commands);
            }
        }
        Mode::Take | Mode::Work | Mode::Outage | Mode::Storm => {
            press_in_form(ui, board, link, key, now, commands);
        }
        Mode::Confirm => confirm::press(ui, board, link, key, now, commands),
        Mode::Saving => reports::press(ui, key, commands),
        Mode::Normal if key == Key::Export && ui.screen == Screen::Reports => {
            reports::open(ui, board, now);
        }
        Mode::Normal if key == Key::Take => take::open(ui, board, link, now),
        Mode::Normal if key == Key::Maintain => work::open(ui, board, link, now),
        Mode::Normal if key == Key::Storm => storm::open(ui, board, link, now),
        Mode::Normal if key == Key::Cause => outage::open(ui, board, link, now),
        Mode::Normal if key == Key::End => confirm::end(ui, board, link, now),
        Mode::Normal if key == Key::Ask => confirm::ask_now(ui, board, link, now),
        Mode::Normal if key == Key::Copy => confirm::copy(ui, board, now),
        Mode::Normal if key == Key::Keep => commands.push(Cmd::Keep(View::of(ui))),
        Mode::Normal if key == Key::Export => confirm::write(ui, board, now),
        Mode::Normal
            if ui.screen == Screen::Subject && matches!(key, Key::Step(_) | Key::Page(_)) =>
        {
            let most = facts_most(ui, board, link, now);
            if let Some(detail) = &mut ui.detail {
                // It may have become shorter since.
                detail.top = scrolled(detail.top.min(most), key, most);
            }
        }
        Mode::Normal => press_in_screen(ui, board, key, now),
    }
}

fn press_in_form(
    ui: &mut Ui,
    board: &Board,
    link: &Link,
    key: Key,
    now: UnixMs,
    commands: &mut Vec<Cmd>,
) {
    match (ui.form().map(|form| form::press(form, board, key)), ui.mode) {
        (Some(Pressed::Stayed), _) => {}
        (Some(Pressed::Done), Mode::Take) => take::take(ui, board, link, now, commands),
        (Some(Pressed::Done), Mode::Work) => work::announce(ui, board, link, now, commands),
        (Some(Pressed::Done), Mode::Outage) => outage::say(ui, link, now, commands),
        (Some(Pressed::Done), Mode::Storm) => storm::order(ui, board, link, now, commands),
        (Some(Pressed::Left | Pressed::Done) | None, _) => ui.leave_form(),
    }
}

fn press_in_search(ui: &mut Ui, board: &Board, key: Key) {
    match key {
        Key::Back => ui.mode = Mode::Normal,
        Key::Step(step) => ui.search.place.go(&ui.search.hits, step),
        Key::Page(pages) => {
            let height = isize::try_from(search_height(ui.size)).unwrap_or(1);
            ui.search.place.go(&ui.search.hits, Step::By(pages * height.max(1)));
        }
        Key::Erase | Key::EraseWord | Key::EraseAll => {
            form::erase(&mut ui.search.text, key);
            ui.search.look(board);
            ui.search.place = Place::default();
        }
        Key::Open => {
            let hit = ui.search.place.index(&ui.search.hits);
            if let Some(hit) = hit.and_then(|i| ui.search.hits.get(i)).cloned() {
                ui.mode = Mode::Normal;
                match hit {
                    Hit::Unit(id) => jump(ui, board, &id),
                    Hit::Subject(id) => open_subject(ui, id),
                }
            }
        }
        _ => {}
    }
}

fn press_in_help(ui: &mut Ui, board: &Board, key: Key) {
    match key {
        Key::Back | Key::Help => ui.mode = Mode::Normal,
        Key::Tab(screen) => {
            ui.mode = Mode::Normal;
            go_to(ui, board, screen);
        }
        key => ui.help_top = scrolled(ui.help_top, key, help_most(ui)),
    }
}

/// The first line of a text that is read, after a key; `most` is the last it can be.
fn scrolled(top: usize, key: Key, most: usize) -> usize {
    let top = match key {
        Key::Step(Step::By(by)) => top.saturating_add_signed(by),
        Key::Page(pages) => top.saturating_add_signed(pages * TEXT_PAGE),
        Key::Step(Step::First) => 0,
        Key::Step(Step::Last) => most,
        _ => top,
    };
    // Whoever goes on past the end has not gone anywhere.
    top.min(most)
}

fn press_in_screen(ui: &mut Ui, board: &Board, key: Key, now: UnixMs) {
    if ui.screen == Screen::Reports && reports::turned(ui, board, key, now) {
        return;
    }
    match key {
        Key::Step(step) => {
            let rows = std::mem::take(&mut ui.rows);
            if ui.screen == Screen::Log {
                ui.log.moved(&rows, step);
            } else if let Some(place) = ui.place_mut() {
                place.go(&rows, step);
            }
            ui.rows = rows;
        }
        Key::Page(pages) => {
            let height = isize::try_from(list_height(ui, board)).unwrap_or(1).max(1);
            press_in_screen(ui, board, Key::Step(Step::By(pages * height)), now);
        }
        Key::Open => open(ui, board),
        Key::Back => back(ui, board),
        Key::Sort => {
            *ui.sort_mut() = ui.sort_mut().next();
            to_the_top(ui);
        }
        Key::Network => next_network(ui, board),
        Key::Filter => {
            match ui.screen {
                Screen::Lines => ui.lines_filter = ui.lines_filter.next(Screen::Lines),
                Screen::Devices => ui.devices_filter = ui.devices_filter.next(Screen::Devices),
                Screen::Log => ui.log.filter(),
                Screen::Drift => ui.drift.filter(),
                _ => {}
            }
            to_the_top(ui);
        }
        Key::Follow => ui.log.follow(),
        Key::Carrier => {
            ui.carriers.next();
            to_the_top(ui);
        }
        Key::Range(by) if ui.screen == Screen::Heat => ui.heat.stretch(by),
        Key::Time(by) if ui.screen == Screen::Heat => ui.heat.page(by, now),
        Key::Range(by) => {
            if let Some(detail) = &mut ui.detail {
                detail.stretch(by);
            }
        }
        Key::Time(by) => {
            if let Some(detail) = &mut ui.detail {
                detail.page(by, now);
            }
        }
        Key::Tab(screen) => go_to(ui, board, screen),
        Key::NextTab(by) => {
            let shown = ui.tab();
            let count = Screen::TABS.len();
            let at = Screen::TABS.iter().position(|(s, _)| *s == shown).unwrap_or(0);
            go_to(ui, board, Screen::TABS[(at + count).saturating_add_signed(by) % count].0);
        }
        Key::Palette => {
            ui.mode = Mode::Palette;
            ui.palette = Palette::default();
            ui.palette.look(ui.screen, ui.read_only);
        }
        Key::Search => {
            ui.mode = Mode::Search;
            ui.search = Search::default();
        }
        Key::Help => {
            ui.mode = Mode::Help;
            ui.help_top = 0;
        }
        Key::Quit
        | Key::Suspend
        | Key::Redraw
        | Key::Language
        | Key::Take
        | Key::Maintain
        | Key::Cause
        | Key::End
        | Key::Storm
        | Key::Ask
        | Key::Copy
        | Key::Export
        | Key::Keep
        | Key::Widen
        | Key::Aside(_)
        | Key::Erase
        | Key::EraseWord
        | Key::EraseAll => {}
    }
}

/// Who has chosen another order, or others to be listed, wants to see the first of them.
fn to_the_top(ui: &mut Ui) {
    if ui.screen == Screen::Log {
        return;
    }
    // Who has not moved yet is with the new first one, not where the old one went.
    let rows = std::mem::take(&mut ui.rows);
    if let Some(place) = ui.place_mut().filter(|place| place.index(&rows) == Some(0)) {
        *place = Place::default();
    }
    ui.rows = rows;
    ui.from_top = true;
}

/// The root of the incident that is selected among the open ones.
fn chosen_incident(ui: &Ui) -> Option<SubjectId> {
    match ui.selected() {
        Some(Row::Incident(root)) if ui.mode == Mode::Normal => Some(root.clone()),
        _ => None,
    }
}

fn is_open(board: &Board, root: &SubjectId) -> bool {
    board.incidents.iter().any(|incident| incident.members().any(|member| member == root))
}

fn next_network(ui: &mut Ui, board: &Board) {
    let now = ui.network(board).map(|n| n.id.clone());
    let at = board.networks.iter().position(|n| Some(&n.id) == now.as_ref());
    let count = board.networks.len().max(1);
    ui.network = board.networks.get(at.map_or(0, |i| (i + 1) % count)).map(|n| n.id.clone());
}
