//! Which report, of what, of when; and how the command line is told so. Pure.

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::locale::Lang;
use crate::model::UnitId;

/// The kinds of reports, as `tuantra report` has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReportKind {
    /// Which units have their networks.
    Coverage,
    /// How much of the time connections worked.
    Availability,
    /// What each carrier owes.
    Carrier,
    /// Circuits against their bandwidth.
    Capacity,
    /// Outages by cause and by carrier.
    Outages,
    /// Devices by kind, maker and age.
    Inventory,
    /// The plan against what is done.
    Plan,
}

impl ReportKind {
    /// All, in the order they are listed in.
    pub const ALL: [Self; 7] = [
        Self::Coverage,
        Self::Availability,
        Self::Carrier,
        Self::Capacity,
        Self::Outages,
        Self::Inventory,
        Self::Plan,
    ];

    /// Its word on the command line and in the names of files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Coverage => "coverage",
            Self::Availability => "availability",
            Self::Carrier => "carrier",
            Self::Capacity => "capacity",
            Self::Outages => "outages",
            Self::Inventory => "inventory",
            Self::Plan => "plan",
        }
    }

    /// The key of its name.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Coverage => "dash_reports.coverage",
            Self::Availability => "dash_reports.availability",
            Self::Carrier => "dash_reports.carrier",
            Self::Capacity => "dash_reports.capacity",
            Self::Outages => "dash_reports.outages",
            Self::Inventory => "dash_reports.inventory",
            Self::Plan => "dash_reports.plan",
        }
    }
}

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Length {
    /// A month.
    #[default]
    Month,
    /// A quarter.
    Quarter,
    /// A year.
    Year,
}

impl Length {
    /// From short to long.
    pub const ALL: [Self; 3] = [Self::Month, Self::Quarter, Self::Year];

    /// The key of its name.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Month => "dash_reports.month",
            Self::Quarter => "dash_reports.quarter",
            Self::Year => "dash_reports.year",
        }
    }

    const fn months(self) -> i64 {
        match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Year => 12,
        }
    }

    /// The first day of the period that a day is in.
    #[must_use]
    pub fn first(self, day: Date) -> Date {
        let over = match self {
            Self::Month => 0,
            Self::Quarter => (day.month() - 1) % 3,
            Self::Year => day.month() - 1,
        };
        let first = day.first_of_month();
        first.checked_sub(i64::from(over).months()).unwrap_or(first)
    }

    /// The first day of the period that begins so many later; `None` where the calendar ends.
    #[must_use]
    pub fn moved(self, first: Date, by: isize) -> Option<Date> {
        let by = i64::try_from(by).ok()?.checked_mul(self.months())?;
        // Farther than any record goes.
        let by = by.clamp(-12_000, 12_000);
        first.checked_add(by.months()).ok().filter(|first| first.year() > 0)
    }
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Text.
    Text,
    /// For programs.
    Csv,
    /// A spreadsheet.
    #[default]
    Xlsx,
    /// A page to be printed.
    Html,
    /// The stable form.
    Json,
}

impl Format {
    /// All, in the order they are shown in.
    pub const ALL: [Self; 5] = [Self::Xlsx, Self::Html, Self::Csv, Self::Json, Self::Text];

    /// Its word on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Html => "html",
            Self::Json => "json",
        }
    }

    /// How its file's name ends.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Text => "txt",
            other => other.word(),
        }
    }

    /// The next (1) or the one before (-1), round and round.
    #[must_use]
    pub(super) fn other(self, by: isize) -> Self {
        let at = Self::ALL.iter().position(|format| *format == self).unwrap_or(0);
        let count = Self::ALL.len();
        Self::ALL[(at + count).saturating_add_signed(by) % count]
    }
}

/// A report that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRequest {
    /// Which.
    pub kind: ReportKind,
    /// How long its period is.
    pub length: Length,
    /// The first day of it.
    pub first: Date,
    /// Whose, with all beneath; `None`: everybody's.
    pub unit: Option<UnitId>,
    /// In which language.
    pub lang: Lang,
}

impl ReportRequest {
    /// "2026-10", "2026-Q4", "2026".
    #[must_use]
    pub fn period(&self) -> String {
        let year = self.first.year();
        match self.length {
            Length::Month => format!("{year:04}-{:02}", self.first.month()),
            Length::Quarter => format!("{year:04}-Q{}", (self.first.month() - 1) / 3 + 1),
            Length::Year => format!("{year:04}"),
        }
    }

    /// What stands behind `tuantra report` when the same is asked for there.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut words = vec![self.kind.word().to_owned()];
        match self.length {
            Length::Month => words.extend(["--month".to_owned(), self.period()]),
            Length::Quarter | Length::Year => {
                words.extend(["--from".to_owned(), self.first.to_string()]);
                if let Some(end) = self.length.moved(self.first, 1) {
                    words.extend(["--to".to_owned(), end.to_string()]);
                }
            }
        }
        if let Some(unit) = &self.unit {
            words.extend(["--unit".to_owned(), unit.to_string()]);
        }
        words
    }

    /// The command that prints the same.
    #[must_use]
    pub fn command(&self) -> String {
        format!("tuantra --lang {} report {}", self.lang.as_str(), self.words().join(" "))
    }

    /// The name of a file for it; an id's slash is no folder.
    #[must_use]
    pub fn file_name(&self, format: Format) -> String {
        let unit = self.unit.as_ref().map(|unit| format!("-{unit}").replace('/', "_"));
        let (kind, period) = (self.kind.word(), self.period());
        format!("tuantra-{kind}-{period}{}.{}", unit.unwrap_or_default(), format.extension())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_command_and_the_file_name_what_is_looked_at() {
        let unit = UnitId::new("cai-be").ok();
        let mut request = ReportRequest {
            kind: ReportKind::Coverage,
            length: Length::Month,
            first: date(2026, 10, 1),
            unit,
            lang: Lang::Vi,
        };
        let command = "tuantra --lang vi report coverage --month 2026-10 --unit cai-be";
        assert_eq!(request.command(), command);
        assert_eq!(request.file_name(Format::Text), "tuantra-coverage-2026-10-cai-be.txt");
        (request.length, request.unit) = (Length::Quarter, None);
        assert_eq!(request.words(), ["coverage", "--from", "2026-10-01", "--to", "2027-01-01"]);
        assert_eq!(request.file_name(Format::Xlsx), "tuantra-coverage-2026-Q4.xlsx");
    }

    #[test]
    fn periods_begin_where_the_calendar_says() {
        let day = date(2024, 2, 29);
        let firsts = Length::ALL.map(|length| length.first(day));
        assert_eq!(firsts, [date(2024, 2, 1), date(2024, 1, 1), date(2024, 1, 1)]);
        assert_eq!(Length::Quarter.first(date(2024, 12, 31)), date(2024, 10, 1));
        assert_eq!(Length::Year.moved(date(2024, 1, 1), -1), Some(date(2023, 1, 1)));
        assert_eq!(Length::Year.moved(date(3, 1, 1), -9), None);
        assert_eq!(Length::Year.moved(date(9999, 1, 1), 1), None);
        assert_eq!(Format::Xlsx.other(-1), Format::Text);
        assert_eq!(Format::Text.other(1), Format::Xlsx);
    }
}
