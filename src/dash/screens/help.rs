//! The keys of the screen beneath, and what the signs and columns mean.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::dash::draw::{Line, boxed, line, rows};
use crate::dash::keys::told;
use crate::dash::state::{Mode, Ui};
use crate::dash::theme::{Colours, Theme};
use crate::dash::view::{Shot, title};
use crate::locale::{Lang, state_name, text};
use crate::model::State;
use crate::t;

/// Columns from which keys and meanings stand side by side.
const WIDE: u16 = 76;

/// Columns of the keys.
const KEYS: u16 = 17;

/// What the columns of the coverage screen mean.
const MEANINGS: [&str; 7] = [
    "dash.help_coverage",
    "dash.help_counts",
    "dash.help_month",
    "dash.help_measured",
    "dash.help_verdict",
    "dash.help_impact",
    "dash.help_chart",
];

/// Where the keys stand, and where the signs, boxes included.
fn panes(area: Rect) -> (Rect, Rect) {
    if area.width >= WIDE {
        let left = (area.width / 2).min(52);
        let keys = Rect { width: left, ..area };
        return (keys, Rect { x: area.x + left, width: area.width - left, ..area });
    }
    let height = (area.height / 2).max(4).min(area.height);
    (rows(area, 0, height), rows(area, height, area.height - height))
}

/// How far down the longer of both sides can be read.
pub fn most(ui: &Ui, area: Rect) -> usize {
    let (keys_area, signs_area) = panes(area);
    let inside = |area: Rect| (area.width.saturating_sub(2), area.height.saturating_sub(2));
    let ((_, keys_height), (width, signs_height)) = (inside(keys_area), inside(signs_area));
    // No sign is wider in one theme than in another.
    let theme = Theme { colours: Colours::None, ascii: true };
    let keys = told(ui.screen, Mode::Normal, ui.read_only).count();
    let meanings = meanings(ui.lang, &theme, usize::from(width)).len();
    let beyond = |count: usize, height: u16| count.saturating_sub(usize::from(height));
    beyond(keys, keys_height).max(beyond(meanings, signs_height))
}

/// Draws the help. Both sides move together, each no further than its end.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let keys: Vec<(String, &str)> = told(shot.ui.screen, Mode::Normal, shot.ui.read_only)
        .map(|b| {
            let labels: Vec<String> = b.presses.iter().map(|p| p.label(theme.ascii)).collect();
            (labels.join(" "), text(lang, b.text))
        })
        .collect();
    let (keys_area, signs_area) = panes(area);
    let inside = boxed(buffer, keys_area, theme, &title(theme, text(lang, "dash.help_keys")));
    let most = keys.len().saturating_sub(usize::from(inside.height));
    let shown = keys.iter().skip(shot.ui.help_top.min(most));
    for (y, (labels, words)) in (0..inside.height).zip(shown) {
        let row = rows(inside, y, 1);
        let key_area = Rect { width: KEYS.min(row.width), ..row };
        line(buffer, key_area, 1, &Line::styled(labels.clone(), theme.strong()));
        line(buffer, row, KEYS + 1, &Line::plain(*words));
    }
    let inside = boxed(buffer, signs_area, theme, &title(theme, text(lang, "dash.help_signs")));
    let meanings = meanings(lang, theme, usize::from(inside.width));
    let most = meanings.len().saturating_sub(usize::from(inside.height));
    for (y, words) in (0..inside.height).zip(meanings.iter().skip(shot.ui.help_top.min(most))) {
        line(buffer, rows(inside, y, 1), 0, words);
    }
}

/// What the signs and columns mean, broken into lines of `width` columns.
fn meanings(lang: Lang, theme: &Theme, width: usize) -> Vec<Line> {
    let mut meanings: Vec<Line> = Vec::new();
    for state in State::ALL {
        let words = Line::styled(format!(" {} ", theme.glyph(state)), theme.state(state))
            .then(state_name(lang, state), theme.strong())
            .then(format!(": {}", text(lang, state_help(state))), Style::new());
        meanings.extend(words.wrap(width));
    }
    let words = Line::styled(format!(" {} ", theme.off_hours()), theme.dim())
        .then(text(lang, "state.off_hours"), theme.strong())
        .then(format!(": {}", text(lang, "dash.help_off_hours")), Style::new());
    meanings.extend(words.wrap(width));
    let [planned, flapping, taken] = theme.incident_signs();
    let signs =
        t!(lang, "dash.help_signs_incident", planned = planned, flapping = flapping, taken = taken);
    let channel = t!(lang, "dash.help_channel", sign = theme.channel());
    let columns = MEANINGS.map(|key| text(lang, key).to_owned());
    for words in columns.into_iter().chain([signs, channel]) {
        let broken = Line::plain(words).wrap(width.saturating_sub(1));
        meanings.extend(broken.into_iter().map(|piece| {
            let mut padded = Line::plain(" ");
            padded.append(piece);
            padded
        }));
    }
    meanings
}

const fn state_help(state: State) -> &'static str {
    match state {
        State::Up => "dash.help_up",
        State::Degraded => "dash.help_degraded",
        State::Down => "dash.help_down",
        State::Unreachable => "dash.help_unreachable",
        State::Unmeasured => "dash.help_unmeasured",
    }
}
