//! The board's look-up tables.

use std::collections::HashMap;

use jiff::tz::TimeZone;

use crate::api::Snapshot;
use crate::locale::fold;
use crate::model::{SubjectId, SubjectKind, UnitId};

/// What does not change between two snapshots.
#[derive(Debug)]
pub(super) struct Index {
    pub(super) timezone: TimeZone,
    pub(super) unit_at: HashMap<UnitId, usize>,
    pub(super) subject_at: HashMap<SubjectId, usize>,
    pub(super) children: Vec<Vec<usize>>,
    pub(super) subjects_of: Vec<Vec<usize>>,
    pub(super) folded_units: Vec<String>,
    pub(super) folded_subjects: Vec<String>,
    pub(super) carrier_of: Vec<Option<usize>>,
    pub(super) connections: Vec<usize>,
    pub(super) devices: Vec<usize>,
    pub(super) roots: Vec<usize>,
}

impl Index {
    pub(super) fn new(snapshot: &Snapshot) -> Self {
        let unit_at: HashMap<_, _> =
            snapshot.units.iter().enumerate().map(|(i, u)| (u.id.clone(), i)).collect();
        let subject_at =
            snapshot.subjects.iter().enumerate().map(|(i, s)| (s.id.clone(), i)).collect();
        let mut children = vec![Vec::new(); snapshot.units.len()];
        let mut roots = Vec::new();
        for (i, unit) in snapshot.units.iter().enumerate() {
            // A parent stands before its children; anything else would make a loop possible.
            let above = unit.parent.as_ref().and_then(|p| unit_at.get(p)).filter(|p| **p < i);
            match above {
                Some(above) => children[*above].push(i),
                None => roots.push(i),
            }
        }
        let mut subjects_of = vec![Vec::new(); snapshot.units.len()];
        let (mut connections, mut devices) = (Vec::new(), Vec::new());
        for (i, subject) in snapshot.subjects.iter().enumerate() {
            if let Some(unit) = unit_at.get(&subject.unit) {
                subjects_of[*unit].push(i);
            }
            match subject.kind {
                SubjectKind::Connection => connections.push(i),
                SubjectKind::Device | SubjectKind::Service => devices.push(i),
            }
        }
        for list in &mut subjects_of {
            list.sort_by_key(|i| {
                snapshot.subjects.get(*i).map(|s| (kind_order(s.kind), s.id.clone()))
            });
        }
        let carrier_at: HashMap<_, _> =
            snapshot.carriers.iter().enumerate().map(|(i, c)| (c.id.clone(), i)).collect();
        Self {
            timezone: TimeZone::get(&snapshot.timezone).unwrap_or(TimeZone::UTC),
            children,
            subjects_of,
            folded_units: snapshot
                .units
                .iter()
                .map(|u| fold(&format!("{}\n{}\n{}", u.name, u.short, u.id)))
                .collect(),
            folded_subjects: snapshot
                .subjects
                .iter()
                .map(|s| {
                    let of = |text: &Option<String>| text.clone().unwrap_or_default();
                    let (address, circuit) = (of(&s.address), of(&s.circuit));
                    fold(&format!("{}\n{}\n{address}\n{circuit}", s.name, s.id))
                })
                .collect(),
            carrier_of: snapshot
                .subjects
                .iter()
                .map(|s| s.carrier.as_ref().and_then(|c| carrier_at.get(c)).copied())
                .collect(),
            connections,
            devices,
            roots,
            unit_at,
            subject_at,
        }
    }
}

const fn kind_order(kind: SubjectKind) -> u8 {
    match kind {
        SubjectKind::Connection => 0,
        SubjectKind::Device => 1,
        SubjectKind::Service => 2,
    }
}
