//! What a round comes to: how long it took and what was measured beside, or why not.

use std::io::{self, ErrorKind};
use std::time::Duration;

use crate::model::{RoundError, ServiceTrouble, Threshold};

/// What an answer is worth.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Detail {
    /// From the first packet to the end of what was asked, in microseconds.
    pub rtt_us: u32,
    /// What is beyond its threshold although the service answers.
    pub over: Option<Threshold>,
    /// What was measured beside, by the metric's name, in whole parts of the unit that ends it.
    pub points: Vec<(&'static str, i64)>,
}

impl Detail {
    pub(super) fn took(time: Duration) -> Self {
        Self { rtt_us: u32::try_from(time.as_micros()).unwrap_or(u32::MAX), ..Self::default() }
    }

    pub(super) fn point(&mut self, name: &'static str, value: i64) {
        self.points.push((name, value));
    }
}

/// Microseconds of a part of a round.
pub(super) fn us(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// Why there is no answer of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The service.
    #[error("the service: {}", .0.as_str())]
    Service(ServiceTrouble),
    /// A router or host on the way.
    #[error("unreachable (code {0})")]
    Unreachable(u8),
    /// The same in all that it said.
    #[error("the network: {0:?}")]
    Said(RoundError),
    /// Our own machine.
    #[error("our own machine: error {0}")]
    Local(i32),
}

impl From<ServiceTrouble> for Failure {
    fn from(trouble: ServiceTrouble) -> Self {
        Self::Service(trouble)
    }
}

impl From<Failure> for RoundError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Service(trouble) => Self::Service(trouble),
            Failure::Unreachable(code) => Self::Unreachable { code, by: None },
            Failure::Said(error) => error,
            Failure::Local(errno) => Self::Local { errno },
        }
    }
}

impl From<io::Error> for Failure {
    /// What a socket's error says of the peer; whatever says nothing of it is our own machine's.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::ConnectionRefused => Self::Service(ServiceTrouble::Refused),
            ErrorKind::TimedOut => Self::Service(ServiceTrouble::Silent),
            ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::NotConnected
            | ErrorKind::UnexpectedEof => Self::Service(ServiceTrouble::Closed),
            // ICMP "host unreachable", or the neighbour is silent.
            ErrorKind::HostUnreachable => Self::Unreachable(1),
            _ => Self::Local(error.raw_os_error().unwrap_or(0)),
        }
    }
}
