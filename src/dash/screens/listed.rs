//! The open list of a screen: the visible window of its rows, the selected one reversed; and what
//! lists of subjects have in common.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::lines::loss;
use crate::dash::board::Subject;
use crate::dash::draw::{Line, Table, list};
use crate::dash::state::Row;
use crate::dash::view::Shot;
use crate::dash::words::{Standing, rtt_or_nothing, standing};
use crate::model::State;
use crate::t;

/// Draws the open list; `cells` makes those of a row that is visible.
pub fn open_list(
    shot: &Shot<'_>,
    area: Rect,
    buffer: &mut Buffer,
    table: &Table,
    cells: impl Fn(&Row) -> Vec<Line>,
) {
    let ui = shot.ui;
    let Some(place) = ui.place() else { return };
    let height = usize::from(area.height.saturating_sub(1));
    let window = (place.first_visible(&ui.rows, height), place.index(&ui.rows), ui.rows.len());
    list(buffer, area, shot.theme, table, window, |i| {
        ui.rows.get(i).map(&cells).unwrap_or_default()
    });
}

/// A subject's sign and its state, `with_age` also for how long it has not been up.
pub fn state_cells(shot: &Shot<'_>, subject: Subject<'_>, with_age: bool) -> [Line; 2] {
    let (lang, theme, now) = (shot.ui.lang, shot.theme, subject.now());
    let Standing { glyph, word, style } = standing(lang, theme, now);
    let mut words = word.to_owned();
    if now.state != State::Up && with_age {
        words = format!("{words} {}", shot.age(now.since));
    } else if now.state == State::Up && now.suspect > 0 {
        words = t!(lang, "dash.suspect", failed = now.suspect);
    }
    let of_words = if now.suspect > 0 { theme.poor() } else { style };
    [Line::styled(glyph.to_string(), style), Line::styled(words, of_words)]
}

/// Round-trip time and loss of its last round; beyond its thresholds they are marked.
pub fn round_cells(shot: &Shot<'_>, subject: Subject<'_>) -> [Line; 2] {
    let (now, thresholds) = (subject.now(), subject.thresholds());
    let poor = |is: bool| if is { shot.theme.poor() } else { Style::new() };
    let slow = now.rtt_us.is_some_and(|us| us > thresholds.rtt_us);
    let lossy = now.loss_permille.is_some_and(|l| l > thresholds.loss_permille);
    [
        Line::styled(rtt_or_nothing(shot.ui.lang, now.rtt_us), poor(slow)),
        Line::styled(loss(shot, now.loss_permille), poor(lossy)),
    ]
}
