//! Wires the rooms together; owns tasks, signals, reload, shutdown and the clock.
//!
//! ```text
//!  prober ─ answers ─► ┌─────────┐ ─ facts, samples ─► store
//!  clock ─── ticks ──► │ Patrol  │ ─ paces, ask now ─► prober
//!  signals, requests ► └─────────┘ ─ changes, snapshots ─► api ─► clients
//! ```
//! One task owns the patrol; nothing it waits for can block it: files are read and the month's
//! figures computed on threads of their own.

mod agents;
mod asker;
mod backend;
pub mod clock;
mod closed;
mod drift;
mod feed;
mod loads;
mod lost;
mod metrics;
mod months;
mod names;
mod notes;
mod patrol;
pub mod rebuild;
pub mod replay;
pub mod resume;
mod services;
mod targets;
mod traps;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot};

pub(crate) use backend::{events, history};
pub(crate) use closed::closed;
pub(crate) use drift::drifts;
pub(crate) use loads::loads;
pub(crate) use lost::lost;
pub use months::{Months, month_start};

use crate::api::{
    AckRequest, Acknowledged, AskRequest, AskedNow, DeviceInfo, NoteRequest, Noted, OutboxDone,
    Overview, Problem, ReloadFailure, Reloaded, Snapshot, StormInfo, StormRequest, User, Work,
    WorkRequest,
};
use crate::config::{Config, Engine};
use crate::coverage::LOOK_BACK_MS;
use crate::health::Explanation;
use crate::locale::Lang;
use crate::memory;
use crate::model::{Id, Inventory, Span, SubjectId, UnitId, UnixMs};
use crate::probe::service::{Services, Trust, TrustError};
use crate::probe::{EngineChoice, Options, ProbeError, Prober};
use crate::store::{Message, OpenOptions, Reader, Retention, Store, StoreError};
use crate::t;
pub use patrol::settings;
pub(crate) use patrol::show::is_off_hours;
pub(crate) use patrol::told::device_info;
pub(crate) use patrol::work::announced;
use patrol::{Parts, Patrol, Prepared};

/// How often time is let pass for the core.
const TICK: Duration = Duration::from_secs(1);
/// How often clients are given what is new: well within a second of a decision.
const PUBLISH: Duration = Duration::from_millis(250);
/// How often the month's figures are computed anew.
const MONTHS: Duration = Duration::from_secs(30);
/// The first time, this long after the start.
const FIRST_MONTHS: Duration = Duration::from_secs(10);
/// How often old samples are looked for.
const EXPIRE: Duration = Duration::from_secs(3600);
/// New subjects are all asked within this time, so that a start shows the province soon.
const FIRST_SWEEP_MS: i64 = 8_000;
/// Longest wait for the store at the end; what is not written by then is reported.
const CLOSING: Duration = Duration::from_millis(1500);

/// Why the daemon could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ping engine.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// The authorities that services' certificates are held against.
    #[error("probe.services: {0}")]
    Trust(#[from] TrustError),
    /// The address of `metrics: listen` could not be listened at.
    #[error("metrics: listen at {address}: {source}")]
    Metrics {
        /// Where.
        address: std::net::SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The socket or a signal handler.
    #[error("{operation} {}: {source}", path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The ping engine's thread ended by itself.
    #[error("the ping engine stopped; its last words are in the log above")]
    EngineGone,
}

/// What a reload reads anew.
pub struct Fresh {
    /// The configuration; its store, socket and engine are those of the start whatever it says.
    pub config: Config,
    /// The inventory.
    pub inventory: Inventory,
    /// Warnings found.
    pub warnings: u32,
}

/// Reads configuration and inventory; a refusal names the first of its errors.
pub type Load = Arc<dyn Fn() -> Result<Fresh, (u32, String)> + Send + Sync>;

/// What clients ask of the patrol's task.
enum Request {
    Snapshot(oneshot::Sender<Arc<Snapshot>>),
    Overview(oneshot::Sender<Arc<Overview>>),
    Page {
        inventory: u64,
        from: usize,
        reply: Reply<Vec<u8>>,
    },
    Inventory(oneshot::Sender<Arc<Inventory>>),
    Metrics(oneshot::Sender<metrics::Gauges>),
    Reload {
        by: Option<User>,
        reply: Option<Reply<Reloaded>>,
    },
    Acknowledge {
        request: AckRequest,
        by: User,
        reply: Reply<Acknowledged>,
    },
    Announce {
        id: Id,
        request: WorkRequest,
        by: User,
        reply: Reply<(Work, bool)>,
    },
    EndMaintenance {
        id: Id,
        by: User,
        reply: Reply<Work>,
    },
    Maintenance(oneshot::Sender<Vec<Work>>),
    Storm {
        unit: UnitId,
        request: StormRequest,
        by: User,
        reply: Reply<(StormInfo, bool)>,
    },
    EndStorm {
        unit: UnitId,
        by: User,
        reply: Reply<StormInfo>,
    },
    Storms(oneshot::Sender<Vec<StormInfo>>),
    Explain {
        subject: SubjectId,
        reply: Reply<Explanation>,
    },
    Ask {
        request: AskRequest,
        by: User,
        reply: Reply<AskedNow>,
    },
    Outbox {
        message: Box<Message>,
        is_retry: bool,
        by: User,
        reply: Reply<OutboxDone>,
    },
    Note {
        request: NoteRequest,
        /// What the store has of the outage.
        found: Option<notes::Recorded>,
        by: User,
        reply: Reply<Noted>,
    },
    Device {
        subject: SubjectId,
        reply: oneshot::Sender<Option<DeviceInfo>>,
    },
}

type Reply<T> = oneshot::Sender<Result<T, Problem>>;

/// Patrols until SIGTERM or SIGINT. `load` is called again at SIGHUP and on request; clients are
/// served on the runtime `server`.
///
/// # Errors
/// [`DaemonError`] when the store is taken, the ping engine may not open a socket, or the Unix
/// socket cannot be bound; all name the fix.
pub async fn run(
    config: Config,
    inventory: Inventory,
    load: Load,
    server: &Handle,
) -> Result<(), DaemonError> {
    // First of all: a signal that comes while the store is read must not kill the process.
    let on_signal = |kind| {
        signal(kind).map_err(|source| DaemonError::Io {
            operation: "listen for signals in",
            path: PathBuf::from("this process"),
            source,
        })
    };
    let mut terminate = on_signal(SignalKind::terminate())?;
    let mut interrupt = on_signal(SignalKind::interrupt())?;
    let mut hang_up = on_signal(SignalKind::hangup())?;
    let config = Arc::new(config);
    let inventory = Arc::new(inventory);
    let now = clock::now();
    // Before the store, so that a machine that lets nobody ping is left without an empty one.
    let (prober, mut answers) = Prober::start(Options {
        engine: engine(config.engine),
        rate_pps: config.rate_pps,
        group_rate_pps: config.group_rate_pps,
        first_sweep_ms: FIRST_SWEEP_MS,
    })?;
    let trust = Trust::load(config.services_ca.as_deref())?;
    let first_sweep = Duration::from_millis(FIRST_SWEEP_MS.unsigned_abs());
    let services = Services::new(trust, first_sweep).map_err(ProbeError::Thread)?;
    let store = Store::open(&config.store, &OpenOptions { now, pid: std::process::id() })?;
    let past = match resume::past(&config.store, now) {
        Err(error) if error.is_rot() => {
            store.mend_blocking(&error)?;
            resume::past(&config.store, now)?
        }
        past => past?,
    };
    let month_from = month_start(now, &config.timezone);
    let this_month = Span::new(month_from, now);
    let months = Months::compute(&inventory, &past.intervals, &past.maintenance, this_month);
    let listener = {
        // Whoever connects is noticed where he is served.
        let _there = server.enter();
        bind(&config)?
    };
    // Numbers go on growing over restarts, so that a client's old number is never taken for a
    // new one.
    let changes = Arc::new(feed::Changes::new(u64::try_from(now.0).unwrap_or(0)));
    let (traps, mut traps_inbox) = mpsc::channel(traps::WAITING_MAX);
    let (reports, mut reports_inbox) = mpsc::channel(patrol::REPORTS_MAX);
    let (requests, mut inbox) = mpsc::channel::<Request>(64);
    let backend = backend::Socket::new(requests.clone(), Arc::clone(&changes), &config.store);
    let serving = server.spawn(crate::api::serve(listener, Arc::new(backend)));
    if let Some(address) = config.metrics {
        let served = server.spawn(metrics::serve(address, requests.clone())).await;
        served
            .unwrap_or_else(|ended| Err(std::io::Error::other(ended)))
            .map_err(|source| DaemonError::Metrics { address, source })?;
    }
    let parts = Parts {
        config: Arc::clone(&config),
        inventory: Arc::clone(&inventory),
        prober,
        services,
        store,
        changes,
        traps,
        reports,
        months,
        month_from,
    };
    let mut patrol = Patrol::start(parts, &past, now);
    drop(past);
    tracing::info!(
        pid = std::process::id(),
        subjects = inventory.subjects.len(),
        socket = %config.socket.display(),
        store = %config.store.display(),
        "patrolling"
    );
    memory::forget_start();
    memory::trim();

    let mut tick = every(TICK);
    // Answers come more often, and what is new is given out with them: only where none come does the
    // clock have to wake us for it.
    let mut publish = every(PUBLISH + PUBLISH / 2);
    let mut published = tokio::time::Instant::now();
    let mut recompute = every(MONTHS);
    let mut expire = every(EXPIRE);
    // The first rounds make a month out of nothing: soon after the start, then regularly.
    recompute.reset_after(FIRST_MONTHS);
    let (months_done, mut months_inbox) = mpsc::channel(1);
    let (loads_done, mut loads_inbox) = mpsc::channel(4);
    let loading = Arc::new(std::sync::Mutex::new(()));

    let result = loop {
        tokio::select! {
            batch = answers.recv() => match batch {
                Some(batch) => {
                    patrol.answers(&batch, clock::now());
                    // Awake it is already.
                    if published.elapsed() >= PUBLISH {
                        patrol.publish(clock::now());
                        published = tokio::time::Instant::now();
                        publish.reset();
                    }
                }
                None => break Err(DaemonError::EngineGone),
            },
            turn = patrol.next_turn() => patrol.turn(turn, clock::now()),
            Some(trap) = traps_inbox.recv() => patrol.trap(&trap, clock::now()),
            Some(report) = reports_inbox.recv() => patrol.delivered(&report, clock::now()),
            _ = tick.tick() => patrol.tick(clock::now()),
            _ = publish.tick() => {
                patrol.publish(clock::now());
                published = tokio::time::Instant::now();
            }
            _ = recompute.tick() => {
                patrol.follow_calendar(clock::now());
                let (config, inventory) = patrol.month_inputs();
                let done = months_done.clone();
                tokio::task::spawn_blocking(move || compute_months(&config, inventory, &done));
            }
            Some((months, from, of)) = months_inbox.recv() => {
                patrol.set_months(months, from, &of);
            }
            _ = expire.tick() => {
                let (config, _) = patrol.month_inputs();
                let now = clock::now();
                patrol.store().keep(Retention {
                    samples_before: now - config.samples_kept_ms,
                    rollups_before: now - config.rollups_kept_ms,
                });
            }
            Some(request) = inbox.recv() => match request {
                Request::Snapshot(reply) => {
                    // A client that went away meanwhile needs no answer.
                    let _ = reply.send(patrol.snapshot(clock::now()));
                }
                Request::Overview(reply) => {
                    let _ = reply.send(patrol.overview(clock::now()));
                }
                Request::Page { inventory, from, reply } => {
                    let _ = reply.send(patrol.page(inventory, from, clock::now()));
                }
                Request::Metrics(reply) => {
                    let _ = reply.send(patrol.gauges(clock::now()));
                }
                Request::Reload { by, reply } => {
                    let who = by.as_ref();
                    tracing::info!(uid = who.map(|u| u.uid), by = who.map(|u| &*u.name), "reload asked for");
                    let (load, done) = (Arc::clone(&load), loads_done.clone());
                    let turn = Arc::clone(&loading);
                    tokio::task::spawn_blocking(move || {
                        // One at a time, so that an older reading never comes after a newer one.
                        let _turn = turn.lock();
                        // The loop is gone only when the daemon stops.
                        let loaded = load().map(|fresh| {
                            let prepared = Prepared::new(&fresh.config);
                            (fresh, prepared)
                        });
                        let _ = done.blocking_send((loaded, by, reply));
                    });
                }
                // Below, too, whoever has gone away meanwhile needs no answer.
                Request::Acknowledge { request, by, reply } => {
                    let _ = reply.send(patrol.acknowledge(&request, &by, clock::now()));
                }
                Request::Announce { id, request, by, reply } => {
                    let _ = reply.send(patrol.announce(id, request, &by, clock::now()));
                }
                Request::EndMaintenance { id, by, reply } => {
                    let _ = reply.send(patrol.end_maintenance(&id, &by, clock::now()));
                }
                Request::Inventory(reply) => {
                    let _ = reply.send(Arc::clone(patrol.inventory()));
                }
                Request::Maintenance(reply) => {
                    let _ = reply.send(patrol.maintenance(clock::now()));
                }
                Request::Storm { unit, request, by, reply } => {
                    let _ = reply.send(patrol.storm(unit, &request, &by, clock::now()));
                }
                Request::EndStorm { unit, by, reply } => {
                    let _ = reply.send(patrol.end_storm(&unit, &by, clock::now()));
                }
                Request::Storms(reply) => {
                    let _ = reply.send(patrol.storms(clock::now()));
                }
                Request::Explain { subject, reply } => {
                    let _ = reply.send(patrol.explain(&subject, clock::now()));
                }
                Request::Ask { request, by, reply } => {
                    let _ = reply.send(patrol.ask_now(&request, &by, clock::now()));
                }
                Request::Outbox { message, is_retry, by, reply } => {
                    let _ = reply.send(patrol.outbox(&message, is_retry, &by, clock::now()));
                }
                Request::Note { request, found, by, reply } => {
                    let _ = reply.send(patrol.note_outage(request, found, &by, clock::now()));
                }
                Request::Device { subject, reply } => {
                    let _ = reply.send(patrol.device_info(&subject));
                }
            },
            Some((loaded, by, reply)) = loads_inbox.recv() => {
                let answer = take_over(&mut patrol, loaded, by.as_ref());
                if let Some(reply) = reply {
                    let _ = reply.send(answer);
                }
                recompute.reset_immediately();
            }
            _ = hang_up.recv() => {
                // A full queue means that reloads are waiting already.
                let _ = requests.try_send(Request::Reload { by: None, reply: None });
            }
            _ = terminate.recv() => break Ok(()),
            _ = interrupt.recv() => break Ok(()),
        }
    };
    tracing::info!("stopping");
    serving.abort();
    let store = patrol.stop(clock::now());
    let closing = tokio::task::spawn_blocking(move || store.close());
    match tokio::time::timeout(CLOSING, closing).await {
        Ok(Ok(closed)) => closed?,
        Ok(Err(error)) => tracing::error!(%error, "close the store"),
        Err(_) => tracing::error!("the store did not close in time; unwritten samples are lost"),
    }
    // Gone already is as good.
    let _ = std::fs::remove_file(&config.socket);
    result
}

/// The probe's word for the configuration's.
pub(crate) const fn engine(choice: Engine) -> EngineChoice {
    match choice {
        Engine::Auto => EngineChoice::Auto,
        Engine::Raw => EngineChoice::Raw,
        Engine::Datagram => EngineChoice::Datagram,
        Engine::Portable => EngineChoice::Portable,
    }
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut interval = tokio::time::interval(period);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    interval
}

/// Binds the Unix socket, for the owner and the group. The store's lock is held, so a socket file
/// that is there already is a dead daemon's.
fn bind(config: &Config) -> Result<UnixListener, DaemonError> {
    use std::os::unix::fs::PermissionsExt as _;
    let path = &config.socket;
    let error = |operation| move |source| DaemonError::Io { operation, path: path.clone(), source };
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            return Err(error("remove the old socket")(e));
        }
        _ => {}
    }
    let listener = UnixListener::bind(path).map_err(error("bind the socket"))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))
        .map_err(error("set the permissions of the socket"))?;
    Ok(listener)
}

type Computed = (Months, UnixMs, Arc<Inventory>);

fn compute_months(config: &Config, inventory: Arc<Inventory>, done: &mpsc::Sender<Computed>) {
    let now = clock::now();
    let from = month_start(now, &config.timezone);
    let window = Span::new(from, now);
    // An outage is judged by when it began.
    let past = Span::new(from - LOOK_BACK_MS, now);
    let read = Reader::open(&config.store)
        .and_then(|r| Ok((r.intervals(None, past)?, r.maintenance(window)?)));
    match read {
        Ok((intervals, one_off)) => {
            let months = Months::compute(&inventory, &intervals, &one_off, window);
            // The loop is gone only when the daemon stops.
            let _ = done.blocking_send((months, from, inventory));
        }
        Err(error) => tracing::warn!(%error, "compute the month's figures"),
    }
}

fn take_over(
    patrol: &mut Patrol,
    loaded: Result<(Fresh, Prepared), (u32, String)>,
    by: Option<&User>,
) -> Result<Reloaded, Problem> {
    let now = clock::now();
    match loaded {
        Ok((Fresh { config, inventory, warnings }, prepared)) => {
            let subjects = u32::try_from(inventory.subjects.len()).unwrap_or(u32::MAX);
            let lost = patrol.reload(config, Arc::new(inventory), prepared, by, now);
            Ok(Reloaded { subjects, warnings, lost })
        }
        Err((errors, first)) => {
            let message = t!(Lang::En, "reason.files_refused", errors = errors, first = first);
            patrol.refuse_reload(ReloadFailure { at: now, errors, first }, by);
            Err(Problem::new("refused", message))
        }
    }
}
