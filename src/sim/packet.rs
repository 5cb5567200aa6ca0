//! Echo requests in, echo replies out: RFC 791 and 792, RFC 8200 and 4443. Pure.

use std::net::IpAddr;

const ICMP: u8 = 1;
const ICMPV6: u8 = 58;
const HOPS: u8 = 64;

/// An echo request and the answer to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Echo {
    /// Who was asked.
    pub(super) asked: IpAddr,
    /// Identifier and sequence number: tells the packets to one address apart.
    pub(super) packet: u64,
    /// The whole reply, an IP packet.
    pub(super) reply: Vec<u8>,
}

/// Reads an IP packet; `None` when it is anything but a whole echo request.
pub(super) fn echo(ip: &[u8]) -> Option<Echo> {
    match ip.first()? >> 4 {
        4 => echo_v4(ip),
        6 => echo_v6(ip),
        _ => None,
    }
}

fn echo_v4(ip: &[u8]) -> Option<Echo> {
    let header = usize::from(ip[0] & 0x0F) * 4;
    let total = usize::from(be16(ip, 2)?);
    let ip = ip.get(..total)?;
    // The more-fragments bit and the offset: a part is not answered.
    let is_fragment = be16(ip, 6)? & 0x3FFF != 0;
    if header < 20 || *ip.get(9)? != ICMP || is_fragment || checksum(&[ip.get(..header)?]) != 0 {
        return None;
    }
    let icmp = ip.get(header..)?;
    if icmp.len() < 8 || icmp[..2] != [8, 0] || checksum(&[icmp]) != 0 {
        return None;
    }
    let source: [u8; 4] = ip.get(12..16)?.try_into().ok()?;
    let target: [u8; 4] = ip.get(16..20)?.try_into().ok()?;
    // The reply has no options, whatever the request had.
    let mut reply = Vec::with_capacity(20 + icmp.len());
    reply.extend_from_slice(&[0x45, ip[1]]);
    reply.extend_from_slice(&u16::try_from(20 + icmp.len()).ok()?.to_be_bytes());
    reply.extend_from_slice(&[ip[4], ip[5], 0, 0, HOPS, ICMP, 0, 0]);
    reply.extend_from_slice(&target);
    reply.extend_from_slice(&source);
    let sum = checksum(&[&reply]).to_be_bytes();
    reply[10..12].copy_from_slice(&sum);
    reply.extend_from_slice(icmp);
    reply[20..24].copy_from_slice(&[0, 0, 0, 0]);
    let sum = checksum(&[&reply[20..]]).to_be_bytes();
    reply[22..24].copy_from_slice(&sum);
    Some(Echo { asked: IpAddr::from(target), packet: identity(icmp)?, reply })
}

fn echo_v6(ip: &[u8]) -> Option<Echo> {
    let length = usize::from(be16(ip, 4)?);
    let icmp = ip.get(40..40 + length)?;
    if ip[6] != ICMPV6 || icmp.len() < 8 || icmp[..2] != [128, 0] {
        return None;
    }
    let source: [u8; 16] = ip.get(8..24)?.try_into().ok()?;
    let target: [u8; 16] = ip.get(24..40)?.try_into().ok()?;
    let tail = [0, 0, 0, ICMPV6];
    let size = u32::try_from(length).ok()?.to_be_bytes();
    if checksum(&[&source, &target, &size, &tail, icmp]) != 0 {
        return None;
    }
    let mut reply = ip.get(..40 + length)?.to_vec();
    reply[7] = HOPS;
    reply[8..24].copy_from_slice(&target);
    reply[24..40].copy_from_slice(&source);
    reply[40..44].copy_from_slice(&[129, 0, 0, 0]);
    let sum = checksum(&[&target, &source, &size, &tail, &reply[40..]]).to_be_bytes();
    reply[42..44].copy_from_slice(&sum);
    Some(Echo { asked: IpAddr::from(target), packet: identity(icmp)?, reply })
}

fn identity(icmp: &[u8]) -> Option<u64> {
    Some(u64::from(be16(icmp, 4)?) << 16 | u64::from(be16(icmp, 6)?))
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]))
}

/// The Internet checksum (RFC 1071) of parts of even length, the last of any; 0 over a part that
/// carries its right checksum.
pub(super) fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum: u32 = 0;
    for part in parts {
        for pair in part.chunks(2) {
            sum += u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0));
        }
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An echo request from 192.0.2.1 to 10.83.0.1, identifier 7, sequence 9.
    fn request() -> Vec<u8> {
        let mut icmp = vec![8, 0, 0, 0, 0, 7, 0, 9, 1, 2, 3];
        let sum = checksum(&[&icmp]).to_be_bytes();
        icmp[2..4].copy_from_slice(&sum);
        let mut ip =
            vec![0x45, 0, 0, 31, 0x12, 0x34, 0x40, 0, 64, 1, 0, 0, 192, 0, 2, 1, 10, 83, 0, 1];
        let sum = checksum(&[&ip]).to_be_bytes();
        ip[10..12].copy_from_slice(&sum);
        ip.extend(icmp);
        ip
    }

    #[test]
    fn a_request_gets_the_reply_with_right_checksums() {
        let echo = echo(&request()).expect("a whole request");
        assert_eq!(echo.asked, "10.83.0.1".parse::<IpAddr>().unwrap());
        assert_eq!(echo.packet, 7 << 16 | 9);
        assert_eq!(echo.reply[12..20], [10, 83, 0, 1, 192, 0, 2, 1]);
        assert_eq!(echo.reply[20..22], [0, 0]);
        assert_eq!(echo.reply[24..], [0, 7, 0, 9, 1, 2, 3]);
        assert_eq!(checksum(&[&echo.reply[..20]]), 0);
        assert_eq!(checksum(&[&echo.reply[20..]]), 0);
    }

    #[test]
    fn a_v6_request_gets_the_reply_with_the_right_checksum() {
        let (source, target) = ([0x20_u8; 16], [0x30_u8; 16]);
        let mut icmp = vec![128, 0, 0, 0, 0, 7, 0, 9, 5, 5];
        let pseudo = [0, 0, 0, 10, 0, 0, 0, 58];
        let sum = checksum(&[&source, &target, &pseudo, &icmp]).to_be_bytes();
        icmp[2..4].copy_from_slice(&sum);
        let mut ip = vec![0x60, 0, 0, 0, 0, 10, 58, 64];
        ip.extend(source.iter().chain(&target).chain(&icmp));
        let echo = echo(&ip).expect("a whole request");
        assert_eq!(echo.asked, IpAddr::from(target));
        assert_eq!(echo.reply[40], 129);
        assert_eq!(checksum(&[&target, &source, &pseudo, &echo.reply[40..]]), 0);
    }

    #[test]
    fn whatever_is_cut_or_spoilt_gets_no_reply() {
        let whole = request();
        for end in 0..whole.len() {
            assert_eq!(echo(&whole[..end]), None, "cut at {end}");
        }
        for at in 0..whole.len() {
            let mut spoilt = whole.clone();
            spoilt[at] ^= 0x11;
            assert_eq!(echo(&spoilt), None, "spoilt at {at}");
        }
    }
}
