//! Availability over a window, from intervals.

use serde::{Deserialize, Serialize};

use crate::model::{ClassMillis, Inventory, Span, State, StateInterval, SubjectIx, UnixMs};

const MILLION: i64 = 1_000_000;

/// What a subject, or a unit on a network, got over a window; shares in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Availability {
    /// Milliseconds per class; they sum to the window.
    pub millis: ClassMillis,
    /// Outages that touch the window.
    pub outages: u32,
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
fn ppm(part: i64, whole: i64) -> Option<u32> {
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

impl Availability {
    /// `(up + degraded) / (up + degraded + down + unreachable)`: what the unit got, in
    /// millionths; `None` when nothing was judged.
    #[must_use]
    pub fn delivered_ppm(&self) -> Option<u32> {
        ppm(self.millis.live(), self.millis.judged())
    }

    /// `(up + degraded) / (up + degraded + down)`: what the subject itself is to blame for.
    #[must_use]
    pub fn own_ppm(&self) -> Option<u32> {
        ppm(self.millis.live(), self.millis.live() + self.millis.down)
    }

    /// Share of the window that was measured, in millionths. Planned time was asked for and is
    /// no hole.
    #[must_use]
    pub fn measured_ppm(&self) -> u32 {
        let total = self.millis.total();
        ppm(total - self.millis.unmeasured, total).unwrap_or(0)
    }

    /// The availability if every unmeasured millisecond had been down.
    #[must_use]
    pub fn low_ppm(&self) -> Option<u32> {
        ppm(self.millis.live(), self.millis.judged() + self.millis.unmeasured)
    }

    /// The availability if every unmeasured millisecond had been up.
    #[must_use]
    pub fn high_ppm(&self) -> Option<u32> {
        ppm(
            self.millis.live() + self.millis.unmeasured,
            self.millis.judged() + self.millis.unmeasured,
        )
    }

    /// Mean time to repair: outage milliseconds by outages.
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
        self.millis += other.millis;
        self.outages += other.outages;
    }
}

/// Availability of one subject over `window` from its sorted intervals; whatever no interval
/// covers is unmeasured.
#[must_use]
pub fn availability(intervals: &[StateInterval], window: Span) -> Availability {
    let mut sum = Availability::default();
    for interval in intervals {
        sum.millis.add(interval.state, interval.clip(window).len_ms());
    }
    sum.millis.unmeasured += window.len_ms() - sum.millis.total();
    sum.outages = u32::try_from(
        super::outages(intervals)
            .iter()
            .filter(|o| {
                !Span::new(o.start, o.end.unwrap_or(window.to)).intersect(window).is_empty()
            })
            .count(),
    )
    .unwrap_or(u32::MAX);
    sum
}

/// Whether `availability` reaches `sla_ppm`, by whole milliseconds; not proven when less than `floor_ppm` of the window
/// was measured.
#[must_use]
pub fn verdict(availability: &Availability, sla_ppm: u32, floor_ppm: u32) -> Verdict {
    let millis = &availability.millis;
    let reaches = |part: i64, whole: i64, ppm: u32| {
        i128::from(part) * i128::from(MILLION) >= i128::from(whole) * i128::from(ppm)
    };
    let total = millis.total();
    if millis.judged() == 0 || !reaches(total - millis.unmeasured, total, floor_ppm) {
        Verdict::NotProven
    } else if reaches(millis.live(), millis.judged(), sla_ppm) {
        Verdict::Met
    } else {
        Verdict::Missed
    }
}

/// What the lines of one unit on one network got together over the part of `window` in which one
/// of them at least was in force; a single line is the common case. `record` gives a subject's
/// sorted intervals.
#[must_use]
pub fn lines_availability<'a>(
    inventory: &Inventory,
    lines: &[SubjectIx],
    window: Span,
    record: impl Fn(SubjectIx) -> &'a [StateInterval],
) -> Availability {
    let lives = lines.iter().map(|s| inventory.subject(*s).lifetime(window));
    let life = lives
        .filter(|life| !life.is_empty())
        .reduce(|a, b| Span::new(a.from.min(b.from), a.to.max(b.to)));
    let lists: Vec<&[StateInterval]> = lines.iter().map(|s| record(*s)).collect();
    life.map_or_else(Availability::default, |life| availability(&combine_best(&lists), life))
}

/// The intervals of a unit on a network that several connections serve: at every instant the
/// state that is best known among them ([`State::best_of`]). Input lists are sorted; the result is
/// sorted, merged, and covers from the earliest start on.
#[must_use]
pub fn combine_best(lists: &[&[StateInterval]]) -> Vec<StateInterval> {
    match lists {
        [] => return Vec::new(),
        [one] => return one.to_vec(),
        _ => {}
    }
    let mut edges: Vec<UnixMs> = lists
        .iter()
        .flat_map(|list| list.iter().flat_map(|i| [Some(i.from), i.to]))
        .flatten()
        .collect();
    edges.sort_unstable();
    edges.dedup();
    let mut cursors = vec![0_usize; lists.len()];
    let mut merged: Vec<StateInterval> = Vec::new();
    for (n, &from) in edges.iter().enumerate() {
        let to = edges.get(n + 1).copied();
        let mut best: Option<(State, Option<&StateInterval>)> = None;
        for (cursor, list) in cursors.iter_mut().zip(lists) {
            while list.get(*cursor).is_some_and(|i| i.to.is_some_and(|end| end <= from)) {
                *cursor += 1;
            }
            let here = list.get(*cursor).filter(|i| i.from <= from);
            let state = here.map_or(State::Unmeasured, |i| i.state);
            let better = best.is_none_or(|(s, _)| s.best_of(state) != s);
            if better {
                best = Some((state, here));
            }
        }
        let Some((state, source)) = best else { continue };
        let any_open = lists.iter().any(|l| l.last().is_some_and(|i| i.to.is_none()));
        if to.is_none() && !any_open {
            break;
        }
        let cause = source.and_then(|i| i.cause.clone());
        match merged.last_mut() {
            Some(last) if last.state == state && last.cause == cause => last.to = to,
            _ => merged.push(StateInterval { from, to, state, cause }),
        }
    }
    merged
}
