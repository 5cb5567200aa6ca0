//! How a snapshot is made, and how a change is applied to it: the daemon and every client use
//! the same two functions, so they cannot disagree.

use std::borrow::Cow;

use super::parts::{
    CarrierLines, Overview, PAGE_MAX, Page, PageRow, StateCounts, Text, folded, place_of,
};
use super::types::{
    CarrierInfo, Change, DaemonInfo, NetworkInfo, Snapshot, SubjectRow, SubjectState, UnitCoverage,
    UnitRow,
};
use crate::coverage::{
    Asked, Availability, Clock, LadderRow, Tree, UnitNetwork, tree_networks, tree_rows,
};
use crate::model::{Check, Incident, Inventory, State, SubjectIx, UnitIx, UnixMs};

/// Where a snapshot's parts come from.
pub struct Sources<'a> {
    /// What is patrolled.
    pub inventory: &'a Inventory,
    /// A subject's state at the snapshot's time.
    pub state: &'a dyn Fn(SubjectIx) -> SubjectState,
    /// What the lines of one unit on one network got together this month.
    pub month: &'a dyn Fn(&[SubjectIx]) -> Availability,
    /// Availability goal where no service level was agreed, in millionths.
    pub goal_ppm: u32,
    /// Coverage goal, in thousandths.
    pub goal_permille: u16,
    /// Measured share under which there is no verdict, in millionths.
    pub measured_floor_ppm: u32,
    /// Configured zone.
    pub timezone: &'a str,
    /// Start of the month.
    pub month_from: UnixMs,
}

/// Own and subtree coverage of every unit, by index.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverages {
    /// As [`UnitRow::own`].
    pub own: Vec<Vec<UnitCoverage>>,
    /// As [`UnitRow::subtree`].
    pub subtree: Vec<Vec<UnitCoverage>>,
}

/// Computes every unit's coverage at `at`.
#[must_use]
pub fn coverages(sources: &Sources<'_>, at: UnixMs) -> Coverages {
    let inventory = sources.inventory;
    let tree = Tree::as_of(inventory, at);
    let (goal_ppm, floor_ppm) = (sources.goal_ppm, sources.measured_floor_ppm);
    let clock = Clock::default();
    let units = tree_networks(
        Asked { inventory, tree: &tree, at, clock, goal_ppm, floor_ppm },
        |s| (sources.state)(s).state,
        |lines, _| (sources.month)(lines),
    );
    let mut found = Coverages {
        own: vec![Vec::new(); inventory.units.len()],
        subtree: vec![Vec::new(); inventory.units.len()],
    };
    for unit in &units {
        found.own[unit.unit.ix()].push(own_coverage(inventory, unit));
    }
    for row in tree_rows(inventory, &tree, &units) {
        let LadderRow { unit, network, tier, ladder, availability, verdict } = row;
        found.subtree[unit.ix()].push(UnitCoverage {
            network: inventory.network(network).id.clone(),
            tier,
            ladder,
            state: None,
            month: availability,
            verdict,
        });
    }
    found
}

fn own_coverage(inventory: &Inventory, unit: &UnitNetwork) -> UnitCoverage {
    UnitCoverage {
        network: inventory.network(unit.network).id.clone(),
        tier: inventory.unit(unit.unit).kind.tier(),
        ladder: unit.ladder(),
        state: unit.state,
        month: unit.availability,
        verdict: unit.verdict,
    }
}

/// Makes the whole snapshot.
#[must_use]
pub fn snapshot(
    sources: &Sources<'_>,
    coverages: Coverages,
    incidents: Vec<Incident>,
    daemon: DaemonInfo,
    seq: u64,
    at: UnixMs,
) -> Snapshot {
    let inventory = sources.inventory;
    let tree = Tree::as_of(inventory, at);
    let homes: Vec<UnitIx> = inventory.unit_ixs().map(|u| home(&tree, u)).collect();
    Snapshot {
        seq,
        at,
        daemon,
        timezone: sources.timezone.to_owned(),
        month_from: sources.month_from,
        networks: networks(inventory),
        carriers: carriers(inventory),
        units: unit_rows(inventory, &tree, &homes, &coverages).collect(),
        subjects: inventory
            .subject_ixs()
            .map(|s| subject_row(sources, homes[inventory.subject(s).unit.ix()], s))
            .collect(),
        incidents,
        goal_permille: sources.goal_permille,
        measured_floor_ppm: sources.measured_floor_ppm,
    }
}

fn networks(inventory: &Inventory) -> Vec<NetworkInfo> {
    let networks = inventory.networks.iter().map(|n| NetworkInfo {
        id: n.id.clone(),
        name: n.name.clone(),
        name_en: n.name_en.clone(),
        short: n.short.clone(),
    });
    networks.collect()
}

fn carriers(inventory: &Inventory) -> Vec<CarrierInfo> {
    let carriers = inventory.carriers.iter().map(|c| CarrierInfo {
        id: c.id.clone(),
        name: c.name.clone(),
        contract: c.contract.clone(),
        hotline: c.hotline.clone(),
    });
    carriers.collect()
}

/// The units that are shown: of those that are no more none, but where nobody else has what is
/// left of one.
fn unit_rows<'a>(
    inventory: &'a Inventory,
    tree: &'a Tree,
    homes: &[UnitIx],
    coverages: &'a Coverages,
) -> impl Iterator<Item = UnitRow> + use<'a> {
    let mut is_shown: Vec<bool> = inventory.unit_ixs().map(|u| tree.exists(u)).collect();
    inventory.subjects.iter().for_each(|s| is_shown[homes[s.unit.ix()].ix()] = true);
    inventory.unit_ixs().filter(move |ix| is_shown[ix.ix()]).map(|ix| {
        let unit = inventory.unit(ix);
        UnitRow {
            id: unit.id.clone(),
            parent: tree.parent(ix).map(|p| inventory.unit(p).id.clone()),
            name: unit.name.clone(),
            short: unit.short.clone(),
            kind: unit.kind,
            contact: unit.contact.clone(),
            location: unit.location,
            own: coverages.own.get(ix.ix()).cloned().unwrap_or_default(),
            subtree: coverages.subtree.get(ix.ix()).cloned().unwrap_or_default(),
        }
    })
}

/// Which parts a snapshot is asked in.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// Who stands beneath whom.
    pub tree: &'a Tree,
    /// The inventory's number.
    pub inventory: u64,
    /// The last change that is contained.
    pub seq: u64,
    /// Now.
    pub at: UnixMs,
}

/// Makes the overview; `standing` is a subject's state and whether it is off hours.
#[must_use]
pub fn overview(
    sources: &Sources<'_>,
    standing: impl Fn(SubjectIx) -> (State, bool),
    coverages: &Coverages,
    incidents: Vec<Incident>,
    daemon: DaemonInfo,
    Moment { tree, inventory: number, seq, at }: Moment<'_>,
) -> Overview {
    let inventory = sources.inventory;
    let homes: Vec<UnitIx> = inventory.unit_ixs().map(|u| home(tree, u)).collect();
    let (mut counts, mut off_hours) = (StateCounts::default(), 0);
    let mut carrier_lines = vec![CarrierLines::default(); inventory.carriers.len()];
    let mut worst: Vec<Option<State>> = vec![None; inventory.units.len()];
    for ix in inventory.subject_ixs() {
        let (state, is_off) = standing(ix);
        if is_off {
            off_hours += 1;
        } else {
            counts.add(state);
        }
        let subject = inventory.subject(ix);
        if let Some(carrier) = subject.connection().and_then(|c| c.carrier) {
            let lines = &mut carrier_lines[carrier.ix()];
            lines.counts.add(state);
            lines.month += (sources.month)(&[ix]);
        }
        let home = homes[subject.unit.ix()];
        if coverages.own.get(home.ix()).is_none_or(Vec::is_empty) {
            let worst = &mut worst[home.ix()];
            *worst = Some(worst.map_or(state, |w| if is_worse(state, w) { state } else { w }));
        }
    }
    let mut named = Vec::new();
    for id in incidents.iter().flat_map(Incident::members) {
        if let Some(ix) = inventory.find_subject(id.as_str()) {
            named.push(subject_row(sources, homes[inventory.subject(ix).unit.ix()], ix));
        }
    }
    Overview {
        seq,
        at,
        inventory: number,
        daemon,
        timezone: sources.timezone.to_owned(),
        month_from: sources.month_from,
        networks: networks(inventory),
        carriers: carriers(inventory),
        carrier_lines,
        subjects: u32::try_from(inventory.subjects.len()).unwrap_or(u32::MAX),
        counts,
        off_hours,
        incidents,
        named,
        marks: inventory
            .unit_ixs()
            .filter_map(|u| Some((inventory.unit(u).id.clone(), worst[u.ix()]?)))
            .collect(),
        goal_permille: sources.goal_permille,
        measured_floor_ppm: sources.measured_floor_ppm,
        units: unit_rows(inventory, tree, &homes, coverages).map(folded).collect(),
    }
}

/// Whether a state deserves more attention than another.
fn is_worse(state: State, other: State) -> bool {
    let rank = |state| match state {
        State::Up => 0,
        State::Unmeasured => 1,
        State::Degraded => 2,
        State::Unreachable => 3,
        State::Down => 4,
    };
    rank(state) > rank(other)
}

/// Makes the page that begins with the subject number `from`: empty past the end.
#[must_use]
pub fn page<'a>(
    sources: &'a Sources<'_>,
    from: usize,
    Moment { tree, inventory: number, seq, .. }: Moment<'a>,
) -> Page<'a> {
    let inventory = sources.inventory;
    let mut thresholds = Vec::new();
    let subjects = inventory.subject_ixs().skip(from).take(PAGE_MAX).map(|ix| {
        let subject = inventory.subject(ix);
        let connection = subject.connection();
        PageRow {
            id: subject.id.as_str().into(),
            kind: subject.kind(),
            name: subject.name.as_str().into(),
            unit: inventory.unit(home(tree, subject.unit)).id.as_str().into(),
            network: connection.map(|c| inventory.network(c.network).id.as_str().into()),
            carrier: connection
                .and_then(|c| c.carrier)
                .map(|c| inventory.carrier(c).id.as_str().into()),
            circuit: connection.and_then(|c| c.circuit.as_deref()).map(Text::from),
            role: subject.device().map(|d| d.role.as_str().into()),
            address: subject.checks.first().map(|check| Text(Cow::Owned(check.asked()))),
            bandwidth_kbps: connection.and_then(|c| c.bandwidth_kbps),
            sla_ppm: connection.and_then(|c| c.sla.availability_ppm),
            via: subject
                .via
                .subjects()
                .iter()
                .map(|s| inventory.subject(*s).id.as_str().into())
                .collect(),
            thresholds: place_of(&mut thresholds, subject.health),
            now: (sources.state)(ix),
            month: (sources.month)(&[ix]),
        }
    });
    let subjects = subjects.collect();
    Page { seq, inventory: number, from, thresholds, subjects }
}

/// Under which unit of the tree stands what is `unit`'s: itself, the one that took it over, else
/// the one above.
fn home(tree: &Tree, unit: UnitIx) -> UnitIx {
    if tree.exists(unit) {
        return unit;
    }
    tree.serves(unit).first().map(|s| s.unit).or_else(|| tree.parent(unit)).unwrap_or(unit)
}

fn subject_row(sources: &Sources<'_>, home: UnitIx, ix: SubjectIx) -> SubjectRow {
    let inventory = sources.inventory;
    let subject = inventory.subject(ix);
    let connection = subject.connection();
    SubjectRow {
        id: subject.id.clone(),
        kind: subject.kind(),
        name: subject.name.clone(),
        unit: inventory.unit(home).id.clone(),
        network: connection.map(|c| inventory.network(c.network).id.clone()),
        carrier: connection.and_then(|c| c.carrier).map(|c| inventory.carrier(c).id.clone()),
        circuit: connection.and_then(|c| c.circuit.clone()),
        role: subject.device().map(|d| d.role.clone()),
        address: subject.checks.first().map(Check::asked),
        bandwidth_kbps: connection.and_then(|c| c.bandwidth_kbps),
        sla_ppm: connection.and_then(|c| c.sla.availability_ppm),
        via: subject.via.subjects().iter().map(|s| inventory.subject(*s).id.clone()).collect(),
        thresholds: subject.health,
        now: (sources.state)(ix),
        month: (sources.month)(&[ix]),
    }
}

impl Snapshot {
    /// Applies the change that follows it. False when it does not fit (its number is not the next
    /// one, it names what the snapshot does not have, or it asks for a new snapshot): then the
    /// caller asks for a snapshot.
    pub fn apply(&mut self, change: &Change) -> bool {
        if change.resync || change.seq != self.seq + 1 {
            return false;
        }
        let fits = merge(
            &mut self.subjects,
            &change.subjects,
            |r| &r.id,
            |c| &c.0,
            |row, c| {
                row.now = c.1.clone();
            },
        ) && merge(
            &mut self.units,
            &change.units,
            |r| &r.id,
            |c| &c.id,
            |row, c| {
                row.own.clone_from(&c.own);
                row.subtree.clone_from(&c.subtree);
            },
        );
        if !fits {
            return false;
        }
        self.seq = change.seq;
        self.at = change.at;
        self.daemon = change.daemon.clone();
        if let Some(incidents) = &change.incidents {
            self.incidents.clone_from(incidents);
        }
        true
    }
}

/// Applies changes to rows in one pass, both being in the inventory's order; false when a change
/// has no row.
fn merge<R, C, I: PartialEq>(
    rows: &mut [R],
    changes: &[C],
    row_id: impl Fn(&R) -> &I,
    change_id: impl Fn(&C) -> &I,
    apply: impl Fn(&mut R, &C),
) -> bool {
    let mut rows = rows.iter_mut();
    changes.iter().all(|change| match rows.by_ref().find(|r| row_id(r) == change_id(change)) {
        Some(row) => {
            apply(row, change);
            true
        }
        None => false,
    })
}
