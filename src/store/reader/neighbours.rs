//! What devices see beside them, with when it was first and last seen.

use std::collections::BTreeMap;

use rusqlite::Row;

use super::records::Names;
use super::{Reader, StoreError};
use crate::model::{Beside, Neighbour, Seeing, SubjectId, UnixMs};

impl Reader {
    /// What a device sees beside it: what is there first, cables before addresses, by port; then
    /// what is gone, the last seen first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn neighbours(&self, subject: &SubjectId) -> Result<Vec<Beside>, StoreError> {
        let mut found = self.rows(
            "SELECT n.protocol, n.local_port, n.name, n.chassis, n.port, n.address, n.description,
                    n.first_seen, n.last_seen, l.at
             FROM neighbour n JOIN subject k ON k.id = n.subject
             LEFT JOIN neighbour_look l ON l.subject = n.subject WHERE k.key = ?1",
            [subject.as_str().to_owned().into()],
            |row| self.beside(row, 0),
        )?;
        found.sort_by(|a, b| {
            let gone = |beside: &Beside| (!beside.is_there).then_some(-beside.last.0);
            (gone(a), &a.who).cmp(&(gone(b), &b.who))
        });
        Ok(found)
    }

    /// Who stood at the cables of every device when it was last looked; nobody at some.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn newest_cables(&self) -> Result<BTreeMap<SubjectId, Vec<Neighbour>>, StoreError> {
        let mut names = Names::new(self.subjects(None)?);
        let looked =
            self.rows("SELECT subject FROM neighbour_look ORDER BY subject", [], |row| {
                self.get(row.get::<_, i64>(0))
            })?;
        let mut found: BTreeMap<SubjectId, Vec<Neighbour>> = BTreeMap::new();
        for number in looked {
            found.entry(self.name(&mut names, number)?).or_default();
        }
        let rows = self.rows(
            "SELECT subject, protocol, local_port, name, chassis, port, address, description,
                    first_seen, last_seen, NULL
             FROM neighbour WHERE protocol <> 'arp' AND last_seen IS NULL ORDER BY subject, id",
            [],
            |row| Ok((self.get(row.get(0))?, self.beside(row, 1)?)),
        )?;
        for (number, beside) in rows {
            if let Some(all) = found.get_mut(&self.name(&mut names, number)?) {
                all.push(beside.who);
            }
        }
        Ok(found)
    }

    fn beside(&self, row: &Row<'_>, from: usize) -> Result<Beside, StoreError> {
        let text = |column| self.get(row.get::<_, Option<String>>(from + column));
        let word: String = self.get(row.get(from))?;
        let protocol =
            Seeing::from_word(&word).ok_or_else(|| self.corrupt("neighbour's protocol", &word))?;
        let address = text(5)?;
        let address = address.map(|address| {
            address.parse().map_err(|_| self.corrupt("neighbour's address", &address))
        });
        let first = UnixMs(self.get(row.get(from + 7))?);
        let last = self.get(row.get::<_, Option<i64>>(from + 8))?;
        let looked = self.get(row.get::<_, Option<i64>>(from + 9))?;
        Ok(Beside {
            who: Neighbour {
                protocol,
                local_port: text(1)?.map(Into::into),
                name: text(2)?.map(Into::into),
                chassis: text(3)?.map(Into::into),
                port: text(4)?.map(Into::into),
                address: address.transpose()?,
            },
            description: text(6)?.map(Into::into),
            first,
            last: UnixMs(last.or(looked).unwrap_or(first.0).max(first.0)),
            is_there: last.is_none(),
        })
    }
}
