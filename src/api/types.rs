//! The protocol's types. JSON keys are English and stable; a field may be added, never renamed.

use serde::{Deserialize, Serialize};

use super::device::DeviceInfo;
use super::storm::StormInfo;
use crate::coverage::{Availability, ChartPoint, Ladder, Outage, Verdict};
use crate::model::{
    CarrierId, Contact, HealthParams, Id, Incident, IncidentId, Location, NetworkId, OutageNote,
    RoundError, State, StateInterval, SubjectId, SubjectKind, Tier, UnitId, UnitKind, UnixMs,
};

/// Everything a client needs for its first screen. `GET /v1/snapshot`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Number of the last change that is contained; `GET /v1/changes?after=seq` goes on from it.
    pub seq: u64,
    /// The daemon's clock when it was made.
    pub at: UnixMs,
    /// About the daemon itself.
    pub daemon: DaemonInfo,
    /// IANA name of the configured zone.
    pub timezone: String,
    /// Start of the current month in that zone: what the `month` figures begin at.
    pub month_from: UnixMs,
    /// In declared order.
    pub networks: Vec<NetworkInfo>,
    /// In declared order.
    pub carriers: Vec<CarrierInfo>,
    /// Parents before children, siblings in the official order.
    pub units: Vec<UnitRow>,
    /// In the inventory's order.
    pub subjects: Vec<SubjectRow>,
    /// Open now, oldest first.
    pub incidents: Vec<Incident>,
    /// Coverage goal in thousandths (98 % is 980).
    pub goal_permille: u16,
    /// Share of a period that must be measured for a verdict, in millionths.
    pub measured_floor_ppm: u32,
}

/// The daemon's own health.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaemonInfo {
    /// Its version.
    pub version: String,
    /// Its process id; 0 in a snapshot made from the store without a daemon.
    pub pid: u32,
    /// When it started; in a snapshot made from the store, when it was last known alive.
    pub started: UnixMs,
    /// Addresses it asks.
    pub asked: u32,
    /// Default interval between rounds, in milliseconds.
    pub interval_ms: i64,
    /// Longest delay of a planned round in the last minute, in milliseconds.
    pub lag_ms: i64,
    /// What became of every round of pings that was planned; `None` in a snapshot without a daemon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turns: Option<TurnsInfo>,
    /// Loss of the control targets over the last minute, in thousandths: our own side's; `None` where
    /// there is none, or not enough was asked yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_loss_permille: Option<u16>,
    /// When the store last committed.
    pub written: Option<UnixMs>,
    /// Samples given up because the store could not keep pace.
    pub dropped_samples: u64,
    /// Why the last reload was refused; `None` when it was accepted.
    pub reload_failure: Option<ReloadFailure>,
    /// What hinders patrolling or recording now (English, for the log; clients show it as it is).
    pub trouble: Option<String>,
    /// What the patrol cannot see now.
    #[serde(default)]
    pub blind: Vec<BlindInfo>,
    /// What devices send unasked; `None` where it is not listened for.
    #[serde(default)]
    pub traps: Option<TrapsInfo>,
    /// Channels of alerts that take nothing now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<ChannelInfo>,
    /// Units in storm mode.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub storms: Vec<StormInfo>,
}

/// Rounds of pings since the start: `planned = begun + overload + retry_share + gone`, and
/// `begun = answered + silent + refused + spoilt + cancelled + in_flight`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnsInfo {
    /// That fell due.
    pub planned: u64,
    /// That began.
    pub begun: u64,
    /// Skipped: the rate or the round before kept them waiting until the next was due.
    pub overload: u64,
    /// Skipped: the retries' share of the rate was used up.
    pub retry_share: u64,
    /// Skipped: the target was taken away while it waited.
    pub gone: u64,
    /// With a reply.
    pub answered: u64,
    /// Without any.
    pub silent: u64,
    /// Without any, and somebody on the way said why.
    pub refused: u64,
    /// Without any for a fault of our own machine.
    pub spoilt: u64,
    /// Given up.
    pub cancelled: u64,
    /// On their way.
    pub in_flight: u64,
}

/// A channel of alerts that takes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelInfo {
    /// Its name in the configuration.
    pub channel: Id,
    /// Since when.
    pub since: UnixMs,
    /// What it said last (as it is; no secret is in it).
    pub reason: String,
    /// Messages that wait for it.
    pub waiting: u32,
}

/// Traps and informs since the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrapsInfo {
    /// Where they are listened for: address and port.
    pub listen: String,
    /// False while the socket could not be opened: the daemon's `trouble` says why.
    pub is_heard: bool,
    /// From devices of the inventory, with a credential of ours.
    pub received: u64,
    /// Times a device was asked sooner for them.
    pub asked: u64,
    /// Those that came so soon after another of the same device that they had no asking of their
    /// own.
    pub merged: u64,
    /// With a community or user of ours, from no device of the inventory.
    pub strangers: u64,
    /// Of SNMPv3, that were not believed: unknown user, wrong key, replayed.
    pub disbelieved: u64,
}

/// A time in which the patrol cannot see, that lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlindInfo {
    /// What is seen through this carrier only; `None`: the patrol as a whole.
    pub carrier: Option<CarrierId>,
    /// Since when.
    pub since: UnixMs,
}

/// A refused reload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReloadFailure {
    /// When.
    pub at: UnixMs,
    /// Number of errors found.
    pub errors: u32,
    /// The first error: `file:line:column: text`.
    pub first: String,
}

/// A network, for headings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkInfo {
    /// Id.
    pub id: NetworkId,
    /// Vietnamese name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Column heading.
    pub short: String,
}

/// A carrier, for whom to call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarrierInfo {
    /// Id.
    pub id: CarrierId,
    /// Name.
    pub name: String,
    /// Contract number.
    pub contract: Option<String>,
    /// As it is dialled.
    pub hotline: Option<String>,
}

/// A unit with its coverage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitRow {
    /// Id.
    pub id: UnitId,
    /// The unit above.
    pub parent: Option<UnitId>,
    /// Full name.
    pub name: String,
    /// Short name.
    pub short: String,
    /// Kind.
    pub kind: UnitKind,
    /// Whom to call.
    pub contact: Contact,
    /// Where it is.
    pub location: Option<Location>,
    /// The unit's own standing on each network it must have.
    pub own: Vec<UnitCoverage>,
    /// Its subtree's, itself included, per network and tier.
    pub subtree: Vec<UnitCoverage>,
}

/// Where a unit or a subtree stands on one network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitCoverage {
    /// Network.
    pub network: NetworkId,
    /// Which units are counted.
    pub tier: Tier,
    /// Counts.
    pub ladder: Ladder,
    /// Best state of the unit's lines now; `None` in a subtree's row and without any line.
    pub state: Option<State>,
    /// This month so far.
    pub month: Availability,
    /// Of the month; in a subtree's row `met` when every unit counted met its level, `missed`
    /// when one missed it.
    pub verdict: Verdict,
}

/// A subject: what is fixed about it and its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectRow {
    /// Id.
    pub id: SubjectId,
    /// Kind.
    pub kind: SubjectKind,
    /// What people call it.
    pub name: String,
    /// Whose it is.
    pub unit: UnitId,
    /// Network of a connection.
    pub network: Option<NetworkId>,
    /// Carrier of a connection.
    pub carrier: Option<CarrierId>,
    /// Circuit number of a connection.
    pub circuit: Option<String>,
    /// Role of a device (`router`, …).
    pub role: Option<String>,
    /// Address its primary check asks.
    pub address: Option<String>,
    /// Contracted, kbit/s.
    pub bandwidth_kbps: Option<u64>,
    /// Service level in millionths.
    pub sla_ppm: Option<u32>,
    /// What it is reached through.
    pub via: Vec<SubjectId>,
    /// How its state is decided.
    pub thresholds: HealthParams,
    /// Its state.
    pub now: SubjectState,
    /// This month so far.
    pub month: Availability,
}

/// What changes about a subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectState {
    /// State.
    pub state: State,
    /// Since when.
    pub since: UnixMs,
    /// Root cause when unreachable.
    pub cause: Option<SubjectId>,
    /// Failed rounds in a row that have not been decided yet; 0 when none.
    pub suspect: u8,
    /// When it was last asked.
    pub last_round: Option<UnixMs>,
    /// Median round-trip time of the last round, microseconds.
    pub rtt_us: Option<u32>,
    /// Loss of the last round, thousandths.
    pub loss_permille: Option<u16>,
    /// Medians of the last rounds, newest last; `None` where nothing came back. At most 20.
    pub recent_us: Vec<Option<u32>>,
    /// Degraded because it is reached by its second way only: the root cause on its first.
    #[serde(default)]
    pub backup: Option<SubjectId>,
    /// It comes and goes.
    #[serde(default)]
    pub flapping: bool,
    /// Its silence began outside its hours, in which it may be switched off, and is no outage yet.
    #[serde(default)]
    pub off_hours: bool,
    /// It is inside announced work.
    #[serde(default)]
    pub planned: bool,
    /// Somebody has it asked beside its turns, and the answer has not come yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asked: bool,
    /// What a check says is wrong, while it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<RoundError>,
}

/// What happened since the change before. Server-sent event of `GET /v1/changes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its number; a client that misses one asks for a snapshot.
    pub seq: u64,
    /// The daemon's clock.
    pub at: UnixMs,
    /// The daemon's own health.
    pub daemon: DaemonInfo,
    /// Subjects whose state or last round changed.
    pub subjects: Vec<(SubjectId, SubjectState)>,
    /// Units whose coverage changed.
    pub units: Vec<UnitChange>,
    /// All open incidents, when they changed.
    pub incidents: Option<Vec<Incident>>,
    /// True when the inventory was reloaded or the month's figures were recomputed: the client
    /// asks for a new snapshot.
    pub resync: bool,
}

/// A unit's new coverage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitChange {
    /// The unit.
    pub id: UnitId,
    /// As [`UnitRow::own`].
    pub own: Vec<UnitCoverage>,
    /// As [`UnitRow::subtree`].
    pub subtree: Vec<UnitCoverage>,
}

/// An accepted reload. `POST /v1/reload`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// Subjects in force now.
    pub subjects: u32,
    /// Warnings in the files.
    pub warnings: u32,
    /// Channels of alerts that are in the configuration no more and were needed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<LostChannel>,
}

/// A channel of alerts that a reload took away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostChannel {
    /// Its name.
    pub channel: Id,
    /// Messages that waited for it and were given up.
    pub messages: u32,
    /// Open incidents that it was told of, and of whose end it is not.
    pub incidents: u32,
}

/// What an incident has become a part of. `GET /v1/heir?incident=ID`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heir {
    /// The last of those that it was merged into; `None`: into none that is known.
    pub incident: Option<IncidentId>,
}

/// A subject's past. `GET /v1/history?subject=ID&from=T&to=T&columns=N`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The subject.
    pub subject: SubjectId,
    /// Window asked for.
    pub from: UnixMs,
    /// Its end (exclusive).
    pub to: UnixMs,
    /// One per column, equally wide.
    pub points: Vec<ChartPoint>,
    /// Intervals that touch the window.
    pub intervals: Vec<StateInterval>,
    /// Outages that touch the window, oldest first.
    pub outages: Vec<Outage>,
    /// What people said of these outages, in the order it was said: of each the last one counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<OutageNote>,
    /// What it, or the device that it ends at, says of itself; `None` where nobody is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceInfo>,
}

/// The body of every answer that is not 2xx.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A stable word, e.g. `unknown_subject`.
    pub error: String,
    /// A sentence in English.
    pub message: String,
    /// Where it is done already: by whom, when that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Where it is done already: when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<UnixMs>,
}

impl Problem {
    /// A word and a sentence.
    #[must_use]
    pub fn new(error: &str, message: impl Into<String>) -> Self {
        Self { error: error.to_owned(), message: message.into(), by: None, at: None }
    }

    /// Says who has done it already, and when.
    #[must_use]
    pub fn done(self, by: Option<String>, at: UnixMs) -> Self {
        Self { by, at: Some(at), ..self }
    }
}
