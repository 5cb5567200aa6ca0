//! What devices said, for clients.

use super::Patrol;
use super::devices::Seen;
use crate::api::{DeviceInfo, GaugeInfo, InterfaceInfo, PortState, UpsInfo};
use crate::model::{SubjectId, Untrusted};
use crate::probe::snmp::interfaces::{self, Interface};
use crate::probe::snmp::reading::DeviceReading;

impl Patrol {
    /// What a device said last, or the device that a line ends at said of its interface; `None`
    /// where nobody is asked. What it says it is, is in the store.
    pub(in crate::daemon) fn device_info(&self, subject: &SubjectId) -> Option<DeviceInfo> {
        if let Some(seen) = self.devices.seen.get(subject) {
            return Some(info(seen, |reading| reading.interfaces.iter().collect()));
        }
        let inventory = self.inventory();
        let line = inventory.subject(inventory.find_subject(subject.as_str())?).connection()?;
        let (device, interface) = (line.device.as_ref()?, line.interface.as_ref()?);
        let seen = self.devices.seen.get(device.as_str())?;
        let only = |reading: &DeviceReading| -> Vec<Interface> {
            interfaces::find(&reading.interfaces, interface).cloned().into_iter().collect()
        };
        let ends: Vec<Interface> = seen.reading.as_ref().map(only).unwrap_or_default();
        let whole = info(seen, |_| ends.iter().collect());
        Some(DeviceInfo { ups: None, gauges: Vec::new(), uptime_ms: None, ..whole })
    }
}

/// What one answer says, of a device that nobody follows.
pub(crate) fn device_info(reading: &DeviceReading) -> DeviceInfo {
    let seen = Seen {
        asked: reading.at,
        heard: Some(reading.at),
        reading: Some(reading.clone()),
        ..Seen::default()
    };
    info(&seen, |reading| reading.interfaces.iter().collect())
}

fn info<'s>(
    seen: &'s Seen,
    chosen: impl FnOnce(&'s DeviceReading) -> Vec<&'s Interface>,
) -> DeviceInfo {
    let mut info = DeviceInfo {
        asked: Some(seen.asked),
        heard: seen.heard,
        trouble: seen.trouble,
        ..DeviceInfo::default()
    };
    let Some(reading) = &seen.reading else { return info };
    info.uptime_ms = reading.uptime.ms;
    info.interfaces = chosen(reading).into_iter().map(|i| interface(seen, i)).collect();
    info.ups = reading.ups.as_ref().map(|ups| UpsInfo {
        on_battery: ups.is_on_battery,
        charge_permille: ups.charge_permille,
        run_time_s: ups.run_time_s,
        input_dv: ups.input_dv,
        load_permille: ups.load_permille,
    });
    let gauges = reading.gauges.iter().map(|gauge| GaugeInfo {
        kind: gauge.kind.as_str().to_owned(),
        label: gauge.label.as_ref().map(|label| label.to_string()),
        value: gauge.value,
    });
    info.gauges = gauges.collect();
    info
}

fn interface(seen: &Seen, interface: &Interface) -> InterfaceInfo {
    let named = |wanted: &str| interfaces::find(std::slice::from_ref(interface), wanted).is_some();
    let contracted_bps = seen.contracted.iter().find(|(name, _)| named(name)).map(|(_, bps)| *bps);
    let (in_bps, out_bps) = interface.passed.map_or((None, None), |passed| passed.bps());
    let (in_permille, out_permille) = interface.utilisation_permille(contracted_bps);
    let errors = interface.passed.map(|passed| passed.errors_permille());
    let state = match (interface.is_enabled, interface.status) {
        (Some(false), _) => PortState::Off,
        (_, Some(status)) if status.is_down() => PortState::Down,
        (_, Some(_)) => PortState::Up,
        (_, None) => PortState::Unknown,
    };
    InterfaceInfo {
        name: interface.name.to_string(),
        alias: interface.alias.as_ref().map(Untrusted::as_str).map(str::to_owned),
        state,
        speed_bps: interface.speed_bps,
        contracted_bps,
        in_bps,
        out_bps,
        in_permille,
        out_permille,
        errors_permille: errors.and_then(|(inward, outward)| inward.max(outward)),
    }
}
