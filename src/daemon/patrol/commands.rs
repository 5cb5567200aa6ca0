//! What users command, performed: the core decides, the store is told, clients hear of it.

use std::collections::BTreeMap;

use serde_json::json;

use super::Patrol;
use crate::api::{AckRequest, Acknowledged, Problem, User, Work, WorkRequest};
use crate::model::{Ack, Id, Incident, IncidentId, KeptIncident, Maintenance, SubjectId, UnixMs};
use crate::store::{EventKind, Fact};

impl Patrol {
    /// Takes up the one-off work that the store remembers.
    pub(in crate::daemon) fn remember(&mut self, recorded: Vec<Maintenance>) {
        self.works.remember(recorded);
    }

    pub(in crate::daemon) fn acknowledge(
        &mut self,
        request: &AckRequest,
        by: &User,
        now: UnixMs,
    ) -> Result<Acknowledged, Problem> {
        let ack = request.ack(&by.name, now)?;
        let incident = self.incident_of(&request.subject)?;
        if let Some(earlier) = incident.ack.as_ref().filter(|ack| ack.holds_at(now)) {
            let message = format!("{} has taken this incident already", earlier.by);
            let who = Some(earlier.by.clone());
            return Err(Problem::new("already_acknowledged", message).done(who, earlier.at));
        }
        let kept = kept(incident, ack.clone());
        let detail = json!({ "incident": kept.id, "note": ack.note, "until": ack.until });
        tracing::info!(incident = %kept.id, by = %by.name, uid = by.uid, "acknowledged");
        self.acks.0.insert(kept.id.clone(), ack.clone());
        let (id, root) = (kept.id.clone(), kept.root.clone());
        self.batch.facts.push(Fact::Incident(kept));
        self.event(now, EventKind::Acknowledged, Some(root), signed(detail, Some(by)));
        self.is_stale = true;
        self.submit();
        Ok(Acknowledged { incident: id, ack })
    }

    /// The open incident that the subject is the root or a consequence of.
    fn incident_of(&self, subject: &SubjectId) -> Result<&Incident, Problem> {
        let ix = self.inventory().find_subject(subject.as_str()).ok_or_else(|| {
            Problem::new("unknown_subject", format!("the inventory has no subject '{subject}'"))
        })?;
        let root = self.health.view(ix).cause.map(|cause| self.id(cause));
        let is_it = |i: &&Incident| i.members().any(|m| m == subject || Some(m) == root.as_ref());
        self.incidents.iter().find(is_it).ok_or_else(|| {
            Problem::new("no_incident", format!("nothing is open that concerns '{subject}'"))
        })
    }

    pub(in crate::daemon) fn announce(
        &mut self,
        id: Id,
        request: WorkRequest,
        by: &User,
        now: UnixMs,
    ) -> Result<(Work, bool), Problem> {
        let inventory = std::sync::Arc::clone(self.inventory());
        let (answer, facts) = self.works.announce(&inventory, id, request, by, now)?;
        self.works_changed(facts, "maintenance announced", &answer.0, by);
        Ok(answer)
    }

    pub(in crate::daemon) fn end_maintenance(
        &mut self,
        id: &Id,
        by: &User,
        now: UnixMs,
    ) -> Result<Work, Problem> {
        let inventory = std::sync::Arc::clone(self.inventory());
        let (work, facts) = self.works.end(&inventory, id, by, now)?;
        self.works_changed(facts, "maintenance ended", &work, by);
        Ok(work)
    }

    fn works_changed(&mut self, facts: Vec<Fact>, what: &str, work: &Work, by: &User) {
        if facts.is_empty() {
            return;
        }
        tracing::info!(id = %work.id, by = %by.name, uid = by.uid, "{what}");
        self.batch.facts.extend(facts);
        self.is_stale = true;
        self.submit();
    }

    pub(in crate::daemon) fn maintenance(&self, now: UnixMs) -> Vec<Work> {
        self.works.list(self.inventory(), now)
    }

    pub(in crate::daemon) fn explain(
        &self,
        subject: &SubjectId,
    ) -> Result<serde_json::Value, Problem> {
        let ix = self.inventory().find_subject(subject.as_str()).ok_or_else(|| {
            Problem::new("unknown_subject", format!("the inventory has no subject '{subject}'"))
        })?;
        let view = self.health.view(ix);
        Ok(json!({
            "subject": subject,
            "state": view.state,
            "since": view.since,
            "cause": view.cause.map(|cause| self.id(cause)),
            "suspect": view.suspect,
            "last_round": view.last_round,
            "thresholds": self.inventory().subject(ix).health,
        }))
    }
}

/// An event's detail with who commanded it, for whoever asks later; `None`: nobody did.
pub(super) fn signed(mut detail: serde_json::Value, by: Option<&User>) -> serde_json::Value {
    if let Some(by) = by {
        detail["uid"] = json!(by.uid);
        detail["user"] = json!(by.name);
        detail["role"] = json!(by.role);
    }
    detail
}

/// Who has taken what.
#[derive(Debug, Default)]
pub(super) struct Acks(BTreeMap<IncidentId, Ack>);

impl Acks {
    /// The incidents with the acknowledgements that hold.
    pub(super) fn marked(&self, mut open: Vec<Incident>, now: UnixMs) -> Vec<Incident> {
        for incident in &mut open {
            incident.ack = self.0.get(&incident.id).filter(|ack| ack.holds_at(now)).cloned();
        }
        open
    }
}

fn kept(incident: &Incident, ack: Ack) -> KeptIncident {
    KeptIncident {
        id: incident.id.clone(),
        root: incident.root.clone(),
        opened: incident.opened,
        since: incident.since,
        closed: None,
        state: incident.state,
        told: None,
        told_at: None,
        ack: Some(ack),
        split_from: incident.split_from.clone(),
        merged_into: None,
    }
}
