//! The coverage ladder: required ⊇ deployed ⊇ measured ⊇ live ⊇ met.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Availability, Verdict, verdict};
use crate::model::{Inventory, NetworkIx, State, SubjectIx, Tier, UnitIx, UnixMs};

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

/// Where every unit stands on every network it must have, at `at`.
///
/// `state_of` gives a subject's state at `at`; `availability_of` what a set of connections
/// serving one unit got together in the period; `goal_ppm` stands where no service level was
/// agreed; under `floor_ppm` measured there is no verdict. Units and connections that do not
/// exist at `at` are left out.
pub fn unit_networks(
    inventory: &Inventory,
    at: UnixMs,
    state_of: impl Fn(SubjectIx) -> State,
    availability_of: impl Fn(&[SubjectIx]) -> Availability,
    goal_ppm: u32,
    floor_ppm: u32,
) -> Vec<UnitNetwork> {
    let mut found = Vec::new();
    for unit in inventory.unit_ixs().filter(|u| inventory.unit(*u).exists_at(at)) {
        for &network in &inventory.unit(unit).requires {
            let connections: Vec<SubjectIx> = inventory
                .connections_of(unit, network)
                .filter(|s| inventory.subject(*s).exists_at(at))
                .collect();
            let state = connections.iter().map(|s| state_of(*s)).reduce(State::best_of);
            let availability = if connections.is_empty() {
                Availability::default()
            } else {
                availability_of(&connections)
            };
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

/// Rolls the units' own rungs up the tree: a row per (unit, network, tier) with something
/// required, ordered by unit, network, tier. Sums over the tree add up exactly.
#[must_use]
pub fn ladder_rows(inventory: &Inventory, units: &[UnitNetwork]) -> Vec<LadderRow> {
    let mut sums: BTreeMap<(UnitIx, NetworkIx, Tier), (Ladder, Availability, Verdict)> =
        BTreeMap::new();
    for row in units {
        let tier = inventory.unit(row.unit).kind.tier();
        let mut above = Some(row.unit);
        while let Some(unit) = above {
            let start = (Ladder::default(), Availability::default(), Verdict::Met);
            let (ladder, availability, verdict) =
                sums.entry((unit, row.network, tier)).or_insert(start);
            *ladder += row.ladder();
            *availability += row.availability;
            *verdict = verdict.and(row.verdict);
            above = inventory.unit(unit).parent;
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
