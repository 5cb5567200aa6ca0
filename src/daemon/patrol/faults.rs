//! What our own machine gets wrong.

use crate::locale::Lang;
use crate::model::UnixMs;
use crate::probe::Stats;
use crate::t;

/// Faults of our own machine within the last minute: then nobody is measured, and whoever looks
/// at the screen has to know why.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OwnFaults {
    since: UnixMs,
    before: (u64, u64),
    now: (u64, u64),
}

impl OwnFaults {
    pub(super) fn tick(&mut self, stats: &Stats, now: UnixMs) {
        self.now = (stats.local_errors, stats.overflow + stats.answers_dropped);
        if now.since(self.since) >= 60_000 || now < self.since {
            (self.since, self.before) = (now, self.now);
        }
    }

    /// What to tell clients; `None` when nothing went wrong.
    pub(super) fn sentence(&self, lang: Lang) -> Option<String> {
        let refused = self.now.0 - self.before.0.min(self.now.0);
        let lost = self.now.1 - self.before.1.min(self.now.1);
        match (refused, lost) {
            (0, 0) => None,
            (0, lost) => Some(t!(lang, "daemon.answers_lost", n = lost)),
            (n, _) => Some(t!(lang, "daemon.packets_refused", n = n)),
        }
    }
}
