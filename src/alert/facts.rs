//! What is known of an incident, put into a [`Notice`]: pure, from the inventory and what the core
//! says.

use super::notice::{Notice, Severity, Subject, Topic, UNITS_MAX, UnitName};
use crate::health::{News, Telling};
use crate::model::{Impact, Incident, Inventory, State, SubjectId, SubjectIx, UnitId, UnixMs};

/// Most services that a notice names.
const SERVICES_MAX: usize = 50;

/// What the core wants told; `None` for its reminders: how often a route reminds is for the route
/// to say. `open` is the incident while it is open.
#[must_use]
pub fn told(
    inventory: &Inventory,
    telling: &Telling,
    open: Option<&Incident>,
    now: UnixMs,
) -> Option<Notice> {
    let topic = topic_of(telling.news);
    let severity = match topic {
        Topic::Degraded => Severity::Degraded,
        Topic::Flapping => Severity::Flapping,
        Topic::Blind => Severity::Blind,
        Topic::Reminder => return None,
        // How bad it was is known to whoever told it.
        _ => Severity::Down,
    };
    let mut notice = blank(topic, severity, now);
    notice.incident = Some(telling.incident.clone());
    notice.since = telling.since;
    if matches!(topic, Topic::Recovered | Topic::Removed) {
        notice.until = Some(telling.until.unwrap_or(now));
    }
    notice.subject = telling.subject.as_ref().and_then(|id| subject(inventory, id));
    if let Some(carrier) = &telling.carrier {
        let known = inventory.carriers.iter().find(|c| c.id == *carrier);
        notice.through = Some(known.map_or_else(|| carrier.to_string(), |c| c.name.clone()));
    }
    set_impact(&mut notice, inventory, &telling.impact);
    if let Some(open) = open {
        notice.guess.clone_from(&open.guess);
        notice.ack.clone_from(&open.ack);
    }
    Some(notice)
}

/// What the core calls news, as a topic.
#[must_use]
pub const fn topic_of(news: News) -> Topic {
    match news {
        News::Down => Topic::Down,
        News::Degraded => Topic::Degraded,
        News::Flapping => Topic::Flapping,
        News::Blind => Topic::Blind,
        News::Recovered => Topic::Recovered,
        News::Removed => Topic::Removed,
        News::Reminder => Topic::Reminder,
    }
}

/// An open incident as it stands now.
#[must_use]
pub fn open(inventory: &Inventory, incident: &Incident, topic: Topic, now: UnixMs) -> Notice {
    let severity = match incident.state {
        _ if incident.flapping => Severity::Flapping,
        State::Degraded => Severity::Degraded,
        _ => Severity::Down,
    };
    let mut notice = blank(topic, severity, now);
    notice.incident = Some(incident.id.clone());
    notice.since = incident.since;
    notice.subject = subject(inventory, &incident.root);
    set_impact(&mut notice, inventory, &incident.impact);
    notice.guess.clone_from(&incident.guess);
    notice.ack.clone_from(&incident.ack);
    notice
}

/// A notice that says nothing yet.
#[must_use]
pub const fn blank(topic: Topic, severity: Severity, now: UnixMs) -> Notice {
    Notice {
        topic,
        severity,
        incident: None,
        merged_into: None,
        at: now,
        since: now,
        until: None,
        subject: None,
        through: None,
        unreachable: 0,
        units: Vec::new(),
        units_count: 0,
        services: Vec::new(),
        guess: None,
        ack: None,
        reason: None,
        storm: None,
        parts: Vec::new(),
    }
}

fn set_impact(notice: &mut Notice, inventory: &Inventory, impact: &Impact) {
    notice.unreachable = impact.unreachable;
    notice.units_count = u32::try_from(impact.units.len()).unwrap_or(u32::MAX);
    notice.units =
        impact.units.iter().take(UNITS_MAX).filter_map(|id| unit(inventory, id)).collect();
    let services = impact.services.iter().take(SERVICES_MAX);
    notice.services = services
        .map(|id| {
            let known = inventory.find_subject(id.as_str());
            known.map_or_else(|| id.to_string(), |ix| inventory.subject(ix).name.clone())
        })
        .collect();
}

fn unit(inventory: &Inventory, id: &UnitId) -> Option<UnitName> {
    let unit = inventory.unit(inventory.find_unit(id.as_str())?);
    Some(UnitName { id: unit.id.clone(), name: unit.name.clone(), kind: unit.kind })
}

fn subject(inventory: &Inventory, id: &SubjectId) -> Option<Subject> {
    let ix: SubjectIx = inventory.find_subject(id.as_str())?;
    let subject = inventory.subject(ix);
    let unit = inventory.unit(subject.unit);
    let mut named = Subject {
        id: id.clone(),
        kind: subject.kind(),
        name: Some(subject.name.clone()),
        unit: UnitName { id: unit.id.clone(), name: unit.name.clone(), kind: unit.kind },
        above: unit.parent.map(|parent| inventory.unit(parent).name.clone()),
        network: None,
        carrier: None,
        hotline: None,
        circuit: None,
        contact: unit.contact.clone(),
    };
    if let Some(line) = subject.connection() {
        let network = inventory.network(line.network);
        named.network = Some((network.name.clone(), network.name_en.clone()));
        named.circuit.clone_from(&line.circuit);
        if let Some(carrier) = line.carrier.map(|c| inventory.carrier(c)) {
            named.carrier = Some(carrier.name.clone());
            named.hotline.clone_from(&carrier.hotline);
        }
    }
    Some(named)
}
