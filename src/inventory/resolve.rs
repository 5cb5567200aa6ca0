//! From what the files say to the inventory: references become indexes, units and subjects get
//! their order, and what only shows when all is known (cycles, what is missing) is reported.

use std::collections::HashMap;

use super::defaults::Rules;
use super::drafts::Drafting;
use super::place::{At, Desk, Finding, shown};
use super::raw::{Raw, RawNetwork, RawSla, RawUnit};
use super::scalar::Ref;
use super::{build, checks, drafts, gaps, goals, graph, maintenance, merge, plan, via};
use crate::model::{Inventory, Message, NetworkIx, Severity, SubjectIx, Unit, UnitIx, UnitKind};

/// Ids of one name space with their indexes.
pub(super) type Names<'a> = HashMap<&'a str, usize>;

/// The units in their final order, with what the later steps need of them.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    pub raw: Vec<&'a RawUnit>,
    pub units: Vec<Unit>,
    /// Where each unit's required networks are required.
    pub required_at: Vec<Vec<(NetworkIx, At)>>,
}

/// Builds the inventory; what it returns is only to be used when the desk has no error.
pub(super) fn resolve(desk: &mut Desk, raw: &Raw) -> Inventory {
    let networks = names(raw.networks.iter().map(|n| n.id.as_str()));
    let carriers = names(raw.carriers.iter().map(|c| c.id.as_str()));
    let calendars = names(raw.calendars.iter().map(|(_, c)| c.id.as_str()));
    let over = over(desk, &raw.networks, &networks);
    let tree = tree(desk, &raw.units, &networks);
    let mut level = |raw: &RawSla| drafts::level(desk, &calendars, raw);
    let network_slas: Vec<_> = raw.networks.iter().map(|n| level(&n.sla)).collect();
    let carrier_slas: Vec<_> = raw.carriers.iter().map(|c| level(&c.sla)).collect();
    let drafts = Drafting {
        tree: &tree,
        networks: &networks,
        carriers: &carriers,
        calendars: &calendars,
        network_slas: &network_slas,
        carrier_slas: &carrier_slas,
    }
    .drafts(desk, &raw.subjects);
    plan::check(desk, &tree, &raw.networks, &drafts);
    checks::check(desk, &drafts);
    let vias = via::resolve(desk, &tree, &over, &drafts);
    let known = maintenance::Known {
        units: &names(raw.units.iter().map(|u| u.id.as_str())),
        subjects: &names(raw.subjects.iter().map(|s| s.id.as_str())),
        carriers: &carriers,
        calendars: &calendars,
        hours: &raw.calendars,
    };
    let maintenance = maintenance::resolve(desk, &known, &raw.maintenance);
    let goals = goals::resolve(desk, &networks, &raw.plan);
    gaps::warn(desk, raw, &tree, &drafts);

    let needs: Vec<Vec<usize>> = vias.iter().map(via::targets).collect();
    let rank: Vec<(UnitIx, &str)> = drafts.iter().map(|d| (d.unit, d.raw.id.as_str())).collect();
    let order = graph::order(&needs, &rank);
    let mut place = vec![SubjectIx(0); drafts.len()];
    for (ix, draft) in (0_u32..).map(SubjectIx).zip(&order) {
        place[*draft] = ix;
    }
    let networks = (raw.networks.iter().zip(over).zip(network_slas))
        .map(|((raw, over), sla)| build::network(raw, over, sla))
        .collect();
    let carriers =
        raw.carriers.iter().zip(carrier_slas).map(|(raw, sla)| build::carrier(raw, sla)).collect();
    let named = build::Named { tree: &tree, raw, drafts: &drafts };
    let subjects = order.iter().map(|i| named.subject(*i, via::moved(&vias[*i], &place))).collect();
    let calendars = raw.calendars.iter().map(|(_, c)| c.clone()).collect();
    let mut inventory = Inventory::new(tree.units, networks, carriers, calendars, subjects);
    inventory.maintenance = maintenance;
    inventory.plan = goals;
    inventory
}

/// Reports networks and calendars that the defaults name and nobody defines.
pub(super) fn check_rules(desk: &mut Desk, rules: &Rules<'_>, raw: &Raw) {
    let networks = names(raw.networks.iter().map(|n| n.id.as_str()));
    for reference in rules.networks() {
        find(desk, &networks, reference, "check.unknown_network");
    }
    let calendars = names(raw.calendars.iter().map(|(_, c)| c.id.as_str()));
    for reference in rules.calendars() {
        find(desk, &calendars, &reference, "check.unknown_calendar");
    }
}

pub(super) fn names<'a>(ids: impl Iterator<Item = &'a str>) -> Names<'a> {
    let mut names = Names::new();
    for (i, id) in ids.enumerate() {
        names.entry(id).or_insert(i);
    }
    names
}

/// The index a reference means; an unknown one is reported under `message`.
pub(super) fn find(
    desk: &mut Desk,
    names: &Names<'_>,
    reference: &Ref,
    message: &'static str,
) -> Option<usize> {
    let found = names.get(reference.name.as_str()).copied();
    if found.is_none() {
        report_unknown(desk, names.keys().copied(), reference, message);
    }
    found
}

/// Reports a reference to nothing, unless it follows from what is reported already.
pub(super) fn report_unknown<'a>(
    desk: &mut Desk,
    known: impl Iterator<Item = &'a str> + Clone,
    reference: &Ref,
    message: &'static str,
) {
    if desk.is_excused(&reference.name) {
        return;
    }
    let message = Message::new(message).with("name", shown(&reference.name));
    let mut hint = desk
        .nearest(&reference.name, known.clone())
        .map(|near| Message::new("check.did_you_mean").with("word", near));
    if hint.is_none() && (1..=12).contains(&known.clone().count()) {
        let mut known: Vec<&str> = known.collect();
        known.sort_unstable();
        hint = Some(Message::new("check.known_words").with("words", known.join(", ")));
    }
    desk.report(Finding::error(reference.at, message).hint_if(hint));
}

pub(super) fn network_ix(i: usize) -> NetworkIx {
    NetworkIx(u32::try_from(i).unwrap_or(u32::MAX))
}

/// The networks that carry each network.
fn over(desk: &mut Desk, raw: &[RawNetwork], names: &Names<'_>) -> Vec<Vec<NetworkIx>> {
    let over: Vec<Vec<usize>> = raw
        .iter()
        .map(|n| {
            let found = n.over.iter().map(|r| find(desk, names, r, "check.unknown_network"));
            found.collect::<Vec<_>>().into_iter().flatten().collect()
        })
        .collect();
    for cycle in graph::cycles(&over) {
        let at = raw[cycle[0]].over.first().map_or(raw[cycle[0]].at, |r| r.at);
        let path = path(&cycle, |i| raw[i].id.as_str());
        desk.report(Finding::error(at, Message::new("check.cycle_over").with("path", path)));
    }
    over.into_iter().map(|list| list.into_iter().map(network_ix).collect()).collect()
}

/// `a → b → a`.
pub(super) fn path<'a>(cycle: &[usize], id: impl Fn(usize) -> &'a str) -> String {
    let ids: Vec<&str> = cycle.iter().chain(cycle.first()).map(|i| id(*i)).collect();
    match ids.as_slice() {
        [first @ .., _, last] if ids.len() > 12 => {
            format!("{} → … → {last}", first[..10].join(" → "))
        }
        _ => ids.join(" → "),
    }
}

fn tree<'a>(desk: &mut Desk, raw: &'a [RawUnit], networks: &Names<'_>) -> Tree<'a> {
    let names = names(raw.iter().map(|u| u.id.as_str()));
    let mut parents: Vec<Option<usize>> = Vec::with_capacity(raw.len());
    for unit in raw {
        let parent = unit.parent.as_ref();
        parents.push(parent.and_then(|r| find(desk, &names, r, "check.unknown_unit")));
    }
    let next: Vec<Vec<usize>> = parents.iter().map(|p| p.iter().copied().collect()).collect();
    for cycle in graph::cycles(&next) {
        let unit = &raw[cycle[0]];
        let at = unit.parent.as_ref().map_or(unit.at, |r| r.at);
        let path = path(&cycle, |i| raw[i].id.as_str());
        desk.report(Finding::error(at, Message::new("check.cycle_parent").with("path", path)));
        parents[cycle[0]] = None;
    }
    let merged = merge::resolve(desk, raw, &names);
    if raw.is_empty() && desk.errors() == 0 {
        desk.report_whole(Severity::Error, Message::new("check.no_units"));
    }

    let mut children = vec![Vec::new(); raw.len()];
    for (i, parent) in parents.iter().enumerate() {
        if let Some(parent) = parent {
            children[*parent].push(i);
        }
    }
    let rank = |i: &usize| {
        let unit = &raw[*i];
        (unit.kind.tier(), unit.code.is_none(), unit.code.as_deref(), unit.id.as_str())
    };
    let mut roots: Vec<usize> = (0..raw.len()).filter(|i| parents[*i].is_none()).collect();
    roots.sort_by_key(rank);
    children.iter_mut().for_each(|c| c.sort_by_key(rank));
    let mut order = Vec::with_capacity(raw.len());
    let mut open: Vec<usize> = roots.into_iter().rev().collect();
    while let Some(i) = open.pop() {
        order.push(i);
        open.extend(children[i].iter().rev());
    }

    let mut place: Vec<UnitIx> = vec![UnitIx(0); raw.len()];
    let mut tree = Tree { raw: Vec::new(), units: Vec::new(), required_at: Vec::new() };
    for (ix, i) in (0_u32..).map(UnitIx).zip(order.iter().copied()) {
        place[i] = ix;
        let raw = &raw[i];
        let mut required: Vec<(NetworkIx, At)> = Vec::new();
        for reference in &raw.requires {
            if let Some(i) = find(desk, networks, reference, "check.unknown_network")
                && required.iter().all(|(n, _)| n.ix() != i)
            {
                required.push((network_ix(i), reference.at));
            }
        }
        tree.units.push(build::unit(raw, parents[i].map(|p| place[p]), &required));
        tree.required_at.push(required);
        tree.raw.push(raw);
    }
    // A unit may be merged into one that stands behind it.
    for (unit, i) in tree.units.iter_mut().zip(order) {
        unit.merged_into = merged[i].map(|into| place[into]);
    }
    tree
}

/// As [`find`], a name of the unit's own first.
pub(super) fn find_local(
    desk: &mut Desk,
    names: &Names<'_>,
    unit: &str,
    reference: &Ref,
    message: &'static str,
) -> Option<usize> {
    let own = format!("{unit}/{}", reference.name);
    if let Some(found) = names.get(own.as_str()) {
        return Some(*found);
    }
    if desk.is_excused(&own) {
        return None;
    }
    let found = names.get(reference.name.as_str()).copied();
    if found.is_none() {
        // The unit's own names are what is most likely meant, and are written short.
        let prefix = format!("{unit}/");
        let local: Vec<&str> = names.keys().filter_map(|n| n.strip_prefix(&prefix)).collect();
        let global = names.keys().copied();
        if reference.name.contains('/') || local.is_empty() {
            report_unknown(desk, global, reference, message);
        } else {
            report_unknown(desk, local.into_iter(), reference, message);
        }
    }
    found
}

/// True for the unit that runs the network and is reached through nothing of it.
pub(super) fn is_dic(tree: &Tree<'_>, unit: UnitIx) -> bool {
    tree.units[unit.ix()].kind == UnitKind::Dic
}
