//! Rounds gathered into the columns of a chart.

use proptest::prelude::*;

use crate::coverage::{ChartPoint, chart};
use crate::model::{RoundError, Rtts, Sample, Span, UnixMs};

fn sample(at: i64, lost: u8, us: &[u32]) -> Sample {
    Sample { at: UnixMs(at), check: 0, sent: 3, lost, rtts: Rtts::from_us(us), error: None }
}

#[test]
fn a_column_sums_its_rounds_and_takes_the_lower_median_of_their_medians() {
    let samples = [
        sample(100, 0, &[10, 30, 20]),
        sample(149, 1, &[5, 50]),
        sample(150, 3, &[]),
        sample(199, 0, &[7, 7, 7]),
    ];
    let points = chart(samples, Span::new(UnixMs(100), UnixMs(200)), 2);
    let first = ChartPoint {
        rounds: 2,
        sent: 6,
        lost: 1,
        min_us: Some(5),
        median_us: Some(5),
        max_us: Some(50),
        quantiles_us: Some([5, 10, 30, 50]),
    };
    let second = ChartPoint {
        rounds: 2,
        sent: 6,
        lost: 3,
        min_us: Some(7),
        median_us: Some(7),
        max_us: Some(7),
        quantiles_us: Some([7; 4]),
    };
    assert_eq!(points, [first, second]);
}

#[test]
fn other_checks_other_times_and_what_our_own_side_spoilt_are_left_out() {
    let whole = sample(150, 0, &[10, 10, 10]);
    let samples = [
        Sample { check: 1, ..whole },
        Sample { sent: 0, ..whole },
        Sample { error: Some(RoundError::Overflow), ..whole },
        Sample { at: UnixMs(99), ..whole },
        Sample { at: UnixMs(200), ..whole },
        // What a router said is an answer about the subject.
        Sample {
            lost: 3,
            rtts: Rtts::default(),
            error: Some(RoundError::TtlExceeded { by: None }),
            ..whole
        },
    ];
    let points = chart(samples, Span::new(UnixMs(100), UnixMs(200)), 0);
    let expected = ChartPoint { rounds: 1, sent: 3, lost: 3, ..ChartPoint::default() };
    assert_eq!(points, [expected], "no column at all is one");
}

proptest! {
    /// Column by column, whatever the order rounds come in and however many columns there are.
    #[test]
    fn every_round_is_in_the_column_that_its_instant_belongs_to(
        rounds in proptest::collection::vec((0..700_i64, 0..4_u8, 1..90_u32), 0..120),
        from in -50..300_i64,
        length in 0..400_i64,
        columns in 1..300_usize,
    ) {
        let window = Span::new(UnixMs(from), UnixMs(from + length));
        let samples: Vec<Sample> = rounds
            .iter()
            .map(|(at, lost, us)| sample(*at, *lost, &[*us, us / 2, us * 3]))
            .collect();
        let mut expected = vec![(ChartPoint::default(), Vec::new(), Vec::new()); columns];
        for sample in samples.iter().filter(|s| window.contains(s.at)) {
            let offset = usize::try_from(sample.at.0 - from).unwrap();
            let column = offset * columns / usize::try_from(length).unwrap();
            let (point, medians, all) = &mut expected[column];
            point.rounds += 1;
            point.sent += 3;
            point.lost += u32::from(sample.lost);
            for us in sample.rtts.as_slice() {
                point.min_us = Some(point.min_us.unwrap_or(*us).min(*us));
                point.max_us = Some(point.max_us.unwrap_or(*us).max(*us));
            }
            medians.extend(sample.rtts.median_us());
            all.extend(sample.rtts.as_slice());
        }
        type Found = (ChartPoint, Vec<u32>, Vec<u32>);
        let expected = expected.into_iter().map(|(point, mut medians, mut all): Found| {
            medians.sort_unstable();
            all.sort_unstable();
            let place = medians.len().saturating_sub(1) / 2;
            // At least so many of a hundred are at most this.
            let at_most = |percent: usize| {
                all.iter().copied().find(|us| {
                    all.iter().filter(|other| *other <= us).count() * 100 >= all.len() * percent
                })
            };
            let quantiles = [5, 25, 75, 95].map(at_most);
            let quantiles_us = quantiles[0].map(|_| quantiles.map(Option::unwrap_or_default));
            ChartPoint { median_us: medians.get(place).copied(), quantiles_us, ..point }
        });
        prop_assert_eq!(chart(samples, window, columns), expected.collect::<Vec<_>>());
    }
}
