//! A subject's intervals as one value of a statement.
//!
//! A year of a province has millions of them. Stepping from row to row and asking for five columns
//! of each takes three times as long as finding them, so an aggregate of ours gathers the columns
//! of one subject while SQLite runs through its record, and a row comes for each subject only.
//!
//! An interval is `what | t0 | t1 | cause`, numbers as 8 bytes (little endian), the last two only
//! where `what` says so.

use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error};

/// The name of the aggregate: of `t0`, `t1`, `state`, `cause`.
const NAME: &str = "packed_intervals";
/// Bits of `what`: the state, and which numbers there are.
const STATE: u8 = 0b0111;
const ENDS: u8 = 0b1000;
const HAS_CAUSE: u8 = 0b1_0000;
/// Stands for whatever no store has in these columns.
const BAD: u8 = 0xff;
/// Bytes of most intervals: closed, without a cause.
const USUAL_BYTES: usize = 17;

type Sql<T> = Result<T, Error>;

/// An interval as it is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Recorded {
    pub(super) t0: i64,
    pub(super) t1: Option<i64>,
    pub(super) state: i64,
    pub(super) cause: Option<i64>,
}

/// The columns are not those of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadRecord;

struct Packing;

impl Aggregate<Vec<u8>, Vec<u8>> for Packing {
    fn init(&self, _: &mut Context<'_>) -> Sql<Vec<u8>> {
        Ok(Vec::new())
    }

    fn step(&self, row: &mut Context<'_>, bytes: &mut Vec<u8>) -> Sql<()> {
        match interval_of([0, 1, 2, 3].map(|column| row.get_raw(column))) {
            Some(interval) => put(bytes, interval),
            None => bytes.push(BAD),
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, bytes: Option<Vec<u8>>) -> Sql<Vec<u8>> {
        Ok(bytes.unwrap_or_default())
    }
}

/// `None` for columns that no record has.
fn interval_of([t0, t1, state, cause]: [ValueRef<'_>; 4]) -> Option<Recorded> {
    let number = |value| match value {
        ValueRef::Integer(number) => Some(number),
        _ => None,
    };
    let optional = |value| match value {
        ValueRef::Null => Some(None),
        value => number(value).map(Some),
    };
    let (t0, state) = (number(t0)?, number(state)?);
    Some(Recorded { t0, t1: optional(t1)?, state, cause: optional(cause)? })
}

fn put(bytes: &mut Vec<u8>, interval: Recorded) {
    let Recorded { t0, t1, state, cause } = interval;
    // What is no state stays none.
    let state = u8::try_from(state).map_or(STATE, |state| state.min(STATE));
    let ends = if t1.is_some() { ENDS } else { 0 };
    let has_cause = if cause.is_some() { HAS_CAUSE } else { 0 };
    bytes.push(state | ends | has_cause);
    bytes.extend_from_slice(&t0.to_le_bytes());
    for number in [t1, cause].into_iter().flatten() {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
}

/// Makes `packed_intervals` known to a connection.
pub(super) fn introduce(conn: &Connection) -> Sql<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_DIRECTONLY;
    conn.create_aggregate_function(NAME, 4, flags, Packing)
}

/// The intervals in the bytes that `packed_intervals` has made, in the order SQLite ran through
/// them.
pub(super) struct Unpacked<'a> {
    rest: &'a [u8],
}

impl<'a> Unpacked<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// About how many there are: no fewer where only the last one is open.
    pub(super) const fn about(&self) -> usize {
        self.rest.len().div_ceil(USUAL_BYTES)
    }

    fn number(&mut self) -> Result<i64, BadRecord> {
        let (number, rest) = self.rest.split_first_chunk::<8>().ok_or(BadRecord)?;
        self.rest = rest;
        Ok(i64::from_le_bytes(*number))
    }

    fn take(&mut self, what: u8) -> Result<Recorded, BadRecord> {
        if what == BAD {
            return Err(BadRecord);
        }
        let t0 = self.number()?;
        let t1 = if what & ENDS == 0 { None } else { Some(self.number()?) };
        let cause = if what & HAS_CAUSE == 0 { None } else { Some(self.number()?) };
        Ok(Recorded { t0, t1, state: i64::from(what & STATE), cause })
    }
}

impl Iterator for Unpacked<'_> {
    type Item = Result<Recorded, BadRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        let (what, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(self.take(*what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_comes_back_as_it_was() {
        let mut all = Vec::new();
        for (t1, cause) in [(None, None), (Some(i64::MAX), None), (Some(0), Some(i64::MIN))] {
            for state in 0..=4 {
                all.push(Recorded { t0: i64::MIN + state, t1, state, cause });
            }
        }
        let mut bytes = Vec::new();
        all.iter().for_each(|one| put(&mut bytes, *one));
        let unpacked = Unpacked::new(&bytes);
        assert_eq!(unpacked.collect::<Result<Vec<_>, _>>(), Ok(all));
        bytes.pop();
        assert_eq!(Unpacked::new(&bytes).last(), Some(Err(BadRecord)));
    }

    #[test]
    fn what_is_no_state_and_no_number_is_not_taken_for_one() {
        let conn = Connection::open_in_memory().unwrap();
        introduce(&conn).unwrap();
        let packed = |row: &str| -> Vec<u8> {
            let sql = format!(
                "SELECT packed_intervals(column1, column2, column3, column4) FROM (VALUES {row})"
            );
            conn.query_row(&sql, [], |row| row.get(0)).unwrap()
        };
        let one = |row: &str| Unpacked::new(&packed(row)).next().unwrap();
        let state = |row: &str| one(row).map(|interval| interval.state);
        assert_eq!(state("(1, 2, 3, 4)"), Ok(3));
        for other in ["5", "7", "8", "-1", "300"] {
            assert!(state(&format!("(1, 2, {other}, 4)")).is_ok_and(|state| state > 4), "{other}");
        }
        for row in ["('x', 2, 3, 4)", "(1, 'x', 3, 4)", "(1, 2, NULL, 4)", "(1, 2, 3, x'00')"] {
            assert_eq!(one(row), Err(BadRecord), "{row}");
        }
    }
}
