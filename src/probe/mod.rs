//! Asks the network: the ICMP engines and the schedule that spreads the asking.
//!
//! ```text
//! set_targets, set_pace, ask_now ──► mailbox ──► engine thread ──► outbox ──► batches of Answer
//!                                                 schedule (who is due, rates)
//!                                                 icmp (Linux) | portable (surge-ping)
//!                                                 round (packets → one Answer)
//! ```
//! Guarantees: a target never has two rounds at once; a fault of our own side (no route, full
//! buffers, lost answers) is a [`RoundError`] that says so and never looks like silence; whoever
//! reads the answers slowly delays nobody's packets.
//! Must not know what an answer means: states are made in `health`.

mod account;
#[cfg(target_os = "linux")]
pub(crate) mod icmp;
mod mailbox;
pub mod names;
mod outbox;
mod portable;
mod round;
pub mod schedule;
pub mod service;
pub mod snmp;
mod tick;

use std::net::IpAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use crate::model::{PingParams, RoundError, Rtts, Source, UnixMs};
pub use account::{Account, Skip};
use mailbox::Mailbox;
use outbox::Outbox;
pub use schedule::PhaseKey;

/// Names a target among those of one [`Prober`]; chosen by the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TargetId(pub u32);

/// Who is to be asked, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Comes back in every [`Answer`].
    pub id: TargetId,
    /// Where the echo requests go. Several targets may share an address.
    pub address: IpAddr,
    /// How one round is sent.
    pub params: PingParams,
    /// Where its packets leave from; `None`: the routing table says.
    pub source: Option<Source>,
    /// Its due turns come before those of others where the rate does not suffice for all, as those
    /// of targets in doubt do: whether we see at all hangs on it.
    pub is_urgent: bool,
    /// Between two rounds at [`Pace::Normal`], in milliseconds.
    pub interval_ms: i64,
    /// Between the beginnings of two rounds at [`Pace::Retry`], in milliseconds.
    pub retry_ms: i64,
    /// Its fixed place within the interval.
    pub phase_key: PhaseKey,
    /// Targets of one group share a packet rate (one parent's line carries them all).
    pub group: u32,
}

/// How often a target is asked; the greater, the harder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub enum Pace {
    /// At its fixed phase, every `interval_ms`.
    #[default]
    Normal,
    /// Every `retry_ms`, as far as the share of retries in the packet rate allows.
    Retry,
    /// As often as [`Pace::Retry`], each round with more packets ([`PingParams::in_doubt`]): a
    /// verdict hangs on these rounds, and chance alone must not give it.
    Doubt,
}

/// What one round brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Who was asked.
    pub target: TargetId,
    /// Wall clock at the first packet's send.
    pub at: UnixMs,
    /// Packets that left this machine.
    pub sent: u8,
    /// Those of them without an echo reply in time.
    pub lost: u8,
    /// The replies' round-trip times, in the order the packets were sent.
    pub rtts: Rtts,
    /// What the network or our own machine said. Faults of our own side appear only when they
    /// spoilt the round; what the network said appears also beside replies.
    pub error: Option<RoundError>,
}

/// Which engine to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum EngineChoice {
    /// On Linux the batched engine on a datagram socket, else on a raw one; elsewhere the
    /// portable one.
    #[default]
    Auto,
    /// The batched engine on raw sockets (`CAP_NET_RAW`).
    Raw,
    /// The batched engine on datagram sockets (`net.ipv4.ping_group_range`).
    Datagram,
    /// surge-ping on a thread of its own.
    Portable,
}

/// What a [`Prober`] is started with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Which engine.
    pub engine: EngineChoice,
    /// Most packets a second in all.
    pub rate_pps: u32,
    /// Most packets a second to the targets of one group.
    pub group_rate_pps: u32,
    /// New targets are asked for the first time spread over this time (or their interval when
    /// that is shorter), in milliseconds.
    pub first_sweep_ms: i64,
}

/// The engine and the kind of socket in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EngineKind {
    /// The batched engine on raw sockets.
    Raw,
    /// The batched engine on datagram sockets.
    Datagram,
    /// surge-ping.
    Portable,
}

/// Counters since the start and gauges of this moment, at most one tick old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// The engine and socket in use.
    pub engine: EngineKind,
    /// Targets in the schedule.
    pub targets: u32,
    /// Rounds begun and not yet answered.
    pub in_flight: u32,
    /// What became of every round that was planned and of every packet that was sent.
    pub account: Account,
    /// Replies to a packet already given up.
    pub late: u64,
    /// Second answers to one packet.
    pub duplicate: u64,
    /// Replies with our identifier but the wrong sequence or token.
    pub stray: u64,
    /// Replies to our packets, by their token, from another address than the one asked.
    pub wrong_source: u64,
    /// Packets that found our receive buffer full; some of them may not have been for us.
    pub overflow: u64,
    /// Sends put off because a buffer or the ring of slots was full.
    pub deferred: u64,
    /// Those of them for want of buffers (`ENOBUFS`): the neighbour table is full (raise
    /// `net.ipv4.neigh.default.gc_thresh3`, likewise `net.ipv6`) or a device's queue.
    pub no_buffers: u64,
    /// Sends our own machine refused.
    pub local_errors: u64,
    /// Answers dropped because nobody read them for too long.
    pub answers_dropped: u64,
    /// The longest a planned round of the last minute waited for its turn, in milliseconds.
    pub lag_ms: i64,
}

impl Stats {
    pub(crate) fn new(engine: EngineKind) -> Self {
        Self {
            engine,
            targets: 0,
            in_flight: 0,
            account: Account::default(),
            late: 0,
            duplicate: 0,
            stray: 0,
            wrong_source: 0,
            overflow: 0,
            deferred: 0,
            no_buffers: 0,
            local_errors: 0,
            answers_dropped: 0,
            lag_ms: 0,
        }
    }

    /// Takes over what the schedule has counted: the turns.
    pub(crate) fn take_turns(&mut self, turns: &Account) {
        let Account { planned, skipped, begun, .. } = *turns;
        self.account = Account { planned, skipped, begun, ..self.account };
    }

    /// The engine and socket in use, for the log and the status page.
    #[must_use]
    pub const fn engine_name(&self) -> &'static str {
        match self.engine {
            EngineKind::Raw => "icmp (raw socket)",
            EngineKind::Datagram => "icmp (datagram socket)",
            EngineKind::Portable => "surge-ping (portable)",
        }
    }
}

/// Why no engine could be started.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Neither kind of socket that was tried is allowed.
    #[error(
        "open an ICMP {tried} socket: {source}. Allow datagram sockets with `sysctl -w \
         net.ipv4.ping_group_range=\"0 2147483647\"`, or raw ones with `setcap cap_net_raw+ep` \
         on the tuantra binary (AmbientCapabilities=CAP_NET_RAW in its systemd unit)"
    )]
    NotPermitted {
        /// The kinds tried.
        tried: &'static str,
        /// What the system said to the last of them.
        source: std::io::Error,
    },
    /// An operation on the socket failed for another reason.
    #[error("{operation} ({kind} ICMP socket, {family}): {source}")]
    Socket {
        /// What was done.
        operation: &'static str,
        /// `datagram`, `raw` or `portable`.
        kind: &'static str,
        /// `IPv4` or `IPv6`.
        family: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The thread or its runtime could not be made.
    #[error("start the probe thread: {0}")]
    Thread(std::io::Error),
    /// The raw and datagram engines exist on Linux only.
    #[error("the {0} ICMP engine needs Linux; use `engine: portable` on this system")]
    NotOnThisSystem(&'static str),
}

/// A running engine on its own thread. Dropping it stops the thread.
#[derive(Debug)]
pub struct Prober {
    mailbox: Arc<Mailbox>,
    thread: Option<JoinHandle<()>>,
}

/// Where a [`Prober`]'s answers arrive: a batch per tick.
pub type Answers = tokio::sync::mpsc::Receiver<Vec<Answer>>;

impl Prober {
    /// Opens the sockets and starts the engine's thread, without any target.
    ///
    /// The answers stop (`None`) when the prober is stopped; dropping the receiver ends the
    /// thread.
    ///
    /// # Errors
    /// [`ProbeError`] when no socket may be opened or the thread cannot be made.
    pub fn start(options: Options) -> Result<(Self, Answers), ProbeError> {
        let (sender, answers) = tokio::sync::mpsc::channel(outbox::BATCHES_MAX);
        let outbox = Outbox::new(sender);
        let (mailbox, thread) = spawn_engine(options, outbox)?;
        Ok((Self { mailbox, thread: Some(thread) }, answers))
    }

    /// Replaces the targets. One with the same id, address and parameters goes on as it was, its
    /// round in flight, phase and pace included; rounds of the others are given up unanswered.
    pub fn set_targets(&self, targets: Vec<Target>) {
        self.mailbox.set_targets(targets);
    }

    /// Changes how often targets are asked; unknown ids are ignored.
    pub fn set_pace(&self, paces: &[(TargetId, Pace)]) {
        self.mailbox.set_pace(paces);
    }

    /// Asks at once, or right after the round in flight; unknown ids are ignored.
    pub fn ask_now(&self, targets: &[TargetId]) {
        self.mailbox.ask_now(targets);
    }

    /// Counters and gauges as of the last tick.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.mailbox.stats()
    }

    /// Ends the thread within 100 ms; rounds in flight are not answered.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        self.mailbox.stop();
        // A panic of the engine has already been printed by its thread and shows as the end of
        // the answers.
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

type Engine = (Arc<Mailbox>, JoinHandle<()>);

#[cfg(target_os = "linux")]
fn spawn_engine(options: Options, outbox: Outbox) -> Result<Engine, ProbeError> {
    match options.engine {
        EngineChoice::Portable => portable::spawn(options, outbox),
        EngineChoice::Auto | EngineChoice::Raw | EngineChoice::Datagram => {
            icmp::spawn(options, outbox)
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn spawn_engine(options: Options, outbox: Outbox) -> Result<Engine, ProbeError> {
    match options.engine {
        EngineChoice::Auto | EngineChoice::Portable => portable::spawn(options, outbox),
        EngineChoice::Raw => Err(ProbeError::NotOnThisSystem("raw")),
        EngineChoice::Datagram => Err(ProbeError::NotOnThisSystem("datagram")),
    }
}
