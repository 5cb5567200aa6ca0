use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::*;
use crate::model::{Point, PointKind, RoundError, Rtts, Sample, SnmpTrouble, Threshold, UnixMs};

const T0: i64 = 1_793_491_200_000;
const KINDS: [PointKind; 2] = [PointKind::Counter, PointKind::Gauge];

fn answered(at: i64, rtts_us: &[u32]) -> Sample {
    let rtts = Rtts::from_us(rtts_us);
    Sample { at: UnixMs(at), check: 0, sent: rtts_us.len() as u8, lost: 0, rtts, error: None }
}

fn silent(at: i64, sent: u8) -> Sample {
    Sample { lost: sent, sent, ..answered(at, &[]) }
}

fn block_of(samples: &[Sample]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_rounds(samples, &mut bytes);
    bytes
}

fn rounds_of(bytes: &[u8], check: u8) -> Result<Vec<Sample>, BadBlock> {
    let mut samples = Vec::new();
    decode_rounds(bytes, check, &mut samples)?;
    Ok(samples)
}

fn point_block_of(kind: PointKind, points: &[Point]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_points(kind, points, &mut bytes);
    bytes
}

fn points_of(kind: PointKind, bytes: &[u8]) -> Result<Vec<Point>, BadBlock> {
    let mut points = Vec::new();
    decode_points(kind, bytes, &mut points)?;
    Ok(points)
}

fn whole_row(bytes: &[u8]) -> Result<Vec<(u32, Sample)>, BadBlock> {
    let mut found = Vec::new();
    scan_row(bytes, &(0..u32::MAX), |series, sample| found.push((series, sample)))?;
    Ok(found)
}

fn whole_point_row(bytes: &[u8]) -> Result<Vec<(u32, Point)>, BadBlock> {
    let mut found = Vec::new();
    scan_point_row(bytes, &(0..u32::MAX), |series, point| found.push((series, point)))?;
    Ok(found)
}

/// What `read` finds in the entries of some series.
fn cut<T>(
    bytes: &[u8],
    part: &std::ops::Range<u32>,
    read: impl Fn(&RowHead, &[u8]) -> Result<T, BadBlock>,
) -> Result<Vec<(u32, T)>, BadBlock> {
    let mut places = Vec::new();
    let Cut { head, entries, fault } =
        cut_row(bytes, part, |series, from| places.push((series, from)))?;
    fault.map_or(Ok(()), Err)?;
    let read = |(series, from)| Ok((series, read(&head, &entries[from..])?));
    places.into_iter().map(read).collect()
}

/// An hour as it is: 30 s, three packets, an outage asked every 5 s, a hole.
fn hour() -> Vec<Sample> {
    let late = |i: i64| i * 7 % 20;
    let rtts = |i: i64| [8_000, 8_400, 9_100].map(|us| us + (i * 7_919 % 1_000) as u32);
    let mut samples = Vec::new();
    samples.extend((0..50).map(|i| answered(T0 + 30_000 * i + late(i), &rtts(i))));
    samples.extend((1..60).map(|i| silent(T0 + 1_470_000 + 5_003 * i, if i < 3 { 6 } else { 3 })));
    samples.extend((60..119).map(|i| answered(T0 + 30_000 * i + late(i), &rtts(i))));
    samples.retain(|sample| !(T0 + 2_400_000..T0 + 2_700_000).contains(&sample.at.0));
    samples
}

#[test]
fn an_hour_comes_back_in_four_bytes_a_round() {
    let samples = hour();
    let bytes = block_of(&samples);
    assert_eq!(rounds_of(&bytes, 0).as_ref(), Ok(&samples));
    assert!(bytes.len() < 4 * samples.len(), "{} for {}", bytes.len(), samples.len());
}

#[test]
fn the_check_is_the_readers() {
    let sample = answered(T0, &[7]);
    assert_eq!(rounds_of(&block_of(&[sample]), 3), Ok(vec![Sample { check: 3, ..sample }]));
}

#[test]
fn nothing_is_a_block_too() {
    assert_eq!(rounds_of(&block_of(&[]), 0), Ok(vec![]));
    for kind in KINDS {
        assert_eq!(points_of(kind, &point_block_of(kind, &[])), Ok(vec![]));
    }
}

#[test]
fn the_extremes_come_back() {
    let mut samples = vec![
        answered(i64::MIN, &[u32::MAX; 10]),
        answered(-1, &[0; 10]),
        answered(0, &[u32::MAX, 0, 1]),
        answered(i64::MAX, &[]),
    ];
    samples[0].error = Some(RoundError::Local { errno: i32::MIN });
    (samples[1].sent, samples[1].lost) = (255, 255);
    assert_eq!(rounds_of(&block_of(&samples), 0).as_ref(), Ok(&samples));
    let points = [(i64::MIN, i64::MAX), (-5, i64::MIN), (0, 0), (1, -1), (i64::MAX, i64::MIN)]
        .map(|(at, value)| Point { at: UnixMs(at), value });
    for kind in KINDS {
        assert_eq!(points_of(kind, &point_block_of(kind, &points)), Ok(points.to_vec()));
    }
}

#[test]
fn a_steady_counter_and_a_still_gauge_cost_their_lateness_only() {
    let at = |i: i64| UnixMs(T0 + 60_000 * i);
    let still: Vec<Point> = (0..1440).map(|i| Point { at: at(i), value: 41_500 }).collect();
    let steady: Vec<Point> = (0..1440).map(|i| Point { at: at(i), value: i * 250 }).collect();
    for (kind, points) in [(PointKind::Gauge, still), (PointKind::Counter, steady)] {
        let bytes = point_block_of(kind, &points);
        assert_eq!(points_of(kind, &bytes), Ok(points));
        assert!(bytes.len() < 230, "{}", bytes.len());
    }
}

/// A counter of 32 bits that passes its end, one of 64 that does, and a device that restarts.
#[test]
fn counters_that_wrap_or_begin_anew_come_back() {
    let narrow = [u32::MAX - 900, u32::MAX - 400, 99, 600, 1_100].map(u64::from);
    let wide = [u64::MAX - 900, u64::MAX - 400, 99, 600, 1_100];
    let restarted = [70_000_000_000, 70_000_000_500, 0, 500, 1_000];
    for values in [narrow, wide, restarted] {
        let at = |i: i64| UnixMs(T0 + 60_000 * i);
        let points = (0..).zip(values).map(|(i, v)| Point { at: at(i), value: v.cast_signed() });
        let points: Vec<Point> = points.collect();
        let bytes = point_block_of(PointKind::Counter, &points);
        assert_eq!(points_of(PointKind::Counter, &bytes), Ok(points));
    }
}

#[test]
fn a_gauge_is_kept_in_the_steps_it_has() {
    let of = |unit: i64| -> Vec<Point> {
        let value = |i: i64| 40_000 + unit * (i * 7_919 % 13);
        (0..1440).map(|i| Point { at: UnixMs(T0 + 60_000 * i), value: value(i) }).collect()
    };
    let fine = point_block_of(PointKind::Gauge, &of(1)).len();
    let coarse = point_block_of(PointKind::Gauge, &of(500)).len();
    assert!(coarse <= fine + 20, "{coarse} and {fine}");
}

#[test]
fn what_is_no_block_is_named() {
    let bytes = block_of(&hour());
    assert_eq!(rounds_of(&[], 0), Err(BadBlock::Short));
    assert_eq!(rounds_of(&bytes[..4], 0), Err(BadBlock::Short));
    let mut newer = bytes.clone();
    newer[0] += 1;
    assert_eq!(rounds_of(&newer, 0), Err(BadBlock::Format { found: 0x13, expected: 0x12 }));
    let other = points_of(PointKind::Gauge, &bytes);
    assert_eq!(other, Err(BadBlock::Format { found: 0x12, expected: 0x31 }));
    // A body cut before it was sealed.
    let mut short = Vec::new();
    seal(Format::PunctualRounds, &mut short, |body| body.extend_from_slice(&bytes[1..60]));
    assert_eq!(rounds_of(&short, 0), Err(BadBlock::Short));
}

#[test]
fn what_is_refused_leaves_nothing_behind() {
    let kept = answered(1, &[2]);
    let mut into = vec![kept];
    let mut short = Vec::new();
    let bytes = block_of(&hour());
    seal(Format::PunctualRounds, &mut short, |body| body.extend_from_slice(&bytes[1..200]));
    assert!(decode_rounds(&short, 0, &mut into).is_err());
    assert_eq!(into, [kept]);
}

#[test]
fn rounds_on_time_take_hardly_any_bits_and_silence_none() {
    let on_time = |late: &dyn Fn(i64) -> i64| -> Vec<Sample> {
        (0..2_880).map(|i| silent(i * 30_000 + 1_000 + late(i), 3)).collect()
    };
    let punctual = on_time(&|_| 0);
    let bytes = block_of(&punctual);
    assert_eq!(rounds_of(&bytes, 0).unwrap(), punctual);
    assert!(bytes.len() < 100, "{}", bytes.len());
    // Runs that end with a late one, at their greatest length, and with the block.
    for every in [1, 2, 3, 4, 5, 64, 65, 66, 67, 68, 69, 130, 131, 132, 2_879, 2_880] {
        let some = on_time(&|i| i64::from(i % every == every - 1));
        let bytes = block_of(&some);
        assert_eq!(rounds_of(&bytes, 0).unwrap(), some, "{every}");
        if every > 60 {
            assert!(bytes.len() < 200, "{every}: {}", bytes.len());
        }
    }
}

fn any_error() -> impl Strategy<Value = Option<RoundError>> {
    prop_oneof![
        4 => Just(None),
        1 => (any::<u8>(), any::<Option<std::net::IpAddr>>())
            .prop_map(|(code, by)| Some(RoundError::Unreachable { code, by })),
        1 => Just(Some(RoundError::TtlExceeded { by: None })),
        1 => (any::<u16>(), any::<Option<std::net::IpAddr>>())
            .prop_map(|(mtu, by)| Some(RoundError::FragNeeded { mtu, by })),
        1 => any::<i32>().prop_map(|errno| Some(RoundError::Local { errno })),
        1 => Just(Some(RoundError::Overflow)),
        1 => proptest::sample::select(SnmpTrouble::ALL.to_vec())
            .prop_map(|trouble| Some(RoundError::Snmp(trouble))),
        1 => any::<bool>().prop_map(|admin| Some(RoundError::InterfaceDown { admin })),
        1 => proptest::sample::select(Threshold::ALL.to_vec())
            .prop_map(|threshold| Some(RoundError::Over(threshold))),
    ]
}

/// Times of a round in a network, or anything.
fn any_rtts() -> impl Strategy<Value = Rtts> {
    let usual = vec(5_000_u32..20_000, 0..=10);
    prop_oneof![3 => usual, 1 => vec(any::<u32>(), 0..=10)].prop_map(|us| Rtts::from_us(&us))
}

fn any_sample() -> impl Strategy<Value = Sample> {
    (0_u8..3, any::<u8>(), any::<u8>(), any_rtts(), any_error()).prop_map(
        |(few, sent, lost, rtts, error)| {
            let (sent, lost) = if few > 0 { (3, few - 1) } else { (sent, lost) };
            Sample { at: UnixMs(0), check: 0, sent, lost, rtts, error }
        },
    )
}

/// Instants that rise: a grid with lateness, repetitions and holes, or anything.
fn any_times() -> impl Strategy<Value = Vec<i64>> {
    let step = prop_oneof![
        8 => (0_i64..20).prop_map(|late| 30_000 + late),
        3 => (0_i64..20).prop_map(|late| 5_000 + late),
        1 => 1_i64..10_000_000,
    ];
    let usual = vec(step, 0..200).prop_map(|steps| {
        let mut at = T0;
        let rising = steps.into_iter().map(|step| {
            at += step;
            at
        });
        rising.collect()
    });
    let anything = proptest::collection::btree_set(any::<i64>(), 0..50);
    prop_oneof![3 => usual, 1 => anything.prop_map(|times| times.into_iter().collect())]
}

fn any_block() -> impl Strategy<Value = Vec<Sample>> {
    any_times().prop_flat_map(|times| {
        vec(any_sample(), times.len()).prop_map(move |mut samples| {
            samples.iter_mut().zip(&times).for_each(|(sample, at)| sample.at = UnixMs(*at));
            samples
        })
    })
}

fn any_points() -> impl Strategy<Value = Vec<Point>> {
    let value = prop_oneof![
        3 => Just(41_500_i64),
        3 => (0_i64..40).prop_map(|i| i * 500),
        1 => any::<i64>(),
    ];
    any_times().prop_flat_map(move |times| {
        vec(value.clone(), times.len()).prop_map(move |values| {
            times.iter().zip(values).map(|(at, value)| Point { at: UnixMs(*at), value }).collect()
        })
    })
}

fn any_row() -> impl Strategy<Value = Vec<(u32, Sample)>> {
    let key = (prop_oneof![0_u32..300, any::<u32>()], T0..T0 + 2_000);
    btree_map(key, (any_sample(), any::<u8>()), 0..60).prop_map(|row| {
        let entry =
            |((series, at), (sample, check))| (series, Sample { at: UnixMs(at), check, ..sample });
        row.into_iter().map(entry).collect()
    })
}

fn any_point_row() -> impl Strategy<Value = Vec<(u32, Point)>> {
    let key = (prop_oneof![0_u32..300, any::<u32>()], any::<i64>());
    btree_map(key, any::<i64>(), 0..60).prop_map(|row: BTreeMap<_, _>| {
        let entry = |((series, at), value)| (series, Point { at: UnixMs(at), value });
        row.into_iter().map(entry).collect()
    })
}

proptest! {
    #[test]
    fn any_rounds_come_back(samples in any_block()) {
        prop_assert_eq!(rounds_of(&block_of(&samples), 0), Ok(samples));
    }

    #[test]
    fn any_points_come_back(points in any_points()) {
        for kind in KINDS {
            prop_assert_eq!(points_of(kind, &point_block_of(kind, &points)), Ok(points.clone()));
        }
    }

    #[test]
    fn any_row_comes_back_whole_and_by_series(row in any_row(), absent in any::<u32>()) {
        let mut bytes = Vec::new();
        encode_row(&row, &mut bytes);
        prop_assert_eq!(whole_row(&bytes), Ok(row.clone()));
        for series in row.iter().map(|(series, _)| *series).chain([absent]) {
            let mut found = Vec::new();
            prop_assert_eq!(scan_row(&bytes, &(series..series + 1), |of, sample| found.push((of, sample))), Ok(()));
            let expected: Vec<_> = row.iter().filter(|(s, _)| *s == series).copied().collect();
            prop_assert_eq!(found, expected);
        }
        let part = absent / 2..absent;
        let expected: Vec<_> = row.iter().filter(|(s, _)| part.contains(s)).copied().collect();
        prop_assert_eq!(cut(&bytes, &part, RowHead::round), Ok(expected));
        prop_assert_eq!(cut(&bytes, &(0..u32::MAX), RowHead::round), Ok(row));
    }

    #[test]
    fn any_point_row_comes_back_whole_and_by_series(row in any_point_row(), absent in any::<u32>()) {
        let mut bytes = Vec::new();
        let base = row.iter().map(|(_, point)| point.at).min().unwrap_or_default();
        encode_point_row(base, row.iter().copied(), &mut bytes);
        prop_assert_eq!(whole_point_row(&bytes), Ok(row.clone()));
        for series in row.iter().map(|(series, _)| *series).chain([absent]) {
            let mut found = Vec::new();
            let scanned = scan_point_row(&bytes, &(series..series + 1), |of, point| found.push((of, point)));
            prop_assert_eq!(scanned, Ok(()));
            let expected: Vec<_> = row.iter().filter(|(s, _)| *s == series).copied().collect();
            prop_assert_eq!(found, expected);
        }
        let part = absent / 2..absent;
        let expected: Vec<_> = row.iter().filter(|(s, _)| part.contains(s)).copied().collect();
        prop_assert_eq!(cut(&bytes, &part, RowHead::point), Ok(expected));
        prop_assert_eq!(cut(&bytes, &(0..u32::MAX), RowHead::point), Ok(row));
    }

    /// Bytes of ours that were changed or cut.
    #[test]
    fn rot_is_recognised(
        samples in any_block(), row in any_row(), place in any::<prop::sample::Index>(),
        bit in 0_u8..8, is_cut in any::<bool>(),
    ) {
        let mut row_bytes = Vec::new();
        encode_row(&row, &mut row_bytes);
        for mut bytes in [block_of(&samples), row_bytes] {
            let place = place.index(bytes.len());
            if is_cut {
                bytes.truncate(place);
            } else {
                bytes[place] ^= 1 << bit;
            }
            prop_assert!(rounds_of(&bytes, 0).is_err());
            prop_assert!(whole_row(&bytes).is_err());
        }
    }

    /// Bytes that pass the checksum and are anything else: no panic, bounded memory.
    #[test]
    fn any_body_is_read_or_refused(body in vec(any::<u8>(), 0..300)) {
        let sealed = |format| {
            let mut bytes = Vec::new();
            seal(format, &mut bytes, |into| into.extend_from_slice(&body));
            bytes
        };
        check_all(&sealed, body.len())?;
    }

    /// The same, one of ours with a few bytes changed, which goes deeper.
    #[test]
    fn a_changed_body_is_read_or_refused(
        samples in any_block(), points in any_points(), row in any_row(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut row_bytes = Vec::new();
        encode_row(&row, &mut row_bytes);
        let point_bytes = point_block_of(PointKind::Counter, &points);
        for ours in [block_of(&samples), row_bytes, point_bytes] {
            let mut body = ours[1..ours.len() - CHECKSUM_BYTES].to_vec();
            for (place, byte) in &changes {
                let place = place.index(body.len());
                body[place] = *byte;
            }
            let sealed = |format| {
                let mut bytes = Vec::new();
                seal(format, &mut bytes, |into| into.extend_from_slice(&body));
                bytes
            };
            check_all(&sealed, body.len())?;
        }
    }
}

/// Reads the same body as everything it could be.
fn check_all(
    sealed: &dyn Fn(Format) -> Vec<u8>,
    bytes: usize,
) -> Result<(), proptest::test_runner::TestCaseError> {
    let mut samples = Vec::new();
    let _ = decode_rounds(&sealed(Format::Rounds), 0, &mut samples);
    prop_assert!(samples.capacity() <= 8 * bytes.max(1));
    samples.clear();
    let _ = decode_rounds(&sealed(Format::PunctualRounds), 0, &mut samples);
    // Twice what they hold: a vector doubles.
    prop_assert!(samples.capacity() <= 2 * 512 * bytes.max(1));
    for (kind, format) in [(KINDS[0], Format::Counter), (KINDS[1], Format::Gauge)] {
        let mut points = Vec::new();
        let _ = decode_points(kind, &sealed(format), &mut points);
        prop_assert!(points.capacity() <= 8 * bytes.max(1));
    }
    let mut entries = 0;
    let _ = scan_row(&sealed(Format::RoundRow), &(0..u32::MAX), |_, _| entries += 1);
    let _ = scan_row(&sealed(Format::RoundRow), &(3..4), |_, _| {});
    let _ = scan_point_row(&sealed(Format::PointRow), &(0..u32::MAX), |_, _| entries += 1);
    let _ = scan_point_row(&sealed(Format::PointRow), &(3..4), |_, _| {});
    prop_assert!(entries <= 2 * bytes);
    for format in [Format::RoundRow, Format::PointRow] {
        for part in [0..u32::MAX, 3..4] {
            let _ = cut(&sealed(format), &part, RowHead::round);
            let _ = cut(&sealed(format), &part, RowHead::point);
        }
    }
    Ok(())
}
