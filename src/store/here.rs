//! Which stores this process has open, by the file's true name.
//!
//! Guarantees that nobody opens the file of a store beside SQLite while a connection of this
//! process may hold locks on it: the check and what it allows are one step.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Connections by file.
static OPEN: Mutex<BTreeMap<PathBuf, usize>> = Mutex::new(BTreeMap::new());
/// Links followed from one name; the operating system gives up at as many.
const LINKS_MAX: usize = 40;

fn open() -> MutexGuard<'static, BTreeMap<PathBuf, usize>> {
    // Nothing is left half done when a holder panics: every change is one assignment.
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts one connection for as long as it lives.
#[derive(Debug)]
pub(super) struct Here(PathBuf);

impl Here {
    /// Before the connection to `path` (as [`true_name`] gives it) is opened.
    pub(super) fn new(path: &Path) -> Self {
        *open().entry(path.to_owned()).or_default() += 1;
        Self(path.to_owned())
    }

    /// Runs `look` unless a connection to `path` is open, and lets none be opened meanwhile.
    pub(super) fn unless_open<T>(path: &Path, look: impl FnOnce() -> T) -> Option<T> {
        let open = open();
        (!open.contains_key(path)).then(look)
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        let mut open = open();
        if let Some(count) = open.get_mut(&self.0) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.0);
            }
        }
    }
}

/// The one name of a file that has many: absolute, its folder and itself without links, whether
/// or not it exists. As typed where its folder cannot be found: opening it will say so.
pub(super) fn true_name(path: &Path) -> PathBuf {
    let mut name = path.to_owned();
    for _ in 0..LINKS_MAX {
        if let Ok(found) = name.canonicalize() {
            return found;
        }
        let folder = name.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // A link to what does not exist yet: the file will be made where it points.
        match (name.read_link(), folder.canonicalize(), name.file_name()) {
            (Ok(target), ..) => name = folder.join(target),
            (Err(_), Ok(folder), Some(file)) => return folder.join(file),
            _ => return name,
        }
    }
    name
}
