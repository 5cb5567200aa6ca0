//! Places that are sure to answer well until their next trouble begins, asked in the order of their
//! phases: most rounds there are, and none of them needs the queue.

use tuantra::model::{Round, Rtts, SubjectIx, UnixMs};

use super::scenario::Scenario;
use crate::dice::hash;
use crate::faults::{Spans, Truth};

/// A round of a lane is judged so long after its start, whenever its last answer came: answers
/// are taken in together, and in the order of the starts.
pub const ROUND_MS: i64 = 440;
/// Who answers later than this is not asked in a lane, in microseconds.
const SLOWEST_US: u32 = 35_000;
/// Of no place.
const NEVER: i64 = i64::MAX;

/// One place's turns.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    /// Start of its next round; [`NEVER`] when it is not asked here.
    pub start: i64,
    /// Start of the last round that it is sure to answer.
    last: i64,
    /// Start of the first round that it was asked here.
    first: i64,
    phase: i64,
    /// Who.
    pub place: usize,
    /// What its next round sees: its usual round-trip times.
    pub round: Round,
}

impl Turn {
    /// It leaves after this round: the next one may not be answered.
    pub const fn is_last(&self) -> bool {
        self.start >= self.last
    }

    /// Starts of the last two rounds before `next` that it was asked here.
    fn last_two(&self, next: i64, interval_ms: i64) -> impl Iterator<Item = i64> + use<> {
        let first = self.first;
        [next - 2 * interval_ms, next - interval_ms].into_iter().filter(move |s| *s >= first)
    }
}

/// A turn of a place that is asked here no longer.
#[derive(Debug, Clone)]
pub struct Left {
    /// The round that was to be judged next.
    pub turn: Turn,
    /// Starts of its last rounds here, two at most.
    pub rounds: Vec<i64>,
}

/// A round after which there is more to do than to go on.
#[derive(Debug, Clone, Copy)]
pub struct Stop {
    /// Its turn, which is not over yet.
    pub turn: Turn,
    /// Nothing was found to it: it was its place's last.
    pub is_quiet: bool,
}

/// All places with the same interval, by phase.
#[derive(Debug)]
struct Lane {
    interval_ms: i64,
    turns: Vec<Turn>,
    /// How many of them are asked here now.
    inside: usize,
    /// Whose turn is next: its place in `turns`, the start of the cycle, and that of its round.
    at: usize,
    base: i64,
    start: i64,
}

impl Lane {
    /// Goes on to the next turn that is due, from the place `at` of the cycle that begins at `base`.
    fn seek(&mut self, mut at: usize, mut base: i64) {
        self.start = NEVER;
        while self.inside > 0 {
            let Some(turn) = self.turns.get(at) else {
                (at, base) = (0, base + self.interval_ms);
                continue;
            };
            if turn.start == base + turn.phase {
                (self.at, self.base, self.start) = (at, base, turn.start);
                return;
            }
            at += 1;
        }
    }

    /// Hands over the rounds that start before `until`, from the next one on, until `judge` finds more
    /// to one than time, or its place leaves after it: that one's turn is not over yet. At least one
    /// is due before.
    fn walk(
        &mut self,
        until: i64,
        offset: i64,
        judge: &mut impl FnMut(&Round, i64) -> bool,
    ) -> Option<Stop> {
        loop {
            let cycle_ends = self.base + self.interval_ms;
            for (n, turn) in (self.at..).zip(&mut self.turns[self.at..]) {
                if turn.start >= cycle_ends {
                    continue; // Not yet, or not asked here.
                }
                (self.at, self.start) = (n, turn.start);
                if turn.start >= until {
                    return None;
                }
                turn.round.at = UnixMs(turn.start + offset);
                let is_quiet = judge(&turn.round, turn.start);
                if !is_quiet || turn.is_last() {
                    return Some(Stop { turn: *turn, is_quiet });
                }
                turn.start += self.interval_ms;
            }
            (self.at, self.base) = (0, cycle_ends);
        }
    }

    /// The turn at `n` is over, or will not come; it is asked here no more.
    fn let_out(&mut self, n: usize) -> Left {
        let turn = self.turns[n];
        self.turns[n].start = NEVER;
        self.inside -= 1;
        let rounds = turn.last_two(turn.start, self.interval_ms).collect();
        Left { turn, rounds }
    }
}

/// All lanes.
#[derive(Debug)]
pub struct Lanes {
    lanes: Vec<Lane>,
    /// By place: its lane and its place in it; `None` of those that only the queue asks.
    seats: Vec<Option<(usize, usize)>>,
    troubled: Vec<Spans>,
    /// The lane whose turn is next, and when its round is judged.
    next: usize,
    due: i64,
}

/// The phase of a place's turns.
pub fn phase(place: usize, interval_ms: i64) -> i64 {
    (hash(0, place as u64, 0) % interval_ms as u64) as i64
}

impl Lanes {
    /// Nobody is asked here yet.
    pub fn new(scenario: &Scenario, truth: &Truth) -> Self {
        let subjects = &scenario.province.subjects;
        let mut lanes: Vec<Lane> = Vec::new();
        for (place, subject) in subjects.iter().enumerate() {
            let interval_ms = subject.health.interval_ms;
            // Several checks are turns of several rounds, and what is usual is learnt from rounds as
            // they come, not from ever the same one.
            let is_plain = subject.others.is_empty() && subject.health.baseline_tenths.is_none();
            if subject.rtt_us > SLOWEST_US || !is_plain {
                continue;
            }
            let phase = phase(place, interval_ms);
            let rtt_us = subject.rtt_us;
            let rtts = Rtts::from_us(&[rtt_us, rtt_us + rtt_us / 20, rtt_us + rtt_us / 30]);
            let round = Round {
                subject: SubjectIx(0),
                check: 0,
                at: UnixMs(0),
                sent: 3,
                lost: 0,
                rtts,
                error: None,
            };
            let (start, last, first) = (NEVER, NEVER, NEVER);
            let turn = Turn { start, last, first, phase, place, round };
            match lanes.iter_mut().find(|lane| lane.interval_ms == interval_ms) {
                Some(lane) => lane.turns.push(turn),
                None => {
                    let turns = vec![turn];
                    lanes.push(Lane {
                        interval_ms,
                        turns,
                        inside: 0,
                        at: 0,
                        base: 0,
                        start: NEVER,
                    });
                }
            }
        }
        let mut seats = vec![None; subjects.len()];
        for (l, lane) in lanes.iter_mut().enumerate() {
            lane.turns.sort_by_key(|turn| (turn.phase, turn.place));
            for (n, turn) in lane.turns.iter().enumerate() {
                seats[turn.place] = Some((l, n));
            }
        }
        Self { lanes, seats, troubled: truth.troubled(), next: 0, due: NEVER }
    }

    /// When the next round is judged; far away when nobody is asked.
    pub fn due(&self) -> i64 {
        self.due
    }

    /// Hands over the rounds that are judged before `until`, with their starts, in the order of these,
    /// by a clock that is `offset` ahead of the truth's: see [`Lane::walk`].
    pub fn walk(
        &mut self,
        until: i64,
        offset: i64,
        mut judge: impl FnMut(&Round, i64) -> bool,
    ) -> Option<Stop> {
        while self.due < until {
            // Of two that start at once that of the lane that stands first.
            let (before, after) = self.lanes.split_at_mut(self.next);
            let (lane, after) = after.split_first_mut()?;
            let mut until = until - ROUND_MS;
            before.iter().for_each(|other| until = until.min(other.start));
            after.iter().for_each(|other| until = until.min(other.start.saturating_add(1)));
            let stop = lane.walk(until, offset, &mut judge);
            if stop.is_some() {
                return stop;
            }
            self.find_next();
        }
        None
    }

    fn find_next(&mut self) {
        let (mut next, mut start) = (0, NEVER);
        for (n, lane) in self.lanes.iter().enumerate() {
            if lane.start < start {
                (next, start) = (n, lane.start);
            }
        }
        (self.next, self.due) = (next, start.saturating_add(ROUND_MS));
    }

    /// The round is over. Answers the place's next turn when it leaves: it may not be answered.
    pub fn advance(&mut self) -> Option<Left> {
        let lane = &mut self.lanes[self.next];
        let at = lane.at;
        let turn = &mut lane.turns[at];
        let is_last = turn.is_last();
        turn.start += lane.interval_ms;
        let left = if is_last { Some(lane.let_out(at)) } else { None };
        lane.seek(at + 1, lane.base);
        self.find_next();
        left
    }

    /// A place whose next round starts at `start` is asked here from then on, if it is sure to
    /// answer and that is its usual turn.
    pub fn enter(&mut self, place: usize, ix: SubjectIx, start: i64) -> bool {
        let Some((l, n)) = self.seats[place] else { return false };
        let Some(until) = self.troubled[place].free_until(start) else { return false };
        let lane = &mut self.lanes[l];
        let turn = &mut lane.turns[n];
        if turn.start != NEVER {
            // It was planned already, by what the core said of the round that is being judged.
            return turn.start == start;
        }
        if (start - turn.phase).rem_euclid(lane.interval_ms) != 0 {
            return false;
        }
        // The last turn of its phase before something may be wrong with it.
        let last = until - 1 - (until - 1 - start).rem_euclid(lane.interval_ms);
        (turn.start, turn.last, turn.first) = (start, last, start);
        turn.round.subject = ix;
        let phase = turn.phase;
        lane.inside += 1;
        if (start, n) < (lane.start, lane.at) {
            lane.seek(n, start - phase);
            self.find_next();
        }
        true
    }

    /// A place is no longer asked here; the turn that was to be judged next.
    pub fn leave(&mut self, place: usize) -> Option<Left> {
        let (l, n) = self.seats[place]?;
        let lane = &mut self.lanes[l];
        let Turn { start, phase, .. } = lane.turns[n];
        if start == NEVER {
            return None;
        }
        let left = lane.let_out(n);
        if lane.at == n {
            lane.seek(n + 1, start - phase);
            self.find_next();
        }
        Some(left)
    }
}
