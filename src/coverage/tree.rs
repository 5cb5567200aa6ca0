//! The administrative tree of a date: units merge and districts are abolished, history stays and
//! is reported by the old tree or the new one.

#[cfg(doc)]
use crate::model::Unit;
use crate::model::{Inventory, Span, UnitIx, UnixMs};

/// The tree as of a date: the units that exist then.
///
/// - *The new tree over an older window*: a unit that has ended is attributed along `merged_into`
///   to its successor, which gets its own lines and those of the units merged into it, each for
///   the time it existed.
/// - *The old tree over a later window*: a unit that has been merged since is served by its
///   successor's lines from the merger on; where two were merged into one, both are.
/// - Where the equipment of a merged unit stays in its building ([`Unit::equipment_stays`]), its
///   lines go on: for its successor by the new tree, for the unit itself by the old one, and the
///   successor's own lines do not stand for it. So every line stands for one unit in either tree,
///   and sums over both are equal.
/// - A unit beneath one that does not exist is beneath that one's successor, or the nearest unit
///   above it that exists.
///
/// How the time of several is combined: the times of predecessors and successors are **summed**.
/// Two communes up for a month that are merged in its middle give their successor half a month
/// twice and half a month once. The best of lines is taken only among the redundant lines of one
/// unit: a commune that had no network before the merger is not excused by its neighbour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    at: UnixMs,
    exists: Vec<bool>,
    parent: Vec<Option<UnitIx>>,
    serves: Vec<Vec<Service>>,
    served_by: Vec<Vec<Service>>,
}

/// A unit's lines stand for a unit over a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    /// The other unit: the one that serves, or the one that is served.
    pub unit: UnitIx,
    /// When.
    pub span: Span,
}

const ALWAYS: Span = Span::new(UnixMs(i64::MIN), UnixMs(i64::MAX));

impl Tree {
    /// The tree as of `at`.
    #[must_use]
    pub fn as_of(inventory: &Inventory, at: UnixMs) -> Self {
        let count = inventory.units.len();
        let exists: Vec<bool> = inventory.units.iter().map(|u| u.exists_at(at)).collect();
        let mut tree = Self {
            at,
            parent: parents(inventory, &exists, at),
            exists,
            serves: vec![Vec::new(); count],
            served_by: vec![Vec::new(); count],
        };
        for unit in inventory.unit_ixs() {
            tree.attribute(inventory, unit);
        }
        tree
    }

    /// Notes whose lines stand for whom, `unit` being the one followed through its mergers.
    fn attribute(&mut self, inventory: &Inventory, unit: UnitIx) {
        if self.exists(unit) {
            self.serve(unit, unit, in_service(inventory, unit));
            if inventory.unit(unit).equipment_stays {
                return;
            }
            for (next, from) in mergers(inventory, unit) {
                // From the merger on; what the successor was before it is not this unit's.
                let span = life(inventory, next);
                self.serve(next, unit, Span::new(span.from.max(from), span.to));
            }
        } else if inventory.unit(unit).until.is_some_and(|until| until <= self.at) {
            let found = mergers(inventory, unit).map(|(next, _)| next).find(|n| self.exists(*n));
            if let Some(successor) = found {
                self.serve(unit, successor, in_service(inventory, unit));
            }
        }
    }

    fn serve(&mut self, by: UnitIx, unit: UnitIx, span: Span) {
        if !span.is_empty() {
            self.serves[by.ix()].push(Service { unit, span });
            self.served_by[unit.ix()].push(Service { unit: by, span });
        }
    }

    /// The date.
    #[must_use]
    pub const fn at(&self) -> UnixMs {
        self.at
    }

    /// Whether all units stand as they do in the tree of another date.
    #[must_use]
    pub fn is_alike(&self, other: &Self) -> bool {
        let Self { at: _, exists, parent, serves, served_by } = self;
        (exists, parent, serves, served_by)
            == (&other.exists, &other.parent, &other.serves, &other.served_by)
    }

    /// True when the unit is in the tree.
    #[must_use]
    pub fn exists(&self, unit: UnitIx) -> bool {
        self.exists[unit.ix()]
    }

    /// The unit of the tree above `unit`, which itself need not be in it.
    #[must_use]
    pub fn parent(&self, unit: UnitIx) -> Option<UnitIx> {
        self.parent[unit.ix()]
    }

    /// Units of the tree without one above, in the official order.
    pub fn roots(&self) -> impl Iterator<Item = UnitIx> + '_ {
        self.units().filter(|u| self.parent(*u).is_none())
    }

    /// Units of the tree directly beneath `unit`, in the official order.
    pub fn children(&self, unit: UnitIx) -> impl Iterator<Item = UnitIx> + '_ {
        self.units().filter(move |u| self.parent(*u) == Some(unit))
    }

    /// The units of the tree, in the official order.
    pub fn units(&self) -> impl Iterator<Item = UnitIx> + '_ {
        (0_u32..).map(UnitIx).zip(&self.exists).filter(|(_, exists)| **exists).map(|(u, _)| u)
    }

    /// Whose lines stand for `unit` and when: its own, its predecessors', its successors'. Empty
    /// for what is not in the tree.
    #[must_use]
    pub fn served_by(&self, unit: UnitIx) -> &[Service] {
        &self.served_by[unit.ix()]
    }

    /// The units of the tree for which the lines of `unit` stand, and when. None for a unit that
    /// ended without a successor in the tree, and for one that is not yet there.
    #[must_use]
    pub fn serves(&self, unit: UnitIx) -> &[Service] {
        &self.serves[unit.ix()]
    }

    /// By unit: whether it is `top` or beneath it.
    #[must_use]
    pub fn beneath(&self, top: UnitIx) -> Vec<bool> {
        let mut inside = vec![false; self.exists.len()];
        for unit in (0_u32..).map(UnitIx).take(self.exists.len()) {
            let mut above = Some(unit);
            while let Some(u) = above.filter(|u| *u != top) {
                above = self.parent(u);
            }
            inside[unit.ix()] = above.is_some();
        }
        inside
    }
}

fn life(inventory: &Inventory, unit: UnitIx) -> Span {
    let unit = inventory.unit(unit);
    Span::new(unit.since.unwrap_or(ALWAYS.from), unit.until.unwrap_or(ALWAYS.to))
}

/// How long its lines stand for somebody: its life, and on where its equipment stays.
fn in_service(inventory: &Inventory, unit: UnitIx) -> Span {
    let span = life(inventory, unit);
    if inventory.unit(unit).equipment_stays { Span::new(span.from, ALWAYS.to) } else { span }
}

/// Those `unit` was merged into, one after another, each with the time it was. A ring of mergers,
/// which no inventory should have, is followed once round.
fn mergers(inventory: &Inventory, unit: UnitIx) -> impl Iterator<Item = (UnitIx, UnixMs)> + '_ {
    let step = |of: UnitIx| {
        let of = inventory.unit(of);
        Some((of.merged_into?, of.until?))
    };
    // Into one that had ended before is into its successor, no earlier.
    let then = move |(next, from): &(UnitIx, UnixMs)| {
        step(*next).map(|(after, ended)| (after, ended.max(*from)))
    };
    std::iter::successors(step(unit), then)
        .take(inventory.units.len())
        .take_while(move |(next, _)| *next != unit)
}

/// By unit: the unit above it in the tree. Mergers must not make a ring of it (a district merged
/// into a commune beneath it): who would be above himself is beneath the nearest declared unit
/// above that exists, and declared parents have no ring.
fn parents(inventory: &Inventory, exists: &[bool], at: UnixMs) -> Vec<Option<UnitIx>> {
    let declared = |unit: UnitIx| {
        std::iter::successors(inventory.unit(unit).parent, |u| inventory.unit(*u).parent)
            .find(|u| exists[u.ix()])
    };
    let by_mergers = |unit: UnitIx| {
        let mut above = inventory.unit(unit).parent;
        while let Some(u) = above.filter(|u| !exists[u.ix()]) {
            let has_ended = inventory.unit(u).until.is_some_and(|until| until <= at);
            let successor = mergers(inventory, u).map(|(next, _)| next).find(|n| exists[n.ix()]);
            if has_ended && let Some(successor) = successor {
                return Some(successor);
            }
            above = inventory.unit(u).parent;
        }
        above
    };
    let mut found: Vec<Option<UnitIx>> = inventory.unit_ixs().map(by_mergers).collect();
    for unit in inventory.unit_ixs() {
        let is_above_itself = |found: &[Option<UnitIx>]| {
            std::iter::successors(found[unit.ix()], |u| found[u.ix()])
                .take(found.len())
                .any(|u| u == unit)
        };
        if is_above_itself(&found) {
            found[unit.ix()] = declared(unit);
            // Still in a ring by somebody else's merger: that one's turn comes, or has come and
            // left him under a declared unit; the one that closes it goes to the top.
            if is_above_itself(&found) {
                found[unit.ix()] = None;
            }
        }
    }
    found
}
