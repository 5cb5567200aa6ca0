//! Disks that are full or take no writes, and programs that hold the lock: on a small file system
//! of its own, mounted in namespaces of its own. The outer tests start the inner ones in
//! processes under `unshare`; where that is not allowed they say so.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails the test")]
#![expect(clippy::print_stdout, reason = "a skipped test says why")]
#![expect(clippy::disallowed_methods, reason = "real processes live in real time")]

#[path = "patrol/common.rs"]
#[expect(dead_code, reason = "shared with the tests of the patrol, which use more of it")]
mod common;
#[path = "store_kill/steps.rs"]
#[expect(dead_code, reason = "shared with the tests that kill")]
mod steps;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use steps::{ALL_TIME, T0, check, random, step};
use tuantra::locale::Lang;
use tuantra::model::{State, UnixMs};
use tuantra::store::{OpenOptions, Reader, Store, StoreError};

const BALLAST: u64 = 8 << 20;

/// Runs the inner test of that name in a mount namespace of its own; true when it could be.
fn in_namespace(inner: &str, env: &[(&str, String)]) {
    let allowed = |flags: &str| {
        Command::new("unshare")
            .args([flags, "mount", "-t", "tmpfs", "none", "/mnt"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success())
    };
    // Root keeps his rights over the network, which the daemon needs to ping; others become root
    // of a namespace.
    let Some(flags) = ["-m", "-rm"].into_iter().find(|flags| allowed(flags)) else {
        common::skip("this machine lets nobody mount a file system in a namespace of his own");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("unshare")
        .arg(flags)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", inner, "--ignored", "--nocapture", "--test-threads=1"])
        .env("TUANTRA_SMALL_DISK", folder.path())
        .envs(env.iter().map(|(k, v)| (k, v)))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}\n{complained}");
    assert!(said.contains("1 passed"), "{inner} was not run: {said}");
    for line in said.lines().filter(|l| l.starts_with("skipped:") || l.starts_with("figures:")) {
        println!("{line}");
    }
}

/// A small file system, mounted where the outer test says; `None` when run by itself.
fn small_disk(megabytes: u32) -> Option<PathBuf> {
    let place = PathBuf::from(std::env::var_os("TUANTRA_SMALL_DISK")?);
    let size = format!("size={megabytes}m");
    let mut mount = Command::new("mount");
    assert!(
        mount.args(["-t", "tmpfs", "-o", &size, "none"]).arg(&place).status().unwrap().success()
    );
    Some(place)
}

/// Takes all the room that is left.
fn fill(disk: &Path) {
    let mut file =
        std::fs::File::options().create(true).append(true).open(disk.join("filler")).unwrap();
    for size in [1 << 20, 4_096, 1] {
        let piece = vec![1; size];
        while file.write_all(&piece).is_ok() {}
    }
}

fn options(n: i64) -> OpenOptions {
    OpenOptions { now: UnixMs(T0 + n), pid: std::process::id() }
}

/// Waits until `done`; polling is all there is: nobody tells when a disk has room again.
fn until(what: &str, done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < common::PATIENCE, "{what} did not happen in time");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

#[test]
fn a_full_disk_is_lived_through() {
    in_namespace("on_a_full_disk", &[]);
}

#[test]
#[ignore = "run by a_full_disk_is_lived_through in a namespace of its own"]
fn on_a_full_disk() {
    let Some(disk) = small_disk(64) else { return };
    let path = disk.join("tuantra.db");
    let ballast = disk.join("tuantra.db.ballast");
    let store = Store::open(&path, &options(0)).unwrap();
    assert_eq!(std::fs::metadata(&ballast).unwrap().len(), BALLAST);
    let mut n = 0;
    for _ in 0..20 {
        store.submit(step(n));
        n += 1;
    }
    store.flush_blocking().unwrap();
    fill(&disk);
    // The first time the room in reserve is given up and everything goes on, with a warning.
    while ballast.exists() {
        for _ in 0..50 {
            store.submit(step(n));
            n += 1;
        }
        store.flush_blocking().unwrap();
    }
    let told = store.status().trouble.unwrap();
    assert!(told.contains("reserve") && told.contains("tuantra.db"), "{told}");
    // Then it is used up as well.
    fill(&disk);
    let behind = loop {
        for _ in 0..50 {
            store.submit(step(n));
            n += 1;
        }
        if let Err(error) = store.flush_blocking() {
            break error;
        }
        fill(&disk);
    };
    let StoreError::Behind { trouble } = behind else { panic!("{behind}") };
    assert!(trouble.contains("disk is full") && trouble.contains("wait in memory"), "{trouble}");
    let told = store.status_in(Lang::Vi).trouble.unwrap();
    assert!(told.contains("Đĩa đã đầy"), "{told}");
    for _ in 0..100 {
        store.submit(step(n));
        n += 1;
    }
    std::fs::remove_file(disk.join("filler")).unwrap();
    until("recording again", || store.status().trouble.is_none());
    store.flush_blocking().unwrap();
    assert_eq!(std::fs::metadata(&ballast).unwrap().len(), BALLAST, "there is room for it again");
    assert_eq!(store.status().dropped_samples, 0);
    store.close().unwrap();
    let count = check(&path, "full disk");
    assert_eq!(count, n, "every fact that was submitted is there");
    println!("figures: {n} steps over a full disk, all there");

    // A daemon that starts on a full disk gives the reserve up and patrols.
    fill(&disk);
    let store = Store::open(&path, &options(n)).unwrap();
    store.submit(step(n));
    store.flush_blocking().unwrap();
    assert!(!ballast.exists() || store.status().trouble.is_none());
    store.close().unwrap();
    assert_eq!(check(&path, "start on a full disk"), n + 1);
}

#[test]
fn a_disk_that_turns_read_only_is_lived_through_and_refused_at_the_start() {
    in_namespace("on_a_disk_that_turns_read_only", &[]);
}

#[test]
#[ignore = "run by a_disk_that_turns_read_only_… in a namespace of its own"]
fn on_a_disk_that_turns_read_only() {
    let Some(disk) = small_disk(64) else { return };
    let path = disk.join("tuantra.db");
    let remount = |how: &str| {
        let done = Command::new("mount").args(["-o", how]).arg(&disk).status().unwrap();
        assert!(done.success());
    };
    let store = Store::open(&path, &options(0)).unwrap();
    store.submit(step(0));
    store.flush_blocking().unwrap();
    store.close().unwrap();
    drop(store);
    remount("remount,ro");
    let refused = Store::open(&path, &options(1)).unwrap_err();
    assert!(matches!(refused, StoreError::NotWritable { .. }), "{refused}");
    let told = refused.to_string();
    assert!(told.contains("mount the file system read-write"), "{told}");
    // Whoever only reads is served.
    assert_eq!(check(&path, "read-only"), 1);
    remount("remount,rw");
    let store = Store::open(&path, &options(1)).unwrap();
    store.submit(step(1));
    store.close().unwrap();
    assert_eq!(check(&path, "read-write again"), 2);
}

#[test]
fn an_ordinary_user_is_told_whose_folder_it_has_to_be() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("closed");
    std::fs::create_dir(&place).unwrap();
    std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o555)).unwrap();
    if std::fs::write(place.join("try"), "").is_ok() {
        // Root may write everywhere.
        println!("skipped: no folder is closed to this user");
        return;
    }
    let refused = Store::open(&place.join("tuantra.db"), &options(0)).unwrap_err();
    assert!(matches!(refused, StoreError::NotWritable { .. }), "{refused}");
    assert!(refused.to_string().contains("user that runs tuantra"), "{refused}");
}

/// `sqlite3` in the hands of somebody who forgets his transaction.
fn lock(path: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "holds_the_lock", "--ignored", "--nocapture"])
        .env("TUANTRA_LOCK", path)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "locked\n");
    child
}

#[test]
#[ignore = "run in a process of its own by the tests of locks"]
fn holds_the_lock() {
    let Some(path) = std::env::var_os("TUANTRA_LOCK") else { return };
    let conn = rusqlite::Connection::open(path).unwrap();
    conn.execute_batch("BEGIN IMMEDIATE").unwrap();
    writeln!(std::io::stderr(), "locked").unwrap();
    let mut word = String::new();
    // Until the other end is closed.
    std::io::stdin().read_line(&mut word).unwrap();
}

#[test]
fn who_locks_the_store_is_named_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tuantra.db");
    let store = Store::open(&path, &options(0)).unwrap();
    store.submit(step(0));
    store.flush_blocking().unwrap();
    let mut other = lock(&path);
    for n in 1..200 {
        store.submit(step(n));
    }
    let behind = store.flush_blocking().unwrap_err();
    let StoreError::Behind { trouble } = behind else { panic!("{behind}") };
    assert!(trouble.contains(&format!("process {} (", other.id())), "{trouble}");
    assert!(trouble.contains("wait in memory"), "{trouble}");
    drop(other.stdin.take());
    other.wait().unwrap();
    until("recording again", || store.status().trouble.is_none());
    store.close().unwrap();
    assert_eq!(check(&path, "locked"), 200);
}

#[test]
fn a_process_killed_on_a_full_disk_has_lost_nothing_it_acknowledged() {
    in_namespace("is_killed_on_a_full_disk", &[]);
}

/// Writes on, whatever the store says, and tells what is acknowledged.
#[test]
#[ignore = "run by is_killed_on_a_full_disk in a process of its own"]
fn writes_on_a_full_disk() {
    let Some(path) = std::env::var_os("TUANTRA_FULL_STORE") else { return };
    let first: i64 = std::env::var("TUANTRA_FULL_FIRST").unwrap().parse().unwrap();
    let store = Store::open(Path::new(&path), &options(first)).unwrap();
    for n in first.. {
        store.submit(step(n));
        let word = if store.flush_blocking().is_ok() { "ack" } else { "wait" };
        writeln!(std::io::stderr(), "{word} {n}").unwrap();
    }
}

#[test]
#[ignore = "run by a_process_killed_on_a_full_disk_… in a namespace of its own"]
fn is_killed_on_a_full_disk() {
    let Some(disk) = small_disk(48) else { return };
    let path = disk.join("tuantra.db");
    let (mut next, mut seed, mut waited) = (0, 7, 0);
    for kill in 0..30 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writes_on_a_full_disk", "--ignored", "--nocapture"])
            .env("TUANTRA_FULL_STORE", &path)
            .env("TUANTRA_FULL_FIRST", next.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut acknowledged = next - 1;
        let mut hear = |line: &str| {
            if let Some(Ok(n)) = line.strip_prefix("ack ").map(str::parse::<i64>) {
                acknowledged = acknowledged.max(n);
            }
            waited += i32::from(line.starts_with("wait "));
        };
        hear(&lines.next().unwrap().unwrap());
        fill(&disk);
        // What it has in reserve is taken, too, as soon as it is free.
        for _ in 0..2 + random(&mut seed) % 8 {
            hear(&lines.next().unwrap().unwrap());
            fill(&disk);
        }
        (0..random(&mut seed) % 200_000).for_each(|_| std::hint::spin_loop());
        child.kill().unwrap();
        child.wait().unwrap();
        lines.map_while(Result::ok).for_each(|line| hear(&line));
        std::fs::remove_file(disk.join("filler")).unwrap();
        let count = check(&path, &format!("kill {kill} on a full disk"));
        assert!(count > acknowledged, "kill {kill}: {acknowledged} acknowledged, {count} there");
        next = count;
    }
    println!("figures: 30 kills on a full disk, {next} steps there, {waited} waited in memory");
}

#[test]
fn the_daemon_patrols_on_when_its_disk_is_full() {
    in_namespace("patrols_on_a_full_disk", &[]);
}

#[test]
#[ignore = "run by the_daemon_patrols_on_when_its_disk_is_full in a namespace of its own"]
fn patrols_on_a_full_disk() {
    let Some(disk) = small_disk(64) else { return };
    if !common::may_ping() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let province = common::Province::new();
        let mut config = std::fs::read_to_string(province.path("config.yaml")).unwrap();
        config += &format!("store: {}\n", disk.join("tuantra.db").display());
        std::fs::write(province.path("config.yaml"), config).unwrap();
        let mut daemon = province.daemon();
        let client = province.client();
        let is_up =
            |s: &tuantra::api::Snapshot| s.subjects.iter().all(|s| s.now.state == State::Up);
        common::follow(&client, is_up).await;
        // The daemon's reserve goes first, and is taken as well; what is in use can be written
        // over, so the log has to grow until nothing is left.
        let full = loop {
            fill(&disk);
            let at = client.snapshot().await.unwrap().at;
            let seen = common::follow(&client, |s| s.at > at && s.daemon.trouble.is_some()).await;
            let told = seen.daemon.trouble.clone().unwrap();
            if told.contains("disk is full") {
                break seen;
            }
            assert!(told.contains("reserve"), "{told}");
        };
        // It goes on asking and judging: one is cut off and found down.
        let later = common::follow(&client, |s| {
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
        let well = common::follow(&client, |s| {
            s.daemon.trouble.is_none() && s.daemon.written > Some(later.at)
        })
        .await;
        assert_eq!(well.daemon.dropped_samples, 0);
        daemon.signal("-TERM");
        assert!(daemon.child.wait().unwrap().success(), "{}", daemon.log());
        let store = disk.join("tuantra.db");
        common::assert_partition(&store);
        // No round is missing from the time when the disk was full.
        let reader = Reader::open(&store).unwrap();
        for row in &well.subjects {
            let samples = reader.samples(&row.id, ALL_TIME).unwrap();
            let widest = samples.windows(2).map(|w| w[1].at.since(w[0].at)).max().unwrap();
            assert!(widest < 5_000, "{}: {widest} ms without a round", row.id);
        }
        println!("figures: the daemon patrolled over a full disk without losing a round");
    });
}
