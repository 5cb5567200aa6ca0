//! What a metric's readings of a day's hours come to, all in one blob.
//!
//! `which hours | columns of numbers`, then of each hour its distribution and what that leaves open.
//! Of a counter the columns are how many readings, the instants of the first and the last of each
//! hour as they differ from hour to hour, what the counter stood at, and what of all this is not as
//! usual; of a gauge how many, and the sum. Everything comes back exactly.

use super::super::block::{
    BadBlock, BitReader, BitWriter, Format, Rice, fold_sign, open, seal, unfold_sign,
};
use super::hours::{Shape, get_rare, get_steps, put_rare, put_steps};
use super::points::{halves_of, whole_of};
use super::spread::{BUCKETS, width_of};
use super::{CounterRollup, GaugeRollup, PointRollup, Spread};
use crate::model::{Point, PointKind, UnixMs};
use crate::store::journal::HOUR_MS;

/// Hours of a day.
const HOURS: usize = 24;
/// First guess of how far a sum is from what its distribution makes likely.
const SUM_GUESS: u64 = 1_000;
/// First guess of what is counted in an hour, and between two.
const COUNTED_GUESS: u64 = 1 << 16;

/// The rollups of a metric's day by the hour of the day.
pub(in crate::store) type PointHours = [Option<PointRollup>; HOURS];

const fn format_of(kind: PointKind) -> Format {
    match kind {
        PointKind::Counter => Format::CounterHours,
        PointKind::Gauge => Format::GaugeHours,
    }
}

/// Puts into `into`, which is emptied, the rollups of a day's hours of a metric of this kind, each
/// of one reading at least.
pub(in crate::store) fn encode_point_hours(
    kind: PointKind,
    hours: &PointHours,
    into: &mut Vec<u8>,
) {
    seal(format_of(kind), into, |body| {
        let mut bits = BitWriter::new(body);
        let set =
            hours.iter().zip(0..).fold(0_u32, |set, (h, n)| set | u32::from(h.is_some()) << n);
        bits.put(u64::from(set), HOURS as u32);
        put_steps(&mut bits, hours.iter().flatten().map(PointRollup::readings));
        match kind {
            PointKind::Counter => {
                let counter = |rollup: &Option<PointRollup>| match rollup {
                    Some(PointRollup::Counter(rollup)) => Some(rollup.clone()),
                    _ => None,
                };
                put_counters(&mut bits, &hours.each_ref().map(counter));
            }
            PointKind::Gauge => {
                let gauges = hours.iter().flatten().filter_map(|rollup| match rollup {
                    PointRollup::Gauge(rollup) => Some(rollup),
                    PointRollup::Counter(_) => None,
                });
                put_gauges(&mut bits, &gauges.collect::<Vec<_>>());
            }
        }
        bits.finish();
    });
}

/// Reads what [`encode_point_hours`] wrote of a metric of this kind.
///
/// # Errors
/// When the bytes are no such rollups, or not whole.
pub(in crate::store) fn decode_point_hours(
    kind: PointKind,
    bytes: &[u8],
) -> Result<PointHours, BadBlock> {
    let bits = &mut BitReader::new(open(format_of(kind), bytes)?);
    let set = bits.get(HOURS as u32)?;
    let places: Vec<usize> = (0..HOURS).filter(|n| set >> n & 1 == 1).collect();
    let mut readings = [0; HOURS];
    let readings = &mut readings[..places.len()];
    get_steps(bits, readings)?;
    if readings.contains(&0) {
        return Err(BadBlock::Malformed("number of readings"));
    }
    let mut hours = PointHours::default();
    match kind {
        PointKind::Counter => {
            for (place, rollup) in places.iter().zip(get_counters(bits, &places, readings)?) {
                hours[*place] = Some(PointRollup::Counter(rollup));
            }
        }
        PointKind::Gauge => {
            for (place, rollup) in places.iter().zip(get_gauges(bits, readings)?) {
                hours[*place] = Some(PointRollup::Gauge(rollup));
            }
        }
    }
    Ok(hours)
}

/// How far into its hour an instant would be if the day's first hour had it.
const fn into_hour(at: UnixMs, place: usize) -> u64 {
    at.0.wrapping_sub(place as i64 * HOUR_MS).cast_unsigned()
}

fn put_counters(bits: &mut BitWriter<'_>, hours: &[Option<CounterRollup>; HOURS]) {
    let all = || hours.iter().enumerate().filter_map(|(n, hour)| Some((n, hour.as_ref()?)));
    let ends = || all().filter_map(|(n, hour)| Some((n, hour, hour.ends?)));
    put_steps(bits, ends().map(|(n, _, (first, _))| into_hour(first.at, n)));
    put_steps(bits, ends().map(|(n, _, (_, last))| into_hour(last.at, n)));
    put_steps(bits, all().map(|(_, hour)| hour.measured_ms));
    put_rare(bits, all().map(|(_, hour)| hour.restarts));
    put_rare(
        bits,
        ends().map(|(_, hour, (first, last))| {
            let stepped = last.value.wrapping_sub(first.value);
            fold_sign(hour.counted.cast_signed().wrapping_sub(stepped))
        }),
    );
    let (mut between, mut inside) = (Rice::new(COUNTED_GUESS), Rice::new(COUNTED_GUESS));
    let mut stood: Option<i64> = None;
    for (_, _, (first, last)) in ends() {
        match stood {
            None => bits.put_number(first.value.cast_unsigned()),
            Some(stood) => between.put(bits, fold_sign(first.value.wrapping_sub(stood))),
        }
        inside.put(bits, fold_sign(last.value.wrapping_sub(first.value)));
        stood = Some(last.value);
    }
    // Rates are never below zero.
    let mut shape = Shape::new(BUCKETS);
    all().for_each(|(_, hour)| shape.put(bits, &hour.rates.above));
}

fn get_counters(
    bits: &mut BitReader<'_>,
    places: &[usize],
    readings: &[u64],
) -> Result<Vec<CounterRollup>, BadBlock> {
    let mut columns = [[0; HOURS]; 5];
    let [firsts, lasts, measured, restarts, beyond] =
        columns.each_mut().map(|column| &mut column[..places.len()]);
    for column in [&mut *firsts, &mut *lasts, &mut *measured] {
        get_steps(bits, column)?;
    }
    for column in [&mut *restarts, &mut *beyond] {
        get_rare(bits, column)?;
    }
    let (mut between, mut inside) = (Rice::new(COUNTED_GUESS), Rice::new(COUNTED_GUESS));
    let mut found = Vec::with_capacity(places.len());
    let mut stood: Option<i64> = None;
    for (n, (place, readings)) in places.iter().zip(readings).enumerate() {
        let at = |into: u64| UnixMs(into.cast_signed().wrapping_add(*place as i64 * HOUR_MS));
        let value = match stood {
            None => bits.get_number()?.cast_signed(),
            Some(stood) => stood.wrapping_add(unfold_sign(between.get(bits)?)),
        };
        let stepped = unfold_sign(inside.get(bits)?);
        let end = value.wrapping_add(stepped);
        stood = Some(end);
        let first = Point { at: at(firsts[n]), value };
        let last = Point { at: at(lasts[n]), value: end };
        found.push(CounterRollup {
            readings: *readings,
            ends: Some((first, last)),
            counted: stepped.wrapping_add(unfold_sign(beyond[n])).cast_unsigned(),
            measured_ms: measured[n],
            restarts: restarts[n],
            rates: Spread::default(),
        });
    }
    let mut shape = Shape::new(BUCKETS);
    for hour in &mut found {
        shape.get(bits, |bucket, count| hour.rates.above.add_many(bucket, count))?;
    }
    Ok(found)
}

fn put_gauges(bits: &mut BitWriter<'_>, hours: &[&GaugeRollup]) {
    let (mut below, mut above) = (Shape::new(BUCKETS), Shape::new(BUCKETS));
    let (mut sums, mut wide) = (Rice::new(SUM_GUESS), Rice::new(0));
    for hour in hours {
        below.put(bits, &hour.values.below);
        above.put(bits, &hour.values.above);
        let [low, high] = halves_of(hour.sum.wrapping_sub(hour.values.likely_sum()));
        sums.put(bits, low);
        wide.put(bits, high);
        let Some((ends, (least, most))) = hour.values.ends().zip(hour.ends) else { continue };
        for ((bucket, _), end) in ends.into_iter().zip([least, most]) {
            let (first, width) = width_of(bucket);
            // The smallest value lies in the first bucket, the largest in the last.
            let beyond = end.unsigned_abs().saturating_sub(first);
            bits.put(beyond & low_bits(width), width);
        }
    }
}

fn get_gauges(bits: &mut BitReader<'_>, readings: &[u64]) -> Result<Vec<GaugeRollup>, BadBlock> {
    let (mut below, mut above) = (Shape::new(BUCKETS), Shape::new(BUCKETS));
    let (mut sums, mut wide) = (Rice::new(SUM_GUESS), Rice::new(0));
    let mut found = Vec::with_capacity(readings.len());
    for readings in readings {
        let mut values = Spread::default();
        below.get(bits, |bucket, count| values.below.add_many(bucket, count))?;
        above.get(bits, |bucket, count| values.above.add_many(bucket, count))?;
        let beyond = whole_of([sums.get(bits)?, wide.get(bits)?]);
        let sum = values.likely_sum().wrapping_add(beyond);
        let ends = match values.ends() {
            None => None,
            Some(ends) => {
                let [least, most] = ends.map(|(bucket, is_below)| get_end(bits, bucket, is_below));
                Some((least?, most?))
            }
        };
        found.push(GaugeRollup { readings: *readings, sum, ends, values });
    }
    Ok(found)
}

fn get_end(bits: &mut BitReader<'_>, bucket: usize, is_below: bool) -> Result<i64, BadBlock> {
    let (first, width) = width_of(bucket);
    let magnitude = first.checked_add(bits.get(width)?);
    let end = magnitude.and_then(|magnitude| match is_below {
        true => 0_i64.checked_sub_unsigned(magnitude),
        false => i64::try_from(magnitude).ok(),
    });
    end.ok_or(BadBlock::Malformed("reading"))
}

const fn low_bits(width: u32) -> u64 {
    if width >= u64::BITS { u64::MAX } else { (1 << width) - 1 }
}
