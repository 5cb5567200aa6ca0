//! Keeps a [`Board`] up to date and says how fresh it is.
//!
//! Guarantees: a missed or refused change leads to a new snapshot, a lost source to attempts that
//! never end and are at most five seconds apart; while the daemon is away the second source, when
//! there is one, is shown as what it is. Must not draw and must not judge.

use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::board::Board;
use super::source::{Source, SourceError};
use crate::model::UnixMs;

/// Where the shown data come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// From the running daemon.
    Live,
    /// From the daemon that was there; it is being sought.
    Reconnecting {
        /// When it was lost, or when the dashboard started.
        since: UnixMs,
        /// What the last attempt said.
        reason: String,
    },
    /// From the store, read-only.
    Offline {
        /// The newest fact in it.
        as_of: UnixMs,
        /// Why the daemon did not answer.
        reason: String,
    },
}

/// What the screen is drawn from.
#[derive(Debug, Clone)]
pub struct Feed {
    /// `None` until a source has answered for the first time.
    pub board: Option<Arc<Board>>,
    /// Where it comes from.
    pub link: Link,
}

/// How long is waited, and for what.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Before the second attempt; doubled at each one.
    pub first: Duration,
    /// Longest between two attempts.
    pub most: Duration,
    /// Longest for a snapshot to come.
    pub answer: Duration,
    /// Least between two snapshots asked for one after the other.
    pub resync: Duration,
    /// How old the second source's snapshot may grow before it is read again.
    pub reread_ms: i64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(200),
            most: Duration::from_secs(5),
            answer: Duration::from_secs(10),
            resync: Duration::from_millis(200),
            reread_ms: 30_000,
        }
    }
}

/// Attempts before the second source is opened when a board is already shown: a daemon that
/// restarts is back by then.
const PATIENCE: u32 = 3;

/// Follows `live` for ever, with `second` where it is away, and publishes to `feed`.
pub async fn follow(
    live: Rc<dyn Source>,
    second: Option<Rc<dyn Source>>,
    now: impl Fn() -> UnixMs,
    pace: Pace,
    feed: watch::Sender<Feed>,
) -> Infallible {
    let mut wait = pace.first;
    let mut attempts: u32 = 0;
    let mut read_at: Option<UnixMs> = None;
    loop {
        let (answered, failure) = follow_live(&*live, pace, &feed).await;
        if answered {
            attempts = 0;
            wait = pace.first;
            read_at = None;
        }
        attempts = attempts.saturating_add(1);
        let reason = failure.to_string();
        let shown = feed.borrow().board.is_some();
        let impatient = !shown || attempts >= PATIENCE;
        let fresh_enough = read_at.is_some_and(|t| now().since(t) < pace.reread_ms);
        let mut opened = fresh_enough;
        if let (Some(second), true, false) = (&second, impatient, fresh_enough)
            && let Ok(Ok(snapshot)) = tokio::time::timeout(pace.answer, second.snapshot()).await
        {
            // The store's snapshot carries in `started` when the daemon was last alive.
            let as_of =
                if snapshot.daemon.pid == 0 { snapshot.daemon.started } else { snapshot.at };
            let board = Some(Arc::new(Board::new(snapshot)));
            let link = Link::Offline { as_of, reason: reason.clone() };
            feed.send_replace(Feed { board, link });
            read_at = Some(now());
            opened = true;
        }
        if !opened {
            feed.send_if_modified(|feed| {
                let since = match &feed.link {
                    Link::Reconnecting { since, .. } => *since,
                    Link::Live => now(),
                    Link::Offline { .. } => return false,
                };
                let link = Link::Reconnecting { since, reason: reason.clone() };
                let changed = feed.link != link;
                feed.link = link;
                changed
            });
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(pace.most);
    }
}

/// Follows the daemon until it fails; whether it had answered before, and how it failed.
async fn follow_live(
    live: &dyn Source,
    pace: Pace,
    feed: &watch::Sender<Feed>,
) -> (bool, SourceError) {
    let mut answered = false;
    loop {
        let snapshot = match tokio::time::timeout(pace.answer, live.snapshot()).await {
            Ok(Ok(snapshot)) => snapshot,
            Ok(Err(error)) => return (answered, error),
            Err(_) => {
                let words = "the daemon did not answer in time".to_owned();
                return (answered, SourceError(words));
            }
        };
        let mut changes = match live.changes(snapshot.seq).await {
            Ok(changes) => changes,
            Err(error) => return (answered, error),
        };
        answered = true;
        feed.send_replace(Feed { board: Some(Arc::new(Board::new(snapshot))), link: Link::Live });
        loop {
            let change = match changes.next().await {
                Ok(Some(change)) => change,
                Ok(None) => {
                    let words = "the daemon closed the connection".to_owned();
                    return (answered, SourceError(words));
                }
                Err(error) => return (answered, error),
            };
            let mut in_step = true;
            feed.send_modify(|feed| {
                if let Some(board) = &mut feed.board {
                    in_step = Arc::make_mut(board).apply(change).is_ok();
                }
            });
            if !in_step {
                break;
            }
        }
        tokio::time::sleep(pace.resync).await;
    }
}
