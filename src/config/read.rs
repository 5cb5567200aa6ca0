//! The tree of the file to a [`Config`]: bounds, words, references between values; every mistake
//! is noted and reading goes on with the default in its place.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use super::yaml::{self, Value};
use super::{Config, Engine};
use crate::locale::Lang;
use crate::model::{
    Diagnostic, HealthParams, Message, Misfit, PingParams, SnmpParams, format_duration,
    format_scaled, misfit,
};

mod alerts;
mod credentials;
mod desk;
mod letter;
mod limits;
mod sentinels;
mod sources;
mod traps;
mod words;
pub(in crate::config) use credentials::unknown_hint;
use desk::{Desk, Section};
pub(crate) use words::nearest;

/// A Unix socket's path has 108 bytes on Linux and 104 elsewhere, with a zero at its end.
const SOCKET_BYTES_MAX: usize = 100;
const RATE_PPS_MAX: i64 = 100_000;
const DAY_MS: i64 = 86_400_000;

/// Every key there is, by section.
pub(super) const KEYS: [(&str, &[&str]); 28] = [
    (
        "",
        &[
            "timezone",
            "language",
            "inventory",
            "store",
            "socket",
            "health",
            "sentinels",
            "probe",
            "credentials",
            "goals",
            "report",
            "alerts",
            "retention",
            "metrics",
        ],
    ),
    (
        "health",
        &[
            "interval",
            "retry",
            "confirm",
            "recover",
            "poor",
            "loss_pct",
            "rtt",
            "rtt_ms",
            "correlation_window",
            "baseline",
            "flapping",
            "off_hours_grace",
            "measured_floor",
            "thresholds",
        ],
    ),
    ("health.thresholds", &["utilisation", "errors", "cpu", "memory", "temperature", "charge"]),
    ("health.thresholds.utilisation", &["high", "low"]),
    ("health.thresholds.errors", &["high", "low"]),
    ("health.thresholds.cpu", &["high", "low"]),
    ("health.thresholds.memory", &["high", "low"]),
    ("health.thresholds.temperature", &["high", "low"]),
    ("health.thresholds.charge", &["high", "low"]),
    ("health.flapping", &["window", "high_pct", "low_pct"]),
    ("sentinels", &["address", "carrier", "control"]),
    ("probe", &["icmp", "snmp", "services"]),
    ("probe.services", &["ca"]),
    (
        "probe.icmp",
        &[
            "engine",
            "count",
            "spacing",
            "timeout",
            "size",
            "df",
            "tos",
            "rate",
            "group_rate",
            "source",
            "sources",
        ],
    ),
    (
        "probe.snmp",
        &[
            "interval",
            "timeout",
            "retries",
            "in_flight",
            "group_rate",
            "max_repetitions",
            "profiles",
            "traps",
        ],
    ),
    ("probe.snmp.traps", &["listen", "credentials"]),
    (
        "credentials",
        &["version", "community", "user", "auth", "priv", "context", "allow_weak", "port"],
    ),
    ("credentials.auth", &["md5", "sha1", "sha224", "sha256", "sha384", "sha512"]),
    ("credentials.priv", &["des", "aes128", "aes192", "aes192c", "aes256", "aes256c"]),
    ("goals", &["coverage_pct", "availability"]),
    ("report", &["authority", "office", "number", "place", "recipients", "signatory"]),
    ("report.signatory", &["title", "name"]),
    (
        "alerts",
        &[
            "group_wait",
            "group_interval",
            "repeat",
            "routes",
            "channels",
            "templates",
            "proxy",
            "ca",
            "link",
        ],
    ),
    (
        "alerts.routes",
        &["match", "to", "group_wait", "group_interval", "repeat", "escalate", "quiet", "continue"],
    ),
    (
        "alerts.routes.match",
        &["unit", "network", "carrier", "kind", "severity", "impact", "hours", "outside"],
    ),
    ("alerts.routes.escalate", &["after", "to"]),
    ("retention", &["samples", "rollups"]),
    ("metrics", &["listen"]),
];

/// What the file says, over the defaults, and what is wrong with it; nothing is read from what is
/// no YAML.
pub(super) fn read(file: &Path, text: &str) -> (Option<Config>, Vec<Diagnostic>) {
    let folder = file.parent().unwrap_or(Path::new(""));
    let mut config = Config { file: file.to_owned(), ..Config::defaults(folder) };
    let mut desk = Desk::new(file, text);
    match yaml::parse(text) {
        Ok(root) => {
            let root = desk.section(Some(&root), "");
            fill(&mut desk, &root, folder, &mut config);
        }
        // A file of comments alone has no document at all.
        Err(_) if text.lines().all(|l| l.trim().is_empty() || l.trim_start().starts_with('#')) => {}
        Err(error) => {
            desk.broken(&error);
            return (None, desk.into_diagnostics());
        }
    }
    (Some(config), desk.into_diagnostics())
}

fn fill(desk: &mut Desk<'_>, root: &Section<'_>, folder: &Path, config: &mut Config) {
    credentials::hide(desk, root.get("credentials"));
    alerts::hide(desk, root);
    timezone(desk, root, config);
    if let Some(word) = desk.word(root, "language", &["vi", "en"]) {
        config.language = if word == "en" { Lang::En } else { Lang::Vi };
    }
    path(desk, root, "inventory", folder, &mut config.inventory);
    path(desk, root, "store", folder, &mut config.store);
    path(desk, root, "socket", folder, &mut config.socket);
    let socket_bytes = config.socket.as_os_str().len();
    if socket_bytes > SOCKET_BYTES_MAX {
        let message = Message::new("config.socket_too_long")
            .with("bytes", socket_bytes)
            .with("max", SOCKET_BYTES_MAX);
        desk.error(root.place("socket"), message, Some(Message::new("config.socket_hint")));
    }

    let health = desk.section(root.get("health"), "health");
    let probe = desk.section(root.get("probe"), "probe");
    let icmp = desk.section(probe.get("icmp"), "probe.icmp");
    read_health(desk, &health, &mut config.health);
    limits::read(desk, &health, &mut config.limits);
    if let Some(ppm) = desk.number(&health, "measured_floor", 6, 0..=1_000_000) {
        config.measured_floor_ppm = ppm;
    }
    read_ping(desk, &icmp, &mut config.ping);
    check_round(desk, &health, &icmp, config.health, config.ping);
    if let Some(word) = desk.word(&icmp, "engine", &Engine::ALL.map(Engine::as_str)) {
        config.engine =
            Engine::ALL.into_iter().find(|e| e.as_str() == word).unwrap_or(config.engine);
    }
    if let Some(rate_pps) = desk.number(&icmp, "rate", 0, 1..=RATE_PPS_MAX) {
        config.rate_pps = rate_pps;
    }
    // A wrong rate bounds nothing: one mistake is told once.
    let is_rate_wrong = desk.has_error_at(icmp.place("rate"));
    let most = if is_rate_wrong { RATE_PPS_MAX } else { i64::from(config.rate_pps) };
    config.group_rate_pps = desk
        .number(&icmp, "group_rate", 0, 1..=most)
        .unwrap_or_else(|| config.group_rate_pps.min(config.rate_pps));

    sources::read(desk, &icmp, config);

    let snmp = desk.section(probe.get("snmp"), "probe.snmp");
    read_snmp(desk, &snmp, &mut config.snmp);
    config.snmp_profiles = desk.text(&snmp, "profiles").map(|text| folder.join(text));
    credentials::read(desk, root, config);
    traps::read(desk, &snmp, config);
    let services = desk.section(probe.get("services"), "probe.services");
    config.services_ca = desk.text(&services, "ca").map(|text| folder.join(text));
    metrics(desk, root, config);

    let goals = desk.section(root.get("goals"), "goals");
    if let Some(permille) = desk.number(&goals, "coverage_pct", 1, 0..=1_000) {
        config.goals.coverage_permille = permille;
    }
    if let Some(ppm) = desk.number(&goals, "availability", 6, 0..=1_000_000) {
        config.goals.availability_ppm = ppm;
    }
    letter::read(desk, root, config);
    sentinels::read(desk, root, config);
    alerts::read(desk, root, config);
    let retention = desk.section(root.get("retention"), "retention");
    if let Some(ms) = desk.duration(&retention, "samples", DAY_MS..=20 * 365 * DAY_MS) {
        config.samples_kept_ms = ms;
    }
    if let Some(ms) = desk.duration(&retention, "rollups", DAY_MS..=50 * 365 * DAY_MS) {
        config.rollups_kept_ms = ms;
    }
}

/// What the daemon knows goes to whoever asks at that address: this machine alone, as a rule, so
/// any other is warned of.
fn metrics(desk: &mut Desk<'_>, root: &Section<'_>, config: &mut Config) {
    let section = desk.section(root.get("metrics"), "metrics");
    let Some(text) = desk.text(&section, "listen") else { return };
    let place = section.place("listen");
    let hint = || Some(Message::new("config.metrics_hint"));
    let parsed = text.parse::<SocketAddr>().ok();
    match parsed.filter(|at| at.port() != 0 && !at.ip().is_multicast()) {
        Some(listen) => {
            if !listen.ip().is_loopback() {
                let message = Message::new("config.metrics_open").with("value", listen);
                desk.warning(place, message, hint());
            }
            config.metrics = Some(listen);
        }
        None => {
            let message = Message::new("config.not_listen").with("value", words::cut(&text));
            desk.error(place, message, hint());
        }
    }
}

fn timezone(desk: &mut Desk<'_>, root: &Section<'_>, config: &mut Config) {
    let Some(name) = desk.text(root, "timezone") else { return };
    match TimeZone::get(&name) {
        Ok(zone) => {
            config.timezone = zone;
            config.timezone_name = name;
        }
        Err(_) => {
            let known: Vec<String> =
                jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
            let hint = nearest(&name, known.iter().map(String::as_str)).map_or_else(
                || Message::new("config.timezone_hint"),
                |near| Message::new("config.did_you_mean").with("word", near),
            );
            let message = Message::new("config.unknown_timezone").with("value", &name);
            desk.error(root.place("timezone"), message, Some(hint));
        }
    }
}

fn path(
    desk: &mut Desk<'_>,
    root: &Section<'_>,
    key: &'static str,
    folder: &Path,
    to: &mut PathBuf,
) {
    if let Some(text) = desk.text(root, key) {
        *to = folder.join(text);
    }
}

fn read_health(desk: &mut Desk<'_>, section: &Section<'_>, health: &mut HealthParams) {
    let HealthParams {
        interval_ms,
        retry_ms,
        confirm,
        recover,
        poor,
        loss_permille,
        rtt_us,
        correlation_window_ms,
        baseline_tenths,
        flap_window,
        flap_high_permille,
        flap_low_permille,
        off_hours_grace_ms,
    } = health;
    for (key, bounds, to) in [
        ("interval", HealthParams::INTERVAL_MS, interval_ms),
        ("retry", HealthParams::INTERVAL_MS, retry_ms),
        ("correlation_window", HealthParams::CORRELATION_WINDOW_MS, correlation_window_ms),
        ("off_hours_grace", HealthParams::OFF_HOURS_GRACE_MS, off_hours_grace_ms),
    ] {
        if let Some(ms) = desk.duration(section, key, bounds) {
            *to = ms;
        }
    }
    for (key, bounds, to) in [
        ("confirm", HealthParams::ROUNDS, confirm),
        ("recover", HealthParams::ROUNDS, recover),
        ("poor", HealthParams::POOR, poor),
    ] {
        if let Some(rounds) = desk.number(section, key, 0, bounds) {
            *to = rounds;
        }
    }
    if let Some(permille) = desk.number(section, "loss_pct", 1, HealthParams::LOSS_PERMILLE) {
        *loss_permille = permille;
    }
    let rtt_ms = desk.duration(section, "rtt", HealthParams::RTT_MS);
    if let Some(ms) = rtt_ms.and_then(|ms| u32::try_from(ms).ok()) {
        *rtt_us = ms * 1_000;
    }
    if let Some(us) = desk.number(section, "rtt_ms", 3, HealthParams::RTT_US) {
        *rtt_us = us;
    }
    if section.get("rtt").is_some() && section.get("rtt_ms").is_some() {
        desk.error(section.place("rtt_ms"), Message::new("config.rtt_twice"), None);
    }
    // `off` is the default; the inventory needs the word, so it is one here, too.
    if !section.get("baseline").is_some_and(|n| matches!(&n.value, Value::Text(t) if t == "off"))
        && let Some(tenths) = desk.number(section, "baseline", 1, HealthParams::BASELINE_TENTHS)
    {
        *baseline_tenths = Some(tenths);
    }
    let flapping = desk.section(section.get("flapping"), "health.flapping");
    if let Some(rounds) = desk.number(&flapping, "window", 0, HealthParams::FLAP_WINDOW) {
        *flap_window = rounds;
    }
    if let Some(permille) = desk.number(&flapping, "high_pct", 1, HealthParams::FLAP_PERMILLE) {
        *flap_high_permille = permille;
    }
    if let Some(permille) = desk.number(&flapping, "low_pct", 1, HealthParams::FLAP_PERMILLE) {
        *flap_low_permille = permille;
    }
    let is_wrong = |key| desk.has_error_at(flapping.place(key));
    if *flap_low_permille > *flap_high_permille && !is_wrong("high_pct") && !is_wrong("low_pct") {
        let pct = |permille: u16| format_scaled(i64::from(permille), 1);
        let message = Message::new("config.flapping_low_over_high")
            .with("low", pct(*flap_low_permille))
            .with("high", pct(*flap_high_permille));
        let place = flapping.place("low_pct").or(flapping.place("high_pct"));
        desk.error(place, message, Some(Message::new("config.flapping_hint")));
    }
}

fn read_ping(desk: &mut Desk<'_>, section: &Section<'_>, ping: &mut PingParams) {
    if let Some(count) = desk.number(section, "count", 0, PingParams::COUNT) {
        ping.count = count;
    }
    for (key, bounds, to) in [
        ("spacing", PingParams::SPACING_MS, &mut ping.spacing_ms),
        ("timeout", PingParams::TIMEOUT_MS, &mut ping.timeout_ms),
    ] {
        let ms = desk.duration(section, key, bounds);
        if let Some(ms) = ms.and_then(|ms| u32::try_from(ms).ok()) {
            *to = ms;
        }
    }
    if let Some(bytes) = desk.number(section, "size", 0, PingParams::SIZE) {
        ping.size = bytes;
    }
    if let Some(word) = desk.word(section, "df", &["true", "false"]) {
        ping.df = word == "true";
    }
    if let Some(tos) = desk.number(section, "tos", 0, PingParams::TOS) {
        ping.tos = tos;
    }
}

fn read_snmp(desk: &mut Desk<'_>, section: &Section<'_>, snmp: &mut SnmpParams) {
    let SnmpParams { interval_ms, timeout_ms, retries, in_flight, group_rate_pps, max_repetitions } =
        snmp;
    if let Some(ms) = desk.duration(section, "interval", SnmpParams::INTERVAL_MS) {
        *interval_ms = ms;
    }
    let ms = desk.duration(section, "timeout", SnmpParams::TIMEOUT_MS);
    if let Some(ms) = ms.and_then(|ms| u32::try_from(ms).ok()) {
        *timeout_ms = ms;
    }
    if let Some(times) = desk.number(section, "retries", 0, SnmpParams::RETRIES) {
        *retries = times;
    }
    if let Some(devices) = desk.number(section, "in_flight", 0, SnmpParams::IN_FLIGHT) {
        *in_flight = devices;
    }
    if let Some(rate) = desk.number(section, "group_rate", 0, SnmpParams::GROUP_RATE_PPS) {
        *group_rate_pps = rate;
    }
    if let Some(rows) = desk.number(section, "max_repetitions", 0, SnmpParams::MAX_REPETITIONS) {
        *max_repetitions = rows;
    }
    // One question with all its retries must be over before the next pass.
    let question_ms = i64::from(*timeout_ms) * (i64::from(*retries) + 1);
    let keys = ["timeout", "retries", "interval"];
    if question_ms > *interval_ms && !keys.iter().any(|k| desk.has_error_at(section.place(k))) {
        let message = Message::new("config.snmp_too_long")
            .with("question", format_duration(question_ms))
            .with("interval", format_duration(*interval_ms));
        let place = keys.iter().find_map(|key| section.place(key));
        desk.error(place, message, Some(Message::new("config.snmp_too_long_hint")));
    }
}

/// A round must be over before the next one starts, whether every `interval` or every `retry`.
/// Points at what the user wrote himself; says nothing while one of the values is wrong anyway.
fn check_round(
    desk: &mut Desk<'_>,
    health_keys: &Section<'_>,
    icmp: &Section<'_>,
    health: HealthParams,
    ping: PingParams,
) {
    let bases = [(icmp, "timeout"), (icmp, "count"), (icmp, "spacing")];
    if [(health_keys, "interval"), (health_keys, "retry")]
        .iter()
        .chain(&bases)
        .any(|(section, key)| desk.has_error_at(section.place(key)))
    {
        return;
    }
    match misfit(health, ping) {
        None => {}
        Some(Misfit::RetryOverInterval) => {
            let place = health_keys.place("retry").or(health_keys.place("interval"));
            let message = Message::new("config.retry_over_interval")
                .with("retry", format_duration(health.retry_ms))
                .with("interval", format_duration(health.interval_ms));
            desk.error(place, message, Some(Message::new("config.retry_hint")));
        }
        Some(Misfit::RoundOverRetry) => {
            let place = bases
                .iter()
                .find_map(|(section, key)| section.place(key))
                .or(health_keys.place("retry"));
            let message = Message::new("config.round_too_long")
                .with("count", ping.count)
                .with("spacing", format_duration(i64::from(ping.spacing_ms)))
                .with("timeout", format_duration(i64::from(ping.timeout_ms)))
                .with("round", format_duration(ping.round_ms()))
                .with("retry", format_duration(health.retry_ms));
            desk.error(place, message, Some(Message::new("config.round_hint")));
        }
    }
}
