//! Putting files in place and back: each whole or not at all, with a journal beside the inventory
//! that is there before the first of them changes.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Change, Prepared, overlay};
use crate::inventory::place::Desk;
use crate::inventory::unfinished::{beside, inherit, sweep};
use crate::inventory::{Defaults, load_at};
use crate::model::{Diagnostic, Message};

/// Why files were not put in place or back.
#[derive(Debug, thiserror::Error)]
pub enum ReformError {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The journal is not one.
    #[error("{}: {reason}", path.display())]
    Journal {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Nothing to put back.
    #[error("there is no reform to undo: {} does not exist", .0.display())]
    NothingToUndo(PathBuf),
    /// Somebody changed files since.
    #[error("changed since: {}", list(.0))]
    Changed(Vec<PathBuf>),
    /// The last reform was broken off in its middle.
    #[error("the reform of {0} was broken off")]
    BrokenOff(String),
    /// Without the reform the inventory would have errors: something refers to its units.
    #[error("what was would not load any more")]
    WouldNotLoad(Vec<Diagnostic>),
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

impl ReformError {
    /// What to say of it.
    #[must_use]
    pub fn message(&self) -> Message {
        match self {
            Self::Io { path, source } => {
                Message::new("reform.io").with("file", path.display()).with("reason", source)
            }
            Self::Journal { path, reason } => Message::new("reform.bad_journal")
                .with("file", path.display())
                .with("reason", reason),
            Self::NothingToUndo(path) => {
                Message::new("reform.nothing_to_undo").with("file", path.display())
            }
            Self::Changed(paths) => Message::new("reform.changed").with("files", list(paths)),
            Self::BrokenOff(date) => Message::new("reform.broken_off").with("date", date),
            Self::WouldNotLoad(_) => Message::new("reform.would_not_load"),
        }
    }
}

/// Every reform applied and not undone, the oldest first.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Journal {
    reforms: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    date: String,
    files: Vec<Kept>,
}

/// A file before and after; what it was is kept whole, of what it became the hash.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    file: PathBuf,
    before: Option<String>,
    after_sha256: String,
}

/// What a file is, held against what is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Now {
    Before,
    After,
    Neither,
}

/// What was put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// The reform's day.
    pub date: String,
    /// Files put back or taken away, beneath the inventory's folder.
    pub files: Vec<PathBuf>,
}

/// Where the journal of an inventory stands: beside its folder, `inventory.reform.json`.
#[must_use]
pub fn journal_path(folder: &Path) -> PathBuf {
    let whole = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let name = whole.file_name().map(|n| n.to_string_lossy().into_owned());
    let name = format!("{}.reform.json", name.unwrap_or_else(|| "inventory".to_owned()));
    // Named as the user names the folder where that says where it is.
    match folder.parent() {
        Some(parent) if folder.file_name().is_some() => parent.join(name),
        _ => whole.with_file_name(name),
    }
}

/// Puts a prepared reform in place.
///
/// # Errors
/// [`ReformError::Changed`] when a file is no longer what it was when the reform was prepared:
/// nothing is written then. [`ReformError::Io`] and [`ReformError::Journal`]; what was written
/// until then loads, and [`undo`] takes it back.
pub fn apply(folder: &Path, prepared: &Prepared) -> Result<(), ReformError> {
    write_first(folder, prepared, usize::MAX)
}

/// As [`apply`], no more than `most` of the files: how a crash leaves them.
pub(super) fn write_first(
    folder: &Path,
    prepared: &Prepared,
    most: usize,
) -> Result<(), ReformError> {
    let mut changed = Vec::new();
    for Change { file, before, .. } in &prepared.changes {
        if read(&folder.join(file))? != *before {
            changed.push(file.clone());
        }
    }
    if !changed.is_empty() {
        return Err(ReformError::Changed(changed));
    }
    let path = journal_path(folder);
    let mut journal = journal(&path)?.unwrap_or_default();
    let kept = prepared.changes.iter().map(|change| {
        let before = change.before.as_deref().map(text).transpose();
        let before = before.map_err(|_| ReformError::Journal {
            path: folder.join(&change.file),
            reason: "not UTF-8".to_owned(),
        })?;
        let after_sha256 = hash(&change.after);
        Ok(Kept { file: change.file.clone(), before, after_sha256 })
    });
    let files = kept.collect::<Result<Vec<_>, ReformError>>()?;
    journal.reforms.push(Entry { date: prepared.reform.date.clone(), files });
    sweep(folder);
    path.parent().into_iter().for_each(sweep);
    save_journal(folder, &path, &journal)?;
    let like = like(folder, &journal);
    for change in prepared.changes.iter().take(most) {
        save(&folder.join(&change.file), &change.after, like.as_deref())?;
    }
    Ok(())
}

fn text(bytes: &[u8]) -> Result<String, std::str::Utf8Error> {
    std::str::from_utf8(bytes).map(str::to_owned)
}

/// Puts back what the last reform changed, byte by byte.
///
/// # Errors
/// [`ReformError::NothingToUndo`], [`ReformError::Changed`] with the files that somebody changed
/// since, [`ReformError::WouldNotLoad`]: nothing is written then. [`ReformError::Io`]: another run
/// goes on from there.
pub fn undo(folder: &Path, defaults: &Defaults, zone: &TimeZone) -> Result<Undone, ReformError> {
    let path = journal_path(folder);
    let mut journal = journal(&path)?.ok_or_else(|| ReformError::NothingToUndo(path.clone()))?;
    let Some(Entry { date, files }) = journal.reforms.pop() else {
        return Err(ReformError::NothingToUndo(path));
    };
    let mut changed = Vec::new();
    for kept in &files {
        if now(folder, kept)? == Now::Neither {
            changed.push(kept.file.clone());
        }
    }
    if !changed.is_empty() {
        return Err(ReformError::Changed(changed));
    }
    let bytes: Vec<Option<Vec<u8>>> =
        files.iter().map(|kept| kept.before.clone().map(String::into_bytes)).collect();
    let then = files.iter().zip(&bytes).map(|(kept, bytes)| (&kept.file, bytes.as_ref()));
    let loaded = load_at(Desk::over(overlay(folder, then)), folder, defaults, zone);
    if loaded.inventory.is_none() {
        return Err(ReformError::WouldNotLoad(loaded.diagnostics));
    }
    sweep(folder);
    // The new units go last, for the others name them until then.
    for (kept, bytes) in files.iter().zip(&bytes).rev() {
        let file = folder.join(&kept.file);
        match bytes {
            Some(bytes) => save(&file, bytes, None)?,
            None => match fs::remove_file(&file) {
                Err(source) if source.kind() != ErrorKind::NotFound => {
                    return Err(ReformError::Io { path: file, source });
                }
                _ => {}
            },
        }
    }
    if journal.reforms.is_empty() {
        fs::remove_file(&path).map_err(|source| ReformError::Io { path, source })?;
    } else {
        save_journal(folder, &path, &journal)?;
    }
    Ok(Undone { date, files: files.into_iter().map(|kept| kept.file).collect() })
}

/// Makes sure that the last reform was not broken off in its middle.
pub(super) fn check_whole(folder: &Path) -> Result<(), ReformError> {
    let Some(journal) = journal(&journal_path(folder))? else { return Ok(()) };
    let Some(last) = journal.reforms.last() else { return Ok(()) };
    for kept in &last.files {
        if now(folder, kept)? == Now::Before {
            return Err(ReformError::BrokenOff(last.date.clone()));
        }
    }
    Ok(())
}

fn now(folder: &Path, kept: &Kept) -> Result<Now, ReformError> {
    let found = read(&folder.join(&kept.file))?;
    Ok(if found.as_deref() == kept.before.as_deref().map(str::as_bytes) {
        Now::Before
    } else if found.is_some_and(|bytes| hash(&bytes) == kept.after_sha256) {
        Now::After
    } else {
        Now::Neither
    })
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file's bytes; `None` where there is none.
fn read(path: &Path) -> Result<Option<Vec<u8>>, ReformError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ReformError::Io { path: path.to_owned(), source }),
    }
}

fn journal(path: &Path) -> Result<Option<Journal>, ReformError> {
    let Some(bytes) = read(path)? else { return Ok(None) };
    let journal = serde_json::from_slice(&bytes)
        .map_err(|e| ReformError::Journal { path: path.to_owned(), reason: e.to_string() })?;
    Ok(Some(journal))
}

/// Whoever may read the files may read what they were, and nobody else.
fn save_journal(folder: &Path, path: &Path, journal: &Journal) -> Result<(), ReformError> {
    let bytes = serde_json::to_vec_pretty(journal)
        .map_err(|e| ReformError::Journal { path: path.to_owned(), reason: e.to_string() })?;
    save(path, &bytes, like(folder, journal).as_deref())
}

/// The first file that was there before the last reform.
fn like(folder: &Path, journal: &Journal) -> Option<PathBuf> {
    let mut files = journal.reforms.last()?.files.iter();
    files.find(|kept| kept.before.is_some()).map(|kept| folder.join(&kept.file))
}

/// Writes a file beside its place and moves it there, on the disk before it is told; its rights and owner
/// stay (a new one gets those of `like`), and of a link the file that it leads to is written.
fn save(path: &Path, bytes: &[u8], like: Option<&Path>) -> Result<(), ReformError> {
    let fail = |source| ReformError::Io { path: path.to_owned(), source };
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let unfinished = beside(&path);
    let put = || {
        let mut file = fs::File::create(&unfinished)?;
        let found = fs::metadata(&path).ok().or_else(|| fs::metadata(like?).ok());
        if let Some(found) = found {
            inherit(&file, &found)?;
        }
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, &path)?;
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
        fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    };
    put().map_err(|source| {
        // It may never have been made; the first error is the one to tell.
        let _ = fs::remove_file(&unfinished);
        fail(source)
    })
}
