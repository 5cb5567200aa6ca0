//! A report as one page: no script, nothing fetched, printed to A4 as it stands.

use minijinja::value::{Serde, Value as Context};
use minijinja::{AutoEscape, Environment};
use serde::Serialize;

use super::super::Page;
use super::super::document::{Block, Document, Section, Table, Value};
use super::drawing::{Drawing, drawing};
use super::{letter, shown};
use crate::coverage::Verdict;
use crate::locale::{Lang, number, visible};
use crate::t;

const TEMPLATE: &str = include_str!("page.html");

/// Most columns of a list that goes in two columns on paper, and the rows that fit one page.
const NARROW_COLUMNS: usize = 4;
const NARROW_ROWS: usize = 30;

#[derive(Serialize)]
struct View {
    lang: &'static str,
    title: String,
    heads: Vec<String>,
    sections: Vec<SectionView>,
    notes_heading: String,
    notes: Vec<String>,
    proof: Vec<String>,
    above: Option<[Vec<String>; 2]>,
    below: Option<[Vec<String>; 2]>,
}

#[derive(Serialize)]
struct SectionView {
    heading: Option<String>,
    blocks: Vec<BlockView>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum BlockView {
    Text(String),
    Table(TableView),
    Drawing(Drawing),
}

#[derive(Serialize)]
struct TableView {
    /// A long list of short words, which goes in two columns on paper.
    narrow: bool,
    /// What stands on paper in place of the lines that are left out there.
    unprinted: Option<String>,
    head: Vec<String>,
    rows: Vec<RowView>,
}

#[derive(Serialize)]
struct RowView {
    cells: Vec<CellView>,
    class: &'static str,
}

#[derive(Serialize)]
struct CellView {
    text: String,
    class: String,
}

/// The page. Every text is escaped by the template engine; control characters are shown.
///
/// # Errors
/// What the template engine says; it has our own template and plain data, so only where memory ends.
pub fn html(document: &Document, page: &Page<'_>) -> Result<String, minijinja::Error> {
    let mut environment = Environment::empty();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("page", TEMPLATE)?;
    environment.get_template("page")?.render(Context::from(Serde(view(document, page))))
}

fn view(document: &Document, page: &Page<'_>) -> View {
    let all = |lines: &[String]| lines.iter().map(|line| visible(line)).collect();
    let both = |columns: [Vec<String>; 2]| columns.map(|column| all(&column));
    let letter = document.letter.as_ref();
    View {
        lang: match page.lang {
            Lang::Vi => "vi",
            Lang::En => "en",
        },
        title: visible(&document.title),
        heads: all(&document.heads),
        sections: document.sections.iter().map(|section| section_view(section, page)).collect(),
        notes_heading: t!(page.lang, "report.notes"),
        notes: all(&document.notes),
        proof: all(&document.proof),
        above: letter.map(|letter| both(letter::above(letter, document, page))),
        below: letter.map(|letter| both(letter::below(letter, page.lang))),
    }
}

fn section_view(section: &Section, page: &Page<'_>) -> SectionView {
    let blocks = section.blocks.iter().filter_map(|block| match block {
        Block::Text(text) => Some(BlockView::Text(visible(text))),
        Block::Table(table) => Some(BlockView::Table(table_view(table, page))),
        Block::Figure(figure) => Some(BlockView::Drawing(drawing(figure, page))),
        Block::Data(_) => None,
    });
    SectionView { heading: section.heading.as_deref().map(visible), blocks: blocks.collect() }
}

fn table_view(table: &Table, page: &Page<'_>) -> TableView {
    let rows = table.rows.iter().map(|row| {
        let cells = row.cells.iter().zip(&table.columns).enumerate().map(|(n, (cell, column))| {
            let mut class = match cell {
                Value::Verdict(Verdict::Met) => "met",
                Value::Verdict(Verdict::Missed) => "missed",
                Value::Verdict(Verdict::NotProven) => "not_proven",
                _ if n == 0 && row.indent > 0 => "in",
                _ => "",
            };
            if class.is_empty() && n > 0 && !column.is_text {
                class = "r";
            }
            CellView { text: visible(&shown(cell, page)), class: class.to_owned() }
        });
        let class = match (row.is_total, row.is_quiet) {
            (true, _) => "total",
            (false, true) => "quiet",
            (false, false) => "",
        };
        RowView { cells: cells.collect(), class }
    });
    let quiet = table.rows.iter().filter(|row| row.is_quiet).count();
    let n = number(page.lang, i64::try_from(quiet).unwrap_or(i64::MAX));
    let unprinted = (quiet > 0).then(|| t!(page.lang, "report.unprinted", n = n));
    let is_short = table.columns.len() <= NARROW_COLUMNS && table.columns.iter().all(|c| c.is_text);
    TableView {
        narrow: is_short && table.rows.len() > NARROW_ROWS,
        unprinted,
        head: table.columns.iter().map(|column| visible(&column.heading)).collect(),
        rows: rows.collect(),
    }
}
