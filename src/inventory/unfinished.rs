//! Files on their way into the inventory's folder: written beside their places under hidden names, which
//! no inventory reads, and moved there. What a process that was killed has left behind is taken away by
//! the next one that writes.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, test_kill_process};

/// What stands between the name of a file and the number of the process that writes it, and behind
/// that: `.units.yaml.4711.new`.
const END: &str = ".new";
/// What files of an inventory, and the journal beside it, end with.
const FORMS: [&str; 4] = [".yaml", ".yml", ".csv", ".json"];

/// Where this process writes what is to become `target`.
pub(super) fn beside(target: &Path) -> PathBuf {
    let name = target.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    target.with_file_name(format!(".{name}.{}{END}", std::process::id()))
}

/// Gives a file the rights of the one that it takes the place of, and its owner and group where that is
/// allowed: a daemon of another user must still be able to read what root has written.
pub(super) fn inherit(file: &File, from: &Metadata) -> io::Result<()> {
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (from.uid(), from.gid()) {
        let all = std::os::unix::fs::fchown(file, Some(from.uid()), Some(from.gid()));
        // Who is not root may still give it to a group of his.
        let _ = all.or_else(|_| std::os::unix::fs::fchown(file, None, Some(from.gid())));
    }
    file.set_permissions(from.permissions())
}

/// Takes away what processes that are no more have left unfinished in a folder.
pub(super) fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let writer = name.to_str().and_then(writer);
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file
            && writer.is_some_and(|pid| test_kill_process(pid) == Err(rustix::io::Errno::SRCH))
        {
            // Who may not remove it may still write; it does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The process that writes, or wrote, a file of this name; `None` for a name that is not ours.
fn writer(name: &str) -> Option<Pid> {
    let (name, pid) = name.strip_prefix('.')?.strip_suffix(END)?.rsplit_once('.')?;
    FORMS.into_iter().any(|form| name.ends_with(form)).then_some(())?;
    Pid::from_raw(pid.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_dead_processes_left_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let dead = child.id();
        child.wait().unwrap();
        let own = beside(&folder.path().join("a.yaml"));
        let own = own.file_name().unwrap().to_string_lossy().into_owned();
        let kept = [own.as_str(), "a.yaml", ".a.yaml.new", ".notes.12.new", ".b.yaml.x.new"];
        let gone = [format!(".a.yaml.{dead}.new"), format!(".units.csv.{dead}.new")];
        for name in kept.iter().copied().chain(gone.iter().map(String::as_str)) {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        sweep(folder.path());
        let mut left: Vec<String> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        left.sort();
        let mut kept: Vec<&str> = kept.to_vec();
        kept.sort_unstable();
        assert_eq!(left, kept);
    }
}
