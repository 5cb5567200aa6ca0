//! The inventory as it is written, all of it, in the form that an office or another program wants:
//! every list of it a sheet or a file. What is nested in units stands in lists of its own, with whole
//! ids; nothing that a default says is spelled out. Read back, it is the same inventory.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use super::import::as_files;
use super::ledger::entries;
use super::place::Desk;
use super::{Defaults, Section, read_files, read_trees};
use crate::locale::Lang;
use crate::model::Diagnostic;

mod cells;
mod csv;
mod xlsx;

use cells::Table;

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One workbook, a sheet a list, with headings in words.
    Xlsx,
    /// A file a list, with keys for headings.
    Csv,
    /// Files as one would write them by hand.
    Yaml,
}

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The inventory has errors.
    #[error("the inventory has errors")]
    Broken(Vec<Diagnostic>),
    /// The workbook cannot be put together.
    #[error(transparent)]
    Book(#[from] rust_xlsxwriter::XlsxError),
}

/// A file of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Its name within the folder; of a workbook none.
    pub name: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// An export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// What is to be written.
    pub files: Vec<Exported>,
    /// How many entries each list has, by its key; of those that have some.
    pub counts: Vec<(&'static str, usize)>,
}

/// Everything that `folder` says.
///
/// # Errors
/// The inventory does not load, or a text is longer than a workbook's cell may be.
pub fn export(
    folder: &Path,
    defaults: &Defaults,
    zone: &TimeZone,
    form: Form,
    lang: Lang,
) -> Result<Export, ExportError> {
    let mut desk = Desk::default();
    let (trees, _) = read_files(&mut desk, folder);
    read_trees(&mut desk, &trees, defaults, zone);
    if desk.errors() > 0 {
        return Err(ExportError::Broken(desk.into_diagnostics()));
    }
    let all = entries(&mut desk, &trees);
    let count = |section| all.iter().filter(|entry| entry.section == section).count();
    let counts = Section::ALL.iter().map(|(name, section)| (*name, count(*section)));
    let counts: Vec<_> = counts.filter(|(_, count)| *count > 0).collect();
    let tables = || {
        let tables =
            Section::ALL.into_iter().map(|(name, section)| (name, Table::of(section, &all)));
        tables.filter(|(_, table)| !table.rows.is_empty())
    };
    let files = match form {
        Form::Xlsx => {
            let bytes = xlsx::book(tables().map(|(_, table)| table), lang)?;
            vec![Exported { name: PathBuf::new(), bytes }]
        }
        Form::Csv => tables()
            .map(|(name, table)| Exported {
                name: format!("{name}.csv").into(),
                bytes: csv::file(&table).into_bytes(),
            })
            .collect(),
        Form::Yaml => as_files(&mut desk, &all, defaults, zone)
            .into_iter()
            .map(|(name, text)| Exported { name, bytes: text.into_bytes() })
            .collect(),
    };
    Ok(Export { files, counts })
}
