//! `tuantra inventory import`: what a spreadsheet says, brought into the inventory's files.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::cli::{EXIT_OK, EXIT_USAGE, Format, Global, context, diagnostics, print, unit};
use crate::config::Config;
use crate::daemon::clock;
use crate::inventory::import::{self, Change, Kind, LISTS, Origin, Outcome, Request, WriteError};
use crate::locale::{Lang, fit, number, pad, text, visible, width};
use crate::model::{Place, Severity, UnitKind};
use crate::t;

/// Columns that the values of a new entry may take.
const COLUMNS: usize = 96;

/// Who wrote what is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum From {
    /// An office's spreadsheet, or what `export` wrote.
    Sheet,
    /// A folder with the tables that NetBox exports as CSV.
    Netbox,
}

/// Options of the command.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A spreadsheet (.xlsx, .csv), a YAML file, or a folder of such files
    #[arg(value_name = "FILE|DIR")]
    source: PathBuf,
    /// Write it; without, only tell what would be written
    #[arg(long)]
    write: bool,
    /// Also take out entries and values that the import lacks, of the lists and columns it has
    #[arg(long)]
    remove: bool,
    /// With --remove: only of this unit and all beneath, by id or by name
    #[arg(long, value_name = "UNIT", requires = "remove")]
    unit: Option<String>,
    /// Which list a table is whose name does not say
    #[arg(long, value_name = "LIST", value_parser = clap::builder::PossibleValuesParser::new(LISTS))]
    list: Option<String>,
    /// Who wrote it
    #[arg(long, value_enum, default_value_t = From::Sheet, value_name = "SOURCE")]
    from: From,
    /// NetBox: the kind of units whose names do not tell theirs
    #[arg(long, value_name = "KIND", value_parser = clap::builder::PossibleValuesParser::new(UnitKind::ALL.map(UnitKind::as_str)))]
    kind: Option<String>,
    /// NetBox: the network that circuits belong to
    #[arg(long, value_name = "NETWORK")]
    network: Option<String>,
    /// How to print what is found
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
}

/// Runs the command: exit 0 when nothing speaks against it, whether or not anything differs.
///
/// # Errors
/// The configuration has errors, no single unit is meant, or a file cannot be written.
pub(super) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    let lang = config.language;
    let within = match &args.unit {
        Some(word) => {
            let inventory = context::inventory(&config)?;
            let found = unit::find_in(lang, word, &inventory)?;
            Some(inventory.unit(found).id.to_string())
        }
        None => None,
    };
    let origin = match args.from {
        From::Sheet => Origin::Own,
        From::Netbox => Origin::NetBox {
            kind: args.kind.as_deref(),
            network: args.network.as_deref(),
            today: config.timezone.to_datetime(clock::now().to_timestamp()).date(),
        },
    };
    let request = Request {
        source: &args.source,
        origin,
        list: args.list.as_deref(),
        remove: args.remove,
        within: within.as_deref(),
    };
    let defaults = context::inventory_defaults(&config);
    let mut outcome = import::import(&request, &config.inventory, &defaults, &config.timezone);
    if outcome.inventory.is_some() {
        let inventory = outcome.inventory.as_ref();
        let unknown = context::hold_against(&config, inventory, &outcome.credentials);
        // What was amiss before is none of the import's.
        outcome.diagnostics.extend(unknown.into_iter().filter(|d| d.severity == Severity::Error));
    }
    let has_errors = outcome.diagnostics.iter().any(|d| d.severity == Severity::Error);
    let is_written = args.write && !has_errors && !outcome.files.is_empty();
    if is_written {
        match import::write(&outcome.files) {
            Err(WriteError::Changed(file)) => {
                anyhow::bail!(t!(lang, "import.changed_meanwhile", file = file.display()))
            }
            written => written.with_context(|| text(lang, "import.write_failed"))?,
        }
    }
    match args.format {
        Format::Json => print(&format!("{:#}\n", as_json(&outcome, is_written, lang)))?,
        Format::Text => {
            if !outcome.diagnostics.is_empty() {
                context::tell(&outcome.diagnostics, lang);
            }
            print(&as_text(args, &config, &outcome, has_errors))?;
        }
    }
    Ok(ExitCode::from(if has_errors { EXIT_USAGE } else { EXIT_OK }))
}

/// `cai-be.xlsx [Thiết bị!A7]`, `devices.csv:7`.
fn place_of(place: &Place) -> String {
    let file = visible(&place.file.display().to_string());
    if file.ends_with(']') { file } else { format!("{file}:{}", place.line) }
}

fn as_text(args: &Args, config: &Config, outcome: &Outcome, has_errors: bool) -> String {
    let lang = config.language;
    let mut out = String::new();
    if has_errors {
        let _ = writeln!(out, "{}", text(lang, "import.refused"));
        return out;
    }
    let (source, folder) = (args.source.display(), config.inventory.display());
    let title = if args.write {
        t!(lang, "import.title", source = source, folder = folder)
    } else {
        t!(lang, "import.title_dry", source = source, folder = folder)
    };
    let _ = writeln!(out, "{}\n", visible(&title));
    write_changes(&mut out, outcome, lang);
    let of = |kind| outcome.changes.iter().filter(|change| change.kind == kind).count();
    let count = |n: usize| number(lang, i64::try_from(n).unwrap_or(i64::MAX));
    let (added, changed, removed) =
        (count(of(Kind::Added)), count(of(Kind::Changed)), count(of(Kind::Removed)));
    let same = count(outcome.same);
    let summary = t!(
        lang,
        "import.summary",
        added = added,
        changed = changed,
        removed = removed,
        same = same
    );
    let _ = writeln!(out, "{summary}");
    if outcome.left > 0 && !args.remove {
        let _ = writeln!(out, "{}", t!(lang, "import.left", left = count(outcome.left)));
    }
    if outcome.files.is_empty() {
        let _ = writeln!(out, "{}", text(lang, "import.no_change"));
        return out;
    }
    let files = count(outcome.files.len());
    let head = if args.write {
        t!(lang, "import.wrote", count = files)
    } else {
        t!(lang, "import.would_write", count = files)
    };
    let _ = writeln!(out, "{head}");
    for file in &outcome.files {
        let path = visible(&file.path.display().to_string());
        let new = if file.old.is_none() {
            format!(" ({})", text(lang, "import.new_file"))
        } else {
            String::new()
        };
        let _ = writeln!(out, "  {path}{new}");
    }
    let next = if args.write { "import.reload" } else { "import.how_to_write" };
    let _ = writeln!(out, "{}", text(lang, next));
    out
}

/// A line each, with what changes beneath.
fn write_changes(out: &mut String, outcome: &Outcome, lang: Lang) {
    let widest = |of: &dyn Fn(&Change) -> String| {
        outcome.changes.iter().map(|change| width(&of(change))).max().unwrap_or(0)
    };
    let list = |change: &Change| text(lang, &format!("sheets.{}", change.list)).to_owned();
    let id = |change: &Change| visible(&change.id);
    let widths = (widest(&list), widest(&id).min(COLUMNS / 2));
    for change in &outcome.changes {
        let sign = match change.kind {
            Kind::Added => '+',
            Kind::Changed => '~',
            Kind::Removed => '-',
        };
        let place = place_of(&change.place);
        let (list, id) = (pad(&list(change), widths.0), pad(&id(change), widths.1));
        let _ = writeln!(out, "{sign} {list}  {id}  {place}");
        match change.kind {
            Kind::Added => {
                let said = change.fields.iter().map(|field| {
                    format!("{}: {}", field.key, field.to.as_deref().unwrap_or_default())
                });
                let said = visible(&said.collect::<Vec<_>>().join(", "));
                let _ = writeln!(out, "    {}", fit(&said, COLUMNS));
            }
            Kind::Changed => {
                for field in &change.fields {
                    let none = text(lang, "import.none");
                    let shown = |said: &Option<String>| {
                        said.as_deref().map_or_else(|| none.to_owned(), visible)
                    };
                    let key = visible(&field.key);
                    let _ =
                        writeln!(out, "    {key}: {} → {}", shown(&field.from), shown(&field.to));
                }
            }
            Kind::Removed => {}
        }
    }
    if !outcome.changes.is_empty() {
        out.push('\n');
    }
}

/// The keys are English and stable.
fn as_json(outcome: &Outcome, is_written: bool, lang: Lang) -> Value {
    let at = |place: &Place| {
        json!({ "file": place.file.display().to_string(), "line": place.line,
            "column": place.column })
    };
    let changes = outcome.changes.iter().map(|change| {
        let fields = change.fields.iter().map(|field| {
            json!({ "key": field.key, "from": field.from, "to": field.to,
                "place": field.place.as_ref().map(at) })
        });
        json!({ "change": change.kind.as_str(), "list": change.list, "id": change.id,
            "place": at(&change.place), "fields": fields.collect::<Vec<_>>() })
    });
    let files = outcome
        .files
        .iter()
        .map(|file| json!({ "file": file.path.display().to_string(), "new": file.old.is_none() }));
    let count = diagnostics::count(&outcome.diagnostics);
    json!({
        "kind": "import", "written": is_written,
        "changes": changes.collect::<Vec<_>>(),
        "same": outcome.same, "left": outcome.left,
        "files": files.collect::<Vec<_>>(),
        "diagnostics": diagnostics::json(&outcome.diagnostics, lang),
        "errors": count.errors, "warnings": count.warnings,
    })
}
