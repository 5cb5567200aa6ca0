//! What a counter counted between two readings. It wraps, it begins anew when the device does, and
//! it may jump; only the first of these may add to a rate.

/// A counter as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    value: u64,
    is_wide: bool,
}

impl Count {
    /// One of 64 bits.
    #[must_use]
    pub const fn wide(value: u64) -> Self {
        Self { value, is_wide: true }
    }

    /// One of 32 bits.
    #[must_use]
    pub const fn narrow(value: u32) -> Self {
        // Widening; `u64::from` is not const.
        Self { value: value as u64, is_wide: false }
    }

    /// What it shows.
    #[must_use]
    pub const fn value(self) -> u64 {
        self.value
    }

    /// True for one of 64 bits.
    #[must_use]
    pub const fn is_wide(self) -> bool {
        self.is_wide
    }

    /// What was counted since `before`; `None` when that cannot be known.
    ///
    /// 1. A counter of another width is another counter.
    /// 2. Forward: the difference. (One of 32 bits that turned over more than once in between
    ///    shows too little; that is what those of 64 bits are for.)
    /// 3. Backward: a 32-bit counter turned over if what it then counted is at most `most`, else
    ///    it began anew. One of 64 bits began anew: at 100 Gb/s it turns over after 46 years.
    ///
    /// `most` is what can have been counted at all in the time between; `None` when nobody knows:
    /// then half a turn.
    #[must_use]
    pub fn since(self, before: Self, most: Option<u64>) -> Option<u64> {
        const TURN: u64 = 1 << 32;
        if self.is_wide != before.is_wide {
            return None;
        }
        if let Some(counted) = self.value.checked_sub(before.value) {
            return Some(counted);
        }
        if self.is_wide {
            return None;
        }
        let counted = TURN - before.value + self.value;
        (counted <= most.unwrap_or(TURN / 2)).then_some(counted)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn thirty_two_bits_turn_over() {
        let before = Count::narrow(u32::MAX - 9);
        assert_eq!(Count::narrow(5).since(before, None), Some(15));
        assert_eq!(Count::narrow(5).since(before, Some(15)), Some(15));
        assert_eq!(Count::narrow(5).since(before, Some(14)), None, "more than the line carries");
        assert_eq!(Count::narrow(5).since(Count::narrow(2000), None), None, "begun anew");
    }

    #[test]
    fn sixty_four_bits_do_not() {
        assert_eq!(Count::wide(5).since(Count::wide(u64::MAX), None), None);
        assert_eq!(Count::wide(u64::MAX).since(Count::wide(0), None), Some(u64::MAX));
        assert_eq!(Count::wide(5).since(Count::narrow(4), None), None, "another counter");
    }

    proptest! {
        #[test]
        fn wrapping_is_exact(start in any::<u32>(), counted in 0..=u32::MAX / 2) {
            let now = Count::narrow(start.wrapping_add(counted));
            prop_assert_eq!(now.since(Count::narrow(start), None), Some(u64::from(counted)));
        }

        #[test]
        fn nothing_is_counted_beyond_what_is_possible(
            before in any::<u32>(), now in any::<u32>(), most in any::<u32>(),
        ) {
            if let Some(counted) =
                Count::narrow(now).since(Count::narrow(before), Some(u64::from(most)))
            {
                prop_assert!(now >= before || counted <= u64::from(most));
                prop_assert_eq!(u64::from(before.wrapping_add(counted as u32)), u64::from(now));
            }
        }
    }
}
