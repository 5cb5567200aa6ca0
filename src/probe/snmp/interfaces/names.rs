//! What interfaces are called and can carry.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::known::{Known, named, share};
use crate::model::Untrusted;
use crate::probe::snmp::ask::Answers;
use crate::probe::snmp::mib::{self, Arcs, oid};
use crate::probe::snmp::value;

/// The columns that say it.
pub(super) const COLUMNS: [Arcs; 6] =
    [mib::IF_NAME, mib::IF_DESCR, mib::IF_ALIAS, mib::IF_TYPE, mib::IF_SPEED, mib::IF_HIGH_SPEED];
/// `ifSpeed` of whatever is too fast for it.
const SPEED_TOO_HIGH: u64 = 4_294_967_295;

/// What a device calls one interface.
#[derive(Default)]
struct Called {
    name: Option<Untrusted>,
    descr: Option<Untrusted>,
    alias: Option<Untrusted>,
    kind: Option<u32>,
    speed: Option<u64>,
    high_speed: Option<u64>,
}

/// What the interfaces of these `numbers` are, by number; `None` when the device did not say what any of
/// them is called and it was not known `before`. A column that broke off leaves those without a
/// name that it did not reach: another column's text is not what they were called before.
pub(super) fn read(
    answers: &Answers,
    numbers: impl Iterator<Item = u32>,
    before: Option<BTreeMap<u32, Arc<Known>>>,
) -> Option<BTreeMap<u32, Option<Arc<Known>>>> {
    let mut called: BTreeMap<u32, Called> =
        numbers.map(|index| (index, Called::default())).collect();
    let mut reached: BTreeMap<Arcs, BTreeSet<u32>> = BTreeMap::new();
    for arcs in COLUMNS {
        let reached = reached.entry(arcs).or_default();
        for (index, value) in answers.column(&oid(arcs)) {
            let &[index] = index else { continue };
            reached.insert(index);
            let Some(called) = called.get_mut(&index) else { continue };
            match arcs {
                mib::IF_NAME => called.name = value::text(value),
                mib::IF_DESCR => called.descr = value::text(value),
                mib::IF_ALIAS => called.alias = value::text(value),
                mib::IF_TYPE => called.kind = value::ticks(value),
                mib::IF_SPEED => called.speed = value::unsigned(value),
                _ => called.high_speed = value::unsigned(value),
            }
        }
    }
    let names = [mib::IF_NAME, mib::IF_DESCR];
    if names.iter().all(|arcs| reached[arcs].is_empty()) {
        let before = before?.into_iter().filter(|(index, _)| called.contains_key(index));
        return Some(before.map(|(index, known)| (index, Some(known))).collect());
    }
    let is_whole = |arcs| !answers.is_cut() && !answers.broken().contains(&oid(arcs));
    let is_reached =
        |index: &u32| names.iter().all(|arcs| is_whole(arcs) || reached[arcs].contains(index));
    let mut before = before.unwrap_or_default();
    let mut missed: BTreeMap<u32, Option<Arc<Known>>> = BTreeMap::new();
    called.retain(|index, _| {
        if !is_reached(index) {
            missed.insert(*index, before.remove(index));
            return false;
        }
        true
    });
    let told = tell_apart(called);
    let taken: BTreeSet<&str> = told.values().map(|known| &*known.named.name).collect();
    for known in missed.values_mut() {
        known.take_if(|known| taken.contains(&*known.named.name));
    }
    missed.extend(told.into_iter().map(|(index, known)| (index, Some(share(known)))));
    Some(missed)
}

/// Gives each a name of its own.
fn tell_apart(called: BTreeMap<u32, Called>) -> BTreeMap<u32, Known> {
    let mut bases: BTreeMap<u32, String> = BTreeMap::new();
    let mut by_base: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for (index, c) in &called {
        let base = match (&c.name, &c.descr, &c.alias) {
            (Some(name), ..) => name.as_str().to_owned(),
            (None, Some(descr), Some(alias)) => with(descr.as_str(), alias.as_str()),
            (None, Some(text), None) | (None, None, Some(text)) => text.as_str().to_owned(),
            // The last way, and no good one: numbers change.
            (None, None, None) => format!("#{index}"),
        };
        by_base.entry(base.clone()).or_default().push(*index);
        bases.insert(*index, base);
    }
    // Those that nobody else has go first, so that no made-up name takes one of them.
    let mut taken: BTreeSet<String> =
        by_base.iter().filter(|(_, same)| same.len() == 1).map(|(base, _)| base.clone()).collect();
    for (base, same) in by_base.iter().filter(|(_, same)| same.len() > 1) {
        let told: [fn(&Called) -> Option<&Untrusted>; 2] =
            [|c| c.alias.as_ref(), |c| c.descr.as_ref()];
        let apart = told.into_iter().find(|text| {
            let texts: Option<BTreeSet<&str>> =
                same.iter().map(|i| text(&called[i]).map(Untrusted::as_str)).collect();
            texts.is_some_and(|texts| texts.len() == same.len())
        });
        for (nth, index) in same.iter().enumerate() {
            let told = apart.and_then(|text| text(&called[index]));
            let mut name = match (told, nth) {
                (Some(text), _) => with(base, text.as_str()),
                (None, 0) => base.clone(),
                (None, nth) => format!("{base}#{}", nth + 1),
            };
            let mut further = same.len();
            while !taken.insert(name.clone()) {
                further += 1;
                name = format!("{base}#{further}");
            }
            bases.insert(*index, name);
        }
    }
    called
        .into_iter()
        .map(|(index, c)| {
            let named = named(bases.remove(&index).unwrap_or_default());
            let speed_bps = speed(c.speed, c.high_speed);
            let descr = c.descr.filter(|descr| *descr.as_str() != *named.name);
            (index, Known { named, descr, alias: c.alias, kind: c.kind, speed_bps })
        })
        .collect()
}

fn with(base: &str, more: &str) -> String {
    format!("{base} ({more})")
}

/// Bits a second. `ifHighSpeed` is rounded to millions and `ifSpeed` ends at 4.29 Gb/s; where they
/// agree the exact one counts. Zero is what makers say who do not know.
fn speed(speed: Option<u64>, high_speed: Option<u64>) -> Option<u64> {
    let low = speed.filter(|bps| *bps > 0 && *bps < SPEED_TOO_HIGH);
    let high = high_speed.filter(|m| *m > 0).map(|m| m.saturating_mul(1_000_000));
    match (low, high) {
        (Some(low), Some(high)) if low.abs_diff(high) <= 1_000_000 => Some(low),
        (_, Some(high)) => Some(high),
        (low, None) => low,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_as_exact_as_they_are_told() {
        assert_eq!(speed(Some(1_544_000), Some(2)), Some(1_544_000));
        assert_eq!(speed(Some(SPEED_TOO_HIGH), Some(10_000)), Some(10_000_000_000));
        // 10 Gb/s of an agent that cuts it to 32 bits.
        assert_eq!(speed(Some(1_410_065_408), Some(10_000)), Some(10_000_000_000));
        assert_eq!(speed(Some(100_000_000), None), Some(100_000_000));
        assert_eq!(speed(Some(SPEED_TOO_HIGH), Some(0)), None);
        assert_eq!(speed(Some(0), None), None);
    }

    fn names(called: &[(&str, &str, &str)]) -> Vec<String> {
        let some = |t: &str| (!t.is_empty()).then(|| Untrusted::from_bytes(t.as_bytes()));
        let called = called.iter().zip(1..).map(|((name, descr, alias), index)| {
            let (name, descr, alias) = (some(name), some(descr), some(alias));
            (index, Called { name, descr, alias, ..Called::default() })
        });
        tell_apart(called.collect())
            .into_values()
            .map(|known| known.named.name.to_string())
            .collect()
    }

    #[test]
    fn every_interface_has_a_name_of_its_own() {
        assert_eq!(
            names(&[("ether1", "x", "y"), ("", "eth", "WAN"), ("", "eth", ""), ("", "", "")]),
            ["ether1", "eth (WAN)", "eth", "#4"]
        );
        assert_eq!(names(&[("eth", "", "a"), ("eth", "", "b")]), ["eth (a)", "eth (b)"]);
        assert_eq!(names(&[("eth", "a", "x"), ("eth", "b", "x")]), ["eth (a)", "eth (b)"]);
        assert_eq!(names(&[("eth", "", ""), ("eth", "", "")]), ["eth", "eth#2"]);
        // A made-up name gives way to a real one.
        assert_eq!(
            names(&[("eth", "", ""), ("eth", "", ""), ("eth#2", "", "")]),
            ["eth", "eth#3", "eth#2"]
        );
    }
}
