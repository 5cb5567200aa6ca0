//! Announced work in words.

use super::{incident, status};
use crate::api::{Snapshot, Work};
use crate::locale::{self, Lang, visible};
use crate::model::{UnitId, WorkedOn};
use crate::t;

/// What is worked on, with its id: `Huyện Cái Bè (cai-be)`.
fn target(snapshot: &Snapshot, on: &WorkedOn, lang: Lang) -> String {
    let unit = |id: &UnitId| snapshot.units.iter().find(|u| u.id == *id);
    let (name, id, key) = match on {
        WorkedOn::Unit(id) => (unit(id).map(|u| &u.name), id.as_str(), "maintenance.on_unit"),
        WorkedOn::Carrier(id) => {
            let found = snapshot.carriers.iter().find(|c| c.id == *id);
            (found.map(|c| &c.name), id.as_str(), "maintenance.on_carrier")
        }
        WorkedOn::Subject(id) => {
            let found = snapshot.subjects.iter().find(|s| s.id == *id);
            let unit = found.and_then(|s| unit(&s.unit));
            (unit.map(|u| &u.name), id.as_str(), "maintenance.on_subject")
        }
    };
    let name = visible(name.map_or(id, |name| name));
    locale::format(lang, key, &[("name", name), ("id", visible(id))])
}

fn count(work: &Work, lang: Lang) -> String {
    t!(lang, "maintenance.subjects", count = locale::number(lang, i64::from(work.subjects)))
}

fn span(snapshot: &Snapshot, work: &Work, lang: Lang) -> String {
    let when = |at| locale::date_time(lang, &incident::local(snapshot, at));
    t!(
        lang,
        "maintenance.span",
        from = when(work.next.from),
        to = when(work.next.to),
        length = locale::duration(lang, work.next.len_ms())
    )
}

/// What has been announced and what it covers.
pub fn announced(snapshot: &Snapshot, work: &Work, is_new: bool, lang: Lang) -> String {
    let id = visible(work.id.as_str());
    let head = if is_new {
        t!(lang, "maintenance.announced", id = id)
    } else {
        t!(lang, "maintenance.stands", id = id)
    };
    body(snapshot, work, head, lang)
}

/// What has been ended or called off.
pub fn ended(snapshot: &Snapshot, work: &Work, lang: Lang) -> String {
    let head = t!(lang, "maintenance.ended", id = visible(work.id.as_str()));
    body(snapshot, work, head, lang)
}

fn body(snapshot: &Snapshot, work: &Work, head: String, lang: Lang) -> String {
    let recurs = work.every.zip(work.until).map_or_else(String::new, |(every, until)| {
        let until = locale::date_time(lang, &incident::local(snapshot, until));
        let every = locale::recurrence_words(lang, &every);
        format!("  {}\n", t!(lang, "maintenance.every", every = every, until = until))
    });
    format!(
        "{head}\n  {}: {}\n{recurs}  {}\n  {} · {}\n",
        target(snapshot, &work.on, lang),
        count(work, lang),
        span(snapshot, work, lang),
        visible(&work.by),
        visible(&work.note),
    )
}

/// The work of now and to come, a row each.
pub fn list(snapshot: &Snapshot, works: &[Work], lang: Lang) -> String {
    if works.is_empty() {
        return t!(lang, "maintenance.none") + "\n";
    }
    let heading = |key| locale::text(lang, key).to_owned();
    let mut rows = vec![[
        heading("maintenance.id"),
        heading("maintenance.target"),
        heading("maintenance.from"),
        heading("maintenance.to"),
        heading("maintenance.kind"),
        heading("maintenance.by"),
        heading("common.note"),
    ]];
    rows.extend(works.iter().map(|work| {
        let when = |at| locale::date_time(lang, &incident::local(snapshot, at));
        let once = match (work.recurring, work.next.contains(snapshot.at)) {
            (false, true) => "maintenance.running",
            (false, false) => "maintenance.coming",
            (true, true) => "maintenance.recurring_running",
            (true, false) => "maintenance.recurring",
        };
        [
            visible(work.id.as_str()),
            format!("{}: {}", target(snapshot, &work.on, lang), count(work, lang)),
            when(work.next.from),
            when(work.next.to),
            heading(once),
            visible(&work.by),
            visible(&work.note),
        ]
    }));
    let mut out = String::new();
    status::table(&mut out, &rows, rows[0].len());
    out
}
