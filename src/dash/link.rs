//! Keeps a [`Board`] up to date and says how fresh it is.
//!
//! Guarantees: a missed or refused change leads to a new snapshot, a lost source to attempts that
//! never end and are at most five seconds apart; a board whose subjects are still coming is shown only
//! where there is none yet; while the daemon is away the second source, when
//! there is one, is shown as what it is. Must not draw and must not judge.

use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::board::{Board, OutOfStep};
use super::source::{Answer, Source, SourceError};
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
    /// Longest for a snapshot, or a part of one, to come.
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
        match follow_once(live, pace, feed, &mut answered).await {
            Ok(OutOfStep) => tokio::time::sleep(pace.resync).await,
            Err(error) => return (answered, error),
        }
    }
}

/// Waits for an answer, but not for ever.
async fn in_time<T>(pace: Pace, answer: Answer<'_, T>) -> Result<T, SourceError> {
    let late = |_| SourceError("the daemon did not answer in time".to_owned());
    tokio::time::timeout(pace.answer, answer).await.map_err(late)?
}

/// A board that is being followed: on the screen, or beside it for as long as the screen has one that
/// tells more.
enum Held {
    Shown,
    Beside(Box<Board>),
}

impl Held {
    /// A board shown at once when there is none yet, be it whole or not.
    fn new(board: Board, feed: &watch::Sender<Feed>) -> Self {
        let is_shown = feed.borrow().board.is_none() || board.loading().is_none();
        let mut held = Self::Beside(Box::new(board));
        if is_shown {
            held.show(feed);
        }
        held
    }

    fn show(&mut self, feed: &watch::Sender<Feed>) {
        if let Self::Beside(board) = std::mem::replace(self, Self::Shown) {
            feed.send_replace(Feed { board: Some(Arc::new(*board)), link: Link::Live });
        }
    }

    fn change<T>(
        &mut self,
        feed: &watch::Sender<Feed>,
        work: impl FnOnce(&mut Board) -> Result<T, OutOfStep>,
    ) -> Result<T, OutOfStep> {
        match self {
            Self::Beside(board) => work(board),
            Self::Shown => {
                let mut done = Err(OutOfStep);
                feed.send_modify(|feed| {
                    if let Some(board) = &mut feed.board {
                        done = work(Arc::make_mut(board));
                    }
                });
                done
            }
        }
    }

    fn look<T>(
        &self,
        feed: &watch::Sender<Feed>,
        at: impl FnOnce(&Board) -> Option<T>,
    ) -> Option<T> {
        match self {
            Self::Beside(board) => at(board),
            Self::Shown => feed.borrow().board.as_deref().and_then(at),
        }
    }
}

/// The daemon's present: an overview whose pages are due, or a whole snapshot.
async fn begin(live: &dyn Source, pace: Pace) -> Result<Board, SourceError> {
    if let Some(overview) = in_time(pace, live.overview()).await? {
        return Ok(Board::begun(overview));
    }
    Ok(Board::new(in_time(pace, live.snapshot()).await?))
}

/// Asks for the daemon's present and follows it from there until all must be asked for again.
async fn follow_once(
    live: &dyn Source,
    pace: Pace,
    feed: &watch::Sender<Feed>,
    answered: &mut bool,
) -> Result<OutOfStep, SourceError> {
    let board = begin(live, pace).await?;
    let mut changes = live.changes(board.seq).await?;
    *answered = true;
    // Where the next page begins; `None` while none is due.
    let mut due = board.loading().map(|_| 0);
    let mut held = Held::new(board, feed);
    loop {
        if due.is_none() && held.look(feed, |board| board.is_stale().then_some(())).is_some() {
            tokio::time::sleep(pace.resync).await;
            let Some(overview) = in_time(pace, live.overview()).await? else {
                return Ok(OutOfStep);
            };
            if held.change(feed, |board| board.refresh(overview)).is_err() {
                return Ok(OutOfStep);
            }
            due = Some(0);
        }
        if let Some(from) = due {
            // Whoever draws has his turn between two parts, above all before the first page.
            tokio::task::yield_now().await;
            let Some(inventory) = held.look(feed, Board::inventory) else { return Ok(OutOfStep) };
            let body = in_time(pace, live.page(inventory, from)).await?;
            let Some(body) = body else { return Ok(OutOfStep) };
            let page = body.page();
            let page =
                page.map_err(|e| SourceError(format!("understand the daemon's answer: {e}")))?;
            match held.change(feed, |board| board.take_page(&page)) {
                Ok(next) => due = next,
                Err(OutOfStep) => return Ok(OutOfStep),
            }
            if due.is_none() {
                held.show(feed);
                // What waited for it may have asked for a refresh.
                continue;
            }
        }
        // While pages are due only what is there already; who is at the keys has his turn, too.
        let change = match due {
            Some(_) => tokio::select! {
                biased;
                change = changes.next() => change,
                () = tokio::task::yield_now() => continue,
            },
            None => changes.next().await,
        };
        // It ended, or we were too slow for it: whether it is still there its next answer tells.
        let Some(change) = change? else { return Ok(OutOfStep) };
        if held.change(feed, |board| board.apply(change)).is_err() {
            return Ok(OutOfStep);
        }
    }
}
