//! One socket for all devices of an address family that speak SNMPv1 or v2c.
//!
//! ```text
//! ask ──► a number, drawn ──► out ··· in ──► whose? ──► whoever waits
//!                                             └─► nobody's: counted
//! ```
//! Guarantees: an answer is handed over only from the address asked, under the number asked and
//! with the community asked with; numbers cannot be guessed from earlier ones. Where several are
//! asked at the same time their answers are fetched together, by the clock: to be woken for each
//! datagram costs more than all else. The answer of one who is asked alone is fetched at once.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use socket2::{Domain, Protocol, Type};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::ber::{self, Ask};
use super::{Fault, Oid, RECEIVE_BUFFER_BYTES};

/// How long answers wait for each other.
const TOGETHER: Duration = Duration::from_millis(50);
/// The same where more are asked than the socket has room for, and the pause before a question is
/// sent again that the system did not take.
const BRIEFLY: Duration = Duration::from_millis(1);
/// What an answer takes of the socket's buffer, at most: a packet and what the kernel adds.
const ANSWER_BYTES: usize = 4_096;
/// Largest datagram.
const DATAGRAM_BYTES: usize = 65_536;
/// Buffers kept for answers to come.
const SPARE_MAX: usize = 64;

/// What stands in every message to and from a device.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::probe::snmp) struct Key {
    /// 0 for SNMPv1, 1 for v2c.
    pub(super) version: u8,
    pub(super) community: Vec<u8>,
}

/// The socket, and whoever fetches what comes in.
pub(super) struct Post {
    shared: Arc<Shared>,
    fetching: AbortHandle,
}

struct Shared {
    socket: UdpSocket,
    /// As many answers as find room while nobody fetches them.
    room: usize,
    open: Mutex<Open>,
    /// A question is out where there was none.
    entered: Notify,
    stray: AtomicU64,
    malformed: AtomicU64,
}

/// The questions that are out.
#[derive(Default)]
struct Open {
    by_id: HashMap<i32, Slot>,
    /// Of splitmix64, drawn at the start.
    seed: u64,
    spare: Vec<Vec<u8>>,
}

struct Slot {
    to: SocketAddr,
    key: Arc<Key>,
    answer: Option<Vec<u8>>,
    waker: Option<Waker>,
}

impl Post {
    /// Opens a socket on a port of the system's choice. Within a runtime.
    pub(super) fn open(is_v6: bool) -> io::Result<Self> {
        let (domain, any) = match is_v6 {
            true => (Domain::IPV6, SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0))),
            false => (Domain::IPV4, SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))),
        };
        let socket = socket2::Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
        // The system gives what it may; without it there is room for less.
        let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES);
        socket.set_nonblocking(true)?;
        socket.bind(&any.into())?;
        let room = socket.recv_buffer_size()? / ANSWER_BYTES;
        let open = Open { seed: getrandom::u64().map_err(io::Error::other)?, ..Open::default() };
        let shared = Arc::new(Shared {
            socket: socket.into(),
            room,
            open: Mutex::new(open),
            entered: Notify::new(),
            stray: AtomicU64::new(0),
            malformed: AtomicU64::new(0),
        });
        let fetching = tokio::spawn(fetch(Arc::clone(&shared))).abort_handle();
        Ok(Self { shared, fetching })
    }

    /// What answered nothing, and what was no SNMP at all.
    pub(super) fn dropped(&self) -> (u64, u64) {
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        (count(&self.shared.stray), count(&self.shared.malformed))
    }

    /// Puts one question, and gives `read` the datagram that answers it.
    pub(super) async fn ask<T>(
        &self,
        to: SocketAddr,
        key: &Arc<Key>,
        (ask, objects): (Ask, &[Oid]),
        timeout: Duration,
        read: impl FnOnce(&[u8]) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let asked = self.shared.enter(to, key);
        let question = ber::question(key.version, &key.community, ask, asked.id, objects);
        let question =
            question.ok_or_else(|| Fault::Local("an OID that cannot be asked".to_owned()))?;
        self.send(&question, to).await.map_err(|error| Fault::Local(error.to_string()))?;
        let answer = tokio::time::timeout(timeout, asked.answer()).await;
        let answer = answer.map_err(|_| Fault::Silent)?;
        let read = read(&answer);
        if matches!(read, Err(Fault::Malformed)) {
            self.shared.malformed.fetch_add(1, Ordering::Relaxed);
        }
        self.shared.take_back(answer);
        read
    }

    async fn send(&self, question: &[u8], to: SocketAddr) -> io::Result<()> {
        loop {
            match self.shared.socket.send_to(question, to) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    tokio::time::sleep(BRIEFLY).await;
                }
                sent => return sent.map(drop),
            }
        }
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        self.fetching.abort();
    }
}

/// A question that is out; taken back when it is dropped.
struct Asked<'a> {
    shared: &'a Shared,
    id: i32,
}

impl Asked<'_> {
    async fn answer(&self) -> Vec<u8> {
        poll_fn(|context| {
            let mut open = self.shared.open();
            let Some(slot) = open.by_id.get_mut(&self.id) else { return Poll::Pending };
            match slot.answer.take() {
                Some(answer) => Poll::Ready(answer),
                None => {
                    slot.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.shared.open().by_id.remove(&self.id);
    }
}

impl Shared {
    fn open(&self) -> MutexGuard<'_, Open> {
        // Nothing is left half done when a holder panics.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, to: SocketAddr, key: &Arc<Key>) -> Asked<'_> {
        let mut open = self.open();
        let mut id = open.draw();
        while open.by_id.contains_key(&id) {
            id = open.draw();
        }
        let slot = Slot { to, key: Arc::clone(key), answer: None, waker: None };
        open.by_id.insert(id, slot);
        if open.by_id.len() == 1 {
            self.entered.notify_one();
        }
        drop(open);
        Asked { shared: self, id }
    }

    fn take_back(&self, buffer: Vec<u8>) {
        let mut open = self.open();
        if open.spare.len() < SPARE_MAX {
            open.spare.push(buffer);
        }
    }

    /// Hands a datagram over; who waits for it, and false when nobody does.
    fn hand_over(&self, datagram: &[u8], from: SocketAddr) -> Option<Waker> {
        let Ok(answer) = ber::answer(datagram) else {
            self.malformed.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        let mut open = self.open();
        let Open { by_id, spare, .. } = &mut *open;
        let slot = i32::try_from(answer.id).ok().and_then(|id| by_id.get_mut(&id));
        let is_its = |slot: &&mut Slot| {
            slot.answer.is_none()
                && (slot.to.ip(), slot.to.port()) == (from.ip(), from.port())
                && answer.version == i64::from(slot.key.version)
                && answer.community == slot.key.community
        };
        let Some(slot) = slot.filter(is_its) else {
            self.stray.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        let mut kept = spare.pop().unwrap_or_default();
        kept.clear();
        kept.extend_from_slice(datagram);
        slot.answer = Some(kept);
        slot.waker.take()
    }
}

impl Open {
    /// A number that nobody guesses who has seen others: of 31 bits, since some agents know no
    /// negative ones.
    fn draw(&mut self) -> i32 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut drawn = self.seed;
        drawn = (drawn ^ (drawn >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        drawn = (drawn ^ (drawn >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (drawn >> 33) as i32
    }
}

/// Fetches what comes in, for ever.
async fn fetch(shared: Arc<Shared>) {
    let mut buffer = vec![0; DATAGRAM_BYTES];
    let mut woken: Vec<Waker> = Vec::new();
    loop {
        let open = shared.open().by_id.len();
        match open {
            0 => shared.entered.notified().await,
            1 => {
                // Who is watched wakes for every datagram: he is for one answer alone.
                let watched = shared.socket.try_clone().and_then(tokio::net::UdpSocket::from_std);
                match watched {
                    // Only a runtime that ends makes it fail.
                    Ok(watched) if watched.readable().await.is_err() => return,
                    Ok(_) => {}
                    // No descriptor is left.
                    Err(_) => tokio::time::sleep(TOGETHER).await,
                }
            }
            _ if open > shared.room => tokio::time::sleep(BRIEFLY).await,
            _ => tokio::time::sleep(TOGETHER).await,
        }
        for _ in 0..shared.room.max(1) {
            match shared.socket.recv_from(&mut buffer) {
                Ok((length, from)) => woken.extend(shared.hand_over(&buffer[..length], from)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // What the network has against an earlier question.
                Err(_) => {}
            }
        }
        woken.drain(..).for_each(Waker::wake);
    }
}
