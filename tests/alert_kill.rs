//! The daemon is killed between the commit of a message and its sending, and between its sending
//! and the mark that it was sent: every message arrives, and what arrives twice is what the daemon
//! could not know to have arrived, under the same key. Some kills are in storm mode, where what there is
//! to tell waits for a digest.
//!
//! In a network namespace of its own, on loopback addresses that are switched off by nftables.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a helper of a test fails the test, and says what it has tried"
)]
#![expect(clippy::disallowed_methods, reason = "real processes live in real time")]

#[path = "alert_kill/receiver.rs"]
mod receiver;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use receiver::{Delivery, Receiver};
use tuantra::alert::{Notice, Topic};
use tuantra::model::{IncidentId, UnixMs};
use tuantra::store::{Message, MessageState, Reader};

/// Kills, unless `TUANTRA_KILLS` says otherwise.
const KILLS: u64 = 10;
/// Lines of the province, each of a commune of its own.
const LINES: u64 = 24;
/// Longest that anything awaited may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// Xorshift: the same dice every time.
pub fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

fn skip(why: &str) {
    assert!(std::env::var_os("TUANTRA_NO_SKIP").is_none(), "this must not be skipped: {why}");
    println!("skipped: {why}");
}

fn sh(script: &str) -> Result<(), String> {
    let output = Command::new("sh").args(["-ec", script]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(format!("{script}: {error}")) }
}

/// True inside a fresh network namespace with the loopback up. Outside it runs the test again in
/// one, and returns false.
fn inside_namespace(test: &str) -> bool {
    if std::env::var_os("TUANTRA_TEST_NAMESPACE").is_some() {
        sh("ip link set lo up").unwrap();
        return true;
    }
    let allowed = |flags: &&&str| {
        Command::new("unshare").args([**flags, "true"]).output().is_ok_and(|o| o.status.success())
    };
    let Some(flags) = ["-n", "-Urn"].iter().find(allowed) else {
        skip("network namespaces are not allowed here (unshare -n, unshare -Urn)");
        return false;
    };
    let status = Command::new("unshare")
        .arg(flags)
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env("TUANTRA_TEST_NAMESPACE", "1")
        .status()
        .unwrap();
    assert!(status.success());
    false
}

fn address(line: u64) -> String {
    format!("127.0.2.{}", line + 1)
}

/// Switches a line off or on.
fn switch(line: u64, is_on: bool) {
    let word = if is_on { "delete" } else { "add" };
    sh(&format!("nft {word} element inet t off '{{ {} }}'", address(line))).unwrap();
}

struct Province {
    folder: tempfile::TempDir,
}

impl Province {
    fn new(receiver: &Receiver) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "language: en\n\
             health: {{ interval: 1s, retry: 500ms, confirm: 2, recover: 2, \
             flapping: {{ high_pct: 100, low_pct: 99 }} }}\n\
             probe: {{ icmp: {{ count: 1, spacing: 50ms, timeout: 300ms }} }}\n\
             alerts:\n  \
               group_wait: 0s\n  \
               repeat: 30d\n  \
               routes: [ {{ to: hook }} ]\n  \
               channels:\n    \
                 hook: {{ webhook: {{ url: 'http://{}/', body: '{{\"key\": {{{{ key }}}}, \"notice\": {{{{ notice }}}}}}' }}, per_minute: 600 }}\n",
            receiver.address
        );
        std::fs::write(folder.path().join("config.yaml"), config).unwrap();
        std::fs::create_dir(folder.path().join("inventory")).unwrap();
        let mut text = "networks:\n  - { id: net, name: Net }\nunits:\n  - { id: province, name: Province, kind: province }\n  - { id: north, name: North, kind: district, parent: province }\n".to_owned();
        for line in 0..LINES {
            let parent = if line < LINES / 2 { "north" } else { "province" };
            let _ = write!(
                text,
                "  - id: c{line}\n    name: Commune {line}\n    kind: commune\n    parent: {parent}\n    \
                 requires: [net]\n    connections: {{ net: {{ address: {} }} }}\n",
                address(line)
            );
        }
        std::fs::write(folder.path().join("inventory/a.yaml"), text).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn daemon(&self) -> Child {
        let mut log = std::fs::OpenOptions::new();
        let log = log.create(true).append(true).open(self.path("daemon.log")).unwrap();
        Command::new(env!("CARGO_BIN_EXE_tuantra"))
            .arg("--config")
            .arg(self.path("config.yaml"))
            .arg("run")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    /// Has the running daemon put a unit into storm mode for some seconds, or take it out; false when
    /// it does not answer yet.
    fn storm(&self, unit: &str, seconds: Option<u64>) -> bool {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tuantra"));
        command.arg("--config").arg(self.path("config.yaml")).args(["alert", "storm", unit]);
        match seconds {
            Some(seconds) => command.args(["--until", &format!("{seconds}s")]),
            None => command.arg("--end"),
        };
        command.output().unwrap().status.success()
    }

    /// Storm modes by how they stand: on, and over.
    fn storms(&self) -> (usize, usize) {
        let Ok(reader) = Reader::open(&self.path("tuantra.db")) else { return (0, 0) };
        let storms = reader.storms(UnixMs(0)).unwrap_or_default();
        let on = storms.iter().filter(|storm| storm.ended.is_none()).count();
        (on, storms.len() - on)
    }

    fn messages(&self) -> Vec<Message> {
        let Ok(reader) = Reader::open(&self.path("tuantra.db")) else { return Vec::new() };
        reader.newest_messages(1_000_000).unwrap_or_default()
    }

    fn open(&self) -> Vec<IncidentId> {
        let Ok(reader) = Reader::open(&self.path("tuantra.db")) else { return Vec::new() };
        let open = reader.open_incidents().unwrap_or_default();
        open.into_iter().map(|incident| incident.id).collect()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.path("daemon.log")).unwrap_or_default()
    }

    /// Looks again and again until something is so.
    fn wait_for(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !is_so(self) {
            let log = || self.log().lines().rev().take(40).collect::<Vec<_>>().join("\n");
            assert!(began.elapsed() < PATIENCE, "{what}: not in time\n{}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A kill, and what the store had as sent then.
struct Kill {
    at: Instant,
    /// When the next daemon was started: what is read of the last one's calls by then is its own.
    until: Instant,
    sent: BTreeSet<String>,
}

/// When the next kill is to be.
enum Moment {
    /// A message is in the store and has not come yet.
    Committed,
    /// So many milliseconds after a message has come: while its answer is on its way, or later.
    Come(u64),
    /// So many milliseconds after something happened, whatever is going on then.
    Blind(u64),
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "network namespaces")]
fn no_kill_loses_a_message_or_repeats_one_that_was_heard() {
    if !inside_namespace("no_kill_loses_a_message_or_repeats_one_that_was_heard") {
        return;
    }
    let table = "nft 'table inet t { set off { type ipv4_addr; }; chain c { \
                 type filter hook input priority 0; icmp type echo-request ip daddr @off drop; }; }'";
    if let Err(error) = sh(table) {
        skip(&format!("nftables: {error}"));
        return;
    }
    let kills: u64 =
        std::env::var("TUANTRA_KILLS").ok().map_or(KILLS, |text| text.parse().unwrap());
    let mut seed: u64 = std::env::var("TUANTRA_KILL_SEED")
        .ok()
        .map_or(0x9e37_79b9_7f4a_7c15, |text| text.parse().unwrap());
    let receiver = Receiver::start(random(&mut seed));
    let province = Province::new(&receiver);
    let began = Instant::now();
    let mut off = BTreeSet::new();
    let mut killed: Vec<Kill> = Vec::new();
    // Kills between the commit and the sending of a message, and between its sending and its mark.
    let mut hits = (0, 0);
    // Orders that a daemon has taken, and kills while a storm was on.
    let (mut ordered, mut in_storm) = (0, 0);
    let mut daemon = province.daemon();
    province.wait_for("the first rounds", |p| {
        Reader::open(&p.path("tuantra.db"))
            .and_then(|reader| reader.current())
            .is_ok_and(|current| current.len() >= usize::try_from(LINES).unwrap())
    });
    for _ in 0..kills {
        for _ in 0..=random(&mut seed) % 3 {
            let line = random(&mut seed) % LINES;
            let is_on = off.remove(&line);
            if !is_on {
                off.insert(line);
            }
            switch(line, is_on);
        }
        // A half of the kills is in a storm that a half of the communes, or all, are in.
        let unit = if random(&mut seed).is_multiple_of(2) { "province" } else { "north" };
        match random(&mut seed) % 4 {
            0 | 1 => {
                let seconds = 2 + random(&mut seed) % 12;
                province.wait_for("an order taken", |p| p.storm(unit, Some(seconds)));
                ordered += 1;
            }
            2 => ordered += u64::from(province.storm(unit, None)),
            _ => {}
        }
        let moment = match random(&mut seed) % 5 {
            0 | 1 => Moment::Committed,
            2 | 3 => Moment::Come(random(&mut seed) % 500),
            _ => Moment::Blind(random(&mut seed) % 4_000),
        };
        let before = receiver.deliveries().len();
        match moment {
            Moment::Committed => province.wait_for("a message in the store", |p| {
                let come: BTreeSet<String> =
                    receiver.deliveries().into_iter().map(|d| d.key).collect();
                let mut messages = p.messages().into_iter();
                let is_new =
                    |m: &Message| m.state == MessageState::Pending && !come.contains(&m.id);
                messages.any(|m| is_new(&m)) || come.len() > before + 2
            }),
            Moment::Come(ms) => {
                assert!(receiver.comes_after(before, PATIENCE), "{}", province.log());
                std::thread::sleep(Duration::from_millis(ms));
            }
            Moment::Blind(ms) => std::thread::sleep(Duration::from_millis(ms)),
        }
        let at = Instant::now();
        daemon.kill().unwrap();
        daemon.wait().unwrap();
        in_storm += u64::from(province.storms().0 > 0);
        let messages = province.messages();
        let pending: BTreeSet<&str> = messages
            .iter()
            .filter(|m| m.state == MessageState::Pending)
            .map(|m| m.id.as_str())
            .collect();
        let come = receiver.deliveries();
        let come: BTreeSet<&str> = come.iter().map(|d| d.key.as_str()).collect();
        hits.0 += u64::from(pending.difference(&come).next().is_some());
        hits.1 += u64::from(pending.intersection(&come).next().is_some());
        let sent = messages.iter().filter(|m| m.state == MessageState::Sent);
        let sent = sent.map(|m| m.id.clone()).collect();
        killed.push(Kill { at, until: Instant::now(), sent });
        daemon = province.daemon();
    }
    off.iter().for_each(|line| switch(*line, true));
    province
        .wait_for("the end of all incidents", |p| p.open().is_empty() && !p.messages().is_empty());
    province.wait_for("every message away", |p| {
        p.messages().iter().all(|m| m.state != MessageState::Pending)
    });
    province.wait_for("the end of all storms", |p| p.storms().0 == 0);
    province.wait_for("every message of their ends", |p| {
        p.messages().iter().all(|m| m.state != MessageState::Pending)
    });
    daemon.kill().unwrap();
    daemon.wait().unwrap();

    let deliveries = receiver.deliveries();
    let messages = province.messages();
    arrived(&messages, &deliveries);
    told_in_storms(&messages, &deliveries, province.storms().1);
    ended(&messages, &deliveries);
    let repeats = repeated(&deliveries, &killed);
    assert!(kills < 50 || hits.0 > 0 && hits.1 > 0, "the kills have hit nothing: {hits:?}");
    let figure = |why: &str| repeats.get(why).copied().unwrap_or(0);
    println!(
        "figures: {kills} kills in {} s, {} between commit and sending, {} between sending and mark: \
         {ordered} orders of storm mode, {in_storm} kills in a storm, {} messages in digests of storms; \
         {} messages of {} incidents, {} deliveries, {} turned away; \
         repeated: {} that the service had not answered, {} whose answer the killed daemon never \
         heard, {} whose answer it had no time to write down; lost: 0",
        began.elapsed().as_secs(),
        hits.0,
        hits.1,
        messages.iter().filter(|m| is_in_storm(m)).count(),
        messages.len(),
        messages.iter().filter_map(|m| m.incident.as_ref()).collect::<BTreeSet<_>>().len(),
        deliveries.len(),
        receiver.refused(),
        figure(SILENT),
        figure(KILLED),
        figure(UNMARKED),
    );
}

/// Everything that is to be told has come, by itself or in a digest.
fn arrived(messages: &[Message], deliveries: &[Delivery]) {
    let come: BTreeSet<&str> = deliveries.iter().map(|d| d.key.as_str()).collect();
    assert!(!messages.is_empty());
    for message in messages {
        let reason = message.reason.as_deref().unwrap_or_default();
        let is_there = match message.state {
            MessageState::Sent => {
                come.contains(message.id.as_str())
                    || reason.strip_prefix("told in ").is_some_and(|digest| come.contains(digest))
            }
            // What followed says all that there is to say.
            MessageState::Dead => reason.starts_with("it was over before this left"),
            MessageState::Pending => false,
        };
        assert!(is_there, "{message:?}");
    }
}

/// It was told in the digest of a storm, whose name such a digest's name ends with.
fn is_in_storm(message: &Message) -> bool {
    message.body["digest"].as_str().is_some_and(|digest| digest.matches('@').count() == 1)
}

/// Every storm that was on record has said its end, and no digest of one tells of a commune outside it.
fn told_in_storms(messages: &[Message], deliveries: &[Delivery], storms: usize) {
    let ends: BTreeSet<&str> = deliveries
        .iter()
        .filter(|d| d.notice.topic == Topic::StormEnded)
        .map(|d| d.key.as_str())
        .collect();
    assert_eq!(ends.len(), storms, "one end of each storm");
    for digest in deliveries.iter().filter(|d| d.notice.topic == Topic::Digest) {
        let Some(storm) = &digest.notice.storm else { continue };
        let is_north = |part: &Notice| {
            let unit = part.subject.as_ref().map(|subject| subject.unit.id.to_string());
            let line = unit.and_then(|unit| unit.trim_start_matches('c').parse::<u64>().ok());
            line.is_some_and(|line| line < LINES / 2)
        };
        let is_whole = storm.unit.as_str() == "province";
        assert!(is_whole || digest.notice.parts.iter().all(is_north), "{}", digest.key);
    }
    let is_single = |m: &&Message| m.incident.is_some() && m.body["digest"].is_null();
    assert!(storms == 0 || messages.iter().any(|m| !is_single(&m)), "nothing was folded");
}

/// Each incident by each message that came: its trouble first, then its end.
fn ended(messages: &[Message], deliveries: &[Delivery]) {
    let mut topics: BTreeMap<String, Vec<Topic>> = BTreeMap::new();
    for delivery in deliveries {
        let own = std::iter::once(&delivery.notice).chain(&delivery.notice.parts);
        for notice in own {
            let Some(incident) = &notice.incident else { continue };
            topics.entry(incident.to_string()).or_default().push(notice.topic);
        }
    }
    for incident in messages.iter().filter_map(|m| m.incident.as_ref()) {
        let told = topics.get(incident.as_str()).cloned().unwrap_or_default();
        let is_end = |topic: &Topic| matches!(topic, Topic::Recovered | Topic::Passed);
        assert!(told.last().is_some_and(is_end), "{incident}: {told:?}");
        let trouble = told.iter().take_while(|topic| !is_end(topic)).count();
        assert!(told[trouble..].iter().all(is_end), "{incident}: {told:?}");
    }
}

const SILENT: &str = "the service closed the line";
const KILLED: &str = "killed before the answer";
const UNMARKED: &str = "killed before the mark";

/// Why each repeated message was repeated; a repeat without a reason fails.
fn repeated(deliveries: &[Delivery], killed: &[Kill]) -> BTreeMap<&'static str, usize> {
    let mut by_key: BTreeMap<&str, Vec<&Delivery>> = BTreeMap::new();
    for delivery in deliveries {
        by_key.entry(&delivery.key).or_default().push(delivery);
    }
    // One row has one idempotency key, and no two rows have the same.
    let names: BTreeSet<(&str, &str)> =
        deliveries.iter().map(|d| (&*d.key, &*d.idempotency)).collect();
    let idempotency: BTreeSet<&str> = names.iter().map(|(_, header)| *header).collect();
    assert_eq!((names.len(), idempotency.len()), (by_key.len(), by_key.len()));
    // One event has one key, whatever happens.
    let mut events: BTreeMap<(IncidentId, String), &str> = BTreeMap::new();
    for delivery in deliveries {
        let Notice { incident, topic, .. } = &delivery.notice;
        let Some(incident) = incident else { continue };
        let event = (incident.clone(), format!("{topic:?}"));
        let key = *events.entry(event).or_insert(&delivery.key);
        assert_eq!(key, delivery.key, "{incident}: two keys of one event");
    }
    let mut reasons: BTreeMap<&'static str, usize> = BTreeMap::new();
    for (key, of_key) in by_key {
        for pair in of_key.windows(2) {
            let (first, again) = (pair[0], pair[1]);
            assert_eq!(first.notice, again.notice, "{key} says something else the second time");
            let between = killed.iter().find(|kill| first.got < kill.until && kill.at < again.got);
            let reason = match between {
                _ if first.is_silent => SILENT,
                None => panic!("{key} was repeated although its answer was heard: {first:?}"),
                Some(kill) if kill.sent.contains(key) => {
                    panic!("{key} was repeated although it was marked as sent: {first:?}")
                }
                Some(kill) if first.answered.is_none_or(|answered| answered > kill.at) => KILLED,
                Some(_) => UNMARKED,
            };
            *reasons.entry(reason).or_default() += 1;
        }
    }
    reasons
}
