//! `probe.snmp.traps`: where traps and informs are listened for, and whose.

use std::net::{IpAddr, SocketAddr};

use super::super::yaml::Value;
use super::super::{Config, Traps};
use super::credentials::unknown_hint;
use super::desk::{Desk, Section};
use super::words::cut;
use crate::model::{CredentialId, Message};

/// Reads the section, after the credentials that it names.
pub(super) fn read(desk: &mut Desk<'_>, snmp: &Section<'_>, config: &mut Config) {
    let Some(node) = snmp.get("traps") else { return };
    let told = desk.count();
    let section = desk.section(Some(node), "probe.snmp.traps");
    let credentials = credentials(desk, &section, &config.credential_names);
    if section.get("listen").is_none() {
        // A misspelt key is why it is missing, as a rule.
        if desk.count() == told {
            let hint = Message::new("config.traps_hint");
            desk.error(Some(node.defined), Message::new("config.traps_no_listen"), Some(hint));
        }
        return;
    }
    let Some(listen) = listen(desk, &section) else { return };
    if config.credential_names.is_empty() {
        let hint = Message::new("config.traps_unheard_hint");
        desk.warning(Some(node.defined), Message::new("config.traps_unheard"), Some(hint));
    }
    config.traps = Some(Traps { listen, credentials });
}

/// An address of this machine with a port.
fn listen(desk: &mut Desk<'_>, section: &Section<'_>) -> Option<SocketAddr> {
    let text = desk.text(section, "listen")?;
    let parsed = text.parse::<SocketAddr>().ok();
    let is_own = |at: &SocketAddr| !at.ip().is_multicast() && at.port() != 0;
    let found = parsed.filter(is_own);
    if found.is_none() {
        let message = Message::new("config.not_listen").with("value", cut(&text));
        // The port is what is left out, as a rule.
        let hint = match text.parse::<IpAddr>() {
            Ok(address) => {
                Message::new("config.listen_port_hint").with("value", SocketAddr::new(address, 162))
            }
            Err(_) => Message::new("config.traps_hint"),
        };
        desk.error(section.place("listen"), message, Some(hint));
    }
    found
}

fn credentials(
    desk: &mut Desk<'_>,
    section: &Section<'_>,
    known: &[String],
) -> Option<Vec<CredentialId>> {
    section.get("credentials")?;
    let mut found = Vec::new();
    for item in desk.items(section, "credentials") {
        let name = match &item.value {
            Value::Text(name) => name.as_str(),
            _ => "",
        };
        match CredentialId::new(name) {
            Ok(id) if known.iter().any(|known| known == name) => found.push(id),
            _ => {
                let message = Message::new("config.unknown_credential").with("name", cut(name));
                desk.error(Some(item.defined), message, Some(unknown_hint(name, known)));
            }
        }
    }
    Some(found)
}
