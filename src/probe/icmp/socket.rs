//! ICMP sockets: datagram ones (the kernel chooses the identifier and filters) and raw ones (we
//! choose a block of identifiers and filter by a BPF program on it).
//!
//! Guarantees: never blocks; receive stamps and the drop counter are on; a raw socket delivers
//! only echo replies to our identifiers and errors that quote them; whatever sends learns when the
//! system threw its packet away.

use std::cell::Cell;
use std::io::{self, Read as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};

use socket2::{Domain, Protocol, SockAddr, SockFilter, Socket, Type};

use super::packet::Family;
use super::sys::{self, Control};
use crate::probe::ProbeError;

/// Identifiers in a raw socket's block, and datagram sockets at most.
pub(super) const IDENTS: u16 = 8;
/// Asked for; the system may grant less. A stall of half a second at full rate must fit.
const RECEIVE_BUFFER: usize = 4 << 20;
/// Asked for; the system may grant less. A packet to an absent neighbour stays in it, at nearly a
/// kilobyte each, until the address resolution gives up after three seconds.
const SEND_BUFFER: usize = 16 << 20;
/// `linux/icmp.h`: the types a raw socket does not deliver, a bit each.
const ICMP_FILTER: libc::c_int = 1;
const SOL_RAW: libc::c_int = 255;
/// `linux/icmpv6.h`: likewise, 256 bits.
const ICMPV6_FILTER: libc::c_int = 1;

/// Classic BPF: return, the number of bytes to deliver being the operand.
const RET: u16 = 0x06;

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
    family: Family,
    /// Whether packets may not be cut, as it was set last.
    df: Cell<bool>,
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
        let socket = new_socket(family, kind).map_err(failed("open the socket"))?;
        // The system's limit applies silently; the drop counter tells when it was too small.
        socket.set_recv_buffer_size(RECEIVE_BUFFER).map_err(failed("set SO_RCVBUF"))?;
        for (name, option) in
            [("set SO_TIMESTAMPNS", libc::SO_TIMESTAMPNS), ("set SO_RXQ_OVFL", libc::SO_RXQ_OVFL)]
        {
            sys::set_option(&socket, libc::SOL_SOCKET, option, &1_i32).map_err(failed(name))?;
        }
        let ident = match kind {
            Kind::Raw => {
                block_types(&socket, family, types_read(family))
                    .map_err(failed("set the ICMP filter"))?;
                socket.attach_filter(&ident_filter(family, block)).map_err(failed("attach BPF"))?;
                forget_waiting(&socket);
                block
            }
            Kind::Datagram => {
                prepare_sending(&socket, family).map_err(failed("prepare sending"))?;
                bind_ident(&socket, family).map_err(failed("bind an identifier"))?
            }
        };
        Ok(Self { socket, family, df: Cell::new(false), ident })
    }

    /// A raw socket that sends and gets nothing but the errors of its own sends. Raw packets leave
    /// by such ones because only with `RECVERR` does a raw socket tell that a packet was dropped
    /// for want of buffers, and because each has a send buffer of its own.
    pub(super) fn open_sender(family: Family) -> Result<Self, ProbeError> {
        let failed = |operation: &'static str| {
            move |source| ProbeError::Socket {
                operation,
                kind: Kind::Raw.name(),
                family: family.name(),
                source,
            }
        };
        let socket = new_socket(family, Kind::Raw).map_err(failed("open the sending socket"))?;
        block_types(&socket, family, &[]).map_err(failed("set the ICMP filter"))?;
        let drop_all = [SockFilter::new(RET, 0, 0, 0)];
        socket.attach_filter(&drop_all).map_err(failed("attach BPF"))?;
        prepare_sending(&socket, family).map_err(failed("prepare sending"))?;
        forget_waiting(&socket);
        Ok(Self { socket, family, df: Cell::new(false), ident: 0 })
    }

    /// Makes room for only a few answers.
    #[cfg(test)]
    pub(super) fn starve(&self) -> io::Result<()> {
        self.socket.set_recv_buffer_size(0)
    }

    /// Makes room for only a few packets that wait for their neighbour's address.
    #[cfg(test)]
    pub(super) fn starve_sending(&self) -> io::Result<()> {
        self.socket.set_send_buffer_size(0)
    }

    /// Sends one packet.
    ///
    /// # Errors
    /// What the system says to this packet or, once each, about an *earlier* one that met an ICMP
    /// error: see [`Self::forget_error`].
    pub(super) fn send(&self, packet: &[u8], to: IpAddr, posture: Posture) -> io::Result<()> {
        // A socket's option, not a packet's: set only where it changes.
        if self.df.get() != posture.df {
            forbid_cutting(&self.socket, self.family, posture.df)?;
            self.df.set(posture.df);
        }
        let to = SockAddr::from(SocketAddr::new(to, 0));
        if posture.control == Control::default() {
            return self.socket.send_to(packet, &to).map(drop);
        }
        sys::send_with(&self.socket, packet, &to, &posture.control)
    }

    /// Takes the error that would hit the next send; true when there was one.
    pub(super) fn forget_error(&self) -> bool {
        self.socket.take_error().is_ok_and(|error| error.is_some())
    }
}

/// How a packet is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Posture {
    /// Nobody may cut it.
    pub(super) df: bool,
    /// What is said beside it.
    pub(super) control: Control,
}

/// Forbids everybody to cut what a socket sends, this machine included, and lets it try what the
/// system believes to be too big for the way: only so the way itself answers. Or allows it again.
pub(super) fn forbid_cutting(socket: &impl AsFd, family: Family, df: bool) -> io::Result<()> {
    match family {
        Family::V4 => {
            let way = if df { libc::IP_PMTUDISC_PROBE } else { libc::IP_PMTUDISC_WANT };
            sys::set_option(socket, libc::IPPROTO_IP, libc::IP_MTU_DISCOVER, &way)
        }
        Family::V6 => {
            let way = if df { libc::IPV6_PMTUDISC_PROBE } else { libc::IPV6_PMTUDISC_WANT };
            sys::set_option(socket, libc::IPPROTO_IPV6, libc::IPV6_MTU_DISCOVER, &way)?;
            let dont = i32::from(df);
            sys::set_option(socket, libc::IPPROTO_IPV6, libc::IPV6_DONTFRAG, &dont)
        }
    }
}

pub(super) fn new_socket(family: Family, kind: Kind) -> io::Result<Socket> {
    let (domain, protocol) = match family {
        Family::V4 => (Domain::IPV4, Protocol::ICMPV4),
        Family::V6 => (Domain::IPV6, Protocol::ICMPV6),
    };
    let kind = match kind {
        Kind::Datagram => Type::DGRAM,
        Kind::Raw => Type::RAW,
    };
    let socket = Socket::new(domain, kind, Some(protocol))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// A large send buffer, and the error queue, without which some errors are not told at all.
fn prepare_sending(socket: &Socket, family: Family) -> io::Result<()> {
    let bytes = libc::c_int::try_from(SEND_BUFFER).unwrap_or(libc::c_int::MAX);
    // Beyond the system's limit for CAP_NET_ADMIN only; else the limit applies silently.
    if sys::set_option(socket, libc::SOL_SOCKET, libc::SO_SNDBUFFORCE, &bytes).is_err() {
        socket.set_send_buffer_size(SEND_BUFFER)?;
    }
    let (level, option) = match family {
        Family::V4 => (libc::IPPROTO_IP, libc::IP_RECVERR),
        Family::V6 => (libc::IPPROTO_IPV6, libc::IPV6_RECVERR),
    };
    sys::set_option(socket, level, option, &1_i32)
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

/// The types we read: replies and errors.
const fn types_read(family: Family) -> &'static [u8] {
    match family {
        Family::V4 => &[0, 3, 11],
        Family::V6 => &[1, 2, 3, 129],
    }
}

/// Blocks all types but those `passed`: the cheapest filter, it goes first.
fn block_types(socket: &Socket, family: Family, passed: &[u8]) -> io::Result<()> {
    match family {
        Family::V4 => {
            // Types from 32 on pass in any case; BPF keeps them out.
            let passed = passed.iter().fold(0_u32, |mask, kind| mask | 1 << (kind % 32));
            sys::set_option(socket, SOL_RAW, ICMP_FILTER, &!passed)
        }
        Family::V6 => {
            let mut blocked = [u32::MAX; 8];
            for kind in passed {
                blocked[usize::from(kind / 32)] &= !(1 << (kind % 32));
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
