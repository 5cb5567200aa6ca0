//! What devices say of themselves, as rounds, evidence, facts, points and events.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use serde_json::json;

use super::Patrol;
use super::seen::Seen;
use crate::daemon::agents::meaning::{self, LineEnd, Remembered};
use crate::daemon::agents::{Agent, Place, agents};
use crate::daemon::asker::Heard;
use crate::daemon::resume::Past;
use crate::health::{Effect, Evidence, Watch};
use crate::inventory::drift;
use crate::model::{
    Credential, CredentialId, DeviceId, Neighbour, Round, RoundError, Rtts, Sample, Severity,
    State, SubjectId, SubjectIx, Threshold, UnixMs,
};
use crate::probe::snmp::SnmpError;
use crate::probe::snmp::interfaces::{self, Status};
use crate::probe::snmp::profile::Profiles;
use crate::probe::snmp::reading::{DeviceReading, Pass};
use crate::store::{EventKind, Fact, Reading, Sighting};

/// What is remembered of devices between two passes.
#[derive(Debug, Default)]
pub(super) struct Devices {
    /// By check: what is beyond its threshold.
    watches: HashMap<(SubjectId, u8), Watch>,
    /// By line: whether its interface has been seen.
    ends: HashMap<(SubjectId, u8), Remembered>,
    /// By device: the newest value of each fact, as the store has it.
    facts: BTreeMap<SubjectId, BTreeMap<Arc<str>, Arc<str>>>,
    /// By device that was looked at: who stands at its cables, in order.
    pub(super) cables: BTreeMap<SubjectId, Vec<Neighbour>>,
    /// The addresses that the inventory has asked.
    pub(super) ours: HashSet<IpAddr>,
    /// By device and address of the inventory: the card that has it, since we started.
    pub(super) cards: HashMap<(SubjectId, u32, IpAddr), [u8; 6]>,
    /// By device: the interfaces whose speed the inventory says something of.
    watched: HashMap<DeviceId, BTreeSet<String>>,
    /// By device: what it said last.
    pub(super) seen: BTreeMap<SubjectId, Seen>,
    credentials: HashMap<CredentialId, Arc<Credential>>,
}

impl Devices {
    /// With what the store remembers of devices.
    pub(super) fn new(past: &Past) -> Self {
        let known = |sightings: &Vec<Sighting>| {
            sightings.iter().map(|s| (Arc::clone(&s.key), Arc::clone(&s.value))).collect()
        };
        let facts = past.sightings.iter().map(|(id, seen)| (id.clone(), known(seen))).collect();
        let mut cables = past.cables.clone();
        cables.values_mut().for_each(|all| all.sort());
        Self { facts, cables, ..Self::default() }
    }

    /// A credential whose secrets could be had.
    pub(super) fn credential(&self, id: &CredentialId) -> Option<&Credential> {
        self.credentials.get(id).map(AsRef::as_ref)
    }

    /// The name that a line's interface had when it was last seen.
    pub(super) fn end_of(&self, line: &SubjectId) -> Option<&Arc<str>> {
        let mut ends = self.ends.iter().filter(|((id, _), _)| id == line);
        ends.find_map(|(_, remembered)| remembered.name())
    }
}

impl Patrol {
    /// Fetches the secrets of the credentials; one that cannot be had is told in the log, and what
    /// needs it is not asked.
    pub(super) fn fetch_credentials(&mut self) {
        let (found, missing) = self.config.fetch_credentials(Severity::Error);
        for diagnostic in missing {
            let place = diagnostic.place.map_or(0, |place| place.line);
            let what = diagnostic.message.key;
            tracing::error!(
                what,
                line = place,
                "a credential cannot be had: who needs it is not asked"
            );
        }
        let by_id = |credential: Credential| (credential.id.clone(), Arc::new(credential));
        self.devices.credentials = found.into_iter().map(by_id).collect();
    }

    /// Reads the profiles of devices. They were found sound when the configuration was; what is
    /// wrong with them by now is told in the log, and the built-in ones serve in its place.
    pub(super) fn read_profiles(&mut self) {
        let (profiles, found) = Profiles::load(self.config.snmp_profiles.as_deref());
        for diagnostic in found {
            let file = diagnostic.place.as_ref().map(|place| place.file.display().to_string());
            tracing::error!(
                what = diagnostic.message.key,
                file,
                "a profile of devices is left out"
            );
        }
        self.asker.set_profiles(profiles);
    }

    /// Tells the asker whom to ask by SNMP: what is in force now.
    pub(super) fn follow_devices(&mut self, now: UnixMs) {
        let inventory = Arc::clone(self.inventory());
        let is_known = |id: &SubjectId| inventory.find_subject(id.as_str()).is_some();
        self.devices.seen.retain(|id, _| is_known(id));
        self.devices.cables.retain(|id, _| is_known(id));
        self.devices.cards.retain(|(id, ..), _| is_known(id));
        self.devices.watches.retain(|(id, _), _| is_known(id));
        self.devices.ends.retain(|(id, _), _| is_known(id));
        self.devices.watched = drift::watched(&inventory);
        let asked = inventory.subjects.iter().flat_map(|subject| &subject.checks);
        self.devices.ours = asked.map(|check| check.kind.address()).collect();
        let agents = agents(&inventory, now);
        self.asker.set(agents, &self.devices.credentials, self.config.snmp, now);
        let known: Vec<Arc<Agent>> = self.asker.agents().cloned().collect();
        for agent in known {
            if let Some(live) = self.answers_ping(&agent) {
                self.asker.set_answers_ping(&agent.id, live);
            }
        }
        self.follow_traps(now);
    }

    /// Whether the device itself answers ping, by its last verdict; `None` where it is not pinged,
    /// or not known.
    fn answers_ping(&self, agent: &Agent) -> Option<bool> {
        let pinged = agent.devices.iter().find(|place| place.check > 0)?;
        let view = self.health.view(pinged.subject);
        let verdict = view.verdict.filter(|v| v.state != State::Unmeasured)?;
        Some(verdict.state.is_live() && view.suspect == 0)
    }

    /// A device recovered, or does not answer any more: what it says of the time in between is of
    /// interest at once, and who is silent is left alone.
    pub(super) fn device_turned(&mut self, subject: SubjectIx) {
        let concerned = |agent: &&Arc<Agent>| {
            agent.devices.iter().any(|place| place.subject == subject && place.check > 0)
        };
        let agents: Vec<Arc<Agent>> = self.asker.agents().filter(concerned).cloned().collect();
        for agent in agents {
            let Some(live) = self.answers_ping(&agent) else { continue };
            self.asker.set_answers_ping(&agent.id, live);
            if live {
                self.asker.ask_soon(&agent.id);
            }
        }
    }

    /// A verdict waits for the subject: who is asked by SNMP alone is asked for it now.
    pub(super) fn ask_devices_of(&mut self, subject: SubjectIx) {
        if !self.targets.of(subject).is_empty() {
            return;
        }
        let is_asked = |agent: &&Arc<Agent>| {
            let lines = agent.lines.iter().map(|line| line.place);
            agent.devices.iter().copied().chain(lines).any(|place| place.subject == subject)
        };
        let ids: Vec<_> = self.asker.agents().filter(is_asked).map(|a| a.id.clone()).collect();
        for id in &ids {
            self.asker.ask_soon(id);
        }
    }

    /// Brings forward whom a verdict waits for.
    pub(super) fn hurry_devices(&mut self, now: UnixMs) {
        let Self { asker, retrying, health, .. } = self;
        asker.hurry(now, |agent| {
            let waits = |place: Place| retrying.contains(&place.subject);
            let is_there = agent
                .devices
                .iter()
                .filter(|place| place.check > 0)
                .all(|place| health.verdict(place.subject).is_none_or(|v| v.state.is_live()));
            let lines = agent.lines.iter().map(|line| line.place);
            let alone = agent.devices.iter().copied().filter(|place| place.check == 0);
            is_there && lines.chain(alone).any(waits)
        });
    }

    /// Takes in what came of asking a device.
    pub(in crate::daemon) fn heard(&mut self, heard: &Heard, now: UnixMs) {
        let mut effects = Vec::new();
        self.remember(heard);
        match &heard.outcome {
            Ok(reading) => {
                self.evidence(heard, reading, now, &mut effects);
                self.facts(heard, reading);
                self.neighbours(heard, reading);
                self.points(heard, reading);
            }
            Err(error) => self.unheard(heard, error),
        }
        for round in self.rounds(heard) {
            let id = self.id(round.subject);
            self.batch.samples.push((id, Sample::from(&round).into()));
            self.health.round(&round, now, &mut effects);
            match round.check {
                0 if round.is_invalid() => self.recents[round.subject.ix()].miss(),
                0 => self.recents[round.subject.ix()].hear(&round),
                _ => {}
            }
            self.dirty.insert(round.subject);
        }
        self.health.settle(now, &mut effects);
        self.perform(effects, now);
        self.submit_news();
    }

    fn remember(&mut self, heard: &Heard) {
        for place in &heard.agent.devices {
            let id = self.health.inventory().subject(place.subject).id.clone();
            let seen = self.devices.seen.entry(id).or_default();
            seen.asked = heard.asked;
            match &heard.outcome {
                Ok(reading) => {
                    seen.heard = Some(reading.at);
                    seen.trouble = None;
                    if matches!(reading.pass, Pass::Cycle | Pass::Facts) {
                        seen.take(reading, &heard.agent.lines);
                    }
                }
                Err(error) => seen.trouble = meaning::trouble(error).or(seen.trouble),
            }
        }
    }

    /// What tells line from power, and that a device restarted.
    fn evidence(
        &mut self,
        heard: &Heard,
        reading: &DeviceReading,
        now: UnixMs,
        effects: &mut Vec<Effect>,
    ) {
        let at = reading.at;
        for place in &heard.agent.devices {
            if let Some(uptime_ms) = reading.uptime.ms {
                let evidence = Evidence::Uptime { at, uptime_ms };
                self.health.evidence(place.subject, evidence, now, effects);
            }
            if let Some(is_on) = reading.ups.as_ref().and_then(|ups| ups.is_on_battery) {
                let evidence = Evidence::Battery { at, is_on };
                self.health.evidence(place.subject, evidence, now, effects);
            }
            let id = self.id(place.subject);
            if let Some(booted) = reading.uptime.restarted {
                tracing::info!(device = %id, %booted, "restarted");
                let detail = json!({ "booted": booted, "boots": reading.uptime.boots });
                self.event(at, EventKind::Restarted, Some(id.clone()), detail);
            }
            if reading.uptime.have_boots_gone_back {
                let detail = json!({ "boots": reading.uptime.boots });
                self.event(at, EventKind::IdentityChanged, Some(id), detail);
            }
        }
    }

    /// What the device says it is; what is another thing than before is an event.
    fn facts(&mut self, heard: &Heard, reading: &DeviceReading) {
        if reading.facts.is_empty() {
            return;
        }
        let at = reading.at;
        let sightings: Vec<Sighting> = reading
            .facts
            .iter()
            .map(|(kind, value)| Sighting {
                key: kind.as_str().into(),
                value: value.as_str().into(),
                first: at,
                last: at,
            })
            .collect();
        for place in &heard.agent.devices {
            let id = self.id(place.subject);
            let mut sightings = sightings.clone();
            sightings.extend(self.speeds(place.subject, reading));
            let known = self.devices.facts.entry(id.clone()).or_default();
            let mut changed = Vec::new();
            for Sighting { key, value, .. } in &sightings {
                let before = known.insert(Arc::clone(key), Arc::clone(value));
                // What was cut says nothing of what stands behind the cut.
                let before = before.filter(|b| b != value && !value.ends_with(drift::MORE));
                changed.extend(before.map(|b| (key, b, value)));
            }
            let changed: Vec<_> = changed
                .into_iter()
                .map(|(key, from, to)| json!({ "fact": key, "from": from, "to": to }))
                .collect();
            for detail in changed {
                tracing::info!(device = %id, %detail, "says that it is something else");
                self.event(at, EventKind::FactChanged, Some(id.clone()), detail);
            }
            self.batch.facts.push(Fact::Said { subject: id, sightings });
        }
    }

    /// What the interfaces run at that the inventory says something of; of one that is down there is
    /// nothing to say.
    fn speeds(&self, device: SubjectIx, reading: &DeviceReading) -> Vec<Sighting> {
        if !reading.are_interfaces_sure {
            return Vec::new();
        }
        let at = reading.at;
        let of = |interface: &String| {
            let found = interfaces::find(&reading.interfaces, interface)?;
            let speed_bps =
                found.speed_bps.filter(|_| !found.status.is_some_and(Status::is_down))?;
            Some(Sighting {
                key: drift::speed_key(interface).into(),
                value: speed_bps.to_string().into(),
                first: at,
                last: at,
            })
        };
        let watched = |id: &DeviceId| self.devices.watched.get(id);
        let own = self.health.inventory().subject(device).device();
        own.and_then(|own| watched(&own.id)).into_iter().flatten().filter_map(of).collect()
    }

    fn points(&mut self, heard: &Heard, reading: &DeviceReading) {
        if reading.points.is_empty() {
            return;
        }
        for place in &heard.agent.devices {
            let id = self.health.inventory().subject(place.subject).id.clone();
            self.batch.samples.push((id, Reading::Moment(reading.points.clone())));
        }
    }

    fn unheard(&mut self, heard: &Heard, error: &SnmpError) {
        match error {
            SnmpError::Local { what } => {
                tracing::warn!(device = %heard.agent.id, error = %what, "cannot ask by SNMP");
            }
            SnmpError::IdentityChanged => {
                for place in &heard.agent.devices {
                    let id = self.id(place.subject);
                    tracing::warn!(device = %id, "answers as another device than before");
                    let detail = json!({ "error": error.to_string() });
                    self.event(heard.asked, EventKind::IdentityChanged, Some(id), detail);
                }
            }
            _ => tracing::debug!(device = %heard.agent.id, %error, "not heard by SNMP"),
        }
    }

    /// The rounds that the outcome is, one for each check that it answers.
    fn rounds(&mut self, heard: &Heard) -> Vec<Round> {
        let mut rounds = Vec::new();
        if heard.is_device_round {
            for place in &heard.agent.devices {
                rounds.extend(self.device_round(heard, *place));
            }
        }
        if heard.is_lines_round {
            for line in &heard.agent.lines {
                let id = self.id(line.place.subject);
                let key = (id, line.place.check);
                let end = match &heard.outcome {
                    Ok(reading) => {
                        let remembered = self.devices.ends.entry(key.clone()).or_default();
                        meaning::line_end(reading, line, remembered)
                    }
                    Err(error) => meaning::trouble(error).map(LineEnd::Unknown),
                };
                let (lost, error) = match end {
                    None => continue,
                    Some(LineEnd::Down(error)) => (1, Some(error)),
                    Some(LineEnd::Unknown(trouble)) => (0, Some(RoundError::Snmp(trouble))),
                    Some(LineEnd::Works(said)) => {
                        let watch = self.devices.watches.entry(key).or_default();
                        (0, watch.look(&said, &line.place.limits).map(RoundError::Over))
                    }
                };
                rounds.push(round(heard, line.place, lost, error));
            }
        }
        rounds
    }

    fn device_round(&mut self, heard: &Heard, place: Place) -> Option<Round> {
        match &heard.outcome {
            Ok(reading) => {
                let key = (self.id(place.subject), place.check);
                let watch = self.devices.watches.entry(key).or_default();
                let over = watch.look(&meaning::said(reading), &place.limits);
                self.log_over(place, over);
                Some(round(heard, place, 0, over.map(RoundError::Over)))
            }
            Err(error) => {
                let trouble = meaning::trouble(error)?;
                // That a device that is gone says nothing is no news of its agent.
                let view = self.health.view(place.subject);
                let is_gone = view.suspect > 0 || view.verdict.is_some_and(|v| v.state.is_outage());
                if place.check > 0 && is_gone {
                    return None;
                }
                Some(round(heard, place, 1, Some(RoundError::Snmp(trouble))))
            }
        }
    }

    fn log_over(&self, place: Place, over: Option<Threshold>) {
        if let Some(threshold) = over {
            let id = &self.inventory().subject(place.subject).id;
            tracing::debug!(device = %id, over = threshold.as_str(), "beyond its threshold");
        }
    }
}

fn round(heard: &Heard, place: Place, lost: u8, error: Option<RoundError>) -> Round {
    Round {
        subject: place.subject,
        check: place.check,
        at: heard.asked,
        sent: 1,
        lost,
        rtts: Rtts::default(),
        error,
    }
}
