//! The leaders' one line: how many units have no connection, by cause and by area, and how many
//! have it again.

use std::collections::BTreeMap;

use super::super::{Page, Said, Scope};
use crate::coverage::{Class, ClassSpan, Judge, Tree, outages};
use crate::locale::{Lang, cause_key, number, visible};
use crate::model::{Cause, Inventory, Span, State, SubjectIx, Tier, UnitIx, UnixMs};
use crate::t;

/// How far "restored" looks back, in milliseconds.
const RESTORED_MS: i64 = 86_400_000;
/// Most areas that are named.
const AREAS: usize = 12;

/// Who of a tier has no connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bulletin {
    /// When.
    pub at: UnixMs,
    /// Of which tier.
    pub tier: Tier,
    /// Units of the tier that must have a network from outside.
    pub of: usize,
    /// Those without one, in the official order, with the cause said of it.
    pub down: Vec<(UnitIx, Option<Cause>)>,
    /// Those that nobody asks now.
    pub unmeasured: usize,
    /// Units above them with the number of those down, the most first.
    pub areas: Vec<(UnitIx, usize)>,
    /// Those that had none at some time of the last 24 hours and have it now.
    pub restored: usize,
}

/// The lines of a unit to one network that it must have from outside.
struct Network {
    lines: Vec<(SubjectIx, Vec<ClassSpan>)>,
}

impl Network {
    /// `None` where nobody knows.
    fn is_down(&self, at: UnixMs) -> Option<bool> {
        let (mut is_lost, mut is_unknown) = (false, false);
        for (_, classes) in &self.lines {
            let Some(found) = class_at(classes, at) else { continue };
            match (found.class, found.state) {
                // Switched off outside its hours is no loss to anybody.
                (Class::Up | Class::Degraded | Class::OffHours, _)
                | (Class::Planned, State::Up | State::Degraded) => return Some(false),
                (Class::Down | Class::Unreachable, _)
                | (Class::Planned, State::Down | State::Unreachable) => is_lost = true,
                (Class::Unmeasured, _) | (Class::Planned, State::Unmeasured) => is_unknown = true,
            }
        }
        // A line that nobody asks may well work.
        (is_lost && !is_unknown).then_some(true)
    }
}

fn class_at(classes: &[ClassSpan], at: UnixMs) -> Option<&ClassSpan> {
    let next = classes.partition_point(|c| c.span.from <= at);
    classes.get(next.checked_sub(1)?).filter(|c| c.span.contains(at))
}

/// The bulletin of a tier at the end of the scope's window, which should be a day or longer.
#[must_use]
pub fn bulletin(scope: &Scope<'_>, said: &Said, tier: Tier) -> Bulletin {
    let (tree, judge, inventory) = (scope.tree(), scope.judge(), scope.inventory);
    let inside = scope.units(&tree);
    let window = scope.window();
    // The end itself is no longer inside.
    let now = window.to - 1;
    let mut found = Bulletin {
        at: window.to,
        tier,
        of: 0,
        down: Vec::new(),
        unmeasured: 0,
        areas: Vec::new(),
        restored: 0,
    };
    let mut areas: BTreeMap<UnitIx, usize> = BTreeMap::new();
    for unit in tree.units() {
        if inventory.unit(unit).kind.tier() != tier || !inside[unit.ix()] {
            continue;
        }
        let networks = networks(scope, &tree, &judge, unit);
        if networks.is_empty() {
            continue;
        }
        found.of += 1;
        let down = |at| networks.iter().find(|n| n.is_down(at) == Some(true));
        if let Some(network) = down(now) {
            found.down.push((unit, cause(scope, said, network, now)));
            if let Some(area) = tree.parent(unit) {
                *areas.entry(area).or_default() += 1;
            }
        } else if networks.iter().any(|n| n.is_down(now).is_none()) {
            found.unmeasured += 1;
        } else {
            let recent = Span::new(window.to - RESTORED_MS, window.to).intersect(window);
            let edges = networks.iter().flat_map(|n| &n.lines).flat_map(|(_, classes)| classes);
            let mut edges = edges.map(|c| c.span.from.max(recent.from)).filter(|t| *t < recent.to);
            found.restored += usize::from(edges.any(|at| down(at).is_some()));
        }
    }
    found.areas = areas.into_iter().collect();
    found.areas.sort_by_key(|(unit, n)| (std::cmp::Reverse(*n), *unit));
    found
}

/// The networks that a unit must have from outside, not those carried by its own lines, in each of
/// its buildings.
fn networks(scope: &Scope<'_>, tree: &Tree, judge: &Judge<'_>, unit: UnitIx) -> Vec<Network> {
    let inventory: &Inventory = scope.inventory;
    let required = inventory.unit(unit).requires.iter();
    let outside = required.filter(|n| inventory.network(**n).over.is_empty());
    let now = scope.window().to - 1;
    let of_one = |network: &crate::model::NetworkIx| {
        let network = *network;
        // Each building by itself: that one of a merged unit's is cut off is not made good by the
        // others.
        let serving = tree.served_by(unit).iter().filter(move |s| s.span.contains(now));
        serving.map(move |s| {
            let lines = inventory
                .connections_of(s.unit, network)
                .map(|ix| (ix, judge.classes(ix, scope.records.of(ix))))
                .filter(|(_, classes)| !classes.is_empty());
            Network { lines: lines.collect() }
        })
    };
    outside.flat_map(of_one).filter(|network| !network.lines.is_empty()).collect()
}

/// What was said of the outage that a network is down by.
fn cause(scope: &Scope<'_>, said: &Said, network: &Network, at: UnixMs) -> Option<Cause> {
    let mut planned = None;
    for (ix, classes) in &network.lines {
        if class_at(classes, at).is_some_and(|c| c.class == Class::Planned) {
            planned = Some(Cause::Planned);
        }
        let subject = &scope.inventory.subject(*ix).id;
        let record = outages(scope.records.of(*ix));
        let Some(outage) = record.iter().find(|o| super::super::notes::span(o).contains(at)) else {
            continue;
        };
        let own = said.of(subject, outage).map(|word| word.last.cause);
        if let Some(cause) = own.or_else(|| super::outages::through(scope, said, outage)) {
            return Some(cause);
        }
    }
    planned
}

impl Bulletin {
    /// The tiers that have a bulletin in this scope, the lowest first.
    #[must_use]
    pub fn tiers(scope: &Scope<'_>) -> Vec<Tier> {
        let tree = scope.tree();
        let has = |tier: &Tier| {
            tree.units().any(|unit| {
                let found = scope.inventory.unit(unit);
                found.kind.tier() == *tier
                    && found.requires.iter().any(|n| scope.inventory.network(*n).over.is_empty())
            })
        };
        Tier::ALL.into_iter().rev().filter(has).collect()
    }

    /// The sentence.
    #[must_use]
    pub fn sentence(&self, page: &Page<'_>) -> String {
        let lang = page.lang;
        let count = |n: usize| number(lang, i64::try_from(n).unwrap_or(i64::MAX));
        let tier = t!(lang, &format!("kinds.tier_{}", self.tier.as_str()));
        let (time, of, n) = (moment(page, self.at), count(self.of), count(self.down.len()));
        let mut text = if self.of == 0 {
            t!(lang, "kinds.bulletin_nobody", time = time, tier = tier)
        } else if self.down.is_empty() {
            t!(lang, "kinds.bulletin_none", time = time, tier = tier, of = of)
        } else {
            let causes = self.causes(lang);
            t!(lang, "kinds.bulletin", time = time, n = n, of = of, tier = tier, causes = causes)
        };
        if self.unmeasured > 0 {
            text +=
                &format!(" {}", t!(lang, "kinds.bulletin_unmeasured", n = count(self.unmeasured)));
        }
        if self.of > 0 {
            text += &format!(" {}", t!(lang, "kinds.bulletin_restored", n = count(self.restored)));
        }
        text
    }

    fn causes(&self, lang: Lang) -> String {
        let mut causes: BTreeMap<Cause, i64> = BTreeMap::new();
        for (_, cause) in &self.down {
            // What nobody has said and what nobody knows are the same to a reader.
            *causes.entry(cause.unwrap_or(Cause::Unknown)).or_default() += 1;
        }
        let unknown = causes.remove(&Cause::Unknown);
        let mut causes: Vec<(Cause, i64)> = causes.into_iter().collect();
        causes.sort_by_key(|(cause, n)| (std::cmp::Reverse(*n), *cause));
        let named = causes.iter().map(|(cause, n)| {
            let known = t!(lang, cause_key(*cause));
            format!("{known} {}", number(lang, *n))
        });
        let named: Vec<String> = named.collect();
        match (&named[..], unknown.map(|n| number(lang, n))) {
            ([], n) => t!(lang, "kinds.bulletin_unknown", n = n.unwrap_or_default()),
            (_, None) => t!(lang, "kinds.bulletin_causes", causes = named.join(", ")),
            (_, Some(n)) => {
                let known = t!(lang, "kinds.bulletin_causes", causes = named.join(", "));
                format!("{known}, {} {n}", t!(lang, cause_key(Cause::Unknown)))
            }
        }
    }

    /// "By area: …"; `None` when nobody is down.
    #[must_use]
    pub fn by_area(&self, inventory: &Inventory, lang: Lang) -> Option<String> {
        if self.areas.is_empty() {
            return None;
        }
        let named = self.areas.iter().take(AREAS).map(|(unit, n)| {
            let n = number(lang, i64::try_from(*n).unwrap_or(i64::MAX));
            format!("{} {n}", visible(&inventory.unit(*unit).short))
        });
        let mut areas: Vec<String> = named.collect();
        if self.areas.len() > AREAS {
            areas.push(t!(lang, "kinds.more", n = self.areas.len() - AREAS));
        }
        Some(t!(lang, "kinds.by_area", areas = areas.join(", ")))
    }
}

/// `08 giờ 00 ngày 24/11/2025` in Vietnamese.
pub(super) fn moment(page: &Page<'_>, at: UnixMs) -> String {
    let local = at.to_timestamp().to_zoned_datetime(page.zone.clone());
    let day = crate::locale::date(page.lang, &local);
    let time = local.datetime().time();
    let (hour, minute) = (format!("{:02}", time.hour()), format!("{:02}", time.minute()));
    t!(page.lang, "kinds.moment", hour = hour, minute = minute, day = day)
}
