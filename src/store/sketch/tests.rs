use proptest::collection::vec;
use proptest::prelude::*;

use super::super::block::{Format, seal};
use super::*;
use crate::model::{RoundError, Rtts, Sample, UnixMs};

fn sketch_of(values: &[u32]) -> Sketch {
    let mut sketch = Sketch::default();
    values.iter().for_each(|value| sketch.add(*value));
    sketch
}

fn rollup_of(samples: &[Sample]) -> Rollup {
    let mut rollup = Rollup::default();
    samples.iter().for_each(|sample| rollup.add(sample));
    rollup
}

fn round(sent: u8, rtts_us: &[u32], error: Option<RoundError>) -> Sample {
    let lost = sent - rtts_us.len() as u8;
    Sample { at: UnixMs(0), check: 0, sent, lost, rtts: Rtts::from_us(rtts_us), error }
}

fn decoded(rollup: &Rollup) -> (usize, Result<Rollup, BadBlock>) {
    let mut bytes = Vec::new();
    rollup.encode(&mut bytes);
    (bytes.len(), Rollup::decode(&bytes))
}

/// `found` is within 1.6 % of `exact`.
fn is_near(found: u32, exact: u32) -> bool {
    u64::from(found.abs_diff(exact)) * 1000 <= u64::from(exact) * 16
}

#[test]
fn every_bucket_is_narrow_and_they_follow_one_another() {
    assert_eq!(FIRSTS[0], 0);
    for (bucket, first) in FIRSTS.iter().enumerate() {
        let last = FIRSTS.get(bucket + 1).map_or(u32::MAX, |next| next - 1);
        assert!(*first <= last);
        for value in [*first, last] {
            assert_eq!(bucket_of(value), bucket);
            assert!(is_near(middle_us(bucket), value), "{value} in {bucket}");
        }
    }
}

#[test]
fn nothing_has_no_quantile() {
    assert_eq!(Sketch::default().quantile_us(500), None);
    assert_eq!(Rollup::default().rtt_quantile_us(500), None);
    assert_eq!(decoded(&Rollup::default()).1, Ok(Rollup::default()));
}

#[test]
fn the_ends_of_the_range_are_safe() {
    let sketch = sketch_of(&[0, u32::MAX]);
    assert_eq!(sketch.count(), 2);
    assert_eq!(sketch.quantile_us(0), Some(0));
    assert!(is_near(sketch.quantile_us(1000).unwrap(), u32::MAX));
    assert_eq!(sketch.counts.len(), BUCKETS);
}

#[test]
fn rounds_that_our_own_side_spoilt_are_counted_apart() {
    let rollup = rollup_of(&[
        round(3, &[10, 30], None),
        round(3, &[], Some(RoundError::Unreachable { code: 1, by: None })),
        round(3, &[5], Some(RoundError::Overflow)),
        round(3, &[], Some(RoundError::Local { errno: 101 })),
        round(0, &[], None),
    ]);
    let Rollup { rounds, failed, own_faults, sent, lost, rtt_sum_us, .. } = rollup;
    assert_eq!((rounds, failed, own_faults), (2, 1, 3));
    assert_eq!((sent, lost, rtt_sum_us), (6, 4, 40));
    assert_eq!((rollup.rtt_min_us, rollup.rtt_max_us), (Some(10), Some(30)));
    assert_eq!(rollup.sketch.count(), 2);
}

/// A day of three packets every 30 s, their times bell-shaped about 8 ms with a busy tail.
#[test]
fn a_day_takes_eighty_bytes() {
    let mut rollup = Rollup::default();
    let mut dice = 1_u32;
    let mut roll = || {
        dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        dice >> 21
    };
    for _ in 0..2_880 {
        let rtts = [(); 3].map(|()| 5_000 + roll() + roll() + roll() + roll() * (roll() / 1_500));
        rollup.add(&round(3, &rtts, None));
    }
    let (bytes, back) = decoded(&rollup);
    assert_eq!(back, Ok(rollup));
    assert!(bytes <= 80, "{bytes}");
}

#[test]
fn a_changed_byte_is_recognised() {
    let mut bytes = Vec::new();
    rollup_of(&[round(3, &[10, 30], None)]).encode(&mut bytes);
    for place in 1..bytes.len() {
        let mut rotten = bytes.clone();
        rotten[place] ^= 0x10;
        assert_eq!(Rollup::decode(&rotten), Err(BadBlock::Checksum));
    }
}

fn any_values() -> impl Strategy<Value = Vec<u32>> {
    let usual = prop_oneof![8 => 3_000_u32..30_000, 1 => any::<u32>(), 1 => 0_u32..40];
    vec(usual, 0..300)
}

fn any_round() -> impl Strategy<Value = Sample> {
    let error = prop_oneof![
        6 => Just(None),
        1 => Just(Some(RoundError::Overflow)),
        1 => Just(Some(RoundError::TtlExceeded { by: None })),
    ];
    (vec(any::<u32>(), 0..=10), 0_u8..4, error)
        .prop_map(|(rtts_us, lost, error)| round(rtts_us.len() as u8 + lost, &rtts_us, error))
}

proptest! {
    #[test]
    fn quantiles_are_within_the_bound(mut values in any_values(), permille in 0_u16..=1000) {
        let found = sketch_of(&values).quantile_us(permille);
        values.sort_unstable();
        let place = values.len().checked_sub(1).map(|last| last * usize::from(permille) / 1000);
        match place {
            None => prop_assert_eq!(found, None),
            Some(place) => prop_assert!(is_near(found.unwrap(), values[place])),
        }
    }

    #[test]
    fn merged_sketches_are_the_sketch_of_all(a in any_values(), b in any_values()) {
        let mut merged = sketch_of(&a);
        merged.merge(&sketch_of(&b));
        prop_assert_eq!(merged, sketch_of(&[a, b].concat()));
    }

    #[test]
    fn merged_rollups_are_the_rollup_of_all(a in vec(any_round(), 0..20), b in vec(any_round(), 0..20)) {
        let mut merged = rollup_of(&a);
        merged.merge(&rollup_of(&b));
        let mut bytes = Vec::new();
        rollup_of(&b).encode(&mut bytes);
        let mut from_bytes = rollup_of(&a);
        from_bytes.merge_encoded(&bytes).unwrap();
        prop_assert_eq!(&from_bytes, &merged);
        prop_assert_eq!(&merged, &rollup_of(&[a, b].concat()));
        prop_assert_eq!(decoded(&merged).1, Ok(merged));
    }

    #[test]
    fn huge_counts_come_back(counts in vec((0..BUCKETS, 1_u64..), 0..40)) {
        let mut rollup = Rollup::default();
        counts.iter().for_each(|(bucket, count)| rollup.sketch.add_many(*bucket, *count));
        prop_assert_eq!(decoded(&rollup).1, Ok(rollup));
    }

    #[test]
    fn any_body_is_read_or_refused(body in vec(any::<u8>(), 0..200)) {
        let mut bytes = Vec::new();
        seal(Format::Rollup, &mut bytes, |into| into.extend_from_slice(&body));
        if let Ok(rollup) = Rollup::decode(&bytes) {
            prop_assert!(rollup.sketch.counts.capacity() <= 2 * BUCKETS);
            let _ = rollup.rtt_quantile_us(500);
            let mut twice = rollup.clone();
            twice.merge(&rollup);
        }
    }
}
