//! What reports, charts and a starting daemon ask of the store, through the code they use.

use std::fmt::Write as _;
use std::hint::black_box;
use std::os::fd::AsRawFd as _;
use std::path::Path;

use tuantra::coverage::{Chart, Clock, LOOK_BACK_MS, SlaRule};
use tuantra::daemon::resume;
use tuantra::inventory;
use tuantra::model::{Inventory, Sample, Span, State, StateInterval, UnixMs};
use tuantra::report::{self, GroupBy, Scope};
use tuantra::store::{Batch, Fact, Reader};

use crate::figures::Figures;
use crate::generate::{DAY_MS, Dice, HOUR_MS, START_MS};
use crate::machine::{Took, best_of, ms, took};
use crate::month::{alive, open};
use crate::province::{Province, line, subject};

const REPEATS: usize = 5;

/// As many connections as there are lines.
fn inventory_of(subjects: usize) -> Inventory {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from(
        "networks:\n  - { id: tslcd, name: TSLCD, short: TSLCD, sla: { availability: 0.99 } }\n\
         units:\n  - { id: tinh, name: Tỉnh, kind: province }\n",
    );
    for n in 0..subjects {
        let (a, b) = (n / 250, n % 250 + 1);
        writeln!(
            text,
            "  - {{ id: xa-{n:06}, name: Xã {n}, kind: commune, parent: tinh, requires: [tslcd], \
             connections: {{ tslcd: {{ address: 10.{}.{}.{b}, via: [] }} }} }}",
            a / 250,
            a % 250
        )
        .unwrap();
    }
    std::fs::write(folder.path().join("all.yaml"), text).unwrap();
    let defaults = inventory::Defaults::default();
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(7));
    let loaded = inventory::load(folder.path(), &defaults, &zone);
    loaded.inventory.expect("the bench's inventory is sound")
}

/// A year's record of every line: down, degraded or unreachable some 80 times.
fn fill_year(path: &Path, subjects: usize, year: Span) -> u64 {
    let store = open(path, year.to.0);
    let mut count = 0;
    let batches = (0..subjects).map(|n| {
        let mut dice = Dice(n as u64);
        let mut intervals = Vec::new();
        let mut at = year.from;
        while at < year.to {
            let up_for = dice.between(0.2, 8.6) * DAY_MS as f64;
            let from = at + up_for as i64;
            intervals.push((at, from, State::Up));
            let state = match dice.between(0.0, 4.0) as u8 {
                0 => State::Degraded,
                1 => State::Unreachable,
                _ => State::Down,
            };
            at = from + (60_000.0 * 200_f64.powf(dice.between(0.0, 1.0))) as i64;
            intervals.push((from, at, state));
        }
        intervals.retain(|i| i.0 < year.to);
        count += intervals.len() as u64;
        let last = intervals.len() - 1;
        let trunk = subject(n / 20 * 20);
        let whole = |(i, (from, to, state)): (usize, (UnixMs, UnixMs, State))| {
            let cause = (state == State::Unreachable).then(|| trunk.clone());
            StateInterval { from, to: (i < last).then_some(to), state, cause }
        };
        let intervals = intervals.into_iter().enumerate().map(whole).collect();
        let fact = Fact::Intervals { subject: subject(n), from: year.from, intervals };
        Batch { facts: vec![fact], samples: Vec::new() }
    });
    store.backfill(batches).unwrap();
    alive(&store, year.to.0);
    store.tidy_blocking().unwrap();
    store.close().unwrap();
    count
}

fn figure(took: Took, what: &str) -> String {
    format!(" ({what}; {:.1} ms on the clock)", ms(took.wall))
}

/// An availability report over each of some periods, read and computed.
fn availability(
    store: &Path,
    inventory: &Inventory,
    periods: &[(&str, i64, f64)],
    now: UnixMs,
    figures: &mut Figures,
) {
    for &(name, days, most) in periods {
        let period = Span::new(now - days * DAY_MS, now);
        let (rows, all) = best_of(REPEATS, || {
            let reader = Reader::open(store).unwrap();
            let records = report::load_without_intervals(&reader, period, now).unwrap();
            let scope = Scope {
                inventory,
                records: &records,
                period,
                now,
                unit: None,
                clock: Clock::AroundTheClock,
                as_of: None,
                rule: SlaRule::Tuantra,
                coverage_goal_ppm: 980_000,
                availability_goal_ppm: 995_000,
                floor_ppm: 950_000,
            };
            let made = report::read_availability(&reader, &scope, GroupBy::Subject, false).unwrap();
            assert!(made.total.availability.millis.down > 0);
            made.rows.len()
        });
        assert_eq!(rows, inventory.subjects.len());
        let (_, reading) = best_of(REPEATS, || {
            let mut intervals = 0;
            let looked_at = Span::new(period.from - LOOK_BACK_MS, now);
            let reader = Reader::open(store).unwrap();
            reader.each_record(looked_at, &mut |_, record| intervals += record.len()).unwrap();
            intervals
        });
        let reading = ms(reading.cpu);
        let what = format!("availability of a {name}, {rows} subjects");
        let more = figure(all, &format!("{reading:.1} of it reading"));
        figures.gate_with(&what, ms(all.cpu), most, "ms", &more);
    }
}

/// Reports and a daemon's start on a year of intervals.
pub fn years(folder: &Path, sizes: [usize; 2], figures: &mut Figures) {
    let year = Span::new(UnixMs(START_MS - 365 * DAY_MS), UnixMs(START_MS));
    for subjects in sizes {
        let path = folder.join(format!("year-{subjects}.db"));
        let intervals = fill_year(&path, subjects, year);
        let inventory = inventory_of(subjects);
        figures.heading(&format!(
            "Availability: {subjects} subjects, {intervals} intervals in the year"
        ));
        let small = [("month", 30, 50.0), ("quarter", 91, 50.0), ("year", 365, 50.0)];
        let large = [("year", 365, 500.0)];
        let periods: &[_] = if subjects == sizes[0] { &small } else { &large };
        availability(&path, &inventory, periods, year.to, figures);
        start(&path, subjects, figures);
    }
}

/// A daemon starts: an hour's blocks are made, and of the next all but a minute is in the journal.
fn start(path: &Path, subjects: usize, figures: &mut Figures) {
    let store = open(path, START_MS);
    let mut province = Province::new(subjects, 1, START_MS);
    let end = START_MS + 2 * HOUR_MS - 60_000;
    let mut at = START_MS;
    while at < end {
        at = (at + 2_000).min(end);
        let Batch { facts, samples } = province.until(at);
        // The year's record ends before: only signs of life, no verdicts.
        let facts = facts.into_iter().filter(|f| matches!(f, Fact::Alive { .. })).collect();
        store.submit(Batch { facts, samples });
        if at % 60_000 == 0 {
            store.tidy_blocking().unwrap();
        }
    }
    store.tidy_blocking().unwrap();
    store.close().unwrap();
    let (known, all) = best_of(REPEATS, || {
        let past = resume::past(path, UnixMs(at)).unwrap();
        assert_eq!(past.current.len(), subjects);
        past.intervals.len()
    });
    assert_eq!(known, subjects);
    let what = format!("what a starting daemon of {subjects} subjects reads");
    figures.gate_with(&what, ms(all.cpu), 100.0, "ms", &figure(all, "59 minutes in the journal"));
}

/// Takes the file out of the page cache, as far as the kernel follows the advice.
#[expect(unsafe_code, reason = "posix_fadvise has no safe form")]
fn chill(path: &Path) {
    let file = std::fs::File::open(path).unwrap();
    file.sync_all().unwrap();
    // SAFETY: the descriptor is open; the call takes plain numbers.
    unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
}

/// One subject's charts, a minute before a day is over: the last hour is in the journal, the day in
/// blocks of hours, the rest in blocks of days.
pub fn charts(path: &Path, subjects: usize, days: i64, figures: &mut Figures) {
    let now = UnixMs(START_MS + days * DAY_MS - 60_000);
    figures.heading(&format!("A subject's chart, {subjects} subjects in the store"));
    for (name, length, most) in [("a day", 1, None), ("30 days", 30, Some(5.0))] {
        let window = Span::new(now - length.min(days) * DAY_MS, now);
        let draw = |reader: &Reader, n: usize| {
            let (mut chart, mut rounds) = (Chart::new(window, 200), 0);
            let mut draw = |sample: &Sample| {
                rounds += 1;
                chart.add(sample);
            };
            reader.each_round(&subject(n), 0, window, &mut draw).unwrap();
            assert!(rounds > window.len_ms() / 40_000);
            chart.points()
        };
        chill(path);
        let (_, cold) = took(|| black_box(draw(&Reader::open(path).unwrap(), subjects / 2)));
        let reader = Reader::open(path).unwrap();
        let (_, warm) = best_of(4 * REPEATS, || black_box(draw(&reader, subjects / 3)));
        let first = format!(
            "first, from the disk: {:.1} ms, {:.1} on the clock",
            ms(cold.cpu),
            ms(cold.wall)
        );
        let more = figure(warm, &first);
        let what = format!("{name}, warm");
        match most {
            Some(most) => figures.gate_with(&what, ms(warm.cpu), most, "ms", &more),
            None => figures.line(&what, &format!("{:.2} ms{more}", ms(warm.cpu))),
        }
    }
}

/// Everybody's 95th percentile over a month of the office's time zone, beside the exact one.
pub fn quantiles(path: &Path, (subjects, packets, days): (usize, u8, i64), figures: &mut Figures) {
    /// UTC+7.
    const ZONE_MS: i64 = 7 * HOUR_MS;
    const LOOKED_AT: usize = 20;
    let to = UnixMs(START_MS + days * DAY_MS - ZONE_MS);
    let window = Span::new(to - 30.min(days - 1) * DAY_MS, to);
    let (totals, all) = best_of(REPEATS, || {
        let reader = Reader::open(path).unwrap();
        let totals = reader.totals(window).unwrap();
        let all = totals.into_iter();
        all.map(|(id, rollup)| (id, rollup.rtt_quantile_us(950).unwrap())).collect::<Vec<_>>()
    });
    assert_eq!(totals.len(), subjects);
    let mut worst = 0_f64;
    for n in (0..subjects).step_by((subjects / LOOKED_AT).max(1)) {
        let mut line = line(n, packets, START_MS);
        let mut times = Vec::new();
        while line.due_ms() < window.to.0 {
            let sample = line.ask();
            if window.contains(sample.at) {
                times.extend_from_slice(sample.rtts.as_slice());
            }
        }
        times.sort_unstable();
        let exact = times[(times.len() - 1) * 950 / 1000];
        let found = totals.iter().find(|(id, _)| *id == subject(n)).unwrap().1;
        worst = worst.max(f64::from(found.abs_diff(exact)) / f64::from(exact));
    }
    figures.heading(&format!(
        "95th percentiles, {subjects} subjects, from midnight to midnight in UTC+7"
    ));
    figures.gate_with("of a month for everybody", ms(all.cpu), 50.0, "ms", &figure(all, "rollups"));
    figures.gate("error, largest of 20 subjects", worst * 100.0, 1.6, "%");
}
