//! What is open now, derived from the subjects' verdicts: root causes with their impact. Who these
//! are to the outside (names, who took them, what was told) is kept in [`super::desk`].

use std::collections::{BTreeMap, BTreeSet};

use super::{Verdict, View};
use crate::model::{
    Impact, Incident, IncidentId, Inventory, KeptIncident, State, SubjectIx, UnitIx, UnixMs,
};

/// How soon an answer of which it is not known whether it holds is looked at again, in milliseconds.
const LOOK_AGAIN_MS: i64 = 1_000;

/// A root cause with what hangs on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The lines of one unit on one network that are down together; else one subject.
    pub members: Vec<SubjectIx>,
    /// The one of them that went last.
    pub root: SubjectIx,
    /// `down` or `degraded`.
    pub state: State,
    /// Start of the first one's outage.
    pub since: UnixMs,
    /// What is unreachable through them.
    pub impact: Impact,
    /// A member comes and goes.
    pub is_flapping: bool,
}

/// All root causes at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    /// In the order of the inventory.
    pub list: Vec<Group>,
    /// By subject, where there is one: the group it belongs to, as a member or because it is
    /// unreachable through one.
    of: Vec<(SubjectIx, usize)>,
    /// By subject, where there is one: the group of what it is reached through, when that is why its
    /// own trouble is no root: it comes and goes, or answers badly.
    behind: Vec<(SubjectIx, usize)>,
    /// Of each whose own trouble is no root for that reason: what it is behind.
    pub(super) in_front: BTreeMap<SubjectIx, SubjectIx>,
    /// The next time at which a subject that may be off outside its hours is waited for no longer.
    pub next_due: Option<UnixMs>,
}

impl Groups {
    /// The group that the subject belongs to, as a member or because it is unreachable through one.
    #[must_use]
    pub fn of(&self, subject: SubjectIx) -> Option<usize> {
        find_in(&self.of, subject)
    }

    /// The group of what the subject is reached through, when that is why its own trouble is no root.
    #[must_use]
    pub fn behind(&self, subject: SubjectIx) -> Option<usize> {
        find_in(&self.behind, subject)
    }
}

fn find_in(by_subject: &[(SubjectIx, usize)], subject: SubjectIx) -> Option<usize> {
    let found = by_subject.binary_search_by_key(&subject, |(ix, _)| *ix);
    found.ok().map(|n| by_subject[n].1)
}

/// One that is not simply up.
struct Odd {
    ix: SubjectIx,
    /// The last verdict, by its hours and dates.
    verdict: Option<Verdict>,
    is_flapping: bool,
    backup: Option<SubjectIx>,
}

/// The root causes at `at` by the last verdicts (a hole in what is known ends none). What is not
/// in force then has none, and nor has what may be off outside its hours.
///
/// A root is a `down` subject, or a `degraded` one with nothing degraded on its way that is not
/// merely on its backup, or one that comes and goes by itself. The lines of one unit on one network
/// that are down together are one group since the first of them, led by the one that went last. A
/// unit is hit when a network it must have is lost to it and one of its lines is the root or
/// unreachable because of it.
#[must_use]
pub fn groups(inventory: &Inventory, at: UnixMs, view: impl Fn(SubjectIx) -> View) -> Groups {
    groups_among(inventory, at, inventory.subject_ixs(), view)
}

/// The same, where all that is not simply up is among these, in the order of the inventory.
pub(super) fn groups_among(
    inventory: &Inventory,
    at: UnixMs,
    subjects: impl Iterator<Item = SubjectIx>,
    view: impl Fn(SubjectIx) -> View,
) -> Groups {
    // Only what is not simply up has to do with any: almost always a few of many.
    let mut odd: Vec<Odd> = Vec::new();
    let mut next_due: Option<UnixMs> = None;
    for ix in subjects {
        let view = view(ix);
        if !view.is_flapping && view.verdict.is_none_or(|v| v.state == State::Up) {
            continue;
        }
        let mut verdict = view.verdict.filter(|_| inventory.subject(ix).exists_at(at));
        if let Some(down) = verdict.as_mut().filter(|v| v.state == State::Down) {
            match off_hours(inventory, ix, down.since) {
                // An answer that came in time, and of which it is not yet known whether it holds,
                // is waited for, too.
                Some(off) if at < off.due || view.answering.is_some_and(|t| t < off.due) => {
                    let due = off.due.max(at + LOOK_AGAIN_MS);
                    next_due = Some(next_due.map_or(due, |next| next.min(due)));
                    // Switched off: neither a root nor unknown.
                    verdict = None;
                }
                Some(off) => down.since = off.opens,
                None => {}
            }
        }
        odd.push(Odd { ix, verdict, is_flapping: view.is_flapping, backup: view.backup });
    }
    let find = |s: SubjectIx| odd.binary_search_by_key(&s, |o| o.ix).ok().map(|n| &odd[n]);
    let state = |s: SubjectIx| match find(s) {
        Some(odd) => odd.verdict.map_or(State::Unmeasured, |v| v.state),
        None if !inventory.subject(s).exists_at(at) => State::Unmeasured,
        None => view(s).verdict.map_or(State::Unmeasured, |v| v.state),
    };
    let since = |s: SubjectIx| find(s).and_then(|o| o.verdict).map_or(at, |v| v.since);
    let flaps = |s: SubjectIx| find(s).is_some_and(|o| o.is_flapping && o.verdict.is_some());
    let mut by_key: BTreeMap<(u32, u32), Vec<SubjectIx>> = BTreeMap::new();
    let mut in_front: BTreeMap<SubjectIx, SubjectIx> = BTreeMap::new();
    for ix in odd.iter().map(|o| o.ix) {
        let is_root = match state(ix) {
            State::Down => true,
            State::Unreachable | State::Unmeasured => false,
            _ => {
                let is_on_backup = |s: SubjectIx| find(s).is_some_and(|o| o.backup.is_some());
                let bad = |s: SubjectIx| state(s) == State::Degraded && !is_on_backup(s);
                let broken = |s: SubjectIx| flaps(s) || state(s).is_outage();
                let worse = bad(ix).then(|| ancestor(inventory, &bad, ix));
                let blame = flaps(ix).then(|| ancestor(inventory, &broken, ix));
                let is_root = worse == Some(None) || blame == Some(None);
                let before = worse.flatten().or(blame.flatten()).filter(|_| !is_root);
                in_front.extend(before.map(|p| (ix, p)));
                is_root
            }
        };
        if is_root {
            by_key.entry(group_key(inventory, &state, ix)).or_default().push(ix);
        }
    }
    // Of the odd ones, in their order: each one's group.
    let place = |s: SubjectIx| odd.binary_search_by_key(&s, |o| o.ix).ok();
    let mut group: Vec<Option<usize>> = vec![None; odd.len()];
    for (n, members) in by_key.values().enumerate() {
        for at in members.iter().filter_map(|member| place(*member)) {
            group[at] = Some(n);
        }
    }
    let mut impacts = vec![Impact::default(); by_key.len()];
    for (at, Odd { ix, verdict, .. }) in odd.iter().enumerate() {
        let Some(cut_off) = verdict.filter(|v| v.state == State::Unreachable) else { continue };
        group[at] = cut_off.cause.and_then(place).and_then(|cause| group[cause]);
        if let Some(n) = group[at] {
            impacts[n].unreachable += 1;
            let subject = inventory.subject(*ix);
            if subject.kind() == crate::model::SubjectKind::Service {
                impacts[n].services.push(subject.id.clone());
            }
        }
    }
    let group_of = |s: SubjectIx| place(s).and_then(|at| group[at]);
    let mut behind = Vec::new();
    for &ix in in_front.keys() {
        let chain = std::iter::successors(in_front.get(&ix), |p| in_front.get(p));
        // What is in front may hide behind something itself.
        let group = chain.take(in_front.len()).find_map(|p| group_of(*p));
        behind.extend(group.map(|n| (ix, n)));
    }
    // Of all units only those in which something is a root or cut off by one can be hit.
    // What stays in the building of a unit that was merged hits the one that took it over.
    let mut concerned: Vec<(UnitIx, UnitIx)> = odd
        .iter()
        .zip(&group)
        .filter(|(_, group)| group.is_some())
        .map(|(o, _)| inventory.subject(o.ix).unit)
        .filter_map(|u| Some((u, inventory.heir(u, at)?)))
        .collect();
    concerned.sort_unstable();
    concerned.dedup();
    let mut struck: BTreeSet<(usize, UnitIx)> = BTreeSet::new();
    for (unit, named) in concerned {
        let mut hit: Vec<usize> = Vec::new();
        for &network in &inventory.unit(unit).requires {
            // What the successor need not have it does not lose: a district's line, the province's.
            if !inventory.unit(named).requires.contains(&network) {
                continue;
            }
            let lines: Vec<SubjectIx> = inventory.connections_of(unit, network).collect();
            if lines.iter().any(|s| state(*s).is_live()) {
                continue;
            }
            hit.extend(lines.into_iter().filter_map(group_of));
        }
        hit.sort_unstable();
        hit.dedup();
        for n in hit {
            struck.insert((n, named));
        }
    }
    for (n, unit) in struck {
        impacts[n].units.push(inventory.unit(unit).id.clone());
    }
    let list = by_key
        .into_values()
        .zip(impacts)
        .filter_map(|(members, impact)| {
            let first = members.iter().copied().map(since).min()?;
            let root =
                members.iter().copied().reduce(|a, b| if since(b) > since(a) { b } else { a })?;
            let state = if state(root) == State::Down { State::Down } else { State::Degraded };
            let is_flapping = members.iter().any(|m| flaps(*m));
            Some(Group { members, root, state, since: first, impact, is_flapping })
        })
        .collect();
    let of = odd.iter().zip(&group).filter_map(|(o, group)| Some((o.ix, (*group)?))).collect();
    Groups { list, of, behind, in_front, next_due }
}

/// The open incidents for a client without a daemon: named as the store kept them.
#[must_use]
pub fn open_incidents(
    inventory: &Inventory,
    at: UnixMs,
    view: impl Fn(SubjectIx) -> View,
    kept: &[KeptIncident],
) -> Vec<Incident> {
    let groups = groups(inventory, at, view);
    let mut found: Vec<Incident> = groups
        .list
        .into_iter()
        .map(|group| {
            let root = &inventory.subject(group.root).id;
            let known = kept.iter().find(|k| k.root == *root);
            let mut incident = named(inventory, group, |root, since| {
                known.map_or_else(|| IncidentId::new(root, since), |k| k.id.clone())
            });
            if let Some(kept) = known {
                incident.opened = kept.opened;
                incident.ack.clone_from(&kept.ack);
                incident.split_from.clone_from(&kept.split_from);
            }
            incident
        })
        .collect();
    sort(&mut found);
    found
}

/// Oldest first.
pub(super) fn sort(incidents: &mut [Incident]) {
    incidents.sort_by(|a, b| a.since.cmp(&b.since).then_with(|| a.root.cmp(&b.root)));
}

/// A group as an incident that nobody has heard of yet.
pub(super) fn named(
    inventory: &Inventory,
    group: Group,
    id: impl FnOnce(&str, UnixMs) -> IncidentId,
) -> Incident {
    let subject = inventory.subject(group.root);
    let with = group.members.iter().filter(|m| **m != group.root);
    Incident {
        id: id(subject.id.as_str(), group.since),
        opened: group.since,
        root: subject.id.clone(),
        with: with.map(|m| inventory.subject(*m).id.clone()).collect(),
        state: group.state,
        since: group.since,
        unit: inventory.unit(subject.unit).id.clone(),
        impact: group.impact,
        ack: None,
        planned: false,
        flapping: group.is_flapping,
        guess: None,
        noted: None,
        split_from: None,
    }
}

/// Silence that began outside the hours of a subject that may be off then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OffHours {
    /// When its hours begin.
    pub opens: UnixMs,
    /// Until when it is waited for.
    pub due: UnixMs,
}

/// Rule 11: what an outage that began at `start` is to the subject's calendar; `None` for an
/// ordinary one. A calendar that does not open is never due.
#[must_use]
pub fn off_hours(inventory: &Inventory, subject: SubjectIx, start: UnixMs) -> Option<OffHours> {
    let subject = inventory.subject(subject);
    let calendar = inventory.calendar(subject.calendar.filter(|_| subject.off_hours_allowed)?);
    if calendar.is_open_at(start) {
        return None;
    }
    let opens = calendar.opens_at_or_after(start).unwrap_or(UnixMs(i64::MAX));
    Some(OffHours { opens, due: opens + subject.health.off_hours_grace_ms })
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

/// Something that `ix` is reached through and that is so.
fn ancestor(
    inventory: &Inventory,
    is_so: &impl Fn(SubjectIx) -> bool,
    ix: SubjectIx,
) -> Option<SubjectIx> {
    let mut open = inventory.subject(ix).via.subjects();
    let mut seen = std::collections::BTreeSet::new();
    while let Some(parent) = open.pop() {
        if !seen.insert(parent) {
            continue;
        }
        if is_so(parent) {
            return Some(parent);
        }
        open.extend(inventory.subject(parent).via.subjects());
    }
    None
}
