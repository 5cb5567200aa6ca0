//! A report as a spreadsheet: a sheet for each section with a table, numbers and dates to reckon
//! with, the head of each table frozen, ready to print on A4.

use rust_xlsxwriter::{
    ConditionalFormatText, ConditionalFormatTextRule, DocProperties, ExcelDateTime, Format,
    FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

use super::super::Page;
use super::super::document::{Block, Document, Line, Section, Table, Value};
use super::super::text::verdict_key;
use super::{NONE, letter, part_ppm};
use crate::coverage::Verdict;
use crate::locale::visible;
use crate::model::UnixMs;
use crate::t;

/// Most letters of a cell; the format's own limit is 32,767.
const CELL_CHARS_MAX: usize = 32_000;
/// Most letters of a sheet's name (Excel).
const NAME_CHARS_MAX: usize = 31;
/// The face of Vietnamese administrative documents.
const FACE: &str = "Times New Roman";
/// Days from the spreadsheet's first to 1970.
const EPOCH_DAYS: f64 = 25_569.0;
const DAY_MS: f64 = 86_400_000.0;
/// A4 in the format's list of papers.
const A4: u8 = 9;
/// Widest column, in letters.
const FIT_WIDTH_MAX: f64 = 60.0;
/// Letters that a line of the cover takes.
const COVER_LETTERS: usize = 110;

/// The spreadsheet could not be made.
#[derive(Debug, thiserror::Error)]
#[error("make the spreadsheet: {0}")]
pub struct SheetError(#[from] XlsxError);

/// The bytes of the spreadsheet.
///
/// # Errors
/// [`SheetError`] where the library refuses: more rows than a sheet takes.
pub fn xlsx(document: &Document, page: &Page<'_>) -> Result<Vec<u8>, SheetError> {
    let mut workbook = Workbook::new();
    // Made when the report was: the same report is the same bytes.
    let made = ExcelDateTime::from_timestamp(document.made.0.div_euclid(1_000))?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made));
    let mut names: Vec<String> = Vec::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name(name(&t!(page.lang, "report.cover_sheet"), &mut names))?;
    Writer::new(sheet, page).cover(document)?;
    for section in document.sections.iter().filter(|section| tables(section).next().is_some()) {
        let sheet = workbook.add_worksheet();
        sheet.set_name(name(&section.name, &mut names))?;
        Writer::new(sheet, page).section(document, section)?;
    }
    Ok(workbook.save_to_buffer()?)
}

fn tables(section: &Section) -> impl Iterator<Item = &Table> {
    section.blocks.iter().filter_map(|block| match block {
        Block::Table(table) | Block::Data(table) => Some(table),
        _ => None,
    })
}

/// A name that a sheet may have and none has yet.
fn name(wanted: &str, taken: &mut Vec<String>) -> String {
    let clean: String = visible(wanted)
        .chars()
        .map(|c| if "[]:*?/\\'".contains(c) { ' ' } else { c })
        .take(NAME_CHARS_MAX)
        .collect();
    let clean = if clean.trim().is_empty() { "-".to_owned() } else { clean.trim().to_owned() };
    let mut name = clean.clone();
    for n in 2.. {
        let folded = name.to_lowercase();
        if !taken.contains(&folded) {
            taken.push(folded);
            break;
        }
        let end = format!(" {n}");
        name = clean.chars().take(NAME_CHARS_MAX - end.len()).collect::<String>() + &end;
    }
    name
}

struct Writer<'a, 'p> {
    sheet: &'a mut Worksheet,
    page: &'a Page<'p>,
    row: u32,
}

impl<'a, 'p> Writer<'a, 'p> {
    fn new(sheet: &'a mut Worksheet, page: &'a Page<'p>) -> Self {
        Self { sheet, page, row: 0 }
    }

    fn plain(&self) -> Format {
        Format::new().set_font_name(FACE).set_font_size(11)
    }

    fn line(&mut self, text: &str, format: &Format) -> Result<(), XlsxError> {
        self.sheet.write_string_with_format(self.row, 0, cell_text(text), format)?;
        self.row += 1;
        Ok(())
    }

    /// A title and the tables; the head of the first stays when rows pass beneath it.
    fn section(&mut self, document: &Document, section: &Section) -> Result<(), XlsxError> {
        let plain = self.plain();
        let bold = plain.clone().set_bold();
        let heading = section.heading.as_ref().unwrap_or(&section.name);
        self.line(&document.title, &bold.clone().set_font_size(14))?;
        self.line(heading, &bold.clone().set_font_size(12))?;
        let mut widths: Vec<f64> = Vec::new();
        let mut is_first = true;
        for block in &section.blocks {
            match block {
                Block::Text(text) => self.line(text, &plain)?,
                Block::Table(table) | Block::Data(table) => {
                    if is_first {
                        self.sheet.set_freeze_panes(self.row + 1, 1)?;
                        self.sheet.set_repeat_rows(self.row, self.row)?;
                    }
                    is_first = false;
                    self.table(table, &mut widths)?;
                    self.row += 1;
                }
                Block::Figure(_) => {}
            }
        }
        for (column, width) in (0..).zip(widths) {
            self.sheet.set_column_width(column, width)?;
        }
        self.print();
        Ok(())
    }

    fn table(&mut self, table: &Table, widths: &mut Vec<f64>) -> Result<(), XlsxError> {
        let bordered = self.plain().set_border(FormatBorder::Thin);
        let head = bordered.clone().set_bold().set_text_wrap().set_align(FormatAlign::Center);
        let parts: Vec<usize> = (0..table.columns.len())
            .map(|n| table.rows.iter().filter_map(|r| r.cells.get(n)).map(parts).max())
            .map(|most| most.unwrap_or(1))
            .collect();
        let mut column = 0_u16;
        let mut headings = Vec::new();
        for (of, count) in table.columns.iter().zip(&parts) {
            headings.push(of.heading.clone());
            if *count == 2 {
                headings.push(self.second(table, of.key, &of.heading));
            }
        }
        for heading in &headings {
            let text = cell_text(heading);
            fit(widths, column, heading.chars().count().min(16));
            self.sheet.write_string_with_format(self.row, column, text, &head)?;
            column += 1;
        }
        let top = self.row + 1;
        for row in &table.rows {
            self.row += 1;
            self.values(row, &parts, &bordered, widths)?;
        }
        if self.row >= top && column > 0 {
            self.colour(top, self.row, column - 1)?;
        }
        self.row += 1;
        Ok(())
    }

    /// The heading of a second part.
    fn second(&self, table: &Table, key: &str, heading: &str) -> String {
        let column = table.columns.iter().position(|column| column.key == key).unwrap_or(0);
        let first = table.rows.iter().filter_map(|row| row.cells.get(column));
        let mut parted = first.filter(|cell| parts(cell) == 2);
        let word = match parted.next() {
            Some(Value::Part { .. }) => "%".to_owned(),
            Some(Value::Bounds(..)) => t!(self.page.lang, "report.upper"),
            _ => t!(self.page.lang, "report.of_it"),
        };
        format!("{heading} ({word})")
    }

    fn values(
        &mut self,
        row: &Line,
        parts_of: &[usize],
        bordered: &Format,
        widths: &mut Vec<f64>,
    ) -> Result<(), XlsxError> {
        let mut column = 0_u16;
        let base = if row.is_total { bordered.clone().set_bold() } else { bordered.clone() };
        for (value, count) in row.cells.iter().zip(parts_of) {
            let format = match column {
                0 => base.clone().set_indent(row.indent),
                _ => base.clone(),
            };
            match value {
                Value::Part { n, of } => {
                    self.number(column, f64::from(*n), "#,##0", &format)?;
                    let share = f64::from(part_ppm(*n, *of)) / 1e6;
                    self.number(column + 1, share, "0.0%", &format)?;
                }
                Value::Bounds(low, high) => {
                    self.share(column, *low, 2, &format)?;
                    self.share(column + 1, *high, 2, &format)?;
                }
                Value::Within(all, of_it) => {
                    self.length(column, *all, &format)?;
                    self.length(column + 1, *of_it, &format)?;
                }
                other => {
                    self.value(column, other, &format)?;
                    if *count == 2 {
                        self.sheet.write_blank(self.row, column + 1, &format)?;
                    }
                }
            }
            fit(widths, column, super::shown(value, self.page).chars().count());
            column += u16::try_from(*count).unwrap_or(1);
        }
        Ok(())
    }

    fn value(&mut self, column: u16, value: &Value, format: &Format) -> Result<(), XlsxError> {
        match value {
            Value::Empty => self.sheet.write_blank(self.row, column, format).map(|_| ()),
            Value::Text(text) => self.words(column, text, format),
            Value::Count(n) => self.number(column, *n as f64, "#,##0", format),
            Value::Money(n) => self.number(column, *n as f64, "#,##0 \"đ\"", format),
            Value::Share { ppm, decimals } => self.share(column, Some(*ppm), *decimals, format),
            Value::Length(ms) => self.length(column, *ms, format),
            Value::Time(at) => {
                let days = self.local_days(*at);
                self.number(column, days, "dd/mm/yyyy hh:mm:ss", format)
            }
            Value::Amount { milli, decimals, unit } => {
                let digits = if *decimals == 0 {
                    "#,##0".to_owned()
                } else {
                    format!("#,##0.{}", "0".repeat(usize::from(*decimals)))
                };
                let shape = if unit.is_empty() { digits } else { format!("{digits} \"{unit}\"") };
                self.number(column, *milli as f64 / 1e3, &shape, format)
            }
            Value::Verdict(verdict) => {
                self.words(column, &t!(self.page.lang, verdict_key(*verdict)), format)
            }
            // Two parts are written by who knows of the two columns.
            Value::None | Value::Part { .. } | Value::Bounds(..) | Value::Within(..) => {
                self.words(column, NONE, &format.clone().set_align(FormatAlign::Center))
            }
        }
    }

    fn words(&mut self, column: u16, text: &str, format: &Format) -> Result<(), XlsxError> {
        let format = format.clone().set_text_wrap();
        self.sheet.write_string_with_format(self.row, column, cell_text(text), &format)?;
        Ok(())
    }

    fn number(
        &mut self,
        column: u16,
        number: f64,
        shape: &str,
        format: &Format,
    ) -> Result<(), XlsxError> {
        let format = format.clone().set_num_format(shape);
        self.sheet.write_number_with_format(self.row, column, number, &format)?;
        Ok(())
    }

    fn share(
        &mut self,
        column: u16,
        ppm: Option<u32>,
        decimals: u8,
        format: &Format,
    ) -> Result<(), XlsxError> {
        let Some(ppm) = ppm else { return self.value(column, &Value::None, format) };
        let shape = match decimals {
            0 => "0%".to_owned(),
            n => format!("0.{}%", "0".repeat(usize::from(n))),
        };
        self.number(column, f64::from(ppm) / 1e6, &shape, format)
    }

    /// As the format has lengths: days, shown as hours, minutes and seconds.
    fn length(&mut self, column: u16, ms: i64, format: &Format) -> Result<(), XlsxError> {
        self.number(column, ms as f64 / DAY_MS, "[h]:mm:ss", format)
    }

    /// A moment as the format has it: days of the local clock since 1899-12-30.
    fn local_days(&self, at: UnixMs) -> f64 {
        let offset = self.page.zone.to_offset(at.to_timestamp());
        (at.0 + i64::from(offset.seconds()) * 1_000) as f64 / DAY_MS + EPOCH_DAYS
    }

    /// Verdicts stand out, by the sheet's own rules, so that they still do when rows are sorted.
    fn colour(&mut self, top: u32, bottom: u32, right: u16) -> Result<(), XlsxError> {
        for (verdict, ink, ground) in [
            (Verdict::Missed, 0x8A_2A00_u32, 0xFC_E4D6_u32),
            (Verdict::NotProven, 0x3F_3F3F, 0xED_EDED),
            (Verdict::Met, 0x00_563F, 0xE2_F3EC),
        ] {
            let word = t!(self.page.lang, verdict_key(verdict));
            let exactly = ConditionalFormatTextRule::BeginsWith(word);
            let format = Format::new().set_font_color(ink).set_background_color(ground);
            let rule = ConditionalFormatText::new().set_rule(exactly).set_format(format);
            self.sheet.add_conditional_format(top, 1, bottom, right.max(1), &rule)?;
        }
        Ok(())
    }

    /// What stands around the tables: the letter's frame, the title block, what is no table, what
    /// figures mean and rest on.
    fn cover(&mut self, document: &Document) -> Result<(), XlsxError> {
        let plain = self.plain().set_text_wrap();
        let bold = plain.clone().set_bold();
        let middle = bold.clone().set_align(FormatAlign::Center);
        self.sheet.set_column_width(0, 60.0)?;
        self.sheet.set_column_width(1, 60.0)?;
        if let Some(letter) = &document.letter {
            self.two(letter::above(letter, document, self.page), &middle)?;
            self.row += 1;
        }
        self.wide(&document.title, &middle.clone().set_font_size(15))?;
        for head in &document.heads {
            self.wide(head, &plain.clone().set_align(FormatAlign::Center))?;
        }
        self.row += 1;
        for text in document.sections.iter().flat_map(|section| &section.blocks) {
            if let Block::Text(text) = text {
                self.wide(text, &plain)?;
            }
        }
        self.row += 1;
        self.wide(&t!(self.page.lang, "report.notes"), &bold)?;
        for (n, note) in (1..).zip(&document.notes) {
            self.wide(&format!("({n}) {note}"), &plain)?;
        }
        self.row += 1;
        for (n, text) in document.proof.iter().enumerate() {
            self.wide(text, if n == 0 { &bold } else { &plain })?;
        }
        if let Some(letter) = &document.letter {
            self.row += 1;
            self.two(letter::below(letter, self.page.lang), &middle)?;
        }
        self.print();
        // Who signs signs under what he has read.
        self.sheet.set_print_fit_to_pages(1, 1);
        Ok(())
    }

    /// A line over both columns of the cover, as high as it needs.
    fn wide(&mut self, text: &str, format: &Format) -> Result<(), XlsxError> {
        let text = cell_text(text);
        self.sheet.merge_range(self.row, 0, self.row, 1, &text, format)?;
        let lines = text.chars().count().div_ceil(COVER_LETTERS).max(1);
        self.sheet.set_row_height(self.row, 16.0 * lines as f64)?;
        self.row += 1;
        Ok(())
    }

    fn two(&mut self, [left, right]: [Vec<String>; 2], format: &Format) -> Result<(), XlsxError> {
        for n in 0..left.len().max(right.len()) {
            let text = |column: &[String]| cell_text(column.get(n).map_or("", String::as_str));
            self.sheet.write_string_with_format(self.row, 0, text(&left), format)?;
            self.sheet.write_string_with_format(self.row, 1, text(&right), format)?;
            self.row += 1;
        }
        Ok(())
    }

    fn print(&mut self) {
        self.sheet.set_paper_size(A4).set_landscape().set_print_fit_to_pages(1, 0);
        self.sheet.set_margins(0.5, 0.5, 0.6, 0.6, 0.3, 0.3).set_footer("&C&P/&N");
    }
}

/// Cells that a value takes.
fn parts(value: &Value) -> usize {
    match value {
        Value::Part { .. } | Value::Bounds(..) | Value::Within(..) => 2,
        _ => 1,
    }
}

/// A text that a cell takes: control characters shown, cut where the format ends.
fn cell_text(text: &str) -> String {
    visible(text).chars().take(CELL_CHARS_MAX).collect()
}

fn fit(widths: &mut Vec<f64>, column: u16, letters: usize) {
    let column = usize::from(column);
    if widths.len() <= column {
        widths.resize(column + 1, 8.0);
    }
    widths[column] = widths[column].max(letters as f64 + 2.0).min(FIT_WIDTH_MAX);
}
