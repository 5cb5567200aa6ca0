//! Time is UTC milliseconds; spans are half-open.

use std::fmt;
use std::ops::{Add, Sub};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// Serialised as RFC 3339 in UTC (`2026-11-01T00:00:00.250Z`; no fraction when it is zero).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixMs(pub i64);

impl UnixMs {
    /// Milliseconds from `earlier` to `self`; negative when `self` comes first.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// The jiff timestamp; instants outside jiff's years are clamped to its ends.
    #[must_use]
    pub fn to_timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        })
    }
}

impl From<jiff::Timestamp> for UnixMs {
    fn from(t: jiff::Timestamp) -> Self {
        Self(t.as_millisecond())
    }
}

impl Add<i64> for UnixMs {
    type Output = Self;
    fn add(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

impl Sub<i64> for UnixMs {
    type Output = Self;
    fn sub(self, ms: i64) -> Self {
        Self(self.0.saturating_sub(ms))
    }
}

impl fmt::Display for UnixMs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.to_timestamp(), f)
    }
}

impl std::str::FromStr for UnixMs {
    type Err = jiff::Error;
    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        text.parse::<jiff::Timestamp>().map(Self::from)
    }
}

impl Serialize for UnixMs {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UnixMs {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A half-open stretch of time `[from, to)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First instant inside.
    pub from: UnixMs,
    /// First instant no longer inside.
    pub to: UnixMs,
}

impl Span {
    /// `[from, to)`; empty when `to <= from`.
    #[must_use]
    pub const fn new(from: UnixMs, to: UnixMs) -> Self {
        Self { from, to }
    }

    /// Length in milliseconds, never negative.
    #[must_use]
    pub fn len_ms(self) -> i64 {
        self.to.since(self.from).max(0)
    }

    /// True when nothing lies inside.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.to <= self.from
    }

    /// True when `t` lies inside.
    #[must_use]
    pub fn contains(self, t: UnixMs) -> bool {
        self.from <= t && t < self.to
    }

    /// The part common to both; empty when they do not meet.
    #[must_use]
    pub fn intersect(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), to: self.to.min(other.to) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_print_as_rfc3339_and_read_back() {
        let t = UnixMs(1_793_491_200_250);
        assert_eq!(t.to_string(), "2026-11-01T00:00:00.25Z");
        assert_eq!("2026-11-01T00:00:00.25Z".parse::<UnixMs>().ok(), Some(t));
        assert_eq!(UnixMs(1_793_491_200_000).to_string(), "2026-11-01T00:00:00Z");
    }

    #[test]
    fn spans_are_half_open() {
        let s = Span::new(UnixMs(10), UnixMs(20));
        assert!(s.contains(UnixMs(10)) && !s.contains(UnixMs(20)));
        assert!(s.intersect(Span::new(UnixMs(20), UnixMs(30))).is_empty());
    }
}
