//! Packets that are lost on our own side, in a network namespace: with a control target they are not
//! held against the subjects, without one they are.

use std::process::{Command, Stdio};
use std::sync::PoisonError;

use super::common::{Daemon, FORKING, Province, follow, may_ping, skip};
use tuantra::api::Snapshot;
use tuantra::model::State;

/// Of what comes back a fifth is dropped before this machine sees it, whoever sent it; of what one
/// subject sends three more of five are.
const RULES: &str = "table ip t {
chain c {
type filter hook input priority 0
icmp type echo-reply numgen random mod 100 < 20 drop
ip saddr 127.0.1.9 icmp type echo-reply numgen random mod 100 < 75 drop
}
}
";
const HEALTHY: [&str; 4] = ["d-1", "d-2", "d-3", "d-4"];
const POOR: &str = "d-9";
/// Rounds of every healthy subject that are waited for.
const ROUNDS: usize = 8;

fn province(sentinels: &str) -> Province {
    let province = Province::new();
    let config = format!(
        "language: en\n\
         health: {{ interval: 5s, retry: 1s, loss_pct: 10 }}\n\
         probe: {{ icmp: {{ count: 5, spacing: 20ms, timeout: 300ms }} }}\n\
         sentinels: [{sentinels}]\n"
    );
    std::fs::write(province.path("config.yaml"), config).unwrap();
    let devices = [1, 2, 3, 4, 9].map(|n| {
        format!("  - {{ id: d-{n}, unit: tinh, role: host, address: 127.0.1.{n}, via: [] }}\n")
    });
    province.set_inventory(&format!(
        "units: [ {{ id: tinh, name: Tỉnh Thử, kind: province }} ]\ndevices:\n{}",
        devices.concat()
    ));
    province
}

/// The daemon in a namespace whose loopback loses packets; nothing, with a message, where that is not
/// allowed here.
fn daemon(province: &Province) -> Option<Daemon> {
    let allowed = |flags: &&&str| {
        let script = "ip link set lo up && nft \"$1\"";
        let mut command = Command::new("unshare");
        command.args([**flags, "sh", "-c", script, "sh", RULES]);
        let Ok(output) = command.stdin(Stdio::null()).output() else { return false };
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("syntax error"), "{said}");
        output.status.success()
    };
    let Some(flags) = ["-n", "-Urn"].iter().find(allowed) else {
        skip("no network namespaces (unshare -n, unshare -Urn), ip or nft with numgen here");
        return None;
    };
    let ours = province.command(&["run"]);
    let log = std::fs::File::create(province.path("daemon.log")).unwrap();
    let _alone = FORKING.lock().unwrap_or_else(PoisonError::into_inner);
    let script = "ip link set lo up; nft \"$1\"; shift; exec \"$@\"";
    let child = Command::new("unshare")
        .args([flags, "sh", "-ec", script, "sh", RULES])
        .arg(ours.get_program())
        .args(ours.get_args())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    Some(Daemon { child, log: province.path("daemon.log") })
}

fn states<'a>(snapshot: &'a Snapshot, ids: &'a [&str]) -> impl Iterator<Item = (&'a str, State)> {
    let subjects = snapshot.subjects.iter().filter(|s| ids.contains(&s.id.as_str()));
    subjects.map(|s| (s.id.as_str(), s.now.state))
}

#[tokio::test]
async fn what_a_control_target_loses_as_well_is_not_held_against_the_subjects() {
    if !may_ping() {
        return;
    }
    let province = province("{ address: 127.0.8.1, control: true }");
    let Some(daemon) = daemon(&province) else { return };
    let seen = follow(&province.client(), |snapshot| {
        for (id, state) in states(snapshot, &HEALTHY) {
            let is_fine = matches!(state, State::Up | State::Unmeasured);
            assert!(is_fine, "{id} is {state:?}: {}", daemon.log());
        }
        let is_told = states(snapshot, &[POOR])
            .all(|(_, state)| state.is_outage() || state == State::Degraded);
        let subjects = snapshot.subjects.iter();
        let mut healthy = subjects.filter(|s| HEALTHY.contains(&s.id.as_str()));
        is_told && healthy.all(|s| s.now.recent_us.len() >= ROUNDS)
    })
    .await;
    let permille = seen.daemon.own_loss_permille.unwrap();
    assert!((100..=300).contains(&permille), "{permille}");
    let status = province.command(&["status"]).output().unwrap();
    let status = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(status.contains("The control target lost"), "{status}");
}

#[tokio::test]
async fn without_a_control_target_our_own_loss_looks_like_everybodys() {
    if !may_ping() {
        return;
    }
    let province = province("{ address: 127.0.8.1 }");
    let Some(_daemon) = daemon(&province) else { return };
    let seen = follow(&province.client(), |snapshot| {
        states(snapshot, &HEALTHY).any(|(_, state)| state == State::Degraded)
    })
    .await;
    assert_eq!(seen.daemon.own_loss_permille, None);
}
