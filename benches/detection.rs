//! Detection against the truth, at full scale: recall by length, false outages, errors of starts
//! and ends, as Markdown.
//!
//! `cargo bench --bench detection -- [--minutes 10] [--periods demo|default] [--scale 1]
//! [--seed 2016] [--loss 30] [--only outages|loss] [--daemon FILE] [--keep DIR]`
//!
//! Both phases, the scripted outages and the random loss, run at the same time, in namespaces of
//! their own. `--scale N` divides all times by N (rates are multiplied), so that N times as many
//! outages fit into the run; the time-out of a ping stays as long as fits into a retry. `--daemon`
//! measures another binary, `--keep` leaves stores, logs and figures in a folder. Exits 1 where a
//! goal is missed.

#[path = "../tests/detection/measure/mod.rs"]
mod measure;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use measure::plan::{Phase, Settings};
use measure::{Outcome, Running, inside, table};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(code) = inside(&arguments) {
        return code;
    }
    match run(arguments) {
        Ok(code) => code,
        Err(error) => {
            table::complain(&error.to_string());
            ExitCode::from(2)
        }
    }
}

/// Takes a flag and its value out of the arguments.
fn take(arguments: &mut Vec<String>, flag: &str) -> Option<String> {
    let at = arguments.iter().position(|a| a == flag)?;
    arguments.remove(at);
    (at < arguments.len()).then(|| arguments.remove(at))
}

fn run(mut arguments: Vec<String>) -> Result<ExitCode, Box<dyn Error>> {
    // Cargo's own.
    arguments.retain(|a| a != "--bench");
    let phases = match take(&mut arguments, "--only") {
        Some(word) => vec![word.parse()?],
        None => vec![Phase::Outages, Phase::Loss],
    };
    let kept = take(&mut arguments, "--keep").map(PathBuf::from);
    let settings = Settings::from_arguments(&arguments)?;
    table::say(&table::heading(&settings));
    let temporary = tempfile::tempdir()?;
    let base = kept.as_deref().unwrap_or(temporary.path());
    let mut running = Vec::new();
    for phase in phases {
        let folder = base.join(phase.as_str());
        std::fs::create_dir_all(&folder)?;
        running.push(Running::start(phase, &settings, &folder)?);
    }
    let mut misses = 0;
    for phase in running {
        match phase.finish()? {
            Outcome::Measured(figures) => {
                table::say(&table::table(&figures));
                misses += figures.misses().len();
            }
            Outcome::Skipped => return Ok(ExitCode::from(2)),
        }
    }
    Ok(ExitCode::from(u8::from(misses > 0)))
}
