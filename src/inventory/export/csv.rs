//! A list as a CSV file: keys for headings, a byte order mark so that spreadsheets see Vietnamese,
//! and nothing in it that they take for a formula.

use super::cells::{Cell, Table};
use crate::inventory::csv::{NOTHING, guarded};

/// The file's text.
pub(super) fn file(table: &Table) -> String {
    let mut out = String::from('\u{feff}');
    let heads: Vec<String> = table.columns.iter().map(|key| quoted(key)).collect();
    out += &heads.join(",");
    out += "\r\n";
    for row in &table.rows {
        let cells: Vec<String> = row
            .iter()
            .map(|cell| match cell {
                Cell::Empty => String::new(),
                Cell::Nothing => NOTHING.to_owned(),
                Cell::Text(text) => quoted(&guarded(text, true)),
                Cell::Structure(text) => quoted(text),
            })
            .collect();
        out += &cells.join(",");
        out += "\r\n";
    }
    out
}

fn quoted(text: &str) -> String {
    if text.contains([',', ';', '"', '\n', '\r', '\t']) || text.trim() != text {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
