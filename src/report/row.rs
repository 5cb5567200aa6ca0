//! A row of the availability report as JSON has it: DESIGN section 9, with fields added.

use std::collections::BTreeMap;

use serde::Serialize;

use super::compare::Then;
use super::{Seconds, Share};
use crate::coverage::{Availability, Clock, ForeignSla, Judge, StateMillis, Verdict, verdict};
use crate::locale::{Lang, number, percent};
use crate::model::{
    ClassMillis, Inventory, Maintenance, Span, StateInterval, SubjectId, SubjectIx,
};
use crate::t;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Classes {
    pub(super) up: Seconds,
    pub(super) degraded: Seconds,
    pub(super) down: Seconds,
    pub(super) unreachable: Seconds,
    pub(super) off_hours: Seconds,
    pub(super) unmeasured: Seconds,
    pub(super) planned: Seconds,
}

impl From<ClassMillis> for Classes {
    fn from(millis: ClassMillis) -> Self {
        let ClassMillis { up, degraded, down, unreachable, off_hours, unmeasured, planned } =
            millis;
        Self {
            up: Seconds(up),
            degraded: Seconds(degraded),
            down: Seconds(down),
            unreachable: Seconds(unreachable),
            off_hours: Seconds(off_hours),
            unmeasured: Seconds(unmeasured),
            planned: Seconds(planned),
        }
    }
}

/// What the planned time was recorded as.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Planned {
    pub(super) up: Seconds,
    pub(super) degraded: Seconds,
    pub(super) down: Seconds,
    pub(super) unreachable: Seconds,
    pub(super) unmeasured: Seconds,
}

impl From<StateMillis> for Planned {
    fn from(millis: StateMillis) -> Self {
        let StateMillis { up, degraded, down, unreachable, unmeasured } = millis;
        Self {
            up: Seconds(up),
            degraded: Seconds(degraded),
            down: Seconds(down),
            unreachable: Seconds(unreachable),
            unmeasured: Seconds(unmeasured),
        }
    }
}

/// A row of figures. Shares are decimals, times seconds; `seconds` sums to the window inside the
/// clock's hours, `planned_seconds` to its planned part.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row<'a> {
    pub(super) subject: Option<&'a str>,
    pub(super) unit: Option<&'a str>,
    pub(super) network: Option<&'a str>,
    pub(super) carrier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) subjects: Option<u32>,
    pub(super) seconds: Classes,
    /// By the rule asked for.
    pub(super) availability: Option<Share>,
    pub(super) measured: Share,
    pub(super) low: Option<Share>,
    pub(super) high: Option<Share>,
    pub(super) outages: u32,
    pub(super) mttr_s: Option<Seconds>,
    pub(super) mtbf_s: Option<Seconds>,
    pub(super) sla: Share,
    pub(super) met: Option<bool>,
    pub(super) own: Option<Share>,
    pub(super) planned_seconds: Planned,
    /// Ours beside another system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) by_tuantra: Option<Option<Share>>,
    /// The period compared with, where there is one; null for who was not there then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Option<Then>>,
}

impl<'a> Row<'a> {
    /// The figures, about nothing yet.
    pub(super) fn new(got: &Availability, sla_ppm: u32, verdict: Verdict) -> Self {
        Self {
            subject: None,
            unit: None,
            network: None,
            carrier: None,
            subjects: None,
            seconds: got.millis.into(),
            availability: got.delivered_ppm().map(Share),
            measured: Share(got.measured_ppm()),
            low: got.low_ppm().map(Share),
            high: got.high_ppm().map(Share),
            outages: got.outages,
            mttr_s: got.mttr_ms().map(Seconds),
            mtbf_s: got.mtbf_ms().map(Seconds),
            sla: Share(sla_ppm),
            met: match verdict {
                Verdict::Met => Some(true),
                Verdict::Missed => Some(false),
                Verdict::NotProven => None,
            },
            own: got.own_ppm().map(Share),
            planned_seconds: got.planned.into(),
            by_tuantra: None,
            before: None,
        }
    }

    /// About a subject.
    pub(super) fn of_subject(mut self, inventory: &'a Inventory, subject: SubjectIx) -> Self {
        let subject = inventory.subject(subject);
        let connection = subject.connection();
        self.subject = Some(subject.id.as_str());
        self.unit = Some(inventory.unit(subject.unit).id.as_str());
        self.network = connection.map(|c| inventory.network(c.network).id.as_str());
        self.carrier = connection.and_then(|c| c.carrier).map(|c| inventory.carrier(c).id.as_str());
        self
    }

    /// With another system's figure in place of ours. It knows no bounds: what it did not see it
    /// takes for something else.
    pub(super) fn by(mut self, foreign: &ForeignSla) -> Self {
        self.by_tuantra = Some(self.availability);
        self.availability = foreign.ppm().map(Share);
        self.low = None;
        self.high = None;
        self
    }
}

/// The row of one subject over the judge's window by `clock`, from its sorted intervals. `goal_ppm` stands where no service level was agreed;
/// under `floor_ppm` measured `met` is null.
#[must_use]
pub fn availability_row<'a>(
    judge: &Judge<'a>,
    subject: SubjectIx,
    intervals: &[StateInterval],
    clock: Clock,
    goal_ppm: u32,
    floor_ppm: u32,
) -> Row<'a> {
    judged_row(judge, subject, intervals, clock, goal_ppm, floor_ppm).0
}

fn judged_row<'a>(
    judge: &Judge<'a>,
    subject: SubjectIx,
    intervals: &[StateInterval],
    clock: Clock,
    goal_ppm: u32,
    floor_ppm: u32,
) -> (Row<'a>, Verdict) {
    let got = judge.availability(&[subject], judge.window(), clock, |_| intervals);
    let sla_ppm = level(judge.inventory(), subject).unwrap_or(goal_ppm);
    let verdict = verdict(&got, sla_ppm, floor_ppm);
    (Row::new(&got, sla_ppm, verdict).of_subject(judge.inventory(), subject), verdict)
}

/// [`availability_row`] as a line of its own, with its kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SubjectRow<'a> {
    kind: &'static str,
    #[serde(flatten)]
    row: Row<'a>,
    #[serde(skip)]
    verdict: Verdict,
}

impl SubjectRow<'_> {
    /// As a line for people.
    #[must_use]
    pub fn line(&self, lang: Lang) -> String {
        let share = |share: Option<Share>, decimals| {
            share.map_or_else(|| "–".to_owned(), |s| percent(lang, s.0, decimals))
        };
        t!(
            lang,
            "report.row",
            subject = self.row.subject.unwrap_or_default(),
            availability = share(self.row.availability, 2),
            measured = share(Some(self.row.measured), 1),
            outages = number(lang, i64::from(self.row.outages)),
            verdict = t!(lang, super::text::verdict_key(self.verdict))
        )
    }
}

/// A row of every subject of the inventory over `window`, around the clock: what `tuantra replay`
/// prints with `--until`. `records` are sorted; who has none is unmeasured throughout. `work` is
/// the announced work beside the inventory's own (naming that again does no harm); `window` ends
/// where the records do.
#[must_use]
pub fn subject_rows<'a>(
    inventory: &'a Inventory,
    records: &BTreeMap<SubjectId, Vec<StateInterval>>,
    work: &'a [Maintenance],
    window: Span,
    goal_ppm: u32,
    floor_ppm: u32,
) -> Vec<SubjectRow<'a>> {
    let judge = Judge::new(inventory, work, window, window.to);
    let row = |subject: SubjectIx| {
        let intervals = records.get(&inventory.subject(subject).id).map_or(&[][..], Vec::as_slice);
        let (row, verdict) =
            judged_row(&judge, subject, intervals, Clock::default(), goal_ppm, floor_ppm);
        SubjectRow { kind: "availability", row, verdict }
    };
    inventory.subject_ixs().map(row).collect()
}

/// The level agreed for a connection: its own or its carrier's, else its network's.
pub(super) fn level(inventory: &Inventory, subject: SubjectIx) -> Option<u32> {
    let connection = inventory.subject(subject).connection()?;
    let network = inventory.network(connection.network).sla;
    connection.sla.availability_ppm.or(network.availability_ppm)
}
