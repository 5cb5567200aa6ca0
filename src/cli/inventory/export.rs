//! `tuantra inventory export`: the whole inventory for an office or another program.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};

use crate::cli::report::told;
use crate::cli::{EXIT_OK, Global, context, print};
use crate::inventory::export::{self, Export, ExportError, Form};
use crate::inventory::import::LISTS;
use crate::locale::{Lang, number, text, visible};
use crate::report;
use crate::t;

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// One workbook.
    Xlsx,
    /// A file a list.
    Csv,
    /// Files as written by hand.
    Yaml,
}

/// Options of the command.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to write (default: xlsx for a FILE that ends so, else csv)
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// The workbook, or the folder of files
    #[arg(long, value_name = "FILE|DIR")]
    out: PathBuf,
    /// Write over files that are there, and take away the tables (CSV) of lists that have no entry now
    #[arg(long)]
    force: bool,
}

/// Runs the command.
///
/// # Errors
/// The configuration or the inventory has errors, a file is there already, or cannot be written.
pub(super) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    let lang = config.language;
    let place = args.out.display().to_string();
    let is_book = args.out.extension().is_some_and(|e| e.eq_ignore_ascii_case("xlsx"));
    let format = args.format.unwrap_or(if is_book { Format::Xlsx } else { Format::Csv });
    if format == Format::Xlsx && !is_book {
        anyhow::bail!(t!(lang, "export.needs_file", place = place));
    }
    if format != Format::Xlsx && (is_book || args.out.is_file()) {
        anyhow::bail!(t!(lang, "export.needs_folder", place = place));
    }
    if is_inside(&args.out, &config.inventory) {
        let folder = config.inventory.display().to_string();
        anyhow::bail!(t!(lang, "export.inside", place = place, folder = folder));
    }
    let form = match format {
        Format::Xlsx => Form::Xlsx,
        Format::Csv => Form::Csv,
        Format::Yaml => Form::Yaml,
    };
    let defaults = context::inventory_defaults(&config);
    let exported = export::export(&config.inventory, &defaults, &config.timezone, form, lang);
    let Export { files, counts } = match exported {
        Ok(exported) => exported,
        Err(ExportError::Broken(found)) => return Err(context::tell(&found, lang).into()),
        Err(error @ ExportError::Book(_)) => {
            let reason = error.to_string();
            anyhow::bail!(t!(lang, "export.too_long", reason = reason));
        }
    };
    let paths: Vec<PathBuf> = files
        .iter()
        .map(|file| match file.name.as_os_str().is_empty() {
            true => args.out.clone(),
            false => args.out.join(&file.name),
        })
        .collect();
    if let Some(there) = paths.iter().find(|path| !args.force && path.exists()) {
        anyhow::bail!(t!(lang, "export.exists", file = there.display()));
    }
    for (path, file) in paths.iter().zip(&files) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let made = folder.map_or(Ok(()), std::fs::create_dir_all);
        made.with_context(|| t!(lang, "export.unwritable", file = path.display()))?;
        report::save(path, &file.bytes).map_err(|error| anyhow!(told(lang, &error)))?;
    }
    if format == Format::Csv {
        // Of an earlier export; whoever imports the folder would bring them back.
        let tables = LISTS.iter().map(|list| args.out.join(format!("{list}.csv")));
        for old in tables.filter(|table| args.force && !paths.contains(table) && table.exists()) {
            std::fs::remove_file(&old)
                .with_context(|| t!(lang, "export.unwritable", file = old.display()))?;
        }
    }
    let written = t!(lang, "export.written", place = place, counts = counted(&counts, lang));
    print(&format!("{}\n", visible(&written)))?;
    Ok(ExitCode::from(EXIT_OK))
}

/// "units 221, devices 1.029".
fn counted(counts: &[(&'static str, usize)], lang: Lang) -> String {
    let one = |(list, count): &(&str, usize)| {
        let name = text(lang, &format!("sheets.{list}"));
        format!("{name} {}", number(lang, i64::try_from(*count).unwrap_or(i64::MAX)))
    };
    counts.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// True for a place in the inventory's own folder, there or not yet.
fn is_inside(out: &Path, folder: &Path) -> bool {
    let Ok(folder) = folder.canonicalize() else { return false };
    let absolute = std::path::absolute(out).unwrap_or_else(|_| out.to_owned());
    let there = absolute.ancestors().find_map(|path| path.canonicalize().ok());
    there.is_some_and(|there| there.starts_with(&folder))
}
