//! Places by id, without the ids: a table of places alone, four bytes each, that is asked with the ids at
//! hand. Pure.

use std::hash::{BuildHasher as _, RandomState};

/// An empty slot.
const FREE: u32 = u32::MAX;

/// Open addressing with linear steps; never more than three quarters full, and nothing is ever
/// taken out.
#[derive(Debug, Clone, Default)]
pub(super) struct Places {
    slots: Vec<u32>,
    used: usize,
    hasher: RandomState,
}

impl Places {
    /// The slot that holds `id`, or the one that it would be put into; `None` in an empty table.
    fn slot<'a>(&self, id: &str, id_at: impl Fn(usize) -> Option<&'a str>) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let hash = self.hasher.hash_one(id);
        let mut slot = usize::try_from(hash & u64::from(u32::MAX)).unwrap_or(0) & mask;
        loop {
            let held = self.slots.get(slot).copied()?;
            if held == FREE || usize::try_from(held).ok().and_then(&id_at) == Some(id) {
                return Some(slot);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Where `id` stands; `id_at` tells the id of a place.
    pub(super) fn find<'a>(
        &self,
        id: &str,
        id_at: impl Fn(usize) -> Option<&'a str>,
    ) -> Option<usize> {
        let held = self.slots.get(self.slot(id, id_at)?).copied().filter(|held| *held != FREE)?;
        usize::try_from(held).ok()
    }

    /// Enters the place `at`; of two with one id the first one counts.
    pub(super) fn insert<'a>(&mut self, at: usize, id_at: impl Fn(usize) -> Option<&'a str>) {
        if (self.used + 1) * 4 > self.slots.len() * 3 {
            let held = std::mem::take(&mut self.slots);
            self.slots = vec![FREE; (held.len() * 2).max(16)];
            for at in held.into_iter().filter(|held| *held != FREE) {
                self.enter(at, &id_at);
            }
        }
        if let Ok(at) = u32::try_from(at) {
            self.used += usize::from(self.enter(at, &id_at));
        }
    }

    /// True when it is new.
    fn enter<'a>(&mut self, at: u32, id_at: impl Fn(usize) -> Option<&'a str>) -> bool {
        let Some(id) = usize::try_from(at).ok().and_then(&id_at) else { return false };
        let slot = self.slot(id, id_at).and_then(|slot| self.slots.get_mut(slot));
        match slot {
            Some(slot) if *slot == FREE => {
                *slot = at;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn places_are_what_a_map_of_the_ids_says(
            ids in proptest::collection::vec("[a-c]{1,4}", 0..200),
            asked in proptest::collection::vec("[a-c]{1,4}", 0..50),
        ) {
            let mut places = Places::default();
            let mut model: HashMap<&str, usize> = HashMap::new();
            for (at, id) in ids.iter().enumerate() {
                places.insert(at, |at| ids.get(at).map(|id| &**id));
                model.entry(id).or_insert(at);
            }
            for id in ids.iter().chain(&asked) {
                let found = places.find(id, |at| ids.get(at).map(|id| &**id));
                prop_assert_eq!(found, model.get(&**id).copied());
            }
        }
    }
}
