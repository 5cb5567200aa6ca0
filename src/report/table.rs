//! Tables: aligned by the columns a text takes, or as CSV that no spreadsheet takes for formulas.

use serde::Serialize;

use super::Page;
use crate::locale::{Lang, pad, pad_left, visible, width};

/// A cell of a CSV file.
pub(super) enum Cell {
    /// Somebody's text.
    Text(String),
    /// Our own number.
    Figure(String),
}

impl Cell {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub(super) fn figure(figure: impl std::fmt::Display) -> Self {
        Self::Figure(figure.to_string())
    }

    pub(super) fn optional(figure: Option<impl std::fmt::Display>) -> Self {
        Self::Figure(figure.map_or_else(String::new, |f| f.to_string()))
    }

    /// Quoted where needed; a text that a spreadsheet would calculate gets an apostrophe.
    fn written(&self, separator: char, decimal_comma: bool) -> String {
        let text = match self {
            Self::Figure(figure) if decimal_comma => figure.replace('.', ","),
            Self::Figure(figure) => figure.clone(),
            Self::Text(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) => {
                format!("'{text}")
            }
            Self::Text(text) => text.clone(),
        };
        if text.contains([separator, '"', '\n', '\r']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text
        }
    }
}

/// RFC 4180 with `\r\n`; for [`Page::excel`] with a byte-order mark, `;` and the language's
/// decimal sign.
pub(super) fn csv(
    header: &[&str],
    rows: impl Iterator<Item = Vec<Cell>>,
    page: &Page<'_>,
) -> String {
    let (separator, mark) = if page.excel { (';', "\u{feff}") } else { (',', "") };
    let decimal_comma = page.excel && page.lang == Lang::Vi;
    let mut out = mark.to_owned();
    out += &header.join(&separator.to_string());
    out += "\r\n";
    for row in rows {
        let cells: Vec<String> = row.iter().map(|c| c.written(separator, decimal_comma)).collect();
        out += &cells.join(&separator.to_string());
        out += "\r\n";
    }
    out
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
