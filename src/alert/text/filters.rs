//! What templates may do beside what the language of templates brings: times, lengths of time,
//! numbers and lists of units as Vietnamese and English write them.

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use minijinja::value::{Object, Value};
use minijinja::{Environment, Error, ErrorKind, State};

use super::clean::cut;
use crate::locale::{self, Lang, sort_key};
use crate::model::{UnitKind, UnixMs};
use crate::t;

/// Units named where a template does not say how many.
const NAMES: usize = 30;

/// Longest name in a list of names, in characters.
const NAME_CHARS_MAX: usize = 80;

/// When and how words are written: `moment` in templates, where filters find it.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    /// The language.
    pub lang: Lang,
    /// The zone of every clock time.
    pub zone: TimeZone,
    /// What "today" is.
    pub now: UnixMs,
}

impl Object for Moment {}

impl Moment {
    fn local(&self, at: UnixMs) -> ZonedDateTime {
        // A year from the ends of the calendar no zone can carry it over.
        let kept = at.to_timestamp().clamp(
            Timestamp::from_second(-377_600_000_000).unwrap_or(Timestamp::MIN),
            Timestamp::from_second(253_300_000_000).unwrap_or(Timestamp::MAX),
        );
        kept.to_zoned_datetime(self.zone.clone())
    }

    /// `07:31` today; `07:31 ngày 25/11/2026` (vi), `2026-11-25 07:31` (en) on other days.
    pub(super) fn clock(&self, at: UnixMs) -> String {
        let local = self.local(at);
        self.on_its_day(&local, hour(&local))
    }

    fn on_its_day(&self, local: &ZonedDateTime, time: String) -> String {
        if local.date() == self.local(self.now).date() {
            return time;
        }
        t!(self.lang, "notice.on_day", time = time, date = locale::date(self.lang, local))
    }

    /// `07:31–07:52`, the day once where it is the same, seconds where the minute is.
    pub(super) fn span(&self, from: UnixMs, until: UnixMs) -> String {
        let (a, b) = (self.local(from), self.local(until));
        if a.date() != b.date() {
            return format!("{} – {}", self.clock(from), self.clock(until));
        }
        let time = if hour(&a) == hour(&b) {
            format!("{}–{}", locale::clock(&a), locale::clock(&b))
        } else {
            format!("{}–{}", hour(&a), hour(&b))
        };
        self.on_its_day(&a, time)
    }
}

fn hour(local: &ZonedDateTime) -> String {
    format!("{:02}:{:02}", local.hour(), local.minute())
}

/// Makes the filters and functions known to an environment.
pub(super) fn register(environment: &mut Environment<'static>) {
    environment.add_filter("clock", |state: &State, at: &Value| -> Result<String, Error> {
        Ok(moment(state)?.clock(time(at)?))
    });
    environment.add_filter("date_time", |state: &State, at: &Value| -> Result<String, Error> {
        let moment = moment(state)?;
        Ok(locale::date_time(moment.lang, &moment.local(time(at)?)))
    });
    environment.add_function(
        "span",
        |state: &State, from: &Value, until: &Value| -> Result<String, Error> {
            Ok(moment(state)?.span(time(from)?, time(until)?))
        },
    );
    environment.add_filter("duration", |state: &State, ms: i64| -> Result<String, Error> {
        Ok(locale::duration(moment(state)?.lang, ms))
    });
    environment.add_filter("number", |state: &State, n: i64| -> Result<String, Error> {
        Ok(locale::number(moment(state)?.lang, n))
    });
    environment.add_filter("sentence", |text: &str| -> String {
        let mut chars = text.chars();
        chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
    });
    environment.add_filter("kinds", kinds);
    environment.add_filter("names", names);
}

fn moment(state: &State) -> Result<Arc<Moment>, Error> {
    let found = state.lookup("moment").and_then(|value| value.downcast_object::<Moment>());
    found.ok_or_else(|| wrong("'moment' has been given another value"))
}

fn time(value: &Value) -> Result<UnixMs, Error> {
    let parsed = value.as_str().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| wrong("not a time: use since, until, at, now, ack.at or ack.until"))
}

fn wrong(what: &'static str) -> Error {
    Error::new(ErrorKind::InvalidOperation, what)
}

/// A unit of a list, or a text of one.
struct Named {
    name: String,
    kind: Option<UnitKind>,
}

fn listed(list: &Value) -> Result<Vec<Named>, Error> {
    let mut found = Vec::new();
    for entry in list.try_iter()? {
        if let Some(name) = entry.as_str() {
            found.push(Named { name: name.to_owned(), kind: None });
            continue;
        }
        let name = entry.get_attr("name")?;
        let word = entry.get_attr("kind")?;
        let kind = UnitKind::ALL.into_iter().find(|kind| Some(kind.as_str()) == word.as_str());
        let name = name.as_str().ok_or_else(|| wrong("not a list of units or of names"))?;
        found.push(Named { name: name.to_owned(), kind });
    }
    Ok(found)
}

/// `24 xã, 1 thị trấn, 1 huyện`: how many of each kind, the most first; of `total` units that are
/// not all in the list the rest is counted.
fn kinds(state: &State, list: &Value, total: Option<u32>) -> Result<String, Error> {
    let lang = moment(state)?.lang;
    let units = listed(list)?;
    let count = |kind| units.iter().filter(|unit| unit.kind == Some(kind)).count();
    let mut counts: Vec<(usize, UnitKind)> =
        UnitKind::ALL.into_iter().rev().map(|kind| (count(kind), kind)).collect();
    counts.retain(|(n, _)| *n > 0);
    counts.sort_by_key(|(n, _)| std::cmp::Reverse(*n));
    let mut parts: Vec<String> = counts
        .into_iter()
        .map(|(n, kind)| {
            let key = format!("notice.units.{}", kind.as_str());
            locale::format(lang, &key, &[("n", counted(lang, n))])
        })
        .collect();
    let rest = rest(total, units.len(), units.len());
    if rest > 0 {
        parts.push(t!(lang, "notice.other_units", n = counted(lang, rest)));
    }
    Ok(parts.join(", "))
}

/// `Huyện Cái Bè, Xã An Cư … và 12 đơn vị nữa`: the first names, the greater kinds first, each in
/// the Vietnamese order; of `total` that are not all in the list the rest is counted.
fn names(
    state: &State,
    list: &Value,
    most: Option<usize>,
    total: Option<u32>,
) -> Result<String, Error> {
    let lang = moment(state)?.lang;
    let mut named = listed(list)?;
    let all = named.len();
    let are_units = named.iter().all(|n| n.kind.is_some());
    if are_units {
        named.sort_by_cached_key(|n| (n.kind, sort_key(&n.name)));
    }
    let most = most.unwrap_or(NAMES).max(1);
    // One more name is as short as the words that would stand for it.
    let shown = if rest(total, all, 0) == most + 1 { most + 1 } else { most };
    named.truncate(shown);
    let rest = rest(total, all, named.len());
    let mut text: Vec<String> = named.into_iter().map(|n| cut(n.name, NAME_CHARS_MAX)).collect();
    if rest > 0 {
        text.push(match are_units {
            true => t!(lang, "notice.more_units", n = counted(lang, rest)),
            false => t!(lang, "notice.more", n = counted(lang, rest)),
        });
    }
    Ok(text.join(", "))
}

/// How many of all are not among the `shown`.
fn rest(total: Option<u32>, listed: usize, shown: usize) -> usize {
    let total = total.and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    total.max(listed) - shown
}

fn counted(lang: Lang, n: usize) -> String {
    locale::number(lang, i64::try_from(n).unwrap_or(i64::MAX))
}
