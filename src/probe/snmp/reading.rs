//! One pass over a device: what is asked, and what its answers say.
//!
//! ```text
//! while let Some(pass) = memory.due(tick, profile) {     profile = memory.profile(&profiles)
//!     wanted(pass, profile, &memory) ──► asked ──► read(pass, &answers, at, profile, &mut memory)
//! }
//! ```
//! Guarantees: nothing is asked that the device has shown not to have, except with the facts; a number is told of an interface only while it is certain which one it is; whatever a
//! device says, the lists of a reading and the names of its metrics are bounded.
//! Reads no clock: the time of the answers is an argument. A pass without any answer is not read.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::ask::{Answers, Wanted};
use super::facts::{self, FactKind, Identity};
use super::health::{Gauge, Gauges};
use super::interfaces::{Counter, Found, Interfaces, List};
use super::mib::{self, oid};
use super::neighbours::{self, Address, Neighbour};
use super::profile::{Profile, Profiles};
use super::ups::{self, Ups, UpsMib};
use super::uptime::{Clocks, Uptime};
use super::wire::Oid;
use crate::model::{Metric, Moment, PointKind, UnixMs, Untrusted};

/// How long facts and neighbours are not asked again, at most; half of it at least.
const FACTS_MS: i64 = 3_600_000;
/// Scalars that are asked of most devices in most passes, and some more.
const SCALARS: usize = 8;
/// Most names of interfaces and gauges whose metrics are kept of one device: one that made up new
/// names for ever would fill the store.
const SERIES_MAX: usize = 2_048;
/// A name that was not used for so long makes room for another.
const SERIES_MINUTES: u32 = 24 * 60;
/// How often it is looked anew which names are kept, at least.
const LOOK_MINUTES: u32 = 60;
/// Lists of metrics that are kept once, at most.
const LISTS_MAX: usize = 4_096;
const MINUTE_MS: i64 = 60_000;

/// What is asked in one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pass {
    /// What kind of device it is: once, before anything else.
    Identity,
    /// What changes: uptime, interfaces, UPS, health.
    Cycle,
    /// What changes rarely, with all of [`Self::Cycle`]: names, facts, which gauges there are. Every
    /// half to whole hour and after a restart.
    Facts,
    /// Neighbours and addresses. Every half to whole hour.
    Neighbours,
}

/// What a pass found.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceReading {
    /// The pass.
    pub pass: Pass,
    /// When the answers came.
    pub at: UnixMs,
    /// How long it has been running, and whether it restarted.
    pub uptime: Uptime,
    /// Its interfaces by their numbers; empty while it is not certain which is which, see
    /// [`Self::are_interfaces_sure`].
    pub interfaces: List,
    /// False when the numbers of the interfaces may have changed; [`Memory::due`] then wants a
    /// further pass at once.
    pub are_interfaces_sure: bool,
    /// Its UPS.
    pub ups: Option<Ups>,
    /// What it measures of itself.
    pub gauges: Vec<Gauge>,
    /// What it is; only with [`Pass::Facts`], and then only what it said: a missing kind says
    /// nothing about what it was before.
    pub facts: Vec<(FactKind, Untrusted)>,
    /// Who is beside it; only with [`Pass::Neighbours`].
    pub neighbours: Vec<Neighbour>,
    /// Which address has which network card; only with [`Pass::Neighbours`].
    pub addresses: Vec<Address>,
    /// False when some of the neighbours or addresses could not be read: who is missing may be there.
    pub are_neighbours_whole: bool,
    /// What is worth keeping of all this, for the store.
    pub points: Moment,
}

/// What is kept of a device between passes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory {
    identity: Option<Arc<Identity>>,
    clocks: Clocks,
    interfaces: Interfaces,
    ups: Option<UpsMib>,
    gauges: Gauges,
    series: Series,
    last_cycle: Option<UnixMs>,
    /// With the profile by which they were asked.
    last_facts: Option<(UnixMs, String)>,
    last_neighbours: Option<UnixMs>,
    /// It began anew, so its facts may be others.
    wants_facts: bool,
    /// The names of its interfaces have to be read before anything is told of them.
    wants_names: bool,
}

impl Memory {
    /// The profile of what the device said it is.
    #[must_use]
    pub fn profile<'p>(&self, profiles: &'p Profiles) -> &'p Profile {
        let (object_id, descr) = self
            .identity
            .as_ref()
            .map_or((None, ""), |identity| (identity.object_id.as_ref(), identity.descr.as_str()));
        profiles.choose(object_id, descr)
    }

    /// What is to be asked next in the round that began at `tick`; `None`: it is done. A caller
    /// whose device did not answer leaves the rest to the next round.
    #[must_use]
    pub fn due(&self, tick: UnixMs, profile: &Profile) -> Option<Pass> {
        if self.identity.is_none() {
            return Some(Pass::Identity);
        }
        let are_facts_old = self
            .last_facts
            .as_ref()
            .is_none_or(|(last, by)| *by != profile.name || is_old(*last, tick));
        if are_facts_old || self.wants_facts {
            return Some(Pass::Facts);
        }
        if self.wants_names || self.last_cycle.is_none_or(|last| last < tick) {
            return Some(Pass::Cycle);
        }
        self.last_neighbours.is_none_or(|last| is_old(last, tick)).then_some(Pass::Neighbours)
    }
}

/// True when what was asked at `last` is to be asked again: after half an hour to a whole one, by
/// the time itself, so that devices that were all met in one minute do not all come again in one.
/// Our own clock may have been set back.
fn is_old(last: UnixMs, tick: UnixMs) -> bool {
    // The upper bits of a product with an odd constant near 2^64 / φ are as good as drawn.
    let drawn = last.0.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33;
    let spread = i64::try_from(drawn).unwrap_or(0) % (FACTS_MS / 2);
    let age = tick.since(last);
    age >= FACTS_MS - spread || age < -FACTS_MS
}

/// What is asked in a pass.
#[must_use]
pub fn wanted(pass: Pass, profile: &Profile, memory: &Memory) -> Wanted {
    let mut wanted = Wanted::default();
    match pass {
        Pass::Identity => facts::want_identity(&mut wanted),
        Pass::Neighbours => neighbours::want(&mut wanted),
        Pass::Cycle | Pass::Facts => {
            let with_facts = pass == Pass::Facts;
            wanted.scalars.reserve(SCALARS);
            let clocks =
                [mib::SYS_UP_TIME, mib::ENGINE_TIME, mib::ENGINE_BOOTS, mib::HR_SYSTEM_UPTIME];
            wanted.scalars.extend(clocks.map(oid));
            memory.interfaces.want(&mut wanted, with_facts);
            ups::want(memory.ups, with_facts, &mut wanted);
            memory.gauges.want(&mut wanted, profile, with_facts);
            if with_facts {
                facts::want(&mut wanted, profile);
                // A profile may name what is asked anyway.
                dedup(&mut wanted.scalars);
                dedup(&mut wanted.columns);
            }
        }
    }
    wanted
}

/// Leaves the first of each; there are some dozens.
fn dedup(oids: &mut Vec<Oid>) {
    let mut at = 1;
    while at < oids.len() {
        if oids[..at].contains(&oids[at]) {
            oids.remove(at);
        } else {
            at += 1;
        }
    }
}

/// What the answers of a pass say, which came at `at`; with the profile and memory that
/// [`wanted`] had.
pub fn read(
    pass: Pass,
    answers: &Answers,
    at: UnixMs,
    profile: &Profile,
    memory: &mut Memory,
) -> DeviceReading {
    let mut reading = DeviceReading {
        pass,
        at,
        uptime: Uptime::default(),
        interfaces: List::default(),
        are_interfaces_sure: true,
        ups: None,
        gauges: Vec::new(),
        facts: Vec::new(),
        neighbours: Vec::new(),
        addresses: Vec::new(),
        are_neighbours_whole: true,
        points: Moment::default(),
    };
    match pass {
        // One that says neither is of no known kind; the facts ask again.
        Pass::Identity => {
            memory.identity = Some(facts::share(facts::identity(answers).unwrap_or_default()));
        }
        Pass::Neighbours => {
            memory.last_neighbours = Some(at);
            reading.neighbours = neighbours::read(answers);
            reading.addresses = neighbours::addresses(answers);
            reading.are_neighbours_whole = neighbours::is_whole(answers);
            let name = |index| memory.interfaces.name_of(index);
            neighbours::name_ports(&mut reading.neighbours, &mut reading.addresses, name);
        }
        Pass::Cycle | Pass::Facts => cycle(&mut reading, answers, profile, memory),
    }
    reading
}

fn cycle(reading: &mut DeviceReading, answers: &Answers, profile: &Profile, memory: &mut Memory) {
    let at = reading.at;
    let with_facts = reading.pass == Pass::Facts;
    let uptime = memory.clocks.read(answers, at);
    let began_anew =
        uptime.restarted.is_some() || uptime.has_agent_restarted || uptime.have_boots_gone_back;
    reading.uptime = uptime;

    let mut found = memory.interfaces.read(answers, at, began_anew, with_facts);
    reading.interfaces = std::mem::take(&mut found.interfaces);
    reading.are_interfaces_sure = !found.is_unnamed;
    memory.wants_names = found.is_unnamed && !found.were_names_asked;

    // Where nothing was asked there is nothing to look for.
    if with_facts || memory.ups.is_some() {
        reading.ups = ups::read(answers);
    }
    memory.ups = reading.ups.map(|ups| ups.mib).or(memory.ups);
    // After a restart the rows may be others, until the facts have been read again.
    if with_facts || !began_anew {
        reading.gauges = memory.gauges.read(answers, profile, with_facts);
    }
    memory.last_cycle = Some(at);
    memory.wants_facts |= began_anew;
    if with_facts {
        reading.facts = facts::read(answers, profile);
        memory.identity = facts::identity(answers).map(facts::share).or(memory.identity.take());
        memory.last_facts = Some((at, profile.name.clone()));
        memory.wants_facts = false;
    }
    memory.series.points(reading, &found);
}

/// The counters that are kept of an interface.
const KEPT: [Counter; 6] = [
    Counter::OctetsIn,
    Counter::OctetsOut,
    Counter::ErrorsIn,
    Counter::ErrorsOut,
    Counter::DiscardsIn,
    Counter::DiscardsOut,
];

/// Which names of interfaces and gauges are kept, by a hash: two that share one are kept both.
#[derive(Debug, Clone, Default, PartialEq)]
struct Series {
    /// By hash, with the minute in which it was last used: eight bytes for each of a device's
    /// dozens.
    names: Vec<(u32, u32)>,
    /// What was kept of the pass before, which mostly is what is kept of the next.
    last: Arc<[Metric]>,
    /// The minute in which its names were last looked at.
    looked: u32,
}

impl Series {
    /// Adds the points of a reading, whose interfaces are those of `found`.
    fn points(&mut self, reading: &mut DeviceReading, found: &Found) {
        let at = reading.at;
        let is_recent = minute_of(at).abs_diff(self.looked) < LOOK_MINUTES;
        let again = is_recent.then(|| values_of(&self.last, reading, found)).flatten();
        let values = match again {
            Some(values) => values,
            None => self.look(reading, found),
        };
        let metrics = Arc::clone(&self.last);
        reading.points = Moment { at, metrics, values: values.into() };
    }

    /// Chooses what is kept of a reading.
    fn look(&mut self, reading: &DeviceReading, found: &Found) -> Vec<i64> {
        let at = reading.at;
        let (mut metrics, mut values) = (Vec::new(), Vec::new());
        let counted = reading.interfaces.iter().zip(found.metrics());
        for (interface, names) in counted.filter(|(interface, _)| interface.is_counted()) {
            if !self.admits(("if", &interface.name), at) {
                continue;
            }
            for counter in KEPT {
                if let Some(sum) = interface.counts[counter as usize] {
                    let name = Arc::clone(&names[counter as usize]);
                    metrics.push(Metric { kind: PointKind::Counter, name });
                    values.push(sum.cast_signed());
                }
            }
        }
        each_gauge(reading, &mut |name, value| {
            let is_kept = match name {
                [kind, _, label] => self.admits((kind, label), at),
                _ => true,
            };
            if is_kept {
                let name = Arc::from(name.concat().as_str());
                metrics.push(Metric { kind: PointKind::Gauge, name });
                values.push(value);
            }
        });
        self.last = shared(metrics);
        self.looked = minute_of(at);
        values
    }

    /// True when metrics of this name are kept; the oldest ones make room.
    fn admits(&mut self, name: (&str, &str), at: UnixMs) -> bool {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        // The upper half of 64 bits.
        let name = (hasher.finish() >> 32) as u32;
        let minute = minute_of(at);
        let place = |names: &[(u32, u32)]| names.binary_search_by_key(&name, |(name, _)| *name);
        if let Ok(known) = place(&self.names) {
            self.names[known].1 = minute;
            return true;
        }
        if self.names.len() >= SERIES_MAX {
            self.names.retain(|(_, used)| minute.abs_diff(*used) < SERIES_MINUTES);
        }
        if self.names.len() >= SERIES_MAX {
            return false;
        }
        let (Ok(at) | Err(at)) = place(&self.names);
        self.names.reserve_exact(1);
        self.names.insert(at, (name, minute));
        true
    }
}

fn minute_of(at: UnixMs) -> u32 {
    u32::try_from(at.0 / MINUTE_MS).unwrap_or(0)
}

/// The values of a reading, where it has just these metrics; `None` where it has others.
fn values_of(metrics: &[Metric], reading: &DeviceReading, found: &Found) -> Option<Vec<i64>> {
    let mut values = Vec::with_capacity(metrics.len());
    let mut expected = metrics.iter();
    let counted = reading.interfaces.iter().zip(found.metrics());
    for (interface, names) in counted.filter(|(interface, _)| interface.is_counted()) {
        for counter in KEPT {
            if let Some(sum) = interface.counts[counter as usize] {
                let name = &expected.next()?.name;
                // Names of interfaces are kept once; one that is another copy is looked at again.
                Arc::ptr_eq(name, &names[counter as usize]).then_some(())?;
                values.push(sum.cast_signed());
            }
        }
    }
    let mut are_same = true;
    each_gauge(reading, &mut |name, value| {
        let rest = expected.next().map(|metric| &*metric.name);
        let rest = name.iter().fold(rest, |rest, part| rest?.strip_prefix(part));
        are_same &= rest == Some("");
        values.push(value);
    });
    (are_same && expected.next().is_none()).then_some(values)
}

/// Gives `each` the parts of the name (one, or three with a label) and the value of whatever the UPS
/// and the device itself show.
fn each_gauge(reading: &DeviceReading, each: &mut dyn FnMut(&[&str], i64)) {
    if let Some(ups) = &reading.ups {
        for (name, value) in [
            ("ups.on_battery", ups.is_on_battery.map(i64::from)),
            ("ups.charge", ups.charge_permille.map(i64::from)),
            ("ups.run_time", ups.run_time_s.map(i64::from)),
            ("ups.input", ups.input_dv.map(i64::from)),
            ("ups.load", ups.load_permille.map(i64::from)),
            ("ups.temperature", ups.temperature_dc.map(i64::from)),
        ] {
            if let Some(value) = value {
                each(&[name], value);
            }
        }
    }
    for gauge in &reading.gauges {
        let kind = gauge.kind.as_str();
        match &gauge.label {
            None => each(&[kind], gauge.value),
            Some(label) => each(&[kind, ":", label], gauge.value),
        }
    }
}

/// The one copy of a list: most devices of a kind have the same metrics.
fn shared(metrics: Vec<Metric>) -> Arc<[Metric]> {
    static LISTS: LazyLock<Mutex<HashSet<Arc<[Metric]>>>> = LazyLock::new(Mutex::default);
    // Every change is one call: nothing is left half done by a panic.
    let mut lists = LISTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(there) = lists.get(&metrics[..]) {
        return Arc::clone(there);
    }
    if lists.len() >= LISTS_MAX {
        lists.retain(|list| Arc::strong_count(list) > 1);
    }
    let metrics: Arc<[Metric]> = metrics.into();
    if lists.len() < LISTS_MAX {
        lists.insert(Arc::clone(&metrics));
    }
    metrics
}

#[cfg(test)]
mod tests;
