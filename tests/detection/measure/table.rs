//! The figures as Markdown, on standard output.

use std::fmt::Write as _;
use std::io::Write as _;

use super::figures::{Figures, Spread};
use super::plan::Settings;

/// A line on standard output; whoever reads it may have gone, the exit code remains.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// A line on standard error.
pub fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "detection: {text}");
}

/// What was measured, under which settings.
pub fn heading(settings: &Settings) -> String {
    let periods = settings.periods();
    format!(
        "seed {}, {} min, periods `{}` / {}: interval {}, retry {}, {} packets {} apart, time-out {}\n",
        settings.seed,
        settings.run_ms as f64 / 60_000.0,
        settings.periods_name,
        settings.scale,
        time(periods.interval_ms),
        time(periods.retry_ms),
        periods.ping.count,
        time(periods.ping.spacing_ms.into()),
        time(periods.ping.timeout_ms.into()),
    )
}

/// The table of one phase.
pub fn table(figures: &Figures) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = if figures.phase == "loss" {
        loss(&mut text, figures)
    } else {
        outages(&mut text, figures)
    };
    let _ = own_side(&mut text, figures);
    for miss in figures.misses() {
        let _ = writeln!(text, "MISSED: {miss}");
    }
    text
}

fn outages(text: &mut String, figures: &Figures) -> std::fmt::Result {
    writeln!(
        text,
        "| length | scripted | found | recall | no round in it | too few rounds | overlooked |"
    )?;
    writeln!(text, "| --- | ---: | ---: | ---: | ---: | ---: | ---: |")?;
    for class in &figures.classes {
        let name = format!("{} – {}", time(class.from_ms), time(class.to_ms));
        let recall = percent(class.found, class.scripted);
        let (scripted, found) = (class.scripted, class.found);
        let (unseen, few, over) = (class.unseen, class.unconfirmed, class.overlooked);
        writeln!(text, "| {name} | {scripted} | {found} | {recall} | {unseen} | {few} | {over} |")?;
    }
    let (scripted, found) = figures.beyond_limit;
    let (limit, sure) = (time(figures.limit_ms), time(figures.guaranteed_ms));
    let recall = percent(found, scripted);
    writeln!(
        text,
        "| **over {limit}** (sure from {sure} on) | {scripted} | {found} | **{recall}** | | | |\n"
    )?;
    writeln!(text, "| | count | least | p50 | p99 of its size | most | bound |")?;
    writeln!(text, "| --- | ---: | ---: | ---: | ---: | ---: | ---: |")?;
    let behind = &figures.behind;
    spread(text, "start error", &figures.start, &time(figures.interval_ms + figures.slack_ms))?;
    spread(text, "end error", &figures.end, &time(figures.retry_ms + figures.slack_ms))?;
    spread(text, "from the cut to the verdict", &figures.told, "–")?;
    spread(text, "behind a cut trunk: start error", &behind.start, "–")?;
    spread(text, "behind a cut trunk: end error", &behind.end, "–")?;
    writeln!(text)?;
    writeln!(
        text,
        "False outages: {}. Recorded in pieces: {}.",
        figures.false_outages, figures.broken
    )?;
    writeln!(
        text,
        "Lines behind a cut trunk: {} of {} unreachable with it as the cause, {} blamed; \
         behind cuts of {limit} or less {} of {} blamed (the longest of \
         these cuts: {}).",
        behind.unreachable,
        behind.cases,
        behind.blamed,
        behind.blamed_behind_short,
        behind.short_cases,
        time(behind.blamed_up_to_ms)
    )
}

fn loss(text: &mut String, figures: &Figures) -> std::fmt::Result {
    let asked = &figures.asked;
    let share = percent(asked.packets_lost as usize, asked.packets as usize);
    let lost = asked.lost_whole;
    writeln!(
        text,
        "| run | packets | lost | rounds | lost whole | most in a row | asked in doubt | **false outages** |"
    )?;
    writeln!(text, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")?;
    let (run, rounds, row) = (time(figures.run_ms), asked.rounds, asked.worst_run);
    let (packets, doubt, false_ones) = (asked.packets, asked.in_doubt, figures.false_outages);
    writeln!(
        text,
        "| {run} | {packets} | {share} | {rounds} | {lost} | {row} | {doubt} | **{false_ones}** |"
    )
}

fn own_side(text: &mut String, figures: &Figures) -> std::fmt::Result {
    writeln!(
        text,
        "The patrol's own side: {} unmeasured, wall clock moved by {} ms, {} answers not delivered.",
        time(figures.unmeasured_ms),
        figures.clock_drift_ms,
        figures.overflow
    )
}

fn spread(text: &mut String, name: &str, s: &Spread, bound: &str) -> std::fmt::Result {
    if s.count == 0 {
        return Ok(());
    }
    let (least, p50, p99, most) = (time(s.least), time(s.p50), time(s.p99_abs), time(s.most));
    writeln!(text, "| {name} | {} | {least} | {p50} | {p99} | {most} | {bound} |", s.count)
}

fn percent(part: usize, whole: usize) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    format!("{:.1} %", part as f64 * 100.0 / whole as f64)
}

fn time(ms: i64) -> String {
    match ms.abs() {
        0..1_000 => format!("{ms} ms"),
        1_000..120_000 => format!("{:.2} s", ms as f64 / 1_000.0),
        _ => format!("{:.1} min", ms as f64 / 60_000.0),
    }
}
