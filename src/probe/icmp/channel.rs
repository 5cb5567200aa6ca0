//! The sockets and slots of one family: sends echo requests, turns what comes back into events.
//!
//! Guarantees: an event names the packet it is about, or why it is about none; one call receives a
//! bounded number of messages, so that a flood delays the patrol but cannot stop it.

#[cfg(test)]
mod tests;

use std::io;
use std::net::IpAddr;

use super::interfaces::Interfaces;
use super::packet::{self, Echo, Family, Incoming};
use super::slots::{REUSE_AFTER_NS, Ring, Sent, Verdict};
use super::socket::{IDENTS, IcmpSocket, Kind, Posture, is_congestion};
use super::stamp::Reading;
use super::sys::{BATCH, Clock, Control, Inbox, Message, drops, now_ns};
use crate::model::{PingParams, RoundError, Source};
use crate::probe::ProbeError;

/// Batches received from one socket before others get their turn.
const BATCHES_MAX: usize = 64;
/// Tries of one send that errors to earlier packets hit.
const PENDING_ERRORS_MAX: usize = 16;
/// Identifiers of each way.
const IDENTS_PER_WAY: u16 = IDENTS / 2;

/// What a message turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// The first reply to a packet.
    Reply { sent: Sent, rtt_us: u32 },
    /// The first ICMP error about a packet, with who said it where the kernel tells.
    Refusal { sent: Sent, error: RoundError },
    /// Another answer to an answered packet.
    Duplicate,
    /// Our token from another address than the one asked.
    WrongSource,
    /// Wrong token or sequence.
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

/// Which of the family's sockets a packet leaves by. Packets to absent neighbours stay in their
/// socket's send buffer for seconds; those to targets that answer must not wait behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// The target answered its last round in full.
    Proven,
    /// It did not, or was never asked. Different `ident`s lead to different identifiers.
    Doubtful { ident: u16 },
}

impl Way {
    /// Whether it is doubtful, as an index.
    pub(super) const fn index(self) -> usize {
        match self {
            Self::Proven => 0,
            Self::Doubtful { .. } => 1,
        }
    }

    /// The rings to try, in this order: first its own, every other one, then those of the other
    /// way, which are better than none.
    fn rings(self) -> impl Iterator<Item = usize> {
        let ident = if let Self::Doubtful { ident } = self { ident } else { 0 };
        (0..IDENTS).map(move |n| {
            let pair = usize::from(ident.wrapping_add(n) % IDENTS_PER_WAY);
            2 * pair + (self.index() + usize::from(n / IDENTS_PER_WAY)) % 2
        })
    }
}

/// What a packet is to be, besides what every packet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dress<'a> {
    /// Payload in bytes, whether it may be cut, and the byte it is queued by.
    pub(super) params: PingParams,
    /// Where it leaves from.
    pub(super) source: Option<&'a Source>,
}

/// A packet whose send failed; its bytes are the channel's.
struct Tried {
    to: IpAddr,
    posture: Posture,
    ring: usize,
    way: Way,
    error: io::Error,
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
    /// Of a raw channel those that send, one for each [`Way`]; datagram ports send themselves.
    senders: Vec<IcmpSocket>,
    rings: Vec<Ring>,
    /// Another datagram socket could not be opened; the ones there must do.
    exhausted: bool,
    reuse_after_ns: i64,
    /// The packet that is sent at present; kept for its room.
    packet: Vec<u8>,
    interfaces: Interfaces,
}

impl Channel {
    /// Opens the first socket. `block` is where a raw one's identifiers begin.
    pub(super) fn open(family: Family, kind: Kind, block: u16) -> Result<Self, ProbeError> {
        let mut channel = Self {
            family,
            kind,
            ports: Vec::new(),
            senders: Vec::new(),
            rings: Vec::new(),
            exhausted: false,
            reuse_after_ns: REUSE_AFTER_NS,
            packet: Vec::new(),
            interfaces: Interfaces::default(),
        };
        channel.add_port(block)?;
        if kind == Kind::Raw {
            for _ in 0..2 {
                channel.senders.push(IcmpSocket::open_sender(family)?);
            }
        }
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
    /// Full rings are passed over. ICMP errors to earlier packets that turn up are told. `token` is what
    /// an answer has to bring back.
    pub(super) fn send(
        &mut self,
        (to, token): (IpAddr, u64),
        dress: Dress<'_>,
        sent: Sent,
        way: Way,
        inbox: &mut Inbox,
        tell: &mut impl FnMut(Event),
    ) -> Result<i64, Held> {
        let posture = self.posture(dress).map_err(Held::Refused)?;
        for index in way.rings() {
            if !self.has_ring(index) {
                continue;
            }
            let at_ns = now_ns(Clock::Monotonic);
            let slots = &mut self.rings[index];
            slots.expire(at_ns - self.reuse_after_ns);
            let Some(sequence) = slots.open(Sent { at_ns, ..sent }, to, token) else { continue };
            let echo = Echo { ident: slots.ident(), sequence };
            packet::request(self.family, echo, token, dress.params.size, &mut self.packet);
            let socket = self.sender(index, way);
            let result = match socket.send(&self.packet, to, posture) {
                Err(error) if !is_congestion(&error) => {
                    let tried = Tried { to, posture, ring: index, way, error };
                    self.send_again(tried, inbox, tell)
                }
                result => result.map(|()| at_ns),
            };
            return result.map_err(|error| {
                self.rings[index].give_back();
                let errno = error.raw_os_error().unwrap_or(libc::EIO);
                if is_congestion(&error) { Held::Later(errno) } else { Held::Refused(errno) }
            });
        }
        Err(Held::Later(libc::EAGAIN))
    }

    /// How a socket is to send it; else the system's error number.
    fn posture(&mut self, dress: Dress<'_>) -> Result<Posture, i32> {
        let PingParams { df, tos, .. } = dress.params;
        let (address, interface) = match dress.source {
            None => (None, 0),
            Some(Source::Address(address)) => (Some(*address), 0),
            Some(Source::Interface(name)) => (None, self.interfaces.number(name)?),
        };
        Ok(Posture { df, control: Control { tos, address, interface } })
    }

    fn sender(&self, ring: usize, way: Way) -> &IcmpSocket {
        match self.kind {
            Kind::Raw => &self.senders[way.index()],
            Kind::Datagram => &self.ports[ring].socket,
        }
    }

    /// A send failed, perhaps with an ICMP error to an *earlier* packet: takes all of those out of
    /// the way and tries again, so that they hit no innocent one.
    fn send_again(
        &mut self,
        tried: Tried,
        inbox: &mut Inbox,
        tell: &mut impl FnMut(Event),
    ) -> io::Result<i64> {
        let Tried { to, posture, ring, way, mut error } = tried;
        for tries in 0..PENDING_ERRORS_MAX {
            let queued = match self.kind {
                Kind::Datagram => self.receive_queue(ring, true, inbox, tell),
                // What it says has come to the receiving socket as well.
                Kind::Raw => discard_errors(self.sender(ring, way), inbox),
            };
            let pending = self.sender(ring, way).forget_error();
            // The error of the first try may have been the only one pending; later ones are this
            // packet's own when nothing was left to take away.
            if tries > 0 && queued == 0 && !pending {
                break;
            }
            let at_ns = now_ns(Clock::Monotonic);
            self.rings[ring].restamp(at_ns);
            match self.sender(ring, way).send(&self.packet, to, posture) {
                Ok(()) => return Ok(at_ns),
                Err(congestion) if is_congestion(&congestion) => return Err(congestion),
                Err(again) => error = again,
            }
        }
        Err(error)
    }

    /// Makes room for only a few answers, on every socket that there can be.
    #[cfg(test)]
    pub(super) fn starve_receiving(&mut self) {
        assert!(self.has_ring(usize::from(IDENTS) - 1));
        self.ports.iter().for_each(|port| port.socket.starve().unwrap());
    }

    /// Makes room for only a few waiting packets on the doubtful ways' sockets.
    #[cfg(test)]
    pub(super) fn starve_doubtful(&mut self) {
        for ident in 0..IDENTS_PER_WAY {
            let way = Way::Doubtful { ident };
            let ring = way.rings().next().unwrap();
            assert!(self.has_ring(ring));
            self.sender(ring, way).starve_sending().unwrap();
        }
    }

    /// Takes what has come, replies first, then errors.
    pub(super) fn receive(&mut self, inbox: &mut Inbox, tell: &mut impl FnMut(Event)) {
        for index in 0..self.ports.len() {
            let expected = match self.kind {
                Kind::Raw => self.rings.iter().any(|ring| !ring.is_empty()),
                Kind::Datagram => !self.rings[index].is_empty(),
            };
            if expected {
                self.receive_queue(index, false, inbox, tell);
                if self.kind == Kind::Datagram {
                    // These sockets do not tell it with a message, as raw ones do.
                    let drops = drops(&self.ports[index].socket);
                    self.note_drops(index, drops, tell);
                    self.receive_queue(index, true, inbox, tell);
                }
            }
        }
    }

    /// Takes what has come to one port, from its error queue when `errors`; how much.
    fn receive_queue(
        &mut self,
        index: usize,
        errors: bool,
        inbox: &mut Inbox,
        tell: &mut impl FnMut(Event),
    ) -> usize {
        let mut taken = 0;
        for _ in 0..BATCHES_MAX {
            // On a datagram socket a failure tells an ICMP error to some packet, once; its
            // details are in the error queue.
            let Ok(count) = inbox.receive(&self.ports[index].socket, errors) else { continue };
            taken += count;
            let reading = Reading::now();
            for message in inbox.messages() {
                self.take(index, &message, reading, tell);
            }
            if count < BATCH {
                if !errors {
                    self.ports[index].drained_ns = reading.monotonic_ns;
                }
                break;
            }
        }
        taken
    }

    /// Takes one message; `reading` is of the clocks after its batch.
    fn take(
        &mut self,
        port: usize,
        message: &Message<'_>,
        reading: Reading,
        tell: &mut impl FnMut(Event),
    ) {
        self.note_drops(port, message.drops, tell);
        let came_ns = reading.came_ns(message.stamp_ns, self.ports[port].drained_ns);
        if let Some(event) = self.judge(message, came_ns, reading) {
            tell(event);
        }
    }

    fn note_drops(&mut self, index: usize, drops: Option<u32>, tell: &mut impl FnMut(Event)) {
        let Some(drops) = drops else { return };
        let port = &mut self.ports[index];
        // The counter wraps; a step back is a message queued before one that was read earlier.
        let more = drops.wrapping_sub(port.drops);
        if more != 0 && more < u32::MAX / 2 {
            port.drops = drops;
            tell(Event::Overflow(more));
        }
    }

    /// What a message is about; `None` when about nothing of ours.
    fn judge(&mut self, message: &Message<'_>, came_ns: i64, reading: Reading) -> Option<Event> {
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
            (Verdict::WrongSource, _) => Event::WrongSource,
            (Verdict::Stray, _) => Event::Stray,
            (Verdict::First(sent), Incoming::Refusal { error, .. }) => {
                // Raw sockets get the error from its sender, the error queue names it.
                let from = match message.refusal {
                    Some(refusal) => refusal.offender,
                    None => Some(message.address),
                };
                Event::Refusal { sent, error: error.said_by(from) }
            }
            (Verdict::First(sent), Incoming::Reply { .. }) => {
                let rtt_ns = reading.rtt_ns(came_ns, sent.at_ns);
                Event::Reply { sent, rtt_us: u32::try_from(rtt_ns / 1_000).unwrap_or(u32::MAX) }
            }
        })
    }
}

/// Empties a sending socket's error queue; how much was there.
fn discard_errors(socket: &IcmpSocket, inbox: &mut Inbox) -> usize {
    let mut taken = 0;
    for _ in 0..BATCHES_MAX {
        let Ok(count) = inbox.receive(socket, true) else { continue };
        taken += count;
        if count < BATCH {
            break;
        }
    }
    taken
}
