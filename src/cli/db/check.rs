//! `tuantra db check`: the file and every invariant of what is in it.

use std::process::ExitCode;

use serde_json::json;

use super::{Meter, count, finding_json, finding_lines, kept_from, named, open, told};
use crate::cli::{EXIT_FINDING, EXIT_OK, Format};
use crate::config::Config;
use crate::daemon::clock;
use crate::store::Checked;
use crate::t;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra db check
  tuantra db check --format json | jq .findings

SQLite's own check first; then that each subject's intervals partition time, that every number of
a fact was given once, that every block, journal row and rollup can be read, is in order, stands in
its own hour or day and says what its samples say, and that the chain of sealed days holds. It
only reads, beside a running daemon too.

Exit code: 0 clean, 1 findings, 2 the store cannot be read.")]
pub struct Args {
    /// text or json
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub fn run(args: &Args, config: &Config) -> anyhow::Result<ExitCode> {
    let lang = config.language;
    let reader = open(config)?;
    let mut meter = Meter::new(lang);
    let checked = reader.check(kept_from(config, clock::now()), &mut |done| meter.tell(done));
    drop(meter);
    let checked = checked.map_err(|error| told(lang, &error))?;
    crate::cli::print(&match args.format {
        Format::Text => written(&checked, config),
        Format::Json => format!("{:#}\n", in_json(&checked)),
    })?;
    Ok(ExitCode::from(if checked.is_clean() { EXIT_OK } else { EXIT_FINDING }))
}

fn written(checked: &Checked, config: &Config) -> String {
    let lang = config.language;
    let mut out = finding_lines(config, checked);
    let findings = checked.findings.len() as u64 + checked.more;
    out += &if findings == 0 {
        t!(lang, "db.clean", file = named(&config.store))
    } else {
        t!(lang, "db.findings", file = named(&config.store), findings = count(lang, findings))
    };
    out.push('\n');
    out += &t!(
        lang,
        "db.looked_at",
        subjects = count(lang, checked.subjects),
        intervals = count(lang, checked.intervals),
        blocks = count(lang, checked.blocks),
        samples = count(lang, checked.samples),
        links = count(lang, checked.links)
    );
    out.push('\n');
    out
}

fn in_json(checked: &Checked) -> serde_json::Value {
    json!({
        "kind": "db_check",
        "clean": checked.is_clean(),
        "findings": checked.findings.iter().map(finding_json).collect::<Vec<_>>(),
        "more": checked.more,
        "subjects": checked.subjects,
        "intervals": checked.intervals,
        "blocks": checked.blocks,
        "samples": checked.samples,
        "links": checked.links,
    })
}
