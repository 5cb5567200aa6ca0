//! Phrases the screens share.

use super::board::{Board, Now, Subject};
use ratatui::style::Style;

use super::draw::Line;
use super::loads::Used;
use super::theme::Theme;
use crate::api::Work;
use crate::coverage::{Availability, Verdict};
use crate::locale::{Lang, fold, number, percent, recurrence_words, rtt, state_name, text};
use crate::model::{Incident, Tier, UnixMs, WorkedOn};
use crate::t;

/// Stands where there is nothing to say.
pub const NOTHING: &str = "-";

/// The part of the contracted bandwidth that may be used.
const ALLOWED_PERMILLE: u32 = 900;

/// "xã", "communes": the word for `count` units of a level.
pub fn tier_word(lang: Lang, tier: Tier, count: usize) -> &'static str {
    let key = match (tier, count) {
        (Tier::Province, 1) => "dash.tier_province_one",
        (Tier::Province, _) => "dash.tier_province",
        (Tier::Department, 1) => "dash.tier_department_one",
        (Tier::Department, _) => "dash.tier_department",
        (Tier::District, 1) => "dash.tier_district_one",
        (Tier::District, _) => "dash.tier_district",
        (Tier::Commune, 1) => "dash.tier_commune_one",
        (Tier::Commune, _) => "dash.tier_commune",
    };
    text(lang, key)
}

/// "3 xã, 1 huyện": what an incident cuts off, by level, the counted level first.
pub fn units_cut(lang: Lang, board: &Board, incident: &Incident) -> String {
    let counts = board.cut_by(incident);
    let mut parts = Vec::new();
    for (tier, count) in Tier::ALL.into_iter().zip(counts).rev().filter(|(_, n)| *n > 0) {
        parts.push(format!("{count} {}", tier_word(lang, tier, count)));
    }
    parts.join(", ")
}

/// A subject's state as it is shown: its sign, its word, its style. One that is off hours is no
/// fault, whatever its state.
pub struct Standing {
    /// One column wide.
    pub glyph: char,
    /// The state's name.
    pub word: &'static str,
    /// How both look.
    pub style: Style,
}

/// How a subject stands.
pub fn standing(lang: Lang, theme: &Theme, now: Now<'_>) -> Standing {
    if now.off_hours {
        let word = text(lang, "state.off_hours");
        return Standing { glyph: theme.off_hours(), word, style: theme.dim() };
    }
    Standing {
        glyph: theme.glyph(now.state),
        word: state_name(lang, now.state),
        style: theme.state(now.state),
    }
}

/// "Mất kết nối từ 24/11/2016 07:31": a state as it is said to others.
pub fn state_since(lang: Lang, board: &Board, now: Now<'_>) -> String {
    let word =
        if now.off_hours { text(lang, "state.off_hours") } else { state_name(lang, now.state) };
    let at = crate::locale::date_time(lang, &board.local(now.since));
    format!("{word} {}", t!(lang, "dash.since", at = at))
}

/// The signs before an incident's impact: announced work, flapping, taken; empty without any.
pub fn incident_signs(theme: &Theme, incident: &Incident, at: UnixMs) -> String {
    let is_taken = incident.ack.as_ref().is_some_and(|ack| ack.holds_at(at));
    let signs = theme.incident_signs();
    let is_so = [incident.planned, incident.flapping, is_taken];
    signs.into_iter().zip(is_so).filter(|(_, is)| *is).map(|(sign, _)| sign).collect()
}

/// What an incident cuts off, in units and subjects.
pub fn impact(lang: Lang, board: &Board, incident: &Incident) -> String {
    let units = units_cut(lang, board, incident);
    let subjects = incident.impact.unreachable;
    match (units.is_empty(), subjects) {
        (true, 0) => text(lang, "dash.impact_none").to_owned(),
        (false, 0) => t!(lang, "dash.impact_units", units = units),
        (true, n) => t!(lang, "dash.impact_subjects", count = n),
        (false, n) => t!(lang, "dash.impact_both", units = units, count = n),
    }
}

/// A subject's name with its unit's, unless the name says it already.
pub fn subject_title(board: &Board, subject: Subject<'_>) -> String {
    let Some(unit) = board.unit(subject.unit()) else { return subject.name().to_owned() };
    let says = |whose: &str| subject.name().contains(whose);
    if says(&unit.name) || says(&unit.short) {
        return subject.name().to_owned();
    }
    // Folding is dear and takes no letter away: what is shorter than both says neither.
    let letters = |text: &str| text.chars().count();
    if letters(subject.name()) < letters(&unit.name).min(letters(&unit.short)) {
        return format!("{} · {}", unit.short, subject.name());
    }
    let name = fold(subject.name());
    if name.contains(&fold(&unit.name)) || name.contains(&fold(&unit.short)) {
        subject.name().to_owned()
    } else {
        format!("{} · {}", unit.short, subject.name())
    }
}

/// How many are down together with an incident's root, to be written behind its name: " +1"; nothing
/// of one that is alone.
pub fn others(count: usize) -> String {
    match count {
        0 => String::new(),
        count => format!(" +{count}"),
    }
}

/// The name of an incident's root with how many are down together with it.
pub fn root_title(board: &Board, incident: &Incident) -> String {
    let root = board.subject(&incident.root);
    let name = root.map_or_else(|| incident.root.to_string(), |s| subject_title(board, s));
    name + &others(incident.with.len())
}

/// A subject's name without its unit's, for lists of one unit.
pub fn subject_label(board: &Board, subject: Subject<'_>) -> String {
    let Some(unit) = board.unit(subject.unit()) else { return subject.name().to_owned() };
    for whose in [&unit.name, &unit.short] {
        if let Some((left, right)) = subject.name().split_once(whose.as_str()) {
            let mark = |c: char| c.is_whitespace() || "-–—·:,".contains(c);
            let rest = [left.trim_matches(mark), right.trim_matches(mark)];
            let rest: Vec<&str> = rest.into_iter().filter(|t| !t.is_empty()).collect();
            if !rest.is_empty() {
                return rest.join(" ");
            }
        }
    }
    subject.name().to_owned()
}

/// What kind of thing it is: the network of a line, the role of a device.
pub fn subject_kind(board: &Board, subject: Subject<'_>) -> String {
    let network = subject.network().and_then(|n| board.network(n));
    match (network, subject.role()) {
        (Some(network), _) => network.short.clone(),
        (None, Some(role)) => role.to_owned(),
        (None, None) => NOTHING.to_owned(),
    }
}

/// A share in millionths, or nothing.
pub fn share(lang: Lang, ppm: Option<u32>, decimals: u8) -> String {
    ppm.map_or_else(|| NOTHING.to_owned(), |ppm| percent(lang, ppm, decimals))
}

/// How much of the period was measured; nothing when the period is empty.
pub fn measured(lang: Lang, month: &Availability) -> String {
    share(lang, (month.millis.total() > 0).then(|| month.measured_ppm()), 0)
}

/// A round-trip time, or nothing.
pub fn rtt_or_nothing(lang: Lang, us: Option<u32>) -> String {
    us.map_or_else(|| NOTHING.to_owned(), |us| rtt(lang, us))
}

/// The verdict's words and style.
pub fn verdict(lang: Lang, theme: &Theme, verdict: Verdict) -> (&'static str, Style) {
    match verdict {
        Verdict::Met => (text(lang, "dash.verdict_met"), Style::new()),
        Verdict::Missed => (text(lang, "dash.verdict_missed"), theme.fault()),
        Verdict::NotProven => (text(lang, "dash.verdict_not_proven"), theme.unknown()),
    }
}

/// "12/87 %": how full a line is, received and sent; a fault where more than 90 of a hundred of what
/// was contracted are used, as the rule on capacity has it.
pub fn used(lang: Lang, theme: &Theme, used: Option<Used>) -> Line {
    let Some(used) = used else { return Line::plain(NOTHING) };
    let one = |permille: Option<u32>| match permille {
        Some(permille) => number(lang, i64::from((permille + 5) / 10)),
        None => NOTHING.to_owned(),
    };
    let is_full = [used.inward, used.outward].into_iter().flatten().any(|p| p > ALLOWED_PERMILLE);
    let style = if is_full { theme.poor() } else { Style::new() };
    Line::styled(format!("{}/{} %", one(used.inward), one(used.outward)), style)
}

/// What kind of thing is worked on, and its name.
pub fn worked_on(lang: Lang, board: &Board, on: &WorkedOn) -> (&'static str, String) {
    match on {
        WorkedOn::Subject(id) => {
            let name = board.subject(id).map(|s| subject_title(board, s));
            (text(lang, "dash.work_subject"), name.unwrap_or_else(|| id.to_string()))
        }
        WorkedOn::Unit(id) => {
            let name = board.unit(id).map(|u| u.name.clone());
            (text(lang, "dash.work_unit"), name.unwrap_or_else(|| id.to_string()))
        }
        WorkedOn::Carrier(id) => {
            let name = board.carriers.iter().find(|c| c.id == *id).map(|c| c.name.clone());
            (text(lang, "dash.work_carrier"), name.unwrap_or_else(|| id.to_string()))
        }
    }
}

/// When work recurs, or that it takes place once.
pub fn recurs_words(lang: Lang, work: &Work) -> String {
    match (&work.every, work.recurring) {
        (Some(every), _) => recurrence_words(lang, every),
        (None, true) => text(lang, "dash.works.by_calendar").to_owned(),
        (None, false) => text(lang, "dash.works.once").to_owned(),
    }
}
