//! Interfaces: what they are, whether they are up, and what passes through them (IF-MIB).
//!
//! An interface is known by its *name*: `ifName`, else `ifDescr` with `ifAlias`, told apart where
//! two have the same. Its number (`ifIndex`) may be another after a restart, so numbers only count
//! while the names they stand for are certain: after a restart or a change of the table nothing is
//! told until the names have been read again.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::ask::{Answers, Datum, Wanted};
use super::counter::Count;
use super::mib::{self, oid};
use super::value;
use crate::model::UnixMs;

mod follow;
mod interface;
mod known;
mod list;
mod names;

use follow::{Follow, Packed, Packing};
pub use interface::{Counter, Counts, Interface, Passed, Status, find};
pub(super) use known::Metrics;
use known::{Known, Named, Table};
pub use list::List;

/// Most interfaces of one device.
pub const INTERFACES_MAX: usize = 1_024;
/// Shorter than this between two passes, a rate says more about the passes than about the line.
const SPAN_MS_MIN: i64 = 5_000;
/// Columns that are asked of most devices in most passes, and some more.
const COLUMNS: usize = 14;
/// How long an interface that is gone is remembered.
const LOOSE_MS_MAX: i64 = 3_600_000;
/// So many changes of the table of late, and the names are asked in every pass: dial-in lines come
/// and go all the time, and some devices say that the table changed whenever they are asked.
const RESTLESS: u8 = 4;

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
    /// Which number is which; `None` while that is not certain.
    table: Option<Table>,
    /// Where their counters stood, in the order of the table.
    stood: Packed,
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
    pub interfaces: List,
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
        wanted.columns.reserve(COLUMNS);
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
        with_names || self.restless >= RESTLESS || !self.table.as_ref().is_some_and(Table::is_whole)
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
        let many = self.table.as_ref().map_or(0, |table| table.rows().len());
        let rows = rows(answers, asked, many);
        if were_names_asked {
            self.name(answers, &rows);
            self.width = width(&rows);
        }
        let is_new = |table: &Table| rows.iter().any(|(index, _)| table.find(*index).is_none());
        if self.table.as_ref().is_some_and(is_new) {
            self.loosen();
            self.restless += 2;
        }
        self.restless = self.restless.min(2 * RESTLESS);
        // What is not there in this pass may come back, but not for ever.
        self.loose.retain(|_, follow| at.since(follow.at()) <= LOOSE_MS_MAX);
        let Some(table) = &self.table else {
            let is_unnamed = !rows.is_empty();
            return Found { is_unnamed, were_names_asked, ..Found::default() };
        };
        let is_broken = std::mem::take(&mut self.is_broken);
        let mut found = rows.iter().peekable();
        let mut interfaces = List::with_room(many);
        let mut named = Vec::with_capacity(many);
        let mut stands = Packing::new(at);
        for ((index, known), mut follow) in table.rows().iter().zip(self.stood.iter()) {
            let row = found.next_if(|(row, _)| row == index);
            let (Some((_, row)), Some(known)) = (row, known) else {
                stands.push(&follow);
                continue;
            };
            named.push(Arc::clone(&known.named));
            let passed = follow.take(row, known.speed_bps, at, is_broken);
            stands.push(&follow);
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
        self.stood.replace(stands);
        ROWS.set(rows);
        Found { interfaces, named, is_unnamed: false, were_names_asked }
    }

    /// The name of the interface that has a number, while that is certain.
    #[must_use]
    pub fn name_of(&self, index: u32) -> Option<Arc<str>> {
        let known = self.table.as_ref()?.find(index)?.as_ref()?;
        Some(Arc::clone(&known.named.name))
    }

    /// Forgets which number is which, but not where the counters of a name stood.
    fn loosen(&mut self) -> Option<BTreeMap<u32, Arc<Known>>> {
        let table = self.table.take()?;
        let mut known = BTreeMap::new();
        for ((index, one), follow) in table.rows().iter().zip(self.stood.iter()) {
            if let Some(one) = one {
                self.loose.insert(Arc::clone(&one.named.name), follow);
                known.insert(*index, Arc::clone(one));
            }
        }
        self.stood = Packed::default();
        Some(known)
    }

    /// Reads which number is which.
    fn name(&mut self, answers: &Answers, rows: &[(u32, Row)]) {
        let before = self.loosen();
        let numbers = rows.iter().map(|(index, _)| *index);
        let Some(named) = names::read(answers, numbers, before) else { return };
        let mut stands = Packing::new(UnixMs::default());
        for known in named.values() {
            let follow = known.as_ref().and_then(|known| self.loose.remove(&known.named.name));
            stands.push(&follow.unwrap_or_default());
        }
        self.stood.replace(stands);
        self.table = Some(Table::of(named.into_iter().collect()));
    }
}

/// A row of the table in one pass.
#[derive(Debug, Clone, Copy, Default)]
struct Row {
    is_enabled: Option<bool>,
    status: Option<Status>,
    discontinuity: Option<u32>,
    counts: [u64; 8],
    /// A bit a counter: it was read.
    has: u8,
    /// It has 64 bits.
    is_wide: u8,
}

impl Row {
    fn count(&self, slot: usize) -> Option<Count> {
        let count = self.counts[slot];
        let narrow = || u32::try_from(count).ok().map(Count::narrow);
        match (self.has & bit(slot) != 0, self.is_wide & bit(slot) != 0) {
            (false, _) => None,
            (true, true) => Some(Count::wide(count)),
            (true, false) => narrow(),
        }
    }

    fn set(&mut self, slot: usize, count: Option<Count>) {
        self.has &= !bit(slot);
        self.is_wide &= !bit(slot);
        let Some(count) = count else { return };
        self.counts[slot] = count.value();
        self.has |= bit(slot);
        if count.is_wide() {
            self.is_wide |= bit(slot);
        }
    }
}

/// The bit of a counter.
const fn bit(slot: usize) -> u8 {
    1 << slot
}

/// The rows, `many` perhaps, in the order of their numbers; of the counters those that were `asked`.
fn rows(answers: &Answers, asked: Width, many: usize) -> Vec<(u32, Row)> {
    let mut rows = ROWS.take();
    rows.clear();
    rows.reserve(many);
    let mut each = |arcs, put: &mut dyn FnMut(&mut Row, Datum<'_>)| {
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
            each(wide, &mut |row, v| row.set(slot, value::count(v).filter(|c| c.is_wide())));
        }
        if wide.is_none() || asked != Width::Wide {
            each(narrow, &mut |row, v| {
                row.set(slot, row.count(slot).or_else(|| value::count(v)));
            });
        }
    }
    rows
}

thread_local! {
    /// The room that rows take while a pass is read, of a hundred kilobytes at the most.
    static ROWS: Cell<Vec<(u32, Row)>> = const { Cell::new(Vec::new()) };
}

/// Which of the two widths has to be asked from now on.
fn width(rows: &[(u32, Row)]) -> Width {
    let octets = || rows.iter().filter_map(|(_, row)| row.count(Counter::OctetsIn as usize));
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
