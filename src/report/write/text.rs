//! A report for a terminal, a chat or a mail: aligned by the columns that letters take.

use super::super::Page;
use super::super::document::{Block, Document, Table};
use super::super::table::Columns;
use super::{letter, shown};
use crate::locale::visible;
use crate::t;

/// The report in lines; annexes and pictures are left out.
#[must_use]
pub fn text(document: &Document, page: &Page<'_>) -> String {
    let mut out = letter::head(document, page);
    line(&mut out, &document.title);
    document.heads.iter().for_each(|head| line(&mut out, head));
    for section in document.sections.iter().filter(|section| !section.is_annex) {
        line(&mut out, "");
        if let Some(heading) = &section.heading {
            line(&mut out, heading);
        }
        for block in &section.blocks {
            match block {
                Block::Text(text) => line(&mut out, text),
                Block::Table(table) => columns(table, page).write(&mut out, has_total(table)),
                Block::Figure(_) | Block::Data(_) => {}
            }
        }
    }
    if !document.notes.is_empty() {
        line(&mut out, "");
        line(&mut out, &t!(page.lang, "report.notes"));
        for (n, note) in (1..).zip(&document.notes) {
            line(&mut out, &format!("  ({n}) {note}"));
        }
    }
    if let Some((heading, lines)) = document.proof.split_first() {
        line(&mut out, "");
        line(&mut out, heading);
        lines.iter().for_each(|text| line(&mut out, &format!("  {text}")));
    }
    out += &letter::foot(document, page);
    out
}

fn has_total(table: &Table) -> bool {
    table.rows.last().is_some_and(|row| row.is_total)
}

fn columns(table: &Table, page: &Page<'_>) -> Columns {
    let left: Vec<usize> = (0..table.columns.len()).filter(|n| table.columns[*n].is_text).collect();
    let header = table.columns.iter().map(|column| column.heading.clone()).collect();
    let mut columns = Columns::new(header, &left);
    for row in &table.rows {
        let mut cells: Vec<String> = row.cells.iter().map(|cell| shown(cell, page)).collect();
        if let Some(name) = cells.first_mut().filter(|_| row.indent > 0) {
            name.insert_str(0, &"  ".repeat(usize::from(row.indent)));
        }
        columns.row(cells);
    }
    columns
}

fn line(out: &mut String, text: &str) {
    out.push_str(&visible(text));
    out.push('\n');
}
