//! The far end of a wire: answers every echo request that leaves the machine as its address says, and
//! keeps books of its own.

use std::collections::{BinaryHeap, VecDeque};
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tuantra::sim::link::Link;

use crate::monotonic;

/// Requests that are kept as they arrived.
const REQUESTS_KEPT: usize = 10_000;

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    /// It is answered.
    Answer,
    /// Nothing.
    Silence,
    /// A router says so: type, code, what stands in the last 32 bits of the header.
    Refuse { by: Ipv4Addr, kind: u8, code: u8, rest: u32 },
    /// It is answered after so many milliseconds.
    Late { ms: u64 },
    /// It is answered so many times.
    Often { times: u32 },
    /// It is answered from another address.
    From { other: Ipv4Addr },
    /// It is answered with a wrong token, and then rightly.
    Forged,
}

/// A request as it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) from: Ipv4Addr,
    pub(crate) to: Ipv4Addr,
    pub(crate) tos: u8,
    pub(crate) df: bool,
    /// Of the whole packet, in bytes.
    pub(crate) length: usize,
}

/// What the far end has done so far.
#[derive(Debug, Default)]
pub(crate) struct Books {
    /// The newest, [`REQUESTS_KEPT`] at the most.
    pub(crate) requests: VecDeque<Request>,
    pub(crate) done: std::collections::HashMap<Act, u64>,
}

/// The running far end; ends when it is dropped.
pub(crate) struct FarEnd {
    books: Arc<Mutex<Books>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl FarEnd {
    /// Answers as `act` says for an address and the length of the packet.
    pub(crate) fn start(act: impl Fn(Ipv4Addr, usize) -> Act + Send + 'static) -> Self {
        let link = Link::open().expect("a link in a namespace of our own");
        let books = Arc::new(Mutex::new(Books::default()));
        let is_over = Arc::new(AtomicBool::new(false));
        let (theirs, told) = (Arc::clone(&books), Arc::clone(&is_over));
        let thread = std::thread::spawn(move || serve(&link, &act, &theirs, &told));
        Self { books, is_over, thread: Some(thread) }
    }

    pub(crate) fn books<T>(&self, look: impl FnOnce(&Books) -> T) -> T {
        look(&self.books.lock().unwrap())
    }
}

impl Drop for FarEnd {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A packet that leaves at its time.
#[derive(PartialEq, Eq)]
struct Later(Instant, Vec<u8>);

impl Ord for Later {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.0.cmp(&self.0)
    }
}

impl PartialOrd for Later {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

fn serve(
    link: &Link,
    act: &dyn Fn(Ipv4Addr, usize) -> Act,
    books: &Mutex<Books>,
    is_over: &AtomicBool,
) {
    let mut buffer = vec![0; 65_536];
    let mut later = BinaryHeap::new();
    while !is_over.load(Ordering::Relaxed) {
        let now = monotonic();
        while later.peek().is_some_and(|Later(at, _)| *at <= now) {
            if let Some(Later(_, packet)) = later.pop() {
                send(link, &packet);
            }
        }
        match link.receive(&mut buffer).expect("a living link") {
            Some(packet) => answer(link, packet, act, books, &mut later),
            None => std::thread::sleep(Duration::from_micros(200)),
        }
    }
}

fn answer(
    link: &Link,
    packet: &[u8],
    act: &dyn Fn(Ipv4Addr, usize) -> Act,
    books: &Mutex<Books>,
    later: &mut BinaryHeap<Later>,
) {
    // IPv4 without options, not in pieces, ICMP, an echo request.
    let is_piece = packet.len() >= 8 && (packet[6] & 0x3f, packet[7]) != (0, 0);
    if packet.len() < 28 || is_piece || packet[0] != 0x45 || packet[9] != 1 || packet[20] != 8 {
        return;
    }
    let address = |at: usize| Ipv4Addr::from(<[u8; 4]>::try_from(&packet[at..at + 4]).unwrap());
    let request = Request {
        from: address(12),
        to: address(16),
        tos: packet[1],
        df: packet[6] & 0x40 != 0,
        length: packet.len(),
    };
    let act = act(request.to, request.length);
    let mut books = books.lock().unwrap();
    if books.requests.len() >= REQUESTS_KEPT {
        books.requests.pop_front();
    }
    books.requests.push_back(request);
    *books.done.entry(act).or_default() += 1;
    drop(books);
    match act {
        Act::Silence => {}
        Act::Answer => send(link, &reply(packet, request.to)),
        Act::Late { ms } => {
            later.push(Later(monotonic() + Duration::from_millis(ms), reply(packet, request.to)));
        }
        Act::Often { times } => {
            let reply = reply(packet, request.to);
            (0..times).for_each(|_| send(link, &reply));
        }
        Act::From { other } => send(link, &reply(packet, other)),
        Act::Forged => {
            let mut forged = packet.to_vec();
            forged[28] ^= 0xff;
            send(link, &reply(&forged, request.to));
            send(link, &reply(packet, request.to));
        }
        Act::Refuse { by, kind, code, rest } => {
            let mut icmp = vec![kind, code, 0, 0];
            icmp.extend(rest.to_be_bytes());
            icmp.extend(&packet[..28]);
            // As much as routers that keep to RFC 792 quote; and the token, as newer ones do.
            icmp.extend(&packet[28..packet.len().min(64)]);
            send(link, &ip(by, request.from, icmp));
        }
    }
}

fn reply(packet: &[u8], from: Ipv4Addr) -> Vec<u8> {
    let mut icmp = packet[20..].to_vec();
    icmp[0] = 0;
    let to = Ipv4Addr::from(<[u8; 4]>::try_from(&packet[12..16]).unwrap());
    ip(from, to, icmp)
}

/// An IPv4 packet with an ICMP message, both sums right.
fn ip(from: Ipv4Addr, to: Ipv4Addr, mut icmp: Vec<u8>) -> Vec<u8> {
    icmp[2..4].fill(0);
    let sum = checksum(&icmp);
    icmp[2..4].copy_from_slice(&sum.to_be_bytes());
    let length = u16::try_from(20 + icmp.len()).unwrap();
    let mut packet = vec![0x45, 0];
    packet.extend(length.to_be_bytes());
    packet.extend([0, 0, 0, 0, 64, 1, 0, 0]);
    packet.extend(from.octets());
    packet.extend(to.octets());
    let sum = checksum(&packet);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet.extend(icmp);
    packet
}

fn checksum(bytes: &[u8]) -> u16 {
    let pairs = bytes.chunks(2).map(|p| u32::from(p[0]) << 8 | u32::from(*p.get(1).unwrap_or(&0)));
    let sum: u32 = pairs.sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !((folded & 0xffff) as u16 + (folded >> 16) as u16)
}

/// A TUN device takes packets at once; on a veth pair there may be no room for a moment.
fn send(link: &Link, packet: &[u8]) {
    while !link.send(packet).expect("a living link") {
        std::thread::yield_now();
    }
}
