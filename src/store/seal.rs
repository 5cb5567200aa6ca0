//! Samples on their way to rest: journal → a block for each series and hour → a block for each
//! series and day, with a rollup beside each.
//!
//! Every step is one transaction of some milliseconds and may be the last: what was moved is
//! merged into what is there already, and the journal's rows go last, so that a step done again
//! after a crash changes nothing. Samples that come late go the same way and are merged.

use std::ops::Range;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::chain;
use super::content::{Content, Kind, Kinds};
use super::journal::{self, HOUR_MS, keys_of};
use super::numbers::{SERIES_MAX, key, slot_of};
use crate::model::{Span, UnixMs};

type Sql<T> = Result<T, rusqlite::Error>;

/// A day of UTC, in milliseconds.
pub(super) const DAY_MS: i64 = HOURS_A_DAY * HOUR_MS;
pub(super) const HOURS_A_DAY: i64 = 24;
/// An hour is sealed this long after its end, so that the last rounds are in: milliseconds.
const HOUR_SETTLED_MS: i64 = 60_000;
/// A day's blocks are joined this long after its end, in milliseconds.
pub(super) const DAY_SETTLED_MS: i64 = 2 * HOUR_MS;
/// Entries of the journal that one step takes on: some 10 ms of work.
const ENTRIES_A_STEP: i64 = 60_000;
/// Series whose day is joined in one step: about as much.
const SERIES_A_STEP: u32 = 24;
/// Bytes of the journal deleted in one step.
const DELETED_BYTES: i64 = 4 << 20;

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Something; there may be more.
    Did,
    /// There was nothing to do.
    Idle,
}

/// The hour that is being sealed.
#[derive(Debug)]
struct Sealing {
    hour: i64,
    /// The last row of the journal that belongs to this pass.
    last_row: i64,
    /// Series below are done.
    next: u32,
    width: u32,
}

/// The day whose hours are being joined.
#[derive(Debug)]
struct Joining {
    day: i64,
    /// Series below are done.
    next: u32,
}

/// Where the work stands between two steps.
#[derive(Debug, Default)]
pub(super) struct Sealer {
    sealing: Option<Sealing>,
    joining: Option<Joining>,
    kinds: Kinds,
}

impl Sealer {
    /// Does the next piece of work that is due at `now`.
    ///
    /// # Errors
    /// SQLite's; the step is undone and will be tried again.
    pub(super) fn step(&mut self, conn: &mut Connection, now: UnixMs) -> Sql<Step> {
        let done = match self.seal(conn, now) {
            Ok(Step::Idle) => self.join(conn, now),
            done => done,
        };
        if done.is_err() {
            // Begun anew next time, from what the file says.
            (self.sealing, self.joining) = (None, None);
        }
        done
    }

    fn seal(&mut self, conn: &mut Connection, now: UnixMs) -> Sql<Step> {
        if self.sealing.is_none() {
            self.sealing = Sealing::next(conn, now)?;
        }
        let Some(sealing) = &mut self.sealing else { return Ok(Step::Idle) };
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.kinds.refresh(&tx)?;
        // Beyond the last number given out there is nothing to move.
        if sealing.next <= self.kinds.last() {
            let to = sealing.next.saturating_add(sealing.width);
            seal_part(&tx, &self.kinds, sealing, sealing.next..to)?;
            tx.commit()?;
            sealing.next = to;
        } else {
            let is_more = delete_rows(&tx, sealing)?;
            tx.commit()?;
            if !is_more {
                self.sealing = None;
            }
        }
        Ok(Step::Did)
    }

    fn join(&mut self, conn: &mut Connection, now: UnixMs) -> Sql<Step> {
        if self.joining.is_none() {
            self.joining = Joining::next(conn, now)?;
        }
        let Some(joining) = &mut self.joining else { return Ok(Step::Idle) };
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.kinds.refresh(&tx)?;
        chain::mark_joined(&tx, joining.day)?;
        let to = joining.next.saturating_add(SERIES_A_STEP);
        for series in joining.next..to {
            if let Some(kind) = self.kinds.of(series) {
                join_day(&tx, joining.day, series, kind)?;
            }
        }
        tx.commit()?;
        joining.next = to;
        if to > self.kinds.last() {
            self.joining = None;
        }
        Ok(Step::Did)
    }
}

impl Sealing {
    /// The oldest hour that has rows in the journal, if it is over.
    fn next(conn: &Connection, now: UnixMs) -> Sql<Option<Self>> {
        let first: Option<i64> =
            conn.prepare_cached("SELECT min(key) FROM journal")?.query_row([], |row| row.get(0))?;
        let Some(hour) = first.map(slot_of) else { return Ok(None) };
        if now.0 < (hour + 1) * HOUR_MS + HOUR_SETTLED_MS {
            return Ok(None);
        }
        let keys = keys_of(hour);
        let (last_row, entries): (i64, i64) = conn
            .prepare_cached(
                "SELECT max(key), sum(entries) FROM journal WHERE key BETWEEN ?1 AND ?2",
            )?
            .query_row([keys.start(), keys.end()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let series: Option<i64> =
            conn.prepare_cached("SELECT max(id) FROM series")?.query_row([], |row| row.get(0))?;
        let width = series.unwrap_or(0).saturating_mul(ENTRIES_A_STEP) / entries.max(1);
        let width = u32::try_from(width).unwrap_or(SERIES_MAX).max(1);
        Ok(Some(Self { hour, last_row, next: 0, width }))
    }
}

impl Joining {
    /// The oldest day that has blocks of hours, if it is over.
    fn next(conn: &Connection, now: UnixMs) -> Sql<Option<Self>> {
        let first: Option<i64> =
            conn.prepare_cached("SELECT min(key) FROM block")?.query_row([], |row| row.get(0))?;
        let day = first.map(|key| slot_of(key).div_euclid(HOURS_A_DAY));
        Ok(day.filter(|day| is_day_settled(*day, now)).map(|day| Self { day, next: 0 }))
    }
}

/// True when nothing more is expected of the day.
pub(super) const fn is_day_settled(day: i64, now: UnixMs) -> bool {
    now.0 >= (day + 1) * DAY_MS + DAY_SETTLED_MS
}

/// Moves what the journal holds of some series into their blocks of the hour.
fn seal_part(tx: &Transaction<'_>, kinds: &Kinds, sealing: &Sealing, part: Range<u32>) -> Sql<()> {
    // By place in `part`, which is never wider than there are series.
    let mut fresh: Vec<Option<Content>> = Vec::new();
    let part = part.start..part.end.min(kinds.last().saturating_add(1));
    fresh.resize_with(part.len(), || None);
    let mut statement = tx
        .prepare_cached("SELECT key, data FROM journal WHERE key BETWEEN ?1 AND ?2 ORDER BY key")?;
    let mut rows = statement.query([*keys_of(sealing.hour).start(), sealing.last_row])?;
    while let Some(row) = rows.next()? {
        let read = journal::read_row(row.get_ref(1)?.as_blob()?, &part, &mut |series, reading| {
            let place = fresh.get_mut(series.wrapping_sub(part.start) as usize);
            match place {
                Some(Some(content)) => content.push(reading),
                Some(empty) => {
                    *empty = kinds.of(series).map(Content::empty);
                    empty.iter_mut().for_each(|content| content.push(reading));
                }
                None => {}
            }
        });
        if let Err(bad) = read {
            let key: i64 = row.get(0)?;
            tracing::error!(key, %bad, "a row of the journal cannot be read and is given up");
        }
    }
    let mut bytes = Vec::new();
    for (series, content) in part.zip(fresh) {
        let (Some(content), Some(kind)) = (content, kinds.of(series)) else { continue };
        let newest = content.newest_ms();
        let mut merged = merge(tx, "block", key(sealing.hour, series), kind, content, &mut bytes)?;
        add_joined(tx, sealing.hour, series, kind, &mut merged)?;
        write_rollup(tx, "rollup_hour", key(sealing.hour, series), &merged, &mut bytes)?;
        if let Some(newest) = newest {
            tx.prepare_cached(
                "INSERT INTO latest (subject, at) SELECT subject, ?2 FROM series WHERE id = ?1
                 ON CONFLICT (subject) DO UPDATE SET at = max(at, excluded.at)",
            )?
            .execute([i64::from(series), newest])?;
        }
    }
    Ok(())
}

/// Adds what of the hour is in the block of its day already: `content` came late then, and the
/// rollup has to tell of both.
fn add_joined(
    tx: &Transaction<'_>,
    hour: i64,
    series: u32,
    kind: Kind,
    content: &mut Content,
) -> Sql<()> {
    let joined: Option<Vec<u8>> = tx
        .prepare_cached("SELECT data FROM block_day WHERE key = ?1")?
        .query_row([key(hour.div_euclid(HOURS_A_DAY), series)], |row| row.get(0))
        .optional()?;
    let Some(joined) = joined else { return Ok(()) };
    let mut all = Content::empty(kind);
    if let Err(bad) = all.add_block(kind, &joined) {
        tracing::error!(hour, series, %bad, "the block of a day cannot be read");
    }
    all.retain(Span::new(UnixMs(hour * HOUR_MS), UnixMs((hour + 1) * HOUR_MS)));
    all.extend(std::mem::replace(content, Content::empty(kind)));
    all.settle();
    *content = all;
    Ok(())
}

/// Merges `fresh` into the block that is there under `key`; answers the whole.
fn merge(
    tx: &Transaction<'_>,
    table: &'static str,
    key: i64,
    kind: Kind,
    fresh: Content,
    bytes: &mut Vec<u8>,
) -> Sql<Content> {
    let mut whole = Content::empty(kind);
    let there: Option<Vec<u8>> = tx
        .prepare_cached(&format!("SELECT data FROM {table} WHERE key = ?1"))?
        .query_row([key], |row| row.get(0))
        .optional()?;
    if let Some(Err(bad)) = there.map(|block| whole.add_block(kind, &block)) {
        tracing::error!(table, key, %bad, "a block cannot be read and is replaced");
    }
    whole.extend(fresh);
    whole.settle();
    whole.encode(bytes);
    tx.prepare_cached(&format!("INSERT OR REPLACE INTO {table} (key, data) VALUES (?1, ?2)"))?
        .execute(params![key, &*bytes])?;
    Ok(whole)
}

/// Joins the blocks of a series' hours, and what is there already, into the block of its day.
fn join_day(tx: &Transaction<'_>, day: i64, series: u32, kind: Kind) -> Sql<()> {
    let mut fresh = Content::empty(kind);
    let hours = day * HOURS_A_DAY..(day + 1) * HOURS_A_DAY;
    let mut hourly = tx.prepare_cached("SELECT data FROM block WHERE key = ?1")?;
    let mut found = Vec::new();
    for key in hours.map(|hour| key(hour, series)) {
        let block: Option<Vec<u8>> = hourly.query_row([key], |row| row.get(0)).optional()?;
        let Some(block) = block else { continue };
        found.push(key);
        if let Err(bad) = fresh.add_block(kind, &block) {
            tracing::error!(key, %bad, "a block of an hour cannot be read and is given up");
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    let mut bytes = Vec::new();
    let whole = merge(tx, "block_day", key(day, series), kind, fresh, &mut bytes)?;
    write_rollup(tx, "rollup_day", key(day, series), &whole, &mut bytes)?;
    for key in found {
        tx.prepare_cached("DELETE FROM block WHERE key = ?1")?.execute([key])?;
    }
    Ok(())
}

fn write_rollup(
    tx: &Transaction<'_>,
    table: &'static str,
    key: i64,
    content: &Content,
    bytes: &mut Vec<u8>,
) -> Sql<()> {
    let Some(rollup) = content.rollup() else { return Ok(()) };
    rollup.encode(bytes);
    tx.prepare_cached(&format!("INSERT OR REPLACE INTO {table} (key, data) VALUES (?1, ?2)"))?
        .execute(params![key, &*bytes])?;
    Ok(())
}

/// Deletes rows of the journal that are in blocks now. True when there are more.
fn delete_rows(tx: &Transaction<'_>, sealing: &Sealing) -> Sql<bool> {
    let first = *keys_of(sealing.hour).start();
    let mut bytes = 0;
    let mut upto = None;
    {
        let mut statement = tx.prepare_cached(
            "SELECT key, length(data) FROM journal WHERE key BETWEEN ?1 AND ?2 ORDER BY key",
        )?;
        let mut rows = statement.query([first, sealing.last_row])?;
        while let Some(row) = rows.next()? {
            upto = Some(row.get::<_, i64>(0)?);
            bytes += row.get::<_, i64>(1)?;
            if bytes >= DELETED_BYTES {
                break;
            }
        }
    }
    let Some(upto) = upto else { return Ok(false) };
    tx.prepare_cached("DELETE FROM journal WHERE key BETWEEN ?1 AND ?2")?.execute([first, upto])?;
    Ok(upto < sealing.last_row)
}
