//! The figures other systems would give on the same record, for comparison. Sources and a worked
//! example: docs/coverage.md.

use serde::{Deserialize, Serialize};

use super::availability::{ppm, reaches};
use super::clock::Hours;
use super::{Class, ClassSpan};
use crate::model::{Span, State, StateInterval, UnixMs};

/// Whose rule makes an availability of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SlaRule {
    /// Ours: [`super::Availability`].
    #[default]
    Tuantra,
    /// Icinga DB's SQL function `get_sla_ok_percent`.
    Icinga,
    /// Zabbix's service level indicator (`sla.getsli`).
    Zabbix,
}

impl SlaRule {
    /// The word on the command line and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tuantra => "tuantra",
            Self::Icinga => "icinga",
            Self::Zabbix => "zabbix",
        }
    }
}

/// What another system makes of a record, in milliseconds; it knows no time without a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ForeignSla {
    /// Without a problem.
    pub ok_ms: i64,
    /// All it counts.
    pub counted_ms: i64,
}

impl ForeignSla {
    /// `ok / counted` in millionths; `None` when nothing counts.
    #[must_use]
    pub fn ppm(&self) -> Option<u32> {
        ppm(self.ok_ms, self.counted_ms)
    }

    /// Whether it reaches `sla_ppm`; `None` when nothing counts.
    #[must_use]
    pub fn reaches(&self, sla_ppm: u32) -> Option<bool> {
        (self.counted_ms > 0).then(|| reaches(self.ok_ms, self.counted_ms, sla_ppm))
    }
}

impl std::ops::AddAssign for ForeignSla {
    fn add_assign(&mut self, other: Self) {
        self.ok_ms += other.ok_ms;
        self.counted_ms += other.counted_ms;
    }
}

/// What is known of a subject while nothing new comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Pending,
    Ok,
    Problem,
}

/// The figure of `rule` for one subject, from its classes over a window inside the clock's sorted
/// `hours`; `intervals` is the record they come from, which also tells the state before the
/// window. `None` for [`SlaRule::Tuantra`], which is no other system's.
///
/// | recorded | Icinga | Zabbix |
/// | --- | --- | --- |
/// | up, degraded | OK (a service that warns is OK) | up |
/// | down | problem | down |
/// | unreachable | problem | a dependent trigger keeps its state: up, unless it was down before |
/// | unmeasured | the last hard state carries on | a trigger without new values keeps its state |
/// | before the first state | pending: left out | no problem yet: up |
/// | never a state | OK throughout: nothing ever ends the pending time | up |
/// | announced work | OK, downtime counts as such | left out of uptime and downtime (excluded) |
///
/// Neither knows off hours: they are what is recorded.
#[must_use]
pub fn foreign_sla(
    rule: SlaRule,
    intervals: &[StateInterval],
    classes: &[ClassSpan],
    hours: &[Span],
) -> Option<ForeignSla> {
    let keeps_unreachable = match rule {
        SlaRule::Tuantra => return None,
        SlaRule::Icinga => false,
        SlaRule::Zabbix => true,
    };
    let next = |known: Known, state: State| match state {
        State::Up | State::Degraded => Known::Ok,
        State::Down => Known::Problem,
        State::Unreachable if keeps_unreachable => known,
        State::Unreachable => Known::Problem,
        State::Unmeasured => known,
    };
    let start = classes.first().map_or(UnixMs(i64::MAX), |c| c.span.from);
    let before = intervals.iter().take_while(|i| i.from < start);
    let mut known = before.fold(Known::Pending, |known, i| next(known, i.state));
    let mut hours = Hours::new(hours);
    let mut sum = ForeignSla::default();
    let mut pending_ms = 0;
    for &ClassSpan { span, class, state } in classes {
        known = next(known, state);
        let ms = hours.inside(span);
        let is_planned = class == Class::Planned;
        match (rule, known) {
            (SlaRule::Zabbix, _) if is_planned => {}
            (SlaRule::Icinga, Known::Pending) => pending_ms += ms,
            (_, Known::Problem) if !is_planned => sum.counted_ms += ms,
            _ => {
                sum.counted_ms += ms;
                sum.ok_ms += ms;
            }
        }
    }
    if known == Known::Pending {
        sum.ok_ms += pending_ms;
        sum.counted_ms += pending_ms;
    }
    Some(sum)
}
