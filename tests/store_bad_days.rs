//! Disks that are full or take no writes, and programs that hold the lock: on a small file system
//! of its own, mounted in namespaces of its own. The outer tests start the inner ones in
//! processes under `unshare`; where that is not allowed they say so.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test"
)]
#![expect(clippy::print_stdout, reason = "a skipped test says why")]
#![expect(clippy::disallowed_methods, reason = "real processes live in real time")]

#[path = "patrol/common.rs"]
mod common;
#[path = "store_bad_days/daemon.rs"]
mod daemon;
#[path = "store_kill/steps.rs"]
#[expect(dead_code, reason = "shared with the tests that kill")]
mod steps;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use steps::{ALL_TIME, T0, check, random, step};
use tuantra::locale::Lang;
use tuantra::model::UnixMs;
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
    // The name of the inner test stands before, on the same line.
    for line in said.lines() {
        let news = ["skipped: ", "figures: "].into_iter().find_map(|word| line.find(word));
        if let Some(news) = news.and_then(|at| line.get(at..)) {
            println!("{news}");
        }
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
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.events(ALL_TIME, 10).unwrap().len(), 1);
    drop(reader);
    remount("remount,rw");
    let store = Store::open(&path, &options(1)).unwrap();
    store.submit(step(1));
    store.close().unwrap();
    assert_eq!(check(&path, "read-write again"), 2);
}

#[test]
fn an_ordinary_user_is_told_whose_folder_it_has_to_be() {
    use std::os::unix::process::CommandExt as _;
    const NOBODY: u32 = 65_534;
    let inner = || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "is_refused_a_folder", "--ignored", "--nocapture"])
            .env("TUANTRA_CLOSED", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    };
    // Root may write everywhere: he becomes somebody else, which an ordinary user may not.
    let output = inner().gid(NOBODY).uid(NOBODY).output().or_else(|_| inner().output()).unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
#[ignore = "run by an_ordinary_user_is_told_whose_folder_it_has_to_be as such a user"]
fn is_refused_a_folder() {
    use std::os::unix::fs::PermissionsExt as _;
    if std::env::var_os("TUANTRA_CLOSED").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("closed");
    std::fs::create_dir(&place).unwrap();
    let close = |mode| {
        std::fs::set_permissions(&place, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let path = place.join("tuantra.db");
    close(0o555);
    let refused = Store::open(&path, &options(0)).unwrap_err();
    assert!(matches!(refused, StoreError::NotWritable { .. }), "{refused}");
    assert!(refused.to_string().contains("user that runs tuantra"), "{refused}");
    // A file that root has left there once.
    close(0o755);
    Store::open(&path, &options(0)).unwrap().close().unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    let refused = Store::open(&path, &options(0)).unwrap_err();
    assert!(matches!(refused, StoreError::NotWritable { .. }), "{refused}");
}

#[test]
fn a_disk_that_refuses_writes_for_a_while_is_lived_through() {
    let inner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "is_refused_writes", "--ignored", "--nocapture"])
        .env("TUANTRA_REFUSED", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&inner.stdout);
    assert!(said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&inner.stderr));
    if said.contains("skipped: ") {
        println!("skipped: strace may not look into a process here");
    }
}

#[test]
#[ignore = "run by a_disk_that_refuses_writes_… in a process of its own"]
fn is_refused_writes() {
    if std::env::var_os("TUANTRA_REFUSED").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tuantra.db");
    let store = Store::open(&path, &options(0)).unwrap();
    store.submit(step(0));
    store.flush_blocking().unwrap();
    // A file system that the kernel turned read-only because of errors, as its user meets it.
    let strace = Command::new("strace")
        .args(["-f", "-o", "/dev/null", "-e", "trace=pwrite64"])
        .args(["-e", "inject=pwrite64:error=EROFS", "-p", &std::process::id().to_string()])
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut strace) = strace else { return common::skip("there is no strace") };
    let mut line = String::new();
    BufReader::new(strace.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
    if !line.contains("attached") {
        return common::skip(&line);
    }
    for n in 1..50 {
        store.submit(step(n));
    }
    let StoreError::Behind { trouble } = store.flush_blocking().unwrap_err() else { panic!() };
    assert!(trouble.contains("cannot be written") && trouble.contains("dmesg"), "{trouble}");
    assert!(trouble.contains("wait in memory"), "{trouble}");
    let pid = strace.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    strace.wait().unwrap();
    until("recording again", || store.status().trouble.is_none());
    store.close().unwrap();
    assert_eq!(check(&path, "writes refused"), 50);
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
        let (mut acknowledged, mut waits) = (next - 1, 0);
        let mut hear = |line: &str, waits: &mut u64| {
            if let Some(Ok(n)) = line.strip_prefix("ack ").map(str::parse::<i64>) {
                acknowledged = acknowledged.max(n);
            }
            *waits += u64::from(line.starts_with("wait "));
        };
        hear(&lines.next().unwrap().unwrap(), &mut waits);
        // Killed in the reserve, or when that is used up, too: what it frees is taken at once.
        let enough = random(&mut seed) % 4;
        let lines_max = 5 + random(&mut seed) % 40;
        let mut heard = 0;
        while waits < enough || (enough == 0 && heard < lines_max) {
            fill(&disk);
            hear(&lines.next().unwrap().unwrap(), &mut waits);
            heard += 1;
        }
        (0..random(&mut seed) % 200_000).for_each(|_| std::hint::spin_loop());
        child.kill().unwrap();
        child.wait().unwrap();
        lines.map_while(Result::ok).for_each(|line| hear(&line, &mut waits));
        waited += waits;
        std::fs::remove_file(disk.join("filler")).unwrap();
        let count = check(&path, &format!("kill {kill} on a full disk"));
        assert!(count > acknowledged, "kill {kill}: {acknowledged} acknowledged, {count} there");
        next = count;
    }
    assert!(waited > 0, "the disk was never full");
    println!("figures: 30 kills on a full disk, {next} steps there, {waited} waited in memory");
}
