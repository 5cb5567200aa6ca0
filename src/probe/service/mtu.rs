//! The largest packet that reaches an address uncut, by echo requests that nobody may cut.
//!
//! ```text
//! least ─passes─► enough, one packet          otherwise, between the floor and what did not pass:
//!   └─ too big (a router says so, with its MTU or without) or silent ─► hint, floor, halves …
//! ```
//! Guarantees: at most [`STEPS_MAX`] sizes, each sent at most [`TRIES`] times; a packet that is lost
//! by chance is no packet that is too big; a router that drops what is too big without a word (a
//! *black hole*) is found like one that speaks; where nothing passes at all the way is silent, not
//! narrow.

use crate::model::Threshold;

/// Sizes tried: from 576 to 9,000 bytes it takes 14 halvings, and the floor and a hint.
const STEPS_MAX: u32 = 18;
/// How often a size is sent that is not answered.
const TRIES: u32 = 3;

/// What came back of a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    Reply,
    /// Somebody refused it as too big, perhaps with what he would take.
    TooBig {
        hint: Option<u16>,
    },
    Silence,
}

/// What is known of the largest size. Pure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Search {
    /// Whoever cannot take this much does not speak the protocol (RFC 791, RFC 8200).
    floor: u16,
    /// The largest that passed; 0 while none has.
    passes: u16,
    /// The smallest that did not pass.
    fails: u16,
    hint: Option<u16>,
    next: Option<u16>,
}

impl Search {
    fn new(least: u16, floor: u16) -> Self {
        let next = Some(least.max(floor));
        Self { floor, passes: 0, fails: u16::MAX, hint: None, next }
    }

    /// Takes in what came back of [`Self::next`], which is another one from then on, or none.
    fn hear(&mut self, heard: Heard) {
        let Some(size) = self.next.take() else { return };
        match heard {
            Heard::Reply => self.passes = self.passes.max(size),
            Heard::TooBig { hint } => {
                self.fails = self.fails.min(size);
                self.hint = hint;
            }
            Heard::Silence => self.fails = self.fails.min(size),
        }
        // What was asked for first passes, or not even the floor does.
        if self.fails == u16::MAX || self.fails <= self.floor {
            return;
        }
        let is_open = |size: &u16| (self.passes + 1..self.fails).contains(size);
        let hint = self.hint.take().filter(is_open);
        // What a router says it takes, and it alone: where that passes, the next size does not.
        if hint.is_none() && self.passes > 0 && self.passes + 1 == self.fails {
            return;
        }
        let floor = Some(self.floor).filter(|_| self.passes == 0);
        let half = self.passes.midpoint(self.fails);
        self.next = hint.or(floor).or(Some(half)).filter(is_open);
    }

    /// What its answer is worth: the largest that passes, and whether that is too little.
    fn found(&self) -> Option<(u16, Option<Threshold>)> {
        let is_short = self.fails != u16::MAX;
        (self.passes > 0).then_some((self.passes, is_short.then_some(Threshold::Mtu)))
    }
}

#[cfg(target_os = "linux")]
pub(super) use linux::ask;

#[cfg(not(target_os = "linux"))]
pub(super) async fn ask(
    _check: &crate::model::ServiceCheck,
    _least: u16,
    _source: Option<&crate::model::Source>,
) -> Result<super::Detail, super::Failure> {
    Err(super::Failure::Local(libc::ENOSYS))
}

#[cfg(target_os = "linux")]
mod linux {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::super::outcome::{Detail, Failure};
    use super::{Heard, STEPS_MAX, Search, TRIES};
    use crate::model::{RoundError, ServiceCheck, ServiceTrouble, Source};
    use crate::probe::icmp::lone::{Lone, Outcome};

    /// Between two looks at the socket.
    const LOOK: Duration = Duration::from_millis(4);
    /// Longest wait for one packet, of the whole time-out.
    const WAIT_PARTS: u32 = 12;
    /// Shortest wait: a router takes its time to refuse.
    const WAIT_MIN: Duration = Duration::from_millis(150);
    /// The headers in front of the payload, IP's and ICMP's.
    const fn headers(is_v4: bool) -> u16 {
        if is_v4 { 28 } else { 48 }
    }

    /// Looks for the largest packet that passes, no further than `least` needs.
    pub(in crate::probe::service) async fn ask(
        check: &ServiceCheck,
        least: u16,
        source: Option<&Source>,
    ) -> Result<Detail, Failure> {
        let is_v4 = check.address.is_ipv4();
        let mut search = Search::new(least, if is_v4 { 576 } else { 1_280 });
        let mut lone = Lone::open(check.address).map_err(Failure::Local)?;
        let began = Instant::now();
        let whole = Duration::from_millis(check.timeout_ms.into());
        let mut wait = whole / WAIT_PARTS;
        let mut rtt_us = None;
        for _ in 0..STEPS_MAX {
            let Some(size) = search.next else { break };
            let mut heard = Heard::Silence;
            for _ in 0..TRIES {
                // What has been found by then is worth more than nothing.
                if began.elapsed() + 2 * wait > whole {
                    return verdict(&search, rtt_us, began);
                }
                let outcome = one(&mut lone, size - headers(is_v4), source, wait).await;
                match outcome {
                    Outcome::Reply { rtt_us: us } => {
                        rtt_us = Some(us);
                        heard = Heard::Reply;
                        // Three times what the way takes is late, and a way that is fast need not be
                        // waited for as if it were slow.
                        wait =
                            (Duration::from_micros(us.into()) * 3).clamp(WAIT_MIN.min(wait), wait);
                        break;
                    }
                    Outcome::Refused(RoundError::FragNeeded { mtu, .. }) => {
                        heard = Heard::TooBig { hint: Some(mtu).filter(|mtu| *mtu > 0) };
                        break;
                    }
                    Outcome::Refused(error) => return Err(Failure::Said(error)),
                    // Our own interface takes no more.
                    Outcome::NotSent(libc::EMSGSIZE) => {
                        heard = Heard::TooBig { hint: None };
                        break;
                    }
                    Outcome::NotSent(errno) => return Err(Failure::Local(errno)),
                    Outcome::Silence => {}
                }
            }
            search.hear(heard);
        }
        verdict(&search, rtt_us, began)
    }

    fn verdict(search: &Search, rtt_us: Option<u32>, began: Instant) -> Result<Detail, Failure> {
        let (mtu, over) = search.found().ok_or(ServiceTrouble::Silent)?;
        let mut detail = Detail::took(began.elapsed());
        detail.rtt_us = rtt_us.unwrap_or(detail.rtt_us);
        detail.over = over;
        // Cut short by the time-out it may be any size that happened to be tried: no figure then.
        if search.next.is_none() {
            detail.point("icmp.mtu_bytes", mtu.into());
        }
        Ok(detail)
    }

    /// Sends one packet and waits for what comes of it.
    async fn one(
        lone: &mut Lone,
        payload: u16,
        source: Option<&Source>,
        wait: Duration,
    ) -> Outcome {
        if let Err(errno) = lone.send(payload, source) {
            return Outcome::NotSent(errno);
        }
        let until = Instant::now() + wait;
        loop {
            if let Some(outcome) = lone.look() {
                return outcome;
            }
            if Instant::now() >= until {
                return Outcome::Silence;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a search comes to on a way that carries `mtu`, and the sizes it tried.
    fn on(mtu: u16, least: u16, heard: impl Fn(u16) -> Heard) -> (Search, Vec<u16>) {
        let (mut search, mut sizes) = (Search::new(least, 576), Vec::new());
        while let Some(size) = search.next {
            sizes.push(size);
            search.hear(if size <= mtu { Heard::Reply } else { heard(size) });
            assert!(sizes.len() <= STEPS_MAX as usize, "{sizes:?}");
        }
        (search, sizes)
    }

    #[test]
    fn a_way_that_carries_enough_costs_one_packet() {
        let (search, sizes) = on(1_500, 1_500, |_| Heard::Silence);
        assert_eq!((search.found(), sizes), (Some((1_500, None)), vec![1_500]));
    }

    #[test]
    fn a_router_that_says_what_it_takes_is_believed_and_asked() {
        let (search, sizes) = on(1_400, 1_500, |_| Heard::TooBig { hint: Some(1_400) });
        assert_eq!(search.found(), Some((1_400, Some(Threshold::Mtu))));
        assert!(sizes.starts_with(&[1_500, 1_400]), "{sizes:?}");
        // A narrower router behind the first one.
        let narrow = |size| Heard::TooBig { hint: Some(if size > 1_450 { 1_450 } else { 1_320 }) };
        assert_eq!(on(1_320, 1_500, narrow).0.found(), Some((1_320, Some(Threshold::Mtu))));
        // One that lies, and one that says nothing of use.
        for hint in [Some(9_000), Some(0), Some(68), None] {
            let (search, _) = on(1_400, 1_500, |_| Heard::TooBig { hint });
            assert_eq!(search.found(), Some((1_400, Some(Threshold::Mtu))), "{hint:?}");
        }
    }

    #[test]
    fn where_nothing_passes_the_way_is_silent_and_two_sizes_were_tried() {
        let (search, sizes) = on(0, 1_500, |_| Heard::Silence);
        assert_eq!((search.found(), sizes), (None, vec![1_500, 576]));
    }

    proptest! {
        #[test]
        fn every_width_is_found_exactly(
            mtu in 576_u16..=9_000,
            least in 576_u16..=9_000,
            speaks: bool,
            hint in proptest::option::of(0_u16..=10_000),
        ) {
            let heard = |_| if speaks { Heard::TooBig { hint } } else { Heard::Silence };
            let (search, _) = on(mtu, least, heard);
            let expected = if mtu >= least { (least, None) } else { (mtu, Some(Threshold::Mtu)) };
            prop_assert_eq!(search.found(), Some(expected));
        }
    }
}
