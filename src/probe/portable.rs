//! The portable engine: surge-ping on a thread and a runtime of its own.
//!
//! Guarantees the same interface and outcomes as the batched engine, at a higher price: at most
//! [`IN_FLIGHT_MAX`] packets wait for an answer at once (more overrun surge-ping's socket), so
//! silent targets slow the patrol down; round-trip times are stamped in user space. Its errors are
//! mapped by hand: on a raw socket an ICMP error is an `Ok`, on a datagram one it is silence.
//! Packets that must not be cut, have a type of service or a source cannot be sent by it: such
//! rounds are told as a fault of our own.
//! Late, duplicate and stray replies are not seen, lost answers not noticed.

use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use surge_ping::{Client, Config, ICMP, IcmpPacket, PingIdentifier, PingSequence, SurgeError};
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::Instant;

use super::mailbox::Mailbox;
use super::outbox::Outbox;
use super::round::Gather;
use super::schedule::{Asking, Schedule, Seat};
use super::{EngineKind, Options, ProbeError, Stats, TargetId};
use crate::model::{PingParams, RoundError, UnixMs};

/// Packets waiting for an answer at once.
const IN_FLIGHT_MAX: usize = 100;
const TICK: Duration = Duration::from_millis(20);
/// The wall clock running ahead of the monotonic one by more than this within a tick: the machine
/// was suspended, or somebody set the clock; a round given up for the latter is no harm.
const SUSPENDED_MS: i64 = 500;

/// Opens the sockets on a new thread and starts it.
pub(super) fn spawn(
    options: Options,
    outbox: Outbox,
) -> Result<(Arc<Mailbox>, JoinHandle<()>), ProbeError> {
    let stats = Stats::new(EngineKind::Portable);
    let mailbox = Arc::new(Mailbox::new(stats));
    let (ready, opened) = std::sync::mpsc::sync_channel(1);
    let theirs = Arc::clone(&mailbox);
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(source) => return drop(ready.send(Err(ProbeError::Thread(source)))),
        };
        // surge-ping needs the runtime's reactor to open its sockets.
        LocalSet::new().block_on(&runtime, async {
            match Clients::open() {
                Ok(clients) => {
                    drop(ready.send(Ok(())));
                    Patrol::new(&options, clients, stats, theirs, outbox).run().await;
                }
                Err(error) => drop(ready.send(Err(error))),
            }
        });
    };
    let thread = std::thread::Builder::new()
        .name("probe".to_owned())
        .spawn(run)
        .map_err(ProbeError::Thread)?;
    match opened.recv() {
        Ok(Ok(())) => Ok((mailbox, thread)),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(ProbeError::Thread(std::io::Error::other("it ended at once"))),
    }
}

/// surge-ping's sockets; one of the families may be missing, not both.
struct Clients {
    v4: Option<Client>,
    v6: Option<Client>,
}

impl Clients {
    fn open() -> Result<Self, ProbeError> {
        let v4 = Client::new(&Config::default());
        let v6 = Client::new(&Config::builder().kind(ICMP::V6).build());
        match (v4, v6) {
            // surge-ping writes its own advice into the error; ours says the same in our words.
            (Err(source), Err(_)) if source.kind() == std::io::ErrorKind::PermissionDenied => {
                Err(ProbeError::NotPermitted {
                    tried: "datagram or raw",
                    source: std::io::ErrorKind::PermissionDenied.into(),
                })
            }
            (Err(source), Err(_)) => Err(ProbeError::Socket {
                operation: "open the socket",
                kind: "portable",
                family: "IPv4",
                source,
            }),
            (v4, v6) => Ok(Self { v4: v4.ok(), v6: v6.ok() }),
        }
    }

    fn of(&self, address: IpAddr) -> Option<&Client> {
        match address {
            IpAddr::V4(_) => self.v4.as_ref(),
            IpAddr::V6(_) => self.v6.as_ref(),
        }
    }
}

/// What became of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Reply { rtt_us: u32 },
    Refused(RoundError),
    NotSent { errno: i32 },
    Silence,
}

/// A round that has ended.
struct Ended {
    seat: Seat,
    serial: u32,
    at: UnixMs,
    outcomes: Vec<Outcome>,
}

#[derive(Clone, Copy)]
struct Running {
    serial: u32,
    target: TargetId,
    params: PingParams,
}

#[expect(clippy::disallowed_methods, reason = "the probe engine stamps rounds by the wall clock")]
fn wall_clock() -> UnixMs {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    UnixMs(since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
}

struct Patrol {
    schedule: Schedule,
    running: Vec<Option<Running>>,
    rounds: JoinSet<Ended>,
    clients: Rc<Clients>,
    permits: Rc<Semaphore>,
    ident: PingIdentifier,
    sequence: u16,
    serial: u32,
    stats: Stats,
    mailbox: Arc<Mailbox>,
    outbox: Outbox,
    begun: Instant,
    clocks: (Instant, UnixMs),
}

impl Patrol {
    fn new(
        options: &Options,
        clients: Clients,
        stats: Stats,
        mailbox: Arc<Mailbox>,
        outbox: Outbox,
    ) -> Self {
        let begun = Instant::now();
        Self {
            schedule: Schedule::new(options),
            running: Vec::new(),
            rounds: JoinSet::new(),
            clients: Rc::new(clients),
            permits: Rc::new(Semaphore::new(IN_FLIGHT_MAX)),
            ident: PingIdentifier(std::process::id() as u16),
            sequence: 0,
            serial: 0,
            stats,
            mailbox,
            outbox,
            begun,
            clocks: (begun, wall_clock()),
        }
    }

    fn now_us(&self) -> i64 {
        i64::try_from(self.begun.elapsed().as_micros()).unwrap_or(i64::MAX)
    }

    async fn run(mut self) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                Some(ended) = self.rounds.join_next(), if !self.rounds.is_empty() => {
                    self.note(ended.ok());
                }
                _ = ticks.tick() => {
                    if !self.obey_orders() || !self.outbox.flush() {
                        return;
                    }
                    self.notice_suspension();
                    self.stats.lag_ms = self.schedule.lag_ms(self.now_us());
                    self.stats.answers_dropped = self.outbox.dropped();
                    self.stats.take_turns(self.schedule.account());
                    self.mailbox.publish(self.stats);
                }
            }
            while let Some(ended) = self.rounds.try_join_next() {
                self.note(ended.ok());
            }
            self.begin_due();
        }
    }

    fn obey_orders(&mut self) -> bool {
        let orders = self.mailbox.take();
        let now_us = self.now_us();
        if let Some(targets) = orders.targets {
            for seat in self.schedule.set_targets(now_us, targets) {
                self.give_up(seat);
            }
            self.stats.targets = u32::try_from(self.schedule.len()).unwrap_or(u32::MAX);
        }
        orders.paces.into_iter().for_each(|(id, pace)| self.schedule.set_pace(id, pace));
        orders.ask_now.into_iter().for_each(|id| self.schedule.ask_now(now_us, id));
        !orders.stop
    }

    fn give_up(&mut self, seat: Seat) {
        if self.running.get_mut(seat.index()).and_then(Option::take).is_some() {
            self.stats.account.cancelled += 1;
            self.stats.in_flight -= 1;
        }
    }

    fn notice_suspension(&mut self) {
        let (before, wall_before) = self.clocks;
        let (now, wall_now) = (Instant::now(), wall_clock());
        self.clocks = (now, wall_now);
        let passed_ms = i64::try_from((now - before).as_millis()).unwrap_or(i64::MAX);
        if wall_now.since(wall_before) - passed_ms > SUSPENDED_MS {
            let now_us = self.now_us();
            for number in 0..u32::try_from(self.running.len()).unwrap_or(u32::MAX) {
                self.give_up(Seat(number));
                self.schedule.finished(now_us, Seat(number));
            }
        }
    }

    fn begin_due(&mut self) {
        let now_us = self.now_us();
        // Tasks of rounds given up still run to their end and are counted here.
        while self.rounds.len() < IN_FLIGHT_MAX {
            let Some(seat) = self.schedule.next(now_us) else { return };
            self.begin(seat);
        }
    }

    fn begin(&mut self, seat: Seat) {
        let Some(Asking { id, address, params, source }) = self.schedule.asking(seat) else {
            return;
        };
        let is_plain = !params.df && params.tos == 0 && source.is_none();
        self.serial = self.serial.wrapping_add(1);
        let serial = self.serial;
        if self.running.len() <= seat.index() {
            self.running.resize(seat.index() + 1, None);
        }
        self.running[seat.index()] = Some(Running { serial, target: id, params });
        self.stats.in_flight += 1;
        // The round's own bounds decide how many packets it has.
        let count = Gather::new(params, UnixMs(0)).count();
        let first = self.sequence;
        self.sequence = self.sequence.wrapping_add(u16::from(count));
        let asking = Packets {
            clients: Rc::clone(&self.clients),
            permits: Rc::clone(&self.permits),
            to: address,
            timeout: Duration::from_millis(u64::from(params.timeout_ms)),
            ident: self.ident,
            payload: vec![0; params.size.into()],
            is_plain,
        };
        self.rounds.spawn_local(async move {
            let packets = (0..count).map(|index| {
                let after = Duration::from_millis(u64::from(params.spacing_ms) * u64::from(index));
                asking.packet(after, PingSequence(first.wrapping_add(u16::from(index))))
            });
            let results = futures_util::future::join_all(packets).await;
            let at = results.first().map_or_else(wall_clock, |(at, _)| *at);
            let outcomes = results.into_iter().map(|(_, outcome)| outcome).collect();
            Ended { seat, serial, at, outcomes }
        });
    }

    fn note(&mut self, ended: Option<Ended>) {
        let Some(Ended { seat, serial, at, outcomes }) = ended else { return };
        let Some(running) = self.running.get_mut(seat.index()) else { return };
        let Some(round) = running.take_if(|running| running.serial == serial) else { return };
        let mut gather = Gather::new(round.params, at);
        let account = &mut self.stats.account;
        for (index, outcome) in (0_u8..).zip(outcomes) {
            if let Outcome::NotSent { errno } = outcome {
                gather.not_sent(index, errno);
                self.stats.local_errors += 1;
                continue;
            }
            gather.sent(index);
            account.sent += 1;
            account.waiting += 1;
            match outcome {
                Outcome::Reply { rtt_us } => {
                    gather.replied(index, rtt_us);
                    account.waiting -= 1;
                    account.received += 1;
                }
                Outcome::Refused(error) => {
                    gather.refused(index, error);
                    account.waiting -= 1;
                    account.errors += 1;
                }
                Outcome::NotSent { .. } | Outcome::Silence => {}
            }
        }
        let lost = gather.close();
        let answer = gather.answer(round.target);
        gather.book(lost, &answer, account);
        self.outbox.push(answer);
        self.stats.in_flight -= 1;
        self.schedule.finished(self.now_us(), seat);
    }
}

/// What the packets of a round share.
struct Packets {
    clients: Rc<Clients>,
    permits: Rc<Semaphore>,
    to: IpAddr,
    timeout: Duration,
    ident: PingIdentifier,
    payload: Vec<u8>,
    /// surge-ping can say neither where a packet leaves from nor how it is to be treated.
    is_plain: bool,
}

impl Packets {
    async fn packet(&self, after: Duration, sequence: PingSequence) -> (UnixMs, Outcome) {
        if !after.is_zero() {
            tokio::time::sleep(after).await;
        }
        // The semaphore is never closed.
        let _permit = self.permits.acquire().await;
        let at = wall_clock();
        if !self.is_plain {
            return (at, Outcome::NotSent { errno: libc::EOPNOTSUPP });
        }
        let Some(client) = self.clients.of(self.to) else {
            return (at, Outcome::NotSent { errno: libc::EAFNOSUPPORT });
        };
        let mut pinger = client.pinger(self.to, self.ident).await;
        pinger.timeout(self.timeout);
        let outcome = match pinger.ping(sequence, &self.payload).await {
            Ok((packet, rtt)) => read(&packet, rtt),
            Err(SurgeError::Timeout { .. }) => Outcome::Silence,
            Err(SurgeError::IOError(error)) => {
                Outcome::NotSent { errno: error.raw_os_error().unwrap_or(libc::EIO) }
            }
            Err(_) => Outcome::NotSent { errno: libc::EIO },
        };
        (at, outcome)
    }
}

/// surge-ping hands over ICMP errors like replies; it does not tell the MTU of "too big".
fn read(packet: &IcmpPacket, rtt: Duration) -> Outcome {
    let (is_v4, kind, code) = match packet {
        IcmpPacket::V4(v4) => (true, v4.get_icmp_type().0, v4.get_icmp_code().0),
        IcmpPacket::V6(v6) => (false, v6.get_icmpv6_type().0, v6.get_icmpv6_code().0),
    };
    match (is_v4, kind, code) {
        (true, 0, _) | (false, 129, _) => {
            Outcome::Reply { rtt_us: u32::try_from(rtt.as_micros()).unwrap_or(u32::MAX) }
        }
        (true, 3, 4) | (false, 2, _) => {
            Outcome::Refused(RoundError::FragNeeded { mtu: 0, by: None })
        }
        (true, 3, _) | (false, 1, _) => {
            Outcome::Refused(RoundError::Unreachable { code, by: None })
        }
        (true, 11, _) | (false, 3, _) => Outcome::Refused(RoundError::TtlExceeded { by: None }),
        _ => Outcome::Silence,
    }
}
