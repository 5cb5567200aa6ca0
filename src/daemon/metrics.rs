//! `/metrics`: what the daemon knows and how it fares, as Prometheus reads it.
//!
//! Guarantees: every figure is one that clients of the socket are given, too; what is not known has
//! no line (never 0); the patrol's task hands over what it has, and the text is made elsewhere. Must
//! not compute anything of its own.

mod text;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use super::Request;
use super::patrol::Patrol;
use super::services::Measured;
use crate::api::{Snapshot, SubjectRow};
use crate::model::{State, SubjectId, SubjectKind, Tier, UnixMs};
use crate::probe::{Account, Skip, Stats, service};
use crate::store::StoreStatus;
use text::Page;

/// What is shown, as of one moment.
pub(super) struct Gauges {
    snapshot: Arc<Snapshot>,
    probe: Stats,
    services: service::Stats,
    measured: Vec<(SubjectId, u8, Measured)>,
    store: StoreStatus,
    outbox: usize,
}

impl Patrol {
    /// What `/metrics` shows now.
    pub(in crate::daemon) fn gauges(&mut self, now: UnixMs) -> Gauges {
        let snapshot = self.snapshot(now);
        let (probe, services, outbox) = self.figures();
        let measured = self.measured();
        Gauges { snapshot, probe, services, measured, store: self.store().status(), outbox }
    }
}

/// Answers at an address until the runtime ends.
///
/// # Errors
/// The address cannot be listened at.
pub(super) async fn serve(
    address: SocketAddr,
    requests: mpsc::Sender<Request>,
) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    let router = Router::new().route("/metrics", get(metrics)).with_state(requests);
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "metrics are no longer served");
        }
    });
    tracing::info!(%address, "metrics");
    Ok(())
}

async fn metrics(Shared(requests): Shared<mpsc::Sender<Request>>) -> Response {
    let (reply, answer) = oneshot::channel();
    if requests.send(Request::Metrics(reply)).await.is_err() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let Ok(gauges) = answer.await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let kind = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, page(&gauges)).into_response()
}

/// The whole page.
fn page(gauges: &Gauges) -> String {
    let mut page = Page::default();
    subjects(&mut page, &gauges.snapshot.subjects);
    coverage(&mut page, &gauges.snapshot);
    services(&mut page, gauges);
    health(&mut page, gauges);
    probe(&mut page, gauges);
    store(&mut page, gauges);
    page.into_text()
}

const fn code(state: State) -> u8 {
    match state {
        State::Up => 0,
        State::Degraded => 1,
        State::Down => 2,
        State::Unreachable => 3,
        State::Unmeasured => 4,
    }
}

fn subject_labels(row: &SubjectRow) -> Vec<(&'static str, &str)> {
    let mut labels = vec![
        ("subject", row.id.as_str()),
        ("kind", row.kind.as_str()),
        ("unit", row.unit.as_str()),
    ];
    labels.extend(row.network.as_ref().map(|network| ("network", network.as_str())));
    labels.extend(row.carrier.as_ref().map(|carrier| ("carrier", carrier.as_str())));
    labels
}

fn subjects(page: &mut Page, rows: &[SubjectRow]) {
    page.gauge(
        "tuantra_subject_state",
        "State of a subject: 0 up, 1 degraded, 2 down, 3 unreachable, 4 unmeasured.",
    );
    for row in rows {
        page.line(&subject_labels(row), code(row.now.state));
    }
    page.gauge("tuantra_subject_rtt_seconds", "Median round-trip time of the last round.");
    for row in rows {
        if let Some(us) = row.now.rtt_us {
            page.line(&subject_labels(row), seconds(us.into()));
        }
    }
    page.gauge("tuantra_subject_loss_ratio", "Share of the last round's packets that were lost.");
    for row in rows {
        if let Some(permille) = row.now.loss_permille {
            page.line(&subject_labels(row), thousandths(permille.into()));
        }
    }
    page.gauge("tuantra_subjects", "Subjects of a kind in a state.");
    for kind in SubjectKind::ALL {
        for state in State::ALL {
            let is_it = |row: &&SubjectRow| row.kind == kind && row.now.state == state;
            let labels = [("kind", kind.as_str()), ("state", state.as_str())];
            page.line(&labels, rows.iter().filter(is_it).count());
        }
    }
}

/// The ladder of every unit that has others beneath it.
fn coverage(page: &mut Page, snapshot: &Snapshot) {
    page.gauge(
        "tuantra_coverage_units",
        "Units beneath a unit by network and tier that stand on a rung of the coverage ladder.",
    );
    let parents: std::collections::HashSet<_> =
        snapshot.units.iter().filter_map(|unit| unit.parent.as_ref()).collect();
    for unit in snapshot.units.iter().filter(|unit| parents.contains(&unit.id)) {
        for one in &unit.subtree {
            let ladder = one.ladder;
            for (rung, count) in [
                ("required", ladder.required),
                ("deployed", ladder.deployed),
                ("measured", ladder.measured),
                ("live", ladder.live),
                ("met", ladder.met),
            ] {
                let labels = [
                    ("unit", unit.id.as_str()),
                    ("network", one.network.as_str()),
                    ("tier", Tier::as_str(one.tier)),
                    ("rung", rung),
                ];
                page.line(&labels, count);
            }
        }
    }
    page.gauge("tuantra_incidents", "Open incidents.");
    let open = snapshot.incidents.len();
    let taken = snapshot.incidents.iter().filter(|incident| incident.ack.is_some()).count();
    page.line(&[("acknowledged", "no")], open - taken);
    page.line(&[("acknowledged", "yes")], taken);
}

fn services(page: &mut Page, gauges: &Gauges) {
    let mut family = |name, help, parts: &[(&str, Option<&str>)], scale: fn(i64) -> String| {
        page.gauge(name, help);
        for (subject, check, measured) in &gauges.measured {
            let number = (u32::from(*check) + 1).to_string();
            for (metric, value) in measured {
                let Some((_, phase)) = parts.iter().find(|(part, _)| metric.ends_with(part)) else {
                    continue;
                };
                let mut labels = vec![("subject", subject.as_str()), ("check", number.as_str())];
                labels.extend(phase.map(|phase| ("phase", phase)));
                page.line(&labels, scale(*value));
            }
        }
    };
    family(
        "tuantra_service_phase_seconds",
        "Time of a part of a service's last round.",
        &[
            (".connect_us", Some("connect")),
            (".tls_us", Some("tls")),
            (".wait_us", Some("wait")),
            (".body_us", Some("body")),
        ],
        seconds,
    );
    family(
        "tuantra_service_certificate_remaining_seconds",
        "Time that a service's certificate lasts, in whole days.",
        &[("tls.days_left", None)],
        |days| days.saturating_mul(86_400).to_string(),
    );
    family(
        "tuantra_service_clock_offset_seconds",
        "How much a time server's clock is ahead of this machine's.",
        &[("ntp.offset_us", None)],
        seconds,
    );
    let stats = &gauges.services;
    page.one_gauge("tuantra_service_checks", "Checks of services.", stats.targets);
    page.one_gauge("tuantra_service_in_flight", "Services being asked.", stats.in_flight);
    page.one_gauge(
        "tuantra_service_lag_seconds",
        "How late the latest round of a service began.",
        thousandths(i64::try_from(stats.lag_ms).unwrap_or(i64::MAX)),
    );
    page.one_counter("tuantra_service_rounds_total", "Rounds of services.", stats.rounds);
}

/// The daemon's own health.
fn health(page: &mut Page, gauges: &Gauges) {
    let daemon = &gauges.snapshot.daemon;
    page.gauge("tuantra_build_info", "The version that runs.");
    page.line(&[("version", daemon.version.as_str())], 1);
    let began = thousandths(daemon.started.0);
    page.one_gauge("tuantra_start_time_seconds", "When the daemon began, Unix time.", began);
    page.gauge("tuantra_blind", "The patrol sees nothing, or nothing beyond a carrier.");
    let is_blind = daemon.blind.iter().any(|blind| blind.carrier.is_none());
    page.line(&[("carrier", "")], u8::from(is_blind));
    for blind in &daemon.blind {
        if let Some(carrier) = &blind.carrier {
            page.line(&[("carrier", carrier.as_str())], 1);
        }
    }
    let is_refused = daemon.reload_failure.is_some();
    page.one_gauge(
        "tuantra_reload_failed",
        "The last reload was refused, and an older inventory is in force.",
        u8::from(is_refused),
    );
    page.one_gauge("tuantra_outbox_waiting", "Messages not delivered yet.", gauges.outbox);
    page.one_gauge(
        "tuantra_channels_in_trouble",
        "Alert channels that take no messages.",
        daemon.channels.len(),
    );
}

/// What became of every turn, round and packet: each family adds up to the one before it.
fn account(page: &mut Page, account: &Account) {
    page.counter(
        "tuantra_probe_turns_total",
        "Rounds of pings that fell due, and whether they began.",
    );
    page.line(&[("fate", "begun")], account.begun);
    for (why, count) in Skip::ALL.into_iter().zip(account.skipped) {
        page.line(&[("fate", why.as_str())], count);
    }
    page.counter("tuantra_probe_outcomes_total", "Rounds of pings by what they came to.");
    for (outcome, count) in [
        ("answered", account.answered),
        ("silent", account.silent),
        ("refused", account.refused),
        ("spoilt", account.spoilt),
        ("cancelled", account.cancelled),
    ] {
        page.line(&[("outcome", outcome)], count);
    }
    page.counter("tuantra_probe_packets_total", "Echo requests sent by what became of them.");
    for (fate, count) in [
        ("received", account.received),
        ("lost", account.lost),
        ("icmp_error", account.errors),
        ("overflowed", account.overflowed),
        ("given_up", account.given_up),
    ] {
        page.line(&[("fate", fate)], count);
    }
    page.one_gauge(
        "tuantra_probe_packets_waiting",
        "Echo requests whose answer is waited for.",
        account.waiting,
    );
}

fn probe(page: &mut Page, gauges: &Gauges) {
    let stats = &gauges.probe;
    account(page, &stats.account);
    if let Some(permille) = gauges.snapshot.daemon.own_loss_permille {
        page.one_gauge(
            "tuantra_control_loss_ratio",
            "Share of the control targets' packets of the last minute that were lost.",
            thousandths(permille.into()),
        );
    }
    page.one_gauge("tuantra_probe_targets", "Addresses pinged.", stats.targets);
    page.one_gauge("tuantra_probe_in_flight", "Rounds of pings under way.", stats.in_flight);
    page.one_gauge(
        "tuantra_probe_lag_seconds",
        "The longest a planned round of the last minute waited for its turn.",
        thousandths(stats.lag_ms),
    );
    for (name, help, count) in [
        ("tuantra_probe_rounds_total", "Rounds of pings that are over.", stats.account.rounds()),
        ("tuantra_probe_packets_sent_total", "Echo requests sent.", stats.account.sent),
        ("tuantra_probe_packets_received_total", "Echo replies counted.", stats.account.received),
        ("tuantra_probe_late_total", "Replies to packets already given up.", stats.late),
        ("tuantra_probe_duplicate_total", "Second answers to one packet.", stats.duplicate),
        ("tuantra_probe_stray_total", "Replies that are nobody's.", stats.stray),
        (
            "tuantra_probe_wrong_source_total",
            "Replies to our packets from another address than the one asked.",
            stats.wrong_source,
        ),
        ("tuantra_probe_overflow_total", "Packets that found our buffer full.", stats.overflow),
        ("tuantra_probe_deferred_total", "Sends put off for want of room.", stats.deferred),
        ("tuantra_probe_local_errors_total", "Sends this machine refused.", stats.local_errors),
        ("tuantra_probe_cancelled_total", "Rounds given up.", stats.account.cancelled),
        ("tuantra_probe_answers_dropped_total", "Answers nobody read.", stats.answers_dropped),
    ] {
        page.one_counter(name, help, count);
    }
}

fn store(page: &mut Page, gauges: &Gauges) {
    let status = &gauges.store;
    page.gauge("tuantra_store_waiting", "What waits to be written.");
    page.line(&[("kind", "samples")], status.waiting_samples);
    page.line(&[("kind", "facts")], status.waiting_facts);
    if let Some(written) = status.written {
        page.one_gauge(
            "tuantra_store_written_timestamp_seconds",
            "Newest instant that a committed record speaks of, Unix time.",
            thousandths(written.0),
        );
    }
    page.one_gauge(
        "tuantra_store_trouble",
        "Something hinders recording.",
        u8::from(status.trouble.is_some()),
    );
    page.one_counter("tuantra_store_commits_total", "Transactions tried.", status.commits);
    page.one_counter(
        "tuantra_store_commit_seconds_total",
        "Time spent in transactions.",
        seconds(i64::try_from(status.commit_us).unwrap_or(i64::MAX)),
    );
    page.one_counter(
        "tuantra_store_dropped_samples_total",
        "Samples given up because the store could not keep pace.",
        status.dropped_samples,
    );
}

/// Microseconds in seconds, exactly.
fn seconds(us: i64) -> String {
    scaled(us, 1_000_000, 6)
}

/// Thousandths as a decimal number.
fn thousandths(value: i64) -> String {
    scaled(value, 1_000, 3)
}

fn scaled(value: i64, by: u64, places: usize) -> String {
    let (whole, rest) = (value.unsigned_abs() / by, value.unsigned_abs() % by);
    let mut text = String::from(if value < 0 { "-" } else { "" });
    let _ = write!(text, "{whole}.{rest:0places$}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_exact() {
        assert_eq!(seconds(1_500_001), "1.500001");
        assert_eq!(seconds(-20), "-0.000020");
        assert_eq!(thousandths(1_793_491_200_005), "1793491200.005");
    }
}
