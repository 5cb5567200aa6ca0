//! What clients are shown: changes as they come, and the whole on request.

use std::sync::{Arc, Weak};

use super::Patrol;
use crate::api::{
    self, BlindInfo, Change, DaemonInfo, Moment, Overview, Problem, Snapshot, Sources,
    SubjectState, TurnsInfo, UnitChange,
};
use crate::health::{self, View};
use crate::locale::{Lang, reason};
use crate::model::{Incident, Inventory, OnAt, State, SubjectId, SubjectIx, UnixMs};
use crate::probe::Account;
use crate::t;

/// With a client there, it hears at least this often, in milliseconds.
const HEARTBEAT_MS: i64 = 2_000;

/// How long who was shown the present may take to listen to the changes, in milliseconds: they are
/// kept for him meanwhile.
const AWAITED_MS: i64 = 5_000;

/// The last answers, for as long as somebody is being sent one: who asks meanwhile, while nothing has
/// changed, gets the same.
#[derive(Debug, Default)]
pub(super) struct Sent {
    snapshot: Weak<Snapshot>,
    overview: Weak<Overview>,
}

/// True when the subject is silent since outside the hours in which it has to be on, and not
/// waited for in vain yet: by itself, or because what it is reached through is.
pub(crate) fn is_off_hours(
    inventory: &Inventory,
    subject: SubjectIx,
    view: impl Fn(SubjectIx) -> View,
    at: UnixMs,
) -> bool {
    let is_off = |s: SubjectIx, wanted: State| {
        view(s)
            .verdict
            .filter(|v| v.state == wanted)
            .and_then(|v| health::off_hours(inventory, s, v.since))
            .is_some_and(|off| at < off.due)
    };
    let cause = view(subject).verdict.and_then(|v| v.cause);
    is_off(subject, State::Down)
        || (is_off(subject, State::Unreachable) && cause.is_some_and(|c| is_off(c, State::Down)))
}

/// A blind time as clients are told of it.
pub(in crate::daemon) fn blind_info(blind: &health::Blind) -> BlindInfo {
    BlindInfo { carrier: blind.carrier.clone(), since: blind.since }
}

impl Patrol {
    /// Takes the incidents over from the core; true when they are others than clients know.
    fn refresh(&mut self) -> bool {
        let incidents = self.health.incidents();
        let changed = incidents != self.incidents;
        if changed {
            self.incidents = incidents.to_vec();
        }
        changed | std::mem::take(&mut self.has_new_note)
    }

    /// The incidents with what was said of them.
    fn incidents_told(&self) -> Vec<Incident> {
        let since = |line: &SubjectId| Some(self.health.view(self.find(line).ok()?).since);
        let with_note = |incident: &Incident| Incident {
            noted: self.notes.on(incident, since),
            ..incident.clone()
        };
        self.incidents.iter().map(with_note).collect()
    }

    fn state(&self, subject: SubjectIx, worked_on: &OnAt<'_>, now: UnixMs) -> SubjectState {
        let view = self.health.view(subject);
        let inventory = self.inventory();
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
            backup: view.backup.map(|c| self.id(c)),
            flapping: view.is_flapping,
            off_hours: is_off_hours(inventory, subject, |s| self.health.view(s), now),
            planned: worked_on.includes(inventory, subject),
            asked: recent.is_asked_at(now),
            trouble: view.trouble,
        }
    }

    fn with_sources<T>(&self, now: UnixMs, f: impl FnOnce(&Sources<'_>) -> T) -> T {
        let worked_on = self.health.worked_on_at(now);
        f(&Sources {
            inventory: self.inventory(),
            state: &|s| self.state(s, &worked_on, now),
            month: &|lines| self.months.of(lines),
            goal_ppm: self.config.goals.availability_ppm,
            goal_permille: self.config.goals.coverage_permille,
            measured_floor_ppm: self.config.measured_floor_ppm,
            timezone: &self.config.timezone_name,
            month_from: self.month_from,
        })
    }

    /// What to tell of names that nobody has found yet.
    fn unknown_name(&self) -> Option<String> {
        let (name, reason, count) = self.addresses.unknown()?;
        let lang = self.config.language;
        Some(t!(lang, "daemon.unknown_name", name = name, reason = reason, count = count))
    }

    fn info(&self, now: UnixMs) -> DaemonInfo {
        let stats = self.prober.stats();
        let status = self.store.status_in(self.config.language);
        DaemonInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            started: self.started,
            asked: u32::try_from(self.targets.len()).unwrap_or(u32::MAX),
            interval_ms: self.config.health.interval_ms,
            lag_ms: stats.lag_ms,
            turns: Some(turns_info(&stats.account)),
            own_loss_permille: self.own_loss.permille(now),
            written: status.written,
            dropped_samples: status.dropped_samples,
            reload_failure: self.reload_failure.clone(),
            trouble: status
                .trouble
                .or_else(|| self.own_faults.sentence(self.config.language))
                .or_else(|| Some(reason(self.config.language, &self.traps.trouble()?)))
                .or_else(|| self.unknown_name()),
            traps: self.traps.info(),
            channels: self.alerts.troubles(),
            storms: self.storms(now),
            blind: self.health.blind().iter().map(blind_info).collect(),
        }
    }

    /// Gives clients what is new; called a few times a second.
    pub(in crate::daemon) fn publish(&mut self, now: UnixMs) {
        let was_stale = std::mem::take(&mut self.is_stale);
        // Announced work begins and ends without any verdict.
        let new_incidents = self.refresh();
        self.send_alerts(now);
        if !self.changes.is_watched() && now >= self.awaited_until {
            // Whoever has asked for a snapshot and does not listen yet must not miss this.
            if was_stale || new_incidents || self.resync {
                self.changes.skip();
                self.resync = false;
            }
            self.has_old_coverages |= was_stale;
            return;
        }
        let is_due = now.since(self.published) >= HEARTBEAT_MS || now < self.published;
        if !(is_due || self.resync || !self.dirty.is_empty() || new_incidents) {
            self.has_old_coverages |= was_stale;
            return;
        }
        let is_old = was_stale || self.has_old_coverages;
        let units = if is_old { self.changed_units(now) } else { Vec::new() };
        let dirty = std::mem::take(&mut self.dirty);
        let worked_on = self.health.worked_on_at(now);
        let subjects = dirty.into_iter().map(|s| (self.id(s), self.state(s, &worked_on, now)));
        self.changes.publish(Change {
            seq: 0,
            at: now,
            daemon: self.info(now),
            subjects: subjects.collect(),
            units,
            incidents: new_incidents.then(|| self.incidents_told()),
            resync: std::mem::take(&mut self.resync),
        });
        self.published = now;
    }

    /// Units whose coverage is not what clients were told last.
    fn changed_units(&mut self, now: UnixMs) -> Vec<UnitChange> {
        let coverages = self.with_sources(now, |sources| api::coverages(sources, now));
        self.has_old_coverages = false;
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
    pub(in crate::daemon) fn snapshot(&mut self, now: UnixMs) -> Arc<Snapshot> {
        self.give_out(now);
        let seq = self.changes.seq();
        if let Some(sent) = self.sent.snapshot.upgrade().filter(|sent| sent.seq == seq) {
            return sent;
        }
        let (coverages, incidents) = (self.coverages.clone(), self.incidents_told());
        let snapshot = Arc::new(self.with_sources(now, |sources| {
            api::snapshot(sources, coverages, incidents, self.info(now), seq, now)
        }));
        self.sent.snapshot = Arc::downgrade(&snapshot);
        snapshot
    }

    /// All but the subjects, as it is now.
    pub(in crate::daemon) fn overview(&mut self, now: UnixMs) -> Arc<Overview> {
        self.give_out(now);
        let moment = self.moment(now);
        let is_it =
            |sent: &Arc<Overview>| (sent.seq, sent.inventory) == (moment.seq, moment.inventory);
        if let Some(sent) = self.sent.overview.upgrade().filter(is_it) {
            return sent;
        }
        let (inventory, view) = (self.inventory(), |s| self.health.view(s));
        let standing = |s| (view(s).state, is_off_hours(inventory, s, view, now));
        let (incidents, info) = (self.incidents_told(), self.info(now));
        let overview = self.with_sources(now, |sources| {
            api::overview(sources, standing, &self.coverages, incidents, info, moment)
        });
        let overview = Arc::new(overview);
        self.sent.overview = Arc::downgrade(&overview);
        overview
    }

    /// The subjects from number `from` on as they are now, as JSON. A page is at least as new as
    /// its number says: what is newer in it is in the next change, too.
    pub(in crate::daemon) fn page(
        &self,
        inventory: u64,
        from: usize,
        now: UnixMs,
    ) -> Result<Vec<u8>, Problem> {
        let moment = self.moment(now);
        if inventory != moment.inventory {
            let message = t!(Lang::En, "reason.other_inventory");
            return Err(Problem::new("other_inventory", message));
        }
        let json =
            self.with_sources(now, |sources| serde_json::to_vec(&api::page(sources, from, moment)));
        json.map_err(|e| Problem::new("internal", e.to_string()))
    }

    fn moment(&self, now: UnixMs) -> Moment<'_> {
        let (seq, inventory) = (self.changes.seq(), self.inventory_number);
        Moment { tree: &self.tree, inventory, seq, at: now }
    }

    /// Gives out what is pending and has the coverages of now, before anybody is shown the whole.
    fn give_out(&mut self, now: UnixMs) {
        self.publish(now);
        self.awaited_until = now + AWAITED_MS;
        if !self.dirty.is_empty() {
            // Nobody listens: whoever has an older number has not heard of these.
            self.changes.skip();
            self.dirty.clear();
        }
        if std::mem::take(&mut self.has_old_coverages) {
            self.coverages = self.with_sources(now, |sources| api::coverages(sources, now));
        }
    }
}

/// The books of the pings, as clients see them.
fn turns_info(account: &Account) -> TurnsInfo {
    let [overload, retry_share, gone] = account.skipped;
    let Account { planned, begun, answered, silent, refused, spoilt, cancelled, .. } = *account;
    TurnsInfo {
        planned,
        begun,
        overload,
        retry_share,
        gone,
        answered,
        silent,
        refused,
        spoilt,
        cancelled,
        in_flight: account.in_flight(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::health::Verdict;
    use crate::inventory;

    const PROVINCE: &str = "\
networks: [ { id: tslcd, name: TSLCD } ]
calendars: [ { id: office, hours: { mon-fri: [\"07:00-17:00\"] } } ]
units:
  - { id: tinh, name: Tỉnh, kind: province }
  - id: xa
    name: Xã
    kind: commune
    parent: tinh
    calendar: office
    connections: { tslcd: { address: 127.0.1.1, via: [], device: router } }
    devices:
      router: { address: 127.0.1.2, off_hours: allowed, via: [tslcd] }
      switch: { address: 127.0.1.3, off_hours: allowed, via: [router] }
      server: { address: 127.0.1.4, via: [router] }
";

    fn view(state: State, since: UnixMs, cause: Option<SubjectIx>) -> View {
        View {
            state,
            since,
            cause,
            verdict: Some(Verdict { state, since, cause }),
            suspect: 0,
            answering: None,
            last_round: None,
            is_flapping: false,
            backup: None,
            trouble: None,
        }
    }

    #[test]
    fn off_hours_is_what_may_be_off_and_what_hangs_on_it() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.yaml"), PROVINCE).unwrap();
        let defaults = inventory::Defaults::default();
        let loaded = inventory::load(folder.path(), &defaults, &TimeZone::UTC);
        let inventory = loaded.inventory.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
        let find = |id: &str| inventory.find_subject(id).unwrap();
        let [line, router, switch, server] =
            ["xa/tslcd", "xa/router", "xa/switch", "xa/server"].map(find);
        // A Monday, after the office has closed, and the next morning with half an hour's grace.
        let evening: UnixMs = "2026-11-23T18:00:00Z".parse().unwrap();
        let due: UnixMs = "2026-11-24T07:30:00Z".parse().unwrap();
        let night = |s: SubjectIx| match s {
            s if s == line => view(State::Up, evening, None),
            s if s == router => view(State::Down, evening, None),
            _ => view(State::Unreachable, evening, Some(router)),
        };
        let off = |s, at| is_off_hours(&inventory, s, night, at);
        assert_eq!([line, router, switch].map(|s| off(s, due - 1)), [false, true, true]);
        assert!(!off(server, due - 1), "it has to be on always");
        assert_eq!([router, switch].map(|s| off(s, due)), [false, false]);
        // The line is cut at night: what hangs on it is somebody's fault.
        let cut = |s: SubjectIx| match s {
            s if s == line => view(State::Down, evening, None),
            _ => view(State::Unreachable, evening, Some(line)),
        };
        assert!(!is_off_hours(&inventory, switch, cut, evening));
    }
}
