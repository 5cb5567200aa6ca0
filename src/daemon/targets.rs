//! Which addresses are asked for which subjects: subjects that share an address and a way of
//! asking share its rounds, so nobody is asked twice.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use super::names::Addresses;
use super::patrol::own_loss::least_interval_ms;
use crate::config::Config;
use crate::model::{CheckKind, Inventory, PingParams, Round, Source, SubjectIx, UnixMs};
use crate::probe::{Answer, PhaseKey, Target, TargetId};

/// A way of asking: address, how a round is sent, where from.
type Asking = (IpAddr, PingParams, Option<Source>);

/// The targets of one inventory.
#[derive(Debug, Default)]
pub(super) struct Targets {
    /// Ids last over reloads, so that the prober keeps what has not changed.
    ids: HashMap<Asking, TargetId>,
    /// For whom a target is asked: subject and check.
    fan_out: HashMap<TargetId, Vec<(SubjectIx, u8)>>,
    /// By subject: its targets, the primary check's first.
    of_subject: Vec<Vec<TargetId>>,
    /// For which sentinels a target is asked: their places in the settings.
    sentinels: HashMap<TargetId, Vec<usize>>,
    /// Those of them that tell our own loss from others'.
    controls: HashSet<TargetId>,
}

impl Targets {
    /// The targets of what is in force at `now`, keeping the ids of those in `self`, and what the
    /// prober is to be told.
    pub(super) fn next(
        self,
        inventory: &Inventory,
        config: &Config,
        addresses: &Addresses,
        now: UnixMs,
    ) -> (Self, Vec<Target>) {
        let mut ids = HashMap::new();
        let mut free = self.ids.values().map(|id| id.0 + 1).max().unwrap_or(0);
        let mut targets: HashMap<TargetId, Target> = HashMap::new();
        let mut fan_out: HashMap<TargetId, Vec<(SubjectIx, u8)>> = HashMap::new();
        let mut of_subject = vec![Vec::new(); inventory.subjects.len()];
        for ix in inventory.subject_ixs() {
            let subject = inventory.subject(ix);
            if !subject.exists_at(now) || !subject.is_enabled {
                continue;
            }
            for (check, number) in subject.checks.iter().zip(0_u8..) {
                let CheckKind::Ping { params, .. } = check.kind else { continue };
                // A name that was never found: nobody to ask yet.
                let Some(address) = addresses.of(check) else { continue };
                let source = config.source_of(inventory, subject).filter(|s| s.fits(address));
                let key = (address, params, source.cloned());
                let id = *ids.entry(key.clone()).or_insert_with(|| {
                    self.ids.get(&key).copied().unwrap_or_else(|| {
                        free += 1;
                        TargetId(free - 1)
                    })
                });
                let target = targets.entry(id).or_insert_with(|| Target {
                    id,
                    address,
                    params,
                    interval_ms: subject.health.interval_ms,
                    retry_ms: subject.health.retry_ms,
                    source: source.cloned(),
                    is_urgent: false,
                    phase_key: PhaseKey::of(subject.id.as_str()),
                    // What is reached through one thing shares its line and so its packet rate.
                    group: subject.via.subjects().first().map_or(u32::MAX, |s| s.0),
                });
                target.interval_ms = target.interval_ms.min(subject.health.interval_ms);
                target.retry_ms = target.retry_ms.min(subject.health.retry_ms);
                fan_out.entry(id).or_default().push((ix, number));
                of_subject[ix.ix()].push(id);
            }
        }
        let mut sentinels: HashMap<TargetId, Vec<usize>> = HashMap::new();
        let mut controls = HashSet::new();
        for (place, sentinel) in config.sentinels.iter().enumerate() {
            let retry_ms = config.health.retry_ms;
            // How much is lost takes more packets to tell than whether anything comes back.
            let params = match sentinel.is_control {
                true => config.ping.in_doubt(retry_ms).in_doubt(retry_ms),
                false => config.ping,
            };
            let every_ms = match sentinel.is_control {
                // One round is over before the next one begins.
                true => retry_ms.min(least_interval_ms(params.count).max(params.round_ms())),
                false => retry_ms,
            };
            let source = config.source.clone().filter(|source| source.fits(sentinel.address));
            let key = (sentinel.address, params, source.clone());
            let id = *ids.entry(key.clone()).or_insert_with(|| {
                self.ids.get(&key).copied().unwrap_or_else(|| {
                    free += 1;
                    TargetId(free - 1)
                })
            });
            let target = targets.entry(id).or_insert_with(|| Target {
                id,
                address: sentinel.address,
                params,
                interval_ms: every_ms,
                retry_ms: every_ms,
                source,
                is_urgent: true,
                phase_key: PhaseKey::of(&format!("sentinel {}", sentinel.address)),
                group: u32::MAX,
            });
            // A lost uplink must be known by the time a subject's failures are confirmed.
            target.interval_ms = target.interval_ms.min(every_ms);
            target.retry_ms = target.retry_ms.min(every_ms);
            // It may be a subject's address, too.
            target.is_urgent = true;
            if sentinel.is_control {
                controls.insert(id);
            }
            sentinels.entry(id).or_default().push(place);
        }
        let mut targets: Vec<Target> = targets.into_values().collect();
        targets.sort_by_key(|t| t.id);
        (Self { ids, fan_out, of_subject, sentinels, controls }, targets)
    }

    /// The rounds that one answer is, one per subject asked by it; none for a target that is no
    /// longer asked.
    pub(super) fn rounds(&self, answer: &Answer) -> impl Iterator<Item = Round> {
        let Answer { target, at, sent, lost, rtts, error } = *answer;
        self.fan_out.get(&target).into_iter().flatten().map(move |&(subject, check)| Round {
            subject,
            check,
            at,
            sent,
            lost,
            rtts,
            error,
        })
    }

    /// A subject's targets, the primary check's first.
    pub(super) fn of(&self, subject: SubjectIx) -> &[TargetId] {
        &self.of_subject[subject.ix()]
    }

    /// Everyone a target is asked for.
    pub(super) fn subjects_of(&self, target: TargetId) -> impl Iterator<Item = SubjectIx> + '_ {
        self.fan_out.get(&target).into_iter().flatten().map(|(subject, _)| *subject)
    }

    /// The sentinels that a target is asked for: their places in the settings.
    pub(super) fn sentinels_of(&self, target: TargetId) -> &[usize] {
        self.sentinels.get(&target).map_or(&[], Vec::as_slice)
    }

    /// Whether a target is asked for a control target.
    pub(super) fn is_control(&self, target: TargetId) -> bool {
        self.controls.contains(&target)
    }

    /// The sentinels' targets.
    pub(super) fn of_sentinels(&self) -> impl Iterator<Item = TargetId> + '_ {
        self.sentinels.keys().copied()
    }

    /// Every target.
    pub(super) fn ids(&self) -> impl Iterator<Item = TargetId> + '_ {
        self.ids.values().copied()
    }

    /// Addresses asked.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }
}
