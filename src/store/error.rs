//! What can go wrong with the store, naming the operation and the file.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::trouble::{Hindrance, is_rot};

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process writes this store.
    #[error("the store {path} is in use by process {pid}: only one daemon may write it", path = path.display())]
    Locked {
        /// The store's file.
        path: PathBuf,
        /// The other process; 0 when it has not yet said who it is.
        pid: u32,
    },
    /// The file is something else; it was not touched.
    #[error("{path} is not a tuantra store: {why}", path = path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it seems to be.
        why: &'static str,
    },
    /// The file was written by a newer version; it was not touched.
    #[error(
        "the store {path} has schema version {found}, this tuantra knows up to {known}: use the newer version that wrote it",
        path = path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Version of the file.
        found: i64,
        /// Newest version this binary knows.
        known: i64,
    },
    /// A reader found a version that only the daemon may migrate.
    #[error(
        "the store {path} has schema version {found}, this tuantra needs {known}: start the daemon once to migrate it",
        path = path.display()
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// Version of the file.
        found: i64,
        /// Version this binary needs.
        known: i64,
    },
    /// There is no such file.
    #[error("there is no store at {path}: has the daemon ever run?", path = path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// What was to be made is there already; it was not touched.
    #[error("{path} is there already", path = path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A copy that was to be put in place does not hold.
    #[error("{path} has {findings} findings: it was not put in place", path = path.display())]
    Flawed {
        /// The copy.
        path: PathBuf,
        /// How many.
        findings: u64,
    },
    /// The file, its folder or the file system takes no writes.
    #[error(
        "the store {path} cannot be written ({why}): give its folder to the user that runs tuantra, or mount the file system read-write",
        path = path.display()
    )]
    NotWritable {
        /// The store's file.
        path: PathBuf,
        /// What was refused.
        why: String,
    },
    /// There is no room on its file system.
    #[error("no room for the store {path} ({why}): free some on its file system", path = path.display())]
    NoRoom {
        /// The store's file.
        path: PathBuf,
        /// What was refused.
        why: String,
    },
    /// The operating system refused.
    #[error("{operation} {path}: {source}", path = path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// SQLite refused.
    #[error("{operation} in {path}: {source}", path = path.display())]
    Sql {
        /// What was tried.
        operation: &'static str,
        /// In which file.
        path: PathBuf,
        /// Why not.
        source: rusqlite::Error,
    },
    /// Something recorded cannot be understood.
    #[error("the store {path} holds a {what} that cannot be read: {value}", path = path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
        /// What it is.
        value: String,
    },
    /// Submitted records could not be committed; they are kept and tried again.
    #[error("recording is behind: {trouble}")]
    Behind {
        /// Why, with how much waits.
        trouble: String,
    },
    /// The store was closed before it could write these.
    #[error("the store was closed with {facts} facts and {samples} samples unwritten: {trouble}")]
    Unwritten {
        /// Facts given up.
        facts: usize,
        /// Samples given up.
        samples: usize,
        /// Why.
        trouble: String,
    },
}

impl StoreError {
    /// True when what the file holds is at fault: [`super::Store::mend_blocking`] helps.
    #[must_use]
    pub fn is_rot(&self) -> bool {
        match self {
            Self::Sql { source, .. } => is_rot(source),
            Self::Corrupt { .. } => true,
            _ => false,
        }
    }

    /// Names the fix where the disk of `store` is at fault.
    pub(super) fn with_fix(self, store: &Path) -> Self {
        let path = store.to_owned();
        let why = self.to_string();
        match &self {
            Self::Io { source, .. } => match source.kind() {
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                    Self::NotWritable { path, why }
                }
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::NoRoom { path, why },
                _ => self,
            },
            Self::Sql { source, .. } => match Hindrance::of(source, store) {
                Hindrance::NotWritable(_) => Self::NotWritable { path, why },
                Hindrance::Full => Self::NoRoom { path, why },
                _ => self,
            },
            _ => self,
        }
    }
}
