//! Where a subject stands between two verdicts.

use crate::model::UnixMs;

/// Where a subject stands between two verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::health) enum Phase {
    /// The last verdict holds.
    Steady,
    /// Failed rounds without a verdict: *suspect*.
    Failing {
        /// Send time of the first failed round.
        first: UnixMs,
        /// Failed rounds so far.
        count: u8,
    },
    /// Confirmed, but an ancestor is undecided.
    Held {
        /// Send time of the first failed round.
        first: UnixMs,
        /// Send time of the confirming round.
        last: UnixMs,
        /// When it was confirmed; the waiting time runs from here.
        confirmed: UnixMs,
        /// Failed rounds so far.
        count: u8,
    },
    /// Down or unreachable, and every decisive check answers again.
    Recovering {
        /// Send time of the first successful round of the check that was the last to answer.
        first: UnixMs,
        /// Successful rounds so far, of the check that has the fewest.
        count: u8,
    },
    /// Unreachable; the way is open again since `from`.
    Proving {
        /// The parent's recovery.
        from: UnixMs,
        /// Failed rounds since.
        count: u8,
    },
}

impl Phase {
    /// As by a clock on which it is `at` now, when it had been later.
    pub(super) fn no_later_than(self, at: UnixMs) -> Self {
        match self {
            Self::Steady => self,
            Self::Failing { first, count } => Self::Failing { first: first.min(at), count },
            Self::Held { first, last, confirmed, count } => {
                Self::Held { first: first.min(at), last: last.min(at), confirmed, count }
            }
            Self::Recovering { first, count } => Self::Recovering { first: first.min(at), count },
            Self::Proving { from, count } => Self::Proving { from: from.min(at), count },
        }
    }
}
