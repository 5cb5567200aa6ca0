//! A month of a province in the file: what a round takes there, open day and all at rest.

use std::path::Path;

use rusqlite::Connection;
use tuantra::model::UnixMs;
use tuantra::store::{Batch, Fact, OpenOptions, Store};

use crate::figures::Figures;
use crate::generate::{DAY_MS, HOUR_MS, START_MS};
use crate::machine::process_cpu;
use crate::province::Province;

pub fn open(path: &Path, at_ms: i64) -> Store {
    Store::open(path, &OpenOptions { now: UnixMs(at_ms), pid: std::process::id() }).unwrap()
}

/// A sign of life, after which the store may seal whatever is over.
pub fn alive(store: &Store, at_ms: i64) {
    let facts = vec![Fact::Alive { at: UnixMs(at_ms) }];
    store.submit(Batch { facts, samples: Vec::new() });
}

/// Fills the store with the rounds of `days`, minutes at a time, and closes it a minute before the
/// last day is over: that is what the file looks like at its untidiest. Answers the rounds.
pub fn fill(path: &Path, subjects: usize, packets: u8, days: i64) -> u64 {
    const AT_ONCE_MS: i64 = 300_000;
    let store = open(path, START_MS);
    let mut province = Province::new(subjects, packets, START_MS);
    store.submit(province.beginning(START_MS));
    let end = START_MS + days * DAY_MS - 60_000;
    let mut at = START_MS;
    while at < end {
        at = (at + AT_ONCE_MS).min(end);
        store.submit(province.until(at));
        if (at - START_MS) % HOUR_MS == AT_ONCE_MS {
            // As a daemon would have done long before.
            store.tidy_blocking().unwrap();
        } else {
            store.flush_blocking().unwrap();
        }
    }
    store.tidy_blocking().unwrap();
    store.close().unwrap();
    province.rounds
}

/// Lets the last day come to rest.
pub fn rest(path: &Path, days: i64) {
    let at = START_MS + days * DAY_MS + 3 * HOUR_MS;
    let store = open(path, at);
    alive(&store, at);
    store.tidy_blocking().unwrap();
    store.close().unwrap();
}

/// What the file takes, and of it what holds something.
pub struct Size {
    file: u64,
    used: u64,
}

pub fn size(path: &Path) -> Size {
    let conn = Connection::open(path).unwrap();
    let number = |name| conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
    let pages = number("page_count") - number("freelist_count");
    let used = u64::try_from(pages * number("page_size")).unwrap();
    Size { file: std::fs::metadata(path).unwrap().len(), used }
}

/// Pages of each table in bytes, the largest first.
fn tables(path: &Path) -> Vec<(String, f64)> {
    let conn = Connection::open(path).unwrap();
    let mut statement = conn
        .prepare("SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 5")
        .unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Fills, measures, and answers the bytes a round when all is at rest.
pub fn measure(
    path: &Path,
    (subjects, packets, days): (usize, u8, i64),
    at_open_day: impl FnOnce(),
    figures: &mut Figures,
) -> f64 {
    let before = process_cpu();
    let rounds = fill(path, subjects, packets, days) as f64;
    let spent = (process_cpu() - before).as_secs_f64() * 1e6 / rounds;
    let open_day = size(path);
    at_open_day();
    rest(path, days);
    let at_rest = size(path);
    figures.heading(&format!(
        "The file: {subjects} subjects, {days} days, {rounds:.0} rounds of {packets}"
    ));
    let a_round = |bytes: u64| bytes as f64 / rounds;
    let used = a_round(at_rest.used);
    if packets == 1 {
        figures.gate("B a round, all at rest", used, 2.0, "B");
    } else {
        figures.line("B a round, all at rest", &format!("{used:.2} B"));
    }
    for (table, bytes) in tables(path) {
        figures.line(&format!("of it `{table}`"), &format!("{:.3} B", bytes / rounds));
    }
    let with_free = a_round(at_rest.file);
    figures.line("the same with the free pages in the file", &format!("{with_free:.2} B"));
    let open = a_round(open_day.used);
    figures.line("B a round, a minute before the last day is over", &format!("{open:.2} B"));
    let free = a_round(open_day.file);
    figures.line("the same with the free pages in the file", &format!("{free:.2} B"));
    let made = "µs a round to generate and write all this, processor time";
    figures.line(made, &format!("{spent:.2} µs"));
    used
}
