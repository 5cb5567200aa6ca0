//! Room held in reserve. On a full disk not even deleting works: SQLite writes a log first. So a
//! file of 8 MiB stands beside the store; it goes when the disk is full, and what was recorded
//! meanwhile, the checkpoint and the deletes that make room find some.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Size of the reserve.
pub(super) const BALLAST_BYTES: u64 = 8 << 20;
/// It is made only where this many times its size is free, so that it never fills a disk itself
/// and does not come and go at the brink.
const ROOM_FACTOR: u64 = 4;
const PIECE: usize = 1 << 20;

/// The file of a store, there or not.
#[derive(Debug)]
pub(super) struct Ballast {
    path: PathBuf,
    is_there: bool,
    /// It was given up, and has not been made again.
    is_spent: bool,
    /// Looks that are passed over after it could not be made where there seemed to be room.
    passed_over: u32,
}

/// Commits between two attempts where a quota or the like says no: half an hour's or more.
const PASSED_OVER: u32 = 1_000;

impl Ballast {
    /// Of the store at `store`, as it is found.
    pub(super) fn of(store: &Path) -> Self {
        let mut name = store.as_os_str().to_owned();
        name.push(".ballast");
        let path = PathBuf::from(name);
        let is_there = std::fs::metadata(&path).is_ok_and(|m| m.len() == BALLAST_BYTES);
        Self { path, is_there, is_spent: false, passed_over: 0 }
    }

    /// Makes it where it is missing and there is room. Failing is no fault: it is tried again.
    pub(super) fn restore(&mut self) {
        if self.is_there {
            return;
        }
        if self.passed_over > 0 {
            self.passed_over -= 1;
            return;
        }
        if !has_room(&self.path, ROOM_FACTOR * BALLAST_BYTES) {
            return;
        }
        match write(&self.path) {
            Ok(()) => (self.is_there, self.is_spent) = (true, false),
            Err(error) => {
                tracing::warn!(%error, ballast = %self.path.display(), "no room is kept in reserve");
                // Half a reserve would only take room away.
                let _ = std::fs::remove_file(&self.path);
                self.passed_over = PASSED_OVER;
            }
        }
    }

    /// Gives its room to others; true when that has changed anything.
    pub(super) fn give_up(&mut self) -> bool {
        self.is_spent = true;
        if !std::mem::take(&mut self.is_there) {
            return false;
        }
        tracing::warn!(ballast = %self.path.display(), "the disk is full: the room in reserve is given up");
        std::fs::remove_file(&self.path).is_ok()
    }

    /// True while recording goes on without it because the disk was full.
    pub(super) const fn is_spent(&self) -> bool {
        self.is_spent
    }
}

/// Written, not only set to a length: a file of holes would hold no room. Of bytes that no file
/// system takes for equal or can press together.
fn write(path: &Path) -> io::Result<()> {
    let mut file = File::create(path)?;
    let mut piece = vec![0; PIECE];
    let mut noise = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..BALLAST_BYTES / PIECE as u64 {
        for word in piece.chunks_exact_mut(8) {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            word.copy_from_slice(&noise.to_le_bytes());
        }
        file.write_all(&piece)?;
    }
    Ok(())
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether `wanted` bytes are free where `path` is, as far as one can know.
pub(super) fn has_room(path: &Path, wanted: u64) -> bool {
    rustix::fs::statvfs(folder(path))
        .is_ok_and(|found| found.f_bavail.saturating_mul(found.f_frsize) >= wanted)
}

/// Whether the file system of `path` takes no writes at all.
pub(super) fn is_read_only(path: &Path) -> bool {
    rustix::fs::statvfs(folder(path))
        .is_ok_and(|found| found.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
}
