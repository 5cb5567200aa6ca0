//! `tuantra db`: what the store holds, whether it is sound, copies of it, and what is in it as
//! tables.

mod backup;
mod check;
mod export;
mod restore;
mod stats;

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::anyhow;
use clap::Subcommand;

use super::{Global, context, report::store_told};
use crate::config::Config;
use crate::locale::{self, Lang, visible};
use crate::model::UnixMs;
use crate::store::{Checked, Finding, Progress, Reader, StoreError};
use crate::t;

/// Look after the store: figures, check, backup, restore, export
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print what takes how much room, and what is kept since when
    Stats(stats::Args),
    /// Check the file and every invariant of what is in it
    Check(check::Args),
    /// Copy the store, beside a running daemon too, and check the copy
    Backup(backup::Args),
    /// Put a checked copy in the place of the store, which is set aside
    Restore(restore::Args),
    /// Write samples, states, outages, events or rollups as CSV
    Export(Box<export::Args>),
}

/// Runs the command.
///
/// # Errors
/// Whatever stopped it, with context.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    match &args.command {
        Command::Stats(args) => stats::run(args, &config),
        Command::Check(args) => check::run(args, &config),
        Command::Backup(args) => backup::run(args, &config),
        Command::Restore(args) => restore::run(args, &config),
        Command::Export(args) => export::run(args, &config),
    }
}

/// The store, open for reading.
pub(super) fn open(config: &Config) -> anyhow::Result<Reader> {
    Reader::open(&config.store).map_err(|error| told(config.language, &error))
}

/// Why it cannot be done, in the reader's language.
pub(super) fn told(lang: Lang, error: &StoreError) -> anyhow::Error {
    anyhow!(match error {
        StoreError::Locked { path, pid } => t!(lang, "db.locked", file = named(path), pid = pid),
        StoreError::Exists { path } => t!(lang, "db.exists", file = named(path)),
        StoreError::Flawed { path, findings } => {
            t!(lang, "db.flawed", file = named(path), findings = findings)
        }
        // A file beside the store, or the copy: the store itself may be sound.
        StoreError::Io { .. } => t!(lang, "db.failed", error = error),
        other => store_told(lang, other),
    })
}

/// From when on samples have to be there.
pub(super) fn kept_from(config: &Config, now: UnixMs) -> UnixMs {
    now - config.samples_kept_ms
}

pub(super) fn named(path: &Path) -> String {
    visible(&path.display().to_string())
}

/// A date, a clock time and the seconds, in the configured zone.
pub(super) fn time(config: &Config, at: UnixMs) -> String {
    let zoned = at.to_timestamp().to_zoned_datetime(config.timezone.clone());
    format!("{} {}", locale::date(config.language, &zoned), locale::clock(&zoned))
}

/// The date (UTC) of a day by its first instant.
pub(super) fn day(lang: Lang, start: UnixMs) -> String {
    locale::date(lang, &start.to_timestamp().to_zoned_datetime(jiff::tz::TimeZone::UTC))
}

/// `1,6 MB` (vi), `1.6 MB` (en); thousands, as disks are sold by.
pub(super) fn bytes(lang: Lang, n: u64) -> String {
    let (unit, size) = match n {
        0..1_000 => return format!("{n} B"),
        1_000..1_000_000 => ("kB", 1_000),
        1_000_000..1_000_000_000 => ("MB", 1_000_000),
        _ => ("GB", 1_000_000_000_u64),
    };
    let milli = u128::from(n) * 1_000 / u128::from(size);
    format!("{} {unit}", locale::decimal(lang, i64::try_from(milli).unwrap_or(i64::MAX), 1))
}

pub(super) fn count(lang: Lang, n: u64) -> String {
    locale::number(lang, i64::try_from(n).unwrap_or(i64::MAX))
}

/// Says on a terminal how far a long work has come; elsewhere nothing.
pub(super) struct Meter {
    lang: Lang,
    is_terminal: bool,
    shown: String,
}

impl Meter {
    pub(super) fn new(lang: Lang) -> Self {
        Self { lang, is_terminal: std::io::stderr().is_terminal(), shown: String::new() }
    }

    pub(super) fn tell(&mut self, progress: Progress) {
        let what = locale::text(self.lang, progress.what);
        let text = match (progress.done * 100).checked_div(progress.of) {
            Some(percent) => format!("{what}: {percent} %"),
            None => what.to_owned(),
        };
        if text != self.shown {
            self.line(&text);
            self.shown = text;
        }
    }

    fn line(&self, text: &str) {
        if self.is_terminal {
            // Nobody is left to tell when this fails.
            let _ = write!(std::io::stderr(), "\r\x1b[K{text}");
        }
    }
}

impl Drop for Meter {
    /// Leaves the line to what comes next.
    fn drop(&mut self) {
        if !self.shown.is_empty() {
            self.line("");
        }
    }
}

/// A finding in a line: where, about whom, about when, what.
pub(super) fn finding_line(config: &Config, finding: &Finding) -> String {
    let mut place: Vec<String> = Vec::new();
    if let Some(table) = finding.table {
        place.push(match &finding.key {
            Some(key) => format!("{table} {}", visible(key)),
            None => table.to_owned(),
        });
    }
    place.extend(finding.subject.as_deref().map(visible));
    place.extend(finding.at.map(|at| time(config, at)));
    let what = visible(&locale::message(config.language, &finding.what));
    if place.is_empty() { what } else { format!("{}: {what}", place.join(" · ")) }
}

/// All findings of a check, a line each.
pub(super) fn finding_lines(config: &Config, checked: &Checked) -> String {
    let mut out: String = checked
        .findings
        .iter()
        .map(|finding| format!("× {}\n", finding_line(config, finding)))
        .collect();
    if checked.more > 0 {
        out += &t!(config.language, "db.more", count = count(config.language, checked.more));
        out.push('\n');
    }
    out
}

/// A finding as JSON, its text in English: programs match on `kind`.
pub(super) fn finding_json(finding: &Finding) -> serde_json::Value {
    serde_json::json!({
        "table": finding.table,
        "key": finding.key,
        "subject": finding.subject,
        "at": finding.at,
        "kind": finding.what.key.rsplit('.').next().map(|key| key.trim_start_matches("found_")),
        "text": locale::message(Lang::En, &finding.what),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_with_the_languages_decimal_sign() {
        for (n, vi, en) in [
            (999, "999 B", "999 B"),
            (1_650, "1,7 kB", "1.7 kB"),
            (2_000_000, "2,0 MB", "2.0 MB"),
            (31_234_000_000, "31,2 GB", "31.2 GB"),
        ] {
            assert_eq!((bytes(Lang::Vi, n), bytes(Lang::En, n)), (vi.to_owned(), en.to_owned()));
        }
    }
}
