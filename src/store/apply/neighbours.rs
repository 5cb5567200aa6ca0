//! What devices see beside them → rows: one for each neighbour, however often it was seen. While
//! it is there its last time is that of the last look.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Applier, Sql};
use crate::model::{Beside, Neighbour, Seeing, SubjectId, UnixMs};
use crate::store::neighbour::{ADDRESSES_MAX, CABLES_MAX, GONE_MAX};

/// Most rows of a device that are there.
const THERE_MAX: i64 = (CABLES_MAX + ADDRESSES_MAX) as i64;

/// A row that is there.
struct Known {
    id: i64,
    first: i64,
    is_there: bool,
    description: Option<String>,
}

impl Applier {
    pub(super) fn neighbours(
        &mut self,
        tx: &Connection,
        subject: &SubjectId,
        looked: Option<UnixMs>,
        seen: &[Beside],
        seq: i64,
    ) -> Sql<()> {
        let subject = self.number_of(tx, subject)?;
        let before: Option<i64> = tx
            .prepare_cached("SELECT at FROM neighbour_look WHERE subject = ?1")?
            .query_row([subject], |row| row.get(0))
            .optional()?;
        let known = known(tx, subject)?;
        let mut touched = HashSet::with_capacity(seen.len());
        for beside in seen {
            match known.get(&beside.who) {
                Some(row) => {
                    touched.insert(row.id);
                    see_again(tx, row, beside, seq)?;
                }
                None => insert(tx, subject, beside, seq)?,
            }
        }
        if let Some(at) = looked {
            let gone = known.values().filter(|row| row.is_there && !touched.contains(&row.id));
            for row in gone {
                let last = before.unwrap_or(row.first).max(row.first);
                close(tx, row.id, last, seq)?;
            }
            tx.prepare_cached(
                "INSERT INTO neighbour_look (subject, at, seq) VALUES (?1, ?2, ?3)
                 ON CONFLICT (subject) DO UPDATE SET at = excluded.at, seq = excluded.seq",
            )?
            .execute([subject, at.0, seq])?;
        }
        // Looks that break off count nobody as gone: whoever was first seen longest ago gives way.
        tx.prepare_cached(
            "UPDATE neighbour SET last_seen = MAX(first_seen, ?2), seq = ?3 WHERE id IN
             (SELECT id FROM neighbour WHERE subject = ?1 AND last_seen IS NULL
              ORDER BY first_seen DESC, id DESC LIMIT -1 OFFSET ?4)",
        )?
        .execute(params![subject, before.unwrap_or(0), seq, THERE_MAX])?;
        tx.prepare_cached(
            "DELETE FROM neighbour WHERE id IN
             (SELECT id FROM neighbour WHERE subject = ?1 AND last_seen IS NOT NULL
              ORDER BY last_seen DESC, id DESC LIMIT -1 OFFSET ?2)",
        )?
        .execute(params![subject, i64::try_from(GONE_MAX).unwrap_or(i64::MAX)])?;
        Ok(())
    }
}

/// All rows of a device.
fn known(tx: &Connection, subject: i64) -> Sql<HashMap<Neighbour, Known>> {
    let mut statement = tx.prepare_cached(
        "SELECT id, protocol, local_port, name, chassis, port, address, description, first_seen,
                last_seen IS NULL FROM neighbour WHERE subject = ?1",
    )?;
    let mut rows = statement.query([subject])?;
    let mut known = HashMap::new();
    while let Some(row) = rows.next()? {
        let text = |column| row.get::<_, Option<String>>(column);
        let protocol: String = row.get(1)?;
        let address = text(6)?;
        // What another version wrote under a word of its own is left as it is.
        let Some(protocol) = Seeing::from_word(&protocol) else { continue };
        let who = Neighbour {
            protocol,
            local_port: text(2)?.map(Into::into),
            name: text(3)?.map(Into::into),
            chassis: text(4)?.map(Into::into),
            port: text(5)?.map(Into::into),
            address: address.and_then(|address| address.parse().ok()),
        };
        let row = Known {
            id: row.get(0)?,
            description: text(7)?,
            first: row.get(8)?,
            is_there: row.get(9)?,
        };
        known.insert(who, row);
    }
    Ok(known)
}

/// Writes only what is another thing than before: most look as they did.
fn see_again(tx: &Connection, row: &Known, beside: &Beside, seq: i64) -> Sql<()> {
    if row.description.as_deref() != beside.description.as_deref() {
        tx.prepare_cached("UPDATE neighbour SET description = ?2, seq = ?3 WHERE id = ?1")?
            .execute(params![row.id, beside.description.as_deref(), seq])?;
    }
    match (row.is_there, beside.is_there) {
        (true, true) => Ok(()),
        (false, true) => tx
            .prepare_cached("UPDATE neighbour SET last_seen = NULL, seq = ?2 WHERE id = ?1")?
            .execute([row.id, seq])
            .map(|_| ()),
        (_, false) => close(tx, row.id, beside.last.0.max(row.first), seq),
    }
}

fn close(tx: &Connection, id: i64, last: i64, seq: i64) -> Sql<()> {
    tx.prepare_cached("UPDATE neighbour SET last_seen = ?2, seq = ?3 WHERE id = ?1")?
        .execute([id, last, seq])
        .map(|_| ())
}

fn insert(tx: &Connection, subject: i64, beside: &Beside, seq: i64) -> Sql<()> {
    let Beside { who, description, first, last, is_there } = beside;
    let last = (!is_there).then(|| last.0.max(first.0));
    tx.prepare_cached(
        "INSERT INTO neighbour (subject, protocol, local_port, name, chassis, port, address,
                                description, first_seen, last_seen, seq)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute(params![
        subject,
        who.protocol.as_str(),
        who.local_port.as_deref(),
        who.name.as_deref(),
        who.chassis.as_deref(),
        who.port.as_deref(),
        who.address.map(|address| address.to_string()),
        description.as_deref(),
        first.0,
        last,
        seq
    ])
    .map(|_| ())
}
