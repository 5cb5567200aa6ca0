//! What a block holds: the rounds of a check or the points of a metric, in order of time.

use std::collections::HashMap;

use rusqlite::Connection;

use super::block::{BadBlock, RowHead, decode_points, decode_rounds, encode_points, encode_rounds};
use super::numbers::{ROUNDS, SERIES_MAX};
use super::sketch::Rollup;
use crate::model::{Point, PointKind, Sample, Span};

type Sql<T> = Result<T, rusqlite::Error>;

/// What a series is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A check, by its index.
    Rounds(u8),
    /// A metric.
    Points(PointKind),
}

/// One of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    /// A check's.
    Round(Sample),
    /// A metric's.
    Point(Point),
}

/// Rounds or points, sorted by time, no instant twice.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    /// Of one check.
    Rounds(Vec<Sample>),
    /// Of one metric.
    Points(PointKind, Vec<Point>),
}

impl Content {
    /// Nothing.
    pub(super) const fn empty(kind: Kind) -> Self {
        match kind {
            Kind::Rounds(_) => Self::Rounds(Vec::new()),
            Kind::Points(kind) => Self::Points(kind, Vec::new()),
        }
    }

    /// Nothing, with room for `many`.
    pub(super) fn for_many(kind: Kind, many: usize) -> Self {
        match kind {
            Kind::Rounds(_) => Self::Rounds(Vec::with_capacity(many)),
            Kind::Points(kind) => Self::Points(kind, Vec::with_capacity(many)),
        }
    }

    /// Adds what a block holds; [`Self::settle`] has to follow.
    ///
    /// # Errors
    /// When the bytes are no such block; nothing is added then.
    pub(super) fn add_block(&mut self, kind: Kind, bytes: &[u8]) -> Result<(), BadBlock> {
        match (self, kind) {
            (Self::Rounds(all), Kind::Rounds(check)) => decode_rounds(bytes, check, all),
            (Self::Points(_, all), Kind::Points(kind)) => decode_points(kind, bytes, all),
            _ => Err(BadBlock::Malformed("kind of series")),
        }
    }

    /// Adds what stands in an entry of the journal.
    ///
    /// # Errors
    /// When there is no such entry at the beginning of `bytes`; nothing is added then.
    #[inline]
    pub(super) fn add_entry(&mut self, head: &RowHead, bytes: &[u8]) -> Result<(), BadBlock> {
        match self {
            Self::Rounds(all) => all.push(head.round(bytes)?),
            Self::Points(_, all) => all.push(head.point(bytes)?),
        }
        Ok(())
    }

    /// Adds one; of the other kind it is not taken: a series has one kind for ever.
    pub(super) fn push(&mut self, value: Value) {
        match (self, value) {
            (Self::Rounds(all), Value::Round(sample)) => all.push(sample),
            (Self::Points(_, all), Value::Point(point)) => all.push(point),
            _ => {}
        }
    }

    /// Adds what was written later.
    pub(super) fn extend(&mut self, newer: Self) {
        match (self, newer) {
            (Self::Rounds(all), Self::Rounds(newer)) => all.extend(newer),
            (Self::Points(_, all), Self::Points(_, newer)) => all.extend(newer),
            // A series has one kind for ever.
            _ => {}
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Rounds(all) => all.len() as u64,
            Self::Points(_, all) => all.len() as u64,
        }
    }

    /// Leaves only what lies inside `span`.
    pub(super) fn retain(&mut self, span: Span) {
        match self {
            Self::Rounds(all) => all.retain(|s| span.contains(s.at)),
            Self::Points(_, all) => all.retain(|p| span.contains(p.at)),
        }
    }

    /// Sorts; of two at the same instant the one added later stays.
    pub(super) fn settle(&mut self) {
        match self {
            Self::Rounds(all) => settle(all, |s| s.at.0),
            Self::Points(_, all) => settle(all, |p| p.at.0),
        }
    }

    /// The bytes of a block, into an emptied `bytes`.
    pub(super) fn encode(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Rounds(all) => encode_rounds(all, bytes),
            Self::Points(kind, all) => encode_points(*kind, all, bytes),
        }
    }

    /// What rounds come to together; points have none.
    pub(super) fn rollup(&self) -> Option<Rollup> {
        let Self::Rounds(all) = self else { return None };
        let mut rollup = Rollup::default();
        all.iter().for_each(|sample| rollup.add(sample));
        Some(rollup)
    }

    /// When the newest round that says something about the subject was sent.
    pub(super) fn newest_ms(&self) -> Option<i64> {
        let Self::Rounds(all) = self else { return None };
        all.iter().rev().find(|s| !s.is_invalid()).map(|s| s.at.0)
    }
}

/// Sorts by instant and keeps the last of those at the same one.
pub(super) fn settle<T: Copy>(all: &mut Vec<T>, at: impl Fn(&T) -> i64) {
    if all.is_sorted_by(|a, b| at(a) < at(b)) {
        return;
    }
    all.sort_by_key(&at);
    all.reverse();
    all.dedup_by_key(|one| at(one));
    all.reverse();
}

/// What every series is of, read once.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    /// By number: they are given out from one on, and there may be hundreds of thousands.
    kinds: Vec<Option<Kind>>,
    /// The subjects of series of rounds.
    subjects: HashMap<u32, i64>,
    last: u32,
}

impl Kinds {
    /// Reads those that were given out since.
    pub(super) fn refresh(&mut self, conn: &Connection) -> Sql<()> {
        let mut statement = conn.prepare_cached(
            "SELECT id, kind, name, subject FROM series WHERE id > ?1 ORDER BY id",
        )?;
        let mut rows = statement.query([self.last])?;
        while let Some(row) = rows.next()? {
            let series: u32 = row.get(0)?;
            let (kind, name): (String, String) = (row.get(1)?, row.get(2)?);
            self.last = series;
            let kind = kind_of(&kind, &name).filter(|_| series <= SERIES_MAX);
            let Some(kind) = kind else { continue };
            let place = series as usize;
            if self.kinds.len() <= place {
                self.kinds.resize(place + 1, None);
            }
            if let Some(slot) = self.kinds.get_mut(place) {
                *slot = Some(kind);
            }
            if matches!(kind, Kind::Rounds(_)) {
                self.subjects.insert(series, row.get(3)?);
            }
        }
        Ok(())
    }

    /// What a series is of; `None` for one that nobody knows.
    pub(super) fn of(&self, series: u32) -> Option<Kind> {
        self.kinds.get(series as usize).copied().flatten()
    }

    /// The number of the subject that a series of rounds is of.
    pub(super) fn subject_of(&self, series: u32) -> Option<i64> {
        self.subjects.get(&series).copied()
    }

    /// The largest number given out.
    pub(super) const fn last(&self) -> u32 {
        self.last
    }
}

/// The kind that two columns of the file name.
pub(super) fn kind_of(kind: &str, name: &str) -> Option<Kind> {
    match kind {
        ROUNDS => name.parse().ok().map(Kind::Rounds),
        "counter" => Some(Kind::Points(PointKind::Counter)),
        "gauge" => Some(Kind::Points(PointKind::Gauge)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_at_one_instant_the_later_written_stays() {
        let mut all = vec![(3, 'a'), (1, 'b'), (3, 'c'), (2, 'd'), (1, 'e')];
        settle(&mut all, |one| one.0);
        assert_eq!(all, [(1, 'e'), (2, 'd'), (3, 'c')]);
    }
}
