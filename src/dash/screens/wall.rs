//! What is read from five metres: how much is connected, what is not, what is open.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::chrome::{Coverage, coverage};
use super::incidents;
use crate::dash::board::slot;
use crate::dash::draw::{Line, boxed, line, rows, text as write};
use crate::dash::view::{Shot, title};
use crate::locale::{number, state_name, text, width};
use crate::model::State;
use crate::t;

/// Rows of a letter.
const HIGH: u16 = 5;

/// Columns of a letter, its gap included.
const WIDE: u16 = 4;

/// A letter's rows, the left column in the highest of three bits.
const fn rows_of(letter: char) -> [u8; 5] {
    match letter {
        '0' => [7, 5, 5, 5, 7],
        '1' => [2, 6, 2, 2, 7],
        '2' => [7, 1, 7, 4, 7],
        '3' => [7, 1, 7, 1, 7],
        '4' => [5, 5, 7, 1, 1],
        '5' => [7, 4, 7, 1, 7],
        '6' => [7, 4, 7, 5, 7],
        '7' => [7, 1, 1, 2, 2],
        '8' => [7, 5, 7, 5, 7],
        '9' => [7, 5, 7, 1, 7],
        ',' => [0, 0, 0, 2, 4],
        '.' => [0, 0, 0, 0, 2],
        '%' => [5, 1, 2, 4, 5],
        '/' => [1, 1, 2, 4, 4],
        _ => [0; 5],
    }
}

/// Draws the wallboard.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let Some(Coverage { network, figures }) = coverage(shot) else {
        return write_centred(area, text(lang, "dash.no_units"), theme.strong(), buffer);
    };
    let label = t!(lang, "dash.header_coverage", network = network);
    let (mut y, words) = match figures {
        Ok(figures) => {
            let share: String = figures.share.chars().filter(|c| !c.is_whitespace()).collect();
            let scale = scale(&share, area);
            let room = rows(area, 1, HIGH * scale);
            let style = if figures.reached { theme.strong() } else { theme.fault() };
            large(shot, &share, scale, room, style, buffer);
            (room.height + 2, format!("{label} {}", figures.count))
        }
        Err(words) => (2, format!("{label}: {words}")),
    };
    write_centred(rows(area, y, 1), &words, theme.strong(), buffer);
    y += 2;
    let mut states = Line::default();
    for state in [State::Down, State::Degraded, State::Unreachable, State::Unmeasured] {
        let found = shot.board.counts[slot(state)];
        let figure = number(lang, i64::from(found));
        let style = if found > 0 { theme.state(state) } else { theme.dim() };
        let gap = if area.width >= 100 { "   " } else { " " };
        let name = state_name(lang, state);
        states.push(format!("{gap}{} {figure} {name}{gap}", theme.glyph(state)), style);
    }
    let free = usize::from(area.width).saturating_sub(states.width()) / 2;
    line(buffer, rows(area, y, 1), u16::try_from(free).unwrap_or(0), &states);
    y += 2;
    let open = shot.board.incidents.len();
    let heading = title(theme, t!(lang, "dash.open_incidents", count = open));
    let inside = boxed(buffer, rows(area, y, area.height.saturating_sub(y)), theme, &heading);
    incidents::brief(shot, inside, buffer);
}

/// The largest whole scale at which the figures fill less than half of the area.
fn scale(figures: &str, area: Rect) -> u16 {
    let letters = u16::try_from(figures.chars().count()).unwrap_or(u16::MAX).max(1);
    let across = area.width / letters.saturating_mul(WIDE * 2);
    let down = area.height * 2 / 5 / HIGH;
    across.min(down).max(1)
}

/// Figures of blocks; a block is twice as wide as high, which looks square.
fn large(
    shot: &Shot<'_>,
    figures: &str,
    scale: u16,
    area: Rect,
    style: Style,
    buffer: &mut Buffer,
) {
    let block = if shot.theme.ascii { "#" } else { "█" };
    let letters = u16::try_from(figures.chars().count()).unwrap_or(u16::MAX);
    let wide = letters.saturating_mul(WIDE * 2).saturating_mul(scale);
    let left = area.width.saturating_sub(wide) / 2;
    let dot = block.repeat(usize::from(2 * scale));
    for y in 0..area.height {
        let row = rows(area, y, 1);
        let mut x = left;
        for letter in figures.chars() {
            let bits = rows_of(letter).get(usize::from(y / scale)).copied().unwrap_or(0);
            for bit in 0..WIDE {
                if bit < 3 && bits & (4 >> bit) != 0 {
                    write(buffer, row, x, &dot, style);
                }
                x = x.saturating_add(2 * scale);
            }
        }
    }
}

fn write_centred(area: Rect, words: &str, style: Style, buffer: &mut Buffer) {
    let free = usize::from(area.width).saturating_sub(width(words)) / 2;
    write(buffer, rows(area, 0, 1), u16::try_from(free).unwrap_or(0), words, style);
}
