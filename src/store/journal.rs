//! The open head: every transaction appends its samples, all series together, as one row for
//! each hour they belong to. Sealing ([`super::seal`]) moves them into blocks by series.

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};

use rusqlite::{Connection, OptionalExtension as _, params};

use super::block::{BadBlock, Format, encode_point_row, encode_row, scan_point_row, scan_row};
use super::content::Value;
use super::fact::Reading;
use super::numbers::{Listed, Numbers, SERIES_MAX, key};
use crate::model::{Moment, Point, Sample, SubjectId};

type Sql<T> = Result<T, rusqlite::Error>;

/// Length of the stretch whose samples stay together until the day is over, in milliseconds.
pub(super) const HOUR_MS: i64 = 3_600_000;

/// The hour of an instant.
pub(super) const fn hour_of(at_ms: i64) -> i64 {
    at_ms.div_euclid(HOUR_MS)
}

/// The keys of an hour's (or a day's) rows.
pub(super) const fn keys_of(slot: i64) -> RangeInclusive<i64> {
    key(slot, 0)..=key(slot, SERIES_MAX)
}

/// What was measured in an hour, where it stands: it is sorted without being moved.
#[derive(Default)]
struct Hour<'a> {
    rounds: Vec<(u32, &'a Sample)>,
    points: Vec<(u32, Point)>,
    /// With the series of each of their metrics.
    moments: Vec<(Listed, &'a Moment)>,
}

impl Hour<'_> {
    /// All points by series, then time.
    fn take_points(&mut self) -> Vec<(u32, Point)> {
        let mut points = std::mem::take(&mut self.points);
        // A device's series mostly have numbers that follow one another: whoever sorts the devices has
        // sorted all.
        self.moments.sort_by_key(|(series, moment)| (series.first(), moment.at));
        let more: usize = self.moments.iter().map(|(_, moment)| moment.len()).sum();
        points.reserve_exact(more);
        for (series, moment) in self.moments.drain(..) {
            let at = |value: &i64| Point { at: moment.at, value: *value };
            let all = series.iter().zip(moment.values.iter().map(at));
            points.extend(all.filter_map(|(series, point)| Some((series?, point))));
        }
        let order = |(series, point): &(u32, Point)| (*series, point.at);
        if !points.is_sorted_by_key(order) {
            points.sort_by_key(order);
        }
        points
    }
}

/// The hours that readings belong to; most belong to the same as the one before.
#[derive(Default)]
struct Hours<'a> {
    found: Vec<Hour<'a>>,
    /// Places in `found`, by hour.
    places: BTreeMap<i64, usize>,
    last: Option<(i64, usize)>,
}

impl<'a> Hours<'a> {
    fn of(&mut self, at_ms: i64) -> &mut Hour<'a> {
        let hour = hour_of(at_ms);
        let place = match self.last {
            Some((last, place)) if last == hour => place,
            _ => *self.places.entry(hour).or_insert(self.found.len()),
        };
        self.last = Some((hour, place));
        if place == self.found.len() {
            self.found.push(Hour::default());
        }
        &mut self.found[place]
    }
}

/// Appends what was measured.
///
/// # Errors
/// SQLite's. What finds no number for its series left (there are 16 million) is given up and told
/// in the log: it must hold up nothing else.
pub(super) fn append(
    tx: &Connection,
    numbers: &mut Numbers,
    readings: &[(SubjectId, Reading)],
) -> Sql<()> {
    let mut hours = Hours::default();
    let mut refused = 0;
    for (subject, reading) in readings {
        match reading {
            Reading::Round(sample) => match numbers.rounds(tx, subject, sample.check)? {
                Some(series) => {
                    hours.of(sample.at.0).rounds.push((series, sample));
                }
                None => refused += 1,
            },
            Reading::Point(metric, point) => match numbers.points(tx, subject, metric)? {
                Some(series) => {
                    hours.of(point.at.0).points.push((series, *point));
                }
                None => refused += 1,
            },
            Reading::Moment(moment) => {
                let series = numbers.moment(tx, subject, &moment.metrics)?;
                refused += series.iter().filter(Option::is_none).count();
                hours.of(moment.at.0).moments.push((series, moment));
            }
        }
    }
    for (hour, place) in hours.places {
        let Some(found) = hours.found.get_mut(place) else { continue };
        let points = found.take_points();
        let Hour { rounds, .. } = found;
        rounds.sort_by(|(a, one), (b, other)| a.cmp(b).then_with(|| one.at.cmp(&other.at)));
        let newest = rounds.iter().filter(|(_, s)| !s.is_invalid()).map(|(_, s)| s.at.0).max();
        let mut bytes = Vec::new();
        if !rounds.is_empty() {
            encode_row(rounds, &mut bytes);
            insert(tx, hour, rounds.len(), newest, &bytes)?;
        }
        if !points.is_empty() {
            bytes.clear();
            encode_point_row(&points, &mut bytes);
            insert(tx, hour, points.len(), None, &bytes)?;
        }
    }
    if refused > 0 {
        tracing::error!(refused, "no number for another series is left: readings are given up");
    }
    Ok(())
}

/// Adds one row behind the last of its hour.
pub(super) fn insert(
    tx: &Connection,
    hour: i64,
    entries: usize,
    newest: Option<i64>,
    bytes: &[u8],
) -> Sql<()> {
    let keys = keys_of(hour);
    let last: Option<i64> = tx
        .prepare_cached("SELECT max(key) FROM journal WHERE key BETWEEN ?1 AND ?2")?
        .query_row([keys.start(), keys.end()], |row| row.get(0))
        .optional()?
        .flatten();
    let next = last.map_or(*keys.start(), |key| key + 1);
    tx.prepare_cached("INSERT INTO journal (key, entries, newest, data) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![next, i64::try_from(entries).unwrap_or(i64::MAX), newest, bytes])?;
    Ok(())
}

/// Gives `each` the readings of the series in `part` that a row holds, in its order.
///
/// # Errors
/// When the bytes are no such row, or not whole; what stands before the fault was given.
pub(super) fn read_row(
    bytes: &[u8],
    part: &Range<u32>,
    each: &mut impl FnMut(u32, Value),
) -> Result<(), BadBlock> {
    if bytes.first() == Some(&(Format::PointRow as u8)) {
        scan_point_row(bytes, part, |series, point| each(series, Value::Point(point)))
    } else {
        scan_row(bytes, part, |series, sample| each(series, Value::Round(sample)))
    }
}
