//! The small words of the tables: times, rows, signs.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use tuantra::model::{RoundError, Rtts, SnmpTrouble, Threshold, UnixMs};

/// Where the offices are.
pub const ZONE: &str = "Asia/Ho_Chi_Minh";
const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Where a case's times count from: midnight of a day in the offices' zone.
#[derive(Debug, Clone, Copy)]
pub struct Base {
    midnight: UnixMs,
}

impl Base {
    /// `day` is a date; without one, some day on which nothing special is.
    pub fn new(day: Option<&str>) -> Result<Self, String> {
        let day = day.unwrap_or("2026-11-02");
        let date: Date = day.parse().map_err(|error| format!("day {day}: {error}"))?;
        let zone = TimeZone::get(ZONE).map_err(|error| error.to_string())?;
        let midnight = zone
            .to_ambiguous_zoned_datetime(date.at(0, 0, 0, 0))
            .compatible()
            .map_err(|error| error.to_string())?;
        Ok(Self { midnight: midnight.timestamp().into() })
    }

    /// `0:30`, `7:00:00`, `2d 7:00:00`, with a fraction if need be (`0:30.001`).
    pub fn time(self, text: &str) -> Result<UnixMs, String> {
        length(text).map(|ms| self.midnight + ms)
    }

    /// As [`Base::time`] reads it.
    pub fn say(self, at: UnixMs) -> String {
        say_length(at.since(self.midnight))
    }
}

/// Milliseconds of `m:ss`, `h:mm:ss`, `2d h:mm:ss`.
pub fn length(text: &str) -> Result<i64, String> {
    let bad = || format!("'{text}' is no time: 0:30, 7:00:00, 2d 7:00:00");
    let text = text.trim();
    let (days, clock) = match text.split_once("d ") {
        Some((days, clock)) => (days.parse().map_err(|_| bad())?, clock.trim()),
        None => (0, text),
    };
    let mut parts = clock.rsplit(':');
    let seconds = parts.next().filter(|_| clock.contains(':')).ok_or_else(bad)?;
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let fraction_ms: i64 = format!("{fraction:0<3}").parse().map_err(|_| bad())?;
    let mut ms: i64 = seconds.parse::<i64>().map_err(|_| bad())? * SECOND + fraction_ms;
    for (part, unit) in parts.zip([MINUTE, HOUR]) {
        ms += part.parse::<i64>().map_err(|_| bad())? * unit;
    }
    Ok(days * DAY + ms)
}

/// As [`length`] reads it.
pub fn say_length(ms: i64) -> String {
    let sign = if ms < 0 { "-" } else { "" };
    let ms = ms.abs();
    let days = if ms >= DAY { format!("{}d ", ms / DAY) } else { String::new() };
    let (h, m, s) = (ms % DAY / HOUR, ms % HOUR / MINUTE, ms % MINUTE / SECOND);
    let fraction = if ms % SECOND == 0 { String::new() } else { format!(".{:03}", ms % SECOND) };
    let hours = if ms >= HOUR { format!("{h}:{m:02}") } else { m.to_string() };
    format!("{sign}{days}{hours}:{s:02}{fraction}")
}

/// The rows of a text: cells between `|`, blanks outside them and remarks after ` # ` left out.
pub fn rows(text: &str) -> Vec<Vec<String>> {
    let without_remark = |line: &str| match line.find(" # ") {
        Some(at) => line[..at].to_owned(),
        None => line.to_owned(),
    };
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#')).map(without_remark);
    let lines = lines.filter(|line| !line.trim().is_empty());
    lines.map(|line| line.split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// One sign of a timeline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sign {
    /// Nobody asked.
    NotAsked,
    /// A round: sent, lost, round-trip time in microseconds, error.
    Round(u8, u8, u32, Option<RoundError>),
}

impl Sign {
    fn read(sign: char) -> Result<Self, String> {
        let unreachable = RoundError::Unreachable { code: 1, by: None };
        Ok(match sign {
            ' ' | '-' => Self::NotAsked,
            '.' => Self::Round(3, 0, 5_000, None),
            'x' => Self::Round(3, 3, 0, None),
            'u' => Self::Round(3, 3, 0, Some(unreachable)),
            '~' => Self::Round(3, 1, 5_000, None),
            's' => Self::Round(3, 0, 300_000, None),
            '!' => Self::Round(3, 3, 0, Some(RoundError::Local { errno: 101 })),
            'o' => Self::Round(3, 3, 0, Some(RoundError::Overflow)),
            // What a device says by SNMP.
            'W' => Self::Round(1, 0, 0, None),
            'S' => Self::Round(1, 1, 0, Some(RoundError::Snmp(SnmpTrouble::Silent))),
            'N' => Self::Round(1, 0, 0, Some(RoundError::Snmp(SnmpTrouble::Silent))),
            'D' => Self::Round(1, 1, 0, Some(RoundError::InterfaceDown { admin: false })),
            'C' => Self::Round(1, 0, 0, Some(RoundError::Over(Threshold::Cpu))),
            'B' => Self::Round(1, 0, 0, Some(RoundError::Over(Threshold::Battery))),
            '1'..='9' => Self::Round(3, 0, sign.to_digit(10).unwrap_or(0) * 10_000, None),
            _ => return Err(format!("'{sign}' is no sign of a round")),
        })
    }

    /// The answers' times; none of what is not timed.
    pub fn rtts(sent: u8, lost: u8, rtt_us: u32) -> Rtts {
        let answered = if rtt_us == 0 { 0 } else { sent - lost };
        Rtts::from_us(&vec![rtt_us; usize::from(answered)])
    }
}

/// The signs of a timeline; `{40}` after one, or after a group in parentheses, stands for so many.
pub fn signs(text: &str) -> Result<Vec<Sign>, String> {
    let mut found: Vec<Sign> = Vec::new();
    let mut last: Vec<Sign> = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '(' => {
                let inside: String = rest.by_ref().take_while(|c| *c != ')').collect();
                last = signs(&inside)?;
                found.extend(&last);
            }
            '{' => {
                let count: String = rest.by_ref().take_while(|c| *c != '}').collect();
                let count: usize = count.parse().map_err(|_| format!("{{{count}}}: no number"))?;
                for _ in 1..count {
                    found.extend(&last);
                }
            }
            sign => {
                last = vec![Sign::read(sign)?];
                found.extend(&last);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_said() {
        for text in ["0:00", "0:30", "59:59", "1:00:00", "17:05:09", "2d 7:00:00", "0:30.001"] {
            assert_eq!(length(text).map(say_length).as_deref(), Ok(text));
        }
        for bad in ["", "30", "1:xx", "a:00", "d 1:00"] {
            assert!(length(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_sign_and_a_group_are_repeated() {
        assert_eq!(signs(".x{3}(.x){2}"), signs(".xxx.x.x"));
        assert_eq!(signs("x{3}").map(|s| s.len()), Ok(3));
        assert!(signs("y").is_err());
    }
}
