//! `tuantra alert`: who would be told what, what waits in the outbox, and a sample message.

mod explain;
mod outbox;
mod pair;
pub(super) mod storm;
mod test;

use std::process::ExitCode;

use super::{Format, Global};

/// Explain routes, order storm mode, look after the outbox, try a channel
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra alert explain cai-be/tslcd        who would be told of this line, when, through what
  tuantra alert outbox                      messages that wait, were given up, or left last
  tuantra alert retry 'cai-be/tslcd@2026-11-01T00:00:10Z:duty:1'
  tuantra alert drop  'cai-be/tslcd@2026-11-01T00:00:10Z:duty:1'
  tuantra alert explain                     who would be told that the patrol is blind
  tuantra alert storm cai-be --until 18:00  one digest every 15 minutes instead of single messages
  tuantra alert test duty                   send a sample and print what the service answers
  tuantra alert pair duty                   the chat's id of whoever writes to a Zalo bot

Exit code: 0 done, 1 the service did not take the sample, nothing could be done with the message or
storm mode is not on there,
2 wrong usage or an unknown name, 4 the daemon cannot be reached.")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show who would be told of a subject's trouble, when, and through what
    Explain(explain::Args),
    /// Order storm mode for a unit: one digest every 15 minutes instead of single messages
    Storm(storm::Args),
    /// List messages: what waits, what was given up, what left last
    Outbox(outbox::Args),
    /// Have a message tried again at once, also one that was given up
    Retry(outbox::One),
    /// Give a message up
    Drop(outbox::One),
    /// Send a sample through a channel and print what the service answers
    Test(test::Args),
    /// Wait for whoever writes to a Zalo bot and print his chat's id for config.yaml
    Pair(pair::Args),
}

/// Runs the command.
///
/// # Errors
/// Wrong usage; what is asked for cannot be read.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Explain(args) => explain::run(args, global),
        Command::Storm(args) => storm::run(args, global),
        Command::Outbox(args) => outbox::list(args, global),
        Command::Retry(one) => outbox::act(one, true, global),
        Command::Drop(one) => outbox::act(one, false, global),
        Command::Test(args) => test::run(args, global),
        Command::Pair(args) => pair::run(args, global),
    }
}

/// The option that every one of them has.
#[derive(Debug, Clone, Copy, clap::Args)]
struct Printed {
    /// text or json
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}
