//! Everybody's rounds in the order they were sent, for a replay of recorded time.
//!
//! The rows of an hour stand by subject, so an hour is read in slices, each with one short look
//! at every subject: memory is what one slice holds, however long the window.

use std::collections::HashMap;
use std::ops::ControlFlow;

use rusqlite::types::Value;

use super::Reader;
use crate::model::{Sample, Span, SubjectId, UnixMs};
use crate::store::StoreError;
use crate::store::apply::HOUR_MS;

/// What is held in memory at a time, in milliseconds: 100,000 rounds of 10,000 subjects asked
/// every 30 s.
const SLICE_MS: i64 = 300_000;

impl Reader {
    /// Hands over the samples of all subjects inside `window`, by time, then subject's id, then
    /// check; stops early at [`ControlFlow::Break`]. No transaction is open while `each` runs, so
    /// it may take its time.
    ///
    /// # Errors
    /// When the file cannot be read; what came before has been handed over.
    pub fn rounds(
        &self,
        window: Span,
        each: &mut dyn FnMut(&SubjectId, Sample) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let mut known = Known::default();
        let mut slice = window;
        while let Some(hour) = self.next_hour(slice)? {
            let hour_starts = UnixMs(hour.saturating_mul(HOUR_MS));
            slice.from = slice.from.max(hour_starts);
            let hour_ends = (hour_starts + HOUR_MS).min(window.to);
            while slice.from < hour_ends {
                let to = (slice.from + SLICE_MS).min(hour_ends);
                for (subject, sample) in self.slice(hour, Span::new(slice.from, to), &mut known)? {
                    if each(&known.ids[subject], sample).is_break() {
                        return Ok(());
                    }
                }
                slice.from = to;
            }
        }
        Ok(())
    }

    /// The first hour that holds rows and touches `window`.
    fn next_hour(&self, window: Span) -> Result<Option<i64>, StoreError> {
        if window.is_empty() {
            return Ok(None);
        }
        let (from, to) = (window.from.0.div_euclid(HOUR_MS), (window.to.0 - 1).div_euclid(HOUR_MS));
        let found = self.rows(
            "SELECT min(hour) FROM sample WHERE hour BETWEEN ?1 AND ?2",
            [Value::Integer(from), to.into()],
            |row| self.get(row.get::<_, Option<i64>>(0)),
        )?;
        Ok(found.into_iter().flatten().next())
    }

    /// In order; the subject as its place in `known`.
    fn slice(
        &self,
        hour: i64,
        span: Span,
        known: &mut Known,
    ) -> Result<Vec<(usize, Sample)>, StoreError> {
        // CROSS JOIN: a look at each subject's rows by the key, not at all rows of the hour.
        let mut found = self.rows(
            "SELECT s.at, s.chk, s.sent, s.lost, s.error, s.rtts, k.id
             FROM subject k CROSS JOIN sample s
             WHERE s.hour = ?1 AND s.subject = k.id AND s.at >= ?2 AND s.at < ?3",
            [Value::Integer(hour), span.from.0.into(), span.to.0.into()],
            |row| Ok((self.get(row.get::<_, i64>(6))?, self.sample(row)?)),
        )?;
        if found.iter().any(|(number, _)| !known.places.contains_key(number)) {
            *known = Known::new(self.subjects(None)?);
        }
        let place = |number: &i64| known.places.get(number).copied();
        let mut placed: Vec<(usize, Sample)> =
            found.drain(..).filter_map(|(number, s)| place(&number).map(|p| (p, s))).collect();
        placed.sort_unstable_by_key(|(place, sample)| (sample.at, *place, sample.check));
        Ok(placed)
    }
}

/// The subjects by id, and where each number stands among them.
#[derive(Default)]
struct Known {
    ids: Vec<SubjectId>,
    places: HashMap<i64, usize>,
}

impl Known {
    fn new(mut subjects: Vec<(i64, SubjectId)>) -> Self {
        subjects.sort_unstable_by(|a, b| a.1.cmp(&b.1));
        let places = subjects.iter().enumerate().map(|(n, (number, _))| (*number, n)).collect();
        Self { ids: subjects.into_iter().map(|(_, id)| id).collect(), places }
    }
}
