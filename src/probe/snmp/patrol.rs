//! Whose turn it is to be asked, and no more of them at once than may be.
//!
//! ```text
//! waiting ──due──► ready ──a place is free──► asked ──► waiting (next turn on its fixed phase,
//!    ▲                                                    later when it stays silent)
//!    └────────── ask_soon, answers ping again ───────────┘
//! ```
//! Guarantees: a device's turns lie on `phase + k × interval`, the phase being a hash of its id, so
//! that the load is flat and stays where it is over reloads (those that are due within 100 ms of each
//! other are asked together); at most `in_flight` devices are asked
//! at the same time, and each of them one thing; a device that is due while it waits for its place
//! or its answer has that one turn, so nothing piles up; groups wait in turns, so that one that is slow
//! starves no other; whoever does not call [`Patrol::next`] is
//! asked for nothing. Must not judge what an answer means.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::ops::Bound;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{AbortHandle, Abortable, Aborted};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::time::Instant;

use super::ask::{Answers, Wanted};
use super::asks::{Asks, Opens, Target, Turn};
use super::error::SnmpError;
use super::learned::Learned;
use super::rate::Rate;
use crate::model::{DeviceId, SnmpParams};
use crate::probe::schedule::PhaseKey;

/// Whoever is due within so long of each other is asked together: to be woken for each of them
/// costs more than to ask him.
const TOGETHER: Duration = Duration::from_millis(100);
/// Longest pause that silence earns, unless the interval itself is longer.
const PAUSE_MAX: Duration = Duration::from_secs(600);

/// The devices and their turns.
pub struct Patrol<O: Opens> {
    opener: Arc<O>,
    params: SnmpParams,
    started: Instant,
    /// In boxes: a third of a table's places are empty, and more while it grows.
    slots: HashMap<DeviceId, Box<Slot<O::Session>>>,
    due: BTreeSet<(Instant, DeviceId)>,
    ready: Ready,
    rates: HashMap<u32, Arc<Rate>>,
    /// All in the task of whoever calls [`Patrol::next`]: to hand each answer from thread to thread
    /// costs more than to take it in.
    asked: FuturesUnordered<Asking<O::Session>>,
    last_turn: u64,
    /// When the due were last made ready.
    gathered: Option<Instant>,
    deferred: u64,
}

/// A turn under way.
type Asking<S> = Pin<Box<dyn Future<Output = Over<S>> + Send>>;

/// A turn that is over.
struct Over<S> {
    device: DeviceId,
    number: u64,
    /// An error when it was given up.
    back: Result<Back<S>, Aborted>,
}

#[derive(Debug)]
enum State {
    Waiting(Instant),
    Ready,
    /// In the turn of this number.
    Asked(u64, AbortHandle),
}

struct Slot<S> {
    target: Target,
    wanted: Arc<Wanted>,
    /// In a box: it goes into each turn and comes back.
    session: Option<Box<S>>,
    learned: Learned,
    state: State,
    /// Turns in a row that brought nothing, by the device's or the way's fault.
    fruitless: u32,
    answers_ping: Option<bool>,
    /// Grows when the target changes: what was asked of the old one is not the new one's answer.
    generation: u32,
}

/// A session come back with what it brought.
struct Back<S> {
    session: Option<Box<S>>,
    generation: u32,
    wanted: Arc<Wanted>,
    outcome: Result<Answers, SnmpError>,
    took: Duration,
}

impl<O: Opens> Patrol<O> {
    /// Nobody is asked before [`Self::set_targets`].
    #[must_use]
    pub fn new(opener: Arc<O>, params: SnmpParams) -> Self {
        Self {
            opener,
            params,
            started: Instant::now(),
            slots: HashMap::new(),
            due: BTreeSet::new(),
            ready: Ready::default(),
            rates: HashMap::new(),
            asked: FuturesUnordered::new(),
            last_turn: 0,
            gathered: None,
            deferred: 0,
        }
    }

    /// Replaces the devices. Who stays as he is keeps his session, his turns and what is wanted of
    /// him; the others are asked for `wanted` first, until [`Self::set_wanted`] says otherwise.
    pub fn set_targets(&mut self, targets: Vec<Target>, wanted: &Arc<Wanted>) {
        let stay: HashSet<DeviceId> = targets.iter().map(|target| target.device.clone()).collect();
        let due = &mut self.due;
        self.slots.retain(|device, slot| {
            let stays = stay.contains(device);
            match &slot.state {
                _ if stays => {}
                State::Waiting(at) => drop(due.remove(&(*at, device.clone()))),
                State::Ready => {}
                State::Asked(_, turn) => turn.abort(),
            }
            stays
        });
        self.ready.retain(&stay);
        let groups: HashSet<u32> = targets.iter().map(|target| target.group).collect();
        self.rates.retain(|group, _| groups.contains(group));
        for target in targets {
            match self.slots.get_mut(&target.device) {
                Some(slot) if slot.target == target => {}
                Some(slot) => {
                    if let State::Asked(_, turn) = &slot.state {
                        turn.abort();
                    }
                    slot.target = target;
                    slot.session = None;
                    slot.learned = Learned::default();
                    slot.fruitless = 0;
                    slot.wanted = Arc::clone(wanted);
                    slot.generation += 1;
                }
                None => self.seat(target, wanted),
            }
        }
    }

    fn seat(&mut self, target: Target, wanted: &Arc<Wanted>) {
        let device = target.device.clone();
        let slot = Slot {
            target,
            wanted: Arc::clone(wanted),
            session: None,
            learned: Learned::default(),
            state: State::Ready,
            fruitless: 0,
            answers_ping: None,
            generation: 0,
        };
        self.slots.insert(device.clone(), Box::new(slot));
        let at = self.turn_after(&device, Instant::now());
        self.wait(&device, at);
    }

    /// What is asked of a device from its next turn on; unknown ones are ignored.
    pub fn set_wanted(&mut self, device: &DeviceId, wanted: Arc<Wanted>) {
        if let Some(slot) = self.slots.get_mut(device) {
            slot.wanted = wanted;
        }
    }

    /// What ping knows of a device: it decides how long a silent one is left alone, and one that
    /// answers again is asked at once.
    pub fn set_answers_ping(&mut self, device: &DeviceId, answers: bool) {
        let Some(slot) = self.slots.get_mut(device) else { return };
        let is_back = answers && slot.answers_ping == Some(false) && slot.fruitless > 0;
        slot.answers_ping = Some(answers);
        if is_back {
            self.ask_soon(device);
        }
    }

    /// Brings a device's next turn forward to now; no more than once while it is asked or waits for
    /// its place. False of one that is being asked at this moment, or is unknown: what it says may be
    /// from before.
    pub fn ask_soon(&mut self, device: &DeviceId) -> bool {
        match self.slots.get(device).map(|slot| &slot.state) {
            Some(State::Waiting(at)) => {
                self.due.remove(&(*at, device.clone()));
                // Who is in a hurry waits for nobody.
                self.gathered = None;
                self.wait(device, Instant::now());
                true
            }
            Some(State::Ready) => true,
            Some(State::Asked(..)) | None => false,
        }
    }

    /// What was found out of a device, to begin with after a restart.
    #[must_use]
    pub fn learned(&self, device: &DeviceId) -> Option<Learned> {
        self.slots.get(device).map(|slot| slot.learned)
    }

    /// Turns so far that had to wait because `in_flight` devices were being asked.
    #[must_use]
    pub fn deferred(&self) -> u64 {
        self.deferred
    }

    /// The next turn that is over; for ever pending while there is no device. May be given up and
    /// called again at any time: no answer is lost.
    pub async fn next(&mut self) -> Turn {
        loop {
            self.start();
            let together = self.gathered.map(|at| at + TOGETHER);
            let wake = self.due.first().map(|(at, _)| together.map_or(*at, |then| then.max(*at)));
            tokio::select! {
                // A timer is only set where nobody is there.
                biased;
                Some(over) = self.asked.next() => {
                    if let Some(turn) = self.take_back(over) {
                        return turn;
                    }
                }
                () = sleep_until(wake) => {}
            }
        }
    }

    /// Whoever is due gets ready, and whoever is ready is asked as far as there are places.
    fn start(&mut self) {
        let now = Instant::now();
        let places = usize::from(self.params.in_flight.max(1));
        let is_time = self.gathered.is_none_or(|at| now >= at + TOGETHER);
        while is_time && self.due.first().is_some_and(|(at, _)| *at <= now) {
            let Some((_, device)) = self.due.pop_first() else { break };
            self.gathered = Some(now);
            if let Some(slot) = self.slots.get_mut(&device) {
                slot.state = State::Ready;
                if self.asked.len() + self.ready.len >= places {
                    self.deferred += 1;
                }
                self.ready.push(slot.target.group, device);
            }
        }
        while self.asked.len() < places {
            let Some(device) = self.ready.pop() else { break };
            self.begin(device);
        }
    }

    fn begin(&mut self, device: DeviceId) {
        let Some(slot) = self.slots.get_mut(&device) else { return };
        let target = slot.target.clone();
        let per_second = self.params.group_rate_pps;
        let rate = self.rates.entry(target.group).or_insert_with(|| Rate::new(per_second).into());
        let rate = Arc::clone(rate);
        let opener = Arc::clone(&self.opener);
        let wanted = Arc::clone(&slot.wanted);
        let generation = slot.generation;
        let learned = slot.learned;
        let session = slot.session.take();
        let turn = async move {
            let started = Instant::now();
            let opened = match session {
                Some(session) => Ok(session),
                // Once in a session's life: its room is not every turn's.
                None => Box::pin(opener.open(&target, learned, rate)).await.map(Box::new),
            };
            let (session, outcome) = match opened {
                Ok(mut session) => {
                    let outcome = session.ask(&wanted).await;
                    (Some(session), outcome)
                }
                Err(error) => (None, Err(error)),
            };
            Back { session, generation, wanted, outcome, took: started.elapsed() }
        };
        self.last_turn += 1;
        let number = self.last_turn;
        let (handle, registration) = AbortHandle::new_pair();
        let failed = Arc::clone(&slot.wanted);
        // A fault of our own takes no other turn with it.
        let turn = AssertUnwindSafe(turn).catch_unwind().map(move |back| {
            back.unwrap_or_else(|panicked| Back {
                session: None,
                generation,
                wanted: failed,
                outcome: Err(SnmpError::Local { what: said(&*panicked) }),
                took: Duration::ZERO,
            })
        });
        let over = move |back| Over { device, number, back };
        self.asked.push(Box::pin(Abortable::new(turn, registration).map(over)));
        slot.state = State::Asked(number, handle);
    }

    /// `None` for a device that is no longer patrolled, or is another by now.
    fn take_back(&mut self, Over { device, number, back }: Over<O::Session>) -> Option<Turn> {
        let (interval, after) = (self.interval(), self.turn_after(&device, Instant::now()));
        let slot = self.slots.get_mut(&device)?;
        if !matches!(&slot.state, State::Asked(asked, _) if *asked == number) {
            // It was taken out and put in again while its old turn was under way.
            return None;
        }
        let back = back.ok().filter(|back| back.generation == slot.generation);
        let Some(back) = back else {
            self.wait(&device, after);
            return None;
        };
        if let Some(session) = back.session {
            slot.learned = session.learned();
            slot.session = Some(session);
        }
        slot.fruitless = match &back.outcome {
            Ok(_) | Err(SnmpError::Local { .. } | SnmpError::IdentityChanged) => 0,
            Err(_) => slot.fruitless.saturating_add(1),
        };
        let left_out = intervals(slot.fruitless, slot.answers_ping) - 1;
        let pause = (interval * left_out).min(PAUSE_MAX);
        let at = match left_out {
            0 => after,
            _ => self.turn_after(&device, Instant::now() + pause),
        };
        self.wait(&device, at);
        Some(Turn { device, wanted: back.wanted, outcome: back.outcome, took: back.took })
    }

    fn wait(&mut self, device: &DeviceId, at: Instant) {
        if let Some(slot) = self.slots.get_mut(device) {
            slot.state = State::Waiting(at);
            self.due.insert((at, device.clone()));
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.params.interval_ms).unwrap_or(1).max(1))
    }

    /// The device's first turn after an instant.
    fn turn_after(&self, device: &DeviceId, after: Instant) -> Instant {
        let interval_us = self.params.interval_ms.max(1).saturating_mul(1_000);
        let phase =
            u64::try_from(PhaseKey::of(device.as_str()).within_us(interval_us)).unwrap_or(0);
        let interval = u64::try_from(interval_us).unwrap_or(1);
        let since = u64::try_from(after.duration_since(self.started).as_micros()).unwrap_or(0);
        let turns = (since + interval - phase) / interval;
        self.started + Duration::from_micros(phase + turns * interval)
    }
}

/// Who waits for a place, by group. Groups are served in turns: one whose questions wait for each
/// other, or whose devices are all silent, keeps the others waiting for one place and not for all.
#[derive(Debug, Default)]
struct Ready {
    groups: BTreeMap<u32, VecDeque<DeviceId>>,
    last: u32,
    len: usize,
}

impl Ready {
    fn push(&mut self, group: u32, device: DeviceId) {
        self.groups.entry(group).or_default().push_back(device);
        self.len += 1;
    }

    fn pop(&mut self) -> Option<DeviceId> {
        let after = (Bound::Excluded(self.last), Bound::Unbounded);
        let next = self.groups.range(after).next().or_else(|| self.groups.iter().next());
        let group = *next?.0;
        let waiting = self.groups.get_mut(&group)?;
        let device = waiting.pop_front();
        if waiting.is_empty() {
            self.groups.remove(&group);
        }
        self.last = group;
        self.len -= usize::from(device.is_some());
        device
    }

    fn retain(&mut self, stay: &HashSet<DeviceId>) {
        self.groups.values_mut().for_each(|waiting| waiting.retain(|device| stay.contains(device)));
        self.groups.retain(|_, waiting| !waiting.is_empty());
        self.len = self.groups.values().map(VecDeque::len).sum();
    }
}

/// How many intervals after a turn the next one is. Whoever is known to be there is not left alone
/// for long; whoever is not, need not be asked every minute.
fn intervals(fruitless: u32, answers_ping: Option<bool>) -> u32 {
    match (fruitless, answers_ping) {
        (0, _) => 1,
        (_, Some(false)) => 8,
        (n, None) => 1 << (n - 1).min(3),
        (0..=2, Some(true)) => 1,
        (3..=9, Some(true)) => 2,
        (_, Some(true)) => 4,
    }
}

/// What a panic says.
fn said(panicked: &(dyn std::any::Any + Send)) -> String {
    let text = panicked.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panicked.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic that says nothing".to_owned())
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
#[path = "patrol_tests.rs"]
mod tests;
