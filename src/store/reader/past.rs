//! How things stood at a time that is over.

use std::collections::BTreeMap;

use rusqlite::types::Value as Cell;

use super::Reader;
use crate::model::{StateInterval, SubjectId, UnixMs};
use crate::store::StoreError;

impl Reader {
    /// The interval of each subject's record that holds `at`, unclipped; none of a subject that
    /// was not known then.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn states_at(&self, at: UnixMs) -> Result<BTreeMap<SubjectId, StateInterval>, StoreError> {
        let found = self.rows(
            // `CROSS`: subject by subject, not from the index of the ends over all of them.
            "SELECT k.key, s.t0, s.t1, s.state, c.key FROM subject k
             CROSS JOIN state s ON s.subject = k.id
              AND s.t0 = (SELECT max(t0) FROM state WHERE subject = k.id AND t0 <= ?1)
             LEFT JOIN subject c ON c.id = s.cause
             WHERE s.t1 IS NULL OR s.t1 > ?1",
            [Cell::Integer(at.0)],
            |row| {
                let interval = StateInterval {
                    from: UnixMs(self.get(row.get(1))?),
                    to: self.get(row.get::<_, Option<i64>>(2))?.map(UnixMs),
                    state: self.state(row.get(3))?,
                    cause: self.optional_subject(row.get(4))?,
                };
                Ok((self.subject(row.get(0))?, interval))
            },
        )?;
        Ok(found.into_iter().collect())
    }
}
