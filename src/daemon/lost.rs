//! The lost time of units slot by slot, out of the store.

use std::path::Path;

use crate::api::{LostQuery, LostRow};
use crate::coverage::{Clock, Judge, LOOK_BACK_MS, LostAsked, LostUnits, Tree, lost_slots};
use crate::model::{Inventory, Span, StateInterval, UnitId, UnixMs};
use crate::store::{ALIVE_WITHIN_MS, Reader, StoreError};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LostError {
    /// There is no such unit.
    #[error("the inventory has no unit '{0}'")]
    Unit(String),
    /// There is no such network.
    #[error("the inventory has no network '{0}'")]
    Network(String),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The lost time of units by the tree and as far as known at `now`, in the official order; also what
/// a client without a daemon reads. It is judged as the month's figures of the coverage table are.
///
/// # Errors
/// [`LostError`] for a unit or a network that the inventory does not have, and when the store cannot
/// be read.
pub(crate) fn lost(
    store: &Path,
    inventory: &Inventory,
    query: &LostQuery,
    now: UnixMs,
) -> Result<Vec<LostRow>, LostError> {
    let LostQuery { unit, network, edges } = query;
    let no_network = || LostError::Network(network.to_string());
    let network_ix = inventory.find_network(network.as_str()).ok_or_else(no_network)?;
    let find = |id: &UnitId| {
        inventory.find_unit(id.as_str()).ok_or_else(|| LostError::Unit(id.to_string()))
    };
    let open = unit.as_ref().map(find).transpose()?;
    let (Some(from), Some(to)) = (edges.first(), edges.last()) else { return Ok(Vec::new()) };
    let reader = Reader::open(store)?;
    // A daemon that is gone left its last word standing; nobody knows what came after it.
    let is_gone = |alive: &UnixMs| now.since(*alive) > ALIVE_WITHIN_MS;
    let known_to = reader.last_alive()?.filter(is_gone).unwrap_or(now);
    let window = Span::new(*from, (*to).min(known_to));
    let announced = reader.maintenance(window)?;
    let mut records: Vec<Vec<StateInterval>> = vec![Vec::new(); inventory.subjects.len()];
    let known = Span::new(window.from - LOOK_BACK_MS, window.to);
    reader.each_record(known, &mut |id, record| {
        let Some(subject) = inventory.find_subject(id.as_str()) else { return };
        let line = inventory.subject(subject).connection();
        if line.is_some_and(|line| line.network == network_ix)
            && let Some(kept) = records.get_mut(subject.ix())
        {
            *kept = std::mem::take(record);
        }
    })?;
    let tree = Tree::as_of(inventory, now);
    let judge = Judge::new(inventory, &announced, window, known_to);
    let clock = Clock::default();
    let asked = LostAsked { tree: &tree, open, network: network_ix, edges, clock };
    let found = lost_slots(&judge, asked, |s| records.get(s.ix()).map_or(&[], Vec::as_slice));
    let row = |LostUnits { unit, tier, units, slots }| {
        let unit = inventory.unit(unit).id.clone();
        LostRow { unit, tier, units, slots }
    };
    Ok(found.into_iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::coverage::LostSlot;
    use crate::inventory;
    use crate::model::{NetworkId, State, SubjectId};
    use crate::store::{Batch, Fact, OpenOptions, Store};

    const PROVINCE: &str = "\
networks: [ { id: tslcd, name: TSLCD }, { id: lan, name: LAN } ]
units:
  - { id: tinh, name: Tỉnh, kind: province }
  - { id: huyen, name: Huyện, kind: district, parent: tinh, connections: { tslcd: { address: 127.0.1.1 } } }
  - { id: xa, name: Xã, kind: commune, parent: huyen, connections: { tslcd: { address: 127.0.1.2 }, lan: { address: 127.0.1.3 } } }
";

    #[test]
    fn what_the_store_has_of_the_lines_of_a_network_is_told_hour_by_hour() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.yaml"), PROVINCE).unwrap();
        let defaults = inventory::Defaults::default();
        let loaded = inventory::load(folder.path(), &defaults, &TimeZone::UTC);
        let inventory = loaded.inventory.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
        let path = folder.path().join("t.db");
        let at = |minutes: i64| UnixMs(1_790_000_000_000 + minutes * 60_000);
        let store = Store::open(&path, &OpenOptions { now: at(0), pid: 1 }).unwrap();
        let fact = |id: &str, from: i64, to: i64| {
            let interval = |from, to: Option<i64>, state| StateInterval {
                from: at(from),
                to: to.map(at),
                state,
                cause: None,
            };
            let intervals = vec![
                interval(0, Some(from), State::Up),
                interval(from, Some(to), State::Down),
                interval(to, None, State::Up),
            ];
            Fact::Intervals { subject: SubjectId::new(id).unwrap(), from: at(0), intervals }
        };
        let facts = vec![
            fact("huyen/tslcd", 5, 10),
            fact("xa/tslcd", 60, 90),
            fact("xa/lan", 1, 80),
            Fact::Alive { at: at(130) },
        ];
        store.submit(Batch { facts, samples: Vec::new() });
        store.tidy_blocking().unwrap();
        let query = |unit: &str| LostQuery {
            unit: Some(UnitId::new(unit).unwrap()),
            network: NetworkId::new("tslcd").unwrap(),
            edges: [0, 60, 120, 180].map(at).to_vec(),
        };
        let rows = |unit: &str| lost(&path, &inventory, &query(unit), at(130)).unwrap();
        let slot = |lost: i64, judged: i64| LostSlot {
            lost_ms: lost * 60_000,
            judged_ms: judged * 60_000,
            ..LostSlot::default()
        };
        let found = rows("tinh");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].unit.as_str(), found[0].units), ("huyen", 1));
        assert_eq!(found[0].slots, [slot(0, 60), slot(30, 60), slot(0, 10)]);
        let found = rows("huyen");
        let units: Vec<&str> = found.iter().map(|row| row.unit.as_str()).collect();
        assert_eq!(units, ["huyen", "xa"]);
        assert_eq!(found[0].slots[0], slot(5, 60));
        // A daemon that has been gone since then says nothing of the time after it.
        let later = lost(&path, &inventory, &query("huyen"), at(170)).unwrap();
        assert_eq!(later[0].slots[2], slot(0, 10));
        let other = LostQuery { network: NetworkId::new("wan").unwrap(), ..query("huyen") };
        let why = lost(&path, &inventory, &other, at(130)).unwrap_err();
        assert_eq!(why.to_string(), "the inventory has no network 'wan'");
        let why = lost(&path, &inventory, &query("nha"), at(130)).unwrap_err();
        assert_eq!(why.to_string(), "the inventory has no unit 'nha'");
    }
}
