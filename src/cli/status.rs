//! `tuantra status`: the present in a terminal or for a script.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{anyhow, bail};
use serde_json::json;

use super::ask::{Failure, ask};
use super::report::{no_time, store_told};
use super::{
    EXIT_FINDING, EXIT_NO_DAEMON, EXIT_OK, Format, Global, context, diagnostics, incident, offline,
    unit,
};
use crate::api::{ClientError, Snapshot, SubjectRow, UnitCoverage, UnitRow};
use crate::config::Config;
use crate::daemon::clock;
use crate::locale::{self, Lang};
use crate::model::{CarrierId, Incident, State, UnitId};
use crate::report;
use crate::t;

/// Print what is up and what is not
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra status                     the whole province
  tuantra status cai-be              one district with all beneath
  tuantra status --format json | jq .incidents
  tuantra status cai-be --at 07:31   as it was the last time it was 07:31, local
  tuantra status cai-be --at 2026-11-26T07:31

Exit code: 0 all that is required is up, 1 something required is down, 2 wrong usage or bad
input, 4 the daemon cannot be reached (where it is not running, the last known state is printed).
A past time is told from the store, with or without a daemon: 0, 1 or 2. Where config.yaml is broken
and the daemon runs, it is asked all the same.")]
pub struct Args {
    /// Unit by id or name; the whole province when left out
    #[arg(value_name = "UNIT")]
    unit: Option<String>,
    /// As of when: 15:23 (the latest), 2026-11-26T07:31 (local), 2026-11-26T00:31:00Z, 2026-11-26
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// text or json
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Whose word it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Teller {
    /// The daemon's, about now.
    Daemon,
    /// The store's, because no daemon runs.
    Idle,
    /// The store's, about the time asked for.
    Past,
}

/// Runs the command.
///
/// # Errors
/// When neither the daemon nor the store can be asked.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = match patrolled(args, global) {
        Ok(config) => config,
        Err(ended) => return ended,
    };
    let lang = config.language;
    if let Some(text) = &args.at {
        let snapshot = at(&config, text)?;
        return told(args, &snapshot, Teller::Past, lang);
    }
    let (snapshot, teller) = match ask(&config, async |client| client.snapshot().await) {
        Ok(snapshot) => (snapshot, Teller::Daemon),
        Err(Failure::NotRunning(error)) => {
            if !config.store.exists() {
                // Nothing has ever been patrolled here.
                super::complain(&t!(lang, "daemon.not_running", socket = config.socket.display()));
                return Ok(ExitCode::from(EXIT_NO_DAEMON));
            }
            let inventory = context::inventory(&config)?;
            let snapshot = offline::snapshot(&config, &inventory, crate::daemon::clock::now())
                .map_err(|offline| anyhow::anyhow!("{error}; {offline:#}"))?;
            (snapshot, Teller::Idle)
        }
        Err(Failure::Refused(problem)) => return Err(ClientError::Refused(problem).into()),
        Err(Failure::Told(told)) => return Err(told.into()),
        Err(Failure::Other(error)) => return Err(error),
    };
    told(args, &snapshot, teller, lang)
}

/// The configuration; where that is broken, the daemon goes on with the old one, and is asked where
/// it can be found: what is up is not to be hidden by a slip in a file.
fn patrolled(args: &Args, global: &Global) -> Result<Config, anyhow::Result<ExitCode>> {
    let read = context::read(global);
    let (lang, diagnostics) = (read.lang, read.diagnostics);
    if let Some(config) = read.config {
        return Ok(config);
    }
    let broken = || Err(context::tell(&diagnostics, lang).into());
    let folder = global.config.parent().unwrap_or(Path::new(""));
    let draft = read.draft.unwrap_or_else(|| Config { language: lang, ..Config::defaults(folder) });
    if args.at.is_some() || !draft.socket.exists() {
        return Err(broken());
    }
    match ask(&draft, async |client| client.snapshot().await) {
        Ok(snapshot) => {
            let errors = diagnostics::count(&diagnostics).errors;
            let file = global.config.display();
            super::complain(&t!(lang, "status.broken_config", file = file, errors = errors));
            Err(told(args, &snapshot, Teller::Daemon, lang))
        }
        Err(_) => Err(broken()),
    }
}

fn at(config: &Config, text: &str) -> anyhow::Result<Snapshot> {
    let lang = config.language;
    let now = clock::now();
    let at = report::past_moment(text, now, &config.timezone)
        .map_err(|error| anyhow!(no_time(lang, "--at", &error)))?;
    if at > now {
        bail!(t!(lang, "status.to_come", at = locale::visible(text)));
    }
    let inventory = context::inventory(config)?;
    offline::snapshot_at(config, &inventory, at).map_err(|error| anyhow!(store_told(lang, &error)))
}

fn told(args: &Args, snapshot: &Snapshot, teller: Teller, lang: Lang) -> anyhow::Result<ExitCode> {
    let scope = Scope::new(snapshot, args.unit.as_deref(), lang)?;
    let text = match args.format {
        Format::Text => scope.text(lang, teller),
        Format::Json => format!("{:#}\n", scope.json(teller)),
    };
    super::print(&text)?;
    Ok(ExitCode::from(match (teller, scope.lacking().is_empty()) {
        (Teller::Idle, _) => EXIT_NO_DAEMON,
        (_, false) => EXIT_FINDING,
        (_, true) => EXIT_OK,
    }))
}

/// The part of a snapshot that was asked for.
struct Scope<'a> {
    snapshot: &'a Snapshot,
    root: &'a UnitRow,
    units: Vec<&'a UnitRow>,
    is_whole: bool,
}

impl<'a> Scope<'a> {
    fn new(snapshot: &'a Snapshot, wanted: Option<&str>, lang: Lang) -> anyhow::Result<Self> {
        let root = match wanted {
            None => snapshot.units.first(),
            Some(word) => Some(find_unit(snapshot, word, lang)?),
        };
        let root = root.ok_or_else(|| anyhow::anyhow!(t!(lang, "status.no_units")))?;
        let mut inside = std::collections::HashSet::from([&root.id]);
        let is_whole = wanted.is_none();
        // Parents stand before their children.
        let units: Vec<&UnitRow> = snapshot
            .units
            .iter()
            .filter(|u| {
                let is_inside = is_whole
                    || u.id == root.id
                    || u.parent.as_ref().is_some_and(|p| inside.contains(p));
                if is_inside {
                    inside.insert(&u.id);
                }
                is_inside
            })
            .collect();
        Ok(Self { snapshot, root, units, is_whole })
    }

    fn contains(&self, unit: &UnitId) -> bool {
        self.units.iter().any(|u| u.id == *unit)
    }

    /// Units with a required network that is not live.
    fn lacking(&self) -> Vec<(&'a UnitRow, &'a UnitCoverage)> {
        self.units
            .iter()
            .flat_map(|u| u.own.iter().map(move |c| (*u, c)))
            .filter(|(_, c)| c.ladder.live < c.ladder.required)
            .collect()
    }

    fn incidents(&self) -> Vec<&'a Incident> {
        let here = |i: &&Incident| {
            self.contains(&i.unit) || i.impact.units.iter().any(|u| self.contains(u))
        };
        self.snapshot.incidents.iter().filter(here).collect()
    }

    fn subjects(&self) -> Vec<&'a SubjectRow> {
        let inside: std::collections::HashSet<&UnitId> = self.units.iter().map(|u| &u.id).collect();
        self.snapshot.subjects.iter().filter(|s| inside.contains(&s.unit)).collect()
    }

    fn json(&self, teller: Teller) -> serde_json::Value {
        let subjects = self.subjects();
        let mut counts = serde_json::Map::new();
        for state in State::ALL {
            let is_so = |s: &&&SubjectRow| s.now.state == state && !s.now.off_hours;
            let n = subjects.iter().filter(is_so).count();
            counts.insert(state.as_str().to_owned(), json!(n));
        }
        let off_hours = subjects.iter().filter(|s| s.now.off_hours).count();
        counts.insert("off_hours".to_owned(), json!(off_hours));
        json!({
            "kind": "status",
            "at": self.snapshot.at,
            "live": teller == Teller::Daemon,
            "past": teller == Teller::Past,
            "blind": self.snapshot.daemon.blind,
            "traps": self.snapshot.daemon.traps,
            "channels": self.snapshot.daemon.channels,
            "storms": self.snapshot.daemon.storms,
            "unit": self.root.id,
            "coverage": self.root.subtree.iter().map(|c| json!({
                "network": c.network, "tier": c.tier,
                "required": c.ladder.required, "deployed": c.ladder.deployed,
                "measured": c.ladder.measured, "live": c.ladder.live, "met": c.ladder.met,
            })).collect::<Vec<_>>(),
            "subjects": counts,
            "lacking": self.lacking().iter().map(|(u, c)| json!({
                "unit": u.id, "network": c.network, "state": c.state,
            })).collect::<Vec<_>>(),
            "incidents": self.incidents(),
        })
    }

    fn text(&self, lang: Lang, teller: Teller) -> String {
        let mut out = String::new();
        self.head(&mut out, lang, teller);
        self.coverage_table(&mut out, lang);
        self.incident_list(&mut out, lang);
        if self.is_whole || self.units.len() > 1 {
            self.lacking_list(&mut out, lang);
        } else {
            self.subject_list(&mut out, lang);
        }
        out
    }

    fn head(&self, out: &mut String, lang: Lang, teller: Teller) {
        let at = incident::local(self.snapshot, self.snapshot.at);
        let when = format!("{} {}", locale::date(lang, &at), locale::clock(&at));
        let _ = writeln!(out, "{} · {when}", locale::visible(&self.root.name));
        if teller == Teller::Daemon {
            let daemon = &self.snapshot.daemon;
            let line = t!(
                lang,
                "status.daemon",
                pid = daemon.pid,
                asked = locale::number(lang, i64::from(daemon.asked)),
                lag = daemon.lag_ms
            );
            let _ = writeln!(out, "{line}");
            self.turns(out, lang);
            self.traps(out, lang);
            self.blind(out, lang);
            self.channels(out, lang);
            self.storms(out, lang);
            for trouble in daemon.trouble.iter() {
                let _ = writeln!(out, "! {}", locale::visible(trouble));
            }
            if let Some(failure) = &daemon.reload_failure {
                let first = locale::visible(&failure.first);
                let _ = writeln!(out, "! {}", t!(lang, "status.reload_refused", first = first));
            }
        } else {
            let line = match teller {
                Teller::Past => t!(lang, "status.past", when = when),
                _ => format!("! {}", t!(lang, "status.no_daemon", when = when)),
            };
            let _ = writeln!(out, "{line}");
            self.blind(out, lang);
        }
        let off_hours = self.subjects().iter().filter(|s| s.now.off_hours).count();
        if off_hours > 0 {
            let count = locale::number(lang, i64::try_from(off_hours).unwrap_or(i64::MAX));
            let _ = writeln!(out, "{}", t!(lang, "status.off_hours", count = count));
        }
        out.push('\n');
    }

    /// What became of every round of pings that fell due, and whether some is lost by ourselves.
    fn turns(&self, out: &mut String, lang: Lang) {
        let daemon = &self.snapshot.daemon;
        let number = |n: u64| locale::number(lang, i64::try_from(n).unwrap_or(i64::MAX));
        if let Some(turns) = daemon.turns.as_ref().filter(|_| self.is_whole) {
            let line = t!(
                lang,
                "status.turns",
                planned = number(turns.planned),
                begun = number(turns.begun),
                answered = number(turns.answered),
                silent = number(turns.silent),
                refused = number(turns.refused),
                spoilt = number(turns.spoilt),
                cancelled = number(turns.cancelled)
            );
            let _ = writeln!(out, "{line}");
            let skipped = turns.overload + turns.retry_share + turns.gone;
            if skipped > 0 {
                let line = t!(
                    lang,
                    "status.turns_skipped",
                    skipped = number(skipped),
                    overload = number(turns.overload),
                    retry_share = number(turns.retry_share),
                    gone = number(turns.gone)
                );
                let _ = writeln!(out, "{line}");
            }
        }
        if let Some(permille) = daemon.own_loss_permille.filter(|permille| *permille > 0) {
            let loss = locale::percent(lang, u32::from(permille) * 1_000, 1);
            let _ = writeln!(out, "! {}", t!(lang, "status.own_loss", loss = loss));
        }
    }

    /// What devices sent unasked, and what came of it; why none is heard is the daemon's trouble.
    fn traps(&self, out: &mut String, lang: Lang) {
        let Some(traps) = self.snapshot.daemon.traps.as_ref().filter(|_| self.is_whole) else {
            return;
        };
        let number = |n: u64| locale::number(lang, i64::try_from(n).unwrap_or(i64::MAX));
        let line = if traps.is_heard {
            t!(
                lang,
                "status.traps",
                listen = traps.listen,
                received = number(traps.received),
                asked = number(traps.asked),
                merged = number(traps.merged),
                refused = number(traps.strangers + traps.disbelieved)
            )
        } else {
            format!("! {}", t!(lang, "status.traps_unheard", listen = traps.listen))
        };
        let _ = writeln!(out, "{line}");
    }

    /// Whether the patrol as a whole sees nothing.
    fn is_blind(&self) -> bool {
        self.snapshot.daemon.blind.iter().any(|blind| blind.carrier.is_none())
    }

    /// What the patrol cannot see: nothing below can be told of it.
    fn blind(&self, out: &mut String, lang: Lang) {
        let carrier = |id: &CarrierId| {
            let found = self.snapshot.carriers.iter().find(|c| c.id == *id);
            found.map_or_else(|| id.to_string(), |c| c.name.clone())
        };
        let blind = self.snapshot.daemon.blind.iter();
        let blind: Vec<_> = blind.map(|b| (b.carrier.as_ref().map(carrier), b.since)).collect();
        let when = |at| locale::date_time(lang, &incident::local(self.snapshot, at));
        if let Some(words) = locale::blind_words(lang, &blind, when) {
            let _ = writeln!(out, "! {words}");
        }
    }

    /// Channels of alerts that take nothing: who should have been told may not know.
    fn channels(&self, out: &mut String, lang: Lang) {
        for channel in &self.snapshot.daemon.channels {
            let since = incident::local(self.snapshot, channel.since);
            let words = t!(
                lang,
                "alert.channel_trouble",
                channel = channel.channel,
                since = locale::date_time(lang, &since),
                reason = locale::visible(&locale::reason(lang, &channel.reason)),
                waiting = channel.waiting
            );
            let _ = writeln!(out, "! {words}");
        }
    }

    /// Units in storm mode: what happens there is told in digests.
    fn storms(&self, out: &mut String, lang: Lang) {
        let when = |at| locale::date_time(lang, &incident::local(self.snapshot, at));
        for storm in &self.snapshot.daemon.storms {
            let _ = writeln!(out, "! {}", super::alert::storm::line(lang, storm, when));
        }
    }

    fn coverage_table(&self, out: &mut String, lang: Lang) {
        let heading = |key: &str| locale::text(lang, key).to_owned();
        let mut rows = vec![[
            heading("common.network"),
            heading("status.tier"),
            heading("common.rung.required"),
            heading("common.rung.deployed"),
            heading("common.rung.measured"),
            heading("common.rung.live"),
            heading("status.share"),
            heading("status.month"),
            heading("common.measured"),
        ]];
        for c in &self.root.subtree {
            let ladder = c.ladder;
            let n = |n: u32| locale::number(lang, i64::from(n));
            // While nothing is seen nobody knows who is live.
            let sees = |figure: String| if self.is_blind() { "–".to_owned() } else { figure };
            let share = share_ppm(ladder.live, ladder.required);
            rows.push([
                self.network(&c.network),
                locale::text(lang, tier_key(c.tier)).to_owned(),
                n(ladder.required),
                n(ladder.deployed),
                n(ladder.measured),
                sees(n(ladder.live)),
                sees(locale::percent(lang, share, 1)),
                c.month.delivered_ppm().map_or("–".to_owned(), |p| locale::percent(lang, p, 2)),
                locale::percent(lang, c.month.measured_ppm(), 0),
            ]);
        }
        table(out, &rows, 2);
        out.push('\n');
    }

    fn network(&self, id: &crate::model::NetworkId) -> String {
        let found = self.snapshot.networks.iter().find(|n| n.id == *id);
        locale::visible(found.map_or(id.as_str(), |n| &n.short))
    }

    fn incident_list(&self, out: &mut String, lang: Lang) {
        let incidents = self.incidents();
        let count = locale::number(lang, i64::try_from(incidents.len()).unwrap_or(i64::MAX));
        let _ = writeln!(out, "{}", t!(lang, "status.incidents", count = count));
        for incident in incidents {
            let _ = writeln!(out, "  {}", incident::line(self.snapshot, incident, lang));
        }
        out.push('\n');
    }

    fn lacking_list(&self, out: &mut String, lang: Lang) {
        let lacking = self.lacking();
        if lacking.is_empty() || self.is_blind() {
            let _ = writeln!(out, "{}", t!(lang, "status.all_live"));
            return;
        }
        let count = locale::number(lang, i64::try_from(lacking.len()).unwrap_or(i64::MAX));
        let _ = writeln!(out, "{}", t!(lang, "status.lacking", count = count));
        let rows: Vec<[String; 3]> = lacking
            .iter()
            .map(|(unit, c)| {
                let state = c.state.map_or_else(
                    || t!(lang, "status.not_deployed"),
                    |s| format!("{} {}", locale::state_glyph(s), locale::state_name(lang, s)),
                );
                [format!("  {}", locale::visible(&unit.name)), self.network(&c.network), state]
            })
            .collect();
        table(out, &rows, 3);
    }

    fn subject_list(&self, out: &mut String, lang: Lang) {
        let rows: Vec<[String; 5]> = self
            .subjects()
            .iter()
            .map(|s| {
                let state = s.now.state;
                let standing = if s.now.off_hours {
                    let word = locale::text(lang, "state.off_hours");
                    format!("{} {word}", locale::OFF_HOURS_GLYPH)
                } else {
                    format!("{} {}", locale::state_glyph(state), locale::state_name(lang, state))
                };
                [
                    format!("  {standing}"),
                    locale::visible(s.id.as_str()),
                    locale::visible(s.address.as_deref().unwrap_or_default()),
                    s.now.rtt_us.map_or_else(String::new, |us| locale::rtt(lang, us)),
                    s.now
                        .cause
                        .as_ref()
                        .map_or_else(String::new, |c| format!("← {}", locale::visible(c.as_str()))),
                ]
            })
            .collect();
        table(out, &rows, 5);
    }
}

const fn tier_key(tier: crate::model::Tier) -> &'static str {
    match tier {
        crate::model::Tier::Province => "unit.tier.province",
        crate::model::Tier::Department => "unit.tier.department",
        crate::model::Tier::District => "unit.tier.district",
        crate::model::Tier::Commune => "unit.tier.commune",
    }
}

fn share_ppm(part: u32, whole: u32) -> u32 {
    u32::try_from(u64::from(part) * 1_000_000 / u64::from(whole.max(1))).unwrap_or(0)
}

/// Aligns rows; columns from `right_from` on stand to the right.
pub fn table<const N: usize>(out: &mut String, rows: &[[String; N]], right_from: usize) {
    let widths: [usize; N] =
        std::array::from_fn(|i| rows.iter().map(|r| locale::width(&r[i])).max().unwrap_or(0));
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(widths)
            .enumerate()
            .map(|(i, (cell, width))| {
                if i < right_from {
                    locale::pad(cell, width)
                } else {
                    locale::pad_left(cell, width)
                }
            })
            .collect();
        let _ = writeln!(out, "{}", cells.join("  ").trim_end());
    }
}

/// The unit that the user means.
fn find_unit<'a>(snapshot: &'a Snapshot, word: &str, lang: Lang) -> anyhow::Result<&'a UnitRow> {
    let units = snapshot.units.iter().map(|unit| unit::Candidate {
        key: unit,
        id: unit.id.as_str(),
        name: &unit.name,
        short: &unit.short,
    });
    unit::find(lang, word, units)
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
