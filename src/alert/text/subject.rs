//! What a notice is about, in a few words: the root cause, where it stands and what is wrong with it.

use super::clean::clean;
use crate::alert::notice::{Notice, Severity, Subject, Topic};
use crate::locale::{Lang, text};
use crate::model::{IncidentId, SubjectKind};
use crate::t;

/// Networks whose short name everybody knows.
const NETWORKS: [(&str, &str); 3] = [
    ("common.net.tslcd", "common.net.tslcd_short"),
    ("common.net.wan", "common.net.wan_short"),
    ("common.net.lan", "common.net.lan_short"),
];

/// Kinds of unit as Vietnamese names begin with them; inside a sentence they are written small.
const KINDS: [&str; 7] = ["Huyện", "Thị xã", "Thành phố", "Tỉnh", "Thị trấn", "Phường", "Xã"];

/// What is wrong: "mất kết nối", "suy giảm".
pub(super) fn state(notice: &Notice, lang: Lang) -> &'static str {
    let is_service = notice.subject.as_ref().is_some_and(|s| s.kind == SubjectKind::Service);
    match notice.severity {
        _ if is_blind(notice) => text(lang, "notice.state_blind"),
        Severity::Flapping => text(lang, "notice.state_flapping"),
        Severity::Degraded => text(lang, "notice.state_degraded"),
        Severity::Down if is_service => text(lang, "notice.state_service_down"),
        Severity::Down => text(lang, "notice.state_down"),
        Severity::Blind => text(lang, "notice.state_blind"),
    }
}

/// True of what is about the patrol itself. That a subject is missing does not say so: one that was
/// taken out of the inventory has none, either.
pub(super) const fn is_blind(notice: &Notice) -> bool {
    matches!(notice.severity, Severity::Blind) || matches!(notice.topic, Topic::Blind)
}

/// Where: "Xã An Cư (huyện Cái Bè)"; empty without a subject.
pub(super) fn place(notice: &Notice, lang: Lang) -> String {
    let Some(subject) = &notice.subject else { return String::new() };
    let unit = clean(&subject.unit.name);
    match subject.above.as_deref().map(clean).filter(|above| !above.is_empty()) {
        Some(above) => format!("{unit} ({})", inside_a_sentence(lang, above)),
        None => unit,
    }
}

/// What of the unit's: "TSLCD", "TSLCD (Trục VNPT)", "thiết bị router-1", "dịch vụ Thư
/// điện tử"; empty without a subject.
pub(super) fn target(notice: &Notice, lang: Lang) -> String {
    let Some(subject) = &notice.subject else { return String::new() };
    let name = name(subject);
    let named = name.clone().unwrap_or_else(|| clean(subject.id.as_str()));
    match (subject.kind, network(subject, lang)) {
        (SubjectKind::Connection, Some(network)) => line(network, name),
        (SubjectKind::Connection, None) => named,
        (SubjectKind::Device, _) => t!(lang, "notice.device", name = named),
        (SubjectKind::Service, _) => t!(lang, "notice.service", name = named),
    }
}

/// "TSLCD", "TSLCD 2", "TSLCD (Trục VNPT)": a line by its network, and by its name where that says
/// more.
fn line(network: String, name: Option<String>) -> String {
    match name {
        Some(name) if name.starts_with(&network) => name,
        Some(name) => format!("{network} ({name})"),
        None => network,
    }
}

/// What a subject is called, without the unit that the inventory puts behind a name it made itself:
/// "router-1 – TT. Cái Bè" of Thị trấn Cái Bè is "router-1".
fn name(subject: &Subject) -> Option<String> {
    let name = subject.name.as_deref().map(clean).filter(|name| !name.is_empty())?;
    let (head, unit) = name.rsplit_once(" – ").unwrap_or((&name, ""));
    let bare = unit.split_once(". ").map_or(unit, |(_, bare)| bare);
    let part = subject.id.as_str().rsplit('/').next().unwrap_or_default();
    let is_made = head.to_lowercase().replace(' ', "-") == part;
    let is_own = !bare.is_empty() && (is_made || clean(&subject.unit.name).ends_with(bare));
    Some(if is_own { head.trim().to_owned() } else { name }).filter(|name| !name.is_empty())
}

/// The short name of a line's network.
pub(super) fn network(subject: &Subject, lang: Lang) -> Option<String> {
    let (vi, en) = subject.network.as_ref()?;
    let is_called = |key| text(Lang::Vi, key) == vi || text(Lang::En, key) == en;
    if let Some((_, short)) = NETWORKS.into_iter().find(|(long, _)| is_called(long)) {
        return Some(text(lang, short).to_owned());
    }
    let name = clean(match lang {
        Lang::Vi => vi,
        Lang::En => en,
    });
    (!name.is_empty()).then_some(name)
}

/// What it is about in one line: "Xã An Cư (huyện Cái Bè) – TSLCD"; without a subject the carrier or
/// channel that it is about, the id of a root that the inventory no longer has, else the patrol
/// itself.
pub(super) fn root(notice: &Notice, lang: Lang) -> String {
    if notice.subject.is_some() {
        return format!("{} – {}", place(notice, lang), target(notice, lang));
    }
    let through = notice.through.as_deref().map(clean);
    let gone = || notice.incident.as_ref().filter(|_| !is_blind(notice)).map(root_of);
    through
        .filter(|name| !name.is_empty())
        .or_else(|| gone().filter(|name| !name.is_empty()))
        .unwrap_or_else(|| text(lang, "notice.patrol").to_owned())
}

/// The root in an incident's id, which is what stands before the time it opened at.
pub(super) fn root_of(incident: &IncidentId) -> String {
    let id = incident.as_str();
    clean(id.rsplit_once('@').map_or(id, |(root, _)| root))
}

fn inside_a_sentence(lang: Lang, name: String) -> String {
    let starts = |kind: &str| name.strip_prefix(kind).is_some_and(|r| r.starts_with(' '));
    if lang == Lang::En || !KINDS.into_iter().any(starts) {
        return name;
    }
    let mut chars = name.chars();
    chars.next().into_iter().flat_map(char::to_lowercase).chain(chars).collect()
}
