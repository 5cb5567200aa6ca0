//! A carrier's own monthly table, as they wrote it: CSV or a workbook, headings in Vietnamese or
//! English, numbers as either language writes them. What may mean two things is not read.

use crate::inventory::{BookError, SheetCell, for_each_sheet};
use crate::locale::fold;
use crate::model::parse_scaled;

/// Most rows that are read.
const ROWS_MAX: usize = 100_000;

/// A row of their table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theirs {
    /// Its line in the file.
    pub line: u64,
    /// Circuit number, or our id; its name where they give nothing else.
    pub circuit: String,
    /// What else they call it.
    pub also: Vec<String>,
    /// Availability in millionths.
    pub ppm: Option<u32>,
    /// Time lost in milliseconds.
    pub lost_ms: Option<i64>,
    /// Number of outages.
    pub outages: Option<i64>,
}

/// Their table, as far as it could be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TheirTable {
    /// Its rows.
    pub rows: Vec<Theirs>,
    /// Cells that are no figure: line and text.
    pub unread: Vec<(u64, String)>,
}

/// Their table cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum TheirTableError {
    /// No row names a circuit's column and a figure's.
    #[error("no header row names a circuit and a figure (availability, minutes, outages)")]
    NoHeader,
    /// It has too many rows.
    #[error("more than {ROWS_MAX} rows")]
    TooLong,
    /// The file is not what it claims to be.
    #[error("not a table: {0}")]
    Malformed(#[from] csv::Error),
    /// The workbook cannot be read.
    #[error("{0}")]
    Book(#[from] BookError),
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    /// What a circuit is known by: its number, or our id.
    Circuit,
    /// What it is called.
    Name,
    Availability,
    Minutes,
    Hours,
    Outages,
}

impl Column {
    /// True where it says who a row is about.
    const fn is_who(self) -> bool {
        matches!(self, Self::Circuit | Self::Name)
    }
}

/// By the words that stand in a heading, whatever their accents; the first that fits.
fn column(heading: &str) -> Option<Column> {
    let words = fold(heading);
    let has = |all: &[&str]| all.iter().any(|word| words.contains(word));
    let is_word = |word: &str| words.split(|c: char| !c.is_alphanumeric()).any(|w| w == word);
    // Time in service is no time lost.
    let is_up = has(&["kha dung", "availability", "uptime", "sla"]);
    let is_time = has(&["thoi gian", "duration"]);
    let in_hours = is_word("gio") || is_word("hours") || words.ends_with("(h)");
    if has(&["phut", "minute"]) || words.ends_with("_min") {
        Some(Column::Minutes).filter(|_| !(is_up && is_time))
    } else if has(&["gio mat", "so gio", "hours down", "downtime_h"])
        || (in_hours && is_time && !is_up)
    {
        Some(Column::Hours)
    } else if is_up {
        Some(Column::Availability).filter(|_| !(is_time && in_hours))
    } else if is_time {
        // In which unit it does not say.
        None
    } else if has(&["so lan", "su co", "outages", "incidents"]) {
        Some(Column::Outages)
    } else if has(&["so hieu", "ma kenh", "ma duong", "circuit id", "subject"]) {
        Some(Column::Circuit)
    } else if has(&["kenh", "circuit"]) {
        Some(if has(&["ten", "name"]) { Column::Name } else { Column::Circuit })
    } else {
        None
    }
}

/// Reads a table in CSV: separated by commas, semicolons or tabs, with any lines of a title above
/// the header row, headings in Vietnamese or English.
///
/// # Errors
/// [`TheirTableError`].
pub fn their_table(text: &str) -> Result<TheirTable, TheirTableError> {
    let text = text.trim_start_matches('\u{feff}');
    let mut best: Option<TheirTable> = None;
    let mut last = TheirTableError::NoHeader;
    for separator in [b',', b';', b'\t'] {
        match read(text, separator) {
            Ok(found) if best.as_ref().is_none_or(|best| best.rows.len() < found.rows.len()) => {
                best = Some(found);
            }
            Ok(_) | Err(TheirTableError::NoHeader) => {}
            Err(error) => last = error,
        }
    }
    best.ok_or(last)
}

/// Reads a workbook's table, of the sheet that has most rows of one; numbers need not be guessed
/// there.
///
/// # Errors
/// [`TheirTableError`].
pub fn their_book(bytes: Vec<u8>) -> Result<TheirTable, TheirTableError> {
    let mut best: Option<TheirTable> = None;
    let mut failed = None;
    for_each_sheet(bytes, |sheet| {
        let rows = sheet.into_iter().map(|(line, cells)| Ok((line, cells)));
        match gather(rows) {
            Ok(found) if best.as_ref().is_none_or(|best| best.rows.len() < found.rows.len()) => {
                best = Some(found);
            }
            Ok(_) | Err(TheirTableError::NoHeader) => {}
            Err(error) => failed = failed.take().or(Some(error)),
        }
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    best.ok_or(TheirTableError::NoHeader)
}

fn read(text: &str, separator: u8) -> Result<TheirTable, TheirTableError> {
    let reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let rows = reader.into_records().map(|record| {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        Ok((line, record.iter().map(|cell| SheetCell::Text(cell.to_owned())).collect()))
    });
    gather(rows)
}

/// What a cell says, a number with so many decimals that nothing else can be meant.
fn figure(cell: &SheetCell) -> String {
    match cell {
        SheetCell::Text(text) => text.trim().to_owned(),
        SheetCell::Number(n) => format!("{n:.6}"),
    }
}

/// As a name: `12`, not `12.000000`.
fn name(cell: &SheetCell) -> String {
    match cell {
        SheetCell::Text(text) => text.trim().to_owned(),
        SheetCell::Number(n) => n.to_string(),
    }
}

/// The table among rows, each with its line.
fn gather(
    rows: impl Iterator<Item = Result<(u64, Vec<SheetCell>), TheirTableError>>,
) -> Result<TheirTable, TheirTableError> {
    let mut columns: Option<Vec<Option<Column>>> = None;
    let mut found = TheirTable::default();
    for (n, row) in rows.enumerate() {
        let (line, cells) = row?;
        if n > ROWS_MAX {
            return Err(TheirTableError::TooLong);
        }
        match &columns {
            None => columns = header(&cells),
            Some(columns) => found.take(line, &cells, columns),
        }
    }
    if columns.is_none() { Err(TheirTableError::NoHeader) } else { Ok(found) }
}

/// What the columns hold, where this is the header row: it names a circuit and a figure.
fn header(cells: &[SheetCell]) -> Option<Vec<Option<Column>>> {
    let mut named: Vec<Option<Column>> = cells.iter().map(|cell| column(&name(cell))).collect();
    // Of two columns of a kind the first is meant: a level agreed or a mean may follow.
    // Of circuits each may be the one that we know.
    for n in 1..named.len() {
        if named[..n].contains(&named[n]) && !named[n].is_some_and(Column::is_who) {
            named[n] = None;
        }
    }
    let is_any = |is_it: fn(Column) -> bool| named.iter().flatten().any(|column| is_it(*column));
    (is_any(Column::is_who) && is_any(|column| !column.is_who())).then_some(named)
}

impl TheirTable {
    /// Takes in a row beneath the header.
    fn take(&mut self, line: u64, cells: &[SheetCell], columns: &[Option<Column>]) {
        let (mut numbers, mut names, mut unread) = (Vec::new(), Vec::new(), Vec::new());
        let (mut ppm, mut lost_ms, mut outages) = (None, None, None);
        let cells = cells.iter().zip(columns).filter_map(|(cell, column)| Some((cell, (*column)?)));
        for (cell, column) in cells {
            let said = if column.is_who() { name(cell) } else { figure(cell) };
            if said.is_empty() {
                continue;
            }
            let lost = |factor| decimal(&said, 3).and_then(|n| n.checked_mul(factor));
            let is_read = match column {
                Column::Circuit | Column::Name => true,
                Column::Availability => assigned(&mut ppm, share(&said)),
                Column::Minutes => assigned(&mut lost_ms, lost(60)),
                Column::Hours => assigned(&mut lost_ms, lost(3_600)),
                Column::Outages => assigned(&mut outages, decimal(&said, 0)),
            };
            match column {
                Column::Circuit => numbers.push(said),
                Column::Name => names.push(said),
                _ if !is_read => unread.push((line, said)),
                _ => {}
            }
        }
        // A number before a name, whatever their order.
        let who: Vec<String> = numbers.into_iter().chain(names).collect();
        let Some((circuit, also)) = who.split_first() else { return };
        if who.iter().any(|name| TOTALS.contains(&fold(name).as_str())) {
            return;
        }
        self.unread.extend(unread);
        // Signatures beneath a table name no figures.
        if (ppm, lost_ms, outages) != (None, None, None) {
            let (circuit, also) = (circuit.clone(), also.to_vec());
            self.rows.push(Theirs { line, circuit, also, ppm, lost_ms, outages });
        }
    }
}

/// Has `place` hold what was read; true when anything was.
fn assigned<T>(place: &mut Option<T>, read: Option<T>) -> bool {
    *place = read;
    place.is_some()
}

/// What stands before the sum of a table, without diacritics.
const TOTALS: [&str; 5] = ["tong cong", "tong", "cong", "total", "sum"];

/// A number as either language writes it; never negative. Of two different marks the last stands
/// before the decimals; a mark that comes more than once parts thousands. `1.234` alone may be
/// both, so it is not read, but where the number is a share.
fn decimal(cell: &str, places: u8) -> Option<i64> {
    let marks: Vec<(usize, char)> =
        cell.char_indices().filter(|(_, c)| matches!(c, '.' | ',')).collect();
    let last = marks.last().copied();
    let is_repeated = |mark: char| marks.iter().filter(|(_, c)| *c == mark).count() > 1;
    let point = last.filter(|(_, mark)| !is_repeated(*mark));
    let whole = point.map_or(cell, |(at, _)| &cell[..at]);
    let mut groups = whole.split(['.', ',']);
    let is_first = groups.next().is_some_and(|first| first.len() <= 3 || marks.len() < 2);
    if !is_first || groups.any(|group| group.len() != 3) {
        return None;
    }
    let decimals = point.map_or("", |(at, _)| &cell[at + 1..]);
    if places <= 3 && marks.len() == 1 && decimals.len() == 3 && !whole.trim_matches('0').is_empty()
    {
        return None;
    }
    let whole: String = whole.chars().filter(|c| !matches!(c, '.' | ',')).collect();
    let text = if decimals.is_empty() { whole } else { format!("{whole}.{decimals}") };
    // Digits beyond those we keep say nothing to us.
    let text = match text.split_once('.') {
        Some((whole, rest)) if places == 0 && rest.chars().all(|c| c == '0') => whole.to_owned(),
        Some(_) if places == 0 => return None,
        Some((whole, rest)) => {
            format!("{whole}.{}", rest.chars().take(usize::from(places)).collect::<String>())
        }
        None => text,
    };
    parse_scaled(text.trim_end_matches('.'), places).filter(|n| *n >= 0)
}

/// `99,95`, `99.95 %`, `0.9995`: above one it is a percentage.
fn share(cell: &str) -> Option<u32> {
    let bare = cell.trim_end_matches('%').trim();
    let value = decimal(bare, 6)?;
    let ppm = if cell.ends_with('%') || value > 1_000_000 { value / 100 } else { value };
    u32::try_from(ppm).ok().filter(|ppm| *ppm <= 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_either_language_writes_them_and_what_may_be_both_is_not() {
        for (cell, places, read) in [
            ("12", 3, Some(12_000)),
            ("12,5", 3, Some(12_500)),
            ("12.5", 3, Some(12_500)),
            ("1.234,5", 3, Some(1_234_500)),
            ("1,234.5", 3, Some(1_234_500)),
            ("1.234.567", 3, Some(1_234_567_000)),
            ("12345,5", 3, Some(12_345_500)),
            ("0,500", 3, Some(500)),
            ("1.234", 3, None),
            ("1,234", 0, None),
            ("3,0", 0, Some(3)),
            ("3.000000", 0, Some(3)),
            ("2,5", 0, None),
            ("1.23,4", 3, None),
            ("1234.567,8", 3, None),
            ("-1", 3, None),
        ] {
            assert_eq!(decimal(cell, places), read, "{cell}");
        }
        assert_eq!(share("99,950 %"), Some(999_500));
        assert_eq!(share("0.9995"), Some(999_500));
    }

    #[test]
    fn a_circuit_is_known_by_any_of_its_columns_the_number_first() {
        let text = "STT;Tên kênh;Số hiệu kênh;Khả dụng\n1;Cái Bè – Mỹ Tho;TG-1;99,5 %\n2;Chợ Gạo;;99 %\n;Tổng cộng;;99 %\n";
        let found = read(text, b';').unwrap();
        let who: Vec<(&str, &[String])> =
            found.rows.iter().map(|row| (row.circuit.as_str(), &row.also[..])).collect();
        assert_eq!(who, [("TG-1", &["Cái Bè – Mỹ Tho".to_owned()][..]), ("Chợ Gạo", &[])]);
    }

    #[test]
    fn a_time_is_no_number_of_outages() {
        for (heading, read) in [
            ("Thời gian sự cố (giờ)", Some(Column::Hours)),
            ("Tổng thời gian mất liên lạc, giờ", Some(Column::Hours)),
            ("Thời gian sự cố (phút)", Some(Column::Minutes)),
            ("Thời gian sự cố", None),
            ("Thời gian khả dụng (giờ)", None),
            ("Thời gian khả dụng (%)", Some(Column::Availability)),
            ("Khả dụng trong giờ hành chính", Some(Column::Availability)),
            ("Số sự cố", Some(Column::Outages)),
            ("Số lần gián đoạn", Some(Column::Outages)),
            ("Số giờ mất", Some(Column::Hours)),
        ] {
            assert_eq!(column(heading), read, "{heading}");
        }
        let found = read("Kênh;Số sự cố\nA-1;2,5\nA-2;3\n", b';').unwrap();
        assert_eq!(found.unread, [(2, "2,5".to_owned())]);
        assert_eq!((found.rows.len(), found.rows[0].outages), (1, Some(3)));
    }

    #[test]
    fn of_two_columns_of_a_kind_the_first_is_read() {
        let text = "Kênh;Khả dụng;Khả dụng cam kết\nA-1;99,5 %;99,9 %\n";
        let found = read(text, b';').unwrap();
        assert_eq!(found.rows.len(), 1);
        assert_eq!(found.rows[0].ppm, Some(995_000));
    }
}
