use proptest::collection::vec;
use proptest::prelude::*;

use super::super::{PointHours, decode_point_hours, encode_point_hours};
use super::*;

const HOUR_MS: i64 = 3_600_000;
const KINDS: [PointKind; 2] = [PointKind::Counter, PointKind::Gauge];

#[test]
fn sums_of_both_signs_come_back_from_their_halves() {
    for sum in [0, 1, -1, i128::MAX, i128::MIN, 1 << 64, -(1 << 64), 41_500] {
        assert_eq!(whole_of(halves_of(sum)), sum);
    }
}

#[test]
fn the_ends_of_the_range_have_buckets() {
    let mut spread = Spread::default();
    let values = [i64::MIN, i64::MIN + 1, -63, -1, 0, 1, 63, i64::MAX];
    values.into_iter().for_each(|value| spread.add(value));
    assert_eq!(spread.count(), 8);
    let kept = spread.values().flat_map(|(value, count)| (0..count).map(move |_| value));
    for (value, kept) in values.into_iter().zip(kept) {
        let near = u128::from(value.unsigned_abs()) * 16;
        assert!(u128::from(kept.abs_diff(value)) * 1_000 <= near, "{value} {kept}");
    }
    assert_eq!(spread.quantile(1000).map(|most| most > i64::MAX / 2), Some(true));
    assert_eq!(Spread::default().quantile(500), None);
}

/// Readings of an hour, by place in the day.
fn any_hour() -> impl Strategy<Value = Vec<(i64, i64)>> {
    let value = prop_oneof![3 => 0_i64..5_000_000, 1 => -400_i64..0, 1 => any::<i64>()];
    vec((1_i64..240_000, value), 1..20)
}

fn hours_of(kind: PointKind, drawn: &[(usize, Vec<(i64, i64)>)]) -> PointHours {
    let mut hours = PointHours::default();
    for (place, steps) in drawn {
        let from = *place as i64 * HOUR_MS;
        let mut at = from;
        let points: Vec<Point> = steps
            .iter()
            .map(|(step, value)| {
                at = (at + step).min(from + HOUR_MS - 1);
                Point { at: UnixMs(at), value: *value }
            })
            .collect();
        let span = Span::new(UnixMs(from), UnixMs(from + HOUR_MS));
        hours[*place] = Some(PointRollup::of(kind, &points, &points, span));
    }
    hours
}

proptest! {
    #[test]
    fn hours_and_their_day_come_back(drawn in vec((0..24_usize, any_hour()), 0..24)) {
        for kind in KINDS {
            let hours = hours_of(kind, &drawn);
            let mut bytes = Vec::new();
            encode_point_hours(kind, &hours, &mut bytes);
            let found = decode_point_hours(kind, &bytes);
            prop_assert_eq!(found.as_ref(), Ok(&hours));
            let mut day = PointRollup::empty(kind);
            hours.iter().flatten().for_each(|hour| day.merge(hour));
            day.encode(&mut bytes);
            prop_assert_eq!(PointRollup::decode_readings(&bytes), Ok(day.readings()));
            prop_assert_eq!(PointRollup::decode(kind, &bytes), Ok(day));
        }
    }

    /// Bytes whose checksum is right and that nobody wrote.
    #[test]
    fn whatever_the_bytes_are_they_are_read_or_refused(body in vec(any::<u8>(), 0..200)) {
        for (kind, hours, one) in [
            (PointKind::Counter, Format::CounterHours, Format::CounterRollup),
            (PointKind::Gauge, Format::GaugeHours, Format::GaugeRollup),
        ] {
            let mut bytes = Vec::new();
            seal(one, &mut bytes, |into| into.extend_from_slice(&body));
            let mut sum = PointRollup::empty(kind);
            if let Ok(found) = PointRollup::decode(kind, &bytes) {
                sum.merge(&found);
            }
            seal(hours, &mut bytes, |into| into.extend_from_slice(&body));
            for hour in decode_point_hours(kind, &bytes).into_iter().flatten().flatten() {
                sum.merge(&hour);
            }
            prop_assert!(decode_point_hours(kind, &[0xff; 9]).is_err());
        }
    }
}
