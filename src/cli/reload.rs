//! `tuantra reload`.

use std::process::ExitCode;

use super::{EXIT_NO_DAEMON, EXIT_OK, EXIT_USAGE, Global, context};
use crate::api::{Client, ClientError};
use crate::locale;
use crate::t;

/// Have the running daemon read the inventory again
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code: 0 accepted, 2 refused (the old inventory stays in force; \
                  `tuantra check` shows all that is wrong), 4 the daemon is not running.")]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// When the daemon's answer cannot be understood.
pub fn run(_args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    let lang = config.language;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let client = Client::new(config.socket);
    match runtime.block_on(client.reload()) {
        Ok(done) => {
            let subjects = locale::number(lang, i64::from(done.subjects));
            let text = t!(lang, "daemon.reloaded", subjects = subjects, warnings = done.warnings);
            super::print(&format!("{text}\n"))?;
            Ok(ExitCode::from(EXIT_OK))
        }
        Err(ClientError::Refused(problem)) if problem.error == "refused" => {
            let message = locale::visible(&problem.message);
            super::complain(&t!(lang, "daemon.reload_refused", message = message));
            Ok(ExitCode::from(EXIT_USAGE))
        }
        Err(ClientError::Connect { path, .. }) => {
            super::complain(&t!(lang, "daemon.not_running", socket = path.display()));
            Ok(ExitCode::from(EXIT_NO_DAEMON))
        }
        Err(error) => Err(error.into()),
    }
}
