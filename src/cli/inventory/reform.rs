//! `tuantra inventory reform`: a plan of mergers, shown first and written when asked to, and put
//! back as it was.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::anyhow;
use serde_json::json;

use crate::cli::{EXIT_OK, Format, Global, context, print};
use crate::config::Config;
use crate::inventory::reform::{self, Fate, Prepared, ReformError};
use crate::locale::{Lang, message, number, text, visible};
use crate::model::{Diagnostic, Inventory, Severity, UnitIx};
use crate::t;

/// Options of the command.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The plan: a row for every old unit, columns old, new, date, and of new units name, kind,
    /// parent, short, code, requires
    #[arg(value_name = "PLAN.csv", required_unless_present = "undo")]
    plan: Option<PathBuf>,
    /// Write it into the inventory's files instead of only showing it
    #[arg(long)]
    write: bool,
    /// Put back what the last reform changed
    #[arg(long, conflicts_with_all = ["plan", "write"])]
    undo: bool,
    /// Name every connection, device and service that stays, not only how many
    #[arg(long)]
    subjects: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
}

/// Runs the command.
///
/// # Errors
/// The configuration, the inventory or the plan has errors (all printed), or a file cannot be
/// written.
pub(super) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    let lang = config.language;
    let defaults = context::inventory_defaults(&config);
    let Some(plan) = args.plan.as_deref() else {
        let undone = reform::undo(&config.inventory, &defaults, &config.timezone)
            .map_err(|error| refused(lang, &error))?;
        let n = undone.files.len();
        print(&format!(
            "{}\n",
            t!(lang, "reform.undone", date = reform::day(&undone.date, lang), n = n)
        ))?;
        return Ok(ExitCode::from(EXIT_OK));
    };
    // What is wrong with it already is told as everywhere.
    context::inventory(&config)?;
    let prepared = reform::prepare(&config.inventory, plan, &defaults, &config.timezone, lang)
        .map_err(|found| context::tell(&found, lang))?;
    if args.write {
        reform::apply(&config.inventory, &prepared).map_err(|error| refused(lang, &error))?;
    }
    print(&match args.format {
        Format::Text => as_text(&config, &prepared, args),
        Format::Json => format!("{:#}\n", as_json(&prepared, args)),
    })?;
    Ok(ExitCode::from(EXIT_OK))
}

fn refused(lang: Lang, error: &ReformError) -> anyhow::Error {
    if let ReformError::WouldNotLoad(found) = error {
        let (message, severity) = (error.message(), Severity::Error);
        let head = Diagnostic { severity, message, place: None, hint: None, related: None };
        return context::tell(&[&[head], &found[..]].concat(), lang).into();
    }
    anyhow!(message(lang, &error.message()))
}

/// The old units by the id of the one that takes them over.
fn by_heir(prepared: &Prepared) -> BTreeMap<&str, Vec<UnitIx>> {
    let mut found: BTreeMap<&str, Vec<UnitIx>> = BTreeMap::new();
    for (unit, fate) in &prepared.reform.fates {
        if let Fate::Merged(into) = fate {
            found.entry(into.as_str()).or_default().push(*unit);
        }
    }
    found
}

fn units_of<'a>(prepared: &'a Prepared, fate: &'a Fate) -> impl Iterator<Item = UnitIx> + 'a {
    prepared.reform.fates.iter().filter(move |(_, f)| f == fate).map(|(unit, _)| *unit)
}

fn as_text(config: &Config, prepared: &Prepared, args: &Args) -> String {
    let lang = config.language;
    let Prepared { reform, before, after, changes, .. } = prepared;
    let merged = by_heir(prepared);
    let count = |n: usize| number(lang, i64::try_from(n).unwrap_or(i64::MAX));
    let at = reform.at.to_timestamp().to_zoned_datetime(config.timezone.clone());
    let mut out = t!(
        lang,
        "reform.title",
        date = crate::locale::date(lang, &at),
        made = count(reform.made.len()),
        merged = count(merged.values().map(Vec::len).sum()),
        abolished = count(units_of(prepared, &Fate::Abolished).count()),
        kept = count(units_of(prepared, &Fate::Kept).count())
    );
    out.push('\n');
    for ix in after.unit_ixs() {
        let unit = after.unit(ix);
        let is_made = reform.made.iter().any(|made| made.id == unit.id);
        let old = merged.get(unit.id.as_str());
        if !is_made && old.is_none() {
            continue;
        }
        let mut said = vec![unit.id.to_string()];
        said.extend(unit.code.as_ref().map(|code| t!(lang, "reform.code", code = code)));
        let above = unit.parent.map(|parent| &after.unit(parent).id);
        said.extend(above.map(|unit| t!(lang, "reform.beneath", unit = unit)));
        let key = if is_made { "reform.into_new" } else { "reform.into_old" };
        let head = t!(lang, key, name = unit.name, said = said.join(" · "));
        let _ = writeln!(out, "\n{}", visible(&head));
        for unit in old.into_iter().flatten() {
            old_unit(&mut out, config, before, *unit, args);
        }
    }
    let abolished: Vec<UnitIx> = units_of(prepared, &Fate::Abolished).collect();
    if !abolished.is_empty() {
        let _ = writeln!(out, "\n{}", text(lang, "reform.abolished"));
        let of = |unit: &UnitIx| before.subjects_of(*unit).iter();
        let stay = abolished.iter().flat_map(of);
        let stay = stay.filter(|ix| before.subject(**ix).exists_at(reform.at)).count();
        abolished.into_iter().for_each(|unit| old_unit(&mut out, config, before, unit, args));
        if stay > 0 {
            let _ = writeln!(out, "  {}", t!(lang, "reform.abolished_stay", n = stay));
        }
    }
    let kept = units_of(prepared, &Fate::Kept).count();
    if kept > 0 {
        let _ = writeln!(out, "\n{}", t!(lang, "reform.kept", n = kept));
    }
    let _ = writeln!(out, "\n{}", text(lang, "reform.files"));
    for change in changes {
        let file = config.inventory.join(&change.file);
        let key = if change.before.is_none() { "reform.file_new" } else { "reform.file_changed" };
        let line = t!(lang, key, file = file.display(), n = change.entries);
        let _ = writeln!(out, "  {}", visible(&line));
    }
    if !prepared.warnings.is_empty() {
        let _ = writeln!(out, "\n{}", text(lang, "reform.warnings"));
        for warning in &prepared.warnings {
            let _ = writeln!(out, "  {}", visible(&message(lang, &warning.message)));
        }
    }
    let last = if args.write {
        let journal = reform::journal_path(&config.inventory);
        t!(lang, "reform.written", n = changes.len(), journal = journal.display())
    } else {
        t!(lang, "reform.dry")
    };
    let _ = writeln!(out, "\n{}", visible(&last));
    out
}

fn old_unit(out: &mut String, config: &Config, before: &Inventory, ix: UnitIx, args: &Args) {
    let unit = before.unit(ix);
    let subjects = before.subjects_of(ix);
    let line = match subjects.len() {
        0 => t!(config.language, "reform.old_bare", name = unit.name, id = unit.id),
        n => t!(config.language, "reform.old_unit", name = unit.name, id = unit.id, n = n),
    };
    let _ = writeln!(out, "  {}", visible(&line));
    if args.subjects {
        for subject in subjects {
            let _ = writeln!(out, "      {}", before.subject(*subject).id);
        }
    }
}

fn as_json(prepared: &Prepared, args: &Args) -> serde_json::Value {
    let Prepared { reform, before, changes, .. } = prepared;
    let units: Vec<_> = reform
        .fates
        .iter()
        .map(|(ix, fate)| {
            let (word, into) = match fate {
                Fate::Merged(into) => ("merged", Some(into)),
                Fate::Abolished => ("abolished", None),
                Fate::Kept => ("kept", None),
            };
            let subjects: Vec<_> =
                before.subjects_of(*ix).iter().map(|s| &before.subject(*s).id).collect();
            json!({ "unit": before.unit(*ix).id, "fate": word, "into": into, "subjects": subjects })
        })
        .collect();
    let made: Vec<_> = reform
        .made
        .iter()
        .map(|made| {
            json!({ "id": made.id, "name": made.name, "short": made.short, "code": made.code,
                "kind": made.kind, "parent": made.parent, "requires": made.requires })
        })
        .collect();
    let files: Vec<_> = changes
        .iter()
        .map(|c| json!({ "file": c.file, "new": c.before.is_none(), "entries": c.entries }))
        .collect();
    json!({ "date": reform.date, "at": reform.at, "written": args.write, "made": made,
        "units": units, "files": files })
}
