//! Interfaces: what they are, whether they are up, and what passes through them (IF-MIB).
//!
//! An interface is known by its *name*: `ifName`, else `ifDescr` with `ifAlias`, told apart where
//! two have the same. Its number (`ifIndex`) may be another after a restart, so numbers only count
//! while the names they stand for are certain: after a restart or a change of the table nothing is
//! told until the names have been read again.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ask::{Answers, Wanted};
use super::counter::Count;
use super::mib::{self, oid};
use super::value;
use super::wire::Value;
use crate::model::UnixMs;

mod follow;
mod interface;
mod known;
mod names;

use follow::Follow;
pub use interface::{Counter, Counts, Interface, Passed, Status, find};
pub(super) use known::Metrics;
use known::{Known, Named};

/// Most interfaces of one device.
pub const INTERFACES_MAX: usize = 1_024;
/// Shorter than this between two passes, a rate says more about the passes than about the line.
const SPAN_MS_MIN: i64 = 5_000;
/// How long an interface that is gone is remembered.
const LOOSE_MS_MAX: i64 = 3_600_000;
/// So many changes of the table of late, and the names are asked in every pass: dial-in lines come
/// and go all the time, and some devices say that the table changed whenever they are asked.
const RESTLESS: u8 = 4;

/// One interface between passes.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    index: u32,
    /// `None` when its name did not come in a pass that was cut short: nothing is told of it.
    known: Option<Arc<Known>>,
    follow: Follow,
}

/// Which octet and packet counters a device has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Width {
    /// Not known yet: both are asked.
    #[default]
    Any,
    /// 64 bits on every interface.
    Wide,
    /// 32 bits only.
    Narrow,
}

/// What is kept of a device's interfaces between passes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Interfaces {
    /// In the order of their numbers; `None` while these are not certain.
    entries: Option<Vec<Entry>>,
    /// Those that are not there, or of which it is not certain which one they are.
    loose: BTreeMap<Arc<str>, Follow>,
    table_changed: Option<u64>,
    /// How often the numbers were uncertain of late.
    restless: u8,
    width: Width,
    /// The device began anew and no counter has been read since.
    is_broken: bool,
}

impl Found {
    /// The interfaces with the names of their metrics.
    pub(super) fn metrics(&self) -> impl Iterator<Item = &Metrics> {
        self.named.iter().map(|named| &named.metrics)
    }
}

/// What came of reading a pass.
#[derive(Debug, Default, PartialEq)]
pub struct Found {
    /// In the order of their numbers.
    pub interfaces: Vec<Interface>,
    /// Their names with those of their metrics, in the same order.
    pub(super) named: Vec<Arc<Named>>,
    /// The names are not certain: they have to be read before anything can be told.
    pub is_unnamed: bool,
    /// They were asked in this pass.
    pub were_names_asked: bool,
}

impl Interfaces {
    /// Adds what is to be asked; the names too when `with_names` or when they are not certain.
    pub fn want(&self, wanted: &mut Wanted, with_names: bool) {
        wanted.scalars.push(oid(mib::IF_TABLE_LAST_CHANGE));
        let mut column = |arcs| wanted.columns.push(oid(arcs));
        column(mib::IF_OPER_STATUS);
        column(mib::IF_ADMIN_STATUS);
        column(mib::IF_DISCONTINUITY);
        let width = if with_names { Width::Any } else { self.width };
        for counter in Counter::ALL {
            match (counter.columns(), width) {
                ((None, narrow), _) | ((Some(_), narrow), Width::Narrow) => column(narrow),
                ((Some(wide), _), Width::Wide) => column(wide),
                ((Some(wide), narrow), Width::Any) => {
                    column(wide);
                    column(narrow);
                }
            }
        }
        if self.asks_names(with_names) {
            for arcs in names::COLUMNS {
                column(arcs);
            }
        }
    }

    /// True when the names are asked in the next pass: those that did not come are asked again.
    fn asks_names(&self, with_names: bool) -> bool {
        let are_all_known = |entries: &Vec<Entry>| entries.iter().all(|e| e.known.is_some());
        with_names || self.restless >= RESTLESS || !self.entries.as_ref().is_some_and(are_all_known)
    }

    /// Reads a pass. `restarted`: the device or its agent began anew since the pass before, so
    /// that neither numbers nor counters mean what they did.
    pub fn read(
        &mut self,
        answers: &Answers,
        at: UnixMs,
        restarted: bool,
        with_names: bool,
    ) -> Found {
        let changed = answers.get(&oid(mib::IF_TABLE_LAST_CHANGE)).and_then(value::unsigned);
        let has_changed =
            changed.is_some() && self.table_changed.is_some_and(|c| Some(c) != changed);
        self.table_changed = changed.or(self.table_changed);
        self.is_broken |= restarted;
        let were_names_asked = self.asks_names(with_names);
        if restarted || has_changed {
            self.loosen();
        }
        self.restless =
            if has_changed { self.restless + 1 } else { self.restless.saturating_sub(1) };
        let asked = if with_names { Width::Any } else { self.width };
        let many = self.entries.as_ref().map_or(0, Vec::len);
        let rows = rows(answers, asked, many);
        if were_names_asked {
            self.name(answers, &rows);
            self.width = width(&rows);
        }
        let is_known = |entries: &Vec<Entry>, index: u32| {
            entries.binary_search_by_key(&index, |entry| entry.index).is_ok()
        };
        if self.entries.as_ref().is_some_and(|e| rows.iter().any(|(i, _)| !is_known(e, *i))) {
            self.loosen();
            self.restless += 2;
        }
        self.restless = self.restless.min(2 * RESTLESS);
        // What is not there in this pass may come back, but not for ever.
        self.loose.retain(|_, follow| at.since(follow.at()) <= LOOSE_MS_MAX);
        let Some(entries) = &mut self.entries else {
            let is_unnamed = !rows.is_empty();
            return Found { is_unnamed, were_names_asked, ..Found::default() };
        };
        let is_broken = std::mem::take(&mut self.is_broken);
        let mut rows = rows.into_iter().peekable();
        let mut interfaces = Vec::with_capacity(entries.len());
        let mut named = Vec::with_capacity(entries.len());
        for Entry { index, known, follow } in entries {
            let Some((_, row)) = rows.next_if(|(row, _)| row == index) else { continue };
            let Some(known) = known else { continue };
            named.push(Arc::clone(&known.named));
            let passed = follow.take(&row, known.speed_bps, at, is_broken);
            interfaces.push(Interface {
                name: Arc::clone(&known.named.name),
                index: *index,
                descr: known.descr.clone(),
                alias: known.alias.clone(),
                kind: known.kind,
                is_enabled: row.is_enabled,
                status: row.status,
                speed_bps: known.speed_bps,
                counts: follow.sums(),
                passed,
            });
        }
        Found { interfaces, named, is_unnamed: false, were_names_asked }
    }

    /// The name of the interface that has a number, while that is certain.
    #[must_use]
    pub fn name_of(&self, index: u32) -> Option<Arc<str>> {
        let entries = self.entries.as_ref()?;
        let place = entries.binary_search_by_key(&index, |entry| entry.index).ok()?;
        let known = entries.get(place)?.known.as_ref()?;
        Some(Arc::clone(&known.named.name))
    }

    /// Forgets which number is which, but not where the counters of a name stood.
    fn loosen(&mut self) -> Option<BTreeMap<u32, Arc<Known>>> {
        let entries = self.entries.take()?;
        let mut known = BTreeMap::new();
        for Entry { index, known: one, follow } in entries {
            if let Some(one) = one {
                self.loose.insert(Arc::clone(&one.named.name), follow);
                known.insert(index, one);
            }
        }
        Some(known)
    }

    /// Reads which number is which.
    fn name(&mut self, answers: &Answers, rows: &[(u32, Row)]) {
        let before = self.loosen();
        let numbers = rows.iter().map(|(index, _)| *index);
        let Some(named) = names::read(answers, numbers, before) else { return };
        let entries = named.into_iter().map(|(index, known)| {
            let follow = known.as_ref().and_then(|known| self.loose.remove(&known.named.name));
            Entry { index, known, follow: follow.unwrap_or_default() }
        });
        self.entries = Some(entries.collect());
    }
}

/// A row of the table in one pass.
#[derive(Debug, Clone, Copy, Default)]
struct Row {
    is_enabled: Option<bool>,
    status: Option<Status>,
    discontinuity: Option<u32>,
    counts: [Option<Count>; 8],
}

/// The rows, `many` perhaps, in the order of their numbers; of the counters those that were `asked`.
fn rows(answers: &Answers, asked: Width, many: usize) -> Vec<(u32, Row)> {
    let mut rows: Vec<(u32, Row)> = Vec::with_capacity(many);
    let mut each = |arcs, put: &mut dyn FnMut(&mut Row, &Value)| {
        // Both are in order, so that each column is gone through once beside the rows.
        let mut at = 0;
        for (index, value) in answers.column(&oid(arcs)) {
            let &[index] = index else { continue };
            while rows.get(at).is_some_and(|(row, _)| *row < index) {
                at += 1;
            }
            if rows.get(at).is_none_or(|(row, _)| *row != index) {
                if rows.len() >= INTERFACES_MAX {
                    continue;
                }
                rows.insert(at, (index, Row::default()));
            }
            if let Some((_, row)) = rows.get_mut(at) {
                put(row, value);
            }
        }
    };
    each(mib::IF_OPER_STATUS, &mut |row, v| row.status = Status::from_value(v));
    each(mib::IF_ADMIN_STATUS, &mut |row, v| {
        row.is_enabled = value::integer(v).map(|admin| admin != 2);
    });
    each(mib::IF_DISCONTINUITY, &mut |row, v| row.discontinuity = value::ticks(v));
    for counter in Counter::ALL {
        let (wide, narrow) = counter.columns();
        let slot = counter as usize;
        if let Some(wide) = wide.filter(|_| asked != Width::Narrow) {
            each(wide, &mut |row, v| row.counts[slot] = value::count(v).filter(|c| c.is_wide()));
        }
        if wide.is_none() || asked != Width::Wide {
            each(narrow, &mut |row, v| {
                row.counts[slot] = row.counts[slot].or_else(|| value::count(v));
            });
        }
    }
    rows
}

/// Which of the two widths has to be asked from now on.
fn width(rows: &[(u32, Row)]) -> Width {
    let octets = || rows.iter().filter_map(|(_, row)| row.counts[Counter::OctetsIn as usize]);
    let wide = octets().filter(|count| count.is_wide()).count();
    match octets().count() {
        0 => Width::Any,
        all if wide == all => Width::Wide,
        _ if wide == 0 => Width::Narrow,
        _ => Width::Any,
    }
}

#[cfg(test)]
#[path = "interfaces/tests.rs"]
mod tests;
