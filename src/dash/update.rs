//! From what happened to what is shown and done next. Pure.

use std::cmp::Reverse;

use super::board::{Board, on, severity};
use super::place::{Place, Step};
use super::search::{Hit, Search};
use super::state::{
    Action, Cmd, Detail, HistoryRequest, Key, Mode, Range, Row, RowsKey, Screen, Sort, Tree, Ui,
};
use super::view::{chart_columns, list_height, search_height};
use crate::api::{SubjectRow, UnitCoverage, UnitRow};
use crate::locale::{Lang, sort_key};
use crate::model::{NetworkId, Span, SubjectId, Tier, UnitId, UnixMs};

/// Takes one action in. `board` is `None` until data have come; `now` is the time of the action.
#[must_use]
pub fn update(ui: &mut Ui, board: Option<&Board>, action: Action, now: UnixMs) -> Vec<Cmd> {
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
        Action::Text(text) => {
            if let (Mode::Search, Some(board)) = (ui.mode, board) {
                ui.search.push(&text);
                ui.search.look(board);
                ui.search.place = Place::default();
            }
        }
        Action::Key(key) => press(ui, board, key, &mut commands),
    }
    if let Some(board) = board {
        settle(ui, board);
        ask_history(ui, now, &mut commands);
    }
    commands
}

fn press(ui: &mut Ui, board: Option<&Board>, key: Key, commands: &mut Vec<Cmd>) {
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
        Key::Quit | Key::Suspend | Key::Redraw | Key::Language | Key::Erase | Key::EraseAll => {}
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

/// The only root, beneath which the tree starts.
pub(super) fn top(board: &Board) -> Option<UnitId> {
    let mut roots = board.roots();
    match (roots.next(), roots.next()) {
        (Some(root), None) => Some(root.id.clone()),
        _ => None,
    }
}

fn is_department(board: &Board, id: &UnitId) -> bool {
    board.unit(id).is_some_and(|u| in_departments(u, true))
}

fn in_departments(unit: &UnitRow, has_parent: bool) -> bool {
    match unit.kind.tier() {
        Tier::Department => true,
        // The DIC stands beside the departments; the province is the root itself.
        Tier::Province => has_parent,
        Tier::District | Tier::Commune => false,
    }
}

/// The figures of a unit on a network: its own where nothing lies beneath it, else those of the
/// lowest counted level beneath it.
#[must_use]
pub fn figures<'a>(
    board: &Board,
    unit: &'a UnitRow,
    network: &NetworkId,
) -> Option<&'a UnitCoverage> {
    if board.is_leaf(&unit.id) {
        return on(&unit.own, network, unit.kind.tier());
    }
    let rows = unit.subtree.iter().filter(|c| c.network == *network && c.ladder.required > 0);
    rows.max_by_key(|c| c.tier)
}

/// Levels in the order the trees list them: what is counted first.
const fn group(unit: &UnitRow) -> u8 {
    match unit.kind.tier() {
        Tier::District => 0,
        Tier::Commune => 1,
        Tier::Province => 2,
        Tier::Department => 3,
    }
}

fn sorted_units<'a>(
    board: &Board,
    units: impl Iterator<Item = &'a UnitRow>,
    sort: Sort,
    network: Option<&NetworkId>,
) -> Vec<Row> {
    let mut units: Vec<&UnitRow> = units.collect();
    match sort {
        Sort::Official => units.sort_by_key(|u| group(u)),
        Sort::Worst => units.sort_by_cached_key(|u| {
            let row = network.and_then(|n| figures(board, u, n));
            let live = row.map(|c| live_ppm(c.ladder.live, c.ladder.required));
            let month = row.and_then(|c| c.month.delivered_ppm());
            let none = u32::MAX;
            let mark = Reverse(severity(board.mark(&u.id)));
            (group(u), live.unwrap_or(none), mark, month.unwrap_or(none))
        }),
        Sort::Name => units.sort_by_cached_key(|u| (group(u), sort_key(&u.short))),
    }
    units.into_iter().map(|u| Row::Unit(u.id.clone())).collect()
}

/// Share of `whole` in millionths; everything where nothing is required.
#[must_use]
pub fn live_ppm(part: u32, whole: u32) -> u32 {
    if whole == 0 {
        return 1_000_000;
    }
    let ppm = u64::from(part) * 1_000_000 / u64::from(whole);
    u32::try_from(ppm).unwrap_or(1_000_000)
}

fn sorted_subjects<'a>(
    subjects: impl Iterator<Item = &'a SubjectRow>,
    sort: Sort,
    by_carrier: bool,
) -> Vec<Row> {
    let mut subjects: Vec<&SubjectRow> = subjects.collect();
    match sort {
        Sort::Official => {}
        Sort::Worst => subjects.sort_by_key(|s| Reverse(severity(s.now.state))),
        Sort::Name if by_carrier => subjects
            .sort_by_cached_key(|s| (s.carrier.is_none(), s.carrier.clone(), sort_key(&s.name))),
        Sort::Name => subjects.sort_by_cached_key(|s| sort_key(&s.name)),
    }
    subjects.into_iter().map(|s| Row::Subject(s.id.clone())).collect()
}

/// The rows of the open list, in their order.
#[must_use]
pub fn rows(ui: &Ui, board: &Board) -> Vec<Row> {
    let network = ui.network(board).map(|n| n.id.clone());
    match ui.screen {
        Screen::Coverage | Screen::Departments => {
            let Some(tree) = ui.tree() else { return Vec::new() };
            tree_rows(board, ui.screen, tree, ui.sort, network.as_ref())
        }
        Screen::Incidents => match &ui.incident {
            None => board.incidents.iter().map(|i| Row::Incident(i.root.clone())).collect(),
            Some(root) => consequence_rows(board, root),
        },
        Screen::Lines => sorted_subjects(board.connections(), ui.lines_sort, true),
        Screen::Subject => Vec::new(),
    }
}

fn tree_rows(
    board: &Board,
    screen: Screen,
    tree: &Tree,
    sort: Sort,
    network: Option<&NetworkId>,
) -> Vec<Row> {
    let top = top(board);
    let Some(open) = tree.open.as_ref().or(top.as_ref()) else {
        return sorted_units(board, board.roots(), sort, network);
    };
    if screen == Screen::Departments && tree.open.is_none() {
        let found = board.units.iter().map(|u| &**u).filter(|u| {
            let parent = board.parent(&u.id);
            in_departments(u, parent.is_some())
                && parent.is_none_or(|p| p.kind.tier() != Tier::Department)
        });
        return sorted_units(board, found, sort, network);
    }
    if tree.own || board.is_leaf(open) {
        return sorted_subjects(board.subjects_of(open), sort, false);
    }
    let mut rows = Vec::new();
    let has_own = board.subjects_of(open).next().is_some();
    if has_own {
        rows.push(Row::Own(open.clone()));
    }
    rows.extend(sorted_units(board, board.children(open), sort, network));
    rows
}

fn consequence_rows(board: &Board, root: &SubjectId) -> Vec<Row> {
    let Some(incident) = board.incidents.iter().find(|i| i.root == *root) else {
        return Vec::new();
    };
    let mut rows = vec![Row::Subject(root.clone())];
    rows.extend(incident.with.iter().cloned().map(Row::Subject));
    rows.extend(incident.impact.units.iter().cloned().map(Row::Cut));
    let caused = board.subjects.iter().filter(|s| s.now.cause.as_ref() == Some(root));
    rows.extend(caused.map(|s| Row::Subject(s.id.clone())));
    rows
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
