//! What the journal holds of an hour, by series. The entries stay as they stand in the rows until their
//! series is taken: fifteen bytes a round instead of eighty, and whoever writes a block finds the
//! rounds that were just read at hand.

use std::ops::{Range, RangeInclusive};

use rusqlite::Connection;

use super::block::{RowHead, cut_row};
use super::content::{Content, Kind, Kinds};

type Sql<T> = Result<T, rusqlite::Error>;

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
    /// Reads those of the series in `part` from the rows under `keys`. A row that cannot be read is
    /// told in the log and given up.
    ///
    /// # Errors
    /// SQLite's.
    pub(super) fn read(
        conn: &Connection,
        keys: RangeInclusive<i64>,
        part: Range<u32>,
    ) -> Sql<Self> {
        let mut read = Self { first: part.start, ..Self::default() };
        // In the order of the rows, each with its series' place in `part`.
        let mut found: Vec<(u32, Place)> = Vec::new();
        let mut counts = vec![0_u32; part.len()];
        let mut statement = conn.prepare_cached(
            "SELECT key, data FROM journal WHERE key BETWEEN ?1 AND ?2 ORDER BY key",
        )?;
        let mut rows = statement.query([keys.start(), keys.end()])?;
        while let Some(row) = rows.next()? {
            let data = row.get_ref(1)?.as_blob()?;
            // Keys have room for 16 million rows of an hour.
            let (row_number, known) = (read.heads.len() as u32, found.len());
            let before = u32::try_from(read.bytes.len())
                .map_err(|_| rusqlite::Error::IntegralValueOutOfRange(1, i64::MAX))?;
            let cut = cut_row(data, &part, |series, from| {
                let series = series - part.start;
                counts[series as usize] += 1;
                found.push((series, Place { row: row_number, from: before + from as u32 }));
            });
            match cut {
                Ok((head, entries)) => {
                    read.heads.push(head);
                    read.bytes.extend_from_slice(entries);
                }
                Err(bad) => {
                    found.drain(known..).for_each(|(series, _)| counts[series as usize] -= 1);
                    let key: i64 = row.get(0)?;
                    tracing::error!(key, %bad, "a row of the journal cannot be read and is given up");
                }
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
