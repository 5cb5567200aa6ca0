//! Asks services: TCP, HTTP, TLS, DNS, SMTP, IMAP and NTP, and the way to them how large a packet it
//! carries, one file a kind.
//!
//! ```text
//! set, set_pace, ask_now ──► due ──► a task for each check that is being asked ──► next()
//! ```
//! Guarantees: a check has one round at a time, which ends with its time-out whatever the peer does
//! and leaves no task and no descriptor behind; at most [`IN_FLIGHT_MAX`] are asked at once; at
//! [`Pace::Normal`] a check's turns lie on `phase + k × interval`; no name is resolved. A fault of
//! our own side is a [`RoundError`] that says so.
//! Must not know what an answer means: states are made in `health`.

mod certificate;
mod dns;
mod http;
mod mail;
mod mtu;
mod ntp;
mod outcome;
mod tcp;
#[cfg(test)]
mod tests;
mod tls;
mod trust;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::Instant;

use super::Pace;
use super::schedule::PhaseKey;
use crate::model::{RoundError, ServiceAsk, ServiceCheck, ServiceTrouble, Source};
pub use outcome::{Detail, Failure};
pub use trust::{Trust, TrustError};

/// Most checks asked at once: each holds a descriptor, and a process often has no more than 1,024.
pub const IN_FLIGHT_MAX: usize = 256;

/// Names a check among those of one [`Services`]; chosen by the caller, and hashed to its phase.
pub type Key = Arc<str>;

/// A check with its times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Comes back in every [`Said`].
    pub key: Key,
    /// What is asked.
    pub check: Arc<ServiceCheck>,
    /// Where packets leave from that are sent by ICMP; `None`: the routing table says.
    pub source: Option<Source>,
    /// Between two rounds at [`Pace::Normal`], in milliseconds.
    pub interval_ms: i64,
    /// Between the beginnings of two rounds at any other pace, in milliseconds.
    pub retry_ms: i64,
}

/// What one round brought.
#[derive(Debug)]
pub struct Said {
    /// Which check.
    pub key: Key,
    /// How long ago the round began.
    pub ago: Duration,
    /// What came of it.
    pub outcome: Result<Detail, RoundError>,
}

/// Counters since the start, and gauges of this moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Checks in the schedule.
    pub targets: usize,
    /// Rounds begun and not yet over.
    pub in_flight: usize,
    /// Rounds over.
    pub rounds: u64,
    /// How late the latest round began, in milliseconds.
    pub lag_ms: u64,
}

#[derive(Debug)]
struct Entry {
    target: Target,
    pace: Pace,
    due: Instant,
    /// The round that is on its way, and when it began.
    running: Option<(AbortHandle, Instant)>,
    /// Somebody asked for it while it was being asked.
    again: bool,
}

/// What a round's task ends with: which check, when it began, and what came of it.
type Done = (Key, Instant, Result<Detail, Failure>);

/// All checks of services.
#[derive(Debug)]
pub struct Services {
    /// A thread of its own, so that whatever else goes on here is in no service's time; `Some` until
    /// the end.
    runtime: Option<Runtime>,
    trust: Arc<Trust>,
    entries: HashMap<Key, Entry>,
    due: BTreeSet<(Instant, Key)>,
    running: JoinSet<Done>,
    epoch: Instant,
    first_sweep: Duration,
    stats: Stats,
}

impl Services {
    /// Nobody is asked before [`Self::set`]; new checks are asked for the first time within
    /// `first_sweep`, or their interval where that is shorter.
    ///
    /// # Errors
    /// The system's, when no thread can be made.
    pub fn new(trust: Trust, first_sweep: Duration) -> std::io::Result<Self> {
        let threads = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("services")
            .enable_all()
            .build()?;
        Ok(Self {
            runtime: Some(threads),
            trust: Arc::new(trust),
            entries: HashMap::new(),
            due: BTreeSet::new(),
            running: JoinSet::new(),
            epoch: Instant::now(),
            first_sweep,
            stats: Stats::default(),
        })
    }

    /// Replaces the checks. One that stays the same goes on as it was, its round on its way and its
    /// pace included; the rounds of those that are gone or changed are given up.
    pub fn set(&mut self, targets: Vec<Target>) {
        let wanted: HashSet<Key> = targets.iter().map(|target| Arc::clone(&target.key)).collect();
        let gone: Vec<Key> =
            self.entries.keys().filter(|key| !wanted.contains(*key)).cloned().collect();
        gone.iter().for_each(|key| self.remove(key));
        for target in targets {
            let known = self.entries.get(&target.key);
            if known.is_some_and(|known| known.target == target) {
                continue;
            }
            let pace = known.map_or_else(Pace::default, |known| known.pace);
            let key = Arc::clone(&target.key);
            self.remove(&key);
            let due = Instant::now() + self.first_wait(&target);
            self.due.insert((due, Arc::clone(&key)));
            self.entries.insert(key, Entry { target, pace, due, running: None, again: false });
        }
        self.stats.targets = self.entries.len();
    }

    /// Spread by the key, so that a start asks nobody's whole list at once.
    fn first_wait(&self, target: &Target) -> Duration {
        let sweep_us = i64::try_from(self.first_sweep.as_micros()).unwrap_or(i64::MAX);
        let interval_us = target.interval_ms.saturating_mul(1_000);
        micros(PhaseKey::of(&target.key).within_us(sweep_us.min(interval_us).max(1)))
    }

    fn remove(&mut self, key: &Key) {
        let Some(entry) = self.entries.remove(key) else { return };
        self.due.remove(&(entry.due, Arc::clone(key)));
        if let Some((task, _)) = entry.running {
            task.abort();
        }
    }

    /// Changes how often a check is asked; one that is unknown is ignored.
    pub fn set_pace(&mut self, key: &Key, pace: Pace) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        if std::mem::replace(&mut entry.pace, pace) == pace || entry.running.is_some() {
            return;
        }
        let retry = millis(entry.target.retry_ms);
        let now = Instant::now();
        let due = match pace {
            Pace::Normal => next_turn(&entry.target, self.epoch, now),
            Pace::Retry | Pace::Doubt => entry.due.min(now + retry),
        };
        self.plan(key, due);
    }

    /// Asks as soon as there is room, or right after the round on its way.
    pub fn ask_now(&mut self, key: &Key) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        if entry.running.is_some() {
            entry.again = true;
        } else {
            self.plan(key, Instant::now());
        }
    }

    /// Counters and gauges.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats { in_flight: self.running.len(), ..self.stats }
    }

    fn plan(&mut self, key: &Key, due: Instant) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        self.due.remove(&(entry.due, Arc::clone(key)));
        entry.due = due;
        self.due.insert((due, Arc::clone(key)));
    }

    /// The next round that is over; for ever pending while nobody is asked. May be given up at any
    /// time: nothing is lost by it.
    pub async fn next(&mut self) -> Said {
        loop {
            self.begin_due();
            let has_room = self.running.len() < IN_FLIGHT_MAX;
            let next = self.due.first().map(|(due, _)| *due).filter(|_| has_room);
            let wake = async {
                match next {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Some(done) = self.running.join_next(), if !self.running.is_empty() => {
                    let Some((key, began, outcome)) = self.done(done) else { continue };
                    if let Some(said) = self.over(key, began, outcome) {
                        return said;
                    }
                }
                () = wake => {}
            }
        }
    }

    /// What a task brought: nothing where it was given up, a fault of ours where it broke.
    fn done(&self, done: Result<Done, JoinError>) -> Option<Done> {
        let error = match done {
            Ok(done) => return Some(done),
            Err(error) if error.is_cancelled() => return None,
            Err(error) => error,
        };
        self.entries.iter().find_map(|(key, entry)| {
            let (_, began) = entry.running.as_ref().filter(|(task, _)| task.id() == error.id())?;
            Some((Arc::clone(key), *began, Err(Failure::Local(0))))
        })
    }

    fn begin_due(&mut self) {
        let now = Instant::now();
        while self.running.len() < IN_FLIGHT_MAX
            && self.due.first().is_some_and(|(due, _)| *due <= now)
        {
            let Some(runtime) = &self.runtime else { break };
            let Some((due, key)) = self.due.pop_first() else { break };
            let Some(entry) = self.entries.get_mut(&key) else { continue };
            let late = now.saturating_duration_since(due).as_millis();
            self.stats.lag_ms = u64::try_from(late).unwrap_or(u64::MAX);
            let (check, trust) = (Arc::clone(&entry.target.check), Arc::clone(&self.trust));
            let source = entry.target.source.clone();
            let task = async move {
                let outcome = ask(&check, &trust, source.as_ref()).await;
                (key, now, outcome)
            };
            let task = self.running.spawn_on(task, runtime.handle());
            entry.running = Some((task, now));
        }
    }

    /// A round is over: the check's next turn is planned. `None` of a check that is gone.
    fn over(&mut self, key: Key, began: Instant, outcome: Result<Detail, Failure>) -> Option<Said> {
        let entry = self.entries.get_mut(&key)?;
        // Of a check that was replaced the old round may come after all.
        entry.running.take_if(|(_, since)| *since == began)?;
        let now = Instant::now();
        let due = match entry.pace {
            _ if std::mem::take(&mut entry.again) => now,
            Pace::Normal => next_turn(&entry.target, self.epoch, now),
            Pace::Retry | Pace::Doubt => (began + millis(entry.target.retry_ms)).max(now),
        };
        self.plan(&key, due);
        self.stats.rounds += 1;
        let ago = now.saturating_duration_since(began);
        Some(Said { key, ago, outcome: outcome.map_err(RoundError::from) })
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        self.running.abort_all();
        // Its thread ends by itself; nothing that could be lost is on it.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The first turn of a check's fixed phase after `now`.
fn next_turn(target: &Target, epoch: Instant, now: Instant) -> Instant {
    let interval_us = target.interval_ms.max(1).saturating_mul(1_000);
    let passed = now.saturating_duration_since(epoch).as_micros();
    let passed_us = i64::try_from(passed).unwrap_or(i64::MAX);
    let phase = PhaseKey::of(&target.key).within_us(interval_us);
    let wait_us = (phase - passed_us).rem_euclid(interval_us);
    now + micros(if wait_us == 0 { interval_us } else { wait_us })
}

fn micros(us: i64) -> Duration {
    Duration::from_micros(us.max(0).unsigned_abs())
}

fn millis(ms: i64) -> Duration {
    Duration::from_millis(ms.max(0).unsigned_abs())
}

/// One round of a check, within its time-out.
///
/// # Errors
/// [`Failure`]: what the service, the network or our own machine said instead.
pub async fn ask(
    check: &ServiceCheck,
    trust: &Trust,
    source: Option<&Source>,
) -> Result<Detail, Failure> {
    let within = Duration::from_millis(check.timeout_ms.into());
    let asked = async {
        match &check.ask {
            ServiceAsk::Tcp { expect } => tcp::ask(check, expect.as_deref()).await,
            ServiceAsk::Http(http) => http::ask(check, http, trust).await,
            ServiceAsk::Tls(tls) => tls::ask(check, tls, trust).await,
            ServiceAsk::Dns { name, record, answer } => {
                dns::ask(check, name, *record, answer.as_deref()).await
            }
            ServiceAsk::Smtp => mail::smtp(check).await,
            ServiceAsk::Imap => mail::imap(check).await,
            ServiceAsk::Ntp { offset_ms } => ntp::ask(check, *offset_ms).await,
            ServiceAsk::Mtu { least } => mtu::ask(check, *least, source).await,
        }
    };
    let done = tokio::time::timeout(within, asked).await;
    done.unwrap_or(Err(Failure::Service(ServiceTrouble::Silent)))
}
