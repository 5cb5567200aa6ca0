//! The rounds in flight, and which seat has one. Pure.
//!
//! A seat's place is eight bytes, whoever is asked: what a round needs while it lasts lies in a table
//! of those in flight, where the one that ended last makes room for the next. With healthy targets
//! that is a few kilobytes, which stay in the processor's cache, however many are patrolled.

use std::net::IpAddr;
use std::num::NonZeroU32;

use super::super::channel::Way;
use crate::model::{PingParams, Source};
use crate::probe::TargetId;
use crate::probe::round::Gather;
use crate::probe::schedule::Seat;

/// Failed rounds in a row after which a target is asked with another identifier: firewalls keep
/// sessions that went stale.
const FAILURES_PER_IDENT: u16 = 8;

/// A round in flight.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) serial: u32,
    pub(super) target: TargetId,
    pub(super) to: IpAddr,
    pub(super) params: PingParams,
    pub(super) source: Option<Source>,
    pub(super) gather: Gather,
    /// When its first packet left; until then when it was first tried.
    pub(super) first_us: i64,
    pub(super) last_sent_us: i64,
    /// When the packet to be sent next was tried first.
    pub(super) tried_since_us: Option<i64>,
}

/// What is known of a seat between its rounds.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// Where its round lies in the table, counted from one.
    round: Option<NonZeroU32>,
    /// Rounds without any reply since the last one with some.
    failures: u16,
    /// The last round was answered in full.
    is_proven: bool,
}

/// The places of all seats, and the rounds in flight.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    places: Vec<Place>,
    table: Vec<Option<Running>>,
    free: Vec<NonZeroU32>,
}

impl Rounds {
    /// A round begins; the seat has none.
    pub(super) fn begin(&mut self, seat: Seat, round: Running) {
        if self.places.len() <= seat.index() {
            self.places.resize(seat.index() + 1, Place::default());
        }
        let number = match self.free.pop() {
            Some(number) => {
                self.table[at(number)] = Some(round);
                Some(number)
            }
            None => {
                self.table.push(Some(round));
                u32::try_from(self.table.len()).ok().and_then(NonZeroU32::new)
            }
        };
        self.places[seat.index()].round = number;
    }

    /// A seat's round in flight.
    pub(super) fn get(&self, seat: Seat) -> Option<&Running> {
        let number = self.places.get(seat.index())?.round?;
        self.table.get(at(number))?.as_ref()
    }

    /// The same.
    pub(super) fn get_mut(&mut self, seat: Seat) -> Option<&mut Running> {
        let number = self.places.get(seat.index())?.round?;
        self.table.get_mut(at(number))?.as_mut()
    }

    /// Takes a seat's round out.
    pub(super) fn take(&mut self, seat: Seat) -> Option<Running> {
        let number = self.places.get_mut(seat.index())?.round.take()?;
        self.free.push(number);
        self.table.get_mut(at(number))?.take()
    }

    /// Forgets what is known of a seat, which is another target's from now on; its round is given
    /// back.
    pub(super) fn forget(&mut self, seat: Seat) -> Option<Running> {
        let round = self.take(seat);
        if let Some(place) = self.places.get_mut(seat.index()) {
            *place = Place::default();
        }
        round
    }

    /// Notes how a seat's round ended: in full, without any reply, or in between.
    pub(super) fn note_end(&mut self, seat: Seat, is_proven: bool, has_failed: bool) {
        if let Some(place) = self.places.get_mut(seat.index()) {
            place.is_proven = is_proven;
            place.failures = if has_failed { place.failures.wrapping_add(1) } else { 0 };
        }
    }

    /// By which socket a seat's packets leave.
    pub(super) fn way(&self, seat: Seat) -> Way {
        match self.places.get(seat.index()).copied().unwrap_or_default() {
            Place { is_proven: true, .. } => Way::Proven,
            Place { failures, .. } => Way::Doubtful { ident: failures / FAILURES_PER_IDENT },
        }
    }

    /// All rounds in flight.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Running> {
        self.table.iter_mut().flatten()
    }

    /// The seats that have one.
    pub(super) fn seats(&self) -> Vec<Seat> {
        let numbered = (0..).map(Seat).zip(&self.places);
        numbered.filter(|(_, place)| place.round.is_some()).map(|(seat, _)| seat).collect()
    }
}

/// The place in the table of what is counted from one.
const fn at(number: NonZeroU32) -> usize {
    number.get() as usize - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_takes_eight_bytes() {
        assert_eq!(size_of::<Place>(), 8);
    }
}
