//! What operators said of outages, out of the log of events.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Reader;
use crate::model::{Cause, OutageNote, SubjectId, UnixMs};
use crate::store::StoreError;

/// The part of an event's detail that a note is made of.
#[derive(Deserialize)]
struct Detail {
    start: UnixMs,
    cause: Cause,
    #[serde(default)]
    note: String,
    #[serde(default)]
    user: Option<String>,
}

impl Reader {
    /// Every note on an outage by subject, in the order they were made: the last one of an outage
    /// counts, those before it are what it was called until then.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn outage_notes(&self) -> Result<BTreeMap<SubjectId, Vec<OutageNote>>, StoreError> {
        let rows = self.rows(
            "SELECT e.seq, e.at, e.kind, k.key, e.detail FROM event e
             LEFT JOIN subject k ON k.id = e.subject
             WHERE e.kind = 'outage_noted' ORDER BY e.seq",
            [],
            |row| self.event_row(row),
        )?;
        let mut found: BTreeMap<SubjectId, Vec<OutageNote>> = BTreeMap::new();
        for event in rows.into_iter().map(|row| row.event) {
            let Some(subject) = event.subject else { continue };
            let text = event.detail.to_string();
            let detail: Detail = serde_json::from_value(event.detail)
                .map_err(|_| self.corrupt("note on an outage", &text))?;
            let Detail { start, cause, note, user } = detail;
            let by = user.unwrap_or_default();
            found.entry(subject).or_default().push(OutageNote {
                start,
                cause,
                note,
                by,
                at: event.at,
            });
        }
        Ok(found)
    }
}
