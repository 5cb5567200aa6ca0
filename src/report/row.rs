//! A row of the availability report as JSON has it: DESIGN section 9, with fields added.

use serde::Serialize;

use super::{Seconds, Share};
use crate::coverage::{Availability, Clock, ForeignSla, Judge, StateMillis, Verdict, verdict};
use crate::model::{ClassMillis, Inventory, StateInterval, SubjectIx};

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

/// The row of one subject over the judge's window by `clock`, from its sorted intervals: what
/// `tuantra replay` prints with `--until`. `goal_ppm` stands where no service level was agreed;
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
    let got = judge.availability(&[subject], judge.window(), clock, |_| intervals);
    let sla_ppm = level(judge.inventory(), subject).unwrap_or(goal_ppm);
    Row::new(&got, sla_ppm, verdict(&got, sla_ppm, floor_ppm))
        .of_subject(judge.inventory(), subject)
}

/// The level agreed for a connection: its own or its carrier's, else its network's.
pub(super) fn level(inventory: &Inventory, subject: SubjectIx) -> Option<u32> {
    let connection = inventory.subject(subject).connection()?;
    let network = inventory.network(connection.network).sla;
    connection.sla.availability_ppm.or(network.availability_ppm)
}
