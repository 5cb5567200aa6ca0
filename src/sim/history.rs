//! A past that never was: the faults of the weeks before the demo began, after the patterns of
//! a delta province's network.
//!
//! | pattern | how often | how long |
//! | --- | --- | --- |
//! | planned power cut of one feeder (3–8 neighbouring communes) | once a month in the dry season (November to April), a third of that in the wet | 4–8 h from 08:00 on |
//! | unplanned power cut of a commune | once in two months | mean 70 min |
//! | last-mile fibre | twice a year a line | 4–24 h |
//! | a district's trunk | once a year a line | 2–8 h |
//! | lightning, May to October, afternoons: a dead device | four times a season per ten communes | 1–3 days |
//! | a storm day (September to November): a third of the communes of the four easternmost districts | once in the window | back in stages over 36 h |
//! | congestion or a bad splice: loss or delay on a line | once in two months | 1–4 h |
//!
//! Pure; everything is drawn from the seed, so one seed has one past.

use jiff::tz::TimeZone;

use super::dice::Dice;
use super::script::{Fault, FaultKind, Script, lines_of};
use crate::model::{Inventory, Span, SubjectIx, Tier, UnitIx, UnixMs};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The faults that begin and end inside `window`, whose days are those of `zone`.
#[must_use]
pub fn month(inventory: &Inventory, window: Span, zone: &TimeZone, seed: u64) -> Script {
    let mut past =
        Past { inventory, window, dice: Dice::new(seed, "history"), seed, faults: vec![] };
    let units = |tier: Tier| -> Vec<UnitIx> {
        inventory.unit_ixs().filter(|u| inventory.unit(*u).kind.tier() == tier).collect()
    };
    let (districts, communes) = (units(Tier::District), units(Tier::Commune));
    let feeders = feeders(inventory, &communes, &mut past.dice);
    for day in days(window, zone) {
        let dry = !(5..=10).contains(&day.month);
        for feeder in &feeders {
            if past.dice.chance_ppm(per_month(if dry { 1_000_000 } else { 333_000 })) {
                past.planned(feeder, day.start);
            }
        }
        for unit in &communes {
            past.commune_day(*unit, day.start, dry);
        }
        for line in districts.iter().flat_map(|d| lines_of(inventory, *d)) {
            if past.dice.chance_ppm(per_year(1)) {
                let lasts = past.dice.between(2 * HOUR_MS, 8 * HOUR_MS);
                past.spell(day.start, DAY_MS, lasts, FaultKind::Cut, vec![line]);
            }
        }
        for line in units(Tier::Department).iter().flat_map(|d| lines_of(inventory, *d)) {
            if past.dice.chance_ppm(per_year(2)) {
                let lasts = past.dice.between(HOUR_MS, 6 * HOUR_MS);
                past.spell(day.start, DAY_MS, lasts, FaultKind::Cut, vec![line]);
            }
        }
    }
    past.storm(&districts, &communes, zone);
    Script::new(past.faults)
}

/// A local day.
#[derive(Debug, Clone, Copy)]
struct Day {
    start: UnixMs,
    month: i8,
}

fn days(window: Span, zone: &TimeZone) -> Vec<Day> {
    let mut found = Vec::new();
    let mut date = window.from.to_timestamp().to_zoned_datetime(zone.clone()).date();
    // A window of more than ten years is a mistake of the caller, not a past.
    while found.len() < 3660 {
        let Ok(start) = date.to_zoned_datetime(zone.clone()) else { break };
        let start = UnixMs::from(start.timestamp());
        if start >= window.to {
            break;
        }
        found.push(Day { start, month: date.month() });
        let Ok(next) = date.tomorrow() else { break };
        date = next;
    }
    found
}

/// Chance a day of something that comes `ppm` times a million months.
const fn per_month(ppm: u64) -> u64 {
    ppm / 30
}

/// Chance a day, in millionths, of something that comes `times` a year.
const fn per_year(times: u64) -> u64 {
    times * 1_000_000 / 365
}

/// Neighbours on one feeder: runs of three to eight communes of one district, in its order.
fn feeders(inventory: &Inventory, communes: &[UnitIx], dice: &mut Dice) -> Vec<Vec<UnitIx>> {
    let mut feeders: Vec<Vec<UnitIx>> = Vec::new();
    let mut room = 0;
    for unit in communes {
        let parent = inventory.unit(*unit).parent;
        match feeders.last_mut() {
            Some(feeder)
                if room > 0
                    && feeder.last().is_some_and(|u| inventory.unit(*u).parent == parent) =>
            {
                feeder.push(*unit);
                room -= 1;
            }
            _ => {
                feeders.push(vec![*unit]);
                room = dice.between(2, 8);
            }
        }
    }
    feeders
}

struct Past<'a> {
    inventory: &'a Inventory,
    window: Span,
    dice: Dice,
    seed: u64,
    faults: Vec<Fault>,
}

impl Past<'_> {
    /// Keeps a fault that lies inside the window whole: what reaches into the present would be
    /// contradicted by the first packet.
    fn keep(&mut self, fault: Fault) {
        if self.window.from <= fault.span.from && fault.span.to <= self.window.to {
            self.faults.push(fault);
        }
    }

    /// A fault that begins somewhere in `[from, from + within)`.
    fn spell(
        &mut self,
        from: UnixMs,
        within: i64,
        lasts: i64,
        kind: FaultKind,
        subjects: Vec<SubjectIx>,
    ) {
        let start = from + self.dice.between(0, within);
        if !subjects.is_empty() {
            self.keep(Fault {
                kind,
                subjects,
                span: Span::new(start, start + lasts.max(MINUTE_MS)),
            });
        }
    }

    fn power(&mut self, unit: UnitIx, span: Span) {
        if let Some(fault) = Fault::power(self.inventory, unit, span, self.seed) {
            self.keep(fault);
        }
    }

    /// All of a feeder from about eight in the morning; switched back within a few minutes.
    fn planned(&mut self, feeder: &[UnitIx], day: UnixMs) {
        let start = day + 8 * HOUR_MS + self.dice.between(0, 30 * MINUTE_MS);
        let lasts = self.dice.between(4 * HOUR_MS, 8 * HOUR_MS);
        for unit in feeder {
            let back = start + lasts + self.dice.between(0, 6 * MINUTE_MS);
            self.power(*unit, Span::new(start, back));
        }
    }

    fn commune_day(&mut self, unit: UnitIx, day: UnixMs, dry: bool) {
        if self.dice.chance_ppm(per_month(500_000)) {
            let start = day + self.dice.between(0, DAY_MS);
            let lasts = 2 * MINUTE_MS + self.dice.exponential(68 * MINUTE_MS);
            self.power(unit, Span::new(start, start + lasts));
        }
        for line in lines_of(self.inventory, unit) {
            if self.dice.chance_ppm(per_year(2)) {
                let lasts = self.dice.between(4 * HOUR_MS, 24 * HOUR_MS);
                self.spell(day, DAY_MS, lasts, FaultKind::Cut, vec![line]);
            }
            if self.dice.chance_ppm(per_month(500_000)) {
                let lasts = self.dice.between(HOUR_MS, 4 * HOUR_MS);
                let kind = if self.dice.chance_ppm(500_000) {
                    FaultKind::Loss { permille: 260 }
                } else {
                    FaultKind::Slow { extra_us: 240_000 }
                };
                self.spell(day + 6 * HOUR_MS, 14 * HOUR_MS, lasts, kind, vec![line]);
            }
        }
        if !dry && self.dice.chance_ppm(400_000 / 180) {
            let devices: Vec<SubjectIx> = self
                .inventory
                .subjects_of(unit)
                .iter()
                .copied()
                .filter(|s| self.inventory.subject(*s).device().is_some())
                .collect();
            if let Some(device) = self.dice.pick(&devices).copied() {
                let lasts = self.dice.between(DAY_MS, 3 * DAY_MS);
                self.spell(day + 13 * HOUR_MS, 4 * HOUR_MS, lasts, FaultKind::Dead, vec![device]);
            }
        }
    }

    /// One storm, on a day of September to November that leaves 36 h to recover.
    fn storm(&mut self, districts: &[UnitIx], communes: &[UnitIx], zone: &TimeZone) {
        let stormy: Vec<Day> = days(self.window, zone)
            .into_iter()
            .filter(|d| (9..=11).contains(&d.month) && d.start + 3 * DAY_MS < self.window.to)
            .collect();
        let Some(day) = self.dice.pick(&stormy).copied() else { return };
        let mut coast: Vec<UnitIx> = districts.to_vec();
        coast.sort_by_key(|d| {
            std::cmp::Reverse(self.inventory.unit(*d).location.map_or(i32::MIN, |l| l.lon_e6))
        });
        coast.truncate(4);
        for unit in communes {
            let parent = self.inventory.unit(*unit).parent;
            if parent.is_some_and(|p| coast.contains(&p)) && self.dice.chance_ppm(350_000) {
                let start = day.start + 14 * HOUR_MS + self.dice.between(0, 3 * HOUR_MS);
                let lasts = self.dice.between(2 * HOUR_MS, 36 * HOUR_MS);
                self.power(*unit, Span::new(start, start + lasts));
            }
        }
    }
}
