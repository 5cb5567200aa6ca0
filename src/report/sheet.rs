//! A report as tables of typed cells with words for programs: from one of these come its CSV, its
//! JSON and the [`Document`] that people read.
//!
//! A kind of report says each figure once, as a [`Value`], so every format has the same figures.

use serde_json::{Map, json};

use super::document::{self, Block, Column, Document, Figure, Line, Section};
use super::table::{Cell, csv_line};
use super::{Page, Proof, Seconds, Share};
use crate::coverage::Verdict;
use crate::locale::{cause_key, date};
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

    /// As it stands in a document.
    fn written(&self, page: &Page<'_>) -> document::Value {
        match self {
            Self::None => document::Value::None,
            Self::Text(text) => document::Value::text(text),
            Self::Count(n) => document::Value::Count(*n),
            Self::Money(dong) => document::Value::Money(*dong),
            Self::Share(ppm) => document::Value::Share { ppm: *ppm, decimals: 2 },
            Self::Length(ms) => document::Value::Length(*ms),
            Self::Minutes(ms) => document::Value::Amount { milli: ms / 60, decimals: 1, unit: "" },
            Self::Time(at) => document::Value::Time(*at),
            Self::Day(at) => document::Value::Text(shown_day(*at, page)),
            Self::Rate(bps) => {
                let milli = i64::try_from(bps / 1_000).unwrap_or(i64::MAX);
                document::Value::Amount { milli, decimals: 2, unit: "Mbit/s" }
            }
            Self::Word("met", _) => document::Value::Verdict(Verdict::Met),
            Self::Word("missed", _) => document::Value::Verdict(Verdict::Missed),
            Self::Word("not_proven", _) => document::Value::Verdict(Verdict::NotProven),
            Self::Word(_, key) => document::Value::Text(t!(page.lang, key)),
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

/// As people write it.
pub(super) fn shown_day(at: UnixMs, page: &Page<'_>) -> String {
    date(page.lang, &at.to_timestamp().to_zoned_datetime(page.zone.clone()))
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
    /// Title, and the lines of its block: whose, when, by which clock.
    pub frame: Document,
    /// More of the document's own keys in JSON.
    pub facts: Vec<(&'static str, serde_json::Value)>,
    /// Tables in their order.
    pub tables: Vec<Table>,
    /// Of figures that stand in a table, too.
    pub picture: Option<Figure>,
    /// Definitions.
    pub notes: Vec<String>,
    /// What the figures rest on.
    pub proof: Option<Proof>,
    /// What it comes to, for the exit code.
    pub verdict: Verdict,
}

impl Table {
    fn document(&self, page: &Page<'_>) -> document::Table {
        let said = |n: usize| {
            let cells = self.rows.iter().filter_map(move |row| row.get(n));
            cells.filter(|value| **value != Value::None)
        };
        let shown: Vec<usize> =
            (0..self.columns.len()).filter(|n| said(*n).next().is_some()).collect();
        let columns = shown.iter().filter_map(|n| {
            let (key, heading) = self.columns.get(*n)?;
            let is_text = said(*n).all(Value::is_left);
            Some(Column { key, heading: heading.clone(), is_text })
        });
        let last = self.rows.len().checked_sub(1).filter(|_| self.has_total);
        let rows = self.rows.iter().enumerate().map(|(n, row)| {
            let cells = shown.iter().filter_map(|n| row.get(*n));
            let cells = cells.map(|value| value.written(page)).collect();
            if last == Some(n) { Line::total(cells) } else { Line::of(cells) }
        });
        document::Table { columns: columns.collect(), rows: rows.collect() }
    }
}

impl Sheet {
    /// For people: a section for each table. A column without any figure says no more than its
    /// absence, and is left out.
    #[must_use]
    pub fn document(&self, page: &Page<'_>) -> Document {
        let section = |table: &Table| Section {
            name: table.title.clone(),
            heading: Some(table.title.clone()),
            is_annex: false,
            blocks: vec![match table.rows.is_empty() {
                true => Block::Text(t!(page.lang, "kinds.nothing")),
                false => Block::Table(table.document(page)),
            }],
        };
        let picture = self.picture.iter().map(|figure| Section {
            name: String::new(),
            heading: Some(t!(page.lang, "report.figures")),
            is_annex: true,
            blocks: vec![Block::Figure(figure.clone())],
        });
        Document {
            sections: self.tables.iter().map(section).chain(picture).collect(),
            notes: self.notes.clone(),
            proof: super::proof::foot(self.proof.as_ref(), page),
            ..self.frame.clone()
        }
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
                let name =
                    if n < detail { table.key.to_owned() } else { format!("{}_total", table.key) };
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
