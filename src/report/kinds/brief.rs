//! The morning's ten lines and the page that a shift leaves to the next: plain text that reads the
//! same in a terminal, a chat and a mail.

use super::super::{Page, Said, Scope, coverage};
use super::bulletin::moment;
use super::outages::{Listed, list};
use super::{Bulletin, DAY_MS, bulletin};
use crate::locale::{cause_key, date_time, duration, number, percent, visible};
use crate::model::{
    CarrierIx, KeptIncident, Maintenance, Span, State, SubjectId, UnixMs, WorkedOn,
};
use crate::store::Blind;
use crate::t;

/// Most lines of one list of a handover: it is a page.
const LINES: usize = 12;

/// What lies on the duty desk besides the records.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Desk {
    /// Notes on outages.
    pub said: Said,
    /// Open now, oldest first.
    pub open: Vec<KeptIncident>,
    /// When the patrol could not see, of the window.
    pub blind: Vec<Blind>,
    /// One-off work that touches the window or the day after it.
    pub works: Vec<Maintenance>,
}

/// Ten lines at most about the scope's window, which ends now.
#[must_use]
pub fn brief(scope: &Scope<'_>, page: &Page<'_>, desk: &Desk) -> String {
    let (lang, inventory) = (page.lang, scope.inventory);
    let window = scope.window();
    let hours = number(lang, window.len_ms() / 3_600_000);
    let mut lines = vec![t!(lang, "kinds.brief_title", time = moment(page, window.to))];
    if let Some(tier) = Bulletin::tiers(scope).first() {
        let found = bulletin(&day(scope), &desk.said, *tier);
        lines.push(found.sentence(page));
        lines.extend(found.by_area(inventory, lang));
    }
    let ladder = coverage(scope);
    let networks = inventory.network_ixs().filter_map(|network| {
        let sum = ladder.of_tops(network);
        let name = visible(&inventory.network(network).short);
        (sum.required > 0).then(|| format!("{name} {}", of(page, sum.live, sum.required)))
    });
    let networks: Vec<String> = networks.collect();
    if !networks.is_empty() {
        lines.push(t!(lang, "kinds.brief_coverage", networks = networks.join(", ")));
    }
    let total = super::super::availability(scope, super::super::GroupBy::Network, false).total;
    let share = |ppm: Option<u32>| ppm.map_or_else(|| "–".to_owned(), |ppm| percent(lang, ppm, 2));
    lines.push(t!(
        lang,
        "kinds.brief_availability",
        hours = hours,
        availability = share(total.availability.delivered_ppm()),
        measured = share(Some(total.availability.measured_ppm()))
    ));
    let all = list(scope, &desk.said, true);
    let roots: Vec<&Listed> = all.iter().filter(|l| l.is_root()).collect();
    let ended = roots.iter().filter(|l| l.marked.outage.end.is_some()).count();
    let mut outages =
        t!(lang, "kinds.brief_outages", hours = hours, n = roots.len(), ended = ended);
    if let Some(longest) = roots.iter().max_by_key(|l| whole_ms(scope, l)) {
        let named = outage(scope, page, longest);
        outages += &format!(" {}", t!(lang, "kinds.brief_longest", outage = named));
    }
    lines.push(outages);
    let untaken = desk.open.iter().filter(|i| !is_taken(i, window.to)).count();
    let mut open = t!(lang, "kinds.brief_open", n = desk.open.len(), untaken = untaken);
    if let Some(oldest) = desk.open.iter().min_by_key(|i| i.since) {
        let named = incident(scope, page, oldest);
        open += &format!(" {}", t!(lang, "kinds.brief_oldest", incident = named));
    }
    lines.push(open);
    let unsaid = roots.iter().filter(|l| l.cause.is_none()).count();
    lines.push(t!(lang, "kinds.brief_unsaid", n = unsaid));
    lines.push(match &works(scope, page, desk)[..] {
        [] => t!(lang, "kinds.brief_no_work"),
        works => {
            t!(lang, "kinds.brief_work", n = works.len(), works = shortened(page, works, 2, "; "))
        }
    });
    lines.push(blind(scope, page, desk));
    lines.join("\n") + "\n"
}

/// The page about the scope's window, a shift that ends now.
#[must_use]
pub fn handover(scope: &Scope<'_>, page: &Page<'_>, desk: &Desk) -> String {
    let lang = page.lang;
    let window = scope.window();
    let (from, to) = (moment(page, window.from), moment(page, window.to));
    let mut out = t!(lang, "kinds.handover_title", from = from, to = to) + "\n";
    if let Some(tier) = Bulletin::tiers(scope).first() {
        out += &(bulletin(&day(scope), &desk.said, *tier).sentence(page) + "\n");
    }
    let mut section = |key: &str, lines: Vec<String>| {
        out += &format!("\n{}\n", t!(lang, key, n = lines.len()));
        if lines.is_empty() {
            out += &format!("- {}\n", t!(lang, "kinds.nothing"));
        }
        let left = lines.len().saturating_sub(LINES);
        lines.iter().take(LINES).for_each(|line| out += &format!("- {line}\n"));
        if left > 0 {
            out += &format!("- {}\n", t!(lang, "kinds.more", n = left));
        }
    };
    let open = desk.open.iter().map(|i| incident(scope, page, i)).collect();
    section("kinds.handover_open", open);
    let all = list(scope, &desk.said, true);
    let roots = || all.iter().filter(|l| l.is_root());
    let mut ended: Vec<&Listed> = roots().filter(|l| l.marked.outage.end.is_some()).collect();
    // A reader who gets no further than the first lines has read the worst.
    ended.sort_by_key(|l| std::cmp::Reverse(whole_ms(scope, l)));
    section("kinds.handover_ended", ended.iter().map(|l| outage(scope, page, l)).collect());
    let unsaid = roots().filter(|l| l.cause.is_none());
    section("kinds.handover_unsaid", unsaid.map(|l| l.id(scope).to_string()).collect());
    section("kinds.handover_works", works(scope, page, desk));
    out += &format!("\n{}\n", blind(scope, page, desk));
    out
}

/// The day that ends with the scope's window: what a bulletin looks back at.
fn day<'a>(scope: &Scope<'a>) -> Scope<'a> {
    let to = scope.window().to;
    Scope { period: Span::new(to - DAY_MS, to), ..*scope }
}

/// How long an outage lasted, or has lasted, whole.
fn whole_ms(scope: &Scope<'_>, listed: &Listed) -> i64 {
    let outage = &listed.marked.outage;
    outage.end.unwrap_or(scope.window().to).since(outage.start).max(0)
}

fn of(page: &Page<'_>, n: u32, all: u32) -> String {
    let lang = page.lang;
    let ppm = u64::from(n) * 1_000_000 / u64::from(all.max(1));
    let share = percent(lang, u32::try_from(ppm).unwrap_or(1_000_000), 1);
    format!("{}/{} ({share})", number(lang, i64::from(n)), number(lang, i64::from(all)))
}

fn at(page: &Page<'_>, at: UnixMs) -> String {
    date_time(page.lang, &at.to_timestamp().to_zoned_datetime(page.zone.clone()))
}

fn is_taken(incident: &KeptIncident, now: UnixMs) -> bool {
    incident.ack.as_ref().is_some_and(|ack| ack.at <= now && ack.holds_at(now))
}

/// Unit and subject: "Xã Hòa Khánh (hoa-khanh/tslcd)".
fn place(scope: &Scope<'_>, id: &SubjectId) -> String {
    let unit = scope.inventory.find_subject(id.as_str()).map(|ix| scope.inventory.subject(ix).unit);
    match unit {
        Some(unit) => format!("{} ({id})", visible(&scope.inventory.unit(unit).name)),
        None => id.to_string(),
    }
}

/// One line: where, since when, for how long, who has it, whom to call.
fn incident(scope: &Scope<'_>, page: &Page<'_>, incident: &KeptIncident) -> String {
    let lang = page.lang;
    let state = crate::locale::state_name(lang, incident.state);
    let lasts = duration(lang, scope.window().to.since(incident.since).max(0));
    let since = t!(lang, "status.since", when = at(page, incident.since));
    let mut parts = vec![place(scope, &incident.root), state.to_owned(), since, lasts];
    match incident.ack.as_ref().filter(|_| is_taken(incident, scope.window().to)) {
        Some(ack) if ack.note.is_empty() => {
            parts.push(t!(lang, "incident.taken", by = visible(&ack.by)));
        }
        Some(ack) => parts.push(format!(
            "{}: {}",
            t!(lang, "incident.taken", by = visible(&ack.by)),
            visible(&ack.note)
        )),
        None => parts.push(t!(lang, "kinds.untaken")),
    }
    parts.extend(whom(scope, &incident.root, incident.state));
    parts.join(" · ")
}

/// The carrier of a line that is down, with its number.
fn whom(scope: &Scope<'_>, root: &SubjectId, state: State) -> Option<String> {
    let subject = scope.inventory.find_subject(root.as_str()).filter(|_| state == State::Down)?;
    let carrier: CarrierIx = scope.inventory.subject(subject).connection()?.carrier?;
    let carrier = scope.inventory.carrier(carrier);
    let hotline = carrier.hotline.as_ref()?;
    Some(format!("{} {}", visible(&carrier.name), visible(hotline)))
}

fn outage(scope: &Scope<'_>, page: &Page<'_>, listed: &Listed) -> String {
    let lang = page.lang;
    let found = &listed.marked.outage;
    let end = found.end.map_or_else(|| t!(lang, "kinds.still"), |end| at(page, end));
    let cause = match listed.cause {
        Some(cause) => t!(lang, cause_key(cause)),
        None => t!(lang, "kinds.unsaid"),
    };
    let id = &scope.inventory.subject(listed.subject).id;
    let span = format!("{} – {end}", at(page, found.start));
    let mut parts = vec![place(scope, id), duration(lang, whole_ms(scope, listed)), span, cause];
    if !listed.note.is_empty() {
        parts.push(visible(&listed.note));
    }
    parts.join(" · ")
}

/// The work of now and the next 24 hours, by its beginning.
fn works(scope: &Scope<'_>, page: &Page<'_>, desk: &Desk) -> Vec<String> {
    let ahead = Span::new(scope.window().to, scope.window().to + DAY_MS);
    let all = scope.inventory.maintenance.iter().chain(&desk.works);
    let mut found: Vec<(Span, String)> = Vec::new();
    for work in all {
        let Some(span) = work.spans(ahead).first().copied() else { continue };
        let on = match &work.on {
            WorkedOn::Subject(id) => place(scope, id),
            WorkedOn::Unit(id) => {
                let unit = scope.inventory.find_unit(id.as_str());
                unit.map_or_else(|| id.to_string(), |u| visible(&scope.inventory.unit(u).name))
            }
            WorkedOn::Carrier(id) => id.to_string(),
        };
        let mut line = format!("{on} · {} – {}", at(page, span.from), at(page, span.to));
        if !work.note.is_empty() {
            line += &format!(" · {}", visible(&work.note));
        }
        found.push((span, line));
    }
    found.sort_by_key(|(span, _)| span.from);
    found.into_iter().map(|(_, line)| line).collect()
}

/// The first lines, and how many more there are.
fn shortened(page: &Page<'_>, lines: &[String], most: usize, between: &str) -> String {
    let mut shown: Vec<String> = lines.iter().take(most).cloned().collect();
    if lines.len() > most {
        shown.push(t!(page.lang, "kinds.more", n = lines.len() - most));
    }
    shown.join(between)
}

fn blind(scope: &Scope<'_>, page: &Page<'_>, desk: &Desk) -> String {
    let window = scope.window();
    let span = |b: &Blind| Span::new(b.since, b.until.unwrap_or(window.to)).intersect(window);
    let mut spans: Vec<Span> = desk.blind.iter().map(span).filter(|s| !s.is_empty()).collect();
    spans.sort_by_key(|span| span.from);
    // Carriers may be out of sight at one time: that is blind once.
    let (mut ms, mut until) = (0, window.from);
    for span in spans {
        let rest = Span::new(span.from.max(until), span.to);
        if !rest.is_empty() {
            ms += rest.len_ms();
            until = rest.to;
        }
    }
    match ms {
        0 => t!(page.lang, "kinds.never_blind"),
        ms => t!(page.lang, "kinds.blind", lasted = duration(page.lang, ms), n = desk.blind.len()),
    }
}
