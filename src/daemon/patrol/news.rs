//! What the core decided that is news rather than something to do: facts for the store, events
//! for the log.

use serde_json::json;

use super::Patrol;
use crate::health::{self, Change, Effect, Telling};
use crate::model::{State, SubjectIx, UnixMs};
use crate::store::{EventKind, Fact};

/// Subjects that are switched off after hours, or on before them, are told of together when none
/// has been for so long.
const SWITCHED_MS: i64 = 1_800_000;

/// How many subjects were switched off outside their hours, and on again.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Switched {
    off: u32,
    on: u32,
    first: Option<UnixMs>,
    last: UnixMs,
}

impl Switched {
    fn count(&mut self, is_on: bool, now: UnixMs) {
        if is_on {
            self.on += 1;
        } else {
            self.off += 1;
        }
        self.first.get_or_insert(now);
        self.last = now;
    }
}

impl Patrol {
    /// Takes one piece of news.
    pub(super) fn note(&mut self, effect: Effect, now: UnixMs) {
        match effect {
            Effect::Incident { incident, guess, change, units, unreachable } => {
                self.is_stale = true;
                let kind = match change {
                    Change::Opened => Some(EventKind::IncidentOpened),
                    Change::Closed => Some(EventKind::IncidentClosed),
                    Change::Changed => None,
                };
                if let Some(kind) = kind {
                    let detail = json!({
                        "incident": incident.id,
                        "since": incident.since,
                        "state": incident.state,
                        "unreachable": unreachable,
                        "units": units,
                        "guess": guess,
                        "merged_into": incident.merged_into,
                        "split_from": incident.split_from,
                    });
                    self.event(now, kind, Some(incident.root.clone()), detail);
                }
                self.alert_of(&incident, change, now);
                self.batch.facts.push(Fact::Incident(*incident));
            }
            Effect::Tell(telling) => self.tell(&telling, now),
            Effect::Flapping { subject, begins } => {
                let kind = if begins { EventKind::Flapping } else { EventKind::Calmed };
                self.event(now, kind, Some(self.id(subject)), json!({}));
                self.dirty.insert(subject);
                self.is_stale = true;
            }
            Effect::Usual { subject, hour, usual } => {
                let subject = self.id(subject);
                let health::Usual { usual_us, rounds } = usual;
                self.batch.facts.push(Fact::Baseline { subject, hour, usual_us, rounds });
            }
            Effect::Blind { carrier, since, until } => {
                let kind = if until.is_some() { EventKind::Seeing } else { EventKind::Blind };
                match until {
                    None => tracing::warn!(?carrier, %since, "blind: the sentinels are lost"),
                    Some(until) => tracing::info!(?carrier, %since, %until, "seeing again"),
                }
                let detail = json!({ "carrier": carrier, "since": since, "until": until });
                self.event(now, kind, None, detail);
                self.batch.facts.push(Fact::Blind { carrier, since, until });
                self.is_stale = true;
            }
            // What is to be done is done by the patrol itself.
            Effect::Record { .. }
            | Effect::Verdict { .. }
            | Effect::Pace { .. }
            | Effect::AskNow { .. }
            | Effect::AskSentinels => {}
        }
    }

    fn tell(&mut self, telling: &Telling, now: UnixMs) {
        tracing::info!(
            incident = %telling.incident,
            news = ?telling.news,
            unreachable = telling.impact.unreachable,
            units = telling.impact.units.len(),
            "to be told"
        );
        let detail = json!({
            "incident": telling.incident,
            "news": telling.news,
            "since": telling.since,
            "carrier": telling.carrier,
            "unreachable": telling.impact.unreachable,
            "units": telling.impact.units,
        });
        self.event(now, EventKind::Told, telling.subject.clone(), detail);
        self.alert(telling, now);
    }

    /// True when the verdict is that of a subject that is switched off outside its hours, or on
    /// again in time: a hundred of these are one line of the log.
    pub(super) fn is_switched(
        &mut self,
        subject: SubjectIx,
        after: State,
        outage_since: Option<UnixMs>,
        since: UnixMs,
        now: UnixMs,
    ) -> bool {
        let start = if after.is_outage() { since } else { outage_since.unwrap_or(now) };
        let is_news = after.is_outage() || outage_since.is_some();
        let is_switched = is_news && self.health.is_off_hours(subject, start, now);
        if is_switched {
            self.switched.count(after.is_live(), now);
        }
        is_switched
    }

    /// The one line about those that were switched off or on.
    pub(super) fn tell_switched(&mut self, now: UnixMs) {
        let Some(first) = self.switched.first else { return };
        if now.since(self.switched.last) < SWITCHED_MS {
            return;
        }
        let Switched { off, on, last, .. } = std::mem::take(&mut self.switched);
        tracing::info!(off, on, from = %first, to = %last, "switched off or on outside hours");
        let detail = json!({ "off": off, "on": on, "from": first, "to": last });
        self.event(now, EventKind::Switched, None, detail);
    }
}
