//! `tuantra inventory`: what the inventory says once defaults and implied dependencies are in it.

use std::io::{self, Write};
use std::process::ExitCode;

use super::{EXIT_OK, EXIT_USAGE, Global, context};
use crate::inventory::show;
use crate::locale::{Lang, visible};
use crate::model::Inventory;
use crate::t;

/// Show the inventory.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print the tree of units with their lines and devices
    #[command(after_help = "\
Examples:
  tuantra inventory show                      the whole province
  tuantra inventory show cai-be               one district and all beneath, by id
  tuantra inventory show 'xa hoa khanh'       by name, without diacritics
  tuantra inventory show --format json | jq '.subjects[] | select(.checks == [])'

What follows an arrow is what a subject is reached through: a | b is any of them, a + b all.")]
    Show {
        /// Unit, by id or by name without regard to case and diacritics (default: all)
        unit: Option<String>,
        /// How to print it
        #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
        format: Format,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Runs the command: exit code 2 when the inventory has errors or no single unit is meant.
///
/// # Errors
/// The configuration or the inventory has errors (all printed), or standard output cannot be
/// written to other than because its reader went away.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let Command::Show { unit, format } = &args.command;
    let config = context::config(global)?;
    let inventory = context::inventory(&config)?;
    let unit = match unit {
        None => None,
        Some(query) => match show::find(&inventory, query).as_slice() {
            [only] => Some(*only),
            candidates => {
                let candidates = candidates.iter().map(|ix| {
                    let unit = inventory.unit(*ix);
                    format!("  {}  {}", unit.id, visible(&unit.name))
                });
                tell_no_unit(config.language, query, &candidates.collect::<Vec<_>>());
                return Ok(ExitCode::from(EXIT_USAGE));
            }
        },
    };
    let written = write(&mut io::stdout().lock(), &inventory, config.language, unit, *format);
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::from(EXIT_OK)),
    }
}

fn write(
    out: &mut dyn Write,
    inventory: &Inventory,
    lang: Lang,
    unit: Option<crate::model::UnitIx>,
    format: Format,
) -> io::Result<()> {
    match format {
        Format::Text => out.write_all(show::tree(inventory, lang, unit).as_bytes())?,
        Format::Json => writeln!(out, "{:#}", show::json(inventory, unit))?,
    }
    out.flush()
}

fn tell_no_unit(lang: Lang, query: &str, candidates: &[String]) {
    let query = visible(query);
    let mut lines = vec![if candidates.is_empty() {
        t!(lang, "inventory.no_unit", name = query)
    } else {
        t!(lang, "inventory.several_units", name = query)
    }];
    lines.extend_from_slice(candidates);
    // Nobody is left to be told when standard error is closed.
    let _ = writeln!(io::stderr().lock(), "{}", lines.join("\n"));
}
