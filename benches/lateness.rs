//! How late rounds leave: `cargo bench --bench lateness [-- SUBJECTS SECONDS]` runs the real engine
//! on loopback (2,000 subjects for 150 s unless told otherwise; every 30 s, three packets each) and
//! prints how many rounds left how many milliseconds after they were due. The store's bench draws
//! from what this measured (`benches/blocks/generate.rs`).
//!
//! Turns lie on multiples of a tick of the wall clock, so the lateness of a round of a healthy
//! target is what its instant leaves when divided by the tick; the first sweep is left out.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on must stop")]
#![expect(clippy::print_stdout, reason = "its output is the table")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use tuantra::model::PingParams;
use tuantra::probe::{EngineChoice, Options, PhaseKey, Prober, Target, TargetId};

const INTERVAL_MS: u32 = 30_000;
/// The tick at up to 3,333 packets a second.
const TICK_MS: i64 = 20;

fn target(number: u32) -> Target {
    Target {
        id: TargetId(number),
        address: Ipv4Addr::from(0x7f01_0001 + number).into(),
        params: PingParams { count: 3, spacing_ms: 200, timeout_ms: 2_000, ..PingParams::DEFAULT },
        interval_ms: INTERVAL_MS.into(),
        retry_ms: 5_000,
        source: None,
        is_urgent: false,
        phase_key: PhaseKey::of(&format!("xa-{number:06}/tslcd")),
        group: number % 200,
    }
}

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|arg| arg.parse::<u32>().ok());
    let subjects = numbers.next().unwrap_or(2_000);
    let seconds = numbers.next().unwrap_or(150);
    assert!(i64::from(subjects) * 3_000 / i64::from(INTERVAL_MS) <= 3_333, "the tick is shorter");
    let options = Options {
        engine: EngineChoice::Auto,
        rate_pps: 5_000,
        group_rate_pps: 5_000,
        first_sweep_ms: 10_000,
    };
    let (prober, mut answers) = Prober::start(options).unwrap();
    prober.set_targets((0..subjects).map(target).collect());
    let start = Instant::now();
    let mut late = [0_u32; TICK_MS as usize];
    let (mut rounds, mut lost) = (0_u32, 0_u32);
    while start.elapsed() < Duration::from_secs(seconds.into()) {
        let Some(batch) = answers.blocking_recv() else { break };
        // The first sweep is asked as it comes.
        if start.elapsed() < Duration::from_millis(u64::from(INTERVAL_MS) + 10_000) {
            continue;
        }
        for answer in batch {
            rounds += 1;
            lost += u32::from(answer.lost > 0);
            late[usize::try_from(answer.at.0.rem_euclid(TICK_MS)).unwrap()] += 1;
        }
    }
    let kind = prober.stats().engine;
    prober.stop();
    println!("{subjects} subjects, {rounds} rounds ({lost} with loss), engine {kind:?}\n");
    println!("| late by ms | rounds | of 10,000 |\n| ---: | ---: | ---: |");
    for (ms, count) in (0_i64..).zip(late).filter(|(_, count)| *count > 0) {
        let share = f64::from(count) * 10_000.0 / f64::from(rounds);
        println!("| {ms} | {count} | {share:.0} |");
    }
}
