//! A report as a title, tables of typed cells and notes, and its writers: text, CSV and JSON.
//!
//! A kind of report says each figure once, as a [`Value`]; what it looks like is the writer's
//! matter, so every format has the same figures.

use serde_json::{Map, json};

use super::table::{Cell, Columns, csv_line};
use super::text::{NONE, time};
use super::{Page, Proof, Seconds, Share};
use crate::coverage::Verdict;
use crate::locale::{Lang, date, duration_short, number, percent, visible};
use crate::model::{Cause, UnixMs};
use crate::t;

/// One figure or name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// There is none.
    None,
    /// Somebody's text.
    Text(String),
    /// How many.
    Count(i64),
    /// A share in millionths.
    Share(u32),
    /// A length of time in milliseconds.
    Length(i64),
    /// The same where people reckon in minutes.
    Minutes(i64),
    /// An instant.
    Time(UnixMs),
    /// A day, by its first instant in the page's zone.
    Day(UnixMs),
    /// Whole units of currency (đồng).
    Money(i64),
    /// Bits a second.
    Rate(u64),
    /// One of our own words: as programs read it, and the key of its text.
    Word(&'static str, &'static str),
}

impl Value {
    /// Somebody's text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// How many.
    #[must_use]
    pub fn count(n: usize) -> Self {
        Self::Count(i64::try_from(n).unwrap_or(i64::MAX))
    }

    /// What `make` makes of something that may not be there.
    #[must_use]
    pub fn of<T>(found: Option<T>, make: impl FnOnce(T) -> Self) -> Self {
        found.map_or(Self::None, make)
    }

    /// A verdict.
    #[must_use]
    pub const fn verdict(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Met => Self::Word("met", "common.met"),
            Verdict::Missed => Self::Word("missed", "common.not_met"),
            Verdict::NotProven => Self::Word("not_proven", "common.not_proven"),
        }
    }

    /// A cause.
    #[must_use]
    pub const fn cause(cause: Cause) -> Self {
        Self::Word(cause.as_str(), cause_key(cause))
    }

    const fn is_left(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Word(..) | Self::Time(_) | Self::Day(_))
    }

    /// As people read it.
    #[must_use]
    pub fn shown(&self, page: &Page<'_>) -> String {
        let lang = page.lang;
        match self {
            Self::None => NONE.to_owned(),
            Self::Text(text) => text.clone(),
            Self::Count(n) | Self::Money(n) => number(lang, *n),
            Self::Share(ppm) => percent(lang, *ppm, 2),
            Self::Length(ms) => duration_short(lang, *ms),
            Self::Minutes(ms) => crate::locale::decimal(lang, ms / 60, 1),
            Self::Time(at) => time(page, *at),
            Self::Day(at) => date(lang, &at.to_timestamp().to_zoned_datetime(page.zone.clone())),
            Self::Rate(bps) => rate(lang, *bps),
            Self::Word(_, key) => t!(lang, key),
        }
    }

    fn cell(&self, page: &Page<'_>) -> Cell {
        match self {
            Self::None => Cell::figure(""),
            Self::Text(text) => Cell::text(text),
            Self::Count(n) | Self::Money(n) => Cell::figure(n),
            Self::Share(ppm) => Cell::figure(Share(*ppm)),
            Self::Length(ms) | Self::Minutes(ms) => Cell::figure(Seconds(*ms)),
            Self::Time(at) => Cell::text(&at.to_string()),
            Self::Day(at) => Cell::text(&day(*at, page)),
            Self::Rate(bps) => Cell::figure(bps),
            Self::Word(word, _) => Cell::text(word),
        }
    }

    fn json(&self, page: &Page<'_>) -> serde_json::Value {
        match self {
            Self::None => serde_json::Value::Null,
            Self::Text(text) => json!(text),
            Self::Count(n) | Self::Money(n) => json!(n),
            Self::Share(ppm) => json!(Share(*ppm)),
            Self::Length(ms) | Self::Minutes(ms) => json!(Seconds(*ms)),
            Self::Time(at) => json!(at),
            Self::Day(at) => json!(day(*at, page)),
            Self::Rate(bps) => json!(bps),
            Self::Word(word, _) => json!(word),
        }
    }
}

/// `2026-10-01` in the page's zone.
fn day(at: UnixMs, page: &Page<'_>) -> String {
    page.zone.to_datetime(at.to_timestamp()).date().to_string()
}

/// The key of a cause's text.
#[must_use]
pub const fn cause_key(cause: Cause) -> &'static str {
    match cause {
        Cause::Power => "incident.cause_power",
        Cause::Fibre => "incident.cause_fibre",
        Cause::Carrier => "incident.cause_carrier",
        Cause::Equipment => "incident.cause_equipment",
        Cause::Configuration => "incident.cause_configuration",
        Cause::Planned => "incident.cause_planned",
        Cause::Unknown => "incident.cause_unknown",
    }
}

fn rate(lang: Lang, bps: u64) -> String {
    let milli_mbps = i64::try_from(bps / 1_000).unwrap_or(i64::MAX);
    format!("{} Mbit/s", crate::locale::decimal(lang, milli_mbps, 2))
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its word in JSON and CSV.
    pub key: &'static str,
    /// What stands above it.
    pub title: String,
    /// Word in JSON and CSV, and heading.
    pub columns: Vec<(&'static str, String)>,
    /// As many cells each as there are columns.
    pub rows: Vec<Vec<Value>>,
    /// The last row sums the others up.
    pub has_total: bool,
}

/// A report.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// Its word.
    pub kind: &'static str,
    /// Title and the lines of its block: whose, when, by which clock.
    pub title: Vec<String>,
    /// More of the document's own keys in JSON.
    pub facts: Vec<(&'static str, serde_json::Value)>,
    /// Tables in their order.
    pub tables: Vec<Table>,
    /// Definitions.
    pub notes: Vec<String>,
    /// What the figures rest on.
    pub proof: Option<Proof>,
    /// What it comes to, for the exit code.
    pub verdict: Verdict,
}

impl Sheet {
    /// For people.
    #[must_use]
    pub fn text(&self, page: &Page<'_>) -> String {
        let mut out = String::new();
        for line in &self.title {
            out += &format!("{}\n", visible(line));
        }
        for table in &self.tables {
            out += &format!("\n{}\n", visible(&table.title));
            if table.rows.is_empty() {
                out += &format!("  {}\n", t!(page.lang, "kinds.nothing"));
                continue;
            }
            let said = |n: usize| {
                let cells = table.rows.iter().filter_map(move |row| row.get(n));
                cells.filter(|value| **value != Value::None)
            };
            // A column without any figure says no more than its absence.
            let shown: Vec<usize> =
                (0..table.columns.len()).filter(|n| said(*n).next().is_some()).collect();
            let is_left = |n: &usize| said(*n).all(Value::is_left);
            let left: Vec<usize> =
                (0..).zip(&shown).filter(|(_, n)| is_left(n)).map(|(place, _)| place).collect();
            let head = |n: &usize| table.columns.get(*n).map(|(_, head)| head.clone());
            let mut columns = Columns::new(shown.iter().filter_map(head).collect(), &left);
            for row in &table.rows {
                let cells = shown.iter().filter_map(|n| row.get(*n));
                columns.row(cells.map(|value| value.shown(page)).collect());
            }
            columns.write(&mut out, table.has_total);
        }
        if !self.notes.is_empty() {
            out += &format!("\n{}\n", t!(page.lang, "report.notes"));
            for (n, note) in (1..).zip(&self.notes) {
                out += &format!("  ({n}) {}\n", visible(note));
            }
        }
        out += &super::proof::foot(self.proof.as_ref(), page);
        out
    }

    /// Every table under a header row of its own, whose first column names it; an empty line parts
    /// them.
    #[must_use]
    pub fn csv(&self, page: &Page<'_>) -> String {
        let excel = page.excel.then_some(page.lang);
        let mut out = if page.excel { "\u{feff}".to_owned() } else { String::new() };
        for (n, table) in self.tables.iter().enumerate() {
            if n > 0 {
                out += "\r\n";
            }
            let heads = table.columns.iter().map(|(key, _)| Cell::figure(key));
            let heads: Vec<Cell> = std::iter::once(Cell::figure("table")).chain(heads).collect();
            out += &csv_line(&heads, excel);
            let detail = table.rows.len() - usize::from(table.has_total && !table.rows.is_empty());
            for (n, row) in table.rows.iter().enumerate() {
                let name = if n < detail { table.key.to_owned() } else { format!("{}_total", table.key) };
                let cells = row.iter().map(|value| value.cell(page));
                let cells: Vec<Cell> = std::iter::once(Cell::text(&name)).chain(cells).collect();
                out += &csv_line(&cells, excel);
            }
        }
        out
    }

    /// One JSON object, ended by a new line: a list for each table, its total apart as
    /// `<table>_total`.
    #[must_use]
    pub fn json(&self, page: &Page<'_>) -> String {
        let mut document = Map::new();
        document.insert("kind".to_owned(), json!(self.kind));
        document.insert("timezone".to_owned(), json!(page.zone_name));
        for (key, fact) in &self.facts {
            document.insert((*key).to_owned(), fact.clone());
        }
        document.insert("verdict".to_owned(), Value::verdict(self.verdict).json(page));
        for table in &self.tables {
            let object = |row: &Vec<Value>| {
                let keys = table.columns.iter().map(|(key, _)| (*key).to_owned());
                let cells = row.iter().map(|value| value.json(page));
                serde_json::Value::Object(keys.zip(cells).collect())
            };
            let mut rows: Vec<serde_json::Value> = table.rows.iter().map(object).collect();
            let total = if table.has_total { rows.pop() } else { None };
            document.insert(table.key.to_owned(), rows.into());
            if let Some(total) = total {
                document.insert(format!("{}_total", table.key), total);
            }
        }
        if let Some(proof) = &self.proof {
            document.insert("proof".to_owned(), json!(proof));
        }
        super::table::json(&document)
    }
}

/// Headings of a table: word and text of each column.
#[macro_export]
#[doc(hidden)]
macro_rules! heads {
    ($lang:expr, $($word:literal => $key:literal),+ $(,)?) => {
        vec![$(($word, $crate::t!($lang, $key))),+]
    };
}
