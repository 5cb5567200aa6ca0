//! What an incident probably is, by its signs (DESIGN section 5, "line or power"). A guess is
//! shown with the signs that point to it; an operator confirms it.

use std::collections::{BTreeSet, HashMap};

use super::incident::{Group, Groups};
use crate::model::{
    Cause, Guess, Inventory, Sign, Span, State, SubjectId, SubjectIx, UnitIx, UnixMs,
};

/// How long before an outage a UPS on battery still points to it: a UPS holds 10 to 30 minutes.
const BATTERY_MS: i64 = 3_600_000;
/// A clock that counts ticks of a device drifts by seconds over months: this much is no restart.
const BOOT_SLACK_MS: i64 = 5_000;

/// What a device said of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// It had been running for so long at that time.
    Uptime {
        /// When it said so.
        at: UnixMs,
        /// For how long, in milliseconds.
        uptime_ms: i64,
    },
    /// A UPS runs on battery, or no longer.
    Battery {
        /// When it said so.
        at: UnixMs,
        /// True on battery.
        is_on: bool,
    },
}

/// What is known of one device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// When it said so, and when it had started.
    uptime: Option<(UnixMs, UnixMs)>,
    /// Since when it runs, or when it last began to run, on battery.
    battery: Option<UnixMs>,
    is_on_battery: bool,
}

impl Known {
    pub(super) fn take(&mut self, evidence: Evidence) {
        match evidence {
            Evidence::Uptime { at, uptime_ms } => self.uptime = Some((at, at - uptime_ms)),
            Evidence::Battery { at, is_on } => {
                if is_on && !self.is_on_battery {
                    self.battery = Some(at);
                }
                self.is_on_battery = is_on;
            }
        }
    }
}

/// What the guess is made from.
pub(super) struct Scene<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) groups: &'a Groups,
    pub(super) state: &'a dyn Fn(SubjectIx) -> State,
    pub(super) known: &'a HashMap<SubjectId, Known>,
    /// Outages that begin within this time of each other may have one cause.
    pub(super) together_ms: i64,
}

impl Scene<'_> {
    /// What the group's outage, which lasts until `end`, probably is; `None` without any sign.
    pub(super) fn guess(&self, group: &Group, planned: bool, end: UnixMs) -> Option<Guess> {
        let mut signs: Vec<(Cause, Sign)> = Vec::new();
        if planned {
            signs.push((Cause::Planned, Sign::Announced));
        }
        if group.state == State::Degraded {
            signs.extend(self.own_battery(group, end));
        }
        if group.state == State::Down {
            self.devices(group, end, &mut signs);
            signs.extend(self.neighbours(group));
            signs.extend(self.lan_off(group));
        }
        // The first kind of sign that there is decides, from the surest to the vaguest.
        let order = [Cause::Planned, Cause::Power, Cause::Equipment, Cause::Carrier, Cause::Fibre];
        let cause = order.into_iter().find(|c| signs.iter().any(|(of, _)| of == c))?;
        let signs = signs.into_iter().filter(|(of, _)| *of == cause).map(|(_, s)| s).collect();
        Some(Guess { cause, signs })
    }

    fn unit(&self, group: &Group) -> UnitIx {
        self.inventory.subject(group.root).unit
    }

    /// A UPS that answers, and says that the mains are or were gone.
    fn own_battery(&self, group: &Group, end: UnixMs) -> Option<(Cause, Sign)> {
        let mut members = group.members.iter().map(|member| &self.inventory.subject(*member).id);
        let device = members.find(|id| self.was_on_battery(id, group.since, end))?;
        Some((Cause::Power, Sign::OnBattery { device: device.clone() }))
    }

    /// It ran on battery before `since`, or since then until `end`.
    fn was_on_battery(&self, device: &SubjectId, since: UnixMs, end: UnixMs) -> bool {
        let began = self.known.get(device).and_then(|known| known.battery);
        began.is_some_and(|began| Span::new(since - BATTERY_MS, end + 1).contains(began))
    }

    /// What the unit's devices say of themselves.
    fn devices(&self, group: &Group, end: UnixMs, signs: &mut Vec<(Cause, Sign)>) {
        let outage = Span::new(group.since, end);
        for &ix in self.inventory.subjects_of(self.unit(group)) {
            let device = &self.inventory.subject(ix).id;
            let Some(known) = self.known.get(device) else { continue };
            if self.was_on_battery(device, group.since, outage.to) {
                signs.push((Cause::Power, Sign::OnBattery { device: device.clone() }));
            }
            // Only what it said after the outage began tells whether it ran on.
            let Some((said, booted)) = known.uptime.filter(|(said, _)| *said > group.since) else {
                continue;
            };
            if booted > group.since - BOOT_SLACK_MS && booted <= outage.to.max(said) {
                signs.push((Cause::Power, Sign::Restarted { device: device.clone() }));
            } else {
                signs.push((Cause::Fibre, Sign::KeptRunning { device: device.clone() }));
            }
        }
    }

    /// Units beside this one whose lines went down at the same time by themselves.
    fn neighbours(&self, group: &Group) -> Option<(Cause, Sign)> {
        let unit = self.unit(group);
        let parent = self.inventory.unit(unit).parent?;
        let carrier = self.carrier(group)?;
        let mut same = BTreeSet::new();
        let mut other = BTreeSet::new();
        for neighbour in &self.groups.list {
            let place = self.unit(neighbour);
            let is_beside = place != unit && self.inventory.unit(place).parent == Some(parent);
            let is_together = neighbour.since.since(group.since).abs() <= self.together_ms;
            if neighbour.state != State::Down || !is_beside || !is_together {
                continue;
            }
            match self.carrier(neighbour) {
                Some(theirs) if theirs == carrier => same.insert(place),
                Some(_) => other.insert(place),
                None => false,
            };
        }
        let count = |set: &BTreeSet<UnitIx>| u32::try_from(set.len()).unwrap_or(u32::MAX);
        if !other.is_empty() {
            return Some((Cause::Power, Sign::NeighboursOtherCarriers { units: count(&other) }));
        }
        (!same.is_empty())
            .then(|| (Cause::Carrier, Sign::NeighboursSameCarrier { units: count(&same) }))
    }

    fn carrier(&self, group: &Group) -> Option<crate::model::CarrierIx> {
        self.inventory.subject(group.root).connection()?.carrier
    }

    /// A switch, or a network inside the unit, is silent behind a router that answers.
    fn lan_off(&self, group: &Group) -> Option<(Cause, Sign)> {
        let subject = self.inventory.subject(group.root);
        let role = |ix: SubjectIx| self.inventory.subject(ix).device().map(|d| d.role.as_str());
        let is_inside = match subject.connection() {
            Some(line) => !self.inventory.network(line.network).over.is_empty(),
            None => role(group.root).is_some_and(|r| r.contains("switch")),
        };
        let router = self.inventory.subjects_of(subject.unit).iter().copied().find(|ix| {
            role(*ix).is_some_and(|r| r.contains("router")) && (self.state)(*ix).is_live()
        });
        let router = router.filter(|_| is_inside)?;
        let router = self.inventory.subject(router).id.clone();
        Some((Cause::Equipment, Sign::LanOff { router }))
    }
}
