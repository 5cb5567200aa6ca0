//! What the virtual province's devices say by SNMP v2c: uptime, ports with traffic, a UPS' battery.
//! Pure: question, device and time in, the answer out.
//!
//! The one file of the room that names the crate `async_snmp`, for its encoding: a library's agent
//! would need a socket at every address of the province.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Bound;

use async_snmp::message::CommunityMessage;
use async_snmp::pdu::{PduType, ResponsePdu};
use async_snmp::{DecodeConfig, Oid, Value, VarBind, Version};
use hyper::body::Bytes;

use super::dice::hash;

/// What everybody may ask with.
pub(super) const COMMUNITY: &str = "public";
/// Most bytes of an answer's bindings, so that it fits into a packet.
const ANSWER_BYTES_MAX: usize = 1_300;
/// Most bindings of an answer.
const BINDINGS_MAX: usize = 200;
const DAY_MS: i64 = 86_400_000;
/// Ports that a device has besides its way out.
const LAN_PORTS: u32 = 3;

/// A device at one time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Speaker<'a> {
    /// Its id, which is its name, too.
    pub id: &'a str,
    /// `router`, `ups`, …
    pub role: &'a str,
    /// Where it stands.
    pub place: &'a str,
    /// How long it has been running, milliseconds.
    pub uptime_ms: i64,
    /// Since how long its unit has been without electricity, milliseconds; `None`: it has some.
    pub dark_ms: Option<i64>,
    /// How long a UPS holds, milliseconds.
    pub holds_ms: i64,
    /// Its own addresses.
    pub addresses: &'a [IpAddr],
    /// The other devices of its unit, at the other ends of its cables: their ids and addresses.
    pub beside: &'a [(&'a str, IpAddr)],
}

/// The answer to a datagram; `None` where there is none: no SNMP v2c, another community, a question
/// that only reads are.
pub(super) fn answer(question: &[u8], speaker: &Speaker<'_>) -> Option<Vec<u8>> {
    let question = Bytes::copy_from_slice(question);
    let message = CommunityMessage::decode(question, DecodeConfig::DEFAULT).ok()?.value;
    let is_ours = message.community().as_bytes() == COMMUNITY.as_bytes();
    if message.version() != Version::V2c || !is_ours {
        return None;
    }
    let pdu = message.pdu().standard()?;
    let says = said(speaker);
    let asked = || pdu.varbinds().iter().map(|binding| &binding.oid);
    let mut bindings = Vec::new();
    match pdu.pdu_type() {
        PduType::GetRequest => bindings.extend(asked().map(|oid| {
            let value = says.get(oid).cloned().unwrap_or(Value::NoSuchObject);
            VarBind::new(oid.clone(), value)
        })),
        PduType::GetNextRequest => bindings.extend(asked().map(|oid| next(&says, oid))),
        PduType::GetBulkRequest => {
            let (singles, rows) = pdu.get_bulk_fields()?;
            let singles = usize::try_from(singles).ok()?;
            bulk(&says, asked().collect(), singles, rows, &mut bindings);
        }
        _ => return None,
    }
    let response = ResponsePdu::success(Version::V2c, pdu.request_id(), bindings).ok()?;
    let answer = CommunityMessage::v2c(COMMUNITY, response).ok()?;
    answer.encode().ok().map(|bytes| bytes.to_vec())
}

fn next(says: &BTreeMap<Oid, Value>, oid: &Oid) -> VarBind {
    let after = says.range((Bound::Excluded(oid.clone()), Bound::Unbounded)).next();
    after.map_or_else(
        || VarBind::new(oid.clone(), Value::EndOfMibView),
        |(oid, value)| VarBind::new(oid.clone(), value.clone()),
    )
}

/// RFC 3416, section 4.2.3: the first `singles` once, the others row by row, as much as fits.
fn bulk(
    says: &BTreeMap<Oid, Value>,
    asked: Vec<&Oid>,
    singles: usize,
    rows: u32,
    into: &mut Vec<VarBind>,
) {
    let (singles, repeated) = asked.split_at(singles.min(asked.len()));
    into.extend(singles.iter().map(|oid| next(says, oid)));
    let mut at: Vec<Oid> = repeated.iter().map(|oid| (*oid).clone()).collect();
    let mut bytes: usize = into.iter().map(VarBind::encoded_size).sum();
    for _ in 0..rows {
        let mut is_over = true;
        for oid in &mut at {
            let binding = next(says, oid);
            bytes += binding.encoded_size();
            if bytes > ANSWER_BYTES_MAX || into.len() >= BINDINGS_MAX {
                return;
            }
            is_over &= matches!(binding.value, Value::EndOfMibView);
            oid.clone_from(&binding.oid);
            into.push(binding);
        }
        if is_over || at.is_empty() {
            return;
        }
    }
}

/// All that a device has to say.
fn said(speaker: &Speaker<'_>) -> BTreeMap<Oid, Value> {
    let mut says = BTreeMap::new();
    let mut put = |arcs: &[u32], value: Value| {
        says.insert(Oid::new(arcs.iter().copied()), value);
    };
    let luck =
        |what: &str, below: u64| hash(below, format!("{} {what}", speaker.id).as_bytes()) % below;
    let ticks = u32::try_from(speaker.uptime_ms / 10 % (1 << 32)).unwrap_or(0);
    let system = |last: u32| [1, 3, 6, 1, 2, 1, 1, last, 0];
    // Who was switched off and on again comes back with the version that waited for it.
    let is_renewed = speaker.uptime_ms < DAY_MS;
    let version = format!("1.{}", luck("version", 4) + u64::from(is_renewed));
    let what = format!("Virtual {} of the demo, version {version}", speaker.role);
    put(&system(1), Value::from(what));
    put(&system(2), Value::ObjectIdentifier(Oid::new([1, 3, 6, 1, 4, 1, 8072, 3, 2, 10])));
    put(&system(3), Value::TimeTicks(ticks));
    put(&system(5), Value::from(speaker.id));
    put(&system(6), Value::from(speaker.place));
    // ENTITY-MIB: one chassis.
    const CHASSIS: i32 = 3;
    let entity = |column: u32| [1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, column, 1];
    put(&entity(5), Value::Integer(CHASSIS));
    put(&entity(10), Value::from(version));
    put(&entity(11), Value::from(format!("TG{:08}", luck("serial", 100_000_000))));
    if speaker.role.contains("ups") {
        battery(speaker, &mut put);
        return says;
    }
    put(&entity(13), Value::from(format!("VR-{}", 100 + 50 * luck("model", 4))));
    // UCD-SNMP-MIB: idle processor in per cent, memory in kilobytes.
    let busy = i32::try_from(5 + luck("busy", 40)).unwrap_or(5);
    put(&[1, 3, 6, 1, 4, 1, 2021, 11, 11, 0], Value::Integer(100 - busy));
    put(&[1, 3, 6, 1, 4, 1, 2021, 4, 5, 0], Value::Integer(262_144));
    put(&[1, 3, 6, 1, 4, 1, 2021, 4, 27, 0], Value::Integer(262_144 - busy * 2_048));
    for port in 1..=LAN_PORTS + 1 {
        let name = if port == 1 { "wan".to_owned() } else { format!("lan{}", port - 1) };
        let is_up = port <= LAN_PORTS;
        let row = |last: u32| [1, 3, 6, 1, 2, 1, 2, 2, 1, last, port];
        let more = |last: u32| [1, 3, 6, 1, 2, 1, 31, 1, 1, 1, last, port];
        put(&row(3), Value::Integer(6));
        put(&row(7), Value::Integer(1));
        put(&row(8), Value::Integer(if is_up { 1 } else { 2 }));
        put(&row(14), Value::Counter32(0));
        put(&row(20), Value::Counter32(0));
        // One way out in fifty did not agree with its other end on more: it carries what it must not.
        let is_poor = port == 1 && luck("wan speed", 50) == 0;
        let mbps = if port > 1 { 100 } else { 1_000 };
        put(&more(15), Value::Gauge32(if is_poor { 10 } else { mbps }));
        // 0.2 to 8 Mbit/s in, a third of it out, since it runs.
        let mut octets =
            (25_000 + luck(&name, 1_000_000)) * speaker.uptime_ms.unsigned_abs() / 1_000;
        octets *= u64::from(is_up);
        for (column, octets) in [(6, octets), (10, octets / 3)] {
            put(&more(column), Value::Counter64(octets));
            put(&more(column + 1), Value::Counter64(octets / 700));
        }
        put(&more(1), Value::from(name));
    }
    for address in speaker.addresses {
        if let IpAddr::V4(v4) = address {
            let arcs = v4.octets().map(u32::from);
            let index: Vec<u32> = [1, 3, 6, 1, 2, 1, 4, 20, 1, 1].into_iter().chain(arcs).collect();
            put(&index, Value::IpAddress(v4.octets()));
        }
    }
    // Its last port has no cable.
    for (port, (id, address)) in (2..=LAN_PORTS).zip(speaker.beside) {
        neighbour(port, id, *address, &mut put);
    }
    says
}

/// LLDP-MIB: who is at the other end of a port's cable.
fn neighbour(port: u32, id: &str, address: IpAddr, put: &mut impl FnMut(&[u32], Value)) {
    const INTERFACE_NAME: i32 = 5;
    const LOCAL: i32 = 7;
    let lldp = |arcs: &[u32]| -> Vec<u32> { [&[1, 0, 8802, 1, 1, 2, 1][..], arcs].concat() };
    let remote = |column: u32| lldp(&[4, 1, 1, column, 0, port, 1]);
    put(&lldp(&[3, 7, 1, 2, port]), Value::Integer(INTERFACE_NAME));
    put(&lldp(&[3, 7, 1, 3, port]), Value::from(format!("lan{}", port - 1)));
    put(&remote(4), Value::Integer(LOCAL));
    put(&remote(5), Value::from(id));
    put(&remote(6), Value::Integer(INTERFACE_NAME));
    put(&remote(7), Value::from("lan1"));
    put(&remote(9), Value::from(id));
    let (kind, octets) = match address {
        IpAddr::V4(v4) => (1, v4.octets().to_vec()),
        IpAddr::V6(v6) => (2, v6.octets().to_vec()),
    };
    let length = u32::try_from(octets.len()).unwrap_or(0);
    let index = [0, port, 1, kind, length].into_iter().chain(octets.into_iter().map(u32::from));
    let index: Vec<u32> = [4, 2, 1, 3].into_iter().chain(index).collect();
    put(&lldp(&index), Value::Integer(2));
}

/// UPS-MIB: full on mains; on battery it lasts as long as its unit stays on.
fn battery(speaker: &Speaker<'_>, put: &mut impl FnMut(&[u32], Value)) {
    let ups = |arcs: &[u32]| -> Vec<u32> { [&[1, 3, 6, 1, 2, 1, 33, 1][..], arcs].concat() };
    let holds_ms = speaker.holds_ms.max(1);
    let used_ms = speaker.dark_ms.unwrap_or(0).clamp(0, holds_ms);
    let left_ms = holds_ms - used_ms;
    let number = |n: i64| Value::Integer(i32::try_from(n).unwrap_or(i32::MAX));
    put(&ups(&[1, 1, 0]), Value::from("Demo"));
    put(&ups(&[1, 2, 0]), Value::from("Virtual 1000"));
    put(&ups(&[2, 1, 0]), Value::Integer(if left_ms * 5 > holds_ms { 2 } else { 3 }));
    put(&ups(&[2, 3, 0]), Value::Integer(i32::try_from(left_ms / 60_000).unwrap_or(0)));
    put(&ups(&[2, 4, 0]), number(left_ms * 100 / holds_ms));
    let volts = if speaker.dark_ms.is_some() { 0 } else { 228 };
    put(&ups(&[3, 3, 1, 3, 1]), Value::Integer(volts));
    put(&ups(&[4, 1, 0]), Value::Integer(if speaker.dark_ms.is_some() { 5 } else { 3 }));
    put(&ups(&[4, 4, 1, 5, 1]), Value::Integer(31));
}

/// How long a device had been running when the world began, milliseconds: one day to 400.
pub(super) fn ran_before_ms(id: &str) -> i64 {
    DAY_MS + i64::try_from(hash(1, id.as_bytes()) % 399).unwrap_or(0) * DAY_MS
}

#[cfg(test)]
mod tests {
    use async_snmp::pdu::{GetBulkPdu, RequestPdu};

    use super::*;

    const ROUTER: Speaker<'_> = Speaker {
        id: "cai-be/router",
        role: "router",
        place: "Huyện Cái Bè",
        uptime_ms: 3_600_000,
        dark_ms: None,
        holds_ms: 600_000,
        addresses: &[IpAddr::V4(std::net::Ipv4Addr::new(10, 82, 0, 2))],
        beside: &[("cai-be/switch", IpAddr::V4(std::net::Ipv4Addr::new(10, 82, 0, 3)))],
    };
    const UPS: Speaker<'_> = Speaker { role: "ups", dark_ms: Some(300_000), ..ROUTER };

    fn oid(text: &str) -> Oid {
        Oid::parse(text).unwrap()
    }

    fn asked(pdu: impl Into<async_snmp::Pdu>, speaker: &Speaker<'_>) -> Vec<VarBind> {
        let question = CommunityMessage::v2c(COMMUNITY, pdu).unwrap().encode().unwrap();
        let answer = answer(&question, speaker).unwrap();
        assert!(answer.len() < 1_450, "{}", answer.len());
        let answer = CommunityMessage::decode(answer.into(), DecodeConfig::STRICT).unwrap();
        answer.value.pdu().standard().unwrap().varbinds().to_vec()
    }

    #[test]
    fn a_ups_on_battery_says_so_and_how_much_is_left() {
        let what = ["1.3.6.1.2.1.33.1.4.1.0", "1.3.6.1.2.1.33.1.2.4.0", "1.3.6.1.9.9.0"].map(oid);
        let said = asked(RequestPdu::get(Version::V2c, 7, &what).unwrap(), &UPS);
        let values: Vec<&Value> = said.iter().map(|binding| &binding.value).collect();
        assert_eq!(values, [&Value::Integer(5), &Value::Integer(50), &Value::NoSuchObject]);
        let mains = Speaker { dark_ms: None, ..UPS };
        let said = asked(RequestPdu::get(Version::V2c, 7, &what[..2]).unwrap(), &mains);
        assert_eq!(said[0].value, Value::Integer(3));
        assert_eq!(said[1].value, Value::Integer(100));
    }

    #[test]
    fn columns_are_walked_row_by_row_to_their_end() {
        let columns = [oid("1.3.6.1.2.1.31.1.1.1.1"), oid("1.3.6.1.2.1.2.2.1.8")];
        let bindings = columns.iter().cloned().map(VarBind::null).collect();
        let said = asked(GetBulkPdu::new(Version::V2c, 9, 0, 4, bindings).unwrap(), &ROUTER);
        assert_eq!(said.len(), 8);
        assert_eq!(said[0].value, Value::from("wan"));
        let states: Vec<&Value> = said.iter().skip(1).step_by(2).map(|b| &b.value).collect();
        let (up, down) = (&Value::Integer(1), &Value::Integer(2));
        assert_eq!(states, [up, up, up, down]);
        let end = asked(RequestPdu::get_next(Version::V2c, 1, &[oid("2.1")]).unwrap(), &ROUTER);
        assert_eq!(end[0].value, Value::EndOfMibView);
    }

    #[test]
    fn who_began_anew_comes_back_with_a_newer_version() {
        let version = oid("1.3.6.1.2.1.47.1.1.1.1.10.1");
        let pdu = || RequestPdu::get(Version::V2c, 7, std::slice::from_ref(&version)).unwrap();
        let old = Speaker { uptime_ms: ran_before_ms(ROUTER.id), ..ROUTER };
        assert_ne!(asked(pdu(), &old)[0].value, asked(pdu(), &ROUTER)[0].value);
    }

    #[test]
    fn a_router_says_who_is_at_the_other_end_of_its_cable() {
        let columns = ["1.0.8802.1.1.2.1.4.1.1.9", "1.0.8802.1.1.2.1.4.2.1.3"].map(oid);
        let bindings = columns.iter().cloned().map(VarBind::null).collect();
        let said = asked(GetBulkPdu::new(Version::V2c, 9, 0, 1, bindings).unwrap(), &ROUTER);
        assert_eq!(said[0].value, Value::from("cai-be/switch"));
        assert_eq!(said[1].oid, oid("1.0.8802.1.1.2.1.4.2.1.3.0.2.1.1.4.10.82.0.3"));
    }

    #[test]
    fn a_router_says_its_own_addresses() {
        let pdu = RequestPdu::get_next(Version::V2c, 1, &[oid("1.3.6.1.2.1.4.20.1.1")]).unwrap();
        let said = asked(pdu, &ROUTER);
        assert_eq!(said[0].oid, oid("1.3.6.1.2.1.4.20.1.1.10.82.0.2"));
    }

    #[test]
    fn whoever_asks_with_another_word_or_nonsense_hears_nothing() {
        let pdu = RequestPdu::get(Version::V2c, 7, &[oid("1.3.6.1.2.1.1.3.0")]).unwrap();
        let wrong = CommunityMessage::v2c("private", pdu).unwrap().encode().unwrap();
        assert_eq!(answer(&wrong, &ROUTER), None);
        for end in 0..wrong.len() {
            assert_eq!(answer(&wrong[..end], &ROUTER), None);
        }
    }
}
