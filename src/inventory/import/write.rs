//! Puts the new texts in the place of the old ones: each is written beside its file and safe on the
//! disk before the first one takes its place. Whoever is cut off leaves every file old or new, and what
//! was not moved yet to the next who writes, who takes it away.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::Rewritten;
use crate::inventory::unfinished::{beside, inherit, sweep};

/// Why nothing, or not all, was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Somebody changed it after it was read. Nothing was written.
    #[error("{0} has changed since it was read")]
    Changed(PathBuf),
    /// It cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A text on the disk that waits to take its file's place; gone when it does not.
struct Waiting {
    beside: PathBuf,
    target: PathBuf,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // Where it has taken its place there is nothing left to remove.
        let _ = fs::remove_file(&self.beside);
    }
}

/// Writes the files.
///
/// # Errors
/// A file is not what it was when it was read (nothing is written then), or cannot be written: those
/// before it are new, those from it on old.
pub fn write(files: &[Rewritten]) -> Result<(), WriteError> {
    files
        .iter()
        .filter_map(|file| target_of(file).parent().map(Path::to_owned))
        .collect::<BTreeSet<PathBuf>>()
        .iter()
        .for_each(|folder| sweep(folder));
    let waiting = files.iter().map(prepare).collect::<Result<Vec<_>, _>>()?;
    for one in &waiting {
        fs::rename(&one.beside, &one.target).map_err(|source| io_error(&one.target, source))?;
    }
    let folders: BTreeSet<&Path> = waiting.iter().filter_map(|one| one.target.parent()).collect();
    for folder in folders {
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|source| io_error(folder, source))?;
    }
    Ok(())
}

/// A link stays a link: what it leads to is written.
fn target_of(file: &Rewritten) -> PathBuf {
    fs::canonicalize(&file.path).unwrap_or_else(|_| file.path.clone())
}

fn io_error(path: &Path, source: io::Error) -> WriteError {
    WriteError::Io { path: path.to_owned(), source }
}

fn prepare(file: &Rewritten) -> Result<Waiting, WriteError> {
    let fail = |source| io_error(&file.path, source);
    let target = target_of(file);
    let mut content = Vec::with_capacity(file.new.len() + BYTE_ORDER_MARK.len());
    let mut found = None;
    match &file.old {
        Some(old) => {
            let there = fs::read(&target).map_err(fail)?;
            let said = there.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&there);
            if said != old.as_bytes() {
                return Err(WriteError::Changed(file.path.clone()));
            }
            if said.len() < there.len() {
                content.extend_from_slice(BYTE_ORDER_MARK);
            }
            found = Some(fs::metadata(&target).map_err(fail)?);
        }
        None if target.exists() => return Err(WriteError::Changed(file.path.clone())),
        None => {
            if let Some(folder) = target.parent() {
                fs::create_dir_all(folder).map_err(fail)?;
            }
        }
    }
    content.extend_from_slice(file.new.as_bytes());
    let beside = beside(&target);
    let mut out = OpenOptions::new().write(true).create_new(true).open(&beside).map_err(fail)?;
    let waiting = Waiting { beside, target };
    // What only some may read is not open to others for a moment either.
    let owned = found.map_or(Ok(()), |found| inherit(&out, &found));
    let written = owned.and_then(|()| out.write_all(&content));
    written.and_then(|()| out.sync_all()).map_err(fail)?;
    Ok(waiting)
}
