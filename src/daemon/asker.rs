//! Asks devices by SNMP beside the pings, and reads what they say.
//!
//! ```text
//! agents ──► turns ──answers──► read by the device's profile ──► Heard ──► patrol
//!              ▲                        │ more is due at once
//!              └────────────────────────┘
//! ```
//! Guarantees: nothing here waits for a device but [`Asker::next`], which may be given up at any
//! time; what a device says is read at the same pace as it is asked. Must not judge.

use std::collections::HashMap;
use std::sync::Arc;

use super::agents::Agent;
use crate::model::{Credential, CredentialId, DeviceId, SnmpParams, UnixMs};
use crate::probe::snmp::ask::{Alike, Answers};
use crate::probe::snmp::profile::Profiles;
use crate::probe::snmp::reading::{self, DeviceReading, Memory, Pass};
use crate::probe::snmp::{Net, Patrol, SnmpError, Target, Turn};

/// Most passes of a device in one round; what is due then waits for the next one.
const PASSES_MAX: u8 = 6;
/// Nobody is asked again sooner than so long after his last answer, whatever waits for it.
const AGAIN_MS_MIN: i64 = 2_000;

/// All devices that are asked.
pub(super) struct Asker {
    turns: Patrol<Net>,
    params: SnmpParams,
    profiles: Profiles,
    /// In boxes: a third of a table's places are empty.
    known: HashMap<DeviceId, Box<Known>>,
    alike: Alike,
    started: UnixMs,
}

/// A device between two passes.
struct Known {
    agent: Arc<Agent>,
    target: Target,
    memory: Memory,
    /// What it is asked next.
    pass: Pass,
    round: Round,
    /// When its last turn was over.
    last_turn: UnixMs,
}

/// What has been done in a device's round.
#[derive(Debug, Clone, Copy, Default)]
struct Round {
    began: Option<UnixMs>,
    passes: u8,
    is_device_told: bool,
    are_lines_told: bool,
}

/// What came of a pass.
pub(super) struct Heard {
    /// Who was asked, and for whom.
    pub agent: Arc<Agent>,
    /// When it was asked.
    pub asked: UnixMs,
    /// What it said.
    pub outcome: Result<DeviceReading, SnmpError>,
    /// It counts as a round of the device's own check: one a turn does.
    pub is_device_round: bool,
    /// It counts as a round of the lines' checks.
    pub is_lines_round: bool,
}

impl Asker {
    /// Nobody is asked before [`Self::set`].
    pub(super) fn new(params: SnmpParams, started: UnixMs) -> Self {
        Self {
            turns: Patrol::new(Arc::new(Net::new(params, started)), params),
            params,
            profiles: Profiles::default(),
            known: HashMap::new(),
            alike: Alike::default(),
            started,
        }
    }

    /// Reads devices by these profiles from the next turn on.
    pub(super) fn set_profiles(&mut self, profiles: Profiles) {
        self.profiles = profiles;
    }

    /// Replaces those that are asked. Who stays keeps what is known of him; whoever's credential is
    /// not there is not asked.
    pub(super) fn set(
        &mut self,
        agents: Vec<Agent>,
        credentials: &HashMap<CredentialId, Arc<Credential>>,
        params: SnmpParams,
        now: UnixMs,
    ) {
        let is_anew = params != self.params;
        if is_anew {
            self.params = params;
            self.turns = Patrol::new(Arc::new(Net::new(params, self.started)), params);
        }
        let mut old = std::mem::take(&mut self.known);
        let mut targets = Vec::with_capacity(agents.len());
        for agent in agents {
            let Some(credential) = credentials.get(&agent.credential) else { continue };
            let target = Target {
                device: agent.id.clone(),
                address: agent.address,
                credential: Arc::clone(credential),
                group: agent.group,
            };
            targets.push(target.clone());
            let kept = old.remove(&agent.id);
            let is_same = |k: &Known| {
                k.agent.address == agent.address && k.agent.credential == agent.credential
            };
            let known = match kept.filter(|kept| is_same(kept)) {
                Some(kept) => {
                    let stays = kept.target == target && !is_anew;
                    let pass = if stays { kept.pass } else { Pass::Identity };
                    let round = if stays { kept.round } else { Round::default() };
                    Known { agent: Arc::new(agent), target, pass, round, ..*kept }
                }
                None => Known {
                    agent: Arc::new(agent),
                    target,
                    memory: Memory::default(),
                    pass: Pass::Identity,
                    round: Round::default(),
                    last_turn: now,
                },
            };
            self.known.insert(known.target.device.clone(), Box::new(known));
        }
        let memory = Memory::default();
        let profile = memory.profile(&self.profiles);
        let first = reading::wanted(Pass::Identity, profile, &memory);
        self.turns.set_targets(targets, &Arc::new(first));
    }

    /// The next turn that is over; for ever pending while nobody is asked.
    pub(super) async fn next(&mut self) -> Turn {
        self.turns.next().await
    }

    /// Reads what a turn brought and decides what the device is asked next; `None` of one that is
    /// no longer asked.
    pub(super) fn take(&mut self, turn: Turn, now: UnixMs) -> Option<Heard> {
        let known = self.known.get_mut(&turn.device)?;
        let took_ms = i64::try_from(turn.took.as_millis()).unwrap_or(i64::MAX);
        let asked = UnixMs(now.0.saturating_sub(took_ms));
        let pass = known.pass;
        let profile = known.memory.profile(&self.profiles);
        let mut read =
            |answers: &Answers| reading::read(pass, answers, now, profile, &mut known.memory);
        let outcome = match turn.outcome {
            Ok(answers) => Ok(read(&answers)),
            Err(error) => {
                if pass == Pass::Neighbours {
                    // Who tells nobody of his neighbours is not asked for them every minute.
                    read(&Answers::default());
                }
                Err(error)
            }
        };
        known.last_turn = now;
        let is_whole = matches!(pass, Pass::Cycle | Pass::Facts);
        let (is_device_round, is_lines_round) = match &outcome {
            Ok(reading) => (is_whole, is_whole && reading.are_interfaces_sure),
            // What was heard in this round already counts more than what then failed.
            Err(_) => (pass != Pass::Neighbours, pass != Pass::Neighbours),
        };
        let heard = Heard {
            agent: Arc::clone(&known.agent),
            asked,
            is_device_round: is_device_round && !known.round.is_device_told,
            is_lines_round: is_lines_round && !known.round.are_lines_told,
            outcome,
        };
        known.round.is_device_told |= is_device_round;
        known.round.are_lines_told |= is_lines_round;
        self.go_on(&turn.device, asked, now, heard.outcome.is_ok());
        Some(heard)
    }

    /// What is asked next, and whether at once.
    fn go_on(&mut self, device: &DeviceId, asked: UnixMs, now: UnixMs, was_heard: bool) {
        let Some(known) = self.known.get_mut(device) else { return };
        let profile = known.memory.profile(&self.profiles);
        let began = *known.round.began.get_or_insert(asked);
        known.round.passes += 1;
        let more = known.memory.due(began, profile);
        let more = more.filter(|_| was_heard && known.round.passes < PASSES_MAX);
        let is_more = more.is_some();
        if !is_more {
            known.round = Round::default();
        }
        let next = more.or_else(|| known.memory.due(now + self.params.interval_ms, profile));
        known.pass = next.unwrap_or(Pass::Cycle);
        let wanted = reading::wanted(known.pass, profile, &known.memory);
        self.turns.set_wanted(device, self.alike.share(wanted));
        if is_more {
            self.turns.ask_soon(device);
        }
    }

    /// Brings forward whoever is due sooner than the patrol's interval has it: those who are asked
    /// nothing else, and those for whom a verdict waits.
    pub(super) fn hurry(&mut self, now: UnixMs, is_urgent: impl Fn(&Agent) -> bool) {
        for (device, known) in &self.known {
            let own_ms = known.agent.interval_ms.filter(|ms| *ms < self.params.interval_ms);
            let urgent_ms = is_urgent(&known.agent).then_some(known.agent.retry_ms);
            let Some(every_ms) = urgent_ms.or(own_ms) else { continue };
            let since_ms = now.since(known.last_turn);
            // A clock that was set back must not silence anybody.
            if since_ms >= every_ms.max(AGAIN_MS_MIN) || since_ms < 0 {
                self.turns.ask_soon(device);
            }
        }
    }

    /// Asks as soon as there is room; false of one that is being asked at this moment, and of one
    /// that is not asked at all.
    pub(super) fn ask_soon(&mut self, device: &DeviceId) -> bool {
        self.turns.ask_soon(device)
    }

    /// True of one that is asked at all.
    pub(super) fn is_asked(&self, device: &DeviceId) -> bool {
        self.known.contains_key(device)
    }

    /// What ping knows: a silent device that answers it is asked again sooner.
    pub(super) fn set_answers_ping(&mut self, device: &DeviceId, answers: bool) {
        self.turns.set_answers_ping(device, answers);
    }

    /// Who is asked for a subject.
    pub(super) fn agents(&self) -> impl Iterator<Item = &Arc<Agent>> {
        self.known.values().map(|known| &known.agent)
    }
}
