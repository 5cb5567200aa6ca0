//! ICMP sockets: datagram ones (the kernel chooses the identifier and filters) and raw ones (we
//! choose a block of identifiers and filter by a BPF program on it).
//!
//! Guarantees: never blocks; receive stamps and the drop counter are on; a raw socket delivers
//! only echo replies to our identifiers and errors that quote them.

use std::io::{self, Read as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};

use socket2::{Domain, Protocol, SockAddr, SockFilter, Socket, Type};

use super::packet::Family;
use super::sys;
use crate::probe::ProbeError;

/// Identifiers in a raw socket's block, and datagram sockets at most.
pub(super) const IDENTS: u16 = 8;
/// Asked for; the system may grant less. A stall of half a second at full rate must fit.
const RECEIVE_BUFFER: usize = 4 << 20;
/// Sends tried again because of errors to earlier packets; a real one comes every time.
const PENDING_ERRORS_MAX: usize = 2;
/// `linux/icmp.h`: the types a raw socket does not deliver, a bit each.
const ICMP_FILTER: libc::c_int = 1;
const SOL_RAW: libc::c_int = 255;
/// `linux/icmpv6.h`: likewise, 256 bits.
const ICMPV6_FILTER: libc::c_int = 1;

/// The two kinds of socket that can carry echo requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Datagram,
    Raw,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Datagram => "datagram",
            Self::Raw => "raw",
        }
    }
}

/// One socket.
#[derive(Debug)]
pub(super) struct IcmpSocket {
    socket: Socket,
    kind: Kind,
    /// Its identifier; of a raw socket the first of [`IDENTS`].
    pub(super) ident: u16,
}

impl AsFd for IcmpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl IcmpSocket {
    /// Opens and prepares a socket. `block` is the first identifier of a raw one: a multiple of
    /// [`IDENTS`].
    pub(super) fn open(family: Family, kind: Kind, block: u16) -> Result<Self, ProbeError> {
        let failed = |operation: &'static str| {
            move |source| ProbeError::Socket {
                operation,
                kind: kind.name(),
                family: family.name(),
                source,
            }
        };
        let (domain, protocol) = match family {
            Family::V4 => (Domain::IPV4, Protocol::ICMPV4),
            Family::V6 => (Domain::IPV6, Protocol::ICMPV6),
        };
        let kind_of = match kind {
            Kind::Datagram => Type::DGRAM,
            Kind::Raw => Type::RAW,
        };
        let socket =
            Socket::new(domain, kind_of, Some(protocol)).map_err(failed("open the socket"))?;
        socket.set_nonblocking(true).map_err(failed("set non-blocking"))?;
        // The system's limit applies silently; the drop counter tells when it was too small.
        socket.set_recv_buffer_size(RECEIVE_BUFFER).map_err(failed("set SO_RCVBUF"))?;
        for (name, option) in
            [("set SO_TIMESTAMPNS", libc::SO_TIMESTAMPNS), ("set SO_RXQ_OVFL", libc::SO_RXQ_OVFL)]
        {
            sys::set_option(&socket, libc::SOL_SOCKET, option, &1_i32).map_err(failed(name))?;
        }
        let ident = match kind {
            Kind::Raw => {
                filter_types(&socket, family).map_err(failed("set the ICMP filter"))?;
                socket.attach_filter(&ident_filter(family, block)).map_err(failed("attach BPF"))?;
                forget_waiting(&socket);
                block
            }
            Kind::Datagram => {
                let (level, option) = match family {
                    Family::V4 => (libc::IPPROTO_IP, libc::IP_RECVERR),
                    Family::V6 => (libc::IPPROTO_IPV6, libc::IPV6_RECVERR),
                };
                sys::set_option(&socket, level, option, &1_i32).map_err(failed("set RECVERR"))?;
                bind_ident(&socket, family).map_err(failed("bind an identifier"))?
            }
        };
        Ok(Self { socket, kind, ident })
    }

    /// Makes room for only a few answers.
    #[cfg(test)]
    pub(super) fn starve(&self) -> io::Result<()> {
        self.socket.set_recv_buffer_size(0)
    }

    /// Sends one packet.
    ///
    /// A datagram socket also reports here, once, an ICMP error to an *earlier* packet; such a
    /// pending error is cleared and the send tried again, so that it hits no innocent one.
    pub(super) fn send(&self, packet: &[u8], to: IpAddr) -> io::Result<()> {
        let to = SockAddr::from(SocketAddr::new(to, 0));
        let mut result = self.socket.send_to(packet, &to);
        for _ in 0..PENDING_ERRORS_MAX {
            match &result {
                Err(error) if self.kind == Kind::Datagram && !is_congestion(error) => {
                    // The failed send has taken the error it told; another may have come since.
                    let _ = self.socket.take_error();
                    result = self.socket.send_to(packet, &to);
                }
                _ => break,
            }
        }
        result.map(drop)
    }
}

/// True when the packet may leave a little later.
pub(super) fn is_congestion(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::ENOBUFS | libc::ENOMEM | libc::EINTR))
}

/// True when the system does not know the family at all.
pub(super) fn is_absent_family(error: &ProbeError) -> bool {
    let ProbeError::Socket { source, .. } = error else { return false };
    matches!(
        source.raw_os_error(),
        Some(libc::EAFNOSUPPORT | libc::EPROTONOSUPPORT | libc::EADDRNOTAVAIL)
    )
}

/// Lets the kernel choose an identifier and tells it.
fn bind_ident(socket: &Socket, family: Family) -> io::Result<u16> {
    let any = match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        Family::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    socket.bind(&SockAddr::from(SocketAddr::new(any, 0)))?;
    let bound = socket.local_addr()?.as_socket();
    bound.map(|address| address.port()).ok_or_else(|| io::Error::other("no identifier was bound"))
}

/// Takes away what came between opening the socket and attaching its filters: other programs'
/// packets, which would only fill the buffer.
fn forget_waiting(mut socket: &Socket) {
    let mut byte = [0];
    while socket.read(&mut byte).is_ok() {}
}

/// Blocks all types but replies and the errors we read: the cheapest filter goes first.
fn filter_types(socket: &Socket, family: Family) -> io::Result<()> {
    match family {
        Family::V4 => {
            let passed: u32 = 1 << 0 | 1 << 3 | 1 << 11;
            sys::set_option(socket, SOL_RAW, ICMP_FILTER, &!passed)
        }
        Family::V6 => {
            let mut blocked = [u32::MAX; 8];
            for kind in [1_usize, 2, 3, 129] {
                blocked[kind / 32] &= !(1 << (kind % 32));
            }
            sys::set_option(socket, libc::IPPROTO_ICMPV6, ICMPV6_FILTER, &blocked)
        }
    }
}

/// Classic BPF that passes echo replies to the block and errors that quote a request from it.
///
/// The kernel shows an IPv4 packet from its IP header on, an ICMPv6 one from its ICMPv6 header.
/// A load beyond the packet's end drops it.
fn ident_filter(family: Family, block: u16) -> Vec<SockFilter> {
    const LD_B_ABS: u16 = 0x30;
    const LD_H_ABS: u16 = 0x28;
    const LD_B_IND: u16 = 0x50;
    const LD_H_IND: u16 = 0x48;
    const LDX_MSH: u16 = 0xb1;
    const AND: u16 = 0x54;
    const LSH: u16 = 0x64;
    const ADD_X: u16 = 0x0c;
    const TAX: u16 = 0x07;
    const JEQ: u16 = 0x15;
    const JUMP: u16 = 0x05;
    const RET: u16 = 0x06;
    let mask = u32::from(!(IDENTS - 1));
    let block = u32::from(block & !(IDENTS - 1));
    let op = SockFilter::new;
    match family {
        Family::V4 => vec![
            op(LDX_MSH, 0, 0, 0),   //  0 X = length of the IP header
            op(LD_B_IND, 0, 0, 0),  //  1 type
            op(JEQ, 0, 2, 0),       //  2 a reply? else 5
            op(LD_H_IND, 0, 0, 4),  //  3 its identifier
            op(JUMP, 0, 0, 8),      //  4 to 13
            op(LD_B_IND, 0, 0, 8),  //  5 first byte of the quoted IP header
            op(AND, 0, 0, 0x0f),    //  6
            op(LSH, 0, 0, 2),       //  7 its length
            op(ADD_X, 0, 0, 0),     //  8
            op(TAX, 0, 0, 0),       //  9 X = both headers; the quoted ICMP is at X + 8
            op(LD_B_IND, 0, 0, 8),  // 10 quoted type
            op(JEQ, 0, 4, 8),       // 11 a request? else 16
            op(LD_H_IND, 0, 0, 12), // 12 quoted identifier
            op(AND, 0, 0, mask),    // 13
            op(JEQ, 0, 1, block),   // 14
            op(RET, 0, 0, 0xffff),  // 15 pass
            op(RET, 0, 0, 0),       // 16 drop
        ],
        Family::V6 => vec![
            op(LD_B_ABS, 0, 0, 0),  // 0 type
            op(JEQ, 0, 2, 129),     // 1 a reply? else 4
            op(LD_H_ABS, 0, 0, 4),  // 2 its identifier
            op(JUMP, 0, 0, 3),      // 3 to 7
            op(LD_B_ABS, 0, 0, 48), // 4 type behind the quoted IPv6 header
            op(JEQ, 0, 4, 128),     // 5 a request? else 10
            op(LD_H_ABS, 0, 0, 52), // 6 quoted identifier
            op(AND, 0, 0, mask),    // 7
            op(JEQ, 0, 1, block),   // 8
            op(RET, 0, 0, 0xffff),  // 9 pass
            op(RET, 0, 0, 0),       // 10 drop
        ],
    }
}
