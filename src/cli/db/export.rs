//! `tuantra db export`: what is stored, as CSV, a row at a time.

mod rows;
mod sink;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{anyhow, bail};

use super::{named, open, told};
use crate::cli::report::Period;
use crate::cli::{EXIT_OK, context, unit};
use crate::config::Config;
use crate::daemon::clock;
use crate::locale::{Lang, visible};
use crate::model::{Inventory, Span, State, SubjectId, parse_duration};
use crate::store::{OutageFilter, Reader, Resolution};
use crate::t;
use sink::Sink;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra db export --what outages --month 2026-10 --longer-than 10m > outages.csv
  tuantra db export --what samples --subject cai-be/tslcd --last 7d --out week.csv
  tuantra db export --what points --unit cai-be --last 24h
  tuantra db export --what rollups --resolution day --unit cai-be --from 2026-01-01
  tuantra db export --what point-rollups --resolution day --unit cai-be --from 2024-01-01
  tuantra db export --what outages --carrier vnpt --state down --month 2026-10

Times are UTC (RFC 3339); the period is this month when none is given. It reads beside a running
daemon, in short transactions, and holds a slice of time in memory, never all. A file is written
whole or not at all. Parquet: let DuckDB read the CSV.

Exit code: 0 written, 2 wrong usage, or the store cannot be read.")]
pub struct Args {
    /// What is written
    #[arg(long, value_enum, value_name = "WHAT")]
    what: What,
    /// As CSV (the only form, and the default)
    #[arg(long)]
    csv: bool,
    /// CSV for office spreadsheets: byte-order mark, ';', the language's decimal sign
    #[arg(long)]
    excel: bool,
    #[command(flatten)]
    period: Period,
    /// Only this subject, by id; may be given several times
    #[arg(long, value_name = "ID")]
    subject: Vec<String>,
    /// Only this unit with all beneath it, by id or name
    #[arg(long, value_name = "UNIT", conflicts_with = "subject")]
    unit: Option<String>,
    /// Length of a rollup's stretch
    #[arg(long, value_enum, default_value_t = Stretch::Hour)]
    resolution: Stretch,
    /// Outages with this root cause only, by id; may be given several times
    #[arg(long, value_name = "ID")]
    cause: Vec<String>,
    /// Outages whose root cause is a line of this carrier, by id
    #[arg(long, value_name = "CARRIER", conflicts_with = "cause")]
    carrier: Option<String>,
    /// Outages that ended, or are, in this state only
    #[arg(long, value_enum)]
    state: Option<Lost>,
    /// Outages at least this long: 90s, 10m, 2h
    #[arg(long, value_name = "LENGTH")]
    longer_than: Option<String>,
    /// Write to this file, whole or not at all, instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Rounds at full resolution, by time
    Samples,
    /// Values of metrics (SNMP) at full resolution, by time
    Points,
    /// State intervals that touch the period, whole
    States,
    /// Outages that touch the period, whole
    Outages,
    /// The log
    Events,
    /// What rounds come to by hour or day
    Rollups,
    /// What the values of metrics (SNMP) come to by hour or day
    PointRollups,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Stretch {
    Hour,
    Day,
}

impl From<Stretch> for Resolution {
    fn from(stretch: Stretch) -> Self {
        match stretch {
            Stretch::Hour => Self::Hour,
            Stretch::Day => Self::Day,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Lost {
    /// By its own fault
    Down,
    /// By the fault of what it is reached through
    Unreachable,
}

impl From<Lost> for State {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Down => Self::Down,
            Lost::Unreachable => Self::Unreachable,
        }
    }
}

/// What is asked for, understood.
struct Wanted {
    window: Span,
    /// `None`: all.
    subjects: Option<BTreeSet<SubjectId>>,
    filter: OutageFilter,
    resolution: Resolution,
}

pub fn run(args: &Args, config: &Config) -> anyhow::Result<ExitCode> {
    let lang = config.language;
    let wanted = understand(args, config)?;
    let reader = open(config)?;
    let mut sink = Sink::open(args.out.as_deref(), args.excel.then_some(lang))
        .map_err(|error| unwritten(args, lang, &error))?;
    match args.what {
        What::Samples => rows::samples(&reader, &wanted, &mut sink),
        What::Points => rows::points(&reader, &wanted, &mut sink),
        What::States => rows::states(&reader, &wanted, &mut sink),
        What::Outages => rows::outages(&reader, &wanted, &mut sink),
        What::Events => rows::events(&reader, &wanted, &mut sink),
        What::Rollups => rows::rollups(&reader, &wanted, &mut sink),
        What::PointRollups => rows::point_rollups(&reader, &wanted, &mut sink),
    }
    .map_err(|error| told(lang, &error))?;
    sink.close().map_err(|error| unwritten(args, lang, &error))?;
    Ok(ExitCode::from(EXIT_OK))
}

fn unwritten(args: &Args, lang: Lang, error: &std::io::Error) -> anyhow::Error {
    match &args.out {
        Some(file) => anyhow!(t!(lang, "db.not_written", file = named(file), error = error)),
        None => anyhow!(t!(lang, "db.not_written", file = "-", error = error)),
    }
}

fn understand(args: &Args, config: &Config) -> anyhow::Result<Wanted> {
    let lang = config.language;
    let is_filtered = !args.cause.is_empty()
        || args.carrier.is_some()
        || args.state.is_some()
        || args.longer_than.is_some();
    if is_filtered && args.what != What::Outages {
        bail!(t!(lang, "db.filter_is_for_outages"));
    }
    let window = args.period.span(config, clock::now())?;
    let inventory = match (&args.unit, &args.carrier) {
        (None, None) => None,
        _ => Some(context::inventory(config)?),
    };
    let mut subjects = ids(lang, &args.subject)?;
    let mut causes = ids(lang, &args.cause)?;
    if let (Some(inventory), Some(word)) = (&inventory, &args.unit) {
        subjects = Some(beneath(inventory, unit::find_in(lang, word, inventory)?));
    }
    if let (Some(inventory), Some(word)) = (&inventory, &args.carrier) {
        causes = Some(lines_of(inventory, word, lang)?);
    }
    let longer_than_ms = match &args.longer_than {
        None => 0,
        Some(text) => parse_duration(text)
            .map_err(|_| anyhow!(t!(lang, "db.bad_length", text = visible(text))))?,
    };
    let filter = OutageFilter {
        subjects: subjects.clone(),
        causes,
        state: args.state.map(Into::into),
        longer_than_ms,
    };
    Ok(Wanted { window, subjects, filter, resolution: args.resolution.into() })
}

fn ids(lang: Lang, words: &[String]) -> anyhow::Result<Option<BTreeSet<SubjectId>>> {
    let mut found = BTreeSet::new();
    for word in words {
        let id = SubjectId::new(word);
        found.insert(id.map_err(|_| anyhow!(t!(lang, "db.no_subject", subject = visible(word))))?);
    }
    Ok((!found.is_empty()).then_some(found))
}

fn beneath(inventory: &Inventory, top: crate::model::UnitIx) -> BTreeSet<SubjectId> {
    let units: BTreeSet<_> = inventory.subtree(top).into_iter().collect();
    let inside = inventory.subjects.iter().filter(|subject| units.contains(&subject.unit));
    inside.map(|subject| subject.id.clone()).collect()
}

fn lines_of(inventory: &Inventory, word: &str, lang: Lang) -> anyhow::Result<BTreeSet<SubjectId>> {
    let is_meant = |id: &str| id == word;
    if !inventory.carriers.iter().any(|carrier| is_meant(carrier.id.as_str())) {
        bail!(t!(lang, "db.no_carrier", carrier = visible(word)));
    }
    let lines = inventory.subjects.iter().filter(|subject| {
        let carrier = subject.connection().and_then(|connection| connection.carrier);
        carrier.is_some_and(|carrier| is_meant(inventory.carrier(carrier).id.as_str()))
    });
    Ok(lines.map(|subject| subject.id.clone()).collect())
}
