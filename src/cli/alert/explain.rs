//! `tuantra alert explain`: who would be told of a subject's trouble, when, through what.

use std::process::ExitCode;

use anyhow::bail;
use serde_json::json;

use super::Printed;
use crate::alert::route::{Router, Scope};
use crate::cli::{EXIT_OK, Format, Global, context};
use crate::config::Config;
use crate::config::alerts::Route;
use crate::daemon::clock;
use crate::locale::{self, Lang, text, visible};
use crate::model::{AlertSeverity, Inventory, SubjectIx, UnixMs, format_duration};
use crate::report;
use crate::t;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A connection, device or service, by id
    #[arg(value_name = "SUBJECT")]
    subject: String,
    /// At which time: 2026-11-27T22:00 (configured zone) or RFC 3339 (default: now)
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    #[command(flatten)]
    printed: Printed,
}

/// What one channel would be told.
struct Told {
    channel: String,
    route: usize,
    at: UnixMs,
}

pub(super) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    let inventory = context::inventory(&config)?;
    let lang = config.language;
    let Some(subject) = inventory.find_subject(args.subject.trim()) else {
        bail!(t!(lang, "alert.unknown_subject", name = visible(&args.subject)));
    };
    let at = match &args.at {
        None => clock::now(),
        Some(text) => report::moment(text, &config.timezone)?,
    };
    let router = Router::new(config.alerts.routes.clone(), config.timezone.clone());
    crate::cli::print(&match args.printed.format {
        Format::Text => listed(&config, &inventory, &router, subject, at),
        Format::Json => {
            let rows: Vec<_> = severities()
                .flat_map(|severity| {
                    told(&inventory, &router, subject, severity, at).into_iter().map(move |told| {
                        json!({
                            "severity": severity, "channel": told.channel, "route": told.route + 1,
                            "after_ms": told.at.since(at), "at": told.at,
                        })
                    })
                })
                .collect();
            let id = &inventory.subject(subject).id;
            format!("{:#}\n", json!({ "kind": "alert_explain", "subject": id, "told": rows }))
        }
    })?;
    Ok(ExitCode::from(EXIT_OK))
}

fn severities() -> impl Iterator<Item = AlertSeverity> {
    [AlertSeverity::Down, AlertSeverity::Degraded, AlertSeverity::Flapping].into_iter()
}

/// Who is told of a trouble that is decided at `at`; each when nothing more happens to it.
fn told(
    inventory: &Inventory,
    router: &Router,
    subject: SubjectIx,
    severity: AlertSeverity,
    at: UnixMs,
) -> Vec<Told> {
    // As many units as it cuts off itself: those that hang on it are not known before it fails.
    let scope = Scope { subject: Some(subject), carrier: None, units: 1 };
    let hits = router.hits(inventory, &scope, severity, at).into_iter();
    hits.map(|hit| {
        let route = router.get(hit.route);
        let wait = route.map_or(0, |route| route.telling.group_wait_ms);
        let quiet = route.and_then(|route| route.quiet);
        let at = router.loud_from(quiet, at + wait);
        Told { channel: hit.channel.to_string(), route: hit.route, at }
    })
    .collect()
}

fn listed(
    config: &Config,
    inventory: &Inventory,
    router: &Router,
    subject: SubjectIx,
    at: UnixMs,
) -> String {
    let lang = config.language;
    let subject_id = &inventory.subject(subject).id;
    let mut lines = vec![format!("{subject_id} · {}", visible(&inventory.subject(subject).name))];
    if router.all().is_empty() {
        lines.push(format!("  {}", text(lang, "alert.no_routes")));
        return lines.join("\n") + "\n";
    }
    for severity in severities() {
        let told = told(inventory, router, subject, severity, at);
        lines.push(text(lang, severity_key(severity)).to_owned());
        if told.is_empty() {
            lines.push(format!("  {}", text(lang, "alert.nobody")));
        }
        for one in told {
            lines.push(format!("  {}", row(config, &one, at, lang)));
            if let Some(route) = router.get(one.route) {
                lines.extend(details(route, severity, lang));
            }
        }
    }
    lines.push(text(lang, "alert.explain_foot").to_owned());
    lines.join("\n") + "\n"
}

fn row(config: &Config, one: &Told, at: UnixMs, lang: Lang) -> String {
    let local = one.at.to_timestamp().to_zoned_datetime(config.timezone.clone());
    let kind = config.alerts.channels.iter().find(|c| c.id.as_str() == one.channel);
    t!(
        lang,
        "alert.explain_row",
        channel = one.channel,
        kind = kind.map_or("?", |c| c.kind.name.as_str()),
        after = format_duration(one.at.since(at)),
        when = locale::date_time(lang, &local),
        route = one.route + 1
    )
}

fn details(route: &Route, severity: AlertSeverity, lang: Lang) -> Vec<String> {
    let mut lines = Vec::new();
    if severity == AlertSeverity::Down {
        let every = format_duration(route.telling.repeat_ms);
        lines.push(format!("    {}", t!(lang, "alert.explain_repeat", every = every)));
    }
    for step in &route.escalate {
        let to: Vec<&str> = step.to.iter().map(|named| named.name.as_str()).collect();
        let after = format_duration(step.after_ms);
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
