//! Rounds gathered into the columns of a chart.

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
    };
    let second = ChartPoint {
        rounds: 2,
        sent: 6,
        lost: 3,
        min_us: Some(7),
        median_us: Some(7),
        max_us: Some(7),
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
        Sample { lost: 3, rtts: Rtts::default(), error: Some(RoundError::TtlExceeded), ..whole },
    ];
    let points = chart(samples, Span::new(UnixMs(100), UnixMs(200)), 0);
    let expected = ChartPoint { rounds: 1, sent: 3, lost: 3, ..ChartPoint::default() };
    assert_eq!(points, [expected], "no column at all is one");
}
