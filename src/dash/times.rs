//! Times as people type them into dialogs. Pure.

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

/// The next time of day after `now`: `17:30`.
pub(super) fn next_time(board: &Board, now: UnixMs, text: &str) -> Option<UnixMs> {
    time_of_day(text, [0, 1], now, board.timezone())?.find(|at| *at > now)
}

#[cfg(test)]
mod tests {
    use super::length_ms;

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
}
