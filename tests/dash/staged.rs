//! A board that comes in parts is in the end what the whole snapshot would have been, whatever
//! happens between the parts; and it tells no figure of a part.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use proptest::prelude::*;
use tokio::sync::watch;
use tuantra::api::{
    CarrierLines, Change, ClosedIncident, EventRow, History, LineLoad, Overview, Page, PageBody,
    PageRow, Snapshot, StateCounts, SubjectState, UnitChange, Work, folded,
};
use tuantra::dash::link::{Pace, follow};
use tuantra::dash::{Answer, Board, Changes, Feed, Link, Source, SourceError};
use tuantra::locale::Lang;
use tuantra::model::{RoundError, Span, State, SubjectId};

use crate::desk::Desk;
use crate::sample;

/// What a daemon answers that stands as `whole` says.
pub fn overview(whole: &Snapshot, inventory: u64) -> Overview {
    let (mut counts, mut off_hours) = (StateCounts::default(), 0);
    let mut carrier_lines = vec![CarrierLines::default(); whole.carriers.len()];
    for subject in &whole.subjects {
        if subject.now.off_hours {
            off_hours += 1;
        } else {
            counts.add(subject.now.state);
        }
        let at = whole.carriers.iter().position(|c| Some(&c.id) == subject.carrier.as_ref());
        if let Some(lines) = at.and_then(|at| carrier_lines.get_mut(at)) {
            lines.counts.add(subject.now.state);
            lines.month += subject.month;
        }
    }
    let is_named = |id: &SubjectId| whole.incidents.iter().any(|i| i.members().any(|m| m == id));
    let rank = |state: &State| match state {
        State::Up => 0,
        State::Unmeasured => 1,
        State::Degraded => 2,
        State::Unreachable => 3,
        State::Down => 4,
    };
    let bare = whole.units.iter().filter(|unit| unit.own.is_empty());
    let marks = bare.filter_map(|unit| {
        let states = whole.subjects.iter().filter(|s| s.unit == unit.id).map(|s| s.now.state);
        Some((unit.id.clone(), states.max_by_key(rank)?))
    });
    Overview {
        seq: whole.seq,
        at: whole.at,
        inventory,
        daemon: whole.daemon.clone(),
        timezone: whole.timezone.clone(),
        month_from: whole.month_from,
        networks: whole.networks.clone(),
        carriers: whole.carriers.clone(),
        carrier_lines,
        subjects: whole.subjects.len() as u32,
        counts,
        off_hours,
        incidents: whole.incidents.clone(),
        named: whole.subjects.iter().filter(|s| is_named(&s.id)).cloned().collect(),
        marks: marks.collect(),
        goal_permille: whole.goal_permille,
        measured_floor_ppm: whole.measured_floor_ppm,
        units: whole.units.iter().cloned().map(folded).collect(),
    }
}

/// The page that begins with the subject number `from`.
pub fn page(whole: &Snapshot, inventory: u64, from: usize, most: usize) -> PageBody {
    let mut thresholds = Vec::new();
    let subjects = whole.subjects.iter().skip(from).take(most);
    let subjects = subjects.map(|s| PageRow::of(s, &mut thresholds)).collect();
    let page = Page { seq: whole.seq, inventory, from, thresholds, subjects };
    PageBody::new(serde_json::to_vec(&page).expect("a page is JSON"))
}

/// All that a board tells, in words.
fn told(board: &Board) -> Vec<String> {
    let subjects = board.subjects().map(|s| {
        let via: Vec<_> = s.via().map(|s| s.id()).collect();
        let fixed = (s.id(), s.kind(), s.name(), s.unit(), s.network(), s.carrier(), s.circuit());
        let more = (s.role(), s.address(), s.bandwidth_kbps(), s.sla_ppm(), s.thresholds(), via);
        format!("{fixed:?} {more:?} {:?} {:?}", s.told(), s.month())
    });
    let units = board.units.iter().map(|unit| {
        let subjects: Vec<_> = board.subjects_of(&unit.id).map(|s| s.id()).collect();
        format!("{unit:?} {:?} {subjects:?}", board.mark(&unit.id))
    });
    let rest = [
        format!("{} {} {:?}", board.seq, board.at, board.daemon),
        format!("{:?} {} {:?}", board.counts, board.off_hours, board.carrier_sums),
        format!("{:?} {:?} {:?}", board.incidents, board.networks, board.carriers),
        format!("{:?}", board.connections().map(|s| s.id()).collect::<Vec<_>>()),
        format!("{:?}", board.devices().map(|s| s.id()).collect::<Vec<_>>()),
    ];
    subjects.chain(units).chain(rest).collect()
}

/// What may happen between two parts.
#[derive(Debug, Clone)]
enum Step {
    /// The daemon publishes: states of subjects, a unit's figures, its incidents.
    Publish(Vec<(usize, usize, bool)>, Option<usize>, bool),
    /// It has new figures of the month.
    Months,
    /// The client hears of the oldest change that it has not heard of.
    Hear,
    /// It takes the page that is due.
    Page,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let subjects = proptest::collection::vec((0usize..1_000, 0usize..5, any::<bool>()), 0..12);
    let publish = (subjects, proptest::option::of(0usize..200), any::<bool>());
    let step = prop_oneof![
        4 => publish.prop_map(|(subjects, unit, incidents)| Step::Publish(subjects, unit, incidents)),
        1 => Just(Step::Months),
        4 => Just(Step::Hear),
        4 => Just(Step::Page),
    ];
    proptest::collection::vec(step, 0..60)
}

/// A daemon, and a client that has begun with its overview.
struct Both {
    whole: Snapshot,
    unheard: VecDeque<Change>,
    board: Board,
    due: Option<usize>,
    page: usize,
}

const INVENTORY: u64 = 7;

impl Both {
    fn new(page: usize) -> Self {
        let whole = sample::province();
        let board = Board::begun(overview(&whole, INVENTORY));
        Self { whole, unheard: VecDeque::new(), board, due: Some(0), page }
    }

    fn publish(&mut self, change: Change) {
        self.whole.seq = change.seq;
        self.whole.at = change.at;
        for (id, now) in &change.subjects {
            let row = self.whole.subjects.iter_mut().find(|s| s.id == *id).expect("a subject");
            row.now = now.clone();
        }
        for unit in &change.units {
            let row = self.whole.units.iter_mut().find(|u| u.id == unit.id).expect("a unit");
            (row.own, row.subtree) = (unit.own.clone(), unit.subtree.clone());
        }
        if let Some(incidents) = &change.incidents {
            self.whole.incidents = incidents.clone();
        }
        self.unheard.push_back(change);
    }

    fn next_change(&self) -> Change {
        Change {
            seq: self.whole.seq + 1,
            at: self.whole.at + 250,
            daemon: self.whole.daemon.clone(),
            subjects: Vec::new(),
            units: Vec::new(),
            incidents: None,
            resync: false,
        }
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Publish(subjects, unit, incidents) => {
                let mut change = self.next_change();
                for (at, state, is_odd) in subjects {
                    let at = at % self.whole.subjects.len();
                    let row = &self.whole.subjects[at];
                    let cause = &self.whole.subjects[at * 31 % self.whole.subjects.len()].id;
                    let state = State::ALL[*state];
                    let now = SubjectState {
                        state,
                        since: change.at,
                        cause: (state == State::Unreachable).then(|| cause.clone()),
                        off_hours: *is_odd && state == State::Down,
                        planned: *is_odd,
                        rtt_us: is_odd.then_some(at as u32 * 97),
                        recent_us: vec![Some(at as u32 * 13), None, Some(40_000_000)],
                        trouble: is_odd.then_some(RoundError::Overflow),
                        ..row.now.clone()
                    };
                    change.subjects.retain(|(id, _)| *id != row.id);
                    change.subjects.push((row.id.clone(), now));
                }
                if let Some(at) = unit {
                    let unit = &self.whole.units[at % self.whole.units.len()];
                    let (mut own, mut subtree) = (unit.own.clone(), unit.subtree.clone());
                    own.iter_mut().for_each(|c| c.ladder.live = *at as u32);
                    subtree.iter_mut().for_each(|c| c.ladder.live = *at as u32);
                    change.units.push(UnitChange { id: unit.id.clone(), own, subtree });
                }
                if *incidents {
                    let mut open = self.whole.incidents.clone();
                    open.pop();
                    change.incidents = Some(open);
                }
                self.publish(change);
            }
            Step::Months => {
                for subject in &mut self.whole.subjects {
                    subject.month.millis.up += 30_000;
                }
                self.publish(Change { resync: true, ..self.next_change() });
            }
            Step::Hear => {
                if let Some(change) = self.unheard.pop_front() {
                    self.board.apply(change).expect("the next one");
                }
            }
            Step::Page => {
                if self.due.is_none() && self.board.is_stale() {
                    let overview = overview(&self.whole, INVENTORY);
                    self.board.refresh(overview).expect("of the same inventory");
                    self.due = Some(0);
                }
                if let Some(from) = self.due {
                    let body = page(&self.whole, INVENTORY, from, self.page);
                    let page = body.page().expect("a page");
                    self.due = self.board.take_page(&page).expect("the page that is due");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parts_come_to_the_whole_whatever_comes_between(steps in steps(), most in 60usize..400) {
        let mut both = Both::new(most);
        let begun = overview(&both.whole, INVENTORY);
        for step in &steps {
            both.take(step);
            if let Some((got, of)) = both.board.loading() {
                prop_assert!(got < of);
                prop_assert_eq!(both.board.counts, begun.counts.all());
                prop_assert_eq!(both.board.seq, begun.seq);
                prop_assert_eq!(&*both.board.incidents, &*begun.incidents);
            }
        }
        while both.due.is_some() || both.board.is_stale() || !both.unheard.is_empty() {
            both.take(&Step::Hear);
            both.take(&Step::Page);
        }
        prop_assert_eq!(both.board.loading(), None);
        let whole = told(&Board::new(both.whole.clone()));
        for (got, wanted) in told(&both.board).iter().zip(&whole) {
            prop_assert_eq!(got, wanted);
        }
    }
}

#[test]
fn a_page_of_another_inventory_or_out_of_turn_is_refused() {
    let whole = sample::province();
    let begun = || Board::begun(overview(&whole, INVENTORY));
    let refuses = |board: &mut Board, body: PageBody| {
        let page = body.page().expect("a page");
        board.take_page(&page).is_err()
    };
    assert!(refuses(&mut begun(), page(&whole, INVENTORY + 1, 0, 100)));
    assert!(refuses(&mut begun(), page(&whole, INVENTORY, 100, 100)));
    assert!(refuses(&mut begun(), page(&whole, INVENTORY, 1_000_000, 100)), "it is empty");
    let older = Snapshot { seq: whole.seq - 1, ..whole.clone() };
    assert!(refuses(&mut begun(), page(&older, INVENTORY, 0, 100)));
    let mut fewer = overview(&whole, INVENTORY);
    fewer.subjects = 50;
    assert!(refuses(&mut Board::begun(fewer), page(&whole, INVENTORY, 0, 100)));
    assert!(PageBody::new(b"{\"seq\":1}".to_vec()).page().is_err());
}

#[test]
fn changes_wait_for_the_last_page_but_not_without_end() {
    let mut both = Both::new(100);
    for _ in 0..2_000 {
        let change = both.next_change();
        both.publish(change.clone());
        if both.board.apply(change).is_err() {
            let waited = both.whole.seq - both.board.seq;
            assert!((1_000..1_100).contains(&waited), "{waited}");
            return;
        }
    }
    panic!("nothing bounds what waits");
}

#[test]
fn while_subjects_come_lists_say_so_and_the_rest_is_whole() {
    let whole = sample::province();
    let mut board = Board::begun(overview(&whole, INVENTORY));
    let body = page(&whole, INVENTORY, 0, 300);
    board.take_page(&body.page().expect("a page")).expect("the first");
    let sizes = [(200, 60), (80, 24)];
    for (lang, words) in
        [(Lang::Vi, "đang tải đối tượng: 300/"), (Lang::En, "loading subjects: 300/")]
    {
        for size in sizes {
            let mut desk = Desk::over(board.clone(), lang, size);
            for keys in ["", "2", "2<Enter>", "3", "4", "5", "8", "H", "w", "1/cai be"] {
                desk.press("<Esc><Esc>");
                desk.press(keys);
                assert!(desk.text().contains(words), "{keys}: {}", desk.text());
                desk.must_stay_inside();
            }
            desk.press("<Esc><Esc>3");
            let lines = if lang == Lang::Vi { "Đường truyền (" } else { "Lines (" };
            assert!(!desk.text().contains(lines), "no count of a part: {}", desk.text());
            // Nothing is asked of a part either.
            desk.press("1");
            for keys in ["m", "r"] {
                assert!(desk.press(&format!("{keys}<Enter><Esc>")).is_empty());
            }
        }
    }
    // The first line, and the list of units, are those of the whole.
    let first = |board: &Board| {
        let desk = Desk::over(board.clone(), Lang::Vi, (200, 60));
        let text = desk.text();
        let list = text.lines().map(|line| line.chars().take(100).collect::<String>());
        list.take(20).collect::<Vec<_>>()
    };
    assert_eq!(first(&board), first(&Board::new(whole)));
}

/// A daemon with parts: it moves on to the next of its lives when a page is asked for.
#[derive(Default)]
struct Parts {
    /// What it is, and how many pages it gives before it is the next.
    lives: RefCell<VecDeque<(Snapshot, u64, usize)>>,
    changes: RefCell<VecDeque<Change>>,
    asked: Cell<usize>,
}

struct Stream(VecDeque<Change>);

impl Changes for Stream {
    fn next(&mut self) -> Answer<'_, Option<Change>> {
        Box::pin(async {
            match self.0.pop_front() {
                Some(change) => Ok(Some(change)),
                None => std::future::pending().await,
            }
        })
    }
}

impl Parts {
    fn move_on(&self) {
        let mut lives = self.lives.borrow_mut();
        if lives.front().is_some_and(|life| life.2 == 0) {
            lives.pop_front();
        }
    }
}

impl Source for Parts {
    fn snapshot(&self) -> Answer<'_, Snapshot> {
        Box::pin(async { Err(SourceError("nobody asks for the whole".to_owned())) })
    }

    fn overview(&self) -> Answer<'_, Option<Overview>> {
        self.move_on();
        let (whole, inventory, _) = self.lives.borrow().front().cloned().expect("a life");
        Box::pin(async move { Ok(Some(overview(&whole, inventory))) })
    }

    fn page(&self, wanted: u64, from: usize) -> Answer<'_, Option<PageBody>> {
        self.asked.set(self.asked.get() + 1);
        self.move_on();
        let mut lives = self.lives.borrow_mut();
        let (whole, inventory, left) = lives.front_mut().expect("a life");
        *left -= 1;
        let body = (*inventory == wanted).then(|| page(whole, wanted, from, 300));
        Box::pin(async move { Ok(body) })
    }

    fn changes(&self, after: u64) -> Answer<'_, Box<dyn Changes>> {
        let changes = self.changes.borrow().iter().filter(|c| c.seq > after).cloned().collect();
        Box::pin(async move { Ok(Box::new(Stream(changes)) as Box<dyn Changes>) })
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

/// Every feed that was published until `wanted` held.
fn until(parts: Parts, wanted: impl Fn(&Feed) -> bool) -> Vec<Feed> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let link = Link::Reconnecting { since: sample::NOW, reason: String::new() };
    let (sender, mut receiver) = watch::channel(Feed { board: None, link });
    let short = Duration::from_millis(1);
    let answer = Duration::from_secs(20);
    let pace = Pace { first: short, most: short, answer, resync: short, reread_ms: 0 };
    let mut feeds = Vec::new();
    runtime.block_on(async {
        let watching = async {
            loop {
                receiver.changed().await.expect("the sender lives");
                feeds.push(receiver.borrow_and_update().clone());
                if feeds.last().is_some_and(&wanted) {
                    break;
                }
            }
        };
        // Who watches has his turn whenever the other gives way, as who draws has.
        tokio::select! {
            biased;
            () = watching => {}
            never = follow(Rc::new(parts), None, || sample::NOW, pace, sender) => match never {},
        }
    });
    feeds
}

fn is_whole(feed: &Feed, seq: u64) -> bool {
    feed.board.as_ref().is_some_and(|b| b.loading().is_none() && b.seq == seq && !b.is_stale())
}

#[test]
fn a_first_screen_comes_before_the_pages_and_a_reload_between_them_begins_anew() {
    let (old, mut new) = (sample::province(), sample::province());
    new.seq = 50;
    new.subjects.truncate(500);
    let parts = Parts::default();
    parts.lives.borrow_mut().extend([(old.clone(), 1, 1), (new.clone(), 2, 100)]);
    let feeds = until(parts, |feed| is_whole(feed, 50));
    let first = feeds[0].board.as_ref().expect("the first is a board");
    assert_eq!(first.loading(), Some((0, old.subjects.len())), "it waits for no page");
    assert_eq!(feeds[0].link, Link::Live);
    let last = feeds.last().and_then(|feed| feed.board.clone()).expect("a board");
    assert_eq!(told(&last), told(&Board::new(new)));
}

#[test]
fn a_refresh_keeps_what_is_on_the_screen_and_takes_the_month_in() {
    let old = sample::province();
    let mut new = old.clone();
    new.seq = 42;
    new.subjects.iter_mut().for_each(|s| s.month.millis.up += 30_000);
    let pages = old.subjects.len().div_ceil(300);
    let blank = Change {
        seq: 41,
        at: old.at + 250,
        daemon: old.daemon.clone(),
        subjects: Vec::new(),
        units: Vec::new(),
        incidents: None,
        resync: false,
    };
    let parts = Parts::default();
    parts.lives.borrow_mut().extend([(old.clone(), 1, pages), (new.clone(), 1, 100)]);
    let resync = Change { seq: 42, resync: true, ..blank.clone() };
    parts.changes.borrow_mut().extend([blank, resync]);
    let wanted = Board::new(new).subjects().map(|s| s.month()).collect::<Vec<_>>();
    let feeds = until(parts, |feed| {
        let board = feed.board.as_ref().filter(|_| is_whole(feed, 42));
        board.is_some_and(|b| b.subjects().map(|s| s.month()).eq(wanted.iter().copied()))
    });
    let mut was_whole = false;
    for feed in &feeds {
        let is_whole = feed.board.as_ref().is_some_and(|b| b.loading().is_none());
        assert!(is_whole || !was_whole, "what was whole is never in parts again");
        was_whole |= is_whole;
    }
}

#[test]
fn medians_are_kept_as_they_are_drawn() {
    let mut whole = sample::province();
    let medians = [0, 1, 32_767, 32_768, 40_001, 900_000, 4_000_000, u32::MAX];
    whole.subjects[0].now.recent_us = medians.map(Some).into_iter().chain([None]).collect();
    let board = Board::new(whole);
    let first = board.subjects().next().expect("a subject");
    let kept: Vec<Option<u32>> = first.recent_us().collect();
    for (kept, given) in kept.iter().zip(medians).take(7) {
        let kept = kept.expect("something came back");
        let off = given - kept;
        assert!(if given < 32_768 { off == 0 } else { off < 128 }, "{given} became {kept}");
    }
    assert!(kept[7].is_some_and(|us| us > 4_200_000));
    assert_eq!(kept.last(), Some(&None));
}
