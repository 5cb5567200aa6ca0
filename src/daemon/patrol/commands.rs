//! What users command, performed: the core decides, the store is told, clients hear of it.

use std::collections::BTreeSet;

use serde_json::json;

use super::Patrol;
use crate::api::{
    AckRequest, Acknowledged, AskRequest, AskedNow, NoteRequest, Noted, Problem, User, Work,
    WorkRequest,
};
use crate::daemon::notes::{self, KnownOutage, Recorded};
use crate::health::{AckError, Effect, Explanation};
use crate::locale::Lang;
use crate::model::{Cause, Id, Incident, OutageNote, SubjectId, SubjectIx, UnixMs};
use crate::store::{EventKind, Fact};
use crate::t;

impl Patrol {
    pub(in crate::daemon) fn acknowledge(
        &mut self,
        request: &AckRequest,
        by: &User,
        now: UnixMs,
    ) -> Result<Acknowledged, Problem> {
        let ack = request.ack(&by.name, now)?;
        let subject = self.find(&request.subject)?;
        let mut effects = Vec::new();
        let taken = self.health.acknowledge(subject, ack.clone(), &mut effects);
        let incident = taken.map_err(|error| match error {
            AckError::Taken(earlier) => {
                let message = t!(Lang::En, "reason.taken_by", by = earlier.by);
                let problem = Problem::new("already_acknowledged", message);
                problem.done(Some(earlier.by), earlier.at)
            }
            AckError::NoIncident => {
                let message = t!(Lang::En, "reason.nothing_open", subject = request.subject);
                Problem::new("no_incident", message)
            }
        })?;
        tracing::info!(%incident, by = %by.name, uid = by.uid, "acknowledged");
        let detail = json!({ "incident": incident, "note": ack.note, "until": ack.until });
        let root = self.health.incidents().iter().find(|i| i.id == incident);
        let root = root.map(|i| i.root.clone());
        self.event(now, EventKind::Acknowledged, root, signed(detail, Some(by)));
        self.alert_taken(&incident, &ack, now);
        self.perform(effects, now);
        self.submit();
        Ok(Acknowledged { incident, ack })
    }

    /// Writes down what an outage was, of which the store has `found`; what it was called before stays in
    /// the log.
    pub(in crate::daemon) fn note_outage(
        &mut self,
        request: NoteRequest,
        found: Option<Recorded>,
        by: &User,
        now: UnixMs,
    ) -> Result<Noted, Problem> {
        let found = found.map(|found| self.notes.add_to(&request.subject, found));
        let KnownOutage { start, end, before } = notes::allow(found, &request)?;
        let NoteRequest { subject, cause, note, .. } = request;
        let mut lines = if end.is_none() { self.down_with(&subject) } else { Vec::new() };
        let with = lines.iter().map(|(line, ..)| line.clone()).collect();
        lines.insert(0, (subject.clone(), start, before));
        for (subject, start, before) in lines {
            tracing::info!(%subject, %start, cause = cause.as_str(), by = %by.name, uid = by.uid, "outage noted");
            let detail = json!({ "start": start, "cause": cause, "note": note, "before": before });
            let detail = signed(detail, Some(by));
            self.event(now, EventKind::OutageNoted, Some(subject.clone()), detail);
            let (note, by) = (note.clone(), by.name.clone());
            self.notes.take(subject, OutageNote { start, cause, note, by, at: now });
        }
        self.has_new_note = true;
        self.submit();
        Ok(Noted { subject, start, end, cause, note, by: by.name.clone(), before, with })
    }

    /// The other lines of the open incident that a subject is a root of, with the beginnings of their outages:
    /// what cuts one unit off has one cause, and whichever of them comes back last gives the incident its
    /// name. Of which something was said already is left out.
    fn down_with(&self, subject: &SubjectId) -> Vec<(SubjectId, UnixMs, Option<Cause>)> {
        let is_member = |i: &&Incident| i.state.is_outage() && i.members().any(|m| m == subject);
        let Some(incident) = self.health.incidents().iter().find(is_member) else {
            return Vec::new();
        };
        let others = incident.members().filter(|member| *member != subject);
        let lasting = others.filter_map(|member| {
            let view = self.health.view(self.find(member).ok()?);
            let is_unsaid = view.state.is_outage() && self.notes.of(member, view.since).is_none();
            is_unsaid.then(|| (member.clone(), view.since, None))
        });
        lasting.collect()
    }

    /// Has subjects asked at once, beside their turns. Nothing is changed by it: it is in the log
    /// of the process and no event.
    pub(in crate::daemon) fn ask_now(
        &mut self,
        request: &AskRequest,
        by: &User,
        now: UnixMs,
    ) -> Result<AskedNow, Problem> {
        let found = request.subjects.iter().map(|id| self.find(id));
        let subjects = found.collect::<Result<Vec<SubjectIx>, Problem>>()?;
        let wanted: BTreeSet<SubjectIx> = subjects.into_iter().collect();
        let (wanted, never): (Vec<SubjectIx>, Vec<SubjectIx>) =
            wanted.into_iter().partition(|s| self.health.is_patrolled(*s));
        // Who is being asked for somebody else is not asked a second time: one answer does for both.
        let (joined, asked): (Vec<SubjectIx>, Vec<SubjectIx>) =
            wanted.into_iter().partition(|s| self.recents[s.ix()].is_asked_at(now));
        let addresses: usize = asked.iter().map(|s| self.targets.of(*s).len()).sum();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let answer = AskedNow {
            subjects: count(asked.len()),
            joined: count(joined.len()),
            addresses: count(addresses),
            never: never.into_iter().map(|subject| self.id(subject)).collect(),
        };
        tracing::info!(
            subjects = answer.subjects,
            joined = answer.joined,
            by = %by.name,
            uid = by.uid,
            "asked now"
        );
        for subject in &asked {
            self.recents[subject.ix()].ask(now);
        }
        let effects = asked.into_iter().map(|subject| Effect::AskNow { subject }).collect();
        self.perform(effects, now);
        Ok(answer)
    }

    pub(super) fn find(&self, subject: &SubjectId) -> Result<SubjectIx, Problem> {
        self.inventory().find_subject(subject.as_str()).ok_or_else(|| {
            let message = t!(Lang::En, "reason.unknown_subject", subject = subject);
            Problem::new("unknown_subject", message)
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
        let (answer, facts) =
            self.works.announce(&inventory, id, request, (by, &self.config.timezone), now)?;
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
        self.health.set_maintenance(self.works.in_effect());
        self.is_stale = true;
        self.submit();
    }

    pub(in crate::daemon) fn maintenance(&self, now: UnixMs) -> Vec<Work> {
        self.works.list(self.inventory(), now)
    }

    pub(in crate::daemon) fn explain(
        &self,
        subject: &SubjectId,
        now: UnixMs,
    ) -> Result<Explanation, Problem> {
        Ok(self.health.explain(self.find(subject)?, now))
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
