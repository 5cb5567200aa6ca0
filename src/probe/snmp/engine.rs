//! The file in which our own SNMPv3 engine is kept: senders of informs know it by its id, and
//! believe it only while the number of its starts grows.
//!
//! ```text
//! engine 80001f88…
//! boots 3
//! ```
//! Guarantees: the file is whole at any time, the old one or the new one; a number that is in use is
//! on disk.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::Path;

/// Longest file read, in bytes.
const BYTES_MAX: u64 = 4_096;
/// Longest engine id, in bytes (RFC 3411, section 5).
const ID_BYTES_MAX: usize = 32;

/// What the file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    /// The engine's id.
    pub id: Vec<u8>,
    /// How often it began.
    pub boots: u32,
}

/// What a file holds; `None` where there is none, or what is there is no engine.
///
/// # Errors
/// The system's, where the file is there and cannot be read.
pub(super) fn load(file: &Path) -> io::Result<Option<Kept>> {
    let mut text = String::new();
    let read = File::open(file).and_then(|file| file.take(BYTES_MAX).read_to_string(&mut text));
    match read {
        Ok(_) => Ok(parse(&text)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidData) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn parse(text: &str) -> Option<Kept> {
    let field = |name: &str| {
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).map(str::trim)
    };
    let hex = field("engine")?;
    if hex.len() % 2 != 0 || hex.len() / 2 > ID_BYTES_MAX || !hex.is_ascii() {
        return None;
    }
    let id = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok());
    Some(Kept { id: id.collect::<Option<_>>()?, boots: field("boots")?.parse().ok()? })
}

/// Puts another file in the place of the old one; what is returned from is on disk.
///
/// # Errors
/// The system's; the old file is as it was then.
pub(super) fn save(file: &Path, kept: &Kept) -> io::Result<()> {
    let hex: String = kept.id.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut name = file.file_name().ok_or(ErrorKind::InvalidInput)?.to_owned();
    name.push(".tmp");
    let unfinished = file.with_file_name(name);
    let written = File::create(&unfinished)
        .and_then(|mut new| {
            new.write_all(format!("engine {hex}\nboots {}\n", kept.boots).as_bytes())?;
            new.sync_all()
        })
        .and_then(|()| std::fs::rename(&unfinished, file))
        .and_then(|()| {
            // A name that only the folder in memory has is lost with the power.
            let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
        });
    written.inspect_err(|_| {
        // It may never have been made; the first error is the one to tell.
        let _ = std::fs::remove_file(&unfinished);
    })
}

#[cfg(test)]
mod tests {
    use super::super::wire::ear::OwnEngine;
    use super::*;

    #[test]
    fn an_engine_keeps_its_id_and_counts_its_starts() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tuantra.engine");
        assert_eq!(load(&file).unwrap(), None);
        OwnEngine::take_up(&file).unwrap();
        let first = load(&file).unwrap().unwrap();
        assert_eq!(first.boots, 1);
        OwnEngine::take_up(&file).unwrap();
        assert_eq!(load(&file).unwrap().unwrap(), Kept { boots: 2, ..first.clone() });
        // What is broken makes way: under a known id the number of starts must not go back.
        std::fs::write(&file, "engine 8000\nboots").unwrap();
        OwnEngine::take_up(&file).unwrap();
        let new = load(&file).unwrap().unwrap();
        assert_eq!(new.boots, 1);
        assert_ne!(new.id, first.id);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left over");
    }

    #[test]
    fn what_cannot_be_kept_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = folder.path().join("missing/tuantra.engine");
        let error = OwnEngine::take_up(&nowhere).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        let file = folder.path().join("taken.engine");
        std::fs::create_dir(&file).unwrap();
        assert!(OwnEngine::take_up(&file).is_err());
    }

    #[test]
    fn no_text_is_taken_for_an_engine_by_mistake() {
        for text in [
            "",
            "engine",
            "engine 80\n",
            "boots 1",
            "engine 8x\nboots 1",
            "engine é\nboots 1",
            "engine 80001f8880\nboots -1",
            "engine 80001f888\nboots 1",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        let long = format!("engine {}\nboots 1", "80".repeat(33));
        assert_eq!(parse(&long), None);
        let kept = Kept { id: vec![0x80, 0, 0x1f], boots: 7 };
        assert_eq!(parse("engine 80001f\nboots 7\n"), Some(kept));
    }
}
