//! When announced work takes place, chosen or as it was typed. Pure.

use std::borrow::Cow;

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::api::{RECURRING_MAX_MS, WORK_MAX_MS};
use crate::dash::board::Board;
use crate::dash::times::{as_clock, length_ms, next_time};
use crate::locale::fold;
use crate::model::{Recurrence, Span, UnixMs, days_of, minute_of_day, weekday};

const HOUR_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;
const DAY_MINUTES: u16 = 1440;

/// How many days work recurs where no last day is given.
const RECURS_DAYS: i64 = 90;

/// When the work takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Term {
    /// An hour from now on.
    Hour,
    /// Two hours.
    #[default]
    TwoHours,
    /// Four hours.
    FourHours,
    /// Eight hours.
    EightHours,
    /// As typed.
    Own,
    /// Every day, as typed.
    Daily,
    /// On days of the week, as typed.
    Weekly,
}

impl Term {
    /// In the order they are shown in.
    pub const ALL: [Self; 7] = [
        Self::Hour,
        Self::TwoHours,
        Self::FourHours,
        Self::EightHours,
        Self::Own,
        Self::Daily,
        Self::Weekly,
    ];

    /// The key of its text.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Hour => "dash.term_hour",
            Self::TwoHours => "dash.term_two_hours",
            Self::FourHours => "dash.term_four_hours",
            Self::EightHours => "dash.term_eight_hours",
            Self::Own => "dash.term_own",
            Self::Daily => "dash.works.term_daily",
            Self::Weekly => "dash.works.term_weekly",
        }
    }

    /// Whether its times are typed.
    #[must_use]
    pub const fn is_typed(self) -> bool {
        matches!(self, Self::Own | Self::Daily | Self::Weekly)
    }

    /// The key of the text that says how.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Daily => "dash.works.write_daily",
            Self::Weekly => "dash.works.write_weekly",
            _ => "dash.work_own",
        }
    }
}

/// When the work takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// From when to when; of what recurs, its life.
    pub span: Span,
    /// When in between, of what recurs.
    pub every: Option<Recurrence>,
}

impl Plan {
    /// What `term` and what was typed come to at `now`; `None` when that is no time.
    pub(super) fn new(board: &Board, now: UnixMs, term: Term, typed: &str) -> Option<Self> {
        let once = |span| Self { span, every: None };
        let hours = |n: i64| Some(once(Span::new(now, now + n * HOUR_MS)));
        match term {
            Term::Hour => hours(1),
            Term::TwoHours => hours(2),
            Term::FourHours => hours(4),
            Term::EightHours => hours(8),
            Term::Own => own(board, now, typed).map(once),
            Term::Daily => recurring(board, now, [true; 7], typed),
            Term::Weekly => {
                let (days, rest) = typed.trim().split_once(' ')?;
                recurring(board, now, days_of(&fold(days), weekday)?, rest)
            }
        }
    }
}

/// `2h`, `17:30` (until then), `22:00 4h`, `22:00 02:00`, `22h-2h`: an end, or a beginning and an end; of
/// another day than today, `29/11 22:00 4h`, `29/11 22:00 - 30/11 02:00`.
fn own(board: &Board, now: UnixMs, text: &str) -> Option<Span> {
    let words = words(text);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let length = |text: &str| length_ms(text).filter(|ms| *ms <= WORK_MAX_MS);
    let end = |from: UnixMs, word: &str| {
        next_time(board, from, word).or_else(|| length(word).map(|ms| from + ms))
    };
    // What begins at midnight is the next time of day a moment before it.
    let before = |date: &str| {
        let date = day(board.local(now).date(), date)?;
        let midnight = date.at(0, 0, 0, 0).to_zoned_datetime(board.timezone().clone()).ok()?;
        Some(UnixMs::from(midnight.timestamp()) - 1)
    };
    let begins = |after: UnixMs, word: &str| next_time(board, after, &as_clock(word, 0));
    // "22 giờ", "2 giờ".
    if let Some(end) = end(now, text) {
        return Some(Span::new(now, end));
    }
    let span = match words[..] {
        [first, TO, last] => {
            let from = begins(now, first)?;
            Span::new(from, begins(from, last)?)
        }
        [first, last] => {
            let from = next_time(board, now, &beginning(first, last))?;
            Span::new(from, end(from, last)?)
        }
        [date, first, TO, last] => {
            let from = begins(before(date)?, first)?;
            Span::new(from, begins(from, last)?)
        }
        [date, first, TO, until, last] | [date, first, until, last] => {
            Span::new(begins(before(date)?, first)?, begins(before(until)?, last)?)
        }
        [date, first, last] => {
            let from = next_time(board, before(date)?, &beginning(first, last))?;
            Span::new(from, end(from, last)?)
        }
        _ => return None,
    };
    let is_possible = span.from > now && !span.is_empty() && span.len_ms() <= WORK_MAX_MS;
    is_possible.then_some(span)
}

/// Stands between a beginning and an end.
const TO: &str = "-";

/// The words of a time, hours with their unit (`2 giờ`) as one; a dash between times (`22:00–02:00`,
/// `22h - 2h`) or its word (`22h đến 2h`) is [`TO`].
fn words(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let dashed = |c: char| matches!(c, '-' | '–' | '—');
    let parts = text.split_whitespace().flat_map(|word| match word.parse::<Date>() {
        Ok(_) => vec![word.to_owned()],
        Err(_) => word.replace(dashed, " - ").split_whitespace().map(str::to_owned).collect(),
    });
    for part in parts {
        let folded = fold(&part);
        let is_number = |word: &String| word.bytes().all(|b| b.is_ascii_digit());
        match found.last_mut().filter(|last| is_number(last)) {
            Some(last) if matches!(&*folded, "gio" | "g" | "h") => last.push_str(&part),
            _ if matches!(&*folded, "den" | "to") => found.push(TO.to_owned()),
            _ => found.push(part),
        }
    }
    found
}

/// A beginning as people write it: before a time of day (`4h 22:00`) hours may be meant as a length.
fn beginning<'a>(word: &'a str, next: &str) -> Cow<'a, str> {
    as_clock(word, if end_of_day(next).is_some() { 13 } else { 0 })
}

/// The minute of the day at which something ends: where none is meant it is a length.
fn end_of_day(word: &str) -> Option<u16> {
    minute_of_day(&as_clock(word, 13))
}

/// `22:00 4h`, `22:00 02:00 31/12`: a beginning, an end, and perhaps the last day.
fn recurring(board: &Board, now: UnixMs, days: [bool; 7], text: &str) -> Option<Plan> {
    let words = words(text);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (first, last, is_end, until) = match words[..] {
        [first, TO, last] => (first, last, true, None),
        [first, TO, last, until] => (first, last, true, Some(until)),
        [first, last] => (first, last, false, None),
        [first, last, until] => (first, last, false, Some(until)),
        _ => return None,
    };
    let (from, end) = match is_end {
        true => (minute_of_day(&as_clock(first, 0))?, Some(minute_of_day(&as_clock(last, 0))?)),
        false => (minute_of_day(&beginning(first, last))?, end_of_day(last)),
    };
    let lasts = match end {
        Some(to) if to > from => to - from,
        Some(to) => to + DAY_MINUTES - from,
        None => u16::try_from(length_ms(last)? / MINUTE_MS).ok()?,
    };
    let every = Recurrence::new(days, from, lasts)?;
    let today = board.local(now).date();
    let last_day = match until {
        None => today.checked_add(RECURS_DAYS.days()).ok()?,
        Some(word) => day(today, word)?,
    };
    // What begins on the last day ends on the day after it, perhaps.
    let minutes = i64::from(DAY_MINUTES.max(from + lasts));
    let end = last_day.at(0, 0, 0, 0).checked_add(minutes.minutes()).ok()?;
    let end = end.to_zoned_datetime(board.timezone().clone()).ok()?;
    let to = UnixMs::from(end.timestamp());
    let is_possible = last_day >= today && to <= now + RECURRING_MAX_MS && to > now;
    is_possible.then(|| Plan { span: Span::new(now, to), every: Some(every) })
}

/// `31/12`, `31/12/2026`, `2026-12-31` or a length from today on, `30d`.
fn day(today: Date, word: &str) -> Option<Date> {
    if let Ok(date) = word.parse::<Date>() {
        return Some(date);
    }
    let parts: Vec<&str> = word.split('/').collect();
    let number = |part: &str| part.parse::<i8>().ok();
    match parts[..] {
        [day, month] => {
            let (day, month) = (number(day)?, number(month)?);
            let of_year = |year| Date::new(year, month, day).ok().filter(|date| *date >= today);
            of_year(today.year()).or_else(|| of_year(today.year() + 1))
        }
        [day, month, year] => Date::new(year.parse().ok()?, number(month)?, number(day)?).ok(),
        _ => today.checked_add((length_ms(word)? / DAY_MS).days()).ok(),
    }
}
