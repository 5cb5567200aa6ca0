//! What one device, or one line's end, differs in. Pure.

use std::net::IpAddr;

use super::agree::plain;
use super::{ADDRESSES, Drift, Fit, MORE, Own, What, agree, speed_key};
use crate::model::{Check, Device, SubjectId};

impl Own<'_> {
    /// A drift of this subject; since when is not known, of a neighbour it never is.
    pub(super) fn drift(
        &self,
        what: What,
        fit: Fit,
        declared: Option<String>,
        observed: String,
    ) -> Drift {
        Drift {
            subject: self.subject.id.clone(),
            unit: self.unit.clone(),
            what,
            port: None,
            fit,
            declared,
            observed,
            since: None,
            belongs_to: None,
        }
    }

    /// Of a device.
    pub(super) fn device(&self, into: &mut Vec<Drift>) {
        let Some(device) = self.subject.device() else { return };
        let compared = [
            (What::Serial, device.serial.as_ref()),
            (What::Model, device.model.as_ref()),
            (What::Vendor, device.vendor.as_ref()),
            (What::Firmware, device.firmware.as_ref()),
        ];
        for (what, declared) in compared {
            self.text(what, declared, into);
        }
        for speed in &device.speeds {
            self.speed(
                &self.subject.id,
                &speed.interface,
                |bps| bps == speed.kbps * 1_000,
                speed.kbps,
                into,
            );
        }
        self.addresses(device, into);
        self.neighbours(into);
    }

    fn text(&self, what: What, declared: Option<&String>, into: &mut Vec<Drift>) {
        let said = self.observed.said(&self.subject.id, what.as_str());
        let Some(said) = said.filter(|said| !plain(&said.value).is_empty()) else { return };
        let fit = match declared {
            Some(declared) if agree(what, declared, &said.value) => return,
            Some(_) => Fit::Differs,
            None => Fit::Undeclared,
        };
        let mut one = self.drift(what, fit, declared.cloned(), said.value.to_string());
        one.since = Some(said.since);
        if what == What::Serial {
            let owner = self.faces.owner(&said.value);
            one.belongs_to = owner.filter(|id| **id != self.subject.id).cloned();
        }
        into.push(one);
    }

    /// An interface of a device that does not run at what it should.
    fn speed(
        &self,
        device: &SubjectId,
        interface: &str,
        is_right: impl Fn(u64) -> bool,
        declared_kbps: u64,
        into: &mut Vec<Drift>,
    ) {
        let Some(said) = self.observed.said(device, &speed_key(interface)) else { return };
        let Ok(bps) = said.value.parse::<u64>() else { return };
        if is_right(bps) {
            return;
        }
        let declared = Some(rate(declared_kbps.saturating_mul(1_000)));
        into.push(Drift {
            port: Some(interface.to_owned()),
            since: Some(said.since),
            ..self.drift(What::Speed, Fit::Differs, declared, rate(bps))
        });
    }

    /// Of a line: the interface that it ends at carries less than is paid for, as it does when the
    /// two ends could not agree on more.
    pub(super) fn line(&self, into: &mut Vec<Drift>) {
        let Some(line) = self.subject.connection() else { return };
        let (Some(device), Some(interface), Some(kbps)) =
            (&line.device, &line.interface, line.bandwidth_kbps)
        else {
            return;
        };
        let Ok(device) = SubjectId::new(device.as_str()) else { return };
        let is_enough = |bps| bps >= kbps.saturating_mul(1_000);
        self.speed(&device, interface, is_enough, kbps, into);
    }

    /// The device's own addresses; IPv4 only, as its table has it.
    fn addresses(&self, device: &Device, into: &mut Vec<Drift>) {
        let Some(said) = self.observed.said(&self.subject.id, ADDRESSES) else { return };
        let told: Vec<IpAddr> = said.value.split(' ').filter_map(|a| a.parse().ok()).collect();
        if told.is_empty() {
            return;
        }
        let asked = self.subject.checks.iter().filter_map(Check::own_address);
        let mut declared: Vec<IpAddr> = asked.chain(device.addresses.iter().copied()).collect();
        declared.sort();
        declared.dedup();
        let shown: Vec<String> = told.iter().map(ToString::to_string).collect();
        let shown = shown.join(" ");
        // Of a list that had no room for all nothing is missing.
        let is_whole = !said.value.ends_with(MORE);
        let missing =
            declared.iter().filter(|a| is_whole && a.is_ipv4() && !told.contains(a)).copied();
        for address in missing {
            let declared = Some(address.to_string());
            into.push(Drift {
                since: Some(said.since),
                port: Some(address.to_string()),
                ..self.drift(What::Address, Fit::Differs, declared, shown.clone())
            });
        }
        let further = told.iter().filter(|address| !declared.contains(address));
        let mut nobodys: Vec<String> = Vec::new();
        for address in further {
            match self.faces.at(*address) {
                Some(owner) if *owner != self.subject.id && self.faces.is_device(owner) => {
                    into.push(Drift {
                        since: Some(said.since),
                        port: Some(address.to_string()),
                        belongs_to: Some(owner.clone()),
                        ..self.drift(What::Address, Fit::Differs, None, address.to_string())
                    });
                }
                // A line's or a service's address is on the device that it ends at.
                Some(_) => {}
                None => nobodys.push(address.to_string()),
            }
        }
        if !nobodys.is_empty() {
            let observed = nobodys.join(" ");
            let one = self.drift(What::Address, Fit::Undeclared, None, observed);
            into.push(Drift { since: Some(said.since), ..one });
        }
    }
}

/// "100 Mbit/s", exactly.
fn rate(bps: u64) -> String {
    let units = [(1_000_000_000, "Gbit/s"), (1_000_000, "Mbit/s"), (1_000, "kbit/s")];
    let unit = units.into_iter().find(|(unit, _)| bps > 0 && bps.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{bps} bit/s"), |(unit, word)| format!("{} {word}", bps / unit))
}
