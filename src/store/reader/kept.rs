//! What a daemon that starts again must know besides states, and what reports ask of announced
//! work and blindness.

use std::collections::{BTreeMap, HashMap};

use jiff::tz::TimeZone;
use rusqlite::Row;
use rusqlite::types::Value;

use super::Reader;
use super::records::Names;
use crate::model::{
    Ack, CarrierId, Id, IncidentId, KeptIncident, Maintenance, Recurrence, Span, SubjectId, Told,
    UnixMs, WorkHours, WorkedOn,
};
use crate::store::StoreError;
use crate::store::codec::worked_on;

/// Hours of a day.
const HOURS: usize = 24;

/// What a subject's rounds usually take at one hour of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usual {
    /// Round-trip time in microseconds.
    pub us: u32,
    /// How many rounds that rests on.
    pub rounds: u32,
}

/// A stretch in which the patrol could not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blind {
    /// Through whom it could not; `None`: not at all.
    pub carrier: Option<CarrierId>,
    /// From when.
    pub since: UnixMs,
    /// Until when; `None` while it lasts, and for ever where the daemon died blind.
    pub until: Option<UnixMs>,
}

impl Reader {
    /// The incidents that are not closed, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn open_incidents(&self) -> Result<Vec<KeptIncident>, StoreError> {
        self.rows(
            "SELECT i.id, k.key, i.opened, i.since, i.closed, i.state, i.told, i.told_at,
                    i.ack_by, i.ack_note, i.ack_at, i.ack_until, i.split_from, i.merged_into
             FROM incident i JOIN subject k ON k.id = i.root
             WHERE i.closed IS NULL ORDER BY i.opened, i.id",
            [],
            |row| self.incident(row),
        )
    }

    /// The incidents that became parts of these, also of their parts, each with the one that it was
    /// merged into.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn parts_of(
        &self,
        heirs: &[IncidentId],
    ) -> Result<Vec<(IncidentId, IncidentId)>, StoreError> {
        let merged = self.merged()?;
        let mut of: HashMap<&IncidentId, Vec<&IncidentId>> = HashMap::new();
        for (part, heir) in &merged {
            of.entry(heir).or_default().push(part);
        }
        let mut found = Vec::new();
        let mut next: Vec<&IncidentId> = heirs.iter().collect();
        while let Some(heir) = next.pop() {
            // Taken out: a circle ends here.
            for part in of.remove(heir).unwrap_or_default() {
                found.push((part.clone(), heir.clone()));
                next.push(part);
            }
        }
        Ok(found)
    }

    /// What an incident has become a part of, at last; `None` of one that has not, or that the store
    /// does not know.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn heir_of(&self, incident: &IncidentId) -> Result<Option<IncidentId>, StoreError> {
        let mut merged: HashMap<IncidentId, IncidentId> = self.merged()?.into_iter().collect();
        let mut last = incident.clone();
        while let Some(heir) = merged.remove(&last) {
            last = heir;
        }
        Ok((last != *incident).then_some(last))
    }

    fn merged(&self) -> Result<Vec<(IncidentId, IncidentId)>, StoreError> {
        self.rows(
            "SELECT id, merged_into FROM incident WHERE merged_into IS NOT NULL ORDER BY opened, id",
            [],
            |row| {
                let name = |n| -> Result<IncidentId, StoreError> {
                    Ok(IncidentId::from_stored(&self.get(row.get::<_, String>(n))?))
                };
                Ok((name(0)?, name(1)?))
            },
        )
    }

    /// The incidents that were open at some time of `window`, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn incidents(&self, window: Span) -> Result<Vec<KeptIncident>, StoreError> {
        self.rows(
            "SELECT i.id, k.key, i.opened, i.since, i.closed, i.state, i.told, i.told_at,
                    i.ack_by, i.ack_note, i.ack_at, i.ack_until, i.split_from, i.merged_into
             FROM incident i JOIN subject k ON k.id = i.root
             WHERE i.opened < ?2 AND (i.closed IS NULL OR i.closed > ?1)
             ORDER BY i.opened, i.id",
            [Value::Integer(window.from.0), window.to.0.into()],
            |row| self.incident(row),
        )
    }

    fn incident(&self, row: &Row<'_>) -> Result<KeptIncident, StoreError> {
        let instant = |n| -> Result<Option<UnixMs>, StoreError> {
            Ok(self.get(row.get::<_, Option<i64>>(n))?.map(UnixMs))
        };
        let word = |n| self.get(row.get::<_, Option<String>>(n));
        let name =
            |n| -> Result<_, StoreError> { Ok(word(n)?.map(|t| IncidentId::from_stored(&t))) };
        let told = word(6)?
            .map(|w| Told::from_word(&w).ok_or_else(|| self.corrupt("word of what was told", &w)));
        let ack = match (word(8)?, instant(10)?) {
            (Some(by), Some(at)) => {
                Some(Ack { by, note: word(9)?.unwrap_or_default(), at, until: instant(11)? })
            }
            _ => None,
        };
        Ok(KeptIncident {
            id: IncidentId::from_stored(&self.get(row.get::<_, String>(0))?),
            root: self.subject(row.get(1))?,
            opened: UnixMs(self.get(row.get(2))?),
            since: UnixMs(self.get(row.get(3))?),
            closed: instant(4)?,
            state: self.state(row.get(5))?,
            told: told.transpose()?,
            told_at: instant(7)?,
            ack,
            split_from: name(12)?,
            merged_into: name(13)?,
        })
    }

    /// The announced work that touches `window`, of what recurs with its whole life, unclipped, by its
    /// beginning. What was
    /// ended early ends then; what was called off before it began is left out.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn maintenance(&self, window: Span) -> Result<Vec<Maintenance>, StoreError> {
        self.rows(
            "SELECT id, scope, target, t0, min(t1, coalesce(ended_at, t1)) AS e, \"by\", note,
                    every, zone
             FROM maintenance WHERE t0 < ?2 AND e > ?1 AND e > t0 ORDER BY t0, id",
            [Value::Integer(window.from.0), window.to.0.into()],
            |row| {
                let id: String = self.get(row.get(0))?;
                let span = Span::new(UnixMs(self.get(row.get(3))?), UnixMs(self.get(row.get(4))?));
                let id = Id::new(&id).map_err(|_| self.corrupt("maintenance's id", &id))?;
                Ok(Maintenance {
                    on: self.worked_on(row)?,
                    hours: self.work_hours(row, &id, span)?,
                    id,
                    by: self.get(row.get(5))?,
                    note: self.get(row.get(6))?,
                })
            },
        )
    }

    fn work_hours(&self, row: &Row<'_>, id: &Id, life: Span) -> Result<WorkHours, StoreError> {
        let every: Option<String> = self.get(row.get(7))?;
        let zone: Option<String> = self.get(row.get(8))?;
        let (Some(every), Some(zone)) = (every, zone) else { return Ok(WorkHours::Once(life)) };
        let wrong = || self.corrupt("maintenance's recurrence", &format!("{every} {zone}"));
        let parsed: Recurrence = every.parse().map_err(|_| wrong())?;
        let zone = TimeZone::get(&zone).map_err(|_| wrong())?;
        let calendar = parsed.calendar(id.clone().into(), zone);
        Ok(WorkHours::Recurring(Box::new(calendar), life))
    }

    fn worked_on(&self, row: &Row<'_>) -> Result<WorkedOn, StoreError> {
        let scope: String = self.get(row.get(1))?;
        let target: String = self.get(row.get(2))?;
        worked_on(&scope, &target)
            .ok_or_else(|| self.corrupt("maintenance's target", &format!("{scope} {target}")))
    }

    /// The usual round-trip times, by subject and hour of the day.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn baselines(&self) -> Result<BTreeMap<SubjectId, [Option<Usual>; HOURS]>, StoreError> {
        let mut found: BTreeMap<SubjectId, [Option<Usual>; HOURS]> = BTreeMap::new();
        let rows: Vec<(i64, u8, Usual)> = self.rows(
            "SELECT subject, hour, usual_us, rounds FROM baseline ORDER BY subject, hour",
            [],
            |row| {
                let usual = Usual { us: self.get(row.get(2))?, rounds: self.get(row.get(3))? };
                Ok((self.get(row.get(0))?, self.get(row.get::<_, u8>(1))?, usual))
            },
        )?;
        // Nothing is learnt unless it is asked for.
        if rows.is_empty() {
            return Ok(found);
        }
        let mut names = Names::new(self.subjects(None)?);
        for of_one in rows.chunk_by(|a, b| a.0 == b.0) {
            let Some((number, ..)) = of_one.first() else { continue };
            let hours = found.entry(self.name(&mut names, *number)?).or_default();
            for (_, hour, usual) in of_one {
                // Within the day by the table's own constraint.
                if let Some(place) = hours.get_mut(usize::from(*hour)) {
                    *place = Some(*usual);
                }
            }
        }
        Ok(found)
    }

    /// The stretches of blindness that touch `window`, unclipped, by their beginning.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn blind(&self, window: Span) -> Result<Vec<Blind>, StoreError> {
        self.rows(
            "SELECT t0, t1, carrier FROM blind
             WHERE t0 < ?2 AND (t1 IS NULL OR t1 > ?1) ORDER BY t0, coalesce(carrier, '')",
            [Value::Integer(window.from.0), window.to.0.into()],
            |row| {
                let carrier: Option<String> = self.get(row.get(2))?;
                let carrier = carrier
                    .map(|c| CarrierId::new(&c).map_err(|_| self.corrupt("carrier's id", &c)));
                Ok(Blind {
                    carrier: carrier.transpose()?,
                    since: UnixMs(self.get(row.get(0))?),
                    until: self.get(row.get::<_, Option<i64>>(1))?.map(UnixMs),
                })
            },
        )
    }
}
