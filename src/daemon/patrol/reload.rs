//! Another inventory and configuration in the middle of the patrol.

use std::sync::Arc;

use super::alerts::Prepared;
use super::recent::Recent;
use super::{Patrol, commands, settings};
use crate::api::{LostChannel, ReloadFailure, User};
use crate::config::Config;
use crate::daemon::months::Months;
use crate::model::{Inventory, UnixMs};
use crate::store::EventKind;

impl Patrol {
    /// Takes another inventory (and its thresholds) over.
    pub(in crate::daemon) fn reload(
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
    pub(in crate::daemon) fn refuse_reload(&mut self, failure: ReloadFailure, by: Option<&User>) {
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
}
