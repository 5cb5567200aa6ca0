//! Some thousands of agents in a process of their own, so that what they cost is not counted: one
//! socket hears all addresses of the loopback and answers each question from where it was put to.
//! Answers are encoded once for all devices and a hundredth of a second; then only the number of
//! the question is put in.

#![expect(
    unsafe_code,
    reason = "only recvmmsg and its like say which address a question was put to"
)]

use std::collections::HashMap;
use std::io::Write as _;
use std::mem::{size_of, zeroed};
use std::net::Ipv4Addr;
use std::os::fd::AsRawFd as _;
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};

pub const COMMUNITY: &str = "public";
pub const INTERFACES: u32 = 24;
/// Most bytes of an answer's bindings: what agents with a great buffer send.
const ANSWER_BYTES_MAX: usize = 8_000;
const BATCH: usize = 64;
const FRESH: Duration = Duration::from_millis(10);

/// The address of a device.
pub fn address(n: u32) -> Ipv4Addr {
    Ipv4Addr::from(0x7f0a_0001 + n)
}

type Cell = (Vec<u32>, Vec<u8>);

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match content.len() {
        n @ 0..=0x7f => bytes.push(n as u8),
        n => bytes.extend([0x82, (n >> 8) as u8, n as u8]),
    }
    bytes.extend(content);
    bytes
}

/// A number in the fewest octets, as BER wants it; none of ours is negative.
fn number(tag: u8, value: u64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let first = bytes.iter().position(|b| *b != 0).unwrap_or(7);
    let mut content = bytes[first..].to_vec();
    if content[0] & 0x80 != 0 {
        content.insert(0, 0);
    }
    tlv(tag, &content)
}

fn oid(arcs: &[u32]) -> Vec<u8> {
    let mut content = vec![(arcs[0] * 40 + arcs[1]) as u8];
    for arc in &arcs[2..] {
        let groups = (1..5).rev().filter(|n| arc >> (7 * n) != 0);
        content.extend(groups.map(|n| (arc >> (7 * n)) as u8 | 0x80));
        content.push((arc & 0x7f) as u8);
    }
    tlv(6, &content)
}

/// What every device says, `s` seconds after it began.
fn mib(s: f64) -> Vec<Cell> {
    const INTEGER: u8 = 0x02;
    const COUNTER32: u8 = 0x41;
    const GAUGE32: u8 = 0x42;
    const TICKS: u8 = 0x43;
    const COUNTER64: u8 = 0x46;
    let mut cells: Vec<Cell> = Vec::new();
    let system = |last| vec![1, 3, 6, 1, 2, 1, 1, last, 0];
    cells.push((system(1), tlv(4, b"Switch of the farm, version 1.0")));
    cells.push((system(2), oid(&[1, 3, 6, 1, 4, 1, 32_473, 1])));
    cells.push((system(3), number(TICKS, (s * 100.0) as u64 + 8_640_000)));
    cells.push((system(5), tlv(4, b"farm")));
    for port in 1..=INTERFACES {
        let mut put = |table: &[u32], last: u32, value: Vec<u8>| {
            let arcs = [&[1, 3, 6, 1, 2, 1], table, &[last, port]].concat();
            cells.push((arcs, value));
        };
        let (old, new) = (&[2, 2, 1], &[31, 1, 1, 1]);
        let name = format!("Gi0/{port}");
        // No two ports carry the same, and no minute is like the one before.
        let wave = 1.0 + 0.3 * (s / 300.0 + f64::from(port)).sin();
        let passed = |per_s: f64| (s * per_s * f64::from(port) * wave.max(0.1)) as u64;
        put(old, 2, tlv(4, format!("GigabitEthernet0/{port}").as_bytes()));
        put(old, 3, number(INTEGER, 6));
        put(old, 5, number(GAUGE32, 1_000_000_000));
        put(old, 7, number(INTEGER, 1));
        put(old, 8, number(INTEGER, if port % 4 == 0 { 2 } else { 1 }));
        for errors in [13, 14, 19, 20] {
            put(old, errors, number(COUNTER32, u64::from(port * errors)));
        }
        put(new, 1, tlv(4, name.as_bytes()));
        put(new, 6, number(COUNTER64, (1 << 38) + passed(1_237.0)));
        put(new, 7, number(COUNTER64, (1 << 30) + passed(3.1)));
        put(new, 10, number(COUNTER64, (1 << 38) + passed(541.0)));
        put(new, 11, number(COUNTER64, (1 << 30) + passed(2.3)));
        put(new, 15, number(GAUGE32, 1_000));
        put(new, 18, tlv(4, b""));
        put(new, 19, number(TICKS, 0));
    }
    cells.sort();
    cells
}

/// Takes a value off the front.
fn take<'a>(bytes: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    if first & 0x80 != 0 {
        let octets;
        (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        length = octets.iter().fold(0, |n, b| n << 8 | usize::from(*b));
    }
    let (content, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some((tag, content))
}

fn arcs(content: &[u8]) -> Option<Vec<u32>> {
    let (&first, rest) = content.split_first()?;
    let mut arcs = vec![u32::from(first) / 40, u32::from(first) % 40];
    let mut arc = 0;
    for byte in rest {
        arc = arc << 7 | u32::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            arcs.push(std::mem::take(&mut arc));
        }
    }
    Some(arcs)
}

fn small(bytes: &mut &[u8]) -> Option<usize> {
    let (_, content) = take(bytes)?;
    Some(content.iter().fold(0, |n, b| n << 8 | usize::from(*b)))
}

/// The bindings that answer a question of this kind; `rest` is what stands behind its number.
fn bindings(kind: u8, mut rest: &[u8], cells: &[Cell]) -> Option<Vec<u8>> {
    let (singles, rows) = (small(&mut rest)?, small(&mut rest)?);
    let (_, mut list) = take(&mut rest)?;
    let mut asked = Vec::new();
    while let Some((_, mut binding)) = take(&mut list) {
        asked.push(arcs(take(&mut binding)?.1)?);
    }
    let mut said = Vec::new();
    let mut say = |name: &[u32], value: &[u8]| {
        said.extend(tlv(0x30, &[&oid(name), value].concat()));
        said.len() < ANSWER_BYTES_MAX
    };
    let end = [0x82, 0];
    let after = |name: &Vec<u32>| cells.get(cells.partition_point(|(at, _)| at <= name));
    let mut next = |name: &mut Vec<u32>| match after(name) {
        Some((at, value)) => {
            name.clone_from(at);
            say(at, value)
        }
        None => say(name, &end),
    };
    match kind {
        0xa0 => {
            for name in &asked {
                match cells.binary_search_by(|(at, _)| at.cmp(name)) {
                    Ok(at) => say(name, &cells[at].1),
                    Err(_) => say(name, &[0x80, 0]),
                };
            }
        }
        0xa1 => asked.iter_mut().for_each(|name| _ = next(name)),
        0xa5 => {
            let singles = singles.min(asked.len());
            let (once, repeated) = asked.split_at_mut(singles);
            once.iter_mut().for_each(|name| _ = next(name));
            'rows: for _ in 0..rows {
                for name in &mut *repeated {
                    if !next(name) {
                        break 'rows;
                    }
                }
            }
        }
        _ => return None,
    }
    Some(tlv(0x30, &said))
}

struct Farm {
    scale: f64,
    began: Instant,
    encoded: Instant,
    cells: Vec<Cell>,
    /// By a question without its number: what stands behind the number in the answer.
    answers: HashMap<Vec<u8>, Vec<u8>>,
}

impl Farm {
    fn answer(&mut self, mut question: &[u8]) -> Option<Vec<u8>> {
        let mut message = take(&mut question)?.1;
        let (version, community) = (take(&mut message)?.1, take(&mut message)?.1);
        if version != [1] || community != COMMUNITY.as_bytes() {
            return None;
        }
        let (kind, mut pdu) = take(&mut message)?;
        let id = take(&mut pdu)?.1;
        let key = [&[kind], pdu].concat();
        let tail = match self.answers.get(&key) {
            Some(tail) => tail,
            None => {
                let mut tail = vec![2, 1, 0, 2, 1, 0];
                tail.extend(bindings(kind, pdu, &self.cells)?);
                self.answers.entry(key).or_insert(tail)
            }
        };
        let pdu = tlv(0xa2, &[&tlv(2, id), &tail[..]].concat());
        let head = [&[2, 1, 1], &tlv(4, COMMUNITY.as_bytes())[..]].concat();
        Some(tlv(0x30, &[head, pdu].concat()))
    }

    #[expect(clippy::disallowed_methods, reason = "it plays devices, which have clocks")]
    fn renew(&mut self) {
        if self.encoded.elapsed() >= FRESH {
            self.encoded = Instant::now();
            self.cells = mib(self.began.elapsed().as_secs_f64() * self.scale);
            self.answers.clear();
        }
    }
}

fn socket() -> std::io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    // The first is bounded by net.core.rmem_max, the second needs CAP_NET_ADMIN.
    socket.set_recv_buffer_size(64 << 20)?;
    let (bytes, on): (libc::c_int, libc::c_int) = (64 << 20, 1);
    let set = |level, name, value: &libc::c_int| {
        // SAFETY: the option takes an int, which lives through the call.
        unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const *value).cast(), 4) }
    };
    set(libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, &bytes);
    assert_eq!(set(libc::IPPROTO_IP, libc::IP_PKTINFO, &on), 0);
    socket.bind(&std::net::SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)).into())?;
    Ok(socket)
}

/// Answers until standard input ends. `scale`: the devices' seconds in one of ours.
#[expect(clippy::disallowed_methods, reason = "it plays devices, which have clocks")]
pub fn serve(scale: f64) {
    std::thread::spawn(|| {
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
        std::process::exit(0);
    });
    let socket = socket().unwrap();
    let port = socket.local_addr().unwrap().as_socket_ipv4().unwrap().port();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{port}").unwrap();
    out.flush().unwrap();
    let now = Instant::now();
    let mut farm =
        Farm { scale, began: now, encoded: now, cells: mib(0.0), answers: HashMap::new() };
    let mut buffers = vec![[0_u8; 2_048]; BATCH];
    loop {
        let mut froms = [zero::<libc::sockaddr_in>(); BATCH];
        // The address a question was put to comes and goes in the same control message.
        let mut controls = [[0_u64; 5]; BATCH];
        let mut vectors: Vec<libc::iovec> = buffers
            .iter_mut()
            .map(|b| libc::iovec { iov_base: b.as_mut_ptr().cast(), iov_len: b.len() })
            .collect();
        let mut headers: Vec<libc::mmsghdr> = vectors
            .iter_mut()
            .zip(froms.iter_mut().zip(&mut controls))
            .map(|(vector, (from, control))| {
                let mut header: libc::mmsghdr = zero();
                header.msg_hdr.msg_name = (&raw mut *from).cast();
                header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_in>() as u32;
                header.msg_hdr.msg_iov = vector;
                header.msg_hdr.msg_iovlen = 1;
                header.msg_hdr.msg_control = control.as_mut_ptr().cast();
                header.msg_hdr.msg_controllen = size_of::<[u64; 5]>();
                header
            })
            .collect();
        let (fd, flags) = (socket.as_raw_fd(), libc::MSG_WAITFORONE);
        // SAFETY: all that the headers point to outlives the call and has the length given.
        let taken = unsafe {
            libc::recvmmsg(fd, headers.as_mut_ptr(), BATCH as u32, flags, std::ptr::null_mut())
        };
        farm.renew();
        for i in 0..usize::try_from(taken).unwrap_or(0) {
            let length = headers[i].msg_len as usize;
            let Some(mut answer) = farm.answer(&buffers[i][..length]) else { continue };
            let header = &mut headers[i].msg_hdr;
            let mut vector =
                libc::iovec { iov_base: answer.as_mut_ptr().cast(), iov_len: answer.len() };
            header.msg_iov = &raw mut vector;
            // SAFETY: the kernel has filled in one control message, of IP_PKTINFO; all that the
            // header points to outlives the calls.
            unsafe {
                let control = libc::CMSG_FIRSTHDR(header);
                if !control.is_null() {
                    let info = libc::CMSG_DATA(control).cast::<libc::in_pktinfo>();
                    (*info).ipi_spec_dst = (*info).ipi_addr;
                    (*info).ipi_ifindex = 0;
                }
                libc::sendmsg(fd, header, 0);
            }
        }
    }
}

/// A structure of numbers and null pointers.
fn zero<T>() -> T {
    // SAFETY: asked for plain structures of C alone, for which zeros are valid.
    unsafe { zeroed() }
}

/// A farm in a process of its own; ends with this value.
pub struct Running {
    child: std::process::Child,
    pub port: u16,
}

impl Running {
    pub fn start(scale: f64) -> Self {
        use std::io::BufRead as _;
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["child-farm", &scale.to_string()])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        std::io::BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, port: line.trim().parse().unwrap() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        self.child.wait().unwrap();
    }
}
