//! What a device says of itself: what it is, how long it runs, its ports, its UPS.

use ratatui::style::Style;

use crate::api::{DeviceInfo, InterfaceInfo, PortState, UpsInfo};
use crate::dash::board::Subject;
use crate::dash::draw::Line;
use crate::dash::state::Screen;
use crate::dash::view::Shot;
use crate::locale::{self, Lang, duration, number, percent, text, visible};
use crate::model::Beside;
use crate::t;

/// Most ports that are shown one by one: those in trouble and the busiest.
const PORTS_MAX: usize = 6;
/// Most neighbours that are shown one by one.
const BESIDE_MAX: usize = 6;
/// Whom it saw last so long before its last look, in milliseconds, is not missed any more.
const GONE_MS: i64 = 7 * 86_400_000;
/// What is told of a device's make, in this order.
const MAKE: [&str; 4] = ["vendor", "model", "serial", "firmware"];

/// What is known of the device that a subject is, or ends at: of the subject that is open, and of
/// no other.
fn device_of<'a>(shot: &Shot<'a>, subject: Subject<'_>) -> Option<&'a DeviceInfo> {
    let detail = shot.ui.detail.as_ref()?;
    if shot.ui.screen != Screen::Subject || detail.subject != *subject.id() {
        return None;
    }
    let (_, Ok(history)) = detail.history.as_ref()? else { return None };
    history.device.as_ref()
}

/// Labels (keys of texts) and contents; nothing where the device, or the one that the line ends at,
/// is not asked.
pub fn lines(shot: &Shot<'_>, subject: Subject<'_>) -> Vec<(&'static str, Line)> {
    let Some(device) = device_of(shot, subject) else { return Vec::new() };
    let mut lines = Vec::new();
    lines.extend(make(shot, device).map(|words| ("dash.fact_device", words)));
    lines.extend(device.ups.as_ref().map(|ups| ("dash.fact_ups", battery(shot, ups))));
    lines.extend(ports(shot, device).map(|words| ("dash.fact_ports", words)));
    lines
}

/// Who is beside it: of less use in a hurry than what it is.
pub fn neighbours(shot: &Shot<'_>, subject: Subject<'_>) -> Option<(&'static str, Line)> {
    let words = beside(shot, device_of(shot, subject)?)?;
    Some(("dash.fact_beside", words))
}

/// Make, model, serial number, firmware; how long it has been running.
fn make(shot: &Shot<'_>, device: &DeviceInfo) -> Option<Line> {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let make: Vec<String> =
        MAKE.iter().filter_map(|key| device.fact(key)).map(|f| visible(&f.value)).collect();
    let mut words = Line::plain(make.join(", "));
    let apart = |words: &Line| if words.width() > 0 { "  " } else { "" };
    if let Some(uptime_ms) = device.uptime_ms {
        let said = t!(lang, "dash.uptime", time = duration(lang, uptime_ms));
        words.push(format!("{}{said}", apart(&words)), Style::new());
    }
    if let Some(heard) = device.heard.filter(|_| device.trouble.is_some()) {
        let said = t!(lang, "dash.heard", age = shot.age(heard));
        words.push(format!("{}{said}", apart(&words)), theme.poor());
    }
    (words.width() > 0).then_some(words)
}

/// "on battery, charge 92 %, lasts 24 min, load 31 %, input 0 V"
fn battery(shot: &Shot<'_>, ups: &UpsInfo) -> Line {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let share = |permille: u16| percent(lang, u32::from(permille) * 1_000, 0);
    let mut words = match ups.on_battery {
        Some(true) => Line::styled(text(lang, "trouble.battery"), theme.poor()),
        Some(false) => Line::plain(text(lang, "dash.on_mains")),
        None => Line::plain(text(lang, "dash.ups_unsaid")),
    };
    let more = [
        ups.charge_permille.map(|p| t!(lang, "dash.ups_charge", share = share(p))),
        ups.run_time_s
            .map(|s| t!(lang, "dash.ups_lasts", time = duration(lang, i64::from(s) * 1_000))),
        ups.load_permille.map(|p| t!(lang, "dash.ups_load", share = share(p))),
        ups.input_dv.map(|dv| t!(lang, "dash.ups_input", volts = number(lang, i64::from(dv) / 10))),
    ];
    for said in more.into_iter().flatten() {
        words.push(format!(", {said}"), Style::new());
    }
    words
}

/// How many ports work; those that do not although they should, and the busiest.
fn ports(shot: &Shot<'_>, device: &DeviceInfo) -> Option<Line> {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let all = &device.interfaces;
    if all.is_empty() {
        return None;
    }
    let works = all.iter().filter(|i| i.state == PortState::Up).count();
    let count = |n: usize| number(lang, i64::try_from(n).unwrap_or(i64::MAX));
    let mut words = match all.as_slice() {
        [_] => Line::default(),
        _ => Line::plain(t!(lang, "dash.ports_up", up = count(works), all = count(all.len()))),
    };
    let load = |i: &InterfaceInfo| i.in_permille.max(i.out_permille);
    let mut shown: Vec<&InterfaceInfo> =
        all.iter().filter(|i| load(i).is_some() || i.contracted_bps.is_some()).collect();
    shown.sort_by_key(|i| std::cmp::Reverse((i.contracted_bps.is_some(), load(i))));
    for port in shown.into_iter().take(PORTS_MAX) {
        if words.width() > 0 {
            words.push("  ", Style::new());
        }
        let style = if port.state == PortState::Up { Style::new() } else { theme.poor() };
        words.push(port_words(lang, port), style);
    }
    (words.width() > 0).then_some(words)
}

/// "ether7: sw-1 (Gi0/1)  ether8: sw-2, not seen since 07:31", and how many addresses it sees.
fn beside(shot: &Shot<'_>, device: &DeviceInfo) -> Option<Line> {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let (cables, cards): (Vec<&Beside>, Vec<&Beside>) =
        device.neighbours.iter().partition(|beside| beside.who.protocol.is_cable());
    let looked = device.neighbours.iter().map(|beside| beside.last).max()?;
    let count = |n: usize| number(lang, i64::try_from(n).unwrap_or(i64::MAX));
    let is_shown = |beside: &&&Beside| beside.is_there || looked.since(beside.last) <= GONE_MS;
    let shown: Vec<&&Beside> = cables.iter().filter(is_shown).collect();
    let mut words = Line::default();
    for beside in shown.iter().take(BESIDE_MAX) {
        if words.width() > 0 {
            words.push("  ", Style::new());
        }
        let said = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(visible);
        let who = &beside.who;
        let name = said(&who.name).or_else(|| said(&who.chassis)).unwrap_or_default();
        let own = said(&who.local_port).map_or_else(String::new, |port| format!("{port}: "));
        let end = said(&who.port).map_or_else(String::new, |port| format!(" ({port})"));
        words.push(format!("{own}{name}{end}"), Style::new());
        if !beside.is_there {
            let gone = t!(lang, "dash.beside_gone", at = shot.when(beside.last));
            words.push(format!(", {gone}"), theme.poor());
        }
    }
    if let Some(more) = shown.len().checked_sub(BESIDE_MAX).filter(|more| *more > 0) {
        words.push(format!("  {}", t!(lang, "dash.beside_more", count = count(more))), theme.dim());
    }
    let known = cards.iter().filter(|card| card.is_there).count();
    if known > 0 {
        let gap = if words.width() > 0 { "  " } else { "" };
        let said = t!(lang, "dash.beside_addresses", count = count(known));
        words.push(format!("{gap}{said}"), theme.dim());
    }
    (words.width() > 0).then_some(words)
}

/// "wan ↓12 % ↑3 %", "wan down".
fn port_words(lang: Lang, port: &InterfaceInfo) -> String {
    let name = visible(&port.name);
    if port.state != PortState::Up {
        let state = text(lang, &format!("dash.port_{}", port.state.as_str()));
        return format!("{name} {state}");
    }
    let share = |permille: Option<u32>| {
        permille.map_or_else(
            || "–".to_owned(),
            |permille| percent(lang, permille.saturating_mul(1_000), 0),
        )
    };
    let (inward, outward) = (share(port.in_permille), share(port.out_permille));
    let busy = t!(lang, "dash.port_load", inward = inward, outward = outward);
    let errors = port.errors_permille.filter(|permille| *permille > 0);
    match errors {
        Some(permille) => {
            let share = locale::percent(lang, u32::from(permille) * 1_000, 1);
            format!("{name} {busy}, {}", t!(lang, "dash.port_errors", share = share))
        }
        None => format!("{name} {busy}"),
    }
}
