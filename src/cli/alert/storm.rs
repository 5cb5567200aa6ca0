//! `tuantra alert storm`: order storm mode, see where it is on, end it.

use std::collections::HashMap;
use std::process::ExitCode;

use anyhow::anyhow;
use jiff::tz::TimeZone;
use serde_json::json;

use super::Printed;
use crate::api::{Client, Problem, Snapshot, StormInfo, StormRequest};
use crate::cli::ask::ask;
use crate::cli::{EXIT_FINDING, EXIT_OK, EXIT_USAGE, Format, Global, context, unit};
use crate::config::Config;
use crate::daemon::clock;
use crate::locale::{self, Lang, text, visible};
use crate::model::{UnitId, UnixMs, parse_duration};
use crate::report;
use crate::t;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra alert storm cai-be --until 18:00 --note \"bão số 9\"   the next time it is 18:00
  tuantra alert storm cai-be --until 6h                        for six hours; again: another end
  tuantra alert storm tien-giang --until 2026-11-29            until that day begins
  tuantra alert storm --list
  tuantra alert storm cai-be --end

Until then, a week at most, all there is to tell of the unit and of what lies beneath it (outages,
recoveries, reminders, calls) is told in one digest a channel every 15 minutes, at :00, :15, :30 and
:45. Beginning and end are told to the channels that the routes name for it; at the end what is
still down is told once. What the patrol cannot see and channels that fail are told as ever.

Exit code: 0 done, 1 storm mode is not on there, 2 wrong usage or an unknown unit, 4 the daemon
cannot be reached.")]
pub(super) struct Args {
    /// The unit, with all beneath it, by id or name
    #[arg(value_name = "UNIT", required_unless_present = "list", conflicts_with = "list")]
    unit: Option<String>,
    #[command(flatten)]
    what: What,
    /// What for, at most 300 characters
    #[arg(long, value_name = "TEXT", default_value = "", requires = "until")]
    note: String,
    #[command(flatten)]
    printed: Printed,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct What {
    /// Storm mode until then: 2h, 18:00 (the next), 2026-11-28T06:00, a date, or RFC 3339
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// End storm mode now
    #[arg(long)]
    end: bool,
    /// Show where storm mode is on
    #[arg(long)]
    list: bool,
}

pub(super) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    match (&args.unit, &args.what.until) {
        (Some(word), Some(until)) => order(&config, word, until, args),
        (Some(word), None) => end(&config, word, args),
        (None, _) => list(&config, args),
    }
}

fn order(config: &Config, word: &str, until: &str, args: &Args) -> anyhow::Result<ExitCode> {
    let lang = config.language;
    let now = clock::now();
    let bad = || anyhow!(t!(lang, "storm.bad_until", text = visible(until)));
    let until = end_of(until, now, &config.timezone).ok_or_else(bad)?;
    let snapshot = match ask(config, async |client| client.snapshot().await) {
        Ok(snapshot) => snapshot,
        Err(failure) => return failure.end(config, |_| None),
    };
    let unit = meant(&snapshot, word, lang)?;
    let request = StormRequest { for_ms: None, until: Some(until), note: args.note.clone() };
    match ask(config, async |client| client.storm(&unit, &request).await) {
        Ok((storm, is_new)) => {
            crate::cli::print(&match args.printed.format {
                Format::Text => ordered(config, &snapshot, &storm, is_new),
                Format::Json => {
                    format!("{:#}\n", json!({ "kind": "storm", "new": is_new, "storm": storm }))
                }
            })?;
            Ok(ExitCode::from(EXIT_OK))
        }
        Err(failure) => failure.end(config, |problem| refused(config, problem)),
    }
}

fn end(config: &Config, word: &str, args: &Args) -> anyhow::Result<ExitCode> {
    let lang = config.language;
    let snapshot = match ask(config, async |client| client.snapshot().await) {
        Ok(snapshot) => snapshot,
        Err(failure) => return failure.end(config, |_| None),
    };
    let unit = meant(&snapshot, word, lang)?;
    match ask(config, async |client| client.end_storm(&unit).await) {
        Ok(storm) => {
            crate::cli::print(&match args.printed.format {
                Format::Text => ended(config, &storm),
                Format::Json => format!("{:#}\n", json!({ "kind": "storm_ended", "storm": storm })),
            })?;
            Ok(ExitCode::from(EXIT_OK))
        }
        Err(failure) => failure.end(config, |problem| refused(config, problem)),
    }
}

fn list(config: &Config, args: &Args) -> anyhow::Result<ExitCode> {
    match ask(config, async |client: Client| client.storms().await) {
        Ok(storms) => {
            crate::cli::print(&match args.printed.format {
                Format::Text => listed(config, &storms),
                Format::Json => format!("{:#}\n", json!({ "kind": "storms", "storms": storms })),
            })?;
            Ok(ExitCode::from(EXIT_OK))
        }
        Err(failure) => failure.end(config, |_| None),
    }
}

fn meant(snapshot: &Snapshot, word: &str, lang: Lang) -> anyhow::Result<UnitId> {
    let units = snapshot.units.iter().map(|unit| unit::Candidate {
        key: unit,
        id: unit.id.as_str(),
        name: &unit.name,
        short: &unit.short,
    });
    Ok(unit::find(lang, word, units)?.id.clone())
}

/// `2h`, the next `18:00`, or what a moment is elsewhere; `None` for what is none of these.
fn end_of(text: &str, now: UnixMs, zone: &TimeZone) -> Option<UnixMs> {
    let text = text.trim();
    if let Ok(ms) = parse_duration(text) {
        return (ms > 0).then(|| now + ms);
    }
    report::next_moment(text, now, zone).ok()
}

fn when(config: &Config, at: UnixMs) -> String {
    locale::date_time(
        config.language,
        &at.to_timestamp().to_zoned_datetime(config.timezone.clone()),
    )
}

fn named(storm: &StormInfo) -> String {
    format!("{} ({})", visible(&storm.name), storm.unit)
}

fn ordered(config: &Config, snapshot: &Snapshot, storm: &StormInfo, is_new: bool) -> String {
    let lang = config.language;
    let units = beneath(snapshot, &storm.unit);
    let length = locale::duration(lang, storm.until.since(clock::now()).max(0));
    let key = if is_new { "storm.ordered" } else { "storm.stands" };
    let (name, until) = (named(storm), when(config, storm.until));
    let mut lines =
        vec![locale::format(lang, key, &[("name", name), ("until", until), ("length", length)])];
    let count = locale::number(lang, i64::try_from(units).unwrap_or(i64::MAX));
    let next = when(config, storm.next);
    lines.push(format!("  {}", t!(lang, "storm.folds", count = count, next = next)));
    lines.push(format!("  {}", channels(lang, storm)));
    lines.extend(note(lang, storm));
    lines.join("\n") + "\n"
}

fn ended(config: &Config, storm: &StormInfo) -> String {
    let lang = config.language;
    let head = t!(lang, "storm.ended", name = named(storm));
    let number = |n: u32| locale::number(lang, i64::from(n));
    let (folded, open) = (number(storm.folded), number(storm.open));
    let sum = match storm.open {
        0 => t!(lang, "storm.sum_whole", folded = folded),
        _ => t!(lang, "storm.sum", folded = folded, open = open),
    };
    format!("{head}\n  {sum}\n")
}

fn listed(config: &Config, storms: &[StormInfo]) -> String {
    let lang = config.language;
    if storms.is_empty() {
        return format!("{}\n", text(lang, "storm.none"));
    }
    let mut lines = Vec::new();
    for storm in storms {
        lines.push(line(lang, storm, |at| when(config, at)));
        lines.push(format!("  {}", channels(lang, storm)));
        let (by, since) = (visible(&storm.by), when(config, storm.since));
        lines.push(format!("  {}", t!(lang, "storm.by", by = by, since = since)));
        lines.extend(note(lang, storm));
    }
    lines.join("\n") + "\n"
}

/// "Huyện Cái Bè (cai-be) ở chế độ bão đến …": where, until when, how much is folded.
pub(in crate::cli) fn line(
    lang: Lang,
    storm: &StormInfo,
    when: impl Fn(UnixMs) -> String,
) -> String {
    let number = |n: u32| locale::number(lang, i64::from(n));
    t!(
        lang,
        "storm.line",
        name = named(storm),
        until = when(storm.until),
        folded = number(storm.folded),
        waiting = number(storm.waiting),
        next = when(storm.next)
    )
}

fn channels(lang: Lang, storm: &StormInfo) -> String {
    if storm.channels.is_empty() {
        return text(lang, "storm.nobody").to_owned();
    }
    let names: Vec<&str> = storm.channels.iter().map(|id| id.as_str()).collect();
    t!(lang, "storm.told", channels = names.join(", "))
}

fn note(lang: Lang, storm: &StormInfo) -> Option<String> {
    let said = Some(&storm.note).filter(|note| !note.is_empty())?;
    Some(format!("  {}: {}", text(lang, "common.note"), visible(said)))
}

/// Units in storm mode.
fn beneath(snapshot: &Snapshot, top: &UnitId) -> usize {
    let parents: HashMap<&UnitId, &UnitId> =
        snapshot.units.iter().filter_map(|unit| Some((&unit.id, unit.parent.as_ref()?))).collect();
    let is_in = |unit: &UnitId| {
        std::iter::successors(Some(unit), |id| parents.get(id).copied()).any(|id| id == top)
    };
    snapshot.units.iter().filter(|unit| is_in(&unit.id)).count()
}

/// What the user is told of a refusal and the exit code; `None` for one that is not expected.
fn refused(config: &Config, problem: &Problem) -> Option<(String, u8)> {
    let lang = config.language;
    let said = visible(&locale::reason(lang, &problem.message));
    Some(match (problem.error.as_str(), problem.at) {
        ("already_over", Some(at)) => {
            let when = when(config, at);
            let text = match &problem.by {
                Some(by) => t!(lang, "storm.ended_by", by = visible(by), when = when),
                None => t!(lang, "storm.over", when = when),
            };
            (text, EXIT_FINDING)
        }
        ("no_storm", _) => (said, EXIT_FINDING),
        ("bad_until" | "too_many" | "unknown_unit", _) => (said, EXIT_USAGE),
        ("bad_note", _) => (t!(lang, "ack.bad_note"), EXIT_USAGE),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::sample;

    /// 2026-11-27, 17:20 there.
    const NOW: UnixMs = UnixMs(1_795_774_800_000);

    fn zone() -> TimeZone {
        TimeZone::get("Asia/Ho_Chi_Minh").unwrap()
    }

    #[test]
    fn an_end_is_a_length_a_time_of_day_or_a_moment() {
        let at = |text: &str| text.parse::<UnixMs>().unwrap();
        for (text, end) in [
            ("2h", Some(NOW + 7_200_000)),
            (" 30m ", Some(NOW + 1_800_000)),
            ("18:00", Some(at("2026-11-27T11:00:00Z"))),
            ("7:05", Some(at("2026-11-28T00:05:00Z"))),
            // The time that it is now comes again tomorrow.
            ("17:20", Some(at("2026-11-28T10:20:00Z"))),
            ("2026-11-28", Some(at("2026-11-27T17:00:00Z"))),
            ("2026-11-28T06:00", Some(at("2026-11-27T23:00:00Z"))),
            ("2026-11-28T00:00:00Z", Some(at("2026-11-28T00:00:00Z"))),
            ("0h", None),
            ("-2h", None),
            ("25:00", None),
            ("18:0", Some(at("2026-11-27T11:00:00Z"))),
            ("18", None),
            ("", None),
            ("mai", None),
        ] {
            assert_eq!(end_of(text, NOW, &zone()), end, "{text}");
        }
    }

    fn storm() -> StormInfo {
        StormInfo {
            unit: UnitId::new("cai-be").unwrap(),
            name: "Huyện Cái Bè".to_owned(),
            since: NOW,
            until: NOW + 2_400_000,
            by: "lan".to_owned(),
            note: "Bão số 9".to_owned(),
            folded: 1_037,
            waiting: 4,
            next: NOW + 600_000,
            channels: vec!["duty", "mail"]
                .into_iter()
                .map(|c| crate::model::Id::new(c).unwrap())
                .collect(),
            open: 3,
        }
    }

    #[test]
    fn it_is_told_where_until_when_and_to_whom() {
        let config = Config {
            language: Lang::Vi,
            timezone: zone(),
            ..Config::defaults(std::path::Path::new("/run/t"))
        };
        assert_eq!(
            listed(&config, &[storm()]),
            "Huyện Cái Bè (cai-be) ở chế độ bão đến 27/11/2026 18:00: đã gộp 1.037 tin, 4 tin chờ \
             bản tổng hợp lúc 27/11/2026 17:30\n  Kênh được báo: duty, mail\n  Người bật: lan, lúc \
             27/11/2026 17:20\n  Ghi chú: Bão số 9\n"
        );
        let silent = StormInfo { channels: Vec::new(), note: String::new(), ..storm() };
        let said = listed(&config, &[silent]);
        assert!(said.contains("không kênh nào được báo") && !said.contains("Ghi chú"), "{said}");
        assert_eq!(listed(&config, &[]), "Không đơn vị nào ở chế độ bão.\n");
        assert_eq!(
            ended(&config, &storm()),
            "Đã kết thúc chế độ bão: Huyện Cái Bè (cai-be)\n  Đã gộp 1.037 tin; còn 3 vụ việc chưa \
             xong, kể trong bản tổng hợp cuối\n"
        );
        let whole = ended(&config, &StormInfo { open: 0, ..storm() });
        assert!(whole.ends_with("Đã gộp 1.037 tin; không còn vụ việc nào\n"), "{whole}");
        let over = Problem::new("already_over", "x").done(Some("minh".to_owned()), NOW);
        let (text, code) = refused(&config, &over).unwrap();
        assert!(text.contains("minh") && text.contains("17:20") && code == EXIT_FINDING, "{text}");
        let none = Problem::new("no_storm", "there is no storm mode in 'cai-be'");
        let (text, _) = refused(&config, &none).unwrap();
        assert_eq!(text, "“cai-be” không ở chế độ bão");
        assert!(refused(&config, &Problem::new("store", "x")).is_none());
    }

    #[test]
    fn all_beneath_a_unit_is_counted() {
        let snapshot = sample::snapshot();
        let top = snapshot.units.iter().find(|unit| unit.parent.is_none()).unwrap();
        assert_eq!(beneath(&snapshot, &top.id), snapshot.units.len());
        let leaf = snapshot.units.last().unwrap();
        assert_eq!(beneath(&snapshot, &leaf.id), 1);
    }
}
