//! Health proved by simulation: the core and a naive reference model run on random provinces with
//! random faults on a virtual clock, from a printed seed.
//!
//! `TUANTRA_SEEDS=N cargo test --test simulation` runs more seeds, `TUANTRA_SEED=X` one.

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
mod watch;

use dice::Dice;
use drive::{Failure, Options, Outcome, Scenario, run};
use province::Province;

const HOUR: i64 = 3_600_000;

/// The scenario of a seed.
fn scenario(seed: u64) -> Scenario {
    let mut dice = Dice::new(seed, "scenario");
    let size = dice.pick(&[3, 6, 12, 12, 25, 25, 40]);
    let province = Province::random(seed, size);
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

#[test]
fn core_and_reference_agree_on_random_provinces() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds: Vec<u64> = match number("TUANTRA_SEED") {
        Some(seed) => vec![seed],
        None => (1..=number("TUANTRA_SEEDS").unwrap_or(100)).collect(),
    };
    let mut rounds = 0;
    for seed in seeds {
        match try_seed(seed) {
            Ok(n) => rounds += n,
            Err(report) => panic!("{report}"),
        }
    }
    println!("{rounds} rounds");
}
