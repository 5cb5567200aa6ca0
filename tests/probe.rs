//! The prober against real ICMP: on the loopback, and in network namespaces the tests make
//! themselves. What the machine forbids is skipped with a message.
#![cfg(target_os = "linux")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests fail and talk like tests"
)]

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tuantra::model::{PingParams, RoundError, UnixMs};
use tuantra::probe::{
    Answer, Answers, EngineChoice, Options, Pace, ProbeError, Prober, Target, TargetId,
};

/// Longer than any answer takes on a loaded machine; a test waits this long only when it fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// One test at a time: side by side they would compete for the same two processors and the same
/// loopback, and measure each other.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Patrol {
    prober: Prober,
    answers: Answers,
    runtime: tokio::runtime::Runtime,
}

impl Patrol {
    /// `None`, with a message, where this engine may not open its sockets.
    fn start(engine: EngineChoice) -> Option<Self> {
        Self::start_at(engine, 1_000_000)
    }

    fn start_at(engine: EngineChoice, rate_pps: u32) -> Option<Self> {
        let options = Options { engine, rate_pps, group_rate_pps: rate_pps, first_sweep_ms: 0 };
        match Prober::start(options) {
            Ok((prober, answers)) => {
                let runtime =
                    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                Some(Self { prober, answers, runtime })
            }
            Err(error @ ProbeError::NotPermitted { .. }) => {
                println!("skipped: {error}");
                None
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn batch(&mut self) -> Vec<Answer> {
        let answers = &mut self.answers;
        self.runtime
            .block_on(async { tokio::time::timeout(PATIENCE, answers.recv()).await })
            .expect("an answer in time")
            .expect("a living engine")
    }

    fn take(&mut self, count: usize) -> Vec<Answer> {
        let mut taken = Vec::new();
        while taken.len() < count {
            taken.extend(self.batch());
        }
        taken
    }

    /// The first answer of each target.
    fn ask(&mut self, targets: Vec<Target>) -> HashMap<TargetId, Answer> {
        let count = targets.len();
        self.prober.set_targets(targets);
        let mut first = HashMap::new();
        while first.len() < count {
            for answer in self.batch() {
                first.entry(answer.target).or_insert(answer);
            }
        }
        first
    }

    fn ask_one(&mut self, target: Target) -> Answer {
        self.ask(vec![target]).into_values().next().unwrap()
    }
}

fn target(id: u32, address: impl Into<IpAddr>) -> Target {
    Target {
        id: TargetId(id),
        address: address.into(),
        params: PingParams { count: 3, spacing_ms: 5, timeout_ms: 2_000 },
        interval_ms: 600_000,
        retry_ms: 5_000,
        phase_key: format!("target-{id}"),
        group: 0,
    }
}

/// With a time-out short enough to wait for.
fn impatient(id: u32, address: impl Into<IpAddr>) -> Target {
    Target {
        params: PingParams { count: 3, spacing_ms: 5, timeout_ms: 300 },
        ..target(id, address)
    }
}

fn loopback(n: u32) -> Ipv4Addr {
    Ipv4Addr::from(0x7f00_0001 + n)
}

fn assert_whole(answer: &Answer) {
    assert_eq!((answer.sent, answer.lost, answer.error), (3, 0, None));
    assert_eq!(answer.rtts.as_slice().len(), 3);
    assert!(answer.rtts.as_slice().iter().all(|rtt_us| *rtt_us < 2_000_000));
}

const EVERY: [EngineChoice; 4] =
    [EngineChoice::Auto, EngineChoice::Raw, EngineChoice::Datagram, EngineChoice::Portable];

#[test]
fn the_loopback_answers_every_engine() {
    let _alone = alone();
    for engine in EVERY {
        let Some(mut patrol) = Patrol::start(engine) else { continue };
        let before = wall_clock();
        let answer = patrol.ask_one(target(1, Ipv4Addr::LOCALHOST));
        assert_whole(&answer);
        assert!(before.0 <= answer.at.0 && answer.at.0 <= wall_clock().0, "{engine:?}");
        let stats = patrol.prober.stats();
        assert!(!stats.engine_name().is_empty());
        patrol.prober.stop();
    }
}

#[expect(clippy::disallowed_methods, reason = "the test compares with the machine's clock")]
fn wall_clock() -> UnixMs {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    UnixMs(i64::try_from(since.as_millis()).unwrap())
}

#[expect(clippy::disallowed_methods, reason = "the test measures how long stopping takes")]
fn monotonic() -> Instant {
    Instant::now()
}

#[test]
fn the_loopback_answers_over_ipv6() {
    let _alone = alone();
    for engine in EVERY {
        let Some(mut patrol) = Patrol::start(engine) else { continue };
        let answer = patrol.ask_one(target(1, Ipv6Addr::LOCALHOST));
        if matches!(answer.error, Some(RoundError::Local { .. })) {
            println!("skipped: this machine has no IPv6: {:?}", answer.error);
            continue;
        }
        assert_whole(&answer);
    }
}

#[test]
fn twenty_thousand_at_once_lose_nothing() {
    let _alone = alone();
    // All are due at once; a debug build on a busy machine keeps this rate.
    let Some(mut patrol) = Patrol::start_at(EngineChoice::Auto, 5_000) else { return };
    let targets = (0..20_000).map(|n| Target {
        params: PingParams { count: 1, spacing_ms: 0, timeout_ms: 2_000 },
        ..target(n, loopback(n))
    });
    let answers = patrol.ask(targets.collect());
    let spoilt: Vec<_> =
        answers.values().filter(|a| (a.sent, a.lost, a.error) != (1, 0, None)).collect();
    assert!(spoilt.is_empty(), "{} of 20,000, first {:?}", spoilt.len(), spoilt.first());
}

#[test]
fn targets_may_share_an_address() {
    let _alone = alone();
    let Some(mut patrol) = Patrol::start(EngineChoice::Auto) else { return };
    let answers = patrol.ask((0..50).map(|id| target(id, Ipv4Addr::LOCALHOST)).collect());
    answers.values().for_each(assert_whole);
}

#[test]
fn asking_now_and_the_retry_pace_bring_more_rounds() {
    let _alone = alone();
    let Some(mut patrol) = Patrol::start(EngineChoice::Auto) else { return };
    let mut quick = target(1, Ipv4Addr::LOCALHOST);
    quick.retry_ms = 100;
    let first = patrol.ask_one(quick);
    patrol.prober.ask_now(&[TargetId(1)]);
    let second = patrol.take(1)[0];
    assert!(second.at.0 >= first.at.0);
    patrol.prober.set_pace(&[(TargetId(1), Pace::Retry)]);
    let more = patrol.take(3);
    more.iter().for_each(assert_whole);
    assert!(more[2].at.0 - more[1].at.0 >= 90, "{more:?}");
}

#[test]
fn targets_taken_away_are_silent_and_unchanged_ones_are_not_asked_again() {
    let _alone = alone();
    let Some(mut patrol) = Patrol::start(EngineChoice::Auto) else { return };
    patrol.ask(vec![target(1, loopback(0)), target(2, loopback(1))]);
    patrol.prober.set_targets(vec![target(2, loopback(1)), target(3, loopback(2))]);
    // Orders are carried out in this order, so nobody but 3 and 2 can be among the next two.
    let third = patrol.take(1);
    assert_eq!(third.iter().map(|a| a.target).collect::<Vec<_>>(), [TargetId(3)]);
    patrol.prober.ask_now(&[TargetId(1), TargetId(2)]);
    let next = patrol.take(1);
    assert_eq!(next.iter().map(|a| a.target).collect::<Vec<_>>(), [TargetId(2)]);
    assert_eq!(patrol.prober.stats().targets, 2);
}

#[test]
fn a_stopped_prober_ends_at_once_and_its_answers_with_it() {
    let _alone = alone();
    for engine in [EngineChoice::Auto, EngineChoice::Portable] {
        let Some(mut patrol) = Patrol::start(engine) else { continue };
        patrol.ask_one(target(1, Ipv4Addr::LOCALHOST));
        let begun = monotonic();
        patrol.prober.stop();
        let took = begun.elapsed();
        // 100 ms are promised; a loaded machine may add to that.
        assert!(took < Duration::from_secs(2), "{engine:?} took {took:?}");
        assert_eq!(patrol.runtime.block_on(patrol.answers.recv()), None);
    }
}

/// True inside a fresh network namespace with the loopback up. Outside it runs the named test
/// again in one, and returns false.
fn inside_namespace(test: &str) -> bool {
    if std::env::var_os("TUANTRA_TEST_NAMESPACE").is_some() {
        sh("ip link set lo up");
        return true;
    }
    let allowed = |flags: &&&str| {
        Command::new("unshare").args([**flags, "true"]).output().is_ok_and(|o| o.status.success())
    };
    // An ordinary user needs a user namespace around it.
    let Some(flags) = ["-n", "-Urn"].iter().find(allowed) else {
        println!("skipped: network namespaces are not allowed here (unshare -n, unshare -Urn)");
        return false;
    };
    if !Command::new("ip").arg("-V").output().is_ok_and(|output| output.status.success()) {
        println!("skipped: no `ip` (iproute2) on this machine");
        return false;
    }
    let output = Command::new("unshare")
        .arg(flags)
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env("TUANTRA_TEST_NAMESPACE", "1")
        .output()
        .unwrap();
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    print!("{out}");
    assert!(output.status.success() && out.contains("1 passed"), "{out}\n{err}");
    false
}

fn sh(script: &str) {
    let output = Command::new("sh").args(["-ec", script]).output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Loads nftables rules for what comes in; false, with a message, where there is no nft or the
/// kernel lacks what the rules need.
fn nft(rules: &str) -> bool {
    if !Command::new("nft").arg("-v").output().is_ok_and(|output| output.status.success()) {
        println!("skipped: no `nft` (nftables) on this machine");
        return false;
    }
    let table = format!(
        "table inet t {{\nchain c {{\ntype filter hook input priority 0;\n{rules}\n}}\n}}\n"
    );
    let output = Command::new("nft").arg(&table).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!error.contains("syntax error"), "{error}\n{table}");
    if !output.status.success() {
        println!("skipped: nft: {error}");
    }
    output.status.success()
}

/// Both kinds of socket, the datagram one opened for everybody in this namespace.
fn both_kinds() -> Vec<(EngineChoice, Patrol)> {
    let group_range = "/proc/sys/net/ipv4/ping_group_range";
    if let Err(error) = std::fs::write(group_range, "0 0") {
        println!("datagram sockets stay closed: {group_range}: {error}");
    }
    [EngineChoice::Raw, EngineChoice::Datagram]
        .into_iter()
        .filter_map(|engine| Some((engine, Patrol::start(engine)?)))
        .collect()
}

#[test]
fn silence_is_loss() {
    let _alone = alone();
    if !inside_namespace("silence_is_loss") {
        return;
    }
    if !nft("ip daddr 127.9.0.0/16 drop;") {
        return;
    }
    let mut kinds = both_kinds();
    kinds.extend(Patrol::start(EngineChoice::Portable).map(|p| (EngineChoice::Portable, p)));
    for (engine, mut patrol) in kinds {
        let silent = (1..200).map(|id| impatient(id, Ipv4Addr::from(0x7f09_0001 + id)));
        let answers = patrol.ask(silent.chain([impatient(200, loopback(0))]).collect());
        for (id, answer) in answers {
            let lost = if id == TargetId(200) { 0 } else { 3 };
            assert_eq!((answer.sent, answer.lost, answer.error), (3, lost, None), "{engine:?}");
        }
    }
}

#[test]
fn what_routers_say_is_told_and_ends_the_round_at_once() {
    let _alone = alone();
    if !inside_namespace("what_routers_say_is_told_and_ends_the_round_at_once") {
        return;
    }
    if !nft("ip daddr 127.0.0.2 icmp type echo-request reject with icmp admin-prohibited;
             ip daddr 127.0.0.3 icmp type echo-request reject with icmp host-unreachable;
             ip6 daddr fd00::2 icmpv6 type echo-request reject with icmpv6 admin-prohibited;")
    {
        return;
    }
    sh("ip -6 addr add fd00::1/128 dev lo nodad; ip -6 addr add fd00::2/128 dev lo nodad");
    for (engine, mut patrol) in both_kinds() {
        // A time-out longer than the test's patience: only the error can end these rounds.
        let patient = |id, address: IpAddr| Target {
            params: PingParams { count: 3, spacing_ms: 5, timeout_ms: 300_000 },
            ..target(id, address)
        };
        let mut targets = vec![
            patient(0, IpAddr::V4(loopback(1))),
            patient(1, IpAddr::V4(loopback(2))),
            patient(2, "fd00::2".parse().unwrap()),
            patient(3, "fd00::1".parse().unwrap()),
        ];
        // Neighbours must not be hit by the errors to others.
        targets.extend((4..400).map(|id| patient(id, IpAddr::V4(loopback(id)))));
        let answers = patrol.ask(targets);
        for (id, answer) in &answers {
            let code = match id.0 {
                0 => Some(13),
                1 => Some(1),
                // RFC 4443: communication administratively prohibited.
                2 => Some(1),
                _ => None,
            };
            let error = code.map(|code| RoundError::Unreachable { code });
            let lost = if code.is_some() { 3 } else { 0 };
            let told = (answer.sent, answer.lost, answer.error);
            assert_eq!(told, (3, lost, error), "{engine:?} {id:?}");
        }
    }
}

#[test]
fn what_this_machine_refuses_is_its_own_fault() {
    let _alone = alone();
    if !inside_namespace("what_this_machine_refuses_is_its_own_fault") {
        return;
    }
    sh("ip route add unreachable 10.8.0.0/24");
    for (engine, mut patrol) in both_kinds() {
        let answers = patrol.ask(vec![
            target(0, Ipv4Addr::new(10, 7, 0, 1)),
            target(1, Ipv4Addr::new(10, 8, 0, 1)),
            target(2, "2001:db8::1".parse::<Ipv6Addr>().unwrap()),
            target(3, loopback(0)),
        ]);
        for id in 0..3 {
            let answer = answers[&TargetId(id)];
            assert_eq!((answer.sent, answer.lost), (0, 0), "{engine:?} {id}");
            assert!(
                answer.error.is_some_and(RoundError::is_own_fault),
                "{engine:?} {id}: {:?}",
                answer.error
            );
        }
        assert_whole(&answers[&TargetId(3)]);
        assert!(patrol.prober.stats().local_errors >= 9);
    }
}

#[test]
fn refusals_by_the_hundred_hit_no_neighbour() {
    let _alone = alone();
    if !inside_namespace("refusals_by_the_hundred_hit_no_neighbour") {
        return;
    }
    if !nft("ip daddr 127.9.0.0/16 icmp type echo-request reject with icmp host-unreachable;") {
        return;
    }
    for (engine, mut patrol) in both_kinds() {
        let refused = (0..1_000).map(|n| target(2 * n, Ipv4Addr::from(0x7f09_0001 + n)));
        let healthy = (0..1_000).map(|n| target(2 * n + 1, loopback(n)));
        let answers = patrol.ask(refused.chain(healthy).collect());
        for (id, answer) in answers {
            if id.0 % 2 == 1 {
                assert_whole(&answer);
                continue;
            }
            let told = (answer.sent, answer.lost, answer.error);
            let error = Some(RoundError::Unreachable { code: 1 });
            assert_eq!(told, (3, 3, error), "{engine:?} {id:?}");
        }
        assert_eq!(patrol.prober.stats().local_errors, 0, "{engine:?}");
    }
}

#[test]
fn hundreds_of_absent_hosts_on_a_lan_delay_nobody() {
    let _alone = alone();
    if !inside_namespace("hundreds_of_absent_hosts_on_a_lan_delay_nobody") {
        return;
    }
    sh("ip link add lan0 type veth peer name lan1
        ip addr add 10.9.0.1/16 dev lan0
        ip link set lan0 up
        ip link set lan1 up");
    for (engine, mut patrol) in both_kinds() {
        // Fewer than the neighbour table holds; three times as many packets wait for addresses as
        // the system's default buffer has room for.
        let absent = (0..300).map(|n| impatient(n, Ipv4Addr::from(0x0a09_0101 + n)));
        let healthy = (300..320).map(|n| impatient(n, loopback(n)));
        let answers = patrol.ask(absent.chain(healthy).collect());
        for (id, answer) in answers {
            let lost = if id.0 < 300 { 3 } else { 0 };
            let told = (answer.sent, answer.lost, answer.error);
            assert_eq!(told, (3, lost, None), "{engine:?} {id:?}");
        }
        let stats = patrol.prober.stats();
        assert_eq!((stats.deferred, stats.local_errors), (0, 0), "{engine:?}");
    }
}

#[test]
fn a_reply_from_another_address_is_no_reply() {
    let _alone = alone();
    if !inside_namespace("a_reply_from_another_address_is_no_reply") {
        return;
    }
    if !nft("ip saddr 127.0.0.2 icmp type echo-reply ip saddr set 127.9.9.9;") {
        return;
    }
    for (engine, mut patrol) in both_kinds() {
        let answers = patrol.ask(vec![impatient(0, loopback(1)), impatient(1, loopback(2))]);
        let answer = answers[&TargetId(0)];
        assert_eq!((answer.sent, answer.lost, answer.error), (3, 3, None), "{engine:?}");
        assert_whole(&answers[&TargetId(1)]);
        assert_eq!(patrol.prober.stats().stray, 3, "{engine:?}");
    }
}

#[test]
fn without_permission_the_error_names_the_remedies() {
    let _alone = alone();
    if !inside_namespace("without_permission_the_error_names_the_remedies") {
        return;
    }
    // A fresh namespace has datagram sockets closed for all groups.
    let options = Options {
        engine: EngineChoice::Datagram,
        rate_pps: 1,
        group_rate_pps: 1,
        first_sweep_ms: 0,
    };
    let error = Prober::start(options).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("net.ipv4.ping_group_range"), "{error}");
    assert!(error.contains("setcap cap_net_raw+ep"), "{error}");
}
