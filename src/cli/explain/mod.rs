//! `tuantra explain`: why a subject is in its state.

mod find;
mod rounds;
mod text;

#[cfg(test)]
mod tests;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{anyhow, bail};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::ask::{Failure, ask};
use super::{EXIT_OK, EXIT_USAGE, Format, Global, context, report::store_told};
use crate::api::{BlindInfo, Snapshot};
use crate::config::Config;
use crate::daemon::{clock, rebuild, settings};
use crate::health::Explanation;
use crate::locale::{Lang, visible};
use crate::model::{Ack, CarrierId, Inventory, Span, StateInterval, SubjectId, SubjectIx, UnixMs};
use crate::report;
use crate::store::{Reader, StoreError};
use crate::t;
use find::Known;
use rounds::Rounds;

/// Tell why a subject is in its state, now or at a past time
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra explain cai-be/tslcd                         now, as the daemon knows it
  tuantra explain \"hoa khanh\"                          a unit, when it has one line only
  tuantra explain cai-be/tslcd --at 07:31              the last time it was 07:31, local
  tuantra explain cai-be/tslcd --at 2026-11-26T07:31
  tuantra explain cai-be/tslcd --format json | jq .rule

It prints the state, since when, the rule that decided with its numbers, what is going on, the
thresholds in force, what the subject is reached through, and its last rounds. Without a daemon, and
for a past time, the same core is run again on the rounds that the store has kept; what the sentinels
saw then is not known, for it is not kept.

Exit code: 0 told, 2 wrong usage, an unknown name, or nothing recorded of it, 4 the daemon runs and
cannot be asked.")]
pub struct Args {
    /// A line, device or service by id; or a unit with one line, by id or name
    #[arg(value_name = "SUBJECT")]
    subject: String,
    /// As of when: 15:23 (the latest), 2026-11-26T07:31 (local), 2026-11-26T00:31:00Z, 2026-11-26
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// text or json
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Where an explanation comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The daemon's core.
    Daemon,
    /// The store, for the time asked for.
    Store,
    /// The store, because no daemon runs.
    Idle,
}

/// Everything there is to tell.
#[derive(Debug)]
struct Account {
    explanation: Explanation,
    /// The unit's name and the subject's, as people call them.
    name: String,
    source: Source,
    /// Who has taken the incident.
    ack: Option<Ack>,
    /// The record, where it says something else than the core did then.
    record: Option<StateInterval>,
    /// What the store has kept, or why it cannot be read.
    rounds: Result<Rounds, String>,
    has_sentinels: bool,
    /// What the patrol could not see of what the subject is reached through, with the carrier's name.
    blind: Vec<(Option<String>, UnixMs)>,
    zone: TimeZone,
}

/// Runs the command.
///
/// # Errors
/// Wrong usage, an unknown name, nothing recorded; the store or the daemon cannot be read.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    let lang = config.language;
    let account = match &args.at {
        Some(text) => {
            let now = clock::now();
            let at = report::past_moment(text, now, &config.timezone)
                .map_err(|_| anyhow!(t!(lang, "explain.bad_time", text = visible(text))))?;
            if at > now {
                bail!(t!(lang, "explain.to_come", at = visible(text)));
            }
            from_store(&config, &args.subject, Some(at))?
        }
        None => match ask(&config, async |client| client.snapshot().await) {
            Ok(snapshot) => match from_daemon(&config, &snapshot, &args.subject)? {
                Ok(account) => account,
                Err(failure) => return failure.end(&config, |_| None),
            },
            Err(Failure::NotRunning(_)) => from_store(&config, &args.subject, None)?,
            Err(failure) => return failure.end(&config, |_| None),
        },
    };
    super::print(&match args.format {
        Format::Text => text::text(&account, lang),
        Format::Json => format!("{:#}\n", account.json()),
    })?;
    Ok(ExitCode::from(EXIT_OK))
}

fn from_daemon(
    config: &Config,
    snapshot: &Snapshot,
    word: &str,
) -> anyhow::Result<Result<Account, Failure>> {
    let lang = config.language;
    let id = find::in_snapshot(lang, word, snapshot)?;
    let explanation = match ask(config, async |client| client.explain(&id).await) {
        Ok(explanation) => explanation,
        Err(failure) => return Ok(Err(failure)),
    };
    let row = snapshot.subjects.iter().find(|s| s.id == id);
    let unit = row.and_then(|s| snapshot.units.iter().find(|u| u.id == s.unit));
    let name = |text: Option<&String>| text.cloned().unwrap_or_default();
    let known = Known { name: name(row.map(|s| &s.name)), unit: name(unit.map(|u| &u.name)) };
    let incident = snapshot.incidents.iter().find(|i| Some(&i.id) == explanation.incident.as_ref());
    let rounds = Reader::open(&config.store)
        .and_then(|reader| Rounds::read(&reader, &explanation))
        .map_err(|error| store_told(lang, &error));
    Ok(Ok(Account {
        name: known.title(),
        source: Source::Daemon,
        ack: incident.and_then(|i| i.ack.clone()),
        record: None,
        rounds,
        has_sentinels: !config.sentinels.is_empty(),
        blind: blind_in_snapshot(snapshot, &explanation),
        zone: config.timezone.clone(),
        explanation,
    }))
}

fn from_store(config: &Config, word: &str, at: Option<UnixMs>) -> anyhow::Result<Account> {
    let lang = config.language;
    let inventory: Arc<Inventory> = Arc::new(context::inventory(config)?);
    let subject = find::in_inventory(lang, word, &inventory)?;
    let fail = |error: StoreError| anyhow!(store_told(lang, &error));
    let reader = match Reader::open(&config.store) {
        Err(StoreError::Missing { path }) if at.is_none() => {
            let file = visible(&path.display().to_string());
            super::complain(&t!(lang, "explain.no_store", file = file));
            return Err(context::Told(EXIT_USAGE).into());
        }
        opened => opened.map_err(fail)?,
    };
    let source = if at.is_some() { Source::Store } else { Source::Idle };
    let entry = inventory.subject(subject);
    let nothing = |at: UnixMs| {
        let at = text::moment(lang, &config.timezone, at);
        anyhow!(t!(lang, "explain.no_record", subject = entry.id, at = at))
    };
    let now = clock::now();
    let at = match at {
        Some(at) => at,
        None => last_known(&reader, now).map_err(fail)?.ok_or_else(|| nothing(now))?,
    };
    let then = rebuild::explain_at(&reader, &inventory, &settings(config), subject, at);
    let then = then.map_err(fail)?.ok_or_else(|| nothing(at))?;
    let rounds = Rounds::read(&reader, &then.explanation).map_err(fail)?;
    let known = Known { name: entry.name.clone(), unit: inventory.unit(entry.unit).name.clone() };
    let is_same = then.record.state == then.explanation.state;
    Ok(Account {
        name: known.title(),
        source,
        ack: then.incident.and_then(|i| i.ack),
        record: (!is_same).then_some(then.record),
        rounds: Ok(rounds),
        has_sentinels: !config.sentinels.is_empty(),
        blind: blind_in_inventory(&inventory, subject, &then.blind),
        zone: config.timezone.clone(),
        explanation: then.explanation,
    })
}

/// Where what is known ends without a daemon: its last sign of life, or the last that happened.
fn last_known(reader: &Reader, now: UnixMs) -> Result<Option<UnixMs>, StoreError> {
    let events = reader.events(Span::new(UnixMs(i64::MIN), now + 1), 1)?;
    let happened = events.first().map(|e| e.event.at);
    Ok(reader.last_alive()?.max(happened))
}

/// The blind times that concern the subject: the whole patrol's, and those of a carrier whose lines
/// it is reached through.
fn blind_in_snapshot(
    snapshot: &Snapshot,
    explanation: &Explanation,
) -> Vec<(Option<String>, UnixMs)> {
    let row = |id: &SubjectId| snapshot.subjects.iter().find(|s| s.id == *id);
    let mut way = vec![&explanation.subject];
    let mut next = 0;
    while let Some(id) = way.get(next) {
        for parent in row(id).into_iter().flat_map(|s| &s.via) {
            if !way.contains(&parent) {
                way.push(parent);
            }
        }
        next += 1;
    }
    let is_on_way =
        |c: &CarrierId| way.iter().filter_map(|id| row(id)).any(|s| s.carrier.as_ref() == Some(c));
    let name = |id: &CarrierId| snapshot.carriers.iter().find(|c| c.id == *id).map(|c| &c.name);
    let concerning =
        snapshot.daemon.blind.iter().filter(|b| b.carrier.as_ref().is_none_or(&is_on_way));
    concerning.map(|b| (b.carrier.as_ref().map(|c| named(c, name(c))), b.since)).collect()
}

/// As [`blind_in_snapshot`].
fn blind_in_inventory(
    inventory: &Inventory,
    subject: SubjectIx,
    blind: &[BlindInfo],
) -> Vec<(Option<String>, UnixMs)> {
    let way = rebuild::ancestry(inventory, subject);
    let carriers: Vec<_> = way
        .into_iter()
        .filter_map(|s| inventory.subject(s).connection()?.carrier)
        .map(|c| inventory.carrier(c))
        .collect();
    let find = |id: &CarrierId| carriers.iter().find(|c| c.id == *id);
    let concerning = blind.iter().filter(|b| b.carrier.as_ref().is_none_or(|c| find(c).is_some()));
    concerning
        .map(|b| (b.carrier.as_ref().map(|c| named(c, find(c).map(|c| &c.name))), b.since))
        .collect()
}

fn named(id: &CarrierId, name: Option<&String>) -> String {
    visible(name.map_or(id.as_str(), |name| name))
}

impl Account {
    /// The explanation with what the store adds to it; keys are stable.
    fn json(&self) -> Value {
        let mut value = json!({
            "kind": "explanation",
            "source": match self.source {
                Source::Daemon => "daemon",
                Source::Store | Source::Idle => "store",
            },
            "name": self.name,
            "ack": self.ack,
            "record": self.record,
            "blind": self.blind.iter().map(|(carrier, since)| json!({
                "carrier": carrier, "since": since,
            })).collect::<Vec<_>>(),
            "last_rounds": self.rounds.as_ref().map_or(Value::Null, Rounds::json),
        });
        // A struct of named fields is an object.
        if let (Some(whole), Ok(Value::Object(own))) =
            (value.as_object_mut(), serde_json::to_value(&self.explanation))
        {
            whole.extend(own);
        }
        value
    }
}

/// The language's lower-case name of a state, for the middle of a sentence.
fn state_word(lang: Lang, state: crate::model::State) -> String {
    crate::locale::state_name(lang, state).to_lowercase()
}
