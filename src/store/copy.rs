//! A copy of the store beside a running daemon, and the way back.
//!
//! `VACUUM INTO` reads one state of the file and finishes however much is written meanwhile (a
//! backup in steps begins anew with every commit of another process). Nothing is put in place
//! before it has been opened again and checked, nothing that is there is written over or deleted.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::here::{Here, true_name};
use super::lock::StoreLock;
use super::reader::Reader;
use super::schema::{self, beside, remove_if_there, sync_folder};
use super::{ChainHead, Checked, Progress, StoreError};
use crate::model::UnixMs;

/// Between two looks at how large the copy has become.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// A copy that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Its size in bytes.
    pub bytes: u64,
    /// The end of its chain, which is one of the store's links.
    pub head: Option<ChainHead>,
    /// What the check of the copy found; the store has the same.
    pub checked: Checked,
}

/// A copy that was put in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Where the store that was there stands now; `None` when there was none.
    pub aside: Option<PathBuf>,
    /// The end of the chain of what is in place now.
    pub head: Option<ChainHead>,
    /// The last sign of life in it.
    pub last: Option<UnixMs>,
}

/// Copies the store to `target` and checks the copy. Samples of days that ended by `kept_from` may
/// be gone.
///
/// # Errors
/// [`StoreError::Exists`] when there is something at `target`; what else hinders reading, writing
/// or opening it again. Nothing is left at `target` then.
pub fn backup(
    store: &Path,
    target: &Path,
    kept_from: UnixMs,
    told: &mut dyn FnMut(Progress),
) -> Result<Copied, StoreError> {
    refuse_existing(target)?;
    let source = Reader::open(store)?;
    let unfinished = beside(target, &format!(".{}.new", std::process::id()));
    let made = copy_and_check(&source, &unfinished, kept_from, told).and_then(|(copied, _)| {
        if let Some(head) = &copied.head
            && !source.find_head(&head.head)?.iter().any(|link| link.n == head.n)
        {
            let path = unfinished.clone();
            return Err(StoreError::Corrupt { path, what: "chain", value: head.head.clone() });
        }
        put_in_place(&unfinished, target)?;
        Ok(copied)
    });
    if made.is_err() {
        // Whatever stopped it is the error to tell.
        let _ = std::fs::remove_file(&unfinished);
    }
    made
}

/// Puts a copy of `backup` in the place of the store, which is set aside under a new name.
///
/// # Errors
/// [`StoreError::Locked`] when a daemon writes it; [`StoreError::Flawed`] when the check finds
/// anything. The store is as it was then.
pub fn restore(
    store: &Path,
    backup: &Path,
    (pid, now): (u32, UnixMs),
    kept_from: UnixMs,
    told: &mut dyn FnMut(Progress),
) -> Result<Restored, StoreError> {
    let store = true_name(store);
    let _lock = StoreLock::take(&store, pid, now)?;
    let source = Reader::open(backup)?;
    let unfinished = beside(&store, ".restore.new");
    remove_if_there(&unfinished)?;
    let made = copy_and_check(&source, &unfinished, kept_from, told).and_then(|(copied, last)| {
        if !copied.checked.is_clean() {
            let findings = copied.checked.findings.len() as u64 + copied.checked.more;
            return Err(StoreError::Flawed { path: backup.to_owned(), findings });
        }
        let aside = set_aside(&store, now)?;
        put_in_place(&unfinished, &store)?;
        Ok(Restored { aside, head: copied.head, last })
    });
    if made.is_err() {
        // Whatever stopped it is the error to tell.
        let _ = std::fs::remove_file(&unfinished);
    }
    made
}

fn refuse_existing(path: &Path) -> Result<(), StoreError> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => Err(StoreError::Exists { path: path.to_owned() }),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(source) => Err(StoreError::Io { operation: "look at", path: path.to_owned(), source }),
    }
}

fn copy_and_check(
    source: &Reader,
    unfinished: &Path,
    kept_from: UnixMs,
    told: &mut dyn FnMut(Progress),
) -> Result<(Copied, Option<UnixMs>), StoreError> {
    vacuum_into(source.path(), unfinished, told)?;
    let io = |operation| {
        let path = unfinished.to_owned();
        move |source| StoreError::Io { operation, path, source }
    };
    // SQLite leaves it to the system when the copy reaches the disk.
    let bytes = File::open(unfinished)
        .and_then(|file| file.sync_all().and_then(|()| file.metadata()))
        .map_err(io("sync"))?
        .len();
    let copy = Reader::open(unfinished)?;
    let checked = copy.check(kept_from, told)?;
    Ok((Copied { bytes, head: copy.chain_head()?, checked }, copy.last_alive()?))
}

/// Writes the store at `from`, as it is at one moment, into `to`.
fn vacuum_into(from: &Path, to: &Path, told: &mut dyn FnMut(Progress)) -> Result<(), StoreError> {
    let failed = |source| StoreError::Sql {
        operation: "copy the store (is there room for the copy?)",
        path: to.to_owned(),
        source,
    };
    let io = |source| StoreError::Io { operation: "make", path: to.to_owned(), source };
    let of = std::fs::metadata(from).map_or(0, |found| found.len());
    // Whoever may not read the store may not read its copy.
    let permissions = std::fs::metadata(from).map(|found| found.permissions());
    let made = File::create_new(to).and_then(|file| file.set_permissions(permissions?));
    made.map_err(io)?;
    let name = to.to_str().ok_or_else(|| io(ErrorKind::InvalidFilename.into()))?.to_owned();
    let link = schema::open_for_reading(from)?;
    // Nothing is written to the store itself; the copy is a database of this connection.
    link.conn.execute_batch("PRAGMA query_only=OFF").map_err(failed)?;
    let (done, finished) = mpsc::channel();
    let copying = std::thread::Builder::new().name("copy".to_owned()).spawn(move || {
        let copied = link.conn.execute("VACUUM INTO ?1", [&name]);
        // Nobody listens any more only when whoever started this is gone.
        let _ = done.send(copied);
    });
    copying.map_err(io)?;
    loop {
        match finished.recv_timeout(LOOK_EVERY) {
            Ok(copied) => break copied.map(|_| ()).map_err(failed)?,
            Err(RecvTimeoutError::Timeout) => {
                // The copy has no free pages: it is done a little before it is as large.
                let bytes = std::fs::metadata(to).map_or(0, |found| found.len());
                told(Progress { what: "db.step_copy", done: bytes.min(of), of });
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(io(std::io::Error::other("the copying thread has ended")));
            }
        }
    }
    told(Progress { what: "db.step_copy", done: of, of });
    Ok(())
}

/// Moves the finished file to where nothing is.
fn put_in_place(unfinished: &Path, target: &Path) -> Result<(), StoreError> {
    refuse_existing(target)?;
    std::fs::rename(unfinished, target).map_err(|source| StoreError::Io {
        operation: "move into place",
        path: unfinished.to_owned(),
        source,
    })?;
    sync_folder(target)
}

/// Gives the store that is there, and its log, another name.
fn set_aside(store: &Path, now: UnixMs) -> Result<Option<PathBuf>, StoreError> {
    if std::fs::symlink_metadata(store).is_err_and(|e| e.kind() == ErrorKind::NotFound) {
        return Ok(None);
    }
    empty_log(store);
    let stamp = now.to_string().replace([':', '-'], "");
    let stamp = stamp.split('.').next().unwrap_or(&stamp).trim_end_matches('Z');
    let aside = beside(store, &format!(".{stamp}Z.old"));
    refuse_existing(&aside)?;
    // What SQLite would replay into the restored file goes first.
    for ending in ["-wal", "-shm", "-journal", ""] {
        let (from, to) = (beside(store, ending), beside(&aside, ending));
        match std::fs::rename(&from, &to) {
            Err(e) if e.kind() == ErrorKind::NotFound && !ending.is_empty() => {}
            Err(source) => {
                return Err(StoreError::Io { operation: "set aside", path: from, source });
            }
            Ok(()) => {}
        }
    }
    sync_folder(store)?;
    Ok(Some(aside))
}

/// Brings what waits in the write-ahead log into the file, so that one name is all there is. A
/// store that cannot even be opened is set aside as it is, with its log.
fn empty_log(store: &Path) {
    let _here = Here::new(store);
    let emptied = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .and_then(|conn| conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
    if let Err(error) = emptied {
        tracing::warn!(%error, store = %store.display(), "the log goes along with the store");
    }
}
