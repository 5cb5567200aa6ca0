//! Availability, outages and redundancy on hand-made records.

use proptest::prelude::*;

use super::*;
use crate::model::{ClassMillis, Span, State, StateInterval, UnixMs};
use State::{Degraded, Down, Unmeasured, Unreachable, Up};

mod carrier;
mod chart;
mod classes;
mod clocks;
mod edges;
mod example;
mod foreign;
mod lost;
mod province;
mod tree;

const WINDOW: Span = Span::new(UnixMs(0), UnixMs(1000));

/// `[(from, state)]`, the last one open.
fn record(entries: &[(i64, State)]) -> Vec<StateInterval> {
    entries
        .iter()
        .enumerate()
        .map(|(i, (from, state))| StateInterval {
            from: UnixMs(*from),
            to: entries.get(i + 1).map(|(to, _)| UnixMs(*to)),
            state: *state,
            cause: None,
        })
        .collect()
}

#[test]
fn classes_sum_to_the_window_and_what_no_interval_covers_is_unmeasured() {
    let got =
        availability(&record(&[(100, Up), (400, Down), (500, Unreachable), (600, Up)]), WINDOW);
    assert_eq!(got.millis.total(), 1000);
    assert_eq!((got.millis.up, got.millis.down, got.millis.unreachable), (700, 100, 100));
    assert_eq!(got.millis.unmeasured, 100);
    assert_eq!(got.delivered_ppm(), Some(777_778));
    assert_eq!(got.own_ppm(), Some(875_000));
    assert_eq!(got.measured_ppm(), 900_000);
    assert_eq!((got.low_ppm(), got.high_ppm()), (Some(700_000), Some(800_000)));
    assert_eq!(got.outages, 1, "down, then unreachable: one outage");
    assert_eq!((got.mttr_ms(), got.mtbf_ms()), (Some(200), Some(700)));
}

#[test]
fn a_lost_second_of_a_month_is_neither_nothing_nor_all() {
    let month = Span::new(UnixMs(0), UnixMs(31 * 86_400_000));
    let got = availability(&record(&[(0, Up), (5_000, Down), (6_000, Up)]), month);
    assert_eq!(got.delivered_ppm(), Some(999_999));
    assert_eq!(verdict(&got, 1_000_000, 950_000), Verdict::Missed);
    let lost = availability(&record(&[(0, Down), (5_000, Up), (6_000, Down)]), month);
    assert_eq!(lost.delivered_ppm(), Some(1));
}

#[test]
fn under_the_floor_there_is_no_verdict() {
    let got = availability(&record(&[(51, Up)]), WINDOW);
    assert_eq!(verdict(&got, 990_000, 950_000), Verdict::NotProven);
    assert_eq!(verdict(&got, 990_000, 949_000), Verdict::Met);
    assert_eq!(verdict(&Availability::default(), 0, 0), Verdict::NotProven);
}

#[test]
fn a_hole_does_not_end_an_outage_and_an_answer_does() {
    let found = outages(&record(&[
        (0, Up),
        (100, Down),
        (200, Unmeasured),
        (300, Unreachable),
        (400, Degraded),
        (500, Down),
        (600, Unmeasured),
        (700, Up),
    ]));
    let spans: Vec<(i64, Option<i64>, i64)> =
        found.iter().map(|o| (o.start.0, o.end.map(|e| e.0), o.unmeasured_ms)).collect();
    assert_eq!(spans, [(100, Some(400), 100), (500, Some(600), 0)]);
}

fn any_record() -> impl Strategy<Value = Vec<StateInterval>> {
    let entry = (1..200_i64, prop::sample::select(&State::ALL[..]));
    (0..300_i64, prop::collection::vec(entry, 1..12)).prop_map(|(start, steps)| {
        let mut at = start;
        let entries: Vec<(i64, State)> = steps
            .into_iter()
            .map(|(step, state)| {
                at += step;
                (at, state)
            })
            .collect();
        record(&entries)
    })
}

proptest! {
    #[test]
    fn bounds_hold_the_availability_between_them(record in any_record()) {
        let got = availability(&record, WINDOW);
        prop_assert_eq!(got.millis.total(), WINDOW.len_ms());
        if let (Some(low), Some(got), Some(high)) =
            (got.low_ppm(), got.delivered_ppm(), got.high_ppm())
        {
            prop_assert!(low <= got && got <= high);
        }
    }
}

#[test]
fn figures_add_up_class_by_class() {
    let millis = ClassMillis { up: 1, down: 2, planned: 5, ..ClassMillis::default() };
    let planned = StateMillis { up: 2, down: 3, ..StateMillis::default() };
    let one = Availability { millis, outages: 1, planned, ..Availability::default() };
    let mut sum = one;
    sum += one;
    sum += one;
    assert_eq!((sum.millis.up, sum.millis.down, sum.millis.planned), (3, 6, 15));
    assert_eq!((sum.outages, sum.planned.up, sum.planned.down), (3, 6, 9));
}
