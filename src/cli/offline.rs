//! The present as the store knows it, for clients while no daemon runs: the same snapshot, made
//! by the same functions, of the time the daemon was last alive.

use anyhow::Context as _;

use crate::api::{self, DaemonInfo, Snapshot, Sources, SubjectState};
use crate::config::Config;
use crate::daemon::{Months, month_start, resume};
use crate::health::{self, View};
use crate::model::{Inventory, Span, State, SubjectIx, UnixMs};

/// Makes a snapshot out of the store; `at` in it is when the daemon was last alive.
///
/// # Errors
/// When there is no store or it cannot be read.
pub(crate) fn snapshot(
    config: &Config,
    inventory: &Inventory,
    now: UnixMs,
) -> anyhow::Result<Snapshot> {
    let past = resume::past(&config.store, now).context("read the store")?;
    let last_round = past.current.values().filter_map(|c| c.last_round).max();
    let at = past.last_alive.max(last_round).unwrap_or(now);
    let month_from = month_start(at, &config.timezone);
    let months = Months::compute(inventory, &past.intervals, Span::new(month_from, at));
    let views: Vec<View> = inventory
        .subjects
        .iter()
        .map(|subject| match past.resumed(&subject.id) {
            None => View {
                state: State::Unmeasured,
                since: at,
                cause: None,
                suspect: 0,
                last_round: None,
            },
            Some(resumed) => {
                let hard = resumed.hard.filter(|h| h.state == resumed.state);
                View {
                    state: resumed.state,
                    since: hard.as_ref().map_or(resumed.since, |h| h.since),
                    cause: hard
                        .and_then(|h| h.cause)
                        .and_then(|c| inventory.find_subject(c.as_str())),
                    suspect: 0,
                    last_round: resumed.last_round,
                }
            }
        })
        .collect();
    let state = |s: SubjectIx| {
        let view = views[s.ix()];
        SubjectState {
            state: view.state,
            since: view.since,
            cause: view.cause.map(|c| inventory.subject(c).id.clone()),
            suspect: 0,
            last_round: view.last_round,
            rtt_us: None,
            loss_permille: None,
            recent_us: Vec::new(),
        }
    };
    let sources = Sources {
        inventory,
        state: &state,
        month: &|lines| months.of(lines),
        goal_ppm: config.goals.availability_ppm,
        goal_permille: config.goals.coverage_permille,
        measured_floor_ppm: config.measured_floor_ppm,
        timezone: &config.timezone_name,
        month_from,
    };
    let daemon = DaemonInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: 0,
        started: at,
        asked: 0,
        interval_ms: config.health.interval_ms,
        lag_ms: 0,
        written: Some(at),
        dropped_samples: 0,
        reload_failure: None,
        trouble: None,
    };
    let incidents = health::open_incidents(inventory, |s| views[s.ix()]);
    Ok(api::snapshot(&sources, api::coverages(&sources, at), incidents, daemon, 0, at))
}
