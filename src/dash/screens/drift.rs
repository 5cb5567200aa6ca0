//! What is not as the inventory says, one below the other.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::coverage::position;
use super::facts::wrapped;
use crate::api::{Drift, Fit, What};
use crate::dash::draw::{Column, Line, Table, boxed, line_right, list, rows};
use crate::dash::drift::what_key;
use crate::dash::state::Row;
use crate::dash::view::{Shot, empty, panes, title};
use crate::dash::words::NOTHING;
use crate::locale::{date_time, number, reason_words, text, visible};
use crate::model::State;
use crate::t;

/// Draws the list, and the selected row with nothing cut off beneath it.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme, ui) = (shot.ui.lang, shot.theme, shot.ui);
    let panes = panes(ui, shot.board, area);
    let area = panes.list;
    if let Some(below) = panes.below {
        selected(shot, below, buffer);
    }
    let mut heading = title(theme, text(lang, "dash_drift.title"));
    heading.push(format!(" ({})", text(lang, ui.drift.only.key())), theme.dim());
    if let Some(reason) = &ui.drift.failure {
        let words = t!(lang, "dash_drift.failed", reason = reason_words(lang, reason));
        heading.push(format!("  {words}"), theme.fault());
    }
    let inside = boxed(buffer, area, theme, &heading);
    line_right(buffer, rows(area, 0, 1), area.width / 2, &position(shot));
    let Some(found) = ui.drift.found() else {
        let turning = format!("{} {}", theme.turning(shot.now), text(lang, "dash.loading"));
        let words = if ui.drift.failure.is_some() { String::new() } else { turning };
        return empty(buffer, inside, theme, &words);
    };
    let count = |n: usize| number(lang, i64::try_from(n).unwrap_or(i64::MAX));
    let summary = t!(
        lang,
        "drift.summary",
        heard = count(found.heard),
        differing = count(found.differing),
        undeclared = count(found.undeclared)
    );
    if ui.rows.is_empty() {
        return empty(buffer, inside, theme, &summary);
    }
    let last = rows(inside, inside.height.saturating_sub(1), 1);
    empty(buffer, last, theme, &summary);
    let inside = rows(inside, 0, inside.height.saturating_sub(1));
    let word = |key, width, rank| Column::words(text(lang, key), width, rank);
    let (what, declared, observed) = match inside.width {
        0..100 => (17, 14, 16),
        100..150 => (22, 20, 26),
        _ => (26, 32, 48),
    };
    let columns = vec![
        Column::words("", 1, 0),
        Column::growing(text(lang, "drift.device"), if inside.width < 100 { 18 } else { 26 }),
        word("drift.unit", 14, 3),
        word("drift.what", what, 0),
        word("drift.declared", declared, 0),
        word("drift.observed", observed, 0),
        word("drift.since", 5, 2),
    ];
    let table = Table::new(columns, inside.width);
    let Some(place) = ui.place() else { return };
    let height = usize::from(inside.height.saturating_sub(1));
    let window = (place.first_visible(&ui.rows, height), place.index(&ui.rows), ui.rows.len());
    list(buffer, inside, theme, &table, window, |i| match ui.rows.get(i) {
        Some(Row::Drift(key)) => ui.drift.of(key).map(|one| cells(shot, one)).unwrap_or_default(),
        _ => Vec::new(),
    });
}

/// "interface speed wan".
fn in_what(shot: &Shot<'_>, one: &Drift) -> String {
    let what = text(shot.ui.lang, what_key(one.what));
    match one.port.as_deref().filter(|_| one.what == What::Speed) {
        Some(port) => format!("{what} {}", visible(port)),
        None => what.to_owned(),
    }
}

fn observed(shot: &Shot<'_>, one: &Drift) -> String {
    let said = visible(&one.observed);
    match &one.belongs_to {
        Some(owner) => format!("{said} ({})", t!(shot.ui.lang, "drift.belongs_to", id = owner)),
        None => said,
    }
}

fn unit(shot: &Shot<'_>, one: &Drift) -> String {
    shot.board.unit(&one.unit).map_or_else(|| one.unit.to_string(), |unit| unit.short.clone())
}

fn cells(shot: &Shot<'_>, one: &Drift) -> Vec<Line> {
    let theme = shot.theme;
    let (sign, style) = match one.fit {
        Fit::Differs => (theme.glyph(State::Degraded), theme.poor()),
        Fit::Undeclared => (theme.glyph(State::Unmeasured), theme.dim()),
    };
    let since = one.since.map(|at| shot.when(at));
    let declared = one.declared.as_deref().map_or_else(|| NOTHING.into(), visible);
    vec![
        Line::styled(sign.to_string(), style),
        Line::plain(one.subject.to_string()),
        Line::plain(unit(shot, one)),
        Line::plain(in_what(shot, one)),
        Line::plain(declared),
        Line::styled(
            observed(shot, one),
            if one.fit == Fit::Differs { style } else { Style::new() },
        ),
        Line::styled(since.unwrap_or_else(|| NOTHING.to_owned()), theme.dim()),
    ]
}

/// The selected row, all of it.
fn selected(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let one = match shot.ui.selected() {
        Some(Row::Drift(key)) => shot.ui.drift.of(key),
        _ => None,
    };
    let Some(one) = one else {
        boxed(buffer, area, theme, &Line::default());
        return;
    };
    let inside = boxed(buffer, area, theme, &title(theme, one.subject.to_string()));
    let declared = one.declared.as_deref().map_or_else(|| NOTHING.into(), visible);
    let since = one.since.map(|at| date_time(lang, &shot.board.local(at)));
    let parts = [
        ("drift.unit", Some(unit(shot, one))),
        ("drift.what", Some(in_what(shot, one))),
        ("drift.declared", Some(declared)),
        ("drift.observed", Some(observed(shot, one))),
        ("drift.since", since),
    ];
    let mut words = Line::default();
    for (key, said) in parts {
        let Some(said) = said else { continue };
        words.push(format!("{}: ", text(lang, key)), theme.dim());
        words.push(format!("{said}   "), theme.strong());
    }
    wrapped(buffer, inside, &words);
}
