//! The measuring itself held against cases worked out by hand: what the script draws, what counts
//! as found, false or broken, and which figures miss the goals. The measurement is the target
//! `detection`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]
#![expect(dead_code, reason = "only the pure parts of the measurement are used here")]

#[path = "detection/measure/mod.rs"]
mod measure;

use measure::figures::{Class, Figures, Spread};
use measure::judge::{Matched, classify};
use measure::plan::{Cast, OWN, Phase, Settings, config_yaml, inventory_yaml, script};
use tuantra::coverage::Outage;
use tuantra::inventory::{Defaults, load};
use tuantra::model::{Inventory, Rtts, Sample, Span, State, UnixMs};
use tuantra::sim::script::FaultKind;

fn settings(arguments: &str) -> Settings {
    let arguments: Vec<String> = arguments.split_whitespace().map(str::to_owned).collect();
    Settings::from_arguments(&arguments).unwrap()
}

fn inventory() -> Inventory {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("all.yaml"), inventory_yaml()).unwrap();
    load(folder.path(), &Defaults::default(), &jiff::tz::TimeZone::UTC).inventory.unwrap()
}

fn span(from: i64, to: i64) -> Span {
    Span::new(UnixMs(from), UnixMs(to))
}

fn outage(start: i64, end: i64) -> Outage {
    Outage {
        start: UnixMs(start),
        end: Some(UnixMs(end)),
        state: State::Down,
        cause: None,
        unmeasured_ms: 0,
    }
}

#[test]
fn the_guarantee_follows_from_the_periods() {
    // 10 s + 2 × 2 s, a round in doubt of 6 packets 100 ms apart, three ticks of 100 ms.
    let demo = settings("--periods demo");
    assert_eq!(demo.periods().guaranteed_ms(), 10_000 + 4_000 + 500 + 300);
    assert_eq!(demo.limit_ms(), 20_000, "what was promised is more than what is sure");
    let default = settings("--periods default --minutes 60");
    assert_eq!(default.periods().guaranteed_ms(), 30_000 + 10_000 + 1_000 + 300);
    assert_eq!(default.limit_ms(), 41_300, "20 s cannot be promised at one round in 30 s");
    let scaled = settings("--periods demo --scale 10");
    assert_eq!(scaled.limit_ms(), 2_000);
    assert_eq!((demo.slack_ms(), scaled.slack_ms()), (0, 20), "full scale is held to the period");
    assert_eq!(scaled.periods().ping.timeout_ms, 150, "as long as fits beside 6 packets");
}

#[test]
fn senseless_arguments_are_refused_and_good_ones_survive_the_way_to_the_other_process() {
    for bad in ["--scale 0", "--scale 21", "--minutes 1", "--loss 100", "--periods x", "--seed"] {
        let arguments: Vec<String> = bad.split_whitespace().map(str::to_owned).collect();
        assert!(Settings::from_arguments(&arguments).is_err(), "{bad}");
    }
    let there = settings("--minutes 1.15 --scale 5 --seed 7 --loss 12");
    let here = Settings::from_arguments(&there.to_arguments()).unwrap();
    assert_eq!(here.to_arguments(), there.to_arguments());
    assert_eq!((here.run_ms, here.scale, here.seed, here.loss_pct), (69_000, 5, 7, 12));
}

#[test]
fn the_configuration_is_one_the_daemon_takes() {
    for arguments in ["--periods default --minutes 60", "--periods demo", "--scale 20 --minutes 2"]
    {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("inventory")).unwrap();
        std::fs::write(folder.path().join("inventory/all.yaml"), inventory_yaml()).unwrap();
        let config = config_yaml(&settings(arguments));
        std::fs::write(folder.path().join("config.yaml"), &config).unwrap();
        let check = std::process::Command::new(env!("CARGO_BIN_EXE_tuantra"))
            .arg("--config")
            .arg(folder.path().join("config.yaml"))
            .args(["check", "--strict"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&check.stdout).into_owned();
        assert!(check.status.success(), "{config}\n{said}");
    }
}

#[test]
fn scripted_outages_can_be_told_apart_and_come_in_all_lengths() {
    let inventory = inventory();
    let cast = Cast::of(&inventory).unwrap();
    let settings = settings("--minutes 60 --periods demo");
    let start = UnixMs(1_793_491_200_000);
    let drawn = script(Phase::Outages, &settings, &cast, start);
    assert_eq!(drawn, script(Phase::Outages, &settings, &cast, start), "one seed, one script");
    let mut lengths = Vec::new();
    for subject in &cast.own {
        let spans: Vec<Span> =
            drawn.faults().iter().filter(|f| f.subjects == [*subject]).map(|f| f.span).collect();
        assert!(spans.windows(2).all(|w| w[1].from.since(w[0].to) >= 30_000), "{spans:?}");
        assert!(spans.first().is_some_and(|s| s.from.since(start) >= 33_000));
        assert!(spans.last().is_some_and(|s| s.to.since(start) <= 3_600_000 - 28_000));
        lengths.extend(spans.iter().map(|s| s.len_ms()));
    }
    assert!(lengths.iter().all(|l| (5_000..2_160_000).contains(l)));
    for class in settings.classes_ms().into_iter().filter(|c| c.end <= 1_800_000) {
        let inside = lengths.iter().filter(|l| class.contains(l)).count();
        assert!(inside > 50, "{class:?}: {inside} of {}", lengths.len());
    }
    let behind = &cast.cut[0].1;
    assert!(drawn.faults().iter().all(|f| !behind.iter().any(|s| f.subjects.contains(s))));
}

#[test]
fn loss_is_on_every_line_and_nothing_else_happens() {
    let inventory = inventory();
    let cast = Cast::of(&inventory).unwrap();
    let drawn = script(Phase::Loss, &settings("--loss 30"), &cast, UnixMs(5));
    let [fault] = drawn.faults() else { unreachable!("one fault: {drawn:?}") };
    assert_eq!(fault.kind, FaultKind::Loss { permille: 300 });
    assert_eq!(fault.subjects.len(), OWN + 40);
}

#[test]
fn what_overlaps_is_found_what_does_not_is_false_and_a_second_piece_is_broken() {
    let truths = [span(1_000, 9_000), span(50_000, 60_000), span(90_000, 91_000)];
    let pieces = [
        outage(1_500, 4_000),
        outage(6_000, 9_500),
        outage(30_000, 31_000),
        outage(90_800, 91_200),
    ];
    let matched = Matched::of(&truths, &pieces, 500);
    let found: Vec<Option<(i64, i64)>> = matched
        .cases
        .iter()
        .map(|(_, f)| f.as_ref().map(|o| (o.start.0, o.end.unwrap().0)))
        .collect();
    assert_eq!(found, [Some((1_500, 9_500)), None, Some((90_800, 91_200))]);
    assert_eq!(matched.broken, 1);
    assert_eq!(matched.strangers, [outage(30_000, 31_000)]);
    // One that begins where a scripted one has just ended still belongs to it.
    let late = Matched::of(&truths[..1], &[outage(9_400, 9_900)], 500);
    assert!(late.strangers.is_empty());
    assert_eq!(Matched::of(&truths[..1], &[outage(9_500, 9_900)], 500).strangers.len(), 1);
}

#[test]
fn a_missed_outage_is_classed_by_what_the_patrol_could_see() {
    let round = |at, lost| Sample {
        at: UnixMs(at),
        check: 0,
        sent: 3,
        lost,
        rtts: Rtts::default(),
        error: None,
    };
    let classed = |samples: &[Sample]| {
        let mut class = Class::default();
        classify(&mut class, span(100, 200), false, samples);
        (class.unseen, class.unconfirmed, class.overlooked)
    };
    assert_eq!(classed(&[round(99, 3), round(150, 2), round(200, 3)]), (1, 0, 0));
    assert_eq!(classed(&[round(100, 3), round(120, 3), round(140, 1), round(160, 3)]), (0, 1, 0));
    assert_eq!(classed(&[round(100, 3), round(120, 3), round(199, 3)]), (0, 0, 1));
}

#[test]
fn spreads_are_by_nearest_rank_and_take_both_sides() {
    let spread = Spread::of((1..=100).map(|n| if n == 7 { -500 } else { n }).collect());
    assert_eq!((spread.count, spread.least, spread.most), (100, -500, 100));
    assert_eq!(spread.p99_abs, 100, "one in a hundred may be beyond");
    assert_eq!(Spread::of(vec![-3, 2, 1]).p99_abs, 3);
    assert_eq!(Spread::of(Vec::new()).count, 0);
}

/// Figures that keep every goal.
fn kept() -> Figures {
    let spread = |p99_abs| Spread { count: 10, p99_abs, ..Spread::default() };
    let mut figures = Figures {
        phase: "outages".to_owned(),
        interval_ms: 10_000,
        retry_ms: 2_000,
        beyond_limit: (10, 10),
        classes: vec![Class {
            scripted: 12,
            found: 10,
            unseen: 1,
            unconfirmed: 1,
            ..Class::default()
        }],
        start: spread(10_000),
        end: spread(2_000),
        ..Figures::default()
    };
    (figures.behind.cases, figures.behind.unreachable) = (4, 4);
    figures.asked.in_doubt = 1;
    figures
}

#[test]
fn every_goal_that_is_missed_is_named() {
    assert_eq!(kept().misses(), Vec::<String>::new());
    let spoils: [fn(&mut Figures); 13] = [
        |f| f.beyond_limit = (10, 9),
        |f| f.beyond_limit = (0, 0),
        |f| f.false_outages = 1,
        |f| f.broken = 1,
        |f| f.classes[0].overlooked = 1,
        |f| f.start.p99_abs = 10_001,
        |f| f.end.p99_abs = 2_001,
        |f| f.end.count = 0,
        |f| f.behind.unreachable = 3,
        |f| f.behind.blamed = 1,
        |f| f.unmeasured_ms = 1,
        |f| f.clock_drift_ms = -21,
        |f| f.overflow = 1,
    ];
    for (n, spoil) in spoils.into_iter().enumerate() {
        let mut figures = kept();
        spoil(&mut figures);
        assert_eq!(figures.misses().len(), 1, "spoil {n}: {:?}", figures.misses());
    }
    let mut loss = Figures { phase: "loss".to_owned(), ..kept() };
    loss.asked.packets_lost = 1;
    assert_eq!(loss.misses(), Vec::<String>::new());
    loss.false_outages = 1;
    assert_eq!(loss.misses().len(), 1);
}
