//! The tree before and after a reform.

use proptest::prelude::*;

use super::province::{DAY, at, inventory, line, monday, span, unit};
use super::*;
use crate::model::{Inventory, SubjectId, SubjectIx, Unit, UnitIx, UnitKind};

const PROVINCE: UnitIx = UnitIx(0);
const DISTRICT: UnitIx = UnitIx(1);
const AN_CU: UnitIx = UnitIx(2);
const AN_THAI: UnitIx = UnitIx(3);
const AN_HOA: UnitIx = UnitIx(4);
const AN_MOI: UnitIx = UnitIx(5);

/// On day 10 of 30 the district is abolished and two of its three communes become one.
fn reform() -> Inventory {
    use UnitKind::{Commune, District, Province};
    let reform = at(10, 0, 0);
    let mut units: Vec<Unit> = vec![
        unit("tinh", Province, None, false),
        unit("huyen", District, Some(0), true),
        unit("an-cu", Commune, Some(1), true),
        unit("an-thai", Commune, Some(1), true),
        unit("an-hoa", Commune, Some(1), true),
        unit("an-moi", Commune, Some(0), true),
    ];
    units[1].until = Some(reform);
    for old in [2, 3] {
        units[old].until = Some(reform);
        units[old].merged_into = Some(AN_MOI);
    }
    units[5].since = Some(reform);
    let ids = ["huyen/t", "an-cu/t", "an-thai/t", "an-hoa/t", "an-moi/t"];
    let lines = (1..6).zip(ids).map(|(u, id)| line(id, &units, u)).collect();
    inventory(units, lines)
}

/// An Cư was down all its time, everything else up.
fn state(inventory: &Inventory, subject: SubjectIx) -> State {
    if inventory.subject(subject).id == SubjectId::new("an-cu/t").unwrap() { Down } else { Up }
}

fn standing(inventory: &Inventory, tree_at: UnixMs, at_time: UnixMs) -> (Tree, Vec<UnitNetwork>) {
    let tree = Tree::as_of(inventory, tree_at);
    let window = span(monday(), at(30, 0, 0));
    let judge = Judge::new(inventory, &[], window, window.to);
    let records: Vec<Vec<StateInterval>> = inventory
        .subject_ixs()
        .map(|s| {
            let life = inventory.subject(s).lifetime(window);
            let to = (life.to < window.to).then_some(life.to);
            vec![StateInterval { from: life.from, to, state: state(inventory, s), cause: None }]
        })
        .collect();
    let asked = Asked {
        inventory,
        tree: &tree,
        at: at_time,
        clock: Clock::default(),
        goal_ppm: 990_000,
        floor_ppm: 950_000,
    };
    let found = tree_networks(
        asked,
        |s| state(inventory, s),
        |lines, part| {
            judge.availability(lines, part, Clock::default(), |s| records[s.ix()].as_slice())
        },
    );
    (tree, found)
}

fn figures(found: &[UnitNetwork], unit: UnitIx) -> (i64, i64, Option<State>) {
    let row = found.iter().find(|u| u.unit == unit).unwrap();
    let millis = row.availability.millis;
    (millis.up / DAY, millis.down / DAY, row.state)
}

#[test]
fn the_new_tree_gives_the_successor_its_own_time_and_its_predecessors() {
    let inventory = reform();
    let last = at(30, 0, 0) - 1;
    let (tree, found) = standing(&inventory, last, last);
    assert_eq!(tree.units().collect::<Vec<_>>(), [PROVINCE, AN_HOA, AN_MOI]);
    // The abolished district's commune is the province's.
    assert_eq!(tree.children(PROVINCE).collect::<Vec<_>>(), [AN_HOA, AN_MOI]);
    // Its own 20 days, An Thái's 10 up, An Cư's 10 down: summed.
    assert_eq!(figures(&found, AN_MOI), (30, 10, Some(Up)));
    assert_eq!(figures(&found, AN_HOA), (30, 0, Some(Up)));
    let rows = tree_rows(&inventory, &tree, &found);
    let top = rows.iter().find(|r| r.unit == PROVINCE).unwrap();
    assert_eq!(top.ladder, Ladder { required: 2, deployed: 2, measured: 2, live: 2, met: 1 });
    assert_eq!(top.availability.millis.total(), 70 * DAY);
    assert!(rows.iter().all(|r| r.unit != DISTRICT));
    // The district had no successor: nobody is credited with its line.
    assert_eq!(tree.serves(DISTRICT), []);
    assert_eq!(tree.serves(AN_CU), [Service { unit: AN_MOI, span: tree.serves(AN_CU)[0].span }]);
    assert_eq!(tree.serves(AN_CU)[0].span.to, at(10, 0, 0));
}

#[test]
fn the_old_tree_is_served_by_the_successor_from_the_merger_on() {
    let inventory = reform();
    let (tree, found) = standing(&inventory, monday(), at(30, 0, 0) - 1);
    let old = [PROVINCE, DISTRICT, AN_CU, AN_THAI, AN_HOA];
    assert_eq!(tree.units().collect::<Vec<_>>(), old);
    assert_eq!(tree.children(DISTRICT).collect::<Vec<_>>(), [AN_CU, AN_THAI, AN_HOA]);
    assert_eq!(figures(&found, AN_CU), (20, 10, Some(Up)));
    assert_eq!(figures(&found, AN_THAI), (30, 0, Some(Up)));
    // The district ended and nobody serves it: ten days, and not deployed now.
    assert_eq!(figures(&found, DISTRICT), (10, 0, None));
    let rows = tree_rows(&inventory, &tree, &found);
    let of = |tier| rows.iter().find(|r| r.unit == DISTRICT && r.tier == tier).unwrap();
    let communes = of(crate::model::Tier::Commune);
    assert_eq!(communes.availability.millis.total(), 90 * DAY, "three communes, thirty days");
    assert_eq!(communes.ladder, Ladder { required: 3, deployed: 3, measured: 3, live: 3, met: 2 });
}

#[test]
fn the_new_tree_of_an_older_time_has_a_network_only_where_all_had_it() {
    let inventory = reform();
    let (_, found) = standing(&inventory, at(30, 0, 0) - 1, at(5, 0, 0));
    // An Thái was up then, An Cư down: the unit made of both was not live.
    assert_eq!(figures(&found, AN_MOI).2, Some(Down));
    let row = found.iter().find(|u| u.unit == AN_MOI).unwrap();
    assert_eq!(row.connections.len(), 2);
}

#[test]
fn a_unit_merged_into_one_that_goes_on_leaves_both_their_time() {
    let mut inventory = reform();
    // An Thái takes An Cư over and keeps its name.
    inventory.units[AN_CU.ix()].merged_into = Some(AN_THAI);
    inventory.units[AN_THAI.ix()].until = None;
    inventory.units[AN_THAI.ix()].merged_into = None;
    inventory.subjects[2].until = None;
    let (_, found) = standing(&inventory, at(29, 0, 0), at(29, 0, 0));
    assert_eq!(figures(&found, AN_THAI), (30, 10, Some(Up)));
    let (_, found) = standing(&inventory, monday(), at(29, 0, 0));
    assert_eq!(figures(&found, AN_THAI), (30, 0, Some(Up)));
    assert_eq!(figures(&found, AN_CU), (20, 10, Some(Up)), "An Thái's line from the merger on");
}

#[test]
fn mergers_are_followed_to_the_end() {
    let mut inventory = reform();
    // The new commune lasts ten days, then becomes part of An Hòa.
    inventory.units[AN_MOI.ix()].until = Some(at(20, 0, 0));
    inventory.units[AN_MOI.ix()].merged_into = Some(AN_HOA);
    inventory.subjects[4].until = Some(at(20, 0, 0));
    let (_, found) = standing(&inventory, at(29, 0, 0), at(29, 0, 0));
    // Thirty of its own, ten of An Mới, ten of An Thái; ten down of An Cư.
    assert_eq!(figures(&found, AN_HOA), (50, 10, Some(Up)));
    let (_, found) = standing(&inventory, monday(), at(29, 0, 0));
    assert_eq!(figures(&found, AN_CU), (20, 10, Some(Up)));
    let (_, found) = standing(&inventory, at(15, 0, 0), at(29, 0, 0));
    assert_eq!(figures(&found, AN_MOI), (30, 10, Some(Up)));
}

#[test]
fn a_merger_into_one_that_had_ended_is_into_its_successor_and_no_earlier() {
    let mut inventory = reform();
    // An Cư goes on to the 20th, merged into An Thái that became An Mới on the 10th.
    inventory.units[AN_CU.ix()].until = Some(at(20, 0, 0));
    inventory.units[AN_CU.ix()].merged_into = Some(AN_THAI);
    let tree = Tree::as_of(&inventory, at(15, 0, 0));
    let from_merger = Service { unit: AN_MOI, span: span(at(20, 0, 0), UnixMs(i64::MAX)) };
    let own = Service { unit: AN_CU, span: span(UnixMs(i64::MIN), at(20, 0, 0)) };
    assert_eq!(tree.served_by(AN_CU), [own, from_merger]);
}

#[test]
fn an_abolished_district_hands_its_communes_to_its_successor() {
    let mut inventory = reform();
    inventory.units[DISTRICT.ix()].merged_into = Some(PROVINCE);
    let tree = Tree::as_of(&inventory, at(29, 0, 0));
    assert_eq!(tree.parent(AN_HOA), Some(PROVINCE));
    assert_eq!(tree.parent(AN_CU), Some(PROVINCE), "though it is not in the tree itself");
    let inside = tree.beneath(AN_MOI);
    assert_eq!(inside, [false, false, false, false, false, true]);
}

#[test]
fn a_tree_is_alike_until_a_unit_begins_or_ends() {
    let inventory = reform();
    let tree = |day| Tree::as_of(&inventory, at(day, 0, 0));
    assert!(tree(28).is_alike(&tree(29)));
    assert!(!tree(1).is_alike(&tree(29)));
}

#[test]
fn a_ring_of_mergers_makes_no_ring_of_the_tree() {
    let mut inventory = reform();
    // The district is merged into a commune beneath it; and two communes into each other.
    inventory.units[DISTRICT.ix()].merged_into = Some(AN_HOA);
    inventory.units[AN_CU.ix()].merged_into = Some(AN_THAI);
    inventory.units[AN_THAI.ix()].merged_into = Some(AN_CU);
    let tree = Tree::as_of(&inventory, at(29, 0, 0));
    assert_eq!(tree.parent(AN_HOA), Some(PROVINCE));
    assert_eq!(tree.serves(AN_CU), []);
    for unit in inventory.unit_ixs() {
        let chain = std::iter::successors(tree.parent(unit), |u| tree.parent(*u));
        assert!(chain.take(10).count() < 10, "{unit:?} is above itself");
    }
}

#[test]
fn equipment_that_stays_counts_for_one_unit_by_either_tree() {
    let mut inventory = reform();
    for (old, line) in [(AN_CU, 1), (AN_THAI, 2)] {
        inventory.units[old.ix()].equipment_stays = true;
        inventory.subjects[line].until = None;
    }
    let last = at(30, 0, 0) - 1;
    // By the old tree each has its own line throughout, and not the successor's.
    let (_, found) = standing(&inventory, monday(), last);
    assert_eq!(figures(&found, AN_CU), (0, 30, Some(Down)));
    assert_eq!(figures(&found, AN_THAI), (30, 0, Some(Up)));
    // By the new one the successor has both, and its own of twenty days.
    let (_, found) = standing(&inventory, last, last);
    assert_eq!(figures(&found, AN_MOI), (50, 30, Some(Down)));
    // A building that was left is missed no more.
    inventory.subjects[1].until = Some(at(20, 0, 0));
    let (_, found) = standing(&inventory, last, last);
    assert_eq!(figures(&found, AN_MOI), (50, 20, Some(Up)));
    // Without a line of its own the successor has those of the buildings that it sits in.
    inventory.subjects[1].until = None;
    inventory.subjects[4].unit = AN_HOA;
    let moved = Inventory::new(
        inventory.units,
        inventory.networks,
        inventory.carriers,
        inventory.calendars,
        inventory.subjects,
    );
    let (_, found) = standing(&moved, last, last);
    assert_eq!(figures(&found, AN_MOI), (30, 30, Some(Down)));
}

/// Up to twelve units under a root, with lives in days and mergers into anybody at all.
fn any_units() -> impl Strategy<Value = Vec<Unit>> {
    let one = (any::<prop::sample::Index>(), 0..20_i64, 1..20_i64, any::<[bool; 3]>(), 0..12_u32);
    prop::collection::vec(one, 1..12).prop_map(|drawn| {
        let count = u32::try_from(drawn.len()).unwrap() + 1;
        let mut units = vec![unit("tinh", UnitKind::Province, None, false)];
        for (parent, since, length, [has_since, has_until, is_merged], into) in drawn {
            let above = u32::try_from(parent.index(units.len())).unwrap();
            let id = format!("xa-{}", units.len());
            let mut commune = unit(&id, UnitKind::Commune, Some(above), true);
            commune.since = has_since.then(|| at(since, 0, 0));
            commune.until = has_until.then(|| at(since + length, 0, 0));
            commune.merged_into = (has_until && is_merged).then_some(UnitIx(into % count));
            units.push(commune);
        }
        units
    })
}

proptest! {
    #[test]
    fn where_all_equipment_stays_every_line_counts_for_one_unit_all_its_time(
        units in any_units(),
        day in -1..45_i64,
    ) {
        let mut units = units;
        units.iter_mut().for_each(|unit| unit.equipment_stays = unit.merged_into.is_some());
        let inventory = inventory(units, Vec::new());
        let tree = Tree::as_of(&inventory, at(day, 12, 0));
        for unit in inventory.unit_ixs().filter(|u| inventory.unit(*u).equipment_stays) {
            prop_assert!(tree.serves(unit).len() <= 1, "{:?}", tree.serves(unit));
            for service in tree.serves(unit) {
                let from = inventory.unit(unit).since.unwrap_or(UnixMs(i64::MIN));
                prop_assert_eq!(service.span, Span::new(from, UnixMs(i64::MAX)));
                prop_assert!(tree.exists(service.unit));
            }
            prop_assert!(!tree.exists(unit) || tree.serves(unit)[0].unit == unit);
        }
    }

    #[test]
    fn every_tree_is_one_and_serves_whom_it_is_served_by(units in any_units(), day in -1..45_i64) {
        let inventory = inventory(units, Vec::new());
        let tree = Tree::as_of(&inventory, at(day, 12, 0));
        let mut seen = 0;
        for unit in inventory.unit_ixs() {
            // Who is above is in the tree, and nobody is above himself.
            let chain: Vec<UnitIx> =
                std::iter::successors(tree.parent(unit), |u| tree.parent(*u)).take(20).collect();
            prop_assert!(chain.len() < 13 && !chain.contains(&unit));
            prop_assert!(chain.iter().all(|u| tree.exists(*u)));
            prop_assert_eq!(tree.exists(unit), inventory.unit(unit).exists_at(tree.at()));
            for service in tree.serves(unit) {
                let back = Service { unit, span: service.span };
                prop_assert!(tree.exists(service.unit));
                prop_assert!(tree.served_by(service.unit).contains(&back));
                prop_assert!(!service.span.is_empty());
                // Nobody serves in a time he does not exist in.
                let last = service.span.to - 1;
                prop_assert!(inventory.unit(unit).exists_at(service.span.from));
                prop_assert!(inventory.unit(unit).exists_at(last));
            }
            seen += tree.served_by(unit).len();
            if !tree.exists(unit) {
                prop_assert_eq!(tree.served_by(unit), []);
                // What has ended is attributed to one unit, or to none.
                let has_ended = inventory.unit(unit).until.is_some_and(|u| u <= tree.at());
                prop_assert!(!has_ended || tree.serves(unit).len() <= 1);
            }
            // At the tree's own time everybody stands for himself alone.
            let now: Vec<UnitIx> = tree
                .served_by(unit)
                .iter()
                .filter(|s| s.span.contains(tree.at()))
                .map(|s| s.unit)
                .collect();
            prop_assert_eq!(now, if tree.exists(unit) { vec![unit] } else { vec![] });
        }
        let serving: usize = inventory.unit_ixs().map(|u| tree.serves(u).len()).sum();
        prop_assert_eq!(seen, serving);
    }
}
