//! Alerts: the desk decides whom to tell what and when; here its rows go to the store with what
//! caused them, and its parcels to the channels once the disk has them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::tz::TimeZone;
use serde_json::json;
use tokio::sync::mpsc;

use super::Patrol;
use super::commands::signed;
use crate::alert::Desk;
use crate::alert::channel::Outcome;
use crate::alert::outlet::{Outlet, outlets, plan, post_of, texts_of};
use crate::alert::post::Post;
use crate::alert::sender::{self, Report, Sender};
use crate::alert::text::Texts;
use crate::api::{ChannelInfo, LostChannel, OutboxDone, Problem, User};
use crate::config::Config;
use crate::daemon::clock;
use crate::daemon::resume::Past;
use crate::health::{Change, Telling};
use crate::locale::Lang;
use crate::model::{Ack, Diagnostic, IncidentId, Inventory, KeptIncident, Severity, UnixMs};
use crate::store::{EventKind, Fact, Message, MessageState};
use crate::t;

/// Reports that wait for the patrol: at most one a channel, and these are fewer.
pub(in crate::daemon) const REPORTS_MAX: usize = 64;

/// What tells people.
pub(super) struct Alerts {
    pub(super) desk: Desk,
    sender: Sender,
    reports: mpsc::Sender<Report>,
    /// The newest ticket that the disk has.
    kept: Arc<AtomicU64>,
}

impl Alerts {
    pub(super) fn new(
        config: &Config,
        inventory: &Inventory,
        past: &Past,
        reports: mpsc::Sender<Report>,
        now: UnixMs,
    ) -> Self {
        let open: Vec<IncidentId> = past.incidents.iter().map(|kept| kept.id.clone()).collect();
        let (plan, sender) = Prepared::new(config).start(&config.timezone, &reports);
        let mut desk = Desk::new(plan, &past.messages, &open, &past.parts, now);
        desk.take_up_storms(inventory, past.storms.iter().cloned(), now);
        Self { desk, sender, reports, kept: Arc::default() }
    }

    /// Another configuration. What is away stays away until its old channel reports. Returns what
    /// is lost with channels that are gone.
    pub(super) fn reload(
        &mut self,
        prepared: Prepared,
        zone: &TimeZone,
        now: UnixMs,
    ) -> Vec<LostChannel> {
        let (plan, sender) = prepared.start(zone, &self.reports);
        let lost = self.desk.set_plan(plan, now).into_iter();
        self.sender = sender;
        lost.map(|(channel, messages, incidents)| LostChannel { channel, messages, incidents })
            .collect()
    }

    /// Another inventory: what is beneath a unit in storm mode may be another now.
    pub(super) fn follow_units(&mut self, inventory: &Inventory, now: UnixMs) {
        self.desk.follow_units(inventory, now);
    }

    /// Messages that have not been delivered yet.
    pub(super) fn waiting(&self) -> usize {
        self.desk.waiting()
    }

    /// Channels that take nothing now.
    pub(super) fn troubles(&self) -> Vec<ChannelInfo> {
        let troubles = self.desk.troubles().into_iter();
        troubles
            .map(|trouble| ChannelInfo {
                channel: trouble.channel,
                since: trouble.since,
                reason: trouble.reason,
                waiting: u32::try_from(trouble.waiting).unwrap_or(u32::MAX),
            })
            .collect()
    }
}

/// Says in the log what `check` has told already, and what follows from it.
fn warn(found: &[Diagnostic], so: &str) {
    for one in found {
        let text = crate::locale::message(crate::locale::Lang::En, &one.message);
        let line = one.place.as_ref().map(|place| place.line);
        tracing::warn!(line, "alerts: {text}: {so}");
    }
}

/// Channels, routes and texts of a configuration, ready to be taken over. Making them reads files and
/// certificates: not for the patrol's task.
pub(in crate::daemon) struct Prepared {
    plan: crate::alert::Plan,
    outlets: Vec<Outlet>,
    texts: Texts,
    post: Option<Post>,
}

impl Prepared {
    /// Makes them. `check` has told what is wrong; here a channel that cannot be made is one that
    /// takes nothing.
    pub(in crate::daemon) fn new(config: &Config) -> Self {
        let (outlets, diagnostics) = outlets(config, Severity::Warning);
        warn(&diagnostics, "channels");
        let plan = plan(config, &outlets);
        let texts = texts_of(config).unwrap_or_else(|found| {
            warn(&found, "the built-in texts are used");
            Texts::builtin()
        });
        // A proxy is there because nothing leaves without it: better no message than one past it.
        let post = post_of(config).map_err(|found| warn(&[*found], "no message can leave")).ok();
        Self { plan, outlets, texts, post }
    }

    /// The plan, and the channels' threads.
    fn start(
        self,
        zone: &TimeZone,
        reports: &mpsc::Sender<Report>,
    ) -> (crate::alert::Plan, Sender) {
        let reports = reports.clone();
        let desk = sender::Desk {
            post: self.post.map(Arc::new),
            texts: Arc::new(self.texts),
            zone: zone.clone(),
            clock: clock::now,
            report: Arc::new(move |report| {
                // The patrol is gone only when the daemon stops; the message is sent again then.
                let _ = reports.blocking_send(report);
            }),
        };
        (self.plan, Sender::start(self.outlets, &desk))
    }
}

impl Patrol {
    /// Says in the log and among the events what is lost with channels that a reload took away: who
    /// renames one finds out before somebody misses a message.
    pub(super) fn tell_lost_channels(&mut self, lost: &[LostChannel], now: UnixMs) {
        for LostChannel { channel, messages, incidents } in lost {
            tracing::warn!(
                %channel,
                messages,
                incidents,
                "a channel with open messages is not in the configuration any more"
            );
            let detail = json!({
                "channel_gone": channel, "messages": messages, "incidents": incidents,
            });
            self.event(now, EventKind::Trouble, None, detail);
        }
    }

    /// Somebody is to be told: the routes say who.
    pub(super) fn alert(&mut self, telling: &Telling, now: UnixMs) {
        let inventory = Arc::clone(self.inventory());
        let open = self.health.incidents().iter().find(|i| i.id == telling.incident);
        self.alerts.desk.news(&inventory, telling, open, now);
    }

    /// An incident was kept as it is now.
    pub(super) fn alert_of(&mut self, incident: &KeptIncident, change: Change, now: UnixMs) {
        if let (Change::Closed, Some(into)) = (change, &incident.merged_into) {
            self.alerts.desk.merged(&incident.id, into, now);
        }
    }

    /// Somebody has taken an incident.
    pub(super) fn alert_taken(&mut self, incident: &IncidentId, ack: &Ack, now: UnixMs) {
        let inventory = Arc::clone(self.inventory());
        let open = self.health.incidents().iter().find(|i| i.id == *incident);
        if let Some(open) = open {
            self.alerts.desk.acknowledged(&inventory, open, ack, now);
        }
    }

    /// Lets time pass: updates, reminders, escalations.
    pub(super) fn alert_tick(&mut self, now: UnixMs) {
        let inventory = Arc::clone(self.inventory());
        let health = &self.health;
        self.alerts.desk.see_again(&inventory, |carrier| health.has_seen(carrier), now);
        self.alerts.desk.tick(&inventory, self.health.incidents(), self.health.blind(), now);
    }

    /// Hands what is due to the channels.
    pub(super) fn send_alerts(&mut self, now: UnixMs) {
        self.alerts.desk.kept(self.alerts.kept.load(Ordering::Acquire));
        for parcel in self.alerts.desk.due(now) {
            let (key, progress) = (parcel.key.clone(), parcel.progress.clone());
            if let Err(outcome) = self.alerts.sender.send(parcel) {
                self.alerts.desk.outcome(&key, &outcome, progress, now);
            }
        }
        self.submit();
    }

    /// What became of a message.
    pub(in crate::daemon) fn delivered(&mut self, report: &Report, now: UnixMs) {
        let Report { key, outcome, progress } = report;
        match outcome {
            Outcome::Sent => tracing::info!(key = %key, "message sent"),
            Outcome::Again { reason, .. } => {
                tracing::warn!(key = %key, reason = &**reason, "message not sent; tried again");
            }
            Outcome::Refused { reason, .. } => {
                tracing::error!(key = %key, reason = &**reason, "message refused");
                let detail = json!({ "message": key, "reason": reason });
                self.event(now, EventKind::Trouble, None, detail);
            }
        }
        self.alerts.desk.outcome(key, outcome, progress.clone(), now);
        self.send_alerts(now);
    }

    /// The rows of the outbox that changed go into the batch with what caused them; returns the
    /// ticket to be told when they are on the disk.
    pub(super) fn take_messages(&mut self) -> Option<u64> {
        let (messages, ticket) = self.alerts.desk.take_changed();
        if messages.is_empty() {
            return None;
        }
        self.batch.facts.extend(messages.into_iter().map(Fact::Message));
        Some(ticket)
    }

    /// Marks what was submitted as kept when the disk has it. A disk that takes nothing holds no
    /// alert back: it leaves all the same.
    pub(super) fn keep_messages(&self, ticket: u64) {
        let kept = Arc::clone(&self.alerts.kept);
        self.store.when_written(move |result| {
            if let Err(error) = result {
                tracing::warn!(%error, "messages leave although the store has not kept them");
            }
            kept.fetch_max(ticket, Ordering::Release);
        });
    }

    /// An operator has a message tried again, or gives it up.
    pub(in crate::daemon) fn outbox(
        &mut self,
        message: &Message,
        is_retry: bool,
        by: &User,
        now: UnixMs,
    ) -> Result<OutboxDone, Problem> {
        let id = message.id.clone();
        let is_done = if is_retry {
            self.alerts.desk.retry(message, now)
        } else {
            self.alerts.desk.give_up_by(&id, &by.name)
        };
        if !is_done {
            let word = match message.state {
                MessageState::Pending => "reason.on_its_way",
                MessageState::Sent => "reason.was_sent",
                MessageState::Dead if is_retry => "reason.no_channel",
                MessageState::Dead => "reason.was_dead",
            };
            let word = t!(Lang::En, word);
            let why = t!(Lang::En, "reason.outbox_refused", id = id, word = word);
            return Err(Problem::new("not_possible", why));
        }
        let word = if is_retry { "retry" } else { "drop" };
        tracing::info!(key = %id, by = %by.name, uid = by.uid, word, "outbox");
        let detail = signed(json!({ "message": id, "outbox": word }), Some(by));
        self.event(now, EventKind::Outbox, None, detail);
        self.submit();
        Ok(OutboxDone { message: id })
    }
}
