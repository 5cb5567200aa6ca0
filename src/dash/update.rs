//! From what happened to what is shown and done next. Pure.

use super::board::Board;
use super::link::Link;
use super::place::{Place, Step};
use super::rows::{is_department, rows, top};
use super::search::{Hit, Search};
use super::state::{
    Action, Cmd, Detail, HistoryRequest, Key, Mode, Range, Row, RowsKey, Screen, Tree, Ui,
};
use super::take;
use super::view::{chart_columns, list_height, search_height};
use crate::locale::Lang;
use crate::model::{Span, SubjectId, UnitId, UnixMs};

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
        Action::Tick => {}
        Action::History(request, result) => {
            // An answer to a question that was withdrawn is dropped.
            if let Some(detail) = &mut ui.detail
                && detail.asked.as_ref() == Some(&request)
            {
                detail.history = Some((request, result));
            }
        }
        Action::Taken(ask, answer) => take::answered(ui, &ask, answer, now),
        Action::Text(text) => match (ui.mode, board) {
            (Mode::Search, Some(board)) => {
                ui.search.push(&text);
                ui.search.look(board);
                ui.search.place = Place::default();
            }
            (Mode::Take, _) => take::typed(ui, &text),
            _ => {}
        },
        Action::Key(key) => press(ui, board, link, key, now, &mut commands),
    }
    if let Some(board) = board {
        settle(ui, board);
        ask_history(ui, now, &mut commands);
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
        Mode::Help => press_in_help(ui, key),
        Mode::Take => take::press(ui, board, link, key, now, commands),
        Mode::Normal if key == Key::Take => take::open(ui, board, link, now),
        Mode::Normal => press_in_screen(ui, board, key),
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
        Key::Erase => {
            ui.search.text.pop();
            ui.search.look(board);
            ui.search.place = Place::default();
        }
        Key::EraseAll => {
            ui.search.text.clear();
            ui.search.look(board);
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

fn press_in_help(ui: &mut Ui, key: Key) {
    match key {
        Key::Back | Key::Help => ui.mode = Mode::Normal,
        Key::Step(Step::By(by)) => ui.help_top = ui.help_top.saturating_add_signed(by),
        Key::Page(pages) => ui.help_top = ui.help_top.saturating_add_signed(pages * 10),
        Key::Step(Step::First) => ui.help_top = 0,
        Key::Tab(screen) => {
            ui.mode = Mode::Normal;
            ui.screen = screen;
        }
        _ => {}
    }
}

fn press_in_screen(ui: &mut Ui, board: &Board, key: Key) {
    match key {
        Key::Step(step) => {
            let rows = std::mem::take(&mut ui.rows);
            if let Some(place) = ui.place_mut() {
                place.go(&rows, step);
            }
            ui.rows = rows;
        }
        Key::Page(pages) => {
            let height = isize::try_from(list_height(ui, board)).unwrap_or(1).max(1);
            press_in_screen(ui, board, Key::Step(Step::By(pages * height)));
        }
        Key::Open => open(ui, board),
        Key::Back => back(ui, board),
        Key::Sort => {
            match ui.screen {
                Screen::Lines => ui.lines_sort = ui.lines_sort.next(),
                _ => ui.sort = ui.sort.next(),
            }
            // Who has not moved yet wants to see the new first row, not where the old one went.
            let rows = std::mem::take(&mut ui.rows);
            if let Some(place) = ui.place_mut().filter(|p| p.index(&rows) == Some(0)) {
                *place = Place::default();
            }
            ui.rows = rows;
        }
        Key::Network => next_network(ui, board),
        Key::Range(by) => {
            if let Some(detail) = &mut ui.detail {
                let at = Range::ALL.iter().position(|r| *r == detail.range).unwrap_or(0);
                let at = at.saturating_add_signed(by).min(Range::ALL.len() - 1);
                detail.range = Range::ALL[at];
            }
        }
        Key::Tab(screen) => ui.screen = screen,
        Key::NextTab(by) => {
            let shown = if ui.screen == Screen::Subject { ui.back } else { ui.screen };
            let count = Screen::TABS.len();
            let at = Screen::TABS.iter().position(|s| *s == shown).unwrap_or(0);
            ui.screen = Screen::TABS[(at + count).saturating_add_signed(by) % count];
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
        | Key::Erase
        | Key::EraseAll => {}
    }
}

fn next_network(ui: &mut Ui, board: &Board) {
    let now = ui.network(board).map(|n| n.id.clone());
    let at = board.networks.iter().position(|n| Some(&n.id) == now.as_ref());
    let count = board.networks.len().max(1);
    ui.network = board.networks.get(at.map_or(0, |i| (i + 1) % count)).map(|n| n.id.clone());
}

fn tree_mut(ui: &mut Ui) -> Option<&mut Tree> {
    match ui.screen {
        Screen::Coverage => Some(&mut ui.coverage),
        Screen::Departments => Some(&mut ui.departments),
        _ => None,
    }
}

fn open_subject(ui: &mut Ui, subject: SubjectId) {
    if ui.screen != Screen::Subject {
        ui.back = ui.screen;
    }
    let range = ui.detail.as_ref().map_or(Range::default(), |d| d.range);
    ui.detail = Some(Detail { subject, range, asked: None, history: None });
    ui.screen = Screen::Subject;
}

fn open(ui: &mut Ui, board: &Board) {
    let Some(row) = ui.selected().cloned() else { return };
    match row {
        Row::Unit(id) => {
            if let Some(tree) = tree_mut(ui) {
                *tree = Tree { open: Some(id), own: false, place: Place::default() };
            }
        }
        Row::Own(id) => {
            if let Some(tree) = tree_mut(ui) {
                *tree = Tree { open: Some(id), own: true, place: Place::default() };
            }
        }
        Row::Subject(id) => open_subject(ui, id),
        Row::Incident(root) => {
            ui.incident = Some(root);
            ui.consequences = Place::default();
        }
        Row::Cut(id) => jump(ui, board, &id),
    }
}

fn back(ui: &mut Ui, board: &Board) {
    match ui.screen {
        Screen::Subject => ui.screen = ui.back,
        Screen::Incidents => {
            if let Some(root) = ui.incident.take() {
                ui.incidents = Place::at(Row::Incident(root));
            }
        }
        Screen::Lines => {}
        Screen::Coverage | Screen::Departments => {
            let screen = ui.screen;
            let Some(tree) = tree_mut(ui) else { return };
            let Some(left) = tree.open.clone() else { return };
            if tree.own && !board.is_leaf(&left) {
                let place = Place::at(Row::Own(left.clone()));
                *tree = Tree { open: Some(left), own: false, place };
                return;
            }
            let above = board.parent(&left).map(|u| u.id.clone());
            // In the departments' branch and below a single root, the root itself is the top.
            let above = above.filter(|id| {
                screen == Screen::Coverage && top(board).as_ref() != Some(id)
                    || screen == Screen::Departments && is_department(board, id)
            });
            *tree = Tree { open: above, own: false, place: Place::at(Row::Unit(left)) };
        }
    }
}

/// Opens the tree at a unit: its list when units lie beneath it, else its subjects.
fn jump(ui: &mut Ui, board: &Board, id: &UnitId) {
    ui.screen = Screen::Coverage;
    let open = (top(board).as_ref() != Some(id)).then(|| id.clone());
    ui.coverage = Tree { open, own: false, place: Place::default() };
}

/// Holds everything the user has chosen to what exists, and makes the open list's rows anew when
/// they may have changed.
fn settle(ui: &mut Ui, board: &Board) {
    for tree in [&mut ui.coverage, &mut ui.departments] {
        if tree.open.as_ref().is_some_and(|id| board.unit(id).is_none()) {
            *tree = Tree::default();
        }
    }
    if ui.incident.as_ref().is_some_and(|root| !board.incidents.iter().any(|i| i.root == *root)) {
        ui.incident = None;
    }
    if ui.screen == Screen::Subject
        && ui.detail.as_ref().is_none_or(|d| board.subject(&d.subject).is_none())
    {
        ui.screen = ui.back;
        ui.detail = None;
    }
    let tree = ui.tree();
    let key = RowsKey {
        seq: board.seq,
        at: board.at,
        screen: ui.screen,
        open: tree.and_then(|t| t.open.clone()),
        own: tree.is_some_and(|t| t.own),
        incident: ui.incident.clone(),
        sort: if ui.screen == Screen::Lines { ui.lines_sort } else { ui.sort },
        network: ui.network.clone(),
        subjects: board.subjects.len(),
    };
    if ui.rows_of.as_ref() != Some(&key) {
        ui.rows = rows(ui, board);
        ui.rows_of = Some(key);
    }
    let height = list_height(ui, board);
    let rows = std::mem::take(&mut ui.rows);
    if let Some(place) = ui.place_mut() {
        place.settle(&rows, height);
    }
    ui.rows = rows;
    let height = search_height(ui.size);
    ui.search.place.settle(&ui.search.hits, height);
}

/// Asks for the open subject's history when it is not there, when the chart has another width or
/// range, and when a new column has begun.
fn ask_history(ui: &mut Ui, now: UnixMs, commands: &mut Vec<Cmd>) {
    if ui.screen != Screen::Subject {
        return;
    }
    let columns = chart_columns(ui.size);
    let Some(detail) = &mut ui.detail else { return };
    let columns_ms = detail.range.len_ms() / i64::try_from(columns.max(1)).unwrap_or(1);
    let step_ms = columns_ms.max(5_000);
    if let Some(asked) = &detail.asked {
        let same = asked.range == detail.range && asked.columns == columns;
        let age_ms = now.since(asked.window.to);
        if same && (0..step_ms).contains(&age_ms) {
            return;
        }
    }
    let window = Span::new(now - detail.range.len_ms(), now);
    let request =
        HistoryRequest { subject: detail.subject.clone(), range: detail.range, window, columns };
    detail.asked = Some(request.clone());
    commands.push(Cmd::History(request));
}
