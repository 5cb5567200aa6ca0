//! Everybody's rounds in order.

use std::ops::ControlFlow;

use proptest::prelude::*;

use super::*;

const MINUTE: i64 = 60_000;

fn all(reader: &Reader, window: Span) -> Vec<(SubjectId, Sample)> {
    let mut found = Vec::new();
    let mut each = |subject: &SubjectId, sample: Sample| {
        found.push((subject.clone(), sample));
        ControlFlow::Continue(())
    };
    reader.rounds(window, &mut each).unwrap();
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Minutes apart by an odd number, so that slices and hours are cut anywhere; far apart now
    /// and then, so that hours without any are passed over; before 1970, too.
    #[test]
    fn rounds_come_by_time_then_subject_then_check(
        taken in proptest::collection::vec((0..7_usize, -40..400_i64, 0..3_u8, 0..8_u8), 0..60),
        from in -50..420_i64,
        length in 0..400_i64,
    ) {
        let place = Place::new();
        let store = place.open();
        let at = |minute: i64, far: u8| {
            minute * MINUTE + if far == 0 { 5_000 * 60 * MINUTE } else { i64::from(far % 2) }
        };
        let mut expected: Vec<(SubjectId, Sample)> = Vec::new();
        for (n, minute, check, far) in taken {
            let sample = Sample { check, ..sample(at(minute, far), &[1_000]) };
            let key = (id(&format!("s{n}")), sample);
            if !expected.contains(&key) {
                expected.push(key);
            }
        }
        // Two halves, so that subjects' numbers do not follow their names.
        let (first, second) = expected.split_at(expected.len() / 2);
        for half in [second, first] {
            store.submit(Batch { facts: Vec::new(), samples: readings(half) });
            store.flush_blocking().unwrap();
        }
        expected.sort_by(|(a, x), (b, y)| (x.at, a, x.check).cmp(&(y.at, b, y.check)));
        let reader = place.reader();
        prop_assert_eq!(all(&reader, Span::new(UnixMs(i64::MIN), UnixMs(i64::MAX))), expected.clone());
        let window = Span::new(UnixMs(from * MINUTE), UnixMs((from + length) * MINUTE + 1));
        expected.retain(|(_, sample)| window.contains(sample.at));
        prop_assert_eq!(all(&reader, window), expected);
    }
}

#[test]
fn whoever_has_enough_gets_no_more_and_the_daemon_writes_on_meanwhile() {
    let place = Place::new();
    let store = place.open();
    let fill = |from: i64, subject: &str| {
        let at = |n: i64| sample(from + n * 30_000, &[1_000]);
        let samples = (0..20).map(|n| (id(subject), at(n).into())).collect();
        store.submit(Batch { facts: Vec::new(), samples });
        store.flush_blocking().unwrap();
    };
    fill(T0, "a");
    let reader = place.reader();
    let mut seen = 0;
    let mut each = |_: &SubjectId, _| {
        seen += 1;
        if seen == 7 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    reader.rounds(ALL_TIME, &mut each).unwrap();
    assert_eq!(seen, 7);

    // A subject that appears while the rounds are being read.
    let mut found = Vec::new();
    let mut each = |subject: &SubjectId, sample: Sample| {
        if found.is_empty() {
            fill(T0 + 30 * 60 * MINUTE, "0-new");
        }
        found.push((subject.clone(), sample.at));
        ControlFlow::Continue(())
    };
    reader.rounds(ALL_TIME, &mut each).unwrap();
    assert_eq!(found.len(), 40);
    assert!(found[..20].iter().all(|(subject, _)| *subject == id("a")));
    assert!(found[20..].iter().all(|(subject, _)| *subject == id("0-new")));
}
