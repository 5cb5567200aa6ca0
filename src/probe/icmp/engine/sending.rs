//! The engine's sending: whose packet is due, and what the socket says to it.
//!
//! Guarantees: packets that a socket does not take wait at its gate, at most their time-out long,
//! and are then told as a fault of our own.

use std::cmp::Reverse;

use super::super::channel::{Dress, Held};
use super::super::packet::Family;
use super::super::slots::Sent;
use super::running::Running;
use super::{Engine, US_PER_MS};
use crate::model::UnixMs;
use crate::probe::round::Gather;
use crate::probe::schedule::{Asking, Seat};
use crate::probe::tick::tick_before_us;

const NS_PER_US: i64 = 1_000;
/// The kernel's default buffer holds 256 small messages.
pub(super) const SENDS_PER_DRAIN: usize = 64;

/// What one step of a round did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Tried to send a packet and is done with it.
    Sent,
    /// Ended the round.
    Closed,
    /// Its socket takes no packets now: it waits.
    Held,
}

/// The wall clock at an instant of CLOCK_MONOTONIC. What it is ahead is read for many packets at
/// once: each reading costs as much as a hundredth of one.
fn wall_clock(monotonic_ns: i64, real_ahead_ns: i64) -> UnixMs {
    UnixMs((monotonic_ns + real_ahead_ns).div_euclid(1_000_000))
}

impl Engine {
    /// Sends at most [`SENDS_PER_DRAIN`] packets; true when nothing more can be sent now.
    pub(super) fn send_due(&mut self, now_us: i64) -> bool {
        let mut sends = 0;
        while sends < SENDS_PER_DRAIN {
            let Some(seat) = self.next_due(now_us) else { return true };
            sends += usize::from(self.step(now_us, seat) == Step::Sent);
        }
        false
    }

    /// Whose packet or end is due: what waits first, then rounds in flight, then new ones.
    fn next_due(&mut self, now_us: i64) -> Option<Seat> {
        while let Some((seat, serial)) = self.gates.next() {
            if self.serial_of(seat) == Some(serial) {
                return Some(seat);
            }
        }
        while let Some(Reverse((when_us, seat, serial))) = self.timers.peek().copied()
            && when_us <= now_us
        {
            self.timers.pop();
            if self.serial_of(seat) == Some(serial) {
                return Some(seat);
            }
        }
        let seat = self.schedule.next(now_us)?;
        self.begin(now_us, seat);
        Some(seat)
    }

    fn serial_of(&self, seat: Seat) -> Option<u32> {
        self.rounds.get(seat).map(|running| running.serial)
    }

    pub(super) fn begin(&mut self, now_us: i64, seat: Seat) {
        let Some(Asking { id, address, params, source }) = self.schedule.asking(seat) else {
            return;
        };
        self.serial = self.serial.wrapping_add(1);
        let at = wall_clock((now_us - self.ahead_us) * NS_PER_US, self.real_ahead_ns);
        let running = Running {
            serial: self.serial,
            target: id,
            to: address,
            params,
            source: source.cloned(),
            gather: Gather::new(params, at),
            first_us: now_us,
            last_sent_us: now_us,
            tried_since_us: None,
        };
        self.rounds.begin(seat, running);
        self.stats.in_flight += 1;
    }

    /// A running round's time has come: its next packet or its end.
    pub(super) fn step(&mut self, now_us: i64, seat: Seat) -> Step {
        let (tick_us, ahead_us, real_ahead_ns) =
            (self.tick_us(), self.ahead_us, self.real_ahead_ns);
        let way = self.rounds.way(seat);
        let Some(running) = self.rounds.get_mut(seat) else { return Step::Closed };
        let Some(packet) = running.gather.next_unsent() else {
            self.finish(now_us, seat);
            return Step::Closed;
        };
        let family = Family::of(running.to);
        let channel = match family {
            Family::V4 => self.v4.as_mut(),
            Family::V6 => self.v6.as_mut(),
        };
        let sent = Sent { seat, serial: running.serial, packet, at_ns: 0 };
        let timeout_us = i64::from(running.params.timeout_ms) * US_PER_MS;
        let since_us = running.tried_since_us.unwrap_or(now_us);
        let open = self.gates.is_open(family, way);
        let result = match channel {
            None => Err(Held::Refused(libc::EAFNOSUPPORT)),
            Some(_) if !open => Err(Held::Later(libc::EAGAIN)),
            Some(channel) => match self.tokens.next() {
                Some(token) => {
                    let events = &mut self.events;
                    let tell = &mut |event| events.push(event);
                    let dress = Dress { params: running.params, source: running.source.as_ref() };
                    channel.send((running.to, token), dress, sent, way, &mut self.inbox, tell)
                }
                None => Err(Held::Later(libc::EAGAIN)),
            },
        };
        match result {
            Ok(at_ns) => {
                running.gather.sent(packet);
                running.last_sent_us = at_ns / 1_000 + ahead_us;
                if packet == 0 {
                    running.first_us = running.last_sent_us;
                    running.gather.begin_at(wall_clock(at_ns, real_ahead_ns));
                }
                self.stats.account.sent += 1;
                self.stats.account.waiting += 1;
            }
            Err(Held::Later(errno)) => {
                if open {
                    self.stats.deferred += 1;
                    self.stats.no_buffers += u64::from(errno == libc::ENOBUFS);
                    self.gates.refused(family, way);
                }
                running.tried_since_us = Some(since_us);
                if now_us - since_us < timeout_us {
                    self.gates.wait(family, way, seat, running.serial);
                    return Step::Held;
                }
                running.gather.not_sent(packet, errno);
                self.stats.local_errors += 1;
            }
            Err(Held::Refused(errno)) => {
                running.gather.not_sent(packet, errno);
                self.stats.local_errors += 1;
            }
        }
        running.tried_since_us = None;
        if running.gather.is_complete() {
            self.finish(now_us, seat);
        } else {
            let when_us = match running.gather.next_unsent() {
                Some(next) => {
                    let spacing_us = i64::from(running.params.spacing_ms) * US_PER_MS;
                    // From the tick's beginning, so that all that is due in it leaves at once.
                    tick_before_us(running.first_us, tick_us) + i64::from(next) * spacing_us
                }
                None => running.last_sent_us + timeout_us,
            };
            let serial = running.serial;
            self.set_timer(when_us, seat, serial);
        }
        Step::Sent
    }
}
