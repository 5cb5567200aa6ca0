//! `tuantra run`: the daemon.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use super::{EXIT_OK, Global, context, diagnostics};
use crate::daemon::{self, DaemonError};
use crate::locale::{self, Lang};
use crate::model::{Diagnostic, Severity};
use crate::probe::ProbeError;
use crate::store::StoreError;
use crate::t;

/// Patrol: the daemon
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra run                          with ./config.yaml
  tuantra --config /etc/tuantra/config.yaml run

SIGHUP (or `tuantra reload`) reads configuration and inventory again; a broken one changes nothing.
SIGTERM and SIGINT stop it within two seconds with nothing lost. The log goes to standard error.")]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// Bad configuration or inventory, a store in use, no permission to ping.
pub fn run(_args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    let inventory = context::inventory(&config)?;
    // A patrol that finds out at night that it cannot ask a device has not been started well.
    context::credentials(&config)?;
    context::alerts(&config)?;
    let lang = config.language;
    super::log_to_stderr();
    // The patrol has this thread and a runtime to itself: what wakes it wakes nobody else, and
    // however much clients ask for, it does not wait for them.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let server = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("server")
        .enable_all()
        .build()?;
    let again = global.clone();
    let load: daemon::Load = Arc::new(move || fresh(&again));
    let ended = runtime.block_on(daemon::run(config, inventory, load, server.handle()));
    // A query that still reads, or a store on a hanging disk, must not hold the process.
    server.shutdown_timeout(Duration::from_millis(100));
    runtime.shutdown_timeout(Duration::from_millis(100));
    if let Err(DaemonError::Store(StoreError::Locked { path, pid })) = &ended {
        let store = path.display();
        anyhow::bail!(t!(lang, "daemon.already_running", pid = pid, store = store));
    }
    if let Err(DaemonError::Store(StoreError::NotWritable { path, why })) = &ended {
        anyhow::bail!(t!(lang, "store.not_writable", store = path.display(), error = why));
    }
    if let Err(DaemonError::Store(StoreError::NoRoom { path, .. })) = &ended {
        anyhow::bail!(t!(lang, "store.disk_full", store = path.display()));
    }
    if let Err(DaemonError::Probe(ProbeError::NotPermitted { source, .. })) = &ended {
        let said = crate::locale::reason(lang, &source.to_string());
        anyhow::bail!(t!(lang, "daemon.may_not_ping", error = said));
    }
    ended?;
    Ok(ExitCode::from(EXIT_OK))
}

/// Reads configuration and inventory again, for the daemon to take over.
fn fresh(global: &Global) -> Result<daemon::Fresh, (u32, String)> {
    let context::Read { config, lang, diagnostics, .. } = context::read(global);
    let config = config.ok_or_else(|| refusal(&diagnostics, lang))?;
    let absent = config.fetch_credentials(Severity::Error).1;
    if !absent.is_empty() {
        return Err(refusal(&absent, lang));
    }
    let wrong = context::check_alerts(&config, Severity::Error);
    if diagnostics::count(&wrong).errors > 0 {
        return Err(refusal(&wrong, lang));
    }
    let loaded = context::load_inventory(&config);
    let warnings = diagnostics::count(&loaded.diagnostics).warnings;
    let inventory = loaded.inventory.ok_or_else(|| refusal(&loaded.diagnostics, lang))?;
    Ok(daemon::Fresh { config, inventory, warnings: u32::try_from(warnings).unwrap_or(u32::MAX) })
}

/// How many errors, and the first as `file:line:column: text`.
fn refusal(diagnostics: &[Diagnostic], lang: Lang) -> (u32, String) {
    let errors = diagnostics.iter().filter(|d| d.severity == Severity::Error);
    let first = errors.clone().next().map_or_else(String::new, |d| {
        let text = locale::message(lang, &d.message);
        match &d.place {
            Some(p) => format!("{}:{}:{}: {text}", p.file.display(), p.line, p.column),
            None => text,
        }
    });
    (u32::try_from(errors.count()).unwrap_or(u32::MAX), first)
}
