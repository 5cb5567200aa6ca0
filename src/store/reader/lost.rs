//! What the chain cannot prove because a salvage has lost it, as the salvage noted it.

use rusqlite::types::Value as Cell;

use super::Reader;
use super::verify::start_of;
use crate::model::UnixMs;
use crate::store::StoreError;
use crate::store::chain::Link;
use crate::store::fact::EventKind;
use crate::store::unproven::{Lost, Unproven, from_json};

/// A link that cannot prove all it did since a salvage lost some of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostProof {
    /// Its number.
    pub n: i64,
    /// First instant (UTC) of its day.
    pub day: UnixMs,
    /// What was lost.
    pub lost: Lost,
    /// When the store was salvaged.
    pub salvaged: UnixMs,
}

/// What a salvage has noted, and when.
pub(super) struct Noted {
    seq: i64,
    at: UnixMs,
    unproven: Vec<Unproven>,
}

impl Reader {
    /// The first salvage after the link that noted this as lost, if what it left is still there.
    pub(super) fn is_lost(
        &self,
        link: &Link,
        lost: Lost,
        left: &str,
        salvages: &mut Option<Vec<Noted>>,
    ) -> Result<Option<LostProof>, StoreError> {
        let salvages = match salvages {
            Some(known) => known,
            None => salvages.insert(self.salvages()?),
        };
        let is_it = |one: &Unproven| one.link == link.n && one.lost == lost && one.left == left;
        let noted = salvages
            .iter()
            .find(|noted| noted.seq > link.last_event && noted.unproven.iter().any(is_it));
        Ok(noted.map(|noted| LostProof {
            n: link.n,
            day: start_of(link.day),
            lost,
            salvaged: noted.at,
        }))
    }

    fn salvages(&self) -> Result<Vec<Noted>, StoreError> {
        self.rows(
            "SELECT seq, at, detail FROM event WHERE kind = ?1 ORDER BY seq",
            [Cell::Text(EventKind::Trouble.as_str().to_owned())],
            |row| {
                let detail: String = self.get(row.get(2))?;
                let detail: serde_json::Value = serde_json::from_str(&detail)
                    .map_err(|_| self.corrupt("detail of an event", &detail))?;
                Ok(Noted {
                    seq: self.get(row.get(0))?,
                    at: UnixMs(self.get(row.get(1))?),
                    unproven: from_json(&detail["unproven"]),
                })
            },
        )
    }
}
