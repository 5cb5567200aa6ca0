//! `tuantra reconcile`: a carrier's monthly table against ours.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{anyhow, bail};

use super::report::{Format, Period, as_asked, find_carrier, told};
use super::{EXIT_FINDING, EXIT_OK, Global, context};
use crate::coverage::{Clock, Verdict};
use crate::daemon::clock;
use crate::inventory::BookError;
use crate::locale::visible;
use crate::report::kinds::{self, TheirTableError};
use crate::report::{self, Page, ReportError, Scope};
use crate::store::Reader;
use crate::t;

/// Largest table read, in bytes.
const FILE_MAX: u64 = 16 << 20;

/// Hold a carrier's monthly table against ours
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra reconcile vnpt-2026-10.xlsx --carrier vnpt --month 2026-10
  tuantra reconcile vnpt.csv --carrier vnpt --last 7d --format csv --excel --out doi-soat.csv

The table is an XLSX workbook or CSV (UTF-8; comma, semicolon or tab); lines of a title above the
headings are passed over. Headings in Vietnamese or English: circuit (kênh truyền, số hiệu) or our id; and availability (độ khả
dụng), minutes lost (phút) or hours (số giờ), number of outages (số lần). A circuit that has two rows
is told.

Exit code: 0 the two agree, 1 they differ, 2 wrong usage or bad input.")]
pub struct Args {
    /// Their table
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Whose it is, by id
    #[arg(long, value_name = "CARRIER")]
    carrier: String,
    #[command(flatten)]
    period: Period,
    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// CSV for office spreadsheets: byte-order mark, ';', the language's decimal sign
    #[arg(long)]
    excel: bool,
    /// Write to this file, whole or not at all, instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// Wrong usage; the table or the store cannot be read.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    let lang = config.language;
    if args.excel && args.format != Format::Csv {
        bail!(t!(lang, "report.excel_is_for_csv"));
    }
    if args.format == Format::Xlsx && args.out.is_none() && std::io::stdout().is_terminal() {
        bail!(t!(lang, "report.xlsx_needs_file"));
    }
    let now = clock::now();
    let period = args.period.span(&config, now)?;
    let inventory = context::inventory(&config)?;
    let carrier = find_carrier(lang, &args.carrier, &inventory)?;
    let file = visible(&args.file.display().to_string());
    let unread = |why: String| anyhow!(t!(lang, "kinds.table_unread", file = file, why = why));
    let size = std::fs::metadata(&args.file).map_err(|e| unread(e.to_string()))?.len();
    if size > FILE_MAX {
        return Err(unread(t!(lang, "kinds.table_large")));
    }
    let bytes = std::fs::read(&args.file).map_err(|e| unread(e.to_string()))?;
    // A workbook is a ZIP archive, whatever its name is.
    let table = if bytes.starts_with(b"PK\x03\x04") {
        kinds::their_book(bytes)
    } else {
        let Ok(text) = String::from_utf8(bytes) else {
            return Err(unread(t!(lang, "kinds.table_no_text")));
        };
        kinds::their_table(&text)
    };
    let theirs = table.map_err(|error| match error {
        TheirTableError::NoHeader => unread(t!(lang, "kinds.table_no_header")),
        TheirTableError::TooLong => unread(t!(lang, "kinds.table_large")),
        TheirTableError::Malformed(error) => unread(visible(&error.to_string())),
        TheirTableError::Book(BookError::TooLarge(_)) => unread(t!(lang, "kinds.table_large")),
        TheirTableError::Book(error) => unread(visible(&error.to_string())),
    })?;
    let refused = |error: ReportError| anyhow!(told(lang, &error));
    let store = Reader::open(&config.store).map_err(|e| refused(e.into()))?;
    let records = report::load(&store, &inventory, period, now).map_err(refused)?;
    let scope =
        Scope { clock: Clock::Contract, ..Scope::of(&config, &inventory, &records, (period, now)) };
    let page = Page {
        lang,
        zone: &config.timezone,
        zone_name: &config.timezone_name,
        excel: args.excel,
        letter: config.letter.as_ref(),
    };
    let said = kinds::said(&store, scope.window()).map_err(refused)?;
    let failed = kinds::failed_rounds(&store, &scope, &said, Some(carrier)).map_err(refused)?;
    let sheet = kinds::reconcile(&scope, &page, &said, carrier, &theirs, &failed);
    let bytes = as_asked(&sheet, args.format, &page).map_err(refused)?;
    match &args.out {
        Some(file) => report::save(file, &bytes).map_err(refused)?,
        None => super::print_bytes(&bytes)?,
    }
    Ok(ExitCode::from(if sheet.verdict == Verdict::Met { EXIT_OK } else { EXIT_FINDING }))
}
