//! Making a salvaged store hold what every store holds, though rows are missing: nothing speaks
//! of a subject or a series that has no name, states partition time, the sequence goes on above
//! every number that was given out.

use rusqlite::{Connection, params};

use super::fact::EventKind;
use super::salvage::Salvaged;
use crate::model::{State, UnixMs};

type Sql<T> = Result<T, rusqlite::Error>;

/// Rows that nobody can make sense of without the row they refer to.
const ORPHANS: [(&str, &str); 9] = [
    ("series", "subject NOT IN (SELECT id FROM subject)"),
    ("state", "subject NOT IN (SELECT id FROM subject)"),
    ("baseline", "subject NOT IN (SELECT id FROM subject)"),
    ("latest", "subject NOT IN (SELECT id FROM subject)"),
    ("incident", "root NOT IN (SELECT id FROM subject)"),
    ("block", "key & 16777215 NOT IN (SELECT id FROM series)"),
    ("block_day", "key & 16777215 NOT IN (SELECT id FROM series)"),
    ("rollup_hour", "key & 16777215 NOT IN (SELECT id FROM series)"),
    ("rollup_day", "key & 16777215 NOT IN (SELECT id FROM series)"),
];
/// Tables whose rows carry the number of the fact that wrote them.
const NUMBERED: [&str; 8] =
    ["event", "state", "run", "incident", "maintenance", "baseline", "blind", "outbox"];

/// Puts the salvaged rows in order, counts them, and records what happened at `now`.
///
/// # Errors
/// SQLite's.
pub(super) fn repair(conn: &Connection, found: &mut Salvaged, now: UnixMs) -> Sql<()> {
    for (table, condition) in ORPHANS {
        let gone = conn.execute(&format!("DELETE FROM {table} WHERE {condition}"), [])?;
        if gone > 0 {
            *found.refused.entry(table.to_owned()).or_default() += gone as u64;
        }
    }
    conn.execute_batch(
        "UPDATE event SET subject = NULL WHERE subject NOT IN (SELECT id FROM subject);
         UPDATE state SET cause = NULL WHERE cause NOT IN (SELECT id FROM subject);",
    )?;
    let mut seq: i64 =
        conn.query_row("SELECT v FROM meta WHERE k = 'sequence'", [], |row| row.get(0))?;
    for table in NUMBERED {
        let largest: Option<i64> =
            conn.query_row(&format!("SELECT max(seq) FROM {table}"), [], |row| row.get(0))?;
        seq = seq.max(largest.unwrap_or(0));
    }
    let chained: Option<i64> =
        conn.query_row("SELECT max(last_event) FROM chain", [], |row| row.get(0))?;
    seq = seq.max(chained.unwrap_or(0));
    partition(conn, seq)?;
    if found.is_lossy() {
        // What was sealed may have lost something: the chain has to say so.
        conn.execute("INSERT OR IGNORE INTO amended (day) SELECT DISTINCT day FROM chain", [])?;
    }
    let tables = ["state", "event", "incident", "maintenance", "run", "outbox", "blind"];
    let samples = ["journal", "block", "block_day", "rollup_hour", "rollup_day", "chain"];
    for table in tables.into_iter().chain(samples) {
        let rows: i64 =
            conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?;
        found.kept.insert(table.to_owned(), rows.unsigned_abs());
    }
    seq += 1;
    conn.execute(
        "INSERT INTO event (seq, at, kind, subject, detail) VALUES (?1, ?2, ?3, NULL, ?4)",
        params![seq, now.0, EventKind::Trouble.as_str(), found.as_json().to_string()],
    )?;
    conn.execute("UPDATE meta SET v = ?1 WHERE k = 'sequence'", [seq])?;
    Ok(())
}

/// Cuts what overlaps in favour of the later interval and records a hole as unmeasured.
fn partition(conn: &Connection, seq: i64) -> Sql<()> {
    let code = super::codec::state_code(State::Unmeasured);
    // An interval that does not end where the next begins.
    let apart = "SELECT subject, t0, t1, next FROM
         (SELECT subject, t0, t1, lead(t0) OVER (PARTITION BY subject ORDER BY t0) AS next
          FROM state) WHERE next IS NOT NULL AND t1 IS NOT next";
    let mut statement = conn.prepare(apart)?;
    let found = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<Sql<Vec<(i64, i64, Option<i64>, i64)>>>()?;
    for (subject, from, to, next) in found {
        match to.filter(|to| *to < next) {
            Some(hole) => conn.execute(
                "INSERT INTO state (subject, t0, t1, state, cause, seq)
                 VALUES (?1, ?2, ?3, ?4, NULL, ?5)",
                params![subject, hole, next, code, seq],
            )?,
            None => conn.execute(
                "UPDATE state SET t1 = ?3 WHERE subject = ?1 AND t0 = ?2",
                [subject, from, next],
            )?,
        };
    }
    Ok(())
}
