//! One value of something that a device counts or shows.

use super::time::UnixMs;

/// A metric's value at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// When it was read.
    pub at: UnixMs,
    /// A counter's 64 bits as they are (`u64::cast_signed`), or a gauge in whole parts of its unit
    /// (`parse_scaled`).
    pub value: i64,
}

/// What a metric's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PointKind {
    /// Counts up (octets of an interface); only its differences mean something. It wraps, and
    /// begins anew when the device restarts.
    Counter,
    /// Goes up and down (temperature, load, battery).
    Gauge,
}
