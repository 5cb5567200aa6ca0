//! Samples at full resolution, and what they come to by hour and day.
//!
//! A sample moves from the journal to the block of its hour and on to that of its day. They are
//! read in this order, each in a transaction of its own: what moves meanwhile is seen twice at
//! worst, never missed.

use std::collections::{BTreeMap, HashMap};

use rusqlite::types::Value as Cell;

use super::gather::Wanted;

use super::Reader;
use crate::model::{Metric, Point, Sample, Span, SubjectId, UnixMs};
use crate::store::block::BadBlock;
use crate::store::content::{Content, Kind};
use crate::store::journal::{HOUR_MS, hour_of, keys_of};
use crate::store::numbers::{key, series_of, slot_of};
use crate::store::seal::{DAY_MS, HOURS_A_DAY};
use crate::store::sketch::{HourSet, Rollup, count_hours, decode_hours, merge_hours};
use crate::store::{StoreError, schema};

/// Rollups of a series as they are kept.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kept<'a> {
    /// One, of an hour or a day.
    One(&'a [u8]),
    /// Some of those of a day's hours.
    Hours(&'a [u8], HourSet),
}

impl Kept<'_> {
    /// Adds them to a sum.
    pub(super) fn merge_into(self, sum: &mut Rollup) -> Result<(), BadBlock> {
        match self {
            Self::One(bytes) => sum.merge_encoded(bytes),
            Self::Hours(bytes, wanted) => merge_hours(bytes, wanted, sum),
        }
    }

    /// Only how many rounds they counted.
    pub(super) fn rounds(self) -> Result<u64, BadBlock> {
        match self {
            Self::One(bytes) => Rollup::decode_rounds(bytes),
            Self::Hours(bytes, wanted) => Ok(count_hours(bytes, wanted)?.1),
        }
    }
}

/// Takes a series' number and its rollups.
pub(super) type TakesRollup<'a> = &'a mut dyn FnMut(u32, Kept<'_>) -> Result<(), BadBlock>;

/// How long a rollup's stretch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// An hour of UTC.
    Hour,
    /// A day of UTC.
    Day,
}

impl Resolution {
    /// Its length in milliseconds.
    #[must_use]
    pub const fn ms(self) -> i64 {
        match self {
            Self::Hour => HOUR_MS,
            Self::Day => DAY_MS,
        }
    }

    const fn table(self) -> &'static str {
        match self {
            Self::Hour => "rollup_hour",
            Self::Day => "rollup_day",
        }
    }
}

/// The table in which the hours of a day stand together.
pub(super) const PACKED: &str = "rollup_hours";

/// Sums of everybody's primary checks.
struct Totals {
    /// By number.
    series: Vec<(u32, SubjectId)>,
    /// Of the same; `None` until something is added.
    sums: Vec<Option<Rollup>>,
    /// Behind the one that was asked for last: rollups come in order of their series.
    next: usize,
}

impl Totals {
    fn of(mut series: Vec<(u32, SubjectId)>) -> Self {
        series.sort_unstable_by_key(|(number, _)| *number);
        let mut sums = Vec::new();
        sums.resize_with(series.len(), || None);
        Self { series, sums, next: 0 }
    }

    /// The sum of a series, unless it is none of these.
    fn sum(&mut self, number: u32) -> Option<&mut Rollup> {
        let place = match self.series.get(self.next) {
            Some((next, _)) if *next == number => self.next,
            _ => self.series.binary_search_by_key(&number, |(number, _)| *number).ok()?,
        };
        self.next = place + 1;
        self.sums.get_mut(place).map(Option::get_or_insert_default)
    }

    fn named(self) -> BTreeMap<SubjectId, Rollup> {
        let all = self.series.into_iter().zip(self.sums);
        all.filter_map(|((_, id), sum)| Some((id, sum?))).collect()
    }
}

const fn hour_span(hour: i64) -> Span {
    Span::new(UnixMs(hour * HOUR_MS), UnixMs((hour + 1) * HOUR_MS))
}

impl Reader {
    /// The subject's samples inside `window`, oldest first; at one instant by check.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn samples(&self, subject: &SubjectId, window: Span) -> Result<Vec<Sample>, StoreError> {
        let mut wanted = self.series_of(subject)?;
        wanted.retain(|_, kind| matches!(kind, Kind::Rounds(_)));
        let mut all = Vec::new();
        for content in self.gather(&wanted, window)?.into_values() {
            let Content::Rounds(samples) = content else { continue };
            all.extend(samples.into_iter().filter(|s| window.contains(s.at)));
        }
        all.sort_by_key(|s| (s.at, s.check));
        Ok(all)
    }

    /// The points of one of the subject's metrics inside `window`, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn points(
        &self,
        subject: &SubjectId,
        metric: &Metric,
        window: Span,
    ) -> Result<Vec<Point>, StoreError> {
        let number = self.number_of(subject, metric)?;
        let wanted: Wanted = number.into_iter().map(|n| (n, Kind::Points(metric.kind))).collect();
        let mut all = Vec::new();
        for content in self.gather(&wanted, window)?.into_values() {
            let Content::Points(_, points) = content else { continue };
            all.extend(points.into_iter().filter(|p| window.contains(p.at)));
        }
        Ok(all)
    }

    /// What the rounds of the subject's primary check come to in each hour or day that touches
    /// `window` and of which there is a rollup, by its beginning. The last hour or two have none
    /// yet, nor has a day before 02:00 UTC of the next: read [`Self::samples`] for these.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn rollups(
        &self,
        subject: &SubjectId,
        window: Span,
        resolution: Resolution,
    ) -> Result<Vec<(UnixMs, Rollup)>, StoreError> {
        let series = self.series_of(subject)?;
        let primary = series.iter().find(|(_, kind)| **kind == Kind::Rounds(0));
        let Some((&primary, _)) = primary else { return Ok(Vec::new()) };
        // What moves from one table to the other meanwhile is not to be missed.
        let tx = self.snapshot()?;
        let mut all: BTreeMap<i64, Rollup> = BTreeMap::new();
        if resolution == Resolution::Hour {
            for day in self.slots(PACKED, window, DAY_MS)? {
                self.blobs(PACKED, key(day, primary)..=key(day, primary), |_, bytes| {
                    decode_hours(bytes, HourSet::MAX, |place, rollup| {
                        let hour = day * HOURS_A_DAY + place as i64;
                        if hour_span(hour).from < window.to && hour_span(hour).to > window.from {
                            all.insert(hour, rollup.clone());
                        }
                    })
                })?;
            }
        }
        // An hour that stands alone beside its day came later.
        let table = resolution.table();
        for slot in self.slots(table, window, resolution.ms())? {
            self.blobs(table, key(slot, primary)..=key(slot, primary), |_, bytes| {
                all.insert(slot, Rollup::decode(bytes)?);
                Ok(())
            })?;
        }
        drop(tx);
        Ok(all.into_iter().map(|(slot, rollup)| (UnixMs(slot * resolution.ms()), rollup)).collect())
    }

    /// Everything read until it is dropped is of one moment.
    pub(super) fn snapshot(&self) -> Result<rusqlite::Transaction<'_>, StoreError> {
        let tx = self.link.conn.unchecked_transaction();
        tx.map_err(schema::sql("read", &self.path))
    }

    /// What the rounds of every subject's primary check come to inside `window`, whole: from the
    /// rollups of its days and hours, and from samples at its edges.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn totals(&self, window: Span) -> Result<BTreeMap<SubjectId, Rollup>, StoreError> {
        let mut totals = Totals::of(self.primaries()?);
        let mut rest = vec![window];
        for resolution in [Resolution::Day, Resolution::Hour] {
            let mut left = Vec::new();
            for part in rest {
                left.extend(self.each_rollup(part, resolution, &mut |series, kept| {
                    totals.sum(series).map_or(Ok(()), |sum| kept.merge_into(sum))
                })?);
            }
            rest = left;
        }
        for part in rest {
            self.each_sample(part, &mut |series, sample| {
                totals.sum(series).into_iter().for_each(|sum| sum.add(sample));
            })?;
        }
        Ok(totals.named())
    }

    /// The series of every subject's primary check, and whose it is.
    pub(super) fn primaries(&self) -> Result<Vec<(u32, SubjectId)>, StoreError> {
        self.rows(
            "SELECT s.id, k.key FROM series s JOIN subject k ON k.id = s.subject
             WHERE s.kind = 'rounds' AND s.name = '0'",
            [],
            |row| Ok((self.get(row.get::<_, u32>(0))?, self.subject(row.get(1))?)),
        )
    }

    /// Hands over the rollups that lie inside `window`; answers the parts of it that they leave.
    pub(super) fn each_rollup(
        &self,
        window: Span,
        resolution: Resolution,
        each: TakesRollup<'_>,
    ) -> Result<Vec<Span>, StoreError> {
        let (table, ms) = (resolution.table(), resolution.ms());
        if resolution == Resolution::Hour {
            return self.each_hour(window, each);
        }
        let mut left = Vec::new();
        let mut from = window.from;
        for slot in self.slots(table, window, ms)? {
            let span = Span::new(UnixMs(slot * ms), UnixMs((slot + 1) * ms));
            if span.from < from || span.to > window.to || !self.is_at_rest(span, resolution)? {
                continue;
            }
            let mut is_any = false;
            self.blobs(table, keys_of(slot), |key, bytes| {
                is_any = true;
                each(series_of(key), Kept::One(bytes))
            })?;
            if is_any {
                left.push(Span::new(from, span.from));
                from = span.to;
            }
        }
        left.push(Span::new(from, window.to));
        left.retain(|part| !part.is_empty());
        Ok(left)
    }

    /// [`Self::each_rollup`] of hours: those that stand alone, and those that stand together with
    /// the others of their day.
    fn each_hour(&self, window: Span, each: TakesRollup<'_>) -> Result<Vec<Span>, StoreError> {
        let hour = Resolution::Hour;
        let (alone, packed) =
            (self.slots(hour.table(), window, HOUR_MS)?, self.slots(PACKED, window, DAY_MS)?);
        let mut days: Vec<i64> = packed.collect();
        days.extend(alone.map(|hour| hour.div_euclid(HOURS_A_DAY)));
        days.sort_unstable();
        days.dedup();
        let mut left = Vec::new();
        let mut from = window.from;
        for day in days {
            // A rollup that moves meanwhile counts once.
            let tx = self.snapshot()?;
            let mut wanted: HourSet = 0;
            for place in 0..HOURS_A_DAY {
                let span = hour_span(day * HOURS_A_DAY + place);
                let is_inside = span.from >= window.from && span.to <= window.to;
                if is_inside && self.is_at_rest(span, hour)? {
                    wanted |= 1 << place;
                }
            }
            let found = self.each_hour_of(day, wanted, each)?;
            drop(tx);
            for place in (0..HOURS_A_DAY).filter(|place| found >> place & 1 == 1) {
                let span = hour_span(day * HOURS_A_DAY + place);
                left.push(Span::new(from, span.from));
                from = span.to;
            }
        }
        left.push(Span::new(from, window.to));
        left.retain(|part| !part.is_empty());
        Ok(left)
    }

    /// The rollups of some of a day's hours; answers the hours of which there are any.
    fn each_hour_of(
        &self,
        day: i64,
        wanted: HourSet,
        each: TakesRollup<'_>,
    ) -> Result<HourSet, StoreError> {
        if wanted == 0 {
            return Ok(0);
        }
        let mut found: HourSet = 0;
        // By series: these hours came later than the day's row.
        let mut alone: HashMap<u32, HourSet> = HashMap::new();
        let first = *keys_of(day * HOURS_A_DAY).start();
        let last = *keys_of((day + 1) * HOURS_A_DAY - 1).end();
        self.blobs(Resolution::Hour.table(), first..=last, |key, bytes| {
            let one: HourSet = 1 << slot_of(key).rem_euclid(HOURS_A_DAY);
            if wanted & one == 0 {
                return Ok(());
            }
            found |= one;
            *alone.entry(series_of(key)).or_default() |= one;
            each(series_of(key), Kept::One(bytes))
        })?;
        self.blobs(PACKED, keys_of(day), |key, bytes| {
            let others = wanted & !alone.get(&series_of(key)).copied().unwrap_or(0);
            found |= wanted & count_hours(bytes, 0)?.0;
            each(series_of(key), Kept::Hours(bytes, others))
        })?;
        Ok(found)
    }

    /// True when nothing of the stretch is still on its way: its rollups say all.
    fn is_at_rest(&self, span: Span, resolution: Resolution) -> Result<bool, StoreError> {
        let first = *keys_of(hour_of(span.from.0)).start();
        let last = *keys_of(hour_of(span.to.0 - 1)).end();
        let found = self.rows(
            "SELECT EXISTS (SELECT 1 FROM journal WHERE key BETWEEN ?1 AND ?2),
                    EXISTS (SELECT 1 FROM block WHERE key BETWEEN ?1 AND ?2)",
            [Cell::Integer(first), last.into()],
            |row| Ok((self.get(row.get(0))?, self.get(row.get(1))?)),
        )?;
        let (is_in_journal, is_in_hours) = found.first().copied().unwrap_or((true, true));
        Ok(!is_in_journal && (resolution == Resolution::Hour || !is_in_hours))
    }

    /// Hands over the samples of every primary check inside `window`.
    pub(super) fn each_sample(
        &self,
        window: Span,
        each: &mut dyn FnMut(u32, &Sample),
    ) -> Result<(), StoreError> {
        let mut wanted = self.all_series()?;
        wanted.retain(|_, kind| *kind == Kind::Rounds(0));
        // Some hours at a time: a part may be longer where rollups are missing.
        let mut from = window.from;
        while let Some(slice) = self.next_slice(Span::new(from, window.to), wanted.len())? {
            for (series, content) in self.gather(&wanted, slice)? {
                let Content::Rounds(samples) = content else { continue };
                samples.iter().filter(|s| slice.contains(s.at)).for_each(|s| each(series, s));
            }
            from = slice.to;
        }
        Ok(())
    }
}
