use super::*;
use crate::model::{Metric, Moment, PointKind, State, StateInterval};
use crate::store::{Event, EventKind};

fn id(text: &str) -> SubjectId {
    SubjectId::new(text).unwrap()
}

fn event(at: i64) -> Fact {
    let detail = serde_json::Value::Null;
    Fact::Event(Event { at: UnixMs(at), kind: EventKind::State, subject: None, detail })
}

fn open(subject: &str, from: i64, state: State) -> Fact {
    let from = UnixMs(from);
    let intervals = vec![StateInterval { from, to: None, state, cause: None }];
    Fact::Intervals { subject: id(subject), from, intervals }
}

#[test]
fn folding_keeps_what_the_facts_say_and_gives_up_the_oldest_events_only() {
    let facts = VecDeque::from([
        event(1),
        open("a", 10, State::Up),
        event(2),
        open("b", 11, State::Up),
        Fact::Alive { at: UnixMs(12) },
        open("a", 20, State::Down),
        event(3),
        Fact::Alive { at: UnixMs(22) },
        open("a", 30, State::Up),
        open("a", 20, State::Degraded),
    ]);
    let (folded, dropped) = fold(facts, 5);
    assert_eq!(dropped, 1);
    let at = UnixMs(10);
    let intervals = vec![
        StateInterval { from: at, to: Some(UnixMs(20)), state: State::Up, cause: None },
        StateInterval { from: UnixMs(20), to: None, state: State::Degraded, cause: None },
    ];
    assert_eq!(
        Vec::from(folded),
        [
            Fact::Intervals { subject: id("a"), from: at, intervals },
            event(2),
            open("b", 11, State::Up),
            event(3),
            Fact::Alive { at: UnixMs(22) },
        ]
    );
}

#[test]
fn the_oldest_samples_are_given_up_and_counted() {
    let queue = Queue::default();
    let sample = |at| crate::model::Sample {
        at: UnixMs(at),
        check: 0,
        sent: 1,
        lost: 1,
        rtts: crate::model::Rtts::default(),
        error: None,
    };
    let subject = id("a");
    let count = i64::try_from(SAMPLES_MAX).unwrap() + 3;
    let samples = (0..count).map(|at| (subject.clone(), sample(at).into())).collect();
    queue.submit(Batch { facts: Vec::new(), samples });
    assert_eq!(queue.status().1, 3);
    assert_eq!(queue.samples_waiting(), SAMPLES_MAX);
    let Work::Commit(load) = queue.next(false, false) else { panic!("samples wait") };
    assert_eq!(load.samples[0].1.at(), UnixMs(3));
}

#[test]
fn samples_wait_for_company_behind_the_upkeep_but_not_for_ever() {
    let queue = Queue::default();
    let sample = crate::model::Sample {
        at: UnixMs(1),
        check: 0,
        sent: 1,
        lost: 1,
        rtts: crate::model::Rtts::default(),
        error: None,
    };
    queue.submit(Batch { facts: Vec::new(), samples: vec![(id("a"), sample.into())] });
    assert!(matches!(queue.next(true, false), Work::Upkeep));
    let came = queue.lock().since;
    queue.submit(Batch { facts: Vec::new(), samples: vec![(id("b"), sample.into())] });
    assert_eq!(queue.lock().since, came, "the oldest counts");
    queue.lock().since = came.and_then(|came| came.checked_sub(SAMPLES_WAIT));
    let Work::Commit(load) = queue.next(true, false) else { panic!("they have waited") };
    assert_eq!(load.samples.len(), 2);
    assert_eq!(queue.lock().since, None);
    // What could not be written goes before whatever comes now.
    queue.again(load);
    queue.submit(Batch { facts: Vec::new(), samples: vec![(id("c"), sample.into())] });
    let Work::Commit(load) = queue.next(true, false) else { panic!("it was put back") };
    assert_eq!(load.samples.len(), 3);
}

#[test]
fn a_moment_is_as_many_samples_as_it_has_values() {
    let metric = |name: &str| Metric { kind: PointKind::Gauge, name: name.into() };
    let metrics = ["a", "b", "c"].map(metric);
    let moment = |at| {
        let (metrics, values) = (metrics.clone().into(), [1, 2, 3].into());
        (id("s"), Reading::Moment(Moment { at: UnixMs(at), metrics, values }))
    };
    let queue = Queue::default();
    queue.submit(Batch { facts: Vec::new(), samples: vec![moment(1), moment(2)] });
    assert_eq!(queue.samples_waiting(), 6);
    queue.close();
    let Work::Commit(load) = queue.next(false, false) else { panic!("nothing to write") };
    assert_eq!((load.samples.len(), queue.samples_waiting()), (2, 0));
    queue.again(load);
    assert_eq!(queue.samples_waiting(), 6);
    // What is given up is given up whole.
    let many = (0..SAMPLES_MAX as i64 / 3).map(moment).collect();
    queue.submit(Batch { facts: Vec::new(), samples: many });
    assert_eq!((queue.samples_waiting(), queue.status().1), (SAMPLES_MAX - 1, 6));
}
