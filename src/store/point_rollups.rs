//! What a metric's readings come to by hour and day, written when their day is joined: hours and day
//! are a function of the block of the day, so that they cost two rows a day and no more. Of a day
//! that is not over the readings themselves stand beside each other in a few small blocks.
//!
//! Days that a tuantra before version 8 of the schema joined have none: they are rolled up when
//! nothing waits, some at a time.

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::content::{Content, Kind, Kinds};
use super::journal::{HOUR_MS, hour_of};
use super::numbers::{series_of, slot_of};
use super::seal::{HOURS_A_DAY, Step, write_block};
use super::sketch::{PointHours, PointRollup, decode_point_hours, encode_point_hours};
use crate::model::{Point, PointKind, Span, UnixMs};

type Sql<T> = Result<T, rusqlite::Error>;

/// Rollups of the hours of a day, in one row.
pub(super) const HOURS: &str = "point_hours";
/// Of the day itself.
pub(super) const DAYS: &str = "point_day";
/// The setting of the file from which key on days are still to be rolled up.
const UNROLLED: &str = "unrolled";
/// Blocks of days that are looked at in one step, and how many of them are read: some 10 ms.
const LOOKED_AT: i64 = 1_000;
const READ: usize = 24;

/// What the hours of a day come to: `kept` is what is known of them, `old` what its block holds,
/// `fresh` what comes to that; both in order of time.
pub(super) fn combine(
    kind: PointKind,
    mut kept: PointHours,
    old: &[Point],
    fresh: &[Point],
) -> PointHours {
    let mut all = Content::Points(kind, old.to_vec());
    all.extend(Content::Points(kind, fresh.to_vec()));
    all.settle();
    let Content::Points(_, all) = all else { return kept };
    let mut from = 0;
    while let Some(first) = all.get(from) {
        let hour = hour_of(first.at.0);
        let to = from + of_hour(&all[from..], hour).len();
        let points = &all[from..to];
        let around = &all[from.saturating_sub(1)..(to + 1).min(all.len())];
        from = to;
        let span = Span::new(UnixMs(hour * HOUR_MS), UnixMs((hour + 1) * HOUR_MS));
        let place = usize::try_from(hour.rem_euclid(HOURS_A_DAY)).unwrap_or_default();
        let Some(slot) = kept.get_mut(place) else { continue };
        match slot {
            // Readings that it tells of have aged: what came late is added to it.
            Some(rollup) if rollup.readings() > of_hour(old, hour).len() as u64 => {
                let late = of_hour(fresh, hour);
                if !late.is_empty() {
                    rollup.merge(&PointRollup::of(kind, late, late, span));
                }
            }
            _ => *slot = Some(PointRollup::of(kind, points, around, span)),
        }
    }
    kept
}

/// The readings of an hour among those in order of time.
fn of_hour(points: &[Point], hour: i64) -> &[Point] {
    let from = points.partition_point(|point| hour_of(point.at.0) < hour);
    let to = points.partition_point(|point| hour_of(point.at.0) <= hour);
    &points[from..to]
}

/// What the hours of a day come to together.
pub(super) fn day_of(kind: PointKind, hours: &PointHours) -> PointRollup {
    let mut day = PointRollup::empty(kind);
    hours.iter().flatten().for_each(|hour| day.merge(hour));
    day
}

/// Adds `fresh` to the block of a day, and to what the day comes to.
///
/// # Errors
/// SQLite's.
pub(super) fn join_day(
    tx: &Transaction<'_>,
    key: i64,
    kind: PointKind,
    mut fresh: Content,
    bytes: &mut Vec<u8>,
) -> Sql<()> {
    fresh.settle();
    let mut whole = Content::empty(Kind::Points(kind));
    if let Some(block) = blob(tx, "block_day", key)?
        && let Err(bad) = whole.add_block(Kind::Points(kind), &block)
    {
        tracing::error!(key, %bad, "a block of a day cannot be read and is replaced");
    }
    roll_up(tx, key, kind, (&whole, &fresh), bytes)?;
    whole.extend(fresh);
    write_block(tx, "block_day", key, whole, bytes).map(|_| ())
}

fn roll_up(
    tx: &Transaction<'_>,
    key: i64,
    kind: PointKind,
    (old, fresh): (&Content, &Content),
    bytes: &mut Vec<u8>,
) -> Sql<()> {
    let (Content::Points(_, old), Content::Points(_, fresh)) = (old, fresh) else { return Ok(()) };
    let mut kept = PointHours::default();
    if let Some(packed) = blob(tx, HOURS, key)? {
        match decode_point_hours(kind, &packed) {
            Ok(hours) => kept = hours,
            Err(bad) => tracing::error!(key, %bad, "a metric's hours cannot be read"),
        }
    }
    let hours = combine(kind, kept, old, fresh);
    if hours.iter().all(Option::is_none) {
        return Ok(());
    }
    encode_point_hours(kind, &hours, bytes);
    write(tx, HOURS, key, bytes)?;
    day_of(kind, &hours).encode(bytes);
    write(tx, DAYS, key, bytes)
}

fn blob(tx: &Connection, table: &'static str, key: i64) -> Sql<Option<Vec<u8>>> {
    tx.prepare_cached(&format!("SELECT data FROM {table} WHERE key = ?1"))?
        .query_row([key], |row| row.get(0))
        .optional()
}

fn write(tx: &Connection, table: &'static str, key: i64, bytes: &[u8]) -> Sql<()> {
    tx.prepare_cached(&format!("INSERT OR REPLACE INTO {table} (key, data) VALUES (?1, ?2)"))?
        .execute(params![key, bytes])?;
    Ok(())
}

/// From which key on blocks of days may have no rollups yet; `None`: all have.
pub(super) fn unrolled(conn: &Connection) -> Sql<Option<i64>> {
    conn.prepare_cached("SELECT v FROM meta WHERE k = ?1")?
        .query_row([UNROLLED], |row| row.get(0))
        .optional()
}

/// Has all blocks of days looked through again: rollups may be missing.
pub(super) fn begin_anew(conn: &Connection) -> Sql<()> {
    conn.execute(
        "INSERT OR REPLACE INTO meta (k, v) SELECT ?1, key FROM block_day
         WHERE EXISTS (SELECT 1 FROM series WHERE kind <> 'rounds') ORDER BY key LIMIT 1",
        [UNROLLED],
    )?;
    Ok(())
}

/// Rolls up the next days of readings that have no rollups.
///
/// # Errors
/// SQLite's; the step is undone and will be tried again.
pub(super) fn roll_up_step(conn: &mut Connection, kinds: &mut Kinds) -> Sql<Step> {
    let Some(from) = unrolled(conn)? else { return Ok(Step::Idle) };
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    kinds.refresh(&tx)?;
    let keys: Vec<i64> = tx
        .prepare_cached("SELECT key FROM block_day WHERE key >= ?1 ORDER BY key LIMIT ?2")?
        .query_map(params![from, LOOKED_AT], |row| row.get(0))?
        .collect::<Sql<_>>()?;
    let (mut read, mut next) = (0, None);
    let mut bytes = Vec::new();
    for key in &keys {
        if read == READ {
            next = Some(*key);
            break;
        }
        let Some(Kind::Points(kind)) = kinds.of(series_of(*key)) else { continue };
        if has_both(&tx, *key)? {
            continue;
        }
        read += 1;
        let mut old = Content::empty(Kind::Points(kind));
        let block = blob(&tx, "block_day", *key)?.unwrap_or_default();
        if let Err(bad) = old.add_block(Kind::Points(kind), &block) {
            tracing::error!(key, %bad, "a block of a day cannot be read and is not rolled up");
            continue;
        }
        old.settle();
        roll_up(&tx, *key, kind, (&old, &Content::empty(Kind::Points(kind))), &mut bytes)?;
    }
    if keys.len() as i64 == LOOKED_AT {
        next = next.or(keys.last().map(|key| key + 1));
    }
    match next {
        Some(next) => tx.execute("UPDATE meta SET v = ?2 WHERE k = ?1", params![UNROLLED, next])?,
        None => tx.execute("DELETE FROM meta WHERE k = ?1", [UNROLLED])?,
    };
    tx.commit()?;
    if next.is_none() {
        let last = keys.last().map(|key| slot_of(*key));
        tracing::debug!(last, "readings of all days are rolled up");
    }
    Ok(Step::Did)
}

fn has_both(tx: &Connection, key: i64) -> Sql<bool> {
    tx.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM point_hours WHERE key = ?1)
            AND EXISTS (SELECT 1 FROM point_day WHERE key = ?1)",
    )?
    .query_row([key], |row| row.get(0))
}
