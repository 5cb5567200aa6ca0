//! Makes a failing scenario small, and tells it.

use std::fmt::Write as _;

use crate::drive::{Failure, Options, Scenario};
use crate::faults::Fault;
use crate::prove;

/// Spent on shrinking: runs, and simulated subject-milliseconds in them.
const ATTEMPTS: usize = 400;
const WORK: i64 = 30_000 * 3_600_000;
const LINES: usize = 25;

fn fails(scenario: &Scenario, options: Options) -> Option<Box<Failure>> {
    prove(scenario, options).err()
}

/// The smallest scenario found that still fails.
pub fn shrunk(scenario: &Scenario, options: Options) -> Scenario {
    let mut best = scenario.clone();
    let (mut attempts, mut work) = (0, 0);
    let mut better = |best: &mut Scenario, tried: Scenario| -> bool {
        attempts += 1;
        work += tried.length * tried.listing.listed.iter().filter(|l| **l).count() as i64;
        if attempts > ATTEMPTS || work > WORK {
            return false;
        }
        let Some(failure) = fails(&tried, options) else { return false };
        // What comes after the failure does not matter, as a rule.
        let cut = Scenario { length: tried.length.min(failure.at + 1_000), ..tried.clone() };
        *best = if fails(&cut, options).is_some() { cut } else { tried };
        true
    };
    let whole = best.clone();
    better(&mut best, whole);
    let mut tried = best.clone();
    tried.province.sentinels.clear();
    tried.troubles.retain(|t| !matches!(t.fault, Fault::Sentinel(_)));
    better(&mut best, tried);
    // Fewer faults: ever smaller parts are left out.
    let mut part = best.troubles.len().div_ceil(2);
    while part > 0 {
        let mut from = 0;
        while from < best.troubles.len() {
            let mut tried = best.clone();
            tried.troubles.drain(from..(from + part).min(best.troubles.len()));
            if !better(&mut best, tried) {
                from += part;
            }
        }
        part /= 2;
    }
    // Fewer subjects: what is not listed does not exist for the core.
    let mut part = best.listing.listed.len().div_ceil(2);
    while part > 0 {
        let mut from = 0;
        while from < best.listing.listed.len() {
            let mut tried = best.clone();
            let to = (from + part).min(tried.listing.listed.len());
            let any = tried.listing.listed[from..to].iter().any(|l| *l);
            tried.listing.listed[from..to].fill(false);
            if any {
                better(&mut best, tried);
            }
            from += part;
        }
        part /= 2;
    }
    best
}

/// Seed, faults and the trace around the divergence.
pub fn report(seed: u64, scenario: &Scenario) -> String {
    let small = shrunk(scenario, Options::default());
    let options = Options { trace: true, finely: true, ..Options::default() };
    let mut text = format!("seed {seed} (TUANTRA_SEED={seed})\n");
    let Some(failure) =
        fails(&small, options).or_else(|| fails(&small, Options { finely: false, ..options }))
    else {
        return text + "the shrunk scenario does not fail when it is traced";
    };
    let _ = writeln!(text, "at {} of {}: {}", failure.at, small.length, failure.what);
    let name = |place: usize| &small.province.subjects[place];
    if let Some(place) = failure.place {
        let _ = writeln!(text, "subject {place}: {:?}", name(place));
    }
    let listed = (0..small.province.subjects.len()).filter(|p| small.listing.listed[*p]);
    let names: Vec<String> = listed
        .map(|p| format!("{p} {} {:?} asked={}", name(p).name, name(p).way, name(p).is_asked))
        .collect();
    let _ = writeln!(text, "subjects ({}):", names.len());
    for line in names.iter().take(15) {
        let _ = writeln!(text, "  {line}");
    }
    let _ = writeln!(text, "troubles ({}):", small.troubles.len());
    for trouble in small.troubles.iter().take(12) {
        let _ = writeln!(text, "  {}..{} {:?}", trouble.from, trouble.to, trouble.fault);
    }
    let _ = writeln!(text, "trace:");
    let until = failure.trace.iter().rposition(|line| time_of(line) <= failure.at + 1_000);
    let until = until.map_or(0, |n| n + 1);
    for line in &failure.trace[until.saturating_sub(LINES)..until] {
        let _ = writeln!(text, "{line}");
    }
    text
}

/// The truth's time at the start of a line of the trace.
fn time_of(line: &str) -> i64 {
    line.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0)
}
