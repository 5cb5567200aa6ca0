//! The patrol: owns the core, performs its effects, and knows what clients see. It does no I/O
//! that can block; what comes in (answers, ticks, requests) is handed to it by [`super::run`].

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::Arc;

use super::feed::Changes;
use super::months::Months;
use super::targets::Targets;
use crate::api::{
    self, Change, Coverages, DaemonInfo, ReloadFailure, Snapshot, Sources, SubjectState, UnitChange,
};
use crate::config::Config;
use crate::health::{self, Effect, Health};
use crate::model::{
    Incident, Inventory, Sample, State, StateInterval, SubjectId, SubjectIx, UnixMs,
};
use crate::probe::{Answer, Pace, Prober, Stats, TargetId};
use crate::store::{Batch, Event, EventKind, Fact, Store};

/// Medians kept per subject for the small charts.
const RECENT: usize = 20;
/// With a client there, it hears at least this often, in milliseconds.
const HEARTBEAT_MS: i64 = 2_000;
/// The store's record that the daemon lives is renewed this often, in milliseconds.
const ALIVE_MS: i64 = 15_000;

/// The last rounds of a subject's primary check.
#[derive(Debug, Clone, Default)]
struct Recent {
    rtt_us: Option<u32>,
    loss_permille: Option<u16>,
    medians: VecDeque<Option<u32>>,
}

/// Faults of our own machine within the last minute: then nobody is measured, and whoever looks
/// at the screen has to know why.
#[derive(Debug, Clone, Copy, Default)]
struct OwnFaults {
    since: UnixMs,
    before: (u64, u64),
    now: (u64, u64),
}

impl OwnFaults {
    fn tick(&mut self, stats: &Stats, now: UnixMs) {
        self.now = (stats.local_errors, stats.overflow + stats.answers_dropped);
        if now.since(self.since) >= 60_000 || now < self.since {
            (self.since, self.before) = (now, self.now);
        }
    }

    fn sentence(&self) -> Option<String> {
        let refused = self.now.0 - self.before.0.min(self.now.0);
        let lost = self.now.1 - self.before.1.min(self.now.1);
        match (refused, lost) {
            (0, 0) => None,
            (0, lost) => Some(format!("{lost} answers lost on this machine in the last minute")),
            (n, _) => Some(format!(
                "{n} packets refused by this machine in the last minute (no route, firewall?)"
            )),
        }
    }
}

pub(super) struct Patrol {
    config: Arc<Config>,
    health: Health,
    targets: Targets,
    prober: Prober,
    store: Store,
    changes: Arc<Changes>,
    recents: Vec<Recent>,
    retrying: HashSet<SubjectIx>,
    months: Months,
    month_from: UnixMs,
    /// What clients have been told.
    coverages: Coverages,
    incidents: Vec<Incident>,
    /// Subjects with news for clients.
    dirty: BTreeSet<SubjectIx>,
    /// A state changed since the coverages and incidents were computed.
    is_stale: bool,
    resync: bool,
    published: UnixMs,
    alive: UnixMs,
    started: UnixMs,
    reload_failure: Option<ReloadFailure>,
    own_faults: OwnFaults,
    batch: Batch,
}

/// What a patrol is made of.
pub(super) struct Parts {
    pub(super) config: Arc<Config>,
    pub(super) inventory: Arc<Inventory>,
    pub(super) prober: Prober,
    pub(super) store: Store,
    pub(super) changes: Arc<Changes>,
    pub(super) months: Months,
    pub(super) month_from: UnixMs,
}

impl Patrol {
    pub(super) fn start(
        parts: Parts,
        resume: impl Fn(&SubjectId) -> Option<health::Resumed>,
        now: UnixMs,
    ) -> Self {
        let Parts { config, inventory, prober, store, changes, months, month_from } = parts;
        let mut effects = Vec::new();
        let health = Health::new(Arc::clone(&inventory), now, resume, &mut effects);
        let mut patrol = Self {
            config,
            health,
            targets: Targets::default(),
            prober,
            store,
            changes,
            recents: Vec::new(),
            retrying: HashSet::new(),
            months,
            month_from,
            coverages: Coverages::default(),
            incidents: Vec::new(),
            dirty: BTreeSet::new(),
            is_stale: true,
            resync: false,
            published: now,
            alive: now,
            started: now,
            reload_failure: None,
            own_faults: OwnFaults::default(),
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
        patrol.recents = vec![Recent::default(); inventory.subjects.len()];
        patrol.follow_calendar(now);
        patrol.perform(effects, now);
        // What was open when the last daemon stopped has been told; what recovered meanwhile is
        // found out by its next rounds.
        patrol.incidents = patrol.open_incidents(now);
        patrol.submit();
        patrol
    }

    fn inventory(&self) -> &Arc<Inventory> {
        self.health.inventory()
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// Tells the prober whom to ask: what is in force now. Targets that stay are not disturbed.
    pub(super) fn follow_calendar(&mut self, now: UnixMs) {
        let inventory = Arc::clone(self.inventory());
        let (targets, list) = std::mem::take(&mut self.targets).next(&inventory, now);
        self.targets = targets;
        self.prober.set_targets(list);
        let all: Vec<TargetId> = self.targets.ids().collect();
        self.set_paces(all);
        self.is_stale = true;
    }

    fn set_paces(&self, targets: impl IntoIterator<Item = TargetId>) {
        let paces: Vec<(TargetId, Pace)> = targets
            .into_iter()
            .map(|target| {
                let retry = self.targets.subjects_of(target).any(|s| self.retrying.contains(&s));
                (target, if retry { Pace::Retry } else { Pace::Normal })
            })
            .collect();
        if !paces.is_empty() {
            self.prober.set_pace(&paces);
        }
    }

    /// Judges a batch of answers.
    pub(super) fn answers(&mut self, answers: &[Answer], now: UnixMs) {
        let mut effects = Vec::new();
        for answer in answers {
            for round in self.targets.rounds(answer) {
                let id = self.health.inventory().subject(round.subject).id.clone();
                self.batch.samples.push((id, Sample::from(&round)));
                self.health.round(&round, now, &mut effects);
                if round.check == 0 && !round.is_invalid() {
                    let recent = &mut self.recents[round.subject.ix()];
                    recent.rtt_us = round.rtts.median_us();
                    recent.loss_permille = Some(round.loss_permille());
                    if recent.medians.len() == RECENT {
                        recent.medians.pop_front();
                    }
                    recent.medians.push_back(recent.rtt_us);
                    self.dirty.insert(round.subject);
                }
            }
        }
        self.perform(effects, now);
        self.submit();
    }

    /// Lets time pass: holes, verdicts that waited long enough, the sign of life.
    pub(super) fn tick(&mut self, now: UnixMs) {
        let mut effects = Vec::new();
        self.health.tick(now, &mut effects);
        self.perform(effects, now);
        if now.since(self.alive) >= ALIVE_MS || now < self.alive {
            self.alive = now;
            self.batch.facts.push(Fact::Alive { at: now });
        }
        self.own_faults.tick(&self.prober.stats(), now);
        self.submit();
    }

    fn perform(&mut self, effects: Vec<Effect>, now: UnixMs) {
        let mut paced: BTreeSet<TargetId> = BTreeSet::new();
        let mut asked: Vec<TargetId> = Vec::new();
        for effect in effects {
            match effect {
                Effect::Record { subject, entries } => self.record(subject, &entries),
                Effect::Verdict { subject, before, after, since, cause } => {
                    self.verdict(subject, before, after, since, cause, now);
                }
                Effect::Pace { subject, pace } => {
                    match pace {
                        health::Pace::Retry => self.retrying.insert(subject),
                        health::Pace::Normal => self.retrying.remove(&subject),
                    };
                    paced.extend(self.targets.of(subject));
                    self.dirty.insert(subject);
                }
                Effect::AskNow { subject } => asked.extend(self.targets.of(subject)),
            }
        }
        self.set_paces(paced);
        if !asked.is_empty() {
            self.prober.ask_now(&asked);
        }
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
        before: Option<State>,
        after: State,
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
            "from": before, "to": after, "since": since, "cause": cause,
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

    fn submit(&mut self) {
        if !self.batch.facts.is_empty() || !self.batch.samples.is_empty() {
            self.store.submit(std::mem::take(&mut self.batch));
        }
    }

    fn open_incidents(&self, now: UnixMs) -> Vec<Incident> {
        health::open_incidents(self.inventory(), now, |s| self.health.view(s))
    }

    /// Computes incidents anew; those that opened or closed become events. One that gains or loses
    /// a line stays the same incident.
    fn refresh(&mut self, now: UnixMs) -> bool {
        let incidents = self.open_incidents(now);
        let is_in = |list: &[Incident], i: &Incident| {
            list.iter()
                .any(|x| x.state == i.state && x.members().any(|m| i.members().any(|n| n == m)))
        };
        for (kind, these, those) in [
            (EventKind::IncidentOpened, &incidents, &self.incidents),
            (EventKind::IncidentClosed, &self.incidents, &incidents),
        ] {
            for incident in these.iter().filter(|i| !is_in(those, i)) {
                let detail = serde_json::json!({
                    "since": incident.since,
                    "state": incident.state,
                    "unreachable": incident.impact.unreachable,
                    "units": incident.impact.units.len(),
                });
                let root = Some(incident.root.clone());
                self.batch.facts.push(Fact::Event(Event { at: now, kind, subject: root, detail }));
            }
        }
        let changed = incidents != self.incidents;
        self.incidents = incidents;
        self.is_stale = false;
        changed
    }

    fn state(&self, subject: SubjectIx) -> SubjectState {
        let view = self.health.view(subject);
        let recent = &self.recents[subject.ix()];
        SubjectState {
            state: view.state,
            since: view.since,
            cause: view.cause.map(|c| self.id(c)),
            suspect: view.suspect,
            last_round: view.last_round,
            rtt_us: recent.rtt_us,
            loss_permille: recent.loss_permille,
            recent_us: recent.medians.iter().copied().collect(),
        }
    }

    fn with_sources<T>(&self, f: impl FnOnce(&Sources<'_>) -> T) -> T {
        f(&Sources {
            inventory: self.inventory(),
            state: &|s| self.state(s),
            month: &|lines| self.months.of(lines),
            goal_ppm: self.config.goals.availability_ppm,
            goal_permille: self.config.goals.coverage_permille,
            measured_floor_ppm: self.config.measured_floor_ppm,
            timezone: &self.config.timezone_name,
            month_from: self.month_from,
        })
    }

    fn info(&self) -> DaemonInfo {
        let stats = self.prober.stats();
        let status = self.store.status();
        DaemonInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            started: self.started,
            asked: u32::try_from(self.targets.len()).unwrap_or(u32::MAX),
            interval_ms: self.config.health.interval_ms,
            lag_ms: stats.lag_ms,
            written: status.written,
            dropped_samples: status.dropped_samples,
            reload_failure: self.reload_failure.clone(),
            trouble: status.trouble.or_else(|| self.own_faults.sentence()),
        }
    }

    /// Gives clients what is new; called a few times a second.
    pub(super) fn publish(&mut self, now: UnixMs) {
        let was_stale = self.is_stale;
        let new_incidents = was_stale && self.refresh(now);
        self.submit();
        if !self.changes.is_watched() {
            // Whoever has asked for a snapshot and does not listen yet must not miss this.
            if was_stale || self.resync {
                self.changes.skip();
                self.resync = false;
            }
            return;
        }
        let is_due = now.since(self.published) >= HEARTBEAT_MS || now < self.published;
        if !(is_due || self.resync || !self.dirty.is_empty() || new_incidents) {
            return;
        }
        let units = if was_stale { self.changed_units(now) } else { Vec::new() };
        let subjects =
            std::mem::take(&mut self.dirty).into_iter().map(|s| (self.id(s), self.state(s)));
        self.changes.publish(Change {
            seq: 0,
            at: now,
            daemon: self.info(),
            subjects: subjects.collect(),
            units,
            incidents: new_incidents.then(|| self.incidents.clone()),
            resync: std::mem::take(&mut self.resync),
        });
        self.published = now;
    }

    /// Units whose coverage is not what clients were told last.
    fn changed_units(&mut self, now: UnixMs) -> Vec<UnitChange> {
        let coverages = self.with_sources(|sources| api::coverages(sources, now));
        let inventory = Arc::clone(self.inventory());
        let changed = inventory
            .unit_ixs()
            .filter(|u| {
                coverages.own.get(u.ix()) != self.coverages.own.get(u.ix())
                    || coverages.subtree.get(u.ix()) != self.coverages.subtree.get(u.ix())
            })
            .map(|u| UnitChange {
                id: inventory.unit(u).id.clone(),
                own: coverages.own[u.ix()].clone(),
                subtree: coverages.subtree[u.ix()].clone(),
            })
            .collect();
        self.coverages = coverages;
        changed
    }

    /// Everything as it is now. Pending changes are given out first, so that the number in the
    /// snapshot is right for all who listen.
    pub(super) fn snapshot(&mut self, now: UnixMs) -> Snapshot {
        self.publish(now);
        self.dirty.clear();
        self.coverages = self.with_sources(|sources| api::coverages(sources, now));
        self.with_sources(|sources| {
            api::snapshot(
                sources,
                self.coverages.clone(),
                self.incidents.clone(),
                self.info(),
                self.changes.seq(),
                now,
            )
        })
    }

    /// Takes new figures of the month; clients ask for a new snapshot.
    pub(super) fn set_months(&mut self, months: Months, from: UnixMs, of: &Arc<Inventory>) {
        // Figures computed before a reload do not fit the new inventory.
        if Arc::ptr_eq(of, self.inventory()) {
            self.months = months;
            self.month_from = from;
            self.resync = true;
        }
    }

    /// What the months' figures are computed from.
    pub(super) fn month_inputs(&self) -> (Arc<Config>, Arc<Inventory>) {
        (Arc::clone(&self.config), Arc::clone(self.inventory()))
    }

    /// Takes another inventory (and its thresholds) over.
    pub(super) fn reload(&mut self, config: Config, inventory: Arc<Inventory>, now: UnixMs) {
        let config = Arc::new(self.keep_what_is_open(config));
        let mut effects = Vec::new();
        let subjects = inventory.subjects.len();
        let old = Arc::clone(self.inventory());
        let gone = self.health.reload(Arc::clone(&inventory), now, &mut effects);
        for (subject, from) in gone {
            let nobody_asks =
                StateInterval { from, to: None, state: State::Unmeasured, cause: None };
            self.batch.facts.push(Fact::Intervals { subject, from, intervals: vec![nobody_asks] });
        }
        self.config = config;
        self.retrying = std::mem::take(&mut self.retrying)
            .into_iter()
            .filter_map(|s| inventory.find_subject(old.subject(s).id.as_str()))
            .collect();
        self.dirty.clear();
        self.months = Months::default();
        let kept = std::mem::replace(&mut self.recents, vec![Recent::default(); subjects]);
        for (s, recent) in old.subject_ixs().zip(kept) {
            if let Some(new) = inventory.find_subject(old.subject(s).id.as_str()) {
                self.recents[new.ix()] = recent;
            }
        }
        self.follow_calendar(now);
        self.perform(effects, now);
        self.reload_failure = None;
        self.is_stale = true;
        self.resync = true;
        tracing::info!(subjects, "inventory reloaded");
        let detail = serde_json::json!({ "subjects": subjects });
        self.event(now, EventKind::Reloaded, None, detail);
        self.submit();
    }

    /// The store, the socket and the engine are open: a reload cannot change them.
    fn keep_what_is_open(&self, new: Config) -> Config {
        let old = &self.config;
        if (&new.store, &new.socket, new.engine, new.rate_pps)
            != (&old.store, &old.socket, old.engine, old.rate_pps)
        {
            tracing::warn!("store, socket, engine and rate change only with a restart");
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
    pub(super) fn refuse_reload(&mut self, failure: ReloadFailure) {
        tracing::error!(
            errors = failure.errors,
            first = %failure.first,
            "reload refused: the old inventory stays in force"
        );
        let detail = serde_json::json!({ "errors": failure.errors, "first": failure.first });
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
        self.store
    }
}
