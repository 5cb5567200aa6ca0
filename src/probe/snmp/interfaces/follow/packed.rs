//! Where the counters of a device's interfaces stood, between two passes. Of 5,000 devices 120,000
//! interfaces are followed, and a [`Follow`] takes 160 bytes: each of its numbers in the fewest
//! bytes, it is about 35.
//!
//! ```text
//! 0                                                      never read
//! flags, has, is_wide, is_stale, time before the base, [discontinuity], last of those it has, [ahead of them]
//! ```
//! Numbers are written in groups of seven bits, the lowest first. It never leaves the program.

use super::{Counter, Follow, bit};
use crate::model::UnixMs;

const IS_READ: u8 = 1;
const HAS_DISCONTINUITY: u8 = 2;
const IS_AHEAD: u8 = 4;

/// The counters of all interfaces of a device, in the order of their table.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in super::super) struct Packed {
    /// When most of them were read.
    base: UnixMs,
    bytes: Vec<u8>,
}

impl Packed {
    /// Of none yet, read at `base`; `like` tells how many there will be.
    pub(in super::super) fn new(base: UnixMs, like: &Self) -> Self {
        Self { base, bytes: Vec::with_capacity(like.bytes.len()) }
    }

    /// Adds the next.
    pub(in super::super) fn push(&mut self, follow: &Follow) {
        if *follow == Follow::default() {
            self.bytes.push(0);
            return;
        }
        let is_ahead = follow.ahead != [0; Counter::ALL.len()];
        let flags = IS_READ
            | if follow.discontinuity.is_some() { HAS_DISCONTINUITY } else { 0 }
            | if is_ahead { IS_AHEAD } else { 0 };
        self.bytes.extend([flags, follow.has, follow.is_wide, follow.is_stale]);
        self.number(self.base.0.wrapping_sub(follow.at.0).cast_unsigned());
        if let Some(discontinuity) = follow.discontinuity {
            self.number(discontinuity.into());
        }
        let own = |slot: &usize| follow.has & bit(*slot) != 0;
        (0..Counter::ALL.len()).filter(own).for_each(|slot| self.number(follow.last[slot]));
        if is_ahead {
            (0..Counter::ALL.len()).filter(own).for_each(|slot| self.number(follow.ahead[slot]));
        }
    }

    /// Gives back the room that was not needed.
    pub(in super::super) fn finish(mut self) -> Self {
        self.bytes.shrink_to_fit();
        self
    }

    /// One after another, and behind the last those that were never read.
    pub(in super::super) fn iter(&self) -> impl Iterator<Item = Follow> {
        let mut rest = Rest(&self.bytes);
        std::iter::repeat_with(move || rest.follow(self.base))
    }

    fn number(&mut self, mut number: u64) {
        while number > 0x7f {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }
}

/// What is still to be read; nothing follows what is at its end.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn follow(&mut self, base: UnixMs) -> Follow {
        let mut follow = Follow::default();
        let flags = self.byte();
        if flags & IS_READ == 0 {
            return follow;
        }
        [follow.has, follow.is_wide, follow.is_stale] = [self.byte(), self.byte(), self.byte()];
        follow.at = UnixMs(base.0.wrapping_sub(self.number().cast_signed()));
        if flags & HAS_DISCONTINUITY != 0 {
            follow.discontinuity = Some(self.number() as u32);
        }
        let has = follow.has;
        let own = |slot: &usize| has & bit(*slot) != 0;
        (0..Counter::ALL.len()).filter(own).for_each(|slot| follow.last[slot] = self.number());
        if flags & IS_AHEAD != 0 {
            (0..Counter::ALL.len()).filter(own).for_each(|slot| follow.ahead[slot] = self.number());
        }
        follow
    }

    fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *byte
    }

    fn number(&mut self) -> u64 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            number |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 || shift > 63 {
                return number;
            }
        }
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
        let mut packed = Packed::new(at, &Packed::default());
        packed.push(&follow);
        assert!(packed.bytes.len() <= 36, "{}", packed.bytes.len());
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
            let mut packed = Packed::new(UnixMs(base), &Packed::default());
            follows.iter().for_each(|follow| packed.push(follow));
            follows.push(Follow::default());
            let back: Vec<Follow> = packed.finish().iter().take(follows.len()).collect();
            prop_assert_eq!(back, follows);
        }
    }
}
