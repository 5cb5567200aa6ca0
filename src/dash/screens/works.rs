//! The announced work of now and to come.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::coverage::position;
use super::listed::open_list;
use crate::api::Work;
use crate::dash::draw::{Column, Line, Table, boxed, line, line_right, rows};
use crate::dash::state::Row;
use crate::dash::view::{Shot, empty, panes, title};
use crate::dash::words::{recurs_words, worked_on};
use crate::dash::work::target;
use crate::locale::{date_time, number, reason_words, text, visible};
use crate::t;

/// Draws the list.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme, ui) = (shot.ui.lang, shot.theme, shot.ui);
    let panes = panes(ui, shot.board, area);
    let area = panes.list;
    if let Some(below) = panes.below {
        about(shot, below, buffer);
    }
    let fetched = &ui.works.fetched;
    let count = number(lang, i64::try_from(fetched.list.len()).unwrap_or(i64::MAX));
    let heading = title(theme, t!(lang, "dash.works.title", count = count));
    let inside = boxed(buffer, area, theme, &heading);
    line_right(buffer, rows(area, 0, 1), area.width / 2, &position(shot));
    if let Some(reason) = &fetched.failure {
        let words = t!(lang, "dash.works.unread", reason = reason_words(lang, reason));
        return empty(buffer, inside, theme, &words);
    }
    if !fetched.is_loaded() {
        return empty(buffer, inside, theme, text(lang, "dash.loading"));
    }
    if ui.rows.is_empty() {
        return empty(buffer, inside, theme, text(lang, "maintenance.none"));
    }
    let table = columns(shot, inside.width);
    open_list(shot, inside, buffer, &table, |row| match row {
        Row::Work(id) => ui.works.work(id).map(|w| cells(shot, w)).unwrap_or_default(),
        _ => Vec::new(),
    });
}

/// Who announced it.
fn announced_by(shot: &Shot<'_>, work: &Work) -> String {
    match work.in_inventory {
        true => text(shot.ui.lang, "dash.works.in_inventory").to_owned(),
        false => visible(&work.by),
    }
}

/// Beneath the list: all that is known of the selected work.
fn about(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme, ui) = (shot.ui.lang, shot.theme, shot.ui);
    let selected = match ui.selected() {
        Some(Row::Work(id)) => ui.works.work(id),
        _ => None,
    };
    let heading = selected.map(|work| title(theme, visible(work.id.as_str())));
    let inside = boxed(buffer, area, theme, &heading.unwrap_or_default());
    let Some(work) = selected else { return };
    let (kind, name) = worked_on(lang, shot.board, &work.on);
    let what = format!("{name} ({})", target(&work.on));
    let count = number(lang, i64::from(work.subjects));
    let count = t!(lang, "dash.work_subjects", count = count);
    let at = |at| date_time(lang, &shot.board.local(at));
    let next = t!(lang, "dash.work_times", from = at(work.next.from), to = at(work.next.to));
    let hours = recurs_words(lang, work);
    let recurs = match work.until {
        Some(until) => t!(lang, "dash.works.until", hours = hours, to = at(until)),
        None => hours,
    };
    let by = t!(lang, "dash.works.by", by = announced_by(shot, work));
    let lines = [
        Line::styled(what, theme.strong()).then(format!("  {kind}, {count}"), theme.dim()),
        Line::plain(next),
        Line::plain(recurs),
        Line::plain(by),
        Line::plain(visible(&work.note)),
    ];
    for (y, words) in (0..inside.height).zip(lines) {
        line(buffer, rows(inside, y, 1), 0, &words);
    }
}

fn columns(shot: &Shot<'_>, width: u16) -> Table {
    let lang = shot.ui.lang;
    let word = |key, width, rank| Column::words(text(lang, key), width, rank);
    let columns = vec![
        word("dash.works.column_now", 8, 0),
        Column::growing(text(lang, "dash.works.column_on"), 20),
        Column::figures(text(lang, "dash.works.column_count"), 6, 3),
        word("dash.column_from", 16, 0),
        word("dash.column_to", 16, 1),
        word("dash.works.column_every", 26, 2),
        word("dash.works.column_by", 14, 4),
        word("dash.column_note", 24, 6),
        word("dash.column_id", 34, 5),
    ];
    Table::new(columns, width)
}

fn cells(shot: &Shot<'_>, work: &Work) -> Vec<Line> {
    let (lang, theme, board) = (shot.ui.lang, shot.theme, shot.board);
    let is_on = work.next.contains(shot.now);
    let (now, style) = match (is_on, work.recurring) {
        (true, _) => (text(lang, "dash.works.running"), theme.strong()),
        (false, true) => (text(lang, "dash.works.recurring"), Style::new()),
        (false, false) => (text(lang, "dash.works.coming"), Style::new()),
    };
    let at = |at| date_time(lang, &board.local(at));
    vec![
        Line::styled(now, style),
        Line::plain(worked_on(lang, board, &work.on).1)
            .then(format!(" ({})", target(&work.on)), theme.dim()),
        Line::plain(number(lang, i64::from(work.subjects))),
        Line::plain(at(work.next.from)),
        Line::plain(at(work.next.to)),
        Line::plain(recurs_words(lang, work)),
        Line::plain(announced_by(shot, work)),
        Line::plain(visible(&work.note)),
        Line::styled(visible(work.id.as_str()), theme.dim()),
    ]
}
