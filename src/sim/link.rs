//! A device into the virtual province, in the namespace the process is in: packets that the
//! kernel sends out of it come to us, and what we write arrives at the kernel.
//!
//! A TUN device where `/dev/net/tun` may be opened; else a veth pair whose far end is read as
//! Ethernet frames. Set up by rtnetlink alone, the `ip` program is not needed. Every address
//! that is not the machine's own leads through it.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt as _;

use super::netlink::{Mac, Netlink};
use super::sys;

/// Why there is no device.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// One step of setting it up failed.
    #[error("{step}: {error}")]
    Step {
        /// What was tried.
        step: &'static str,
        /// Why it failed.
        error: io::Error,
    },
    /// Neither way works.
    #[error("make a device into the virtual province: {tun}; {veth}")]
    Neither {
        /// Why not a TUN device.
        tun: Box<LinkError>,
        /// Why not a veth pair.
        veth: Box<LinkError>,
    },
}

/// The patrol's own address: one reserved for documentation, so that it is nobody's in any
/// inventory.
pub const OWN: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
/// The next hop on a veth pair; nobody is there.
const GATEWAY: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
/// The patrol's own IPv6 address, likewise reserved.
pub const OWN6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
const GATEWAY6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);

/// Packets the kernel keeps for us while we are busy.
const QUEUE: u32 = 10_000;
const NEAR: (&str, Mac) = ("patrol0", [2, 0, 0, 0, 0, 1]);
const FAR: (&str, Mac) = ("province0", [2, 0, 0, 0, 0, 2]);
/// Nobody's: the kernel at the far end sees that frames are not for it and leaves them to us.
const NOBODY: Mac = [2, 0, 0, 0, 0, 3];
const ETHERNET_HEADER: usize = 14;
const IPV4: [u8; 2] = [0x08, 0x00];
const IPV6: [u8; 2] = [0x86, 0xDD];

/// The open device.
#[derive(Debug)]
pub struct Link {
    file: File,
    kind: Kind,
}

/// Which of the two ways was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Raw IP packets.
    Tun,
    /// Ethernet frames.
    Veth,
}

fn step<T>(step: &'static str, result: io::Result<T>) -> Result<T, LinkError> {
    result.map_err(|error| LinkError::Step { step, error })
}

impl Link {
    /// Makes the device: TUN first, a veth pair where that is closed.
    ///
    /// # Errors
    /// [`LinkError::Neither`] with both reasons.
    pub fn open() -> Result<Self, LinkError> {
        Self::tun().or_else(|tun| {
            Self::veth()
                .map_err(|veth| LinkError::Neither { tun: Box::new(tun), veth: Box::new(veth) })
        })
    }

    /// Makes a TUN device.
    ///
    /// # Errors
    /// [`LinkError::Step`], as a rule because `/dev/net/tun` is closed to the user.
    pub fn tun() -> Result<Self, LinkError> {
        let file = step(
            "open /dev/net/tun",
            OpenOptions::new()
                .read(true)
                .write(true)
                .custom_flags(libc::O_NONBLOCK)
                .open("/dev/net/tun"),
        )?;
        step("make a TUN device", sys::tun_create(&file, NEAR.0))?;
        let mut netlink = step("open netlink", Netlink::open())?;
        let index = step("find the TUN device", sys::interface_index(NEAR.0))?;
        step("set the TUN device's address", netlink.address(index, OWN.into(), 32))?;
        step("set the TUN device up", netlink.up(index, QUEUE))?;
        step("route into the TUN device", netlink.default_route(index, OWN.into(), None))?;
        // A kernel without IPv6 still has a province.
        let _ = netlink
            .address(index, OWN6.into(), 128)
            .and_then(|()| netlink.default_route(index, OWN6.into(), None));
        Ok(Self { file, kind: Kind::Tun })
    }

    /// Makes a veth pair.
    ///
    /// # Errors
    /// [`LinkError::Step`] when the kernel refuses.
    pub fn veth() -> Result<Self, LinkError> {
        let mut netlink = step("open netlink", Netlink::open())?;
        step("make a veth pair", netlink.veth(NEAR, FAR))?;
        let near = step("find the veth pair", sys::interface_index(NEAR.0))?;
        let far = step("find the veth pair", sys::interface_index(FAR.0))?;
        step("set the veth pair up", netlink.up(far, QUEUE))?;
        // A socket bound to a device that is down would begin with an error.
        let socket = step("open a packet socket", sys::packet_socket(far))?;
        let socket = socket2::Socket::from(socket);
        // As much as the kernel grants; the default holds some hundred packets.
        let _ = socket.set_recv_buffer_size(8 << 20);
        step("set the veth pair up", netlink.up(near, QUEUE))?;
        step("set the veth pair's address", netlink.address(near, OWN.into(), 30))?;
        // One neighbour for everybody: thousands would fill the neighbour table.
        step("set the gateway", netlink.neighbour(near, GATEWAY.into(), NOBODY))?;
        step(
            "route into the veth pair",
            netlink.default_route(near, OWN.into(), Some(GATEWAY.into())),
        )?;
        let _ = netlink
            .address(near, OWN6.into(), 64)
            .and_then(|()| netlink.neighbour(near, GATEWAY6.into(), NOBODY))
            .and_then(|()| netlink.default_route(near, OWN6.into(), Some(GATEWAY6.into())));
        Ok(Self { file: File::from(std::os::fd::OwnedFd::from(socket)), kind: Kind::Veth })
    }

    /// Which way was taken.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The next IP packet that left the machine, `None` when none waits.
    ///
    /// # Errors
    /// Reading failed for good.
    pub fn receive<'b>(&self, buffer: &'b mut [u8]) -> io::Result<Option<&'b [u8]>> {
        let got = match (&self.file).read(buffer) {
            Ok(got) => got,
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                return Ok(None);
            }
            Err(e) => return Err(e),
        };
        let packet = &buffer[..got];
        Ok(Some(match self.kind {
            Kind::Tun => packet,
            Kind::Veth => match packet.split_at_checked(ETHERNET_HEADER) {
                Some((header, ip)) if [IPV4, IPV6].iter().any(|t| header.ends_with(t)) => ip,
                _ => &[],
            },
        }))
    }

    /// Hands an IP packet to the kernel; false when it has no room for it now.
    ///
    /// # Errors
    /// Writing failed for good.
    pub fn send(&self, packet: &[u8]) -> io::Result<bool> {
        let written = match self.kind {
            Kind::Tun => (&self.file).write(packet),
            Kind::Veth => {
                let is_v6 = packet.first().is_some_and(|b| b >> 4 == 6);
                let mut frame = Vec::with_capacity(ETHERNET_HEADER + packet.len());
                frame.extend_from_slice(&NEAR.1);
                frame.extend_from_slice(&FAR.1);
                frame.extend_from_slice(if is_v6 { &IPV6 } else { &IPV4 });
                frame.extend_from_slice(packet);
                (&self.file).write(&frame)
            }
        };
        match written {
            Ok(_) => Ok(true),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                Ok(false)
            }
            Err(e) if e.raw_os_error() == Some(libc::ENOBUFS) => Ok(false),
            Err(e) => Err(e),
        }
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}
