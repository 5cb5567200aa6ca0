//! Reports of coverage, availability and the rest as text, page, spreadsheet, CSV and JSON.
//!
//! A kind computes its figures, gives its JSON (the stable form) and a [`document`]; what is read
//! by people is [written](write) from that alone.
//!
//! Guarantees: the same figures in every format; every percentage stands beside the share of the
//! period that was measured; under the configured floor it says "not proven" instead of a
//! verdict; time after the daemon's last sign of life is unmeasured, whatever the record says.
//! Pure but for what reads the store and [`save`]: now, zone and language are arguments.

mod availability;
mod compare;
mod coverage;
pub mod document;
mod figures;
mod file;
pub mod kinds;
mod notes;
mod period;
mod proof;
mod record;
mod row;
mod rtt;
mod share;
mod sheet;
mod table;
mod tally;
mod text;
pub mod write;

pub use availability::{AvailabilityReport, AvailabilityRow, GroupBy, GroupKey, availability};
pub use compare::{Against, Before};
pub use coverage::{CoverageReport, CoverageRow, NotLive, coverage};
pub use figures::with_coverage_figures;
pub use file::{
    ReportError, load, load_without_intervals, read_availability, read_availability_telling, save,
};
pub use notes::{Said, Word};
pub use period::{
    PeriodError, last, moment, month, month_before, next_moment, past_moment, quarter,
    quarter_before, this_month, year, year_before,
};
pub use proof::{Chain, Evidence, Proof};
pub use record::Records;
pub use row::{Row, SubjectRow, availability_row, subject_rows};
pub use rtt::{round_trips, with_round_trips};
pub use share::{Seconds, Share};
pub use sheet::{Sheet, Table, Value};
pub use table::{Cell, csv_line};
pub use text::{availability_document, coverage_document, title_block};

use crate::config::{Config, Letter};
use crate::coverage::{Clock, Judge, SlaRule, Tree, Verdict};
use crate::locale::Lang;
use crate::model::{Inventory, Span, UnitIx, UnixMs};

/// What a report is about.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The units and subjects.
    pub inventory: &'a Inventory,
    /// What is recorded of the subjects.
    pub records: &'a Records,
    /// The period; [`Scope::window`] ends it at `now`.
    pub period: Span,
    /// When the report is made.
    pub now: UnixMs,
    /// Only this unit with all beneath it; `None` for all.
    pub unit: Option<UnitIx>,
    /// By which hours time is judged.
    pub clock: Clock,
    /// The date whose administrative tree is reported by; `None`: the last instant of the window.
    pub as_of: Option<UnixMs>,
    /// Whose rule makes the availabilities of the availability report.
    pub rule: SlaRule,
    /// Share of the required units that must be live, in millionths.
    pub coverage_goal_ppm: u32,
    /// Availability to reach where no service level was agreed, in millionths.
    pub availability_goal_ppm: u32,
    /// Measured share under which there is no verdict, in millionths.
    pub floor_ppm: u32,
}

impl<'a> Scope<'a> {
    /// Everything, around the clock, by our own rule and the tree of the period's end, against the
    /// configured goals.
    #[must_use]
    pub fn of(
        config: &Config,
        inventory: &'a Inventory,
        records: &'a Records,
        (period, now): (Span, UnixMs),
    ) -> Self {
        Self {
            inventory,
            records,
            period,
            now,
            unit: None,
            clock: Clock::AroundTheClock,
            as_of: None,
            rule: SlaRule::Tuantra,
            coverage_goal_ppm: u32::from(config.goals.coverage_permille) * 1_000,
            availability_goal_ppm: config.goals.availability_ppm,
            floor_ppm: config.measured_floor_ppm,
        }
    }

    /// The part of the period that has passed: what is to come is not unmeasured.
    #[must_use]
    pub fn window(&self) -> Span {
        Span::new(self.period.from, self.period.to.min(self.now))
    }

    /// The tree reported by.
    #[must_use]
    pub fn tree(&self) -> Tree {
        // The end is no longer inside: who begins there belongs to the next period.
        Tree::as_of(self.inventory, self.as_of.unwrap_or(self.window().to - 1))
    }

    fn judge(&self) -> Judge<'a> {
        Judge::new(self.inventory, self.records.one_off(), self.window(), self.now)
    }

    /// The units at the top of the report.
    fn tops(&self, tree: &Tree) -> Vec<UnitIx> {
        self.unit.map_or_else(|| tree.roots().collect(), |unit| vec![unit])
    }

    /// By unit index: whether it is reported on.
    fn units(&self, tree: &Tree) -> Vec<bool> {
        match self.unit {
            None => vec![true; self.inventory.units.len()],
            Some(top) if tree.exists(top) => tree.beneath(top),
            // What is not in the tree has nothing of the tree beneath it: as it is declared.
            Some(top) => {
                let mut inside = vec![false; self.inventory.units.len()];
                self.inventory.subtree(top).into_iter().for_each(|u| inside[u.ix()] = true);
                inside
            }
        }
    }
}

/// For whom a report is written out.
#[derive(Debug, Clone)]
pub struct Page<'a> {
    /// Language.
    pub lang: Lang,
    /// Zone of every date.
    pub zone: &'a jiff::tz::TimeZone,
    /// Its name.
    pub zone_name: &'a str,
    /// CSV for spreadsheets of the office: byte-order mark, `;`, decimal comma in Vietnamese.
    pub excel: bool,
    /// The frame of an official letter; `None` for none.
    pub letter: Option<&'a Letter>,
}

/// What a report as a whole comes to, for the exit code.
#[must_use]
pub fn overall(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
    let mut overall = Verdict::Met;
    for verdict in verdicts {
        overall = match (overall, verdict) {
            (Verdict::Missed, _) | (_, Verdict::Missed) => Verdict::Missed,
            (Verdict::NotProven, _) | (_, Verdict::NotProven) => Verdict::NotProven,
            (Verdict::Met, Verdict::Met) => Verdict::Met,
        };
    }
    overall
}

#[cfg(test)]
mod tests;
