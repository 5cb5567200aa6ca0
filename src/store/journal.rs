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

impl<'a> Hour<'a> {
    /// All rounds by series, then time; of two at one instant the later written comes last.
    fn take_rounds(&mut self) -> Vec<(u32, &'a Sample)> {
        let rounds = std::mem::take(&mut self.rounds);
        // Numbers are sorted faster than what they stand for, and all of them differ.
        let place =
            |(place, (series, _)): (usize, &(u32, _))| u64::from(*series) << 32 | place as u64;
        let mut places: Vec<u64> = rounds.iter().enumerate().map(place).collect();
        places.sort_unstable();
        let at = |place: &u64| rounds.get(*place as u32 as usize).copied();
        let mut sorted: Vec<_> = places.iter().filter_map(at).collect();
        let order = |(series, sample): &(u32, &Sample)| (*series, sample.at);
        if !sorted.is_sorted_by_key(order) {
            sorted.sort_by_key(order);
        }
        sorted
    }

    /// Puts all points into `into`, by series, then time; how many there are.
    fn encode_points(&mut self, into: &mut Vec<u8>) -> usize {
        // A device's series mostly have numbers that follow one another: whoever sorts the devices has
        // sorted all.
        self.moments.sort_by_key(|(series, moment)| (series.first(), moment.at));
        let read = self.moments.iter().flat_map(|(series, moment)| {
            let at = moment.at;
            let points = moment.values.iter().map(move |value| Point { at, value: *value });
            series.iter().zip(points).filter_map(|(series, point)| Some((series?, point)))
        });
        let base = self.moments.iter().map(|(_, moment)| moment.at).min();
        let base = base.into_iter().chain(self.points.iter().map(|(_, point)| point.at)).min();
        let base = base.unwrap_or_default();
        let order = |(series, point): &(u32, Point)| (*series, point.at);
        let (mut last, mut is_sorted) = (None, self.points.is_empty());
        read.clone().for_each(|of| is_sorted &= last.replace(order(&of)) <= Some(order(&of)));
        if is_sorted {
            return encode_point_row(base, read, into);
        }
        let mut points = std::mem::take(&mut self.points);
        points.extend(read);
        if !points.is_sorted_by_key(order) {
            points.sort_by_key(order);
        }
        encode_point_row(base, points.into_iter(), into)
    }
}

/// The hours that readings belong to; most belong to the same as the one before.
#[derive(Default)]
struct Hours<'a> {
    found: Vec<Hour<'a>>,
    /// Places in `found`, by hour.
    places: BTreeMap<i64, usize>,
    /// Where the hour of the last one begins, and its place; `None` beyond all calendars, too.
    last: Option<(i64, usize)>,
}

impl<'a> Hours<'a> {
    fn of(&mut self, at_ms: i64) -> &mut Hour<'a> {
        let is_in = |from: &i64| (0..HOUR_MS).contains(&at_ms.wrapping_sub(*from));
        let place = match self.last {
            Some((from, place)) if is_in(&from) => place,
            _ => {
                let hour = hour_of(at_ms);
                let place = *self.places.entry(hour).or_insert(self.found.len());
                self.last = hour.checked_mul(HOUR_MS).map(|from| (from, place));
                place
            }
        };
        if place == self.found.len() {
            self.found.push(Hour::default());
        }
        &mut self.found[place]
    }
}

/// Hours whose last row is remembered: the one that is going on, the one before while it is late.
const HOURS_REMEMBERED: usize = 4;

/// The keys behind the last rows of some hours, so that they need not be asked for: nobody else
/// appends to the file. Rows that were rolled back or sealed leave a hole, which means nothing.
#[derive(Debug, Default)]
pub(super) struct Ends(Vec<(i64, i64)>);

impl Ends {
    /// The file is another one now.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }

    /// The key of a further row of the hour.
    fn take(&mut self, tx: &Connection, hour: i64) -> Sql<i64> {
        if let Some((_, next)) = self.0.iter_mut().find(|(known, _)| *known == hour) {
            *next += 1;
            return Ok(*next - 1);
        }
        let key = key_behind(tx, hour)?;
        if self.0.len() == HOURS_REMEMBERED {
            self.0.remove(0);
        }
        self.0.push((hour, key + 1));
        Ok(key)
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
    ends: &mut Ends,
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
        let rounds = found.take_rounds();
        let newest = rounds.iter().filter(|(_, s)| !s.is_invalid()).map(|(_, s)| s.at.0).max();
        let mut bytes = Vec::new();
        if !rounds.is_empty() {
            encode_row(&rounds, &mut bytes);
            insert_at(tx, ends.take(tx, hour)?, rounds.len(), newest, &bytes)?;
        }
        let points = found.encode_points(&mut bytes);
        if points > 0 {
            insert_at(tx, ends.take(tx, hour)?, points, None, &bytes)?;
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
    insert_at(tx, key_behind(tx, hour)?, entries, newest, bytes)
}

/// The key behind the last row of an hour.
fn key_behind(tx: &Connection, hour: i64) -> Sql<i64> {
    let keys = keys_of(hour);
    let last: Option<i64> = tx
        .prepare_cached("SELECT max(key) FROM journal WHERE key BETWEEN ?1 AND ?2")?
        .query_row([keys.start(), keys.end()], |row| row.get(0))
        .optional()?
        .flatten();
    Ok(last.map_or(*keys.start(), |key| key + 1))
}

fn insert_at(
    tx: &Connection,
    key: i64,
    entries: usize,
    newest: Option<i64>,
    bytes: &[u8],
) -> Sql<()> {
    tx.prepare_cached("INSERT INTO journal (key, entries, newest, data) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![key, i64::try_from(entries).unwrap_or(i64::MAX), newest, bytes])?;
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
