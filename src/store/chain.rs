//! The chain of sealed days: each link holds what the day's samples, states and events hash to,
//! and a head that depends on all links before it. Whoever has noted a head (it stands at the foot
//! of every report) can tell later whether anything that it covers was changed.
//!
//! Links are only ever added. A day that changes after it was sealed (a sample that came late, a
//! record cut because the clock had run ahead) gets another link, `amended`, so that every change
//! shows. SHA-256 throughout, so that others can recompute it; docs/store.md says over what.

use std::ops::RangeInclusive;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use sha2::{Digest as _, Sha256};

use super::journal::keys_of;
use super::numbers::{series_of, slot_of};
use super::seal::{DAY_MS, HOURS_A_DAY, Step, is_day_settled};
use crate::model::UnixMs;

type Sql<T> = Result<T, rusqlite::Error>;
/// A SHA-256 hash.
pub(super) type Hash = [u8; 32];

/// Blocks hashed in one step: some 5 ms of work.
const BLOCKS_A_STEP: usize = 500;

/// Why a link was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The day was over.
    Sealed,
    /// It had been sealed and has changed since.
    Amended,
}

impl Why {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Sealed => "sealed",
            Self::Amended => "amended",
        }
    }
}

/// A link of the chain as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) n: i64,
    pub(super) day: i64,
    pub(super) at: i64,
    pub(super) why: String,
    pub(super) samples: Vec<u8>,
    pub(super) states: Vec<u8>,
    pub(super) events: Vec<u8>,
    pub(super) last_event: i64,
    pub(super) head: Vec<u8>,
}

impl Link {
    /// What the head has to be behind `before`.
    pub(super) fn expected_head(&self, before: &[u8]) -> Hash {
        let mut hash = Sha256::new();
        hash.update(before);
        for number in [self.n, self.day, self.at, self.last_event] {
            hash.update(number.to_be_bytes());
        }
        for part in [self.why.as_bytes(), &self.samples, &self.states, &self.events] {
            put(&mut hash, part);
        }
        hash.finalize().into()
    }
}

/// With its length before it, so that no two lists of parts hash alike.
fn put(hash: &mut Sha256, part: &[u8]) {
    hash.update((part.len() as u64).to_be_bytes());
    hash.update(part);
}

/// The samples of a day, hashed some blocks at a time.
#[derive(Debug)]
pub(super) struct SamplesHash {
    day: i64,
    next: i64,
    hash: Sha256,
}

impl SamplesHash {
    pub(super) fn new(day: i64) -> Self {
        Self { day, next: *keys_of(day).start(), hash: Sha256::new() }
    }

    /// Goes on; the hash when it is complete.
    pub(super) fn step(&mut self, conn: &Connection) -> Sql<Option<Hash>> {
        let mut statement = conn.prepare_cached(
            "SELECT b.key, k.key, s.kind, s.name, b.data FROM block_day b
             LEFT JOIN series s ON s.id = b.key & 16777215
             LEFT JOIN subject k ON k.id = s.subject
             WHERE b.key BETWEEN ?1 AND ?2 ORDER BY b.key",
        )?;
        let mut rows = statement.query([self.next, *keys_of(self.day).end()])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            if count == BLOCKS_A_STEP {
                return Ok(None);
            }
            count += 1;
            let key: i64 = row.get(0)?;
            self.hash.update(u64::from(series_of(key)).to_be_bytes());
            for column in 1..=3 {
                put(&mut self.hash, row.get_ref(column)?.as_bytes_or_null()?.unwrap_or_default());
            }
            put(&mut self.hash, row.get_ref(4)?.as_blob()?);
            self.next = key + 1;
        }
        Ok(Some(std::mem::take(&mut self.hash).finalize().into()))
    }
}

/// The states that ended on a day, by subject.
pub(super) fn states_hash(conn: &Connection, day: i64) -> Sql<Hash> {
    let mut hash = Sha256::new();
    let mut statement = conn.prepare_cached(
        "SELECT k.key, s.t0, s.t1, s.state, c.key FROM state s JOIN subject k ON k.id = s.subject
         LEFT JOIN subject c ON c.id = s.cause
         WHERE s.t1 >= ?1 AND s.t1 < ?2 ORDER BY k.key, s.t0",
    )?;
    let mut rows = statement.query([day * DAY_MS, (day + 1) * DAY_MS])?;
    while let Some(row) = rows.next()? {
        put(&mut hash, row.get_ref(0)?.as_bytes()?);
        for column in 1..=3 {
            hash.update(row.get::<_, i64>(column)?.to_be_bytes());
        }
        put(&mut hash, row.get_ref(4)?.as_bytes_or_null()?.unwrap_or_default());
    }
    Ok(hash.finalize().into())
}

/// The events numbered above `after` up to `last`.
pub(super) fn events_hash(conn: &Connection, after: i64, last: i64) -> Sql<Hash> {
    let mut hash = Sha256::new();
    let mut statement = conn.prepare_cached(
        "SELECT e.seq, e.at, e.kind, k.key, e.detail FROM event e
         LEFT JOIN subject k ON k.id = e.subject
         WHERE e.seq > ?1 AND e.seq <= ?2 ORDER BY e.seq",
    )?;
    let mut rows = statement.query([after, last])?;
    while let Some(row) = rows.next()? {
        for column in 0..=1 {
            hash.update(row.get::<_, i64>(column)?.to_be_bytes());
        }
        for column in 2..=4 {
            put(&mut hash, row.get_ref(column)?.as_bytes_or_null()?.unwrap_or_default());
        }
    }
    Ok(hash.finalize().into())
}

/// Notes that a day gets blocks: one before the last sealed one has changed, or was passed over
/// because there was nothing of it.
pub(super) fn mark_joined(tx: &Connection, day: i64) -> Sql<()> {
    tx.prepare_cached(
        "INSERT OR IGNORE INTO amended (day)
         SELECT ?1 WHERE ?1 <= (SELECT day FROM chain ORDER BY day DESC LIMIT 1)",
    )?
    .execute([day])?;
    Ok(())
}

/// Notes that days which are sealed already have changed.
pub(super) fn mark_amended(tx: &Connection, days: RangeInclusive<i64>) -> Sql<()> {
    tx.prepare_cached(
        "INSERT OR IGNORE INTO amended (day)
         SELECT DISTINCT day FROM chain WHERE day BETWEEN ?1 AND ?2",
    )?
    .execute([days.start(), days.end()])?;
    Ok(())
}

/// All links, by number.
pub(super) fn links(conn: &Connection) -> Sql<Vec<Link>> {
    let mut statement = conn.prepare_cached(
        "SELECT n, day, at, why, samples, states, events, last_event, head FROM chain ORDER BY n",
    )?;
    let found = statement.query_map([], |row| {
        Ok(Link {
            n: row.get(0)?,
            day: row.get(1)?,
            at: row.get(2)?,
            why: row.get(3)?,
            samples: row.get(4)?,
            states: row.get(5)?,
            events: row.get(6)?,
            last_event: row.get(7)?,
            head: row.get(8)?,
        })
    })?;
    found.collect()
}

/// The last link.
pub(super) fn last_link(conn: &Connection) -> Sql<Option<(i64, i64, Vec<u8>)>> {
    conn.prepare_cached("SELECT n, last_event, head FROM chain ORDER BY n DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()
}

/// Adds links, some milliseconds of work at a time.
#[derive(Debug, Default)]
pub(super) struct Chainer {
    running: Option<(SamplesHash, Why)>,
}

impl Chainer {
    /// Goes on with the next day that is due at `now`.
    ///
    /// # Errors
    /// SQLite's; the day is begun anew.
    pub(super) fn step(&mut self, conn: &mut Connection, now: UnixMs) -> Sql<Step> {
        let done = self.try_step(conn, now);
        if done.is_err() {
            self.running = None;
        }
        done
    }

    fn try_step(&mut self, conn: &mut Connection, now: UnixMs) -> Sql<Step> {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if self.running.is_none() {
            self.running = next_day(&tx, now)?.map(|(day, why)| (SamplesHash::new(day), why));
        }
        let Some((samples, why)) = &mut self.running else { return Ok(Step::Idle) };
        if let Some(hash) = samples.step(&tx)? {
            add_link(&tx, samples.day, *why, hash, now)?;
            tx.commit()?;
            self.running = None;
        }
        Ok(Step::Did)
    }
}

/// A day that was changed, else the first day after the last sealed one of which there is
/// anything, if nothing more is expected of it.
fn next_day(tx: &Transaction<'_>, now: UnixMs) -> Sql<Option<(i64, Why)>> {
    let unjoined: Option<i64> = tx
        .prepare_cached(
            "SELECT min(hour) FROM (SELECT min(key) >> 24 AS hour FROM journal
             UNION ALL SELECT min(key) >> 24 FROM block)",
        )?
        .query_row([], |row| row.get(0))?;
    let is_due = |day: &i64| {
        is_day_settled(*day, now) && unjoined.is_none_or(|hour| hour.div_euclid(HOURS_A_DAY) > *day)
    };
    let amended: Option<i64> =
        tx.prepare_cached("SELECT min(day) FROM amended")?.query_row([], |row| row.get(0))?;
    if let Some(day) = amended.filter(is_due) {
        return Ok(Some((day, Why::Amended)));
    }
    let last: Option<i64> =
        tx.prepare_cached("SELECT max(day) FROM chain")?.query_row([], |row| row.get(0))?;
    let from = last.map_or(i64::MIN, |day| (day + 1) * DAY_MS);
    let first_block = last.map_or(i64::MIN, |day| *keys_of(day + 1).start());
    let found: (Option<i64>, Option<i64>, Option<i64>) = tx
        .prepare_cached(
            "SELECT (SELECT min(t1) FROM state WHERE t1 >= ?1),
                    (SELECT min(at) FROM event WHERE at >= ?1),
                    (SELECT min(key) FROM block_day WHERE key >= ?2)",
        )?
        .query_row([from, first_block], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let day_of = |at: i64| at.div_euclid(DAY_MS);
    let (state, event, block) = found;
    let days = [state.map(day_of), event.map(day_of), block.map(slot_of)];
    let next = days.into_iter().flatten().min();
    Ok(next.filter(is_due).map(|day| (day, Why::Sealed)))
}

fn add_link(tx: &Transaction<'_>, day: i64, why: Why, samples: Hash, now: UnixMs) -> Sql<()> {
    let (n, after, before) = last_link(tx)?.unwrap_or((0, 0, Vec::new()));
    let last_event: Option<i64> =
        tx.prepare_cached("SELECT max(seq) FROM event")?.query_row([], |row| row.get(0))?;
    let last_event = last_event.unwrap_or(0).max(after);
    let mut link = Link {
        n: n + 1,
        day,
        at: now.0,
        why: why.as_str().to_owned(),
        samples: samples.to_vec(),
        states: states_hash(tx, day)?.to_vec(),
        events: events_hash(tx, after, last_event)?.to_vec(),
        last_event,
        head: Vec::new(),
    };
    link.head = link.expected_head(&before).to_vec();
    tx.prepare_cached(
        "INSERT INTO chain (n, day, at, why, samples, states, events, last_event, head)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        link.n,
        day,
        link.at,
        link.why,
        link.samples,
        link.states,
        link.events,
        last_event,
        link.head
    ])?;
    tx.prepare_cached("DELETE FROM amended WHERE day = ?1")?.execute([day])?;
    Ok(())
}
