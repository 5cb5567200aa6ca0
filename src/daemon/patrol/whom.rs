//! Whom to ask, and how often: by ping, by SNMP, by a service's own protocol.

use std::sync::Arc;

use super::Patrol;
use crate::coverage::Tree;
use crate::daemon::names::Addresses;
use crate::model::{SubjectIx, UnixMs};
use crate::probe::names::Found;
use crate::probe::service::Said;
use crate::probe::snmp::Turn;
use crate::probe::{Pace, TargetId};

/// Who has been asked beside the pings.
pub(in crate::daemon) enum Told {
    /// A device, by SNMP.
    Device(Turn),
    /// A service.
    Service(Said),
    /// A name's addresses.
    Name(Found),
}

impl Patrol {
    /// Tells the prober whom to ask: what is in force now. Targets that stay are not disturbed.
    pub(in crate::daemon) fn follow_calendar(&mut self, now: UnixMs) {
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

    /// Asks those by their new addresses who were found since the last second.
    pub(super) fn follow_names(&mut self, now: UnixMs) {
        if std::mem::take(&mut self.has_new_addresses) {
            self.follow_calendar(now);
        }
    }

    /// The next turn of a device by SNMP, or round of a service, that is over; for ever pending
    /// while none is asked.
    pub(in crate::daemon) async fn next_turn(&mut self) -> Told {
        let Self { asker, services, names, .. } = self;
        tokio::select! {
            turn = asker.next() => Told::Device(turn),
            said = services.next() => Told::Service(said),
            found = names.next() => Told::Name(found),
        }
    }

    /// Takes in what a device said in its turn, or a service. Names come in crowds, at a start as a
    /// rule: who is asked by them is looked at once for all that a second brings.
    pub(in crate::daemon) fn turn(&mut self, told: Told, now: UnixMs) {
        match told {
            Told::Device(turn) => {
                if let Some(heard) = self.asker.take(turn, now) {
                    self.heard(&heard, now);
                }
            }
            Told::Service(said) => self.service_said(said, now),
            Told::Name(found) => self.has_new_addresses |= self.addresses.take(found),
        }
    }

    pub(super) fn set_paces(&self, targets: impl IntoIterator<Item = TargetId>) {
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
    pub(super) fn pace_of(&self, subject: SubjectIx) -> Pace {
        if !self.retrying.contains(&subject) {
            return Pace::Normal;
        }
        match self.health.verdict(subject) {
            Some(verdict) if verdict.state.is_outage() => Pace::Retry,
            _ => Pace::Doubt,
        }
    }
}
