//! What targets share: how they are asked and how often. Pure.

use std::collections::HashSet;
use std::sync::Arc;

use super::super::Target;
use super::US_PER_MS;
use crate::model::{PingParams, Source};

/// How a target is asked and how often, whoever it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Manner {
    pub(super) params: PingParams,
    pub(super) source: Option<Source>,
    interval_ms: i64,
    pub(super) retry_ms: i64,
}

impl Manner {
    fn of(target: &Target) -> Self {
        Self {
            params: target.params,
            source: target.source.clone(),
            interval_ms: target.interval_ms,
            retry_ms: target.retry_ms,
        }
    }

    fn is_of(&self, target: &Target) -> bool {
        (self.params, self.interval_ms, self.retry_ms)
            == (target.params, target.interval_ms, target.retry_ms)
            && self.source == target.source
    }

    pub(super) fn interval_us(&self) -> i64 {
        self.interval_ms.saturating_mul(US_PER_MS).max(US_PER_MS)
    }

    pub(super) fn retry_us(&self) -> i64 {
        self.retry_ms.saturating_mul(US_PER_MS).max(US_PER_MS)
    }
}

/// The manners of a list of targets, each once.
#[derive(Debug, Default)]
pub(super) struct Manners {
    known: HashSet<Arc<Manner>>,
    /// Neighbours in a list are mostly asked alike.
    last: Option<Arc<Manner>>,
}

impl Manners {
    /// The manner of a target, shared with all that have the same.
    pub(super) fn share(&mut self, target: &Target) -> Arc<Manner> {
        if let Some(last) = self.last.as_ref().filter(|manner| manner.is_of(target)) {
            return Arc::clone(last);
        }
        let manner = Arc::new(Manner::of(target));
        let shared = match self.known.get(&manner) {
            Some(known) => Arc::clone(known),
            None => {
                self.known.insert(Arc::clone(&manner));
                manner
            }
        };
        self.last = Some(Arc::clone(&shared));
        shared
    }
}
