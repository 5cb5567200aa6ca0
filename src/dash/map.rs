//! Where units are: the ground of the map, each cell the nearest unit's. Pure.
//!
//! The shape of a province follows from its units' coordinates alone, so that every inventory that
//! has some has a map; a unit without coordinates is never placed anywhere.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::board::{Board, Counts, Version, on, slot};
use super::place::Place;
use super::state::Row;
use crate::api::UnitRow;
use crate::model::{Location, NetworkId, State, Tier, UnitId};

/// Cells without an owner.
const NOBODY: u32 = u32::MAX;

/// Up to so many seats each has its sign; above, only those that are not up.
const SIGNS_MAX: usize = 40;

/// How far a unit's ground reaches, in mean distances between units.
const REACH: f64 = 0.95;

/// The map as the user has it.
#[derive(Debug, Clone, Default)]
pub struct Map {
    /// The unit whose ground fills the map; `None`: the whole province.
    pub open: Option<UnitId>,
    /// Within the list beside it.
    pub place: Place<Row>,
    ground: Option<(Key, Arc<Ground>)>,
    states: Vec<State>,
    states_of: Option<(Key, u64, Option<NetworkId>)>,
    signed: Vec<usize>,
    counts: Counts,
}

#[derive(Debug, Clone, PartialEq)]
struct Key {
    version: Version,
    open: Option<UnitId>,
    size: (u16, u16),
}

/// A unit on the map.
#[derive(Debug, Clone, PartialEq)]
pub struct Seat {
    /// Which, by its place in the board's units.
    pub unit: usize,
    /// The number of the group that it belongs to.
    pub group: usize,
    /// Columns from the left.
    pub x: u16,
    /// Half rows from the top.
    pub y: u16,
}

/// A row of the list: a unit with the seats that are its own or lie beneath it.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Which.
    pub unit: UnitId,
    /// The middle of its seats: columns from the left, half rows from the top.
    pub middle: (u16, u16),
    /// Its seats.
    pub seats: u32,
}

/// What lies where.
#[derive(Debug, Clone, PartialEq)]
pub struct Ground {
    /// Columns.
    pub columns: u16,
    /// Half rows.
    pub rows: u16,
    /// Row by row, the number of the seat whose ground it is.
    cells: Vec<u32>,
    /// The units that have a place.
    pub seats: Vec<Seat>,
    /// The rows of the list.
    pub groups: Vec<Group>,
    /// Units of the same levels without coordinates.
    pub unplaced: usize,
}

impl Ground {
    /// The seat whose ground lies at a column and half row.
    #[must_use]
    pub fn at(&self, x: u16, y: u16) -> Option<usize> {
        if x >= self.columns || y >= self.rows {
            return None;
        }
        let cell = usize::from(y) * usize::from(self.columns) + usize::from(x);
        self.cells.get(cell).filter(|owner| **owner != NOBODY).map(|owner| *owner as usize)
    }

    /// Lays the ground of what lies beneath `open` out on `columns` by `rows` half rows.
    #[must_use]
    pub fn new(board: &Board, open: Option<&UnitId>, (columns, rows): (u16, u16)) -> Self {
        let (placed, unplaced) = placed(board, open);
        let locations: Vec<Location> = placed.iter().map(|p| p.location).collect();
        let spots = project(&locations, (columns, rows));
        let mut number: HashMap<usize, usize> = HashMap::new();
        let mut groups: Vec<(Group, (u64, u64))> = Vec::new();
        let mut seats = Vec::with_capacity(placed.len());
        for (Placed { unit, group, .. }, (x, y)) in placed.into_iter().zip(&spots.at) {
            let Some(above) = board.units.get(group) else { continue };
            let group = *number.entry(group).or_insert_with(|| {
                let fresh = Group { unit: above.id.clone(), middle: (0, 0), seats: 0 };
                groups.push((fresh, (0, 0)));
                groups.len() - 1
            });
            let (x, y) = (whole(*x, columns), whole(*y, rows));
            if let Some((group, sum)) = groups.get_mut(group) {
                group.seats += 1;
                *sum = (sum.0 + u64::from(x), sum.1 + u64::from(y));
            }
            seats.push(Seat { unit, group, x, y });
        }
        let groups = groups.into_iter().map(|(group, (x, y))| {
            let mean = |sum: u64| u16::try_from(sum / u64::from(group.seats.max(1))).unwrap_or(0);
            Group { middle: (mean(x), mean(y)), ..group }
        });
        let groups = groups.collect();
        let cells = grow(&spots.at, (columns, rows), spots.reach);
        Self { columns, rows, cells, seats, groups, unplaced }
    }
}

fn whole(at: f64, most: u16) -> u16 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to what a column may be"
    )]
    let cell = at.floor().clamp(0.0, f64::from(most.saturating_sub(1))) as u16;
    cell
}

impl Map {
    /// The ground as it was laid out last.
    #[must_use]
    pub fn ground(&self) -> Option<&Ground> {
        self.ground.as_ref().map(|(_, ground)| &**ground)
    }

    /// The states of the seats on the chosen network, in their order.
    #[must_use]
    pub fn states(&self) -> &[State] {
        &self.states
    }

    /// The seats that have a sign, in their order: where there are many only those that are not up.
    #[must_use]
    pub fn signed(&self) -> &[usize] {
        &self.signed
    }

    /// How many seats are in each state.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Lays the ground out anew when units, opened unit or size are others than before, and looks
    /// at the states.
    pub(super) fn settle(&mut self, board: &Board, network: Option<&NetworkId>, size: (u16, u16)) {
        if self.open.as_ref().is_some_and(|id| board.unit(id).is_none()) {
            self.open = None;
        }
        let key = Key { version: board.version(), open: self.open.clone(), size };
        if self.ground.as_ref().is_none_or(|(known, _)| *known != key) {
            let ground = Ground::new(board, self.open.as_ref(), size);
            self.ground = Some((key.clone(), Arc::new(ground)));
        }
        let states_of = (key, board.standing, network.cloned());
        if self.states_of.as_ref() == Some(&states_of) {
            return;
        }
        self.states_of = Some(states_of);
        let seats = self.ground.iter().flat_map(|(_, ground)| &ground.seats);
        let units = seats.map(|seat| board.units.get(seat.unit));
        self.states = units
            .map(|unit| unit.map_or(State::Unmeasured, |unit| state_of(board, unit, network)))
            .collect();
        let shows_all = self.states.len() <= SIGNS_MAX;
        let signed = self.states.iter().enumerate();
        let signed = signed.filter(|(_, state)| shows_all || **state != State::Up);
        self.signed = signed.map(|(seat, _)| seat).collect();
        self.counts = Counts::default();
        for state in &self.states {
            self.counts[slot(*state)] += 1;
        }
    }

    /// The rows of the list: the units beneath the open one that have a place on the map.
    pub(super) fn rows(&self) -> Vec<Row> {
        let groups = self.ground.iter().flat_map(|(_, ground)| &ground.groups);
        groups.map(|group| Row::Unit(group.unit.clone())).collect()
    }
}

/// A unit's state on a network; where it need not have that, its worst.
#[must_use]
pub(super) fn state_of(board: &Board, unit: &UnitRow, network: Option<&NetworkId>) -> State {
    match network.and_then(|network| on(&unit.own, network, unit.kind.tier())) {
        Some(row) => row.state.unwrap_or(State::Unmeasured),
        None => board.mark(&unit.id),
    }
}

/// A unit that has coordinates: its place in the board's units, that of its row, where it is.
struct Placed {
    unit: usize,
    group: usize,
    location: Location,
}

/// The units beneath `open` (itself where nothing lies beneath) that have coordinates and none
/// beneath them that has, each with the row it belongs to; and how many have none. Departments sit
/// together in one town: they are placed only where nothing else is.
fn placed(board: &Board, open: Option<&UnitId>) -> (Vec<Placed>, usize) {
    let units = &board.units;
    let mut group: Vec<Option<usize>> = vec![None; units.len()];
    let mut is_above = vec![false; units.len()];
    let top = open.cloned().or_else(|| super::rows::top(board));
    let top_at = top.as_ref().and_then(|id| board.unit_at(id));
    for i in 0..units.len() {
        let above = board.parent_of(i);
        group[i] = match above {
            // Without a single root the roots are the rows.
            None if top_at.is_none() => Some(i),
            None => None,
            Some(above) if Some(above) == top_at => Some(i),
            Some(above) => group[above],
        };
    }
    if let Some(at) = top_at.filter(|at| board.is_leaf(&units[*at].id)) {
        group[at] = Some(at);
    }
    for i in (0..units.len()).rev() {
        if (units[i].location.is_some() || is_above[i])
            && let Some(above) = board.parent_of(i)
        {
            is_above[above] = true;
        }
    }
    let is_local = |i: usize| matches!(units[i].kind.tier(), Tier::District | Tier::Commune);
    let inside = |i: &usize| group[*i].is_some() && !is_above[*i];
    let mut found: Vec<usize> = (0..units.len()).filter(inside).filter(|i| is_local(*i)).collect();
    if found.iter().all(|i| units[*i].location.is_none()) {
        found = (0..units.len()).filter(inside).collect();
    }
    let unplaced = found.iter().filter(|i| units[**i].location.is_none()).count();
    let placed = found.into_iter().filter_map(|unit| {
        Some(Placed { unit, group: group[unit]?, location: units[unit].location? })
    });
    (placed.collect(), unplaced)
}

/// Places on the grid, in columns and half rows, and how far a ground reaches in them.
struct Spots {
    at: Vec<(f64, f64)>,
    reach: f64,
}

/// North up, as large as fits, with the same scale both ways: half a row is as high as a column is
/// wide.
fn project(locations: &[Location], (columns, rows): (u16, u16)) -> Spots {
    let degrees = |e6: i32| f64::from(e6) / 1e6;
    let middle = locations.iter().map(|l| degrees(l.lat_e6)).sum::<f64>()
        / f64::from(u32::try_from(locations.len().max(1)).unwrap_or(1));
    let squeeze = middle.to_radians().cos().abs().max(0.01);
    let flat: Vec<(f64, f64)> =
        locations.iter().map(|l| (degrees(l.lon_e6) * squeeze, -degrees(l.lat_e6))).collect();
    let bounds = |of: fn(&(f64, f64)) -> f64| {
        let all = flat.iter().map(of);
        all.fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)))
    };
    if flat.is_empty() {
        return Spots { at: Vec::new(), reach: 0.0 };
    }
    let ((left, right), (north, south)) = (bounds(|p| p.0), bounds(|p| p.1));
    // A single unit has a ground too.
    let (wide, high) = ((right - left).max(0.01), (south - north).max(0.01));
    let count = f64::from(u32::try_from(flat.len()).unwrap_or(u32::MAX));
    let apart = (wide * high / count).sqrt();
    let margin = apart * 0.6;
    let (columns, rows) = (f64::from(columns), f64::from(rows));
    let scale = (columns / (wide + 2.0 * margin)).min(rows / (high + 2.0 * margin));
    let spare = |room: f64, taken: f64| (room - taken * scale) / 2.0;
    let (dx, dy) = (spare(columns, wide), spare(rows, high));
    let at = flat.iter().map(|(x, y)| ((x - left) * scale + dx, (y - north) * scale + dy));
    Spots { at: at.collect(), reach: (apart * REACH * scale).max(1.5) }
}

/// Gives each cell to the nearest place within `reach`, going outwards from all places at once.
fn grow(at: &[(f64, f64)], (columns, rows): (u16, u16), reach: f64) -> Vec<u32> {
    let (wide, high) = (i32::from(columns), i32::from(rows));
    let cell = |x: i32, y: i32| usize::try_from(y * wide + x).unwrap_or(0);
    let far = |x: i32, y: i32, owner: u32| {
        let Some((ox, oy)) = at.get(owner as usize) else { return f64::MAX };
        let (dx, dy) = (f64::from(x) + 0.5 - ox, f64::from(y) + 0.5 - oy);
        dx * dx + dy * dy
    };
    let mut cells = vec![NOBODY; usize::from(columns) * usize::from(rows)];
    let mut queue: VecDeque<(i32, i32)> = VecDeque::new();
    for (owner, (x, y)) in (0u32..).zip(at) {
        let (x, y) = (i32::from(whole(*x, columns)), i32::from(whole(*y, rows)));
        let Some(slot) = cells.get_mut(cell(x, y)) else { continue };
        if far(x, y, owner) < far(x, y, *slot) {
            *slot = owner;
            queue.push_back((x, y));
        }
    }
    while let Some((x, y)) = queue.pop_front() {
        let owner = cells.get(cell(x, y)).copied().unwrap_or(NOBODY);
        for (dx, dy) in [(-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, 1), (-1, 1), (1, -1)] {
            let (x, y) = (x + dx, y + dy);
            if !(0..wide).contains(&x) || !(0..high).contains(&y) {
                continue;
            }
            let Some(slot) = cells.get_mut(cell(x, y)) else { continue };
            let distance = far(x, y, owner);
            // Strictly nearer each time: the walk ends.
            if distance <= reach * reach && distance < far(x, y, *slot) {
                *slot = owner;
                queue.push_back((x, y));
            }
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cell_is_the_nearest_places() {
        let at = [(3.0, 3.0), (20.0, 4.0), (11.0, 14.0), (20.2, 4.2)];
        let cells = grow(&at, (30, 20), 100.0);
        for y in 0..20u16 {
            for x in 0..30u16 {
                let far = |p: &(f64, f64)| {
                    (f64::from(x) + 0.5 - p.0).powi(2) + (f64::from(y) + 0.5 - p.1).powi(2)
                };
                let owner = cells[usize::from(y) * 30 + usize::from(x)] as usize;
                let nearest = at.iter().map(far).fold(f64::MAX, f64::min);
                // A walk outwards may give a cell at a border to the second nearest.
                assert!(far(&at[owner]).sqrt() <= nearest.sqrt() + 1.0, "{x},{y}: {owner}");
            }
        }
        assert!(grow(&at, (30, 20), 2.0).contains(&NOBODY));
        assert_eq!(grow(&[], (4, 4), 2.0), vec![NOBODY; 16]);
        assert!(grow(&at, (0, 0), 2.0).is_empty());
    }

    #[test]
    fn north_is_up_and_everything_is_on_the_map() {
        let place = |lat_e6, lon_e6| Location { lat_e6, lon_e6 };
        let spots =
            project(&[place(10_500_000, 106_000_000), place(10_200_000, 106_700_000)], (60, 40));
        let [(x, y), (u, v)] = spots.at[..] else { panic!("two places") };
        assert!(x < u && y < v, "{:?}", spots.at);
        assert!(x >= 0.0 && u <= 60.0 && y >= 0.0 && v <= 40.0, "{:?}", spots.at);
        let one = project(&[place(10_500_000, 106_000_000)], (60, 40));
        assert!(one.at[0].0.is_finite() && one.reach.is_finite());
        let poles = project(&[place(90_000_000, 0), place(-90_000_000, 180_000_000)], (1, 1));
        assert!(poles.at.iter().all(|p| p.0.is_finite() && p.1.is_finite()));
    }
}
