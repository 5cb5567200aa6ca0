//! `tuantra db stats`: the store in figures.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde_json::json;

use super::{bytes, count, day, named, open, time, told};
use crate::cli::status::table;
use crate::cli::{EXIT_OK, Format};
use crate::config::Config;
use crate::locale::{decimal, duration, percent, text};
use crate::store::Stats;
use crate::t;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra db stats
  tuantra db stats --format json | jq '.tables[] | [.name, .bytes]'

It reads the whole file once, beside a running daemon too.

Exit code: 0 told, 2 the store cannot be read.")]
pub struct Args {
    /// text or json
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub fn run(args: &Args, config: &Config) -> anyhow::Result<ExitCode> {
    let stats = open(config)?.stats().map_err(|error| told(config.language, &error))?;
    crate::cli::print(&match args.format {
        Format::Text => written(&stats, config),
        Format::Json => format!("{:#}\n", in_json(&stats, config)),
    })?;
    Ok(ExitCode::from(EXIT_OK))
}

fn written(stats: &Stats, config: &Config) -> String {
    let lang = config.language;
    let mut out = String::new();
    let mut line = |text: &str| _ = writeln!(out, "{text}");
    let n = |n| count(lang, n);
    let when = |at: Option<_>| at.map_or_else(|| "–".to_owned(), |at| time(config, at));
    line(&t!(
        lang,
        "db.stats_file",
        file = named(&config.store),
        version = stats.version,
        size = bytes(lang, stats.file_bytes),
        wal = bytes(lang, stats.wal_bytes)
    ));
    line(&t!(lang, "db.stats_kept", first = when(stats.first), last = when(stats.last)));
    line(&t!(
        lang,
        "db.stats_samples",
        since = when(stats.oldest_samples),
        samples = duration(lang, config.samples_kept_ms),
        rollups = duration(lang, config.rollups_kept_ms)
    ));
    line(&t!(
        lang,
        "db.stats_counts",
        subjects = n(stats.subjects),
        series = n(stats.series),
        samples = n(stats.samples),
        intervals = n(stats.intervals),
        events = n(stats.events)
    ));
    if let Some(milli) = stats.milli_bytes_a_sample() {
        let each = decimal(lang, i64::try_from(milli).unwrap_or(i64::MAX), 2);
        line(&t!(
            lang,
            "db.stats_each",
            size = bytes(lang, stats.sample_bytes),
            each = each,
            rollups = bytes(lang, stats.rollup_bytes)
        ));
    }
    line(&match &stats.head {
        Some(head) => {
            t!(
                lang,
                "db.stats_chain",
                n = n(head.n.max(0).cast_unsigned()),
                day = day(lang, head.day),
                head = head.head
            )
        }
        None => t!(lang, "db.no_chain"),
    });
    line("");
    let heading = |key: &str| text(lang, key).to_owned();
    let mut rows =
        vec![[heading("db.table"), heading("db.rows"), heading("db.size"), heading("db.share")]];
    let share = |pages: u64| {
        let ppm = u128::from(pages) * 1_000_000 / u128::from(stats.pages.max(1));
        percent(lang, u32::try_from(ppm).unwrap_or(1_000_000), 1)
    };
    for table in &stats.tables {
        rows.push([
            table.name.clone(),
            n(table.rows),
            bytes(lang, table.pages * stats.page_bytes),
            share(table.pages),
        ]);
    }
    let free = bytes(lang, stats.free_pages * stats.page_bytes);
    rows.push([heading("db.free"), String::new(), free, share(stats.free_pages)]);
    table(&mut out, &rows, 1);
    out
}

fn in_json(stats: &Stats, config: &Config) -> serde_json::Value {
    json!({
        "kind": "db_stats",
        "schema": stats.version,
        "file_bytes": stats.file_bytes,
        "wal_bytes": stats.wal_bytes,
        "page_bytes": stats.page_bytes,
        "pages": stats.pages,
        "free_pages": stats.free_pages,
        "tables": stats.tables.iter().map(|table| json!({
            "name": table.name,
            "rows": table.rows,
            "pages": table.pages,
            "bytes": table.pages * stats.page_bytes,
            "used_bytes": table.used_bytes,
        })).collect::<Vec<_>>(),
        "subjects": stats.subjects,
        "series": stats.series,
        "samples": stats.samples,
        "intervals": stats.intervals,
        "events": stats.events,
        "sample_bytes": stats.sample_bytes,
        "rollup_bytes": stats.rollup_bytes,
        "milli_bytes_per_sample": stats.milli_bytes_a_sample(),
        "first": stats.first,
        "last": stats.last,
        "oldest_samples": stats.oldest_samples,
        "retention_s": {
            "samples": config.samples_kept_ms / 1_000,
            "rollups": config.rollups_kept_ms / 1_000,
        },
        "chain": stats.head.as_ref().map(crate::cli::verify::head_json),
    })
}
