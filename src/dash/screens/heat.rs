//! The lost time of units over a period: a row a unit, a column an hour or a day.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::coverage::position;
use super::dialog::choice;
use crate::dash::draw::{Line, boxed, line, line_right, rows, text as write};
use crate::dash::heat::{Cell, line_of};
use crate::dash::state::{Range, Row};
use crate::dash::theme::Theme;
use crate::dash::view::{HEAT_NAME, HEAT_SUM, Shot, empty, title};
use crate::locale::{self, Lang, date_time, duration_short, reason_words, text, width};
use crate::model::{State, UnitId, UnixMs};
use crate::t;

/// Columns from which the heading has room for whose time is shown.
const WHOSE: u16 = 110;

/// Draws the heat map.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme, ui) = (shot.ui.lang, shot.theme, shot.ui);
    let inside = boxed(buffer, area, theme, &heading(shot, area.width));
    line_right(buffer, rows(area, 0, 1), area.width / 2, &position(shot));
    if ui.rows.is_empty() {
        return empty(buffer, inside, theme, text(lang, "dash.no_units"));
    }
    let edges = ui.heat.edges();
    let name = HEAT_NAME.min(inside.width);
    let room = inside.width.saturating_sub(name + 1 + HEAT_SUM + 1);
    let cells = Rect { x: inside.x + (name + 1).min(inside.width), width: room, ..inside };
    axis(shot, edges, rows(cells, 0, 1), buffer);
    let sum = Rect {
        x: cells.x + cells.width,
        width: inside.width.saturating_sub(name + 1 + room),
        ..inside
    };
    line_right(
        buffer,
        rows(sum, 0, 1),
        0,
        &Line::styled(text(lang, "dash.heat_lost"), theme.dim()),
    );
    let Some(place) = ui.place() else { return };
    let height = usize::from(inside.height.saturating_sub(2));
    let (first, selected) = (place.first_visible(&ui.rows, height), place.index(&ui.rows));
    for (y, i) in (1..inside.height.saturating_sub(1)).zip(first..ui.rows.len()) {
        let Some(Row::Unit(id)) = ui.rows.get(i) else { continue };
        let row = rows(inside, y, 1);
        let short = shot.board.unit(id).map(|u| u.short.clone()).unwrap_or_default();
        let is_selected = selected == Some(i);
        let style = if is_selected { theme.selected() } else { Style::new() };
        let label = Rect { width: name, ..row };
        if is_selected {
            buffer.set_style(label, style);
        }
        write(buffer, label, 1, &short, style);
        let lost = unit(shot, id, rows(cells, y, 1), buffer);
        line_right(buffer, rows(sum, y, 1), 0, &lost);
    }
    let last = rows(inside, inside.height.saturating_sub(1), 1);
    line(buffer, last, 1, &signs(shot));
}

/// "TSLCD: thời gian mất kết nối, 24 giờ đến 08:00 24/11".
fn heading(shot: &Shot<'_>, room: u16) -> Line {
    let (lang, theme, heat) = (shot.ui.lang, shot.theme, &shot.ui.heat);
    let open = heat.open.as_ref().and_then(|id| shot.board.unit(id));
    let unit = open.map_or_else(|| text(lang, "dash.list_units").to_owned(), |u| u.short.clone());
    let network = shot.ui.network(shot.board).map(|n| n.short.clone()).unwrap_or_default();
    // What may be chosen matters more than whose time it is.
    let key = if room < WHOSE { "dash.heat_of_short" } else { "dash.heat_of" };
    let words = t!(lang, key, unit = unit, network = network);
    let mut heading = title(theme, words);
    for range in [Range::Day, Range::Week, Range::Month] {
        heading.push(" ", Style::new());
        heading.append(choice(theme, text(lang, range.key()), range == heat.range));
    }
    if heat.end.is_some()
        && let Some(to) = heat.edges().last()
    {
        let at = date_time(lang, &shot.board.local(*to));
        heading.push(format!("  {}", t!(lang, "dash.take_until", at = at)), theme.strong());
    }
    heading
}

/// The left edge of a column: all of them together fill the room.
fn left(column: usize, columns: usize, room: u16) -> u16 {
    let at = usize::from(room) * column / columns.max(1);
    u16::try_from(at).unwrap_or(u16::MAX)
}

/// One unit's cells; what was lost in all.
fn unit(shot: &Shot<'_>, id: &UnitId, row: Rect, buffer: &mut Buffer) -> Line {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let network = shot.ui.network(shot.board).map(|n| &n.id);
    if let Some(words) = shot.loading() {
        write(buffer, row, 0, &words, theme.dim());
        return Line::default();
    }
    let Some(subject) = line_of(shot.board, id, network) else {
        write(buffer, row, 0, text(lang, "dash.heat_no_line"), theme.dim());
        return Line::default();
    };
    let cells = match shot.ui.heat.cells(subject.id()) {
        Some(Ok(cells)) => cells,
        Some(Err(reason)) => {
            let words = t!(lang, "dash.no_history", reason = reason_words(lang, reason));
            write(buffer, row, 0, &words, theme.dim());
            return Line::default();
        }
        None => {
            let words = format!("{} {}", theme.turning(shot.now), text(lang, "dash.loading"));
            write(buffer, row, 0, &words, theme.dim());
            return Line::default();
        }
    };
    for (i, cell) in cells.iter().enumerate() {
        let Some(cell) = cell else { continue };
        let (sign, style) = look(theme, cell);
        let (from, to) = (left(i, cells.len(), row.width), left(i + 1, cells.len(), row.width));
        let wide = usize::from(to.saturating_sub(from));
        write(buffer, row, from, &sign.to_string().repeat(wide), style);
    }
    let lost: i64 = cells.iter().flatten().map(|c| c.lost_ms).sum();
    if lost == 0 {
        return Line::styled("0", theme.dim());
    }
    Line::styled(duration_short(lang, lost), theme.fault())
}

/// A cell's sign and style: blocks as high as what was lost, in colours; else tenths as digits. What
/// is neither well nor lost has the sign of its state, so that no colour is needed to tell them.
fn look(theme: &Theme, cell: &Cell) -> (char, Style) {
    let lost = cell.lost_permille();
    if theme.is_plain() {
        return match (lost, cell.worst) {
            (0, State::Unmeasured) => (theme.glyph(State::Unmeasured), Style::new()),
            (0, State::Degraded) => (theme.glyph(State::Degraded), Style::new()),
            (0, _) => ('.', theme.dim()),
            (1000, _) => ('#', theme.strong()),
            (lost, _) => {
                let tenths = (lost.saturating_add(99) / 100).clamp(1, 9);
                (char::from_digit(u32::from(tenths), 10).unwrap_or('9'), theme.strong())
            }
        };
    }
    match (lost, cell.worst) {
        (0, State::Unmeasured) => (theme.glyph(State::Unmeasured), theme.unknown()),
        (0, State::Degraded) => (theme.glyph(State::Degraded), theme.poor()),
        (0, _) => ('▁', theme.lost(0)),
        (..100, _) => ('▃', theme.lost(lost)),
        (..500, _) => ('▅', theme.lost(lost)),
        _ => ('█', theme.lost(lost)),
    }
}

/// What the signs mean.
fn signs(shot: &Shot<'_>) -> Line {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let cell = |lost_ms, worst| Cell { lost_ms, known_ms: 1000, worst };
    let of = |cell: &Cell| {
        let (sign, style) = look(theme, cell);
        (sign.to_string(), style)
    };
    let mut shown = vec![(of(&cell(0, State::Up)), "dash.heat_none")];
    if theme.is_plain() {
        let (_, style) = of(&cell(1000, State::Down));
        shown.push((("1-9".to_owned(), style), "dash_heat.tenths"));
        shown.push((of(&cell(1000, State::Down)), "dash_heat.whole"));
    } else {
        shown.push((of(&cell(50, State::Down)), "dash.heat_some"));
        shown.push((of(&cell(300, State::Down)), "dash.heat_part"));
        shown.push((of(&cell(1000, State::Down)), "dash.heat_most"));
    }
    shown.push((of(&cell(0, State::Degraded)), "state.degraded"));
    let unmeasured = Cell { known_ms: 0, ..cell(0, State::Unmeasured) };
    shown.push((of(&unmeasured), "state.unmeasured"));
    let mut words = Line::default();
    for ((sign, style), key) in shown {
        words.push(sign, style);
        words.push(format!(" {}  ", text(lang, key)), theme.dim());
    }
    words
}

/// Hours or days above the columns, as many as there is room for.
fn axis(shot: &Shot<'_>, edges: &[UnixMs], row: Rect, buffer: &mut Buffer) {
    let (lang, range) = (shot.ui.lang, shot.ui.heat.range);
    let mut free = 0;
    let columns = edges.len().saturating_sub(1);
    for (i, edge) in edges.iter().take(columns).enumerate() {
        let local = shot.board.local(*edge);
        let words = match (range, lang) {
            (Range::Month, Lang::Vi) => local.strftime("%d/%m").to_string(),
            (Range::Month, Lang::En) => local.strftime("%m-%d").to_string(),
            (Range::Week, _) if local.hour() != 0 => continue,
            (Range::Week, Lang::Vi) => local.strftime("%d/%m").to_string(),
            (Range::Week, Lang::En) => local.strftime("%m-%d").to_string(),
            _ => locale::clock(&local).chars().take(5).collect(),
        };
        let x = left(i, columns, row.width);
        let wide = u16::try_from(width(&words)).unwrap_or(u16::MAX);
        if x < free || x.saturating_add(wide) > row.width {
            continue;
        }
        free = write(buffer, row, x, &words, shot.theme.dim()) + 1;
    }
}
