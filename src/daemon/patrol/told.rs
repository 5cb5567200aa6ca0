//! What devices said, for clients.

use super::Patrol;
use super::seen::{Port, Seen};
use crate::api::{DeviceInfo, GaugeInfo, InterfaceInfo, UpsInfo};
use crate::model::{SubjectId, Untrusted};
use crate::probe::snmp::reading::DeviceReading;

impl Patrol {
    /// What a device said last, or the device that a line ends at said of its interface; `None`
    /// where nobody is asked. What it says it is, is in the store.
    pub(in crate::daemon) fn device_info(&self, subject: &SubjectId) -> Option<DeviceInfo> {
        if let Some(seen) = self.devices.seen.get(subject) {
            return Some(info(seen));
        }
        let inventory = self.inventory();
        let line = inventory.subject(inventory.find_subject(subject.as_str())?).connection()?;
        let (device, interface) = (line.device.as_ref()?, line.interface.as_ref()?);
        let seen = self.devices.seen.get(device.as_str())?;
        let name = self.devices.end_of(subject).map_or(interface.as_str(), |name| name);
        let end = seen.ports.iter().find(|port| *port.name == *name);
        Some(DeviceInfo {
            asked: Some(seen.asked),
            heard: seen.heard,
            trouble: seen.trouble,
            interfaces: end.map(interface_info).into_iter().collect(),
            ..DeviceInfo::default()
        })
    }
}

/// What one answer says, of a device that nobody follows.
pub(crate) fn device_info(reading: &DeviceReading) -> DeviceInfo {
    let mut seen = Seen { asked: reading.at, heard: Some(reading.at), ..Seen::default() };
    seen.take(reading, &[]);
    info(&seen)
}

fn info(seen: &Seen) -> DeviceInfo {
    let gauges = seen.gauges.iter().map(|gauge| GaugeInfo {
        kind: gauge.kind.as_str().to_owned(),
        label: gauge.label.as_ref().map(|label| label.to_string()),
        value: gauge.value,
    });
    DeviceInfo {
        asked: Some(seen.asked),
        heard: seen.heard,
        trouble: seen.trouble,
        uptime_ms: seen.uptime_ms,
        interfaces: seen.ports.iter().map(interface_info).collect(),
        ups: seen.ups.as_ref().map(|ups| UpsInfo {
            on_battery: ups.is_on_battery,
            charge_permille: ups.charge_permille,
            run_time_s: ups.run_time_s,
            input_dv: ups.input_dv,
            load_permille: ups.load_permille,
        }),
        gauges: gauges.collect(),
        facts: Vec::new(),
        neighbours: Vec::new(),
    }
}

fn interface_info(port: &Port) -> InterfaceInfo {
    InterfaceInfo {
        name: port.name.to_string(),
        alias: port.alias.as_ref().map(Untrusted::as_str).map(str::to_owned),
        state: port.state,
        speed_bps: port.speed_bps,
        contracted_bps: port.contracted_bps,
        in_bps: port.bps.0,
        out_bps: port.bps.1,
        in_permille: port.permille.0,
        out_permille: port.permille.1,
        errors_permille: port.errors_permille,
    }
}
