//! The heat map's slots against the coverage table.

use proptest::prelude::*;

use super::province::{HOUR, at, inventory, line, monday, span, unit, work};
use super::*;
use crate::model::{
    Inventory, Maintenance, NetworkIx, SubjectIx, Tier, Unit, UnitId, UnitIx, UnitKind, WorkHours,
    WorkedOn,
};

/// A district with a line of its own and three communes, the last without a line; a department
/// beside it that need not have the network and has a line.
fn province() -> Inventory {
    use UnitKind::{Commune, Department, District, Province};
    let units: Vec<Unit> = vec![
        unit("tinh", Province, None, false),
        unit("huyen", District, Some(0), true),
        unit("an-cu", Commune, Some(1), true),
        unit("an-thai", Commune, Some(1), true),
        unit("an-hoa", Commune, Some(1), true),
        unit("so", Department, Some(0), false),
    ];
    let lines = [(1, "huyen/t"), (2, "an-cu/t"), (3, "an-thai/t"), (5, "so/t")];
    let lines = lines.iter().map(|(u, id)| line(id, &units, *u)).collect();
    inventory(units, lines)
}

/// The same, where An Cư has a second line, which is taken away after four hours, and merges into An Thái
/// after six.
fn changing() -> Inventory {
    let Inventory { mut units, subjects: mut lines, .. } = province();
    units[2].until = Some(at(0, 6, 0));
    units[2].merged_into = Some(UnitIx(3));
    let mut second = line("an-cu/t-2", &units, 2);
    second.until = Some(at(0, 4, 0));
    lines[1].until = units[2].until;
    lines.push(second);
    inventory(units, lines)
}

/// What each of `units` gets, by its rows' units.
fn found(
    inventory: &Inventory,
    records: &[Vec<StateInterval>],
    open: Option<UnitIx>,
    edges: &[UnixMs],
    window: Span,
    work: &[Maintenance],
) -> Vec<LostUnits> {
    let tree = Tree::as_of(inventory, monday());
    let judge = Judge::new(inventory, work, window, window.to);
    let (network, clock) = (NetworkIx(0), Clock::default());
    let asked = LostAsked { tree: &tree, open, network, edges, clock };
    lost_slots(&judge, asked, |s: SubjectIx| records[s.ix()].as_slice())
}

fn interval(from: UnixMs, to: Option<UnixMs>, state: State) -> StateInterval {
    StateInterval { from, to, state, cause: None }
}

#[test]
fn a_row_is_the_lowest_level_beneath_it_added_up_and_the_open_unit_has_its_own_line() {
    let inventory = province();
    let hours: Vec<UnixMs> = (0..=4).map(|hour| at(0, hour, 0)).collect();
    // An Cư is down in the second hour, An Thái is recorded from half past one on, the district's
    // own line is down for ten minutes of the first; the fourth hour lies ahead.
    let records = vec![
        vec![
            interval(monday(), Some(at(0, 0, 50)), Up),
            interval(at(0, 0, 50), Some(at(0, 1, 0)), Down),
            interval(at(0, 1, 0), None, Up),
        ],
        vec![
            interval(monday(), Some(at(0, 1, 0)), Up),
            interval(at(0, 1, 0), Some(at(0, 2, 0)), Unreachable),
            interval(at(0, 2, 0), None, Degraded),
        ],
        vec![interval(at(0, 1, 30), None, Unmeasured)],
        vec![interval(monday(), None, Up)],
    ];
    let window = span(monday(), at(0, 3, 0));
    let rows = found(&inventory, &records, Some(UnitIx(0)), &hours, window, &[]);
    let shape = |rows: &[LostUnits]| -> Vec<(u32, Tier, u32)> {
        rows.iter().map(|row| (row.unit.0, row.tier, row.units)).collect()
    };
    assert_eq!(shape(&rows), [(1, Tier::Commune, 2), (5, Tier::Department, 1)]);
    let slot = |lost_ms, judged_ms, degraded_ms, unmeasured_ms| LostSlot {
        lost_ms,
        judged_ms,
        degraded_ms,
        unmeasured_ms,
        planned_ms: 0,
    };
    let nothing = LostSlot::default();
    assert_eq!(
        rows[0].slots,
        [slot(0, HOUR, 0, 0), slot(HOUR, HOUR, 0, HOUR / 2), slot(0, HOUR, HOUR, HOUR), nothing]
    );
    assert!(nothing.is_empty() && !rows[0].slots[0].is_empty());
    let rows = found(&inventory, &records, Some(UnitIx(1)), &hours, window, &[]);
    let shapes = [(1, Tier::District, 1), (2, Tier::Commune, 1), (3, Tier::Commune, 1)];
    assert_eq!(shape(&rows), shapes, "An Hòa has no line");
    assert_eq!(rows[0].slots[0], slot(HOUR / 6, HOUR, 0, 0));
    assert_eq!(rows[2].slots[0], nothing, "before anything was recorded");
    // Without one unit above all: the roots.
    let rows = found(&inventory, &records, None, &hours, window, &[]);
    assert_eq!(shape(&rows), [(0, Tier::Commune, 2)]);
}

#[test]
fn the_level_that_must_have_it_counts_also_where_nobody_of_it_has_a_line() {
    let mut all = province();
    all = inventory(
        all.units,
        all.subjects.into_iter().filter(|s| s.unit != UnitIx(2) && s.unit != UnitIx(3)).collect(),
    );
    let window = span(monday(), at(0, 2, 0));
    let records: Vec<Vec<StateInterval>> =
        all.subjects.iter().map(|_| vec![interval(monday(), None, Down)]).collect();
    let edges = [monday(), at(0, 1, 0), at(0, 2, 0)];
    let units = |open: u32| -> Vec<u32> {
        let rows = found(&all, &records, Some(UnitIx(open)), &edges, window, &[]);
        rows.iter().map(|row| row.unit.0).collect()
    };
    // The table has 0 of 3 communes there; the district's own line is not theirs.
    assert_eq!(units(0), [5]);
    assert_eq!(units(1), [1]);
    // All of it lies ahead, or nothing is asked for.
    let ahead = span(at(0, 3, 0), at(0, 2, 0));
    let rows = found(&all, &records, Some(UnitIx(1)), &[at(0, 3, 0), at(0, 4, 0)], ahead, &[]);
    assert!(rows.iter().all(|row| row.slots.iter().all(LostSlot::is_empty)), "{rows:?}");
    assert_eq!(found(&all, &records, Some(UnitIx(1)), &[], window, &[])[0].slots, []);
}

proptest! {
    #[test]
    fn the_slots_of_a_period_sum_to_what_the_table_has(
        edges in prop::collection::btree_set(1i64..600, 0..12),
        states in prop::collection::vec(prop::collection::vec((0i64..600, 0usize..5), 1..12), 5),
        worked in (0i64..600, 1i64..200),
        is_later in any::<bool>(),
    ) {
        let inventory = changing();
        let hours = span(at(0, 0, worked.0), at(0, 0, worked.0 + worked.1));
        let on = WorkedOn::Unit(UnitId::new("an-thai").unwrap());
        let work = [work(on, WorkHours::Once(hours))];
        let window = span(monday(), at(0, 10, 0));
        let all = [Up, Degraded, Down, Unreachable, Unmeasured];
        let records: Vec<Vec<StateInterval>> = states
            .iter()
            .map(|list| {
                let mut list: Vec<(i64, usize)> = list.clone();
                // Recorded from the beginning on: before that the table has a hole, the map nothing.
                list.push((0, 0));
                list.sort();
                list.dedup_by_key(|(at, _)| *at);
                let entries: Vec<(i64, State)> =
                    list.iter().map(|(at, state)| (monday().0 + at * 60_000, all[*state])).collect();
                record(&entries)
            })
            .collect();
        let mut edges: Vec<UnixMs> = edges.iter().map(|minute| at(0, 0, *minute)).collect();
        edges.insert(0, window.from);
        edges.push(window.to);
        // By the tree before the merger, or after it.
        let tree = Tree::as_of(&inventory, if is_later { at(0, 9, 0) } else { monday() });
        let judge = Judge::new(&inventory, &work, window, window.to);
        let of = |s: SubjectIx| records[s.ix()].as_slice();
        let (network, clock, open) = (NetworkIx(0), Clock::default(), Some(UnitIx(0)));
        let asked = LostAsked { tree: &tree, open, network, edges: &edges, clock };
        let rows = lost_slots(&judge, asked, of);
        let asked = Asked {
            inventory: &inventory,
            tree: &tree,
            at: window.to - 1,
            clock: Clock::default(),
            goal_ppm: 990_000,
            floor_ppm: 950_000,
        };
        let units = tree_networks(
            asked,
            |_| Up,
            |lines, part| judge.availability(lines, part, Clock::default(), of),
        );
        let table = tree_rows(&inventory, &tree, &units);
        let district = table
            .iter()
            .find(|row| row.unit == UnitIx(1) && row.tier == Tier::Commune)
            .map(|row| row.availability)
            .unwrap();
        let sum = |of: fn(&LostSlot) -> i64| rows[0].slots.iter().map(of).sum::<i64>();
        prop_assert_eq!(sum(|s| s.lost_ms), district.lost_ms());
        prop_assert_eq!(sum(|s| s.judged_ms), district.judged_ms());
        prop_assert_eq!(sum(|s| s.degraded_ms), district.millis.degraded);
        prop_assert_eq!(sum(|s| s.unmeasured_ms), district.millis.unmeasured);
        prop_assert_eq!(sum(|s| s.planned_ms), district.millis.planned);
    }
}
