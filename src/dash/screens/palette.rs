//! The actions by name, over the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::dash::draw::{Column, Line, Table, boxed, line, list, rows};
use crate::dash::view::{Shot, empty, title};
use crate::locale::text;

/// Draws what is typed and what answers it.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme, palette) = (shot.ui.lang, shot.theme, &shot.ui.palette);
    let inside = boxed(buffer, area, theme, &title(theme, text(lang, "dash.palette")));
    let mut input = Line::styled(":", theme.strong());
    input.push(palette.text.clone(), theme.strong());
    input.push(" ", theme.selected());
    line(buffer, rows(inside, 0, 1), 1, &input);
    let below = rows(inside, 1, inside.height.saturating_sub(1));
    if palette.hits.is_empty() {
        return empty(buffer, rows(below, 1, 1), theme, text(lang, "dash.nothing_found"));
    }
    let columns = vec![
        Column::words("", 1, 0),
        Column::growing(text(lang, "dash.column_action"), 20),
        Column::words(text(lang, "dash.column_key"), 14, 1),
    ];
    let table = Table::new(columns, below.width);
    let names = palette.names();
    let height = usize::from(below.height.saturating_sub(1));
    let selected = palette.place.index(&names);
    let window = (palette.place.first_visible(&names, height), selected, names.len());
    list(buffer, below, theme, &table, window, |i| {
        let Some(binding) = palette.hits.get(i) else { return Vec::new() };
        let labels: Vec<String> = binding.presses.iter().map(|p| p.label(theme.ascii)).collect();
        let pointer = if selected == Some(i) { theme.pointer() } else { "" };
        vec![
            Line::plain(pointer),
            Line::plain(text(lang, binding.text)),
            Line::styled(labels.join(" "), theme.dim()),
        ]
    });
}
