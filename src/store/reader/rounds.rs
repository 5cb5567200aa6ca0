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
        let mut wanted = self.all_series()?;
        wanted.retain(|_, kind| matches!(kind, Kind::Rounds(_)));
        let named: HashMap<u32, SubjectId> = self
            .rows(
                "SELECT s.id, k.key FROM series s JOIN subject k ON k.id = s.subject",
                [],
                |row| Ok((self.get(row.get(0))?, self.subject(row.get(1))?)),
            )?
            .into_iter()
            .collect();
        let mut left = window;
        while let Some(slice) = self.next_slice(left, wanted.len())? {
            let mut found: Vec<(&SubjectId, Sample)> = Vec::new();
            for (series, content) in self.gather(&wanted, slice)? {
                let (Some(id), Content::Rounds(samples)) = (named.get(&series), content) else {
                    continue;
                };
                found.extend(
                    samples.into_iter().filter(|s| slice.contains(s.at)).map(|s| (id, s)),
                );
            }
            found.sort_unstable_by_key(|(id, sample)| (sample.at, *id, sample.check));
            for (id, sample) in found {
                if each(id, sample).is_break() {
                    return Ok(());
                }
            }
            left.from = slice.to;
        }
        Ok(())
    }
}
