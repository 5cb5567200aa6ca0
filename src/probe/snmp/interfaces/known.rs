//! What interfaces are, kept once however many devices have one like it: a province has a hundred
//! thousand of them, of a few thousand names.

use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::Counter;
use crate::model::Untrusted;

/// Entries beyond which those that nobody has any more are looked for.
const ENTRIES_MIN: usize = 1_024;

/// The names of an interface's metrics, by [`Counter`].
pub(in crate::probe::snmp) type Metrics = [Arc<str>; Counter::ALL.len()];

/// A name and what is made of it.
#[derive(Debug)]
pub(in crate::probe::snmp) struct Named {
    pub(in crate::probe::snmp) name: Arc<str>,
    pub(in crate::probe::snmp) metrics: Metrics,
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Named {}

impl Hash for Named {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// What an interface is, which changes rarely.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Known {
    pub(super) named: Arc<Named>,
    /// `None` also where it says the same as the name.
    pub(super) descr: Option<Untrusted>,
    pub(super) alias: Option<Untrusted>,
    pub(super) kind: Option<u32>,
    pub(super) speed_bps: Option<u64>,
}

/// Which number is which on a device, in the order of the numbers; kept once for all devices that
/// have the same.
#[derive(Debug, Clone)]
pub(super) struct Table(Arc<[Entry]>);

/// A number and what has it; `None` when its name did not come in a pass that was cut short:
/// nothing is told of it.
type Entry = (u32, Option<Arc<Known>>);

impl Table {
    /// The one copy of it; the entries are in the order of their numbers.
    pub(super) fn of(entries: Vec<Entry>) -> Self {
        let table = Self(entries.into());
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = kept.tables.get(&table) {
            return there.clone();
        }
        kept.make_room();
        kept.tables.insert(table.clone());
        table
    }

    pub(super) fn rows(&self) -> &[Entry] {
        &self.0
    }

    /// What has a number; `None` of one that nothing has.
    pub(super) fn find(&self, index: u32) -> Option<&Option<Arc<Known>>> {
        let place = self.0.binary_search_by_key(&index, |(index, _)| *index).ok()?;
        self.0.get(place).map(|(_, known)| known)
    }

    /// True when each has its name.
    pub(super) fn is_whole(&self) -> bool {
        self.0.iter().all(|(_, known)| known.is_some())
    }

    /// The same for those that are kept once: what is the same stands at the same place.
    fn places(&self) -> impl Iterator<Item = (u32, Option<*const Known>)> {
        self.0.iter().map(|(index, known)| (*index, known.as_ref().map(Arc::as_ptr)))
    }
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.places().eq(other.places())
    }
}

impl Eq for Table {}

impl Hash for Table {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.places().for_each(|place| place.hash(state));
    }
}

/// All that some device has.
#[derive(Default)]
struct Kept {
    names: HashMap<Arc<str>, Arc<Named>>,
    kinds: HashSet<Arc<Known>>,
    tables: HashSet<Table>,
    /// So many entries were left when it was last looked through.
    left: usize,
}

static KEPT: LazyLock<Mutex<Kept>> = LazyLock::new(Mutex::default);

impl Kept {
    fn make_room(&mut self) {
        if self.len() < ENTRIES_MIN.max(2 * self.left) {
            return;
        }
        self.tables.retain(|table| Arc::strong_count(&table.0) > 1);
        self.kinds.retain(|kind| Arc::strong_count(kind) > 1);
        self.names.retain(|_, name| Arc::strong_count(name) > 1);
        self.left = self.len();
    }

    fn len(&self) -> usize {
        self.names.len() + self.kinds.len() + self.tables.len()
    }
}

/// The one copy of a name.
pub(super) fn named(name: String) -> Arc<Named> {
    // Every change is one call: nothing is left half done by a panic.
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(there) = kept.names.get(name.as_str()) {
        return Arc::clone(there);
    }
    kept.make_room();
    let metrics = Counter::ALL.map(|counter| format!("if.{}:{name}", counter.as_str()).into());
    let name: Arc<str> = name.into();
    let named = Arc::new(Named { name: Arc::clone(&name), metrics });
    kept.names.insert(name, Arc::clone(&named));
    named
}

/// The one copy of what an interface is.
pub(super) fn share(known: Known) -> Arc<Known> {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(there) = kept.kinds.get(&known) {
        return Arc::clone(there);
    }
    kept.make_room();
    let known = Arc::new(known);
    kept.kinds.insert(Arc::clone(&known));
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str, alias: Option<&str>) -> Arc<Known> {
        let (named, alias) = (named(name.to_owned()), alias.map(Untrusted::from_text));
        share(Known { named, descr: None, alias, kind: Some(6), speed_bps: None })
    }

    #[test]
    fn what_is_the_same_is_kept_once_and_what_nobody_has_goes() {
        let one = kind("known-test", None);
        assert!(Arc::ptr_eq(&one, &kind("known-test", None)));
        assert_eq!(&*one.named.metrics[Counter::OctetsOut as usize], "if.octets_out:known-test");
        let other = kind("known-test", Some("to the roof"));
        assert!(!Arc::ptr_eq(&one, &other) && Arc::ptr_eq(&one.named, &other.named));
        for n in 0..5 * ENTRIES_MIN {
            kind(&format!("known-test-{n}"), None);
        }
        assert!(KEPT.lock().unwrap().kinds.len() < 4 * ENTRIES_MIN);
        assert!(Arc::ptr_eq(&one, &kind("known-test", None)), "somebody has it");
    }
}
