//! This month's availability of every subject and of every unit on every network.

use std::collections::{BTreeMap, HashMap};

use jiff::tz::TimeZone;

use crate::coverage::{Availability, lines_availability};
use crate::model::{Inventory, Span, StateInterval, SubjectId, SubjectIx, UnixMs};

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
    /// Computes them from the intervals that touch `window`.
    #[must_use]
    pub fn compute(
        inventory: &Inventory,
        intervals: &BTreeMap<SubjectId, Vec<StateInterval>>,
        window: Span,
    ) -> Self {
        let of = |s: SubjectIx| {
            intervals.get(&inventory.subject(s).id).map_or(&[][..], |list| list.as_slice())
        };
        let by_subject = inventory
            .subject_ixs()
            .map(|s| lines_availability(inventory, &[s], window, of))
            .collect();
        let mut by_lines = HashMap::new();
        for unit in inventory.unit_ixs() {
            for &network in &inventory.unit(unit).requires {
                // Those in force at the window's end, as the ladder asks for them.
                let lines: Vec<SubjectIx> = inventory
                    .connections_of(unit, network)
                    .filter(|s| inventory.subject(*s).exists_at(window.to))
                    .collect();
                if lines.len() > 1 {
                    let together = lines_availability(inventory, &lines, window, of);
                    by_lines.insert(lines, together);
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
