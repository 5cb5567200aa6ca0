//! A channel's rate, and what it says of its trouble. Pure: time comes in.

use super::channel::Pace;
use super::route::fnv_1a;
use crate::model::UnixMs;

/// First wait after a failure; it doubles with each further one.
const BACK_OFF_FIRST_MS: i64 = 1_000;
/// Longest wait (CHANNELS: "backoff 1, 2, 4 … 300 s ± 20 %").
const BACK_OFF_MAX_MS: i64 = 300_000;
/// Failures in a row after which no other message is tried meanwhile, either.
const FAILURES_OPEN: u32 = 3;
/// A channel that has taken nothing for so long is a trouble of the monitor itself.
const LOST_MS: i64 = 300_000;
const MINUTE_MS: i64 = 60_000;
/// A token is counted in parts, so that a rate of 7 a minute is exact.
const TOKEN: i64 = MINUTE_MS;

/// What goes through one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lane {
    pace: Pace,
    /// Parts of tokens in hand.
    tokens: i64,
    filled: UnixMs,
    /// Nothing leaves before.
    pub blocked_until: UnixMs,
    /// Failures since something was taken last.
    pub failures: u32,
    /// Since when it takes nothing.
    pub failing_since: Option<UnixMs>,
    /// What it said last.
    pub reason: String,
    /// Since when it has taken nothing, once that was told, until it takes something.
    pub lost_since: Option<UnixMs>,
    /// The message that is with the sender.
    pub away: Option<String>,
}

impl Lane {
    /// A channel that has taken everything so far.
    pub fn new(pace: Pace, now: UnixMs) -> Self {
        Self {
            pace,
            tokens: i64::from(pace.burst) * TOKEN,
            filled: now,
            blocked_until: UnixMs(i64::MIN),
            failures: 0,
            failing_since: None,
            reason: String::new(),
            lost_since: None,
            away: None,
        }
    }

    /// Another pace from now on; what is in hand stays.
    pub const fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
    }

    /// Whole tokens in hand at `now`.
    pub fn tokens(&mut self, now: UnixMs) -> i64 {
        // A clock that was set back gives nothing and takes nothing.
        let passed = now.since(self.filled).clamp(0, 60 * MINUTE_MS);
        self.filled = now;
        let full = i64::from(self.pace.burst) * TOKEN;
        self.tokens = (self.tokens + passed * i64::from(self.pace.per_minute)).min(full);
        self.tokens / TOKEN
    }

    /// A message leaves.
    pub const fn take_token(&mut self) {
        self.tokens -= TOKEN;
    }

    /// The service took something.
    pub fn took(&mut self) {
        self.failures = 0;
        self.failing_since = None;
        self.blocked_until = UnixMs(i64::MIN);
    }

    /// It did not; `key` tells the jitter of this message from that of another. Returns when it is
    /// to be tried again.
    pub fn failed(
        &mut self,
        now: UnixMs,
        after_ms: Option<u64>,
        tries: u32,
        key: &str,
        reason: &str,
    ) -> UnixMs {
        self.failures = self.failures.saturating_add(1);
        self.failing_since.get_or_insert(now);
        reason.clone_into(&mut self.reason);
        let own = back_off_ms(tries, key);
        let after = after_ms.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX).min(86_400_000));
        let next = now + after.unwrap_or(0).max(own);
        if after.is_some() || self.failures >= FAILURES_OPEN {
            self.blocked_until = self.blocked_until.max(next);
        }
        next
    }

    /// The clock was set back by so much.
    pub fn set_back(&mut self, back_ms: i64) {
        self.failing_since = self.failing_since.map(|since| since - back_ms);
        self.lost_since = self.lost_since.map(|since| since - back_ms);
        if self.blocked_until > UnixMs(i64::MIN) {
            self.blocked_until = self.blocked_until - back_ms;
        }
    }

    /// It has taken nothing for long enough that others must know, and do not yet.
    pub fn is_lost(&self, now: UnixMs) -> bool {
        self.failing_since.is_some_and(|since| now.since(since) >= LOST_MS)
    }
}

/// Wait before the next try after `tries` of them: 1, 2, 4 … 300 s, a fifth more or less by the
/// message's name, so that many do not come together and a test knows it.
pub(super) fn back_off_ms(tries: u32, key: &str) -> i64 {
    let doubled = BACK_OFF_FIRST_MS << tries.saturating_sub(1).min(16);
    let base = doubled.min(BACK_OFF_MAX_MS);
    let mixed = fnv_1a(key.bytes().chain(tries.to_le_bytes()));
    // 0 to 400 thousandths.
    let jitter = i64::try_from((mixed >> 16) % 401).unwrap_or(0);
    base * (800 + jitter) / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { burst: 3, per_minute: 20 };

    #[test]
    fn a_lane_gives_its_burst_and_then_its_rate() {
        let mut lane = Lane::new(PACE, UnixMs(0));
        for left in [3, 2, 1] {
            assert_eq!(lane.tokens(UnixMs(0)), left);
            lane.take_token();
        }
        assert_eq!(lane.tokens(UnixMs(2_999)), 0);
        assert_eq!(lane.tokens(UnixMs(3_000)), 1);
        // Set back, the clock neither gives nor takes.
        assert_eq!(lane.tokens(UnixMs(-50_000)), 1);
        assert_eq!(lane.tokens(UnixMs(-44_000)), 3);
        assert_eq!(lane.tokens(UnixMs(600_000)), 3);
    }

    #[test]
    fn waits_double_up_to_five_minutes_a_fifth_more_or_less() {
        for (tries, base) in [(1, 1_000), (2, 2_000), (5, 16_000), (9, 256_000), (10, 300_000)] {
            for key in ["a", "b", "c"] {
                let wait = back_off_ms(tries, key);
                assert!((base * 8 / 10..=base * 12 / 10).contains(&wait), "{tries} {key} {wait}");
            }
        }
        assert_ne!(back_off_ms(4, "a"), back_off_ms(4, "b"));
    }

    #[test]
    fn what_the_service_asks_for_holds_for_the_whole_lane() {
        let mut lane = Lane::new(PACE, UnixMs(0));
        let next = lane.failed(UnixMs(0), Some(34_000), 1, "a", "429");
        assert_eq!((next, lane.blocked_until), (UnixMs(34_000), UnixMs(34_000)));
        lane.took();
        assert_eq!(lane.failing_since, None);
        let next = lane.failed(UnixMs(0), None, 1, "a", "500");
        assert!(next < UnixMs(2_000) && lane.blocked_until < UnixMs(0), "others go on");
        lane.failed(UnixMs(0), None, 2, "a", "500");
        let next = lane.failed(UnixMs(0), None, 3, "a", "500");
        assert_eq!(lane.blocked_until, next, "until it fails for the third time");
        assert!(!lane.is_lost(UnixMs(299_999)) && lane.is_lost(UnixMs(300_000)));
    }
}
