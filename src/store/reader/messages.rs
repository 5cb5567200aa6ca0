//! The outbox.

use rusqlite::Row;
use rusqlite::types::Value as Cell;

use super::Reader;
use crate::model::{Id, IncidentId, UnixMs};
use crate::store::{Message, MessageState, StoreError};

/// Most messages one call returns.
const MESSAGES_MAX: i64 = 100_000;

impl Reader {
    /// The messages of this state, by when they are due, at most 100,000.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn messages(&self, state: MessageState) -> Result<Vec<Message>, StoreError> {
        self.rows(
            "SELECT id, channel, incident, body, made, due, tries, state, reason FROM outbox
             WHERE state = ?1 ORDER BY due, id LIMIT ?2",
            [Cell::Text(state.as_str().to_owned()), MESSAGES_MAX.into()],
            |row| self.message(row),
        )
    }

    /// The messages of every state about these incidents, by when they were made.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn messages_about(&self, incidents: &[IncidentId]) -> Result<Vec<Message>, StoreError> {
        let mut found = Vec::new();
        for incident in incidents {
            found.extend(self.rows(
                "SELECT id, channel, incident, body, made, due, tries, state, reason FROM outbox
                 WHERE incident = ?1 ORDER BY made, id LIMIT ?2",
                [Cell::Text(incident.as_str().to_owned()), MESSAGES_MAX.into()],
                |row| self.message(row),
            )?);
        }
        Ok(found)
    }

    /// The messages of every state about incidents whose names begin with `root`, made from `from`
    /// on, by when they were made.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn messages_on(&self, root: &str, from: UnixMs) -> Result<Vec<Message>, StoreError> {
        self.rows(
            "SELECT id, channel, incident, body, made, due, tries, state, reason FROM outbox
             WHERE substr(incident, 1, length(?1)) = ?1 AND made >= ?2
             ORDER BY made, id LIMIT ?3",
            [Cell::Text(root.to_owned()), from.0.into(), MESSAGES_MAX.into()],
            |row| self.message(row),
        )
    }

    /// The newest messages of any state, at most `limit`, the newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn newest_messages(&self, limit: u32) -> Result<Vec<Message>, StoreError> {
        self.rows(
            "SELECT id, channel, incident, body, made, due, tries, state, reason FROM outbox
             ORDER BY seq DESC LIMIT ?1",
            [Cell::from(i64::from(limit))],
            |row| self.message(row),
        )
    }

    /// The message of this name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn message_named(&self, id: &str) -> Result<Option<Message>, StoreError> {
        let found = self.rows(
            "SELECT id, channel, incident, body, made, due, tries, state, reason FROM outbox
             WHERE id = ?1",
            [Cell::Text(id.to_owned())],
            |row| self.message(row),
        )?;
        Ok(found.into_iter().next())
    }

    fn message(&self, row: &Row<'_>) -> Result<Message, StoreError> {
        let word: String = self.get(row.get(7))?;
        let channel: String = self.get(row.get(1))?;
        let body: String = self.get(row.get(3))?;
        let incident: Option<String> = self.get(row.get(2))?;
        Ok(Message {
            id: self.get(row.get(0))?,
            channel: Id::new(&channel).map_err(|_| self.corrupt("channel's name", &channel))?,
            incident: incident.map(|name| IncidentId::from_stored(&name)),
            body: serde_json::from_str(&body)
                .map_err(|_| self.corrupt("body of a message", &body))?,
            made: UnixMs(self.get(row.get(4))?),
            due: UnixMs(self.get(row.get(5))?),
            tries: self.get(row.get(6))?,
            state: MessageState::ALL
                .into_iter()
                .find(|s| s.as_str() == word)
                .ok_or_else(|| self.corrupt("state of a message", &word))?,
            reason: self.get(row.get(8))?,
        })
    }
}
