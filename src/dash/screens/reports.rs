//! The reports: their kinds, the period and unit, the text.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::dialog::choice;
use crate::dash::draw::{Column, Line, Table, boxed, line, line_right, list, rows, text as write};
use crate::dash::reports::{Length, ReportRequest, Text};
use crate::dash::state::Row;
use crate::dash::view::{Shot, empty, panes, report_size, title};
use crate::locale::{number, reason as reason_in, text, visible, width};
use crate::model::UnitId;
use crate::t;

/// Draws the kinds and the text of the one that is selected.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let panes = panes(shot.ui, shot.board, area);
    if !shot.ui.reports.is_wide {
        kinds(shot, panes.list, buffer);
    }
    if let Some(side) = panes.side {
        preview(shot, side, buffer);
    }
}

fn kinds(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme, ui) = (shot.ui.lang, shot.theme, shot.ui);
    let inside = boxed(buffer, area, theme, &title(theme, text(lang, "dash_reports.tab")));
    let columns = vec![Column::words("", 1, 0), Column::growing("", 8)];
    let table = Table::new(columns, inside.width);
    let Some(place) = ui.place() else { return };
    let height = usize::from(inside.height.saturating_sub(1));
    let selected = place.index(&ui.rows);
    let window = (place.first_visible(&ui.rows, height), selected, ui.rows.len());
    list(buffer, inside, theme, &table, window, |i| match ui.rows.get(i) {
        Some(Row::Report(kind)) => {
            let pointer = if selected == Some(i) { theme.pointer() } else { "" };
            vec![Line::plain(pointer), Line::plain(text(lang, kind.key()))]
        }
        _ => Vec::new(),
    });
}

/// Whose report it is: "Huyện Cái Bè (cai-be)".
pub(super) fn whose(shot: &Shot<'_>, unit: Option<&UnitId>) -> String {
    let Some(id) = unit else { return text(shot.ui.lang, "dash_reports.everybody").to_owned() };
    let name = shot.board.unit(id).map(|unit| visible(&unit.name));
    name.map_or_else(|| id.to_string(), |name| format!("{name} ({id})"))
}

/// The period as people say it: "10/2026", "quý 4/2026", "2026".
pub(super) fn period(shot: &Shot<'_>, request: &ReportRequest) -> String {
    let (year, month) = (request.first.year(), request.first.month());
    let words = match request.length {
        Length::Month => "dash_reports.of_month",
        Length::Quarter => "dash_reports.of_quarter",
        Length::Year => "dash_reports.of_year",
    };
    let month = format!("{month:02}");
    let quarter = (request.first.month() - 1) / 3 + 1;
    t!(shot.ui.lang, words, month = month, quarter = quarter, year = year)
}

fn preview(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme, reports) = (shot.ui.lang, shot.theme, &shot.ui.reports);
    let today = shot.board.local(shot.now).date();
    let request = reports.request(today, lang);
    let mut heading = title(theme, text(lang, request.kind.key()));
    heading.push(format!("  {}", whose(shot, request.unit.as_ref())), theme.strong());
    let inside = boxed(buffer, area, theme, &heading);
    let mut picker = Line::styled(" ", Style::new());
    for length in Length::ALL {
        picker.append(choice(theme, text(lang, length.key()), length == reports.length));
    }
    let [earlier, later] = theme.beside();
    let is_last = reports.length.first(today) == request.first;
    let later = if is_last { ' ' } else { later };
    picker.push(format!("  {earlier} {} {later}", period(shot, &request)), theme.strong());
    let top = rows(inside, 0, 1);
    let end = line(buffer, top, 0, &picker);
    let below = rows(inside, 1, inside.height.saturating_sub(1));
    match reports.shown(&request) {
        None => {
            let words = text(lang, "dash_reports.making");
            empty(buffer, below, theme, &format!("{} {words}", theme.turning(shot.now)));
        }
        Some(Err(reason)) => {
            let reason = visible(&reason_in(lang, reason));
            let words =
                Line::styled(t!(lang, "dash_reports.failed", reason = reason), theme.fault());
            super::facts::wrapped(buffer, below, &words);
        }
        Some(Ok(text)) => {
            line_right(buffer, top, end + 1, &place(shot, text));
            lines(shot, text, below, buffer);
        }
    }
}

/// "1–18/120": which lines of how many are shown.
fn place(shot: &Shot<'_>, text: &Text) -> Line {
    let (lang, reports) = (shot.ui.lang, &shot.ui.reports);
    let (_, height) = report_size(shot.ui, shot.board);
    let count = |n: usize| number(lang, i64::try_from(n).unwrap_or(i64::MAX));
    let all = text.lines.len() + text.left_out;
    let last = (reports.top + height).min(text.lines.len());
    let first = (reports.top + 1).min(last);
    let words = format!("{}–{}/{} ", count(first), count(last), count(all));
    Line::styled(words, shot.theme.dim())
}

fn lines(shot: &Shot<'_>, text: &Text, area: Rect, buffer: &mut Buffer) {
    let (lang, reports) = (shot.ui.lang, &shot.ui.reports);
    let shown = (0..area.height).zip(text.lines.iter().skip(reports.top));
    for (y, words) in shown {
        write(buffer, rows(area, y, 1), 0, behind(words, reports.left), Style::new());
    }
    let room = usize::from(area.height);
    let end = text.lines.len().saturating_sub(reports.top);
    if text.left_out > 0 && end < room {
        let count = number(lang, i64::try_from(text.left_out).unwrap_or(i64::MAX));
        let words = t!(lang, "dash_reports.left_out", count = count);
        let y = u16::try_from(end).unwrap_or(u16::MAX);
        write(buffer, rows(area, y, 1), 0, &words, shot.theme.poor());
    }
}

/// What stands behind so many columns of a line; a wide letter across the edge is left out.
fn behind(words: &str, columns: usize) -> &str {
    let mut used = 0;
    let mut letters = [0_u8; 4];
    for (at, letter) in words.char_indices() {
        let wide = width(letter.encode_utf8(&mut letters));
        if used >= columns && wide > 0 {
            return &words[at..];
        }
        used += wide;
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_not_letters() {
        assert_eq!(behind("abc", 0), "abc");
        assert_eq!(behind("abc", 2), "c");
        assert_eq!(behind("abc", 9), "");
        assert_eq!(behind("Ca\u{301}i Bè", 2), "i Bè");
        assert_eq!(behind("前b", 1), "b");
    }
}
