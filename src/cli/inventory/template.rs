//! `tuantra inventory template`: an empty spreadsheet to send to the districts.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::cli::{EXIT_OK, Global, context, print};
use crate::inventory::template::template;
use crate::t;

/// Options of the command.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The spreadsheet to write (.xlsx)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
}

/// Runs the command.
///
/// # Errors
/// The configuration or the inventory has errors, or the file is there already or cannot be
/// written.
pub(super) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    let inventory = context::inventory(&config)?;
    let bytes = template(&inventory, config.language)?;
    let name = args.out.display().to_string();
    let mut options = std::fs::OpenOptions::new();
    options.write(true);
    if args.force {
        options.create(true).truncate(true);
    } else {
        // What a district filled in must not be lost to the empty form.
        options.create_new(true);
    }
    let written = options.open(&args.out).and_then(|mut file| file.write_all(&bytes));
    written.with_context(|| t!(config.language, "template.unwritable", file = name))?;
    print(&format!("{}\n", t!(config.language, "template.written", file = name)))?;
    Ok(ExitCode::from(EXIT_OK))
}
