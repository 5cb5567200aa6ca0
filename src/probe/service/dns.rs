//! A question to a name server (RFC 1035): by UDP, and by TCP where the answer does not fit.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Instant;

use super::ntp::{TRIES, socket};
use super::outcome::{Detail, Failure};
use super::tcp::connect;
use crate::model::{DnsRecord, ServiceCheck, ServiceTrouble};

/// Bytes before the question.
const HEADER: usize = 12;
/// Longest answer we say we take by UDP.
const UDP_MAX: usize = 1_232;
/// Most steps from pointer to pointer in one name.
const JUMPS_MAX: usize = 32;

/// Asks for a record.
pub(super) async fn ask(
    check: &ServiceCheck,
    name: &str,
    record: DnsRecord,
    answer: Option<&str>,
) -> Result<Detail, Failure> {
    let mut id = [0_u8; 2];
    getrandom::fill(&mut id).map_err(|_| Failure::Local(0))?;
    let question = question(id, name, record).ok_or(ServiceTrouble::Malformed)?;
    let began = Instant::now();
    let mut said = by_udp(check, &question).await?;
    // Cut off: the whole of it comes by TCP.
    if said.get(2).is_some_and(|flags| flags & 2 != 0) {
        said = by_tcp(check, &question).await?;
    }
    let detail = Detail::took(began.elapsed());
    judge(&said, record, answer)?;
    Ok(detail)
}

async fn by_udp(check: &ServiceCheck, question: &[u8]) -> Result<Vec<u8>, Failure> {
    let socket = socket(check).await?;
    let each = Duration::from_millis((check.timeout_ms / TRIES).into());
    let mut buffer = [0_u8; 4_096];
    for _ in 0..TRIES {
        socket.send(question).await?;
        let until = Instant::now() + each;
        while let Ok(read) = tokio::time::timeout_at(until, socket.recv(&mut buffer)).await {
            let said = &buffer[..read?];
            if answers(said, question) {
                return Ok(said.to_vec());
            }
        }
    }
    Err(ServiceTrouble::Silent.into())
}

async fn by_tcp(check: &ServiceCheck, question: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut stream = connect((check.address, check.port).into()).await?;
    let mut framed = u16::try_from(question.len()).unwrap_or(0).to_be_bytes().to_vec();
    framed.extend_from_slice(question);
    stream.write_all(&framed).await?;
    let length = stream.read_u16().await?;
    let mut said = vec![0; length.into()];
    stream.read_exact(&mut said).await?;
    match answers(&said, question) {
        true => Ok(said),
        false => Err(ServiceTrouble::Malformed.into()),
    }
}

/// The question with recursion desired and our room for the answer (RFC 6891).
fn question(id: [u8; 2], name: &str, record: DnsRecord) -> Option<Vec<u8>> {
    let mut packet = vec![id[0], id[1], 1, 0, 0, 1, 0, 0, 0, 0, 0, 1];
    let reversed;
    let name = match (record, name.parse::<IpAddr>()) {
        (DnsRecord::Ptr, Ok(address)) => {
            reversed = reverse_name(address);
            reversed.as_str()
        }
        _ => name,
    };
    for label in name.split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..64).contains(length))?;
        packet.push(length);
        packet.extend_from_slice(label.as_bytes());
    }
    packet.push(0);
    packet.extend_from_slice(&record.number().to_be_bytes());
    packet.extend_from_slice(&[0, 1]);
    // OPT: the root, type 41, our size, no flags, nothing behind.
    packet.extend_from_slice(&[0, 0, 41]);
    packet.extend_from_slice(&u16::try_from(UDP_MAX).unwrap_or(512).to_be_bytes());
    packet.extend_from_slice(&[0; 6]);
    Some(packet)
}

fn reverse_name(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(v6) => {
            let nibbles = v6.octets().into_iter().rev().flat_map(|b| [b & 15, b >> 4]);
            let labels: Vec<String> = nibbles.map(|n| format!("{n:x}")).collect();
            format!("{}.ip6.arpa", labels.join("."))
        }
    }
}

/// True of an answer to that very question; the case of the letters is the server's own matter.
fn answers(said: &[u8], question: &[u8]) -> bool {
    // OPT is the last eleven bytes.
    let asked = &question[HEADER..question.len().saturating_sub(11)];
    let echoed = said.get(HEADER..HEADER + asked.len());
    said.get(..2) == question.get(..2)
        && said.get(2).is_some_and(|flags| flags & 0x80 != 0)
        && echoed.is_some_and(|echoed| echoed.eq_ignore_ascii_case(asked))
}

/// Whether there is such a record, and the expected one where one is.
fn judge(said: &[u8], record: DnsRecord, answer: Option<&str>) -> Result<(), ServiceTrouble> {
    let code = said.get(3).ok_or(ServiceTrouble::Malformed)? & 15;
    if code != 0 {
        return Err(ServiceTrouble::Rcode(code));
    }
    let found = records(said, record).ok_or(ServiceTrouble::Malformed)?;
    if found.is_empty() {
        return Err(ServiceTrouble::NoRecord);
    }
    let wanted = answer.map(|wanted| wanted.trim_end_matches('.').to_ascii_lowercase());
    let is_it = |found: &String| wanted.as_ref().is_none_or(|wanted| fits(found, wanted));
    found.iter().any(is_it).then_some(()).ok_or(ServiceTrouble::OtherRecord)
}

/// Addresses have several spellings; a mail exchanger may be written without its preference.
fn fits(found: &str, wanted: &str) -> bool {
    let address = |text: &str| text.parse::<IpAddr>().ok();
    let found_low = found.to_ascii_lowercase();
    found_low == wanted
        || found_low.split_once(' ').is_some_and(|(_, host)| host == wanted)
        || address(found).is_some_and(|found| address(wanted) == Some(found))
}

/// The records of one kind in the answer, as texts; `None` where it is none.
fn records(said: &[u8], record: DnsRecord) -> Option<Vec<String>> {
    let count = |at: usize| Some(u16::from_be_bytes([*said.get(at)?, *said.get(at + 1)?]));
    let mut at = HEADER;
    for _ in 0..count(4)? {
        at = name(said, at)?.1 + 4;
    }
    let mut found = Vec::new();
    for _ in 0..count(6)? {
        at = name(said, at)?.1;
        let (kind, length) = (count(at)?, usize::from(count(at + 8)?));
        let data = at + 10;
        let bytes = said.get(data..data + length)?;
        if kind == record.number() {
            found.push(text(said, record, data, bytes)?);
        }
        at = data + length;
    }
    Some(found)
}

fn text(said: &[u8], record: DnsRecord, at: usize, bytes: &[u8]) -> Option<String> {
    Some(match record {
        DnsRecord::A => Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?).to_string(),
        DnsRecord::Aaaa => Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).to_string(),
        DnsRecord::Cname | DnsRecord::Ns | DnsRecord::Ptr => name(said, at)?.0,
        DnsRecord::Mx => {
            let preference = u16::from_be_bytes([*bytes.first()?, *bytes.get(1)?]);
            format!("{preference} {}", name(said, at + 2)?.0)
        }
        DnsRecord::Txt => {
            let (mut whole, mut rest) = (Vec::new(), bytes);
            while let Some((length, tail)) = rest.split_first() {
                let (part, tail) = tail.split_at_checked((*length).into())?;
                whole.extend_from_slice(part);
                rest = tail;
            }
            String::from_utf8_lossy(&whole).into_owned()
        }
    })
}

/// A name and where what follows it begins; `None` where it leads outside or in circles.
fn name(said: &[u8], mut at: usize) -> Option<(String, usize)> {
    let (mut name, mut end, mut jumps) = (String::new(), None, 0);
    loop {
        let length = usize::from(*said.get(at)?);
        match length {
            0 => return Some((name, end.unwrap_or(at + 1))),
            1..64 => {
                if !name.is_empty() {
                    name.push('.');
                }
                let label = said.get(at + 1..at + 1 + length)?;
                name.push_str(&String::from_utf8_lossy(label));
                if name.len() > 1_024 {
                    return None;
                }
                at += 1 + length;
            }
            192.. => {
                end = end.or(Some(at + 2));
                at = (length & 63) << 8 | usize::from(*said.get(at + 1)?);
                jumps += 1;
                if jumps > JUMPS_MAX {
                    return None;
                }
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_reversed_for_addresses() {
        assert_eq!(reverse_name("10.82.0.2".parse().unwrap()), "2.0.82.10.in-addr.arpa");
        assert!(reverse_name("fd00::1".parse().unwrap()).ends_with("0.0.d.f.ip6.arpa"));
    }

    #[test]
    fn a_name_that_leads_in_circles_is_none() {
        let mut said = vec![0; HEADER];
        said.extend_from_slice(&[0xc0, 12]);
        assert_eq!(name(&said, HEADER), None);
    }

    proptest! {
        #[test]
        fn strange_bytes_are_judged_and_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            for record in DnsRecord::ALL {
                let _ = judge(&bytes, record, Some("x"));
            }
            let asked = question([1, 2], "a.vn", DnsRecord::A).unwrap();
            let _ = answers(&bytes, &asked);
        }
    }
}
