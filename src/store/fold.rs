//! What waits, made shorter without saying less.

use std::collections::{HashMap, VecDeque};

use super::apply::partition;
use super::fact::Fact;
use super::neighbour;
use crate::model::{CarrierId, Id, IncidentId, StateInterval, SubjectId, UnixMs};

/// What a later fact is written over.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Intervals(SubjectId),
    Incident(IncidentId),
    Announced(Id),
    Ended(Id),
    Message(String),
    Baseline(SubjectId, u8),
    Said(SubjectId),
    Neighbours(SubjectId),
    Blind(Option<CarrierId>, UnixMs),
}

impl Key {
    /// `None` for what stands for itself.
    fn of(fact: &Fact) -> Option<Self> {
        Some(match fact {
            Fact::Event(_) | Fact::Alive { .. } => return None,
            Fact::Intervals { subject, .. } => Self::Intervals(subject.clone()),
            Fact::Incident(kept) => Self::Incident(kept.id.clone()),
            Fact::Maintenance(work, _) => Self::Announced(work.id.clone()),
            Fact::MaintenanceEnded { id, .. } => Self::Ended(id.clone()),
            Fact::Message(message) => Self::Message(message.id.clone()),
            Fact::Baseline { subject, hour, .. } => Self::Baseline(subject.clone(), *hour),
            Fact::Said { subject, .. } => Self::Said(subject.clone()),
            Fact::Neighbours { subject, .. } => Self::Neighbours(subject.clone()),
            Fact::Blind { carrier, since, .. } => Self::Blind(carrier.clone(), *since),
        })
    }
}

/// One fact for whatever is written over itself (a subject's intervals, an incident, announced
/// work and its end, …), at the place of its first and with the effect of all; one sign of life,
/// last; and of the events the newest that fit beside them into `facts_max`. Answers with the
/// number of events given up.
pub(super) fn fold(facts: VecDeque<Fact>, facts_max: usize) -> (VecDeque<Fact>, u64) {
    let mut folded: Vec<Option<Fact>> = Vec::new();
    let mut places: HashMap<Key, usize> = HashMap::new();
    let mut alive: Option<UnixMs> = None;
    for fact in facts {
        if let Fact::Alive { at } = fact {
            alive = alive.max(Some(at));
            continue;
        }
        if let Fact::Maintenance(work, _) = &fact {
            // Announced anew: the end that was recorded before counts no more, and one that is
            // still to come must be written after this.
            if let Some(place) = places.remove(&Key::Ended(work.id.clone())) {
                folded[place] = None;
            }
        }
        let fact = in_order(fact);
        let Some(key) = Key::of(&fact) else {
            folded.push(Some(fact));
            continue;
        };
        match places.get(&key).and_then(|place| folded[*place].as_mut()) {
            Some(earlier) => write_over(earlier, fact),
            None => {
                places.insert(key, folded.len());
                folded.push(Some(fact));
            }
        }
    }
    let mut folded: VecDeque<Fact> = folded.into_iter().flatten().collect();
    folded.extend(alive.map(|at| Fact::Alive { at }));
    let events = folded.iter().filter(|fact| matches!(fact, Fact::Event(_))).count();
    let mut excess = folded.len().saturating_sub(facts_max).min(events);
    let dropped = excess as u64;
    folded.retain(|fact| {
        let given_up = excess > 0 && matches!(fact, Fact::Event(_));
        excess -= usize::from(given_up);
        !given_up
    });
    (folded, dropped)
}

/// Intervals in order and within the fact's own time, as each fact would have been written.
fn in_order(fact: Fact) -> Fact {
    match fact {
        Fact::Intervals { subject, from, intervals } => {
            let intervals = partition(None, from, &intervals);
            Fact::Intervals { subject, from, intervals }
        }
        other => other,
    }
}

/// Gives `earlier` the effect of both; they have one key.
fn write_over(earlier: &mut Fact, later: Fact) {
    match (earlier, later) {
        (
            Fact::Intervals { from: first, intervals: record, .. },
            Fact::Intervals { from, intervals, .. },
        ) => {
            cut(record, from);
            record.extend(intervals);
            *first = (*first).min(from);
        }
        (Fact::Said { sightings: seen, .. }, Fact::Said { sightings, .. }) => {
            for sighting in sightings {
                match seen.iter_mut().rfind(|s| s.key == sighting.key) {
                    Some(same) if same.value == sighting.value => {
                        same.last = same.last.max(sighting.last);
                    }
                    _ => seen.push(sighting),
                }
            }
        }
        (
            Fact::Neighbours { looked: before, seen: known, .. },
            Fact::Neighbours { looked, seen, .. },
        ) => {
            neighbour::look_again(known, seen, looked.is_some());
            *before = looked.or(*before);
        }
        (earlier, later) => *earlier = later,
    }
}

/// What is left of a record that is replaced from `from` on.
fn cut(record: &mut Vec<StateInterval>, from: UnixMs) {
    record.retain(|i| i.from < from);
    if let Some(last) = record.last_mut() {
        last.to = Some(last.to.map_or(from, |to| to.min(from)));
    }
}
