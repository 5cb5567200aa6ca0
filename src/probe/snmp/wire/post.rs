//! One socket for all devices of an address family that speak SNMPv1 or v2c.
//!
//! ```text
//! ask ──► a number, drawn ──► out ··· in ──► whose? ──► whoever waits
//!                                             └─► nobody's: counted
//! ```
//! Guarantees: an answer is handed over only from the address asked, under the number asked and
//! with the community asked with; numbers are drawn from the system's generator, so those seen say
//! nothing of those to come. Where several are asked at the same time their answers are fetched
//! together, by the clock: to be woken for each datagram costs more than all else. The answer of one
//! who is asked alone is fetched at once, and nobody is silent before what has come was looked at.

use std::collections::HashMap;
use std::future::poll_fn;
use std::hash::{BuildHasherDefault, Hasher};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use socket2::{Domain, Protocol, Type};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::{Fault, RECEIVE_BUFFER_BYTES, ber};

/// How long answers wait for each other: a six-hundredth of a minute, by which what passed in it is
/// told too great or too small at the most.
const TOGETHER: Duration = Duration::from_millis(100);
/// As many questions are out only where thousands of devices are met at once: there is company enough
/// in half the time.
const MANY: usize = 150;
/// The same where more are asked than the socket has room for, and the pause before a question is
/// sent again that the system did not take.
const BRIEFLY: Duration = Duration::from_millis(1);
/// What an answer takes of the socket's buffer, at most: a packet and what the kernel adds.
const ANSWER_BYTES: usize = 4_096;
/// Largest datagram.
const DATAGRAM_BYTES: usize = 65_536;
/// Buffers kept for answers to come.
const SPARE_MAX: usize = 64;
/// Bytes asked of the system's generator at a time: a number takes four.
const DRAWN_BYTES: usize = 1_024;

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
    by_id: HashMap<i32, Slot, BuildHasherDefault<Drawn>>,
    /// Of the system's generator, not yet used.
    drawn: Vec<u8>,
    spare: Vec<Vec<u8>>,
}

/// Spreads numbers over all bits. They are drawn by us: nobody chooses some that fall together.
#[derive(Default)]
struct Drawn(u64);

impl Hasher for Drawn {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_i32((*byte).into()));
    }

    fn write_i32(&mut self, number: i32) {
        let number = u64::from(number.cast_unsigned());
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
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
        let shared = Arc::new(Shared {
            socket: socket.into(),
            room,
            open: Mutex::default(),
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

    /// Puts the question that `write` makes of its number (`None` of one that cannot be put), and gives
    /// `read` the datagram that answers it.
    pub(super) async fn ask<T>(
        &self,
        to: SocketAddr,
        key: &Arc<Key>,
        write: impl FnOnce(i32) -> Option<Vec<u8>>,
        timeout: Duration,
        read: impl FnOnce(&[u8]) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let asked = self.shared.enter(to, key).map_err(|error| Fault::Local(error.to_string()))?;
        let question = write(asked.id);
        let question =
            question.ok_or_else(|| Fault::Local("an OID that cannot be asked".to_owned()))?;
        self.send(&question, to).await.map_err(|error| Fault::Local(error.to_string()))?;
        drop(question);
        let answer = match tokio::time::timeout(timeout, asked.answer()).await {
            Ok(answer) => answer,
            Err(_) => asked.last_look().ok_or(Fault::Silent)?,
        };
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

    /// The answer, if it came in time but waits to be fetched with others.
    fn last_look(&self) -> Option<Vec<u8>> {
        let mut woken = Vec::new();
        self.shared.drain(&mut vec![0; DATAGRAM_BYTES], &mut woken);
        woken.into_iter().for_each(Waker::wake);
        self.shared.open().by_id.get_mut(&self.id)?.answer.take()
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

    fn enter(&self, to: SocketAddr, key: &Arc<Key>) -> Result<Asked<'_>, getrandom::Error> {
        let mut open = self.open();
        let mut id = open.draw()?;
        while open.by_id.contains_key(&id) {
            id = open.draw()?;
        }
        let slot = Slot { to, key: Arc::clone(key), answer: None, waker: None };
        open.by_id.insert(id, slot);
        if open.by_id.len() == 1 {
            self.entered.notify_one();
        }
        drop(open);
        Ok(Asked { shared: self, id })
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

    /// Hands over what has come in, as far as it is there.
    fn drain(&self, buffer: &mut [u8], woken: &mut Vec<Waker>) {
        for _ in 0..self.room.max(1) {
            match self.socket.recv_from(buffer) {
                Ok((length, from)) => woken.extend(self.hand_over(&buffer[..length], from)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // What the network has against an earlier question.
                Err(_) => {}
            }
        }
    }
}

impl Open {
    /// A number that nobody guesses who has seen others: of 31 bits, since some agents know no
    /// negative ones.
    fn draw(&mut self) -> Result<i32, getrandom::Error> {
        loop {
            if let Some((rest, last)) = self.drawn.split_last_chunk() {
                let (rest, drawn) = (rest.len(), u32::from_ne_bytes(*last));
                self.drawn.truncate(rest);
                return Ok((drawn >> 1).cast_signed());
            }
            let mut drawn = vec![0; DRAWN_BYTES];
            getrandom::fill(&mut drawn)?;
            self.drawn = drawn;
        }
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
            MANY.. => tokio::time::sleep(TOGETHER / 2).await,
            _ => tokio::time::sleep(TOGETHER).await,
        }
        shared.drain(&mut buffer, &mut woken);
        woken.drain(..).for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::Oid;
    use super::super::ber::Ask;
    use super::*;

    #[test]
    fn numbers_are_all_the_systems_and_none_is_negative() {
        let mut open = Open::default();
        let drawn: HashSet<i32> = (0..2_000).map(|_| open.draw().unwrap()).collect();
        // Of 2^31, two of 2,000 are the same once in a thousand runs, three hardly ever.
        assert!(drawn.len() >= 1_995 && drawn.iter().all(|id| *id >= 0));
        assert!(drawn.iter().any(|id| *id > i32::MAX / 2));
        // What was drawn is used once: 2,000 numbers take eight buffers, of which the last is left.
        assert_eq!(open.drawn.len(), 8 * DRAWN_BYTES - 4 * 2_000);
    }

    /// Nothing is waited for between the answer and the look: whoever fetches by the clock cannot
    /// have been there.
    #[tokio::test]
    async fn an_answer_that_waits_to_be_fetched_came_in_time() {
        let post = Post::open(false).unwrap();
        let device = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = device.local_addr().unwrap();
        let key = Arc::new(Key { version: 1, community: b"public".to_vec() });
        let (asked, other) =
            (post.shared.enter(to, &key).unwrap(), post.shared.enter(to, &key).unwrap());
        let oid = Oid::new([1, 3, 6, 1, 2, 1, 1, 3, 0]);
        let mut answer = ber::question(1, b"public", Ask::Get, asked.id, &[oid]).unwrap();
        // A question is an answer but for its kind, which stands behind the community.
        let kind = answer.iter().position(|byte| *byte == 0xa0).unwrap();
        answer[kind] = 0xa2;
        let port = post.shared.socket.local_addr().unwrap().port();
        device.send_to(&answer, ("127.0.0.1", port)).unwrap();
        assert_eq!(asked.last_look(), Some(answer));
        assert_eq!(other.last_look(), None);
    }
}
