//! The channels and the engine on a LAN of a network namespace that the tests make themselves:
//! what only absent neighbours and refusing routers bring about. Skipped with a message where
//! namespaces are forbidden.

use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use std::sync::Arc;

use super::channel::{Dress, Event, Held, Way};
use super::engine::Engine;
use super::slots::Sent;
use super::sys::{Clock, Inbox, now_ns};
use super::*;
use crate::model::{PingParams, RoundError};
use crate::probe::schedule::Seat;
use crate::probe::{Answer, PhaseKey, Target, TargetId};

const OURSELVES: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 9, 0, 1));
const PLAIN: Dress<'static> = Dress { params: PingParams::DEFAULT, source: None };
/// A test waits this long only when it fails.
const PATIENCE_NS: i64 = 60_000_000_000;

fn absent(n: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 9, 1, n))
}

fn sh(script: &str) {
    let output = Command::new("sh").args(["-ec", script]).output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
}

/// True inside a fresh network namespace with a LAN of absent hosts. Outside it runs the named
/// test again in one, and returns false.
fn on_a_lan(test: &str) -> bool {
    if std::env::var_os("TUANTRA_TEST_NAMESPACE").is_some() {
        sh("ip link set lo up
            ip link add lan0 type veth peer name lan1
            ip addr add 10.9.0.1/16 dev lan0
            ip link set lan0 up
            ip link set lan1 up");
        if let Err(error) = std::fs::write("/proc/sys/net/ipv4/ping_group_range", "0 0") {
            println!("datagram sockets stay closed: {error}");
        }
        return true;
    }
    let works = |program: &str, args: &[&str]| {
        Command::new(program).args(args).output().is_ok_and(|output| output.status.success())
    };
    // An ordinary user needs a user namespace around it.
    let Some(flags) = ["-n", "-Urn"].into_iter().find(|flags| works("unshare", &[flags, "true"]))
    else {
        println!("skipped: network namespaces are not allowed here (unshare -n, unshare -Urn)");
        return false;
    };
    if !works("ip", &["-V"]) {
        println!("skipped: no `ip` (iproute2) on this machine");
        return false;
    }
    let name = format!("{}::{test}", module_path!().split_once("::").unwrap().1);
    let output = Command::new("unshare")
        .arg(flags)
        .arg(std::env::current_exe().unwrap())
        .args([name.as_str(), "--exact", "--nocapture"])
        .env("TUANTRA_TEST_NAMESPACE", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    print!("{said}");
    assert!(output.status.success() && said.contains("1 passed"), "{said}\n{failed}");
    false
}

fn kinds() -> impl Iterator<Item = (Kind, Channels)> {
    [Kind::Datagram, Kind::Raw].into_iter().filter_map(|kind| match open_kind(kind) {
        Ok(channels) => Some((kind, channels)),
        Err(error) => {
            println!("skipped: {error}");
            None
        }
    })
}

/// Whether there is time left for what does not come.
fn patient(since_ns: i64) -> bool {
    now_ns(Clock::Monotonic) - since_ns < PATIENCE_NS
}

#[test]
fn an_error_names_who_said_it_and_hits_no_other_packet() {
    if !on_a_lan("an_error_names_who_said_it_and_hits_no_other_packet") {
        return;
    }
    // This machine itself says "host unreachable" for a neighbour that does not answer.
    sh("echo 0 > /proc/sys/net/ipv4/icmp_ratemask
        cd /proc/sys/net/ipv4/neigh/lan0; echo 1 > mcast_solicit; echo 50 > retrans_time_ms");
    for (kind, channels) in kinds() {
        let mut channel = channels.v4.unwrap();
        let (mut inbox, mut events) = (Inbox::new(), Vec::new());
        let sent = |packet| Sent { seat: Seat(0), serial: 1, packet, at_ns: 0 };
        for n in 0..100 {
            let tell = &mut |event| events.push(event);
            let way = Way::Doubtful { ident: 0 };
            channel.send((absent(n), 7), PLAIN, sent(n), way, &mut inbox, tell).unwrap();
        }
        // While their errors come, packets from the same socket meet them.
        let since_ns = now_ns(Clock::Monotonic);
        let refused = |events: &[Event]| {
            events.iter().filter(|event| matches!(event, Event::Refusal { .. })).count()
        };
        while refused(&events) < 100 && patient(since_ns) {
            // Many between two drains, so that many errors are pending at once.
            for _ in 0..64 {
                let tell = &mut |event| events.push(event);
                let way = Way::Doubtful { ident: 0 };
                let to = IpAddr::V4(Ipv4Addr::LOCALHOST);
                let result = channel.send((to, 8), PLAIN, sent(200), way, &mut inbox, tell);
                assert!(matches!(result, Ok(_) | Err(Held::Later(_))), "{kind:?}: {result:?}");
            }
            channel.receive(&mut inbox, &mut |event| events.push(event));
        }
        assert_eq!(refused(&events), 100, "{kind:?}");
        for event in events {
            let Event::Refusal { sent, error } = event else { continue };
            assert!(sent.packet < 100, "{kind:?}: an innocent packet");
            let told = RoundError::Unreachable { code: 1, by: Some(OURSELVES) };
            assert_eq!(error, told, "{kind:?}");
        }
    }
}

struct Patrol {
    engine: Engine,
    mailbox: Arc<Mailbox>,
    answers: crate::probe::Answers,
}

impl Patrol {
    fn new(channels: Channels) -> Self {
        let options = Options {
            engine: EngineChoice::Auto,
            rate_pps: 100_000,
            group_rate_pps: 100_000,
            first_sweep_ms: 0,
        };
        let (sender, answers) = tokio::sync::mpsc::channel(256);
        let stats = Stats::new(EngineKind::Raw);
        let mailbox = Arc::new(Mailbox::new(stats));
        let theirs = Arc::clone(&mailbox);
        let engine = Engine::new(&options, channels, stats, theirs, Outbox::new(sender));
        Self { engine, mailbox, answers }
    }

    /// Lets the engine run until `count` loopback targets have answered, or for as long as is
    /// patient. One whose regular turn comes just then may answer twice.
    fn healthy(&mut self, count: usize) -> Vec<Answer> {
        let (mut taken, since_ns) = (Vec::<Answer>::new(), now_ns(Clock::Monotonic));
        while answered(&taken) < count && patient(since_ns) {
            assert!(self.engine.turn());
            while let Ok(batch) = self.answers.try_recv() {
                taken.extend(batch.into_iter().filter(|answer| answer.target.0 < 100));
            }
        }
        taken
    }
}

/// How many targets are among the answers.
fn answered(answers: &[Answer]) -> usize {
    let targets: std::collections::BTreeSet<TargetId> = answers.iter().map(|a| a.target).collect();
    targets.len()
}

#[test]
fn dead_hosts_that_fill_their_socket_delay_no_healthy_one() {
    if !on_a_lan("dead_hosts_that_fill_their_socket_delay_no_healthy_one") {
        return;
    }
    for (kind, mut channels) in kinds() {
        channels.v4.as_mut().unwrap().starve_doubtful();
        let mut patrol = Patrol::new(channels);
        let target = |id: u32, address| Target {
            id: TargetId(id),
            address,
            params: PingParams {
                count: 3,
                spacing_ms: 1,
                timeout_ms: 2_000,
                ..PingParams::DEFAULT
            },
            interval_ms: 600_000,
            retry_ms: 600_000,
            source: None,
            is_urgent: false,
            phase_key: PhaseKey::of(&id.to_string()),
            group: 0,
        };
        let healthy = |id: u32| target(id, IpAddr::V4(Ipv4Addr::from(0x7f00_0001 + id)));
        let mut targets: Vec<Target> = (0..20).map(healthy).collect();
        patrol.mailbox.set_targets(targets.clone());
        assert_eq!(answered(&patrol.healthy(20)), 20);

        targets.extend((1..=250).map(|n| target(100 + u32::from(n), absent(n))));
        patrol.mailbox.set_targets(targets);
        let ids: Vec<TargetId> = (0..20).map(TargetId).collect();
        for _ in 0..5 {
            patrol.mailbox.ask_now(&ids);
            let answers = patrol.healthy(20);
            assert_eq!(answered(&answers), 20, "{kind:?}");
            for answer in answers {
                let told = (answer.sent, answer.lost, answer.error);
                assert_eq!(told, (3, 0, None), "{kind:?} {:?}", answer.target);
            }
        }
        let stats = patrol.engine.stats();
        assert!(stats.deferred > 0 && stats.in_flight > 100, "{kind:?}: {stats:?}");
    }
}

#[test]
fn an_overflow_of_our_own_is_noticed_by_both_kinds_and_is_nobodys_silence() {
    if !on_a_lan("an_overflow_of_our_own_is_noticed_by_both_kinds_and_is_nobodys_silence") {
        return;
    }
    for (kind, mut channels) in kinds() {
        channels.v4.as_mut().unwrap().starve_receiving();
        let mut patrol = Patrol::new(channels);
        let target = |id: u32| Target {
            id: TargetId(id),
            address: IpAddr::V4(Ipv4Addr::from(0x7f00_0001 + id)),
            params: PingParams { count: 3, spacing_ms: 1, timeout_ms: 100, ..PingParams::DEFAULT },
            interval_ms: 600_000,
            retry_ms: 600_000,
            source: None,
            is_urgent: false,
            phase_key: PhaseKey::of(&id.to_string()),
            group: 0,
        };
        // More between two drains than such a buffer holds.
        patrol.mailbox.set_targets((0..100).map(target).collect());
        let answers = patrol.healthy(100);
        let lost: u32 = answers.iter().map(|answer| u32::from(answer.lost)).sum();
        assert!(lost > 0, "{kind:?}: the buffer held them all");
        for answer in answers {
            let error = (answer.lost > 0).then_some(RoundError::Overflow);
            assert_eq!((answer.sent, answer.error), (3, error), "{kind:?} {:?}", answer.target);
        }
        let stats = patrol.engine.stats();
        let account = stats.account;
        assert!(stats.overflow >= u64::from(lost), "{kind:?} {stats:#?}");
        assert_eq!((account.lost, account.silent), (0, 0), "{kind:?} {account:#?}");
        assert_eq!(account.overflowed, u64::from(lost), "{kind:?} {account:#?}");
    }
}
