//! The frame of the dialogs, and what they all have in it: labels at the left, a note, choices, a
//! line of one's own. Each draws over the middle of the screen and nothing beside it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::api::NOTE_MAX;
use crate::dash::draw::{Line, boxed, clear, line, line_right, rows, text as write};
use crate::dash::form::Entry;
use crate::dash::theme::Theme;
use crate::dash::view::{Shot, title};
use crate::locale::{date_time, duration, fit_end, text, width};
use crate::model::UnixMs;
use crate::t;

/// Most columns of a dialog.
const WIDE: u16 = 76;

/// A dialog's inside.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    inside: Rect,
    /// Where what stands after the labels begins.
    column: u16,
}

impl Frame {
    /// Clears the middle of `area` and draws a box with `rows` lines in it under `heading`, at its
    /// right which of how many things it is about; `labels` are keys of texts with their lines.
    pub fn draw(
        shot: &Shot<'_>,
        area: Rect,
        buffer: &mut Buffer,
        heading: &str,
        (at, count): (usize, usize),
        labels: &[(u16, &'static str)],
        lines: u16,
    ) -> Self {
        let (lang, theme) = (shot.ui.lang, shot.theme);
        let (wide, high) = (WIDE.min(area.width), (lines + 2).min(area.height));
        let place = Rect {
            x: area.x + (area.width - wide) / 2,
            y: area.y + (area.height - high) / 2,
            width: wide,
            height: high,
        };
        clear(buffer, place);
        let inside = boxed(buffer, place, theme, &title(theme, heading));
        if count > 1 {
            let words = t!(lang, "dash.take_which", at = at, count = count);
            let words = Line::styled(format!(" {words} "), theme.strong());
            let top = rows(place, 0, 1);
            let top = Rect { width: top.width.saturating_sub(1), ..top };
            line_right(buffer, top, wide / 2, &words);
        }
        let inside = Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside };
        let longest = labels.iter().map(|(_, key)| width(text(lang, key))).max().unwrap_or(0);
        for (y, key) in labels {
            write(buffer, rows(inside, *y, 1), 0, text(lang, key), theme.dim());
        }
        Self { inside, column: u16::try_from(longest + 2).unwrap_or(0) }
    }

    /// Columns right of the labels.
    pub fn room(&self) -> usize {
        usize::from(self.inside.width.saturating_sub(self.column))
    }

    /// Writes beside the label of a line.
    pub fn put(&self, buffer: &mut Buffer, y: u16, words: &Line) {
        line(buffer, rows(self.inside, y, 1), self.column, words);
    }

    /// What is typed as a note, its end where it is too long, and how much of it there may be.
    pub fn note(&self, shot: &Shot<'_>, buffer: &mut Buffer, y: u16, entry: &Entry) {
        let (theme, area) = (shot.theme, rows(self.inside, y, 1));
        let count = format!("{}/{NOTE_MAX}", entry.note.chars().count());
        let count_width = u16::try_from(width(&count)).unwrap_or(0);
        let room = area.width.saturating_sub(self.column + count_width + 2);
        let shown = fit_end(&entry.note, usize::from(room.saturating_sub(1)));
        let mut words = Line::styled(shown, theme.strong());
        if !entry.is_on_own {
            words.push(theme.cursor(), theme.selected());
        }
        let area_of_note = Rect { width: self.column + room, ..area };
        let end = line(buffer, area_of_note, self.column, &words);
        line_right(buffer, area, end, &Line::styled(count, theme.dim()));
    }

    /// The choices, the chosen one between brackets, over as many lines as they need; returns how
    /// many.
    pub fn choices<'a>(
        &self,
        shot: &Shot<'_>,
        buffer: &mut Buffer,
        y: u16,
        choices: impl Iterator<Item = (&'a str, bool)>,
    ) -> u16 {
        let (first, mut y, mut words) = (y, y, Line::default());
        for (name, is_chosen) in choices {
            let next = choice(shot.theme, name, is_chosen);
            if words.width() > 0 && words.width() + next.width() > self.room() {
                self.put(buffer, y, &std::mem::take(&mut words));
                y += 1;
            }
            words.append(next);
        }
        self.put(buffer, y, &words);
        y - first + 1
    }
}

/// One of several choices; the chosen one stands between brackets, so that it is told from the
/// others where nothing is reversed.
pub fn choice(theme: &Theme, name: &str, is_chosen: bool) -> Line {
    match is_chosen {
        true => Line::styled(format!("[{name}]"), theme.selected()),
        false => Line::styled(format!(" {name} "), theme.dim()),
    }
}

/// The line of one's own, where what is chosen wants one; what comes after it follows.
pub fn own(shot: &Shot<'_>, entry: &Entry, has_own: bool) -> Line {
    let mut words = Line::plain(" ");
    if has_own {
        words.push(entry.own.clone(), shot.theme.strong());
        if entry.is_on_own {
            words.push(shot.theme.cursor(), shot.theme.selected());
        }
        words.push("  ", Style::new());
    }
    words
}

/// How to write what was typed wrong, or not at all yet.
pub fn hint(shot: &Shot<'_>, entry: &Entry, key: &'static str) -> Line {
    let (lang, how) = (shot.ui.lang, text(shot.ui.lang, key));
    match entry.is_wrong {
        true => Line::styled(t!(lang, "dash.not_understood", how = how), shot.theme.fault()),
        false => Line::styled(how, shot.theme.dim()),
    }
}

/// "22:00 27/11 (5 giờ 20 phút nữa)": whoever typed hours sees whether they were taken for a length.
pub fn ahead(shot: &Shot<'_>, at: UnixMs) -> String {
    let lang = shot.ui.lang;
    let length = duration(lang, at.since(shot.now).max(0));
    let at = date_time(lang, &shot.board.local(at));
    t!(lang, "dash.ahead", at = at, length = length)
}
