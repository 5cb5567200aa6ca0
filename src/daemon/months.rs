//! This month's availability of every subject and of every unit on every network.

use std::collections::{BTreeMap, HashMap};

use jiff::tz::TimeZone;

use crate::coverage::{Availability, Clock, Judge};
use crate::model::{Inventory, Maintenance, Span, StateInterval, SubjectId, SubjectIx, UnixMs};

/// Start of the month that `now` lies in, in `timezone`.
#[must_use]
pub fn month_start(now: UnixMs, timezone: &TimeZone) -> UnixMs {
    let today = now.to_timestamp().to_zoned_datetime(timezone.clone());
    today
        .first_of_month()
        .and_then(|first| first.start_of_day())
        .map_or(now, |start| start.timestamp().into())
}

/// Availabilities over one window.
#[derive(Debug, Clone, Default)]
pub struct Months {
    by_subject: Vec<Availability>,
    /// Units served by several lines on one network, by those lines.
    by_lines: HashMap<Vec<SubjectIx>, Availability>,
}

impl Months {
    /// Computes them around the clock, by the same judge as the reports: from the intervals, which
    /// reach [`crate::coverage::LOOK_BACK_MS`] before `window`, the inventory's announced work and
    /// the `one_off` work beside it. `window` ends now.
    #[must_use]
    pub fn compute(
        inventory: &Inventory,
        intervals: &BTreeMap<SubjectId, Vec<StateInterval>>,
        one_off: &[Maintenance],
        window: Span,
    ) -> Self {
        let of = |s: SubjectIx| {
            intervals.get(&inventory.subject(s).id).map_or(&[][..], |list| list.as_slice())
        };
        let judge = Judge::new(inventory, one_off, window, window.to);
        let together =
            |lines: &[SubjectIx]| judge.availability(lines, window, Clock::default(), of);
        let by_subject = inventory.subject_ixs().map(|s| together(&[s])).collect();
        let mut by_lines = HashMap::new();
        for unit in inventory.unit_ixs() {
            for network in inventory.network_ixs() {
                // All of them, as the ladder asks: the judge knows when each was in force.
                let lines: Vec<SubjectIx> = inventory.connections_of(unit, network).collect();
                if lines.len() > 1 {
                    let got = together(&lines);
                    by_lines.insert(lines, got);
                }
            }
        }
        Self { by_subject, by_lines }
    }

    /// What these lines of one unit got together; nothing known gives an empty window.
    #[must_use]
    pub fn of(&self, lines: &[SubjectIx]) -> Availability {
        match lines {
            [one] => self.by_subject.get(one.ix()).copied().unwrap_or_default(),
            _ => self.by_lines.get(lines).copied().unwrap_or_default(),
        }
    }
}
