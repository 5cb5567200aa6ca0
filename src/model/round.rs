//! One check's answer at one time.

use std::net::IpAddr;

use super::index::SubjectIx;
use super::time::UnixMs;
use super::trouble::{ServiceTrouble, SnmpTrouble, Threshold};

/// Most packets one round may send; more is refused by the configuration's check.
pub const MAX_PINGS_PER_ROUND: usize = 10;

/// The round-trip times of one round in microseconds, in the order the packets were sent;
/// at most [`MAX_PINGS_PER_ROUND`].
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Rtts {
    len: u8,
    us: [u32; MAX_PINGS_PER_ROUND],
}

impl Rtts {
    /// Keeps the first [`MAX_PINGS_PER_ROUND`] of `us`.
    #[must_use]
    pub fn from_us(us: &[u32]) -> Self {
        let mut rtts = Self::default();
        us.iter().for_each(|rtt_us| rtts.push(*rtt_us));
        rtts
    }

    /// Adds one; ignored when full.
    pub fn push(&mut self, rtt_us: u32) {
        if let Some(slot) = self.us.get_mut(usize::from(self.len)) {
            *slot = rtt_us;
            self.len += 1;
        }
    }

    /// The times in microseconds.
    #[must_use]
    pub fn as_slice(&self) -> &[u32] {
        &self.us[..usize::from(self.len)]
    }

    /// The lower median in microseconds; `None` when nothing came back.
    #[must_use]
    pub fn median_us(&self) -> Option<u32> {
        let mut sorted = self.us;
        let sorted = &mut sorted[..usize::from(self.len)];
        sorted.sort_unstable();
        sorted.get(sorted.len().saturating_sub(1) / 2).copied()
    }
}

impl std::fmt::Debug for Rtts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}

/// Why a round has no verdict of its own about the subject, or what the network said instead of
/// an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoundError {
    /// An ICMP "destination unreachable" came back.
    Unreachable {
        /// ICMP code: RFC 792 for v4, RFC 4443 for v6.
        code: u8,
        /// Who said it; `None` where the system does not tell.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<IpAddr>,
    },
    /// An ICMP "time exceeded": a routing loop or too small a TTL.
    TtlExceeded {
        /// Who said it; `None` where the system does not tell.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<IpAddr>,
    },
    /// Packet too big, with the MTU of the next hop.
    FragNeeded {
        /// In bytes; 0 when the router did not say.
        mtu: u16,
        /// Who said it; `None` where the system does not tell.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<IpAddr>,
    },
    /// Our own machine could not send (no route, firewall, no buffers): says nothing about the
    /// subject, so the round counts as not asked.
    Local {
        /// The operating system's error number.
        errno: i32,
    },
    /// Our own socket lost answers: the round counts as not asked.
    Overflow,
    /// A device that was asked by SNMP gave no answer of use. Of an interface it means that nothing
    /// is known: such a round lost nothing, so that it neither takes the line down nor holds it down.
    Snmp(SnmpTrouble),
    /// The interface does not work.
    InterfaceDown {
        /// Somebody switched it off, rather than it lost its partner.
        admin: bool,
    },
    /// It answers, and says that something is beyond what it should be: the round is poor.
    Over(Threshold),
    /// A service gave no answer, or not the one that is expected.
    Service(ServiceTrouble),
    /// It answered, and what is missing was lost on our own side, by what the control target lost at
    /// that time: the packets that came back are all that the round counts.
    OwnLoss {
        /// Packets left out of the round.
        packets: u8,
    },
}

impl RoundError {
    /// True when the fault is on our side: such a round is *invalid*, never a failure of the
    /// subject.
    #[must_use]
    pub const fn is_own_fault(self) -> bool {
        matches!(self, Self::Local { .. } | Self::Overflow)
    }

    /// Who on the way refused the packets; `None` where nobody did, or nobody knows who.
    #[must_use]
    pub const fn by(self) -> Option<IpAddr> {
        match self {
            Self::Unreachable { by, .. }
            | Self::TtlExceeded { by }
            | Self::FragNeeded { by, .. } => by,
            _ => None,
        }
    }

    /// The same, said by `by`; what nobody on the way says stays as it is.
    #[must_use]
    pub const fn said_by(self, by: Option<IpAddr>) -> Self {
        match self {
            Self::Unreachable { code, .. } => Self::Unreachable { code, by },
            Self::TtlExceeded { .. } => Self::TtlExceeded { by },
            Self::FragNeeded { mtu, .. } => Self::FragNeeded { mtu, by },
            other => other,
        }
    }

    /// What is beyond its threshold, when that is what is wrong.
    #[must_use]
    pub const fn over(self) -> Option<Threshold> {
        match self {
            Self::Over(threshold) => Some(threshold),
            _ => None,
        }
    }
}

/// One check's answer at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// Who was asked.
    pub subject: SubjectIx,
    /// Which of the subject's checks: its index; 0 is the primary one.
    pub check: u8,
    /// When the first packet was sent.
    pub at: UnixMs,
    /// Packets sent; of an SNMP or interface check one, for the whole of what was asked.
    pub sent: u8,
    /// Packets without an answer in time.
    pub lost: u8,
    /// The answers' round-trip times.
    pub rtts: Rtts,
    /// What went wrong besides silence.
    pub error: Option<RoundError>,
}

impl Round {
    /// True when the round says nothing about the subject because our own side failed.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        self.sent == 0 || self.error.is_some_and(RoundError::is_own_fault)
    }

    /// True when nothing came back.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        !self.is_invalid() && self.lost >= self.sent
    }

    /// Lost packets in thousandths of those sent, rounded half up.
    #[must_use]
    pub fn loss_permille(&self) -> u16 {
        let sent = u32::from(self.sent.max(1));
        u16::try_from((u32::from(self.lost) * 2000 + sent) / (2 * sent)).unwrap_or(1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_is_the_lower_one() {
        assert_eq!(Rtts::default().median_us(), None);
        assert_eq!(Rtts::from_us(&[9]).median_us(), Some(9));
        assert_eq!(Rtts::from_us(&[9, 1]).median_us(), Some(1));
        assert_eq!(Rtts::from_us(&[9, 1, 5]).median_us(), Some(5));
    }

    #[test]
    fn a_round_our_own_side_spoilt_is_invalid_and_never_failed() {
        let mut round = Round {
            subject: SubjectIx(0),
            check: 0,
            at: UnixMs(0),
            sent: 3,
            lost: 3,
            rtts: Rtts::default(),
            error: None,
        };
        assert!(round.is_failed());
        round.error = Some(RoundError::Local { errno: 101 });
        assert!(round.is_invalid() && !round.is_failed());
    }
}
