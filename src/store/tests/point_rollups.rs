//! What readings of metrics come to, against all of them read one by one.

use proptest::prelude::*;

use super::*;
use crate::coverage::{APART_MAX_MS, rates, slot_means};
use crate::model::{Metric, Point, PointKind};
use crate::store::{PointRollup, Resolution, Retention};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// Midnight, UTC.
const MIDNIGHT: i64 = T0 - T0 % DAY;

fn metric(kind: PointKind) -> Metric {
    Metric { kind, name: "it".into() }
}

fn alive(store: &Store, at: i64) {
    store.submit(facts(vec![Fact::Alive { at: UnixMs(at) }]));
    store.tidy_blocking().unwrap();
}

fn submit(store: &Store, kind: PointKind, points: &[Point]) {
    let reading = |point: &Point| (id("core"), Reading::Point(metric(kind), *point));
    store.submit(Batch { facts: Vec::new(), samples: points.iter().map(reading).collect() });
    store.flush_blocking().unwrap();
}

fn came_to(place: &Place, kind: PointKind, resolution: Resolution) -> Vec<(UnixMs, PointRollup)> {
    place.reader().point_rollups(&id("core"), &metric(kind), ALL_TIME, resolution).unwrap()
}

/// A minute's readings over `hours`, a counter of octets that rises by some megabits a second.
fn octets(hours: i64) -> Vec<Point> {
    let mut sum = 7_i64;
    let counted = |minute: i64| {
        sum += 7_500_000 + minute * 7_919 % 97 * 100_000;
        Point { at: UnixMs(MIDNIGHT + minute * 60_000 + 11), value: sum }
    };
    (0..hours * 60).map(counted).collect()
}

/// By stretches of `length`.
fn parted(points: &[Point], length: i64) -> BTreeMap<i64, Vec<Point>> {
    let mut parts: BTreeMap<i64, Vec<Point>> = BTreeMap::new();
    for point in points {
        parts.entry(point.at.0.div_euclid(length) * length).or_default().push(*point);
    }
    parts
}

/// Whether a rollup says of a stretch what its readings, one by one, do; with all of its day.
fn says(rollup: &PointRollup, points: &[Point], day: &[Point]) -> bool {
    match rollup {
        PointRollup::Counter(found) => {
            let pairs = || points.windows(2).map(|pair| (pair[0], pair[1]));
            let apart = |(a, b): (Point, Point)| b.at.since(a.at);
            let up = |(a, b): (Point, Point)| {
                b.value.cast_unsigned().checked_sub(a.value.cast_unsigned())
            };
            let near = || pairs().filter(|p| up(*p).is_some() && apart(*p) <= APART_MAX_MS);
            let mut slots = Vec::new();
            for from in parted(points, HOUR).into_keys() {
                let hour = Span::new(UnixMs(from), UnixMs(from + HOUR));
                slots.extend(slot_means(day, hour, 1_000_000).into_iter().flatten());
            }
            slots.sort_unstable();
            let kept = found.rates.values().flat_map(|(v, n)| (0..n).map(move |_| v));
            let kept: Vec<i64> = kept.collect();
            found.readings == points.len() as u64
                && found.ends == points.first().copied().zip(points.last().copied())
                && found.counted == near().filter_map(up).sum::<u64>()
                && found.measured_ms == near().map(apart).sum::<i64>().unsigned_abs()
                && found.restarts == pairs().filter(|p| up(*p).is_none()).count() as u64
                && kept.len() == slots.len()
                && kept
                    .iter()
                    .zip(&slots)
                    .all(|(kept, slot)| kept.abs_diff(slot.cast_signed()) * 1_000 <= slot * 16)
        }
        PointRollup::Gauge(found) => {
            let mut values: Vec<i64> = points.iter().map(|point| point.value).collect();
            values.sort_unstable();
            let is_near = |permille: u16| {
                let exact = values[(values.len() - 1) * usize::from(permille) / 1000];
                let found = found.quantile(permille).unwrap();
                found.abs_diff(exact) * 1_000 <= exact.unsigned_abs() * 16
            };
            found.readings == points.len() as u64
                && found.sum == values.iter().map(|value| i128::from(*value)).sum()
                && found.ends == values.first().copied().zip(values.last().copied())
                && [0, 10, 500, 950, 1000].into_iter().all(is_near)
        }
    }
}

/// The rollups of hours and days, wherever the readings stand now.
fn hold(place: &Place, kind: PointKind, points: &[Point], what: &str) {
    let by_day = parted(points, DAY);
    for (resolution, length) in [(Resolution::Hour, HOUR), (Resolution::Day, DAY)] {
        let found = came_to(place, kind, resolution);
        let parts = parted(points, length);
        assert_eq!(found.len(), parts.len(), "{what}");
        for ((at, rollup), (from, points)) in found.iter().zip(&parts) {
            assert_eq!(at.0, *from, "{what}");
            let day = &by_day[&(from.div_euclid(DAY) * DAY)];
            assert!(says(rollup, points, day), "{what}: {rollup:?} of {points:?}");
        }
    }
}

fn checked(place: &Place) -> Vec<crate::store::Finding> {
    checked_from(place, 0)
}

/// Samples of days before may be gone.
fn checked_from(place: &Place, kept_from: i64) -> Vec<crate::store::Finding> {
    place.reader().check(UnixMs(kept_from), &mut |_| {}).unwrap().findings
}

#[test]
fn readings_come_to_the_same_in_the_journal_in_their_hours_and_in_their_day() {
    let place = Place::new();
    let store = place.open_at(MIDNIGHT);
    let points = octets(30);
    for part in points.chunks(77) {
        submit(&store, PointKind::Counter, part);
    }
    let kept = |at: i64, what: &str| {
        alive(&store, at);
        hold(&place, PointKind::Counter, &points, what);
        assert_eq!(checked(&place), [], "{what}");
        let tables = ["point_hours", "point_day"].map(|table| {
            let conn = rusqlite::Connection::open(place.db()).unwrap();
            let sql = format!("SELECT count(*) FROM {table}");
            conn.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap()
        });
        assert_eq!(tables[0], tables[1]);
        tables[0]
    };
    assert_eq!(kept(MIDNIGHT, "in the journal"), 0);
    assert_eq!(kept(MIDNIGHT + 9 * HOUR, "some hours sealed"), 0);
    assert_eq!(kept(MIDNIGHT + 27 * HOUR, "a day joined"), 1);
    assert_eq!(kept(MIDNIGHT + 3 * DAY, "all joined"), 2);
    let stats = place.reader().stats().unwrap();
    assert_eq!(stats.samples, points.len() as u64);
    assert!(stats.tables.iter().any(|table| table.name == "point_hours"));
}

/// What a year came to is known when its readings are gone, and what comes late then is added.
#[test]
fn what_readings_came_to_outlives_them() {
    let place = Place::new();
    let store = place.open_at(MIDNIGHT);
    let points = octets(48);
    submit(&store, PointKind::Counter, &points);
    alive(&store, MIDNIGHT + 4 * DAY);
    let window = Span::new(UnixMs(MIDNIGHT), UnixMs(MIDNIGHT + 2 * DAY));
    let exact = rates(&points, window);
    let read = || place.reader().octet_rates(&id("core"), &metric(PointKind::Counter), window);
    assert_eq!((read().unwrap().bps, read().unwrap().rolled_up), (exact.clone(), 0));

    store.keep(Retention { samples_before: UnixMs(MIDNIGHT + DAY), rollups_before: UnixMs(0) });
    store.tidy_blocking().unwrap();
    let left = place.reader().points(&id("core"), &metric(PointKind::Counter), ALL_TIME).unwrap();
    assert_eq!(left, points[24 * 60..]);
    hold(&place, PointKind::Counter, &points, "aged");
    assert_eq!(checked_from(&place, MIDNIGHT + DAY), []);
    let aged = read().unwrap();
    assert_eq!(aged.rolled_up, 288);
    assert_eq!(aged.bps[289..], exact[289..], "of what is kept nothing is different");
    for (hour, (found, exact)) in aged.bps[..288].chunks(12).zip(exact.chunks(12)).enumerate() {
        let mut sorted: Vec<u64> = exact.iter().copied().flatten().collect();
        sorted.sort_unstable();
        // The last five minutes of the day lack what lies between two days.
        let share = if hour == 23 { 10 } else { 60 };
        let near =
            |(found, exact): (&Option<u64>, &u64)| found.unwrap().abs_diff(*exact) * share < *exact;
        assert!(found.iter().zip(&sorted).all(near), "{found:?} {sorted:?}");
    }

    let late = Point { at: UnixMs(MIDNIGHT + HOUR + 5), value: points[60].value - 1 };
    for n in 1..=2 {
        let late = Point { at: late.at + n, ..late };
        submit(&store, PointKind::Counter, &[late]);
        let hours = came_to(&place, PointKind::Counter, Resolution::Hour);
        assert_eq!(hours[1].1.readings(), 60 + n as u64, "not yet joined");
        alive(&store, MIDNIGHT + 4 * DAY + n);
        let hours = came_to(&place, PointKind::Counter, Resolution::Hour);
        assert_eq!(hours[1].1.readings(), 60 + n as u64);
        let days = came_to(&place, PointKind::Counter, Resolution::Day);
        assert_eq!(days[0].1.readings(), 24 * 60 + n as u64);
    }

    store.keep(Retention {
        samples_before: UnixMs(MIDNIGHT + 3 * DAY),
        rollups_before: UnixMs(MIDNIGHT + DAY),
    });
    store.tidy_blocking().unwrap();
    let days = came_to(&place, PointKind::Counter, Resolution::Day);
    assert_eq!(days.iter().map(|(at, _)| at.0).collect::<Vec<_>>(), [MIDNIGHT + DAY]);
}

/// A line of 100 Mbit/s that carries 10: 24 rates within 1.6 % an hour take a byte each, and all else.
#[test]
fn a_day_of_a_counter_takes_some_hundred_bytes() {
    let place = Place::new();
    let store = place.open_at(MIDNIGHT);
    submit(&store, PointKind::Counter, &octets(24));
    alive(&store, MIDNIGHT + 3 * DAY);
    let conn = rusqlite::Connection::open(place.db()).unwrap();
    let bytes = |table: &str| -> i64 {
        let sql = format!("SELECT sum(length(data)) FROM {table}");
        conn.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    let [samples, hours, day] = ["block_day", "point_hours", "point_day"].map(bytes);
    assert!(samples > 1_000 && hours < 450 && day < 80, "{samples} {hours} {day}");
}

#[test]
fn a_rollup_that_says_something_else_is_found() {
    let place = Place::new();
    let store = place.open_at(MIDNIGHT);
    submit(&store, PointKind::Counter, &octets(48));
    alive(&store, MIDNIGHT + 4 * DAY);
    store.close().unwrap();
    let conn = rusqlite::Connection::open(place.db()).unwrap();
    conn.execute_batch(
        "UPDATE point_day SET data = (SELECT data FROM point_day ORDER BY key LIMIT 1);
         DELETE FROM point_hours WHERE key = (SELECT max(key) FROM point_hours);",
    )
    .unwrap();
    let tables: Vec<_> = checked(&place).into_iter().filter_map(|found| found.table).collect();
    assert_eq!(tables, ["point_hours", "point_day"]);
}

/// What device counters and gauges do: a minute's grid with lateness and holes, restarts, jumps; or
/// anything.
fn any_points() -> impl Strategy<Value = Vec<(i64, i64)>> {
    let step = prop_oneof![
        8 => 59_900_i64..60_100,
        2 => 1_i64..20_000,
        1 => 600_000_i64..7_200_000,
    ];
    let value = prop_oneof![
        6 => 0_i64..5_000_000,
        2 => Just(0_i64),
        1 => -90_000_i64..0,
        1 => any::<i64>().prop_map(|value| value >> 8),
    ];
    proptest::collection::vec((step, value), 1..160)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever is read in whatever order, sealed at whatever times: what hours and days come to is
    /// what all readings do.
    #[test]
    fn rollups_are_what_the_readings_say(
        steps in any_points(),
        is_counter in any::<bool>(),
        is_mixed in any::<bool>(),
        sealed_at in proptest::collection::vec(0..20_usize, 0..6),
    ) {
        let kind = if is_counter { PointKind::Counter } else { PointKind::Gauge };
        let (mut at, mut sum) = (MIDNIGHT + 20 * HOUR, 0_i64);
        let points: Vec<Point> = steps.iter().map(|(step, value)| {
            at += step;
            // Now and then it begins anew.
            sum = if *value < -80_000 { 0 } else { sum.saturating_add(value.abs()) };
            Point { at: UnixMs(at), value: if is_counter { sum } else { *value } }
        }).collect();
        let place = Place::new();
        let store = place.open_at(MIDNIGHT);
        let mut parts: Vec<&[Point]> = points.chunks(9).collect();
        if is_mixed {
            parts.reverse();
        }
        let mut told = Vec::new();
        for (n, part) in parts.into_iter().enumerate() {
            submit(&store, kind, part);
            told.extend_from_slice(part);
            if sealed_at.contains(&n) {
                alive(&store, MIDNIGHT + DAY + i64::try_from(n).unwrap() * 7 * HOUR);
                let mut told = told.clone();
                told.sort_by_key(|point| point.at);
                hold(&place, kind, &told, "on the way");
            }
        }
        alive(&store, at + 3 * DAY);
        hold(&place, kind, &points, "joined");
        prop_assert_eq!(checked(&place), []);
    }
}

/// The store that a tuantra of version 7 wrote: a day at rest and a morning.
#[test]
fn days_of_an_older_store_are_rolled_up() {
    let place = Place::new();
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store/v7.db");
    std::fs::copy(file, place.db()).unwrap();
    let store = place.open_at(T0);
    let names = [
        (PointKind::Counter, "if.octets_in:ether1"),
        (PointKind::Counter, "if.errors_in:ether1"),
        (PointKind::Gauge, "temperature"),
    ];
    let rows = || {
        let conn = rusqlite::Connection::open(place.db()).unwrap();
        let sql = "SELECT (SELECT count(*) FROM point_hours), (SELECT count(*) FROM point_day),
                   (SELECT count(*) FROM meta WHERE k = 'unrolled')";
        conn.query_row(sql, [], |row| Ok([row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?]))
            .unwrap()
    };
    let hold_all = |what: &str| {
        let reader = place.reader();
        for (kind, name) in names {
            let metric = Metric { kind, name: name.into() };
            let points = reader.points(&id("xa/router"), &metric, ALL_TIME).unwrap();
            assert_eq!(points.len(), 30 * 60 - 30, "{what}");
            for (resolution, length) in [(Resolution::Hour, HOUR), (Resolution::Day, DAY)] {
                let found =
                    reader.point_rollups(&id("xa/router"), &metric, ALL_TIME, resolution).unwrap();
                let parts = parted(&points, length);
                assert_eq!(found.len(), parts.len(), "{what}");
                for ((_, rollup), (from, part)) in found.iter().zip(&parts) {
                    let day = &parted(&points, DAY)[&(from.div_euclid(DAY) * DAY)];
                    assert!(says(rollup, part, day), "{what}");
                }
            }
        }
        assert_eq!(checked(&place), [], "{what}");
        let verified = reader.verify(ALL_TIME, UnixMs(0), &mut |_, _| {}).unwrap();
        assert_eq!(verified.flaws, [], "{what}");
    };
    hold_all("migrated");
    let last = MIDNIGHT + 30 * HOUR;
    alive(&store, last);
    assert_eq!(rows(), [3, 3, 0], "the day at rest");
    hold_all("rolled up");
    alive(&store, last + 2 * DAY);
    assert_eq!(rows(), [6, 6, 0]);
    hold_all("at rest");
    assert!(place.folder.path().join("tuantra.db.v7.bak").exists());
}
