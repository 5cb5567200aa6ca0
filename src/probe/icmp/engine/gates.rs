//! Packets that wait until their socket takes packets again. Pure.
//!
//! Guarantees: a socket that refuses packets delays those of its own family and way only; in one
//! tick each waiting packet is tried at most once and each gate takes at most [`REFUSALS_MAX`]
//! refusals, the rest waits without a system call; the one tried first goes to the end, so that a
//! packet the system will not take (no room for its neighbour) does not block those behind it.

use std::collections::VecDeque;

use super::super::channel::Way;
use super::super::packet::Family;
use crate::probe::schedule::Seat;

/// Refused sends after which a gate is closed until the next tick.
const REFUSALS_MAX: u32 = 8;

#[derive(Debug, Default)]
struct Gate {
    /// (seat, serial): rounds whose next packet waits.
    waiting: VecDeque<(Seat, u32)>,
    /// Those at the front that this tick has not looked at.
    untried: usize,
    refusals: u32,
}

/// A gate per family and way.
#[derive(Debug, Default)]
pub(super) struct Gates([Gate; 4]);

impl Gates {
    fn gate(&mut self, family: Family, way: Way) -> &mut Gate {
        let family = match family {
            Family::V4 => 0,
            Family::V6 => 2,
        };
        &mut self.0[family + way.index()]
    }

    /// A new tick: every waiting packet may be tried again.
    pub(super) fn begin_tick(&mut self) {
        for gate in &mut self.0 {
            gate.untried = gate.waiting.len();
            gate.refusals = 0;
        }
    }

    /// A round whose packet waits and has not been tried in this tick.
    pub(super) fn next(&mut self) -> Option<(Seat, u32)> {
        let gate = self.0.iter_mut().find(|gate| gate.untried > 0)?;
        gate.untried -= 1;
        gate.waiting.pop_front()
    }

    /// Whether packets of this family and way may be tried.
    pub(super) fn is_open(&mut self, family: Family, way: Way) -> bool {
        self.gate(family, way).refusals < REFUSALS_MAX
    }

    /// A send was refused.
    pub(super) fn refused(&mut self, family: Family, way: Way) {
        self.gate(family, way).refusals += 1;
    }

    /// Lets a round's packet wait.
    pub(super) fn wait(&mut self, family: Family, way: Way, seat: Seat, serial: u32) {
        self.gate(family, way).waiting.push_back((seat, serial));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOUBTFUL: Way = Way::Doubtful { ident: 3 };

    #[test]
    fn a_refusing_socket_closes_only_its_own_gate_and_only_for_the_tick() {
        let mut gates = Gates::default();
        (0..REFUSALS_MAX).for_each(|_| gates.refused(Family::V4, DOUBTFUL));
        assert!(!gates.is_open(Family::V4, DOUBTFUL));
        assert!(gates.is_open(Family::V4, Way::Proven) && gates.is_open(Family::V6, DOUBTFUL));
        gates.begin_tick();
        assert!(gates.is_open(Family::V4, DOUBTFUL));
    }

    #[test]
    fn every_waiting_packet_has_one_try_a_tick_and_then_goes_to_the_end() {
        let mut gates = Gates::default();
        for n in 0..3 {
            gates.wait(Family::V6, DOUBTFUL, Seat(n), n);
        }
        assert_eq!(gates.next(), None, "they wait for the next tick");
        gates.begin_tick();
        assert_eq!(gates.next(), Some((Seat(0), 0)));
        gates.wait(Family::V6, DOUBTFUL, Seat(0), 0);
        let rest: Vec<_> = std::iter::from_fn(|| gates.next()).collect();
        assert_eq!(rest, [(Seat(1), 1), (Seat(2), 2)]);
        gates.begin_tick();
        assert_eq!(gates.next(), Some((Seat(0), 0)));
    }
}
