//! Which device is meant, where it is and what it is asked with.

use std::net::IpAddr;

use anyhow::bail;

use super::Which;
use crate::cli::context;
use crate::config::Config;
use crate::locale::{Lang, fold, visible};
use crate::model::{Check, Credential, Inventory, Security, Subject};
use crate::t;

impl Device {
    /// What it is asked with: `SNMPv2c, “core”, port 161, 3 times`.
    pub(super) fn way(&self, lang: Lang) -> String {
        let version = match self.credential.security {
            Security::V1 { .. } => "v1",
            Security::V2c { .. } => "v2c",
            Security::V3 { .. } => "v3",
        };
        let (credential, port) = (&self.credential.id, self.credential.port);
        t!(
            lang,
            "snmp.way",
            version = version,
            credential = credential,
            port = port,
            tries = self.tries
        )
    }
}

/// Most devices listed.
const MAX_LISTED: usize = 20;

/// Who is asked, and how.
#[derive(Debug)]
pub(super) struct Device {
    /// Its id; an address that is no device's stands for itself.
    pub(super) name: String,
    /// Where.
    pub(super) address: IpAddr,
    /// With what.
    pub(super) credential: Credential,
    /// How often a question is put before nobody is there.
    pub(super) tries: u32,
}

/// The device that was typed.
///
/// # Errors
/// No single device is meant, it has no address or no credential, or that credential's secrets cannot
/// be had (printed).
pub(super) fn find(config: &Config, which: &Which) -> anyhow::Result<Device> {
    let lang = config.language;
    let inventory = context::inventory(config)?;
    let typed = which.device.trim().parse::<IpAddr>().ok().map(|address| address.to_canonical());
    let subject = match typed {
        // An address may be a device's, and then is asked with that one's credential.
        Some(address) => devices(&inventory).find(|s| address_of(s) == Some(address)),
        None => Some(named(config, &inventory, which.device.trim())?),
    };
    let name = subject.map_or_else(|| which.device.clone(), |subject| subject.id.to_string());
    let address = which.address.or(typed).or(subject.and_then(address_of));
    let Some(address) = address else {
        bail!(t!(lang, "snmp.no_address", device = visible(&name)))
    };
    let own = subject.and_then(Subject::device).and_then(|device| device.snmp.as_ref());
    let Some(wanted) = which.credential.as_deref().or(own.map(|id| id.as_str())) else {
        bail!(t!(lang, "snmp.device_without_credential", device = visible(&name)))
    };
    let tries = u32::from(config.snmp.retries) + 1;
    Ok(Device { name, address, credential: credential(config, wanted)?, tries })
}

fn devices(inventory: &Inventory) -> impl Iterator<Item = &Subject> {
    inventory.subjects.iter().filter(|subject| subject.device().is_some())
}

/// The address that the first check asks of those that ask no name.
pub(in crate::cli) fn address_of(device: &Subject) -> Option<IpAddr> {
    device.checks.iter().find_map(Check::own_address)
}

/// By id; else by a part of the id or of the name, where it is one device's only.
pub(in crate::cli) fn named<'i>(
    config: &Config,
    inventory: &'i Inventory,
    word: &str,
) -> anyhow::Result<&'i Subject> {
    let lang = config.language;
    if let Some(device) = devices(inventory).find(|device| device.id.as_str() == word) {
        return Ok(device);
    }
    let wanted = fold(word);
    let fits = |device: &&Subject| {
        !wanted.is_empty()
            && (device.id.as_str().contains(&wanted) || fold(&device.name).contains(&wanted))
    };
    let found: Vec<&Subject> = devices(inventory).filter(fits).collect();
    match found.as_slice() {
        [only] => Ok(only),
        [] => bail!(t!(lang, "snmp.no_device", name = visible(word))),
        several => {
            let mut text = t!(lang, "snmp.several_devices", name = visible(word));
            for device in several.iter().take(MAX_LISTED) {
                text.push_str(&format!("\n  {}  {}", device.id, visible(&device.name)));
            }
            if several.len() > MAX_LISTED {
                text.push_str("\n  …");
            }
            bail!(text)
        }
    }
}

/// The credential of a name, its secrets fetched; the others' may be out of this user's reach.
pub(in crate::cli) fn credential(config: &Config, name: &str) -> anyhow::Result<Credential> {
    let lang = config.language;
    let is_meant = |id: &str| id == name;
    let credentials =
        config.credentials.iter().filter(|credential| is_meant(credential.id.as_str()));
    let alone = Config { credentials: credentials.cloned().collect(), ..config.clone() };
    if alone.credentials.is_empty() {
        let known = config.credential_names.join(", ");
        if known.is_empty() {
            bail!(t!(lang, "snmp.no_credentials", name = visible(name)));
        }
        bail!(t!(lang, "snmp.no_credential", name = visible(name), known = known));
    }
    let fetched = context::credentials(&alone)?;
    fetched.into_iter().next().ok_or_else(|| context::Told(super::super::EXIT_USAGE).into())
}
