//! When work recurs, in words.

use super::{Lang, text};
use crate::model::{DAYS, Recurrence};
use crate::t;

/// "T7, CN 22:00–02:00", "every day 12:00–12:30".
#[must_use]
pub fn recurrence_words(lang: Lang, every: &Recurrence) -> String {
    let days: Vec<&str> = DAYS
        .into_iter()
        .zip(every.days())
        .filter(|(_, on)| *on)
        .map(|(day, _)| text(lang, day_key(day)))
        .collect();
    let days = match days.len() == DAYS.len() {
        true => text(lang, "maintenance.daily").to_owned(),
        false => days.join(", "),
    };
    let [from, to] = every.hours().map(|(hour, minute)| format!("{hour:02}:{minute:02}"));
    t!(lang, "maintenance.hours", days = days, from = from, to = to)
}

const fn day_key(day: &str) -> &'static str {
    match day.as_bytes() {
        b"mon" => "maintenance.mon",
        b"tue" => "maintenance.tue",
        b"wed" => "maintenance.wed",
        b"thu" => "maintenance.thu",
        b"fri" => "maintenance.fri",
        b"sat" => "maintenance.sat",
        _ => "maintenance.sun",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_hours_are_named_in_the_language() {
        let words = |lang, text: &str| recurrence_words(lang, &text.parse().unwrap());
        assert_eq!(words(Lang::Vi, "sat,sun 22:00-02:00"), "T7, CN 22:00–02:00");
        assert_eq!(words(Lang::Vi, "daily 00:00-00:00"), "hằng ngày 00:00–00:00");
        assert_eq!(words(Lang::En, "mon,wed 07:30-08:00"), "Mon, Wed 07:30–08:00");
    }
}
