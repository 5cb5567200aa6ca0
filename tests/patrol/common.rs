//! What several tests share: a province on loopback and the real binary patrolling it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tuantra::api::{Client, Snapshot};
use tuantra::probe::{EngineChoice, Options, Prober};

/// Longest that anything awaited may take; far beyond what it does take.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Says why a test does not run here; where everything must run, that is a failure.
pub fn skip(why: &str) {
    assert!(std::env::var_os("TUANTRA_NO_SKIP").is_none(), "this must not be skipped: {why}");
    println!("skipped: {why}");
}

/// False, with a message, where this machine lets nobody ping.
pub fn may_ping() -> bool {
    let options = Options {
        engine: EngineChoice::Auto,
        rate_pps: 100,
        group_rate_pps: 100,
        first_sweep_ms: 1000,
    };
    match Prober::start(options) {
        Ok(_) => true,
        Err(error) => {
            skip(&error.to_string());
            false
        }
    }
}

/// A folder with a configuration and an inventory of one district and one commune.
pub struct Province {
    pub folder: tempfile::TempDir,
}

pub const INVENTORY: &str = "\
networks:
  - { id: tslcd, name: Mạng truyền số liệu chuyên dùng, short: TSLCD }
  - { id: lan, name: Mạng LAN, short: LAN, over: [tslcd] }
units:
  - { id: tinh, name: Tỉnh Thử, kind: province }
  - { id: dic, name: Trung tâm, kind: dic, parent: tinh, devices: { core-router-1: 127.0.0.1 } }
  - id: huyen
    name: Huyện Một
    kind: district
    parent: tinh
    requires: [tslcd]
    connections: { tslcd: { address: 127.0.1.1 } }
  - id: huyen.xa
    name: Xã Một
    kind: commune
    parent: huyen
    requires: [tslcd, lan]
    connections: { tslcd: { address: 127.0.1.2, device: router }, lan: { device: switch } }
    devices: { router: 127.0.1.3, switch: 127.0.1.4 }
";

impl Province {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = "language: en\n\
                      health: { interval: 1s, retry: 500ms }\n\
                      probe: { icmp: { count: 2, spacing: 50ms, timeout: 300ms } }\n";
        std::fs::write(folder.path().join("config.yaml"), config).unwrap();
        std::fs::create_dir(folder.path().join("inventory")).unwrap();
        let province = Self { folder };
        province.set_inventory(INVENTORY);
        province
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn set_inventory(&self, text: &str) {
        std::fs::write(self.path("inventory/tinh.yaml"), text).unwrap();
    }

    pub fn client(&self) -> Client {
        Client::new(self.path("tuantra.sock"))
    }

    /// The real binary on this province.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tuantra"));
        command.arg("--config").arg(self.path("config.yaml")).args(args).stdin(Stdio::null());
        command
    }

    /// A daemon whose log goes to `daemon.log`.
    pub fn daemon(&self) -> Daemon {
        let log = std::fs::File::create(self.path("daemon.log")).unwrap();
        let _alone = FORKING.lock().unwrap_or_else(PoisonError::into_inner);
        let child = self.command(&["run"]).stderr(log).stdout(Stdio::null()).spawn().unwrap();
        Daemon { child, log: self.path("daemon.log") }
    }
}

/// Held while something that lasts is started, and while a terminal is opened: what is forked between
/// a terminal's opening and its being closed to children would keep it open, as would be a window that
/// is never closed.
pub static FORKING: Mutex<()> = Mutex::new(());

/// A running daemon; killed when dropped.
pub struct Daemon {
    pub child: Child,
    pub log: PathBuf,
}

impl Daemon {
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Follows the daemon until `done` likes what it sees.
pub async fn follow(client: &Client, done: impl Fn(&Snapshot) -> bool) -> Snapshot {
    let seen = tokio::time::timeout(PATIENCE, async {
        loop {
            let Ok(mut snapshot) = client.snapshot().await else {
                tokio::task::yield_now().await;
                continue;
            };
            if done(&snapshot) {
                return snapshot;
            }
            let Ok(mut changes) = client.changes(snapshot.seq).await else { continue };
            while let Ok(Some(change)) = changes.next().await {
                if !snapshot.apply(&change) {
                    break;
                }
                if done(&snapshot) {
                    return snapshot;
                }
            }
        }
    });
    seen.await.expect("what was awaited did not happen in time")
}

/// Every subject's record in the file partitions time.
pub fn assert_partition(store: &Path) {
    let reader = tuantra::store::Reader::open(store).unwrap();
    let all =
        tuantra::model::Span::new(tuantra::model::UnixMs(0), tuantra::model::UnixMs(i64::MAX));
    let records = reader.intervals(None, all).unwrap();
    assert!(!records.is_empty());
    for (subject, intervals) in records {
        assert_eq!(tuantra::model::check_partition(&intervals), Ok(()), "{subject}");
        assert_eq!(intervals.last().unwrap().to, None, "{subject}: the last one is open");
    }
}
