//! XLSX to the generic tree: each sheet a list, its header found beneath whatever titles stand
//! above it.
//!
//! Cells are taken as they come, never as a filled rectangle: one cell at the far corner of a sheet
//! must not cost the memory of all that lie between. The rows become a text of a line each, so that a
//! mistake is shown as in any other file; its place names sheet and cell.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;

use calamine::{DataRef, Reader as _, Xlsx, XlsxError};

use super::Section;
use super::csv::{self, Cell, MAX_COLUMNS};
use super::files;
use super::heading::{self, Heading};
use super::node::Node;
use super::place::{At, Desk, Finding};
use crate::model::{Message, Severity};

/// Most rows of a sheet.
const MAX_ROWS: u32 = 50_000;
/// Rows among which the header is looked for.
const HEADER_WITHIN: usize = 20;
/// Most bytes of all a sheet's texts.
const MAX_TEXT: usize = 64 * 1024 * 1024;
/// Most cells of all sheets of a workbook that is a stranger's.
const MAX_CELLS: usize = 2_000_000;

/// A sheet's cells that say something, by row and column from 0.
type Grid<C = String> = BTreeMap<u32, BTreeMap<u32, C>>;

type Book = Xlsx<Cursor<Vec<u8>>>;

/// The lists of a workbook: of one named for a list (`units.xlsx`) the sheet that has it, of any
/// other the sheets that are named for one. What cannot be used is reported.
pub(super) fn read(desk: &mut Desk, path: &Path, only: Option<Section>) -> Vec<(Section, Node)> {
    let Some(bytes) = files::bytes(desk, path) else { return Vec::new() };
    let mut book = match Xlsx::new(Cursor::new(bytes)) {
        Ok(book) => book,
        Err(error) => {
            unreadable(desk, path, &error);
            return Vec::new();
        }
    };
    let mut wanted: Vec<(Section, String)> = book
        .sheet_names()
        .into_iter()
        .filter_map(|name| heading::section(&name).map(|section| (section, name)))
        .filter(|(section, _)| only.is_none_or(|only| only == *section))
        .collect();
    if let Some(section) = only.filter(|_| wanted.is_empty()) {
        wanted.extend(book.sheet_names().into_iter().take(1).map(|name| (section, name)));
    }
    if wanted.is_empty() {
        let message = Message::new("check.foreign_book").with("file", path.display());
        desk.report_whole(Severity::Warning, message);
    }
    let mut lists = Vec::new();
    for (section, name) in wanted {
        let list =
            match grid(&mut book, &name, &mut Room { text: MAX_TEXT, cells: usize::MAX }, shown) {
                Ok(Some(grid)) => list(desk, path, &name, section, &grid),
                Ok(None) => {
                    desk.mark_unread();
                    let message = Message::new("check.sheet_too_large")
                        .with("file", path.display())
                        .with("sheet", &name)
                        .with("rows", MAX_ROWS)
                        .with("columns", MAX_COLUMNS);
                    desk.report_whole(Severity::Error, message);
                    None
                }
                Err(error) => {
                    unreadable(desk, path, &error);
                    None
                }
            };
        lists.extend(list.map(|list| (section, list)));
    }
    lists
}

/// A cell of a workbook that is no inventory's.
#[derive(Debug, Clone, PartialEq)]
pub enum SheetCell {
    /// A text on one line, in NFC; dates as the inventory writes them.
    Text(String),
    /// A number, whatever it is shown as: 0.995 of a cell that shows 99,5 %.
    Number(f64),
}

/// A workbook cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// It is none.
    #[error("not a workbook: {0}")]
    Unreadable(String),
    /// A sheet has more rows, columns or text than we take.
    #[error("the sheet {0} is too large")]
    TooLarge(String),
}

/// A sheet's rows from the top, each with its number in the spreadsheet; empty cells are empty
/// texts.
pub type SheetRows = Vec<(u64, Vec<SheetCell>)>;

/// Every sheet of a workbook, one after the other, so that no more than one need be kept; together they
/// may be as large as one.
///
/// # Errors
/// [`BookError`].
pub fn for_each_sheet(bytes: Vec<u8>, mut take: impl FnMut(SheetRows)) -> Result<(), BookError> {
    let fail = |error: XlsxError| BookError::Unreadable(error.to_string());
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(fail)?;
    let mut room = Room { text: MAX_TEXT, cells: MAX_CELLS };
    for name in book.sheet_names() {
        let grid = grid(&mut book, &name, &mut room, |value| match value {
            DataRef::Int(n) => SheetCell::Number(*n as f64),
            DataRef::Float(n) => SheetCell::Number(*n),
            other => SheetCell::Text(shown(other)),
        });
        let grid = grid.map_err(fail)?.ok_or(BookError::TooLarge(name))?;
        let row = |(row, mut cells): (u32, BTreeMap<u32, SheetCell>)| {
            let last = cells.keys().next_back().copied().unwrap_or(0);
            let empty = || SheetCell::Text(String::new());
            let cells = (0..=last).map(|n| cells.remove(&n).unwrap_or_else(empty)).collect();
            (u64::from(row) + 1, cells)
        };
        take(grid.into_iter().map(row).collect());
    }
    Ok(())
}

/// What sheets may hold still.
struct Room {
    text: usize,
    cells: usize,
}

fn unreadable(desk: &mut Desk, path: &Path, error: &XlsxError) {
    desk.mark_unread();
    let message =
        Message::new("check.book_unreadable").with("file", path.display()).with("reason", error);
    desk.report_whole(Severity::Error, message);
}

/// The cells of a sheet; `None` when there are more than we take.
fn grid<C>(
    book: &mut Book,
    sheet: &str,
    room: &mut Room,
    cell_of: impl Fn(&DataRef<'_>) -> C,
) -> Result<Option<Grid<C>>, XlsxError> {
    let mut cells = book.worksheet_cells_reader(sheet)?;
    let mut grid = Grid::<C>::new();
    while let Some(cell) = cells.next_cell()? {
        let (row, column) = cell.get_position();
        let text = shown(cell.get_value());
        if text.is_empty() {
            continue;
        }
        let text = room.text.checked_sub(text.len());
        let (Some(text), Some(cells)) = (text, room.cells.checked_sub(1)) else { return Ok(None) };
        (room.text, room.cells) = (text, cells);
        if row >= MAX_ROWS || column as usize >= MAX_COLUMNS {
            return Ok(None);
        }
        grid.entry(row).or_default().insert(column, cell_of(cell.get_value()));
    }
    Ok(Some(grid))
}

/// What a cell says, on one line and in NFC. Dates are written as the inventory writes them.
fn shown(value: &DataRef<'_>) -> String {
    let text = match value {
        DataRef::Empty => String::new(),
        DataRef::Int(n) => n.to_string(),
        DataRef::Float(n) => n.to_string(),
        DataRef::Bool(is) => is.to_string(),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::DateTime(at) => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            let date = format!("{year:04}-{month:02}-{day:02}");
            let is_midnight = (hour, minute, second) == (0, 0, 0);
            if is_midnight { date } else { format!("{date}T{hour:02}:{minute:02}:{second:02}") }
        }
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => error.to_string(),
    };
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    crate::locale::nfc(line.trim())
}

/// A sheet's rows as a list; `None` after reporting why there are none.
fn list(desk: &mut Desk, path: &Path, sheet: &str, section: Section, grid: &Grid) -> Option<Node> {
    let (source, places) = source(desk, path, sheet, grid);
    let Some(header) = Header::find(section, grid) else {
        desk.mark_broken(source);
        let message = Message::new("check.sheet_no_header").with("sheet", sheet);
        let hint = Message::new("check.sheet_no_header_hint")
            .with("columns", section.required_columns().join(", "));
        desk.report(Finding::error(At { source, start: 0, len: 1 }, message).hint(hint));
        return None;
    };
    let empty = |row: u32| {
        let line = places
            .get(&(row, 0))
            .or_else(|| places.range((row, 0)..(row + 1, 0)).next().map(|(_, at)| at));
        let at = line.copied().unwrap_or(At { source, start: 0, len: 0 });
        Cell { at, text: String::new() }
    };
    let cell = |row: u32, column: u32| {
        let text = grid.get(&row).and_then(|cells| cells.get(&column));
        match (text, places.get(&(row, column))) {
            (Some(text), Some(at)) => Cell { at: *at, text: text.clone() },
            _ => empty(row),
        }
    };
    // A column without a heading is a mistake only where something stands in it.
    let is_used =
        |column: u32| grid.range(header.last + 1..).any(|(_, cells)| cells.contains_key(&column));
    let last = grid.values().filter_map(|cells| cells.keys().next_back()).max().copied()?;
    let columns: Vec<u32> = (0..=last).filter(|c| header.at(*c).is_some() || is_used(*c)).collect();
    let heads = columns.iter().map(|column| match header.at(*column) {
        Some((row, text)) => Cell { text, ..cell(row, *column) },
        None => match grid.range(header.last + 1..).find(|(_, cells)| cells.contains_key(column)) {
            Some((row, _)) => Cell { text: String::new(), ..cell(*row, *column) },
            None => empty(header.last),
        },
    });
    let mut rows = vec![heads.collect::<Vec<_>>()];
    for row in grid.range(header.last + 1..).map(|(row, _)| *row) {
        rows.push(columns.iter().map(|column| cell(row, *column)).collect());
    }
    csv::table(desk, source, rows, section, section.required_columns())
}

/// Where the cells stand in the text made of them.
type Places = BTreeMap<(u32, u32), At>;

/// The sheet as a text: line for row, cells parted by bars.
fn source(desk: &mut Desk, path: &Path, sheet: &str, grid: &Grid) -> (u32, Places) {
    let as_u32 = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let source = desk.next_source();
    let (mut text, mut places, mut next) = (String::new(), Places::new(), 0);
    for (row, cells) in grid {
        while next < *row {
            text.push('\n');
            next += 1;
        }
        for (n, (column, cell)) in cells.iter().enumerate() {
            if n > 0 {
                text.push_str(" | ");
            }
            let at = At { source, start: as_u32(text.len()), len: as_u32(cell.len()) };
            places.insert((*row, *column), at);
            text.push_str(cell);
        }
    }
    let starts = places.iter().map(|((_, column), at)| (at.start, *column)).collect();
    desk.add_sheet(path.to_owned(), sheet, text.into(), starts);
    (source, places)
}

/// The row or the two rows of headings.
struct Header<'a> {
    section: Section,
    /// The row of groups above, where there is one: merged over the columns of a group, or down to
    /// the row beneath.
    upper: Option<(u32, &'a BTreeMap<u32, String>)>,
    last: u32,
    lower: &'a BTreeMap<u32, String>,
}

impl<'a> Header<'a> {
    /// The row among the first ones that has most headings we know, at least two.
    fn find(section: Section, grid: &'a Grid) -> Option<Self> {
        let known = |cells: &BTreeMap<u32, String>| {
            cells.values().filter(|text| is_known(section, text)).count()
        };
        let rows: Vec<(u32, &BTreeMap<u32, String>)> =
            grid.iter().take(HEADER_WITHIN).map(|(row, cells)| (*row, cells)).collect();
        let best = rows.iter().map(|(_, cells)| known(cells)).max().filter(|n| *n >= 2)?;
        let found = rows.iter().position(|(_, cells)| known(cells) == best)?;
        let beneath = rows.get(found + 1).filter(|(row, cells)| {
            *row == rows[found].0 + 1
                && cells.len() < rows[found].1.len() + known(cells)
                && known(cells) == cells.len()
                && !cells.is_empty()
        });
        let above = found.checked_sub(1).map(|n| rows[n]).filter(|(row, cells)| {
            *row + 1 == rows[found].0 && known(cells) > 0 && cells.len() > 1
        });
        let (upper, (last, lower)) = match (beneath, above) {
            (Some(beneath), _) => (Some(rows[found]), *beneath),
            (None, above) => (above, rows[found]),
        };
        Some(Self { section, upper, last, lower })
    }

    /// A column's heading and the row it stands in.
    fn at(&self, column: u32) -> Option<(u32, String)> {
        let own = self.lower.get(&column).map(|text| (self.last, text.clone()));
        let above = self.upper.and_then(|(row, cells)| Some((row, cells.get(&column)?.clone())));
        let Some((row, text)) = own else { return above };
        let group = self.upper.and_then(|(_, cells)| cells.range(..=column).next_back());
        let both = group.map(|(_, group)| format!("{group} {text}"));
        let joined =
            both.filter(|both| !is_known(self.section, &text) && is_known(self.section, both));
        Some((row, joined.unwrap_or(text)))
    }
}

/// True for a heading of a list, in words or as the inventory writes its keys.
fn is_known(section: Section, text: &str) -> bool {
    match heading::heading(section, text) {
        Heading::Key(_) | Heading::Note => true,
        Heading::Other => section.required_columns().contains(&text),
    }
}
