//! Who keeps others from writing a store, as far as the kernel tells.

use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// SQLite's write lock is this byte of the shared-memory file (its file format, section 2.3.1).
const WRITE_LOCK_BYTE: u64 = 120;

/// A process that holds the write lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holder {
    pub(super) pid: u32,
    /// What it is called, made fit for a line; empty when it cannot be known.
    pub(super) name: String,
}

/// The other process that holds the write lock of `store` now.
pub(super) fn holder(store: &Path) -> Option<Holder> {
    let mut name = store.as_os_str().to_owned();
    name.push("-shm");
    let inode = std::fs::metadata(name).ok()?.ino();
    let pid = locks()?.lines().find_map(|line| holds(line, inode))?;
    if pid == std::process::id() {
        return None;
    }
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    Some(Holder { pid, name: crate::locale::visible(name.trim()).to_string() })
}

/// The kernel's list, where there is one, in large pieces: it walks the list anew for every read,
/// by position, so that in small ones a lock can hide.
fn locks() -> Option<String> {
    let mut file = std::fs::File::open("/proc/locks").ok()?;
    let (mut text, mut piece) = (Vec::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut piece).ok()? {
            0 => return String::from_utf8(text).ok(),
            read => text.extend_from_slice(piece.get(..read)?),
        }
    }
}

/// `1: POSIX  ADVISORY  WRITE 4711 fe:01:1234 120 120`
fn holds(line: &str, inode: u64) -> Option<u32> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, "POSIX", _, "WRITE", pid, place, from, to] = words.as_slice() else { return None };
    let found: u64 = place.rsplit(':').next()?.parse().ok()?;
    let from: u64 = from.parse().ok()?;
    let to: u64 = if *to == "EOF" { u64::MAX } else { to.parse().ok()? };
    if found != inode || !(from..=to).contains(&WRITE_LOCK_BYTE) {
        return None;
    }
    pid.parse().ok().filter(|pid| *pid > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_write_lock_is_told_from_others_and_from_those_who_wait() {
        let line = "7: POSIX  ADVISORY  WRITE 4711 fe:01:1234 120 120";
        assert_eq!(holds(line, 1234), Some(4711));
        assert_eq!(holds(line, 1235), None);
        assert_eq!(holds("7: POSIX  ADVISORY  READ 4711 fe:01:1234 123 123", 1234), None);
        assert_eq!(holds("7: POSIX  ADVISORY  WRITE 4711 fe:01:1234 121 127", 1234), None);
        assert_eq!(holds("7: -> POSIX  ADVISORY  WRITE 4711 fe:01:1234 120 120", 1234), None);
        assert_eq!(holds("7: POSIX  ADVISORY  WRITE 4711 fe:01:1234 0 EOF", 1234), Some(4711));
        assert_eq!(holds("7: FLOCK  ADVISORY  WRITE 4711 fe:01:1234 0 EOF", 1234), None);
    }
}
