//! How many rounds say something about each subject: what stands at the foot of a report.
//!
//! Only the first number of a rollup is read, so that a month of 2,000 subjects takes some ten
//! milliseconds; [`Reader::totals`] merges their distributions, too.

use std::collections::BTreeMap;

use super::Reader;
use super::samples::Resolution;
use crate::model::{Span, SubjectId};
use crate::store::StoreError;

impl Reader {
    /// Rounds of every subject's primary check inside `window` that say something about it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn received(&self, window: Span) -> Result<BTreeMap<SubjectId, u64>, StoreError> {
        let primaries = self.primaries()?;
        // By the number of the series: a hundred thousand rollups are looked at for a month.
        let last = primaries.iter().map(|(series, _)| *series).max().unwrap_or(0);
        let mut counts = vec![0_u64; usize::try_from(last).unwrap_or(0) + 1];
        let mut rest = vec![window];
        for resolution in [Resolution::Day, Resolution::Hour] {
            let mut left = Vec::new();
            for part in rest {
                left.extend(self.each_rollup(part, resolution, &mut |series, kept| {
                    if let Some(count) = counts.get_mut(series as usize) {
                        *count += kept.rounds()?;
                    }
                    Ok(())
                })?);
            }
            rest = left;
        }
        for part in rest {
            self.each_sample(part, &mut |series, sample| {
                if let Some(count) =
                    counts.get_mut(series as usize).filter(|_| !sample.is_invalid())
                {
                    *count += 1;
                }
            })?;
        }
        let count = |series: u32| counts.get(series as usize).copied().filter(|count| *count > 0);
        Ok(primaries.into_iter().filter_map(|(series, id)| Some((id, count(series)?))).collect())
    }
}
