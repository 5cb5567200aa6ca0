//! Which unit a site or a region means: by what a table of this import calls it, else by its id, else
//! by a name. An id is one unit's; of a name several may have it, and then nobody is guessed.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;

use super::table::words;
use crate::inventory::ledger::Entry;

/// What a word means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meant {
    /// This unit.
    Unit(String),
    /// Any of these.
    Many(Vec<String>),
    /// One that is no more.
    Ended(String),
    Nothing,
}

/// The units that are there, and those that this import makes.
#[derive(Debug, Default)]
pub(super) struct Units {
    /// By what the tables call them, folded.
    said: HashMap<String, Vec<String>>,
    ids: HashMap<String, Vec<String>>,
    names: HashMap<String, Vec<String>>,
    parents: HashMap<String, String>,
    ended: HashSet<String>,
    /// Not there yet.
    coming: HashSet<String>,
}

impl Units {
    /// Takes in a unit of the inventory.
    pub(super) fn learn(&mut self, unit: &Entry<'_>, today: Date) {
        let id = unit.id.clone();
        if has_ended(unit, today) {
            self.ended.insert(id.clone());
        }
        if is_coming(unit, today) {
            self.coming.insert(id.clone());
        }
        if let Some(parent) = unit.word("parent") {
            self.parents.insert(id.clone(), parent.to_owned());
        }
        push(&mut self.ids, &id, &id);
        for name in ["name", "short"].into_iter().filter_map(|key| unit.word(key)) {
            push(&mut self.names, name, &id);
        }
    }

    /// A table's word for a unit is that unit from here on.
    pub(super) fn call(&mut self, word: &str, id: &str) {
        push(&mut self.said, word, id);
    }

    /// Takes in a unit that a table brings.
    pub(super) fn put_beneath(&mut self, id: &str, parent: &str) {
        self.parents.insert(id.to_owned(), parent.to_owned());
    }

    /// What a site or a region means. Of several of one name the one that is beneath `region`, where
    /// there is but one.
    pub(super) fn find(&self, word: &str, region: Option<&str>) -> Meant {
        let word = words(word);
        let by = |map: &HashMap<String, Vec<String>>| map.get(&word).cloned().unwrap_or_default();
        for found in [by(&self.said), by(&self.ids)] {
            if !found.is_empty() {
                return self.among(found, region);
            }
        }
        self.among(by(&self.names), region)
    }

    fn among(&self, all: Vec<String>, region: Option<&str>) -> Meant {
        let Some(first) = all.first().cloned() else { return Meant::Nothing };
        let living: Vec<String> = all.into_iter().filter(|id| !self.ended.contains(id)).collect();
        let now: Vec<&String> = living.iter().filter(|id| !self.coming.contains(*id)).collect();
        let all: Vec<String> =
            if now.is_empty() { living.clone() } else { now.into_iter().cloned().collect() };
        let above = region.and_then(|region| match self.find(region, None) {
            Meant::Unit(id) => Some(id),
            _ => None,
        });
        let beneath = above.map(|above| {
            let is_in = |id: &&String| self.is_beneath(id, &above);
            all.iter().filter(is_in).cloned().collect::<Vec<String>>()
        });
        match (all.as_slice(), beneath.as_deref()) {
            ([], _) => Meant::Ended(first),
            ([one], _) | (_, Some([one])) => Meant::Unit(one.clone()),
            _ => Meant::Many(all),
        }
    }

    fn is_beneath(&self, id: &str, above: &str) -> bool {
        let mut at = id;
        // A ring of parents is told by whoever checks them.
        for _ in 0..=self.parents.len() {
            let Some(parent) = self.parents.get(at) else { return false };
            if parent == above {
                return true;
            }
            at = parent;
        }
        false
    }
}

/// True for what is there today.
pub(super) fn lives(entry: &Entry<'_>, today: Date) -> bool {
    !has_ended(entry, today) && !is_coming(entry, today)
}

fn has_ended(entry: &Entry<'_>, today: Date) -> bool {
    day(entry, "until").is_some_and(|until| until <= today)
}

fn is_coming(entry: &Entry<'_>, today: Date) -> bool {
    day(entry, "since").is_some_and(|since| since > today)
}

fn day(entry: &Entry<'_>, key: &str) -> Option<Date> {
    entry.word(key)?.get(..10)?.parse().ok()
}

fn push(map: &mut HashMap<String, Vec<String>>, word: &str, id: &str) {
    let known = map.entry(words(word)).or_default();
    if !known.iter().any(|other| other == id) {
        known.push(id.to_owned());
    }
}
