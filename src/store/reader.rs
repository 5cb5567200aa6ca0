//! Read-only side: works beside a daemon that writes, and without one.
//!
//! Every call reads in transactions of one statement: a reader that held one open would keep the
//! write-ahead log from being reset, which then grows without bound.

mod check;
mod gather;
mod kept;
mod log;
mod lost;
mod messages;
mod metrics;
mod neighbours;
mod notes;
mod outages;
mod packed;
mod past;
mod point_rollups;
mod received;
mod records;
mod rounds;
mod said;
mod samples;
mod stats;
mod storms;
mod verify;

use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{OptionalExtension as _, Row};

use super::codec::state_of;
use super::fact::Event;
use super::here::true_name;
use super::schema::Link;
use super::{StoreError, schema};
use crate::model::{Span, State, SubjectId, UnixMs};

pub use check::{Checked, Finding, Progress};
pub use kept::{Blind, Usual};
pub use lost::LostProof;
pub use outages::{OutageFilter, SubjectOutage};
pub use point_rollups::Rates;
pub use records::Remembered;
pub use samples::Resolution;
pub use stats::{Stats, TableSize};
pub use verify::{ChainFlaw, ChainHead, Differs, Verified};

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
        let link = schema::open_for_reading(&path)?;
        packed::introduce(&link.conn).map_err(schema::sql("configure", &path))?;
        Ok(Self { link, path })
    }

    /// The file, by its true name.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The open interval of every subject that has one, by subject.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn current(&self) -> Result<Vec<Current>, StoreError> {
        // Of every record that is open the end, and nothing before it.
        let end = Span::new(UnixMs(i64::MAX), UnixMs(i64::MAX));
        let all = self.remembered(end)?;
        let mut all: Vec<Current> = all.iter().filter_map(Remembered::current).collect();
        all.sort_by(|a, b| a.subject.cmp(&b.subject));
        Ok(all)
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
        self.rows(sql, [only], |row| {
            let key = row.get_ref(1).and_then(|key| key.as_str().map_err(Into::into));
            Ok((self.get(row.get(0))?, self.subject_of(self.get(key)?)?))
        })
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
        self.subject_of(&self.get(value)?)
    }

    fn subject_of(&self, key: &str) -> Result<SubjectId, StoreError> {
        SubjectId::new(key).map_err(|_| self.corrupt("subject's id", key))
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
