//! Ageing: samples and rollups past their time are deleted in steps of some milliseconds, and
//! room that nothing will need soon is given back to the file system.

use rusqlite::{Connection, TransactionBehavior};

use super::journal::HOUR_MS;
use super::numbers::key;
use super::seal::{DAY_MS, Step};
use crate::model::UnixMs;

type Sql<T> = Result<T, rusqlite::Error>;

/// Until when what is kept: whole days (hours of the journal) before are deleted. Facts stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Samples at full resolution.
    pub samples_before: UnixMs,
    /// Hourly and daily rollups.
    pub rollups_before: UnixMs,
}

/// Rows that one step deletes, by table: a day's block takes some pages, a rollup a part of one.
const TABLES: [(&str, i64, i64, bool); 8] = [
    ("journal", HOUR_MS, 20, true),
    ("block", HOUR_MS, 500, true),
    ("block_day", DAY_MS, 200, true),
    ("rollup_hour", HOUR_MS, 1_000, false),
    ("rollup_hours", DAY_MS, 500, false),
    ("rollup_day", DAY_MS, 1_000, false),
    ("point_hours", DAY_MS, 500, false),
    ("point_day", DAY_MS, 1_000, false),
];

/// Free pages that are kept for what comes next, at least: 16 MiB.
const FREE_PAGES_MIN: i64 = 4_096;
/// And as a part of the file: one in this many.
const FREE_PAGES_SHARE: i64 = 8;
/// Pages given back in one step.
const PAGES_A_STEP: i64 = 256;

/// Deletes the next rows that are past their time.
///
/// # Errors
/// SQLite's; nothing was deleted then.
pub(super) fn expire_step(conn: &mut Connection, retention: &Retention) -> Sql<Step> {
    for (table, slot_ms, rows, is_samples) in TABLES {
        let before = match is_samples {
            true => retention.samples_before,
            false => retention.rollups_before,
        };
        let bound = key(before.0.div_euclid(slot_ms), 0);
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let deleted = tx
            .prepare_cached(&format!(
                "DELETE FROM {table} WHERE key IN
                 (SELECT key FROM {table} WHERE key < ?1 ORDER BY key LIMIT ?2)"
            ))?
            .execute([bound, rows])?;
        tx.commit()?;
        if deleted > 0 {
            return Ok(Step::Did);
        }
    }
    Ok(Step::Idle)
}

/// Gives the file system a few pages back when more are free than will be needed soon.
///
/// # Errors
/// SQLite's.
pub(super) fn shrink_step(conn: &Connection) -> Sql<Step> {
    let free: i64 = conn.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
    let pages: i64 = conn.pragma_query_value(None, "page_count", |row| row.get(0))?;
    if free <= FREE_PAGES_MIN.max(pages / FREE_PAGES_SHARE) {
        return Ok(Step::Idle);
    }
    // The pragma answers a row for each page: all have to be taken for it to go on.
    let mut statement = conn.prepare(&format!("PRAGMA incremental_vacuum({PAGES_A_STEP})"))?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    let left: i64 = conn.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
    // A file that somebody has made anew may not be able to shrink: that is no endless work.
    Ok(if left < free { Step::Did } else { Step::Idle })
}
