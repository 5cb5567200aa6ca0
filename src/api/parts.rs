//! A snapshot in parts: an overview that is enough for a first screen, then the subjects in pages.
//!
//! Guarantees: no part grows with the number of subjects (an overview grows with the units); a
//! part says in `seq` the last change that is contained in it. Whoever follows the changes from
//! the overview's number on and leaves out of each what a part has already (`seq` of the change at
//! most that of the part) has in the end what the whole snapshot has: states are whole values, so
//! that none of them is ever taken twice or lost. Parts of two inventories never fit together:
//! each names the inventory it is of.

use std::borrow::Cow;
use std::fmt;

use hyper::body::Bytes;
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize};

use super::types::{
    CarrierInfo, DaemonInfo, NetworkInfo, SubjectRow, SubjectState, UnitCoverage, UnitRow,
};
use crate::coverage::Availability;
use crate::model::{
    HealthParams, Incident, RoundError, State, SubjectId, SubjectKind, UnitId, UnixMs,
};

/// Most subjects of a page: some 200 kB of JSON.
pub const PAGE_MAX: usize = 500;

/// How many subjects are in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StateCounts {
    /// Up.
    pub up: u32,
    /// Degraded.
    pub degraded: u32,
    /// Down.
    pub down: u32,
    /// Unreachable.
    pub unreachable: u32,
    /// Unmeasured.
    pub unmeasured: u32,
}

impl StateCounts {
    /// Counts one more.
    pub fn add(&mut self, state: State) {
        *match state {
            State::Up => &mut self.up,
            State::Degraded => &mut self.degraded,
            State::Down => &mut self.down,
            State::Unreachable => &mut self.unreachable,
            State::Unmeasured => &mut self.unmeasured,
        } += 1;
    }

    /// In the order of [`State::ALL`].
    #[must_use]
    pub const fn all(self) -> [u32; 5] {
        [self.up, self.degraded, self.down, self.unreachable, self.unmeasured]
    }
}

/// The lines of a carrier taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CarrierLines {
    /// By state, those that are off hours among them.
    pub counts: StateCounts,
    /// Their month.
    pub month: Availability,
}

/// All but the subjects. `GET /v1/overview`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// Number of the last change that is contained; `GET /v1/changes?after=seq` goes on from it.
    pub seq: u64,
    /// The daemon's clock when it was made.
    pub at: UnixMs,
    /// Another number when units or subjects may be others than before.
    pub inventory: u64,
    /// About the daemon itself.
    pub daemon: DaemonInfo,
    /// IANA name of the configured zone.
    pub timezone: String,
    /// Start of the current month in that zone.
    pub month_from: UnixMs,
    /// In declared order.
    pub networks: Vec<NetworkInfo>,
    /// In declared order.
    pub carriers: Vec<CarrierInfo>,
    /// Their lines, in the same order.
    pub carrier_lines: Vec<CarrierLines>,
    /// How many subjects there are.
    pub subjects: u32,
    /// All subjects by state, but those that are off hours.
    pub counts: StateCounts,
    /// Subjects that are off hours.
    pub off_hours: u32,
    /// Open now, oldest first.
    pub incidents: Vec<Incident>,
    /// The subjects that are named by the incidents: their roots and what failed with these.
    pub named: Vec<SubjectRow>,
    /// Worst state of the subjects of units that must have no network and have nothing beneath
    /// them: of all others it follows from `units`.
    pub marks: Vec<(UnitId, State)>,
    /// Coverage goal in thousandths.
    pub goal_permille: u16,
    /// Share of a period that must be measured for a verdict, in millionths.
    pub measured_floor_ppm: u32,
    /// Parents before children, siblings in the official order. `subtree` is empty where it is
    /// `own` without `state`, as it is where nothing lies beneath ([`folded`], [`unfold`]).
    pub units: Vec<UnitRow>,
}

/// Leaves out of a unit's row what follows from the rest of it.
#[must_use]
pub fn folded(mut unit: UnitRow) -> UnitRow {
    let is_same = |(own, subtree): (&UnitCoverage, &UnitCoverage)| {
        subtree.state.is_none() && UnitCoverage { state: own.state, ..subtree.clone() } == *own
    };
    let is_one = unit.own.len() == unit.subtree.len();
    if is_one && unit.own.iter().zip(&unit.subtree).all(is_same) {
        unit.subtree = Vec::new();
    }
    unit
}

/// Puts back what [`folded`] left out.
pub fn unfold(unit: &mut UnitRow) {
    if unit.subtree.is_empty() {
        let alone = |own: &UnitCoverage| UnitCoverage { state: None, ..own.clone() };
        unit.subtree = unit.own.iter().map(alone).collect();
    }
}

/// A text of an answer, borrowed from it where it stands there as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text<'a>(pub Cow<'a, str>);

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl std::ops::Deref for Text<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowing;
        impl<'de> Visitor<'de> for Borrowing {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Borrowing)
    }
}

const fn is_false(flag: &bool) -> bool {
    !*flag
}

const fn is_none(count: &u8) -> bool {
    *count == 0
}

/// A subject of a page. Keys are those of [`SubjectRow`]; what is not there is left out, and
/// `thresholds` is a place among the page's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageRow<'a> {
    /// Id.
    #[serde(borrow)]
    pub id: Text<'a>,
    /// Kind.
    pub kind: SubjectKind,
    /// What people call it.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Whose it is.
    #[serde(borrow)]
    pub unit: Text<'a>,
    /// Network of a connection.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Text<'a>>,
    /// Carrier of a connection.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<Text<'a>>,
    /// Circuit number of a connection.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub circuit: Option<Text<'a>>,
    /// Role of a device.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Text<'a>>,
    /// Address its primary check asks.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Text<'a>>,
    /// Contracted, kbit/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth_kbps: Option<u64>,
    /// Service level in millionths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sla_ppm: Option<u32>,
    /// What it is reached through.
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<Text<'a>>,
    /// How its state is decided: a place in [`Page::thresholds`].
    pub thresholds: usize,
    /// Its state, without what is not there.
    #[serde(with = "Lean")]
    pub now: SubjectState,
    /// This month so far.
    pub month: Availability,
}

/// How a state is written in a page: by the keys of [`SubjectState`], without what is not there.
/// It stands for that type, and does not compile when it lacks a field of it.
#[derive(Serialize, Deserialize)]
#[serde(remote = "SubjectState")]
struct Lean {
    state: State,
    since: UnixMs,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cause: Option<SubjectId>,
    #[serde(default, skip_serializing_if = "is_none")]
    suspect: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_round: Option<UnixMs>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rtt_us: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    loss_permille: Option<u16>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recent_us: Vec<Option<u32>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    backup: Option<SubjectId>,
    #[serde(default, skip_serializing_if = "is_false")]
    flapping: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    off_hours: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    planned: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    asked: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trouble: Option<RoundError>,
}

impl<'a> PageRow<'a> {
    /// The row of a page whose thresholds are `thresholds`, which are added where they are new.
    #[must_use]
    pub fn of(subject: &'a SubjectRow, thresholds: &mut Vec<HealthParams>) -> Self {
        let text = |text: &'a Option<String>| text.as_deref().map(Text::from);
        PageRow {
            id: subject.id.as_str().into(),
            kind: subject.kind,
            name: subject.name.as_str().into(),
            unit: subject.unit.as_str().into(),
            network: subject.network.as_ref().map(|n| n.as_str().into()),
            carrier: subject.carrier.as_ref().map(|c| c.as_str().into()),
            circuit: text(&subject.circuit),
            role: text(&subject.role),
            address: text(&subject.address),
            bandwidth_kbps: subject.bandwidth_kbps,
            sla_ppm: subject.sla_ppm,
            via: subject.via.iter().map(|v| v.as_str().into()).collect(),
            thresholds: place_of(thresholds, subject.thresholds),
            now: subject.now.clone(),
            month: subject.month,
        }
    }
}

/// Where `one` stands in `all`, added at the end where it is new. There are few, and neighbours
/// mostly have the same.
pub fn place_of(all: &mut Vec<HealthParams>, one: HealthParams) -> usize {
    all.iter().rposition(|known| *known == one).unwrap_or_else(|| {
        all.push(one);
        all.len() - 1
    })
}

/// Some subjects, in the inventory's order. `GET /v1/subjects?inventory=N&from=N`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<'a> {
    /// Number of the last change that is contained for sure.
    pub seq: u64,
    /// Of which inventory, as in [`Overview::inventory`].
    pub inventory: u64,
    /// How many subjects stand before these.
    pub from: usize,
    /// The different ones of the subjects.
    pub thresholds: Vec<HealthParams>,
    /// At most [`PAGE_MAX`]; none when there are no more.
    #[serde(borrow)]
    pub subjects: Vec<PageRow<'a>>,
}

/// A page as it came, which the parsed one borrows from.
#[derive(Debug, Clone)]
pub struct PageBody(Bytes);

impl PageBody {
    /// Of JSON.
    #[must_use]
    pub fn new(json: impl Into<Bytes>) -> Self {
        Self(json.into())
    }

    /// What it says.
    ///
    /// # Errors
    /// [`serde_json::Error`] when it is no page.
    pub fn page(&self) -> Result<Page<'_>, serde_json::Error> {
        serde_json::from_slice(&self.0)
    }
}
