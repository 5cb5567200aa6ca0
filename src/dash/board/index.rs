//! The board's look-up tables.

use std::collections::HashMap;
use std::sync::OnceLock;

use jiff::tz::TimeZone;

use super::subjects::Subjects;
use crate::api::UnitRow;
use crate::locale::fold;
use crate::model::{SubjectKind, UnitId};

/// Lists of places, one for each unit, one after the other in one piece of memory.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// Where each list ends.
    ends: Vec<u32>,
    places: Vec<u32>,
}

impl Lists {
    /// Of pairs of the list and the place, in the order of the places within each list; pairs of
    /// lists that there are not are left out.
    fn new(count: usize, pairs: impl Iterator<Item = (usize, usize)> + Clone) -> Self {
        let mut ends = vec![0_u32; count];
        for (list, _) in pairs.clone() {
            if let Some(end) = ends.get_mut(list) {
                *end += 1;
            }
        }
        let mut sum = 0;
        for end in &mut ends {
            // For now where each begins.
            (*end, sum) = (sum, sum + *end);
        }
        let mut places = vec![0_u32; sum as usize];
        for (list, place) in pairs {
            if let Some(next) = ends.get_mut(list) {
                places[*next as usize] = u32::try_from(place).unwrap_or(u32::MAX);
                *next += 1;
            }
        }
        Self { ends, places }
    }

    fn span(&self, list: usize) -> std::ops::Range<usize> {
        let end = self.ends.get(list).copied().unwrap_or(0) as usize;
        let before = list.checked_sub(1).and_then(|before| self.ends.get(before));
        (before.copied().unwrap_or(0) as usize).min(end)..end
    }

    /// The places of a list.
    pub(super) fn of(&self, list: usize) -> &[u32] {
        self.places.get(self.span(list)).unwrap_or_default()
    }
}

/// Begins a line in which words stand together that are nobody's name.
pub(in crate::dash) const TITLE: char = '\t';

/// Texts folded for the search, one after the other.
#[derive(Debug, Default)]
pub(in crate::dash) struct Folded {
    ends: Vec<u32>,
    texts: String,
}

impl Folded {
    fn push(&mut self, text: &str) {
        self.texts.push_str(&fold(text));
        self.ends.push(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
    }

    /// Each of them, in the order of what they are of.
    pub(in crate::dash) fn iter(&self) -> impl Iterator<Item = &str> {
        let begins = std::iter::once(&0).chain(&self.ends);
        let spans = begins.zip(&self.ends).map(|(from, to)| *from as usize..*to as usize);
        spans.map(|span| self.texts.get(span).unwrap_or_default())
    }
}

/// What does not change between two snapshots.
#[derive(Debug)]
pub(super) struct Index {
    pub(super) timezone: TimeZone,
    pub(super) unit_at: HashMap<UnitId, usize>,
    pub(super) children: Lists,
    pub(super) subjects_of: Lists,
    /// Of units and subjects; made when somebody searches for the first time.
    folded: OnceLock<[Folded; 2]>,
    pub(super) connections: Vec<u32>,
    pub(super) devices: Vec<u32>,
    pub(super) roots: Vec<u32>,
}

/// Where each unit stands.
pub(super) fn unit_places(units: &[UnitRow]) -> HashMap<UnitId, usize> {
    units.iter().enumerate().map(|(i, u)| (u.id.clone(), i)).collect()
}

impl Index {
    pub(super) fn new(timezone: TimeZone, units: &[UnitRow], subjects: &Subjects) -> Self {
        let unit_at = unit_places(units);
        // A parent stands before its children; anything else would make a loop possible.
        let above = |i: usize, unit: &UnitRow| {
            unit.parent.as_ref().and_then(|p| unit_at.get(p)).copied().filter(|p| *p < i)
        };
        let placed = || units.iter().enumerate().map(|(i, unit)| (above(i, unit), i));
        let children = Lists::new(units.len(), placed().filter_map(|(p, i)| Some((p?, i))));
        let place = |i: usize| u32::try_from(i).unwrap_or(u32::MAX);
        let roots = placed().filter(|(p, _)| p.is_none()).map(|(_, i)| place(i)).collect();
        let rows = &subjects.fixed.rows;
        let of_units = rows.iter().enumerate().map(|(i, row)| (row.unit as usize, i));
        let mut subjects_of = Lists::new(units.len(), of_units);
        for unit in 0..units.len() {
            let span = subjects_of.span(unit);
            let list = subjects_of.places.get_mut(span).unwrap_or_default();
            list.sort_by(|a, b| {
                let key = |at: u32| rows.get(at as usize).map(|r| (kind_order(r.kind), &r.id));
                key(*a).cmp(&key(*b))
            });
        }
        let (mut connections, mut devices) = (Vec::new(), Vec::new());
        for (i, row) in rows.iter().enumerate() {
            match row.kind {
                SubjectKind::Connection => connections.push(place(i)),
                SubjectKind::Device | SubjectKind::Service => devices.push(place(i)),
            }
        }
        connections.shrink_to_fit();
        devices.shrink_to_fit();
        let folded = OnceLock::new();
        Self { timezone, children, subjects_of, folded, connections, devices, roots, unit_at }
    }

    /// Names, codes and ids of the units, and names with their units', ids, addresses and circuits of the
    /// subjects, as the search compares them.
    pub(super) fn folded(&self, units: &[UnitRow], subjects: &Subjects) -> &[Folded; 2] {
        self.folded.get_or_init(|| {
            let mut folded = [Folded::default(), Folded::default()];
            let [of_units, of_subjects] = &mut folded;
            for unit in units {
                of_units.push(&format!("{}\n{}\n{}", unit.name, unit.short, unit.id));
            }
            for subject in subjects.iter() {
                let address = subject.address().unwrap_or_default();
                let circuit = subject.circuit().unwrap_or_default();
                let (name, id) = (subject.name(), subject.id());
                // "Trục Viettel" is looked for as "truc cai be", too.
                let unit = self.unit_at.get(subject.unit()).and_then(|at| units.get(*at));
                let unit = unit.map(|unit| &*unit.short).filter(|short| !name.contains(short));
                let title =
                    unit.map(|short| format!("\n{TITLE}{name} {short}")).unwrap_or_default();
                of_subjects.push(&format!("{name}\n{id}\n{address}\n{circuit}{title}"));
            }
            folded
        })
    }
}

const fn kind_order(kind: SubjectKind) -> u8 {
    match kind {
        SubjectKind::Connection => 0,
        SubjectKind::Device => 1,
        SubjectKind::Service => 2,
    }
}
