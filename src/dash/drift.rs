//! The list of what is not as the inventory says: what has come of it, what of it is shown. Pure.

use std::collections::HashMap;

use super::place::Place;
use super::state::{Cmd, Row};
use crate::api::{Drift, Drifts, Fit, What};
use crate::model::UnixMs;

/// How long an answer is good, in milliseconds: devices say what they are twice an hour.
const GOOD_MS: i64 = 60_000;

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Only {
    /// What differs.
    #[default]
    Differing,
    /// All, also what the inventory leaves out.
    All,
    /// What the inventory leaves out.
    Undeclared,
    /// One sort of thing.
    Of(What),
}

impl Only {
    /// The one after this; of the sorts, those that there are any of.
    fn next(self, there: impl Fn(What) -> bool) -> Self {
        let after = match self {
            Self::Differing => return Self::All,
            Self::All => return Self::Undeclared,
            Self::Undeclared => 0,
            Self::Of(what) => {
                What::ALL.iter().position(|w| *w == what).map_or(What::ALL.len(), |at| at + 1)
            }
        };
        let next = What::ALL.into_iter().skip(after).find(|what| there(*what));
        next.map_or(Self::Differing, Self::Of)
    }

    /// The key of its text.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Differing => "dash_drift.only_differing",
            Self::All => "dash_drift.only_all",
            Self::Undeclared => "dash_drift.only_undeclared",
            Self::Of(what) => what_key(what),
        }
    }

    fn lets(self, one: &Drift) -> bool {
        match self {
            Self::Differing => one.fit == Fit::Differs,
            Self::All => true,
            Self::Undeclared => one.fit == Fit::Undeclared,
            Self::Of(what) => one.what == what,
        }
    }
}

/// The key of a sort's name.
#[must_use]
pub const fn what_key(what: What) -> &'static str {
    match what {
        What::Serial => "drift.in_serial",
        What::Model => "drift.in_model",
        What::Vendor => "drift.in_vendor",
        What::Firmware => "drift.in_firmware",
        What::Speed => "drift.in_speed",
        What::Address => "drift.in_address",
        What::Neighbour => "drift.in_neighbour",
    }
}

/// The list.
#[derive(Debug, Clone, Default)]
pub struct DriftList {
    /// What is shown.
    pub only: Only,
    /// Within the list.
    pub place: Place<Row>,
    /// Why it could not be had the last time.
    pub failure: Option<String>,
    found: Option<Drifts>,
    by_key: HashMap<String, usize>,
    /// The number of the question that is under way, and when it was asked.
    under_way: Option<u64>,
    asked: Option<UnixMs>,
    questions: u64,
    changes: u64,
}

impl DriftList {
    /// What has come; `None` before anything has.
    #[must_use]
    pub const fn found(&self) -> Option<&Drifts> {
        self.found.as_ref()
    }

    /// The drift of a row.
    #[must_use]
    pub fn of(&self, key: &str) -> Option<&Drift> {
        self.found.as_ref()?.rows.get(*self.by_key.get(key)?)
    }

    /// Grows whenever the rows may be others.
    pub(super) const fn version(&self) -> u64 {
        self.changes
    }

    /// The rows in their order.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let all = self.found.iter().flat_map(|found| &found.rows);
        all.filter(|one| self.only.lets(one)).map(|one| Row::Drift(one.key())).collect()
    }

    /// Shows the next sort.
    pub(super) fn filter(&mut self) {
        let all = self.found.as_ref().map_or(&[][..], |found| &found.rows);
        self.only = self.only.next(|what| all.iter().any(|one| one.what == what));
        self.changes += 1;
    }

    /// Asks, unless what is there is good or is being asked for.
    pub(super) fn ask(&mut self, now: UnixMs, commands: &mut Vec<Cmd>) {
        let is_good = self.asked.is_some_and(|at| (0..GOOD_MS).contains(&now.since(at)));
        if self.under_way.is_some() || is_good {
            return;
        }
        self.questions += 1;
        self.under_way = Some(self.questions);
        self.asked = Some(now);
        commands.push(Cmd::Drift(self.questions));
    }

    /// Who has left the list waits for nothing; what is there stays for when he comes back.
    pub(super) const fn rest(&mut self) {
        self.under_way = None;
        self.asked = None;
    }

    /// An answer; one to a question that was withdrawn is dropped.
    pub(super) fn take(&mut self, question: u64, answer: Result<Drifts, String>) {
        if self.under_way != Some(question) {
            return;
        }
        self.under_way = None;
        match answer {
            Err(reason) => self.failure = Some(reason),
            Ok(found) => {
                self.failure = None;
                self.by_key =
                    found.rows.iter().enumerate().map(|(at, one)| (one.key(), at)).collect();
                self.found = Some(found);
                self.changes += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{SubjectId, UnitId};

    fn one(id: &str, what: What, fit: Fit) -> Drift {
        Drift {
            subject: SubjectId::new(id).unwrap(),
            unit: UnitId::new("tg").unwrap(),
            what,
            port: None,
            fit,
            declared: None,
            observed: "x".to_owned(),
            since: None,
            belongs_to: None,
        }
    }

    fn asked(list: &mut DriftList, now: i64) -> Option<u64> {
        let mut commands = Vec::new();
        list.ask(UnixMs(now), &mut commands);
        match commands[..] {
            [Cmd::Drift(question)] => Some(question),
            _ => None,
        }
    }

    #[test]
    fn it_is_asked_once_a_minute_and_an_answer_to_nothing_is_dropped() {
        let mut list = DriftList::default();
        let first = asked(&mut list, 0).unwrap();
        assert_eq!(asked(&mut list, 90_000), None);
        list.rest();
        list.take(first, Ok(Drifts::default()));
        assert!(list.found().is_none());
        let second = asked(&mut list, 90_000).unwrap();
        list.take(second, Ok(Drifts::default()));
        assert!(list.found().is_some());
        assert_eq!(asked(&mut list, 149_999), None);
        assert!(asked(&mut list, 150_000).is_some());
    }

    #[test]
    fn filters_go_round_over_what_there_is() {
        let mut list = DriftList::default();
        let question = asked(&mut list, 0).unwrap();
        let rows = vec![
            one("a/r", What::Serial, Fit::Differs),
            one("a/r", What::Speed, Fit::Differs),
            one("b/r", What::Speed, Fit::Undeclared),
        ];
        list.take(question, Ok(Drifts { rows, ..Drifts::default() }));
        let mut seen = Vec::new();
        for _ in 0..5 {
            seen.push((list.only, list.rows().len()));
            list.filter();
        }
        let expected = [
            (Only::Differing, 2),
            (Only::All, 3),
            (Only::Undeclared, 1),
            (Only::Of(What::Serial), 1),
            (Only::Of(What::Speed), 2),
        ];
        assert_eq!(seen, expected);
        assert_eq!(list.only, Only::Differing);
        let Some(Row::Drift(key)) = list.rows().first().cloned() else { panic!("a row") };
        assert_eq!(list.of(&key).map(|one| one.what), Some(What::Serial));
    }
}
