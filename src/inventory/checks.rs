//! How subjects are asked: the checks in their order, with the addresses, credentials and interfaces
//! that their devices have.

use std::net::IpAddr;
use std::sync::Arc;

use super::drafts::Draft;
use super::place::{At, Desk, Finding};
use super::raw::{RawCheck, RawKind};
use crate::model::{Check, CheckKind, Message, ServiceCheck};

/// Why a check cannot be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lack {
    /// There is no device to be asked.
    Device,
    /// The device has no credential.
    Credential,
    /// Nobody says which interface.
    Interface,
    /// There is no address. Of a connection's first check that is a warning of its own.
    Address,
    /// There is no address at which the service could be asked.
    ServiceAddress,
}

/// How a subject is asked; the first check is primary. A ping without an address asks the subject's
/// own, else that of the interface or the device it ends at. A device with a credential is asked by
/// SNMP besides, unless it is not asked at all. What cannot be asked is left out.
pub(super) fn checks(draft: &Draft<'_>, drafts: &[Draft<'_>]) -> Vec<Check> {
    let mut checks: Vec<Check> = Vec::new();
    for raw in listed(draft) {
        let Ok((kind, name)) = kind(&raw, draft, drafts) else { continue };
        // What an interface's device says of it is believed; what else it says only degrades.
        let critical = raw.critical.unwrap_or(matches!(raw.kind, RawKind::Interface(_)));
        if checks.iter().all(|known| (&known.kind, &known.name) != (&kind, &name)) {
            checks.push(Check { kind, critical, name });
        }
    }
    if let Some(primary) = checks.first_mut() {
        primary.critical = true;
    }
    // Mostly one, where there was room for four.
    checks.shrink_to_fit();
    checks
}

/// Reports the checks that are written and cannot be asked.
pub(super) fn check(desk: &mut Desk, drafts: &[Draft<'_>]) {
    for draft in drafts {
        for raw in listed(draft) {
            let Err(lack) = kind(&raw, draft, drafts) else { continue };
            // Of the checks that nobody wrote only a service's own is told about.
            let at = raw.at.or((lack == Lack::ServiceAddress).then_some(draft.raw.at));
            if let Some(at) = at {
                report(desk, draft, at, lack);
            }
        }
    }
}

fn report(desk: &mut Desk, draft: &Draft<'_>, at: At, lack: Lack) {
    let (message, hint) = match lack {
        // A device that is named and unknown is reported as that.
        Lack::Device if draft.link.as_ref().is_some_and(|l| l.raw.device.is_some()) => return,
        Lack::Device => ("check.snmp_without_device", "check.snmp_without_device_hint"),
        Lack::Credential => ("check.snmp_without_credential", "check.snmp_without_credential_hint"),
        Lack::Interface => ("check.interface_without_name", "check.interface_without_name_hint"),
        // An address that is wrong is reported as that.
        Lack::ServiceAddress if draft.raw.has_address => return,
        Lack::ServiceAddress => ("check.service_without_address", "check.service_address_hint"),
        Lack::Address => return,
    };
    let message = Message::new(message).with("id", &draft.raw.id);
    // Nobody wrote the check that a service's `url` or `port` implies: it is not measured.
    let is_implied = lack == Lack::ServiceAddress && draft.raw.asked.are_checks_implied;
    let finding = match is_implied {
        true => Finding::warning(at, message),
        false => Finding::error(at, message),
    };
    desk.report(finding.hint(Message::new(hint)));
}

/// The checks as written, and those that nobody has to write.
fn listed(draft: &Draft<'_>) -> Vec<RawCheck> {
    let implied = |kind| RawCheck { at: None, kind, critical: None };
    let written = draft.raw.asked.checks.clone();
    let mut listed = written.unwrap_or_else(|| vec![implied(RawKind::Ping(None))]);
    let has_credential = draft.device().is_some_and(|device| device.snmp.is_some());
    let is_asked = listed.iter().any(|check| matches!(check.kind, RawKind::Snmp(_)));
    if has_credential && !is_asked && !listed.is_empty() {
        listed.push(implied(RawKind::Snmp(None)));
    }
    listed
}

/// What stands in the place of an address that is looked up.
const LOOKED_UP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);

/// How it is asked, and the name whose address is looked up, where nobody says an address.
fn kind(
    raw: &RawCheck,
    draft: &Draft<'_>,
    drafts: &[Draft<'_>],
) -> Result<(CheckKind, Option<Arc<str>>), Lack> {
    let own = || own_address(draft, drafts);
    let found = |address: Option<IpAddr>, name: Option<&Arc<str>>, lack| match (address, name) {
        (Some(address), _) => Ok((address, None)),
        (None, Some(name)) => Ok((LOOKED_UP, Some(Arc::clone(name)))),
        (None, None) => Err(lack),
    };
    Ok((
        match &raw.kind {
            RawKind::Ping(address) => {
                let name = draft.raw.asked.host_name.as_ref();
                let (address, name) = found(address.or_else(own), name, Lack::Address)?;
                return Ok((CheckKind::Ping { address, params: draft.raw.asked.ping }, name));
            }
            RawKind::PingName(name) => {
                let kind = CheckKind::Ping { address: LOOKED_UP, params: draft.raw.asked.ping };
                return Ok((kind, Some(Arc::clone(name))));
            }
            RawKind::Service(service) => {
                let address = service.address.or_else(own);
                let (address, name) = found(address, service.name.as_ref(), Lack::ServiceAddress)?;
                let service = CheckKind::Service(Arc::new(ServiceCheck {
                    address,
                    port: service.port,
                    timeout_ms: service.timeout_ms,
                    ask: service.ask.clone(),
                }));
                return Ok((service, name));
            }
            RawKind::Snmp(named) => {
                let device = device_of(draft, drafts).ok_or(Lack::Device)?;
                let own = device.device().and_then(|device| device.snmp.as_ref());
                let credential = named.as_ref().or(own).ok_or(Lack::Credential)?;
                let address = device_address(device).ok_or(Lack::Address)?;
                CheckKind::Snmp { address, credential: credential.0.clone().into() }
            }
            RawKind::Interface(named) => {
                let device = device_of(draft, drafts).ok_or(Lack::Device)?;
                let own = device.device().and_then(|device| device.snmp.as_ref());
                let credential = own.ok_or(Lack::Credential)?;
                let ends_at = draft.link.as_ref().and_then(|link| link.raw.interface.as_deref());
                let interface = named.as_deref().or(ends_at).ok_or(Lack::Interface)?;
                let address = device_address(device).ok_or(Lack::Address)?;
                let credential = credential.0.clone().into();
                CheckKind::Interface { address, credential, interface: interface.into() }
            }
        },
        None,
    ))
}

/// Who is asked by SNMP: the device itself, or the one that a connection ends at.
fn device_of<'d, 'r>(draft: &'d Draft<'r>, drafts: &'d [Draft<'r>]) -> Option<&'d Draft<'r>> {
    if draft.device().is_some() {
        return Some(draft);
    }
    draft.link.as_ref().and_then(|link| link.device).map(|device| &drafts[device])
}

/// Its own address, else the first of its interfaces'.
fn device_address(device: &Draft<'_>) -> Option<IpAddr> {
    let interfaces = device.device().map_or(&[][..], |d| &d.addresses);
    let first = interfaces.first().map(|(_, address, _)| *address);
    device.raw.address.map(|(address, _)| address).or(first)
}

/// Who is pinged where nothing else is said.
fn own_address(draft: &Draft<'_>, drafts: &[Draft<'_>]) -> Option<IpAddr> {
    let named = draft.raw.address.map(|(address, _)| address).or(draft.raw.asked.host);
    named.or_else(|| {
        let link = draft.link.as_ref()?;
        let device = &drafts[link.device?];
        let interfaces = device.device().map_or(&[][..], |d| &d.addresses);
        let interface = link.raw.interface.as_deref();
        let interface = interfaces.iter().find(|(name, ..)| Some(name.as_str()) == interface);
        interface.map(|(_, address, _)| *address).or(device.raw.address.map(|(a, _)| a))
    })
}
