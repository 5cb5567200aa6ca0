//! What the callers want from the engine's thread, merged until it looks.
//!
//! Guarantees: holds at most the newest list of targets, one pace per target and one request to
//! ask per target, however often they are set; posting wakes a sleeping engine and never waits
//! for it.

use std::collections::{HashMap, HashSet};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Pace, Stats, Target, TargetId};

/// Orders not yet taken, in the order the engine must carry them out: targets, paces, asking.
#[derive(Debug, Default)]
pub(super) struct Orders {
    pub(super) stop: bool,
    pub(super) targets: Option<Vec<Target>>,
    pub(super) paces: HashMap<TargetId, Pace>,
    pub(super) ask_now: HashSet<TargetId>,
}

impl Orders {
    fn is_empty(&self) -> bool {
        !self.stop && self.targets.is_none() && self.paces.is_empty() && self.ask_now.is_empty()
    }
}

#[derive(Debug)]
pub(super) struct Mailbox {
    orders: Mutex<Orders>,
    posted: Condvar,
    stats: Mutex<Stats>,
}

/// A panic elsewhere leaves whole values behind (every write is a single assignment), so they
/// stay usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Mailbox {
    pub(super) fn new(stats: Stats) -> Self {
        Self { orders: Mutex::default(), posted: Condvar::new(), stats: Mutex::new(stats) }
    }

    fn post(&self, change: impl FnOnce(&mut Orders)) {
        change(&mut lock(&self.orders));
        self.posted.notify_one();
    }

    pub(super) fn set_targets(&self, targets: Vec<Target>) {
        self.post(|orders| {
            // Orders for targets that are gone must not pile up.
            if !orders.paces.is_empty() || !orders.ask_now.is_empty() {
                let ids: HashSet<TargetId> = targets.iter().map(|target| target.id).collect();
                orders.paces.retain(|id, _| ids.contains(id));
                orders.ask_now.retain(|id| ids.contains(id));
            }
            orders.targets = Some(targets);
        });
    }

    pub(super) fn set_pace(&self, paces: &[(TargetId, Pace)]) {
        self.post(|orders| orders.paces.extend(paces.iter().copied()));
    }

    pub(super) fn ask_now(&self, targets: &[TargetId]) {
        self.post(|orders| orders.ask_now.extend(targets.iter().copied()));
    }

    pub(super) fn stop(&self) {
        self.post(|orders| orders.stop = true);
    }

    pub(super) fn stats(&self) -> Stats {
        *lock(&self.stats)
    }

    pub(super) fn publish(&self, stats: Stats) {
        *lock(&self.stats) = stats;
    }

    /// The orders posted since the last call.
    pub(super) fn take(&self) -> Orders {
        std::mem::take(&mut *lock(&self.orders))
    }

    /// Waits for orders, at most `timeout`; they stay in the box.
    #[cfg(target_os = "linux")]
    pub(super) fn wait(&self, timeout: Duration) {
        let orders = lock(&self.orders);
        if orders.is_empty() {
            // Spurious wake-ups cost one idle tick and nothing else.
            drop(self.posted.wait_timeout(orders, timeout));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::EngineKind;

    #[test]
    fn orders_merge_to_the_newest_and_are_taken_once() {
        let mailbox = Mailbox::new(Stats::new(EngineKind::Portable));
        let (a, b) = (TargetId(1), TargetId(2));
        mailbox.set_pace(&[(a, Pace::Retry), (b, Pace::Retry)]);
        mailbox.set_pace(&[(a, Pace::Normal)]);
        mailbox.ask_now(&[a, a]);
        let orders = mailbox.take();
        assert_eq!(orders.paces, HashMap::from([(a, Pace::Normal), (b, Pace::Retry)]));
        assert_eq!(orders.ask_now.len(), 1);
        assert!(mailbox.take().is_empty());
    }

    #[test]
    fn a_new_list_of_targets_drops_orders_for_those_that_left() {
        let mailbox = Mailbox::new(Stats::new(EngineKind::Portable));
        mailbox.set_pace(&[(TargetId(1), Pace::Retry)]);
        mailbox.ask_now(&[TargetId(1)]);
        mailbox.set_targets(Vec::new());
        let orders = mailbox.take();
        assert!(orders.paces.is_empty() && orders.ask_now.is_empty());
        assert_eq!(orders.targets, Some(Vec::new()));
    }
}
