//! Reads what is to be imported: by the files' names, by what is asked for, else by the headings.

use std::path::Path;

use jiff::civil::Date;

use super::Request;
use super::netbox;
use crate::inventory::ledger::Entry;
use crate::inventory::place::Desk;
use crate::inventory::{Section, Tree, book, csv, files, read_csv, read_files};
use crate::model::{Message, Severity};

/// The lists an import can be, by their keys.
pub const LISTS: [&str; 10] = [
    "units",
    "networks",
    "carriers",
    "calendars",
    "connections",
    "devices",
    "services",
    "maintenance",
    "plan",
    "defaults",
];

/// Who wrote what is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin<'a> {
    /// An office, or `tuantra inventory export`.
    Own,
    /// NetBox, table by table.
    NetBox {
        /// The kind of units whose names do not tell theirs.
        kind: Option<&'a str>,
        /// The network of lines.
        network: Option<&'a str>,
        /// What has ended by then is no more.
        today: Date,
    },
}

/// What is imported, list by list; what cannot be read is reported.
pub(super) fn read(
    desk: &mut Desk,
    request: &Request<'_>,
    folder: &Path,
    old: &[Entry<'_>],
) -> Vec<Tree> {
    let source = request.source;
    if is_inside(source, folder) {
        let message = Message::new("import.own_file").with("file", source.display());
        desk.report_whole(Severity::Error, message);
        return Vec::new();
    }
    if is_inside(folder, source) {
        let message = Message::new("import.own_folder").with("file", source.display());
        desk.report_whole(Severity::Error, message);
        return Vec::new();
    }
    if let Origin::NetBox { kind, network, today } = request.origin {
        return netbox::read(desk, source, old, &netbox::Fallback { kind, network, today });
    }
    // What has its lists in itself is not asked for one.
    let is_yaml = matches!(files::form(source), Some(files::Form::Yaml));
    if request.list.is_some() && (source.is_dir() || is_yaml) {
        let message = Message::new("import.list_of_many").with("file", source.display());
        desk.report_whole(Severity::Error, message);
        return Vec::new();
    }
    if source.is_dir() {
        return read_files(desk, source).0;
    }
    let list = request.list.and_then(|list| {
        Section::ALL.into_iter().find(|(name, _)| *name == list).map(|(_, section)| section)
    });
    match (files::form(source), extension(source).as_str()) {
        (Some(files::Form::Book(named)), _) => {
            let lists = book::read(desk, source, list.or(named));
            lists.into_iter().map(|(section, list)| Tree::List(section, list)).collect()
        }
        (Some(files::Form::Csv(named)), _) => {
            read_csv(desk, source, list.unwrap_or(named)).into_iter().collect()
        }
        (None, "csv") => match list {
            Some(section) => read_csv(desk, source, section).into_iter().collect(),
            None => guessed(desk, source),
        },
        (Some(files::Form::Yaml), _) => read_files(desk, source).0,
        (None, _) => {
            let message = Message::new("import.foreign_file").with("file", source.display());
            desk.report_whole(Severity::Error, message);
            Vec::new()
        }
    }
}

fn extension(path: &Path) -> String {
    path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
}

/// A table whose name says nothing is the list whose columns it has.
fn guessed(desk: &mut Desk, path: &Path) -> Vec<Tree> {
    let Some(source) = files::read(desk, path) else { return Vec::new() };
    let Some(section) = csv::guess(&desk.text(source)) else {
        let message = Message::new("import.which_list")
            .with("file", path.display())
            .with("lists", LISTS.join(", "));
        desk.report_whole(Severity::Error, message);
        return Vec::new();
    };
    let list = csv::read(desk, source, section, section.required_columns());
    list.map(|list| Tree::List(section, list)).into_iter().collect()
}

/// True for a file of the folder, which is part of the inventory already.
fn is_inside(source: &Path, folder: &Path) -> bool {
    match (source.canonicalize(), folder.canonicalize()) {
        (Ok(source), Ok(folder)) => source.starts_with(folder),
        _ => false,
    }
}
