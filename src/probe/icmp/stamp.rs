//! When a message came, told from the kernel's receive stamp, which is in the wall clock. Pure but
//! for [`Reading::now`].
//!
//! Guarantees: the wall clock enters only through the time a message waited for us, so a step of
//! it between send and receipt changes nothing; a step between receipt and reading makes the stamp
//! worthless, which shows as a time that cannot be, and then the reading takes its place (at most
//! the length of a tick too long). No round-trip time is negative.

use super::sys::{Clock, now_ns};

/// The clocks are read one after the other and messages come while they are: so far stamps may
/// seem impossible without being wrong.
const TOLERANCE_NS: i64 = 1_000_000;

/// Both clocks, read after a batch of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) monotonic_ns: i64,
    pub(super) real_ns: i64,
}

impl Reading {
    pub(super) fn now() -> Self {
        Self { monotonic_ns: now_ns(Clock::Monotonic), real_ns: now_ns(Clock::Real) }
    }

    /// When a message with this stamp came, by the monotonic clock; `drained_ns`: nothing that
    /// came before then can have been waiting.
    pub(super) fn came_ns(self, stamp_ns: Option<i64>, drained_ns: i64) -> i64 {
        let waited_ns = stamp_ns.map_or(0, |stamp_ns| self.real_ns.saturating_sub(stamp_ns));
        let most_ns = (self.monotonic_ns - drained_ns).max(0);
        let possible = (-TOLERANCE_NS..=most_ns + TOLERANCE_NS).contains(&waited_ns);
        self.monotonic_ns - if possible { waited_ns.clamp(0, most_ns) } else { 0 }
    }

    /// The round-trip time of a packet sent at `sent_ns` whose reply came at `came_ns`.
    pub(super) fn rtt_ns(self, came_ns: i64, sent_ns: i64) -> i64 {
        let rtt_ns = came_ns - sent_ns;
        let rtt_ns = if rtt_ns < -TOLERANCE_NS { self.monotonic_ns - sent_ns } else { rtt_ns };
        rtt_ns.max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;
    const HOUR: i64 = 3_600_000 * MS;
    /// The wall clock, before any step, is this far ahead of the monotonic one.
    const AHEAD: i64 = 1_459_000_000_000 * MS;

    /// Drained at 90 ms, sent at 100 ms, received at 104 ms, read at 110 ms; the wall clock is
    /// stepped before the receipt and again before the reading.
    fn rtt_ns(step_before_ns: i64, step_after_ns: i64) -> i64 {
        let stamp_ns = AHEAD + 104 * MS + step_before_ns;
        let real_ns = AHEAD + 110 * MS + step_before_ns + step_after_ns;
        let reading = Reading { monotonic_ns: 110 * MS, real_ns };
        reading.rtt_ns(reading.came_ns(Some(stamp_ns), 90 * MS), 100 * MS)
    }

    #[test]
    fn a_step_between_send_and_receipt_changes_nothing() {
        for step_ns in [0, MS, -MS, HOUR, -HOUR, i64::MAX / 8] {
            assert_eq!(rtt_ns(step_ns, 0), 4 * MS, "{step_ns}");
        }
    }

    #[test]
    fn a_step_between_receipt_and_reading_costs_at_most_the_wait() {
        for step_ns in [HOUR, -HOUR, 20 * MS, -20 * MS, 12 * MS] {
            assert_eq!(rtt_ns(0, step_ns), 10 * MS, "{step_ns}");
        }
        // One too small to be impossible cannot move the time by more than itself.
        assert_eq!(rtt_ns(0, 3 * MS), MS);
        assert_eq!(rtt_ns(0, -3 * MS), 7 * MS);
    }

    #[test]
    fn no_time_is_negative() {
        let reading = Reading { monotonic_ns: 110 * MS, real_ns: AHEAD + 110 * MS };
        let stamp_ns = AHEAD + 99 * MS + MS / 2;
        assert_eq!(reading.rtt_ns(reading.came_ns(Some(stamp_ns), 90 * MS), 100 * MS), 0);
        assert_eq!(reading.rtt_ns(reading.came_ns(None, 90 * MS), 120 * MS), 0);
    }
}
