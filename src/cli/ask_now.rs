//! `tuantra ask`: have subjects asked now, and tell what they answer.

use std::collections::HashMap;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::anyhow;
use serde_json::json;

use super::ask::{ask, ask_longer};
use super::{EXIT_FINDING, EXIT_OK, EXIT_USAGE, Format, Global, context, unit};
use crate::api::{
    ASK_MAX, AskRequest, AskedNow, Client, ClientError, Problem, Snapshot, SubjectRow,
};
use crate::config::Config;
use crate::locale::{self, Lang, pad, visible, width};
use crate::model::{SubjectId, UnixMs, parse_duration};
use crate::t;

/// The longest that anybody waits for answers.
const WAIT_MAX: Duration = Duration::from_secs(600);

/// Have subjects asked now, beside their turns
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra ask cai-be/tslcd              one line
  tuantra ask cai-be \"Hòa Khánh\"        all that two units have themselves
  tuantra ask cai-be --wait 0s          only have them asked

It waits for the answers, for as long as --wait or until Ctrl-C, and prints what is known then. At
most 100 subjects are asked at once; how many were left out is said, and so is how many were being
asked already for somebody else: these get the same answer.

Exit code: 0 all answered (with --wait 0s: are being asked), 1 some did not, are not known yet, or
were left out, 2 wrong usage or an unknown name, 4 the daemon cannot be reached.")]
pub struct Args {
    /// Subjects by id; units by id or name, for what they have themselves
    #[arg(value_name = "SUBJECT|UNIT", required = true)]
    what: Vec<String>,
    /// How long to wait for the answers; 0s: not at all
    #[arg(long, value_name = "LENGTH", default_value = "30s")]
    wait: String,
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
    let wait = parse_duration(&args.wait).ok().and_then(|ms| u64::try_from(ms).ok());
    let wait = wait.map(Duration::from_millis).filter(|wait| *wait <= WAIT_MAX);
    let wait = wait.ok_or_else(|| anyhow!(t!(lang, "ask.bad_wait", text = visible(&args.wait))))?;
    let snapshot = match ask(&config, async |client| client.snapshot().await) {
        Ok(snapshot) => snapshot,
        Err(failure) => return failure.end(&config, |_| None),
    };
    let mut subjects = meant(&snapshot, &args.what, lang)?;
    let left_out = subjects.len().saturating_sub(ASK_MAX);
    subjects.truncate(ASK_MAX);
    if subjects.is_empty() {
        return Err(anyhow!(t!(lang, "ask.nothing")));
    }
    let request = AskRequest { subjects };
    let done = match ask(&config, async |client| client.ask_now(&request).await) {
        Ok(done) => done,
        Err(failure) => return failure.end(&config, |problem| refused(&config, problem)),
    };
    if args.format == Format::Text {
        super::print(&told(&done, left_out, lang))?;
    }
    // A round that was on its way already is no answer; of those who were being asked for somebody else
    // nobody knows when they were.
    let since = (done.joined == 0).then_some(snapshot.at);
    let heard = match wait.is_zero() {
        true => Vec::new(),
        false => match ask_longer(&config, wait, async |client| {
            let asked = Asked { subjects: &request.subjects, never: &done.never, since };
            listen(&client, snapshot, &asked, wait).await
        }) {
            Ok(heard) => heard,
            Err(failure) => return failure.end(&config, |_| None),
        },
    };
    super::print(&match args.format {
        Format::Text => answers(&heard, lang),
        Format::Json => {
            let answers: Vec<_> = heard.iter().map(Heard::json).collect();
            let asked = json!({
                "kind": "asked", "asked": done, "left_out": left_out, "answers": answers,
            });
            format!("{asked:#}\n")
        }
    })?;
    let is_well = left_out == 0
        && done.never.is_empty()
        && heard.iter().all(|heard| heard.answered == Some(true));
    Ok(ExitCode::from(if is_well { EXIT_OK } else { EXIT_FINDING }))
}

/// Who was asked, and since when their rounds count, where that is known.
struct Asked<'a> {
    subjects: &'a [SubjectId],
    /// Those of them that nobody asks.
    never: &'a [SubjectId],
    since: Option<UnixMs>,
}

/// What is known of a subject when the wait is over.
struct Heard {
    row: SubjectRow,
    /// Whether it answered; `None` while no round has come that is newer than the question.
    answered: Option<bool>,
    /// Nobody asks it.
    is_never_asked: bool,
}

impl Heard {
    fn json(&self) -> serde_json::Value {
        let (row, is_new) = (&self.row, self.answered.is_some());
        json!({
            "subject": row.id,
            "answered": self.answered,
            "at": row.now.last_round.filter(|_| is_new),
            "state": row.now.state,
            "rtt_us": row.now.rtt_us.filter(|_| is_new),
            "loss_permille": row.now.loss_permille.filter(|_| is_new),
            "trouble": row.now.trouble,
        })
    }

    fn words(&self, lang: Lang) -> String {
        let now = &self.row.now;
        if self.answered.is_none() {
            let key = if self.is_never_asked { "ask.never" } else { "ask.not_yet" };
            return t!(lang, key);
        }
        // Whoever did not answer has lost all, whatever else is known of him.
        let lost = match self.answered {
            Some(false) => 1000,
            _ => now.loss_permille.unwrap_or(0),
        };
        locale::answer_words(lang, lost, now.rtt_us, now.trouble)
    }
}

/// Follows the daemon from `snapshot` on until each of `asked` has a newer round than there, until
/// `wait` is over or Ctrl-C is pressed; those that nobody asks are not waited for.
async fn listen(
    client: &Client,
    mut snapshot: Snapshot,
    asked: &Asked<'_>,
    wait: Duration,
) -> Result<Vec<Heard>, ClientError> {
    let rows = |snapshot: &Snapshot| -> Vec<SubjectRow> {
        let row = |id: &SubjectId| snapshot.subjects.iter().find(|row| row.id == *id).cloned();
        asked.subjects.iter().filter_map(row).collect()
    };
    let before: HashMap<SubjectId, Option<UnixMs>> =
        rows(&snapshot).into_iter().map(|row| (row.id, row.now.last_round)).collect();
    let is_newer = |row: &SubjectRow| {
        row.now.last_round > before.get(&row.id).copied().flatten()
            && row.now.last_round >= asked.since
            // Another check of it may have answered already: what was lost is that of the first.
            && !row.now.asked
    };
    let is_never_asked = |row: &SubjectRow| asked.never.contains(&row.id);
    let following = async {
        loop {
            let mut changes = match client.changes(snapshot.seq).await {
                Ok(changes) => changes,
                Err(ClientError::Refused(problem)) if problem.error == "too_old" => {
                    snapshot = client.snapshot().await?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            loop {
                if rows(&snapshot).iter().all(|row| is_never_asked(row) || is_newer(row)) {
                    return Ok(());
                }
                let change = changes.next().await?;
                if !change.is_some_and(|change| snapshot.apply(&change)) {
                    break;
                }
            }
            snapshot = client.snapshot().await?;
        }
    };
    tokio::select! {
        ended = following => ended?,
        () = tokio::time::sleep(wait) => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    let heard = rows(&snapshot).into_iter().map(|row| {
        let has_answered = row.now.loss_permille.map(|lost| lost < 1000);
        let answered = has_answered.filter(|_| is_newer(&row));
        let is_never_asked = is_never_asked(&row);
        Heard { row, answered, is_never_asked }
    });
    Ok(heard.collect())
}

/// A line for each.
fn answers(heard: &[Heard], lang: Lang) -> String {
    let widest = |of: &dyn Fn(&Heard) -> usize| heard.iter().map(of).max().unwrap_or(0);
    let state = |heard: &Heard| locale::state_name(lang, heard.row.now.state);
    let ids = widest(&|heard| width(heard.row.id.as_str()));
    let states = widest(&|heard| width(state(heard)));
    let line = |one: &Heard| {
        format!(
            "{} {}  {}  {}\n",
            locale::state_glyph(one.row.now.state),
            pad(one.row.id.as_str(), ids),
            pad(state(one), states),
            one.words(lang)
        )
    };
    heard.iter().map(line).collect()
}

/// The subjects that some words mean, each once, in the order they are named in.
fn meant(snapshot: &Snapshot, words: &[String], lang: Lang) -> anyhow::Result<Vec<SubjectId>> {
    let mut found: Vec<SubjectId> = Vec::new();
    for word in words {
        let of_word: Vec<&SubjectId> =
            match snapshot.subjects.iter().find(|s| s.id.as_str() == word) {
                Some(subject) => vec![&subject.id],
                None => {
                    let units = snapshot.units.iter().map(|unit| unit::Candidate {
                        key: unit,
                        id: unit.id.as_str(),
                        name: &unit.name,
                        short: &unit.short,
                    });
                    let unit = unit::find(lang, word, units)?;
                    let own = snapshot.subjects.iter().filter(|s| s.unit == unit.id);
                    own.map(|subject| &subject.id).collect()
                }
            };
        found.extend(of_word.into_iter().cloned());
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|id| seen.insert(id.clone()));
    Ok(found)
}

fn told(done: &AskedNow, left_out: usize, lang: Lang) -> String {
    let figure = |n: u32| locale::number(lang, i64::from(n));
    let (subjects, addresses) = (figure(done.subjects), figure(done.addresses));
    let mut lines = vec![t!(lang, "ask.asked", subjects = subjects, addresses = addresses)];
    if done.joined > 0 {
        lines.push(t!(lang, "ask.joined", count = figure(done.joined)));
    }
    if !done.never.is_empty() {
        let count = i64::try_from(done.never.len()).unwrap_or(i64::MAX);
        lines.push(t!(lang, "ask.never_asked", count = count));
    }
    if left_out > 0 {
        let count = locale::number(lang, i64::try_from(left_out).unwrap_or(i64::MAX));
        lines.push(t!(lang, "ask.left_out", count = count, most = ASK_MAX));
    }
    lines.join("\n") + "\n"
}

fn refused(config: &Config, problem: &Problem) -> Option<(String, u8)> {
    let what = visible(&problem.message);
    let is_unknown = problem.error == "unknown_subject";
    is_unknown.then(|| (t!(config.language, "ack.unknown", what = what), EXIT_USAGE))
}

#[cfg(test)]
mod tests {
    use super::super::sample::snapshot;
    use super::*;

    #[test]
    fn subjects_and_units_are_named_and_each_is_asked_once() {
        let snapshot = snapshot();
        let meant = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
            let found = meant(&snapshot, &words, Lang::En).map_err(|e| e.to_string())?;
            Ok::<_, String>(found.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(meant(&["cai-be/tslcd"]), Ok(vec!["cai-be/tslcd".to_owned()]));
        assert_eq!(meant(&["huyen cai be", "cai-be/tslcd"]), meant(&["cai-be"]));
        assert!(meant(&["sa-dec"]).is_err_and(|e| e.contains("sa-dec")));
    }

    #[test]
    fn what_each_answers_is_told() {
        let rows = snapshot().subjects;
        let heard = |n: usize, answered, set: &dyn Fn(&mut SubjectRow)| {
            let mut row = rows[n].clone();
            row.address = Some("10.0.0.1".to_owned());
            set(&mut row);
            let is_never_asked = row.address.is_none();
            Heard { row, answered, is_never_asked }
        };
        let all = [
            heard(4, Some(true), &|row| row.now.rtt_us = Some(6_100)),
            heard(2, Some(true), &|row| {
                (row.now.rtt_us, row.now.loss_permille) = (Some(250_000), Some(333));
            }),
            heard(0, Some(false), &|_| {}),
            heard(1, None, &|_| {}),
            heard(3, None, &|row| row.address = None),
        ];
        insta::assert_snapshot!("answers_vi", answers(&all, Lang::Vi));
        insta::assert_snapshot!("answers_en", answers(&all, Lang::En));
        assert_eq!(all[3].json()["answered"], serde_json::Value::Null);
        assert_eq!(all[0].json()["rtt_us"], 6_100);
        assert_eq!(answers(&[], Lang::Vi), "");
    }

    #[test]
    fn who_joined_and_who_was_left_out_is_said() {
        let done = AskedNow { subjects: 60, joined: 40, addresses: 61, never: Vec::new() };
        assert_eq!(
            told(&done, 1_200, Lang::En),
            "Asking 60 subjects now (addresses: 61).\n\
             40 were being asked already and get the same answer.\n\
             1,200 were left out: at most 100 are asked at once.\n"
        );
        let one = AskedNow { subjects: 1, joined: 0, addresses: 1, never: Vec::new() };
        assert_eq!(told(&one, 0, Lang::Vi), "Đang đo ngay 1 đối tượng (1 địa chỉ).\n");
        let off =
            AskedNow { never: vec![SubjectId::new("a/tslcd").unwrap()], ..AskedNow::default() };
        let told = told(&off, 0, Lang::En);
        assert!(
            told.ends_with("1 is asked by nobody: disabled, not in force, or without a check.\n")
        );
    }
}
