//! What a migration does that SQL alone cannot.

use rusqlite::{Transaction, params};

use super::block::encode_row;
use super::codec::{decode_rtts, error_of};
use super::journal::insert;
use super::numbers::ROUNDS;
use crate::model::{Sample, UnixMs};

type Sql<T> = Result<T, rusqlite::Error>;

/// Samples that go into one row of the journal.
const ROW_SAMPLES: usize = 20_000;

/// From a row per sample (version 2) to the journal, from where they are sealed like any other.
/// What cannot be read is given up and told in the log.
pub(super) fn samples_into_journal(tx: &Transaction<'_>) -> Sql<()> {
    tx.execute(
        "INSERT INTO series (subject, kind, name)
         SELECT DISTINCT subject, ?1, CAST(chk AS TEXT) FROM sample ORDER BY 1, 3",
        [ROUNDS],
    )?;
    let mut given_up = 0_u64;
    let mut statement = tx.prepare(
        "SELECT s.hour, n.id, s.at, s.chk, s.sent, s.lost, s.error, s.rtts FROM sample s
         JOIN series n ON n.subject = s.subject AND n.kind = ?1 AND n.name = CAST(s.chk AS TEXT)
         ORDER BY s.hour, s.subject, s.at, s.chk",
    )?;
    let mut rows = statement.query(params![ROUNDS])?;
    let mut open: (i64, Vec<(u32, Sample)>) = (0, Vec::new());
    while let Some(row) = rows.next()? {
        let hour: i64 = row.get(0)?;
        if hour != open.0 || open.1.len() >= ROW_SAMPLES {
            write(tx, &mut open)?;
            open.0 = hour;
        }
        let error: Option<i64> = row.get(6)?;
        let rtts = decode_rtts(row.get_ref(7)?.as_blob()?);
        let (Some(rtts), true) = (rtts, error.is_none_or(|code| error_of(code).is_some())) else {
            given_up += 1;
            continue;
        };
        let sample = Sample {
            at: UnixMs(row.get(2)?),
            check: row.get(3)?,
            sent: row.get(4)?,
            lost: row.get(5)?,
            rtts,
            error: error.and_then(error_of),
        };
        open.1.push((row.get(1)?, sample));
    }
    write(tx, &mut open)?;
    drop(rows);
    drop(statement);
    if given_up > 0 {
        tracing::error!(given_up, "samples that could not be read were left behind");
    }
    tx.execute_batch("DROP TABLE sample")
}

fn write(tx: &Transaction<'_>, (hour, samples): &mut (i64, Vec<(u32, Sample)>)) -> Sql<()> {
    if samples.is_empty() {
        return Ok(());
    }
    samples.sort_by_key(|(series, sample)| (*series, sample.at));
    let newest = samples.iter().filter(|(_, s)| !s.is_invalid()).map(|(_, s)| s.at.0).max();
    let mut bytes = Vec::new();
    encode_row(samples, &mut bytes);
    insert(tx, *hour, samples.len(), newest, &bytes)?;
    samples.clear();
    Ok(())
}
