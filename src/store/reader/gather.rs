//! Samples of any series, wherever they stand: journal, blocks of hours, blocks of days.
//!
//! They are read in this order, each in a transaction of its own: what moves meanwhile is seen
//! twice at worst, never missed.

use std::collections::{BTreeMap, HashMap};
use std::ops::{Range, RangeInclusive};

use rusqlite::types::Value as Cell;

use super::Reader;
use crate::model::{Sample, Span, SubjectId, UnixMs};
use crate::store::block::{BadBlock, decode_rounds};
use crate::store::content::{Content, Kind, Value, kind_of, settle};
use crate::store::journal::{HOUR_MS, hour_of, keys_of, read_row};
use crate::store::numbers::{key, series_of, slot_of};
use crate::store::seal::DAY_MS;
use crate::store::{StoreError, schema};

/// Series by number.
pub(super) type Wanted = BTreeMap<u32, Kind>;

/// Up to this many series are looked up one by one; for more an hour or a day is read through.
const LOOKED_UP: usize = 32;
/// Samples of a slice of time that are held at once, about.
const SLICE_SAMPLES: i64 = 1_000_000;
/// What one series is expected to have in an hour.
const SAMPLES_AN_HOUR: i64 = 120;
const SLICE_MIN_MS: i64 = 300_000;
/// Earlier than every round.
const NONE: i64 = i64::MIN;

impl Reader {
    /// The series of one subject.
    pub(super) fn series_of(&self, subject: &SubjectId) -> Result<Wanted, StoreError> {
        let id = Cell::Text(subject.as_str().to_owned());
        let found = self.rows(
            "SELECT s.id, s.kind, s.name FROM series s JOIN subject k ON k.id = s.subject
             WHERE k.key = ?1",
            [id],
            |row| self.series_row(row),
        )?;
        Ok(found.into_iter().collect())
    }

    /// All series.
    pub(super) fn all_series(&self) -> Result<Wanted, StoreError> {
        let found =
            self.rows("SELECT id, kind, name FROM series", [], |row| self.series_row(row))?;
        Ok(found.into_iter().collect())
    }

    pub(super) fn series_row(&self, row: &rusqlite::Row<'_>) -> Result<(u32, Kind), StoreError> {
        let (kind, name): (String, String) = (self.get(row.get(1))?, self.get(row.get(2))?);
        let known = kind_of(&kind, &name)
            .ok_or_else(|| self.corrupt("kind of series", &format!("{kind} {name}")))?;
        Ok((self.get(row.get(0))?, known))
    }

    /// What stands of the series in the hours that `window` touches, in order of time; more than
    /// the window where a block holds more.
    pub(super) fn gather(
        &self,
        wanted: &Wanted,
        window: Span,
    ) -> Result<HashMap<u32, Content>, StoreError> {
        let mut newest: HashMap<u32, Content> = HashMap::new();
        let (Some((&first, _)), Some((&last, _))) =
            (wanted.first_key_value(), wanted.last_key_value())
        else {
            return Ok(newest);
        };
        if window.is_empty() {
            return Ok(newest);
        }
        self.gather_journal(wanted, first..last + 1, window, &mut newest)?;
        let mut hourly = HashMap::new();
        for hour in self.slots("block", window, HOUR_MS)? {
            self.add_blocks("block", hour, wanted, &mut hourly)?;
        }
        let mut all = HashMap::new();
        for day in self.slots("block_day", window, DAY_MS)? {
            self.add_blocks("block_day", day, wanted, &mut all)?;
        }
        // What was written later goes last, so that it stays where both have an instant.
        for newer in [hourly, newest] {
            for (series, content) in newer {
                match all.get_mut(&series) {
                    Some(older) => older.extend(content),
                    None => _ = all.insert(series, content),
                }
            }
        }
        all.values_mut().for_each(Content::settle);
        Ok(all)
    }

    pub(super) fn gather_journal(
        &self,
        wanted: &Wanted,
        part: Range<u32>,
        window: Span,
        found: &mut HashMap<u32, Content>,
    ) -> Result<(), StoreError> {
        let (first, last) = (hour_of(window.from.0), hour_of(window.to.0 - 1));
        let rows = *keys_of(first).start()..=*keys_of(last).end();
        self.blobs("journal", rows, |_, bytes| {
            read_row(bytes, &part, &mut |series, value| {
                if let Some(kind) = wanted.get(&series) {
                    found.entry(series).or_insert_with(|| Content::empty(*kind)).push(value);
                }
            })
        })
    }

    /// Hands over the rounds of one of the subject's checks inside `window`, each instant once: a
    /// day after another, and last what is not yet in the block of its day. Holds a day at a time,
    /// however long the window; no transaction is open while `each` runs.
    ///
    /// # Errors
    /// When the file cannot be read; what came before has been handed over.
    pub fn each_round(
        &self,
        subject: &SubjectId,
        check: u8,
        window: Span,
        each: &mut dyn FnMut(&Sample),
    ) -> Result<(), StoreError> {
        let mut wanted = self.series_of(subject)?;
        wanted.retain(|_, kind| *kind == Kind::Rounds(check));
        let Some((&series, &kind)) = wanted.first_key_value().filter(|_| !window.is_empty()) else {
            return Ok(());
        };
        let mut newest = HashMap::new();
        self.gather_journal(&wanted, series..series + 1, window, &mut newest)?;
        let mut newer = HashMap::new();
        for hour in self.slots("block", window, HOUR_MS)? {
            self.add_blocks("block", hour, &wanted, &mut newer)?;
        }
        // What was written later goes last, so that it stays where both have an instant.
        let mut newer = newer.remove(&series).unwrap_or_else(|| Content::empty(kind));
        if let Some(newest) = newest.remove(&series) {
            newer.extend(newest);
        }
        newer.settle();
        let Content::Rounds(newer) = newer else { return Ok(()) };
        let mut day = Vec::new();
        for slot in self.slots("block_day", window, DAY_MS)? {
            day.clear();
            self.blobs("block_day", key(slot, series)..=key(slot, series), |_, bytes| {
                decode_rounds(bytes, check, &mut day)
            })?;
            settle(&mut day, |sample| sample.at.0);
            let Some((first, last)) = day.first().zip(day.last()) else { continue };
            let next = newer.partition_point(|newer| newer.at < first.at);
            let is_rewritten = newer.get(next).is_some_and(|newer| newer.at <= last.at);
            let is_old = |s: &&Sample| {
                !is_rewritten || newer.binary_search_by_key(&s.at, |newer| newer.at).is_err()
            };
            day.iter().filter(|s| window.contains(s.at)).filter(is_old).for_each(&mut *each);
        }
        newer.iter().filter(|s| window.contains(s.at)).for_each(each);
        Ok(())
    }

    fn add_blocks(
        &self,
        table: &'static str,
        slot: i64,
        wanted: &Wanted,
        all: &mut HashMap<u32, Content>,
    ) -> Result<(), StoreError> {
        let mut add = |key: i64, bytes: &[u8]| {
            let series = series_of(key);
            let Some(kind) = wanted.get(&series) else { return Ok(()) };
            all.entry(series).or_insert_with(|| Content::empty(*kind)).add_block(*kind, bytes)
        };
        if wanted.len() > LOOKED_UP {
            return self.blobs(table, keys_of(slot), add);
        }
        for series in wanted.keys() {
            self.blobs(table, key(slot, *series)..=key(slot, *series), &mut add)?;
        }
        Ok(())
    }

    /// Hands over the blobs of a table under these keys.
    pub(super) fn blobs(
        &self,
        table: &'static str,
        keys: RangeInclusive<i64>,
        mut each: impl FnMut(i64, &[u8]) -> Result<(), BadBlock>,
    ) -> Result<(), StoreError> {
        let fail = || schema::sql("read", &self.path);
        let sql = format!("SELECT key, data FROM {table} WHERE key BETWEEN ?1 AND ?2 ORDER BY key");
        let mut statement = self.link.conn.prepare_cached(&sql).map_err(fail())?;
        let mut rows = statement.query([keys.start(), keys.end()]).map_err(fail())?;
        while let Some(row) = rows.next().map_err(fail())? {
            let key: i64 = self.get(row.get(0))?;
            let bytes = row.get_ref(1).and_then(|v| v.as_blob().map_err(Into::into));
            each(key, bytes.map_err(fail())?).map_err(|bad| StoreError::Corrupt {
                path: self.path.clone(),
                what: "block of samples",
                value: format!("{table} {key}: {bad}"),
            })?;
        }
        Ok(())
    }

    /// The hours or days of `window` between the first and the last that a table has.
    pub(super) fn slots(
        &self,
        table: &'static str,
        window: Span,
        slot_ms: i64,
    ) -> Result<RangeInclusive<i64>, StoreError> {
        #[expect(clippy::reversed_empty_ranges, reason = "a range of nothing")]
        const NONE: RangeInclusive<i64> = 1..=0;
        if window.is_empty() {
            return Ok(NONE);
        }
        // Asked for together in one SELECT, SQLite reads the whole table for them.
        let sql = format!("SELECT (SELECT min(key) FROM {table}), (SELECT max(key) FROM {table})");
        let ends: Result<(Option<i64>, Option<i64>), _> = self
            .link
            .conn
            .prepare_cached(&sql)
            .and_then(|mut s| s.query_row([], |row| Ok((row.get(0)?, row.get(1)?))));
        let (Some(first), Some(last)) = self.get(ends)? else { return Ok(NONE) };
        let from = window.from.0.div_euclid(slot_ms).max(slot_of(first));
        let to = (window.to.0 - 1).div_euclid(slot_ms).min(slot_of(last));
        Ok(from..=to)
    }

    /// The first stretch of `window` of which there may be samples, as long as can be held in
    /// memory for so many series.
    pub(super) fn next_slice(
        &self,
        window: Span,
        series: usize,
    ) -> Result<Option<Span>, StoreError> {
        let mut first: Option<i64> = None;
        for (table, ms) in [("journal", HOUR_MS), ("block", HOUR_MS), ("block_day", DAY_MS)] {
            let keys = keys_of(window.from.0.div_euclid(ms));
            let sql = format!("SELECT min(key) FROM {table} WHERE key >= ?1");
            let found: Result<Option<i64>, _> = self
                .link
                .conn
                .prepare_cached(&sql)
                .and_then(|mut s| s.query_row([keys.start()], |row| row.get(0)));
            let starts = self.get(found)?.map(|key| slot_of(key) * ms);
            first = [first, starts].into_iter().flatten().min();
        }
        let Some(from) = first.map(|at| window.from.max(UnixMs(at))).filter(|at| *at < window.to)
        else {
            return Ok(None);
        };
        let series = i64::try_from(series).unwrap_or(i64::MAX).max(1);
        let hours_ms = SLICE_SAMPLES.saturating_mul(HOUR_MS) / SAMPLES_AN_HOUR / series;
        let to = from + hours_ms.clamp(SLICE_MIN_MS, DAY_MS);
        Ok(Some(Span::new(from, to.min(window.to))))
    }

    /// The newest round that says something about the subject, with the subject's number, of those
    /// that are not sealed yet; one for each of its checks. A row that moves away meanwhile is told
    /// by what is sealed.
    pub(super) fn newest_open(&self) -> Result<Vec<(i64, i64)>, StoreError> {
        let series: Vec<(u32, i64)> = self.rows(
            "SELECT id, subject FROM series WHERE kind = 'rounds' ORDER BY id",
            [],
            |row| Ok((self.get(row.get(0))?, self.get(row.get(1))?)),
        )?;
        let mut rows: Vec<(i64, i64)> =
            self.rows("SELECT newest, key FROM journal WHERE newest IS NOT NULL", [], |row| {
                Ok((self.get(row.get(0))?, self.get(row.get(1))?))
            })?;
        // The newest first, until no row can have anything newer: of an hour's rows it mostly takes
        // those of the last interval.
        rows.sort_unstable_by(|a, b| b.cmp(a));
        let mut newest = vec![NONE; series.len()];
        for (newest_of_row, key) in rows {
            if newest.iter().all(|at| *at != NONE && *at >= newest_of_row) {
                break;
            }
            self.blobs("journal", key..=key, |_, bytes| {
                read_row(bytes, &(0..u32::MAX), &mut |number, value| {
                    let Value::Round(sample) = value else { return };
                    let place = place_of(&series, number).filter(|_| !sample.is_invalid());
                    if let Some(at) = place.and_then(|place| newest.get_mut(place)) {
                        *at = sample.at.0.max(*at);
                    }
                })
            })?;
        }
        let found = series.into_iter().zip(newest).filter(|(_, at)| *at != NONE);
        Ok(found.map(|((_, subject), at)| (subject, at)).collect())
    }
}

/// Where a series stands among those sorted by number. Numbers are given out one after another, so
/// that mostly the place follows from the number.
fn place_of(series: &[(u32, i64)], number: u32) -> Option<usize> {
    let (first, _) = series.first()?;
    let guess = number.checked_sub(*first)? as usize;
    match series.get(guess) {
        Some((found, _)) if *found == number => Some(guess),
        _ => series.binary_search_by_key(&number, |(found, _)| *found).ok(),
    }
}
