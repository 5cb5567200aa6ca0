//! `tuantra replay`: recorded rounds through the same core on a virtual clock: what would have
//! been decided, and told, with these thresholds.

mod input;
mod text;

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};

use super::{EXIT_OK, EXIT_USAGE, Format, Global, context};
use crate::alert::outlet;
use crate::config::Config;
use crate::daemon::replay::{Replay, find_check};
use crate::daemon::{clock, settings};
use crate::health::{Memory, Settings};
use crate::locale::visible;
use crate::model::{Inventory, Round, Sample, Severity, Span, SubjectId, UnixMs};
use crate::report;
use crate::store::Reader;
use crate::t;
use input::{Flaw, LINE_BYTES_MAX, Reading};

/// Feed recorded rounds to the same core on a virtual clock
#[derive(Debug, clap::Args)]
#[command(after_help = r#"Examples:
  tuantra replay --rounds rounds.jsonl
  tuantra replay --rounds - --until 2026-11-02T00:00:00Z < rounds.jsonl
  tuantra replay --from-store --from 2026-10-01 --to 2026-11-01 --config stricter.yaml --format text

A line of the file is one of
  {"t":"2026-11-01T00:00:00Z","subject":"cai-be/tslcd","check":"ping","sent":3,"lost":3,"rtt_us":[]}
  {"t":"2026-11-01T00:00:00Z","sentinel":"10.0.0.1","sent":3,"lost":0,"rtt_us":[900,950,910]}
  {"t":"2026-11-01T00:05:00Z","ack":"cai-be/tslcd","by":"lan","note":"called","until":"2026-11-01T08:00:00Z"}
  {"t":"2026-11-01T00:05:00Z","maintenance":{"unit":"cai-be","from":"2026-11-01T01:00:00Z","to":"2026-11-01T03:00:00Z"}}
  {"t":"2026-11-01T00:06:00Z","subject":"cai-be/router-1","uptime_s":42}
  {"t":"2026-11-01T00:06:00Z","tick":true}

Prints one JSON object a line: "state", "outage" and "alert" as they are decided, with --until an
"availability" row for each subject at the end; --all adds "incident", "hole", "flapping", "asked", "blind".

Exit code: 0 read to the end, 2 wrong usage or a line that cannot be read (its place is told)."#)]
pub struct Args {
    /// File of recorded rounds, one JSON object a line; - is standard input
    #[arg(long, value_name = "FILE", required_unless_present = "from_store")]
    rounds: Option<PathBuf>,
    /// Where the clock stops: RFC 3339, or a time in the configured zone
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Read the rounds that the store has kept
    #[arg(long, conflicts_with = "rounds", requires = "from")]
    from_store: bool,
    /// With --from-store: beginning
    #[arg(long, value_name = "TIME", requires = "from_store")]
    from: Option<String>,
    /// With --from-store: end (default: now)
    #[arg(long, value_name = "TIME", requires = "from_store", conflicts_with = "until")]
    to: Option<String>,
    /// Another inventory than the configuration's
    #[arg(long, value_name = "DIR")]
    inventory: Option<PathBuf>,
    /// Print incidents, holes, flapping and blindness, too
    #[arg(long)]
    all: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Json, value_name = "FORMAT")]
    format: Format,
}

/// What is printed, and how.
struct Printer<'a> {
    out: BufWriter<io::StdoutLock<'static>>,
    format: Format,
    all: bool,
    config: &'a Config,
}

impl Printer<'_> {
    fn decisions(&mut self, replay: &mut Replay) -> io::Result<()> {
        for decision in replay.take().iter().filter(|d| self.all || d.is_main()) {
            match self.format {
                Format::Json => {
                    serde_json::to_writer(&mut self.out, decision)?;
                    self.out.write_all(b"\n")?;
                }
                Format::Text => writeln!(self.out, "{}", text::line(decision, self.config))?,
            }
        }
        Ok(())
    }
}

/// Runs the command.
///
/// # Errors
/// The configuration or the inventory has errors, a time cannot be read, the file or the store
/// cannot be read.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let mut config = context::config(global)?;
    if let Some(folder) = &args.inventory {
        config.inventory.clone_from(folder);
    }
    let inventory = Arc::new(context::inventory(&config)?);
    let until = args.until.as_deref().or(args.to.as_deref());
    let until = until.map(|text| moment(&config, text)).transpose()?;
    let out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut printer = Printer { out, format: args.format, all: args.all, config: &config };
    let done = match &args.rounds {
        Some(file) => from_file(file, until, &inventory, &mut printer),
        None => from_store(args, until, &inventory, &mut printer),
    };
    let flushed = printer.out.flush();
    match done.and_then(|code| flushed.map_err(Into::into).map(|()| code)) {
        // A reader that has gone away (`| head`) is no error.
        Err(error)
            if error
                .downcast_ref::<io::Error>()
                .is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe) =>
        {
            Ok(ExitCode::from(EXIT_OK))
        }
        other => other,
    }
}

fn moment(config: &Config, text: &str) -> anyhow::Result<UnixMs> {
    report::moment(text, &config.timezone)
        .map_err(|_| anyhow!(t!(config.language, "replay.bad_time", text = visible(text))))
}

/// Reads lines of at most [`LINE_BYTES_MAX`] bytes, so that no file can fill the memory.
fn next_line(reader: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<usize> {
    line.clear();
    let limit = u64::try_from(LINE_BYTES_MAX + 1).unwrap_or(u64::MAX);
    reader.take(limit).read_until(b'\n', line)
}

fn from_file(
    file: &Path,
    until: Option<UnixMs>,
    inventory: &Arc<Inventory>,
    printer: &mut Printer<'_>,
) -> anyhow::Result<ExitCode> {
    let lang = printer.config.language;
    let named = if file == Path::new("-") { "<stdin>".into() } else { file.to_string_lossy() };
    let mut reader: Box<dyn BufRead> = if file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        let opened = File::open(file);
        let opened = opened.with_context(|| t!(lang, "replay.no_file", file = visible(&named)))?;
        Box::new(BufReader::with_capacity(1 << 16, opened))
    };
    let settings = as_recorded(printer.config);
    let reading = Reading { inventory, sentinels: &settings.sentinels };
    let mut replay: Option<Replay> = None;
    let mut line = Vec::new();
    let mut number = 0;
    while next_line(&mut reader, &mut line)? > 0 {
        number += 1;
        let parsed = match std::str::from_utf8(&line).map(str::trim) {
            _ if line.len() > LINE_BYTES_MAX => Err(flaw("replay.line_too_long")),
            Err(_) => Err(flaw("replay.not_utf8")),
            // A byte-order mark at the start, as Windows editors leave it.
            Ok(text) => match text.trim_start_matches('\u{feff}') {
                "" => continue,
                text => reading.line(text, number),
            },
        };
        let (at, inputs) = match parsed {
            Ok(parsed) => parsed,
            Err(flaw) => return Ok(refuse(printer, &named, number, &line, &flaw)),
        };
        if until.is_some_and(|until| at > until) {
            if replay.is_none() {
                bail!(t!(lang, "replay.begins_later", file = visible(&named), first = at));
            }
            break;
        }
        let replay = replay.get_or_insert_with(|| start(inventory, printer.config, at, Vec::new()));
        for input in inputs {
            if let Err(error) = replay.feed(at, input) {
                let message = t!(lang, "replay.not_taken", reason = error);
                super::complain(&format!("{named}:{number}: {message}"));
            }
            printer.decisions(replay)?;
        }
    }
    match replay {
        Some(replay) => end(replay, until, inventory, printer)?,
        None => bail!(t!(lang, "replay.empty", file = visible(&named))),
    }
    Ok(ExitCode::from(EXIT_OK))
}

fn flaw(key: &'static str) -> Flaw {
    Flaw { column: None, message: crate::model::Message::new(key) }
}

fn refuse(
    printer: &mut Printer<'_>,
    file: &str,
    number: usize,
    line: &[u8],
    flaw: &Flaw,
) -> ExitCode {
    // What was decided before stays printed; that it cannot be is told by the exit code alone.
    let _ = printer.out.flush();
    let lang = printer.config.language;
    let column = flaw.column.unwrap_or(1);
    let source: String = String::from_utf8_lossy(line).trim_end().chars().take(200).collect();
    let message = crate::locale::message(lang, &flaw.message);
    super::complain(&format!(
        "{file}:{number}:{column}: {message}\n  {source}\n{}",
        t!(lang, "replay.line_hint")
    ));
    ExitCode::from(EXIT_USAGE)
}

/// A record of rounds may hold none of the sentinels'.
fn as_recorded(config: &Config) -> Settings {
    Settings { are_sentinels_asked: false, ..settings(config) }
}

fn start(
    inventory: &Arc<Inventory>,
    config: &Config,
    from: UnixMs,
    maintenance: Vec<crate::model::Maintenance>,
) -> Replay {
    let memory = Memory { maintenance, ..Memory::default() };
    let outlets = outlet::outlets(config, Severity::Warning).0;
    Replay::new(Arc::clone(inventory), as_recorded(config), memory, from)
        .with_alerts(outlet::plan(config, &outlets))
}

/// Lets the clock run to the end, and prints what is left.
fn end(
    mut replay: Replay,
    until: Option<UnixMs>,
    inventory: &Arc<Inventory>,
    printer: &mut Printer<'_>,
) -> anyhow::Result<()> {
    match until {
        Some(until) => replay.pass(until),
        // What is still gathering its impact would have been told in the next half a minute.
        None => replay.pass(replay.clock() + settings(printer.config).group_wait_ms),
    }
    replay.finish();
    printer.decisions(&mut replay)?;
    let Some(until) = until else { return Ok(()) };
    let window = Span::new(replay.from(), until);
    if window.is_empty() {
        return Ok(());
    }
    let records = replay.records();
    let goal_ppm = printer.config.goals.availability_ppm;
    let floor_ppm = printer.config.measured_floor_ppm;
    let work = replay.announced();
    for row in report::subject_rows(inventory, &records, work, window, goal_ppm, floor_ppm) {
        match printer.format {
            Format::Json => {
                serde_json::to_writer(&mut printer.out, &row)?;
                printer.out.write_all(b"\n")?;
            }
            Format::Text => writeln!(printer.out, "{}", row.line(printer.config.language))?,
        }
    }
    Ok(())
}

fn from_store(
    args: &Args,
    until: Option<UnixMs>,
    inventory: &Arc<Inventory>,
    printer: &mut Printer<'_>,
) -> anyhow::Result<ExitCode> {
    let config = printer.config;
    let from = moment(config, args.from.as_deref().unwrap_or_default())?;
    let until = until.unwrap_or_else(clock::now);
    if until <= from {
        bail!(t!(config.language, "replay.period_empty"));
    }
    let store = Reader::open(&config.store)?;
    let window = Span::new(from, until);
    let settings = as_recorded(config);
    let reading = Reading { inventory, sentinels: &settings.sentinels };
    let mut replay = start(inventory, printer.config, from, store.maintenance(window)?);
    let mut failed: io::Result<()> = Ok(());
    store.rounds(window, &mut |subject, sample| {
        if let Some(round) = as_round(inventory, subject, sample) {
            for input in reading.inputs(round) {
                // Rounds alone are fed: there is nothing to acknowledge among them.
                let _ = replay.feed(round.at, input);
            }
            failed = printer.decisions(&mut replay);
        }
        if failed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    failed?;
    end(replay, Some(until), inventory, printer)?;
    Ok(ExitCode::from(EXIT_OK))
}

/// A stored sample as a round of a subject that is still in the inventory.
fn as_round(inventory: &Inventory, subject: &SubjectId, sample: Sample) -> Option<Round> {
    let subject = inventory.find_subject(subject.as_str())?;
    let Sample { at, check, sent, lost, rtts, error } = sample;
    find_check(inventory, subject, &format!("#{}", check + 1))?;
    Some(Round { subject, check, at, sent, lost, rtts, error })
}
