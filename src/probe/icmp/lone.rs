//! One packet at a time to one address, for whoever asks outside the patrol: sends, and is looked at
//! until something has come of it.
//!
//! Guarantees: never blocks; what comes of an earlier packet is not taken for the newest one's.

use std::net::IpAddr;

use super::channel::{Channel, Dress, Event, Held, Way};
use super::packet::Family;
use super::slots::Sent;
use super::socket::{IDENTS, Kind};
use super::sys::Inbox;
use crate::model::{PingParams, RoundError, Source};
use crate::probe::ProbeError;
use crate::probe::schedule::Seat;

/// What came of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::probe) enum Outcome {
    Reply {
        rtt_us: u32,
    },
    Refused(RoundError),
    /// This machine did not send it: the system's error number.
    NotSent(i32),
    Silence,
}

/// A channel of its own.
pub(in crate::probe) struct Lone {
    channel: Channel,
    inbox: Inbox,
    to: IpAddr,
    serial: u32,
    /// What came while the packet was being sent.
    events: Vec<Event>,
}

impl Lone {
    /// Opens a datagram socket, else a raw one.
    ///
    /// # Errors
    /// The system's error number, of the last kind that was tried.
    pub(in crate::probe) fn open(to: IpAddr) -> Result<Self, i32> {
        let mut random = [0; 2];
        getrandom::fill(&mut random).map_err(|_| libc::EIO)?;
        let block = u16::from_le_bytes(random) & !(IDENTS - 1);
        let open = |kind| Channel::open(Family::of(to), kind, block);
        let errno = |error: &ProbeError| match error {
            ProbeError::Socket { source, .. } => source.raw_os_error().unwrap_or(libc::EIO),
            _ => libc::EIO,
        };
        let channel = open(Kind::Datagram).or_else(|_| open(Kind::Raw));
        let channel = channel.map_err(|error| errno(&error))?;
        Ok(Self { channel, inbox: Inbox::new(), to, serial: 0, events: Vec::new() })
    }

    /// Sends a packet that nobody may cut, with so many bytes of payload.
    ///
    /// # Errors
    /// The system's error number.
    pub(in crate::probe) fn send(
        &mut self,
        payload: u16,
        source: Option<&Source>,
    ) -> Result<(), i32> {
        let params = PingParams { size: payload, df: true, ..PingParams::DEFAULT };
        let mut token = [0; 8];
        getrandom::fill(&mut token).map_err(|_| libc::EIO)?;
        self.serial = self.serial.wrapping_add(1);
        self.events.clear();
        let sent = Sent { seat: Seat(0), serial: self.serial, packet: 0, at_ns: 0 };
        let dress = Dress { params, source };
        let Self { channel, inbox, to, events, .. } = self;
        let tell = &mut |event| events.push(event);
        let token = u64::from_ne_bytes(token);
        match channel.send((*to, token), dress, sent, Way::Proven, inbox, tell) {
            Ok(_) => Ok(()),
            Err(Held::Later(errno) | Held::Refused(errno)) => Err(errno),
        }
    }

    /// What has come of the newest packet by now.
    pub(in crate::probe) fn look(&mut self) -> Option<Outcome> {
        let Self { channel, inbox, events, .. } = self;
        channel.receive(inbox, &mut |event| events.push(event));
        let serial = self.serial;
        self.events.drain(..).find_map(|event| match event {
            Event::Reply { sent, rtt_us } if sent.serial == serial => {
                Some(Outcome::Reply { rtt_us })
            }
            Event::Refusal { sent, error } if sent.serial == serial => {
                Some(Outcome::Refused(error))
            }
            _ => None,
        })
    }
}
