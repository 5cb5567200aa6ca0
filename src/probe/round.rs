//! Gathers the packets of one round into one [`Answer`]. Pure: no socket, no clock.
//!
//! ```text
//! Unsent ─sent─► Waiting ─reply─► Replied          complete = no packet Unsent or Waiting
//!    │              ├─ICMP error─► Refused
//!    └─errno─► NotSent  └─close()─► Lost
//! ```

use crate::model::{MAX_PINGS_PER_ROUND, PingParams, RoundError, Rtts, UnixMs};

use super::{Account, Answer, TargetId};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packet {
    Unsent,
    Waiting,
    Replied { rtt_us: u32 },
    Refused,
    NotSent { errno: i32 },
    Lost,
}

/// One round while it lasts.
#[derive(Debug, Clone)]
pub(super) struct Gather {
    at: UnixMs,
    count: u8,
    packets: [Packet; MAX_PINGS_PER_ROUND],
    /// What came back instead of the answer to the packet that was refused last: kept once, because
    /// a hundred thousand rounds may be under way.
    refusal: Option<RoundError>,
    overflowed: bool,
}

impl Gather {
    /// A round whose first packet is about to be sent at `at`; it has 1 to
    /// [`MAX_PINGS_PER_ROUND`] packets whatever `params` says.
    pub(super) fn new(params: PingParams, at: UnixMs) -> Self {
        let most = u8::try_from(MAX_PINGS_PER_ROUND).unwrap_or(u8::MAX);
        Self {
            at,
            count: params.count.clamp(1, most),
            packets: [Packet::Unsent; MAX_PINGS_PER_ROUND],
            refusal: None,
            overflowed: false,
        }
    }

    /// How many packets it has.
    pub(super) fn count(&self) -> u8 {
        self.count
    }

    fn packets(&self) -> &[Packet] {
        &self.packets[..usize::from(self.count)]
    }

    /// The packet to send next.
    pub(super) fn next_unsent(&self) -> Option<u8> {
        let index = self.packets().iter().position(|packet| *packet == Packet::Unsent)?;
        u8::try_from(index).ok()
    }

    /// When the first packet really left.
    pub(super) fn begin_at(&mut self, at: UnixMs) {
        self.at = at;
    }

    /// The packet left this machine.
    pub(super) fn sent(&mut self, index: u8) {
        self.change(index, Packet::Unsent, Packet::Waiting);
    }

    /// Our own machine refused to send it.
    pub(super) fn not_sent(&mut self, index: u8, errno: i32) {
        self.change(index, Packet::Unsent, Packet::NotSent { errno });
    }

    /// Its echo reply came; false when it was not waited for.
    pub(super) fn replied(&mut self, index: u8, rtt_us: u32) -> bool {
        self.change(index, Packet::Waiting, Packet::Replied { rtt_us })
    }

    /// An ICMP error about it came; false when it was not waited for.
    pub(super) fn refused(&mut self, index: u8, error: RoundError) -> bool {
        let is_waited_for = self.change(index, Packet::Waiting, Packet::Refused);
        if is_waited_for {
            self.refusal = Some(error);
        }
        is_waited_for
    }

    /// Our own socket lost answers, perhaps this round's.
    pub(super) fn overflowed(&mut self) {
        self.overflowed = true;
    }

    fn change(&mut self, index: u8, from: Packet, to: Packet) -> bool {
        match self.packets.get_mut(usize::from(index)) {
            Some(packet) if *packet == from => {
                *packet = to;
                true
            }
            _ => false,
        }
    }

    /// True when every packet's fate is known.
    pub(super) fn is_complete(&self) -> bool {
        !self.packets().iter().any(|packet| matches!(packet, Packet::Unsent | Packet::Waiting))
    }

    /// Time is up: what has not come is lost, what has not left stays unsent. Tells how many were
    /// waited for until now.
    pub(super) fn close(&mut self) -> u64 {
        let mut lost = 0;
        for packet in &mut self.packets {
            if *packet == Packet::Waiting {
                *packet = Packet::Lost;
                lost += 1;
            }
        }
        lost
    }

    /// Packets whose fate is open.
    pub(super) fn waiting(&self) -> u64 {
        let waiting = self.packets().iter().filter(|packet| **packet == Packet::Waiting);
        waiting.count() as u64
    }

    /// Books the round, which is over and came to `answer`; `lost` packets have just been given up
    /// as lost ([`Self::close`]).
    pub(super) fn book(&self, lost: u64, answer: &Answer, account: &mut Account) {
        account.waiting -= lost;
        if self.overflowed {
            account.overflowed += lost;
        } else {
            account.lost += lost;
        }
        let rounds = match answer.error {
            _ if !answer.rtts.as_slice().is_empty() => &mut account.answered,
            Some(error) if error.is_own_fault() => &mut account.spoilt,
            _ if answer.sent == 0 => &mut account.spoilt,
            Some(_) => &mut account.refused,
            None => &mut account.silent,
        };
        *rounds += 1;
    }

    /// The round's result.
    ///
    /// Own faults are told only when they may have changed it: a refused send when nothing came
    /// back at all, lost answers when some packet has none.
    pub(super) fn answer(&self, target: TargetId) -> Answer {
        let error = self.refusal;
        let mut answer =
            Answer { target, at: self.at, sent: 0, lost: 0, rtts: Rtts::default(), error };
        let mut local = None;
        for packet in self.packets() {
            match *packet {
                Packet::Unsent => {}
                Packet::NotSent { errno } => local = Some(RoundError::Local { errno }),
                Packet::Replied { rtt_us } => {
                    answer.sent += 1;
                    answer.rtts.push(rtt_us);
                }
                Packet::Refused | Packet::Waiting | Packet::Lost => {
                    answer.sent += 1;
                    answer.lost += 1;
                }
            }
        }
        if self.overflowed && answer.lost > 0 {
            answer.error = Some(RoundError::Overflow);
        } else if answer.rtts.as_slice().is_empty() && local.is_some() {
            answer.error = local;
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Gather {
        Gather::new(PingParams::default(), UnixMs(7))
    }

    fn sent_three() -> Gather {
        let mut round = three();
        while let Some(index) = round.next_unsent() {
            round.sent(index);
        }
        round
    }

    #[test]
    fn replies_keep_the_order_of_sending_and_silence_is_loss() {
        let mut round = sent_three();
        assert!(round.replied(2, 30) && round.replied(0, 10));
        assert!(!round.is_complete());
        round.close();
        assert!(round.is_complete());
        let answer = round.answer(TargetId(1));
        assert_eq!((answer.sent, answer.lost, answer.error), (3, 1, None));
        assert_eq!(answer.rtts.as_slice(), [10, 30]);
        assert_eq!(answer.at, UnixMs(7));
    }

    #[test]
    fn a_packet_has_one_fate() {
        let mut round = sent_three();
        assert!(round.replied(0, 10));
        assert!(!round.replied(0, 20));
        assert!(!round.refused(0, RoundError::TtlExceeded { by: None }));
        assert!(!round.replied(9, 1) && !round.replied(200, 1));
        assert_eq!(round.answer(TargetId(1)).rtts.as_slice(), [10]);
    }

    #[test]
    fn a_round_of_icmp_errors_is_complete_at_once_and_wholly_lost() {
        let mut round = sent_three();
        let error = RoundError::Unreachable { code: 13, by: None };
        (0..3).for_each(|index| assert!(round.refused(index, error)));
        assert!(round.is_complete());
        let answer = round.answer(TargetId(1));
        assert_eq!((answer.sent, answer.lost, answer.error), (3, 3, Some(error)));
    }

    #[test]
    fn own_faults_are_told_only_when_they_spoil_the_round() {
        let local = RoundError::Local { errno: 101 };
        let mut nothing_left = three();
        (0..3).for_each(|index| nothing_left.not_sent(index, 101));
        assert!(nothing_left.is_complete());
        let answer = nothing_left.answer(TargetId(1));
        assert_eq!((answer.sent, answer.lost, answer.error), (0, 0, Some(local)));

        let mut one_reply = three();
        one_reply.not_sent(0, 101);
        one_reply.sent(1);
        one_reply.sent(2);
        one_reply.replied(1, 5);
        one_reply.close();
        let answer = one_reply.answer(TargetId(1));
        assert_eq!((answer.sent, answer.lost, answer.error), (2, 1, None));

        let mut silent = three();
        silent.not_sent(0, 101);
        silent.sent(1);
        silent.sent(2);
        silent.close();
        assert_eq!(silent.answer(TargetId(1)).error, Some(local));
    }

    #[test]
    fn lost_answers_of_our_own_spoil_only_rounds_that_miss_one() {
        let mut whole = sent_three();
        whole.overflowed();
        (0..3).for_each(|index| assert!(whole.replied(index, 1)));
        assert_eq!(whole.answer(TargetId(1)).error, None);
        let mut missing = sent_three();
        missing.overflowed();
        missing.replied(0, 1);
        missing.close();
        assert_eq!(missing.answer(TargetId(1)).error, Some(RoundError::Overflow));
    }

    #[test]
    fn the_number_of_packets_is_bounded() {
        for (count, sent) in [(0, 1), (1, 1), (10, 10), (255, 10)] {
            let mut round = Gather::new(
                PingParams { count, spacing_ms: 0, timeout_ms: 1, ..PingParams::DEFAULT },
                UnixMs(0),
            );
            while let Some(index) = round.next_unsent() {
                round.sent(index);
            }
            round.close();
            assert_eq!(round.answer(TargetId(1)).sent, sent);
        }
    }
}
