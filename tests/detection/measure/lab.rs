//! The real thing: a namespace, the province in it, and the daemon patrolling it for a while.

use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tuantra::inventory::{Defaults, load};
use tuantra::model::{Inventory, Span, UnixMs};
use tuantra::sim::link::Link;
use tuantra::sim::responder::Responder;
use tuantra::sim::script::Script;
use tuantra::sim::world::World;
use tuantra::sim::{die_with_parent, namespace, terminate};

use super::plan::{Cast, Phase, Settings, config_yaml, inventory_yaml, script};

/// A phase that is over, its record still to be judged.
pub struct Run {
    pub phase: Phase,
    pub inventory: Arc<Inventory>,
    pub cast: Cast,
    /// What really happened.
    pub script: Script,
    /// From the province's first moment to the last.
    pub window: Span,
    pub store: PathBuf,
    /// By how much the wall clock left the monotonic one, in milliseconds: the script goes by
    /// the latter and the record by the former.
    pub clock_drift_ms: i64,
    /// Answers that the province could not deliver.
    pub overflow: u64,
}

#[expect(clippy::disallowed_methods, reason = "real packets take real time")]
fn clocks() -> (Instant, UnixMs) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (Instant::now(), UnixMs(since.as_millis() as i64))
}

/// Runs a phase; the process must have a single thread.
///
/// # Errors
/// A `NamespaceError` or `LinkError` where this machine does not allow it; else what failed.
pub fn run(phase: Phase, settings: &Settings, folder: &Path) -> Result<Run, Box<dyn Error>> {
    namespace::enter()?;
    std::fs::create_dir(folder.join("inventory"))?;
    std::fs::write(folder.join("inventory/province.yaml"), inventory_yaml())?;
    std::fs::write(folder.join("config.yaml"), config_yaml(settings))?;
    let loaded = load(&folder.join("inventory"), &Defaults::default(), &jiff::tz::TimeZone::UTC);
    let inventory = loaded.inventory.ok_or("the laboratory's inventory has errors")?;
    let inventory = Arc::new(inventory);
    let cast = Cast::of(&inventory)?;

    let link = Link::open()?;
    let (begun, start) = clocks();
    let script = script(phase, settings, &cast, start);
    let world = World::new(Arc::clone(&inventory), script.clone(), settings.seed);
    let (truth, told) = mpsc::channel();
    // Read anew: making the world took time, and its clock has to show what the daemon's shows.
    let responder = Responder::start(link, world, clocks().1, truth)?;
    let mut daemon = Daemon::start(settings, folder)?;
    // The script takes this long: this is the measurement, nothing is waited for.
    let lasts = Duration::from_millis(settings.run_ms as u64);
    while let Some(left) = lasts.checked_sub(begun.elapsed()).filter(|left| !left.is_zero()) {
        std::thread::park_timeout(left.min(Duration::from_secs(1)));
        daemon.check()?;
        if !responder.is_running() {
            return Err("the province stopped answering".into());
        }
    }
    let (ended, end) = clocks();
    daemon.stop()?;
    let edges = script.truth(&inventory).iter().filter(|t| t.t < end).count();
    if told.try_iter().count() < edges {
        return Err("the province did not play its script to the end".into());
    }
    Ok(Run {
        phase,
        inventory,
        cast,
        script,
        window: Span::new(start, end),
        store: folder.join("tuantra.db"),
        clock_drift_ms: end.since(start) - ended.duration_since(begun).as_millis() as i64,
        overflow: responder.counters().overflow.load(Ordering::Relaxed),
    })
}

/// The daemon; killed when dropped.
struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    fn start(settings: &Settings, folder: &Path) -> Result<Self, Box<dyn Error>> {
        let log = folder.join("daemon.log");
        let mut command = Command::new(&settings.daemon);
        command
            .arg("--config")
            .arg(folder.join("config.yaml"))
            .arg("run")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?);
        Ok(Self { child: die_with_parent(&mut command).spawn()?, log })
    }

    fn check(&mut self) -> Result<(), Box<dyn Error>> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => {
                let log = std::fs::read_to_string(&self.log)?;
                Err(format!("the daemon ended: {status}\n{log}").into())
            }
        }
    }

    /// Has it write what it knows and end.
    fn stop(&mut self) -> Result<(), Box<dyn Error>> {
        terminate(self.child.id())?;
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { Err(format!("the daemon failed: {status}").into()) }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
