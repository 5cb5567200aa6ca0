//! Thresholds and times of a subject's health and of its pings, already resolved from the
//! defaults, its network, its kind and its own entry.

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
}

impl PingParams {
    /// The longest a round can take, in milliseconds.
    #[must_use]
    pub fn round_ms(self) -> i64 {
        i64::from(self.count.saturating_sub(1)) * i64::from(self.spacing_ms)
            + i64::from(self.timeout_ms)
    }
}

impl Default for PingParams {
    fn default() -> Self {
        Self { count: 3, spacing_ms: 200, timeout_ms: 2_000 }
    }
}
