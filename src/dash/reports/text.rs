//! The text of a report, laid into a window: prose is broken between words, tables are left as they
//! are and moved through sideways. Pure.

use crate::locale::{width, words};

/// Most lines of a report that are kept; who needs more has it written.
const LINES_MAX: usize = 20_000;
/// Least columns that prose is broken into.
const PROSE_MIN: usize = 20;

/// The text of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// As it came.
    whole: Vec<String>,
    /// For a window of so many columns.
    columns: usize,
    /// Its lines in that window.
    pub lines: Vec<String>,
    /// Columns of the longest of them.
    pub width: usize,
    /// Lines that are not kept.
    pub left_out: usize,
}

impl Text {
    pub(super) fn new(text: &str) -> Self {
        let whole: Vec<String> = text.lines().take(LINES_MAX).map(str::to_owned).collect();
        let left_out = text.lines().count() - whole.len();
        let mut text = Self { whole, columns: 0, lines: Vec::new(), width: 0, left_out };
        text.lay(usize::MAX);
        text
    }

    /// Lays it into a window of so many columns.
    pub(super) fn lay(&mut self, columns: usize) {
        if self.columns == columns {
            return;
        }
        self.columns = columns;
        self.lines = self.whole.iter().flat_map(|line| laid(line, columns)).collect();
        self.width = self.lines.iter().map(|line| width(line)).max().unwrap_or(0);
    }
}

/// A line of prose in several, further ones beneath its first word; any other line as it is. What
/// has two blanks side by side, or none at all, is a table's.
fn laid(line: &str, columns: usize) -> Vec<String> {
    let text = line.trim_start();
    let is_prose = text.contains(' ') && !text.contains("  ");
    if !is_prose || columns < PROSE_MIN || width(line) <= columns {
        return vec![line.to_owned()];
    }
    let indent = &line[..line.len() - text.len()];
    // "(1) A note."
    let mark = text.split_once(") ").filter(|(mark, _)| mark.starts_with('(') && mark.len() < 6);
    let beneath = indent.len() + mark.map_or(0, |(mark, _)| mark.len() + 2);
    let mut found: Vec<String> = Vec::new();
    let mut now = indent.to_owned();
    let mut is_empty = true;
    for word in words(text).map(str::trim_end) {
        if !is_empty && width(&now) + 1 + width(word) > columns {
            found.push(std::mem::replace(&mut now, " ".repeat(beneath)));
            is_empty = true;
        }
        if !is_empty {
            now.push(' ');
        }
        now.push_str(word);
        is_empty = false;
    }
    found.push(now);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_broken_between_words_and_tables_are_not() {
        let note = "  (1) Phải có: số đơn vị bắt buộc có mạng theo kế hoạch";
        let expected = ["  (1) Phải có: số đơn vị bắt", "      buộc có mạng theo kế hoạch"];
        assert_eq!(laid(note, 32), expected);
        assert_eq!(laid(note, 200), [note]);
        assert_eq!(laid(note, 3), [note]);
        let row = "Phường 5        1   1/1  100,0 %";
        assert_eq!(laid(row, 20), [row]);
        let rule = "─".repeat(90);
        assert_eq!(laid(&rule, 20), [rule.as_str()]);
        let mut text = Text::new(&format!("{note}\n{row}\n"));
        assert_eq!((text.lines.len(), text.width), (2, width(note)));
        text.lay(32);
        assert_eq!((text.lines.len(), text.width), (3, 32));
        text.lay(200);
        assert_eq!(text.lines.len(), 2);
    }
}
