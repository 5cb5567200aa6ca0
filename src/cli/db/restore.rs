//! `tuantra db restore`: the way back from a copy.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use super::{Meter, kept_from, named, time, told};
use crate::cli::verify::{head_json, head_text};
use crate::cli::{EXIT_FINDING, EXIT_OK, Format};
use crate::config::Config;
use crate::daemon::clock;
use crate::store::{self, StoreError};
use crate::t;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  systemctl stop tuantra
  tuantra db restore /var/backups/tuantra-2026-11-26.db
  systemctl start tuantra

The daemon must not run. The copy is checked before it takes the store's place; the store that is
there gets another name, which is printed, and is never deleted.

Exit code: 0 restored, 1 the copy does not hold (tuantra db check says why, with a configuration
whose `store` is the copy), 2 not restored: the daemon runs, or a file cannot be read or written.")]
pub struct Args {
    /// A copy that `tuantra db backup` made
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// text or json
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub fn run(args: &Args, config: &Config) -> anyhow::Result<ExitCode> {
    let lang = config.language;
    let now = clock::now();
    let mut meter = Meter::new(lang);
    let who = (std::process::id(), now);
    let done =
        store::restore(&config.store, &args.file, who, kept_from(config, now), &mut |done| {
            meter.tell(done);
        });
    drop(meter);
    let restored = match done {
        Ok(restored) => restored,
        Err(flawed @ StoreError::Flawed { .. }) => {
            crate::cli::complain(&told(lang, &flawed).to_string());
            return Ok(ExitCode::from(EXIT_FINDING));
        }
        Err(error) => return Err(told(lang, &error)),
    };
    crate::cli::print(&match args.format {
        Format::Text => {
            let last = restored.last.map_or_else(|| "–".to_owned(), |at| time(config, at));
            let store = named(&config.store);
            let mut out =
                t!(lang, "db.restored", file = named(&args.file), store = store, last = last);
            out.push('\n');
            if let Some(aside) = &restored.aside {
                out += &t!(lang, "db.aside", aside = named(aside));
                out.push('\n');
            }
            out + &head_text(lang, restored.head.as_ref()) + "\n"
        }
        Format::Json => {
            let done = json!({
                "kind": "db_restore",
                "aside": restored.aside.map(|aside| aside.display().to_string()),
                "last": restored.last,
                "chain": restored.head.as_ref().map(head_json),
            });
            format!("{done:#}\n")
        }
    })?;
    Ok(ExitCode::from(EXIT_OK))
}
