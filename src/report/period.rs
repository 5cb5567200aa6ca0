//! From what was typed to a half-open span of time, in the configured zone.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::model::{DurationError, Span, UnixMs, parse_duration, time_of_day};

/// What was typed is no time.
#[derive(Debug, thiserror::Error)]
pub enum PeriodError {
    /// Neither a date, a date and time, nor RFC 3339.
    #[error("'{0}' is not a time: write 2026-10-01, 2026-10-01T07:00 or 2026-10-01T00:00:00Z")]
    Moment(String),
    /// Not `YYYY-MM`.
    #[error("'{0}' is not a month: write 2026-10")]
    Month(String),
    /// Not `YYYY-Qn`.
    #[error("'{0}' is not a quarter: write 2026-Q3")]
    Quarter(String),
    /// Not `YYYY`.
    #[error("'{0}' is not a year: write 2026")]
    Year(String),
    /// Not a length of time.
    #[error("'{0}' is not a length of time (write 7d, 12h): {1}")]
    Length(String, DurationError),
}

fn instant(at: DateTime, zone: &TimeZone) -> Option<UnixMs> {
    at.to_zoned_datetime(zone.clone()).ok().map(|z| UnixMs::from(z.timestamp()))
}

/// A date is its first instant; a date and time is local; RFC 3339 carries its offset.
///
/// # Errors
/// [`PeriodError::Moment`].
pub fn moment(text: &str, zone: &TimeZone) -> Result<UnixMs, PeriodError> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Ok(at.into());
    }
    text.parse::<DateTime>()
        .ok()
        .or_else(|| text.parse::<Date>().ok().map(DateTime::from))
        .and_then(|at| instant(at, zone))
        .ok_or_else(|| PeriodError::Moment(text.chars().take(40).collect()))
}

/// As [`moment`], and a time of day: the latest that was, `now` included.
///
/// # Errors
/// [`PeriodError::Moment`].
pub fn past_moment(text: &str, now: UnixMs, zone: &TimeZone) -> Result<UnixMs, PeriodError> {
    let latest = time_of_day(text, [0, -1], now, zone).and_then(|mut at| at.find(|at| *at <= now));
    latest.map_or_else(|| moment(text, zone), Ok)
}

/// As [`moment`], and a time of day: the next that comes after `after`.
///
/// # Errors
/// [`PeriodError::Moment`].
pub fn next_moment(text: &str, after: UnixMs, zone: &TimeZone) -> Result<UnixMs, PeriodError> {
    let next = time_of_day(text, [0, 1], after, zone).and_then(|mut at| at.find(|at| *at > after));
    next.map_or_else(|| moment(text, zone), Ok)
}

/// `2026-10`: from its first instant to the next month's.
///
/// # Errors
/// [`PeriodError::Month`].
pub fn month(text: &str, zone: &TimeZone) -> Result<Span, PeriodError> {
    let span = || {
        let (year, number) = text.split_once('-')?;
        let first = Date::new(year.parse().ok()?, number.parse().ok()?, 1).ok()?;
        month_of(first, zone)
    };
    span().ok_or_else(|| PeriodError::Month(text.chars().take(40).collect()))
}

/// `2026-Q3`: its three calendar months.
///
/// # Errors
/// [`PeriodError::Quarter`].
pub fn quarter(text: &str, zone: &TimeZone) -> Result<Span, PeriodError> {
    let span = || {
        let (year, number) = text.split_once('-')?;
        let number = number.strip_prefix(['Q', 'q']).filter(|n| n.len() == 1)?;
        let first = 3 * number.parse::<i8>().ok()? - 2;
        months(Date::new(four_digits(year)?, first, 1).ok()?, 3, zone)
    };
    span().ok_or_else(|| PeriodError::Quarter(text.chars().take(40).collect()))
}

/// `2026`: its twelve calendar months.
///
/// # Errors
/// [`PeriodError::Year`].
pub fn year(text: &str, zone: &TimeZone) -> Result<Span, PeriodError> {
    let span = || months(Date::new(four_digits(text)?, 1, 1).ok()?, 12, zone);
    span().ok_or_else(|| PeriodError::Year(text.chars().take(40).collect()))
}

fn four_digits(text: &str) -> Option<i16> {
    let is_year = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| is_year)
}

/// So many calendar months from the first day of one.
fn months(first: Date, count: i8, zone: &TimeZone) -> Option<Span> {
    use jiff::ToSpan as _;
    let next = first.checked_add(i64::from(count).months()).ok()?;
    Some(Span::new(instant(first.into(), zone)?, instant(next.into(), zone)?))
}

/// The calendar quarter before the current one in the zone.
#[must_use]
pub fn quarter_before(now: UnixMs, zone: &TimeZone) -> Span {
    let today = zone.to_datetime(now.to_timestamp()).date();
    let (year, this) = (today.year(), (today.month() - 1) / 3);
    let (year, before) = if this == 0 { (year - 1, 3) } else { (year, this - 1) };
    let first = Date::new(year, before * 3 + 1, 1).ok();
    first.and_then(|first| months(first, 3, zone)).unwrap_or_else(|| month_before(now, zone))
}

/// The calendar year before the current one in the zone.
#[must_use]
pub fn year_before(now: UnixMs, zone: &TimeZone) -> Span {
    let year = zone.to_datetime(now.to_timestamp()).date().year() - 1;
    let first = Date::new(year, 1, 1).ok();
    first.and_then(|first| months(first, 12, zone)).unwrap_or_else(|| month_before(now, zone))
}

fn month_of(day: Date, zone: &TimeZone) -> Option<Span> {
    let first = day.first_of_month();
    let next = first.last_of_month().tomorrow().ok()?;
    Some(Span::new(instant(first.into(), zone)?, instant(next.into(), zone)?))
}

/// The last `length` (`7d`, `12h`) up to now.
///
/// # Errors
/// [`PeriodError::Length`].
pub fn last(length: &str, now: UnixMs) -> Result<Span, PeriodError> {
    match parse_duration(length) {
        Ok(ms) => Ok(Span::new(now - ms, now)),
        Err(error) => Err(PeriodError::Length(length.chars().take(40).collect(), error)),
    }
}

/// The current month in the zone, from its first instant to now.
#[must_use]
pub fn this_month(now: UnixMs, zone: &TimeZone) -> Span {
    let today = zone.to_datetime(now.to_timestamp()).date();
    let from = month_of(today, zone).map_or(now, |m| m.from);
    Span::new(from, now)
}

/// The calendar month before the current one in the zone.
#[must_use]
pub fn month_before(now: UnixMs, zone: &TimeZone) -> Span {
    let this = this_month(now, zone);
    let day = zone.to_datetime((this.from - 1).to_timestamp()).date();
    month_of(day, zone).unwrap_or(this)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> TimeZone {
        TimeZone::get("Asia/Ho_Chi_Minh").unwrap()
    }

    #[test]
    fn days_and_months_begin_at_local_midnight() {
        let at = |text| moment(text, &zone()).unwrap().to_string();
        assert_eq!(at("2026-10-01"), "2026-09-30T17:00:00Z");
        assert_eq!(at("2026-10-01T07:30"), "2026-10-01T00:30:00Z");
        assert_eq!(at("2026-10-01 07:30"), "2026-10-01T00:30:00Z");
        assert_eq!(at("2026-10-01T07:30:00Z"), "2026-10-01T07:30:00Z");
        let october = month("2026-10", &zone()).unwrap();
        assert_eq!(october.to, moment("2026-11-01", &zone()).unwrap());
        assert_eq!(month("2026-12", &zone()).unwrap().len_ms(), 31 * 86_400_000);
        let now = moment("2026-10-19T10:00", &zone()).unwrap();
        assert_eq!(this_month(now, &zone()), Span::new(october.from, now));
        assert_eq!(month_before(moment("2026-11-01", &zone()).unwrap(), &zone()), october);
        assert_eq!(month_before(moment("2026-11-30", &zone()).unwrap(), &zone()), october);
        assert_eq!(last("7d", now).unwrap().len_ms(), 7 * 86_400_000);
    }

    #[test]
    fn quarters_and_years_are_whole_calendar_months() {
        let at = |text| moment(text, &zone()).unwrap();
        let span = |from, to| Span::new(at(from), at(to));
        let third = span("2026-07-01", "2026-10-01");
        assert_eq!(quarter("2026-Q3", &zone()).unwrap(), third);
        assert_eq!(quarter("2026-q4", &zone()).unwrap(), span("2026-10-01", "2027-01-01"));
        assert_eq!(year("2026", &zone()).unwrap(), span("2026-01-01", "2027-01-01"));
        assert_eq!(quarter_before(at("2026-10-01"), &zone()), third);
        assert_eq!(quarter_before(at("2026-12-31T23:59"), &zone()), third);
        let last = span("2025-10-01", "2026-01-01");
        assert_eq!(quarter_before(at("2026-03-31"), &zone()), last);
        assert_eq!(year_before(at("2027-01-01"), &zone()), year("2026", &zone()).unwrap());
    }

    #[test]
    fn a_time_of_day_to_come_is_the_next() {
        let zone = TimeZone::UTC;
        let at = |text: &str| moment(text, &zone).unwrap();
        let now = at("2026-11-26T15:23");
        for (text, wanted) in [
            ("22:00", "2026-11-26T22:00"),
            ("15:23", "2026-11-27T15:23"),
            ("02:00", "2026-11-27T02:00"),
            ("2026-11-28T06:00", "2026-11-28T06:00"),
        ] {
            assert_eq!(next_moment(text, now, &zone).unwrap(), at(wanted), "{text}");
        }
        assert!(next_moment("24:00", now, &zone).is_err());
    }

    #[test]
    fn a_time_of_day_is_the_latest_that_was() {
        let at = |text| moment(text, &zone()).unwrap();
        let now = at("2026-11-27T15:23");
        for (text, then) in [
            ("15:22", "2026-11-27T15:22"),
            // What is now has been.
            ("15:23", "2026-11-27T15:23"),
            ("15:24", "2026-11-26T15:24"),
            ("0:05", "2026-11-27T00:05"),
            (" 7:31 ", "2026-11-27T07:31"),
            ("2026-11-26T07:31", "2026-11-26T07:31"),
            ("2026-11-28", "2026-11-28"),
        ] {
            assert_eq!(past_moment(text, now, &zone()).unwrap(), at(then), "{text}");
        }
        for text in ["25:00", "15", "15:23:10:1", "7h31", ""] {
            assert!(past_moment(text, now, &zone()).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "yesterday", "2026-13-01", "2026-10", "31/10/2026"] {
            assert!(moment(text, &zone()).is_err(), "{text}");
        }
        for text in ["", "2026", "2026-13", "2026-00", "2026-10-01", "x-y"] {
            assert!(month(text, &zone()).is_err(), "{text}");
        }
        for text in ["", "2026", "2026-Q0", "2026-Q5", "2026-Q", "2026-Q11", "26-Q1", "2026-3"] {
            assert!(quarter(text, &zone()).is_err(), "{text}");
        }
        for text in ["", "26", "+026", "2026-01", "20266", "year"] {
            assert!(year(text, &zone()).is_err(), "{text}");
        }
        assert!(last("7", UnixMs(0)).is_err() && last("soon", UnixMs(0)).is_err());
    }
}
