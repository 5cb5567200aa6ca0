//! Who is asked next. Pure: time is an argument, in microseconds of a clock that only goes on.
//!
//! ```text
//! new ─first sweep─► waiting ─next()─► running ─finished()─► waiting …
//!                      ▲ set_pace, ask_now plan it anew
//! ```
//! Guarantees: one round of a target at a time; at [`Pace::Normal`] a target's turns lie on
//! `phase + k × interval`, where the phase is a hash of its key, so they neither drift nor bunch,
//! brought to the beginning of a tick ([`Schedule::tick_us`]), so that what is due together leaves
//! together and on time;
//! packets keep within the global rate, each group's rate, and for retries a fifth of the global
//! rate; a target at [`Pace::Retry`] or [`Pace::Doubt`] is still asked at its normal turns when the retries' share is
//! used up; turns are otherwise served in the order they fall due, so nobody starves, and a target that is
//! overdue has one turn waiting, however long it is, and those that pass meanwhile are counted as
//! skipped; where the rate does not suffice for all that is due, targets in doubt and urgent ones
//! ([`Target::is_urgent`]) come first, with half the rate at most.
//! Must not send anything or read a clock.

mod bucket;
mod entry;
mod lag;
mod manner;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use super::account::{Account, Skip};
use super::tick::{TICK_MAX_US, tick_us, tick_within_us};
use super::{Options, Pace, Target, TargetId};
use crate::model::{PingParams, Source};
use bucket::Bucket;
pub use entry::PhaseKey;
use entry::{Entry, Reason, Turn};
use lag::Lag;
use manner::{Manner, Manners};

const US_PER_MS: i64 = 1_000;
/// Retries together get this part of the rate, so that thousands of failing targets leave room
/// for the patrol of the others.
const RETRY_SHARE: u32 = 5;

/// And this part may go to urgent turns before others that have waited longer: half, so that the
/// others go on however many are urgent.
const AHEAD_SHARE: u32 = 2;

/// A target's seat in the schedule; stays the same while the target is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seat(pub u32);

impl Seat {
    /// As an index into a table kept beside the schedule.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Whose turn is served next.
struct First {
    rank: usize,
    /// Before others that fell due earlier.
    is_ahead: bool,
    seat: Seat,
    turn: Turn,
}

/// Whom a turn asks, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asking<'a> {
    /// Who.
    pub id: TargetId,
    /// Where.
    pub address: IpAddr,
    /// How the round is sent.
    pub params: PingParams,
    /// Where it leaves from.
    pub source: Option<&'a Source>,
}

type Queue = BinaryHeap<Reverse<(i64, u32, Seat)>>;

/// The schedule of all targets.
#[derive(Debug)]
pub struct Schedule {
    seats: Vec<Option<Entry>>,
    free: Vec<Seat>,
    /// By id.
    seated: Vec<(TargetId, Seat)>,
    /// (when, ticket, seat): served by time, then in the order they were queued; what is urgent
    /// before all else.
    queues: [Queue; 2],
    /// Begin anew after four billion, long after an item with the same one has left its queue.
    tickets: u32,
    all: Bucket,
    retries: Bucket,
    /// What may be served before its time: urgent turns before others that fell due earlier.
    ahead: Bucket,
    groups: HashMap<u32, Bucket>,
    group_rate_pps: u32,
    first_sweep_us: i64,
    /// Turns lie on multiples of it.
    tick_us: i64,
    lag: Lag,
    /// Of the turns; what became of the rounds is the engine's.
    account: Account,
}

impl Schedule {
    /// An empty schedule with the rates of `options`.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        Self {
            seats: Vec::new(),
            free: Vec::new(),
            seated: Vec::new(),
            queues: Default::default(),
            tickets: 0,
            all: Bucket::new(options.rate_pps),
            retries: Bucket::new(options.rate_pps / RETRY_SHARE),
            ahead: Bucket::new(options.rate_pps / AHEAD_SHARE),
            groups: HashMap::new(),
            group_rate_pps: options.group_rate_pps,
            first_sweep_us: options.first_sweep_ms.saturating_mul(US_PER_MS).max(0),
            tick_us: TICK_MAX_US,
            lag: Lag::default(),
            account: Account::default(),
        }
    }

    /// Normal turns, and retries of rounds that began on time, fall on multiples of this, in
    /// microseconds: as long a tick as the packets of all targets together allow, and no longer than any two
    /// of one target are to be apart.
    #[must_use]
    pub const fn tick_us(&self) -> i64 {
        self.tick_us
    }

    /// Targets in the schedule.
    #[must_use]
    pub fn len(&self) -> usize {
        self.seated.len()
    }

    /// True without any target.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seated.is_empty()
    }

    /// Whom the turn of a seat asks, and how; `None` of an empty one.
    #[must_use]
    pub fn asking(&self, seat: Seat) -> Option<Asking<'_>> {
        self.entry(seat).map(|entry| Asking {
            id: entry.id,
            address: entry.address,
            params: entry.params(),
            source: entry.manner.source.as_ref(),
        })
    }

    fn seat_of(&self, id: TargetId) -> Option<Seat> {
        let place = self.seated.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(self.seated[place].1)
    }

    fn entry(&self, seat: Seat) -> Option<&Entry> {
        self.seats.get(seat.index())?.as_ref()
    }

    fn entry_mut(&mut self, seat: Seat) -> Option<&mut Entry> {
        self.seats.get_mut(seat.index())?.as_mut()
    }

    /// Replaces the targets. One with the same id, address and parameters keeps its seat, pace
    /// and round; the others are new ones, asked first within the first sweep. Of several with
    /// one id the last counts.
    ///
    /// Returns the seats that were emptied: a round running there must be given up.
    pub fn set_targets(&mut self, now_us: i64, targets: Vec<Target>) -> Vec<Seat> {
        let mut wanted: Vec<(TargetId, u32)> =
            (0_u32..).zip(&targets).map(|(number, target)| (target.id, number)).collect();
        wanted.sort_unstable();
        wanted.dedup_by(|later, kept| {
            let is_again = later.0 == kept.0;
            if is_again {
                kept.1 = later.1;
            }
            is_again
        });
        let wanted = || wanted.iter().map(|(_, number)| &targets[*number as usize]);
        let least_us = wanted().map(least_wait_us).min().unwrap_or(i64::MAX);
        self.tick_us = tick_us(rate_pps(wanted())).min(tick_within_us(least_us));
        let mut manners = Manners::default();
        let (mut emptied, mut new) = (Vec::new(), Vec::new());
        let mut seated = std::mem::take(&mut self.seated).into_iter().peekable();
        for target in wanted() {
            // Both are in the order of their ids: whoever is passed over is wanted no more.
            while let Some((_, seat)) = seated.next_if(|(id, _)| *id < target.id) {
                emptied.push(seat);
            }
            let seat = seated.next_if(|(id, _)| *id == target.id).map(|(_, seat)| seat);
            match seat.filter(|seat| self.entry(*seat).is_some_and(|entry| entry.is_of(target))) {
                Some(seat) => {
                    self.keep(seat, target, manners.share(target));
                    self.seated.push((target.id, seat));
                }
                None => {
                    emptied.extend(seat);
                    new.push(target);
                }
            }
        }
        emptied.extend(seated.map(|(_, seat)| seat));
        emptied.iter().for_each(|seat| self.take_away(now_us, *seat));
        self.free.extend(&emptied);
        self.seat_new(now_us, new, &mut manners);
        let groups: std::collections::HashSet<u32> =
            self.seats.iter().flatten().map(|entry| entry.group).collect();
        self.groups.retain(|group, _| groups.contains(group));
        emptied
    }

    /// Empties a seat; a turn that was due there is skipped.
    fn take_away(&mut self, now_us: i64, seat: Seat) {
        let turn = self.seats[seat.index()].take().and_then(|entry| entry.turn());
        if turn.is_some_and(|turn| turn.planned_us <= now_us) {
            self.account.skip(Skip::Gone, 1);
        }
    }

    /// Takes over what may change in a target that stays.
    fn keep(&mut self, seat: Seat, target: &Target, manner: Arc<Manner>) {
        if self.entry_mut(seat).is_some_and(|entry| entry.follow(target, manner)) {
            self.plan_anew(seat);
        }
    }

    /// Seats new targets, their first turns evenly over the first sweep, in the order of their
    /// hashes so that neighbours in the inventory do not follow each other.
    fn seat_new(&mut self, now_us: i64, targets: Vec<&Target>, manners: &mut Manners) {
        // Sorted apart from the targets, which lie far from one another.
        let keyed = targets.into_iter().map(|target| (target.phase_key, target.id, target));
        let mut targets: Vec<_> = keyed.collect();
        targets.sort_unstable_by_key(|(phase_key, id, _)| (*phase_key, *id));
        let count = i64::try_from(targets.len()).unwrap_or(i64::MAX).max(1);
        // What grows step by step leaves holes behind in memory.
        self.seats.reserve_exact(targets.len().saturating_sub(self.free.len()));
        self.seated.reserve_exact(targets.len());
        self.queues[1].reserve(targets.len());
        for (rank, (.., target)) in (0_i64..).zip(targets) {
            let seat = self.free.pop().unwrap_or_else(|| {
                self.seats.push(None);
                Seat(u32::try_from(self.seats.len() - 1).unwrap_or(u32::MAX))
            });
            self.seated.push((target.id, seat));
            let entry = Entry::new(target, manners.share(target));
            let sweep_us = self.first_sweep_us.min(entry.manner.interval_us());
            self.seats[seat.index()] = Some(entry);
            let first_us = now_us + scale(sweep_us, rank, count);
            self.wait(seat, Turn::new(Reason::Planned, first_us), first_us);
        }
        self.seated.sort_unstable();
    }

    /// Changes a target's pace; unknown ids are ignored.
    pub fn set_pace(&mut self, id: TargetId, pace: Pace) {
        let Some(seat) = self.seat_of(id) else { return };
        if let Some(entry) = self.entry_mut(seat).filter(|entry| entry.pace != pace) {
            entry.pace = pace;
            self.plan_anew(seat);
        }
    }

    /// Gives a target a turn at once, or right after its running round.
    pub fn ask_now(&mut self, now_us: i64, id: TargetId) {
        let Some(seat) = self.seat_of(id) else { return };
        let Some(entry) = self.entry_mut(seat) else { return };
        if !entry.ask_again() && entry.turn().is_some_and(|turn| turn.reason != Reason::Asked) {
            self.wait(seat, Turn::new(Reason::Asked, now_us), now_us);
        }
    }

    /// The next target whose round may begin at `now_us`; it is running from then on. `None` when
    /// nobody is due or the rate is used up. Grants the rate for all packets of the round.
    pub fn next(&mut self, now_us: i64) -> Option<Seat> {
        while let Some(First { rank, is_ahead, seat, mut turn }) = self.first_due(now_us) {
            let entry = self.entry(seat)?;
            let (packets, group) = (entry.packets(), entry.group);
            if self.all.earliest_us(now_us, packets) > now_us {
                return None;
            }
            self.queues[rank].pop();
            if turn.reason == Reason::Retry && !turn.retry_booked {
                let phase_turn_us =
                    self.entry(seat)?.phase_turn_from(turn.planned_us, self.tick_us);
                if self.retries.earliest_us(now_us, packets) >= phase_turn_us {
                    self.account.skip(Skip::RetryShare, 1);
                    turn = Turn::new(Reason::Planned, phase_turn_us);
                    self.wait(seat, turn, phase_turn_us);
                    continue;
                }
                turn.retry_booked = true;
                let granted_us = self.retries.book_us(now_us, packets);
                if granted_us > now_us {
                    self.wait(seat, turn, granted_us);
                    continue;
                }
            }
            if !turn.group_booked {
                turn.group_booked = true;
                let rate_pps = self.group_rate_pps;
                let bucket = self.groups.entry(group).or_insert_with(|| Bucket::new(rate_pps));
                let granted_us = bucket.book_us(now_us, packets);
                if granted_us > now_us {
                    self.wait(seat, turn, granted_us);
                    continue;
                }
            }
            self.all.book_us(now_us, packets);
            if is_ahead {
                self.ahead.book_us(now_us, packets);
            }
            if turn.reason == Reason::Planned {
                self.lag.note(now_us, now_us - turn.planned_us);
            }
            self.account.planned += 1;
            self.account.begun += 1;
            let missed = self.entry(seat)?.missed(turn, now_us);
            self.account.skip(Skip::Overload, missed);
            self.entry_mut(seat)?.begin(now_us);
            return Some(seat);
        }
        None
    }

    /// The place in a queue whose turn is to be served: the urgent ones first as far as their share
    /// goes, beyond it whose turn fell due first.
    fn first_due(&mut self, now_us: i64) -> Option<First> {
        let urgent = self.head(0).filter(|(when, ..)| when.0 <= now_us);
        let other = self.head(1).filter(|(when, ..)| when.0 <= now_us);
        let (rank, is_ahead, (_, seat, turn)) = match (urgent, other) {
            (None, None) => return None,
            (Some(urgent), None) => (0, false, urgent),
            (None, Some(other)) => (1, false, other),
            (Some(urgent), Some(other)) if urgent.0 <= other.0 => (0, false, urgent),
            (Some(urgent), Some(other)) => {
                // The rate for all its packets is waited for, or those with fewer would always be
                // before it.
                let packets = self.entry(urgent.1)?.packets();
                match self.ahead.earliest_us(now_us, packets) <= now_us {
                    true => (0, true, urgent),
                    false => (1, false, other),
                }
            }
        };
        Some(First { rank, is_ahead, seat, turn })
    }

    /// The front of a queue; what was replaced is swept off it.
    fn head(&mut self, rank: usize) -> Option<((i64, u32), Seat, Turn)> {
        while let Some(Reverse((when_us, ticket, seat))) = self.queues[rank].peek().copied() {
            let entry = self.entry(seat).filter(|entry| entry.ticket == ticket);
            if let Some(turn) = entry.and_then(Entry::turn) {
                return Some(((when_us, ticket), seat, turn));
            }
            self.queues[rank].pop();
        }
        None
    }

    /// The turns so far: planned, begun and skipped.
    #[must_use]
    pub const fn account(&self) -> &Account {
        &self.account
    }

    /// The round of a seat is over (answered or given up): plans the next one, which is due at
    /// once when its turn has already passed.
    pub fn finished(&mut self, now_us: i64, seat: Seat) {
        let Some(entry) = self.entry(seat) else { return };
        let Some(asked_again) = entry.asked_again() else { return };
        let turn = if asked_again {
            Turn::new(Reason::Asked, now_us)
        } else {
            entry.turn_after(entry.last_start_us().unwrap_or(now_us), self.tick_us)
        };
        self.wait(seat, turn, turn.planned_us);
    }

    /// When the next turn is due by time alone, in microseconds; the rates may delay it.
    #[must_use]
    pub fn next_due_us(&self) -> Option<i64> {
        let first = |queue: &Queue| queue.peek().map(|Reverse((when_us, _, _))| *when_us);
        self.queues.iter().filter_map(first).min()
    }

    /// The longest a planned round of the last minute waited, or waits now, in milliseconds.
    #[must_use]
    pub fn lag_ms(&self, now_us: i64) -> i64 {
        let firsts = self.queues.iter().filter_map(|queue| queue.peek());
        let waiting_us = firsts.filter_map(|Reverse((_, ticket, seat))| {
            let entry = self.entry(*seat).filter(|entry| entry.ticket == *ticket)?;
            let turn = entry.turn().filter(|turn| turn.reason == Reason::Planned)?;
            Some(now_us - turn.planned_us)
        });
        self.lag.max_us(now_us).max(waiting_us.max().unwrap_or(0)) / US_PER_MS
    }

    /// Plans a waiting target's turn anew after its pace or interval changed. A first turn and
    /// one that was asked for stay.
    fn plan_anew(&mut self, seat: Seat) {
        let Some(entry) = self.entry(seat) else { return };
        if let (Some(turn), Some(start_us)) = (entry.turn(), entry.last_start_us())
            && turn.reason != Reason::Asked
        {
            let turn = entry.turn_after(start_us, self.tick_us);
            self.wait(seat, turn, turn.planned_us);
        }
    }

    /// Queues a seat's turn for `when_us` in place of any other.
    fn wait(&mut self, seat: Seat, turn: Turn, when_us: i64) {
        self.tickets = self.tickets.wrapping_add(1);
        let ticket = self.tickets;
        let Some(entry) = self.entry_mut(seat) else { return };
        entry.wait(turn, ticket);
        let rank = usize::from(!entry.is_urgent());
        self.queues[rank].push(Reverse((when_us, ticket, seat)));
        // Replaced items leave the queue when their time comes; many of them at once are swept.
        if self.queues[rank].len() > 2 * self.seats.len() + 1_024 {
            let seats = &self.seats;
            self.queues[rank].retain(|Reverse((_, ticket, seat))| {
                seats
                    .get(seat.index())
                    .and_then(Option::as_ref)
                    .is_some_and(|entry| entry.ticket == *ticket)
            });
        }
    }
}

/// Packets a second that `targets` take at their normal pace.
fn rate_pps<'a>(targets: impl Iterator<Item = &'a Target>) -> i64 {
    const PARTS: i64 = 1_000_000;
    let parts = targets.map(|target| {
        i64::from(target.params.count) * PARTS * US_PER_MS / target.interval_ms.max(1)
    });
    parts.fold(0, i64::saturating_add) / PARTS
}

/// The shortest time in which a target is to be asked twice: between two packets, or two rounds.
fn least_wait_us(target: &Target) -> i64 {
    let spacing_us = i64::from(target.params.spacing_ms).saturating_mul(US_PER_MS);
    let retry_us = target.retry_ms.saturating_mul(US_PER_MS);
    // Without any spacing they are to leave at once.
    if spacing_us > 0 { spacing_us.min(retry_us) } else { retry_us }
}

/// `span × rank / count` without overflow.
fn scale(span_us: i64, rank: i64, count: i64) -> i64 {
    let scaled = i128::from(span_us) * i128::from(rank) / i128::from(count.max(1));
    i64::try_from(scaled).unwrap_or(span_us)
}
