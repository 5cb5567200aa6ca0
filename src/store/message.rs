//! Messages on their way to people: rows of the outbox.

use rusqlite::{Connection, params};

use crate::model::{Id, IncidentId, UnixMs};

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageState {
    /// To be sent, or sent again.
    Pending,
    /// The channel has it.
    Sent,
    /// Given up; the reason says why.
    Dead,
}

impl MessageState {
    pub(super) const ALL: [Self; 3] = [Self::Pending, Self::Sent, Self::Dead];

    /// The word in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Dead => "dead",
        }
    }
}

/// A message to one channel. It is written in the transaction of the event that it tells of, so
/// that neither is there without the other, and written over, whole, with every attempt to send it.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its name for ever, and the idempotency key for the channel; at most 255 bytes.
    pub id: String,
    /// To which channel of the configuration.
    pub channel: Id,
    /// Of which incident; `None` for a digest.
    pub incident: Option<IncidentId>,
    /// What it is made of, as JSON: its text is made when it leaves.
    pub body: serde_json::Value,
    /// When it was written.
    pub made: UnixMs,
    /// When it is to be tried next.
    pub due: UnixMs,
    /// Attempts so far.
    pub tries: u32,
    /// Where it stands.
    pub state: MessageState,
    /// Why the last attempt failed.
    pub reason: Option<String>,
}

/// Writes a message over what was there under its id.
///
/// # Errors
/// SQLite's.
pub(super) fn write(tx: &Connection, message: &Message, seq: i64) -> Result<(), rusqlite::Error> {
    tx.prepare_cached(
        "INSERT OR REPLACE INTO outbox
         (id, channel, incident, body, made, due, tries, state, reason, seq)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        message.id,
        message.channel.as_str(),
        message.incident.as_ref().map(|i| i.as_str()),
        message.body.to_string(),
        message.made.0,
        message.due.0,
        message.tries,
        message.state.as_str(),
        message.reason,
        seq
    ])?;
    Ok(())
}
