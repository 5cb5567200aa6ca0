//! `tuantra alert explain`: who would be told of a subject's trouble, when, through what.

use std::process::ExitCode;

use anyhow::{anyhow, bail};
use serde_json::json;

use super::Printed;
use crate::alert::route::{Router, Scope};
use crate::cli::{EXIT_OK, Format, Global, context};
use crate::config::Config;
use crate::config::alerts::{Matches, Route};
use crate::daemon::clock;
use crate::locale::{self, Lang, text, visible};
use crate::model::{AlertSeverity, Inventory, Storm, SubjectIx, UnitIx, UnixMs, time_of_day};
use crate::report;
use crate::store::Reader;
use crate::t;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra alert explain cai-be/tslcd                         this line, now
  tuantra alert explain cai-be/tslcd --at 22:00              the same at night
  tuantra alert explain                                      when the patrol cannot see
  tuantra alert explain cai-be/tslcd --format json | jq .told

Exit code: 0 told, 2 wrong usage or an unknown subject.")]
pub(super) struct Args {
    /// A connection, device or service, by id; left out: who is told when the patrol is blind
    #[arg(value_name = "SUBJECT")]
    subject: Option<String>,
    /// At which time: 22:00 (today), 2026-11-27T22:00 (configured zone) or RFC 3339 (default: now)
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    #[command(flatten)]
    printed: Printed,
}

/// What one channel would be told.
struct Told<'a> {
    channel: String,
    route: usize,
    at: UnixMs,
    /// In whose digest.
    storm: Option<&'a Storm>,
}

pub(super) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    let inventory = context::inventory(&config)?;
    let lang = config.language;
    let subject = match &args.subject {
        None => None,
        Some(word) => match inventory.find_subject(word.trim()) {
            None => bail!(t!(lang, "alert.unknown_subject", name = visible(word))),
            found => found,
        },
    };
    let at = match &args.at {
        None => clock::now(),
        // Of a time of day today's, past or to come.
        Some(text) => time_of_day(text, [0], clock::now(), &config.timezone)
            .and_then(|mut today| today.next())
            .or_else(|| report::moment(text, &config.timezone).ok())
            .ok_or_else(|| anyhow!(t!(lang, "explain.bad_time", text = visible(text))))?,
    };
    let router = Router::new(config.alerts.routes.clone(), config.timezone.clone());
    let storms = storms(&config, at);
    let asked = Asked { config: &config, inventory: &inventory, router: &router, storms, at };
    let cases = cases(&inventory, subject);
    crate::cli::print(&match args.printed.format {
        Format::Text => asked.listed(subject, &cases),
        Format::Json => {
            let rows: Vec<_> = cases
                .iter()
                .flat_map(|case| {
                    asked.told(case).into_iter().map(|told| {
                        json!({
                            "severity": case.severity, "through": case.scope.carrier,
                            "channel": told.channel, "route": told.route + 1,
                            "after_ms": told.at.since(at), "at": told.at,
                            "storm": told.storm.map(|storm| json!({
                                "unit": storm.unit, "until": storm.over_at(),
                            })),
                        })
                    })
                })
                .collect();
            let id = subject.map(|subject| &inventory.subject(subject).id);
            format!("{:#}\n", json!({ "kind": "alert_explain", "subject": id, "told": rows }))
        }
    })?;
    Ok(ExitCode::from(EXIT_OK))
}

/// The storm modes at `at`, out of the store: no daemon is needed. Without a store there is none.
fn storms(config: &Config, at: UnixMs) -> Vec<Storm> {
    let found = Reader::open(&config.store).and_then(|reader| reader.storms(at - Storm::MAX_MS));
    let mut storms = found.unwrap_or_default();
    storms.retain(|storm| storm.since <= at && at < storm.over_at());
    storms
}

/// A trouble that somebody may be told of.
struct Case {
    severity: AlertSeverity,
    scope: Scope,
    /// The carrier through which the patrol is blind, by name.
    through: Option<String>,
}

/// All that may befall a subject, its carrier's blindness among it; without one, every blindness.
fn cases(inventory: &Inventory, subject: Option<SubjectIx>) -> Vec<Case> {
    let mut cases = Vec::new();
    if subject.is_some() {
        // As many units as it cuts off itself: those that hang on it are not known before it fails.
        let scope = Scope { subject, carrier: None, units: 1 };
        let severities = [AlertSeverity::Down, AlertSeverity::Degraded, AlertSeverity::Flapping];
        cases.extend(severities.map(|severity| Case {
            severity,
            scope: scope.clone(),
            through: None,
        }));
    }
    let own = subject.and_then(|ix| inventory.subject(ix).connection()?.carrier);
    let own = own.map(|carrier| &inventory.carrier(carrier).id);
    let carriers = inventory.carriers.iter().filter(|c| subject.is_none() || Some(&c.id) == own);
    let blind = |carrier: Option<&crate::model::Carrier>| Case {
        severity: AlertSeverity::Blind,
        scope: Scope { subject: None, carrier: carrier.map(|c| c.id.clone()), units: 0 },
        through: carrier.map(|c| visible(&c.name)),
    };
    cases.push(blind(None));
    cases.extend(carriers.map(|carrier| blind(Some(carrier))));
    cases
}

/// What is asked, and of when.
struct Asked<'a> {
    config: &'a Config,
    inventory: &'a Inventory,
    router: &'a Router,
    storms: Vec<Storm>,
    at: UnixMs,
}

impl Asked<'_> {
    /// Who is told of a trouble that is decided then; each when nothing more happens to it.
    fn told(&self, case: &Case) -> Vec<Told<'_>> {
        let hits = self.router.hits(self.inventory, &case.scope, case.severity, self.at);
        let told = hits.into_iter().map(|hit| {
            let route = self.router.get(hit.route);
            let wait = route.map_or(0, |route| route.telling.group_wait_ms);
            let quiet = route.and_then(|route| route.quiet);
            let wanted = self.router.loud_from(quiet, self.at + wait);
            let storm = self.storm_of(case).filter(|storm| storm.holds(wanted));
            let at = storm.map_or(wanted, |storm| storm.told_at(wanted));
            Told { channel: hit.channel.to_string(), route: hit.route, at, storm }
        });
        told.collect()
    }

    /// The storm mode that a trouble would come in: the widest.
    fn storm_of(&self, case: &Case) -> Option<&Storm> {
        let unit = self.inventory.subject(case.scope.subject?).unit;
        let of = |unit: UnitIx| {
            let storm = self.storms.iter().find(|s| s.unit == self.inventory.unit(unit).id)?;
            Some((self.inventory.subtree(unit).len(), storm))
        };
        let above = self.inventory.above_at(unit, self.at).into_iter();
        above.filter_map(of).max_by_key(|(units, _)| *units).map(|(_, storm)| storm)
    }

    fn listed(&self, subject: Option<SubjectIx>, cases: &[Case]) -> String {
        let lang = self.config.language;
        let mut lines = Vec::new();
        if let Some(subject) = subject.map(|ix| self.inventory.subject(ix)) {
            lines.push(format!("{} · {}", subject.id, visible(&subject.name)));
        }
        if self.router.all().is_empty() {
            lines.push(format!("  {}", text(lang, "alert.no_routes")));
            return lines.join("\n") + "\n";
        }
        for case in cases {
            let told = self.told(case);
            lines.push(match &case.through {
                Some(carrier) => t!(lang, "alert.when_blind_through", carrier = carrier),
                None => text(lang, severity_key(case.severity)).to_owned(),
            });
            if told.is_empty() {
                lines.push(format!("  {}", self.why_nobody(case)));
            }
            for one in told {
                lines.push(format!("  {}", self.row(&one)));
                if let Some(route) = self.router.get(one.route) {
                    lines.extend(details(route, case.severity, lang));
                }
            }
        }
        lines.push(text(lang, "alert.explain_foot").to_owned());
        lines.join("\n") + "\n"
    }

    /// Why no route tells: the hour, how much is cut off, how bad it is, or what it is.
    fn why_nobody(&self, case: &Case) -> String {
        let lang = self.config.language;
        let would = |change: &dyn Fn(&mut Matches)| {
            let mut routes = self.router.all().to_vec();
            routes.iter_mut().for_each(|route| change(&mut route.matches));
            let router = Router::new(routes, self.config.timezone.clone());
            let hits = router.hits(self.inventory, &case.scope, case.severity, self.at);
            hits.first().map(|hit| hit.route + 1)
        };
        type Lift = fn(&mut Matches);
        let lifts: [(&str, Lift); 3] = [
            ("alert.nobody_hours", |m| m.hours = None),
            ("alert.nobody_impact", |m| m.impact = None),
            ("alert.nobody_severity", |m| m.severities.clear()),
        ];
        let found = lifts.iter().find_map(|(key, lift)| Some((key, would(lift)?)));
        match found {
            Some((key, route)) => t!(lang, key, route = route),
            None => text(lang, "alert.nobody_place").to_owned(),
        }
    }

    fn row(&self, one: &Told<'_>) -> String {
        let (config, lang) = (self.config, self.config.language);
        let local = one.at.to_timestamp().to_zoned_datetime(config.timezone.clone());
        let kind = config.alerts.channels.iter().find(|c| c.id.as_str() == one.channel);
        let fallback = kind.and_then(|c| c.fallback.as_ref());
        let mut line = t!(
            lang,
            "alert.explain_row",
            channel = one.channel,
            kind = kind.map_or("?", |c| c.kind.name.as_str()),
            after = locale::duration(lang, one.at.since(self.at)),
            when = format!("{} {}", locale::date(lang, &local), locale::clock(&local)),
            route = one.route + 1
        );
        if let Some(fallback) = fallback {
            line.push_str(&t!(lang, "alert.explain_fallback", channel = fallback.name));
        }
        if let Some(storm) = one.storm {
            let until = storm.over_at().to_timestamp().to_zoned_datetime(config.timezone.clone());
            let (unit, until) = (&storm.unit, locale::date_time(lang, &until));
            let digest = locale::clock(&local);
            let said = t!(lang, "storm.explained", unit = unit, until = until, digest = digest);
            line.push_str(&format!("\n    {said}"));
        }
        line
    }
}

fn details(route: &Route, severity: AlertSeverity, lang: Lang) -> Vec<String> {
    // Nobody takes what the patrol cannot see, and nobody is called for what flaps.
    if !matches!(severity, AlertSeverity::Down | AlertSeverity::Degraded) {
        return Vec::new();
    }
    let mut lines = Vec::new();
    if severity == AlertSeverity::Down {
        let every = locale::duration(lang, route.telling.repeat_ms);
        lines.push(format!("    {}", t!(lang, "alert.explain_repeat", every = every)));
    }
    for step in &route.escalate {
        let to: Vec<&str> = step.to.iter().map(|named| named.name.as_str()).collect();
        let after = locale::duration(lang, step.after_ms);
        let line = t!(lang, "alert.explain_step", after = after, to = to.join(", "));
        lines.push(format!("    {line}"));
    }
    lines
}

const fn severity_key(severity: AlertSeverity) -> &'static str {
    match severity {
        AlertSeverity::Down => "alert.when_down",
        AlertSeverity::Degraded => "alert.when_degraded",
        AlertSeverity::Flapping => "alert.when_flapping",
        AlertSeverity::Blind => "alert.when_blind",
    }
}
