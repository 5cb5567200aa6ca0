//! What devices said last, as far as it is shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::PortState;
use crate::daemon::agents::Line;
use crate::model::{SnmpTrouble, UnixMs, Untrusted};
use crate::probe::snmp::health::Gauge;
use crate::probe::snmp::interfaces::{self, Interface};
use crate::probe::snmp::reading::DeviceReading;
use crate::probe::snmp::ups::Ups;

/// What a device said last.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// When it was asked last.
    pub asked: UnixMs,
    /// When it answered last.
    pub heard: Option<UnixMs>,
    /// Why it did not the last time.
    pub trouble: Option<SnmpTrouble>,
    /// How long it had been running.
    pub uptime_ms: Option<i64>,
    pub ports: Vec<Port>,
    pub ups: Option<Ups>,
    pub gauges: Vec<Gauge>,
}

/// What is kept of an interface to be shown: of 5,000 devices' 120,000 there is no room for more.
#[derive(Debug, Clone)]
pub(super) struct Port {
    pub name: Arc<str>,
    pub alias: Option<Untrusted>,
    pub state: PortState,
    pub speed_bps: Option<u64>,
    pub contracted_bps: Option<u64>,
    pub bps: (Option<u64>, Option<u64>),
    pub permille: (Option<u32>, Option<u32>),
    pub errors_permille: Option<u16>,
}

impl Port {
    fn of(interface: &Interface, contracted_bps: Option<u64>) -> Self {
        let errors = interface.passed.map(|passed| passed.errors_permille());
        Self {
            name: Arc::clone(&interface.name),
            alias: interface.alias.clone(),
            state: match (interface.is_enabled, interface.status) {
                (Some(false), _) => PortState::Off,
                (_, Some(status)) if status.is_down() => PortState::Down,
                (_, Some(_)) => PortState::Up,
                (_, None) => PortState::Unknown,
            },
            speed_bps: interface.speed_bps,
            contracted_bps,
            bps: interface.passed.map_or((None, None), |passed| passed.bps()),
            permille: interface.utilisation_permille(contracted_bps),
            errors_permille: errors.and_then(|(inward, outward)| inward.max(outward)),
        }
    }
}

impl Seen {
    /// Takes in what a device says of what changes; `lines` end at it.
    pub(super) fn take(&mut self, reading: &DeviceReading, lines: &[Line]) {
        self.uptime_ms = reading.uptime.ms;
        self.ups = reading.ups;
        self.gauges.clone_from(&reading.gauges);
        // While it is not certain which is which, what was known before is.
        if !reading.are_interfaces_sure {
            return;
        }
        let contracted: BTreeMap<&str, u64> = lines
            .iter()
            .filter_map(|line| {
                let interface = interfaces::find(&reading.interfaces, &line.interface)?;
                Some((&*interface.name, line.contracted_bps?))
            })
            .collect();
        let port = |i: &Interface| Port::of(i, contracted.get(&*i.name).copied());
        self.ports = reading.interfaces.iter().map(port).collect();
    }
}
