//! What devices say they are → rows: a value is one row from when it was first seen until another one
//! came, however often it was said.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Applier, Sql};
use crate::model::SubjectId;
use crate::store::fact::Sighting;

/// Values kept of one fact of one device: a text with a clock in it is another one every time.
const VALUES_MAX: i64 = 100;

impl Applier {
    pub(super) fn said(
        &mut self,
        tx: &Connection,
        subject: &SubjectId,
        sightings: &[Sighting],
        seq: i64,
    ) -> Sql<()> {
        let subject = self.number_of(tx, subject)?;
        for Sighting { key, value, first, last } in sightings {
            let newest: Option<(i64, String)> = tx
                .prepare_cached(
                    "SELECT first_seen, value FROM device_fact WHERE subject = ?1 AND key = ?2
                     ORDER BY first_seen DESC LIMIT 1",
                )?
                .query_row(params![subject, &**key], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            match newest {
                Some((known, said)) if *said == **value => {
                    tx.prepare_cached(
                        "UPDATE device_fact SET last_seen = max(last_seen, ?4), seq = ?5
                         WHERE subject = ?1 AND key = ?2 AND first_seen = ?3",
                    )?
                    .execute(params![subject, &**key, known, last.0, seq])?;
                }
                newest => {
                    // A clock that was set back must not put it before what it followed.
                    let first = newest.map_or(first.0, |(known, _)| first.0.max(known + 1));
                    tx.prepare_cached(
                        "INSERT INTO device_fact (subject, key, value, first_seen, last_seen, seq)
                         VALUES (?1, ?2, ?3, ?4, max(?4, ?5), ?6)",
                    )?
                    .execute(params![subject, &**key, &**value, first, last.0, seq])?;
                    tx.prepare_cached(
                        "DELETE FROM device_fact WHERE subject = ?1 AND key = ?2 AND first_seen <=
                         (SELECT first_seen FROM device_fact WHERE subject = ?1 AND key = ?2
                          ORDER BY first_seen DESC LIMIT 1 OFFSET ?3)",
                    )?
                    .execute(params![subject, &**key, VALUES_MAX])?;
                }
            }
        }
        Ok(())
    }
}
