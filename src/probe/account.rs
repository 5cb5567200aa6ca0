//! The books of an engine: what became of every round that was planned, and of every packet that was
//! sent. Pure.
//!
//! ```text
//! planned = begun + skipped (why)
//! begun   = answered + silent + refused + spoilt + cancelled + in flight
//! sent    = received + lost + errors + overflowed + given up + waiting
//! ```
//! Guarantees: each holds at every moment ([`Account::imbalance`]); what comes late, twice or from
//! elsewhere changes nothing here.

/// Why a planned round never began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Skip {
    /// The rate, or the round before it, kept it waiting until the next one was due.
    Overload,
    /// So many targets fail that the retries' share of the rate is used up: the target is asked at
    /// its next normal turn.
    RetryShare,
    /// The target was taken away while it waited.
    Gone,
}

impl Skip {
    /// All.
    pub const ALL: [Self; 3] = [Self::Overload, Self::RetryShare, Self::Gone];

    /// The word in JSON and in `/metrics`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Overload => "overload",
            Self::RetryShare => "retry_share",
            Self::Gone => "gone",
        }
    }
}

/// The counts since the start. Rounds first, then packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Account {
    /// Turns that fell due.
    pub planned: u64,
    /// Turns that fell due and never began, in the order of [`Skip::ALL`].
    pub skipped: [u64; 3],
    /// Rounds begun.
    pub begun: u64,
    /// Rounds with a reply.
    pub answered: u64,
    /// Rounds without a reply of which nobody said anything.
    pub silent: u64,
    /// Rounds without a reply of which a router or the target itself said why.
    pub refused: u64,
    /// Rounds without a reply that our own machine spoilt: it could not send, or lost answers.
    pub spoilt: u64,
    /// Rounds given up because the machine was suspended or the target taken away.
    pub cancelled: u64,
    /// Packets that left this machine.
    pub sent: u64,
    /// Packets whose reply came in time.
    pub received: u64,
    /// Packets without any answer in time.
    pub lost: u64,
    /// Packets that an ICMP error came back about.
    pub errors: u64,
    /// Packets without an answer in rounds in which our own receive buffer overflowed.
    pub overflowed: u64,
    /// Packets of rounds that were given up.
    pub given_up: u64,
    /// Packets whose answer is still waited for.
    pub waiting: u64,
}

impl Account {
    /// Rounds begun and neither over nor given up.
    #[must_use]
    pub const fn in_flight(&self) -> u64 {
        let over = self.answered + self.silent + self.refused + self.spoilt + self.cancelled;
        self.begun.saturating_sub(over)
    }

    /// Rounds that are over and had an outcome.
    #[must_use]
    pub const fn rounds(&self) -> u64 {
        self.answered + self.silent + self.refused + self.spoilt
    }

    /// Turns that fell due and never began.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped.iter().sum()
    }

    /// `count` turns fell due and will not begin.
    pub(super) fn skip(&mut self, why: Skip, count: u64) {
        self.planned += count;
        self.skipped[why as usize] += count;
    }

    /// Which of the equations above does not hold, for `in_flight` rounds counted one by one;
    /// `None` when the books balance.
    #[must_use]
    pub fn imbalance(&self, in_flight: u64) -> Option<&'static str> {
        let fates = self.received + self.lost + self.errors + self.overflowed + self.given_up;
        if self.planned != self.begun + self.skipped() {
            Some("planned rounds")
        } else if self.begun != self.rounds() + self.cancelled + in_flight {
            Some("rounds begun")
        } else if self.sent != fates + self.waiting {
            Some("packets sent")
        } else {
            None
        }
    }
}
