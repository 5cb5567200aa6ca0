//! The lists as a workbook: a sheet each, headings in words, numbers and dates as such where they are
//! read back as they are written.

use rust_xlsxwriter::{
    ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

use super::cells::{Cell, Table};
use crate::inventory::Section;
use crate::inventory::csv::{NOTHING, guarded};
use crate::inventory::heading::{DAYS, all_columns};
use crate::locale::{Lang, text, width};

/// Keys of numbers.
const NUMBERS: [&str; 9] = [
    "location.lat",
    "location.lon",
    "bandwidth_mbps",
    "goal",
    "done",
    "port",
    "sla.availability",
    "sla.loss",
    "sla.rtt_ms",
];
/// Widest column, in characters.
const WIDEST: usize = 60;

/// The workbook's bytes.
pub(super) fn book(tables: impl Iterator<Item = Table>, lang: Lang) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    for table in tables {
        fill(book.add_worksheet(), &table, lang)?;
    }
    book.save_to_buffer()
}

/// The catalogue's key of a sheet's name.
const fn name(section: Section) -> &'static str {
    match section {
        Section::Units => "sheets.units",
        Section::Networks => "sheets.networks",
        Section::Carriers => "sheets.carriers",
        Section::Calendars => "sheets.calendars",
        Section::Connections => "sheets.connections",
        Section::Devices => "sheets.devices",
        Section::Services => "sheets.services",
        Section::Maintenance => "sheets.maintenance",
        Section::Plan => "sheets.plan",
        Section::Defaults => "sheets.defaults",
    }
}

fn fill(sheet: &mut Worksheet, table: &Table, lang: Lang) -> Result<(), XlsxError> {
    let plain = Format::new().set_font_name("Times New Roman").set_font_size(12);
    let head = plain
        .clone()
        .set_bold()
        .set_text_wrap()
        .set_align(FormatAlign::Center)
        .set_align(FormatAlign::VerticalCenter)
        .set_border(FormatBorder::Thin);
    // As text, or a code that somebody adds loses its zeros.
    let body = plain.clone().set_num_format("@");
    let number = plain.clone().set_num_format("General");
    let day = plain.set_num_format("dd/mm/yyyy");
    sheet.set_name(text(lang, name(table.section)))?;
    for (n, key) in table.columns.iter().enumerate() {
        let column = u16::try_from(n).unwrap_or(u16::MAX);
        let known = all_columns(table.section).find(|known| known.key == key);
        let heading = known.map_or(key.as_str(), |known| known.heading(lang));
        let cells = table.rows.iter().map(|row| match &row[n] {
            Cell::Text(text) | Cell::Structure(text) => width(text),
            Cell::Empty | Cell::Nothing => 1,
        });
        let wide = cells.chain([width(heading)]).max().unwrap_or(1).clamp(8, WIDEST) + 3;
        sheet.set_column_width(column, f64::from(u32::try_from(wide).unwrap_or(8)))?;
        sheet.set_column_format(column, &body)?;
        sheet.write_string_with_format(0, column, heading, &head)?;
        for (line, row) in (1_u32..).zip(&table.rows) {
            match &row[n] {
                Cell::Empty => {}
                Cell::Nothing => {
                    sheet.write_string_with_format(line, column, NOTHING, &body)?;
                }
                Cell::Structure(text) => {
                    sheet.write_string_with_format(line, column, text, &body)?;
                }
                Cell::Text(text) => match typed(key, text) {
                    Some(Typed::Number(n)) => {
                        sheet.write_number_with_format(line, column, n, &number)?;
                    }
                    Some(Typed::Day(at)) => {
                        sheet.write_datetime_with_format(line, column, at, &day)?;
                    }
                    None => {
                        sheet.write_string_with_format(
                            line,
                            column,
                            guarded(text, false),
                            &body,
                        )?;
                    }
                },
            }
        }
    }
    sheet.set_freeze_panes(1, 1)?;
    sheet.set_landscape();
    sheet.set_paper_size(9);
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(0, 0)?;
    Ok(())
}

enum Typed {
    Number(f64),
    Day(ExcelDateTime),
}

/// A number or a day that is read back as the same text.
fn typed(key: &str, text: &str) -> Option<Typed> {
    if NUMBERS.contains(&key) {
        let number: f64 = text.parse().ok()?;
        return (number.to_string() == text).then_some(Typed::Number(number));
    }
    if !DAYS.contains(&key) || text.len() != 10 {
        return None;
    }
    let date: jiff::civil::Date = text.parse().ok()?;
    // Spreadsheets begin in 1900, and have a day in it that never was.
    let (month, day) = (u8::try_from(date.month()).ok()?, u8::try_from(date.day()).ok()?);
    let year = u16::try_from(date.year()).ok().filter(|year| *year > 1900)?;
    ExcelDateTime::from_ymd(year, month, day).ok().map(Typed::Day)
}
