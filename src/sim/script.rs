//! What goes wrong in the virtual province, and when: faults with a beginning and an end.
//!
//! Pure: a script is a list of faults, made from the inventory and a seed; the clock is the
//! caller's. [`Script::truth`] tells what really happened, so that a test or an operator can hold
//! the daemon's record against it.

use serde::Serialize;

use super::dice::{Dice, hash};
use crate::model::{Inventory, Span, SubjectId, SubjectIx, Tier, UnitIx, UnixMs};

/// What a fault does to its subjects while it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// A line is cut: nothing passes.
    Cut,
    /// A unit has no electricity: nothing of it answers.
    Power,
    /// A unit has no electricity, and its UPS holds: everything answers, and the UPS says so.
    Mains,
    /// A device is dead or switched off.
    Dead,
    /// Packets are lost by chance.
    Loss {
        /// Of a thousand packets, there and back together.
        permille: u16,
    },
    /// Answers come late.
    Slow {
        /// Added to the round-trip time, in microseconds.
        extra_us: u32,
    },
}

impl FaultKind {
    /// The word of the truth log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Power => "power",
            Self::Mains => "mains",
            Self::Dead => "dead",
            Self::Loss { .. } => "loss",
            Self::Slow { .. } => "slow",
        }
    }

    /// True when nothing passes while it lasts.
    #[must_use]
    pub const fn is_dark(self) -> bool {
        matches!(self, Self::Cut | Self::Power | Self::Dead)
    }
}

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What it does.
    pub kind: FaultKind,
    /// To whom.
    pub subjects: Vec<SubjectIx>,
    /// While; the end [`FOREVER`] never comes.
    pub span: Span,
}

/// The end of a fault that is never repaired.
pub const FOREVER: UnixMs = UnixMs(i64::MAX);

/// A UPS holds this long, in milliseconds: 10 to 30 minutes.
const UPS_HOLDS_MS: (i64, i64) = (600_000, 1_800_000);

impl Fault {
    /// The unit's electricity fails over `span`. Where the unit has a device of role `ups`, its
    /// subjects stay on for the 10 to 30 minutes its battery holds (from seed and unit);
    /// `None` when the electricity is back by then.
    #[must_use]
    pub fn power(inventory: &Inventory, unit: UnitIx, span: Span, seed: u64) -> Option<Self> {
        let subjects = inventory.subjects_of(unit).to_vec();
        let from = if has_ups(inventory, unit) {
            span.from + ups_holds_ms(seed, inventory.unit(unit).id.as_str())
        } else {
            span.from
        };
        (from < span.to && !subjects.is_empty()).then(|| Self {
            kind: FaultKind::Power,
            subjects,
            span: Span::new(from, span.to),
        })
    }

    /// The unit's electricity fails over `span`, as long as its UPS holds; `None` without a UPS.
    #[must_use]
    pub fn mains(inventory: &Inventory, unit: UnitIx, span: Span, seed: u64) -> Option<Self> {
        let holds_ms = ups_holds_ms(seed, inventory.unit(unit).id.as_str());
        let span = Span::new(span.from, span.to.min(span.from + holds_ms));
        let subjects = inventory.subjects_of(unit).to_vec();
        has_ups(inventory, unit).then_some(Self { kind: FaultKind::Mains, subjects, span })
    }

    /// The lines `subjects` are cut over `span`.
    #[must_use]
    pub const fn cut(subjects: Vec<SubjectIx>, span: Span) -> Self {
        Self { kind: FaultKind::Cut, subjects, span }
    }
}

/// How long a unit's UPS holds, in milliseconds: 10 to 30 minutes, by seed and unit.
pub(super) fn ups_holds_ms(seed: u64, unit: &str) -> i64 {
    let width = (UPS_HOLDS_MS.1 - UPS_HOLDS_MS.0).unsigned_abs();
    UPS_HOLDS_MS.0 + i64::try_from(hash(seed, unit.as_bytes()) % width).unwrap_or(0)
}

/// True when one of the unit's devices is a UPS.
#[must_use]
pub fn has_ups(inventory: &Inventory, unit: UnitIx) -> bool {
    inventory
        .subjects_of(unit)
        .iter()
        .any(|s| inventory.subject(*s).device().is_some_and(|d| d.role == "ups"))
}

/// The unit's lines: its connections on networks that are not carried by others.
#[must_use]
pub fn lines_of(inventory: &Inventory, unit: UnitIx) -> Vec<SubjectIx> {
    inventory
        .subjects_of(unit)
        .iter()
        .copied()
        .filter(|s| {
            inventory
                .subject(*s)
                .connection()
                .is_some_and(|c| inventory.network(c.network).over.is_empty())
        })
        .collect()
}

/// A line of the truth log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Truth {
    /// When.
    pub t: UnixMs,
    /// `cut`, `power`, `dead`, `loss` or `slow`.
    pub fault: &'static str,
    /// Whose fault it is.
    pub subjects: Vec<SubjectId>,
    /// `start` or `end`.
    pub phase: &'static str,
}

/// Faults, by their beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    faults: Vec<Fault>,
}

impl Script {
    /// These faults; empty spans are left out.
    #[must_use]
    pub fn new(mut faults: Vec<Fault>) -> Self {
        faults.retain(|f| !f.span.is_empty());
        faults.sort_by_key(|f| (f.span.from, f.span.to));
        Self { faults }
    }

    /// The faults, earliest first.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Starts and ends in order of time; a fault that never ends has no end.
    #[must_use]
    pub fn truth(&self, inventory: &Inventory) -> Vec<Truth> {
        let mut lines = Vec::with_capacity(2 * self.faults.len());
        for fault in &self.faults {
            let subjects: Vec<SubjectId> =
                fault.subjects.iter().map(|s| inventory.subject(*s).id.clone()).collect();
            let line = |t, phase| Truth {
                t,
                fault: fault.kind.as_str(),
                subjects: subjects.clone(),
                phase,
            };
            lines.push(line(fault.span.from, "start"));
            if fault.span.to != FOREVER {
                lines.push(line(fault.span.to, "end"));
            }
        }
        lines.sort_by_key(|l| l.t);
        lines
    }

    /// The demo's script, for a day from `start`: all trunks of one district (Cái Bè where there
    /// is one) are cut from +15 s to +40 s; one commune has no electricity from +8 s to +50 s; a
    /// district's UPS runs on battery from +20 s to +90 s;
    /// one commune's line loses a quarter of its packets and another's is slow all the time;
    /// from the third minute on something else every two to four minutes.
    #[must_use]
    pub fn demo(inventory: &Inventory, start: UnixMs, seed: u64) -> Self {
        let mut dice = Dice::new(seed, "script");
        let span = |from_s: i64, to_s: i64| Span::new(start + from_s * 1000, start + to_s * 1000);
        let of_tier = |tier| -> Vec<UnitIx> {
            inventory
                .unit_ixs()
                .filter(|u| {
                    inventory.unit(*u).kind.tier() == tier && !lines_of(inventory, *u).is_empty()
                })
                .collect()
        };
        let districts = of_tier(Tier::District);
        let mut faults = Vec::new();
        let first = inventory
            .find_unit("cai-be")
            .filter(|u| districts.contains(u))
            .or(districts.first().copied());
        // What stands under the first district is spared: its own outage is the story there.
        // A single line makes a fault felt.
        let communes: Vec<UnitIx> = of_tier(Tier::Commune)
            .into_iter()
            .filter(|u| inventory.unit(*u).parent != first && lines_of(inventory, *u).len() == 1)
            .collect();
        if let Some(district) = first {
            faults.push(Fault::cut(lines_of(inventory, district), span(15, 40)));
        }
        let dark: Vec<UnitIx> =
            communes.iter().copied().filter(|u| !has_ups(inventory, *u)).collect();
        let powerless = dice.pick(&dark).copied();
        if let Some(unit) = powerless {
            faults.extend(Fault::power(inventory, unit, span(8, 50), seed));
        }
        // Where there is a UPS, nothing is lost; it is known all the same.
        let held: Vec<UnitIx> = districts
            .iter()
            .copied()
            .filter(|u| Some(*u) != first && has_ups(inventory, *u))
            .collect();
        let on_battery = Dice::new(seed, "mains").pick(&held).copied();
        faults.extend(on_battery.and_then(|u| Fault::mains(inventory, u, span(20, 90), seed)));
        let mut always = |kind, taken: &[Option<UnitIx>]| {
            let free: Vec<UnitIx> =
                communes.iter().copied().filter(|u| !taken.contains(&Some(*u))).collect();
            let unit = dice.pick(&free).copied();
            faults.extend(unit.map(|u| Fault {
                kind,
                subjects: lines_of(inventory, u),
                span: Span::new(start, FOREVER),
            }));
            unit
        };
        let lossy = always(FaultKind::Loss { permille: 250 }, &[powerless]);
        always(FaultKind::Slow { extra_us: 260_000 }, &[powerless, lossy]);
        faults.extend(later(inventory, start, seed, &districts, &dark));
        Self::new(faults)
    }
}

/// How long a demo's script goes on, in seconds.
const DEMO_S: i64 = 86_400;

fn later(
    inventory: &Inventory,
    start: UnixMs,
    seed: u64,
    districts: &[UnitIx],
    communes: &[UnitIx],
) -> Vec<Fault> {
    let mut dice = Dice::new(seed, "later");
    let mut faults = Vec::new();
    let mut at_s = 120;
    while at_s < DEMO_S {
        at_s += dice.between(120, 240);
        let lasts_s = dice.between(30, 100);
        let span = Span::new(start + at_s * 1000, start + (at_s + lasts_s) * 1000);
        match dice.between(0, 5) {
            0 | 1 => {
                let lines = dice.pick(districts).map(|d| lines_of(inventory, *d));
                faults.extend(lines.map(|l| Fault::cut(l, span)));
            }
            2 => {
                let lines = dice.pick(districts).map(|d| lines_of(inventory, *d));
                let one = lines.and_then(|l| dice.pick(&l).copied());
                faults.extend(one.map(|l| Fault::cut(vec![l], span)));
            }
            3 => {
                let lines = dice.pick(communes).map(|c| lines_of(inventory, *c));
                faults.extend(lines.map(|l| Fault::cut(l, span)));
            }
            _ => {
                let unit = dice.pick(communes).copied();
                faults.extend(unit.and_then(|u| Fault::power(inventory, u, span, seed)));
            }
        }
    }
    faults
}
