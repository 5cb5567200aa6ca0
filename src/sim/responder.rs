//! The thread behind the device: reads echo requests and SNMP questions, asks the [`World`] how
//! each fares, and answers after the delay it says. Everything else is dropped in silence, as a cut
//! line does.
//!
//! Bounded: at most [`PENDING_MAX`] answers wait at a time, what comes on top is lost and
//! counted. Nothing is sent anywhere but into the device it was given.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::net::IpAddr;
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::agent::{self, Speaker};
use super::dice::hash;
use super::link::Link;
use super::packet::{datagram, echo};
use super::script::{Truth, ups_holds_ms};
use super::sys;
use super::world::{Moment, World};
use crate::model::UnixMs;

/// Most answers that wait for their time.
pub const PENDING_MAX: usize = 65_536;
/// Requests read before due answers are sent.
const BATCH: usize = 64;
/// Longest sleep: how late a stop or a line of the truth log may come.
const IDLE: Duration = Duration::from_millis(20);
/// Where devices are asked by SNMP.
const SNMP_PORT: u16 = 161;
/// Larger than any packet the device carries.
const PACKET_MAX: usize = 2_048;

/// What the responder has done so far.
#[derive(Debug, Default)]
pub struct Counters {
    /// Echo requests read.
    pub requests: AtomicU64,
    /// SNMP questions read.
    pub questions: AtomicU64,
    /// Answers sent.
    pub answers: AtomicU64,
    /// Answers lost because too many waited or the device had no room.
    pub overflow: AtomicU64,
}

/// A running responder; ends when dropped.
#[derive(Debug)]
pub struct Responder {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    counters: Arc<Counters>,
}

/// An answer on its way.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pending {
    due: Instant,
    order: u64,
    packet: Vec<u8>,
}

impl Responder {
    /// Starts answering on `link`. The world's clock shows `now` at this moment; each start and
    /// end of a fault goes to `truth` when its time comes.
    ///
    /// # Errors
    /// No thread could be started.
    pub fn start(
        link: Link,
        world: World,
        now: UnixMs,
        truth: mpsc::Sender<Truth>,
    ) -> io::Result<Self> {
        // First of all: what follows takes time.
        let started = (clock(), now);
        let stop = Arc::new(AtomicBool::new(false));
        let counters = Arc::new(Counters::default());
        let lines = world.script().truth(world.inventory());
        let mut work = Work {
            link,
            world,
            started,
            truth: (lines, 0, truth),
            pending: BinaryHeap::new(),
            order: 0,
            counters: Arc::clone(&counters),
        };
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("province".to_owned()).spawn(move || {
            if let Err(error) = work.run(&stopped) {
                tracing::error!(%error, "the virtual province stopped answering");
            }
        })?;
        Ok(Self { stop, thread: Some(thread), counters })
    }

    /// What it has done so far.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// True while it answers.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|t| !t.is_finished())
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It ends within its longest sleep; a panic in it has been printed.
            let _ = thread.join();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "answers real packets in real time")]
fn clock() -> Instant {
    Instant::now()
}

struct Work {
    link: Link,
    world: World,
    started: (Instant, UnixMs),
    truth: (Vec<Truth>, usize, mpsc::Sender<Truth>),
    pending: BinaryHeap<Reverse<Pending>>,
    order: u64,
    counters: Arc<Counters>,
}

impl Work {
    fn world_time(&self, at: Instant) -> UnixMs {
        let passed = at.saturating_duration_since(self.started.0).as_millis();
        self.started.1 + i64::try_from(passed).unwrap_or(i64::MAX)
    }

    fn run(&mut self, stop: &AtomicBool) -> io::Result<()> {
        let mut buffer = [0_u8; PACKET_MAX];
        let mut moment = self.world.moment(self.started.1);
        while !stop.load(Ordering::Relaxed) {
            let now = clock();
            let sleep = self
                .pending
                .peek()
                .map_or(IDLE, |next| next.0.due.saturating_duration_since(now).min(IDLE));
            sys::wait_readable(self.link.as_fd(), sleep)?;
            let now = clock();
            let time = self.world_time(now);
            if !moment.span.contains(time) {
                moment = self.world.moment(time);
            }
            self.tell(time);
            for _ in 0..BATCH {
                let Some(packet) = self.link.receive(&mut buffer)? else { break };
                let Some((delay_us, reply)) = self.answer(packet, &moment, time) else { continue };
                // It may have been sent after the batch began: an answer is never early.
                self.keep(clock() + Duration::from_micros(u64::from(delay_us)), reply);
            }
            self.send_due(clock())?;
        }
        Ok(())
    }

    /// What comes back of a packet and after how long; `None` when nothing does.
    fn answer(&self, packet: &[u8], moment: &Moment, time: UnixMs) -> Option<(u32, Vec<u8>)> {
        if let Some(echo) = echo(packet) {
            self.counters.requests.fetch_add(1, Ordering::Relaxed);
            let delay_us = self.world.answer(moment, echo.asked, echo.packet)?;
            return Some((delay_us, echo.reply));
        }
        let question = datagram(packet).filter(|question| question.port == SNMP_PORT)?;
        self.counters.questions.fetch_add(1, Ordering::Relaxed);
        let delay_us = self.world.answer(moment, question.asked(), hash(0, question.payload))?;
        let reply = self.said(question.asked(), question.payload, time)?;
        Some((delay_us, question.reply(&reply)?))
    }

    /// What the device at an address says to an SNMP question; lines and services say nothing.
    fn said(&self, asked: IpAddr, question: &[u8], time: UnixMs) -> Option<Vec<u8>> {
        let ix = self.world.at(asked)?;
        let inventory = self.world.inventory();
        let subject = inventory.subject(ix);
        let device = subject.device()?;
        let unit = inventory.unit(subject.unit);
        let electricity = self.world.electricity(ix, time);
        let ran_ms = time.since(self.started.1) + agent::ran_before_ms(subject.id.as_str());
        let others = inventory.subjects_of(subject.unit).iter().filter(|other| **other != ix);
        let beside = others.filter_map(|other| {
            let other = inventory.subject(*other);
            let is_at_a_cable = other.device().is_some_and(|device| device.role != "ups");
            let address = other.checks.first()?.kind.address();
            is_at_a_cable.then_some((other.id.as_str(), address))
        });
        let beside: Vec<(&str, IpAddr)> = beside.collect();
        let own = subject.checks.iter().map(|check| check.kind.address());
        let mut addresses: Vec<IpAddr> = own.chain(device.addresses.iter().copied()).collect();
        addresses.sort();
        addresses.dedup();
        let speaker = Speaker {
            id: subject.id.as_str(),
            role: &device.role,
            place: &unit.name,
            uptime_ms: electricity.last_back.map_or(ran_ms, |back| time.since(back)).max(0),
            dark_ms: electricity.gone_since.map(|since| time.since(since)),
            holds_ms: ups_holds_ms(self.world.seed(), unit.id.as_str()),
            addresses: &addresses,
            beside: &beside,
        };
        agent::answer(question, &speaker)
    }

    /// Tells the truth that has come due.
    fn tell(&mut self, time: UnixMs) {
        let (lines, next, sender) = &mut self.truth;
        while let Some(line) = lines.get(*next).filter(|l| l.t <= time) {
            // Nobody may be listening; the province goes on.
            let _ = sender.send(line.clone());
            *next += 1;
        }
    }

    fn keep(&mut self, due: Instant, packet: Vec<u8>) {
        if self.pending.len() >= PENDING_MAX {
            self.counters.overflow.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.order += 1;
        self.pending.push(Reverse(Pending { due, order: self.order, packet }));
    }

    fn send_due(&mut self, now: Instant) -> io::Result<()> {
        while self.pending.peek().is_some_and(|next| next.0.due <= now) {
            let Some(Reverse(next)) = self.pending.pop() else { break };
            let counter = if self.link.send(&next.packet)? {
                &self.counters.answers
            } else {
                &self.counters.overflow
            };
            counter.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}
