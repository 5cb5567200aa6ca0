//! An empty workbook to send to the districts: a sheet each for units, lines and devices, with
//! headings in words and lists to choose from. What comes back is read as it is, put into the
//! inventory's folder.

use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, Format, FormatAlign, FormatBorder, Formula,
    Workbook, Worksheet, XlsxError,
};

use super::Section;
use super::heading::{KINDS, columns};
use crate::locale::{Lang, text};
use crate::model::Inventory;

/// Rows beneath the header that are ready to be filled in.
const ROWS: u32 = 500;
/// Points a heading's letter takes, nearly, as Excel reckons widths.
const PADDING: f64 = 4.0;
/// The roles that offices have equipment in; another word is taken as well.
const ROLES: [&str; 7] =
    ["router", "switch", "firewall", "server", "ups", "access-point", "camera"];

/// The workbook's bytes. The ids of `inventory`'s units, networks and carriers are what its lists
/// offer, so that nobody has to know them by heart.
///
/// # Errors
/// The workbook cannot be put together.
pub fn template(inventory: &Inventory, lang: Lang) -> Result<Vec<u8>, XlsxError> {
    let lists = Lists::of(inventory, lang);
    let mut book = Workbook::new();
    for section in [Section::Units, Section::Connections, Section::Devices] {
        let sheet = book.add_worksheet();
        sheet.set_name(text(lang, name(section)))?;
        fill(sheet, section, lang, &lists)?;
    }
    lists.write(book.add_worksheet(), lang)?;
    book.save_to_buffer()
}

/// The catalogue's key of a sheet's name.
const fn name(section: Section) -> &'static str {
    match section {
        Section::Connections => "template.connections",
        Section::Devices => "template.devices",
        _ => "template.units",
    }
}

fn fill(
    sheet: &mut Worksheet,
    section: Section,
    lang: Lang,
    lists: &Lists,
) -> Result<(), XlsxError> {
    let plain = Format::new().set_font_name("Times New Roman").set_font_size(12);
    let head = plain
        .clone()
        .set_bold()
        .set_text_wrap()
        .set_align(FormatAlign::Center)
        .set_align(FormatAlign::VerticalCenter)
        .set_border(FormatBorder::Thin);
    // What no row means anything without is told by its colour, and by the note at its heading.
    let needed = head.clone().set_background_color(Color::RGB(0x00FF_E699));
    // As text, or a code loses its zeros and a telephone number its first.
    let body = plain.set_num_format("@");
    for (n, column) in columns(section).iter().enumerate() {
        let n = u16::try_from(n).unwrap_or(u16::MAX);
        let heading = column.heading(lang);
        let is_needed = section.required_columns().contains(&column.key);
        sheet.write_with_format(0, n, heading, if is_needed { &needed } else { &head })?;
        let letters = u32::try_from(heading.chars().count()).unwrap_or(u32::MAX);
        sheet.set_column_width(n, (f64::from(letters) + PADDING).max(14.0))?;
        sheet.set_column_format(n, &body)?;
        if let Some(rule) = lists.rule(section, column.key, lang) {
            sheet.add_data_validation(1, n, ROWS, n, &rule)?;
        }
    }
    sheet.set_row_height(0, 36)?;
    sheet.set_freeze_panes(1, 1)?;
    sheet.set_landscape();
    sheet.set_paper_size(9);
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(0, 0)?;
    Ok(())
}

/// What may be chosen, each a column of the last sheet.
struct Lists {
    kinds: Vec<String>,
    units: Vec<String>,
    networks: Vec<String>,
    carriers: Vec<String>,
    roles: Vec<String>,
}

impl Lists {
    fn of(inventory: &Inventory, lang: Lang) -> Self {
        let kinds = KINDS.iter().map(|(vi, en)| if lang == Lang::Vi { *vi } else { *en });
        Self {
            kinds: kinds.map(str::to_owned).collect(),
            units: inventory.units.iter().map(|u| u.id.to_string()).collect(),
            networks: inventory.networks.iter().map(|n| n.id.to_string()).collect(),
            carriers: inventory.carriers.iter().map(|c| c.id.to_string()).collect(),
            roles: ROLES.iter().map(|role| (*role).to_owned()).collect(),
        }
    }

    const fn all(&self) -> [(&'static str, &Vec<String>); 5] {
        [
            ("template.kinds", &self.kinds),
            ("template.unit_ids", &self.units),
            ("template.networks", &self.networks),
            ("template.carriers", &self.carriers),
            ("template.roles", &self.roles),
        ]
    }

    fn write(&self, sheet: &mut Worksheet, lang: Lang) -> Result<(), XlsxError> {
        sheet.set_name(text(lang, "template.lists"))?;
        let head = Format::new().set_bold().set_font_name("Times New Roman").set_font_size(12);
        for (n, (title, words)) in self.all().into_iter().enumerate() {
            let n = u16::try_from(n).unwrap_or(u16::MAX);
            sheet.write_with_format(0, n, text(lang, title), &head)?;
            sheet.set_column_width(n, 28)?;
            for (row, word) in words.iter().enumerate() {
                let row = u32::try_from(row + 1).unwrap_or(u32::MAX);
                sheet.write_string(row, n, word)?;
            }
        }
        Ok(())
    }

    /// The list a column is chosen from. Only kinds and networks are closed: a new unit, carrier or
    /// role is allowed, a second network after the first as well.
    fn rule(&self, section: Section, key: &str, lang: Lang) -> Option<DataValidation> {
        let (place, is_closed) = match (section, key) {
            (_, "kind") => (0, true),
            (_, "parent" | "unit") => (1, false),
            (_, "requires") => (2, false),
            (_, "network") => (2, true),
            (_, "carrier") => (3, false),
            (Section::Devices, "role") => (4, false),
            _ => return None,
        };
        let (_, words) = self.all()[place];
        if words.is_empty() {
            return None;
        }
        let letter = char::from(b'A' + u8::try_from(place).ok()?);
        let range = format!(
            "='{}'!${letter}$2:${letter}${}",
            text(lang, "template.lists"),
            words.len() + 1
        );
        let rule = DataValidation::new().allow_list_formula(Formula::new(range));
        Some(if is_closed {
            rule.set_error_style(DataValidationErrorStyle::Stop)
        } else {
            rule.show_error_message(false)
        })
    }
}
