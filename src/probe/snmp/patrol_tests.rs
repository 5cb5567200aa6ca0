use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::error::Reason;
use super::super::wire::{Oid, Value};
use super::*;
use crate::model::{Credential, CredentialId, Secret, Security};

/// What devices of a test do, by the beginning of their ids.
#[derive(Default)]
struct Stage {
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
    opened: AtomicUsize,
    asked: Mutex<Vec<(String, Duration)>>,
    started: Mutex<Option<Instant>>,
}

impl Stage {
    fn turns(&self, device: &str) -> Vec<u64> {
        let asked = self.asked.lock().expect("sound");
        let own = asked.iter().filter(|(id, _)| id == device);
        own.map(|(_, at)| at.as_secs()).collect()
    }
}

struct Actor {
    id: String,
    stage: Arc<Stage>,
}

struct Opener(Arc<Stage>);

impl Opens for Opener {
    type Session = Actor;

    async fn open(&self, target: &Target, _: Learned, _: Arc<Rate>) -> Result<Actor, SnmpError> {
        self.0.opened.fetch_add(1, Ordering::Relaxed);
        Ok(Actor { id: target.device.to_string(), stage: Arc::clone(&self.0) })
    }
}

impl Asks for Actor {
    async fn ask(&mut self, _: &Wanted) -> Result<Answers, SnmpError> {
        let at = self.stage.started.lock().expect("sound").expect("set").elapsed();
        self.stage.asked.lock().expect("sound").push((self.id.clone(), at));
        let now = self.stage.at_once.fetch_add(1, Ordering::Relaxed) + 1;
        self.stage.most_at_once.fetch_max(now, Ordering::Relaxed);
        let takes = if self.id.starts_with("slow") { 150_000 } else { 20 };
        tokio::time::sleep(Duration::from_millis(takes)).await;
        self.stage.at_once.fetch_sub(1, Ordering::Relaxed);
        match &*self.id {
            id if id.starts_with("silent") => {
                Err(SnmpError::Silent { likely: Reason::NEVER_HEARD })
            }
            id if id.starts_with("panics") => panic!("as it must"),
            _ => {
                let mut answers = Answers::default();
                answers.insert(Oid::new([1, 3]), Value::Integer(1));
                Ok(answers)
            }
        }
    }

    fn learned(&self) -> Learned {
        Learned::default()
    }
}

fn target(id: &str) -> Target {
    Target {
        device: DeviceId::new(id).expect("a slug"),
        address: [127, 0, 0, 1].into(),
        credential: Arc::new(Credential {
            id: CredentialId::new("core").expect("a slug"),
            security: Security::V2c { community: Secret::new("public") },
            port: Credential::PORT,
        }),
        group: 0,
    }
}

fn patrol(in_flight: u16, ids: &[&str]) -> (Patrol<Opener>, Arc<Stage>) {
    let stage = Arc::new(Stage::default());
    *stage.started.lock().expect("sound") = Some(Instant::now());
    let params = SnmpParams { in_flight, ..SnmpParams::default() };
    let mut patrol = Patrol::new(Arc::new(Opener(Arc::clone(&stage))), params);
    patrol.set_targets(ids.iter().map(|id| target(id)).collect(), &Arc::default());
    (patrol, stage)
}

/// Lets a patrol go on for a time; the turns that were over in it.
async fn run(patrol: &mut Patrol<Opener>, seconds: u64) -> Vec<Turn> {
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut turns = Vec::new();
    while let Ok(turn) = tokio::time::timeout_at(until, patrol.next()).await {
        turns.push(turn);
    }
    turns
}

#[tokio::test(start_paused = true)]
async fn turns_are_spread_over_the_interval_and_stay_on_their_phase() {
    let ids: Vec<String> = (0..600).map(|i| format!("d{i}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let (mut patrol, stage) = patrol(300, &ids);
    let turns = run(&mut patrol, 180).await;
    assert_eq!(turns.len(), 1_800);
    let mut by_second = [0; 180];
    for (_, at) in stage.asked.lock().expect("sound").iter() {
        by_second[usize::try_from(at.as_secs()).expect("short")] += 1;
    }
    assert!(by_second.iter().all(|n| (1..=25).contains(n)), "{by_second:?}");
    let first = stage.turns("d7");
    assert_eq!(first, [first[0], first[0] + 60, first[0] + 120]);
    // One begins in a tenth of a second, on the average.
    let most = stage.most_at_once.load(Ordering::Relaxed);
    assert!(most <= 6, "{most}");
    assert_eq!(stage.opened.load(Ordering::Relaxed), 600, "a session lives on");
}

#[tokio::test(start_paused = true)]
async fn no_more_are_asked_at_once_than_may_be_and_nobody_is_forgotten() {
    let ids: Vec<String> = (0..30).map(|i| format!("slow-{i}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let (mut patrol, stage) = patrol(4, &ids);
    run(&mut patrol, 1_500).await;
    assert_eq!(stage.most_at_once.load(Ordering::Relaxed), 4);
    assert!(ids.iter().all(|id| !stage.turns(id).is_empty()));
    assert!(patrol.deferred() > 20);
    // A device that takes longer than its interval has one turn at a time.
    let (mut patrol, stage) = self::patrol(4, &["slow-0"]);
    run(&mut patrol, 700).await;
    assert_eq!(stage.most_at_once.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_slow_starves_no_other() {
    let (mut patrol, stage) = patrol(4, &[]);
    let slow = (0..200).map(|i| target(&format!("slow-{i}")));
    let quick = Target { group: 7, ..target("quick") };
    patrol.set_targets(slow.chain([quick]).collect(), &Arc::default());
    run(&mut patrol, 3_600).await;
    // Four places, each taken for 150 s: two hours' queue before it, if all waited in one.
    let turns = stage.turns("quick");
    assert!(turns[0] <= 220, "{turns:?}");
    let longest = turns.windows(2).map(|pair| pair[1] - pair[0]).max();
    assert!(longest.is_some_and(|gap| gap <= 240), "{turns:?}");
    // Who is taken out while he waits is asked no more.
    let before = stage.turns("slow-7").len();
    patrol.set_targets(vec![target("slow-9")], &Arc::default());
    run(&mut patrol, 600).await;
    assert_eq!(stage.turns("slow-7").len(), before);
    assert!(stage.turns("slow-9").len() >= 3);
}

#[tokio::test(start_paused = true)]
async fn the_silent_are_left_alone_by_what_ping_says() {
    let ids = ["silent-pings", "silent-dead", "silent-unknown", "fine"];
    let (mut patrol, stage) = patrol(10, &ids);
    let id = |id: &str| DeviceId::new(id).expect("a slug");
    patrol.set_answers_ping(&id("silent-pings"), true);
    patrol.set_answers_ping(&id("silent-dead"), false);
    run(&mut patrol, 1_440).await;
    let gaps = |id: &str| -> Vec<u64> {
        stage.turns(id).windows(2).map(|pair| (pair[1] - pair[0]) / 60).collect()
    };
    assert_eq!(gaps("fine"), [1; 23]);
    assert_eq!(gaps("silent-pings"), [1, 1, 2, 2, 2, 2, 2, 2, 2, 4]);
    assert_eq!(gaps("silent-dead"), [8, 8]);
    assert_eq!(gaps("silent-unknown"), [1, 2, 4, 8, 8]);
    // Whoever answers ping again is asked at once.
    let before = stage.turns("silent-dead").len();
    patrol.set_answers_ping(&id("silent-dead"), true);
    run(&mut patrol, 1).await;
    assert_eq!(stage.turns("silent-dead").len(), before + 1);
}

#[tokio::test(start_paused = true)]
async fn a_reload_keeps_who_stays_and_drops_what_the_others_say() {
    let (mut patrol, stage) = patrol(10, &["stays", "slow-goes", "slow-changes", "goes"]);
    run(&mut patrol, 60).await;
    assert_eq!(stage.opened.load(Ordering::Relaxed), 4);
    let changed = Target { address: [127, 0, 0, 2].into(), ..target("slow-changes") };
    patrol.set_targets(vec![target("stays"), changed, target("new")], &Arc::default());
    let turns = run(&mut patrol, 600).await;
    let count = |id: &str| turns.iter().filter(|turn| turn.device.as_str() == id).count();
    assert_eq!((count("stays"), count("new")), (10, 10));
    assert_eq!((count("slow-goes"), count("goes")), (0, 0));
    // The old address's answer was not taken for the new one's, and never were both asked.
    let asked = stage.turns("slow-changes");
    assert!(asked[1..].windows(2).all(|pair| pair[1] - pair[0] == 180), "{asked:?}");
    assert_eq!(count("slow-changes"), 3);
    assert_eq!(stage.opened.load(Ordering::Relaxed), 6);
}

#[tokio::test(start_paused = true)]
async fn what_is_wanted_comes_back_with_what_came() {
    let (mut patrol, _) = patrol(10, &["fine"]);
    let wanted = Arc::new(Wanted { scalars: vec![Oid::new([1, 3])], columns: Vec::new() });
    patrol.set_wanted(&DeviceId::new("fine").expect("a slug"), Arc::clone(&wanted));
    let turn = patrol.next().await;
    assert_eq!((&turn.wanted, turn.took), (&wanted, Duration::from_millis(20)));
    assert_eq!(turn.outcome.map(|answers| answers.len()), Ok(1));
    patrol.ask_soon(&turn.device);
    let again = Instant::now();
    patrol.next().await;
    assert_eq!(again.elapsed(), Duration::from_millis(20));
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_our_own_takes_no_device_out_of_the_patrol() {
    let (mut patrol, stage) = patrol(1, &["panics"]);
    let turns = run(&mut patrol, 180).await;
    assert!(turns.iter().all(|t| matches!(t.outcome, Err(SnmpError::Local { .. }))));
    assert_eq!((turns.len(), stage.turns("panics").len()), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn nobody_to_ask_is_no_busy_loop() {
    let (mut patrol, _) = patrol(1, &[]);
    assert!(run(&mut patrol, 3_600).await.is_empty());
}
