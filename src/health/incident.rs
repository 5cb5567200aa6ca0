//! What is open now: root causes with their impact.

use std::collections::BTreeMap;

use super::View;
use crate::model::{Impact, Incident, Inventory, State, SubjectIx};

/// The open incidents by the subjects' present states, oldest first.
///
/// A root is a `down` subject, or a `degraded` one with nothing degraded on its way. The lines of
/// one unit on one network that are down together are one incident, led by the one that went last.
/// A unit is hit when a network it must have is lost to it and one of its lines is the root or
/// unreachable because of it.
#[must_use]
pub fn open_incidents(inventory: &Inventory, view: impl Fn(SubjectIx) -> View) -> Vec<Incident> {
    let views: Vec<View> = inventory.subject_ixs().map(view).collect();
    let state = |s: SubjectIx| views[s.ix()].state;
    let mut groups: BTreeMap<(u32, u32), Vec<SubjectIx>> = BTreeMap::new();
    for ix in inventory.subject_ixs() {
        let is_root = match state(ix) {
            State::Down => true,
            State::Degraded => !has_degraded_ancestor(inventory, &views, ix),
            _ => false,
        };
        if is_root {
            groups.entry(group_key(inventory, &views, ix)).or_default().push(ix);
        }
    }
    let mut hit_of = vec![None; views.len()];
    for (n, members) in groups.values().enumerate() {
        for member in members {
            hit_of[member.ix()] = Some(n);
        }
    }
    let root_of = |s: SubjectIx| match state(s) {
        State::Unreachable => views[s.ix()].cause.and_then(|c| hit_of[c.ix()]),
        State::Down => hit_of[s.ix()],
        _ => None,
    };
    let mut impacts = vec![Impact::default(); groups.len()];
    for ix in inventory.subject_ixs().filter(|s| state(*s) == State::Unreachable) {
        if let Some(n) = root_of(ix) {
            impacts[n].unreachable += 1;
        }
    }
    for unit in inventory.unit_ixs() {
        let mut hit: Vec<usize> = Vec::new();
        for &network in &inventory.unit(unit).requires {
            let lines: Vec<SubjectIx> = inventory.connections_of(unit, network).collect();
            if lines.iter().any(|s| state(*s).is_live()) {
                continue;
            }
            hit.extend(lines.into_iter().filter_map(root_of));
        }
        hit.sort_unstable();
        hit.dedup();
        for n in hit {
            impacts[n].units.push(inventory.unit(unit).id.clone());
        }
    }
    let mut incidents: Vec<Incident> = groups
        .into_values()
        .zip(impacts)
        .filter_map(|(members, impact)| {
            let root = members
                .iter()
                .copied()
                .reduce(|a, b| if views[b.ix()].since > views[a.ix()].since { b } else { a })?;
            let subject = inventory.subject(root);
            let with = members.into_iter().filter(|m| *m != root);
            Some(Incident {
                root: subject.id.clone(),
                with: with.map(|m| inventory.subject(m).id.clone()).collect(),
                state: state(root),
                since: views[root.ix()].since,
                unit: inventory.unit(subject.unit).id.clone(),
                impact,
            })
        })
        .collect();
    incidents.sort_by(|a, b| a.since.cmp(&b.since).then_with(|| a.root.cmp(&b.root)));
    incidents
}

/// Lines of one unit on one network share a key while they are down; everything else is alone.
fn group_key(inventory: &Inventory, views: &[View], ix: SubjectIx) -> (u32, u32) {
    let subject = inventory.subject(ix);
    match subject.connection() {
        Some(connection) if views[ix.ix()].state == State::Down => inventory
            .connections_of(subject.unit, connection.network)
            .find(|s| views[s.ix()].state == State::Down)
            .map_or((ix.0, 0), |first| (first.0, 0)),
        _ => (ix.0, 1),
    }
}

fn has_degraded_ancestor(inventory: &Inventory, views: &[View], ix: SubjectIx) -> bool {
    inventory.subject(ix).via.subjects().into_iter().any(|parent| {
        views[parent.ix()].state == State::Degraded
            || has_degraded_ancestor(inventory, views, parent)
    })
}
