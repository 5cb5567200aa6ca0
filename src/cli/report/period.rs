//! The period of a report, as it is typed.

use anyhow::{anyhow, bail};

use super::told::{named, no_time};
use crate::config::Config;
use crate::model::{Span, UnixMs};
use crate::report::{self, PeriodError};
use crate::t;

/// In place of a month: cron's percent signs and last days of months are no way to name one.
const PREVIOUS: &str = "previous";

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Period {
    /// Beginning: 2026-10-01, 2026-10-01T07:00 (configured zone) or RFC 3339
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// End, itself no longer inside (default: now)
    #[arg(long, value_name = "TIME", requires = "from")]
    to: Option<String>,
    /// A calendar month: 2026-10; previous: the one before this
    #[arg(long, value_name = "MONTH", conflicts_with_all = ["from", "last"])]
    month: Option<String>,
    /// A calendar quarter: 2026-Q3; previous: the one before this
    #[arg(long, value_name = "QUARTER", conflicts_with_all = ["from", "last", "month"])]
    quarter: Option<String>,
    /// A calendar year: 2026; previous: the one before this
    #[arg(long, value_name = "YEAR", conflicts_with_all = ["from", "last", "month", "quarter"])]
    year: Option<String>,
    /// The time up to now: 7d, 12h
    #[arg(long, value_name = "LENGTH", conflicts_with = "from")]
    last: Option<String>,
}

impl Period {
    pub(in crate::cli) fn span(&self, config: &Config, now: UnixMs) -> anyhow::Result<Span> {
        let (zone, lang) = (&config.timezone, config.language);
        let refused = |option| move |error: PeriodError| anyhow!(no_time(lang, option, &error));
        let span = match self {
            Self { month: Some(month), .. } if month == PREVIOUS => report::month_before(now, zone),
            Self { month: Some(month), .. } => {
                report::month(month, zone).map_err(refused("--month"))?
            }
            Self { quarter: Some(quarter), .. } if quarter == PREVIOUS => {
                report::quarter_before(now, zone)
            }
            Self { quarter: Some(quarter), .. } => {
                report::quarter(quarter, zone).map_err(refused("--quarter"))?
            }
            Self { year: Some(year), .. } if year == PREVIOUS => report::year_before(now, zone),
            Self { year: Some(year), .. } => report::year(year, zone).map_err(refused("--year"))?,
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
