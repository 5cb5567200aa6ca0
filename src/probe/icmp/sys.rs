//! The system calls that neither `std` nor `socket2` offers: options of ICMP sockets, receiving
//! many messages at once with their control data, and the clock that counts suspension.
//!
//! The only unsafe code of the room. Guarantees: every pointer given to the kernel points into
//! memory owned by the caller's frame or by [`Inbox`] and lives through the call; what the kernel
//! wrote is read within the lengths it reported.
#![expect(unsafe_code, reason = "recvmmsg, control messages and clock_gettime have no safe form")]

use std::io;
use std::mem::{size_of, zeroed};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, AsRawFd};

/// Messages taken by one system call.
pub(super) const BATCH: usize = 64;
/// Enough for an error that quotes our whole packet behind headers with options.
const MESSAGE_LEN: usize = 256;
/// Stamp (32), drop counter (24) and extended error with offender (64), with room to spare; in
/// words, which aligns it for the headers inside.
const CONTROL_WORDS: usize = 24;

/// Sets a socket option whose value is plain data.
pub(super) fn set_option<T: Copy>(
    socket: &impl AsFd,
    level: libc::c_int,
    name: libc::c_int,
    value: &T,
) -> io::Result<()> {
    let length = libc::socklen_t::try_from(size_of::<T>()).map_err(io::Error::other)?;
    let fd = socket.as_fd().as_raw_fd();
    // SAFETY: `value` is a live `T` and `length` its size; the kernel only reads it.
    let result =
        unsafe { libc::setsockopt(fd, level, name, std::ptr::from_ref(value).cast(), length) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// What is said to the kernel beside a packet; the default says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Control {
    /// Type of service or traffic class; 0 is the kernel's own.
    pub(super) tos: u8,
    /// The address it leaves from.
    pub(super) address: Option<IpAddr>,
    /// The number of the interface it leaves by; 0: any.
    pub(super) interface: u32,
}

/// Room for two control messages: information about the packet (36 bytes with IPv6), and a number.
const SEND_CONTROL_WORDS: usize = 12;

/// Sends a packet with what `control` says.
///
/// # Errors
/// What sendmsg says; `EAFNOSUPPORT` when the address it is to leave from is of the other family.
pub(super) fn send_with(
    socket: &impl AsFd,
    packet: &[u8],
    to: &socket2::SockAddr,
    control: &Control,
) -> io::Result<()> {
    let fd = socket.as_fd().as_raw_fd();
    let mut room = [0_u64; SEND_CONTROL_WORDS];
    let mut vector =
        libc::iovec { iov_base: packet.as_ptr().cast_mut().cast(), iov_len: packet.len() };
    // SAFETY: an msghdr of zeros is valid: null pointers with lengths of zero.
    let mut header: libc::msghdr = unsafe { zeroed() };
    header.msg_name = to.as_ptr().cast_mut().cast();
    header.msg_namelen = to.len();
    header.msg_iov = &raw mut vector;
    header.msg_iovlen = 1;
    header.msg_control = room.as_mut_ptr().cast();
    header.msg_controllen = size_of_val(&room) as _;
    // SAFETY: `header` describes `room`, which is aligned for headers, zeroed, and large enough for
    // both messages; the macros stay within it.
    let mut next = unsafe { libc::CMSG_FIRSTHDR(&raw const header) };
    let mut used = 0;
    if control.address.is_some() || control.interface != 0 {
        let number = control.interface;
        match (to.is_ipv4(), control.address) {
            (true, None | Some(IpAddr::V4(_))) => {
                let own = match control.address {
                    Some(IpAddr::V4(own)) => own,
                    _ => Ipv4Addr::UNSPECIFIED,
                };
                let info = libc::in_pktinfo {
                    ipi_ifindex: number.cast_signed(),
                    ipi_spec_dst: libc::in_addr { s_addr: u32::from(own).to_be() },
                    ipi_addr: libc::in_addr { s_addr: 0 },
                };
                used += put(&header, &mut next, libc::IPPROTO_IP, libc::IP_PKTINFO, &info);
            }
            (false, None | Some(IpAddr::V6(_))) => {
                let own = match control.address {
                    Some(IpAddr::V6(own)) => own,
                    _ => Ipv6Addr::UNSPECIFIED,
                };
                let info = libc::in6_pktinfo {
                    ipi6_addr: libc::in6_addr { s6_addr: own.octets() },
                    ipi6_ifindex: number as _,
                };
                used += put(&header, &mut next, libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, &info);
            }
            _ => return Err(io::Error::from_raw_os_error(libc::EAFNOSUPPORT)),
        }
    }
    if control.tos != 0 {
        let (level, kind) = match to.is_ipv4() {
            true => (libc::IPPROTO_IP, libc::IP_TOS),
            false => (libc::IPPROTO_IPV6, libc::IPV6_TCLASS),
        };
        used += put(&header, &mut next, level, kind, &libc::c_int::from(control.tos));
    }
    header.msg_controllen = used as _;
    // SAFETY: every pointer in `header` points to memory that outlives the call, with its length;
    // the kernel only reads.
    let sent = unsafe { libc::sendmsg(fd, &raw const header, 0) };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Puts a control message at `next` and moves it on; how much room it takes, nothing where there is
/// none left.
fn put<T: Copy>(
    header: &libc::msghdr,
    next: &mut *mut libc::cmsghdr,
    level: libc::c_int,
    kind: libc::c_int,
    value: &T,
) -> usize {
    if next.is_null() {
        return 0;
    }
    let size = size_of::<T>() as libc::c_uint;
    // SAFETY: `next` came from the macros over `header`, whose room the caller has made large
    // enough for its two messages: a header and a `T` fit behind it. CMSG_LEN and CMSG_SPACE only
    // compute.
    unsafe {
        (**next).cmsg_level = level;
        (**next).cmsg_type = kind;
        (**next).cmsg_len = libc::CMSG_LEN(size) as _;
        libc::CMSG_DATA(*next).cast::<T>().write_unaligned(*value);
        *next = libc::CMSG_NXTHDR(std::ptr::from_ref(header), *next);
        libc::CMSG_SPACE(size) as usize
    }
}

/// How many messages a socket has dropped so far for want of room; `None` where the kernel does not
/// say. Datagram ICMP sockets count them and put them beside no message.
pub(super) fn drops(socket: &impl AsFd) -> Option<u32> {
    /// `linux/sock_diag.h`: the last of nine counters.
    const DROPS: usize = 8;
    let mut counters = [0_u32; DROPS + 1];
    let mut length = size_of_val(&counters) as libc::socklen_t;
    let fd = socket.as_fd().as_raw_fd();
    // SAFETY: `counters` and `length` live through the call, and the kernel writes no more than
    // `length` bytes.
    let result = unsafe {
        libc::getsockopt(
            fd,
            libc::SOL_SOCKET,
            libc::SO_MEMINFO,
            counters.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    let is_whole = usize::try_from(length).ok() == Some(size_of_val(&counters));
    (result == 0 && is_whole).then_some(counters[DROPS])
}

/// The number of an interface; `None` where there is none of that name.
pub(super) fn interface_number(name: &str) -> Option<u32> {
    let name = std::ffi::CString::new(name).ok()?;
    // SAFETY: `name` is a string that ends in a zero and outlives the call.
    let number = unsafe { libc::if_nametoindex(name.as_ptr()) };
    (number != 0).then_some(number)
}

/// The kernel's clocks, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    /// Goes on evenly, stands still while the machine is suspended.
    Monotonic,
    /// The same, but counts suspension.
    Boot,
    /// The wall clock; stamps of packets are in it.
    Real,
}

/// Reads a clock.
pub(super) fn now_ns(clock: Clock) -> i64 {
    let id = match clock {
        Clock::Monotonic => libc::CLOCK_MONOTONIC,
        Clock::Boot => libc::CLOCK_BOOTTIME,
        Clock::Real => libc::CLOCK_REALTIME,
    };
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a live timespec. These clocks exist on every supported kernel, so the call
    // cannot fail; if it did, `time` would stay zero, which is a valid value.
    unsafe { libc::clock_gettime(id, &raw mut time) };
    timespec_ns(time)
}

#[expect(clippy::useless_conversion, reason = "the fields are 32 bits wide on some systems")]
fn timespec_ns(time: libc::timespec) -> i64 {
    i64::from(time.tv_sec).saturating_mul(1_000_000_000).saturating_add(i64::from(time.tv_nsec))
}

/// What came with a message from the error queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Who said it: a router, the target or, for a neighbour that does not answer, this machine.
    pub(super) offender: Option<IpAddr>,
    /// The ICMP type, code and, for "too big", the MTU.
    pub(super) kind: u8,
    pub(super) code: u8,
    pub(super) info: u32,
}

/// One message with its control data.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message<'a> {
    pub(super) bytes: &'a [u8],
    /// The packet was not cut to our buffer.
    pub(super) whole: bool,
    /// The sender; from the error queue, whom the refused packet was sent to.
    pub(super) address: IpAddr,
    /// When the kernel received it, by the wall clock.
    pub(super) stamp_ns: Option<i64>,
    /// Messages this socket has dropped so far for want of room; only told when there are some.
    pub(super) drops: Option<u32>,
    /// From the error queue: the ICMP error.
    pub(super) refusal: Option<Refusal>,
}

/// Buffers for one batch.
pub(super) struct Inbox {
    buffers: Vec<[u8; MESSAGE_LEN]>,
    names: Vec<libc::sockaddr_storage>,
    controls: Vec<[u64; CONTROL_WORDS]>,
    headers: [libc::mmsghdr; BATCH],
    filled: usize,
}

// SAFETY: the pointers inside `headers` are only followed by the kernel during `receive`, which
// sets every one of them anew; between calls only their lengths and flags are read.
unsafe impl Send for Inbox {}

impl Inbox {
    pub(super) fn new() -> Self {
        Self {
            buffers: vec![[0; MESSAGE_LEN]; BATCH],
            // SAFETY: a sockaddr_storage of zeros is valid (family AF_UNSPEC).
            names: vec![unsafe { zeroed() }; BATCH],
            controls: vec![[0; CONTROL_WORDS]; BATCH],
            // SAFETY: an mmsghdr of zeros is valid: null pointers with lengths of zero.
            headers: unsafe { zeroed() },
            filled: 0,
        }
    }

    /// Takes up to [`BATCH`] waiting messages without blocking, from the error queue when
    /// `errors`; their number. A batch with less is the last for now.
    ///
    /// # Errors
    /// What recvmmsg says, except that nothing waits (`Ok(0)`).
    pub(super) fn receive(&mut self, socket: &impl AsFd, errors: bool) -> io::Result<usize> {
        self.filled = 0;
        let fd = socket.as_fd().as_raw_fd();
        let mut vectors = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; BATCH];
        let parts = self.buffers.iter_mut().zip(&mut self.names).zip(&mut self.controls);
        for ((header, vector), ((buffer, name), control)) in
            self.headers.iter_mut().zip(&mut vectors).zip(parts)
        {
            *vector = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: MESSAGE_LEN };
            let header = &mut header.msg_hdr;
            header.msg_name = std::ptr::from_mut(name).cast();
            header.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            header.msg_iov = std::ptr::from_mut(vector);
            header.msg_iovlen = 1;
            header.msg_control = control.as_mut_ptr().cast();
            header.msg_controllen = size_of::<[u64; CONTROL_WORDS]>() as _;
            header.msg_flags = 0;
        }
        let flags = libc::MSG_DONTWAIT | if errors { libc::MSG_ERRQUEUE } else { 0 };
        // SAFETY: `headers` holds BATCH headers whose pointers were all just set to live buffers
        // of the lengths given; they and `vectors` outlive the call; no time-out is passed.
        let count = unsafe {
            libc::recvmmsg(
                fd,
                self.headers.as_mut_ptr(),
                BATCH as libc::c_uint,
                flags as _,
                std::ptr::null_mut(),
            )
        };
        match usize::try_from(count) {
            Ok(count) => {
                self.filled = count.min(BATCH);
                Ok(self.filled)
            }
            Err(_) => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
                error => Err(error),
            },
        }
    }

    /// The messages of the last batch; those without a readable address are left out.
    pub(super) fn messages(&self) -> impl Iterator<Item = Message<'_>> {
        (0..self.filled).filter_map(|index| self.message(index))
    }

    fn message(&self, index: usize) -> Option<Message<'_>> {
        let header = &self.headers[index];
        let length = usize::try_from(header.msg_len).ok()?.min(MESSAGE_LEN);
        let mut message = Message {
            bytes: &self.buffers[index][..length],
            whole: header.msg_hdr.msg_flags & libc::MSG_TRUNC == 0,
            address: address(&self.names[index])?,
            stamp_ns: None,
            drops: None,
            refusal: None,
        };
        // The lengths are the kernel's, the memory is this inbox's: put together anew, because the
        // inbox may have moved since the call.
        let mut view = header.msg_hdr;
        view.msg_control = self.controls[index].as_ptr().cast_mut().cast();
        // SAFETY: `view` describes `controls[index]` as the kernel filled it, and the macros stay
        // within msg_controllen.
        let mut control = unsafe { libc::CMSG_FIRSTHDR(&raw const view) };
        while !control.is_null() {
            // SAFETY: CMSG_FIRSTHDR and CMSG_NXTHDR return headers that lie wholly inside.
            let (head, data) = unsafe { (control.read_unaligned(), libc::CMSG_DATA(control)) };
            // A size_t or, with musl, a socklen_t: the cast changes one of them only.
            let length: usize = head.cmsg_len as _;
            // SAFETY: CMSG_LEN only computes.
            let room = length.saturating_sub(unsafe { libc::CMSG_LEN(0) } as usize);
            let fits = |size: usize| room >= size;
            match (head.cmsg_level, head.cmsg_type) {
                (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) if fits(size_of::<libc::timespec>()) => {
                    // SAFETY: the kernel put a timespec there and said so; any bits are valid.
                    let time = unsafe { data.cast::<libc::timespec>().read_unaligned() };
                    message.stamp_ns = Some(timespec_ns(time));
                }
                (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) if fits(size_of::<u32>()) => {
                    // SAFETY: the kernel put a u32 there and said so.
                    message.drops = Some(unsafe { data.cast::<u32>().read_unaligned() });
                }
                (libc::IPPROTO_IP, libc::IP_RECVERR) | (libc::IPPROTO_IPV6, libc::IPV6_RECVERR)
                    if fits(size_of::<libc::sock_extended_err>()) =>
                {
                    // SAFETY: the kernel put a sock_extended_err there; any bits are valid.
                    let error = unsafe { data.cast::<libc::sock_extended_err>().read_unaligned() };
                    let icmp = [libc::SO_EE_ORIGIN_ICMP, libc::SO_EE_ORIGIN_ICMP6];
                    // SAFETY: `room` bytes lie behind `data`; a sockaddr_storage of zeros is valid
                    // and stays so whatever bytes of an address are copied to its beginning.
                    let offender = unsafe {
                        let mut offender: libc::sockaddr_storage = zeroed();
                        let skipped = size_of::<libc::sock_extended_err>();
                        let length = (room - skipped).min(size_of_val(&offender));
                        let from = data.add(skipped);
                        (&raw mut offender).cast::<u8>().copy_from_nonoverlapping(from, length);
                        offender
                    };
                    message.refusal = icmp.contains(&error.ee_origin).then_some(Refusal {
                        offender: self::address(&offender),
                        kind: error.ee_type,
                        code: error.ee_code,
                        info: error.ee_info,
                    });
                }
                _ => {}
            }
            // SAFETY: `control` came from these macros over the same `view`.
            control = unsafe { libc::CMSG_NXTHDR(&raw const view, control) };
        }
        Some(message)
    }
}

fn address(name: &libc::sockaddr_storage) -> Option<IpAddr> {
    let name = std::ptr::from_ref(name);
    // SAFETY: a sockaddr_storage is large enough and aligned for every kind of address, and its
    // family tells which one the kernel wrote; any bits are valid in both.
    unsafe {
        match libc::c_int::from((*name).ss_family) {
            libc::AF_INET => {
                let v4 = name.cast::<libc::sockaddr_in>().read();
                Some(IpAddr::V4(Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr))))
            }
            libc::AF_INET6 => {
                let v6 = name.cast::<libc::sockaddr_in6>().read();
                Some(IpAddr::V6(Ipv6Addr::from(v6.sin6_addr.s6_addr)))
            }
            _ => None,
        }
    }
}
