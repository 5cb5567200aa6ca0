//! The words that a report is asked for with.

use crate::coverage::{Clock, SlaRule};
use crate::report::kinds::OutagesBy;
use crate::report::{Against, GroupBy};

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Kind {
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
    /// Each of these in every format, into the folder of --out
    All,
}

impl Kind {
    /// Every kind that is a report of its own.
    pub(super) const EACH: [Self; 7] = [
        Self::Coverage,
        Self::Availability,
        Self::Carrier,
        Self::Capacity,
        Self::Outages,
        Self::Inventory,
        Self::Plan,
    ];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Coverage => "coverage",
            Self::Availability => "availability",
            Self::Carrier => "carrier",
            Self::Capacity => "capacity",
            Self::Outages => "outages",
            Self::Inventory => "inventory",
            Self::Plan => "plan",
            Self::All => "all",
        }
    }

    pub(super) const fn is_compared(self) -> bool {
        matches!(self, Self::Coverage | Self::Availability | Self::All)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Earlier {
    /// The period just before, as long
    Previous,
    /// The same period a year earlier
    Year,
}

impl From<Earlier> for Against {
    fn from(earlier: Earlier) -> Self {
        match earlier {
            Earlier::Previous => Self::Previous,
            Earlier::Year => Self::Year,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum By {
    Subject,
    Unit,
    District,
    Department,
    Network,
    Carrier,
    /// What outages were (outages)
    Cause,
}

impl By {
    /// What outages are summed by; `None` for what an availability is gathered by alone.
    pub(super) const fn of_outages(self) -> Option<OutagesBy> {
        match self {
            Self::Cause => Some(OutagesBy::Cause),
            Self::Carrier => Some(OutagesBy::Carrier),
            Self::Unit => Some(OutagesBy::Unit),
            Self::Subject | Self::District | Self::Department | Self::Network => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::cli) enum Format {
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

impl Format {
    pub(super) const EACH: [Self; 5] = [Self::Html, Self::Xlsx, Self::Csv, Self::Json, Self::Text];

    pub(super) const fn extension(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Html => "html",
            Self::Json => "json",
        }
    }

    /// Its media type as a file of a message; `None` for what is the message itself.
    pub(super) const fn media(self) -> Option<&'static str> {
        match self {
            Self::Text => None,
            Self::Csv => Some("text/csv; charset=utf-8"),
            Self::Xlsx => Some("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            Self::Html => Some("text/html; charset=utf-8"),
            Self::Json => Some("application/json"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Hours {
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
pub(super) enum Rule {
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
            // No availability is gathered by cause; `fits` refuses it.
            By::Subject | By::Cause => Self::Subject,
            By::Unit => Self::Unit,
            By::District => Self::District,
            By::Department => Self::Department,
            By::Network => Self::Network,
            By::Carrier => Self::Carrier,
        }
    }
}

/// Percent, with a point or a comma, in millionths.
pub(super) fn percentage(text: &str) -> Result<u32, String> {
    let percent: f64 = text.replace(',', ".").parse().map_err(|_| "not a number".to_owned())?;
    if !(0.0..=100.0).contains(&percent) {
        return Err("must be from 0 to 100".to_owned());
    }
    // At most 1,000,000, so the conversion is exact.
    Ok((percent * 10_000.0).round() as u32)
}
