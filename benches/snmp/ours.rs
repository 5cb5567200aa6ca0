//! Our own side, each kind in a process of its own, so that its processor time and memory are its
//! own, too.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use jiff::tz::TimeZone;
use tuantra::health::{self, Effect, Health, Said, Watch};
use tuantra::model::{
    Credential, CredentialId, DeviceId, Inventory, Limits, Round, RoundError, Rtts, Sample, Secret,
    Security, SnmpParams, SnmpTrouble, StateInterval, SubjectId, SubjectIx, UnixMs,
};
use tuantra::probe::snmp::ask::{Alike, Wanted};
use tuantra::probe::snmp::profile::Profiles;
use tuantra::probe::snmp::reading::{self, Memory, Pass};
use tuantra::probe::snmp::{Learned, Net, Patrol, Session, Target, Turn, mib};
use tuantra::store::{Batch, Fact, OpenOptions, Reading, Store};

use crate::Cost;
use crate::farm::{COMMUNITY, INTERFACES, address};
use crate::machine;

/// Devices that are asked at the same time, as the daemon's default has it.
const IN_FLIGHT: u16 = 300;
/// Samples that are handed over before the second is over.
const SAMPLES_TOGETHER: usize = 10_000;
/// Of the virtual clock.
const BEGAN: UnixMs = UnixMs(1_790_000_000_000);
/// What the devices believe to be a minute passes between two questions.
const CYCLE_MS: i64 = 60_000;

/// What the goal names: uptime, status and octets.
pub fn wanted() -> Wanted {
    Wanted {
        scalars: vec![mib::oid(mib::SYS_UP_TIME)],
        columns: [mib::IF_OPER_STATUS, mib::IF_HC_IN_OCTETS, mib::IF_HC_OUT_OCTETS]
            .map(mib::oid)
            .to_vec(),
    }
}

/// Values in an answer to [`wanted`].
pub const VALUES: usize = 1 + 3 * INTERFACES as usize;

pub fn params(interval: Duration) -> SnmpParams {
    SnmpParams {
        interval_ms: i64::try_from(interval.as_millis()).unwrap(),
        in_flight: IN_FLIGHT,
        // No bound here: how fast it goes is what is measured.
        group_rate_pps: 10_000,
        ..SnmpParams::default()
    }
}

pub fn credential(port: u16) -> Credential {
    let community = Secret::new(COMMUNITY);
    let id = CredentialId::new("farm").unwrap();
    Credential { id, security: Security::V2c { community }, port }
}

fn runtime() -> tokio::runtime::Runtime {
    // As the daemon has it: the patrol has its thread to itself.
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// [`Session::ask`] alone: all devices, some hundreds at once, so many times.
pub fn exchange(port: u16, devices: u32, cycles: u32) -> Cost {
    runtime().block_on(async {
        let net = Net::new(params(Duration::from_secs(60)), BEGAN);
        let (credential, wanted) = (credential(port), wanted());
        let mut sessions: Vec<Session> = Vec::new();
        for n in 0..devices {
            let to = IpAddr::V4(address(n));
            let session = net.session(to, &credential, Learned::default(), None).await;
            sessions.push(session.unwrap());
        }
        let (wanted, mut lost) = (&wanted, 0);
        let mut begun = (Duration::ZERO, Duration::ZERO);
        // In the first two rounds it is learnt how much they can say at once.
        for cycle in 0..cycles + 2 {
            if cycle == 2 {
                (begun, lost) = ((machine::process_cpu(), machine::wall()), 0);
            }
            let asked = sessions.iter_mut().map(|session| session.ask(wanted));
            let mut asked = futures_util::stream::iter(asked).buffer_unordered(IN_FLIGHT.into());
            while let Some(outcome) = asked.next().await {
                lost += u32::from(!outcome.is_ok_and(|answers| answers.len() == VALUES));
            }
        }
        let (cpu, wall) = (machine::process_cpu() - begun.0, machine::wall() - begun.1);
        let devices = devices * cycles;
        Cost { devices, cpu, wall, lost, given_up: 0, peak_mib: machine::peak_mib() }
    })
}

/// One device between two turns, as the daemon keeps it.
struct Known {
    subject: SubjectIx,
    id: SubjectId,
    memory: Memory,
    watch: Watch,
    pass: Pass,
    passes: u8,
    cycles: u32,
}

/// What is asked in each round.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// What the goal names.
    Goal,
    /// All that the daemon asks.
    Whole,
}

struct All {
    began: Instant,
    interval: Duration,
    asked: Asked,
    patrol: Patrol<Net>,
    profiles: Profiles,
    known: HashMap<DeviceId, Box<Known>>,
    /// As the daemon does it, what many devices are asked is kept once.
    alike: Alike,
    goal: Arc<Wanted>,
    health: Health,
    store: Store,
    limits: Limits,
    batch: Batch,
    /// Turns of whole rounds since it was settled what the devices are.
    turns: u32,
    lost: u32,
    /// So many rounds of a device are not counted.
    warm: u32,
}

fn inventory(devices: u32) -> Inventory {
    use std::fmt::Write as _;
    let folder = tempfile::tempdir().unwrap();
    let mut text = "units:\n  - { id: tinh, name: Tỉnh, kind: province }\ndevices:\n".to_owned();
    for n in 0..devices {
        let at = address(n);
        writeln!(
            text,
            "  - {{ id: d-{n}, unit: tinh, role: switch, address: {at}, via: [], snmp: farm, \
             checks: [snmp], health: {{ interval: 60s }} }}"
        )
        .unwrap();
    }
    std::fs::write(folder.path().join("farm.yaml"), text).unwrap();
    let defaults = tuantra::inventory::Defaults::default();
    let loaded = tuantra::inventory::load(folder.path(), &defaults, &TimeZone::UTC);
    loaded.inventory.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics))
}

impl All {
    fn new(
        port: u16,
        devices: u32,
        interval: Duration,
        asked: Asked,
        folder: &std::path::Path,
    ) -> Self {
        let inventory = Arc::new(inventory(devices));
        let params = params(interval);
        let credential = Arc::new(credential(port));
        let mut patrol = Patrol::new(Arc::new(Net::new(params, BEGAN)), params);
        let (mut targets, mut known) = (Vec::new(), HashMap::new());
        for (subject, n) in inventory.subject_ixs().zip(0_u32..) {
            let id = inventory.subject(subject).id.clone();
            let device = inventory.subject(subject).device().unwrap().id.clone();
            targets.push(Target {
                device: device.clone(),
                address: inventory.subject(subject).checks[0].kind.address(),
                credential: Arc::clone(&credential),
                group: n % 64,
            });
            let (memory, watch) = (Memory::default(), Watch::default());
            let (pass, passes, cycles) = (Pass::Identity, 0, 0);
            let one = Known { subject, id, memory, watch, pass, passes, cycles };
            known.insert(device, Box::new(one));
        }
        let profiles = Profiles::default();
        let memory = Memory::default();
        let first = reading::wanted(Pass::Identity, memory.profile(&profiles), &memory);
        patrol.set_targets(targets, &Arc::new(first));
        let mut effects = Vec::new();
        let (settings, past) = (health::Settings::default(), health::Memory::default());
        let health = Health::new(Arc::clone(&inventory), settings, past, BEGAN, &mut effects);
        let options = OpenOptions { now: BEGAN, pid: std::process::id() };
        let store = Store::open(&folder.join("farm.db"), &options).unwrap();
        let mut all = Self {
            began: machine::instant(),
            interval,
            asked,
            patrol,
            profiles,
            known,
            alike: Alike::default(),
            goal: Arc::new(wanted()),
            health,
            store,
            limits: Limits::default(),
            batch: Batch::default(),
            turns: 0,
            lost: 0,
            warm: 2,
        };
        all.perform(effects);
        all
    }

    /// The devices' clock: one of their minutes passes in an interval.
    fn now(&self) -> UnixMs {
        let cycles = self.began.elapsed().as_secs_f64() / self.interval.as_secs_f64();
        BEGAN + (cycles * CYCLE_MS as f64) as i64
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if let Effect::Record { subject, entries } = effect {
                let id = |s: SubjectIx| self.health.inventory().subject(s).id.clone();
                let ends = entries.iter().skip(1).map(|e| Some(e.from)).chain([None]);
                let intervals = entries.iter().zip(ends).map(|(e, to)| StateInterval {
                    from: e.from,
                    to,
                    state: e.state,
                    cause: e.cause.map(id),
                });
                let (from, intervals) = (entries[0].from, intervals.collect());
                let fact = Fact::Intervals { subject: id(subject), from, intervals };
                self.batch.facts.push(fact);
            }
        }
        // As the daemon does it: what changes a record goes at once, what was measured each second.
        if !self.batch.facts.is_empty() || self.batch.samples.len() >= SAMPLES_TOGETHER {
            self.submit();
        }
    }

    fn submit(&mut self) {
        if !self.batch.facts.is_empty() || !self.batch.samples.is_empty() {
            self.store.submit(std::mem::take(&mut self.batch));
        }
    }

    fn tick(&mut self) {
        let (now, mut effects) = (self.now(), Vec::new());
        self.health.tick(now, &mut effects);
        self.health.settle(now, &mut effects);
        self.perform(effects);
        self.submit();
    }

    /// Reads, judges and stores a turn as the daemon does, and says what is asked next.
    fn take(&mut self, turn: Turn) {
        let now = self.now();
        let known = self.known.get_mut(&turn.device).unwrap();
        let profile = known.memory.profile(&self.profiles);
        let is_round = matches!(known.pass, Pass::Cycle | Pass::Facts);
        let mut effects = Vec::new();
        let is_goal = self.asked == Asked::Goal && known.cycles >= self.warm;
        let (lost, error) = match &turn.outcome {
            Ok(answers) => {
                if is_goal && answers.len() != VALUES {
                    self.lost += 1;
                }
                let read = reading::read(known.pass, answers, now, profile, &mut known.memory);
                if let Some(uptime_ms) = read.uptime.ms {
                    let evidence = health::Evidence::Uptime { at: now, uptime_ms };
                    self.health.evidence(known.subject, evidence, now, &mut effects);
                }
                if !read.points.is_empty() {
                    self.batch.samples.push((known.id.clone(), Reading::Moment(read.points)));
                }
                (0, known.watch.look(&Said::default(), &self.limits).map(RoundError::Over))
            }
            Err(_) => {
                self.lost += u32::from(known.cycles >= self.warm);
                (1, Some(RoundError::Snmp(SnmpTrouble::Silent)))
            }
        };
        if is_round {
            let (subject, rtts) = (known.subject, Rtts::default());
            let round = Round { subject, check: 0, at: now, sent: 1, lost, rtts, error };
            self.batch.samples.push((known.id.clone(), Sample::from(&round).into()));
            self.health.round(&round, now, &mut effects);
            known.cycles += 1;
            self.turns += u32::from(known.cycles > self.warm);
        }
        known.passes += 1;
        let profile = known.memory.profile(&self.profiles);
        let tick = now - i64::from(CYCLE_MS as i32 / 2);
        let more = known.memory.due(tick, profile);
        let more = more.filter(|_| turn.outcome.is_ok() && known.passes < 6 && !is_goal);
        if more.is_none() {
            known.passes = 0;
        }
        let next = more.or_else(|| known.memory.due(now + CYCLE_MS, profile));
        known.pass = next.unwrap_or(Pass::Cycle);
        let mut wanted = self.alike.share(reading::wanted(known.pass, profile, &known.memory));
        if self.asked == Asked::Goal && known.cycles >= self.warm {
            (known.pass, wanted) = (Pass::Cycle, Arc::clone(&self.goal));
        }
        self.patrol.set_wanted(&turn.device, wanted);
        if more.is_some() {
            self.patrol.ask_soon(&turn.device);
        }
        self.health.settle(now, &mut effects);
        self.perform(effects);
    }

    async fn run(&mut self, until: u32) {
        let mut tick = tokio::time::interval(self.interval / 60);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while self.turns < until {
            tokio::select! {
                turn = self.patrol.next() => self.take(turn),
                _ = tick.tick() => self.tick(),
            }
        }
    }
}

/// Asked, judged, stored: all devices in each interval, so many intervals.
pub fn all(port: u16, devices: u32, cycles: u32, interval: Duration, asked: Asked) -> Cost {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let mut all = All::new(port, devices, interval, asked, folder.path());
        // As the daemon does before it begins.
        tuantra::memory::forget_start();
        tuantra::memory::trim();
        // One interval more, in which it learns how much they can say at once.
        all.run(devices).await;
        all.submit();
        all.store.flush_blocking().unwrap();
        let (cpu, wall, turns, lost) =
            (machine::process_cpu(), machine::wall(), all.turns, all.lost);
        all.run(devices * (1 + cycles)).await;
        all.submit();
        all.store.flush_blocking().unwrap();
        let (cpu, wall) = (machine::process_cpu() - cpu, machine::wall() - wall);
        let given_up = u32::try_from(all.store.status().dropped_samples).unwrap();
        Cost {
            devices: all.turns - turns,
            cpu,
            wall,
            lost: all.lost - lost,
            given_up,
            peak_mib: machine::peak_mib(),
        }
    })
}
