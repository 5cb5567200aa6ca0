//! The demo while it runs: the daemon as a child process, restarted when it dies, and in front of
//! it the dashboard or a log of what happens. Whatever ends it, no process is left behind.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use jiff::tz::TimeZone;
use tokio::process::{Child, Command};

use super::folder::Folder;
use super::signals::Signals;
use super::watch::{self, Watch};
use crate::api::Client;
use crate::cli::print;
use crate::daemon::clock;
use crate::locale::Lang;
use crate::model::UnixMs;
use crate::sim::responder::Responder;
use crate::sim::script::Truth;
use crate::sim::{die_with_parent, terminate};
use crate::t;

/// How often the script and the patrol are looked at.
const TICK: Duration = Duration::from_millis(500);
/// How long a child may take to end when asked to.
const GRACE: Duration = Duration::from_secs(2);
/// Pause before a daemon that died is started again.
const RESTART: Duration = Duration::from_secs(1);
/// A daemon that died this often without having lived [`LIVED_MS`] is given up.
const DEATHS_MAX: u32 = 3;
const LIVED_MS: i64 = 10_000;
/// Last bytes of the daemon's log that are shown when it is given up.
const LOG_TAIL: usize = 2_000;

/// What the demo runs with.
pub(super) struct Show<'a> {
    pub(super) folder: &'a Folder,
    pub(super) socket: &'a Path,
    pub(super) timezone: &'a TimeZone,
    pub(super) lang: Lang,
    pub(super) headless: bool,
    pub(super) lasts_ms: Option<i64>,
    pub(super) told: &'a mpsc::Receiver<Truth>,
    pub(super) responder: Option<&'a Responder>,
}

/// The daemon and how often it died young.
struct Patrol {
    child: Child,
    started: UnixMs,
    deaths: u32,
}

impl Show<'_> {
    /// Runs until the dashboard is closed, the time is over, or a signal comes; then stops
    /// everything.
    pub(super) async fn run(&self, signals: &mut Signals) -> anyhow::Result<()> {
        let child = self.start_daemon()?;
        let mut patrol = Patrol { child, started: clock::now(), deaths: 0 };
        if !self.headless {
            self.await_daemon().await;
        }
        let front = if self.headless { Ok(None) } else { self.start_dashboard().map(Some) };
        let result = match front {
            Err(error) => Err(error),
            Ok(mut dashboard) => {
                let ended = tokio::select! {
                    ended = self.go_on(&mut patrol, dashboard.as_mut()) => ended,
                    () = signals.any() => Ok(()),
                };
                if let Some(dashboard) = &mut dashboard {
                    stop(dashboard).await;
                }
                ended
            }
        };
        let reported = match &result {
            Ok(()) if self.headless => self.report().await,
            _ => Ok(()),
        };
        stop(&mut patrol.child).await;
        result?;
        reported?;
        if self.folder.is_kept() {
            print(&t!(self.lang, "demo.kept", folder = self.folder.path().display()))?;
            print("\n")?;
        }
        Ok(())
    }

    async fn go_on(
        &self,
        patrol: &mut Patrol,
        mut dashboard: Option<&mut Child>,
    ) -> anyhow::Result<()> {
        let until = self.lasts_ms.map(|ms| Duration::from_millis(ms.unsigned_abs()));
        let over = async {
            match until {
                Some(time) => tokio::time::sleep(time).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(over);
        let mut tick = tokio::time::interval(TICK);
        let mut watch = Watch::default();
        let mut truth = self.folder.append(&self.folder.truth())?;
        if self.headless {
            let key = if self.responder.is_some() { "demo.began" } else { "demo.began_loopback" };
            self.say(&t!(self.lang, key, folder = self.folder.path().display()))?;
        }
        loop {
            tokio::select! {
                () = &mut over => return Ok(()),
                status = patrol.child.wait() => {
                    self.restart(patrol, status?).await?;
                }
                status = wait(dashboard.as_deref_mut()) => {
                    let status = status?;
                    if !status.success() {
                        bail!(t!(self.lang, "demo.dash_failed", status = status));
                    }
                    return Ok(());
                }
                _ = tick.tick() => {
                    if self.responder.is_some_and(|r| !r.is_running()) {
                        bail!(t!(self.lang, "demo.province_stopped"));
                    }
                    for line in self.told.try_iter() {
                        writeln!(truth, "{}", serde_json::to_string(&line)?)?;
                        if self.headless {
                            self.say(&watch::truth(&line, self.timezone, self.lang))?;
                        }
                    }
                    if self.headless {
                        self.look(&mut watch).await?;
                    }
                }
            }
        }
    }

    /// Prints what is new to the patrol. A daemon that does not answer (it starts, it was just
    /// killed) is asked again at the next tick.
    async fn look(&self, watch: &mut Watch) -> anyhow::Result<()> {
        if let Ok(snapshot) = Client::new(self.socket.to_owned()).snapshot().await {
            for line in watch.lines(&snapshot, self.timezone, self.lang) {
                self.say(&line)?;
            }
        }
        Ok(())
    }

    /// Gives the daemon a moment, so that the dashboard does not open with its absence. One that
    /// takes longer, or died, is what the dashboard then shows.
    async fn await_daemon(&self) {
        let client = Client::new(self.socket.to_owned());
        for _ in 0..50 {
            if client.snapshot().await.is_ok() {
                return;
            }
            tokio::time::sleep(TICK / 5).await;
        }
    }

    fn say(&self, line: &str) -> anyhow::Result<()> {
        print(&format!("{line}\n"))
    }

    /// This very program with the demo's configuration.
    fn command(&self, arguments: &[&str]) -> anyhow::Result<std::process::Command> {
        let program = std::env::current_exe().context("find this program")?;
        let mut command = std::process::Command::new(program);
        command.arg("--config").arg(self.folder.config());
        command.args(["--lang", self.lang.as_str()]).args(arguments);
        die_with_parent(&mut command);
        Ok(command)
    }

    fn start_daemon(&self) -> anyhow::Result<Child> {
        let log = self.folder.append(&self.folder.log())?;
        let mut command = self.command(&["run"])?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Command::from(command).kill_on_drop(true).spawn().context("start the daemon")
    }

    fn start_dashboard(&self) -> anyhow::Result<Child> {
        let command = self.command(&["dash"])?;
        Command::from(command).kill_on_drop(true).spawn().context("start the dashboard")
    }

    /// As systemd would: a daemon that dies is started again, unless it keeps dying young.
    async fn restart(
        &self,
        patrol: &mut Patrol,
        status: std::process::ExitStatus,
    ) -> anyhow::Result<()> {
        let lived_ms = clock::now().since(patrol.started);
        patrol.deaths = if lived_ms < LIVED_MS { patrol.deaths + 1 } else { 1 };
        if patrol.deaths >= DEATHS_MAX {
            bail!(t!(self.lang, "demo.daemon_failed", status = status, log = self.log_tail()));
        }
        let line = t!(self.lang, "demo.daemon_died", status = status);
        if self.headless {
            self.say(&line)?;
        } else {
            // The screen belongs to the dashboard.
            writeln!(self.folder.append(&self.folder.log())?, "{line}")?;
        }
        tokio::time::sleep(RESTART).await;
        patrol.child = self.start_daemon()?;
        patrol.started = clock::now();
        Ok(())
    }

    fn log_tail(&self) -> String {
        let text = std::fs::read(self.folder.log()).unwrap_or_default();
        let from = text.len().saturating_sub(LOG_TAIL);
        String::from_utf8_lossy(&text[from..]).into_owned()
    }

    async fn report(&self) -> anyhow::Result<()> {
        let command = self.command(&["report", "coverage"])?;
        // It exits 1 or 3 when goals are missed or not proven: the demo is fine all the same.
        let mut child = Command::from(command).kill_on_drop(true).spawn()?;
        child.wait().await.context("print the coverage report")?;
        Ok(())
    }
}

async fn wait(child: Option<&mut Child>) -> std::io::Result<std::process::ExitStatus> {
    match child {
        Some(child) => child.wait().await,
        None => std::future::pending().await,
    }
}

/// Asks a child to end, and makes it when it does not.
async fn stop(child: &mut Child) {
    // An id is there only until the child has been waited for.
    if let Some(pid) = child.id() {
        let asked = terminate(pid).is_ok();
        if !asked || tokio::time::timeout(GRACE, child.wait()).await.is_err() {
            // Already gone is as good as killed.
            let _ = child.kill().await;
        }
    }
}
