//! Which files belong to an inventory, and their texts.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Section;
use super::place::{At, Desk, Finding};
use crate::model::{Message, Severity};

/// Largest file read.
pub const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;
/// Most files of one inventory.
pub const MAX_FILES: usize = 10_000;
/// Deepest folder looked into.
pub const MAX_FOLDER_DEPTH: usize = 16;

/// An inventory file.
pub(super) struct File {
    pub path: PathBuf,
    pub form: Form,
}

/// How a file is read.
pub(super) enum Form {
    Yaml,
    Csv(Section),
    /// A workbook, of one list or of several.
    Book(Option<Section>),
}

/// The files of a folder in path order (or the one file named); what is neither YAML, CSV nor XLSX is
/// warned of, hidden files and editors' copies are passed over. A folder is entered once however
/// many links lead to it.
pub(super) fn list(desk: &mut Desk, folder: &Path) -> Vec<File> {
    let mut paths = Vec::new();
    if folder.is_file() {
        paths.push(folder.to_owned());
    } else {
        walk(desk, folder, &mut paths);
    }
    paths.extend(desk.overlay().keys().filter(|path| !path.exists()).cloned());
    paths.retain(|path| !matches!(desk.overlay().get(path), Some(None)));
    paths.sort_by(|a, b| a.components().cmp(b.components()));
    let mut files = Vec::new();
    for path in paths {
        match form(&path) {
            Some(form) => files.push(File { path, form }),
            None => {
                let message = Message::new("check.foreign_file").with("file", path.display());
                desk.report_whole(Severity::Warning, message);
            }
        }
    }
    files
}

/// The files of a folder (or the one file named) whose names end with `.csv`, in path order.
pub(super) fn paths(desk: &mut Desk, folder: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    if folder.is_file() {
        paths.push(folder.to_owned());
    } else {
        walk(desk, folder, &mut paths);
    }
    paths.retain(|path| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv")));
    paths.sort_by(|a, b| a.components().cmp(b.components()));
    paths
}

fn walk(desk: &mut Desk, folder: &Path, paths: &mut Vec<PathBuf>) {
    let mut entered = HashSet::new();
    let mut open = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = open.pop() {
        let listed = fs::canonicalize(&folder).and_then(|real| {
            let is_new = entered.insert(real);
            if is_new { fs::read_dir(&folder)?.collect::<io::Result<Vec<_>>>() } else { Ok(vec![]) }
        });
        let entries = match listed {
            Ok(entries) => entries,
            Err(error) => {
                unreadable(desk, &folder, &error);
                continue;
            }
        };
        for entry in entries {
            let path = entry.path();
            if is_passed_over(&path) {
                continue;
            }
            match fs::metadata(&path) {
                Ok(found) if found.is_dir() && depth >= MAX_FOLDER_DEPTH => {
                    let message = Message::new("check.folders_too_deep")
                        .with("folder", path.display())
                        .with("most", MAX_FOLDER_DEPTH);
                    desk.report_whole(Severity::Error, message);
                }
                Ok(found) if found.is_dir() => open.push((path, depth + 1)),
                Ok(found) if !found.is_file() => {}
                Ok(_) if paths.len() >= MAX_FILES => {
                    let message = Message::new("check.too_many_files").with("most", MAX_FILES);
                    desk.report_whole(Severity::Error, message);
                    return;
                }
                Ok(_) => paths.push(path),
                Err(error) => unreadable(desk, &path, &error),
            }
        }
    }
}

fn is_passed_over(path: &Path) -> bool {
    let name = path.file_name().map(|n| n.to_string_lossy()).unwrap_or_default();
    name.starts_with(['.', '#']) || name.ends_with('~') || name.starts_with("~$")
}

/// How a file of this name is read.
pub(super) fn form(path: &Path) -> Option<Form> {
    let stem = path.file_stem()?.to_str()?;
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "yaml" | "yml" => Some(Form::Yaml),
        "csv" => named(stem).map(Form::Csv),
        "xlsx" => Some(Form::Book(named(stem))),
        _ => None,
    }
}

/// The list that a file is named for. Three may go on as they like (`units-of-the-province.csv`), the
/// others only after a mark: a `planning.csv` is no `plan`.
fn named(stem: &str) -> Option<Section> {
    let loose = [Section::Units, Section::Devices, Section::Connections];
    Section::ALL.into_iter().find_map(|(name, section)| {
        let rest = stem.strip_prefix(name)?;
        let is_apart = !rest.starts_with(|c: char| c.is_alphanumeric());
        (is_apart || loose.contains(&section)).then_some(section)
    })
}

/// A file's bytes; `None` after reporting why it cannot be read.
pub(super) fn bytes(desk: &mut Desk, path: &Path) -> Option<Vec<u8>> {
    if let Some(Some(bytes)) = desk.overlay().get(path) {
        return Some(bytes.to_vec());
    }
    let mut bytes = Vec::new();
    let read =
        fs::File::open(path).and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        unreadable(desk, path, &error);
        return None;
    }
    if bytes.len() as u64 > MAX_FILE_BYTES {
        desk.mark_unread();
        let message = Message::new("check.file_too_large")
            .with("file", path.display())
            .with("mebibytes", MAX_FILE_BYTES / (1024 * 1024));
        desk.report_whole(Severity::Error, message);
        return None;
    }
    Some(bytes)
}

/// Takes a file's text in; `None` after reporting why it cannot be read.
pub(super) fn read(desk: &mut Desk, path: &Path) -> Option<u32> {
    let bytes = bytes(desk, path)?;
    // Spreadsheets begin their files with a byte order mark.
    let content = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let (text, bad_byte) = match std::str::from_utf8(content) {
        Ok(text) => (Arc::from(text), None),
        Err(error) => (Arc::from(&*String::from_utf8_lossy(content)), Some(error.valid_up_to())),
    };
    let source = desk.add_source(path.to_owned(), text);
    if let Some(start) = bad_byte {
        desk.mark_broken(source);
        let at = At { source, start: u32::try_from(start).unwrap_or(u32::MAX), len: 1 };
        desk.report(
            Finding::error(at, Message::new("check.not_utf8"))
                .hint(Message::new("check.not_utf8_hint")),
        );
        return None;
    }
    Some(source)
}

fn unreadable(desk: &mut Desk, path: &Path, error: &io::Error) {
    desk.mark_unread();
    let message =
        Message::new("check.unreadable").with("file", path.display()).with("reason", error);
    desk.report_whole(Severity::Error, message);
}
