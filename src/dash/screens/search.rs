//! The search and its hits.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::dash::draw::{Column, Line, Table, boxed, line, list, rows, text as write};
use crate::dash::search::Hit;
use crate::dash::view::{Shot, empty, title};
use crate::dash::words::{NOTHING, Standing, standing, subject_kind, subject_title};
use crate::locale::{number, state_name, text};
use crate::model::UnitId;
use crate::t;

/// Draws the search over the body.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme, search) = (shot.ui.lang, shot.theme, &shot.ui.search);
    let inside = boxed(buffer, area, theme, &title(theme, text(lang, "dash.search")));
    let mut input = Line::styled("/", theme.strong());
    input.push(search.text.clone(), theme.strong());
    input.push(" ", theme.selected());
    let end = line(buffer, rows(inside, 0, 1), 1, &input);
    let found = number(lang, i64::try_from(search.found).unwrap_or(i64::MAX));
    let loading = shot.loading();
    if !search.text.is_empty() {
        let words = match &loading {
            Some(words) => words.clone(),
            None => t!(lang, "dash.found", count = found),
        };
        write(buffer, rows(inside, 0, 1), end + 2, &words, theme.dim());
    }
    let below = rows(inside, 1, inside.height.saturating_sub(1));
    if search.text.is_empty() {
        return empty(buffer, rows(below, 1, 1), theme, text(lang, "dash.search_hint"));
    }
    if search.hits.is_empty() && loading.is_some() {
        return;
    }
    if search.hits.is_empty() {
        return empty(buffer, rows(below, 1, 1), theme, text(lang, "dash.nothing_found"));
    }
    let columns = vec![
        Column::words("", 1, 0),
        Column::growing(text(lang, "dash.column_name"), 24),
        Column::words(text(lang, "dash.column_kind"), 12, 3),
        Column::words(text(lang, "dash.column_state"), 14, 2),
        Column::words(text(lang, "dash.column_where"), 24, 1),
        Column::words(text(lang, "dash.column_address"), 15, 4),
    ];
    let table = Table::new(columns, below.width);
    let height = usize::from(below.height.saturating_sub(1));
    let place = &search.place;
    let window =
        (place.first_visible(&search.hits, height), place.index(&search.hits), search.hits.len());
    list(buffer, below, theme, &table, window, |i| {
        search.hits.get(i).map(|hit| cells(shot, hit)).unwrap_or_default()
    });
}

/// "H. Cái Bè › Tiền Giang" from the nearest unit up.
fn above(shot: &Shot<'_>, id: &UnitId) -> String {
    let mut path = Vec::new();
    let mut at = shot.board.unit(id);
    while let Some(unit) = at {
        path.push(unit.short.as_str());
        at = shot.board.parent(&unit.id);
    }
    // The province is above everything and says nothing.
    if path.len() > 1 {
        path.pop();
    }
    path.join(", ")
}

fn cells(shot: &Shot<'_>, hit: &Hit) -> Vec<Line> {
    let (lang, theme, board) = (shot.ui.lang, shot.theme, shot.board);
    match hit {
        Hit::Unit(id) => {
            let Some(unit) = board.unit(id) else { return Vec::new() };
            let mark = board.mark(id);
            let kind = text(lang, &format!("unit.kind.{}", unit.kind.as_str()));
            let whose = unit.parent.as_ref().map(|p| above(shot, p)).unwrap_or_default();
            vec![
                Line::styled(theme.glyph(mark).to_string(), theme.state(mark)),
                Line::styled(unit.name.clone(), theme.strong()),
                Line::plain(kind),
                Line::styled(state_name(lang, mark), theme.state(mark)),
                Line::plain(whose),
            ]
        }
        Hit::Subject(id) => {
            let Some(subject) = board.subject(id) else { return Vec::new() };
            let Standing { glyph, word, style } = standing(lang, theme, subject.now());
            let address = subject.address().unwrap_or(NOTHING).to_owned();
            vec![
                Line::styled(glyph.to_string(), style),
                Line::plain(subject_title(board, subject)),
                Line::plain(subject_kind(board, subject)),
                Line::styled(word, style),
                Line::plain(above(shot, subject.unit())),
                Line::plain(address),
            ]
        }
    }
}
