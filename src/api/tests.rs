//! The protocol over a real Unix socket, and changes applied to snapshots.

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use tokio::net::UnixListener;
use tokio::sync::broadcast;

use super::*;
use crate::coverage::{Availability, Ladder, Verdict};
use crate::model::{
    Contact, HealthParams, NetworkId, Span, State, SubjectId, SubjectKind, Tier, UnitId, UnitKind,
    UnixMs,
};

fn subject_id(n: u32) -> SubjectId {
    SubjectId::new(&format!("u{n}/tslcd")).unwrap()
}

fn unit_id(n: u32) -> UnitId {
    UnitId::new(&format!("u{n}")).unwrap()
}

fn state(state: State) -> SubjectState {
    SubjectState {
        state,
        since: UnixMs(0),
        cause: None,
        suspect: 0,
        last_round: None,
        rtt_us: Some(4100),
        loss_permille: Some(0),
        recent_us: vec![Some(4100), None],
    }
}

fn daemon() -> DaemonInfo {
    DaemonInfo {
        version: "0".into(),
        pid: 1,
        started: UnixMs(0),
        asked: 3,
        interval_ms: 30_000,
        lag_ms: 0,
        written: None,
        dropped_samples: 0,
        reload_failure: None,
        trouble: None,
    }
}

fn coverage(live: u32) -> UnitCoverage {
    UnitCoverage {
        network: NetworkId::new("tslcd").unwrap(),
        tier: Tier::Commune,
        ladder: Ladder { required: 1, deployed: 1, measured: 1, live, met: 0 },
        state: Some(State::Up),
        month: Availability::default(),
        verdict: Verdict::NotProven,
    }
}

fn sample() -> Snapshot {
    Snapshot {
        seq: 7,
        at: UnixMs(1000),
        daemon: daemon(),
        timezone: "Asia/Ho_Chi_Minh".into(),
        month_from: UnixMs(0),
        networks: vec![],
        carriers: vec![],
        units: (0..3)
            .map(|n| UnitRow {
                id: unit_id(n),
                parent: None,
                name: format!("Xã {n}"),
                short: format!("X. {n}"),
                kind: UnitKind::Commune,
                contact: Contact::default(),
                location: None,
                own: vec![coverage(1)],
                subtree: vec![coverage(1)],
            })
            .collect(),
        subjects: (0..3)
            .map(|n| SubjectRow {
                id: subject_id(n),
                kind: SubjectKind::Connection,
                name: "TSLCD".into(),
                unit: unit_id(n),
                network: None,
                carrier: None,
                circuit: None,
                role: None,
                address: Some("127.0.0.1".into()),
                bandwidth_kbps: None,
                sla_ppm: None,
                via: vec![],
                thresholds: HealthParams::default(),
                now: state(State::Up),
                month: Availability::default(),
            })
            .collect(),
        incidents: vec![],
        goal_permille: 980,
        measured_floor_ppm: 950_000,
    }
}

fn change(seq: u64) -> Change {
    Change {
        seq,
        at: UnixMs(2000),
        daemon: daemon(),
        subjects: vec![
            (subject_id(0), state(State::Down)),
            (subject_id(2), state(State::Degraded)),
        ],
        units: vec![UnitChange { id: unit_id(1), own: vec![coverage(0)], subtree: vec![] }],
        incidents: None,
        resync: false,
    }
}

#[test]
fn the_next_change_is_applied_and_any_other_asks_for_a_snapshot() {
    let mut snapshot = sample();
    assert!(!snapshot.apply(&change(9)), "one is missing");
    assert!(!snapshot.apply(&Change { resync: true, ..change(8) }));
    assert_eq!(snapshot, sample());
    assert!(snapshot.apply(&change(8)));
    let states: Vec<State> = snapshot.subjects.iter().map(|s| s.now.state).collect();
    assert_eq!(states, [State::Down, State::Up, State::Degraded]);
    assert_eq!(snapshot.units[1].own, [coverage(0)]);
    assert_eq!(snapshot.units[0].own, [coverage(1)]);
    assert_eq!((snapshot.seq, snapshot.at), (8, UnixMs(2000)));
}

/// A daemon that knows one snapshot and publishes what the test gives it.
struct Fixed {
    live: broadcast::Sender<Arc<Change>>,
    asked: Mutex<Vec<HistoryQuery>>,
}

impl Backend for Fixed {
    fn snapshot(&self) -> BoxFuture<'_, Result<Arc<Snapshot>, Problem>> {
        Box::pin(async { Ok(Arc::new(sample())) })
    }

    fn changes(&self, after: u64) -> Option<Feed> {
        (after == 7)
            .then(|| Feed { missed: vec![Arc::new(change(8))], live: self.live.subscribe() })
    }

    fn history(&self, query: HistoryQuery) -> BoxFuture<'_, Result<History, Problem>> {
        self.asked.lock().unwrap().push(query);
        Box::pin(async {
            Err(Problem { error: "unknown_subject".into(), message: "no such subject".into() })
        })
    }

    fn reload(&self, by: Option<u32>) -> BoxFuture<'_, Result<Reloaded, Problem>> {
        Box::pin(async move {
            assert!(by.is_some(), "the kernel says who asks");
            Ok(Reloaded { subjects: 3, warnings: 0 })
        })
    }
}

#[tokio::test]
async fn a_client_gets_a_snapshot_then_changes_then_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.sock");
    let missing = Client::new(path.clone()).snapshot().await;
    assert!(matches!(missing, Err(ClientError::Connect { .. })));

    let live = broadcast::Sender::new(4);
    let backend = Arc::new(Fixed { live: live.clone(), asked: Mutex::default() });
    let listener = UnixListener::bind(&path).unwrap();
    let shared: Arc<dyn Backend> = Arc::clone(&backend) as Arc<dyn Backend>;
    let server = tokio::spawn(serve(listener, shared));
    let client = Client::new(path);
    assert_eq!(client.snapshot().await.unwrap(), sample());

    let stale = client.changes(3).await;
    assert!(matches!(stale, Err(ClientError::Refused(p)) if p.error == "too_old"));
    let mut changes = client.changes(7).await.unwrap();
    assert_eq!(changes.next().await.unwrap(), Some(change(8)));
    live.send(Arc::new(change(9))).unwrap();
    assert_eq!(changes.next().await.unwrap(), Some(change(9)));

    let window = Span::new(UnixMs(0), UnixMs(1000));
    let refused = client.history(&subject_id(1), window, 10).await;
    assert!(matches!(refused, Err(ClientError::Refused(p)) if p.error == "unknown_subject"));
    assert_eq!(backend.asked.lock().unwrap()[0].window, window);
    let refused = client.history(&subject_id(1), window, 0).await;
    assert!(matches!(refused, Err(ClientError::Refused(p)) if p.error == "bad_window"));
    assert_eq!(client.reload().await.unwrap(), Reloaded { subjects: 3, warnings: 0 });

    drop(live);
    drop(backend);
    server.abort();
    let _ = server.await;
}

#[tokio::test]
async fn a_reader_that_lags_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.sock");
    let live = broadcast::Sender::new(1);
    let backend = Arc::new(Fixed { live: live.clone(), asked: Mutex::default() });
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(serve(listener, backend));
    let mut changes = Client::new(path).changes(7).await.unwrap();
    assert!(changes.next().await.unwrap().is_some());
    for seq in 9..20 {
        live.send(Arc::new(change(seq))).unwrap();
    }
    let mut last = 8;
    while let Some(change) = changes.next().await.unwrap() {
        assert_eq!(change.seq, last + 1, "never a gap without an end");
        last = change.seq;
    }
}
