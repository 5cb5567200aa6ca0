//! What devices are not as the inventory says, by what the store remembers of them: for clients of
//! the daemon and for those who read the store without one.

use std::path::Path;

use crate::inventory::drift::{Drifts, Observed, Said, drift};
use crate::model::{Inventory, UnitIx};
use crate::store::{Reader, StoreError};

/// Every drift in `unit` and beneath (`None`: all); none where there is no store yet.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub(crate) fn drifts(
    store: &Path,
    inventory: &Inventory,
    unit: Option<UnitIx>,
) -> Result<Drifts, StoreError> {
    let reader = match Reader::open(store) {
        Ok(reader) => reader,
        Err(StoreError::Missing { .. }) => return Ok(Drifts::default()),
        Err(error) => return Err(error),
    };
    let facts = reader.newest_sightings()?.into_iter().map(|(id, seen)| {
        let said = seen.into_iter().map(|s| Said { key: s.key, value: s.value, since: s.first });
        (id, said.collect())
    });
    let observed = Observed { facts: facts.collect(), cables: reader.newest_cables()? };
    Ok(drift(inventory, &observed, unit))
}
