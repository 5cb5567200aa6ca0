//! The whole house: the demo's virtual province with real packets, its scripted fibre cut held
//! against what the daemon recorded, and a daemon killed in the middle.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use super::common::{assert_partition, follow, skip};
use tuantra::api::{Client, Snapshot};
use tuantra::coverage::Outage;
use tuantra::model::{Incident, Span, State, SubjectId, Tier, UnixMs};
use tuantra::store::{OutageFilter, Reader};

/// How far a recorded start or end may lie from the script's truth, in milliseconds.
const TOLERANCE_MS: i64 = 1_000;

fn state_of(snapshot: &Snapshot, id: &str) -> State {
    snapshot.subjects.iter().find(|s| s.id.as_str() == id).unwrap().now.state
}

fn incident_of<'a>(snapshot: &'a Snapshot, unit: &str) -> Vec<&'a Incident> {
    snapshot
        .incidents
        .iter()
        .filter(|i| i.unit.as_str() == unit && i.state == State::Down)
        .collect()
}

/// Every subject has been asked by the daemon that runs now.
fn all_asked(snapshot: &Snapshot) -> bool {
    let started = snapshot.daemon.started;
    snapshot.subjects.iter().all(|s| s.now.last_round.is_some_and(|t| t >= started))
}

/// Communes beneath a district that have no other way than through it.
fn single_homed(snapshot: &Snapshot, district: &str) -> BTreeSet<String> {
    let beneath =
        snapshot.units.iter().filter(|u| u.parent.as_ref().is_some_and(|p| p.as_str() == district));
    beneath
        .filter(|u| {
            let lines = snapshot.subjects.iter().filter(|s| {
                s.unit == u.id && s.network.as_ref().is_some_and(|n| n.as_str() == "tslcd")
            });
            lines.count() == 1
        })
        .map(|u| u.id.to_string())
        .collect()
}

fn live_communes(snapshot: &Snapshot, unit: &str) -> (u32, u32) {
    let row = snapshot.units.iter().find(|u| u.id.as_str() == unit).unwrap();
    let coverage = row
        .subtree
        .iter()
        .find(|c| c.network.as_str() == "tslcd" && c.tier == Tier::Commune)
        .unwrap();
    (coverage.ladder.live, coverage.ladder.required)
}

/// Start and end of the scripted fault on a subject, from the truth log.
fn truth(log: &str, subject: &str) -> (UnixMs, UnixMs) {
    let at = |phase: &str| -> UnixMs {
        log.lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .find(|entry| {
                entry["phase"] == phase
                    && entry["subjects"].as_array().unwrap().iter().any(|s| s == subject)
            })
            .unwrap()["t"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap()
    };
    (at("start"), at("end"))
}

#[tokio::test]
async fn a_cut_fibre_is_one_incident_and_a_killed_daemon_one_hole() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Command::new(env!("CARGO_BIN_EXE_tuantra"))
        .args(["demo", "--headless", "--for", "70s", "--lang", "en", "--folder"])
        .arg(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let client = Client::new(folder.path().join("tuantra.sock"));
    let first = tokio::select! {
        first = follow(&client, all_asked) => first,
        output = tokio::task::spawn_blocking(move || demo.wait_with_output()) => {
            let output = output.unwrap().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(said.contains("namespace"), "the demo ended early: {said}");
            skip(&said);
            return;
        }
    };
    // The daemon dies before the cut and is started again by the demo, as systemd would.
    let pid = first.daemon.pid.to_string();
    assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    let killed = first.at;
    follow(&client, |s| s.daemon.pid != first.daemon.pid).await;

    let alone = single_homed(&first, "cai-be");
    let cut = follow(&client, |s| {
        incident_of(s, "cai-be").first().is_some_and(|i| {
            let hit: BTreeSet<String> = i.impact.units.iter().map(ToString::to_string).collect();
            alone.is_subset(&hit)
        })
    })
    .await;
    assert_eq!(state_of(&cut, "cai-be/tslcd"), State::Down);
    assert_eq!(state_of(&cut, "cai-be/tslcd-2"), State::Down);
    let incidents = incident_of(&cut, "cai-be");
    assert_eq!(incidents.len(), 1, "both trunks in one duct are one incident");
    let root = &incidents[0].root;
    assert_eq!(incidents[0].impact.units.len(), alone.len() + 1, "and the district itself");
    for commune in &alone {
        let line =
            cut.subjects.iter().find(|s| s.id.as_str() == format!("{commune}/tslcd")).unwrap();
        assert_eq!(line.now.state, State::Unreachable, "{commune}");
        assert_eq!(line.now.cause.as_ref(), Some(root), "{commune}");
    }
    let (live, required) = live_communes(&cut, "cai-be");
    assert_eq!((live, required), (25 - u32::try_from(alone.len()).unwrap(), 25));
    let beneath = |i: &&Incident| i.unit.as_str().starts_with("cai-be.");
    assert_eq!(cut.incidents.iter().filter(beneath).count(), 0, "no consequence is an incident");

    let healed = follow(&client, |s| {
        incident_of(s, "cai-be").is_empty() && live_communes(s, "cai-be") == (25, 25)
    })
    .await;
    assert_eq!(state_of(&healed, "cai-be/tslcd"), State::Up);

    let store = folder.path().join("tuantra.db");
    // The demo ends by itself and stops its daemon, which writes what waits.
    let ended = follow_end(&client).await;
    assert!(ended, "the daemon is stopped with the demo");
    assert_partition(&store);
    let log = std::fs::read_to_string(folder.path().join("truth.jsonl")).unwrap();
    let reader = Reader::open(&store).unwrap();
    for trunk in ["cai-be/tslcd", "cai-be/tslcd-2"] {
        let id = SubjectId::new(trunk).unwrap();
        let around = Span::new(killed - 5_000, killed + 20_000);
        let record = reader.intervals(Some(&id), around).unwrap().remove(&id).unwrap();
        assert!(
            record.iter().any(|i| i.state == State::Unmeasured && i.from >= killed - 5_000),
            "{trunk}: the daemon was dead for over a second: {record:?}"
        );
        let (start, end) = truth(&log, trunk);
        let outage = outage(&reader, trunk, start);
        assert!(outage.start.since(start).abs() <= TOLERANCE_MS, "{trunk}: {outage:?} {start}");
        let recorded = outage.end.unwrap();
        assert!(recorded.since(end).abs() <= TOLERANCE_MS, "{trunk}: {outage:?} {end}");
    }
}

/// The recorded outage of a subject around `at`.
fn outage(reader: &Reader, subject: &str, at: UnixMs) -> Outage {
    let filter = OutageFilter {
        subjects: Some([SubjectId::new(subject).unwrap()].into()),
        ..OutageFilter::default()
    };
    let found = reader.outages(Span::new(at - 5_000, at + 60_000), &filter).unwrap();
    assert_eq!(found.len(), 1, "{subject}: {found:?}");
    found.into_iter().next().unwrap().outage
}

/// Waits until nobody listens on the socket any more.
async fn follow_end(client: &Client) -> bool {
    tokio::time::timeout(std::time::Duration::from_secs(90), async {
        while let Ok(snapshot) = client.snapshot().await {
            if let Ok(mut changes) = client.changes(snapshot.seq).await {
                while let Ok(Some(_)) = changes.next().await {}
            }
        }
    })
    .await
    .is_ok()
}
