//! The rule on capacity by hand and against the plainest way to reckon it.

use proptest::prelude::*;

use super::*;

fn point(at_ms: i64, octets: u64) -> Point {
    Point { at: UnixMs(at_ms), value: octets.cast_signed() }
}

#[test]
fn the_rank_is_the_one_of_the_circular() {
    let sorted: Vec<u64> = (1..=2_016).collect();
    assert_eq!(nearest_rank(&sorted), Some(1_916));
    assert_eq!(nearest_rank(&[7]), Some(7));
    assert_eq!(nearest_rank(&[]), None);
}

#[test]
fn a_gap_is_no_zero_and_a_restart_says_nothing() {
    let window = Span::new(UnixMs(0), UnixMs(4 * SLOT_MS));
    // 37,500 octets in a slot are 1,000 bit/s.
    let steady = [point(0, 0), point(SLOT_MS, 37_500), point(2 * SLOT_MS, 75_000)];
    assert_eq!(rates(&steady, window), [Some(1_000), Some(1_000), None, None]);
    let restarted = [point(0, 90_000), point(SLOT_MS, 10), point(2 * SLOT_MS, 37_510)];
    assert_eq!(rates(&restarted, window), [None, Some(1_000), None, None]);
    let apart = [point(0, 0), point(4 * SLOT_MS, 150_000)];
    assert_eq!(rates(&apart, window), [None; 4], "nobody knows when it was");
    let short = [point(0, 0), point(SLOT_MS / 2 - 1, 18_000)];
    assert_eq!(rates(&short, window), [None; 4], "less than half of the slot");
    // Read every other slot, and off the slots' bounds.
    let shifted = [point(-SLOT_MS / 2, 0), point(SLOT_MS / 2, 37_500), point(SLOT_MS, 56_250)];
    assert_eq!(rates(&shifted, window), [Some(1_000), None, None, None]);
    assert_eq!(rates(&[], Span::new(UnixMs(0), UnixMs(0))), []);
}

#[test]
fn ninety_percent_is_kept_and_one_bit_more_is_not() {
    let from = UnixMs(0);
    let at = |bps: u64| capacity(&vec![Some(bps); WEEK_SLOTS], from, Some(10_000), 950_000);
    assert_eq!(at(9_000_000).verdict, Verdict::Met);
    assert_eq!(at(9_000_001).verdict, Verdict::Missed);
    assert_eq!(at(u64::MAX).verdict, Verdict::Missed);
    let unknown = capacity(&vec![Some(1); WEEK_SLOTS], from, None, 950_000);
    assert_eq!(unknown.verdict, Verdict::NotProven, "nobody wrote down what was contracted");
    let short = capacity(&vec![Some(1); WEEK_SLOTS - 1], from, Some(1), 950_000);
    assert_eq!((short.rolling, short.verdict), (None, Verdict::NotProven));
    assert!(short.whole.is_some() && short.day.is_some() && short.fixed.is_none());
    let none = capacity(&[], from, Some(1), 950_000);
    assert_eq!((none.rolling, none.whole, none.verdict), (None, None, Verdict::NotProven));
}

#[test]
fn both_readings_of_seven_days_differ_where_the_load_lies_across_their_bound() {
    // 120 busy slots, 60 on each side of the week's end: 5 % of a week are 100.
    let mut load = vec![Some(1_000); 2 * WEEK_SLOTS];
    load[WEEK_SLOTS - 60..WEEK_SLOTS + 60].fill(Some(9_999));
    let found = capacity(&load, UnixMs(0), Some(10), 950_000);
    assert_eq!(found.fixed.unwrap().p95_bps, 1_000);
    assert_eq!(found.rolling.unwrap().p95_bps, 9_999);
    assert_eq!(found.verdict, Verdict::Missed, "by the rolling reading");
    assert_eq!(found.whole.unwrap().p95_bps, 1_000);
}

#[test]
fn too_few_samples_prove_nothing() {
    let mut load = vec![Some(1_000); WEEK_SLOTS];
    load[..101].fill(None);
    let found = capacity(&load, UnixMs(0), Some(10), 950_000);
    assert_eq!((found.rolling, found.verdict), (None, Verdict::NotProven));
    load[100] = Some(5);
    let found = capacity(&load, UnixMs(0), Some(10), 950_000).rolling.unwrap();
    assert_eq!((found.samples, found.of, found.p95_bps), (1_916, 2_016, 1_000));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn the_rolling_week_is_the_worst_of_all_weeks(
        load in prop::collection::vec(prop::option::weighted(0.97, 0_u64..50), 2_016..2_600)
    ) {
        let plainly = load.windows(WEEK_SLOTS).filter_map(|week| {
            let mut known: Vec<u64> = week.iter().copied().flatten().collect();
            known.sort_unstable();
            let rank = (known.len() * 95).div_ceil(100);
            (known.len() * 100 >= WEEK_SLOTS * 95).then(|| known[rank - 1])
        }).max();
        let found = capacity(&load, UnixMs(0), Some(1), 950_000).rolling.map(|r| r.p95_bps);
        prop_assert_eq!(found, plainly);
    }
}
