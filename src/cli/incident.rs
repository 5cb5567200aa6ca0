//! An open incident in one line, and which of them a word means.

use super::unit;
use crate::api::Snapshot;
use crate::locale::{self, Lang, visible};
use crate::model::{Incident, UnitId, UnixMs};
use crate::t;

/// The line that people read: state, unit, root, since when, what it cuts off, who has taken it.
pub fn line(snapshot: &Snapshot, incident: &Incident, lang: Lang) -> String {
    let age = snapshot.at.since(incident.since).max(0);
    let when = local(snapshot, incident.since);
    let mut parts = vec![
        format!("{} {}", locale::state_glyph(incident.state), short(snapshot, &incident.unit)),
        visible(incident.root.as_str()),
        locale::state_name(lang, incident.state).to_owned(),
        t!(lang, "status.since", when = locale::date_time(lang, &when)),
        locale::duration(lang, age),
    ];
    parts.extend(impact(incident, lang));
    parts.extend(locale::incident_notes(lang, incident, snapshot.at));
    parts.join(" · ")
}

/// What it cuts off; `None` when that is nothing.
pub fn impact(incident: &Incident, lang: Lang) -> Option<String> {
    let (units, subjects) = (incident.impact.units.len(), incident.impact.unreachable);
    let is_any = (units, subjects) != (0, 0);
    is_any.then(|| t!(lang, "status.impact", units = units, subjects = subjects))
}

/// An instant in the snapshot's zone.
pub fn local(snapshot: &Snapshot, at: UnixMs) -> jiff::ZonedDateTime {
    let zone = jiff::tz::TimeZone::get(&snapshot.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    at.to_timestamp().to_zoned_datetime(zone)
}

fn short(snapshot: &Snapshot, id: &UnitId) -> String {
    let found = snapshot.units.iter().find(|u| u.id == *id);
    visible(found.map_or(id.as_str(), |u| &u.short))
}

/// The word, where it may be the name of an incident: no id of a subject or a unit has `@` in it.
pub fn name(word: &str) -> Option<&str> {
    let word = word.trim();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./@:".contains(c);
    (word.contains('@') && word.chars().all(is_plain)).then_some(word)
}

/// The open incidents that `word` means: the one with this id; the one that a subject is in, as a
/// root or as a consequence; those whose root is in a unit or beneath it, else those that cut the
/// unit off. None is an answer.
///
/// # Errors
/// When the word names neither an incident, nor a subject, nor exactly one unit; the text says so
/// in `lang`.
pub fn meant<'a>(
    snapshot: &'a Snapshot,
    word: &str,
    lang: Lang,
) -> anyhow::Result<Vec<&'a Incident>> {
    let word = word.trim();
    let those = |is_meant: &dyn Fn(&Incident) -> bool| -> Vec<&'a Incident> {
        snapshot.incidents.iter().filter(|i| is_meant(i)).collect()
    };
    // No id of a subject or a unit has this character in it: an incident, perhaps over by now.
    if word.contains('@') {
        return Ok(those(&|i| i.id.as_str() == word));
    }
    if let Some(subject) = snapshot.subjects.iter().find(|s| s.id.as_str() == word) {
        let is_root = |i: &Incident| i.members().any(|m| *m == subject.id);
        let of_cause = |i: &Incident| i.members().any(|m| Some(m) == subject.now.cause.as_ref());
        return Ok(those(&|i| is_root(i) || of_cause(i)));
    }
    let units = snapshot.units.iter().map(|unit| unit::Candidate {
        key: unit,
        id: unit.id.as_str(),
        name: &unit.name,
        short: &unit.short,
    });
    let root = unit::find(lang, word, units)?;
    let mut inside = std::collections::HashSet::from([&root.id]);
    // Parents stand before their children.
    for unit in &snapshot.units {
        if unit.parent.as_ref().is_some_and(|parent| inside.contains(parent)) {
            inside.insert(&unit.id);
        }
    }
    let found = those(&|i| inside.contains(&i.unit));
    Ok(if found.is_empty() { those(&|i| i.impact.units.contains(&root.id)) } else { found })
}

#[cfg(test)]
mod tests {
    use super::super::sample::{NOW, snapshot};
    use super::*;
    use crate::model::Ack;

    fn roots(word: &str) -> Result<Vec<String>, String> {
        let snapshot = snapshot();
        let found = meant(&snapshot, word, Lang::En).map_err(|e| e.to_string())?;
        Ok(found.iter().map(|i| i.root.to_string()).collect())
    }

    #[test]
    fn only_what_may_be_an_incident_is_asked_for_by_its_name() {
        let id = "cai-be/tslcd@2020-01-01T00:00:00Z";
        assert_eq!(name(&format!(" {id} ")), Some(id));
        for word in ["cai-be/tslcd", "Cái Bè", "a@b c", "a@b&c=d", "a@b#"] {
            assert_eq!(name(word), None, "{word}");
        }
    }

    #[test]
    fn a_word_means_an_incident_a_subject_of_it_or_a_unit_of_it() {
        let cai_be = Ok(vec!["cai-be/tslcd".to_owned()]);
        let id = snapshot().incidents[0].id.to_string();
        for word in
            [&*id, "cai-be/tslcd", "cai-be.xa/tslcd", "cai-be", " huyen cai be ", "Hòa Khánh"]
        {
            assert_eq!(roots(word), cai_be, "{word}");
        }
        let both = vec!["cai-lay/tslcd".to_owned(), "cai-lay.xa/tslcd".to_owned()];
        assert_eq!(roots("cai-lay"), Ok(both));
        assert_eq!(roots("cai-lay.xa"), Ok(vec!["cai-lay.xa/tslcd".to_owned()]));
        for word in ["my-tho", "my-tho/tslcd", "cai-be/tslcd@2020-01-01T00:00:00Z"] {
            assert_eq!(roots(word), Ok(Vec::new()), "{word}");
        }
        assert!(roots("sa-dec").is_err_and(|e| e.contains("sa-dec")));
        assert!(roots("cai").is_err(), "a part of several units' names");
    }

    #[test]
    fn the_line_says_who_has_taken_it_and_that_it_is_planned() {
        let mut snapshot = snapshot();
        let ack = Ack { by: "l\u{202e}an".to_owned(), note: String::new(), at: NOW, until: None };
        snapshot.incidents[0].ack = Some(ack);
        snapshot.incidents[0].planned = true;
        assert_eq!(
            line(&snapshot, &snapshot.incidents[0], Lang::En),
            "× Huyện Cái Bè · cai-be/tslcd · down · since 2026-11-26 16:48 · 11 min 07 s · cuts off \
             2 units, 1 subject unreachable · announced work · l‹U+202E›an has taken it"
        );
        if let Some(ack) = &mut snapshot.incidents[0].ack {
            ack.until = Some(NOW);
        }
        assert!(line(&snapshot, &snapshot.incidents[0], Lang::En).ends_with("announced work"));
        assert_eq!(
            line(&snapshot, &snapshot.incidents[1], Lang::Vi),
            "▲ Huyện Cai Lậy · cai-lay/tslcd · Suy giảm · từ 26/11/2026 16:48 · 11 phút 07 giây"
        );
    }
}
