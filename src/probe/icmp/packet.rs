//! Echo requests, echo replies and the ICMP errors that quote ours (RFC 792, RFC 4443). Pure.
//!
//! Guarantees: reading never panics, whatever the bytes; what does not concern an echo request is
//! `None`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::model::RoundError;

pub(super) const HEADER_LEN: usize = 8;
const TOKEN_END: usize = HEADER_LEN + 8;
const V6_HEADER_LEN: usize = 40;
const V4_REPLY: u8 = 0;
const V4_UNREACHABLE: u8 = 3;
const V4_REQUEST: u8 = 8;
const V4_TIME_EXCEEDED: u8 = 11;
const V4_CODE_FRAG_NEEDED: u8 = 4;
const V6_UNREACHABLE: u8 = 1;
const V6_TOO_BIG: u8 = 2;
const V6_TIME_EXCEEDED: u8 = 3;
const V6_REQUEST: u8 = 128;
const V6_REPLY: u8 = 129;
const PROTOCOL_ICMP: u8 = 1;
const PROTOCOL_ICMPV6: u8 = 58;

/// The two families of addresses, each with sockets of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    pub(super) const fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        }
    }
}

/// Names one echo request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Echo {
    /// The identifier of the socket or ring it was sent from.
    pub(super) ident: u16,
    /// Its number within the ring.
    pub(super) sequence: u16,
}

/// What a packet says about an echo request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// It was answered.
    Reply { echo: Echo, token: u64 },
    /// It was refused on its way to `destination`; routers may quote too little to hold the
    /// token.
    Refusal { echo: Echo, token: Option<u64>, destination: IpAddr, error: RoundError },
}

/// Makes `packet` an echo request with `token` at the beginning of `size` bytes of payload, zeros
/// behind it; of a smaller size the token alone. Room that it has is used again.
pub(crate) fn request(family: Family, echo: Echo, token: u64, size: u16, packet: &mut Vec<u8>) {
    packet.resize((HEADER_LEN + usize::from(size)).max(TOKEN_END), 0);
    packet[0] = match family {
        Family::V4 => V4_REQUEST,
        Family::V6 => V6_REQUEST,
    };
    packet[1..4].fill(0);
    packet[4..6].copy_from_slice(&echo.ident.to_be_bytes());
    packet[6..8].copy_from_slice(&echo.sequence.to_be_bytes());
    packet[HEADER_LEN..TOKEN_END].copy_from_slice(&token.to_be_bytes());
    // The kernel fills in ICMPv6's checksum, which covers the addresses; on datagram sockets it
    // does so for ICMP as well.
    if family == Family::V4 {
        // Zeros add nothing.
        let sum = checksum(&packet[..TOKEN_END]);
        packet[2..4].copy_from_slice(&sum.to_be_bytes());
    }
}

/// The Internet checksum (RFC 1071); 0 over bytes that contain their own right checksum.
fn checksum(bytes: &[u8]) -> u16 {
    // Two words at a time: what they carry over is added again when the sum is folded.
    let (pairs, rest) = bytes.as_chunks::<4>();
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    let sum = |pairs: &[[u8; 4]]| -> u64 {
        pairs.iter().map(|pair| u64::from(u32::from_be_bytes(*pair))).sum()
    };
    let mut sum = sum(pairs) + sum(&[last]);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

fn byte(bytes: &[u8], at: usize) -> Option<u8> {
    bytes.get(at).copied()
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn echo(icmp: &[u8]) -> Option<Echo> {
    Some(Echo {
        ident: u16::from_be_bytes(array(icmp, 4)?),
        sequence: u16::from_be_bytes(array(icmp, 6)?),
    })
}

fn token(icmp: &[u8]) -> Option<u64> {
    array(icmp, HEADER_LEN).map(u64::from_be_bytes)
}

/// The echo request at the beginning of `icmp`, as quoted by an error.
pub(crate) fn quoted_request(family: Family, icmp: &[u8]) -> Option<(Echo, Option<u64>)> {
    let request = match family {
        Family::V4 => V4_REQUEST,
        Family::V6 => V6_REQUEST,
    };
    (byte(icmp, 0)? == request).then_some(())?;
    Some((echo(icmp)?, token(icmp)))
}

/// What an ICMP error of this type means for a round; `None` for what is no verdict (redirects
/// and the like). `mtu` is that of the next hop, where the error carries one.
pub(crate) fn refusal(family: Family, kind: u8, code: u8, mtu: u32) -> Option<RoundError> {
    let mtu = u16::try_from(mtu).unwrap_or(u16::MAX);
    match (family, kind) {
        (Family::V4, V4_UNREACHABLE) if code == V4_CODE_FRAG_NEEDED => {
            Some(RoundError::FragNeeded { mtu, by: None })
        }
        (Family::V4, V4_UNREACHABLE) | (Family::V6, V6_UNREACHABLE) => {
            Some(RoundError::Unreachable { code, by: None })
        }
        (Family::V6, V6_TOO_BIG) => Some(RoundError::FragNeeded { mtu, by: None }),
        (Family::V4, V4_TIME_EXCEEDED) | (Family::V6, V6_TIME_EXCEEDED) => {
            Some(RoundError::TtlExceeded { by: None })
        }
        _ => None,
    }
}

/// Reads an ICMP message without its IP header, as datagram sockets and raw ICMPv6 sockets
/// deliver it.
pub(crate) fn read_icmp(family: Family, icmp: &[u8]) -> Option<Incoming> {
    let (kind, code) = (byte(icmp, 0)?, byte(icmp, 1)?);
    let reply = match family {
        Family::V4 => V4_REPLY,
        Family::V6 => V6_REPLY,
    };
    if kind == reply {
        return Some(Incoming::Reply { echo: echo(icmp)?, token: token(icmp)? });
    }
    let mtu = match family {
        Family::V4 => u32::from(u16::from_be_bytes(array(icmp, 6)?)),
        Family::V6 => u32::from_be_bytes(array(icmp, 4)?),
    };
    let error = refusal(family, kind, code, mtu)?;
    let quoted = icmp.get(HEADER_LEN..)?;
    let (destination, inner) = match family {
        Family::V4 => {
            let (header, inner) = split_v4(quoted)?;
            (IpAddr::V4(Ipv4Addr::from(array::<4>(header, 16)?)), inner)
        }
        Family::V6 => {
            (byte(quoted, 6)? == PROTOCOL_ICMPV6).then_some(())?;
            let destination = Ipv6Addr::from(array::<16>(quoted, 24)?);
            (IpAddr::V6(destination), quoted.get(V6_HEADER_LEN..)?)
        }
    };
    let (echo, token) = quoted_request(family, inner)?;
    Some(Incoming::Refusal { echo, token, destination, error })
}

/// Reads an ICMP packet with its IPv4 header, as raw sockets deliver it. The kernel has not
/// looked at its checksum; a wrong one is `None`. `whole` tells that the packet was not cut.
pub(crate) fn read_v4_raw(packet: &[u8], whole: bool) -> Option<Incoming> {
    let (_, icmp) = split_v4(packet)?;
    (!whole || checksum(icmp) == 0).then_some(())?;
    read_icmp(Family::V4, icmp)
}

/// An IPv4 packet's header and ICMP message.
fn split_v4(packet: &[u8]) -> Option<(&[u8], &[u8])> {
    let first = byte(packet, 0)?;
    let header_len = usize::from(first & 0x0f) * 4;
    (first >> 4 == 4 && header_len >= 20 && byte(packet, 9)? == PROTOCOL_ICMP).then_some(())?;
    packet.split_at_checked(header_len)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    const ECHO: Echo = Echo { ident: 0xbeef, sequence: 513 };

    fn request(family: Family, echo: Echo, token: u64) -> Vec<u8> {
        let mut packet = vec![0xff; 12];
        super::request(family, echo, token, 56, &mut packet);
        packet
    }

    fn v4_header(protocol: u8, destination: Ipv4Addr) -> Vec<u8> {
        let mut header = vec![0x45, 0, 0, 84, 0, 0, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1];
        header.extend(destination.octets());
        header
    }

    fn with_checksum(mut icmp: Vec<u8>) -> Vec<u8> {
        icmp[2..4].fill(0);
        let sum = checksum(&icmp);
        icmp[2..4].copy_from_slice(&sum.to_be_bytes());
        icmp
    }

    fn v4_error(kind: u8, code: u8, mtu: u16, quoted: usize) -> Vec<u8> {
        let mut icmp = vec![kind, code, 0, 0, 0, 0];
        icmp.extend(mtu.to_be_bytes());
        icmp.extend(v4_header(1, Ipv4Addr::new(10, 9, 8, 7)));
        icmp.extend(&request(Family::V4, ECHO, 42)[..quoted]);
        let mut packet = v4_header(1, Ipv4Addr::LOCALHOST);
        packet.extend(with_checksum(icmp));
        packet
    }

    #[test]
    fn a_request_sums_to_zero_and_comes_back_as_its_reply() {
        let mut reply = request(Family::V4, ECHO, 0x0123_4567_89ab_cdef);
        assert_eq!(checksum(&reply), 0);
        reply[0] = V4_REPLY;
        let reply = with_checksum(reply);
        let expected = Some(Incoming::Reply { echo: ECHO, token: 0x0123_4567_89ab_cdef });
        assert_eq!(read_icmp(Family::V4, &reply), expected);
        let mut raw = v4_header(1, Ipv4Addr::LOCALHOST);
        raw.extend(&reply);
        assert_eq!(read_v4_raw(&raw, true), expected);
        let last = raw.len() - 1;
        raw[last] ^= 1;
        assert_eq!(read_v4_raw(&raw, true), None, "a wrong checksum is no reply");

        let mut reply = request(Family::V6, ECHO, 7);
        reply[0] = V6_REPLY;
        let expected = Some(Incoming::Reply { echo: ECHO, token: 7 });
        assert_eq!(read_icmp(Family::V6, &reply), expected);
    }

    #[test]
    fn a_request_has_the_size_asked_for_and_nothing_of_the_one_before_it() {
        let mut packet = Vec::new();
        for (size, length) in [(1_472, 1_480), (56, 64), (8, 16), (0, 16), (8_972, 8_980)] {
            super::request(Family::V4, ECHO, u64::MAX, size, &mut packet);
            assert_eq!((packet.len(), checksum(&packet)), (length, 0), "{size}");
        }
    }

    #[test]
    fn our_own_requests_on_the_loopback_are_no_replies() {
        assert_eq!(read_icmp(Family::V4, &request(Family::V4, ECHO, 1)), None);
        assert_eq!(read_icmp(Family::V6, &request(Family::V6, ECHO, 1)), None);
    }

    #[test]
    fn v4_errors_tell_which_request_they_refuse() {
        for (kind, code, error) in [
            (3, 1, RoundError::Unreachable { code: 1, by: None }),
            (3, 13, RoundError::Unreachable { code: 13, by: None }),
            (3, 4, RoundError::FragNeeded { mtu: 1_400, by: None }),
            (11, 0, RoundError::TtlExceeded { by: None }),
        ] {
            for (quoted, token) in [(8, None), (64, Some(42))] {
                assert_eq!(
                    read_v4_raw(&v4_error(kind, code, 1_400, quoted), true),
                    Some(Incoming::Refusal {
                        echo: ECHO,
                        token,
                        destination: IpAddr::V4(Ipv4Addr::new(10, 9, 8, 7)),
                        error,
                    })
                );
            }
        }
        assert_eq!(read_v4_raw(&v4_error(5, 1, 0, 64), true), None, "a redirect is no verdict");
        assert_eq!(read_v4_raw(&v4_error(3, 1, 0, 7), true), None, "too little is quoted");
    }

    #[test]
    fn v6_errors_tell_which_request_they_refuse() {
        let destination: Ipv6Addr = "2001:db8::7".parse().unwrap();
        for (kind, code, info, error) in [
            (1, 4, 0, RoundError::Unreachable { code: 4, by: None }),
            (2, 0, 1_280, RoundError::FragNeeded { mtu: 1_280, by: None }),
            (2, 0, 70_000, RoundError::FragNeeded { mtu: u16::MAX, by: None }),
            (3, 0, 0, RoundError::TtlExceeded { by: None }),
        ] {
            let mut icmp = vec![kind, code, 0, 0];
            icmp.extend(u32::to_be_bytes(info));
            icmp.extend([0x60, 0, 0, 0, 0, 64, PROTOCOL_ICMPV6, 64]);
            icmp.extend(Ipv6Addr::LOCALHOST.octets());
            icmp.extend(destination.octets());
            icmp.extend(request(Family::V6, ECHO, 42));
            assert_eq!(
                read_icmp(Family::V6, &icmp),
                Some(Incoming::Refusal {
                    echo: ECHO,
                    token: Some(42),
                    destination: IpAddr::V6(destination),
                    error,
                })
            );
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for family in [Family::V4, Family::V6] {
                let _ = read_icmp(family, &bytes);
                let _ = quoted_request(family, &bytes);
            }
            let _ = read_v4_raw(&bytes, true);
            // The same behind plausible headers, so that the inner readers are reached.
            if let Some(first) = bytes.first_mut() {
                *first = 0x45;
            }
            let _ = read_v4_raw(&bytes, false);
            let mut error = vec![3, 1, 0, 0, 0, 0, 0, 0];
            error.extend(&bytes);
            let _ = read_icmp(Family::V4, &error);
            error[0] = 1;
            let _ = read_icmp(Family::V6, &error);
        }

        #[test]
        fn what_is_built_is_read_back(ident: u16, sequence: u16, token: u64) {
            let echo = Echo { ident, sequence };
            for family in [Family::V4, Family::V6] {
                let packet = request(family, echo, token);
                prop_assert_eq!(quoted_request(family, &packet), Some((echo, Some(token))));
            }
        }
    }
}
