//! Scalars: from a text as written to a checked value. Every reader reports what is wrong and
//! returns `None`; a key's reader never stops another's.

use std::net::IpAddr;
use std::str::FromStr as _;

use super::node::{Node, Value};
use super::place::{At, Desk, Finding, shown};
use crate::locale::{fold, is_hidden};
use crate::model::{
    DurationError, Id, IdError, Message, UnixMs, format_scaled, parse_duration, parse_scaled,
};
use ipnet::{IpNet, Ipv4Net};
use jiff::tz::TimeZone;

/// Longest text accepted, in characters.
const MAX_TEXT_LEN: usize = 300;

/// A name written in a file, yet to be resolved.
#[derive(Debug, Clone)]
pub(super) struct Ref {
    /// As written.
    pub name: String,
    /// Where.
    pub at: At,
}

/// The scalar as written.
pub(super) fn word<'a>(desk: &mut Desk, key: &str, node: &'a Node) -> Option<&'a str> {
    match &node.value {
        Value::Text(text) => Some(text.trim()),
        _ => {
            let message = Message::new("check.expect_text").with("key", key);
            desk.report(Finding::error(node.at, message));
            None
        }
    }
}

/// A text for people: not empty, of bounded length, without control or invisible characters.
pub(super) fn text(desk: &mut Desk, key: &str, node: &Node) -> Option<String> {
    let text = word(desk, key, node)?;
    let finding = if text.is_empty() {
        Message::new("check.empty_text").with("key", key)
    } else if let Some(c) = text.chars().find(|c| is_hidden(*c)) {
        Message::new("check.control_character")
            .with("key", key)
            .with("code", format!("U+{:04X}", u32::from(c)))
    } else if text.chars().count() > MAX_TEXT_LEN {
        Message::new("check.text_too_long").with("key", key).with("most", MAX_TEXT_LEN)
    } else {
        return Some(text.to_owned());
    };
    desk.report(Finding::error(node.at, finding));
    None
}

/// A slug.
pub(super) fn slug(desk: &mut Desk, at: At, text: &str) -> Option<Id> {
    match Id::new(text) {
        Ok(id) => Some(id),
        Err(error) => {
            let message = match error {
                IdError::TooLong => Message::new("check.id_too_long"),
                IdError::Empty => Message::new("check.id_empty"),
                IdError::BadChar(_) => Message::new("check.not_slug").with("id", shown(text)),
            };
            let near = slugify(text);
            let hint = Id::new(&near).ok().map_or_else(
                || Message::new("check.slug_hint"),
                |id| Message::new("check.slug_suggestion").with("id", id),
            );
            desk.report(Finding::error(at, message).hint(hint));
            desk.mark_broken_id(text);
            None
        }
    }
}

/// What a slug of this text would be.
pub(super) fn slugify(text: &str) -> String {
    let mut slug = String::new();
    for c in fold(text).chars() {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            '.' | '/' if slug.ends_with(|p: char| p.is_ascii_alphanumeric()) => slug.push(c),
            _ if slug.ends_with(|p: char| p.is_ascii_alphanumeric()) => slug.push('-'),
            _ => {}
        }
    }
    slug.trim_end_matches(['-', '.', '/']).to_owned()
}

/// A name of something defined elsewhere.
pub(super) fn reference(desk: &mut Desk, key: &str, node: &Node) -> Option<Ref> {
    let name = word(desk, key, node)?;
    if name.is_empty() {
        desk.report(Finding::error(node.at, Message::new("check.empty_text").with("key", key)));
        return None;
    }
    Some(Ref { name: name.to_owned(), at: node.at })
}

/// The name of a credential, which `config.yaml` defines.
pub(super) fn credential(desk: &mut Desk, node: &Node) -> Option<(Id, At)> {
    let name = reference(desk, "snmp", node)?;
    slug(desk, name.at, &name.name).map(|id| (id, name.at))
}

/// Names of things defined elsewhere.
pub(super) fn references(desk: &mut Desk, key: &str, node: &Node) -> Vec<Ref> {
    let items = node.as_words(desk, key);
    items.iter().filter_map(|item| reference(desk, key, item)).collect()
}

/// The address of one host; an IPv4 address written as IPv6 (`::ffff:10.0.0.1`, RFC 4291, section
/// 2.5.5.2) is that IPv4 address, so that one host has one spelling.
pub(super) fn address(desk: &mut Desk, key: &str, node: &Node) -> Option<IpAddr> {
    let text = word(desk, key, node)?;
    let message = Message::new("check.bad_address").with("text", shown(text));
    let finding = Finding::error(node.at, message);
    match IpAddr::from_str(text).map(|address| address.to_canonical()) {
        Ok(address) => {
            let is_host = !address.is_unspecified()
                && !address.is_multicast()
                && address != IpAddr::from([255, 255, 255, 255]);
            if !is_host {
                let message = Message::new("check.not_host_address").with("address", address);
                desk.report(Finding::error(node.at, message));
            }
            is_host.then_some(address)
        }
        Err(_) => {
            desk.report(match IpNet::from_str(text) {
                Ok(net) => finding
                    .hint(Message::new("check.address_not_prefix").with("address", net.addr())),
                Err(_) => finding.hint(Message::new("check.address_hint")),
            });
            None
        }
    }
}

/// An address plan; one of IPv4 addresses written as IPv6 is of IPv4, as with [`address`].
pub(super) fn prefix(desk: &mut Desk, key: &str, node: &Node) -> Option<IpNet> {
    let text = word(desk, key, node)?;
    let message = Message::new("check.bad_prefix").with("text", shown(text));
    match IpNet::from_str(text).map(canonical) {
        Ok(net) if net.trunc() == net => Some(net),
        Ok(net) => {
            let hint = Message::new("check.did_you_mean").with("word", net.trunc());
            desk.report(Finding::error(node.at, message).hint(hint));
            None
        }
        Err(_) => {
            desk.report(Finding::error(node.at, message).hint(Message::new("check.prefix_hint")));
            None
        }
    }
}

fn canonical(net: IpNet) -> IpNet {
    let IpNet::V6(v6) = net else { return net };
    let length = v6.prefix_len().checked_sub(96);
    length
        .zip(v6.addr().to_ipv4_mapped())
        .and_then(|(length, address)| Ipv4Net::new(address, length).ok())
        .map_or(net, IpNet::V4)
}

/// A duration between bounds, in milliseconds.
pub(super) fn duration_ms(
    desk: &mut Desk,
    key: &str,
    node: &Node,
    bounds: std::ops::RangeInclusive<i64>,
) -> Option<i64> {
    let text = word(desk, key, node)?;
    match parse_duration(text) {
        Ok(ms) if bounds.contains(&ms) => Some(ms),
        Ok(_) => {
            let message = Message::new("check.out_of_bounds")
                .with("key", key)
                .with("least", crate::model::format_duration(*bounds.start()))
                .with("most", crate::model::format_duration(*bounds.end()));
            desk.report(Finding::error(node.at, message));
            None
        }
        Err(error) => {
            let hint = match error {
                DurationError::NoUnit => {
                    Message::new("check.duration_no_unit").with("text", format!("{text}s"))
                }
                _ => Message::new("check.duration_hint"),
            };
            let message = Message::new("check.bad_duration").with("text", shown(text));
            desk.report(Finding::error(node.at, message).hint(hint));
            None
        }
    }
}

/// A whole number between bounds.
pub(super) fn whole(
    desk: &mut Desk,
    key: &str,
    node: &Node,
    bounds: std::ops::RangeInclusive<i64>,
) -> Option<i64> {
    decimal(desk, key, node, 0, bounds)
}

/// A decimal number between bounds, in units of `10^-places` (which the bounds are in as well);
/// digits beyond `places` are refused.
pub(super) fn decimal(
    desk: &mut Desk,
    key: &str,
    node: &Node,
    places: u8,
    bounds: std::ops::RangeInclusive<i64>,
) -> Option<i64> {
    let text = word(desk, key, node)?;
    match parse_scaled(text, places) {
        Some(value) if bounds.contains(&value) => Some(value),
        Some(_) => {
            let message = Message::new("check.out_of_bounds")
                .with("key", key)
                .with("least", format_scaled(*bounds.start(), places))
                .with("most", format_scaled(*bounds.end(), places));
            desk.report(Finding::error(node.at, message));
            None
        }
        None => {
            let message =
                Message::new("check.bad_number").with("key", key).with("text", shown(text));
            let hint = match (places, text.contains(',')) {
                (0, _) => Message::new("check.whole_hint"),
                (_, true) => Message::new("check.decimal_comma_hint"),
                _ => Message::new("check.decimal_hint").with("places", places),
            };
            desk.report(Finding::error(node.at, message).hint(hint));
            None
        }
    }
}

/// Degrees of latitude (`lat`) or longitude, in millionths; told by the heading that forms have.
pub(super) fn degrees(desk: &mut Desk, key: &str, node: &Node) -> Option<i32> {
    let text = word(desk, key, node)?;
    let (most, wrong, hint) = match key {
        "lat" => (90_000_000, "check.bad_latitude", "check.latitude_hint"),
        _ => (180_000_000, "check.bad_longitude", "check.longitude_hint"),
    };
    let found = parse_scaled(text, 6).and_then(|e6| i32::try_from(e6).ok());
    let found = found.filter(|e6| (-most..=most).contains(e6));
    if found.is_none() {
        let message = Message::new(wrong).with("key", key).with("text", shown(text));
        desk.report(Finding::error(node.at, message).hint(Message::new(hint)));
    }
    found
}

/// A share from 0 to 1 in millionths; a percentage is a common slip and gets its own hint.
pub(super) fn share_ppm(desk: &mut Desk, node: &Node) -> Option<i64> {
    let text = word(desk, "availability", node)?;
    match parse_scaled(text, 4) {
        Some(percent) if (10_001..=1_000_000).contains(&percent) => {
            let message = Message::new("check.share_in_percent").with("text", shown(text));
            let hint = Message::new("check.did_you_mean").with("word", format_scaled(percent, 6));
            desk.report(Finding::error(node.at, message).hint(hint));
            None
        }
        _ => decimal(desk, "availability", node, 6, 1..=1_000_000),
    }
}

/// `true` or `false`.
pub(super) fn truth(desk: &mut Desk, key: &str, node: &Node) -> Option<bool> {
    match word(desk, key, node)? {
        "true" => Some(true),
        "false" => Some(false),
        _ => {
            desk.report(Finding::error(
                node.at,
                Message::new("check.expect_truth").with("key", key),
            ));
            None
        }
    }
}

/// One of the words that a key takes.
pub(super) fn one_of<'w>(
    desk: &mut Desk,
    key: &str,
    node: &Node,
    words: &[&'w str],
) -> Option<&'w str> {
    let text = word(desk, key, node)?;
    let found = words.iter().copied().find(|known| *known == text);
    if found.is_none() {
        let near = desk.nearest(text, words.iter().copied());
        let hint = near.map_or_else(
            || Message::new("check.known_words").with("words", words.join(", ")),
            |near| Message::new("check.did_you_mean").with("word", near),
        );
        let message = Message::new("check.unknown_word").with("key", key).with("text", shown(text));
        desk.report(Finding::error(node.at, message).hint(hint));
    }
    found
}

/// A date, which is its midnight in `zone`, or an RFC 3339 instant.
pub(super) fn instant(desk: &mut Desk, key: &str, node: &Node, zone: &TimeZone) -> Option<UnixMs> {
    let text = word(desk, key, node)?;
    if let Ok(instant) = jiff::Timestamp::from_str(text) {
        return Some(instant.into());
    }
    let midnight = jiff::civil::Date::from_str(text)
        .ok()
        .filter(|_| text.len() == 10)
        .and_then(|date| zone.to_timestamp(date.at(0, 0, 0, 0)).ok());
    if midnight.is_none() {
        bad_date(desk, node, text);
    }
    midnight.map(Into::into)
}

/// A date without a time.
pub(super) fn date(desk: &mut Desk, key: &str, node: &Node) -> Option<(i16, i8, i8)> {
    let text = word(desk, key, node)?;
    let date = jiff::civil::Date::from_str(text).ok().filter(|_| text.len() == 10);
    if date.is_none() {
        bad_date(desk, node, text);
    }
    date.map(|d| (d.year(), d.month(), d.day()))
}

fn bad_date(desk: &mut Desk, node: &Node, text: &str) {
    let message = Message::new("check.bad_date").with("text", shown(text));
    desk.report(Finding::error(node.at, message).hint(Message::new("check.date_hint")));
}

/// `10Mbps`, `1.5Gbps`, `512kbps` in kbit/s.
pub(super) fn bandwidth_kbps(desk: &mut Desk, key: &str, node: &Node) -> Option<u64> {
    let text = word(desk, key, node)?;
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let factor = match unit.to_ascii_lowercase().as_str() {
        "kbps" => Some(1),
        "mbps" => Some(1_000),
        "gbps" => Some(1_000_000),
        _ => None,
    };
    let kbps = factor.and_then(|factor| {
        let thousandths = parse_scaled(number.trim(), 3)?.checked_mul(factor)?;
        u64::try_from(thousandths / 1_000).ok()
    });
    let kbps = kbps.filter(|kbps| (1..=1_000_000_000_000).contains(kbps));
    if kbps.is_none() {
        let message =
            Message::new("check.bad_bandwidth").with("key", key).with("text", shown(text));
        desk.report(Finding::error(node.at, message).hint(Message::new("check.bandwidth_hint")));
    }
    kbps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_suggested_without_marks() {
        assert_eq!(slugify("Cái Bè"), "cai-be");
        assert_eq!(slugify("X. Đông Hòa Hiệp "), "x.dong-hoa-hiep");
        assert_eq!(slugify("***"), "");
    }
}
