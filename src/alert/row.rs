//! A row of the outbox: a message to one channel with all that is needed to send it, and to go on
//! with its incident after a restart.

use serde::{Deserialize, Serialize};

use super::notice::Notice;
use super::progress::Progress;
use super::route::RouteKey;
use crate::model::{Id, IncidentId, UnixMs};
use crate::store::{Message, MessageState};

/// What a row's body holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Body {
    /// What it says.
    pub notice: Notice,
    /// The route it came by; `None`: not by a route (a fallback, a channel's trouble).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<RouteKey>,
    /// Its number among those of its incident to this channel.
    #[serde(default)]
    pub number: u32,
    /// The step of the escalation that it is of, from 1.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub step: usize,
    /// When it was to leave first; what comes later is late.
    pub wanted: UnixMs,
    /// It waited for the end of quiet hours.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_quiet: bool,
    /// The service may have it although it gave no answer.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_unsure: bool,
    /// It is about to leave, or has: on the disk before it does, so that a daemon that is killed
    /// meanwhile knows at its next start which messages may have been taken.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_leaving: bool,
    /// What has been done of it.
    #[serde(flatten)]
    pub progress: Progress,
    /// Of the last word on an incident: its fallback has heard of that incident itself.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_known: bool,
    /// The digest it is told in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// A message that has not been sent, nor given up.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub key: String,
    pub channel: Id,
    pub incident: Option<IncidentId>,
    pub body: Body,
    pub made: UnixMs,
    pub due: UnixMs,
    pub tries: u32,
    pub reason: Option<String>,
    /// It is with the sender.
    pub is_away: bool,
    /// It leaves only when the disk has what was handed over with this ticket.
    pub ticket: u64,
}

impl Row {
    /// A message of no incident, to leave at once.
    pub const fn new(key: String, channel: Id, notice: Notice, now: UnixMs) -> Self {
        let body = Body {
            notice,
            route: None,
            number: 0,
            step: 0,
            wanted: now,
            is_quiet: false,
            is_unsure: false,
            is_leaving: false,
            progress: Progress::NONE,
            is_known: false,
            digest: None,
        };
        Self {
            key,
            channel,
            incident: None,
            body,
            made: now,
            due: now,
            tries: 0,
            reason: None,
            is_away: false,
            ticket: u64::MAX,
        }
    }

    /// The row as the store keeps it.
    pub fn message(&self, state: MessageState) -> Message {
        Message {
            id: self.key.clone(),
            channel: self.channel.clone(),
            incident: self.incident.clone(),
            // A notice has no key that is no text, and no number that JSON lacks.
            body: serde_json::to_value(&self.body).unwrap_or_default(),
            made: self.made,
            due: self.due,
            tries: self.tries,
            state,
            reason: self.reason.clone(),
        }
    }

    /// A row that the store kept; `None` when another version wrote what this one cannot read.
    pub fn from_message(message: &Message) -> Option<Self> {
        let mut body: Body = serde_json::from_value(message.body.clone()).ok()?;
        body.is_unsure |= std::mem::take(&mut body.is_leaving);
        Some(Self {
            key: message.id.clone(),
            channel: message.channel.clone(),
            incident: message.incident.clone(),
            body,
            made: message.made,
            due: message.due,
            tries: message.tries,
            reason: message.reason.clone(),
            is_away: false,
            ticket: 0,
        })
    }

    /// It never left, for certain: what it says may still be changed. Whether the digest that it is
    /// told in has is for the desk to say.
    pub fn never_left(&self) -> bool {
        !self.body.is_leaving && !self.body.is_unsure && self.body.progress.is_none()
    }
}
