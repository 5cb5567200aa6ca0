//! How the board follows its sources: lost, found again, out of step, offline.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::watch;
use tuantra::api::{
    Change, ClosedIncident, EventRow, History, LineLoad, Snapshot, SubjectState, Work,
};
use tuantra::dash::link::{Pace, follow};
use tuantra::dash::{Answer, Changes, Feed, Link, Source, SourceError};
use tuantra::model::{Span, State, SubjectId, UnixMs};

use crate::sample;

/// Says what it is told to, in order; afterwards it is away for ever.
#[derive(Default)]
struct Script {
    snapshots: RefCell<VecDeque<Snapshot>>,
    streams: RefCell<VecDeque<Vec<Change>>>,
    stays_open: Cell<bool>,
}

struct Stream(VecDeque<Change>, bool);

impl Changes for Stream {
    fn next(&mut self) -> Answer<'_, Option<Change>> {
        Box::pin(async {
            match self.0.pop_front() {
                Some(change) => Ok(Some(change)),
                None if self.1 => std::future::pending().await,
                None => Ok(None),
            }
        })
    }
}

impl Source for Script {
    fn snapshot(&self) -> Answer<'_, Snapshot> {
        let next = self.snapshots.borrow_mut().pop_front();
        Box::pin(async { next.ok_or_else(|| SourceError("away".to_owned())) })
    }

    fn changes(&self, _after: u64) -> Answer<'_, Box<dyn Changes>> {
        let next = self.streams.borrow_mut().pop_front().unwrap_or_default();
        let stays_open = self.stays_open.get() && self.snapshots.borrow().is_empty();
        Box::pin(async move { Ok(Box::new(Stream(next.into(), stays_open)) as Box<dyn Changes>) })
    }

    fn history<'a>(&'a self, _: &'a SubjectId, _: Span, _: usize) -> Answer<'a, History> {
        Box::pin(async { Err(SourceError("away".to_owned())) })
    }

    fn closed(&self, _: Span) -> Answer<'_, Vec<ClosedIncident>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn loads(&self, _: Span) -> Answer<'_, Vec<LineLoad>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn works(&self) -> Answer<'_, Vec<Work>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn events<'a>(&'a self, _: Span, _: usize) -> Answer<'a, Vec<EventRow>> {
        Box::pin(async { Err(SourceError("away".to_owned())) })
    }
}

fn pace() -> Pace {
    let short = Duration::from_millis(1);
    Pace { first: short, most: short, answer: Duration::from_secs(5), resync: short, reread_ms: 0 }
}

fn change(seq: u64, at: UnixMs, resync: bool) -> Change {
    let snapshot = sample::province();
    let subject = snapshot.subjects.first().expect("a subject");
    let now = SubjectState { state: State::Down, since: at, ..subject.now.clone() };
    Change {
        seq,
        at,
        daemon: snapshot.daemon.clone(),
        subjects: vec![(subject.id.clone(), now)],
        units: Vec::new(),
        incidents: None,
        resync,
    }
}

fn snapshot(seq: u64) -> Snapshot {
    Snapshot { seq, ..sample::province() }
}

/// Follows until `wanted` holds; the feed at that moment.
fn until(live: Script, second: Option<Script>, wanted: impl FnMut(&Feed) -> bool) -> Feed {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let link = Link::Reconnecting { since: sample::NOW, reason: String::new() };
    let (sender, mut receiver) = watch::channel(Feed { board: None, link });
    let second = second.map(|s| Rc::new(s) as Rc<dyn Source>);
    runtime.block_on(async {
        tokio::select! {
            never = follow(Rc::new(live), second, || sample::NOW, pace(), sender) => match never {},
            feed = receiver.wait_for(wanted) => feed.expect("the sender lives").clone(),
        }
    })
}

#[test]
fn changes_are_applied_in_their_order() {
    let live = Script::default();
    live.snapshots.borrow_mut().push_back(snapshot(40));
    live.streams.borrow_mut().push_back(vec![change(41, sample::NOW + 1, false)]);
    live.stays_open.set(true);
    let feed = until(live, None, |f| f.board.as_ref().is_some_and(|b| b.seq == 41));
    assert_eq!(feed.link, Link::Live);
    let board = feed.board.expect("a board");
    let before = tuantra::dash::Board::new(sample::province());
    assert_eq!(board.counts[2], before.counts[2] + 1);
    assert_eq!(board.counts[0], before.counts[0] - 1);
}

#[test]
fn a_missed_change_or_a_resync_leads_to_a_new_snapshot() {
    for broken in [change(43, sample::NOW, false), change(41, sample::NOW, true)] {
        let live = Script::default();
        live.snapshots.borrow_mut().extend([snapshot(40), snapshot(50)]);
        live.streams.borrow_mut().push_back(vec![broken]);
        live.stays_open.set(true);
        let feed = until(live, None, |f| f.board.as_ref().is_some_and(|b| b.seq == 50));
        assert_eq!(feed.link, Link::Live);
    }
}

#[test]
fn a_change_that_was_sent_twice_is_taken_once() {
    let live = Script::default();
    live.snapshots.borrow_mut().push_back(snapshot(40));
    let twice = vec![
        change(40, sample::NOW, false),
        change(41, sample::NOW, false),
        change(41, sample::NOW, false),
        change(42, sample::NOW, false),
    ];
    live.streams.borrow_mut().push_back(twice);
    live.stays_open.set(true);
    until(live, None, |f| f.board.as_ref().is_some_and(|b| b.seq == 42));
}

#[test]
fn a_lost_daemon_is_said_to_be_lost_while_what_was_known_stays() {
    let live = Script::default();
    live.snapshots.borrow_mut().push_back(snapshot(40));
    // A board can only come from the daemon: it was live before it was lost.
    let feed =
        until(live, None, |f| f.board.is_some() && matches!(f.link, Link::Reconnecting { .. }));
    assert!(matches!(feed.link, Link::Reconnecting { since, .. } if since == sample::NOW));
}

#[test]
fn without_a_daemon_the_store_is_shown_with_the_age_of_its_data() {
    let second = Script::default();
    let mut stored = snapshot(0);
    stored.daemon.pid = 0;
    stored.daemon.started = sample::NOW - 60_000;
    second.snapshots.borrow_mut().push_back(stored);
    let feed = until(Script::default(), Some(second), |f| f.board.is_some());
    let as_of = sample::NOW - 60_000;
    assert_eq!(feed.link, Link::Offline { as_of, reason: "away".to_owned() });
}
