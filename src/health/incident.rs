//! What is open now: root causes with their impact.

use std::collections::BTreeMap;

use super::{Verdict, View};
use crate::model::{Impact, Incident, IncidentId, Inventory, State, SubjectIx, UnixMs};

/// The open incidents at `at` by the last verdicts (a hole in what is known closes none), oldest
/// first. What is not in force then has none.
///
/// A root is a `down` subject, or a `degraded` one with nothing degraded on its way. The lines of
/// one unit on one network that are down together are one incident since the first of them, led by
/// the one that went last. A unit is hit when a network it must have is lost to it and one of its
/// lines is the root or unreachable because of it.
#[must_use]
pub fn open_incidents(
    inventory: &Inventory,
    at: UnixMs,
    view: impl Fn(SubjectIx) -> View,
) -> Vec<Incident> {
    let verdicts: Vec<Option<Verdict>> = inventory
        .subject_ixs()
        .map(|s| view(s).verdict.filter(|_| inventory.subject(s).exists_at(at)))
        .collect();
    let state = |s: SubjectIx| verdicts[s.ix()].map_or(State::Unmeasured, |v| v.state);
    let since = |s: SubjectIx| verdicts[s.ix()].map_or(at, |v| v.since);
    let mut groups: BTreeMap<(u32, u32), Vec<SubjectIx>> = BTreeMap::new();
    for ix in inventory.subject_ixs() {
        let is_root = match state(ix) {
            State::Down => true,
            State::Degraded => !has_degraded_ancestor(inventory, &state, ix),
            _ => false,
        };
        if is_root {
            groups.entry(group_key(inventory, &state, ix)).or_default().push(ix);
        }
    }
    let mut hit_of = vec![None; verdicts.len()];
    for (n, members) in groups.values().enumerate() {
        for member in members {
            hit_of[member.ix()] = Some(n);
        }
    }
    let root_of = |s: SubjectIx| match state(s) {
        State::Unreachable => verdicts[s.ix()].and_then(|v| v.cause).and_then(|c| hit_of[c.ix()]),
        State::Down => hit_of[s.ix()],
        _ => None,
    };
    let mut impacts = vec![Impact::default(); groups.len()];
    for ix in inventory.subject_ixs().filter(|s| state(*s) == State::Unreachable) {
        if let Some(n) = root_of(ix) {
            impacts[n].unreachable += 1;
        }
    }
    for unit in inventory.unit_ixs().filter(|u| inventory.unit(*u).exists_at(at)) {
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
            let first = members.iter().copied().map(since).min()?;
            let root =
                members.iter().copied().reduce(|a, b| if since(b) > since(a) { b } else { a })?;
            let subject = inventory.subject(root);
            let with = members.into_iter().filter(|m| *m != root);
            Some(Incident {
                id: IncidentId::new(subject.id.as_str(), first),
                opened: first,
                root: subject.id.clone(),
                with: with.map(|m| inventory.subject(m).id.clone()).collect(),
                state: state(root),
                since: first,
                unit: inventory.unit(subject.unit).id.clone(),
                impact,
                ack: None,
                planned: false,
                flapping: false,
                guess: None,
                split_from: None,
            })
        })
        .collect();
    incidents.sort_by(|a, b| a.since.cmp(&b.since).then_with(|| a.root.cmp(&b.root)));
    incidents
}

/// Lines of one unit on one network share a key while they are down; everything else is alone.
fn group_key(
    inventory: &Inventory,
    state: &impl Fn(SubjectIx) -> State,
    ix: SubjectIx,
) -> (u32, u32) {
    let subject = inventory.subject(ix);
    match subject.connection() {
        Some(connection) if state(ix) == State::Down => inventory
            .connections_of(subject.unit, connection.network)
            .find(|s| state(*s) == State::Down)
            .map_or((ix.0, 0), |first| (first.0, 0)),
        _ => (ix.0, 1),
    }
}

fn has_degraded_ancestor(
    inventory: &Inventory,
    state: &impl Fn(SubjectIx) -> State,
    ix: SubjectIx,
) -> bool {
    inventory.subject(ix).via.subjects().into_iter().any(|parent| {
        state(parent) == State::Degraded || has_degraded_ancestor(inventory, state, parent)
    })
}
