//! Tables: aligned by the columns a text takes, or as CSV that no spreadsheet takes for formulas.

use serde::Serialize;

use super::Page;
use crate::locale::{Lang, pad, pad_left, visible, width};

/// A cell of a CSV file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Somebody's text.
    Text(String),
    /// Our own number.
    Figure(String),
}

impl Cell {
    /// Somebody's text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// Our own number or time.
    #[must_use]
    pub fn figure(figure: impl std::fmt::Display) -> Self {
        Self::Figure(figure.to_string())
    }

    /// [`Self::figure`], empty where there is none.
    #[must_use]
    pub fn optional(figure: Option<impl std::fmt::Display>) -> Self {
        Self::Figure(figure.map_or_else(String::new, |f| f.to_string()))
    }

    /// Quoted where any spreadsheet may see more than one cell; a text that it would calculate
    /// gets an apostrophe.
    fn written(&self, separator: char, decimal_comma: bool) -> String {
        let (text, is_parted) = match self {
            Self::Figure(figure) if decimal_comma => (figure.replace('.', ","), false),
            Self::Figure(figure) => (figure.clone(), false),
            Self::Text(text) => (guarded(text), text.contains(SEPARATORS)),
        };
        if is_parted || text.contains([separator, '"']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text
        }
    }
}

/// What ends a cell in one spreadsheet or another, whatever we separate them by.
const SEPARATORS: [char; 5] = [',', ';', '\t', '\r', '\n'];

/// An apostrophe before what a spreadsheet would calculate: at the beginning, and after each
/// separator inside, since quotes do not hold together a cell in the middle of a line for a
/// spreadsheet that parts the line elsewhere.
fn guarded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    let mut begins = true;
    for (at, c) in text.char_indices() {
        // Blanks and quotes before it do not make a formula less of one.
        let calculates = || {
            text[at..]
                .trim_start_matches([' ', '"', '\u{a0}', '\u{feff}'])
                .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        };
        if begins && (calculates() || (at == 0 && SEPARATORS[2..].contains(&c))) {
            out.push('\'');
        }
        out.push(c);
        begins = SEPARATORS.contains(&c);
    }
    out
}

/// RFC 4180 with `\r\n`; for [`Page::excel`] with a byte-order mark, `;` and the language's
/// decimal sign.
pub(super) fn csv(
    header: &[&str],
    rows: impl Iterator<Item = Vec<Cell>>,
    page: &Page<'_>,
) -> String {
    let excel = page.excel.then_some(page.lang);
    let mut out = if page.excel { "\u{feff}".to_owned() } else { String::new() };
    out += &header.join(&separator(excel).to_string());
    out += "\r\n";
    for row in rows {
        out += &csv_line(&row, excel);
    }
    out
}

/// One row, ended by `\r\n`; with a language for that language's office spreadsheets.
#[must_use]
pub fn csv_line(row: &[Cell], excel: Option<Lang>) -> String {
    let separator = separator(excel);
    let decimal_comma = excel == Some(Lang::Vi);
    let cells: Vec<String> = row.iter().map(|c| c.written(separator, decimal_comma)).collect();
    cells.join(&separator.to_string()) + "\r\n"
}

const fn separator(excel: Option<Lang>) -> char {
    if excel.is_some() { ';' } else { ',' }
}

/// Indented JSON, ended by a new line.
pub(super) fn json(document: &impl Serialize) -> String {
    // Our own structs of strings and numbers: there is nothing in them that JSON refuses.
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

/// Text in columns two blanks apart; the first is aligned left, as are those named.
pub(super) struct Columns {
    header: Vec<String>,
    left: Vec<usize>,
    rows: Vec<Vec<String>>,
}

impl Columns {
    pub(super) fn new(header: Vec<String>, left: &[usize]) -> Self {
        Self { header, left: left.to_vec(), rows: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells.iter().map(|c| visible(c)).collect());
    }

    /// Header, rule, rows, and a rule before the last row when `total`.
    pub(super) fn write(&self, out: &mut String, total: bool) {
        let all = || std::iter::once(&self.header).chain(&self.rows);
        let widths: Vec<usize> = (0..self.header.len())
            .map(|n| all().filter_map(|r| r.get(n)).map(|c| width(c)).max().unwrap_or(0))
            .collect();
        let full = widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
        let rule = "─".repeat(full) + "\n";
        let line = |out: &mut String, cells: &[String]| {
            let cells: Vec<String> = cells
                .iter()
                .zip(&widths)
                .enumerate()
                .map(|(n, (cell, width))| {
                    let is_left = n == 0 || self.left.contains(&n);
                    if is_left { pad(cell, *width) } else { pad_left(cell, *width) }
                })
                .collect();
            out.push_str(cells.join("  ").trim_end());
            out.push('\n');
        };
        line(out, &self.header);
        *out += &rule;
        for (n, row) in self.rows.iter().enumerate() {
            if total && n + 1 == self.rows.len() {
                *out += &rule;
            }
            line(out, row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_a_text_is_calculated_whatever_parts_the_line() {
        for (text, written) in [
            ("Xã An Cư", "Xã An Cư"),
            ("TT. Cái Bè - khu 1", "TT. Cái Bè - khu 1"),
            ("Ấp 3, xã An Cư", "\"Ấp 3, xã An Cư\""),
            ("a;b", "\"a;b\""),
            ("a\tb", "\"a\tb\""),
            ("a\nb", "\"a\nb\""),
            ("=1+1", "'=1+1"),
            ("\t=1", "\"'\t'=1\""),
            (" @SUM(A1)", "' @SUM(A1)"),
            ("＝1+1", "'＝1+1"),
            ("a;=1+1", "\"a;'=1+1\""),
            ("a, \"-1\"", "\"a,' \"\"-1\"\"\""),
            ("a\r\n+1", "\"a\r\n'+1\""),
            ("", ""),
        ] {
            for separator in [',', ';'] {
                assert_eq!(Cell::text(text).written(separator, false), written);
            }
        }
        // Another spreadsheet's list separator: none of its cells begins like a formula.
        let cells = ["1", "x;=cmd()", "y,=cmd()", "z\t @cmd()"].map(Cell::text);
        for separator in [',', ';'] {
            let line = cells.iter().map(|c| c.written(separator, false)).collect::<Vec<_>>();
            for cell in line.join(&separator.to_string()).split([',', ';', '\t']) {
                let bare = cell.trim_start_matches([' ', '"']);
                assert!(!bare.starts_with(['=', '+', '-', '@']), "{cell}");
            }
        }
    }

    #[test]
    fn figures_are_written_as_the_spreadsheet_reads_them() {
        assert_eq!(Cell::figure("-0.5").written(';', true), "-0,5");
        assert_eq!(Cell::figure("0.5").written(',', false), "0.5");
    }
}
