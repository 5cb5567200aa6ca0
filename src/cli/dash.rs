//! `tuantra dash`.

use std::ffi::OsString;
use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::offline::StoreSource;
use super::report::Maker;
use super::{EXIT_NO_DAEMON, EXIT_OK, Global, context};
use crate::api::Client;
use crate::dash::saved::View;
use crate::dash::{self, ApiSource, Colours, Options};
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
    /// Listen to clicks and the wheel (the terminal's own selection needs Shift then)
    #[arg(long)]
    pub mouse: bool,
    /// Ring the terminal's bell when an incident is opened
    #[arg(long)]
    pub bell: bool,
}

/// Runs the command.
///
/// # Errors
/// Whatever stopped it, with context.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        anyhow::bail!(t!(config.language, "dash.no_terminal"));
    }
    if !config.store.exists() && std::os::unix::net::UnixStream::connect(&config.socket).is_err() {
        // Neither a daemon nor anything a daemon has left: there is nothing to show.
        let socket = config.socket.display();
        super::complain(&t!(config.language, "daemon.not_running", socket = socket));
        return Ok(ExitCode::from(EXIT_NO_DAEMON));
    }
    // No log is set up here: the screen is the dashboard's.
    let view_file = view_file(|name| std::env::var_os(name));
    let mut view = view_file.as_deref().and_then(kept).unwrap_or_default();
    if global.lang.is_some() {
        // What is asked for now counts for more than what was kept.
        view.lang = None;
    }
    let maker = Rc::new(Maker::new(Arc::new(config.clone())));
    let options = Options {
        has_mouse: args.mouse,
        has_bell: args.bell,
        view,
        view_file,
        lang: config.language,
        reports: maker.clone(),
        live: Rc::new(ApiSource::new(Client::new(config.socket.clone()))),
        // What is shown while the daemon is away.
        offline: Some(Rc::new(StoreSource::new(config))),
        ascii: args.ascii,
        read_only: args.read_only,
        colours: if args.no_colour {
            Colours::None
        } else {
            colours(|name| std::env::var(name).ok())
        },
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(dash::run(options));
    // What is being read for somebody who has left is not waited for; a file that is being written
    // gets the time for it.
    runtime.shutdown_timeout(if maker.is_writing() { REPORT } else { FILE });
    ended?;
    Ok(ExitCode::from(EXIT_OK))
}

/// Longest that a report's file is waited for at the end.
const REPORT: Duration = Duration::from_secs(30);
/// Longest that any other file is.
const FILE: Duration = Duration::from_millis(200);

/// Longest view read, in bytes.
const VIEW_MAX: u64 = 16 << 10;

/// Where the view is kept: `tuantra/view.json` in the user's folder of configurations.
fn view_file(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let set = |name| variable(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    // https://specifications.freedesktop.org/basedir: a relative path counts for nothing.
    let own = set("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
    let folder = own.or_else(|| set("HOME").map(|home| home.join(".config")))?;
    Some(folder.join("tuantra").join("view.json"))
}

/// The view as it was kept; `None` when there is none that can be read: it never keeps the
/// dashboard from opening.
fn kept(file: &Path) -> Option<View> {
    let mut text = String::new();
    std::fs::File::open(file).ok()?.take(VIEW_MAX).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
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
    fn the_view_is_kept_where_the_user_keeps_his_configurations() {
        let of = |set: &[(&str, &str)]| {
            let found = |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, v)| v.into());
            view_file(found).map(|path| path.display().to_string())
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[("HOME", "/h")]).as_deref(), Some("/h/.config/tuantra/view.json"));
        let both = [("HOME", "/h"), ("XDG_CONFIG_HOME", "/x")];
        assert_eq!(of(&both).as_deref(), Some("/x/tuantra/view.json"));
        let relative = [("HOME", "/h"), ("XDG_CONFIG_HOME", "x")];
        assert_eq!(of(&relative).as_deref(), Some("/h/.config/tuantra/view.json"));
    }

    #[test]
    fn a_view_that_cannot_be_read_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("view.json");
        assert_eq!(kept(&file), None);
        std::fs::write(&file, "{").unwrap();
        assert_eq!(kept(&file), None);
        std::fs::write(&file, r#"{"tab": "5"}"#).unwrap();
        assert_eq!(kept(&file).and_then(|view| view.tab), Some('5'));
    }

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
