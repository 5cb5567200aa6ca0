//! Dates, clock times and lengths of time as each language writes them.

use jiff::ZonedDateTime;

use super::Lang;

/// `28/03/2016` (vi), `2016-03-28` (en).
#[must_use]
pub fn date(lang: Lang, at: &ZonedDateTime) -> String {
    let (year, month, day) = (at.year(), at.month(), at.day());
    match lang {
        Lang::Vi => format!("{day:02}/{month:02}/{year:04}"),
        Lang::En => format!("{year:04}-{month:02}-{day:02}"),
    }
}

/// `28/03/2016 07:42` (vi), `2016-03-28 07:42` (en).
#[must_use]
pub fn date_time(lang: Lang, at: &ZonedDateTime) -> String {
    format!("{} {:02}:{:02}", date(lang, at), at.hour(), at.minute())
}

/// `07:42:10`, in either language.
#[must_use]
pub fn clock(at: &ZonedDateTime) -> String {
    format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
}

/// What a length of time consists of; `Two` has a larger and a smaller part.
enum Parts {
    Millis(i64),
    Seconds(i64),
    Two(Step, i64, i64),
}

#[derive(Clone, Copy)]
enum Step {
    Minutes,
    Hours,
    Days,
}

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

fn parts(ms: i64) -> Parts {
    let two = |step, large: i64, small: i64| Parts::Two(step, ms / large, ms % large / small);
    match ms {
        ..=0 => Parts::Seconds(0),
        1..SECOND_MS => Parts::Millis(ms),
        SECOND_MS..MINUTE_MS => Parts::Seconds(ms / SECOND_MS),
        MINUTE_MS..HOUR_MS => two(Step::Minutes, MINUTE_MS, SECOND_MS),
        HOUR_MS..DAY_MS => two(Step::Hours, HOUR_MS, MINUTE_MS),
        DAY_MS.. => two(Step::Days, DAY_MS, HOUR_MS),
    }
}

/// The two largest parts of a length in milliseconds, the rest cut off: `2 giờ 05 phút` (vi),
/// `2 h 05 min` (en). A negative length (a clock stepped back) reads as none.
#[must_use]
pub fn duration(lang: Lang, ms: i64) -> String {
    let (day, hour, minute, second) = match lang {
        Lang::Vi => ("ngày", "giờ", "phút", "giây"),
        Lang::En => ("d", "h", "min", "s"),
    };
    match parts(ms) {
        Parts::Millis(n) => format!("{n} ms"),
        Parts::Seconds(n) => format!("{n} {second}"),
        Parts::Two(Step::Minutes, a, b) => format!("{a} {minute} {b:02} {second}"),
        Parts::Two(Step::Hours, a, b) => format!("{a} {hour} {b:02} {minute}"),
        Parts::Two(Step::Days, a, b) => format!("{} {day} {b:02} {hour}", super::number(lang, a)),
    }
}

/// A length in milliseconds for a narrow column, the rest cut off: `42s`, `11p`, `2g05p`, `3n04g`
/// (vi); `42s`, `11m`, `2h05m`, `3d04h` (en). At most 6 columns up to 999 days.
#[must_use]
pub fn duration_short(lang: Lang, ms: i64) -> String {
    let (day, hour, minute) = match lang {
        Lang::Vi => ('n', 'g', 'p'),
        Lang::En => ('d', 'h', 'm'),
    };
    match parts(ms) {
        Parts::Millis(_) => "0s".to_owned(),
        Parts::Seconds(n) => format!("{n}s"),
        Parts::Two(Step::Minutes, a, _) => format!("{a}{minute}"),
        Parts::Two(Step::Hours, a, b) => format!("{a}{hour}{b:02}{minute}"),
        Parts::Two(Step::Days, a, b) => format!("{a}{day}{b:02}{hour}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_show_their_two_largest_parts() {
        for (ms, vi, en, vi_short, en_short) in [
            (-5, "0 giây", "0 s", "0s", "0s"),
            (250, "250 ms", "250 ms", "0s", "0s"),
            (42_999, "42 giây", "42 s", "42s", "42s"),
            (667_000, "11 phút 07 giây", "11 min 07 s", "11p", "11m"),
            (7_500_000, "2 giờ 05 phút", "2 h 05 min", "2g05p", "2h05m"),
            (273_600_000, "3 ngày 04 giờ", "3 d 04 h", "3n04g", "3d04h"),
            (DAY_MS * 1_200, "1.200 ngày 00 giờ", "1,200 d 00 h", "1200n00g", "1200d00h"),
        ] {
            assert_eq!(duration(Lang::Vi, ms), vi);
            assert_eq!(duration(Lang::En, ms), en);
            assert_eq!(duration_short(Lang::Vi, ms), vi_short);
            assert_eq!(duration_short(Lang::En, ms), en_short);
        }
    }

    #[test]
    fn dates_follow_the_language() {
        let at: ZonedDateTime =
            "2016-03-28T07:42:10+07:00[Asia/Ho_Chi_Minh]".parse().expect("a time");
        assert_eq!(date(Lang::Vi, &at), "28/03/2016");
        assert_eq!(date(Lang::En, &at), "2016-03-28");
        assert_eq!(date_time(Lang::Vi, &at), "28/03/2016 07:42");
        assert_eq!(date_time(Lang::En, &at), "2016-03-28 07:42");
        assert_eq!(clock(&at), "07:42:10");
    }
}
