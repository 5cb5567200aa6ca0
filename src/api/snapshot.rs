//! How a snapshot is made, and how a change is applied to it: the daemon and every client use
//! the same two functions, so they cannot disagree.

use super::types::{
    CarrierInfo, Change, DaemonInfo, NetworkInfo, Snapshot, SubjectRow, SubjectState, UnitCoverage,
    UnitRow,
};
use crate::coverage::{
    Asked, Availability, Clock, LadderRow, Tree, UnitNetwork, tree_networks, tree_rows,
};
use crate::model::{Incident, Inventory, SubjectIx, UnitIx, UnixMs};

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
    // Of units that are no more none is shown, but where nobody else has what is left of one.
    let mut is_shown: Vec<bool> = inventory.unit_ixs().map(|u| tree.exists(u)).collect();
    inventory.subjects.iter().for_each(|s| is_shown[homes[s.unit.ix()].ix()] = true);
    let units = inventory
        .unit_ixs()
        .zip(coverages.own.into_iter().zip(coverages.subtree))
        .filter(|(ix, _)| is_shown[ix.ix()])
        .map(|(ix, figures)| (ix, inventory.unit(ix), figures))
        .map(|(ix, unit, (own, subtree))| UnitRow {
            id: unit.id.clone(),
            parent: tree.parent(ix).map(|p| inventory.unit(p).id.clone()),
            name: unit.name.clone(),
            short: unit.short.clone(),
            kind: unit.kind,
            contact: unit.contact.clone(),
            location: unit.location,
            own,
            subtree,
        })
        .collect();
    Snapshot {
        seq,
        at,
        daemon,
        timezone: sources.timezone.to_owned(),
        month_from: sources.month_from,
        networks: inventory
            .networks
            .iter()
            .map(|n| NetworkInfo {
                id: n.id.clone(),
                name: n.name.clone(),
                name_en: n.name_en.clone(),
                short: n.short.clone(),
            })
            .collect(),
        carriers: inventory
            .carriers
            .iter()
            .map(|c| CarrierInfo {
                id: c.id.clone(),
                name: c.name.clone(),
                contract: c.contract.clone(),
                hotline: c.hotline.clone(),
            })
            .collect(),
        units,
        subjects: inventory.subject_ixs().map(|s| subject_row(sources, &homes, s)).collect(),
        incidents,
        goal_permille: sources.goal_permille,
        measured_floor_ppm: sources.measured_floor_ppm,
    }
}

/// Under which unit of the tree stands what is `unit`'s: itself, the one that took it over, else
/// the one above.
fn home(tree: &Tree, unit: UnitIx) -> UnitIx {
    if tree.exists(unit) {
        return unit;
    }
    tree.serves(unit).first().map(|s| s.unit).or_else(|| tree.parent(unit)).unwrap_or(unit)
}

fn subject_row(sources: &Sources<'_>, homes: &[UnitIx], ix: SubjectIx) -> SubjectRow {
    let inventory = sources.inventory;
    let subject = inventory.subject(ix);
    let connection = subject.connection();
    SubjectRow {
        id: subject.id.clone(),
        kind: subject.kind(),
        name: subject.name.clone(),
        unit: inventory.unit(homes[subject.unit.ix()]).id.clone(),
        network: connection.map(|c| inventory.network(c.network).id.clone()),
        carrier: connection.and_then(|c| c.carrier).map(|c| inventory.carrier(c).id.clone()),
        circuit: connection.and_then(|c| c.circuit.clone()),
        role: subject.device().map(|d| d.role.clone()),
        address: subject.checks.first().map(|c| c.kind.address().to_string()),
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
