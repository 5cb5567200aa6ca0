//! One writer per store: an advisory lock of the operating system on `<store>.lock`, which also
//! says who holds it. A crash releases it; the file stays, since removing it would race. `store`
//! is its true name ([`super::here::true_name`]), so that two names of one file share one lock.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use super::StoreError;
use crate::model::UnixMs;

/// Held for as long as the store is open.
#[derive(Debug)]
pub(super) struct StoreLock(File);

/// `<store>.lock`
pub(super) fn lock_path(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

impl StoreLock {
    /// Takes the lock and writes `pid` and the start time into it.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process (or another store in this one) holds it.
    pub(super) fn take(store: &Path, pid: u32, now: UnixMs) -> Result<Self, StoreError> {
        let path = lock_path(store);
        let io = |operation| {
            let path = path.clone();
            move |source| StoreError::Io { operation, path, source }
        };
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(io("open lock file"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked { path: store.to_owned(), pid: holder(&mut file) });
            }
            Err(TryLockError::Error(source)) => {
                return Err(StoreError::Io { operation: "lock", path, source });
            }
        }
        file.set_len(0).map_err(io("write lock file"))?;
        file.rewind().map_err(io("write lock file"))?;
        writeln!(file, "{pid} {now}").map_err(io("write lock file"))?;
        file.sync_data().map_err(io("write lock file"))?;
        Ok(Self(file))
    }
}

impl Drop for StoreLock {
    fn drop(&mut self) {
        // The text only serves the message of whoever is refused.
        let _ = self.0.set_len(0);
        // Closing the file unlocks as well, but not while a child process that was being started
        // in this moment still has a copy of the descriptor.
        let _ = self.0.unlock();
    }
}

fn holder(file: &mut File) -> u32 {
    let mut text = String::new();
    // The text is ours and short; a holder that has not written it yet is 0.
    let _ = file.take(64).read_to_string(&mut text);
    text.split_whitespace().next().and_then(|p| p.parse().ok()).unwrap_or(0)
}
