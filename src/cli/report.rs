//! `tuantra report`: what was in a period, for people, spreadsheets and cron.

mod all;
mod made;
mod period;
mod send;
mod shown;
mod slow;
mod told;
mod words;

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{anyhow, bail};

pub(super) use self::made::as_asked;
pub(super) use self::period::Period;
pub(super) use self::send::{Parcel, channel};
pub(super) use self::shown::Maker;
pub(super) use self::told::{no_time, store_told, told};
pub(super) use self::words::Format;

use self::made::{Made, Source};
pub(super) use self::slow::Slow;
use self::told::named;
use self::words::{By, Earlier, Hours, Kind, Rule, percentage};
use super::{EXIT_FINDING, EXIT_NOT_PROVEN, EXIT_OK, Global, context, unit};
use crate::config::Config;
use crate::coverage::Verdict;
use crate::daemon::clock;
use crate::locale::{Lang, visible};
use crate::model::{CarrierIx, Inventory, Span, UnixMs};
use crate::report::{self, Page, ReportError, Scope};
use crate::store::Reader;
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
  tuantra report outages --quarter 2026-Q3 --by unit               who was hit most in a quarter
  tuantra report availability --year 2026 --by district
  tuantra report capacity --last 14d                               which circuits to enlarge
  tuantra report inventory; tuantra report plan                    devices; plan against done
  tuantra report availability --month 2026-10 --compare year       beside a year earlier
  tuantra report coverage --month previous --format xlsx --send mail
  tuantra report all --month 2026-10 --out reports/2026-10         every kind in every format

Exit code: 0 goals met, 1 a goal missed, 2 wrong usage or bad input, 3 not proven (less of the
period was measured than the configured floor). What could not be written or sent is bad input.")]
pub struct Args {
    /// What is reported
    #[arg(value_enum, value_name = "KIND")]
    kind: Kind,
    #[command(flatten)]
    period: Period,
    /// Only this unit with all beneath it, by id or name
    #[arg(long, value_name = "UNIT")]
    unit: Option<String>,
    /// What the rows of an availability report are gathered by; of outages cause, carrier or unit
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
    /// Write to this file, whole or not at all, instead of standard output; a folder for all.
    /// {month} in it stands for the month that the period begins in: 2026-10
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Send its text through this channel of config.yaml, and with it, by mail, the file of
    /// --format, instead of standard output
    #[arg(long, value_name = "CHANNEL")]
    send: Option<String>,
    /// Beside an earlier period: the one before, or the same a year earlier (coverage,
    /// availability)
    #[arg(long, value_enum, value_name = "PERIOD")]
    compare: Option<Earlier>,
    /// Goal in percent instead of the configured one
    #[arg(long, value_name = "PCT", value_parser = percentage)]
    min: Option<u32>,
    /// Only this carrier, by id (carrier, capacity)
    #[arg(long, value_name = "CARRIER")]
    carrier: Option<String>,
}

impl Args {
    /// What does not go together is told before anything is read.
    fn fits(&self, lang: Lang) -> anyhow::Result<()> {
        let kind = self.kind;
        if kind == Kind::All {
            let not_with = [
                ("--by", self.by != By::Subject),
                ("--devices", self.devices),
                ("--sla-rule", self.sla_rule != Rule::Tuantra),
                ("--format", self.format != Format::Text),
                ("--carrier", self.carrier.is_some()),
                ("--min", self.min.is_some()),
                ("--send", self.send.is_some()),
            ];
            if let Some((option, _)) = not_with.iter().find(|(_, is_there)| *is_there) {
                bail!(t!(lang, "report.all.not_with", option = option));
            }
            if self.out.is_none() {
                bail!(t!(lang, "report.all.needs_folder"));
            }
        }
        let is_by_rows = matches!(kind, Kind::Availability | Kind::Outages);
        let is_gathered = match kind {
            Kind::Availability => self.by != By::Cause,
            Kind::Outages => self.by == By::Subject || self.by.of_outages().is_some(),
            _ => self.by == By::Subject,
        };
        if !is_gathered || (self.devices && !is_by_rows) {
            bail!(t!(lang, "report.by_is_for_availability"));
        }
        if kind != Kind::Availability && self.sla_rule != Rule::Tuantra {
            bail!(t!(lang, "report.rule_is_for_availability"));
        }
        if self.sla_rule == Rule::Icinga && self.clock != Hours::AroundTheClock {
            bail!(t!(lang, "report.rule_has_no_clock"));
        }
        if self.excel && self.format != Format::Csv && kind != Kind::All {
            bail!(t!(lang, "report.excel_is_for_csv"));
        }
        if self.carrier.is_some() && !matches!(kind, Kind::Carrier | Kind::Capacity) {
            bail!(t!(lang, "kinds.carrier_is_for"));
        }
        let has_goal = matches!(kind, Kind::Coverage | Kind::Availability);
        if self.min.is_some() && !has_goal {
            bail!(t!(lang, "report.min_is_for"));
        }
        if self.clock != Hours::AroundTheClock && !has_goal && kind != Kind::All {
            bail!(t!(lang, "report.clock_is_for"));
        }
        if self.compare.is_some() && !kind.is_compared() {
            bail!(t!(lang, "report.compare.is_for"));
        }
        Ok(())
    }
}

/// What a report is asked for with, before anything is read.
struct Asked<'a> {
    args: &'a Args,
    config: &'a Config,
    /// Of who reads it.
    lang: Lang,
    now: UnixMs,
    period: Span,
    as_of: Option<UnixMs>,
}

impl<'a> Asked<'a> {
    fn new(args: &'a Args, config: &'a Config, now: UnixMs) -> anyhow::Result<Self> {
        let lang = config.language;
        args.fits(lang)?;
        let period = args.period.span(config, now)?;
        let as_of = match &args.as_of {
            Some(text) => Some(
                report::moment(text, &config.timezone)
                    .map_err(|error| anyhow!(no_time(lang, "--as-of", &error)))?,
            ),
            None => None,
        };
        Ok(Self { args, config, lang, now, period, as_of })
    }
}

/// Runs the command.
///
/// # Errors
/// Whatever stopped it, with context.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    let asked = Asked::new(args, &config, clock::now())?;
    let outlet = args.send.as_deref().map(|name| channel(&config, name)).transpose()?;
    let asked = match &outlet {
        // Who reads it there reads the channel's language, unless another was asked for.
        Some(outlet) if global.lang.is_none() => Asked { lang: outlet.lang, ..asked },
        _ => asked,
    };
    let inventory = context::inventory(&config)?;
    let is_shown = args.out.is_none() && outlet.is_none();
    if args.format == Format::Xlsx && is_shown && std::io::stdout().is_terminal() {
        bail!(t!(config.language, "report.xlsx_needs_file"));
    }
    let slow = Slow::new(config.language);
    let out = args.out.as_deref().map(|path| with_month(path, asked.period, &config));
    if let (Kind::All, Some(folder)) = (args.kind, &out) {
        let write = |source: &Source<'_>| all::write(folder, source);
        let (n, verdict) = with_source(&asked, &inventory, slow, write)?;
        let folder = visible(&folder.display().to_string());
        super::print(&format!(
            "{}\n",
            t!(config.language, "report.all.written", n = n, folder = folder)
        ))?;
        return Ok(exit_code(verdict));
    }
    let (bytes, parcel, verdict) = with_source(&asked, &inventory, slow, |source| {
        let (scope, page) = (source.scope, source.page);
        let made = Made::of(args.kind, source)?;
        let document = made.document(scope, page);
        let bytes = made.written(args.format, &document, scope, page)?;
        let parcel = outlet
            .is_some()
            .then(|| Parcel::of(&document, page, args.kind.word(), args.format, &bytes));
        Ok((bytes, parcel, made.verdict()))
    })?;
    if let Some(file) = &out {
        report::save(file, &bytes).map_err(|error| anyhow!(told(config.language, &error)))?;
    }
    if let (Some(outlet), Some(parcel)) = (&outlet, parcel) {
        parcel.send(&config, outlet)?;
    }
    if is_shown {
        super::print_bytes(&bytes)?;
    }
    Ok(exit_code(verdict))
}

/// Reads what a report is made of and hands it over; `slow` says meanwhile what is being done.
///
/// # Errors
/// No single unit or carrier is meant, the store cannot be read, or `make` fails; in the
/// configuration's language.
fn with_source<T>(
    asked: &Asked<'_>,
    inventory: &Inventory,
    slow: Slow,
    make: impl FnOnce(&Source<'_>) -> Result<T, ReportError>,
) -> anyhow::Result<T> {
    let Asked { args, config, lang, now, period, as_of } = *asked;
    let find_unit = |word| unit::find_in(config.language, word, inventory);
    let unit = args.unit.as_deref().map(find_unit).transpose()?;
    let find_carrier = |word| find_carrier(config.language, word, inventory);
    let carrier = args.carrier.as_deref().map(find_carrier).transpose()?;
    let refused = |error: ReportError| anyhow!(told(config.language, &error));
    let store = Reader::open(&config.store).map_err(|e| refused(e.into()))?;
    slow.now(t!(config.language, "report.slow.reading"), 0);
    let records = match args.kind {
        Kind::Availability | Kind::Capacity | Kind::Inventory => {
            report::load_without_intervals(&store, period, now)
        }
        _ => report::load(&store, inventory, period, now),
    }
    .map_err(refused)?;
    let scope = Scope {
        inventory,
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
        lang,
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
    let source = Source { args, store: &store, scope: &scope, page: &page, carrier, slow: &slow };
    make(&source).map_err(refused)
}

/// A path of `--out`; what is no text has no `{month}` in it.
fn with_month(path: &Path, period: Span, config: &Config) -> PathBuf {
    let Some(text) = path.to_str() else { return path.to_owned() };
    let from = config.timezone.to_datetime(period.from.to_timestamp());
    PathBuf::from(text.replace("{month}", &format!("{:04}-{:02}", from.year(), from.month())))
}

fn exit_code(verdict: Verdict) -> ExitCode {
    ExitCode::from(match verdict {
        Verdict::Met => EXIT_OK,
        Verdict::Missed => EXIT_FINDING,
        Verdict::NotProven => EXIT_NOT_PROVEN,
    })
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
