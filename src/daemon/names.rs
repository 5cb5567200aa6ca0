//! Addresses of the names that checks ask for, as they were found last.
//!
//! Guarantees: an address stands until another one is found; a name server that fails, or that names
//! the addresses in another order, changes nothing.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use crate::model::{Check, Inventory, UnixMs};
use crate::probe::names::Found;

/// What is known of each name.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    known: HashMap<Arc<str>, IpAddr>,
    /// Names that the last look-up did not find, with why.
    failed: HashMap<Arc<str>, String>,
}

impl Addresses {
    /// The names that checks in force at `now` ask for.
    pub(super) fn wanted(inventory: &Inventory, now: UnixMs) -> HashSet<Arc<str>> {
        let subjects = inventory.subject_ixs().map(|ix| inventory.subject(ix));
        let asked = subjects.filter(|subject| subject.exists_at(now) && subject.is_enabled);
        asked.flat_map(|subject| &subject.checks).filter_map(|check| check.name.clone()).collect()
    }

    /// Forgets the names that nobody asks for any more.
    pub(super) fn keep(&mut self, wanted: &HashSet<Arc<str>>) {
        self.known.retain(|name, _| wanted.contains(name));
        self.failed.retain(|name, _| wanted.contains(name));
    }

    /// Whom a check asks; `None` while its name has never been found.
    pub(super) fn of(&self, check: &Check) -> Option<IpAddr> {
        match &check.name {
            None => Some(check.kind.address()),
            Some(name) => self.known.get(name).copied(),
        }
    }

    /// Takes in what a look-up came to; true when somebody else is to be asked from now on.
    pub(super) fn take(&mut self, found: Found) -> bool {
        let Found { name, addresses } = found;
        let addresses = match addresses {
            Ok(addresses) => addresses,
            Err(reason) => {
                if !self.failed.contains_key(&name) {
                    let stands = self.known.get(&name);
                    tracing::warn!(%name, %reason, address = ?stands, "name not found");
                }
                self.failed.insert(name, reason);
                return false;
            }
        };
        self.failed.remove(&name);
        let known = self.known.get(&name);
        // One of several may be named first today and last tomorrow.
        if known.is_some_and(|known| addresses.contains(known)) {
            return false;
        }
        let Some(first) = addresses.first() else { return false };
        tracing::info!(%name, address = %first, before = ?known, "name found");
        self.known.insert(name, *first);
        true
    }

    /// A name that has never been found, why, and how many there are; `None` when there is none.
    pub(super) fn unknown(&self) -> Option<(&str, &str, usize)> {
        let unknown = || self.failed.iter().filter(|(name, _)| !self.known.contains_key(*name));
        let (name, reason) = unknown().min_by_key(|(name, _)| *name)?;
        Some((name, reason, unknown().count()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, addresses: &[&str]) -> Found {
        let addresses = addresses.iter().map(|a| a.parse().unwrap()).collect();
        Found { name: name.into(), addresses: Ok(addresses) }
    }

    fn failed(name: &str) -> Found {
        Found { name: name.into(), addresses: Err("server failure".to_owned()) }
    }

    #[test]
    fn an_address_stands_until_another_one_is_found() {
        let mut addresses = Addresses::default();
        let of = |addresses: &Addresses| addresses.known.get("a").map(ToString::to_string);
        assert!(!addresses.take(failed("a")));
        assert_eq!(addresses.unknown(), Some(("a", "server failure", 1)));
        assert!(addresses.take(found("a", &["10.0.0.1", "10.0.0.2"])));
        assert_eq!(addresses.unknown(), None);
        assert!(!addresses.take(failed("a")), "what was found last stands");
        assert_eq!((of(&addresses).as_deref(), addresses.unknown()), (Some("10.0.0.1"), None));
        assert!(!addresses.take(found("a", &["10.0.0.2", "10.0.0.1"])), "in another order");
        assert!(addresses.take(found("a", &["10.0.0.3"])));
        assert_eq!(of(&addresses).as_deref(), Some("10.0.0.3"));
        addresses.keep(&HashSet::new());
        assert_eq!(of(&addresses), None);
    }
}
