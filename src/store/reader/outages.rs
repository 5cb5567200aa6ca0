//! Outages, found where they are: in each subject's record from its last sign of life before the
//! window to the first after it.

use std::collections::BTreeSet;

use rusqlite::types::Value as Cell;

use super::Reader;
use crate::coverage::{Outage, outages};
use crate::model::{Span, State, StateInterval, SubjectId, UnixMs};
use crate::store::StoreError;

/// An outage and whose it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectOutage {
    /// Whose.
    pub subject: SubjectId,
    /// The outage.
    pub outage: Outage,
}

/// Which outages are wanted; the default is all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutageFilter {
    /// Of these subjects only.
    pub subjects: Option<BTreeSet<SubjectId>>,
    /// With one of these root causes only: a subject's own (`down`) or those it made unreachable.
    pub causes: Option<BTreeSet<SubjectId>>,
    /// That ended, or are, in this state only.
    pub state: Option<State>,
    /// At least this long; an open one counts as long enough.
    pub longer_than_ms: i64,
}

impl OutageFilter {
    fn wants(&self, subject: &SubjectId, outage: &Outage) -> bool {
        self.causes
            .as_ref()
            .is_none_or(|all| all.contains(outage.cause.as_ref().unwrap_or(subject)))
            && self.state.is_none_or(|state| outage.state == state)
            && outage.end.is_none_or(|end| end.since(outage.start) >= self.longer_than_ms)
    }
}

/// By subject, its record from the last interval that lived before ?1 to the first that lives from
/// ?2 on: whole outages, each found by the key of `state`. `CROSS` keeps SQLite to this order, in
/// which nothing has to be sorted.
macro_rules! records {
    ($subjects:literal) => {
        concat!(
            "SELECT k.key, s.t0, s.t1, s.state, c.key FROM subject k
             CROSS JOIN state s ON s.subject = k.id
              AND s.t0 >= coalesce((SELECT t0 FROM state WHERE subject = k.id AND t0 <= ?1
                                    AND state IN (0, 1) ORDER BY t0 DESC LIMIT 1), ?3)
              AND s.t0 <= coalesce((SELECT t0 FROM state WHERE subject = k.id AND t0 >= ?2
                                    AND state IN (0, 1) ORDER BY t0 LIMIT 1), ?4)
             LEFT JOIN subject c ON c.id = s.cause ",
            $subjects,
            " ORDER BY k.key, s.t0"
        )
    };
}

impl Reader {
    /// The outages that touch `window`, by subject, oldest first; each whole, from its true start.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn outages(
        &self,
        window: Span,
        filter: &OutageFilter,
    ) -> Result<Vec<SubjectOutage>, StoreError> {
        let ends = [window.from.0, window.to.0, i64::MIN, i64::MAX].map(Cell::Integer);
        let [from, to, first, last] = ends.clone();
        let mut found = Vec::new();
        match &filter.subjects {
            None => {
                // One subject's record at a time is held, however many there are.
                let mut record: Vec<(SubjectId, StateInterval)> = Vec::new();
                self.rows(records!(""), ends, |row| {
                    let (subject, interval) = self.record_row(row)?;
                    if record.first().is_some_and(|(of, _)| *of != subject) {
                        add(&mut found, &record, window, filter);
                        record.clear();
                    }
                    record.push((subject, interval));
                    Ok(())
                })?;
                add(&mut found, &record, window, filter);
            }
            Some(subjects) => {
                for subject in subjects {
                    let one = Cell::Text(subject.as_str().to_owned());
                    let params = [from.clone(), to.clone(), first.clone(), last.clone(), one];
                    let sql = records!("WHERE k.key = ?5");
                    let record = self.rows(sql, params, |row| self.record_row(row))?;
                    add(&mut found, &record, window, filter);
                }
            }
        }
        Ok(found)
    }

    fn record_row(
        &self,
        row: &rusqlite::Row<'_>,
    ) -> Result<(SubjectId, StateInterval), StoreError> {
        let interval = StateInterval {
            from: UnixMs(self.get(row.get(1))?),
            to: self.get(row.get::<_, Option<i64>>(2))?.map(UnixMs),
            state: self.state(row.get(3))?,
            cause: self.optional_subject(row.get(4))?,
        };
        Ok((self.subject(row.get(0))?, interval))
    }
}

/// Adds what is wanted of one subject's record.
fn add(
    found: &mut Vec<SubjectOutage>,
    record: &[(SubjectId, StateInterval)],
    window: Span,
    filter: &OutageFilter,
) {
    let Some((subject, _)) = record.first() else { return };
    let intervals: Vec<StateInterval> = record.iter().map(|(_, i)| i.clone()).collect();
    let touching = outages(&intervals).into_iter().filter(|o| {
        o.start < window.to && o.end.is_none_or(|end| end > window.from) && filter.wants(subject, o)
    });
    found.extend(touching.map(|outage| SubjectOutage { subject: subject.clone(), outage }));
}
