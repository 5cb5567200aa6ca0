use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::model::{RoundError, Rtts, Sample, UnixMs};

fn rollup_of(samples: &[Sample]) -> Rollup {
    let mut rollup = Rollup::default();
    samples.iter().for_each(|sample| rollup.add(sample));
    rollup
}

fn round(rtts_us: &[u32], lost: u8, error: Option<RoundError>) -> Sample {
    let sent = rtts_us.len() as u8 + lost;
    Sample { at: UnixMs(0), check: 0, sent, lost, rtts: Rtts::from_us(rtts_us), error }
}

fn bytes_of(hours: &Hours) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_hours(hours, &mut bytes);
    bytes
}

fn decoded(bytes: &[u8], wanted: HourSet) -> Result<Hours, BadBlock> {
    let mut hours = Hours::default();
    decode_hours(bytes, wanted, |hour, rollup| hours[hour] = Some(rollup.clone()))?;
    Ok(hours)
}

fn any_round() -> impl Strategy<Value = Sample> {
    let times = prop_oneof![0_u32..200, 900_u32..1_100, 1_u32..5_000_000, any::<u32>()];
    let error = prop_oneof![
        4 => Just(None),
        1 => Just(Some(RoundError::Overflow)),
        1 => Just(Some(RoundError::TtlExceeded { by: None })),
    ];
    (vec(times, 0..=4), 0_u8..3, error).prop_map(|(rtts, lost, error)| round(&rtts, lost, error))
}

fn any_hours() -> impl Strategy<Value = Hours> {
    let hour = proptest::option::of(vec(any_round(), 0..12).prop_map(|all| rollup_of(&all)));
    vec(hour, 24).prop_map(|all| all.try_into().unwrap())
}

proptest! {
    #[test]
    fn every_hour_comes_back_exactly(hours in any_hours(), wanted in 0_u32..1 << 24) {
        let bytes = bytes_of(&hours);
        prop_assert_eq!(decoded(&bytes, HourSet::MAX).unwrap(), hours.clone());
        let mut some = hours.clone();
        let is_wanted = |n: usize| wanted >> n & 1 == 1;
        some.iter_mut().enumerate().filter(|(n, _)| !is_wanted(*n)).for_each(|(_, h)| *h = None);
        let mut sum = rollup_of(&[round(&[77], 1, None)]);
        merge_hours(&bytes, wanted, &mut sum).unwrap();
        let mut expected = rollup_of(&[round(&[77], 1, None)]);
        some.iter().flatten().for_each(|hour| expected.merge(hour));
        prop_assert_eq!(sum, expected);
        let rounds = some.iter().flatten().map(|hour| hour.rounds).sum();
        prop_assert_eq!(decoded(&bytes, wanted).unwrap(), some);
        let set = hours.iter().zip(0..).map(|(h, n)| u32::from(h.is_some()) << n).sum::<u32>();
        prop_assert_eq!(count_hours(&bytes, wanted).unwrap(), (set, rounds));
    }

    #[test]
    fn any_body_is_read_or_refused(body in vec(any::<u8>(), 0..300)) {
        let mut bytes = Vec::new();
        seal(Format::RollupHours, &mut bytes, |into| into.extend_from_slice(&body));
        let _ = count_hours(&bytes, HourSet::MAX);
        let _ = decode_hours(&bytes, HourSet::MAX, |_, hour| {
            assert!(hour.sketch.counts.capacity() <= 2 * BUCKETS);
            let _ = hour.rtt_quantile_us(500);
        });
    }
}

#[test]
fn the_ends_of_the_range_and_torn_bytes_are_safe() {
    let mut hours = Hours::default();
    hours[23] = Some(rollup_of(&[round(&[0, u32::MAX], 0, None)]));
    hours[0] = Some(Rollup::default());
    let mut bytes = bytes_of(&hours);
    assert_eq!(decoded(&bytes, HourSet::MAX).unwrap(), hours);
    bytes[3] ^= 1;
    assert_eq!(decoded(&bytes, HourSet::MAX), Err(BadBlock::Checksum));
    assert_eq!(count_hours(&bytes[..4], HourSet::MAX), Err(BadBlock::Short));
}

/// What decision 9 says: under 12 bytes an hour of 120 rounds about one level.
#[test]
fn an_hour_takes_a_dozen_bytes() {
    let mut dice = 1_u64;
    let mut noise = |width: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (dice >> 33) % width
    };
    let hours: Hours = std::array::from_fn(|n| {
        let level = 5_000 + 200 * (n as u64 % 6);
        let rounds = (0..120).map(|_| {
            let us = level + noise(400) + noise(400) + noise(400);
            round(&[us as u32], 0, None)
        });
        Some(rollup_of(&rounds.collect::<Vec<_>>()))
    });
    let bytes = bytes_of(&hours);
    assert!(bytes.len() < 24 * 12, "{} bytes", bytes.len());
    assert_eq!(decoded(&bytes, HourSet::MAX).unwrap(), hours);
}
