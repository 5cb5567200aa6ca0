//! What devices say they are, with when it was first and last seen.

use std::collections::BTreeMap;

use rusqlite::Row;

use super::records::Names;
use super::{Reader, StoreError};
use crate::model::{SubjectId, UnixMs};
use crate::store::fact::Sighting;

impl Reader {
    /// What a device said it is, by key, the newest value of each first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn sightings(&self, subject: &SubjectId) -> Result<Vec<Sighting>, StoreError> {
        self.rows(
            "SELECT f.key, f.value, f.first_seen, f.last_seen FROM device_fact f
             JOIN subject k ON k.id = f.subject WHERE k.key = ?1 ORDER BY f.key, f.first_seen DESC",
            [subject.as_str().to_owned().into()],
            |row| self.sighting(row, 0),
        )
    }

    /// What every device says it is now, by key.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn newest_sightings(&self) -> Result<BTreeMap<SubjectId, Vec<Sighting>>, StoreError> {
        let mut names = Names::new(self.subjects(None)?);
        // SQLite gives the other columns of the row that has the maximum.
        let rows = self.rows(
            "SELECT subject, key, value, max(first_seen), last_seen FROM device_fact
             GROUP BY subject, key ORDER BY subject, key",
            [],
            |row| Ok((self.get(row.get(0))?, self.sighting(row, 1)?)),
        )?;
        let mut found: BTreeMap<SubjectId, Vec<Sighting>> = BTreeMap::new();
        for (number, sighting) in rows {
            found.entry(self.name(&mut names, number)?).or_default().push(sighting);
        }
        Ok(found)
    }

    fn sighting(&self, row: &Row<'_>, from: usize) -> Result<Sighting, StoreError> {
        let text = |column| self.get(row.get::<_, String>(column));
        Ok(Sighting {
            key: text(from)?.into(),
            value: text(from + 1)?.into(),
            first: UnixMs(self.get(row.get(from + 2))?),
            last: UnixMs(self.get(row.get(from + 3))?),
        })
    }
}
