//! Drawing into a buffer: text, boxes and tables of which only the visible window is made.
//!
//! Guarantees: nothing is drawn outside the area given, whatever its size.

use std::borrow::Cow;

use compact_str::CompactString;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use smallvec::SmallVec;

use super::theme::Theme;
use crate::locale::{fit, width, words};

/// Text in pieces, each with its style. Most are one short piece, and a frame makes a thousand of them: such a
/// one takes no memory of its own.
#[derive(Debug, Clone, Default)]
pub struct Line(SmallVec<[(CompactString, Style); 1]>);

impl Line {
    /// One piece.
    pub fn styled(text: impl Into<CompactString>, style: Style) -> Self {
        Self(SmallVec::from_buf([(text.into(), style)]))
    }

    /// One plain piece.
    pub fn plain(text: impl Into<CompactString>) -> Self {
        Self::styled(text, Style::new())
    }

    /// Adds a piece.
    #[must_use]
    pub fn then(mut self, text: impl Into<CompactString>, style: Style) -> Self {
        self.0.push((text.into(), style));
        self
    }

    /// Adds a piece.
    pub fn push(&mut self, text: impl Into<CompactString>, style: Style) {
        self.0.push((text.into(), style));
    }

    /// Adds all pieces of another line.
    pub fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Columns it takes.
    pub fn width(&self) -> usize {
        self.0.iter().map(|(text, _)| width(text)).sum()
    }

    /// Without the blank that ended its last word.
    fn trimmed(mut self) -> Self {
        if let Some((last, _)) = self.0.last_mut() {
            last.truncate(last.trim_end().len());
        }
        self
    }

    /// With an ellipsis at its end, for which it makes room within `columns`.
    #[must_use]
    pub fn open_ended(mut self, columns: usize) -> Self {
        let taken = self.width();
        if let Some((last, _)) = self.0.last_mut() {
            let room = (width(last) + columns).saturating_sub(taken);
            *last = fit(&format!("{last} …"), room.min(width(last) + 1)).into();
        }
        self
    }

    /// The line broken between words into lines of at most `room` columns; a figure keeps its "%", a longer
    /// word is left to be cut where it is drawn.
    pub fn wrap(&self, room: usize) -> Vec<Self> {
        let mut broken = Vec::new();
        let mut now = Self::default();
        let mut used = 0;
        for (piece, style) in &self.0 {
            for word in words(piece) {
                let columns = width(word);
                if used > 0 && used + width(word.trim_end()) > room {
                    broken.push(std::mem::take(&mut now).trimmed());
                    used = 0;
                    // The end of the line says what the comma would.
                    if word.trim() == "," {
                        continue;
                    }
                }
                if used == 0 && word.trim().is_empty() && !broken.is_empty() {
                    continue;
                }
                now.push(word, *style);
                used += columns;
            }
        }
        if used > 0 || broken.is_empty() {
            broken.push(now.trimmed());
        }
        broken
    }
}

/// A row's cut of an area: `height` rows from `top` on, clipped to it.
pub fn rows(area: Rect, top: u16, height: u16) -> Rect {
    let top = top.min(area.height);
    Rect { y: area.y + top, height: height.min(area.height - top), ..area }
}

/// Writes text at a column of a one-row area, cut with an ellipsis at its end; returns the
/// column after it.
pub fn text(buffer: &mut Buffer, area: Rect, at: u16, text: &str, style: Style) -> u16 {
    let area = area.intersection(buffer.area);
    if area.is_empty() || at >= area.width {
        return at;
    }
    let room = usize::from(area.width - at);
    let shown = if width(text) <= room { Cow::Borrowed(text) } else { Cow::Owned(fit(text, room)) };
    let (x, _) = buffer.set_stringn(area.x + at, area.y, &shown, room, style);
    x - area.x
}

/// Writes a line at a column; returns the column after it.
pub fn line(buffer: &mut Buffer, area: Rect, at: u16, line: &Line) -> u16 {
    let mut at = at;
    for (piece, style) in &line.0 {
        at = text(buffer, area, at, piece, *style);
    }
    at
}

/// Writes a line against the right edge; nothing when it does not fit after `from`.
pub fn line_right(buffer: &mut Buffer, area: Rect, from: u16, right: &Line) {
    let width = u16::try_from(right.width()).unwrap_or(u16::MAX);
    if let Some(at) = area.width.checked_sub(width).filter(|at| *at >= from) {
        line(buffer, area, at, right);
    }
}

/// Empties an area for what is to lie over what was drawn there; a wide letter that reaches into it
/// from the left goes as a whole.
pub fn clear(buffer: &mut Buffer, area: Rect) {
    let area = area.intersection(buffer.area);
    for y in area.top()..area.bottom() {
        let before = area.x.checked_sub(1).filter(|x| *x >= buffer.area.x);
        if let Some(cell) = before.and_then(|x| buffer.cell_mut((x, y)))
            && width(cell.symbol()) > 1
        {
            cell.set_symbol(" ");
        }
        for x in area.left()..area.right() {
            if let Some(cell) = buffer.cell_mut((x, y)) {
                cell.reset();
            }
        }
    }
}

/// Draws a box with a title and returns what is inside it.
pub fn boxed(buffer: &mut Buffer, area: Rect, theme: &Theme, title: &Line) -> Rect {
    let area = area.intersection(buffer.area);
    if area.width < 2 || area.height < 2 {
        return Rect { width: 0, height: 0, ..area };
    }
    let signs = theme.lines();
    let dim = theme.dim();
    let across = signs.across.repeat(usize::from(area.width - 2));
    let last = rows(area, area.height - 1, 1);
    for (row, left, right) in [(rows(area, 0, 1), 0, 1), (last, 2, 3)] {
        let at = text(buffer, row, 0, signs.corners[left], dim);
        let at = text(buffer, row, at, &across, dim);
        text(buffer, row, at, signs.corners[right], dim);
    }
    for y in 1..area.height - 1 {
        let row = rows(area, y, 1);
        text(buffer, row, 0, signs.down, dim);
        text(buffer, row, area.width - 1, signs.down, dim);
    }
    let inside = Rect { x: area.x + 2, width: area.width.saturating_sub(4), height: 1, ..area };
    if title.width() > 0 && inside.width > 2 {
        let titled = Rect { width: inside.width.min(width_u16(title) + 2), ..inside };
        let at = text(buffer, titled, 0, " ", dim);
        let room = Rect { width: titled.width - 1, ..titled };
        let at = line(buffer, room, at, title);
        text(buffer, titled, at, " ", dim);
    }
    Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 2 }
}

fn width_u16(line: &Line) -> u16 {
    u16::try_from(line.width()).unwrap_or(u16::MAX)
}

/// A column of a table.
#[derive(Debug, Clone)]
pub struct Column {
    /// Heading.
    pub title: CompactString,
    /// Columns of the screen; of a growing one the least.
    pub width: u16,
    /// Figures stand at the right.
    pub right: bool,
    /// Takes what is left over.
    pub grows: bool,
    /// When room is short the largest goes first; 0 never goes.
    pub rank: u8,
}

impl Column {
    /// A column of words.
    pub fn words(title: impl Into<CompactString>, width: u16, rank: u8) -> Self {
        Self { title: title.into(), width, right: false, grows: false, rank }
    }

    /// A column of figures.
    pub fn figures(title: impl Into<CompactString>, width: u16, rank: u8) -> Self {
        Self { right: true, ..Self::words(title, width, rank) }
    }

    /// The column that takes what is left over, at least `width`.
    pub fn growing(title: impl Into<CompactString>, width: u16) -> Self {
        Self { grows: true, ..Self::words(title, width, 0) }
    }
}

/// Columns with their places: (index of the column, left edge, width).
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<Column>,
    places: Vec<(usize, u16, u16)>,
}

impl Table {
    /// Fits columns into `width`, leaving out the least important ones.
    pub fn new(columns: Vec<Column>, width: u16) -> Self {
        let mut kept: Vec<usize> = (0..columns.len()).collect();
        let wanted = |kept: &[usize]| -> u16 {
            let sum: u16 = kept.iter().filter_map(|i| columns.get(*i)).map(|c| c.width + 1).sum();
            sum.saturating_sub(1)
        };
        while wanted(&kept) > width {
            let least = kept
                .iter()
                .enumerate()
                .filter_map(|(k, i)| columns.get(*i).map(|c| (c.rank, k)))
                .filter(|(rank, _)| *rank > 0)
                .max();
            let Some((_, k)) = least else { break };
            kept.remove(k);
        }
        let spare = width.saturating_sub(wanted(&kept));
        let mut places = Vec::with_capacity(kept.len());
        let mut x = 0;
        let mut spare_left = spare;
        for i in kept {
            let Some(column) = columns.get(i) else { continue };
            let grown = if column.grows { std::mem::take(&mut spare_left) } else { 0 };
            places.push((i, x, column.width + grown));
            x += column.width + grown + 1;
        }
        Self { columns, places }
    }

    /// Whether a column is shown.
    pub fn shows(&self, column: usize) -> bool {
        self.places.iter().any(|(i, ..)| *i == column)
    }

    /// Columns of a column; none where it is not shown.
    pub fn width(&self, column: usize) -> usize {
        let place = self.places.iter().find(|(i, ..)| *i == column);
        place.map_or(0, |(.., width)| usize::from(*width))
    }

    /// Draws the headings.
    pub fn head(&self, buffer: &mut Buffer, area: Rect, style: Style) {
        for (i, x, width) in &self.places {
            if let Some(column) = self.columns.get(*i) {
                let title = Line::styled(column.title.clone(), style);
                cell(buffer, area, *x, *width, column.right, &title);
            }
        }
    }

    /// Draws one row's cells; there may be fewer than columns.
    pub fn row(&self, buffer: &mut Buffer, area: Rect, cells: &[Line]) {
        for (i, x, width) in &self.places {
            if let (Some(column), Some(content)) = (self.columns.get(*i), cells.get(*i)) {
                cell(buffer, area, *x, *width, column.right, content);
            }
        }
    }
}

fn cell(buffer: &mut Buffer, area: Rect, x: u16, width: u16, right: bool, content: &Line) {
    if x >= area.width {
        return;
    }
    let area = Rect { x: area.x + x, width: width.min(area.width - x), ..area };
    let at = if right { area.width.saturating_sub(width_u16(content)) } else { 0 };
    line(buffer, area, at, content);
}

/// Draws the visible window of a list below its headings: `cells` is called for visible rows
/// only. The selected row is reversed.
pub fn list(
    buffer: &mut Buffer,
    area: Rect,
    theme: &Theme,
    table: &Table,
    (first, selected, count): (usize, Option<usize>, usize),
    mut cells: impl FnMut(usize) -> Vec<Line>,
) {
    if area.is_empty() {
        return;
    }
    table.head(buffer, rows(area, 0, 1), theme.dim());
    for y in 1..area.height {
        let index = first + usize::from(y) - 1;
        if index >= count {
            break;
        }
        let row = rows(area, y, 1);
        table.row(buffer, row, &cells(index));
        if selected == Some(index) {
            buffer.set_style(row, theme.selected());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_letter_that_reaches_into_a_cleared_area_goes_as_a_whole() {
        let whole = Rect::new(0, 0, 6, 1);
        let mut buffer = Buffer::empty(whole);
        text(&mut buffer, whole, 0, "前前前", Style::new());
        clear(&mut buffer, Rect::new(1, 0, 4, 1));
        let left: Vec<&str> = (0..6).map(|x| buffer[(x, 0)].symbol()).collect();
        assert_eq!(left, [" "; 6]);
        clear(&mut buffer, Rect::new(5, 0, 9, 9));
    }
}
