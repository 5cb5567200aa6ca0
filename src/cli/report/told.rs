//! Why there is no report, in the reader's language.

use crate::locale::{Lang, visible};
use crate::model::{DurationError, UnixMs};
use crate::report::{PeriodError, ReportError};
use crate::store::StoreError;
use crate::t;

/// A moment as people read it.
pub(in crate::cli) fn named(lang: Lang, zone: &jiff::tz::TimeZone, at: UnixMs) -> String {
    crate::locale::date_time(lang, &at.to_timestamp().to_zoned_datetime(zone.clone()))
}

/// What is wrong with an option's time, in the reader's language.
pub(in crate::cli) fn no_time(lang: Lang, option: &str, error: &PeriodError) -> String {
    match error {
        PeriodError::Moment(text) => {
            t!(lang, "report.bad_moment", option = option, text = visible(text))
        }
        PeriodError::Month(text) => {
            t!(lang, "report.bad_month", option = option, text = visible(text))
        }
        PeriodError::Quarter(text) => {
            t!(lang, "report.bad_quarter", option = option, text = visible(text))
        }
        PeriodError::Year(text) => {
            t!(lang, "report.bad_year", option = option, text = visible(text))
        }
        PeriodError::Length(text, why) => {
            let why = match why {
                DurationError::Empty => t!(lang, "report.length_empty"),
                DurationError::NoUnit => t!(lang, "report.length_no_unit"),
                DurationError::UnknownUnit(unit) => {
                    t!(lang, "report.length_unknown_unit", unit = visible(unit))
                }
                DurationError::TooLong => t!(lang, "report.length_too_long"),
            };
            t!(lang, "report.bad_length", option = option, text = visible(text), why = why)
        }
    }
}

/// Why there is no report, in the reader's language; what the system says stays as it says it.
pub(in crate::cli) fn told(lang: Lang, error: &ReportError) -> String {
    let named = |file: &std::path::Path| visible(&file.display().to_string()).to_string();
    match error {
        ReportError::Save { path, source } => {
            t!(lang, "report.not_saved", file = named(path), error = source)
        }
        ReportError::Store(error) => store_told(lang, error),
        error @ (ReportError::Sheet(_) | ReportError::Page(_)) => {
            t!(lang, "report.not_made", error = error)
        }
    }
}

/// Why the store cannot be read, in the reader's language.
pub(in crate::cli) fn store_told(lang: Lang, error: &StoreError) -> String {
    let named = |file: &std::path::Path| visible(&file.display().to_string()).to_string();
    match error {
        StoreError::Missing { path } => {
            t!(lang, "report.store_missing", file = named(path))
        }
        StoreError::Foreign { path, .. } => {
            t!(lang, "report.store_foreign", file = named(path))
        }
        StoreError::Newer { path, found, known } => {
            t!(lang, "report.store_newer", file = named(path), found = found, known = known)
        }
        StoreError::Older { path, found, known } => {
            t!(lang, "report.store_older", file = named(path), found = found, known = known)
        }
        other => t!(lang, "report.store_unreadable", error = other),
    }
}
