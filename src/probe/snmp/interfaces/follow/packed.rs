//! Where the counters of a device's interfaces stood, between two passes. Of 5,000 devices 120,000
//! interfaces are followed, and a [`Follow`] takes 160 bytes: each of its numbers in the fewest
//! bytes, it is about 35.
//!
//! ```text
//! 0                                                      never read
//! flags, [has, is_wide, is_stale, time before the base], [discontinuity], last of those it has, [ahead of them]
//! ```
//! What stands in the first brackets is mostly that of the one before, and left out then.
//! A number below [`LONG`] is a byte; of a greater one the first byte says how many follow, the lowest
//! first. It never leaves the program.

use std::cell::Cell;

use super::{Counter, Follow, bit};
use crate::model::UnixMs;

const IS_READ: u8 = 1;
const HAS_DISCONTINUITY: u8 = 2;
const IS_AHEAD: u8 = 4;
const IS_LIKE_LAST: u8 = 8;

/// The first of eight bytes that say how many follow.
const LONG: u8 = 0xf8;

/// The counters of all interfaces of a device, in the order of their table.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in super::super) struct Packed {
    /// When most of them were read.
    base: UnixMs,
    bytes: Box<[u8]>,
}

impl Packed {
    /// One after another, and behind the last those that were never read.
    pub(in super::super) fn iter(&self) -> impl Iterator<Item = Follow> {
        let mut rest = Rest { bytes: &self.bytes, last: Head::default() };
        std::iter::repeat_with(move || rest.follow(self.base))
    }

    /// Those that are packed take the place of these.
    pub(in super::super) fn replace(&mut self, packing: Packing) {
        self.base = packing.base;
        // Mostly they are as long as those before.
        match self.bytes.len() == packing.bytes.len() {
            true => self.bytes.copy_from_slice(&packing.bytes),
            false => self.bytes = packing.bytes.as_slice().into(),
        }
        ROOM.set(packing.bytes);
    }
}

thread_local! {
    /// The room that is packed in, of two hundred kilobytes at the most.
    static ROOM: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A [`Packed`] in the making.
pub(in super::super) struct Packing {
    base: UnixMs,
    bytes: Vec<u8>,
    last: Head,
}

/// What is mostly the same of all interfaces of a device.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Head {
    has: u8,
    is_wide: u8,
    is_stale: u8,
    at: UnixMs,
}

impl Packing {
    /// Of none yet, read at `base`.
    pub(in super::super) fn new(base: UnixMs) -> Self {
        let mut bytes = ROOM.take();
        bytes.clear();
        Self { base, bytes, last: Head::default() }
    }

    /// Adds the next.
    pub(in super::super) fn push(&mut self, follow: &Follow) {
        if follow.has == 0 && *follow == Follow::default() {
            self.bytes.push(0);
            return;
        }
        let is_ahead = follow.ahead != [0; Counter::ALL.len()];
        let Follow { has, is_wide, is_stale, at, .. } = *follow;
        let head = Head { has, is_wide, is_stale, at };
        let is_like_last = std::mem::replace(&mut self.last, head) == head;
        let flags = IS_READ
            | if is_like_last { IS_LIKE_LAST } else { 0 }
            | if follow.discontinuity.is_some() { HAS_DISCONTINUITY } else { 0 }
            | if is_ahead { IS_AHEAD } else { 0 };
        self.bytes.push(flags);
        if !is_like_last {
            self.bytes.extend([has, is_wide, is_stale]);
            self.number(self.base.0.wrapping_sub(at.0).cast_unsigned());
        }
        if let Some(discontinuity) = follow.discontinuity {
            self.number(discontinuity.into());
        }
        slots(follow.has).for_each(|slot| self.number(follow.last[slot]));
        if is_ahead {
            slots(follow.has).for_each(|slot| self.number(follow.ahead[slot]));
        }
    }

    fn number(&mut self, number: u64) {
        if number < u64::from(LONG) {
            self.bytes.push(number as u8);
            return;
        }
        let unused = number.leading_zeros() as usize / 8;
        self.bytes.push(LONG | (7 - unused) as u8);
        // All eight and some of them back is less work than some.
        self.bytes.extend_from_slice(&number.to_le_bytes());
        self.bytes.truncate(self.bytes.len() - unused);
    }
}

/// The counters whose bits are set.
fn slots(bits: u8) -> impl Iterator<Item = usize> {
    (0..Counter::ALL.len()).filter(move |slot| bits & bit(*slot) != 0)
}

/// What is still to be read; nothing follows what is at its end.
struct Rest<'a> {
    bytes: &'a [u8],
    last: Head,
}

impl Rest<'_> {
    fn follow(&mut self, base: UnixMs) -> Follow {
        let mut follow = Follow::default();
        let flags = self.byte();
        if flags & IS_READ == 0 {
            return follow;
        }
        if flags & IS_LIKE_LAST == 0 {
            let [has, is_wide, is_stale] = [self.byte(), self.byte(), self.byte()];
            let at = UnixMs(base.0.wrapping_sub(self.number().cast_signed()));
            self.last = Head { has, is_wide, is_stale, at };
        }
        Head {
            has: follow.has,
            is_wide: follow.is_wide,
            is_stale: follow.is_stale,
            at: follow.at,
        } = self.last;
        if flags & HAS_DISCONTINUITY != 0 {
            follow.discontinuity = Some(self.number() as u32);
        }
        slots(follow.has).for_each(|slot| follow.last[slot] = self.number());
        if flags & IS_AHEAD != 0 {
            slots(follow.has).for_each(|slot| follow.ahead[slot] = self.number());
        }
        follow
    }

    fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *byte
    }

    fn number(&mut self) -> u64 {
        let first = self.byte();
        if first < LONG {
            return first.into();
        }
        let length = usize::from(first - LONG) + 1;
        // Of eight bytes those that are its own, but where fewer are left.
        let number = match self.bytes.first_chunk::<8>() {
            Some(eight) => u64::from_le_bytes(*eight) & u64::MAX >> (64 - 8 * length),
            None => {
                self.bytes.iter().take(length).rev().fold(0, |n, byte| n << 8 | u64::from(*byte))
            }
        };
        self.bytes = self.bytes.get(length..).unwrap_or_default();
        number
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_interface_takes_few_bytes() {
        let at = UnixMs(1_790_000_000_000);
        let last = [1 << 43, 1 << 42, 1 << 33, 1 << 32, 40, 3, 0, 1_200];
        let follow = Follow {
            at,
            discontinuity: Some(0),
            last,
            has: 0xff,
            is_wide: 0xf,
            ..Follow::default()
        };
        let mut packing = Packing::new(at);
        (0..24).for_each(|_| packing.push(&follow));
        assert!(packing.bytes.len() <= 24 * 35, "{}", packing.bytes.len());
    }

    fn follows() -> impl Strategy<Value = Follow> {
        let number = || prop_oneof![Just(0), 0..300_u64, any::<u64>()];
        let numbers = || prop::array::uniform8(number());
        let ahead = prop_oneof![Just([0; 8]), numbers()];
        let masks = any::<[u8; 3]>();
        (any::<i64>(), any::<Option<u32>>(), numbers(), ahead, masks).prop_map(
            |(at, discontinuity, mut last, mut ahead, [has, is_wide, is_stale])| {
                // What was never read is nothing.
                for slot in (0..8).filter(|slot| has & bit(*slot) == 0) {
                    (last[slot], ahead[slot]) = (0, 0);
                }
                Follow { at: UnixMs(at), discontinuity, last, ahead, has, is_wide, is_stale }
            },
        )
    }

    proptest! {
        #[test]
        fn they_come_back_as_they_were(
            base in any::<i64>(),
            mut follows in prop::collection::vec(prop_oneof![9 => follows(), 1 => Just(Follow::default())], 0..9),
        ) {
            let mut packed = Packed::default();
            // The second time into the same room.
            for _ in 0..2 {
                let mut packing = Packing::new(UnixMs(base));
                follows.iter().for_each(|follow| packing.push(follow));
                packed.replace(packing);
                follows.push(Follow::default());
                let back: Vec<Follow> = packed.iter().take(follows.len()).collect();
                prop_assert_eq!(&back, &follows);
            }
        }
    }
}
