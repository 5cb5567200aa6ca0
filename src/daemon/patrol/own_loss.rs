//! Whether packets are lost on our own side, by what control targets lose. Pure.
//!
//! A control target stands so near (the gateway, the other end of our own cable) that whatever is
//! lost on the way to it is lost on the way to everybody. Sentinels tell whether we see at all: when
//! they are silent, silence is nobody's fault. A control target tells how well: while it loses
//! packets, a loss that chance alone could bring about at its rate is not held against a subject that
//! answered. A round without any answer is never excused here: that is for sentinels and
//! confirmation.

use std::collections::{HashMap, VecDeque};

use crate::model::{MAX_PINGS_PER_ROUND, RoundError, UnixMs};
use crate::probe::{Answer, TargetId};

/// What was lost within this time counts, in milliseconds.
const WINDOW_MS: i64 = 60_000;
/// Fewer packets than this tell nothing of a rate.
const PACKETS_MIN: u32 = 20;
/// One lost packet is chance.
const LOST_MIN: u32 = 2;
/// A loss is excused when at least as much is lost by our own side in this part of such rounds.
const LIKELY: f64 = 0.05;

/// How often a control target is asked at the least whose rounds have `count` packets, in
/// milliseconds: what a minute brings tells a rate, with a round to spare.
#[must_use]
pub(in crate::daemon) fn least_interval_ms(count: u8) -> i64 {
    WINDOW_MS * i64::from(count) / i64::from(PACKETS_MIN + u32::from(count))
}

/// When, packets sent, packets lost.
type Round = (UnixMs, u32, u32);

/// The last minute of every control target.
#[derive(Debug, Default)]
pub(super) struct OwnLoss {
    rounds: HashMap<TargetId, VecDeque<Round>>,
}

impl OwnLoss {
    /// Takes in what a control target answered.
    pub(super) fn note(&mut self, answer: &Answer) {
        if answer.sent == 0 || answer.error.is_some_and(RoundError::is_own_fault) {
            return;
        }
        let rounds = self.rounds.entry(answer.target).or_default();
        // Also what lies ahead of a clock that was set back.
        let begin = UnixMs(answer.at.0.saturating_sub(WINDOW_MS));
        rounds.retain(|(at, ..)| (begin..=answer.at).contains(at));
        rounds.push_back((answer.at, answer.sent.into(), answer.lost.into()));
    }

    /// Forgets the targets that are none any more.
    pub(super) fn keep(&mut self, is_control: impl Fn(TargetId) -> bool) {
        self.rounds.retain(|target, _| is_control(*target));
    }

    /// What `of` says of the control target that lost least: what only one of several loses is that one's.
    fn least(&self, of: impl Fn(&VecDeque<Round>) -> Option<(u32, u32)>) -> Option<(u32, u32)> {
        self.rounds.values().filter_map(of).min_by(|a, b| share_order(*a, *b))
    }

    /// The loss of our own side in the last minute, in thousandths; `None` while it is not known.
    pub(super) fn permille(&self, now: UnixMs) -> Option<u16> {
        let (sent, lost) = self.least(|rounds| in_last_minute(rounds, now))?;
        u16::try_from((lost * 1_000 + sent / 2) / sent).ok()
    }

    /// The answer without the packets that our own side is likely to have lost: those that came back
    /// are all that the round counts then.
    pub(super) fn excuse(&self, answer: &Answer) -> Answer {
        let is_part = answer.lost > 0 && answer.lost < answer.sent;
        if !is_part || answer.error.is_some() || self.rounds.is_empty() {
            return *answer;
        }
        let least = self.least(|rounds| lately(rounds, answer.at));
        let Some((sent, lost)) = least else { return *answer };
        if lost < LOST_MIN {
            return *answer;
        }
        let share = f64::from(lost) / f64::from(sent);
        if at_least(answer.lost, answer.sent, share) < LIKELY {
            return *answer;
        }
        Answer {
            sent: answer.sent - answer.lost,
            lost: 0,
            error: Some(RoundError::OwnLoss { packets: answer.lost }),
            ..*answer
        }
    }
}

/// Rounds of the minute up to `now`, the newest first.
fn minute(rounds: &VecDeque<Round>, now: UnixMs) -> impl Iterator<Item = &Round> {
    let since = UnixMs(now.0.saturating_sub(WINDOW_MS));
    rounds.iter().rev().filter(move |(at, ..)| *at >= since && *at <= now)
}

const fn sum((sent, lost): (u32, u32), (_, s, l): &Round) -> (u32, u32) {
    (sent + *s, lost + *l)
}

/// What a control target was sent and lost within the minute up to `now`. One that answers nothing tells
/// nothing: it is off or answers nobody, for what our own side loses whole sentinels tell. `None` where too
/// little was sent, too.
fn in_last_minute(rounds: &VecDeque<Round>, now: UnixMs) -> Option<(u32, u32)> {
    let (sent, lost) = minute(rounds, now).fold((0, 0), sum);
    (sent >= PACKETS_MIN && lost < sent).then_some((sent, lost))
}

/// The same, or of its newest packets alone, whichever share is larger: when a loss begins, the minute still holds
/// what went well before, and subjects that lose packets now must not be blamed meanwhile.
fn lately(rounds: &VecDeque<Round>, now: UnixMs) -> Option<(u32, u32)> {
    let whole = in_last_minute(rounds, now)?;
    let mut newest = (0, 0);
    for round in minute(rounds, now) {
        if newest.0 >= PACKETS_MIN {
            break;
        }
        newest = sum(newest, round);
    }
    // One that has just fallen silent loses all, and tells nothing.
    let has_begun = (LOST_MIN..newest.0).contains(&newest.1) && share_order(newest, whole).is_gt();
    Some(if has_begun { newest } else { whole })
}

/// Which share is larger, of packets sent and lost: cross-multiplied, without rounding.
fn share_order(a: (u32, u32), b: (u32, u32)) -> std::cmp::Ordering {
    (a.1 * b.0).cmp(&(b.1 * a.0))
}

/// How likely it is that at least `least` of `count` packets are lost, each with the probability
/// `share`.
fn at_least(least: u8, count: u8, share: f64) -> f64 {
    debug_assert!(usize::from(count) <= MAX_PINGS_PER_ROUND);
    let exactly = |lost: u8| {
        let ways =
            (1..=lost).fold(1.0, |ways, n| ways * f64::from(count - lost + n) / f64::from(n));
        ways * share.powi(lost.into()) * (1.0 - share).powi((count - lost).into())
    };
    (least..=count).map(exactly).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Rtts;

    const CONTROL: TargetId = TargetId(1);
    const SUBJECT: TargetId = TargetId(2);

    fn answer(target: TargetId, at_s: i64, sent: u8, lost: u8) -> Answer {
        let rtts = Rtts::from_us(&vec![1_000; usize::from(sent - lost)]);
        Answer { target, at: UnixMs(at_s * 1_000), sent, lost, rtts, error: None }
    }

    /// A control target that lost `lost` of 10 packets every five seconds of the first minute.
    fn control(lost: u8) -> OwnLoss {
        let mut own = OwnLoss::default();
        (0..=12).for_each(|n| own.note(&answer(CONTROL, 5 * n, 10, lost)));
        own
    }

    fn is_excused(own: &OwnLoss, sent: u8, lost: u8) -> bool {
        let told = own.excuse(&answer(SUBJECT, 60, sent, lost));
        let is_excused = told.error == Some(RoundError::OwnLoss { packets: lost });
        let counts = if is_excused { (sent - lost, 0) } else { (sent, lost) };
        assert_eq!((told.sent, told.lost), counts);
        is_excused
    }

    #[test]
    fn without_a_control_target_or_its_loss_nothing_is_excused() {
        assert!(!is_excused(&OwnLoss::default(), 3, 1));
        assert!(!is_excused(&control(0), 3, 1));
        assert_eq!(OwnLoss::default().permille(UnixMs(0)), None);
        assert_eq!(control(0).permille(UnixMs(60_000)), Some(0));
    }

    #[test]
    fn what_chance_brings_about_at_our_own_rate_is_excused_and_what_it_does_not_is_not() {
        let tenth = control(1);
        assert_eq!(tenth.permille(UnixMs(60_000)), Some(100));
        assert!(is_excused(&tenth, 3, 1), "27 of 100 such rounds lose one");
        assert!(!is_excused(&tenth, 3, 2), "28 of 1,000 lose two");
        assert!(is_excused(&tenth, 10, 3));
        assert!(!is_excused(&tenth, 10, 4));
        assert!(is_excused(&control(3), 3, 2));
    }

    #[test]
    fn a_control_target_of_few_packets_is_asked_often_enough_to_tell() {
        for count in [1, 2, 4, 12, 20, u8::try_from(MAX_PINGS_PER_ROUND).unwrap()] {
            let mut own = OwnLoss::default();
            let interval_ms = least_interval_ms(count);
            let rounds = (0..).map(|n| n * interval_ms).take_while(|at| *at < WINDOW_MS);
            for at in rounds.map(UnixMs) {
                own.note(&Answer { at, ..answer(CONTROL, 0, count, 0) });
            }
            assert_eq!(own.permille(UnixMs(WINDOW_MS)), Some(0), "{count}");
        }
    }

    #[test]
    fn a_loss_that_begins_is_known_by_the_newest_packets() {
        let mut own = control(0);
        (13..=14).for_each(|n| own.note(&answer(CONTROL, 5 * n, 10, 3)));
        assert_eq!(own.permille(UnixMs(70_000)), Some(46), "of the whole minute");
        let told = own.excuse(&answer(SUBJECT, 70, 3, 1));
        assert_eq!(told.error, Some(RoundError::OwnLoss { packets: 1 }));
        let told = own.excuse(&answer(SUBJECT, 64, 3, 1));
        assert_eq!(told.error, None, "what came later tells nothing of before");
        let mut silent = control(0);
        (13..=14).for_each(|n| silent.note(&answer(CONTROL, 5 * n, 10, 10)));
        let told = silent.excuse(&answer(SUBJECT, 70, 10, 9));
        assert_eq!(told.error, None, "a control target that was switched off tells nothing");
    }

    #[test]
    fn a_round_without_any_answer_is_never_excused() {
        assert!(!is_excused(&control(9), 3, 3));
    }

    #[test]
    fn what_the_network_said_stays_said() {
        let error = Some(RoundError::TtlExceeded { by: None });
        let said = Answer { error, ..answer(SUBJECT, 60, 3, 1) };
        assert_eq!(control(3).excuse(&said), said);
    }

    #[test]
    fn one_lost_packet_is_chance_and_a_minute_is_forgotten() {
        let mut own = control(0);
        own.note(&answer(CONTROL, 60, 10, 1));
        assert!(!is_excused(&own, 3, 1));
        let told = control(5).excuse(&answer(SUBJECT, 121, 3, 1));
        assert_eq!((told.sent, told.lost), (3, 1), "what was lost before the last minute");
        assert_eq!(control(5).permille(UnixMs(121_000)), None);
    }

    #[test]
    fn a_control_target_that_answers_nothing_excuses_nobody() {
        let mut own = OwnLoss::default();
        (0..=12).for_each(|n| own.note(&answer(CONTROL, 5 * n, 10, 10)));
        assert!(!is_excused(&own, 3, 1) && !is_excused(&own, 10, 9));
        assert_eq!(own.permille(UnixMs(60_000)), None);
    }

    #[test]
    fn what_lies_ahead_of_a_clock_that_was_set_back_is_forgotten() {
        let mut own = OwnLoss::default();
        own.note(&answer(CONTROL, 1_000_000, 10, 9));
        (0..=12).for_each(|n| own.note(&answer(CONTROL, 5 * n, 10, 0)));
        assert_eq!(own.rounds[&CONTROL].len(), 13);
    }

    #[test]
    fn of_several_the_one_that_lost_least_tells_and_one_that_is_gone_does_not() {
        let mut own = control(4);
        let healthy = TargetId(7);
        (0..=12).for_each(|n| own.note(&answer(healthy, 5 * n, 10, 0)));
        assert!(!is_excused(&own, 3, 1));
        own.keep(|target| target != healthy);
        assert!(is_excused(&own, 3, 1));
    }

    #[test]
    fn the_probabilities_are_those_of_the_binomial_distribution() {
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        near(at_least(0, 5, 0.3), 1.0);
        near(at_least(1, 3, 0.1), 1.0 - 0.9_f64.powi(3));
        near(at_least(2, 3, 0.5), 0.5);
        near(at_least(10, 10, 0.5), 0.5_f64.powi(10));
    }
}
