//! The real daemon on bad days: it patrols and says so, and its store goes on by itself.

use std::path::Path;

use tuantra::api::Snapshot;
use tuantra::model::State;
use tuantra::store::{EventKind, Reader};

use super::common::{Province, assert_partition, follow, may_ping};
use super::steps::ALL_TIME;
use super::{fill, in_namespace, lock, small_disk};

fn is_up(snapshot: &Snapshot) -> bool {
    snapshot.subjects.iter().all(|s| s.now.state == State::Up)
}

/// No round is missing from any subject's record.
fn assert_no_hole(store: &Path, snapshot: &Snapshot) {
    assert_partition(store);
    let reader = Reader::open(store).unwrap();
    for row in &snapshot.subjects {
        let samples = reader.samples(&row.id, ALL_TIME).unwrap();
        let widest = samples.windows(2).map(|w| w[1].at.since(w[0].at)).max().unwrap();
        assert!(widest < 5_000, "{}: {widest} ms without a round", row.id);
    }
}

#[tokio::test]
async fn the_daemon_patrols_on_while_another_program_holds_the_lock() {
    if !may_ping() {
        return;
    }
    let province = Province::new();
    let mut daemon = province.daemon();
    let client = province.client();
    let before = follow(&client, |s| is_up(s) && s.daemon.written.is_some()).await;
    let mut other = lock(&province.path("tuantra.db"));
    let named = format!("locked by process {} (", other.id());
    let locked =
        follow(&client, |s| s.daemon.trouble.as_ref().is_some_and(|t| t.contains(&named))).await;
    // Ten rounds and more are asked meanwhile, and none is stored.
    let later = follow(&client, |s| {
        is_up(s) && s.subjects.iter().all(|row| row.now.last_round > Some(locked.at + 10_000))
    })
    .await;
    assert!(later.daemon.written < Some(locked.at), "{:?} {before:?}", later.daemon);
    let status = province.command(&["status"]).output().unwrap();
    let text = String::from_utf8(status.stdout).unwrap();
    assert!(text.contains(&named) && text.contains("wait in memory"), "{text}");
    drop(other.stdin.take());
    other.wait().unwrap();
    let well =
        follow(&client, |s| s.daemon.trouble.is_none() && s.daemon.written > Some(later.at)).await;
    assert_eq!(well.daemon.dropped_samples, 0);
    daemon.signal("-TERM");
    assert!(daemon.child.wait().unwrap().success(), "{}", daemon.log());
    assert_no_hole(&province.path("tuantra.db"), &well);
}

#[tokio::test]
async fn the_daemon_sets_a_damaged_store_aside_and_patrols_on() {
    if !may_ping() {
        return;
    }
    let province = Province::new();
    let store = province.path("tuantra.db");
    let mut daemon = province.daemon();
    let client = province.client();
    let first = follow(&client, |s| is_up(s) && s.daemon.written.is_some()).await;
    daemon.signal("-TERM");
    assert!(daemon.child.wait().unwrap().success(), "{}", daemon.log());
    let before = Reader::open(&store).unwrap().events(ALL_TIME, 1_000).unwrap();
    // The table of states, which the daemon takes up its work from.
    let page: u32 = rusqlite::Connection::open(&store)
        .unwrap()
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'state'", [], |r| r.get(0))
        .unwrap();
    let mut bytes = std::fs::read(&store).unwrap();
    let page = usize::try_from(page).unwrap();
    bytes[(page - 1) * 4_096..page * 4_096].fill(0x5a);
    std::fs::write(&store, bytes).unwrap();

    let mut daemon = province.daemon();
    let again = follow(&client, |s| is_up(s) && s.daemon.written > Some(first.at)).await;
    let told = again.daemon.trouble.unwrap();
    assert!(told.contains("was damaged") && told.contains("parts of state"), "{told}");
    assert!(told.contains("tuantra.db.corrupt-2"), "{told}");
    let status = province.command(&["status"]).output().unwrap();
    let text = String::from_utf8(status.stdout).unwrap();
    assert!(text.contains("! The store was damaged"), "{text}");
    assert!(daemon.log().contains("The store was damaged"), "{}", daemon.log());
    daemon.signal("-TERM");
    assert!(daemon.child.wait().unwrap().success(), "{}", daemon.log());
    assert_partition(&store);
    let after = Reader::open(&store).unwrap().events(ALL_TIME, 1_000).unwrap();
    assert_eq!(after[..before.len()], before, "the log goes on");
    assert!(after.iter().any(|e| e.event.kind == EventKind::Trouble));
    assert!(after.windows(2).all(|w| w[0].seq < w[1].seq));
}

#[test]
fn the_daemon_patrols_on_when_its_disk_is_full() {
    in_namespace("daemon::patrols_on_a_full_disk", &[]);
}

#[test]
#[ignore = "run by the_daemon_patrols_on_when_its_disk_is_full in a namespace of its own"]
fn patrols_on_a_full_disk() {
    let Some(disk) = small_disk(64) else { return };
    if !may_ping() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let province = Province::new();
        let mut config = std::fs::read_to_string(province.path("config.yaml")).unwrap();
        config += &format!("store: {}\n", disk.join("tuantra.db").display());
        std::fs::write(province.path("config.yaml"), config).unwrap();
        let mut daemon = province.daemon();
        let client = province.client();
        let is_up = |s: &Snapshot| s.subjects.iter().all(|s| s.now.state == State::Up);
        follow(&client, is_up).await;
        // The daemon's reserve goes first, and is taken as well; what is in use can be written
        // over, so the log has to grow until nothing is left.
        let full = loop {
            fill(&disk);
            let at = client.snapshot().await.unwrap().at;
            let seen = follow(&client, |s| s.at > at && s.daemon.trouble.is_some()).await;
            let told = seen.daemon.trouble.clone().unwrap();
            if told.contains("disk is full") {
                break seen;
            }
            assert!(told.contains("reserve"), "{told}");
        };
        // It goes on asking and judging: one is cut off and found down.
        let later = follow(&client, |s| {
            is_up(s) && s.subjects.iter().all(|row| row.now.last_round > Some(full.at + 3_000))
        })
        .await;
        assert!(later.daemon.written.is_none_or(|w| w < later.at));
        let status = province.command(&["status"]).output().unwrap();
        let text = String::from_utf8(status.stdout).unwrap();
        assert!(text.contains("! The disk is full") && text.contains("df -h"), "{text}");
        assert!(daemon.log().contains("The disk is full"), "{}", daemon.log());
        // It resumes by itself.
        std::fs::remove_file(disk.join("filler")).unwrap();
        let well =
            follow(&client, |s| s.daemon.trouble.is_none() && s.daemon.written > Some(later.at))
                .await;
        assert_eq!(well.daemon.dropped_samples, 0);
        daemon.signal("-TERM");
        assert!(daemon.child.wait().unwrap().success(), "{}", daemon.log());
        assert_no_hole(&disk.join("tuantra.db"), &well);
        println!("figures: the daemon patrolled over a full disk without losing a round");
    });
}
