//! `tuantra dash`.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;

use super::offline::StoreSource;
use super::{EXIT_NO_DAEMON, EXIT_OK, Global, context};
use crate::api::Client;
use crate::config::Config;
use crate::dash::{self, ApiSource, Colours, Options, Source};
use crate::t;

/// Open the dashboard.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra dash                         of the daemon behind ./config.yaml's socket
  tuantra --lang en dash --ascii       in English, signs and lines in ASCII
  tuantra dash --read-only             on a wall: nothing can be taken from there

Keys are listed at the foot of the screen and under `?`; `q` leaves. NO_COLOR is honoured.")]
pub struct Args {
    /// Draw signs and lines with ASCII characters only
    #[arg(long)]
    pub ascii: bool,
    /// Use bold, dim and reverse instead of colours
    #[arg(long, visible_alias = "no-color")]
    pub no_colour: bool,
    /// Only look: no incident can be taken
    #[arg(long)]
    pub read_only: bool,
}

/// Runs the command.
///
/// # Errors
/// Whatever stopped it, with context.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        anyhow::bail!("the dashboard needs a terminal; `tuantra status` prints the same figures");
    }
    if !config.store.exists() && std::os::unix::net::UnixStream::connect(&config.socket).is_err() {
        // Neither a daemon nor anything a daemon has left: there is nothing to show.
        let socket = config.socket.display();
        super::complain(&t!(config.language, "daemon.not_running", socket = socket));
        return Ok(ExitCode::from(EXIT_NO_DAEMON));
    }
    // No log is set up here: the screen is the dashboard's.
    let options = Options {
        lang: config.language,
        live: Rc::new(ApiSource::new(Client::new(config.socket.clone()))),
        offline: offline(config),
        ascii: args.ascii,
        read_only: args.read_only,
        colours: if args.no_colour {
            Colours::None
        } else {
            colours(|name| std::env::var(name).ok())
        },
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(dash::run(options))?;
    Ok(ExitCode::from(EXIT_OK))
}

/// What is shown while the daemon is away: the store, read-only. With a broken inventory the
/// daemon may still run on the old one, so only the fallback is missing then.
fn offline(config: Config) -> Option<Rc<dyn Source>> {
    let inventory = context::load_inventory(&config).inventory?;
    Some(Rc::new(StoreSource { config: Arc::new(config), inventory: Arc::new(inventory) }))
}

/// The terminal's colours, by its environment.
fn colours(variable: impl Fn(&str) -> Option<String>) -> Colours {
    // https://no-color.org: present and not empty.
    if variable("NO_COLOR").is_some_and(|v| !v.is_empty()) {
        return Colours::None;
    }
    let term = variable("TERM").unwrap_or_default();
    if term.is_empty() || term == "dumb" {
        return Colours::None;
    }
    if variable("COLORTERM").is_some_and(|v| v == "truecolor" || v == "24bit") {
        return Colours::True;
    }
    if term.contains("256color") || term.contains("direct") {
        return Colours::Indexed;
    }
    Colours::Sixteen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_follow_the_environment() {
        let of = |set: &[(&str, &str)]| {
            colours(|name| set.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
        };
        assert_eq!(of(&[]), Colours::None);
        assert_eq!(of(&[("TERM", "linux")]), Colours::Sixteen);
        assert_eq!(of(&[("TERM", "tmux-256color")]), Colours::Indexed);
        assert_eq!(of(&[("TERM", "xterm"), ("COLORTERM", "truecolor")]), Colours::True);
        assert_eq!(of(&[("TERM", "xterm-256color"), ("NO_COLOR", "1")]), Colours::None);
        assert_eq!(of(&[("TERM", "xterm-256color"), ("NO_COLOR", "")]), Colours::Indexed);
    }
}
