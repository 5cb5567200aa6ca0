//! The numbered changes: a ring of the last ones for clients that reconnect, and a broadcast for
//! those that are there.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;

use crate::api::{Change, Feed};

/// Changes kept for a client that comes back; an older one asks for a snapshot.
const RING: usize = 256;

/// Shared by the patrol, which publishes, and the server, which subscribes.
#[derive(Debug)]
pub(super) struct Changes {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    seq: u64,
    ring: VecDeque<Arc<Change>>,
    live: broadcast::Sender<Arc<Change>>,
}

impl Changes {
    /// Numbers start above `seq`.
    pub(super) fn new(seq: u64) -> Self {
        let inner = Inner { seq, ring: VecDeque::new(), live: broadcast::Sender::new(RING) };
        Self { inner: Mutex::new(inner) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing inside can be left half done by a panic.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Number of the last change.
    pub(super) fn seq(&self) -> u64 {
        self.lock().seq
    }

    /// True when somebody listens.
    pub(super) fn is_watched(&self) -> bool {
        self.lock().live.receiver_count() > 0
    }

    /// Numbers a change and gives it out.
    pub(super) fn publish(&self, mut change: Change) {
        let mut inner = self.lock();
        inner.seq += 1;
        change.seq = inner.seq;
        let change = Arc::new(change);
        if inner.ring.len() == RING {
            inner.ring.pop_front();
        }
        inner.ring.push_back(Arc::clone(&change));
        // Nobody listening is no error.
        let _ = inner.live.send(change);
    }

    /// Something changed that nobody was there to be told: whoever has an older number asks for a
    /// snapshot.
    pub(super) fn skip(&self) {
        let mut inner = self.lock();
        inner.seq += 1;
        inner.ring.clear();
    }

    /// What was published after number `after`; `None` when that is not known any more, or is
    /// another daemon's number.
    pub(super) fn after(&self, after: u64) -> Option<Feed> {
        let inner = self.lock();
        let first_kept = inner.ring.front().map_or(inner.seq + 1, |c| c.seq);
        if after > inner.seq || after + 1 < first_kept {
            return None;
        }
        let missed = inner.ring.iter().filter(|c| c.seq > after).cloned().collect();
        Some(Feed { missed, live: inner.live.subscribe() })
    }
}
