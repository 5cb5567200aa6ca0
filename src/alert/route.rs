//! Who is told: the routes of `config.yaml` against what is to be told. Pure.

use jiff::tz::TimeZone;

use crate::config::alerts::{DayTime, Hours, Matches, Named, Route, When};
use crate::model::{AlertSeverity, CarrierId, Id, Inventory, NetworkId, SubjectIx, UnitId, UnixMs};

const MINUTE_MS: i64 = 60_000;
/// Minutes that an end of quiet hours is looked for in.
const DAY_MIN: i64 = 1_440;

/// What routes look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// The root cause; `None` when the patrol is blind, and of a channel's trouble.
    pub subject: Option<SubjectIx>,
    /// The carrier through which the patrol is blind.
    pub carrier: Option<CarrierId>,
    /// How many units are cut off.
    pub units: u32,
}

/// A channel that is to be told, and the first route that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Place of the route in the file's order.
    pub route: usize,
    /// Its name.
    pub key: RouteKey,
    /// The channel.
    pub channel: Id,
}

/// Names a route by what it says, whatever its place in the file: it is found again after a reload
/// and after a restart.
pub type RouteKey = u64;

/// The routes in force.
#[derive(Debug, Clone, Default)]
pub struct Router {
    routes: Vec<Route>,
    /// Of each its name.
    names: Vec<RouteKey>,
    zone: Option<TimeZone>,
}

impl Router {
    /// Of these routes, their clock times read in this zone.
    #[must_use]
    pub fn new(routes: Vec<Route>, zone: TimeZone) -> Self {
        let names = routes.iter().map(name_of).collect();
        Self { routes, names, zone: Some(zone) }
    }

    /// The route at a place.
    #[must_use]
    pub fn get(&self, route: usize) -> Option<&Route> {
        self.routes.get(route)
    }

    /// The route of this name; `None` when it is in the configuration no more.
    #[must_use]
    pub fn named(&self, key: RouteKey) -> Option<&Route> {
        self.routes.get(self.names.iter().position(|name| *name == key)?)
    }

    /// All, in the order of the file.
    #[must_use]
    pub fn all(&self) -> &[Route] {
        &self.routes
    }

    /// Who is told of this at `at`: the channels of the first route that matches, and of those
    /// after it for as long as each says `continue`. Every channel once.
    #[must_use]
    pub fn hits(
        &self,
        inventory: &Inventory,
        scope: &Scope,
        severity: AlertSeverity,
        at: UnixMs,
    ) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        for (n, (route, name)) in self.routes.iter().zip(&self.names).enumerate() {
            if !self.is_match(inventory, &route.matches, scope, severity, at) {
                continue;
            }
            for named in &route.to {
                if hits.iter().all(|hit| hit.channel != named.name) {
                    let channel = named.name.clone();
                    hits.push(Hit { route: n, key: *name, channel });
                }
            }
            if !route.goes_on {
                break;
            }
        }
        hits
    }

    fn is_match(
        &self,
        inventory: &Inventory,
        matches: &Matches,
        scope: &Scope,
        severity: AlertSeverity,
        at: UnixMs,
    ) -> bool {
        let Matches { units, networks, carriers, kinds, severities, impact, hours } = matches;
        (severities.is_empty() || severities.contains(&severity))
            && impact.is_none_or(|least| scope.units >= least)
            && hours.as_ref().is_none_or(|hours| self.is_in(inventory, hours, at))
            && is_of(inventory, (units, networks, carriers, kinds), scope, Some(at))
    }

    fn is_in(&self, inventory: &Inventory, hours: &Hours, at: UnixMs) -> bool {
        let is_inside = match &hours.when {
            When::Daily(daily) => daily.holds(self.minute(at)),
            When::Calendar(name) => inventory
                .calendars
                .iter()
                .find(|calendar| calendar.id.as_str() == name.as_str())
                .is_some_and(|calendar| calendar.is_open_at(at)),
        };
        is_inside != hours.is_outside
    }

    fn minute(&self, at: UnixMs) -> u16 {
        let zone = self.zone.clone().unwrap_or(TimeZone::UTC);
        let time = zone.to_datetime(at.to_timestamp()).time();
        // Both are small and not negative.
        u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs())
    }

    /// When somebody may be disturbed at the earliest: `at`, or the end of the quiet hours that it
    /// is in.
    #[must_use]
    pub fn loud_from(&self, quiet: Option<DayTime>, at: UnixMs) -> UnixMs {
        let Some(quiet) = quiet.filter(|quiet| quiet.holds(self.minute(at))) else { return at };
        let minute = UnixMs(at.0.div_euclid(MINUTE_MS) * MINUTE_MS);
        // Minute by minute, since a clock may be set back inside them.
        (1..=DAY_MIN)
            .map(|n| minute + n * MINUTE_MS)
            .find(|later| !quiet.holds(self.minute(*later)))
            .unwrap_or(at)
    }
}

type Places<'a> =
    (&'a [Named<UnitId>], &'a [Named<NetworkId>], &'a [Named<CarrierId>], &'a [Named<String>]);

/// By where it is at `at`, or will ever be: what has no unit is not in any.
fn is_of(
    inventory: &Inventory,
    (units, networks, carriers, kinds): Places<'_>,
    scope: &Scope,
    at: Option<UnixMs>,
) -> bool {
    let Some(subject) = scope.subject.map(|ix| inventory.subject(ix)) else {
        let is_through = |id: &CarrierId| carriers.iter().any(|named| named.name == *id);
        return units.is_empty()
            && networks.is_empty()
            && kinds.is_empty()
            && (carriers.is_empty() || scope.carrier.as_ref().is_some_and(is_through));
    };
    let line = subject.connection();
    let network = line.map(|line| &inventory.network(line.network).id);
    let carrier = line.and_then(|line| line.carrier).map(|c| &inventory.carrier(c).id);
    let unit_kind = inventory.unit(subject.unit).kind.as_str();
    (units.is_empty()
        || inventory
            .above_at(subject.unit, at.unwrap_or(UnixMs(i64::MAX)))
            .into_iter()
            .any(|unit| units.iter().any(|n| n.name == inventory.unit(unit).id)))
        && (networks.is_empty() || networks.iter().any(|n| Some(&n.name) == network))
        && (carriers.is_empty() || carriers.iter().any(|n| Some(&n.name) == carrier))
        && (kinds.is_empty()
            || kinds.iter().any(|n| n.name == subject.kind().as_str() || n.name == unit_kind))
}

/// True when whatever `later` matches is matched by `earlier`, too.
#[must_use]
pub(super) fn covers(inventory: &Inventory, earlier: &Matches, later: &Matches) -> bool {
    fn holds<T: PartialEq>(earlier: &[Named<T>], later: &[Named<T>]) -> bool {
        earlier.is_empty()
            || !later.is_empty() && later.iter().all(|l| earlier.iter().any(|e| e.name == l.name))
    }
    let is_beneath = |unit: &UnitId| {
        inventory.find_unit(unit.as_str()).is_some_and(|ix| {
            inventory
                .above(ix)
                .into_iter()
                .any(|up| earlier.units.iter().any(|e| e.name == inventory.unit(up).id))
        })
    };
    (earlier.units.is_empty()
        || !later.units.is_empty() && later.units.iter().all(|l| is_beneath(&l.name)))
        && holds(&earlier.networks, &later.networks)
        && holds(&earlier.carriers, &later.carriers)
        && holds(&earlier.kinds, &later.kinds)
        && (earlier.severities.is_empty()
            || !later.severities.is_empty()
                && later.severities.iter().all(|s| earlier.severities.contains(s)))
        && earlier.impact.is_none_or(|least| later.impact.is_some_and(|l| l >= least))
        && earlier.hours.as_ref().is_none_or(|hours| {
            later
                .hours
                .as_ref()
                .is_some_and(|l| l.when == hours.when && l.is_outside == hours.is_outside)
        })
}

/// True when something in the inventory can ever be matched.
#[must_use]
pub(super) fn can_match(inventory: &Inventory, matches: &Matches) -> bool {
    let places = (&*matches.units, &*matches.networks, &*matches.carriers, &*matches.kinds);
    let says = |severity| matches.severities.is_empty() || matches.severities.contains(&severity);
    let is_any_subject = || {
        inventory.subject_ixs().any(|ix| {
            is_of(inventory, places, &Scope { subject: Some(ix), ..Scope::default() }, None)
        })
    };
    let is_any_blindness = || {
        let carriers = inventory.carriers.iter().map(|c| Some(c.id.clone()));
        carriers
            .chain([None])
            .any(|carrier| is_of(inventory, places, &Scope { carrier, ..Scope::default() }, None))
    };
    let of_subjects = [AlertSeverity::Flapping, AlertSeverity::Degraded, AlertSeverity::Down];
    of_subjects.into_iter().any(says) && is_any_subject()
        || says(AlertSeverity::Blind) && is_any_blindness()
}

/// A hash of all that a route says, without where it stands.
fn name_of(route: &Route) -> RouteKey {
    let names = |list: &[Named<Id>]| -> Vec<String> {
        list.iter().map(|named| named.name.to_string()).collect()
    };
    let Matches { units, networks, carriers, kinds, severities, impact, hours } = &route.matches;
    let said = format!(
        "{:?}",
        (
            (
                units.iter().map(|n| n.name.as_str()).collect::<Vec<_>>(),
                networks.iter().map(|n| n.name.as_str()).collect::<Vec<_>>(),
                carriers.iter().map(|n| n.name.as_str()).collect::<Vec<_>>(),
                kinds.iter().map(|n| n.name.as_str()).collect::<Vec<_>>(),
                severities,
                impact,
                hours.as_ref().map(|hours| (&hours.when, hours.is_outside)),
            ),
            names(&route.to),
            route.telling,
            route.escalate.iter().map(|s| (s.after_ms, names(&s.to))).collect::<Vec<_>>(),
            route.quiet,
            route.goes_on,
        )
    );
    fnv_1a(said.bytes())
}

/// FNV-1a: names and spreads, and keeps no secret.
pub(super) fn fnv_1a(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
}
