//! Health proved by simulation: the core and a naive reference model run on random provinces with
//! random faults on a virtual clock, from a printed seed.
//!
//! `TUANTRA_SEEDS=N cargo test --test simulation agree` runs more seeds, `TUANTRA_SEED=X` one.
//! A seed that fails goes into `seeds.txt` with what it found.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must fail")]

mod desk;
mod dice;
mod drive;
mod faults;
mod invariants;
mod province;
mod records;
mod reference;
mod shrink;
mod store;
mod subject_under_test;
mod told;
mod watch;

use dice::Dice;
use drive::{Failure, Options, Outcome, Scenario, run};
use province::Province;
use reference::Quirk;
use told::Slip;

const HOUR: i64 = 3_600_000;

/// The scenario of a seed.
fn scenario(seed: u64) -> Scenario {
    let mut dice = Dice::new(seed, "scenario");
    let size = dice.pick(&[3, 6, 12, 12, 25, 25, 40]);
    let mut province = Province::random(seed, size);
    province.give_hours(seed);
    let length = dice.between(2, 24) * HOUR;
    let troubles = faults::random(seed, &province, length);
    let listing = province.full_listing();
    Scenario { seed, province, listing, troubles, length }
}

/// Runs a scenario and checks what must hold of it.
fn prove(scenario: &Scenario, options: Options) -> Result<Outcome, Box<Failure>> {
    let mut outcome = run(scenario, options)?;
    if let Err(mut failure) = invariants::check(scenario, &outcome) {
        failure.trace = std::mem::take(&mut outcome.trace);
        return Err(failure);
    }
    Ok(outcome)
}

/// Runs a seed; a failure is shrunk and told with all that is needed to understand it.
fn try_seed(seed: u64) -> Result<u64, String> {
    let scenario = scenario(seed);
    prove(&scenario, Options::default())
        .map(|outcome| outcome.rounds)
        .map_err(|_| shrink::report(seed, &scenario))
}

/// Runs seeds one after the other; the first that fails ends it. Returns the rounds judged.
fn try_seeds(seeds: impl IntoIterator<Item = u64>) -> u64 {
    let tried = seeds.into_iter().map(|seed| match try_seed(seed) {
        Ok(rounds) => rounds,
        Err(report) => panic!("{report}"),
    });
    tried.sum()
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok())
}

/// The seeds that ever failed.
fn known_seeds() -> Vec<u64> {
    let seeds = include_str!("seeds.txt").lines().filter_map(|line| {
        let text = line.split('#').next().unwrap_or("").trim();
        (!text.is_empty()).then(|| text.parse::<u64>().unwrap())
    });
    seeds.collect()
}

#[test]
fn every_seed_that_ever_failed_passes() {
    assert!(try_seeds(known_seeds()) > 100_000);
}

#[test]
fn core_and_reference_agree_on_random_provinces() {
    let rounds = match number("TUANTRA_SEED") {
        Some(seed) => try_seeds([seed]),
        None => {
            // The others are tried by the test above.
            let known = known_seeds();
            let seeds = 1..=number("TUANTRA_SEEDS").unwrap_or(15);
            try_seeds(seeds.filter(|seed| !known.contains(seed)))
        }
    };
    assert!(rounds > 0);
}

/// One province of thousands, with everything that may go wrong.
#[test]
fn core_and_reference_agree_on_a_province_of_thousands() {
    let seed = 1_000_001;
    let province = Province::random(seed, 1_200);
    let length = HOUR / 6;
    let troubles = faults::random(seed, &province, length);
    assert!(province.subjects.len() > 1_000 && !troubles.is_empty());
    let listing = province.full_listing();
    let scenario = Scenario { seed, province, listing, troubles, length };
    match prove(&scenario, Options::default()) {
        Ok(outcome) => assert!(outcome.rounds > 10_000),
        Err(_) => panic!("{}", shrink::report(seed, &scenario)),
    }
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in [4, 19, 67] {
        let mut scenario = scenario(seed);
        scenario.length = scenario.length.min(3 * HOUR);
        let traced = Options { trace: true, ..Options::default() };
        let (first, second) = (run(&scenario, traced).unwrap(), run(&scenario, traced).unwrap());
        assert!(first.trace.len() > 1_000 && first.trace == second.trace);
        assert_eq!(first.records, second.records);
    }
}

/// A harness that finds nothing proves nothing: every deliberate mistake in the reference is found,
/// and made small enough to be read.
#[test]
fn a_planted_mistake_is_found_and_made_small() {
    for quirk in Quirk::ALL {
        let options = Options { quirk: Some(quirk), ..Options::default() };
        let found = (1..=40).map(scenario).find(|s| prove(s, options).is_err());
        let Some(found) = found else { panic!("{quirk:?} goes unnoticed") };
        if quirk != Quirk::StartsAtConfirmation {
            continue; // Shrinking costs more than all the rest.
        }
        let small = shrink::shrunk(&found, options);
        assert!(prove(&small, options).is_err(), "{quirk:?}: the shrunk scenario passes");
        assert!(small.troubles.len() <= found.troubles.len().min(12), "{quirk:?}");
    }
}

/// The way of the long measurements (`benches/simulation.rs`) proves the same and misses nothing.
#[test]
fn a_swift_run_agrees_and_finds_planted_mistakes() {
    let swift = |seed: u64, options: Options| {
        let mut scenario = scenario(seed);
        scenario.length = scenario.length.min(12 * HOUR);
        prove(&scenario, Options { swift: true, ..options })
    };
    for seed in 1..=20 {
        let agreed = swift(seed, Options::default());
        assert!(agreed.is_ok(), "{seed}: {agreed:?}");
    }
    for quirk in Quirk::ALL {
        let options = Options { quirk: Some(quirk), ..Options::default() };
        assert!((1..=60).any(|seed| swift(seed, options).is_err()), "{quirk:?} goes unnoticed");
    }
    for slip in Slip::ALL {
        let options = Options { slip: Some(slip), alone: true, ..Options::default() };
        assert!((1..=60).any(|seed| swift(seed, options).is_err()), "{slip:?} goes unnoticed");
    }
}

/// The same for what is told.
#[test]
fn what_must_not_be_told_is_found() {
    for slip in Slip::ALL {
        let options = Options { slip: Some(slip), alone: true, ..Options::default() };
        let found = (1..=40).map(scenario).find_map(|s| prove(&s, options).err());
        let Some(found) = found else { panic!("{slip:?} goes unnoticed") };
        assert!(found.what.contains("told"), "{slip:?}: {}", found.what);
    }
}
