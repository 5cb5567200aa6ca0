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
    /// Adds lines that are folded already.
    fn push(&mut self, lines: &[&str]) {
        for (i, line) in lines.iter().enumerate() {
            if i > 0 {
                self.texts.push('\n');
            }
            self.texts.push_str(line);
        }
        self.ends.push(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
    }

    /// One of them; nothing where there is none.
    pub(in crate::dash) fn get(&self, at: usize) -> &str {
        let end = |at: usize| self.ends.get(at).map_or(self.texts.len(), |end| *end as usize);
        let begin = at.checked_sub(1).map_or(0, end);
        self.texts.get(begin..end(at)).unwrap_or_default()
    }

    /// How many there are.
    pub(in crate::dash) const fn len(&self) -> usize {
        self.ends.len()
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
            // Folding is dear: each name is folded once.
            let shorts: Vec<String> = units.iter().map(|unit| fold(&unit.short)).collect();
            for (unit, short) in units.iter().zip(&shorts) {
                // Who rings is known by name or number.
                let contact = &unit.contact;
                let or_empty = |text: &Option<String>| fold(text.as_deref().unwrap_or_default());
                let (person, phone) = (or_empty(&contact.name), or_empty(&contact.phone));
                let id = fold(unit.id.as_str());
                // A telephone shows the number without blanks.
                let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
                of_units.push(&[&fold(&unit.name), short, &id, &person, &phone, &digits]);
            }
            for subject in subjects.iter() {
                let or_empty = |text: Option<&str>| fold(text.unwrap_or_default());
                let (address, circuit) = (or_empty(subject.address()), or_empty(subject.circuit()));
                let (name, id) = (fold(subject.name()), fold(subject.id().as_str()));
                // "Trục Viettel" is looked for as "truc cai be", too.
                let short = self.unit_at.get(subject.unit()).and_then(|at| shorts.get(*at));
                match short.filter(|short| !name.contains(&***short)) {
                    None => of_subjects.push(&[&name, &id, &address, &circuit]),
                    Some(short) => {
                        let title = format!("{TITLE}{name} {short}");
                        of_subjects.push(&[&name, &id, &address, &circuit, &title]);
                    }
                }
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
