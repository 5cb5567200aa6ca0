//! What is known of one subject, and why it is in its state.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::device;
use super::lines::{loss, strip};
use crate::coverage::verdict;
use crate::dash::board::Board;
use crate::dash::board::Subject;
use crate::dash::draw::{Line, line, rows};
use crate::dash::view::Shot;
use crate::dash::words::{
    NOTHING, Standing, measured, root_title, rtt_or_nothing, share, standing, subject_title,
    verdict as verdict_words,
};
use crate::locale::{self, duration, incident_notes, number, percent, rtt, text, visible};
use crate::model::{Incident, RoundError, State, SubjectId, UnitId};
use crate::t;

/// Columns of the labels.
const LABEL: u16 = 12;

/// What comes before what has been said of an incident.
const FIRST: [&str; 5] = [
    "dash.fact_state",
    "dash.fact_why",
    "dash.fact_incident",
    "dash.fact_carrier",
    "dash.fact_contact",
];

/// Most links of the way to a subject that are shown.
const WAY: usize = 6;

/// Whom to call in a unit, or in the nearest unit above that names somebody.
pub fn contact(board: &Board, id: &UnitId) -> Option<String> {
    let mut at = board.unit(id);
    while let Some(unit) = at {
        let contact = &unit.contact;
        let parts: Vec<&str> = [&contact.name, &contact.phone, &contact.email]
            .into_iter()
            .filter_map(Option::as_deref)
            .collect();
        if !parts.is_empty() {
            let whose = (unit.id != *id).then(|| format!("{}: ", unit.short));
            return Some(format!("{}{}", whose.unwrap_or_default(), parts.join(", ")));
        }
        at = board.parent(&unit.id);
    }
    None
}

/// Lines that what comes first takes in `columns`: its state, why, its carrier, whom to call.
pub fn first_lines(shot: &Shot<'_>, subject: Subject<'_>, columns: u16) -> u16 {
    let room = usize::from(columns.saturating_sub(LABEL + 1));
    let is_first = |label: &str| FIRST.contains(&label);
    let first = list(shot, subject).into_iter().filter(|(label, _)| is_first(label));
    let lines: usize = first.map(|(_, words)| words.wrap(room).len()).sum();
    u16::try_from(lines).unwrap_or(u16::MAX)
}

/// Lines that all of it takes in `columns`.
pub fn lines(shot: &Shot<'_>, subject: Subject<'_>, columns: u16) -> usize {
    let room = usize::from(columns.saturating_sub(LABEL + 1));
    list(shot, subject).iter().map(|(_, words)| words.wrap(room).len().max(1)).sum()
}

/// Draws the facts from the top of `area` on; returns the lines taken.
pub fn draw(shot: &Shot<'_>, subject: Subject<'_>, area: Rect, buffer: &mut Buffer) -> u16 {
    draw_from(shot, list(shot, subject), 0, area, buffer)
}

/// The same without what is said of the open incident that the subject is in.
pub fn draw_alone(shot: &Shot<'_>, subject: Subject<'_>, area: Rect, buffer: &mut Buffer) -> u16 {
    let mut facts = list(shot, subject);
    facts.retain(|(label, _)| *label != "dash.fact_incident");
    draw_from(shot, facts, 0, area, buffer)
}

/// Puts whom to call before why, and behind both what people have said, which may be long: where there
/// is no room for all that comes first, its end is cut off.
fn call_first(facts: &mut [(&'static str, Line)]) {
    let place = |facts: &[(&'static str, Line)], wanted: &str| {
        facts.iter().position(|(label, _)| *label == wanted)
    };
    if let Some(at) = place(facts, "dash.fact_carrier").filter(|at| *at > 0) {
        facts[1..=at].rotate_right(1);
    }
    let (said, last) = (place(facts, "dash.fact_incident"), place(facts, "dash.fact_contact"));
    if let (Some(said), Some(last)) = (said, last)
        && said < last
    {
        facts[said..=last].rotate_left(1);
    }
}

/// Draws facts from line `top` on.
pub fn draw_from(
    shot: &Shot<'_>,
    mut facts: Vec<(&'static str, Line)>,
    top: usize,
    area: Rect,
    buffer: &mut Buffer,
) -> u16 {
    let columns = area.width.saturating_sub(LABEL + 1);
    let of_first = facts.iter().filter(|(label, _)| FIRST.contains(label));
    let first: usize = of_first.map(|(_, words)| words.wrap(usize::from(columns)).len()).sum();
    if first > usize::from(area.height) {
        call_first(&mut facts);
    }
    let mut above = top;
    let mut y = 0;
    for (label, content) in facts {
        if y >= area.height {
            break;
        }
        let pieces = content.wrap(usize::from(columns));
        let count = pieces.len().max(1);
        if above >= count {
            above -= count;
            continue;
        }
        let row = rows(area, y, 1);
        let label = Line::styled(text(shot.ui.lang, label), shot.theme.dim());
        line(buffer, Rect { width: LABEL.min(row.width), ..row }, 0, &label);
        let at = LABEL + 1;
        let room =
            Rect { x: row.x + at.min(row.width), width: columns, height: area.height - y, ..row };
        y += written(buffer, room, pieces.into_iter().skip(std::mem::take(&mut above)).collect())
            .max(1);
    }
    y
}

/// Writes a line over as many rows as it needs, broken between words; returns how many.
pub fn wrapped(buffer: &mut Buffer, area: Rect, content: &Line) -> u16 {
    if area.is_empty() {
        return 0;
    }
    written(buffer, area, content.wrap(usize::from(area.width)))
}

/// Writes a line that is broken into pieces already; returns how many are written.
fn written(buffer: &mut Buffer, area: Rect, mut broken: Vec<Line>) -> u16 {
    // Nobody is to take what was cut off for the end.
    if broken.len() > usize::from(area.height) {
        broken.truncate(usize::from(area.height));
        if let Some(last) = broken.pop() {
            broken.push(last.open_ended(usize::from(area.width)));
        }
    }
    let mut y = 0;
    for piece in &broken {
        line(buffer, rows(area, y, 1), 0, piece);
        y += 1;
    }
    y
}

/// Labels (keys of texts) and contents.
pub fn list(shot: &Shot<'_>, subject: Subject<'_>) -> Vec<(&'static str, Line)> {
    let (lang, theme, board) = (shot.ui.lang, shot.theme, shot.board);
    let now = subject.now();
    let since = board.local(now.since);
    let Standing { glyph, word, style } = standing(lang, theme, now);
    let mut state = Line::styled(format!("{glyph} {word}"), style);
    let at = format!("{} ({})", locale::date_time(lang, &since), shot.age(now.since));
    state.push(format!("  {}", t!(lang, "dash.since", at = at)), Style::new());
    if now.suspect > 0 {
        let confirm = subject.thresholds().confirm;
        let words = t!(lang, "dash.suspect_of", failed = now.suspect, confirm = confirm);
        state.push(format!("  {words}"), theme.poor());
    }
    if now.planned {
        state.push(format!("  {}", text(lang, "dash.is_planned")), theme.strong());
    }
    if now.flapping {
        state.push(format!("  {}", text(lang, "dash.is_flapping")), theme.poor());
    }
    // Where room is short the end is cut off: what it is, why, and whom to call come first.
    let mut facts =
        vec![("dash.fact_state", state), ("dash.fact_why", Line::plain(why(shot, subject)))];
    facts.extend(said(shot, subject).map(|words| ("dash.fact_incident", words)));
    facts.extend(carrier(shot, subject).map(|words| ("dash.fact_carrier", words)));
    if let Some(contact) = contact(board, subject.unit()) {
        facts.push(("dash.fact_contact", Line::plain(contact)));
    }
    facts.extend(device::lines(shot, subject));
    facts.push(("dash.fact_recent", recent(shot, subject)));
    facts.push(("dash.fact_month", month(shot, subject)));
    facts.extend(way(shot, subject).map(|words| ("dash.fact_way", words)));
    facts.extend(device::neighbours(shot, subject));
    facts.push(("dash.fact_address", address(shot, subject)));
    facts.push(("dash.fact_pace", Line::plain(pace(shot, subject))));
    facts
}

/// Address, bandwidth and id.
fn address(shot: &Shot<'_>, subject: Subject<'_>) -> Line {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let address = subject.address();
    let mut what = Line::plain(address.unwrap_or_else(|| text(lang, "dash.no_address")));
    if let Some(kbps) = subject.bandwidth_kbps() {
        let milli_mbps = i64::try_from(kbps).unwrap_or(i64::MAX);
        let decimals = u8::from(kbps % 1000 != 0);
        let words = locale::decimal(lang, milli_mbps, decimals);
        what.push(format!("  {words} Mbit/s"), Style::new());
    }
    what.push(format!("  {}", subject.id()), theme.dim());
    what
}

/// What is said of the open incident that the subject is in; `None` where it is in none or nothing is
/// said.
fn said(shot: &Shot<'_>, subject: Subject<'_>) -> Option<Line> {
    let cause = subject.now().cause;
    let is_in =
        |incident: &&Incident| incident.members().any(|id| id == subject.id() || Some(id) == cause);
    said_of(shot, shot.board.incidents.iter().find(is_in)?)
}

/// What is said of an open incident: who has taken it, when, until when and with which words, what its
/// cause is.
pub fn said_of(shot: &Shot<'_>, incident: &Incident) -> Option<Line> {
    let (lang, at) = (shot.ui.lang, shot.board.at);
    let mut said = incident_notes(lang, incident, at);
    if let Some(ack) = incident.ack.as_ref().filter(|ack| ack.holds_at(at)) {
        let by = visible(&ack.by);
        let taken = t!(lang, "incident.taken", by = by);
        if let Some(words) = said.iter_mut().find(|words| **words == taken) {
            *words = t!(lang, "ack.already", by = by, when = shot.when(ack.at));
            if let Some(until) = ack.until {
                let until = t!(lang, "incident.taken_until", when = shot.until(until));
                *words = format!("{words} {until}");
            }
            if !ack.note.is_empty() {
                *words = format!("{words}: {}", visible(&ack.note));
            }
        }
    }
    if let Some(noted) = incident.noted.as_ref().filter(|noted| !noted.note.is_empty()) {
        said.push(visible(&noted.note));
    }
    (!said.is_empty()).then(|| Line::styled(said.join(" · "), shot.theme.strong()))
}

/// Carrier, circuit, hotline, contract: whom to call and what to say.
fn carrier(shot: &Shot<'_>, subject: Subject<'_>) -> Option<Line> {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let carrier = shot.board.carrier(subject);
    if carrier.is_none() && subject.circuit().is_none() {
        return None;
    }
    let mut words = Line::plain(carrier.map_or(NOTHING, |c| &c.name));
    if let Some(circuit) = subject.circuit() {
        words.push(format!(", {}", t!(lang, "dash.circuit", circuit = circuit)), Style::new());
    }
    if let Some(hotline) = carrier.and_then(|c| c.hotline.as_ref()) {
        words.push(format!(", {}", t!(lang, "dash.hotline", hotline = hotline)), theme.strong());
    }
    if let Some(contract) = carrier.and_then(|c| c.contract.as_ref()) {
        words.push(format!(", {contract}"), theme.dim());
    }
    Some(words)
}

/// Why the subject is in its state, with the thresholds that decided.
fn why(shot: &Shot<'_>, subject: Subject<'_>) -> String {
    let (lang, limits) = (shot.ui.lang, subject.thresholds());
    let loss = percent(lang, u32::from(limits.loss_permille) * 1000, 0);
    let rtt = rtt(lang, limits.rtt_us);
    let title = |id: &SubjectId| {
        let incident = shot.board.incidents.iter().find(|incident| incident.root == *id);
        let root = incident.map(|incident| root_title(shot.board, incident));
        let subject = || shot.board.subject(id).map(|s| subject_title(shot.board, s));
        root.or_else(subject).unwrap_or_else(|| id.to_string())
    };
    let said = subject.now().trouble.and_then(|trouble| locale::trouble_words(lang, trouble));
    if let Some(trouble) = said.filter(|_| subject.now().state != State::Up) {
        return match subject.now().trouble {
            // That it does not say anything is not what it says.
            Some(RoundError::Snmp(_)) if subject.now().state.is_outage() => trouble.into_owned(),
            Some(RoundError::Service(_)) => trouble.into_owned(),
            Some(RoundError::Over(threshold)) if threshold.is_found() => trouble.into_owned(),
            Some(RoundError::Snmp(_)) => t!(lang, "dash.why_but", trouble = trouble),
            _ => t!(lang, "dash.why_said", trouble = trouble),
        };
    }
    match subject.now().state {
        _ if subject.now().off_hours => text(lang, "dash.why_off_hours").to_owned(),
        State::Up => t!(lang, "dash.why_up", loss = loss, rtt = rtt),
        State::Degraded if subject.now().backup.is_some() => {
            let root = subject.now().backup.map(title).unwrap_or_default();
            t!(lang, "dash.why_backup", root = root)
        }
        State::Degraded => {
            t!(lang, "dash.why_degraded", poor = limits.poor, loss = loss, rtt = rtt)
        }
        State::Down => t!(lang, "dash.why_down", confirm = limits.confirm),
        State::Unreachable => match subject.now().cause {
            Some(cause) => t!(lang, "dash.why_unreachable", root = title(cause)),
            None => text(lang, "dash.why_unreachable_unknown").to_owned(),
        },
        State::Unmeasured if subject.address().is_none() => {
            text(lang, "dash.why_no_address").to_owned()
        }
        State::Unmeasured => text(lang, "dash.why_unmeasured").to_owned(),
    }
}

/// The last rounds as a strip with the last one's figures.
fn recent(shot: &Shot<'_>, subject: Subject<'_>) -> Line {
    let (lang, now) = (shot.ui.lang, subject.now());
    let mut words = strip(shot, subject, 20);
    if words.width() > 0 {
        words.push("  ", Style::new());
    }
    let rtt = rtt_or_nothing(lang, now.rtt_us);
    words.push(t!(lang, "dash.last_rtt", rtt = rtt), Style::new());
    let lost = loss(shot, now.loss_permille);
    words.push(format!(", {}", t!(lang, "dash.last_loss", loss = lost)), Style::new());
    if let Some(at) = now.last_round {
        let at = locale::clock(&shot.board.local(at));
        words.push(format!(", {}", t!(lang, "dash.last_at", at = at)), shot.theme.dim());
    }
    words
}

/// The month so far: availability, measured share, service level, verdict, outages.
fn month(shot: &Shot<'_>, subject: Subject<'_>) -> Line {
    let (lang, theme, month) = (shot.ui.lang, shot.theme, subject.month());
    let mut words = Line::styled(share(lang, month.delivered_ppm(), 2), theme.strong());
    let measured = measured(lang, &month);
    words.push(format!(", {}", t!(lang, "dash.month_measured", share = measured)), Style::new());
    if let Some(sla_ppm) = subject.sla_ppm() {
        let level = percent(lang, sla_ppm, 2);
        words.push(format!(", SLA ≥ {level}: "), Style::new());
        let found = verdict(&month, sla_ppm, shot.board.measured_floor_ppm);
        let (found, style) = verdict_words(lang, theme, found);
        words.push(found, style);
    }
    let lost_ms = month.millis.down + month.millis.unreachable;
    let outages = if month.outages == 0 {
        text(lang, "dash.month_no_outages").to_owned()
    } else {
        let count = number(lang, i64::from(month.outages));
        t!(lang, "dash.month_outages", count = count, lost = duration(lang, lost_ms))
    };
    words.push(format!(", {outages}"), Style::new());
    words
}

/// What the subject is reached through, nearest first; where there are several ways the failing
/// one is followed.
fn way(shot: &Shot<'_>, subject: Subject<'_>) -> Option<Line> {
    let theme = shot.theme;
    let mut words = Line::default();
    let mut at = subject;
    for depth in 0..WAY {
        let ways: Vec<Subject<'_>> = at.via().collect();
        let failing = ways.iter().find(|s| s.state().is_outage());
        let Some(next) = failing.or(ways.first()).copied() else { break };
        if depth > 0 {
            words.push(theme.path(), theme.dim());
        }
        let Standing { glyph, style, .. } = standing(shot.ui.lang, theme, next.now());
        words.push(format!("{glyph} "), style);
        words.push(subject_title(shot.board, next), Style::new());
        if ways.len() > 1 {
            words.push(format!(" (+{})", ways.len() - 1), theme.dim());
        }
        at = next;
    }
    (words.width() > 0).then_some(words)
}

/// How often it is asked and how many rounds decide.
fn pace(shot: &Shot<'_>, subject: Subject<'_>) -> String {
    let (lang, limits) = (shot.ui.lang, subject.thresholds());
    t!(
        lang,
        "dash.pace",
        interval = seconds(shot, limits.interval_ms),
        retry = seconds(shot, limits.retry_ms),
        confirm = limits.confirm,
        recover = limits.recover
    )
}

/// "30 giây", "0,5 giây".
fn seconds(shot: &Shot<'_>, ms: i64) -> String {
    let lang = shot.ui.lang;
    let decimals = u8::from(ms % 1000 != 0);
    t!(lang, "dash.seconds", count = locale::decimal(lang, ms, decimals))
}
