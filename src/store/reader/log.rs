//! Events in pages: as many as there are, no transaction open between two pages.

use std::ops::ControlFlow;

use rusqlite::Row;
use rusqlite::types::Value as Cell;

use super::{Reader, RecordedEvent};
use crate::model::{Span, UnixMs};
use crate::store::StoreError;
use crate::store::fact::{Event, EventKind};

/// Events held at once.
const PAGE: i64 = 5_000;

impl Reader {
    /// Hands over all events inside `window` by time, then number; stops early at
    /// [`ControlFlow::Break`].
    ///
    /// # Errors
    /// When the file cannot be read; what came before has been handed over.
    pub fn each_event(
        &self,
        window: Span,
        each: &mut dyn FnMut(&RecordedEvent) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let (mut at, mut seq) = (window.from.0, i64::MIN);
        loop {
            let page = self.rows(
                "SELECT e.seq, e.at, e.kind, k.key, e.detail FROM event e
                 LEFT JOIN subject k ON k.id = e.subject
                 WHERE (e.at, e.seq) > (?1, ?2) AND e.at < ?3 ORDER BY e.at, e.seq LIMIT ?4",
                [Cell::Integer(at), seq.into(), window.to.0.into(), PAGE.into()],
                |row| self.event_row(row),
            )?;
            let Some(last) = page.last() else { return Ok(()) };
            (at, seq) = (last.event.at.0, last.seq);
            for event in &page {
                if each(event).is_break() {
                    return Ok(());
                }
            }
        }
    }

    /// A row of `seq, at, kind, subject, detail`.
    pub(super) fn event_row(&self, row: &Row<'_>) -> Result<RecordedEvent, StoreError> {
        let kind: String = self.get(row.get(2))?;
        let detail: String = self.get(row.get(4))?;
        Ok(RecordedEvent {
            seq: self.get(row.get(0))?,
            event: Event {
                at: UnixMs(self.get(row.get(1))?),
                kind: EventKind::from_word(&kind)
                    .ok_or_else(|| self.corrupt("kind of event", &kind))?,
                subject: self.optional_subject(row.get(3))?,
                detail: serde_json::from_str(&detail)
                    .map_err(|_| self.corrupt("detail of an event", &detail))?,
            },
        })
    }
}
