//! Named hours: of an office, of a contract, of a recurring maintenance.

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::id::CalendarId;
use super::time::{Span, UnixMs};

/// How far ahead an opening is looked for: longer than any holiday.
const LOOK_AHEAD_DAYS: i64 = 60;
const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;

/// Named hours of the week with holidays and make-up days, in one zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// `office`
    pub id: CalendarId,
    /// The zone its hours are read in.
    pub zone: TimeZone,
    /// Minutes of the day `[from, to)` per weekday, Monday first, sorted.
    pub hours: [Vec<(u16, u16)>; 7],
    /// Dates `(year, month, day)` on which nothing is open.
    pub holidays: Vec<(i16, i8, i8)>,
    /// Make-up working days, open as a Monday is.
    pub make_up: Vec<(i16, i8, i8)>,
}

impl Calendar {
    /// The stretches of `window` in which it is open, sorted, apart from each other.
    #[must_use]
    pub fn open_spans(&self, window: Span) -> Vec<Span> {
        let mut found: Vec<Span> = Vec::new();
        if window.is_empty() {
            return found;
        }
        let mut day = self.date(window.from);
        let last = self.date(window.to);
        while day <= last {
            for &minutes in self.hours_of(day) {
                let span = self.span(day, minutes).intersect(window);
                match found.last_mut() {
                    _ if span.is_empty() => {}
                    Some(before) if before.to >= span.from => before.to = before.to.max(span.to),
                    _ => found.push(span),
                }
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        found
    }

    /// True when it is open at `at`.
    #[must_use]
    pub fn is_open_at(&self, at: UnixMs) -> bool {
        let day = self.date(at);
        self.hours_of(day).iter().any(|minutes| self.span(day, *minutes).contains(at))
    }

    /// The first instant at or after `at` at which it is open; `None` when it does not open within
    /// sixty days.
    #[must_use]
    pub fn opens_at_or_after(&self, at: UnixMs) -> Option<UnixMs> {
        let window = Span::new(at, at + LOOK_AHEAD_DAYS * DAY_MS);
        // Day by day: an opening is hours away, not weeks.
        let mut from = window.from;
        while from < window.to {
            let to = (from + DAY_MS).min(window.to);
            if let Some(open) = self.open_spans(Span::new(from, to)).first() {
                return Some(open.from);
            }
            from = to;
        }
        None
    }

    fn date(&self, at: UnixMs) -> Date {
        self.zone.to_datetime(at.to_timestamp()).date()
    }

    fn hours_of(&self, day: Date) -> &[(u16, u16)] {
        let key = (day.year(), day.month(), day.day());
        let weekday = if self.make_up.contains(&key) {
            0
        } else if self.holidays.contains(&key) {
            return &[];
        } else {
            usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0)
        };
        &self.hours[weekday]
    }

    fn span(&self, day: Date, (from, to): (u16, u16)) -> Span {
        let at = |minute: u16| -> UnixMs {
            // Civil arithmetic, so that a day on which the clocks change keeps its hours.
            day.at(0, 0, 0, 0)
                .checked_add(i64::from(minute).minutes())
                .ok()
                .and_then(|civil| civil.to_zoned_datetime(self.zone.clone()).ok())
                .map_or(UnixMs(i64::MAX), |zoned| zoned.timestamp().into())
        };
        let from = at(from);
        // The end of the last day there is: nothing is open beyond it.
        Span::new(from, at(to).min(from + 1440 * MINUTE_MS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn office() -> Calendar {
        let day = vec![(7 * 60, 11 * 60 + 30), (13 * 60 + 30, 17 * 60)];
        let mut hours: [Vec<(u16, u16)>; 7] = Default::default();
        hours[..5].fill(day);
        Calendar {
            id: CalendarId::new("office").unwrap(),
            zone: TimeZone::get("Asia/Ho_Chi_Minh").unwrap(),
            hours,
            holidays: vec![(2026, 9, 1), (2026, 9, 2)],
            make_up: vec![(2026, 8, 22)],
        }
    }

    fn t(text: &str) -> UnixMs {
        text.parse().unwrap()
    }

    #[test]
    fn open_in_the_hours_of_its_zone_only() {
        let office = office();
        // Friday 28/08/2026, 07:00 in Vietnam is midnight UTC.
        assert!(office.is_open_at(t("2026-08-28T00:00:00Z")));
        assert!(!office.is_open_at(t("2026-08-27T23:59:59.999Z")));
        assert!(!office.is_open_at(t("2026-08-28T04:30:00Z")), "lunch");
        assert!(!office.is_open_at(t("2026-08-29T02:00:00Z")), "Saturday");
        assert!(office.is_open_at(t("2026-08-22T02:00:00Z")), "a make-up Saturday");
        assert!(!office.is_open_at(t("2026-09-01T02:00:00Z")), "a holiday");
    }

    #[test]
    fn the_next_opening_passes_weekends_and_holidays() {
        let office = office();
        assert_eq!(
            office.opens_at_or_after(t("2026-08-28T10:00:00Z")),
            Some(t("2026-08-31T00:00:00Z")),
            "Friday evening to Monday"
        );
        assert_eq!(
            office.opens_at_or_after(t("2026-08-31T10:00:00Z")),
            Some(t("2026-09-03T00:00:00Z")),
            "two holidays"
        );
        let inside = t("2026-08-28T00:30:00Z");
        assert_eq!(office.opens_at_or_after(inside), Some(inside));
        let never = Calendar { hours: Default::default(), ..office };
        assert_eq!(never.opens_at_or_after(inside), None);
    }

    #[test]
    fn open_spans_are_clipped_and_joined() {
        let mut calendar = office();
        calendar.hours[4] = vec![(0, 720), (720, 1440)];
        let window = Span::new(t("2026-08-27T15:00:00Z"), t("2026-08-28T12:00:00Z"));
        assert_eq!(
            calendar.open_spans(window),
            [Span::new(t("2026-08-27T17:00:00Z"), t("2026-08-28T12:00:00Z"))]
        );
    }
}
