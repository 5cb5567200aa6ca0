//! What the daemon records held against what really happened: 200 lines with scripted outages,
//! trunks that are cut, and an hour's worth of loss, all times divided by five. The full scale is
//! `cargo bench --bench detection`.
//!
//! Both phases run at the same time, in namespaces of their own, for [`MINUTES`]: that is the
//! script's length. Where namespaces are not allowed this says so and is skipped.

mod measure;

use std::error::Error;
use std::process::ExitCode;

use measure::plan::{Phase, Settings};
use measure::{Outcome, Running, inside, table};

/// At five times the demo's pace a turn comes every 2 s and a retry every 400 ms: the pauses of a
/// busy machine, some ten milliseconds, stay small beside them.
const SCALE: &str = "5";
/// Long enough for some 700 outages of 1 s to 40 s.
const MINUTES: &str = "1.15";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(code) = inside(&arguments) {
        return code;
    }
    if arguments.iter().any(|a| a == "--list") {
        return ExitCode::SUCCESS;
    }
    match hold() {
        Ok(code) => code,
        Err(error) => {
            table::complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn hold() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = ["--minutes", MINUTES, "--scale", SCALE].map(str::to_owned);
    let settings = Settings::from_arguments(&arguments)?;
    table::say(&table::heading(&settings));
    let mut running = Vec::new();
    for phase in [Phase::Outages, Phase::Loss] {
        let folder = tempfile::tempdir()?;
        running.push((Running::start(phase, &settings, folder.path())?, folder));
    }
    let mut misses = 0;
    for (phase, _folder) in running {
        match phase.finish()? {
            Outcome::Measured(figures) => {
                table::say(&table::table(&figures));
                misses += figures.misses().len();
            }
            Outcome::Skipped if std::env::var_os("TUANTRA_NO_SKIP").is_some() => {
                return Err("this must not be skipped".into());
            }
            Outcome::Skipped => {}
        }
    }
    Ok(ExitCode::from(u8::from(misses > 0)))
}
