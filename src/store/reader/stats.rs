//! What takes how much of the file, and what is in it.

use rusqlite::OptionalExtension as _;
use rusqlite::types::Value as Cell;

use super::Reader;
use crate::model::UnixMs;
use crate::store::block::count_of;
use crate::store::journal::HOUR_MS;
use crate::store::numbers::slot_of;
use crate::store::seal::DAY_MS;
use crate::store::sketch::{PointRollup, Rollup};
use crate::store::{ChainHead, StoreError, point_rollups, schema};

/// A table with its indexes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSize {
    /// Its name.
    pub name: String,
    /// Rows.
    pub rows: u64,
    /// Pages of the file, those of its indexes included.
    pub pages: u64,
    /// Bytes of these that are in use.
    pub used_bytes: u64,
}

/// The store in figures. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    /// Version of the schema.
    pub version: i64,
    /// The file.
    pub file_bytes: u64,
    /// What waits in the write-ahead log beside it.
    pub wal_bytes: u64,
    /// A page.
    pub page_bytes: u64,
    /// Pages of the file.
    pub pages: u64,
    /// Of these, pages that are free to be written again.
    pub free_pages: u64,
    /// Largest first.
    pub tables: Vec<TableSize>,
    /// Subjects that anything is recorded of.
    pub subjects: u64,
    /// Checks and metrics that are sampled.
    pub series: u64,
    /// Samples at full resolution; one that came late and waits to be merged counts twice if it
    /// replaces another.
    pub samples: u64,
    /// State intervals.
    pub intervals: u64,
    /// Events.
    pub events: u64,
    /// Pages of the tables that hold samples (journal, blocks).
    pub sample_bytes: u64,
    /// Pages of the tables that hold rollups.
    pub rollup_bytes: u64,
    /// Start of the earliest interval.
    pub first: Option<UnixMs>,
    /// The last sign of life.
    pub last: Option<UnixMs>,
    /// The hour or day (UTC) from which samples are kept.
    pub oldest_samples: Option<UnixMs>,
    /// The end of the chain.
    pub head: Option<ChainHead>,
}

const SAMPLE_TABLES: [&str; 3] = ["journal", "block", "block_day"];
const ROLLUP_TABLES: [&str; 5] =
    ["rollup_hour", "rollup_hours", "rollup_day", point_rollups::HOURS, point_rollups::DAYS];

impl Stats {
    /// Bytes of the file that a sample takes, in thousandths; `None` without any.
    #[must_use]
    pub fn milli_bytes_a_sample(&self) -> Option<u64> {
        self.sample_bytes.saturating_mul(1_000).checked_div(self.samples)
    }
}

impl Reader {
    /// The store in figures. Reads the whole file once.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn stats(&self) -> Result<Stats, StoreError> {
        let page_bytes = self.pragma("page_size")?;
        let tables = self.tables()?;
        let bytes_of = |names: &[&str]| {
            let of = tables.iter().filter(|table| names.contains(&table.name.as_str()));
            of.map(|table| table.pages * page_bytes).sum()
        };
        let rows_of = |name| tables.iter().find(|t| t.name == name).map_or(0, |t| t.rows);
        let pages = self.pragma("page_count")?;
        let mut wal = self.path.as_os_str().to_owned();
        wal.push("-wal");
        Ok(Stats {
            version: self.pragma("user_version")?.cast_signed(),
            file_bytes: pages * page_bytes,
            // There is none while nobody has the store open.
            wal_bytes: std::fs::metadata(wal).map_or(0, |found| found.len()),
            page_bytes,
            pages,
            free_pages: self.pragma("freelist_count")?,
            subjects: rows_of("subject"),
            series: rows_of("series"),
            samples: self.count_samples()?,
            intervals: rows_of("state"),
            events: rows_of("event"),
            sample_bytes: bytes_of(&SAMPLE_TABLES),
            rollup_bytes: bytes_of(&ROLLUP_TABLES),
            first: self.first_record()?,
            last: self.last_alive()?,
            oldest_samples: self.oldest_samples()?,
            head: self.chain_head()?,
            tables,
        })
    }

    fn pragma(&self, name: &str) -> Result<u64, StoreError> {
        let found = self.link.conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        Ok(self.get(found)?.max(0).cast_unsigned())
    }

    fn tables(&self) -> Result<Vec<TableSize>, StoreError> {
        let number = |row: &rusqlite::Row<'_>, n| -> Result<u64, StoreError> {
            Ok(self.get(row.get::<_, i64>(n))?.max(0).cast_unsigned())
        };
        let mut tables = self.rows(
            "SELECT m.tbl_name, sum(s.pageno), sum(s.pgsize - s.unused)
             FROM dbstat s JOIN sqlite_schema m ON m.name = s.name
             WHERE s.aggregate = TRUE GROUP BY m.tbl_name HAVING ?1",
            [Cell::Integer(1)],
            |row| {
                Ok(TableSize {
                    name: self.get(row.get(0))?,
                    rows: 0,
                    pages: number(row, 1)?,
                    used_bytes: number(row, 2)?,
                })
            },
        )?;
        for table in &mut tables {
            // The names are the schema's own.
            let sql = format!("SELECT count(*) FROM \"{}\"", table.name.replace('"', "\"\""));
            let rows = self.link.conn.query_row(&sql, [], |row| row.get::<_, i64>(0));
            table.rows = self.get(rows)?.max(0).cast_unsigned();
        }
        tables.sort_by(|a, b| (b.pages, &a.name).cmp(&(a.pages, &b.name)));
        Ok(tables)
    }

    fn count_samples(&self) -> Result<u64, StoreError> {
        let sql = "SELECT coalesce(sum(entries), 0) FROM journal WHERE ?1";
        let journal = self.rows(sql, [Cell::Integer(1)], |row| self.get(row.get::<_, i64>(0)))?;
        let mut samples: u64 = journal.into_iter().map(|n| n.max(0).cast_unsigned()).sum();
        self.blobs("block", i64::MIN..=i64::MAX, |_, bytes| {
            samples += count_of(bytes)?;
            Ok(())
        })?;
        // The rollup of a day counts its block's samples and is a sixtieth of it.
        let fail = || schema::sql("count the samples", &self.path);
        let mut statement = self
            .link
            .conn
            .prepare(
                "SELECT r.data, p.data, iif(r.key IS NULL AND p.key IS NULL, b.data, NULL)
                 FROM block_day b
                 LEFT JOIN rollup_day r ON r.key = b.key LEFT JOIN point_day p ON p.key = b.key",
            )
            .map_err(fail())?;
        let mut rows = statement.query([]).map_err(fail())?;
        while let Some(row) = rows.next().map_err(fail())? {
            let [rollup, points, block] = [0, 1, 2].map(|n| row.get::<_, Option<Vec<u8>>>(n));
            let counted = match (self.get(rollup)?, self.get(points)?, self.get(block)?) {
                (Some(rollup), ..) => Rollup::decode(&rollup).map(|r| r.rounds + r.own_faults),
                (None, Some(points), _) => PointRollup::decode_readings(&points),
                (None, None, Some(block)) => count_of(&block),
                (None, None, None) => Ok(0),
            };
            samples += counted.map_err(|bad| self.corrupt("block of samples", &bad.to_string()))?;
        }
        Ok(samples)
    }

    pub(super) fn oldest_samples(&self) -> Result<Option<UnixMs>, StoreError> {
        let mut oldest: Option<i64> = None;
        for (table, ms) in [("journal", HOUR_MS), ("block", HOUR_MS), ("block_day", DAY_MS)] {
            let sql = format!("SELECT min(key) FROM {table}");
            let found = self.link.conn.query_row(&sql, [], |row| row.get::<_, Option<i64>>(0));
            let starts = self.get(found.optional())?.flatten().map(|key| slot_of(key) * ms);
            oldest = [oldest, starts].into_iter().flatten().min();
        }
        Ok(oldest.map(UnixMs))
    }
}
