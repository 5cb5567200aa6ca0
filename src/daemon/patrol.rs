//! The patrol: owns the core, performs its effects, and knows what clients see. It does no I/O
//! that can block; what comes in (answers, ticks, requests) is handed to it by [`super::run`].

mod alerts;
mod commands;
mod devices;
mod effects;
mod faults;
mod neighbours;
mod news;
pub(super) mod own_loss;
mod recent;
mod reload;
mod seen;
mod services;
pub(super) mod show;
mod storms;
pub(super) mod told;
mod traps;
mod whom;
pub(super) mod work;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use tokio::sync::mpsc;

use alerts::Alerts;
pub(super) use alerts::{Prepared, REPORTS_MAX};
use devices::Devices;
use faults::OwnFaults;
use news::Switched;
use own_loss::OwnLoss;
use recent::Recent;
use show::Sent;
use work::Works;

use super::asker::Asker;
use super::feed::Changes;
use super::months::Months;
use super::names::Addresses;
use super::notes;
use super::resume::Past;
use super::services::ServiceChecks;
use super::targets::Targets;
use super::traps::Traps;
use crate::alert::outlet::core_wait_ms;
use crate::alert::sender::Report;
use crate::api::{Coverages, ReloadFailure};
use crate::config::Config;
use crate::coverage::Tree;
use crate::health::{self, Health};
use crate::model::{Incident, Inventory, Sample, SubjectId, SubjectIx, UnixMs};
use crate::probe::names::{self, Names};
use crate::probe::service::Services;
use crate::probe::snmp::traps::Trap;
use crate::probe::{Answer, Prober};
use crate::store::{Batch, Event, EventKind, Fact, Store};

/// The store's record that the daemon lives is renewed this often, in milliseconds.
const ALIVE_MS: i64 = 15_000;
/// Samples that are handed to the store before the second is over.
const SAMPLES_TOGETHER: usize = 10_000;

pub(super) struct Patrol {
    config: Arc<Config>,
    health: Health,
    targets: Targets,
    prober: Prober,
    asker: Asker,
    services: Services,
    service_checks: ServiceChecks,
    names: Names,
    addresses: Addresses,
    /// Somebody is to be asked at another address than before.
    has_new_addresses: bool,
    devices: Devices,
    traps: Traps,
    alerts: Alerts,
    store: Store,
    changes: Arc<Changes>,
    recents: Vec<Recent>,
    retrying: HashSet<SubjectIx>,
    months: Months,
    month_from: UnixMs,
    /// What clients have been told.
    coverages: Coverages,
    /// Nobody was there when a state changed, or the month's figures did: the coverages are of
    /// earlier.
    has_old_coverages: bool,
    /// What is being sent to somebody.
    sent: Sent,
    /// Until when somebody may be about to listen: he was shown the present.
    awaited_until: UnixMs,
    /// Another number for every inventory and tree, of which parts of a snapshot are.
    inventory_number: u64,
    incidents: Vec<Incident>,
    /// Subjects with news for clients.
    dirty: BTreeSet<SubjectIx>,
    /// A state changed since the coverages and incidents were computed.
    is_stale: bool,
    resync: bool,
    /// Who stands beneath whom, as clients were told.
    tree: Tree,
    published: UnixMs,
    alive: UnixMs,
    started: UnixMs,
    reload_failure: Option<ReloadFailure>,
    own_faults: OwnFaults,
    own_loss: OwnLoss,
    notes: notes::Newest,
    /// Clients do not know yet what was said last.
    has_new_note: bool,
    works: Works,
    switched: Switched,
    batch: Batch,
}

/// What a patrol is made of.
pub(super) struct Parts {
    pub(super) config: Arc<Config>,
    pub(super) inventory: Arc<Inventory>,
    pub(super) prober: Prober,
    pub(super) services: Services,
    pub(super) store: Store,
    pub(super) changes: Arc<Changes>,
    pub(super) traps: mpsc::Sender<Trap>,
    pub(super) reports: mpsc::Sender<Report>,
    pub(super) months: Months,
    pub(super) month_from: UnixMs,
}

/// What the core is to know of the configuration.
pub fn settings(config: &Config) -> health::Settings {
    health::Settings {
        sentinels: config.sentinels.clone(),
        are_sentinels_asked: true,
        group_wait_ms: core_wait_ms(config),
        repeat_ms: config.telling.repeat_ms,
        ..health::Settings::default()
    }
}

impl Patrol {
    pub(super) fn start(parts: Parts, past: &Past, now: UnixMs) -> Self {
        let Parts {
            config,
            inventory,
            prober,
            services,
            store,
            changes,
            traps,
            reports,
            months,
            month_from,
        } = parts;
        let mut effects = Vec::new();
        let mut works = Works::default();
        works.remember(past.maintenance.clone());
        let memory = health::Memory {
            subject: &|id| past.resumed(id),
            incidents: past.incidents.clone(),
            maintenance: works.in_effect(),
        };
        let settings = settings(&config);
        let asker = Asker::new(config.snmp, now);
        let alerts = Alerts::new(&config, &inventory, past, reports, now);
        let health = Health::new(Arc::clone(&inventory), settings, memory, now, &mut effects);
        let mut patrol = Self {
            config,
            health,
            targets: Targets::default(),
            prober,
            asker,
            services,
            service_checks: ServiceChecks::default(),
            names: Names::new(names::by_system),
            addresses: Addresses::default(),
            has_new_addresses: false,
            devices: Devices::new(past),
            traps: Traps::new(traps),
            alerts,
            store,
            changes,
            recents: Vec::new(),
            retrying: HashSet::new(),
            months,
            month_from,
            coverages: Coverages::default(),
            has_old_coverages: true,
            sent: Sent::default(),
            awaited_until: now,
            // Numbers of two lives of the daemon are never the same.
            inventory_number: u64::try_from(now.0).unwrap_or(0).max(1),
            incidents: Vec::new(),
            dirty: BTreeSet::new(),
            is_stale: true,
            resync: false,
            tree: Tree::as_of(&inventory, now),
            published: now,
            alive: now,
            started: now,
            reload_failure: None,
            own_faults: OwnFaults::default(),
            own_loss: OwnLoss::default(),
            notes: past.notes.iter().cloned().collect(),
            has_new_note: false,
            works,
            switched: Switched::default(),
            batch: Batch::default(),
        };
        patrol.batch.facts.push(Fact::Alive { at: now });
        patrol.event(
            now,
            EventKind::Started,
            None,
            serde_json::json!({
                "version": env!("CARGO_PKG_VERSION"),
                "subjects": inventory.subjects.len(),
            }),
        );
        // Nobody knows how long it went on; the daemon's last sign of life is what is certain.
        for blind in &past.blind {
            let until = Some(past.last_alive.unwrap_or(blind.since).max(blind.since));
            let (carrier, since) = (blind.carrier.clone(), blind.since);
            patrol.batch.facts.push(Fact::Blind { carrier, since, until });
        }
        let is_known = |id: &SubjectId| inventory.find_subject(id.as_str()).is_some();
        for (subject, from) in past.gone(is_known, patrol.config.health.interval_ms) {
            patrol.ask_no_more(subject, from.min(now));
        }
        patrol.recents = vec![Recent::default(); inventory.subjects.len()];
        patrol.fetch_credentials();
        patrol.read_profiles();
        patrol.follow_calendar(now);
        patrol.perform(effects, now);
        patrol.submit();
        patrol
    }

    pub(super) fn inventory(&self) -> &Arc<Inventory> {
        self.health.inventory()
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// Judges a batch of answers.
    pub(super) fn answers(&mut self, answers: &[Answer], now: UnixMs) {
        let mut effects = Vec::new();
        for answer in answers {
            if self.targets.is_control(answer.target) {
                self.own_loss.note(answer);
            }
            let answer = &self.own_loss.excuse(answer);
            if answer.sent > 0 && !answer.error.is_some_and(crate::model::RoundError::is_own_fault)
            {
                let answered = answer.lost < answer.sent;
                for &sentinel in self.targets.sentinels_of(answer.target) {
                    self.health.sentinel_round(sentinel, answer.at, answered, now, &mut effects);
                }
            }
            for round in self.targets.rounds(answer) {
                let id = self.health.inventory().subject(round.subject).id.clone();
                self.batch.samples.push((id, Sample::from(&round).into()));
                self.health.round(&round, now, &mut effects);
                let recent = &mut self.recents[round.subject.ix()];
                match round.check {
                    0 if round.is_invalid() => recent.miss(),
                    0 => {
                        recent.take(&round);
                        self.dirty.insert(round.subject);
                    }
                    _ => {}
                }
            }
        }
        self.health.settle(now, &mut effects);
        self.perform(effects, now);
        self.submit_news();
    }

    /// Lets time pass: holes, verdicts that waited long enough, the sign of life.
    pub(super) fn tick(&mut self, now: UnixMs) {
        let mut effects = Vec::new();
        self.health.tick(now, &mut effects);
        self.health.settle(now, &mut effects);
        self.perform(effects, now);
        if now.since(self.alive) >= ALIVE_MS || now < self.alive {
            self.alive = now;
            self.batch.facts.push(Fact::Alive { at: now });
        }
        self.follow_names(now);
        self.hurry_devices(now);
        self.hurry_trapped(now);
        self.own_faults.tick(&self.prober.stats(), now);
        self.tell_switched(now);
        self.pass_storms(now);
        self.alert_tick(now);
        self.submit();
    }

    fn id(&self, subject: SubjectIx) -> SubjectId {
        self.inventory().subject(subject).id.clone()
    }

    fn event(
        &mut self,
        at: UnixMs,
        kind: EventKind,
        subject: Option<SubjectId>,
        detail: serde_json::Value,
    ) {
        self.batch.facts.push(Fact::Event(Event { at, kind, subject, detail }));
    }

    /// What changes a record goes to the store at once; what was measured waits for the second's
    /// tick: to wake the writer for each round costs more than to write it.
    fn submit_news(&mut self) {
        if !self.batch.facts.is_empty() || self.batch.samples.len() >= SAMPLES_TOGETHER {
            self.submit();
        }
    }

    fn submit(&mut self) {
        let ticket = self.take_messages();
        if !self.batch.facts.is_empty() || !self.batch.samples.is_empty() {
            self.store.submit(std::mem::take(&mut self.batch));
        }
        if let Some(ticket) = ticket {
            self.keep_messages(ticket);
        }
    }

    /// Takes new figures of the month; clients ask for a new snapshot.
    pub(super) fn set_months(&mut self, months: Months, from: UnixMs, of: &Arc<Inventory>) {
        // Figures computed before a reload do not fit the new inventory.
        if Arc::ptr_eq(of, self.inventory()) {
            self.months = months;
            self.month_from = from;
            self.has_old_coverages = true;
            self.resync = true;
        }
    }

    /// What the months' figures are computed from.
    pub(super) fn month_inputs(&self) -> (Arc<Config>, Arc<Inventory>) {
        (Arc::clone(&self.config), Arc::clone(self.inventory()))
    }

    /// Stops asking and hands the store back with everything submitted.
    pub(super) fn stop(mut self, now: UnixMs) -> Store {
        self.batch.facts.push(Fact::Alive { at: now });
        self.event(now, EventKind::Stopped, None, serde_json::json!({}));
        self.submit();
        self.prober.stop();
        // It holds nothing that could be lost.
        let _ = self.traps.stop();
        self.store
    }
}
