//! `tuantra inventory`: what the inventory says once defaults and implied dependencies are in it.

mod beside;
mod device;
mod drift;
mod export;
mod import;
mod reform;
mod template;

use std::io::{self, Write};
use std::process::ExitCode;

use super::{EXIT_OK, Format, Global, context, unit};
use crate::config::Config;
use crate::inventory::show;
use crate::model::Inventory;

/// Show the inventory, hold it against what is observed, send a form out, take spreadsheets in, merge units.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print the tree of units with their lines and devices, or what a device says it is
    #[command(after_help = "\
Examples:
  tuantra inventory show                      the whole province
  tuantra inventory show cai-be               one district and all beneath, by id
  tuantra inventory show 'xa hoa khanh'       by name, without diacritics
  tuantra inventory show cai-be/router        one device, what it says it is, and who is beside it
  tuantra inventory show --format json | jq '.subjects[] | select(.checks == [])'

What follows an arrow is what a subject is reached through: a | b is any of them, a + b all.")]
    Show {
        /// Unit, by id or by name without regard to case and diacritics, or a device by its id
        /// (default: all)
        unit: Option<String>,
        /// How to print it
        #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
        format: Format,
    },
    /// List in what devices are not what the inventory says: serial number, model, maker, firmware,
    /// interface speed, address, neighbour
    #[command(after_help = "\
Examples:
  tuantra inventory drift                     what differs, in the whole province
  tuantra inventory drift cai-be --all        also what the inventory leaves out, to fill it in
  tuantra inventory drift --format csv --out drift.csv

What devices said by SNMP is read from the store. Exit 1 when something differs.")]
    Drift(drift::Args),
    /// Write an empty spreadsheet to be filled in: units, lines, devices
    #[command(after_help = "\
Examples:
  tuantra inventory template --out cai-be.xlsx            in the configured language
  tuantra inventory template --out form.xlsx --lang en
  cp cai-be.xlsx inventory/ && tuantra check              when it is filled in

The columns in colour must be filled in. The lists offer what the inventory has.")]
    Template(template::Args),
    /// Write all that the inventory says to spreadsheets or tidy YAML files
    #[command(after_help = "\
Examples:
  tuantra inventory export --out tien-giang.xlsx              one workbook, a sheet for each list
  tuantra inventory export --format csv --out danh-muc/       a file for each list
  tuantra inventory export --format yaml --out sach/          files as one would write them by hand

Nothing is lost: imported into an empty folder it is the same inventory.")]
    Export(export::Args),
    /// Bring what a spreadsheet says into the inventory's files; a dry run unless --write is given
    #[command(after_help = "\
Examples:
  tuantra inventory import cai-be.xlsx                         what would be added and changed
  tuantra inventory import cai-be.xlsx --write                 write it
  tuantra inventory import cai-be.xlsx --remove --unit cai-be  also take out what the sheet lacks
  tuantra inventory import danh-sach.csv --list devices        a table whose name does not say what it is
  tuantra inventory import --from netbox netbox/ --network tslcd

Comments, order and the way of writing stay; only the entries that differ are changed, at their place.
The result is read and checked before any file is replaced. Exit 2 when it has errors.")]
    Import(import::Args),
    /// Carry out an administrative reform: units merge, are made and abolished from a day on
    #[command(after_help = "\
Examples:
  tuantra inventory reform plan.csv                       what would become of whom; writes nothing
  tuantra inventory reform plan.csv --write               do it
  tuantra inventory reform --undo                         put the files back, byte by byte
  tuantra report coverage --month 2025-07 --as-of 2025-06-30    by the tree before it

Old units keep their entries and their history; what stands in their buildings is patrolled on
for the unit that took them over. docs/inventory.md has a worked example.")]
    Reform(reform::Args),
}

/// Runs the command.
///
/// # Errors
/// The configuration or the inventory has errors (all printed), no single unit is meant, or standard output cannot be
/// written to other than because its reader went away.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let (unit, format) = match &args.command {
        Command::Show { unit, format } => (unit, format),
        Command::Drift(args) => return drift::run(args, global),
        Command::Template(args) => return template::run(args, global),
        Command::Export(args) => return export::run(args, global),
        Command::Import(args) => return import::run(args, global),
        Command::Reform(args) => return reform::run(args, global),
    };
    let config = context::config(global)?;
    let inventory = context::inventory(&config)?;
    let device = unit.as_deref().and_then(|word| inventory.find_subject(word));
    if let Some(device) = device.filter(|ix| inventory.subject(*ix).device().is_some()) {
        let seen = device::remembered(&config, &inventory, device)?;
        let shown = match format {
            Format::Text => device::as_text(&config, &inventory, device, &seen),
            Format::Json => format!("{:#}\n", device::as_json(&inventory, device, &seen)),
        };
        let mut out = io::stdout().lock();
        return match out.write_all(shown.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(ExitCode::from(EXIT_OK)),
        };
    }
    let unit =
        unit.as_deref().map(|word| unit::find_in(config.language, word, &inventory)).transpose()?;
    let written = write(&mut io::stdout().lock(), &inventory, &config, unit, *format);
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::from(EXIT_OK)),
    }
}

fn write(
    out: &mut dyn Write,
    inventory: &Inventory,
    config: &Config,
    unit: Option<crate::model::UnitIx>,
    format: Format,
) -> io::Result<()> {
    match format {
        Format::Text => {
            let tree = show::tree(inventory, config.language, &config.timezone, unit);
            out.write_all(tree.as_bytes())?;
        }
        Format::Json => writeln!(out, "{:#}", show::json(inventory, unit))?,
    }
    out.flush()
}
