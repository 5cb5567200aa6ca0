//! What services answer, and how soon they are asked again.

use super::Patrol;
use crate::daemon::services::Measured;
use crate::model::{
    Metric, Point, PointKind, Round, RoundError, Rtts, Sample, SubjectId, SubjectIx, UnixMs,
};
use crate::probe::Stats;
use crate::probe::service::{self, Said};
use crate::store::Reading;

impl Patrol {
    /// Tells the asker which services to ask: what is in force now.
    pub(super) fn follow_services(&mut self, now: UnixMs) {
        let inventory = std::sync::Arc::clone(self.inventory());
        let checks = std::mem::take(&mut self.service_checks);
        let (checks, targets) = checks.next(&inventory, &self.config, &self.addresses, now);
        self.service_checks = checks;
        self.services.set(targets);
        for subject in inventory.subject_ixs() {
            self.pace_services(subject);
        }
    }

    /// How often a subject's services are asked, as its pings are.
    pub(super) fn pace_services(&mut self, subject: SubjectIx) {
        if self.service_checks.of_subject(subject).is_empty() {
            return;
        }
        let pace = self.pace_of(subject);
        for key in self.service_checks.of_subject(subject) {
            self.services.set_pace(key, pace);
        }
    }

    /// A verdict waits for the subject.
    pub(super) fn ask_services_of(&mut self, subject: SubjectIx) {
        for key in self.service_checks.of_subject(subject) {
            self.services.ask_now(key);
        }
    }

    /// What each check measured last.
    pub(in crate::daemon) fn measured(&self) -> Vec<(SubjectId, u8, Measured)> {
        let measured = self.service_checks.measured();
        measured.map(|(subject, check, last)| (self.id(subject), check, last.clone())).collect()
    }

    /// How the askers fare, and how many messages wait.
    pub(in crate::daemon) fn figures(&self) -> (Stats, service::Stats, usize) {
        (self.prober.stats(), self.services.stats(), self.alerts.waiting())
    }

    /// Judges what a service answered.
    pub(super) fn service_said(&mut self, said: Said, now: UnixMs) {
        let Some((subject, check)) = self.service_checks.of(&said.key) else { return };
        let ago_ms = i64::try_from(said.ago.as_millis()).unwrap_or(i64::MAX);
        let at = UnixMs(now.0.saturating_sub(ago_ms));
        let round = match &said.outcome {
            Ok(detail) => Round {
                subject,
                check,
                at,
                sent: 1,
                lost: 0,
                rtts: Rtts::from_us(&[detail.rtt_us]),
                error: detail.over.map(RoundError::Over),
            },
            Err(error) => Round {
                subject,
                check,
                at,
                sent: 1,
                lost: 1,
                rtts: Rtts::default(),
                error: Some(*error),
            },
        };
        let id = self.id(subject);
        self.batch.samples.push((id.clone(), Sample::from(&round).into()));
        let points = said.outcome.map(|detail| detail.points).unwrap_or_default();
        for (name, value) in &points {
            // By the check's number as people count: a subject may be asked twice by one protocol.
            let name = format!("{name}:{}", u32::from(check) + 1).into();
            let metric = Metric { kind: PointKind::Gauge, name };
            let point = Point { at, value: *value };
            self.batch.samples.push((id.clone(), Reading::Point(metric, point)));
        }
        self.service_checks.measured.insert(said.key, points);
        let mut effects = Vec::new();
        self.health.round(&round, now, &mut effects);
        match check {
            0 if round.is_invalid() => self.recents[subject.ix()].miss(),
            0 => self.recents[subject.ix()].take(&round),
            _ => {}
        }
        self.dirty.insert(subject);
        self.health.settle(now, &mut effects);
        self.perform(effects, now);
        self.submit_news();
    }
}
