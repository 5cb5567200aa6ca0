//! The tree of units with its coverage, and beneath it what is open now.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::chrome::is_blind;
use super::{facts, incidents, lines};
use crate::api::{UnitCoverage, UnitRow};
use crate::coverage::Verdict;
use crate::dash::board::{Counts, Subject, on, slot};
use crate::dash::draw::{Column, Line, Table, boxed, line_right, list, rows};
use crate::dash::rows::{figures, live_ppm};
use crate::dash::state::{Row, Screen};
use crate::dash::view::{Shot, empty, panes, title};
use crate::dash::words::{NOTHING, measured, share, verdict};
use crate::locale::{number, percent, state_name, text};
use crate::model::{State, UnitId};
use crate::t;

/// Cells of the bar of what is live now.
const BAR: usize = 6;

/// Rows from which the selected unit's line is told about.
const MAIN_LINE: u16 = 12;

/// Inner width of the list from which every network has a column.
const NETWORK_COLUMNS: u16 = 96;

/// Draws the coverage screen or the departments' branch.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let panes = panes(shot.ui, shot.board, area);
    let inside = boxed(buffer, panes.list, shot.theme, &heading(shot));
    let position = position(shot);
    line_right(buffer, rows(panes.list, 0, 1), panes.list.width / 2, &position);
    let has_units = shot.ui.rows.iter().any(|r| matches!(r, Row::Unit(_) | Row::Own(_)));
    if shot.ui.rows.is_empty() {
        empty(buffer, inside, shot.theme, text(shot.ui.lang, "dash.no_units"));
    } else if has_units {
        unit_list(shot, inside, buffer);
    } else {
        lines::subject_list(shot, inside, buffer);
    }
    if let Some(side) = panes.side {
        beside(shot, side, buffer);
    }
    if let Some(below) = panes.below {
        let open = shot.board.incidents.len();
        let words = t!(shot.ui.lang, "dash.open_incidents", count = open);
        let inside = boxed(buffer, below, shot.theme, &title(shot.theme, words));
        incidents::brief(shot, inside, buffer);
    }
    if let Some(carriers) = panes.below_side {
        carriers_pane(shot, carriers, buffer);
    }
}

/// "12/48": where the selection stands, when not everything can be seen.
pub fn position(shot: &Shot<'_>) -> Line {
    let rows = &shot.ui.rows;
    let hidden = crate::dash::view::list_height(shot.ui, shot.board) < rows.len();
    match shot.ui.place().and_then(|p| p.index(rows)).filter(|_| hidden) {
        Some(index) => Line::styled(format!(" {}/{} ", index + 1, rows.len()), shot.theme.dim())
            .then(shot.theme.lines().across, shot.theme.dim())
            .then(shot.theme.lines().corners[1], shot.theme.dim()),
        None => Line::default(),
    }
}

/// The path to the open unit and the order of the list.
fn heading(shot: &Shot<'_>) -> Line {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let tree = shot.ui.tree();
    let mut path: Vec<String> = Vec::new();
    let mut at = tree.and_then(|t| t.open.clone());
    while let Some(id) = at {
        let Some(unit) = shot.board.unit(&id) else { break };
        path.push(unit.short.clone());
        at = shot.board.parent(&id).map(|u| u.id.clone());
    }
    if path.is_empty() {
        let key = match shot.ui.screen {
            Screen::Departments => "dash.list_departments",
            _ => "dash.list_units",
        };
        path.push(text(lang, key).to_owned());
    } else if shot.ui.screen == Screen::Departments {
        path.pop();
        path.push(text(lang, "dash.tab_departments").to_owned());
    }
    path.reverse();
    if tree.is_some_and(|t| t.own && t.open.as_ref().is_some_and(|u| !shot.board.is_leaf(u))) {
        path.push(text(lang, "dash.own_short").to_owned());
    }
    let mut heading = title(theme, path.join(theme.path()));
    if let Some(sort) = shot.ui.sort.key() {
        heading.push(format!(" ({})", text(lang, sort)), theme.dim());
    }
    heading
}

fn unit_columns(shot: &Shot<'_>, width: u16) -> (Table, usize) {
    let lang = shot.ui.lang;
    let networks = if width >= NETWORK_COLUMNS { shot.board.networks.len() } else { 0 };
    let chosen = shot.ui.network(shot.board);
    let mut columns =
        vec![Column::words("", 1, 0), Column::growing(text(lang, "dash.column_unit"), 12)];
    if networks == 0 {
        let name = chosen.map(|n| n.short.clone()).unwrap_or_default();
        columns.push(Column::figures(name, 7, 0));
    }
    for network in shot.board.networks.iter().take(networks) {
        columns.push(Column::figures(network.short.clone(), 7, 3));
    }
    let now = match chosen.filter(|_| networks > 0) {
        Some(network) => t!(lang, "dash.column_now_on", network = network.short),
        None => text(lang, "dash.column_now").to_owned(),
    };
    columns.push(Column::words(now, 15, 0));
    columns.push(Column::figures(text(lang, "dash.column_month"), 8, 0));
    columns.push(Column::figures(text(lang, "dash.column_measured"), 6, 0));
    columns.push(Column::words(text(lang, "dash.column_verdict"), 15, 0));
    (Table::new(columns, width), networks)
}

fn unit_list(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (table, networks) = unit_columns(shot, area.width);
    let ui = shot.ui;
    let Some(place) = ui.place() else { return };
    let height = usize::from(area.height.saturating_sub(1));
    let window = (place.first_visible(&ui.rows, height), place.index(&ui.rows), ui.rows.len());
    list(buffer, area, shot.theme, &table, window, |i| match ui.rows.get(i) {
        Some(Row::Unit(id)) => match shot.board.unit(id) {
            Some(unit) => unit_cells(shot, unit, networks, false),
            None => Vec::new(),
        },
        Some(Row::Own(id)) => match shot.board.unit(id) {
            Some(unit) => unit_cells(shot, unit, networks, true),
            None => Vec::new(),
        },
        _ => Vec::new(),
    });
}

/// A unit's own state over the networks it must have: the worst.
fn own_mark(unit: &UnitRow) -> State {
    let states = unit.own.iter().filter_map(|c| c.state);
    states.max_by_key(|s| crate::dash::board::severity(*s)).unwrap_or(State::Unmeasured)
}

/// A unit's row; with `own` it is the unit without what lies beneath it.
fn unit_cells(shot: &Shot<'_>, unit: &UnitRow, networks: usize, own: bool) -> Vec<Line> {
    let (lang, theme, board) = (shot.ui.lang, shot.theme, shot.board);
    let alone = own || board.is_leaf(&unit.id);
    let mark = if own { own_mark(unit) } else { board.mark(&unit.id) };
    let name = if own {
        let count = board.subjects_of(&unit.id).count();
        t!(lang, "dash.own_row", unit = unit.short, count = count)
    } else {
        unit.short.clone()
    };
    let mut cells =
        vec![Line::styled(theme.glyph(mark).to_string(), theme.state(mark)), Line::plain(name)];
    let on_network = |network: &crate::model::NetworkId| {
        if own { on(&unit.own, network, unit.kind.tier()) } else { figures(board, unit, network) }
    };
    let chosen = shot.ui.network(board).and_then(|n| on_network(&n.id));
    if networks == 0 {
        cells.push(chosen.map_or_else(nothing, |c| standing(shot, c, alone)));
    }
    for network in board.networks.iter().take(networks) {
        cells.push(on_network(&network.id).map_or_else(nothing, |c| standing(shot, c, alone)));
    }
    let Some(row) = chosen else {
        cells.push(Line::styled(text(lang, "dash.not_required"), theme.dim()));
        return cells;
    };
    cells.push(if alone { state_now(shot, unit, row) } else { bar_now(shot, row) });
    let (words, style) = verdict(lang, theme, row.verdict);
    let words = match row.verdict {
        _ if !alone && is_blind(shot) => NOTHING.to_owned(),
        Verdict::Met | Verdict::Missed if !alone => {
            let n = |n: u32| number(lang, i64::from(n));
            t!(lang, "dash.met_of", met = n(row.ladder.met), required = n(row.ladder.required))
        }
        _ => words.to_owned(),
    };
    cells.push(Line::plain(share(lang, row.month.delivered_ppm(), 2)));
    cells.push(Line::plain(measured(lang, &row.month)));
    cells.push(Line::styled(words, style));
    cells
}

fn nothing() -> Line {
    Line::plain(NOTHING)
}

/// "22/25" of a subtree, the sign of a unit alone.
fn standing(shot: &Shot<'_>, row: &UnitCoverage, alone: bool) -> Line {
    let theme = shot.theme;
    if alone {
        return match row.state {
            Some(state) => Line::styled(theme.glyph(state).to_string(), theme.state(state)),
            None => Line::styled(NOTHING, theme.dim()),
        };
    }
    let (live, required) = (row.ladder.live, row.ladder.required);
    let is_blind = is_blind(shot);
    let style = match live < required {
        _ if is_blind => theme.unknown(),
        true => theme.fault(),
        false => Style::new(),
    };
    let words = format!(
        "{}/{}",
        if is_blind { NOTHING.to_owned() } else { number(shot.ui.lang, i64::from(live)) },
        number(shot.ui.lang, i64::from(required))
    );
    Line::styled(words, style)
}

/// The share of units that are live now: a bar and a percentage.
fn bar_now(shot: &Shot<'_>, row: &UnitCoverage) -> Line {
    if is_blind(shot) {
        return Line::styled(text(shot.ui.lang, "dash_blind.unseen"), shot.theme.unknown());
    }
    let ppm = live_ppm(row.ladder.live, row.ladder.required);
    let goal = u32::from(shot.board.goal_permille) * 1000;
    let style = if ppm < goal { shot.theme.fault() } else { Style::new() };
    let words = format!("{} {:>8}", shot.theme.bar(ppm, BAR), percent(shot.ui.lang, ppm, 1));
    Line::styled(words, style)
}

/// The state of a unit that has nothing beneath it, and for how long when it is not up.
fn state_now(shot: &Shot<'_>, unit: &UnitRow, row: &UnitCoverage) -> Line {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let Some(state) = row.state else {
        return Line::styled(text(lang, "dash.not_deployed"), theme.unknown());
    };
    let mut words = Line::styled(state_name(lang, state), theme.state(state));
    if state != State::Up {
        let lines = shot
            .board
            .subjects_of(&unit.id)
            .filter(|s| s.network() == Some(&row.network) && s.now().state == state);
        if let Some(since) = lines.map(|s| s.now().since).max() {
            let age = shot.age(since);
            if words.width() + 1 + crate::locale::width(&age) <= 15 {
                words.push(format!(" {age}"), theme.state(state));
            }
        }
    }
    words
}

/// At the right of the tree: the selected unit's subjects, or what is known of the selected
/// subject.
fn beside(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    match shot.ui.selected() {
        Some(Row::Unit(id) | Row::Own(id)) => {
            let Some(unit) = shot.board.unit(id) else { return };
            let subjects: Vec<Subject<'_>> = shot.board.subjects_of(id).collect();
            let loading = shot.loading();
            let words = match &loading {
                Some(_) => unit.short.clone(),
                None => t!(lang, "dash.subjects_of", unit = unit.short, count = subjects.len()),
            };
            let inside = boxed(buffer, area, theme, &title(theme, words));
            let at = contact_line(shot, id, inside, buffer);
            let list = rows(inside, at, inside.height.saturating_sub(at));
            if let Some(words) = loading {
                empty(buffer, list, theme, &words);
            } else if subjects.is_empty() {
                empty(buffer, list, theme, text(lang, "dash.no_subjects"));
            } else {
                lines::table_of(shot, list, buffer, &subjects);
                let taken = u16::try_from(subjects.len()).unwrap_or(u16::MAX).saturating_add(2);
                let left = rows(list, taken, list.height.saturating_sub(taken));
                main_line(shot, id, left, buffer);
            }
        }
        Some(Row::Subject(id)) => {
            let Some(subject) = shot.board.subject(id) else { return };
            let words = crate::dash::words::subject_title(shot.board, subject);
            let inside = boxed(buffer, area, theme, &title(theme, words));
            facts::draw(shot, subject, inside, buffer);
        }
        _ => {
            boxed(buffer, area, theme, &Line::default());
        }
    }
}

/// What is known of a unit's line on the chosen network, where there is room for it.
fn main_line(shot: &Shot<'_>, id: &UnitId, area: Rect, buffer: &mut Buffer) {
    let chosen = shot.ui.network(shot.board).map(|n| &n.id);
    let mut subjects = shot.board.subjects_of(id);
    let Some(subject) = subjects.find(|s| s.network().is_some() && s.network() == chosen) else {
        return;
    };
    if area.height < MAIN_LINE {
        return;
    }
    let name = crate::dash::words::subject_title(shot.board, subject);
    let heading = Line::styled(name, shot.theme.strong());
    crate::dash::draw::line(buffer, rows(area, 0, 1), 0, &heading);
    facts::draw(shot, subject, rows(area, 1, area.height - 1), buffer);
}

/// Whom to call in a unit, on one line; returns how many lines that took.
fn contact_line(shot: &Shot<'_>, id: &UnitId, area: Rect, buffer: &mut Buffer) -> u16 {
    let Some(words) = facts::contact(shot.board, id) else { return 0 };
    let label = text(shot.ui.lang, "dash.fact_contact");
    let content = Line::styled(format!("{label}: "), shot.theme.dim()).then(words, Style::new());
    crate::dash::draw::line(buffer, rows(area, 0, 1), 0, &content);
    1
}

/// The carriers with what of theirs is live and whom to call.
fn carriers_pane(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let words = title(theme, text(lang, "dash.carriers"));
    let inside = boxed(buffer, area, theme, &words);
    let columns = vec![
        Column::growing(text(lang, "dash.column_carrier"), 10),
        Column::figures(text(lang, "dash.column_live"), 7, 0),
        Column::figures(text(lang, "dash.column_month"), 8, 2),
        Column::figures(text(lang, "dash.column_measured"), 6, 3),
        Column::words(text(lang, "dash.column_hotline"), 14, 1),
    ];
    let table = Table::new(columns, inside.width);
    let carriers = &shot.board.carriers;
    list(buffer, inside, theme, &table, (0, None, carriers.len()), |i| {
        let (Some(carrier), Some(sum)) = (carriers.get(i), shot.board.carrier_sums.get(i)) else {
            return Vec::new();
        };
        let live = sum.counts[slot(State::Up)] + sum.counts[slot(State::Degraded)];
        let all = total(&sum.counts);
        let style = if live < all { theme.fault() } else { Style::new() };
        let (live, all) = (number(lang, i64::from(live)), number(lang, i64::from(all)));
        vec![
            Line::plain(carrier.name.clone()),
            Line::styled(format!("{live}/{all}"), style),
            Line::plain(share(lang, sum.month.delivered_ppm(), 2)),
            Line::plain(measured(lang, &sum.month)),
            Line::plain(carrier.hotline.clone().unwrap_or_else(|| NOTHING.to_owned())),
        ]
    });
}

fn total(counts: &Counts) -> u32 {
    counts.iter().sum()
}
