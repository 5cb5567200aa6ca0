//! Silence, refusals, absent neighbours and foreign answers, in network namespaces of the tests' own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::Command;

use tuantra::model::{PingParams, RoundError};
use tuantra::probe::{EngineChoice, Options, Prober, Target, TargetId};

use crate::{Patrol, alone, assert_whole, impatient, loopback, target};

/// True inside a fresh network namespace with the loopback up. Outside it runs the named test
/// again in one, and returns false.
fn inside_namespace(test: &str) -> bool {
    inside(&format!("namespaces::{test}"))
}

/// The same of a test by its whole path.
pub(crate) fn inside(test: &str) -> bool {
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

pub(crate) fn sh(script: &str) {
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
pub(crate) fn both_kinds() -> Vec<(EngineChoice, Patrol)> {
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
            params: PingParams {
                count: 3,
                spacing_ms: 5,
                timeout_ms: 300_000,
                ..PingParams::DEFAULT
            },
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
            // This machine itself refuses, in the name of whoever was asked.
            let by = Some(match id.0 {
                0 => IpAddr::V4(loopback(1)),
                1 => IpAddr::V4(loopback(2)),
                _ => "fd00::2".parse().unwrap(),
            });
            let error = code.map(|code| RoundError::Unreachable { code, by });
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
            let by = Some(IpAddr::V4(Ipv4Addr::from(0x7f09_0001 + id.0 / 2)));
            let error = Some(RoundError::Unreachable { code: 1, by });
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
        let stats = patrol.prober.stats();
        assert_eq!((stats.wrong_source, stats.stray), (3, 0), "{engine:?}");
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
