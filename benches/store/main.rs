//! The store on a generated province: what a round takes in the file, beside other stores; what it
//! costs to take in; what reports, charts and a start cost; how long a fact waits.
//! `cargo bench --bench store [-- quick|full|soak]` prints Markdown tables with the gates; `quick`
//! (the default) is a tenth of the size in each direction, which is enough to see that it runs,
//! and holds no gates; `full` takes half an hour and some gigabytes below the folder for temporary
//! files; `soak` is ten minutes of real time with 100,000 subjects. Other stores that are not
//! installed are left out with a message.
//!
//! Times are processor time unless "on the clock" stands beside them, because machines are rarely
//! idle; what the generator uses is taken off.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a measurement that cannot go on must stop"
)]
#![expect(clippy::print_stdout, reason = "its output is the tables")]

mod figures;
mod ingest;
mod machine;
mod month;
mod peers;
mod province;
mod read;
mod soak;

#[expect(dead_code, reason = "rounds only: benches/blocks has points, too")]
#[path = "../blocks/generate.rs"]
mod generate;

use figures::Figures;

/// How much is measured.
struct Size {
    subjects: usize,
    large: usize,
    days: i64,
    hours: i64,
    /// Of `large`.
    large_hours: i64,
    peers: usize,
}

const FULL: Size =
    Size { subjects: 2_000, large: 20_000, days: 31, hours: 24, large_hours: 4, peers: 50 };
const QUICK: Size =
    Size { subjects: 200, large: 2_000, days: 3, hours: 3, large_hours: 1, peers: 5 };

fn province(size: &Size, part: Option<&str>, figures: &mut Figures) {
    let is_wanted = |name: &str| part.is_none_or(|part| part == name);
    let folder = tempfile::tempdir().unwrap();
    let Size { subjects, large, days, hours, large_hours, peers } = *size;
    for packets in [1, 3] {
        if is_wanted("month") || is_wanted(&format!("month{packets}")) {
            let path = folder.path().join("month.db");
            let what = (subjects, packets, days);
            let mut late = figures.beside();
            let charts = || read::charts(&path, subjects, days, &mut late);
            let ours = month::measure(&path, what, charts, figures);
            figures.take(late);
            read::quantiles(&path, what, figures);
            peers::measure((peers, packets, days), ours, figures);
            std::fs::remove_file(&path).unwrap();
        }
    }
    if is_wanted("years") {
        read::years(folder.path(), [subjects, large], figures);
    }
    if is_wanted("ingest") {
        ingest::measure((subjects, hours, hours), ingest::BATCH_MS, 50.0, figures);
        ingest::measure((large, large_hours, hours), ingest::BATCH_MS, 150.0, figures);
        // As often as the goal was once set for.
        ingest::measure((subjects, hours, 0), ingest::BATCH_MS / 2, 50.0, figures);
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut figures = Figures::new(matches!(words[..], ["full" | "soak", ..]));
    if let ["child-ingest", subjects, hours, in_haste, batch_ms] = words[..] {
        let [hours, in_haste, batch_ms] =
            [hours, in_haste, batch_ms].map(|number| number.parse().unwrap());
        return ingest::child(subjects.parse().unwrap(), hours, in_haste, batch_ms);
    }
    println!("Load of the machine at the start: {}", machine::load());
    match words[..] {
        ["full"] => province(&FULL, None, &mut figures),
        ["full", part] => province(&FULL, Some(part), &mut figures),
        ["soak"] => soak::measure(100_000, 600, &mut figures),
        ["soak", seconds] => soak::measure(100_000, seconds.parse().unwrap(), &mut figures),
        _ => province(&QUICK, words.get(1).copied(), &mut figures),
    }
    println!("\nLoad of the machine at the end: {}", machine::load());
    figures.end();
}
