//! State intervals, a subject's whole record at a time.

use std::collections::BTreeMap;

use rusqlite::types::Value as Cell;

use super::packed::{BadRecord, Recorded, Unpacked};
use super::{Current, Reader};
use crate::model::{Span, StateInterval, SubjectId, UnixMs};
use crate::store::{StoreError, schema};

/// Subjects whose records are read by one statement: a millisecond, and what stays in the
/// processor's cache until it is handed over.
const SUBJECTS_AT_ONCE: usize = 64;

/// Takes a subject's id and its record, which it may change or take away.
pub(super) type TakesRecord<'a> = &'a mut dyn FnMut(i64, &SubjectId, &mut Vec<StateInterval>);

/// What is known of one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// Whose.
    pub subject: SubjectId,
    /// Its intervals in the window asked for, unclipped, in order of time.
    pub record: Vec<StateInterval>,
    /// Newest sample that says something about the subject.
    pub last_round: Option<UnixMs>,
}

impl Remembered {
    /// The interval that lasts; `None` where the record has ended.
    #[must_use]
    pub fn current(&self) -> Option<Current> {
        let last = self.record.last().filter(|last| last.to.is_none())?;
        Some(Current {
            subject: self.subject.clone(),
            state: last.state,
            since: last.from,
            cause: last.cause.clone(),
            last_round: self.last_round,
        })
    }
}

/// The ids of subjects by number.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Sorted by number.
    known: Vec<(i64, SubjectId)>,
    /// Looked up one by one: they came later.
    late: BTreeMap<i64, SubjectId>,
}

impl Names {
    /// `known` is sorted by number.
    pub(super) const fn new(known: Vec<(i64, SubjectId)>) -> Self {
        Self { known, late: BTreeMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    fn get(&self, number: i64) -> Option<&SubjectId> {
        // Numbers are given out one after another, and a subject is never deleted: mostly the
        // place follows from the number.
        let (first, _) = self.known.first()?;
        let place = number.checked_sub(*first).and_then(|place| usize::try_from(place).ok());
        match place.and_then(|place| self.known.get(place)) {
            Some((found, id)) if *found == number => Some(id),
            _ => match self.known.binary_search_by_key(&number, |(known, _)| *known) {
                Ok(place) => self.known.get(place).map(|(_, id)| id),
                Err(_) => self.late.get(&number),
            },
        }
    }
}

impl Reader {
    /// The intervals that touch `window`, unclipped, of one subject or of all that have any.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn intervals(
        &self,
        subject: Option<&SubjectId>,
        window: Span,
    ) -> Result<BTreeMap<SubjectId, Vec<StateInterval>>, StoreError> {
        let mut names = Names::new(self.subjects(subject)?);
        let mut found: BTreeMap<SubjectId, Vec<StateInterval>> = BTreeMap::new();
        self.records(&mut names, window, &mut |_, id, record| {
            found.insert(id.clone(), std::mem::take(record));
        })?;
        Ok(found)
    }

    /// Hands over the intervals that touch `window`, unclipped and in order of time, of every
    /// subject that has any, one subject after another. `each` may change the record it is given;
    /// no transaction is open while it runs. Memory is what some dozen records take, however many
    /// there are.
    ///
    /// # Errors
    /// When the file cannot be read; what came before has been handed over.
    pub fn each_record(
        &self,
        window: Span,
        each: &mut dyn FnMut(&SubjectId, &mut Vec<StateInterval>),
    ) -> Result<(), StoreError> {
        let mut names = Names::new(self.subjects(None)?);
        self.records(&mut names, window, &mut |_, id, record| each(id, record))
    }

    /// What is recorded of every subject that has intervals in `window`, and its last round.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn remembered(&self, window: Span) -> Result<Vec<Remembered>, StoreError> {
        // Before the table of what is sealed: a round on its way there is seen here or there.
        let mut last_rounds = self.newest_open()?;
        let latest = self.rows("SELECT subject, at FROM latest ORDER BY subject", [], |row| {
            Ok((self.get(row.get(0))?, self.get(row.get(1))?))
        })?;
        last_rounds.extend(latest);
        last_rounds.sort();
        let mut names = Names::new(self.subjects(None)?);
        let mut found = Vec::with_capacity(names.len());
        let mut rest = last_rounds.into_iter().peekable();
        self.records(&mut names, window, &mut |number, id, record| {
            // Records come by number, too; of one subject's rounds the newest is the last.
            let mut last_round = None;
            while let Some((of, at)) = rest.next_if(|(of, _)| *of <= number) {
                last_round = Some(UnixMs(at)).filter(|_| of == number);
            }
            let (subject, record) = (id.clone(), std::mem::take(record));
            found.push(Remembered { subject, record, last_round });
        })?;
        Ok(found)
    }

    /// The records of the subjects in `names`, with their numbers and in their order.
    pub(super) fn records(
        &self,
        names: &mut Names,
        window: Span,
        each: TakesRecord<'_>,
    ) -> Result<(), StoreError> {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        let mut record = Vec::new();
        let mut next = 0;
        // A statement for some of them: short transactions, however long the window.
        while let Some(some) = names.known.get(next..names.len().min(next + SUBJECTS_AT_ONCE))
            && let (Some((first, _)), Some((last, _))) = (some.first(), some.last())
        {
            self.packed((*first, *last), window, &mut bytes, &mut ends)?;
            next += some.len();
            let mut start = 0;
            for &(number, end) in &ends {
                let packed = bytes.get(start..end).unwrap_or_default();
                start = end;
                self.unpack(packed, window, names, &mut record)?;
                if !record.is_empty() {
                    let id = self.name(names, number)?;
                    each(number, &id, &mut record);
                }
            }
        }
        Ok(())
    }

    /// Puts into `bytes` the records of the subjects numbered `first` to `last`, and into `ends`
    /// whose they are and where they end; both are emptied.
    fn packed(
        &self,
        (first, last): (i64, i64),
        window: Span,
        bytes: &mut Vec<u8>,
        ends: &mut Vec<(i64, usize)>,
    ) -> Result<(), StoreError> {
        bytes.clear();
        ends.clear();
        let fail = || schema::sql("read", &self.path);
        let mut statement = self
            .link
            .conn
            .prepare_cached(
                "SELECT k.id,
                        (SELECT packed_intervals(s.t0, s.t1, s.state, s.cause) FROM state s
                         WHERE s.subject = k.id AND s.t0 < ?4 AND s.t0 >= coalesce(
                           (SELECT max(t0) FROM state WHERE subject = k.id AND t0 <= ?3), ?3))
                 FROM subject k WHERE k.id BETWEEN ?1 AND ?2 ORDER BY k.id",
            )
            .map_err(fail())?;
        let mut rows = statement.query([first, last, window.from.0, window.to.0]).map_err(fail())?;
        while let Some(row) = rows.next().map_err(fail())? {
            let packed = row.get_ref(1).and_then(|v| v.as_blob().map_err(Into::into));
            bytes.extend_from_slice(packed.map_err(fail())?);
            ends.push((self.get(row.get(0))?, bytes.len()));
        }
        Ok(())
    }

    /// Puts into `record`, which is emptied, the intervals that touch `window`.
    fn unpack(
        &self,
        packed: &[u8],
        window: Span,
        names: &mut Names,
        record: &mut Vec<StateInterval>,
    ) -> Result<(), StoreError> {
        let unpacked = Unpacked::new(packed);
        record.clear();
        record.reserve_exact(unpacked.about());
        for one in unpacked {
            let Recorded { t0, t1, state, cause } =
                one.map_err(|BadRecord| self.corrupt("interval", "columns of another table"))?;
            // The last that began before the window may have ended before it, too.
            if t1.is_some_and(|t1| t1 <= window.from.0) {
                continue;
            }
            let cause = cause.map(|number| self.name(names, number)).transpose()?;
            let (from, to) = (UnixMs(t0), t1.map(UnixMs));
            record.push(StateInterval { from, to, state: self.state(Ok(state))?, cause });
        }
        // SQLite promises no order inside an aggregate; it runs along the key.
        if !record.is_sorted_by_key(|interval| interval.from) {
            record.sort_by_key(|interval| interval.from);
        }
        Ok(())
    }

    /// The id of a subject's number.
    pub(super) fn name(&self, names: &mut Names, number: i64) -> Result<SubjectId, StoreError> {
        if let Some(id) = names.get(number) {
            return Ok(id.clone());
        }
        let found =
            self.rows("SELECT key FROM subject WHERE id = ?1", [Cell::Integer(number)], |row| {
                self.subject(row.get(0))
            })?;
        let missing = || self.corrupt("number of a subject", &number.to_string());
        let id = found.into_iter().next().ok_or_else(missing)?;
        names.late.insert(number, id.clone());
        Ok(id)
    }
}
