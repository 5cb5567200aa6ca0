//! What is kept of an hour's or a day's readings of one metric when no single one is needed.
//!
//! Both are made of the readings of the hour, a counter's five minutes of those on either side, too;
//! of a counter the first and the last reading are kept, so that stretches that follow one another in
//! time are joined by [`PointRollup::merge`] as if they had been read together. Pure.

use super::super::block::{
    BadBlock, BitReader, BitWriter, Format, fold_sign, open, seal, unfold_sign,
};
use super::Spread;
use crate::coverage::{APART_MAX_MS, slot_means};
use crate::model::{Point, PointKind, Span, UnixMs};

/// A counter's rate in thousandths a second, out of what it counted in a millisecond.
const MILLI_A_SECOND: u128 = 1_000_000;

/// What the readings of a counter come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CounterRollup {
    /// How many.
    pub readings: u64,
    /// The first and the last; `None` without any.
    pub ends: Option<(Point, Point)>,
    /// What was counted between readings that follow one another, at most fifteen minutes apart.
    pub counted: u64,
    /// The time between these readings, in milliseconds.
    pub measured_ms: u64,
    /// Times it stood lower than before: it, or its device, began anew.
    pub restarts: u64,
    /// Means of the full five minutes (UTC) that were read for half of their time or more within their
    /// day, in thousandths a second.
    pub rates: Spread,
}

impl CounterRollup {
    fn of(points: &[Point], around: &[Point], span: Span) -> Self {
        let mut rollup = Self {
            readings: points.len() as u64,
            ends: points.first().zip(points.last()).map(|(first, last)| (*first, *last)),
            ..Self::default()
        };
        points.windows(2).for_each(|pair| rollup.pass(pair[0], pair[1]));
        for rate in slot_means(around, span, MILLI_A_SECOND).into_iter().flatten() {
            rollup.rates.add(i64::try_from(rate).unwrap_or(i64::MAX));
        }
        rollup
    }

    /// What lies between two readings that follow one another.
    fn pass(&mut self, earlier: Point, later: Point) {
        let apart = later.at.0.saturating_sub(earlier.at.0);
        match later.value.cast_unsigned().checked_sub(earlier.value.cast_unsigned()) {
            None => self.restarts = self.restarts.saturating_add(1),
            Some(counted) if (1..=APART_MAX_MS).contains(&apart) => {
                self.counted = self.counted.saturating_add(counted);
                self.measured_ms = self.measured_ms.saturating_add(apart.unsigned_abs());
            }
            Some(_) => {}
        }
    }

    fn merge(&mut self, other: &Self) {
        self.ends = match (self.ends, other.ends) {
            (Some((first, last)), Some((next, end))) => {
                if next.at > last.at {
                    self.pass(last, next);
                }
                let first = if next.at < first.at { next } else { first };
                Some((first, if end.at > last.at { end } else { last }))
            }
            (mine, theirs) => mine.or(theirs),
        };
        self.readings = self.readings.saturating_add(other.readings);
        self.counted = self.counted.saturating_add(other.counted);
        self.measured_ms = self.measured_ms.saturating_add(other.measured_ms);
        self.restarts = self.restarts.saturating_add(other.restarts);
        self.rates.merge(&other.rates);
    }

    /// What was counted in a second of the measured time, in thousandths; `None` when no time was
    /// measured.
    #[must_use]
    pub fn mean_milli(&self) -> Option<u64> {
        let ms = u128::from(self.measured_ms);
        let milli = (u128::from(self.counted) * MILLI_A_SECOND).checked_div(ms)?;
        Some(u64::try_from(milli).unwrap_or(u64::MAX))
    }
}

/// What the readings of a gauge come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GaugeRollup {
    /// How many.
    pub readings: u64,
    /// Their sum.
    pub sum: i128,
    /// The smallest and the largest; `None` without any.
    pub ends: Option<(i64, i64)>,
    /// Where they lie.
    pub values: Spread,
}

impl GaugeRollup {
    fn of(points: &[Point]) -> Self {
        let mut rollup = Self { readings: points.len() as u64, ..Self::default() };
        for Point { value, .. } in points {
            rollup.sum += i128::from(*value);
            rollup.reach(*value, *value);
            rollup.values.add(*value);
        }
        rollup
    }

    fn reach(&mut self, least: i64, most: i64) {
        let (low, high) = self.ends.unwrap_or((least, most));
        self.ends = Some((low.min(least), high.max(most)));
    }

    fn merge(&mut self, other: &Self) {
        self.readings = self.readings.saturating_add(other.readings);
        self.sum = self.sum.saturating_add(other.sum);
        if let Some((least, most)) = other.ends {
            self.reach(least, most);
        }
        self.values.merge(&other.values);
    }

    /// The mean of the readings, rounded towards zero; `None` without any.
    #[must_use]
    pub fn mean(&self) -> Option<i64> {
        i64::try_from(self.sum.checked_div(i128::from(self.readings))?).ok()
    }

    /// [`Spread::quantile`], never beyond the smallest and the largest reading.
    #[must_use]
    pub fn quantile(&self, permille: u16) -> Option<i64> {
        let (least, most) = self.ends?;
        Some(self.values.quantile(permille)?.clamp(least, most))
    }
}

/// What the readings of a metric come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PointRollup {
    /// Of what counts up.
    Counter(CounterRollup),
    /// Of what goes up and down.
    Gauge(GaugeRollup),
}

impl PointRollup {
    /// Of nothing.
    #[must_use]
    pub fn empty(kind: PointKind) -> Self {
        match kind {
            PointKind::Counter => Self::Counter(CounterRollup::default()),
            PointKind::Gauge => Self::Gauge(GaugeRollup::default()),
        }
    }

    /// Of the readings of the hour `span`, in their order, and of these together with the reading
    /// before and the one behind them on the same day.
    pub(in crate::store) fn of(
        kind: PointKind,
        points: &[Point],
        around: &[Point],
        span: Span,
    ) -> Self {
        match kind {
            PointKind::Counter => Self::Counter(CounterRollup::of(points, around, span)),
            PointKind::Gauge => Self::Gauge(GaugeRollup::of(points)),
        }
    }

    /// How many readings.
    #[must_use]
    pub const fn readings(&self) -> u64 {
        match self {
            Self::Counter(rollup) => rollup.readings,
            Self::Gauge(rollup) => rollup.readings,
        }
    }

    /// Counts what another stretch of the same metric came to, too: hours in the order of time make
    /// the day. What a counter counted between two stretches belongs to the later one's joining; it
    /// is not known where they lie within each other.
    pub fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Counter(mine), Self::Counter(theirs)) => mine.merge(theirs),
            (Self::Gauge(mine), Self::Gauge(theirs)) => mine.merge(theirs),
            // A series has one kind for ever.
            _ => {}
        }
    }

    const fn format(&self) -> Format {
        match self {
            Self::Counter(_) => Format::CounterRollup,
            Self::Gauge(_) => Format::GaugeRollup,
        }
    }

    /// Puts it into `into`, which is emptied; the readings stand first.
    pub(in crate::store) fn encode(&self, into: &mut Vec<u8>) {
        seal(self.format(), into, |body| {
            let mut bits = BitWriter::new(body);
            bits.put_number(self.readings());
            match self {
                Self::Counter(rollup) => put_counter(&mut bits, rollup),
                Self::Gauge(rollup) => put_gauge(&mut bits, rollup),
            }
            bits.finish();
        });
    }

    /// Only how many readings there were, of what [`PointRollup::encode`] wrote.
    ///
    /// # Errors
    /// When the bytes are no such rollup, or not whole.
    pub(in crate::store) fn decode_readings(bytes: &[u8]) -> Result<u64, BadBlock> {
        let format = match super::super::block::is_of(Format::GaugeRollup, bytes) {
            true => Format::GaugeRollup,
            false => Format::CounterRollup,
        };
        BitReader::new(open(format, bytes)?).get_number()
    }

    /// Reads what [`PointRollup::encode`] wrote of a metric of this kind.
    ///
    /// # Errors
    /// When the bytes are no such rollup, or not whole.
    pub(in crate::store) fn decode(kind: PointKind, bytes: &[u8]) -> Result<Self, BadBlock> {
        let format = Self::empty(kind).format();
        let bits = &mut BitReader::new(open(format, bytes)?);
        let readings = bits.get_number()?;
        Ok(match kind {
            PointKind::Counter => Self::Counter(get_counter(bits, readings)?),
            PointKind::Gauge => Self::Gauge(get_gauge(bits, readings)?),
        })
    }
}

fn put_counter(bits: &mut BitWriter<'_>, rollup: &CounterRollup) {
    let Some((first, last)) = rollup.ends else { return };
    bits.put_number(fold_sign(first.at.0));
    bits.put_number(fold_sign(last.at.0.wrapping_sub(first.at.0)));
    bits.put_number(first.value.cast_unsigned());
    let stepped = last.value.wrapping_sub(first.value);
    bits.put_number(fold_sign(stepped));
    // Mostly what the last stands above the first.
    bits.put_number(fold_sign(rollup.counted.cast_signed().wrapping_sub(stepped)));
    bits.put_number(rollup.measured_ms);
    bits.put_number(rollup.restarts);
    rollup.rates.encode(bits);
}

fn get_counter(bits: &mut BitReader<'_>, readings: u64) -> Result<CounterRollup, BadBlock> {
    if readings == 0 {
        return Ok(CounterRollup::default());
    }
    let at = unfold_sign(bits.get_number()?);
    let end = at.wrapping_add(unfold_sign(bits.get_number()?));
    let value = bits.get_number()?.cast_signed();
    let stepped = unfold_sign(bits.get_number()?);
    let counted = unfold_sign(bits.get_number()?).wrapping_add(stepped).cast_unsigned();
    let first = Point { at: UnixMs(at), value };
    let last = Point { at: UnixMs(end), value: value.wrapping_add(stepped) };
    Ok(CounterRollup {
        readings,
        ends: Some((first, last)),
        counted,
        measured_ms: bits.get_number()?,
        restarts: bits.get_number()?,
        rates: Spread::decode(bits)?,
    })
}

fn put_gauge(bits: &mut BitWriter<'_>, rollup: &GaugeRollup) {
    let Some((least, most)) = rollup.ends else { return };
    bits.put_number(fold_sign(least));
    bits.put_number(most.wrapping_sub(least).cast_unsigned());
    for half in halves_of(rollup.sum) {
        bits.put_number(half);
    }
    rollup.values.encode(bits);
}

fn get_gauge(bits: &mut BitReader<'_>, readings: u64) -> Result<GaugeRollup, BadBlock> {
    if readings == 0 {
        return Ok(GaugeRollup::default());
    }
    let least = unfold_sign(bits.get_number()?);
    let most = least.wrapping_add(bits.get_number()?.cast_signed());
    let sum = whole_of([bits.get_number()?, bits.get_number()?]);
    Ok(GaugeRollup { readings, sum, ends: Some((least, most)), values: Spread::decode(bits)? })
}

/// 128 bits with the sign folded in, the lower half first.
pub(super) const fn halves_of(sum: i128) -> [u64; 2] {
    let folded = ((sum << 1) ^ (sum >> 127)).cast_unsigned();
    [folded as u64, (folded >> 64) as u64]
}

/// The reverse of [`halves_of`].
pub(super) const fn whole_of([low, high]: [u64; 2]) -> i128 {
    let folded = low as u128 | (high as u128) << 64;
    (folded >> 1).cast_signed() ^ -((folded & 1).cast_signed())
}

#[cfg(test)]
mod tests;
