//! What a device measures of itself, by its profile: processor, memory, temperature, fans.
//!
//! What rows are called, which of them count and where their limits lie is read with the facts and
//! kept; each cycle only asks the values, and only of gauges that answered.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ask::{Answers, Datum, Wanted};
use super::profile::{GaugeKind, GaugeSpec, Part, Profile, Take, Where};
use super::value;
use super::wire::Oid;

/// Most rows of one gauge.
const ROWS_MAX: usize = 64;
/// ENTITY-SENSOR-MIB `EntitySensorDataScale` units(9).
const SCALE_UNITS: i64 = 9;
/// Powers of ten beyond these are nonsense of the device.
const EXPONENTS: std::ops::RangeInclusive<i64> = -12..=6;

/// One measurement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gauge {
    /// What it measures, and so its unit.
    pub kind: GaugeKind,
    /// Which of several: the device's own name for it, else a number.
    pub label: Option<Arc<str>>,
    /// In the kind's unit.
    pub value: i64,
    /// Where the device itself sees the limit, in the same unit.
    pub limit: Option<i64>,
}

/// What is known of one row of a gauge.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    label: Option<Arc<str>>,
    limit: Option<i64>,
    /// Power of ten of its sensor, without the unit's.
    exponent: i64,
}

/// What is kept of a device's gauges between passes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gauges {
    /// The profile they are of.
    profile: String,
    /// By the place in the profile and the row's index; what is not here does not count.
    rows: BTreeMap<usize, BTreeMap<Vec<u32>, Row>>,
}

impl Gauges {
    /// Adds what is to be asked: with the facts everything of the profile, else the values of what
    /// answered then.
    pub fn want(&self, wanted: &mut Wanted, profile: &Profile, with_facts: bool) {
        for (place, spec) in profile.gauges.iter().enumerate() {
            let has_answered = self.profile == profile.name && self.rows.contains_key(&place);
            if !with_facts && !has_answered {
                continue;
            }
            let list = if spec.is_scalar { &mut wanted.scalars } else { &mut wanted.columns };
            let mut add = |oid: &Oid| {
                if !list.contains(oid) {
                    list.push(oid.clone());
                }
            };
            add(&spec.oid);
            match &spec.part {
                Part::Whole => {}
                Part::Of(other) | Part::Beside(other) => add(other),
            }
            if with_facts {
                [&spec.scale, &spec.precision, &spec.label, &spec.limit]
                    .into_iter()
                    .flatten()
                    .for_each(&mut add);
                spec.rows.iter().for_each(|rows| add(&rows.column));
            }
        }
    }

    /// Reads a pass.
    pub fn read(&mut self, answers: &Answers, profile: &Profile, with_facts: bool) -> Vec<Gauge> {
        if with_facts {
            self.learn(answers, profile);
        }
        if self.profile != profile.name {
            return Vec::new();
        }
        let mut gauges = Vec::new();
        for (place, rows) in &self.rows {
            let Some(spec) = profile.gauges.get(*place) else { continue };
            let told = rows.iter().filter_map(|(index, row)| {
                let value = measure(answers, spec, index, row.exponent)?;
                let Row { label, limit, .. } = row.clone();
                Some(Gauge { kind: spec.kind, label, value, limit })
            });
            match spec.take {
                Take::Each => gauges.extend(told),
                Take::Max => gauges.extend(whole(spec, told.max_by_key(|gauge| gauge.value))),
                Take::Mean => {
                    let all: Vec<Gauge> = told.collect();
                    let count = i128::try_from(all.len().max(1)).unwrap_or(1);
                    let sum: i128 = all.iter().map(|gauge| i128::from(gauge.value)).sum();
                    let mean = i64::try_from(sum / count).unwrap_or(0);
                    let first = all.into_iter().next();
                    gauges.extend(whole(spec, first.map(|g| Gauge { value: mean, ..g })));
                }
            }
        }
        gauges
    }

    /// Finds out which gauges and rows there are. What a pass that was cut short did not bring is
    /// taken for as it was.
    fn learn(&mut self, answers: &Answers, profile: &Profile) {
        let is_cut = answers.is_cut() || !answers.broken().is_empty() || answers.is_empty();
        let mut before = std::mem::take(&mut self.rows);
        if !is_cut || self.profile != profile.name {
            before.clear();
        }
        self.profile.clone_from(&profile.name);
        let mut kinds: Vec<GaugeKind> = Vec::new();
        for (place, spec) in profile.gauges.iter().enumerate() {
            if spec.is_fallback && kinds.contains(&spec.kind) {
                continue;
            }
            let mut found: BTreeMap<Vec<u32>, Row> = indexes(answers, spec)
                .filter(|index| is_named(answers, spec, index))
                .filter_map(|index| {
                    let row = row(answers, spec, &index);
                    measure(answers, spec, &index, row.exponent)?;
                    Some((index, row))
                })
                .take(ROWS_MAX)
                .collect();
            if let Some(before) = before.remove(&place) {
                found = before;
            }
            if !found.is_empty() {
                kinds.push(spec.kind);
                self.rows.insert(place, found);
            }
        }
    }
}

/// A gauge that stands for all rows: it has the profile's name for them, not a row's.
fn whole(spec: &GaugeSpec, gauge: Option<Gauge>) -> Option<Gauge> {
    gauge.map(|gauge| Gauge { label: spec.text.as_deref().map(Arc::from), ..gauge })
}

/// The index of every row that counts.
fn indexes(answers: &Answers, spec: &GaugeSpec) -> impl Iterator<Item = Vec<u32>> {
    let found: Vec<Vec<u32>> = if spec.is_scalar {
        vec![Vec::new()]
    } else {
        answers
            .column(&spec.oid)
            .map(|(index, _)| index)
            .filter(|index| index.starts_with(&spec.index))
            .filter(|index| spec.rows.iter().all(|rows| is_meant(answers, rows, index)))
            .map(<[u32]>::to_vec)
            .collect()
    };
    found.into_iter()
}

fn is_meant(answers: &Answers, rows: &Where, index: &[u32]) -> bool {
    match cell(answers, &rows.column, index) {
        Some(Datum::ObjectIdentifier(arcs)) => rows.oids.iter().any(|oid| oid.arcs() == arcs),
        Some(value) => value::integer(value).is_some_and(|n| rows.numbers.contains(&n)),
        None => false,
    }
}

/// True when its name is one of those looked for.
fn is_named(answers: &Answers, spec: &GaugeSpec, index: &[u32]) -> bool {
    if spec.named.is_empty() {
        return true;
    }
    let said = spec.label.as_ref().and_then(|c| cell(answers, c, index)).and_then(value::text);
    let said = said.map(|text| text.as_str().to_lowercase()).unwrap_or_default();
    spec.named.iter().any(|word| said.contains(word.as_str()))
}

fn cell<'a>(answers: &'a Answers, column: &Oid, index: &[u32]) -> Option<Datum<'a>> {
    let arcs = column.arcs().iter().chain(index).copied();
    answers.get(&Oid::new(arcs))
}

/// What is known of a row besides its value.
fn row(answers: &Answers, spec: &GaugeSpec, index: &[u32]) -> Row {
    let number = |column: &Option<Oid>| {
        column.as_ref().and_then(|c| cell(answers, c, index)).and_then(value::integer)
    };
    let scale = number(&spec.scale).map_or(0, |scale| (scale - SCALE_UNITS).saturating_mul(3));
    let exponent = scale.saturating_sub(number(&spec.precision).unwrap_or(0));
    let said = spec.label.as_ref().and_then(|c| cell(answers, c, index)).and_then(value::text);
    let label = match (said, &spec.text) {
        (Some(text), _) => Some(Arc::from(text.as_str())),
        (None, Some(text)) if spec.is_scalar => Some(Arc::from(text.as_str())),
        (None, _) if spec.is_scalar => None,
        (None, text) => {
            let arcs: Vec<String> = index.iter().map(ToString::to_string).collect();
            let text = text.as_deref().map_or(String::new(), |text| format!("{text} "));
            Some(Arc::from(format!("{text}{}", arcs.join("."))))
        }
    };
    let limit = spec
        .limit
        .as_ref()
        .and_then(|c| cell(answers, c, index))
        .and_then(|value| convert(value, spec, exponent))
        .filter(|limit| *limit > 0);
    Row { label, limit, exponent }
}

/// The value of one row in the kind's unit; `None` when it is no measurement.
fn measure(answers: &Answers, spec: &GaugeSpec, index: &[u32], exponent: i64) -> Option<i64> {
    let value = cell(answers, &spec.oid, index)?;
    let of = |other: &Oid| cell(answers, other, index).and_then(value::unsigned).map(i128::from);
    let measured = match &spec.part {
        Part::Whole => convert(value, spec, exponent)?,
        Part::Of(total) => share(value::unsigned(value)?, of(total)?)?,
        Part::Beside(free) => {
            let used = value::unsigned(value)?;
            share(used, of(free)? + i128::from(used))?
        }
    };
    let measured = if spec.is_inverse { 1_000_i64.saturating_sub(measured) } else { measured };
    let (low, high) = spec.kind.range();
    (low..=high).contains(&measured).then_some(measured)
}

/// A part of a whole in thousandths.
fn share(part: u64, whole: i128) -> Option<i64> {
    (whole > 0).then(|| i128::from(part) * 1_000 / whole).and_then(|n| i64::try_from(n).ok())
}

/// A number as the device tells it, in the kind's unit.
fn convert(value: Datum<'_>, spec: &GaugeSpec, exponent: i64) -> Option<i64> {
    let told = value::scaled(value, 0)?;
    let is_outside = spec.range.is_some_and(|(low, high)| !(low..=high).contains(&told));
    if is_outside || spec.skip.contains(&told) {
        return None;
    }
    if spec.kind.is_state() {
        return Some(i64::from(!spec.good.contains(&told)));
    }
    let exponent = exponent.saturating_add(i64::from(spec.unit.exponent));
    if !EXPONENTS.contains(&exponent) {
        return None;
    }
    match u8::try_from(exponent) {
        Ok(places) => value::scaled(value, places),
        Err(_) => {
            let divisor = 10_i64.pow(u32::try_from(-exponent).ok()?);
            // To the nearest, halves away from zero.
            let half = divisor / 2 * told.signum();
            Some(told.saturating_add(half) / divisor)
        }
    }
}

#[cfg(test)]
mod tests;
