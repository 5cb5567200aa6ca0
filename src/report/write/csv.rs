//! A report's tables for programs: RFC 4180, English keys, figures in one unit each.

use super::super::document::{Block, Document, Value};
use super::super::table::{self, Cell};
use super::super::{Page, Seconds, Share};
use crate::coverage::Verdict;

/// The first table that is no annex, under a header row of its columns' keys: shares as decimals,
/// lengths in seconds, times in RFC 3339. A value of two parts takes two columns (`live`,
/// `live_of`).
#[must_use]
pub fn csv(document: &Document, page: &Page<'_>) -> String {
    let blocks = document.sections.iter().filter(|s| !s.is_annex).flat_map(|s| &s.blocks);
    let first = blocks.filter_map(|block| match block {
        Block::Table(table) => Some(table),
        _ => None,
    });
    let Some(table) = first.into_iter().next() else { return String::new() };
    let parted: Vec<Option<&str>> = (0..table.columns.len()).map(|n| second(table, n)).collect();
    let mut header = Vec::new();
    for (column, second) in table.columns.iter().zip(&parted) {
        header.push(column.key.to_owned());
        header.extend(second.map(|second| format!("{}_{second}", column.key)));
    }
    let rows = table.rows.iter().filter(|row| !row.is_total).map(|row| {
        let cells = row.cells.iter().zip(&parted);
        cells.flat_map(|(cell, second)| written(cell, second.is_some())).collect()
    });
    table::csv(&header.iter().map(String::as_str).collect::<Vec<_>>(), rows, page)
}

/// The name of a column's second part, where its values have one.
fn second(table: &super::super::document::Table, column: usize) -> Option<&'static str> {
    table.rows.iter().filter_map(|row| row.cells.get(column)).find_map(|cell| match cell {
        Value::Part { .. } => Some("of"),
        Value::Bounds(..) => Some("high"),
        Value::Within(..) => Some("within"),
        _ => None,
    })
}

fn written(value: &Value, is_parted: bool) -> Vec<Cell> {
    let share = |ppm: &Option<u32>| Cell::optional(ppm.map(Share));
    let first = match value {
        Value::Empty | Value::None => Cell::figure(""),
        Value::Text(text) => Cell::text(text),
        Value::Count(n) | Value::Money(n) => Cell::figure(n),
        Value::Part { n, of } => return vec![Cell::figure(n), Cell::figure(of)],
        Value::Share { ppm, .. } => Cell::figure(Share(*ppm)),
        Value::Bounds(low, high) => return vec![share(low), share(high)],
        Value::Length(ms) => Cell::figure(Seconds(*ms)),
        Value::Within(all, of_it) => {
            return vec![Cell::figure(Seconds(*all)), Cell::figure(Seconds(*of_it))];
        }
        Value::Time(at) => Cell::text(&at.to_string()),
        Value::Amount { milli, .. } => Cell::figure(Seconds(*milli)),
        Value::Verdict(verdict) => Cell::text(match verdict {
            Verdict::Met => "met",
            Verdict::Missed => "missed",
            Verdict::NotProven => "not_proven",
        }),
    };
    if is_parted { vec![first, Cell::figure("")] } else { vec![first] }
}
