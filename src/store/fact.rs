//! What is handed to the store.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::message::Message;
use crate::model::{
    Beside, CarrierId, Id, KeptIncident, Maintenance, Metric, Moment, Point, Sample, StateInterval,
    SubjectId, UnixMs,
};

/// What must never be lost.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// Replaces the subject's record from `from` on: intervals that start at or after `from` are
    /// deleted, the one spanning `from` ends there, and these are inserted. They are sorted and
    /// partition time from `from` on; where they or the record before leave a hole, it is
    /// recorded as unmeasured.
    Intervals {
        /// Whose.
        subject: SubjectId,
        /// From when.
        from: UnixMs,
        /// What the record is from then on; may be empty.
        intervals: Vec<StateInterval>,
    },
    /// Something worth a line in the log.
    Event(Event),
    /// The daemon was alive at this time. The first of a [`super::Store`] opens its run.
    Alive {
        /// When.
        at: UnixMs,
    },
    /// How an incident stands now; the whole of it, over what was recorded under its id.
    Incident(KeptIncident),
    /// One-off work is announced (at the time given), or announced anew under the same id:
    /// whatever was recorded under it, its early end included, is replaced. Recurring work is
    /// refused: it lives in the inventory.
    Maintenance(Maintenance, UnixMs),
    /// Announced work ends before its time, or is called off.
    MaintenanceEnded {
        /// Which.
        id: Id,
        /// When.
        at: UnixMs,
    },
    /// What a subject's rounds usually take at an hour of the day; replaces what was known.
    Baseline {
        /// Whose.
        subject: SubjectId,
        /// Hour of the day, UTC, 0 to 23.
        hour: u8,
        /// Round-trip time in microseconds.
        usual_us: u32,
        /// How many rounds that rests on.
        rounds: u32,
    },
    /// What a device said it is: each value as it was seen from one time until another. A value that
    /// is the newest of its key already is seen for longer; another one follows it.
    Said {
        /// Who.
        subject: SubjectId,
        /// In the order they were seen.
        sightings: Vec<Sighting>,
    },
    /// What a device sees beside it.
    Neighbours {
        /// Who sees.
        subject: SubjectId,
        /// When it was looked, where all that is there was seen: what was there before and is not
        /// in `seen` is gone. `None`: some of it could not be read.
        looked: Option<UnixMs>,
        /// Each neighbour once.
        seen: Vec<Beside>,
    },
    /// How a message to people stands now; the whole of it, over what was recorded under its id.
    Message(Message),
    /// The patrol cannot see. A stretch is known by its beginning and whom it concerns: a second
    /// fact about it says how it ended.
    Blind {
        /// Through whom; `None`: not at all.
        carrier: Option<CarrierId>,
        /// From when.
        since: UnixMs,
        /// Until when; `None` while it lasts.
        until: Option<UnixMs>,
    },
}

impl Fact {
    /// The newest instant the fact speaks of as past.
    pub(super) fn at(&self) -> Option<UnixMs> {
        match self {
            Self::Intervals { intervals, .. } => intervals.last().map(|i| i.to.unwrap_or(i.from)),
            Self::Event(event) => Some(event.at),
            Self::Alive { at } | Self::MaintenanceEnded { at, .. } => Some(*at),
            Self::Incident(kept) => Some(kept.newest()),
            Self::Maintenance(_, announced_at) => Some(*announced_at),
            Self::Message(message) => Some(message.made),
            Self::Said { sightings, .. } => sightings.iter().map(|s| s.last).max(),
            Self::Neighbours { looked, seen, .. } => {
                seen.iter().map(|beside| beside.last).chain(*looked).max()
            }
            Self::Baseline { .. } => None,
            Self::Blind { since, until, .. } => Some(until.unwrap_or(*since)),
        }
    }
}

/// A value of something that a device says it is (its model, its serial number, its name).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// Of what; at most 255 characters.
    pub key: Arc<str>,
    /// At most 1,024 characters, harmless already.
    pub value: Arc<str>,
    /// When it was first seen.
    pub first: UnixMs,
    /// When it was last seen.
    pub last: UnixMs,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When.
    pub at: UnixMs,
    /// What.
    pub kind: EventKind,
    /// About whom; `None` for the daemon itself.
    pub subject: Option<SubjectId>,
    /// More about it, as JSON.
    pub detail: serde_json::Value,
}

/// What events there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The daemon started.
    Started,
    /// The daemon stopped in order.
    Stopped,
    /// A subject's state changed.
    State,
    /// An incident was opened.
    IncidentOpened,
    /// An incident was closed.
    IncidentClosed,
    /// The inventory was read again.
    Reloaded,
    /// A new inventory was refused.
    ReloadRefused,
    /// Nobody was asked for a while: suspended machine, stepped clock, daemon away.
    Gap,
    /// Something hinders patrolling or recording.
    Trouble,
    /// A fault scripted by the virtual province.
    Scripted,
    /// Somebody has taken an incident.
    Acknowledged,
    /// Work was announced, or announced anew.
    MaintenanceAnnounced,
    /// Announced work was ended before its time, or called off.
    MaintenanceEnded,
    /// The patrol cannot see any more, at all or through one carrier.
    Blind,
    /// It sees again.
    Seeing,
    /// People were told of an incident.
    Told,
    /// A subject comes and goes.
    Flapping,
    /// It does not any more.
    Calmed,
    /// Subjects were switched off outside their hours, or on again in time.
    Switched,
    /// A device restarted.
    Restarted,
    /// A device says that it is something else than before: another version, another name.
    FactChanged,
    /// A device sees others at its cables than before, or an address of the inventory has another
    /// card.
    NeighboursChanged,
    /// A device answers as another one than before: replaced, reset, or somebody else.
    IdentityChanged,
    /// A message of the outbox was tried again, or given up, by an operator.
    Outbox,
    /// An operator has said what an outage was.
    OutageNoted,
    /// Storm mode was ordered for a unit, or ordered otherwise.
    StormBegan,
    /// It is over.
    StormEnded,
}

impl EventKind {
    /// All kinds.
    pub const ALL: [Self; 27] = [
        Self::Started,
        Self::Stopped,
        Self::State,
        Self::IncidentOpened,
        Self::IncidentClosed,
        Self::Reloaded,
        Self::ReloadRefused,
        Self::Gap,
        Self::Trouble,
        Self::Scripted,
        Self::Acknowledged,
        Self::MaintenanceAnnounced,
        Self::MaintenanceEnded,
        Self::Blind,
        Self::Seeing,
        Self::Told,
        Self::Flapping,
        Self::Calmed,
        Self::Switched,
        Self::Restarted,
        Self::FactChanged,
        Self::NeighboursChanged,
        Self::IdentityChanged,
        Self::Outbox,
        Self::OutageNoted,
        Self::StormBegan,
        Self::StormEnded,
    ];

    /// The word in the database and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Stopped => "stopped",
            Self::State => "state",
            Self::IncidentOpened => "incident_opened",
            Self::IncidentClosed => "incident_closed",
            Self::Reloaded => "reloaded",
            Self::ReloadRefused => "reload_refused",
            Self::Gap => "gap",
            Self::Trouble => "trouble",
            Self::Scripted => "scripted",
            Self::Acknowledged => "acknowledged",
            Self::MaintenanceAnnounced => "maintenance_announced",
            Self::MaintenanceEnded => "maintenance_ended",
            Self::Blind => "blind",
            Self::Seeing => "seeing",
            Self::Told => "told",
            Self::Flapping => "flapping",
            Self::Calmed => "calmed",
            Self::Switched => "switched",
            Self::Restarted => "restarted",
            Self::FactChanged => "fact_changed",
            Self::NeighboursChanged => "neighbours_changed",
            Self::IdentityChanged => "identity_changed",
            Self::Outbox => "outbox",
            Self::OutageNoted => "outage_noted",
            Self::StormBegan => "storm_began",
            Self::StormEnded => "storm_ended",
        }
    }

    /// The kind a word names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == word)
    }
}

/// What was measured of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// A check's round.
    Round(Sample),
    /// A metric's value.
    Point(Metric, Point),
    /// Values of many metrics at one moment.
    Moment(Moment),
}

impl Reading {
    /// When it was measured.
    #[must_use]
    pub const fn at(&self) -> UnixMs {
        match self {
            Self::Round(sample) => sample.at,
            Self::Point(_, point) => point.at,
            Self::Moment(moment) => moment.at,
        }
    }

    /// How many samples it is.
    pub(super) fn samples(&self) -> usize {
        match self {
            Self::Round(_) | Self::Point(..) => 1,
            Self::Moment(moment) => moment.len(),
        }
    }
}

impl From<Sample> for Reading {
    fn from(sample: Sample) -> Self {
        Self::Round(sample)
    }
}

/// What is submitted together; facts are written in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// Never lost.
    pub facts: Vec<Fact>,
    /// Given up, oldest first, when the store cannot keep pace.
    pub samples: Vec<(SubjectId, Reading)>,
}
