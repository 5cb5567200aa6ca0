//! Times as people type them into dialogs. Pure.

use std::borrow::Cow;

use super::board::Board;
use crate::locale::fold;
use crate::model::{UnixMs, parse_duration, time_of_day};

/// A length of time in milliseconds, over zero: `30m`, `2h`, `1h30m`, and as Vietnamese write it and the
/// screen does: `2g`, `1g45p`, `90 phút`, `3 ngày`.
pub(super) fn length_ms(text: &str) -> Option<i64> {
    let folded = fold(text);
    let mut written = String::new();
    let is_digit = |c: char| c.is_ascii_digit();
    let mut rest = folded.trim();
    while !rest.is_empty() {
        let (number, tail) = rest.split_at(rest.find(|c| !is_digit(c))?);
        let (unit, tail) = tail.split_at(tail.find(is_digit).unwrap_or(tail.len()));
        let unit = match unit.trim() {
            "n" | "ngay" => "d",
            "g" | "gio" => "h",
            "p" | "phut" => "m",
            "giay" => "s",
            other => other,
        };
        // "1h 2h" are two lengths.
        if written.contains(unit) {
            return None;
        }
        written.extend([number, unit]);
        rest = tail;
    }
    parse_duration(&written).ok().filter(|ms| *ms > 0)
}

/// The next time of day after `now`: `17:30`, `17h30`, `22h`. Up to twelve such an hour may be meant as
/// a length (`2h`), so that it is no time.
pub(super) fn next_time(board: &Board, now: UnixMs, text: &str) -> Option<UnixMs> {
    time_of_day(&as_clock(text, 13), [0, 1], now, board.timezone())?.find(|at| *at > now)
}

/// `22h`, `22h30`, `22 giờ 30`, as Vietnamese write a time of day, with a colon; an hour without minutes
/// below `least` is left as it is.
pub(super) fn as_clock(text: &str, least: u8) -> Cow<'_, str> {
    let folded = fold(text);
    let folded = folded.trim();
    let (hour, rest) = folded.split_at(folded.find(|c: char| !c.is_ascii_digit()).unwrap_or(0));
    let rest = rest.trim_start();
    let minute =
        ["gio", "g", "h"].into_iter().find_map(|unit| rest.strip_prefix(unit)).map(str::trim);
    let is_number = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    match (hour.parse::<u8>(), minute) {
        (Ok(hour), Some("")) if hour >= least => format!("{hour}:00").into(),
        (Ok(hour), Some(minute)) if is_number(minute) => format!("{hour}:{minute}").into(),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{as_clock, length_ms};

    #[test]
    fn lengths_are_read_as_they_are_written_on_the_screen_and_in_files() {
        const MINUTE: i64 = 60_000;
        for (text, minutes) in [
            ("2h", 120),
            ("1h30m", 90),
            ("2g", 120),
            ("1g45p", 105),
            ("90p", 90),
            ("90 phút", 90),
            ("2 giờ 30 phút", 150),
            ("1 ngày", 1_440),
        ] {
            assert_eq!(length_ms(text), Some(minutes * MINUTE), "{text}");
        }
        for text in ["", "2", "h", "0h", "2 tuần", "2h30", "-1h", "22:00", "1h 2h"] {
            assert_eq!(length_ms(text), None, "{text}");
        }
    }

    #[test]
    fn hours_after_noon_are_times_of_day_and_those_before_it_may_be_lengths() {
        for (text, least, clock) in [
            ("22h", 13, "22:00"),
            ("22h30", 13, "22:30"),
            ("17 giờ", 13, "17:00"),
            (" 17 giờ 05 ", 13, "17:05"),
            ("13g", 13, "13:00"),
            ("8h30", 13, "8:30"),
            ("4h", 0, "4:00"),
        ] {
            assert_eq!(as_clock(text, least), clock, "{text}");
        }
        for text in ["12h", "2h", "22h5", "22h30m", "22 giờ 30 phút", "22:00", "h", ""] {
            assert_eq!(as_clock(text, 13), text);
        }
    }
}
