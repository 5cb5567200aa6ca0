//! How many rounds say something about each subject: what stands at the foot of a report.
//!
//! Only the first number of a rollup is read, so that a month of 2,000 subjects takes some ten
//! milliseconds; [`Reader::totals`] merges their distributions, too.

use std::collections::{BTreeMap, HashMap};

use super::Reader;
use super::samples::Resolution;
use crate::model::{Span, SubjectId};
use crate::store::StoreError;
use crate::store::sketch::Rollup;

impl Reader {
    /// Rounds of every subject's primary check inside `window` that say something about it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn received(&self, window: Span) -> Result<BTreeMap<SubjectId, u64>, StoreError> {
        let mut counts: HashMap<u32, u64> = HashMap::new();
        let mut rest = vec![window];
        for resolution in [Resolution::Day, Resolution::Hour] {
            let mut left = Vec::new();
            for part in rest {
                left.extend(self.each_rollup(part, resolution, &mut |series, bytes| {
                    *counts.entry(series).or_default() += Rollup::decode_rounds(bytes)?;
                    Ok(())
                })?);
            }
            rest = left;
        }
        for part in rest {
            self.each_sample(part, &mut |series, sample| {
                if !sample.is_invalid() {
                    *counts.entry(series).or_default() += 1;
                }
            })?;
        }
        let named = self.primaries()?.into_iter();
        Ok(named.filter_map(|(series, id)| Some((id, counts.remove(&series)?))).collect())
    }
}
