//! `tuantra check`.

use std::process::ExitCode;

use super::Global;

/// Check config.yaml and the inventory, and report every problem at once.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// Whatever stopped it, with context.
pub fn run(_args: &Args, _global: &Global) -> anyhow::Result<ExitCode> {
    anyhow::bail!("not wired yet")
}
