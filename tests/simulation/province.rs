//! Random provinces: what there is, what it is reached through, and how it is asked.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use tuantra::model::{
    CalendarIx, Carrier, CarrierId, CarrierIx, Check, CheckKind, Connection, Device, DeviceId,
    HealthParams, Inventory, Network, NetworkId, NetworkIx, PingParams, Sentinel, ServiceLevel,
    Subject, SubjectDetail, SubjectId, SubjectIx, Unit, UnitId, UnitIx, UnitKind, Via,
};

use crate::dice::Dice;
use crate::hours::Hours;

/// What something is reached through, by place in [`Province::subjects`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// One subject.
    Through(usize),
    /// All of these are needed; empty: nothing is.
    All(Vec<Way>),
    /// Any one of these suffices.
    Any(Vec<Way>),
}

/// A subject, in the truth and in the inventory.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its id's text.
    pub name: String,
    /// Its unit.
    pub unit: usize,
    /// The carrier of a connection; `None` for a connection of the unit's own or a device.
    pub carrier: Option<usize>,
    /// A device, not a connection.
    pub is_device: bool,
    /// What it is reached through, in truth and by the inventory.
    pub way: Way,
    /// Thresholds and times.
    pub health: HealthParams,
    /// Usual round-trip time in microseconds.
    pub rtt_us: u32,
    /// Without a check it is never asked.
    pub is_asked: bool,
    /// May be off outside these hours.
    pub off_hours: Option<Hours>,
    /// Its checks beside the primary one, in order: is each critical?
    pub others: Vec<bool>,
}

/// A province: what is physically there. Which of it the inventory lists is a [`Listing`].
#[derive(Debug, Clone)]
pub struct Province {
    /// The unit above each; parents first.
    pub units: Vec<Option<usize>>,
    /// Carriers.
    pub carriers: usize,
    /// Subjects; what one is reached through comes before it.
    pub subjects: Vec<Place>,
    /// The carrier each sentinel speaks for.
    pub sentinels: Vec<Option<usize>>,
}

/// What an inventory says at one time.
#[derive(Debug, Clone)]
pub struct Listing {
    /// Which subjects it lists.
    pub listed: Vec<bool>,
    /// Which of them are patrolled.
    pub enabled: Vec<bool>,
    /// What each is reached through.
    pub ways: Vec<Way>,
}

/// The ping parameters of every check.
pub const PING: PingParams = PingParams { count: 3, spacing_ms: 200, timeout_ms: 2_000 };

impl Province {
    /// A province of about `size` subjects.
    pub fn random(seed: u64, size: usize) -> Self {
        let mut dice = Dice::new(seed, "province");
        let levels = dice.between(2, 5);
        let carriers = dice.below(3) + 1;
        let health = random_health(&mut dice);
        let mut province =
            Self { units: vec![None], carriers, subjects: Vec::new(), sentinels: Vec::new() };
        // The DIC's core, sometimes two of them, which everything goes through.
        let cores = 1 + dice.below(2);
        for n in 0..cores {
            province.add(&mut dice, format!("core-{n}"), 0, None, Way::All(Vec::new()), health);
        }
        let core_way = |dice: &mut Dice| {
            let all: Vec<Way> = (0..cores).map(Way::Through).collect();
            if cores == 1 || dice.chance(500) { Way::Any(all) } else { Way::All(all) }
        };
        // Each unit of the level above with the subjects a unit beneath may go through.
        let mut above: Vec<(usize, Way)> = vec![(0, core_way(&mut dice))];
        let fan_out = (size as f64 / 1.5).powf(1.0 / (levels - 1) as f64).ceil() as usize;
        for level in 1..levels {
            let mut here = Vec::new();
            for (parent, way) in above.clone() {
                for _ in 0..1 + dice.below(fan_out * 2) {
                    if province.subjects.len() >= size {
                        break;
                    }
                    here.push(province.add_unit(&mut dice, parent, way.clone(), level, health));
                }
            }
            if here.is_empty() {
                break;
            }
            above = here;
        }
        let whole = dice.below(4);
        province.sentinels.extend(std::iter::repeat_n(None, whole));
        for carrier in 0..carriers {
            let count = dice.below(4);
            province.sentinels.extend(std::iter::repeat_n(Some(carrier), count));
        }
        province
    }

    fn add_unit(
        &mut self,
        dice: &mut Dice,
        parent: usize,
        way: Way,
        level: i64,
        health: HealthParams,
    ) -> (usize, Way) {
        let unit = self.units.len();
        self.units.push(Some(parent));
        let name = format!("u{level}-{unit}");
        let carrier = dice.below(self.carriers);
        let line = self.add(dice, format!("{name}/a"), unit, Some(carrier), way.clone(), health);
        let mut onward = Way::Through(line);
        if dice.chance(250) {
            let other = Some(dice.below(self.carriers));
            // The second line, by the unit's own way or straight from the first core.
            let way = if dice.chance(500) { way } else { Way::Through(0) };
            let second = self.add(dice, format!("{name}/b"), unit, other, way, health);
            let both = vec![Way::Through(line), Way::Through(second)];
            onward = if dice.chance(800) { Way::Any(both) } else { Way::All(both) };
        }
        if dice.chance(300) {
            let router =
                self.add(dice, format!("{name}-router"), unit, None, onward.clone(), health);
            self.subjects[router].is_device = true;
            if dice.chance(500) {
                onward = Way::Through(router);
            }
        }
        if dice.chance(200) {
            let lan = self.add(dice, format!("{name}/lan"), unit, None, onward.clone(), health);
            self.subjects[lan].off_hours = dice.chance(500).then_some(Hours::Office);
        }
        (unit, onward)
    }

    fn add(
        &mut self,
        dice: &mut Dice,
        name: String,
        unit: usize,
        carrier: Option<usize>,
        way: Way,
        mut health: HealthParams,
    ) -> usize {
        if dice.chance(100) {
            health = random_health(dice);
        }
        self.subjects.push(Place {
            name,
            unit,
            carrier,
            is_device: false,
            way,
            health,
            rtt_us: dice.between(500, 30_000) as u32,
            is_asked: !dice.chance(30),
            off_hours: None,
            others: Vec::new(),
        });
        self.subjects.len() - 1
    }

    /// More of it may be off outside office hours: lines as well as devices.
    pub fn give_hours(&mut self, seed: u64) {
        let mut dice = Dice::new(seed, "hours");
        for place in &mut self.subjects {
            if dice.chance(200) {
                place.off_hours = Some(Hours::Office);
            }
        }
    }

    /// What not every province has, each to an extent of its own (none, some, much): more checks
    /// than one, baselines, other windows of flapping, other hours than an office's.
    pub fn enrich(&mut self, seed: u64) {
        let mut dice = Dice::new(seed, "riches");
        let mut extent = |some: u64, much: u64| dice.pick(&[0, 0, some, some, much]);
        let (checks, baselines) = (extent(150, 800), extent(150, 800));
        let (windows, hours) = (extent(200, 800), extent(200, 800));
        for place in &mut self.subjects {
            if dice.chance(checks) {
                place.others = (0..=dice.below(2)).map(|_| dice.chance(500)).collect();
            }
            let times = dice.pick(&[15, 20, 30, 50]);
            if dice.chance(baselines) {
                place.health.baseline_tenths = Some(times);
            }
            let window = dice.pick(&[4, 8, 12, 31, 64]);
            if dice.chance(windows) {
                place.health.flap_window = window;
            }
            let (whose, grace) = (dice.pick(&Hours::ALL), dice.pick(&[0, 600, 1_800, 7_200]));
            if dice.chance(hours) {
                place.off_hours = Some(whose);
                place.health.off_hours_grace_ms = grace * 1_000;
            }
        }
    }

    /// What lists all of it.
    pub fn full_listing(&self) -> Listing {
        Listing {
            listed: vec![true; self.subjects.len()],
            enabled: vec![true; self.subjects.len()],
            ways: self.subjects.iter().map(|p| p.way.clone()).collect(),
        }
    }

    /// The inventory of a listing, and the place of each of its subjects.
    pub fn inventory(&self, listing: &Listing) -> (Arc<Inventory>, Vec<usize>) {
        let units = (self.units.iter().enumerate())
            .map(|(n, parent)| Unit {
                id: UnitId::new(&format!("unit-{n}")).unwrap(),
                name: format!("Unit {n}"),
                short: format!("U{n}"),
                kind: UnitKind::Commune,
                parent: parent.map(|p| UnitIx(p as u32)),
                code: None,
                contact: Default::default(),
                location: None,
                requires: vec![NetworkIx(0)],
                since: None,
                until: None,
                merged_into: None,
                equipment_stays: false,
            })
            .collect();
        let network = Network {
            id: NetworkId::new("tslcd").unwrap(),
            name: "TSLCD".into(),
            name_en: "TSLCD".into(),
            short: "TSLCD".into(),
            over: Vec::new(),
            sla: ServiceLevel::default(),
        };
        let carriers = (0..self.carriers)
            .map(|n| Carrier {
                id: carrier_id(n),
                name: format!("Carrier {n}"),
                contract: None,
                hotline: None,
                penalty: None,
                sla: ServiceLevel::default(),
            })
            .collect();
        let mut place_of = Vec::new();
        let mut ix_of = vec![None; self.subjects.len()];
        for place in (0..self.subjects.len()).filter(|p| listing.listed[*p]) {
            ix_of[place] = Some(SubjectIx(place_of.len() as u32));
            place_of.push(place);
        }
        let subjects = place_of.iter().map(|p| self.subject(*p, listing, &ix_of)).collect();
        let calendars = Hours::ALL.map(Hours::calendar).to_vec();
        (Arc::new(Inventory::new(units, vec![network], carriers, calendars, subjects)), place_of)
    }

    fn subject(&self, at: usize, listing: &Listing, ix_of: &[Option<SubjectIx>]) -> Subject {
        let place = &self.subjects[at];
        let address = IpAddr::V4(Ipv4Addr::from(0x0A00_0000 + at as u32 + 1));
        let check = |n: usize, critical: bool| {
            let address = if n == 0 { address } else { other_address(at, n) };
            Check { kind: CheckKind::Ping { address, params: PING }, critical }
        };
        let others = place.others.iter().enumerate().map(|(n, critical)| check(n + 1, *critical));
        let checks = std::iter::once(check(0, false)).chain(others);
        let hours = place.off_hours.and_then(|h| Hours::ALL.iter().position(|other| *other == h));
        let detail = if place.is_device {
            SubjectDetail::Device(Device {
                id: DeviceId::new(&place.name).unwrap(),
                role: "router".into(),
                vendor: None,
                model: None,
                serial: None,
                support_until: None,
                snmp: None,
                addresses: Vec::new(),
            })
        } else {
            SubjectDetail::Connection(Connection {
                network: NetworkIx(0),
                carrier: place.carrier.map(|c| CarrierIx(c as u32)),
                circuit: None,
                bandwidth_kbps: None,
                sla: ServiceLevel::default(),
                device: None,
                interface: None,
            })
        };
        Subject {
            id: SubjectId::new(&place.name).unwrap(),
            name: place.name.clone(),
            unit: UnitIx(place.unit as u32),
            via: resolve(&listing.ways[at], listing, ix_of),
            checks: checks.filter(|_| place.is_asked).collect(),
            health: place.health,
            limits: tuantra::model::Limits::default(),
            calendar: hours.map(|n| CalendarIx(n as u32)),
            off_hours_allowed: place.off_hours.is_some(),
            is_enabled: listing.enabled[at],
            since: None,
            until: None,
            detail,
        }
    }

    /// The sentinels as the configuration would list them.
    pub fn sentinel_list(&self) -> Vec<Sentinel> {
        (0_u32..)
            .zip(&self.sentinels)
            .map(|(n, carrier)| Sentinel {
                address: IpAddr::V4(Ipv4Addr::from(0x0AFF_0001 + n)),
                carrier: carrier.map(carrier_id),
            })
            .collect()
    }

    /// The subjects a way names.
    pub fn places_of(way: &Way, found: &mut Vec<usize>) {
        match way {
            Way::Through(p) => found.push(*p),
            Way::All(parts) | Way::Any(parts) => {
                parts.iter().for_each(|part| Self::places_of(part, found));
            }
        }
    }
}

/// Whom another check than the primary one asks.
fn other_address(at: usize, check: usize) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from(0x0A80_0000 + (at * 8 + check) as u32))
}

/// The id of a carrier.
pub fn carrier_id(n: usize) -> CarrierId {
    CarrierId::new(&format!("carrier-{n}")).unwrap()
}

/// Who goes through something that is not listed goes through what that goes through.
fn resolve(way: &Way, listing: &Listing, ix_of: &[Option<SubjectIx>]) -> Via {
    match way {
        Way::Through(p) => match ix_of[*p] {
            Some(ix) => Via::Subject(ix),
            None => resolve(&listing.ways[*p], listing, ix_of),
        },
        Way::All(parts) => Via::All(parts.iter().map(|w| resolve(w, listing, ix_of)).collect()),
        Way::Any(parts) => Via::Any(parts.iter().map(|w| resolve(w, listing, ix_of)).collect()),
    }
}

fn random_health(dice: &mut Dice) -> HealthParams {
    let interval_ms = dice.pick(&[10_000, 30_000, 30_000, 30_000, 60_000]);
    HealthParams {
        interval_ms,
        retry_ms: dice.pick(&[3_000, 5_000, 5_000, 10_000]),
        confirm: dice.pick(&[1, 2, 3, 3, 3, 5]),
        recover: dice.pick(&[1, 2, 2, 2, 3]),
        poor: dice.pick(&[1, 2, 3, 3, 3, 5]),
        correlation_window_ms: dice.pick(&[0, 10_000, 30_000, 30_000, 60_000]),
        ..HealthParams::default()
    }
}
