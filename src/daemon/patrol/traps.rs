//! Traps as reasons to ask.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use super::Patrol;
use crate::model::{Credential, DeviceId, Security, SubjectIx, UnixMs};
use crate::probe::snmp::traps::{Listening, Trap};

impl Patrol {
    /// Listens as the configuration says, to those whom the inventory knows.
    pub(super) fn follow_traps(&mut self, now: UnixMs) {
        let sources = self.trap_sources(now);
        self.traps.set_sources(sources);
        let listening = self.config.traps.as_ref().map(|traps| Listening {
            listen: traps.listen,
            credentials: self.trap_credentials(traps.credentials.as_deref()),
            engine_file: self.config.store.with_extension("engine"),
        });
        self.traps.follow(listening);
    }

    /// In the order of the file. Of two users of one name the first counts.
    fn trap_credentials(&self, wanted: Option<&[crate::model::CredentialId]>) -> Vec<Credential> {
        let mut users: HashMap<String, String> = HashMap::new();
        let mut found = Vec::new();
        for named in &self.config.credentials {
            if wanted.is_some_and(|wanted| !wanted.contains(&named.id)) {
                continue;
            }
            let Some(credential) = self.devices.credential(&named.id) else { continue };
            if let Security::V3 { user, .. } = &credential.security {
                if let Some(first) = users.get(user) {
                    tracing::debug!(
                        credential = %named.id, %first, %user,
                        "traps of this user are believed with the first credential's keys only"
                    );
                    continue;
                }
                users.insert(user.clone(), named.id.to_string());
            }
            found.push(credential.clone());
        }
        found
    }

    /// Every address of the inventory's devices, and of the lines that end at them, with whom to
    /// ask when something comes from there.
    fn trap_sources(&self, now: UnixMs) -> HashMap<IpAddr, Vec<DeviceId>> {
        let inventory = self.inventory();
        let mut agents: HashMap<&DeviceId, Vec<&DeviceId>> = HashMap::new();
        let is_there = |ix: SubjectIx| {
            let subject = inventory.subject(ix);
            subject.exists_at(now) && subject.is_enabled
        };
        for agent in self.asker.agents() {
            let own = agent.devices.iter().map(|place| place.subject);
            let ends = agent.lines.iter().map(|line| line.place.subject);
            for ix in own.chain(ends) {
                let subject = inventory.subject(ix);
                let line = || subject.connection().and_then(|line| line.device.as_ref());
                // The inventory's own words live as long as it does.
                if let Some(device) = subject.device().map(|device| &device.id).or_else(line) {
                    agents.entry(device).or_default().push(&agent.id);
                }
            }
        }
        let mut sources: HashMap<IpAddr, HashSet<&DeviceId>> = HashMap::new();
        for ix in inventory.subject_ixs().filter(|ix| is_there(*ix)) {
            let subject = inventory.subject(ix);
            let (device, further) = match (subject.device(), subject.connection()) {
                (Some(device), _) => (&device.id, device.addresses.as_slice()),
                (_, Some(line)) => match &line.device {
                    Some(device) => (device, &[][..]),
                    None => continue,
                },
                _ => continue,
            };
            let asked = subject.checks.iter().map(|check| check.kind.address());
            for address in asked.chain(further.iter().copied()) {
                let ids = agents.get(device).into_iter().flatten().copied();
                sources.entry(address).or_default().extend(ids);
            }
        }
        let owned = |ids: HashSet<&DeviceId>| ids.into_iter().cloned().collect();
        sources.into_iter().map(|(address, ids)| (address, owned(ids))).collect()
    }

    /// Something came unasked: its device is asked what it is about.
    pub(in crate::daemon) fn trap(&mut self, trap: &Trap, now: UnixMs) {
        let devices = self.traps.take(trap, now);
        for device in &devices {
            let (about, from) = (trap.about.as_str(), trap.from);
            tracing::info!(%device, about, %from, "asked sooner, for a trap");
        }
        self.ask_for_traps(&devices, now);
    }

    /// Asks those whose traps came too soon after others.
    pub(super) fn hurry_trapped(&mut self, now: UnixMs) {
        let devices = self.traps.due(now);
        self.ask_for_traps(&devices, now);
    }

    fn ask_for_traps(&mut self, devices: &[DeviceId], now: UnixMs) {
        for device in devices {
            if !self.asker.ask_soon(device) && self.asker.is_asked(device) {
                self.traps.owe(device, now);
            }
        }
    }
}
