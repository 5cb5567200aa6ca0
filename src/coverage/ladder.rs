//! The coverage ladder: required ⊇ deployed ⊇ measured ⊇ live ⊇ met.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Availability, Clock, Tree, Verdict, verdict};
use crate::model::{Inventory, NetworkIx, Span, State, SubjectIx, Tier, UnitIx, UnixMs};

/// How many units stand on each rung; each rung is a subset of the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ladder {
    /// Must have the network.
    pub required: u32,
    /// Have a connection to it.
    pub deployed: u32,
    /// Are really asked.
    pub measured: u32,
    /// Have it now.
    pub live: u32,
    /// Have it now and kept its service level in the period.
    pub met: u32,
}

impl std::ops::AddAssign for Ladder {
    fn add_assign(&mut self, o: Self) {
        self.required += o.required;
        self.deployed += o.deployed;
        self.measured += o.measured;
        self.live += o.live;
        self.met += o.met;
    }
}

/// One unit on one network it must have: where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitNetwork {
    /// The unit.
    pub unit: UnitIx,
    /// The network it must have.
    pub network: NetworkIx,
    /// Its connections to it.
    pub connections: Vec<SubjectIx>,
    /// Best state among them now; `None` without any connection.
    pub state: Option<State>,
    /// What it got in the period, over all its connections together.
    pub availability: Availability,
    /// Service level asked for, in millionths: the strictest of its connections.
    pub sla_ppm: u32,
    /// Whether that was reached.
    pub verdict: Verdict,
}

impl UnitNetwork {
    /// The unit's own ladder: each rung 0 or 1.
    #[must_use]
    pub fn ladder(&self) -> Ladder {
        let deployed = u32::from(self.state.is_some());
        let measured = u32::from(self.state.is_some_and(|s| s != State::Unmeasured));
        let live = u32::from(self.state.is_some_and(State::is_live));
        let met = live * u32::from(self.verdict == Verdict::Met);
        Ladder { required: 1, deployed, measured, live, met }
    }
}

/// The ladder of a unit's subtree (itself included) on one network, for one tier of units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LadderRow {
    /// Root of the subtree.
    pub unit: UnitIx,
    /// The network.
    pub network: NetworkIx,
    /// Which units are counted.
    pub tier: Tier,
    /// The counts.
    pub ladder: Ladder,
    /// Time of all counted units together.
    pub availability: Availability,
    /// `met` when every unit counted met its level, `missed` when one missed it.
    pub verdict: Verdict,
}

/// What a ladder is computed for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Units, lines and levels.
    pub inventory: &'a Inventory,
    /// Which units, and whose lines stand for them.
    pub tree: &'a Tree,
    /// When the states are taken.
    pub at: UnixMs,
    /// The clock of the availabilities.
    pub clock: Clock,
    /// Availability to reach where no service level was agreed, in millionths.
    pub goal_ppm: u32,
    /// Measured share under which there is no verdict, in millionths.
    pub floor_ppm: u32,
}

/// Where every unit of the tree stands on every network it must have.
///
/// `availability_of` gives what the lines of one unit on one network got together in a part of
/// the period. A unit for which several stand at `asked.at` (an older time, reported by the new
/// tree) is in the worst state among them: it had the network only when all had it.
pub fn tree_networks(
    asked: Asked<'_>,
    state_of: impl Fn(SubjectIx) -> State,
    availability_of: impl Fn(&[SubjectIx], Span) -> Availability,
) -> Vec<UnitNetwork> {
    let Asked { inventory, tree, at, clock, goal_ppm, floor_ppm } = asked;
    let mut found = Vec::new();
    for unit in tree.units() {
        for &network in &inventory.unit(unit).requires {
            let mut connections: Vec<SubjectIx> = Vec::new();
            let mut states: Vec<Option<State>> = Vec::new();
            let mut availability = Availability::none(clock);
            for by in tree.served_by(unit) {
                let lines: Vec<SubjectIx> = inventory.connections_of(by.unit, network).collect();
                if !lines.is_empty() {
                    availability += availability_of(&lines, by.span);
                }
                if by.span.contains(at) {
                    let now = lines.iter().filter(|s| inventory.subject(**s).exists_at(at));
                    if is_elsewhere(inventory, tree, (unit, by.unit), &lines, at) {
                        continue;
                    }
                    states.push(now.clone().map(|s| state_of(*s)).reduce(State::best_of));
                    connections.extend(now);
                }
            }
            let state = states.into_iter().reduce(worst_of).flatten();
            let sla_ppm = connections
                .iter()
                .filter_map(|s| inventory.subject(*s).connection()?.sla.availability_ppm)
                .max()
                .or(inventory.network(network).sla.availability_ppm)
                .unwrap_or(goal_ppm);
            let verdict = verdict(&availability, sla_ppm, floor_ppm);
            found.push(UnitNetwork {
                unit,
                network,
                connections,
                state,
                availability,
                sla_ppm,
                verdict,
            });
        }
    }
    found
}

/// True when nothing is missed of `by`, one of those whose lines stand for `unit`, at `at`: a
/// building whose last line was taken away after the merger, or the new unit itself, which sits
/// in the buildings of those merged into it and has no line of its own.
fn is_elsewhere(
    inventory: &Inventory,
    tree: &Tree,
    (unit, by): (UnitIx, UnitIx),
    lines: &[SubjectIx],
    at: UnixMs,
) -> bool {
    let stays = |u: UnitIx| {
        let unit = inventory.unit(u);
        unit.equipment_stays && unit.until.is_some_and(|until| until <= at)
    };
    if by == unit {
        return lines.is_empty() && tree.served_by(unit).iter().any(|s| stays(s.unit));
    }
    let is_gone = |s: &SubjectIx| inventory.subject(*s).until.is_some_and(|until| until <= at);
    stays(by) && !lines.is_empty() && lines.iter().all(is_gone)
}

/// The state of a unit made of several: without a line in one of them it is not deployed.
fn worst_of(a: Option<State>, b: Option<State>) -> Option<State> {
    let (a, b) = (a?, b?);
    Some(if a.best_of(b) == a { b } else { a })
}

/// Rolls the units' own rungs up the tree of a date: a row per (unit, network, tier) with something
/// required, ordered by unit, network, tier. Sums over the tree add up exactly.
#[must_use]
pub fn tree_rows(inventory: &Inventory, tree: &Tree, units: &[UnitNetwork]) -> Vec<LadderRow> {
    let mut sums: BTreeMap<(UnitIx, NetworkIx, Tier), (Ladder, Availability, Verdict)> =
        BTreeMap::new();
    for row in units {
        let tier = inventory.unit(row.unit).kind.tier();
        let mut above = Some(row.unit);
        while let Some(unit) = above {
            let none = Availability::none(row.availability.clock);
            let start = (Ladder::default(), none, Verdict::Met);
            let (ladder, availability, verdict) =
                sums.entry((unit, row.network, tier)).or_insert(start);
            *ladder += row.ladder();
            *availability += row.availability;
            *verdict = verdict.and(row.verdict);
            above = tree.parent(unit);
        }
    }
    sums.into_iter()
        .map(|((unit, network, tier), (ladder, availability, verdict))| LadderRow {
            unit,
            network,
            tier,
            ladder,
            availability,
            verdict,
        })
        .collect()
}
