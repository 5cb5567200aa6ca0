//! Making a salvaged store hold what every store holds, though rows are missing: nothing speaks
//! of a subject or a series that has no name, states partition time, the sequence goes on above
//! every number that was given out.

use rusqlite::{Connection, params};

use super::content::{Content, Kind, Kinds, Value};
use super::fact::EventKind;
use super::journal::{HOUR_MS, hour_of, read_row};
use super::numbers::{series_of, slot_of};
use super::point_rollups;
use super::salvage::Salvaged;
use super::seal::DAY_MS;
use super::sketch::{HourSet, PointRollup, Rollup, decode_hours, decode_point_hours};
use super::unproven::unproven;
use crate::model::{PointKind, Span, State, UnixMs};

type Sql<T> = Result<T, rusqlite::Error>;

/// Rows that nobody can make sense of without the row they refer to.
const ORPHANS: [(&str, &str); 15] = [
    ("series", "subject NOT IN (SELECT id FROM subject)"),
    ("state", "subject NOT IN (SELECT id FROM subject)"),
    ("baseline", "subject NOT IN (SELECT id FROM subject)"),
    ("device_fact", "subject NOT IN (SELECT id FROM subject)"),
    ("neighbour", "subject NOT IN (SELECT id FROM subject)"),
    ("neighbour_look", "subject NOT IN (SELECT id FROM subject)"),
    ("latest", "subject NOT IN (SELECT id FROM subject)"),
    ("incident", "root NOT IN (SELECT id FROM subject)"),
    ("block", "key & 16777215 NOT IN (SELECT id FROM series)"),
    ("block_day", "key & 16777215 NOT IN (SELECT id FROM series)"),
    ("rollup_hour", "key & 16777215 NOT IN (SELECT id FROM series)"),
    ("rollup_hours", "key & 16777215 NOT IN (SELECT id FROM series)"),
    ("rollup_day", "key & 16777215 NOT IN (SELECT id FROM series)"),
    (point_rollups::HOURS, "key & 16777215 NOT IN (SELECT id FROM series)"),
    (point_rollups::DAYS, "key & 16777215 NOT IN (SELECT id FROM series)"),
];
/// The hours of a day together.
const PACKED: &str = "rollup_hours";
/// Samples and rollups.
const SAMPLES: [&str; 8] = [
    "journal",
    "block",
    "block_day",
    "rollup_hour",
    PACKED,
    "rollup_day",
    point_rollups::HOURS,
    point_rollups::DAYS,
];
/// Tables whose rows carry the number of the fact that wrote them.
const NUMBERED: [&str; 11] = [
    "event",
    "state",
    "run",
    "incident",
    "maintenance",
    "baseline",
    "blind",
    "outbox",
    "device_fact",
    "neighbour",
    "neighbour_look",
];

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
    check_samples(conn, found)?;
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
        // So have days whose link is lost.
        conn.execute(
            "INSERT OR IGNORE INTO amended (day)
             SELECT day FROM (SELECT day FROM chain UNION SELECT key >> 24 FROM block_day
                              UNION SELECT t1 / ?1 FROM state WHERE t1 >= 0)
             WHERE day <= (SELECT max(day) FROM chain)",
            [DAY_MS],
        )?;
        point_rollups::begin_anew(conn)?;
    }
    if found.may_lack_events() {
        found.unproven = unproven(conn)?;
    }
    let tables = [
        "state",
        "event",
        "incident",
        "maintenance",
        "run",
        "outbox",
        "blind",
        "device_fact",
        "neighbour",
    ];
    for table in tables.into_iter().chain(SAMPLES).chain(["chain"]) {
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

/// Leaves out what is whole, but not what belongs there: SQLite may have been led to a page of
/// another table, or of another day.
fn check_samples(conn: &Connection, found: &mut Salvaged) -> Sql<()> {
    let mut kinds = Kinds::default();
    kinds.refresh(conn)?;
    for table in SAMPLES {
        let mut strangers = Vec::new();
        let mut statement = conn.prepare(&format!("SELECT key, data FROM {table}"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let key: i64 = row.get(0)?;
            let data = row.get_ref(1)?.as_blob()?;
            let belongs = match table {
                "journal" => is_row_of(data, slot_of(key), &kinds),
                "block" => is_block_of(data, key, HOUR_MS, &kinds),
                "block_day" => is_block_of(data, key, DAY_MS, &kinds),
                PACKED => decode_hours(data, HourSet::MAX, |_, _| {}).is_ok(),
                point_rollups::HOURS => points_of(key, &kinds)
                    .is_some_and(|kind| decode_point_hours(kind, data).is_ok()),
                point_rollups::DAYS => {
                    points_of(key, &kinds).is_some_and(|k| PointRollup::decode(k, data).is_ok())
                }
                _ => Rollup::decode(data).is_ok(),
            };
            if !belongs {
                strangers.push(key);
            }
        }
        if !strangers.is_empty() {
            *found.refused.entry(table.to_owned()).or_default() += strangers.len() as u64;
        }
        let mut delete = conn.prepare(&format!("DELETE FROM {table} WHERE key = ?1"))?;
        for key in strangers {
            delete.execute([key])?;
        }
    }
    Ok(())
}

/// What a series counts or shows; `None` of rounds.
fn points_of(key: i64, kinds: &Kinds) -> Option<PointKind> {
    match kinds.of(series_of(key))? {
        Kind::Points(kind) => Some(kind),
        Kind::Rounds(_) => None,
    }
}

fn is_row_of(data: &[u8], hour: i64, kinds: &Kinds) -> bool {
    let mut belongs = true;
    let read = read_row(data, &(0..u32::MAX), &mut |series, value| {
        belongs &= match (value, kinds.of(series)) {
            (Value::Round(sample), Some(Kind::Rounds(_))) => hour_of(sample.at.0) == hour,
            (Value::Point(point), Some(Kind::Points(_))) => hour_of(point.at.0) == hour,
            // Left out when it is sealed.
            (_, None) => true,
            _ => false,
        };
    });
    read.is_ok() && belongs
}

fn is_block_of(data: &[u8], key: i64, slot_ms: i64, kinds: &Kinds) -> bool {
    let Some(kind) = kinds.of(series_of(key)) else { return false };
    let mut content = Content::empty(kind);
    let from = UnixMs(slot_of(key).saturating_mul(slot_ms));
    let span = Span::new(from, UnixMs(from.0.saturating_add(slot_ms)));
    content.add_block(kind, data).is_ok()
        && match content {
            Content::Rounds(all) => all.iter().all(|s| span.contains(s.at)),
            Content::Points(_, all) => all.iter().all(|p| span.contains(p.at)),
        }
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
