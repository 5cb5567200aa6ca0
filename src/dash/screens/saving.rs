//! The dialog in which a report is written into a file.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::dialog::choice;
use super::reports::{period, whose};
use crate::dash::board::Board;
use crate::dash::draw::{Line, boxed, clear, line, rows, text as write};
use crate::dash::reports::Format;
use crate::dash::view::{Shot, title};
use crate::locale::{number, text, width};
use crate::model::UnitId;
use crate::t;

/// Most columns of the dialog.
const WIDE: u16 = 76;

/// Its rows: box, report, unit, period, a blank, format, file, what hinders.
const HIGH: u16 = 9;

/// What stands at the left of its rows, and in which of them.
const LABELS: [(u16, &str); 5] = [
    (0, "dash_reports.report"),
    (1, "dash_reports.unit"),
    (2, "dash_reports.period"),
    (4, "dash_reports.format"),
    (5, "dash_reports.file"),
];

/// Draws the dialog over `area`.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let Some(saving) = &shot.ui.reports.saving else { return };
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let (wide, high) = (WIDE.min(area.width), HIGH.min(area.height));
    let place = Rect {
        x: area.x + (area.width - wide) / 2,
        y: area.y + (area.height - high) / 2,
        width: wide,
        height: high,
    };
    clear(buffer, place);
    let inside = boxed(buffer, place, theme, &title(theme, text(lang, "dash_reports.save")));
    let inside = Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside };
    let labels = LABELS.map(|(y, key)| (y, text(lang, key)));
    let column = labels.iter().map(|(_, label)| width(label)).max().unwrap_or(0) + 2;
    let column = u16::try_from(column).unwrap_or(0);
    for (y, label) in labels {
        write(buffer, rows(inside, y, 1), 0, label, theme.dim());
    }
    let request = &saving.what.request;
    let kind = Line::styled(text(lang, request.kind.key()), theme.strong())
        .then(format!("  {}", request.kind.word()), theme.dim());
    line(buffer, rows(inside, 0, 1), column, &kind);
    let count = units(shot.board, request.unit.as_ref());
    let count = t!(lang, "dash_reports.units", count = number(lang, count));
    let unit = Line::styled(whose(shot, request.unit.as_ref()), theme.strong())
        .then(format!("  {count}"), theme.dim());
    line(buffer, rows(inside, 1, 1), column, &unit);
    write(buffer, rows(inside, 2, 1), column, &period(shot, request), Style::new());
    let mut formats = Line::default();
    for format in Format::ALL {
        formats.append(choice(theme, format.word(), format == saving.what.format));
    }
    line(buffer, rows(inside, 4, 1), column, &formats);
    write(buffer, rows(inside, 5, 1), column, &saving.what.name(), theme.strong());
    let last = rows(inside, 6, 1);
    if saving.is_under_way {
        let words = format!("{} {}", theme.turning(shot.now), text(lang, "dash_reports.writing"));
        write(buffer, last, column, &words, theme.strong());
    } else if saving.what.is_over {
        write(buffer, last, column, text(lang, "dash_reports.over"), theme.fault());
    }
}

/// How many units it is about: the one with all beneath it.
fn units(board: &Board, unit: Option<&UnitId>) -> i64 {
    let Some(unit) = unit else { return i64::try_from(board.units.len()).unwrap_or(i64::MAX) };
    let mut left = vec![unit.clone()];
    let mut count = 0;
    while let Some(unit) = left.pop() {
        count += 1;
        left.extend(board.children(&unit).map(|child| child.id.clone()));
    }
    count
}
