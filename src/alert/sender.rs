//! Takes messages to their channels: one thread a channel, so that one that hangs delays no other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use jiff::tz::TimeZone;

use super::channel::{Letter, Outcome, Reply};
use super::desk::Parcel;
use super::outlet::Outlet;
use super::post::Post;
use super::progress::{Progress, Refusal};
use super::text::{Texts, Words};
use crate::locale::Lang;
use crate::model::{Id, UnixMs};
use crate::t;

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its key in the outbox.
    pub key: String,
    /// What the service made of it.
    pub outcome: Outcome,
    /// What has been done of it in all.
    pub progress: Progress,
}

/// What every channel's thread works with.
#[derive(Clone)]
pub struct Desk {
    /// Makes the calls; `None` when its settings cannot be used, and then nothing leaves.
    pub post: Option<Arc<Post>>,
    /// Puts notices into words.
    pub texts: Arc<Texts>,
    /// The configured zone.
    pub zone: TimeZone,
    /// What time it is.
    pub clock: fn() -> UnixMs,
    /// Where reports go. It may wait for room: a lane has one message under way at most, so there
    /// are never more reports than lanes.
    pub report: Arc<dyn Fn(Report) + Send + Sync>,
}

/// The channels' threads. They end when it is dropped, each after what it is at.
#[derive(Debug, Default)]
pub struct Sender {
    lanes: Vec<(Id, SyncSender<Parcel>)>,
}

impl Sender {
    /// Starts a thread for each channel. One that cannot be started is as good as a channel that
    /// is not there.
    #[must_use]
    pub fn start(outlets: Vec<Outlet>, desk: &Desk) -> Self {
        let mut lanes = Vec::new();
        for outlet in outlets {
            let (parcels, inbox) = sync_channel(1);
            let id = outlet.id.clone();
            let desk = desk.clone();
            let thread = std::thread::Builder::new()
                .name(format!("alert-{id}"))
                .spawn(move || serve(&outlet, &desk, &inbox));
            match thread {
                Ok(_) => lanes.push((id, parcels)),
                Err(error) => tracing::error!(channel = %id, %error, "start a channel's thread"),
            }
        }
        Self { lanes }
    }

    /// Hands a message over; why not, when the channel is not there (a secret that cannot be had)
    /// or still busy.
    ///
    /// # Errors
    /// What to take for its outcome.
    pub fn send(&self, parcel: Parcel) -> Result<(), Outcome> {
        let again = |reason| Err(Outcome::Again { after_ms: None, is_unsure: false, reason });
        let Some((_, lane)) = self.lanes.iter().find(|(id, _)| *id == parcel.channel) else {
            return again(t!(Lang::En, "reason.not_ready"));
        };
        match lane.try_send(parcel) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => again(t!(Lang::En, "reason.busy")),
            Err(TrySendError::Disconnected(_)) => again(t!(Lang::En, "reason.thread_ended")),
        }
    }
}

fn serve(outlet: &Outlet, desk: &Desk, inbox: &Receiver<Parcel>) {
    while let Ok(parcel) = inbox.recv() {
        // A channel that panics must neither take its lane nor a message with it.
        let done = catch_unwind(AssertUnwindSafe(|| deliver(outlet, desk, &parcel)));
        let report = done.unwrap_or_else(|_| Report {
            key: parcel.key.clone(),
            outcome: Outcome::Again {
                after_ms: None,
                is_unsure: true,
                reason: t!(Lang::En, "reason.code_failed"),
            },
            progress: parcel.progress.clone(),
        });
        (desk.report)(report);
    }
}

/// Sends one message, in as many calls as it takes, going on after those that were taken before. One
/// that is refused for itself alone (a mail's recipient) is passed over, and one that is to be tried
/// again does not hold up the others; the message is refused when nobody took it.
pub fn deliver(outlet: &Outlet, desk: &Desk, parcel: &Parcel) -> Report {
    let now = (desk.clock)();
    let words = desk.texts.words(&parcel.notice, outlet.lang, &desk.zone, now);
    // A message is never lost to its words.
    let words = words.unwrap_or_else(|error| {
        tracing::error!(%error, key = %parcel.key, "put a message into words");
        Words { title: parcel.key.clone(), body: String::new() }
    });
    let letter = Letter {
        key: &parcel.key,
        title: &words.title,
        body: &words.body,
        notice: &parcel.notice,
        now,
    };
    let calls = outlet.channel.calls(&letter);
    let mut progress = parcel.progress.clone();
    // A row of a version that kept no more than a count.
    progress.is_taken |= progress.parts_done > 0 && progress.refused.is_none();
    let mut missing = None;
    for (n, call) in calls.iter().enumerate() {
        if progress.has_ended(n) {
            continue;
        }
        let reply = match &desk.post {
            Some(post) => post.make(call),
            None => Reply::Failed {
                is_unsure: false,
                is_final: false,
                reason: t!(Lang::En, "reason.no_post"),
            },
        };
        let is_of_one = outlet.channel.is_of_one(&reply);
        // Not before it is judged: a secret may be a word that answers are made of.
        let outcome = outlet.channel.judge(&reply).without_secrets(|reason| outlet.hide(reason));
        match &outcome {
            Outcome::Sent => progress.is_taken = true,
            Outcome::Refused { reason, is_channel } if is_of_one => {
                tracing::warn!(channel = %outlet.id, key = %parcel.key, %reason, "one was refused");
                let (reason, is_channel) = (reason.clone(), *is_channel);
                progress.refused.get_or_insert(Refusal { reason, is_channel });
            }
            Outcome::Again { .. } if is_of_one => {
                missing.get_or_insert(outcome);
                continue;
            }
            Outcome::Again { .. } | Outcome::Refused { .. } => {
                missing = Some(outcome);
                break;
            }
        }
        progress.end(n);
    }
    let refused = progress.refused.clone().filter(|_| !progress.is_taken);
    let refused =
        refused.map(|Refusal { reason, is_channel }| Outcome::Refused { reason, is_channel });
    let outcome = missing.or(refused).unwrap_or(Outcome::Sent);
    Report { key: parcel.key.clone(), outcome, progress }
}
