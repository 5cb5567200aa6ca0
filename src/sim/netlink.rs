//! Just enough rtnetlink to set up a device without the `ip` program: links, addresses, routes,
//! neighbours. One request at a time, each acknowledged by the kernel.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::net::IpAddr;
use std::os::fd::OwnedFd;

use socket2::{Domain, Protocol, Socket, Type};

const RTM_NEWLINK: u16 = 16;
const RTM_NEWADDR: u16 = 20;
const RTM_NEWROUTE: u16 = 24;
const RTM_NEWNEIGH: u16 = 28;
const NLM_F_REQUEST_ACK: u16 = 0x5;
const NLM_F_EXCL_CREATE: u16 = 0x600;
const NLMSG_ERROR: u16 = 2;
const NLA_F_NESTED: u16 = 0x8000;

const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_TXQLEN: u16 = 13;
const IFLA_LINKINFO: u16 = 18;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const VETH_INFO_PEER: u16 = 1;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_F_NODAD: u8 = 0x02;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const NDA_DST: u16 = 1;
const NDA_LLADDR: u16 = 2;
const NUD_PERMANENT: u16 = 0x80;
const RT_TABLE_MAIN: u8 = 254;
const RTPROT_STATIC: u8 = 4;
const RT_SCOPE_UNIVERSE: u8 = 0;
const RT_SCOPE_LINK: u8 = 253;
const RTN_UNICAST: u8 = 1;
const IFF_UP: u32 = 1;

/// An Ethernet address.
pub(super) type Mac = [u8; 6];

/// A connection to the kernel's routing tables, in the namespace it was opened in.
pub(super) struct Netlink(File);

/// A message being put together: fixed part, then attributes, each aligned to four bytes.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn u8s(mut self, values: &[u8]) -> Self {
        self.0.extend_from_slice(values);
        self
    }

    fn u16(self, value: u16) -> Self {
        self.u8s(&value.to_ne_bytes())
    }

    fn u32(self, value: u32) -> Self {
        self.u8s(&value.to_ne_bytes())
    }

    fn attribute(self, kind: u16, value: &[u8]) -> Self {
        let len = u16::try_from(value.len() + 4).unwrap_or(u16::MAX);
        let mut bytes = self.u16(len).u16(kind).u8s(value);
        while !bytes.0.len().is_multiple_of(4) {
            bytes.0.push(0);
        }
        bytes
    }

    fn nested(self, kind: u16, inner: Self) -> Self {
        self.attribute(kind | NLA_F_NESTED, &inner.0)
    }

    fn name(self, name: &str) -> Self {
        let mut text = name.as_bytes().to_vec();
        text.push(0);
        self.attribute(IFLA_IFNAME, &text)
    }

    fn address(self, kind: u16, address: IpAddr) -> Self {
        match address {
            IpAddr::V4(a) => self.attribute(kind, &a.octets()),
            IpAddr::V6(a) => self.attribute(kind, &a.octets()),
        }
    }
}

/// An ifinfomsg.
fn link(index: u32, flags: u32, change: u32) -> Bytes {
    Bytes::default().u8s(&[0, 0]).u16(0).u32(index).u32(flags).u32(change)
}

const fn family(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => libc::AF_INET as u8,
        IpAddr::V6(_) => libc::AF_INET6 as u8,
    }
}

impl Netlink {
    pub(super) fn open() -> io::Result<Self> {
        let socket = Socket::new(
            Domain::from(libc::AF_NETLINK),
            Type::RAW,
            Some(Protocol::from(libc::NETLINK_ROUTE)),
        )?;
        Ok(Self(File::from(OwnedFd::from(socket))))
    }

    fn request(&mut self, kind: u16, flags: u16, body: Bytes) -> io::Result<()> {
        let len = u32::try_from(body.0.len() + 16).unwrap_or(u32::MAX);
        let message = Bytes::default()
            .u32(len)
            .u16(kind)
            .u16(NLM_F_REQUEST_ACK | flags)
            .u32(1)
            .u32(0)
            .u8s(&body.0);
        self.0.write_all(&message.0)?;
        let mut answer = [0_u8; 4096];
        let got = self.0.read(&mut answer)?;
        // nlmsghdr (16 bytes, its type at 4), then nlmsgerr with a negative error number first.
        let field = |at: usize| answer[..got].get(at..at + 4).and_then(|b| b.try_into().ok());
        match (field(4).map(|b: [u8; 4]| u16::from_ne_bytes([b[0], b[1]])), field(16)) {
            (Some(NLMSG_ERROR), Some(code)) => match i32::from_ne_bytes(code) {
                0 => Ok(()),
                errno => Err(io::Error::from_raw_os_error(-errno)),
            },
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, "unexpected netlink answer")),
        }
    }

    /// Sets a device up, with a transmit queue long enough for a burst of rounds.
    pub(super) fn up(&mut self, index: u32, queue: u32) -> io::Result<()> {
        let body = link(index, IFF_UP, IFF_UP).attribute(IFLA_TXQLEN, &queue.to_ne_bytes());
        self.request(RTM_NEWLINK, 0, body)
    }

    /// Makes two Ethernet devices that are each other's wire.
    pub(super) fn veth(&mut self, near: (&str, Mac), far: (&str, Mac)) -> io::Result<()> {
        let peer = link(0, 0, 0).name(far.0).attribute(IFLA_ADDRESS, &far.1);
        let data = Bytes::default().nested(VETH_INFO_PEER, peer);
        let info =
            Bytes::default().attribute(IFLA_INFO_KIND, b"veth\0").nested(IFLA_INFO_DATA, data);
        let body =
            link(0, 0, 0).name(near.0).attribute(IFLA_ADDRESS, &near.1).nested(IFLA_LINKINFO, info);
        self.request(RTM_NEWLINK, NLM_F_EXCL_CREATE, body)
    }

    /// Gives a device an address.
    pub(super) fn address(&mut self, index: u32, address: IpAddr, prefix: u8) -> io::Result<()> {
        let flags = if address.is_ipv6() { IFA_F_NODAD } else { 0 };
        let body = Bytes::default()
            .u8s(&[family(address), prefix, flags, RT_SCOPE_UNIVERSE])
            .u32(index)
            .address(IFA_LOCAL, address)
            .address(IFA_ADDRESS, address);
        self.request(RTM_NEWADDR, NLM_F_EXCL_CREATE, body)
    }

    /// Sends everything of the address's family out of a device, to `gateway` where there is one.
    pub(super) fn default_route(
        &mut self,
        index: u32,
        own: IpAddr,
        gateway: Option<IpAddr>,
    ) -> io::Result<()> {
        let scope =
            if gateway.is_none() && own.is_ipv4() { RT_SCOPE_LINK } else { RT_SCOPE_UNIVERSE };
        let mut body = Bytes::default()
            .u8s(&[family(own), 0, 0, 0, RT_TABLE_MAIN, RTPROT_STATIC, scope, RTN_UNICAST])
            .u32(0)
            .attribute(RTA_OIF, &index.to_ne_bytes());
        if let Some(gateway) = gateway {
            body = body.address(RTA_GATEWAY, gateway);
        }
        self.request(RTM_NEWROUTE, NLM_F_EXCL_CREATE, body)
    }

    /// Says which Ethernet address a neighbour has, for good.
    pub(super) fn neighbour(&mut self, index: u32, address: IpAddr, mac: Mac) -> io::Result<()> {
        let body = Bytes::default()
            .u8s(&[family(address), 0, 0, 0])
            .u32(index)
            .u16(NUD_PERMANENT)
            .u8s(&[0, 0])
            .address(NDA_DST, address)
            .attribute(NDA_LLADDR, &mac);
        self.request(RTM_NEWNEIGH, NLM_F_EXCL_CREATE, body)
    }
}
