//! What the journal holds of an hour, by series. The entries stay as they stand in the rows until their
//! series is taken: fifteen bytes a round instead of eighty, and whoever writes a block finds the
//! rounds that were just read at hand.

use std::ops::{Range, RangeInclusive};

use rusqlite::Connection;

use super::block::{Cut, RowHead, cut_row};
use super::content::{Content, Kind, Kinds};

type Sql<T> = Result<T, rusqlite::Error>;

/// Bytes that an entry mostly takes in its row.
const USUAL_BYTES: usize = 8;

/// The entries of some series, taken one series after the other.
#[derive(Debug, Default)]
pub(super) struct HourEntries {
    heads: Vec<RowHead>,
    /// The entries of all rows, one after the other.
    bytes: Vec<u8>,
    /// By series, then in the order in which they were written.
    places: Vec<Place>,
    /// Of each series behind the first the end of its own in `places`.
    ends: Vec<u32>,
    /// The series of `ends[0]`.
    first: u32,
    /// How many series are taken.
    taken: usize,
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// In `heads`.
    row: u32,
    /// In `bytes`.
    from: u32,
}

impl HourEntries {
    /// Reads those of the series in `part`, of which `about` so many are expected, from the rows under
    /// `keys`. What cannot be read of a row is told in the log and given up.
    ///
    /// # Errors
    /// SQLite's.
    pub(super) fn read(
        conn: &Connection,
        keys: RangeInclusive<i64>,
        part: Range<u32>,
        about: usize,
    ) -> Sql<Self> {
        // What is this large leaves holes where it grows beside others.
        let bytes = Vec::with_capacity(about * USUAL_BYTES);
        let mut read = Self { first: part.start, bytes, ..Self::default() };
        // In the order of the rows, each with its series' place in `part`.
        let mut found: Vec<(u32, Place)> = Vec::with_capacity(about);
        let mut counts = vec![0_u32; part.len()];
        let mut statement = conn.prepare_cached(
            "SELECT key, data FROM journal WHERE key BETWEEN ?1 AND ?2 ORDER BY key",
        )?;
        let mut rows = statement.query([keys.start(), keys.end()])?;
        while let Some(row) = rows.next()? {
            let data = row.get_ref(1)?.as_blob()?;
            // Keys have room for 16 million rows of an hour.
            let row_number = read.heads.len() as u32;
            let before = u32::try_from(read.bytes.len())
                .map_err(|_| rusqlite::Error::IntegralValueOutOfRange(1, i64::MAX))?;
            let cut = cut_row(data, &part, |series, from| {
                let series = series - part.start;
                counts[series as usize] += 1;
                found.push((series, Place { row: row_number, from: before + from as u32 }));
            });
            let bad = match cut {
                Ok(Cut { head, entries, fault }) => {
                    read.heads.push(head);
                    read.bytes.extend_from_slice(entries);
                    fault
                }
                Err(bad) => Some(bad),
            };
            if let Some(bad) = bad {
                let key: i64 = row.get(0)?;
                tracing::error!(key, %bad, "what cannot be read of a row of the journal is given up");
            }
        }
        read.sort(&found, counts);
        Ok(read)
    }

    /// Puts what was found in the order of the series, of which there are so many each.
    fn sort(&mut self, found: &[(u32, Place)], counts: Vec<u32>) {
        self.places.resize(found.len(), Place::default());
        // Where the next of each series goes: at last where they end.
        self.ends = counts;
        let mut begin = 0;
        for count in &mut self.ends {
            begin += std::mem::replace(count, begin);
        }
        for (series, place) in found {
            let next = &mut self.ends[*series as usize];
            self.places[*next as usize] = *place;
            *next += 1;
        }
    }

    /// True when nothing is left to be taken.
    pub(super) fn is_empty(&self) -> bool {
        self.range(self.taken).start == self.places.len()
    }

    /// What there is of the next series that has any and is known.
    pub(super) fn take(&mut self, kinds: &Kinds) -> Option<(u32, Kind, Content)> {
        while self.taken < self.ends.len() {
            let (series, range) = (self.first + self.taken as u32, self.range(self.taken));
            self.taken += 1;
            if range.is_empty() {
                continue;
            }
            if let Some(kind) = kinds.of(series) {
                return Some((series, kind, self.content(series, kind, range)));
            }
        }
        None
    }

    /// Where in `places` the entries of a series stand.
    fn range(&self, series: usize) -> Range<usize> {
        let end =
            |series: usize| self.ends.get(series).map_or(self.places.len(), |end| *end as usize);
        series.checked_sub(1).map_or(0, end)..end(series)
    }

    fn content(&self, series: u32, kind: Kind, range: Range<usize>) -> Content {
        let mut content = Content::for_many(kind, range.len());
        for place in &self.places[range] {
            let (head, entry) =
                (&self.heads[place.row as usize], &self.bytes[place.from as usize..]);
            if let Err(bad) = content.add_entry(head, entry) {
                tracing::error!(series, %bad, "an entry of the journal cannot be read and is given up");
            }
        }
        content
    }
}

#[cfg(test)]
mod tests {
    use super::super::block::{encode_point_row, encode_row};
    use super::*;
    use crate::model::{Point, Rtts, Sample, UnixMs};

    fn round(at: i64) -> Sample {
        let rtts = Rtts::from_us(&[at as u32 * 1_000]);
        Sample { at: UnixMs(at), check: 0, sent: 1, lost: 0, rtts, error: None }
    }

    /// Series 1 and 3 are rounds, 2 is a gauge; nobody knows 4.
    fn journal() -> Connection {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(
            "CREATE TABLE journal (key INTEGER PRIMARY KEY, data BLOB NOT NULL);
             CREATE TABLE series (id INTEGER PRIMARY KEY, kind, name, subject);
             INSERT INTO series VALUES (1, 'rounds', '0', 7), (2, 'gauge', 'load', 7), (3, 'rounds', '0', 8);",
        )
        .unwrap();
        let mut bytes = Vec::new();
        let insert = |key: i64, bytes: &[u8]| {
            conn.execute("INSERT INTO journal VALUES (?1, ?2)", (key, bytes)).unwrap();
        };
        encode_row(&[(1, round(5)), (3, round(6)), (4, round(6))], &mut bytes);
        insert(1, &bytes);
        // A row that is torn, and one of another hour.
        bytes[3] ^= 1;
        insert(2, &bytes);
        let point = (2, Point { at: UnixMs(7), value: -3 });
        encode_point_row(UnixMs(7), [point].into_iter(), &mut bytes);
        insert(3, &bytes);
        encode_row(&[(1, round(2)), (1, round(9)), (3, round(8))], &mut bytes);
        insert(4, &bytes);
        insert(50, &bytes);
        conn
    }

    fn taken(part: Range<u32>) -> Vec<(u32, Content)> {
        let conn = journal();
        let mut kinds = Kinds::default();
        kinds.refresh(&conn).unwrap();
        let mut entries = HourEntries::read(&conn, 1..=4, part, 3).unwrap();
        let mut all = Vec::new();
        while let Some((series, kind, content)) = entries.take(&kinds) {
            assert_eq!(Some(kind), kinds.of(series));
            all.push((series, content));
        }
        assert!(entries.is_empty());
        all
    }

    #[test]
    fn a_part_holds_no_more_bytes_than_its_own_entries_take() {
        let conn = journal();
        let bytes =
            |part| HourEntries::read(&conn, 1..=4, part, 3).map(|read| read.bytes.len()).unwrap();
        assert!(bytes(0..2) > 0 && bytes(2..4) > 0 && bytes(4..10) > 0);
        assert!(bytes(0..2) + bytes(2..4) + bytes(4..10) <= bytes(0..10));
        assert_eq!(bytes(5..10), 0);
    }

    #[test]
    fn each_series_has_its_entries_in_the_order_in_which_they_were_written() {
        let one = (1, Content::Rounds([5, 2, 9].map(round).to_vec()));
        let point = Point { at: UnixMs(7), value: -3 };
        let two = (2, Content::Points(crate::model::PointKind::Gauge, vec![point]));
        let three = (3, Content::Rounds([6, 8].map(round).to_vec()));
        assert_eq!(taken(0..10), [one.clone(), two.clone(), three.clone()]);
        assert_eq!(taken(0..2), [one]);
        assert_eq!(taken(2..4), [two, three]);
        assert_eq!(taken(4..10), []);
        assert_eq!(taken(5..5), []);
    }
}
