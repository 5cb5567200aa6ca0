//! Hours of a day on some days of the week: how users say when work recurs.
//!
//! `sat,sun 22:00-02:00` begins on Saturdays and Sundays at ten in the evening and lasts four hours;
//! `daily 12:00-12:30` every day. An end that is not after the beginning lies on the next day.

use std::fmt;
use std::str::FromStr;

use jiff::ToSpan as _;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::id::CalendarId;
use super::time::UnixMs;

/// Minutes of a day.
const DAY: u16 = 1440;

/// The days' names in files and in the protocol, Monday first.
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// When work recurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Recurrence {
    /// On which days of the week it begins, Monday first; at least one.
    days: [bool; 7],
    /// The minute of the day at which it begins.
    from: u16,
    /// How many minutes it lasts, 1 to 1440.
    lasts: u16,
}

/// The text is no recurrence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("recurring work is written `sat,sun 22:00-02:00` or `daily 22:00-02:00`, not '{0}'")]
pub struct NoRecurrence(String);

impl Recurrence {
    /// Beginning on some days of the week at a minute of the day; `None` when that is on no day, or
    /// longer than a day.
    #[must_use]
    pub fn new(days: [bool; 7], from: u16, lasts: u16) -> Option<Self> {
        let is_possible = days.contains(&true) && from < DAY && (1..=DAY).contains(&lasts);
        is_possible.then_some(Self { days, from, lasts })
    }

    /// The days on which it begins, Monday first.
    #[must_use]
    pub const fn days(&self) -> [bool; 7] {
        self.days
    }

    /// Hour and minute of its beginning and its end; these are equal when it lasts a whole day.
    #[must_use]
    pub const fn hours(&self) -> [(u16, u16); 2] {
        let end = (self.from + self.lasts) % DAY;
        [(self.from / 60, self.from % 60), (end / 60, end % 60)]
    }

    /// Its hours as a calendar's, in `zone`.
    #[must_use]
    pub fn calendar(&self, id: CalendarId, zone: TimeZone) -> Calendar {
        let mut hours: [Vec<(u16, u16)>; 7] = Default::default();
        let end = self.from + self.lasts;
        for (day, begins) in self.days.into_iter().enumerate() {
            if begins {
                hours[day].push((self.from, end.min(DAY)));
                if end > DAY {
                    hours[(day + 1) % 7].push((0, end - DAY));
                }
            }
        }
        for day in &mut hours {
            day.sort_unstable();
        }
        Calendar { id, zone, hours, holidays: Vec::new(), make_up: Vec::new() }
    }

    /// What a calendar comes to when all its hours are one and the same, as those of
    /// [`Self::calendar`] are; `None` of any other.
    #[must_use]
    pub fn of(calendar: &Calendar) -> Option<Self> {
        if !calendar.holidays.is_empty() || !calendar.make_up.is_empty() {
            return None;
        }
        // A stretch may be the morning after another one: the one that makes up the whole is it.
        let stretches = calendar.hours.iter().enumerate();
        let mut stretches = stretches.flat_map(|(day, hours)| hours.iter().map(move |h| (day, *h)));
        stretches.find_map(|(day, (from, to))| {
            let next = calendar.hours[(day + 1) % 7].first();
            let over = next.filter(|next| to == DAY && from > 0 && next.0 == 0 && next.1 <= from);
            let lasts = to.checked_sub(from)? + over.map_or(0, |next| next.1);
            let days = std::array::from_fn(|day| {
                calendar.hours[day].iter().any(|(begins, _)| *begins == from)
            });
            let found = Self::new(days, from, lasts)?;
            let made = found.calendar(calendar.id.clone(), calendar.zone.clone());
            (made.hours == calendar.hours).then_some(found)
        })
    }
}

impl fmt::Display for Recurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days: Vec<&str> =
            DAYS.into_iter().zip(self.days).filter(|(_, on)| *on).map(|(day, _)| day).collect();
        let days = if days.len() == DAYS.len() { "daily".to_owned() } else { days.join(",") };
        let [(from_h, from_m), (to_h, to_m)] = self.hours();
        f.pad(&format!("{days} {from_h:02}:{from_m:02}-{to_h:02}:{to_m:02}"))
    }
}

impl FromStr for Recurrence {
    type Err = NoRecurrence;

    fn from_str(text: &str) -> Result<Self, NoRecurrence> {
        let parsed = || {
            let (days, hours) = text.trim().split_once(' ')?;
            let (from, to) = hours.trim().split_once('-')?;
            let (from, to) = (minute_of_day(from)?, minute_of_day(to)?);
            let lasts = if to > from { to - from } else { to + DAY - from };
            let days = match days {
                "daily" => [true; 7],
                _ => days_of(&days.to_ascii_lowercase(), weekday)?,
            };
            Self::new(days, from, lasts)
        };
        parsed().ok_or_else(|| NoRecurrence(text.chars().take(60).collect()))
    }
}

impl TryFrom<String> for Recurrence {
    type Error = NoRecurrence;

    fn try_from(text: String) -> Result<Self, NoRecurrence> {
        text.parse()
    }
}

impl From<Recurrence> for String {
    fn from(recurrence: Recurrence) -> Self {
        recurrence.to_string()
    }
}

/// `17:30` in minutes; `24:00` is none.
#[must_use]
pub fn minute_of_day(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |part: &str, most: u16| {
        let is_number = matches!(part.len(), 1 | 2) && part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<u16>().ok().filter(|n| is_number && *n <= most)
    };
    Some(number(hour, 23)? * 60 + number(minute, 59)?)
}

/// The instants of a time of day (`18:00`, `7:05`) on the days so many from today, in their order; `None`
/// for what is no time of day. A day whose clocks leave the time out has it as much later as they are put on.
pub fn time_of_day<const DAYS: usize>(
    text: &str,
    days: [i8; DAYS],
    now: UnixMs,
    zone: &TimeZone,
) -> Option<impl Iterator<Item = UnixMs>> {
    let minutes = i64::from(minute_of_day(text.trim())?);
    let time = Time::midnight().checked_add(minutes.minutes()).ok()?;
    let today = zone.to_datetime(now.to_timestamp()).date();
    let days = days.into_iter().filter_map(move |n| today.checked_add(n.days()).ok());
    let at = move |day: Date| day.to_datetime(time).to_zoned_datetime(zone.clone()).ok();
    Some(days.filter_map(at).map(|at| at.timestamp().into()))
}

/// A weekday as people write it, in small letters, Monday first: `mon` to `sun`, or `t2` to `t7` and
/// `cn`.
#[must_use]
pub fn weekday(word: &str) -> Option<usize> {
    const VIETNAMESE: [&str; 7] = ["t2", "t3", "t4", "t5", "t6", "t7", "cn"];
    let at = |names: [&str; 7]| names.iter().position(|name| *name == word);
    at(VIETNAMESE).or_else(|| at(DAYS))
}

/// `sat,sun`, `mon-fri`, `fri-mon`: days and stretches of days, each named as `day` knows them.
#[must_use]
pub fn days_of(text: &str, day: impl Fn(&str) -> Option<usize>) -> Option<[bool; 7]> {
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        for step in 0..=(last + 7 - first) % 7 {
            *days.get_mut((first + step) % 7)? = true;
        }
    }
    Some(days)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Span, UnixMs};

    fn every(text: &str) -> Recurrence {
        text.parse().unwrap()
    }

    fn calendar(text: &str) -> Calendar {
        every(text).calendar(CalendarId::new("w").unwrap(), TimeZone::UTC)
    }

    #[test]
    fn it_is_written_as_it_is_read() {
        for (text, written) in [
            ("sat,sun 22:00-02:00", "sat,sun 22:00-02:00"),
            ("mon-fri 7:00-7:30", "mon,tue,wed,thu,fri 07:00-07:30"),
            ("fri-mon 00:00-00:00", "mon,fri,sat,sun 00:00-00:00"),
            ("mon-sun 12:00-12:00", "daily 12:00-12:00"),
            ("daily 23:59-00:00", "daily 23:59-00:00"),
        ] {
            assert_eq!(every(text).to_string(), written);
            assert_eq!(every(written), every(text));
        }
        for wrong in
            ["", "daily", "daily 24:00-01:00", "22:00-02:00", "xyz 1:00-2:00", "mon, 1:00-2:00"]
        {
            assert!(wrong.parse::<Recurrence>().is_err(), "{wrong}");
        }
        assert!(serde_json::from_str::<Recurrence>("\"daily 25:00-1:00\"").is_err());
    }

    #[test]
    fn a_night_goes_over_midnight_and_comes_back_from_its_calendar() {
        // Thursday 1 January 1970.
        let night = calendar("sat,sun 22:00-02:00");
        let at = |hours: i64| UnixMs(hours * 3_600_000);
        let spans = night.open_spans(Span::new(at(0), at(7 * 24)));
        let nights: Vec<_> = spans.iter().map(|s| (s.from.0, s.to.0)).collect();
        let hours = |from: i64, to: i64| (from * 3_600_000, to * 3_600_000);
        assert_eq!(nights, [hours(70, 74), hours(94, 98)]);
        assert!(night.is_open_at(at(73)) && !night.is_open_at(at(49)));
        for text in [
            "sat,sun 22:00-02:00",
            "daily 22:00-02:00",
            "daily 00:00-00:00",
            "daily 10:00-10:00",
            "mon 10:00-10:00",
            "sun 23:30-00:30",
            "mon-fri 07:00-17:00",
            "mon,wed 00:00-01:00",
        ] {
            assert_eq!(Recurrence::of(&calendar(text)), Some(every(text)), "{text}");
        }
        let mut other = calendar("daily 07:00-11:00");
        other.hours[2].push((780, 1020));
        assert_eq!(Recurrence::of(&other), None);
        other.hours = Default::default();
        assert_eq!(Recurrence::of(&other), None);
    }
}
