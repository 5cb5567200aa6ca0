//! What a spreadsheet says, brought into the inventory's own files: what would be added, changed and
//! taken out, and the texts that say so. Nothing is written here before [`write`] is called, and what
//! it writes has been read and checked as a whole.
//!
//! The texts of files that exist are changed at the entry's place ([`super::edit`]); a result that
//! does not read back as it was meant is refused.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use super::ledger::{Entry, entries};
use super::place::{Desk, Finding, shown};
use super::scan::has_anchors;
use super::{Defaults, Tree, read_files, read_trees, sections};
use crate::model::{CredentialId, Diagnostic, Inventory, Message, Place, Severity};

mod compare;
mod homes;
mod netbox;
mod reread;
mod rewrite;
mod source;
mod write;

pub use compare::FieldChange;
pub use rewrite::Rewritten;
pub use source::{LISTS, Origin};
pub use write::{WriteError, write};

/// What is to be imported, and how.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// A file or a folder.
    pub source: &'a Path,
    /// Who wrote it.
    pub origin: Origin<'a>,
    /// Which list a CSV file is, where its name does not say.
    pub list: Option<&'a str>,
    /// Whether entries and values that it lacks are taken out.
    pub remove: bool,
    /// Entries are taken out only of this unit and those beneath.
    pub within: Option<&'a str>,
}

/// What happens to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is new.
    Added,
    /// Some of its values change.
    Changed,
    /// It goes.
    Removed,
}

impl Kind {
    /// Its stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

/// An entry that would be added, changed or taken out.
#[derive(Debug, Clone)]
pub struct Change {
    /// What happens to it.
    pub kind: Kind,
    /// The list that it is in, by its key: `units`, `devices`, …
    pub list: &'static str,
    /// Its id; of a rule of the defaults whom it is for.
    pub id: String,
    /// Where the import says so; of one that goes, where it stands.
    pub place: Place,
    /// The values that change; of a new entry all it has.
    pub fields: Vec<FieldChange>,
}

/// What came of looking at an import.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Errors keep everything as it is.
    pub diagnostics: Vec<Diagnostic>,
    /// In the order of the lists and, within one, of the import.
    pub changes: Vec<Change>,
    /// Entries that are as the import says.
    pub same: usize,
    /// Values of entries, and entries, that the import lacks and that stay.
    pub left: usize,
    /// The files that are to be written.
    pub files: Vec<Rewritten>,
    /// What the folder would be; `None` when there is any error.
    pub inventory: Option<Inventory>,
    /// Every credential it would name.
    pub credentials: Vec<(CredentialId, Place)>,
}

/// Holds an import against the inventory in `folder`, which may be empty or missing.
#[must_use]
pub fn import(
    request: &Request<'_>,
    folder: &Path,
    defaults: &Defaults,
    zone: &TimeZone,
) -> Outcome {
    let mut desk = Desk::default();
    let there = if folder.exists() { read_files(&mut desk, folder).0 } else { Vec::new() };
    let known = (!there.is_empty()).then(|| read_trees(&mut desk, &there, defaults, zone).0);
    let old = entries(&mut desk, &there);
    // A folder that has no units yet may be imported into, one of which a file cannot be read may not.
    if desk.has_errors_beside("check.no_units") {
        let mut found = desk.into_diagnostics();
        found.retain(|d| d.severity == Severity::Error);
        found.push(folder_broken(folder));
        return refused(found);
    }
    let mut desk = desk.fresh();
    let scope = match (request.within, &known) {
        (None, _) => None,
        (Some(unit), known) => match known.as_ref().and_then(|known| units_within(known, unit)) {
            Some(units) => Some(units),
            None => {
                let message = Message::new("check.unknown_unit").with("name", shown(unit));
                desk.report_whole(Severity::Error, message);
                return refused(desk.into_diagnostics());
            }
        },
    };
    let come = source::read(&mut desk, request, folder, &old);
    let new = take_in(&mut desk, &come);
    if desk.errors() > 0 {
        return refused(desk.into_diagnostics());
    }
    let compared = compare::compare(&mut desk, &old, &new, request.remove, scope.as_deref());
    let mut checking = desk.fresh();
    read_trees(&mut checking, &compared.merged(), defaults, zone);
    let mut outcome = Outcome {
        same: compared.same,
        left: compared.left,
        changes: compared.changes.clone(),
        diagnostics: relevant(&mut desk, checking, request.source),
        ..Outcome::default()
    };
    if outcome.diagnostics.iter().any(|found| found.severity == Severity::Error) {
        return outcome;
    }
    let base = Base { folder, desk: &desk, trees: &there, old: &old, defaults, zone };
    match rewrite::rewrite(&base, &compared) {
        // A folder's other files would be read as well; beside a single file nothing is.
        Ok(files) if folder.is_file() && files.iter().any(|file| file.old.is_none()) => {
            outcome.diagnostics.push(whole_error(
                Message::new("import.one_file").with("file", folder.display()),
                "import.one_file_hint",
            ));
        }
        Ok(files) => reread::read(&base, &compared, files, &mut outcome),
        Err(stuck) => {
            let message = Message::new("import.stuck");
            let mut desk = desk.fresh();
            let hint = match has_anchors(&desk.text(stuck.0.source)) {
                true => "import.anchor_hint",
                false => "import.stuck_hint",
            };
            desk.report(Finding::error(stuck.0, message).hint(Message::new(hint)));
            outcome.diagnostics.extend(desk.into_diagnostics());
        }
    }
    outcome
}

/// The files of a folder that says just what the entries say, with their names in it.
pub(super) fn as_files(
    desk: &mut Desk,
    all: &[Entry<'_>],
    defaults: &Defaults,
    zone: &TimeZone,
) -> Vec<(PathBuf, String)> {
    let compared = compare::compare(desk, &[], all, false, None);
    let base = Base { folder: Path::new(""), desk, trees: &[], old: &[], defaults, zone };
    // Of a folder that is empty nothing has to be changed.
    let files = rewrite::rewrite(&base, &compared).unwrap_or_default();
    files.into_iter().map(|file| (file.path, file.new)).collect()
}

/// The inventory that is imported into.
struct Base<'a> {
    folder: &'a Path,
    desk: &'a Desk,
    trees: &'a [Tree],
    old: &'a [Entry<'a>],
    defaults: &'a Defaults,
    zone: &'a TimeZone,
}

fn refused(diagnostics: Vec<Diagnostic>) -> Outcome {
    Outcome { diagnostics, ..Outcome::default() }
}

/// The entries of what is imported; what has no list to be in is reported.
fn take_in<'t>(desk: &mut Desk, trees: &'t [Tree]) -> Vec<Entry<'t>> {
    sections(desk, trees);
    let new = entries(desk, trees);
    if new.is_empty() && desk.errors() == 0 {
        desk.report_whole(Severity::Error, Message::new("import.nothing"));
    }
    new
}

fn folder_broken(folder: &Path) -> Diagnostic {
    let message = Message::new("import.folder_broken").with("folder", folder.display());
    whole_error(message, "import.folder_broken_hint")
}

fn whole_error(message: Message, hint: &'static str) -> Diagnostic {
    let hint = Some(Message::new(hint));
    Diagnostic { severity: Severity::Error, message, place: None, hint, related: None }
}

/// What was found out about the import and all that is wrong with the result; of the result's
/// warnings those about what is imported.
fn relevant(desk: &mut Desk, checking: Desk, source: &Path) -> Vec<Diagnostic> {
    // Of a workbook the sheet and the cell stand behind its name.
    let book = format!("{} [", source.display());
    let is_of_it = |place: &Place| {
        place.file.starts_with(source) || place.file.to_string_lossy().starts_with(&book)
    };
    let mut found = desk.take_diagnostics();
    found.extend(
        checking
            .into_diagnostics()
            .into_iter()
            .filter(|d| d.severity == Severity::Error || d.place.as_ref().is_some_and(is_of_it)),
    );
    found
}

/// The ids of a unit and of those beneath.
fn units_within(inventory: &Inventory, unit: &str) -> Option<Vec<String>> {
    let units = inventory.subtree(inventory.find_unit(unit)?);
    Some(units.into_iter().map(|ix| inventory.unit(ix).id.to_string()).collect())
}
