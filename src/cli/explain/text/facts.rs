//! What an explanation rests on, one labelled line each.

use super::Told;
use crate::cli::explain::{Source, state_word};
use crate::health::{ParentSeen, PassageSeen, PhaseSeen};
use crate::locale::{self, duration, rtt, state_glyph, visible};
use crate::t;

impl Told<'_> {
    /// What it rests on: labels and sentences, those of one label together.
    pub(super) fn facts(&self) -> Vec<(&'static str, String)> {
        let (lang, e, limits) = (self.lang, self.e, &self.e.thresholds);
        let mut facts = vec![("explain.label_phase", self.phase())];
        if let Some(record) = &self.account.record {
            let words = t!(
                lang,
                "explain.record",
                state = state_word(lang, record.state),
                since = self.when(record.from)
            );
            facts.push(("explain.label_record", words));
        }
        if e.is_planned {
            facts.push(("explain.label_planned", t!(lang, "explain.planned")));
        }
        if let Some(until) = e.off_hours_until {
            let words = t!(lang, "explain.off_hours", until = self.when(until));
            facts.push(("explain.label_off_hours", words));
        }
        if let Some(words) = self.incident() {
            facts.push(("explain.label_incident", words));
        }
        for parent in &e.parents {
            facts.push(("explain.label_way", self.parent(parent)));
        }
        if let Some(cause) = &e.backup {
            let words = t!(lang, "explain.backup", cause = visible(cause.as_str()));
            facts.push(("explain.label_backup", words));
        }
        for (carrier, since) in &self.account.blind {
            let since = self.when(*since);
            let words = match carrier {
                Some(name) => {
                    t!(lang, "explain.sight_blind_carrier", since = since, carrier = name)
                }
                None => t!(lang, "explain.sight_blind", since = since),
            };
            facts.push(("explain.label_sight", words));
        }
        match e.is_seen {
            _ if !self.account.blind.is_empty() => {}
            // What the sentinels answered is not kept, only when they made the patrol blind: of a
            // past time nothing waits for them any more.
            None if self.account.source != Source::Daemon => {
                facts.push(("explain.label_sight", t!(lang, "explain.sight_not_kept")));
            }
            Some(false) => facts.push(("explain.label_sight", t!(lang, "explain.sight_was_blind"))),
            None => facts.push(("explain.label_sight", t!(lang, "explain.sight_wait"))),
            Some(true) if self.account.has_sentinels => {
                facts.push(("explain.label_sight", t!(lang, "explain.sight_seen")));
            }
            Some(true) => {}
        }
        facts.extend(self.asked().map(|words| ("explain.label_counts", words)));
        let poor = t!(lang, "explain.poor_of", poor = e.poor_rounds, limit = limits.poor);
        facts.push(("explain.label_poor", format!("{poor}; {}", self.poor_limits())));
        if e.secondary_fails {
            facts.push(("explain.label_poor", t!(lang, "explain.secondary_fails")));
        }
        if e.is_flapping || e.change_permille > 0 {
            facts.push(("explain.label_flapping", self.flapping()));
        }
        let words = t!(
            lang,
            "explain.limits",
            confirm = limits.confirm,
            recover = limits.recover,
            window = duration(lang, limits.correlation_window_ms)
        );
        facts.push(("explain.label_limits", words));
        let words = t!(
            lang,
            "explain.pace",
            interval = duration(lang, limits.interval_ms),
            retry = duration(lang, limits.retry_ms)
        );
        facts.push(("explain.label_pace", words));
        facts
    }

    fn phase(&self) -> String {
        let (lang, limits) = (self.lang, &self.e.thresholds);
        let confirm = limits.confirm;
        match self.e.phase {
            PhaseSeen::Steady => t!(lang, "explain.phase_steady"),
            PhaseSeen::Suspect { first, failed } => {
                let first = self.when(first);
                t!(lang, "explain.phase_suspect", failed = failed, confirm = confirm, first = first)
            }
            PhaseSeen::Held { first, failed, until } => t!(
                lang,
                "explain.phase_held",
                failed = failed,
                confirm = confirm,
                first = self.when(first),
                until = self.when(until)
            ),
            PhaseSeen::Recovering { first, answered } => t!(
                lang,
                "explain.phase_recovering",
                answered = answered,
                recover = limits.recover,
                first = self.when(first)
            ),
            PhaseSeen::Proving { from, failed } => {
                let from = self.when(from);
                t!(lang, "explain.phase_proving", failed = failed, confirm = confirm, from = from)
            }
        }
    }

    /// When it was asked and when it answered last.
    fn asked(&self) -> Option<String> {
        let (lang, e) = (self.lang, self.e);
        let last = e.last_round?;
        let vouched = self.when(e.vouched_until.unwrap_or(last));
        let asked = t!(lang, "explain.last_round", last = self.when(last), vouched = vouched);
        let answered = match e.last_answer {
            Some(answer) => t!(lang, "explain.last_answer", answer = self.when(answer)),
            None => t!(lang, "explain.never_answered"),
        };
        Some(format!("{asked}; {answered}"))
    }

    fn poor_limits(&self) -> String {
        let (lang, limits) = (self.lang, &self.e.thresholds);
        let (loss, slow) = (self.loss(), self.rtt());
        let Some(tenths) = limits.baseline_tenths else {
            return t!(lang, "explain.poor_limits", loss = loss, rtt = slow);
        };
        let times = locale::decimal(lang, i64::from(tenths) * 100, u8::from(tenths % 10 != 0));
        match self.e.usual_us {
            Some(usual_us) => t!(
                lang,
                "explain.poor_usual",
                loss = loss,
                rtt = slow,
                times = times,
                usual = rtt(lang, usual_us)
            ),
            None => {
                t!(lang, "explain.poor_usual_unknown", loss = loss, rtt = slow, times = times)
            }
        }
    }

    fn flapping(&self) -> String {
        let (lang, e, limits) = (self.lang, self.e, &self.e.thresholds);
        let (rate, window) = (self.rate(e.change_permille), limits.flap_window);
        if e.is_flapping {
            let low = self.rate(limits.flap_low_permille);
            t!(lang, "explain.flapping_on", rate = rate, window = window, low = low)
        } else {
            let high = self.rate(limits.flap_high_permille);
            t!(lang, "explain.flapping_off", rate = rate, window = window, high = high)
        }
    }

    fn parent(&self, parent: &ParentSeen) -> String {
        let lang = self.lang;
        let seen = t!(
            lang,
            "explain.parent",
            id = visible(parent.id.as_str()),
            state = state_word(lang, parent.state),
            since = self.when(parent.since)
        );
        let mut parts = vec![format!("{} {seen}", state_glyph(parent.state))];
        if parent.suspect > 0 {
            parts.push(t!(lang, "explain.parent_suspect", failed = parent.suspect));
        }
        parts.push(match (parent.passage, &parent.cause) {
            (PassageSeen::Open, _) => t!(lang, "explain.way_open"),
            (PassageSeen::Blocked, Some(cause)) if *cause != parent.id => {
                t!(lang, "explain.way_blocked_by", cause = visible(cause.as_str()))
            }
            (PassageSeen::Blocked, _) => t!(lang, "explain.way_blocked"),
            (PassageSeen::Undecided, _) => t!(lang, "explain.way_undecided"),
        });
        if let Some(answer) = parent.last_answer.filter(|_| parent.passage != PassageSeen::Open) {
            parts.push(t!(lang, "explain.last_answer", answer = self.when(answer)));
        }
        parts.join("; ")
    }

    fn incident(&self) -> Option<String> {
        let lang = self.lang;
        let id = visible(self.e.incident.as_ref()?.as_str());
        let Some(ack) = &self.account.ack else {
            return Some(t!(lang, "explain.incident_nobody", id = id));
        };
        let at = self.when(ack.at);
        let mut words = t!(lang, "explain.incident_taken", id = id, by = visible(&ack.by), at = at);
        if let Some(until) = ack.until {
            words.push_str(&format!(
                ", {}",
                t!(lang, "explain.incident_until", until = self.when(until))
            ));
        }
        if !ack.note.is_empty() {
            words.push_str(&format!(": {}", visible(&ack.note)));
        }
        Some(words)
    }
}
