//! The availability report: a row per connection, or per group of them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::table::{self, Cell};
use super::{Page, Scope, Seconds, Share};
use crate::coverage::{Availability, Verdict, verdict};
use crate::model::{
    CarrierIx, ClassMillis, Inventory, NetworkIx, Span, SubjectIx, Tier, UnitIx, UnixMs,
};

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
    /// Subjects summed.
    pub subjects: u32,
    /// The figures; a group's are the sums of its subjects'.
    pub availability: Availability,
    /// Level asked for, in millionths.
    pub sla_ppm: u32,
    /// Whether it was reached.
    pub verdict: Verdict,
}

/// The report's figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvailabilityReport {
    /// The time judged.
    pub window: Span,
    /// How rows were gathered.
    pub by: GroupBy,
    /// Measured share under which there is no verdict, in millionths.
    pub floor_ppm: u32,
    /// In the official order of units, then networks.
    pub rows: Vec<AvailabilityRow>,
    /// All subjects together, against the goal.
    pub total: AvailabilityRow,
}

/// Computes the report. Connections are reported on; `devices_too` adds devices and services.
#[must_use]
pub fn availability(scope: &Scope<'_>, by: GroupBy, devices_too: bool) -> AvailabilityReport {
    let Scope { inventory, records, floor_ppm, availability_goal_ppm, .. } = *scope;
    let window = scope.window();
    let inside = scope.units();
    let mut order: Vec<SubjectIx> = inventory
        .subject_ixs()
        .filter(|s| {
            inside[inventory.subject(*s).unit.ix()]
                && !inventory.subject(*s).lifetime(window).is_empty()
        })
        .filter(|s| devices_too || inventory.subject(*s).connection().is_some())
        .collect();
    order.sort_by_key(|s| {
        let subject = inventory.subject(*s);
        let network = subject.connection().map_or(u32::MAX, |c| c.network.0);
        (subject.unit, network, subject.id.clone())
    });
    let mut rows: Vec<AvailabilityRow> = Vec::new();
    let mut place: BTreeMap<GroupKey, usize> = BTreeMap::new();
    let mut total = AvailabilityRow {
        // Replaced by nothing: the total is about the scope's unit or about all.
        key: GroupKey::Unit(scope.unit.unwrap_or(UnitIx(0))),
        subjects: 0,
        availability: Availability::default(),
        sla_ppm: availability_goal_ppm,
        verdict: Verdict::NotProven,
    };
    for subject in order {
        let got = records.availability(inventory, &[subject], window);
        total.subjects += 1;
        total.availability += got;
        let Some(key) = group(inventory, subject, by) else { continue };
        let at = *place.entry(key).or_insert_with(|| {
            rows.push(AvailabilityRow {
                key,
                subjects: 0,
                availability: Availability::default(),
                sla_ppm: sla(inventory, key).unwrap_or(availability_goal_ppm),
                verdict: Verdict::NotProven,
            });
            rows.len() - 1
        });
        if let Some(row) = rows.get_mut(at) {
            row.subjects += 1;
            row.availability += got;
        }
    }
    if !matches!(by, GroupBy::Subject) {
        rows.sort_by_key(|row| row.key);
    }
    for row in rows.iter_mut().chain([&mut total]) {
        row.verdict = verdict(&row.availability, row.sla_ppm, floor_ppm);
    }
    AvailabilityReport { window, by, floor_ppm, rows, total }
}

fn group(inventory: &Inventory, ix: SubjectIx, by: GroupBy) -> Option<GroupKey> {
    let subject = inventory.subject(ix);
    let above = |tier: Tier| {
        let mut unit = Some(subject.unit);
        while let Some(u) = unit.filter(|u| inventory.unit(*u).kind.tier() != tier) {
            unit = inventory.unit(u).parent;
        }
        unit.map(GroupKey::Unit)
    };
    match by {
        GroupBy::Subject => Some(GroupKey::Subject(ix)),
        GroupBy::Unit => Some(GroupKey::Unit(subject.unit)),
        GroupBy::District => above(Tier::District),
        GroupBy::Department => above(Tier::Department),
        GroupBy::Network => Some(GroupKey::Network(subject.connection().map(|c| c.network))),
        GroupBy::Carrier => Some(GroupKey::Carrier(subject.connection().and_then(|c| c.carrier))),
    }
}

/// The level agreed for just this; a connection's is already its own, its carrier's or its
/// network's.
fn sla(inventory: &Inventory, key: GroupKey) -> Option<u32> {
    match key {
        GroupKey::Subject(s) => {
            let connection = inventory.subject(s).connection()?;
            let network = inventory.network(connection.network).sla;
            connection.sla.availability_ppm.or(network.availability_ppm)
        }
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
    rows: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Classes {
    up: Seconds,
    degraded: Seconds,
    down: Seconds,
    unreachable: Seconds,
    off_hours: Seconds,
    unmeasured: Seconds,
    planned: Seconds,
}

/// A row as CSV and JSON have it.
#[derive(Serialize)]
struct Line<'a> {
    subject: Option<&'a str>,
    unit: Option<&'a str>,
    network: Option<&'a str>,
    carrier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subjects: Option<u32>,
    seconds: Classes,
    availability: Option<Share>,
    measured: Share,
    low: Option<Share>,
    high: Option<Share>,
    outages: u32,
    mttr_s: Option<Seconds>,
    mtbf_s: Option<Seconds>,
    sla: Share,
    met: Option<bool>,
}

impl AvailabilityReport {
    /// What all subjects got together, against the goal.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.total.verdict
    }

    fn line<'a>(&self, inventory: &'a Inventory, row: &AvailabilityRow) -> Line<'a> {
        let ClassMillis { up, degraded, down, unreachable, off_hours, unmeasured, planned } =
            row.availability.millis;
        let got = &row.availability;
        let mut line = Line {
            subject: None,
            unit: None,
            network: None,
            carrier: None,
            subjects: (self.by != GroupBy::Subject).then_some(row.subjects),
            seconds: Classes {
                up: Seconds(up),
                degraded: Seconds(degraded),
                down: Seconds(down),
                unreachable: Seconds(unreachable),
                off_hours: Seconds(off_hours),
                unmeasured: Seconds(unmeasured),
                planned: Seconds(planned),
            },
            availability: got.delivered_ppm().map(Share),
            measured: Share(got.measured_ppm()),
            low: got.low_ppm().map(Share),
            high: got.high_ppm().map(Share),
            outages: got.outages,
            mttr_s: got.mttr_ms().map(Seconds),
            mtbf_s: got.mtbf_ms().map(Seconds),
            sla: Share(row.sla_ppm),
            met: match row.verdict {
                Verdict::Met => Some(true),
                Verdict::Missed => Some(false),
                Verdict::NotProven => None,
            },
        };
        let network = |n: NetworkIx| inventory.network(n).id.as_str();
        let carrier = |c: CarrierIx| inventory.carrier(c).id.as_str();
        match row.key {
            GroupKey::Subject(ix) => {
                let subject = inventory.subject(ix);
                line.subject = Some(subject.id.as_str());
                line.unit = Some(inventory.unit(subject.unit).id.as_str());
                line.network = subject.connection().map(|c| network(c.network));
                line.carrier = subject.connection().and_then(|c| c.carrier).map(carrier);
            }
            GroupKey::Unit(unit) => line.unit = Some(inventory.unit(unit).id.as_str()),
            GroupKey::Network(n) => line.network = n.map(network),
            GroupKey::Carrier(c) => line.carrier = c.map(carrier),
        }
        line
    }

    /// One JSON object, ended by a new line.
    #[must_use]
    pub fn json(&self, inventory: &Inventory, page: &Page<'_>) -> String {
        table::json(&Document {
            kind: "availability",
            from: self.window.from,
            to: self.window.to,
            timezone: page.zone_name,
            rows: self.rows.iter().map(|row| self.line(inventory, row)).collect(),
        })
    }

    /// A row per subject or group under a header row.
    #[must_use]
    pub fn csv(&self, inventory: &Inventory, page: &Page<'_>) -> String {
        let header = [
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
        ];
        let rows = self.rows.iter().map(|row| {
            let line = self.line(inventory, row);
            let name = match row.key {
                GroupKey::Subject(s) => Some(inventory.subject(s).unit),
                GroupKey::Unit(unit) => Some(unit),
                GroupKey::Network(_) | GroupKey::Carrier(_) => None,
            };
            let name = name.map_or("", |unit| inventory.unit(unit).name.as_str());
            let seconds = &line.seconds;
            vec![
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
            ]
        });
        table::csv(&header, rows, page)
    }
}
