//! The sockets and slots of one family: sends echo requests, turns what comes back into events.
//!
//! Guarantees: an event names the packet it is about, or why it is about none; one call receives a
//! bounded number of messages, so that a flood delays the patrol but cannot stop it.

#[cfg(test)]
mod tests;

use std::net::IpAddr;

use super::packet::{self, Echo, Family, Incoming};
use super::slots::{REUSE_AFTER_NS, Ring, Sent, Verdict};
use super::socket::{IDENTS, IcmpSocket, Kind, is_congestion};
use super::sys::{BATCH, Clock, Inbox, Message, now_ns};
use crate::model::RoundError;
use crate::probe::ProbeError;

/// Batches received from one socket before others get their turn.
const BATCHES_MAX: usize = 64;

/// What a message turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// The first reply to a packet.
    Reply { sent: Sent, rtt_us: u32 },
    /// The first ICMP error about a packet.
    Refusal { sent: Sent, from: IpAddr, error: RoundError },
    /// Another answer to an answered packet.
    Duplicate,
    /// Wrong source, token or sequence.
    Stray,
    /// This many messages found the receive buffer full; the kernel counts before it filters, so
    /// some may not have been for us.
    Overflow(u32),
}

/// Why a packet did not leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// A buffer or all slots are full: try again later. The system's error number.
    Later(i32),
    /// The machine refuses it.
    Refused(i32),
}

#[derive(Debug)]
struct Port {
    socket: IcmpSocket,
    /// Drops the kernel has told of so far.
    drops: u32,
    /// Monotonic clock when nothing waited any more.
    drained_ns: i64,
}

/// One family's sockets and slots.
#[derive(Debug)]
pub(super) struct Channel {
    family: Family,
    kind: Kind,
    /// Of a raw channel one for all rings, of a datagram one a port per ring.
    ports: Vec<Port>,
    rings: Vec<Ring>,
    /// Another datagram socket could not be opened; the ones there must do.
    exhausted: bool,
    reuse_after_ns: i64,
}

impl Channel {
    /// Opens the first socket. `block` is where a raw one's identifiers begin.
    pub(super) fn open(family: Family, kind: Kind, block: u16) -> Result<Self, ProbeError> {
        let mut channel = Self {
            family,
            kind,
            ports: Vec::new(),
            rings: Vec::new(),
            exhausted: false,
            reuse_after_ns: REUSE_AFTER_NS,
        };
        channel.add_port(block)?;
        Ok(channel)
    }

    fn add_port(&mut self, block: u16) -> Result<(), ProbeError> {
        let socket = IcmpSocket::open(self.family, self.kind, block)?;
        self.rings.push(Ring::new(socket.ident));
        self.ports.push(Port { socket, drops: 0, drained_ns: now_ns(Clock::Monotonic) });
        Ok(())
    }

    /// Keeps slots at least as long as the longest time-out.
    pub(super) fn keep_slots_for(&mut self, timeout_ns: i64) {
        self.reuse_after_ns = timeout_ns.max(REUSE_AFTER_NS);
    }

    /// Forgets slots that nothing is expected for.
    pub(super) fn expire(&mut self, now_ns: i64) {
        let before_ns = now_ns - self.reuse_after_ns;
        self.rings.iter_mut().for_each(|ring| ring.expire(before_ns));
    }

    /// Makes sure that ring `index` is there.
    fn has_ring(&mut self, index: usize) -> bool {
        while self.rings.len() <= index && !self.exhausted {
            match (self.kind, self.ports.first(), u16::try_from(self.rings.len())) {
                (Kind::Raw, Some(port), Ok(offset)) if offset < IDENTS => {
                    self.rings.push(Ring::new(port.socket.ident.wrapping_add(offset)));
                }
                (Kind::Datagram, _, Ok(offset)) if offset < IDENTS => {
                    self.exhausted = self.add_port(0).is_err();
                }
                _ => self.exhausted = true,
            }
        }
        index < self.rings.len()
    }

    /// Sends one echo request and tells when, by the monotonic clock; `sent.at_ns` is ignored.
    /// Different `ring`s have different identifiers; a full one is passed over.
    pub(super) fn send(
        &mut self,
        to: IpAddr,
        sent: Sent,
        token: u64,
        ring: u16,
    ) -> Result<i64, Held> {
        for offset in 0..IDENTS {
            let index = usize::from(ring.wrapping_add(offset) % IDENTS);
            if !self.has_ring(index) {
                continue;
            }
            let at_ns = now_ns(Clock::Monotonic);
            let slots = &mut self.rings[index];
            slots.expire(at_ns - self.reuse_after_ns);
            let Some(sequence) = slots.open(Sent { at_ns, ..sent }, to, token) else { continue };
            let echo = Echo { ident: slots.ident(), sequence };
            let packet = packet::request(self.family, echo, token);
            let port = match self.kind {
                Kind::Raw => &self.ports[0],
                Kind::Datagram => &self.ports[index],
            };
            return port.socket.send(&packet, to).map(|()| at_ns).map_err(|error| {
                slots.give_back();
                let errno = error.raw_os_error().unwrap_or(libc::EIO);
                if is_congestion(&error) { Held::Later(errno) } else { Held::Refused(errno) }
            });
        }
        Err(Held::Later(libc::ENOBUFS))
    }

    /// Takes what has come, replies first, then errors.
    pub(super) fn receive(&mut self, inbox: &mut Inbox, tell: &mut impl FnMut(Event)) {
        for index in 0..self.ports.len() {
            let expected = match self.kind {
                Kind::Raw => self.rings.iter().any(|ring| !ring.is_empty()),
                Kind::Datagram => !self.rings[index].is_empty(),
            };
            if expected {
                self.receive_port(index, inbox, tell);
            }
        }
    }

    fn receive_port(&mut self, index: usize, inbox: &mut Inbox, tell: &mut impl FnMut(Event)) {
        let queues: &[bool] = match self.kind {
            Kind::Raw => &[false],
            Kind::Datagram => &[false, true],
        };
        for errors in queues {
            for _ in 0..BATCHES_MAX {
                // On a datagram socket a failure tells an ICMP error to some packet, once; its
                // details are in the error queue.
                let Ok(count) = inbox.receive(&self.ports[index].socket, *errors) else { continue };
                // Both clocks are read after the batch: the difference to the stamp is how long
                // a message waited for us.
                let (now_ns, real_ns) = (now_ns(Clock::Monotonic), self::now_ns(Clock::Real));
                for message in inbox.messages() {
                    self.note_drops(index, &message, tell);
                    let waited_ns = message.stamp_ns.map_or(0, |stamp_ns| real_ns - stamp_ns);
                    // Nothing that came before the last drain can be here now: a bound that keeps
                    // a step of the wall clock out.
                    let most_ns = (now_ns - self.ports[index].drained_ns).max(0);
                    let came_ns = now_ns - waited_ns.clamp(0, most_ns);
                    if let Some(event) = self.judge(&message, came_ns) {
                        tell(event);
                    }
                }
                if count < BATCH {
                    if !errors {
                        self.ports[index].drained_ns = now_ns;
                    }
                    break;
                }
            }
        }
    }

    fn note_drops(&mut self, index: usize, message: &Message<'_>, tell: &mut impl FnMut(Event)) {
        let Some(drops) = message.drops else { return };
        let port = &mut self.ports[index];
        // The counter wraps; a step back is a message queued before one that was read earlier.
        let more = drops.wrapping_sub(port.drops);
        if more != 0 && more < u32::MAX / 2 {
            port.drops = drops;
            tell(Event::Overflow(more));
        }
    }

    /// What a message is about; `None` when about nothing of ours.
    fn judge(&mut self, message: &Message<'_>, came_ns: i64) -> Option<Event> {
        let incoming = match (message.refusal, self.kind, self.family) {
            (Some(refusal), ..) => {
                let error = packet::refusal(self.family, refusal.kind, refusal.code, refusal.info)?;
                let (echo, token) = packet::quoted_request(self.family, message.bytes)?;
                Incoming::Refusal { echo, token, destination: message.address, error }
            }
            (None, Kind::Raw, Family::V4) => packet::read_v4_raw(message.bytes, message.whole)?,
            (None, ..) => packet::read_icmp(self.family, message.bytes)?,
        };
        let (echo, address, token) = match incoming {
            Incoming::Reply { echo, token } => (echo, message.address, Some(token)),
            Incoming::Refusal { echo, token, destination, .. } => (echo, destination, token),
        };
        let ring = self.rings.iter_mut().find(|ring| ring.ident() == echo.ident)?;
        Some(match (ring.judge(echo.sequence, address, token), incoming) {
            (Verdict::Duplicate, _) => Event::Duplicate,
            (Verdict::Stray, _) => Event::Stray,
            (Verdict::First(sent), Incoming::Refusal { error, .. }) => {
                Event::Refusal { sent, from: message.address, error }
            }
            (Verdict::First(sent), Incoming::Reply { .. }) => {
                let rtt_ns = (came_ns - sent.at_ns).max(0);
                Event::Reply { sent, rtt_us: u32::try_from(rtt_ns / 1_000).unwrap_or(u32::MAX) }
            }
        })
    }
}
