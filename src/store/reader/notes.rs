//! What operators said of outages, out of the log of events.

use std::collections::BTreeMap;

use rusqlite::types::Value;
use serde::Deserialize;

use super::{Reader, RecordedEvent};
use crate::model::{Cause, OutageNote, Span, SubjectId, UnixMs};
use crate::store::{Event, EventKind, StoreError};

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
        self.notes_since(UnixMs(i64::MIN))
    }

    /// The events of some kinds inside a window, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn events_of(&self, kinds: &[EventKind], window: Span) -> Result<Vec<Event>, StoreError> {
        let words: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
        // `json_each` takes a list as one parameter.
        let rows = self.rows(
            "SELECT e.seq, e.at, e.kind, k.key, e.detail FROM event e
             LEFT JOIN subject k ON k.id = e.subject
             WHERE e.at >= ?1 AND e.at < ?2 AND e.kind IN (SELECT value FROM json_each(?3))
             ORDER BY e.at, e.seq",
            [
                Value::Integer(window.from.0),
                window.to.0.into(),
                Value::Text(serde_json::json!(words).to_string()),
            ],
            |row| self.event_row(row),
        )?;
        Ok(rows.into_iter().map(|row| row.event).collect())
    }

    /// The notes on one subject's outages that began inside `window`, in the order they were made.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn notes_of(
        &self,
        subject: &SubjectId,
        window: Span,
    ) -> Result<Vec<OutageNote>, StoreError> {
        // What is said of an outage is said after it began.
        let found = self.notes(self.rows(
            "SELECT e.seq, e.at, e.kind, k.key, e.detail FROM event e
             JOIN subject k ON k.id = e.subject
             WHERE k.key = ?1 AND e.kind = 'outage_noted' AND e.at >= ?2 ORDER BY e.seq",
            [Value::Text(subject.as_str().to_owned()), Value::Integer(window.from.0)],
            |row| self.event_row(row),
        )?)?;
        let mut notes: Vec<OutageNote> = found.into_values().flatten().collect();
        notes.retain(|note| window.contains(note.start));
        Ok(notes)
    }

    /// Every note on an outage that was made from an instant on, by subject, in the order they were
    /// made.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn notes_since(
        &self,
        from: UnixMs,
    ) -> Result<BTreeMap<SubjectId, Vec<OutageNote>>, StoreError> {
        self.notes(self.rows(
            "SELECT e.seq, e.at, e.kind, k.key, e.detail FROM event e
             LEFT JOIN subject k ON k.id = e.subject
             WHERE e.at >= ?1 AND e.kind = 'outage_noted' ORDER BY e.seq",
            [Value::Integer(from.0)],
            |row| self.event_row(row),
        )?)
    }

    fn notes(
        &self,
        rows: Vec<RecordedEvent>,
    ) -> Result<BTreeMap<SubjectId, Vec<OutageNote>>, StoreError> {
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
