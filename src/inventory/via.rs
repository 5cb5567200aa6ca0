//! What each subject is reached through: `via` as written, else implied by the tree.
//!
//! Left out, it is
//! 1. for a device: any of its unit's connections that end at it; else, in a unit of kind dic,
//!    nothing; else any of the unit's connections on networks carried by others (its LAN); else
//!    any of the unit's connections; else as a connection of the unit on the first network;
//! 2. for a connection on a network carried by others: any of the unit's own connections on
//!    those; where it has none, as in 3;
//! 3. for any other connection: in a unit of kind dic nothing; else any of the connections on the
//!    same network of the nearest unit above that has some; else any of the devices with the role
//!    `core-router` in units of kind dic;
//! 4. for a service: as for a device.

use std::collections::HashMap;

use super::drafts::Draft;
use super::graph;
use super::place::{Desk, Finding};
use super::raw::{RawDetail, RawVia};
use super::resolve::{self, Names, Tree, is_dic};
use crate::model::{Message, NetworkIx, SubjectIx, UnitIx, Via};

/// The role of the devices through which the DIC reaches everything else.
const CORE_ROLE: &str = "core-router";

/// The `via` of every draft, by indexes of drafts. Unknown references and cycles are reported.
pub(super) fn resolve(
    desk: &mut Desk,
    tree: &Tree<'_>,
    over: &[Vec<NetworkIx>],
    drafts: &[Draft<'_>],
) -> Vec<Via> {
    let names: Names<'_> = drafts.iter().enumerate().map(|(i, d)| (d.raw.id.as_str(), i)).collect();
    let implied = Implied::new(tree, over, drafts);
    let vias: Vec<Via> = drafts
        .iter()
        .enumerate()
        .map(|(i, draft)| match &draft.raw.asked.via {
            Some(raw) => written(desk, &names, &draft.raw.unit.name, raw),
            None => any(implied.of(i)),
        })
        .collect();
    let next: Vec<Vec<usize>> = vias.iter().map(targets).collect();
    for cycle in graph::cycles(&next) {
        let path = resolve::path(&cycle, |i| drafts[i].raw.id.as_str());
        // The one that was written, if any, is the one to change.
        let culprit = cycle.iter().find(|i| drafts[**i].raw.asked.via.is_some());
        let draft = &drafts[*culprit.unwrap_or(&cycle[0])];
        let at = draft.raw.asked.via.as_ref().and_then(first_at).unwrap_or(draft.raw.at);
        desk.report(
            Finding::error(at, Message::new("check.cycle_via").with("path", path))
                .hint(Message::new("check.cycle_via_hint")),
        );
    }
    vias
}

fn first_at(via: &RawVia) -> Option<super::place::At> {
    match via {
        RawVia::Subject(reference) => Some(reference.at),
        RawVia::All(parts) | RawVia::Any(parts) => parts.iter().find_map(first_at),
    }
}

fn subject_ix(i: usize) -> SubjectIx {
    SubjectIx(u32::try_from(i).unwrap_or(u32::MAX))
}

/// The drafts named in a `via`, each once.
pub(super) fn targets(via: &Via) -> Vec<usize> {
    let mut found: Vec<usize> = via.subjects().into_iter().map(SubjectIx::ix).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The same `via` by other indexes.
pub(super) fn moved(via: &Via, place: &[SubjectIx]) -> Via {
    match via {
        Via::Subject(ix) => Via::Subject(place[ix.ix()]),
        Via::All(parts) => Via::All(parts.iter().map(|p| moved(p, place)).collect()),
        Via::Any(parts) => Via::Any(parts.iter().map(|p| moved(p, place)).collect()),
    }
}

fn written(desk: &mut Desk, names: &Names<'_>, unit: &str, raw: &RawVia) -> Via {
    let mut parts = |list: &[RawVia]| -> Vec<Via> {
        list.iter().map(|part| written(desk, names, unit, part)).collect()
    };
    match raw {
        RawVia::Subject(reference) => {
            resolve::find_local(desk, names, unit, reference, "check.unknown_subject")
                .map_or_else(Via::none, |i| Via::Subject(subject_ix(i)))
        }
        RawVia::All(list) => single(parts(list)).unwrap_or_else(Via::All),
        RawVia::Any(list) => single(parts(list)).unwrap_or_else(Via::Any),
    }
}

/// The only part, when there is one.
fn single(mut parts: Vec<Via>) -> Result<Via, Vec<Via>> {
    match (parts.pop(), parts.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(last), false) => {
            parts.push(last);
            Err(parts)
        }
        (None, _) => Err(parts),
    }
}

fn any(drafts: &[usize]) -> Via {
    match drafts {
        [] => Via::none(),
        [only] => Via::Subject(subject_ix(*only)),
        several => Via::Any(several.iter().map(|i| Via::Subject(subject_ix(*i))).collect()),
    }
}

/// The look-up tables of the rules; all lists hold indexes of drafts in file order.
struct Implied<'a> {
    tree: &'a Tree<'a>,
    over: &'a [Vec<NetworkIx>],
    drafts: &'a [Draft<'a>],
    on_network: HashMap<(UnitIx, NetworkIx), Vec<usize>>,
    ending_at: HashMap<usize, Vec<usize>>,
    /// A unit's connections on networks carried by others, and on all the rest.
    carried: HashMap<UnitIx, Vec<usize>>,
    direct: HashMap<UnitIx, Vec<usize>>,
    /// Per unit and network carried by others: what carries it there.
    carriers: HashMap<(UnitIx, NetworkIx), Vec<usize>>,
    core: Vec<usize>,
}

impl<'a> Implied<'a> {
    fn new(tree: &'a Tree<'a>, over: &'a [Vec<NetworkIx>], drafts: &'a [Draft<'a>]) -> Self {
        let mut tables = Self {
            tree,
            over,
            drafts,
            on_network: HashMap::new(),
            ending_at: HashMap::new(),
            carried: HashMap::new(),
            direct: HashMap::new(),
            carriers: HashMap::new(),
            core: Vec::new(),
        };
        for (i, draft) in drafts.iter().enumerate() {
            if let Some(link) = &draft.link {
                tables.on_network.entry((draft.unit, link.network)).or_default().push(i);
                let is_carried = !over[link.network.ix()].is_empty();
                let table = if is_carried { &mut tables.carried } else { &mut tables.direct };
                table.entry(draft.unit).or_default().push(i);
                // A line that ends at another unit's device is not how that unit is reached.
                if let Some(device) = link.device.filter(|d| drafts[*d].unit == draft.unit) {
                    tables.ending_at.entry(device).or_default().push(i);
                }
            }
            if is_dic(tree, draft.unit) && draft.device().is_some_and(|d| d.role == CORE_ROLE) {
                tables.core.push(i);
            }
        }
        let keys: Vec<_> = tables.on_network.keys().copied().collect();
        for (unit, network) in keys {
            let mut lines: Vec<usize> = over[network.ix()]
                .iter()
                .filter_map(|carrier| tables.on_network.get(&(unit, *carrier)))
                .flatten()
                .copied()
                .collect();
            lines.sort_unstable();
            lines.dedup();
            if !lines.is_empty() {
                tables.carriers.insert((unit, network), lines);
            }
        }
        tables
    }

    fn of(&self, i: usize) -> &[usize] {
        let draft = &self.drafts[i];
        match (&draft.raw.detail, &draft.link) {
            (RawDetail::Connection(_), Some(link)) => self.connection(draft.unit, link.network),
            _ => self.device(i, draft.unit),
        }
    }

    /// Rules 1 and 4.
    fn device(&self, device: usize, unit: UnitIx) -> &[usize] {
        if let Some(lines) = self.ending_at.get(&device) {
            return lines;
        }
        if is_dic(self.tree, unit) {
            return &[];
        }
        if let Some(lines) = self.carried.get(&unit).or_else(|| self.direct.get(&unit)) {
            return lines;
        }
        if self.over.is_empty() { &self.core } else { self.connection(unit, NetworkIx(0)) }
    }

    /// Rules 2 and 3.
    fn connection(&self, unit: UnitIx, network: NetworkIx) -> &[usize] {
        if let Some(lines) = self.carriers.get(&(unit, network)) {
            return lines;
        }
        if is_dic(self.tree, unit) {
            return &[];
        }
        let mut above = self.tree.units[unit.ix()].parent;
        while let Some(ix) = above {
            if let Some(lines) = self.on_network.get(&(ix, network)) {
                return lines;
            }
            above = self.tree.units[ix.ix()].parent;
        }
        &self.core
    }
}
