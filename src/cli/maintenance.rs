//! `tuantra maintenance`: announce work, list it, end it.

use std::process::ExitCode;

use anyhow::{anyhow, bail};
use serde_json::json;

use super::ask::ask;
use super::{EXIT_FINDING, EXIT_OK, EXIT_USAGE, Format, Global, context, maintenance_text, unit};
use crate::api::{ClientError, Problem, Snapshot, WorkRequest};
use crate::config::Config;
use crate::daemon::clock;
use crate::locale::{self, Lang, fold, visible};
use crate::model::{Id, Recurrence, UnixMs, WorkedOn, parse_duration};
use crate::report;
use crate::t;

/// Ids tried for work whose own id is taken by work that is over.
const IDS_TRIED: u32 = 9;
/// Bytes of an id left for what is worked on: a date, a time and a number follow.
const TARGET_MAX: usize = 78;

/// Announce work, list it, end it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra maintenance add cai-be --from 2026-11-27T22:00 --for 4h --note \"new fibre\"
  tuantra maintenance add cai-be/tslcd --for 30m --note \"swapping the router\"
  tuantra maintenance add --carrier vnpt --from 2026-11-28 --to 2026-11-29 --note \"core upgrade\"
  tuantra maintenance add cai-be --every \"sat,sun 22:00-02:00\" --to 2026-12-31 --note \"upgrade\"
  tuantra maintenance list
  tuantra maintenance end cai-be-20261127-2200

What is worked on goes on being recorded, but nobody is told, and the time counts as planned. Work
that recurs ends within a year; what recurs for ever is written in the inventory, listed here and
changed there.

Exit code: 0 done, 1 the work is over already, 2 wrong usage or an unknown name, 4 the daemon
cannot be reached.")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show the work of now and to come, recurring work too
    List {
        /// text or json
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Announce work, or change what was announced under the same id
    Add(Box<Add>),
    /// End work now, or call it off before it begins
    End {
        /// Its id
        #[arg(value_name = "ID")]
        id: String,
        /// text or json
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
}

#[derive(Debug, clap::Args)]
struct Add {
    #[command(flatten)]
    on: On,
    /// Beginning: 22:00 (the next), 2026-11-27, 2026-11-27T22:00 (configured zone) or RFC 3339 (default: now)
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    #[command(flatten)]
    end: End,
    /// Only then, again and again: "sat,sun 22:00-02:00", "mon-fri 12:00-12:30", "daily 1:00-2:00"
    #[arg(long, value_name = "DAYS HOURS")]
    every: Option<String>,
    /// What for, at most 300 characters
    #[arg(long, value_name = "TEXT")]
    note: String,
    /// Its id (default: what is worked on with the beginning: cai-be-20261127-2200)
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// text or json
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct On {
    /// A unit with all beneath it, by id or name, or one connection, device or service, by id
    #[arg(value_name = "UNIT|SUBJECT")]
    what: Option<String>,
    /// A unit with all beneath it, by id or name
    #[arg(long, value_name = "UNIT")]
    unit: Option<String>,
    /// One connection, device or service, by id
    #[arg(long, value_name = "ID")]
    subject: Option<String>,
    /// All lines of a carrier, by id or name
    #[arg(long, value_name = "CARRIER")]
    carrier: Option<String>,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct End {
    /// How long: 30m, 4h, 2d
    #[arg(long = "for", value_name = "LENGTH")]
    lasts: Option<String>,
    /// End, itself no longer inside; as --from
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// Wrong usage; what the daemon says cannot be understood.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    match &args.command {
        Command::List { format } => list(&config, *format),
        Command::Add(add) => announce(&config, add, clock::now()),
        Command::End { id, format } => end(&config, id, *format),
    }
}

fn list(config: &Config, format: Format) -> anyhow::Result<ExitCode> {
    let lists = async |client: crate::api::Client| {
        Ok((client.maintenance().await?, client.snapshot().await?))
    };
    match ask(config, lists) {
        Ok((works, snapshot)) => {
            super::print(&match format {
                Format::Text => maintenance_text::list(&snapshot, &works, config.language),
                Format::Json => {
                    let at = snapshot.at;
                    format!("{:#}\n", json!({ "kind": "maintenance", "at": at, "works": works }))
                }
            })?;
            Ok(ExitCode::from(EXIT_OK))
        }
        Err(failure) => failure.end(config, |_| None),
    }
}

fn announce(config: &Config, add: &Add, now: UnixMs) -> anyhow::Result<ExitCode> {
    let lang = config.language;
    let moment = |option: &str, text: &str, after: UnixMs| {
        report::next_moment(text, after, &config.timezone).map_err(|_| {
            anyhow!(t!(lang, "report.bad_moment", option = option, text = visible(text)))
        })
    };
    let from = add.from.as_deref().map_or(Ok(now), |text| moment("--from", text, now))?;
    let to = match (&add.end.lasts, &add.end.to) {
        (Some(length), _) => match parse_duration(length) {
            Ok(ms) if ms > 0 => from + ms,
            _ => bail!(t!(lang, "ack.bad_length", text = visible(length))),
        },
        (None, Some(text)) => moment("--to", text, from)?,
        (None, None) => bail!(t!(lang, "maintenance.bad_window")),
    };
    let snapshot = match ask(config, async |client| client.snapshot().await) {
        Ok(snapshot) => snapshot,
        Err(failure) => return failure.end(config, |_| None),
    };
    let on = worked_on(&snapshot, &add.on, lang)?;
    let given = add.id.as_deref().map(|text| named(text, lang)).transpose()?;
    let ids: Vec<Id> = match given {
        Some(id) => vec![id],
        None => {
            let begins = from.to_timestamp().to_zoned_datetime(config.timezone.clone());
            (1..=IDS_TRIED).map(|n| own_id(&on, &begins, n)).collect::<Result<_, _>>()?
        }
    };
    let every = add.every.as_deref().map(|text| {
        let wrong = |_| anyhow!(t!(lang, "maintenance.bad_every", text = visible(text)));
        text.parse::<Recurrence>().map_err(wrong)
    });
    let request = WorkRequest { on, from, to, every: every.transpose()?, note: add.note.clone() };
    // Under an id of our own making, other work of then does not keep new work from being announced.
    let asked = ask(config, async |client| {
        for (id, is_last) in ids.iter().zip((1..=ids.len()).map(|n| n == ids.len())) {
            match client.announce(id, &request).await {
                Err(ClientError::Refused(p))
                    if matches!(p.error.as_str(), "already_over" | "already_begun") && !is_last => {
                }
                answer => return answer,
            }
        }
        Err(ClientError::Body("no id is left to try".to_owned()))
    });
    match asked {
        Ok((work, is_new)) => {
            super::print(&match add.format {
                Format::Text => maintenance_text::announced(&snapshot, &work, is_new, lang),
                Format::Json => format!(
                    "{:#}\n",
                    json!({ "kind": "maintenance_announced", "new": is_new, "work": work })
                ),
            })?;
            Ok(ExitCode::from(EXIT_OK))
        }
        Err(failure) => failure.end(config, |problem| refused(config, problem)),
    }
}

fn end(config: &Config, id: &str, format: Format) -> anyhow::Result<ExitCode> {
    let lang = config.language;
    let id = named(id, lang)?;
    let ended = ask(config, async |client: crate::api::Client| {
        Ok((client.end_maintenance(&id).await?, client.snapshot().await?))
    });
    match ended {
        Ok((work, snapshot)) => {
            super::print(&match format {
                Format::Text => maintenance_text::ended(&snapshot, &work, lang),
                Format::Json => {
                    format!("{:#}\n", json!({ "kind": "maintenance_ended", "work": work }))
                }
            })?;
            Ok(ExitCode::from(EXIT_OK))
        }
        Err(failure) => failure.end(config, |problem| refused(config, problem)),
    }
}

fn named(text: &str, lang: Lang) -> anyhow::Result<Id> {
    Id::new(text.trim()).map_err(|_| anyhow!(t!(lang, "maintenance.bad_id", id = visible(text))))
}

/// What is worked on, as the options name it.
fn worked_on(snapshot: &Snapshot, on: &On, lang: Lang) -> anyhow::Result<WorkedOn> {
    let subject = |word: &str| snapshot.subjects.iter().find(|s| s.id.as_str() == word.trim());
    if let Some(found) = on.what.as_deref().and_then(subject) {
        return Ok(WorkedOn::Subject(found.id.clone()));
    }
    // A subject's id has a slash; a unit's may, too.
    let is_unit = |word: &&String| {
        !word.contains('/') || snapshot.units.iter().any(|unit| unit.id.as_str() == word.trim())
    };
    let what = on.what.as_ref().filter(is_unit);
    if let Some(word) = what.or(on.unit.as_ref()) {
        let units = snapshot.units.iter().map(|unit| unit::Candidate {
            key: unit,
            id: unit.id.as_str(),
            name: &unit.name,
            short: &unit.short,
        });
        return Ok(WorkedOn::Unit(unit::find(lang, word, units)?.id.clone()));
    }
    if let Some(word) = &on.carrier {
        let wanted = fold(word.trim());
        let is_it = |c: &&crate::api::CarrierInfo| c.id.as_str() == word || fold(&c.name) == wanted;
        let found = snapshot.carriers.iter().find(is_it);
        let unknown = || anyhow!(t!(lang, "maintenance.no_carrier", name = visible(word)));
        return found.map(|c| WorkedOn::Carrier(c.id.clone())).ok_or_else(unknown);
    }
    let word = on.subject.as_deref().or(on.what.as_deref()).unwrap_or_default().trim();
    let unknown = || anyhow!(t!(lang, "ack.unknown", what = visible(word)));
    subject(word).map(|found| WorkedOn::Subject(found.id.clone())).ok_or_else(unknown)
}

/// `cai-be-20261127-2200`; the second to `n`-th try `cai-be-20261127-2200-n`. The same command
/// makes the same id, so that giving it twice announces once.
fn own_id(on: &WorkedOn, begins: &jiff::ZonedDateTime, n: u32) -> anyhow::Result<Id> {
    let target = match on {
        WorkedOn::Subject(id) => id.as_str(),
        WorkedOn::Unit(id) => id.as_str(),
        WorkedOn::Carrier(id) => id.as_str(),
    };
    // Ids are ASCII, and no mark may stand before another.
    let kept = target.get(..TARGET_MAX).unwrap_or(target).trim_end_matches(['-', '.', '/']);
    let number = if n == 1 { String::new() } else { format!("-{n}") };
    Ok(Id::new(&format!("{kept}-{}{number}", begins.strftime("%Y%m%d-%H%M")))?)
}

/// What the user is told of a refusal and the exit code; `None` for one that is not expected.
fn refused(config: &Config, problem: &Problem) -> Option<(String, u8)> {
    let lang = config.language;
    Some(match problem.error.as_str() {
        "already_over" => {
            let zone = config.timezone.clone();
            let when = problem.at.map_or_else(String::new, |at| {
                locale::date_time(lang, &at.to_timestamp().to_zoned_datetime(zone))
            });
            let text = match &problem.by {
                Some(by) => t!(lang, "maintenance.ended_by", by = visible(by), when = when),
                None => t!(lang, "maintenance.over", when = when),
            };
            (text, EXIT_FINDING)
        }
        "already_begun" => (t!(lang, "reason.work_begun"), EXIT_FINDING),
        "unknown_maintenance" => (t!(lang, "maintenance.unknown"), EXIT_USAGE),
        "in_inventory" => (t!(lang, "maintenance.in_inventory"), EXIT_USAGE),
        "bad_window" => (t!(lang, "maintenance.bad_window"), EXIT_USAGE),
        "bad_note" => (t!(lang, "ack.bad_note"), EXIT_USAGE),
        "too_many" => (t!(lang, "maintenance.too_many"), EXIT_USAGE),
        _ => return None,
    })
}

#[cfg(test)]
#[path = "maintenance_tests.rs"]
mod tests;
