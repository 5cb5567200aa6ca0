//! The subjects with their references resolved: unit, network, carrier, device, hours and the service
//! level in force. What they are reached through comes after, in [`super::via`].

use super::place::{Desk, Finding};
use super::raw::{RawCalendar, RawConnection, RawDetail, RawDevice, RawSla, RawSubject};
use super::resolve::{Names, Tree, find, find_local, names, network_ix};
use super::scalar::Ref;
use crate::model::{CalendarIx, CarrierIx, Message, NetworkIx, ServiceLevel, UnitIx};

/// A subject whose references are resolved but for `via`.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub raw: &'a RawSubject,
    /// In the final order.
    pub unit: UnitIx,
    pub link: Option<Link<'a>>,
    pub clock: Clock,
}

/// A subject's hours: its own, else its unit's.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Clock {
    pub calendar: Option<CalendarIx>,
    pub off_hours_allowed: bool,
}

/// What only connections have.
#[derive(Debug)]
pub(super) struct Link<'a> {
    pub raw: &'a RawConnection,
    pub network: NetworkIx,
    pub carrier: Option<CarrierIx>,
    /// In force: its own, else its carrier's, else its network's.
    pub sla: ServiceLevel,
    /// Index among the drafts.
    pub device: Option<usize>,
}

impl Draft<'_> {
    /// The device's own keys, when it is one.
    pub(super) fn device(&self) -> Option<&RawDevice> {
        match &self.raw.detail {
            RawDetail::Device(device) => Some(device),
            _ => None,
        }
    }
}

/// What the subjects' references are looked up in.
pub(super) struct Drafting<'a> {
    pub tree: &'a Tree<'a>,
    pub networks: &'a Names<'a>,
    pub carriers: &'a Names<'a>,
    pub calendars: &'a Names<'a>,
    pub network_slas: &'a [ServiceLevel],
    pub carrier_slas: &'a [ServiceLevel],
}

impl Drafting<'_> {
    /// The subjects whose unit and network are known, in file order. The others are reported and
    /// left out; references to them are excused.
    pub(super) fn drafts<'r>(&self, desk: &mut Desk, raw: &'r [RawSubject]) -> Vec<Draft<'r>> {
        let units = names(self.tree.units.iter().map(|u| u.id.as_str()));
        let mut drafts = Vec::with_capacity(raw.len());
        for subject in raw {
            let unit = find(desk, &units, &subject.unit, "check.unknown_unit");
            let link = match &subject.detail {
                RawDetail::Connection(c) => self.link(desk, c).map(Some),
                _ => Some(None),
            };
            let (Some(unit), Some(link)) = (unit, link) else {
                desk.mark_broken_id(subject.id.as_str());
                continue;
            };
            let unit = UnitIx(u32::try_from(unit).unwrap_or(u32::MAX));
            let clock = self.clock(desk, subject, unit);
            drafts.push(Draft { raw: subject, unit, link, clock });
        }
        resolve_devices(desk, &mut drafts);
        drafts
    }

    fn link<'r>(&self, desk: &mut Desk, raw: &'r RawConnection) -> Option<Link<'r>> {
        let carrier = raw.carrier.as_ref();
        let carrier = carrier.and_then(|r| find(desk, self.carriers, r, "check.unknown_carrier"));
        let network = find(desk, self.networks, &raw.network, "check.unknown_network");
        let own = level(desk, self.calendars, &raw.sla);
        let network = network?;
        let levels = [
            own,
            carrier.map_or_else(ServiceLevel::default, |i| self.carrier_slas[i]),
            self.network_slas[network],
        ];
        let sla = ServiceLevel {
            availability_ppm: levels.iter().find_map(|l| l.availability_ppm),
            rtt_us: levels.iter().find_map(|l| l.rtt_us),
            loss_permille: levels.iter().find_map(|l| l.loss_permille),
            hours: levels.iter().find_map(|l| l.hours),
        };
        let carrier = carrier.map(|i| CarrierIx(u32::try_from(i).unwrap_or(u32::MAX)));
        Some(Link { raw, network: network_ix(network), carrier, sla, device: None })
    }

    /// What the subject says of its hours, else its unit.
    fn clock(&self, desk: &mut Desk, raw: &RawSubject, unit: UnitIx) -> Clock {
        let (own, unit) = (&raw.clock, &self.tree.raw[unit.ix()].clock);
        let named = match (&own.calendar, &unit.calendar) {
            (RawCalendar::Named(name), _) | (RawCalendar::Unsaid, RawCalendar::Named(name)) => {
                Some(name)
            }
            _ => None,
        };
        let calendar = named.and_then(|name| calendar(desk, self.calendars, name));
        let allowed = own.off_hours_allowed.or(unit.off_hours_allowed);
        if let (Some((true, at)), None) = (allowed, named) {
            let message = Message::new("check.off_hours_without_calendar").with("id", &raw.id);
            desk.report(
                Finding::warning(at, message)
                    .hint(Message::new("check.off_hours_without_calendar_hint")),
            );
        }
        let off_hours_allowed = allowed.is_some_and(|(allowed, _)| allowed);
        Clock { calendar, off_hours_allowed: off_hours_allowed && named.is_some() }
    }
}

fn resolve_devices(desk: &mut Desk, drafts: &mut [Draft<'_>]) {
    let devices: Names<'_> = drafts
        .iter()
        .enumerate()
        .filter(|(_, d)| d.device().is_some())
        .map(|(i, d)| (d.raw.id.as_str(), i))
        .collect();
    for draft in drafts.iter_mut() {
        let Some(link) = &mut draft.link else { continue };
        if let Some(reference) = &link.raw.device {
            link.device =
                find_local(desk, &devices, &draft.raw.unit.name, reference, "check.unknown_device");
        }
    }
}

fn calendar(desk: &mut Desk, calendars: &Names<'_>, reference: &Ref) -> Option<CalendarIx> {
    let found = find(desk, calendars, reference, "check.unknown_calendar")?;
    u32::try_from(found).ok().map(CalendarIx)
}

/// A service level with its clock.
pub(super) fn level(desk: &mut Desk, calendars: &Names<'_>, raw: &RawSla) -> ServiceLevel {
    let hours = raw.hours.as_ref().and_then(|reference| calendar(desk, calendars, reference));
    ServiceLevel { hours, ..raw.level }
}
