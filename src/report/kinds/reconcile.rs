//! A carrier's own monthly table against ours: where the two differ, and our evidence for it.

use super::super::{Page, Said, Scope, Sheet, Table, Value};
use super::{block, carrier::FailedRounds, carrier::carrier, facts};
use crate::coverage::{CarrierMillis, Verdict, carrier_account, outages as of_record};
use crate::heads;
use crate::inventory::{BookError, SheetCell, for_each_sheet};
use crate::locale::fold;
use crate::model::{CarrierIx, SubjectIx, parse_scaled};
use crate::t;

/// Most rows that are read.
const ROWS_MAX: usize = 100_000;
/// Within this the two agree: a minute, and a hundredth of a percent.
const SAME_MS: i64 = 60_000;
const SAME_PPM: i64 = 100;

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
        let Some(columns) = &columns else {
            let mut named: Vec<Option<Column>> =
                cells.iter().map(|cell| column(&name(cell))).collect();
            // Of two columns of a kind the first is meant: a level agreed or a mean may follow.
            // Of circuits each may be the one that we know.
            let is_who = |column| matches!(column, Some(Column::Circuit | Column::Name));
            for n in 1..named.len() {
                if named[..n].contains(&named[n]) && !is_who(named[n]) {
                    named[n] = None;
                }
            }
            let has = |wanted: Column| named.contains(&Some(wanted));
            let figures = [Column::Availability, Column::Minutes, Column::Hours, Column::Outages];
            if named.iter().any(|column| is_who(*column)) && figures.into_iter().any(has) {
                columns = Some(named);
            }
            continue;
        };
        let mut row = Theirs {
            line,
            circuit: String::new(),
            also: Vec::new(),
            ppm: None,
            lost_ms: None,
            outages: None,
        };
        let (mut numbers, mut names) = (Vec::new(), Vec::new());
        let mut unread = Vec::new();
        for (cell, column) in cells.iter().zip(columns) {
            let said = figure(cell);
            let is_who = matches!(column, Some(Column::Circuit | Column::Name));
            let cell = if is_who { name(cell) } else { said };
            let cell = cell.as_str();
            if cell.is_empty() {
                continue;
            }
            let is_read = match column {
                None => true,
                Some(Column::Circuit) => {
                    numbers.push(cell.to_owned());
                    true
                }
                Some(Column::Name) => {
                    names.push(cell.to_owned());
                    true
                }
                Some(Column::Availability) => {
                    row.ppm = share(cell);
                    row.ppm.is_some()
                }
                Some(Column::Minutes) => {
                    row.lost_ms = decimal(cell, 3).and_then(|n| n.checked_mul(60));
                    row.lost_ms.is_some()
                }
                Some(Column::Hours) => {
                    row.lost_ms = decimal(cell, 3).and_then(|n| n.checked_mul(3_600));
                    row.lost_ms.is_some()
                }
                Some(Column::Outages) => {
                    row.outages = decimal(cell, 0);
                    row.outages.is_some()
                }
            };
            if !is_read {
                unread.push((line, cell.to_owned()));
            }
        }
        // A number before a name, whatever their order.
        let mut who = numbers.into_iter().chain(names);
        row.circuit = who.next().unwrap_or_default();
        row.also = who.collect();
        let mut who = std::iter::once(&row.circuit).chain(&row.also);
        if who.any(|name| TOTALS.contains(&fold(name).as_str())) {
            continue;
        }
        // Signatures beneath a table name no figures.
        if !row.circuit.is_empty() && (row.ppm, row.lost_ms, row.outages) != (None, None, None) {
            found.rows.push(row);
            found.unread.extend(unread);
        } else if !row.circuit.is_empty() && !unread.is_empty() {
            found.unread.extend(unread);
        }
    }
    if columns.is_none() { Err(TheirTableError::NoHeader) } else { Ok(found) }
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

/// A line of theirs with ours.
struct Pair<'a> {
    theirs: &'a Theirs,
    subject: SubjectIx,
    ours: CarrierMillis,
    outages: i64,
}

impl Pair<'_> {
    fn lost_difference(&self) -> Option<i64> {
        Some(self.theirs.lost_ms? - self.ours.counted)
    }

    fn share_difference(&self) -> Option<i64> {
        Some(i64::from(self.theirs.ppm?) - i64::from(self.ours.ppm()?))
    }

    fn outage_difference(&self) -> Option<i64> {
        Some(self.theirs.outages? - self.outages)
    }

    fn is_same(&self) -> bool {
        self.lost_difference().is_none_or(|ms| ms.abs() <= SAME_MS)
            && self.share_difference().is_none_or(|ppm| ppm.abs() <= SAME_PPM)
            && self.outage_difference().is_none_or(|n| n == 0)
    }
}

/// Holds `theirs` against the account of `carrier` over the scope's window. Missed when they
/// differ anywhere.
#[must_use]
pub fn reconcile(
    scope: &Scope<'_>,
    page: &Page<'_>,
    said: &Said,
    ix: CarrierIx,
    theirs: &TheirTable,
    failed: &FailedRounds,
) -> Sheet {
    let (lang, inventory, records) = (page.lang, scope.inventory, scope.records);
    let confirmed = said.confirmed(inventory, |ix| of_record(records.of(ix)));
    let account = carrier_account(
        &scope.judge(),
        ix,
        |subject| records.of(subject),
        |subject| confirmed.get(subject.ix()).map_or(&[][..], Vec::as_slice),
        scope.availability_goal_ppm,
        scope.floor_ppm,
    );
    let plain =
        |text: &str| -> String { fold(text).chars().filter(|c| c.is_alphanumeric()).collect() };
    let means = |name: &str, subject: SubjectIx| {
        let found = inventory.subject(subject);
        let circuit = found.connection().and_then(|c| c.circuit.as_deref());
        found.id.as_str() == name || circuit.is_some_and(|circuit| plain(circuit) == plain(name))
    };
    let line_of = |row: &Theirs| {
        let mut names = std::iter::once(&row.circuit).chain(&row.also);
        names.find_map(|name| account.lines.iter().find(|line| means(name, line.subject)))
    };
    let (mut pairs, mut strangers, mut again) = (Vec::<Pair<'_>>::new(), Vec::new(), Vec::new());
    for row in &theirs.rows {
        match line_of(row) {
            // Which of the two is meant is theirs to say; the first is held against ours.
            Some(line) if pairs.iter().any(|pair| pair.subject == line.subject) => again.push(row),
            Some(line) => pairs.push(Pair {
                theirs: row,
                subject: line.subject,
                ours: line.millis.clone(),
                outages: i64::from(line.outages),
            }),
            None => strangers.push(row),
        }
    }
    let is_theirs = |subject| pairs.iter().any(|pair| pair.subject == subject);
    let missing: Vec<SubjectIx> =
        account.lines.iter().map(|l| l.subject).filter(|s| !is_theirs(*s)).collect();
    let differing: Vec<String> = pairs
        .iter()
        .filter(|pair| !pair.is_same())
        .map(|pair| inventory.subject(pair.subject).id.to_string())
        .collect();
    // The evidence is the carriers' report's, of the circuits in dispute.
    let mut evidence = carrier(scope, page, said, Some(ix), failed).tables;
    evidence.retain(|table| table.key == "evidence");
    for table in &mut evidence {
        table.rows.retain(|row| {
            let Some(Value::Text(id)) = row.first() else { return false };
            let subject = id.rsplit_once('@').map_or("", |(subject, _)| subject);
            differing.iter().any(|known| known == subject)
        });
    }
    let mut frame = block("kinds.reconcile_title", scope, page);
    frame.heads.retain(|line| !line.starts_with(&t!(lang, "report.clock", clock = "")));
    frame.heads.push(t!(lang, "report.clock", clock = t!(lang, "report.clock_contract")));
    frame.heads.push(t!(
        lang,
        "kinds.reconcile_sum",
        carrier = inventory.carrier(ix).name,
        rows = theirs.rows.len(),
        differing = differing.len(),
        missing = missing.len(),
        strangers = strangers.len()
    ));
    let is_clean = differing.is_empty()
        && missing.is_empty()
        && strangers.is_empty()
        && again.is_empty()
        && theirs.unread.is_empty();
    let mut tables = vec![
        compared(&pairs, scope, page),
        left(&missing, (&strangers, &again), &theirs.unread, scope, page),
    ];
    tables.extend(evidence);
    let notes = ["note_reconcile", "note_counted", "note_rounds"];
    Sheet {
        kind: "reconcile",
        frame,
        facts: facts(scope),
        tables,
        picture: None,
        notes: notes.iter().map(|key| t!(lang, &format!("kinds.{key}"))).collect(),
        proof: super::super::proof::proof(scope, &scope.units(&scope.tree())),
        verdict: if is_clean { Verdict::Met } else { Verdict::Missed },
    }
}

fn compared(pairs: &[Pair<'_>], scope: &Scope<'_>, page: &Page<'_>) -> Table {
    let lang = page.lang;
    let row = |pair: &Pair<'_>| {
        let theirs = pair.theirs;
        let minutes = |ms: i64| Value::Count((ms + ms.signum() * 30_000) / 60_000);
        let subject = scope.inventory.subject(pair.subject);
        let (same, other) =
            (Value::Word("same", "kinds.same"), Value::Word("differs", "kinds.differs"));
        vec![
            Value::text(&theirs.circuit),
            Value::text(subject.id.as_str()),
            Value::text(&scope.inventory.unit(subject.unit).name),
            Value::of(theirs.ppm, Value::Share),
            Value::of(pair.ours.ppm(), Value::Share),
            Value::of(theirs.lost_ms, minutes),
            minutes(pair.ours.counted),
            Value::of(pair.lost_difference(), minutes),
            Value::of(theirs.outages, Value::Count),
            Value::Count(pair.outages),
            if pair.is_same() { same } else { other },
        ]
    };
    Table {
        key: "compared",
        title: t!(lang, "kinds.compared"),
        columns: heads!(lang,
            "circuit" => "common.circuit",
            "subject" => "common.connection",
            "unit" => "common.unit",
            "their_availability" => "kinds.their_availability",
            "our_availability" => "kinds.our_availability",
            "their_minutes" => "kinds.their_minutes",
            "our_minutes" => "kinds.our_minutes",
            "difference_minutes" => "kinds.difference",
            "their_outages" => "kinds.their_outages",
            "our_outages" => "kinds.our_outages",
            "result" => "kinds.result",
        ),
        rows: pairs.iter().map(row).collect(),
        has_total: false,
    }
}

fn left(
    missing: &[SubjectIx],
    (strangers, again): (&[&Theirs], &[&Theirs]),
    unread: &[(u64, String)],
    scope: &Scope<'_>,
    page: &Page<'_>,
) -> Table {
    let lang = page.lang;
    let line = |line: u64| Value::Count(i64::try_from(line).unwrap_or(i64::MAX));
    let ours = missing.iter().map(|ix| {
        let id = scope.inventory.subject(*ix).id.as_str();
        vec![Value::Word("missing", "kinds.missing"), Value::None, Value::text(id)]
    });
    let row = |row: &&Theirs, why| vec![why, line(row.line), Value::text(&row.circuit)];
    let theirs = strangers.iter().map(|r| row(r, Value::Word("stranger", "kinds.stranger")));
    let twice = again.iter().map(|r| row(r, Value::Word("twice", "kinds.twice")));
    let cells = unread
        .iter()
        .map(|(n, text)| vec![Value::Word("unread", "kinds.unread"), line(*n), Value::text(text)]);
    Table {
        key: "left",
        title: t!(lang, "kinds.left"),
        columns: heads!(lang,
            "why" => "kinds.why",
            "line" => "kinds.line",
            "what" => "kinds.what",
        ),
        // What somebody has to look into stands above what they simply did not name.
        rows: theirs.chain(twice).chain(cells).chain(ours).collect(),
        has_total: false,
    }
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
