//! Storm modes, out of the log of events: what was ordered and how it ended is what is known of them.

use std::collections::BTreeMap;

use rusqlite::types::Value as Cell;
use serde::Deserialize;

use super::Reader;
use crate::model::{Id, Storm, StormEnd, StormOver, UnitId, UnixMs};
use crate::store::fact::EventKind;
use crate::store::{StoreError, fact::Event};

/// The part of an event's detail that a storm mode is made of.
#[derive(Deserialize)]
struct Began {
    unit: UnitId,
    since: UnixMs,
    until: UnixMs,
    #[serde(default)]
    note: String,
    #[serde(default)]
    channels: Vec<Id>,
    #[serde(default)]
    user: Option<String>,
}

#[derive(Deserialize)]
struct Ended {
    unit: UnitId,
    why: StormOver,
    #[serde(default)]
    user: Option<String>,
}

impl Reader {
    /// The storm modes that were ordered or ended from `from` on, the oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn storms(&self, from: UnixMs) -> Result<Vec<Storm>, StoreError> {
        let rows = self.rows(
            "SELECT e.seq, e.at, e.kind, k.key, e.detail FROM event e
             LEFT JOIN subject k ON k.id = e.subject
             WHERE e.at >= ?1 AND e.kind IN ('storm_began', 'storm_ended') ORDER BY e.seq",
            [Cell::from(from.0)],
            |row| self.event_row(row),
        )?;
        let mut storms: Vec<Storm> = Vec::new();
        for Event { at, kind, detail, .. } in rows.into_iter().map(|row| row.event) {
            let text = detail.to_string();
            let bad = |_| self.corrupt("storm mode", &text);
            if kind == EventKind::StormBegan {
                let Began { unit, since, until, note, channels, user } =
                    serde_json::from_value(detail).map_err(bad)?;
                let by = user.unwrap_or_default();
                match lasting(&mut storms, &unit) {
                    // Ordered otherwise.
                    Some(storm) => {
                        (storm.until, storm.by, storm.note, storm.channels) =
                            (until, by, note, channels);
                    }
                    None => {
                        storms.push(Storm { unit, since, until, by, note, channels, ended: None })
                    }
                }
            } else {
                let Ended { unit, why, user: by } = serde_json::from_value(detail).map_err(bad)?;
                if let Some(storm) = lasting(&mut storms, &unit) {
                    storm.ended = Some(StormEnd { at, why, by });
                }
            }
        }
        Ok(storms)
    }

    /// How many messages the digests of a storm mode tell, or have told, by channel.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn told_in_storm(&self, storm: &Storm) -> Result<BTreeMap<Id, u32>, StoreError> {
        // The name of a digest ends with that of its storm.
        let end = format!(":{}", storm.name());
        let found = self.rows(
            "SELECT channel, count(*) FROM outbox
             WHERE made >= ?1 AND substr(json_extract(body, '$.digest'), -length(?2)) = ?2
             GROUP BY channel",
            [Cell::from(storm.since.0 - Storm::MAX_MS), Cell::Text(end)],
            |row| {
                let name: String = self.get(row.get(0))?;
                let channel = Id::new(&name).map_err(|_| self.corrupt("channel's name", &name))?;
                Ok((channel, self.get(row.get::<_, u32>(1))?))
            },
        )?;
        Ok(found.into_iter().collect())
    }
}

/// The storm mode of a unit whose end is not known.
fn lasting<'a>(storms: &'a mut [Storm], unit: &UnitId) -> Option<&'a mut Storm> {
    storms.iter_mut().rfind(|storm| storm.unit == *unit && storm.ended.is_none())
}
