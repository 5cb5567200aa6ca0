//! `tuantra verify`: the chain of sealed days, recomputed.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{anyhow, bail};
use serde_json::{Value, json};

use super::db::{Meter, count, day, kept_from, open, time, told};
use super::{EXIT_FINDING, EXIT_NOT_PROVEN, EXIT_OK, Format, Global, context, report::no_time};
use crate::config::Config;
use crate::daemon::clock;
use crate::locale::{Lang, text, visible};
use crate::model::{Span, UnixMs};
use crate::report;
use crate::store::{ChainHead, Lost, Progress, Verified};
use crate::t;

/// Digits of a head that are enough to look it up, and all of them.
const HEAD_DIGITS: std::ops::RangeInclusive<usize> = 8..=64;
/// Flaws that are printed one by one.
const FLAWS_TOLD: usize = 20;

/// Recompute the chain of sealed days and compare it with what is stored
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra verify                                       every day
  tuantra verify --from 2026-10-01 --to 2026-11-01     what October's report rests on
  tuantra verify --head 9f2c41…                        the head that an old report shows at its foot

A day (UTC) is sealed two hours after its end: its samples, the states that ended on it and the
events so far are hashed (SHA-256) into a chain. Whoever has noted a head can tell later that nothing
it covers was changed. Samples whose time is over are gone; what is left of such a day is proved.
What a damaged store lost when it was salvaged is named with the date: it cannot be proved any more.

Exit code: 0 all holds, 1 something differs or the head is not in the chain, 2 wrong usage or the
store cannot be read, 3 nothing differs, but a salvage has lost some of what was sealed,
or no day was sealed yet.")]
pub struct Args {
    /// First day: 2026-10-01, or any time of report --from
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// End, itself no longer inside
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// A head that was noted, whole or its first 8 digits or more: is it in the chain?
    #[arg(long, value_name = "HEX")]
    head: Option<String>,
    /// text or json
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Runs the command.
///
/// # Errors
/// Wrong usage; the store cannot be read.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    let lang = config.language;
    let window = window(args, &config)?;
    let asked = args.head.as_deref().map(|head| digits(lang, head)).transpose()?;
    let reader = open(&config)?;
    let mut meter = Meter::new(lang);
    let verified = reader.verify(window, kept_from(&config, clock::now()), &mut |done, of| {
        meter.tell(Progress { what: "db.step_chain", done, of });
    });
    drop(meter);
    let verified = verified.map_err(|error| told(lang, &error))?;
    let found = match &asked {
        Some(head) => Some(reader.find_head(head).map_err(|error| told(lang, &error))?),
        None => None,
    };
    let noted = asked.as_deref().zip(found.as_deref());
    super::print(&match args.format {
        Format::Text => written(&verified, noted, &config),
        Format::Json => format!("{:#}\n", in_json(&verified, noted)),
    })?;
    let is_there = found.is_none_or(|found| !found.is_empty());
    Ok(ExitCode::from(if !verified.flaws.is_empty() || !is_there {
        EXIT_FINDING
    } else if !verified.lost.is_empty() || verified.first.is_none() {
        EXIT_NOT_PROVEN
    } else {
        EXIT_OK
    }))
}

fn window(args: &Args, config: &Config) -> anyhow::Result<Span> {
    let moment = |option: &str, text: &Option<String>, otherwise| match text {
        Some(text) => report::moment(text, &config.timezone)
            .map_err(|error| anyhow!(no_time(config.language, option, &error))),
        None => Ok(UnixMs(otherwise)),
    };
    let from = moment("--from", &args.from, i64::MIN)?;
    let to = moment("--to", &args.to, i64::MAX)?;
    if to <= from {
        let (from, to) = (time(config, from), time(config, to));
        bail!(t!(config.language, "report.period_reversed", from = from, to = to));
    }
    Ok(Span::new(from, to))
}

fn digits(lang: Lang, head: &str) -> anyhow::Result<String> {
    let digits = head.trim().trim_end_matches('…');
    let is_hex = digits.chars().all(|c| c.is_ascii_hexdigit());
    if !is_hex || !HEAD_DIGITS.contains(&digits.len()) {
        bail!(t!(lang, "verify.bad_head", head = visible(head)));
    }
    Ok(digits.to_ascii_lowercase())
}

fn written(verified: &Verified, noted: Option<(&str, &[ChainHead])>, config: &Config) -> String {
    let lang = config.language;
    let mut out = String::new();
    let mut line = |text: &str| _ = writeln!(out, "{text}");
    for flaw in verified.flaws.iter().take(FLAWS_TOLD) {
        let what = text(lang, flaw.what.text());
        let place = t!(lang, "verify.place", n = flaw.n, day = day(lang, flaw.day));
        line(&format!("× {place}: {what}"));
    }
    let untold = verified.flaws.len().saturating_sub(FLAWS_TOLD);
    if untold > 0 {
        line(&t!(lang, "db.more", count = count(lang, untold as u64)));
    }
    for lost in verified.lost.iter().take(FLAWS_TOLD) {
        let place = t!(lang, "verify.place", n = lost.n, day = day(lang, lost.day));
        let salvaged = time(config, lost.salvaged);
        let what = match lost.lost {
            Lost::Events => t!(lang, "verify.lost_events", time = salvaged),
            Lost::Links => t!(lang, "verify.lost_links", time = salvaged),
        };
        line(&format!("? {place}: {what}"));
    }
    let untold = verified.lost.len().saturating_sub(FLAWS_TOLD);
    if untold > 0 {
        line(&t!(lang, "db.more", count = count(lang, untold as u64)));
    }
    for at in &verified.pending {
        line(&t!(lang, "verify.pending", day = day(lang, *at)));
    }
    if let (Some(first), Some(last)) = (verified.aged.first(), verified.aged.last()) {
        let (first, last) = (day(lang, *first), day(lang, *last));
        let days = count(lang, verified.aged.len() as u64);
        line(&t!(lang, "verify.aged", days = days, first = first, last = last));
    }
    match (verified.first, verified.last, verified.flaws.is_empty()) {
        (_, _, true) if !verified.lost.is_empty() => line(&t!(lang, "verify.lost_part")),
        (Some(first), Some(last), true) => {
            let (first, last) = (day(lang, first), day(lang, last));
            let days = count(lang, verified.days);
            line(&t!(lang, "verify.ok", days = days, first = first, last = last));
        }
        (_, _, false) => line(&t!(lang, "verify.differs")),
        _ => line(&t!(lang, "verify.nothing")),
    }
    line(&head_text(lang, verified.head.as_ref()));
    if let Some((asked, found)) = noted {
        match found {
            [] => line(&t!(lang, "verify.head_unknown", head = asked)),
            found => {
                for link in found {
                    let (day, at) = (day(lang, link.day), time(config, link.at));
                    line(&t!(
                        lang,
                        "verify.head_known",
                        head = asked,
                        n = link.n,
                        day = day,
                        at = at
                    ));
                }
            }
        }
    }
    out
}

/// The end of the chain in a sentence.
pub(super) fn head_text(lang: Lang, head: Option<&ChainHead>) -> String {
    match head {
        Some(head) => {
            let n = count(lang, head.n.max(0).cast_unsigned());
            t!(lang, "db.stats_chain", n = n, day = day(lang, head.day), head = head.head)
        }
        None => t!(lang, "db.no_chain"),
    }
}

/// A place in the chain as JSON; `day` is a date (UTC).
pub(super) fn head_json(head: &ChainHead) -> Value {
    json!({ "n": head.n, "day": day(Lang::En, head.day), "at": head.at, "head": head.head })
}

fn in_json(verified: &Verified, noted: Option<(&str, &[ChainHead])>) -> Value {
    let days = |all: &[UnixMs]| all.iter().map(|at| day(Lang::En, *at)).collect::<Vec<_>>();
    json!({
        "kind": "verify",
        "ok": verified.flaws.is_empty() && verified.lost.is_empty() && noted.is_none_or(|(_, found)| !found.is_empty()),
        "links": verified.links,
        "days": verified.days,
        "first": verified.first.map(|at| day(Lang::En, at)),
        "last": verified.last.map(|at| day(Lang::En, at)),
        "chain": verified.head.as_ref().map(head_json),
        "aged": days(&verified.aged),
        "pending": days(&verified.pending),
        "lost": verified.lost.iter().map(|lost| json!({
            "n": lost.n,
            "day": day(Lang::En, lost.day),
            "what": lost.lost.as_str(),
            "salvaged": lost.salvaged,
        })).collect::<Vec<_>>(),
        "flaws": verified.flaws.iter().map(|flaw| json!({
            "n": flaw.n,
            "day": day(Lang::En, flaw.day),
            "what": flaw.what.as_str(),
            "text": text(Lang::En, flaw.what.text()),
        })).collect::<Vec<_>>(),
        "head": noted.map(|(asked, found)| json!({
            "asked": asked,
            "found": found.iter().map(head_json).collect::<Vec<_>>(),
        })),
    })
}
