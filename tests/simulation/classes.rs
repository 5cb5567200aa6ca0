//! What a record counts as in reports, by hand: docs/coverage.md, and nothing of `tuantra::coverage`.

use tuantra::model::{ClassMillis, Span, State, UnixMs};

use crate::drive::{START, Scenario};
use crate::faults::Fault;
use crate::hours::{DAY, Hours};
use crate::records::Stretch;

/// A record and what it is judged by.
pub struct Record<'a> {
    /// Whose work, and when.
    pub scenario: &'a Scenario,
    /// Whose record.
    pub place: usize,
    /// The record.
    pub stretches: &'a [Stretch],
    /// Until when it is known.
    pub known_to: UnixMs,
}

impl Record<'_> {
    /// Milliseconds in each class over a window; inside its office's hours only where `in_hours`
    /// says so.
    pub fn classes(&self, window: Span, in_hours: bool) -> ClassMillis {
        let mut found = ClassMillis::default();
        let edges = self.edges(window);
        for (from, to) in edges.iter().zip(edges.iter().skip(1)) {
            let is_judged = self.hours().is_none_or(|hours| hours.opening(*from).is_none());
            if is_judged || !in_hours {
                self.add(&mut found, *from, to.since(*from));
            }
        }
        found
    }

    fn hours(&self) -> Option<Hours> {
        self.scenario.province.subjects[self.place].off_hours
    }

    /// Everything is the same from one of these to the next.
    fn edges(&self, window: Span) -> Vec<UnixMs> {
        let mut edges = vec![window.from, window.to];
        edges.extend(self.stretches.iter().map(|s| s.from));
        let (first, last) = (window.from.0.min(window.to.0), window.to.0);
        let days = (first - START).div_euclid(DAY)..=(last - START).div_euclid(DAY);
        for trouble in &self.scenario.troubles {
            edges.extend([trouble.from, trouble.to].map(|t| UnixMs(START + t)));
            if let Fault::Routine(_, from, to) = trouble.fault {
                let of_day = |day: i64| [from, to].map(|m| UnixMs(START + day * DAY + m * 60_000));
                edges.extend(days.clone().flat_map(of_day));
            }
        }
        if let Some(hours) = self.hours() {
            let open = hours.open_within(window.from, window.to);
            edges.extend(open.into_iter().flat_map(|(from, to)| [UnixMs(from), UnixMs(to)]));
        }
        edges.retain(|t| (window.from..=window.to).contains(t));
        edges.sort_unstable();
        edges.dedup();
        edges
    }

    /// The first of these that fits decides: planned, off hours, the state.
    fn add(&self, found: &mut ClassMillis, at: UnixMs, ms: i64) {
        let state = self.at(at).map_or(State::Unmeasured, |n| self.stretches[n].state);
        if self.is_planned(at) {
            found.planned += ms;
        } else if state.is_outage() && self.is_off_hours(at) {
            found.off_hours += ms;
        } else {
            found.add(state, ms);
        }
    }

    fn is_planned(&self, at: UnixMs) -> bool {
        let minute = (at.0 - START).rem_euclid(DAY) / 60_000;
        self.scenario.troubles.iter().any(|trouble| {
            let is_on = (START + trouble.from..START + trouble.to).contains(&at.0);
            let province = &self.scenario.province;
            is_on
                && match trouble.fault {
                    Fault::Work(worked) => worked.includes(province, self.place),
                    Fault::Routine(worked, from, to) => {
                        worked.includes(province, self.place) && (from..to).contains(&minute)
                    }
                    _ => false,
                }
        })
    }

    /// The stretch that `at` lies in.
    fn at(&self, at: UnixMs) -> Option<usize> {
        self.stretches.iter().rposition(|s| s.from <= at)
    }

    /// A silence that begins while the calendar is closed is off hours until it opens plus the grace.
    /// Back by then: all of it. Not back: up to the opening.
    fn is_off_hours(&self, at: UnixMs) -> bool {
        let (Some(hours), Some(n)) = (self.hours(), self.at(at)) else { return false };
        // Holes inside a silence belong to it.
        let state = |n: usize| self.stretches[n].state;
        let is_silent = |n: &usize| !state(*n).is_live();
        let begin = (0..=n).rev().take_while(is_silent).filter(|n| state(*n).is_outage()).last();
        let stop = (n..self.stretches.len()).take_while(is_silent);
        let stop = stop.filter(|n| state(*n).is_outage()).last();
        let (Some(begin), Some(stop)) = (begin, stop) else { return false };
        let start = self.stretches[begin].from;
        let Some(opening) = hours.opening(start) else { return false };
        let next = self.stretches.get(stop + 1).map(|s| s.from);
        let end = next.unwrap_or(self.known_to.max(start));
        let grace_ms = self.scenario.province.subjects[self.place].health.off_hours_grace_ms;
        end <= opening + grace_ms || at < opening
    }
}
