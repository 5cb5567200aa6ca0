//! The figures of an availability report, subject by subject as their records come.
//!
//! A year of a province is three million intervals: of a record nothing is kept but what it comes
//! to. Pure.

use std::collections::BTreeMap;

use super::Scope;
use super::availability::{AvailabilityReport, AvailabilityRow, GroupBy, GroupKey};
use super::proof::proof;
use crate::coverage::{Availability, ClassSpan, ForeignSla, Judge, Service, Tree, foreign_sla};
use crate::model::{Inventory, Span, StateInterval, SubjectIx, Tier, UnitIx};

/// One subject's figures over some time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figures {
    pub(super) got: Availability,
    pub(super) foreign: Option<ForeignSla>,
}

/// A subject that is reported on.
struct Line {
    subject: SubjectIx,
    /// The units it stands for, each with the time it does inside the window.
    units: Vec<Service>,
    /// Over the window, once its record was there.
    all: Option<Figures>,
    /// For each of `units`; empty where every line counts once.
    parts: Vec<Figures>,
}

/// Takes records, and makes a report of what they come to.
pub(super) struct Tally<'a> {
    scope: Scope<'a>,
    by: GroupBy,
    tree: Tree,
    judge: Judge<'a>,
    inside: Vec<bool>,
    /// In the order of the report.
    lines: Vec<Line>,
    /// By subject: its place in `lines`.
    places: Vec<Option<usize>>,
}

impl<'a> Tally<'a> {
    /// As [`super::availability()`], before any record is known.
    pub(super) fn new(scope: Scope<'a>, by: GroupBy, devices_too: bool) -> Self {
        let inventory = scope.inventory;
        let window = scope.window();
        let (tree, judge) = (scope.tree(), scope.judge());
        let inside = scope.units(&tree);
        let mut lines: Vec<Line> = inventory
            .subject_ixs()
            .filter(|s| !inventory.subject(*s).lifetime(window).is_empty())
            .filter(|s| devices_too || inventory.subject(*s).connection().is_some())
            .map(|s| (s, stands_for(inventory, &tree, &inside, s, window)))
            .filter(|(_, units)| !units.is_empty())
            .map(|(subject, units)| Line { subject, units, all: None, parts: Vec::new() })
            .collect();
        lines.sort_by_cached_key(|line| {
            let subject = inventory.subject(line.subject);
            let network = subject.connection().map_or(u32::MAX, |c| c.network.0);
            (line.shown(inventory), network, subject.id.clone())
        });
        let mut places = vec![None; inventory.subjects.len()];
        for (place, line) in lines.iter().enumerate() {
            places[line.subject.ix()] = Some(place);
        }
        Self { scope, by, tree, judge, inside, lines, places }
    }

    /// Takes the sorted intervals of one subject, as far as the daemon can vouch for them.
    pub(super) fn take(&mut self, subject: SubjectIx, record: &[StateInterval]) {
        let Some(place) = self.places.get(subject.ix()).copied().flatten() else { return };
        let Self { scope, by, judge, lines, .. } = self;
        let Some(line) = lines.get_mut(place) else { return };
        let window = scope.window();
        let classes = judge.classes(subject, record);
        let figures = |part: Span| figures(scope, judge, subject, record, &classes, part);
        line.all = Some(figures(window));
        if line_key(scope.inventory, subject, *by).is_none() {
            line.parts = line.units.iter().map(|s| figures(s.span.intersect(window))).collect();
        }
    }

    /// The report on all that were taken; of the others nothing was recorded.
    pub(super) fn report(mut self) -> AvailabilityReport {
        let without: Vec<SubjectIx> =
            self.lines.iter().filter(|l| l.all.is_none()).map(|l| l.subject).collect();
        without.into_iter().for_each(|subject| self.take(subject, &[]));
        let Self { scope, by, tree, inside, lines, .. } = self;
        let Scope { inventory, clock, rule, floor_ppm, .. } = scope;
        let mut rows: Vec<AvailabilityRow> = Vec::new();
        let mut place: BTreeMap<GroupKey, usize> = BTreeMap::new();
        // Replaced by nothing: the total is about the scope's unit or about all, against the goal.
        let top = GroupKey::Unit(scope.unit.unwrap_or(UnitIx(0)));
        let mut total = AvailabilityRow::new(top, &scope);
        for line in &lines {
            let Some(all) = &line.all else { continue };
            total.add(all);
            let mut add = |key: GroupKey, figures: &Figures| {
                let at = *place.entry(key).or_insert_with(|| {
                    rows.push(AvailabilityRow::new(key, &scope));
                    rows.len() - 1
                });
                if let Some(row) = rows.get_mut(at) {
                    row.add(figures);
                    row.unit = matches!(key, GroupKey::Subject(_)).then(|| line.shown(inventory));
                }
            };
            match line_key(inventory, line.subject, by) {
                Some(key) => add(key, all),
                None => {
                    for (Service { unit, .. }, part) in line.units.iter().zip(&line.parts) {
                        if let Some(unit) = group(inventory, &tree, *unit, by) {
                            add(GroupKey::Unit(unit), part);
                        }
                    }
                }
            }
        }
        if !matches!(by, GroupBy::Subject) {
            rows.sort_by_key(|row| row.key);
        }
        rows.iter_mut().chain([&mut total]).for_each(|row| row.judge(floor_ppm));
        let (window, as_of, proof) = (scope.window(), tree.at(), proof(&scope, &inside));
        let before = None;
        AvailabilityReport { window, by, clock, rule, as_of, floor_ppm, rows, total, proof, before }
    }
}

impl Line {
    /// The unit it is shown under: the one it stands for; its own where it stands for several.
    fn shown(&self, inventory: &Inventory) -> UnitIx {
        match self.units[..] {
            [one] => one.unit,
            _ => inventory.subject(self.subject).unit,
        }
    }
}

fn figures(
    scope: &Scope<'_>,
    judge: &Judge<'_>,
    subject: SubjectIx,
    record: &[StateInterval],
    classes: &[ClassSpan],
    part: Span,
) -> Figures {
    let hours: Vec<Span> =
        judge.hours(subject, scope.clock).iter().map(|h| h.intersect(part)).collect();
    let got = Availability::of(classes, &hours, scope.clock);
    Figures { got, foreign: foreign_sla(scope.rule, record, classes, &hours) }
}

/// The units reported on for which a subject stands, each with the time it does inside `window`.
pub(super) fn stands_for(
    inventory: &Inventory,
    tree: &Tree,
    inside: &[bool],
    subject: SubjectIx,
    window: Span,
) -> Vec<Service> {
    let own = inventory.subject(subject).unit;
    let served = tree.serves(own);
    let has_ended = inventory.unit(own).until.is_some_and(|until| until <= tree.at());
    let alone = [Service { unit: own, span: window }];
    let units = if served.is_empty() && has_ended { &alone } else { served };
    units
        .iter()
        .copied()
        .filter(|s| inside[s.unit.ix()] && !s.span.intersect(window).is_empty())
        .collect()
}

/// The group of a line whatever unit it stands for.
fn line_key(inventory: &Inventory, ix: SubjectIx, by: GroupBy) -> Option<GroupKey> {
    let connection = inventory.subject(ix).connection();
    match by {
        GroupBy::Subject => Some(GroupKey::Subject(ix)),
        GroupBy::Network => Some(GroupKey::Network(connection.map(|c| c.network))),
        GroupBy::Carrier => Some(GroupKey::Carrier(connection.and_then(|c| c.carrier))),
        GroupBy::Unit | GroupBy::District | GroupBy::Department => None,
    }
}

/// The unit whose row a unit belongs to.
fn group(inventory: &Inventory, tree: &Tree, unit: UnitIx, by: GroupBy) -> Option<UnitIx> {
    let above = |tier: Tier| {
        let mut unit = Some(unit);
        while let Some(u) = unit.filter(|u| inventory.unit(*u).kind.tier() != tier) {
            unit = tree.parent(u);
        }
        unit
    };
    match by {
        GroupBy::District => above(Tier::District),
        GroupBy::Department => above(Tier::Department),
        _ => Some(unit),
    }
}
