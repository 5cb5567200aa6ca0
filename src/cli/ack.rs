//! `tuantra ack`: take an open incident.

use std::process::ExitCode;

use anyhow::bail;
use serde_json::json;

use super::ask::ask;
use super::{EXIT_FINDING, EXIT_OK, EXIT_USAGE, Format, Global, context, incident};
use crate::api::{AckRequest, Acknowledged, Heir, Problem, Snapshot};
use crate::locale::{self, Lang, visible};
use crate::model::{Incident, UnixMs, parse_duration};
use crate::t;

/// Take an open incident
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra ack cai-be/tslcd                       the incident this line is the root of, or is in
  tuantra ack cai-be --note \"VNPT is on the way\"  the only one open in this unit
  tuantra ack cai-be/tslcd --for 2h              for two hours, then it is nobody's again

Whoever runs the command is written down as the system knows him. An incident stays taken until
it is over, or until --for has passed.

Exit code: 0 taken, 1 nothing is open there or somebody has taken it already, 2 wrong usage, an
unknown name, or several incidents, 4 the daemon cannot be reached.")]
pub struct Args {
    /// Subject, incident or unit, by id; a unit also by name
    #[arg(value_name = "SUBJECT|INCIDENT|UNIT")]
    what: String,
    /// What is to be said about it, at most 300 characters
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// How long it holds: 30m, 2h, 1d (default: until the incident is over)
    #[arg(long = "for", value_name = "LENGTH")]
    lasts: Option<String>,
    /// text or json
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Runs the command.
///
/// # Errors
/// Wrong usage; what the daemon says cannot be understood.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    let lang = config.language;
    let for_ms = args.lasts.as_deref().map(|text| length(lang, text)).transpose()?;
    let snapshot = match ask(&config, async |client| client.snapshot().await) {
        Ok(snapshot) => snapshot,
        Err(failure) => return failure.end(&config, |_| None),
    };
    let what = visible(&args.what);
    let mut word = args.what.clone();
    // What has become a part of another is closed under its own name: the other is meant.
    if incident::meant(&snapshot, &word, lang)?.is_empty()
        && let Some(name) = incident::name(&word)
        && let Ok(Heir { incident: Some(heir) }) =
            ask(&config, async |client| client.heir(name).await)
    {
        super::complain(&t!(lang, "ack.is_part", what = what, heir = visible(heir.as_str())));
        word = heir.to_string();
    }
    let incident = match *incident::meant(&snapshot, &word, lang)? {
        [incident] => incident,
        [] => {
            super::complain(&t!(lang, "ack.nothing_open", what = what));
            return Ok(ExitCode::from(EXIT_FINDING));
        }
        ref several => bail!(listed(&snapshot, several, &what, lang)),
    };
    let request =
        AckRequest { subject: incident.root.clone(), note: args.note.clone(), for_ms, until: None };
    match ask(&config, async |client| client.acknowledge(&request).await) {
        Ok(done) => {
            let taken = Incident {
                id: done.incident.clone(),
                ack: Some(done.ack.clone()),
                ..incident.clone()
            };
            super::print(&match args.format {
                Format::Text => told(&snapshot, &taken, &done, lang),
                Format::Json => {
                    let unit = snapshot.units.iter().find(|u| u.id == taken.unit);
                    let name = unit.map(|u| &u.name);
                    format!("{:#}\n", json!({ "kind": "ack", "name": name, "incident": taken }))
                }
            })?;
            Ok(ExitCode::from(EXIT_OK))
        }
        Err(failure) => failure.end(&config, |problem| refused(&snapshot, problem, &what, lang)),
    }
}

/// Milliseconds of `--for`.
fn length(lang: Lang, text: &str) -> anyhow::Result<i64> {
    match parse_duration(text) {
        Ok(ms) if ms > 0 => Ok(ms),
        _ => bail!(t!(lang, "ack.bad_length", text = visible(text))),
    }
}

/// Several incidents, one of which has to be chosen.
fn listed(snapshot: &Snapshot, several: &[&Incident], what: &str, lang: Lang) -> String {
    let mut text = t!(lang, "ack.several", what = what);
    for incident in several {
        let line = incident::line(snapshot, incident, lang);
        text.push_str(&format!("\n  {}\n    {line}", visible(incident.id.as_str())));
    }
    text
}

fn told(snapshot: &Snapshot, taken: &Incident, done: &Acknowledged, lang: Lang) -> String {
    let unit = snapshot.units.iter().find(|u| u.id == taken.unit);
    let name = visible(unit.map_or(taken.unit.as_str(), |u| &u.name));
    let impact = incident::impact(taken, lang).unwrap_or_else(|| t!(lang, "ack.no_impact"));
    let when = |at: UnixMs| locale::date_time(lang, &incident::local(snapshot, at));
    let by = visible(&done.ack.by);
    let until = match done.ack.until {
        Some(until) => t!(lang, "ack.until", by = by, when = when(until)),
        None => t!(lang, "ack.until_over", by = by),
    };
    let mut lines = vec![
        t!(lang, "ack.taken", id = visible(done.incident.as_str())),
        format!(
            "  {} {name} · {} · {}",
            locale::state_glyph(taken.state),
            locale::state_name(lang, taken.state),
            t!(lang, "status.since", when = when(taken.since))
        ),
        format!("  {impact}"),
        format!("  {until}"),
    ];
    if !done.ack.note.is_empty() {
        lines.push(format!("  {}: {}", locale::text(lang, "common.note"), visible(&done.ack.note)));
    }
    lines.join("\n") + "\n"
}

/// What the user is told of a refusal and the exit code; `None` for one that is not expected.
fn refused(snapshot: &Snapshot, problem: &Problem, what: &str, lang: Lang) -> Option<(String, u8)> {
    Some(match problem.error.as_str() {
        "already_acknowledged" => {
            let by = visible(problem.by.as_deref().unwrap_or("?"));
            let at = problem.at.unwrap_or(snapshot.at);
            let when = locale::date_time(lang, &incident::local(snapshot, at));
            (t!(lang, "ack.already", by = by, when = when), EXIT_FINDING)
        }
        // It ended between the look and the command.
        "no_incident" => (t!(lang, "ack.nothing_open", what = what), EXIT_FINDING),
        "unknown_subject" => (t!(lang, "ack.unknown", what = what), EXIT_USAGE),
        "bad_note" => (t!(lang, "ack.bad_note"), EXIT_USAGE),
        "bad_until" => (t!(lang, "ack.bad_until"), EXIT_USAGE),
        _ => return None,
    })
}

#[cfg(test)]
#[path = "ack_tests.rs"]
mod tests;
