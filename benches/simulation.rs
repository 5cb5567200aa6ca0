//! What judging costs: rounds a second through `health` alone, and simulated subject-years a minute of
//! processor time with the reference model beside it and with SQLite under it.
//! `cargo bench --bench simulation` prints a Markdown table.
//!
//! Processor time is user + system time of this process (proc(5)), so that a busy machine does not
//! count; the writer's thread of SQLite is included where it works.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on must stop")]
#![expect(clippy::print_stdout, reason = "its output is the table")]
#![expect(dead_code, reason = "the simulation's modules serve its tests first")]

#[path = "../tests/simulation/desk.rs"]
mod desk;
#[path = "../tests/simulation/dice.rs"]
mod dice;
#[path = "../tests/simulation/drive/mod.rs"]
mod drive;
#[path = "../tests/simulation/faults.rs"]
mod faults;
#[path = "../tests/simulation/hours.rs"]
mod hours;
#[path = "../tests/simulation/province.rs"]
mod province;
#[path = "../tests/simulation/records.rs"]
mod records;
#[path = "../tests/simulation/reference/mod.rs"]
mod reference;
#[path = "../tests/simulation/store.rs"]
mod store;
#[path = "../tests/simulation/subject_under_test.rs"]
mod subject_under_test;
#[path = "../tests/simulation/told.rs"]
mod told;
#[path = "../tests/simulation/watch.rs"]
mod watch;

use std::time::Duration;

use drive::{Options, Outcome, START, Scenario, run};
use province::Province;
use tuantra::health::{Health, Memory, Settings};
use tuantra::model::{Round, Rtts, SubjectIx, UnixMs};
use tuantra::store::{Batch, Fact, OpenOptions, Store};

const HOUR: i64 = 3_600_000;
const YEAR: f64 = 365.25 * 24.0;
const INTERVAL: i64 = 60_000;

/// User and system time of this process so far, in ticks of 10 ms: proc(5).
fn used() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

fn measured<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let before = used();
    let result = work();
    (result, (used() - before).as_secs_f64())
}

/// A province in which everything is asked every minute and that does not change.
fn scenario(seed: u64, subjects: usize, hours: i64) -> Scenario {
    let mut province = Province::random(seed, subjects);
    province.sentinels = vec![None; 3];
    for place in &mut province.subjects {
        place.is_asked = true;
        place.health.interval_ms = INTERVAL;
        place.health.retry_ms = 5_000;
        place.health.confirm = 3;
        place.health.recover = 2;
    }
    let length = hours * HOUR;
    let listing = province.full_listing();
    // A cut of some minutes for every subject and week, as a province has them.
    let mut dice = dice::Dice::new(seed, "bench");
    let cuts = subjects as i64 * hours / 168 + 1;
    let mut troubles: Vec<faults::Trouble> = (0..cuts)
        .map(|_| {
            let from = dice.between(0, length);
            let fault = faults::Fault::Cut(dice.below(province.subjects.len()));
            faults::Trouble { from, to: from + dice.between(60_000, HOUR), fault }
        })
        .collect();
    troubles.sort_by_key(|t| t.from);
    Scenario { seed, province, listing, troubles, length }
}

/// Good rounds of 1,000 subjects, judged as they come, with a tick a second.
fn through_health() -> (u64, f64) {
    let province = scenario(1, 1_000, 1).province;
    let (inventory, _) = province.inventory(&province.full_listing());
    let subjects = inventory.subjects.len() as u64;
    let mut effects = Vec::new();
    let start = UnixMs(START);
    let mut health =
        Health::new(inventory, Settings::default(), Memory::default(), start, &mut effects);
    let sweeps = 20_000;
    let ((), seconds) = measured(|| {
        for sweep in 0..sweeps {
            let at = start + sweep * INTERVAL;
            for n in 0..subjects {
                let round = Round {
                    subject: SubjectIx(n as u32),
                    check: 0,
                    at: at + (n as i64 * INTERVAL / subjects as i64),
                    sent: 3,
                    lost: 0,
                    rtts: Rtts::from_us(&[9_000, 9_100, 9_050]),
                    error: None,
                };
                health.round(&round, round.at + 410, &mut effects);
                // The daemon settles after each batch and ticks once a second.
                if n % (subjects / 60).max(1) == 0 {
                    health.settle(round.at + 410, &mut effects);
                    health.tick(round.at + 411, &mut effects);
                }
            }
            std::hint::black_box(&effects);
            effects.clear();
        }
    });
    (sweeps as u64 * subjects, seconds)
}

/// The facts of an outcome, written as the daemon would: a transaction for a batch.
fn write(scenario: &Scenario, outcome: &Outcome) {
    let folder = tempfile::tempdir().unwrap();
    let options = OpenOptions { now: UnixMs(START), pid: 1 };
    let store = Store::open(&folder.path().join("bench.db"), &options).unwrap();
    let mut facts: Vec<Fact> = Vec::new();
    for (place, record) in outcome.records.iter().enumerate() {
        let name = &scenario.province.subjects[place].name;
        let subject = tuantra::model::SubjectId::new(name).unwrap();
        for interval in records::intervals(record) {
            let from = interval.from;
            let open = tuantra::model::StateInterval { to: None, ..interval };
            facts.push(Fact::Intervals { subject: subject.clone(), from, intervals: vec![open] });
        }
    }
    facts.sort_by_key(|fact| match fact {
        Fact::Intervals { from, .. } => *from,
        _ => UnixMs(0),
    });
    for fact in facts {
        // A fact at a time is flushed, as one that stands alone in its 50 ms is.
        store.submit(Batch { facts: vec![fact], samples: Vec::new() });
        store.flush_blocking().unwrap();
    }
    store.close().unwrap();
}

fn main() {
    // A number of subjects may be given: only that size is measured.
    let only = std::env::args().find_map(|arg| arg.parse::<usize>().ok());
    let (rounds, seconds) = through_health();
    println!(
        "Every round is judged by the core and, where it says so, by the reference, and their \
         verdicts compared after each.\nTime passes swiftly (`Options::swift`): who is sure to answer is asked \
         without a queue; a tick every 30 s while\nnothing is out of the ordinary, every four while it is \
         settled who is down, else every second;\nincidents are settled at ticks; what was to be told is \
         looked for every 30 s; records are compared at the end.\nA cut of one to sixty minutes for every \
         subject and week.\n"
    );
    println!("| what | figure |\n|---|---|");
    println!(
        "| rounds a second through health, 1,000 subjects | {:.1} million ({:.0} ns a round) |",
        rounds as f64 / seconds / 1e6,
        seconds * 1e9 / rounds as f64
    );
    for (subjects, hours) in [(12, 24 * 365), (200, 24 * 60), (1_000, 24 * 14)] {
        if only.is_some_and(|only| only != subjects) {
            continue;
        }
        let scenario = scenario(7, subjects, hours);
        let count = scenario.province.subjects.len();
        let years = count as f64 * hours as f64 / YEAR;
        for (what, alone) in [("with the reference check", false), ("the core alone", true)] {
            let options = Options { alone, swift: true, ..Options::default() };
            let (outcome, seconds) = measured(|| run(&scenario, options).unwrap());
            println!(
                "| subject-years a CPU minute, {count} subjects, {what} | {:.0} ({:.0} ns a round) |",
                years / seconds * 60.0,
                seconds * 1e9 / outcome.rounds as f64
            );
            if !alone {
                let ((), writing) = measured(|| write(&scenario, &outcome));
                println!(
                    "| the same with SQLite under it | {:.0} |",
                    years / (seconds + writing) * 60.0
                );
            }
        }
    }
}
