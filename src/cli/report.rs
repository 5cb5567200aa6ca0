//! `tuantra report`: coverage and availability of a period, for people, spreadsheets and cron.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{anyhow, bail};

use super::{EXIT_FINDING, EXIT_NOT_PROVEN, EXIT_OK, Global, context, unit};
use crate::config::Config;
use crate::coverage::{Clock, SlaRule, Verdict};
use crate::daemon::clock;
use crate::locale::{Lang, visible};
use crate::model::{CarrierIx, DurationError, Inventory, Span, UnixMs};
use crate::report::document::Document;
use crate::report::{self, GroupBy, Page, PeriodError, ReportError, Scope, Sheet};
use crate::store::{Reader, StoreError};
use crate::t;

/// Print a report
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra report coverage                                  this month so far
  tuantra report availability --month 2026-10 --by carrier
  tuantra report coverage --unit cai-be --last 7d --format csv --out cai-be.csv
  tuantra report coverage --month 2026-10 --format xlsx --out coverage.xlsx
  tuantra report coverage --month 2026-10 --format html --out coverage.html    to print
  tuantra report availability --month 2026-10 --clock office       office hours only
  tuantra report coverage --month 2026-10 --as-of 2026-06-30       by the tree before a reform
  tuantra report availability --month 2026-10 --sla-rule icinga    what Icinga DB would say
  tuantra report carrier --month 2026-10 --carrier vnpt            the contract's account
  tuantra report outages --month 2026-10 --devices                 by cause, worst, one by one
  tuantra report capacity --last 14d                               which circuits to enlarge
  tuantra report inventory; tuantra report plan                    devices; plan against done

Exit code: 0 goals met, 1 a goal missed, 2 wrong usage or bad input, 3 not proven (less of the
period was measured than the configured floor).")]
pub struct Args {
    /// What is reported
    #[arg(value_enum, value_name = "KIND")]
    kind: Kind,
    #[command(flatten)]
    period: Period,
    /// Only this unit with all beneath it, by id or name
    #[arg(long, value_name = "UNIT")]
    unit: Option<String>,
    /// What the rows of an availability report are gathered by
    #[arg(long, value_enum, default_value_t = By::Subject)]
    by: By,
    /// Devices and services too, not only connections (availability)
    #[arg(long)]
    devices: bool,
    /// By which hours time is judged
    #[arg(long, value_enum, default_value_t = Hours::AroundTheClock)]
    clock: Hours,
    /// Report by the administrative tree of this time: 2026-06-30, 2026-06-30T07:00 or RFC 3339
    /// (default: the end of the period). Merged units count for their successors, or are served
    /// by them
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// Whose rule makes an availability; another system's is for comparison (availability)
    #[arg(long, value_enum, default_value_t = Rule::Tuantra)]
    sla_rule: Rule,
    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// CSV for office spreadsheets: byte-order mark, ';', the language's decimal sign
    #[arg(long)]
    excel: bool,
    /// Write to this file, whole or not at all, instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Goal in percent instead of the configured one
    #[arg(long, value_name = "PCT", value_parser = percentage)]
    min: Option<u32>,
    /// Only this carrier, by id (carrier, capacity)
    #[arg(long, value_name = "CARRIER")]
    carrier: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Period {
    /// Beginning: 2026-10-01, 2026-10-01T07:00 (configured zone) or RFC 3339
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// End, itself no longer inside (default: now)
    #[arg(long, value_name = "TIME", requires = "from")]
    to: Option<String>,
    /// A calendar month: 2026-10
    #[arg(long, value_name = "MONTH", conflicts_with_all = ["from", "last"])]
    month: Option<String>,
    /// The time up to now: 7d, 12h
    #[arg(long, value_name = "LENGTH", conflicts_with = "from")]
    last: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// Which units have their networks
    Coverage,
    /// How much of the time connections worked
    Availability,
    /// What each carrier owes: minutes, levels, penalties, evidence
    Carrier,
    /// Circuits against 90 % of their bandwidth
    Capacity,
    /// Outages by cause, by carrier, the ten worst, one by one
    Outages,
    /// Devices by kind, maker and age; out of support; without SNMP
    Inventory,
    /// The plan against what is done
    Plan,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum By {
    Subject,
    Unit,
    District,
    Department,
    Network,
    Carrier,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For a terminal or a mail
    Text,
    /// For programs
    Csv,
    /// A spreadsheet: a sheet for each part, numbers and dates to reckon with
    Xlsx,
    /// One page without scripts, printed to A4 as it stands
    Html,
    /// The stable form
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Hours {
    /// Around the clock: off hours count as down
    #[value(name = "24x7")]
    AroundTheClock,
    /// The subject's office hours
    Office,
    /// The hours of the line's contract
    Contract,
}

impl From<Hours> for Clock {
    fn from(hours: Hours) -> Self {
        match hours {
            Hours::AroundTheClock => Self::AroundTheClock,
            Hours::Office => Self::Office,
            Hours::Contract => Self::Contract,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Rule {
    /// Ours: holes and announced work count on neither side
    Tuantra,
    /// Icinga DB's get_sla_ok_percent
    Icinga,
    /// Zabbix's service level indicator
    Zabbix,
}

impl From<Rule> for SlaRule {
    fn from(rule: Rule) -> Self {
        match rule {
            Rule::Tuantra => Self::Tuantra,
            Rule::Icinga => Self::Icinga,
            Rule::Zabbix => Self::Zabbix,
        }
    }
}

impl From<By> for GroupBy {
    fn from(by: By) -> Self {
        match by {
            By::Subject => Self::Subject,
            By::Unit => Self::Unit,
            By::District => Self::District,
            By::Department => Self::Department,
            By::Network => Self::Network,
            By::Carrier => Self::Carrier,
        }
    }
}

/// Percent, with a point or a comma, in millionths.
fn percentage(text: &str) -> Result<u32, String> {
    let percent: f64 = text.replace(',', ".").parse().map_err(|_| "not a number".to_owned())?;
    if !(0.0..=100.0).contains(&percent) {
        return Err("must be from 0 to 100".to_owned());
    }
    // At most 1,000,000, so the conversion is exact.
    Ok((percent * 10_000.0).round() as u32)
}

/// Runs the command.
///
/// # Errors
/// Whatever stopped it, with context.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    let is_by_rows = matches!(args.kind, Kind::Availability | Kind::Outages);
    if (args.by != By::Subject && args.kind != Kind::Availability) || (args.devices && !is_by_rows)
    {
        bail!(t!(config.language, "report.by_is_for_availability"));
    }
    if args.kind != Kind::Availability && args.sla_rule != Rule::Tuantra {
        bail!(t!(config.language, "report.rule_is_for_availability"));
    }
    if args.sla_rule == Rule::Icinga && args.clock != Hours::AroundTheClock {
        bail!(t!(config.language, "report.rule_has_no_clock"));
    }
    if args.excel && args.format != Format::Csv {
        bail!(t!(config.language, "report.excel_is_for_csv"));
    }
    if args.carrier.is_some() && !matches!(args.kind, Kind::Carrier | Kind::Capacity) {
        bail!(t!(config.language, "kinds.carrier_is_for"));
    }
    let now = clock::now();
    let period = args.period.span(&config, now)?;
    let as_of = match &args.as_of {
        Some(text) => Some(
            report::moment(text, &config.timezone)
                .map_err(|error| anyhow!(no_time(config.language, "--as-of", &error)))?,
        ),
        None => None,
    };
    let inventory = context::inventory(&config)?;
    let unit = args
        .unit
        .as_deref()
        .map(|word| unit::find_in(config.language, word, &inventory))
        .transpose()?;
    let carrier = args
        .carrier
        .as_deref()
        .map(|word| find_carrier(config.language, word, &inventory))
        .transpose()?;
    let refused = |error: ReportError| anyhow!(told(config.language, &error));
    let store = Reader::open(&config.store).map_err(|e| refused(e.into()))?;
    let records = match args.kind {
        Kind::Availability | Kind::Capacity | Kind::Inventory => {
            report::load_without_intervals(&store, period, now)
        }
        _ => report::load(&store, &inventory, period, now),
    }
    .map_err(refused)?;
    let scope = Scope {
        inventory: &inventory,
        records: &records,
        period,
        now,
        unit,
        clock: args.clock.into(),
        as_of,
        rule: args.sla_rule.into(),
        coverage_goal_ppm: match (args.kind, args.min) {
            (Kind::Coverage, Some(min)) => min,
            _ => u32::from(config.goals.coverage_permille) * 1_000,
        },
        availability_goal_ppm: match (args.kind, args.min) {
            (Kind::Availability, Some(min)) => min,
            _ => config.goals.availability_ppm,
        },
        floor_ppm: config.measured_floor_ppm,
    };
    let page = Page {
        lang: config.language,
        zone: &config.timezone,
        zone_name: &config.timezone_name,
        excel: args.excel,
        letter: config.letter.as_ref(),
    };
    if let (Some(unit), Some(at)) = (unit, as_of)
        && !scope.tree().exists(unit)
    {
        let time = named(config.language, &config.timezone, at);
        let unit = visible(&inventory.unit(unit).name).to_string();
        bail!(t!(config.language, "report.not_in_tree", unit = unit, time = time));
    }
    if args.format == Format::Xlsx && args.out.is_none() && std::io::stdout().is_terminal() {
        bail!(t!(config.language, "report.xlsx_needs_file"));
    }
    let (bytes, verdict) = write(args, &store, &scope, &page, carrier).map_err(refused)?;
    match &args.out {
        Some(file) => report::save(file, &bytes).map_err(refused)?,
        None => super::print_bytes(&bytes)?,
    }
    Ok(ExitCode::from(match verdict {
        Verdict::Met => EXIT_OK,
        Verdict::Missed => EXIT_FINDING,
        Verdict::NotProven => EXIT_NOT_PROVEN,
    }))
}

fn write(
    args: &Args,
    store: &Reader,
    scope: &Scope<'_>,
    page: &Page<'_>,
    carrier: Option<CarrierIx>,
) -> Result<(Vec<u8>, Verdict), ReportError> {
    use report::kinds;
    let sheet = match args.kind {
        Kind::Carrier => {
            let said = kinds::said(store, scope.window())?;
            let failed = kinds::failed_rounds(store, scope, &said, carrier)?;
            kinds::carrier(scope, page, &said, carrier, &failed)
        }
        Kind::Capacity => {
            let circuits = kinds::circuits(store, scope, carrier)?;
            kinds::capacity(scope, page, &circuits)
        }
        Kind::Outages => {
            let said = kinds::said(store, scope.window())?;
            kinds::outages(scope, page, &said, args.devices)
        }
        Kind::Inventory => kinds::devices(scope, page, &store.newest_sightings()?),
        Kind::Plan => kinds::plan(scope, page),
        Kind::Coverage | Kind::Availability => return counted(args, store, scope, page),
    };
    Ok((as_asked(&sheet, args.format, page)?, sheet.verdict))
}

/// A report in the format asked for.
pub(super) fn as_asked(
    sheet: &Sheet,
    format: Format,
    page: &Page<'_>,
) -> Result<Vec<u8>, ReportError> {
    match format {
        Format::Csv => Ok(sheet.csv(page).into_bytes()),
        Format::Json => Ok(sheet.json(page).into_bytes()),
        _ => written(format, &sheet.document(page), page),
    }
}

/// The carrier that a word means.
pub(super) fn find_carrier(
    lang: Lang,
    word: &str,
    inventory: &Inventory,
) -> anyhow::Result<CarrierIx> {
    let found = (0_u32..).zip(&inventory.carriers).find(|(_, c)| c.id.as_str() == word);
    found.map(|(ix, _)| CarrierIx(ix)).ok_or_else(|| {
        let known = inventory.carriers.iter().map(|c| c.id.as_str());
        let known = known.collect::<Vec<_>>().join(", ");
        anyhow!(t!(lang, "kinds.unknown_carrier", carrier = visible(word), known = known))
    })
}

/// Coverage or availability.
fn counted(
    args: &Args,
    store: &Reader,
    scope: &Scope<'_>,
    page: &Page<'_>,
) -> Result<(Vec<u8>, Verdict), ReportError> {
    Ok(match args.kind {
        Kind::Coverage => {
            let found = report::coverage(scope);
            let bytes = match args.format {
                Format::Csv => found.csv(scope.inventory, page).into_bytes(),
                Format::Json => found.json(scope.inventory).into_bytes(),
                _ => {
                    let mut document = report::coverage_document(&found, scope, page);
                    report::with_coverage_figures(&mut document, &found, scope, page);
                    written(args.format, &document, page)?
                }
            };
            (bytes, found.verdict())
        }
        _ => {
            let found = report::read_availability(store, scope, args.by.into(), args.devices)?;
            let bytes = match args.format {
                Format::Csv => found.csv(scope.inventory, page).into_bytes(),
                Format::Json => found.json(scope.inventory, page).into_bytes(),
                _ => {
                    let document = report::availability_document(&found, scope, page);
                    written(args.format, &document, page)?
                }
            };
            (bytes, found.verdict())
        }
    })
}

/// A report for people.
fn written(format: Format, document: &Document, page: &Page<'_>) -> Result<Vec<u8>, ReportError> {
    Ok(match format {
        Format::Xlsx => report::write::xlsx(document, page)?,
        Format::Html => report::write::html(document, page)?.into_bytes(),
        _ => report::write::text(document, page).into_bytes(),
    })
}

impl Period {
    pub(super) fn span(&self, config: &Config, now: UnixMs) -> anyhow::Result<Span> {
        let (zone, lang) = (&config.timezone, config.language);
        let refused = |option| move |error: PeriodError| anyhow!(no_time(lang, option, &error));
        let span = match self {
            Self { month: Some(month), .. } => {
                report::month(month, zone).map_err(refused("--month"))?
            }
            Self { last: Some(length), .. } => {
                report::last(length, now).map_err(refused("--last"))?
            }
            Self { from: Some(from), to, .. } => {
                let from = report::moment(from, zone).map_err(refused("--from"))?;
                let to = to.as_deref().map(|to| report::moment(to, zone)).transpose();
                Span::new(from, to.map_err(refused("--to"))?.unwrap_or(now))
            }
            _ => report::this_month(now, zone),
        };
        let named = |at| named(lang, zone, at);
        if span.from == span.to {
            bail!(t!(lang, "report.period_empty", from = named(span.from)));
        }
        if span.is_empty() {
            bail!(t!(lang, "report.period_reversed", from = named(span.from), to = named(span.to)));
        }
        if span.from >= now {
            bail!(t!(lang, "report.period_to_come", from = named(span.from)));
        }
        Ok(span)
    }
}

fn named(lang: Lang, zone: &jiff::tz::TimeZone, at: UnixMs) -> String {
    crate::locale::date_time(lang, &at.to_timestamp().to_zoned_datetime(zone.clone()))
}

/// What is wrong with an option's time, in the reader's language.
pub(super) fn no_time(lang: Lang, option: &str, error: &PeriodError) -> String {
    match error {
        PeriodError::Moment(text) => {
            t!(lang, "report.bad_moment", option = option, text = visible(text))
        }
        PeriodError::Month(text) => {
            t!(lang, "report.bad_month", option = option, text = visible(text))
        }
        PeriodError::Length(text, why) => {
            let why = match why {
                DurationError::Empty => t!(lang, "report.length_empty"),
                DurationError::NoUnit => t!(lang, "report.length_no_unit"),
                DurationError::UnknownUnit(unit) => {
                    t!(lang, "report.length_unknown_unit", unit = visible(unit))
                }
                DurationError::TooLong => t!(lang, "report.length_too_long"),
            };
            t!(lang, "report.bad_length", option = option, text = visible(text), why = why)
        }
    }
}

/// Why there is no report, in the reader's language; what the system says stays as it says it.
pub(super) fn told(lang: Lang, error: &ReportError) -> String {
    let named = |file: &std::path::Path| visible(&file.display().to_string()).to_string();
    match error {
        ReportError::Save { path, source } => {
            t!(lang, "report.not_saved", file = named(path), error = source)
        }
        ReportError::Store(error) => store_told(lang, error),
        error @ (ReportError::Sheet(_) | ReportError::Page(_)) => {
            t!(lang, "report.not_made", error = error)
        }
    }
}

/// Why the store cannot be read, in the reader's language.
pub(super) fn store_told(lang: Lang, error: &StoreError) -> String {
    let named = |file: &std::path::Path| visible(&file.display().to_string()).to_string();
    match error {
        StoreError::Missing { path } => {
            t!(lang, "report.store_missing", file = named(path))
        }
        StoreError::Foreign { path, .. } => {
            t!(lang, "report.store_foreign", file = named(path))
        }
        StoreError::Newer { path, found, known } => {
            t!(lang, "report.store_newer", file = named(path), found = found, known = known)
        }
        StoreError::Older { path, found, known } => {
            t!(lang, "report.store_older", file = named(path), found = found, known = known)
        }
        other => t!(lang, "report.store_unreadable", error = other),
    }
}
