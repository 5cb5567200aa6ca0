//! The availability report: a row per connection, or per group of them.

use serde::Serialize;

use super::compare::{Before, Compared, Then};
use super::proof::Proof;
use super::row::level;
use super::rtt::Times;
use super::table::{self, Cell};
use super::tally::{Figures, Tally};
use super::{Page, Row, Scope};
use crate::coverage::{Availability, Clock, ForeignSla, SlaRule, Verdict, verdict};
use crate::model::{CarrierIx, Inventory, NetworkIx, Span, SubjectIx, UnitIx, UnixMs};
use crate::store::Rollup;

/// What rows are gathered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GroupBy {
    /// A row per subject.
    #[default]
    Subject,
    /// A row per unit, of its own subjects.
    Unit,
    /// A row per district-level unit, with all beneath it.
    District,
    /// A row per department, with all beneath it.
    Department,
    /// A row per network.
    Network,
    /// A row per carrier.
    Carrier,
}

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupKey {
    /// A subject.
    Subject(SubjectIx),
    /// A unit.
    Unit(UnitIx),
    /// A network; `None` for what belongs to none.
    Network(Option<NetworkIx>),
    /// A carrier; `None` for the units' own lines.
    Carrier(Option<CarrierIx>),
}

/// A row of figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvailabilityRow {
    /// About what.
    pub key: GroupKey,
    /// For a subject, the unit of the tree it stands for; its own where it stands for several.
    pub unit: Option<UnitIx>,
    /// Subjects summed; one that stands for two units of a group counts twice in it.
    pub subjects: u32,
    /// The figures; a group's are the sums of its subjects'.
    pub availability: Availability,
    /// What another system makes of the same record, when its rule was asked for.
    pub foreign: Option<ForeignSla>,
    /// Level asked for, in millionths.
    pub sla_ppm: u32,
    /// Whether it was reached, by the rule asked for.
    pub verdict: Verdict,
}

impl AvailabilityRow {
    pub(super) fn new(key: GroupKey, scope: &Scope<'_>) -> Self {
        Self {
            key,
            unit: None,
            subjects: 0,
            availability: Availability::none(scope.clock),
            foreign: None,
            sla_ppm: sla(scope.inventory, key).unwrap_or(scope.availability_goal_ppm),
            verdict: Verdict::NotProven,
        }
    }

    pub(super) fn add(&mut self, figures: &Figures) {
        self.subjects += 1;
        self.availability += figures.got;
        if let Some(theirs) = figures.foreign {
            *self.foreign.get_or_insert_default() += theirs;
        }
    }

    /// The availability by the rule asked for, in millionths.
    #[must_use]
    pub fn ppm(&self) -> Option<u32> {
        match &self.foreign {
            Some(foreign) => foreign.ppm(),
            None => self.availability.delivered_ppm(),
        }
    }

    pub(super) fn judge(&mut self, floor_ppm: u32) {
        self.verdict = match &self.foreign {
            // Another system proves nothing: it knows no measured share.
            Some(foreign) => match foreign.reaches(self.sla_ppm) {
                Some(true) => Verdict::Met,
                Some(false) => Verdict::Missed,
                None => Verdict::NotProven,
            },
            None => verdict(&self.availability, self.sla_ppm, floor_ppm),
        };
    }
}

/// The report's figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvailabilityReport {
    /// The time judged.
    pub window: Span,
    /// How rows were gathered.
    pub by: GroupBy,
    /// By which hours.
    pub clock: Clock,
    /// By whose rule.
    pub rule: SlaRule,
    /// The date of the tree.
    pub as_of: UnixMs,
    /// Measured share under which there is no verdict, in millionths.
    pub floor_ppm: u32,
    /// In the official order of units, then networks.
    pub rows: Vec<AvailabilityRow>,
    /// All subjects together, each once, against the goal.
    pub total: AvailabilityRow,
    /// What the figures rest on; `None` where the store was not asked.
    pub proof: Option<Proof>,
    /// What it is compared with, gathered in the same way.
    pub before: Option<Before<AvailabilityReport>>,
}

/// Computes the report. Connections are reported on; `devices_too` adds devices and services.
///
/// By unit, district and department a line counts for every unit of the tree it stands for, while
/// it does ([`Tree`](crate::coverage::Tree)); one whose unit ended without a successor stands for
/// that unit. By subject, network and carrier, and in the total, every line counts once.
#[must_use]
pub fn availability(scope: &Scope<'_>, by: GroupBy, devices_too: bool) -> AvailabilityReport {
    let mut tally = Tally::new(*scope, by, devices_too);
    for subject in scope.inventory.subject_ixs() {
        tally.take(subject, scope.records.of(subject));
    }
    tally.report()
}

/// The level agreed for just this; a connection's is already its own, its carrier's or its
/// network's.
fn sla(inventory: &Inventory, key: GroupKey) -> Option<u32> {
    match key {
        GroupKey::Subject(s) => level(inventory, s),
        GroupKey::Network(network) => inventory.network(network?).sla.availability_ppm,
        GroupKey::Carrier(carrier) => inventory.carrier(carrier?).sla.availability_ppm,
        GroupKey::Unit(_) => None,
    }
}

#[derive(Serialize)]
struct Document<'a> {
    kind: &'static str,
    from: UnixMs,
    to: UnixMs,
    timezone: &'a str,
    clock: Clock,
    rule: SlaRule,
    as_of: UnixMs,
    #[serde(skip_serializing_if = "Option::is_none")]
    compared: Option<Compared>,
    rows: Vec<Row<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rtt: Option<Times>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<&'a Proof>,
}

impl AvailabilityReport {
    /// What all subjects got together, against the goal.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.total.verdict
    }

    /// A row's figures in the period compared with; the total's where it has no key.
    pub(super) fn then(&self, row: &AvailabilityRow, is_total: bool) -> Option<Then> {
        let before = &self.before.as_ref()?.report;
        let then = match is_total {
            true => Some(&before.total),
            false => before.rows.iter().find(|then| then.key == row.key),
        }?;
        let figures = |row: &'_ AvailabilityRow| (row.ppm(), row.availability);
        let ((now_ppm, now), (then_ppm, then)) = (figures(row), figures(then));
        Some(Then::new((now_ppm, &now), (then_ppm, &then), self.floor_ppm))
    }

    fn row<'a>(&self, inventory: &'a Inventory, row: &AvailabilityRow) -> Row<'a> {
        let unit = |u: UnitIx| inventory.unit(u).id.as_str();
        let mut line = Row::new(&row.availability, row.sla_ppm, row.verdict);
        line.before = self.before.is_some().then(|| self.then(row, false));
        line.subjects = (self.by != GroupBy::Subject).then_some(row.subjects);
        if let Some(foreign) = &row.foreign {
            line = line.by(foreign);
        }
        match row.key {
            GroupKey::Subject(ix) => {
                line = line.of_subject(inventory, ix);
                line.unit = row.unit.map(unit).or(line.unit);
            }
            GroupKey::Unit(u) => line.unit = Some(unit(u)),
            GroupKey::Network(n) => line.network = n.map(|n| inventory.network(n).id.as_str()),
            GroupKey::Carrier(c) => line.carrier = c.map(|c| inventory.carrier(c).id.as_str()),
        }
        line
    }

    /// One JSON object, ended by a new line; with what its rounds come to how long they took.
    #[must_use]
    pub fn json(
        &self,
        inventory: &Inventory,
        page: &Page<'_>,
        round_trips: Option<&Rollup>,
    ) -> String {
        table::json(&Document {
            kind: "availability",
            from: self.window.from,
            to: self.window.to,
            timezone: page.zone_name,
            clock: self.clock,
            rule: self.rule,
            as_of: self.as_of,
            compared: self.before.as_ref().map(|b| Compared::new(b.against, b.report.window)),
            rows: self.rows.iter().map(|row| self.row(inventory, row)).collect(),
            rtt: round_trips.and_then(Times::of),
            proof: self.proof.as_ref(),
        })
    }

    /// A row per subject or group under a header row.
    #[must_use]
    pub fn csv(&self, inventory: &Inventory, page: &Page<'_>) -> String {
        let mut header = vec![
            "subject",
            "unit",
            "unit_name",
            "network",
            "carrier",
            "subjects",
            "up_s",
            "degraded_s",
            "down_s",
            "unreachable_s",
            "off_hours_s",
            "unmeasured_s",
            "planned_s",
            "availability",
            "measured",
            "low",
            "high",
            "outages",
            "mttr_s",
            "mtbf_s",
            "sla",
            "met",
            "own",
            "planned_up_s",
            "planned_degraded_s",
            "planned_down_s",
            "planned_unreachable_s",
            "planned_unmeasured_s",
            "clock",
            "rule",
            "by_tuantra",
        ];
        if self.before.is_some() {
            header.extend(["availability_before", "measured_before", "change"]);
        }
        let rows = self.rows.iter().map(|row| {
            let line = self.row(inventory, row);
            let name = match row.key {
                GroupKey::Subject(s) => Some(row.unit.unwrap_or(inventory.subject(s).unit)),
                GroupKey::Unit(unit) => Some(unit),
                GroupKey::Network(_) | GroupKey::Carrier(_) => None,
            };
            let name = name.map_or("", |unit| inventory.unit(unit).name.as_str());
            let (seconds, planned) = (&line.seconds, &line.planned_seconds);
            let mut cells = vec![
                Cell::text(line.subject.unwrap_or_default()),
                Cell::text(line.unit.unwrap_or_default()),
                Cell::text(name),
                Cell::text(line.network.unwrap_or_default()),
                Cell::text(line.carrier.unwrap_or_default()),
                Cell::figure(row.subjects),
                Cell::figure(seconds.up),
                Cell::figure(seconds.degraded),
                Cell::figure(seconds.down),
                Cell::figure(seconds.unreachable),
                Cell::figure(seconds.off_hours),
                Cell::figure(seconds.unmeasured),
                Cell::figure(seconds.planned),
                Cell::optional(line.availability),
                Cell::figure(line.measured),
                Cell::optional(line.low),
                Cell::optional(line.high),
                Cell::figure(line.outages),
                Cell::optional(line.mttr_s),
                Cell::optional(line.mtbf_s),
                Cell::figure(line.sla),
                Cell::text(match row.verdict {
                    Verdict::Met => "met",
                    Verdict::Missed => "missed",
                    Verdict::NotProven => "not_proven",
                }),
                Cell::optional(line.own),
                Cell::figure(planned.up),
                Cell::figure(planned.degraded),
                Cell::figure(planned.down),
                Cell::figure(planned.unreachable),
                Cell::figure(planned.unmeasured),
                Cell::text(self.clock.as_str()),
                Cell::text(self.rule.as_str()),
                Cell::optional(line.by_tuantra.flatten()),
            ];
            if let Some(then) = line.before {
                cells.extend([
                    Cell::optional(then.and_then(|then| then.availability)),
                    Cell::optional(then.map(|then| then.measured)),
                    Cell::optional(then.and_then(|then| then.change)),
                ]);
            }
            cells
        });
        table::csv(&header, rows, page)
    }
}
