//! `tuantra outage`: say what an outage was, list outages.

use std::process::ExitCode;

use anyhow::{anyhow, bail};
use serde_json::json;

use super::ask::ask;
use super::report::{Period, told};
use super::{EXIT_FINDING, EXIT_OK, EXIT_USAGE, Format, Global, context, unit};
use crate::api::{NoteRequest, Noted, Problem};
use crate::config::Config;
use crate::daemon::clock;
use crate::locale::{self, cause_key, visible};
use crate::model::{Cause, OutageId, Span, SubjectId, UnixMs};
use crate::report::kinds;
use crate::report::{self, Page, ReportError, Scope};
use crate::store::{OutageFilter, Reader};
use crate::t;

/// Say what an outage was, list outages
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Say what an outage was
    Note(NoteArgs),
    /// List the outages of a period
    List(ListArgs),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra outage note cai-be/tslcd --cause fibre                          the newest one there
  tuantra outage note cai-be/tslcd@2026-11-01T00:00:10Z --cause power
  tuantra outage note cai-be/tslcd@2026-11-01T00:00:10Z --cause fibre --note \"VNPT found a cut\"

Names are those of 'tuantra outage list'; an incident's name, or any time inside the outage, does as
well. It may be over. Whoever runs the command is written down as the system knows him. What it was
called before stays in the log and in reports, and calling it something else needs a --note.

Exit code: 0 written down, 1 it is called that already, 2 wrong usage, no such outage or no reason
given, 4 the daemon cannot be reached.")]
struct NoteArgs {
    /// Outage, or a subject for its newest one
    #[arg(value_name = "OUTAGE|SUBJECT")]
    what: String,
    /// What it was
    #[arg(long, value_enum)]
    cause: CauseWord,
    /// What is to be said about it, at most 300 characters
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// text or json
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra outage list                          this month
  tuantra outage list --last 24h --unsaid      nobody has said yet what these were

Exit code: 0 printed, 2 wrong usage or bad input.")]
struct ListArgs {
    #[command(flatten)]
    period: Period,
    /// Only this unit with all beneath it, by id or name
    #[arg(long, value_name = "UNIT")]
    unit: Option<String>,
    /// Only those whose cause nobody has said, without their consequences
    #[arg(long)]
    unsaid: bool,
    /// text or json
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum CauseWord {
    /// No electricity at the unit
    Power,
    /// The line itself: fibre, pole, connector
    Fibre,
    /// The carrier: several of its lines at once
    Carrier,
    /// A device of the unit's
    Equipment,
    /// Somebody changed something
    #[value(alias = "configuration")]
    Config,
    /// Work that nobody had announced here
    Planned,
    /// Nobody could find out
    Unknown,
}

impl From<CauseWord> for Cause {
    fn from(word: CauseWord) -> Self {
        match word {
            CauseWord::Power => Self::Power,
            CauseWord::Fibre => Self::Fibre,
            CauseWord::Carrier => Self::Carrier,
            CauseWord::Equipment => Self::Equipment,
            CauseWord::Config => Self::Configuration,
            CauseWord::Planned => Self::Planned,
            CauseWord::Unknown => Self::Unknown,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// Wrong usage; the store cannot be read; what the daemon says cannot be understood.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    match &args.action {
        Action::Note(args) => note(args, &config),
        Action::List(args) => list(args, &config),
    }
}

fn note(args: &NoteArgs, config: &Config) -> anyhow::Result<ExitCode> {
    let lang = config.language;
    let what = visible(&args.what);
    let Some(id) = named(&args.what, config)? else {
        bail!(t!(lang, "outage.unknown", what = what));
    };
    let OutageId { subject, start } = id;
    let request = NoteRequest { subject, start, cause: args.cause.into(), note: args.note.clone() };
    match ask(config, async |client| client.note(&request).await) {
        Ok(done) => {
            super::print(&match args.format {
                Format::Text => written(&done, config),
                Format::Json => format!("{:#}\n", json!({ "kind": "outage_note", "outage": done })),
            })?;
            Ok(ExitCode::from(EXIT_OK))
        }
        Err(failure) => failure.end(config, |problem| refused(problem, &what, config)),
    }
}

/// The outage that a word names: itself, or the newest one of a subject.
fn named(what: &str, config: &Config) -> anyhow::Result<Option<OutageId>> {
    if let Ok(id) = what.parse::<OutageId>() {
        return Ok(Some(id));
    }
    let Ok(subject) = SubjectId::new(what) else { return Ok(None) };
    let refused = |error: ReportError| anyhow!(told(config.language, &error));
    let store = Reader::open(&config.store).map_err(|e| refused(e.into()))?;
    let only = OutageFilter { subjects: Some([subject].into()), ..OutageFilter::default() };
    let ever = Span::new(UnixMs(i64::MIN), UnixMs(i64::MAX));
    let found = store.outages(ever, &only).map_err(|e| refused(e.into()))?;
    let newest = found.into_iter().max_by_key(|found| found.outage.start);
    Ok(newest.map(|found| OutageId { subject: found.subject, start: found.outage.start }))
}

fn local(config: &Config, at: UnixMs) -> String {
    let local = at.to_timestamp().to_zoned_datetime(config.timezone.clone());
    locale::date_time(config.language, &local)
}

fn written(done: &Noted, config: &Config) -> String {
    let lang = config.language;
    let id = OutageId { subject: done.subject.clone(), start: done.start };
    let lasts = match done.end {
        Some(end) => locale::duration(lang, end.since(done.start)),
        None => t!(lang, "kinds.still"),
    };
    let cause = t!(lang, cause_key(done.cause));
    let mut lines = vec![
        t!(lang, "outage.noted", id = id, cause = cause),
        format!("  {} · {lasts}", local(config, done.start)),
    ];
    if let Some(before) = done.before.filter(|before| *before != done.cause) {
        lines.push(format!("  {}", t!(lang, "outage.before", cause = t!(lang, cause_key(before)))));
    }
    if !done.with.is_empty() {
        let with: Vec<&str> = done.with.iter().map(|line| line.as_str()).collect();
        lines.push(format!("  {}", t!(lang, "outage.with", lines = with.join(", "))));
    }
    if !done.note.is_empty() {
        lines.push(format!("  {}: {}", t!(lang, "common.note"), visible(&done.note)));
    }
    lines.push(format!("  {}", t!(lang, "outage.by", by = visible(&done.by))));
    lines.join("\n") + "\n"
}

fn refused(problem: &Problem, what: &str, config: &Config) -> Option<(String, u8)> {
    let lang = config.language;
    let by = visible(problem.by.as_deref().unwrap_or("?"));
    let when = problem.at.map_or_else(|| "?".to_owned(), |at| local(config, at));
    Some(match problem.error.as_str() {
        "already_noted" => (t!(lang, "outage.already", by = by, when = when), EXIT_FINDING),
        "needs_reason" => (t!(lang, "outage.needs_reason", by = by, when = when), EXIT_USAGE),
        "unknown_outage" => (t!(lang, "outage.unknown", what = what), EXIT_USAGE),
        "bad_note" => (t!(lang, "ack.bad_note"), EXIT_USAGE),
        _ => return None,
    })
}

fn list(args: &ListArgs, config: &Config) -> anyhow::Result<ExitCode> {
    let lang = config.language;
    let now = clock::now();
    let period = args.period.span(config, now)?;
    let inventory = context::inventory(config)?;
    let unit = args.unit.as_deref();
    let unit = unit.map(|word| unit::find_in(lang, word, &inventory)).transpose()?;
    let refused = |error: ReportError| anyhow!(told(lang, &error));
    let store = Reader::open(&config.store).map_err(|e| refused(e.into()))?;
    let records = report::load(&store, &inventory, period, now).map_err(refused)?;
    let scope = Scope { unit, ..Scope::of(config, &inventory, &records, (period, now)) };
    let page = Page {
        lang,
        zone: &config.timezone,
        zone_name: &config.timezone_name,
        excel: false,
        letter: None,
    };
    let said = kinds::said(&store, scope.window()).map_err(refused)?;
    let sheet = kinds::listing(&scope, &page, &said, args.unsaid);
    super::print(&match args.format {
        Format::Text => report::write::text(&sheet.document(&page), &page),
        Format::Json => sheet.json(&page),
    })?;
    Ok(ExitCode::from(EXIT_OK))
}
