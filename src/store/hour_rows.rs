//! The rows of a day's hours, of some series together. Those of an hour stand beside each other in the
//! file: read and deleted as they stand, they cost a quarter of what they do one by one.

use std::ops::{Range, RangeInclusive};

use rusqlite::{Connection, params};

use super::content::Kinds;
use super::numbers::{key, series_of};
use super::seal::HOURS_A_DAY;

type Sql<T> = Result<T, rusqlite::Error>;

/// What a table of hours holds of a day.
pub(super) struct HourRows {
    table: &'static str,
    day: i64,
    /// All data, one after the other.
    bytes: Vec<u8>,
    /// By series, then by the hour's place in the day; what a row holds of `bytes`.
    rows: Vec<(u32, usize, Range<usize>)>,
}

impl HourRows {
    /// Reads those of the series in `part`.
    ///
    /// # Errors
    /// SQLite's.
    pub(super) fn read(
        conn: &Connection,
        table: &'static str,
        day: i64,
        part: Range<u32>,
    ) -> Sql<Self> {
        let mut found = Self { table, day, bytes: Vec::new(), rows: Vec::new() };
        if part.is_empty() {
            return Ok(found);
        }
        let mut statement = conn.prepare_cached(&format!(
            "SELECT key, data FROM {table} WHERE key BETWEEN ?1 AND ?2 ORDER BY key"
        ))?;
        for (place, hour) in hours_of(day) {
            let keys = keys_in(hour, &part);
            let mut rows = statement.query([keys.start(), keys.end()])?;
            while let Some(row) = rows.next()? {
                let begin = found.bytes.len();
                found.bytes.extend_from_slice(row.get_ref(1)?.as_blob()?);
                found.rows.push((series_of(row.get(0)?), place, begin..found.bytes.len()));
            }
        }
        // Stable: the hours of a series stay in order.
        found.rows.sort_by_key(|(series, ..)| *series);
        Ok(found)
    }

    /// The rows of a series: the hour's place in the day, and the data.
    pub(super) fn of(&self, series: u32) -> impl Iterator<Item = (usize, &[u8])> {
        let from = self.rows.partition_point(|(of, ..)| *of < series);
        let rows = self.rows[from..].iter().take_while(move |(of, ..)| *of == series);
        rows.map(|(_, place, range)| (*place, &self.bytes[range.clone()]))
    }

    /// Deletes those that were read and whose series is known, in the transaction that read them:
    /// what nobody knows stays.
    ///
    /// # Errors
    /// SQLite's.
    pub(super) fn delete(&self, conn: &Connection, kinds: &Kinds, part: &Range<u32>) -> Sql<()> {
        let Self { table, day, rows, .. } = self;
        let is_known = |series: &u32| kinds.of(*series).is_some();
        if rows.iter().all(|(series, ..)| is_known(series)) {
            let mut delete =
                conn.prepare_cached(&format!("DELETE FROM {table} WHERE key BETWEEN ?1 AND ?2"))?;
            let mut is_there = [false; HOURS_A_DAY as usize];
            rows.iter().for_each(|(_, place, _)| is_there[*place] = true);
            for (_, hour) in hours_of(*day).filter(|(place, _)| is_there[*place]) {
                let keys = keys_in(hour, part);
                delete.execute([keys.start(), keys.end()])?;
            }
            return Ok(());
        }
        let mut delete = conn.prepare_cached(&format!("DELETE FROM {table} WHERE key = ?1"))?;
        for (series, place, _) in rows.iter().filter(|(series, ..)| is_known(series)) {
            delete.execute(params![key(day * HOURS_A_DAY + *place as i64, *series)])?;
        }
        Ok(())
    }
}

/// The hours of a day, each with its place in it.
fn hours_of(day: i64) -> impl Iterator<Item = (usize, i64)> {
    (0..HOURS_A_DAY as usize).zip(day * HOURS_A_DAY..)
}

/// The keys that the series in `part`, which is not empty, have in an hour.
fn keys_in(hour: i64, part: &Range<u32>) -> RangeInclusive<i64> {
    key(hour, part.start)..=key(hour, part.end - 1)
}
