//! What a metric's readings come to by hour and day, however old; and a counter's rates out of it
//! where the readings themselves have aged.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;

use rusqlite::types::Value as Cell;

use super::Reader;
use super::gather::Wanted;
use super::samples::Resolution;
use crate::coverage::{SLOT_MS, rates};
use crate::model::{Metric, Point, PointKind, Span, SubjectId, UnixMs};
use crate::store::StoreError;
use crate::store::content::{Content, Kind};
use crate::store::journal::HOUR_MS;
use crate::store::numbers::{key, kind_word, series_of};
use crate::store::point_rollups::{DAYS, HOURS, combine, day_of};
use crate::store::seal::{DAY_MS, HOURS_A_DAY};
use crate::store::sketch::{PointHours, PointRollup, decode_point_hours};

/// Series whose newest readings are held at once: some 50 MB at the end of a day.
const SERIES_AT_ONCE: usize = 2_000;

/// Takes a subject, one of its metrics, the beginning of an hour or day and what it came to.
pub(super) type TakesPointRollup<'a> =
    &'a mut dyn FnMut(&SubjectId, &Metric, UnixMs, &PointRollup) -> ControlFlow<()>;

/// A line's rates over a window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rates {
    /// Mean bit/s of each five minutes; `None` where nobody knows.
    pub bps: Vec<Option<u64>>,
    /// How many of them are out of rollups: each within 1.6 %, those of an hour the lowest first.
    pub rolled_up: usize,
}

/// Readings that are not in the block of their day yet, by day.
type Newer = BTreeMap<i64, Vec<Point>>;

impl Reader {
    /// What the readings of a metric come to in each hour or day (UTC) that touches `window` and of
    /// which there are any, by its beginning; of today, too.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn point_rollups(
        &self,
        subject: &SubjectId,
        metric: &Metric,
        window: Span,
        resolution: Resolution,
    ) -> Result<Vec<(UnixMs, PointRollup)>, StoreError> {
        let Some(series) = self.number_of(subject, metric)? else { return Ok(Vec::new()) };
        let mut newer = self.newer_points(&[(series, Kind::Points(metric.kind))].into(), window)?;
        let newer = newer.remove(&series).unwrap_or_default();
        self.rollups_of((series, metric.kind), &newer, window, resolution)
    }

    /// [`Self::point_rollups`] of all metrics of the subjects that `is_wanted`, one metric after the
    /// other in the order in which they were first seen, each by time; stops early at
    /// [`ControlFlow::Break`]. No transaction is open while `each` runs.
    ///
    /// # Errors
    /// When the file cannot be read; what came before has been handed over.
    pub fn point_rollups_of(
        &self,
        window: Span,
        resolution: Resolution,
        is_wanted: &dyn Fn(&SubjectId) -> bool,
        each: TakesPointRollup<'_>,
    ) -> Result<(), StoreError> {
        let mut named: Vec<(u32, (SubjectId, Metric))> = self.named_points()?.into_iter().collect();
        named.retain(|(_, (subject, _))| is_wanted(subject));
        named.sort_unstable_by_key(|(series, _)| *series);
        // The journal is read through for many at once.
        for some in named.chunks(SERIES_AT_ONCE) {
            let kind = |(series, (_, metric)): &(u32, (SubjectId, Metric))| {
                (*series, Kind::Points(metric.kind))
            };
            let mut newer = self.newer_points(&some.iter().map(kind).collect(), window)?;
            for (series, (subject, metric)) in some {
                let newer = newer.remove(series).unwrap_or_default();
                let of = (*series, metric.kind);
                for (at, rollup) in self.rollups_of(of, &newer, window, resolution)? {
                    if each(subject, metric, at, &rollup).is_break() {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    /// The mean bit/s of a counter of octets in each five minutes of `window`, which begins at a full
    /// one: from its readings, and where these have aged from what their hours came to.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn octet_rates(
        &self,
        subject: &SubjectId,
        metric: &Metric,
        window: Span,
    ) -> Result<Rates, StoreError> {
        let around = Span::new(window.from - SLOT_MS, window.to + SLOT_MS);
        let bps = rates(&self.points(subject, metric, around)?, window);
        let mut found = Rates { bps, rolled_up: 0 };
        let aged_to = self.oldest_samples()?.map_or(window.to, |oldest| oldest.min(window.to));
        let aged = Span::new(window.from, aged_to.max(window.from));
        if aged.is_empty() {
            return Ok(found);
        }
        for (at, rollup) in self.point_rollups(subject, metric, aged, Resolution::Hour)? {
            found.fill_hour(window, at, &rollup);
        }
        Ok(found)
    }

    /// The series of a metric.
    pub(super) fn number_of(
        &self,
        subject: &SubjectId,
        metric: &Metric,
    ) -> Result<Option<u32>, StoreError> {
        let found = self.rows(
            "SELECT s.id FROM series s JOIN subject k ON k.id = s.subject
             WHERE k.key = ?1 AND s.kind = ?2 AND s.name = ?3",
            [
                Cell::Text(subject.as_str().to_owned()),
                Cell::Text(kind_word(metric.kind).to_owned()),
                Cell::Text(metric.name.to_string()),
            ],
            |row| self.get(row.get(0)),
        )?;
        Ok(found.into_iter().next())
    }

    /// What has moved into the block of its day since `newer` was read is counted once.
    fn rollups_of(
        &self,
        (series, kind): (u32, PointKind),
        newer: &Newer,
        window: Span,
        resolution: Resolution,
    ) -> Result<Vec<(UnixMs, PointRollup)>, StoreError> {
        if window.is_empty() {
            return Ok(Vec::new());
        }
        // What moves from one table to the other meanwhile is to be seen once.
        let tx = self.snapshot()?;
        let mut days: BTreeSet<i64> = newer.keys().copied().collect();
        for table in [HOURS, "block_day"] {
            days.extend(self.slots(table, window, DAY_MS)?);
        }
        let mut found = Vec::new();
        for day in days {
            let fresh = newer.get(&day).map(Vec::as_slice).unwrap_or_default();
            if resolution == Resolution::Day
                && fresh.is_empty()
                && let Some(rollup) = self.whole_day(key(day, series), kind)?
            {
                found.push((UnixMs(day * DAY_MS), rollup));
                continue;
            }
            let hours = self.hours_of(key(day, series), kind, fresh)?;
            match resolution {
                Resolution::Day if hours.iter().all(Option::is_none) => {}
                Resolution::Day => found.push((UnixMs(day * DAY_MS), day_of(kind, &hours))),
                Resolution::Hour => {
                    let at = |place: i64| UnixMs((day * HOURS_A_DAY + place) * HOUR_MS);
                    let hours = (0..).map(at).zip(hours);
                    let touches = |at: UnixMs| at < window.to && at + HOUR_MS > window.from;
                    found.extend(
                        hours
                            .filter_map(|(at, hour)| Some((at, hour?)))
                            .filter(|(at, _)| touches(*at)),
                    );
                }
            }
        }
        drop(tx);
        Ok(found)
    }

    /// The rollup of a day as it is kept.
    fn whole_day(&self, key: i64, kind: PointKind) -> Result<Option<PointRollup>, StoreError> {
        let mut found = None;
        self.blobs(DAYS, key..=key, |_, bytes| {
            found = Some(PointRollup::decode(kind, bytes)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// What the hours of a day come to with what is not in its block yet.
    fn hours_of(
        &self,
        key: i64,
        kind: PointKind,
        fresh: &[Point],
    ) -> Result<PointHours, StoreError> {
        let mut kept = None;
        self.blobs(HOURS, key..=key, |_, bytes| {
            kept = Some(decode_point_hours(kind, bytes)?);
            Ok(())
        })?;
        if let Some(kept) = &mut kept
            && fresh.is_empty()
        {
            return Ok(std::mem::take(kept));
        }
        let mut old = Content::empty(Kind::Points(kind));
        self.blobs("block_day", key..=key, |_, bytes| old.add_block(Kind::Points(kind), bytes))?;
        old.settle();
        let Content::Points(_, old) = old else { return Ok(PointHours::default()) };
        Ok(combine(kind, kept.unwrap_or_default(), &old, fresh))
    }

    /// The readings of the series that are in the journal or in blocks of hours, of the days that
    /// `window` touches.
    fn newer_points(
        &self,
        wanted: &Wanted,
        window: Span,
    ) -> Result<HashMap<u32, Newer>, StoreError> {
        let ends = wanted.first_key_value().zip(wanted.last_key_value());
        let Some(((&first, _), (&last, _))) = ends.filter(|_| !window.is_empty()) else {
            return Ok(HashMap::new());
        };
        let day = |at: UnixMs| at.0.div_euclid(DAY_MS);
        let days = Span::new(
            UnixMs(day(window.from).saturating_mul(DAY_MS)),
            UnixMs(day(window.to - 1).saturating_add(1).saturating_mul(DAY_MS)),
        );
        let mut newest = HashMap::new();
        self.gather_journal(wanted, first..last + 1, days, &mut newest)?;
        let mut all: HashMap<u32, Content> = HashMap::new();
        for hour in self.slots("block", days, HOUR_MS)? {
            self.blobs("block", key(hour, first)..=key(hour, last), |key, bytes| {
                let series = series_of(key);
                let Some(kind) = wanted.get(&series) else { return Ok(()) };
                all.entry(series).or_insert_with(|| Content::empty(*kind)).add_block(*kind, bytes)
            })?;
        }
        // What was written later goes last, so that it stays where both have an instant.
        for (series, content) in newest {
            match all.get_mut(&series) {
                Some(older) => older.extend(content),
                None => _ = all.insert(series, content),
            }
        }
        let mut found: HashMap<u32, Newer> = HashMap::new();
        for (series, mut content) in all {
            content.settle();
            let Content::Points(_, points) = content else { continue };
            let newer = found.entry(series).or_default();
            for point in points {
                newer.entry(day(point.at)).or_default().push(point);
            }
        }
        Ok(found)
    }
}

impl Rates {
    /// Gives an hour's five minutes of which nothing is known what its rollup says of them. Which of
    /// them was which is forgotten: for a percentile of whole hours that makes no difference.
    fn fill_hour(&mut self, window: Span, hour: UnixMs, rollup: &PointRollup) {
        let PointRollup::Counter(rollup) = rollup else { return };
        let place = |n: i64| usize::try_from((hour.since(window.from)) / SLOT_MS + n).ok();
        let is_inside = |n: i64| hour + n * SLOT_MS >= window.from;
        let slots: Vec<usize> =
            (0..HOUR_MS / SLOT_MS).filter(|n| is_inside(*n)).filter_map(place).collect();
        if slots.iter().any(|slot| matches!(self.bps.get(*slot), Some(Some(_)))) {
            // Some of its readings are still there.
            return;
        }
        let milli = rollup.rates.values().flat_map(|(rate, count)| {
            std::iter::repeat_n(rate, usize::try_from(count).unwrap_or(0))
        });
        for (slot, milli) in slots.into_iter().zip(milli) {
            let Some(bps) = self.bps.get_mut(slot) else { continue };
            // Thousandths of octets a second.
            let bits = u128::from(milli.unsigned_abs()) * 8 / 1_000;
            *bps = Some(u64::try_from(bits).unwrap_or(u64::MAX));
            self.rolled_up += 1;
        }
    }
}
