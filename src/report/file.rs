//! From the store to [`Records`], and from a text to a file that is never seen half written.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::record::Vouched;
use super::tally::Tally;
use super::{AvailabilityReport, Evidence, GroupBy, Records, Scope};
use crate::coverage::LOOK_BACK_MS;
use crate::model::{Inventory, Span, UnixMs};
use crate::store::{Reader, StoreError};

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The spreadsheet cannot be made.
    #[error(transparent)]
    Sheet(#[from] super::write::SheetError),
    /// The page cannot be made.
    #[error("make the page: {0}")]
    Page(#[from] minijinja::Error),
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
    let intervals = store.intervals(None, looked_at(period, now))?;
    let records = Records::new(inventory, intervals, store.last_alive()?, now);
    beside(store, records, period, now)
}

/// As [`load`], but for the intervals: [`read_availability`] reads them one subject after another.
///
/// # Errors
/// [`ReportError::Store`].
pub fn load_without_intervals(
    store: &Reader,
    period: Span,
    now: UnixMs,
) -> Result<Records, ReportError> {
    beside(store, Records::default(), period, now)
}

/// The report of [`availability()`](super::availability()) on what `store` has recorded, of which
/// it holds a few subjects' intervals at a time. The records of `scope` need no intervals.
///
/// # Errors
/// [`ReportError::Store`].
pub fn read_availability(
    store: &Reader,
    scope: &Scope<'_>,
    by: GroupBy,
    devices_too: bool,
) -> Result<AvailabilityReport, ReportError> {
    read_availability_telling(store, scope, by, devices_too, &mut |_| {})
}

/// The same, telling `done` how many subjects are read.
///
/// # Errors
/// [`ReportError::Store`].
pub fn read_availability_telling(
    store: &Reader,
    scope: &Scope<'_>,
    by: GroupBy,
    devices_too: bool,
    done: &mut dyn FnMut(usize),
) -> Result<AvailabilityReport, ReportError> {
    let mut count = 0;
    let Scope { inventory, period, now, .. } = *scope;
    let mut tally = Tally::new(*scope, by, devices_too);
    let vouched = Vouched { last_alive: store.last_alive()?, now };
    store.each_record(looked_at(period, now), &mut |id, record| {
        count += 1;
        done(count);
        if let Some(subject) = inventory.find_subject(id.as_str()) {
            vouched.cut(record, inventory.subject(subject).health.interval_ms);
            tally.take(subject, record);
        }
    })?;
    Ok(tally.report())
}

/// To the present: whether an office switched off at the period's end came back in time is known
/// by what followed.
fn looked_at(period: Span, now: UnixMs) -> Span {
    Span::new(period.from - LOOK_BACK_MS, period.to.max(now))
}

fn beside(
    store: &Reader,
    records: Records,
    period: Span,
    now: UnixMs,
) -> Result<Records, ReportError> {
    let judged = Span::new(period.from, period.to.min(now));
    let evidence = Evidence { received: store.received(judged)?, head: store.chain_head()? };
    Ok(records.with_maintenance(store.maintenance(period)?).with_evidence(evidence))
}

/// Writes `bytes` beside `path` and moves it into place.
///
/// # Errors
/// [`ReportError::Save`]; `path` is as it was then.
pub fn save(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    let fail = |source| ReportError::Save { path: path.to_owned(), source };
    let mut name = path.file_name().ok_or_else(|| fail(ErrorKind::InvalidInput.into()))?.to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let unfinished = path.with_file_name(name);
    let written = std::fs::File::create(&unfinished)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&unfinished, path));
    written.map_err(|source| {
        // It may never have been made; the first error is the one to tell.
        let _ = std::fs::remove_file(&unfinished);
        fail(source)
    })
}
