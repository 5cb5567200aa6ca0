//! Looking after the store beside the daemon that writes it.

use serde_json::Value;
use tuantra::model::State;

use super::common::{Province, assert_partition, follow, may_ping};

fn run(province: &Province, args: &[&str]) -> (Option<i32>, String, String) {
    let output = province.command(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn json(province: &Province, args: &[&str]) -> Value {
    let (code, out, err) = run(province, &[args, &["--format", "json"]].concat());
    assert_eq!(code, Some(0), "{args:?}: {out}{err}");
    serde_json::from_str(&out).unwrap()
}

#[tokio::test]
async fn the_store_is_checked_copied_and_counted_while_the_daemon_writes_it() {
    if !may_ping() {
        return;
    }
    let province = Province::new();
    let mut daemon = province.daemon();
    let client = province.client();
    let is_up = |s: &tuantra::api::Snapshot| s.subjects.iter().all(|s| s.now.state == State::Up);
    let first = follow(&client, is_up).await;
    let is_later =
        |s: &tuantra::api::Snapshot| s.daemon.written.is_some_and(|w| w > first.at + 4_000);
    let second = follow(&client, is_later).await;

    let checked = json(&province, &["db", "check"]);
    assert_eq!(checked["clean"], true, "{checked}");
    let stats = json(&province, &["db", "stats"]);
    let samples = stats["samples"].as_u64().unwrap();
    assert!(samples >= 6 * 3, "{stats}");
    assert!(stats["wal_bytes"].as_u64().unwrap() > 0, "{stats}");
    let (code, said, _) = run(&province, &["verify"]);
    assert_eq!(code, Some(3), "no day is over yet, so nothing is proven: {said}");

    let copy = province.path("copy.db");
    let name = copy.display().to_string();
    let copied = json(&province, &["db", "backup", &name]);
    assert_eq!(copied["clean"], true, "{copied}");
    assert_partition(&copy);
    let (code, _, busy) = run(&province, &["db", "restore", &name]);
    assert_eq!(code, Some(2), "{busy}");
    assert!(busy.contains(&daemon.child.id().to_string()), "{busy}");
    // It has gone on writing meanwhile.
    follow(&client, |s| s.daemon.written.is_some_and(|w| w > second.at + 4_000)).await;
    assert!(json(&province, &["db", "stats"])["samples"].as_u64().unwrap() > samples);

    daemon.signal("-TERM");
    daemon.child.wait().unwrap();
    let restored = json(&province, &["db", "restore", &name]);
    assert!(std::path::Path::new(restored["aside"].as_str().unwrap()).exists());
    let _daemon = province.daemon();
    follow(&client, |s| s.at > second.at + 4_000 && is_up(s)).await;
    assert_partition(&province.path("tuantra.db"));
}
