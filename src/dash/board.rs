//! What is known now, ready to be drawn: a snapshot with its look-up tables, kept up to date by
//! changes.
//!
//! Guarantees: every text a user's file or the network gave has been made visible (no control
//! character reaches the terminal); a change costs what it touches, not the size of the province; while
//! the subjects are still being loaded no figure is of a part of them ([`Board::loading`]). Must not be
//! drawn without its freshness.

mod index;
mod loading;
mod places;
mod subject;
mod subjects;

use std::sync::Arc;

use jiff::tz::TimeZone;

pub(super) use self::index::{Folded, TITLE};
use self::index::{Index, unit_places};
use self::loading::Loading;
pub use self::subject::{Now, Subject};
use self::subjects::Subjects;
use crate::api::{
    CarrierInfo, Change, DaemonInfo, NetworkInfo, PageRow, Snapshot, UnitCoverage, UnitRow,
};
use crate::coverage::Availability;
use crate::locale::visible;
use crate::model::{Incident, NetworkId, State, SubjectId, Tier, UnitId, UnixMs};

/// How many subjects are in each state, in the order of [`State::ALL`].
pub type Counts = [u32; 5];

/// The place of a state in [`Counts`].
pub const fn slot(state: State) -> usize {
    match state {
        State::Up => 0,
        State::Degraded => 1,
        State::Down => 2,
        State::Unreachable => 3,
        State::Unmeasured => 4,
    }
}

/// How much a state deserves attention: larger first in "worst first".
pub const fn severity(state: State) -> u8 {
    match state {
        State::Up => 0,
        State::Unmeasured => 1,
        State::Degraded => 2,
        State::Unreachable => 3,
        State::Down => 4,
    }
}

/// The counter that a subject is counted in.
const fn count_of<'a>(
    counts: &'a mut Counts,
    off_hours: &'a mut u32,
    (state, is_off): (State, bool),
) -> &'a mut u32 {
    if is_off { off_hours } else { &mut counts[slot(state)] }
}

/// A carrier's lines taken together.
#[derive(Debug, Clone, Copy, Default)]
pub struct CarrierSum {
    /// Its lines by state.
    pub counts: Counts,
    /// Their month together.
    pub month: Availability,
}

/// Which units and subjects there are: the same until the next snapshot.
#[derive(Debug, Clone)]
pub(super) struct Version(Arc<Index>);

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Version {}

/// Everything a screen shows.
#[derive(Debug, Clone)]
pub struct Board {
    /// Number of the last change contained.
    pub seq: u64,
    /// The other side's clock when it was made.
    pub at: UnixMs,
    /// About the daemon.
    pub daemon: Arc<DaemonInfo>,
    /// In declared order.
    pub networks: Arc<[NetworkInfo]>,
    /// In declared order.
    pub carriers: Arc<[CarrierInfo]>,
    /// Parents before children, siblings in the official order.
    pub units: Vec<UnitRow>,
    /// Open now, oldest first.
    pub incidents: Arc<[Incident]>,
    /// All subjects by state, but those that are off hours.
    pub counts: Counts,
    /// Subjects that are off hours.
    pub off_hours: u32,
    /// Per carrier, in the order of `carriers`.
    pub carrier_sums: Vec<CarrierSum>,
    /// Coverage goal in thousandths.
    pub goal_permille: u16,
    /// Share of a period that must be measured for a verdict, in millionths.
    pub measured_floor_ppm: u32,
    /// Grows whenever a unit's figures, the incidents, or of any subject what lists are sorted
    /// and filtered by may be another than before.
    pub(super) standing: u64,
    subjects: Subjects,
    /// How many units of each level the incidents cut off, in their order.
    cuts: Vec<[usize; Tier::ALL.len()]>,
    marks: Vec<State>,
    index: Arc<Index>,
    /// What is there of it already, and how it is kept in step while it is.
    loading: Loading,
}

/// A change that does not follow the board: a new snapshot is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfStep;

fn clean(text: &mut String) {
    let shown = visible(text);
    if shown != *text {
        *text = shown;
    }
}

fn clean_option(text: &mut Option<String>) {
    if let Some(text) = text {
        clean(text);
    }
}

fn clean_daemon(mut daemon: DaemonInfo) -> DaemonInfo {
    clean(&mut daemon.version);
    clean_option(&mut daemon.trouble);
    if let Some(failure) = &mut daemon.reload_failure {
        clean(&mut failure.first);
    }
    for channel in &mut daemon.channels {
        clean(&mut channel.reason);
    }
    for storm in &mut daemon.storms {
        clean(&mut storm.name);
        clean(&mut storm.by);
        clean(&mut storm.note);
    }
    daemon
}

fn clean_heads(networks: &mut [NetworkInfo], carriers: &mut [CarrierInfo]) {
    for network in networks {
        clean(&mut network.name);
        clean(&mut network.name_en);
        clean(&mut network.short);
    }
    for carrier in carriers {
        clean(&mut carrier.name);
        clean_option(&mut carrier.contract);
        clean_option(&mut carrier.hotline);
    }
}

/// Makes the texts visible and has each id once.
fn clean_units(units: &mut [UnitRow], networks: &[NetworkInfo]) {
    let places = unit_places(units);
    let ids: Vec<UnitId> = units.iter().map(|unit| unit.id.clone()).collect();
    for unit in units {
        clean(&mut unit.name);
        clean(&mut unit.short);
        clean_option(&mut unit.contact.name);
        clean_option(&mut unit.contact.phone);
        clean_option(&mut unit.contact.email);
        let above = unit.parent.as_ref().and_then(|parent| ids.get(*places.get(parent)?));
        if let Some(above) = above {
            unit.parent = Some(above.clone());
        }
        share_networks(&mut unit.own, networks);
        share_networks(&mut unit.subtree, networks);
    }
}

/// Has the networks' ids once, and no more room than the rows take.
fn share_networks(rows: &mut Vec<UnitCoverage>, networks: &[NetworkInfo]) {
    rows.shrink_to_fit();
    for row in rows {
        if let Some(network) = networks.iter().find(|network| network.id == row.network) {
            row.network = network.id.clone();
        }
    }
}

impl Board {
    /// A board of a whole snapshot.
    #[must_use]
    pub fn new(mut snapshot: Snapshot) -> Self {
        clean_heads(&mut snapshot.networks, &mut snapshot.carriers);
        clean_units(&mut snapshot.units, &snapshot.networks);
        let units = snapshot.units.iter().map(|unit| unit.id.clone()).collect();
        let carriers = snapshot.carriers.iter().map(|carrier| carrier.id.clone()).collect();
        let mut subjects = Subjects::new(units, carriers, snapshot.subjects.len());
        let places = unit_places(&snapshot.units);
        let mut thresholds = Vec::new();
        for subject in &snapshot.subjects {
            let row = PageRow::of(subject, &mut thresholds);
            // Every id is one: it has been read as such.
            let _ = subjects.push(row, subject.thresholds, places.get(&subject.unit).copied());
        }
        subjects.settle();
        let timezone = TimeZone::get(&snapshot.timezone).unwrap_or(TimeZone::UTC);
        let index = Index::new(timezone, &snapshot.units, &subjects);
        let mut board = Self {
            seq: snapshot.seq,
            at: snapshot.at,
            daemon: Arc::new(clean_daemon(snapshot.daemon)),
            networks: snapshot.networks.into(),
            carriers: snapshot.carriers.into(),
            units: snapshot.units,
            incidents: snapshot.incidents.into(),
            counts: Counts::default(),
            off_hours: 0,
            carrier_sums: Vec::new(),
            goal_permille: snapshot.goal_permille,
            measured_floor_ppm: snapshot.measured_floor_ppm,
            standing: 0,
            subjects,
            cuts: Vec::new(),
            marks: Vec::new(),
            index: Arc::new(index),
            loading: Loading::default(),
        };
        board.count();
        board.count_cuts();
        board.mark_units();
        board
    }

    /// Counts the units that each incident cuts off: there may be thousands, and frames are many.
    fn count_cuts(&mut self) {
        let count = |incident: &Incident| {
            let mut counts = [0; Tier::ALL.len()];
            for unit in incident.impact.units.iter().filter_map(|id| self.unit(id)) {
                counts[unit.kind.tier() as usize] += 1;
            }
            counts
        };
        self.cuts = self.incidents.iter().map(count).collect();
    }

    /// How many units of each level an open incident cuts off, in the order of [`Tier::ALL`].
    #[must_use]
    pub fn cut_by(&self, incident: &Incident) -> [usize; Tier::ALL.len()] {
        let at = self.incidents.iter().position(|open| open.id == incident.id);
        at.and_then(|at| self.cuts.get(at)).copied().unwrap_or_default()
    }

    /// Counts the subjects by state, and the carriers' lines.
    fn count(&mut self) {
        (self.counts, self.off_hours) = (Counts::default(), 0);
        self.carrier_sums = vec![CarrierSum::default(); self.carriers.len()];
        for (row, subject) in self.subjects.fixed.rows.iter().zip(self.subjects.iter()) {
            let known = (subject.state(), subject.is_off_hours());
            *count_of(&mut self.counts, &mut self.off_hours, known) += 1;
            if let Some(sum) = self.carrier_sums.get_mut(row.carrier as usize) {
                sum.counts[slot(subject.state())] += 1;
                sum.month += subject.month();
            }
        }
    }

    /// Takes a change in.
    ///
    /// # Errors
    /// [`OutOfStep`] when a change was missed or the other side asks for a new snapshot; the
    /// board is then of no use any more but to be looked at.
    pub fn apply(&mut self, change: Change) -> Result<(), OutOfStep> {
        let Some(change) = self.in_turn(change)? else { return Ok(()) };
        self.seq = change.seq;
        let (mut marks_change, mut order_changes) = (false, false);
        for (id, now) in change.subjects {
            let at = self.subjects.fixed.at(id.as_str()).ok_or(OutOfStep)?;
            if self.loading.has_newer(at, change.seq) {
                continue;
            }
            let (is_other_state, is_other_order) = self.set_state(at, now);
            marks_change |= is_other_state;
            order_changes |= is_other_order;
        }
        if !self.loading.has_newer_units(change.seq) {
            self.at = change.at;
            self.daemon = Arc::new(clean_daemon(change.daemon));
            marks_change |= !change.units.is_empty();
            for crate::api::UnitChange { id, mut own, mut subtree } in change.units {
                let Some(&i) = self.index.unit_at.get(&id) else { return Err(OutOfStep) };
                if let Some(row) = self.units.get_mut(i) {
                    share_networks(&mut own, &self.networks);
                    share_networks(&mut subtree, &self.networks);
                    row.own = own;
                    row.subtree = subtree;
                }
            }
            if let Some(incidents) = change.incidents {
                self.incidents = incidents.into();
                self.count_cuts();
                order_changes = true;
            }
        }
        if marks_change {
            self.mark_units();
        }
        self.standing += u64::from(marks_change || order_changes);
        Ok(())
    }

    /// Takes a subject's state in and keeps the counts; whether it is another state, and whether
    /// lists may be in another order.
    fn set_state(&mut self, at: usize, now: crate::api::SubjectState) -> (bool, bool) {
        let Some(before) = self.subjects.get(at).map(Subject::now) else { return (false, false) };
        let order = (now.state, now.off_hours, now.suspect > 0, now.cause.as_ref());
        let is_other_order = before.order() != order;
        let (old, new) = (before.state, now.state);
        let (was, is) = ((old, before.off_hours), (new, now.off_hours));
        let count = count_of(&mut self.counts, &mut self.off_hours, was);
        *count = count.saturating_sub(1);
        *count_of(&mut self.counts, &mut self.off_hours, is) += 1;
        if old != new {
            let carrier = self.subjects.fixed.rows.get(at).map(|row| row.carrier as usize);
            if let Some(sum) = carrier.and_then(|c| self.carrier_sums.get_mut(c)) {
                sum.counts[slot(old)] = sum.counts[slot(old)].saturating_sub(1);
                sum.counts[slot(new)] += 1;
            }
        }
        self.subjects.set_state(at, now);
        (old != new, is_other_order)
    }

    /// The worst own state beneath each unit, itself included, over all networks it must have;
    /// of a unit that must have none (the DIC) over its subjects.
    fn mark_units(&mut self) {
        let worst = |i: usize, u: &UnitRow| {
            if !u.own.is_empty() || !self.index.children.of(i).is_empty() {
                return u.own.iter().filter_map(|c| c.state).max_by_key(|s| severity(*s));
            }
            if let Some(given) = self.loading.mark(i) {
                return given;
            }
            let subjects = self.index.subjects_of.of(i).iter();
            let states = subjects.filter_map(|s| self.subjects.get(*s as usize)).map(|s| s.state());
            states.max_by_key(|s| severity(*s))
        };
        let mut marks: Vec<Option<State>> =
            self.units.iter().enumerate().map(|(i, u)| worst(i, u)).collect();
        // Children stand after their parents: one pass from the end carries all of them up.
        for i in (0..self.units.len()).rev() {
            let above = self.parent_of(i);
            if let (Some(mark), Some(above)) = (marks.get(i).copied().flatten(), above) {
                let better = |old: State| severity(old) >= severity(mark);
                if let Some(slot) = marks.get_mut(above)
                    && !slot.is_some_and(better)
                {
                    *slot = Some(mark);
                }
            }
        }
        self.marks = marks.into_iter().map(|m| m.unwrap_or(State::Unmeasured)).collect();
    }

    /// Where the unit above the one at `unit` stands; before it.
    pub(super) fn parent_of(&self, unit: usize) -> Option<usize> {
        let id = self.units.get(unit)?.parent.as_ref()?;
        self.index.unit_at.get(id).copied().filter(|p| *p < unit)
    }

    /// The configured time zone; UTC when this machine does not know it.
    #[must_use]
    pub fn timezone(&self) -> &TimeZone {
        &self.index.timezone
    }

    /// An instant on the province's clock.
    #[must_use]
    pub fn local(&self, at: UnixMs) -> jiff::ZonedDateTime {
        at.to_timestamp().to_zoned_datetime(self.index.timezone.clone())
    }

    /// Where a unit stands in `units`.
    #[must_use]
    pub fn unit_at(&self, id: &UnitId) -> Option<usize> {
        self.index.unit_at.get(id).copied()
    }

    /// A unit's row.
    #[must_use]
    pub fn unit(&self, id: &UnitId) -> Option<&UnitRow> {
        self.units.get(self.unit_at(id)?)
    }

    /// The unit above.
    #[must_use]
    pub fn parent(&self, id: &UnitId) -> Option<&UnitRow> {
        self.units.get(self.parent_of(self.unit_at(id)?)?)
    }

    /// All subjects that are there, in the inventory's order.
    pub fn subjects(&self) -> impl Iterator<Item = Subject<'_>> {
        self.subjects.iter()
    }

    /// How many subjects there are, loaded or not.
    #[must_use]
    pub fn subject_count(&self) -> usize {
        self.loading().map_or(self.subjects.len(), |(_, of)| of)
    }

    /// A subject.
    #[must_use]
    pub fn subject(&self, id: &SubjectId) -> Option<Subject<'_>> {
        self.subjects.get(self.subjects.fixed.at(id.as_str())?)
    }

    fn at_places<'a>(&'a self, places: &'a [u32]) -> impl Iterator<Item = Subject<'a>> + Clone {
        places.iter().filter_map(|at| self.subjects.get(*at as usize))
    }

    /// The units directly beneath, in the official order.
    pub fn children(&self, id: &UnitId) -> impl Iterator<Item = &UnitRow> {
        let list = self.unit_at(id).map(|i| self.index.children.of(i)).unwrap_or_default();
        list.iter().filter_map(|i| self.units.get(*i as usize))
    }

    /// True when no unit lies beneath.
    #[must_use]
    pub fn is_leaf(&self, id: &UnitId) -> bool {
        self.children(id).next().is_none()
    }

    /// A unit's own subjects: connections, devices, services, each by id.
    pub fn subjects_of(&self, id: &UnitId) -> impl Iterator<Item = Subject<'_>> + Clone {
        let list = self.unit_at(id).map(|i| self.index.subjects_of.of(i)).unwrap_or_default();
        self.at_places(list)
    }

    /// Every connection, in the inventory's order.
    pub fn connections(&self) -> impl Iterator<Item = Subject<'_>> + Clone {
        self.at_places(&self.index.connections)
    }

    /// Every connection with the place of its carrier in `carriers`.
    pub(super) fn lines_of_carriers(&self) -> impl Iterator<Item = (Subject<'_>, Option<usize>)> {
        let count = self.carriers.len();
        self.connections()
            .map(move |line| (line, Some(line.carrier_place()).filter(|place| *place < count)))
    }

    /// Every device and service, in the inventory's order.
    pub fn devices(&self) -> impl Iterator<Item = Subject<'_>> + Clone {
        self.at_places(&self.index.devices)
    }

    /// The open incidents, the worst first: what cuts off most, then what is down before what is only
    /// degraded, then the newest.
    #[must_use]
    pub fn worst_incidents(&self) -> Vec<&Incident> {
        let mut open: Vec<&Incident> = self.incidents.iter().collect();
        let weight = |i: &Incident| {
            (i.impact.units.len(), i.impact.unreachable, i.state.is_outage(), i.since)
        };
        open.sort_by_key(|i| std::cmp::Reverse(weight(i)));
        open
    }

    /// Which units and subjects there are.
    pub(super) fn version(&self) -> Version {
        Version(Arc::clone(&self.index))
    }

    /// The units without a unit above.
    pub fn roots(&self) -> impl Iterator<Item = &UnitRow> {
        self.index.roots.iter().filter_map(|i| self.units.get(*i as usize))
    }

    /// The worst state beneath a unit, itself included.
    #[must_use]
    pub fn mark(&self, id: &UnitId) -> State {
        self.unit_at(id).and_then(|i| self.marks.get(i)).copied().unwrap_or(State::Unmeasured)
    }

    /// What the search compares: of each unit its name, code and id, of each subject its name, id,
    /// address and circuit, by their places.
    pub(super) fn folded(&self) -> &[Folded; 2] {
        self.index.folded(&self.units, &self.subjects)
    }

    /// The unit at a place.
    pub(super) fn subject_at(&self, at: usize) -> Option<Subject<'_>> {
        self.subjects.get(at)
    }

    /// A carrier.
    #[must_use]
    pub fn carrier(&self, subject: Subject<'_>) -> Option<&CarrierInfo> {
        self.carriers.get(subject.carrier_place())
    }

    /// A network.
    #[must_use]
    pub fn network(&self, id: &NetworkId) -> Option<&NetworkInfo> {
        self.networks.iter().find(|n| n.id == *id)
    }

    /// The level most units of which are counted: the lowest one that must have a network.
    #[must_use]
    pub fn counted_tier(&self) -> Tier {
        let required = self.roots().flat_map(|u| &u.subtree).filter(|c| c.ladder.required > 0);
        required.map(|c| c.tier).max().unwrap_or(Tier::Commune)
    }

    /// The first declared network that units of the counted level must have.
    #[must_use]
    pub fn counted_network(&self) -> Option<&NetworkInfo> {
        let tier = self.counted_tier();
        self.networks.iter().find(|n| {
            self.roots().flat_map(|u| &u.subtree).any(|c| c.network == n.id && c.tier == tier)
        })
    }
}

/// The row of `rows` on a network for a tier.
#[must_use]
pub fn on<'a>(
    rows: &'a [UnitCoverage],
    network: &NetworkId,
    tier: Tier,
) -> Option<&'a UnitCoverage> {
    rows.iter().find(|c| c.network == *network && c.tier == tier)
}
