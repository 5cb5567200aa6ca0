//! `tuantra inventory drift`: in what devices are not what the inventory says.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use crate::cli::{EXIT_FINDING, EXIT_OK, Global, context, print, unit};
use crate::config::Config;
use crate::daemon::drifts;
use crate::inventory::drift::{Drift, Drifts, Fit, What};
use crate::locale::{Lang, date_time, number, pad, text, visible, width};
use crate::model::Inventory;
use crate::report::{Cell, csv_line};
use crate::t;

/// How the list is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// For people.
    Text,
    /// For spreadsheets.
    Csv,
    /// For programs; its keys are stable.
    Json,
}

/// Options of the command.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Unit with all beneath, by id or by name without regard to case and diacritics (default: all)
    unit: Option<String>,
    /// Also what devices say and the inventory leaves out: to fill it in
    #[arg(long)]
    all: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Form::Text, value_name = "FORMAT")]
    format: Form,
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Runs the command: exit 1 when something differs.
///
/// # Errors
/// The configuration or the inventory has errors, no single unit is meant, or the store cannot be
/// read.
pub(super) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    let inventory = context::inventory(&config)?;
    let word = args.unit.as_deref();
    let unit = word.map(|word| unit::find_in(config.language, word, &inventory)).transpose()?;
    let Drifts { heard, differing, undeclared, rows: mut found } =
        drifts(&config.store, &inventory, unit)?;
    if !args.all {
        found.retain(|one| one.fit == Fit::Differs);
    }
    let shown = match args.format {
        Form::Text => as_text(&config, &inventory, &found, (heard, differing, undeclared)),
        Form::Csv => as_csv(&found),
        Form::Json => {
            let value = json!({ "kind": "drift", "heard": heard,
                "differing": differing, "undeclared": undeclared, "rows": found });
            format!("{value:#}\n")
        }
    };
    match &args.out {
        Some(file) => std::fs::write(file, shown)
            .map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?,
        None => print(&shown)?,
    }
    Ok(ExitCode::from(if differing == 0 { EXIT_OK } else { EXIT_FINDING }))
}

/// A table, and a line with how much was heard and found.
fn as_text(
    config: &Config,
    inventory: &Inventory,
    found: &[Drift],
    (heard, differing, undeclared): (usize, usize, usize),
) -> String {
    let lang = config.language;
    let heads = ["device", "unit", "what", "declared", "observed", "since"]
        .map(|key| text(lang, &format!("drift.{key}")).to_owned());
    let mut rows = vec![heads];
    for one in found {
        let unit = inventory.find_unit(one.unit.as_str());
        let since = one.since.map(|at| {
            date_time(lang, &at.to_timestamp().to_zoned_datetime(config.timezone.clone()))
        });
        let mut observed = visible(&one.observed);
        if let Some(owner) = &one.belongs_to {
            observed = format!("{observed} ({})", t!(lang, "drift.belongs_to", id = owner));
        }
        rows.push([
            one.subject.to_string(),
            unit.map_or_else(|| one.unit.to_string(), |ix| visible(&inventory.unit(ix).short)),
            in_what(lang, one),
            one.declared.as_deref().map_or_else(|| "–".to_owned(), visible),
            observed,
            since.unwrap_or_default(),
        ]);
    }
    let mut out = String::new();
    if !found.is_empty() {
        let widths: Vec<usize> = (0..5)
            .map(|column| rows.iter().map(|row| width(&row[column])).max().unwrap_or(0))
            .collect();
        for row in &rows {
            let mut line = String::new();
            for (cell, most) in row.iter().zip(&widths) {
                line += &pad(cell, *most);
                line += "  ";
            }
            line += &row[5];
            let _ = writeln!(out, "{}", line.trim_end());
        }
        out.push('\n');
    }
    let count = |n: usize| number(lang, i64::try_from(n).unwrap_or(i64::MAX));
    let _ = writeln!(
        out,
        "{}",
        t!(
            lang,
            "drift.summary",
            heard = count(heard),
            differing = count(differing),
            undeclared = count(undeclared)
        )
    );
    if undeclared > 0 && found.iter().all(|one| one.fit == Fit::Differs) {
        let _ = writeln!(out, "{}", text(lang, "drift.all_hint"));
    }
    out
}

/// "interface speed wan": in what, and of which interface.
fn in_what(lang: Lang, one: &Drift) -> String {
    let what = text(lang, &format!("drift.in_{}", one.what.as_str())).to_owned();
    match one.port.as_deref().filter(|_| one.what == What::Speed) {
        Some(port) => format!("{what} {}", visible(port)),
        None => what,
    }
}

/// The same rows with stable English headings.
fn as_csv(found: &[Drift]) -> String {
    let heads =
        ["subject", "unit", "what", "port", "fit", "declared", "observed", "since", "belongs_to"];
    let mut out = csv_line(&heads.map(Cell::text), None);
    for one in found {
        let row = [
            Cell::text(one.subject.as_str()),
            Cell::text(one.unit.as_str()),
            Cell::text(one.what.as_str()),
            Cell::text(&visible(one.port.as_deref().unwrap_or_default())),
            Cell::text(one.fit.as_str()),
            Cell::text(&visible(one.declared.as_deref().unwrap_or_default())),
            Cell::text(&visible(&one.observed)),
            Cell::optional(one.since.map(|at| at.to_timestamp())),
            Cell::text(one.belongs_to.as_ref().map_or("", |id| id.as_str())),
        ];
        out += &csv_line(&row, None);
    }
    out
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::model::{SubjectId, UnitId, UnixMs};

    fn found() -> Vec<Drift> {
        let one = |id: &str, what, port: Option<&str>, declared: Option<&str>, said: &str| Drift {
            subject: SubjectId::new(id).unwrap(),
            unit: UnitId::new("gone").unwrap(),
            what,
            port: port.map(str::to_owned),
            fit: if declared.is_some() { Fit::Differs } else { Fit::Undeclared },
            declared: declared.map(str::to_owned),
            observed: said.to_owned(),
            since: Some(UnixMs(1_795_653_730_000)),
            belongs_to: None,
        };
        let mut found = vec![
            one("tg/router", What::Serial, None, Some("A-17"), "B-18"),
            one("tg/wan", What::Speed, Some("wan"), Some("100 Mbit/s"), "10 Mbit/s"),
            one("tg/ups", What::Model, None, None, "=cmd|'/C calc'!A0\u{1b}[31m"),
        ];
        found[0].belongs_to = SubjectId::new("tg/switch").ok();
        found
    }

    #[test]
    fn what_differs_stands_in_a_table_in_either_language_and_hides_nothing() {
        let mut config = Config::defaults(Path::new(""));
        for lang in Lang::ALL {
            config.language = lang;
            let told = as_text(&config, &Inventory::default(), &found(), (3, 2, 1));
            assert!(!told.contains('\u{1b}'), "{told}");
            insta::assert_snapshot!(format!("drift_{lang}"), told);
        }
    }

    #[test]
    fn a_spreadsheet_gets_no_formula() {
        let csv = as_csv(&found());
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines[0], "subject,unit,what,port,fit,declared,observed,since,belongs_to");
        assert!(
            lines[2].starts_with("tg/wan,gone,speed,wan,differs,100 Mbit/s,10 Mbit/s,"),
            "{csv}"
        );
        assert!(!csv.contains(",=cmd") && !csv.contains('\u{1b}'), "{csv}");
    }
}
