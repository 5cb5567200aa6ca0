//! Hours: the entries of `calendars`, and what units and subjects say of theirs.

use super::entries::{Context, id, text};
use super::node::{Fields, Node, Value, check_keys};
use super::place::{Desk, Finding, shown};
use super::raw::{Raw, RawCalendar, RawClock};
use super::scalar;
use crate::model::{Calendar, Message};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A calendar.
pub(super) fn calendar(desk: &mut Desk, context: &Context<'_>, node: &Node, raw: &mut Raw) {
    let Some(map) = node.as_map(desk, "calendars") else { return };
    check_keys(desk, map, &["id", "name", "hours", "holidays", "make_up"]);
    let fields = Fields::new(node.at, map);
    let (at, id) = id(desk, &fields, "calendar");
    text(desk, &fields, "name");
    let hours = fields.required(desk, "hours").map(|n| week(desk, n)).unwrap_or_default();
    let mut dates = |key: &str| -> Vec<_> {
        let items = fields.get(key).map_or(&[][..], |n| n.as_words(desk, key));
        items.iter().filter_map(|n| scalar::date(desk, key, n)).collect()
    };
    let (holidays, make_up) = (dates("holidays"), dates("make_up"));
    raw.calendars.push((
        at,
        Calendar { id: id.into(), zone: context.zone.clone(), hours, holidays, make_up },
    ));
}

/// `{ mon-fri: ["07:00-11:30", "13:30-17:00"] }`: minutes of the day per weekday, sorted.
pub(super) fn week(desk: &mut Desk, node: &Node) -> [Vec<(u16, u16)>; 7] {
    let mut hours: [Vec<(u16, u16)>; 7] = Default::default();
    if let Some(map) = node.as_map(desk, "hours") {
        for (key, node) in &map.entries {
            let spans: Vec<_> =
                node.as_words(desk, "hours").iter().filter_map(|n| hours_of_day(desk, n)).collect();
            match days(&key.text) {
                Some(days) => days.for_each(|day| hours[day].extend(&spans)),
                None => desk.report(
                    Finding::error(
                        key.at,
                        Message::new("check.bad_days").with("text", shown(&key.text)),
                    )
                    .hint(Message::new("check.days_hint")),
                ),
            }
        }
    }
    hours.iter_mut().for_each(|day| day.sort_unstable());
    hours
}

/// `mon` or `mon-fri` as days from Monday.
fn days(text: &str) -> Option<std::ops::RangeInclusive<usize>> {
    let day = |word: &str| DAYS.iter().position(|d| *d == word);
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (day(first.trim())?, day(last.trim())?);
    (first <= last).then_some(first..=last)
}

/// `07:00-11:30` in minutes of the day.
fn hours_of_day(desk: &mut Desk, node: &Node) -> Option<(u16, u16)> {
    let text = scalar::word(desk, "hours", node)?;
    let minutes = |time: &str| {
        let (hour, minute) = time.trim().split_once(':')?;
        let (hour, minute) = (hour.parse::<u16>().ok()?, minute.parse::<u16>().ok()?);
        let total = hour.checked_mul(60)?.checked_add(minute)?;
        (minute < 60 && total <= 24 * 60).then_some(total)
    };
    let span = text
        .split_once('-')
        .and_then(|(from, to)| Some((minutes(from)?, minutes(to)?)))
        .filter(|(from, to)| from < to);
    if span.is_none() {
        let message = Message::new("check.bad_hours").with("text", shown(text));
        desk.report(Finding::error(node.at, message).hint(Message::new("check.hours_hint")));
    }
    span
}

/// `calendar` and `off_hours`. A key without a value is said, too: around the clock, and counted.
pub(super) fn clock(desk: &mut Desk, fields: &Fields<'_>) -> RawClock {
    let calendar = match fields.written("calendar") {
        None => RawCalendar::Unsaid,
        Some(node) if matches!(node.value, Value::Null) => RawCalendar::AroundTheClock,
        Some(node) => scalar::reference(desk, "calendar", node)
            .map_or(RawCalendar::Unsaid, RawCalendar::Named),
    };
    let off_hours_allowed = fields.written("off_hours").and_then(|node| {
        if matches!(node.value, Value::Null) {
            return Some((false, node.at));
        }
        let word = scalar::one_of(desk, "off_hours", node, &["allowed", "counted"])?;
        Some((word == "allowed", node.at))
    });
    RawClock { calendar, off_hours_allowed }
}
