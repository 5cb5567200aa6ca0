//! Whether the store is what it should be: SQLite's own check of the file, then every invariant
//! of ours. Reads only, beside a running daemon too: whatever has to be seen together is read in
//! one transaction, and each of these is short.

mod samples;

use std::collections::HashMap;

use rusqlite::Row;
use rusqlite::types::Value as Cell;

use super::{Differs, Reader};
use crate::model::{Message, Span, StateInterval, UnixMs, check_partition};
use crate::store::{EventKind, StoreError, schema};

/// Findings that are told one by one.
const FINDINGS_MAX: usize = 1_000;

/// How far a long work has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// With what: a text of the catalogue.
    pub what: &'static str,
    /// So much is done.
    pub done: u64,
    /// Of so much; 0 where nobody knows.
    pub of: u64,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// In which table; `None` for the file as a whole.
    pub table: Option<&'static str>,
    /// The row's key.
    pub key: Option<String>,
    /// About whom.
    pub subject: Option<String>,
    /// About what time.
    pub at: Option<UnixMs>,
    /// What is wrong: a text of the catalogue, its details in SQLite's or our own English.
    pub what: Message,
}

/// What came of a check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// At most 1,000.
    pub findings: Vec<Finding>,
    /// Findings beyond these.
    pub more: u64,
    /// Subjects whose record was looked at.
    pub subjects: u64,
    /// State intervals.
    pub intervals: u64,
    /// Rows of samples and rollups that were decoded.
    pub blocks: u64,
    /// Samples in them.
    pub samples: u64,
    /// Links of the chain.
    pub links: u64,
}

impl Finding {
    fn new(table: &'static str, key: impl ToString, what: &'static str) -> Self {
        Self {
            table: Some(table),
            key: Some(key.to_string()),
            subject: None,
            at: None,
            what: Message::new(what),
        }
    }

    fn about(mut self, subject: Option<String>) -> Self {
        self.subject = subject;
        self
    }

    fn at(mut self, at: UnixMs) -> Self {
        self.at = Some(at);
        self
    }

    fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.what = self.what.with(name, value);
        self
    }
}

impl Checked {
    fn add(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }

    /// True when nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

impl Reader {
    /// Looks at everything. Samples of days that ended by `kept_from` may be gone.
    ///
    /// # Errors
    /// When the file cannot be read at all; what is wrong with it is a finding.
    pub fn check(
        &self,
        kept_from: UnixMs,
        told: &mut dyn FnMut(Progress),
    ) -> Result<Checked, StoreError> {
        let mut found = Checked::default();
        match self.check_all(&mut found, kept_from, told) {
            // Where SQLite stumbles over a page, what it says of it is the finding.
            Err(StoreError::Sql { source, .. }) if is_corrupt(&source) => {
                let what = Message::new("db.found_file").with("error", source);
                found.add(Finding { table: None, key: None, subject: None, at: None, what });
            }
            done => done?,
        }
        Ok(found)
    }

    fn check_all(
        &self,
        found: &mut Checked,
        kept_from: UnixMs,
        told: &mut dyn FnMut(Progress),
    ) -> Result<(), StoreError> {
        told(Progress { what: "db.step_file", done: 0, of: 0 });
        self.check_file(found)?;
        if !found.is_clean() {
            // What SQLite takes for broken would only repeat itself below, or stop halfway.
            return Ok(());
        }
        self.check_references(found)?;
        self.check_intervals(found, told)?;
        told(Progress { what: "db.step_facts", done: 0, of: 0 });
        self.check_sequence(found)?;
        self.check_events(found)?;
        self.check_samples(found, told)?;
        self.check_chain(found, kept_from, told)
    }

    fn check_file(&self, found: &mut Checked) -> Result<(), StoreError> {
        let sql = "SELECT integrity_check FROM pragma_integrity_check WHERE ?1";
        for said in self.rows(sql, [Cell::Integer(1)], |row| self.get(row.get::<_, String>(0)))? {
            if said != "ok" {
                let what = Message::new("db.found_file").with("error", said);
                found.add(Finding { table: None, key: None, subject: None, at: None, what });
            }
        }
        Ok(())
    }

    /// What a row refers to is there.
    fn check_references(&self, found: &mut Checked) -> Result<(), StoreError> {
        let strays = self.rows(
            "SELECT \"table\", rowid, parent FROM pragma_foreign_key_check WHERE ?1",
            [Cell::Integer(1)],
            |row| {
                let table: String = self.get(row.get(0))?;
                let rowid: Option<i64> = self.get(row.get(1))?;
                Ok((table, rowid, self.get(row.get::<_, String>(2))?))
            },
        )?;
        for (table, rowid, parent) in strays {
            // A table without row ids has none to name the row by.
            let key = rowid.map_or_else(|| table.clone(), |rowid| format!("{table} {rowid}"));
            let finding = Finding::new("", key, "db.found_stray").with("parent", parent);
            found.add(Finding { table: known_table(&table), ..finding });
        }
        Ok(())
    }

    /// Each subject's intervals partition time.
    fn check_intervals(
        &self,
        found: &mut Checked,
        told: &mut dyn FnMut(Progress),
    ) -> Result<(), StoreError> {
        let subjects =
            self.rows("SELECT id, key FROM subject WHERE ?1", [Cell::Integer(1)], |row| {
                Ok((self.get(row.get::<_, i64>(0))?, self.get(row.get::<_, String>(1))?))
            })?;
        let of = subjects.len() as u64;
        for (done, (number, name)) in (1..).zip(subjects) {
            let id = self.subject(Ok(name.clone()));
            if id.is_err() {
                let finding = Finding::new("subject", number, "db.found_name");
                found.add(finding.about(Some(name.clone())));
            }
            let record = self.rows(
                "SELECT t0, t1, state, cause FROM state WHERE subject = ?1 ORDER BY t0",
                [Cell::Integer(number)],
                |row| self.bare_interval(row),
            )?;
            found.subjects += 1;
            found.intervals += record.len() as u64;
            if let Err((at, why)) = check_partition(&record) {
                let from = record.get(at).map_or(UnixMs(0), |interval| interval.from);
                let finding =
                    Finding::new("state", format!("{number} {}", from.0), "db.found_partition");
                found.add(finding.about(Some(name)).at(from).with("error", why));
            }
            told(Progress { what: "db.step_intervals", done, of });
        }
        Ok(())
    }

    /// Without the cause: partitioning does not ask for it.
    fn bare_interval(&self, row: &Row<'_>) -> Result<StateInterval, StoreError> {
        Ok(StateInterval {
            from: UnixMs(self.get(row.get(0))?),
            to: self.get(row.get::<_, Option<i64>>(1))?.map(UnixMs),
            state: self.state(row.get(2))?,
            cause: None,
        })
    }

    /// A number was given to one fact only, and none is beyond the last that was given.
    fn check_sequence(&self, found: &mut Checked) -> Result<(), StoreError> {
        // A fact of intervals, of what a device says or sees writes many rows, of one subject.
        const FACTS: &str =
            "SELECT 'state' AS t, subject AS k, seq FROM state GROUP BY subject, seq
             UNION ALL SELECT 'event', seq, seq FROM event
             UNION ALL SELECT 'run', id, seq FROM run
             UNION ALL SELECT 'incident', id, seq FROM incident
             UNION ALL SELECT 'maintenance', id, seq FROM maintenance
             UNION ALL SELECT 'baseline', subject * 24 + hour, seq FROM baseline
             UNION ALL SELECT 'device_fact', subject, seq FROM device_fact GROUP BY subject, seq
             UNION ALL SELECT 'neighbour', subject, seq FROM
              (SELECT subject, seq FROM neighbour UNION SELECT subject, seq FROM neighbour_look)
             UNION ALL SELECT 'blind', rowid, seq FROM blind
             UNION ALL SELECT 'outbox', id, seq FROM outbox";
        let conn = &self.link.conn;
        let fail = || schema::sql("check the sequence", &self.path);
        let tx = conn.unchecked_transaction().map_err(fail())?;
        let last: i64 = tx
            .query_row("SELECT v FROM meta WHERE k = 'sequence'", [], |row| row.get(0))
            .map_err(fail())?;
        let beyond = format!(
            "SELECT t, k, seq FROM ({FACTS}) WHERE seq > ?1 OR seq < 1 ORDER BY seq LIMIT 1000"
        );
        self.sequence_findings(found, &beyond, Some(last), "db.found_beyond")?;
        let twice = format!(
            "SELECT max(t), max(k), seq FROM ({FACTS}) GROUP BY seq HAVING count(*) > 1
             ORDER BY seq LIMIT 1000"
        );
        self.sequence_findings(found, &twice, None, "db.found_twice")
    }

    fn sequence_findings(
        &self,
        found: &mut Checked,
        sql: &str,
        last: Option<i64>,
        what: &'static str,
    ) -> Result<(), StoreError> {
        let fail = || schema::sql("check the sequence", &self.path);
        let mut statement = self.link.conn.prepare(sql).map_err(fail())?;
        let mut rows = statement.query(rusqlite::params_from_iter(last)).map_err(fail())?;
        while let Some(row) = rows.next().map_err(fail())? {
            let table: String = self.get(row.get(0))?;
            let key: Cell = self.get(row.get(1))?;
            let key = match key {
                Cell::Integer(number) => number.to_string(),
                Cell::Text(text) => text,
                _ => String::new(),
            };
            let seq: i64 = self.get(row.get(2))?;
            let mut finding = Finding::new("", key, what).with("seq", seq);
            if let Some(last) = last {
                finding = finding.with("last", last);
            }
            found.add(Finding { table: known_table(&table), ..finding });
        }
        Ok(())
    }

    fn check_events(&self, found: &mut Checked) -> Result<(), StoreError> {
        let kinds =
            self.rows("SELECT DISTINCT kind FROM event WHERE ?1", [Cell::Integer(1)], |row| {
                self.get(row.get::<_, String>(0))
            })?;
        let unknown = kinds.into_iter().filter(|kind| EventKind::from_word(kind).is_none());
        for kind in unknown {
            found.add(Finding::new("event", &kind, "db.found_kind"));
        }
        let broken = self.rows(
            "SELECT seq, at FROM event WHERE NOT json_valid(detail) LIMIT ?1",
            [Cell::Integer(1_000)],
            |row| Ok((self.get(row.get::<_, i64>(0))?, UnixMs(self.get(row.get(1))?))),
        )?;
        for (seq, at) in broken {
            found.add(Finding::new("event", seq, "db.found_detail").at(at));
        }
        Ok(())
    }

    fn check_chain(
        &self,
        found: &mut Checked,
        kept_from: UnixMs,
        told: &mut dyn FnMut(Progress),
    ) -> Result<(), StoreError> {
        let all = Span::new(UnixMs(i64::MIN), UnixMs(i64::MAX));
        let verified = self.verify(all, kept_from, &mut |done, of| {
            told(Progress { what: "db.step_chain", done, of });
        })?;
        found.links = verified.links;
        for flaw in verified.flaws {
            found.add(Finding::new("chain", flaw.n, chain_text(flaw.what)).at(flaw.day));
        }
        Ok(())
    }

    /// Names of all subjects by the series that belong to them.
    fn names_of_series(&self) -> Result<HashMap<u32, String>, StoreError> {
        let found = self.rows(
            "SELECT s.id, k.key FROM series s JOIN subject k ON k.id = s.subject WHERE ?1",
            [Cell::Integer(1)],
            |row| Ok((self.get(row.get(0))?, self.get(row.get(1))?)),
        )?;
        Ok(found.into_iter().collect())
    }
}

fn is_corrupt(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseCorrupt)
}

/// The text of the catalogue for what differs.
const fn chain_text(what: Differs) -> &'static str {
    match what {
        Differs::Order => "verify.order",
        Differs::Head => "verify.head",
        Differs::Samples => "verify.samples",
        Differs::Gone => "verify.gone",
        Differs::States => "verify.states",
        Differs::Events => "verify.events",
        Differs::Uncovered => "verify.uncovered",
    }
}

/// The table's name as a finding has it.
fn known_table(name: &str) -> Option<&'static str> {
    const TABLES: [&str; 13] = [
        "state",
        "event",
        "run",
        "incident",
        "maintenance",
        "baseline",
        "blind",
        "device_fact",
        "neighbour",
        "outbox",
        "series",
        "subject",
        "latest",
    ];
    TABLES.into_iter().find(|table| *table == name)
}

impl Differs {
    /// The sentence that says so: a key of the catalogue.
    #[must_use]
    pub const fn text(self) -> &'static str {
        chain_text(self)
    }
}
