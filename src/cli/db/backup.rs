//! `tuantra db backup`: a checked copy, beside a running daemon too.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use super::{Meter, bytes, finding_json, finding_lines, kept_from, named, told};
use crate::cli::verify::{head_json, head_text};
use crate::cli::{EXIT_FINDING, EXIT_OK, Format};
use crate::config::Config;
use crate::daemon::clock;
use crate::store;
use crate::t;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra db backup /var/backups/tuantra-$(date +%F).db
  tuantra db restore /var/backups/tuantra-2026-11-26.db      the way back

The copy is one file, of the store as it was at one moment. It is opened again and checked before
it gets its name; its chain ends with a link of the store's. A file that is there already is never
written over.

Exit code: 0 copied and clean, 1 copied, but the check found something (the store has the same),
2 not copied.")]
pub struct Args {
    /// The copy; there must be nothing yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// text or json
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub fn run(args: &Args, config: &Config) -> anyhow::Result<ExitCode> {
    let lang = config.language;
    let mut meter = Meter::new(lang);
    let from = kept_from(config, clock::now());
    let copied = store::backup(&config.store, &args.file, from, &mut |done| meter.tell(done));
    drop(meter);
    let copied = copied.map_err(|error| told(lang, &error))?;
    let text = match args.format {
        Format::Text => {
            let size = bytes(lang, copied.bytes);
            let done = t!(lang, "db.copied", file = named(&args.file), size = size);
            let head = head_text(lang, copied.head.as_ref());
            let mut out = format!("{done}\n{head}\n");
            if !copied.checked.is_clean() {
                out += &t!(lang, "db.copied_flawed");
                out.push('\n');
                out += &finding_lines(config, &copied.checked);
            }
            out
        }
        Format::Json => {
            let findings: Vec<_> = copied.checked.findings.iter().map(finding_json).collect();
            let done = json!({
                "kind": "db_backup",
                "file": args.file.display().to_string(),
                "bytes": copied.bytes,
                "chain": copied.head.as_ref().map(head_json),
                "clean": copied.checked.is_clean(),
                "findings": findings,
            });
            format!("{done:#}\n")
        }
    };
    crate::cli::print(&text)?;
    Ok(ExitCode::from(if copied.checked.is_clean() { EXIT_OK } else { EXIT_FINDING }))
}
