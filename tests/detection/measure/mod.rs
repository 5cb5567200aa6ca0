//! Detection against the truth: a virtual province whose faults are scripted, the real daemon
//! asking it with real packets, and its record held against the script.
//!
//! ```text
//! plan (periods, bounds, script) ─► lab (namespace, province, daemon) ─► judge (store ↔ script)
//!                                                                          └─► figures ─► table
//! ```
//! What the bounds mean, for a subject that is asked every `interval` while it is up and every
//! `retry` while it is not:
//!
//! - The recorded start is the first packet of the first round that was lost whole. A round that
//!   began before the cut has an answer to its first packet and so is not lost: the record never
//!   begins before the truth, and it begins at the next turn, at most one `interval` after it.
//! - The recorded end is the first packet of the first round with any answer. Of a round that
//!   began before the repair the later packets may be answered: the record may end as much before
//!   the truth as a round is long, `(count − 1) × spacing` (`(2 × count − 1) × spacing` of a round
//!   asked in doubt), and at most one `retry` after it. Both sides are held to one `retry`.
//! - The engine works in ticks of up to 100 ms, as long as a round's spacing, which do not scale below
//!   20 ms: where all other times are divided, both bounds are wider by one tick. At full scale they are the periods themselves.
//! - An outage is sure to be found when `confirm` rounds in a row are lost whole inside it however
//!   it lies between the turns: when it is longer than `interval + (confirm − 1) × retry`, plus
//!   the length of the last of these rounds and the engine's ticks
//!   ([`Periods::guaranteed_ms`]). Shorter ones are found by chance, and reported as such.
//!
//! Used by the test `detection` and the bench `detection`; each phase is a process of its own,
//! because a namespace must be entered before there is a second thread.

pub mod figures;
pub mod judge;
pub mod lab;
pub mod plan;
pub mod table;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

use figures::Figures;
use plan::{Phase, Settings};
use tuantra::sim::die_with_parent;
use tuantra::sim::link::LinkError;
use tuantra::sim::namespace::NamespaceError;

/// What a phase that cannot be tried on this machine exits with.
const SKIPPED: u8 = 77;

/// How a phase ended.
#[derive(Debug)]
pub enum Outcome {
    /// It was measured.
    Measured(Box<Figures>),
    /// This machine does not allow it; why is on standard error.
    Skipped,
}

/// A phase running in a process of its own.
pub struct Running {
    phase: Phase,
    child: Child,
    folder: PathBuf,
}

impl Running {
    /// Starts `phase` in a new process that works in `folder`, which has to be there.
    ///
    /// # Errors
    /// The process cannot be started.
    pub fn start(phase: Phase, settings: &Settings, folder: &Path) -> Result<Self, Box<dyn Error>> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["--inside", phase.as_str(), "--folder"])
            .arg(folder)
            .args(settings.to_arguments())
            .stdin(Stdio::null());
        let child = die_with_parent(&mut command).spawn()?;
        Ok(Self { phase, child, folder: folder.to_owned() })
    }

    /// Waits for its end and reads what it found.
    ///
    /// # Errors
    /// It failed.
    pub fn finish(mut self) -> Result<Outcome, Box<dyn Error>> {
        let status = self.child.wait()?;
        match status.code() {
            Some(0) => {
                let text = std::fs::read_to_string(self.folder.join("figures.json"))?;
                Ok(Outcome::Measured(serde_json::from_str(&text)?))
            }
            Some(code) if code == i32::from(SKIPPED) => Ok(Outcome::Skipped),
            _ => Err(format!("phase {}: {status}", self.phase.as_str()).into()),
        }
    }
}

/// The other side of [`Running::start`]: when the arguments say so, measures one phase and gives
/// the exit code. Call it first of all, while the process has a single thread.
#[must_use]
pub fn inside(arguments: &[String]) -> Option<ExitCode> {
    let [flag, phase, folder_flag, folder, rest @ ..] = arguments else { return None };
    if flag != "--inside" || folder_flag != "--folder" {
        return None;
    }
    Some(match measure(phase, Path::new(folder), rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<NamespaceError>() || error.is::<LinkError>() => {
            table::complain(&format!("{phase} skipped: {error}"));
            ExitCode::from(SKIPPED)
        }
        Err(error) => {
            table::complain(&format!("{phase}: {error}"));
            ExitCode::FAILURE
        }
    })
}

fn measure(phase: &str, folder: &Path, rest: &[String]) -> Result<(), Box<dyn Error>> {
    let phase: Phase = phase.parse()?;
    let settings = Settings::from_arguments(rest)?;
    let run = lab::run(phase, &settings, folder)?;
    let figures = judge::judge(&run, &settings)?;
    std::fs::write(folder.join("figures.json"), serde_json::to_vec_pretty(&figures)?)?;
    Ok(())
}
