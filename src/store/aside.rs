//! Setting a damaged store aside, under a name that says when, and going on with a new one that
//! holds what could be read of it.
//!
//! ```text
//! tuantra.db ──read──▶ tuantra.db.salvage ──complete──▶ tuantra.db.salvaged
//! tuantra.db ──rename──▶ tuantra.db.corrupt-20261126T074210Z (and its -wal)
//! tuantra.db.salvaged ──rename──▶ tuantra.db
//! ```
//! Killed at any point it is done again, or finished, at the next start. The damaged file is
//! never written to and never deleted.

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::StoreError;
use super::damage::{mend_header, wal_is_rotten};
use super::here::Here;
use super::repair::repair;
use super::salvage::{Salvaged, copy};
use super::schema::{
    beside, blank, known_version, migrate, place, remove_if_there, sql, sync_folder,
};
use crate::model::UnixMs;

/// Sets the store at `path` aside and puts a new one in its place. The caller holds the lock and
/// has no transaction open.
///
/// # Errors
/// When there is no room for the new one, or the folder takes no writes: everything is as it was.
/// [`StoreError::Newer`] for a file that another version has to judge.
pub(super) fn set_aside(path: &Path, now: UnixMs, why: &str) -> Result<Salvaged, StoreError> {
    let unfinished = beside(path, ".salvage");
    let finished = beside(path, ".salvaged");
    remove_if_there(&finished)?;
    let aside = free_name(path, now);
    let mut found = Salvaged { aside: aside.clone(), why: why.to_owned(), ..Salvaged::default() };
    let source = Source::open(path, &mut found)?;
    let version = source.as_ref().map_or_else(known_version, |s| s.version);
    let mut target = blank(&unfinished, version)?;
    // Where rows are missing others refer to nothing; `repair` sees to it.
    target
        .execute_batch("PRAGMA foreign_keys=OFF; PRAGMA synchronous=OFF;")
        .map_err(sql("configure", &unfinished))?;
    let tx = target.transaction().map_err(sql("salvage into", &unfinished))?;
    match &source {
        Some(source) => {
            copy(&source.conn, &tx, &mut found).map_err(sql("salvage into", &unfinished))?;
        }
        None => found.is_total = true,
    }
    tx.commit().map_err(sql("salvage into", &unfinished))?;
    drop(source);
    migrate(&unfinished, &mut target)?;
    let tx = target.transaction().map_err(sql("salvage into", &unfinished))?;
    repair(&tx, &mut found, now).map_err(sql("salvage into", &unfinished))?;
    tx.commit().map_err(sql("salvage into", &unfinished))?;
    target.close().map_err(|(_, e)| sql("close", &unfinished)(e))?;
    let io = |operation, path: &Path| {
        let path = path.to_owned();
        move |source| StoreError::Io { operation, path, source }
    };
    File::open(&unfinished).and_then(|f| f.sync_all()).map_err(io("write", &unfinished))?;
    std::fs::rename(&unfinished, &finished).map_err(io("rename", &unfinished))?;
    sync_folder(path)?;

    std::fs::rename(path, &aside).map_err(io("set aside", path))?;
    finish(path, &aside, &finished)?;
    Ok(found)
}

/// Ends what was begun when a daemon was killed while it set its store aside.
///
/// # Errors
/// As [`set_aside`].
pub(super) fn go_on(path: &Path, now: UnixMs) -> Result<(), StoreError> {
    let finished = beside(path, ".salvaged");
    if !finished.exists() {
        return Ok(());
    }
    if path.exists() {
        // The damaged one is still in place: it will be found damaged again.
        return remove_if_there(&finished);
    }
    finish(path, &free_name(path, now), &finished)
}

/// The store itself is out of the way: its log follows, the new one comes.
fn finish(path: &Path, aside: &Path, finished: &Path) -> Result<(), StoreError> {
    let wal = beside(path, "-wal");
    if wal.exists() {
        std::fs::rename(&wal, beside(aside, "-wal")).map_err(|source| StoreError::Io {
            operation: "set aside",
            path: wal,
            source,
        })?;
    }
    sync_folder(path)?;
    place(finished, path)
}

/// `tuantra.db.corrupt-20261126T074210Z`, with a number behind if that is taken.
fn free_name(path: &Path, now: UnixMs) -> PathBuf {
    let stamp = now.to_timestamp().strftime("%Y%m%dT%H%M%SZ");
    let plain = beside(path, &format!(".corrupt-{stamp}"));
    let mut name = plain.clone();
    let mut n = 2;
    while name.exists() || beside(&name, "-wal").exists() {
        name = beside(&plain, &format!("-{n}"));
        n += 1;
    }
    name
}

/// The damaged store, open for reading.
struct Source {
    // Before `_here`: closed first.
    conn: Connection,
    version: i64,
    _here: Option<Here>,
    // Removed after it was closed.
    _copy: Option<Copied>,
}

/// A copy that is only read; removed when dropped.
struct Copied(PathBuf);

impl Drop for Copied {
    fn drop(&mut self) {
        for ending in ["", "-wal", "-shm"] {
            // What is left is removed before the next copy is made.
            let _ = std::fs::remove_file(beside(&self.0, ending));
        }
    }
}

impl Source {
    /// `None` when SQLite cannot make anything of it.
    fn open(path: &Path, found: &mut Salvaged) -> Result<Option<Self>, StoreError> {
        found.log_lost = wal_is_rotten(path);
        if !found.log_lost
            && let Ok((conn, version)) = look(path)
        {
            refuse_newer(path, version)?;
            let here = Some(Here::new(path));
            return Ok(Some(Self { conn, version, _here: here, _copy: None }));
        }
        // SQLite has to be shown another header, or no log: in a copy.
        let copy = copied(path, !found.log_lost)?;
        if look(&copy.0).is_err() {
            mend(&copy.0)?;
        }
        let Ok((conn, version)) = look(&copy.0) else { return Ok(None) };
        refuse_newer(path, version)?;
        Ok(Some(Self { conn, version, _here: None, _copy: Some(copy) }))
    }
}

fn refuse_newer(path: &Path, found: i64) -> Result<(), StoreError> {
    let known = known_version();
    match found > known {
        true => Err(StoreError::Newer { path: path.to_owned(), found, known }),
        false => Ok(()),
    }
}

/// Opens a file for salvage: its version, which is the newest where it makes no sense.
fn look(path: &Path) -> Result<(Connection, i64), rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    // With `writable_schema` SQLite lives with a schema of which it understands a part only.
    conn.execute_batch("PRAGMA trusted_schema=OFF; PRAGMA writable_schema=ON;")?;
    let version: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))?;
    Ok((conn, if version < 1 { known_version() } else { version }))
}

fn copied(path: &Path, with_log: bool) -> Result<Copied, StoreError> {
    let copy = Copied(beside(path, ".salvage-source"));
    let take = |ending: &str| -> Result<(), StoreError> {
        remove_if_there(&beside(&copy.0, ending))?;
        let from = beside(path, ending);
        if !from.exists() {
            return Ok(());
        }
        std::fs::copy(&from, beside(&copy.0, ending)).map(|_| ()).map_err(|source| {
            let operation = "copy, to see what can be read of it,";
            StoreError::Io { operation, path: from, source }
        })
    };
    remove_if_there(&beside(&copy.0, "-shm"))?;
    take("")?;
    if with_log {
        take("-wal")?;
    }
    Ok(copy)
}

/// Gives the copy the header of a store that has just been made.
fn mend(copy: &Path) -> Result<(), StoreError> {
    let sound = beside(copy, ".sound");
    blank(&sound, known_version())?.close().map_err(|(_, e)| sql("close", &sound)(e))?;
    let mended = mend_header(copy, &sound);
    remove_if_there(&sound)?;
    mended.map_err(|source| StoreError::Io {
        operation: "mend the header of",
        path: copy.to_owned(),
        source,
    })
}
