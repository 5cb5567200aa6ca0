//! From the store to [`Records`], and from a text to a file that is never seen half written.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::{Evidence, Records};
use crate::coverage::LOOK_BACK_MS;
use crate::model::{Inventory, Span, UnixMs};
use crate::store::{Reader, StoreError};

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The report cannot be saved.
    #[error("write the report {path}: {source}", path = path.display())]
    Save {
        /// Where to.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// Reads what is recorded about `period`, and before it as far as an outage is looked back for,
/// the one-off work announced in it, and what the figures rest on.
///
/// # Errors
/// [`ReportError::Store`].
pub fn load(
    store: &Reader,
    inventory: &Inventory,
    period: Span,
    now: UnixMs,
) -> Result<Records, ReportError> {
    // To the present: whether an office switched off at the period's end came back in time is
    // known by what followed.
    let looked_at = Span::new(period.from - LOOK_BACK_MS, period.to.max(now));
    let intervals = store.intervals(None, looked_at)?;
    let records = Records::new(inventory, intervals, store.last_alive()?, now);
    let judged = Span::new(period.from, period.to.min(now));
    let evidence = Evidence { received: store.received(judged)?, head: store.chain_head()? };
    Ok(records.with_maintenance(store.maintenance(period)?).with_evidence(evidence))
}

/// Writes `text` beside `path` and moves it into place.
///
/// # Errors
/// [`ReportError::Save`]; `path` is as it was then.
pub fn save(path: &Path, text: &str) -> Result<(), ReportError> {
    let fail = |source| ReportError::Save { path: path.to_owned(), source };
    let mut name = path.file_name().ok_or_else(|| fail(ErrorKind::InvalidInput.into()))?.to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let unfinished = path.with_file_name(name);
    let written = std::fs::File::create(&unfinished)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&unfinished, path));
    written.map_err(|source| {
        // It may never have been made; the first error is the one to tell.
        let _ = std::fs::remove_file(&unfinished);
        fail(source)
    })
}
