//! Thresholds and times of a subject's health and of its pings, already resolved from the
//! defaults, its network, its kind and its own entry; and the bounds every reader holds them to.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

/// How rounds become states; see DESIGN section 5. All times in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthParams {
    /// Time between two rounds of a healthy subject.
    pub interval_ms: i64,
    /// Time between two rounds of a suspect or down one.
    pub retry_ms: i64,
    /// Failed rounds in a row until `down`.
    pub confirm: u8,
    /// Successful rounds in a row until `up`.
    pub recover: u8,
    /// Poor rounds of the last five until `degraded`.
    pub poor: u8,
    /// Loss above which a round is poor, in thousandths.
    pub loss_permille: u16,
    /// Median round-trip time above which a round is poor, in microseconds.
    pub rtt_us: u32,
    /// Longest a verdict waits for the subject's ancestors.
    pub correlation_window_ms: i64,
    /// With it a round is poor, too, when its median round-trip time is over so many tenths of
    /// the subject's usual one at that hour of the day (30: three times); `None`: the fixed
    /// threshold alone.
    pub baseline_tenths: Option<u16>,
    /// Rounds looked at for flapping.
    pub flap_window: u8,
    /// Weighted change rate from which it is flapping, in thousandths.
    pub flap_high_permille: u16,
    /// Weighted change rate under which it no longer is, in thousandths.
    pub flap_low_permille: u16,
    /// How long after its hours begin a subject that may be off outside them is waited for.
    pub off_hours_grace_ms: i64,
}

impl HealthParams {
    /// Bounds of `interval_ms` and `retry_ms`.
    pub const INTERVAL_MS: RangeInclusive<i64> = 100..=86_400_000;
    /// Bounds of `confirm` and `recover`.
    pub const ROUNDS: RangeInclusive<i64> = 1..=20;
    /// Bounds of `poor`: it counts among the last five.
    pub const POOR: RangeInclusive<i64> = 1..=5;
    /// Bounds of `loss_permille`.
    pub const LOSS_PERMILLE: RangeInclusive<i64> = 0..=1_000;
    /// Bounds of `rtt_us` in milliseconds, as it may be written.
    pub const RTT_MS: RangeInclusive<i64> = 1..=60_000;
    /// Bounds of `rtt_us`: those of [`Self::RTT_MS`].
    pub const RTT_US: RangeInclusive<i64> =
        *Self::RTT_MS.start() * 1_000..=*Self::RTT_MS.end() * 1_000;
    /// Bounds of `correlation_window_ms`.
    pub const CORRELATION_WINDOW_MS: RangeInclusive<i64> = 0..=600_000;
    /// Bounds of `baseline_tenths`: 1.1 to 100 times.
    pub const BASELINE_TENTHS: RangeInclusive<i64> = 11..=1_000;
    /// Bounds of `flap_window`.
    pub const FLAP_WINDOW: RangeInclusive<i64> = 4..=64;
    /// Bounds of `flap_high_permille` and `flap_low_permille`.
    pub const FLAP_PERMILLE: RangeInclusive<i64> = 1..=1_000;
    /// Bounds of `off_hours_grace_ms`.
    pub const OFF_HOURS_GRACE_MS: RangeInclusive<i64> = 0..=14_400_000;
}

impl Default for HealthParams {
    fn default() -> Self {
        Self {
            interval_ms: 30_000,
            retry_ms: 5_000,
            confirm: 3,
            recover: 2,
            poor: 3,
            loss_permille: 200,
            rtt_us: 200_000,
            correlation_window_ms: 30_000,
            baseline_tenths: None,
            flap_window: 20,
            flap_high_permille: 300,
            flap_low_permille: 250,
            off_hours_grace_ms: 1_800_000,
        }
    }
}

/// How one ping round is sent. All times in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PingParams {
    /// Packets a round, 1 to [`super::MAX_PINGS_PER_ROUND`].
    pub count: u8,
    /// Between two packets of a round.
    pub spacing_ms: u32,
    /// How long the last packet's answer is waited for.
    pub timeout_ms: u32,
    /// Bytes of payload behind the ICMP header, as `ping -s` counts them.
    pub size: u16,
    /// Nobody may cut the packets to pieces on their way: one that is too big for a link comes back
    /// as an error.
    pub df: bool,
    /// The whole byte that routers queue by: IPv4's type of service, IPv6's traffic class.
    pub tos: u8,
}

impl PingParams {
    /// Bounds of `size`: a token must fit, and on a link of 9,000 bytes the largest packet does.
    pub const SIZE: RangeInclusive<i64> = 8..=8_972;
    /// What `ping` and fping send: some firewalls drop smaller ones.
    pub const SIZE_DEFAULT: u16 = 56;
    /// Bounds of `tos`.
    pub const TOS: RangeInclusive<i64> = 0..=255;
    /// What holds where nobody says otherwise.
    pub const DEFAULT: Self = Self {
        count: 3,
        spacing_ms: 200,
        timeout_ms: 2_000,
        size: Self::SIZE_DEFAULT,
        df: false,
        tos: 0,
    };
    /// Bounds of `count`.
    pub const COUNT: RangeInclusive<i64> = 1..=super::MAX_PINGS_PER_ROUND as i64;
    /// Bounds of `spacing_ms`.
    pub const SPACING_MS: RangeInclusive<i64> = 1..=10_000;
    /// Bounds of `timeout_ms`.
    pub const TIMEOUT_MS: RangeInclusive<i64> = 10..=60_000;

    /// The longest a round can take, in milliseconds.
    #[must_use]
    pub fn round_ms(self) -> i64 {
        i64::from(self.count.saturating_sub(1)) * i64::from(self.spacing_ms)
            + i64::from(self.timeout_ms)
    }

    /// How a round is sent when a verdict hangs on it: twice the packets, at most
    /// [`super::MAX_PINGS_PER_ROUND`] and no more than fit into `retry_ms`.
    ///
    /// Where 30 % of the packets are lost, three rounds of three are lost whole once in 50,000
    /// times: on a thousand such lines 57 times a day. With twice the packets in the second and
    /// third it is once in 70 million times.
    #[must_use]
    pub fn in_doubt(self, retry_ms: i64) -> Self {
        let most = u8::try_from(super::MAX_PINGS_PER_ROUND).unwrap_or(u8::MAX);
        let twice = self.count.saturating_mul(2).min(most);
        let fits = |count: &u8| Self { count: *count, ..self }.round_ms() <= retry_ms;
        let count = (self.count..=twice).rev().find(fits).unwrap_or(self.count);
        Self { count, ..self }
    }
}

impl Default for PingParams {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Why times that are inside their bounds one by one do not go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfit {
    /// A suspect would be asked more seldom than a healthy subject.
    RetryOverInterval,
    /// A round would not be over when the next one starts after `retry_ms`, and so perhaps not
    /// after the longer `interval_ms`.
    RoundOverRetry,
}

/// What keeps `health` and `ping` from going together; `None` when they do.
#[must_use]
pub fn misfit(health: HealthParams, ping: PingParams) -> Option<Misfit> {
    if health.retry_ms > health.interval_ms {
        Some(Misfit::RetryOverInterval)
    } else if ping.round_ms() > health.retry_ms {
        Some(Misfit::RoundOverRetry)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_inside_the_bounds_and_go_together() {
        let (health, ping) = (HealthParams::default(), PingParams::default());
        assert!(HealthParams::INTERVAL_MS.contains(&health.interval_ms));
        assert!(HealthParams::INTERVAL_MS.contains(&health.retry_ms));
        assert!(HealthParams::RTT_US.contains(&health.rtt_us.into()));
        assert!(PingParams::TIMEOUT_MS.contains(&ping.timeout_ms.into()));
        assert_eq!(misfit(health, ping), None);
    }

    #[test]
    fn a_round_in_doubt_has_twice_the_packets_as_far_as_they_fit() {
        let ping = PingParams::default();
        let count = |count, retry_ms| PingParams { count, ..ping }.in_doubt(retry_ms).count;
        assert_eq!(count(3, 5_000), 6);
        assert_eq!(count(3, 3_000), 6, "5 × 200 + 2,000 just fits");
        assert_eq!(count(3, 2_999), 5);
        assert_eq!(count(3, ping.round_ms()), 3);
        assert_eq!(count(3, 0), 3, "never fewer than usual");
        assert_eq!(count(8, 60_000), 10);
        assert_eq!(count(200, 60_000), 200, "the round's own bound is another's business");
        assert_eq!(PingParams { count: 3, ..ping.in_doubt(5_000) }, ping, "nothing else changes");
    }

    #[test]
    fn a_round_may_take_all_of_the_retry_and_no_more() {
        let (health, ping) = (HealthParams::default(), PingParams::default());
        let retry = |retry_ms| misfit(HealthParams { retry_ms, ..health }, ping);
        assert_eq!(retry(ping.round_ms()), None);
        assert_eq!(retry(ping.round_ms() - 1), Some(Misfit::RoundOverRetry));
        assert_eq!(retry(health.interval_ms), None);
        assert_eq!(retry(health.interval_ms + 1), Some(Misfit::RetryOverInterval));
    }
}
