//! The rows of each kind of export.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::ControlFlow;

use super::sink::Sink;
use super::{Reader, Wanted};
use crate::model::{Metric, PointKind, RoundError, Span, SubjectId, UnixMs, format_scaled};
use crate::report::Cell;
use crate::store::{CounterRollup, GaugeRollup, PointRollup, Rollup, StoreError};

type Done = Result<(), StoreError>;

fn at(at: UnixMs) -> Cell {
    // No figure: a spreadsheet's decimal comma has no place in it.
    Cell::text(&at.to_string())
}

fn until(end: Option<UnixMs>) -> Cell {
    end.map_or_else(|| Cell::text(""), at)
}

fn optional_id(id: Option<&SubjectId>) -> Cell {
    Cell::text(id.map_or("", |id| id.as_str()))
}

fn seconds(ms: i64) -> Cell {
    Cell::figure(format!("{}.{:03}", ms / 1_000, ms % 1_000))
}

fn is_wanted(subjects: Option<&BTreeSet<SubjectId>>, id: &SubjectId) -> bool {
    subjects.is_none_or(|all| all.contains(id))
}

pub(super) fn samples(reader: &Reader, wanted: &Wanted, sink: &mut Sink) -> Done {
    sink.head(&["at", "subject", "check", "sent", "lost", "rtt_us", "error"]);
    let wants = |id: &SubjectId| is_wanted(wanted.subjects.as_ref(), id);
    reader.rounds_of(wanted.window, &wants, &mut |subject, sample| {
        let rtts: Vec<String> = sample.rtts.as_slice().iter().map(u32::to_string).collect();
        sink.row(&[
            at(sample.at),
            Cell::text(subject.as_str()),
            Cell::figure(sample.check),
            Cell::figure(sample.sent),
            Cell::figure(sample.lost),
            Cell::text(&rtts.join(" ")),
            Cell::text(&sample.error.map_or_else(String::new, error_word)),
        ])
    })
}

pub(super) fn points(reader: &Reader, wanted: &Wanted, sink: &mut Sink) -> Done {
    sink.head(&["at", "subject", "metric", "kind", "value"]);
    let wants = |id: &SubjectId| is_wanted(wanted.subjects.as_ref(), id);
    reader.points_of(wanted.window, &wants, &mut |subject, metric, point| {
        sink.row(&[
            at(point.at),
            Cell::text(subject.as_str()),
            Cell::text(&metric.name),
            Cell::text(kind_word(metric.kind)),
            Cell::figure(point.value),
        ])
    })
}

const fn kind_word(kind: PointKind) -> &'static str {
    match kind {
        PointKind::Counter => "counter",
        PointKind::Gauge => "gauge",
    }
}

/// With who said it, where that is known.
fn said(word: String, by: Option<IpAddr>) -> String {
    match by {
        Some(by) => format!("{word} by {by}"),
        None => word,
    }
}

/// What came instead of an answer: a word, and its number where it has one.
fn error_word(error: RoundError) -> String {
    match error {
        RoundError::Unreachable { code, by } => said(format!("unreachable {code}"), by),
        RoundError::TtlExceeded { by } => said("ttl_exceeded".to_owned(), by),
        RoundError::FragNeeded { mtu, by } => said(format!("too_big {mtu}"), by),
        RoundError::OwnLoss { packets } => format!("own_loss {packets}"),
        RoundError::Local { errno } => format!("local {errno}"),
        RoundError::Overflow => "overflow".to_owned(),
        RoundError::Snmp(trouble) => format!("snmp {}", trouble.as_str()),
        RoundError::InterfaceDown { admin: true } => "interface_off".to_owned(),
        RoundError::InterfaceDown { admin: false } => "interface_down".to_owned(),
        RoundError::Service(trouble) => match trouble.number() {
            Some(number) => format!("service {} {number}", trouble.as_str()),
            None => format!("service {}", trouble.as_str()),
        },
        RoundError::Over(threshold) => format!("over {}", threshold.as_str()),
    }
}

pub(super) fn states(reader: &Reader, wanted: &Wanted, sink: &mut Sink) -> Done {
    sink.head(&["subject", "from", "to", "state", "cause"]);
    for subject in reader.known_subjects()? {
        if !is_wanted(wanted.subjects.as_ref(), &subject) {
            continue;
        }
        for (_, record) in reader.intervals(Some(&subject), wanted.window)? {
            for interval in record {
                let row = sink.row(&[
                    Cell::text(subject.as_str()),
                    at(interval.from),
                    until(interval.to),
                    Cell::text(interval.state.as_str()),
                    optional_id(interval.cause.as_ref()),
                ]);
                if row.is_break() {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

pub(super) fn outages(reader: &Reader, wanted: &Wanted, sink: &mut Sink) -> Done {
    sink.head(&["subject", "start", "end", "seconds", "unmeasured_s", "state", "cause"]);
    for found in reader.outages(wanted.window, &wanted.filter)? {
        let outage = &found.outage;
        let length = outage.end.map(|end| end.since(outage.start));
        let row = sink.row(&[
            Cell::text(found.subject.as_str()),
            at(outage.start),
            until(outage.end),
            length.map_or_else(|| Cell::figure(""), seconds),
            seconds(outage.unmeasured_ms),
            Cell::text(outage.state.as_str()),
            optional_id(outage.cause.as_ref()),
        ]);
        if row.is_break() {
            return Ok(());
        }
    }
    Ok(())
}

pub(super) fn events(reader: &Reader, wanted: &Wanted, sink: &mut Sink) -> Done {
    sink.head(&["number", "at", "kind", "subject", "detail"]);
    reader.each_event(wanted.window, &mut |found| {
        let event = &found.event;
        let is_meant = match &event.subject {
            Some(subject) => is_wanted(wanted.subjects.as_ref(), subject),
            None => wanted.subjects.is_none(),
        };
        if !is_meant {
            return ControlFlow::Continue(());
        }
        sink.row(&[
            Cell::figure(found.seq),
            at(event.at),
            Cell::text(event.kind.as_str()),
            optional_id(event.subject.as_ref()),
            Cell::text(&event.detail.to_string()),
        ])
    })
}

pub(super) fn rollups(reader: &Reader, wanted: &Wanted, sink: &mut Sink) -> Done {
    sink.head(&[
        "subject",
        "from",
        "seconds",
        "rounds",
        "failed",
        "own_faults",
        "sent",
        "lost",
        "rtt_min_us",
        "rtt_mean_us",
        "rtt_p50_us",
        "rtt_p95_us",
        "rtt_p99_us",
        "rtt_max_us",
    ]);
    for subject in reader.known_subjects()? {
        if !is_wanted(wanted.subjects.as_ref(), &subject) {
            continue;
        }
        for (from, rollup) in reader.rollups(&subject, wanted.window, wanted.resolution)? {
            let span = Span::new(from, from + wanted.resolution.ms());
            if sink.row(&rollup_row(&subject, span, &rollup)).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn rollup_row(subject: &SubjectId, span: Span, rollup: &Rollup) -> [Cell; 14] {
    let quantile = |permille| Cell::optional(rollup.rtt_quantile_us(permille));
    [
        Cell::text(subject.as_str()),
        at(span.from),
        Cell::figure(span.len_ms() / 1_000),
        Cell::figure(rollup.rounds),
        Cell::figure(rollup.failed),
        Cell::figure(rollup.own_faults),
        Cell::figure(rollup.sent),
        Cell::figure(rollup.lost),
        Cell::optional(rollup.rtt_min_us),
        Cell::optional(rollup.rtt_sum_us.checked_div(rollup.sketch.count())),
        quantile(500),
        quantile(950),
        quantile(990),
        Cell::optional(rollup.rtt_max_us),
    ]
}

/// Of a counter the statistics are of its rates: how much a second, in the mean of five minutes; of a
/// gauge they are of its values.
pub(super) fn point_rollups(reader: &Reader, wanted: &Wanted, sink: &mut Sink) -> Done {
    sink.head(&[
        "subject",
        "metric",
        "kind",
        "from",
        "seconds",
        "readings",
        "counted",
        "measured_s",
        "restarts",
        "min",
        "mean",
        "p50",
        "p95",
        "p99",
        "max",
    ]);
    let wants = |id: &SubjectId| is_wanted(wanted.subjects.as_ref(), id);
    let length = Cell::figure(wanted.resolution.ms() / 1_000);
    let mut each = |subject: &SubjectId, metric: &Metric, from: UnixMs, rollup: &PointRollup| {
        let mut row = vec![
            Cell::text(subject.as_str()),
            Cell::text(&metric.name),
            Cell::text(kind_word(metric.kind)),
            at(from),
            length.clone(),
            Cell::figure(rollup.readings()),
        ];
        match rollup {
            PointRollup::Counter(rollup) => row.extend(counter_cells(rollup)),
            PointRollup::Gauge(rollup) => row.extend(gauge_cells(rollup)),
        }
        sink.row(&row)
    };
    reader.point_rollups_of(wanted.window, wanted.resolution, &wants, &mut each)
}

fn counter_cells(rollup: &CounterRollup) -> [Cell; 9] {
    let rate = |milli: Option<i64>| Cell::optional(milli.map(|milli| format_scaled(milli, 3)));
    let quantile = |permille| rate(rollup.rates.quantile(permille));
    [
        Cell::figure(rollup.counted),
        Cell::figure(format_scaled(rollup.measured_ms.cast_signed(), 3)),
        Cell::figure(rollup.restarts),
        quantile(0),
        rate(rollup.mean_milli().and_then(|milli| i64::try_from(milli).ok())),
        quantile(500),
        quantile(950),
        quantile(990),
        quantile(1000),
    ]
}

fn gauge_cells(rollup: &GaugeRollup) -> [Cell; 9] {
    let nothing = || Cell::text("");
    let quantile = |permille| Cell::optional(rollup.quantile(permille));
    [
        nothing(),
        nothing(),
        nothing(),
        Cell::optional(rollup.ends.map(|(least, _)| least)),
        Cell::optional(rollup.mean()),
        quantile(500),
        quantile(950),
        quantile(990),
        Cell::optional(rollup.ends.map(|(_, most)| most)),
    ]
}
