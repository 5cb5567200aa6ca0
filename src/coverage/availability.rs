//! Availability over a window, from intervals.

use serde::{Deserialize, Serialize};

use super::clock::Hours;
use super::{Class, ClassSpan, Clock, StateMillis, classify};
use crate::model::{ClassMillis, Span, StateInterval};

const MILLION: i64 = 1_000_000;

/// What a subject, or a unit on a network, got over a window; shares in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Availability {
    /// Milliseconds per class; they sum to the window inside the clock's hours.
    pub millis: ClassMillis,
    /// Outages with lost time in the window; wholly planned and wholly off-hours ones are none.
    pub outages: u32,
    /// What the planned time was recorded as; it sums to `millis.planned`.
    #[serde(default, skip_serializing_if = "StateMillis::is_zero")]
    pub planned: StateMillis,
    /// The clock it was judged by.
    #[serde(default, skip_serializing_if = "Clock::is_default")]
    pub clock: Clock,
}

/// What can be said of a service level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Reached.
    Met,
    /// Missed.
    Missed,
    /// Too little was measured to say.
    NotProven,
}

impl Verdict {
    /// The verdict on two together: one missed is missed, one not proven leaves the rest unproven.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Missed, _) | (_, Self::Missed) => Self::Missed,
            (Self::NotProven, _) | (_, Self::NotProven) => Self::NotProven,
            (Self::Met, Self::Met) => Self::Met,
        }
    }
}

/// `part` of `whole` in millionths. Nearly all never reads as all, and something never as nothing:
/// a lost second of a month must not vanish in the rounding.
pub(super) fn ppm(part: i64, whole: i64) -> Option<u32> {
    if whole <= 0 {
        return None;
    }
    if part >= whole {
        return Some(1_000_000);
    }
    // Rounded half up in i128: a century in milliseconds times a million passes 63 bits.
    let scaled =
        (i128::from(part) * i128::from(2 * MILLION) + i128::from(whole)) / i128::from(2 * whole);
    u32::try_from(scaled).ok().map(|ppm| ppm.clamp(u32::from(part > 0), 999_999))
}

/// Whether `part` is at least `ppm` millionths of `whole`, by whole milliseconds.
pub(super) fn reaches(part: i64, whole: i64, ppm: u32) -> bool {
    i128::from(part) * i128::from(MILLION) >= i128::from(whole) * i128::from(ppm)
}

impl Availability {
    /// Nothing yet, by `clock`: what sums begin with.
    #[must_use]
    pub fn none(clock: Clock) -> Self {
        Self { clock, ..Self::default() }
    }

    /// Sums sorted classes inside the clock's sorted `hours`.
    ///
    /// An outage is a stretch without an answer, holes inside included, with lost time inside the
    /// hours: so what is wholly planned, wholly off hours or wholly outside the hours is none.
    #[must_use]
    pub fn of(classes: &[ClassSpan], hours: &[Span], clock: Clock) -> Self {
        let mut sum = Self::none(clock);
        let mut hours = Hours::new(hours);
        let mut is_counted = false;
        for &ClassSpan { span, class, state } in classes {
            let ms = hours.inside(span);
            let millis = &mut sum.millis;
            match class {
                Class::Up => millis.up += ms,
                Class::Degraded => millis.degraded += ms,
                Class::Down => millis.down += ms,
                Class::Unreachable => millis.unreachable += ms,
                Class::OffHours => millis.off_hours += ms,
                Class::Unmeasured => millis.unmeasured += ms,
                Class::Planned => {
                    millis.planned += ms;
                    sum.planned.add(state, ms);
                }
            }
            if state.is_live() {
                is_counted = false;
            } else if class.is_lost() && ms > 0 && !is_counted {
                is_counted = true;
                sum.outages += 1;
            }
        }
        sum
    }

    /// What the availability is a share of: live, down and unreachable, and off hours where the
    /// clock counts them as down.
    #[must_use]
    pub const fn judged_ms(&self) -> i64 {
        let ClassMillis { down, unreachable, .. } = self.millis;
        self.millis.live() + down + unreachable + self.counted_off_hours_ms()
    }

    const fn counted_off_hours_ms(&self) -> i64 {
        if self.clock.counts_off_hours() { self.millis.off_hours } else { 0 }
    }

    /// Time lost: down and unreachable, and off hours where the clock counts them as down.
    #[must_use]
    pub const fn lost_ms(&self) -> i64 {
        self.judged_ms() - self.millis.live()
    }

    /// `(up + degraded) / (up + degraded + down + unreachable)`, off hours counting as down around
    /// the clock: what the unit got, in millionths; `None` when nothing was judged.
    #[must_use]
    pub fn delivered_ppm(&self) -> Option<u32> {
        ppm(self.millis.live(), self.judged_ms())
    }

    /// `(up + degraded) / (up + degraded + down)`: what the subject itself is to blame for; off
    /// hours are its own where the clock counts them as down.
    #[must_use]
    pub fn own_ppm(&self) -> Option<u32> {
        ppm(self.millis.live(), self.judged_ms() - self.millis.unreachable)
    }

    /// Share of the window inside the clock's hours that was measured, in millionths. Planned time was asked for and is
    /// no hole.
    #[must_use]
    pub fn measured_ppm(&self) -> u32 {
        let total = self.millis.total();
        ppm(total - self.millis.unmeasured, total).unwrap_or(0)
    }

    /// The availability if every unmeasured millisecond had been down.
    #[must_use]
    pub fn low_ppm(&self) -> Option<u32> {
        ppm(self.millis.live(), self.judged_ms() + self.millis.unmeasured)
    }

    /// The availability if every unmeasured millisecond had been up.
    #[must_use]
    pub fn high_ppm(&self) -> Option<u32> {
        ppm(self.millis.live() + self.millis.unmeasured, self.judged_ms() + self.millis.unmeasured)
    }

    /// Mean time to repair: milliseconds down and unreachable by outages.
    #[must_use]
    pub fn mttr_ms(&self) -> Option<i64> {
        (self.outages > 0)
            .then(|| (self.millis.down + self.millis.unreachable) / i64::from(self.outages))
    }

    /// Mean time between failures: live milliseconds by outages.
    #[must_use]
    pub fn mtbf_ms(&self) -> Option<i64> {
        (self.outages > 0).then(|| self.millis.live() / i64::from(self.outages))
    }
}

impl std::ops::AddAssign for Availability {
    fn add_assign(&mut self, other: Self) {
        debug_assert!(self.clock == other.clock || other.millis.total() == 0, "one clock a sum");
        self.millis += other.millis;
        self.outages += other.outages;
        self.planned += other.planned;
    }
}

/// Availability of one subject over `window` from its sorted intervals, without announced work or
/// off hours, around the clock; whatever no interval covers is unmeasured.
#[must_use]
pub fn availability(intervals: &[StateInterval], window: Span) -> Availability {
    let classes = classify(intervals, window, &[], None);
    Availability::of(&classes, &[window], Clock::AroundTheClock)
}

/// Whether `availability` reaches `sla_ppm`, by whole milliseconds; not proven when less than `floor_ppm` of the window
/// was measured.
#[must_use]
pub fn verdict(availability: &Availability, sla_ppm: u32, floor_ppm: u32) -> Verdict {
    let millis = &availability.millis;
    let total = millis.total();
    if availability.judged_ms() == 0 || !reaches(total - millis.unmeasured, total, floor_ppm) {
        Verdict::NotProven
    } else if reaches(millis.live(), availability.judged_ms(), sla_ppm) {
        Verdict::Met
    } else {
        Verdict::Missed
    }
}
