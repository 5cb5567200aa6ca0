//! Asks addresses: by ping whether anything is there, by SNMP what it is.
//!
//! ```text
//! addresses ──► ping, at a bounded rate ──answers──► SNMP, credential by credential ──► Found
//! ```
//! Guarantees: nobody is asked but whom it is given; at most `rate` packets a second are begun, half
//! of them pings; it may be ended at any time and keeps what it has.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::cli::snmp::told;
use crate::config::Config;
use crate::daemon::{clock, engine};
use crate::model::{Credential, CredentialId, PingParams, SnmpParams};
use crate::probe::snmp::facts::FactKind;
use crate::probe::snmp::neighbours::{Address, Neighbour};
use crate::probe::snmp::profile::Profiles;
use crate::probe::snmp::reading::{DeviceReading, Memory};
use crate::probe::snmp::{Learned, Net, Rate, SnmpError};
use crate::probe::{Options, PhaseKey, ProbeError, Prober, Target, TargetId};

/// Devices asked by SNMP at the same time.
const ASKED_AT_ONCE: usize = 64;
/// Pings of an address: one that is lost hides nobody.
const PING: PingParams =
    PingParams { count: 2, spacing_ms: 300, timeout_ms: 1_000, ..PingParams::DEFAULT };
/// Longest wait for an answer that the ping engine owes.
const GRACE: Duration = Duration::from_secs(30);
/// How often progress is told.
const PROGRESS: Duration = Duration::from_millis(250);
const DAY_MS: i64 = 86_400_000;

/// What a device says of itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    /// What it answers to.
    pub credential: Option<CredentialId>,
    /// What it is.
    pub facts: BTreeMap<FactKind, String>,
    /// The profile that read it.
    pub profile: String,
    /// How many interfaces it has.
    pub ports: usize,
    /// It has a battery of its own.
    pub has_ups: bool,
    /// At the other ends of its cables.
    pub neighbours: Vec<Neighbour>,
    /// Network cards it knows.
    pub cards: Vec<Address>,
}

impl Said {
    /// A fact that is told and not empty.
    pub(super) fn fact(&self, kind: FactKind) -> Option<&str> {
        self.facts.get(&kind).map(|text| text.trim()).filter(|text| !text.is_empty())
    }
}

/// Somebody who answered.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Where.
    pub address: IpAddr,
    /// What it says by SNMP; `None`: nothing, or it has not been asked yet.
    pub said: Option<Said>,
}

impl Found {
    /// One that answers ping.
    const fn silent(address: IpAddr) -> Self {
        Self { address, said: None }
    }
}

/// How far it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// Addresses in all.
    pub total: usize,
    /// Those that are done with.
    pub done: usize,
    /// Those that answered.
    pub alive: usize,
    /// Those that said what they are.
    pub told: usize,
}

/// What addresses are asked with.
pub(super) struct Way {
    /// In the order in which they are tried.
    pub credentials: Vec<Arc<Credential>>,
    /// Packets a second.
    pub rate: u32,
    /// Ask by SNMP whoever does not answer ping, too.
    pub is_ping_left_out: bool,
}

/// Asks by SNMP.
struct Asker {
    net: Net,
    rate: Arc<Rate>,
    profiles: Profiles,
    credentials: Vec<Arc<Credential>>,
}

/// Everything that is asked in one run of the command.
pub(super) struct Search {
    config: Config,
    way: Way,
    asker: Arc<Asker>,
    known: BTreeMap<IpAddr, Found>,
    asked: HashSet<IpAddr>,
    progress: Progress,
}

impl Search {
    /// Nobody is asked yet.
    pub(super) fn new(config: &Config, way: Way) -> Self {
        let params = SnmpParams { retries: config.snmp.retries.min(1), ..config.snmp };
        let asker = Asker {
            net: Net::new(params, clock::now()),
            rate: Arc::new(Rate::new((way.rate / 2).max(1))),
            profiles: Profiles::default(),
            credentials: way.credentials.clone(),
        };
        Self {
            config: config.clone(),
            way,
            asker: Arc::new(asker),
            known: BTreeMap::new(),
            asked: HashSet::new(),
            progress: Progress::default(),
        }
    }

    /// Who was found so far, by address.
    pub(super) fn found(&self) -> impl Iterator<Item = &Found> {
        self.known.values()
    }

    /// How far it is.
    pub(super) fn progress(&self) -> Progress {
        self.progress
    }

    /// Asks those of the addresses that were not asked yet; `tell` hears how far it is. What was
    /// found is kept when this is given up.
    ///
    /// # Errors
    /// [`ProbeError`] when this machine lets nobody ping.
    pub(super) async fn ask(
        &mut self,
        addresses: &[IpAddr],
        mut tell: impl FnMut(Progress),
    ) -> Result<(), ProbeError> {
        let new: Vec<IpAddr> =
            addresses.iter().copied().filter(|address| self.asked.insert(*address)).collect();
        if new.is_empty() {
            return Ok(());
        }
        self.progress.total += new.len();
        let mut waiting: VecDeque<IpAddr> = VecDeque::new();
        let mut pings = None;
        if self.way.is_ping_left_out {
            waiting.extend(&new);
        } else {
            pings = Some(self.start_pings(&new)?);
        }
        let mut unanswered = if pings.is_some() { new.len() } else { 0 };
        let deadline = tokio::time::Instant::now() + self.pings_take(new.len()) + GRACE;
        let mut asked: JoinSet<Found> = JoinSet::new();
        let mut told = tokio::time::interval(PROGRESS);
        loop {
            while asked.len() < ASKED_AT_ONCE {
                let Some(address) = waiting.pop_front() else { break };
                let asker = Arc::clone(&self.asker);
                asked.spawn(async move { Found { address, said: asker.identify(address).await } });
            }
            if unanswered == 0 && waiting.is_empty() && asked.is_empty() {
                break;
            }
            tokio::select! {
                batch = next_batch(&mut pings), if unanswered > 0 => {
                    // An engine that ended owes no answer any more.
                    let Some(batch) = batch else { unanswered = 0; continue };
                    for answer in batch {
                        let place = usize::try_from(answer.target.0).unwrap_or(usize::MAX);
                        let Some(address) = new.get(place) else { continue };
                        unanswered = unanswered.saturating_sub(1);
                        if answer.lost < answer.sent {
                            self.progress.alive += 1;
                            // It is there, whatever it then says and whenever this is ended.
                            self.known.insert(*address, Found::silent(*address));
                            waiting.push_back(*address);
                        } else {
                            self.progress.done += 1;
                        }
                    }
                }
                Some(found) = asked.join_next(), if !asked.is_empty() => {
                    self.progress.done += 1;
                    // One that failed told nothing.
                    let Ok(found) = found else { continue };
                    if found.said.is_some() {
                        self.progress.told += 1;
                        let before = self.known.insert(found.address, found);
                        self.progress.alive += usize::from(before.is_none());
                    }
                }
                () = tokio::time::sleep_until(deadline), if unanswered > 0 => unanswered = 0,
                _ = told.tick() => tell(self.progress),
            }
        }
        tell(self.progress);
        Ok(())
    }

    /// Packets a second that are pings.
    fn ping_rate(&self) -> u32 {
        self.way.rate.div_ceil(2).max(1)
    }

    fn pings_take(&self, addresses: usize) -> Duration {
        let packets = addresses as u64 * u64::from(PING.count);
        let round_ms = u64::try_from(PING.round_ms()).unwrap_or(0);
        Duration::from_millis(packets * 1_000 / u64::from(self.ping_rate()) + round_ms)
    }

    fn start_pings(
        &self,
        addresses: &[IpAddr],
    ) -> Result<(Prober, crate::probe::Answers), ProbeError> {
        let sweep = i64::try_from(self.pings_take(addresses.len()).as_millis()).unwrap_or(DAY_MS);
        let rate_pps = self.ping_rate();
        let (prober, answers) = Prober::start(Options {
            engine: engine(self.config.engine),
            rate_pps,
            group_rate_pps: rate_pps,
            first_sweep_ms: sweep,
        })?;
        let target = |(address, place): (&IpAddr, u32)| Target {
            id: TargetId(place),
            address: *address,
            params: PING,
            // Longer than any sweep: each is asked once.
            interval_ms: DAY_MS,
            retry_ms: DAY_MS,
            source: None,
            is_urgent: false,
            phase_key: PhaseKey::of(&address.to_string()),
            group: u32::MAX,
        };
        prober.set_targets(addresses.iter().zip(0_u32..).map(target).collect());
        Ok((prober, answers))
    }
}

/// The next batch of the pings; for ever pending where nobody pings.
async fn next_batch(
    pings: &mut Option<(Prober, crate::probe::Answers)>,
) -> Option<Vec<crate::probe::Answer>> {
    match pings {
        Some((_, answers)) => answers.recv().await,
        None => std::future::pending().await,
    }
}

impl Asker {
    /// What a device says, to the first credential that it answers.
    async fn identify(&self, address: IpAddr) -> Option<Said> {
        for credential in &self.credentials {
            if let Ok((memory, readings)) = self.read(address, credential).await {
                let profile = memory.profile(&self.profiles).name.clone();
                return Some(said(credential, profile, &readings));
            }
        }
        None
    }

    async fn read(
        &self,
        address: IpAddr,
        credential: &Credential,
    ) -> Result<(Memory, Vec<DeviceReading>), SnmpError> {
        let rate = Some(Arc::clone(&self.rate));
        let mut session = self.net.session(address, credential, Learned::default(), rate).await?;
        let mut memory = Memory::default();
        let readings = told::round(&mut session, &self.profiles, &mut memory).await?;
        Ok((memory, readings))
    }
}

fn said(credential: &Credential, profile: String, readings: &[DeviceReading]) -> Said {
    let facts = readings.iter().flat_map(|reading| &reading.facts);
    Said {
        credential: Some(credential.id.clone()),
        facts: facts.map(|(kind, text)| (*kind, text.to_string())).collect(),
        profile,
        ports: readings.iter().map(|reading| reading.interfaces.len()).max().unwrap_or(0),
        has_ups: readings.iter().any(|reading| reading.ups.is_some()),
        neighbours: readings.iter().flat_map(|reading| reading.neighbours.clone()).collect(),
        cards: readings.iter().flat_map(|reading| reading.addresses.clone()).collect(),
    }
}
