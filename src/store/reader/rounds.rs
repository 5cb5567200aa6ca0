//! Everybody's rounds in the order they were sent, for a replay of recorded time.
//!
//! Blocks stand by subject, so time is read in slices: memory is what one slice holds, however
//! long the window.

use std::collections::HashMap;
use std::ops::ControlFlow;

use super::Reader;
use crate::model::{Sample, Span, SubjectId};
use crate::store::StoreError;
use crate::store::content::{Content, Kind};

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
        self.rounds_of(window, &|_| true, each)
    }

    /// [`Self::rounds`] of those subjects only that `is_wanted`.
    ///
    /// # Errors
    /// When the file cannot be read; what came before has been handed over.
    pub fn rounds_of(
        &self,
        window: Span,
        is_wanted: &dyn Fn(&SubjectId) -> bool,
        each: &mut dyn FnMut(&SubjectId, Sample) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let mut left = window;
        loop {
            // Anew for each slice: a subject may have come since.
            let mut named = self.named_rounds()?;
            named.retain(|_, (_, subject)| is_wanted(subject));
            let wanted = named.iter().map(|(number, (kind, _))| (*number, *kind)).collect();
            let Some(slice) = self.next_slice(left, named.len())? else { return Ok(()) };
            let mut found: Vec<(&SubjectId, Sample)> = Vec::new();
            for (series, content) in self.gather(&wanted, slice)? {
                let (Some((_, id)), Content::Rounds(samples)) = (named.get(&series), content)
                else {
                    continue;
                };
                found.extend(samples.into_iter().filter(|s| slice.contains(s.at)).map(|s| (id, s)));
            }
            found.sort_unstable_by_key(|(id, sample)| (sample.at, *id, sample.check));
            for (id, sample) in found {
                if each(id, sample).is_break() {
                    return Ok(());
                }
            }
            left.from = slice.to;
        }
    }

    fn named_rounds(&self) -> Result<HashMap<u32, (Kind, SubjectId)>, StoreError> {
        let found = self.rows(
            "SELECT s.id, s.kind, s.name, k.key FROM series s JOIN subject k ON k.id = s.subject
             WHERE s.kind = 'rounds'",
            [],
            |row| {
                let (number, kind) = self.series_row(row)?;
                Ok((number, (kind, self.subject(row.get(3))?)))
            },
        )?;
        Ok(found.into_iter().collect())
    }
}
