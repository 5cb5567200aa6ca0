//! Facts and samples → rows, in one transaction.

mod kept;
mod neighbours;
mod said;

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use super::chain::mark_amended;
use super::codec::state_code;
use super::fact::{Event, Fact, Reading};
use super::journal;
use super::numbers::Numbers;
use super::seal::DAY_MS;
use crate::model::{Span, State, StateInterval, SubjectId, UnixMs};

type Sql<T> = Result<T, rusqlite::Error>;

/// Writes batches and remembers the numbers of subjects and the run between them.
#[derive(Debug)]
pub(super) struct Applier {
    started: UnixMs,
    pid: u32,
    run: Option<i64>,
    numbers: Numbers,
    ends: journal::Ends,
}

impl Applier {
    /// Of a run that started at `started`.
    pub(super) fn new(started: UnixMs, pid: u32) -> Self {
        let (numbers, ends) = (Numbers::default(), journal::Ends::default());
        Self { started, pid, run: None, numbers, ends }
    }

    /// Commits `facts` and `samples` together. With `isolate`, a fact that SQLite refuses for
    /// what it is (not for the state of the disk) is left out and described in the answer.
    ///
    /// # Errors
    /// SQLite's; nothing was written then.
    pub(super) fn commit(
        &mut self,
        conn: &mut Connection,
        facts: &[Fact],
        samples: &[(SubjectId, Reading)],
        isolate: bool,
    ) -> Sql<Vec<String>> {
        let written = self.commit_or_not(conn, facts, samples, isolate);
        match written {
            Ok((run, refused)) => {
                self.run = run;
                Ok(refused)
            }
            Err(error) => {
                // Numbers given in the transaction are gone with it.
                self.numbers.forget();
                Err(error)
            }
        }
    }

    fn commit_or_not(
        &mut self,
        conn: &mut Connection,
        facts: &[Fact],
        samples: &[(SubjectId, Reading)],
        isolate: bool,
    ) -> Sql<(Option<i64>, Vec<String>)> {
        let mut tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut run = self.run;
        let mut refused = Vec::new();
        if !facts.is_empty() {
            let mut seq = last_sequence(&tx)?;
            for fact in facts {
                seq += 1;
                if isolate {
                    let mut point = tx.savepoint()?;
                    match self.write_fact(&point, fact, seq, &mut run) {
                        Ok(()) => point.commit()?,
                        Err(error) if is_of_the_disk(&error) => return Err(error),
                        Err(error) => {
                            refused.push(format!("{error}: {fact:?}"));
                            self.numbers.forget();
                            point.rollback()?;
                        }
                    }
                } else {
                    self.write_fact(&tx, fact, seq, &mut run)?;
                }
            }
            tx.prepare_cached("UPDATE meta SET v = ?1 WHERE k = 'sequence'")?.execute([seq])?;
        }
        journal::append(&tx, &mut self.numbers, &mut self.ends, samples)?;
        tx.commit()?;
        Ok((run, refused))
    }

    /// The file is another one now: what was remembered of the last counts no more.
    ///
    /// # Errors
    /// SQLite's.
    pub(super) fn begin_anew(&mut self, conn: &Connection) -> Sql<()> {
        self.numbers.forget();
        self.ends.forget();
        if let Some(run) = self.run {
            let is_there =
                conn.query_row("SELECT 1 FROM run WHERE id = ?1", [run], |_| Ok(())).optional()?;
            self.run = is_there.map(|()| run);
        }
        Ok(())
    }

    /// Marks the run as stopped in order, at its last sign of life.
    pub(super) fn stop(&self, conn: &Connection) -> Sql<()> {
        if let Some(run) = self.run {
            conn.execute("UPDATE run SET stopped = alive WHERE id = ?1", [run])?;
        }
        Ok(())
    }

    fn write_fact(
        &mut self,
        tx: &Connection,
        fact: &Fact,
        seq: i64,
        run: &mut Option<i64>,
    ) -> Sql<()> {
        match fact {
            Fact::Intervals { subject, from, intervals } => {
                let subject = self.number_of(tx, subject)?;
                self.replace(tx, subject, *from, intervals, seq)
            }
            Fact::Event(Event { at, kind, subject, detail }) => {
                let subject = subject.as_ref().map(|s| self.number_of(tx, s)).transpose()?;
                tx.prepare_cached(
                    "INSERT INTO event (seq, at, kind, subject, detail) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![seq, at.0, kind.as_str(), subject, detail.to_string()])?;
                Ok(())
            }
            Fact::Alive { at } => {
                if let Some(run) = *run {
                    tx.prepare_cached(
                        "UPDATE run SET alive = max(alive, ?2), seq = ?3 WHERE id = ?1",
                    )?
                    .execute([run, at.0, seq])?;
                } else {
                    tx.prepare_cached(
                        "INSERT INTO run (seq, started, alive, pid) VALUES (?1, ?2, max(?2, ?3), ?4)",
                    )?
                    .execute(params![seq, self.started.0, at.0, self.pid])?;
                    *run = Some(tx.last_insert_rowid());
                }
                Ok(())
            }
            Fact::Incident(kept) => self.incident(tx, kept, seq),
            Fact::Maintenance(work, announced_at) => kept::announce(tx, work, *announced_at, seq),
            Fact::MaintenanceEnded { id, at } => kept::end_maintenance(tx, id, *at, seq),
            Fact::Message(message) => super::message::write(tx, message, seq),
            Fact::Said { subject, sightings } => self.said(tx, subject, sightings, seq),
            Fact::Neighbours { subject, looked, seen } => {
                self.neighbours(tx, subject, *looked, seen, seq)
            }
            Fact::Baseline { subject, hour, usual_us, rounds } => {
                self.baseline(tx, subject, (*hour, *usual_us, *rounds), seq)
            }
            Fact::Blind { carrier, since, until } => {
                kept::blind(tx, carrier.as_ref(), *since, *until, seq)
            }
        }
    }

    fn replace(
        &mut self,
        tx: &Connection,
        subject: i64,
        from: UnixMs,
        intervals: &[StateInterval],
        seq: i64,
    ) -> Sql<()> {
        mark_amended(tx, from.0.div_euclid(DAY_MS)..=i64::MAX)?;
        tx.prepare_cached("DELETE FROM state WHERE subject = ?1 AND t0 >= ?2")?
            .execute([subject, from.0])?;
        let before: Option<(i64, Option<i64>)> = tx
            .prepare_cached("SELECT t0, t1 FROM state WHERE subject = ?1 ORDER BY t0 DESC LIMIT 1")?
            .query_row([subject], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let mut recorded_until = None;
        if let Some((t0, t1)) = before {
            let end = t1.unwrap_or(i64::MAX).min(from.0);
            if t1 != Some(end) {
                tx.prepare_cached(
                    "UPDATE state SET t1 = ?3, seq = ?4 WHERE subject = ?1 AND t0 = ?2",
                )?
                .execute([subject, t0, end, seq])?;
            }
            recorded_until = Some(UnixMs(end));
        }
        let mut insert = tx.prepare_cached(
            "INSERT INTO state (subject, t0, t1, state, cause, seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        for interval in partition(recorded_until, from, intervals) {
            let cause = interval.cause.as_ref().map(|c| self.number_of(tx, c)).transpose()?;
            insert.execute(params![
                subject,
                interval.from.0,
                interval.to.map(|t| t.0),
                state_code(interval.state),
                cause,
                seq
            ])?;
        }
        Ok(())
    }

    fn number_of(&mut self, tx: &Connection, subject: &SubjectId) -> Sql<i64> {
        self.numbers.subject(tx, subject)
    }
}

fn last_sequence(tx: &Connection) -> Sql<i64> {
    tx.prepare_cached("SELECT v FROM meta WHERE k = 'sequence'")?.query_row([], |row| row.get(0))
}

/// True when the error lies with the disk or another process, so that the same rows may be
/// accepted later.
pub(super) fn is_of_the_disk(error: &rusqlite::Error) -> bool {
    !matches!(
        error.sqlite_error_code(),
        None | Some(
            rusqlite::ErrorCode::ConstraintViolation
                | rusqlite::ErrorCode::TypeMismatch
                | rusqlite::ErrorCode::TooBig
                | rusqlite::ErrorCode::ApiMisuse
                | rusqlite::ErrorCode::ParameterOutOfRange
        )
    )
}

/// What to insert so that time stays partitioned: `intervals` from `from` on, overlaps cut in
/// favour of the later interval, holes (also the one after `recorded_until`, where the record
/// before ends) filled with unmeasured.
pub(super) fn partition(
    recorded_until: Option<UnixMs>,
    from: UnixMs,
    intervals: &[StateInterval],
) -> Vec<StateInterval> {
    let mut sorted: Vec<&StateInterval> = intervals.iter().collect();
    sorted.sort_by_key(|i| i.from);
    let mut found: Vec<StateInterval> = Vec::with_capacity(sorted.len());
    let mut until = recorded_until;
    for (n, interval) in sorted.iter().enumerate() {
        let start = interval.from.max(from);
        let next = sorted.get(n + 1).map(|i| i.from.max(from));
        let end = match (interval.to, next) {
            (Some(to), Some(next)) => Some(to.min(next)),
            (to, next) => to.or(next),
        };
        if end.is_some_and(|end| Span::new(start, end).is_empty()) {
            continue;
        }
        if let Some(hole) = until.filter(|t| *t < start) {
            found.push(StateInterval {
                from: hole,
                to: Some(start),
                state: State::Unmeasured,
                cause: None,
            });
        }
        found.push(StateInterval { from: start, to: end, ..(*interval).clone() });
        until = end;
    }
    found
}
