//! What a message says, before it is put into words: the body of a row of the outbox. It names
//! everything itself, so that a message that waits for days needs no inventory.

use serde::{Deserialize, Serialize};

pub use crate::model::AlertSeverity as Severity;
use crate::model::{
    Ack, Contact, Guess, IncidentId, SubjectId, SubjectKind, UnitId, UnitKind, UnixMs, storm_name,
};

/// Most units that a notice names; the rest is counted.
pub const UNITS_MAX: usize = 400;

/// What there is to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// The root is down.
    Down,
    /// The root answers, but badly.
    Degraded,
    /// The root comes and goes.
    Flapping,
    /// The patrol cannot see.
    Blind,
    /// What was told cuts off more than was told.
    Update,
    /// It is still so, and nobody has taken it.
    Reminder,
    /// It is still so, nobody has taken it, and now others are told.
    Escalation,
    /// Somebody has taken it.
    Acknowledged,
    /// It is over.
    Recovered,
    /// It is over because the root is patrolled no more.
    Removed,
    /// It turned out to be a part of another incident, which goes on: closed under its own name.
    Merged,
    /// It was, and is over already: the trouble could not be told, or was not to be told, in time.
    Passed,
    /// A channel takes no messages: told on another.
    ChannelLost,
    /// It takes them again.
    ChannelBack,
    /// Several of the above in one message.
    Digest,
    /// Storm mode: what there is to tell of a unit comes in digests from now on.
    StormBegan,
    /// It is over.
    StormEnded,
    /// A sample, asked for by an operator.
    Test,
}

impl Topic {
    /// True of what says that something is over.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(
            self,
            Self::Recovered
                | Self::Removed
                | Self::Merged
                | Self::Passed
                | Self::ChannelBack
                | Self::StormEnded
        )
    }
}

/// A unit by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitName {
    /// Its id.
    pub id: UnitId,
    /// Full name.
    pub name: String,
    /// Kind.
    pub kind: UnitKind,
}

/// The root cause by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Its id.
    pub id: SubjectId,
    /// Which kind.
    pub kind: SubjectKind,
    /// Of a device its role, of a service its name, as the inventory says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its unit.
    pub unit: UnitName,
    /// The unit above, so that a commune is found: "Huyện Cái Bè".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<String>,
    /// Of a line: its network, in Vietnamese and in English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<(String, String)>,
    /// Of a line: its carrier's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// The carrier's hotline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hotline: Option<String>,
    /// The circuit's number with the carrier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circuit: Option<String>,
    /// Whom to call at the unit.
    #[serde(default)]
    pub contact: Contact,
}

/// The storm mode that a message is about, or of a digest the one that it was made in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StormNote {
    /// The unit; all beneath it is in the storm, too.
    pub unit: UnitId,
    /// Its full name; its id where the inventory has it no more.
    pub name: String,
    /// Since when.
    pub since: UnixMs,
    /// Until when it lasts; of one that is over, when that was.
    pub until: UnixMs,
    /// Who ordered it.
    pub by: String,
    /// What for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Of its end: messages that were told in digests.
    #[serde(default)]
    pub folded: u32,
    /// Of its end: incidents that are still open.
    #[serde(default)]
    pub open: u32,
    /// Of its end: its unit is in the inventory no more.
    #[serde(default)]
    pub is_gone: bool,
}

impl StormNote {
    /// The storm's name.
    #[must_use]
    pub fn storm(&self) -> String {
        storm_name(&self.unit, self.since)
    }
}

/// What a message says. In JSON it is what `exec` and templates of webhooks get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What there is to say.
    pub topic: Topic,
    /// How bad it is, or was.
    pub severity: Severity,
    /// Of which incident; `None` for a digest, a test and a channel's trouble.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// The incident that it is a part of from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<IncidentId>,
    /// When there was something to say.
    pub at: UnixMs,
    /// Since when it is so, or had been.
    pub since: UnixMs,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UnixMs>,
    /// The root cause; `None` when the patrol is blind, and of digests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// The name of the carrier through which the patrol is blind; of a channel's trouble, the
    /// channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
    /// Subjects that are unreachable; of what is over, the most that were.
    pub unreachable: u32,
    /// Units cut off, at most [`UNITS_MAX`]; of what is over, the most that were.
    #[serde(default)]
    pub units: Vec<UnitName>,
    /// How many there are in all.
    pub units_count: u32,
    /// Services cut off, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// What it probably is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guess: Option<Guess>,
    /// Who has taken it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ack: Option<Ack>,
    /// Why: of a channel's trouble what the server said, of a message that went another way which
    /// channel it was for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The storm mode that it is about, or that a digest was made in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storm: Option<StormNote>,
    /// Of a digest: what it is made of, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Notice>,
}
