//! Read-only side: works beside a daemon that writes, and without one.
//!
//! Every call reads in transactions of one statement: a reader that held one open would keep the
//! write-ahead log from being reset, which then grows without bound.

mod check;
mod gather;
mod kept;
mod log;
mod messages;
mod outages;
mod past;
mod received;
mod rounds;
mod said;
mod samples;
mod stats;
mod verify;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{OptionalExtension as _, Row};

use super::codec::state_of;
use super::fact::Event;
use super::here::true_name;
use super::schema::Link;
use super::{StoreError, schema};
use crate::model::{Span, State, StateInterval, SubjectId, UnixMs};

pub use check::{Checked, Finding, Progress};
pub use kept::{Blind, Usual};
pub use outages::{OutageFilter, SubjectOutage};
pub use samples::Resolution;
pub use stats::{Stats, TableSize};
pub use verify::{ChainFlaw, ChainHead, Differs, Verified};

/// Subjects whose records are read by one statement: some milliseconds.
const SUBJECTS_AT_ONCE: usize = 256;

/// The ids of subjects by number.
type Names = HashMap<i64, SubjectId>;

/// A row of the record: a year of a province has millions.
#[derive(Debug, Clone, Copy)]
struct Recorded {
    subject: i64,
    t0: i64,
    t1: Option<i64>,
    state: i64,
    cause: Option<i64>,
}

fn recorded(row: &Row<'_>) -> Result<Recorded, rusqlite::Error> {
    let (subject, t0, t1) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(Recorded { subject, t0, t1, state: row.get(3)?, cause: row.get(4)? })
}

/// Most events one call returns.
const EVENTS_MAX: usize = 100_000;

/// A subject's open interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Current {
    /// Whose.
    pub subject: SubjectId,
    /// State.
    pub state: State,
    /// Since when.
    pub since: UnixMs,
    /// Root cause when unreachable.
    pub cause: Option<SubjectId>,
    /// Newest sample that says something about the subject.
    pub last_round: Option<UnixMs>,
}

/// An event as it was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedEvent {
    /// Its number in the sequence of facts.
    pub seq: i64,
    /// The event.
    pub event: Event,
}

/// A store open for reading.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    link: Link,
}

impl Reader {
    /// Opens the store read-only.
    ///
    /// # Errors
    /// [`StoreError::Missing`], [`StoreError::Foreign`], [`StoreError::Newer`],
    /// [`StoreError::Older`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let path = true_name(path);
        Ok(Self { link: schema::open_for_reading(&path)?, path })
    }

    /// The file, by its true name.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The open interval of every subject that has one.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn current(&self) -> Result<Vec<Current>, StoreError> {
        // Before the table of what is sealed: a round on its way there is seen here or there.
        let open = self.newest_open()?;
        let mut names: Names = self.subjects(None)?.into_iter().collect();
        let rows = self.rows(
            "SELECT s.subject, s.state, s.t0, s.cause, l.at FROM state s
             LEFT JOIN latest l ON l.subject = s.subject WHERE s.t1 IS NULL",
            [],
            |row| {
                let number: i64 = self.get(row.get(0))?;
                let sealed = self.get(row.get::<_, Option<i64>>(4))?;
                let last_round = sealed.max(open.get(&number).copied()).map(UnixMs);
                let (state, since) = (self.state(row.get(1))?, UnixMs(self.get(row.get(2))?));
                let cause: Option<i64> = self.get(row.get(3))?;
                Ok((number, state, since, cause, last_round))
            },
        )?;
        let mut all = Vec::with_capacity(rows.len());
        for (number, state, since, cause, last_round) in rows {
            let cause = cause.map(|number| self.name(&mut names, number)).transpose()?;
            let subject = self.name(&mut names, number)?;
            all.push(Current { subject, state, since, cause, last_round });
        }
        all.sort_by(|a, b| a.subject.cmp(&b.subject));
        Ok(all)
    }

    /// The intervals that touch `window`, unclipped, of one subject or of all that have any.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn intervals(
        &self,
        subject: Option<&SubjectId>,
        window: Span,
    ) -> Result<BTreeMap<SubjectId, Vec<StateInterval>>, StoreError> {
        let subjects = self.subjects(subject)?;
        let mut names: Names = subjects.iter().cloned().collect();
        let mut found: BTreeMap<SubjectId, Vec<StateInterval>> = BTreeMap::new();
        // A statement for some of them: short transactions, however long the window.
        for some in subjects.chunks(SUBJECTS_AT_ONCE) {
            let (Some((first, _)), Some((last, _))) = (some.first(), some.last()) else { continue };
            let rows: Vec<Recorded> = self.rows(
                "SELECT k.id, s.t0, s.t1, s.state, s.cause
                 FROM subject k CROSS JOIN state s ON s.subject = k.id
                 WHERE k.id BETWEEN ?1 AND ?2 AND s.t0 < ?4
                   AND s.t0 >= coalesce((SELECT max(t0) FROM state WHERE subject = k.id AND t0 <= ?3), ?3)
                 ORDER BY k.id, s.t0",
                [Value::Integer(*first), (*last).into(), window.from.0.into(), window.to.0.into()],
                |row| self.get(recorded(row)),
            )?;
            for record in rows.chunk_by(|a, b| a.subject == b.subject) {
                let Some(Recorded { subject, .. }) = record.first() else { continue };
                let mut intervals = Vec::with_capacity(record.len());
                // The last that began before the window may have ended before it, too.
                let is_inside = |one: &&Recorded| one.t1.is_none_or(|t1| t1 > window.from.0);
                for one in record.iter().filter(is_inside) {
                    let cause =
                        one.cause.map(|number| self.name(&mut names, number)).transpose()?;
                    let (from, to) = (UnixMs(one.t0), one.t1.map(UnixMs));
                    intervals.push(StateInterval {
                        from,
                        to,
                        state: self.state(Ok(one.state))?,
                        cause,
                    });
                }
                if !intervals.is_empty() {
                    found.insert(self.name(&mut names, *subject)?, intervals);
                }
            }
        }
        Ok(found)
    }

    /// The id of a subject's number.
    fn name(&self, names: &mut Names, number: i64) -> Result<SubjectId, StoreError> {
        if let Some(id) = names.get(&number) {
            return Ok(id.clone());
        }
        let found = self.rows("SELECT key FROM subject WHERE id = ?1", [number.into()], |row| {
            self.subject(row.get(0))
        })?;
        let missing = || self.corrupt("number of a subject", &number.to_string());
        let id = found.into_iter().next().ok_or_else(missing)?;
        names.insert(number, id.clone());
        Ok(id)
    }

    /// The newest `limit` events inside `window` (at most 100,000), oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn events(&self, window: Span, limit: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        let limit = i64::try_from(limit.min(EVENTS_MAX)).unwrap_or(i64::MAX);
        let mut found = self.rows(
            "SELECT e.seq, e.at, e.kind, k.key, e.detail FROM event e
             LEFT JOIN subject k ON k.id = e.subject
             WHERE e.at >= ?1 AND e.at < ?2 ORDER BY e.at DESC, e.seq DESC LIMIT ?3",
            [Value::Integer(window.from.0), window.to.0.into(), limit.into()],
            |row| self.event_row(row),
        )?;
        found.reverse();
        Ok(found)
    }

    /// When a daemon was last known alive, by its sign of life or a round it recorded; `None` when
    /// none ever ran on this store. A running daemon's is at most [`super::ALIVE_WITHIN_MS`] old.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn last_alive(&self) -> Result<Option<UnixMs>, StoreError> {
        self.instant(
            "SELECT max(at) FROM (SELECT max(alive) AS at FROM run
             UNION ALL SELECT max(newest) FROM journal UNION ALL SELECT max(at) FROM latest)",
        )
    }

    /// Start of the earliest interval.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn first_record(&self) -> Result<Option<UnixMs>, StoreError> {
        self.instant("SELECT min((SELECT min(t0) FROM state WHERE subject = k.id)) FROM subject k")
    }

    /// Every subject that anything is recorded of, by id.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn known_subjects(&self) -> Result<Vec<SubjectId>, StoreError> {
        let mut all: Vec<SubjectId> = self.subjects(None)?.into_iter().map(|(_, id)| id).collect();
        all.sort();
        Ok(all)
    }

    fn instant(&self, sql: &'static str) -> Result<Option<UnixMs>, StoreError> {
        self.link
            .conn
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row([], |row| row.get::<_, Option<i64>>(0)).optional())
            .map(|found| found.flatten().map(UnixMs))
            .map_err(schema::sql("read", &self.path))
    }

    fn subjects(&self, only: Option<&SubjectId>) -> Result<Vec<(i64, SubjectId)>, StoreError> {
        let only = only.map_or(Value::Null, |s| Value::Text(s.as_str().to_owned()));
        let sql = if only == Value::Null {
            "SELECT id, key FROM subject WHERE ?1 IS NULL ORDER BY id"
        } else {
            "SELECT id, key FROM subject WHERE key = ?1"
        };
        self.rows(sql, [only], |row| Ok((self.get(row.get(0))?, self.subject(row.get(1))?)))
    }

    fn rows<T, const N: usize>(
        &self,
        sql: &'static str,
        params: [Value; N],
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let fail = || schema::sql("read", &self.path);
        let mut statement = self.link.conn.prepare_cached(sql).map_err(fail())?;
        let mut rows = statement.query(rusqlite::params_from_iter(params)).map_err(fail())?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(fail())? {
            found.push(read(row)?);
        }
        Ok(found)
    }

    fn get<T>(&self, value: Result<T, rusqlite::Error>) -> Result<T, StoreError> {
        value.map_err(schema::sql("read", &self.path))
    }

    fn subject(&self, value: Result<String, rusqlite::Error>) -> Result<SubjectId, StoreError> {
        let key = self.get(value)?;
        SubjectId::new(&key).map_err(|_| self.corrupt("subject's id", &key))
    }

    fn optional_subject(
        &self,
        value: Result<Option<String>, rusqlite::Error>,
    ) -> Result<Option<SubjectId>, StoreError> {
        self.get(value)?.map(|key| self.subject(Ok(key))).transpose()
    }

    fn state(&self, value: Result<i64, rusqlite::Error>) -> Result<State, StoreError> {
        let code = self.get(value)?;
        state_of(code).ok_or_else(|| self.corrupt("state", &code.to_string()))
    }

    fn corrupt(&self, what: &'static str, value: &str) -> StoreError {
        let value = value.chars().take(100).collect();
        StoreError::Corrupt { path: self.path.clone(), what, value }
    }
}
