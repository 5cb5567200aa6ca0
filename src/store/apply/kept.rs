//! Incidents, announced work, usual round-trip times and stretches of blindness → rows. Each is
//! written whole over what was there under its key.

use rusqlite::{Connection, params};

use super::{Applier, Sql, state_code};
use crate::model::{
    CarrierId, Id, KeptIncident, Maintenance, Recurrence, SubjectId, UnixMs, WorkHours,
};
use crate::store::codec::scope_of;

impl Applier {
    pub(super) fn incident(&mut self, tx: &Connection, kept: &KeptIncident, seq: i64) -> Sql<()> {
        let root = self.number_of(tx, &kept.root)?;
        let ack = kept.ack.as_ref();
        tx.prepare_cached(
            "INSERT OR REPLACE INTO incident
             (id, root, opened, since, closed, state, merged_into, split_from, told, told_at,
              ack_by, ack_note, ack_at, ack_until, seq)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            kept.id.as_str(),
            root,
            kept.opened.0,
            kept.since.0,
            kept.closed.map(|t| t.0),
            state_code(kept.state),
            kept.merged_into.as_ref().map(|i| i.as_str()),
            kept.split_from.as_ref().map(|i| i.as_str()),
            kept.told.map(|t| t.as_str()),
            kept.told_at.map(|t| t.0),
            ack.map(|a| a.by.as_str()),
            ack.map(|a| a.note.as_str()),
            ack.map(|a| a.at.0),
            ack.and_then(|a| a.until).map(|t| t.0),
            seq
        ])?;
        Ok(())
    }

    pub(super) fn baseline(
        &mut self,
        tx: &Connection,
        subject: &SubjectId,
        (hour, usual_us, rounds): (u8, u32, u32),
        seq: i64,
    ) -> Sql<()> {
        let subject = self.number_of(tx, subject)?;
        tx.prepare_cached(
            "INSERT OR REPLACE INTO baseline (subject, hour, usual_us, rounds, seq)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![subject, hour, usual_us, rounds, seq])?;
        Ok(())
    }
}

/// What recurs by a calendar that is no [`Recurrence`] lives in the inventory: refused, as SQLite
/// refuses what breaks a constraint.
pub(super) fn announce(
    tx: &Connection,
    work: &Maintenance,
    announced_at: UnixMs,
    seq: i64,
) -> Sql<()> {
    let (span, every) = match &work.hours {
        WorkHours::Once(span) => (*span, None),
        WorkHours::Recurring(calendar, life) => {
            let known = Recurrence::of(calendar).zip(calendar.zone.iana_name());
            let why = "recurring maintenance by a calendar is not kept in the store";
            let refused = || rusqlite::Error::ToSqlConversionFailure(why.into());
            (*life, Some(known.ok_or_else(refused)?))
        }
    };
    let (every, zone) = (every.map(|(e, _)| e.to_string()), every.map(|(_, zone)| zone));
    let (scope, target) = scope_of(&work.on);
    tx.prepare_cached(
        "INSERT OR REPLACE INTO maintenance
         (id, scope, target, t0, t1, \"by\", note, announced_at, ended_at, seq, every, zone)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL, ?9, ?10, ?11)",
    )?
    .execute(params![
        work.id.as_str(),
        scope,
        target,
        span.from.0,
        span.to.0,
        work.by,
        work.note,
        announced_at.0,
        seq,
        every,
        zone
    ])?;
    Ok(())
}

pub(super) fn end_maintenance(tx: &Connection, id: &Id, at: UnixMs, seq: i64) -> Sql<()> {
    tx.prepare_cached("UPDATE maintenance SET ended_at = ?2, seq = ?3 WHERE id = ?1")?
        .execute(params![id.as_str(), at.0, seq])?;
    Ok(())
}

/// A clock that was set back meanwhile makes a stretch of no length, never a negative one.
pub(super) fn blind(
    tx: &Connection,
    carrier: Option<&CarrierId>,
    since: UnixMs,
    until: Option<UnixMs>,
    seq: i64,
) -> Sql<()> {
    tx.prepare_cached(
        "INSERT INTO blind (t0, t1, carrier, seq) VALUES (?1, max(?1, ?2), ?3, ?4)
         ON CONFLICT (t0, coalesce(carrier, '')) DO UPDATE SET t1 = excluded.t1, seq = excluded.seq",
    )?
    .execute(params![since.0, until.map(|t| t.0), carrier.map(|c| c.as_str()), seq])?;
    Ok(())
}
