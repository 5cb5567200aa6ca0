//! Samples on their way from the journal to the blocks of days.

use std::sync::Arc;

use super::*;
use crate::model::{Metric, Moment, Point, PointKind};
use crate::store::{Resolution, Retention};
use proptest::prelude::*;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// Midnight, UTC.
const MIDNIGHT: i64 = T0 - T0 % DAY;

fn alive(store: &Store, at: i64) {
    store.submit(facts(vec![Fact::Alive { at: UnixMs(at) }]));
    store.tidy_blocking().unwrap();
}

/// Rows in each of the tables in which samples and rollups of rounds stand.
fn counts(place: &Place) -> [i64; 6] {
    let conn = rusqlite::Connection::open(place.db()).unwrap();
    ["journal", "block", "block_day", "rollup_hour", "rollup_hours", "rollup_day"].map(|table| {
        conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    })
}

fn submit(store: &Store, samples: &[(SubjectId, Sample)]) {
    store.submit(Batch { facts: Vec::new(), samples: readings(samples) });
    store.flush_blocking().unwrap();
}

#[test]
fn samples_are_the_same_in_the_journal_in_their_hour_and_in_their_day() {
    let place = Place::new();
    let store = place.open_at(MIDNIGHT);
    let samples: Vec<(SubjectId, Sample)> = (0..240)
        .flat_map(|n| {
            let mut failed = sample(MIDNIGHT + n * 30_000 + 7, &[]);
            failed.error = Some(RoundError::Unreachable { code: 13, by: None });
            let good = sample(MIDNIGHT + n * 30_000 + 9, &[900, 4_000_000, 850]);
            [(id("a"), if n % 50 == 7 { failed } else { good }), (id("b/tslcd"), good)]
        })
        .collect();
    for batch in samples.chunks(37) {
        submit(&store, batch);
    }
    let reader = place.reader();
    let of = |subject: &str| -> Vec<Sample> {
        samples.iter().filter(|(id, _)| id.as_str() == subject).map(|(_, s)| *s).collect()
    };
    let check = |what: &str| {
        for subject in ["a", "b/tslcd"] {
            assert_eq!(reader.samples(&id(subject), ALL_TIME).unwrap(), of(subject), "{what}");
        }
        let hour = Span::new(UnixMs(MIDNIGHT + HOUR / 2), UnixMs(MIDNIGHT + 3 * HOUR / 2));
        let inside: Vec<Sample> = of("a").into_iter().filter(|s| hour.contains(s.at)).collect();
        assert_eq!(reader.samples(&id("a"), hour).unwrap(), inside, "{what}");
    };
    check("in the journal");
    let newest = Some(samples.last().unwrap().1.at);
    assert_eq!(reader.last_alive().unwrap(), newest, "nothing else was said yet");
    assert_eq!(counts(&place)[1..], [0, 0, 0, 0, 0]);

    // The first hour is over, the second is not.
    store.submit(facts(vec![Fact::Alive { at: UnixMs(MIDNIGHT + HOUR + 60_000) }]));
    store.tidy_blocking().unwrap();
    check("one hour sealed");
    let [journal, blocks, days, hourly, packed, daily] = counts(&place);
    assert!(journal > 0, "the open hour stays in the journal");
    assert_eq!([blocks, days, hourly, packed, daily], [2, 0, 2, 0, 0]);
    alive(&store, MIDNIGHT + 2 * HOUR + 60_000);
    check("both hours sealed");
    assert_eq!(counts(&place), [0, 4, 0, 4, 0, 0]);
    alive(&store, MIDNIGHT + DAY + 2 * HOUR - 1);
    assert_eq!(counts(&place), [0, 4, 0, 4, 0, 0]);
    alive(&store, MIDNIGHT + DAY + 2 * HOUR);
    assert_eq!(counts(&place), [0, 0, 2, 0, 2, 2]);
    let latest: Vec<i64> = rusqlite::Connection::open(place.db())
        .unwrap()
        .prepare("SELECT at FROM latest")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(latest.into_iter().max().map(UnixMs), newest);
    for subject in ["a", "b/tslcd"] {
        assert_eq!(reader.samples(&id(subject), ALL_TIME).unwrap(), of(subject));
    }
}

#[test]
fn a_sample_that_comes_late_is_merged_and_the_last_word_on_an_instant_stays() {
    let place = Place::new();
    let store = place.open();
    let first = sample(MIDNIGHT + 1_000, &[500]);
    submit(&store, &[(id("a"), first), (id("a"), sample(MIDNIGHT + 60_000, &[600]))]);
    alive(&store, MIDNIGHT + 2 * DAY);
    assert_eq!(counts(&place)[..3], [0, 0, 1]);

    let late = sample(MIDNIGHT + 30_000, &[550]);
    let corrected = sample(MIDNIGHT + 60_000, &[700]);
    submit(&store, &[(id("a"), late), (id("a"), corrected)]);
    let expected = [first, late, corrected];
    let reader = place.reader();
    assert_eq!(reader.samples(&id("a"), ALL_TIME).unwrap(), expected);
    alive(&store, MIDNIGHT + 2 * DAY + 1_000);
    assert_eq!(counts(&place)[..3], [0, 0, 1]);
    assert_eq!(reader.samples(&id("a"), ALL_TIME).unwrap(), expected);
}

#[test]
fn a_sample_that_comes_when_its_day_has_aged_is_added_to_what_its_hour_came_to() {
    let place = Place::new();
    let store = place.open();
    let rounds = (0..240).map(|n| (id("a"), sample(MIDNIGHT + n * 30_000, &[500])));
    submit(&store, &rounds.collect::<Vec<_>>());
    alive(&store, MIDNIGHT + 2 * DAY);
    let aged = UnixMs(MIDNIGHT + DAY);
    let keep = || {
        store.keep(Retention { samples_before: aged, rollups_before: UnixMs(0) });
        store.tidy_blocking().unwrap();
    };
    keep();
    assert_eq!(counts(&place), [0, 0, 0, 0, 1, 1]);
    let reader = place.reader();
    let came_to = |resolution| -> Vec<(u64, Option<u32>)> {
        let found = reader.rollups(&id("a"), ALL_TIME, resolution).unwrap();
        found.into_iter().map(|(_, rollup)| (rollup.rounds, rollup.rtt_max_us)).collect()
    };
    assert_eq!(came_to(Resolution::Hour), [(120, Some(500)), (120, Some(500))]);
    // Two late ones, each sealed by itself; then a third when these are in the block of the day.
    for (n, at) in [(1, 7), (2, 11), (3, 13)] {
        submit(&store, &[(id("a"), sample(MIDNIGHT + HOUR + at, &[900]))]);
        alive(&store, MIDNIGHT + 2 * DAY + n);
        let hours = [(120, Some(500)), (120 + n as u64, Some(900))];
        assert_eq!(came_to(Resolution::Hour), hours, "{n}");
        assert_eq!(came_to(Resolution::Day), [(240 + n as u64, Some(900))], "{n}");
    }
    keep();
    assert_eq!(came_to(Resolution::Day), [(243, Some(900))]);
}

#[test]
fn points_of_counters_and_gauges_come_back_exactly_from_everywhere() {
    let place = Place::new();
    let store = place.open();
    let octets = Metric { kind: PointKind::Counter, name: "if.octets_in:ether1".into() };
    let heat = Metric { kind: PointKind::Gauge, name: "temperature".into() };
    let near_wrap = u64::MAX - 5_000;
    let counted: Vec<Point> = (0..300_u64)
        .map(|n| Point {
            at: UnixMs(MIDNIGHT + n as i64 * 60_000),
            value: near_wrap.wrapping_add(n * 1_234).cast_signed(),
        })
        .collect();
    let felt: Vec<Point> = (0..300)
        .map(|n| Point { at: UnixMs(MIDNIGHT + n * 60_000 + 3), value: 41_000 - n % 7 * 500 })
        .collect();
    let readings = |metric: &Metric, points: &[Point]| -> Vec<(SubjectId, Reading)> {
        points.iter().map(|p| (id("core"), Reading::Point(metric.clone(), *p))).collect()
    };
    for (a, b) in counted.chunks(40).zip(felt.chunks(40)) {
        let mut samples = readings(&octets, a);
        samples.extend(readings(&heat, b));
        store.submit(Batch { facts: Vec::new(), samples });
        store.flush_blocking().unwrap();
    }
    let reader = place.reader();
    let check = |at| {
        alive(&store, at);
        assert_eq!(reader.points(&id("core"), &octets, ALL_TIME).unwrap(), counted);
        assert_eq!(reader.points(&id("core"), &heat, ALL_TIME).unwrap(), felt);
        assert_eq!(reader.samples(&id("core"), ALL_TIME).unwrap(), []);
    };
    check(MIDNIGHT);
    check(MIDNIGHT + 3 * HOUR);
    check(MIDNIGHT + 2 * DAY);
    assert_eq!(counts(&place), [0, 0, 2, 0, 0, 0]);
}

/// What devices say in one go, whatever the order of their series; now and then one says less, or
/// something by itself.
#[test]
fn moments_come_back_as_the_points_they_are() {
    let place = Place::new();
    let store = place.open();
    let metric = |name: &str| Metric { kind: PointKind::Counter, name: name.into() };
    let all: Vec<Metric> = ["a", "b", "c", "d"].map(metric).into();
    // The last first, so that numbers do not follow the lists.
    let lists: [Arc<[Metric]>; 3] =
        [all[2..].into(), all.clone().into(), [all[3].clone(), all[0].clone()].into()];
    let mut expected: BTreeMap<(SubjectId, Arc<str>), Vec<Point>> = BTreeMap::new();
    let mut samples = 0;
    for n in 0..180_i64 {
        let at = UnixMs(MIDNIGHT + n * 60_000 + 3);
        let readings = ["s1", "s2", "s3"].into_iter().zip(0..).map(|(subject, shift)| {
            let metrics = Arc::clone(&lists[usize::try_from(n / 7 + shift).unwrap() % 3]);
            let values: Box<[i64]> = (0..).map(|m| n * 100 + m).take(metrics.len()).collect();
            let moment = Moment { at, metrics, values };
            for (metric, point) in moment.points() {
                let points = expected.entry((id(subject), Arc::clone(&metric.name))).or_default();
                points.push(point);
            }
            samples += moment.len() as u64;
            (id(subject), Reading::Moment(moment))
        });
        let mut batch: Vec<_> = readings.collect();
        let alone = Point { at: at + 1, value: -n };
        expected.get_mut(&(id("s1"), "d".into())).into_iter().for_each(|all| all.push(alone));
        batch.push((id("s1"), Reading::Point(all[3].clone(), alone)));
        samples += 1;
        store.submit(Batch { facts: Vec::new(), samples: batch });
        if n % 5 == 0 {
            store.flush_blocking().unwrap();
        }
    }
    let check = |at| {
        alive(&store, at);
        let reader = place.reader();
        for ((subject, name), points) in &expected {
            let found = reader.points(subject, &metric(name), ALL_TIME).unwrap();
            assert_eq!(&found, points, "{subject} {name}");
        }
        assert_eq!(reader.stats().unwrap().samples, samples);
        assert_eq!(reader.check(UnixMs(0), &mut |_| {}).unwrap().findings, []);
    };
    check(MIDNIGHT);
    check(MIDNIGHT + 4 * HOUR);
    check(MIDNIGHT + 2 * DAY);
}

#[test]
fn how_things_stood_at_a_time_that_is_over() {
    let place = Place::new();
    let store = place.open();
    let mut cut = interval(T0 + 60, Some(T0 + 90), State::Unreachable);
    cut.cause = Some(id("a"));
    store.submit(facts(vec![
        replace("a", T0 + 50, vec![interval(T0 + 50, None, State::Down)]),
        replace("b", T0, vec![interval(T0, Some(T0 + 60), State::Up), cut.clone()]),
    ]));
    store.flush_blocking().unwrap();
    let reader = place.reader();
    let at = |ms| reader.states_at(UnixMs(ms)).unwrap();
    assert!(at(T0 - 1).is_empty());
    assert_eq!(at(T0 + 59)[&id("b")].state, State::Up);
    assert_eq!(
        at(T0 + 60),
        BTreeMap::from([(id("a"), interval(T0 + 50, None, State::Down)), (id("b"), cut),])
    );
    assert_eq!(at(T0 + 90).keys().collect::<Vec<_>>(), [&id("a")]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever is written in whatever order, sealed at whatever times: each instant is there
    /// once, as it was last told, and the totals are those of all samples.
    #[test]
    fn nothing_is_lost_or_doubled_on_the_way(
        taken in proptest::collection::vec((0..3_usize, 0..4_000_i64, 0..2_u8, 1..60_u32), 1..80),
        sealed_at in proptest::collection::vec(0..80_usize, 0..6),
        later in 0..100_i64,
        from in 0..4_000_i64,
        length in 1..4_000_i64,
    ) {
        let place = Place::new();
        let store = place.open();
        let mut expected: BTreeMap<(SubjectId, UnixMs, u8), Sample> = BTreeMap::new();
        for (n, (subject, minute, check, us)) in taken.iter().enumerate() {
            let one = Sample { check: *check, ..sample(MIDNIGHT + minute * 60_000, &[*us * 100]) };
            let subject = id(&format!("s{subject}"));
            expected.insert((subject.clone(), one.at, one.check), one);
            submit(&store, &[(subject, one)]);
            if sealed_at.contains(&n) {
                alive(&store, MIDNIGHT + i64::try_from(n).unwrap() * HOUR);
            }
        }
        alive(&store, MIDNIGHT + later * HOUR);
        let reader = place.reader();
        let window = Span::new(UnixMs(MIDNIGHT + from * 60_000), UnixMs(MIDNIGHT + (from + length) * 60_000));
        let mut totals = reader.totals(window).unwrap();
        for n in 0..3 {
            let subject = id(&format!("s{n}"));
            let all: Vec<Sample> = expected
                .iter()
                .filter(|((of, ..), _)| *of == subject)
                .map(|(_, sample)| *sample)
                .collect();
            prop_assert_eq!(reader.samples(&subject, ALL_TIME).unwrap(), all.clone());
            for (check, window) in [(0, window), (1, ALL_TIME)] {
                let wanted = |s: &&Sample| s.check == check && window.contains(s.at);
                let wanted: Vec<Sample> = all.iter().filter(wanted).copied().collect();
                let mut rounds = Vec::new();
                reader.each_round(&subject, check, window, &mut |s| rounds.push(*s)).unwrap();
                rounds.sort_by_key(|s| s.at);
                prop_assert_eq!(rounds, wanted);
            }
            let mut rollup = Rollup::default();
            all.iter().filter(|s| s.check == 0 && window.contains(s.at)).for_each(|s| rollup.add(s));
            let found = totals.remove(&subject).unwrap_or_default();
            prop_assert_eq!(found, rollup);
        }
    }
}
