//! An administrative reform: units merge, are abolished and made, and the inventory's files are
//! written anew at their entries. Ids stay, and what stands in a building stands there.
//!
//! [`prepare`] reads a plan, writes the files in memory and reads the inventory that comes of it;
//! [`apply`] puts them in place, one whole file after another, the new units first, so that a
//! crash between any two leaves an inventory that loads; [`undo`] puts back what was, from a
//! journal beside the inventory.

mod edit;
mod journal;
mod plan;
mod rewrite;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;

pub use journal::{ReformError, Undone, apply, journal_path, undo};

use super::place::{Desk, Overlay};
use super::{Defaults, files, load, load_at};
use crate::locale::Lang;
use crate::model::{Diagnostic, Inventory, Message, Severity, UnitId, UnitIx, UnitKind, UnixMs};

/// What becomes of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Another unit takes it over.
    Merged(UnitId),
    /// It ends, and nobody takes it over.
    Abolished,
    /// It goes on as it is.
    Kept,
}

/// A unit that is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Ours, for ever.
    pub id: UnitId,
    /// Full name.
    pub name: String,
    /// Short name.
    pub short: Option<String>,
    /// Official code.
    pub code: Option<String>,
    /// Kind.
    pub kind: UnitKind,
    /// Id of the unit above.
    pub parent: Option<String>,
    /// Ids of the networks it must have, where the defaults do not say.
    pub requires: Vec<String>,
}

impl Made {
    fn new(id: UnitId) -> Self {
        Self {
            id,
            name: String::new(),
            short: None,
            code: None,
            kind: UnitKind::Commune,
            parent: None,
            requires: Vec::new(),
        }
    }
}

/// A plan that fits the inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reform {
    /// From which day on, as `2025-07-01`.
    pub date: String,
    /// Its first instant.
    pub at: UnixMs,
    /// In the plan's order.
    pub made: Vec<Made>,
    /// By old unit, in the official order; indexes of the inventory before.
    pub fates: Vec<(UnitIx, Fate)>,
}

/// A file to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Beneath the inventory's folder.
    pub file: PathBuf,
    /// What it holds; `None`: it is new.
    pub before: Option<Vec<u8>>,
    /// What it is to hold.
    pub after: Vec<u8>,
    /// How many entries are changed or added.
    pub entries: usize,
}

/// A reform ready to be applied.
#[derive(Debug)]
pub struct Prepared {
    /// What it is about.
    pub reform: Reform,
    /// The inventory as it is.
    pub before: Inventory,
    /// And as it will be.
    pub after: Inventory,
    /// The new file first, then those with old units in path order.
    pub changes: Vec<Change>,
    /// What `check` will warn of and does not yet.
    pub warnings: Vec<Diagnostic>,
}

/// Reads a plan and works out what is to be written; writes nothing. The comment at the head of a
/// new file is in `lang`.
///
/// # Errors
/// What is wrong with the plan, with the inventory as it is, or with what would come of it; what
/// is wrong with a reform that was broken off.
pub fn prepare(
    folder: &Path,
    plan_file: &Path,
    defaults: &Defaults,
    zone: &TimeZone,
    lang: Lang,
) -> Result<Prepared, Vec<Diagnostic>> {
    if !folder.is_dir() {
        let message = Message::new("reform.needs_folder").with("inventory", folder.display());
        return Err(vec![whole(message)]);
    }
    if let Err(error) = journal::check_whole(folder) {
        return Err(vec![whole(error.message())]);
    }
    let loaded = load(folder, defaults, zone);
    let Some(before) = loaded.inventory else { return Err(loaded.diagnostics) };
    let mut desk = Desk::default();
    let source = files::read(&mut desk, plan_file);
    let reform = source.and_then(|source| plan::read(&mut desk, source, &before, zone));
    let Some(reform) = reform.filter(|_| desk.errors() == 0) else {
        return Err(desk.into_diagnostics());
    };
    let name = plan_file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let changes = rewrite::changes(folder, &reform, &before, &name, lang)?;
    let overlay = overlay(folder, changes.iter().map(|c| (&c.file, Some(&c.after))));
    let then = load_at(Desk::over(overlay), folder, defaults, zone);
    let Some(after) = then.inventory else { return Err(then.diagnostics) };
    let mut warnings = then.diagnostics;
    warnings.retain(|new| !loaded.diagnostics.iter().any(|old| old.message == new.message));
    Ok(Prepared { reform, before, after, changes, warnings })
}

/// Files as they are to be, for reading the inventory before any of them is written.
fn overlay<'a>(
    folder: &Path,
    files: impl Iterator<Item = (&'a PathBuf, Option<&'a Vec<u8>>)>,
) -> Overlay {
    files.map(|(file, bytes)| (folder.join(file), bytes.map(|b| Arc::from(&b[..])))).collect()
}

/// A day as people write it: `01/07/2025` for `2025-07-01` in Vietnamese.
#[must_use]
pub fn day(date: &str, lang: Lang) -> String {
    let parsed = date.parse::<jiff::civil::Date>().ok();
    let zoned = parsed.and_then(|d| d.at(0, 0, 0, 0).to_zoned_datetime(TimeZone::UTC).ok());
    zoned.map_or_else(|| date.to_owned(), |at| crate::locale::date(lang, &at))
}

fn whole(message: Message) -> Diagnostic {
    Diagnostic { severity: Severity::Error, message, place: None, hint: None, related: None }
}
