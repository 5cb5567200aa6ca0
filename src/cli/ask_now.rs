//! `tuantra ask`: have subjects asked now.

use std::process::ExitCode;

use anyhow::anyhow;
use serde_json::json;

use super::ask::ask;
use super::{EXIT_FINDING, EXIT_OK, EXIT_USAGE, Format, Global, context, unit};
use crate::api::{ASK_MAX, AskRequest, AskedNow, Problem, Snapshot};
use crate::config::Config;
use crate::locale::{self, Lang, visible};
use crate::model::SubjectId;
use crate::t;

/// Have subjects asked now, beside their turns
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra ask cai-be/tslcd              one line
  tuantra ask cai-be \"Hòa Khánh\"        all that two units have themselves

What they answer is in 'tuantra status', 'tuantra explain' and the dashboard. At most 100 subjects are
asked at once; how many were left out is said, and so is how many were being asked already for
somebody else: these get the same answer.

Exit code: 0 asked, 1 some were left out, 2 wrong usage or an unknown name, 4 the daemon cannot be
reached.")]
pub struct Args {
    /// Subjects by id; units by id or name, for what they have themselves
    #[arg(value_name = "SUBJECT|UNIT", required = true)]
    what: Vec<String>,
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
    match ask(&config, async |client| client.ask_now(&request).await) {
        Ok(done) => {
            super::print(&match args.format {
                Format::Text => told(done, left_out, lang),
                Format::Json => {
                    let asked = json!({ "kind": "asked", "asked": done, "left_out": left_out });
                    format!("{asked:#}\n")
                }
            })?;
            Ok(ExitCode::from(if left_out > 0 { EXIT_FINDING } else { EXIT_OK }))
        }
        Err(failure) => failure.end(&config, |problem| refused(&config, problem)),
    }
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

fn told(done: AskedNow, left_out: usize, lang: Lang) -> String {
    let figure = |n: u32| locale::number(lang, i64::from(n));
    let (subjects, addresses) = (figure(done.subjects), figure(done.addresses));
    let mut lines = vec![t!(lang, "ask.asked", subjects = subjects, addresses = addresses)];
    if done.joined > 0 {
        lines.push(t!(lang, "ask.joined", count = figure(done.joined)));
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
    fn who_joined_and_who_was_left_out_is_said() {
        let done = AskedNow { subjects: 60, joined: 40, addresses: 61 };
        assert_eq!(
            told(done, 1_200, Lang::En),
            "Asking 60 subjects now (addresses: 61).\n\
             40 were being asked already and get the same answer.\n\
             1,200 were left out: at most 100 are asked at once.\n"
        );
        let one = AskedNow { subjects: 1, joined: 0, addresses: 1 };
        assert_eq!(told(one, 0, Lang::Vi), "Đang đo ngay 1 đối tượng (1 địa chỉ).\n");
    }
}
