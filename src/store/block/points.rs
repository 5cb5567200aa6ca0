//! Points of one metric: instants, then values.
//!
//! A counter's values are written as its increases, a gauge's as they are; both in units of the
//! largest number that divides every difference, because devices show tenths as thousands.

use super::bits::{BitReader, BitWriter};
use super::late::Punctual;
use super::rice::{fold_sign, unfold_sign};
use super::rounds::at_most;
use super::series::{Series, put_series};
use super::times::{TimeReader, TimeWriter, Times};
use super::{BadBlock, Format, open, seal};
use crate::model::{Point, PointKind, UnixMs};

const fn format_of(kind: PointKind) -> Format {
    match kind {
        PointKind::Counter => Format::Counter,
        PointKind::Gauge => Format::Gauge,
    }
}

/// Puts into `into`, which is emptied, the points of one metric: sorted by `at`, no `at` twice.
pub(in crate::store) fn encode_points(kind: PointKind, points: &[Point], into: &mut Vec<u8>) {
    seal(format_of(kind), into, |body| {
        let mut bits = BitWriter::new(body);
        put_points(&mut bits, kind, points);
        bits.finish();
    });
}

fn put_points(bits: &mut BitWriter<'_>, kind: PointKind, points: &[Point]) {
    bits.put_number(points.len() as u64);
    let Some((first, rest)) = points.split_first() else {
        return;
    };
    let instants = Times::of(points.iter().map(|point| point.at.0));
    let mut times = TimeWriter::begin(bits, &instants, Punctual::OneByOne);
    rest.iter().for_each(|_| times.put(bits));
    // Differences from the first value wrap, and are exact as such: their product with the unit
    // is what was divided.
    let differences = rest.iter().map(|point| point.value.wrapping_sub(first.value));
    let unit = differences.clone().fold(0, |unit, d| common_divisor(unit, d.unsigned_abs()));
    // 2^63 divides only itself and zero, and is no positive i64.
    let unit = i64::try_from(unit).unwrap_or(1).max(1);
    bits.put_number(fold_sign(first.value));
    bits.put_number(unit.unsigned_abs());
    let mut last = 0;
    let column = differences.map(|difference| {
        let units = difference.wrapping_div(unit);
        match kind {
            PointKind::Gauge => units,
            PointKind::Counter => units.wrapping_sub(std::mem::replace(&mut last, units)),
        }
    });
    put_series(bits, &column.collect::<Vec<_>>());
}

/// Euclid's; 0 has every divisor. Stops at 1, which most counters come to at once.
fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    if a == 1 {
        return 1;
    }
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Appends to `into` the points that [`encode_points`] wrote for the same `kind`. At most eight
/// for each of `bytes`; none when they are refused.
///
/// # Errors
/// When they are no such block, or not whole.
pub(in crate::store) fn decode_points(
    kind: PointKind,
    bytes: &[u8],
    into: &mut Vec<Point>,
) -> Result<(), BadBlock> {
    let body = open(format_of(kind), bytes)?;
    let before = into.len();
    let read = get_points(&mut BitReader::new(body), kind, into);
    if read.is_err() {
        into.truncate(before);
    }
    read
}

fn get_points(
    bits: &mut BitReader<'_>,
    kind: PointKind,
    into: &mut Vec<Point>,
) -> Result<(), BadBlock> {
    let points = bits.get_number()?;
    if points == 0 {
        return Ok(());
    }
    // Every instant but the first takes a bit.
    let points = at_most(points, bits.left())?;
    let (mut times, first) = TimeReader::begin(bits, Punctual::OneByOne)?;
    let before = into.len();
    into.reserve(points);
    into.push(Point { at: UnixMs(first), value: 0 });
    for _ in 1..points {
        into.push(Point { at: UnixMs(times.next(bits)?), value: 0 });
    }
    let start = unfold_sign(bits.get_number()?);
    let unit = bits.get_number()?.cast_signed();
    let mut points = into[before..].iter_mut();
    if let Some(point) = points.next() {
        point.value = start;
    }
    if points.len() == 0 {
        return Ok(());
    }
    let mut series = Series::begin(bits)?;
    let mut units = 0_i64;
    for point in points {
        let number = series.next(bits)?;
        units = match kind {
            PointKind::Gauge => number,
            PointKind::Counter => units.wrapping_add(number),
        };
        point.value = start.wrapping_add(units.wrapping_mul(unit));
    }
    Ok(())
}
