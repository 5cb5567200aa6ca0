//! Messages on which an operator's templates are tried: with everything a notice can have, and with
//! nothing it need not have.

use crate::alert::facts::blank;
use crate::alert::notice::{Notice, Severity, StormNote, Subject, Topic, UnitName};
use crate::model::{
    Ack, Cause, Contact, Guess, IncidentId, Sign, SubjectId, SubjectKind, UnitId, UnitKind, UnixMs,
};

/// When the trial messages are written: 2026-11-26T00:40:00Z.
pub(super) const NOW: UnixMs = UnixMs(1_795_653_600_000);

const MINUTE_MS: i64 = 60_000;

/// A few messages of a topic.
pub(super) fn notices(topic: Topic) -> Vec<Notice> {
    let bare = bare(topic);
    // The unit and the root are made of ids that are slugs: they are always there.
    let Some(full) = full(topic) else { return vec![bare] };
    let subject = full.subject.clone().map(|subject| Subject {
        name: None,
        above: None,
        network: None,
        carrier: None,
        hotline: None,
        circuit: None,
        contact: Contact::default(),
        ..subject
    });
    match topic {
        Topic::Digest => {
            let parts = vec![full.clone()];
            let of_storm = Notice { parts: parts.clone(), storm: storm(topic), ..full.clone() };
            vec![bare, Notice { parts, ..full }, of_storm]
        }
        Topic::StormBegan | Topic::StormEnded => {
            let full = storm(topic).map(|storm| Notice { storm: Some(storm), ..bare.clone() });
            let lonely = full.clone().map(|full| Notice {
                storm: full.storm.map(|storm| StormNote {
                    note: String::new(),
                    folded: 0,
                    open: 0,
                    is_gone: true,
                    ..storm
                }),
                ..full
            });
            full.into_iter().chain(lonely).collect()
        }
        Topic::ChannelLost | Topic::ChannelBack | Topic::Blind | Topic::Test => {
            vec![Notice { through: Some("VNPT".to_owned()), ..bare.clone() }, bare]
        }
        // Troubles of something, which always have a subject.
        Topic::Down | Topic::Degraded | Topic::Flapping | Topic::Update => {
            let lonely = Notice { subject, incident: full.incident.clone(), ..bare };
            vec![full, lonely]
        }
        Topic::Reminder
        | Topic::Escalation
        | Topic::Acknowledged
        | Topic::Recovered
        | Topic::Removed
        | Topic::Merged
        | Topic::Passed => {
            let merged_into = full.merged_into.clone();
            let lonely = Notice { subject, merged_into, severity: Severity::Down, ..bare.clone() };
            vec![full, lonely, bare]
        }
    }
}

/// A notice of the patrol itself, with what every notice has.
fn bare(topic: Topic) -> Notice {
    Notice { since: NOW - 20 * MINUTE_MS, ..blank(topic, Severity::Blind, NOW) }
}

/// A storm mode, with all that it may have.
fn storm(topic: Topic) -> Option<StormNote> {
    Some(StormNote {
        unit: UnitId::new("cai-be").ok()?,
        name: "Huyện Cái Bè".to_owned(),
        since: NOW - 180 * MINUTE_MS,
        until: NOW + 60 * MINUTE_MS,
        by: "lan".to_owned(),
        note: "Bão số 9".to_owned(),
        folded: if topic == Topic::StormEnded { 37 } else { 0 },
        open: if topic == Topic::StormEnded { 3 } else { 0 },
        is_gone: false,
    })
}

fn full(topic: Topic) -> Option<Notice> {
    let unit = |id, name: &str, kind| {
        Some(UnitName { id: UnitId::new(id).ok()?, name: name.to_owned(), kind })
    };
    let text = |text: &str| Some(text.to_owned());
    let root = SubjectId::new("cai-be/tslcd").ok()?;
    let since = NOW - 20 * MINUTE_MS;
    let district = unit("cai-be", "Huyện Cái Bè", UnitKind::District)?;
    let commune = unit("cai-be.an-cu", "Xã An Cư", UnitKind::Commune)?;
    Some(Notice {
        severity: Severity::Down,
        incident: Some(IncidentId::new(root.as_str(), since)),
        merged_into: (topic == Topic::Merged).then(|| IncidentId::new("core/tslcd", since)),
        since,
        until: topic.is_over().then_some(NOW),
        subject: Some(Subject {
            id: root,
            kind: SubjectKind::Connection,
            name: text("Trục VNPT"),
            unit: district.clone(),
            above: text("Tỉnh Tiền Giang"),
            network: text("TSLCD").zip(text("TSLCD")),
            carrier: text("VNPT"),
            hotline: text("0273 000 9001"),
            circuit: text("TG-T-09"),
            contact: Contact { name: text("A"), phone: text("0273 000"), email: text("a@b.vn") },
        }),
        unreachable: 2,
        units: vec![district, commune],
        units_count: 2,
        services: vec!["Cổng dịch vụ công".to_owned()],
        guess: Some(Guess { cause: Cause::Power, signs: vec![Sign::Announced] }),
        ack: Some(Ack {
            by: "lan".to_owned(),
            note: "VNPT đang xử lý".to_owned(),
            at: since,
            until: Some(NOW + 60 * MINUTE_MS),
        }),
        reason: text("duty"),
        ..bare(topic)
    })
}
