//! `tuantra snmp facts` and `interfaces`: what the patrol would read of a device, read now.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::device::Device;
use crate::api::{DeviceInfo, FactInfo, GaugeInfo, InterfaceInfo};
use crate::daemon::{clock, device_info};
use crate::locale::{
    Lang, decimal, duration, number, pad, pad_left, percent, text, visible, width,
};
use crate::model::UnixMs;
use crate::probe::snmp::neighbours::{Address, Neighbour};
use crate::probe::snmp::profile::Profiles;
use crate::probe::snmp::reading::{self, DeviceReading, Memory};
use crate::probe::snmp::{Session, SnmpError};
use crate::t;

/// More passes than a device ever needs.
const PASSES_MAX: usize = 8;

/// What was read.
pub(super) struct Told {
    info: DeviceInfo,
    neighbours: Vec<Neighbour>,
    addresses: Vec<Address>,
    profile: String,
}

impl Told {
    pub(super) fn has_no_interfaces(&self) -> bool {
        self.info.interfaces.is_empty()
    }
}

/// Asks all that the patrol asks, and what changes once more after `again`, which makes rates of
/// counters.
///
/// # Errors
/// [`SnmpError`] when the device does not answer at all.
pub(super) async fn read(
    session: &mut Session,
    profiles: &Profiles,
    again: Option<Duration>,
) -> Result<Told, SnmpError> {
    let mut memory = Memory::default();
    let mut readings = round(session, profiles, &mut memory).await?;
    if let Some(again) = again {
        tokio::time::sleep(again).await;
        readings.extend(round(session, profiles, &mut memory).await?);
    }
    let facts = readings.iter().flat_map(|reading| {
        let at = reading.at;
        reading.facts.iter().map(move |(kind, value)| FactInfo {
            key: kind.as_str().to_owned(),
            value: value.to_string(),
            first_seen: at,
            last_seen: at,
        })
    });
    let facts: Vec<FactInfo> = facts.collect();
    let neighbours = readings.iter().flat_map(|reading| reading.neighbours.clone()).collect();
    let last = readings.iter().rfind(|reading| reading.uptime.ms.is_some() || has_more(reading));
    let info = last.or(readings.last()).map(device_info).unwrap_or_default();
    let addresses = readings.iter().flat_map(|reading| reading.addresses.clone()).collect();
    let profile = memory.profile(profiles).name.clone();
    Ok(Told { info: DeviceInfo { facts, ..info }, neighbours, addresses, profile })
}

fn has_more(reading: &DeviceReading) -> bool {
    !reading.interfaces.is_empty() || reading.ups.is_some() || !reading.gauges.is_empty()
}

/// One round of the patrol; what fails after something was heard is left out.
pub(in crate::cli) async fn round(
    session: &mut Session,
    profiles: &Profiles,
    memory: &mut Memory,
) -> Result<Vec<DeviceReading>, SnmpError> {
    let began: UnixMs = clock::now();
    let mut readings = Vec::new();
    while readings.len() < PASSES_MAX {
        let profile = memory.profile(profiles);
        let Some(pass) = memory.due(began, profile) else { break };
        let wanted = reading::wanted(pass, profile, memory);
        match session.ask(&wanted).await {
            Ok(answers) => {
                readings.push(reading::read(pass, &answers, clock::now(), profile, memory));
            }
            Err(error) if readings.is_empty() => return Err(error),
            Err(_) => break,
        }
    }
    Ok(readings)
}

/// Facts, uptime, UPS, gauges, neighbours.
pub(super) fn facts_text(lang: Lang, told: &Told) -> String {
    let Told { info, neighbours, addresses, profile } = told;
    let mut rows: Vec<(String, String)> = Vec::new();
    for fact in &info.facts {
        rows.push((label(lang, "fact", &fact.key), visible(&fact.value)));
    }
    rows.push((text(lang, "snmp.profile").to_owned(), visible(profile)));
    if let Some(ms) = info.uptime_ms {
        rows.push((text(lang, "snmp.uptime").to_owned(), duration(lang, ms)));
    }
    if let Some(ups) = &info.ups {
        let share = |permille: Option<u16>| {
            permille.map(|permille| percent(lang, u32::from(permille) * 1_000, 0))
        };
        let said = [
            ups.on_battery.map(|on| {
                text(lang, if on { "trouble.battery" } else { "dash.on_mains" }).to_owned()
            }),
            share(ups.charge_permille).map(|share| t!(lang, "dash.ups_charge", share = share)),
            ups.run_time_s
                .map(|s| t!(lang, "dash.ups_lasts", time = duration(lang, i64::from(s) * 1_000))),
            share(ups.load_permille).map(|share| t!(lang, "dash.ups_load", share = share)),
            ups.input_dv
                .map(|dv| t!(lang, "dash.ups_input", volts = number(lang, i64::from(dv) / 10))),
        ];
        let said: Vec<String> = said.into_iter().flatten().collect();
        rows.push(("UPS".to_owned(), said.join(", ")));
    }
    for gauge in &info.gauges {
        let which = gauge.label.as_ref().map_or_else(String::new, |l| format!(" {}", visible(l)));
        rows.push((format!("{}{which}", label(lang, "gauge", &gauge.kind)), value(lang, gauge)));
    }
    for neighbour in neighbours {
        let said = |text: &Option<crate::model::Untrusted>| {
            text.as_ref().map_or_else(|| "?".to_owned(), |text| visible(text.as_str()))
        };
        let own = t!(lang, "snmp.neighbour", port = said(&neighbour.local_port));
        let name = neighbour.name.clone().or_else(|| neighbour.chassis.clone());
        let address = neighbour.address.map_or_else(String::new, |ip| format!("  {ip}"));
        rows.push((own, format!("{}  {}{address}", said(&name), said(&neighbour.port))));
    }
    if !addresses.is_empty() {
        let count = number(lang, i64::try_from(addresses.len()).unwrap_or(i64::MAX));
        rows.push((text(lang, "snmp.addresses").to_owned(), count));
    }
    let most = rows.iter().map(|(label, _)| width(label)).max().unwrap_or(0);
    rows.iter().map(|(label, said)| format!("{}  {said}\n", pad(label, most))).collect()
}

/// The catalogue's word for a key, else the key.
fn label(lang: Lang, section: &str, key: &str) -> String {
    let known = format!("{section}.{key}");
    let words = text(lang, &known);
    if words == known { key.to_owned() } else { words.to_owned() }
}

/// A measurement with its unit.
fn value(lang: Lang, gauge: &GaugeInfo) -> String {
    let tenths = |unit: &str| format!("{} {unit}", decimal(lang, gauge.value * 100, 1));
    match gauge.kind.as_str() {
        "cpu" | "memory" | "disk" | "humidity" => {
            percent(lang, u32::try_from(gauge.value).unwrap_or(0).saturating_mul(1_000), 1)
        }
        "temperature" => tenths("°C"),
        "voltage" => tenths("V"),
        "power" => format!("{} W", number(lang, gauge.value)),
        "fan_speed" => format!("{} rpm", number(lang, gauge.value)),
        "fan" | "supply" | "alarm" => {
            text(lang, if gauge.value == 0 { "snmp.good" } else { "snmp.not_good" }).to_owned()
        }
        _ => number(lang, gauge.value),
    }
}

/// A line for each interface.
pub(super) fn interfaces_text(lang: Lang, told: &Told) -> String {
    let heading = |key| text(lang, key).to_owned();
    let mut rows = vec![[
        heading("snmp.column_name"),
        heading("snmp.column_state"),
        heading("snmp.column_speed"),
        heading("snmp.column_in"),
        heading("snmp.column_out"),
        heading("snmp.column_errors"),
        heading("snmp.column_alias"),
    ]];
    rows.extend(told.info.interfaces.iter().map(|interface| row(lang, interface)));
    let most: Vec<usize> = (0..rows[0].len())
        .map(|column| rows.iter().map(|row| width(&row[column])).max().unwrap_or(0))
        .collect();
    let mut out = String::new();
    for row in &rows {
        let mut line = format!("{}  {}", pad(&row[0], most[0]), pad(&row[1], most[1]));
        for column in 2..6 {
            let _ = write!(line, "  {}", pad_left(&row[column], most[column]));
        }
        let _ = writeln!(out, "{}", format!("{line}  {}", row[6]).trim_end());
    }
    out
}

fn row(lang: Lang, interface: &InterfaceInfo) -> [String; 7] {
    let nothing = || "–".to_owned();
    let rate = |bps: Option<u64>, permille: Option<u32>| {
        let Some(bps) = bps else { return nothing() };
        let share = permille.map_or_else(String::new, |p| {
            format!(" ({})", percent(lang, p.saturating_mul(1_000), 0))
        });
        format!("{}{share}", bits(lang, bps))
    };
    [
        visible(&interface.name),
        text(lang, &format!("snmp.port_{}", interface.state.as_str())).to_owned(),
        interface.speed_bps.map_or_else(nothing, |bps| bits(lang, bps)),
        rate(interface.in_bps, interface.in_permille),
        rate(interface.out_bps, interface.out_permille),
        interface
            .errors_permille
            .map_or_else(nothing, |permille| percent(lang, u32::from(permille) * 1_000, 1)),
        interface.alias.as_ref().map_or_else(String::new, |alias| visible(alias)),
    ]
}

/// "1,2 Mbit/s"
fn bits(lang: Lang, bps: u64) -> String {
    let (unit, name) = match bps {
        1_000_000_000.. => (1_000_000_000, "Gbit/s"),
        1_000_000.. => (1_000_000, "Mbit/s"),
        1_000.. => (1_000, "kbit/s"),
        _ => (1, "bit/s"),
    };
    let milli = u128::from(bps) * 1_000 / unit;
    let milli = i64::try_from(milli).unwrap_or(i64::MAX);
    format!("{} {name}", decimal(lang, milli, u8::from(milli % 1_000 != 0)))
}

/// As `/v1/history` has it in `device`, with the neighbours and the profile that read it.
pub(super) fn json(device: &Device, told: &Told) -> Json {
    let neighbours = told.neighbours.iter().map(|neighbour| {
        json!({
            "protocol": match neighbour.protocol {
                crate::probe::snmp::neighbours::Protocol::Lldp => "lldp",
                crate::probe::snmp::neighbours::Protocol::Cdp => "cdp",
            },
            "local_port": neighbour.local_port,
            "name": neighbour.name,
            "chassis": neighbour.chassis,
            "port": neighbour.port,
            "description": neighbour.description,
            "address": neighbour.address,
        })
    });
    let addresses = told.addresses.iter().map(|address| {
        json!({ "local_port": address.local_port, "address": address.ip, "card": address.card() })
    });
    json!({
        "device": device.name,
        "address": device.address,
        "credential": device.credential.id,
        "profile": told.profile,
        "said": told.info,
        "neighbours": neighbours.collect::<Vec<_>>(),
        "addresses": addresses.collect::<Vec<_>>(),
        "error": null,
    })
}
