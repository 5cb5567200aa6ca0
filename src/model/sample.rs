//! What is kept of a round.

use super::round::{Round, RoundError, Rtts};
use super::time::UnixMs;

/// A round as the store keeps it, without its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// When the first packet was sent.
    pub at: UnixMs,
    /// Index of the check.
    pub check: u8,
    /// Packets sent.
    pub sent: u8,
    /// Packets without an answer in time.
    pub lost: u8,
    /// The answers' round-trip times.
    pub rtts: Rtts,
    /// What went wrong besides silence.
    pub error: Option<RoundError>,
}

impl Sample {
    /// True when it says nothing about the subject because our own side failed, as
    /// [`Round::is_invalid`].
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        self.sent == 0 || self.error.is_some_and(RoundError::is_own_fault)
    }
}

impl From<&Round> for Sample {
    fn from(round: &Round) -> Self {
        let Round { subject: _, check, at, sent, lost, rtts, error } = *round;
        Self { at, check, sent, lost, rtts, error }
    }
}
