//! The patrol: owns the core, performs its effects, and knows what clients see. It does no I/O
//! that can block; what comes in (answers, ticks, requests) is handed to it by [`super::run`].

mod alerts;
mod commands;
mod devices;
mod faults;
mod neighbours;
mod news;
mod own_loss;
mod recent;
mod seen;
mod services;
pub(super) mod show;
mod storms;
pub(super) mod told;
mod traps;
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
use super::resume::Past;
use super::services::ServiceChecks;
use super::targets::Targets;
use super::traps::Traps;
use crate::alert::outlet::core_wait_ms;
use crate::alert::sender::Report;
use crate::api::{Coverages, LostChannel, ReloadFailure, User};
use crate::config::Config;
use crate::coverage::Tree;
use crate::health::{self, Effect, Health};
use crate::model::{
    Incident, Inventory, Sample, State, StateInterval, SubjectId, SubjectIx, UnixMs,
};
use crate::probe::names::{self, Found, Names};
use crate::probe::service::{Said, Services};
use crate::probe::snmp::Turn;
use crate::probe::snmp::traps::Trap;
use crate::probe::{Answer, Pace, Prober, TargetId};
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
    works: Works,
    switched: Switched,
    batch: Batch,
}

/// Who has been asked beside the pings.
pub(super) enum Told {
    /// A device, by SNMP.
    Device(Turn),
    /// A service.
    Service(Said),
    /// A name's addresses.
    Name(Found),
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

    /// Tells the prober whom to ask: what is in force now. Targets that stay are not disturbed.
    pub(super) fn follow_calendar(&mut self, now: UnixMs) {
        let inventory = Arc::clone(self.inventory());
        let targets = std::mem::take(&mut self.targets);
        let wanted = Addresses::wanted(&inventory, now);
        self.addresses.keep(&wanted);
        self.names.set(wanted);
        let (targets, list) = targets.next(&inventory, &self.config, &self.addresses, now);
        self.targets = targets;
        self.own_loss.keep(|target| self.targets.is_control(target));
        self.prober.set_targets(list);
        let all: Vec<TargetId> = self.targets.ids().collect();
        self.set_paces(all);
        self.follow_devices(now);
        self.follow_services(now);
        let tree = Tree::as_of(&inventory, now);
        if !self.tree.is_alike(&tree) {
            // A unit began, ended or was merged: rows stand elsewhere, which no change can tell.
            self.tree = tree;
            self.inventory_number += 1;
            self.resync = true;
            self.alerts.follow_units(&inventory, now);
        }
        self.is_stale = true;
    }

    /// The next turn of a device by SNMP, or round of a service, that is over; for ever pending
    /// while none is asked.
    pub(super) async fn next_turn(&mut self) -> Told {
        let Self { asker, services, names, .. } = self;
        tokio::select! {
            turn = asker.next() => Told::Device(turn),
            said = services.next() => Told::Service(said),
            found = names.next() => Told::Name(found),
        }
    }

    /// Takes in what a device said in its turn, or a service.
    pub(super) fn turn(&mut self, told: Told, now: UnixMs) {
        match told {
            Told::Device(turn) => {
                if let Some(heard) = self.asker.take(turn, now) {
                    self.heard(&heard, now);
                }
            }
            Told::Service(said) => self.service_said(said, now),
            Told::Name(found) => {
                if self.addresses.take(found) {
                    self.follow_calendar(now);
                }
            }
        }
    }

    fn set_paces(&self, targets: impl IntoIterator<Item = TargetId>) {
        let paces: Vec<(TargetId, Pace)> = targets
            .into_iter()
            .map(|target| {
                let paces = self.targets.subjects_of(target).map(|s| self.pace_of(s));
                (target, paces.max().unwrap_or_default())
            })
            .collect();
        if !paces.is_empty() {
            self.prober.set_pace(&paces);
        }
    }

    /// A suspect's next rounds decide; of one that is down already they only tell the end.
    fn pace_of(&self, subject: SubjectIx) -> Pace {
        if !self.retrying.contains(&subject) {
            return Pace::Normal;
        }
        match self.health.verdict(subject) {
            Some(verdict) if verdict.state.is_outage() => Pace::Retry,
            _ => Pace::Doubt,
        }
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
                if round.check == 0 && !round.is_invalid() {
                    self.recents[round.subject.ix()].take(&round);
                    self.dirty.insert(round.subject);
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
        self.hurry_devices(now);
        self.hurry_trapped(now);
        self.own_faults.tick(&self.prober.stats(), now);
        self.tell_switched(now);
        self.pass_storms(now);
        self.alert_tick(now);
        self.submit();
    }

    fn perform(&mut self, effects: Vec<Effect>, now: UnixMs) {
        let mut paced: BTreeSet<TargetId> = BTreeSet::new();
        let mut asked: Vec<TargetId> = Vec::new();
        for effect in effects {
            match effect {
                Effect::Record { subject, entries } => self.record(subject, &entries),
                Effect::Verdict { subject, before, after, since, cause, outage_since, rule } => {
                    if !self.is_switched(subject, after, outage_since, since, now) {
                        self.verdict(subject, (before, after, rule), since, cause, now);
                    }
                    // The pace stays the same, the doubt does not.
                    paced.extend(self.targets.of(subject));
                    if before.is_some_and(State::is_outage) != after.is_outage() {
                        self.device_turned(subject);
                    }
                }
                Effect::Pace { subject, pace } => {
                    match pace {
                        health::Pace::Retry => self.retrying.insert(subject),
                        health::Pace::Normal => self.retrying.remove(&subject),
                    };
                    paced.extend(self.targets.of(subject));
                    self.pace_services(subject);
                    self.dirty.insert(subject);
                }
                Effect::AskNow { subject } => {
                    asked.extend(self.targets.of(subject));
                    self.ask_devices_of(subject);
                    self.ask_services_of(subject);
                }
                Effect::AskSentinels => asked.extend(self.targets.of_sentinels()),
                other => self.note(other, now),
            }
        }
        self.set_paces(paced);
        if !asked.is_empty() {
            self.prober.ask_now(&asked);
        }
    }

    /// A subject that is no longer in the inventory is unmeasured from `from` on.
    fn ask_no_more(&mut self, subject: SubjectId, from: UnixMs) {
        let nobody_asks = StateInterval { from, to: None, state: State::Unmeasured, cause: None };
        self.batch.facts.push(Fact::Intervals { subject, from, intervals: vec![nobody_asks] });
    }

    fn id(&self, subject: SubjectIx) -> SubjectId {
        self.inventory().subject(subject).id.clone()
    }

    fn record(&mut self, subject: SubjectIx, entries: &[health::Entry]) {
        let Some(first) = entries.first() else { return };
        let intervals = entries
            .iter()
            .enumerate()
            .map(|(i, entry)| StateInterval {
                from: entry.from,
                to: entries.get(i + 1).map(|next| next.from),
                state: entry.state,
                cause: entry.cause.map(|c| self.id(c)),
            })
            .collect();
        let fact = Fact::Intervals { subject: self.id(subject), from: first.from, intervals };
        self.batch.facts.push(fact);
        self.dirty.insert(subject);
        self.is_stale = true;
    }

    fn verdict(
        &mut self,
        subject: SubjectIx,
        (before, after, rule): (Option<State>, State, health::Rule),
        since: UnixMs,
        cause: Option<SubjectIx>,
        now: UnixMs,
    ) {
        let id = self.id(subject);
        let cause = cause.map(|c| self.id(c));
        tracing::info!(
            subject = %id,
            from = before.map_or("unmeasured", State::as_str),
            to = after.as_str(),
            %since,
            cause = cause.as_ref().map_or("", |c| c.as_str()),
            "state"
        );
        let detail = serde_json::json!({
            "from": before, "to": after, "since": since, "cause": cause, "rule": rule,
        });
        self.event(now, EventKind::State, Some(id), detail);
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

    /// Takes another inventory (and its thresholds) over.
    pub(super) fn reload(
        &mut self,
        config: Config,
        inventory: Arc<Inventory>,
        prepared: Prepared,
        by: Option<&User>,
        now: UnixMs,
    ) -> Vec<LostChannel> {
        let config = Arc::new(self.keep_what_is_open(config));
        let mut effects = Vec::new();
        let subjects = inventory.subjects.len();
        let old = Arc::clone(self.inventory());
        let settings = settings(&config);
        let gone = self.health.reload(Arc::clone(&inventory), settings, now, &mut effects);
        for (subject, from) in gone {
            self.ask_no_more(subject, from);
        }
        self.config = config;
        let lost = self.alerts.reload(prepared, &self.config.timezone, now);
        self.tell_lost_channels(&lost, now);
        self.fetch_credentials();
        self.read_profiles();
        self.retrying = std::mem::take(&mut self.retrying)
            .into_iter()
            .filter_map(|s| inventory.find_subject(old.subject(s).id.as_str()))
            .collect();
        self.dirty.clear();
        self.inventory_number += 1;
        self.has_old_coverages = true;
        self.months = Months::default();
        let kept = std::mem::replace(&mut self.recents, vec![Recent::default(); subjects]);
        for (s, recent) in old.subject_ixs().zip(kept) {
            if let Some(new) = inventory.find_subject(old.subject(s).id.as_str()) {
                self.recents[new.ix()] = recent;
            }
        }
        self.follow_calendar(now);
        self.alerts.follow_units(&inventory, now);
        self.perform(effects, now);
        self.pass_storms(now);
        self.reload_failure = None;
        self.is_stale = true;
        self.resync = true;
        tracing::info!(subjects, "inventory reloaded");
        let detail = commands::signed(serde_json::json!({ "subjects": subjects }), by);
        self.event(now, EventKind::Reloaded, None, detail);
        self.submit();
        lost
    }

    /// The store, the socket and the engine are open: a reload cannot change them.
    fn keep_what_is_open(&self, new: Config) -> Config {
        let old = &self.config;
        if (&new.store, &new.socket, new.engine, new.rate_pps)
            != (&old.store, &old.socket, old.engine, old.rate_pps)
        {
            tracing::warn!("store, socket, engine and rate change only with a restart");
        }
        if (&new.services_ca, new.metrics) != (&old.services_ca, old.metrics) {
            tracing::warn!("probe.services.ca and metrics change only with a restart");
        }
        Config {
            store: old.store.clone(),
            socket: old.socket.clone(),
            engine: old.engine,
            rate_pps: old.rate_pps,
            ..new
        }
    }

    /// Keeps the old inventory and says why.
    pub(super) fn refuse_reload(&mut self, failure: ReloadFailure, by: Option<&User>) {
        tracing::error!(
            errors = failure.errors,
            first = %failure.first,
            "reload refused: the old inventory stays in force"
        );
        let detail = serde_json::json!({ "errors": failure.errors, "first": failure.first });
        let detail = commands::signed(detail, by);
        self.event(failure.at, EventKind::ReloadRefused, None, detail);
        self.reload_failure = Some(failure);
        self.resync = true;
        self.submit();
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
