//! What hinders recording, in words that name the reason and the fix.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::ballast::{has_room, is_read_only};
use super::lock_holder::{Holder, holder};
use super::salvage::Salvaged;
use crate::locale::Lang;
use crate::t;

/// Less than this free is as good as nothing: SQLite writes whole pages, several at a time.
const NOTHING_BYTES: u64 = 64 << 10;

/// Why nothing can be recorded, or not everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hindrance {
    /// No room is left.
    Full,
    /// Recording goes on in the room that was kept in reserve.
    Reserve,
    /// The file system, the folder or the file takes no writes.
    NotWritable(String),
    /// Another program holds the write lock.
    Locked(Option<Holder>),
    /// The file is damaged, and could not be set aside.
    Damaged(String),
    /// The file was damaged and was set aside; recording goes on.
    SetAside(Salvaged),
    /// A fact was refused for what it is.
    Refused(String),
    /// Whatever else SQLite says.
    Other(String),
    /// The writer's thread is gone.
    Ended,
}

/// A hindrance, of which store, and what waits because of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) what: Hindrance,
    pub(super) store: PathBuf,
    /// Facts and samples that wait in memory, events that were given up.
    pub(super) waiting: Option<(usize, usize, u64)>,
}

/// True when the file's content is at fault, not the disk or another program.
pub(super) fn is_rot(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

impl Hindrance {
    /// What `error`, met while writing `store`, comes from.
    pub(super) fn of(error: &rusqlite::Error, store: &Path) -> Self {
        let text = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Locked(holder(store))
            }
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::NotWritable(text),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(text),
            // SQLite has the same words for many causes: the file system knows which it is.
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => {
                if is_read_only(store) {
                    Self::NotWritable(text)
                } else if has_room(store, NOTHING_BYTES) {
                    Self::Other(text)
                } else {
                    Self::Full
                }
            }
            _ => Self::Other(text),
        }
    }
}

impl Trouble {
    /// In a sentence or two.
    pub(super) fn told(&self, lang: Lang) -> String {
        let store = self.store.display();
        let mut told = match &self.what {
            Hindrance::Full => t!(lang, "store.disk_full", store = store),
            Hindrance::Reserve => t!(lang, "store.on_reserve", store = store),
            Hindrance::NotWritable(error) => {
                t!(lang, "store.not_writable", store = store, error = error)
            }
            Hindrance::Locked(Some(by)) => {
                t!(lang, "store.locked_by", store = store, pid = by.pid, name = by.name)
            }
            Hindrance::Locked(None) => t!(lang, "store.locked", store = store),
            Hindrance::Damaged(error) => t!(lang, "store.damaged", store = store, error = error),
            Hindrance::SetAside(salvaged) => salvaged.told(lang),
            Hindrance::Refused(fact) => t!(lang, "store.refused", fact = fact),
            Hindrance::Other(error) => t!(lang, "store.fails", store = store, error = error),
            Hindrance::Ended => t!(lang, "store.ended"),
        };
        if let Some((facts, samples, given_up)) = self.waiting {
            told += "; ";
            told += &t!(lang, "store.waiting", facts = facts, samples = samples);
            if given_up > 0 {
                told += ", ";
                told += &t!(lang, "store.given_up", count = given_up);
            }
        }
        told
    }
}
