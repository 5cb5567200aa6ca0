//! The inventory, resolved: every reference is an index, every default has been applied, every
//! implied `via` is spelled out. Only the `inventory` room builds it, so its invariants hold:
//! indexes are in range, `parent` and `via` have no cycle, ids are unique.

use std::collections::{HashMap, HashSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::id::{CarrierId, NetworkId, SubjectId, UnitId};
use super::index::{CalendarIx, CarrierIx, NetworkIx, SubjectIx, UnitIx};
use super::maintenance::Maintenance;
use super::penalty::Penalty;
use super::plan::PlanItem;
use super::subject::Subject;
use super::time::UnixMs;
use super::unit::Unit;

/// What was promised of a line, a carrier or a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ServiceLevel {
    /// Availability in millionths (0.995 is 995000).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability_ppm: Option<u32>,
    /// Round-trip time in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtt_us: Option<u32>,
    /// Loss in thousandths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss_permille: Option<u16>,
    /// The contract's hours; `None`: around the clock.
    #[serde(skip)]
    pub hours: Option<CalendarIx>,
}

/// What units are attached to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// `wan`, `tslcd`, `lan`, …
    pub id: NetworkId,
    /// Name in Vietnamese.
    pub name: String,
    /// Name in English; the Vietnamese one when none is given.
    pub name_en: String,
    /// Column heading: "TSLCD".
    pub short: String,
    /// Networks that carry this one inside a unit: a LAN is reached over the unit's own lines.
    pub over: Vec<NetworkIx>,
    /// Service level where the connection and its carrier say nothing.
    pub sla: ServiceLevel,
}

/// A telecom operator with its contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier {
    /// `vnpt`
    pub id: CarrierId,
    /// Name.
    pub name: String,
    /// Contract number.
    pub contract: Option<String>,
    /// As it is dialled.
    pub hotline: Option<String>,
    /// Service level of the contract.
    pub sla: ServiceLevel,
    /// What it owes for a line that missed its level; `None` where the contract says nothing.
    pub penalty: Option<Penalty>,
}

/// Everything that is patrolled, checked and resolved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Parents before children, siblings in the official order (code, then id).
    pub units: Vec<Unit>,
    /// In declared order.
    pub networks: Vec<Network>,
    /// In declared order.
    pub carriers: Vec<Carrier>,
    /// In declared order.
    pub calendars: Vec<Calendar>,
    /// Parents in `via` stand before their children; otherwise by unit, then id.
    pub subjects: Vec<Subject>,
    /// Announced work written in the files, recurring as a rule; in declared order.
    pub maintenance: Vec<Maintenance>,
    /// What is to be done, in declared order.
    pub plan: Vec<PlanItem>,
    unit_by_id: HashMap<UnitId, UnitIx>,
    subject_by_id: HashMap<SubjectId, SubjectIx>,
    unit_children: Vec<Vec<UnitIx>>,
    merged_here: Vec<Vec<UnitIx>>,
    dependents: Vec<Vec<SubjectIx>>,
    unit_subjects: Vec<Vec<SubjectIx>>,
}

impl Inventory {
    /// Builds the look-up tables. The caller has checked ids, references and cycles and has
    /// put parents before children in `units` and in `subjects`.
    #[must_use]
    pub fn new(
        units: Vec<Unit>,
        networks: Vec<Network>,
        carriers: Vec<Carrier>,
        calendars: Vec<Calendar>,
        subjects: Vec<Subject>,
    ) -> Self {
        let mut unit_children = vec![Vec::new(); units.len()];
        let mut merged_here = vec![Vec::new(); units.len()];
        let mut unit_by_id = HashMap::with_capacity(units.len());
        for (ix, unit) in (0_u32..).map(UnitIx).zip(&units) {
            unit_by_id.insert(unit.id.clone(), ix);
            if let Some(parent) = unit.parent {
                unit_children[parent.ix()].push(ix);
            }
            if let Some(into) = unit.merged_into {
                merged_here[into.ix()].push(ix);
            }
        }
        let mut dependents = vec![Vec::new(); subjects.len()];
        let mut unit_subjects = vec![Vec::new(); units.len()];
        let mut subject_by_id = HashMap::with_capacity(subjects.len());
        for (ix, subject) in (0_u32..).map(SubjectIx).zip(&subjects) {
            subject_by_id.insert(subject.id.clone(), ix);
            unit_subjects[subject.unit.ix()].push(ix);
            for parent in subject.via.subjects() {
                let children: &mut Vec<SubjectIx> = &mut dependents[parent.ix()];
                if children.last() != Some(&ix) {
                    children.push(ix);
                }
            }
        }
        Self {
            units,
            networks,
            carriers,
            calendars,
            subjects,
            maintenance: Vec::new(),
            plan: Vec::new(),
            unit_by_id,
            subject_by_id,
            unit_children,
            merged_here,
            dependents,
            unit_subjects,
        }
    }

    /// The unit at an index.
    #[must_use]
    pub fn unit(&self, ix: UnitIx) -> &Unit {
        &self.units[ix.ix()]
    }

    /// The subject at an index.
    #[must_use]
    pub fn subject(&self, ix: SubjectIx) -> &Subject {
        &self.subjects[ix.ix()]
    }

    /// The network at an index.
    #[must_use]
    pub fn network(&self, ix: NetworkIx) -> &Network {
        &self.networks[ix.ix()]
    }

    /// The carrier at an index.
    #[must_use]
    pub fn carrier(&self, ix: CarrierIx) -> &Carrier {
        &self.carriers[ix.ix()]
    }

    /// The calendar at an index.
    #[must_use]
    pub fn calendar(&self, ix: CalendarIx) -> &Calendar {
        &self.calendars[ix.ix()]
    }

    /// Finds a unit by id.
    #[must_use]
    pub fn find_unit(&self, id: &str) -> Option<UnitIx> {
        self.unit_by_id.get(id).copied()
    }

    /// Finds a subject by id.
    #[must_use]
    pub fn find_subject(&self, id: &str) -> Option<SubjectIx> {
        self.subject_by_id.get(id).copied()
    }

    /// Finds a network by id.
    #[must_use]
    pub fn find_network(&self, id: &str) -> Option<NetworkIx> {
        (0_u32..).zip(&self.networks).find(|(_, n)| n.id.as_str() == id).map(|(i, _)| NetworkIx(i))
    }

    /// Units directly beneath, in the official order.
    #[must_use]
    pub fn children(&self, unit: UnitIx) -> &[UnitIx] {
        &self.unit_children[unit.ix()]
    }

    /// Units without a parent (one province, as a rule).
    pub fn roots(&self) -> impl Iterator<Item = UnitIx> + '_ {
        self.unit_ixs().filter(|u| self.unit(*u).parent.is_none())
    }

    /// Subjects that are directly reached through this one.
    #[must_use]
    pub fn dependents(&self, subject: SubjectIx) -> &[SubjectIx] {
        &self.dependents[subject.ix()]
    }

    /// Subjects of the unit itself, without those beneath.
    #[must_use]
    pub fn subjects_of(&self, unit: UnitIx) -> &[SubjectIx] {
        &self.unit_subjects[unit.ix()]
    }

    /// The unit's own connections on a network, in declared order.
    pub fn connections_of(
        &self,
        unit: UnitIx,
        network: NetworkIx,
    ) -> impl Iterator<Item = SubjectIx> + '_ {
        self.subjects_of(unit)
            .iter()
            .copied()
            .filter(move |s| self.subject(*s).connection().is_some_and(|c| c.network == network))
    }

    /// The unit and all beneath it, those merged into any of them among them; parents first.
    #[must_use]
    pub fn subtree(&self, unit: UnitIx) -> Vec<UnitIx> {
        closed(unit, |u| self.children(u).iter().chain(&self.merged_here[u.ix()]).copied())
    }

    /// The unit and all above it, by the old names and the new: what is above a unit that was
    /// merged is above those beneath it, too.
    #[must_use]
    pub fn above(&self, unit: UnitIx) -> Vec<UnitIx> {
        self.above_since(unit).into_iter().map(|(above, _)| above).collect()
    }

    /// The unit and all above it at `at`: as [`Self::above`], but only by mergers that have come to
    /// pass.
    #[must_use]
    pub fn above_at(&self, unit: UnitIx, at: UnixMs) -> Vec<UnitIx> {
        let by_then = self.above_since(unit).into_iter().filter(|(_, since)| *since <= at);
        by_then.map(|(above, _)| above).collect()
    }

    /// The unit and all above it, as [`Self::above`], each with the time from which it is:
    /// [`i64::MIN`] where no merger lies between, else when the last of the mergers on
    /// the way came to pass, by the earliest way.
    #[must_use]
    pub fn above_since(&self, unit: UnitIx) -> Vec<(UnitIx, UnixMs)> {
        let mut found = vec![(unit, UnixMs(i64::MIN))];
        let mut todo = VecDeque::from([0]);
        while let Some(at) = todo.pop_front() {
            let (below, since) = found[at];
            let Unit { parent, merged_into, until, .. } = self.unit(below);
            let merged = merged_into.map(|into| (into, since.max(until.unwrap_or(since))));
            for (above, since) in parent.map(|parent| (parent, since)).into_iter().chain(merged) {
                match found.iter().position(|(known, _)| *known == above) {
                    // All above it is looked at again: by this way it is above earlier.
                    Some(known) if since < found[known].1 => {
                        found[known].1 = since;
                        todo.push_back(known);
                    }
                    Some(_) => {}
                    None => {
                        todo.push_back(found.len());
                        found.push((above, since));
                    }
                }
            }
        }
        found
    }

    /// The unit and those merged into it, one into another, whose equipment stays: whose buildings
    /// are its own.
    #[must_use]
    pub fn buildings(&self, unit: UnitIx) -> Vec<UnitIx> {
        closed(unit, |u| {
            let merged = self.merged_here[u.ix()].iter().copied();
            merged.filter(|m| self.unit(*m).equipment_stays)
        })
    }

    /// The unit itself while it exists, else the first of those it was merged into, one after
    /// another, that exists at `at`.
    #[must_use]
    pub fn heir(&self, unit: UnitIx, at: UnixMs) -> Option<UnitIx> {
        std::iter::successors(Some(unit), |u| self.unit(*u).merged_into)
            .take(self.units.len())
            .find(|u| self.unit(*u).exists_at(at))
    }

    /// Every unit's index.
    pub fn unit_ixs(&self) -> impl Iterator<Item = UnitIx> + use<> {
        (0..u32::try_from(self.units.len()).unwrap_or(u32::MAX)).map(UnitIx)
    }

    /// Every subject's index.
    pub fn subject_ixs(&self) -> impl Iterator<Item = SubjectIx> + use<> {
        (0..u32::try_from(self.subjects.len()).unwrap_or(u32::MAX)).map(SubjectIx)
    }

    /// Every network's index.
    pub fn network_ixs(&self) -> impl Iterator<Item = NetworkIx> + use<> {
        (0..u32::try_from(self.networks.len()).unwrap_or(u32::MAX)).map(NetworkIx)
    }
}

/// `start` and all that `next` leads to from it, each once: mergers and parents together may make
/// rings.
fn closed<I: Iterator<Item = UnitIx>>(start: UnitIx, next: impl Fn(UnitIx) -> I) -> Vec<UnitIx> {
    let mut found = vec![start];
    let mut seen = HashSet::from([start]);
    let mut at = 0;
    while let Some(&unit) = found.get(at) {
        found.extend(next(unit).filter(|u| seen.insert(*u)));
        at += 1;
    }
    found
}
