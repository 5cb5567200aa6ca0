//! Which packet an answer belongs to: a ring of slots per identifier. Pure.
//!
//! ```text
//! Open ─reply or error─► Answered ─another─► duplicate
//!   └─ its round is over ─► late (told by the engine, which knows the rounds)
//! ```
//! Guarantees: a slot is used again [`REUSE_AFTER_NS`] after its send at the earliest, so that a
//! late reply is known as late and never taken for another packet's; only the right source with
//! the right token counts, the rest is stray or from the wrong source. Holds at most 65,536 slots.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How long a slot is kept for late replies. Longer time-outs extend it.
pub(super) const REUSE_AFTER_NS: i64 = 10_000_000_000;
/// Sequence numbers of one identifier.
const SLOTS_MAX: usize = 1 << 16;

/// One packet of one round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sent {
    /// The seat that was asked.
    pub(super) seat: super::super::schedule::Seat,
    /// Tells this round from others of the same seat.
    pub(super) serial: u32,
    /// Which packet of the round.
    pub(super) packet: u8,
    /// Monotonic clock just before the send.
    pub(super) at_ns: i64,
}

/// A packet that was sent, in half a line of the processor's cache: tens of thousands are kept.
#[derive(Debug, Clone, Copy)]
struct Slot {
    at_ns: i64,
    token: u64,
    seat: super::super::schedule::Seat,
    serial: u32,
    /// Whom it was sent to, of an IPv4 ring.
    to: Ipv4Addr,
    packet: u8,
    is_answered: bool,
}

impl Slot {
    const fn sent(&self) -> Sent {
        Sent { seat: self.seat, serial: self.serial, packet: self.packet, at_ns: self.at_ns }
    }
}

/// What an answer turns out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The first to this packet.
    First(Sent),
    /// Another one to a packet already answered.
    Duplicate,
    /// The right token from another address: a device that answers from elsewhere, or somebody on
    /// the way who has seen the packet.
    WrongSource,
    /// Wrong token or sequence: a forgery, an echo of something old, or a broken device.
    Stray,
}

/// The slots of one identifier.
#[derive(Debug)]
pub(super) struct Ring {
    ident: u16,
    /// The sequence number of the front slot.
    first: u16,
    slots: VecDeque<Slot>,
    /// Whom each slot's packet was sent to, of an IPv6 ring; of an IPv4 one empty.
    to_v6: VecDeque<Ipv6Addr>,
}

impl Ring {
    pub(super) fn new(ident: u16) -> Self {
        Self { ident, first: 0, slots: VecDeque::new(), to_v6: VecDeque::new() }
    }

    pub(super) fn ident(&self) -> u16 {
        self.ident
    }

    /// True when no answer is expected any more, not even a late one.
    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Forgets the slots sent before `before_ns`.
    pub(super) fn expire(&mut self, before_ns: i64) {
        while self.slots.front().is_some_and(|slot| slot.at_ns < before_ns) {
            self.slots.pop_front();
            self.to_v6.pop_front();
            self.first = self.first.wrapping_add(1);
        }
    }

    /// Takes the next slot and tells its sequence number; `None` when all are in use. All slots of a
    /// ring are of one family.
    pub(super) fn open(&mut self, sent: Sent, to: IpAddr, token: u64) -> Option<u16> {
        let len = self.slots.len();
        if len >= SLOTS_MAX {
            return None;
        }
        let Sent { seat, serial, packet, at_ns } = sent;
        let to = match to {
            IpAddr::V4(to) => to,
            IpAddr::V6(to) => {
                self.to_v6.push_back(to);
                Ipv4Addr::UNSPECIFIED
            }
        };
        self.slots.push_back(Slot { at_ns, token, seat, serial, to, packet, is_answered: false });
        // Cannot cut anything off: len is below 65,536.
        Some(self.first.wrapping_add(len as u16))
    }

    /// The slot opened last is sent only now.
    pub(super) fn restamp(&mut self, at_ns: i64) {
        if let Some(slot) = self.slots.back_mut() {
            slot.at_ns = at_ns;
        }
    }

    /// Gives the slot opened last back: its packet did not leave.
    pub(super) fn give_back(&mut self) {
        self.slots.pop_back();
        self.to_v6.pop_back();
    }

    /// An answer about `sequence` from or about `address` came, with its token where it carries
    /// one.
    pub(super) fn judge(&mut self, sequence: u16, address: IpAddr, token: Option<u64>) -> Verdict {
        let index = usize::from(sequence.wrapping_sub(self.first));
        let Some(slot) = self.slots.get_mut(index) else { return Verdict::Stray };
        if token.is_some_and(|token| token != slot.token) {
            return Verdict::Stray;
        }
        let to = self.to_v6.get(index).map_or(IpAddr::V4(slot.to), |to| IpAddr::V6(*to));
        if to != address {
            return if token.is_some() { Verdict::WrongSource } else { Verdict::Stray };
        }
        if std::mem::replace(&mut slot.is_answered, true) {
            return Verdict::Duplicate;
        }
        Verdict::First(slot.sent())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::schedule::Seat;

    const TO: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    fn sent(at_ns: i64) -> Sent {
        Sent { seat: Seat(3), serial: 9, packet: 0, at_ns }
    }

    #[test]
    fn only_the_right_source_with_the_right_token_counts_and_only_once() {
        let mut ring = Ring::new(7);
        let sequence = ring.open(sent(5), TO, 77).unwrap();
        assert_eq!(ring.judge(sequence, OTHER, Some(77)), Verdict::WrongSource);
        assert_eq!(ring.judge(sequence, OTHER, Some(78)), Verdict::Stray);
        assert_eq!(
            ring.judge(sequence, OTHER, None),
            Verdict::Stray,
            "whom it is about, it guesses"
        );
        assert_eq!(ring.judge(sequence, TO, Some(78)), Verdict::Stray);
        assert_eq!(ring.judge(sequence.wrapping_add(1), TO, Some(77)), Verdict::Stray);
        assert_eq!(ring.judge(sequence, TO, Some(77)), Verdict::First(sent(5)));
        assert_eq!(ring.judge(sequence, TO, Some(77)), Verdict::Duplicate);
        assert_eq!(ring.judge(sequence, TO, None), Verdict::Duplicate);
    }

    #[test]
    fn a_sequence_number_returns_only_after_its_slot_expired() {
        let mut ring = Ring::new(7);
        for n in 0..SLOTS_MAX {
            assert_eq!(ring.open(sent(n as i64), TO, 1).map(usize::from), Some(n));
        }
        assert_eq!(ring.open(sent(0), TO, 1), None);
        ring.expire(3);
        let again: Vec<u16> = (0..3).filter_map(|_| ring.open(sent(70_000), TO, 2)).collect();
        assert_eq!(again, [0, 1, 2]);
        assert_eq!(ring.open(sent(70_000), TO, 2), None);
        assert_eq!(ring.judge(3, TO, Some(1)), Verdict::First(sent(3)));
        assert_eq!(ring.judge(0, TO, Some(1)), Verdict::Stray, "late for a slot used again");
        ring.expire(i64::MAX);
        assert!(ring.is_empty());
    }

    #[test]
    fn a_slot_takes_32_bytes_and_an_ipv6_ring_knows_its_addresses() {
        assert_eq!(size_of::<Slot>(), 32);
        let (a, b) = (IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::UNSPECIFIED));
        let mut ring = Ring::new(7);
        let first = ring.open(sent(1), a, 1).unwrap();
        let second = ring.open(sent(2), b, 2).unwrap();
        assert_eq!(ring.open(sent(3), a, 3), Some(2));
        ring.give_back();
        ring.expire(2);
        assert_eq!(ring.judge(first, a, Some(1)), Verdict::Stray);
        assert_eq!(ring.judge(second, a, Some(2)), Verdict::WrongSource);
        assert_eq!(ring.judge(second, b, Some(2)), Verdict::First(sent(2)));
        let third = ring.open(sent(4), a, 4).unwrap();
        assert_eq!((third, ring.judge(third, a, Some(4))), (2, Verdict::First(sent(4))));
    }

    #[test]
    fn a_slot_given_back_is_the_next_one_again() {
        let mut ring = Ring::new(7);
        assert_eq!(ring.open(sent(1), TO, 1), Some(0));
        ring.give_back();
        assert_eq!(ring.open(sent(2), TO, 2), Some(0));
        assert_eq!(ring.judge(0, TO, Some(2)), Verdict::First(sent(2)));
    }
}
