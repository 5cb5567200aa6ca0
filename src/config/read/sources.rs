//! `probe.icmp.source` and `sources`: where pings leave from, for all and for single networks.

use super::super::{Config, MAX_SOURCES, NetworkSource};
use super::desk::{Desk, Section};
use super::words::cut;
use crate::model::{Message, NetworkId, Source};

/// Reads both keys; whether the networks exist is for [`Config::check_networks`] to say, and whether
/// the address or the interface is there for the system, whenever a packet leaves.
pub(super) fn read(desk: &mut Desk<'_>, icmp: &Section<'_>, config: &mut Config) {
    if let Some(text) = desk.text(icmp, "source") {
        config.source = Source::parse(&text);
        if config.source.is_none() {
            refuse(desk, icmp.place("source"), &text);
        }
    }
    let named = desk.named(icmp, "sources");
    if let Some((_, beyond, _)) = named.get(MAX_SOURCES) {
        let message = Message::new("config.too_many_sources").with("max", MAX_SOURCES);
        desk.error(Some(*beyond), message, None);
    }
    for (name, at, node) in named.into_iter().take(MAX_SOURCES) {
        let Ok(network) = NetworkId::new(name) else {
            let message = Message::new("config.not_network").with("value", cut(name));
            desk.error(Some(at), message, Some(Message::new("config.carrier_hint")));
            continue;
        };
        let Some(text) = desk.scalar("sources", node) else { continue };
        match Source::parse(&text) {
            Some(source) => {
                let place = desk.place(at);
                config.sources.push(NetworkSource { network, source, place });
            }
            None => refuse(desk, Some(node.defined), &text),
        }
    }
}

fn refuse(desk: &mut Desk<'_>, at: Option<serde_saphyr::Location>, text: &str) {
    let message = Message::new("config.not_source").with("value", cut(text));
    desk.error(at, message, Some(Message::new("config.source_hint")));
}
