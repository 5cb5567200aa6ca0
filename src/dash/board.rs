//! What is known now, ready to be drawn: a snapshot with its look-up tables, kept up to date by
//! changes.
//!
//! Guarantees: every text a user's file or the network gave has been made visible (no control
//! character reaches the terminal); a change costs what it touches, not the size of the province;
//! clones are cheap (rows are shared). Must not be drawn without its freshness.

mod index;

use std::sync::Arc;

use jiff::tz::TimeZone;

use self::index::Index;
use crate::api::{
    CarrierInfo, Change, DaemonInfo, NetworkInfo, Snapshot, SubjectRow, SubjectState, UnitCoverage,
    UnitRow,
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
    now: &SubjectState,
) -> &'a mut u32 {
    if now.off_hours { off_hours } else { &mut counts[slot(now.state)] }
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
    pub units: Vec<Arc<UnitRow>>,
    /// In the inventory's order.
    pub subjects: Vec<Arc<SubjectRow>>,
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
    marks: Vec<State>,
    index: Arc<Index>,
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

fn clean_snapshot(snapshot: &mut Snapshot) {
    for network in &mut snapshot.networks {
        clean(&mut network.name);
        clean(&mut network.name_en);
        clean(&mut network.short);
    }
    for carrier in &mut snapshot.carriers {
        clean(&mut carrier.name);
        clean_option(&mut carrier.contract);
        clean_option(&mut carrier.hotline);
    }
    for unit in &mut snapshot.units {
        clean(&mut unit.name);
        clean(&mut unit.short);
        clean_option(&mut unit.contact.name);
        clean_option(&mut unit.contact.phone);
        clean_option(&mut unit.contact.email);
    }
    for subject in &mut snapshot.subjects {
        clean(&mut subject.name);
        clean_option(&mut subject.circuit);
        clean_option(&mut subject.role);
        clean_option(&mut subject.address);
    }
}

impl Board {
    /// A board of a snapshot.
    #[must_use]
    pub fn new(mut snapshot: Snapshot) -> Self {
        clean_snapshot(&mut snapshot);
        let index = Index::new(&snapshot);
        let mut board = Self {
            seq: snapshot.seq,
            at: snapshot.at,
            daemon: Arc::new(clean_daemon(snapshot.daemon)),
            networks: snapshot.networks.into(),
            carriers: snapshot.carriers.into(),
            units: snapshot.units.into_iter().map(Arc::new).collect(),
            subjects: snapshot.subjects.into_iter().map(Arc::new).collect(),
            incidents: snapshot.incidents.into(),
            counts: Counts::default(),
            off_hours: 0,
            carrier_sums: Vec::new(),
            goal_permille: snapshot.goal_permille,
            measured_floor_ppm: snapshot.measured_floor_ppm,
            marks: Vec::new(),
            index: Arc::new(index),
        };
        board.carrier_sums = vec![CarrierSum::default(); board.carriers.len()];
        for (i, subject) in board.subjects.iter().enumerate() {
            *count_of(&mut board.counts, &mut board.off_hours, &subject.now) += 1;
            let carrier = board.index.carrier_of.get(i).copied().flatten();
            if let Some(sum) = carrier.and_then(|c| board.carrier_sums.get_mut(c)) {
                sum.counts[slot(subject.now.state)] += 1;
                sum.month += subject.month;
            }
        }
        board.mark_units();
        board
    }

    /// Takes a change in.
    ///
    /// # Errors
    /// [`OutOfStep`] when a change was missed or the other side asks for a new snapshot; the
    /// board is then left as it was.
    pub fn apply(&mut self, change: Change) -> Result<(), OutOfStep> {
        if change.resync || change.seq > self.seq + 1 {
            return Err(OutOfStep);
        }
        if change.seq <= self.seq {
            // Sent again after a reconnection: already contained.
            return Ok(());
        }
        self.seq = change.seq;
        self.at = change.at;
        self.daemon = Arc::new(clean_daemon(change.daemon));
        let mut marks_change = false;
        for (id, now) in change.subjects {
            let Some(&i) = self.index.subject_at.get(&id) else { return Err(OutOfStep) };
            let Some(row) = self.subjects.get_mut(i) else { return Err(OutOfStep) };
            let (old, new) = (slot(row.now.state), slot(now.state));
            let before = count_of(&mut self.counts, &mut self.off_hours, &row.now);
            *before = before.saturating_sub(1);
            *count_of(&mut self.counts, &mut self.off_hours, &now) += 1;
            if old != new {
                marks_change = true;
                let carrier = self.index.carrier_of.get(i).copied().flatten();
                if let Some(sum) = carrier.and_then(|c| self.carrier_sums.get_mut(c)) {
                    sum.counts[old] = sum.counts[old].saturating_sub(1);
                    sum.counts[new] += 1;
                }
            }
            Arc::make_mut(row).now = now;
        }
        marks_change |= !change.units.is_empty();
        for crate::api::UnitChange { id, own, subtree } in change.units {
            let Some(&i) = self.index.unit_at.get(&id) else { return Err(OutOfStep) };
            if let Some(row) = self.units.get_mut(i) {
                let row = Arc::make_mut(row);
                row.own = own;
                row.subtree = subtree;
            }
        }
        if let Some(incidents) = change.incidents {
            self.incidents = incidents.into();
        }
        if marks_change {
            self.mark_units();
        }
        Ok(())
    }

    /// The worst own state beneath each unit, itself included, over all networks it must have;
    /// of a unit that must have none (the DIC) over its subjects.
    fn mark_units(&mut self) {
        let worst = |i: usize, u: &UnitRow| {
            if !u.own.is_empty() || self.index.children.get(i).is_some_and(|c| !c.is_empty()) {
                return u.own.iter().filter_map(|c| c.state).max_by_key(|s| severity(*s));
            }
            let subjects = self.index.subjects_of.get(i).into_iter().flatten();
            let states = subjects.filter_map(|s| self.subjects.get(*s)).map(|s| s.now.state);
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
        self.units.get(self.unit_at(id)?).map(|u| &**u)
    }

    /// The unit above.
    #[must_use]
    pub fn parent(&self, id: &UnitId) -> Option<&UnitRow> {
        self.units.get(self.parent_of(self.unit_at(id)?)?).map(|u| &**u)
    }

    /// A subject's row.
    #[must_use]
    pub fn subject(&self, id: &SubjectId) -> Option<&SubjectRow> {
        self.subjects.get(*self.index.subject_at.get(id)?).map(|s| &**s)
    }

    /// The units directly beneath, in the official order.
    pub fn children(&self, id: &UnitId) -> impl Iterator<Item = &UnitRow> {
        let list = self.unit_at(id).and_then(|i| self.index.children.get(i));
        list.into_iter().flatten().filter_map(|i| self.units.get(*i)).map(|u| &**u)
    }

    /// True when no unit lies beneath.
    #[must_use]
    pub fn is_leaf(&self, id: &UnitId) -> bool {
        self.children(id).next().is_none()
    }

    /// A unit's own subjects: connections, devices, services, each by id.
    pub fn subjects_of(&self, id: &UnitId) -> impl Iterator<Item = &SubjectRow> {
        let list = self.unit_at(id).and_then(|i| self.index.subjects_of.get(i));
        list.into_iter().flatten().filter_map(|i| self.subjects.get(*i)).map(|s| &**s)
    }

    /// Every connection, in the inventory's order.
    pub fn connections(&self) -> impl Iterator<Item = &SubjectRow> {
        self.index.connections.iter().filter_map(|i| self.subjects.get(*i)).map(|s| &**s)
    }

    /// Every connection with the place of its carrier in `carriers`.
    pub(super) fn lines_of_carriers(&self) -> impl Iterator<Item = (&SubjectRow, Option<usize>)> {
        self.index.connections.iter().filter_map(|i| {
            let carrier = self.index.carrier_of.get(*i).copied().flatten();
            self.subjects.get(*i).map(|s| (&**s, carrier))
        })
    }

    /// Every device and service, in the inventory's order.
    pub fn devices(&self) -> impl Iterator<Item = &SubjectRow> {
        self.index.devices.iter().filter_map(|i| self.subjects.get(*i)).map(|s| &**s)
    }

    /// Which units and subjects there are.
    pub(super) fn version(&self) -> Version {
        Version(Arc::clone(&self.index))
    }

    /// The units without a unit above.
    pub fn roots(&self) -> impl Iterator<Item = &UnitRow> {
        self.index.roots.iter().filter_map(|i| self.units.get(*i)).map(|u| &**u)
    }

    /// The worst state beneath a unit, itself included.
    #[must_use]
    pub fn mark(&self, id: &UnitId) -> State {
        self.unit_at(id).and_then(|i| self.marks.get(i)).copied().unwrap_or(State::Unmeasured)
    }

    /// A unit's name, code and id folded for the search, by place in `units`.
    pub(super) fn folded_units(&self) -> &[String] {
        &self.index.folded_units
    }

    /// A subject's name, id, address and circuit folded for the search, by place in `subjects`.
    pub(super) fn folded_subjects(&self) -> &[String] {
        &self.index.folded_subjects
    }

    /// A carrier.
    #[must_use]
    pub fn carrier(&self, subject: &SubjectRow) -> Option<&CarrierInfo> {
        let id = subject.carrier.as_ref()?;
        self.carriers.iter().find(|c| c.id == *id)
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
