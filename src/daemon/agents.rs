//! Who is asked by SNMP and for whom: one device tells of itself and of the lines that end at it.
//! Pure, as is what its answers come to ([`meaning`]).

pub(super) mod meaning;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::model::{
    CheckKind, CredentialId, DeviceId, Inventory, Limits, Subject, SubjectIx, UnixMs,
};

/// A device that is asked with one credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Agent {
    /// Names it among those that are asked.
    pub id: DeviceId,
    /// Who is asked.
    pub address: IpAddr,
    /// With what.
    pub credential: CredentialId,
    /// What is reached through one thing shares its line.
    pub group: u32,
    /// Whose SNMP check it is: the device's own, as a rule.
    pub devices: Vec<Place>,
    /// The lines that end at it.
    pub lines: Vec<Line>,
    /// How often it must be asked because somebody is asked nothing else; `None`: as all are.
    pub interval_ms: Option<i64>,
    /// How often while a verdict waits for it.
    pub retry_ms: i64,
}

/// A subject with the place of the check among its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Whose.
    pub subject: SubjectIx,
    /// Which.
    pub check: u8,
    /// What may be said before it is trouble.
    pub limits: Limits,
}

/// A line and its end at the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Whose check it is.
    pub place: Place,
    /// The interface, as the inventory names it.
    pub interface: Arc<str>,
    /// Contracted, each way, bits a second.
    pub contracted_bps: Option<u64>,
}

/// Everybody who is asked by SNMP in what is in force at `now`, by their names.
pub(super) fn agents(inventory: &Inventory, now: UnixMs) -> Vec<Agent> {
    let mut found: BTreeMap<(IpAddr, CredentialId), Agent> = BTreeMap::new();
    for ix in inventory.subject_ixs() {
        let subject = inventory.subject(ix);
        if !subject.exists_at(now) || !subject.is_enabled {
            continue;
        }
        for (check, number) in subject.checks.iter().zip(0_u8..) {
            let Some(credential) = check.kind.credential() else { continue };
            let Some(id) = asked_device(subject) else { continue };
            let address = check.kind.address();
            let agent = found.entry((address, credential.clone())).or_insert_with(|| Agent {
                id: id.clone(),
                address,
                credential: credential.clone(),
                group: u32::MAX,
                devices: Vec::new(),
                lines: Vec::new(),
                interval_ms: None,
                retry_ms: subject.health.retry_ms,
            });
            agent.retry_ms = agent.retry_ms.min(subject.health.retry_ms);
            if number == 0 {
                let interval_ms = subject.health.interval_ms;
                agent.interval_ms =
                    Some(agent.interval_ms.map_or(interval_ms, |ms| ms.min(interval_ms)));
            }
            let place = Place { subject: ix, check: number, limits: subject.limits };
            match &check.kind {
                CheckKind::Interface { interface, .. } => {
                    let contracted = subject.connection().and_then(|c| c.bandwidth_kbps);
                    agent.lines.push(Line {
                        place,
                        interface: Arc::clone(interface),
                        contracted_bps: contracted.map(|kbps| kbps.saturating_mul(1_000)),
                    });
                }
                CheckKind::Snmp { .. } | CheckKind::Ping { .. } | CheckKind::Service(_) => {
                    agent.devices.push(place);
                    agent.group = subject.via.subjects().first().map_or(u32::MAX, |s| s.0);
                }
            }
        }
    }
    let mut agents: Vec<Agent> = found.into_values().collect();
    agents.sort_by(|a, b| a.id.cmp(&b.id));
    // Somebody who is asked with two credentials, or at two addresses, is two.
    let mut at = 1;
    while at < agents.len() {
        if agents[at].id == agents[at - 1].id {
            let own = format!("{}/{}", agents[at].id, agents[at].credential);
            let other = format!("{own}.{at}");
            let is_free = |id: &DeviceId| agents.iter().all(|agent| agent.id != *id);
            let id = [own, other].iter().find_map(|id| DeviceId::new(id).ok().filter(is_free));
            match id {
                Some(id) => agents[at].id = id,
                None => {
                    agents.remove(at);
                    continue;
                }
            }
        }
        at += 1;
    }
    agents
}

/// The device that is asked for a subject: itself, or the one that a line ends at.
fn asked_device(subject: &Subject) -> Option<&DeviceId> {
    match subject.device() {
        Some(device) => Some(&device.id),
        None => subject.connection()?.device.as_ref(),
    }
}
