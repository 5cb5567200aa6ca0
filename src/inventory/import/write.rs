//! Puts the new texts in the place of the old ones: each is written beside its file and safe on the
//! disk before the first one takes its place. Whoever is cut off leaves every file old or new.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::Rewritten;

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

fn io_error(path: &Path, source: io::Error) -> WriteError {
    WriteError::Io { path: path.to_owned(), source }
}

fn prepare(file: &Rewritten) -> Result<Waiting, WriteError> {
    let fail = |source| io_error(&file.path, source);
    // A link stays a link: what it leads to is written.
    let target = fs::canonicalize(&file.path).unwrap_or_else(|_| file.path.clone());
    let mut content = Vec::with_capacity(file.new.len() + BYTE_ORDER_MARK.len());
    let mut permissions = None;
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
            permissions = Some(fs::metadata(&target).map_err(fail)?.permissions());
        }
        None if target.exists() => return Err(WriteError::Changed(file.path.clone())),
        None => {
            if let Some(folder) = target.parent() {
                fs::create_dir_all(folder).map_err(fail)?;
            }
        }
    }
    content.extend_from_slice(file.new.as_bytes());
    let name = target.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    // Hidden files are no part of an inventory: one that is left behind does no harm.
    let beside = target.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let mut out = OpenOptions::new().write(true).create_new(true).open(&beside).map_err(fail)?;
    let waiting = Waiting { beside, target };
    let written = out.write_all(&content).and_then(|()| match permissions {
        Some(permissions) => out.set_permissions(permissions),
        None => Ok(()),
    });
    written.and_then(|()| out.sync_all()).map_err(fail)?;
    Ok(waiting)
}
