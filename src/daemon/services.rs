//! Which checks of services are asked for which subjects.

use std::collections::HashMap;
use std::sync::Arc;

use super::names::Addresses;
use crate::config::Config;
use crate::model::{CheckKind, Inventory, ServiceCheck, SubjectIx, UnixMs};
use crate::probe::service::{Key, Target};

/// What a check measured last, by the metric's name.
pub(super) type Measured = Vec<(&'static str, i64)>;

/// The checks of one inventory.
#[derive(Debug, Default)]
pub(super) struct ServiceChecks {
    of_key: HashMap<Key, (SubjectIx, u8)>,
    of_subject: HashMap<SubjectIx, Vec<Key>>,
    /// Lasts over reloads, as the checks themselves do.
    pub(super) measured: HashMap<Key, Measured>,
}

impl ServiceChecks {
    /// The checks of what is in force at `now`, and whom to ask.
    pub(super) fn next(
        self,
        inventory: &Inventory,
        config: &Config,
        addresses: &Addresses,
        now: UnixMs,
    ) -> (Self, Vec<Target>) {
        let mut next = Self { measured: self.measured, ..Self::default() };
        let mut targets = Vec::new();
        for ix in inventory.subject_ixs() {
            let subject = inventory.subject(ix);
            if !subject.exists_at(now) || !subject.is_enabled {
                continue;
            }
            for (check, number) in subject.checks.iter().zip(0_u8..) {
                let CheckKind::Service(service) = &check.kind else { continue };
                let Some(address) = addresses.of(check) else { continue };
                let service = match service.address == address {
                    true => Arc::clone(service),
                    false => Arc::new(ServiceCheck { address, ..(**service).clone() }),
                };
                let source = config.source_of(inventory, subject);
                let key: Key = format!("{}#{number}", subject.id).into();
                targets.push(Target {
                    key: Arc::clone(&key),
                    source: source.filter(|s| s.fits(address)).cloned(),
                    check: service,
                    interval_ms: subject.health.interval_ms,
                    retry_ms: subject.health.retry_ms,
                });
                next.of_key.insert(Arc::clone(&key), (ix, number));
                next.of_subject.entry(ix).or_default().push(key);
            }
        }
        next.measured.retain(|key, _| next.of_key.contains_key(key));
        (next, targets)
    }

    /// Whose check it is, and which of his.
    pub(super) fn of(&self, key: &Key) -> Option<(SubjectIx, u8)> {
        self.of_key.get(key).copied()
    }

    /// A subject's checks.
    pub(super) fn of_subject(&self, subject: SubjectIx) -> &[Key] {
        self.of_subject.get(&subject).map_or(&[], Vec::as_slice)
    }

    /// What was measured last, with whose it is.
    pub(super) fn measured(&self) -> impl Iterator<Item = (SubjectIx, u8, &Measured)> {
        let of = |key| self.of_key.get(key).copied();
        self.measured.iter().filter_map(move |(key, last)| {
            let (subject, check) = of(key)?;
            Some((subject, check, last))
        })
    }
}
