//! All devices and services in one list.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::coverage::position;
use super::lines::strip;
use super::listed::{open_list, round_cells, state_cells};
use crate::dash::board::Subject;
use crate::dash::draw::{Column, Line, Table, boxed, line_right, rows};
use crate::dash::state::Row;
use crate::dash::view::{Shot, empty, panes, title};
use crate::dash::words::{NOTHING, share, subject_kind, subject_label};
use crate::locale::text;
use crate::model::SubjectKind;
use crate::t;

/// Rounds the strip shows.
const STRIP: usize = 20;

/// Draws the list.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme, ui) = (shot.ui.lang, shot.theme, shot.ui);
    let area = panes(ui, shot.board, area).list;
    let loading = shot.loading();
    let mut heading = match &loading {
        Some(_) => title(theme, text(lang, "dash_loading.devices")),
        None => title(theme, t!(lang, "dash.list_devices", count = ui.rows.len())),
    };
    let sort = ui.devices_sort.key();
    let said: Vec<&str> =
        [ui.devices_filter.key(), sort].into_iter().flatten().map(|key| text(lang, key)).collect();
    if !said.is_empty() {
        heading.push(format!(" ({})", said.join(", ")), theme.dim());
    }
    let inside = boxed(buffer, area, theme, &heading);
    line_right(buffer, rows(area, 0, 1), area.width / 2, &position(shot));
    if let Some(words) = loading {
        return empty(buffer, inside, theme, &words);
    }
    if ui.rows.is_empty() {
        return empty(buffer, inside, theme, text(lang, "dash.no_subjects"));
    }
    let table = columns(shot, inside.width);
    open_list(shot, inside, buffer, &table, |row| match row {
        Row::Subject(id) => {
            shot.board.subject(id).map(|s| cells(shot, &table, s)).unwrap_or_default()
        }
        _ => Vec::new(),
    });
}

fn columns(shot: &Shot<'_>, width: u16) -> Table {
    let lang = shot.ui.lang;
    let word = |key, width, rank| Column::words(text(lang, key), width, rank);
    let figure = |key, width, rank| Column::figures(text(lang, key), width, rank);
    let columns = vec![
        Column::words("", 1, 0),
        Column::growing(text(lang, "dash.column_name"), 16),
        word("dash.column_where", 17, 0),
        word("dash.column_kind", 10, 4),
        word("dash.column_state", 20, 1),
        word("dash.column_address", 15, 2),
        figure("dash.column_rtt", 8, 3),
        figure("dash.column_loss", 7, 5),
        figure("dash.column_month", 8, 6),
        figure("dash.column_lost_minutes", 9, 7),
        word("dash.column_recent", 20, 8),
        word("dash.column_id", 26, 9),
    ];
    Table::new(columns, width)
}

fn cells(shot: &Shot<'_>, table: &Table, subject: Subject<'_>) -> Vec<Line> {
    let (lang, theme, board) = (shot.ui.lang, shot.theme, shot.board);
    let [sign, state] = state_cells(shot, subject, true);
    let [rtt, loss] = round_cells(shot, subject);
    let kind = match subject.kind() {
        SubjectKind::Service => text(lang, "dash.a_service").to_owned(),
        _ => subject_kind(board, subject),
    };
    let unit =
        board.unit(subject.unit()).map_or_else(|| subject.unit().to_string(), |u| u.short.clone());
    vec![
        sign,
        Line::plain(subject_label(board, subject)),
        Line::plain(unit),
        Line::plain(kind),
        state,
        Line::plain(subject.address().unwrap_or(NOTHING)),
        rtt,
        loss,
        Line::plain(share(lang, subject.month().delivered_ppm(), 2)),
        Line::plain(crate::locale::number(lang, subject.month().millis.down / 60_000)),
        if table.shows(10) { strip(shot, subject, STRIP) } else { Line::default() },
        Line::styled(subject.id().to_string(), theme.dim()),
    ]
}
