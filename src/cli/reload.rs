//! `tuantra reload`.

use std::process::ExitCode;

use super::ask::{Failure, ask, said_no};
use super::{EXIT_NO_DAEMON, EXIT_OK, EXIT_USAGE, Global, context};
use crate::locale;
use crate::t;

/// Have the running daemon read the inventory again
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code: 0 accepted, 2 refused (the old inventory stays in force; \
                  `tuantra check` shows all that is wrong), 4 the daemon cannot be reached.")]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// When the daemon's answer cannot be understood.
pub fn run(_args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    let lang = config.language;
    match ask(&config, async |client| client.reload().await) {
        Ok(done) => {
            let subjects = locale::number(lang, i64::from(done.subjects));
            let text = t!(lang, "daemon.reloaded", subjects = subjects, warnings = done.warnings);
            super::print(&format!("{text}\n"))?;
            for lost in &done.lost {
                let (channel, messages) = (&lost.channel, lost.messages);
                let incidents = lost.incidents;
                super::complain(&t!(
                    lang,
                    "daemon.channel_gone",
                    channel = channel,
                    messages = messages,
                    incidents = incidents
                ));
            }
            Ok(ExitCode::from(EXIT_OK))
        }
        Err(Failure::Refused(problem)) if problem.error == "refused" => {
            let message = locale::visible(&locale::reason(config.language, &problem.message));
            super::complain(&t!(lang, "daemon.reload_refused", message = message));
            Ok(ExitCode::from(EXIT_USAGE))
        }
        Err(Failure::NotRunning(_)) => {
            super::complain(&t!(lang, "daemon.not_running", socket = config.socket.display()));
            Ok(ExitCode::from(EXIT_NO_DAEMON))
        }
        Err(Failure::Refused(problem)) => Err(said_no(&config, &problem)),
        Err(Failure::Told(told)) => Err(told.into()),
        Err(Failure::Other(error)) => Err(error),
    }
}
