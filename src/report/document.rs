//! A report for people before it is written out: what stands in it, not how it looks.
//!
//! A kind of report makes one [`Document`] of its figures; [`write`](super::write) turns it into
//! text, a spreadsheet, a page or CSV. So every format has the same figures, and a kind says once
//! what its columns are. Cells are typed: a spreadsheet gets numbers and dates to reckon with, a
//! reader `99,71 %`.

use crate::config::Letter;
use crate::coverage::Verdict;
use crate::model::{State, UnixMs};

/// A report.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// What it is, in a line.
    pub title: String,
    /// Lines under the title: about whom, which period, when it was made, the goal.
    pub heads: Vec<String>,
    /// The report itself.
    pub sections: Vec<Section>,
    /// What each figure means.
    pub notes: Vec<String>,
    /// What the figures rest on; the first line is the heading. Empty where the store was not asked.
    pub proof: Vec<String>,
    /// When it was made.
    pub made: UnixMs,
    /// The frame of an official letter around it; `None` where none is configured.
    pub letter: Option<Letter>,
}

/// A part of a report: a sheet of a spreadsheet, a heading of a page.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Section {
    /// A few words; the name of the sheet.
    pub name: String,
    /// The heading above it; `None` where the report's title says enough.
    pub heading: Option<String>,
    /// An annex: too long for a terminal, so it is left out of the text.
    pub is_annex: bool,
    /// What stands in it, in order.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A sentence.
    Text(String),
    /// A table.
    Table(Table),
    /// A picture of figures that stand in a table or a sentence, too; shown where pictures can be.
    Figure(Figure),
    /// What a picture shows, for a spreadsheet: where there are pictures that is enough.
    Data(Table),
}

/// Rows under columns.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// Its columns, the row's name first.
    pub columns: Vec<Column>,
    /// Its rows.
    pub rows: Vec<Line>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name in CSV, in English; a second part's is this and its own ([`Value::Part`]).
    pub key: &'static str,
    /// Its heading.
    pub heading: String,
    /// Text, which begins at the left; figures end at the right.
    pub is_text: bool,
}

impl Column {
    /// Of figures.
    #[must_use]
    pub const fn figures(key: &'static str, heading: String) -> Self {
        Self { key, heading, is_text: false }
    }

    /// Of texts.
    #[must_use]
    pub const fn text(key: &'static str, heading: String) -> Self {
        Self { key, heading, is_text: true }
    }
}

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// A value for each column.
    pub cells: Vec<Value>,
    /// How far its name stands under the one above.
    pub indent: u8,
    /// The sum of the others.
    pub is_total: bool,
    /// Paper need not have it: nothing is missing there, or it is said elsewhere. The page says how
    /// many lines of a table are not printed.
    pub is_quiet: bool,
}

impl Line {
    /// A row like any other.
    #[must_use]
    pub const fn of(cells: Vec<Value>) -> Self {
        Self { cells, indent: 0, is_total: false, is_quiet: false }
    }

    /// A part of the row above.
    #[must_use]
    pub const fn under(cells: Vec<Value>) -> Self {
        Self { cells, indent: 1, is_total: false, is_quiet: false }
    }

    /// The sum.
    #[must_use]
    pub const fn total(cells: Vec<Value>) -> Self {
        Self { cells, indent: 0, is_total: true, is_quiet: false }
    }
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing, where nothing is meant: an empty cell.
    Empty,
    /// A figure that does not exist: `–`.
    None,
    /// Somebody's text, as untrusted as any.
    Text(String),
    /// A number of things.
    Count(i64),
    /// So many of so many: `24/25   96,0 %`; in a spreadsheet two cells, the number and its share.
    Part {
        /// How many.
        n: u32,
        /// Of how many.
        of: u32,
    },
    /// A share in millionths.
    Share {
        /// The share.
        ppm: u32,
        /// Decimals of the percentage.
        decimals: u8,
    },
    /// From a share to another, in millionths; two cells in a spreadsheet.
    Bounds(Option<u32>, Option<u32>),
    /// A length of time in milliseconds.
    Length(i64),
    /// A length of time in milliseconds, and what of it is meant: `3g 00p (2g 00p)`; two cells.
    Within(i64, i64),
    /// A moment.
    Time(UnixMs),
    /// Money in whole đồng.
    Money(i64),
    /// A number in thousandths, with so many decimals, and its unit.
    Amount {
        /// The number, in thousandths.
        milli: i64,
        /// How many decimals are shown, 0 to 3.
        decimals: u8,
        /// `Mbit/s`, `ms`; empty for a bare number.
        unit: &'static str,
    },
    /// Whether a goal was reached.
    Verdict(Verdict),
}

impl Value {
    /// Somebody's text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// A share where there is one.
    #[must_use]
    pub fn share(ppm: Option<u32>, decimals: u8) -> Self {
        ppm.map_or(Self::None, |ppm| Self::Share { ppm, decimals })
    }

    /// A length of time where there is one, in milliseconds.
    #[must_use]
    pub fn length(ms: Option<i64>) -> Self {
        ms.map_or(Self::None, Self::Length)
    }

    /// A moment where there is one.
    #[must_use]
    pub fn time(at: Option<UnixMs>) -> Self {
        at.map_or(Self::None, Self::Time)
    }
}

/// A picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What is seen.
    pub caption: String,
    /// The figures.
    pub data: Data,
}

/// What a picture is made of.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// A day each, in order, in rows of a week: what share of the time was had; `None` where nothing
    /// was measured.
    Calendar(Vec<Day>),
    /// A bar each, longest at 1.
    Bars {
        /// A line across all, in millionths.
        goal_ppm: u32,
        /// The bars.
        bars: Vec<Bar>,
    },
    /// Who was in which trouble when.
    Timeline {
        /// Where it begins.
        from: UnixMs,
        /// Where it ends.
        to: UnixMs,
        /// By subject.
        rows: Vec<(String, Vec<Trouble>)>,
    },
    /// How many values lie up to each bound, in milliseconds; the last has none.
    Distribution(Vec<(Option<u32>, u64)>),
}

/// A day of a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// Its midnight.
    pub at: UnixMs,
    /// Share of the time, in millionths.
    pub ppm: Option<u32>,
}

/// A bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// Whose.
    pub name: String,
    /// How long, in millionths.
    pub ppm: Option<u32>,
    /// How it is to be seen.
    pub verdict: Verdict,
}

/// A time of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trouble {
    /// From when.
    pub from: UnixMs,
    /// Until when.
    pub to: UnixMs,
    /// Which.
    pub state: State,
}
