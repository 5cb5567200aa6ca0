//! Looks up addresses of names in the background, again and again.
//!
//! ```text
//! set(names) ──► due ──► four threads of the system's resolver ──► next(): Found
//! ```
//! Guarantees: nobody waits for a name server, neither who asks nor who is asked; a name is looked
//! up again [`REFRESH`] after an answer and [`AGAIN`] after none, at one time by one thread; what was
//! found last is for the reader to keep, so that a name server that fails takes nothing away.
#![expect(
    clippy::disallowed_methods,
    reason = "when a name is looked up again is nobody's verdict"
)]

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::{IpAddr, ToSocketAddrs as _};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

/// Until a name that was found is looked up again.
pub const REFRESH: Duration = Duration::from_secs(300);
/// Until one that was not is.
pub const AGAIN: Duration = Duration::from_secs(30);
/// Look-ups at one time: one of a dead name server takes many seconds.
const THREADS: usize = 4;

/// What a look-up came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The name.
    pub name: Arc<str>,
    /// Its addresses, IPv4 first, or what the system said instead.
    pub addresses: Result<Vec<IpAddr>, String>,
}

/// How a name's addresses are found.
pub type Look = dyn Fn(&str) -> std::io::Result<Vec<IpAddr>> + Send + Sync;

/// The system's resolver: its files and its name servers.
///
/// # Errors
/// The system's; also when there is no address at all.
pub fn by_system(name: &str) -> std::io::Result<Vec<IpAddr>> {
    let found = (name, 0).to_socket_addrs()?;
    Ok(found.map(|address| address.ip().to_canonical()).collect())
}

#[derive(Debug, Default)]
struct Due {
    /// When each name is looked up; none of one that is being looked up.
    times: HashMap<Arc<str>, Option<Instant>>,
    queue: BTreeSet<(Instant, Arc<str>)>,
    /// Those that are being looked up, also what was taken away meanwhile.
    running: HashSet<Arc<str>>,
    is_over: bool,
}

#[derive(Debug, Default)]
struct Shared {
    due: Mutex<Due>,
    changed: Condvar,
}

impl Shared {
    /// Every write is whole, so a panic elsewhere leaves nothing half done.
    fn due(&self) -> MutexGuard<'_, Due> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The names that are looked up; the threads end with it, each after the look-up that it is in.
#[derive(Debug)]
pub struct Names {
    shared: Arc<Shared>,
    found: mpsc::UnboundedReceiver<Found>,
    look: Arc<LookBox>,
    sender: mpsc::UnboundedSender<Found>,
    threads: usize,
}

/// A look-up that can be named in a `Debug` struct.
struct LookBox(Box<Look>);

impl std::fmt::Debug for LookBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LookBox")
    }
}

impl Names {
    /// Nobody is looked up before [`Self::set`]; no thread is made before there is a name.
    #[must_use]
    pub fn new(
        look: impl Fn(&str) -> std::io::Result<Vec<IpAddr>> + Send + Sync + 'static,
    ) -> Self {
        // As many as there are names and look-ups of theirs: bounded by the inventory.
        let (sender, found) = mpsc::unbounded_channel();
        let look = Arc::new(LookBox(Box::new(look)));
        Self { shared: Arc::default(), found, look, sender, threads: 0 }
    }

    /// Replaces the names. One that is new is looked up at once, one that stays in its turn.
    pub fn set(&mut self, names: HashSet<Arc<str>>) {
        let now = Instant::now();
        let mut due = self.shared.due();
        let gone: Vec<Arc<str>> =
            due.times.keys().filter(|name| !names.contains(*name)).cloned().collect();
        for name in gone {
            if let Some(Some(at)) = due.times.remove(&name) {
                due.queue.remove(&(at, name));
            }
        }
        for name in names {
            if !due.times.contains_key(&name) {
                // Taken away and back while it is looked up: that look-up is as good as a new one.
                let at = (!due.running.contains(&name)).then_some(now);
                due.times.insert(Arc::clone(&name), at);
                due.queue.extend(at.map(|at| (at, name)));
            }
        }
        let wanted = THREADS.min(due.times.len());
        drop(due);
        self.shared.changed.notify_all();
        while self.threads < wanted {
            let (shared, look) = (Arc::clone(&self.shared), Arc::clone(&self.look));
            let sender = self.sender.clone();
            let thread = std::thread::Builder::new().name("names".to_owned());
            // Without one thread the others do; without any, names stay unknown and are told so.
            if thread.spawn(move || work(&shared, &look.0, &sender)).is_err() {
                break;
            }
            self.threads += 1;
        }
    }

    /// The next look-up that is over; for ever pending while there is no name.
    pub async fn next(&mut self) -> Found {
        match self.found.recv().await {
            Some(found) => found,
            // Cannot be: we hold a sender.
            None => std::future::pending().await,
        }
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        self.shared.due().is_over = true;
        self.shared.changed.notify_all();
    }
}

fn work(shared: &Shared, look: &Look, sender: &mpsc::UnboundedSender<Found>) {
    while let Some(name) = next_due(shared) {
        let addresses = match look(&name) {
            Ok(mut addresses) if !addresses.is_empty() => {
                addresses.sort_unstable();
                addresses.dedup();
                Ok(addresses)
            }
            Ok(_) => Err("no address".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        let again = Instant::now() + if addresses.is_ok() { REFRESH } else { AGAIN };
        let mut due = shared.due();
        due.running.remove(&name);
        // It may have been taken away meanwhile.
        let Some(at) = due.times.get_mut(&name) else { continue };
        *at = Some(again);
        due.queue.insert((again, Arc::clone(&name)));
        drop(due);
        if sender.send(Found { name, addresses }).is_err() {
            return;
        }
    }
}

/// Waits for a name that is due and takes it; `None` when all is over.
fn next_due(shared: &Shared) -> Option<Arc<str>> {
    let mut due = shared.due();
    loop {
        if due.is_over {
            return None;
        }
        let now = Instant::now();
        let first = due.queue.first().map(|(at, _)| *at);
        due = match first {
            Some(at) if at <= now => {
                let (_, name) = due.queue.pop_first()?;
                if let Some(time) = due.times.get_mut(&name) {
                    *time = None;
                }
                due.running.insert(Arc::clone(&name));
                return Some(name);
            }
            Some(at) => {
                let waited = shared.changed.wait_timeout(due, at - now);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => shared.changed.wait(due).unwrap_or_else(PoisonError::into_inner),
        };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc as std_mpsc;

    use super::*;

    fn set(names: &[&str]) -> HashSet<Arc<str>> {
        names.iter().map(|name| Arc::from(*name)).collect()
    }

    #[tokio::test]
    async fn names_are_found_or_told_why_not() {
        let mut names = Names::new(|name| match name {
            "portal.vn" => Ok(vec!["fd00::1".parse().unwrap(), "10.0.0.1".parse().unwrap()]),
            "nobody.vn" => Ok(Vec::new()),
            _ => Err(std::io::Error::other("server failure")),
        });
        names.set(set(&["portal.vn", "nobody.vn", "broken.vn"]));
        let mut found = Vec::new();
        for _ in 0..3 {
            found.push(names.next().await);
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        let told: Vec<_> = found.into_iter().map(|found| found.addresses).collect();
        let both = ["10.0.0.1", "fd00::1"].map(|address| address.parse().unwrap());
        assert_eq!(
            told,
            [Err("server failure".into()), Err("no address".into()), Ok(both.to_vec())],
            "IPv4 first"
        );
    }

    #[tokio::test]
    async fn a_name_server_that_hangs_holds_up_nobody_and_no_name_is_looked_up_twice_at_once() {
        let (release, hang) = std_mpsc::channel::<()>();
        let hang = Mutex::new(hang);
        let looks = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&looks);
        let mut names = Names::new(move |name| {
            if name == "hangs.vn" {
                counted.fetch_add(1, Ordering::SeqCst);
                let _ = hang.lock().unwrap().recv();
            }
            Ok(vec!["10.0.0.1".parse().unwrap()])
        });
        names.set(set(&["hangs.vn", "a.vn", "b.vn"]));
        let mut found: Vec<_> = [names.next().await, names.next().await].map(|f| f.name).into();
        found.sort();
        assert_eq!(found, [Arc::from("a.vn"), Arc::from("b.vn")]);
        // Set again while it hangs: still one look-up.
        names.set(set(&["hangs.vn", "a.vn", "c.vn"]));
        assert_eq!(&*names.next().await.name, "c.vn");
        // Nor does one that was taken away and came back have two.
        names.set(set(&["c.vn"]));
        names.set(set(&["hangs.vn", "d.vn"]));
        assert_eq!(&*names.next().await.name, "d.vn");
        assert_eq!(looks.load(Ordering::SeqCst), 1);
        release.send(()).unwrap();
        assert_eq!(&*names.next().await.name, "hangs.vn");
    }

    #[test]
    fn the_systems_resolver_knows_this_machine() {
        let found = by_system("localhost").unwrap();
        assert!(found.iter().all(IpAddr::is_loopback) && !found.is_empty(), "{found:?}");
    }
}
