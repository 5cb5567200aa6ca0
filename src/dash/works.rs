//! The announced work of now and to come. Pure.

use super::fetched::Fetched;
use super::place::Place;
use super::state::{Cmd, Row};
use crate::api::Work;
use crate::model::{Id, UnixMs};

/// How old they become before they are asked for anew, in milliseconds.
const FRESH_MS: i64 = 5_000;

/// What is known of it.
#[derive(Debug, Clone, Default)]
pub struct Works {
    /// Within the list.
    pub place: Place<Row>,
    /// As it came, by its next beginning.
    pub fetched: Fetched<Work>,
}

impl Works {
    /// One piece of it.
    #[must_use]
    pub fn work(&self, id: &Id) -> Option<&Work> {
        self.fetched.list.iter().find(|work| work.id == *id)
    }

    /// The rows.
    pub(super) fn rows(&self) -> Vec<Row> {
        self.fetched.list.iter().map(|work| Row::Work(work.id.clone())).collect()
    }

    /// Asks for it when it is old.
    pub(super) fn ask(&mut self, now: UnixMs, commands: &mut Vec<Cmd>) {
        if self.fetched.ask(now, FRESH_MS) {
            commands.push(Cmd::Works);
        }
    }
}
