//! Echo requests in, echo replies out: RFC 791 and 792, RFC 8200 and 4443; questions by UDP (RFC 768)
//! over IPv4. Pure.

use std::net::IpAddr;

const ICMP: u8 = 1;
const ICMPV6: u8 = 58;
const UDP: u8 = 17;
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

/// A UDP datagram over IPv4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Datagram<'a> {
    source: [u8; 4],
    source_port: u16,
    target: [u8; 4],
    /// Where to.
    pub(super) port: u16,
    /// What it carries.
    pub(super) payload: &'a [u8],
}

/// Reads an IP packet; `None` when it is anything but a whole UDP datagram over IPv4.
pub(super) fn datagram(ip: &[u8]) -> Option<Datagram<'_>> {
    let header = usize::from(ip.first()? & 0x0F) * 4;
    let ip = ip.get(..usize::from(be16(ip, 2)?))?;
    let is_fragment = be16(ip, 6)? & 0x3FFF != 0;
    let is_v4 = ip[0] >> 4 == 4 && header >= 20 && checksum(&[ip.get(..header)?]) == 0;
    if !is_v4 || is_fragment || *ip.get(9)? != UDP {
        return None;
    }
    let udp = ip.get(header..)?;
    let length = usize::from(be16(udp, 4)?);
    let (source, target): ([u8; 4], [u8; 4]) =
        (ip.get(12..16)?.try_into().ok()?, ip.get(16..20)?.try_into().ok()?);
    let udp = udp.get(..length)?;
    // Zero: the sender made none.
    let is_sound = be16(udp, 6)? == 0 || udp_checksum(source, target, udp) == 0;
    (length >= 8 && is_sound).then_some(())?;
    Some(Datagram {
        source,
        source_port: be16(udp, 0)?,
        target,
        port: be16(udp, 2)?,
        payload: udp.get(8..)?,
    })
}

impl Datagram<'_> {
    /// Who was asked.
    pub(super) fn asked(&self) -> IpAddr {
        IpAddr::from(self.target)
    }

    /// The packet that answers it; `None` when that is too long for one.
    pub(super) fn reply(&self, payload: &[u8]) -> Option<Vec<u8>> {
        let length = u16::try_from(8 + payload.len()).ok()?;
        let total = length.checked_add(20)?;
        let mut packet = Vec::with_capacity(usize::from(total));
        packet.extend_from_slice(&[0x45, 0]);
        packet.extend_from_slice(&total.to_be_bytes());
        packet.extend_from_slice(&[0, 0, 0x40, 0, HOPS, UDP, 0, 0]);
        packet.extend_from_slice(&self.target);
        packet.extend_from_slice(&self.source);
        let sum = checksum(&[&packet]).to_be_bytes();
        packet[10..12].copy_from_slice(&sum);
        for word in [self.port, self.source_port, length, 0] {
            packet.extend_from_slice(&word.to_be_bytes());
        }
        packet.extend_from_slice(payload);
        let sum = udp_checksum(self.target, self.source, &packet[20..]);
        // What comes to zero is sent as its other form (RFC 768).
        let sum = if sum == 0 { u16::MAX } else { sum };
        packet[26..28].copy_from_slice(&sum.to_be_bytes());
        Some(packet)
    }
}

fn udp_checksum(source: [u8; 4], target: [u8; 4], udp: &[u8]) -> u16 {
    let length = u16::try_from(udp.len()).unwrap_or(u16::MAX).to_be_bytes();
    checksum(&[&source, &target, &[0, UDP], &length, udp])
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

    /// A datagram of three bytes from 192.0.2.1:5000 to 10.83.0.1:161.
    fn question() -> Vec<u8> {
        let asked = Datagram {
            source: [10, 83, 0, 1],
            source_port: 161,
            target: [192, 0, 2, 1],
            port: 5_000,
            payload: &[],
        };
        asked.reply(&[1, 2, 3]).unwrap()
    }

    #[test]
    fn a_datagram_is_answered_from_where_it_was_sent_to() {
        let question = question();
        let read = datagram(&question).unwrap();
        assert_eq!((read.port, read.payload), (161, &[1, 2, 3][..]));
        assert_eq!(read.asked(), "10.83.0.1".parse::<IpAddr>().unwrap());
        let reply = read.reply(&[9; 5]).unwrap();
        let answer = datagram(&reply).unwrap();
        assert_eq!((answer.source, answer.source_port), ([10, 83, 0, 1], 161));
        assert_eq!((answer.target, answer.port), ([192, 0, 2, 1], 5_000));
        assert_eq!(answer.payload, [9; 5]);
        assert_eq!(read.reply(&[0; 65_536]), None);
        for end in 0..question.len() {
            assert_eq!(datagram(&question[..end]), None, "cut at {end}");
        }
        for at in 0..question.len() {
            let mut spoilt = question.clone();
            spoilt[at] ^= 0x11;
            assert_eq!(datagram(&spoilt), None, "spoilt at {at}");
        }
        assert_eq!(datagram(&request()), None, "an echo request is none");
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
