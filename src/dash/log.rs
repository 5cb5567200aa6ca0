//! The log as the user has it: what has come of it, which kinds are shown, whether the newest line
//! is followed. Pure.

use std::collections::BTreeMap;

use super::place::{Place, Step};
use super::state::{Cmd, Row};
use crate::api::EventRow;
use crate::model::{Span, UnixMs};

/// Lines asked for at first, and the most that are kept.
const LINES_MAX: usize = 1_000;

/// How far a later question goes back before the newest line: a verdict may be written late.
const OVERLAP_MS: i64 = 10 * 60_000;

/// How far ahead of this machine's clock the daemon's may be.
const AHEAD_MS: i64 = 86_400_000;

/// Which kinds of lines are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kinds {
    /// All.
    #[default]
    All,
    /// Incidents and what people were told.
    Incidents,
    /// States of subjects.
    States,
    /// What devices say.
    Devices,
    /// What people commanded.
    Commands,
    /// The daemon itself.
    Daemon,
}

impl Kinds {
    const ALL: [Self; 6] =
        [Self::All, Self::Incidents, Self::States, Self::Devices, Self::Commands, Self::Daemon];

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|k| *k == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    /// The key of its text; everything needs none.
    #[must_use]
    pub const fn key(self) -> Option<&'static str> {
        match self {
            Self::All => None,
            Self::Incidents => Some("dash.log_incidents"),
            Self::States => Some("dash.log_states"),
            Self::Devices => Some("dash.log_devices"),
            Self::Commands => Some("dash.log_commands"),
            Self::Daemon => Some("dash.log_daemon"),
        }
    }

    /// The group that a kind of lines belongs to.
    fn of(kind: &str) -> Self {
        match kind {
            "incident_opened" | "incident_closed" | "told" => Self::Incidents,
            "state" | "flapping" | "calmed" | "switched" => Self::States,
            "restarted" | "fact_changed" | "identity_changed" | "neighbours_changed" => {
                Self::Devices
            }
            "acknowledged"
            | "maintenance_announced"
            | "maintenance_ended"
            | "outage_noted"
            | "storm_began"
            | "storm_ended"
            | "outbox"
            | "reloaded" => Self::Commands,
            _ => Self::Daemon,
        }
    }

    /// Whether a line is shown.
    #[must_use]
    pub fn lets(self, event: &EventRow) -> bool {
        self == Self::All || self == Self::of(&event.kind)
    }
}

/// What is asked of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogRequest {
    /// Of when.
    pub window: Span,
    /// The most lines, the newest.
    pub limit: usize,
}

/// The log.
#[derive(Debug, Clone)]
pub struct Log {
    /// Within the lines.
    pub place: Place<Row>,
    /// Which are shown.
    pub kinds: Kinds,
    /// New lines are gone to as they come.
    pub is_followed: bool,
    /// Why nothing came, the last time.
    pub failure: Option<String>,
    /// By number.
    events: BTreeMap<i64, EventRow>,
    under_way: Option<LogRequest>,
    /// Something came at least once.
    is_loaded: bool,
    changes: u64,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            place: Place::default(),
            kinds: Kinds::default(),
            is_followed: true,
            failure: None,
            events: BTreeMap::new(),
            under_way: None,
            is_loaded: false,
            changes: 0,
        }
    }
}

impl Log {
    /// A line.
    #[must_use]
    pub fn event(&self, seq: i64) -> Option<&EventRow> {
        self.events.get(&seq)
    }

    /// Whether anything has come yet.
    #[must_use]
    pub const fn is_loaded(&self) -> bool {
        self.is_loaded
    }

    /// Changes with every change of the lines.
    pub(super) const fn version(&self) -> u64 {
        self.changes
    }

    /// The lines shown, newest first.
    pub(super) fn rows(&self) -> Vec<Row> {
        let mut shown: Vec<&EventRow> =
            self.events.values().filter(|event| self.kinds.lets(event)).collect();
        shown.sort_by_key(|event| std::cmp::Reverse((event.at, event.seq)));
        shown.into_iter().map(|event| Row::Event(event.seq)).collect()
    }

    /// Other kinds.
    pub(super) fn filter(&mut self) {
        self.kinds = self.kinds.next();
        self.changes += 1;
        self.place = Place::default();
    }

    /// Follows, from the newest line on, or stays where it is.
    pub(super) fn follow(&mut self) {
        self.is_followed = !self.is_followed;
        if self.is_followed {
            self.place = Place::default();
        }
    }

    /// Who goes to the newest line follows it; who goes elsewhere reads.
    pub(super) fn moved(&mut self, rows: &[Row], step: Step) {
        self.place.go(rows, step);
        self.is_followed = self.place.index(rows) == Some(0);
    }

    /// Asks for what is new at `now`; only one question is under way.
    pub(super) fn ask(&mut self, now: UnixMs, commands: &mut Vec<Cmd>) {
        if self.under_way.is_some() {
            return;
        }
        // An event of a clock that ran ahead must not put the question into time to come.
        let newest = self.events.values().map(|event| event.at).filter(|at| *at <= now).max();
        let from = newest.map_or(UnixMs(0), |at| at - OVERLAP_MS);
        let window = Span::new(from, from.max(now) + AHEAD_MS);
        let request = LogRequest { window, limit: LINES_MAX };
        self.under_way = Some(request);
        commands.push(Cmd::Log(request));
    }

    /// An answer.
    pub(super) fn take(&mut self, request: &LogRequest, answer: Result<Vec<EventRow>, String>) {
        if self.under_way.as_ref() != Some(request) {
            return;
        }
        self.under_way = None;
        match answer {
            Err(reason) => self.failure = Some(reason),
            Ok(found) => {
                (self.failure, self.is_loaded) = (None, true);
                for event in found {
                    if self.events.insert(event.seq, event).is_none() {
                        self.changes += 1;
                    }
                }
                while self.events.len() > LINES_MAX {
                    self.events.pop_first();
                }
                if self.is_followed {
                    self.place = Place::default();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(seq: i64, at: i64, kind: &str) -> EventRow {
        let detail = serde_json::Value::Null;
        EventRow { seq, at: UnixMs(at), kind: kind.to_owned(), subject: None, detail }
    }

    fn asked(log: &mut Log) -> LogRequest {
        let mut commands = Vec::new();
        log.ask(UnixMs(5_000_000), &mut commands);
        let [Cmd::Log(request)] = commands[..] else { panic!("one question: {commands:?}") };
        request
    }

    #[test]
    fn a_line_that_comes_twice_is_shown_once_newest_first_and_late_ones_find_their_place() {
        let mut log = Log::default();
        let first = asked(&mut log);
        log.ask(UnixMs(5_000_000), &mut Vec::new());
        log.take(&first, Ok(vec![event(1, 4_000_000, "started"), event(2, 4_200_000, "state")]));
        let second = asked(&mut log);
        assert!(second.window.from < UnixMs(4_000_000));
        let late = event(3, 4_100_000, "gap");
        log.take(&second, Ok(vec![event(2, 4_200_000, "state"), late]));
        assert_eq!(log.rows(), [2, 3, 1].map(Row::Event));
        log.filter();
        log.filter();
        assert_eq!(log.rows(), [Row::Event(2)]);
    }

    #[test]
    fn who_reads_is_not_moved_and_an_answer_to_nothing_is_dropped() {
        let mut log = Log::default();
        let request = asked(&mut log);
        log.take(&request, Ok((1..=5).map(|i| event(i, i * 1000, "state")).collect()));
        let rows = log.rows();
        log.moved(&rows, Step::By(2));
        assert!(!log.is_followed);
        let request = asked(&mut log);
        log.take(&request, Ok(vec![event(9, 9_000, "state")]));
        assert_eq!(log.place.selected, Some(Row::Event(3)));
        log.take(&request, Err("late".to_owned()));
        assert_eq!(log.failure, None);
        log.moved(&log.rows(), Step::First);
        assert!(log.is_followed);
    }
}
