//! What counts against a carrier, line by line, and what does not, each apart.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::availability::reaches;
use super::clock::Hours;
use super::{Class, ClassSpan, Clock, Judge, Outage, StateMillis, Verdict, outages};
use crate::model::{CarrierIx, Cause, Span, State, StateInterval, SubjectIx, UnixMs};

/// A line's time inside its contract's hours. Milliseconds; with those by cause they sum to the
/// hours.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CarrierMillis {
    /// Up or degraded.
    pub live: i64,
    /// Its own outage, unplanned and by no other confirmed cause: what counts against the carrier.
    pub counted: i64,
    /// Announced work by what was recorded in it; its `down` is what the work cost.
    pub planned: StateMillis,
    /// Unreachable through somebody else's outage.
    pub unreachable: i64,
    /// Down, by a cause an operator confirmed that is not the carrier's.
    pub excused: BTreeMap<Cause, i64>,
    /// Switched off outside the unit's hours.
    pub off_hours: i64,
    /// Nobody asked.
    pub unmeasured: i64,
}

impl CarrierMillis {
    /// The hours judged.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.live
            + self.counted
            + self.planned.total()
            + self.unreachable
            + self.excused.values().sum::<i64>()
            + self.off_hours
            + self.unmeasured
    }

    /// Whether `live / (live + counted)` reaches `sla_ppm`; not proven when nothing is left to
    /// judge or less than `floor_ppm` of the hours was measured.
    #[must_use]
    pub fn verdict(&self, sla_ppm: u32, floor_ppm: u32) -> Verdict {
        let (judged, total) = (self.live + self.counted, self.total());
        if judged == 0 || !reaches(total - self.unmeasured, total, floor_ppm) {
            Verdict::NotProven
        } else if reaches(self.live, judged, sla_ppm) {
            Verdict::Met
        } else {
            Verdict::Missed
        }
    }

    /// `live / (live + counted)` in millionths; `None` when neither is there.
    #[must_use]
    pub fn ppm(&self) -> Option<u32> {
        super::availability::ppm(self.live, self.live + self.counted)
    }
}

impl std::ops::AddAssign<&Self> for CarrierMillis {
    fn add_assign(&mut self, other: &Self) {
        self.live += other.live;
        self.counted += other.counted;
        self.planned += other.planned;
        self.unreachable += other.unreachable;
        for (cause, ms) in &other.excused {
            *self.excused.entry(*cause).or_default() += ms;
        }
        self.off_hours += other.off_hours;
        self.unmeasured += other.unmeasured;
    }
}

/// One line of a carrier's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierLine {
    /// The connection.
    pub subject: SubjectIx,
    /// Its time inside the contract's hours.
    pub millis: CarrierMillis,
    /// Outages with counted time.
    pub outages: u32,
    /// Level agreed, in millionths.
    pub sla_ppm: u32,
    /// Whether it was reached.
    pub verdict: Verdict,
}

/// A carrier's account over a window.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CarrierAccount {
    /// Its connections in force in the window, in the inventory's order.
    pub lines: Vec<CarrierLine>,
    /// All together.
    pub total: CarrierMillis,
    /// Outages with counted time, of all.
    pub outages: u32,
}

/// True for a cause that is not the carrier's to answer for.
#[must_use]
pub const fn excuses_carrier(cause: Cause) -> bool {
    match cause {
        Cause::Power | Cause::Equipment | Cause::Configuration | Cause::Planned => true,
        Cause::Fibre | Cause::Carrier | Cause::Unknown => false,
    }
}

/// Draws up the account of `carrier` over the judge's window.
///
/// `record` gives a subject's sorted intervals; `confirmed` the causes operators confirmed for it,
/// sorted by time and apart from each other. Where no level was agreed `goal_ppm` stands; under
/// `floor_ppm` measured there is no verdict.
#[must_use]
pub fn carrier_account<'r>(
    judge: &Judge<'_>,
    carrier: CarrierIx,
    record: impl Fn(SubjectIx) -> &'r [StateInterval],
    confirmed: impl Fn(SubjectIx) -> &'r [(Span, Cause)],
    goal_ppm: u32,
    floor_ppm: u32,
) -> CarrierAccount {
    let inventory = judge.inventory();
    let mut account = CarrierAccount::default();
    for subject in inventory.subject_ixs() {
        let found = inventory.subject(subject);
        let Some(connection) = found.connection().filter(|c| c.carrier == Some(carrier)) else {
            continue;
        };
        if found.lifetime(judge.window()).is_empty() {
            continue;
        }
        let (millis, outages) = line_account(judge, subject, record(subject), confirmed(subject));
        let sla_ppm = connection
            .sla
            .availability_ppm
            .or(inventory.carrier(carrier).sla.availability_ppm)
            .or(inventory.network(connection.network).sla.availability_ppm)
            .unwrap_or(goal_ppm);
        account.total += &millis;
        account.outages += outages;
        let verdict = millis.verdict(sla_ppm, floor_ppm);
        account.lines.push(CarrierLine { subject, millis, outages, sla_ppm, verdict });
    }
    account
}

fn line_account(
    judge: &Judge<'_>,
    subject: SubjectIx,
    record: &[StateInterval],
    confirmed: &[(Span, Cause)],
) -> (CarrierMillis, u32) {
    let hours = judge.hours(subject, Clock::Contract);
    account_of(&judge.classes(subject, record), &hours, confirmed)
}

/// One outage of a line with what of it counts against the carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierOutage {
    /// As it is recorded.
    pub outage: Outage,
    /// Its time inside the window and the contract's hours. Those of a line's outages sum to the
    /// line's `counted`, `excused`, `unreachable`, `off_hours` and to what its planned time cost.
    pub millis: CarrierMillis,
    /// The cause an operator confirmed for it.
    pub cause: Option<Cause>,
}

/// The outages of a line that touch the judge's window, oldest first, each with its part of the
/// line's account in [`carrier_account`].
#[must_use]
pub fn carrier_outages(
    judge: &Judge<'_>,
    subject: SubjectIx,
    record: &[StateInterval],
    confirmed: &[(Span, Cause)],
) -> Vec<CarrierOutage> {
    let hours = judge.hours(subject, Clock::Contract);
    let classes = judge.classes(subject, record);
    let of_one = |outage: Outage| {
        let span = Span::new(outage.start, outage.end.unwrap_or(UnixMs(i64::MAX)));
        let first = classes.partition_point(|c| c.span.to <= span.from);
        let touched = classes.get(first..).unwrap_or_default().iter();
        let parts: Vec<ClassSpan> = touched
            .take_while(|c| c.span.from < span.to)
            .map(|c| ClassSpan { span: c.span.intersect(span), ..*c })
            .collect();
        let (millis, _) = account_of(&parts, &hours, confirmed);
        let said = confirmed.iter().rfind(|(of, _)| !of.intersect(span).is_empty());
        let cause = said.map(|(_, cause)| *cause);
        (!parts.is_empty()).then_some(CarrierOutage { outage, millis, cause })
    };
    outages(record).into_iter().filter_map(of_one).collect()
}

fn account_of(
    classes: &[ClassSpan],
    hours: &[Span],
    confirmed: &[(Span, Cause)],
) -> (CarrierMillis, u32) {
    let mut hours = Hours::new(hours);
    let (mut sum, mut outages, mut is_counted) = (CarrierMillis::default(), 0, false);
    for class in classes {
        for (span, cause) in by_cause(class.span, confirmed) {
            let ms = hours.inside(span);
            let excuse = cause.filter(|c| excuses_carrier(*c));
            match (class.class, excuse) {
                (Class::Up | Class::Degraded, _) => sum.live += ms,
                (Class::Down, Some(cause)) => *sum.excused.entry(cause).or_default() += ms,
                (Class::Down, None) => {
                    sum.counted += ms;
                    if ms > 0 && !is_counted {
                        is_counted = true;
                        outages += 1;
                    }
                }
                (Class::Unreachable, _) => sum.unreachable += ms,
                (Class::OffHours, _) => sum.off_hours += ms,
                (Class::Unmeasured, _) => sum.unmeasured += ms,
                (Class::Planned, _) => sum.planned.add(class.state, ms),
            }
        }
        if matches!(class.state, State::Up | State::Degraded) {
            is_counted = false;
        }
    }
    sum.excused.retain(|_, ms| *ms > 0);
    (sum, outages)
}

/// `span` in pieces, each with the cause confirmed for it; some may be empty.
fn by_cause(span: Span, confirmed: &[(Span, Cause)]) -> Vec<(Span, Option<Cause>)> {
    let mut pieces = Vec::new();
    let mut from = span.from;
    for (confirmed, cause) in confirmed {
        let part = confirmed.intersect(Span::new(from, span.to));
        if part.is_empty() {
            continue;
        }
        pieces.push((Span::new(from, part.from), None));
        pieces.push((part, Some(*cause)));
        from = part.to;
    }
    pieces.push((Span::new(from, span.to), None));
    pieces
}
