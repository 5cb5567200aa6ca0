//! `tuantra bulletin`, `brief` and `handover`: the state of things in plain sentences, from what is
//! recorded, with or without a daemon.

use std::process::ExitCode;

use anyhow::anyhow;

use super::report::{Parcel, channel, no_time, told};
use super::{EXIT_OK, Global, context, unit};
use crate::config::Config;
use crate::daemon::clock;
use crate::locale::visible;
use crate::model::{Inventory, Span, Tier, UnixMs};
use crate::report::kinds::{self, Bulletin, Desk};
use crate::report::{self, Page, ReportError, Scope};
use crate::store::Reader;
use crate::t;

const DAY_MS: i64 = 86_400_000;

/// Print the leaders' one line
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra bulletin                              communes and wards, now
  tuantra bulletin --at 2026-11-24T08:00        as it was then
  tuantra bulletin --tier department --unit tien-giang

A unit has no connection while one of the networks it must have from outside is lost with all its
lines; switched off outside its hours is no loss. Causes are those that operators have said
(tuantra outage note); the rest is unknown.

Exit code: 0 printed or sent, 2 wrong usage, bad input or not sent.")]
pub struct BulletinArgs {
    /// The time spoken of: 08:00 (the latest), 2026-11-24T08:00 (configured zone) or RFC 3339
    /// (default: now)
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Units of which level (default: the lowest there is)
    #[arg(long, value_enum)]
    tier: Option<TierWord>,
    /// Only this unit with all beneath it, by id or name
    #[arg(long, value_name = "UNIT")]
    unit: Option<String>,
    /// Send it through this channel of config.yaml instead of printing it
    #[arg(long, value_name = "CHANNEL")]
    send: Option<String>,
}

/// Print the morning's ten lines
#[derive(Debug, clap::Args)]
#[command(after_help = "Example, in a crontab:
  0 7 * * *  tuantra --config /etc/tuantra/config.yaml brief --send mail

Exit code: 0 printed or sent, 2 wrong usage, bad input or not sent.")]
pub struct BriefArgs {
    /// The time spoken of: 08:00 (the latest), 2026-11-24T08:00 (configured zone) or RFC 3339
    /// (default: now); the day before it is summed up
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Only this unit with all beneath it, by id or name
    #[arg(long, value_name = "UNIT")]
    unit: Option<String>,
    /// Send it through this channel of config.yaml instead of printing it
    #[arg(long, value_name = "CHANNEL")]
    send: Option<String>,
}

/// Print the page for the next shift
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra handover                     of the last eight hours
  tuantra handover --shift 12h

Exit code: 0 printed or sent, 2 wrong usage, bad input or not sent.")]
pub struct HandoverArgs {
    /// End of the shift: 08:00 (the latest), 2026-11-24T08:00 (configured zone) or RFC 3339
    /// (default: now)
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// How long it was
    #[arg(long, value_name = "LENGTH", default_value = "8h")]
    shift: String,
    /// Only this unit with all beneath it, by id or name
    #[arg(long, value_name = "UNIT")]
    unit: Option<String>,
    /// Send it through this channel of config.yaml instead of printing it
    #[arg(long, value_name = "CHANNEL")]
    send: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum TierWord {
    Province,
    Department,
    District,
    Commune,
}

impl From<TierWord> for Tier {
    fn from(word: TierWord) -> Self {
        match word {
            TierWord::Province => Self::Province,
            TierWord::Department => Self::Department,
            TierWord::District => Self::District,
            TierWord::Commune => Self::Commune,
        }
    }
}

/// Runs `tuantra bulletin`.
///
/// # Errors
/// Wrong usage; the store cannot be read.
pub fn bulletin(args: &BulletinArgs, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    let at = moment(&config, args.at.as_deref())?;
    let window = Span::new(at - DAY_MS, at);
    print(&config, window, (args.unit.as_deref(), args.send.as_deref()), |scope, page, desk| {
        let tier = args.tier.map(Tier::from);
        let tier = tier.or_else(|| Bulletin::tiers(scope).first().copied());
        let found = kinds::bulletin(scope, &desk.said, tier.unwrap_or(Tier::Commune));
        let mut lines = vec![found.sentence(page)];
        lines.extend(found.by_area(scope.inventory, page.lang));
        lines.join("\n") + "\n"
    })
}

/// Runs `tuantra brief`.
///
/// # Errors
/// Wrong usage; the store cannot be read.
pub fn brief(args: &BriefArgs, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    let at = moment(&config, args.at.as_deref())?;
    print(
        &config,
        Span::new(at - DAY_MS, at),
        (args.unit.as_deref(), args.send.as_deref()),
        kinds::brief,
    )
}

/// Runs `tuantra handover`.
///
/// # Errors
/// Wrong usage; the store cannot be read.
pub fn handover(args: &HandoverArgs, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    let at = moment(&config, args.at.as_deref())?;
    let window = report::last(&args.shift, at)
        .map_err(|error| anyhow!(no_time(config.language, "--shift", &error)))?;
    print(&config, window, (args.unit.as_deref(), args.send.as_deref()), kinds::handover)
}

/// The time typed, which may not lie ahead; now where none was.
fn moment(config: &Config, text: Option<&str>) -> anyhow::Result<UnixMs> {
    let (lang, now) = (config.language, clock::now());
    let Some(text) = text else { return Ok(now) };
    let at = report::past_moment(text, now, &config.timezone)
        .map_err(|error| anyhow!(no_time(lang, "--at", &error)))?;
    match at <= now {
        true => Ok(at),
        false => Err(anyhow!(t!(lang, "kinds.at_to_come", time = visible(text)))),
    }
}

fn print(
    config: &Config,
    window: Span,
    (unit, send): (Option<&str>, Option<&str>),
    written: impl FnOnce(&Scope<'_>, &Page<'_>, &Desk) -> String,
) -> anyhow::Result<ExitCode> {
    let outlet = send.map(|name| channel(config, name)).transpose()?;
    let inventory = context::inventory(config)?;
    let text = text(config, &inventory, window, unit, written)?;
    match &outlet {
        Some(outlet) => Parcel::of_text(&text).send(config, outlet)?,
        None => super::print(&text)?,
    }
    Ok(ExitCode::from(EXIT_OK))
}

fn text(
    config: &Config,
    inventory: &Inventory,
    window: Span,
    unit: Option<&str>,
    written: impl FnOnce(&Scope<'_>, &Page<'_>, &Desk) -> String,
) -> anyhow::Result<String> {
    let lang = config.language;
    let unit = unit.map(|word| unit::find_in(lang, word, inventory)).transpose()?;
    let refused = |error: ReportError| anyhow!(told(lang, &error));
    let store = Reader::open(&config.store).map_err(|e| refused(e.into()))?;
    let now = clock::now();
    let records = report::load(&store, inventory, window, now).map_err(refused)?;
    let desk = desk(&store, window).map_err(refused)?;
    let scope = Scope { unit, ..Scope::of(config, inventory, &records, (window, now)) };
    let page = Page {
        lang,
        zone: &config.timezone,
        zone_name: &config.timezone_name,
        excel: false,
        letter: None,
    };
    Ok(written(&scope, &page, &desk))
}

fn desk(store: &Reader, window: Span) -> Result<Desk, ReportError> {
    let mut open = store.incidents(Span::new(window.to - 1, window.to))?;
    open.retain(|incident| incident.closed.is_none_or(|closed| closed >= window.to));
    Ok(Desk {
        said: kinds::said(store, window)?,
        open,
        blind: store.blind(window)?,
        works: store.maintenance(Span::new(window.from, window.to + DAY_MS))?,
    })
}
