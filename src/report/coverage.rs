//! The coverage report: the ladder of every unit's subtree, and who is not live.

use std::collections::BTreeMap;

use serde::Serialize;

use super::compare::{Before, Compared, Then};
use super::proof::{Proof, proof};
use super::table::{self, Cell};
use super::{Page, Scope, Share, overall};
use crate::coverage::{
    Asked, Availability, Clock, Ladder, LadderRow, Tree, UnitNetwork, Verdict, tree_networks,
    tree_rows,
};
use crate::model::{Inventory, NetworkIx, Span, State, UnitIx, UnixMs};

/// A unit's subtree (itself included) on one network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageRow {
    /// Root of the subtree.
    pub unit: UnitIx,
    /// The network.
    pub network: NetworkIx,
    /// How many units stand on each rung.
    pub ladder: Ladder,
    /// Time of all counted units together.
    pub availability: Availability,
    /// Whether enough of the required units are live.
    pub verdict: Verdict,
}

/// A unit without a network it must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotLive {
    /// The unit.
    pub unit: UnitIx,
    /// The network.
    pub network: NetworkIx,
    /// What its lines are in; `None` when it has none.
    pub state: Option<State>,
}

/// The report's figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageReport {
    /// When the units' states were taken: the window's end, itself no longer inside.
    pub at: UnixMs,
    /// The time judged.
    pub window: Span,
    /// The clock of the availabilities.
    pub clock: Clock,
    /// Share of required units to be live, in millionths.
    pub goal_ppm: u32,
    /// Measured share under which there is no verdict, in millionths.
    pub floor_ppm: u32,
    /// The tree reported by.
    pub tree: Tree,
    /// Units at the top.
    pub tops: Vec<UnitIx>,
    /// Every unit with something required beneath it, in the official order, by network.
    pub rows: Vec<CoverageRow>,
    /// Rows of the tops, by tier.
    pub tiers: Vec<LadderRow>,
    /// Who is not live, in the official order, by network.
    pub not_live: Vec<NotLive>,
    /// What the figures rest on; `None` where the store was not asked.
    pub proof: Option<Proof>,
    /// What it is compared with.
    pub before: Option<Before<CoverageReport>>,
}

/// Computes the report.
#[must_use]
pub fn coverage(scope: &Scope<'_>) -> CoverageReport {
    let Scope { inventory, records, floor_ppm, coverage_goal_ppm, .. } = *scope;
    let window = scope.window();
    let at = window.to;
    // The end is no longer inside: who begins there belongs to the next period.
    let last = at - 1;
    let (tree, judge, clock) = (scope.tree(), scope.judge(), scope.clock);
    let inside = scope.units(&tree);
    let goal_ppm = scope.availability_goal_ppm;
    let mut units = tree_networks(
        Asked { inventory, tree: &tree, at: last, clock, goal_ppm, floor_ppm },
        |subject| records.state_at(subject, last),
        |lines, part| judge.availability(lines, part, clock, |s| records.of(s)),
    );
    units.retain(|u| inside[u.unit.ix()]);
    let split: Vec<LadderRow> =
        tree_rows(inventory, &tree, &units).into_iter().filter(|r| inside[r.unit.ix()]).collect();
    let mut sums: BTreeMap<(UnitIx, NetworkIx), (Ladder, Availability)> = BTreeMap::new();
    for row in &split {
        let none = (Ladder::default(), Availability::none(clock));
        let (ladder, availability) = sums.entry((row.unit, row.network)).or_insert(none);
        *ladder += row.ladder;
        *availability += row.availability;
    }
    let tops = scope.tops(&tree);
    CoverageReport {
        at,
        window,
        clock,
        goal_ppm: coverage_goal_ppm,
        floor_ppm,
        rows: sums
            .into_iter()
            .map(|((unit, network), (ladder, availability))| {
                let verdict = live_verdict(&ladder, &availability, coverage_goal_ppm, floor_ppm);
                CoverageRow { unit, network, ladder, availability, verdict }
            })
            .collect(),
        tiers: split.into_iter().filter(|r| tops.contains(&r.unit)).collect(),
        not_live: units.iter().filter_map(not_live).collect(),
        proof: proof(scope, &inside),
        before: None,
        tops,
        tree,
    }
}

fn not_live(row: &UnitNetwork) -> Option<NotLive> {
    let UnitNetwork { unit, network, state, .. } = *row;
    (row.ladder().live == 0).then_some(NotLive { unit, network, state })
}

fn live_verdict(
    ladder: &Ladder,
    availability: &Availability,
    goal_ppm: u32,
    floor_ppm: u32,
) -> Verdict {
    // Without any line there is nothing to measure and nothing left to prove.
    if ladder.deployed > 0 && availability.measured_ppm() < floor_ppm {
        Verdict::NotProven
    } else if u64::from(ladder.live) * 1_000_000 >= u64::from(ladder.required) * u64::from(goal_ppm)
    {
        Verdict::Met
    } else {
        Verdict::Missed
    }
}

#[derive(Serialize)]
struct Document<'a> {
    kind: &'static str,
    at: UnixMs,
    clock: Clock,
    as_of: UnixMs,
    #[serde(skip_serializing_if = "Option::is_none")]
    compared: Option<Compared>,
    rows: Vec<Line<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<&'a Proof>,
}

/// A row as CSV and JSON have it.
#[derive(Serialize)]
struct Line<'a> {
    unit: &'a str,
    network: &'a str,
    required: u32,
    deployed: u32,
    measured: u32,
    live: u32,
    met: u32,
    measured_share: Share,
    availability: Option<Share>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Option<LineBefore>>,
}

/// The same of the period compared with.
#[derive(Clone, Copy, Serialize)]
struct LineBefore {
    required: u32,
    live: u32,
    #[serde(flatten)]
    then: Then,
}

impl CoverageReport {
    /// What the units at the top have of a network, together.
    #[must_use]
    pub fn of_tops(&self, network: NetworkIx) -> Ladder {
        let mut sum = Ladder::default();
        let is_top = |r: &&CoverageRow| r.network == network && self.tops.contains(&r.unit);
        self.rows.iter().filter(is_top).for_each(|row| sum += row.ladder);
        sum
    }

    /// A row's ladder and figures in the period compared with.
    pub(super) fn then(&self, row: &CoverageRow) -> Option<(Ladder, Then)> {
        let before = &self.before.as_ref()?.report;
        let is_it = |r: &&CoverageRow| r.unit == row.unit && r.network == row.network;
        let then = before.rows.iter().find(is_it)?;
        Some((then.ladder, self.held_against(&row.availability, &then.availability)))
    }

    /// The same of a tier's row.
    pub(super) fn tier_then(&self, row: &LadderRow) -> Option<(Ladder, Then)> {
        let before = &self.before.as_ref()?.report;
        let is_it =
            |r: &&LadderRow| r.unit == row.unit && r.network == row.network && r.tier == row.tier;
        let then = before.tiers.iter().find(is_it)?;
        Some((then.ladder, self.held_against(&row.availability, &then.availability)))
    }

    fn held_against(&self, now: &Availability, then: &Availability) -> Then {
        Then::new((now.delivered_ppm(), now), (then.delivered_ppm(), then), self.floor_ppm)
    }

    /// Every network at the top has its goal.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        overall(self.rows.iter().filter(|r| self.tops.contains(&r.unit)).map(|r| r.verdict))
    }

    fn lines<'a>(&'a self, inventory: &'a Inventory) -> impl Iterator<Item = Line<'a>> {
        self.rows.iter().map(|row| Line {
            unit: inventory.unit(row.unit).id.as_str(),
            network: inventory.network(row.network).id.as_str(),
            required: row.ladder.required,
            deployed: row.ladder.deployed,
            measured: row.ladder.measured,
            live: row.ladder.live,
            met: row.ladder.met,
            measured_share: Share(row.availability.measured_ppm()),
            availability: row.availability.delivered_ppm().map(Share),
            before: self.before.is_some().then(|| {
                let (ladder, then) = self.then(row)?;
                Some(LineBefore { required: ladder.required, live: ladder.live, then })
            }),
        })
    }

    /// One JSON object, ended by a new line.
    #[must_use]
    pub fn json(&self, inventory: &Inventory) -> String {
        table::json(&Document {
            kind: "coverage",
            at: self.at,
            clock: self.clock,
            as_of: self.tree.at(),
            compared: self.before.as_ref().map(|b| Compared::new(b.against, b.report.window)),
            rows: self.lines(inventory).collect(),
            proof: self.proof.as_ref(),
        })
    }

    /// A row per unit and network under a header row.
    #[must_use]
    pub fn csv(&self, inventory: &Inventory, page: &Page<'_>) -> String {
        let mut header = vec![
            "unit",
            "unit_name",
            "network",
            "required",
            "deployed",
            "measured",
            "live",
            "met",
            "measured_share",
            "availability",
        ];
        if self.before.is_some() {
            header.extend(["required_before", "live_before"]);
            header.extend(["availability_before", "measured_before", "change"]);
        }
        let rows = self.rows.iter().zip(self.lines(inventory)).map(|(row, line)| {
            let mut cells = vec![
                Cell::text(line.unit),
                Cell::text(&inventory.unit(row.unit).name),
                Cell::text(line.network),
                Cell::figure(line.required),
                Cell::figure(line.deployed),
                Cell::figure(line.measured),
                Cell::figure(line.live),
                Cell::figure(line.met),
                Cell::figure(line.measured_share),
                Cell::optional(line.availability),
            ];
            if let Some(then) = line.before {
                cells.extend([
                    Cell::optional(then.map(|then| then.required)),
                    Cell::optional(then.map(|then| then.live)),
                    Cell::optional(then.and_then(|then| then.then.availability)),
                    Cell::optional(then.map(|then| then.then.measured)),
                    Cell::optional(then.and_then(|then| then.then.change)),
                ]);
            }
            cells
        });
        table::csv(&header, rows, page)
    }
}
