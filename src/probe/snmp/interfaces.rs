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
use super::mib::{self, Arcs, oid};
use super::value;
use super::wire::Value;
use crate::model::{UnixMs, Untrusted};

mod follow;
mod known;
mod names;

use follow::Follow;
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
/// `IANAifType` softwareLoopback.
const KIND_LOOPBACK: u32 = 24;
/// `IANAifType` other: consoles and null interfaces, but also the mobile modems of Linux.
const KIND_OTHER: u32 = 1;

/// What is counted of an interface, one way each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Counter {
    OctetsIn,
    OctetsOut,
    PacketsIn,
    PacketsOut,
    ErrorsIn,
    ErrorsOut,
    DiscardsIn,
    DiscardsOut,
}

impl Counter {
    /// All, in the order of [`Counts`].
    pub const ALL: [Self; 8] = [
        Self::OctetsIn,
        Self::OctetsOut,
        Self::PacketsIn,
        Self::PacketsOut,
        Self::ErrorsIn,
        Self::ErrorsOut,
        Self::DiscardsIn,
        Self::DiscardsOut,
    ];

    /// The word used in metrics: `if.octets_in:NAME`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OctetsIn => "octets_in",
            Self::OctetsOut => "octets_out",
            Self::PacketsIn => "packets_in",
            Self::PacketsOut => "packets_out",
            Self::ErrorsIn => "errors_in",
            Self::ErrorsOut => "errors_out",
            Self::DiscardsIn => "discards_in",
            Self::DiscardsOut => "discards_out",
        }
    }

    /// Its column of 64 bits, where there is one, and that of 32.
    const fn columns(self) -> (Option<Arcs>, Arcs) {
        match self {
            Self::OctetsIn => (Some(mib::IF_HC_IN_OCTETS), mib::IF_IN_OCTETS),
            Self::OctetsOut => (Some(mib::IF_HC_OUT_OCTETS), mib::IF_OUT_OCTETS),
            Self::PacketsIn => (Some(mib::IF_HC_IN_UCAST), mib::IF_IN_UCAST),
            Self::PacketsOut => (Some(mib::IF_HC_OUT_UCAST), mib::IF_OUT_UCAST),
            Self::ErrorsIn => (None, mib::IF_IN_ERRORS),
            Self::ErrorsOut => (None, mib::IF_OUT_ERRORS),
            Self::DiscardsIn => (None, mib::IF_IN_DISCARDS),
            Self::DiscardsOut => (None, mib::IF_OUT_DISCARDS),
        }
    }
}

/// A number per [`Counter`], in its order.
pub type Counts = [Option<u64>; 8];

/// Whether an interface works (`ifOperStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are IF-MIB's")]
pub enum Status {
    Up,
    Down,
    Testing,
    Unknown,
    Dormant,
    NotPresent,
    LowerLayerDown,
}

impl Status {
    fn from_value(value: &Value) -> Option<Self> {
        Some(match value::integer(value)? {
            1 => Self::Up,
            2 => Self::Down,
            3 => Self::Testing,
            4 => Self::Unknown,
            5 => Self::Dormant,
            6 => Self::NotPresent,
            7 => Self::LowerLayerDown,
            _ => return None,
        })
    }

    /// True when it certainly carries nothing. Dormant waits for traffic to come up, and unknown
    /// is what tunnels and bridges of some makers always say.
    #[must_use]
    pub const fn is_down(self) -> bool {
        matches!(self, Self::Down | Self::NotPresent | Self::LowerLayerDown)
    }
}

/// What passed between two passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// Time between them in milliseconds, at least five seconds.
    pub span_ms: i64,
    /// What was counted in it; `None` where it cannot be known.
    pub counted: Counts,
}

impl Passed {
    /// Bits a second, in and out.
    #[must_use]
    pub fn bps(&self) -> (Option<u64>, Option<u64>) {
        let rate = |counter: Counter| {
            let bits = u128::from(self.counted[counter as usize]?) * 8_000;
            u64::try_from(bits / u128::from(self.span_ms.unsigned_abs().max(1))).ok()
        };
        (rate(Counter::OctetsIn), rate(Counter::OctetsOut))
    }

    /// Packets with errors in thousandths of all unicast ones and these, in and out; `None` when
    /// no packet passed. Broadcasts are not counted, so it rather shows too much.
    #[must_use]
    pub fn errors_permille(&self) -> (Option<u16>, Option<u16>) {
        let share = |errors: Counter, packets: Counter| {
            let errors = u128::from(self.counted[errors as usize]?);
            let all = u128::from(self.counted[packets as usize]?) + errors;
            (all > 0).then(|| u16::try_from(errors * 1_000 / all).unwrap_or(1_000))
        };
        (
            share(Counter::ErrorsIn, Counter::PacketsIn),
            share(Counter::ErrorsOut, Counter::PacketsOut),
        )
    }
}

/// One interface as one pass found it.
#[derive(Debug, Clone, PartialEq)]
pub struct Interface {
    /// What it is known by, unique on its device.
    pub name: Arc<str>,
    /// Its number in this pass.
    pub index: u32,
    /// `ifDescr`, where it says something else than the name.
    pub descr: Option<Untrusted>,
    /// `ifAlias`: the operators' own words.
    pub alias: Option<Untrusted>,
    /// `ifType`, an `IANAifType`.
    pub kind: Option<u32>,
    /// False when an operator switched it off; `None` when it did not say.
    pub is_enabled: Option<bool>,
    /// Whether it works; `None` when it did not say.
    pub status: Option<Status>,
    /// What it can carry in bits a second, each way.
    pub speed_bps: Option<u64>,
    /// Its counters as sums that never go back while the device is followed.
    pub counts: Counts,
    /// What passed since the pass before; `None` when that cannot be known.
    pub passed: Option<Passed>,
}

impl Interface {
    /// The share of `contracted_bps` (else of what the interface can carry) that is in use, in
    /// thousandths, in and out. A line may carry more than was contracted.
    #[must_use]
    pub fn utilisation_permille(&self, contracted_bps: Option<u64>) -> (Option<u32>, Option<u32>) {
        let most = contracted_bps.or(self.speed_bps).filter(|bps| *bps > 0);
        let (inward, outward) = self.passed.map_or((None, None), |passed| passed.bps());
        let share = |bps: Option<u64>| {
            let permille = u128::from(bps?) * 1_000 / u128::from(most?);
            Some(u32::try_from(permille).unwrap_or(u32::MAX))
        };
        (share(inward), share(outward))
    }

    /// True for what is worth keeping counters of: no loopback, not switched off, not unplugged
    /// for good, no console that never carried anything.
    #[must_use]
    pub fn is_counted(&self) -> bool {
        let is_idle = || self.counts.iter().all(|count| count.is_none_or(|sum| sum == 0));
        let is_inside = match self.kind {
            Some(KIND_LOOPBACK) => true,
            Some(KIND_OTHER) => is_idle(),
            _ => false,
        };
        !is_inside && self.is_enabled != Some(false) && self.status != Some(Status::NotPresent)
    }
}

/// The interface an operator means by `wanted`: by its name, else its `ifDescr`, else its
/// `ifAlias`, exactly first and then without regard to case; `None` when none or several fit.
#[must_use]
pub fn find<'a>(interfaces: &'a [Interface], wanted: &str) -> Option<&'a Interface> {
    let texts: [fn(&Interface) -> Option<&str>; 3] = [
        |i| Some(&i.name),
        |i| i.descr.as_ref().map(Untrusted::as_str),
        |i| i.alias.as_ref().map(Untrusted::as_str),
    ];
    let same: [fn(&str, &str) -> bool; 2] =
        [|a, b| a == b, |a, b| a.to_lowercase() == b.to_lowercase()];
    for is_same in same {
        for text in texts {
            let mut fitting =
                interfaces.iter().filter(|i| text(i).is_some_and(|t| is_same(t, wanted)));
            match (fitting.next(), fitting.next()) {
                (Some(one), None) => return Some(one),
                (Some(_), Some(_)) => return None,
                _ => {}
            }
        }
    }
    None
}

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
        let rows = rows(answers, asked);
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

/// The rows in the order of their numbers; of the counters those that were `asked`.
fn rows(answers: &Answers, asked: Width) -> Vec<(u32, Row)> {
    let mut rows: Vec<(u32, Row)> = Vec::new();
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
