//! Why a subject was in its state at a past time: the core built anew on a virtual clock, out of
//! what the store has kept of the subject and of all that its verdicts depend on.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::patrol::show::blind_info;
use super::replay::{Input, Replay};
use super::resume::{PAST_MS, resumed, usual};
use crate::api::BlindInfo;
use crate::coverage::outages;
use crate::health::{Explanation, Memory, Resumed, Settings};
use crate::model::{
    Inventory, KeptIncident, Round, Sample, Span, State, StateInterval, SubjectId, SubjectIx, Told,
    UnixMs,
};
use crate::store::{Blind, Reader, StoreError};

/// The core begins at least this long before the time asked for, in milliseconds: what is in its
/// memory then (poor rounds, flapping) has come from rounds.
const BEFORE_MS: i64 = 2 * 3_600_000;
/// And this long before an outage that lasts at that time.
const BEFORE_OUTAGE_MS: i64 = 600_000;
/// But not earlier than this: what is older is taken up from the record.
const BEFORE_MS_MAX: i64 = 2 * 86_400_000;
/// How far back a subject's last round before the core's beginning is looked for.
const LAST_ROUND_MS: i64 = 3_600_000;

/// What was so at a past time.
#[derive(Debug, Clone, PartialEq)]
pub struct Then {
    /// What the core knew.
    pub explanation: Explanation,
    /// The incident the subject belonged to, with whoever had taken it by then.
    pub incident: Option<KeptIncident>,
    /// The subject's record at that time as it reads now: verdicts are back-dated, so it may say
    /// what the core did not know yet.
    pub record: StateInterval,
    /// What the patrol could not see then.
    pub blind: Vec<BlindInfo>,
}

/// Builds the core anew as it was at `at` and asks it about `subject`; `None` when the store knows
/// nothing of the subject then.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub fn explain_at(
    reader: &Reader,
    inventory: &Arc<Inventory>,
    settings: &Settings,
    subject: SubjectIx,
    at: UnixMs,
) -> Result<Option<Then>, StoreError> {
    let kept = Kept::read(reader, inventory, settings, subject, at)?;
    let Some(record) = kept.record(subject).last().cloned() else { return Ok(None) };
    let start = kept.start(subject, at);
    let memory = kept.memory(reader, start)?;
    let mut replay = Replay::new(
        Arc::clone(inventory),
        settings.clone(),
        Memory {
            subject: &|id| memory.subjects.get(id).cloned(),
            incidents: memory.incidents,
            maintenance: reader.maintenance(Span::new(start, at + 1))?,
        },
        start,
    );
    for (time, input) in kept.inputs(reader, settings, start, at)? {
        // Only rounds are fed: there is nothing to refuse.
        let _ = replay.feed(time, input);
    }
    replay.pass(at);
    let mut explanation = replay.explain(subject);
    let incident = incident(reader, &replay, &explanation, at)?;
    // The replay names what it opens by its own clock; the store's name is the true one.
    explanation.incident = incident.as_ref().map(|i| i.id.clone());
    let blind = replay.blind().iter().map(blind_info).collect();
    Ok(Some(Then { explanation, incident, record, blind }))
}

/// The store's incident that the subject was the root of, or cut off by, at `at`.
fn incident(
    reader: &Reader,
    replay: &Replay,
    explanation: &Explanation,
    at: UnixMs,
) -> Result<Option<KeptIncident>, StoreError> {
    let same = replay.incidents().iter().find(|i| Some(&i.id) == explanation.incident.as_ref());
    let is_root = |id: &SubjectId| {
        *id == explanation.subject
            || Some(id) == explanation.cause.as_ref()
            || same.is_some_and(|i| i.members().any(|m| m == id))
    };
    let mut open = reader.incidents(Span::new(at, at + 1))?;
    open.retain(|i| i.opened <= at && is_root(&i.root));
    Ok(open.pop().map(|mut incident| {
        incident.ack = incident.ack.filter(|ack| ack.at <= at && ack.holds_at(at));
        incident
    }))
}

/// What the store has of the subjects that matter.
struct Kept<'a> {
    inventory: &'a Inventory,
    /// The subject, all that it is reached through, and who answers at a sentinel's address.
    subjects: Vec<SubjectIx>,
    /// Their records up to the time asked for.
    records: BTreeMap<SubjectIx, Vec<StateInterval>>,
    samples: BTreeMap<SubjectIx, Vec<Sample>>,
}

/// What the core is to remember when it begins.
struct Remembered {
    subjects: BTreeMap<SubjectId, Resumed>,
    incidents: Vec<KeptIncident>,
}

impl<'a> Kept<'a> {
    fn read(
        reader: &Reader,
        inventory: &'a Inventory,
        settings: &Settings,
        subject: SubjectIx,
        at: UnixMs,
    ) -> Result<Self, StoreError> {
        let mut subjects = ancestry(inventory, subject);
        for watched in inventory.subject_ixs() {
            let checks = &inventory.subject(watched).checks;
            let is_sentinel = settings
                .sentinels
                .iter()
                .any(|s| checks.iter().any(|c| c.kind.address() == s.address));
            if is_sentinel && !subjects.contains(&watched) {
                subjects.push(watched);
            }
        }
        let mut records = BTreeMap::new();
        for &ix in &subjects {
            let id = &inventory.subject(ix).id;
            let window = Span::new(at - PAST_MS, at + 1);
            let record = reader.intervals(Some(id), window)?.remove(id).unwrap_or_default();
            records.insert(ix, until(&record, at));
        }
        let mut kept = Self { inventory, subjects, records, samples: BTreeMap::new() };
        let from = kept.wanted_start(subject, at) - LAST_ROUND_MS;
        for &ix in &kept.subjects {
            let id = &inventory.subject(ix).id;
            let mut samples = reader.samples(id, Span::new(from, at + 1))?;
            // A check that is no longer there says nothing to the checks that are.
            let checks = inventory.subject(ix).checks.len();
            samples.retain(|s| usize::from(s.check) < checks);
            kept.samples.insert(ix, samples);
        }
        Ok(kept)
    }

    fn record(&self, subject: SubjectIx) -> &[StateInterval] {
        self.records.get(&subject).map_or(&[], Vec::as_slice)
    }

    fn samples(&self, subject: SubjectIx) -> &[Sample] {
        self.samples.get(&subject).map_or(&[], Vec::as_slice)
    }

    /// Before whatever troubles the subject, or what it is reached through, at `at`.
    fn wanted_start(&self, subject: SubjectIx, at: UnixMs) -> UnixMs {
        let trouble = ancestry(self.inventory, subject).into_iter().filter_map(|ix| {
            let record = self.record(ix);
            let last = record.iter().rfind(|i| i.state != State::Unmeasured)?;
            match last.state {
                State::Up => None,
                state if state.is_outage() => outages(record).pop().map(|o| o.start),
                _ => Some(last.from),
            }
        });
        let start = trouble.map(|t| t - BEFORE_OUTAGE_MS).min().unwrap_or(at);
        start.min(at - BEFORE_MS).max(at - BEFORE_MS_MAX)
    }

    /// Where the core begins: where rounds have been kept; without any, at `at` itself.
    fn start(&self, subject: SubjectIx, at: UnixMs) -> UnixMs {
        let wanted = self.wanted_start(subject, at);
        let first = self.samples(subject).iter().map(|s| s.at).find(|t| *t >= wanted);
        first.map_or(at, |first| first.max(wanted))
    }

    fn memory(&self, reader: &Reader, start: UnixMs) -> Result<Remembered, StoreError> {
        let mut incidents = reader.incidents(Span::new(start, start + 1))?;
        incidents.retain(|i| {
            let root = self.inventory.find_subject(i.root.as_str());
            i.opened <= start && root.is_some_and(|ix| self.subjects.contains(&ix))
        });
        for incident in &mut incidents {
            // As it was when the core begins.
            incident.closed = None;
            incident.merged_into = None;
            if incident.told_at.is_some_and(|told| told > start) {
                (incident.told, incident.told_at) = (None, None);
            }
            incident.ack = incident.ack.take().filter(|ack| ack.at <= start);
        }
        let learns = |ix: &SubjectIx| self.inventory.subject(*ix).health.baseline_tenths.is_some();
        let baselines = match self.subjects.iter().any(learns) {
            true => reader.baselines()?,
            false => BTreeMap::new(),
        };
        let mut subjects = BTreeMap::new();
        for &ix in &self.subjects {
            let id = self.inventory.subject(ix).id.clone();
            let is_asked = |s: &&Sample| s.at < start && !as_round(ix, **s).is_invalid();
            let last_round = self.samples(ix).iter().rfind(is_asked).map(|s| s.at);
            let Some(mut known) = resumed(&until(self.record(ix), start - 1), last_round) else {
                continue;
            };
            known.is_flapping =
                incidents.iter().any(|i| i.root == id && i.told == Some(Told::Flapping));
            known.usual = baselines.get(&id).map(usual).unwrap_or_default();
            subjects.insert(id, known);
        }
        Ok(Remembered { subjects, incidents })
    }

    /// All rounds from `start` to `at`, in the order they were sent; a sentinel hears of its
    /// answer before the subjects at its address do, as in the daemon.
    fn inputs(
        &self,
        reader: &Reader,
        settings: &Settings,
        start: UnixMs,
        at: UnixMs,
    ) -> Result<Vec<(UnixMs, Input)>, StoreError> {
        let mut found: Vec<(UnixMs, bool, Input)> = Vec::new();
        let mut heard = vec![false; settings.sentinels.len()];
        for &ix in &self.subjects {
            let checks = &self.inventory.subject(ix).checks;
            for sample in self.samples(ix).iter().filter(|s| start <= s.at && s.at <= at) {
                let round = as_round(ix, *sample);
                let address = checks.get(usize::from(sample.check)).map(|c| c.kind.address());
                for (n, sentinel) in settings.sentinels.iter().enumerate() {
                    if Some(sentinel.address) == address && !round.is_invalid() {
                        heard[n] = true;
                        found.push((sample.at, false, Input::Sentinel(n, !round.is_failed())));
                    }
                }
                found.push((sample.at, true, Input::Round(round)));
            }
        }
        // The rounds of a sentinel that is nobody's address are not kept; what came of them is.
        let blind = reader.blind(Span::new(start, at + 1))?;
        let every_ms = self
            .subjects
            .first()
            .map_or(LAST_ROUND_MS, |s| self.inventory.subject(*s).health.retry_ms.max(1));
        for (n, sentinel) in settings.sentinels.iter().enumerate().filter(|(n, _)| !heard[*n]) {
            let is_lost = |t: UnixMs| {
                blind.iter().any(|b| b.carrier == sentinel.carrier && span(b).contains(t))
            };
            let mut t = start;
            while t <= at {
                found.push((t, false, Input::Sentinel(n, !is_lost(t))));
                t = t + every_ms;
            }
            // Its last answer is what blindness is dated from.
            for lost in blind.iter().filter(|b| b.carrier == sentinel.carrier && start < b.since) {
                found.push((lost.since - 1, false, Input::Sentinel(n, true)));
            }
        }
        found.sort_by_key(|(time, is_subject, _)| (*time, *is_subject));
        Ok(found.into_iter().map(|(time, _, input)| (time, input)).collect())
    }
}

fn span(blind: &Blind) -> Span {
    Span::new(blind.since, blind.until.unwrap_or(UnixMs(i64::MAX)))
}

/// The subject and everything it is reached through, nearest first.
#[must_use]
pub fn ancestry(inventory: &Inventory, subject: SubjectIx) -> Vec<SubjectIx> {
    let mut found = vec![subject];
    let mut next = 0;
    while let Some(&ix) = found.get(next) {
        for parent in inventory.subject(ix).via.subjects() {
            if !found.contains(&parent) {
                found.push(parent);
            }
        }
        next += 1;
    }
    found
}

/// The record up to `at`, the last interval open, as it was for whoever looked then.
fn until(record: &[StateInterval], at: UnixMs) -> Vec<StateInterval> {
    let mut record = record[..record.partition_point(|i| i.from <= at)].to_vec();
    if let Some(last) = record.last_mut() {
        last.to = last.to.filter(|to| *to <= at);
    }
    record
}

const fn as_round(subject: SubjectIx, sample: Sample) -> Round {
    let Sample { at, check, sent, lost, rtts, error } = sample;
    Round { subject, check, at, sent, lost, rtts, error }
}
