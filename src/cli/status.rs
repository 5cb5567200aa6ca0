//! `tuantra status`.

use std::process::ExitCode;

use super::Global;

/// Print what is up and what is not.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// Whatever stopped it, with context.
pub fn run(_args: &Args, _global: &Global) -> anyhow::Result<ExitCode> {
    anyhow::bail!("not wired yet")
}
