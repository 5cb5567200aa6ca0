//! Samples on their way to rest: journal → a block for each series and hour → a block for each
//! series and day, with a rollup beside each; those of a day's hours stand together then.
//!
//! Of readings of metrics only days have rollups ([`point_rollups`]).
//!
//! Every step is one transaction of some milliseconds and may be the last: what was moved is
//! merged into what is there already, and the journal's rows go last, so that a step done again
//! after a crash changes nothing. Samples that come late go the same way and are merged.

use std::ops::Range;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::chain;
use super::content::{Content, Kind, Kinds};
use super::hour_entries::HourEntries;
use super::hour_rows::HourRows;
use super::journal::{HOUR_MS, hour_of, keys_of};
use super::numbers::{SERIES_MAX, key, series_of, slot_of};
use super::point_rollups;
use super::sketch::{Hours, Rollup, decode_hours, encode_hours};
use crate::model::{Span, UnixMs};

type Sql<T> = Result<T, rusqlite::Error>;

/// A day of UTC, in milliseconds.
pub(super) const DAY_MS: i64 = HOURS_A_DAY * HOUR_MS;
pub(super) const HOURS_A_DAY: i64 = 24;
/// An hour is sealed this long after its end, so that the last rounds are in: milliseconds.
const HOUR_SETTLED_MS: i64 = 60_000;
/// A day's blocks are joined this long after its end, in milliseconds.
pub(super) const DAY_SETTLED_MS: i64 = 2 * HOUR_MS;
/// Entries of the journal that are held in memory at a time (7 MB while they are sorted): it is
/// read through once for as many.
const ENTRIES_HELD: i64 = 250_000;
/// Series whose hour is written in one step: some 10 ms of work.
const HOURS_A_STEP: usize = 400;
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
    /// Series below have been read.
    next: u32,
    width: u32,
    /// How many entries these have, about.
    entries: usize,
    /// The day is at rest already: what is sealed now came late.
    is_late: bool,
    /// No block of the hour was there when this pass began, which writes each series once.
    is_first: bool,
    /// What was read and is still to be written.
    fresh: HourEntries,
}

/// The day whose hours are being joined.
#[derive(Debug)]
struct Joining {
    day: i64,
    /// There are blocks of its hours, not only rollups.
    has_blocks: bool,
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
    /// Rolls up some of what an older tuantra has left.
    ///
    /// # Errors
    /// SQLite's; the step is undone and will be tried again.
    pub(super) fn roll_up(&mut self, conn: &mut Connection) -> Sql<Step> {
        point_rollups::roll_up_step(conn, &mut self.kinds)
    }

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
            self.kinds.refresh(conn)?;
        }
        let Some(sealing) = &mut self.sealing else { return Ok(Step::Idle) };
        // Beyond the last number given out there is nothing to move.
        if sealing.fresh.is_empty() && sealing.next <= self.kinds.last() {
            sealing.read_on(conn, &self.kinds)?;
            return Ok(Step::Did);
        }
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if !sealing.fresh.is_empty() {
            let (hour, is_late, is_first) = (sealing.hour, sealing.is_late, sealing.is_first);
            let mut bytes = Vec::new();
            for _ in 0..HOURS_A_STEP {
                let Some((series, kind, content)) = sealing.fresh.take(&self.kinds) else { break };
                let newest = content.newest_ms();
                let key = key(hour, series);
                seal_hour(&tx, key, kind, content, (is_late, is_first), &mut bytes)?;
                if let (Some(subject), Some(newest)) = (self.kinds.subject_of(series), newest) {
                    note_newest(&tx, subject, newest)?;
                }
            }
            tx.commit()?;
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
        if joining.has_blocks {
            chain::mark_joined(&tx, joining.day)?;
        }
        let to = joining.next.saturating_add(SERIES_A_STEP);
        join_days(&tx, &self.kinds, joining.day, joining.next..to)?;
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
        let width = series.unwrap_or(0).saturating_mul(ENTRIES_HELD) / entries.max(1);
        let width = u32::try_from(width).unwrap_or(SERIES_MAX).max(1);
        // Some more: lines that are in doubt are asked more often.
        let held = entries.min(ENTRIES_HELD);
        let entries = usize::try_from(held + held / 16).unwrap_or_default();
        let day = keys_of(hour.div_euclid(HOURS_A_DAY));
        let is_late = conn
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM block_day WHERE key BETWEEN ?1 AND ?2)
                     OR EXISTS (SELECT 1 FROM rollup_hours WHERE key BETWEEN ?1 AND ?2)",
            )?
            .query_row([day.start(), day.end()], |row| row.get(0))?;
        let is_first = conn
            .prepare_cached("SELECT NOT EXISTS (SELECT 1 FROM block WHERE key BETWEEN ?1 AND ?2)")?
            .query_row([keys.start(), keys.end()], |row| row.get(0))?;
        let fresh = HourEntries::default();
        Ok(Some(Self { hour, last_row, next: 0, width, entries, is_late, is_first, fresh }))
    }

    /// Reads what the journal holds of the next series.
    fn read_on(&mut self, conn: &Connection, kinds: &Kinds) -> Sql<()> {
        let end = self.next.saturating_add(self.width);
        let part = self.next..end.min(kinds.last().saturating_add(1));
        let keys = *keys_of(self.hour).start()..=self.last_row;
        // What was read before makes room first.
        self.fresh = HourEntries::default();
        self.fresh = HourEntries::read(conn, keys, part, self.entries)?;
        self.next = end;
        Ok(())
    }
}

impl Joining {
    /// The oldest day that has blocks or rollups of single hours, if it is over.
    fn next(conn: &Connection, now: UnixMs) -> Sql<Option<Self>> {
        let first: [Option<i64>; 2] = conn
            .prepare_cached(
                "SELECT (SELECT min(key) FROM block), (SELECT min(key) FROM rollup_hour)",
            )?
            .query_row([], |row| Ok([row.get(0)?, row.get(1)?]))?;
        let [blocks, rollups] =
            first.map(|key| key.map(|key| slot_of(key).div_euclid(HOURS_A_DAY)));
        let day = [blocks, rollups].into_iter().flatten().min();
        let day = day.filter(|day| is_day_settled(*day, now));
        Ok(day.map(|day| Self { day, has_blocks: blocks == Some(day), next: 0 }))
    }
}

/// True when nothing more is expected of the day.
pub(super) const fn is_day_settled(day: i64, now: UnixMs) -> bool {
    now.0 >= (day + 1) * DAY_MS + DAY_SETTLED_MS
}

/// Moves what the journal holds of a series into its block of the hour.
fn seal_hour(
    tx: &Transaction<'_>,
    key: i64,
    kind: Kind,
    content: Content,
    (is_late, is_first): (bool, bool),
    bytes: &mut Vec<u8>,
) -> Sql<()> {
    let (hour, series) = (slot_of(key), series_of(key));
    let hourly = match is_first {
        true => write_block(tx, "block", key, content, bytes)?,
        false => merge(tx, "block", key, kind, content, bytes)?,
    };
    let rollup = match is_late {
        true => late_rollup(tx, hour, series, kind, hourly)?,
        false => hourly.rollup(),
    };
    write_rollup(tx, "rollup_hour", key, rollup.as_ref(), bytes)
}

/// Notes when the newest round of a subject was sent.
fn note_newest(tx: &Transaction<'_>, subject: i64, newest: i64) -> Sql<()> {
    tx.prepare_cached(
        "INSERT INTO latest (subject, at) VALUES (?1, ?2)
         ON CONFLICT (subject) DO UPDATE SET at = max(at, excluded.at)",
    )?
    .execute([subject, newest])?;
    Ok(())
}

/// What an hour comes to of which `hourly` came after its day was joined.
fn late_rollup(
    tx: &Transaction<'_>,
    hour: i64,
    series: u32,
    kind: Kind,
    hourly: Content,
) -> Sql<Option<Rollup>> {
    let day = key(hour.div_euclid(HOURS_A_DAY), series);
    let joined: Option<Vec<u8>> = tx
        .prepare_cached("SELECT data FROM block_day WHERE key = ?1")?
        .query_row([day], |row| row.get(0))
        .optional()?;
    let mut all = Content::empty(kind);
    if let Some(Err(bad)) = joined.map(|joined| all.add_block(kind, &joined)) {
        tracing::error!(hour, series, %bad, "the block of a day cannot be read");
    }
    all.retain(Span::new(UnixMs(hour * HOUR_MS), UnixMs((hour + 1) * HOUR_MS)));
    let packed = packed_hours(tx, day)?;
    let place = usize::try_from(hour.rem_euclid(HOURS_A_DAY)).unwrap_or_default();
    if let Some(Some(mut kept)) = packed.into_iter().nth(place)
        && kept.rounds.saturating_add(kept.own_faults) > all.len()
    {
        // Samples that it tells of have aged: what came late is added to it.
        hourly.rollup().iter().for_each(|rollup| kept.merge(rollup));
        return Ok(Some(kept));
    }
    all.extend(hourly);
    all.settle();
    Ok(all.rollup())
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
    let there: Option<Vec<u8>> = tx
        .prepare_cached(&format!("SELECT data FROM {table} WHERE key = ?1"))?
        .query_row([key], |row| row.get(0))
        .optional()?;
    let mut whole = fresh;
    if let Some(block) = there {
        let fresh = std::mem::replace(&mut whole, Content::empty(kind));
        if let Err(bad) = whole.add_block(kind, &block) {
            tracing::error!(table, key, %bad, "a block cannot be read and is replaced");
        }
        whole.extend(fresh);
    }
    write_block(tx, table, key, whole, bytes)
}

/// Puts it in the place of whatever is there under `key`; answers it in order.
pub(super) fn write_block(
    tx: &Transaction<'_>,
    table: &'static str,
    key: i64,
    mut whole: Content,
    bytes: &mut Vec<u8>,
) -> Sql<Content> {
    whole.settle();
    whole.encode(bytes);
    tx.prepare_cached(&format!("INSERT OR REPLACE INTO {table} (key, data) VALUES (?1, ?2)"))?
        .execute(params![key, &*bytes])?;
    Ok(whole)
}

/// Joins the blocks of the hours of the series in `part`, and what is there already, into the
/// blocks of their day; and their rollups.
fn join_days(tx: &Transaction<'_>, kinds: &Kinds, day: i64, part: Range<u32>) -> Sql<()> {
    let blocks = HourRows::read(tx, "block", day, part.clone())?;
    let rollups = HourRows::read(tx, "rollup_hour", day, part.clone())?;
    let mut bytes = Vec::new();
    for series in part.clone() {
        let Some(kind) = kinds.of(series) else { continue };
        let mut fresh = Content::empty(kind);
        let mut has_blocks = false;
        for (place, block) in blocks.of(series) {
            has_blocks = true;
            if let Err(bad) = fresh.add_block(kind, block) {
                tracing::error!(day, place, series, %bad, "a block of an hour cannot be read and is given up");
            }
        }
        if let Kind::Points(kind) = kind {
            if has_blocks {
                point_rollups::join_day(tx, key(day, series), kind, fresh, &mut bytes)?;
            }
            continue;
        }
        let mut whole = Content::empty(kind);
        if has_blocks {
            whole = merge(tx, "block_day", key(day, series), kind, fresh, &mut bytes)?;
        }
        pack_rollups(tx, day, series, rollups.of(series), &whole, &mut bytes)?;
    }
    blocks.delete(tx, kinds, &part)?;
    rollups.delete(tx, kinds, &part)
}

/// Moves the rollups of a series' hours into one row for the day, and tells what they come to. An
/// hour that lost its own gets one from `samples`.
fn pack_rollups<'a>(
    tx: &Transaction<'_>,
    day: i64,
    series: u32,
    alone: impl Iterator<Item = (usize, &'a [u8])>,
    samples: &Content,
    bytes: &mut Vec<u8>,
) -> Sql<()> {
    let mut alone = alone.peekable();
    if alone.peek().is_none() && samples.len() == 0 {
        return Ok(());
    }
    let key = key(day, series);
    let mut hours = packed_hours(tx, key)?;
    for (place, rollup) in alone {
        match Rollup::decode(rollup) {
            Ok(rollup) => hours[place] = Some(rollup),
            Err(bad) => {
                tracing::error!(day, place, series, %bad, "an hour's rollup cannot be read and is given up");
            }
        }
    }
    add_missing(&mut hours, samples);
    if hours.iter().all(Option::is_none) {
        return Ok(());
    }
    encode_hours(&hours, bytes);
    tx.prepare_cached("INSERT OR REPLACE INTO rollup_hours (key, data) VALUES (?1, ?2)")?
        .execute(params![key, &*bytes])?;
    let mut whole = Rollup::default();
    hours.iter().flatten().for_each(|hour| whole.merge(hour));
    write_rollup(tx, "rollup_day", key, Some(&whole), bytes)
}

/// Gives hours without a rollup what their samples come to.
fn add_missing(hours: &mut Hours, samples: &Content) {
    let Content::Rounds(samples) = samples else { return };
    let mut missing = Hours::default();
    for sample in samples {
        let place = usize::try_from(hour_of(sample.at.0).rem_euclid(HOURS_A_DAY)).unwrap_or(0);
        if hours[place].is_none() {
            missing[place].get_or_insert_default().add(sample);
        }
    }
    for (hour, rollup) in hours.iter_mut().zip(missing) {
        *hour = hour.take().or(rollup);
    }
}

/// The rollups of a day's hours that stand together already.
fn packed_hours(tx: &Transaction<'_>, day: i64) -> Sql<Hours> {
    let mut hours = Hours::default();
    let packed: Option<Vec<u8>> = tx
        .prepare_cached("SELECT data FROM rollup_hours WHERE key = ?1")?
        .query_row([day], |row| row.get(0))
        .optional()?;
    if let Some(packed) = packed {
        let read = decode_hours(&packed, u32::MAX, |place, rollup| {
            hours[place] = Some(rollup.clone());
        });
        if let Err(bad) = read {
            tracing::error!(day, %bad, "the rollups of a day's hours cannot be read");
        }
    }
    Ok(hours)
}

fn write_rollup(
    tx: &Transaction<'_>,
    table: &'static str,
    key: i64,
    rollup: Option<&Rollup>,
    bytes: &mut Vec<u8>,
) -> Sql<()> {
    let Some(rollup) = rollup else { return Ok(()) };
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
