//! What a device's answers come to: what is held to thresholds, what becomes of its lines.

use std::sync::Arc;

use super::Line;
use crate::health::Said;
use crate::model::{RoundError, SnmpTrouble, Threshold};
use crate::probe::snmp::SnmpError;
use crate::probe::snmp::interfaces::{self, Interface};
use crate::probe::snmp::profile::GaugeKind;
use crate::probe::snmp::reading::DeviceReading;

/// What is held to a device's thresholds.
pub(in crate::daemon) fn said(reading: &DeviceReading) -> Said {
    let mut said = Said::default();
    for gauge in &reading.gauges {
        match gauge.kind {
            GaugeKind::Cpu => said.value(Threshold::Cpu, gauge.value),
            GaugeKind::Memory => said.value(Threshold::Memory, gauge.value),
            GaugeKind::Temperature => said.temperature(gauge.value, gauge.limit),
            GaugeKind::Fan | GaugeKind::Supply => {
                said.fact(Threshold::Hardware, gauge.value != 0);
            }
            // What a maker calls an alarm may be anything; it is kept and shown.
            GaugeKind::Alarm
            | GaugeKind::Disk
            | GaugeKind::Humidity
            | GaugeKind::FanSpeed
            | GaugeKind::Voltage
            | GaugeKind::Power
            | GaugeKind::Sessions => {}
        }
    }
    if let Some(ups) = &reading.ups {
        if let Some(is_on) = ups.is_on_battery {
            said.fact(Threshold::Battery, is_on);
        }
        if let Some(permille) = ups.charge_permille {
            said.value(Threshold::Charge, i64::from(permille));
        }
        if ups.is_battery_low == Some(true) {
            said.value(Threshold::Charge, 0);
        }
        if let Some(is_worn) = ups.needs_battery {
            said.fact(Threshold::Hardware, is_worn);
        }
    }
    said
}

/// What a pass says of a line's end.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::daemon) enum LineEnd {
    /// It works, and carries so much.
    Works(Said),
    /// It does not.
    Down(RoundError),
    /// It is not known; the device may have no such interface.
    Unknown(SnmpTrouble),
}

/// What a line is remembered by between two passes.
#[derive(Debug, Clone, Default)]
pub(in crate::daemon) struct Remembered {
    /// The interface has been seen under this name: when it is gone, it was taken out.
    name: Option<Arc<str>>,
}

impl Remembered {
    /// Under which name it was seen.
    pub(in crate::daemon) fn name(&self) -> Option<&Arc<str>> {
        self.name.as_ref()
    }
}

/// What a pass says of a line's end; `None` while it is not certain which interface is which.
pub(in crate::daemon) fn line_end(
    reading: &DeviceReading,
    line: &Line,
    remembered: &mut Remembered,
) -> Option<LineEnd> {
    if !reading.are_interfaces_sure {
        return None;
    }
    let Some(interface) = interfaces::find(&reading.interfaces, &line.interface) else {
        return Some(match remembered.name {
            Some(_) => LineEnd::Down(RoundError::InterfaceDown { admin: false }),
            None => LineEnd::Unknown(SnmpTrouble::NoInterface),
        });
    };
    remembered.name = Some(Arc::clone(&interface.name));
    if interface.is_enabled == Some(false) {
        return Some(LineEnd::Down(RoundError::InterfaceDown { admin: true }));
    }
    match interface.status {
        Some(status) if status.is_down() => {
            Some(LineEnd::Down(RoundError::InterfaceDown { admin: false }))
        }
        Some(_) => Some(LineEnd::Works(traffic(interface, line.contracted_bps))),
        None => Some(LineEnd::Unknown(SnmpTrouble::Refused)),
    }
}

fn traffic(interface: &Interface, contracted_bps: Option<u64>) -> Said {
    let mut said = Said::default();
    let (inward, outward) = interface.utilisation_permille(contracted_bps);
    for permille in [inward, outward].into_iter().flatten() {
        said.value(Threshold::Utilisation, i64::from(permille));
    }
    if let Some(passed) = &interface.passed {
        let (inward, outward) = passed.errors_permille();
        for permille in [inward, outward].into_iter().flatten() {
            said.value(Threshold::Errors, i64::from(permille));
        }
    }
    said
}

/// Why nothing came, as a round has it; `None` where our own side failed.
pub(in crate::daemon) const fn trouble(error: &SnmpError) -> Option<SnmpTrouble> {
    match error {
        SnmpError::Silent { .. } => Some(SnmpTrouble::Silent),
        SnmpError::CredentialRefused(_) => Some(SnmpTrouble::Credential),
        SnmpError::IdentityChanged => Some(SnmpTrouble::IdentityChanged),
        SnmpError::Refused(_) => Some(SnmpTrouble::Refused),
        SnmpError::Malformed => Some(SnmpTrouble::Malformed),
        SnmpError::Local { .. } => None,
    }
}
