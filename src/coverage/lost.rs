//! The lost time of units slot by slot: what a heat map shows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Availability, ClassSpan, Clock, Judge, Tree, best_of_lines};
use crate::model::{Inventory, NetworkIx, Span, StateInterval, SubjectIx, Tier, UnitIx, UnixMs};

/// What became of a slot, of all units counted together; all zero where nothing is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LostSlot {
    /// Time lost ([`Availability::lost_ms`]), milliseconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub lost_ms: i64,
    /// What it is a share of ([`Availability::judged_ms`]), milliseconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub judged_ms: i64,
    /// Answered beyond the thresholds, milliseconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub degraded_ms: i64,
    /// Nobody asked, milliseconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub unmeasured_ms: i64,
    /// Inside announced work, milliseconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub planned_ms: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
const fn is_zero(ms: &i64) -> bool {
    *ms == 0
}

impl LostSlot {
    /// Whether anything is recorded.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.judged_ms + self.unmeasured_ms + self.planned_ms == 0
    }
}

impl std::ops::AddAssign<Availability> for LostSlot {
    fn add_assign(&mut self, got: Availability) {
        self.lost_ms += got.lost_ms();
        self.judged_ms += got.judged_ms();
        self.degraded_ms += got.millis.degraded;
        self.unmeasured_ms += got.millis.unmeasured;
        self.planned_ms += got.millis.planned;
    }
}

/// A unit's slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostUnits {
    /// The unit.
    pub unit: UnitIx,
    /// The level of the units that are counted.
    pub tier: Tier,
    /// How many are counted: those that have a line on the network.
    pub units: u32,
    /// In the order of time.
    pub slots: Vec<LostSlot>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct LostAsked<'a> {
    /// Which units, and whose lines stand for them.
    pub tree: &'a Tree,
    /// The unit itself and those directly beneath it have a row each; `None`: the roots.
    pub open: Option<UnitIx>,
    /// On which network.
    pub network: NetworkIx,
    /// Where the slots begin, and the end of the last; ascending.
    pub edges: &'a [UnixMs],
    /// The clock it is judged by.
    pub clock: Clock,
}

/// The slots of `asked.open` itself, where it has a line on the network, and of every unit directly
/// beneath it: as the coverage table has it, of the lowest level (itself included) that must have the
/// network, added up; where nobody must have it, of the lowest level that has a line on it.
///
/// A slot that lies beyond the judge's window, or before the first thing recorded of any of a unit's
/// lines, has nothing of that unit. `record` gives a subject's sorted intervals.
pub fn lost_slots<'r>(
    judge: &Judge<'_>,
    asked: LostAsked<'_>,
    record: impl Fn(SubjectIx) -> &'r [StateInterval],
) -> Vec<LostUnits> {
    let LostAsked { tree, open, network, .. } = asked;
    let inventory = judge.inventory();
    // By row, whether it must have the network, and level.
    let mut sums: BTreeMap<(UnitIx, bool, Tier), LostUnits> = BTreeMap::new();
    for unit in tree.units() {
        let Some(row) = row_of(tree, open, unit) else { continue };
        let slots = own_slots(judge, &asked, unit, &record);
        let is_required = inventory.unit(unit).requires.contains(&network);
        // Whoever must have it is the level that is looked at, also where nobody of it has a line.
        if slots.is_none() && !is_required {
            continue;
        }
        let tier = inventory.unit(unit).kind.tier();
        let none = || LostUnits { unit: row, tier, units: 0, slots: Vec::new() };
        let sum = sums.entry((row, is_required, tier)).or_insert_with(none);
        let Some(slots) = slots else { continue };
        sum.units += 1;
        sum.slots.resize(slots.len(), LostSlot::default());
        for (sum, got) in sum.slots.iter_mut().zip(slots) {
            *sum += got;
        }
    }
    // Of each row the lowest level of those that must have it; where nobody must, the lowest there is.
    let mut found: Vec<LostUnits> = Vec::new();
    for (_, row) in sums {
        match found.last_mut() {
            Some(last) if last.unit == row.unit => *last = row,
            _ => found.push(row),
        }
    }
    found.retain(|row| row.units > 0);
    found
}

/// The row that a unit counts for.
fn row_of(tree: &Tree, open: Option<UnitIx>, unit: UnitIx) -> Option<UnitIx> {
    if Some(unit) == open {
        return open;
    }
    let mut row = unit;
    loop {
        match tree.parent(row) {
            above if above == open => return Some(row),
            Some(above) => row = above,
            None => return None,
        }
    }
}

/// What the lines that stand for a unit got together in each slot; `None` of a unit without any.
fn own_slots<'r>(
    judge: &Judge<'_>,
    asked: &LostAsked<'_>,
    unit: UnitIx,
    record: &impl Fn(SubjectIx) -> &'r [StateInterval],
) -> Option<Vec<Availability>> {
    let inventory: &Inventory = judge.inventory();
    let mut found: Option<Vec<Availability>> = None;
    for by in asked.tree.served_by(unit) {
        let lines: Vec<SubjectIx> = inventory.connections_of(by.unit, asked.network).collect();
        if lines.is_empty() {
            continue;
        }
        let count = asked.edges.len().saturating_sub(1);
        let found = found.get_or_insert_with(|| vec![Availability::none(asked.clock); count]);
        let begun = lines.iter().filter_map(|s| record(*s).first()).map(|first| first.from).min();
        let Some(begun) = begun else { continue };
        let classes: Vec<ClassSpan> =
            best_of_lines(lines.iter().map(|s| judge.classes(*s, record(*s))).collect());
        let mut rest = &classes[..];
        for (sum, pair) in found.iter_mut().zip(asked.edges.windows(2)) {
            let slot = Span::new(pair[0].max(begun), pair[1].max(begun)).intersect(by.span);
            let over = rest.iter().take_while(|class| class.span.to <= slot.from).count();
            rest = &rest[over..];
            let here = rest.iter().take_while(|class| class.span.from < slot.to).count();
            if !slot.is_empty() {
                *sum += Availability::of(&rest[..here], &[slot], asked.clock);
            }
        }
    }
    found
}
