//! The command line: what was typed, made into calls of the rooms. One file per command; no logic
//! of its own.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod ack;
mod alert;
mod ask;
mod ask_now;
mod check;
pub mod context;
mod dash;
mod db;
mod demo;
pub mod diagnostics;
mod discover;
mod explain;
mod incident;
mod inventory;
mod maintenance;
mod maintenance_text;
mod offline;
mod outage;
mod reconcile;
mod reload;
mod replay;
mod report;
mod run;
#[cfg(test)]
mod sample;
mod shift;
mod snmp;
mod status;
mod unit;
mod verify;
mod vietnamese;

/// Nothing to complain of.
pub const EXIT_OK: u8 = 0;
/// A finding: something required is down, a goal missed, warnings with `--strict`.
pub const EXIT_FINDING: u8 = 1;
/// Wrong usage or bad input.
pub const EXIT_USAGE: u8 = 2;
/// A report whose measured share is under the floor.
pub const EXIT_NOT_PROVEN: u8 = 3;
/// The daemon cannot be reached.
pub const EXIT_NO_DAEMON: u8 = 4;

/// Options every command takes.
#[derive(Debug, Clone, clap::Args)]
pub struct Global {
    /// Configuration file
    #[arg(long, short, global = true, default_value = "config.yaml", value_name = "FILE")]
    pub config: PathBuf,
    /// Language of the output: vi or en (default: the configuration's)
    #[arg(long, global = true, value_name = "LANG")]
    pub lang: Option<String>,
}

/// How an answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs; its keys are stable.
    Json,
}

#[derive(Debug, Parser)]
#[command(name = "tuantra", version, about, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check config.yaml and the inventory, and report every problem at once
    Check(check::Args),
    /// Show the inventory
    Inventory(inventory::Args),
    /// Patrol: the daemon
    Run(run::Args),
    /// Have the running daemon read the inventory again
    Reload(reload::Args),
    /// Open the dashboard
    Dash(dash::Args),
    /// Print what is up and what is not
    Status(status::Args),
    /// Take an open incident
    Ack(ack::Args),
    /// Have subjects asked now, beside their turns
    Ask(ask_now::Args),
    /// Explain routes, look after the outbox, try a channel
    Alert(alert::Args),
    /// Announce work, list it, end it
    Maintenance(maintenance::Args),
    /// Say what an outage was, list outages
    Outage(outage::Args),
    /// Print a report
    Report(report::Args),
    /// Hold a carrier's monthly table against ours
    Reconcile(reconcile::Args),
    /// Print the leaders' one line
    Bulletin(shift::BulletinArgs),
    /// Print the morning's ten lines
    Brief(shift::BriefArgs),
    /// Print the page for the next shift
    Handover(shift::HandoverArgs),
    /// Recompute the chain of sealed days and compare it with what is stored
    Verify(verify::Args),
    /// Ask a device what it says of itself, by SNMP
    Snmp(snmp::Args),
    /// Look for devices and propose inventory entries
    Discover(discover::Args),
    /// Look after the store: figures, check, backup, restore, export
    Db(db::Args),
    /// Tell why a subject is in its state, now or at a past time
    Explain(explain::Args),
    /// Feed recorded rounds to the same core on a virtual clock
    Replay(replay::Args),
    /// Patrol a virtual province
    Demo(demo::Args),
}

/// Parses the command line, runs the command, prints its error and returns the exit code.
pub fn main() -> ExitCode {
    crate::memory::keep_little();
    let words: Vec<std::ffi::OsString> = std::env::args_os().collect();
    let cli = match Cli::try_parse_from(&words) {
        Ok(cli) => cli,
        Err(error) => return vietnamese::tell(&error, &words),
    };
    let result = match &cli.command {
        Command::Check(args) => check::run(args, &cli.global),
        Command::Inventory(args) => inventory::run(args, &cli.global),
        Command::Run(args) => run::run(args, &cli.global),
        Command::Reload(args) => reload::run(args, &cli.global),
        Command::Dash(args) => dash::run(args, &cli.global),
        Command::Status(args) => status::run(args, &cli.global),
        Command::Ack(args) => ack::run(args, &cli.global),
        Command::Ask(args) => ask_now::run(args, &cli.global),
        Command::Alert(args) => alert::run(args, &cli.global),
        Command::Maintenance(args) => maintenance::run(args, &cli.global),
        Command::Outage(args) => outage::run(args, &cli.global),
        Command::Report(args) => report::run(args, &cli.global),
        Command::Reconcile(args) => reconcile::run(args, &cli.global),
        Command::Bulletin(args) => shift::bulletin(args, &cli.global),
        Command::Brief(args) => shift::brief(args, &cli.global),
        Command::Handover(args) => shift::handover(args, &cli.global),
        Command::Verify(args) => verify::run(args, &cli.global),
        Command::Snmp(args) => snmp::run(args, &cli.global),
        Command::Discover(args) => discover::run(args, &cli.global),
        Command::Db(args) => db::run(args, &cli.global),
        Command::Explain(args) => explain::run(args, &cli.global),
        Command::Replay(args) => replay::run(args, &cli.global),
        Command::Demo(args) => demo::run(args, &cli.global),
    };
    result.unwrap_or_else(|error| {
        if let Some(context::Told(code)) = error.downcast_ref() {
            return ExitCode::from(*code);
        }
        complain(&sentence(&error));
        ExitCode::from(EXIT_USAGE)
    })
}

/// An error with its causes; a cause that the text before it quotes already is left out.
fn sentence(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !text.contains(&cause) {
            let separator = if text.is_empty() { "" } else { ": " };
            text = format!("{text}{separator}{cause}");
        }
    }
    text
}

/// Prints an answer; a reader that has gone away (`| head`) is no error.
fn print(text: &str) -> anyhow::Result<()> {
    print_bytes(text.as_bytes())
}

/// The same of what is no text.
fn print_bytes(bytes: &[u8]) -> anyhow::Result<()> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(e.into()),
        _ => Ok(()),
    }
}

/// Prints a complaint to standard error, line by line with what is hidden in it made visible;
/// there is nobody left to tell when that fails.
fn complain(text: &str) {
    use std::io::Write as _;
    let lines: Vec<String> = text.lines().map(crate::locale::visible).collect();
    let _ = writeln!(std::io::stderr(), "tuantra: {}", lines.join("\n"));
}

/// Sends the log to standard error, in colour on a terminal.
fn log_to_stderr() {
    use std::io::IsTerminal as _;
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;
    let colour = context::wants_colour(std::io::stderr().is_terminal());
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .with_target(false);
    // What devices do wrong comes back as an answer; a line of the log for each of their datagrams
    // would let any of them fill the disk.
    let wanted = tracing_subscriber::filter::Targets::new()
        .with_default(tracing::Level::INFO)
        .with_target("async_snmp", tracing::Level::ERROR);
    tracing_subscriber::registry().with(lines).with(wanted).init();
}
