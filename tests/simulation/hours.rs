//! The hours of the province's calendars, reckoned by hand: no zone, no dates, no [`Calendar`].

use tuantra::model::{Calendar, CalendarId, UnixMs};

use crate::drive::START;

const MINUTE: i64 = 60_000;
/// A day in milliseconds.
pub const DAY: i64 = 24 * 60 * MINUTE;

/// Whose hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hours {
    /// Seven to half past eleven and half past one to five, Monday to Friday.
    Office,
    /// Two to five in the night and ten to midnight, every day.
    Market,
    /// One to three, and four to half past nine, Monday to Saturday.
    Clinic,
    /// As an office, and the scenario's first day is a holiday.
    Archive,
}

impl Hours {
    /// All of them, in the order of their calendars in the inventory.
    pub const ALL: [Self; 4] = [Self::Office, Self::Market, Self::Clinic, Self::Archive];

    /// Its calendar's id.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Office => "office",
            Self::Market => "market",
            Self::Clinic => "clinic",
            Self::Archive => "archive",
        }
    }

    /// Minutes of the day in which it is open, and the days of a week of which that is so.
    const fn week(self) -> (&'static [(i64, i64)], i64) {
        match self {
            Self::Office | Self::Archive => (&[(420, 690), (810, 1020)], 5),
            Self::Market => (&[(120, 300), (1320, 1440)], 7),
            Self::Clinic => (&[(60, 180), (240, 570)], 6),
        }
    }

    /// The stretches in which it is open, from the day before `at` on, for more than a week.
    fn open_from(self, at: UnixMs) -> impl Iterator<Item = (i64, i64)> {
        let (spans, days) = self.week();
        // The scenario begins on a Monday at midnight.
        let today = (at.0 - START).div_euclid(DAY);
        (today - 1..today + 10)
            .filter(move |day| day.rem_euclid(7) < days)
            .filter(move |day| self != Self::Archive || *day != 0)
            .flat_map(move |day| {
                let at = move |minute| START + day * DAY + minute * MINUTE;
                spans.iter().map(move |(from, to)| (at(*from), at(*to)))
            })
    }

    /// When it opens after `since`; `None` when it is open then.
    pub fn opening(self, since: UnixMs) -> Option<UnixMs> {
        if self.open_from(since).any(|(from, to)| (from..to).contains(&since.0)) {
            return None;
        }
        self.open_from(since).map(|(from, _)| UnixMs(from)).find(|from| since < *from)
    }

    /// The stretches of `[from, to)` in which it is open.
    pub fn open_within(self, from: UnixMs, to: UnixMs) -> Vec<(i64, i64)> {
        let mut found = Vec::new();
        let mut day = from;
        while day < to + DAY {
            found.extend(self.open_from(day).filter(|(a, b)| *a < to.0 && from.0 < *b));
            day = day + DAY;
        }
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|(a, b)| (a.max(from.0), b.min(to.0))).collect()
    }

    /// The same as the inventory has it.
    pub fn calendar(self) -> Calendar {
        let (spans, days) = self.week();
        let minutes: Vec<(u16, u16)> =
            spans.iter().map(|(from, to)| (*from as u16, *to as u16)).collect();
        let mut hours: [Vec<(u16, u16)>; 7] = Default::default();
        hours[..days as usize].fill(minutes);
        let is_closed = self == Self::Archive;
        Calendar {
            id: CalendarId::new(self.name()).unwrap(),
            zone: jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap(),
            hours,
            holidays: is_closed.then_some((2026, 11, 2)).into_iter().collect(),
            make_up: Vec::new(),
        }
    }
}

#[test]
fn hours_by_hand_are_the_calendars() {
    for hours in Hours::ALL {
        let calendar = hours.calendar();
        for n in 0..2_000 {
            let at = UnixMs(START - DAY + n * 333_333);
            let by_hand = hours.opening(at);
            assert_eq!(by_hand.is_none(), calendar.is_open_at(at), "{hours:?} {at}");
            assert_eq!(by_hand.or(Some(at)), calendar.opens_at_or_after(at), "{hours:?} {at}");
        }
    }
}
