//! The real binary patrolling loopback: start, clients, reload, crash, stop.

use std::time::{Duration, Instant};

use super::common::{INVENTORY, Province, assert_partition, follow, may_ping};
use tuantra::api::ClientError;
use tuantra::coverage::Ladder;
use tuantra::model::{Span, State, UnixMs};
use tuantra::store::Reader;

fn all_up(snapshot: &tuantra::api::Snapshot) -> bool {
    snapshot.subjects.iter().all(|s| s.now.state == State::Up)
}

#[tokio::test]
async fn a_province_comes_up_and_its_coverage_is_counted() {
    if !may_ping() {
        return;
    }
    let province = Province::new();
    let _daemon = province.daemon();
    let snapshot = follow(&province.client(), all_up).await;
    assert_eq!(snapshot.subjects.len(), 6);
    let root = &snapshot.units[0];
    let rungs: Vec<(&str, Ladder)> =
        root.subtree.iter().map(|c| (c.network.as_str(), c.ladder)).collect();
    let one = Ladder { required: 1, deployed: 1, measured: 1, live: 1, met: 0 };
    assert_eq!(rungs.len(), 3, "TSLCD of the district and the commune, LAN of the commune");
    for (network, ladder) in rungs {
        assert_eq!(Ladder { met: 0, ..ladder }, one, "{network}");
    }
    let status = province.command(&["status", "huyen.xa"]).output().unwrap();
    assert_eq!(status.status.code(), Some(0), "{}", String::from_utf8_lossy(&status.stderr));
    let text = String::from_utf8(status.stdout).unwrap();
    assert!(text.contains("huyen.xa/router") && text.contains("127.0.1.3"), "{text}");
    let late =
        follow(&province.client(), |s| s.daemon.written.is_some_and(|w| w > snapshot.at + 2_500))
            .await;
    let history = province
        .client()
        .history(&snapshot.subjects[0].id, Span::new(late.at - 60_000, late.at), 10)
        .await
        .unwrap();
    assert_eq!(history.points.len(), 10);
    assert!(history.points.iter().map(|p| p.rounds).sum::<u32>() >= 2, "{history:?}");
    let stranger = tuantra::model::SubjectId::new("nobody").unwrap();
    let refused = province.client().history(&stranger, Span::new(UnixMs(0), late.at), 10).await;
    assert!(matches!(refused, Err(ClientError::Refused(p)) if p.error == "unknown_subject"));
}

#[tokio::test]
async fn a_broken_inventory_changes_nothing_and_a_good_one_is_taken_over() {
    if !may_ping() {
        return;
    }
    let province = Province::new();
    let daemon = province.daemon();
    let client = province.client();
    follow(&client, all_up).await;
    province.set_inventory(&INVENTORY.replace("parent: huyen\n", "parent: huyn\n"));
    daemon.signal("-HUP");
    let refused = follow(&client, |s| s.daemon.reload_failure.is_some()).await;
    let failure = refused.daemon.reload_failure.as_ref().unwrap();
    assert_eq!(failure.errors, 1);
    assert!(failure.first.contains("tinh.yaml:16:13"), "{}", failure.first);
    assert_eq!(refused.subjects.len(), 6, "the old inventory stays in force");
    let reload = province.command(&["reload"]).output().unwrap();
    assert_eq!(reload.status.code(), Some(2));

    province.set_inventory(
        &INVENTORY.replace(", switch: 127.0.1.4", ", switch: 127.0.1.4, ap: 127.0.1.5"),
    );
    let reload = province.command(&["reload"]).output().unwrap();
    assert_eq!(reload.status.code(), Some(0), "{}", String::from_utf8_lossy(&reload.stderr));
    let after = follow(&client, |s| s.subjects.len() == 7 && all_up(s)).await;
    assert!(after.daemon.reload_failure.is_none());
}

#[tokio::test]
async fn a_killed_daemon_leaves_a_hole_and_no_lie() {
    if !may_ping() {
        return;
    }
    let province = Province::new();
    let store = province.path("tuantra.db");
    let mut daemon = province.daemon();
    let client = province.client();
    let mut before = follow(&client, all_up).await;
    for _ in 0..2 {
        // At least one more round is on disk before each crash.
        let last = before.at;
        before =
            follow(&client, |s| all_up(s) && s.daemon.written.is_some_and(|w| w > last + 2_500))
                .await;
        daemon.child.kill().unwrap();
        daemon.child.wait().unwrap();
        assert_partition(&store);
        let status = province.command(&["status"]).output().unwrap();
        assert_eq!(status.status.code(), Some(4), "no daemon, last known state");
        // The hole has to be longer than two intervals to be one.
        let dead = Instant::now();
        while dead.elapsed() < Duration::from_millis(2_500) {
            std::thread::park_timeout(Duration::from_millis(100));
        }
        daemon = province.daemon();
        let asked = |s: &tuantra::api::Snapshot| {
            s.subjects.iter().all(|s| s.now.last_round.is_some_and(|t| t > before.at + 2_500))
        };
        before = follow(&client, |s| all_up(s) && asked(s)).await;
    }
    daemon.signal("-TERM");
    daemon.child.wait().unwrap();
    assert_partition(&store);
    let reader = Reader::open(&store).unwrap();
    let all = Span::new(UnixMs(0), UnixMs(i64::MAX));
    for (subject, intervals) in reader.intervals(None, all).unwrap() {
        let states: Vec<State> = intervals.iter().map(|i| i.state).collect();
        assert!(states.iter().all(|s| !s.is_outage()), "{subject}: {states:?}");
        let holes = states.iter().filter(|s| **s == State::Unmeasured).count();
        // Before its first round, and both times the daemon was dead.
        assert_eq!(holes, 3, "{subject}: {states:?}");
    }
}

#[tokio::test]
async fn a_second_daemon_is_refused_and_the_first_stops_within_two_seconds() {
    if !may_ping() {
        return;
    }
    let province = Province::new();
    let mut daemon = province.daemon();
    follow(&province.client(), all_up).await;
    let second = province.command(&["run"]).output().unwrap();
    assert_eq!(second.status.code(), Some(2));
    let complaint = String::from_utf8(second.stderr).unwrap();
    assert!(complaint.contains(&daemon.child.id().to_string()), "{complaint}");

    let asked = Instant::now();
    daemon.signal("-TERM");
    let status = daemon.child.wait().unwrap();
    assert!(status.success(), "{}", daemon.log());
    assert!(asked.elapsed() < Duration::from_secs(2));
    assert!(!province.path("tuantra.sock").exists());
    assert_partition(&province.path("tuantra.db"));
}
