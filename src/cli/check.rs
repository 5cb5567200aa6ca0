//! `tuantra check`: the configuration and the inventory, every problem at once.

use std::collections::{HashMap, HashSet};
use std::io::{IsTerminal as _, Write};
use std::net::IpAddr;
use std::process::ExitCode;

use serde_json::json;

use super::{EXIT_FINDING, EXIT_OK, EXIT_USAGE, Format, Global, context, diagnostics};
use crate::config::Config;
use crate::daemon::clock;
use crate::locale::{Lang, decimal, number, text};
use crate::model::{
    CheckKind, Diagnostic, Inventory, PingParams, Severity, SubjectKind, Tier, UnixMs,
};
use crate::t;

/// Check config.yaml and the inventory, and report every problem at once.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Exit with 1 when there are warnings
    #[arg(long)]
    strict: bool,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
}

/// Runs the command: exit code 0 when clean, 1 on warnings with `--strict`, 2 on errors.
///
/// # Errors
/// Standard output cannot be written to, other than because its reader went away.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let read = context::read(global);
    let mut found = read.diagnostics;
    let mut summary = None;
    // A mistake in the configuration does not keep those of the inventory from being told.
    if let Some(config) = &read.draft {
        // Whoever checks may have neither the daemon's environment nor its rights.
        found.extend(config.fetch_credentials(Severity::Warning).1);
        found.extend(context::check_alerts(config, Severity::Warning));
        let loaded = context::load_inventory(config);
        found.extend(loaded.diagnostics);
        summary = loaded.inventory.map(|inventory| {
            Summary::of(&inventory, loaded.files, config.sentinels.len(), clock::now())
        });
    }
    let count = diagnostics::count(&found);
    let mut stdout = std::io::stdout().lock();
    let colour = context::wants_colour(stdout.is_terminal());
    let printed = match args.format {
        Format::Json => write_json(&mut stdout, &found, summary.as_ref(), read.lang),
        Format::Text => {
            let shown = summary.as_ref().zip(read.draft.as_ref());
            write_text(&mut stdout, &found, shown, read.lang, colour)
        }
    };
    match printed {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => return Err(error.into()),
        _ => {}
    }
    Ok(ExitCode::from(match count {
        diagnostics::Count { errors: 1.., .. } => EXIT_USAGE,
        diagnostics::Count { warnings: 1.., .. } if args.strict => EXIT_FINDING,
        _ => EXIT_OK,
    }))
}

/// What a sound inventory amounts to.
#[derive(Debug, PartialEq, Eq)]
struct Summary {
    files: usize,
    units: usize,
    units_by_tier: [(Tier, usize); 4],
    connections: usize,
    devices: usize,
    services: usize,
    /// Different addresses that are pinged.
    addresses: usize,
    /// Thousandths of a round a second when all is well.
    rounds_per_1000_s: i64,
    /// Thousandths of a packet a second when all is well.
    packets_per_1000_s: i64,
    /// Addresses that tell whether the patrol itself sees out.
    sentinels: usize,
}

impl Summary {
    fn of(inventory: &Inventory, files: usize, sentinels: usize, now: UnixMs) -> Self {
        let subjects =
            |kind| inventory.subjects.iter().filter(|subject| subject.kind() == kind).count();
        // As the daemon does: who shares an address and a way of asking shares its rounds, at the
        // shortest interval.
        let mut targets: HashMap<(IpAddr, PingParams), i64> = HashMap::new();
        for subject in inventory
            .subjects
            .iter()
            .filter(|s| s.is_enabled && s.until.is_none_or(|end| now < end))
        {
            for check in &subject.checks {
                let CheckKind::Ping { address, params } = check.kind else { continue };
                let interval_ms = subject.health.interval_ms.max(1);
                let shared = targets.entry((address, params)).or_insert(interval_ms);
                *shared = interval_ms.min(*shared);
            }
        }
        let per_1000_s = |packets_of: fn(&PingParams) -> i64| {
            let micro = |((_, params), interval_ms): (&(IpAddr, PingParams), &i64)| {
                packets_of(params) * 1_000_000_000 / interval_ms
            };
            targets.iter().map(micro).sum::<i64>() / 1_000
        };
        let addresses: HashSet<_> = targets.keys().map(|(address, _)| address).collect();
        Self {
            files,
            units: inventory.units.len(),
            units_by_tier: Tier::ALL.map(|tier| {
                (tier, inventory.units.iter().filter(|unit| unit.kind.tier() == tier).count())
            }),
            connections: subjects(SubjectKind::Connection),
            devices: subjects(SubjectKind::Device),
            services: subjects(SubjectKind::Service),
            addresses: addresses.len(),
            rounds_per_1000_s: per_1000_s(|_| 1),
            packets_per_1000_s: per_1000_s(|params| i64::from(params.count)),
            sentinels,
        }
    }

    fn to_json(&self) -> serde_json::Value {
        let tiers: serde_json::Map<_, _> = self
            .units_by_tier
            .iter()
            .map(|(tier, units)| (tier.as_str().to_owned(), json!(units)))
            .collect();
        json!({
            "files": self.files,
            "units": self.units,
            "units_by_tier": tiers,
            "connections": self.connections,
            "devices": self.devices,
            "services": self.services,
            "addresses": self.addresses,
            "rounds_per_1000_s": self.rounds_per_1000_s,
            "packets_per_1000_s": self.packets_per_1000_s,
            "sentinels": self.sentinels,
        })
    }
}

fn write_text(
    out: &mut dyn Write,
    found: &[Diagnostic],
    summary: Option<(&Summary, &Config)>,
    lang: Lang,
    colour: bool,
) -> std::io::Result<()> {
    write!(out, "{}", diagnostics::render(found, lang, colour))?;
    let Some((summary, config)) = summary else { return out.flush() };
    if found.is_empty() {
        writeln!(out, "{}", text(lang, "diagnostics.clean"))?;
    }
    let count = |n: usize| number(lang, i64::try_from(n).unwrap_or(i64::MAX));
    let tiers: Vec<String> = summary
        .units_by_tier
        .iter()
        .filter(|(_, units)| *units > 0)
        .map(|(tier, units)| {
            let tier = text(lang, &format!("unit.tier.{}_short", tier.as_str()));
            t!(lang, "diagnostics.found.tier", n = count(*units), tier = tier)
        })
        .collect();
    // Small networks are asked less than once a second.
    let pace = |per_1000_s| decimal(lang, per_1000_s, if per_1000_s < 1_000 { 2 } else { 1 });
    let file = config.file.display();
    let configuration = if config.file.exists() {
        file.to_string()
    } else {
        t!(lang, "diagnostics.found.defaults", config = file)
    };
    let lines = [
        t!(
            lang,
            "diagnostics.found.files",
            config = configuration,
            n = count(summary.files),
            inventory = config.inventory.display()
        ),
        t!(lang, "diagnostics.found.units", total = count(summary.units), tiers = tiers.join(", ")),
        t!(lang, "diagnostics.found.connections", n = count(summary.connections)),
        t!(lang, "diagnostics.found.devices", n = count(summary.devices)),
        t!(lang, "diagnostics.found.services", n = count(summary.services)),
        t!(lang, "diagnostics.found.addresses", n = count(summary.addresses)),
        t!(
            lang,
            "diagnostics.found.rounds",
            rounds = pace(summary.rounds_per_1000_s),
            packets = pace(summary.packets_per_1000_s)
        ),
        match summary.sentinels {
            0 => text(lang, "diagnostics.found.no_sentinels").to_owned(),
            n => t!(lang, "diagnostics.found.sentinels", n = count(n)),
        },
    ];
    for line in lines {
        writeln!(out, "{line}")?;
    }
    out.flush()
}

/// The keys are English and stable; `message` and `hint` are in the language asked for, `code` is
/// the same in all.
fn write_json(
    out: &mut dyn Write,
    found: &[Diagnostic],
    summary: Option<&Summary>,
    lang: Lang,
) -> std::io::Result<()> {
    let count = diagnostics::count(found);
    let document = json!({
        "diagnostics": diagnostics::json(found, lang),
        "errors": count.errors,
        "warnings": count.warnings,
        "summary": summary.map(Summary::to_json),
    });
    writeln!(out, "{document:#}")?;
    out.flush()
}
